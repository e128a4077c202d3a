/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cuts a line of the topology language into words: blanks separate, "..." and '...' join,
 * \ escapes, # at the start of a word begins a comment, $NAME and ${NAME} stand for variables
 * except inside
 * '...'. Called by topo.c.
 */
#ifndef NETNS_WORDS_H
#define NETNS_WORDS_H

#include <stdbool.h>

#include "netns/err.h"
#include "netns/topo.h"

struct words {
	char **word; /* ends with NULL */
	unsigned int n;
	void *storage; /* free() it when done: word and texts are inside */
};

/* @unset_ok: an unset variable is an empty word instead of an error. */
int words_cut(struct words *w, const char *text, const struct topo_vars *vars, bool unset_ok,
	      struct net_err *e);

#endif
