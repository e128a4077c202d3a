/* SPDX-License-Identifier: BSD-2-Clause */
/* Carries out parsed lines of the topology language on the world: one function per verb. See
 * world.h. */
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "netns/world.h"

/* A device with a node around it: ports have no addresses and no MTU of their own. */
static struct dev *want(struct world *w, const struct topo_line *l, struct net_err *e)
{
	return world_want_dev(w, &l->at, e);
}

/* The device of a node's own stack; a TAP on a bridge belongs to a program. */
static struct dev *want_stack(struct world *w, const struct topo_line *l, struct net_err *e)
{
	struct dev *d = want(w, l, e);

	if (d && d->kind == DEV_TAP) {
		net_bad(e,
			"%s is a TAP for a program, which brings its own addresses; give them to "
			"the "
			"program",
			d->label);
		return NULL;
	}
	return d;
}

static int set_ipv6(struct world *w, struct dev *d, bool on, struct net_err *e)
{
	if (world_ipv6(w, d->node, d->name, on, e))
		return -1;
	d->ipv6 = on;
	return 0;
}

static int addr_one(struct world *w, struct dev *d, const struct netaddr *a, struct net_err *e)
{
	struct node *n = d->node;

	if (d->naddr == TOPO_ADDRS_MAX)
		return net_bad(e, "%s has %d addresses, which is the most", d->label,
			       TOPO_ADDRS_MAX);
	if (a->family == AF_INET6 && !d->ipv6 && set_ipv6(w, d, true, e))
		return -1;
	if (nlk_addr(&n->k, d->name, a, true, e))
		return -1;
	d->addr[d->naddr] = *a;
	if (n->cc[0] && !world_secondary(d, d->naddr) &&
	    nlk_onlink_cc(&n->k, d->name, a, n->cc, e)) {
		struct net_err later;

		nlk_addr(&n->k, d->name, a, false, &later);
		return -1;
	}
	d->naddr++;
	return 0;
}

static int do_addr(struct world *w, const struct topo_line *l, struct net_err *e)
{
	struct dev *d = want_stack(w, l, e);
	unsigned int before;
	struct net_err later;

	if (!d)
		return -1;
	before = d->naddr;
	for (unsigned int i = 0; i < l->naddr; i++) {
		if (addr_one(w, d, &l->addr[i], e) == 0)
			continue;
		while (d->naddr > before)
			nlk_addr(&d->node->k, d->name, &d->addr[--d->naddr], false, &later);
		return -1;
	}
	return 0;
}

static int give(struct node *n, const struct topo_line *l, const char *dev, struct net_err *e)
{
	struct given *g = calloc(1, sizeof(*g)), **end = &n->given;

	if (!g)
		return net_failed(e, "out of memory");
	g->verb = l->verb;
	snprintf(g->dev, sizeof(g->dev), "%s", dev ? dev : "");
	g->a = l->addr[0];
	g->b = l->addr[1];
	g->mac = l->mac;
	while (*end)
		end = &(*end)->next;
	*end = g;
	return 0;
}

static int do_route(struct world *w, const struct topo_line *l, struct net_err *e)
{
	struct node *n = world_want_node(w, l->at.node, e);

	if (!n ||
	    nlk_route(&n->k, &l->addr[0], &l->addr[1], l->value, n->cc[0] ? n->cc : NULL, false, e))
		return -1;
	return give(n, l, l->value, e);
}

static int do_neigh(struct world *w, const struct topo_line *l, struct net_err *e)
{
	struct dev *d = want_stack(w, l, e);

	if (!d || nlk_neigh(&d->node->k, d->name, &l->addr[0], l->mac, e))
		return -1;
	return give(d->node, l, d->name, e);
}

static int do_updown(struct world *w, const struct topo_line *l, struct net_err *e)
{
	struct dev *d = want(w, l, e);

	if (!d || nlk_up(d->node ? &d->node->k : &w->hub, d->name, l->verb == TOPO_UP, e))
		return -1;
	d->down = l->verb == TOPO_DOWN;
	world_settle(w, d);
	return 0;
}

/* The MTU of every device on the way to the bridge. */
static int do_mtu(struct world *w, const struct topo_line *l, struct net_err *e)
{
	struct dev *d = want(w, l, e);
	unsigned int mtu = (unsigned)l->number;
	struct nlk *k;

	if (!d)
		return -1;
	k = d->node ? &d->node->k : &w->hub;
	if (nlk_mtu(k, d->name, mtu, e))
		return -1;
	if ((d->hub[0] && (nlk_mtu(k, d->up, mtu, e) || nlk_mtu(&w->hub, d->hub, mtu, e))) ||
	    (d->inner[0] && nlk_mtu(k, d->inner, mtu, e)) ||
	    (d->far[0] && nlk_mtu(&w->hub, d->far, mtu, e)))
		return -1;
	d->mtu = mtu;
	return 0;
}

