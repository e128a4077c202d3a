/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DHCPv4 on a link: joins the client (dhcp_client.h) to the stack. Its messages leave by the link
 * itself until there is an address, and by IP when a lease is renewed; an address offered is asked
 * about by ARP (RFC 5227), and what was agreed on becomes an address and routes.
 */
#include <string.h>

#include "base/csum.h"
#include "base/ip.h"
#include "dhcp/dhcp_client.h"
#include "net/acd.h"
#include "net/arp.h"
#include "net/early.h"
#include "net/neigh.h"
#include "net/net.h"
#include "net/net_state.h"
#include "net/route.h"
#include "wire/udp.h"

enum {
	/* Of the first link's first router; one more for each router after it, as much again for each
	 * link: two links' default routes stand side by side. */
	ROUTE_METRIC = 100,
	SILENCE = 2,	    /* DISCOVERs without an answer, and a link-local address is due */
	MTU_MIN4 = 576,
	MTU_MIN6 = 1280
};

struct dhcp_link { /* lives as long as DHCP runs on the link */
	struct early early;
	struct acd acd;
	struct timer timer;
	struct dhcp_client client;
	struct ph_stack *st;
	ph_link link;
	enum ph_acd_mode defend;
	bool link_local, use_mtu;
	uint16_t own_mtu; /* of the link before a server's word; 0: there was none */
};

/* ---- sending --------------------------------------------------------------------------------- */

static void send_routed(struct dhcp_link *d, const uint8_t *msg, size_t len, uint32_t from,
			uint32_t to)
{
	struct ph_stack *st = d->st;
	struct ph_ip src = ip_of4(from), dst = ip_of4(to);
	struct ip_tx tx = { .proto = PH_IPPROTO_UDP, .df = true };
	struct dst way = { .gen = 0 };
	struct udp_hdr *h;
	struct pkt *p;
	uint16_t csum;

	if (dst_lookup(st, &way, &src, &dst, false) != 0)
		return; /* asked again by the timer, and in the end by broadcast */
	p = pkt_new_tx(&st->pkts, (uint32_t)len);
	if (!p)
		return;
	memcpy(pkt_put(p, (uint32_t)len), msg, len);
	h = (void *)pkt_push(p, sizeof(*h));
	*h = (struct udp_hdr){ be16_of(DHCP_CLIENT_PORT), be16_of(DHCP_SERVER_PORT),
			       be16_of((uint16_t)p->len), be16_of(0) };
	csum = csum_finish(csum_pkt(csum_pseudo(&src, &dst, PH_IPPROTO_UDP, p->len), p, 0, p->len));
	h->csum = be16_of(csum ? csum : 0xffff);
	COUNT(st, UdpOutDatagrams);
	(void)ip_output(st, p, &way, &tx);
}

static void op_send(void *ctx, const uint8_t *msg, size_t len, uint32_t ciaddr, uint32_t to)
{
	struct dhcp_link *d = ctx;
	struct ph_ip src = ip_of4(ciaddr);

	if (to)
		send_routed(d, msg, len, ciaddr, to);
	else
		(void)early_broadcast(d->st, d->link, &src, DHCP_CLIENT_PORT, DHCP_SERVER_PORT, msg,
				      len);
}

/* ---- what was agreed on ----------------------------------------------------------------------- */

static void op_check(void *ctx, uint32_t ip)
{
	struct dhcp_link *d = ctx;
	struct ph_ip want = ip_of4(ip);

	acd_start(d->st, &d->acd, d->link, &want, d->defend);
}

static void each_route(struct dhcp_link *d, const struct dhcp_lease *l, bool add)
{
	struct ph_stack *st = d->st;
	uint8_t n = l->nroutes ? l->nroutes : l->routers.n;

	for (uint8_t i = 0; i < n; i++) {
		struct dhcp_route r = { .gateway = l->routers.ip[l->nroutes ? 0 : i] };
		struct ph_ip dst, gateway;
		int rc;

		if (l->nroutes)
			r = l->route[i];
		dst = ip_of4(r.dst);
		gateway = ip_of4(r.gateway);
		if (add)
			rc = ph_route_add(st, &dst, r.prefix, r.gateway ? &gateway : NULL, d->link,
					  (uint32_t)(d->link - PH_LINK_LO) * ROUTE_METRIC + i, st->now_ns);
		else
			rc = ph_route_del(st, &dst, r.prefix, r.gateway ? &gateway : NULL, d->link,
					  st->now_ns);
		if (rc != 0)
			TRACE(&st->trace, dhcp, .link = (uint64_t)d->link, .ip = gateway,
			      .text = add ? "route refused" : "route was gone");
	}
}

