/* SPDX-License-Identifier: BSD-2-Clause */
/* The last step of both families: a packet with its IP header to its next hop. Private to net/. */
#ifndef NET_IP_SEND_H
#define NET_IP_SEND_H

#include "net/net.h"

/* Takes the packet. 0 (also when it waits for the neighbour's address), -ENOBUFS. */
int ip_send(struct ph_stack *st, struct dst *d, struct pkt *take_pkt);
/* Drops a packet that cannot leave; returns `error`. */
int ip_refuse(struct ph_stack *st, const struct dst *d, struct pkt *take_pkt, enum drop reason,
	      int error);

#endif
