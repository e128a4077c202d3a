/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets as bytes: see net.h. The layouts are those of RFC 791, 8200, 9293, 768, 792 and 4443. */
#include "harness/drill/net.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { IP4_HDR = 20, IP6_HDR = 40, TCP_HDR = 20, UDP_HDR = 8, ICMP_HDR = 8 };
enum { P_ICMP = 1, P_TCP = 6, P_UDP = 17, P_ICMP6 = 58 };

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

/* RFC 1071, not folded. */
static uint32_t sum(uint32_t start, const uint8_t *p, size_t len)
{
	uint64_t s = start;

	for (; len > 1; p += 2, len -= 2)
		s += get16(p);
	if (len)
		s += (uint32_t)p[0] << 8;
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return (uint32_t)s;
}

static uint32_t pseudo(enum drill_ip ip, const struct ph_ip *src, const struct ph_ip *dst,
		       uint8_t proto, size_t len)
{
	size_t skip = ip == DRILL_IP4 ? 12 : 0;
	uint32_t s = sum(0, src->b + skip, 16 - skip);

	s = sum(s, dst->b + skip, 16 - skip);
	s += proto + (uint32_t)len;
	return sum(s, NULL, 0);
}

uint8_t drill_net_pattern(bool inbound, uint64_t offset)
{
	uint64_t x = offset + (inbound ? 0x5d : 1);

	/* Neither 256 nor any segment's usual size is a period. */
	return (uint8_t)(x ^ (x / 251) * 3 ^ (x / 63001) * 7);
}

/* ---- taken apart ---- */

__attribute__((format(printf, 2, 3))) static void wrong(struct drill_live *l, const char *fmt, ...)
{
	va_list ap;

	if (l->wrong[0])
		return; /* the first is the reason for the others */
	va_start(ap, fmt);
	vsnprintf(l->wrong, sizeof(l->wrong), fmt, ap);
	va_end(ap);
}

static int parse_tcp(struct drill_live *l, const uint8_t *p, size_t len)
{
	size_t hdr;

	if (len < TCP_HDR) {
		wrong(l, "a TCP header of %zu bytes; it has at least 20", len);
		return -1;
	}
	hdr = (size_t)(p[12] >> 4) * 4;
	if (hdr < TCP_HDR || hdr > len) {
		wrong(l, "TCP's data offset says %zu bytes of %zu", hdr, len);
		return -1;
	}
	if (p[12] & 0xe)
		wrong(l, "TCP's reserved bits are %u; they are zero", (p[12] & 0xeu) >> 1);
	if (sum(pseudo(l->ip, &l->src, &l->dst, P_TCP, len), p, len) != 0xffff)
		wrong(l, "the TCP checksum 0x%04x is wrong", get16(p + 16));
	l->l4 = DRILL_L4_TCP;
	l->sport = get16(p);
	l->dport = get16(p + 2);
	l->seq = get32(p + 4);
	l->ack = get32(p + 8);
	l->flags = get16(p + 12) & 0x1ff;
	l->win = get16(p + 14);
	l->urg = get16(p + 18);
	l->opt = p + TCP_HDR;
	l->opt_len = hdr - TCP_HDR;
	l->data = p + hdr;
	l->data_len = len - hdr;
	return 0;
}

static int parse_udp(struct drill_live *l, const uint8_t *p, size_t len)
{
	if (len < UDP_HDR || get16(p + 4) != len) {
		wrong(l, "UDP's length does not fit the %zu bytes there are", len);
		return -1;
	}
	if ((get16(p + 6) || l->ip == DRILL_IP6) &&
	    sum(pseudo(l->ip, &l->src, &l->dst, P_UDP, len), p, len) != 0xffff)
		wrong(l, "the UDP checksum 0x%04x is wrong", get16(p + 6));
	l->l4 = DRILL_L4_UDP;
	l->sport = get16(p);
	l->dport = get16(p + 2);
	l->data = p + UDP_HDR;
	l->data_len = len - UDP_HDR;
	return 0;
}

