/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ARP (RFC 826, 1122 2.3.2, 5227): answers for our addresses and tells the neighbour cache what
 * it hears.
 */
#ifndef NET_ARP_H
#define NET_ARP_H

#include "net/link.h"

/* A frame of EtherType 0x0806, its Ethernet header pulled. */
enum drop arp_input(struct ph_stack *st, struct link *l, struct pkt *pkt);
/*
 * Asks for `target`'s address as `source` (any: with the link's own choice); to `mac` alone, or
 * NULL: to all.
 */
void arp_request(struct ph_stack *st, struct link *l, const struct ph_ip *source,
		 const struct ph_ip *target, const uint8_t *mac);
/* RFC 5227 1.1: is anybody at this address? And: it is ours. */
void arp_probe(struct ph_stack *st, struct link *l, const struct ph_ip *ip);
void arp_announce(struct ph_stack *st, struct link *l, const struct ph_ip *ip);
/*
 * The link was away: is `ip` still ours? Until its router answers from `mac` (NULL: nobody is asked),
 * or arp_trust(), it is told to nobody (RFC 4436 2.1.1).
 */
void arp_doubt(struct ph_stack *st, struct link *l, const struct ph_ip *ip,
	       const struct ph_ip *router, const uint8_t *mac);
void arp_trust(struct link *l);
/* All addresses of the link, as after its hardware address changed. */
void arp_notify(struct ph_stack *st, struct link *l);

#endif
