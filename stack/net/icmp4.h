/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ICMP for IPv4 (RFC 792, 1122 3.2.2, 1812 4.3.2): echo, errors in to the transports, errors out
 * by a rate.
 */
#ifndef NET_ICMP4_H
#define NET_ICMP4_H

#include "net/stack.h"

struct dst;
struct ip4_info;
struct ip_tx;

/* Registers st->l4[1]. */
void icmp4_new(struct ph_stack *st);
/* Time Exceeded in reassembly: of `head`, a first fragment whose header h was pulled. */
void icmp4_reass_timeout(struct ph_stack *st, struct pkt *head, const struct ip4_info *h);
/* Parameter Problem: octet `at` of the IP header is wrong; pkt as ip4_deliver() takes it. */
void icmp4_param_problem(struct ph_stack *st, struct pkt *pkt, const struct ip4_info *h,
			 uint32_t at);
/* Destination Unreachable: its source route goes on, and we are no router. */
void icmp4_source_route_failed(struct ph_stack *st, struct pkt *pkt, const struct ip4_info *h);
/* A whole ICMP message, its checksum in it: counted and sent; takes it. As ip_output(). */
int icmp4_send(struct ph_stack *st, struct pkt *take_pkt, struct dst *d, const struct ip_tx *tx);
/* Who we are for options that record the way: the address `us`, and the time (ip4_opt.h). */
struct ip4_opt_here;
void icmp4_here(const struct ph_stack *st, uint32_t us, struct ip4_opt_here *out);
/* The same as an answer to rx, from the address that was asked, if the rate allows. */
void icmp4_reply(struct ph_stack *st, struct pkt *take_pkt, const struct ip_rx *rx,
		 const struct ip_tx *tx);
/*
 * May one more leave now, of the kinds that are limited? The limit of the host, for both families,
 * and one every interval_ms for the destination; what was refused is counted as `host` or `peer`.
 */
bool icmp_rate_allows(struct ph_stack *st, const struct ph_ip *to, uint64_t interval_ms,
		      enum counter host, enum counter peer);
/* The errno and whether Linux calls it fatal, of Destination Unreachable with this code. */
int icmp4_unreach_errno(uint8_t code, bool *hard);

#endif
