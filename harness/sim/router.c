/* SPDX-License-Identifier: BSD-2-Clause */
/* A node that forwards; see router.h. */
#include "harness/sim/router.h"

#include <netinet/in.h>
#include <string.h>

#include "harness/sim/net.h"
#include "harness/sim/router_int.h"
#include "harness/sim/sum.h"

enum {
	ETH = 14, MAC = 6, IP = ETH, IP_MIN = 20, ICMP = ETH + IP_MIN, ICMP_HDR = 8,
	QUOTE_MAX = 128, TTL = 64, PROTO_ICMP = 1,
	DF = 0x4000, MF = 0x2000, OFFSET = 0x1fff,
	UNREACHABLE = 3, HOST = 1, FRAG_NEEDED = 4, TIME_EXCEEDED = 11
};

static bool covers(const struct netaddr *net, int family, const uint8_t *ip)
{
	if (net->family != family)
		return false;
	for (unsigned bit = 0; bit < net->len; bit++)
		if ((net->bytes[bit / 8] ^ ip[bit / 8]) >> (7 - bit % 8) & 1)
			return false;
	return true;
}

/* The longest prefix of a device's addresses that covers `ip`; -1: none does. */
static int covered(const struct sim_topo_dev *d, int family, const uint8_t *ip)
{
	int len = -1;

	for (unsigned i = 0; i < d->naddr; i++)
		if (covers(&d->addr[i], family, ip) && (int)d->addr[i].len > len)
			len = (int)d->addr[i].len;
	return len;
}

const uint8_t *sim_router_addr(const struct sim_topo_dev *d, int family)
{
	for (unsigned i = 0; i < d->naddr; i++)
		if (d->addr[i].family == family)
			return d->addr[i].bytes;
	return NULL;
}

struct sim_dev *sim_router_way(struct sim_net *n, unsigned node, int family, const uint8_t *ip,
			       const uint8_t **hop)
{
	const struct sim_topo *t = n->topo;
	struct sim_dev *best = NULL;
	int len = -1;

	for (unsigned i = 0; i < n->ndev; i++) {
		if (t->dev[i].node != node || covered(&t->dev[i], family, ip) <= len)
			continue;
		best = &n->dev[i];
		len = covered(&t->dev[i], family, ip);
		*hop = ip;
	}
	for (unsigned i = 0; i < t->nroute; i++) {
		const uint8_t *via = t->route[i].via.bytes;

		if (t->route[i].node != node || (int)t->route[i].dst.len <= len ||
		    !covers(&t->route[i].dst, family, ip))
			continue;
		for (unsigned k = 0; k < n->ndev; k++)
			if (t->dev[k].node == node && covered(&t->dev[k], family, via) >= 0) {
				best = &n->dev[k];
				len = (int)t->route[i].dst.len;
				*hop = via;
			}
	}
	return best;
}

static bool has(const struct sim_topo_dev *d, int family, const uint8_t *ip)
{
	for (unsigned i = 0; i < d->naddr; i++)
		if (d->addr[i].family == family &&
		    memcmp(d->addr[i].bytes, ip, family == AF_INET6 ? 16 : 4) == 0)
			return true;
	return false;
}

bool sim_router_owns(const struct sim_net *n, unsigned node, int family, const uint8_t *ip)
{
	for (unsigned i = 0; i < n->ndev; i++)
		if (n->topo->dev[i].node == node && has(&n->topo->dev[i], family, ip))
			return true;
	return false;
}

const struct sim_topo_dev *sim_router_owner(const struct sim_net *n, const struct sim_dev *d, int family,
					    const uint8_t *ip)
{
	const struct sim_topo *t = n->topo;

	for (unsigned i = 0; i < t->ndev; i++) {
		bool here = d->topo->bridge >= 0 ? t->dev[i].bridge == d->topo->bridge :
						   d->topo->peer == (int)i;

		if (here && has(&t->dev[i], family, ip))
			return &t->dev[i];
	}
	return NULL;
}

bool sim_router_hand_over(struct sim_net *n, struct sim_dev *d, int family, const uint8_t *hop,
			  uint8_t *frame, size_t len)
{
	const struct sim_topo_dev *to = sim_router_owner(n, d, family, hop);

	if (!to)
		return false;
	memcpy(frame, to->mac.bytes, MAC);
	memcpy(frame + MAC, d->topo->mac.bytes, MAC);
	sim_put16(frame + 12, family == AF_INET6 ? 0x86dd : 0x0800);
	sim_dev_send(n, d, frame, len);
	return true;
}

/* ---- IPv4 ----------------------------------------------------------------------------------- */

static void sum_header(uint8_t *ip)
{
	sim_put16(ip + 10, 0);
	sim_put16(ip + 10, ~sim_sum(0, ip, (size_t)(ip[0] & 15) * 4) & 0xffff);
}

static void answer_arp(struct sim_net *n, struct sim_dev *d, const uint8_t *f, size_t len)
{
	const uint8_t *own = sim_router_addr(d->topo, AF_INET);
	uint8_t out[ETH + 28];

	if (len < sizeof(out) || sim_get16(f + 20) != 1 || !own || memcmp(f + 38, own, 4) != 0)
		return;
	memcpy(out, f + MAC, MAC);
	memcpy(out + MAC, d->topo->mac.bytes, MAC);
	memcpy(out + 12, f + 12, 8);
	sim_put16(out + 20, 2);
	memcpy(out + 22, d->topo->mac.bytes, MAC);
	memcpy(out + 28, own, 4);
	memcpy(out + 32, f + 22, MAC + 4);
	sim_dev_send(n, d, out, sizeof(out));
}

