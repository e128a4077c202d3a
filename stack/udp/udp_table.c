/* SPDX-License-Identifier: BSD-2-Clause */
/* Who gets which port and which datagram: the two tables of UDP endpoints, keyed under the stack's
 * hash key. */
#include "udp/udp_int.h"

#include "base/ip.h"

static uint64_t port_hash(const struct ph_stack *st, uint16_t port)
{
	return siphash(&st->hash_key, &port, sizeof(port));
}

static uint64_t tuple_hash(const struct ph_stack *st, const struct ph_ip *local, uint16_t lport,
			   const struct ph_ip *peer, uint16_t pport)
{
	struct {
		struct ph_ip local, peer;
		uint16_t lport, pport;
	} key = { *local, *peer, lport, pport };

	return siphash(&st->hash_key, &key, sizeof(key));
}

void udp_table_add_port(struct ph_stack *st, struct udp_pcb *u)
{
	hash_insert(&st->udp->port_table, &u->by_port, port_hash(st, u->d.local.port));
}

void udp_table_remove_port(struct ph_stack *st, struct udp_pcb *u)
{
	hash_remove(&st->udp->port_table, &u->by_port);
}

void udp_table_add_tuple(struct ph_stack *st, struct udp_pcb *u)
{
	hash_insert(&st->udp->tuple_table, &u->by_tuple,
		    tuple_hash(st, &u->d.local.ip, u->d.local.port, &u->d.peer.ip, u->d.peer.port));
}

void udp_table_remove_tuple(struct ph_stack *st, struct udp_pcb *u)
{
	hash_remove(&st->udp->tuple_table, &u->by_tuple);
}

static struct udp_pcb *next_on_port(struct hash_node *n, uint16_t port)
{
	for (; n; n = hash_next(n)) {
		struct udp_pcb *u = container_of(n, struct udp_pcb, by_port);

		if (u->d.local.port == port)
			return u;
	}
	return NULL;
}

static struct udp_pcb *first_on_port(const struct ph_stack *st, uint16_t port)
{
	return next_on_port(hash_first(&st->udp->port_table, port_hash(st, port)), port);
}

/* Does an endpoint bound to `local` hear what is sent to `ip`? */
static bool hears(const struct udp_pcb *u, const struct ph_ip *local, const struct ph_ip *ip)
{
	if (!ip_is_any(local))
		return ip_eq(local, ip);
	if (!u->d.v6 || ip_is4(local))
		return ip_is4(ip);
	return !u->d.ip6.only || !ip_is4(ip);
}

/* Is there an address that both hear? Of two that hear whole families, one stands for each. */
static bool overlaps(const struct udp_pcb *a, const struct udp_pcb *b)
{
	const struct ph_ip v4 = ip_of4(1), v6 = { { 0x20 } };

	if (!ip_is_any(&a->d.local.ip))
		return hears(b, &b->d.local.ip, &a->d.local.ip);
	if (!ip_is_any(&b->d.local.ip))
		return hears(a, &a->d.local.ip, &b->d.local.ip);
	return (hears(a, &a->d.local.ip, &v4) && hears(b, &b->d.local.ip, &v4)) ||
	       (hears(a, &a->d.local.ip, &v6) && hears(b, &b->d.local.ip, &v6));
}

bool udp_table_port_free(const struct ph_stack *st, const struct udp_pcb *u, uint16_t port)
{
	struct udp_pcb *o;

	for (o = first_on_port(st, port); o; o = next_on_port(hash_next(&o->by_port), port)) {
		bool shared = (o->d.reuseaddr && u->d.reuseaddr) || (o->d.reuseport && u->d.reuseport);

		bool links = !o->d.bound || !u->d.bound || o->d.bound == u->d.bound;

		if (o != u && links && overlaps(o, u) && !shared)
			return false;
	}
	return true;
}

uint16_t udp_table_choose_port(struct ph_stack *st, const struct udp_pcb *u)
{
	uint32_t lo = u->d.port_lo ? u->d.port_lo : (uint32_t)st->sysctl.ip_port_range[0];
	uint32_t hi = u->d.port_hi ? u->d.port_hi : (uint32_t)st->sysctl.ip_port_range[1];
	uint32_t n, start;

	if (hi < lo)
		return 0;
	n = hi - lo + 1;
	start = prng_below(&st->prng, n);
	for (uint32_t i = 0; i < n; i++) {
		uint16_t port = (uint16_t)(lo + (start + i) % n);

		if (!first_on_port(st, port))
			return port;
	}
	return 0;
}

