/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Neighbour solicitations and advertisements (RFC 4861 7.1-7.2): checked as the RFC's lists say,
 * answered, and turned into news for the neighbour cache. Called by icmp6.c and, to ask, by
 * neigh.c.
 */
#include "net/nd.h"

#include <string.h>

#include "base/csum.h"
#include "base/ip.h"
#include "net/addr6.h"
#include "net/dad.h"
#include "net/dst6.h"
#include "net/if6.h"
#include "net/nd_opt.h"
#include "net/net_state.h"
#include "net/ra.h"
#include "net/redirect.h"

/* ---- out ------------------------------------------------------------------------------------ */

void nd_put_mac(struct pkt *p, const struct link *l, uint8_t type)
{
	struct nd_opt_mac *o;

	if (l->kind != PH_LINK_ETHER)
		return;
	o = (void *)pkt_put(p, sizeof(*o));
	o->type = type;
	o->len = 1;
	memcpy(o->mac, l->mac, ETH_ADDR_LEN);
}

/* To a neighbour whose hardware address is told, past the cache: a probe must not ask itself. */
static int send_at(struct ph_stack *st, struct link *l, struct pkt *take_pkt, struct dst *d,
		   const struct ip_tx *tx, const uint8_t *mac)
{
	uint64_t sum = csum_pseudo(&d->src, &d->dst, PH_IPPROTO_ICMPV6, take_pkt->len);
	struct icmp6_hdr *h = (void *)pkt_bytes(take_pkt);
	struct eth_hdr *eth;

	h->csum = be16_of(csum_finish(csum_pkt(sum, take_pkt, 0, take_pkt->len)));
	COUNT(st, Icmp6OutMsgs);
	if (h->type == ICMP6_NS)
		COUNT(st, Icmp6OutNeighborSolicits);
	else
		COUNT(st, Icmp6OutNeighborAdvertisements);
	COUNT(st, Ip6OutRequests);
	COUNT(st, Ip6OutTransmits);
	ip6_push(take_pkt, d, tx, PH_IPPROTO_ICMPV6);
	COUNT_N(st, Ip6OutOctets, take_pkt->len);
	eth = (void *)pkt_push(take_pkt, sizeof(*eth));
	memcpy(eth->dst, mac, ETH_ADDR_LEN);
	memcpy(eth->src, l->mac, ETH_ADDR_LEN);
	eth->type = be16_of(ETH_TYPE_IP6);
	return link_enqueue(st, l, take_pkt);
}

int nd_send(struct ph_stack *st, struct link *l, struct pkt *take_pkt, const struct ph_ip *src,
	    const struct ph_ip *dst, const uint8_t *mac)
{
	struct ip_tx tx = { .proto = PH_IPPROTO_ICMPV6, .ttl = ND_HOP_LIMIT };
	struct dst d = { .src = *src,
			 .dst = *dst,
			 .next_hop = *dst,
			 .link = l->index,
			 .mtu = (uint16_t)l->v6->mtu,
			 .gen = st->net->gen,
			 .kind = ip6_is_multicast(dst) ? DST_MULTICAST : DST_HOST,
			 .v6 = true };

	if (mac && l->kind == PH_LINK_ETHER)
		return send_at(st, l, take_pkt, &d, &tx, mac);
	return icmp6_send(st, take_pkt, &d, &tx);
}

