/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IPv6 on one link: whether it is on, its settings, what routers said about it, and the groups it
 * listens to. Private to net/.
 */
#ifndef NET_IF6_H
#define NET_IF6_H

#include "net/link.h"

struct if6 {
	struct link *link;
	enum ph_ipv6_mode mode;
	struct conf6 conf;   /* net.ipv6.conf.NAME */
	struct mc_link mc;   /* groups that the link listens to */
	uint32_t mtu;	     /* of IPv6 packets: the link's, or what a router said */
	uint8_t hop_limit;
	bool managed, other; /* RA flags: DHCPv6 for addresses, for the rest */
	bool failing;	     /* accept_dad 2: to be turned off by `rs`'s turn */
	uint64_t base_reachable_ns, retrans_ns; /* 0: the sysctl's */
	struct timer rs;     /* next router solicitation */
	uint64_t rs_wait_ns; /* before it; 0: the first */
	uint32_t rs_sent;
	struct list dns;     /* of struct ra_dns, ra_dns.h */
	uint32_t ndns;
};

/* IPv6 on, by a copy of the default settings. 0, -ENOMEM, -EINVAL (mtu below 1280). */
int if6_start(struct ph_stack *st, struct link *l, enum ph_ipv6_mode mode);
/* IPv6 off: addresses, routes, neighbours and groups of the link go. */
void if6_stop(struct ph_stack *st, struct link *l);
/* The link is turned off: addresses and what routers said go, settings stay; on: it begins anew. */
void if6_down(struct ph_stack *st, struct link *l);
void if6_up(struct ph_stack *st, struct link *l);
/* Gives memory back without a word. */
void if6_free(struct ph_stack *st, struct link *l);

/* 0, -ENOBUFS. */
int if6_join(struct ph_stack *st, struct link *l, const struct ph_ip *group);
void if6_leave(struct ph_stack *st, struct link *l, const struct ph_ip *group);
bool if6_member(const struct link *l, const struct ph_ip *group);
/* Is this Ethernet group address one of an IPv6 group of ours (RFC 2464 7)? */
bool if6_hears(const struct link *l, const uint8_t mac[ETH_ADDR_LEN]);

/* Time between neighbour solicitations, ns. */
uint64_t if6_retrans_ns(const struct ph_stack *st, const struct link *l);
/* An interface identifier from the hardware address: modified EUI-64 (RFC 4291 appendix A). */
void if6_eui64(const struct link *l, uint8_t iid[8]);

#endif
