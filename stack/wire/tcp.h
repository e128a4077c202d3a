/* SPDX-License-Identifier: BSD-2-Clause */
/* The TCP header (RFC 9293 3.1) and the numbers in it. Layout only. */
#ifndef WIRE_TCP_H
#define WIRE_TCP_H

#include <assert.h>
#include <stdint.h>

#include "base/be.h"

struct tcp_hdr {
	be16 sport, dport;
	be32 seq, ack;
	uint8_t off;   /* data offset in 32-bit words, times 16; the low bit is AE (RFC 9768) */
	uint8_t flags; /* TCP_F_* */
	be16 wnd, csum, urg;
};
static_assert(sizeof(struct tcp_hdr) == 20 && _Alignof(struct tcp_hdr) == 1, "RFC 9293 3.1");

enum {
	TCP_F_FIN = 0x01,
	TCP_F_SYN = 0x02,
	TCP_F_RST = 0x04,
	TCP_F_PSH = 0x08,
	TCP_F_ACK = 0x10,
	TCP_F_URG = 0x20,
	TCP_F_ECE = 0x40,
	TCP_F_CWR = 0x80,
	TCP_F_AE = 0x100
};

enum {
	TCP_OPT_EOL = 0,
	TCP_OPT_NOP = 1,
	TCP_OPT_MSS = 2,      /* length 4 */
	TCP_OPT_WSCALE = 3,   /* 3, RFC 7323 2.2 */
	TCP_OPT_SACK_OK = 4,  /* 2, RFC 2018 2 */
	TCP_OPT_SACK = 5,     /* 2 + 8n, RFC 2018 3 */
	TCP_OPT_TS = 8,	      /* 10, RFC 7323 3.2 */
	TCP_OPT_MD5 = 19,      /* 18, RFC 2385 3.0 */
	TCP_OPT_FASTOPEN = 34, /* 2, or 2 and a cookie of 4 to 16, RFC 7413 4.1.1 */
	TCP_OPT_ACCECN0 = 172, /* 2 + 3n, RFC 9768 3.2.3: ECT(0), CE, ECT(1) */
	TCP_OPT_ACCECN1 = 174, /* ECT(1), CE, ECT(0) */
	TCP_OPT_EXP = 254,     /* 4 and more, RFC 6994: two bytes say whose */
	TCP_EXP_FASTOPEN = 0xf989 /* Fast Open's, before it had a kind of its own */
};

enum {
	TCP_HDR_LEN = 20,
	TCP_HDR_MAX = 60,
	TCP_OPTS_MAX = 40,
	TCP_CSUM_OFF = 16,    /* of the checksum field */
	TCP_SACK_MAX = 4,     /* blocks that fit in the options */
	TCP_COOKIE_MIN = 4,   /* bytes of a Fast Open cookie */
	TCP_COOKIE_MAX = 16,
	TCP_ACCECN_FIELDS = 3, /* of an AccECN option at most, of three bytes each */
	TCP_WSCALE_MAX = 14   /* RFC 7323 2.3 */
};

#endif
