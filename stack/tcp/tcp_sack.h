/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which blocks a receiver reports (RFC 2018 4): the one that holds the segment that just arrived
 * first, then those reported before it, most recent first. A leaf.
 */
#ifndef TCP_TCP_SACK_H
#define TCP_TCP_SACK_H

#include <stdint.h>

#include "tcp/tcp_opt.h"

struct tcp_sack {
	struct tcp_range block[TCP_SACK_MAX];
	uint8_t n;
};

/* `block` just changed: it goes first and swallows those it covers. */
void tcp_sack_add(struct tcp_sack *s, struct tcp_range block);
/* Everything before rcv_nxt is acknowledged: blocks there are forgotten. */
void tcp_sack_advance(struct tcp_sack *s, seq_t rcv_nxt);
/* The pieces from `seq` on were given up: they must not be reported again (RFC 2018 8 permits
 * it). */
void tcp_sack_forget_from(struct tcp_sack *s, seq_t seq);

#endif
