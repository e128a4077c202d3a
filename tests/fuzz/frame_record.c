/* SPDX-License-Identifier: BSD-2-Clause */
/* The frames of frame_record.h. */
#include "tests/fuzz/frame_record.h"

#include <string.h>

static const uint8_t our_mac[6] = { 2, 0, 0, 0, 0, 2 }, peer_mac[6] = { 2, 0, 0, 0, 0, 1 };

void frame_record_ip_sum(uint8_t *ip)
{
	put16(ip + 10, 0);
	put16(ip + 10, 0xffff & ~promise_sum(0, ip, (size_t)(ip[0] & 15) * 4));
}

/* The place of the transport's checksum, or none. */
static int sum_place(uint8_t proto)
{
	return proto == 6 ? 16 : proto == 17 ? 6 : proto == 1 ? 2 : -1;
}

static void fix_l4(uint8_t *ip, size_t len)
{
	size_t ihl = (size_t)(ip[0] & 15) * 4, l4_len;
	int at = sum_place(ip[9]);
	uint32_t start;

	if (at < 0 || ihl < 20 || ihl > len || len - ihl < (size_t)at + 2)
		return;
	l4_len = len - ihl;
	start = ip[9] == 1 ? 0 : promise_sum(ip[9] + (uint32_t)l4_len, ip + 12, 8);
	put16(ip + ihl + at, 0);
	put16(ip + ihl + at, 0xffff & ~promise_sum(start, ip + ihl, l4_len));
}

static void fix_ip(struct frame_record *r, uint8_t *ip, size_t len)
{
	uint8_t peer = (uint8_t)(ip[15] & 0xf0 ? 1 : ip[15]);

	ip[0] = (uint8_t)(0x40 | ((ip[0] & 15) < 5 ? 5 : ip[0] & 15));
	put16(ip + 2, (unsigned)len);
	if (!(r->wish & WISH_FRAGMENT))
		ip[6] &= 0x40;
	if (!(r->wish & WISH_FRAGMENT))
		ip[7] = 0;
	memcpy(ip + 12, (const uint8_t[]){ 10, 0, 0, peer }, 4);
	if (ip[19] < 128)
		memcpy(ip + 16, (const uint8_t[]){ 10, 0, 0, 2 }, 4);
	if ((size_t)(ip[0] & 15) * 4 <= len)
		frame_record_ip_sum(ip);
}

static void read_offload(struct bytes *b, struct frame_record *r)
{
	r->has_offload = true;
	r->offload.flags = (uint8_t)bytes_u8(b);
	r->offload.gso_type = (uint8_t)bytes_u8(b);
	r->offload.hdr_len = (uint16_t)bytes_u16(b);
	r->offload.gso_size = (uint16_t)bytes_u16(b);
	r->offload.csum_start = (uint16_t)bytes_u16(b);
	r->offload.csum_offset = (uint16_t)bytes_u16(b);
}

bool frame_record_next(struct bytes *b, enum ph_link_kind kind, struct frame_record *r)
{
	size_t first = 0, left;

	if (b->at == b->end)
		return false;
	memset(r, 0, sizeof(*r));
	r->wish = bytes_u8(b);
	if (r->wish & WISH_TIME)
		r->time = bytes_u8(b);
	if (r->wish & WISH_OFFLOAD)
		read_offload(b, r);
	r->len = bytes_u16(b) % 1600;
	left = (size_t)(b->end - b->at);
	if (r->len > left)
		r->len = left;
	if (kind == PH_LINK_ETHER && r->wish & WISH_ETHER) {
		first = 14;
		memcpy(r->bytes, our_mac, 6);
		memcpy(r->bytes + 6, peer_mac, 6);
		put16(r->bytes + 12, 0x0800);
	}
	memcpy(r->bytes + first, b->at, r->len);
	b->at += r->len;
	if (r->wish & WISH_IP && r->len >= 20 && (kind == PH_LINK_IP || first))
		fix_ip(r, r->bytes + first, r->len);
	if (r->wish & WISH_L4 && r->len >= 20 && (kind == PH_LINK_IP || first))
		fix_l4(r->bytes + first, r->len);
	r->len += first;
	return true;
}
