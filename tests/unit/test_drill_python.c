/* SPDX-License-Identifier: BSD-2-Clause */
/* The evaluator of expressions against Python itself, on drawn expressions, and the pieces of code that
 * only Python can run. */
#define _GNU_SOURCE

#include <setjmp.h>
#include <stdarg.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/drill/ast_arena.h"
#include "harness/drill/python.h"
#include "harness/drill/run.h"

enum { DRAWN = 3000, BATCH = 10, SHOWN = 60, TEXT_ROOM = 4096, DEPTH = 5 };

/* ---- drawing ---- */

struct draw {
	uint64_t seed;
	char text[TEXT_ROOM];
	size_t len;
};

static uint32_t draw(struct draw *d, uint32_t n)
{
	d->seed = d->seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(d->seed >> 33) % n;
}

static void put(struct draw *d, const char *text)
{
	size_t n = strlen(text);

	assert_true(d->len + n < TEXT_ROOM);
	memcpy(d->text + d->len, text, n + 1);
	d->len += n;
}

static void number(struct draw *d)
{
	static const char *const some[] = { "0", "1", "2", "3", "7", "10", "255", "0x1f", "4096",
					    "65535", "2147483647", "4294967296", "x", "y", "True",
					    "False" };

	put(d, some[draw(d, sizeof(some) / sizeof(some[0]))]);
}

/* Whole numbers; every operation is in parentheses or not by chance, so that precedence counts. */
static void whole(struct draw *d, int depth)
{
	static const char *const ops[] = { " + ", " - ", " * ", " // ", " % ", " & ", " | ", " ^ " };
	bool closed = draw(d, 3) == 0;
	uint32_t kind;

	if (depth == 0 || draw(d, 6) == 0) {
		number(d);
		return;
	}
	kind = draw(d, 8);
	closed |= kind == 3; /* or what follows is shifted by: numbers of gigabytes */
	if (closed)
		put(d, "(");
	switch (kind) {
	case 0:
		put(d, draw(d, 2) ? "-" : "~");
		whole(d, depth - 1);
		break;
	case 1:
		put(d, draw(d, 2) ? "min(" : "max(");
		whole(d, depth - 1);
		put(d, ", ");
		whole(d, depth - 1);
		put(d, ")");
		break;
	case 2:
		put(d, "abs(");
		whole(d, depth - 1);
		put(d, ")");
		break;
	case 3:
		put(d, "(");
		whole(d, depth - 1);
		put(d, draw(d, 2) ? ") << 3" : ") >> 2");
		break;
	default:
		whole(d, depth - 1);
		put(d, ops[draw(d, sizeof(ops) / sizeof(ops[0]))]);
		whole(d, depth - 1);
		break;
	}
	if (closed)
		put(d, ")");
}

static void truth(struct draw *d, int depth)
{
	static const char *const ops[] = { " == ", " != ", " < ", " <= ", " > ", " >= " };
	bool list;

	if (depth == 0 || draw(d, 3) == 0) {
		whole(d, 2);
		put(d, ops[draw(d, 6)]);
		whole(d, 2);
		if (draw(d, 4) == 0) {
			put(d, ops[draw(d, 6)]);
			whole(d, 1);
		}
		return;
	}
	switch (draw(d, 6)) {
	case 0:
		put(d, "not ");
		truth(d, depth - 1);
		break;
	case 1:
		put(d, "(");
		truth(d, depth - 1);
		put(d, ")");
		break;
	case 2:
		whole(d, 1);
		list = draw(d, 2) == 0;
		put(d, list ? " not in [" : " in (");
		whole(d, 1);
		put(d, ", 3, ");
		whole(d, 1);
		put(d, list ? "]" : ")");
		break;
	default:
		truth(d, depth - 1);
		put(d, draw(d, 2) ? " and " : " or ");
		truth(d, depth - 1);
		break;
	}
}

