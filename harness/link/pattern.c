/* SPDX-License-Identifier: BSD-2-Clause */
/* Patterns read and asked; see pattern.h. A question is a search by halves. */
#include "harness/link/pattern.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/link/asset.h"
#include "harness/link/spec.h"
#include "harness/link/spec_value.h"

enum { WORD_MAX = 64 };
#define NS_PER_MS 1000000u

struct reader {
	struct link_pattern *p;
	uint32_t total, cap[LINK_PATTERN_COUNT];
	bool per_said;
	char why[300];
};

static const char *const kind_words[] = {
#define X(name, word) word,
	LINK_PATTERN_KINDS(X)
#undef X
};

/* The next word of a line, "" at its end; false if it is too long to be one. */
static bool next_word(const char **at, char word[WORD_MAX])
{
	const char *p = *at + strspn(*at, " \t\r");
	size_t n = strcspn(p, " \t\r\n#");

	if (n >= WORD_MAX)
		return false;
	memcpy(word, p, n);
	word[n] = '\0';
	*at = p + n;
	return true;
}

static bool add_row(struct reader *r, enum link_pattern_kind kind, const struct link_range *range,
		    uint64_t value)
{
	struct link_pattern *p = r->p;

	if (r->total == LINK_PATTERN_MAX) {
		snprintf(r->why, sizeof(r->why), "more than %d ranges", LINK_PATTERN_MAX);
		return false;
	}
	if (p->n[kind] == r->cap[kind]) {
		uint32_t cap = r->cap[kind] ? 2 * r->cap[kind] : 64;
		struct link_pattern_row *row = realloc(p->row[kind], cap * sizeof(*row));

		if (!row) {
			snprintf(r->why, sizeof(r->why), "out of memory");
			return false;
		}
		p->row[kind] = row;
		r->cap[kind] = cap;
	}
	p->row[kind][p->n[kind]++] =
		(struct link_pattern_row){ range->from, range->to, value };
	r->total++;
	return true;
}

/* The value of delay, rate and bit; others have none. */
static bool read_value(struct reader *r, enum link_pattern_kind kind, const char **at,
		       uint64_t *value)
{
	char word[WORD_MAX] = "";
	bool good = true;

	*value = 0;
	if (kind != LINK_PATTERN_DELAY && kind != LINK_PATTERN_RATE && kind != LINK_PATTERN_BIT)
		return true;
	good = next_word(at, word);
	if (kind == LINK_PATTERN_DELAY)
		good = good && link_read_time(word, value) && *value <= LINK_DELAY_MAX_NS;
	else if (kind == LINK_PATTERN_RATE)
		good = good && link_read_rate(word, value) && *value >= LINK_RATE_MIN_BPS &&
		       *value <= LINK_RATE_MAX_BPS;
	else
		good = good && link_read_count(word, strlen(word), value) && *value < UINT32_MAX;
	if (!good)
		snprintf(r->why, sizeof(r->why), "'%s' is no value of %s; write delay 10ms, rate "
			 "1mbit, bit 77, and then which", word, kind_words[kind]);
	return good;
}

static bool read_ranges(struct reader *r, enum link_pattern_kind kind, const char *at)
{
	char word[WORD_MAX];
	struct link_range range;
	uint64_t value;
	bool any = false;

	if (!read_value(r, kind, &at, &value))
		return false;
	for (;;) {
		if (!next_word(&at, word) || (word[0] && !link_read_range(word, strlen(word), &range))) {
			snprintf(r->why, sizeof(r->why), "'%.40s' does not say which; write 3 or "
				 "3..5, counted from 1, with spaces between", word);
			return false;
		}
		if (!word[0])
			break;
		if (!add_row(r, kind, &range, value))
			return false;
		any = true;
	}
	if (!any)
		snprintf(r->why, sizeof(r->why), "%s: which? write 3 or 3..5", kind_words[kind]);
	return any;
}

static bool read_line(struct reader *r, const char *at)
{
	char word[WORD_MAX], value[WORD_MAX];

	if (!next_word(&at, word)) {
		snprintf(r->why, sizeof(r->why), "a word is too long");
		return false;
	}
	if (!word[0])
		return true;
	for (int k = 0; k < LINK_PATTERN_COUNT; k++)
		if (strcmp(word, kind_words[k]) == 0) {
			if (r->per_said)
				return read_ranges(r, (enum link_pattern_kind)k, at);
			snprintf(r->why, sizeof(r->why), "say what is counted first: per packet, or "
				 "per ms");
			return false;
		}
	if (!next_word(&at, value))
		value[0] = '\0';
	if (strcmp(word, "per") == 0 && (strcmp(value, "packet") == 0 || strcmp(value, "ms") == 0)) {
		r->p->per_ms = value[0] == 'm';
		r->per_said = true;
		return true;
	}
	if (strcmp(word, "length") == 0 && link_read_count(value, strlen(value), &r->p->length) &&
	    r->p->length > 0)
		return true;
	snprintf(r->why, sizeof(r->why), "'%s %s' is no line of a pattern; write per packet, per "
		 "ms, length N, or one of loss, dup, reorder, mark, delay, rate, bit", word, value);
	return false;
}

static int by_place(const void *a, const void *b)
{
	const struct link_pattern_row *x = a, *y = b;

	return (x->from > y->from) - (x->from < y->from);
}

static bool put_in_order(struct reader *r)
{
	for (int k = 0; k < LINK_PATTERN_COUNT; k++) {
		struct link_pattern_row *row = r->p->row[k];

		if (r->p->n[k] > 0)
			qsort(row, r->p->n[k], sizeof(*row), by_place);
		for (uint32_t i = 1; i < r->p->n[k]; i++)
			if (row[i].from <= row[i - 1].to) {
				snprintf(r->why, sizeof(r->why), "%s says two things of %" PRIu64
					 "; say one", kind_words[k], row[i].from);
				return false;
			}
	}
	return true;
}

static void free_pattern(struct link_pattern *p)
{
	for (int k = 0; k < LINK_PATTERN_COUNT; k++)
		free(p->row[k]);
	free(p);
}

static void *make(const char *name, const char *text, size_t len, char *err, size_t err_size)
{
	struct reader r = { .p = calloc(1, sizeof(struct link_pattern)) };
	unsigned long line = 0;
	bool good = r.p != NULL;

	(void)len;
	while (good && *text) {
		line++;
		good = read_line(&r, text);
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	if (good && put_in_order(&r))
		return r.p;
	snprintf(err, err_size, "%s:%lu: %s", name, line, r.p ? r.why : "out of memory");
	if (r.p)
		free_pattern(r.p);
	return NULL;
}

const struct link_pattern *link_pattern_get(const char *path, char *err, size_t err_size)
{
	char why[400];
	const struct link_pattern *p =
		link_asset_file(LINK_ASSET_PATTERN, path, make, why, sizeof(why));

	if (!p)
		snprintf(err, err_size, "pattern: %s", why);
	return p;
}

const char *link_pattern_name(const struct link_pattern *p)
{
	return link_asset_name(LINK_ASSET_PATTERN, p);
}

bool link_pattern_says(const struct link_pattern *p, enum link_pattern_kind kind, uint64_t no,
		       uint64_t since_ns, uint64_t *value)
{
	const struct link_pattern_row *row = p->row[kind];
	uint64_t at = p->per_ms ? since_ns / NS_PER_MS + 1 : no;
	uint32_t low = 0, high = p->n[kind];

	if (p->length != 0)
		at = (at - 1) % p->length + 1;
	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (row[mid].to < at)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == p->n[kind] || row[low].from > at)
		return false;
	*value = row[low].value;
	return true;
}
