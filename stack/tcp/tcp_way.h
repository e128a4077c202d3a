/* SPDX-License-Identifier: BSD-2-Clause */
/* The way of a connection's packets: how large they may be, which of several paths they take, when they
 * leave. A part of tcp_int.h. */
#ifndef TCP_TCP_WAY_H
#define TCP_TCP_WAY_H

#include <stdbool.h>
#include <stdint.h>

struct dst;
struct ip_tx;
struct ph_stack;
struct pkt;
struct tcb;
struct tcp_rx;
struct tcp_state;

/* ---- tcp_mtu.c */
/* The connection stands: the search begins, if it is to. */
void tcp_mtu_start(struct ph_stack *st, struct tcb *t);
void tcp_mtu_free(struct ph_stack *st, struct tcb *t);
uint16_t tcp_mtu_used(const struct tcb *t); /* packets as large as this are sent */
/* The route was looked up again, and its MTU was `before`. */
void tcp_mtu_route_changed(const struct ph_stack *st, struct tcb *t, uint16_t before);
/* Sends a probe. 1: it left; 0: it is to go next, when there is room; -1: there is none to send. */
int tcp_mtu_probe(struct ph_stack *st, struct tcb *t);
/* snd_una moved. */
void tcp_mtu_acked(struct ph_stack *st, struct tcb *t);
/* Is a probe the first that is not acknowledged? If it is lost that is no congestion. */
bool tcp_mtu_doubts(const struct tcb *t);
void tcp_mtu_failed(struct ph_stack *st, struct tcb *t);
void tcp_mtu_resent(struct tcb *t); /* something was sent again: a probe tells nothing now */
/* As many timeouts as tcp_retries1 says, and no answer. */
void tcp_mtu_black_hole(struct ph_stack *st, struct tcb *t);

/* ---- tcp_path.c */
bool tcp_path_may_change(const struct ph_stack *st, const struct tcb *t);
void tcp_path_timeout(struct ph_stack *st, struct tcb *t); /* it is not the last */
void tcp_path_heard(struct tcb *t, const struct tcp_rx *rx); /* data that is new */
void tcp_path_duplicate(struct ph_stack *st, struct tcb *t, const struct tcp_rx *rx); /* and old */
/* An ACK: `segs` were delivered, `marked` of them with a mark of congestion. */
void tcp_path_marks(struct ph_stack *st, struct tcb *t, uint32_t segs, uint32_t marked);

/* ---- tcp_small.c */
uint8_t tcp_small_flow(const struct tcb *t); /* what its packets with data are counted by */
/* So much of it waits in the link's queue that it waits as well? Then it is run again. */
bool tcp_small_queue_full(struct ph_stack *st, struct tcb *t);
/* The same for a small write. */
bool tcp_small_corks(struct ph_stack *st, struct tcb *t);
bool tcp_small_may_cork(const struct ph_stack *st, const struct tcb *t); /* without waiting */

/* ---- tcp_late.c */
enum { TCP_LATE_MAX = 16384 }; /* segments that wait at most, of all connections */
void tcp_late_init(struct ph_stack *st, struct tcp_state *s);
void tcp_late_destroy(struct tcp_state *s);
/* As ip_output(), but in so many microseconds. 0, -ENOBUFS. */
int tcp_late_send(struct ph_stack *st, struct pkt *take_pkt, const struct dst *d, const struct ip_tx *tx,
		  uint32_t delay_us);

#endif
