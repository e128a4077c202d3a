/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The fate of each frame. The order of effects, and what each means, is netem's: script (ours),
 * duplicate, loss, corrupt, queue limit, then reorder or delay with jitter and rate. Called by
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

enum effect {
	EFFECT_DUP, EFFECT_LOSS, EFFECT_CORRUPT, EFFECT_CORRUPT_BIT, EFFECT_REORDER, EFFECT_JITTER,
	EFFECT_COUNT
};

struct link_model {
	struct link_spec spec;
	enum link_dir dir;
	uint64_t key[2][EFFECT_COUNT];	/* by copy: duplicates draw from streams of their own */
	uint64_t no;			/* frames since the seed was set */
	uint64_t now_ns;
	uint64_t last_due_ns;		/* of delayed frames; matters with a rate */
	uint64_t *due;			/* min-heap: when the frames held are due */
	uint32_t ndue, cap;
	uint64_t script_seen[LINK_SCRIPTS_MAX];
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

/*
 * Random numbers by place: number n of a stream is a mix of the stream's key and n, so nothing
 * needs to be drawn to be skipped. The mix is the finaliser of splitmix64 (Steele, Lea, Flood,
 * "Fast splittable pseudorandom number generators", 2014), applied to a Weyl sequence as there.
 */
#define WEYL 0x9e3779b97f4a7c15u

static uint64_t mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

static uint64_t draw(const struct link_model *m, unsigned int copy, enum effect e)
{
	return mix(m->key[copy][e] + m->no * WEYL);
}

/* The upper half of the 128-bit product, in C11. */
static uint64_t mul_high(uint64_t a, uint64_t b)
{
	uint64_t al = a & UINT32_MAX, ah = a >> 32, bl = b & UINT32_MAX, bh = b >> 32;
	uint64_t mid = ah * bl + (al * bl >> 32);
	uint64_t low = al * bh + (mid & UINT32_MAX);

	return ah * bh + (mid >> 32) + (low >> 32);
}

/* Uniform in [0, below): the bias is below / 2^64. */
static uint64_t draw_below(const struct link_model *m, unsigned int copy, enum effect e,
			   uint64_t below)
{
	return mul_high(draw(m, copy, e), below);
}

static bool strikes(const struct link_model *m, unsigned int copy, enum effect e, uint32_t share)
{
	return share != 0 && draw_below(m, copy, e, LINK_CERTAIN) < share;
}

static void set_keys(struct link_model *m)
{
	uint64_t key = mix(m->spec.seed + WEYL);

	key = mix(key + (uint64_t)m->dir + 1);
	for (unsigned int copy = 0; copy < 2; copy++)
		for (unsigned int e = 0; e < EFFECT_COUNT; e++)
			m->key[copy][e] = mix(key + (2 * e + copy + 1) * WEYL);
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
	return m;
}

void link_model_free(struct link_model *m)
{
	if (!m)
		return;
	free(m->due);
	free(m);
}

static bool same_script(const struct link_script *a, const struct link_script *b)
{
	if (a->kind != b->kind || a->every != b->every || a->nrange != b->nrange)
		return false;
	for (uint32_t i = 0; i < a->nrange; i++)
		if (a->range[i].from != b->range[i].from || a->range[i].to != b->range[i].to)
			return false;
	return true;
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
	for (uint32_t i = 0; i < LINK_SCRIPTS_MAX; i++)
		if (i >= spec->nscript || i >= m->spec.nscript ||
		    !same_script(&spec->script[i], &m->spec.script[i]))
			m->script_seen[i] = 0;
	m->spec = *spec;
	if (reseed) {
		set_keys(m);
		m->no = 0;
	}
	return 0;
}

static bool listed(const struct link_script *sc, uint64_t no)
{
	if (sc->every != 0 && no % sc->every == 0)
		return true;
	for (uint32_t i = 0; i < sc->nrange; i++)
		if (no >= sc->range[i].from && no <= sc->range[i].to)
			return true;
	return false;
}

/* Which script drops this frame, from 1, or 0. Each script counts every frame of its kind. */
static uint8_t run_scripts(struct link_model *m, uint32_t kinds)
{
	uint8_t verdict = 0;

	for (uint32_t i = 0; i < m->spec.nscript; i++)
		if (kinds & m->spec.script[i].kind) {
			m->script_seen[i]++;
			if (listed(&m->spec.script[i], m->script_seen[i]) && verdict == 0)
				verdict = (uint8_t)(i + 1);
		}
	return verdict;
}

/* Rounded down, as netem does. No overflow: len < 2^31 and 8e9 < 2^33. */
static uint64_t time_on_line_ns(uint64_t rate_bps, uint32_t len)
{
	return (uint64_t)len * 8000000000u / rate_bps;
}

/* Uniform in [delay - jitter, delay + jitter), as netem without a distribution; not below 0. */
static uint64_t delay_of(const struct link_model *m, unsigned int copy)
{
	uint64_t jitter = m->spec.jitter_ns, sum;

	if (jitter == 0)
		return m->spec.delay_ns;
	sum = m->spec.delay_ns + draw_below(m, copy, EFFECT_JITTER, 2 * jitter);
	return sum > jitter ? sum - jitter : 0;
}

/* The end of time is a slow link's limit: 2^64 ns are 584 years. */
static uint64_t later(uint64_t at_ns, uint64_t by_ns)
{
	return by_ns < UINT64_MAX - 1 - at_ns ? at_ns + by_ns : UINT64_MAX - 1;
}

static uint64_t due_of(struct link_model *m, unsigned int copy, uint64_t now_ns, uint32_t len,
		       uint64_t *ready_ns)
{
	uint64_t at_ns = later(now_ns, delay_of(m, copy));

	*ready_ns = at_ns;
	if (m->spec.rate_bps != 0) {
		if (at_ns < m->last_due_ns)
			at_ns = m->last_due_ns;
		at_ns = later(at_ns, time_on_line_ns(m->spec.rate_bps, len));
	}
	if (at_ns > m->last_due_ns)
		m->last_due_ns = at_ns;
	return at_ns;
}

/* What happens to one copy that was neither scripted away nor lost. */
static void place_copy(struct link_model *m, unsigned int copy, uint64_t now_ns,
		       struct link_verdict *v)
{
	struct link_copy *c = &v->copy[v->n];

