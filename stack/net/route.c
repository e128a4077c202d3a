/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The routing table, kept in the order in which routes are preferred: a look-up takes the first
 * that matches. What a look-up finds is kept in a struct dst until something changes, so the list
 * is walked per destination, not per packet.
 */
#include "net/route.h"

#include "base/ip.h"
#include "net/addr.h"
#include "net/addr6.h"
#include "net/if6.h"
#include "net/link.h"
#include "net/net_state.h"

static const struct ph_ip any;
static const char *const proto_name[] = {
	[ROUTE_STATIC] = "static",
	[ROUTE_CONNECTED] = "kernel",
	[ROUTE_RA] = "ra",
	[ROUTE_REDIRECT] = "redirect",
};

int route_table_new(struct ph_stack *st)
{
	struct route_table *t = &st->net->routes;

	pool_init(&t->pool, &st->mem, "routes", sizeof(struct route), st->conf.max_routes);
	list_init(&t->list);
	list_init(&t->list6);
	route6_init(st);
	return 0;
}

void route_table_free(struct ph_stack *st)
{
	if (st->net->routes.pool.mem)
		pool_destroy(&st->net->routes.pool);
}

struct list *route_list(struct ph_stack *st, const struct ph_ip *ip)
{
	return ip_is4(ip) ? &st->net->routes.list : &st->net->routes.list6;
}

/* Is it as if it were not there: ignore_routes_with_linkdown? */
bool route_ignored(const struct ph_stack *st, const struct route *r)
{
	const struct link *l = st->net->links.idle ? link_get(st, r->link) : NULL;

	if (!l || link_runs(st, l))
		return false;
	return ip_is4(&r->dst) ? l->conf4.ignore_routes_with_linkdown
			       : l->v6 && l->v6->conf.ignore_routes_with_linkdown;
}

static const struct route *find6(const struct ph_stack *st, const struct ph_ip *dst, ph_link link)
{
	const struct list_node *n;

	list_for_each(n, &st->net->routes.list6) {
		const struct route *r = container_of(n, struct route, node);

		if (ip6_same_prefix(dst, &r->dst, r->prefix) && (link == 0 || r->link == link) &&
		    !route_ignored(st, r))
			return route6_choose(st, r, dst, link);
	}
	return NULL;
}

const struct route *route_find(const struct ph_stack *st, const struct ph_ip *dst, ph_link link)
{
	const struct list_node *n;
	uint32_t v = ip_get4(dst);

	if (!ip_is4(dst))
		return find6(st, dst, link);

	list_for_each(n, &st->net->routes.list) {
		const struct route *r = container_of(n, struct route, node);

		if ((v & r->mask) == r->net && (link == 0 || r->link == link) &&
		    !route_ignored(st, r))
			return route4_choose(st, r, link);
	}
	return NULL;
}

struct route *route_by_key(struct ph_stack *st, const struct ph_ip *dst, unsigned prefix,
			   ph_link link)
{
	struct list_node *n;

	list_for_each(n, route_list(st, dst)) {
		struct route *r = container_of(n, struct route, node);

		if (ip_eq(&r->dst, dst) && r->prefix == prefix && r->link == link)
			return r;
	}
	return NULL;
}

static bool before(const struct route *a, const struct route *b)
{
	return a->prefix != b->prefix ? a->prefix > b->prefix : a->metric < b->metric;
}

int route_insert(struct ph_stack *st, const struct route *new)
{
	struct list *list = route_list(st, &new->dst);
	struct route *r = pool_get(&st->net->routes.pool);
	struct list_node *n;

	if (!r)
		return -ENOSPC;
	*r = *new;
	if (ip_is4(&r->dst)) {
		r->mask = route_mask4(r->prefix);
		r->net = ip_get4(&r->dst);
	}
	list_for_each(n, list) {
		if (before(r, container_of(n, struct route, node)))
			break;
	}
	list_insert_before(n, &r->node);
	net_changed(st);
	return 0;
}

void route_remove(struct ph_stack *st, struct route *r)
{
	list_remove(&r->node);
	(void)metrics_set(st, &r->metrics, NULL);
	pool_put(&st->net->routes.pool, r);
	net_changed(st);
}

int route_add_connected(struct ph_stack *st, ph_link link, const struct ph_ip *src, unsigned prefix)
{
	bool v4 = ip_is4(src);
	struct route r = { .dst = v4 ? ip_of4(ip_get4(src) & route_mask4(prefix))
				     : ip6_prefix(src, prefix),
			   .src = *src,
			   .link = link,
			   .prefix = (uint8_t)prefix,
			   .proto = ROUTE_CONNECTED };

	return route_insert(st, &r);
}

void route_del_connected(struct ph_stack *st, ph_link link, const struct ph_ip *src)
{
	struct list_node *n, *next;

	list_for_each_safe(n, next, route_list(st, src)) {
		struct route *r = container_of(n, struct route, node);

		if (r->proto == ROUTE_CONNECTED && r->link == link && ip_eq(&r->src, src))
			route_remove(st, r);
	}
}

static void flush(struct ph_stack *st, struct list *list, ph_link link)
{
	struct list_node *n, *next;

	list_for_each_safe(n, next, list) {
		struct route *r = container_of(n, struct route, node);

		if (r->link == link)
			route_remove(st, r);
	}
}

