/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * script ACT KIND WHICH [flow N] [bytes FROM..TO] [filter TEXT], read and printed. Called by spec.c.
 */
#include "harness/link/spec_value.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "harness/link/classify.h"
#include "harness/link/filter.h"
#include "harness/link/spec.h"

static const char *const act_words[] = {
#define X(name, word) word,
	LINK_ACTS(X)
#undef X
};

static int read_ranges(struct link_parse *p, const char *text, struct link_script *sc)
{
	for (const char *at = text;;) {
		size_t len = strcspn(at, ",");

		if (sc->nrange == LINK_RANGES_MAX)
			return link_refuse(p, "script: '%s' lists more than %d numbers", text,
					   LINK_RANGES_MAX);
		if (!link_read_range(at, len, &sc->range[sc->nrange]))
			return link_refuse(p, "script: '%s' does not say which; write 3, or 3..5, or "
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

static int read_every(struct link_parse *p, struct link_script *sc)
{
	const char *text = link_value(p, "a number such as 10");
	uint64_t n;

	if (!text)
		return -EINVAL;
	if (!link_read_count(text, strlen(text), &n) || n < 1 || n > UINT32_MAX)
		return link_refuse(p, "script: every '%s' is no number from 1", text);
	sc->every = (uint32_t)n;
	return 0;
}

static int read_act(struct link_parse *p, struct link_script *sc)
{
	const char *text = link_value(p, "script drop data 3");

	if (!text)
		return -EINVAL;
	for (int i = 0; i < LINK_ACT_COUNT; i++)
		if (strcmp(text, act_words[i]) == 0) {
			sc->act = (enum link_act)i;
			return sc->act == LINK_ACT_DELAY
				       ? link_take_time(p, "script delay", &sc->delay_ns) : 0;
		}
	return link_refuse(p, "script: '%s' is no act; write drop, dup, corrupt, mark or delay TIME, "
			   "as in script drop data 3", text);
}

static int read_bytes(struct link_parse *p, struct link_script *sc)
{
	const char *text = link_value(p, "a range such as 1..1460");
	struct link_range r;

	if (!text)
		return -EINVAL;
	if (!link_read_range(text, strlen(text), &r) || r.to > UINT32_MAX)
		return link_refuse(p, "script: bytes '%s' is no range of a stream; write 1..1460, the "
				   "first byte being 1", text);
	sc->has_bytes = true;
	sc->bytes = (struct link_range){ r.from - 1, r.to - 1 };
	return 0;
}

static int read_filter(struct link_parse *p, struct link_script *sc)
{
	const char *text = link_value(p, "what tcpdump would take, in quotes");
	char why[LINK_ERR_TEXT / 2] = "";

	if (!text)
		return -EINVAL;
	if (!text[0] || strlen(text) >= LINK_FILTER_MAX || strpbrk(text, "'\n"))
		return link_refuse(p, "script: a filter is a text of 1 to %d bytes without the sign ' "
				   "and in one line, as in filter 'tcp dst port 80'",
				   LINK_FILTER_MAX - 1);
	sc->filter = link_filter_get(text, why, sizeof(why));
	if (!sc->filter)
		return link_refuse(p, "script: filter '%s': %s", text, why);
	return 0;
}

static int read_conditions(struct link_parse *p, struct link_script *sc)
{
	for (;;) {
		uint64_t n;
		int rc;

		if (link_take(p, "flow")) {
			rc = link_take_count(p, "script: flow", "", 1, UINT32_MAX, &n);
			if (rc == 0)
				sc->flow = (uint32_t)n;
		} else if (link_take(p, "bytes")) {
			rc = read_bytes(p, sc);
		} else if (link_take(p, "filter")) {
			rc = read_filter(p, sc);
		} else {
			return 0;
		}
		if (rc != 0)
			return rc;
	}
}

int link_parse_script(struct link_parse *p)
{
	struct link_script sc = { .act = LINK_ACT_DROP };
	char kinds[160];
	const char *text;
	int rc = read_act(p, &sc);

	if (rc != 0)
		return rc;
	list_kinds(kinds, sizeof(kinds));
	text = link_value(p, "a kind of frame, as in script drop data 3");
	if (!text)
		return -EINVAL;
	sc.kind = link_kind_of_word(text);
	if (sc.kind == 0)
		return link_refuse(p, "script: '%s' is no kind of frame; write one of %s", text,
				   kinds);
	text = link_value(p, "which: 3, or 3..5, or 3,7, or every 10");
	if (!text)
		return -EINVAL;
	rc = strcmp(text, "every") == 0 ? read_every(p, &sc) : read_ranges(p, text, &sc);
	if (rc == 0)
		rc = read_conditions(p, &sc);
	if (rc != 0)
		return rc;
	if (p->s->nscript == LINK_SCRIPTS_MAX)
		return link_refuse(p, "script: this link has %d scripts already; one more is too many",
				   LINK_SCRIPTS_MAX);
	p->s->script[p->s->nscript++] = sc;
	return 0;
}

int link_script_words(int n, const char *const *word)
{
	int i = 2;

	if (i <= n && strcmp(word[1], "delay") == 0)
		i++;
	i += i + 1 < n && strcmp(word[i + 1], "every") == 0 ? 3 : 2;
	while (i < n && (strcmp(word[i], "flow") == 0 || strcmp(word[i], "bytes") == 0 ||
			 strcmp(word[i], "filter") == 0))
		i += 2;
	return i < n ? i : n;
}

void link_print_script(struct link_text *t, const struct link_script *sc)
{
	link_text_word(t, "script");
	link_text_add(t, " %s", act_words[sc->act]);
	if (sc->act == LINK_ACT_DELAY)
		link_text_time(t, sc->delay_ns);
	link_text_add(t, " %s ", link_kind_word(sc->kind));
	if (sc->every != 0)
		link_text_add(t, "every %" PRIu32, sc->every);
	for (uint32_t i = 0; i < sc->nrange; i++) {
		link_text_add(t, "%s%" PRIu64, i ? "," : "", sc->range[i].from);
		if (sc->range[i].to != sc->range[i].from)
			link_text_add(t, "..%" PRIu64, sc->range[i].to);
	}
	if (sc->flow != 0)
		link_text_add(t, " flow %" PRIu32, sc->flow);
	if (sc->has_bytes)
		link_text_add(t, " bytes %" PRIu64 "..%" PRIu64, sc->bytes.from + 1, sc->bytes.to + 1);
	if (sc->filter)
		link_text_add(t, " filter '%s'", link_filter_text(sc->filter));
}
