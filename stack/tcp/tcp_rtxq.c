/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The retransmission queue. Each pointer into it (sack_hint, scan, resend) moves forward as records
 * are dealt with, so that an acknowledgment costs what it newly acknowledges, not what is in
 * flight.
 *
 *	snd_una                       scan                              snd_nxt
 *	 | rec | rec lost | rec sacked | rec | rec sacked | rec | rec sacked |
 *	         resend ^               judged when more is SACKed above
 */
#include "tcp/tcp_rtxq.h"

#include <assert.h>

enum { RECS_MAX = 65536 }; /* of one connection: beyond it records are not split */

static struct tcp_rec *rec_of(struct list_node *n)
{
	return container_of(n, struct tcp_rec, node);
}

static struct tcp_rec *rec_next(const struct tcp_rtxq *q, const struct tcp_rec *r)
{
	struct list_node *n = list_next(&q->recs, &r->node);

	return n ? rec_of(n) : NULL;
}

void tcp_rtxq_init(struct tcp_rtxq *q)
{
	*q = (struct tcp_rtxq){ .n = 0 };
	list_init(&q->recs);
	list_init(&q->retransmitted);
}

void tcp_rtxq_clear(struct tcp_rtxq *q, struct pool *recs)
{
	struct list_node *n;

	while ((n = list_pop_front(&q->recs)))
		pool_put(recs, rec_of(n));
	tcp_rtxq_init(q);
}

static bool judged(const struct tcp_rtxq *q, const struct tcp_rec *r)
{
	return !q->scan || seq_lt(r->seq, q->scan->seq);
}

/* Takes the record's bytes [0, len) out of the sums. */
static void uncount(struct tcp_rtxq *q, const struct tcp_rec *r, uint32_t len)
{
	if (r->flags & TCP_REC_SACKED) {
		q->sacked -= len;
		if (judged(q, r))
			q->sacked_below -= len;
	}
	if (r->flags & TCP_REC_LOST)
		q->lost -= len;
	if (r->flags & TCP_REC_RETRANS)
		q->retrans -= len;
}

static void rec_free(struct tcp_rtxq *q, struct pool *recs, struct tcp_rec *r)
{
	struct tcp_rec *next = rec_next(q, r);

	uncount(q, r, r->len);
	if (q->sack_hint == r)
		q->sack_hint = next;
	if (q->scan == r)
		q->scan = next;
	if (q->resend == r)
		q->resend = next;
	list_remove(&r->node);
	list_remove(&r->by_time);
	q->n--;
	pool_put(recs, r);
}

struct tcp_rec *tcp_rtxq_sent(struct tcp_rtxq *q, struct pool *recs, seq_t seq, uint32_t len,
			      uint16_t mss, uint8_t flags, uint64_t now_ns)
{
	struct tcp_rec *r = pool_get(recs);

	if (!r)
		return NULL;
	*r = (struct tcp_rec){
		.sent_ns = now_ns, .seq = seq, .len = len, .mss = mss, .flags = flags
	};
	list_init_node(&r->by_time);
	list_push_back(&q->recs, &r->node);
	q->n++;
	if (!q->scan)
		q->scan = r;
	return r;
}

void tcp_rtxq_unsend(struct tcp_rtxq *q, struct pool *recs, struct tcp_rec *r)
{
	rec_free(q, recs, r);
}

/* Cuts a record after `len` bytes (0 < len < its): the rest is one of its own behind it. False: no
 * memory. */
static bool rec_split(struct tcp_rtxq *q, struct pool *recs, struct tcp_rec *r, uint32_t len)
{
	struct tcp_rec *rest;

	assert(len > 0 && len < r->len);
	if (q->n >= RECS_MAX || !(rest = pool_get(recs)))
		return false;
	*rest = *r;
	rest->seq += len;
	rest->len -= len;
	rest->flags &= (uint8_t)~TCP_REC_SYN;
	r->len = len;
	r->flags &= (uint8_t)~TCP_REC_FIN;
	list_insert_before(r->node.next, &rest->node);
	list_init_node(&rest->by_time);
	if (list_linked(&r->by_time))
		list_insert_before(r->by_time.next, &rest->by_time);
	q->n++;
	return true;
}