/* What a server says of the link's MTU: it may make it less, and only while the lease lasts. */
static void apply_mtu(struct dhcp_link *d, uint16_t told)
{
	struct link *l = link_get(d->st, d->link);
	uint16_t least = l && l->v6 ? MTU_MIN6 : MTU_MIN4, want;

	if (!l || (!d->use_mtu && !d->own_mtu))
		return;
	want = d->own_mtu ? d->own_mtu : (uint16_t)l->mtu;
	if (told >= least && told < want) {
		d->own_mtu = want;
		want = told;
	} else {
		d->own_mtu = 0;
	}
	(void)!ph_link_change(d->st, d->link, &(struct ph_link_change){ .mtu = want },
			      d->st->now_ns);
}

/* Who is talked to when the lease is renewed or given back, or the link returns: its hardware address
 * is asked for now, so that a last word need not wait for an answer. */
static void acquaint(struct dhcp_link *d, const struct dhcp_lease *lease)
{
	struct ph_ip us = ip_of4(lease->ip);
	uint32_t who[2] = { lease->server, lease->routers.n ? lease->routers.ip[0] : 0 };

	if (lease->prefix == 0 || lease->prefix > 30)
		return;
	for (unsigned i = 0; i < 2; i++) {
		struct ph_ip ip = ip_of4(who[i]);
		struct neigh *n;

		if ((who[i] ^ lease->ip) >> (32 - lease->prefix) != 0 || who[i] == lease->ip)
			continue;
		n = neigh_get(d->st, d->link, &ip);
		if (n)
			neigh_ask(d->st, n, &us);
	}
}

static void op_bound(void *ctx, const struct dhcp_lease *lease, const struct dhcp_lease *old)
{
	struct dhcp_link *d = ctx;
	struct ph_ip ip = ip_of4(lease->ip);
	int rc = 0;

	if (old)
		each_route(d, old, false);
	if (d->client.state != DHCP_INFORMING && !old)
		rc = ph_addr_add(d->st, d->link, &ip, lease->prefix, d->st->now_ns);
	TRACE(&d->st->trace, dhcp, .link = (uint64_t)d->link, .ip = ip,
	      .text = rc == 0 || rc == -EEXIST ? "bound" : "address refused");
	if (d->link_local)
		(void)ph_linklocal_stop(d->st, d->link, d->st->now_ns);
	each_route(d, lease, true);
	apply_mtu(d, lease->mtu);
	acquaint(d, lease);
	net_changed(d->st);
}

static void op_lost(void *ctx, const struct dhcp_lease *lease, const char *why)
{
	struct dhcp_link *d = ctx;
	struct ph_ip ip = ip_of4(lease->ip);

	TRACE(&d->st->trace, dhcp, .link = (uint64_t)d->link, .ip = ip, .text = why);
	net_addr_gone(d->st, &ip);
	acd_stop(d->st, &d->acd);
	each_route(d, lease, false);
	apply_mtu(d, 0);
	(void)ph_addr_del(d->st, d->link, &ip, d->st->now_ns);
}

static uint32_t op_random(void *ctx)
{
	return (uint32_t)(prng_u64(&((struct dhcp_link *)ctx)->st->prng) >> 32);
}

static const struct dhcp_ops ops = { .send = op_send,
				     .check = op_check,
				     .bound = op_bound,
				     .lost = op_lost,
				     .random = op_random };

/* ---- what happens ----------------------------------------------------------------------------- */

/* After every call of the client's. */
static void rearm(struct dhcp_link *d)
{
	struct link *l = link_get(d->st, d->link);

	/* The server has spoken, or nobody has, and what is left of the lease is used (RFC 2131 3.2). */
	if (l && d->client.state != DHCP_REBOOTING)
		arp_trust(l);
	/* RFC 3927 1.9: it is no reason to stop asking. */
	if (d->link_local && d->client.state == DHCP_SELECTING && d->client.tries > SILENCE)
		(void)!ph_linklocal_start(d->st, d->link, d->st->now_ns);
	if (d->client.at_ns == PH_NEVER)
		timer_stop(&d->st->wheel, &d->timer);
	else
		timer_arm(&d->st->wheel, &d->timer, d->client.at_ns);
}

