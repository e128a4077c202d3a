/* SPDX-License-Identifier: BSD-2-Clause */
/* What the host may have at every moment, and must have when a phase ends; see life_int.h. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>

#include "harness/sim/life_int.h"
#include "harness/sim/sum.h"

enum { ETH = 14, DHCP_SERVER = 67, TEMPORARIES_MAX = 5 };
/* A word of the router's is under way for as long at most, or was lost and came again. */
#define SLACK_NS (2 * LIFE_SECOND)

static const char *text(const struct ph_ip *ip, char out[INET6_ADDRSTRLEN])
{
	if (ph_ip_is4(ip))
		return inet_ntop(AF_INET, ip->b + 12, out, INET6_ADDRSTRLEN);
	return inet_ntop(AF_INET6, ip->b, out, INET6_ADDRSTRLEN);
}

/* Which of the host's devices has that link; GATE_PORTS: none. */
static unsigned dev_of(const struct life *l, ph_link link)
{
	unsigned i = 0;

	while (i < GATE_PORTS && l->dev[i]->link != link)
		i++;
	return i;
}

static bool is_linklocal(const struct ph_ip *ip)
{
	return ip->b[0] == 0xfe && ip->b[1] == 0x80;
}

static bool same(const struct ph_ip *a, const struct ph_ip *b)
{
	return memcmp(a->b, b->b, 16) == 0;
}

/* ---- at every moment -------------------------------------------------------------------------- */

static void check_addr(struct life *l, const struct ph_addr_info *a)
{
	unsigned dev = dev_of(l, a->link);
	uint64_t before = l->net->now > SLACK_NS ? l->net->now - SLACK_NS : 0;
	char name[INET6_ADDRSTRLEN];

	if (dev == GATE_PORTS)
		sim_fail(l->net, "\"%s\": %s is on link %d, which is not there", l->phase,
			 text(&a->ip, name), a->link);
	else if (ph_ip_is4(&a->ip) ? !gate_lease_holds(&l->gate.port[dev], a->ip.b + 12, l->net->now) :
				     !is_linklocal(&a->ip) &&
					     !gate_prefix_holds(&l->gate.port[dev], a->ip.b, before))
		sim_fail(l->net, "\"%s\": stale address %s on %s: nobody gives it any more", l->phase,
			 text(&a->ip, name), l->dev[dev]->topo->name);
}

/* Those of its wires: lo keeps its own. */
static size_t own_addrs(const struct ph_stack *st, struct ph_addr_info *out)
{
	size_t n = ph_addrs(st, out, LIFE_ADDRS), k = 0;

	if (n > LIFE_ADDRS)
		return n;
	for (size_t i = 0; i < n; i++)
		if (out[i].link != PH_LINK_LO)
			out[k++] = out[i];
	return k;
}

void life_check_turn(struct life *l, struct sim_host *h)
{
	struct ph_claim broken;
	struct ph_usage u;

	if (!ph_stack_check(h->st, &broken))
		sim_fail(l->net, "%s: %s: %s does not hold (%" PRIu64 ", %" PRIu64 ")", h->name,
			 broken.part, broken.what, broken.a, broken.b);
	ph_stack_usage(h->st, &u);
	if (u.bytes != h->mem_used)
		sim_fail(l->net, "%s says it holds %" PRIu64 " octets and holds %" PRIu64, h->name,
			 u.bytes, h->mem_used);
	if (h != l->host)
		return;
	l->nhad = own_addrs(h->st, l->had);
	if (l->nhad > LIFE_ADDRS)
		sim_fail(l->net, "%s has %zu addresses", h->name, l->nhad);
	for (size_t i = 0; i < l->nhad && !l->net->failed; i++)
		check_addr(l, &l->had[i]);
}

static bool was_ours(const struct life *l, const struct ph_ip *ip)
{
	struct ph_addr_info now[LIFE_ADDRS];
	size_t n = own_addrs(l->host->st, now);

	for (size_t i = 0; i < l->nhad; i++)
		if (same(&l->had[i].ip, ip))
			return true;
	for (size_t i = 0; i < n && i < LIFE_ADDRS; i++)
		if (same(&now[i].ip, ip))
			return true;
	return false;
}

