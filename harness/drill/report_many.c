/* SPDX-License-Identifier: BSD-2-Clause */
/* Verdicts as a table, TAP, JUnit's XML and JSON: see report_many.h. */
#include "harness/drill/report_many.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

static const char *file_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* The length of a path's directory. */
static size_t dir_len(const char *path)
{
	return (size_t)(file_of(path) - path);
}

static bool same_dir(const char *a, const char *b)
{
	return dir_len(a) == dir_len(b) && strncmp(a, b, dir_len(a)) == 0;
}

static void say_counts(FILE *f, const unsigned count[DRILL_VERDICTS], unsigned odd)
{
	static const char *const words[DRILL_VERDICTS] = { "passed", "failed", "unsupported",
							   "timed out", "in error" };
	const char *between = "";

	for (int v = 0; v < DRILL_VERDICTS; v++) {
		if (count[v] == 0 && v != DRILL_PASS)
			continue;
		fprintf(f, "%s%u %s", between, count[v], words[v]);
		between = ", ";
	}
	if (odd)
		fprintf(f, "; %u not as expected", odd);
	fputc('\n', f);
}

static bool seen_before(const struct drill_row *row, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (same_dir(row[k].path, row[i].path))
			return true;
	return false;
}

static void say_dir(FILE *f, const struct drill_row *row, size_t n, const char *path)
{
	unsigned count[DRILL_VERDICTS] = { 0 }, odd = 0;
	size_t len = dir_len(path);

	for (size_t i = 0; i < n; i++) {
		if (!same_dir(row[i].path, path))
			continue;
		count[row[i].verdict]++;
		odd += !drill_row_good(&row[i]);
	}
	fprintf(f, "%.*s: ", len ? (int)len : 1, len ? path : ".");
	say_counts(f, count, odd);
}

void drill_report_summary(FILE *f, const struct drill_row *row, size_t n)
{
	unsigned all[DRILL_VERDICTS] = { 0 }, odd = 0;
	size_t ndirs = 0;

	for (size_t i = 0; i < n; i++) {
		all[row[i].verdict]++;
		odd += !drill_row_good(&row[i]);
		/* In a run of one directory the neighbour tells; searching is for the rest. */
		if ((i > 0 && same_dir(row[i - 1].path, row[i].path)) || seen_before(row, i))
			continue;
		ndirs++;
		say_dir(f, row, n, row[i].path);
	}
	if (ndirs > 1) {
		fputs("all: ", f);
		say_counts(f, all, odd);
	}
}

static void tap_lines(FILE *f, const char *text)
{
	while (*text) {
		int len = (int)strcspn(text, "\n");

		fprintf(f, "# %.*s\n", len, text);
		text += len;
		text += *text == '\n';
	}
}

void drill_report_tap(FILE *f, const struct drill_row *row, size_t n)
{
	fprintf(f, "1..%zu\n", n);
	for (size_t i = 0; i < n; i++) {
		bool good = drill_row_good(&row[i]);
		bool skip = row[i].verdict == DRILL_UNSUPPORTED && !row[i].has_expected;

		if (!good && !skip && row[i].message)
			tap_lines(f, row[i].message);
		fprintf(f, "%sok %zu - %s", good || skip ? "" : "not ", i + 1, row[i].path);
		if (skip)
			fprintf(f, " # SKIP unsupported: %s", row[i].reason);
		fputc('\n', f);
	}
}

static void xml(FILE *f, const char *text)
{
	for (; text && *text; text++) {
		switch (*text) {
		case '<':
			fputs("&lt;", f);
			break;
		case '>':
			fputs("&gt;", f);
			break;
		case '&':
			fputs("&amp;", f);
			break;
		case '"':
			fputs("&quot;", f);
			break;
		default: /* XML 1.0 has no other control characters */
			fputc((unsigned char)*text >= ' ' || *text == '\n' || *text == '\t' ? *text
											    : '?',
			      f);
		}
	}
}

