/* SPDX-License-Identifier: BSD-2-Clause */
/* A router's ICMPv6: neighbours, advertisements, questions for groups; see gate.h. */
#include <string.h>

#include "harness/sim/gate.h"
#include "harness/sim/sum.h"

enum {
	ETH = 14, IP6 = 40, ICMP = ETH + IP6, ICMP6 = 58, HOPS = 255, ROOM = 512,
	RS = 133, RA = 134, NS = 135, NA = 136, MLD_QUERY = 130, MLD_REPORT = 131, MLD_DONE = 132,
	MLD2_REPORT = 143,
	OPT_SOURCE = 1, OPT_TARGET = 2, OPT_PREFIX = 3, OPT_MTU = 5, OPT_DNS = 25,
	ON_LINK_AUTO = 0xc0, ROUTER_SOLICITED_OVERRIDE = 0xe0
};
#define SECOND 1000000000ull

static const uint8_t all_nodes[16] = { 0xff, 2, [15] = 1 };

static void group_mac(const uint8_t ip[16], uint8_t mac[6])
{
	mac[0] = mac[1] = 0x33;
	memcpy(mac + 2, ip + 12, 4);
}

/* Fills in everything before the message at ICMP, `len` octets of the frame in all, from the port's
 * link-local address. */
static void send(struct gate *g, struct gate_port *p, uint8_t *f, size_t len, const uint8_t dst[16],
		 const uint8_t *mac)
{
	uint8_t *ip = f + ETH, *m = f + ICMP, group[6];
	uint8_t end[8] = { [7] = ICMP6 };

	ip[0] = 0x60;
	sim_put16(ip + 4, (uint32_t)(len - ICMP));
	ip[6] = ICMP6;
	ip[7] = HOPS;
	gate_router6(p, ip + 8);
	memcpy(ip + 24, dst, 16);
	sim_put32(end, (uint32_t)(len - ICMP));
	sim_put16(m + 2, 0);
	sim_put16(m + 2, ~sim_sum(sim_sum(sim_sum(0, ip + 8, 32), end, 8), m, len - ICMP) & 0xffff);
	group_mac(dst, group);
	gate_send(g, p->dev, f, len, mac ? mac : group);
}

static uint8_t *put_mac(uint8_t *o, const struct gate_port *p, uint8_t type)
{
	*o++ = type;
	*o++ = 1;
	memcpy(o, p->dev->topo->mac.bytes, 6);
	return o + 6;
}

static uint8_t *put_prefix(uint8_t *o, const struct gate_prefix *x)
{
	memset(o, 0, 32);
	o[0] = OPT_PREFIX;
	o[1] = 4;
	o[2] = 64;
	o[3] = ON_LINK_AUTO;
	sim_put32(o + 4, x->valid_s);
	sim_put32(o + 8, x->preferred_s);
	memcpy(o + 16, x->ip, 8);
	return o + 32;
}

void gate_advertise(struct gate *g, struct gate_port *p)
{
	uint8_t f[ROOM] = { 0 }, *m = f + ICMP, *o = m + 16;
	uint64_t until = g->net->now + p->router_s * SECOND;

	m[0] = RA;
	m[4] = 64;
	m[5] = p->preferred ? 0x08 : 0;
	sim_put16(m + 6, p->router_s);
	o = put_mac(o, p, OPT_SOURCE);
	if (p->mtu6) {
		o[0] = OPT_MTU;
		o[1] = 1;
		sim_put32(o + 4, p->mtu6);
		o += 8;
	}
	for (unsigned i = 0; i < GATE_PREFIXES; i++) {
		struct gate_prefix *x = &p->prefix[i];
		uint64_t end = g->net->now + x->valid_s * SECOND;

		if (!x->told)
			continue;
		o = put_prefix(o, x);
		x->onlink_ns = end; /* RFC 4861 6.3.4 has no such rule as */
		if (end > x->until_ns) /* RFC 4862 5.5.3 (e): less than two hours is never less */
			x->until_ns = end;
	}
	if (p->router_s) {
		o[0] = OPT_DNS;
		o[1] = 3;
		sim_put32(o + 4, p->router_s);
		gate_router6(p, o + 8);
		o += 24;
	}
	p->router_until_ns = until;
	p->dns_until_ns = p->router_s ? until : p->dns_until_ns;
	send(g, p, f, (size_t)(o - f), all_nodes, NULL);
}

