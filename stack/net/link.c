/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Links: frames in (the one place where a received packet is counted and freed), the queue of
 * frames out, and who waits for room in it. Called by the user (ph_link_*) and, for output, by
 * neigh.c and ip4_out.c.
 */
#include "net/link.h"

#include <string.h>

#include "net/arp.h"
#include "net/early.h"
#include "net/ether.h"
#include "net/gso.h"
#include "net/if6.h"
#include "net/ip4.h"
#include "net/ip6.h"
#include "net/lo.h"
#include "net/nd.h"
#include "net/net.h"
#include "net/net_state.h"
#include "net/train.h"

static const uint8_t eth_broadcast[ETH_ADDR_LEN] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

int link_table_new(struct ph_stack *st)
{
	struct link_table *t = &st->net->links;
	size_t size;

	t->cap = 1;
	while (t->cap < st->conf.max_links + 1u && t->cap < LINK_INDEX_MAX / 2)
		t->cap *= 2;
	size = t->cap * sizeof(struct link *);
	t->at = mem_alloc(&st->mem, size);
	if (!t->at)
		return -ENOMEM;
	memset(t->at, 0, size);
	return 0;
}

void link_drain(struct link *l)
{
	struct list_node *n;

	while ((n = list_pop_front(&l->queue)))
		pkt_free(container_of(n, struct pkt, node));
	l->queued = l->queued_bytes = l->cut_off = l->cut_number = 0;
	small_queues_clear(&l->small, &l->waiters);
}

void link_table_free(struct ph_stack *st)
{
	struct link_table *t = &st->net->links;

	if (!t->at)
		return;
	for (uint32_t i = 0; i < t->n; i++) {
		if (!t->at[i])
			continue;
		link_drain(t->at[i]);
		mc_link_free(st, &t->at[i]->mc4);
		if (t->at[i]->early)
			t->at[i]->early->gone(st, t->at[i]->early);
		if6_free(st, t->at[i]);
		mem_free(&st->mem, t->at[i], sizeof(struct link));
	}
	mem_free(&st->mem, t->at, t->cap * sizeof(struct link *));
	t->at = NULL;
}

struct link *link_get(const struct ph_stack *st, ph_link index)
{
	const struct link_table *t = &st->net->links;
	struct link *l = index >= 1 ? t->at[(uint32_t)(index - 1) & (t->cap - 1)] : NULL;

	return l && l->index == index ? l : NULL;
}

struct link *link_by_name(const struct ph_stack *st, const char *name, size_t len)
{
	const struct link_table *t = &st->net->links;

	for (uint32_t i = 0; i < t->n; i++)
		if (t->at[i] && strlen(t->at[i]->name) == len &&
		    memcmp(t->at[i]->name, name, len) == 0)
			return t->at[i];
	return NULL;
}

/* An index whose place is free, the one that was not used for the longest time. */
static ph_link new_index(struct link_table *t)
{
	for (uint32_t k = 0; k < t->cap; k++) {
		t->last = t->last < LINK_INDEX_MAX ? t->last + 1 : 1;
		if (!t->at[(uint32_t)(t->last - 1) & (t->cap - 1)])
			return t->last;
	}
	return 0;
}

int link_insert(struct ph_stack *st, const struct link *like, struct link **out)
{
	struct link_table *t = &st->net->links;
	struct link *l;
	uint32_t place;

	if (t->count > st->conf.max_links) /* lo is not counted */
		return -ENOSPC;
	l = mem_alloc(&st->mem, sizeof(*l));
	if (!l)
		return -ENOMEM;
	*l = *like;
	l->index = new_index(t);
	l->up = l->carrier = true;
	list_init(&l->queue);
	list_init(&l->waiters);
	small_queues_init(&l->small);
	mc_link_init(&l->mc4, l, false);
	place = (uint32_t)(l->index - 1) & (t->cap - 1);
	t->at[place] = l;
	if (place >= t->n)
		t->n = place + 1;
	t->count++;
	net_changed(st);
	*out = l;
	return 0;
}

/*
 * As Linux's netdev_fix_features: a super-segment's checksums cannot be left open where one
 * segment's cannot.
 */
static uint32_t usable_offload(uint32_t offload)
{
	return offload & PH_OFFLOAD_CSUM ? offload : offload & PH_OFFLOAD_GRO;
}

