/* SPDX-License-Identifier: BSD-2-Clause */
/* Bridges, pairs and ports of the world. See world.h. Each makes all of its devices or none. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "netns/world.h"

int world_bridge(struct world *w, const char *name, struct net_err *e)
{
	struct bridge *b, **end = &w->bridges;
	char id[NODE_NAME_MAX];

	if (world_find_bridge(w, name) || nlk_index(&w->hub, name))
		return net_bad(e, "there is a bridge or port \"%s\" already; choose another name",
			       name);
	b = calloc(1, sizeof(*b));
	if (!b)
		return net_failed(e, "out of memory");
	snprintf(b->name, sizeof(b->name), "%s", name);
	snprintf(id, sizeof(id), "bridge %s", name);
	if (nlk_bridge(&w->hub, name, netmac_of(id), false, e)) {
		free(b);
		return -1;
	}
	b->index = nlk_index(&w->hub, name);
	b->serial = ++w->serial;
	while (*end)
		end = &(*end)->next;
	*end = b;
	return 0;
}

struct dev *world_dev_new(struct world *w, const struct devname *at, enum dev_kind kind,
			  struct net_err *e)
{
	struct node *n = NULL;
	struct dev *d;

	if (kind != DEV_PORT) {
		n = world_want_node(w, at->node, e);
		if (!n)
			return NULL;
	}
	if (world_find_dev(w, at) || (n && strcmp(at->dev, "lo") == 0)) {
		net_bad(e, "node %s has a device \"%s\" already; choose another name", at->node,
			at->dev);
		return NULL;
	}
	d = calloc(1, sizeof(*d));
	if (!d) {
		net_failed(e, "out of memory");
		return NULL;
	}
	d->kind = kind;
	d->node = n;
	d->mtu = WORLD_MTU;
	snprintf(d->name, sizeof(d->name), "%.15s", n ? at->dev : at->node);
	snprintf(d->label, sizeof(d->label), n ? "%s.%s" : "%s", at->node, at->dev);
	snprintf(d->up, sizeof(d->up), "%s", d->name);
	d->mac = netmac_of(d->label);
	return d;
}

void world_dev_keep(struct world *w, struct dev *d)
{
	struct dev **end = d->node ? &d->node->devs : &w->ports;

	while (*end)
		end = &(*end)->next;
	d->serial = ++w->serial;
	*end = d;
}

/* A pair: d->up in the node (or the hub, for a port), d->hub in the hub, joined to the bridge. */
static int make_pair(struct world *w, struct dev *d, struct net_err *e)
{
	char id[NODE_NAME_MAX + DEV_NAME_MAX + 8], port[DEV_NAME_MAX + 2];
	struct nlk_end hub = { .name = d->hub, .ns_fd = -1, .master = d->bridge->index };
	struct nlk_end near = { .name = d->up, .mac = d->mac, .noarp = !d->node };

	near.ns_fd = d->node ? d->node->ns_fd : -1;
	snprintf(port, sizeof(port), "%s.p", d->name);
	devname_short(d->node ? d->label : port, d->hub);
	snprintf(id, sizeof(id), "hub %s", d->label);
	hub.mac = netmac_of(id);
	return nlk_veth(&w->hub, &hub, &near, d->mtu, e);
}

static int offload_pair(struct world *w, struct dev *d, bool on, struct net_err *e)
{
	if (nlk_offload(d->node ? &d->node->k : &w->hub, d->up, on, e))
		return -1;
	return nlk_offload(&w->hub, d->hub, on, e);
}

void world_settle(struct world *w, const struct dev *d)
{
	const struct nlk *k = d->node ? &d->node->k : &w->hub;

	nlk_settle(k, d->name);
	if (d->up[0] && strcmp(d->up, d->name) != 0)
		nlk_settle(k, d->up);
	if (d->hub[0])
		nlk_settle(&w->hub, d->hub);
	if (d->far[0])
		nlk_settle(&w->hub, d->far);
	if (d->peer)
		nlk_settle(&d->peer->node->k, d->peer->name);
}

