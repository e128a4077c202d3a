/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The names a script may use for Linux's numbers: families, levels, options, flags, errors, states.
 * Called by the parser of expressions and by the evaluator of %{ }%.
 */
#ifndef DRILL_CONST_H
#define DRILL_CONST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* True and the number, when there is such a name. */
bool drill_const_find(const char *name, size_t len, int64_t *value);

/* The name of row *i, its number in *value, and *i moved on; NULL past the end. Names without a
 * number are left out. */
const char *drill_const_row(size_t *i, int64_t *value);

/* Where a name without a number on Linux comes from ("FreeBSD", "MPTCP"); NULL: nobody knows it. */
const char *drill_const_foreign(const char *name, size_t len);

/* The name of an errno, or NULL. EAGAIN rather than EWOULDBLOCK. */
const char *drill_const_errno(int err);

/* The number of an errno's name; 0: no such error. */
int drill_const_errno_of(const char *name, size_t len);

#endif
