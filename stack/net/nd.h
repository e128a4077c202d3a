/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Neighbour discovery (RFC 4861 7): solicitations and advertisements, in and out, over the
 * neighbour cache. Private to net/.
 */
#ifndef NET_ND_H
#define NET_ND_H

#include "net/icmp6.h"
#include "net/neigh.h"

struct addr6;

/* Types 133 to 137, their checksum right. */
enum drop nd_input(struct ph_stack *st, const struct ip_rx *rx, const struct ip6_info *h);
/*
 * Asks for target's address: at `mac` (a probe), or, when NULL, its solicited-node group. `source`
 * is used if it is ours on this link.
 */
void nd_solicit(struct ph_stack *st, struct link *l, const struct ph_ip *source,
		const struct ph_ip *target, const uint8_t *mac);
/*
 * Tells `to` (a host, or ff02::1) that we have `a`. flags: ND_NA_*.
 */
void nd_advertise(struct ph_stack *st, struct link *l, const struct addr6 *a,
		  const struct ph_ip *to, uint8_t flags);
/* Tells all nodes the link's hardware address, which has changed, for each address of ours. */
void nd_notify(struct ph_stack *st, struct link *l);
/*
 * A neighbour discovery message, hdr at its ICMPv6 header: from `src` (:: is allowed) to `dst`,
 * whose Ethernet address is its group's, `mac`, or to be found. Hop limit 255. Takes the packet.
 */
int nd_send(struct ph_stack *st, struct link *l, struct pkt *take_pkt, const struct ph_ip *src,
	    const struct ph_ip *dst, const uint8_t *mac);
/* Appends a link-layer address option with ours; a link without such addresses has none. */
void nd_put_mac(struct pkt *p, const struct link *l, uint8_t type);

#endif