static uint32_t rec_segs(const struct tcp_rec *r, uint32_t len)
{
	return (len + r->mss - 1) / r->mss;
}

/* The first `len` bytes of it arrived. */
static void deliver(const struct tcp_rec *r, uint32_t len, struct tcp_delivered *d)
{
	d->acked += len;
	d->segs += rec_segs(r, r->len) - rec_segs(r, r->len - len);
	if (r->sent_ns > d->newest_ns)
		d->newest_ns = r->sent_ns;
	if (r->flags & TCP_REC_EVER) {
		d->retrans = true;
		return;
	}
	if (d->first_ns == 0 || r->sent_ns < d->first_ns)
		d->first_ns = r->sent_ns;
	if (r->sent_ns > d->last_ns)
		d->last_ns = r->sent_ns;
}

void tcp_rtxq_ack(struct tcp_rtxq *q, struct pool *recs, seq_t ack, struct tcp_delivered *d)
{
	struct tcp_rec *r;

	while ((r = tcp_rtxq_first(q)) && seq_lt(r->seq, ack)) {
		uint32_t len = ack - r->seq;

		if (len > r->len)
			len = r->len;
		if (!(r->flags & TCP_REC_SACKED))
			deliver(r, len, d);
		if (len == r->len) {
			rec_free(q, recs, r);
			continue;
		}
		uncount(q, r, len);
		r->seq += len;
		r->len -= len;
		r->flags &= (uint8_t)~TCP_REC_SYN;
	}
}

/* The record that holds the block's start, from the hint or from the front. */
static struct tcp_rec *find_block(const struct tcp_rtxq *q, seq_t from)
{
	struct tcp_rec *r = q->sack_hint;

	if (!r || seq_gt(r->seq, from))
		r = tcp_rtxq_first(q);
	while (r && seq_le(r->seq + r->len, from))
		r = rec_next(q, r);
	return r;
}

static void mark_sacked(struct tcp_rtxq *q, struct tcp_rec *r, struct tcp_delivered *d)
{
	deliver(r, r->len, d);
	d->sacked += r->len;
	if (r->flags & TCP_REC_LOST)
		q->lost -= r->len;
	if (r->flags & TCP_REC_RETRANS)
		q->retrans -= r->len;
	list_remove(&r->by_time);
	r->flags &= (uint8_t)~(TCP_REC_LOST | TCP_REC_RETRANS);
	r->flags |= TCP_REC_SACKED;
	q->sacked += r->len;
	if (judged(q, r))
		q->sacked_below += r->len;
}

/*
 * The bytes of a record that a block covers are made a record of their own, in whole segments as
 * they were sent, so that a hostile receiver cannot cut them to crumbs. NULL: nothing of it is
 * covered.
 */
static struct tcp_rec *isolate(struct tcp_rtxq *q, struct pool *recs, struct tcp_rec *r,
			       struct tcp_range b)
{
	uint32_t mss = r->mss;
	uint32_t skip = seq_gt(b.from, r->seq) ? b.from - r->seq : 0;
	uint32_t end = seq_lt(b.to, r->seq + r->len) ? b.to - r->seq : r->len;

	skip = (skip + mss - 1) / mss * mss;
	if (end < r->len)
		end = end / mss * mss;
	if (skip >= end)
		return NULL;
	if (end < r->len && !rec_split(q, recs, r, end))
		return NULL;
	if (skip > 0) {
		if (!rec_split(q, recs, r, skip))
			return NULL;
		r = rec_next(q, r);
	}
	return r;
}

void tcp_rtxq_sack(struct tcp_rtxq *q, struct pool *recs, struct tcp_range block,
		   struct tcp_delivered *d)
{
	struct tcp_rec *r = find_block(q, block.from), *got;

	while (r && seq_lt(r->seq, block.to)) {
		q->sack_hint = r;
		if (!(r->flags & TCP_REC_SACKED)) {
			got = isolate(q, recs, r, block);
			if (got) {
				mark_sacked(q, got, d);
				r = got;
			}
		}
		r = rec_next(q, r);
	}
}

static void mark_lost(struct tcp_rtxq *q, struct tcp_rec *r)
{
	if (!(r->flags & TCP_REC_LOST)) {
		r->flags |= TCP_REC_LOST;
		q->lost += r->len;
	}
	if (!q->resend || seq_lt(r->seq, q->resend->seq))
		q->resend = r;
}

