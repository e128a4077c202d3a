/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sockets: numbers for the user, over connections of tcp and sockets of messages (net/dgram.h). Each
 * is one table of operations (sock_tcp.c, sock_dgram.c); sock.c has the numbers, the options all types
 * share, and the ready queue.
 */
#ifndef SOCK_SOCK_H
#define SOCK_SOCK_H

#include "net/stack.h"

struct tcb;
struct dgram;
struct sock;

struct sock_ops {
	int (*open)(struct ph_stack *st, struct sock *s);
	struct ready *(*ready)(struct sock *s);
	int (*bind)(struct ph_stack *st, struct sock *s, const struct ph_sockaddr *a);
	int (*listen)(struct ph_stack *st, struct sock *s, int backlog);
	/* Fills `child` with the accepted endpoint and, unless it is NULL, *peer with whose it is, be
	 * it over already; or -EAGAIN, ... */
	int (*accept)(struct ph_stack *st, struct sock *s, struct sock *child,
		      struct ph_sockaddr *peer);
	int (*connect)(struct ph_stack *st, struct sock *s, const struct ph_sockaddr *a);
	int64_t (*sendmsg)(struct ph_stack *st, struct sock *s, const struct ph_msg *msg,
			   int flags);
	int64_t (*recvmsg)(struct ph_stack *st, struct sock *s, struct ph_msg *msg, int flags);
	int (*shutdown)(struct ph_stack *st, struct sock *s, int how);
	void (*close)(struct ph_stack *st, struct sock *s);
	uint32_t (*poll)(struct ph_stack *st, struct sock *s);
	int (*inq)(struct sock *s);
	int (*outq)(struct sock *s);
	int (*ioctl)(struct sock *s, unsigned request); /* beside those two; >= 0: the value */
	int (*error)(struct sock *s);
	int (*getname)(struct sock *s, bool peer, struct ph_sockaddr *a);
	int (*setsockopt)(struct ph_stack *st, struct sock *s, int level, int name,
			  const void *value, uint32_t len);
	int (*getsockopt)(struct ph_stack *st, struct sock *s, int level, int name, void *value,
			  uint32_t *len);
};

struct sock {
	const struct sock_ops *ops; /* NULL: a free slot */
	union {
		struct tcb *tcp;
		struct dgram *dgram;
	};
	uint64_t user;
	int family, type, protocol; /* PH_AF_*, PH_SOCK_*, PH_IPPROTO_* */
	int next_free; /* of a free slot */
};

enum { SOCK_CHUNK = 256 };
struct sock_state {
	struct sock **chunks; /* SOCK_CHUNK sockets each: a socket never moves */
	uint32_t nchunks, cap_chunks;
	uint32_t in_use;
	int free; /* first free slot, -1: none */
};

extern const struct sock_ops sock_tcp_ops, sock_dgram_ops;

int sock_new(struct ph_stack *st); /* 0 or -ENOMEM */
void sock_free(struct ph_stack *st);
void sock_close_all(struct ph_stack *st);

#endif
