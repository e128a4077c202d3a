/* SPDX-License-Identifier: BSD-2-Clause */
/* See early.h. */
#include "net/early.h"

#include <string.h>

#include "base/csum.h"
#include "base/ip.h"
#include "net/ip4.h"
#include "net/link.h"
#include "net/net.h"
#include "wire/udp.h"

enum { EARLY_MAX = 4096 }; /* bytes of a datagram that are looked at */

int early_open(struct ph_stack *st, ph_link link, struct early *e)
{
	struct link *l = link_get(st, link);

	if (!l)
		return -ENODEV;
	if (l->early)
		return -EBUSY;
	l->early = e;
	return 0;
}

void early_close(struct ph_stack *st, ph_link link, struct early *e)
{
	struct link *l = link_get(st, link);

	if (l && l->early == e)
		l->early = NULL;
}

bool early_input(struct ph_stack *st, struct link *l, struct pkt *pkt, const struct ip4_info *ip)
{
	struct ph_ip from = ip_of4(ip->src), to = ip_of4(ip->dst);
	uint32_t off = ip->hdr_len, have = pkt->len - off, len;
	uint8_t bytes[EARLY_MAX];
	struct udp_hdr h;

	if (ip->proto != PH_IPPROTO_UDP || ip->mf || ip->offset > 0 || have < sizeof(h))
		return false;
	(void)pkt_copy_out(pkt, off, &h, sizeof(h));
	len = be16_get(h.len);
	if (be16_get(h.dport) != l->early->port || len < sizeof(h) || len > have ||
	    len - sizeof(h) > sizeof(bytes))
		return false;
	if (be16_get(h.csum) != 0 && pkt->csum == PKT_CSUM_NONE &&
	    csum_fold(csum_pkt(csum_pseudo(&from, &to, PH_IPPROTO_UDP, len), pkt, off, len)) != 0xffff)
		return false;
	len -= (uint32_t)sizeof(h);
	(void)pkt_copy_out(pkt, off + (uint32_t)sizeof(h), bytes, len);
	COUNT(st, IpInDelivers);
	COUNT(st, UdpInDatagrams);
	l->early->take(st, l->early, bytes, len);
	return true;
}

int early_broadcast(struct ph_stack *st, ph_link link, const struct ph_ip *src, uint16_t sport,
		    uint16_t dport, const void *bytes, size_t len)
{
	struct link *l = link_get(st, link);
	struct dst d = { .src = *src, .dst = ip_of4(UINT32_MAX), .link = link,
			 .kind = DST_BROADCAST };
	struct ip_tx tx = { .proto = PH_IPPROTO_UDP, .ttl = 64 };
	struct pkt *p;
	struct udp_hdr *h;
	uint64_t sum;
	uint16_t csum;

	if (!l || l->kind != PH_LINK_ETHER)
		return -ENODEV;
	if (len + sizeof(*h) + IP4_HDR_LEN > l->mtu)
		return -EMSGSIZE;
	if (!ip_is4(&d.src))
		d.src = ip_of4(0);
	p = pkt_new_tx(&st->pkts, (uint32_t)len);
	if (!p)
		return -ENOMEM;
	memcpy(pkt_put(p, (uint32_t)len), bytes, len);
	h = (void *)pkt_push(p, sizeof(*h));
	*h = (struct udp_hdr){ be16_of(sport), be16_of(dport),
			       be16_of((uint16_t)(len + sizeof(*h))), be16_of(0) };
	sum = csum_pseudo(&d.src, &d.dst, PH_IPPROTO_UDP, p->len);
	csum = csum_finish(csum_pkt(sum, p, 0, p->len));
	h->csum = be16_of(csum ? csum : 0xffff);
	ip4_push(p, &d, &tx, ip4_ident(st, &d, PH_IPPROTO_UDP, 1), 0);
	COUNT(st, UdpOutDatagrams);
	COUNT(st, IpOutRequests);
	return ip4_send(st, &d, p);
}
