/* SPDX-License-Identifier: BSD-2-Clause */
/* IPv4 in fragments: their headers, over ip_reass.h. */
#ifndef NET_IP4_REASS_H
#define NET_IP4_REASS_H

#include "net/ip4.h"

int ip4_reass_new(struct ph_stack *st);
/* A fragment, hdr at the payload. When it was the last one missing the datagram goes up at once. */
enum drop ip4_reass_input(struct ph_stack *st, struct pkt *pkt, const struct ip4_info *h);

#endif
