/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines of the topology language into a struct sim_topo; see topo.h. Called by plan.c and by rig
 * sim. */
#define _GNU_SOURCE
#include "harness/sim/topo.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/link/model.h"
#include "harness/link/sides.h"
#include "harness/sim/mem.h"

#define GROW(array, n) ((array) = sim_grow((array), (n), sizeof(*(array))), &(array)[(n)++])

void sim_topo_init(struct sim_topo *t)
{
	memset(t, 0, sizeof(*t));
}

void sim_topo_free(struct sim_topo *t)
{
	for (unsigned i = 0; i < t->nsysctl; i++) {
		free(t->sysctl[i].name);
		free(t->sysctl[i].value);
	}
	free(t->node);
	free(t->forwards);
	free(t->bridge);
	free(t->dev);
	free(t->route);
	free(t->neigh);
	free(t->sysctl);
	memset(t, 0, sizeof(*t));
}

static int find_node(const struct sim_topo *t, const char *name, unsigned *out, struct net_err *e)
{
	for (*out = 0; *out < t->nnode; (*out)++)
		if (strcmp(t->node[*out], name) == 0)
			return 0;
	return net_bad(e, "there is no node \"%s\"; make it first: node %s", name, name);
}

static int find_dev(const struct sim_topo *t, const struct devname *d, unsigned *out,
		    struct net_err *e)
{
	for (*out = 0; *out < t->ndev; (*out)++)
		if (strcmp(t->node[t->dev[*out].node], d->node) == 0 &&
		    strcmp(t->dev[*out].name, d->dev) == 0)
			return 0;
	return net_bad(e, "there is no device %s.%s; make it first: veth %s.%s BRIDGE", d->node,
		       d->dev, d->node, d->dev);
}

static int find_bridge(const struct sim_topo *t, const char *name, int *out, struct net_err *e)
{
	for (*out = 0; *out < (int)t->nbridge; (*out)++)
		if (strcmp(t->bridge[*out], name) == 0)
			return 0;
	return net_bad(e, "there is no bridge \"%s\"; make it first: bridge %s", name, name);
}

static int add_name(const struct topo_line *l, struct sim_topo *t, struct net_err *e)
{
	struct net_err none;
	unsigned node;
	int bridge;

	if (l->verb == TOPO_NODE) {
		if (find_node(t, l->at.node, &node, &none) == 0)
			return net_bad(e, "there is a node \"%s\" already", l->at.node);
		t->forwards = sim_grow(t->forwards, t->nnode, sizeof(*t->forwards));
		t->forwards[t->nnode] = false;
		memcpy(*GROW(t->node, t->nnode), l->at.node, NODE_NAME_MAX);
		return 0;
	}
	if (find_bridge(t, l->at.node, &bridge, &none) == 0)
		return net_bad(e, "there is a bridge \"%s\" already", l->at.node);
	snprintf(*GROW(t->bridge, t->nbridge), DEV_NAME_MAX, "%.15s", l->at.node);
	return 0;
}

static int add_dev(struct sim_topo *t, const struct devname *name, struct net_err *e)
{
	char label[NODE_NAME_MAX + DEV_NAME_MAX];
	struct sim_topo_dev *d;
	struct net_err none;
	unsigned node, dev;

	if (find_node(t, name->node, &node, e))
		return -1;
	if (find_dev(t, name, &dev, &none) == 0)
		return net_bad(e, "there is a device %s.%s already", name->node, name->dev);
	d = GROW(t->dev, t->ndev);
	memset(d, 0, sizeof(*d));
	d->node = node;
	d->bridge = d->peer = -1;
	d->owner = true;
	memcpy(d->name, name->dev, sizeof(d->name));
	snprintf(label, sizeof(label), "%s.%s", name->node, name->dev);
	d->mac = netmac_of(label);
	for (int dir = 0; dir < 2; dir++)
		link_spec_init(&d->spec[dir]);
	return 0;
}

static int add_cable(const struct topo_line *l, struct sim_topo *t, struct net_err *e)
{
	int bridge = -1;
	unsigned node;

	if (l->verb == TOPO_TAP && !l->other.node[0])
		return net_bad(e, "a tap without a bridge leads nowhere; write: tap NODE.DEV BRIDGE");
	if (l->other.dev[0] ? find_node(t, l->other.node, &node, e) :
			      find_bridge(t, l->other.node, &bridge, e))
		return -1;
	if (add_dev(t, &l->at, e))
		return -1;
	t->dev[t->ndev - 1].bridge = bridge;
	t->dev[t->ndev - 1].offload = l->verb == TOPO_TAP && l->on;
	if (bridge >= 0)
		return 0;
	if (add_dev(t, &l->other, e)) {
		t->ndev--;
		return -1;
	}
	t->dev[t->ndev - 2].peer = (int)t->ndev - 1;
	t->dev[t->ndev - 1].peer = (int)t->ndev - 2;
	t->dev[t->ndev - 1].owner = false;
	return 0;
}

static int set_link(const struct topo_line *l, struct sim_topo *t, struct sim_topo_dev *d,
		    struct net_err *e)
{
	struct link_spec spec[2];
	char why[LINK_ERR_TEXT];

