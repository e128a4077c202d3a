/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The out-of-order queue: a sorted array of pointers to pieces, searched by halves, so that a
 * sender of many tiny holes costs a logarithm per segment and a short memmove. Called by
 * tcp_text.c.
 *
 *	rcv_nxt      [ piece 0 )      [ piece 1 )[ gap )[ piece 2 )
 */
#include "tcp/tcp_reass.h"

#include <string.h>

enum { REASS_CAP_FIRST = 8 };

void tcp_reass_init(struct tcp_reass *r)
{
	*r = (struct tcp_reass){ .piece = NULL };
}

static void array_free(const struct tcp_reass_env *e, struct tcp_reass *r)
{
	if (r->piece)
		mem_free(e->mem, r->piece, r->cap * sizeof(struct tcp_piece *));
	r->piece = NULL;
	r->cap = 0;
}

/* Takes n pieces from index `at` out of the array; they are the caller's. */
static void array_remove(const struct tcp_reass_env *e, struct tcp_reass *r, uint32_t at,
			 uint32_t n)
{
	memmove(r->piece + at, r->piece + at + n,
		(r->n - at - n) * sizeof(struct tcp_piece *));
	r->n -= n;
	if (r->n == 0)
		array_free(e, r);
}

static bool array_grow(const struct tcp_reass_env *e, struct tcp_reass *r)
{
	uint32_t cap = r->cap ? r->cap * 2 : REASS_CAP_FIRST;
	struct tcp_piece **bigger = mem_alloc(e->mem, cap * sizeof(struct tcp_piece *));

	if (!bigger)
		return false;
	if (r->n)
		memcpy(bigger, r->piece, r->n * sizeof(struct tcp_piece *));
	if (r->piece)
		mem_free(e->mem, r->piece, r->cap * sizeof(struct tcp_piece *));
	r->piece = bigger;
	r->cap = cap & INT32_MAX;
	return true;
}

static void piece_free(const struct tcp_reass_env *e, struct tcp_reass *r, struct tcp_piece *p)
{
	r->charged -= p->data.charged;
	r->counted -= p->data.counted;
	r->len -= p->data.len;
	stream_clear(&p->data);
	pool_put(e->pieces, p);
}

void tcp_reass_clear(const struct tcp_reass_env *e, struct tcp_reass *r)
{
	for (uint32_t i = 0; i < r->n; i++)
		piece_free(e, r, r->piece[i]);
	r->n = 0;
	array_free(e, r);
	r->has_fin = false;
}