static bool conf_ok(const struct ph_link_conf *conf)
{
	const uint32_t known = PH_OFFLOAD_CSUM | PH_OFFLOAD_TSO4 | PH_OFFLOAD_TSO6 | PH_OFFLOAD_GRO;

	if (!conf->name || conf->name[0] == '\0' || strlen(conf->name) > LINK_NAME_MAX)
		return false;
	if ((conf->mtu != 0 && conf->mtu < IP4_MTU_MIN) || conf->mtu > LINK_MTU_MAX ||
	    (conf->offload & ~known) != 0)
		return false;
	switch (conf->kind) {
	case PH_LINK_ETHER:
	case PH_LINK_VLAN:
		return (conf->mac[0] & 1) == 0;
	case PH_LINK_IP:
		return true;
	case PH_LINK_LOOPBACK: /* there is one */
		break;
	}
	return false;
}

static struct link *vlan_of(const struct ph_stack *st, const struct link *parent, uint16_t vlan)
{
	for (uint32_t i = 0; i < st->net->links.n; i++) {
		struct link *l = st->net->links.at[i];

		if (l && l->parent == parent->index && l->vlan == vlan)
			return l;
	}
	return NULL;
}

/* A VLAN takes from the link below what it does not say itself. */
static int vlan_conf(const struct ph_stack *st, struct ph_link_conf *conf)
{
	static const uint8_t none[ETH_ADDR_LEN];
	const struct link *parent = link_get(st, conf->parent);

	if (!parent)
		return -ENODEV;
	if (parent->kind != PH_LINK_ETHER || parent->parent || conf->vlan == 0 ||
	    conf->vlan > ETH_VLAN_MAX || conf->mtu > parent->mtu)
		return -EINVAL;
	if (vlan_of(st, parent, conf->vlan))
		return -EEXIST;
	if (memcmp(conf->mac, none, sizeof(none)) == 0)
		memcpy(conf->mac, parent->mac, sizeof(conf->mac));
	if (conf->mtu == 0)
		conf->mtu = parent->mtu;
	conf->offload = parent->offload & (PH_OFFLOAD_CSUM | PH_OFFLOAD_GRO);
	return 0;
}

static void link_init(struct ph_stack *st, struct link *l, const struct ph_link_conf *conf)
{
	bool vlan = conf->kind == PH_LINK_VLAN;

	memset(l, 0, sizeof(*l));
	l->kind = vlan ? PH_LINK_ETHER : conf->kind;
	l->parent = vlan ? conf->parent : 0;
	l->vlan = vlan ? conf->vlan : 0;
	l->conf4 = st->sysctl.conf4;
	memcpy(l->mac, conf->mac, sizeof(l->mac));
	l->mtu = conf->mtu ? conf->mtu : (uint32_t)LINK_MTU;
	l->offload = usable_offload(conf->offload);
	l->txqueuelen = conf->txqueuelen ? conf->txqueuelen : (uint32_t)LINK_TXQUEUELEN;
	memcpy(l->name, conf->name, strlen(conf->name));
}

ph_link ph_link_add(struct ph_stack *st, const struct ph_link_conf *conf, uint64_t now_ns)
{
	struct ph_link_conf full = *conf;
	struct link *l, like;
	int rc;

	stack_enter(st, now_ns);
	if (!conf_ok(conf))
		return -EINVAL;
	rc = conf->kind == PH_LINK_VLAN ? vlan_conf(st, &full) : 0;
	if (rc == 0 && link_by_name(st, conf->name, strlen(conf->name)))
		rc = -EEXIST;
	if (rc != 0)
		return rc;
	link_init(st, &like, &full);
	rc = link_insert(st, &like, &l);
	return rc == 0 ? l->index : rc;
}

int ph_link_remove(struct ph_stack *st, ph_link index, uint64_t now_ns)
{
	struct link_table *t = &st->net->links;
	struct link *l = link_get(st, index);
	struct list waiters;
	struct list_node *n;

	stack_enter(st, now_ns);
	if (!l)
		return -ENODEV;
	if (l->kind == PH_LINK_LOOPBACK)
		return -EOPNOTSUPP;
	for (uint32_t i = 0; i < t->n; i++) /* the VLANs on it go first */
		if (t->at[i] && t->at[i]->parent == index)
			(void)ph_link_remove(st, t->at[i]->index, now_ns);
	if (st->packet_link_gone)
		st->packet_link_gone(st, index);
	if (l->early)
		l->early->gone(st, l->early);
	route_flush(st, index);
	claim_flush(st, index);
	addr_flush(st, index);
	if6_stop(st, l);
	mc_link_free(st, &l->mc4);
	neigh_flush(st, index);
	t->at[(uint32_t)(index - 1) & (t->cap - 1)] = NULL;
	t->count--;
	if (!l->up || !l->carrier)
		t->idle--;
	net_changed(st);
	link_drain(l);
	list_init(&waiters);
	list_splice(&waiters, &l->waiters);
	mem_free(&st->mem, l, sizeof(*l));
	while ((n = list_pop_front(&waiters))) {
		struct link_waiter *w = container_of(n, struct link_waiter, node);

		w->resume(st, w); /* finds that there is no route */
	}
	return 0;
}

