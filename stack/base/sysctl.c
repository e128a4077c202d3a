/* SPDX-License-Identifier: BSD-2-Clause */
/* Sysctls as text, in and out, as a read or write under /proc/sys would have it. Called by sock/'s
 * ph_sysctl_*. */
#include "base/sysctl.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/list.h"

enum { VALUES_MAX = 3, DIGITS_MAX = 20 /* of an int64_t with its sign */ };

struct row {
	struct ph_sysctl_info info;
	size_t offset; /* of the first value in struct sysctls */
	int64_t def[VALUES_MAX];
	const char *text; /* the default of words */
};

static const struct row rows[] = {
#define SYSCTL(field, name, d, min, max, help) \
	{ { name, help, min, max, 1, NULL }, offsetof(struct sysctls, field), { d }, NULL },
#define SYSCTL3(field, name, d0, d1, d2, min, max, help) \
	{ { name, help, min, max, 3, NULL }, offsetof(struct sysctls, field), { d0, d1, d2 }, NULL },
#define SYSCTL_WORDS(field, name, d, words, most, help) \
	{ { name, help, 0, most, 0, words }, offsetof(struct sysctls, field), { 0 }, d },
#include "base/sysctl.def"
#undef SYSCTL
#undef SYSCTL3
#undef SYSCTL_WORDS
};

void sysctl_defaults(struct sysctls *s)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		if (rows[i].text)
			memcpy((char *)s + rows[i].offset, rows[i].text, strlen(rows[i].text) + 1);
		else
			memcpy((char *)s + rows[i].offset, rows[i].def,
			       rows[i].info.nvalues * sizeof(rows[i].def[0]));
	}
}

static const struct row *find(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++)
		if (strcmp(rows[i].info.name, name) == 0)
			return &rows[i];
	return NULL;
}

static const char *skip_blanks(const char *p)
{
	while (*p == ' ' || *p == '\t' || *p == '\n')
		p++;
	return p;
}

/* Reads a decimal number with an optional sign, and what ends it; NULL when there is none or it is
 * too large. */
static const char *parse_number(const char *p, int64_t *value)
{
	bool negative = *p == '-';
	int64_t v = 0;

	if (*p == '-' || *p == '+')
		p++;
	if (*p < '0' || *p > '9')
		return NULL;
	for (; *p >= '0' && *p <= '9'; p++) {
		int d = *p - '0';

		if (v > (INT64_MAX - d) / 10)
			return NULL;
		v = v * 10 + d;
	}
	if (*p != '\0' && skip_blanks(p) == p)
		return NULL;
	*value = negative ? -v : v;
	return p;
}

static size_t word_len(const char *p)
{
	size_t n = 0;

	while (p[n] != '\0' && skip_blanks(p + n) == p + n)
		n++;
	return n;
}

static bool has_word(const char *list, const char *word, size_t len)
{
	for (list = skip_blanks(list); *list; list = skip_blanks(list + word_len(list)))
		if (word_len(list) == len && memcmp(list, word, len) == 0)
			return true;
	return false;
}

static int set_words(struct sysctls *s, const struct row *r, const char *value)
{
	char text[SYSCTL_TEXT_MAX];
	size_t len = 0, n;
	int64_t words = 0;

	if (r->info.max == 0)
		return -EPERM;
	for (value = skip_blanks(value); *value; value = skip_blanks(value + n)) {
		n = word_len(value);
		if (++words > r->info.max || len + n + 2 > sizeof(text) ||
		    !has_word(r->info.words, value, n))
			return -EINVAL;
		if (len)
			text[len++] = ' ';
		memcpy(text + len, value, n);
		len += n;
	}
	if (words == 0)
		return -EINVAL;
	text[len] = '\0';
	memcpy((char *)s + r->offset, text, len + 1);
	return 0;
}

int sysctl_set(struct sysctls *s, const char *name, const char *value)
{
	const struct row *r = find(name);
	int64_t v[VALUES_MAX];
	const char *p = value;
	unsigned i;

	if (!r)
		return -ENOENT;
	if (r->text)
		return set_words(s, r, value);
	for (i = 0; i < r->info.nvalues; i++) {
		p = parse_number(skip_blanks(p), &v[i]);
		if (!p || v[i] < r->info.min || v[i] > r->info.max)
			return -EINVAL;
		if (i > 0 && v[i] < v[i - 1])
			return -EINVAL;
	}
	if (*skip_blanks(p) != '\0')
		return -EINVAL;
	memcpy((char *)s + r->offset, v, r->info.nvalues * sizeof(v[0]));
	return 0;
}

/* Writes a number's digits to out[DIGITS_MAX]; returns how many. */
static size_t format_number(int64_t value, char *out)
{
	uint64_t u = value < 0 ? -(uint64_t)value : (uint64_t)value;
	char digits[DIGITS_MAX];
	size_t n = 0, len = 0;

	do {
		digits[n++] = (char)('0' + u % 10);
		u /= 10;
	} while (u > 0);
	if (value < 0)
		out[len++] = '-';
	while (n > 0)
		out[len++] = digits[--n];
	return len;
}

int sysctl_get(const struct sysctls *s, const char *name, char *out, size_t cap)
{
	const struct row *r = find(name);
	char text[VALUES_MAX * (DIGITS_MAX + 1)];
	int64_t v[VALUES_MAX];
	size_t len = 0;
	unsigned i;

	if (!r)
		return -ENOENT;
	if (r->text) {
		len = strlen((const char *)s + r->offset) + 1;
		if (len > cap)
			return -ENOSPC;
		memcpy(out, (const char *)s + r->offset, len);
		return 0;
	}
	memcpy(v, (const char *)s + r->offset, r->info.nvalues * sizeof(v[0]));
	for (i = 0; i < r->info.nvalues; i++) {
		if (i > 0)
			text[len++] = '\t';
		len += format_number(v[i], text + len);
	}
	text[len++] = '\0';
	if (len > cap)
		return -ENOSPC;
	memcpy(out, text, len);
	return 0;
}

const struct ph_sysctl_info *sysctl_row(size_t i)
{
	return i < ARRAY_LEN(rows) ? &rows[i].info : NULL;
}
