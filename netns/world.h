/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The world: one process that is pid 1 of its own pid namespace and holds every network namespace
 * of a topology by file descriptor. Nothing has a name outside it, so when it dies, by any signal,
 * the kernel takes back namespaces, devices and children. Its own network namespace is the hub: the
 * bridges live there, and the far ends of the nodes' devices.
 *
 *   caller (rig) --- control socket --- world (pid 1, hub) --- nodes' namespaces (fds)
 *
 * The world ends when the control socket does. world.c has birth and death, world_node.c what a
 * node is born with, world_link.c devices, world_apply.c the language's verbs; harness/rig runs in
 * it.
 */
#ifndef NETNS_WORLD_H
#define NETNS_WORLD_H

#include <stdbool.h>
#include <sys/types.h>

#include "netns/addr.h"
#include "netns/err.h"
#include "netns/nlk.h"
#include "netns/topo.h"

enum {
	WORLD_DIR_MAX = 512,
	WORLD_NODES_MAX = 1000,
	WORLD_CC_MAX = 16,
	WORLD_MTU = 1500,
};

enum dev_kind {
	DEV_VETH,    /* the node's end of a pair */
	DEV_TAP,     /* a TAP for a program in the node, joined to a bridge of the hub */
	DEV_OWN_TAP, /* a TAP whose kernel side is the node's own stack */
	DEV_PORT,    /* a raw port in the hub, no node */
};

struct dev {
	struct dev *next;
	enum dev_kind kind;
	unsigned int serial; /* order of making */
	struct node *node;   /* NULL for a port */
	char name[DEV_NAME_MAX];
	char label[NODE_NAME_MAX + DEV_NAME_MAX]; /* NODE.DEV, or the port's name */
	struct bridge *bridge;			  /* NULL for a direct pair and DEV_OWN_TAP */
	struct dev *peer;			  /* direct pair */
	char up[DEV_NAME_MAX];	/* node's end of the pair toward the hub: name, or the TAP's uplink
				 */
	char hub[DEV_NAME_MAX]; /* hub's end of it; empty for a direct pair that is not cut */
	char far[DEV_NAME_MAX]; /* when cut: the hub device beyond the cut, toward the bridge or
				   peer */
	char inner[DEV_NAME_MAX]; /* TAP: the node's small bridge */
	unsigned int mtu;
	struct netmac mac;
	bool down, offload, ipv6, vnet;
	struct netaddr addr[TOPO_ADDRS_MAX];
	unsigned int naddr;
	void *link; /* the impairment's, of whoever set dev_gone */
};

/* A route or neighbour as it was given: played again when a direct pair is rebuilt. */
struct given {
	struct given *next;
	enum topo_verb verb;
	char dev[DEV_NAME_MAX];
	struct netaddr a, b;
	struct netmac mac;
};

struct node {
	struct node *next;
	unsigned int serial;
	char name[NODE_NAME_MAX];
	int ns_fd;
	struct nlk k;
	struct dev *devs;
	struct given *given;
	bool forward;
	/* Congestion control by route, where the kernel does not let a namespace name its own; or
	 * "". */
	char cc[WORLD_CC_MAX];
};

struct bridge {
	struct bridge *next;
	unsigned int serial;
	char name[DEV_NAME_MAX];
	int index;
};

struct world {
	struct node *nodes;
	struct bridge *bridges;
	struct dev *ports;
	int hub_fd;
	struct nlk hub;
	unsigned int serial;
	int control;	/* readable or closed: the world must end */
	int outer_proc; /* the caller's /proc, to say pids as the caller sees them; or -1 */
	pid_t pid;	/* the world's, as the caller sees it */
	bool own_users; /* in a user namespace of its own */
	char dir[WORLD_DIR_MAX]; /* run directory, absolute */
	bool keep;		 /* the run directory stays */
	/* Called before a device goes: for captures on it, its impairment, and the like. May be
	 * NULL. */
	void (*dev_gone)(struct world *w, struct dev *d);
	void *user; /* of whoever set dev_gone */
};

