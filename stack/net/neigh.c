/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The neighbour cache: the state machine of neigh.h, the packets that wait for an answer, and the
 * table's bounds. Called by ip4_out.c for each packet, by arp.c with what was heard, and by its
 * timers.
 */
#include "net/neigh.h"

#include <string.h>

#include "base/ip.h"
#include "net/addr6.h"
#include "net/arp.h"
#include "net/icmp6.h"
#include "net/if6.h"
#include "net/nd.h"
#include "net/net.h"
#include "net/net_state.h"
#include "wire/icmp.h"
#include "wire/ip4.h"

enum {
	NEIGH_BUCKETS = 16,
	NEIGH_GC_LOOK = 8,    /* entries looked at for each that is added */
	NEIGH_GC_HURRY_S = 5,
	NEIGH_QUOTE = 128,    /* bytes of a packet that could not leave, for its sender */
	NEIGH_EVICT_LOOK = 64 /* entries looked at to find one that nobody uses */
};
static const uint64_t ms = 1000000, second = 1000000000;

static timer_fn expired;

static const char *const state_name[] = {
	[NEIGH_INCOMPLETE] = "INCOMPLETE", [NEIGH_REACHABLE] = "REACHABLE",
	[NEIGH_STALE] = "STALE",	   [NEIGH_DELAY] = "DELAY",
	[NEIGH_PROBE] = "PROBE",	   [NEIGH_FAILED] = "FAILED",
	[NEIGH_PERMANENT] = "PERMANENT",
};

int neigh_table_new(struct ph_stack *st)
{
	struct neigh_table *t = &st->net->neighs;

	pool_init(&t->pool, &st->mem, "neighbours", sizeof(struct neigh), st->conf.max_neighbours);
	list_init(&t->age);
	return hash_init(&t->hash, &st->mem, NEIGH_BUCKETS);
}

/* ---- the table ------------------------------------------------------------------------------ */

static uint64_t key_hash(const struct ph_stack *st, ph_link link, const struct ph_ip *ip)
{
	uint8_t key[sizeof(*ip) + sizeof(link)];

	memcpy(key, ip, sizeof(*ip));
	memcpy(key + sizeof(*ip), &link, sizeof(link));
	return siphash(&st->hash_key, key, sizeof(key));
}

struct neigh *neigh_find(const struct ph_stack *st, ph_link link, const struct ph_ip *ip)
{
	struct hash_node *h = hash_first(&st->net->neighs.hash, key_hash(st, link, ip));

	for (; h; h = hash_next(h)) {
		struct neigh *n = container_of(h, struct neigh, hash);

		if (n->link == link && ip_eq(&n->ip, ip))
			return n;
	}
	return NULL;
}

/* Packets that waited in vain; those who sent them hear nothing. */
static void drop_queue(struct ph_stack *st, struct neigh *n, enum drop reason)
{
	struct list_node *node;

	while ((node = list_pop_front(&n->queue)))
		link_drop(st, link_get(st, n->link), container_of(node, struct pkt, node), reason);
	n->queued = n->queued_bytes = 0;
}

static void forget(struct ph_stack *st, struct neigh *n, enum drop reason)
{
	timer_stop(&st->wheel, &n->timer);
	drop_queue(st, n, reason);
	hash_remove(&st->net->neighs.hash, &n->hash);
	list_remove(&n->age);
	pool_put(&st->net->neighs.pool, n);
	net_changed(st); /* some struct dst may point to it */
}

void neigh_table_free(struct ph_stack *st)
{
	struct neigh_table *t = &st->net->neighs;
	struct list_node *node, *next;

	if (!t->pool.mem)
		return;
	list_for_each_safe(node, next, &t->age) {
		struct neigh *n = container_of(node, struct neigh, age);
		struct list_node *p;

		timer_stop(&st->wheel, &n->timer);
		while ((p = list_pop_front(&n->queue)))
			pkt_free(container_of(p, struct pkt, node));
	}
	hash_destroy(&t->hash);
	pool_destroy(&t->pool);
}

static void to_back(struct ph_stack *st, struct neigh *n)
{
	list_remove(&n->age);
	n->aged_ns = st->now_ns;
	list_push_back(&st->net->neighs.age, &n->age);
}

/*
 * Makes room by the clock algorithm: the oldest entry that was not used since it was last looked
 * at.
 */
