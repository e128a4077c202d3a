/* SPDX-License-Identifier: BSD-2-Clause */
/* IP headers of frames; see ip.h. Believes no length but the frame's. */
#include "harness/link/ip.h"

enum {
	MACS = 12, TYPE_IP4 = 0x0800, TYPE_IP6 = 0x86dd, TYPE_VLAN = 0x8100, TYPE_QINQ = 0x88a8,
	VLAN_TAG = 4, VLANS_MAX = 2, IP4_HEADER = 20, IP6_HEADER = 40, ECN = 3, IP4_SUM = 10,
	PROTO_TCP = 6, PROTO_UDP = 17,
};

static unsigned int get16(const uint8_t *p)
{
	return (unsigned int)p[0] << 8 | p[1];
}

size_t link_ip_offset(enum link_l2 l2, const uint8_t *frame, size_t len)
{
	size_t at = MACS;
	unsigned int type;

	if (l2 == LINK_L2_IP)
		return 0;
	if (len < at + 2)
		return len;
	type = get16(frame + at);
	for (int i = 0; i < VLANS_MAX && (type == TYPE_VLAN || type == TYPE_QINQ); i++) {
		at += VLAN_TAG;
		if (len < at + 2)
			return len;
		type = get16(frame + at);
	}
	return type == TYPE_IP4 || type == TYPE_IP6 ? at + 2 : len;
}

/* 4 or 6 if a whole header of that version is there, or 0. */
static unsigned int version(const uint8_t *ip, size_t len)
{
	unsigned int v = len > 0 ? ip[0] >> 4 : 0;

	if (v == 4 && len >= IP4_HEADER)
		return 4;
	return v == 6 && len >= IP6_HEADER ? 6 : 0;
}

bool link_ip_can_ecn(enum link_l2 l2, const uint8_t *frame, size_t len)
{
	size_t at = link_ip_offset(l2, frame, len);
	unsigned int v = version(frame + at, len - at);

	if (v == 4)
		return (frame[at + 1] & ECN) != 0;
	return v == 6 && (frame[at + 1] >> 4 & ECN) != 0;
}

/* One word of the header grew by `by`: its sum shrinks by as much (RFC 1624). */
static void fix_sum(uint8_t *sum, unsigned int by)
{
	unsigned int s = (~get16(sum) & 0xffff) + by;

	s = (s & 0xffff) + (s >> 16);
	s = ~s & 0xffff;
	sum[0] = (uint8_t)(s >> 8);
	sum[1] = (uint8_t)s;
}

void link_ip_mark(enum link_l2 l2, uint8_t *frame, size_t len)
{
	size_t at = link_ip_offset(l2, frame, len);
	unsigned int v = version(frame + at, len - at);

	if (v == 4) {
		fix_sum(frame + at + IP4_SUM, ECN - (frame[at + 1] & ECN));
		frame[at + 1] |= ECN;
	} else if (v == 6) {
		frame[at + 1] |= ECN << 4;
	}
}

static uint64_t hash_bytes(uint64_t h, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * 0x100000001b3u;
	return h;
}

uint64_t link_flow_key(enum link_l2 l2, const uint8_t *frame, size_t len)
{
	size_t at = link_ip_offset(l2, frame, len), header;
	const uint8_t *ip = frame + at;
	unsigned int v = version(ip, len - at), proto;
	uint64_t h = 0xcbf29ce484222325u;

	if (v == 0)
		return h;
	header = v == 4 ? (ip[0] & 15u) * 4u : IP6_HEADER;
	proto = ip[v == 4 ? 9 : 6];
	h = v == 4 ? hash_bytes(h, ip + 12, 8) : hash_bytes(h, ip + 8, 32);
	h = (h ^ proto) * 0x100000001b3u;
	if (v == 4 && (get16(ip + 6) & 0x3fff) != 0)
		return h;
	if ((proto == PROTO_TCP || proto == PROTO_UDP) && len - at >= header + 4)
		h = hash_bytes(h, ip + header, 4);
	return h;
}
