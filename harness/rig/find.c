/* SPDX-License-Identifier: BSD-2-Clause */
/* Finds and reads topology files; see find.h. */
#include "harness/rig/find.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOPOLOGY_FILE_MAX = 1 << 20 };

static char *read_all(FILE *f, const char *path, struct net_err *e)
{
	char *text = malloc(TOPOLOGY_FILE_MAX + 1);
	size_t n;

	if (!text) {
		net_failed(e, "out of memory");
		return NULL;
	}
	n = fread(text, 1, TOPOLOGY_FILE_MAX + 1, f);
	if (ferror(f) || n > TOPOLOGY_FILE_MAX || memchr(text, '\0', n)) {
		free(text);
		net_bad(e, "%s is not a topology file: %s", path,
			ferror(f) ? strerror(errno) : "it is not text, or longer than 1 MiB");
		return NULL;
	}
	text[n] = '\0';
	return text;
}

/* Try DIR/NAME and DIR/NAME.topo; @dir may be NULL. */
static FILE *try(const char *dir, size_t dir_len, const char *name, char *path, size_t size)
{
	for (int suffix = 0; suffix < 2; suffix++) {
		int n = snprintf(path, size, "%.*s%s%s%s", (int)dir_len, dir ? dir : "",
				 dir_len ? "/" : "", name, suffix ? ".topo" : "");
		FILE *f = n < 0 || (size_t)n >= size ? NULL : fopen(path, "re");

		if (f)
			return f;
	}
	return NULL;
}

static FILE *try_beside(const char *from, const char *name, char *path, size_t size)
{
	const char *slash = from ? strrchr(from, '/') : NULL;

	return slash ? try(from, (size_t)(slash - from), name, path, size) : NULL;
}

char *find_topology(const char *name, const char *from, char *path, size_t size, struct net_err *e)
{
	static const char *const shipped[] = { PH_SRCDIR "/netns/topologies",
					       PH_DATADIR "/netns/topologies" };
	const char *env = getenv("RIG_TOPOLOGIES");
	FILE *f = name[0] == '/' ? NULL : try_beside(from, name, path, size);
	char *text;

	if (!f)
		f = try(NULL, 0, name, path, size);
	if (!f && env && name[0] != '/')
		f = try(env, strlen(env), name, path, size);
	for (unsigned int i = 0; !f && !strchr(name, '/') && i < 2; i++)
		f = try(shipped[i], strlen(shipped[i]), name, path, size);
	if (!f) {
		net_bad(e,
			"there is no topology file \"%s\": %s; those that come with rig are pair, "
			"lan, "
			"router and dumbbell",
			name, strerror(errno));
		return NULL;
	}
	text = read_all(f, path, e);
	fclose(f);
	return text;
}