/* The first piece that ends after seq, or r->n. */
static uint32_t find(const struct tcp_reass *r, seq_t seq)
{
	uint32_t lo = 0, hi = r->n;

	/* Nearly always the segment belongs behind the last piece. */
	if (r->n && seq_ge(seq, tcp_piece_end(r->piece[r->n - 1])))
		return r->n;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (seq_gt(tcp_piece_end(r->piece[mid]), seq))
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

/* An empty piece at index `at`, or NULL with *why set. */
static struct tcp_piece *piece_new(const struct tcp_reass_env *e, struct tcp_reass *r, uint32_t at,
				   seq_t seq, enum drop *why)
{
	struct tcp_piece *p;

	*why = DROP_TCP_OFO_QUEUE_PRUNE;
	if (r->n >= e->pieces_max)
		return NULL;
	*why = DROP_NOMEM;
	if (r->n == r->cap && !array_grow(e, r))
		return NULL;
	p = pool_get(e->pieces);
	if (!p)
		return NULL;
	p->seq = seq;
	stream_init(&p->data, e->pkts, e->nodes);
	memmove(r->piece + at + 1, r->piece + at, (r->n - at) * sizeof(struct tcp_piece *));
	r->piece[at] = p;
	r->n++;
	return p;
}

/* Appends packet bytes to a piece. An empty one that stays empty is removed. */
static bool piece_append(const struct tcp_reass_env *e, struct tcp_reass *r, uint32_t at,
			 const struct pkt *p, uint32_t off, uint32_t len,
			 const struct stream_count *count)
{
	struct tcp_piece *to = r->piece[at];
	uint32_t charged = to->data.charged, counted = to->data.counted;
	bool ok = stream_append_counted(&to->data, p, off, len, count);

	r->charged += to->data.charged - charged;
	r->counted += to->data.counted - counted;
	if (ok) {
		r->len += len;
	} else if (to->data.len == 0) {
		array_remove(e, r, at, 1);
		piece_free(e, r, to);
	}
	return ok;
}

/* Piece at+1, which begins where piece `at` ends, becomes its end. */
static void merge_next(const struct tcp_reass_env *e, struct tcp_reass *r, uint32_t at)
{
	struct tcp_piece *next = r->piece[at + 1];

	stream_splice(&r->piece[at]->data, &next->data);
	array_remove(e, r, at + 1, 1);
	pool_put(e->pieces, next);
}

/* Fills the gap [seq, end) in front of piece *at, or behind the last; *at is then the piece it is
 * in. */
static enum drop fill_gap(const struct tcp_reass_env *e, struct tcp_reass *r, uint32_t *at,
			  const struct pkt *p, uint32_t off, seq_t seq, seq_t end,
			  const struct stream_count *count)
{
	bool joins_prev = *at > 0 && tcp_piece_end(r->piece[*at - 1]) == seq;
	bool joins_next = *at < r->n && r->piece[*at]->seq == end;
	enum drop why;

	if (joins_prev)
		(*at)--;
	else if (!piece_new(e, r, *at, seq, &why))
		return why;
	if (!piece_append(e, r, *at, p, off, end - seq, count))
		return DROP_NOMEM;
	if (joins_next)
		merge_next(e, r, *at);
	return DROP_NONE;
}

enum drop tcp_reass_add(const struct tcp_reass_env *e, struct tcp_reass *r, seq_t seq,
			const struct pkt *p, uint32_t off, uint32_t len,
			const struct stream_count *count, struct tcp_range *block, struct tcp_range *dup)
{
	seq_t at_seq = seq, end = seq + len;
	uint32_t at = find(r, seq);
	enum drop result = DROP_TCP_OFOMERGE;

	if (at < r->n && seq_lt(r->piece[at]->seq, end))
		*dup = (struct tcp_range){ seq_max(seq, r->piece[at]->seq),
					   seq_min(end, tcp_piece_end(r->piece[at])) };
	while (seq_lt(at_seq, end)) {
		seq_t gap_end = at < r->n ? seq_min(r->piece[at]->seq, end) : end;

		if (seq_lt(at_seq, gap_end)) {
			enum drop why = fill_gap(e, r, &at, p, off + (at_seq - seq), at_seq,
						 gap_end, count);

			if (why != DROP_NONE)
				return why;
			result = DROP_NONE;
		}
		at_seq = tcp_piece_end(r->piece[at]);
		block->from = r->piece[at]->seq;
		block->to = at_seq;
		at++;
	}
	return result;
}

void tcp_reass_fin(struct tcp_reass *r, seq_t seq)
{
	if (r->has_fin)
		return;
	r->has_fin = true;
	r->fin_seq = seq;
}

uint32_t tcp_reass_take(const struct tcp_reass_env *e, struct tcp_reass *r, seq_t rcv_nxt,
			struct stream *to)
{
	seq_t at = rcv_nxt;
	uint32_t n = 0;

	while (n < r->n && seq_le(r->piece[n]->seq, at)) {
		struct tcp_piece *p = r->piece[n++];
		uint32_t had = seq_min(at, tcp_piece_end(p)) - p->seq;

		r->charged -= p->data.charged;
		r->counted -= p->data.counted;
		r->len -= p->data.len;
		stream_consume(&p->data, had);
		at += p->data.len;
		stream_splice(to, &p->data);
		pool_put(e->pieces, p);
	}
	if (n)
		array_remove(e, r, 0, n);
	return at - rcv_nxt;
}

uint32_t tcp_reass_prune(const struct tcp_reass_env *e, struct tcp_reass *r, uint32_t most)
{
	uint32_t pruned = 0;

	while (r->n && r->counted > most) {
		struct tcp_piece *p = r->piece[r->n - 1];

		array_remove(e, r, r->n - 1, 1);
		piece_free(e, r, p);
		pruned++;
	}
	return pruned;
}