void route_connect4(struct ph_stack *st, ph_link link)
{
	const struct list_node *n;

	list_for_each(n, &st->net->addrs.list) {
		const struct addr *a = container_of(n, struct addr, node);

		if (a->link == link && a->prefix < 32 && link != PH_LINK_LO)
			(void)route_add_connected(st, link, &a->ip, a->prefix);
	}
}

void route_flush(struct ph_stack *st, ph_link link)
{
	flush(st, &st->net->routes.list, link);
	route_flush6(st, link); /* and the timer */
}

void route_flush6(struct ph_stack *st, ph_link link)
{
	flush(st, &st->net->routes.list6, link);
	route6_rearm(st);
}

/* A router we can speak to without another router, and that is not ourselves (RFC 1122 3.3.1.1). */
static int check_gateway(const struct ph_stack *st, const struct ph_ip *gateway, ph_link link)
{
	const struct route *r;

	if (!ip_is4(gateway)) {
		if (ip6_is_any(gateway) || ip6_is_multicast(gateway) ||
		    ip6_is_loopback(gateway) || addr6_find_any(st, gateway))
			return -EINVAL;
		if (ip6_is_linklocal(gateway)) /* whoever is on the link can be reached there */
			return 0;
	} else if (!addr_is_unicast4(ip_get4(gateway)) || addr_find(st, gateway)) {
		return -EINVAL;
	}
	r = route_find(st, gateway, link);
	return r && ip_eq(&r->gateway, &any) ? 0 : -ENETUNREACH;
}

static bool prefix_ok(const struct ph_ip *dst, unsigned prefix)
{
	if (!ip_is4(dst)) {
		struct ph_ip net = ip6_prefix(dst, prefix <= 128 ? prefix : 128);

		return prefix <= 128 && ip_eq(&net, dst);
	}
	return ip_is4(dst) && prefix <= 32 && (ip_get4(dst) & ~route_mask4(prefix)) == 0;
}

int ph_route_add(struct ph_stack *st, const struct ph_ip *dst, unsigned prefix,
		 const struct ph_ip *gateway, ph_link link, uint32_t metric, uint64_t now_ns)
{
	struct route new = { .link = link, .metric = metric, .prefix = (uint8_t)prefix };
	const struct list_node *n;

	stack_enter(st, now_ns);
	if (!link_get(st, link))
		return -ENODEV;
	if (!link_get(st, link)->up)
		return -ENETDOWN;
	if (!prefix_ok(dst, prefix) || (gateway && ip_is4(gateway) != ip_is4(dst)))
		return -EINVAL;
	new.dst = ip6_with_scope(*dst, (uint32_t)link);
	if (gateway) {
		int rc;

		new.gateway = ip6_with_scope(*gateway, (uint32_t)link);
		rc = check_gateway(st, &new.gateway, link);
		if (rc != 0)
			return rc;
	}
	list_for_each(n, route_list(st, dst)) {
		const struct route *r = container_of(n, struct route, node);

		if (r->proto <= ROUTE_CONNECTED &&
		    ip_eq(&r->dst, &new.dst) && r->prefix == prefix && r->metric == metric)
			return -EEXIST;
	}
	return route_insert(st, &new);
}

int ph_route_del(struct ph_stack *st, const struct ph_ip *dst, unsigned prefix,
		 const struct ph_ip *gateway, ph_link link, uint64_t now_ns)
{
	struct ph_ip to = ip6_with_scope(*dst, (uint32_t)link);
	struct ph_ip via = gateway ? ip6_with_scope(*gateway, (uint32_t)link) : any;
	struct list_node *n, *next;

	stack_enter(st, now_ns);
	list_for_each_safe(n, next, route_list(st, dst)) {
		struct route *r = container_of(n, struct route, node);

		if (ip_eq(&r->dst, &to) && r->prefix == prefix && r->link == link &&
		    ip_eq(&r->gateway, &via)) {
			route_remove(st, r);
			return 0;
		}
	}
	return -ESRCH;
}

static uint32_t left(const struct ph_stack *st, const struct route *r)
{
	if (r->proto < ROUTE_RA || r->expires_ns == PH_NEVER)
		return UINT32_MAX;
	return r->expires_ns > st->now_ns ? (uint32_t)((r->expires_ns - st->now_ns) / 1000000000)
					  : 0;
}

static bool runs(const struct ph_stack *st, const struct route *r)
{
	return link_runs(st, link_get(st, r->link));
}

static size_t show(const struct ph_stack *st, const struct list *list, struct ph_route_info *out,
		   size_t n, size_t count)
{
	const struct list_node *node;

	list_for_each(node, list) {
		const struct route *r = container_of(node, struct route, node);

		if (count < n)
			out[count] = (struct ph_route_info){ .dst = ip6_bare(r->dst),
							     .gateway = ip6_bare(r->gateway),
							     .prefix = r->prefix,
							     .link = r->link,
							     .metric = r->metric,
							     .linkdown = !runs(st, r),
							     .proto = proto_name[r->proto],
							     .preference = r->pref,
							     .expires_s = left(st, r) };
		count++;
	}
	return count;
}

size_t ph_routes(const struct ph_stack *st, struct ph_route_info *out, size_t n)
{
	return show(st, &st->net->routes.list6, out, n,
		    show(st, &st->net->routes.list, out, n, 0));
}
