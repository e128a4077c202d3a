/* SPDX-License-Identifier: BSD-2-Clause */
/* Names and exit statuses of verdicts: see verdict.h. */
#include "harness/drill/verdict.h"

#include <string.h>

static const struct {
	const char *name;
	int status;
} verdicts[DRILL_VERDICTS] = {
	[DRILL_PASS] = { "pass", 0 },
	[DRILL_FAIL] = { "fail", 1 },
	[DRILL_UNSUPPORTED] = { "unsupported", 3 },
	[DRILL_TIMEOUT] = { "timeout", 4 },
	[DRILL_ERROR] = { "error", 2 },
};

const char *drill_verdict_name(enum drill_verdict v)
{
	return verdicts[v].name;
}

bool drill_verdict_parse(const char *name, enum drill_verdict *out)
{
	for (int v = 0; v < DRILL_VERDICTS; v++) {
		if (strcmp(name, verdicts[v].name) == 0) {
			*out = (enum drill_verdict)v;
			return true;
		}
	}
	return false;
}

int drill_verdict_status(enum drill_verdict v)
{
	return verdicts[v].status;
}
