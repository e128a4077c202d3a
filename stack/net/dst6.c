/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Destinations over IPv6: next hop determination (RFC 4861 5.2) and the socket addresses' scopes.
 * Called by dst.c, and for addresses of the user by sock/.
 */

#include "base/ip.h"
#include "net/addr6.h"
#include "net/dst6.h"
#include "net/if6.h"
#include "net/lo.h"
#include "net/metrics.h"
#include "net/net_state.h"
#include "wire/ip6.h"

static const struct ph_ip any;

static int to_self(struct dst *d, const struct addr6 *a)
{
	d->kind = DST_SELF;
	d->link = d->oif == PH_LINK_LO ? d->oif : a->link;
	d->next_hop = d->dst;
	if (ip6_is_any(&d->src))
		d->src = d->dst;
	return 0;
}

static ph_link first_link(const struct ph_stack *st)
{
	for (uint32_t i = 0; i < st->net->links.n; i++) {
		const struct link *l = st->net->links.at[i];

		if (l && l->v6 && l->kind != PH_LINK_LOOPBACK)
			return l->index;
	}
	return 0;
}

/* A group without a scope of its own leaves where its source is, else by the default route. */
static int to_group(const struct ph_stack *st, struct dst *d)
{
	const struct addr6 *a = addr6_find(st, &d->src);
	const struct route *r = a ? NULL : route_find(st, &d->dst, 0);

	d->kind = DST_MULTICAST;
	d->next_hop = d->dst;
	if (ip6_scope(&d->dst))
		d->link = (ph_link)ip6_scope(&d->dst);
	else if (d->oif)
		d->link = d->oif;
	else
		d->link = a ? a->link : r ? r->link : first_link(st);
	return d->link ? 0 : -ENETUNREACH;
}

static int to_host(const struct ph_stack *st, struct dst *d)
{
	const struct route *r;

	if (!addr6_is_unicast(&d->dst))
		return -ENETUNREACH;
	d->kind = DST_HOST;
	d->next_hop = d->dst;
	if (ip6_is_linklocal(&d->dst)) {
		d->link = (ph_link)ip6_scope(&d->dst);
		return d->link ? 0 : -EINVAL;
	}
	r = route_find(st, &d->dst, d->oif);
	if (!r && d->oif) {
		d->link = d->oif;
		return 0;
	}
	if (!r)
		return -ENETUNREACH;
	d->link = r->link;
	d->metrics = r->metrics;
	if (!ip_eq(&r->gateway, &any))
		d->next_hop = r->gateway;
	return 0;
}

static int take_link(const struct ph_stack *st, struct dst *d)
{
	const struct link *l = link_get(st, d->link);

	if (!l || !l->v6)
		return -ENETUNREACH;
	d->hop_limit = l->v6->hop_limit;
	d->mtu = (uint16_t)(l->v6->mtu < LINK_MTU_MAX ? l->v6->mtu : LINK_MTU_MAX);
	d->offload = l->offload;
	metrics_mtu(st, d);
	d->link_mtu = d->mtu;
	pmtu_apply(st, d);
	if (d->kind == DST_SELF) {
		d->mtu = d->link_mtu = lo_mtu(st);
		d->offload = PH_OFFLOAD_CSUM | PH_OFFLOAD_TSO6;
	}
	return 0;
}

/* RFC 4007 9: a link-local source does not leave its link. */
static bool source_fits(const struct dst *d)
{
	return !ip6_is_linklocal(&d->src) || (ph_link)ip6_scope(&d->src) == d->link;
}

int dst6_lookup(struct ph_stack *st, struct dst *d, ph_link oif, uint8_t prefer,
		const struct ph_ip *src, const struct ph_ip *dst)
{
	struct dst new = { .dst = *dst, .gen = st->net->gen, .oif = oif, .v6 = true };
	const struct addr6 *a;
	int rc;

	if (src && !ip_is_any(src)) {
		if (ip_is4(src) || !addr6_find(st, src))
			return -EADDRNOTAVAIL;
		new.src = *src;
	}
	d->v6 = true; /* also of one that is not found: whose drop it is */
	a = addr6_find(st, dst);
	if (a && ip6_is_loopback(dst) && oif && oif != a->link)
		rc = -ENETUNREACH;
	else if (a)
		rc = to_self(&new, a);
	else
		rc = ip6_is_multicast(dst) ? to_group(st, &new) : to_host(st, &new);
	if (rc == 0)
		rc = take_link(st, &new);
	if (rc != 0)
		return rc;
	if (ip6_is_any(&new.src)) {
		a = src6_choose(st, dst, &new.next_hop, new.link, prefer);
		if (!a)
			return -EADDRNOTAVAIL;
		new.src = a->ip;
	}
	if (!source_fits(&new))
		return -ENETUNREACH;
	if (ip6_is_loopback(&new.src) && new.kind != DST_SELF && new.link != PH_LINK_LO)
		return -EINVAL; /* RFC 4291 2.5.3 */
	*d = new;
	return 0;
}

int ip_scope_in(const struct ph_stack *st, struct ph_sockaddr *a)
{
	if (!ip6_is_scoped(&a->ip))
		return 0;
	if (a->scope == 0 && ip6_is_linklocal(&a->ip))
		return -EINVAL;
	if (a->scope != 0 && !link_get(st, (ph_link)a->scope))
		return -ENODEV;
	a->ip = ip6_with_scope(a->ip, a->scope);
	return 0;
}

void ip_scope_out(struct ph_sockaddr *a)
{
	if (a->family == PH_AF_PACKET)
		return;
	a->scope = ip6_scope(&a->ip);
	a->ip = ip6_bare(a->ip);
}
