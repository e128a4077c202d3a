/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pieces of code that need more than pyexpr.h has: a Python of the machine, one process for a
 * script, whose names the pieces share. Called by code.c, and by the test that holds the two against
 * each other.
 */
#ifndef DRILL_PYTHON_H
#define DRILL_PYTHON_H

#include <jansson.h>

#include "harness/drill/pyexpr.h"

struct drill_python;

enum { DRILL_PYTHON_ERR = 200 };

/* Starts `command` (NULL: python3). NULL with a sentence in err: there is none. */
struct drill_python *drill_python_new(const char *command, char err[DRILL_PYTHON_ERR]);
void drill_python_free(struct drill_python *p);

/* Runs text[0..len), whose first line is `line` of the script `name`, with an object of names and
 * numbers, which is taken, beside those that the pieces before have left. 0, or -EPIPE when it has
 * died. */
int drill_python_run(struct drill_python *p, const char *name, uint32_t line, const char *text,
		     size_t len, json_t *take_names, struct drill_py_result *out);

#endif
