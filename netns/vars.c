/* SPDX-License-Identifier: BSD-2-Clause */
/* Variables of the topology language. Called by the parser (set, $NAME) and by rig for NAME=VALUE.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "netns/topo.h"

static bool name_ok(const char *name)
{
	if (!isalpha((unsigned char)*name) && *name != '_')
		return false;
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && *name != '_')
			return false;
	return true;
}

const char *topo_vars_get(const struct topo_vars *vars, const char *name)
{
	for (unsigned int i = 0; i < vars->nvar; i++)
		if (strcmp(vars->var[i].name, name) == 0)
			return vars->var[i].value;
	return NULL;
}

int topo_vars_set(struct topo_vars *vars, const char *name, const char *value, bool lock,
		  struct net_err *e)
{
	unsigned int i;
	char *copy;

	if (!name_ok(name))
		return net_bad(
			e,
			"\"%s\" is not a variable's name; use letters, digits and _, a letter "
			"first",
			name);
	for (i = 0; i < vars->nvar; i++)
		if (strcmp(vars->var[i].name, name) == 0)
			break;
	if (i < vars->nvar && vars->var[i].locked && !lock)
		return 0;
	if (i == TOPO_VARS_MAX)
		return net_bad(e, "more than %d variables", TOPO_VARS_MAX);
	copy = strdup(value);
	if (!copy)
		return net_failed(e, "out of memory");
	if (i == vars->nvar) {
		vars->var[i].name = strdup(name);
		if (!vars->var[i].name) {
			free(copy);
			return net_failed(e, "out of memory");
		}
		vars->nvar++;
	} else {
		free(vars->var[i].value);
	}
	vars->var[i].value = copy;
	vars->var[i].locked = lock;
	return 0;
}

void topo_vars_free(struct topo_vars *vars)
{
	for (unsigned int i = 0; i < vars->nvar; i++) {
		free(vars->var[i].name);
		free(vars->var[i].value);
	}
	memset(vars, 0, sizeof(*vars));
}

int topo_vars_end(const struct topo_vars *vars, unsigned int depth, struct net_err *e)
{
	if (vars->depth <= depth)
		return 0;
	return net_bad(e, "the file ends inside an \"if\"; put \"end\" after its last line");
}
