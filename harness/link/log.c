/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Verdict lists: kept, printed, compared. Decides what two runs must have in common to count as
 * the same run. Called by the wire's log and by tests of determinism.
 */
#include "harness/link/log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void link_log_init(struct link_log *log, size_t max)
{
	memset(log, 0, sizeof(*log));
	log->max = max;
}

void link_log_free(struct link_log *log)
{
	free(log->entry);
	link_log_init(log, log->max);
}

static bool make_room(struct link_log *log)
{
	size_t cap = log->cap ? 2 * log->cap : 64;
	struct link_log_entry *entry;

	if (log->n < log->cap)
		return true;
	if (log->n >= log->max)
		return false;
	if (cap > log->max)
		cap = log->max;
	entry = realloc(log->entry, cap * sizeof(*entry));
	if (!entry)
		return false;
	log->entry = entry;
	log->cap = cap;
	return true;
}

void link_log_add(void *ctx, uint64_t now_ns, const struct link_verdict *v)
{
	struct link_log *log = ctx;

	if (!make_room(log)) {
		log->missed++;
		return;
	}
	log->entry[log->n++] = (struct link_log_entry){
		.delay_ns = v->n > 0 ? v->copy[0].at_ns - now_ns : 0,
		.no = (uint32_t)v->no,
		.kinds = v->kinds,
		.len = v->len,
		.flip_bit = v->n > 0 ? v->copy[0].flip_bit : LINK_NO_FLIP,
		.drop = (uint8_t)v->drop,
		.n = v->n,
		.script = v->script,
		.duplicated = v->duplicated,
		.reordered = v->reordered,
		.marked = v->marked,
	};
}

struct text {
	char *out;
	size_t size, n;
};

__attribute__((format(printf, 2, 3)))
static void add(struct text *t, const char *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(t->n < t->size ? t->out + t->n : NULL, t->n < t->size ? t->size - t->n : 0,
		      format, ap);
	va_end(ap);
	if (n > 0)
		t->n += (size_t)n;
}

size_t link_log_print(const struct link_log_entry *e, char *out, size_t size)
{
	struct text t = { .out = out, .size = size };

	add(&t, "%" PRIu32, e->no);
	for (uint32_t kind = LINK_KIND_ARP; link_kind_word(kind); kind <<= 1)
		if (e->kinds & kind)
			add(&t, " %s", link_kind_word(kind));
	add(&t, " len %" PRIu32 ":", e->len);
	if (e->drop != LINK_DROP_NONE)
		add(&t, " dropped (%s)", link_drop_text((enum link_drop)e->drop));
	if (e->script != 0)
		add(&t, " by script %u", e->script);
	if (e->n > 0)
		add(&t, " delivered%s after %" PRIu64 ".%06" PRIu64 "ms", e->n > 1 ? " twice" : "",
		    e->delay_ns / 1000000, e->delay_ns % 1000000);
	if (e->reordered)
		add(&t, ", ahead of others");
	if (e->marked)
		add(&t, ", marked CE");
	if (e->flip_bit != LINK_NO_FLIP)
		add(&t, ", bit %" PRIu32 " flipped", e->flip_bit);
	return t.n;
}

static bool same(const struct link_log_entry *a, const struct link_log_entry *b, bool no_times)
{
	return (no_times || a->delay_ns == b->delay_ns) && a->no == b->no &&
	       a->kinds == b->kinds && a->len == b->len && a->flip_bit == b->flip_bit &&
	       a->drop == b->drop && a->n == b->n && a->script == b->script &&
	       a->duplicated == b->duplicated && a->reordered == b->reordered &&
	       a->marked == b->marked;
}

size_t link_log_diff(const struct link_log *a, const struct link_log *b, bool no_times)
{
	size_t n = a->n < b->n ? a->n : b->n;

	for (size_t i = 0; i < n; i++)
		if (!same(&a->entry[i], &b->entry[i], no_times))
			return i;
	return a->n == b->n ? SIZE_MAX : n;
}