uint32_t tcp_rtxq_judge(struct tcp_rtxq *q, uint32_t mss)
{
	uint32_t lost = 0;

	while (q->scan && q->sacked - q->sacked_below > 2 * mss) {
		struct tcp_rec *r = q->scan;

		if (r->flags & TCP_REC_SACKED) {
			q->sacked_below += r->len;
		} else if (!(r->flags & TCP_REC_LOST)) {
			mark_lost(q, r);
			lost += r->len;
		}
		q->scan = rec_next(q, r);
	}
	return lost;
}

void tcp_rtxq_head_lost(struct tcp_rtxq *q, struct pool *recs, uint32_t len)
{
	struct tcp_rec *r = tcp_rtxq_first(q);

	if (!r || (r->flags & (TCP_REC_LOST | TCP_REC_SACKED)))
		return;
	if (len < r->len)
		(void)rec_split(q, recs, r, len); /* without memory all of it is */
	mark_lost(q, r);
	if (q->scan == r)
		q->scan = rec_next(q, r);
}

uint32_t tcp_rtxq_retrans_lost(struct tcp_rtxq *q, uint64_t before_ns)
{
	struct list_node *n;
	uint32_t lost = 0;

	while ((n = list_first(&q->retransmitted))) {
		struct tcp_rec *r = container_of(n, struct tcp_rec, by_time);

		if (r->sent_ns >= before_ns)
			break;
		list_remove(n);
		r->flags &= (uint8_t)~TCP_REC_RETRANS;
		q->retrans -= r->len;
		lost += r->len;
		mark_lost(q, r);
	}
	return lost;
}

uint32_t tcp_rtxq_larger_lost(struct tcp_rtxq *q, uint32_t mss)
{
	struct list_node *n;
	uint32_t lost = 0;

	list_for_each(n, &q->recs) {
		struct tcp_rec *r = rec_of(n);

		if ((r->flags & TCP_REC_SACKED) || r->mss <= mss || r->len <= mss)
			continue;
		if (r->flags & TCP_REC_RETRANS) {
			r->flags &= (uint8_t)~TCP_REC_RETRANS;
			q->retrans -= r->len;
			list_remove(&r->by_time);
		}
		mark_lost(q, r);
		lost += r->len;
	}
	return lost;
}

void tcp_rtxq_all_lost(struct tcp_rtxq *q)
{
	const struct tcp_rec *first = tcp_rtxq_first(q);
	bool reneged = first && (first->flags & TCP_REC_SACKED);
	struct list_node *n;

	q->lost = q->retrans = 0;
	if (reneged)
		q->sacked = 0;
	q->resend = q->scan = q->sack_hint = NULL;
	list_for_each(n, &q->recs) {
		struct tcp_rec *r = rec_of(n);

		list_remove(&r->by_time);
		r->flags &= (uint8_t)~(TCP_REC_LOST | TCP_REC_RETRANS);
		if (reneged)
			r->flags &= (uint8_t)~TCP_REC_SACKED;
		if (!(r->flags & TCP_REC_SACKED))
			mark_lost(q, r);
	}
	q->sacked_below = q->sacked;
}

struct tcp_rec *tcp_rtxq_next(struct tcp_rtxq *q)
{
	while (q->resend && (q->resend->flags & (TCP_REC_LOST | TCP_REC_RETRANS)) != TCP_REC_LOST)
		q->resend = rec_next(q, q->resend);
	return q->resend;
}

void tcp_rtxq_resent(struct tcp_rtxq *q, struct pool *recs, struct tcp_rec *r, uint32_t len,
		     uint16_t mss, uint64_t now_ns)
{
	if (len < r->len)
		(void)rec_split(q, recs, r, len); /* without memory it waits for the timeout */
	if (!(r->flags & TCP_REC_RETRANS)) {
		r->flags |= TCP_REC_RETRANS;
		q->retrans += r->len;
	}
	r->flags |= TCP_REC_EVER;
	r->mss = mss;
	r->sent_ns = now_ns;
	list_remove(&r->by_time);
	list_push_back(&q->retransmitted, &r->by_time);
}
