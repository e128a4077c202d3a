/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The IPv6 addresses of the links. An address comes with a route to its prefix and membership of
 * its solicited-node group, and leaves with them. Called by all of net/.
 */
#include "net/addr6.h"

#include "base/ip.h"
#include "net/dad.h"
#include "net/if6.h"
#include "net/net.h"
#include "net/net_state.h"
#include "net/slaac.h"

int addr6_table_new(struct ph_stack *st)
{
	struct addr6_table *t = &st->net->addrs6;

	pool_init(&t->pool, &st->mem, "IPv6 addresses", sizeof(struct addr6), ADDR6_MAX);
	list_init(&t->list);
	return 0;
}

void addr6_table_free(struct ph_stack *st)
{
	if (st->net->addrs6.pool.mem)
		pool_destroy(&st->net->addrs6.pool);
}

struct addr6 *addr6_find_any(const struct ph_stack *st, const struct ph_ip *ip)
{
	struct list_node *n;

	list_for_each(n, &st->net->addrs6.list) {
		struct addr6 *a = container_of(n, struct addr6, node);

		if (ip_eq(&a->ip, ip))
			return a;
	}
	return NULL;
}

const struct addr6 *addr6_find(const struct ph_stack *st, const struct ph_ip *ip)
{
	const struct addr6 *a = addr6_find_any(st, ip);

	return a && addr6_usable(a) ? a : NULL;
}

const struct addr6 *addr6_linklocal(const struct ph_stack *st, ph_link link)
{
	const struct list_node *n;

	list_for_each(n, &st->net->addrs6.list) {
		const struct addr6 *a = container_of(n, struct addr6, node);

		if (a->link == link && ip6_is_linklocal(&a->ip) && addr6_usable(a))
			return a;
	}
	return NULL;
}

/* ---- lifetimes ------------------------------------------------------------------------------ */

