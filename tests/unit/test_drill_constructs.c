/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Everything the script language has, by the list of drill_constructs.txt: each construct is read, and found
 * where it was written; and the script of ours that the list names has it, so that it also runs, or phantom
 * says by name that it has no such thing. What each means is tested elsewhere; here nothing may be missing.
 */
#define _GNU_SOURCE

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/drill/parse.h"
#include "harness/drill/run_many.h"
#include "tests/unit/drill_uses.h"

static const char list_file[] = TOP_SRCDIR "/tests/unit/drill_constructs.txt";
static const char unsupported[] = "unsupported: ";

enum { FILE_MAX = 1 << 18 };

static char *read_file(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = calloc(1, FILE_MAX);
	size_t n = f && text ? fread(text, 1, FILE_MAX - 1, f) : 0;

	if (f)
		fclose(f);
	if (n > 0 && n < FILE_MAX - 1)
		return text;
	free(text);
	return NULL;
}

/* Whether the script has it; false, with a sentence, also when there is no such script. */
static bool has(const char *text, const char *name, const char *construct, char *why, size_t room)
{
	struct drill_script *s = NULL;
	struct drill_err err = { 0 };
	struct drill_uses *u;
	bool found;

	if (drill_parse(text, strlen(text), name, NULL, &s, &err) != 0) {
		snprintf(why, room, "%.400s", err.text);
		return false;
	}
	u = drill_uses_of(s);
	found = drill_uses_has(u, construct);
	if (!found)
		snprintf(why, room, "it is not found in it");
	drill_uses_free(u);
	drill_script_free(s);
	return found;
}

static struct dut *open_phantom(void *arg, const struct dut_conf *conf, char *err)
{
	(void)arg;
	return dut_phantom_new(conf, err);
}

static bool is_unsupported(const char *text, const char *what, char *why, size_t room)
{
	struct drill_setup u = { .open = open_phantom, .dut_name = "phantom" };
	struct drill_result r;
	bool good;

	drill_run_text(text, strlen(text), "t.pkt", &u, &r);
	good = r.verdict == DRILL_UNSUPPORTED && strstr(r.reason, what);
	if (!good)
		snprintf(why, room, "\"%s%s\" was expected; it is %s: %.300s", unsupported, what,
			 drill_verdict_name(r.verdict), r.reason);
	drill_result_free(&r);
	return good;
}

static bool runs(const char *construct, const char *run, char *why, size_t room)
{
	char path[400];
	char *text;
	bool good;

	snprintf(path, sizeof(path), TOP_SRCDIR "/scenarios/%s", run);
	text = *run ? read_file(path) : NULL;
	if (!text) {
		snprintf(why, room, *run ? "there is no such script" : "no script runs it");
		return false;
	}
	good = has(text, path, construct, why, room);
	free(text);
	return good;
}

/* \n of the list is a new line of the script. */
static void unfold(char *text)
{
	char *to = text;

	for (const char *at = text; *at; at++) {
		bool folded = at[0] == '\\' && at[1] == 'n';

		*to++ = folded ? '\n' : *at;
		at += folded;
	}
	*to = '\0';
}

/* One row: a construct, a script that has nothing else, and where it runs. */
static bool check_row(char *row)
{
	char *construct = strsep(&row, "\t"), *alone = strsep(&row, "\t"), *run = row;
	size_t skip = sizeof(unsupported) - 1;
	char why[512] = "three columns were expected";
	bool good = false;

	if (construct && alone && run) {
		unfold(alone);
		good = strncmp(run, unsupported, skip) == 0 ?
			       is_unsupported(alone, run + skip, why, sizeof(why)) :
			       has(alone, "t.pkt", construct, why, sizeof(why)) &&
				       runs(construct, run, why, sizeof(why));
	}
	if (!good)
		print_error("%s: %s: %s\n", construct ? construct : "", run ? run : "", why);
	return good;
}

static void test_each_construct_is_read_and_runs_or_is_unsupported(void **state)
{
	char *list = read_file(list_file), *rest = list, *line, section[80] = "";
	unsigned bad = 0, rows = 0, wanted = 0;

	(void)state;
	assert_non_null(list);
	while ((line = strsep(&rest, "\n"))) {
		if (*line == '[' || !rest) { /* a section: how many rows the one before should have */
			if (rows != wanted)
				fail_msg("[%s]: %u rows were expected, there are %u", section, wanted,
					 rows);
			rows = 0;
			if (rest && sscanf(line, "[%79[^:]: %u]", section, &wanted) != 2)
				fail_msg("[name: rows] was expected: %s", line);
		} else if (*line && strncmp(line, "# ", 2) != 0) {
			rows++;
			bad += !check_row(line);
		}
	}
	free(list);
	assert_int_equal(bad, 0);
}

static void test_the_list_names_each_construct_once(void **state)
{
	char *list = read_file(list_file), *rest = list, *line;
	char *seen = calloc(1, FILE_MAX);
	size_t n = 1;

	(void)state;
	assert_non_null(list);
	assert_non_null(seen);
	seen[0] = '\n';
	while ((line = strsep(&rest, "\n"))) {
		char name[160];

		if (!*line || strncmp(line, "# ", 2) == 0 || *line == '[')
			continue;
		snprintf(name, sizeof(name), "\n%.*s\n", (int)strcspn(line, "\t"), line);
		if (strstr(seen, name))
			fail_msg("twice: %s", name + 1);
		n += (size_t)snprintf(seen + n, FILE_MAX - n, "%s", name + 1);
	}
	free(list);
	free(seen);
}

static void test_defines_stand_for_words_everywhere(void **state)
{
	static const struct drill_define defines[] = {
		{ "WHO", "\"abc\"" }, { "HOW", "`true`" }, { "MANY", "10" }, { "WHAT", "SO_RCVBUF" },
	};
	static const char text[] = "0 write(3, WHO, MANY) = MANY\n"
				   "+0 setsockopt(3, SOL_SOCKET, WHAT, [MANY], 4) = 0\n+0 HOW\n"
				   "+0 > . 1:1(0) ack MANY win MANY <mss MANY>\n"
				   "#ifdef MANY\n+0 close(3) = 0\n#endif\n"
				   "#ifdef FEW\nthis is not read\n#endif\n";
	struct drill_defines d = { .define = defines, .ndefine = 4 };
	struct drill_script *s;
	struct drill_err err;

	(void)state;
	if (drill_parse(text, strlen(text), "t.pkt", &d, &s, &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(s->nevents, 5);
	drill_script_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_construct_is_read_and_runs_or_is_unsupported),
		cmocka_unit_test(test_the_list_names_each_construct_once),
		cmocka_unit_test(test_defines_stand_for_words_everywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
