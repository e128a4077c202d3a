/* SPDX-License-Identifier: BSD-2-Clause */
/* Rules of one packet of IPv6: its headers, ICMPv6, neighbour discovery, UDP. Called by audit.c. */
#include "harness/audit/flow.h"

enum { NEXT_TCP = 6, NEXT_UDP = 17, NEXT_ICMP6 = 58 };
enum { ECHO = 128, ECHO_REPLY = 129, RS = 133, REDIRECT = 137 };
enum { ND_HOPS = 255, ERROR_MAX = 1280 };

static bool is_loopback(const struct audit_addr *a)
{
	static const struct audit_addr loopback = { { [15] = 1 } };

	return audit_addr_same(a, &loopback);
}

static void rules_icmp6(struct audit *a, struct audit_host *h, const struct audit_frame *f)
{
	const uint8_t *p = f->l4;

	if (f->l4_len < 8 || f->cut)
		return;
	audit_judge(h, AUDIT_ICMP6_CHECKSUM,
		    audit_frame_sum(f->pseudo + (uint32_t)f->l4_len, p, f->l4_len) == 0xffff, f,
		    "checksum 0x%02x%02x", p[2], p[3]);
	if (p[0] < ECHO)
		audit_judge(h, AUDIT_ICMP6_ERROR_SIZE, f->total <= ERROR_MAX, f, "%zu octets", f->total);
	if (p[0] >= RS && p[0] <= REDIRECT)
		audit_judge(h, AUDIT_ND_HOPS, f->ttl == ND_HOPS, f, "type %u with hop limit %u", p[0],
			    f->ttl);
	audit_rules_echo(a, h, f, ECHO, ECHO_REPLY);
}

static void rules_fragment(struct audit_host *h, const struct audit_frame *f)
{
	audit_judge(h, AUDIT_IP6_FRAGMENT,
		    (!f->frag_more || (f->total - f->ihl) % 8 == 0) &&
			    f->frag_off + (f->total - f->ihl) <= 65535,
		    f, "%zu octets at %u%s", f->total - f->ihl, f->frag_off,
		    f->frag_more ? ", and more follow" : "");
}

bool audit_rules_ip6(struct audit *a, struct audit_host *h, const struct audit_frame *f)
{
	audit_judge(h, AUDIT_IP6_LENGTH, f->ip_ok, f, "total %zu, captured %zu", f->total, f->l3_len);
	if (!f->ip_ok)
		return false;
	audit_judge(h, AUDIT_IP6_SOURCE, f->src.b[0] != 0xff && !is_loopback(&f->src), f,
		    "source %s", f->src.b[0] == 0xff ? "is a group" : "is ::1");
	audit_judge(h, AUDIT_IP6_CHAIN, f->chain_ok, f, "hop-by-hop options behind another header");
	if (f->fragment) {
		rules_fragment(h, f);
		return true;
	}
	if (f->proto == NEXT_ICMP6) {
		rules_icmp6(a, h, f);
	} else if (f->proto == NEXT_UDP) {
		audit_rules_udp(h, f);
		if (f->l4_len >= 8)
			audit_judge(h, AUDIT_UDP6_SUMMED, f->l4[6] || f->l4[7], f, "no checksum");
	} else if (f->proto == NEXT_TCP && !f->cut) {
		return audit_rule_tcp_checksum(h, f);
	}
	return true;
}
