/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The loopback link and packets from ourselves to ourselves. They wait on one queue, bounded, until
 * ph_stack_run(): nobody is called while he sends. Called by ip_send.c, link.c and net.c.
 *
 *	ip_send() --> lo_send(): counted and seen on lo --> queue --> lo_run() --> ip4_input(), ip6_input()
 *	group, IP_MULTICAST_LOOP --> lo_queue() ------------^
 *
 * As Linux's: what goes to any address of ours passes lo, but to the sockets it came by the link whose
 * address it is.
 */
#ifndef NET_LO_H
#define NET_LO_H

#include "net/stack.h"

/* lo itself, the first link: 127.0.0.1/8 and ::1. 0, -ENOMEM, -ENOSPC. */
int lo_new(struct ph_stack *st);
/* ::1, for an IPv6 of lo's that begins. */
int lo_addr6(struct ph_stack *st);
/* What an IP packet to ourselves may be long. */
uint16_t lo_mtu(const struct ph_stack *st);

/* A packet that begins with its IP header, through lo to `link`'s; takes it. 0, -ENOBUFS. */
int lo_send(struct ph_stack *st, ph_link link, struct pkt *take_pkt);
/* The same with an Ethernet header, to lo itself. */
int lo_frame(struct ph_stack *st, struct pkt *take_pkt);
/* The same without lo: the copy of a packet to a group that leaves by `link`. */
int lo_queue(struct ph_stack *st, ph_link link, struct pkt *take_pkt);
/* Delivers what waits. */
void lo_run(struct ph_stack *st);

#endif
