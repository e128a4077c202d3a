/* SPDX-License-Identifier: BSD-2-Clause */
/* The IPv6 header, its extension headers and their options (RFC 8200). Layout only. */
#ifndef WIRE_IP6_H
#define WIRE_IP6_H

#include <assert.h>

#include "base/be.h"

struct ip6_hdr {
	be32 ver_class_flow; /* version 4 bits, traffic class 8, flow label 20 */
	be16 len;	     /* of what follows this header */
	uint8_t next, hop;
	uint8_t src[16], dst[16];
};
static_assert(sizeof(struct ip6_hdr) == 40 && _Alignof(struct ip6_hdr) == 1, "RFC 8200 3");

struct ip6_ext {      /* how hop-by-hop, routing and destination options headers begin */
	uint8_t next;
	uint8_t len; /* in units of 8 bytes, the first not counted */
};
struct ip6_routing { /* RFC 8200 4.4 */
	uint8_t next, len, type, left;
};
struct ip6_frag { /* RFC 8200 4.5 */
	uint8_t next, reserved;
	be16 off; /* IP6_F_MF and the offset in bytes, its low three bits cut off */
	be32 id;
};
static_assert(sizeof(struct ip6_frag) == 8 && _Alignof(struct ip6_frag) == 1, "RFC 8200 4.5");

enum {
	IP6_HDR_LEN = 40,
	IP6_FRAG_LEN = 8,
	IP6_LEN_MAX = 65535, /* of the payload */
	IP6_MTU_MIN = 1280,
	IP6_F_MF = 1,
	IP6_OFF_MASK = 0xfff8,
	IP6_FLOW_MASK = 0xfffff
};
enum { /* next header values that IP itself reads */
	IP6_NEXT_HOPOPTS = 0,
	IP6_NEXT_ROUTING = 43,
	IP6_NEXT_FRAGMENT = 44,
	IP6_NEXT_ICMP = 58,
	IP6_NEXT_NONE = 59,
	IP6_NEXT_DSTOPTS = 60
};
enum { /* options of hop-by-hop and destination options headers */
	IP6_OPT_PAD1 = 0,
	IP6_OPT_PADN = 1,
	IP6_OPT_TUNNEL_LIMIT = 4, /* RFC 2473 */
	IP6_OPT_ROUTER_ALERT = 5, /* RFC 2711 */
	IP6_OPT_CALIPSO = 7,	  /* RFC 5570 */
	IP6_OPT_JUMBO = 0xc2,	  /* RFC 2675 */
	IP6_OPT_ACTION = 0xc0	  /* what to do with an unknown one: RFC 8200 4.2 */
};

#endif
