/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The retransmission queue. Its pointers (sack_hint, resend) move forward as records are dealt
 * with, and blocks that the last ACK reported are not looked at again, so that an acknowledgment
 * costs what it newly acknowledges, not what is in flight.
 *
 *	snd_una                                             fack        snd_nxt
 *	 | rec | rec lost | rec sacked | rec | rec sacked | rec sacked | rec |
 *	         resend ^
 */
#include "tcp/tcp_rtxq.h"

#include <assert.h>

enum {
	RECS_MAX = 65536, /* of one connection: beyond it records are not split */
	STEPS_MAX = 16384 /* records passed in search of an ACK's blocks */
};

static struct tcp_rec *rec_of(struct list_node *n)
{
	return container_of(n, struct tcp_rec, node);
}

static struct tcp_rec *rec_next(const struct tcp_rtxq *q, const struct tcp_rec *r)
{
	struct list_node *n = list_next(&q->recs, &r->node);

	return n ? rec_of(n) : NULL;
}

static struct tcp_rec *rec_prev(const struct tcp_rtxq *q, const struct tcp_rec *r)
{
	return r->node.prev == &q->recs.head ? NULL : rec_of(r->node.prev);
}

static seq_t rec_end(const struct tcp_rec *r)
{
	return r->seq + r->len;
}

void tcp_rtxq_init(struct tcp_rtxq *q)
{
	*q = (struct tcp_rtxq){ .n = 0 };
	list_init(&q->recs);
	list_init(&q->by_time);
}

void tcp_rtxq_clear(struct tcp_rtxq *q, struct pool *recs)
{
	struct list_node *n;

	while ((n = list_pop_front(&q->recs)))
		pool_put(recs, rec_of(n));
	tcp_rtxq_init(q);
}

uint32_t tcp_rec_segs(const struct tcp_rec *r)
{
	uint32_t data = r->len - (r->flags & TCP_REC_FIN ? 1 : 0);

	return data <= r->mss ? 1 : (data + r->mss - 1) / r->mss;
}

static void uncount(struct tcp_rtxq *q, const struct tcp_rec *r)
{
	uint32_t segs = tcp_rec_segs(r);

	q->out -= segs;
	if (r->flags & TCP_REC_SACKED)
		q->sacked -= segs;
	if (r->flags & TCP_REC_LOST)
		q->lost -= segs;
	if (r->flags & TCP_REC_RETRANS)
		q->retrans -= segs;
}

static void count(struct tcp_rtxq *q, const struct tcp_rec *r)
{
	uint32_t segs = tcp_rec_segs(r);

	q->out += segs;
	if (r->flags & TCP_REC_SACKED)
		q->sacked += segs;
	if (r->flags & TCP_REC_LOST)
		q->lost += segs;
	if (r->flags & TCP_REC_RETRANS)
		q->retrans += segs;
}

static void rec_free(struct tcp_rtxq *q, struct pool *recs, struct tcp_rec *r)
{
	struct tcp_rec *next = rec_next(q, r);

	uncount(q, r);
	if (q->sack_hint == r)
		q->sack_hint = next;
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
	list_push_back(&q->by_time, &r->by_time);
	q->n++;
	count(q, r);
	return r;
}

void tcp_rtxq_unsend(struct tcp_rtxq *q, struct pool *recs, struct tcp_rec *r)
{
	rec_free(q, recs, r);
}

void tcp_rtxq_drop(struct tcp_rtxq *q, struct pool *recs, struct tcp_rec *r)
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
	uncount(q, r);
	*rest = *r;
	rest->seq += len;
	rest->len -= len;
	rest->flags &= (uint8_t)~TCP_REC_SYN;
	r->len = len;
	r->flags &= (uint8_t)~(TCP_REC_FIN | TCP_REC_PUSH);
	list_insert_before(r->node.next, &rest->node);
	list_init_node(&rest->by_time);
	if (list_linked(&r->by_time))
		list_insert_before(r->by_time.next, &rest->by_time);
	count(q, r);
	count(q, rest);
	q->n++;
	return true;
}

