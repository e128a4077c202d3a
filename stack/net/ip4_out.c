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
#include "net/ip4_opt.h"
#include "net/ip6.h"
#include "net/ip_send.h"
#include "net/net_state.h"

void ip4_push(struct pkt *p, const struct dst *d, const struct ip_tx *tx, uint16_t id,
	      uint16_t frag)
{
	uint32_t hdr_len = (uint32_t)sizeof(struct ip4_hdr) + tx->opt_len;
	struct ip4_hdr *ip = (void *)pkt_push(p, hdr_len);

	if (tx->opt_len)
		memcpy((uint8_t *)ip + sizeof(*ip), tx->opt, tx->opt_len);
	ip->ver_ihl = (uint8_t)(4 << 4 | hdr_len / 4);
	ip->tos = tx->tos;
	ip->len = be16_of((uint16_t)p->len);
	ip->id = be16_of(id);
	ip->frag = be16_of(frag);
	ip->ttl = tx->ttl;
	ip->proto = tx->proto;
	ip->csum = be16_of(0);
	memcpy(&ip->src, d->src.b + 12, sizeof(ip->src));
	memcpy(&ip->dst, d->dst.b + 12, sizeof(ip->dst));
	ip->csum = be16_of(csum_ip4_header(ip, hdr_len));
	p->l3_off = 0;
	p->l4_off = (uint16_t)hdr_len;
	p->csum_start = (uint16_t)(p->csum_start + hdr_len);
}

/*
 * Unique for a destination and protocol as long as 65,536 packets live, and nothing that one
 * destination sees tells what another one was sent (RFC 7739's way for IPv6): a keyed start per
 * destination, counters shared by few.
 */
uint16_t ip4_ident(struct ph_stack *st, const struct dst *d, uint8_t proto, uint32_t n)
{
	uint8_t key[9];
	uint16_t *next;
	uint64_t h;

	memcpy(key, d->src.b + 12, 4);
	memcpy(key + 4, d->dst.b + 12, 4);
	key[8] = proto;
	h = siphash(&st->hash_key, key, sizeof(key));
	next = &st->net->idents[h % NET_IDENTS];
	*next = (uint16_t)(*next + n);
	return (uint16_t)(*next - n + (uint16_t)(h >> 48));
}

/* A super-segment's segments are numbered on from it where it is cut. */
static uint32_t packets(const struct pkt *p)
{
	if (p->gso == PKT_GSO_NONE || !p->gso_size)
		return 1;
	return (p->len - p->hdr.len + p->gso_size - 1) / p->gso_size;
}

int ip4_send(struct ph_stack *st, struct dst *d, struct pkt *take_pkt)
{
	COUNT(st, IpOutTransmits);
	COUNT_N(st, IpExtOutOctets, take_pkt->len);
	if (d->kind == DST_BROADCAST) {
		COUNT(st, IpExtOutBcastPkts);
		COUNT_N(st, IpExtOutBcastOctets, take_pkt->len);
	} else if (d->kind == DST_MULTICAST) {
		COUNT(st, IpExtOutMcastPkts);
		COUNT_N(st, IpExtOutMcastOctets, take_pkt->len);
	}
	return ip_send(st, d, take_pkt);
}