int world_veth(struct world *w, const struct devname *at, const char *bridge, struct net_err *e)
{
	struct bridge *b = world_want_bridge(w, bridge, e);
	struct dev *d = b ? world_dev_new(w, at, DEV_VETH, e) : NULL;

	if (!d)
		return -1;
	d->bridge = b;
	if (make_pair(w, d, e)) {
		free(d);
		return -1;
	}
	if (offload_pair(w, d, false, e) || nlk_up(&d->node->k, d->up, true, e)) {
		world_dev_free(w, d);
		return -1;
	}
	world_settle(w, d);
	world_dev_keep(w, d);
	return 0;
}

int world_port(struct world *w, const char *bridge, const char *name, struct net_err *e)
{
	struct bridge *b = world_want_bridge(w, bridge, e);
	struct devname at = { .dev = "" };
	struct dev *d;

	if (!b)
		return -1;
	if (world_find_port(w, name) || nlk_index(&w->hub, name))
		return net_bad(e, "there is a port or bridge \"%s\" already; choose another name",
			       name);
	snprintf(at.node, sizeof(at.node), "%s", name);
	d = world_dev_new(w, &at, DEV_PORT, e);
	if (!d)
		return -1;
	d->bridge = b;
	if (make_pair(w, d, e)) {
		free(d);
		return -1;
	}
	if (offload_pair(w, d, false, e)) {
		world_dev_free(w, d);
		return -1;
	}
	world_settle(w, d);
	world_dev_keep(w, d);
	return 0;
}

int world_pair(struct world *w, const struct devname *a, const struct devname *b, struct net_err *e)
{
	struct dev *x = world_dev_new(w, a, DEV_VETH, e), *y = NULL;

	if (x && strcmp(a->node, b->node) == 0 && strcmp(a->dev, b->dev) == 0)
		net_bad(e, "%s cannot be joined to itself", x->label);
	else if (x)
		y = world_dev_new(w, b, DEV_VETH, e);
	if (x && y) {
		struct nlk_end ends[2] = {
			{ .name = x->name, .mac = x->mac, .ns_fd = x->node->ns_fd },
			{ .name = y->name, .mac = y->mac, .ns_fd = y->node->ns_fd },
		};

		if (nlk_veth(&w->hub, &ends[0], &ends[1], WORLD_MTU, e) == 0) {
			x->peer = y;
			y->peer = x;
			world_dev_keep(w, x);
			world_dev_keep(w, y);
			if (world_offload(w, x, false, e) == 0 &&
			    world_offload(w, y, false, e) == 0 &&
			    nlk_up(&x->node->k, x->name, true, e) == 0 &&
			    nlk_up(&y->node->k, y->name, true, e) == 0) {
				world_settle(w, x);
				return 0;
			}
			world_dev_free(w, x);
			return -1;
		}
	}
	free(x);
	free(y);
	return -1;
}

int world_offload(struct world *w, struct dev *d, bool on, struct net_err *e)
{
	if (d->kind == DEV_OWN_TAP)
		return net_bad(
			e,
			"%s is a TAP of the node's own stack: the program that opens it says what "
			"it offloads",
			d->label);
	if (on && d->far[0])
		return net_bad(
			e,
			"%s is impaired, and an impaired link carries frames of wire size; put "
			"\"link %s clear\" first",
			d->label, d->label);
	if (d->hub[0] ? offload_pair(w, d, on, e) : nlk_offload(&d->node->k, d->up, on, e))
		return -1;
	d->offload = on;
	return 0;
}

static void unlink_dev(struct world *w, struct dev *d)
{
	struct dev **at = d->node ? &d->node->devs : &w->ports;

	while (*at && *at != d)
		at = &(*at)->next;
	if (*at)
		*at = d->next;
}

void world_dev_free(struct world *w, struct dev *d)
{
	struct dev *peer = d->peer;
	struct net_err e;

	if (w->dev_gone)
		w->dev_gone(w, d);
	if (d->kind == DEV_TAP || d->kind == DEV_OWN_TAP)
		nlk_delete(&d->node->k, d->name, &e);
	if (d->inner[0])
		nlk_delete(&d->node->k, d->inner, &e);
	/* Deleting one end of a pair deletes the other. */
	if (d->far[0] && !peer)
		nlk_delete(&w->hub, d->far, &e);
	if (d->hub[0])
		nlk_delete(&w->hub, d->hub, &e);
	else if (d->kind == DEV_VETH)
		nlk_delete(&d->node->k, d->name, &e);
	unlink_dev(w, d);
	if (peer) {
		peer->peer = NULL;
		world_dev_free(w, peer);
	}
	free(d);
}
