/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reassembly of IPv4 datagrams (RFC 791 3.2, 815, 1122 3.3.2): fragments are held until the last
 * hole is filled or the time is up. Fragments that overlap end the datagram; exact repetitions
 * are passed over, as a network may make them. Bounded in datagrams, in bytes of memory pinned,
 * and in time.
 */
#ifndef NET_IP4_REASS_H
#define NET_IP4_REASS_H

#include "base/claim.h"
#include "net/ip4.h"

struct ip4_reass_table {
	struct hash hash;
	struct pool pool, pieces;
	struct list age; /* of datagrams; the oldest first */
	uint64_t pinned; /* bytes of memory that fragments hold */
};

int ip4_reass_new(struct ph_stack *st);
void ip4_reass_free(struct ph_stack *st);
/* A fragment, hdr at the payload. When it was the last one missing the datagram goes up at once. */
enum drop ip4_reass_input(struct ph_stack *st, struct pkt *pkt, const struct ip4_info *h);
/* For tests: sums, bits and pieces agree. False: *c says what does not hold. */
bool ip4_reass_check(const struct ph_stack *st, struct ph_claim *c);

#endif
