/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The routing table: longest prefix, then smallest metric, then the older route (RFC 1122 3.3.1).
 */
#ifndef NET_ROUTE_H
#define NET_ROUTE_H

#include "net/stack.h"

struct route {
	struct list_node
		node; /* longest prefix first, then by metric: the first that matches is it */
	struct ph_ip dst, gateway,
		src;	    /* gateway all zero: on-link; src all zero: none preferred */
	uint32_t net, mask; /* IPv4 in host order; of IPv6, dst and prefix say it */
	uint32_t metric;
	ph_link link;
	uint8_t prefix;
	uint8_t metrics; /* the place of its metrics; 0: none */
	bool connected; /* came with an address */
};

struct route_table {
	struct pool pool;
	struct list list;  /* of IPv4 */
	struct list list6; /* of IPv6 */
};

int route_table_new(struct ph_stack *st);
void route_table_free(struct ph_stack *st);
/* NULL: no route. link 0: any. */
const struct route *route_find(const struct ph_stack *st, const struct ph_ip *dst, ph_link link);
/* The one with exactly this destination over this link, or NULL. */
struct route *route_by_key(struct ph_stack *st, const struct ph_ip *dst, unsigned prefix,
			   ph_link link);
/* The subnet of an address of ours. 0, -ENOSPC. */
int route_add_connected(struct ph_stack *st, ph_link link, const struct ph_ip *src,
			unsigned prefix);
void route_del_connected(struct ph_stack *st, ph_link link, const struct ph_ip *src);
void route_flush(struct ph_stack *st, ph_link link);
void route_flush6(struct ph_stack *st, ph_link link); /* IPv6's alone */

static inline uint32_t route_mask4(unsigned prefix)
{
	return prefix == 0 ? 0 : UINT32_MAX << (32 - prefix);
}

#endif