static void fire(void *ctx, struct timer *t)
{
	struct dhcp_link *d = container_of(t, struct dhcp_link, timer);
	const struct link *l = link_get(d->st, d->link);

	(void)ctx;
	if (l) /* which the user may have changed; who we are stays */
		memcpy(d->client.conf.mac, l->mac, sizeof(d->client.conf.mac));
	dhcp_fire(&d->client, d->st->now_ns);
	rearm(d);
}

static void back(struct ph_stack *st, struct early *e);

static void take(struct ph_stack *st, struct early *e, const uint8_t *bytes, size_t len)
{
	struct dhcp_link *d = container_of(e, struct dhcp_link, early);

	dhcp_receive(&d->client, bytes, len, st->now_ns);
	rearm(d);
}

static void told(struct ph_stack *st, struct acd *a, enum acd_news news)
{
	struct dhcp_link *d = container_of(a, struct dhcp_link, acd);

	if (news == ACD_LOST)
		dhcp_conflict(&d->client, st->now_ns);
	else
		dhcp_checked(&d->client, news == ACD_TAKEN, st->now_ns);
	rearm(d);
}

static void gone(struct ph_stack *st, struct early *e)
{
	struct dhcp_link *d = container_of(e, struct dhcp_link, early);

	timer_stop(&st->wheel, &d->timer);
	acd_stop(st, &d->acd);
	mem_free(&st->mem, d, sizeof(*d));
}

static struct dhcp_link *dhcp_of(const struct ph_stack *st, ph_link link)
{
	const struct link *l = link_get(st, link);

	return l && l->early && l->early->take == take
		       ? container_of(l->early, struct dhcp_link, early)
		       : NULL;
}

/* ---- the user's ------------------------------------------------------------------------------- */

/* RFC 4361 6.1: one name for the host; that of the first link that asked. */
static const uint8_t *duid_mac(struct ph_stack *st, const struct link *l)
{
	static const uint8_t none[ETH_ADDR_LEN];

	if (memcmp(st->net->duid_mac, none, ETH_ADDR_LEN) == 0)
		memcpy(st->net->duid_mac, l->mac, ETH_ADDR_LEN);
	return st->net->duid_mac;
}

static bool conf_of(struct ph_stack *st, const struct ph_dhcp_conf *conf, const struct link *l,
		    struct dhcp_conf *out)
{
	size_t len = conf->hostname ? strlen(conf->hostname) : 0;

	dhcp_conf_default(out);
	if (len > DHCP_NAME_MAX || (conf->duid && conf->duid_len > DHCP_ID_MAX - 5))
		return false;
	memcpy(out->hostname, len ? conf->hostname : "", len);
	memcpy(out->mac, l->mac, sizeof(out->mac));
	out->lease_s = conf->lease_s;
	if (conf->wait_ms) {
		out->init_max = conf->wait_ms;
		out->init_min = conf->wait_ms < out->init_min ? 0 : out->init_min;
	}
	out->classless_routes = conf->classless_routes;
	dhcp_id_make(&out->id, (uint32_t)l->index, conf->duid, conf->duid_len,
		     duid_mac(st, l));
	return true;
}

int ph_dhcp_start(struct ph_stack *st, ph_link link, const struct ph_dhcp_conf *conf,
		  uint64_t now_ns)
{
	struct link *l = link_get(st, link);
	struct dhcp_lease known = { .ip = 0 };
	struct dhcp_conf c;
	struct dhcp_link *d;
	int rc;

	stack_enter(st, now_ns);
	if (!l || l->kind != PH_LINK_ETHER)
		return l ? -EOPNOTSUPP : -ENODEV;
	if (l->early)
		return -EEXIST;
	if (!conf_of(st, conf, l, &c))
		return -EINVAL;
	d = mem_alloc(&st->mem, sizeof(*d));
	if (!d)
		return -ENOMEM;
	memset(d, 0, sizeof(*d));
	d->early = (struct early){ .port = DHCP_CLIENT_PORT, .take = take, .back = back, .gone = gone };
	d->st = st;
	d->link = link;
	d->defend = conf->defend;
	d->link_local = conf->link_local;
	d->use_mtu = conf->use_mtu;
	timer_init(&d->timer, fire);
	acd_init(&d->acd, told);
	dhcp_init(&d->client, &c, &ops, d);
	rc = early_open(st, link, &d->early);
	if (rc != 0) {
		mem_free(&st->mem, d, sizeof(*d));
		return rc;
	}
	if (conf->inform) {
		dhcp_inform(&d->client, ip_get4(&conf->known), st->now_ns);
	} else {
		if (ip_is4(&conf->known) && conf->known_s > 0) {
			known.ip = ip_get4(&conf->known);
			known.end_ns = st->now_ns + conf->known_s * 1000000000ull;
		}
		dhcp_start(&d->client, &known, st->now_ns);
	}
	rearm(d);
	return 0;
}

