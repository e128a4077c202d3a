/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A topology as the simulator reads it, from the language of netns/topo.h: nodes are phantoms, or
 * routers of the simulator's own (router.h) where it says `forward NODE on`; bridges are learning
 * switches, veth and tap alike are devices. A description only; harness/sim/net.h makes it run. What
 * a simulated network cannot be is refused.
 */
#ifndef SIM_TOPO_H
#define SIM_TOPO_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/link/spec.h"
#include "netns/addr.h"
#include "netns/err.h"
#include "netns/topo.h"
#include "phantom/phantom.h"

enum { SIM_ADDRS_MAX = 8 /* of a device */ };

struct sim_topo_dev {
	unsigned node;
	char name[DEV_NAME_MAX];
	int bridge, peer; /* -1, or what the other end of the cable is */
	bool owner;	  /* of a direct pair's link: whom a link line names, or who was named first */
	bool linked;	  /* a link line named it */
	bool offload;
	long mtu; /* 0: not said */
	struct netmac mac;
	struct netaddr addr[SIM_ADDRS_MAX];
	unsigned naddr;
	struct link_spec spec[2]; /* by enum link_dir */
};

struct sim_topo_route {
	unsigned node;
	struct netaddr dst, via;
	char dev[DEV_NAME_MAX]; /* "": the one that reaches via */
};

struct sim_topo_neigh {
	unsigned dev;
	struct netaddr ip;
	struct netmac mac;
};

struct sim_topo_sysctl {
	unsigned node;
	char *name, *value;
};

struct sim_topo {
	char (*node)[NODE_NAME_MAX];
	bool *forwards; /* by node: a router, else a phantom */
	char (*bridge)[DEV_NAME_MAX];
	struct sim_topo_dev *dev;
	struct sim_topo_route *route;
	struct sim_topo_neigh *neigh;
	struct sim_topo_sysctl *sysctl;
	unsigned nnode, nbridge, ndev, nroute, nneigh, nsysctl;
};

void sim_topo_init(struct sim_topo *t);
void sim_topo_free(struct sim_topo *t);
/* Takes one line in. 0, or -1 with a sentence. */
int sim_topo_line(struct sim_topo *t, const char *text, struct topo_vars *vars, struct net_err *e);
/* Every line of `text`; sentences begin with name and line number. 0 or -1. */
int sim_topo_text(struct sim_topo *t, const char *text, const char *name, struct topo_vars *vars,
		  struct net_err *e);
/* The first IPv4 address of a node's devices, or NULL; the first IPv6 address. */
const struct netaddr *sim_topo_addr(const struct sim_topo *t, unsigned node);
const struct netaddr *sim_topo_addr6(const struct sim_topo *t, unsigned node);
/* One of them as the stack has it. */
struct ph_ip sim_topo_ip(const struct sim_topo *t, unsigned node, bool six);

#endif
