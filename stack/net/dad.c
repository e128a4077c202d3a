/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Duplicate address detection: an address is tentative while we ask whether somebody has it.
 *
 *	added --- 0..1 s ---> probe --- RetransTimer ---> (probe ...) ---> assigned, routers told
 *	  '------------------ somebody answers, or probes as well ------> duplicate; another one
 *
 * Called by addr6.c, nd.c and its timer.
 */
#include "net/dad.h"

#include <string.h>

#include "base/ip.h"
#include "net/if6.h"
#include "net/nd.h"
#include "net/neigh.h"
#include "net/net_state.h"
#include "net/slaac.h"

enum { LOOPS_MAX = 3 }; /* RFC 7527 4.1: probes of ours come back before it is assigned anyway */
static const uint64_t second = 1000000000;

static void probe(struct ph_stack *st, struct link *l, struct addr6 *a)
{
	struct ph_ip to = ip6_solicited_node(&a->ip, (uint32_t)l->index), from = { { 0 } };
	struct ph_ip bare = ip6_bare(a->ip);
	struct pkt *p = pkt_new_tx(&st->pkts, sizeof(struct nd_ns) + sizeof(struct nd_opt_nonce));
	struct nd_opt_nonce *o;
	struct nd_ns *ns;
	uint64_t nonce;

	if (!p)
		return; /* as if lost */
	ns = (void *)pkt_put(p, sizeof(*ns));
	memset(ns, 0, sizeof(*ns));
	ns->icmp.type = ICMP6_NS;
	memcpy(ns->target, bare.b, sizeof(ns->target));
	if (l->v6->conf.enhanced_dad) {
		nonce = prng_u64(&st->prng);
		memcpy(a->nonce, &nonce, sizeof(a->nonce));
		o = (void *)pkt_put(p, sizeof(*o));
		o->type = ND_OPT_NONCE;
		o->len = 1;
		memcpy(o->nonce, a->nonce, sizeof(o->nonce));
	}
	(void)nd_send(st, l, p, &from, &to, NULL);
}

/*
 * RFC 9131 6.1.2: the first packet back to us need not wait at a router that never heard of us. Who
 * has another idea of where the address is must not lose it: no Override.
 */
static void tell_routers(struct ph_stack *st, struct link *l, const struct addr6 *a)
{
	struct ph_ip to = ip6_all_routers((uint32_t)l->index);

	if (l->kind == PH_LINK_ETHER && l->v6->conf.ndisc_notify && !ip6_is_linklocal(&a->ip))
		nd_advertise(st, l, a, &to, 0);
}

static void assign(struct ph_stack *st, struct link *l, struct addr6 *a)
{
	bool was_usable = a->optimistic && a->tentative;

	a->tentative = a->optimistic = false;
	net_changed(st);
	if (!was_usable)
		tell_routers(st, l, a);
	if (a->origin == ADDR6_LINKLOCAL)
		slaac_linklocal_ready(st, l);
}

static void fire(void *ctx, struct timer *t)
{
	struct ph_stack *st = ctx;
	struct addr6 *a = container_of(t, struct addr6, dad);
	struct link *l = link_get(st, a->link);

	if (a->dad_left == 0) {
		assign(st, l, a);
		return;
	}
	a->dad_left--;
	timer_arm(&st->wheel, &a->dad, st->now_ns + if6_retrans_ns(st, l));
	probe(st, l, a);
}

/* RFC 4429 3.2, 3.3: without its router's hardware address, which nobody may ask for, it is no use. */
static bool may_be_optimistic(const struct ph_stack *st, const struct link *l, const struct addr6 *a)
{
	const struct neigh *n = neigh_find(st, l->index, &a->router);

	return l->v6->conf.optimistic_dad && a->origin >= ADDR6_AUTO && n && neigh_has_mac(n);
}

void dad_begin(struct ph_stack *st, struct addr6 *a)
{
	struct link *l = link_get(st, a->link);
	const struct conf6 *c = &l->v6->conf;
	uint64_t delay = (uint64_t)c->router_solicitation_delay * second;

	timer_init(&a->dad, fire);
	if (l->kind != PH_LINK_ETHER || !c->accept_dad || !c->dad_transmits) {
		if (a->origin == ADDR6_LINKLOCAL)
			slaac_linklocal_ready(st, l);
		return;
	}
	a->tentative = true;
	a->optimistic = may_be_optimistic(st, l, a);
	a->dad_left = (uint8_t)c->dad_transmits;
	if (a->optimistic)
		tell_routers(st, l, a);
	if (delay > 0) /* RFC 4862 5.4.2: hosts that start together do not ask together */
		delay = prng_u64(&st->prng) % delay;
	timer_arm(&st->wheel, &a->dad, st->now_ns + delay);
}

void dad_again(struct ph_stack *st, struct link *l)
{
	const struct conf6 *c = &l->v6->conf;
	uint64_t delay = (uint64_t)c->router_solicitation_delay * second;
	bool asks = l->kind == PH_LINK_ETHER && c->accept_dad && c->dad_transmits;
	struct list_node *n;

	list_for_each(n, &st->net->addrs6.list) {
		struct addr6 *a = container_of(n, struct addr6, node);

		if (a->link != l->index || a->tentative || a->duplicate)
			continue;
		if (!asks) {
			if (a->origin == ADDR6_LINKLOCAL)
				slaac_linklocal_ready(st, l);
			continue;
		}
		a->tentative = a->optimistic = true;
		a->dad_left = (uint8_t)c->dad_transmits;
		timer_arm(&st->wheel, &a->dad,
			  st->now_ns + (delay > 0 ? prng_u64(&st->prng) % delay : 0));
	}
}

void dad_stop(struct ph_stack *st, struct addr6 *a)
{
	timer_stop(&st->wheel, &a->dad);
}

/*
 * RFC 4862 5.4.5, 7217 6, 8981 3.4: another identifier where one can be made; else the address
 * stays, marked, so that the user sees what happened to it. Deviation: RFC 4862 5.4.5: IPv6 is
 * turned off for a twin of our hardware address only where accept_dad is 2, as Linux has it.
 */
void dad_failed(struct ph_stack *st, struct addr6 *a)
{
	struct link *l = link_get(st, a->link);

	timer_stop(&st->wheel, &a->dad);
	TRACE(&st->trace, addr_duplicate, .link = (uint64_t)a->link, .ip = ip6_bare(a->ip));
	a->tentative = a->optimistic = false;
	a->duplicate = true;
	net_changed(st);
	if (slaac_try_another(st, l, a))
		return;
	if (a->origin == ADDR6_LINKLOCAL && l->v6->conf.accept_dad == 2 &&
	    l->v6->conf.addr_gen_mode == 0) {
		l->v6->failing = true; /* not here: who called still uses what would go */
		timer_arm(&st->wheel, &l->v6->rs, st->now_ns);
	}
}

enum drop dad_heard_probe(struct ph_stack *st, struct addr6 *a, const uint8_t *nonce)
{
	if (nonce && memcmp(nonce, a->nonce, sizeof(a->nonce)) == 0) {
		if (a->dad_left == 0 && a->dad_loops < LOOPS_MAX) {
			a->dad_loops++;
			a->dad_left = 1;
		}
		return DROP_IPV6_NDISC_OWN;
	}
	dad_failed(st, a);
	return DROP_NONE;
}
