/* SPDX-License-Identifier: BSD-2-Clause */
/* See clock.h. */
#include "harness/lab/clock.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "harness/sim/mem.h"

void lab_clock_free(struct lab_clock *c)
{
	free(c->heap);
	memset(c, 0, sizeof(*c));
}

static bool before(const struct lab_call *a, const struct lab_call *b)
{
	return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->order < b->order;
}

void lab_clock_at(struct lab_clock *c, uint64_t at_ns, void (*fn)(void *ctx, uint64_t arg),
		  void *ctx, uint64_t arg)
{
	struct lab_call call = { at_ns, c->order++, fn, ctx, arg };
	size_t i;

	if (c->n == c->cap) {
		struct lab_call *more = sim_alloc((c->cap ? 2 * c->cap : 64) * sizeof(*more));

		if (c->n)
			memcpy(more, c->heap, c->n * sizeof(*more));
		free(c->heap);
		c->heap = more;
		c->cap = c->cap ? 2 * c->cap : 64;
	}
	for (i = c->n++; i > 0 && before(&call, &c->heap[(i - 1) / 2]); i = (i - 1) / 2)
		c->heap[i] = c->heap[(i - 1) / 2];
	c->heap[i] = call;
}

uint64_t lab_clock_next(const struct lab_clock *c)
{
	return c->n ? c->heap[0].at_ns : UINT64_MAX;
}

static struct lab_call take_first(struct lab_clock *c)
{
	struct lab_call first = c->heap[0], last = c->heap[--c->n];
	size_t i = 0;

	for (size_t child; (child = 2 * i + 1) < c->n; i = child) {
		if (child + 1 < c->n && before(&c->heap[child + 1], &c->heap[child]))
			child++;
		if (!before(&c->heap[child], &last))
			break;
		c->heap[i] = c->heap[child];
	}
	c->heap[i] = last;
	return first;
}

void lab_clock_run(struct lab_clock *c, uint64_t now_ns)
{
	while (lab_clock_next(c) <= now_ns) {
		struct lab_call call = take_first(c);

		call.fn(call.ctx, call.arg);
	}
}
