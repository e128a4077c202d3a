/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ICMPv6 (RFC 4443): echo, errors in to the transports, errors out by a rate. Neighbour discovery
 * is nd.c's.
 */
#ifndef NET_ICMP6_H
#define NET_ICMP6_H

#include "net/ip6.h"
#include "wire/icmp6.h"

enum drop icmp6_input(struct ph_stack *st, const struct ip_rx *rx, struct ip6_info *h);

/*
 * An error about a received packet, whose hdr may begin anywhere behind its IPv6 header; `word` is
 * the mtu or the pointer. Gated by RFC 4443 2.4 (e) and limited by (f).
 */
void icmp6_error(struct ph_stack *st, const struct pkt *about, const struct ip6_info *h,
		 uint8_t type, uint8_t code, uint32_t word);
/* The same for the transports: of a packet whose rx they were given. */
void icmp6_error_rx(struct ph_stack *st, const struct ip_rx *rx, uint8_t type, uint8_t code);
/* Fills in the checksum and sends, hdr at the ICMPv6 header. 0 or ip_output()'s error. */
int icmp6_send(struct ph_stack *st, struct pkt *take_pkt, struct dst *d, const struct ip_tx *tx);
/* Linux's errno of an error, and whether it calls it fatal. */
int icmp6_errno(uint8_t type, uint8_t code, bool *hard);
/*
 * The transport header in what an error quotes, from the quoted IPv6 header on: *proto, and its
 * offset; 0: the quote does not reach that far, or it is of a fragment other than the first.
 */
uint32_t icmp6_quoted(const uint8_t *ip, uint32_t len, uint8_t *proto);

#endif
