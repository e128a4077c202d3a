/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TAPs. A program in a node opens its TAP by name, so the TAP lives in the node's namespace; a
 * bridge of two ports joins it there to a pair whose other end is a port of the hub's bridge:
 *
 *   program | tap0 - [tap0-br] - tap0-up | hub: dut.tap0 - [lan]
 *
 * The small bridge forgets addresses at once and has none of its own, so every frame goes through.
 * The TAP's MAC in the kernel is not the program's: the bridge would take the program's frames for
 * its own.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "netns/world.h"

/* A persistent TAP in the present namespace. */
static int make_tap(const char *name, struct net_err *e)
{
	struct ifreq r;
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	int rc = 0;

	if (fd < 0)
		return net_cannot(e, "/dev/net/tun cannot be opened: %m; %s",
				  errno == ENOENT ? "modprobe tun, and mknod /dev/net/tun c 10 200"
						  : "as root: chmod 666 /dev/net/tun");
	memset(&r, 0, sizeof(r));
	memcpy(r.ifr_name, name, strnlen(name, sizeof(r.ifr_name) - 1));
	r.ifr_flags = (short)(IFF_TAP | IFF_NO_PI | IFF_TUN_EXCL);
	if (ioctl(fd, TUNSETIFF, &r) || ioctl(fd, TUNSETPERSIST, 1))
		rc = net_failed(e, "the TAP %s was refused: %m", name);
	close(fd);
	return rc;
}

static int make_uplink(struct world *w, struct dev *d, struct net_err *e)
{
	char id[NODE_NAME_MAX + DEV_NAME_MAX + 8], name[DEV_NAME_MAX + 4];
	struct nlk_end hub = { .name = d->hub, .ns_fd = -1, .master = d->bridge->index };
	struct nlk_end up = { .name = d->up };

	snprintf(name, sizeof(name), "%s-up", d->name);
	devname_short(name, d->up);
	devname_short(d->label, d->hub);
	snprintf(id, sizeof(id), "hub %s", d->label);
	hub.mac = netmac_of(id);
	snprintf(id, sizeof(id), "up %s", d->label);
	up.mac = netmac_of(id);
	up.ns_fd = d->node->ns_fd;
	if (nlk_veth(&w->hub, &hub, &up, d->mtu, e)) {
		d->hub[0] = '\0';
		return -1;
	}
	return 0;
}

static int join_inside(struct dev *d, struct net_err *e)
{
	char id[NODE_NAME_MAX + DEV_NAME_MAX + 8], name[DEV_NAME_MAX + 4];
	struct nlk *k = &d->node->k;
	int index;

	snprintf(name, sizeof(name), "%s-br", d->name);
	devname_short(name, d->inner);
	snprintf(id, sizeof(id), "inner %s", d->label);
	if (nlk_bridge(k, d->inner, netmac_of(id), true, e)) {
		d->inner[0] = '\0';
		return -1;
	}
	index = nlk_index(k, d->inner);
	return nlk_master(k, d->name, index, e) || nlk_master(k, d->up, index, e) ||
			       nlk_up(k, d->up, true, e)
		       ? -1
		       : 0;
}

static int build(struct world *w, struct dev *d, struct net_err *e)
{
	char id[NODE_NAME_MAX + DEV_NAME_MAX + 8];

	snprintf(id, sizeof(id), d->bridge ? "tap %s" : "%s", d->label);
	d->mac = netmac_of(id);
	if (nlk_mac(&d->node->k, d->name, d->mac, e))
		return -1;
	if (d->bridge && (make_uplink(w, d, e) || join_inside(d, e)))
		return -1;
	if (d->bridge && world_offload(w, d, d->vnet, e))
		return -1;
	return nlk_up(&d->node->k, d->name, true, e);
}

int world_tap(struct world *w, const struct devname *at, const char *bridge, bool vnet,
	      struct net_err *e)
{
	struct bridge *b = bridge ? world_want_bridge(w, bridge, e) : NULL;
	struct dev *d;
	int rc;

	if (bridge && !b)
		return -1;
	d = world_dev_new(w, at, bridge ? DEV_TAP : DEV_OWN_TAP, e);
	if (!d)
		return -1;
	d->bridge = b;
	d->vnet = vnet;
	world_enter(w, d->node);
	rc = make_tap(d->name, e);
	world_enter(w, NULL);
	if (rc) {
		free(d);
		return -1;
	}
	if (build(w, d, e)) {
		world_dev_free(w, d);
		return -1;
	}
	world_settle(w, d);
	world_dev_keep(w, d);
	return 0;
}
