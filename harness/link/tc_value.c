/* SPDX-License-Identifier: BSD-2-Clause */
/* Values of tc's words; see tc_value.h. */
#include "harness/link/tc_value.h"

#define _GNU_SOURCE
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "harness/link/spec.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

struct unit {
	const char *word;	/* in any case */
	double mult;
};

#define KI 1024.0

static const struct unit times[] = {
	{ "", 1e3 }, { "s", 1e9 }, { "sec", 1e9 }, { "secs", 1e9 }, { "ms", 1e6 }, { "msec",
	  1e6 }, { "msecs", 1e6 },
	{ "us", 1e3 }, { "usec", 1e3 }, { "usecs", 1e3 }, { "ns", 1 }, { "nsec", 1 }, { "nsecs",
	  1 },
};

static const struct unit rates[] = {
	{ "", 1 }, { "bit", 1 }, { "kbit", 1e3 }, { "mbit", 1e6 }, { "gbit", 1e9 }, { "tbit",
	  1e12 },
	{ "kibit", KI }, { "mibit", KI * KI }, { "gibit", KI * KI * KI }, { "tibit",
	  KI * KI * KI * KI },
	{ "bps", 8 }, { "kbps", 8e3 }, { "mbps", 8e6 }, { "gbps", 8e9 }, { "tbps", 8e12 },
	{ "kibps", 8 * KI }, { "mibps", 8 * KI * KI }, { "gibps", 8 * KI * KI * KI },
	{ "tibps", 8 * KI * KI * KI * KI },
};

static const struct unit sizes[] = {
	{ "", 1 }, { "b", 1 }, { "k", KI }, { "kb", KI }, { "m", KI * KI }, { "mb", KI * KI },
	{ "g", KI * KI * KI }, { "gb", KI * KI * KI }, { "kbit", KI / 8 }, { "mbit", KI * KI / 8 },
	{ "gbit", KI * KI * KI / 8 },
};

static const struct unit shares[] = {
	{ "", LINK_CERTAIN / 100 }, { "%", LINK_CERTAIN / 100 },
};

int tc_refuse(const struct tc_line *l, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(l->err, l->err_size, format, ap);
	va_end(ap);
	return -EINVAL;
}

const char *tc_peek(const struct tc_line *l)
{
	return l->at < l->n ? l->word[l->at] : "";
}

bool tc_take(struct tc_line *l, const char *word, size_t shortest)
{
	const char *have = tc_peek(l);
	size_t n = strlen(have);

	if (strcmp(have, word) != 0 && (shortest == 0 || n < shortest || strncmp(have, word,
			n) != 0))
		return false;
	l->at++;
	return true;
}

bool tc_number_next(const struct tc_line *l)
{
	const char *have = tc_peek(l);

	have += *have == '-';
	return (*have >= '0' && *have <= '9') || *have == '.';
}

int tc_take_word(struct tc_line *l, const char *name, const char **out)
{
	if (l->at >= l->n)
		return tc_refuse(l, "%s: its value is missing", name);
	*out = l->word[l->at++];
	return 0;
}

/* A number from 0 to most with a unit of the table. */
static int take(struct tc_line *l, const char *name, const struct unit *unit, size_t n, double most,
		const char *like, double *out)
{
	const char *text = "";
	char *end;
	double v;

	if (tc_take_word(l, name, &text))
		return -EINVAL;
	v = strtod(text, &end);
	for (size_t i = 0; i < n && end != text && v >= 0; i++)
		if (strcasecmp(end, unit[i].word) == 0 && v * unit[i].mult <= most) {
			*out = v * unit[i].mult;
			return 0;
		}
	if (text[0] == '$')
		return tc_refuse(l, "%s: %s is a shell's variable; write its value, such as %s",
				name, text,
				 like);
	return tc_refuse(l, "%s: '%s' is none of tc's values; write such as %s", name, text, like);
}

int tc_take_time(struct tc_line *l, const char *name, uint64_t *ns)
{
	double v;

	if (take(l, name, times, ARRAY_LEN(times), (double)LINK_DELAY_MAX_NS, "10ms", &v))
		return -EINVAL;
	*ns = (uint64_t)llround(v);
	return 0;
}

int tc_take_rate(struct tc_line *l, const char *name, uint64_t *bps)
{
	double v;

	if (take(l, name, rates, ARRAY_LEN(rates), (double)LINK_RATE_MAX_BPS, "10mbit", &v))
		return -EINVAL;
	*bps = (uint64_t)llround(v);
	return 0;
}

int tc_take_size(struct tc_line *l, const char *name, uint32_t *bytes)
{
	double v;

	if (take(l, name, sizes, ARRAY_LEN(sizes), LINK_BYTES_MAX, "32kb", &v))
		return -EINVAL;
	*bytes = (uint32_t)llround(v);
	return 0;
}

int tc_take_share(struct tc_line *l, const char *name, uint32_t *share)
{
	double v;

	if (take(l, name, shares, ARRAY_LEN(shares), LINK_CERTAIN, "1%, at most 100%", &v))
		return -EINVAL;
	*share = (uint32_t)llround(v);
	return 0;
}

int tc_take_int(struct tc_line *l, const char *name, int32_t *out)
{
	const char *text = "";
	char *end;
	long v;

	if (tc_take_word(l, name, &text))
		return -EINVAL;
	errno = 0;
	v = strtol(text, &end, 0);
	if (errno || end == text || *end || v < INT32_MIN || v > INT32_MAX)
		return tc_refuse(l, "%s: '%s' is no whole number", name, text);
	*out = (int32_t)v;
	return 0;
}