void nd_solicit(struct ph_stack *st, struct link *l, const struct ph_ip *source,
		const struct ph_ip *target, const uint8_t *mac)
{
	struct ph_ip to = mac ? *target : ip6_solicited_node(target, (uint32_t)l->index);
	const struct addr6 *a = addr6_find(st, source);
	struct ph_ip bare = ip6_bare(*target);
	struct nd_ns *ns;
	struct pkt *p;

	if (!l->v6)
		return;
	if (!a || a->link != l->index || a->tentative)
		a = src6_choose(st, target, target, l->index, 0);
	if (!a || a->tentative) /* RFC 4429 3.2: an optimistic address does not ask */
		return;
	p = pkt_new_tx(&st->pkts, sizeof(*ns) + sizeof(struct nd_opt_mac));
	if (!p)
		return; /* as if lost: asked again by timer */
	ns = (void *)pkt_put(p, sizeof(*ns));
	memset(ns, 0, sizeof(*ns));
	ns->icmp.type = ICMP6_NS;
	memcpy(ns->target, bare.b, sizeof(ns->target));
	nd_put_mac(p, l, ND_OPT_SOURCE_MAC);
	(void)nd_send(st, l, p, &a->ip, &to, mac);
}

void nd_advertise(struct ph_stack *st, struct link *l, const struct addr6 *a,
		  const struct ph_ip *to, uint8_t flags)
{
	struct ph_ip bare = ip6_bare(a->ip);
	struct pkt *p = pkt_new_tx(&st->pkts, sizeof(struct nd_na) + sizeof(struct nd_opt_mac));
	struct nd_na *na;

	if (!p)
		return;
	na = (void *)pkt_put(p, sizeof(*na));
	*na = (struct nd_na){ .type = ICMP6_NA, .flags = flags };
	memcpy(na->target, bare.b, sizeof(na->target));
	nd_put_mac(p, l, ND_OPT_TARGET_MAC);
	(void)nd_send(st, l, p, &a->ip, to, NULL);
}

/* RFC 4861 7.2.6: once; who does not hear it finds out by probing. */
void nd_notify(struct ph_stack *st, struct link *l)
{
	struct ph_ip all = ip6_all_nodes((uint32_t)l->index);
	const struct list_node *n;

	list_for_each(n, &st->net->addrs6.list) {
		const struct addr6 *a = container_of(n, struct addr6, node);

		if (a->link == l->index && !a->tentative && !a->duplicate)
			nd_advertise(st, l, a, &all, ND_NA_OVERRIDE);
	}
}

/* ---- in ------------------------------------------------------------------------------------- */

/* A message whose lists of RFC 4861 7.1 held. */
struct nd_msg {
	const struct ip_rx *rx;
	struct link *l;
	struct ph_ip target;
	const uint8_t *mac; /* of the link-layer address option that the type asks for, or NULL */
	const uint8_t *nonce; /* six bytes, or NULL */
	uint8_t flags;
};

static enum drop take_ns(struct ph_stack *st, const struct nd_msg *m)
{
	struct addr6 *a = addr6_find_any(st, &m->target);
	struct ph_ip all = ip6_all_nodes((uint32_t)m->l->index);
	bool dad = ip6_is_any(&m->rx->src);

	if (dad && (m->mac || !ip6_is_solicited_node(&m->rx->dst)))
		return DROP_IPV6_NDISC_ADDRESS;
	if (!a || a->link != m->l->index || a->duplicate)
		return DROP_IPV6_NDISC_NS_OTHERHOST;
	if (dad && a->tentative)
		return dad_heard_probe(st, a, m->nonce);
	if (!addr6_usable(a)) /* RFC 4862 5.4.3: it is not ours yet */
		return DROP_IPV6_NDISC_IGNORED;
	if (dad) { /* RFC 4861 7.2.4: everybody hears that it is taken */
		nd_advertise(st, m->l, a, &all, ND_NA_OVERRIDE);
		return DROP_NONE;
	}
	if (m->mac) {
		struct neigh *n = neigh_get(st, m->l->index, &m->rx->src);

		if (n)
			neigh_update(st, n, m->mac, NEIGH_SEEN, true);
	}
	nd_advertise(st, m->l, a, &m->rx->src,
		     a->tentative ? ND_NA_SOLICITED : ND_NA_SOLICITED | ND_NA_OVERRIDE);
	return DROP_NONE;
}

static enum drop take_na(struct ph_stack *st, const struct nd_msg *m)
{
	struct neigh *n;
	struct addr6 *a;

