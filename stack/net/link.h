/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Links: what the stack sends and receives frames through. A link has one queue of packets to
 * send, bounded in packets and in bytes; whoever finds it full waits in a list and is resumed, at
 * an entry point, when half of it is empty. Used by net/ alone; other layers see link_has_room()
 * and link_wait() of net.h.
 */
#ifndef NET_LINK_H
#define NET_LINK_H

#include "net/mc_group.h"
#include "net/small_queue.h"
#include "net/stack.h"
#include "wire/eth.h"

enum {
	LINK_NAME_MAX = 15,
	LINK_QUEUE_BYTES = 4 * 65536,	   /* beyond this link_has_room() says no */
	LINK_QUEUE_BYTES_MAX = 32 * 65536, /* beyond this nothing is queued any more */
	LINK_TXQUEUELEN = 1000,
	LINK_MTU = 1500,
	LINK_MTU_MAX = 65535,
	LINK_MTU_LO = 65536,
	LINK_INDEX_MAX = 65535 /* a scope's 16 bits: base/ip.h */
};

struct link_stats {
	uint64_t multicast; /* received, broadcasts included */
	uint64_t rx_packets, rx_bytes, rx_dropped, tx_packets, tx_bytes, tx_dropped;
	uint64_t rx_length_errors, rx_otherhost_dropped, rx_nohandler, tx_carrier_errors;
};

/* RFC 4436 2.1.1: an address that may be of the network the link was in before; ip 0: none. */
struct link_doubt {
	uint32_t ip, router; /* who can tell, if it still has this hardware address */
	uint8_t mac[ETH_ADDR_LEN];
};

struct if6;
struct early;

struct link {
	ph_link index;
	enum ph_link_kind kind;
	uint8_t mac[ETH_ADDR_LEN];
	uint32_t mtu;
	bool up, carrier; /* the user's word, the device's: link_runs() */
	ph_link parent; /* of a VLAN: what carries its frames, with its number; 0: none */
	uint16_t vlan;
	uint32_t offload, txqueuelen;
	char name[LINK_NAME_MAX + 1];
	struct list queue; /* of struct pkt */
	uint32_t queued, queued_bytes;
	uint32_t cut_off;    /* payload bytes of the queue's first packet that were sent already */
	uint32_t cut_number; /* segments of it that were sent already */
	struct list waiters; /* of struct link_waiter */
	uint64_t since_ns;   /* the queue is not empty */
	struct small_queues small;
	uint8_t freed; /* a flow of which the queue lets go, and that is waited for; 0: none */
	struct link_stats stats;
	struct conf4 conf4; /* net.ipv4.conf.NAME */
	struct mc_link mc4;  /* IPv4's groups */
	struct if6 *v6; /* if6.h; NULL: IPv6 is off here */
	struct early *early; /* early.h; NULL: none */
	struct link_doubt doubt; /* arp.c */
};

/*
 * A link has its place by its index, so that it is found at once, and an index is not given again
 * before all others were: who is bound to a link that is gone does not hear the next one.
 */
struct link_table {
	struct link **at; /* at (index - 1) modulo cap; NULL: free */
	uint32_t n;	  /* places that were ever used */
	uint32_t cap;	  /* a power of two */
	uint32_t count;	  /* links */
	ph_link last;	  /* the index given last */
	uint32_t idle;	  /* links that do not run */
};

int link_table_new(struct ph_stack *st);
void link_table_free(struct ph_stack *st);

/* NULL: no such link. */
struct link *link_get(const struct ph_stack *st, ph_link index);
struct link *link_by_name(const struct ph_stack *st, const char *name, size_t len);
/* A link like it in the table, its lists empty. 0, -ENOSPC, -ENOMEM. */
int link_insert(struct ph_stack *st, const struct link *like, struct link **out);
/* link_state.c: does it take and give frames? A VLAN does while the link below does. */
bool link_runs(const struct ph_stack *st, const struct link *l);
/* What waits to be sent is thrown away. */
void link_drain(struct link *l);
/* Queues a complete frame; takes the packet. 0 or -ENOBUFS. */
int link_enqueue(struct ph_stack *st, struct link *l, struct pkt *take_pkt);
/* The same where there is room: at the end of its own queue. */
static inline void link_put(const struct ph_stack *st, struct link *l, struct pkt *take_pkt)
{
	if (l->queued == 0)
		l->since_ns = st->now_ns;
	take_pkt->link = l->index;
	list_push_back(&l->queue, &take_pkt->node);
	l->queued++;
	l->queued_bytes += take_pkt->len;
	small_queue_add(&l->small, take_pkt->flow, take_pkt->len);
}
/* Resumes those who wait on links that have room again. Only from entry points. */
void link_resume(struct ph_stack *st);
bool link_resumable(const struct ph_stack *st);

/* A packet that will not be used, on its way in or out: counted, traced, freed. */
void link_drop(struct ph_stack *st, struct link *l, struct pkt *take_pkt, enum drop reason);

/* struct ph_pkt is struct pkt under the name that users know. */
static inline struct pkt *link_pkt_in(struct ph_pkt *p)
{
	return (struct pkt *)(void *)p;
}

static inline const struct pkt *link_pkt_const(const struct ph_pkt *p)
{
	return (const struct pkt *)(const void *)p;
}

static inline struct ph_pkt *link_pkt_out(struct pkt *p)
{
	return (struct ph_pkt *)(void *)p;
}

#endif
