/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * struct ph_stack: what every layer needs to find, and the few tables through which a lower layer
 * reaches a higher one without knowing it (protocols above IP, state of tcp, udp and sockets).
 */
#ifndef NET_STACK_H
#define NET_STACK_H

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/counter.h"
#include "base/drop.h"
#include "base/hash.h"
#include "base/list.h"
#include "base/pkt.h"
#include "base/prng.h"
#include "base/siphash.h"
#include "base/sysctl.h"
#include "base/timer.h"
#include "base/trace.h"
#include "phantom/phantom.h"

struct net_state;  /* net/net.h: links, addresses, routes, neighbours, reassembly, icmp */
struct tcp_state;  /* tcp/tcp_int.h */
struct raw_state;  /* raw/raw_int.h */
struct ping_state; /* raw/ping.c */
struct packet_state; /* raw/packet.c */
struct udp_state;  /* udp/udp.h */
struct sock_state; /* sock/sock.h */
struct ip_rx;

/*
 * A packet that passed IP, for the protocol above; it borrows the packet (ph_link_input frees
 * it).
 */
struct ip_rx {
	struct pkt *pkt; /* hdr begins at the protocol's own header; trimmed to the IP length */
	struct ph_ip src, dst;
	ph_link link;
	uint8_t proto, ttl, tos;
	bool group;	 /* destination is a broadcast or multicast address, at the link or at IP */
	uint32_t l4_len; /* bytes from the protocol's header on: pkt->len */
	uint32_t flow;	 /* IPv6: the flow label */
	uint64_t at_ns;
};

/* An ICMP error about a packet of ours, its quote parsed (RFC 1122 3.2.2). */
struct ip_err {
	struct ph_ip local, remote; /* of the packet quoted: its source (us) and destination */
	ph_link link;
	int error; /* errno, Linux's mapping: ECONNREFUSED, EHOSTUNREACH, EMSGSIZE, ... */
	bool hard; /* Linux's "fatal": protocol or port unreachable, ... */
	uint8_t type, code;
	uint32_t mtu;	      /* of fragmentation needed and packet too big; else 0 */
	const uint8_t *quote; /* first bytes of the quoted transport header */
	uint32_t quote_len;   /* at least 8 */
	struct ph_ip from;    /* who sent the ICMP error */
	struct ph_ip redirect; /* IPv4: the gateway to use from now on; all zero: no redirect */
};

/* A frame that came to a link, or leaves it; borrowed. */
struct frame_seen {
	struct pkt *pkt;
	const void *header; /* the Ethernet header in front of pkt; NULL: pkt begins with its own, if any */
	ph_link link;
	bool out;
};

/* What a protocol above IP offers. */
struct l4_proto {
	enum drop (*input)(struct ph_stack *st, const struct ip_rx *rx);
	void (*error)(struct ph_stack *st, const struct ip_err *err); /* may be NULL */
	void (*addr_gone)(struct ph_stack *st, const struct ph_ip *ip); /* may be NULL */
};

/*
 * What the socket layer holds per endpoint and hears about: one queue of those with something to
 * say.
 */
struct ready {
	struct list_node node; /* on st->ready while told of nothing yet */
	int socket;	       /* ph_socket, -1: no user holds it (not reported) */
};

/* Segments that follow each other, held as one packet: net/train.h. */
enum { TRAIN_HDR_MAX = 128, TRAIN_MSS_MAX = 2048 };
struct train {
	struct pkt *held; /* what was not processed yet; NULL: nothing */
	const struct pkt *offered; /* TCP's word was about this one; compared, not followed */
	bool open, v6;
	ph_link link;
	uint32_t next; /* sequence number of the next segment */
	uint32_t room; /* payload bytes until TCP has to see it */
	uint16_t l3_off, l4_off, hdr_len, mss;
	/* All headers of the last segment, the link's first, and 0xff where the next is to have the same. */
	uint8_t hdr[TRAIN_HDR_MAX], mask[TRAIN_HDR_MAX];
};

struct ph_stack {
	struct ph_conf conf;
	struct mem mem;
	struct pkt_pools pkts;
	struct pool stream_nodes;
	struct timer_wheel wheel;
	struct prng prng;
	struct siphash_key hash_key, isn_key, port_key;
	struct siphash_key iid_key; /* RFC 7217's secret */
	struct counters counters;
	struct sysctls sysctl;
	struct trace trace;
	uint64_t now_ns;   /* stands still inside a call; never goes back */
	struct list ready; /* of struct ready */
	struct train train;

	struct net_state *net;
	struct tcp_state *tcp;
	struct udp_state *udp;
	struct raw_state *raw;
	struct ping_state *ping;
	struct packet_state *packet;
	struct sock_state *sock;
	/* Raw sockets see a packet first; true: one took a copy. NULL: there are none. */
	bool (*raw_input)(struct ph_stack *st, const struct ip_rx *rx);
	/* An error about a packet of `proto` that they sent, perhaps; true: it was told to one. */
	bool (*raw_error)(struct ph_stack *st, const struct ip_err *err, uint8_t proto);
	/* The same of ping sockets, with an echo reply and an error about an echo request. */
	bool (*ping_input)(struct ph_stack *st, const struct ip_rx *rx);
	bool (*ping_error)(struct ph_stack *st, const struct ip_err *err);
	/* Packet sockets see every frame, before and behind everything else. */
	void (*packet_tap)(struct ph_stack *st, const struct frame_seen *f);
	void (*packet_link_gone)(struct ph_stack *st, ph_link link);
	const struct l4_proto *l4[256]; /* by IP protocol number; NULL: protocol unreachable */
};

#define COUNT(st, name)	     count_add(&(st)->counters, C_##name, 1)
#define COUNT_N(st, name, n) count_add(&(st)->counters, C_##name, (n))

/* Time stands still inside a call and never goes back. */
static inline void stack_time(struct ph_stack *st, uint64_t now_ns)
{
	if (now_ns > st->now_ns)
		st->now_ns = now_ns;
	st->trace.now_ns = st->now_ns;
}

void train_flush(struct ph_stack *st); /* net/train.c: something is held */

/* What arrived has been seen by all who are to see it. */
static inline void stack_settle(struct ph_stack *st)
{
	if (st->train.held)
		train_flush(st);
}

/* Every entry point but that of frames begins with this. */
static inline void stack_enter(struct ph_stack *st, uint64_t now_ns)
{
	stack_settle(st); /* at the time at which it came */
	stack_time(st, now_ns);
}

static inline void ready_init(struct ready *r)
{
	list_init_node(&r->node);
	r->socket = -1;
}

/* Something the user may want to know happened to this endpoint; ph_ready() will ask what. */
static inline void ready_set(struct ph_stack *st, struct ready *r)
{
	if (r->socket >= 0 && !list_linked(&r->node))
		list_push_back(&st->ready, &r->node);
}

#endif
