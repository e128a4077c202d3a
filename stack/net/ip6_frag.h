/* SPDX-License-Identifier: BSD-2-Clause */
/* IPv6 in fragments (RFC 8200 4.5, 5722, 6946, 7112). Private to net/. */
#ifndef NET_IP6_FRAG_H
#define NET_IP6_FRAG_H

#include "net/ip6.h"

int ip6_frag_new(struct ph_stack *st);
/* A fragment header at hdr's first byte. What is whole goes on to ip6_deliver(). */
enum drop ip6_frag_input(struct ph_stack *st, struct pkt *pkt, struct ip6_info *h);
/* Sends in fragments of the path's mtu; takes the packet. 0, -ENOBUFS, -ENOMEM. */
int ip6_fragment(struct ph_stack *st, struct pkt *take_pkt, struct dst *d, const struct ip_tx *tx);

#endif
