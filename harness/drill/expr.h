/* SPDX-License-Identifier: BSD-2-Clause */
/* The arguments and results of calls as expressions. Called by the parser. */
#ifndef DRILL_EXPR_H
#define DRILL_EXPR_H

#include "harness/drill/ast.h"

struct drill_parser;

/* One expression. 0, or -1 with the parser's error. */
int drill_expr_parse(struct drill_parser *p, struct drill_expr **out)
	__attribute__((warn_unused_result));

/* Expressions with commas between, up to `close`, which is consumed too. */
int drill_expr_parse_list(struct drill_parser *p, char close, struct drill_expr **first,
			  uint32_t *count) __attribute__((warn_unused_result));

#endif
