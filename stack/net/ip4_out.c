/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IPv4 packets leave (RFC 791 3.2, 1122 3.2.1, 6864): header, identification, fragments, and the
 * way to the next hop. Called by the transports and icmp4.c through ip_output(). For an
 * established connection this is two headers and a place in the queue.
 */
#include "net/ip4.h"

#include <string.h>

#include "base/csum.h"
#include "base/ip.h"
#include "net/gso.h"
#include "net/net_state.h"

enum { LOOP_MAX = 1000 }; /* packets to ourselves that wait for the next run */

void ip4_push(struct pkt *p, const struct dst *d, const struct ip_tx *tx, uint16_t id,
	      uint16_t frag)
{
	struct ip4_hdr *ip = (void *)pkt_push(p, sizeof(*ip));

	ip->ver_ihl = 4 << 4 | sizeof(*ip) / 4;
	ip->tos = tx->tos;
	ip->len = be16_of((uint16_t)p->len);
	ip->id = be16_of(id);
	ip->frag = be16_of(frag);
	ip->ttl = tx->ttl;
	ip->proto = tx->proto;
	ip->csum = be16_of(0);
	memcpy(&ip->src, d->src.b + 12, sizeof(ip->src));
	memcpy(&ip->dst, d->dst.b + 12, sizeof(ip->dst));
	ip->csum = be16_of(csum_finish(csum_add(0, ip, sizeof(*ip))));
	p->l3_off = 0;
	p->l4_off = sizeof(*ip);
	p->csum_start = (uint16_t)(p->csum_start + sizeof(*ip));
}

/*
 * Unique for a destination and protocol as long as 65,536 packets live, and nothing that one
 * destination sees tells what another one was sent (RFC 7739's way for IPv6): a keyed start per
 * destination, counters shared by few.
 */
uint16_t ip4_ident(struct ph_stack *st, const struct dst *d, uint8_t proto)
{
	uint8_t key[9];
	uint64_t h;

	memcpy(key, d->src.b + 12, 4);
	memcpy(key + 4, d->dst.b + 12, 4);
	key[8] = proto;
	h = siphash(&st->hash_key, key, sizeof(key));
	return (uint16_t)(st->net->idents[h % NET_IDENTS]++ + (uint16_t)(h >> 48));
}

static int to_self(struct ph_stack *st, const struct dst *d, struct pkt *take_pkt)
{
	struct net_state *net = st->net;

	take_pkt->link = d->link;
	if (net->looped >= LOOP_MAX) {
		link_drop(st, link_get(st, d->link), take_pkt, DROP_QUEUE_FULL);
		return -ENOBUFS;
	}
	list_push_back(&net->loop, &take_pkt->node);
	net->looped++;
	return 0;
}

static int to_neighbour(struct ph_stack *st, struct dst *d, struct link *l, struct pkt *take_pkt)
{
	if (!d->neigh) {
		d->neigh = neigh_get(st, d->link, &d->next_hop);
		if (!d->neigh) {
			link_drop(st, l, take_pkt, DROP_NEIGH_TABLE_FULL);
			return -ENOBUFS;
		}
		d->gen = st->net->gen; /* what made room was another one's neighbour */
	}
	return neigh_output(st, l, d->neigh, &d->src, take_pkt);
}

/* RFC 1112 6.4: a group's low 23 bits are in its Ethernet address. */
static void group_mac(const struct dst *d, uint8_t mac[ETH_ADDR_LEN])
{
	const uint8_t *ip = d->dst.b + 12;

	if (d->kind == DST_MULTICAST)
		memcpy(mac, (const uint8_t[]){ 0x01, 0x00, 0x5e, ip[1] & 0x7f, ip[2], ip[3] },
		       ETH_ADDR_LEN);
	else
		memset(mac, 0xff, ETH_ADDR_LEN);
}

static int to_group(struct ph_stack *st, const struct dst *d, struct link *l, struct pkt *take_pkt)
{
	struct eth_hdr *eth = (void *)pkt_push(take_pkt, sizeof(*eth));

	group_mac(d, eth->dst);
	memcpy(eth->src, l->mac, ETH_ADDR_LEN);
	eth->type = be16_of(ETH_TYPE_IP4);
	take_pkt->l3_off = (uint16_t)(take_pkt->l3_off + sizeof(*eth));
	take_pkt->l4_off = (uint16_t)(take_pkt->l4_off + sizeof(*eth));
	take_pkt->csum_start = (uint16_t)(take_pkt->csum_start + sizeof(*eth));
	return link_enqueue(st, l, take_pkt);
}

