/* SPDX-License-Identifier: BSD-2-Clause */
/* The ICMPv4 header and its types and codes (RFC 792, RFC 1122 3.2.2, RFC 1191). Layout only. */
#ifndef WIRE_ICMP_H
#define WIRE_ICMP_H

#include <assert.h>

#include "base/be.h"

struct icmp_hdr {
	uint8_t type, code;
	be16 csum;
	union {
		struct {
			be16 id, seq;
		} echo;
		struct {
			be16 unused, mtu;
		} frag_needed;
		be32 word; /* Redirect: the gateway; Parameter Problem: the pointer, first octet */
	} u;
};
static_assert(sizeof(struct icmp_hdr) == 8 && _Alignof(struct icmp_hdr) == 1, "RFC 792");

struct icmp_timestamp {
	struct icmp_hdr h;
	be32 originated, received, sent; /* ms since midnight UT; high bit: of another clock */
};
static_assert(sizeof(struct icmp_timestamp) == 20, "RFC 792");

enum {
	ICMP4_ECHO_REPLY = 0,
	ICMP4_UNREACH = 3,
	ICMP4_SOURCE_QUENCH = 4,
	ICMP4_REDIRECT = 5,
	ICMP4_ECHO = 8,
	ICMP4_TIME_EXCEEDED = 11,
	ICMP4_PARAM_PROBLEM = 12,
	ICMP4_TIMESTAMP = 13,
	ICMP4_TIMESTAMP_REPLY = 14,
	ICMP4_ADDRESS = 17,
	ICMP4_ADDRESS_REPLY = 18,
	ICMP4_TYPE_MAX = 18
};
/* Codes of ICMP4_UNREACH. */
enum {
	ICMP4_UNREACH_NET = 0,
	ICMP4_UNREACH_HOST = 1,
	ICMP4_UNREACH_PROTO = 2,
	ICMP4_UNREACH_PORT = 3,
	ICMP4_UNREACH_FRAG_NEEDED = 4,
	ICMP4_UNREACH_SOURCE_ROUTE = 5,
	ICMP4_UNREACH_CODE_MAX = 15
};
/* Of ICMP4_REDIRECT: for network, host, and both by type of service. */
enum { ICMP4_REDIRECT_CODE_MAX = 3 };
/* Codes of ICMP4_TIME_EXCEEDED. */
enum {
	ICMP4_EXCEEDED_TTL = 0,
	ICMP4_EXCEEDED_REASM = 1
};

#endif
