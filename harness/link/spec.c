/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The words of a link, read and printed. Decides which values and combinations are sense and says
 * in a sentence what is wrong with the others. Called by the topology language and by tests.
 */
#include "harness/link/spec.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "harness/link/classify.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

struct unit {
	const char *word;
	uint64_t mult;		/* of the base unit: nanoseconds, bits a second, 1e-9 */
};

/* The largest first: printing takes the first that divides. */
static const struct unit time_units[] = {
	{ "s", 1000000000 }, { "ms", 1000000 }, { "us", 1000 }, { "ns", 1 },
};

/* As tc: a unit that ends in "bit" is bits a second, one that ends in "bps" is bytes a second. */
static const struct unit rate_units[] = {
	{ "tbit", 1000000000000 }, { "gbit", 1000000000 }, { "mbit", 1000000 },
	{ "kbit", 1000 }, { "bit", 1 },
	{ "gibit", 1u << 30 }, { "mibit", 1u << 20 }, { "kibit", 1u << 10 },
	{ "tbps", 8000000000000 }, { "gbps", 8000000000 }, { "mbps", 8000000 },
	{ "kbps", 8000 }, { "bps", 8 },
};
enum { RATE_UNITS_PRINTED = 5 };

static const struct unit percent_units[] = { { "%", LINK_CERTAIN / 100 } };

struct parse {
	struct link_spec *s;
	int nword, at;
	const char *const *word;
	char *err;
	size_t err_size;
};

__attribute__((format(printf, 2, 3)))
static int refuse(const struct parse *p, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(p->err, p->err_size, format, ap);
	va_end(ap);
	return -EINVAL;
}

/*
 * A decimal number of units. False for what is none, for more than 9 digits after the point, for
 * a value beyond 2^64, and for one so small that nothing would be left of it.
 */
static bool scaled(const char *text, size_t len, const struct unit *unit, uint64_t *out)
{
	uint64_t whole = 0, part = 0, one = 1, fraction;
	bool digits = false, point = false;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '.' && !point) {
			point = true;
			continue;
		}
		if (text[i] < '0' || text[i] > '9')
			return false;
		digits = true;
		if (!point && whole > (UINT64_MAX - 9) / 10)
			return false;
		if (point && one == 1000000000)
			return false;
		if (point) {
			part = part * 10 + (uint64_t)(text[i] - '0');
			one *= 10;
		} else {
			whole = whole * 10 + (uint64_t)(text[i] - '0');
		}
	}
	if (!digits || whole > UINT64_MAX / unit->mult)
		return false;
	/* part < one <= 1e9, so neither product passes 2^64. */
	fraction = part * (unit->mult / one) + part * (unit->mult % one) / one;
	if (whole * unit->mult > UINT64_MAX - fraction)
		return false;
	*out = whole * unit->mult + fraction;
	return *out != 0 || (whole == 0 && part == 0);
}

/* Number with unit. Zero needs none. */
static bool read_units(const char *text, const struct unit *unit, size_t nunit, uint64_t *out)
{
	size_t len = strspn(text, "0123456789.");

	if (strcmp(text, "0") == 0) {
		*out = 0;
		return true;
	}
	for (size_t i = 0; i < nunit; i++)
		if (strcmp(text + len, unit[i].word) == 0)
			return scaled(text, len, &unit[i], out);
	return false;
}

