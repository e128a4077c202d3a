/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the network layer offers to the protocols above it: a destination (route, source address,
 * next hop, mtu), sending a packet to it, ICMP errors, addresses. Its own parts (link.h, neigh.h,
 * route.h, ip4.h, icmp4.h) are private to net/ but for ph_* calls.
 */
#ifndef NET_NET_H
#define NET_NET_H

#include "net/stack.h"

/* 0 or -ENOMEM; net_free gives everything back. */
int net_new(struct ph_stack *st);
void net_free(struct ph_stack *st); /* harmless when net_new failed or never ran */
/* At the end of ph_stack_run: what was deferred (senders to resume, packets to ourselves). */
void net_run(struct ph_stack *st);
/* Is there deferred work that can be done now? Then the stack's deadline is now. */
bool net_pending(const struct ph_stack *st);
void net_usage(const struct ph_stack *st, struct ph_usage *u); /* neighbours, reassemblies */

enum dst_kind { DST_HOST, DST_SELF, DST_BROADCAST, DST_MULTICAST };
struct neigh;

/*
 * Where packets to a peer go: kept in a socket, refreshed when the tables change (gen). Holds no
 * reference to be released: it names links by index and is looked up again when stale.
 */
struct dst {
	struct ph_ip src, dst; /* src: chosen, or as given */
	struct ph_ip next_hop;
	ph_link link;
	ph_link oif;	  /* that it must leave by; 0: any */
	uint16_t mtu;	  /* of the path, IP packet bytes */
	uint16_t link_mtu; /* of its first link: what we can receive */
	uint32_t gen;	  /* 0: never looked up */
	uint32_t offload; /* the link's PH_OFFLOAD_* */
	enum dst_kind kind;
	bool v6;
	uint8_t hop_limit; /* IPv6: the link's */
	uint8_t metrics;   /* the place of the route's: dst_metrics() */
	bool mtu_lock;	   /* mtu is no longer asked for: what is sent may be cut on the way */
	struct neigh *neigh; /* valid while gen is; net/ private */
};

/*
 * Finds route and source (src any: chosen, else checked to be ours). 0, -ENETUNREACH,
 * -EADDRNOTAVAIL, -EACCES (broadcast without permission). Multicast needs none: who may not send
 * to groups asks addr_is_group() first.
 */
int dst_lookup(struct ph_stack *st, struct dst *d, const struct ph_ip *src, const struct ph_ip *dst,
	       bool broadcast_ok);
/* The same by one link, 0: any. A host that no route of the link leads to is a neighbour there. */
int dst_lookup_on(struct ph_stack *st, struct dst *d, ph_link oif, const struct ph_ip *src,
		  const struct ph_ip *dst, bool broadcast_ok);
/* The same for a socket that prefers such sources (IPV6_ADDR_PREFERENCES: ip6_opt.prefer). */
int dst_lookup_as(struct ph_stack *st, struct dst *d, ph_link oif, uint8_t prefer,
		  const struct ph_ip *src, const struct ph_ip *dst, bool broadcast_ok);
/* The same for a dst looked up before: cheap while nothing changed. */
int dst_refresh(struct ph_stack *st, struct dst *d);

/* Is it up to date, and does its link have room? */
bool dst_is_open(const struct ph_stack *st, const struct dst *d);

struct ip_tx {
	uint8_t proto, ttl, tos; /* ttl 0: the default */
	bool df;		 /* don't fragment; IPv6: no fragment header either */
	uint8_t opt_len;	 /* IPv4 options: a multiple of 4, at most 40 */
	const uint8_t *opt;
	uint32_t flow;		 /* IPv6: the flow label; 0: made from addresses and ports, */
	uint8_t path;		 /* and from this: another one for each */
};
/*
 * Sends a packet whose hdr begins at the transport header: pushes IP and link headers, resolves
 * the next hop (the packet waits on the neighbour meanwhile) and queues it on the link. Takes the
 * packet in every case. pkt->csum PKT_CSUM_TODO with csum_start counted from hdr's first byte at
 * this call (0 for TCP and UDP) and csum_off set: the transport put the folded pseudo-header sum
 * into the checksum field; it is finished by the device or in software. 0, -ENOBUFS (queue full),
 * -EMSGSIZE (df and larger than the mtu, no gso), -EHOSTUNREACH, ...
 */
