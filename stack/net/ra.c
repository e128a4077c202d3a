/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Router advertisements: held against RFC 4861 6.1.2, then each field and option does what its
 * setting allows. And the solicitations that ask for them. Called by nd.c, dad.c and a timer.
 */
#include "net/ra.h"

#include <string.h>

#include "base/ip.h"
#include "net/if6.h"
#include "net/nd_opt.h"
#include "net/net.h"
#include "net/net_state.h"
#include "net/slaac.h"

enum {
	RA_METRIC = 1024, /* Linux's IP6_RT_PRIO_USER */
	REACHABLE_MAX_MS = 3600000,
	RETRANS_MIN_MS = 10, /* a router cannot make us flood */
	RETRANS_MAX_MS = 3600000
};
static const uint64_t second = 1000000000, ms = 1000000;

/* ---- solicitations -------------------------------------------------------------------------- */

/* RFC 4861 6.3.7: with our hardware address if the source may be known for it. */
static void send_rs(struct ph_stack *st, struct link *l)
{
	const struct addr6 *a = addr6_linklocal(st, l->index);
	struct ph_ip to = ip6_all_routers((uint32_t)l->index), from = { { 0 } };
	struct pkt *p = pkt_new_tx(&st->pkts, sizeof(struct icmp6_hdr) + sizeof(struct nd_opt_mac));

	if (!p)
		return;
	memset(pkt_put(p, sizeof(struct icmp6_hdr)), 0, sizeof(struct icmp6_hdr));
	pkt_bytes(p)[0] = ICMP6_RS;
	if (a && !a->tentative) {
		from = a->ip;
		nd_put_mac(p, l, ND_OPT_SOURCE_MAC);
	}
	(void)nd_send(st, l, p, &from, &to, NULL);
}

/* RFC 7559 2: 4 s, then doubled up to an hour, each a tenth more or less. */
static uint64_t next_wait(struct ph_stack *st, const struct if6 *v6)
{
	uint64_t first = (uint64_t)v6->conf.router_solicitation_interval * second;
	uint64_t most = (uint64_t)v6->conf.router_solicitation_max_interval * second;
	uint64_t wait = v6->rs_wait_ns ? 2 * v6->rs_wait_ns : first;

	if (wait > most)
		wait = most;
	return wait - wait / 10 + prng_u64(&st->prng) % (wait / 5 + 1);
}

static void rs_fire(void *ctx, struct timer *t)
{
	struct ph_stack *st = ctx;
	struct if6 *v6 = container_of(t, struct if6, rs);
	struct link *l = v6->link;

	if (v6->failing) {
		if6_stop(st, l);
		return;
	}
	if (v6->conf.router_solicitations >= 0 &&
	    v6->rs_sent >= (uint64_t)v6->conf.router_solicitations)
		return;
	v6->rs_sent++;
	v6->rs_wait_ns = next_wait(st, v6);
	timer_arm(&st->wheel, &v6->rs, st->now_ns + v6->rs_wait_ns);
	send_rs(st, l);
}

void ra_timer_init(struct link *l)
{
	timer_init(&l->v6->rs, rs_fire);
	list_init(&l->v6->dns);
}

void ra_stop(struct ph_stack *st, struct link *l)
{
	timer_stop(&st->wheel, &l->v6->rs);
}

void ra_solicit(struct ph_stack *st, struct link *l)
{
	uint64_t delay = (uint64_t)l->v6->conf.router_solicitation_delay * second;

	if (timer_armed(&l->v6->rs) || !l->v6->conf.accept_ra)
		return;
	if (delay > 0)
		delay = prng_u64(&st->prng) % delay;
	timer_arm(&st->wheel, &l->v6->rs, st->now_ns + delay);
}

/* ---- routes that routers give --------------------------------------------------------------- */

static uint64_t until(const struct ph_stack *st, uint32_t s)
{
	return s == UINT32_MAX ? PH_NEVER : st->now_ns + s * second;
}

/* RFC 4191 2.1: two bits, signed; 10 is reserved and means medium in a header. */
static int preference(uint8_t flags)
{
	int bits = flags >> ND_RA_PREF_SHIFT & 3;

	return bits == 1 ? 1 : bits == 3 ? -1 : 0;
}

/* One that is there gets new times; lifetime 0 ends it. gateway NULL: on-link. */
static void give_route(struct ph_stack *st, struct link *l, const struct ph_ip *dst,
		       unsigned prefix, const struct ph_ip *gateway, int pref, uint32_t lifetime_s)
{
	struct route r = { .dst = ip6_prefix(dst, prefix),
			   .link = l->index,
			   .metric = RA_METRIC,
			   .prefix = (uint8_t)prefix,
			   .proto = ROUTE_RA,
			   .pref = (int8_t)pref,
			   .expires_ns = until(st, lifetime_s) };

	if (gateway)
		r.gateway = *gateway;
	(void)route_learn(st, &r, lifetime_s > 0, RA_ROUTES_MAX);
}

/* ---- options -------------------------------------------------------------------------------- */

static void take_prefix(struct ph_stack *st, struct link *l, const struct ph_ip *from,
			const uint8_t *opt, uint32_t len)
{
	const struct nd_opt_prefix *o = (const void *)opt;
	uint32_t valid, preferred;
	struct ph_ip prefix;

	if (len != sizeof(*o) || o->prefix_len > 128 || !l->v6->conf.accept_ra_pinfo)
		return;
	memcpy(prefix.b, o->prefix, sizeof(prefix.b));
	valid = be32_get(o->valid);
	preferred = be32_get(o->preferred);
	if (ip6_is_linklocal(&prefix) || ip6_is_multicast(&prefix) || ip_is4(&prefix) ||
	    preferred > valid)
		return;
	if (o->flags & ND_PREFIX_ONLINK)
		give_route(st, l, &prefix, o->prefix_len, NULL, 0, valid);
	if (o->flags & ND_PREFIX_AUTO)
		slaac_prefix(st, l, from, o);
}

