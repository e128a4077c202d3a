/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lwIP on a TUN: the one interface it has, and the packets in and out. Called by lwip_agent.c and
 * lwip_stack.c.
 */
#ifndef DUT_LWIP_LINK_H
#define DUT_LWIP_LINK_H

#include "phantom/phantom.h"

struct lwip_link_conf {
	const char *tun; /* the name of a TUN that is there */
	struct ph_ip addr, gateway; /* IPv4 as ::ffff:a.b.c.d; a gateway of zeros: none */
	unsigned prefix; /* 0..32 or 0..128 */
	unsigned mtu;	 /* 68..65535, for IPv6 from 1280 */
};

/* Starts lwIP with this interface. 0; or -1 with errno, when the TUN cannot be had; or -2, when lwIP
 * refuses. A stack that has started is not ended but by the process' end. */
int lwip_link_start(const struct lwip_link_conf *conf);

/* Gives lwIP what the TUN has, and lets it look at its timers. From any thread; when it returns, what
 * was there when it was called has been processed. */
void lwip_link_pump(void);

#endif
