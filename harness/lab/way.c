/* SPDX-License-Identifier: BSD-2-Clause */
/* See way.h. */
#include "harness/lab/way.h"

#include <stdlib.h>
#include <string.h>

#include "harness/sim/mem.h"

static struct lab_sent *nth(const struct lab_way *w, uint32_t i)
{
	return &w->sent[(w->at + i) & (w->cap - 1)];
}

static void remember(struct lab_way *w, uint64_t end, uint64_t at_ns)
{
	if (w->n == w->cap) {
		uint32_t cap = w->cap ? 2 * w->cap : 16;
		struct lab_sent *more = sim_alloc(cap * sizeof(*more));

		for (uint32_t i = 0; i < w->n; i++)
			more[i] = *nth(w, i);
		free(w->sent);
		w->sent = more;
		w->cap = cap;
		w->at = 0;
	}
	*nth(w, w->n++) = (struct lab_sent){ end, at_ns };
}

/* The first that ends behind `seq`. */
static uint32_t find(const struct lab_way *w, uint64_t seq)
{
	uint32_t low = 0, high = w->n;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (nth(w, middle)->end <= seq)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

uint64_t lab_way_seq(const struct lab_way *w, uint32_t seq)
{
	uint64_t near = w->highest;
	int64_t at = (int64_t)near + (int32_t)(seq - (w->first + (uint32_t)near));

	return at > 0 ? (uint64_t)at : 0;
}

bool lab_way_sent(struct lab_way *w, const struct lab_segment *s, uint64_t now_ns)
{
	uint32_t len = s->len + !!(s->flags & LAB_SYN) + !!(s->flags & LAB_FIN);
	uint64_t seq, end;
	bool again;

	if (s->flags & LAB_SYN && !w->known) {
		w->known = true;
		w->first = s->seq;
		w->wscale = s->wscale >= 0 ? (uint8_t)s->wscale : 0;
	}
	if (!w->known || len == 0)
		return false;
	seq = lab_way_seq(w, s->seq);
	end = seq + len;
	again = seq < w->highest;
	for (uint32_t i = again ? find(w, seq) : w->n; i < w->n; i++) {
		struct lab_sent *e = nth(w, i);

		if (e->at_ns != LAB_SACKED)
			e->at_ns = LAB_TWICE;
		if (e->end >= end)
			break;
	}
	if (end > w->highest) {
		remember(w, end, again || s->len == 0 ? LAB_TWICE : now_ns);
		w->highest = end;
	}
	return again;
}

struct newest {
	uint64_t end, at_ns;
};

/* What a block of a SACK tells for the first time: from its end back to what was told before. */
static void take_block(struct lab_way *w, uint64_t from, uint64_t to, struct newest *newest)
{
	for (uint32_t i = find(w, to); i-- > 0;) {
		struct lab_sent *e = nth(w, i);

		if (e->end <= from || e->at_ns == LAB_SACKED)
			return;
		if (e->end > newest->end)
			*newest = (struct newest){ e->end, e->at_ns };
		e->at_ns = LAB_SACKED;
	}
}

uint64_t lab_way_acked(struct lab_way *w, const struct lab_segment *s, uint64_t now_ns)
{
	struct newest newest = { 0, LAB_SACKED };
	uint64_t ack;

	if (!w->known || !(s->flags & LAB_ACK))
		return 0;
	ack = lab_way_seq(w, s->ack);
	if (ack > w->highest)
		return 0;
	while (w->n > 0 && nth(w, 0)->end <= ack) {
		newest = (struct newest){ nth(w, 0)->end, nth(w, 0)->at_ns };
		w->at = (w->at + 1) & (w->cap - 1);
		w->n--;
	}
	if (ack > w->acked)
		w->acked = ack;
	for (unsigned i = 0; i < s->nsack; i++) {
		uint64_t from = lab_way_seq(w, s->sack[i][0]), to = lab_way_seq(w, s->sack[i][1]);

		if (from >= w->acked && from < to && to <= w->highest) /* else it tells of a duplicate */
			take_block(w, from, to, &newest);
	}
	return newest.at_ns == LAB_SACKED || newest.at_ns == LAB_TWICE ? 0 : now_ns - newest.at_ns;
}

void lab_way_free(struct lab_way *w)
{
	free(w->sent);
	memset(w, 0, sizeof(*w));
}