/* Nothing leaves from an address that the host had neither after its last turn nor has now. */
void life_check_frame(struct life *l, const struct sim_seen *seen)
{
	const uint8_t *f = seen->bytes;
	struct ph_ip src = { { 0 } };
	char name[INET6_ADDRSTRLEN];

	if (!seen->sent || seen->dev->host != l->host || seen->len < ETH + 28)
		return;
	if (sim_get16(f + 12) == 0x0806)
		src = ph_ip4(f[28], f[29], f[30], f[31]);
	else if (sim_get16(f + 12) == 0x0800)
		src = ph_ip4(f[26], f[27], f[28], f[29]);
	else if (sim_get16(f + 12) == 0x86dd)
		memcpy(src.b, f + 22, 16);
	if (sim_get32(src.b + 12) == 0 || was_ours(l, &src))
		return;
	sim_fail(l->net, "\"%s\": a frame left by %s from %s, which the host does not have", l->phase,
		 seen->dev->topo->name, text(&src, name));
}

/* ---- when a phase is over ---------------------------------------------------------------------- */

#define WANT(l, what, is, should)                                                                  \
	do {                                                                                       \
		if ((long)(is) != (long)(should))                                                  \
			sim_fail((l)->net, "after \"%s\": %s: %s is %ld and should be %ld",        \
				 (l)->phase, name, what, (long)(is), (long)(should));              \
	} while (0)

static void check_prefix(struct life *l, unsigned dev, const struct gate_prefix *x)
{
	const char *name = l->dev[dev]->topo->name;
	bool holds = x->until_ns > l->net->now, fresh = holds && x->told && x->preferred_s > 0;
	long public = 0, temporary = 0, young = 0;

	for (size_t i = 0; i < l->nhad; i++) {
		const struct ph_addr_info *a = &l->had[i];

		if (a->link != l->dev[dev]->link || memcmp(a->ip.b, x->ip, 8) != 0)
			continue;
		WANT(l, "a duplicate address", a->flags & PH_ADDR_DADFAILED, 0);
		if (a->flags & PH_ADDR_TEMPORARY) {
			temporary++; /* tentative ones: the next, a second before it is needed */
			young += !(a->flags & (PH_ADDR_DEPRECATED | PH_ADDR_TENTATIVE));
		} else {
			public++;
			WANT(l, "a tentative address", a->flags & PH_ADDR_TENTATIVE, 0);
			if (x->told) /* else its time has come or has not */
				WANT(l, "a public address's being deprecated",
				     !!(a->flags & PH_ADDR_DEPRECATED), !fresh);
		}
	}
	WANT(l, "the number of a prefix's public addresses", public, holds);
	if (fresh && (young < 1 || young > 2))
		sim_fail(l->net, "after \"%s\": %s has %ld temporary addresses that are preferred",
			 l->phase, name, young);
	if ((!holds && temporary) || temporary > TEMPORARIES_MAX)
		sim_fail(l->net, "after \"%s\": %s has %ld temporary addresses", l->phase, name,
			 temporary);
}

static void check_addrs(struct life *l, unsigned dev)
{
	const struct gate_port *p = &l->gate.port[dev];
	const char *name = l->dev[dev]->topo->name;
	long four = 0, local = 0;

	for (size_t i = 0; i < l->nhad; i++) {
		const struct ph_addr_info *a = &l->had[i];

		if (a->link != l->dev[dev]->link)
			continue;
		local += is_linklocal(&a->ip);
		if (!ph_ip_is4(&a->ip))
			continue;
		four++;
		WANT(l, "the last octet of its IPv4 address", a->ip.b[15], p->octet);
	}
	WANT(l, "the number of IPv4 addresses", four, l->dhcp[dev]);
	WANT(l, "the number of link-local addresses", local, 1);
	for (unsigned i = 0; i < GATE_PREFIXES; i++)
		if (p->prefix[i].ip[0])
			check_prefix(l, dev, &p->prefix[i]);
}

struct found {
	long net4, default4, net6, default6, other;
};

static void sort_route(const struct life *l, unsigned dev, const struct ph_route_info *r,
		       struct found *f)
{
	const struct gate_port *p = &l->gate.port[dev];
	struct ph_ip router6;
	uint8_t router4[4];

