/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Path mtus that ICMP told of (RFC 1191 6, 8201 5): less than the link's, for some time. Bounded;
 * the oldest makes room. Private to net/ but for pmtu_learn() of net.h.
 */
#ifndef NET_PMTU_H
#define NET_PMTU_H

#include "net/stack.h"

struct dst;

enum { PMTU_MAX = 1024 };

struct pmtu_table {
	struct hash hash;
	struct pool pool;
	struct list age; /* the one learned first is the first */
	struct timer timer;
};

int pmtu_new(struct ph_stack *st);
void pmtu_free(struct ph_stack *st);
/* The path's in place of d->mtu, which is the link's or route's, if one is known and it is less; and
 * whether it is locked. */
void pmtu_apply(const struct ph_stack *st, struct dst *d);

#endif
