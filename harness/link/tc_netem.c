/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The arguments of tc's disciplines, read: netem into the words of a link, which are then read as any
 * link's are; the queues into a link's queue. See tc.h; called by tc.c.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "harness/link/spec_value.h"
#include "harness/link/tc_line.h"

/* tc's defaults for a queue of drop tail without a limit: a device's usual txqueuelen. */
enum { TXQUEUELEN = 1000, FRAME = 1514, CODEL_PACKETS = 1000, FQ_PACKETS = 10240, FQ_FLOWS = 1024 };
#define CODEL_TARGET_NS 5000000u
#define CODEL_INTERVAL_NS 100000000u

static int put_time(struct tc_line *l, struct link_text *t, const char *name)
{
	uint64_t ns;

	if (tc_take_time(l, name, &ns))
		return -EINVAL;
	link_text_time(t, ns);
	return 0;
}

static int put_share(struct tc_line *l, struct link_text *t, const char *name)
{
	uint32_t share;

	if (tc_take_share(l, name, &share))
		return -EINVAL;
	link_text_share(t, share);
	return 0;
}

static int put_count(struct tc_line *l, struct link_text *t, const char *name)
{
	uint32_t n;

	if (tc_take_size(l, name, &n))
		return -EINVAL;
	link_text_add(t, " %" PRIu32, n);
	return 0;
}

static int put_delay(struct tc_line *l, struct link_text *t)
{
	link_text_word(t, "delay");
	if (put_time(l, t, "delay"))
		return -EINVAL;
	if (tc_number_next(l) && put_time(l, t, "delay's jitter"))
		return -EINVAL;
	return tc_number_next(l) ? put_share(l, t, "delay's correlation") : 0;
}

/* A share, and its correlation if there is one. */
static int put_shares(struct tc_line *l, struct link_text *t, const char *word)
{
	link_text_word(t, word);
	if (put_share(l, t, word))
		return -EINVAL;
	return tc_number_next(l) ? put_share(l, t, word) : 0;
}

static int put_loss(struct tc_line *l, struct link_text *t)
{
	bool state = tc_take(l, "state", 0), gemodel = !state && tc_take(l, "gemodel", 0);

	if (!state && !gemodel) {
		tc_take(l, "random", 0);
		return put_shares(l, t, "loss");
	}
	link_text_word(t, state ? "loss state" : "loss gemodel");
	do {
		if (put_share(l, t, state ? "loss state" : "loss gemodel"))
			return -EINVAL;
	} while (tc_number_next(l));
	return 0;
}

static int put_rate(struct tc_line *l, struct link_text *t)
{
	uint64_t bps;
	int32_t n;

	if (tc_take_rate(l, "rate", &bps))
		return -EINVAL;
	link_text_word(t, "rate");
	link_text_rate(t, bps);
	while (tc_number_next(l)) {
		if (tc_take_int(l, "rate: overhead or cell", &n))
			return -EINVAL;
		link_text_add(t, " %" PRId32, n);
	}
	return 0;
}

static int put_name(struct tc_line *l, struct link_text *t)
{
	const char *name;

	if (tc_take_word(l, "distribution", &name))
		return -EINVAL;
	link_text_add(t, " distribution %s", name);
	return 0;
}

/* MIN [MAX], or distribution NAME MEAN JITTER; packets N, bytes N */
static int put_slot(struct tc_line *l, struct link_text *t)
{
	link_text_word(t, "slot");
	if (tc_take(l, "distribution", 4)) {
		if (put_name(l, t) || put_time(l, t, "slot") || put_time(l, t, "slot's jitter"))
			return -EINVAL;
	} else if (put_time(l, t, "slot") || (tc_number_next(l) && put_time(l, t, "slot"))) {
		return -EINVAL;
	}
	for (;;) {
		const char *word = tc_take(l, "packets", 3) ? "packets" : tc_take(l, "bytes",
				3) ? "bytes" : NULL;

		if (!word)
			return 0;
		link_text_word(t, word);
		if (put_count(l, t, word))
			return -EINVAL;
	}
}

static int put_number(struct tc_line *l, struct link_text *t, const char *word)
{
	const char *text;

	if (tc_take_word(l, word, &text))
		return -EINVAL;
	link_text_word(t, word);
	link_text_add(t, " %s", text);
	return 0;
}

static int put_limit(struct tc_line *l, struct link_text *t)
{
	link_text_word(t, "queue");
	return put_count(l, t, "limit");
}

