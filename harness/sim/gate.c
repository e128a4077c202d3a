/* SPDX-License-Identifier: BSD-2-Clause */
/* A router's neighbours, IPv4 and forwarding; see gate.h. */
#include "harness/sim/gate.h"

#include <string.h>

#include "harness/sim/sum.h"

enum {
	ETH = 14, MAC = 6, ARP_LEN = 28, IP4_MIN = 20, IP6 = 40, UDP = 8, TTL = 64,
	PROTO_HOPOPTS = 0, PROTO_IGMP = 2, PROTO_UDP = 17, PROTO_ICMP6 = 58,
	DHCP_SERVER = 67,
	IGMP_QUERY = 0x11, IGMP2_REPORT = 0x16, IGMP2_LEAVE = 0x17, IGMP3_REPORT = 0x22
};
#define SECOND 1000000000ull

const uint8_t gate_group4[4] = { 239, 7, 7, 7 };
const uint8_t gate_group6[16] = { 0xff, 0x15, [15] = 0x77 };

static const uint8_t everybody[MAC] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

static struct gate_port *port_of(struct gate *g, const struct sim_dev *d)
{
	for (unsigned i = 0; i < GATE_PORTS; i++)
		if (g->port[i].dev == d)
			return &g->port[i];
	return NULL;
}

void gate_router4(const struct gate_port *p, uint8_t ip[4])
{
	memcpy(ip, p->net, 4);
	ip[3] = GATE_ROUTER_OCTET;
}

void gate_router6(const struct gate_port *p, uint8_t ip[16])
{
	memset(ip, 0, 16);
	ip[0] = 0xfe;
	ip[1] = 0x80;
	ip[15] = (uint8_t)(p->index + 1);
}

bool gate_lease_holds(const struct gate_port *p, const uint8_t ip[4], uint64_t now_ns)
{
	for (unsigned i = 0; i < GATE_LEASES; i++)
		if (memcmp(p->lease[i].ip, ip, 4) == 0 && p->lease[i].until_ns >= now_ns)
			return true;
	return false;
}

bool gate_prefix_holds(const struct gate_port *p, const uint8_t ip[16], uint64_t now_ns)
{
	for (unsigned i = 0; i < GATE_PREFIXES; i++)
		if (memcmp(p->prefix[i].ip, ip, 8) == 0 && p->prefix[i].until_ns >= now_ns)
			return true;
	return false;
}

bool gate_answers6(const struct gate_port *p, const uint8_t ip[16])
{
	uint8_t own[16];

	gate_router6(p, own);
	return memcmp(ip, own, 16) == 0 ||
	       (memcmp(ip + 8, (const uint8_t[8]){ [7] = GATE_FAR_OCTET }, 8) == 0 &&
		gate_prefix_holds(p, ip, 0));
}

void gate_send(struct gate *g, struct sim_dev *d, uint8_t *frame, size_t len, const uint8_t mac[6])
{
	memcpy(frame, mac, MAC);
	memcpy(frame + MAC, d->topo->mac.bytes, MAC);
	sim_put16(frame + 12, frame[ETH] >> 4 == 4 ? 0x0800 : 0x86dd);
	g->net->tag = ++g->net->tags;
	sim_dev_send(g->net, d, frame, len);
}

/* ---- neighbours ------------------------------------------------------------------------------- */

static void mapped(const uint8_t ip4[4], uint8_t ip[16])
{
	memset(ip, 0, 10);
	memset(ip + 10, 0xff, 2);
	memcpy(ip + 12, ip4, 4);
}

static struct gate_known *find(struct gate *g, const struct sim_dev *d, const uint8_t ip[16])
{
	for (unsigned i = 0; i < GATE_KNOWN; i++)
		if (g->known[i].dev == d && memcmp(g->known[i].ip, ip, 16) == 0)
			return &g->known[i];
	return NULL;
}

static void learn(struct gate *g, struct sim_dev *d, const uint8_t ip[16], const uint8_t *mac)
{
	struct gate_known *k = find(g, d, ip);

	if (!k)
		k = &g->known[g->nknown++ % GATE_KNOWN];
	k->dev = d;
	memcpy(k->ip, ip, 16);
	memcpy(k->mac, mac, MAC);
}

static void arp(struct gate *g, struct gate_port *p, unsigned op, const uint8_t *mac,
		const uint8_t *ip, uint8_t from)
{
	uint8_t f[ETH + ARP_LEN] = { 0 };

	memcpy(f, op == 1 ? everybody : mac, MAC);
	memcpy(f + MAC, p->dev->topo->mac.bytes, MAC);
	sim_put16(f + 12, 0x0806);
	sim_put16(f + 14, 1);
	sim_put16(f + 16, 0x0800);
	f[18] = MAC;
	f[19] = 4;
	sim_put16(f + 20, op);
	memcpy(f + 22, p->dev->topo->mac.bytes, MAC);
	gate_router4(p, f + 28);
	f[31] = from;
	if (op == 2)
		memcpy(f + 32, mac, MAC);
	memcpy(f + 38, ip, 4);
	g->net->tag = ++g->net->tags;
	sim_dev_send(g->net, p->dev, f, sizeof(f));
}

