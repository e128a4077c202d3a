/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The line; see line.h. One frame is being sent at most. With a rate it is done at a known time;
 * with a trace it takes from opportunities until it is through, and what an opportunity has left
 * goes to those behind it.
 */
#include "harness/link/line.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "harness/link/ip.h"
#include "harness/link/rate.h"
#include "harness/link/trace.h"

struct link_line {
	struct link_spec spec;
	enum link_l2 l2;
	uint64_t key;
	struct link_queue *queue;
	link_queue_drop_fn *drop;
	void *ctx;
	struct link_frame *sending;
	uint64_t done_ns;	/* rate: when it is through */
	uint64_t to_send;	/* trace: bytes of it still to go */
	uint64_t origin_ns;	/* when the trace began: with the first frame */
	uint64_t opportunity;	/* the next one */
	bool begun;
	uint64_t marked_before;	/* by queues that were replaced */
};

struct link_line *link_line_new(const struct link_spec *spec, enum link_l2 l2, uint64_t key,
				link_queue_drop_fn *drop, void *ctx)
{
	struct link_line *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->queue = link_queue_new(&spec->disc, l2, key, drop, ctx);
	if (!l->queue) {
		free(l);
		return NULL;
	}
	l->spec = *spec;
	l->l2 = l2;
	l->key = key;
	l->drop = drop;
	l->ctx = ctx;
	return l;
}

void link_line_free(struct link_line *l, void (*free_frame)(void *ctx, struct link_frame *f),
		    void *ctx)
{
	struct link_frame *f;

	if (!l)
		return;
	while ((f = link_queue_pour(l->queue)))
		free_frame(ctx, f);
	if (l->sending)
		free_frame(ctx, l->sending);
	link_queue_free(l->queue);
	free(l);
}

static bool same_queue(const struct link_queue_conf *a, const struct link_queue_conf *b)
{
	return a->kind == b->kind && a->packets == b->packets && a->bytes == b->bytes &&
	       a->target_ns == b->target_ns && a->interval_ns == b->interval_ns &&
	       a->flows == b->flows && a->quantum == b->quantum && a->ecn == b->ecn;
}

int link_line_update(struct link_line *l, const struct link_spec *spec)
{
	struct link_queue *queue;
	struct link_frame *f;

	if (!same_queue(&spec->disc, &l->spec.disc)) {
		queue = link_queue_new(&spec->disc, l->l2, l->key, l->drop, l->ctx);
		if (!queue)
			return -ENOMEM;
		while ((f = link_queue_pour(l->queue)))
			link_queue_put(queue, f);
		l->marked_before += link_queue_marked(l->queue);
		link_queue_free(l->queue);
		l->queue = queue;
	}
	if (spec->trace != l->spec.trace) {
		/* What is being sent begins again, at the new pace from its next moment on. */
		l->begun = false;
		l->to_send = 0;
		l->done_ns = 0;
	}
	l->spec = *spec;
	return 0;
}

static uint64_t rate_of(const struct link_line *l, const struct link_frame *f)
{
	if (f->rate_bps != 0)
		return f->rate_bps;
	/* Without a discipline the model has counted the line's time already. */
	return l->spec.disc.kind == LINK_QUEUE_LIMIT ? 0 : l->spec.rate_bps;
}

static void through(struct link_line *l, uint64_t now_ns, struct link_fifo *out)
{
	l->sending->at_ns = now_ns;
	link_fifo_put(out, l->sending);
	l->sending = NULL;
}

/* With a rate: send all that is through by now. */
static void send_rated(struct link_line *l, uint64_t now_ns, struct link_fifo *out)
{
	uint64_t at_ns = now_ns;

	for (;;) {
		uint64_t rate;

		if (l->sending) {
			if (l->done_ns > now_ns)
				return;
			through(l, l->done_ns > 0 ? l->done_ns : now_ns, out);
		}
		l->sending = link_queue_take(l->queue, at_ns);
		if (!l->sending)
			return;
		rate = rate_of(l, l->sending);
		l->done_ns = rate ? link_later(at_ns, link_line_ns(&l->spec, rate, l->sending->len))
				  : at_ns;
	}
}

/* Bytes of IP packet, which is what a trace's opportunity carries 1500 of. */
static uint64_t bytes_of(const struct link_line *l, const struct link_frame *f)
{
	size_t at = link_ip_offset(l->l2, f->data, f->len);

	return f->len - (at < f->len ? at : 0);
}

static void send_opportunity(struct link_line *l, uint64_t now_ns, struct link_fifo *out)
{
	uint64_t left = LINK_TRACE_BYTES;

	for (;;) {
		if (!l->sending) {
			l->sending = link_queue_take(l->queue, now_ns);
			if (!l->sending)
				return;
			l->to_send = bytes_of(l, l->sending);
		}
		if (l->to_send > left) {
			l->to_send -= left;
			return;
		}
		left -= l->to_send;
		through(l, now_ns, out);
	}
}

static uint64_t opportunity_ns(const struct link_line *l)
{
	return link_later(l->origin_ns, link_trace_at_ns(l->spec.trace, l->opportunity));
}

static bool idle(const struct link_line *l)
{
	return !l->sending && link_queue_packets(l->queue) == 0;
}

void link_line_put(struct link_line *l, uint64_t now_ns, struct link_frame *take_f,
		   struct link_fifo *out)
{
	bool was_idle = idle(l);

	take_f->ready_ns = now_ns;
	link_queue_put(l->queue, take_f);
	if (!l->spec.trace) {
		send_rated(l, now_ns, out);
		return;
	}
	if (!l->begun) {
		l->begun = true;
		l->origin_ns = now_ns;
		l->opportunity = 0;
	}
	if (was_idle) {
		uint64_t first = link_trace_first(l->spec.trace, now_ns - l->origin_ns);

		if (first > l->opportunity)
			l->opportunity = first;
	}
}

uint64_t link_line_next(const struct link_line *l)
{
	if (idle(l))
		return UINT64_MAX;
	if (l->spec.trace && l->begun)
		return opportunity_ns(l);
	return l->sending ? l->done_ns : 0;
}

void link_line_run(struct link_line *l, uint64_t now_ns, struct link_fifo *out)
{
	if (!l->spec.trace) {
		send_rated(l, now_ns, out);
		return;
	}
	if (!l->begun) {
		l->begun = true;
		l->origin_ns = now_ns;
		l->opportunity = 0;
		return;
	}
	if (!idle(l) && opportunity_ns(l) <= now_ns) {
		uint64_t at_ns = opportunity_ns(l);

		l->opportunity++;
		send_opportunity(l, at_ns, out);
	}
}

uint64_t link_line_packets(const struct link_line *l)
{
	return link_queue_packets(l->queue) + (l->sending ? 1 : 0);
}

uint64_t link_line_bytes_held(const struct link_line *l)
{
	return link_queue_bytes(l->queue) + (l->sending ? l->sending->len : 0);
}

uint64_t link_line_marked(const struct link_line *l)
{
	return l->marked_before + link_queue_marked(l->queue);
}
