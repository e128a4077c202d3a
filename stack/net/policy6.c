/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RFC 6724's policy table and the order of destinations (6724 6): for whoever has several addresses
 * of a name and wants to try the best first. Called by src6.c and the user.
 */
#include "net/policy6.h"

#include <string.h>

#include "base/ip.h"
#include "net/addr6.h"
#include "net/dst6.h"
#include "net/net.h"
#include "net/net_state.h"

enum { SORT_MAX = 64 };

void policy6_init(struct ph_stack *st)
{
	static const struct ph_policy def[] = { /* RFC 6724 2.1 */
		{ { { [15] = 1 } }, 128, 50, 0 },
		{ { { 0 } }, 0, 40, 1 },
		{ { { [10] = 0xff, 0xff } }, 96, 35, 4 },
		{ { { 0x20, 0x02 } }, 16, 30, 2 },
		{ { { 0x20, 0x01 } }, 32, 5, 5 },
		{ { { 0xfc } }, 7, 3, 13 },
		{ { { 0 } }, 96, 1, 3 },
		{ { { 0xfe, 0xc0 } }, 10, 1, 11 },
		{ { { 0x3f, 0xfe } }, 16, 1, 12 },
	};

	memcpy(st->net->policy6.of, def, sizeof(def));
	st->net->policy6.n = ARRAY_LEN(def);
}

static const struct ph_policy *find(const struct ph_stack *st, const struct ph_ip *ip)
{
	const struct policy6_table *t = &st->net->policy6;
	const struct ph_policy *best = NULL;
	struct ph_ip bare = ip6_bare(*ip);

	for (uint32_t i = 0; i < t->n; i++)
		if (ip6_same_prefix(&bare, &t->of[i].prefix, t->of[i].prefix_len) &&
		    (!best || t->of[i].prefix_len > best->prefix_len))
			best = &t->of[i];
	return best;
}

uint32_t policy6_label(const struct ph_stack *st, const struct ph_ip *ip)
{
	const struct ph_policy *p = find(st, ip);

	return p ? p->label : 0;
}

uint32_t policy6_precedence(const struct ph_stack *st, const struct ph_ip *ip)
{
	const struct ph_policy *p = find(st, ip);

	return p ? p->precedence : 0;
}

int ph_policy_set(struct ph_stack *st, const struct ph_policy *rows, size_t n, uint64_t now_ns)
{
	stack_enter(st, now_ns);
	if (n > POLICY6_MAX)
		return -ENOSPC;
	for (size_t i = 0; i < n; i++)
		if (rows[i].prefix_len > 128)
			return -EINVAL;
	if (n > 0)
		memcpy(st->net->policy6.of, rows, n * sizeof(*rows));
	st->net->policy6.n = (uint32_t)n;
	net_changed(st);
	return 0;
}

size_t ph_policy(const struct ph_stack *st, struct ph_policy *out, size_t n)
{
	const struct policy6_table *t = &st->net->policy6;

	for (size_t i = 0; i < n && i < t->n; i++)
		out[i] = t->of[i];
	return t->n;
}

/* ---- the order of destinations -------------------------------------------------------------- */

struct candidate {
	struct ph_sockaddr addr;
	struct ph_ip src;
	bool usable, deprecated;
};

/* RFC 6724 3.2: IPv4 has scopes, too. */
static int scope(const struct ph_ip *ip)
{
	uint32_t v;

	if (!ip_is4(ip))
		return src6_scope(ip);
	v = ip_get4(ip);
	return v >> 24 == 127 || v >> 16 == 0xa9fe ? 2 : 14;
}

static int yes(bool a, bool b)
{
	return a == b ? 0 : a ? -1 : 1;
}

static int less(int64_t a, int64_t b)
{
	return a == b ? 0 : a < b ? -1 : 1;
}

/* RFC 6724 6, rules 1 to 9: negative when a goes first. */
static int compare(const struct ph_stack *st, const struct candidate *a, const struct candidate *b)
{
	const struct ph_ip *da = &a->addr.ip, *db = &b->addr.ip;
	int r = yes(a->usable, b->usable);

	if (r == 0 && a->usable) {
		r = yes(scope(da) == scope(&a->src), scope(db) == scope(&b->src));
		if (r == 0)
			r = yes(!a->deprecated, !b->deprecated);
		if (r == 0)
			r = yes(policy6_label(st, da) == policy6_label(st, &a->src),
				policy6_label(st, db) == policy6_label(st, &b->src));
	}
	if (r == 0)
		r = less(policy6_precedence(st, db), policy6_precedence(st, da));
	if (r == 0)
		r = less(scope(da), scope(db));
	if (r == 0 && a->usable && ip_is4(da) == ip_is4(db))
		r = less(ip6_common(&b->src, db), ip6_common(&a->src, da));
	return r;
}

static void look_up(struct ph_stack *st, struct candidate *c)
{
	struct ph_sockaddr in = c->addr;
	const struct addr6 *a;
	struct dst d = { 0 };

	c->usable = ip_scope_in(st, &in) == 0 && dst_lookup(st, &d, NULL, &in.ip, false) == 0;
	c->src = d.src;
	a = c->usable ? addr6_find(st, &d.src) : NULL;
	c->deprecated = a && addr6_deprecated(st, a);
}

int ph_sort_destinations(struct ph_stack *st, struct ph_sockaddr *addrs, size_t n, uint64_t now_ns)
{
	struct candidate c[SORT_MAX];

	stack_enter(st, now_ns);
	if (n > SORT_MAX)
		return -ENOSPC;
	for (size_t i = 0; i < n; i++) {
		struct candidate new = { .addr = addrs[i] };
		size_t at = i;

		look_up(st, &new);
		for (; at > 0 && compare(st, &new, &c[at - 1]) < 0; at--)
			c[at] = c[at - 1];
		c[at] = new;
	}
	for (size_t i = 0; i < n; i++)
		addrs[i] = c[i].addr;
	return 0;
}
