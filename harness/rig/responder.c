/* SPDX-License-Identifier: BSD-2-Clause */
/* Answers to ARP requests and neighbour solicitations; see responder.h. */
#include "harness/rig/responder.h"

#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

enum {
	ETH = 14,
	ARP_LEN = 28,
	IP6 = 40,
	NS_LEN = 24,
	NA_LEN = 32,
};

static uint32_t be16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static bool ours(const struct responder *r, int family, const uint8_t *bytes)
{
	for (unsigned int i = 0; i < r->naddr; i++)
		if (r->addr[i].family == family &&
		    memcmp(r->addr[i].bytes, bytes, family == AF_INET ? 4 : 16) == 0)
			return true;
	return false;
}

static size_t answer_arp(const struct responder *r, const uint8_t *frame, size_t len, uint8_t *out)
{
	static const uint8_t ether_ip4[6] = { 0, 1, 8, 0, 6, 4 };
	const uint8_t *arp = frame + ETH;

	if (len < ETH + ARP_LEN || memcmp(arp, ether_ip4, 6) != 0 || be16(arp + 6) != 1 ||
	    !ours(r, AF_INET, arp + 24))
		return 0;
	memset(out, 0, 60);
	memcpy(out, arp + 8, 6);
	memcpy(out + 6, r->mac.bytes, 6);
	memcpy(out + 12, "\x08\x06", 2);
	memcpy(out + ETH, ether_ip4, 6);
	out[ETH + 7] = 2;
	memcpy(out + ETH + 8, r->mac.bytes, 6);
	memcpy(out + ETH + 14, arp + 24, 4);
	memcpy(out + ETH + 18, arp + 8, 10); /* sender's MAC and address become the target's */
	return 60;
}

static uint32_t sum(const uint8_t *p, size_t n)
{
	uint32_t s = 0;

	for (size_t i = 0; i + 1 < n; i += 2)
		s += be16(p + i);
	return s;
}

/* The ICMPv6 checksum over pseudo header and message (RFC 4443 2.3); 0 when a received one is
 * right. */
static uint16_t icmp6_csum(const uint8_t *ip, const uint8_t *icmp, size_t n)
{
	uint32_t s = sum(ip + 8, 32) + sum(icmp, n) + (uint32_t)n + 58;

	if (n & 1)
		s += (uint32_t)icmp[n - 1] << 8;
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return (uint16_t)~s;
}

static bool is_unspecified(const uint8_t *a)
{
	static const uint8_t zero[16];

	return memcmp(a, zero, 16) == 0;
}

static size_t answer_ns(const struct responder *r, const uint8_t *frame, size_t len, uint8_t *out)
{
	static const uint8_t all_nodes[16] = { 0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 };
	const uint8_t *ip = frame + ETH, *ns = ip + IP6;
	uint8_t *oip = out + ETH, *na = oip + IP6;
	size_t n;
	bool dad;

	if (len < ETH + IP6 + NS_LEN || ip[0] >> 4 != 6 || ip[6] != 58 || ip[7] != 255)
		return 0;
	n = be16(ip + 4);
	if (n < NS_LEN || n > len - ETH - IP6 || ns[0] != 135 || ns[1] != 0 ||
	    icmp6_csum(ip, ns, n) != 0 || !ours(r, AF_INET6, ns + 8))
		return 0;
	dad = is_unspecified(ip + 8);
	memset(out, 0, ETH + IP6 + NA_LEN);
	memcpy(out, dad ? (const uint8_t *)"\x33\x33\0\0\0\1" : frame + 6, 6);
	memcpy(out + 6, r->mac.bytes, 6);
	memcpy(out + 12, "\x86\xdd", 2);
	oip[0] = 0x60;
	oip[5] = NA_LEN;
	oip[6] = 58;
	oip[7] = 255;
	memcpy(oip + 8, ns + 8, 16);
	memcpy(oip + 24, dad ? all_nodes : ip + 8, 16);
	na[0] = 136;
	na[4] = dad ? 0x20 : 0x60; /* solicited (not to a duplicate address test), override */
	memcpy(na + 8, ns + 8, 16);
	na[24] = 2; /* target link-layer address, 8 bytes */
	na[25] = 1;
	memcpy(na + 26, r->mac.bytes, 6);
	n = icmp6_csum(oip, na, NA_LEN);
	na[2] = (uint8_t)(n >> 8);
	na[3] = (uint8_t)n;
	return ETH + IP6 + NA_LEN;
}

size_t responder_answer(const struct responder *r, const uint8_t *frame, size_t len,
			uint8_t out[RESPONDER_FRAME_MAX])
{
	if (len < ETH)
		return 0;
	switch (be16(frame + 12)) {
	case 0x0806:
		return answer_arp(r, frame, len, out);
	case 0x86dd:
		return answer_ns(r, frame, len, out);
	default:
		return 0;
	}
}
