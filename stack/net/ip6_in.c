/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An IPv6 packet arrives (RFC 8200 3): the header is checked and turned into host order, addresses
 * get their scope and are looked at, the headers behind it are ip6_ext.c's. Called by link.c and
 * net.c.
 */
#include "net/ip6.h"

#include <string.h>

#include "base/ip.h"
#include "net/addr6.h"
#include "net/if6.h"
#include "net/net_state.h"

void ip6_read_header(const uint8_t *bytes, ph_link link, struct ip6_info *h)
{
	const struct ip6_hdr *ip = (const void *)bytes;
	uint32_t word = be32_get(ip->ver_class_flow);

	*h = (struct ip6_info){
		.flow = word & IP6_FLOW_MASK,
		.next_off = (uint32_t)offsetof(struct ip6_hdr, next),
		.len = be16_get(ip->len),
		.next = ip->next,
		.hop = ip->hop,
		.tclass = (uint8_t)(word >> 20),
	};
	memcpy(h->src.b, ip->src, sizeof(h->src.b));
	memcpy(h->dst.b, ip->dst, sizeof(h->dst.b));
	h->scope_clear = ip6_scope(&h->src) == 0 && ip6_scope(&h->dst) == 0;
	h->src = ip6_with_scope(h->src, (uint32_t)link);
	h->dst = ip6_with_scope(h->dst, (uint32_t)link);
	h->group = ip6_is_multicast(&h->dst);
}

static enum drop check_header(struct pkt *p, ph_link link, struct ip6_info *h)
{
	if (!pkt_pull_up(p, IP6_HDR_LEN))
		return p->len < IP6_HDR_LEN ? DROP_IP6_INHDR : DROP_NOMEM;
	if (pkt_bytes(p)[0] >> 4 != 6)
		return DROP_IP6_INHDR;
	ip6_read_header(pkt_bytes(p), link, h);
	if (p->gso != PKT_GSO_NONE && h->len == 0) /* no device makes one beyond 64 KiB for us */
		return DROP_IP6_INHDR;
	return h->len + (uint32_t)IP6_HDR_LEN > p->len ? DROP_IP6_TOO_SMALL : DROP_NONE;
}

/* RFC 4291 2.5.2, 2.5.3, 2.7; :: may only ask its neighbours (ICMPv6 looks further). */
static enum drop check_source(const struct ip6_info *h)
{
	if (ip_is4(&h->src) || ip6_is_multicast(&h->src) || ip6_is_loopback(&h->src))
		return DROP_IP6_SOURCE;
	if (ip6_is_loopback(&h->dst))
		return DROP_IP6_DST;
	if (ip6_is_any(&h->src) && h->next != IP6_NEXT_ICMP && h->next != IP6_NEXT_HOPOPTS)
		return DROP_IP6_SOURCE;
	return DROP_NONE;
}

/* For us: an address that may be used or is being tried, a group that the link listens to. */
static enum drop check_destination(const struct ph_stack *st, const struct link *l,
				   const struct ip6_info *h)
{
	const struct addr6 *a;

	if (h->group)
		return (h->dst.b[1] & 15) != 0 && if6_member(l, &h->dst) ? DROP_NONE : DROP_IP6_DST;
	a = addr6_find(st, &h->dst);
	if (!a || (a->link != l->index && ip6_is_linklocal(&h->dst)))
		return DROP_IP6_DST;
	return DROP_NONE;
}

/* The kernel counts the ECN field of whatever has a sound header, for whomever it is. */
static void count_ecn(struct ph_stack *st, const struct pkt *p, const struct ip6_info *h)
{
	static const enum counter ecn[] = { C_Ip6InNoECTPkts, C_Ip6InECT1Pkts, C_Ip6InECT0Pkts,
					    C_Ip6InCEPkts };
	uint32_t segments = p->gso_size ? (h->len + p->gso_size - 1u) / p->gso_size : 1;

	count_add(&st->counters, ecn[h->tclass & 3], segments);
}

static void count_group(struct ph_stack *st, const struct pkt *p, const struct ip6_info *h)
{
	if (h->group) {
		COUNT(st, Ip6InMcastPkts);
		COUNT_N(st, Ip6InMcastOctets, p->len);
	}
}

enum drop ip6_input(struct ph_stack *st, struct link *l, struct pkt *pkt, bool looped)
{
	struct ip6_info h;
	enum drop d;

	COUNT(st, Ip6InReceives);
	COUNT_N(st, Ip6InOctets, pkt->len);
	if (!l->v6)
		return DROP_IPV6DISABLED;
	d = check_header(pkt, l->index, &h);
	if (d != DROP_NONE)
		return d;
	pkt_trim(pkt, h.len + (uint32_t)IP6_HDR_LEN);
	count_ecn(st, pkt, &h);
	h.looped = looped;
	/* Addresses mean what they say: no scope where the wire has zeros, no IPv4 in disguise. */
	if (!h.scope_clear || ip_is4(&h.dst))
		return DROP_IP6_DST;
	if (!looped) {
		d = check_source(&h);
		if (d != DROP_NONE)
			return d;
	}
	d = check_destination(st, l, &h);
	if (d != DROP_NONE)
		return d;
	count_group(st, pkt, &h);
	h.group |= pkt->l2_group;
	pkt->l3_off = (uint16_t)(pkt->hdr.off - pkt->hdr_start);
	pkt_pull(pkt, IP6_HDR_LEN);
	return ip6_deliver(st, pkt, &h);
}
