/* SPDX-License-Identifier: BSD-2-Clause */
/* Ethernet frames of every form that a host meets. See ether.h. */
#include "net/ether.h"

#include <string.h>

static enum drop pull_tag(struct pkt *p, struct ether_info *e)
{
	const struct eth_tag *tag;

	if (!pkt_pull_up(p, sizeof(*tag)))
		return p->len < sizeof(*tag) ? DROP_ETH_SHORT : DROP_NOMEM;
	tag = (const void *)pkt_bytes(p);
	e->vlan = be16_get(tag->control) & ETH_VLAN_MASK;
	e->type = be16_get(tag->type);
	pkt_pull(p, sizeof(*tag));
	return DROP_NONE;
}

/* RFC 1042: the SNAP of organisation 0 holds an EtherType; nothing else of 802.2 is for a host. */
static enum drop pull_snap(struct pkt *p, struct ether_info *e)
{
	static const uint8_t snap[] = { 0xaa, 0xaa, 0x03, 0, 0, 0 };
	const struct eth_snap *s;

	if (e->type > p->len)
		return DROP_ETH_SHORT;
	pkt_trim(p, e->type);
	if (!pkt_pull_up(p, sizeof(*s)))
		return p->len < sizeof(*s) ? DROP_UNHANDLED_PROTO : DROP_NOMEM;
	s = (const void *)pkt_bytes(p);
	if (memcmp(s->llc, snap, sizeof(snap)) != 0)
		return DROP_UNHANDLED_PROTO;
	e->type = be16_get(s->type);
	pkt_pull(p, sizeof(*s));
	return DROP_NONE;
}

enum drop ether_open(struct pkt *p, struct ether_info *e)
{
	enum drop d = DROP_NONE;

	if (!pkt_pull_up(p, ETH_HDR_LEN))
		return p->len < ETH_HDR_LEN ? DROP_ETH_SHORT : DROP_NOMEM;
	memcpy(&e->addrs, pkt_bytes(p), sizeof(e->addrs));
	e->type = be16_get(e->addrs.type);
	e->vlan = 0;
	pkt_pull(p, ETH_HDR_LEN);
	if (e->type == ETH_TYPE_VLAN)
		d = pull_tag(p, e);
	if (d == DROP_NONE && e->type < ETH_TYPE_MIN)
		d = pull_snap(p, e);
	return d;
}

void ether_tag(struct pkt *p, uint16_t vlan)
{
	uint8_t *to = pkt_push(p, sizeof(struct eth_tag));
	struct eth_tag tag = { .control = be16_of(vlan) };

	/*  addresses type data  ->  addresses 8100 vlan type data  */
	memmove(to, to + sizeof(tag), sizeof(struct eth_hdr));
	memcpy(&tag.type, to + offsetof(struct eth_hdr, type), sizeof(tag.type));
	((struct eth_hdr *)(void *)to)->type = be16_of(ETH_TYPE_VLAN);
	memcpy(to + ETH_HDR_LEN, &tag, sizeof(tag));
	p->l3_off = (uint16_t)(p->l3_off + sizeof(tag));
	p->l4_off = (uint16_t)(p->l4_off + sizeof(tag));
	p->csum_start = (uint16_t)(p->csum_start + sizeof(tag));
}
