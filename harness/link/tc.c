/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lines of tc as a link's words; see tc.h. A link delays first and then waits for its rate, in whichever
 * order tc was told of the two: netem within a shaper is that shaper's queue, netem before one hands on to
 * the shaper's own.
 */
#define _GNU_SOURCE
#include "harness/link/tc.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "harness/link/tc_line.h"

enum { FRAME = 1514, TXQUEUELEN = 1000, TBF_LIMIT_BYTES = 1000 * FRAME, NS_PER_S = 1000000000 };

void tc_note(struct tc_device *d, const char *format, ...)
{
	size_t n = strlen(d->note);
	va_list ap;

	if (n > 0 && n + 1 < sizeof(d->note))
		d->note[n++] = '\n';
	va_start(ap, format);
	vsnprintf(d->note + n, sizeof(d->note) - n, format, ap);
	va_end(ap);
}

static struct tc_device *device_of(struct tc_text *t, struct tc_line *l, const char *name)
{
	for (uint32_t i = 0; i < t->n; i++)
		if (strcmp(t->device[i].name, name) == 0)
			return &t->device[i];
	if (strlen(name) >= TC_NAME_MAX || t->n == TC_DEVICES_MAX) {
		tc_refuse(l, "%s: names have at most %d letters, and a text at most %d devices",
				name,
			  TC_NAME_MAX - 1, TC_DEVICES_MAX);
		return NULL;
	}
	strcpy(t->device[t->n].name, name);
	link_spec_init(&t->device[t->n].spec);
	return &t->device[t->n++];
}

/* ---- shapers -------------------------------------------------------------------------------- */

static int read_tbf(struct tc_line *l, struct tc_device *d)
{
	uint32_t limit = TBF_LIMIT_BYTES, unused;
	uint64_t latency_ns = 0;
	const char *value;
	int rc = 0;

	while (l->at < l->n && rc == 0) {
		if (tc_take(l, "rate", 1))
			rc = tc_take_rate(l, "rate", &d->rate_bps);
		else if (tc_take(l, "burst", 1) || tc_take(l, "buffer", 2) ||
			 tc_take(l, "maxburst", 2))
			rc = tc_take_size(l, "burst", &d->burst);
		else if (tc_take(l, "limit", 2))
			rc = tc_take_size(l, "limit", &limit);
		else if (tc_take(l, "latency", 2))
			rc = tc_take_time(l, "latency", &latency_ns);
		else if (tc_take(l, "mtu", 2) || tc_take(l, "minburst", 2) || tc_take(l, "mpu", 2))
			rc = tc_take_size(l, "mtu", &unused);
		else if (tc_take(l, "overhead", 2) || tc_take(l, "linklayer", 2))
			rc = tc_take_word(l, "overhead", &value);
		else
			return tc_refuse(l, "a link has no '%s' of tbf's; it has rate, burst, and "
					"limit or latency",
					 tc_peek(l));
	}
	if (rc)
		return rc;
	if (d->rate_bps == 0)
		return tc_refuse(l, "tbf: its rate is missing; write such as rate 10mbit");
	if (latency_ns != 0)
		limit = (uint32_t)fmin(LINK_BYTES_MAX, (double)d->rate_bps / 8 * (double)latency_ns /
				       NS_PER_S + d->burst);
	d->shaper = TC_SHAPER_TBF;
	if (!d->has_leaf)
		d->leaf = (struct link_queue_conf){ .kind = LINK_QUEUE_DROPTAIL, .bytes = limit };
	return 0;
}

static int read_htb(struct tc_line *l, struct tc_device *d)
{
	d->shaper = TC_SHAPER_HTB;
	d->nclass = 0;
	d->rate_bps = 0;
	l->at = l->n; /* its default class is the one there will be */
	if (!d->has_leaf) /* a class has a pfifo as long as the device's */
		d->leaf = (struct link_queue_conf){ .kind = LINK_QUEUE_DROPTAIL,
				.packets = TXQUEUELEN };
	return 0;
}

/* A class: with its children it stands in a row, of which the slowest decides. */
static int read_class(struct tc_line *l, struct tc_device *d, const char *parent)
{
	uint64_t rate = 0, ceil = 0;
	const char *value;
	int rc = 0;

	for (uint32_t i = 0; i < d->nclass; i++)
		if (strcmp(d->parent[i], parent) == 0)
			return tc_refuse(l, "two classes beside each other (parent %s): a link "
					"has one rate a direction. Give each its own link, or "
					"write the one that your packets take", parent);
	if (d->nclass == TC_CLASSES_MAX)
		return tc_refuse(l, "more than %d classes of htb in a row", TC_CLASSES_MAX);
	snprintf(d->parent[d->nclass++], TC_NAME_MAX, "%s", parent);
	while (l->at < l->n && rc == 0) {
		if (tc_take(l, "rate", 2))
			rc = tc_take_rate(l, "rate", &rate);
		else if (tc_take(l, "ceil", 2))
			rc = tc_take_rate(l, "ceil", &ceil);
		else if (tc_take(l, "burst", 2) || tc_take(l, "buffer", 2) ||
			 tc_take(l, "maxburst", 2))
			rc = tc_take_size(l, "burst", &d->burst);
		else if (tc_take_word(l, "htb", &value) ||
			 tc_take_word(l, value, &value)) /* as in prio 1 */
			rc = -EINVAL;
	}
	if (rc)
		return rc;
	if (rate == 0)
		return tc_refuse(l, "htb: the rate of the class is missing; write such as rate "
				"10mbit");
	rate = ceil > rate ? ceil : rate; /* nobody else is there to take what is left */
	d->rate_bps = d->rate_bps == 0 || rate < d->rate_bps ? rate : d->rate_bps;
	d->shaper = TC_SHAPER_HTB;
	return 0;
}

