/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of dut.h over the device protocol and a descriptor that packets pass through, in real
 * time. Knows nothing of namespaces and programs: wire_engine.c makes those.
 */
#ifndef DUT_REMOTE_H
#define DUT_REMOTE_H

#include <sys/types.h>

#include "harness/dut/dut.h"

enum { REMOTE_ROUTE_TEXT = 96 };

struct remote_conf {
	const char *name; /* as --dut says; must outlive the device */
	int control;	  /* a connected stream socket that speaks the protocol */
	int frames;	  /* a TUN, or an AF_PACKET socket bound to one */
	bool packet_socket;
	bool vnet;    /* each frame of the TUN has a struct virtio_net_hdr before it */
	uint32_t mtu; /* of the link; 0: 1500 */
	uint32_t mss; /* longer TCP packets stand for segments of this, with vnet; 0: for one */
	pid_t child; /* killed and waited for at the end; 0: none */
	bool kernel; /* ip route and its like are understood where it lives */
	char route[REMOTE_ROUTE_TEXT]; /* "default via 192.168.0.2 dev tun0", for ip route change */
};

/* Takes the descriptors and the child. NULL: no memory, and nothing was taken. */
struct dut *remote_new(const struct remote_conf *conf);

#endif
