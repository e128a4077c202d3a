/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who a segment is for: connections, half-open connections, TIME-WAIT entries and listeners in one
 * hash table under the stack's key (SipHash of the tuple), each in a struct of its own that begins
 * with a struct tcp_ent. And the ports that are taken, for bind().
 */
#ifndef TCP_TCP_TABLE_H
#define TCP_TCP_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/ip.h"
#include "base/list.h"
#include "phantom/phantom.h"
#include "wire/seq.h"

struct ph_stack;
struct tcb;
struct tcp_reborn;

struct tcp_tuple { /* no padding: it is hashed as bytes */
	struct ph_ip local, peer; /* of a listener: any address is all zero, and so is the peer */
	uint16_t lport, pport;
};

enum tcp_kind { TCP_KIND_CONN, TCP_KIND_LISTEN, TCP_KIND_HALF, TCP_KIND_TIMEWAIT,
		TCP_KIND_FOLDED };

struct tcp_ent {
	struct hash_node node;
	uint16_t lport, pport;
	uint8_t kind; /* enum tcp_kind */
	bool hashed;
};

void tcp_table_insert(struct ph_stack *st, struct tcp_ent *e);
void tcp_table_remove(struct ph_stack *st, struct tcp_ent *e);
/* `to` stands for the same connection from here on. */
void tcp_table_replace(struct ph_stack *st, struct tcp_ent *from, struct tcp_ent *to);
/* The entry of exactly this tuple, or NULL. */
struct tcp_ent *tcp_table_find(const struct ph_stack *st, const struct tcp_tuple *k);
/* The listener for a SYN to k->local, k->lport that came by `link`: of that address, else of any. */
struct tcb *tcp_table_listener(const struct ph_stack *st, const struct tcp_tuple *k, ph_link link);
/* Does it hear what comes by this link (SO_BINDTODEVICE)? */
bool tcp_ent_hears(const struct tcp_ent *e, ph_link link);
struct tcp_tuple tcp_ent_tuple(const struct tcp_ent *e);

/* A port with somebody on it. */
struct tcp_port {
	struct hash_node node;
	struct list bound;  /* of struct tcb by `link`: those that called bind() or listen() */
	uint32_t users;	    /* connections and TIME-WAIT entries besides */
	uint32_t strict;    /* those of them without SO_REUSEADDR */
	uint16_t port;
};

/* The port's struct, made when `make`; NULL: nobody is on it, or no memory. */
struct tcp_port *tcp_port_get(struct ph_stack *st, uint16_t port, bool make);
/* A connection or TIME-WAIT entry begins, or stops, to use it. The struct goes with its last
 * user. */
void tcp_port_use(struct tcp_port *p, bool reuse);
void tcp_port_unuse(struct ph_stack *st, struct tcp_port *p, bool reuse);
void tcp_port_bind(struct tcp_port *p, struct tcb *t);
void tcp_port_unbind(struct ph_stack *st, struct tcb *t);
/* May t be bound to `local`, port? As Linux: all there are must agree to reuse, none may listen. */
bool tcp_port_conflict(const struct ph_stack *st, const struct tcb *t, const struct ph_ip *local,
		       uint16_t port);
/* A port nobody is on, for bind to port 0; 0: there is none. */
uint16_t tcp_port_choose(struct ph_stack *st, const struct tcb *t, const struct ph_ip *local);
/* A port for t's connection to k->peer, k->pport from k->local (RFC 6056 3.3.3); 0: there is
 * none. */
uint16_t tcp_port_choose_conn(struct ph_stack *st, const struct tcb *t,
			      const struct tcp_tuple *k, struct tcp_reborn *old);
/* May a connection of ours have this tuple: nobody has, or one in TIME-WAIT that gives way, which
 * *old then tells of? bound: the user chose the port. */
bool tcp_port_free(struct ph_stack *st, const struct tcp_tuple *k, bool bound,
		   struct tcp_reborn *old);

#endif
