/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The neighbour cache (RFC 4861 7.3): which link-layer address a next hop has, and what waits to
 * be sent to it.
 *
 *	FAILED ----> INCOMPLETE ----> REACHABLE ----> STALE ----> DELAY ----> PROBE
 *	   ^  packet   |      answer   ^   time    packet    5 s    |           |  |
 *	   |  sent     |               |           sent             |           |  |
 *	   |           |               '------ answer, or progress -'-----------'  |
 *	   '-----------'---------------------- no answer --------------------------'
 *
 * One table for ARP and, with the same rules, neighbour discovery. REACHABLE ends by looking at
 * the clock, not by a timer: an idle stack has nothing to wake up for. Bounded: the entry that
 * was used least recently makes room.
 */
#ifndef NET_NEIGH_H
#define NET_NEIGH_H

#include "net/link.h"

enum neigh_state {
	NEIGH_INCOMPLETE,
	NEIGH_REACHABLE,
	NEIGH_STALE,
	NEIGH_DELAY,
	NEIGH_PROBE,
	NEIGH_FAILED,
	NEIGH_PERMANENT
};

struct neigh {
	struct hash_node hash;
	struct list_node age; /* in the table's list; the oldest first */
	struct timer timer;
	ph_link link;
	enum neigh_state state;
	struct ph_ip ip;
	struct ph_ip src; /* the source address of whoever asked last: that of a solicitation */
	uint8_t eth[ETH_HDR_LEN]; /* the header of frames to it; first its address */
	uint8_t probes;		  /* solicitations sent in this state */
	bool router;		  /* IPv6: it said so */
	uint64_t failed_ns;	  /* when it last did not answer; 0: it did since */
	uint64_t reachable_ns,
		reachable_until_ns;	       /* for how long and until when, while REACHABLE */
	uint64_t updated_ns, used_ns, aged_ns; /* address learned; packet sent; put last in `age` */
	struct list queue;		       /* of struct pkt, IP header first */
	uint32_t queued, queued_bytes;
};

struct neigh_table {
	struct hash hash;
	struct pool pool;
	struct list age;
};

/* What a message says about a neighbour. */
enum neigh_news {
	NEIGH_SEEN,    /* its address, unasked: STALE */
	NEIGH_ANSWERED /* its address, in answer to us: REACHABLE */
};

int neigh_table_new(struct ph_stack *st);
void neigh_table_free(struct ph_stack *st);

/* Is its hardware address known? */
bool neigh_has_mac(const struct neigh *n);
struct neigh *neigh_find(const struct ph_stack *st, ph_link link, const struct ph_ip *ip);
/*
 * Finds or makes; a new one is FAILED, so that the first packet starts resolution. NULL: no room.
 */
struct neigh *neigh_get(struct ph_stack *st, ph_link link, const struct ph_ip *ip);
/*
 * Learns `mac`. With `override` an address already known is replaced at once; without, only when
 * it is older than a second (Linux's locktime: the first of two answers counts).
 */
void neigh_update(struct ph_stack *st, struct neigh *n, const uint8_t mac[ETH_ADDR_LEN],
		  enum neigh_news news, bool override);
/*
 * A neighbour advertisement about it (RFC 4861 7.2.5): mac NULL when it had none; flags ND_NA_*.
 */
void neigh_advertised(struct ph_stack *st, struct neigh *n, const uint8_t *mac, uint8_t flags);
/* Sends a packet whose hdr begins at the IP header; takes it. 0 (also when it waits), -ENOBUFS. */
int neigh_output(struct ph_stack *st, struct link *l, struct neigh *n, const struct ph_ip *src,
		 struct pkt *take_pkt);
/* Asks for its address now, unless it is known or asked for: a packet will need it. */
void neigh_ask(struct ph_stack *st, struct neigh *n, const struct ph_ip *src);
/* The upper layer saw forward progress (RFC 4861 7.3.1). */
void neigh_confirm(struct ph_stack *st, struct neigh *n);
/* Or its absence: the neighbour is asked whether it is still there. */
void neigh_doubt(struct ph_stack *st, struct neigh *n);
/* The link has another hardware address. */
void neigh_new_mac(struct ph_stack *st, const struct link *l);
/* Forgets all neighbours of a link. */
void neigh_flush(struct ph_stack *st, ph_link link);
/* All but permanent ones. */
void neigh_flush_learned(struct ph_stack *st, ph_link link);
void neigh_flush6(struct ph_stack *st, ph_link link); /* IPv6's alone */

#endif
