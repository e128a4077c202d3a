/* SPDX-License-Identifier: BSD-2-Clause */
/* A captured frame taken apart for the audit: what the bytes say, checked for length, in host
 * order. */
#ifndef AUDIT_FRAME_H
#define AUDIT_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "harness/audit/audit.h"

enum { AUDIT_SACK_MAX = 4 };
enum { AUDIT_FIN = 1, AUDIT_SYN = 2, AUDIT_RST = 4, AUDIT_PSH = 8, AUDIT_ACK = 16, AUDIT_URG = 32 };

struct audit_tcp {
	uint16_t sport, dport, window;
	uint32_t seq, ack;
	uint8_t flags, reserved; /* reserved: the three bits before ECN's */
	bool options_ok;	 /* well formed */
	bool has_mss, has_wscale, has_sackok, has_ts;
	uint16_t mss;
	uint8_t wscale;
	uint32_t tsval, tsecr;
	unsigned nsack;
	struct {
		uint32_t left, right;
	} sack[AUDIT_SACK_MAX];
	unsigned options_len;
	const uint8_t *data; /* payload that was captured */
	uint32_t data_len;
};

struct audit_frame {
	uint64_t number;
	uint64_t time_ns;
	const uint8_t *bytes;
	size_t len; /* captured */
	bool cut;   /* captured less than there was */
	bool ether;
	const uint8_t *eth_src;
	uint16_t ethertype;
	const uint8_t *l3;
	size_t l3_len; /* bytes from the network header on, padding included */

	bool six;   /* of IPv6, else IPv4 */
	bool ip_ok; /* its header is whole and its length believable */
	bool chain_ok; /* IPv6: hop-by-hop options, if any, come first (RFC 8200 4.1) */
	struct audit_addr src, dst;
	uint8_t proto, ttl;
	size_t ihl, total; /* of IPv6 with what stands before the transport's header */
	uint32_t pseudo;   /* sum of the pseudo header, but for the length */
	bool fragment;
	unsigned frag_off; /* in octets */
	bool frag_more;
	const uint8_t *l4;
	size_t l4_len; /* within the datagram and what was captured */
	bool tcp_ok;
	struct audit_tcp tcp;
};

/* Takes a frame apart. raw_ip: no Ethernet header. len: bytes captured; wire_len: bytes there were.
 */
void audit_frame_parse(struct audit_frame *f, bool raw_ip, const uint8_t *bytes, size_t len,
		       size_t wire_len);
static inline bool audit_addr_same(const struct audit_addr *a, const struct audit_addr *b)
{
	return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

static inline struct audit_addr audit_addr_of4(const uint8_t ip[4])
{
	struct audit_addr a = { { [10] = 0xff, 0xff } };

	memcpy(a.b + 12, ip, 4);
	return a;
}

/* Sum of RFC 1071 over bytes, folded: 0xffff when a checksum within is right. */
uint16_t audit_frame_sum(uint32_t start, const uint8_t *bytes, size_t len);

#endif
