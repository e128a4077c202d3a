/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The routing table: longest prefix, then smallest metric, then the older route (RFC 1122 3.3.1).
 */
#ifndef NET_ROUTE_H
#define NET_ROUTE_H

#include "net/stack.h"

enum route_proto { ROUTE_STATIC, ROUTE_CONNECTED, ROUTE_RA, ROUTE_REDIRECT };

struct route {
	struct list_node
		node; /* longest prefix first, then by metric: the first that matches is it */
	struct ph_ip dst, gateway,
		src;	    /* gateway all zero: on-link; src all zero: none preferred */
	uint32_t net, mask; /* IPv4 in host order; of IPv6, dst and prefix say it */
	uint32_t metric;
	ph_link link;
	uint8_t prefix;
	uint8_t metrics;     /* the place of its metrics; 0: none */
	uint8_t proto;	     /* enum route_proto; CONNECTED: came with an address */
	int8_t pref;	     /* RFC 4191: -1, 0, 1 */
	uint64_t expires_ns; /* of ROUTE_RA and ROUTE_REDIRECT; PH_NEVER: for ever */
};

struct route_table {
	struct pool pool;
	struct list list;  /* of IPv4 */
	struct list list6; /* of IPv6 */
	struct timer expiry;
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
/* The subnets of IPv4's addresses on the link, which was turned on. */
void route_connect4(struct ph_stack *st, ph_link link);
void route_flush6(struct ph_stack *st, ph_link link); /* IPv6's alone */

bool route_ignored(const struct ph_stack *st, const struct route *r);
struct list *route_list(struct ph_stack *st, const struct ph_ip *of); /* of this family */

/* route6.c: routes that others give. */
void route6_init(struct ph_stack *st);
/* The timer after routes went. */
void route6_rearm(struct ph_stack *st);
/*
 * One like it, from a router: added (alive), renewed, or, when not alive, removed. Of its kind there
 * are at most `most` on a link: beyond that, of ROUTE_RA the new one is refused, -ENOSPC; of
 * redirects the one that ends first goes.
 */
int route_learn(struct ph_stack *st, const struct route *like, bool alive, uint32_t most);
/* Whatever of this kind there is to the same destination goes. */
void route_forget(struct ph_stack *st, const struct route *like);
/* What was learned with it as the next hop goes. */
void route_lose_router(struct ph_stack *st, ph_link link, const struct ph_ip *router);
const struct route *route6_choose(const struct ph_stack *st, const struct route *first,
				  const struct ph_ip *dst, ph_link link);
const struct route *route4_choose(const struct ph_stack *st, const struct route *first,
				  ph_link link);
/* Does a route go through it? */
bool route_is_gateway(struct ph_stack *st, ph_link link, const struct ph_ip *ip);
int route_insert(struct ph_stack *st, const struct route *new); /* 0, -ENOSPC */
void route_remove(struct ph_stack *st, struct route *r);

static inline uint32_t route_mask4(unsigned prefix)
{
	return prefix == 0 ? 0 : UINT32_MAX << (32 - prefix);
}

#endif
