/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The fate of each frame. The order of effects, and what each means, is netem's: link down, mtu,
 * script, pattern (ours), duplicate, loss, corrupt, queue limit, then reorder or delay with jitter
 * and rate. A queue with a discipline and slots come after the delay and are the pipe's. Called by
 * link/pipe.c.
 *
 * Where netem leaves traces a reader should know of:
 *  - Jitter reorders frames, because each is due at its own time; with a rate it cannot, because
 *    a frame is then sent after the one before it: due = max(last due, now + delay) + size / rate.
 *  - The queue limit counts every frame the link holds, those in delay too.
 *  - A frame that is lost and duplicated at once is delivered once.
 *  - A reordered frame is due now: before all that are in delay, whatever the rate.
 *  - The corrupted bit may be in any header, the link layer's too.
 */
#include "harness/link/model.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/link/dist.h"
#include "harness/link/ip.h"
#include "harness/link/loss.h"
#include "harness/link/pattern.h"
#include "harness/link/random.h"
#include "harness/link/rate.h"
#include "harness/link/record.h"
#include "harness/link/script.h"

/* A stream each. New ones are added behind: a stream's place decides its numbers. */
enum effect {
	EFFECT_DUP, EFFECT_LOSS, EFFECT_CORRUPT, EFFECT_CORRUPT_BIT, EFFECT_REORDER, EFFECT_JITTER,
	EFFECT_EMISSION,
	EFFECT_COUNT
};

struct link_model {
	struct link_spec spec;
	enum link_dir dir;
	struct link_stream stream[2][EFFECT_COUNT];	/* by copy: duplicates have their own */
	struct link_loss loss;
	struct link_scripts scripts;
	uint64_t no;			/* frames since the seed was set */
	uint64_t now_ns;
	uint64_t origin_ns;		/* of the first frame: patterns per millisecond begin there */
	uint64_t last_due_ns;		/* of delayed frames; matters with a rate */
	uint64_t delayed_in_a_row;	/* since the last reordered one: netem's gap */
	uint64_t *due;			/* min-heap: when the frames held are due */
	uint32_t ndue, cap;
	bool holds_told;		/* the pipe says how many frames it holds */
	uint64_t holds;
	link_verdict_fn *observer;
	void *observer_ctx;
	struct link_stats stats;
	struct link_classifier classifier;
};

static const char *const drop_texts[] = {
#define X(name, text) text,
	LINK_DROPS(X)
#undef X
};

const char *link_drop_text(enum link_drop drop)
{
	return (unsigned int)drop < LINK_DROP_COUNT ? drop_texts[drop] : "unknown";
}

static uint64_t draw(struct link_model *m, unsigned int copy, enum effect e, uint32_t corr)
{
	return link_draw_corr(&m->stream[copy][e], m->no, corr);
}

static bool strikes(struct link_model *m, unsigned int copy, enum effect e, uint32_t share,
		    uint32_t corr)
{
	return share != 0 && link_strikes(draw(m, copy, e, corr), share);
}

static void set_keys(struct link_model *m)
{
	uint64_t key = link_mix(m->spec.seed + LINK_WEYL);

	key = link_mix(key + (uint64_t)m->dir + 1);
	memset(m->stream, 0, sizeof(m->stream));
	for (unsigned int copy = 0; copy < 2; copy++)
		for (unsigned int e = 0; e < EFFECT_COUNT; e++)
			m->stream[copy][e].key = link_mix(key + (2 * e + copy + 1) * LINK_WEYL);
	m->loss = (struct link_loss){
		.random = m->stream[0][EFFECT_LOSS],
		.twin = m->stream[1][EFFECT_LOSS],
		.emission = m->stream[0][EFFECT_EMISSION],
	};
	m->delayed_in_a_row = 0;
}

/* The heap of due times. Times mostly come in order, and then adding takes one comparison. */
static void due_add(struct link_model *m, uint64_t at_ns)
{
	uint32_t i = m->ndue++;

	for (; i > 0 && m->due[(i - 1) / 2] > at_ns; i = (i - 1) / 2)
		m->due[i] = m->due[(i - 1) / 2];
	m->due[i] = at_ns;
}

static void due_remove_first(struct link_model *m)
{
	uint64_t last = m->due[--m->ndue];
	uint32_t i = 0;

	for (uint32_t child; (child = 2 * i + 1) < m->ndue; i = child) {
		if (child + 1 < m->ndue && m->due[child + 1] < m->due[child])
			child++;
		if (m->due[child] >= last)
			break;
		m->due[i] = m->due[child];
	}
	m->due[i] = last;
}

