/* SPDX-License-Identifier: BSD-2-Clause */
/* See acd.h. */
#include "net/acd.h"

#include <string.h>

#include "base/ip.h"
#include "net/arp.h"
#include "net/net_state.h"

#define MS 1000000ull
#define S  1000000000ull

enum {
	PROBE_WAIT_MS = 1000,
	PROBE_MIN_MS = 1000,
	PROBE_MAX_MS = 2000,
	ANNOUNCE_WAIT_MS = 2000,
	ANNOUNCE_INTERVAL_MS = 2000
};

static void arm(struct ph_stack *st, struct acd *a, uint64_t after_ns)
{
	timer_arm(&st->wheel, &a->timer, st->now_ns + after_ns);
}

static void leave(struct ph_stack *st, struct acd *a)
{
	timer_stop(&st->wheel, &a->timer);
	if (a->state != ACD_IDLE)
		list_remove(&a->node);
	a->state = ACD_IDLE;
}

static void announce(struct ph_stack *st, struct acd *a, struct link *l)
{
	arp_announce(st, l, &a->ip);
	if (++a->sent < ACD_ANNOUNCE_NUM)
		arm(st, a, ANNOUNCE_INTERVAL_MS * MS);
	else
		a->state = ACD_HELD;
}

static void step(void *ctx, struct timer *timer)
{
	struct ph_stack *st = ctx;
	struct acd *a = container_of(timer, struct acd, timer);
	struct link *l = link_get(st, a->link);

	if (!l)
		return;
	switch (a->state) {
	case ACD_WAIT:
		a->state = ACD_PROBE;
		a->sent = 0;
		/* fall through */
	case ACD_PROBE:
		arp_probe(st, l, &a->ip);
		if (++a->sent < ACD_PROBE_NUM) {
			arm(st, a, (PROBE_MIN_MS + prng_below(&st->prng, PROBE_MAX_MS - PROBE_MIN_MS + 1)) *
					   MS);
			break;
		}
		a->state = ACD_LAST;
		arm(st, a, ANNOUNCE_WAIT_MS * MS);
		break;
	case ACD_LAST:
		a->state = ACD_ANNOUNCE;
		a->sent = 0;
		a->conflicts = 0;
		a->tell(st, a, ACD_FREE);
		/* Who was told may have stopped it. */
		if (a->state == ACD_ANNOUNCE)
			announce(st, a, l);
		break;
	case ACD_ANNOUNCE:
		announce(st, a, l);
		break;
	case ACD_IDLE:
	case ACD_HELD:
		break;
	}
}

void acd_init(struct acd *a, void (*tell)(struct ph_stack *, struct acd *, enum acd_news))
{
	*a = (struct acd){ .tell = tell };
	timer_init(&a->timer, step);
	list_init_node(&a->node);
}

void acd_start(struct ph_stack *st, struct acd *a, ph_link link, const struct ph_ip *ip,
	       enum ph_acd_mode mode)
{
	uint64_t wait = prng_below(&st->prng, PROBE_WAIT_MS + 1) * MS;

	leave(st, a);
	a->link = link;
	a->ip = *ip;
	a->mode = mode;
	a->state = ACD_WAIT;
	a->sent = 0;
	a->defended_ns = 0;
	list_push_back(&st->net->acds, &a->node);
	if (a->conflicts >= ACD_MAX_CONFLICTS) /* RFC 5227 2.1.1 */
		wait += ACD_RATE_LIMIT_S * S;
	arm(st, a, wait);
}

void acd_stop(struct ph_stack *st, struct acd *a)
{
	leave(st, a);
}

/* RFC 5227 2.4: (a) cede at once, (b) defend once in ten seconds, (c) never give way. */
static void defend(struct ph_stack *st, struct acd *a, struct link *l)
{
	bool lately = a->defended_ns && st->now_ns - a->defended_ns < ACD_DEFEND_S * S;

	COUNT(st, PhantomAcdConflicts);
	if (a->mode == PH_ACD_CEDE || (a->mode == PH_ACD_DEFEND_ONCE && lately)) {
		leave(st, a);
		a->conflicts++;
		a->tell(st, a, ACD_LOST);
		return;
	}
	if (lately)
		return;
	a->defended_ns = st->now_ns;
	COUNT(st, PhantomAcdDefences);
	arp_announce(st, l, &a->ip);
}