/* ---- lines ---------------------------------------------------------------------------------- */

static int read_kind(struct tc_line *l, struct tc_device *d)
{
	const char *kind;

	if (tc_take_word(l, "the discipline", &kind))
		return -EINVAL;
	if (strcmp(kind, "netem") == 0)
		return tc_netem(l, d);
	if (strcmp(kind, "tbf") == 0)
		return read_tbf(l, d);
	if (strcmp(kind, "htb") == 0)
		return read_htb(l, d);
	if (strcmp(kind, "pfifo") == 0 || strcmp(kind, "bfifo") == 0)
		return tc_fifo(l, d, kind[0] == 'b');
	if (strcmp(kind, "codel") == 0 || strcmp(kind, "fq_codel") == 0)
		return tc_codel(l, d, kind[0] == 'f');
	if (strcmp(kind, "cake") == 0)
		return tc_refuse(l, "a link has no cake; nearest is its rate before FQ-CoDel: "
				"rate RATE queue "
				 "fq_codel");
	return tc_refuse(l, "a link has no discipline '%s'; it has netem, tbf, htb with classes "
			"in a row, pfifo, "
			 "bfifo, codel and fq_codel%s", kind, strcmp(kind, "prio") == 0 ?
			 ". What netem below prio was to meet, docs/link.md's scripted verdicts "
			 "choose with a "
			 "filter" : "");
}

/* What stands between the verb and the discipline. */
struct place {
	const char *dev, *parent;
	bool ingress;
};

static int read_place(struct tc_line *l, struct place *p)
{
	const char *value;

	for (;;) {
		if (tc_take(l, "dev", 1)) {
			if (tc_take_word(l, "dev", &p->dev))
				return -EINVAL;
		} else if (tc_take(l, "parent", 2)) {
			if (tc_take_word(l, "parent", &p->parent))
				return -EINVAL;
		} else if (tc_take(l, "handle", 2) || tc_take(l, "classid", 2)) {
			if (tc_take_word(l, "handle", &value))
				return -EINVAL;
		} else if (tc_take(l, "ingress", 2) || tc_take(l, "clsact", 2)) {
			p->ingress = true;
		} else if (!tc_take(l, "root", 1)) {
			return 0;
		}
	}
}

static bool deletes(const char *verb)
{
	return strncmp(verb, "del", 3) == 0;
}

static bool sets(const char *verb)
{
	return strcmp(verb, "add") == 0 || strncmp(verb, "change", strlen(verb)) == 0 ||
	       strncmp(verb, "replace", strlen(verb)) == 0;
}

static int read_object(struct tc_text *t, struct tc_line *l, bool class)
{
	struct place p = { .dev = "", .parent = "root" };
	struct tc_device *d;
	const char *verb;
	char name[TC_NAME_MAX];

	if (tc_take_word(l, "add, change, replace or del", &verb) || read_place(l, &p))
		return -EINVAL;
	if (!deletes(verb) && !sets(verb))
		return tc_refuse(l, "'%s' changes nothing; there are add, change, replace and "
				"del", verb);
	d = device_of(t, l, p.dev);
	if (!d)
		return -EINVAL;
	if (deletes(verb)) {
		snprintf(name, sizeof(name), "%s", d->name);
		memset(d, 0, sizeof(*d));
		strcpy(d->name, name);
		link_spec_init(&d->spec);
		d->clear = true;
		return 0;
	}
	if (p.ingress) /* only a hook for filters that send it on to another device */
		return 0;
	if (class && !tc_take(l, "htb", 0))
		return tc_refuse(l, "classes of '%s': a link has only htb's, in a row", tc_peek(l));
	d->clear = false;
	return class ? read_class(l, d, p.parent) : read_kind(l, d);
}

/* A filter that sends all that comes in to another device is how tc impairs what is received. */
static int read_filter(struct tc_line *l)
{
	for (int i = l->at; i < l->n; i++)
		if (strcmp(l->word[i], "mirred") == 0)
			return 0;
	return tc_refuse(l, "a filter of tc's chooses packets; a link impairs all of them, and "
			"its scripts choose: "
			 "script drop any every 1 filter 'udp port 53' (docs/link.md)");
}

