/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a socket sets at level IPPROTO_IPV6 that is plain (RFC 3493, 3542): held by TCP and UDP
 * endpoints alike. A leaf: Linux's names, numbers, bounds and errors.
 */
#ifndef NET_IP6_OPT_H
#define NET_IP6_OPT_H

#include <stdbool.h>
#include <stdint.h>

struct ip6_opt {
	int16_t hops, group_hops; /* -1: the default */
	uint8_t tclass;
	uint8_t mtu_discover;
	uint8_t prefer; /* PH_IPV6_PREFER_SRC_TMP, _PUBLIC or neither, and _COA */
	bool only; /* IPV6_V6ONLY */
	bool recverr, recv_hops, recv_tclass, recv_pktinfo, dontfrag, flow_send, autoflow;
};

void ip6_opt_init(struct ip6_opt *o, bool only);
/*
 * stream: of TCP, whose ECN bits are its own. bound: the port is given already. 0, -EINVAL,
 * -ENOPROTOOPT.
 */
int ip6_opt_set(struct ip6_opt *o, int name, int v, bool stream, bool bound);
/* hop_limit: what -1 stands for now; mtu: of the path, 0: none. 0, -ENOTCONN, -ENOPROTOOPT. */
int ip6_opt_get(const struct ip6_opt *o, int name, int hop_limit, int mtu, int *v);

/* The hop limit for a packet: 0: the destination's default. */
static inline uint8_t ip6_opt_hops(const struct ip6_opt *o, bool group)
{
	int16_t hops = group ? o->group_hops : o->hops;

	return hops < 0 ? 0 : (uint8_t)hops;
}

#endif
