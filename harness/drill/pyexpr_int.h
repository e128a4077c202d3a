/* SPDX-License-Identifier: BSD-2-Clause */
/* The tree of a piece of code, and what its parser and its evaluator share. Nobody else includes
 * this. */
#ifndef DRILL_PYEXPR_INT_H
#define DRILL_PYEXPR_INT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/drill/pyexpr.h"

enum drill_py_op {
	DRILL_PY_ADD, DRILL_PY_SUB, DRILL_PY_MUL, DRILL_PY_DIV, DRILL_PY_FLOOR, DRILL_PY_MOD,
	DRILL_PY_POW, DRILL_PY_BITAND, DRILL_PY_BITOR, DRILL_PY_BITXOR, DRILL_PY_SHL, DRILL_PY_SHR,
	DRILL_PY_EQ, DRILL_PY_NE, DRILL_PY_LT, DRILL_PY_LE, DRILL_PY_GT, DRILL_PY_GE,
	DRILL_PY_IN, DRILL_PY_NOT_IN,
	DRILL_PY_NEG, DRILL_PY_PLUS, DRILL_PY_INVERT, DRILL_PY_NOT,
};

enum drill_py_func { DRILL_PY_MIN, DRILL_PY_MAX, DRILL_PY_ABS, DRILL_PY_LEN, DRILL_PY_TO_INT,
		     DRILL_PY_TO_FLOAT, DRILL_PY_TO_STR, DRILL_PY_TO_BOOL };

enum drill_py_node_kind {
	DRILL_PY_N_VALUE,
	DRILL_PY_N_NAME,
	DRILL_PY_N_TUPLE,
	DRILL_PY_N_UNARY,
	DRILL_PY_N_BINARY,
	DRILL_PY_N_COMPARE, /* a < b < c: each child after the first has its operator in `op` */
	DRILL_PY_N_AND,
	DRILL_PY_N_OR,
	DRILL_PY_N_IF, /* children: value, condition, other value */
	DRILL_PY_N_CALL,
};

struct drill_py_node {
	enum drill_py_node_kind kind;
	enum drill_py_op op;
	enum drill_py_op link; /* in a COMPARE: how this child is compared with the one before */
	enum drill_py_func func;
	uint32_t depth; /* of the tree below */
	uint32_t count;
	struct drill_py_value value;
	const char *name;
	struct drill_py_node *first, *next;
};

enum drill_py_stmt_kind { DRILL_PY_S_ASSERT, DRILL_PY_S_PRINT, DRILL_PY_S_ASSIGN, DRILL_PY_S_EXPR };

struct drill_py_stmt {
	struct drill_py_stmt *next;
	enum drill_py_stmt_kind kind;
	uint32_t line;
	const char *text; /* of the statement, one line */
	const char *name; /* ASSIGN */
	struct drill_py_node *a, *b; /* ASSERT: condition and message; PRINT: a is a tuple */
};

struct drill_py {
	const char *needs; /* what needs Python, or NULL */
	struct drill_py_stmt *first;
};

/* pyexpr_value.c: text of a value as print() has it, or as repr() has it; appended at *used. */
void drill_py_text(const struct drill_py_value *v, bool repr, char *out, size_t size,
		   size_t *used);
/* format % value; false: not a format that is known here. */
bool drill_py_format(const char *format, const struct drill_py_value *v, char *out, size_t size);
void drill_py_put(char *out, size_t size, size_t *used, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

#endif
