/* SPDX-License-Identifier: BSD-2-Clause */
/* A node that forwards; see router.h. */
#include "harness/sim/router.h"

#include <netinet/in.h>
#include <string.h>

#include "harness/sim/net.h"
#include "harness/sim/sum.h"

enum {
	ETH = 14, MAC = 6, IP = ETH, IP_MIN = 20, ICMP = ETH + IP_MIN, ICMP_HDR = 8,
	QUOTE_MAX = 128, TTL = 64, PROTO_ICMP = 1,
	DF = 0x4000, MF = 0x2000, OFFSET = 0x1fff,
	UNREACHABLE = 3, HOST = 1, FRAG_NEEDED = 4, TIME_EXCEEDED = 11
};

static const struct netaddr *addr4(const struct sim_topo_dev *t)
{
	for (unsigned i = 0; i < t->naddr; i++)
		if (t->addr[i].family == AF_INET)
			return &t->addr[i];
	return NULL;
}

static bool covers(const struct netaddr *net, const uint8_t *ip)
{
	for (unsigned bit = 0; bit < net->len; bit++)
		if ((net->bytes[bit / 8] ^ ip[bit / 8]) >> (7 - bit % 8) & 1)
			return false;
	return net->family == AF_INET;
}

/* Where a packet to `ip` leaves, and which address it is handed to there; NULL: nowhere. */
static struct sim_dev *route(struct sim_net *n, unsigned node, const uint8_t *ip, const uint8_t **hop)
{
	const struct sim_topo *t = n->topo;
	struct sim_dev *best = NULL;
	int len = -1;

	for (unsigned i = 0; i < n->ndev; i++) {
		const struct netaddr *a = addr4(&t->dev[i]);

		if (t->dev[i].node == node && a && (int)a->len > len && covers(a, ip)) {
			best = &n->dev[i];
			len = (int)a->len;
			*hop = ip;
		}
	}
	for (unsigned i = 0; i < t->nroute; i++) {
		const uint8_t *via = t->route[i].via.bytes;

		if (t->route[i].node != node || (int)t->route[i].dst.len <= len ||
		    !covers(&t->route[i].dst, ip))
			continue;
		for (unsigned k = 0; k < n->ndev; k++)
			if (t->dev[k].node == node && addr4(&t->dev[k]) &&
			    covers(addr4(&t->dev[k]), via)) {
				best = &n->dev[k];
				len = (int)t->route[i].dst.len;
				*hop = via;
			}
	}
	return best;
}

/* Whose device has that address on the network that d is on. */
static const struct sim_topo_dev *owner(const struct sim_net *n, const struct sim_dev *d,
					const uint8_t *ip)
{
	const struct sim_topo *t = n->topo;

	for (unsigned i = 0; i < t->ndev; i++) {
		const struct netaddr *a = addr4(&t->dev[i]);
		bool here = d->topo->bridge >= 0 ? t->dev[i].bridge == d->topo->bridge :
						   d->topo->peer == (int)i;

		if (here && a && memcmp(a->bytes, ip, 4) == 0)
			return &t->dev[i];
	}
	return NULL;
}

static void sum_header(uint8_t *ip)
{
	sim_put16(ip + 10, 0);
	sim_put16(ip + 10, ~sim_sum(0, ip, (size_t)(ip[0] & 15) * 4) & 0xffff);
}

static void answer_arp(struct sim_net *n, struct sim_dev *d, const uint8_t *f, size_t len)
{
	const struct netaddr *own = addr4(d->topo);
	uint8_t out[ETH + 28];

	if (len < sizeof(out) || sim_get16(f + 20) != 1 || !own || memcmp(f + 38, own->bytes, 4) != 0)
		return;
	memcpy(out, f + MAC, MAC);
	memcpy(out + MAC, d->topo->mac.bytes, MAC);
	memcpy(out + 12, f + 12, 8);
	sim_put16(out + 20, 2);
	memcpy(out + 22, d->topo->mac.bytes, MAC);
	memcpy(out + 28, own->bytes, 4);
	memcpy(out + 32, f + 22, MAC + 4);
	sim_dev_send(n, d, out, sizeof(out));
}

/* Sends an IP packet, room for the frame's header before it, toward a hop. False: there is nobody. */
static bool hand_over(struct sim_net *n, struct sim_dev *d, const uint8_t *hop, uint8_t *frame,
		      size_t len)
{
	const struct sim_topo_dev *to = owner(n, d, hop);

	if (!to)
		return false;
	memcpy(frame, to->mac.bytes, MAC);
	memcpy(frame + MAC, d->topo->mac.bytes, MAC);
	sim_put16(frame + 12, 0x0800);
	sim_dev_send(n, d, frame, len);
	return true;
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
	const struct netaddr *own = addr4(from->topo);
	size_t quote = sim_get16(ip + 2) < QUOTE_MAX ? sim_get16(ip + 2) : (size_t)QUOTE_MAX;
	size_t len = ICMP + ICMP_HDR + quote;
	uint8_t out[ICMP + ICMP_HDR + QUOTE_MAX] = { 0 };
	struct sim_dev *d = route(n, from->topo->node, ip + 12, &hop);

	if (!d || !own || !may_complain(ip))
		return;
	out[IP] = 0x45;
	sim_put16(out + IP + 2, (uint32_t)(len - ETH));
	out[IP + 8] = TTL;
	out[IP + 9] = PROTO_ICMP;
	memcpy(out + IP + 12, own->bytes, 4);
	memcpy(out + IP + 16, ip + 12, 4);
	sum_header(out + IP);
	out[ICMP] = type;
	out[ICMP + 1] = code;
	sim_put16(out + ICMP + 6, mtu);
	memcpy(out + ICMP + ICMP_HDR, ip, quote);
	sim_put16(out + ICMP + 2, ~sim_sum(0, out + ICMP, len - ICMP) & 0xffff);
	(void)hand_over(n, d, hop, out, len);
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
		(void)hand_over(n, d, hop, out, ETH + ihl + part);
	}
}

static void forward(struct sim_net *n, struct sim_dev *from, const uint8_t *f, size_t len)
{
	uint8_t frame[SIM_ROUTER_FRAME];
	const uint8_t *hop;
	struct sim_dev *d = route(n, from->topo->node, f + IP + 16, &hop);

	if (f[IP + 8] <= 1) {
		complain(n, from, f, TIME_EXCEEDED, 0, 0);
		return;
	}
	if (!d || !owner(n, d, hop)) {
		complain(n, from, f, UNREACHABLE, HOST, 0);
		return;
	}
	memcpy(frame, f, len);
	frame[IP + 8]--;
	sum_header(frame + IP);
	if (len - ETH <= d->mtu)
		(void)hand_over(n, d, hop, frame, len);
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
	if (sim_get16(f + 12) != 0x0800 || memcmp(f, d->topo->mac.bytes, MAC) != 0 ||
	    f[IP] >> 4 != 4 || (f[IP] & 15) < 5)
		return;
	total = sim_get16(f + IP + 2);
	if (len < ETH + (size_t)(f[IP] & 15) * 4 || total > len - ETH || total < IP_MIN ||
	    sim_sum(0, f + IP, (size_t)(f[IP] & 15) * 4) != 0xffff || f[IP + 16] >= 224)
		return;
	for (unsigned i = 0; i < n->ndev; i++)
		if (n->topo->dev[i].node == d->topo->node && addr4(&n->topo->dev[i]) &&
		    memcmp(addr4(&n->topo->dev[i])->bytes, f + IP + 16, 4) == 0)
			return; /* for itself, and it has nothing to say */
	forward(n, d, f, ETH + total);
}
