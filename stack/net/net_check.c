/* SPDX-License-Identifier: BSD-2-Clause */
/* See net_check.h. Called by ph_stack_check() in sock/. */
#include "net/net_check.h"

#include "net/net_state.h"

static bool check_packets(const struct list *queue, uint32_t n_said, uint32_t bytes_said,
			  struct ph_claim *c)
{
	const struct list_node *node;
	uint32_t n = 0, bytes = 0;

	list_for_each(node, queue) {
		const struct pkt *p = container_of(node, struct pkt, node);
		uint32_t len = p->hdr.len;

		for (uint8_t i = 0; i < p->ndata; i++)
			len += p->data[i].len;
		CLAIM(c, "packet", len == p->len, len, p->len);
		n++;
		bytes += p->len;
	}
	CLAIM(c, "queue", n == n_said, n, n_said);
	CLAIM(c, "queue", bytes == bytes_said, bytes, bytes_said);
	return true;
}

static bool check_link(const struct link *l, struct ph_claim *c)
{
	uint64_t small = 0;

	CLAIM(c, "link", l->queued <= l->txqueuelen, l->queued, l->txqueuelen);
	CLAIM(c, "link", l->queued > 0 || (l->cut_off == 0 && l->cut_number == 0), l->cut_off,
	      l->cut_number);
	for (unsigned i = 0; i < SMALL_QUEUES; i++) {
		CLAIM(c, "link", l->small.bytes[i] > 0 || list_empty(&l->small.waiters[i]), i, 0);
		small += l->small.bytes[i];
	}
	CLAIM(c, "link", small <= l->queued_bytes, small, l->queued_bytes);
	return check_packets(&l->queue, l->queued, l->queued_bytes, c);
}

/* A state that ends by itself has a timer, and packets wait only for an answer. */
static bool check_neigh(const struct ph_stack *st, const struct neigh *n, struct ph_claim *c)
{
	bool asks = n->state == NEIGH_INCOMPLETE || n->state == NEIGH_PROBE;

	CLAIM(c, "neighbour", timer_armed(&n->timer) == (asks || n->state == NEIGH_DELAY), n->state,
	      n->probes);
	CLAIM(c, "neighbour", n->queued == 0 || n->state == NEIGH_INCOMPLETE, n->queued, n->state);
	CLAIM(c, "neighbour", n->queued <= (uint32_t)st->sysctl.neigh_unres_qlen, n->queued,
	      n->state);
	CLAIM(c, "neighbour", neigh_find(st, n->link, &n->ip) == n, n->state, n->link);
	return check_packets(&n->queue, n->queued, n->queued_bytes, c);
}

bool net_check(const struct ph_stack *st, struct ph_claim *c)
{
	const struct net_state *s = st->net;
	const struct list_node *node;
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->links.n; i++)
		if (s->links.at[i] && !check_link(s->links.at[i], c))
			return false;
	list_for_each(node, &s->neighs.age) {
		if (!check_neigh(st, container_of(node, struct neigh, age), c))
			return false;
		n++;
	}
	CLAIM(c, "neighbour", n == s->neighs.pool.in_use, n, s->neighs.pool.in_use);
	return reass_check(st, &s->reass, c) && reass_check(st, &s->reass6, c);
}