static void arrived(struct tcp_delivered *d, const struct tcp_rec *r)
{
	bool ever = r->flags & TCP_REC_EVER;

	if (r->sent_ns > d->newest_ns)
		d->newest_ns = r->sent_ns;
	/* Nothing was sent before a SYN, and by Fast Open data behind it may have come first. */
	if (!d->rack || (r->flags & TCP_REC_SYN))
		return;
	/* An echo from before it was sent again is the first copy's (RFC 8985 6.2 step 2). */
	if (ever && d->has_ecr && (int32_t)(d->ecr_ms - (uint32_t)(r->sent_ns / 1000000)) < 0)
		return;
	tcp_rack_advance(d->rack, r->sent_ns, rec_end(r), ever, d->now_ns, d->min_rtt_us);
}

static void late(struct tcp_delivered *d, const struct tcp_rec *r)
{
	if (!d->reordered || seq_lt(r->seq, d->reorder))
		d->reorder = r->seq;
	d->reordered = true;
}

/* Data that was never sent again arrived. */
static void original(const struct tcp_rtxq *q, const struct tcp_rec *r, struct tcp_delivered *d)
{
	if (q->sacked && seq_lt(r->seq, q->fack))
		late(d, r);
	if (seq_le(rec_end(r), d->high_seq))
		d->orig = true;
}

static void span(uint64_t *first_ns, uint64_t *last_ns, uint64_t sent_ns)
{
	if (*first_ns == 0 || sent_ns < *first_ns)
		*first_ns = sent_ns;
	if (sent_ns > *last_ns)
		*last_ns = sent_ns;
}

/* The first `len` bytes of it are acknowledged. */
static void deliver(const struct tcp_rtxq *q, struct tcp_rec *r, uint32_t len,
		    struct tcp_delivered *d)
{
	if (r->flags & TCP_REC_EVER)
		d->retrans = true;
	if (r->flags & TCP_REC_SACKED)
		return;
	d->acked += len;
	tcp_rate_got(&d->rate, &r->rate, r->sent_ns, len);
	if (!(r->flags & TCP_REC_EVER)) {
		span(&d->first_ns, &d->last_ns, r->sent_ns);
		original(q, r, d);
	}
	arrived(d, r);
}

void tcp_rtxq_ack(struct tcp_rtxq *q, struct pool *recs, seq_t ack, struct tcp_delivered *d)
{
	struct tcp_rec *r;

	while ((r = tcp_rtxq_first(q)) && seq_lt(r->seq, ack)) {
		uint32_t len = ack - r->seq, segs = tcp_rec_segs(r);
		bool sacked = r->flags & TCP_REC_SACKED;

		if (len > r->len)
			len = r->len;
		deliver(q, r, len, d);
		if (len == r->len) {
			rec_free(q, recs, r);
		} else {
			uncount(q, r);
			r->seq += len;
			r->len -= len;
			r->flags &= (uint8_t)~TCP_REC_SYN;
			count(q, r);
			segs -= tcp_rec_segs(r);
		}
		d->left += segs;
		if (!sacked)
			d->segs += segs;
	}
	d->reneged = r && (r->flags & TCP_REC_SACKED);
}

/* The record that holds `seq`, or the first behind it, from wherever is nearest. */
static struct tcp_rec *find(const struct tcp_rtxq *q, seq_t seq, int *steps)
{
	struct tcp_rec *r = q->sack_hint, *first = tcp_rtxq_first(q), *prev;

	if (!r || !first || seq - first->seq < (r->seq - first->seq) / 2 || seq_lt(seq, first->seq))
		r = first;
	while (r && seq_gt(r->seq, seq) && (prev = rec_prev(q, r)) && --*steps > 0)
		r = prev;
	while (r && seq_le(rec_end(r), seq) && --*steps > 0)
		r = rec_next(q, r);
	return r;
}

