/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The words of a link. What is read can be written, and what was written reads as the same; what is
 * refused is told why and changes nothing.
 */
#define _GNU_SOURCE 1 /* strtok_r */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/link/spec.h"
#include "tests/fuzz/promise.h"
#include "tests/fuzz/targets.h"

enum { WORDS_MAX = 400 };

/* Cuts text at its spaces; the words of a long one are as many as fit. */
static int words(char *text, const char **word)
{
	char *save = NULL;
	int n = 0;

	for (char *w = strtok_r(text, " \n", &save); w && n < WORDS_MAX;
	     w = strtok_r(NULL, " \n", &save)) {
		size_t len = strlen(w);

		/* Quotes are the topology language's, around a filter. */
		if (len > 1 && w[0] == '\'' && w[len - 1] == '\'') {
			w[len - 1] = '\0';
			w++;
		}
		word[n++] = w;
	}
	return n;
}

void fuzz_spec(const uint8_t *bytes, size_t len)
{
	static const char *word[WORDS_MAX];
	static char printed[LINK_SPEC_TEXT], copy[LINK_SPEC_TEXT], again[LINK_SPEC_TEXT];
	char err[LINK_ERR_TEXT] = "";
	char *text = malloc(len + 1);
	struct link_spec s, t, was;

	demand(text != NULL, "this machine has memory");
	memcpy(text, bytes, len);
	text[len] = '\0';
	/* A record is a file that would be made. */
	if (strstr(text, "record")) {
		free(text);
		return;
	}
	memset(&s, 0, sizeof(s));
	link_spec_init(&s);
	memcpy(&was, &s, sizeof(s));
	if (link_spec_parse(&s, words(text, word), word, err, sizeof(err)) != 0) {
		demand(err[0] != '\0', "refused words are told why");
		demand(memcmp(&was, &s, sizeof(s)) == 0, "and change nothing");
	} else {
		demand(link_spec_print(&s, printed, sizeof(printed)) < sizeof(printed),
		       "any spec has room to be printed");
		snprintf(copy, sizeof(copy), "%s", printed);
		link_spec_init(&t);
		demand(!printed[0] || link_spec_parse(&t, words(copy, word), word, err, sizeof(err)) == 0,
		       "what was printed can be read");
		(void)link_spec_print(&t, again, sizeof(again));
		demand(strcmp(printed, again) == 0, "and prints as it did");
		(void)link_spec_is_clear(&s);
	}
	free(text);
}

FUZZ_TARGET_IS(fuzz_spec)