static int change_mtu(struct ph_stack *st, struct link *l, uint32_t mtu)
{
	const struct link *parent = link_get(st, l->parent);
	uint32_t most = l->kind == PH_LINK_LOOPBACK ? LINK_MTU_LO : LINK_MTU_MAX;

	if (mtu < IP4_MTU_MIN || mtu > most || (l->v6 && mtu < IP6_MTU_MIN) || (parent && mtu > parent->mtu))
		return -EINVAL;
	l->mtu = mtu;
	if (l->v6)
		l->v6->mtu = mtu;
	for (uint32_t i = 0; i < st->net->links.n; i++) { /* what is above carries no more */
		struct link *above = st->net->links.at[i];

		if (above && above->parent == l->index && above->mtu > mtu)
			(void)change_mtu(st, above, mtu);
	}
	return 0;
}

int ph_link_change(struct ph_stack *st, ph_link index, const struct ph_link_change *to,
		   uint64_t now_ns)
{
	struct link *l = link_get(st, index);
	int rc = 0;

	stack_enter(st, now_ns);
	if (!l)
		return -ENODEV;
	if (to->mac && (l->kind != PH_LINK_ETHER || (to->mac[0] & 1)))
		return -EINVAL;
	if (to->mtu)
		rc = change_mtu(st, l, to->mtu);
	if (rc != 0)
		return rc;
	if (to->txqueuelen)
		l->txqueuelen = to->txqueuelen;
	if (to->mac && memcmp(to->mac, l->mac, ETH_ADDR_LEN) != 0) {
		memcpy(l->mac, to->mac, ETH_ADDR_LEN);
		neigh_new_mac(st, l);
		if (l->conf4.arp_notify)
			arp_notify(st, l);
		if (l->v6 && l->v6->conf.ndisc_notify)
			nd_notify(st, l);
	}
	net_changed(st);
	return 0;
}

/* ---- in ------------------------------------------------------------------------------------- */

void link_drop(struct ph_stack *st, struct link *l, struct pkt *take_pkt, enum drop reason)
{
	count_drop(&st->counters, reason);
	TRACE(&st->trace, packet_dropped, .link = l ? (uint64_t)l->index : 0,
	      .reason = drop_name(reason), .text = drop_text(reason), .len = take_pkt->len);
	pkt_free(take_pkt);
}

/* RFC 1112 6.4: 32 groups share an Ethernet address. */
static bool hears4(const struct link *l, const uint8_t mac[ETH_ADDR_LEN])
{
	const struct list_node *n;

	if (memcmp(mac, (const uint8_t[]){ 0x01, 0x00, 0x5e }, 3) != 0)
		return false;
	list_for_each(n, &l->mc4.groups) {
		const uint8_t *ip = container_of(n, const struct mc_group, node)->ip.b + 12;

		if ((ip[1] & 0x7f) == mac[3] && ip[2] == mac[4] && ip[3] == mac[5])
			return true;
	}
	return false;
}

/*
 * For whom is it? (RFC 1122 2.3, 3.3.6; of IPv4's group addresses 224.0.0.1's, which no host can
 * leave, and those that were joined, of IPv6's those that if6.c keeps)
 */
static bool for_us(const struct link *l, const struct eth_hdr *h, bool *group)
{
	static const uint8_t all_hosts[ETH_ADDR_LEN] = { 0x01, 0x00, 0x5e, 0x00, 0x00, 0x01 };

	*group = (h->dst[0] & 1) != 0;
	if (!*group)
		return memcmp(h->dst, l->mac, ETH_ADDR_LEN) == 0;
	return memcmp(h->dst, eth_broadcast, ETH_ADDR_LEN) == 0 ||
	       memcmp(h->dst, all_hosts, ETH_ADDR_LEN) == 0 || hears4(l, h->dst) ||
	       (l->v6 && if6_hears(l, h->dst));
}

