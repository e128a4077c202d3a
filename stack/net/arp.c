/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ARP in and out. What is learned from whom follows Linux: a request for one of our addresses
 * makes an entry for its sender (RFC 826: it will want to talk); anything else only updates
 * entries that are there. Called by link.c and, to ask, by neigh.c.
 */
#include "net/arp.h"

#include "base/ip.h"
#include "net/acd.h"
#include "net/net.h"
#include "net/net_state.h"
#include "wire/arp.h"

static const uint8_t eth_broadcast[ETH_ADDR_LEN] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
static const uint8_t eth_none[ETH_ADDR_LEN];

struct arp_info {
	uint16_t op;
	uint8_t mac[ETH_ADDR_LEN]; /* the sender's */
	struct ph_ip sender, target;
};

/*
 * RFC 826 "packet reception": hardware type, protocol, and their lengths; RFC 5227 1.1 says what
 * a probe is.
 */
static enum drop parse(struct pkt *p, struct arp_info *a)
{
	const struct arp_hdr *h;
	uint16_t hw;

	if (!pkt_pull_up(p, sizeof(*h)))
		return p->len < sizeof(*h) ? DROP_ARP_MALFORMED : DROP_NOMEM;
	h = (const void *)pkt_bytes(p);
	hw = be16_get(h->hw);
	if (hw != ARP_HW_ETHER || be16_get(h->proto) != ETH_TYPE_IP4 || h->hw_len != ETH_ADDR_LEN ||
	    h->proto_len != 4)
		return DROP_ARP_MALFORMED;
	a->op = be16_get(h->op);
	if (a->op != ARP_OP_REQUEST && a->op != ARP_OP_REPLY)
		return DROP_ARP_OPCODE;
	memcpy(a->mac, h->sender_mac, sizeof(a->mac));
	a->sender = ip_of4(be32_get(h->sender_ip));
	a->target = ip_of4(be32_get(h->target_ip));
	return DROP_NONE;
}

/* May the sender be believed? 0.0.0.0 is a probe's (RFC 5227 1.1) and looked at later. */
static enum drop check_sender(const struct ph_stack *st, const struct link *l,
			      const struct arp_info *a)
{
	uint32_t sender = ip_get4(&a->sender);

	if (memcmp(a->mac, l->mac, ETH_ADDR_LEN) == 0)
		return DROP_ARP_OWN;
	if ((a->mac[0] & 1) || memcmp(a->mac, eth_none, ETH_ADDR_LEN) == 0)
		return DROP_ARP_SENDER;
	if (sender == 0)
		return a->op == ARP_OP_REQUEST ? DROP_NONE : DROP_ARP_SENDER;
	if (!addr_is_unicast4(sender) || addr_of_broadcast(st, sender) || addr_find(st, &a->sender))
		return DROP_ARP_SENDER;
	return DROP_NONE;
}

/* One ARP frame: to `mac` at Ethernet, `target_mac` inside. */
static void send(struct ph_stack *st, struct link *l, uint16_t op, const uint8_t *mac,
		 const struct ph_ip *sender, const uint8_t *target_mac, const struct ph_ip *target)
{
	/* What says a link-local address is for all to hear (RFC 3927 2.5). */
	const uint8_t *to = addr_is_linklocal4(ip_get4(sender)) ? eth_broadcast : mac;
	struct arp_hdr *h;
	struct eth_hdr *eth;
	struct pkt *p;

	if (l->doubt.ip && ip_get4(sender) == l->doubt.ip &&
	    (op == ARP_OP_REPLY || memcmp(to, eth_broadcast, ETH_ADDR_LEN) == 0))
		return;
	p = pkt_new_tx(&st->pkts, sizeof(struct arp_hdr));
	if (!p)
		return; /* as if lost: asked again by timer, or by whoever wanted the reply */
	h = (void *)pkt_put(p, sizeof(*h));
	h->hw = be16_of(ARP_HW_ETHER);
	h->proto = be16_of(ETH_TYPE_IP4);
	h->hw_len = ETH_ADDR_LEN;
	h->proto_len = 4;
	h->op = be16_of(op);
	memcpy(h->sender_mac, l->mac, ETH_ADDR_LEN);
	h->sender_ip = be32_of(ip_get4(sender));
	memcpy(h->target_mac, target_mac, ETH_ADDR_LEN);
	h->target_ip = be32_of(ip_get4(target));
	eth = (void *)pkt_push(p, sizeof(*eth));
	memcpy(eth->dst, to, ETH_ADDR_LEN);
	memcpy(eth->src, l->mac, ETH_ADDR_LEN);
	eth->type = be16_of(ETH_TYPE_ARP);
	(void)link_enqueue(st, l, p);
}

static bool same_subnet(const struct addr *a, const struct ph_ip *ip)
{
	return ((ip_get4(&a->ip) ^ ip_get4(ip)) & a->mask) == 0;
}

/* Linux's arp_announce: may `a`, the source of the packet that waits, be told to the target's link? */
static bool tells_source(const struct link *l, const struct addr *a, const struct ph_ip *target)
{
	switch (l->conf4.arp_announce) {
	case 0:
		return true;
	case 1:
		return a->link == l->index && same_subnet(a, target);
	default:
		return false;
	}
}

void arp_request(struct ph_stack *st, struct link *l, const struct ph_ip *source,
		 const struct ph_ip *target, const uint8_t *mac)
{
	const struct addr *a = addr_find(st, source);

	if (!a || !tells_source(l, a, target))
		a = addr_choose(st, l->index, target);
	if (a)
		send(st, l, ARP_OP_REQUEST, mac ? mac : eth_broadcast, &a->ip, eth_none, target);
}

