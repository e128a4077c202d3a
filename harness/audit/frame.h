/* SPDX-License-Identifier: BSD-2-Clause */
/* A captured frame taken apart for the audit: what the bytes say, checked for length, in host
 * order. */
#ifndef AUDIT_FRAME_H
#define AUDIT_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

	bool ip_ok; /* IPv4, its header whole and its length believable */
	uint32_t src, dst;
	uint8_t proto, ttl;
	size_t ihl, total;
	bool fragment;
	const uint8_t *l4;
	size_t l4_len; /* within the datagram and what was captured */
	bool tcp_ok;
	struct audit_tcp tcp;
};

/* Takes a frame apart. raw_ip: no Ethernet header. len: bytes captured; wire_len: bytes there were.
 */
void audit_frame_parse(struct audit_frame *f, bool raw_ip, const uint8_t *bytes, size_t len,
		       size_t wire_len);
/* Sum of RFC 1071 over bytes, folded: 0xffff when a checksum within is right. */
uint16_t audit_frame_sum(uint32_t start, const uint8_t *bytes, size_t len);

#endif
