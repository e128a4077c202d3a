/* SPDX-License-Identifier: BSD-2-Clause */
/* Values of a link's words; see spec_value.h. Called by harness/link/spec*.c and pattern.c. */
#include "harness/link/spec_value.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/link/spec.h"

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

int link_refuse(const struct link_parse *p, const char *format, ...)
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

bool link_read_count(const char *text, size_t len, uint64_t *out)
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

bool link_read_time(const char *text, uint64_t *ns)
{
	return read_units(text, time_units, ARRAY_LEN(time_units), ns);
}

bool link_read_rate(const char *text, uint64_t *bps)
{
	return read_units(text, rate_units, ARRAY_LEN(rate_units), bps);
}

bool link_read_share(const char *text, uint64_t *share)
{
	return read_units(text, percent_units, 1, share);
}

bool link_read_range(const char *text, size_t len, struct link_range *r)
{
	size_t first = strspn(text, "0123456789");

	if (first > len || !link_read_count(text, first, &r->from) || r->from == 0)
		return false;
	r->to = r->from;
	if (first == len)
		return true;
	if (len - first < 3 || text[first] != '.' || text[first + 1] != '.')
		return false;
	return link_read_count(text + first + 2, len - first - 2, &r->to) && r->to >= r->from;
}

const char *link_value(struct link_parse *p, const char *what)
{
	if (p->at + 1 >= p->nword) {
		link_refuse(p, "%s: the value is missing; write %s", p->word[p->at], what);
		return NULL;
	}
	return p->word[++p->at];
}

const char *link_peek(const struct link_parse *p)
{
	return p->at + 1 < p->nword ? p->word[p->at + 1] : "";
}

bool link_take(struct link_parse *p, const char *word)
{
	if (strcmp(link_peek(p), word) != 0)
		return false;
	p->at++;
	return true;
}

int link_take_time(struct link_parse *p, const char *name, uint64_t *out)
{
	const char *text = link_value(p, "a time such as 10ms");
	uint64_t ns;

	if (!text)
		return -EINVAL;
	if (!link_read_time(text, &ns))
		return link_refuse(p, "%s: '%s' is no time; write a number and ns, us, ms or s, "
				   "such as 10ms", name, text);
	if (ns > LINK_DELAY_MAX_NS)
		return link_refuse(p, "%s: %s is too long; at most 3600s", name, text);
	*out = ns;
	return 0;
}

int link_take_share(struct link_parse *p, const char *name, uint32_t *out)
{
	const char *text = link_value(p, "a percentage such as 1%");
	uint64_t share;

	if (!text)
		return -EINVAL;
	if (!link_read_share(text, &share))
		return link_refuse(p, "%s: '%s' is no percentage; write a number from 0%% to 100%% "
				   "and the sign, such as 1%%", name, text);
	if (share > LINK_CERTAIN)
		return link_refuse(p, "%s: %s is more than 100%%", name, text);
	*out = (uint32_t)share;
	return 0;
}

int link_take_rate(struct link_parse *p, const char *name, uint64_t *out)
{
	const char *text = link_value(p, "a rate such as 100mbit");
	uint64_t bps;

	if (!text)
		return -EINVAL;
	if (!link_read_rate(text, &bps))
		return link_refuse(p, "%s: '%s' is no rate; write a number and bit, kbit, mbit or "
				   "gbit (bits a second) or bps, kbps, mbps or gbps (bytes a "
				   "second), such as 100mbit", name, text);
	if (bps != 0 && (bps < LINK_RATE_MIN_BPS || bps > LINK_RATE_MAX_BPS))
		return link_refuse(p, "%s: %s is out of range; write 8bit to 1000tbit, or 0 for "
				   "no limit", name, text);
	*out = bps;
	return 0;
}

int link_take_count(struct link_parse *p, const char *name, const char *what, uint64_t min,
		    uint64_t max, uint64_t *out)
{
	const char *text = link_value(p, "a number such as 100");
	uint64_t n;

	if (!text)
		return -EINVAL;
	if (!link_read_count(text, strlen(text), &n) || n < min || n > max)
		return link_refuse(p, "%s: '%s' is no number%s from %" PRIu64 " to %" PRIu64, name,
				   text, what, min, max);
	*out = n;
	return 0;
}

static bool digit_next(const struct link_parse *p)
{
	char c = link_peek(p)[0];

	return (c >= '0' && c <= '9') || c == '.';
}

int link_may_take_time(struct link_parse *p, const char *name, uint64_t *ns)
{
	return digit_next(p) ? link_take_time(p, name, ns) : 0;
}

int link_may_take_share(struct link_parse *p, const char *name, uint32_t *share)
{
	return digit_next(p) ? link_take_share(p, name, share) : 0;
}

int link_may_take_int(struct link_parse *p, const char *name, int32_t min, int32_t max,
		      int32_t *out)
{
	const char *text = link_peek(p);
	bool minus = text[0] == '-';
	uint64_t n;

	if (!digit_next(p) && !minus)
		return 0;
	p->at++;
	if (!link_read_count(text + minus, strlen(text + minus), &n) || n > INT32_MAX ||
	    (minus ? -(int64_t)n : (int64_t)n) < min || (minus ? -(int64_t)n : (int64_t)n) > max)
		return link_refuse(p, "%s: '%s' is no number of bytes from %" PRId32 " to %" PRId32,
				   name, text, min, max);
	*out = minus ? -(int32_t)n : (int32_t)n;
	return 0;
}

void link_text_add(struct link_text *t, const char *format, ...)
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

void link_text_word(struct link_text *t, const char *word)
{
	link_text_add(t, "%s%s", t->n ? " " : "", word);
}

static void add_units(struct link_text *t, uint64_t v, const struct unit *unit, size_t nunit)
{
	if (v == 0) {
		link_text_add(t, " 0");
		return;
	}
	for (size_t i = 0; i < nunit; i++)
		if (v % unit[i].mult == 0) {
			link_text_add(t, " %" PRIu64 "%s", v / unit[i].mult, unit[i].word);
			return;
		}
}

void link_text_time(struct link_text *t, uint64_t ns)
{
	add_units(t, ns, time_units, ARRAY_LEN(time_units));
}

void link_text_rate(struct link_text *t, uint64_t bps)
{
	add_units(t, bps, rate_units, RATE_UNITS_PRINTED);
}

/* As many digits as it takes, at most 7: the share is a whole number of 1e-7 percent. */
void link_text_share(struct link_text *t, uint32_t share)
{
	uint32_t part = share % (LINK_CERTAIN / 100);
	int digits = 7;

	link_text_add(t, " %" PRIu32, share / (LINK_CERTAIN / 100));
	for (; part != 0 && part % 10 == 0; part /= 10)
		digits--;
	if (part != 0)
		link_text_add(t, ".%0*" PRIu32, digits, part);
	link_text_add(t, "%%");
}