static bool on_link(const struct udp_pcb *u, ph_link link)
{
	return !u->d.bound || u->d.bound == link;
}

static struct udp_pcb *find_connected(const struct ph_stack *st, ph_link link,
				      const struct ph_ip *local, uint16_t lport,
				      const struct ph_ip *peer, uint16_t pport)
{
	struct hash_node *n =
		hash_first(&st->udp->tuple_table, tuple_hash(st, local, lport, peer, pport));

	for (; n; n = hash_next(n)) {
		struct udp_pcb *u = container_of(n, struct udp_pcb, by_tuple);

		if (u->d.local.port == lport && u->d.peer.port == pport && ip_eq(&u->d.local.ip, local) &&
		    ip_eq(&u->d.peer.ip, peer) && on_link(u, link))
			return u;
	}
	return NULL;
}

/*
 * How well an endpoint without a peer fits, as Linux's compute_score(): its address before a
 * wildcard, its link before any, its own family before one that takes both. 0: not at all.
 */
static unsigned fits(const struct udp_pcb *u, ph_link link, const struct ph_ip *local)
{
	bool exact = ip_eq(&u->d.local.ip, local);

	if (u->d.connected || !on_link(u, link))
		return 0;
	if (!exact && (!ip_is_any(&u->d.local.ip) || !hears(u, &u->d.local.ip, local)))
		return 0;
	return 1u + (exact ? 4u : 0u) + (u->d.bound ? 2u : 0u) + (u->d.v6 != ip_is4(local));
}

/* The nth of those on the port that fit so well and share it; they are `n` in all. */
static struct udp_pcb *nth_sharer(const struct ph_stack *st, ph_link link,
				  const struct ph_ip *local, uint16_t lport, unsigned score,
				  uint64_t nth)
{
	struct udp_pcb *u = first_on_port(st, lport);

	for (; u; u = next_on_port(hash_next(&u->by_port), lport))
		if (u->d.reuseport && fits(u, link, local) == score && nth-- == 0)
			return u;
	return NULL;
}

struct udp_pcb *udp_table_find(const struct ph_stack *st, ph_link link, const struct ph_ip *local,
			       uint16_t lport, const struct ph_ip *peer, uint16_t pport)
{
	struct udp_pcb *u = find_connected(st, link, local, lport, peer, pport), *best = NULL;
	unsigned score, most = 0, sharers = 0;

	if (u)
		return u;
	for (u = first_on_port(st, lport); u; u = next_on_port(hash_next(&u->by_port), lport)) {
		score = fits(u, link, local);
		if (score > most) {
			most = score;
			best = u;
			sharers = 0;
		}
		if (score == most && score > 0 && u->d.reuseport)
			sharers++;
	}
	if (best && best->d.reuseport && sharers > 1)
		best = nth_sharer(st, link, local, lport, most,
				  tuple_hash(st, local, lport, peer, pport) % sharers);
	return best;
}

static bool is_multicast(const struct ph_ip *ip)
{
	return ip_is4(ip) ? ip_get4(ip) >> 28 == 14 : ip6_is_multicast(ip);
}

unsigned udp_table_each(struct ph_stack *st, const struct ip_rx *rx, uint16_t lport, uint16_t pport,
			void (*fn)(struct ph_stack *st, struct udp_pcb *u, const struct ip_rx *rx))
{
	struct udp_pcb *u;
	unsigned n = 0;

	for (u = first_on_port(st, lport); u; u = next_on_port(hash_next(&u->by_port), lport)) {
		bool to_us = u->d.connected || hears(u, &u->d.local.ip, &rx->dst);
		bool from_peer =
			!u->d.connected || (ip_eq(&u->d.peer.ip, &rx->src) && u->d.peer.port == pport);

		if (to_us && is_multicast(&rx->dst))
			to_us = mc_sock_hears(&u->d.mc, rx->link, &rx->dst, &rx->src);
		if (!to_us || !from_peer || !on_link(u, rx->link))
			continue;
		fn(st, u, rx);
		n++;
	}
	return n;
}