static void line(struct draw *d)
{
	put(d, "print(");
	switch (draw(d, 4)) {
	case 0:
		truth(d, DEPTH - 2);
		break;
	case 1:
		whole(d, 2);
		put(d, " if ");
		truth(d, 1);
		put(d, " else ");
		whole(d, 2);
		break;
	case 2:
		put(d, "'%d of %x' % (abs(");
		whole(d, 2);
		put(d, "), 77)");
		break;
	default:
		whole(d, DEPTH);
		break;
	}
	put(d, ")");
}

/* ---- comparing ---- */

static bool look_up(void *arg, const char *name, struct drill_py_value *out)
{
	(void)arg;
	if (strcmp(name, "x") != 0 && strcmp(name, "y") != 0)
		return false;
	drill_py_set_int(out, *name == 'x' ? 12345 : 6);
	return true;
}

static json_t *names(void)
{
	return json_pack("{s:i,s:i}", "x", 12345, "y", 6);
}

static void evaluate(const char *text, struct drill_py_result *out)
{
	struct drill_arena *arena = drill_arena_new();
	struct drill_py_env env = { .lookup = look_up };
	const struct drill_py *py = drill_py_parse(arena, text, strlen(text), 1);

	assert_non_null(py);
	if (drill_py_needs_python(py))
		fail_msg("%s: left to Python: %s", text, drill_py_needs_python(py));
	drill_py_run(py, &env, out);
	drill_py_env_free(&env);
	drill_arena_free(arena);
}

static struct drill_python *python(void)
{
	char err[DRILL_PYTHON_ERR];
	struct drill_python *p = drill_python_new(NULL, err);

	if (!p) {
		print_message("skip: %s\n", err);
		skip();
	}
	return p;
}

/* What Python prints for BATCH pieces, a line each; "error" where it raises. */
static void ask(struct drill_python *p, char text[BATCH][TEXT_ROOM], struct drill_py_result *out)
{
	static char code[BATCH * (TEXT_ROOM + 64)];
	size_t at = 0;

	at += (size_t)snprintf(code, sizeof(code),
			       "import builtins\ndef print(v): builtins.print(str(v)[:%d])\n", SHOWN);
	for (int i = 0; i < BATCH; i++)
		at += (size_t)snprintf(code + at, sizeof(code) - at,
				       "try: %s\nexcept Exception: print('error')\n", text[i]);
	assert_int_equal(drill_python_run(p, "t.pkt", 1, code, at, names(), out), 0);
	assert_int_equal(out->verdict, DRILL_PY_PASS);
}

static void test_the_evaluator_says_what_python_says(void **state)
{
	struct drill_python *p = python();
	unsigned compared = 0, too_large = 0;

	(void)state;
	for (uint32_t first = 0; first < DRAWN; first += BATCH) {
		static char text[BATCH][TEXT_ROOM];
		struct drill_py_result theirs, ours;
		char *rest = theirs.output;

		for (uint32_t i = 0; i < BATCH; i++) {
			struct draw d = { .seed = first + i };

			line(&d);
			memcpy(text[i], d.text, d.len + 1);
		}
		ask(p, text, &theirs);
		for (uint32_t i = 0; i < BATCH; i++) {
			const char *want = strsep(&rest, "\n");

			evaluate(text[i], &ours);
			if (ours.verdict == DRILL_PY_ERROR && strstr(ours.text, "127 bits")) {
				too_large++; /* an error of ours alone */
				continue;
			}
			ours.output[strcspn(ours.output, "\n")] = '\0';
			ours.output[SHOWN] = '\0';
			if (!want || strcmp(ours.verdict == DRILL_PY_PASS ? ours.output : "error",
					    want) != 0)
				fail_msg("seed %u: %s\nours:   %s%s\nPython: %s", first + i, text[i],
					 ours.output, ours.text, want ? want : "(cut)");
			compared++;
		}
	}
	drill_python_free(p);
	assert_true(compared > DRAWN * 9 / 10);
	assert_true(too_large < DRAWN / 10);
}

