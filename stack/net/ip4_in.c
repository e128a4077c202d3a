/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An IPv4 packet arrives (RFC 791 3.1, 1122 3.2.1): the header is checked and turned into host
 * order, addresses are looked at, fragments put together, the rest goes to the protocol above.
 * Called by link.c, net.c and ip4_reass.c.
 */
#include "net/ip4.h"

#include "base/csum.h"
#include "base/ip.h"
#include "net/early.h"
#include "net/ip4_opt.h"
#include "net/ip4_reass.h"
#include "net/net_state.h"

enum { IP4_ALL_HOSTS = 0xe0000001u }; /* 224.0.0.1: every host is a member (RFC 1112 4) */

static const uint32_t limited_broadcast = UINT32_MAX;

void ip4_read_header(const struct ip4_hdr *ip, struct ip4_info *h)
{
	uint16_t frag = be16_get(ip->frag);

	*h = (struct ip4_info){
		.src = be32_get(ip->src),
		.dst = be32_get(ip->dst),
		.len = be16_get(ip->len),
		.id = be16_get(ip->id),
		.offset = (uint16_t)((frag & IP4_OFF_MASK) * 8),
		.hdr_len = (uint8_t)(4 * (ip->ver_ihl & 15)),
		.tos = ip->tos,
		.ttl = ip->ttl,
		.proto = ip->proto,
		.df = (frag & IP4_F_DF) != 0,
		.mf = (frag & IP4_F_MF) != 0,
	};
}

/*
 * RFC 1122 3.2.1.1-2, in Linux's order: version and lengths, checksum, then the lengths against
 * the frame.
 */
static enum drop check_header(struct ph_stack *st, struct pkt *p, struct ip4_info *h)
{
	const struct ip4_hdr *ip;

	if (!pkt_pull_up(p, IP4_HDR_LEN))
		return p->len < IP4_HDR_LEN ? DROP_IP_INHDR : DROP_NOMEM;
	ip4_read_header((const void *)pkt_bytes(p), h);
	if (pkt_bytes(p)[0] >> 4 != 4 || h->hdr_len < IP4_HDR_LEN || h->hdr_len > p->len)
		return DROP_IP_INHDR;
	if (!pkt_pull_up(p, h->hdr_len))
		return DROP_NOMEM;
	ip = (const void *)pkt_bytes(p);
	if (csum_ip4_header(ip, h->hdr_len) != 0) {
		COUNT(st,
		      IpInHdrErrors); /* besides IpExtInCsumErrors, which the drop reason raises */
		return DROP_IP_CSUM;
	}
	if (h->len > p->len)
		return DROP_PKT_TOO_SMALL;
	return h->len < h->hdr_len ? DROP_IP_INHDR : DROP_NONE;
}

/* RFC 1122 3.2.1.3: senders that cannot be; 0.0.0.0 may ask everybody for its configuration. */
static enum drop check_source(const struct ph_stack *st, const struct ip4_info *h)
{
	struct ph_ip src = ip_of4(h->src);

	if (addr_is_loopback4(h->src) || addr_is_loopback4(h->dst)) /* Linux's martians */
		return DROP_IP_LOCALNET;
	if (h->src == 0 && (h->dst == limited_broadcast || h->proto == PH_IPPROTO_IGMP))
		return DROP_NONE; /* switches ask for groups without an address of theirs */
	if (!addr_is_unicast4(h->src) || addr_of_broadcast(st, h->src) || addr_find(st, &src))
		return DROP_IP_INVALID_SOURCE;
	return DROP_NONE;
}

/* RFC 3704 2.2, 2.4, Linux's rp_filter: does a route lead to the sender, by the link it came by? */
static bool comes_back(const struct ph_stack *st, const struct link *l, const struct ip4_info *h)
{
	struct ph_ip src = ip_of4(h->src);

	if (!l->conf4.rp_filter || h->src == 0)
		return true;
	if (l->conf4.rp_filter == 2)
		return route_find(st, &src, 0) != NULL;
	return route_find(st, &src, 0) && route_find(st, &src, 0)->link == l->index;
}

static bool is_broadcast(const struct ph_stack *st, uint32_t dst)
{
	return dst == limited_broadcast || addr_of_broadcast(st, dst);
}

/* Of the groups, those that the link listens to (RFC 1112 7.2). */
static bool is_group(const struct ph_stack *st, const struct link *l, uint32_t dst)
{
	struct ph_ip ip = ip_of4(dst);

	if (!addr_is_multicast4(dst))
		return is_broadcast(st, dst);
	return dst == IP4_ALL_HOSTS || (l && mc_listens(&l->mc4, &ip));
}

