/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The search for the path's MTU by segments of other sizes (RFC 4821): what is known to get through,
 * what is known not to, and which size to try next. A connection has one of these only while it
 * searches (net.ipv4.tcp_mtu_probing). A leaf; sizes are of IP packets.
 *
 *	   gets through ... | low ........ next = the middle ........ high | is too large
 */
#ifndef TCP_TCP_MTUP_H
#define TCP_TCP_MTUP_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/seq.h"

struct tcp_mtup {
	uint64_t at_ns;	    /* the search began, or began anew */
	seq_t start, end;   /* the probe that is out, */
	uint16_t low, high;
	uint16_t size;	    /* and its size; 0: none is out */
};

/* The search begins with packets of `low` bytes at the least and `high` at most. */
void tcp_mtup_begin(struct tcp_mtup *m, uint16_t low, uint16_t high, uint64_t now_ns);
/* The path takes no more than mtu: told by ICMP, or by the first link. */
void tcp_mtup_limit(struct tcp_mtup *m, uint16_t mtu);
/* The size to try; 0: what is left to find is less than `threshold` bytes. */
uint16_t tcp_mtup_next(const struct tcp_mtup *m, uint16_t threshold);
/* Long after: paths change, so it begins again above `mtu`, which is in use. */
void tcp_mtup_again(struct tcp_mtup *m, uint16_t mtu, uint16_t high, uint64_t interval_ns,
		    uint64_t now_ns);
/* A probe of that size is [start, end). */
void tcp_mtup_sent(struct tcp_mtup *m, uint16_t size, seq_t start, seq_t end);
/* It arrived; it did not; it was sent again for other reasons, and tells nothing. */
void tcp_mtup_arrived(struct tcp_mtup *m);
void tcp_mtup_failed(struct tcp_mtup *m);
void tcp_mtup_inconclusive(struct tcp_mtup *m);
/* Nothing gets through (RFC 4821 7.7): `low` is halved, but is at most `base`, at least `floor`. All
 * three without `headers`. */
void tcp_mtup_black_hole(struct tcp_mtup *m, uint16_t headers, uint32_t base, uint32_t least);

#endif