/* Frames held once those due by now are gone. */
static uint32_t held(struct link_model *m, uint64_t now_ns)
{
	while (m->ndue > 0 && m->due[0] <= now_ns)
		due_remove_first(m);
	return m->ndue;
}

struct link_model *link_model_new(const struct link_spec *spec, enum link_l2 l2, enum link_dir dir)
{
	struct link_model *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->cap = spec->queue;
	m->due = calloc(m->cap ? m->cap : 1, sizeof(*m->due));
	if (!m->due) {
		free(m);
		return NULL;
	}
	m->spec = *spec;
	m->dir = dir;
	set_keys(m);
	link_classify_init(&m->classifier, l2);
	m->classifier.numbered = link_scripts_ask_flows(spec);
	return m;
}

void link_model_free(struct link_model *m)
{
	if (!m)
		return;
	free(m->due);
	free(m);
}

int link_model_update(struct link_model *m, const struct link_spec *spec)
{
	bool reseed = spec->seedings != m->spec.seedings || spec->seed != m->spec.seed;

	if (spec->queue > m->cap) {
		uint64_t *due = realloc(m->due, spec->queue * sizeof(*due));

		if (!due)
			return -ENOMEM;
		m->due = due;
		m->cap = spec->queue;
	}
	link_scripts_update(&m->scripts, &m->spec, spec);
	if (spec->loss_model != m->spec.loss_model)
		link_loss_restart(&m->loss);
	m->spec = *spec;
	m->classifier.numbered = link_scripts_ask_flows(spec);
	if (reseed) {
		set_keys(m);
		m->no = 0;
	}
	return 0;
}

/* What is decided of a frame before its copies are placed. */
struct plan {
	bool dup, lost, marked, early;
	enum link_drop why;		/* if lost */
	uint64_t delay_ns;		/* the link's or the pattern's, and the script's */
	uint64_t rate_bps;
	uint64_t flip_bit;		/* of both copies; or LINK_NO_FLIP */
};

static void ask_pattern(struct link_model *m, uint64_t now_ns, struct plan *p)
{
	const struct link_pattern *pt = m->spec.pattern;
	uint64_t since = now_ns - m->origin_ns, value;

	if (!pt)
		return;
	if (link_pattern_says(pt, LINK_PATTERN_LOSS, m->no, since, &value)) {
		p->lost = true;
		p->why = LINK_DROP_PATTERN;
	}
	p->dup |= link_pattern_says(pt, LINK_PATTERN_DUP, m->no, since, &value);
	p->early |= link_pattern_says(pt, LINK_PATTERN_REORDER, m->no, since, &value);
	p->marked |= link_pattern_says(pt, LINK_PATTERN_MARK, m->no, since, &value);
	if (link_pattern_says(pt, LINK_PATTERN_DELAY, m->no, since, &value))
		p->delay_ns = value;
	if (link_pattern_says(pt, LINK_PATTERN_RATE, m->no, since, &value))
		p->rate_bps = value;
	if (link_pattern_says(pt, LINK_PATTERN_BIT, m->no, since, &value))
		p->flip_bit = value;
}

/* What scripts that do not drop have to say. */
static void ask_scripts(const struct link_scripts_said *said, struct link_model *m, uint32_t len,
			struct plan *p)
{
	p->dup |= said->act[LINK_ACT_DUP];
	p->marked |= said->act[LINK_ACT_MARK];
	p->delay_ns = link_later(p->delay_ns, said->delay_ns);
	if (said->act[LINK_ACT_CORRUPT] && len > 0)
		p->flip_bit = link_scale(draw(m, 0, EFFECT_CORRUPT_BIT, 0), len * 8ull);
}

/* Around the delay by the jitter: uniform as netem without a distribution, or by a table. */
static uint64_t delay_of(struct link_model *m, unsigned int copy, uint64_t delay_ns)
{
	uint64_t jitter = m->spec.jitter_ns, number, sum;

	if (jitter == 0)
		return delay_ns;
	number = draw(m, copy, EFFECT_JITTER, m->spec.delay_corr);
	if (m->spec.dist)
		return link_dist_value(m->spec.dist, delay_ns, jitter, number);
	sum = delay_ns + link_scale(number, 2 * jitter);
	return sum > jitter ? sum - jitter : 0;
}

static uint64_t due_of(struct link_model *m, unsigned int copy, uint64_t now_ns, uint32_t len,
		       const struct plan *p, struct link_copy *c)
{
	uint64_t at_ns = link_later(now_ns, delay_of(m, copy, p->delay_ns));

	c->ready_ns = at_ns;
	if (link_spec_has_line(&m->spec)) {
		c->rate_bps = p->rate_bps != m->spec.rate_bps ? p->rate_bps : 0;
		return at_ns;
	}
	if (p->rate_bps != 0) {
		if (at_ns < m->last_due_ns)
			at_ns = m->last_due_ns;
		at_ns = link_later(at_ns, link_line_ns(&m->spec, p->rate_bps, len));
	}
	if (at_ns > m->last_due_ns)
		m->last_due_ns = at_ns;
	return at_ns;
}

