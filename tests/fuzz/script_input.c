/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A script of packets and calls. Any bytes are parsed or refused with a sentence that names a place in
 * them; the printed packets of one that is parsed can be read again, and print as they did. Nothing is run.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/drill/ast_print.h"
#include "harness/drill/parse.h"
#include "tests/fuzz/promise.h"
#include "tests/fuzz/targets.h"

static uint32_t lines_of(const uint8_t *bytes, size_t len)
{
	uint32_t n = 1;

	for (size_t i = 0; i < len; i++)
		n += bytes[i] == '\n';
	return n;
}

/* A packet as it was printed, in a script of its own. */
static void read_again(const struct drill_script *s, const struct drill_packet *p)
{
	static const char *const versions[] = { "ipv4", "ipv6", "ipv4-mapped-ipv6" };
	static char printed[DRILL_PRINT_MAX], again[DRILL_PRINT_MAX], text[DRILL_PRINT_MAX + 16];
	struct drill_defines defs = { .ip_version = versions[s->ip_version] };
	struct drill_script *one;
	struct drill_err err;
	size_t len = drill_print_packet(p, printed, sizeof(printed));

	if (len >= sizeof(printed)) /* cut */
		return;
	demand(len == strlen(printed), "the length of what is printed is told");
	len = (size_t)snprintf(text, sizeof(text), "0 %s\n", printed);
	demand(drill_parse(text, len, "printed", &defs, &one, &err) == 0,
	       "a printed packet can be read");
	demand(one->nevents == 1 && one->events->kind == DRILL_EV_PACKET, "as one packet");
	(void)drill_print_packet(&one->events->packet, again, sizeof(again));
	demand(strcmp(printed, again) == 0, "and prints as it did");
	drill_script_free(one);
}

void fuzz_script(const uint8_t *bytes, size_t len)
{
	static char line[DRILL_PRINT_MAX];
	struct drill_script *s;
	struct drill_err err;
	char *text = malloc(len + 1);
	uint32_t n = 0;

	demand(text != NULL, "this machine has memory");
	memcpy(text, bytes, len);
	text[len] = '\0';
	if (drill_parse(text, len, "fuzz.pkt", NULL, &s, &err) != 0) {
		demand(err.sentence[0] != '\0', "a refused script is told why");
		demand(err.line >= 1 && err.line <= lines_of(bytes, len), "and where, in its text");
		free(text);
		return;
	}
	for (const struct drill_event *ev = s->events; ev; ev = ev->next) {
		demand(ev->number == ++n, "events are numbered from 1");
		(void)drill_print_event(ev, line, sizeof(line));
		if (ev->kind == DRILL_EV_PACKET)
			read_again(s, &ev->packet);
	}
	demand(n == s->nevents, "and counted");
	drill_script_free(s);
	free(text);
}

FUZZ_TARGET_IS(fuzz_script)
