/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Destinations: route, source address and next hop of a peer, found once and kept by whoever
 * sends there until the tables change. Called by the transports and by icmp4.c.
 */
#include "base/ip.h"
#include "net/dst6.h"
#include "net/ip4.h"
#include "net/lo.h"
#include "net/metrics.h"
#include "net/net.h"
#include "net/net_state.h"

static const struct ph_ip any;

static int to_self(struct dst *d, const struct addr *a)
{
	d->kind = DST_SELF;
	d->link = d->oif == PH_LINK_LO ? d->oif : a->link;
	d->next_hop = d->dst;
	if (ip_is_any(&d->src))
		d->src = a->ip; /* of 127.0.0.2, too, 127.0.0.1 */
	return 0;
}

/*
 * 255.255.255.255 and groups name no subnet: the source's link, the default route's, the first
 * with an address.
 */
static ph_link group_link(const struct ph_stack *st, const struct dst *d)
{
	const struct addr *a = addr_find(st, &d->src);
	const struct route *r = a ? NULL : route_find(st, &d->dst, 0);

	if (a)
		return a->link;
	if (r)
		return r->link;
	a = addr_first(st);
	return a ? a->link : 0;
}

static int to_group(const struct ph_stack *st, struct dst *d, const struct addr *subnet)
{
	d->kind = addr_is_multicast4(ip_get4(&d->dst)) ? DST_MULTICAST : DST_BROADCAST;
	d->next_hop = d->dst;
	if (d->oif)
		d->link = d->oif;
	else
		d->link = subnet ? subnet->link : group_link(st, d);
	if (subnet && ip_is_any(&d->src))
		d->src = subnet->ip;
	return d->link ? 0 : -ENETUNREACH;
}

static int to_host(const struct ph_stack *st, struct dst *d)
{
	const struct route *r;

	if (!addr_is_unicast4(ip_get4(&d->dst)))
		return -ENETUNREACH; /* RFC 1122 3.2.1.3: 0/8 and 127/8 never leave the host */
	r = route_find(st, &d->dst, d->oif);
	d->kind = DST_HOST;
	if (!r && d->oif) { /* as Linux: who names the link says that it is there */
		d->link = d->oif;
		d->next_hop = d->dst;
		return 0;
	}
	if (!r)
		return -ENETUNREACH;
	d->metrics = r->metrics;
	d->link = r->link;
	d->next_hop = ip_eq(&r->gateway, &any) ? d->dst : r->gateway;
	if (ip_is_any(&d->src) && !ip_is_any(&r->src))
		d->src = r->src;
	return 0;
}

static int find(const struct ph_stack *st, struct dst *d, bool broadcast_ok)
{
	uint32_t to = ip_get4(&d->dst);
	const struct addr *a = addr_find(st, &d->dst);

	if (a && addr_is_loopback4(to) && d->oif && d->oif != a->link)
		return -ENETUNREACH; /* RFC 1122 3.2.1.3 (g) */
	if (a)
		return to_self(d, a);
	a = addr_of_broadcast(st, to);
	if (a || to == UINT32_MAX)
		return broadcast_ok ? to_group(st, d, a) : -EACCES;
	return addr_is_multicast4(to) ? to_group(st, d, NULL) : to_host(st, d);
}

static int choose_source(const struct ph_stack *st, struct dst *d)
{
	const struct addr *a = addr_choose(st, d->link, &d->next_hop);

	if (!a) /* an unnumbered link: any address of ours, as Linux does */
		a = addr_first(st);
	if (!a)
		return -EADDRNOTAVAIL;
	d->src = a->ip;
	return 0;
}

static void take_link(const struct ph_stack *st, struct dst *d)
{
	const struct link *l = link_get(st, d->link);

	d->mtu = (uint16_t)(l->mtu < LINK_MTU_MAX ? l->mtu : LINK_MTU_MAX);
	d->offload = l->offload;
	metrics_mtu(st, d);
	d->link_mtu = d->mtu;
	pmtu_apply(st, d);
	if (d->kind == DST_SELF) {
		d->mtu = d->link_mtu = lo_mtu(st);
		d->offload = PH_OFFLOAD_CSUM | PH_OFFLOAD_TSO4;
	}
}

int dst_lookup(struct ph_stack *st, struct dst *d, const struct ph_ip *src, const struct ph_ip *dst,
	       bool broadcast_ok)
{
	return dst_lookup_on(st, d, 0, src, dst, broadcast_ok);
}

int dst_lookup_on(struct ph_stack *st, struct dst *d, ph_link oif, const struct ph_ip *src,
		  const struct ph_ip *dst, bool broadcast_ok)
{
	return dst_lookup_as(st, d, oif, 0, src, dst, broadcast_ok);
}

int dst_lookup_as(struct ph_stack *st, struct dst *d, ph_link oif, uint8_t prefer,
		  const struct ph_ip *src, const struct ph_ip *dst, bool broadcast_ok)
{
	struct dst new = { .dst = *dst, .gen = st->net->gen, .oif = oif };
	int rc;

	if (oif && !link_get(st, oif))
		return -ENODEV;
	if (oif && !link_get(st, oif)->up)
		return -ENETUNREACH;
	if (!ip_is4(dst))
		return dst6_lookup(st, d, oif, prefer, src, dst);
	if (src && !ip_is_any(src)) {
		if (!addr_find(st, src))
			return -EADDRNOTAVAIL;
		new.src = *src;
	}
	rc = find(st, &new, broadcast_ok);
	if (rc == 0 && ip_is_any(&new.src))
		rc = choose_source(st, &new);
	if (rc != 0)
		return rc;
	if (new.kind != DST_SELF && new.link != PH_LINK_LO &&
	    addr_is_loopback4(ip_get4(&new.src)))
		return -EINVAL;
	/* RFC 3927 2.6.2: what is of the link is no router's business, whatever the routes say. */
	if (new.kind == DST_HOST && (addr_is_linklocal4(ip_get4(&new.src)) ||
				     addr_is_linklocal4(ip_get4(&new.dst))))
		new.next_hop = new.dst;
	take_link(st, &new);
	*d = new;
	return 0;
}

int dst_refresh(struct ph_stack *st, struct dst *d)
{
	struct ph_ip src, dst;

	if (d->gen == st->net->gen)
		return 0;
	src = d->src;
	dst = d->dst;
	return dst_lookup_on(st, d, d->oif, &src, &dst, true); /* permission was asked for the first time */
}

void dst_doubt(struct ph_stack *st, struct dst *d)
{
	struct route learnt = { .dst = d->dst, .link = d->link, .prefix = d->v6 ? 128 : 32,
				.proto = ROUTE_REDIRECT };

	if (d->neigh && d->gen == st->net->gen)
		neigh_doubt(st, d->neigh);
	if (d->kind == DST_HOST && !ip_eq(&d->next_hop, &d->dst))
		route_forget(st, &learnt);
}

bool dst_is_open(const struct ph_stack *st, const struct dst *d)
{
	return d->gen == st->net->gen && link_has_room(st, d->link);
}

void dst_confirm(struct ph_stack *st, struct dst *d)
{
	if (d->neigh && d->gen == st->net->gen)
		neigh_confirm(st, d->neigh);
}