void gate_solicit6(struct gate *g, struct gate_port *p, const uint8_t target[16])
{
	uint8_t f[ROOM] = { 0 }, *m = f + ICMP;
	uint8_t dst[16] = { 0xff, 2, [11] = 1, [12] = 0xff };

	memcpy(dst + 13, target + 13, 3);
	m[0] = NS;
	memcpy(m + 8, target, 16);
	send(g, p, f, (size_t)(put_mac(m + 24, p, OPT_SOURCE) - f), dst, NULL);
}

void gate_query6(struct gate *g, struct gate_port *p)
{
	enum { OPTION = 8, QUERY = 28, LEN = ICMP + OPTION + QUERY };
	uint8_t f[LEN] = { 0 }, *ip = f + ETH, *m = f + ICMP + OPTION, mac[6];
	uint8_t end[8] = { [3] = QUERY, [7] = ICMP6 };

	ip[0] = 0x60;
	sim_put16(ip + 4, OPTION + QUERY);
	ip[7] = 1;
	gate_router6(p, ip + 8);
	memcpy(ip + 24, all_nodes, 16);
	f[ICMP] = ICMP6;
	f[ICMP + 2] = 5; /* router alert (RFC 2711): MLD */
	f[ICMP + 3] = 2;
	f[ICMP + 6] = 1; /* two octets of padding */
	m[0] = MLD_QUERY;
	sim_put16(m + 4, 5000);
	m[24] = 2;
	m[25] = GATE_QUERY_S;
	sim_put16(m + 2, ~sim_sum(sim_sum(sim_sum(0, ip + 8, 32), end, 8), m, QUERY) & 0xffff);
	group_mac(all_nodes, mac);
	gate_send(g, p->dev, f, LEN, mac);
}

static void hear_mld2(struct gate *g, struct gate_port *p, const uint8_t *m, size_t len)
{
	for (size_t at = 8, n = sim_get16(m + 6); n > 0 && at + 20 <= len; n--) {
		size_t sources = sim_get16(m + at + 2);

		if (memcmp(m + at + 4, gate_group6, 16) == 0) {
			bool left = sources == 0 && (m[at] == 1 || m[at] == 3);

			*(left ? &p->left6_ns : &p->group6_ns) = g->net->now;
		}
		at += 20 + 16 * sources;
	}
}

static void hear_solicitation(struct gate *g, struct gate_port *p, const uint8_t *ip,
			      const uint8_t *m, size_t len)
{
	uint8_t f[ROOM] = { 0 }, *o = f + ICMP;
	const uint8_t *opt = m + 24;

	if (len < 24 || !gate_answers6(p, m + 8) || ip[8] == 0)
		return;
	o[0] = NA;
	o[4] = ROUTER_SOLICITED_OVERRIDE;
	memcpy(o + 8, m + 8, 16);
	if (len >= 32 && opt[0] == OPT_SOURCE)
		send(g, p, f, (size_t)(put_mac(o + 24, p, OPT_TARGET) - f), ip + 8, opt + 2);
	else /* gate.c has learnt it from the frame */
		for (unsigned i = 0; i < GATE_KNOWN; i++)
			if (g->known[i].dev == p->dev && memcmp(g->known[i].ip, ip + 8, 16) == 0)
				send(g, p, f, (size_t)(put_mac(o + 24, p, OPT_TARGET) - f), ip + 8,
				     g->known[i].mac);
}

void gate_icmp6(struct gate *g, struct gate_port *p, const uint8_t *ip, const uint8_t *m, size_t len)
{
	uint8_t end[8] = { [7] = ICMP6 };

	sim_put32(end, (uint32_t)len);
	if (len < 8 || sim_sum(sim_sum(sim_sum(0, ip + 8, 32), end, 8), m, len) != 0xffff)
		return;
	if (m[0] == RS && p->advertises) {
		p->count.solicit++;
		gate_advertise(g, p);
	} else if (m[0] == NS) {
		hear_solicitation(g, p, ip, m, len);
	} else if (m[0] == MLD2_REPORT) {
		hear_mld2(g, p, m, len);
	} else if (m[0] == MLD_REPORT && len >= 24 && memcmp(m + 8, gate_group6, 16) == 0) {
		p->group6_ns = g->net->now;
	} else if (m[0] == MLD_DONE && len >= 24 && memcmp(m + 8, gate_group6, 16) == 0) {
		p->left6_ns = g->net->now;
	}
}
