/* SPDX-License-Identifier: BSD-2-Clause */
/* IPv4 in and out (RFC 791, 1122 3.2.1, 6864): what the files of net/ share of it. */
#ifndef NET_IP4_H
#define NET_IP4_H

#include "net/link.h"
#include "net/net.h"
#include "wire/ip4.h"

/* A header that holds together, in host order. */
struct ip4_info {
	uint32_t src, dst;
	uint16_t len, id, offset; /* offset: bytes */
	uint8_t hdr_len, tos, ttl, proto;
	bool df, mf;
	bool seen; /* of ip4_seen: from another host's address to one of ours */
};

/* A packet that begins with its IP header. `looped`: from ourselves to ourselves. */
enum drop ip4_input(struct ph_stack *st, struct link *l, struct pkt *pkt, bool looped);
/* hdr at the transport header, pulled from the IP header; h says what the header said. */
enum drop ip4_deliver(struct ph_stack *st, struct pkt *pkt, const struct ip4_info *h);
/* From the wire, unchecked. */
void ip4_read_header(const struct ip4_hdr *ip, struct ip4_info *h);

/* Pushes an IPv4 header for `payload` bytes. frag: flags and offset as on the wire. */
void ip4_push(struct pkt *p, const struct dst *d, const struct ip_tx *tx, uint16_t id,
	      uint16_t frag);
/* The Identification of a packet that may be fragmented (RFC 6864 4.3), the first of n that follow
 * each other. */
uint16_t ip4_ident(struct ph_stack *st, const struct dst *d, uint8_t proto, uint32_t n);
/* A packet with its IP header, toward the destination's next hop; takes it. */
int ip4_send(struct ph_stack *st, struct dst *d, struct pkt *take_pkt);
/* Sends in fragments of the path's mtu (RFC 791 3.2); takes the packet. 0, -ENOBUFS, -ENOMEM. */
int ip4_fragment(struct ph_stack *st, struct pkt *take_pkt, struct dst *d, const struct ip_tx *tx);

#endif
