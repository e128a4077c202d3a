/* SPDX-License-Identifier: BSD-2-Clause */
/* A link line's words, by direction; see sides.h. */
#include "harness/link/sides.h"

#include <errno.h>
#include <string.h>

#include "harness/link/model.h"

enum { DIRS = 2, BOTH = -1, NONE = -2 };

static int direction(const char *word)
{
	if (strcmp(word, "both") == 0)
		return BOTH;
	if (strcmp(word, "in") == 0)
		return LINK_DIR_IN;
	return strcmp(word, "out") == 0 ? (int)LINK_DIR_OUT : NONE;
}

/* How many words from word[0] on are read at once: a script, or all up to one. */
static int stretch(int n, const char *const *word)
{
	int i = 1;

	if (strcmp(word[0], "script") == 0)
		return link_script_words(n, word);
	while (i < n && strcmp(word[i], "script") != 0)
		i++;
	return i;
}

static int read_group(struct link_spec spec[2], int dir, int n, const char *const *word, char *err,
		      size_t err_size)
{
	for (int at = 0, len; at < n; at += len) {
		bool script = strcmp(word[at], "script") == 0;

		len = stretch(n - at, word + at);
		for (int d = 0; d < DIRS; d++) {
			int rc;

			if (dir >= 0 ? d != dir : script && d == LINK_DIR_OUT)
				continue;
			rc = link_spec_read(&spec[d], len, word + at, err, err_size);
			if (rc)
				return rc;
		}
	}
	return 0;
}

int link_sides_parse(struct link_spec spec[2], int nword, const char *const *word, char *err,
		     size_t err_size)
{
	int from = 0, dir = BOTH;

	for (int i = 0; i <= nword; i++) {
		int next = i < nword ? direction(word[i]) : BOTH, rc;

		if (next == NONE)
			continue;
		rc = read_group(spec, dir, i - from, word + from, err, err_size);
		if (rc)
			return rc;
		from = i + 1;
		dir = next;
	}
	for (int d = 0; d < DIRS; d++)
		if (link_spec_check(&spec[d], err, err_size))
			return -EINVAL;
	return 0;
}
