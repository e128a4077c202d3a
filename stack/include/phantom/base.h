/* SPDX-License-Identifier: BSD-2-Clause */
/* What every part of phantom.h names: a stack, links, sockets, addresses, pieces of memory. */
#ifndef PHANTOM_BASE_H
#define PHANTOM_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PH_CHECK __attribute__((warn_unused_result))

struct ph_stack;
struct ph_pkt;
typedef int ph_link;   /* 1, 2, ...: an interface index */
typedef int ph_socket; /* 0, 1, ...: a socket of one stack */

#define PH_NEVER UINT64_MAX

/* An IPv6 address in network order; an IPv4 address a.b.c.d is kept as ::ffff:a.b.c.d. */
struct ph_ip {
	uint8_t b[16];
};
struct ph_ip ph_ip4(uint8_t a, uint8_t b, uint8_t c, uint8_t d);
bool ph_ip_is4(const struct ph_ip *ip);

struct ph_sockaddr {
	uint16_t family; /* PH_AF_INET, PH_AF_INET6; PH_AF_PACKET: see below */
	uint16_t port;	 /* host order */
	struct ph_ip ip; /* all zero or ::ffff:0.0.0.0: any */
	uint32_t scope;	 /* a link's index, for link-local IPv6 */
	uint32_t flow;	 /* IPv6: flow label, 20 bits; 0: the stack chooses */
};

/*
 * Of PH_AF_PACKET: `port` is the EtherType, `scope` the link (0: all), the first six octets of `ip` the
 * hardware address, and `flow`, of what was received, a PH_PACKET_*.
 */

struct ph_iov {
	void *base;
	size_t len;
};

#ifdef __cplusplus
}
#endif
#endif
