/* SPDX-License-Identifier: BSD-2-Clause */
/* Takes captured frames apart. Nothing here judges but what cannot be read at all. */
#include "harness/audit/frame.h"

#include <string.h>

enum { ETHERTYPE_IP4 = 0x0800, ETHERTYPE_VLAN = 0x8100, PROTO_TCP = 6 };

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

uint16_t audit_frame_sum(uint32_t start, const uint8_t *bytes, size_t len)
{
	uint64_t sum = start;

	for (size_t i = 0; i + 1 < len; i += 2)
		sum += get16(bytes + i);
	if (len & 1)
		sum += (uint64_t)bytes[len - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static void take_option(struct audit_tcp *t, const uint8_t *p, unsigned len)
{
	switch (p[0]) {
	case 2:
		t->has_mss = len == 4;
		t->mss = len == 4 ? get16(p + 2) : 0;
		t->options_ok &= len == 4;
		break;
	case 3:
		t->has_wscale = len == 3;
		t->wscale = len == 3 ? p[2] : 0;
		t->options_ok &= len == 3;
		break;
	case 4:
		t->has_sackok = len == 2;
		t->options_ok &= len == 2;
		break;
	case 5:
		t->options_ok &= len >= 10 && (len - 2) % 8 == 0;
		for (unsigned at = 2; at + 8 <= len && t->nsack < AUDIT_SACK_MAX; at += 8) {
			t->sack[t->nsack].left = get32(p + at);
			t->sack[t->nsack++].right = get32(p + at + 4);
		}
		break;
	case 8:
		t->has_ts = len == 10;
		t->tsval = len == 10 ? get32(p + 2) : 0;
		t->tsecr = len == 10 ? get32(p + 6) : 0;
		t->options_ok &= len == 10;
		break;
	}
}

static void parse_options(struct audit_tcp *t, const uint8_t *p, unsigned len)
{
	t->options_ok = true;
	t->options_len = len;
	while (len > 0 && p[0] != 0) {
		unsigned step = p[0] == 1 ? 1 : len < 2 ? 0 : p[1];

		if (step == 0 || (p[0] != 1 && step < 2) || step > len) {
			t->options_ok = false;
			return;
		}
		take_option(t, p, step);
		p += step;
		len -= step;
	}
}

static void parse_tcp(struct audit_frame *f)
{
	struct audit_tcp *t = &f->tcp;
	const uint8_t *p = f->l4;
	unsigned hlen;

	if (f->l4_len < 20)
		return;
	hlen = (unsigned)(p[12] >> 4) * 4;
	if (hlen < 20 || hlen > f->l4_len)
		return;
	t->sport = get16(p);
	t->dport = get16(p + 2);
	t->seq = get32(p + 4);
	t->ack = get32(p + 8);
	t->reserved = (p[12] >> 1) & 7;
	t->flags = p[13] & 0x3f;
	t->window = get16(p + 14);
	parse_options(t, p + 20, hlen - 20);
	t->data = p + hlen;
	t->data_len = (uint32_t)(f->total - f->ihl - hlen);
	f->tcp_ok = true;
}

static void parse_ip(struct audit_frame *f)
{
	const uint8_t *p = f->l3;
	size_t have;

	if (f->l3_len < 20 || p[0] >> 4 != 4)
		return;
	f->ihl = (size_t)(p[0] & 15) * 4;
	f->total = get16(p + 2);
	f->ttl = p[8];
	f->proto = p[9];
	f->src = get32(p + 12);
	f->dst = get32(p + 16);
	if (f->ihl < 20 || f->total < f->ihl || (!f->cut && f->total > f->l3_len) ||
	    f->ihl > f->l3_len)
		return;
	f->ip_ok = true;
	f->fragment = (get16(p + 6) & 0x3fff) != 0;
	have = f->total < f->l3_len ? f->total : f->l3_len;
	f->l4 = p + f->ihl;
	f->l4_len = have - f->ihl;
	if (f->proto == PROTO_TCP && !f->fragment)
		parse_tcp(f);
}

void audit_frame_parse(struct audit_frame *f, bool raw_ip, const uint8_t *bytes, size_t len,
		       size_t wire_len)
{
	size_t at = 0;

	f->bytes = bytes;
	f->len = len;
	f->cut = wire_len > len;
	f->ether = !raw_ip;
	f->ethertype = ETHERTYPE_IP4;
	if (f->ether) {
		if (len < 14)
			return;
		f->eth_src = bytes + 6;
		f->ethertype = get16(bytes + 12);
		at = 14;
		if (f->ethertype == ETHERTYPE_VLAN && len >= 18) {
			f->ethertype = get16(bytes + 16);
			at = 18;
		}
	}
	f->l3 = at ? bytes + at : bytes; /* an empty frame may have no bytes */
	f->l3_len = len - at;
	if (f->ethertype == ETHERTYPE_IP4)
		parse_ip(f);
}