	gate_router4(p, router4);
	gate_router6(p, router6.b);
	if (ph_ip_is4(&r->dst) && r->prefix == 24 && memcmp(r->dst.b + 12, p->net, 3) == 0)
		f->net4++;
	else if (ph_ip_is4(&r->dst) && r->prefix == 0 && memcmp(r->gateway.b + 12, router4, 4) == 0)
		f->default4++;
	else if (r->prefix == 64 && gate_prefix_holds(p, r->dst.b, l->net->now))
		f->net6++;
	else if (r->prefix == 0 && same(&r->gateway, &router6))
		f->default6++;
	else if (!is_linklocal(&r->dst) && r->dst.b[0] != 0xff)
		f->other++;
}

static void check_routes(struct life *l, unsigned dev)
{
	const struct gate_port *p = &l->gate.port[dev];
	const char *name = l->dev[dev]->topo->name;
	struct ph_route_info r[LIFE_ROUTES];
	size_t n = ph_routes(l->host->st, r, LIFE_ROUTES);
	struct found f = { 0 };
	long prefixes = 0;

	for (size_t i = 0; i < n && i < LIFE_ROUTES; i++)
		if (r[i].link == l->dev[dev]->link)
			sort_route(l, dev, &r[i], &f);
	for (unsigned i = 0; i < GATE_PREFIXES; i++)
		prefixes += p->prefix[i].ip[0] && p->prefix[i].onlink_ns > l->net->now;
	WANT(l, "the number of routes to its IPv4 network", f.net4, l->dhcp[dev]);
	WANT(l, "the number of IPv4 default routes", f.default4, l->dhcp[dev]);
	WANT(l, "the number of routes to prefixes", f.net6, prefixes);
	WANT(l, "the number of IPv6 default routes", f.default6, p->router_until_ns > l->net->now);
	WANT(l, "the number of routes that nobody gave", f.other, 0);
}

static void check_dns(struct life *l)
{
	struct ph_dns_info dns[8];
	size_t n = ph_dns(l->host->st, dns, 8);
	const char *name = l->host->name;
	long should = 0;

	for (unsigned i = 0; i < GATE_PORTS; i++)
		should += l->dev[i]->link > 0 && l->gate.port[i].dns_until_ns > l->net->now;
	WANT(l, "the number of name servers", n, should);
}

void life_check_phase(struct life *l)
{
	struct ph_neigh_info neigh[LIFE_NEIGHS];
	const char *name = l->host->name;
	size_t n;

	if (l->net->failed)
		return;
	l->nhad = own_addrs(l->host->st, l->had);
	for (unsigned i = 0; i < GATE_PORTS; i++)
		if (l->dev[i]->link > 0) {
			check_addrs(l, i);
			check_routes(l, i);
		}
	check_dns(l);
	n = ph_neighs(l->host->st, neigh, LIFE_NEIGHS);
	if (n > LIFE_NEIGHS_MAX)
		sim_fail(l->net, "after \"%s\": %zu neighbours; there is one router on each link",
			 l->phase, n);
	for (size_t i = 0; i < n && i < LIFE_NEIGHS; i++)
		WANT(l, "a neighbour's link", dev_of(l, neigh[i].link) < GATE_PORTS, true);
}

static void check_host(struct life *l, struct sim_host *h)
{
	struct ph_addr_info addrs[LIFE_ADDRS];
	const char *name = h->name;
	struct ph_usage u;

	ph_stack_usage(h->st, &u);
	WANT(l, "the number of sockets", u.sockets, h == l->far); /* it listens */
	WANT(l, "the number of connections", u.connections, h == l->far);
	WANT(l, "the number of connections in TIME-WAIT", u.timewait, 0u);
	WANT(l, "the number of reassemblies", u.reassemblies, 0u);
	WANT(l, "the number of packets held", u.packets, 0u);
	WANT(l, "the number of buffers held", u.buffers, 0u);
	if (h == l->far)
		return;
	WANT(l, "the number of neighbours", u.neighbours, 0u);
	WANT(l, "the number of timers", u.timers, 0u);
	WANT(l, "the number of addresses", own_addrs(h->st, addrs), 0u);
	WANT(l, "the number of routes", ph_routes(h->st, NULL, 0), 0u);
	WANT(l, "the number of name servers", ph_dns(h->st, NULL, 0), 0u);
	WANT(l, "being without a deadline", ph_stack_deadline(h->st) == PH_NEVER, true);
}

void life_check_empty(struct life *l)
{
	check_host(l, l->host);
	check_host(l, l->far);
}
