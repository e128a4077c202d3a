/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IPv6 packets leave (RFC 8200 3, 6437): header, flow label, hop limit. Called by ip_output() for
 * the transports and by icmp6.c and nd.c.
 */
#include "net/ip6.h"

#include <string.h>

#include "base/ip.h"
#include "net/ip6_frag.h"
#include "net/ip_send.h"
#include "net/net_state.h"

/*
 * RFC 6437 3: the same for all packets of a flow and not to be foreseen; as Linux's
 * auto_flowlabels, from the addresses and ports. Of what has none, from the addresses alone.
 */
static uint32_t flow_label(const struct ph_stack *st, const struct pkt *p, const struct dst *d,
			   const struct ip_tx *tx)
{
	uint8_t key[38], proto = tx->proto;
	uint64_t h;

	if (!st->sysctl.ip6_auto_flowlabels)
		return 0;
	memcpy(key, d->src.b, 16);
	memcpy(key + 16, d->dst.b, 16);
	key[32] = proto;
	memset(key + 33, 0, 4);
	if ((proto == PH_IPPROTO_TCP || proto == PH_IPPROTO_UDP) && p->hdr.len >= 4)
		memcpy(key + 33, pkt_bytes(p), 4);
	key[37] = tx->path;
	h = siphash(&st->hash_key, key, sizeof(key));
	return (uint32_t)h & IP6_FLOW_MASK;
}

void ip6_push(struct pkt *p, const struct dst *d, const struct ip_tx *tx, uint8_t next)
{
	struct ph_ip src = ip6_bare(d->src), dst = ip6_bare(d->dst);
	struct ip6_hdr *ip = (void *)pkt_push(p, sizeof(*ip));

	ip->ver_class_flow =
		be32_of(6u << 28 | (uint32_t)tx->tos << 20 | (tx->flow & IP6_FLOW_MASK));
	ip->len = be16_of((uint16_t)(p->len - (uint32_t)sizeof(*ip)));
	ip->next = next;
	ip->hop = tx->ttl;
	memcpy(ip->src, src.b, sizeof(ip->src));
	memcpy(ip->dst, dst.b, sizeof(ip->dst));
	p->l3_off = 0;
	p->l4_off = sizeof(*ip);
	p->csum_start = (uint16_t)(p->csum_start + sizeof(*ip));
}

void ip6_group_mac(const struct ph_ip *group, uint8_t mac[ETH_ADDR_LEN])
{
	mac[0] = mac[1] = 0x33;
	memcpy(mac + 2, group->b + 12, 4);
}

int ip6_send(struct ph_stack *st, struct dst *d, struct pkt *take_pkt)
{
	COUNT(st, Ip6OutTransmits);
	COUNT_N(st, Ip6OutOctets, take_pkt->len);
	if (d->kind == DST_MULTICAST) {
		COUNT(st, Ip6OutMcastPkts);
		COUNT_N(st, Ip6OutMcastOctets, take_pkt->len);
	}
	return ip_send(st, d, take_pkt);
}

int ip6_output(struct ph_stack *st, struct pkt *take_pkt, struct dst *d, const struct ip_tx *tx)
{
	struct ip_tx t = *tx;

	COUNT(st, Ip6OutRequests);
	if (t.ttl == 0)
		t.ttl = d->kind == DST_MULTICAST ? 1 : d->hop_limit;
	if (t.flow == 0)
		t.flow = flow_label(st, take_pkt, d, &t);
	if (take_pkt->len > IP6_LEN_MAX)
		return ip_refuse(st, d, take_pkt, DROP_PKT_TOO_BIG, -EMSGSIZE);
	if (take_pkt->len + IP6_HDR_LEN > d->mtu && take_pkt->gso == PKT_GSO_NONE) {
		if (!t.df)
			return ip6_fragment(st, take_pkt, d, &t);
		COUNT(st, Ip6FragFails);
		return ip_refuse(st, d, take_pkt, DROP_PKT_TOO_BIG, -EMSGSIZE);
	}
	ip6_push(take_pkt, d, &t, t.proto);
	return ip6_send(st, d, take_pkt);
}

int ip6_output_whole(struct ph_stack *st, struct pkt *take_pkt, struct dst *d)
{
	int rc = dst_refresh(st, d);

	if (rc != 0 || !d->v6)
		return ip_refuse(st, d, take_pkt, DROP_IP6_OUTNOROUTES, rc ? rc : -EINVAL);
	COUNT(st, Ip6OutRequests);
	if (take_pkt->len < IP6_HDR_LEN)
		return ip_refuse(st, d, take_pkt, DROP_IP6_EXTHDR, -EINVAL);
	if (take_pkt->len > d->mtu)
		return ip_refuse(st, d, take_pkt, DROP_PKT_TOO_BIG, -EMSGSIZE);
	if (!pkt_pull_up(take_pkt, IP6_HDR_LEN))
		return ip_refuse(st, d, take_pkt, DROP_NOMEM, -ENOBUFS);
	take_pkt->l3_off = 0;
	take_pkt->l4_off = IP6_HDR_LEN;
	return ip6_send(st, d, take_pkt);
}
