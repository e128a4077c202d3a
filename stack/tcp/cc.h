/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Congestion control: one const table per algorithm, its state inside struct cc. Leaves: an
 * algorithm sees what an ACK told us and sets cwnd, ssthresh and pace_Bps, in bytes; tcp_ack.c,
 * tcp_timer.c and tcp_output.c call the functions below, never the table.
 *
 *	cc_acked	every ACK that brought news: grows the window, outside of recovery
 *	cc_reduce	once per episode: remembers what was, lowers ssthresh. The way of cwnd down to it
 *			is the caller's (tcp_prr.c), but for a timeout, which leaves one segment
 *	cc_recovered	the episode is over
 *	cc_undo		the episode was none: back to what was
 *
 * An algorithm with `control` (BBR) is a model of the path: it sees every ACK in any state and sets
 * cwnd itself, in recovery as well (cc_rules).
 */
#ifndef TCP_CC_H
#define TCP_CC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	CC_IW_SEGMENTS = 10, /* RFC 6928 */
	CC_PRIV = 14,	     /* 64-bit words an algorithm may keep in place */
	CC_STATE_MAX = 384,  /* bytes of the state of one that keeps more */
	CC_NAME_MAX = 16,
	CC_INFO_MAX = 20     /* bytes of TCP_CC_INFO */
};

/* What ended slow start before a loss did, for who counts it. */
enum cc_ended { CC_ENDED_NOT, CC_ENDED_TRAIN, CC_ENDED_DELAY };
/* How the first slow start ends before it loses: net.phantom.tcp_hystart. */
enum cc_hystart_kind { CC_HYSTART_NONE, CC_HYSTART_LINUX, CC_HYSTART_PLUS };

enum cc_why { CC_LOSS, CC_ECN, CC_RTO };

/* What one ACK told us. */
struct cc_ack {
	uint64_t now_ns;
	uint32_t acked, sacked, lost; /* bytes, by this ACK: acked is all of its news, sacked in it */
	uint32_t inflight;	      /* bytes outstanding before it */
	uint32_t mss;
	uint32_t una, nxt;	     /* sequence numbers after it */
	uint64_t rtt_us, min_rtt_us; /* 0: no sample */
	uint32_t srtt_us;
	/* The delivery-rate sample (tcp_rate.h); rate_Bps 0: none. */
	uint64_t rate_Bps, delivered, prior_delivered;
	uint32_t interval_us;
	uint32_t pipe;		      /* bytes in the network after it (RFC 6675) */
	uint32_t tx_in_flight;	      /* when the newest segment it acknowledges left */
	uint32_t lost_since;	      /* bytes lost since then */
	uint32_t rate_ce;	      /* bytes delivered with CE since then */
	bool advanced;		      /* snd_una moved */
	bool app_limited, cwnd_limited, ece;
	bool recovery;		      /* in fast recovery or CWR: cwnd is not cc_ops.ack's */
	bool loss_state;	      /* after a timeout */
};

struct cc;
struct cc_ops {
	const char *name;
	uint16_t state_size; /* 0: it fits into priv */
	bool no_recovery;    /* `control` sets cwnd while segments are repaired, too */
	bool paces;	     /* needs pacing */
	void (*init)(struct cc *cc, uint32_t mss, uint64_t now_ns);
	/* Growth: snd_una moved, not in recovery. */
	void (*ack)(struct cc *cc, const struct cc_ack *a);
	/* Every ACK with a sample of the round trip, before `ack`; or NULL. */
	void (*sample)(struct cc *cc, const struct cc_ack *a);
	/* The ssthresh to go down to. */
	uint32_t (*ssthresh)(struct cc *cc, const struct cc_ack *a, enum cc_why why);
	/* Every ACK, instead of `ack`; or NULL. */
	void (*control)(struct cc *cc, const struct cc_ack *a);
	/* The rest may be NULL. Data leaves after nothing was outstanding since idle_ns. */
	void (*resume)(struct cc *cc, uint64_t now_ns, uint64_t idle_ns, bool app_limited);
	void (*recovered)(struct cc *cc, uint64_t now_ns);
	void (*undo)(struct cc *cc);
	/* TCP_CC_INFO: bytes written of out[CC_INFO_MAX]. */
	uint32_t (*info)(const struct cc *cc, uint8_t *out);
};