int ph_dhcp_stop(struct ph_stack *st, ph_link link, bool release, uint64_t now_ns)
{
	struct dhcp_link *d = dhcp_of(st, link);

	stack_enter(st, now_ns);
	if (!d)
		return -ENOENT;
	dhcp_stop(&d->client, release, st->now_ns);
	if (d->link_local)
		(void)ph_linklocal_stop(st, link, st->now_ns);
	early_close(st, link, &d->early);
	gone(st, &d->early);
	return 0;
}

/* RFC 4436 2.1: the lease is good if its router is where it was; meanwhile the server is asked. */
static void doubt(struct dhcp_link *d, const struct dhcp_lease *lease)
{
	struct ph_ip us = ip_of4(lease->ip), router = ip_of4(lease->routers.ip[0]);
	struct neigh *n = lease->routers.n > 0 ? neigh_find(d->st, d->link, &router) : NULL;

	arp_doubt(d->st, link_get(d->st, d->link), &us, &router,
		  n && neigh_has_mac(n) ? n->eth : NULL);
}

/* A link that was turned off lost them. */
static bool lost_routes(const struct dhcp_link *d, const struct dhcp_lease *l)
{
	struct ph_ip dst = ip_of4(l->nroutes ? l->route[0].dst : 0);
	unsigned prefix = l->nroutes ? l->route[0].prefix : 0u;

	return (l->nroutes || l->routers.n) && !route_by_key(d->st, &dst, prefix, d->link);
}

static void back(struct ph_stack *st, struct early *e)
{
	struct dhcp_link *d = container_of(e, struct dhcp_link, early);

	if (d->client.configured && lost_routes(d, &d->client.lease))
		each_route(d, &d->client.lease, true);
	if (d->client.configured && d->client.state != DHCP_INFORMED)
		doubt(d, &d->client.lease);
	dhcp_link_up(&d->client, st->now_ns);
	rearm(d);
}

int ph_dhcp_check(struct ph_stack *st, ph_link link, uint64_t now_ns)
{
	struct dhcp_link *d = dhcp_of(st, link);
	bool claimed;

	stack_enter(st, now_ns);
	claimed = claim_link_up(st, link);
	if (!d)
		return claimed ? 0 : -ENOENT;
	back(st, &d->early);
	return 0;
}

static uint32_t left(uint64_t at, uint64_t now, bool infinite)
{
	if (infinite)
		return UINT32_MAX;
	return at > now ? (uint32_t)((at - now) / 1000000000ull) : 0;
}

static unsigned list_of(const struct dhcp_addrs *from, struct ph_ip to[PH_DHCP_LIST])
{
	for (uint8_t i = 0; i < from->n; i++)
		to[i] = ip_of4(from->ip[i]);
	return from->n;
}

static void info_of(const struct dhcp_link *d, struct ph_dhcp_info *i)
{
	const struct dhcp_client *c = &d->client;
	const struct dhcp_lease *l = &c->lease;
	uint64_t now = d->st->now_ns;

	*i = (struct ph_dhcp_info){ .link = d->link,
				    .state = dhcp_state_name(c->state),
				    .sent = c->counts.sent,
				    .received = c->counts.received,
				    .bad = c->counts.bad,
				    .foreign = c->counts.foreign,
				    .naks = c->counts.naks,
				    .declined = c->counts.declined };
	if (!c->configured && c->state != DHCP_INFORMED)
		return;
	i->ip = ip_of4(l->ip);
	i->server = ip_of4(l->server);
	i->prefix = l->prefix;
	i->mtu = l->mtu;
	i->renew_s = left(l->t1_ns, now, l->infinite);
	i->rebind_s = left(l->t2_ns, now, l->infinite);
	i->expire_s = left(l->end_ns, now, l->infinite);
	i->nrouters = list_of(&l->routers, i->routers);
	i->ndns = list_of(&l->dns, i->dns);
	i->nntp = list_of(&l->ntp, i->ntp);
	memcpy(i->hostname, l->hostname, sizeof(i->hostname));
	memcpy(i->domain, l->domain, sizeof(i->domain));
}

int ph_dhcp_info(const struct ph_stack *st, ph_link link, struct ph_dhcp_info *out)
{
	const struct dhcp_link *d = dhcp_of(st, link);

	if (!d)
		return -ENOENT;
	info_of(d, out);
	return 0;
}
