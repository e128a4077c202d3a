/* SPDX-License-Identifier: BSD-2-Clause */
/* Ports: who is on each, whether one more may be (Linux's rules of SO_REUSEADDR), and which one to
 * give to those who ask for none (RFC 6056). Called by tcp_call.c and by whoever begins or ends a
 * connection. */
#include "base/ip.h"
#include "tcp/tcp_int.h"

static uint64_t port_hash(uint16_t port)
{
	return (uint64_t)port * 0x9e3779b97f4a7c15u; /* ports are ours to give: no key is needed */
}

struct tcp_port *tcp_port_get(struct ph_stack *st, uint16_t port, bool make)
{
	struct hash_node *n = hash_first(&st->tcp->ports, port_hash(port));
	struct tcp_port *p;

	for (; n; n = hash_next(n))
		if (container_of(n, struct tcp_port, node)->port == port)
			return container_of(n, struct tcp_port, node);
	p = make ? pool_get_zeroed(&st->tcp->port_pool) : NULL;
	if (!p)
		return NULL;
	p->port = port;
	list_init(&p->bound);
	hash_insert(&st->tcp->ports, &p->node, port_hash(port));
	return p;
}

static void port_drop(struct ph_stack *st, struct tcp_port *p)
{
	if (p->users || !list_empty(&p->bound))
		return;
	hash_remove(&st->tcp->ports, &p->node);
	pool_put(&st->tcp->port_pool, p);
}

void tcp_port_use(struct tcp_port *p, bool reuse)
{
	p->users++;
	if (!reuse)
		p->strict++;
}

void tcp_port_unuse(struct ph_stack *st, struct tcp_port *p, bool reuse)
{
	assert(p->users > 0);
	p->users--;
	if (!reuse)
		p->strict--;
	port_drop(st, p);
}

void tcp_port_bind(struct tcp_port *p, struct tcb *t)
{
	assert(!t->bound);
	list_push_back(&p->bound, &t->link);
	t->bound = true;
	t->port = p;
}

void tcp_port_unbind(struct ph_stack *st, struct tcb *t)
{
	if (!t->bound)
		return;
	list_remove(&t->link);
	t->bound = false;
	port_drop(st, t->port);
}

/* Does a socket of t's family and options, bound to `local`, hear what is sent to `ip`? */
static bool hears(const struct tcb *t, const struct ph_ip *local, const struct ph_ip *ip)
{
	if (!ip_is_any(local))
		return ip_eq(local, ip);
	if (!t->v6 || ip_is4(local))
		return ip_is4(ip);
	return !t->ip6.only || !ip_is4(ip);
}

/* Is there a link that both hear (SO_BINDTODEVICE)? */
static bool links_meet(const struct tcb *o, const struct tcb *t)
{
	return !o->dst.oif || !t->dst.oif || o->dst.oif == t->dst.oif;
}

/* Is there an address that both hear? Of two that hear whole families, one stands for each. */
static bool overlaps(const struct tcb *o, const struct tcb *t, const struct ph_ip *local)
{
	const struct ph_ip *at = &o->dst.src, v4 = ip_of4(1), v6 = { { 0x20 } };

	if (!ip_is_any(at))
		return hears(t, local, at);
	if (!ip_is_any(local))
		return hears(o, at, local);
	return (hears(o, at, &v4) && hears(t, local, &v4)) ||
	       (hears(o, at, &v6) && hears(t, local, &v6));
}

bool tcp_port_conflict(const struct ph_stack *st, const struct tcb *t, const struct ph_ip *local,
		       uint16_t port)
{
	const struct hash_node *h = hash_first(&st->tcp->ports, port_hash(port));
	const struct tcp_port *p = NULL;
	const struct list_node *n;

	for (; h && !p; h = hash_next(h)) {
		p = container_of(h, const struct tcp_port, node);
		if (p->port != port)
			p = NULL;
	}
	if (!p)
		return false;
	if ((p->strict || (p->users && !t->reuse)) && !t->reuseport)
		return true;
	list_for_each(n, &p->bound) {
		const struct tcb *o = container_of(n, const struct tcb, link);

		if (o == t || !links_meet(o, t) || !overlaps(o, t, local))
			continue;
		if (t->reuse && o->reuse && o->state != TCPS_LISTEN)
			continue;
		if (t->reuseport && o->reuseport)
			continue;
		return true;
	}
	return false;
}

/* The sysctl's, narrowed by IP_LOCAL_PORT_RANGE where that lies within. */
static void range(const struct ph_stack *st, const struct tcb *t, uint32_t *first, uint32_t *n)
{
	uint32_t lo = (uint32_t)st->sysctl.ip_port_range[0];
	uint32_t hi = (uint32_t)st->sysctl.ip_port_range[1];
	uint32_t own_lo = tcp_rare(t)->port_lo, own_hi = tcp_rare(t)->port_hi;

	if (own_lo >= lo && own_lo <= hi)
		lo = own_lo;
	if (own_hi >= lo && own_hi <= hi)
		hi = own_hi;
	*first = lo;
	*n = hi >= lo ? hi - lo + 1 : 1;
}

uint16_t tcp_port_choose(struct ph_stack *st, const struct tcb *t, const struct ph_ip *local)
{
	uint32_t first, n, start;

	range(st, t, &first, &n);
	start = prng_below(&st->prng, n);
	for (uint32_t i = 0; i < n; i++) {
		uint16_t port = (uint16_t)(first + (start + i) % n);

		if (!tcp_port_conflict(st, t, local, port))
			return port;
	}
	return 0;
}

bool tcp_port_free(struct ph_stack *st, const struct tcp_tuple *k, bool bound,
		   struct tcp_reborn *old)
{
	struct tcp_ent *e = tcp_table_find(st, k);

	return !e || (e->kind == TCP_KIND_TIMEWAIT &&
		      tcp_timewait_reuse(st, container_of(e, struct tcp_timewait, ent), bound, old));
}

/* RFC 6056 3.3.3: a counter, offset by a keyed hash of the destination. Deviation: RFC 6056 3.2
 * (SHOULD): the range is Linux's, 32768 to 60999, unless the sysctl or the socket says otherwise. */
uint16_t tcp_port_choose_conn(struct ph_stack *st, const struct tcb *t, const struct tcp_tuple *k,
			      struct tcp_reborn *old)
{
	struct tcp_tuple of = *k;
	uint32_t first, n, offset;

	of.lport = 0;
	offset = (uint32_t)siphash(&st->port_key, &of, sizeof(of));
	range(st, t, &first, &n);
	for (uint32_t i = 0; i < n; i++) {
		const struct tcp_port *p;

		of.lport = (uint16_t)(first + (st->tcp->port_next++ + offset) % n);
		p = tcp_port_get(st, of.lport, false);
		/* A port that someone bound is theirs, connected or not. */
		if (p && !list_empty(&p->bound))
			continue;
		if (tcp_port_free(st, &of, false, old))
			return of.lport;
	}
	return 0;
}
