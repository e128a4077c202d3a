/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames in flight in one direction: a heap by (due, order of insertion), and a small store of
 * free frames so that a busy link does not go to malloc. Called by the wire and by simulators.
 */
#include "harness/link/pipe.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
	SMALL_FRAME = 2048,	/* capacity of the frames kept in the store */
	STORE_MAX = 4096,	/* frames */
	HEAP_FIRST = 64,
};

struct link_pipe {
	struct link_model *model;
	struct link_frame **heap;
	size_t n, cap;
	uint64_t order;
	struct link_frame *store;
	size_t nstore;
	link_drop_fn *on_drop;
	void *on_drop_ctx;
};

static bool before(const struct link_frame *a, const struct link_frame *b)
{
	return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->order < b->order;
}

static bool heap_room(struct link_pipe *p, size_t more)
{
	size_t cap = p->cap ? 2 * p->cap : HEAP_FIRST;
	struct link_frame **heap;

	if (p->n + more <= p->cap)
		return true;
	heap = realloc(p->heap, cap * sizeof(struct link_frame *));
	if (!heap)
		return false;
	p->heap = heap;
	p->cap = cap;
	return true;
}

/* There must be room. */
static void heap_add(struct link_pipe *p, struct link_frame *f)
{
	size_t i = p->n++;

	for (; i > 0 && before(f, p->heap[(i - 1) / 2]); i = (i - 1) / 2)
		p->heap[i] = p->heap[(i - 1) / 2];
	p->heap[i] = f;
}

static struct link_frame *heap_take_first(struct link_pipe *p)
{
	struct link_frame *first = p->heap[0], *last = p->heap[--p->n];
	size_t i = 0;

	for (size_t child; (child = 2 * i + 1) < p->n; i = child) {
		if (child + 1 < p->n && before(p->heap[child + 1], p->heap[child]))
			child++;
		if (!before(p->heap[child], last))
			break;
		p->heap[i] = p->heap[child];
	}
	p->heap[i] = last;
	return first;
}

struct link_pipe *link_pipe_new(const struct link_spec *spec, enum link_l2 l2, enum link_dir dir)
{
	struct link_pipe *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->model = link_model_new(spec, l2, dir);
	if (!p->model) {
		free(p);
		return NULL;
	}
	return p;
}

void link_pipe_free(struct link_pipe *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n; i++)
		free(p->heap[i]);
	for (struct link_frame *f = p->store, *next; f; f = next) {
		next = f->next;
		free(f);
	}
	free(p->heap);
	link_model_free(p->model);
	free(p);
}

struct link_model *link_pipe_model(struct link_pipe *p)
{
	return p->model;
}

void link_pipe_on_drop(struct link_pipe *p, link_drop_fn *fn, void *ctx)
{
	p->on_drop = fn;
	p->on_drop_ctx = ctx;
}

struct link_frame *link_pipe_new_frame(struct link_pipe *p, size_t cap)
{
	struct link_frame *f = p->store;

	if (cap > INT32_MAX)
		return NULL;
	if (cap <= SMALL_FRAME) {
		cap = SMALL_FRAME;
		if (f) {
			p->store = f->next;
			p->nstore--;
			f->next = NULL;
			f->len = 0;
			f->tag = 0;
			return f;
		}
	}
	f = malloc(sizeof(*f) + LINK_FRAME_HEADROOM + cap);
	if (!f)
		return NULL;
	memset(f, 0, sizeof(*f));
	f->cap = (uint32_t)cap;
	f->data = (uint8_t *)(f + 1) + LINK_FRAME_HEADROOM;
	return f;
}

void link_pipe_free_frame(struct link_pipe *p, struct link_frame *f)
{
	if (!f)
		return;
	if (f->cap != SMALL_FRAME || p->nstore >= STORE_MAX) {
		free(f);
		return;
	}
	f->data = (uint8_t *)(f + 1) + LINK_FRAME_HEADROOM;
	f->next = p->store;
	p->store = f;
	p->nstore++;
}

static struct link_frame *clone(struct link_pipe *p, const struct link_frame *f)
{
	struct link_frame *copy = link_pipe_new_frame(p, f->len);

	if (copy) {
		memcpy(copy->data, f->data, f->len);
		copy->len = f->len;
		copy->tag = f->tag;
	}
	return copy;
}

static void place(struct link_pipe *p, struct link_frame *f, const struct link_copy *c)
{
	if (c->flip_bit != LINK_NO_FLIP)
		f->data[c->flip_bit / 8] ^= (uint8_t)(1u << c->flip_bit % 8);
	f->at_ns = c->at_ns;
	f->ready_ns = c->ready_ns;
	f->order = p->order++;
	heap_add(p, f);
}

int link_pipe_push_take(struct link_pipe *p, uint64_t now_ns, struct link_frame *take_f,
			struct link_verdict *v)
{
	struct link_frame *f[2] = { take_f, NULL };
	struct link_verdict own;
	int rc = 0;

	if (!v)
		v = &own;
	link_model_frame(p->model, now_ns, take_f->data, take_f->len, v);
	if (v->drop != LINK_DROP_NONE && p->on_drop)
		p->on_drop(p->on_drop_ctx, now_ns, take_f, v);
	if (v->n == 0) {
		link_pipe_free_frame(p, take_f);
		return 0;
	}
	if (!heap_room(p, v->n)) {
		link_pipe_free_frame(p, take_f);
		return -ENOMEM;
	}
	if (v->n > 1) {
		f[1] = clone(p, take_f);
		if (!f[1])
			rc = -ENOMEM;
	}
	for (unsigned int i = 0; i < v->n; i++)
		if (f[i])
			place(p, f[i], &v->copy[i]);
	return rc;
}

int link_pipe_push(struct link_pipe *p, uint64_t now_ns, const void *frame, size_t len,
		   struct link_verdict *v)
{
	struct link_frame *f = link_pipe_new_frame(p, len);

	if (!f)
		return -ENOMEM;
	if (len > 0)
		memcpy(f->data, frame, len);
	f->len = (uint32_t)len;
	return link_pipe_push_take(p, now_ns, f, v);
}

uint64_t link_pipe_next_at(const struct link_pipe *p)
{
	return p->n > 0 ? p->heap[0]->at_ns : UINT64_MAX;
}

struct link_frame *link_pipe_pop(struct link_pipe *p, uint64_t now_ns)
{
	return link_pipe_next_at(p) <= now_ns && p->n > 0 ? heap_take_first(p) : NULL;
}

size_t link_pipe_held(const struct link_pipe *p)
{
	return p->n;
}

void link_pipe_occupancy(const struct link_pipe *p, uint64_t now_ns, struct link_occupancy *out)
{
	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < p->n; i++) {
		const struct link_frame *f = p->heap[i];

		if (f->at_ns <= now_ns)
			continue;
		if (f->ready_ns <= now_ns) {
			out->queued_packets++;
			out->queued_bytes += f->len;
		} else {
			out->delayed_packets++;
			out->delayed_bytes += f->len;
		}
	}
}