static bool evict(struct ph_stack *st)
{
	struct neigh *victim = NULL;

	for (unsigned look = 0; look < NEIGH_EVICT_LOOK; look++) {
		struct list_node *node = list_first(&st->net->neighs.age);
		struct neigh *n = node ? container_of(node, struct neigh, age) : NULL;

		if (!n)
			return false;
		if (n->state != NEIGH_PERMANENT) {
			victim = n;
			if (n->used_ns <= n->aged_ns)
				break;
		}
		to_back(st, n);
	}
	if (!victim)
		return false;
	forget(st, victim, DROP_NEIGH_TABLE_FULL);
	return true;
}

/*
 * Linux's garbage collection, a few entries whenever one is added: above gc_thresh1 those that nobody
 * used for gc_stale_time, above gc_thresh2 for five seconds.
 */
static void collect(struct ph_stack *st)
{
	const struct sysctls *s = &st->sysctl;
	int64_t count = st->net->neighs.hash.count;
	uint64_t idle = count > s->neigh_gc_thresh2 ? NEIGH_GC_HURRY_S * second
						    : (uint64_t)s->neigh_gc_stale_time * second;

	for (unsigned look = 0; look < NEIGH_GC_LOOK && count > s->neigh_gc_thresh1; look++) {
		struct list_node *node = list_first(&st->net->neighs.age);
		struct neigh *n = container_of(node, struct neigh, age);
		bool resting = n->state == NEIGH_STALE || n->state == NEIGH_FAILED ||
			       n->state == NEIGH_REACHABLE;

		if (resting && st->now_ns - n->used_ns >= idle && st->now_ns - n->aged_ns >= idle) {
			forget(st, n, DROP_NEIGH_TABLE_FULL);
			count--;
		} else if (n->used_ns > n->aged_ns || n->state == NEIGH_PERMANENT) {
			to_back(st, n);
		} else {
			return; /* the others are younger */
		}
	}
}

struct neigh *neigh_get(struct ph_stack *st, ph_link link, const struct ph_ip *ip)
{
	struct neigh_table *t = &st->net->neighs;
	struct neigh *n = neigh_find(st, link, ip);

	if (n)
		return n;
	collect(st);
	if ((int64_t)t->hash.count >= st->sysctl.neigh_gc_thresh3 || t->hash.count >= t->pool.limit)
		if (!evict(st))
			return NULL;
	n = pool_get_zeroed(&t->pool);
	if (!n)
		return NULL;
	n->link = link;
	n->ip = *ip;
	n->state = NEIGH_FAILED;
	timer_init(&n->timer, expired);
	list_init(&n->queue);
	n->aged_ns = st->now_ns;
	list_push_back(&t->age, &n->age);
	hash_insert(&t->hash, &n->hash, key_hash(st, link, ip));
	return n;
}

void neigh_new_mac(struct ph_stack *st, const struct link *l)
{
	struct list_node *node;

	list_for_each(node, &st->net->neighs.age) {
		struct neigh *n = container_of(node, struct neigh, age);

		if (n->link == l->index)
			memcpy(n->eth + ETH_ADDR_LEN, l->mac, ETH_ADDR_LEN);
	}
}

static void flush(struct ph_stack *st, ph_link link, bool v4_too, bool permanent_too)
{
	struct list_node *node, *next;

	list_for_each_safe(node, next, &st->net->neighs.age) {
		struct neigh *n = container_of(node, struct neigh, age);

		if (n->link == link && (v4_too || !ip_is4(&n->ip)) &&
		    (permanent_too || n->state != NEIGH_PERMANENT))
			forget(st, n, DROP_LINK_DOWN);
	}
}

void neigh_flush(struct ph_stack *st, ph_link link)
{
	flush(st, link, true, true);
}

void neigh_flush_learned(struct ph_stack *st, ph_link link)
{
	flush(st, link, true, false);
}

void neigh_flush6(struct ph_stack *st, ph_link link)
{
	flush(st, link, false, true);
}

/* ---- the state machine ---------------------------------------------------------------------- */

/*
 * REACHABLE for as long as it was confirmed for; afterwards what it is called without a look at
 * the clock.
 */
static enum neigh_state state_now(const struct ph_stack *st, const struct neigh *n)
{
	return n->state == NEIGH_REACHABLE && st->now_ns >= n->reachable_until_ns ? NEIGH_STALE
										  : n->state;
}