static void test_python_fails_at_the_line_and_says_why(void **state)
{
	struct drill_python *p = python();
	static const char text[] = "\n  a = [1, 2]\n  for i in a:\n    assert i < 2, 'i=%d' % i\n";
	static const char wrong[] = "a = 1\nb = nobody";
	static const char broken[] = "x = (1";
	struct drill_py_result r;

	(void)state;
	assert_int_equal(drill_python_run(p, "t.pkt", 10, text, strlen(text), names(), &r), 0);
	assert_int_equal(r.verdict, DRILL_PY_FAIL);
	assert_int_equal(r.line, 13);
	assert_string_equal(r.text, "assert i < 2, 'i=%d' % i: i=2");
	assert_int_equal(drill_python_run(p, "t.pkt", 10, wrong, strlen(wrong), names(), &r), 0);
	assert_int_equal(r.verdict, DRILL_PY_ERROR);
	assert_int_equal(r.line, 11);
	assert_non_null(strstr(r.text, "NameError"));
	assert_int_equal(drill_python_run(p, "t.pkt", 5, broken, strlen(broken), names(), &r), 0);
	assert_int_equal(r.verdict, DRILL_PY_ERROR);
	assert_int_equal(r.line, 5);
	assert_non_null(strstr(r.text, "SyntaxError"));
	/* It goes on, and what was saved before is there. */
	assert_int_equal(drill_python_run(p, "t.pkt", 1, "assert a == 1", 13, names(), &r), 0);
	assert_int_equal(r.verdict, DRILL_PY_PASS);
	assert_int_equal(drill_python_run(p, "t.pkt", 1, "import os; os._exit(3)", 22, names(), &r),
			 -EPIPE);
	assert_int_equal(r.verdict, DRILL_PY_ERROR);
	drill_python_free(p);
}

static struct dut *open_phantom(void *arg, const struct dut_conf *conf, char *err)
{
	(void)arg;
	return dut_phantom_new(conf, err);
}

static void script(const char *text, struct drill_result *r)
{
	struct drill_setup u = { .open = open_phantom, .dut_name = "phantom" };

	drill_run_text(text, strlen(text), "t.pkt", &u, r);
}

#define CONNECTED                                                                               \
	"0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n+0 bind(3, ..., ...) = 0\n"               \
	"+0 listen(3, 1) = 0\n+0 < S 0:0(0) win 32792 <mss 1000>\n"                             \
	"+0 > S. 0:0(0) ack 1 <mss 1460>\n+.1 < . 1:1(0) ack 1 win 257\n+0 accept(3, ..., ...) = 4\n"

static void test_scripts_have_their_device_as_names(void **state)
{
	struct drill_result r;

	(void)state;
	drill_python_free(python());
	script(CONNECTED "+0 %{ was = tcpi_snd_cwnd }%\n"
			 "+0 %{\nfor state in (TCP_ESTABLISHED, TCP_CLOSE_WAIT):\n"
			 "    if tcpi_state == state: break\nelse:\n    assert False, tcpi_state\n}%\n"
			 "+0 %{ assert [was][0] == 10, was }%\n",
	       &r);
	if (r.verdict != DRILL_PASS)
		print_error("%s\n", r.reason);
	assert_int_equal(r.verdict, DRILL_PASS);
	drill_result_free(&r);
	script(CONNECTED "+0 %{\nfor i in range(3):\n    assert tcpi_state == 7, tcpi_state\n}%\n", &r);
	assert_int_equal(r.verdict, DRILL_FAIL);
	assert_int_equal(r.line, 10);
	assert_string_equal(r.reason, "assert tcpi_state == 7, tcpi_state: 1");
	drill_result_free(&r);
	script("--code_command=/nowhere/python\n0 %{\nfor i in (1,): pass\n}%\n", &r);
	assert_int_equal(r.verdict, DRILL_UNSUPPORTED);
	assert_non_null(strstr(r.reason, "/nowhere/python cannot be run"));
	drill_result_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_evaluator_says_what_python_says),
		cmocka_unit_test(test_python_fails_at_the_line_and_says_why),
		cmocka_unit_test(test_scripts_have_their_device_as_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