/* Deviation: RFC 4821 4: fragments made here have no DF, as Linux's: they may be cut again. */
int ip4_fragment(struct ph_stack *st, struct pkt *take_pkt, struct dst *d, const struct ip_tx *tx)
{
	uint32_t most = (d->mtu - (uint32_t)IP4_HDR_LEN - tx->opt_len) & ~7u;
	uint32_t total = take_pkt->len, off, len;
	uint8_t options[IP4_OPT_MAX];
	struct ip_tx later = *tx;
	uint16_t id = ip4_ident(st, d, tx->proto, 1);
	int rc = 0;

	if (tx->opt_len) { /* RFC 791 3.1: the first fragment alone has those that are not copied */
		memcpy(options, tx->opt, tx->opt_len);
		ip4_opt_uncopied(options, tx->opt_len);
		later.opt = options;
	}
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
		p->loop_copy = take_pkt->loop_copy;
		p->here_only = take_pkt->here_only;
		ip4_push(p, d, off ? &later : tx, id,
			 (uint16_t)(off / 8 | (last ? 0 : IP4_F_MF)));
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

int ip4_output_whole(struct ph_stack *st, struct pkt *take_pkt, struct dst *d)
{
	struct ip4_hdr *ip;
	uint32_t header;
	int rc = dst_refresh(st, d);

	if (rc != 0 || d->v6)
		return ip_refuse(st, d, take_pkt, DROP_IP_OUTNOROUTES, rc ? rc : -EINVAL);
	COUNT(st, IpOutRequests);
	if (take_pkt->len < IP4_HDR_LEN || !pkt_pull_up(take_pkt, IP4_HDR_LEN))
		return ip_refuse(st, d, take_pkt, DROP_IP_INHDR, -EINVAL);
	header = 4u * (pkt_bytes(take_pkt)[0] & 15u);
	if (header < IP4_HDR_LEN || header > take_pkt->len || !pkt_pull_up(take_pkt, header))
		return ip_refuse(st, d, take_pkt, DROP_IP_INHDR, -EINVAL);
	if (take_pkt->len > d->mtu)
		return ip_refuse(st, d, take_pkt, DROP_PKT_TOO_BIG, -EMSGSIZE);
	ip = (void *)pkt_bytes(take_pkt);
	ip->len = be16_of((uint16_t)take_pkt->len);
	if (be32_get(ip->src) == 0)
		memcpy(&ip->src, d->src.b + 12, sizeof(ip->src));
	if (be16_get(ip->id) == 0)
		ip->id = be16_of(ip4_ident(st, d, ip->proto, 1));
	ip->csum = be16_of(0);
	ip->csum = be16_of(csum_finish(csum_add(0, ip, header)));
	take_pkt->l3_off = 0;
	take_pkt->l4_off = (uint16_t)header;
	return ip4_send(st, d, take_pkt);
}

/* Is it that simple: whole, to a neighbour that is known to be there, on a link that has room? */
static bool simple(const struct ph_stack *st, const struct pkt *p, const struct dst *d,
		   const struct ip_tx *tx, const struct link *l)
{
	const struct neigh *n = d->neigh;
	uint32_t len = p->len + IP4_HDR_LEN;

	return n && d->gen == st->net->gen && d->kind == DST_HOST && !d->v6 && tx->df &&
	       !tx->opt_len && n->state == NEIGH_REACHABLE && st->now_ns < n->reachable_until_ns && l &&
	       l->kind == PH_LINK_ETHER && !l->parent && l->queued < l->txqueuelen &&
	       l->queued_bytes < LINK_QUEUE_BYTES && len <= IP4_LEN_MAX && !p->here_only &&
	       (len <= d->mtu || p->gso != PKT_GSO_NONE);
}

/* As ip_output(), ip_send(), neigh_output() and link_enqueue() would do it one after the other. */
static void send_simple(struct ph_stack *st, struct pkt *p, const struct dst *d,
			const struct ip_tx *tx, struct link *l)
{
	struct { /* both headers, the second at an odd place of words */
		uint8_t eth[ETH_HDR_LEN];
		struct ip4_hdr ip;
	} *h = (void *)pkt_push(p, sizeof(*h));
	const uint16_t pushed = sizeof(*h);
	uint32_t len = p->len - ETH_HDR_LEN;

	static_assert(sizeof(*h) == ETH_HDR_LEN + IP4_HDR_LEN, "no padding");
	COUNT(st, IpOutRequests);
	COUNT(st, IpOutTransmits);
	COUNT_N(st, IpExtOutOctets, len);
	memcpy(h->eth, d->neigh->eth, ETH_HDR_LEN);
	h->ip = (struct ip4_hdr){ .ver_ihl = 4 << 4 | IP4_HDR_LEN / 4, .tos = tx->tos,
				  .len = be16_of((uint16_t)len), .frag = be16_of(IP4_F_DF),
				  .ttl = tx->ttl ? tx->ttl : (uint8_t)st->sysctl.ip_default_ttl,
				  .proto = tx->proto };
	memcpy(&h->ip.src, d->src.b + 12, sizeof(h->ip.src));
	memcpy(&h->ip.dst, d->dst.b + 12, sizeof(h->ip.dst));
	h->ip.csum = be16_of(csum_ip4_header(&h->ip, IP4_HDR_LEN));
	p->l3_off = ETH_HDR_LEN;
	p->l4_off = pushed;
	p->csum_start = (uint16_t)(p->csum_start + pushed);
	d->neigh->used_ns = st->now_ns;
	link_put(st, l, p);
}

int ip_output(struct ph_stack *st, struct pkt *take_pkt, struct dst *d, const struct ip_tx *tx)
{
	uint32_t len = take_pkt->len + IP4_HDR_LEN + tx->opt_len;
	struct link *l = link_get(st, d->link);
	struct ip_tx t;
	int rc;

	if (simple(st, take_pkt, d, tx, l)) {
		send_simple(st, take_pkt, d, tx, l);
		return 0;
	}
	t = *tx;
	rc = dst_refresh(st, d);
	if (rc != 0)
		return ip_refuse(st, d, take_pkt,
				 d->v6 ? DROP_IP6_OUTNOROUTES : DROP_IP_OUTNOROUTES, rc);
	if (d->v6)
		return ip6_output(st, take_pkt, d, tx);
	COUNT(st, IpOutRequests);
	if (t.ttl == 0) /* RFC 1122 3.3.6, 1112 6.1: what goes to a group stays near unless asked */
		t.ttl = d->kind == DST_MULTICAST ? 1 : (uint8_t)st->sysctl.ip_default_ttl;
	if (len > IP4_LEN_MAX)
		return ip_refuse(st, d, take_pkt, DROP_PKT_TOO_BIG, -EMSGSIZE);
	if (len > d->mtu && take_pkt->gso == PKT_GSO_NONE) {
		if (!t.df)
			return ip4_fragment(st, take_pkt, d, &t);
		COUNT(st, IpFragFails);
		return ip_refuse(st, d, take_pkt, DROP_PKT_TOO_BIG, -EMSGSIZE);
	}
	/*
	 * RFC 6864 4.1: the ID of what is never fragmented means nothing, so it says nothing: 0,
	 * as Linux's
	 */
	ip4_push(take_pkt, d, &t, t.df ? 0 : ip4_ident(st, d, t.proto, packets(take_pkt)),
		 t.df ? IP4_F_DF : 0);
	return ip4_send(st, d, take_pkt);
}
