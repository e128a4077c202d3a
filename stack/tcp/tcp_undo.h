/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Was the episode needless? It was when every retransmission in it was reported as a duplicate
 * (D-SACK: RFC 2883, RFC 3708), or when an ACK echoes a timestamp from before the first of them
 * (Eifel: RFC 3522, RFC 4015). A leaf: keeps the account; what is undone is tcp_loss.c's.
 */
#ifndef TCP_TCP_UNDO_H
#define TCP_TCP_UNDO_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/seq.h"

struct tcp_undo {
	seq_t marker;	  /* snd_una when the episode began */
	bool on;	  /* there is one that could be undone */
	int32_t retrans;  /* retransmissions in it not yet reported as duplicates; < 0: none yet */
	uint64_t first_ns; /* the first retransmission since nothing was; 0: none */
};

/* An episode begins with `retrans` segments already on their way again. */
void tcp_undo_begin(struct tcp_undo *u, seq_t una, uint32_t retrans);
void tcp_undo_sent_again(struct tcp_undo *u, uint32_t segs, uint64_t now_ns);
/* Of the segments that end at `end` so many were reported as duplicates. */
void tcp_undo_duplicate(struct tcp_undo *u, seq_t end, uint32_t segs);

/* Have all retransmissions been duplicates? */
static inline bool tcp_undo_by_dsack(const struct tcp_undo *u)
{
	return u->on && u->retrans == 0;
}

#endif
