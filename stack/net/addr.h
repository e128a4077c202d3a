/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The addresses of the stack's links. Each brings a route to its subnet (route.h) and leaves with
 * it.
 */
#ifndef NET_ADDR_H
#define NET_ADDR_H

#include "net/stack.h"

enum { ADDR_MAX = 1024 };

struct addr {
	struct list_node node;
	ph_link link;
	struct ph_ip ip;
	uint32_t mask; /* IPv4, host order */
	uint8_t prefix;
};

struct addr_table {
	struct pool pool;
	struct list list;
};

int addr_table_new(struct ph_stack *st);
void addr_table_free(struct ph_stack *st);
/* NULL: not ours. Of lo's, its whole subnet is: 127.0.0.2 finds 127.0.0.1's. */
const struct addr *addr_find(const struct ph_stack *st, const struct ph_ip *ip);
/*
 * Our address on `link` to talk to `to` from: one of its subnet, else the link's first. NULL: it
 * has none.
 */
const struct addr *addr_choose(const struct ph_stack *st, ph_link link, const struct ph_ip *to);
/* The first that others may hear of; NULL: none. */
const struct addr *addr_first(const struct ph_stack *st);
/* Which of our subnets has this directed broadcast address? NULL: none. */
const struct addr *addr_of_broadcast(const struct ph_stack *st, uint32_t ip4);
void addr_flush(struct ph_stack *st, ph_link link);

/* By the number alone (RFC 6890): may it be the address of one host? */
static inline bool addr_is_unicast4(uint32_t ip4)
{
	uint32_t net = ip4 >> 24;

	return net != 0 && net != 127 && (net < 224 || (net >= 240 && ip4 != UINT32_MAX));
}

static inline bool addr_is_loopback4(uint32_t ip4)
{
	return ip4 >> 24 == 127;
}

static inline bool addr_is_linklocal4(uint32_t ip4)
{
	return ip4 >> 16 == 0xa9fe;
}

static inline bool addr_is_multicast4(uint32_t ip4)
{
	return ip4 >> 28 == 14;
}

#endif
