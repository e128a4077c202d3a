/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which blocks a receiver reports (RFC 2018 4): the one that holds the segment that just arrived
 * first, then those reported before it, most recent first. Before them all, once, what came twice
 * (RFC 2883). A leaf.
 */
#ifndef TCP_TCP_SACK_H
#define TCP_TCP_SACK_H

#include <stdint.h>

#include "tcp/tcp_opt.h"

struct tcp_sack {
	struct tcp_range block[TCP_SACK_MAX];
	struct tcp_range dup; /* came twice, and that was not told yet; empty: nothing did */
	uint8_t n;
};

/* [b.from, b.to) came twice. What was to be told before grows if it touches it, and else stays. */
void tcp_sack_duplicate(struct tcp_sack *s, struct tcp_range b);
/* Blocks to report. */
static inline uint8_t tcp_sack_count(const struct tcp_sack *s)
{
	return (uint8_t)(s->n + (s->dup.from != s->dup.to));
}
/* Writes the first n of them. */
void tcp_sack_report(const struct tcp_sack *s, struct tcp_range *out, uint8_t n);
/* They were sent: a duplicate is told once. */
static inline void tcp_sack_told(struct tcp_sack *s)
{
	s->dup.to = s->dup.from;
}

/* `block` just changed: it goes first and swallows those it covers. */
void tcp_sack_add(struct tcp_sack *s, struct tcp_range block);
/* Everything before rcv_nxt is acknowledged: blocks there are forgotten. */
void tcp_sack_advance(struct tcp_sack *s, seq_t rcv_nxt);
/* The pieces from `seq` on were given up: they must not be reported again (RFC 2018 8 permits
 * it). */
void tcp_sack_forget_from(struct tcp_sack *s, seq_t seq);

#endif