static int parse_icmp(struct drill_live *l, const uint8_t *p, size_t len)
{
	uint32_t start = l->ip == DRILL_IP6 ? pseudo(l->ip, &l->src, &l->dst, P_ICMP6, len) : 0;

	if (len < ICMP_HDR) {
		wrong(l, "an ICMP header of %zu bytes; it has 8", len);
		return -1;
	}
	if (sum(start, p, len) != 0xffff)
		wrong(l, "the ICMP checksum 0x%04x is wrong", get16(p + 2));
	l->l4 = DRILL_L4_ICMP;
	l->icmp_type = p[0];
	l->icmp_code = p[1];
	l->icmp_rest = get32(p + 4);
	l->data = p + ICMP_HDR;
	l->data_len = len - ICMP_HDR;
	return 0;
}

static int parse_l4(struct drill_live *l, const uint8_t *p, size_t len)
{
	if (l->proto == P_TCP)
		return parse_tcp(l, p, len);
	if (l->proto == P_UDP)
		return parse_udp(l, p, len);
	if (l->proto == (l->ip == DRILL_IP4 ? P_ICMP : P_ICMP6))
		return parse_icmp(l, p, len);
	wrong(l, "protocol %u above IP; scripts know TCP, UDP and ICMP", l->proto);
	return -1;
}

static int parse_ip4(struct drill_live *l, const uint8_t *p, size_t len)
{
	size_t ihl = (size_t)(p[0] & 0xf) * 4;

	if (len < IP4_HDR || ihl < IP4_HDR || ihl > len) {
		wrong(l, "an IPv4 header of %zu bytes in a packet of %zu", ihl, len);
		return -1;
	}
	l->ip = DRILL_IP4;
	if (get16(p + 2) != len)
		wrong(l, "IPv4's total length is %u; the packet has %zu bytes", get16(p + 2), len);
	if (sum(0, p, ihl) != 0xffff)
		wrong(l, "the IPv4 checksum 0x%04x is wrong", get16(p + 10));
	if (get16(p + 6) & 0x3fff) {
		wrong(l, "a fragment; scripts look at whole datagrams");
		return -1;
	}
	l->tos = p[1];
	l->ttl = p[8];
	l->proto = p[9];
	l->src = ph_ip4(p[12], p[13], p[14], p[15]);
	l->dst = ph_ip4(p[16], p[17], p[18], p[19]);
	return parse_l4(l, p + ihl, len - ihl);
}

static int parse_ip6(struct drill_live *l, const uint8_t *p, size_t len)
{
	if (len < IP6_HDR) {
		wrong(l, "an IPv6 packet of %zu bytes; its header has 40", len);
		return -1;
	}
	l->ip = DRILL_IP6;
	if (get16(p + 4) + (size_t)IP6_HDR != len)
		wrong(l, "IPv6's payload length is %u; the packet has %zu bytes", get16(p + 4),
		      len);
	l->tos = (uint8_t)(get16(p) >> 4);
	l->flowlabel = get32(p) & 0xfffff;
	l->proto = p[6];
	l->ttl = p[7];
	memcpy(l->src.b, p + 8, 16);
	memcpy(l->dst.b, p + 24, 16);
	return parse_l4(l, p + IP6_HDR, len - IP6_HDR);
}

int drill_net_parse(const uint8_t *bytes, size_t len, struct drill_live *out)
{
	*out = (struct drill_live){ .bytes = bytes, .len = len };
	if (len > 0 && bytes[0] >> 4 == 4)
		return parse_ip4(out, bytes, len);
	if (len > 0 && bytes[0] >> 4 == 6)
		return parse_ip6(out, bytes, len);
	wrong(out, "neither IPv4 nor IPv6");
	return -1;
}

/* ---- put together ---- */