void arp_probe(struct ph_stack *st, struct link *l, const struct ph_ip *ip)
{
	struct ph_ip none = ip_of4(0);

	send(st, l, ARP_OP_REQUEST, eth_broadcast, &none, eth_none, ip);
}

void arp_announce(struct ph_stack *st, struct link *l, const struct ph_ip *ip)
{
	send(st, l, ARP_OP_REQUEST, eth_broadcast, ip, eth_none, ip);
}

void arp_notify(struct ph_stack *st, struct link *l)
{
	const struct list_node *n;

	list_for_each(n, &st->net->addrs.list) {
		const struct addr *a = container_of(n, struct addr, node);

		if (a->link == l->index)
			arp_announce(st, l, &a->ip);
	}
}

void arp_doubt(struct ph_stack *st, struct link *l, const struct ph_ip *ip,
	       const struct ph_ip *router, const uint8_t *mac)
{
	l->doubt = (struct link_doubt){ .ip = ip_get4(ip) };
	if (!mac)
		return;
	l->doubt.router = ip_get4(router);
	memcpy(l->doubt.mac, mac, ETH_ADDR_LEN);
	arp_request(st, l, ip, router, mac);
}

void arp_trust(struct link *l)
{
	l->doubt.ip = 0;
}

/* RFC 4436 2.1.1: the one who was asked, to the one who asked, from where it was before. */
static void hear_router(struct link *l, const struct arp_info *a)
{
	if (a->op == ARP_OP_REPLY && ip_get4(&a->target) == l->doubt.ip &&
	    ip_get4(&a->sender) == l->doubt.router &&
	    memcmp(a->mac, l->doubt.mac, ETH_ADDR_LEN) == 0)
		arp_trust(l);
}

/* Linux's arp_ignore and arp_filter: is this asker told of this address, on this link? */
static bool may_answer(const struct ph_stack *st, const struct link *l, const struct arp_info *a)
{
	const struct addr *asked = addr_find(st, &a->target);
	const struct route *back;

	if (l->conf4.arp_ignore == 8 || (l->conf4.arp_ignore >= 1 && asked->link != l->index))
		return false;
	if (ip_is_any(&a->sender))
		return true;
	if (l->conf4.arp_ignore == 2 && !same_subnet(asked, &a->sender))
		return false;
	back = l->conf4.arp_filter ? route_find(st, &a->sender, 0) : NULL;
	return !l->conf4.arp_filter || (back && back->link == l->index);
}

/*
 * Somebody asks for an address of ours, or probes whether it is free: both are told (RFC 5227
 * 2.4).
 */
static enum drop answer(struct ph_stack *st, struct link *l, const struct arp_info *a)
{
	if (!ip_is_any(&a->sender)) {
		struct neigh *n = neigh_get(st, l->index, &a->sender);

		if (n)
			neigh_update(st, n, a->mac, NEIGH_SEEN, true);
	}
	send(st, l, ARP_OP_REPLY, a->mac, &a->target, a->mac, &a->sender);
	return DROP_NONE;
}

/* Linux's arp_accept: a neighbour nobody asked about, that tells of itself. */
static bool accepts(const struct ph_stack *st, const struct link *l, const struct ph_ip *sender)
{
	const struct addr *a = addr_choose(st, l->index, sender);

	if (l->conf4.arp_accept == 2)
		return a && same_subnet(a, sender);
	return l->conf4.arp_accept == 1;
}

enum drop arp_input(struct ph_stack *st, struct link *l, struct pkt *pkt)
{
	enum neigh_news news = NEIGH_SEEN;
	struct arp_info a;
	struct neigh *n;
	bool gratuitous;
	enum drop d = parse(pkt, &a);

	if (d == DROP_NONE && memcmp(a.mac, l->mac, ETH_ADDR_LEN) != 0)
		acd_heard(st, l, a.mac, &a.sender, &a.target, a.op == ARP_OP_REQUEST);
	if (d == DROP_NONE)
		d = check_sender(st, l, &a);
	if (d != DROP_NONE)
		return d;
	if (addr_is_loopback4(ip_get4(&a.target)))
		return DROP_ARP_IGNORED;
	if (l->doubt.ip)
		hear_router(l, &a);
	gratuitous = ip_eq(&a.sender, &a.target);
	if (gratuitous && l->conf4.drop_gratuitous_arp)
		return DROP_ARP_IGNORED;
	if (a.op == ARP_OP_REQUEST && addr_find(st, &a.target))
		return may_answer(st, l, &a) ? answer(st, l, &a) : DROP_ARP_IGNORED;
	n = ip_is_any(&a.sender) ? NULL : neigh_find(st, l->index, &a.sender);
	if (!n && gratuitous && accepts(st, l, &a.sender))
		n = neigh_get(st, l->index, &a.sender);
	if (!n)
		return a.op == ARP_OP_REQUEST ? DROP_ARP_NOT_FOR_US : DROP_ARP_UNSOLICITED;
	if (a.op == ARP_OP_REPLY && !pkt->l2_group)
		news = NEIGH_ANSWERED;
	/*
	 * A gratuitous one (RFC 5227 1.1: sender and target the same) announces a change: at
	 * once.
	 */
	neigh_update(st, n, a.mac, news, gratuitous);
	return DROP_NONE;
}
