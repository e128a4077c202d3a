/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rig tc: a line of the tc program as the words of a link (harness/link/tc.h). The words go to standard
 * output, what is not the same to standard error.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/link/tc.h"
#include "harness/rig/rig.h"

enum { TEXT_MAX = 65536 };

/* All of standard input, or the arguments with spaces between. NULL when it is too long. */
static char *text_of(int argc, char **argv)
{
	char *text = calloc(1, TEXT_MAX + 1);
	size_t n = 0;

	if (!text)
		return NULL;
	if (argc == 1 && strcmp(argv[0], "-") == 0) {
		n = fread(text, 1, TEXT_MAX, stdin);
	} else {
		for (int i = 0; i < argc && n < TEXT_MAX; i++)
			n += (size_t)snprintf(text + n, TEXT_MAX - n, "%s%s", i ? " " : "",
					argv[i]);
	}
	if (n < TEXT_MAX)
		return text;
	free(text);
	return NULL;
}

static int show(struct tc_text *t, const char *link)
{
	char words[LINK_SPEC_TEXT], why[LINK_ERR_TEXT];

	for (uint32_t i = 0; i < t->n; i++) {
		struct tc_device *d = &t->device[i];
		const char *way = d->clear ? "" : tc_is_ingress(d) ? "in " : "out ";

		if (tc_words(d, words, sizeof(words), why, sizeof(why))) {
			fprintf(stderr, "rig tc: %s%s%s\n", d->name, d->name[0] ? ": " : "", why);
			return RIG_BAD_INPUT;
		}
		printf("%s%s%s%s%s", link ? "link " : "", link ? link : "", link ? " " : "", way,
				words);
		if (t->n > 1 && !link)
			printf("   # %s", d->name);
		putchar('\n');
		fflush(stdout);
		for (char *note = strtok(d->note, "\n"); note; note = strtok(NULL, "\n"))
			fprintf(stderr, "# %s\n", note);
	}
	return RIG_OK;
}

int cmd_tc(int argc, char **argv)
{
	struct tc_text *t = malloc(sizeof(*t));
	char why[LINK_ERR_TEXT], *text = NULL;
	const char *link = NULL;
	int at = 1, status = RIG_BAD_INPUT;

	if (argc > 2 && strcmp(argv[1], "--link") == 0) {
		link = argv[2];
		at = 3;
	}
	if (at < argc && strcmp(argv[at], "--") == 0)
		at++;
	if (at < argc)
		text = text_of(argc - at, argv + at);
	if (at >= argc)
		rig_usage("tc", "a line of tc is missing, such as tc qdisc add dev eth0 root "
				"netem delay 10ms");
	else if (!t || !text)
		rig_usage("tc", "the text has more than %d bytes", TEXT_MAX - 1);
	else if (tc_read(t, text, why, sizeof(why)))
		fprintf(stderr, "rig tc: %s\n", why);
	else
		status = show(t, link);
	free(text);
	free(t);
	return status;
}