static size_t push_ip(const struct drill_build *b, uint8_t proto, size_t len, uint8_t *out)
{
	if (ph_ip_is4(&b->ends.src)) {
		out[0] = 0x45;
		out[1] = b->tos;
		put16(out + 2, (uint32_t)(IP4_HDR + len));
		put32(out + 4, 0x4000); /* id 0, don't fragment */
		out[8] = b->ttl ? b->ttl : 255;
		out[9] = proto;
		put16(out + 10, 0);
		memcpy(out + 12, b->ends.src.b + 12, 4);
		memcpy(out + 16, b->ends.dst.b + 12, 4);
		put16(out + 10, ~sum(0, out, IP4_HDR));
		return IP4_HDR + len;
	}
	put32(out, 6u << 28 | (uint32_t)b->tos << 20 | b->flowlabel);
	put16(out + 4, (uint32_t)len);
	out[6] = proto;
	out[7] = b->ttl ? b->ttl : 255;
	memcpy(out + 8, b->ends.src.b, 16);
	memcpy(out + 24, b->ends.dst.b, 16);
	return IP6_HDR + len;
}

/* Where the transport header goes, or NULL when `len` bytes of it do not fit. */
static uint8_t *l4_of(const struct drill_build *b, uint8_t *out, size_t len)
{
	size_t hdr = ph_ip_is4(&b->ends.src) ? IP4_HDR : IP6_HDR;

	return hdr + len > DRILL_NET_MAX ? NULL : out + hdr;
}

static uint32_t pseudo_of(const struct drill_build *b, uint8_t proto, size_t len)
{
	return pseudo(ph_ip_is4(&b->ends.src) ? DRILL_IP4 : DRILL_IP6, &b->ends.src, &b->ends.dst,
		      proto, len);
}

size_t drill_net_tcp(const struct drill_build *b, uint8_t *out)
{
	size_t hdr = TCP_HDR + b->opt_len, len = hdr + b->data_len;
	uint8_t *p = l4_of(b, out, len);

	if (!p)
		return 0;
	put16(p, b->ends.sport);
	put16(p + 2, b->ends.dport);
	put32(p + 4, b->seq);
	put32(p + 8, b->ack);
	put16(p + 12, (uint32_t)(hdr / 4) << 12 | (b->flags & 0x1ff));
	put16(p + 14, b->win);
	put16(p + 16, 0);
	put16(p + 18, b->urg);
	if (b->opt_len)
		memcpy(p + TCP_HDR, b->opt, b->opt_len);
	if (b->data_len)
		memcpy(p + hdr, b->data, b->data_len);
	put16(p + 16, ~sum(pseudo_of(b, P_TCP, len), p, len));
	return push_ip(b, P_TCP, len, out);
}

size_t drill_net_udp(const struct drill_build *b, uint8_t *out)
{
	size_t len = UDP_HDR + b->data_len;
	uint8_t *p = l4_of(b, out, len);
	uint16_t check;

	if (!p)
		return 0;
	put16(p, b->ends.sport);
	put16(p + 2, b->ends.dport);
	put16(p + 4, (uint32_t)len);
	put16(p + 6, 0);
	if (b->data_len)
		memcpy(p + UDP_HDR, b->data, b->data_len);
	check = (uint16_t)~sum(pseudo_of(b, P_UDP, len), p, len);
	put16(p + 6, check ? check : 0xffff); /* RFC 768: zero would say that there is none */
	return push_ip(b, P_UDP, len, out);
}

size_t drill_net_icmp(const struct drill_build *b, uint8_t type, uint8_t code, uint32_t rest,
		      uint8_t *out)
{
	bool v4 = ph_ip_is4(&b->ends.src);
	uint8_t proto = v4 ? P_ICMP : P_ICMP6;
	size_t len = ICMP_HDR + b->data_len;
	uint8_t *p = l4_of(b, out, len);

	if (!p)
		return 0;
	p[0] = type;
	p[1] = code;
	put16(p + 2, 0);
	put32(p + 4, rest);
	if (b->data_len)
		memcpy(p + ICMP_HDR, b->data, b->data_len);
	put16(p + 2, ~sum(v4 ? 0 : pseudo_of(b, proto, len), p, len));
	return push_ip(b, proto, len, out);
}