/* A frame of a VLAN, as its link would have had it without the tag. */
static void tap_untagged(struct ph_stack *st, const struct link *l, struct pkt *p,
			 const struct ether_info *e)
{
	struct eth_hdr h = e->addrs;

	h.type = be16_of(e->type);
	st->packet_tap(st, &(struct frame_seen){ .pkt = p, .header = &h, .link = l->index });
}

static enum drop ether_input(struct ph_stack *st, struct link *l, struct pkt *p)
{
	uint32_t len = p->len;
	struct ether_info e;
	enum drop d = ether_open(p, &e);

	if (d != DROP_NONE)
		return d;
	if (e.vlan) {
		l = vlan_of(st, l, e.vlan);
		if (!l)
			return DROP_OTHER_VLAN;
		if (!l->up)
			return DROP_LINK_DOWN;
		p->link = l->index;
		l->stats.rx_packets++;
		l->stats.rx_bytes += len;
		if (st->packet_tap)
			tap_untagged(st, l, p, &e);
	}
	if (!for_us(l, &e.addrs, &p->l2_group))
		return DROP_OTHERHOST;
	if (p->l2_group)
		l->stats.multicast++;
	switch (e.type) {
	case ETH_TYPE_IP4:
		return ip4_input(st, l, p, false);
	case ETH_TYPE_IP6:
		return ip6_input(st, l, p, false);
	case ETH_TYPE_ARP:
		return arp_input(st, l, p);
	default:
		return DROP_UNHANDLED_PROTO;
	}
}

static enum drop bare_input(struct ph_stack *st, struct link *l, struct pkt *p)
{
	if (!pkt_pull_up(p, 1))
		return DROP_IP_INHDR;
	return pkt_bytes(p)[0] >> 4 == 6 ? ip6_input(st, l, p, false) : ip4_input(st, l, p, false);
}

/* rtnl_link_stats64's names for what was not used. */
static void count_drop_kind(struct link_stats *s, enum drop d)
{
	s->rx_dropped++;
	s->rx_length_errors += d == DROP_ETH_SHORT;
	s->rx_otherhost_dropped += d == DROP_OTHERHOST;
	s->rx_nohandler += d == DROP_UNHANDLED_PROTO;
}

void link_deliver(struct ph_stack *st, struct link *l, struct pkt *take_pkt)
{
	enum drop d;

	st->train.offered = NULL;
	d = l->kind == PH_LINK_ETHER ? ether_input(st, l, take_pkt) : bare_input(st, l, take_pkt);
	if (d != DROP_NONE) {
		count_drop_kind(&l->stats, d);
		link_drop(st, l, take_pkt, d);
		return;
	}
	if (st->train.offered == take_pkt)
		train_begin(st, l, take_pkt);
	pkt_free(take_pkt);
}

void ph_link_input(struct ph_stack *st, ph_link index, struct ph_pkt *take_pkt, uint64_t now_ns)
{
	struct pkt *p = link_pkt_in(take_pkt);
	struct link *l = link_get(st, index);

	if (now_ns > st->now_ns)
		stack_settle(st);
	stack_time(st, now_ns);
	if (!l || (st->net->links.idle && !link_runs(st, l))) {
		link_drop(st, l, p, DROP_LINK_DOWN);
		return;
	}
	p->link = index;
	p->at_ns = st->now_ns;
	p->hdr_start = p->hdr.off;
	l->stats.rx_packets++;
	l->stats.rx_bytes += p->len;
	if (st->packet_tap)
		st->packet_tap(st, &(struct frame_seen){ .pkt = p, .link = index });
	else if (st->train.open && train_take(st, l, p))
		return;
	stack_settle(st);
	st->train.open = false;
	link_deliver(st, l, p);
}

/* ---- out ------------------------------------------------------------------------------------ */

static bool has_room(const struct link *l)
{
	return l->queued < l->txqueuelen && l->queued_bytes < LINK_QUEUE_BYTES;
}

/* Senders start again when half is sent, so that each gets to send more than one packet. */
static bool resumable(const struct link *l)
{
	return !list_empty(&l->waiters) && l->queued <= l->txqueuelen / 2 &&
	       l->queued_bytes <= LINK_QUEUE_BYTES / 2;
}