/* RFC 1122 3.2.2: not about errors, nor about later fragments. */
static bool may_complain(const uint8_t *ip)
{
	size_t ihl = (size_t)(ip[0] & 15) * 4;

	if (sim_get16(ip + 6) & OFFSET)
		return false;
	return ip[9] != PROTO_ICMP || ip[ihl] == 8 || ip[ihl] == 0;
}

static void complain(struct sim_net *n, struct sim_dev *from, const uint8_t *f, uint8_t type,
		     uint8_t code, unsigned mtu)
{
	const uint8_t *ip = f + IP, *hop;
	const uint8_t *own = sim_router_addr(from->topo, AF_INET);
	size_t quote = sim_get16(ip + 2) < QUOTE_MAX ? sim_get16(ip + 2) : (size_t)QUOTE_MAX;
	size_t len = ICMP + ICMP_HDR + quote;
	uint8_t out[ICMP + ICMP_HDR + QUOTE_MAX] = { 0 };
	struct sim_dev *d = sim_router_way(n, from->topo->node, AF_INET, ip + 12, &hop);

	if (!d || !own || !may_complain(ip))
		return;
	out[IP] = 0x45;
	sim_put16(out + IP + 2, (uint32_t)(len - ETH));
	out[IP + 8] = TTL;
	out[IP + 9] = PROTO_ICMP;
	memcpy(out + IP + 12, own, 4);
	memcpy(out + IP + 16, ip + 12, 4);
	sum_header(out + IP);
	out[ICMP] = type;
	out[ICMP + 1] = code;
	sim_put16(out + ICMP + 6, mtu);
	memcpy(out + ICMP + ICMP_HDR, ip, quote);
	sim_put16(out + ICMP + 2, ~sim_sum(0, out + ICMP, len - ICMP) & 0xffff);
	(void)sim_router_hand_over(n, d, AF_INET, hop, out, len);
}

/* Header without options, as phantoms send them; each piece's offset adds to the packet's own. */
static void fragment(struct sim_net *n, struct sim_dev *d, const uint8_t *hop, const uint8_t *frame,
		     size_t len)
{
	size_t ihl = (size_t)(frame[IP] & 15) * 4, step = (d->mtu - ihl) / 8 * 8;
	unsigned word = sim_get16(frame + IP + 6);
	uint8_t out[SIM_ROUTER_FRAME];

	for (size_t at = ETH + ihl; at < len; at += step) {
		size_t part = len - at < step ? len - at : step;
		unsigned off = (word & OFFSET) + (unsigned)((at - ETH - ihl) / 8);
		bool more = at + part < len || (word & MF);

		memcpy(out, frame, ETH + ihl);
		memcpy(out + ETH + ihl, frame + at, part);
		sim_put16(out + IP + 2, (uint32_t)(ihl + part));
		sim_put16(out + IP + 6, off | (more ? MF : 0));
		sum_header(out + IP);
		(void)sim_router_hand_over(n, d, AF_INET, hop, out, ETH + ihl + part);
	}
}

static void forward(struct sim_net *n, struct sim_dev *from, const uint8_t *f, size_t len)
{
	uint8_t frame[SIM_ROUTER_FRAME];
	const uint8_t *hop;
	struct sim_dev *d = sim_router_way(n, from->topo->node, AF_INET, f + IP + 16, &hop);

	if (f[IP + 8] <= 1) {
		complain(n, from, f, TIME_EXCEEDED, 0, 0);
		return;
	}
	if (!d || !sim_router_owner(n, d, AF_INET, hop)) {
		complain(n, from, f, UNREACHABLE, HOST, 0);
		return;
	}
	memcpy(frame, f, len);
	frame[IP + 8]--;
	sum_header(frame + IP);
	if (len - ETH <= d->mtu)
		(void)sim_router_hand_over(n, d, AF_INET, hop, frame, len);
	else if (sim_get16(f + IP + 6) & DF)
		complain(n, from, f, UNREACHABLE, FRAG_NEEDED, d->mtu);
	else
		fragment(n, d, hop, frame, len);
}

void sim_router_hears(struct sim_net *n, struct sim_dev *d, const uint8_t *f, size_t len)
{
	size_t total;

	if (len < ETH + IP_MIN || len > SIM_ROUTER_FRAME)
		return;
	if (sim_get16(f + 12) == 0x0806) {
		answer_arp(n, d, f, len);
		return;
	}
	if (sim_get16(f + 12) == 0x86dd) {
		sim_router6_hears(n, d, f, len);
		return;
	}
	if (sim_get16(f + 12) != 0x0800 || memcmp(f, d->topo->mac.bytes, MAC) != 0 ||
	    f[IP] >> 4 != 4 || (f[IP] & 15) < 5)
		return;
	total = sim_get16(f + IP + 2);
	if (len < ETH + (size_t)(f[IP] & 15) * 4 || total > len - ETH || total < IP_MIN ||
	    sim_sum(0, f + IP, (size_t)(f[IP] & 15) * 4) != 0xffff || f[IP + 16] >= 224)
		return;
	if (sim_router_owns(n, d->topo->node, AF_INET, f + IP + 16))
		return; /* for itself, and it has nothing to say */
	forward(n, d, f, ETH + total);
}
