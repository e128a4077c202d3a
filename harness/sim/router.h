/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A node that forwards, as RFC 1812 asks of the simplest one: longest prefix, TTL, fragmentation or
 * ICMP's "fragmentation needed", "time exceeded" and "host unreachable"; of IPv6 the same
 * (router6.c). A phantom does not forward, so this is the simulator's own; it knows who has which
 * address on its networks from the topology, answers ARP and neighbour solicitations for its own
 * addresses, and holds nothing. Called by net.c.
 */
#ifndef SIM_ROUTER_H
#define SIM_ROUTER_H

#include <stddef.h>
#include <stdint.h>

struct sim_net;
struct sim_dev;

/* A frame came in by d, whose node forwards: what it makes of it is sent with sim_dev_send(). */
void sim_router_hears(struct sim_net *n, struct sim_dev *d, const uint8_t *bytes, size_t len);

#endif