static enum drop check_destination(const struct ph_stack *st, const struct link *l,
				   const struct ip4_info *h)
{
	struct ph_ip dst = ip_of4(h->dst);

	if (addr_find(st, &dst) || is_group(st, l, h->dst))
		return DROP_NONE;
	return DROP_IP_INADDRERRORS; /* RFC 1122 3.2.1.3: not for us, and we are no router */
}

/* Where what was found out about such a packet's addresses is kept. */
static struct ip4_seen *seen_of(const struct ph_stack *st, const struct ip4_info *h)
{
	return &st->net->seen[(h->src * 0x9e3779b1u ^ h->dst) >> 26];
}

static bool seen(const struct ph_stack *st, const struct ip4_info *h)
{
	const struct ip4_seen *s = seen_of(st, h);

	return s->src == h->src && s->dst == h->dst && s->gen == st->net->gen;
}

static enum drop check_addresses(struct ph_stack *st, const struct link *l, struct ip4_info *h,
				 bool looped)
{
	enum drop d = looped ? DROP_NONE : check_source(st, h);
	struct ph_ip dst = ip_of4(h->dst);

	if (d == DROP_NONE)
		d = check_destination(st, l, h);
	if (d == DROP_NONE && !looped && !comes_back(st, l, h))
		d = DROP_IP_RPFILTER;
	if (d == DROP_NONE && !looped && h->src && addr_find(st, &dst) && !is_broadcast(st, h->dst))
		*seen_of(st, h) = (struct ip4_seen){ h->src, h->dst, st->net->gen };
	return d;
}

static void count_arrival(struct ph_stack *st, uint32_t len)
{
	COUNT(st, IpInReceives);
	COUNT_N(st, IpExtInOctets, len);
}

static void count_ecn(struct ph_stack *st, uint8_t tos, uint32_t segments)
{
	static const enum counter ecn[] = { C_IpExtInNoECTPkts, C_IpExtInECT1Pkts,
					    C_IpExtInECT0Pkts, C_IpExtInCEPkts };

	count_add(&st->counters, ecn[tos & IP4_ECN_MASK], segments);
}

/*
 * The kernel counts the ECN field of what has a sound header; a super-segment counts for what it
 * is made of.
 */
static void count_kinds(struct ph_stack *st, const struct pkt *p, const struct ip4_info *h)
{
	uint32_t segments = p->gso_size ? (h->len + p->gso_size - 1u) / p->gso_size : 1;

	count_ecn(st, h->tos, segments);
	if (h->seen)
		return;
	if (addr_is_multicast4(h->dst)) {
		COUNT(st, IpExtInMcastPkts);
		COUNT_N(st, IpExtInMcastOctets, h->len);
	} else if (is_broadcast(st, h->dst)) {
		COUNT(st, IpExtInBcastPkts);
		COUNT_N(st, IpExtInBcastOctets, h->len);
	}
}

/*
 * The header's options, pulled already; what is wrong with them is told to the sender (RFC 1122
 * 3.2.1.8), what is not wanted is not: source routes, of which a host that is no router could at
 * best be the last stop.
 * Deviation: RFC 1122 3.2.1.8 (c): one that ends here is taken only where accept_source_route is
 * on, and none is turned round in a reply: a forged route is answered along it (RFC 7126 4.3).
 * Deviation: RFC 9293 3.9.2.1 (MUST-51, -52, -53): nor does TCP send along one; RFC 7126 has such
 * packets dropped everywhere.
 */
static enum drop check_options(struct ph_stack *st, const struct link *l, struct pkt *pkt,
			       const struct ip4_info *h)
{
	uint32_t len = h->hdr_len - (uint32_t)IP4_HDR_LEN, at = 0;
	const uint8_t *p = pkt_bytes(pkt) - len;

	switch (ip4_opt_check(p, len, &at)) {
	case IP4_OPT_OK:
		return DROP_NONE;
	case IP4_OPT_ROUTED:
		if (!l->conf4.accept_source_route)
			return DROP_IP_OPTIONS;
		if (ip4_opt_route_ends(p, at))
			return DROP_NONE;
		icmp4_source_route_failed(st, pkt, h); /* RFC 1122 3.3.5 */
		return DROP_IP_OPTIONS;
	case IP4_OPT_BAD:
		icmp4_param_problem(st, pkt, h, IP4_HDR_LEN + at);
	}
	return DROP_IP_OPTIONS;
}

