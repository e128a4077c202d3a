/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The routing table, kept in the order in which routes are preferred: a look-up takes the first
 * that matches. What a look-up finds is kept in a struct dst until something changes, so the list
 * is walked per destination, not per packet.
 */
#include "net/route.h"

#include "base/ip.h"
#include "net/addr.h"
#include "net/link.h"
#include "net/net_state.h"

static const struct ph_ip any;

int route_table_new(struct ph_stack *st)
{
	struct route_table *t = &st->net->routes;

	pool_init(&t->pool, &st->mem, "routes", sizeof(struct route), st->conf.max_routes);
	list_init(&t->list);
	return 0;
}

void route_table_free(struct ph_stack *st)
{
	if (st->net->routes.pool.mem)
		pool_destroy(&st->net->routes.pool);
}

const struct route *route_find(const struct ph_stack *st, const struct ph_ip *dst, ph_link link)
{
	const struct list_node *n;
	uint32_t v = ip_get4(dst);

	list_for_each(n, &st->net->routes.list) {
		const struct route *r = container_of(n, struct route, node);

		if ((v & r->mask) == r->net && (link == 0 || r->link == link))
			return r;
	}
	return NULL;
}

static bool before(const struct route *a, const struct route *b)
{
	return a->prefix != b->prefix ? a->prefix > b->prefix : a->metric < b->metric;
}

static int insert(struct ph_stack *st, const struct route *new)
{
	struct route_table *t = &st->net->routes;
	struct route *r = pool_get(&t->pool);
	struct list_node *n;

	if (!r)
		return -ENOSPC;
	*r = *new;
	r->mask = route_mask4(r->prefix);
	r->net = ip_get4(&r->dst);
	list_for_each(n, &t->list) {
		if (before(r, container_of(n, struct route, node)))
			break;
	}
	list_insert_before(n, &r->node);
	net_changed(st);
	return 0;
}

static void remove_route(struct ph_stack *st, struct route *r)
{
	list_remove(&r->node);
	pool_put(&st->net->routes.pool, r);
	net_changed(st);
}

int route_add_connected(struct ph_stack *st, ph_link link, const struct ph_ip *src, unsigned prefix)
{
	struct route r = { .dst = ip_of4(ip_get4(src) & route_mask4(prefix)),
			   .src = *src,
			   .link = link,
			   .prefix = (uint8_t)prefix,
			   .connected = true };

	return insert(st, &r);
}

void route_del_connected(struct ph_stack *st, ph_link link, const struct ph_ip *src)
{
	struct list_node *n, *next;

	list_for_each_safe(n, next, &st->net->routes.list) {
		struct route *r = container_of(n, struct route, node);

		if (r->connected && r->link == link && ip_eq(&r->src, src))
			remove_route(st, r);
	}
}

void route_flush(struct ph_stack *st, ph_link link)
{
	struct list_node *n, *next;

	list_for_each_safe(n, next, &st->net->routes.list) {
		struct route *r = container_of(n, struct route, node);

		if (r->link == link)
			remove_route(st, r);
	}
}

/* A router we can speak to without another router, and that is not ourselves (RFC 1122 3.3.1.1). */
static int check_gateway(const struct ph_stack *st, const struct ph_ip *gateway, ph_link link)
{
	const struct route *r;

	if (!ip_is4(gateway) || !addr_is_unicast4(ip_get4(gateway)) || addr_find(st, gateway))
		return -EINVAL;
	r = route_find(st, gateway, link);
	return r && ip_eq(&r->gateway, &any) ? 0 : -ENETUNREACH;
}

static bool prefix_ok(const struct ph_ip *dst, unsigned prefix)
{
	return ip_is4(dst) && prefix <= 32 && (ip_get4(dst) & ~route_mask4(prefix)) == 0;
}

int ph_route_add(struct ph_stack *st, const struct ph_ip *dst, unsigned prefix,
		 const struct ph_ip *gateway, ph_link link, uint32_t metric, uint64_t now_ns)
{
	struct route new = {
		.dst = *dst, .link = link, .metric = metric, .prefix = (uint8_t)prefix
	};
	const struct list_node *n;

	stack_enter(st, now_ns);
	if (!link_get(st, link))
		return -ENODEV;
	if (!prefix_ok(dst, prefix))
		return -EINVAL;
	if (gateway) {
		int rc = check_gateway(st, gateway, link);

		if (rc != 0)
			return rc;
		new.gateway = *gateway;
	}
	list_for_each(n, &st->net->routes.list) {
		const struct route *r = container_of(n, struct route, node);

		if (ip_eq(&r->dst, dst) && r->prefix == prefix && r->metric == metric)
			return -EEXIST;
	}
	return insert(st, &new);
}

int ph_route_del(struct ph_stack *st, const struct ph_ip *dst, unsigned prefix,
		 const struct ph_ip *gateway, ph_link link, uint64_t now_ns)
{
	struct list_node *n, *next;

	stack_enter(st, now_ns);
	list_for_each_safe(n, next, &st->net->routes.list) {
		struct route *r = container_of(n, struct route, node);

		if (ip_eq(&r->dst, dst) && r->prefix == prefix && r->link == link &&
		    ip_eq(&r->gateway, gateway ? gateway : &any)) {
			remove_route(st, r);
			return 0;
		}
	}
	return -ESRCH;
}

size_t ph_routes(const struct ph_stack *st, struct ph_route_info *out, size_t n)
{
	const struct list_node *node;
	size_t count = 0;

	list_for_each(node, &st->net->routes.list) {
		const struct route *r = container_of(node, struct route, node);

		if (count < n)
			out[count] = (struct ph_route_info){ .dst = r->dst,
							     .gateway = r->gateway,
							     .prefix = r->prefix,
							     .link = r->link,
							     .metric = r->metric };
		count++;
	}
	return count;
}
