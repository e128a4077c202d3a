/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reassembly, of both families (RFC 791 3.2, 815, 1122 3.3.2, 5722, 8200 4.5): fragments are held
 * until the last hole is filled or the time is up. Fragments that overlap end the datagram; exact
 * repetitions are passed over, as a network may make them. Bounded in datagrams, in bytes of
 * memory pinned, and in time. What a header looks like is ip4_reass.c's and ip6_frag.c's.
 */
#ifndef NET_IP_REASS_H
#define NET_IP_REASS_H

#include "base/claim.h"
#include "net/stack.h"

enum { REASS_HDR_MAX = 256 }; /* headers kept of a first fragment */

struct reass_key { /* no padding: hashed and compared as bytes */
	struct ph_ip src, dst;
	uint32_t id;
	uint32_t proto; /* of IPv6, 0 */
};

struct reass_frag {
	struct reass_key key;
	uint32_t offset;  /* bytes */
	uint32_t hdr_len; /* of what stands before the payload in the whole datagram */
	uint32_t next_off; /* where those headers name the payload, and */
	uint8_t next;	   /* what it is; 0, 0: as it stands */
	uint8_t tos;
	bool mf;
};

struct reass_family {
	uint32_t packet_max; /* bytes of a whole packet */
	enum counter oks, fails, timeouts, overlaps; /* overlaps: or C_NONE */
	int64_t (*high_thresh)(const struct ph_stack *st); /* bytes */
	int64_t (*time_s)(const struct ph_stack *st);
	/* A whole packet, hdr at its IP header, whose lengths and ECN field are to be made right. */
	enum drop (*whole)(struct ph_stack *st, struct pkt *pkt, uint32_t hdr_len, uint8_t ecn);
	/* The time is up: the first fragment's headers and some of its payload, for an error. */
	void (*late)(struct ph_stack *st, struct pkt *head, uint32_t hdr_len);
};

struct reass_table {
	const struct reass_family *family;
	struct hash hash;
	struct pool pool, pieces;
	struct list age; /* of datagrams; the oldest first */
	uint64_t pinned; /* bytes of memory that fragments hold */
};

int reass_new(struct ph_stack *st, struct reass_table *t, const struct reass_family *family);
void reass_free(struct ph_stack *st, struct reass_table *t);
/*
 * A fragment, hdr at its payload, which is not empty, is whole units unless it is the last, and
 * ends inside packet_max. When it was the last one missing the datagram goes up at once.
 */
enum drop reass_input(struct ph_stack *st, struct reass_table *t, struct pkt *p,
		      const struct reass_frag *h);
/* For tests: sums, bits and pieces agree. False: *c says what does not hold. */
bool reass_check(const struct ph_stack *st, const struct reass_table *t, struct ph_claim *c);

#endif
