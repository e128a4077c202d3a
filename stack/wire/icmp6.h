/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ICMPv6 (RFC 4443) and neighbour discovery (RFC 4861, 4191, 8106, 7527): messages, options and
 * the numbers in them. Layout only.
 */
#ifndef WIRE_ICMP6_H
#define WIRE_ICMP6_H

#include <assert.h>

#include "base/be.h"

struct icmp6_hdr {
	uint8_t type, code;
	be16 csum;
	union {
		struct {
			be16 id, seq;
		} echo;
		be32 mtu;     /* packet too big */
		be32 pointer; /* parameter problem */
		be32 word;
	} u;
};
static_assert(sizeof(struct icmp6_hdr) == 8 && _Alignof(struct icmp6_hdr) == 1, "RFC 4443 2.1");

enum {
	ICMP6_UNREACH = 1,
	ICMP6_TOO_BIG = 2,
	ICMP6_TIME_EXCEEDED = 3,
	ICMP6_PARAM_PROBLEM = 4,
	ICMP6_INFO_MIN = 128, /* types below are errors */
	ICMP6_ECHO = 128,
	ICMP6_ECHO_REPLY = 129,
	ICMP6_MLD_QUERY = 130,
	ICMP6_MLD_REPORT = 131,
	ICMP6_MLD_DONE = 132,
	ICMP6_RS = 133,
	ICMP6_RA = 134,
	ICMP6_NS = 135,
	ICMP6_NA = 136,
	ICMP6_REDIRECT = 137,
	ICMP6_MLD2_REPORT = 143
};
enum { /* codes of ICMP6_UNREACH */
	ICMP6_UNREACH_ROUTE = 0,
	ICMP6_UNREACH_ADMIN = 1,
	ICMP6_UNREACH_SCOPE = 2,
	ICMP6_UNREACH_ADDR = 3,
	ICMP6_UNREACH_PORT = 4,
	ICMP6_UNREACH_POLICY = 5,
	ICMP6_UNREACH_REJECT = 6
};
enum { /* codes of ICMP6_TIME_EXCEEDED and ICMP6_PARAM_PROBLEM */
	ICMP6_EXCEEDED_HOPS = 0,
	ICMP6_EXCEEDED_REASM = 1,
	ICMP6_PARAM_FIELD = 0,
	ICMP6_PARAM_NEXT = 1,
	ICMP6_PARAM_OPTION = 2,
	ICMP6_PARAM_CHAIN = 3 /* RFC 7112: the first fragment lacks headers */
};

struct nd_ns { /* RFC 4861 4.3 */
	struct icmp6_hdr icmp;
	uint8_t target[16];
};
struct nd_na { /* RFC 4861 4.4 */
	uint8_t type, code;
	be16 csum;
	uint8_t flags; /* ND_NA_* */
	uint8_t reserved[3];
	uint8_t target[16];
};
struct nd_ra { /* RFC 4861 4.2, RFC 4191 2.2 */
	uint8_t type, code;
	be16 csum;
	uint8_t hop_limit;
	uint8_t flags;	/* ND_RA_* */
	be16 lifetime;	/* s, as a default router */
	be32 reachable; /* ms; 0: says nothing */
	be32 retrans;	/* ms; 0: says nothing */
};
struct nd_redirect { /* RFC 4861 4.5 */
	struct icmp6_hdr icmp;
	uint8_t target[16], dst[16];
};
static_assert(sizeof(struct nd_ns) == 24 && sizeof(struct nd_na) == 24 &&
		      sizeof(struct nd_ra) == 16 && sizeof(struct nd_redirect) == 40,
	      "RFC 4861 4");

enum {
	ND_HOP_LIMIT = 255,
	ND_NA_ROUTER = 0x80,
	ND_NA_SOLICITED = 0x40,
	ND_NA_OVERRIDE = 0x20,
	ND_RA_MANAGED = 0x80,
	ND_RA_OTHER = 0x40,
	ND_RA_PREF_SHIFT = 3 /* two bits, signed: 01 high, 00 medium, 11 low */
};

struct nd_opt { /* how each option begins */
	uint8_t type;
	uint8_t len; /* in units of 8 bytes, this header included */
};
struct nd_opt_mac { /* source and target link-layer address, Ethernet */
	uint8_t type, len;
	uint8_t mac[6];
};
struct nd_opt_prefix { /* RFC 4861 4.6.2 */
	uint8_t type, len;
	uint8_t prefix_len;
	uint8_t flags; /* ND_PREFIX_* */
	be32 valid, preferred, reserved;
	uint8_t prefix[16];
};
struct nd_opt_mtu {
	uint8_t type, len;
	be16 reserved;
	be32 mtu;
};
struct nd_opt_route { /* RFC 4191 2.3; the prefix is 0, 8 or 16 bytes by len */
	uint8_t type, len;
	uint8_t prefix_len;
	uint8_t flags; /* preference where ND_RA_PREF_SHIFT says */
	be32 lifetime;
};
struct nd_opt_rdnss { /* RFC 8106 5.1; addresses behind it. 5.2's DNSSL begins the same way. */
	uint8_t type, len;
	be16 reserved;
	be32 lifetime;
};
struct nd_opt_nonce { /* RFC 3971 5.3.2, as RFC 7527 uses it: six bytes or more */
	uint8_t type, len;
	uint8_t nonce[6];
};
static_assert(sizeof(struct nd_opt_prefix) == 32 && sizeof(struct nd_opt_route) == 8,
	      "RFC 4861 4.6.2, RFC 4191 2.3");

enum {
	ND_OPT_SOURCE_MAC = 1,
	ND_OPT_TARGET_MAC = 2,
	ND_OPT_PREFIX = 3,
	ND_OPT_REDIRECTED = 4,
	ND_OPT_MTU = 5,
	ND_OPT_NONCE = 14,
	ND_OPT_ROUTE = 24,
	ND_OPT_RDNSS = 25,
	ND_OPT_DNSSL = 31,
	ND_PREFIX_ONLINK = 0x80,
	ND_PREFIX_AUTO = 0x40,
	ND_LIFETIME_INFINITE = -1 /* 0xffffffff */
};

#endif
