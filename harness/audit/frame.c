/* SPDX-License-Identifier: BSD-2-Clause */
/* Takes captured frames apart. Nothing here judges but what cannot be read at all. */
#include "harness/audit/frame.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

enum { ETHERTYPE_IP4 = 0x0800, ETHERTYPE_IP6 = 0x86dd, ETHERTYPE_VLAN = 0x8100 };
enum { IP6_HDR = 40, NEXT_HBH = 0, NEXT_TCP = 6, NEXT_ROUTING = 43, NEXT_FRAGMENT = 44, NEXT_NONE = 59,
	NEXT_DSTOPT = 60, NEXT_UNKNOWN = 255 };

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

static void parse_ip4(struct audit_frame *f)
{
	const uint8_t *p = f->l3;
	size_t have;

	if (f->l3_len < 20)
		return;
	f->ihl = (size_t)(p[0] & 15) * 4;
	f->total = get16(p + 2);
	f->ttl = p[8];
	f->proto = p[9];
	f->src = audit_addr_of4(p + 12);
	f->dst = audit_addr_of4(p + 16);
	f->pseudo = audit_frame_sum(f->proto, p + 12, 8);
	if (f->ihl < 20 || f->total < f->ihl || (!f->cut && f->total > f->l3_len) ||
	    f->ihl > f->l3_len)
		return;
	f->ip_ok = true;
	f->fragment = (get16(p + 6) & 0x3fff) != 0;
	f->frag_off = (get16(p + 6) & 0x1fffu) * 8;
	f->frag_more = get16(p + 6) >> 13 & 1;
	have = f->total < f->l3_len ? f->total : f->l3_len;
	f->l4 = p + f->ihl;
	f->l4_len = have - f->ihl;
	if (f->proto == NEXT_TCP && !f->fragment)
		parse_tcp(f);
}

/* The headers before the transport's, from `at` on: what follows them, or NEXT_UNKNOWN when one is cut
 * short, or leads elsewhere than to the destination written. */
static uint8_t pass_headers(struct audit_frame *f, uint8_t next, size_t *at, size_t end)
{
	bool first = true;

	for (; next == NEXT_HBH || next == NEXT_ROUTING || next == NEXT_FRAGMENT || next == NEXT_DSTOPT;
	     first = false) {
		const uint8_t *p = f->l3 + *at;
		size_t len;

		if (next == NEXT_HBH && !first)
			f->chain_ok = false;
		if (*at + 8 > end)
			return NEXT_UNKNOWN;
		len = next == NEXT_FRAGMENT ? 8 : ((size_t)p[1] + 1) * 8;
		if (*at + len > end || (next == NEXT_ROUTING && p[3] != 0))
			return NEXT_UNKNOWN;
		if (next == NEXT_FRAGMENT) {
			f->frag_off = get16(p + 2) & 0xfff8u;
			f->frag_more = p[3] & 1;
			f->fragment = f->frag_off || f->frag_more;
		}
		next = p[0];
		*at += len;
		if (f->frag_off) /* what follows is in the first piece */
			return next;
	}
	return next;
}

static void parse_ip6(struct audit_frame *f)
{
	const uint8_t *p = f->l3;
	size_t end;

	f->six = true;
	if (f->l3_len < IP6_HDR)
		return;
	f->total = IP6_HDR + (size_t)get16(p + 4);
	f->ttl = p[7];
	memcpy(f->src.b, p + 8, 16);
	memcpy(f->dst.b, p + 24, 16);
	f->chain_ok = true;
	f->ihl = IP6_HDR;
	if (!f->cut && f->total > f->l3_len)
		return;
	f->ip_ok = true;
	end = f->total < f->l3_len ? f->total : f->l3_len;
	f->proto = pass_headers(f, p[6], &f->ihl, end);
	f->pseudo = audit_frame_sum(f->proto, p + 8, 32);
	f->l4 = p + f->ihl;
	f->l4_len = end - f->ihl;
	if (f->proto == NEXT_TCP && !f->fragment)
		parse_tcp(f);
}

const char *audit_addr_text(const struct audit_addr *a, char text[AUDIT_ADDR_TEXT])
{
	struct audit_addr mapped = audit_addr_of4(a->b + 12);
	bool four = audit_addr_same(a, &mapped);

	inet_ntop(four ? AF_INET : AF_INET6, a->b + (four ? 12 : 0), text, AUDIT_ADDR_TEXT);
	return text;
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
	if (raw_ip && f->l3_len > 0 && f->l3[0] >> 4 == 6)
		f->ethertype = ETHERTYPE_IP6;
	if (f->ethertype == ETHERTYPE_IP4 && f->l3_len > 0 && f->l3[0] >> 4 == 4)
		parse_ip4(f);
	else if (f->ethertype == ETHERTYPE_IP6 && f->l3_len > 0 && f->l3[0] >> 4 == 6)
		parse_ip6(f);
}
