/* SPDX-License-Identifier: BSD-2-Clause */
/* What router.c and router6.c share: ways and neighbours, read from the topology. Addresses are 4 octets
 * or 16, by family (AF_INET, AF_INET6). */
#ifndef SIM_ROUTER_INT_H
#define SIM_ROUTER_INT_H

#include "harness/sim/net.h"

/* A device's first address of the family, or NULL. */
const uint8_t *sim_router_addr(const struct sim_topo_dev *d, int family);
/* Has one of the node's devices that address? */
bool sim_router_owns(const struct sim_net *n, unsigned node, int family, const uint8_t *ip);
/* Where a packet to `ip` leaves, and which address it is handed to there; NULL: nowhere. */
struct sim_dev *sim_router_way(struct sim_net *n, unsigned node, int family, const uint8_t *ip,
			       const uint8_t **hop);
/* Whose device has that address on the network that d is on; NULL: nobody's. */
const struct sim_topo_dev *sim_router_owner(const struct sim_net *n, const struct sim_dev *d, int family,
					    const uint8_t *ip);
/* Sends an IP packet, room for the frame's header before it, toward a hop. False: there is nobody. */
bool sim_router_hand_over(struct sim_net *n, struct sim_dev *d, int family, const uint8_t *hop,
			  uint8_t *frame, size_t len);
/* A frame of IPv6 came in by d. */
void sim_router6_hears(struct sim_net *n, struct sim_dev *d, const uint8_t *f, size_t len);

#endif
