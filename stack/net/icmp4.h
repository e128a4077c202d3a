/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ICMP for IPv4 (RFC 792, 1122 3.2.2, 1812 4.3.2): echo, errors in to the transports, errors out
 * by a rate.
 */
#ifndef NET_ICMP4_H
#define NET_ICMP4_H

#include "net/stack.h"

struct ip4_info;

struct icmp4_state {
	uint64_t credit_ns; /* rate limit: time saved up */
	uint64_t refilled_ns;
};

/* Registers st->l4[1]. */
void icmp4_new(struct ph_stack *st);
/* Time Exceeded in reassembly: of `head`, a first fragment whose header h was pulled. */
void icmp4_reass_timeout(struct ph_stack *st, struct pkt *head, const struct ip4_info *h);
/* May one more error leave now? The host's limit, for both families. */
bool icmp_rate_allows(struct ph_stack *st);
/* The errno and whether Linux calls it fatal, of Destination Unreachable with this code. */
int icmp4_unreach_errno(uint8_t code, bool *hard);

#endif
