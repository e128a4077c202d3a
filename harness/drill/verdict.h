/* SPDX-License-Identifier: BSD-2-Clause */
/* How a script ended, and the exit status that says so. Called by everything that runs scripts. */
#ifndef DRILL_VERDICT_H
#define DRILL_VERDICT_H

#include <stdbool.h>

enum drill_verdict {
	DRILL_PASS,
	DRILL_FAIL,	   /* the device did something else than the script says */
	DRILL_UNSUPPORTED, /* the script asks for what the device or the interpreter does not have */
	DRILL_TIMEOUT,	   /* the script took longer than it may */
	DRILL_ERROR,	   /* no such script, or the bench itself failed */
	DRILL_VERDICTS
};

/* "pass", "fail", "unsupported", "timeout", "error" */
const char *drill_verdict_name(enum drill_verdict v);
bool drill_verdict_parse(const char *name, enum drill_verdict *out);
/* 0 pass, 1 fail, 2 error, 3 unsupported, 4 timeout. */
int drill_verdict_status(enum drill_verdict v);

#endif
