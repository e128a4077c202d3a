/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Addresses that a link asks its neighbours for (acd.h): those that a user gives by hand, and one of
 * 169.254/16 where nobody gives any (RFC 3927). What the user calls, and what becomes of it.
 */
#include <string.h>

#include "base/ip.h"
#include "net/acd.h"
#include "net/net_state.h"

struct claim {
	struct acd acd;
	struct list_node node;
	uint8_t prefix;
	bool linklocal; /* any of 169.254/16 will do */
	struct prng order; /* of the addresses that are tried: the same after every start */
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

/* RFC 3927 2.1: the first and the last 256 are kept for later use. */
static void linklocal_next(struct ph_stack *st, struct claim *c, ph_link link)
{
	struct ph_ip ip = ip_of4(0xa9fe0100u + prng_below(&c->order, 0xfe00));

	acd_start(st, &c->acd, link, &ip, PH_ACD_DEFEND_ONCE);
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
		if (c->linklocal) {
			linklocal_next(st, c, a->link);
			return;
		}
		/* The cable may have been in the wrong network: asked again, at most once a minute. */
		a->conflicts = ACD_MAX_CONFLICTS;
		acd_start(st, a, a->link, &a->ip, a->mode);
		return;
	case ACD_LOST:
		trace_conflict(st, a, "lost");
		net_addr_gone(st, &a->ip);
		list_remove(&c->node); /* before the address is, which would look for it here */
		(void)ph_addr_del(st, a->link, &a->ip, st->now_ns);
		if (c->linklocal) {
			list_push_back(&st->net->claims, &c->node);
			linklocal_next(st, c, a->link);
		} else {
			pool_put(&st->net->claims_pool, c);
		}
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
	*c = (struct claim){ .prefix = (uint8_t)prefix };
	acd_init(&c->acd, claim_told);
	list_push_back(&st->net->claims, &c->node);
	acd_start(st, &c->acd, link, ip, mode);
	return 0;
}

static struct claim *linklocal_of(struct ph_stack *st, ph_link link)
{
	struct list_node *n;

	list_for_each(n, &st->net->claims) {
		struct claim *c = container_of(n, struct claim, node);

		if (c->linklocal && c->acd.link == link)
			return c;
	}
	return NULL;
}

int ph_linklocal_start(struct ph_stack *st, ph_link link, uint64_t now_ns)
{
	uint8_t key[32] = { 0 };
	struct link *l;
	struct claim *c;

	stack_enter(st, now_ns);
	l = link_get(st, link);
	if (!l || l->kind != PH_LINK_ETHER)
		return l ? -EOPNOTSUPP : -ENODEV;
	if (linklocal_of(st, link))
		return -EEXIST;
	c = pool_get(&st->net->claims_pool);
	if (!c)
		return -ENOSPC;
	*c = (struct claim){ .prefix = 16, .linklocal = true };
	memcpy(key, l->mac, sizeof(l->mac));
	prng_seed(&c->order, key);
	acd_init(&c->acd, claim_told);
	list_push_back(&st->net->claims, &c->node);
	linklocal_next(st, c, link);
	return 0;
}

int ph_linklocal_stop(struct ph_stack *st, ph_link link, uint64_t now_ns)
{
	struct claim *c = linklocal_of(st, link);
	struct ph_ip ip;

	stack_enter(st, now_ns);
	if (!c)
		return -ENOENT;
	ip = c->acd.ip;
	if (c->acd.state >= ACD_ANNOUNCE)
		net_addr_gone(st, &ip);
	claim_drop(st, c);
	(void)ph_addr_del(st, link, &ip, st->now_ns);
	return 0;
}

bool claim_link_up(struct ph_stack *st, ph_link link)
{
	struct claim *c = linklocal_of(st, link);
	struct ph_ip ip;

	if (!c)
		return false;
	ip = c->acd.ip;
	acd_stop(st, &c->acd);
	list_remove(&c->node); /* or it would go with its address */
	(void)ph_addr_del(st, link, &ip, st->now_ns);
	list_push_back(&st->net->claims, &c->node);
	acd_start(st, &c->acd, link, &ip, PH_ACD_DEFEND_ONCE);
	return true;
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
