/* SPDX-License-Identifier: BSD-2-Clause */
/* One look-up for a segment: the tuple's hash, compared whole before the key is. Called by
 * tcp_input.c and by whoever opens or ends a connection. */
#include "tcp/tcp_table.h"

#include "tcp/tcp_int.h"

static_assert(sizeof(struct tcp_tuple) == 36, "hashed as bytes: no padding");

static struct tcp_ent *ent_of(struct hash_node *n)
{
	return container_of(n, struct tcp_ent, node);
}

static const struct ph_ip no_ip;

static void addresses(const struct tcp_ent *e, const struct ph_ip **local,
		      const struct ph_ip **peer)
{
	switch ((enum tcp_kind)e->kind) {
	case TCP_KIND_CONN:
		*local = &((const struct tcb *)e)->dst.src;
		*peer = &((const struct tcb *)e)->dst.dst;
		break;
	case TCP_KIND_LISTEN:
		*local = &((const struct tcb *)e)->dst.src;
		*peer = &no_ip;
		break;
	case TCP_KIND_HALF:
		*local = &((const struct tcp_half *)e)->local;
		*peer = &((const struct tcp_half *)e)->peer;
		break;
	case TCP_KIND_TIMEWAIT:
		*local = &((const struct tcp_timewait *)e)->local;
		*peer = &((const struct tcp_timewait *)e)->peer;
		break;
	case TCP_KIND_FOLDED:
		*local = &((const struct tcp_folded *)e)->local;
		*peer = &((const struct tcp_folded *)e)->peer;
		break;
	}
}

struct tcp_tuple tcp_ent_tuple(const struct tcp_ent *e)
{
	struct tcp_tuple k = { .lport = e->lport, .pport = e->pport };
	const struct ph_ip *local = &no_ip, *peer = &no_ip;

	addresses(e, &local, &peer);
	k.local = e->kind == TCP_KIND_LISTEN && ip_is_any(local) ? no_ip : *local;
	k.peer = *peer;
	return k;
}

static uint64_t tuple_hash(const struct ph_stack *st, const struct tcp_tuple *k)
{
	return siphash(&st->hash_key, k, sizeof(*k));
}

static bool tuple_is(const struct tcp_ent *e, const struct tcp_tuple *k)
{
	const struct ph_ip *local = &no_ip, *peer = &no_ip;

	if (e->lport != k->lport || e->pport != k->pport)
		return false;
	addresses(e, &local, &peer);
	return ip_eq(peer, &k->peer) && (ip_eq(local, &k->local) ||
					 (ip_is_any(local) && ip_is_any(&k->local)));
}

void tcp_table_insert(struct ph_stack *st, struct tcp_ent *e)
{
	struct tcp_tuple k = tcp_ent_tuple(e);

	assert(!e->hashed);
	hash_insert(&st->tcp->table, &e->node, tuple_hash(st, &k));
	e->hashed = true;
}

void tcp_table_remove(struct ph_stack *st, struct tcp_ent *e)
{
	if (!e->hashed)
		return;
	if (st->tcp->last == e)
		st->tcp->last = NULL;
	hash_remove(&st->tcp->table, &e->node);
	e->hashed = false;
}

void tcp_table_replace(struct ph_stack *st, struct tcp_ent *from, struct tcp_ent *to)
{
	assert(from->hashed && !to->hashed);
	if (st->tcp->last == from)
		st->tcp->last = to;
	hash_replace(&st->tcp->table, &from->node, &to->node);
	from->hashed = false;
	to->hashed = true;
}

struct tcp_ent *tcp_table_find(const struct ph_stack *st, const struct tcp_tuple *k)
{
	struct hash_node *n;

	if (st->tcp->last && tuple_is(st->tcp->last, k))
		return st->tcp->last;
	for (n = hash_first(&st->tcp->table, tuple_hash(st, k)); n; n = hash_next(n))
		if (tuple_is(ent_of(n), k))
			return st->tcp->last = ent_of(n);
	return NULL;
}

bool tcp_ent_hears(const struct tcp_ent *e, ph_link link)
{
	ph_link bound = 0;

	switch ((enum tcp_kind)e->kind) {
	case TCP_KIND_CONN:
	case TCP_KIND_LISTEN:
		bound = ((const struct tcb *)e)->dst.oif;
		break;
	case TCP_KIND_HALF:
		bound = ((const struct tcp_half *)e)->listener->dst.oif;
		break;
	case TCP_KIND_TIMEWAIT:
		bound = ((const struct tcp_timewait *)e)->oif;
		break;
	case TCP_KIND_FOLDED: /* of those none is bound */
		break;
	}
	return !bound || bound == link;
}

/* Which sockets may hear, in the order in which they are asked: those of the link before those of any,
 * those of the peer's family before IPv6 ones that take IPv4 as well. */
enum listener_class {
	LISTENER_LINK_SAME,
	LISTENER_LINK_BOTH,
	LISTENER_ANY_SAME,
	LISTENER_ANY_BOTH,
	LISTENER_CLASSES
};

static bool hears(const struct tcb *t, const struct tcp_tuple *k, ph_link link, enum listener_class which)
{
	bool of_link = which == LISTENER_LINK_SAME || which == LISTENER_LINK_BOTH;
	bool same = which == LISTENER_LINK_SAME || which == LISTENER_ANY_SAME;
	bool v4 = ip_is4(&k->local);

	if (t->dst.oif != (of_link ? link : 0))
		return false;
	if (same)
		return t->v6 == !v4 && (v4 || !ip_is4(&t->dst.src));
	return v4 && t->v6 && !t->ip6.only;
}

/* Who is asked for, and by whom. */
struct listener_query {
	const struct ph_stack *st;
	const struct tcp_tuple *of; /* at */
	const struct tcp_tuple *k;
	ph_link link;
};

/* The listener number `pick` of those of a class that share the port (SO_REUSEPORT); *n: how many
 * there are. */
static struct tcb *listener_at(const struct listener_query *q, enum listener_class which, uint32_t pick,
			       uint32_t *n)
{
	struct hash_node *h = hash_first(&q->st->tcp->table, tuple_hash(q->st, q->of));
	struct tcb *found = NULL, *t;

	for (*n = 0; h; h = hash_next(h)) {
		if (ent_of(h)->kind != TCP_KIND_LISTEN || !tuple_is(ent_of(h), q->of))
			continue;
		t = container_of(ent_of(h), struct tcb, ent);
		if (hears(t, q->k, q->link, which) && (*n)++ == pick)
			found = t;
	}
	return found;
}

/* One of the listeners at `of`, always the same one for the same peer; the peer's own family is
 * preferred, as in Linux. */
static struct tcb *listener_for(const struct listener_query *q)
{
	for (enum listener_class which = LISTENER_LINK_SAME; which < LISTENER_CLASSES; which++) {
		uint32_t n;
		struct tcb *t = listener_at(q, which, 0, &n);

		if (n > 1)
			t = listener_at(q, which, (uint32_t)(tuple_hash(q->st, q->k) % n), &n);
		if (t)
			return t;
	}
	return NULL;
}

struct tcb *tcp_table_listener(const struct ph_stack *st, const struct tcp_tuple *k, ph_link link)
{
	struct tcp_tuple of = { .local = k->local, .lport = k->lport };
	const struct listener_query q = { .st = st, .of = &of, .k = k, .link = link };
	struct tcb *t = listener_for(&q);

	if (t)
		return t;
	of.local = no_ip;
	return listener_for(&q);
}
