/* SPDX-License-Identifier: BSD-2-Clause */
/* What the network layer holds in one stack: the tables of its parts. Private to net/. */
#ifndef NET_NET_STATE_H
#define NET_NET_STATE_H

#include "net/acd.h"
#include "net/addr.h"
#include "net/addr6.h"
#include "net/icmp4.h"
#include "net/icmp_rate.h"
#include "net/ip_reass.h"
#include "net/link.h"
#include "net/neigh.h"
#include "net/pmtu.h"
#include "net/policy6.h"
#include "net/metrics.h"
#include "net/route.h"
#include "net/stack.h"

enum { NET_IDENTS = 256, NET_SEEN = 64 };

/* Addresses of a packet that were found good, while nothing has changed: who sends one packet sends
 * another. */
struct ip4_seen {
	uint32_t src, dst;
	uint32_t gen; /* net_state.gen then; 0: none */
};

struct net_state {
	uint32_t gen; /* of all that a struct dst was made from; never 0 */
	struct link_table links;
	struct addr_table addrs;
	struct addr6_table addrs6;
	struct policy6_table policy6;
	struct list acds;   /* struct acd that are not idle */
	struct list claims; /* struct claim, acd.c */
	struct pool claims_pool;
	struct pmtu_table pmtus;
	struct pool members; /* of struct mc_member */
	struct pool groups; /* of struct mc_group */
	struct pool dns;    /* of struct ra_dns */
	struct pool errs;   /* of struct errq_entry: of sockets of messages */
	struct pool dgrams; /* of struct dgram_record */
	struct route_table routes;
	struct metrics_table metrics;
	struct neigh_table neighs;
	struct reass_table reass, reass6;
	struct icmp_rate icmp_rate;
	uint16_t idents[NET_IDENTS]; /* ip4_ident() */
	uint32_t idents6[NET_IDENTS];
	struct ip4_seen seen[NET_SEEN]; /* ip4_in.c: by source */
	struct list loop;	     /* of struct pkt: from ourselves to ourselves, lo.h */
	uint32_t looped;	     /* how many */
	struct link *lo;
	uint8_t duid_mac[ETH_ADDR_LEN]; /* RFC 4361 6.1: who the host is on every link; zero: not said */
};

/* Every struct dst is out of date: something it was made from changed or went away. */
static inline void net_changed(struct ph_stack *st)
{
	if (++st->net->gen == 0)
		st->net->gen = 1;
}

#endif
