/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Default address selection (RFC 6724 5): which of our addresses a packet to a destination has as
 * its source. Each rule compares two candidates; the first that tells them apart decides. Called
 * by dst6.c, once per destination.
 */
#include "base/ip.h"
#include "net/addr6.h"
#include "net/dst6.h"
#include "net/if6.h"
#include "net/net_state.h"
#include "net/policy6.h"

enum { SCOPE_LINK = 2, SCOPE_GLOBAL = 14, COMMON_MAX = 64 };

/* RFC 6724 3.1, with multicast's numbers. */
int src6_scope(const struct ph_ip *ip)
{
	if (ip6_is_multicast(ip))
		return ip->b[1] & 15;
	if (ip6_is_linklocal(ip) || ip6_is_loopback(ip))
		return SCOPE_LINK;
	return SCOPE_GLOBAL;
}

/* Rule 2: the smallest scope that is large enough. Positive: a, negative: b, 0: the next rule. */
static int by_scope(const struct ph_ip *a, const struct ph_ip *b, const struct ph_ip *dst)
{
	int sa = src6_scope(a), sb = src6_scope(b), sd = src6_scope(dst);

	if (sa == sb)
		return 0;
	if (sa < sb)
		return sa < sd ? -1 : 1;
	return sb < sd ? 1 : -1;
}

static bool optimistic(const struct addr6 *a)
{
	return a->tentative;
}

/* Rule 5.5, RFC 8028: the prefix that the next hop advertised. */
static int by_router(const struct ph_stack *st, const struct addr6 *a, const struct addr6 *b,
		     const struct ph_ip *hop)
{
	bool of_a = ip_eq(&a->router, hop), of_b = ip_eq(&b->router, hop);

	(void)st;
	if (ip6_is_any(&a->router) || ip6_is_any(&b->router))
		return 0;
	return of_a - of_b;
}

/* Rule 7: as the socket prefers (RFC 5014); else where the link is told to prefer them. */
static int by_temporary(const struct ph_stack *st, const struct addr6 *a, const struct addr6 *b,
			uint8_t prefer)
{
	const struct link *l = link_get(st, a->link);
	bool ta = a->origin == ADDR6_TEMPORARY, tb = b->origin == ADDR6_TEMPORARY;

	if (prefer & (PH_IPV6_PREFER_SRC_TMP | PH_IPV6_PREFER_SRC_PUBLIC))
		return prefer & PH_IPV6_PREFER_SRC_TMP ? ta - tb : tb - ta;
	return l->v6->conf.use_tempaddr == 2 ? ta - tb : tb - ta;
}

static int better(const struct ph_stack *st, const struct addr6 *a, const struct addr6 *b,
		  const struct ph_ip *dst, const struct ph_ip *hop, uint8_t prefer)
{
	uint32_t label = policy6_label(st, dst);
	unsigned ca, cb;
	int r;

	if (ip_eq(&a->ip, dst) != ip_eq(&b->ip, dst)) /* 1: the same address */
		return ip_eq(&a->ip, dst) ? 1 : -1;
	r = by_scope(&a->ip, &b->ip, dst);
	if (r != 0)
		return r;
	if (addr6_deprecated(st, a) != addr6_deprecated(st, b)) /* 3 */
		return addr6_deprecated(st, b) ? 1 : -1;
	if (optimistic(a) != optimistic(b)) /* RFC 4429 3.3: as if deprecated */
		return optimistic(b) ? 1 : -1;
	r = by_router(st, a, b, hop); /* 5.5 */
	if (r != 0)
		return r;
	r = (policy6_label(st, &a->ip) == label) - (policy6_label(st, &b->ip) == label); /* 6 */
	if (r != 0)
		return r;
	r = by_temporary(st, a, b, prefer); /* 7 */
	if (r != 0)
		return r;
	ca = ip6_common(&a->ip, dst); /* 8: no further than the prefix */
	cb = ip6_common(&b->ip, dst);
	ca = ca < COMMON_MAX ? ca : (unsigned)COMMON_MAX;
	cb = cb < COMMON_MAX ? cb : (unsigned)COMMON_MAX;
	return ca == cb ? 0 : ca > cb ? 1 : -1;
}

/* RFC 6724 4: those of the link that the packet leaves by. */
const struct addr6 *src6_choose(const struct ph_stack *st, const struct ph_ip *dst,
				const struct ph_ip *hop, ph_link link, uint8_t prefer)
{
	const struct addr6 *best = NULL;
	const struct list_node *n;

	list_for_each(n, &st->net->addrs6.list) {
		const struct addr6 *a = container_of(n, struct addr6, node);

		if (a->link != link || !addr6_usable(a))
			continue;
		if (!best || better(st, a, best, dst, hop, prefer) > 0)
			best = a;
	}
	return best;
}
