/* SPDX-License-Identifier: BSD-2-Clause */
/* Sysctls as text, in and out, as a read or write under /proc/sys would have it. Called by sock/'s
 * ph_sysctl_*. */
#include "base/sysctl.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/list.h"

/* The one row whose values may be the other way round. */
#define NOBODY_AT offsetof(struct sysctls, ping_group_range)

enum { VALUES_MAX = 3, DIGITS_MAX = 20 /* of an int64_t with its sign */ };

enum { KEYS = 1 }; /* the least of a row that holds keys, where words have 0 */
#define KEYS_WORDS "random HEX-HEX-HEX-HEX HEX-HEX-HEX-HEX,HEX-HEX-HEX-HEX"

#define CONF4_DEFAULT "net.ipv4.conf.default."
#define CONF6_DEFAULT "net.ipv6.conf.default."

struct row {
	struct ph_sysctl_info info;
	size_t offset; /* of the first value in struct sysctls */
	int64_t def[VALUES_MAX];
	const char *text; /* the default of words */
};

static const struct row rows[] = {
#define SYSCTL(field, name, d, min, max, help) \
	{ { name, help, min, max, 1, NULL }, offsetof(struct sysctls, field), { d }, NULL },
#define SYSCTL2(field, name, d0, d1, min, max, help) \
	{ { name, help, min, max, 2, NULL }, offsetof(struct sysctls, field), { d0, d1 }, NULL },
#define SYSCTL3(field, name, d0, d1, d2, min, max, help) \
	{ { name, help, min, max, 3, NULL }, offsetof(struct sysctls, field), { d0, d1, d2 }, NULL },
#define SYSCTL_WORDS(field, name, d, words, most, help) \
	{ { name, help, 0, most, 0, words }, offsetof(struct sysctls, field), { 0 }, d },
#define SYSCTL_KEYS(field, name, d, help) \
	{ { name, help, KEYS, 1, 0, KEYS_WORDS }, offsetof(struct sysctls, field), { 0 }, d },
#include "base/sysctl.def"
#undef SYSCTL
#undef SYSCTL2
#undef SYSCTL3
#undef SYSCTL_KEYS
#undef SYSCTL_WORDS
#define CONF4(field, name, d, min, max, help)                              \
	{ { CONF4_DEFAULT name, help, min, max, 1, NULL },                 \
	  offsetof(struct sysctls, conf4) + offsetof(struct conf4, field), \
	  { d },                                                           \
	  NULL },
#include "base/conf4.def"
#undef CONF4
#define CONF6(field, name, d, min, max, help)                              \
	{ { CONF6_DEFAULT name, help, min, max, 1, NULL },                       \
	  offsetof(struct sysctls, conf6) + offsetof(struct conf6, field), \
	  { d },                                                           \
	  NULL },
#include "base/conf6.def"
#undef CONF6
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

/* Eight hexadecimal digits at most, and what ends them. NULL: there is none. */
static const char *parse_hex(const char *p, uint32_t *v)
{
	int n = 0;

	for (*v = 0; n < 8; n++, p++) {
		if (*p >= '0' && *p <= '9')
			*v = *v << 4 | (uint32_t)(*p - '0');
		else if ((*p | 0x20) >= 'a' && (*p | 0x20) <= 'f')
			*v = *v << 4 | (uint32_t)((*p | 0x20) - 'a' + 10);
		else
			break;
	}
	return n ? p : NULL;
}

/* Reads a number, decimal with an optional sign or 0x and hexadecimal, and what ends it; NULL when
 * there is none or it is too large. */
static const char *parse_number(const char *p, int64_t *value)
{
	bool negative = *p == '-';
	int64_t v = 0;
	uint32_t hex;

	/* Sums of bits are written so. */
	if (p[0] == '0' && (p[1] | 0x20) == 'x') {
		p = parse_hex(p + 2, &hex);
		if (!p || (*p != '\0' && skip_blanks(p) == p))
			return NULL;
		*value = hex;
		return p;
	}
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

unsigned sysctl_keys(const char *text, uint32_t keys[2][4])
{
	unsigned n = 0;

	for (; n < 2; n++) {
		for (unsigned i = 0; i < 4; i++) {
			text = parse_hex(text, &keys[n][i]);
			if (!text || (i < 3 && *text++ != '-'))
				return 0;
		}
		if (*text != ',')
			return *skip_blanks(text) ? 0 : n + 1;
		text++;
	}
	return 0;
}

/* One key or two, or the word that asks for one nobody knows. */
static int set_keys(const struct row *r, char *base, const char *value)
{
	size_t len = word_len(value = skip_blanks(value));
	uint32_t keys[2][4];

	if (len >= SYSCTL_KEYS_MAX ||
	    (sysctl_keys(value, keys) == 0 && !has_word(r->text, value, len)))
		return -EINVAL;
	memcpy(base + r->offset, value, len);
	base[r->offset + len] = '\0';
	return 0;
}

static int set_words(const struct row *r, char *base, const char *value)
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
	memcpy(base + r->offset, text, len + 1);
	return 0;
}

/* The row's values, from text, to `base`, which is where its offset counts from. */
static int set_row(const struct row *r, char *base, const char *value)
{
	int64_t v[VALUES_MAX];
	const char *p = value;
	unsigned i;

	if (!r)
		return -ENOENT;
	if (r->text && r->info.min == KEYS)
		return set_keys(r, base, value);
	if (r->text)
		return set_words(r, base, value);
	for (i = 0; i < r->info.nvalues; i++) {
		p = parse_number(skip_blanks(p), &v[i]);
		if (!p || v[i] < r->info.min || v[i] > r->info.max)
			return -EINVAL;
		if (i > 0 && v[i] < v[i - 1] && r->offset != NOBODY_AT)
			return -EINVAL;
	}
	if (*skip_blanks(p) != '\0')
		return -EINVAL;
	if (r->offset == NOBODY_AT && v[1] < v[0]) { /* as Linux: nobody at all */
		v[0] = 1;
		v[1] = 0;
	}
	memcpy(base + r->offset, v, r->info.nvalues * sizeof(v[0]));
	return 0;
}

int sysctl_set(struct sysctls *s, const char *name, const char *value)
{
	return set_row(find(name), (char *)s, value);
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

static int get_row(const struct row *r, const char *base, char *out, size_t cap)
{
	char text[VALUES_MAX * (DIGITS_MAX + 1)];
	int64_t v[VALUES_MAX];
	size_t len = 0;
	unsigned i;

	if (!r)
		return -ENOENT;
	if (r->text) {
		len = strlen(base + r->offset) + 1;
		if (len > cap)
			return -ENOSPC;
		memcpy(out, base + r->offset, len);
		return 0;
	}
	memcpy(v, base + r->offset, r->info.nvalues * sizeof(v[0]));
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

int sysctl_get(const struct sysctls *s, const char *name, char *out, size_t cap)
{
	return get_row(find(name), (const char *)s, out, cap);
}

/* prefix: of the default's row. */
static const struct row *find_leaf(const char *prefix, const char *leaf)
{
	size_t len = strlen(prefix), i;

	for (i = 0; i < ARRAY_LEN(rows); i++)
		if (strncmp(rows[i].info.name, prefix, len) == 0 &&
		    strcmp(rows[i].info.name + len, leaf) == 0)
			return &rows[i];
	return NULL;
}

/* A row of the default's counts from the struct that holds them all. */
int sysctl_conf4_set(struct conf4 *c, const char *leaf, const char *value)
{
	struct sysctls s;
	int rc;

	s.conf4 = *c;
	rc = set_row(find_leaf(CONF4_DEFAULT, leaf), (char *)&s, value);
	if (rc == 0)
		*c = s.conf4;
	return rc;
}

int sysctl_conf4_get(const struct conf4 *c, const char *leaf, char *out, size_t cap)
{
	struct sysctls s;

	s.conf4 = *c;
	return get_row(find_leaf(CONF4_DEFAULT, leaf), (const char *)&s, out, cap);
}

int sysctl_conf6_set(struct conf6 *c, const char *leaf, const char *value)
{
	struct sysctls s;
	int rc;

	s.conf6 = *c;
	rc = set_row(find_leaf(CONF6_DEFAULT, leaf), (char *)&s, value);
	if (rc == 0)
		*c = s.conf6;
	return rc;
}

int sysctl_conf6_get(const struct conf6 *c, const char *leaf, char *out, size_t cap)
{
	struct sysctls s;

	s.conf6 = *c;
	return get_row(find_leaf(CONF6_DEFAULT, leaf), (const char *)&s, out, cap);
}

const struct ph_sysctl_info *sysctl_row(size_t i)
{
	return i < ARRAY_LEN(rows) ? &rows[i].info : NULL;
}
