/* SPDX-License-Identifier: BSD-2-Clause */
/* The IPv4 header and its options (RFC 791), the ECN field (RFC 3168). Layout only. */
#ifndef WIRE_IP4_H
#define WIRE_IP4_H

#include <assert.h>

#include "base/be.h"

struct ip4_hdr {
	uint8_t ver_ihl; /* version in the high half, length in 32-bit words in the low one */
	uint8_t tos;	 /* DSCP in the high six bits, ECN in the low two */
	be16 len;	 /* header and data */
	be16 id;
	be16 frag; /* IP4_F_* and the offset in units of 8 bytes */
	uint8_t ttl, proto;
	be16 csum;
	be32 src, dst;
};
static_assert(sizeof(struct ip4_hdr) == 20 && _Alignof(struct ip4_hdr) == 1, "RFC 791 3.1");

enum {
	IP4_HDR_LEN = 20,
	IP4_HDR_MAX = 60,
	IP4_LEN_MAX = 65535,
	IP4_MTU_MIN = 68, /* RFC 791 3.2: every internet module forwards this much */
	IP4_F_RF = 0x8000,
	IP4_F_DF = 0x4000,
	IP4_F_MF = 0x2000,
	IP4_OFF_MASK = 0x1fff,
	IP4_ECN_MASK = 3,
	IP4_ECN_CE = 3
};
/* Option types, the copied flag included. */
enum {
	IP4_OPT_END = 0,
	IP4_OPT_NOP = 1,
	IP4_OPT_RR = 7,
	IP4_OPT_TS = 68,
	IP4_OPT_LSRR = 131,
	IP4_OPT_SSRR = 137,
	IP4_OPT_ROUTER_ALERT = 148
};

#endif