/* netem's gap: so many frames in a row are delayed at least before one may be sent at once. */
static bool goes_early(struct link_model *m, unsigned int copy)
{
	uint64_t number;

	if (m->spec.reorder == 0)
		return false;
	number = draw(m, copy, EFFECT_REORDER, m->spec.reorder_corr);
	if (m->spec.gap > 1 && m->delayed_in_a_row < m->spec.gap - 1)
		return false;
	return link_strikes(number, m->spec.reorder);
}

static bool is_full(struct link_model *m, uint64_t now_ns, const struct link_verdict *v)
{
	uint32_t delayed = held(m, now_ns);

	return (m->holds_told ? m->holds + v->n : delayed) >= m->spec.queue;
}

/* What happens to one copy that was neither scripted away nor lost. */
static void place_copy(struct link_model *m, unsigned int copy, uint64_t now_ns,
		       const struct plan *p, struct link_verdict *v)
{
	struct link_copy *c = &v->copy[v->n];

	if (is_full(m, now_ns, v)) {
		m->stats.drops[LINK_DROP_QUEUE]++;
		if (v->drop == LINK_DROP_NONE)
			v->drop = LINK_DROP_QUEUE;
		return;
	}
	c->flip_bit = p->flip_bit < v->len * 8ull ? (uint32_t)p->flip_bit : LINK_NO_FLIP;
	if (v->len > 0 && strikes(m, copy, EFFECT_CORRUPT, m->spec.corrupt, m->spec.corrupt_corr))
		c->flip_bit = (uint32_t)link_scale(draw(m, copy, EFFECT_CORRUPT_BIT, 0),
						   v->len * 8ull);
	m->stats.corrupted += c->flip_bit != LINK_NO_FLIP;
	if (goes_early(m, copy) || p->early) {
		c->at_ns = c->ready_ns = now_ns;
		v->reordered = true;
		m->stats.reordered++;
		m->delayed_in_a_row = 0;
	} else {
		c->at_ns = due_of(m, copy, now_ns, v->len, p, c);
		m->delayed_in_a_row++;
	}
	if (c->at_ns > now_ns && !m->holds_told)
		due_add(m, c->at_ns);
	v->n++;
	m->stats.delivered++;
}

static void lose_copy(struct link_model *m, struct link_verdict *v, enum link_drop why)
{
	m->stats.drops[why]++;
	if (v->drop == LINK_DROP_NONE)
		v->drop = why;
}

/* With ecn, who can be told is told by a mark instead of a loss. */
static bool spares(struct link_model *m, bool can_ecn, struct plan *p)
{
	if (!m->spec.ecn || !can_ecn)
		return false;
	p->marked = true;
	return true;
}

static void place_copies(struct link_model *m, uint64_t now_ns, bool can_ecn, struct plan *p,
			 struct link_verdict *v)
{
	v->duplicated = p->dup;
	if (p->lost)
		lose_copy(m, v, p->why);
	else
		place_copy(m, 0, now_ns, p, v);
	if (v->duplicated) {
		m->stats.duplicated++;
		/* netem counts copies: one more, one less, and what is left is not drawn again. */
		if (!p->lost && link_loss_twin(&m->loss, &m->spec, m->no) &&
		    !spares(m, can_ecn, p))
			lose_copy(m, v, LINK_DROP_LOSS);
		else
			place_copy(m, 1, now_ns, p, v);
	}
	v->marked = p->marked && can_ecn && v->n > 0;
	m->stats.marked += v->marked;
}

/* As it was recorded; what the record does not know is decided by the words. */
static bool replayed(struct link_model *m, uint64_t now_ns, struct link_verdict *v)
{
	const struct link_replay *r = m->spec.replay;
	const struct link_fate *f = r ? link_replay_fate(r, m->dir, m->no) : NULL;

	if (!f)
		return false;
	m->stats.replay_strange += f->len != v->len;
	v->drop = (enum link_drop)f->drop;
	v->duplicated = f->duplicated;
	v->reordered = f->reordered;
	v->marked = f->marked;
	v->n = f->n;
	if (v->drop != LINK_DROP_NONE)
		m->stats.drops[v->drop]++;
	for (unsigned int i = 0; i < f->n; i++) {
		struct link_copy *c = &v->copy[i];

		c->at_ns = c->ready_ns = link_later(now_ns, f->after_ns[i]);
		c->flip_bit = f->flip_bit[i] < v->len * 8ull ? f->flip_bit[i] : LINK_NO_FLIP;
		m->stats.corrupted += c->flip_bit != LINK_NO_FLIP;
	}
	m->stats.delivered += f->n;
	m->stats.duplicated += f->duplicated;
	m->stats.reordered += f->reordered;
	m->stats.marked += f->marked;
	return true;
}