enum drop ip4_deliver(struct ph_stack *st, struct pkt *pkt, const struct ip4_info *h)
{
	const struct l4_proto *l4 = st->l4[h->proto];
	struct ip_rx rx = {
		.pkt = pkt,
		.src = ip_of4(h->src),
		.dst = ip_of4(h->dst),
		.link = pkt->link,
		.proto = h->proto,
		.ttl = h->ttl,
		.tos = h->tos,
		.group = pkt->l2_group ||
			 (!h->seen && (addr_is_multicast4(h->dst) || is_broadcast(st, h->dst))),
		.l4_len = pkt->len,
		.at_ns = pkt->at_ns,
	};
	bool taken = false;

	if (st->raw_input)
		taken = st->raw_input(st, &rx);
	if (!l4 && taken) {
		COUNT(st, IpInDelivers);
		return DROP_NONE;
	}
	if (!l4) {
		icmp_send_error(st, &rx, ICMP_ERR_PROTO_UNREACH); /* RFC 1122 3.2.2.1 */
		return DROP_IP_NOPROTO;
	}
	COUNT(st, IpInDelivers);
	return l4->input(st, &rx);
}

/*
 * Nearly every packet: no options, no fragment, sound, all of its frame, between addresses that were
 * found good before, and nobody listens in. False: it is not, and nothing was done. What is done is
 * what ip4_input() does with it.
 */
static bool quick(struct ph_stack *st, const struct link *l, struct pkt *p, enum drop *d)
{
	const struct ip4_hdr *ip = (const void *)pkt_bytes(p);
	struct ip4_info h;
	struct ip_rx rx;

	if (p->hdr.len < IP4_HDR_LEN || ip->ver_ihl != (4 << 4 | IP4_HDR_LEN / 4) ||
	    (be16_get(ip->frag) & ~IP4_F_DF) != 0 || be16_get(ip->len) != p->len ||
	    st->raw_input || l->early || p->l2_group || p->gso_size || !st->l4[ip->proto])
		return false;
	h.src = be32_get(ip->src);
	h.dst = be32_get(ip->dst);
	if (!seen(st, &h) || csum_ip4_header(ip, IP4_HDR_LEN) != 0)
		return false;
	rx = (struct ip_rx){ .pkt = p, .src = ip_of4(h.src), .dst = ip_of4(h.dst), .link = p->link,
			     .proto = ip->proto, .ttl = ip->ttl, .tos = ip->tos,
			     .l4_len = p->len - IP4_HDR_LEN, .at_ns = p->at_ns };
	count_arrival(st, p->len);
	count_ecn(st, rx.tos, 1);
	COUNT(st, IpInDelivers);
	p->l3_off = (uint16_t)(p->hdr.off - p->hdr_start);
	p->l4_off = (uint16_t)(p->l3_off + IP4_HDR_LEN);
	pkt_pull(p, IP4_HDR_LEN);
	*d = st->l4[rx.proto]->input(st, &rx);
	return true;
}

enum drop ip4_input(struct ph_stack *st, struct link *l, struct pkt *pkt, bool looped)
{
	struct ip4_info h;
	enum drop d;

	if (!looped && quick(st, l, pkt, &d))
		return d;
	count_arrival(st, pkt->len);
	d = check_header(st, pkt, &h);
	if (d != DROP_NONE)
		return d;
	pkt_trim(pkt, h.len);
	h.seen = !looped && !l->conf4.rp_filter && seen(st, &h);
	count_kinds(st, pkt, &h);
	if (l->early && !looped && early_input(st, l, pkt, &h))
		return DROP_NONE;
	d = h.seen ? DROP_NONE : check_addresses(st, l, &h, looped);
	if (d != DROP_NONE)
		return d;
	pkt->l3_off = (uint16_t)(pkt->hdr.off - pkt->hdr_start);
	pkt->l4_off = (uint16_t)(pkt->l3_off + h.hdr_len);
	pkt_pull(pkt, h.hdr_len);
	if (h.hdr_len > IP4_HDR_LEN)
		d = check_options(st, l, pkt, &h);
	if (d != DROP_NONE)
		return d;
	if (h.mf || h.offset > 0)
		return ip4_reass_input(st, pkt, &h);
	return ip4_deliver(st, pkt, &h);
}
