/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The simulator's router for IPv6: hop limit, "packet too big", "time exceeded" and "destination
 * unreachable" (RFC 4443 3), and neighbours' questions for its addresses (RFC 4861). It advertises
 * nothing: hosts have their routes from the topology. Called by router.c.
 */
#include <netinet/in.h>
#include <string.h>

#include "harness/sim/router_int.h"
#include "harness/sim/sum.h"

enum {
	ETH = 14, MAC = 6, IP = ETH, IP_HDR = 40, SRC = IP + 8, DST = IP + 24, ICMP = ETH + IP_HDR,
	ICMP_HDR = 8, HOPS = 64, ND_HOPS = 255, NEXT_ICMP = 58, ERROR_MAX = 1280,
	UNREACHABLE = 1, NO_ROUTE = 0, ADDRESS = 3, TOO_BIG = 2, TIME_EXCEEDED = 3,
	ECHO = 128, NS = 135, NA = 136, ND_LEN = 24, NA_ROUTER_SOLICITED_OVERRIDE = 0xe0
};

/* Length and checksum of the ICMPv6 message that ends at len. */
static void finish(uint8_t *f, size_t len)
{
	uint32_t sum = sim_sum(NEXT_ICMP + (uint32_t)(len - ICMP), f + SRC, 32);

	f[IP] = 0x60;
	f[IP + 6] = NEXT_ICMP;
	sim_put16(f + IP + 4, (uint32_t)(len - ICMP));
	sim_put16(f + ICMP + 2, 0);
	sim_put16(f + ICMP + 2, ~sim_sum(sum, f + ICMP, len - ICMP) & 0xffff);
}

static bool is_any(const uint8_t *ip)
{
	static const uint8_t any[16];

	return memcmp(ip, any, sizeof(any)) == 0;
}

/* RFC 4861 7.2.4: who asks without an address is looking for a duplicate, and all shall hear. */
static void answer_ns(struct sim_net *n, struct sim_dev *d, const uint8_t *f, size_t len)
{
	static const uint8_t all[16] = { 0xff, 2, [15] = 1 }, all_mac[MAC] = { 0x33, 0x33, 0, 0, 0, 1 };
	uint8_t out[ICMP + ND_LEN + 8] = { 0 };
	const uint8_t *target = f + ICMP + 8;
	bool dad = is_any(f + SRC);

	if (len < ICMP + ND_LEN || f[IP + 7] != ND_HOPS ||
	    !sim_router_owns(n, d->topo->node, AF_INET6, target))
		return;
	memcpy(out, dad ? all_mac : f + MAC, MAC);
	memcpy(out + MAC, d->topo->mac.bytes, MAC);
	sim_put16(out + 12, 0x86dd);
	out[IP + 7] = ND_HOPS;
	memcpy(out + SRC, target, 16);
	memcpy(out + DST, dad ? all : f + SRC, 16);
	out[ICMP] = NA;
	out[ICMP + 4] = (uint8_t)(dad ? NA_ROUTER_SOLICITED_OVERRIDE & ~0x40 : NA_ROUTER_SOLICITED_OVERRIDE);
	memcpy(out + ICMP + 8, target, 16);
	out[ICMP + ND_LEN] = 2;
	out[ICMP + ND_LEN + 1] = 1;
	memcpy(out + ICMP + ND_LEN + 2, d->topo->mac.bytes, MAC);
	finish(out, sizeof(out));
	sim_dev_send(n, d, out, sizeof(out));
}

/* RFC 4443 2.4 (e): not about errors, nor to who is nobody; as much of the packet as fits. */
static void complain(struct sim_net *n, struct sim_dev *from, const uint8_t *f, size_t len, uint8_t type,
		     uint8_t code, uint32_t word)
{
	const uint8_t *own = sim_router_addr(from->topo, AF_INET6), *hop;
	size_t most = ERROR_MAX - IP_HDR - ICMP_HDR, quote = len - ETH < most ? len - ETH : most;
	struct sim_dev *d = sim_router_way(n, from->topo->node, AF_INET6, f + SRC, &hop);
	uint8_t out[ETH + ERROR_MAX] = { 0 };
	size_t size = ICMP + ICMP_HDR + quote;

	if (!d || !own || is_any(f + SRC) || (f[IP + 6] == NEXT_ICMP && (len <= ICMP || f[ICMP] < ECHO)))
		return;
	out[IP + 7] = HOPS;
	memcpy(out + SRC, own, 16);
	memcpy(out + DST, f + SRC, 16);
	out[ICMP] = type;
	out[ICMP + 1] = code;
	sim_put32(out + ICMP + 4, word);
	memcpy(out + ICMP + ICMP_HDR, f + IP, quote);
	finish(out, size);
	(void)sim_router_hand_over(n, d, AF_INET6, hop, out, size);
}

static void forward(struct sim_net *n, struct sim_dev *from, const uint8_t *f, size_t len)
{
	uint8_t frame[SIM_ROUTER_FRAME];
	const uint8_t *hop;
	struct sim_dev *d = sim_router_way(n, from->topo->node, AF_INET6, f + DST, &hop);

	if (f[IP + 7] <= 1) {
		complain(n, from, f, len, TIME_EXCEEDED, 0, 0);
	} else if (!d) {
		complain(n, from, f, len, UNREACHABLE, NO_ROUTE, 0);
	} else if (!sim_router_owner(n, d, AF_INET6, hop)) {
		complain(n, from, f, len, UNREACHABLE, ADDRESS, 0);
	} else if (len - ETH > d->mtu) {
		complain(n, from, f, len, TOO_BIG, 0, d->mtu);
	} else {
		memcpy(frame, f, len);
		frame[IP + 7]--;
		(void)sim_router_hand_over(n, d, AF_INET6, hop, frame, len);
	}
}

static bool is_linklocal(const uint8_t *ip)
{
	return ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80;
}

void sim_router6_hears(struct sim_net *n, struct sim_dev *d, const uint8_t *f, size_t len)
{
	size_t total;

	if (len < ICMP || f[IP] >> 4 != 6)
		return;
	total = ICMP + sim_get16(f + IP + 4);
	if (total > len)
		return;
	if (f[IP + 6] == NEXT_ICMP && total > ICMP && f[ICMP] == NS) {
		answer_ns(n, d, f, total);
		return;
	}
	/* RFC 4291 2.5.6: what is of one link stays there. */
	if (memcmp(f, d->topo->mac.bytes, MAC) != 0 || f[DST] == 0xff || f[SRC] == 0xff ||
	    is_linklocal(f + SRC) || is_linklocal(f + DST) ||
	    sim_router_owns(n, d->topo->node, AF_INET6, f + DST))
		return;
	forward(n, d, f, total);
}
