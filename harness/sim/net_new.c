/* SPDX-License-Identifier: BSD-2-Clause */
/* A described topology becomes stacks and pipes; see net.h. */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/sim/mem.h"
#include "harness/sim/net.h"
#include "harness/sim/rand.h"

enum { MTU_DEFAULT = 1500 };

static void *host_alloc(void *arg, size_t size)
{
	struct sim_host *h = arg;
	void *p = malloc(size);

	if (p)
		h->mem_used += size;
	return p;
}

static void host_release(void *arg, void *ptr, size_t size)
{
	struct sim_host *h = arg;

	if (size > h->mem_used)
		sim_fail(h->net, "%s gives back %zu octets and holds %llu", h->name, size,
			 (unsigned long long)h->mem_used);
	h->mem_used -= size;
	free(ptr);
}

static void host_traces(void *arg, const struct ph_trace_event *event)
{
	struct sim_host *h = arg;

	sim_trace_event(h->net->trace, h->net->now, h->name, event);
}

static int stack_new(struct sim_host *h, struct net_err *e)
{
	struct ph_conf conf = { .alloc = host_alloc,
				.release = host_release,
				.mem_arg = h,
				.mem_limit = h->conf.mem_limit,
				.now_ns = sim_host_now(h) };

	memcpy(conf.key, h->conf.key, sizeof(conf.key));
	if (h->net->trace) {
		conf.trace = host_traces;
		conf.trace_arg = h;
	}
	h->st = ph_stack_new(&conf);
	h->deadline = PH_NEVER;
	if (!h->st || (h->conf.no_dad &&
		       ph_sysctl_set(h->st, "net.ipv6.conf.default.accept_dad", "0")))
		return net_failed(e, "node %s: no memory for a stack", h->name);
	return 0;
}

static struct ph_ip ip_of(const struct netaddr *a)
{
	struct ph_ip ip;

	if (a->family == AF_INET6)
		memcpy(ip.b, a->bytes, sizeof(ip.b));
	else
		ip = ph_ip4(a->bytes[0], a->bytes[1], a->bytes[2], a->bytes[3]);
	return ip;
}

static int refuse(const struct sim_host *h, const char *what, const struct netaddr *a, int rc,
		  struct net_err *e)
{
	char text[NETADDR_TEXT_MAX];

	return net_bad(e, "node %s cannot have the %s %s: %s", h->name, what,
		       netaddr_text(a, true, text), strerror(-rc));
}

/* The device as its stack is told of it. */
static ph_link link_add(struct sim_dev *d)
{
	const struct sim_topo_dev *t = d->topo;
	struct sim_host *h = d->host;
	struct ph_link_conf conf = { .name = t->name,
				     .kind = PH_LINK_ETHER,
				     .mtu = (uint16_t)t->mtu,
				     .txqueuelen = h->conf.txqueuelen };

	memcpy(conf.mac, t->mac.bytes, sizeof(conf.mac));
	if (t->offload)
		conf.offload = PH_OFFLOAD_CSUM | PH_OFFLOAD_TSO4;
	if (h->conf.gro)
		conf.offload |= PH_OFFLOAD_GRO;
	d->mtu = t->mtu ? (uint16_t)t->mtu : (uint16_t)MTU_DEFAULT;
	return ph_link_add(h->st, &conf, sim_host_now(h));
}

static int dev_new(struct sim_net *n, unsigned i, struct net_err *e)
{
	const struct sim_topo_dev *t = &n->topo->dev[i];
	struct sim_dev *d = &n->dev[i];
	struct sim_host *h = &n->host[t->node];

	d->host = h;
	d->topo = t;
	d->recut.percent = h->conf.recut;
	d->recut.rand = sim_rand_of(h->conf.clock_ns, i);
	d->mtu = t->mtu ? (uint16_t)t->mtu : (uint16_t)MTU_DEFAULT;
	if (!h->st && d->mtu > SIM_ROUTER_MTU)
		return net_bad(e, "router %s cannot have a device of MTU %u; %d is the most", h->name,
			       d->mtu, SIM_ROUTER_MTU);
	if (!h->st)
		return 0;
	d->link = link_add(d);
	if (d->link < 0)
		return net_failed(e, "node %s cannot have the device %s: %s", h->name, t->name,
				  strerror(-d->link));
	for (unsigned k = 0; k < t->naddr; k++) {
		struct ph_ip ip = ip_of(&t->addr[k]);
		int rc = ph_addr_add(h->st, d->link, &ip, t->addr[k].len, sim_host_now(h));

		if (rc)
			return refuse(h, "address", &t->addr[k], rc, e);
	}
	return 0;
}

