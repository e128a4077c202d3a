/* SPDX-License-Identifier: BSD-2-Clause */
/* Finds and reads topology files. Called by the session's include. */
#ifndef RIG_FIND_H
#define RIG_FIND_H

#include <stddef.h>

#include "netns/err.h"

/*
 * The text of a topology file, to be freed; its path goes to @path. Looked for as @name says,
 * beside the including file @from (or NULL), in $RIG_TOPOLOGIES, and among those that come with
 * rig; with
 * ".topo" added when that is what is missing. NULL with a sentence.
 */
char *find_topology(const char *name, const char *from, char *path, size_t size, struct net_err *e);

#endif
