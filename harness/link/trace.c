/* SPDX-License-Identifier: BSD-2-Clause */
/* Opportunities to send; see trace.h. */
#include "harness/link/trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/link/asset.h"
#include "harness/link/spec_value.h"

#define NS_PER_MS 1000000u

static void *wrong(const char *name, unsigned long line, const char *why, char *err, size_t err_size)
{
	snprintf(err, err_size, "%s:%lu: %s; a trace has a whole number of milliseconds a line, "
		 "none less than the one before", name, line, why);
	return NULL;
}

static unsigned long lines_of(const char *text)
{
	unsigned long n = 1;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static void *make(const char *name, const char *text, size_t len, char *err, size_t err_size)
{
	unsigned long line = 0, room = lines_of(text);
	struct link_trace *t = malloc(sizeof(*t) + room * sizeof(t->at_ms[0]));
	const char *why = NULL;

	(void)len;
	if (!t)
		return wrong(name, 0, "out of memory", err, err_size);
	t->n = 0;
	while (*text && !why) {
		size_t n = strcspn(text, "\n"), digits = strspn(text, "0123456789");
		uint64_t ms = 0;

		line++;
		if (digits > 0 && (digits + (text[digits] == '\r') != n ||
				   !link_read_count(text, digits, &ms) || ms > UINT32_MAX))
			why = "that is no number of milliseconds";
		else if (digits == 0 && n > 0 && text[0] != '#' && text[0] != '\r')
			why = "that is no number of milliseconds";
		else if (digits > 0 && t->n > 0 && ms < t->at_ms[t->n - 1])
			why = "time goes back";
		else if (digits > 0 && t->n == LINK_TRACE_MAX)
			why = "that is more than 4194304 opportunities";
		else if (digits > 0)
			t->at_ms[t->n++] = ms;
		text += n + (text[n] == '\n');
	}
	if (!why && (t->n == 0 || t->at_ms[t->n - 1] == 0))
		why = "the trace ends before its first millisecond";
	if (why) {
		free(t);
		return wrong(name, line, why, err, err_size);
	}
	t->period_ms = t->at_ms[t->n - 1];
	return t;
}

const struct link_trace *link_trace_get(const char *path, char *err, size_t err_size)
{
	char why[512];
	const struct link_trace *t = link_asset_file(LINK_ASSET_TRACE, path, make, why, sizeof(why));

	if (!t)
		snprintf(err, err_size, "trace: %s", why);
	return t;
}

const char *link_trace_name(const struct link_trace *t)
{
	return link_asset_name(LINK_ASSET_TRACE, t);
}

uint64_t link_trace_at_ns(const struct link_trace *t, uint64_t k)
{
	uint64_t rounds = k / t->n, ms = t->at_ms[k % t->n];

	if (rounds > (UINT64_MAX / NS_PER_MS - ms) / t->period_ms - 1)
		return UINT64_MAX - 1;
	return (rounds * t->period_ms + ms) * NS_PER_MS;
}

uint64_t link_trace_first(const struct link_trace *t, uint64_t since_ns)
{
	uint64_t ms = since_ns / NS_PER_MS + (since_ns % NS_PER_MS != 0);
	uint64_t rounds = ms / t->period_ms, rest = ms % t->period_ms;
	uint32_t low = 0, high = t->n;

	/* The end of a period belongs to it: at 0 of the next one its last stamps have come. */
	if (rest == 0 && rounds > 0) {
		rounds--;
		rest = t->period_ms;
	}
	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (t->at_ms[mid] < rest)
			low = mid + 1;
		else
			high = mid;
	}
	return rounds * t->n + low;
}
