/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames in flight in one direction: a heap by (due, order of insertion), and a small store of
 * free frames so that a busy link does not go to malloc. Called by the wire and by simulators.
 *
 * Most links are the heap alone: when a frame is due, it is out. Where the words ask for slots, or
 * for a line with a queue of its own, being due is only the first of up to three steps:
 *
 *	heap (in delay) --due--> [slot's gate] --> [line: queue, rate or trace] --> out
 *
 * A pipe that had to be staged once stays so, lest frames overtake when the words change.
 */
#include "harness/link/pipe.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "harness/link/ip.h"
#include "harness/link/line.h"
#include "harness/link/random.h"
#include "harness/link/record.h"
#include "harness/link/slot.h"

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
	enum link_l2 l2;
	enum link_dir dir;
	bool staged;
	uint64_t clock_ns;		/* staged: what has happened up to here */
	struct link_slot slot;
	struct link_line *line;		/* NULL: none was asked for yet */
	struct link_fifo out;		/* through, to be taken */
	uint64_t marked;		/* by the line, as the model was told */
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

static const struct link_spec *spec_of(const struct link_pipe *p)
{
	return link_model_spec(p->model);
}

static uint64_t key_of(const struct link_spec *spec, enum link_dir dir, const char *what)
{
	uint64_t key = link_mix(spec->seed + LINK_WEYL * (2u + (unsigned int)dir));

	for (; *what; what++)
		key = link_mix(key ^ (uint8_t)*what);
	return key;
}

/* A frame that the queue dropped: it was let in, and does not come out. */
static void on_queue_drop(void *ctx, struct link_frame *take_f, enum link_drop why)
{
	struct link_pipe *p = ctx;
	struct link_verdict v = { .drop = why, .len = take_f->len, .kinds = LINK_KIND_ANY };

	link_model_withdraw(p->model, why);
	if (p->on_drop)
		p->on_drop(p->on_drop_ctx, p->clock_ns, take_f, &v);
	link_pipe_free_frame(p, take_f);
}

/* What the spec asks for beyond the heap. 0 or -ENOMEM. */
static int set_stages(struct link_pipe *p, const struct link_spec *spec)
{
	if (link_spec_has_line(spec) && !p->line) {
		p->line = link_line_new(spec, p->l2, key_of(spec, p->dir, "flows"), on_queue_drop, p);
		if (!p->line)
			return -ENOMEM;
	} else if (p->line) {
		int rc = link_line_update(p->line, spec);

		if (rc != 0)
			return rc;
	}
	if (p->line || spec->slot.on)
		p->staged = true;
	return 0;
}

static void set_slot_key(struct link_pipe *p, const struct link_spec *spec)
{
	p->slot = (struct link_slot){ .stream.key = key_of(spec, p->dir, "slots"),
				      .opens_ns = p->slot.opens_ns };
}

struct link_pipe *link_pipe_new(const struct link_spec *spec, enum link_l2 l2, enum link_dir dir)
{
	struct link_pipe *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->l2 = l2;
	p->dir = dir;
	p->model = link_model_new(spec, l2, dir);
	if (!p->model || set_stages(p, spec) != 0) {
		link_model_free(p->model);
		free(p);
		return NULL;
	}
	set_slot_key(p, spec);
	if (spec->record)
		link_record_begin(spec->record, dir);
	return p;
}

int link_pipe_update(struct link_pipe *p, const struct link_spec *spec)
{
	struct link_spec old = *spec_of(p);
	int rc = link_model_update(p->model, spec);

	if (rc != 0)
		return rc;
	rc = set_stages(p, spec);
	if (rc != 0) {
		if (link_model_update(p->model, &old) != 0)
			return rc;	/* its room is there already: it does not fail */
		return rc;
	}
	if (spec->seedings != old.seedings || spec->seed != old.seed)
		set_slot_key(p, spec);
	if (spec->record && spec->record != old.record)
		link_record_begin(spec->record, p->dir);
	return 0;
}

static void drop_frame(void *ctx, struct link_frame *f)
{
	(void)ctx;
	free(f);
}

void link_pipe_free(struct link_pipe *p)
{
	struct link_frame *f;

	if (!p)
		return;
	for (size_t i = 0; i < p->n; i++)
		free(p->heap[i]);
	while ((f = link_fifo_take(&p->out)))
		free(f);
	link_line_free(p->line, drop_frame, NULL);
	for (struct link_frame *next = p->store; next;) {
		f = next;
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

/* When the first of the heap may go on, or UINT64_MAX. */
static uint64_t gate(struct link_pipe *p)
{
	const struct link_spec *spec = spec_of(p);

	if (p->n == 0)
		return UINT64_MAX;
	if (!spec->slot.on)
		return p->heap[0]->at_ns;
	return link_slot_gate(&p->slot, &spec->slot, p->heap[0]->at_ns);
}

static void pass_gate(struct link_pipe *p, uint64_t at_ns)
{
	const struct link_spec *spec = spec_of(p);
	struct link_frame *f = heap_take_first(p);

	if (spec->slot.on)
		link_slot_took(&p->slot, &spec->slot, at_ns, f->len);
	f->at_ns = at_ns;
	if (p->line)
		link_line_put(p->line, at_ns, f, &p->out);
	else
		link_fifo_put(&p->out, f);
}

/* Staged: live through all that happens up to now, moment by moment. */
static void advance(struct link_pipe *p, uint64_t now_ns)
{
	for (;;) {
		uint64_t at_gate = gate(p), at_line = p->line ? link_line_next(p->line) : UINT64_MAX;
		uint64_t at_ns = at_gate < at_line ? at_gate : at_line;

		if (at_ns == UINT64_MAX || at_ns > now_ns)
			break;
		if (at_ns < p->clock_ns)
			at_ns = p->clock_ns;	/* due before the words changed */
		p->clock_ns = at_ns;
		/* Who leaves makes room for who comes. */
		if (at_line <= at_gate)
			link_line_run(p->line, at_ns, &p->out);
		else
			pass_gate(p, at_ns);
	}
	if (now_ns > p->clock_ns && now_ns != UINT64_MAX)
		p->clock_ns = now_ns;
	if (p->line && link_line_marked(p->line) != p->marked) {
		link_model_marked_later(p->model, link_line_marked(p->line) - p->marked);
		p->marked = link_line_marked(p->line);
	}
}

static void place(struct link_pipe *p, struct link_frame *f, const struct link_copy *c)
{
	if (c->flip_bit != LINK_NO_FLIP)
		f->data[c->flip_bit / 8] ^= (uint8_t)(1u << c->flip_bit % 8);
	f->at_ns = c->at_ns;
	f->ready_ns = c->ready_ns;
	f->rate_bps = c->rate_bps;
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
	if (p->staged) {
		advance(p, now_ns);
		/* A discipline has a limit of its own, and counts its own. */
		link_model_holds(p->model, p->n + (spec_of(p)->disc.kind == LINK_QUEUE_LIMIT && p->line
							   ? link_line_packets(p->line) : 0));
	}
	link_model_frame(p->model, now_ns, take_f->data, take_f->len, v);
	if (spec_of(p)->record)
		link_record_verdict(spec_of(p)->record, p->dir, now_ns, v);
	if (v->marked)
		link_ip_mark(p->l2, take_f->data, take_f->len);
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

uint64_t link_pipe_next_at(struct link_pipe *p)
{
	uint64_t at_ns;

	if (!p->staged)
		return p->n > 0 ? p->heap[0]->at_ns : UINT64_MAX;
	if (p->out.first)
		return p->out.first->at_ns;
	at_ns = gate(p);
	if (p->line && link_line_next(p->line) < at_ns)
		at_ns = link_line_next(p->line);
	/* Not before what has happened. */
	return at_ns < p->clock_ns ? p->clock_ns : at_ns;
}

struct link_frame *link_pipe_pop(struct link_pipe *p, uint64_t now_ns)
{
	if (!p->staged)
		return p->n > 0 && p->heap[0]->at_ns <= now_ns ? heap_take_first(p) : NULL;
	advance(p, now_ns);
	return link_fifo_take(&p->out);
}

size_t link_pipe_held(const struct link_pipe *p)
{
	return p->n + p->out.packets + (p->line ? link_line_packets(p->line) : 0);
}

void link_pipe_occupancy(struct link_pipe *p, uint64_t now_ns, struct link_occupancy *out)
{
	memset(out, 0, sizeof(*out));
	if (p->staged)
		advance(p, now_ns);
	if (p->line) {
		out->queued_packets = link_line_packets(p->line);
		out->queued_bytes = link_line_bytes_held(p->line);
	}
	for (size_t i = 0; i < p->n; i++) {
		const struct link_frame *f = p->heap[i];

		if (f->at_ns <= now_ns && !p->staged)
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