	if (held(m, now_ns) >= m->spec.queue) {
		m->stats.drops[LINK_DROP_QUEUE]++;
		if (v->drop == LINK_DROP_NONE)
			v->drop = LINK_DROP_QUEUE;
		return;
	}
	c->flip_bit = LINK_NO_FLIP;
	if (v->len > 0 && strikes(m, copy, EFFECT_CORRUPT, m->spec.corrupt)) {
		c->flip_bit = (uint32_t)draw_below(m, copy, EFFECT_CORRUPT_BIT, v->len * 8ull);
		m->stats.corrupted++;
	}
	if (strikes(m, copy, EFFECT_REORDER, m->spec.reorder)) {
		c->at_ns = c->ready_ns = now_ns;
		v->reordered = true;
		m->stats.reordered++;
	} else {
		c->at_ns = due_of(m, copy, now_ns, v->len, &c->ready_ns);
	}
	if (c->at_ns > now_ns)
		due_add(m, c->at_ns);
	v->n++;
	m->stats.delivered++;
}

static void lose_copy(struct link_model *m, struct link_verdict *v)
{
	m->stats.drops[LINK_DROP_LOSS]++;
	if (v->drop == LINK_DROP_NONE)
		v->drop = LINK_DROP_LOSS;
}

static void judge(struct link_model *m, uint64_t now_ns, struct link_verdict *v)
{
	bool lost;

	v->script = run_scripts(m, v->kinds);
	if (v->script != 0) {
		v->drop = LINK_DROP_SCRIPT;
		m->stats.drops[LINK_DROP_SCRIPT]++;
		return;
	}
	v->duplicated = strikes(m, 0, EFFECT_DUP, m->spec.dup);
	lost = strikes(m, 0, EFFECT_LOSS, m->spec.loss);
	if (lost)
		lose_copy(m, v);
	else
		place_copy(m, 0, now_ns, v);
	if (!v->duplicated)
		return;
	m->stats.duplicated++;
	/* netem counts copies: one more, one less, and what is left is not drawn for again. */
	if (!lost && strikes(m, 1, EFFECT_LOSS, m->spec.loss))
		lose_copy(m, v);
	else
		place_copy(m, 1, now_ns, v);
}

static uint64_t fold(uint64_t digest, uint64_t value)
{
	return mix((digest ^ value) + WEYL);
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
	m->stats.digest = d;
}

void link_model_frame(struct link_model *m, uint64_t now_ns, const uint8_t *frame, size_t len,
		      struct link_verdict *v)
{
	assert(now_ns >= m->now_ns);
	assert(len <= INT32_MAX);
	m->now_ns = now_ns;
	m->no++;
	memset(v, 0, sizeof(*v));
	v->no = m->no;
	v->len = (uint32_t)len;
	v->kinds = LINK_KIND_ANY;
	if (m->spec.nscript > 0 || m->observer)
		v->kinds = link_classify(&m->classifier, frame, len);
	judge(m, now_ns, v);
	account(m, v);
	if (m->observer)
		m->observer(m->observer_ctx, now_ns, v);
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
