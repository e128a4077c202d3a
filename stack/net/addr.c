/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The addresses of the links: what is ours, what is a broadcast address, which one to talk from.
 * Called by all of net/.
 */
#include "net/addr.h"

#include "base/ip.h"
#include "net/addr6.h"
#include "net/link.h"
#include "net/net.h"
#include "net/net_state.h"

int addr_table_new(struct ph_stack *st)
{
	struct addr_table *t = &st->net->addrs;

	pool_init(&t->pool, &st->mem, "addresses", sizeof(struct addr), ADDR_MAX);
	list_init(&t->list);
	return 0;
}

void addr_table_free(struct ph_stack *st)
{
	if (st->net->addrs.pool.mem)
		pool_destroy(&st->net->addrs.pool);
}

/* RFC 3021: links of two addresses (/31) have no broadcast address; nor has a single one (/32). */
static bool has_broadcast(unsigned prefix)
{
	return prefix < 31;
}

/* Of the subnet of an address of lo's, its broadcast address apart. */
static bool of_lo(const struct addr *a, const struct ph_ip *ip)
{
	uint32_t v = ip_get4(ip);

	return ip_is4(ip) && ((v ^ ip_get4(&a->ip)) & a->mask) == 0 &&
	       (!has_broadcast(a->prefix) || (v | a->mask) != UINT32_MAX);
}

const struct addr *addr_find(const struct ph_stack *st, const struct ph_ip *ip)
{
	const struct addr *subnet = NULL;
	const struct list_node *n;

	list_for_each(n, &st->net->addrs.list) {
		const struct addr *a = container_of(n, struct addr, node);

		if (ip_eq(&a->ip, ip))
			return a;
		if (a->link == PH_LINK_LO && of_lo(a, ip))
			subnet = a;
	}
	return subnet;
}

/* One with exactly this number. */
static struct addr *find_own(const struct ph_stack *st, const struct ph_ip *ip)
{
	struct list_node *n;

	list_for_each(n, &st->net->addrs.list) {
		struct addr *a = container_of(n, struct addr, node);

		if (ip_eq(&a->ip, ip))
			return a;
	}
	return NULL;
}

const struct addr *addr_choose(const struct ph_stack *st, ph_link link, const struct ph_ip *to)
{
	const struct addr *first = NULL;
	const struct list_node *n;

	list_for_each(n, &st->net->addrs.list) {
		const struct addr *a = container_of(n, struct addr, node);

		if (a->link != link)
			continue;
		if (((ip_get4(&a->ip) ^ ip_get4(to)) & a->mask) == 0)
			return a;
		if (!first)
			first = a;
	}
	return first;
}

const struct addr *addr_first(const struct ph_stack *st)
{
	const struct list_node *n;

	list_for_each(n, &st->net->addrs.list) {
		const struct addr *a = container_of(n, struct addr, node);

		if (!addr_is_loopback4(ip_get4(&a->ip)))
			return a;
	}
	return NULL;
}

const struct addr *addr_of_broadcast(const struct ph_stack *st, uint32_t ip4)
{
	const struct list_node *n;

	list_for_each(n, &st->net->addrs.list) {
		const struct addr *a = container_of(n, struct addr, node);

		if (has_broadcast(a->prefix) && ip4 == (ip_get4(&a->ip) | ~a->mask))
			return a;
	}
	return NULL;
}

bool addr_is_local(const struct ph_stack *st, const struct ph_ip *ip)
{
	return ip_is4(ip) ? addr_find(st, ip) != NULL : addr6_find(st, ip) != NULL;
}

bool addr_is_group(const struct ph_stack *st, const struct ph_ip *ip)
{
	uint32_t v;

	if (!ip_is4(ip))
		return ip->b[0] == 0xff;
	v = ip_get4(ip);
	return addr_is_multicast4(v) || v == UINT32_MAX || addr_of_broadcast(st, v) != NULL;
}

/* A host's own address: no network's, no broadcast, no group. */
static bool assignable(ph_link link, uint32_t ip4, unsigned prefix)
{
	uint32_t mask = route_mask4(prefix);

	if (!addr_is_unicast4(ip4) && !(link == PH_LINK_LO && addr_is_loopback4(ip4)))
		return false;
	return !has_broadcast(prefix) || ((ip4 & ~mask) != 0 && (ip4 | mask) != UINT32_MAX);
}

int ph_addr_add(struct ph_stack *st, ph_link link, const struct ph_ip *ip, unsigned prefix,
		uint64_t now_ns)
{
	struct addr *a;
	int rc;

	stack_enter(st, now_ns);
	if (!link_get(st, link))
		return -ENODEV;
	if (!ip_is4(ip))
		return addr6_user_add(st, link, ip, prefix);
	if (prefix > 32)
		return -EINVAL;
	if (!assignable(link, ip_get4(ip), prefix))
		return -EADDRNOTAVAIL;
	if (find_own(st, ip))
		return -EEXIST;
	a = pool_get(&st->net->addrs.pool);
	if (!a)
		return -ENOSPC;
	*a = (struct addr){
		.link = link, .ip = *ip, .mask = route_mask4(prefix), .prefix = (uint8_t)prefix
	};
	rc = prefix < 32 && link != PH_LINK_LO && link_get(st, link)->up
		     ? route_add_connected(st, link, ip, prefix) : 0;
	if (rc != 0) {
		pool_put(&st->net->addrs.pool, a);
		return rc;
	}
	list_push_back(&st->net->addrs.list, &a->node);
	net_changed(st);
	return 0;
}

static void remove_addr(struct ph_stack *st, struct addr *a)
{
	route_del_connected(st, a->link, &a->ip);
	list_remove(&a->node);
	pool_put(&st->net->addrs.pool, a);
	net_changed(st);
}

int ph_addr_del(struct ph_stack *st, ph_link link, const struct ph_ip *ip, uint64_t now_ns)
{
	struct list_node *n, *next;

	stack_enter(st, now_ns);
	if (!link_get(st, link))
		return -ENODEV;
	if (!ip_is4(ip))
		return addr6_user_del(st, link, ip);
	claim_forget(st, link, ip);
	list_for_each_safe(n, next, &st->net->addrs.list) {
		struct addr *a = container_of(n, struct addr, node);

		if (a->link == link && ip_eq(&a->ip, ip)) {
			remove_addr(st, a);
			return 0;
		}
	}
	return -EADDRNOTAVAIL;
}

void addr_flush(struct ph_stack *st, ph_link link)
{
	struct list_node *n, *next;

	list_for_each_safe(n, next, &st->net->addrs.list) {
		struct addr *a = container_of(n, struct addr, node);

		if (a->link == link)
			remove_addr(st, a);
	}
}

size_t ph_addrs(const struct ph_stack *st, struct ph_addr_info *out, size_t n)
{
	const struct list_node *node;
	size_t count = 0;

	list_for_each(node, &st->net->addrs.list) {
		const struct addr *a = container_of(node, struct addr, node);

		if (count < n)
			out[count] = (struct ph_addr_info){ .link = a->link,
							    .ip = a->ip,
							    .prefix = a->prefix,
							    .preferred_s = UINT32_MAX,
							    .valid_s = UINT32_MAX };
		count++;
	}
	return addr6_user_list(st, out, n, count);
}