static void set_state(struct ph_stack *st, struct neigh *n, enum neigh_state to)
{
	if (to == n->state)
		return;
	TRACE(&st->trace, neigh_state, .link = (uint64_t)n->link, .ip = ip6_bare(n->ip),
	      .from = state_name[n->state], .to = state_name[to]);
	n->state = to;
}

/* What a router said of the link, else the sysctl. */
static uint64_t base_reachable(const struct ph_stack *st, const struct neigh *n)
{
	const struct link *l = ip_is4(&n->ip) ? NULL : link_get(st, n->link);

	if (l && l->v6 && l->v6->base_reachable_ns)
		return l->v6->base_reachable_ns;
	return (uint64_t)st->sysctl.neigh_base_reachable_time_ms * ms;
}

static uint64_t retrans_time(const struct ph_stack *st, const struct neigh *n)
{
	const struct link *l = ip_is4(&n->ip) ? NULL : link_get(st, n->link);

	if (l && l->v6 && l->v6->retrans_ns)
		return l->v6->retrans_ns;
	return (uint64_t)st->sysctl.neigh_retrans_time_ms * ms;
}

/*
 * RFC 4861 6.3.4: uniform between 0.5 and 1.5 times the base, so that hosts do not probe in step.
 */
static void set_reachable(struct ph_stack *st, struct neigh *n)
{
	uint64_t base = base_reachable(st, n);

	if (n->state != NEIGH_REACHABLE)
		n->reachable_ns = base / 2 + prng_u64(&st->prng) % (base + 1);
	n->reachable_until_ns = st->now_ns + n->reachable_ns;
	timer_stop(&st->wheel, &n->timer);
	n->failed_ns = 0;
	set_state(st, n, NEIGH_REACHABLE);
}

static void solicit(struct ph_stack *st, struct neigh *n, bool unicast)
{
	struct link *l = link_get(st, n->link);

	if (l && ip_is4(&n->ip))
		arp_request(st, l, &n->src, &n->ip, unicast ? n->eth : NULL);
	else if (l)
		nd_solicit(st, l, &n->src, &n->ip, unicast ? n->eth : NULL);
	n->probes++;
	timer_arm(&st->wheel, &n->timer, st->now_ns + retrans_time(st, n));
}

static void start(struct ph_stack *st, struct neigh *n)
{
	set_state(st, n, NEIGH_INCOMPLETE);
	to_back(st, n);
	n->probes = 0;
	solicit(st, n, false);
}

/* RFC 4861 7.3.3: give the upper layer some time to say that it hears from the neighbour. */
static void delay(struct ph_stack *st, struct neigh *n)
{
	set_state(st, n, NEIGH_DELAY);
	timer_arm(&st->wheel, &n->timer,
		  st->now_ns + (uint64_t)st->sysctl.neigh_delay_first_probe_time * second);
}

/*
 * RFC 1122 2.3.2.2, 4.2.3.9: the transport hears of it as of an ICMP host unreachable; a connect
 * ends with it.
 */
static void tell_sender4(struct ph_stack *st, struct pkt *p)
{
	const struct ip4_hdr *ip = (const void *)pkt_bytes(p);
	uint32_t hdr_len = 4 * (uint32_t)(ip->ver_ihl & 15);
	const struct l4_proto *l4 = st->l4[ip->proto];
	struct ip_err err = {
		.local = ip_of4(be32_get(ip->src)),
		.remote = ip_of4(be32_get(ip->dst)),
		.link = p->link,
		.error = EHOSTUNREACH,
		.type = ICMP4_UNREACH,
		.code = ICMP4_UNREACH_HOST,
		.quote = pkt_bytes(p) + hdr_len,
		.quote_len = p->hdr.len - hdr_len,
		.from = ip_of4(be32_get(ip->src)),
	};

	if (l4 && l4->error && !(be16_get(ip->frag) & IP4_OFF_MASK) && err.quote_len >= 8)
		l4->error(st, &err);
}

