/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When the first slow start has gone far enough, before it loses: Linux's HyStart (a train of ACKs
 * as long as half the path, or round trips that grew by an eighth), which ends slow start at once,
 * and HyStart++ (RFC 9406), which first grows by a quarter for five rounds and takes it back when the
 * round trips shrink again. A leaf of cc_cubic.c and cc_reno.c.
 */
#ifndef TCP_CC_HYSTART_H
#define TCP_CC_HYSTART_H

#include "tcp/cc.h"

enum {
	HYSTART_LOW_WINDOW = 16,  /* segments: Linux looks no earlier */
	HYSTART_N_RTT_SAMPLE = 8, /* RFC 9406 4.3, and so all below */
	HYSTART_MIN_RTT_THRESH_US = 4000,
	HYSTART_MAX_RTT_THRESH_US = 16000,
	HYSTART_MIN_RTT_DIVISOR = 8,
	HYSTART_CSS_GROWTH_DIVISOR = 4,
	HYSTART_CSS_ROUNDS = 5,
	HYSTART_L = 8,		  /* segments per ACK when nothing paces */
	HYSTART_ACK_DELTA_US = 2000 /* Linux: ACKs closer than this are a train */
};

struct cc_hystart {
	uint64_t round_ns, last_ack_ns; /* Linux's train: since when, and its last ACK */
	uint32_t end;	  /* sequence number: the round ends when it is passed (RFC: windowEnd) */
	uint32_t min_us;  /* of the connection; 0: no sample yet */
	uint32_t cur_us;  /* least of this round; UINT32_MAX: none */
	uint32_t last_us; /* of the round before */
	uint32_t base_us; /* at the entry to conservative slow start; 0: not in it */
	uint8_t samples;  /* of this round, no more than HYSTART_N_RTT_SAMPLE */
	uint8_t rounds;	  /* in conservative slow start */
	bool started, done;
};

/* Slow start begins; initial: the connection's first (RFC 9406 4.3: only that). Keeps min_us. */
void cc_hystart_reset(struct cc_hystart *h, bool initial);
/* An ACK with a round-trip sample, in slow start, before the window grows. May set ssthresh. */
void cc_hystart_sample(struct cc *cc, struct cc_hystart *h, const struct cc_ack *a);
/* How much of `acked` bytes slow start may grow by. */
uint32_t cc_hystart_grow(const struct cc *cc, const struct cc_hystart *h, uint32_t acked,
			 uint32_t mss);
/* A congestion event ended slow start. */
void cc_hystart_stop(struct cc_hystart *h);

#endif
