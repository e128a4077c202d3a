/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of udp/ share: an endpoint, the table of endpoints, and the sizes.
 *
 * An endpoint that has a port is in the table under the port; one that has a peer as well also
 * under the whole tuple.
 */
#ifndef UDP_UDP_INT_H
#define UDP_UDP_INT_H

#include "base/stream.h"
#include "net/dgram.h"
#include "net/net.h"
#include "udp/udp.h"

enum { UDP_SEGMENTS_MAX = 128 }; /* datagrams of one send (UDP_SEGMENT), and joined on receipt */

/* A datagram that grows (MSG_MORE, UDP_CORK): where it goes was said with its first bytes. */
struct udp_cork {
	struct ph_sockaddr to;
	struct dgram_tx tx;
	struct stream bytes;
};

struct udp_pcb {
	struct dgram d;
	struct udp_cork *cork; /* NULL: nothing grows */
	bool corked;	       /* UDP_CORK: and nothing leaves */
	struct hash_node by_port, by_tuple;
	uint16_t segment; /* UDP_SEGMENT */
	bool gro, no_check6_tx, no_check6_rx;
};

static inline struct udp_pcb *udp_of(struct dgram *d)
{
	return container_of(d, struct udp_pcb, d);
}

struct udp_state {
	struct pool pcbs, corks;
	uint64_t held; /* bytes that received datagrams pin: what net.ipv4.udp_mem bounds */
	struct hash port_table, tuple_table;
	struct list all;
};

/* The counter for a datagram's family. */
#define UDP_COUNT(st, v4, name)               \
	do {                                  \
		if (v4)                       \
			COUNT(st, Udp##name); \
		else                          \
			COUNT(st, Udp6##name); \
	} while (0)

/* udp.c: a port, chosen when `port` is 0. 0, -EADDRINUSE. */
int udp_take_port(struct ph_stack *st, struct udp_pcb *u, uint16_t port);

/* udp_table.c */
void udp_table_add_port(struct ph_stack *st, struct udp_pcb *u);
void udp_table_remove_port(struct ph_stack *st, struct udp_pcb *u);
void udp_table_add_tuple(struct ph_stack *st, struct udp_pcb *u);
void udp_table_remove_tuple(struct ph_stack *st, struct udp_pcb *u);
/* May this endpoint have this port, by the rules of SO_REUSEADDR and SO_REUSEPORT? */
bool udp_table_port_free(const struct ph_stack *st, const struct udp_pcb *u, uint16_t port);
/* A port of the local range that is free, chosen at random (RFC 6056 3.3.1), or 0. */
uint16_t udp_table_choose_port(struct ph_stack *st, const struct udp_pcb *u);
/* The endpoint a datagram from peer to local is for: the connected one, else the best bound one; or
 * NULL. Of equals that share the port (SO_REUSEPORT), the one that the peer's hash says. */
struct udp_pcb *udp_table_find(const struct ph_stack *st, ph_link link, const struct ph_ip *local,
			       uint16_t lport, const struct ph_ip *peer, uint16_t pport);
/* Calls fn for every endpoint that a datagram to a group address and this port is for; returns how
 * many. */
unsigned udp_table_each(struct ph_stack *st, const struct ip_rx *rx, uint16_t lport, uint16_t pport,
			void (*fn)(struct ph_stack *st, struct udp_pcb *u, const struct ip_rx *rx));

/* udp_send.c, udp_sockopt.c */
int64_t udp_sendmsg(struct ph_stack *st, struct dgram *d, const struct ph_msg *msg, int flags);
/* What has grown leaves now, or is forgotten. 0 or the error. */
int udp_cork_send(struct ph_stack *st, struct udp_pcb *u);
void udp_cork_drop(struct ph_stack *st, struct udp_pcb *u);
int udp_setsockopt(struct ph_stack *st, struct dgram *d, int level, int name, const void *value,
		   uint32_t len);
int udp_getsockopt(struct ph_stack *st, struct dgram *d, int level, int name, void *value,
		   uint32_t *len);

/* udp_input.c */
enum drop udp_input(struct ph_stack *st, const struct ip_rx *rx);
void udp_error_input(struct ph_stack *st, const struct ip_err *err);

#endif