bool sim_dev_unplug(struct sim_dev *d)
{
	int rc = ph_link_remove(d->host->st, d->link, sim_host_now(d->host));

	if (rc)
		sim_fail(d->host->net, "%s.%s cannot be removed: %s", d->host->name, d->topo->name,
			 strerror(-rc));
	d->link = 0;
	d->host->dirty = true;
	return rc == 0;
}

bool sim_dev_plug(struct sim_dev *d)
{
	d->link = link_add(d);
	d->sent = d->received = 0;
	d->host->dirty = true;
	if (d->link < 0)
		sim_fail(d->host->net, "%s.%s cannot be added again: %s", d->host->name,
			 d->topo->name, strerror(-d->link));
	return d->link > 0;
}

static struct sim_wire *wire_new(struct sim_net *n, const struct link_spec *asked, enum link_dir dir,
				 const char *label, uint64_t seed)
{
	struct sim_wire *w = &n->wire[n->nwire++];
	struct link_spec spec = *asked;

	if (spec.seedings == 0) { /* the line names no seed: the run's */
		spec.seed = seed;
		for (const char *c = label; *c; c++)
			spec.seed = sim_mix(spec.seed ^ (uint8_t)*c);
	}
	w->pipe = link_pipe_new(&spec, LINK_L2_ETHERNET, dir);
	w->next = PH_NEVER;
	w->to_dev = w->from_dev = -1;
	return w->pipe ? w : NULL;
}

/* The two directions of a device's link. */
static int cable(struct sim_net *n, unsigned i, uint64_t seed, struct net_err *e)
{
	const struct sim_topo_dev *t = &n->topo->dev[i];
	struct sim_dev *d = &n->dev[i];
	char label[NODE_NAME_MAX + DEV_NAME_MAX];

	if (!t->owner)
		return 0;
	snprintf(label, sizeof(label), "%s.%s", n->topo->node[t->node], t->name);
	d->rx = wire_new(n, &t->spec[LINK_DIR_IN], LINK_DIR_IN, label, seed);
	d->tx = d->rx ? wire_new(n, &t->spec[LINK_DIR_OUT], LINK_DIR_OUT, label, seed) : NULL;
	if (!d->tx)
		return net_failed(e, "no memory for the link of %s", label);
	d->tx->from_dev = d->rx->to_dev = (int)i;
	if (t->peer >= 0) {
		d->tx->to_dev = d->rx->from_dev = t->peer;
		n->dev[t->peer].tx = d->rx;
		n->dev[t->peer].rx = d->tx;
	}
	return 0;
}

static struct sim_dev *find_dev(struct sim_net *n, unsigned node, const char *name)
{
	for (unsigned i = 0; i < n->ndev; i++)
		if (n->topo->dev[i].node == node &&
		    (!name[0] || strcmp(n->topo->dev[i].name, name) == 0))
			return &n->dev[i];
	return NULL;
}

static bool covers(const struct netaddr *net, const struct netaddr *a)
{
	for (unsigned bit = 0; bit < net->len; bit++)
		if ((net->bytes[bit / 8] ^ a->bytes[bit / 8]) >> (7 - bit % 8) & 1)
			return false;
	return net->family == a->family;
}

/* The device whose network the gateway is in. */
static struct sim_dev *dev_toward(struct sim_net *n, const struct sim_topo_route *r)
{
	if (r->dev[0])
		return find_dev(n, r->node, r->dev);
	for (unsigned i = 0; i < n->ndev; i++)
		for (unsigned k = 0; n->topo->dev[i].node == r->node && k < n->topo->dev[i].naddr; k++)
			if (covers(&n->topo->dev[i].addr[k], &r->via))
				return &n->dev[i];
	return NULL;
}

static int add_route(struct sim_net *n, const struct sim_topo_route *r, struct net_err *e)
{
	struct sim_host *h = &n->host[r->node];
	struct sim_dev *d = dev_toward(n, r);
	struct ph_ip dst = ip_of(&r->dst), via = ip_of(&r->via);
	int rc;

	if (!h->st)
		return 0; /* a router reads them from the topology */
	if (!d)
		return net_bad(e, "node %s has no device %s%s", h->name,
			       r->dev[0] ? r->dev : "that reaches the gateway of its route",
			       r->dev[0] ? "" : "; give it an address first");
	rc = ph_route_add(h->st, &dst, r->dst.len, &via, d->link, 0, sim_host_now(h));
	return rc ? refuse(h, "route to", &r->dst, rc, e) : 0;
}

