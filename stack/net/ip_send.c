/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A packet with its IP header leaves: to ourselves, to a neighbour whose address may have to be
 * asked for, or to a group. The same for both families but for the Ethernet type and how a group
 * becomes an Ethernet address. Called by ip4_out.c and ip6_out.c.
 */
#include "net/ip_send.h"

#include <string.h>

#include "net/gso.h"
#include "net/if6.h"
#include "net/ip6.h"
#include "net/lo.h"
#include "net/net_state.h"

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

/* RFC 1112 6.4: a group's low 23 bits are in its Ethernet address; of IPv6, RFC 2464 7. */
static void group_mac(const struct dst *d, uint8_t mac[ETH_ADDR_LEN])
{
	const uint8_t *ip = d->dst.b + 12;

	if (d->v6)
		ip6_group_mac(&d->dst, mac);
	else if (d->kind == DST_MULTICAST)
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
	eth->type = be16_of(d->v6 ? ETH_TYPE_IP6 : ETH_TYPE_IP4);
	take_pkt->l3_off = (uint16_t)(take_pkt->l3_off + sizeof(*eth));
	take_pkt->l4_off = (uint16_t)(take_pkt->l4_off + sizeof(*eth));
	take_pkt->csum_start = (uint16_t)(take_pkt->csum_start + sizeof(*eth));
	return link_enqueue(st, l, take_pkt);
}

/* RFC 1112 6.1: what goes to a group comes back to the members among us; to all, to all of us. */
static void loop_copy(struct ph_stack *st, const struct dst *d, const struct link *l,
		      const struct pkt *p)
{
	const struct mc_link *ml = d->v6 ? (l->v6 ? &l->v6->mc : NULL) : &l->mc4;
	struct pkt *copy;

	if (d->kind == DST_MULTICAST && (!ml || !mc_listens(ml, &d->dst)))
		return;
	copy = pkt_new_tx(&st->pkts, 0);
	if (copy && !gso_add_slice(copy, p, 0, p->len)) {
		pkt_free(copy);
		copy = NULL;
	}
	if (!copy)
		return; /* as if lost */
	copy->csum = PKT_CSUM_GOOD;
	copy->l2_group = true;
	(void)lo_queue(st, d->link, copy);
}

int ip_send(struct ph_stack *st, struct dst *d, struct pkt *take_pkt)
{
	struct link *l = link_get(st, d->link);

	assert(l); /* d is up to date, and no link leaves without a new generation */
	if (d->kind == DST_SELF || l->kind == PH_LINK_LOOPBACK) {
		take_pkt->l2_group = d->kind == DST_MULTICAST || d->kind == DST_BROADCAST;
		return lo_send(st, d->link, take_pkt);
	}
	if (take_pkt->loop_copy && (d->kind == DST_MULTICAST || d->kind == DST_BROADCAST))
		loop_copy(st, d, l, take_pkt);
	if (take_pkt->here_only) {
		pkt_free(take_pkt);
		return 0;
	}
	if (l->kind == PH_LINK_IP)
		return link_enqueue(st, l, take_pkt);
	return d->kind == DST_HOST ? to_neighbour(st, d, l, take_pkt)
				   : to_group(st, d, l, take_pkt);
}

int ip_refuse(struct ph_stack *st, const struct dst *d, struct pkt *take_pkt, enum drop reason,
	      int error)
{
	link_drop(st, link_get(st, d->link), take_pkt, reason);
	return error;
}
