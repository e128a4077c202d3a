/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pieces of code in scripts, %{ assert tcpi_snd_cwnd == 10, tcpi_snd_cwnd }%: a small part of
 * Python, evaluated here. Statements are assert, print, name = value, pass and bare expressions;
 * expressions are numbers, strings, names, tuples and lists, + - * / // % ** & | ^ ~ << >>, chains
 * of comparisons, in, and, or, not, x if c else y, and min max abs len int float str bool. Whole
 * numbers have 127 bits. What else there is in Python is not an error: the piece is flagged, and
 * its text is kept for a real one.
 */
#ifndef DRILL_PYEXPR_H
#define DRILL_PYEXPR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct drill_arena;
struct drill_py;
struct ph_tcp_info;

enum {
	DRILL_PY_DEPTH_MAX = 64,     /* expressions within expressions */
	DRILL_PY_STATEMENTS_MAX = 1024,
	DRILL_PY_VARS_MAX = 64,	     /* names a script's pieces can save */
	DRILL_PY_TEXT_MAX = 1024,
};

__extension__ typedef __int128 drill_py_int;

enum drill_py_kind { DRILL_PY_NONE, DRILL_PY_BOOL, DRILL_PY_INT, DRILL_PY_FLOAT, DRILL_PY_STR,
		     DRILL_PY_TUPLE };

struct drill_py_value {
	enum drill_py_kind kind;
	drill_py_int num; /* BOOL, INT */
	double real;	  /* FLOAT */
	const char *str;  /* STR */
	const struct drill_py_value *item; /* TUPLE, lists too */
	uint32_t count;
};

/* Never fails but for memory (NULL). `line` is the line of the script text[0] stands on. The text
 * must live as long as the arena. */
const struct drill_py *drill_py_parse(struct drill_arena *arena, const char *text, size_t len,
				      uint32_t line);

/* NULL when drill_py_run() can do it; else what it is that needs Python: "line 12: for". */
const char *drill_py_needs_python(const struct drill_py *py);

/* The value of a name at the time of the piece: fills *out and returns true, or false when it knows
 * no such name. Names saved by the script and the constants of const.h are found without it. */
typedef bool drill_py_lookup(void *arg, const char *name, struct drill_py_value *out);

/* What a script's pieces share: names saved with =. Zeroed before the first; freed after the
 * last. */
struct drill_py_env {
	drill_py_lookup *lookup;
	void *arg;
	struct drill_arena *arena;
	uint32_t nvars;
	struct {
		char name[64];
		struct drill_py_value value;
	} var[DRILL_PY_VARS_MAX];
};
void drill_py_env_free(struct drill_py_env *env);

enum drill_py_verdict {
	DRILL_PY_PASS,
	DRILL_PY_FAIL,	/* an assertion does not hold */
	DRILL_PY_ERROR, /* an unknown name, a division by zero, a text plus a number */
};

struct drill_py_result {
	enum drill_py_verdict verdict;
	uint32_t line;		      /* of the script: the statement that ended it */
	char text[DRILL_PY_TEXT_MAX]; /* FAIL: the assertion, its message and the values of its
				       * names; ERROR: a sentence; PASS: empty */
	char output[DRILL_PY_TEXT_MAX]; /* what was printed, cut at its end */
};

/* Runs the statements in order up to the first that fails. Must not be called for one that needs
 * Python: that is a DRILL_PY_ERROR. */
void drill_py_run(const struct drill_py *py, struct drill_py_env *env,
		  struct drill_py_result *out);

/* A lookup's help: the field of that name (tcpi_snd_cwnd). False when there is none. */
bool drill_py_tcp_info(const struct ph_tcp_info *info, const char *name,
		       struct drill_py_value *out);

/* The field's name at i; NULL past the end. */
const char *drill_py_tcp_info_name(size_t i);

/* Fills *out with a whole number. */
void drill_py_set_int(struct drill_py_value *out, uint64_t num);

#endif
