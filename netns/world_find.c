/* SPDX-License-Identifier: BSD-2-Clause */
/* Finds nodes, bridges and devices by name, and says what there is when there is none. See world.h.
 */
#include <stdio.h>
#include <string.h>

#include "netns/world.h"

enum { LIST_MAX = 200 };

struct node *world_find_node(struct world *w, const char *name)
{
	struct node *n;

	for (n = w->nodes; n; n = n->next)
		if (strcmp(n->name, name) == 0)
			break;
	return n;
}

struct bridge *world_find_bridge(struct world *w, const char *name)
{
	struct bridge *b;

	for (b = w->bridges; b; b = b->next)
		if (strcmp(b->name, name) == 0)
			break;
	return b;
}

static struct dev *find_in(struct dev *d, const char *name)
{
	for (; d; d = d->next)
		if (strcmp(d->name, name) == 0)
			break;
	return d;
}

struct dev *world_find_port(struct world *w, const char *name)
{
	return find_in(w->ports, name);
}

struct dev *world_find_dev(struct world *w, const struct devname *name)
{
	struct node *n;

	if (!name->dev[0])
		return world_find_port(w, name->node);
	n = world_find_node(w, name->node);
	return n ? find_in(n->devs, name->dev) : NULL;
}

static void list_add(char *list, const char *name)
{
	size_t n = strlen(list);

	if (n < LIST_MAX - NODE_NAME_MAX)
		snprintf(list + n, LIST_MAX - n, "%s%s", n ? ", " : "", name);
	else if (n < LIST_MAX - 4 && list[n - 1] != '.')
		snprintf(list + n, LIST_MAX - n, "...");
}

struct node *world_want_node(struct world *w, const char *name, struct net_err *e)
{
	struct node *n = world_find_node(w, name);
	char list[LIST_MAX] = "";

	if (n)
		return n;
	for (n = w->nodes; n; n = n->next)
		list_add(list, n->name);
	net_bad(e, "there is no node \"%s\"; make it with \"node %s\" (there is: %s)", name, name,
		list[0] ? list : "none yet");
	return NULL;
}

struct bridge *world_want_bridge(struct world *w, const char *name, struct net_err *e)
{
	struct bridge *b = world_find_bridge(w, name);
	char list[LIST_MAX] = "";

	if (b)
		return b;
	for (b = w->bridges; b; b = b->next)
		list_add(list, b->name);
	net_bad(e, "there is no bridge \"%s\"; make it with \"bridge %s\" (there is: %s)", name,
		name, list[0] ? list : "none yet");
	return NULL;
}

struct dev *world_want_dev(struct world *w, const struct devname *name, struct net_err *e)
{
	struct dev *d = world_find_dev(w, name);
	char list[LIST_MAX] = "";
	struct node *n;

	if (d)
		return d;
	if (!name->dev[0]) {
		for (d = w->ports; d; d = d->next)
			list_add(list, d->name);
		net_bad(e,
			"there is no port \"%s\"; make it with \"port BRIDGE %s\" (there is: %s)",
			name->node, name->node, list[0] ? list : "none yet");
		return NULL;
	}
	n = world_want_node(w, name->node, e);
	if (!n)
		return NULL;
	for (d = n->devs; d; d = d->next)
		list_add(list, d->name);
	net_bad(e,
		"node %s has no device \"%s\"; make it with \"veth %s.%s BRIDGE\" or \"tap %s.%s "
		"BRIDGE\" (it has: %s)",
		n->name, name->dev, n->name, name->dev, n->name, name->dev,
		list[0] ? list : "none yet");
	return NULL;
}