static void mark_sacked(struct tcp_rtxq *q, struct tcp_rec *r, struct tcp_delivered *d)
{
	uint32_t segs = tcp_rec_segs(r);

	d->acked += r->len;
	d->sacked += r->len;
	d->segs += segs;
	d->sacked_segs += segs;
	tcp_rate_got(&d->rate, &r->rate, r->sent_ns, r->len);
	arrived(d, r);
	if (!(r->flags & TCP_REC_EVER)) {
		original(q, r, d);
		span(&d->sack_first_ns, &d->sack_last_ns, r->sent_ns);
	}
	uncount(q, r);
	list_remove(&r->by_time);
	r->flags &= (uint8_t)~(TCP_REC_LOST | TCP_REC_RETRANS);
	r->flags |= TCP_REC_SACKED;
	if (!q->sacked || seq_gt(rec_end(r), q->fack))
		q->fack = rec_end(r);
	count(q, r);
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
	uint32_t end = seq_lt(b.to, rec_end(r)) ? b.to - r->seq : r->len;

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

/* A D-SACK that lies above snd_una: what of it was sent again, was for nothing. */
static void duplicate(struct tcp_rtxq *q, struct tcp_rec *r, struct tcp_range b,
		      struct tcp_delivered *d)
{
	if (!(r->flags & TCP_REC_EVER) || seq_lt(r->seq, b.from) || seq_gt(rec_end(r), b.to))
		return;
	d->dup_segs += tcp_rec_segs(r);
	d->dup_end = rec_end(r);
	if (r->flags & TCP_REC_SACKED)
		late(d, r);
	if (r->flags & TCP_REC_RETRANS) {
		uncount(q, r);
		r->flags &= (uint8_t)~TCP_REC_RETRANS;
		count(q, r);
		if (r->flags & TCP_REC_LOST)
			list_remove(&r->by_time);
	}
}

/* Block b, where its records lie in [from, to). */
static void walk(struct tcp_rtxq *q, struct pool *recs, seq_t from, seq_t to, struct tcp_range b,
		 bool dsack, struct tcp_delivered *d, int *steps)
{
	struct tcp_rec *r, *got;

	if (seq_ge(from, to))
		return;
	r = find(q, from, steps);
	while (r && seq_lt(r->seq, to) && --*steps > 0) {
		q->sack_hint = r;
		if (!(r->flags & TCP_REC_SACKED)) {
			got = isolate(q, recs, r, b);
			if (got) {
				mark_sacked(q, got, d);
				r = got;
			}
		}
		if (dsack)
			duplicate(q, r, b, d);
		r = rec_next(q, r);
	}
}

bool tcp_rtxq_sack(struct tcp_rtxq *q, struct pool *recs, const struct tcp_range *block, unsigned n,
		   int dsack, struct tcp_delivered *d)
{
	int steps = STEPS_MAX;

	for (unsigned i = 0; i < n; i++) {
		struct tcp_range b = block[i];
		seq_t from = b.from;

		if ((int)i == dsack) {
			walk(q, recs, from, b.to, b, true, d, &steps);
			continue;
		}
		for (unsigned j = 0; j < q->nknown; j++) { /* sorted, too */
			struct tcp_range k = q->known[j];

			if (seq_le(k.to, from) || seq_ge(k.from, b.to))
				continue;
			walk(q, recs, from, k.from, b, false, d, &steps);
			from = k.to;
		}
		walk(q, recs, from, b.to, b, false, d, &steps);
	}
	q->nknown = 0;
	for (unsigned i = 0; steps > 0 && i < n && i < TCP_SACK_MAX; i++)
		if ((int)i != dsack)
			q->known[q->nknown++] = block[i];
	return steps > 0;
}

void tcp_rtxq_lose(struct tcp_rtxq *q, struct tcp_rec *r)
{
	uint32_t segs = tcp_rec_segs(r);

	if (r->flags & TCP_REC_SACKED)
		return;
	if (r->flags & TCP_REC_RETRANS) {
		r->flags &= (uint8_t)~TCP_REC_RETRANS;
		q->retrans -= segs;
		q->lost_again += segs;
		q->lost_ever += segs;
	} else if (!(r->flags & TCP_REC_LOST)) {
		q->lost_ever += segs;
	}
	if (!(r->flags & TCP_REC_LOST)) {
		r->flags |= TCP_REC_LOST;
		q->lost += segs;
	}
	list_remove(&r->by_time);
	if (!q->resend || seq_lt(r->seq, q->resend->seq))
		q->resend = r;
}

void tcp_rtxq_head_lost(struct tcp_rtxq *q, struct pool *recs, uint32_t len)
{
	struct tcp_rec *r = tcp_rtxq_first(q);

	if (!r || (r->flags & (TCP_REC_LOST | TCP_REC_SACKED)))
		return;
	if (len < r->len && tcp_rec_segs(r) > 1)
		(void)rec_split(q, recs, r, len); /* without memory all of it is */
	tcp_rtxq_lose(q, r);
}

uint32_t tcp_rtxq_larger_lost(struct tcp_rtxq *q, uint32_t mss)
{
	struct list_node *n;
	uint32_t lost = 0;

	list_for_each(n, &q->recs) {
		struct tcp_rec *r = rec_of(n);

		if ((r->flags & TCP_REC_SACKED) || r->mss <= mss || r->len <= mss)
			continue;
		tcp_rtxq_lose(q, r);
		lost += tcp_rec_segs(r);
	}
	return lost;
}

bool tcp_rtxq_all_lost(struct tcp_rtxq *q, uint64_t recent_ns)
{
	const struct tcp_rec *first = tcp_rtxq_first(q);
	bool reneged = first && (first->flags & TCP_REC_SACKED);
	struct list_node *n;

	if (reneged) {
		q->sacked = 0;
		q->nknown = 0;
		q->sack_hint = NULL;
	}
	list_for_each(n, &q->recs) {
		struct tcp_rec *r = rec_of(n);

		if (reneged)
			r->flags &= (uint8_t)~TCP_REC_SACKED;
		else if (r != first && r->sent_ns > recent_ns)
			continue;
		tcp_rtxq_lose(q, r);
	}
	return reneged;
}

void tcp_rtxq_none_lost(struct tcp_rtxq *q)
{
	struct list_node *n, *at = q->by_time.head.next;
	uint64_t last_ns = 0;

	q->lost = 0;
	q->resend = NULL;
	list_for_each(n, &q->recs) {
		struct tcp_rec *r = rec_of(n);

		if (!(r->flags & TCP_REC_LOST))
			continue;
		r->flags &= (uint8_t)~TCP_REC_LOST;
		if (list_linked(&r->by_time))
			continue;
		/* Its place is behind the last one's, as a rule. */
		if (r->sent_ns < last_ns)
			at = q->by_time.head.next;
		while (at != &q->by_time.head &&
		       container_of(at, struct tcp_rec, by_time)->sent_ns <= r->sent_ns)
			at = at->next;
		list_insert_before(at, &r->by_time);
		last_ns = r->sent_ns;
	}
}

struct tcp_rec *tcp_rtxq_next(struct tcp_rtxq *q)
{
	while (q->resend && (q->resend->flags & (TCP_REC_LOST | TCP_REC_RETRANS)) != TCP_REC_LOST)
		q->resend = rec_next(q, q->resend);
	return q->resend;
}

static void sent_again(struct tcp_rtxq *q, struct tcp_rec *r, uint64_t now_ns)
{
	r->flags |= TCP_REC_EVER;
	r->sent_ns = now_ns;
	list_remove(&r->by_time);
	list_push_back(&q->by_time, &r->by_time);
}

void tcp_rtxq_resent(struct tcp_rtxq *q, struct pool *recs, struct tcp_rec *r, uint32_t len,
		     uint16_t mss, uint64_t now_ns)
{
	if (len < r->len)
		(void)rec_split(q, recs, r, len); /* without memory it waits for the timeout */
	uncount(q, r);
	r->flags |= TCP_REC_RETRANS;
	r->mss = mss;
	count(q, r);
	sent_again(q, r, now_ns);
}

void tcp_rtxq_collapse(struct tcp_rtxq *q, struct pool *recs, struct tcp_rec *r, uint32_t mss)
{
	struct tcp_rec *next;

	while (r->len < mss && !(r->flags & (TCP_REC_SYN | TCP_REC_FIN)) &&
	       (next = rec_next(q, r)) && !(next->flags & TCP_REC_SACKED) &&
	       r->len + next->len - (next->flags & TCP_REC_FIN ? 1 : 0) <= mss) {
		uint8_t flags = next->flags & (TCP_REC_FIN | TCP_REC_EVER | TCP_REC_PUSH);
		uint32_t len = next->len;

		rec_free(q, recs, next);
		uncount(q, r);
		r->len += len;
		r->mss = (uint16_t)mss;
		r->flags |= flags;
		count(q, r);
	}
}

struct tcp_rec *tcp_rtxq_tail(struct tcp_rtxq *q, struct pool *recs)
{
	struct tcp_rec *r = tcp_rtxq_last(q);
	uint32_t segs;

	if (!r || (r->flags & TCP_REC_SACKED))
		return NULL;
	segs = tcp_rec_segs(r);
	if (segs > 1) {
		if (!rec_split(q, recs, r, (segs - 1) * r->mss))
			return NULL;
		r = rec_next(q, r);
	}
	return r;
}

void tcp_rtxq_probed(struct tcp_rtxq *q, struct tcp_rec *r, uint64_t now_ns)
{
	sent_again(q, r, now_ns);
}