/* Dropped before anything else is asked, and no random number of it is missed. */
static bool refused(struct link_model *m, const uint8_t *frame, struct link_verdict *v)
{
	size_t ip = link_ip_offset(m->classifier.l2, frame, v->len);

	if (m->spec.down)
		v->drop = LINK_DROP_DOWN;
	else if (m->spec.mtu != 0 && ip < v->len && v->len - ip > m->spec.mtu)
		v->drop = LINK_DROP_MTU;
	else
		return false;
	m->stats.drops[v->drop]++;
	return true;
}

static void judge(struct link_model *m, uint64_t now_ns, const uint8_t *frame, struct link_verdict *v)
{
	struct plan p = { .delay_ns = m->spec.delay_ns, .rate_bps = m->spec.rate_bps,
			  .flip_bit = LINK_NO_FLIP, .why = LINK_DROP_LOSS };
	struct link_scripts_said said;
	bool can_ecn, lost;

	lost = link_loss_frame(&m->loss, &m->spec, m->no);
	link_scripts_run(&m->scripts, &m->spec, &m->classifier, frame, v, &said);
	if (refused(m, frame, v) || replayed(m, now_ns, v))
		return;
	v->script = said.first;
	if (said.act[LINK_ACT_DROP]) {
		v->drop = LINK_DROP_SCRIPT;
		m->stats.drops[LINK_DROP_SCRIPT]++;
		return;
	}
	can_ecn = link_ip_can_ecn(m->classifier.l2, frame, v->len);
	ask_pattern(m, now_ns, &p);
	ask_scripts(&said, m, v->len, &p);
	p.dup |= strikes(m, 0, EFFECT_DUP, m->spec.dup, m->spec.dup_corr);
	if (lost && !p.lost)
		p.lost = !spares(m, can_ecn, &p);
	place_copies(m, now_ns, can_ecn, &p, v);
}

static uint64_t fold(uint64_t digest, uint64_t value)
{
	return link_mix((digest ^ value) + LINK_WEYL);
}

/*
 * The digest leaves out times: they hang on the machine where a link runs in real time, and the
 * rest does not as long as the queue does not fill.
 */
static void account(struct link_model *m, const struct link_verdict *v)
{
	uint64_t d = m->stats.digest;

	m->stats.frames++;
	m->stats.bytes += v->len;
	d = fold(d, v->no);
	d = fold(d, (uint64_t)v->len << 32 | (uint64_t)v->drop << 16 | (uint64_t)v->script << 8 |
		    (uint64_t)v->n << 2 | (uint64_t)v->duplicated << 1 | (uint64_t)v->reordered);
	for (unsigned int i = 0; i < v->n; i++)
		d = fold(d, v->copy[i].flip_bit);
	if (v->marked)
		d = fold(d, 1);
	m->stats.digest = d;
}

void link_model_frame(struct link_model *m, uint64_t now_ns, const uint8_t *frame, size_t len,
		      struct link_verdict *v)
{
	assert(now_ns >= m->now_ns);
	assert(len <= INT32_MAX);
	m->now_ns = now_ns;
	if (m->stats.frames == 0)
		m->origin_ns = now_ns;
	m->no++;
	memset(v, 0, sizeof(*v));
	v->no = m->no;
	v->len = (uint32_t)len;
	v->kinds = LINK_KIND_ANY;
	if (m->spec.nscript > 0 || m->observer)
		v->kinds = link_classify(&m->classifier, frame, len);
	judge(m, now_ns, frame, v);
	account(m, v);
	if (m->observer)
		m->observer(m->observer_ctx, now_ns, v);
}

void link_model_holds(struct link_model *m, uint64_t held_now)
{
	m->holds_told = true;
	m->holds = held_now;
}

void link_model_withdraw(struct link_model *m, enum link_drop why)
{
	m->stats.drops[why]++;
	m->stats.withdrawn++;
}

void link_model_marked_later(struct link_model *m, uint64_t n)
{
	m->stats.marked += n;
}

const struct link_stats *link_model_stats(const struct link_model *m)
{
	return &m->stats;
}

const struct link_spec *link_model_spec(const struct link_model *m)
{
	return &m->spec;
}

void link_model_observe(struct link_model *m, link_verdict_fn *fn, void *ctx)
{
	m->observer = fn;
	m->observer_ctx = ctx;
}