/* The link with the queue: of a VLAN, the one below. */
static struct link *queue_of(const struct ph_stack *st, ph_link index)
{
	struct link *l = link_get(st, index);

	return l && l->parent ? link_get(st, l->parent) : l;
}

bool link_has_room(const struct ph_stack *st, ph_link index)
{
	const struct link *l = queue_of(st, index);

	return !l ||
	       has_room(l); /* a link that is gone refuses what is sent: nothing to wait for */
}

void link_wait(struct ph_stack *st, ph_link index, struct link_waiter *w)
{
	struct link *l = queue_of(st, index);

	if (l && !list_linked(&w->node))
		list_push_back(&l->waiters, &w->node);
}

uint32_t link_flow_bytes(const struct ph_stack *st, ph_link index, uint8_t flow)
{
	const struct link *l = queue_of(st, index);

	/* A queue that is emptied at once holds up nobody. */
	return l && l->queued && st->now_ns > l->since_ns ? l->small.bytes[flow] : 0;
}

void link_flow_wait(struct ph_stack *st, ph_link index, uint8_t flow, struct link_waiter *w)
{
	struct link *l = queue_of(st, index);

	if (l && !list_linked(&w->node))
		list_push_back(&l->small.waiters[flow], &w->node);
}

void link_unwait(struct link_waiter *w)
{
	list_remove(&w->node);
}

/*
 * Each waits at most once more: who finds the queue full again stands behind those that had no
 * turn.
 */
static void resume_waiters(struct ph_stack *st, struct link *l)
{
	struct list turn;
	struct list_node *n;

	list_init(&turn);
	list_splice(&turn, &l->waiters);
	while (has_room(l) && (n = list_pop_front(&turn))) {
		struct link_waiter *w = container_of(n, struct link_waiter, node);

		w->resume(st, w);
	}
	list_splice(&turn, &l->waiters);
	list_splice(&l->waiters, &turn);
}

/* Who waits for less of his own in the queue, which just let some of it go. */
static void resume_flow(struct ph_stack *st, struct link *l)
{
	struct list turn;
	struct list_node *n;

	list_init(&turn);
	list_splice(&turn, &l->small.waiters[l->freed]);
	l->freed = 0;
	while ((n = list_pop_front(&turn))) {
		struct link_waiter *w = container_of(n, struct link_waiter, node);

		w->resume(st, w);
	}
}

void link_resume(struct ph_stack *st)
{
	for (uint32_t i = 0; i < st->net->links.n; i++) {
		struct link *l = st->net->links.at[i];

		if (l && resumable(l))
			resume_waiters(st, l);
	}
}

bool link_resumable(const struct ph_stack *st)
{
	for (uint32_t i = 0; i < st->net->links.n; i++)
		if (st->net->links.at[i] && resumable(st->net->links.at[i]))
			return true;
	return false;
}

/* What a VLAN sends, as it was before the tag: who looks keeps what is behind it by reference. */
static void tap_tagged(struct ph_stack *st, const struct link *l, struct pkt *p,
		       const struct eth_hdr *h)
{
	const uint32_t len = ETH_HDR_LEN + (uint32_t)sizeof(struct eth_tag);

	pkt_pull(p, len);
	st->packet_tap(st, &(struct frame_seen){ .pkt = p, .header = h, .link = l->index, .out = true });
	(void)pkt_push(p, len);
}

int link_enqueue(struct ph_stack *st, struct link *l, struct pkt *take_pkt)
{
	if (l->kind == PH_LINK_LOOPBACK)
		return lo_frame(st, take_pkt);
	if (l->parent) {
		struct link *parent = link_get(st, l->parent);

		struct eth_hdr h = *(const struct eth_hdr *)(const void *)pkt_bytes(take_pkt);

		ether_tag(take_pkt, l->vlan);
		if (st->packet_tap)
			tap_tagged(st, l, take_pkt, &h);
		l->stats.tx_packets++;
		l->stats.tx_bytes += take_pkt->len;
		return link_enqueue(st, parent, take_pkt);
	}
	if (st->net->links.idle && !link_runs(st, l)) {
		l->stats.tx_carrier_errors++;
		link_drop(st, l, take_pkt, DROP_LINK_DOWN);
		return 0; /* lost, as on a cable that nobody holds */
	}
	if (l->queued >= l->txqueuelen || l->queued_bytes >= LINK_QUEUE_BYTES_MAX) {
		l->stats.tx_dropped++;
		link_drop(st, l, take_pkt, DROP_QUEUE_FULL);
		return -ENOBUFS;
	}
	link_put(st, l, take_pkt);
	return 0;
}

