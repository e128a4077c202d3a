/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Values of socket options: a number, [number], [several, numbers], "bytes", {fields} or [{fields}] as
 * the bytes that setsockopt() takes, and what getsockopt() gives back against them. Structures are
 * known by their fields' names: struct linger, timeval, tcp_zerocopy_receive and others. Knows no
 * device; called by the parser, which refuses what has no bytes, and by the runner.
 */
#ifndef DRILL_OPTVAL_H
#define DRILL_OPTVAL_H

#include "harness/drill/value.h"

/* That the expression has a meaning as an option's value. 0, or -1 with *err. */
int drill_optval_check(const struct drill_expr *e, struct drill_value_err *err);

/* Its bytes, as many as there is room for; what is left open is zero. A number has as many as there
 * is room for, up to 8. */
int drill_optval_fill(const struct drill_expr *e, uint8_t *out, size_t room,
		      struct drill_value_err *err);

/* Holds what came against it. 1: equal. 0: not, and the sentence of the difference in `diff`
 * (DRILL_VALUE_ERR bytes). -1 with *err. */
int drill_optval_compare(const struct drill_expr *e, const uint8_t *got, size_t len, char *diff,
			 struct drill_value_err *err);

#endif
