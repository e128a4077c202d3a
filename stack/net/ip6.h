/* SPDX-License-Identifier: BSD-2-Clause */
/* IPv6 in and out (RFC 8200, 4291, 4443): what the files of net/ share of it. */
#ifndef NET_IP6_H
#define NET_IP6_H

#include "net/link.h"
#include "net/net.h"
#include "wire/ip6.h"

/* A header that holds together, in host order; addresses with their scope. */
struct ip6_info {
	struct ph_ip src, dst;
	uint32_t flow;
	uint32_t next_off; /* of the field that names `next`, from the IPv6 header's first byte */
	uint16_t len;	   /* payload */
	uint8_t next, hop, tclass;
	bool group;	   /* to a group, at IP or at the link */
	bool fragmented;   /* there was a fragment header */
	bool looped;
	bool router_alert; /* RFC 2711: among the hop-by-hop options */
	bool scope_clear;  /* both addresses had zeros where the stack keeps a scope */
};

/* A packet that begins with its IPv6 header. `looped`: from ourselves to ourselves. */
enum drop ip6_input(struct ph_stack *st, struct link *l, struct pkt *pkt, bool looped);
/*
 * The headers behind the IPv6 header, from h->next on, where hdr begins; the last one's payload
 * goes to the protocol above (RFC 8200 4).
 */
enum drop ip6_deliver(struct ph_stack *st, struct pkt *pkt, struct ip6_info *h);

/* Bytes from the IPv6 header's first to hdr's first. */
static inline uint32_t ip6_offset(const struct pkt *p)
{
	return p->hdr.off - p->hdr_start - p->l3_off;
}

/* From the wire, unchecked but for its length; addresses get the link as their scope. */
void ip6_read_header(const uint8_t *ip, ph_link link, struct ip6_info *h);
/* Sends a packet of the transport's; ip_output()'s second half. */
int ip6_output(struct ph_stack *st, struct pkt *take_pkt, struct dst *d, const struct ip_tx *tx);
/* Pushes the IPv6 header; what it is given is the payload. */
void ip6_push(struct pkt *p, const struct dst *d, const struct ip_tx *tx, uint8_t next);
/* A packet with its IPv6 header, toward the destination's next hop; takes it. */
int ip6_send(struct ph_stack *st, struct dst *d, struct pkt *take_pkt);
/* The group's Ethernet address (RFC 2464 7). */
void ip6_group_mac(const struct ph_ip *group, uint8_t mac[ETH_ADDR_LEN]);

#endif
