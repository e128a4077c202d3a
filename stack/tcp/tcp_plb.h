/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Protective load balancing (Qureshi et al., SIGCOMM 2022; Linux's tcp_plb.c): a connection whose path
 * marks most of its segments, round trip after round trip, asks for another path, by another flow
 * label. A leaf: numbers in, a verdict out; tcp_path.c asks it.
 *
 *	marks / delivered of a round:   .1  .6  .7  .8  ...  .6     at or above the threshold, in a row
 *	congested rounds:                0   1   2   3  ...   12 -> another path
 *				and of a sender that went idle: 3 -> another path, nothing is reordered
 */
#ifndef TCP_TCP_PLB_H
#define TCP_TCP_PLB_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/seq.h"

enum {
	TCP_PLB_SCALE = 256,	/* a round of marks alone */
	TCP_PLB_ROUNDS_MAX = 31 /* of the sysctls */
};

struct tcp_plb {
	seq_t round_end;	    /* acknowledged: the round is over */
	uint32_t delivered, marked; /* segments, in it */
	uint64_t pause_until_ns;    /* after a timeout, which asks for another path as well */
	uint8_t congested;	    /* rounds in a row */
	bool begun;		    /* round_end is one */
};

struct tcp_plb_conf {
	uint32_t rounds, idle_rounds; /* 0: idle is no reason */
	uint32_t threshold;	      /* of TCP_PLB_SCALE */
};

/* An ACK delivered `segs`, `marked` of which were marked. True: a round ended with it. */
bool tcp_plb_acked(struct tcp_plb *p, const struct tcp_plb_conf *c, uint32_t segs, uint32_t marked,
		   seq_t una, seq_t nxt);
/* A round ended: is another path to be asked for? idle: nothing is outstanding. Then it begins anew. */
bool tcp_plb_wants(struct tcp_plb *p, const struct tcp_plb_conf *c, bool idle, uint64_t now_ns);
/* A timeout: no more before `pause_ns` have passed. */
void tcp_plb_timeout(struct tcp_plb *p, uint64_t now_ns, uint64_t pause_ns);

#endif
