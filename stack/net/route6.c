/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Routes that routers give and that end by themselves, of both families, and the choice among routers
 * that could do equally (RFC 1122 3.3.1.5, 4861 6.3.6, 4191 3.2, 4311, 8028). Called by ra.c,
 * redirect.c, redirect4.c, route.c and a timer.
 */
#include "base/ip.h"
#include "net/addr6.h"
#include "net/neigh.h"
#include "net/net_state.h"
#include "net/route.h"

static const uint64_t retry_ns = 60 * UINT64_C(1000000000); /* Linux's router_probe_interval */

static struct route *same(struct ph_stack *st, const struct route *like)
{
	struct list_node *n;

	list_for_each(n, route_list(st, &like->dst)) {
		struct route *r = container_of(n, struct route, node);

		if (r->proto == like->proto && r->link == like->link &&
		    r->prefix == like->prefix && ip_eq(&r->dst, &like->dst) &&
		    ip_eq(&r->gateway, &like->gateway))
			return r;
	}
	return NULL;
}

static uint32_t count(struct ph_stack *st, const struct route *like, struct route **first)
{
	struct list_node *n;
	uint32_t k = 0;

	*first = NULL;
	list_for_each(n, route_list(st, &like->dst)) {
		struct route *r = container_of(n, struct route, node);

		if (r->proto != like->proto || r->link != like->link)
			continue;
		k++;
		if (!*first || r->expires_ns < (*first)->expires_ns)
			*first = r;
	}
	return k;
}

/* When the first of a list ends, if that is sooner. */
static uint64_t first_end(const struct list *list, uint64_t at)
{
	const struct list_node *n;

	list_for_each(n, list) {
		const struct route *r = container_of(n, const struct route, node);

		if (r->proto >= ROUTE_RA && r->expires_ns < at)
			at = r->expires_ns;
	}
	return at;
}

static void arm(struct ph_stack *st)
{
	struct route_table *t = &st->net->routes;
	uint64_t at = first_end(&t->list6, first_end(&t->list, PH_NEVER));

	if (at == PH_NEVER)
		timer_stop(&st->wheel, &t->expiry);
	else
		timer_arm(&st->wheel, &t->expiry, at);
}

static void end(struct ph_stack *st, struct list *list)
{
	struct list_node *n, *next;

	list_for_each_safe(n, next, list) {
		struct route *r = container_of(n, struct route, node);

		if (r->proto >= ROUTE_RA && r->expires_ns <= st->now_ns)
			route_remove(st, r);
	}
}

static void expire(void *ctx, struct timer *t)
{
	struct ph_stack *st = ctx;

	(void)t;
	end(st, &st->net->routes.list);
	end(st, &st->net->routes.list6);
	arm(st);
}

void route6_init(struct ph_stack *st)
{
	timer_init(&st->net->routes.expiry, expire);
}

void route6_rearm(struct ph_stack *st)
{
	arm(st);
}

int route_learn(struct ph_stack *st, const struct route *like, bool alive, uint32_t most)
{
	struct route *r = same(st, like), *first;
	int rc = 0;

	if (r && !alive) {
		route_remove(st, r);
	} else if (r) {
		r->expires_ns = like->expires_ns;
		if (r->pref != like->pref)
			net_changed(st);
		r->pref = like->pref;
	} else if (alive) {
		if (count(st, like, &first) >= most) {
			if (like->proto == ROUTE_RA) /* a flood does not push out what works */
				return -ENOSPC;
			route_remove(st, first);
		}
		rc = route_insert(st, like);
	}
	arm(st);
	return rc;
}

void route_forget(struct ph_stack *st, const struct route *like)
{
	struct list_node *n, *next;

	list_for_each_safe(n, next, route_list(st, &like->dst)) {
		struct route *r = container_of(n, struct route, node);

		if (r->proto == like->proto && r->link == like->link &&
		    r->prefix == like->prefix && ip_eq(&r->dst, &like->dst))
			route_remove(st, r);
	}
	arm(st);
}

void route_lose_router(struct ph_stack *st, ph_link link, const struct ph_ip *router)
{
	struct list_node *n, *next;

	list_for_each_safe(n, next, &st->net->routes.list6) {
		struct route *r = container_of(n, struct route, node);

		if (r->proto >= ROUTE_RA && r->link == link && ip_eq(&r->gateway, router))
			route_remove(st, r);
	}
	arm(st);
}

/* Was its router found to be silent, less than a minute ago? */
static bool silent(const struct ph_stack *st, const struct route *r)
{
	const struct neigh *n = ip_is_any(&r->gateway) ? NULL
						       : neigh_find(st, r->link, &r->gateway);

	return n && n->state == NEIGH_FAILED && n->failed_ns != 0 &&
	       st->now_ns - n->failed_ns < retry_ns;
}

static int rank(const struct ph_stack *st, const struct route *r)
{
	return (silent(st, r) ? 0 : 4) + r->pref + 1;
}

/*
 * Of those with the prefix and metric of `first`, which is the first in the table: reachable ones,
 * then preferred ones; of equals, one by the destination, so that a host's flows spread (RFC 4311)
 * and each keeps its way.
 */
const struct route *route6_choose(const struct ph_stack *st, const struct route *first,
				  const struct ph_ip *dst, ph_link link)
{
	const struct route *best = NULL;
	const struct list_node *n;
	int best_rank = -1;
	uint32_t equals = 0, pick;

	for (unsigned turn = 0; turn < 2; turn++) {
		pick = turn && equals > 1
			       ? (uint32_t)(siphash(&st->hash_key, dst, sizeof(*dst)) % equals)
			       : 0;
		if (turn && equals < 2)
			break;
		for (n = &first->node; n != &st->net->routes.list6.head; n = n->next) {
			const struct route *r = container_of(n, const struct route, node);
			int k;

			if (r->prefix != first->prefix || r->metric != first->metric)
				break;
			if (!ip_eq(&r->dst, &first->dst) || (link && r->link != link) ||
			    route_ignored(st, r))
				continue;
			k = rank(st, r);
			if (!turn && k > best_rank) {
				best = r;
				best_rank = k;
				equals = 1;
			} else if (!turn && k == best_rank) {
				equals++;
			} else if (turn && k == best_rank && pick-- == 0) {
				return r;
			}
		}
	}
	return best;
}

/*
 * Of those to the destination of `first`, the first whose router was not silent just now; when all
 * are, the first (RFC 1122 3.3.1.2, 3.3.1.5).
 */
const struct route *route4_choose(const struct ph_stack *st, const struct route *first, ph_link link)
{
	const struct list_node *n;

	for (n = &first->node; n != &st->net->routes.list.head; n = n->next) {
		const struct route *r = container_of(n, const struct route, node);

		if (r->prefix != first->prefix)
			break;
		if (ip_eq(&r->dst, &first->dst) && (!link || r->link == link) && !silent(st, r) &&
		    !route_ignored(st, r))
			return r;
	}
	return first;
}

bool route_is_gateway(struct ph_stack *st, ph_link link, const struct ph_ip *ip)
{
	const struct list_node *n;

	list_for_each(n, route_list(st, ip)) {
		const struct route *r = container_of(n, const struct route, node);

		if (r->link == link && ip_eq(&r->gateway, ip))
			return true;
	}
	return false;
}