/* One option of netem, in words of ours. */
static int put_option(struct tc_line *l, struct link_text *t)
{
	if (tc_take(l, "delay", 2) || tc_take(l, "latency", 2))
		return put_delay(l, t);
	if (tc_take(l, "loss", 2) || tc_take(l, "drop", 2))
		return put_loss(l, t);
	if (tc_take(l, "duplicate", 2))
		return put_shares(l, t, "dup");
	if (tc_take(l, "corrupt", 1))
		return put_shares(l, t, "corrupt");
	if (tc_take(l, "reorder", 2))
		return put_shares(l, t, "reorder");
	if (tc_take(l, "gap", 1))
		return put_number(l, t, "gap");
	if (tc_take(l, "distribution", 2))
		return put_name(l, t);
	if (tc_take(l, "rate", 2))
		return put_rate(l, t);
	if (tc_take(l, "slot", 2))
		return put_slot(l, t);
	if (tc_take(l, "limit", 2))
		return put_limit(l, t);
	if (tc_take(l, "seed", 2))
		return put_number(l, t, "seed");
	if (tc_take(l, "ecn", 1)) {
		link_text_word(t, "ecn");
		return 0;
	}
	return tc_refuse(l, "netem has no '%s'; it has delay, loss, ecn, duplicate, corrupt, "
			"reorder, gap, "
			 "distribution, rate, slot, limit and seed", tc_peek(l));
}

int tc_netem(struct tc_line *l, struct tc_device *d)
{
	const char *word[TC_WORDS_MAX * 2];
	char text[TC_LINE_MAX * 2] = "", *save;
	struct link_text t = { .out = text, .size = sizeof(text) };
	int n = 0;

	while (l->at < l->n)
		if (put_option(l, &t))
			return -EINVAL;
	for (char *w = strtok_r(text, " ", &save); w && n < TC_WORDS_MAX * 2; w = strtok_r(NULL,
			" ", &save))
		word[n++] = w;
	link_spec_init(&d->spec);
	d->netem = true;
	d->netem_inside = d->shaper != TC_SHAPER_NONE;
	return n ? link_spec_read(&d->spec, n, word, l->err, l->err_size) : 0;
}

int tc_fifo(struct tc_line *l, struct tc_device *d, bool bytes)
{
	uint32_t limit = bytes ? TXQUEUELEN * FRAME : TXQUEUELEN;

	if (tc_take(l, "limit", 1) && tc_take_size(l, "limit", &limit))
		return -EINVAL;
	d->leaf = (struct link_queue_conf){ .kind = LINK_QUEUE_DROPTAIL };
	*(bytes ? &d->leaf.bytes : &d->leaf.packets) = limit;
	d->has_leaf = true;
	return 0;
}

/* What a CoDel of a link has not, and does not need to be the same. */
static int other_codel(struct tc_line *l, struct tc_device *d)
{
	const char *word = l->word[l->at++], *value;

	if (strcmp(word, "memory_limit") != 0 && strcmp(word, "drop_batch") != 0)
		return tc_refuse(l, "a link's CoDel has no '%s'; it has limit, target, interval, "
				"ecn and noecn, "
				 "and FQ-CoDel flows and quantum", word);
	tc_note(d, "%s is left out: a link has no such bound", word);
	return tc_take_word(l, word, &value);
}

int tc_codel(struct tc_line *l, struct tc_device *d, bool fair)
{
	struct link_queue_conf q = {
		.kind = fair ? LINK_QUEUE_FQ_CODEL : LINK_QUEUE_CODEL,
		.packets = fair ? FQ_PACKETS : CODEL_PACKETS, .target_ns = CODEL_TARGET_NS,
		.interval_ns = CODEL_INTERVAL_NS, .flows = fair ? FQ_FLOWS : 0, .quantum = fair ?
				FRAME : 0,
		.ecn = fair,
	};
	int rc = 0;

	while (l->at < l->n && rc == 0) {
		if (tc_take(l, "limit", 0))
			rc = tc_take_size(l, "limit", &q.packets);
		else if (tc_take(l, "target", 0))
			rc = tc_take_time(l, "target", &q.target_ns);
		else if (tc_take(l, "interval", 0))
			rc = tc_take_time(l, "interval", &q.interval_ns);
		else if (fair && tc_take(l, "flows", 0))
			rc = tc_take_size(l, "flows", &q.flows);
		else if (fair && tc_take(l, "quantum", 0))
			rc = tc_take_size(l, "quantum", &q.quantum);
		else if (tc_take(l, "ecn", 0))
			q.ecn = true;
		else if (tc_take(l, "noecn", 0))
			q.ecn = false;
		else
			rc = other_codel(l, d);
	}
	if (rc == 0 && (q.interval_ns == 0 || q.packets == 0 || (fair && (q.flows == 0 ||
			q.quantum == 0))))
		rc = tc_refuse(l, "limit, interval, flows and quantum of a CoDel are above 0");
	d->leaf = q;
	d->has_leaf = true;
	return rc;
}