/* RFC 4861 7.2.2: as of an ICMPv6 address unreachable. */
static void tell_sender6(struct ph_stack *st, struct pkt *p)
{
	const uint8_t *bytes = pkt_bytes(p);
	struct ip_err err = { .link = p->link,
			      .error = EHOSTUNREACH,
			      .type = ICMP6_UNREACH,
			      .code = ICMP6_UNREACH_ADDR };
	const struct l4_proto *l4;
	uint8_t proto = 0;
	uint32_t off = icmp6_quoted(bytes, p->hdr.len, &proto);

	if (off == 0 || p->hdr.len - off < 8)
		return;
	memcpy(err.local.b, bytes + offsetof(struct ip6_hdr, src), sizeof(err.local.b));
	memcpy(err.remote.b, bytes + offsetof(struct ip6_hdr, dst), sizeof(err.remote.b));
	err.local = ip6_with_scope(err.local, (uint32_t)p->link);
	err.remote = ip6_with_scope(err.remote, (uint32_t)p->link);
	err.from = err.local;
	err.quote = bytes + off;
	err.quote_len = p->hdr.len - off;
	l4 = st->l4[proto];
	if (l4 && l4->error)
		l4->error(st, &err);
}

static void tell_sender(struct ph_stack *st, struct pkt *p)
{
	/* The headers of what was cut stand alone: the transport's first bytes are behind them. */
	(void)pkt_pull_up(p, p->len < NEIGH_QUOTE ? p->len : NEIGH_QUOTE);
	if (pkt_bytes(p)[0] >> 4 == 6)
		tell_sender6(st, p);
	else
		tell_sender4(st, p);
}

static void fail(struct ph_stack *st, struct neigh *n)
{
	struct link *l = link_get(st, n->link);
	struct list_node *node;
	struct list queue;

	list_init(&queue);
	list_splice(&queue, &n->queue);
	n->queued = n->queued_bytes = 0;
	set_state(st, n, NEIGH_FAILED);
	n->failed_ns = st->now_ns;
	/* Another router may do (RFC 4861 6.3.6, 1122 3.3.1.5). */
	if (route_is_gateway(st, n->link, &n->ip) || !ip_is4(&n->ip))
		net_changed(st);
	while ((node = list_pop_front(&queue))) { /* whoever is told may send again, and n may go */
		struct pkt *p = container_of(node, struct pkt, node);

		tell_sender(st, p);
		link_drop(st, l, p, DROP_NEIGH_FAILED);
	}
}

static void expired(void *ctx, struct timer *t)
{
	struct ph_stack *st = ctx;
	struct neigh *n = container_of(t, struct neigh, timer);
	const struct sysctls *s = &st->sysctl;

	switch (n->state) {
	case NEIGH_INCOMPLETE:
		if (n->probes >= s->neigh_mcast_solicit)
			fail(st, n);
		else
			solicit(st, n, false);
		return;
	case NEIGH_DELAY:
		set_state(st, n, NEIGH_PROBE);
		n->probes = 0;
		/* fall through */
	case NEIGH_PROBE:
		/* RFC 7048: before it is given up, whoever has the address now is asked for. */
		if (n->probes >= s->neigh_ucast_solicit + s->neigh_mcast_resolicit)
			fail(st, n);
		else
			solicit(st, n, n->probes < s->neigh_ucast_solicit);
		return;
	case NEIGH_REACHABLE:
	case NEIGH_STALE:
	case NEIGH_FAILED:
	case NEIGH_PERMANENT:
		assert(false); /* these states have no timer */
	}
}

void neigh_doubt(struct ph_stack *st, struct neigh *n)
{
	if (n->state == NEIGH_REACHABLE)
		set_state(st, n, NEIGH_STALE); /* the next packet asks */
}

void neigh_confirm(struct ph_stack *st, struct neigh *n)
{
	switch (n->state) {
	case NEIGH_REACHABLE: /* once per acknowledgment: nothing but this */
		n->reachable_until_ns = st->now_ns + n->reachable_ns;
		return;
	case NEIGH_STALE:
	case NEIGH_DELAY:
	case NEIGH_PROBE:
		set_reachable(st, n);
		return;
	case NEIGH_INCOMPLETE:
	case NEIGH_FAILED:
	case NEIGH_PERMANENT:
		return;
	}
}

/* ---- sending -------------------------------------------------------------------------------- */

