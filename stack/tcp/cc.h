/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Congestion control: one const table per algorithm, its state inside struct cc. Leaves: an
 * algorithm sees what an ACK told us and sets cwnd and ssthresh, in bytes; tcp_ack.c and
 * tcp_timer.c call it.
 */
#ifndef TCP_CC_H
#define TCP_CC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	CC_IW_SEGMENTS = 10, /* RFC 6928 */
	CC_PRIV = 13,	     /* 64-bit words an algorithm may keep */
	CC_NAME_MAX = 16
};

struct cc_ack { /* what one ACK told us */
	uint64_t now_ns;
	uint32_t acked, sacked, lost; /* bytes, by this ACK */
	uint32_t inflight;	      /* bytes outstanding before it */
	uint32_t mss;
	uint64_t rtt_us, min_rtt_us; /* 0: no sample */
	uint64_t rate_Bps;
	bool app_limited, cwnd_limited, ece;
};

struct cc;
struct cc_ops {
	const char *name;
	void (*init)(struct cc *cc, uint32_t mss);
	void (*ack)(struct cc *cc, const struct cc_ack *a); /* not while in recovery */
	void (*loss)(struct cc *cc, const struct cc_ack *a); /* once per episode */
	void (*rto)(struct cc *cc, const struct cc_ack *a);
	void (*undo)(struct cc *cc);
};

struct cc {
	const struct cc_ops *ops;
	uint32_t cwnd, ssthresh; /* bytes */
	uint64_t pace_Bps;	 /* 0: as fast as cwnd allows */
	uint64_t priv[CC_PRIV];
};

/* The algorithm of that name, or NULL; NULL asks for the default. */
const struct cc_ops *cc_find(const char *name);
/* Initial window of RFC 6928 for this mss, ssthresh as high as may be. */
void cc_init(struct cc *cc, const struct cc_ops *ops, uint32_t mss);
uint32_t cc_initial_window(uint32_t mss);
/* The handshake lost a segment: RFC 5681 3.1 begins with one. */
void cc_handshake_loss(struct cc *cc, uint32_t mss);
/* Nothing was sent for `timeouts` retransmission timeouts: RFC 5681 4.1, by halves as Linux
 * does. */
void cc_idle(struct cc *cc, uint32_t mss, uint32_t timeouts);

static inline bool cc_slow_start(const struct cc *cc)
{
	return cc->cwnd < cc->ssthresh;
}

extern const struct cc_ops cc_reno;

#endif
