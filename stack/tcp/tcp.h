/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP's face to the socket layer: the calls of RFC 9293 3.10 (OPEN, SEND, RECEIVE, CLOSE, ABORT,
 * STATUS) on a struct tcb. Nothing blocks; ready_set() on the connection's `struct ready` says that
 * something changed.
 */
#ifndef TCP_TCP_H
#define TCP_TCP_H

#include "net/stack.h"

struct tcb;

int tcp_new(struct ph_stack *st);   /* registers st->l4[6]; 0 or -ENOMEM */
void tcp_free(struct ph_stack *st); /* harmless when tcp_new failed or never ran */
/* The batch of frames has been read: ACKs that waited for its end leave (PH_OFFLOAD_GRO). */
void tcp_batch_end(struct ph_stack *st);
bool tcp_batch_open(const struct ph_stack *st);
/* RST to every synchronised peer, all connections gone. */
void tcp_abort_all(struct ph_stack *st);

struct tcb *tcp_open(struct ph_stack *st, int family); /* CLOSED; NULL at the limit */
struct ready *tcp_ready(struct tcb *t);
/*
 * Connections that rest are folded (tcp_rest.c), which *t follows: t is where the socket keeps its
 * pointer, for as long as it has it. tcp_wake() comes before any call on *t that may be folded. False:
 * no memory, *t is to be left alone but for tcp_close_folded().
 */
void tcp_hold(struct ph_stack *st, struct tcb **t);
bool tcp_wake(struct ph_stack *st, struct tcb **t);
/* Closes what could not be woken, without a word: the peer's next segment meets a reset. */
void tcp_close_folded(struct ph_stack *st, struct tcb *t);
/* Port 0: one is chosen at connect or listen by RFC 6056. -EADDRINUSE, -EADDRNOTAVAIL, -EINVAL
 * (bound already). */
int tcp_bind(struct ph_stack *st, struct tcb *t, const struct ph_sockaddr *a);
int tcp_listen(struct ph_stack *st, struct tcb *t, int backlog);
/* -EINPROGRESS, -EISCONN, -EALREADY, -ENETUNREACH, -EADDRNOTAVAIL (no port), ... */
int tcp_connect(struct ph_stack *st, struct tcb *t, const struct ph_sockaddr *a);
/* The next established connection, or NULL: its ready.socket is -1 until the socket layer sets
 * it. */
struct tcb *tcp_accept(struct ph_stack *st, struct tcb *listener);
/* A message or a buffer and no more, if that is simple; 0: it is not, and nothing was done. */
int64_t tcp_send_simple(struct ph_stack *st, struct tcb *t, const void *bytes, uint64_t len);
int64_t tcp_recv_simple(struct ph_stack *st, struct tcb *t, void *bytes, uint64_t len);
int64_t tcp_sendmsg(struct ph_stack *st, struct tcb *t, const struct ph_msg *msg, int flags);
int64_t tcp_recvmsg(struct ph_stack *st, struct tcb *t, struct ph_msg *msg, int flags);
int tcp_shutdown(struct ph_stack *st, struct tcb *t, int how);
/* From outside: the peer is reset, the user told ECONNABORTED. 0, -EOPNOTSUPP: nothing to abort. */
int tcp_abort(struct ph_stack *st, struct tcb *t);
/* The user lets go: FIN (or RST by RFC 1122 4.2.2.13 when data was unread or linger is 0); the tcb
 * lives on as an orphan as long as it must. */
void tcp_close(struct ph_stack *st, struct tcb *t);
uint32_t tcp_poll(const struct ph_stack *st, struct tcb *t);
/* SIOCINQ, SIOCOUTQ, SIOCOUTQNSD; -EINVAL in LISTEN. */
int tcp_inq(const struct tcb *t);
int tcp_outq(const struct tcb *t);
int tcp_notsent(const struct tcb *t);
bool tcp_at_mark(const struct tcb *t); /* SIOCATMARK */
/* Takes and clears the pending error: 0 or a positive errno. */
int tcp_error(struct tcb *t);
/* The same for SO_ERROR, which tells of soft errors as well (RFC 9293 SHLD-25). */
int tcp_so_error(struct tcb *t);
/* Its address or the one at the other end, also of a connection that is over. */
void tcp_name(const struct tcb *t, bool peer, struct ph_sockaddr *a);
int tcp_getname(const struct tcb *t, bool peer, struct ph_sockaddr *a);
/* Levels SOL_TCP, SOL_IP (TOS, TTL) and of SOL_SOCKET what concerns TCP: buffers, keepalive,
 * linger, reuse. */
int tcp_setsockopt(struct ph_stack *st, struct tcb *t, int level, int name, const void *value,
		   uint32_t len);
int tcp_getsockopt(struct ph_stack *st, const struct tcb *t, int level, int name, void *value,
		   uint32_t *len);
/* TCP_SAVED_SYN: given once. */
int tcp_saved_syn(struct ph_stack *st, struct tcb *t, void *value, uint32_t *len);
/* Every connection, listener and TIME-WAIT entry: fills at most n, returns how many there are. */
size_t tcp_list(const struct ph_stack *st, struct ph_sock_info *out, size_t n);
void tcp_usage(const struct ph_stack *st, struct ph_usage *u);

#endif