void acd_heard(struct ph_stack *st, const struct link *l, const uint8_t mac[6],
	       const struct ph_ip *sender, const struct ph_ip *target, bool request)
{
	struct list_node *n, *next;

	list_for_each_safe(n, next, &st->net->acds) {
		struct acd *a = container_of(n, struct acd, node);
		bool probe = request && ip_is_any(sender) && ip_eq(target, &a->ip);

		if (a->link != l->index || (!ip_eq(sender, &a->ip) && !probe))
			continue;
		memcpy(a->other, mac, sizeof(a->other));
		if (a->state >= ACD_ANNOUNCE) {
			if (!probe)
				defend(st, a, link_get(st, a->link));
			return;
		}
		if (a->state == ACD_WAIT) /* nothing was asked yet: it is as if heard in a second */
			a->state = ACD_PROBE;
		COUNT(st, PhantomAcdConflicts);
		leave(st, a);
		a->conflicts++;
		a->tell(st, a, ACD_TAKEN);
		return;
	}
}

/* ---- claims: addresses that a user gives by hand --------------------------------------------- */

struct claim {
	struct acd acd; /* first: told by it */
	struct list_node node;
	uint8_t prefix;
};

static struct claim *claim_of(struct acd *a)
{
	return container_of(a, struct claim, acd);
}

static void claim_drop(struct ph_stack *st, struct claim *c)
{
	acd_stop(st, &c->acd);
	list_remove(&c->node);
	pool_put(&st->net->claims_pool, c);
}

static void trace_conflict(struct ph_stack *st, const struct acd *a, const char *what)
{
	TRACE(&st->trace, addr_conflict, .link = (uint64_t)a->link, .ip = a->ip, .text = what);
}

static void claim_told(struct ph_stack *st, struct acd *a, enum acd_news news)
{
	struct claim *c = claim_of(a);

	switch (news) {
	case ACD_FREE:
		if (ph_addr_add(st, a->link, &a->ip, c->prefix, st->now_ns) != 0)
			claim_drop(st, c);
		return;
	case ACD_TAKEN:
		trace_conflict(st, a, "taken");
		/* The cable may have been in the wrong network: asked again, at most once a minute. */
		a->conflicts = ACD_MAX_CONFLICTS;
		acd_start(st, a, a->link, &a->ip, a->mode);
		return;
	case ACD_LOST:
		trace_conflict(st, a, "lost");
		net_addr_gone(st, &a->ip);
		list_remove(&c->node); /* before the address is, which would look for it here */
		(void)ph_addr_del(st, a->link, &a->ip, st->now_ns);
		pool_put(&st->net->claims_pool, c);
		return;
	}
}

int ph_addr_claim(struct ph_stack *st, ph_link link, const struct ph_ip *ip, unsigned prefix,
		  enum ph_acd_mode mode, uint64_t now_ns)
{
	struct link *l;
	struct claim *c;

	stack_enter(st, now_ns);
	l = link_get(st, link);
	if (!l)
		return -ENODEV;
	if (!ip_is4(ip) || prefix > 32)
		return -EINVAL;
	if (!addr_is_unicast4(ip_get4(ip)))
		return -EADDRNOTAVAIL;
	if (addr_find(st, ip))
		return -EEXIST;
	if (l->kind != PH_LINK_ETHER) /* nobody to ask */
		return ph_addr_add(st, link, ip, prefix, now_ns);
	c = pool_get(&st->net->claims_pool);
	if (!c)
		return -ENOSPC;
	acd_init(&c->acd, claim_told);
	c->prefix = (uint8_t)prefix;
	list_push_back(&st->net->claims, &c->node);
	acd_start(st, &c->acd, link, ip, mode);
	return 0;
}

void claim_flush(struct ph_stack *st, ph_link link)
{
	struct list_node *n, *next;

	list_for_each_safe(n, next, &st->net->claims) {
		struct claim *c = container_of(n, struct claim, node);

		if (c->acd.link == link)
			claim_drop(st, c);
	}
}

void claim_forget(struct ph_stack *st, ph_link link, const struct ph_ip *ip)
{
	struct list_node *n, *next;

	list_for_each_safe(n, next, &st->net->claims) {
		struct claim *c = container_of(n, struct claim, node);

		if (c->acd.link == link && ip_eq(&c->acd.ip, ip)) {
			claim_drop(st, c);
			return;
		}
	}
}

void claim_table_new(struct ph_stack *st)
{
	list_init(&st->net->acds);
	list_init(&st->net->claims);
	pool_init(&st->net->claims_pool, &st->mem, "claimed addresses", sizeof(struct claim), ADDR_MAX);
}

void claim_table_free(struct ph_stack *st)
{
	if (st->net->claims_pool.mem)
		pool_destroy(&st->net->claims_pool);
}