	if ((m->flags & ND_NA_SOLICITED) && ip6_is_multicast(&m->rx->dst))
		return DROP_IPV6_NDISC_ADDRESS;
	a = addr6_find_any(st, &m->target);
	if (a && a->tentative) {
		dad_failed(st, a);
		return DROP_NONE;
	}
	if (a)
		return DROP_IPV6_NDISC_OWN;
	n = neigh_find(st, m->l->index, &m->target);
	if (!n || n->state == NEIGH_FAILED) /* RFC 4861 7.2.5, 7.3.3: it did not answer in its time */
		return DROP_IPV6_NDISC_UNSOLICITED;
	neigh_advertised(st, n, m->mac, m->flags);
	return DROP_NONE;
}

/* RFC 4861 7.1.1, 7.1.2: what both types have in common. */
static enum drop take_neighbour(struct ph_stack *st, struct nd_msg *m, uint8_t type)
{
	const struct ip_rx *rx = m->rx;
	const uint8_t *p = pkt_bytes(rx->pkt), *options = p + sizeof(struct nd_ns);
	uint32_t len = rx->l4_len - (uint32_t)sizeof(struct nd_ns);

	memcpy(m->target.b, p + offsetof(struct nd_ns, target), sizeof(m->target.b));
	if (!addr6_is_unicast(&m->target) || ip6_scope(&m->target) != 0)
		return DROP_IPV6_NDISC_ADDRESS;
	m->target = ip6_with_scope(m->target, (uint32_t)m->l->index);
	if (m->l->kind == PH_LINK_ETHER)
		m->mac = nd_opts_mac(options, len,
				     type == ICMP6_NS ? ND_OPT_SOURCE_MAC : ND_OPT_TARGET_MAC);
	if (m->mac && (m->mac[0] & 1))
		return DROP_IPV6_NDISC_ADDRESS;
	m->nonce = nd_opts_mac(options, len, ND_OPT_NONCE); /* of the same length */
	m->flags = p[offsetof(struct nd_na, flags)];
	return type == ICMP6_NS ? take_ns(st, m) : take_na(st, m);
}

static uint32_t least_len(uint8_t type)
{
	switch (type) {
	case ICMP6_RA:
		return sizeof(struct nd_ra);
	case ICMP6_REDIRECT:
		return sizeof(struct nd_redirect);
	case ICMP6_RS:
		return sizeof(struct icmp6_hdr);
	default:
		return sizeof(struct nd_ns);
	}
}

enum drop nd_input(struct ph_stack *st, const struct ip_rx *rx, const struct ip6_info *h)
{
	struct nd_msg m = { .rx = rx, .l = link_get(st, rx->link) };
	uint32_t least;
	uint8_t type;

	if (rx->ttl != ND_HOP_LIMIT)
		return DROP_IPV6_NDISC_HOP_LIMIT;
	if (h->fragmented) /* RFC 6980 5 */
		return DROP_IPV6_NDISC_FRAG;
	if (!pkt_pull_up(rx->pkt, rx->l4_len))
		return DROP_NOMEM;
	type = pkt_bytes(rx->pkt)[0];
	if (pkt_bytes(rx->pkt)[1] != 0)
		return DROP_IPV6_NDISC_BAD_CODE;
	least = least_len(type);
	if (rx->l4_len < least ||
	    !nd_opts_ok(pkt_bytes(rx->pkt) + least, rx->l4_len - least))
		return DROP_IPV6_NDISC_BAD_OPTIONS;
	switch (type) {
	case ICMP6_NS:
	case ICMP6_NA:
		return take_neighbour(st, &m, type);
	case ICMP6_RA:
		return ra_input(st, rx);
	case ICMP6_REDIRECT:
		return redirect_input(st, rx);
	default:
		return DROP_IPV6_NDISC_IGNORED; /* hosts hear no solicitations of routers */
	}
}
