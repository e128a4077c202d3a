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
	hash_remove(&st->tcp->table, &e->node);
	e->hashed = false;
}

struct tcp_ent *tcp_table_find(const struct ph_stack *st, const struct tcp_tuple *k)
{
	struct hash_node *n = hash_first(&st->tcp->table, tuple_hash(st, k));

	for (; n; n = hash_next(n))
		if (tuple_is(ent_of(n), k))
			return ent_of(n);
	return NULL;
}

/* The listener at k number `pick` of those that share the port (SO_REUSEPORT); *n: how many there
 * are. */
static struct tcb *listener_at(const struct ph_stack *st, const struct tcp_tuple *k, bool v6_only,
			       uint32_t pick, uint32_t *n)
{
	struct hash_node *h = hash_first(&st->tcp->table, tuple_hash(st, k));
	struct tcb *found = NULL, *t;

	for (*n = 0; h; h = hash_next(h)) {
		if (ent_of(h)->kind != TCP_KIND_LISTEN || !tuple_is(ent_of(h), k))
			continue;
		t = container_of(ent_of(h), struct tcb, ent);
		if (!t->v6 && v6_only)
			continue;
		if ((*n)++ == pick)
			found = t;
	}
	return found;
}

/* One of the listeners at `of`, always the same one for the same peer. */
static struct tcb *listener_for(const struct ph_stack *st, const struct tcp_tuple *of,
				const struct tcp_tuple *k, bool v6_only)
{
	uint32_t n;
	struct tcb *t = listener_at(st, of, v6_only, 0, &n);

	return n > 1 ? listener_at(st, of, v6_only, (uint32_t)(tuple_hash(st, k) % n), &n) : t;
}

struct tcb *tcp_table_listener(const struct ph_stack *st, const struct tcp_tuple *k)
{
	struct tcp_tuple of = { .local = k->local, .lport = k->lport };
	struct tcb *t = listener_for(st, &of, k, false);

	if (t)
		return t;
	of.local = no_ip;
	return listener_for(st, &of, k, !ip_is4(&k->local));
}