/* Values that a sysctl does not take, with those it does. */
static int refuse_value(const struct sim_topo_sysctl *s, int rc, struct net_err *e)
{
	const struct ph_sysctl_info *row = NULL;

	for (size_t i = 0; (row = ph_sysctl_row(i)) != NULL; i++)
		if (strcmp(row->name, s->name) == 0)
			break;
	if (rc == -EPERM)
		return net_bad(e, "sysctl %s can only be read", s->name);
	if (row && row->words)
		return net_bad(e, "sysctl %s cannot be \"%s\"; write one of: %s", s->name, s->value,
			       row->words);
	if (row)
		return net_bad(e, "sysctl %s cannot be \"%s\"; write %s of %lld to %lld", s->name, s->value,
			       row->nvalues == 1 ? "a number" : "ascending numbers", (long long)row->min,
			       (long long)row->max);
	return net_bad(e, "sysctl %s cannot be \"%s\": %s", s->name, s->value, strerror(-rc));
}

static int set_sysctl(struct sim_net *n, const struct sim_topo_sysctl *s, struct net_err *e)
{
	struct ph_stack *st = n->host[s->node].st;
	int rc = st ? ph_sysctl_set(st, s->name, s->value) : -ENOENT;

	if (rc == -ENOENT)
		return net_bad(e, "a phantom has no sysctl %s", s->name);
	return rc ? refuse_value(s, rc, e) : 0;
}

static int add_neigh(struct sim_net *n, const struct sim_topo_neigh *t, struct net_err *e)
{
	struct sim_dev *d = &n->dev[t->dev];
	struct ph_ip ip = ip_of(&t->ip);
	struct ph_stack *st = d->host->st;
	int rc = st ? ph_neigh_add(st, d->link, &ip, t->mac.bytes, sim_host_now(d->host)) : 0;

	return rc ? refuse(d->host, "neighbour", &t->ip, rc, e) : 0;
}

static int build(struct sim_net *n, uint64_t seed, struct net_err *e)
{
	const struct sim_topo *t = n->topo;

	for (unsigned i = 0; i < n->nhost; i++) {
		n->host[i].deadline = PH_NEVER;
		if (!t->forwards[i] && stack_new(&n->host[i], e))
			return -1;
	}
	for (unsigned i = 0; i < t->nsysctl; i++)
		if (set_sysctl(n, &t->sysctl[i], e))
			return -1;
	for (unsigned i = 0; i < n->ndev; i++)
		if (dev_new(n, i, e) || cable(n, i, seed, e))
			return -1;
	for (unsigned i = 0; i < t->nroute; i++)
		if (add_route(n, &t->route[i], e))
			return -1;
	for (unsigned i = 0; i < t->nneigh; i++)
		if (add_neigh(n, &t->neigh[i], e))
			return -1;
	for (unsigned i = 0; i < n->nhost; i++)
		if (n->host[i].st && n->host[i].conf.fail_at)
			ph_stack_fail_at(n->host[i].st, n->host[i].conf.fail_at);
	return 0;
}

struct sim_net *sim_net_new(const struct sim_topo *topo, const struct sim_host_conf *conf,
			    uint64_t seed, bool traced, struct net_err *e)
{
	struct sim_net *n = sim_alloc(sizeof(*n));

	n->topo = topo;
	n->now = SIM_START_NS;
	n->now_max = n->events_max = UINT64_MAX;
	n->trace = traced ? sim_trace_new() : NULL;
	n->nhost = topo->nnode;
	n->ndev = topo->ndev;
	n->host = sim_alloc(n->nhost * sizeof(*n->host));
	n->dev = sim_alloc(n->ndev * sizeof(*n->dev));
	n->wire = sim_alloc(2 * (size_t)n->ndev * sizeof(*n->wire));
	for (unsigned i = 0; i < n->nhost; i++)
		n->host[i] = (struct sim_host){
			.net = n, .index = i, .name = topo->node[i], .conf = conf[i]
		};
	if (build(n, seed, e) == 0)
		return n;
	sim_net_free(n);
	return NULL;
}

void sim_net_free(struct sim_net *n)
{
	if (!n)
		return;
	for (unsigned i = 0; i < n->nhost; i++)
		ph_stack_free(n->host[i].st);
	for (unsigned i = 0; i < n->nwire; i++) {
		link_pipe_free(n->wire[i].pipe);
		free(n->wire[i].flip);
	}
	sim_trace_free(n->trace);
	free(n->host);
	free(n->dev);
	free(n->wire);
	free(n->learnt);
	free(n);
}
