/* SPDX-License-Identifier: BSD-2-Clause */
/* The loopback link; see lo.h. */
#include "net/lo.h"

#include <string.h>

#include "base/ip.h"
#include "net/addr6.h"
#include "net/if6.h"
#include "net/ip4.h"
#include "net/ip6.h"
#include "net/net_state.h"

enum { LOOP_MAX = 1000 }; /* packets that wait for the next run */

int lo_new(struct ph_stack *st)
{
	struct link like = { .kind = PH_LINK_LOOPBACK,
			     .conf4 = st->sysctl.conf4,
			     .mtu = LINK_MTU_LO,
			     .offload = PH_OFFLOAD_CSUM | PH_OFFLOAD_TSO4 | PH_OFFLOAD_TSO6,
			     .txqueuelen = LINK_TXQUEUELEN,
			     .name = "lo" };
	struct ph_ip ip4 = ip_of4(0x7f000001u);
	int rc = link_insert(st, &like, &st->net->lo);

	assert(rc != 0 || st->net->lo->index == PH_LINK_LO);
	if (rc == 0)
		rc = ph_addr_add(st, PH_LINK_LO, &ip4, 8, st->now_ns);
	return rc == 0 ? if6_start(st, st->net->lo, PH_IPV6_STATIC) : rc;
}

int lo_addr6(struct ph_stack *st)
{
	struct addr6 one = { .ip = { { [15] = 1 } },
			     .prefix = 128,
			     .origin = ADDR6_STATIC,
			     .preferred_until_ns = PH_NEVER,
			     .valid_until_ns = PH_NEVER };

	return addr6_add(st, st->net->lo, &one, NULL);
}

uint16_t lo_mtu(const struct ph_stack *st)
{
	uint32_t mtu = st->net->lo->mtu;

	return (uint16_t)(mtu < LINK_MTU_MAX ? mtu : LINK_MTU_MAX);
}

int lo_queue(struct ph_stack *st, ph_link link, struct pkt *take_pkt)
{
	struct net_state *net = st->net;

	take_pkt->link = link;
	if (net->looped >= LOOP_MAX) {
		link_drop(st, link_get(st, link), take_pkt, DROP_QUEUE_FULL);
		return -ENOBUFS;
	}
	list_push_back(&net->loop, &take_pkt->node);
	net->looped++;
	return 0;
}

/* As a packet socket sees it on lo: behind an Ethernet header of zeros. */
static void tap(struct ph_stack *st, struct pkt *p, bool out)
{
	struct eth_hdr h = { .type = be16_of(pkt_bytes(p)[0] >> 4 == 6 ? ETH_TYPE_IP6
								       : ETH_TYPE_IP4) };

	if (st->packet_tap)
		st->packet_tap(st, &(struct frame_seen){
					   .pkt = p, .header = &h, .link = PH_LINK_LO, .out = out });
}

int lo_send(struct ph_stack *st, ph_link link, struct pkt *take_pkt)
{
	struct link *lo = st->net->lo;

	if (!lo->up) {
		link_drop(st, lo, take_pkt, DROP_LINK_DOWN);
		return 0;
	}
	take_pkt->lo = true;
	tap(st, take_pkt, true);
	lo->stats.tx_packets++;
	lo->stats.tx_bytes += take_pkt->len + ETH_HDR_LEN;
	return lo_queue(st, link, take_pkt);
}

int lo_frame(struct ph_stack *st, struct pkt *take_pkt)
{
	const struct eth_hdr *h = (const void *)pkt_bytes(take_pkt);
	uint16_t type = be16_get(h->type);

	pkt_pull(take_pkt, ETH_HDR_LEN);
	if ((type != ETH_TYPE_IP4 && type != ETH_TYPE_IP6) || !pkt_pull_up(take_pkt, 1)) {
		link_drop(st, st->net->lo, take_pkt, DROP_UNHANDLED_PROTO);
		return 0; /* it was sent, and nobody there takes it */
	}
	return lo_send(st, PH_LINK_LO, take_pkt);
}

static void deliver(struct ph_stack *st, struct pkt *p)
{
	struct link *l = link_get(st, p->link);
	enum drop d = DROP_LINK_DOWN;

	p->hdr_start = p->hdr.off;
	p->at_ns = st->now_ns;
	if (p->lo) {
		st->net->lo->stats.rx_packets++;
		st->net->lo->stats.rx_bytes += p->len + ETH_HDR_LEN;
		tap(st, p, false);
	}
	if (l)
		d = pkt_bytes(p)[0] >> 4 == 6 ? ip6_input(st, l, p, true)
					      : ip4_input(st, l, p, true);
	if (d == DROP_NONE)
		pkt_free(p);
	else
		link_drop(st, l, p, d);
}

/* As many as there are now: what their receivers answer waits for the next run. */
void lo_run(struct ph_stack *st)
{
	for (uint32_t n = st->net->looped; n > 0; n--) {
		struct list_node *node = list_pop_front(&st->net->loop);

		st->net->looped--;
		deliver(st, container_of(node, struct pkt, node));
	}
}
