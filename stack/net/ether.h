/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The header of an Ethernet frame in its forms: Ethernet II (RFC 894), 802.3 with LLC and SNAP (RFC
 * 1042), each with or without an 802.1Q tag. Called by link.c.
 */
#ifndef NET_ETHER_H
#define NET_ETHER_H

#include "net/link.h"

struct ether_info {
	struct eth_hdr addrs; /* its type is the frame's own */
	uint16_t type;	      /* what the data are: an EtherType */
	uint16_t vlan;	      /* 0: of none, or a tag that says a priority alone */
};

/* Reads the header and pulls it; what an 802.3 length does not count goes. */
enum drop ether_open(struct pkt *p, struct ether_info *e);
/* Puts a tag into a frame that begins with its Ethernet II header. */
void ether_tag(struct pkt *p, uint16_t vlan);

#endif