/* Past sudo, ip netns exec NAME, tc and tc's options. */
static void skip_program(struct tc_line *l)
{
	for (int i = 0; i < l->n; i++) {
		size_t n = strlen(l->word[i]);

		if (strcmp(l->word[i], "tc") == 0 || (n > 3 && strcmp(l->word[i] + n - 3,
				"/tc") == 0)) {
			l->at = i + 1;
			break;
		}
	}
	while (l->at < l->n && l->word[l->at][0] == '-') {
		bool takes = strcmp(l->word[l->at], "-n") == 0 || strncmp(l->word[l->at], "-net",
				4) == 0;

		l->at += takes ? 2 : 1;
	}
}

static int read_line(struct tc_text *t, char *text, char *err, size_t err_size)
{
	struct tc_line l = { .err = err, .err_size = err_size };
	struct tc_device *d;
	char *save;

	text[strcspn(text, "#")] = '\0';
	for (char *w = strtok_r(text, " \t\r\n\\", &save); w; w = strtok_r(NULL, " \t\r\n\\",
			&save)) {
		if (l.n == TC_WORDS_MAX)
			return tc_refuse(&l, "a line has at most %d words", TC_WORDS_MAX);
		l.word[l.n++] = w;
	}
	skip_program(&l);
	if (l.at >= l.n)
		return 0;
	if (tc_take(&l, "qdisc", 1))
		return read_object(t, &l, false);
	if (tc_take(&l, "class", 1))
		return read_object(t, &l, true);
	if (tc_take(&l, "filter", 3))
		return read_filter(&l);
	d = device_of(t, &l, "");
	return d ? read_kind(&l, d) : -EINVAL;
}

/* Where the line ends; *next is behind what ends it. */
static size_t line_end(const char *text, const char **next)
{
	for (const char *p = text;; p++) {
		size_t skip = *p == '\0' ? 0 : *p == '\n' || *p == ';' ? 1 : p[0] == '&' &&
				p[1] == '&' ? 2 : 0;

		if (*p == '\\' && p[1] == '\n') {
			p++;
			continue;
		}
		if (*p == '\0' || skip) {
			*next = p + skip;
			return (size_t)(p - text);
		}
	}
}

int tc_read(struct tc_text *t, const char *text, char *err, size_t err_size)
{
	const struct tc_line l = { .err = err, .err_size = err_size };
	char line[TC_LINE_MAX];

	memset(t, 0, sizeof(*t));
	while (*text) {
		const char *next;
		size_t n = line_end(text, &next);

		if (n >= sizeof(line))
			return tc_refuse(&l, "a line has at most %d bytes", TC_LINE_MAX - 1);
		memcpy(line, text, n);
		line[n] = '\0';
		if (read_line(t, line, err, err_size))
			return -EINVAL;
		text = next;
	}
	return t->n ? 0 : tc_refuse(&l, "nothing is said of any device; write such as netem delay "
			"10ms");
}

/* ---- words ---------------------------------------------------------------------------------- */

/* The shaper's rate and queue behind what netem does. */
static int add_shaper(struct tc_device *d, struct link_spec *s, const struct tc_line *l)
{
	if (d->rate_bps == 0)
		return tc_refuse(l, "htb without a class has no rate; write its class too, such as "
				 "tc class add dev eth0 parent 1: classid 1:1 htb rate 10mbit");
	if (s->rate_bps != 0)
		tc_note(d, "netem has a rate and so has the shaper: the slower one is left");
	if (s->rate_bps == 0 || d->rate_bps < s->rate_bps)
		s->rate_bps = d->rate_bps;
	if (d->burst > FRAME)
		tc_note(d, "burst: the wire and virtual time send frame by frame; \"backend netem "
				"%s burst %" PRIu32
			"\" lets so many bytes go at once", d->shaper == TC_SHAPER_HTB ? "htb" :
			"tbf", d->burst);
	if (d->netem_inside && !d->has_leaf)
		return 0;
	s->disc = d->leaf;
	s->limit_named = d->netem; /* netem drops what it cannot hold in delay, unlike a link */
	if (!d->netem)
		s->queue = LINK_QUEUE_MAX;
	return 0;
}

int tc_words(struct tc_device *d, char *out, size_t size, char *err, size_t err_size)
{
	const struct tc_line l = { .err = err, .err_size = err_size };
	struct link_spec s = d->spec;

	if (d->clear) {
		snprintf(out, size, "clear");
		return 0;
	}
	if (d->shaper != TC_SHAPER_NONE) {
		if (add_shaper(d, &s, &l))
			return -EINVAL;
	} else if (d->has_leaf && s.rate_bps == 0) {
		return tc_refuse(&l, "a queue without a rate before it: nothing ever waits in it. "
				"Write the tbf or htb "
				 "that it stands behind");
	} else if (d->has_leaf) {
		tc_note(d, "netem keeps its rate by itself, so nothing waits in the queue behind "
				"it: left out. "
			"With tbf or htb for the rate it would");
	}
	if (link_spec_check(&s, err, err_size))
		return -EINVAL;
	link_spec_print(&s, out, size);
	if (out[0] == '\0')
		snprintf(out, size, "queue %d", LINK_QUEUE_DEFAULT);
	return 0;
}

bool tc_is_ingress(const struct tc_device *d)
{
	return strncmp(d->name, "ifb", 3) == 0;
}