static void hear_arp(struct gate *g, struct gate_port *p, const uint8_t *f, size_t len)
{
	static const uint8_t none[4];
	uint8_t own[4], ip[16];

	if (len < ETH + ARP_LEN)
		return;
	gate_router4(p, own);
	if (memcmp(f + 28, none, 4) != 0) {
		mapped(f + 28, ip);
		learn(g, p->dev, ip, f + 22);
	}
	if (sim_get16(f + 20) == 1 && memcmp(f + 38, own, 3) == 0 &&
	    (f[41] == GATE_ROUTER_OCTET || f[41] == GATE_FAR_OCTET))
		arp(g, p, 2, f + 22, f + 28, f[41]);
}

/* ---- groups ----------------------------------------------------------------------------------- */

static void hear_igmp(struct gate *g, struct gate_port *p, const uint8_t *m, size_t len)
{
	if (len < 8)
		return;
	if (m[0] == IGMP2_REPORT && memcmp(m + 4, gate_group4, 4) == 0)
		p->group4_ns = g->net->now;
	if (m[0] == IGMP2_LEAVE && memcmp(m + 4, gate_group4, 4) == 0)
		p->left4_ns = g->net->now;
	if (m[0] != IGMP3_REPORT)
		return;
	for (size_t at = 8, n = sim_get16(m + 6); n > 0 && at + 8 <= len; n--) {
		size_t sources = sim_get16(m + at + 2);

		if (memcmp(m + at + 4, gate_group4, 4) == 0) {
			/* "include nobody" is a leave */
			bool left = sources == 0 && (m[at] == 1 || m[at] == 3);

			*(left ? &p->left4_ns : &p->group4_ns) = g->net->now;
		}
		at += 8 + 4 * sources;
	}
}

static void query4(struct gate *g, struct gate_port *p)
{
	static const uint8_t all[MAC] = { 0x01, 0, 0x5e, 0, 0, 1 }, group[4] = { 224, 0, 0, 1 };
	enum { HEADER = 24, LEN = ETH + HEADER + 12 };
	uint8_t f[LEN] = { 0 }, *ip = f + ETH, *m = ip + HEADER;

	ip[0] = 0x46;
	sim_put16(ip + 2, LEN - ETH);
	ip[8] = 1;
	ip[9] = PROTO_IGMP;
	gate_router4(p, ip + 12);
	memcpy(ip + 16, group, 4);
	ip[20] = 0x94; /* router alert (RFC 2113) */
	ip[21] = 4;
	sim_put16(ip + 10, ~sim_sum(0, ip, HEADER) & 0xffff);
	m[0] = IGMP_QUERY;
	m[1] = 50; /* answers within five seconds */
	m[8] = 2;
	m[9] = GATE_QUERY_S;
	sim_put16(m + 2, ~sim_sum(0, m, 12) & 0xffff);
	gate_send(g, p->dev, f, LEN, all);
}

/* ---- forwarding ------------------------------------------------------------------------------- */

/* From the far host to a network. */
static void come_in4(struct gate *g, uint8_t *f, size_t len)
{
	for (unsigned i = 0; i < GATE_PORTS; i++) {
		struct gate_port *p = &g->port[i];
		struct gate_known *k;
		uint8_t ip[16];

		if (memcmp(f + ETH + 16, p->net, 3) != 0)
			continue;
		mapped(f + ETH + 16, ip);
		k = find(g, p->dev, ip);
		if (k)
			gate_send(g, p->dev, f, len, k->mac);
		else
			arp(g, p, 1, NULL, f + ETH + 16, GATE_ROUTER_OCTET);
		return;
	}
}

static void come_in6(struct gate *g, uint8_t *f, size_t len)
{
	for (unsigned i = 0; i < GATE_PORTS; i++) {
		struct gate_port *p = &g->port[i];
		struct gate_known *k = find(g, p->dev, f + ETH + 24);
		bool ours = false;

		for (unsigned n = 0; n < GATE_PREFIXES; n++)
			ours |= memcmp(p->prefix[n].ip, f + ETH + 24, 8) == 0;
		if (!ours)
			continue;
		if (k)
			gate_send(g, p->dev, f, len, k->mac);
		else
			gate_solicit6(g, p, f + ETH + 24);
		return;
	}
}

