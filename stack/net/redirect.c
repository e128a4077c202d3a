/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Redirects (RFC 4861 8.1, 8.3): believed from the router that we use for the destination, and kept
 * as a route to that one host for some time. Called by nd.c.
 */
#include "net/redirect.h"

#include <string.h>

#include "base/ip.h"
#include "net/addr6.h"
#include "net/if6.h"
#include "net/nd_opt.h"
#include "net/net_state.h"

struct redirect {
	struct ph_ip target, dst;
};

static enum drop check(struct ph_stack *st, const struct ip_rx *rx, const struct redirect *r)
{
	struct dst d = { 0 };

	if (!ip6_is_linklocal(&rx->src) || ip6_is_multicast(&rx->dst))
		return DROP_IPV6_NDISC_ADDRESS;
	if (!addr6_is_unicast(&r->dst) || ip6_is_linklocal(&r->dst) || addr6_find_any(st, &r->dst))
		return DROP_IPV6_NDISC_ADDRESS;
	if (!ip_eq(&r->target, &r->dst) && !ip6_is_linklocal(&r->target))
		return DROP_IPV6_NDISC_ADDRESS;
	if (addr6_find_any(st, &r->target))
		return DROP_IPV6_NDISC_ADDRESS;
	/* Only the router that we would have sent it to may say that it knows better. */
	if (dst_lookup(st, &d, NULL, &r->dst, false) != 0 || !ip_eq(&d.next_hop, &rx->src))
		return DROP_IPV6_NDISC_ADDRESS;
	return DROP_NONE;
}

static void learn_target(struct ph_stack *st, struct link *l, const struct redirect *r,
			 const uint8_t *mac)
{
	bool told = mac && !(mac[0] & 1);
	struct neigh *n = told ? neigh_get(st, l->index, &r->target)
			       : neigh_find(st, l->index, &r->target);

	if (!n)
		return;
	if (told)
		neigh_update(st, n, mac, NEIGH_SEEN, true);
	if (!ip_eq(&r->target, &r->dst))
		n->router = true;
}

enum drop redirect_input(struct ph_stack *st, const struct ip_rx *rx)
{
	const uint8_t *p = pkt_bytes(rx->pkt);
	struct link *l = link_get(st, rx->link);
	uint32_t least = sizeof(struct nd_redirect);
	struct redirect r;
	enum drop d;

	memcpy(r.target.b, p + offsetof(struct nd_redirect, target), 16);
	memcpy(r.dst.b, p + offsetof(struct nd_redirect, dst), 16);
	r.target = ip6_with_scope(r.target, (uint32_t)l->index);
	if (!l->v6->conf.accept_redirects)
		return DROP_IPV6_NDISC_IGNORED;
	d = check(st, rx, &r);
	if (d != DROP_NONE)
		return d;
	if (l->kind == PH_LINK_ETHER)
		learn_target(st, l, &r, nd_opts_mac(p + least, rx->l4_len - least,
						    ND_OPT_TARGET_MAC));
	struct route route = { .dst = r.dst,
			       .link = l->index,
			       .prefix = 128,
			       .proto = ROUTE_REDIRECT,
			       .expires_ns = st->now_ns + REDIRECT_LIFE_S * UINT64_C(1000000000) };

	if (!ip_eq(&r.target, &r.dst))
		route.gateway = r.target;
	route_forget(st, &route);
	(void)route_learn(st, &route, true, REDIRECTS_MAX);
	return DROP_NONE;
}
