/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Many scripts, in worker processes beside each other: a script that crashes or hangs takes its
 * worker with it and nothing else. Called by the rig's command.
 */
#ifndef DRILL_RUN_MANY_H
#define DRILL_RUN_MANY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/drill/run.h"

/* One script's end, and what was expected of it. */
struct drill_row {
	const char *path;
	enum drill_verdict verdict, expected;
	bool has_expected; /* --expect names it */
	bool done;
	uint32_t line;
	uint64_t real_ns;	/* of the machine's time */
	char *reason, *message; /* NULL: none */
	char *why;		/* the comment that stands by the expectation, or NULL */
};

struct drill_many {
	struct drill_row *row;
	size_t n;
	unsigned jobs;			 /* at least 1 */
	unsigned timeout_s;		 /* per script, of the machine's time */
	bool progress;			 /* a line on standard error, rewritten */
	const struct drill_setup *setup; /* again is filled in per script */
	const char *again;		 /* the command, to which the script's path is added */
	/* Called once per row when it is done, in the order in which they end; NULL: not. */
	void (*done)(const struct drill_row *row, void *arg);
	void *arg;
};

/* Runs them all; every row is done afterwards. 0 or -errno when no worker can be started. */
int drill_many_run(struct drill_many *m) __attribute__((warn_unused_result));

/* The scripts of a file or, recursively and sorted, of a directory (*.pkt), appended to an array
 * of malloc'd strings. 0, or -1 with a sentence in err. */
int drill_many_find(const char *path, char ***list, size_t *n, char *err, size_t err_size);

/* Verdicts from a file of lines "script device verdict", # for comments; a script is named by the
 * end of its path. The comment above the lines of a paragraph, or behind one, is the reason.
 * 0, or -1 with a sentence in err. */
int drill_many_expect(const char *file, const char *device, struct drill_row *row, size_t n,
		      char *err, size_t err_size);

/* As expected; without an expectation, a pass. */
bool drill_row_good(const struct drill_row *row);

void drill_rows_free(struct drill_row *row, size_t n);

#endif