int ip4_send(struct ph_stack *st, struct dst *d, struct pkt *take_pkt)
{
	struct link *l = link_get(st, d->link);

	assert(l); /* d is up to date, and no link leaves without a new generation */
	COUNT(st, IpOutTransmits);
	COUNT_N(st, IpExtOutOctets, take_pkt->len);
	switch (d->kind) {
	case DST_SELF:
		return to_self(st, d, take_pkt);
	case DST_BROADCAST:
		COUNT(st, IpExtOutBcastPkts);
		COUNT_N(st, IpExtOutBcastOctets, take_pkt->len);
		break;
	case DST_MULTICAST:
		COUNT(st, IpExtOutMcastPkts);
		COUNT_N(st, IpExtOutMcastOctets, take_pkt->len);
		break;
	case DST_HOST:
		break;
	}
	if (l->kind == PH_LINK_IP)
		return link_enqueue(st, l, take_pkt);
	return d->kind == DST_HOST ? to_neighbour(st, d, l, take_pkt)
				   : to_group(st, d, l, take_pkt);
}

static int refuse(struct ph_stack *st, const struct dst *d, struct pkt *take_pkt, enum drop reason,
		  int error)
{
	link_drop(st, link_get(st, d->link), take_pkt, reason);
	return error;
}

int ip4_fragment(struct ph_stack *st, struct pkt *take_pkt, struct dst *d, const struct ip_tx *tx)
{
	uint32_t most = (d->mtu - (uint32_t)IP4_HDR_LEN) & ~7u, total = take_pkt->len, off, len;
	uint16_t id = ip4_ident(st, d, tx->proto);
	int rc = 0;

	if (take_pkt->csum == PKT_CSUM_TODO)
		gso_finish_csum(take_pkt); /* over all of it: no device sees that */
	for (off = 0; off < total && rc == 0; off += len) {
		struct pkt *p = pkt_new_tx(&st->pkts, 0);
		bool last = total - off <= most;

		len = last ? total - off : most;
		if (!p || !gso_add_slice(p, take_pkt, off, len)) {
			pkt_free(p);
			rc = -ENOMEM;
			break;
		}
		ip4_push(p, d, tx, id, (uint16_t)(off / 8 | (last ? 0 : IP4_F_MF)));
		rc = ip4_send(st, d, p);
		COUNT(st, IpFragCreates);
	}
	pkt_free(take_pkt);
	if (rc == 0)
		COUNT(st, IpFragOKs);
	else
		COUNT(st, IpFragFails);
	return rc;
}

int ip_output(struct ph_stack *st, struct pkt *take_pkt, struct dst *d, const struct ip_tx *tx)
{
	uint32_t len = take_pkt->len + IP4_HDR_LEN;
	struct ip_tx t = *tx;
	int rc = dst_refresh(st, d);

	if (rc != 0)
		return refuse(st, d, take_pkt, DROP_IP_OUTNOROUTES, rc);
	COUNT(st, IpOutRequests);
	if (t.ttl == 0) /* RFC 1122 3.3.6, 1112 6.1: what goes to a group stays near unless asked */
		t.ttl = d->kind == DST_MULTICAST ? 1 : (uint8_t)st->sysctl.ip_default_ttl;
	if (len > IP4_LEN_MAX)
		return refuse(st, d, take_pkt, DROP_PKT_TOO_BIG, -EMSGSIZE);
	if (len > d->mtu && take_pkt->gso == PKT_GSO_NONE) {
		if (!t.df)
			return ip4_fragment(st, take_pkt, d, &t);
		COUNT(st, IpFragFails);
		return refuse(st, d, take_pkt, DROP_PKT_TOO_BIG, -EMSGSIZE);
	}
	/*
	 * RFC 6864 4.1: the ID of what is never fragmented means nothing, so it says nothing: 0,
	 * as Linux's
	 */
	ip4_push(take_pkt, d, &t, t.df ? 0 : ip4_ident(st, d, t.proto), t.df ? IP4_F_DF : 0);
	return ip4_send(st, d, take_pkt);
}
