/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands in backticks between sysctl.c, which cuts and sorts them, and command_text.c, which asks the
 * device and lets grep read the answer. Nobody else includes this. */
#ifndef DRILL_COMMAND_INT_H
#define DRILL_COMMAND_INT_H

#include "harness/drill/run_int.h"

enum { DRILL_COMMAND_TEXT = 8192, DRILL_COMMAND_WORDS = 64, DRILL_COMMAND_UNKNOWN = 1 };

/* One simple command: its words, and where its output goes. */
struct drill_simple {
	char text[DRILL_COMMAND_TEXT];
	const char *word[DRILL_COMMAND_WORDS];
	int n;
	const char *to; /* a file; NULL: nowhere */
	bool piped;	/* into the next command */
};

/* What runs through the pipes of one command. */
struct drill_text {
	const char *command; /* the whole, as written */
	char *at;
	size_t len, cap;
	bool active; /* a command before has written it */
};

/* That the command is one that reads or writes text: nstat, ss, sockstat, grep, wc, cat. */
bool drill_command_wants_text(const struct drill_simple *s, const struct drill_text *t);
/* Runs one. At the end of its pipe a status other than 0 ends the run: what the script asked for
 * is not so. 0, -1, or DRILL_COMMAND_UNKNOWN. */
int drill_command_text(struct drill_run *r, const struct drill_simple *s, struct drill_text *t);

#endif
