/* SPDX-License-Identifier: BSD-2-Clause */
/* Rules of one packet: ARP, IPv4, ICMP, UDP. */
#include <string.h>

#include "harness/audit/flow.h"

enum { ETHERTYPE_ARP = 0x0806 };

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static bool is_group(uint32_t ip)
{
	return ip >> 28 == 14 || ip == 0xffffffff;
}

void audit_rules_arp(struct audit *a, const struct audit_frame *f)
{
	const uint8_t *p = f->l3;
	struct audit_addr sender;
	struct audit_host *h;
	bool format;

	if (f->ethertype != ETHERTYPE_ARP || f->l3_len < 28)
		return;
	sender = audit_addr_of4(p + 14);
	h = audit_host_of(a, &sender);
	if (!h)
		return;
	format = get16(p) == 1 && get16(p + 2) == 0x0800 && p[4] == 6 && p[5] == 4;
	audit_judge(h, AUDIT_ARP_FORMAT, format, f,
		    "hardware %u, protocol 0x%04x, lengths %u and %u", get16(p), get16(p + 2), p[4],
		    p[5]);
	if (!format)
		return;
	audit_judge(h, AUDIT_ARP_SENDER, memcmp(p + 8, f->eth_src, 6) == 0, f,
		    "sender differs from the frame's source");
	audit_judge(h, AUDIT_ARP_BROADCAST, !(p[8] & 1) && !is_group(get32(p + 14)), f,
		    "sender is a group address");
}

void audit_rules_echo(struct audit *a, struct audit_host *h, const struct audit_frame *f,
		      uint8_t request, uint8_t reply)
{
	const uint8_t *p = f->l4;
	uint16_t sum = audit_frame_sum(0, p + 4, f->l4_len - 4);

	if (p[0] == request) {
		unsigned i = a->necho++ % 256;

		a->echo[i].src = f->src;
		a->echo[i].dst = f->dst;
		a->echo[i].id = get16(p + 4);
		a->echo[i].seq = get16(p + 6);
		a->echo[i].sum = sum;
	}
	if (p[0] != reply)
		return;
	for (unsigned i = 0; i < 256 && i < a->necho; i++)
		if (audit_addr_same(&a->echo[i].src, &f->dst) &&
		    audit_addr_same(&a->echo[i].dst, &f->src) &&
		    a->echo[i].id == get16(p + 4) && a->echo[i].seq == get16(p + 6)) {
			audit_judge(h, AUDIT_ICMP_ECHO, a->echo[i].sum == sum, f,
				    "data of request %u came back changed", get16(p + 6));
			return;
		}
}

static void rules_icmp(struct audit *a, struct audit_host *h, const struct audit_frame *f)
{
	if (f->l4_len < 8 || f->cut)
		return;
	audit_judge(h, AUDIT_ICMP_CHECKSUM, audit_frame_sum(0, f->l4, f->l4_len) == 0xffff, f,
		    "checksum 0x%04x", get16(f->l4 + 2));
	audit_rules_echo(a, h, f, 8, 0);
}

void audit_rules_udp(struct audit_host *h, const struct audit_frame *f)
{
	uint16_t len;

	if (f->l4_len < 8)
		return;
	len = get16(f->l4 + 4);
	audit_judge(h, AUDIT_UDP_LENGTH, len >= 8 && len <= f->total - f->ihl, f,
		    "length %u in %zu octets", len, f->total - f->ihl);
	if (f->cut || len < 8 || len > f->l4_len)
		return;
	audit_judge(h, AUDIT_UDP_CHECKSUM,
		    get16(f->l4 + 6) == 0 || audit_frame_sum(f->pseudo + len, f->l4, len) == 0xffff,
		    f, "checksum 0x%04x", get16(f->l4 + 6));
}

bool audit_rule_tcp_checksum(struct audit_host *h, const struct audit_frame *f)
{
	bool right = audit_frame_sum(f->pseudo + (uint32_t)f->l4_len, f->l4, f->l4_len) == 0xffff;

	audit_judge(h, AUDIT_TCP_CHECKSUM, right, f, "checksum 0x%04x",
		    f->l4_len >= 18 ? get16(f->l4 + 16) : 0);
	return right;
}

bool audit_rules_ip(struct audit *a, struct audit_host *h, const struct audit_frame *f)
{
	const uint8_t *p = f->l3;
	uint32_t src = get32(p + 12);

	audit_judge(h, AUDIT_IP_LENGTH, f->ip_ok, f, "header %zu, total %zu, captured %zu", f->ihl,
		    f->total, f->l3_len);
	if (!f->ip_ok)
		return false;
	audit_judge(h, AUDIT_IP_CHECKSUM, audit_frame_sum(0, p, f->ihl) == 0xffff, f,
		    "checksum 0x%04x", get16(p + 10));
	if (audit_frame_sum(0, p, f->ihl) != 0xffff)
		return false;
	audit_judge(h, AUDIT_IP_RESERVED, !(p[6] & 0x80), f, "flags 0x%02x", p[6]);
	audit_judge(h, AUDIT_IP_TTL, f->ttl > 0, f, "TTL 0");
	audit_judge(h, AUDIT_IP_SOURCE, !is_group(src) && src >> 24 != 127, f,
		    "source %u.%u.%u.%u", src >> 24, src >> 16 & 255, src >> 8 & 255, src & 255);
	if (f->fragment)
		return true;
	if (f->proto == 1)
		rules_icmp(a, h, f);
	else if (f->proto == 17)
		audit_rules_udp(h, f);
	else if (f->proto == 6 && !f->cut)
		return audit_rule_tcp_checksum(h, f);
	return true;
}
