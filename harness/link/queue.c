/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Queueing disciplines; see queue.h. The first three are one list; FQ-CoDel is a list a flow, and
 * two lists of flows: new ones, which have said little of late, and old ones (RFC 8290 4).
 */
#include "harness/link/queue.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "harness/link/codel.h"
#include "harness/link/ip.h"
#include "harness/link/random.h"

enum { SHED_MAX = 64 };	/* frames dropped at once from the fattest flow, as Linux does */

struct flow {
	struct link_fifo fifo;
	struct link_codel codel;
	int64_t deficit;
	struct flow *next;
	bool listed;
};

struct flow_list {
	struct flow *first, *last;
};

struct link_queue {
	struct link_queue_conf conf;
	struct link_codel_conf codel;
	uint64_t key;
	link_queue_drop_fn *drop;
	void *ctx;
	uint64_t packets, bytes, marked;
	struct flow_list fresh, old;
	uint32_t nflow;
	struct flow flow[];	/* one, but for FQ-CoDel */
};

static void list_add(struct flow_list *l, struct flow *f)
{
	f->next = NULL;
	if (l->last)
		l->last->next = f;
	else
		l->first = f;
	l->last = f;
	f->listed = true;
}

static struct flow *list_take(struct flow_list *l)
{
	struct flow *f = l->first;

	l->first = f->next;
	if (!l->first)
		l->last = NULL;
	f->next = NULL;
	f->listed = false;
	return f;
}

struct link_queue *link_queue_new(const struct link_queue_conf *conf, enum link_l2 l2, uint64_t key,
				  link_queue_drop_fn *drop, void *ctx)
{
	uint32_t n = conf->kind == LINK_QUEUE_FQ_CODEL ? conf->flows : 1;
	struct link_queue *q = calloc(1, sizeof(*q) + n * sizeof(q->flow[0]));

	if (!q)
		return NULL;
	q->conf = *conf;
	q->nflow = n;
	q->key = key;
	q->drop = drop;
	q->ctx = ctx;
	q->codel = (struct link_codel_conf){
		.target_ns = conf->target_ns,
		.interval_ns = conf->interval_ns,
		.mtu = conf->kind == LINK_QUEUE_FQ_CODEL ? conf->quantum : 1514,
		.ecn = conf->ecn,
		.l2 = l2,
	};
	return q;
}

void link_queue_free(struct link_queue *q)
{
	free(q);
}

static void gone(struct link_queue *q, const struct link_frame *f)
{
	q->packets--;
	q->bytes -= f->len;
}

static void codel_drops(void *ctx, struct link_frame *take_f)
{
	struct link_queue *q = ctx;

	gone(q, take_f);
	q->drop(q->ctx, take_f, LINK_DROP_CODEL);
}

/* What CoDel lets go of one flow, counting what it marks. */
static struct link_frame *take_codel(struct link_queue *q, struct flow *f, uint64_t now_ns)
{
	uint64_t marked = f->codel.marked;
	struct link_frame *out =
		link_codel_take(&f->codel, &q->codel, &f->fifo, now_ns, codel_drops, q);

	q->marked += f->codel.marked - marked;
	return out;
}

/* RFC 8290 4.1.1: the flow with most bytes gives from its head: half of them, or so many frames. */
static void shed(struct link_queue *q)
{
	struct flow *fat = &q->flow[0];
	uint64_t enough;

	for (uint32_t i = 1; i < q->nflow; i++)
		if (q->flow[i].fifo.bytes > fat->fifo.bytes)
			fat = &q->flow[i];
	enough = fat->fifo.bytes / 2;
	for (int i = 0; i < SHED_MAX && fat->fifo.first; i++) {
		struct link_frame *f = link_fifo_take(&fat->fifo);

		gone(q, f);
		q->drop(q->ctx, f, LINK_DROP_QUEUE);
		if (fat->fifo.bytes <= enough)
			break;
	}
}

static void put_fair(struct link_queue *q, struct link_frame *take_f)
{
	uint64_t hash = link_mix(q->key ^ link_flow_key(q->codel.l2, take_f->data, take_f->len));
	struct flow *f = &q->flow[link_scale(hash, q->nflow)];

	link_fifo_put(&f->fifo, take_f);
	if (!f->listed) {
		f->deficit = q->conf.quantum;
		list_add(&q->fresh, f);
	}
	if (q->packets > q->conf.packets)
		shed(q);
}

void link_queue_put(struct link_queue *q, struct link_frame *take_f)
{
	bool fair = q->conf.kind == LINK_QUEUE_FQ_CODEL;

	if (!fair && ((q->conf.packets != 0 && q->packets >= q->conf.packets) ||
		      (q->conf.bytes != 0 && q->bytes + take_f->len > q->conf.bytes))) {
		q->drop(q->ctx, take_f, LINK_DROP_QUEUE);
		return;
	}
	q->packets++;
	q->bytes += take_f->len;
	if (fair)
		put_fair(q, take_f);
	else
		link_fifo_put(&q->flow[0].fifo, take_f);
}

/* RFC 8290 4.2: deficit round robin, new flows first; a new one that is empty becomes old, lest it
 * be new again at once. */
static struct link_frame *take_fair(struct link_queue *q, uint64_t now_ns)
{
	for (;;) {
		struct flow_list *l = q->fresh.first ? &q->fresh : &q->old;
		struct flow *fl = l->first;
		struct link_frame *f;

		if (!fl)
			return NULL;
		if (fl->deficit <= 0) {
			fl->deficit += q->conf.quantum;
			list_add(&q->old, list_take(l));
			continue;
		}
		f = take_codel(q, fl, now_ns);
		if (f) {
			fl->deficit -= f->len;
			return f;
		}
		list_take(l);
		if (l == &q->fresh && q->old.first)
			list_add(&q->old, fl);
	}
}

struct link_frame *link_queue_take(struct link_queue *q, uint64_t now_ns)
{
	struct link_frame *f = NULL;

	switch (q->conf.kind) {
	case LINK_QUEUE_LIMIT:
	case LINK_QUEUE_DROPTAIL:
		f = link_fifo_take(&q->flow[0].fifo);
		break;
	case LINK_QUEUE_CODEL:
		f = take_codel(q, &q->flow[0], now_ns);
		break;
	case LINK_QUEUE_FQ_CODEL:
		f = take_fair(q, now_ns);
		break;
	}
	if (f)
		gone(q, f);
	return f;
}

struct link_frame *link_queue_pour(struct link_queue *q)
{
	for (uint32_t i = 0; i < q->nflow; i++)
		if (q->flow[i].fifo.first) {
			struct link_frame *f = link_fifo_take(&q->flow[i].fifo);

			gone(q, f);
			return f;
		}
	return NULL;
}

uint64_t link_queue_packets(const struct link_queue *q)
{
	return q->packets;
}

uint64_t link_queue_bytes(const struct link_queue *q)
{
	return q->bytes;
}

uint64_t link_queue_marked(const struct link_queue *q)
{
	return q->marked;
}
