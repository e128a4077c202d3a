/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SYN cookies (RFC 4987 3.6): a SYN-ACK whose sequence number, and timestamp if there is one, say
 * all that a half-open connection would have kept, so that nothing is kept. A leaf.
 *
 *	sequence number   = hash(tuple) + peer's ISN + minute << 24 + (hash(tuple, minute) + mss) mod 2^24
 *	timestamp's end   = ECN, SACK, window scale: 1, 1, 4 bits, as Linux has them
 */
#ifndef TCP_TCP_COOKIE_H
#define TCP_TCP_COOKIE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/siphash.h"
#include "tcp/tcp_table.h"

enum {
	TCP_COOKIE_MINUTES = 2, /* a cookie is good in its own minute and the one after */
	TCP_COOKIE_NO_WSCALE = 15
};

/* What the low bits of a timestamp say. */
struct tcp_cookie_ts {
	uint8_t wscale; /* TCP_COOKIE_NO_WSCALE: no scaling */
	bool sack, ecn;
};

/* The sequence number for a SYN of tuple k with sequence number irs. mss: what the peer takes; the
 * next smaller one of the six that a cookie can name is kept. */
seq_t tcp_cookie_make(const struct siphash_key *key, const struct tcp_tuple *k, seq_t irs,
		      uint16_t mss, uint64_t now_ns);
/* The MSS that a cookie names, or 0: it is not one of ours, or too old. */
uint16_t tcp_cookie_check(const struct siphash_key *key, const struct tcp_tuple *k, seq_t irs,
			  seq_t cookie, uint64_t now_ns);
/* The clock `ms`, never later than it, its last bits replaced; and what they say. */
uint32_t tcp_cookie_ts(uint32_t ms, const struct tcp_cookie_ts *o);
struct tcp_cookie_ts tcp_cookie_ts_read(uint32_t ts);

#endif