static void take_mtu(struct ph_stack *st, struct link *l, const uint8_t *opt, uint32_t len)
{
	const struct nd_opt_mtu *o = (const void *)opt;
	uint32_t mtu = len == sizeof(*o) ? be32_get(o->mtu) : 0;

	if (!l->v6->conf.accept_ra_mtu || mtu < IP6_MTU_MIN || mtu > l->mtu || mtu == l->v6->mtu)
		return;
	l->v6->mtu = mtu;
	net_changed(st);
}

/* RFC 4191 2.3: the prefix's bytes are as many as its length needs, or more. */
static void take_route(struct ph_stack *st, struct link *l, const struct ph_ip *from,
		       const uint8_t *opt, uint32_t len)
{
	const struct nd_opt_route *o = (const void *)opt;
	struct ph_ip prefix = { { 0 } };
	uint32_t room = len - (uint32_t)sizeof(*o);

	if (len > sizeof(*o) + 16 || o->prefix_len > 128 || o->prefix_len > room * 8 ||
	    o->prefix_len > l->v6->conf.accept_ra_rt_info_max_plen ||
	    (o->flags >> ND_RA_PREF_SHIFT & 3) == 2)
		return;
	memcpy(prefix.b, opt + sizeof(*o), room);
	if (ip6_is_linklocal(&prefix) || ip6_is_multicast(&prefix) || ip_is4(&prefix))
		return;
	give_route(st, l, &prefix, o->prefix_len, from, preference(o->flags),
		   be32_get(o->lifetime));
}

static void take_options(struct ph_stack *st, struct link *l, const struct ph_ip *from,
			 const uint8_t *p, uint32_t len)
{
	struct nd_opts o = { p, p + len };
	const uint8_t *opt;
	uint32_t n;

	while ((opt = nd_opts_next(&o, &n))) {
		switch (opt[0]) {
		case ND_OPT_PREFIX:
			take_prefix(st, l, from, opt, n);
			break;
		case ND_OPT_MTU:
			take_mtu(st, l, opt, n);
			break;
		case ND_OPT_ROUTE:
			take_route(st, l, from, opt, n);
			break;
		case ND_OPT_RDNSS:
		case ND_OPT_DNSSL:
			ra_dns_option(st, l, opt, n);
			break;
		default:
			break;
		}
	}
}

/* ---- the message ---------------------------------------------------------------------------- */

/* RFC 4861 6.3.4: what is 0 says nothing. */
static void take_parameters(struct ph_stack *st, struct link *l, const struct nd_ra *ra)
{
	uint32_t reachable = be32_get(ra->reachable), retrans = be32_get(ra->retrans);
	struct if6 *v6 = l->v6;

	v6->managed = ra->flags & ND_RA_MANAGED;
	v6->other = ra->flags & ND_RA_OTHER;
	if (ra->hop_limit && ra->hop_limit >= v6->conf.accept_ra_min_hop_limit &&
	    ra->hop_limit != v6->hop_limit) {
		v6->hop_limit = ra->hop_limit;
		net_changed(st);
	}
	if (reachable && reachable <= REACHABLE_MAX_MS)
		v6->base_reachable_ns = reachable * ms;
	if (retrans >= RETRANS_MIN_MS && retrans <= RETRANS_MAX_MS)
		v6->retrans_ns = retrans * ms;
}

static void learn_router(struct ph_stack *st, struct link *l, const struct ip_rx *rx,
			 const uint8_t *options, uint32_t len)
{
	const uint8_t *mac = l->kind == PH_LINK_ETHER
				     ? nd_opts_mac(options, len, ND_OPT_SOURCE_MAC)
				     : NULL;
	bool told = mac && !(mac[0] & 1);
	struct neigh *n = told ? neigh_get(st, l->index, &rx->src)
			       : neigh_find(st, l->index, &rx->src);

	if (!n)
		return;
	if (told)
		neigh_update(st, n, mac, NEIGH_SEEN, true);
	n->router = true; /* RFC 4861 6.3.4: also where it does not say where it is */
}

enum drop ra_input(struct ph_stack *st, const struct ip_rx *rx)
{
	const struct nd_ra *ra = (const void *)pkt_bytes(rx->pkt);
	const uint8_t *options = pkt_bytes(rx->pkt) + sizeof(*ra);
	uint32_t len = rx->l4_len - (uint32_t)sizeof(*ra);
	struct link *l = link_get(st, rx->link);
	const struct conf6 *c = &l->v6->conf;
	uint32_t lifetime = be16_get(ra->lifetime);
	static const struct ph_ip any;

	if (!ip6_is_linklocal(&rx->src))
		return DROP_IPV6_NDISC_ADDRESS;
	if (l->v6->mode != PH_IPV6_SLAAC || !c->accept_ra)
		return DROP_IPV6_NDISC_IGNORED;
	take_parameters(st, l, ra);
	learn_router(st, l, rx, options, len);
	if (c->accept_ra_defrtr) {
		give_route(st, l, &any, 0, &rx->src,
			   c->accept_ra_rtr_pref ? preference(ra->flags) : 0, lifetime);
		if (lifetime > 0)
			timer_stop(&st->wheel, &l->v6->rs);
	}
	take_options(st, l, &rx->src, options, len);
	return DROP_NONE;
}