static void dequeue(struct link *l, struct pkt *p)
{
	list_remove(&p->node);
	l->queued--;
	l->queued_bytes -= p->len;
	if (small_queue_sub(&l->small, p->flow, p->len))
		l->freed = p->flow;
	l->cut_off = l->cut_number = 0;
}

/* The next segment of the queue's first packet, which leaves the queue with its last. */
static struct pkt *cut(struct ph_stack *st, struct link *l, struct pkt *super)
{
	uint32_t len = 0;
	struct pkt *p = gso_segment(st, super, l->cut_number, l->cut_off,
				    (l->offload & PH_OFFLOAD_CSUM) != 0, &len);

	if (!p) { /* no memory for headers: the sender's loss recovery sees to the rest of it */
		dequeue(l, super);
		l->stats.tx_dropped++;
		link_drop(st, l, super, DROP_NOMEM);
		return NULL;
	}
	l->cut_number++;
	l->cut_off += len;
	if (gso_hdr_len(super) + l->cut_off >= super->len) {
		dequeue(l, super);
		pkt_free(super);
	}
	return p;
}

static uint32_t offload_of(enum pkt_gso gso)
{
	switch (gso) {
	case PKT_GSO_TCP4:
		return PH_OFFLOAD_TSO4;
	case PKT_GSO_TCP6:
		return PH_OFFLOAD_TSO6;
	case PKT_GSO_NONE:
		break;
	}
	return 0;
}

static struct pkt *take(struct ph_stack *st, struct link *l)
{
	struct list_node *n;
	struct pkt *p = NULL;

	while (!p && (n = list_first(&l->queue))) {
		p = container_of(n, struct pkt, node);
		if (p->gso != PKT_GSO_NONE &&
		    (!(l->offload & offload_of(p->gso)) || gso_by_hand(p)))
			p = cut(st, l, p);
		else
			dequeue(l, p);
	}
	return p;
}

struct ph_pkt *ph_link_output(struct ph_stack *st, ph_link index, uint64_t now_ns)
{
	struct link *l = link_get(st, index);
	struct pkt *p;

	stack_enter(st, now_ns);
	if (!l)
		return NULL;
	if (resumable(l))
		resume_waiters(st, l);
	p = take(st, l);
	if (l->freed)
		resume_flow(st, l);
	if (!p)
		return NULL;
	if (p->csum == PKT_CSUM_TODO && !(l->offload & PH_OFFLOAD_CSUM))
		gso_finish_csum(p);
	l->stats.tx_packets++;
	l->stats.tx_bytes += p->len;
	if (st->packet_tap)
		st->packet_tap(st, &(struct frame_seen){ .pkt = p, .link = index, .out = true });
	return link_pkt_out(p);
}

size_t ph_links(const struct ph_stack *st, struct ph_link_info *out, size_t n)
{
	size_t count = 0;

	for (uint32_t i = 0; i < st->net->links.n; i++) {
		const struct link *l = st->net->links.at[i];

		if (!l)
			continue;
		if (count < n) {
			struct ph_link_info *o = &out[count];

			*o = (struct ph_link_info){
				.link = l->index,
				.kind = l->parent ? PH_LINK_VLAN : l->kind,
				.parent = l->parent,
				.vlan = l->vlan,
				.multicast = l->stats.multicast,
				.mtu = l->mtu,
				.offload = l->offload,
				.txqueuelen = l->txqueuelen,
				.queued = l->queued,
				.up = l->up,
				.running = link_runs(st, l),
				.rx_packets = l->stats.rx_packets,
				.rx_bytes = l->stats.rx_bytes,
				.rx_dropped = l->stats.rx_dropped,
				.tx_packets = l->stats.tx_packets,
				.tx_bytes = l->stats.tx_bytes,
				.tx_dropped = l->stats.tx_dropped,
				.rx_length_errors = l->stats.rx_length_errors,
				.rx_otherhost_dropped = l->stats.rx_otherhost_dropped,
				.rx_nohandler = l->stats.rx_nohandler,
				.tx_carrier_errors = l->stats.tx_carrier_errors,
			};
			memcpy(o->name, l->name, sizeof(o->name));
			memcpy(o->mac, l->mac, sizeof(o->mac));
		}
		count++;
	}
	return count;
}