static void forward(struct gate *g, const struct gate_port *from, const uint8_t *bytes, size_t len)
{
	uint8_t f[SIM_ROUTER_FRAME];
	uint8_t *ip = f + ETH;
	bool six = bytes[ETH] >> 4 == 6;

	if (len > sizeof(f))
		return;
	memcpy(f, bytes, len);
	if (ip[six ? 7 : 8] <= 1)
		return;
	ip[six ? 7 : 8]--;
	if (!six) {
		sim_put16(ip + 10, 0);
		sim_put16(ip + 10, ~sim_sum(0, ip, (size_t)(ip[0] & 15) * 4) & 0xffff);
	}
	if (from)
		gate_send(g, g->out, f, len, g->far_mac);
	else if (six)
		come_in6(g, f, len);
	else
		come_in4(g, f, len);
}

/* ---- what it hears ---------------------------------------------------------------------------- */

static void hear4(struct gate *g, struct gate_port *p, const uint8_t *f, size_t len)
{
	const uint8_t *ip = f + ETH;
	size_t ihl = (size_t)(ip[0] & 15) * 4, total = sim_get16(ip + 2);
	static const uint8_t none[4];
	uint8_t own[4], who[16];

	if (ihl < IP4_MIN || total < ihl || ETH + total > len || sim_sum(0, ip, ihl) != 0xffff)
		return;
	if (!p) {
		forward(g, NULL, f, ETH + total);
		return;
	}
	gate_router4(p, own);
	if (memcmp(ip + 12, none, 4) != 0) {
		mapped(ip + 12, who);
		learn(g, p->dev, who, f + MAC);
	}
	if (ip[9] == PROTO_UDP && total >= ihl + UDP && sim_get16(ip + ihl + 2) == DHCP_SERVER)
		gate_dhcp(g, p, ip + ihl + UDP, total - ihl - UDP, ip[16] == 255);
	else if (ip[9] == PROTO_IGMP)
		hear_igmp(g, p, ip + ihl, total - ihl);
	else if (ip[16] < 224 && memcmp(ip + 16, own, 4) != 0)
		forward(g, p, f, ETH + total);
}

static bool is_nd(uint8_t proto, const uint8_t *m, size_t len)
{
	return proto == PROTO_ICMP6 && len >= 4 && m[0] >= 133 && m[0] <= 137;
}

static void hear6(struct gate *g, struct gate_port *p, const uint8_t *f, size_t len)
{
	const uint8_t *ip = f + ETH;
	size_t total = IP6 + sim_get16(ip + 4), at = IP6;
	uint8_t proto = ip[6];

	if (ETH + total > len)
		return;
	if (!p) {
		forward(g, NULL, f, ETH + total);
		return;
	}
	if (ip[8] != 0 && memcmp(f + MAC, p->dev->topo->mac.bytes, MAC) != 0)
		learn(g, p->dev, ip + 8, f + MAC);
	if (proto == PROTO_HOPOPTS && total >= at + 8) {
		proto = ip[at];
		at += 8 + (size_t)ip[at + 1] * 8;
	}
	if (ip[24] == 0xff || (ip[24] == 0xfe && ip[25] == 0x80) ||
	    is_nd(proto, ip + at, total - at)) {
		if (proto == PROTO_ICMP6)
			gate_icmp6(g, p, ip, ip + at, total - at);
	} else {
		forward(g, p, f, ETH + total);
	}
}

void gate_hears(struct gate *g, struct sim_dev *d, const uint8_t *f, size_t len)
{
	struct gate_port *p = port_of(g, d);

	if (len < ETH + IP4_MIN)
		return;
	if (!(f[0] & 1) && memcmp(f, d->topo->mac.bytes, MAC) != 0)
		return;
	if (sim_get16(f + 12) == 0x0806 && p)
		hear_arp(g, p, f, len);
	else if (sim_get16(f + 12) == 0x0800)
		hear4(g, p, f, len);
	else if (sim_get16(f + 12) == 0x86dd && len >= ETH + IP6)
		hear6(g, p, f, len);
}

/* ---- by itself -------------------------------------------------------------------------------- */

void gate_run(struct gate *g)
{
	for (unsigned i = 0; i < GATE_PORTS; i++) {
		struct gate_port *p = &g->port[i];

		if (p->ra_ns <= g->net->now) {
			p->ra_ns = g->net->now + GATE_RA_S * SECOND;
			if (p->advertises)
				gate_advertise(g, p);
		}
		if (p->query_ns <= g->net->now) {
			p->query_ns = g->net->now + GATE_QUERY_S * SECOND;
			query4(g, p);
			gate_query6(g, p);
		}
	}
}

uint64_t gate_next(const struct gate *g)
{
	uint64_t at = PH_NEVER;

	for (unsigned i = 0; i < GATE_PORTS; i++) {
		at = g->port[i].ra_ns < at ? g->port[i].ra_ns : at;
		at = g->port[i].query_ns < at ? g->port[i].query_ns : at;
	}
	return at;
}