struct world_conf {
	const char *dir; /* run directory to use and leave; NULL: a fresh one, removed at the end */
	bool keep;	 /* leave a fresh one too */
	int (*main)(struct world *w,
		    void *arg); /* runs in the world; its result is the exit status */
	void *arg;
};

/* What the caller has of a started world. */
struct world_handle {
	pid_t pid;
	int control; /* closing it ends the world */
	bool keep;
	char dir[WORLD_DIR_MAX];
};

/* Fork the world and wait until it stands. -1 with NET_ERR_CANNOT when this machine does not allow
 * it. */
int world_start(struct world_handle *h, const struct world_conf *conf, struct net_err *e);
/* Wait for the world to end after closing its control socket (@end) or by itself. Returns its exit
 * status, 128+N when signal N killed it. Removes a run directory that it could not remove. */
int world_wait(struct world_handle *h, bool end);

/* In the world. Switch this thread into a node's network namespace (NULL: the hub's). */
void world_enter(struct world *w, const struct node *n);

struct node *world_find_node(struct world *w, const char *name);
struct bridge *world_find_bridge(struct world *w, const char *name);
struct dev *world_find_port(struct world *w, const char *name);
struct dev *world_find_dev(struct world *w, const struct devname *name);
/* The same with a sentence that says what there is instead. */
struct node *world_want_node(struct world *w, const char *name, struct net_err *e);
struct bridge *world_want_bridge(struct world *w, const char *name, struct net_err *e);
/* NODE.DEV, or a port's name alone. */
struct dev *world_want_dev(struct world *w, const struct devname *name, struct net_err *e);

/* Carry out one line. 0 done, -1 refused and nothing changed, 1 not a verb of netns/. */
int world_apply(struct world *w, const struct topo_line *l, struct net_err *e);
/* Delete every node, bridge and device made after @serial: undoes a half-built include. */
void world_undo(struct world *w, unsigned int serial);

/* world_node.c */
int world_node(struct world *w, const char *name, struct net_err *e);
void world_node_free(struct world *w, struct node *n);
/* Write a sysctl as seen in @n (NULL: the hub). KEY has dots or slashes and starts with net. */
int world_sysctl(struct world *w, const struct node *n, const char *key, const char *value,
		 struct net_err *e);
int world_set_cc(struct world *w, struct node *n, const char *cc, struct net_err *e);
/* Whether d->addr[i] came after another of the same network: then it has no on-link route. */
bool world_secondary(const struct dev *d, unsigned int i);
/* Switch IPv6 of one device; on: no duplicate address detection, no router solicitation. */
int world_ipv6(struct world *w, const struct node *n, const char *dev, bool on, struct net_err *e);

/* world_link.c */
int world_bridge(struct world *w, const char *name, struct net_err *e);
int world_veth(struct world *w, const struct devname *at, const char *bridge, struct net_err *e);
int world_pair(struct world *w, const struct devname *a, const struct devname *b,
	       struct net_err *e);
int world_port(struct world *w, const char *bridge, const char *name, struct net_err *e);
int world_offload(struct world *w, struct dev *d, bool on, struct net_err *e);
/* Wait until what was plugged together for @d carries frames. */
void world_settle(struct world *w, const struct dev *d);
void world_dev_free(struct world *w, struct dev *d);
/* Building blocks for the two above and world_tap.c. */
struct dev *world_dev_new(struct world *w, const struct devname *at, enum dev_kind kind,
			  struct net_err *e);
void world_dev_keep(struct world *w, struct dev *d);

/* world_tap.c: @bridge NULL for a TAP of the node's own stack. */
int world_tap(struct world *w, const struct devname *at, const char *bridge, bool vnet,
	      struct net_err *e);

/*
 * world_cut.c. Cut a device's link in the hub, so that frames pass only through whoever reads and
 * writes d->hub (near the node) and d->far (toward the bridge or the peer). Offloads are turned off
 * on the way: an impaired link carries what a wire would.
 */
int world_cut(struct world *w, struct dev *d, struct net_err *e);
/* Join it again; a direct pair stays cut (returns 1). */
int world_join(struct world *w, struct dev *d, struct net_err *e);

/* Undo a run directory with all in it. */
void world_remove_dir(const char *dir);

#endif