static const char *junit_tag(const struct drill_row *r)
{
	if (drill_row_good(r) || r->verdict == DRILL_UNSUPPORTED)
		return "skipped";
	return r->verdict == DRILL_ERROR ? "error" : "failure";
}

/* An expected failure is no pass: it is left out, with its reason, as a deviation of the device. */
static void junit_case(FILE *f, const char *device, const struct drill_row *r)
{
	bool expected = drill_row_good(r) && r->verdict != DRILL_UNSUPPORTED;

	fprintf(f, "  <testcase classname=\"%.*s\" name=\"", (int)dir_len(r->path), r->path);
	xml(f, file_of(r->path));
	fprintf(f, "\" time=\"%.6f\"", (double)r->real_ns / 1e9);
	if (drill_row_good(r) && r->verdict == DRILL_PASS) {
		fputs("/>\n", f);
		return;
	}
	fprintf(f, ">\n    <%s message=\"", junit_tag(r));
	if (expected)
		fprintf(f, "deviation of %s: ", device);
	if (expected && r->why)
		xml(f, r->why);
	else
		xml(f, r->verdict == DRILL_PASS ? "an unexpected pass" : r->reason);
	fputs("\">", f);
	xml(f, r->message);
	fprintf(f, "</%s>\n  </testcase>\n", junit_tag(r));
}

int drill_report_junit(const char *path, const char *device, const struct drill_row *row, size_t n)
{
	unsigned failures = 0, errors = 0, skipped = 0;
	FILE *f = fopen(path, "w");

	if (!f)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (drill_row_good(&row[i]) && row[i].verdict == DRILL_PASS)
			continue;
		if (drill_row_good(&row[i]) || row[i].verdict == DRILL_UNSUPPORTED)
			skipped++;
		else if (row[i].verdict == DRILL_ERROR)
			errors++;
		else
			failures++;
	}
	fprintf(f,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"drill %s\" "
		"tests=\"%zu\" failures=\"%u\" errors=\"%u\" skipped=\"%u\">\n",
		device, n, failures, errors, skipped);
	for (size_t i = 0; i < n; i++)
		junit_case(f, device, &row[i]);
	fputs("</testsuite>\n", f);
	return fclose(f);
}

int drill_report_json(const char *path, const char *device, const struct drill_row *row, size_t n)
{
	json_t *all = json_array();
	int rc;

	for (size_t i = 0; i < n; i++) {
		json_t *o =
			json_pack("{ss ss ss sb sI sf ss% ss%}", "script", row[i].path, "device",
				  device, "verdict", drill_verdict_name(row[i].verdict), "expected",
				  drill_row_good(&row[i]), "line", (json_int_t)row[i].line,
				  "seconds", (double)row[i].real_ns / 1e9, "reason",
				  row[i].reason ? row[i].reason : "",
				  row[i].reason ? strlen(row[i].reason) : (size_t)0, "message",
				  row[i].message ? row[i].message : "",
				  row[i].message ? strlen(row[i].message) : (size_t)0);

		json_array_append_new(all, o ? o : json_null());
	}
	if (strcmp(path, "-") == 0)
		rc = json_dumpf(all, stdout, JSON_INDENT(2)) == 0 && putchar('\n') != EOF ? 0 : -1;
	else
		rc = json_dump_file(all, path, JSON_INDENT(2));
	json_decref(all);
	return rc;
}

int drill_report_status(const struct drill_row *row, size_t n)
{
	static const enum drill_verdict worst_first[] = { DRILL_PASS, DRILL_FAIL, DRILL_ERROR,
							  DRILL_TIMEOUT, DRILL_UNSUPPORTED };

	for (size_t k = 0; k < sizeof(worst_first) / sizeof(worst_first[0]); k++) {
		for (size_t i = 0; i < n; i++) {
			if (drill_row_good(&row[i]) || row[i].verdict != worst_first[k])
				continue;
			/* A pass that was not expected is a failure of the list. */
			return worst_first[k] == DRILL_PASS ? 1
							    : drill_verdict_status(worst_first[k]);
		}
	}
	return 0;
}