static int do_mac(struct world *w, const struct topo_line *l, struct net_err *e)
{
	struct dev *d = want_stack(w, l, e);

	if (!d || nlk_mac(d->node ? &d->node->k : &w->hub, d->name, l->mac, e))
		return -1;
	d->mac = l->mac;
	return 0;
}

static int do_offload(struct world *w, const struct topo_line *l, struct net_err *e)
{
	struct dev *d = want(w, l, e);

	return d ? world_offload(w, d, l->on, e) : -1;
}

static int do_ipv6(struct world *w, const struct topo_line *l, struct net_err *e)
{
	struct dev *d = want_stack(w, l, e);

	return d ? set_ipv6(w, d, l->on, e) : -1;
}

static int do_forward(struct world *w, const struct topo_line *l, struct net_err *e)
{
	struct node *n = world_want_node(w, l->at.node, e);
	const char *value = l->on ? "1" : "0";

	if (!n || world_sysctl(w, n, "net.ipv4.ip_forward", value, e))
		return -1;
	n->forward = l->on;
	/* A kernel without IPv6 has nothing to forward there. */
	world_sysctl(w, n, "net.ipv6.conf.all.forwarding", value, e);
	return 0;
}

static int do_sysctl(struct world *w, const struct topo_line *l, struct net_err *e)
{
	struct node *n = world_want_node(w, l->at.node, e);

	if (!n)
		return -1;
	if (strcmp(l->name, "net.ipv4.tcp_congestion_control") == 0)
		return world_set_cc(w, n, l->value, e);
	return world_sysctl(w, n, l->name, l->value, e);
}

static int do_veth(struct world *w, const struct topo_line *l, struct net_err *e)
{
	return l->other.dev[0] ? world_pair(w, &l->at, &l->other, e)
			       : world_veth(w, &l->at, l->other.node, e);
}

int world_apply(struct world *w, const struct topo_line *l, struct net_err *e)
{
	switch ((int)l->verb) {
	case TOPO_NOTHING:
	case TOPO_SET:
		return 0;
	case TOPO_NODE:
		return world_node(w, l->at.node, e);
	case TOPO_BRIDGE:
		return world_bridge(w, l->at.node, e);
	case TOPO_VETH:
		return do_veth(w, l, e);
	case TOPO_TAP:
		return world_tap(w, &l->at, l->other.node[0] ? l->other.node : NULL, l->on, e);
	case TOPO_PORT:
		return world_port(w, l->other.node, l->at.node, e);
	case TOPO_ADDR:
		return do_addr(w, l, e);
	case TOPO_ROUTE:
		return do_route(w, l, e);
	case TOPO_NEIGH:
		return do_neigh(w, l, e);
	case TOPO_UP:
	case TOPO_DOWN:
		return do_updown(w, l, e);
	case TOPO_MTU:
		return do_mtu(w, l, e);
	case TOPO_MAC:
		return do_mac(w, l, e);
	case TOPO_OFFLOAD:
		return do_offload(w, l, e);
	case TOPO_IPV6:
		return do_ipv6(w, l, e);
	case TOPO_FORWARD:
		return do_forward(w, l, e);
	case TOPO_SYSCTL:
		return do_sysctl(w, l, e);
	default:
		return 1;
	}
}

static struct dev *newest(struct dev *d, unsigned int serial)
{
	for (; d; d = d->next)
		if (d->serial > serial)
			break;
	return d;
}

void world_undo(struct world *w, unsigned int serial)
{
	struct node *n, *next;
	struct bridge **at = &w->bridges;
	struct dev *d;
	struct net_err e;

	while ((d = newest(w->ports, serial)))
		world_dev_free(w, d);
	for (n = w->nodes; n; n = next) {
		while ((d = newest(n->devs, serial)))
			world_dev_free(w, d);
		next = n->next;
		if (n->serial > serial)
			world_node_free(w, n);
	}
	while (*at) {
		struct bridge *b = *at;

		if (b->serial <= serial) {
			at = &b->next;
			continue;
		}
		*at = b->next;
		nlk_delete(&w->hub, b->name, &e);
		free(b);
	}
}
