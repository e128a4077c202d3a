/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cutting a link open in the hub, so that a wire can carry its frames:
 *
 *   before   node eth0 --- dut.eth0 [bridge]
 *   after    node eth0 --- dut.eth0  (wire)  dut.eth0.f --- dut.eth0.b [bridge]
 *
 * A direct pair is one device in two places and cannot be cut: it is made anew as two pairs, with
 * the addresses, routes and neighbours its ends had. See world.h; called by the link verb.
 */
#include <stdio.h>
#include <string.h>

#include "netns/world.h"

/* Make a new device be what the old one was. */
static int restore(struct world *w, struct dev *d, struct net_err *e)
{
	struct nlk *k = &d->node->k;

	if (nlk_offload(k, d->name, d->offload, e) ||
	    (d->ipv6 && world_ipv6(w, d->node, d->name, true, e)))
		return -1;
	if (!d->down && nlk_up(k, d->name, true, e))
		return -1;
	for (unsigned int i = 0; i < d->naddr; i++)
		if (nlk_addr(k, d->name, &d->addr[i], true, e) ||
		    (d->node->cc[0] && !world_secondary(d, i) &&
		     nlk_onlink_cc(k, d->name, &d->addr[i], d->node->cc, e)))
			return -1;
	/* Routes by other devices are still there and are said again: replacing one by itself is no
	 * harm. */
	for (struct given *g = d->node->given; g; g = g->next) {
		if (g->verb == TOPO_NEIGH && strcmp(g->dev, d->name) == 0 &&
		    nlk_neigh(k, g->dev, &g->a, g->mac, e))
			return -1;
		if (g->verb == TOPO_ROUTE)
			nlk_route(k, &g->a, &g->b, g->dev[0] ? g->dev : NULL,
				  d->node->cc[0] ? d->node->cc : NULL, true, e);
	}
	return 0;
}

static int half(struct world *w, struct dev *d, struct net_err *e)
{
	char id[NODE_NAME_MAX + DEV_NAME_MAX + 8];
	struct nlk_end hub = { .name = d->hub, .ns_fd = -1, .noarp = true };
	struct nlk_end near = { .name = d->name, .mac = d->mac, .ns_fd = d->node->ns_fd };

	devname_short(d->label, d->hub);
	snprintf(id, sizeof(id), "hub %s", d->label);
	hub.mac = netmac_of(id);
	if (nlk_veth(&w->hub, &hub, &near, d->mtu, e)) {
		d->hub[0] = '\0';
		return -1;
	}
	return nlk_offload(&w->hub, d->hub, false, e);
}

static void put_pair_back(struct world *w, struct dev *x, struct dev *y)
{
	struct nlk_end a = { .name = x->name, .mac = x->mac, .ns_fd = x->node->ns_fd };
	struct nlk_end b = { .name = y->name, .mac = y->mac, .ns_fd = y->node->ns_fd };
	struct net_err e;

	if (x->hub[0])
		nlk_delete(&w->hub, x->hub, &e);
	if (y->hub[0])
		nlk_delete(&w->hub, y->hub, &e);
	x->hub[0] = y->hub[0] = x->far[0] = y->far[0] = '\0';
	if (nlk_veth(&w->hub, &a, &b, x->mtu, &e) == 0) {
		restore(w, x, &e);
		restore(w, y, &e);
	}
}

static int cut_pair(struct world *w, struct dev *x, struct net_err *e)
{
	struct dev *y = x->peer;
	bool offload[2] = { x->offload, y->offload };

	if (nlk_delete(&x->node->k, x->name, e))
		return -1;
	x->offload = y->offload = false;
	if (half(w, x, e) || half(w, y, e) || restore(w, x, e) || restore(w, y, e)) {
		x->offload = offload[0];
		y->offload = offload[1];
		put_pair_back(w, x, y);
		return -1;
	}
	memcpy(x->far, y->hub, sizeof(x->far));
	memcpy(y->far, x->hub, sizeof(y->far));
	world_settle(w, x);
	world_settle(w, y);
	return 0;
}

static int cut_bridge(struct world *w, struct dev *d, struct net_err *e)
{
	char text[sizeof(d->label) + 2], joined[DEV_NAME_MAX];
	struct nlk_end far = { .name = d->far, .ns_fd = -1, .noarp = true };
	struct nlk_end port = { .name = joined, .ns_fd = -1, .master = d->bridge->index };
	struct net_err later;

	snprintf(text, sizeof(text), "%s.f", d->label);
	far.mac = netmac_of(text);
	devname_short(text, d->far);
	snprintf(text, sizeof(text), "%s.b", d->label);
	port.mac = netmac_of(text);
	devname_short(text, joined);
	if (nlk_veth(&w->hub, &port, &far, d->mtu, e)) {
		d->far[0] = '\0';
		return -1;
	}
	/* The port that the wire reads too: what it joined on receipt would come as one, or out of
	 * order. */
	if (nlk_offload(&w->hub, d->far, false, e) || nlk_offload(&w->hub, joined, false, e) ||
	    nlk_offload(&w->hub, d->hub, false, e) ||
	    nlk_offload(d->node ? &d->node->k : &w->hub, d->up, false, e) ||
	    nlk_master(&w->hub, d->hub, 0, e)) {
		nlk_delete(&w->hub, d->far, &later);
		d->far[0] = '\0';
		return -1;
	}
	nlk_settle(&w->hub, joined);
	world_settle(w, d);
	return 0;
}

int world_cut(struct world *w, struct dev *d, struct net_err *e)
{
	if (d->far[0])
		return 0;
	if (d->kind == DEV_OWN_TAP)
		return net_bad(
			e,
			"%s is a TAP of the node's own stack: there is no link to impair; join it "
			"to a bridge with \"tap %s BRIDGE\"",
			d->label, d->label);
	return d->peer ? cut_pair(w, d, e) : cut_bridge(w, d, e);
}

int world_join(struct world *w, struct dev *d, struct net_err *e)
{
	if (!d->far[0])
		return 0;
	if (d->peer)
		return 1;
	if (nlk_delete(&w->hub, d->far, e))
		return -1;
	d->far[0] = '\0';
	if (nlk_master(&w->hub, d->hub, d->bridge->index, e) ||
	    nlk_offload(&w->hub, d->hub, d->offload, e))
		return -1;
	return d->offload ? nlk_offload(d->node ? &d->node->k : &w->hub, d->up, true, e) : 0;
}
