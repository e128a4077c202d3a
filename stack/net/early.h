/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Datagrams of a link that has no address yet: what the IP layer would neither take nor send, and a
 * DHCP client lives on (RFC 2131 4.1). One listener a link, on one UDP port.
 */
#ifndef NET_EARLY_H
#define NET_EARLY_H

#include "net/stack.h"

struct link;
struct early {
	uint16_t port;
	/* A sound datagram to the port, to all or to our hardware address; len bytes of payload. */
	void (*take)(struct ph_stack *st, struct early *e, const uint8_t *bytes, size_t len);
	/* The link was without its carrier, or down, and is not any more. */
	void (*back)(struct ph_stack *st, struct early *e);
	/* The link is being removed: the last that is heard of it. */
	void (*gone)(struct ph_stack *st, struct early *e);
};

/* 0, -ENODEV, or -EBUSY: the link has one. `e` is the caller's until early_close(). */
int early_open(struct ph_stack *st, ph_link link, struct early *e);
void early_close(struct ph_stack *st, ph_link link, struct early *e);
/* A broadcast datagram on the link itself, from `src` (any: 0.0.0.0), whatever the routes say. */
int early_broadcast(struct ph_stack *st, ph_link link, const struct ph_ip *src, uint16_t sport,
		    uint16_t dport, const void *bytes, size_t len);
/* For ip4_in.c: a packet whose header is sound, and still before the data. True: it was taken. */
struct ip4_info;
bool early_input(struct ph_stack *st, struct link *l, struct pkt *pkt, const struct ip4_info *ip);

#endif