static int transmit(struct ph_stack *st, struct link *l, struct neigh *n, struct pkt *take_pkt)
{
	memcpy(pkt_push(take_pkt, ETH_HDR_LEN), n->eth, ETH_HDR_LEN);
	take_pkt->l3_off = (uint16_t)(take_pkt->l3_off + ETH_HDR_LEN);
	take_pkt->l4_off = (uint16_t)(take_pkt->l4_off + ETH_HDR_LEN);
	take_pkt->csum_start = (uint16_t)(take_pkt->csum_start + ETH_HDR_LEN);
	n->used_ns = st->now_ns;
	return link_enqueue(st, l, take_pkt);
}

/* RFC 1122 2.3.2.2: at least the latest packet is kept; what overflows is the oldest. */
static void wait_for_answer(struct ph_stack *st, struct link *l, struct neigh *n,
			    struct pkt *take_pkt)
{
	const struct sysctls *s = &st->sysctl;

	while (n->queued > 0 &&
	       (n->queued >= s->neigh_unres_qlen ||
		(int64_t)n->queued_bytes + take_pkt->len > s->neigh_unres_qlen_bytes)) {
		struct pkt *old = container_of(list_pop_front(&n->queue), struct pkt, node);

		n->queued--;
		n->queued_bytes -= old->len;
		link_drop(st, l, old, DROP_NEIGH_QUEUEFULL);
	}
	take_pkt->link = l->index;
	list_push_back(&n->queue, &take_pkt->node);
	n->queued++;
	n->queued_bytes += take_pkt->len;
}

int neigh_output(struct ph_stack *st, struct link *l, struct neigh *n, const struct ph_ip *src,
		 struct pkt *take_pkt)
{
	switch (state_now(st, n)) {
	case NEIGH_REACHABLE:
	case NEIGH_PERMANENT:
	case NEIGH_DELAY:
	case NEIGH_PROBE:
		return transmit(st, l, n, take_pkt);
	case NEIGH_STALE:
		set_state(st, n, NEIGH_STALE);
		n->src = *src;
		delay(st, n);
		return transmit(st, l, n, take_pkt);
	case NEIGH_FAILED:
		n->src = *src;
		start(st, n);
		break;
	case NEIGH_INCOMPLETE:
		break;
	}
	wait_for_answer(st, l, n, take_pkt);
	return 0;
}

void neigh_ask(struct ph_stack *st, struct neigh *n, const struct ph_ip *src)
{
	if (state_now(st, n) != NEIGH_FAILED)
		return;
	n->src = *src;
	start(st, n);
}

static void flush_queue(struct ph_stack *st, struct neigh *n)
{
	struct link *l = link_get(st, n->link);
	struct list_node *node;

	if (list_empty(&n->queue))
		return;
	if (n->state == NEIGH_STALE)
		delay(st, n); /* they are sent on an address that nobody confirmed */
	while ((node = list_pop_front(&n->queue)))
		(void)transmit(st, l, n, container_of(node, struct pkt, node));
	n->queued = n->queued_bytes = 0;
}

static void set_mac(struct ph_stack *st, struct neigh *n, const uint8_t mac[ETH_ADDR_LEN])
{
	const struct link *l = link_get(st, n->link);
	struct eth_hdr h = { .type = be16_of(ip_is4(&n->ip) ? ETH_TYPE_IP4 : ETH_TYPE_IP6) };

	memcpy(h.dst, mac, ETH_ADDR_LEN);
	memcpy(h.src, l->mac, ETH_ADDR_LEN);
	memcpy(n->eth, &h, sizeof(h));
	n->updated_ns = st->now_ns;
}

bool neigh_has_mac(const struct neigh *n)
{
	return n->state != NEIGH_INCOMPLETE && n->state != NEIGH_FAILED;
}

void neigh_update(struct ph_stack *st, struct neigh *n, const uint8_t mac[ETH_ADDR_LEN],
		  enum neigh_news news, bool override)
{
	static const uint64_t locktime_ns = 1000000000;
	bool known = neigh_has_mac(n), same = known && memcmp(n->eth, mac, ETH_ADDR_LEN) == 0;

	if (n->state == NEIGH_PERMANENT)
		return;
	if (known && !same && !override && st->now_ns - n->updated_ns < locktime_ns)
		return;
	if (same && news == NEIGH_SEEN)
		return; /* nothing new, and nothing said about whether it hears us */
	if (!same) {
		set_mac(st, n, mac);
		to_back(st, n);
	}
	if (news == NEIGH_ANSWERED) {
		set_reachable(st, n);
	} else {
		timer_stop(&st->wheel, &n->timer);
		set_state(st, n, NEIGH_STALE);
	}
	flush_queue(st, n);
}

