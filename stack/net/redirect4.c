/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ICMP Redirect (RFC 1122 3.2.2.2, 3.3.1.2): believed about a conversation that a socket of ours has,
 * from the router that we use for it, of a gateway that we can reach without another, and kept as
 * a route to that one host for some time. Called by the transports, which know their conversations.
 */
#include "base/ip.h"
#include "net/net.h"
#include "net/net_state.h"
#include "net/redirect.h"

/* Without shared media a gateway is somebody the user named (Linux's secure_redirects). */
static bool is_default_router(struct ph_stack *st, ph_link link, const struct ph_ip *ip)
{
	const struct list_node *n;

	list_for_each(n, route_list(st, ip)) {
		const struct route *r = container_of(n, const struct route, node);

		if (r->prefix == 0 && r->link == link && ip_eq(&r->gateway, ip))
			return true;
	}
	return false;
}

/* RFC 1122 3.2.2.2: on the network it came through, and not ourselves. */
static bool gateway_ok(struct ph_stack *st, const struct link *l, const struct ph_ip *gateway)
{
	uint32_t ip = ip_get4(gateway);
	const struct route *r;

	if (!addr_is_unicast4(ip) || addr_of_broadcast(st, ip) || addr_find(st, gateway))
		return false;
	r = route_find(st, gateway, l->index);
	if (!r || !ip_is_any(&r->gateway))
		return false;
	return l->conf4.shared_media || !l->conf4.secure_redirects ||
	       is_default_router(st, l->index, gateway);
}

void redirect_learn(struct ph_stack *st, const struct ip_err *e)
{
	const struct link *l = link_get(st, e->link);
	struct dst d;
	struct route route = { .dst = e->remote,
			       .gateway = e->redirect,
			       .link = e->link,
			       .prefix = 32,
			       .proto = ROUTE_REDIRECT,
			       .expires_ns = st->now_ns + REDIRECT_LIFE_S * UINT64_C(1000000000) };

	if (!l || !l->conf4.accept_redirects || !gateway_ok(st, l, &e->redirect))
		return;
	if (dst_lookup(st, &d, &e->local, &e->remote, false) != 0 || d.kind != DST_HOST ||
	    d.link != e->link || !ip_eq(&d.next_hop, &e->from) || ip_eq(&d.next_hop, &e->remote))
		return; /* only the router that we would have sent it to knows better */
	route_forget(st, &route);
	(void)route_learn(st, &route, true, REDIRECTS_MAX);
}