static uint64_t earliest(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static void arm_life(struct ph_stack *st, struct addr6 *a)
{
	uint64_t at = a->valid_until_ns;

	if (!addr6_deprecated(st, a))
		at = earliest(at, a->preferred_until_ns);
	if (!a->succeeded)
		at = earliest(at, slaac_succeed_at(st, a));
	if (at == PH_NEVER)
		timer_stop(&st->wheel, &a->life);
	else
		timer_arm(&st->wheel, &a->life, at);
}

/* Preferred no more: others are chosen; valid no more: gone (RFC 4862 5.5.4). */
static void life_ends(void *ctx, struct timer *t)
{
	struct ph_stack *st = ctx;
	struct addr6 *a = container_of(t, struct addr6, life);

	if (st->now_ns >= a->valid_until_ns) {
		addr6_remove(st, a);
		return;
	}
	if (!a->succeeded && st->now_ns >= slaac_succeed_at(st, a))
		slaac_succeed(st, a);
	net_changed(st);
	arm_life(st, a);
}

void addr6_set_lifetimes(struct ph_stack *st, struct addr6 *a, uint64_t preferred_until_ns,
			 uint64_t valid_until_ns)
{
	bool was = addr6_deprecated(st, a);

	a->preferred_until_ns = preferred_until_ns;
	a->valid_until_ns = valid_until_ns;
	if (was != addr6_deprecated(st, a))
		net_changed(st);
	arm_life(st, a);
}

int addr6_add(struct ph_stack *st, struct link *l, const struct addr6 *like, struct addr6 **out)
{
	struct ph_ip ip = ip6_with_scope(like->ip, (uint32_t)l->index);
	struct ph_ip group = ip6_solicited_node(&ip, (uint32_t)l->index);
	bool nodes = l->kind != PH_LINK_LOOPBACK; /* whom to ask whether it is free */
	bool on_link = nodes && like->origin <= ADDR6_LINKLOCAL && like->prefix < 128;
	struct addr6 *a;
	int rc;

	if (addr6_find_any(st, &ip))
		return -EEXIST;
	a = pool_get(&st->net->addrs6.pool);
	if (!a)
		return -ENOSPC;
	*a = *like;
	a->ip = ip;
	a->link = l->index;
	rc = nodes ? if6_join(st, l, &group) : 0;
	if (rc != 0)
		goto no_group;
	rc = on_link ? route_add_connected(st, l->index, &ip, a->prefix) : 0;
	if (rc != 0)
		goto no_route;
	list_push_back(&st->net->addrs6.list, &a->node);
	timer_init(&a->life, life_ends);
	addr6_set_lifetimes(st, a, a->preferred_until_ns, a->valid_until_ns);
	net_changed(st);
	dad_begin(st, a);
	if (out)
		*out = a;
	return 0;
no_route:
	if (nodes)
		if6_leave(st, l, &group);
no_group:
	pool_put(&st->net->addrs6.pool, a);
	return rc;
}

void addr6_remove(struct ph_stack *st, struct addr6 *a)
{
	struct link *l = link_get(st, a->link);
	struct ph_ip group = ip6_solicited_node(&a->ip, (uint32_t)a->link);

	dad_stop(st, a);
	timer_stop(&st->wheel, &a->life);
	route_del_connected(st, a->link, &a->ip);
	if (l->kind != PH_LINK_LOOPBACK)
		if6_leave(st, l, &group);
	list_remove(&a->node);
	pool_put(&st->net->addrs6.pool, a);
	net_changed(st);
}

void addr6_flush(struct ph_stack *st, ph_link link)
{
	struct list_node *n, *next;

	list_for_each_safe(n, next, &st->net->addrs6.list) {
		struct addr6 *a = container_of(n, struct addr6, node);

		if (a->link == link)
			addr6_remove(st, a);
	}
}

/* ---- the user's view ------------------------------------------------------------------------ */

int addr6_user_add(struct ph_stack *st, ph_link link, const struct ph_ip *ip, unsigned prefix)
{
	struct link *l = link_get(st, link);
	struct addr6 a = { .ip = *ip,
			   .prefix = (uint8_t)prefix,
			   .origin = ADDR6_STATIC,
			   .preferred_until_ns = PH_NEVER,
			   .valid_until_ns = PH_NEVER };
	int rc;

	if (prefix > 128)
		return -EINVAL;
	if (!addr6_is_unicast(ip) && !(ip6_is_loopback(ip) && link == PH_LINK_LO))
		return -EADDRNOTAVAIL;
	if (!l->v6) {
		rc = ph_link_ipv6(st, link, PH_IPV6_STATIC, st->now_ns);
		if (rc != 0)
			return rc;
	}
	return addr6_add(st, l, &a, NULL);
}

int addr6_user_del(struct ph_stack *st, ph_link link, const struct ph_ip *ip)
{
	struct ph_ip scoped = ip6_with_scope(*ip, (uint32_t)link);
	struct addr6 *a = addr6_find_any(st, &scoped);

	if (!a || a->link != link)
		return -EADDRNOTAVAIL;
	addr6_remove(st, a);
	return 0;
}

static uint32_t flags_of(const struct ph_stack *st, const struct addr6 *a)
{
	return (a->tentative ? PH_ADDR_TENTATIVE : 0u) | (a->optimistic ? PH_ADDR_OPTIMISTIC : 0u) |
	       (a->duplicate ? PH_ADDR_DADFAILED : 0u) |
	       (addr6_deprecated(st, a) ? PH_ADDR_DEPRECATED : 0u) |
	       (a->origin == ADDR6_TEMPORARY ? PH_ADDR_TEMPORARY : 0u) |
	       (a->origin == ADDR6_STATIC ? 0u : PH_ADDR_AUTO);
}

static uint32_t left(const struct ph_stack *st, uint64_t until_ns)
{
	if (until_ns == PH_NEVER)
		return UINT32_MAX;
	return until_ns > st->now_ns ? (uint32_t)((until_ns - st->now_ns) / 1000000000) : 0;
}

size_t addr6_user_list(const struct ph_stack *st, struct ph_addr_info *out, size_t n, size_t count)
{
	const struct list_node *node;

	list_for_each(node, &st->net->addrs6.list) {
		const struct addr6 *a = container_of(node, struct addr6, node);

		if (count < n)
			out[count] = (struct ph_addr_info){
				.link = a->link,
				.ip = ip6_bare(a->ip),
				.prefix = a->prefix,
				.flags = flags_of(st, a),
				.preferred_s = left(st, a->preferred_until_ns),
				.valid_s = left(st, a->valid_until_ns),
			};
		count++;
	}
	return count;
}