int ip_output(struct ph_stack *st, struct pkt *take_pkt, struct dst *d, const struct ip_tx *tx);

/*
 * The same of a packet that brings its IPv4 header (IP_HDRINCL): total length and checksum are filled
 * in, source and identification where they are zero. -EINVAL: no such header. Not cut: -EMSGSIZE.
 */
int ip4_output_whole(struct ph_stack *st, struct pkt *take_pkt, struct dst *d);
/* The same with an IPv6 header (IPV6_HDRINCL), of which nothing is changed. */
int ip6_output_whole(struct ph_stack *st, struct pkt *take_pkt, struct dst *d);

/*
 * False while the link's queue is full: the sender then calls link_wait and is run again when
 * there is room.
 */
bool link_has_room(const struct ph_stack *st, ph_link link);
struct link_waiter {
	struct list_node node;
	void (*resume)(struct ph_stack *st, struct link_waiter *w);
};
void link_wait(struct ph_stack *st, ph_link link, struct link_waiter *w);
void link_unwait(struct link_waiter *w);
/* How much of the queue is of packets with this flow (struct pkt), 0 while there is none that was not there
 * before now; and who is run again when it lets go of some: only to be called while that is more than 0. */
enum { LINK_QUEUE_FLOWS = 64 };
uint32_t link_flow_bytes(const struct ph_stack *st, ph_link link, uint8_t flow);
void link_flow_wait(struct ph_stack *st, ph_link link, uint8_t flow, struct link_waiter *w);

/* RFC 4861 7.3.1: the upper layer saw forward progress through this neighbour. */
void dst_confirm(struct ph_stack *st, struct dst *d);
/* Nothing gets through (RFC 1122 3.3.1.4): the neighbour is asked after, and what routers said of another
 * way to there is forgotten. */
void dst_doubt(struct ph_stack *st, struct dst *d);

/*
 * ICMP errors, rate-limited and gated by RFC 1122 3.2.2: rx is the packet at fault, its IP header
 * still before hdr.
 */
enum icmp_err { ICMP_ERR_PORT_UNREACH, ICMP_ERR_PROTO_UNREACH };
void icmp_send_error(struct ph_stack *st, const struct ip_rx *rx, enum icmp_err what);

/*
 * Socket addresses of the user to and from those inside, which carry their scope (base/ip.h).
 * 0, -EINVAL: a link-local address that no link is named for; -ENODEV: no such link.
 */
int ip_scope_in(const struct ph_stack *st, struct ph_sockaddr *a);
void ip_scope_out(struct ph_sockaddr *a);

/*
 * An ICMP error that is about a packet of ours says what its path carries: kept for some time, if it
 * is less than what was known (RFC 1191 6.3, 8201 4).
 */
void pmtu_learn(struct ph_stack *st, const struct ph_ip *remote, uint32_t mtu);

/* The same of a redirect (IPv4): the next packets to e->remote go to e->redirect, if that may be. */
void redirect_learn(struct ph_stack *st, const struct ip_err *e);

/*
 * net.ipv4.conf.NAME.LEAF and net.ipv6.conf.NAME.LEAF: of a link by its name, or `all`: every link's
 * and the default. What the table of sysctls knows (default) is not asked here. -ENOENT: no such link
 * or leaf, -EINVAL.
 */
int net_conf_set(struct ph_stack *st, const char *name, const char *value);
int net_conf_get(const struct ph_stack *st, const char *name, char *out, size_t cap);
/* An address of ours is about to be given up, while packets from it can still leave: who has
 * connections from it resets them (RFC 5227 2.4, 3927 2.5). */
void net_addr_gone(struct ph_stack *st, const struct ph_ip *ip);

/* Is it an address of ours (on any link)? */
bool addr_is_local(const struct ph_stack *st, const struct ph_ip *ip);
/* Broadcast of any link, or multicast? */
bool addr_is_group(const struct ph_stack *st, const struct ph_ip *ip);

#endif