/* RFC 4861 7.2.5: a router that is one no more is nobody's next hop. */
static void set_router(struct ph_stack *st, struct neigh *n, bool router)
{
	if (n->router && !router)
		route_lose_router(st, n->link, &n->ip);
	n->router = router;
}

/*
 * RFC 4861 7.2.5, in its words: without an answer yet the address is taken whatever the flags;
 * afterwards another one only with Override, and without it what was REACHABLE is doubted.
 */
void neigh_advertised(struct ph_stack *st, struct neigh *n, const uint8_t *mac, uint8_t flags)
{
	bool solicited = flags & ND_NA_SOLICITED, override = flags & ND_NA_OVERRIDE, other;

	if (n->state == NEIGH_PERMANENT)
		return;
	if (!neigh_has_mac(n)) {
		if (!mac)
			return;
		set_mac(st, n, mac);
		to_back(st, n);
		if (!solicited)
			timer_stop(&st->wheel, &n->timer);
	} else {
		other = mac && memcmp(n->eth, mac, ETH_ADDR_LEN) != 0;
		if (other && !override) {
			if (state_now(st, n) == NEIGH_REACHABLE)
				set_state(st, n, NEIGH_STALE);
			return;
		}
		if (other) {
			set_mac(st, n, mac);
		} else if (!solicited) {
			set_router(st, n, flags & ND_NA_ROUTER);
			return;
		}
	}
	if (solicited) {
		set_reachable(st, n);
	} else {
		timer_stop(&st->wheel, &n->timer);
		set_state(st, n, NEIGH_STALE);
	}
	set_router(st, n, flags & ND_NA_ROUTER);
	flush_queue(st, n);
}

/* ---- the user's view ------------------------------------------------------------------------ */

int ph_neigh_add(struct ph_stack *st, ph_link link, const struct ph_ip *ip, const uint8_t mac[6],
		 uint64_t now_ns)
{
	struct ph_ip scoped = ip6_with_scope(*ip, (uint32_t)link);
	const struct link *l = link_get(st, link);
	struct neigh *n;

	stack_enter(st, now_ns);
	if (!l)
		return -ENODEV;
	if (l->kind != PH_LINK_ETHER || (mac[0] & 1) || addr_is_local(st, &scoped))
		return -EINVAL;
	if (ip_is4(ip) ? !addr_is_unicast4(ip_get4(ip)) : !l->v6 || !addr6_is_unicast(ip))
		return -EINVAL;
	n = neigh_get(st, link, &scoped);
	if (!n)
		return -ENOSPC;
	timer_stop(&st->wheel, &n->timer);
	set_mac(st, n, mac);
	set_state(st, n, NEIGH_PERMANENT);
	flush_queue(st, n);
	return 0;
}

int ph_neigh_del(struct ph_stack *st, ph_link link, const struct ph_ip *ip, uint64_t now_ns)
{
	struct ph_ip scoped = ip6_with_scope(*ip, (uint32_t)link);
	struct neigh *n;

	stack_enter(st, now_ns);
	if (!link_get(st, link))
		return -ENODEV;
	n = neigh_find(st, link, &scoped);
	if (!n)
		return -ENOENT;
	forget(st, n, DROP_NEIGH_FAILED);
	return 0;
}

int ph_neigh_flush(struct ph_stack *st, ph_link link, uint64_t now_ns)
{
	stack_enter(st, now_ns);
	if (!link_get(st, link))
		return -ENODEV;
	neigh_flush_learned(st, link);
	return 0;
}

size_t ph_neighs(const struct ph_stack *st, struct ph_neigh_info *out, size_t n)
{
	const struct list_node *node;
	size_t count = 0;

	list_for_each(node, &st->net->neighs.age) {
		const struct neigh *e = container_of(node, struct neigh, age);

		if (count < n) {
			out[count] =
				(struct ph_neigh_info){ .link = e->link,
							.ip = ip6_bare(e->ip),
							.queued = e->queued,
							.state = state_name[state_now(st, e)] };
			if (neigh_has_mac(e))
				memcpy(out[count].mac, e->eth, ETH_ADDR_LEN);
		}
		count++;
	}
	return count;
}