struct cc {
	const struct cc_ops *ops;
	void *state;		 /* of state_size bytes; NULL: priv */
	uint32_t cwnd, ssthresh; /* bytes */
	uint32_t prior_cwnd, prior_ssthresh; /* before the episode */
	uint64_t pace_Bps;	 /* what pacing would be at, paced or not; 0: not known */
	bool paced;		 /* segments leave at pace_Bps */
	bool abe;		 /* ECN reduces less than loss (RFC 8511) */
	uint8_t hystart;	 /* enum cc_hystart_kind */
	uint8_t ended;		 /* enum cc_ended: since that was last looked at */
	uint32_t seed;		 /* for what an algorithm leaves to chance */
	uint64_t priv[CC_PRIV];
};

/* The algorithm of that name, or NULL; NULL asks for the first, which is always there. */
const struct cc_ops *cc_find(const char *name);
/* The list, from 0; NULL past its end. */
const struct cc_ops *cc_at(size_t i);

/* Initial window of RFC 6928 for this mss, ssthresh as high as may be. */
void cc_start(struct cc *cc, uint32_t mss);
/* An algorithm begins, at the start or with the window as it is; `state` holds ops->state_size
 * bytes. */
void cc_switch(struct cc *cc, const struct cc_ops *ops, void *state, uint32_t mss, uint64_t now_ns);
uint32_t cc_initial_window(uint32_t mss);
/* The handshake lost a segment: RFC 5681 3.1 begins with one. */
void cc_handshake_loss(struct cc *cc, uint32_t mss);
/* Segments are smaller from now on: as many as before are let go (RFC 5681 3.1), so fewer bytes. */
void cc_mss_shrank(struct cc *cc, uint32_t from, uint32_t to);
/* Nothing was sent for `timeouts` retransmission timeouts: RFC 5681 4.1, by halves as Linux
 * does. */
void cc_idle(struct cc *cc, uint32_t mss, uint32_t timeouts);
/* The application left part of the window unused for a timeout, at most `used` bytes of it being
 * out (RFC 2861 3.2, as Linux does). */
void cc_unused(struct cc *cc, uint32_t mss, uint32_t used);
/* Nothing outstanding, and data leaves. */
void cc_resume(struct cc *cc, uint64_t now_ns, uint64_t idle_ns, bool app_limited);

void cc_acked(struct cc *cc, const struct cc_ack *a);
/* in_episode: one is under way, whose memory is kept. */
void cc_reduce(struct cc *cc, const struct cc_ack *a, enum cc_why why, bool in_episode);
void cc_recovered(struct cc *cc, uint64_t now_ns);
void cc_undo(struct cc *cc);

static inline bool cc_slow_start(const struct cc *cc)
{
	return cc->cwnd < cc->ssthresh;
}

/* Does the algorithm set cwnd in recovery, instead of the caller? */
static inline bool cc_rules(const struct cc *cc)
{
	return cc->ops->no_recovery;
}

static inline void *cc_state(struct cc *cc)
{
	return cc->state ? cc->state : cc->priv;
}

/* For the algorithms: slow start up to ssthresh; the bytes of `acked` that it left. */
uint32_t cc_grow_slow_start(struct cc *cc, uint32_t acked);
/* Congestion avoidance: a segment more for each `per` bytes acknowledged; *credit holds the rest. */
void cc_grow_avoid(struct cc *cc, uint32_t *credit, uint32_t per, uint32_t acked, uint32_t mss);

extern const struct cc_ops cc_reno, cc_cubic, cc_bbr;

#endif
