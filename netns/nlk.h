/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Links, addresses, routes and neighbours of one network namespace, over libnl-route-3. A handle
 * stays bound to the namespace it was opened in, whichever one the thread is in later. Every call
 * is one request and its answer; each undoes nothing: the caller knows what it made.
 * Called by world.c and the acts. Calls with struct net_err return 0 or -1 with a sentence.
 */
#ifndef NETNS_NLK_H
#define NETNS_NLK_H

#include <stdbool.h>
#include <stdint.h>

#include "netns/addr.h"
#include "netns/err.h"

struct nl_sock;

struct nlk {
	struct nl_sock *nl; /* NETLINK_ROUTE */
	int ctl;	    /* AF_INET datagram socket for ioctls (ethtool, index of a name) */
};

/* One end of a veth pair, or a bridge. */
struct nlk_end {
	const char *name;
	struct netmac mac;
	int ns_fd;  /* namespace to be born in, -1: the handle's */
	int master; /* index of the bridge to join, 0: none; only for the first end of a pair */
	bool noarp; /* no ARP of the kernel's: a raw port */
};

/* Open in the calling thread's namespace. */
int nlk_open(struct nlk *k, struct net_err *e);
void nlk_close(struct nlk *k);

/* Index of a device, 0 when there is none. */
int nlk_index(const struct nlk *k, const char *dev);

/* A pair. Both ends come up at once only if they are in the handle's namespace; else nlk_up the
 * other. */
int nlk_veth(struct nlk *k, const struct nlk_end *a, const struct nlk_end *b, unsigned int mtu,
	     struct net_err *e);
/* A bridge, up: no STP, no forward delay, no multicast snooping. @hub: forget addresses at once, so
 * that it carries every frame to its other port (for a bridge of two ports). */
int nlk_bridge(struct nlk *k, const char *name, struct netmac mac, bool hub, struct net_err *e);
int nlk_delete(struct nlk *k, const char *dev, struct net_err *e);

int nlk_up(struct nlk *k, const char *dev, bool up, struct net_err *e);
/* The kernel passes carrier changes on from a work queue, and until then a port of a bridge drops
 * its frames: do it now for this device. */
void nlk_settle(const struct nlk *k, const char *dev);
int nlk_mtu(struct nlk *k, const char *dev, unsigned int mtu, struct net_err *e);
int nlk_mac(struct nlk *k, const char *dev, struct netmac mac, struct net_err *e);
/* Join a bridge by index; 0 leaves it. */
int nlk_master(struct nlk *k, const char *dev, int bridge, struct net_err *e);

int nlk_addr(struct nlk *k, const char *dev, const struct netaddr *a, bool add, struct net_err *e);
/* @dest with length 0 is the default route. @dev may be NULL: the kernel finds it. @cc may be NULL:
 * else connections over this route use that congestion control. @again: replace the one that is
 * there. */
int nlk_route(struct nlk *k, const struct netaddr *dest, const struct netaddr *via, const char *dev,
	      const char *cc, bool again, struct net_err *e);
/* Give the on-link route that came with an address its congestion control. */
int nlk_onlink_cc(struct nlk *k, const char *dev, const struct netaddr *a, const char *cc,
		  struct net_err *e);
int nlk_neigh(struct nlk *k, const char *dev, const struct netaddr *a, struct netmac mac,
	      struct net_err *e);

/* Checksums, segmentation and receive offloads of a device, all on or all off. */
int nlk_offload(struct nlk *k, const char *dev, bool on, struct net_err *e);

#endif
