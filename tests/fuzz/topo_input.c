/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lines of the topology language, one after the other under the same variables. A line means
 * something or is refused with a sentence, and nothing of a refused one remains.
 */
#include <stdlib.h>
#include <string.h>

#include "netns/topo.h"
#include "tests/fuzz/promise.h"
#include "tests/fuzz/targets.h"

static void one_line(const char *text, struct topo_vars *vars)
{
	struct net_err e = { .text = "" };
	struct topo_line line;

	if (topo_parse(&line, text, vars, &e) != 0) {
		demand(e.text[0] != '\0', "a refused line is told why");
		demand(!strchr(e.text, '\n'), "in one line");
		return;
	}
	demand((unsigned)line.verb < TOPO_VERB_COUNT, "a line has a verb");
	demand(line.naddr <= TOPO_ADDRS_MAX && line.nword <= TOPO_WORDS_MAX, "lists are bounded");
	for (unsigned i = 0; i < line.nword; i++)
		demand(strlen(line.word[i]) < TOPO_LINE_MAX, "a word ends");
	demand(!line.rest || line.rest[line.nrest] == NULL, "arguments end");
	topo_line_free(&line);
}

void fuzz_topo(const uint8_t *bytes, size_t len)
{
	struct topo_vars vars = { .nvar = 0 };
	char *text = malloc(len + 1), *line = text, *next;
	struct net_err e;

	demand(text != NULL, "this machine has memory");
	memcpy(text, bytes, len);
	text[len] = '\0';
	for (; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		one_line(line, &vars);
		demand(vars.depth <= TOPO_IF_DEPTH && vars.nvar <= TOPO_VARS_MAX, "within limits");
	}
	(void)topo_vars_end(&vars, 0, &e);
	topo_vars_free(&vars);
	free(text);
}

FUZZ_TARGET_IS(fuzz_topo)