	if (!d->owner && t->dev[d->peer].linked) /* in for one end is out for the other */
		return net_bad(e, "this cable's link is named after its other end already: link %s.%s",
			       t->node[t->dev[d->peer].node], t->dev[d->peer].name);
	if (!d->owner)
		t->dev[d->peer].owner = false;
	d->owner = d->linked = true;
	memcpy(spec, d->spec, sizeof(spec));
	if (link_sides_parse(spec, (int)l->nrest, (const char *const *)l->rest, why, sizeof(why)))
		return net_bad(e, "%s", why);
	memcpy(d->spec, spec, sizeof(spec));
	return 0;
}

static int set_dev(const struct topo_line *l, struct sim_topo *t, struct net_err *e)
{
	struct sim_topo_neigh *n;
	struct sim_topo_dev *d;
	unsigned dev;

	if (find_dev(t, &l->at, &dev, e))
		return -1;
	d = &t->dev[dev];
	if (l->verb == TOPO_MTU) {
		d->mtu = l->number;
	} else if (l->verb == TOPO_MAC) {
		d->mac = l->mac;
	} else if (l->verb == TOPO_OFFLOAD) {
		d->offload = l->on;
	} else if (l->verb == TOPO_LINK) {
		return set_link(l, t, d, e);
	} else if (l->verb == TOPO_NEIGH) {
		n = GROW(t->neigh, t->nneigh);
		*n = (struct sim_topo_neigh){ .dev = dev, .ip = l->addr[0], .mac = l->mac };
	} else {
		for (unsigned i = 0; i < l->naddr; i++) {
			if (d->naddr == SIM_ADDRS_MAX)
				return net_bad(e, "more than %d addresses on one device",
					       SIM_ADDRS_MAX);
			d->addr[d->naddr++] = l->addr[i];
		}
	}
	return 0;
}

static int set_node(const struct topo_line *l, struct sim_topo *t, struct net_err *e)
{
	struct sim_topo_sysctl *s;
	struct sim_topo_route *r;
	unsigned node;

	if (find_node(t, l->at.node, &node, e))
		return -1;
	if (l->verb == TOPO_FORWARD) {
		t->forwards[node] = l->on;
		return 0;
	}
	if (l->verb == TOPO_SYSCTL) {
		s = GROW(t->sysctl, t->nsysctl);
		*s = (struct sim_topo_sysctl){ node, sim_strdup(l->name), sim_strdup(l->value) };
		return 0;
	}
	r = GROW(t->route, t->nroute);
	*r = (struct sim_topo_route){ .node = node, .dst = l->addr[0], .via = l->addr[1] };
	if (l->value)
		snprintf(r->dev, sizeof(r->dev), "%.15s", l->value);
	return 0;
}

static int act(const struct topo_line *l, struct sim_topo *t, struct net_err *e)
{
	switch ((int)l->verb) {
	case TOPO_NOTHING:
	case TOPO_SET:
		return 0;
	case TOPO_NODE:
	case TOPO_BRIDGE:
		return add_name(l, t, e);
	case TOPO_VETH:
	case TOPO_TAP:
		return add_cable(l, t, e);
	case TOPO_MTU:
	case TOPO_MAC:
	case TOPO_OFFLOAD:
	case TOPO_LINK:
	case TOPO_NEIGH:
	case TOPO_ADDR:
		return set_dev(l, t, e);
	case TOPO_FORWARD:
	case TOPO_SYSCTL:
	case TOPO_ROUTE:
		return set_node(l, t, e);
	}
	return net_bad(e,
		       "a simulated topology has no \"%s\"; it has node, forward, bridge, veth, tap, "
		       "addr, route, neigh, mtu, mac, offload, sysctl, link",
		       topo_verb_word(l->verb));
}

int sim_topo_line(struct sim_topo *t, const char *text, struct topo_vars *vars, struct net_err *e)
{
	struct topo_line l;
	int rc;

	if (topo_parse(&l, text, vars, e))
		return -1;
	rc = act(&l, t, e);
	topo_line_free(&l);
	return rc;
}

int sim_topo_text(struct sim_topo *t, const char *text, const char *name, struct topo_vars *vars,
		  struct net_err *e)
{
	unsigned number = 0, depth = vars->depth;

	while (*text) {
		size_t len = strcspn(text, "\n");
		char *line = sim_strndup(text, len);
		int rc = sim_topo_line(t, line, vars, e);

		free(line);
		number++;
		if (rc)
			return net_err_prefix(e, "%s:%u", name, number);
		text += len + (text[len] == '\n');
	}
	return topo_vars_end(vars, depth, e) ? net_err_prefix(e, "%s:%u", name, number) : 0;
}

static const struct netaddr *first_addr(const struct sim_topo *t, unsigned node, int family)
{
	for (unsigned d = 0; d < t->ndev; d++)
		for (unsigned i = 0; t->dev[d].node == node && i < t->dev[d].naddr; i++)
			if (t->dev[d].addr[i].family == family)
				return &t->dev[d].addr[i];
	return NULL;
}

const struct netaddr *sim_topo_addr(const struct sim_topo *t, unsigned node)
{
	return first_addr(t, node, AF_INET);
}

const struct netaddr *sim_topo_addr6(const struct sim_topo *t, unsigned node)
{
	return first_addr(t, node, AF_INET6);
}

struct ph_ip sim_topo_ip(const struct sim_topo *t, unsigned node, bool six)
{
	const uint8_t *b = first_addr(t, node, six ? AF_INET6 : AF_INET)->bytes;
	struct ph_ip ip;

	if (!six)
		return ph_ip4(b[0], b[1], b[2], b[3]);
	memcpy(ip.b, b, sizeof(ip.b));
	return ip;
}