static bool read_count(const char *text, size_t len, uint64_t *out)
{
	uint64_t v = 0;

	if (len == 0)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		unsigned int digit = (unsigned int)(text[i] - '0');
		if (v > (UINT64_MAX - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	*out = v;
	return true;
}

/* The word after the one at p->at, or NULL with a sentence. */
static const char *value_of(struct parse *p, const char *what)
{
	if (p->at + 1 >= p->nword) {
		refuse(p, "%s: the value is missing; write %s", p->word[p->at], what);
		return NULL;
	}
	return p->word[++p->at];
}

static int read_time(struct parse *p, uint64_t *out)
{
	const char *name = p->word[p->at];
	const char *text = value_of(p, "a time such as 10ms");
	uint64_t ns;

	if (!text)
		return -EINVAL;
	if (!read_units(text, time_units, ARRAY_LEN(time_units), &ns))
		return refuse(p, "%s: '%s' is no time; write a number and ns, us, ms or s, such as "
			      "10ms", name, text);
	if (ns > LINK_DELAY_MAX_NS)
		return refuse(p, "%s: %s is too long; at most 3600s", name, text);
	*out = ns;
	return 0;
}

static int read_share(struct parse *p, uint32_t *out)
{
	const char *name = p->word[p->at];
	const char *text = value_of(p, "a percentage such as 1%");
	uint64_t share;

	if (!text)
		return -EINVAL;
	if (!read_units(text, percent_units, 1, &share))
		return refuse(p, "%s: '%s' is no percentage; write a number from 0%% to 100%% and "
			      "the sign, such as 1%%", name, text);
	if (share > LINK_CERTAIN)
		return refuse(p, "%s: %s is more than 100%%", name, text);
	*out = (uint32_t)share;
	return 0;
}

static int read_rate(struct parse *p)
{
	const char *text = value_of(p, "a rate such as 100mbit");
	uint64_t bps;

	if (!text)
		return -EINVAL;
	if (!read_units(text, rate_units, ARRAY_LEN(rate_units), &bps))
		return refuse(p, "rate: '%s' is no rate; write a number and bit, kbit, mbit or "
			      "gbit (bits a second) or bps, kbps, mbps or gbps (bytes a second), "
			      "such as 100mbit", text);
	if (bps != 0 && (bps < LINK_RATE_MIN_BPS || bps > LINK_RATE_MAX_BPS))
		return refuse(p, "rate: %s is out of range; write 8bit to 1000tbit, or 0 for no "
			      "limit", text);
	p->s->rate_bps = bps;
	return 0;
}

static int read_queue(struct parse *p)
{
	const char *text = value_of(p, "a number of frames such as 100");
	uint64_t n;

	if (!text)
		return -EINVAL;
	if (!read_count(text, strlen(text), &n) || n < 1 || n > LINK_QUEUE_MAX)
		return refuse(p, "queue: '%s' is no number of frames from 1 to %d", text,
			      LINK_QUEUE_MAX);
	p->s->queue = (uint32_t)n;
	return 0;
}

static int read_seed(struct parse *p)
{
	const char *text = value_of(p, "a number such as 7");

	if (!text)
		return -EINVAL;
	if (!read_count(text, strlen(text), &p->s->seed))
		return refuse(p, "seed: '%s' is no number from 0 to %" PRIu64, text, UINT64_MAX);
	p->s->seedings++;
	return 0;
}

/* One of "3", "3..5". */
static bool read_range(const char *text, size_t len, struct link_range *r)
{
	size_t first = strspn(text, "0123456789");

	if (first > len || !read_count(text, first, &r->from) || r->from == 0)
		return false;
	r->to = r->from;
	if (first == len)
		return true;
	if (len - first < 3 || text[first] != '.' || text[first + 1] != '.')
		return false;
	return read_count(text + first + 2, len - first - 2, &r->to) && r->to >= r->from;
}

static int read_ranges(struct parse *p, const char *text, struct link_script *sc)
{
	for (const char *at = text;;) {
		size_t len = strcspn(at, ",");

		if (sc->nrange == LINK_RANGES_MAX)
			return refuse(p, "script: '%s' lists more than %d numbers", text,
				      LINK_RANGES_MAX);
		if (!read_range(at, len, &sc->range[sc->nrange]))
			return refuse(p, "script: '%s' does not say which; write 3, or 3..5, or "
				      "3,7, or every 10, counted from 1", text);
		sc->nrange++;
		if (at[len] == '\0')
			return 0;
		at += len + 1;
	}
}

static void list_kinds(char *out, size_t size)
{
	size_t n = 0;

	out[0] = '\0';
#define X(name, bit, word, meaning) \
	if (n < size) \
		n += (size_t)snprintf(out + n, size - n, "%s%s", n ? ", " : "", word);
	LINK_KINDS(X)
#undef X
}

static int read_every(struct parse *p, struct link_script *sc)
{
	const char *text = value_of(p, "a number such as 10");
	uint64_t n;

	if (!text)
		return -EINVAL;
	if (!read_count(text, strlen(text), &n) || n < 1 || n > UINT32_MAX)
		return refuse(p, "script: every '%s' is no number from 1", text);
	sc->every = (uint32_t)n;
	return 0;
}

/* script drop KIND WHICH */
static int read_script(struct parse *p)
{
	struct link_script sc = { 0 };
	char kinds[160];
	const char *text = value_of(p, "script drop data 3");
	int rc;

	if (!text)
		return -EINVAL;
	if (strcmp(text, "drop") != 0)
		return refuse(p, "script: '%s' is no act; only drop is, as in script drop data 3",
			      text);
	list_kinds(kinds, sizeof(kinds));
	text = value_of(p, "a kind of frame, as in script drop data 3");
	if (!text)
		return -EINVAL;
	sc.kind = link_kind_of_word(text);
	if (sc.kind == 0)
		return refuse(p, "script: '%s' is no kind of frame; write one of %s", text, kinds);
	text = value_of(p, "which: 3, or 3..5, or 3,7, or every 10");
	if (!text)
		return -EINVAL;
	rc = strcmp(text, "every") == 0 ? read_every(p, &sc) : read_ranges(p, text, &sc);
	if (rc != 0)
		return rc;
	if (p->s->nscript == LINK_SCRIPTS_MAX)
		return refuse(p, "script: this link has %d scripts already; one more is too many",
			      LINK_SCRIPTS_MAX);
	p->s->script[p->s->nscript++] = sc;
	return 0;
}

static int read_word(struct parse *p)
{
	struct link_spec *s = p->s;
	const char *word = p->word[p->at];

	if (strcmp(word, "delay") == 0)
		return read_time(p, &s->delay_ns);
	if (strcmp(word, "jitter") == 0)
		return read_time(p, &s->jitter_ns);
	if (strcmp(word, "loss") == 0)
		return read_share(p, &s->loss);
	if (strcmp(word, "reorder") == 0)
		return read_share(p, &s->reorder);
	if (strcmp(word, "dup") == 0)
		return read_share(p, &s->dup);
	if (strcmp(word, "corrupt") == 0)
		return read_share(p, &s->corrupt);
	if (strcmp(word, "rate") == 0)
		return read_rate(p);
	if (strcmp(word, "queue") == 0)
		return read_queue(p);
	if (strcmp(word, "seed") == 0)
		return read_seed(p);
	if (strcmp(word, "script") == 0)
		return read_script(p);
	return refuse(p, "'%s' is no word of a link; write delay, jitter, loss, reorder, dup, "
		      "corrupt, rate, queue, seed or script", word);
}

void link_spec_init(struct link_spec *s)
{
	memset(s, 0, sizeof(*s));
	s->queue = LINK_QUEUE_DEFAULT;
	s->seed = 1;
}

bool link_spec_is_clear(const struct link_spec *s)
{
	return s->delay_ns == 0 && s->jitter_ns == 0 && s->loss == 0 && s->reorder == 0 &&
	       s->dup == 0 && s->corrupt == 0 && s->rate_bps == 0 && s->nscript == 0;
}

int link_spec_parse(struct link_spec *s, int nword, const char *const *word, char *err,
		    size_t err_size)
{
	struct link_spec to = *s;
	struct parse p = { .s = &to, .nword = nword, .word = word, .err = err,
			   .err_size = err_size };

	if (nword < 1)
		return refuse(&p, "nothing is said of the link; write what it does, such as "
			      "delay 10ms loss 1%%");
	for (p.at = 0; p.at < nword; p.at++) {
		int rc = read_word(&p);

		if (rc != 0)
			return rc;
	}
	if (to.reorder > 0 && to.delay_ns == 0 && to.jitter_ns == 0)
		return refuse(&p, "reorder: without a delay nothing can overtake; add a delay, "
			      "such as delay 10ms");
	*s = to;
	return 0;
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

static void begin(struct text *t, const char *word)
{
	add(t, "%s%s ", t->n ? " " : "", word);
}

static void add_units(struct text *t, const char *word, uint64_t v, const struct unit *unit,
		      size_t nunit)
{
	begin(t, word);
	for (size_t i = 0; i < nunit; i++)
		if (v % unit[i].mult == 0) {
			add(t, "%" PRIu64 "%s", v / unit[i].mult, unit[i].word);
			return;
		}
}

/* As many digits as it takes, at most 7: the share is a whole number of 1e-7 percent. */
static void add_share(struct text *t, const char *word, uint32_t share)
{
	uint32_t part = share % (LINK_CERTAIN / 100);
	int digits = 7;

	if (share == 0)
		return;
	begin(t, word);
	add(t, "%" PRIu32, share / (LINK_CERTAIN / 100));
	for (; part != 0 && part % 10 == 0; part /= 10)
		digits--;
	if (part != 0)
		add(t, ".%0*" PRIu32, digits, part);
	add(t, "%%");
}

static void add_script(struct text *t, const struct link_script *sc)
{
	begin(t, "script drop");
	add(t, "%s ", link_kind_word(sc->kind));
	if (sc->every != 0)
		add(t, "every %" PRIu32, sc->every);
	for (uint32_t i = 0; i < sc->nrange; i++) {
		add(t, "%s%" PRIu64, i ? "," : "", sc->range[i].from);
		if (sc->range[i].to != sc->range[i].from)
			add(t, "..%" PRIu64, sc->range[i].to);
	}
}

size_t link_spec_print(const struct link_spec *s, char *out, size_t size)
{
	struct text t = { .out = out, .size = size };

	if (size > 0)
		out[0] = '\0';
	if (s->delay_ns != 0)
		add_units(&t, "delay", s->delay_ns, time_units, ARRAY_LEN(time_units));
	if (s->jitter_ns != 0)
		add_units(&t, "jitter", s->jitter_ns, time_units, ARRAY_LEN(time_units));
	add_share(&t, "loss", s->loss);
	add_share(&t, "reorder", s->reorder);
	add_share(&t, "dup", s->dup);
	add_share(&t, "corrupt", s->corrupt);
	if (s->rate_bps != 0)
		add_units(&t, "rate", s->rate_bps, rate_units, RATE_UNITS_PRINTED);
	if (s->queue != LINK_QUEUE_DEFAULT)
		add(&t, "%squeue %" PRIu32, t.n ? " " : "", s->queue);
	if (s->seed != 1)
		add(&t, "%sseed %" PRIu64, t.n ? " " : "", s->seed);
	for (uint32_t i = 0; i < s->nscript; i++)
		add_script(&t, &s->script[i]);
	return t.n;
}
