/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Addresses that a link makes for itself: which identifier goes with a prefix, how long what comes
 * of it lives, and what follows one that is taken or old. Called by if6.c, ra.c, dad.c and addr6.c.
 */
#include "net/slaac.h"

#include <string.h>

#include "base/ip.h"
#include "net/if6.h"
#include "net/net.h"
#include "net/net_state.h"
#include "net/ra.h"

enum { GEN_EUI64 = 0, GEN_NONE = 1, GEN_STABLE = 2 };
static const uint64_t second = 1000000000, two_hours = 7200 * UINT64_C(1000000000);

bool slaac_reserved_iid(const uint8_t iid[8])
{
	static const uint8_t zero[8], proxy[5] = { 0x02, 0x00, 0x5e, 0xff, 0xfe },
			     anycast[7] = { 0xfd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

	return memcmp(iid, zero, 8) == 0 || memcmp(iid, proxy, 5) == 0 ||
	       (memcmp(iid, anycast, 7) == 0 && iid[7] >= 0x80);
}

/* RFC 7217 5: F(prefix, interface, (no) network, DAD_Counter, secret); the next one if reserved. */
void slaac_stable_iid(const struct ph_stack *st, const struct link *l, const struct ph_ip *prefix,
		      uint8_t dad_counter, uint8_t iid[8])
{
	struct {
		uint8_t prefix[8], mac[6], counter, again;
	} in = { .counter = dad_counter };
	uint64_t h;

	memcpy(in.prefix, prefix->b, sizeof(in.prefix));
	memset(in.prefix + 2, 0, ip6_is_linklocal(prefix) ? 2 : 0);
	memcpy(in.mac, l->mac, sizeof(in.mac));
	do {
		h = siphash(&st->iid_key, &in, sizeof(in));
		memcpy(iid, &h, 8);
		in.again++;
	} while (slaac_reserved_iid(iid) && in.again != 0);
}

static void random_iid(struct ph_stack *st, uint8_t iid[8])
{
	uint64_t h;

	do {
		h = prng_u64(&st->prng);
		memcpy(iid, &h, 8);
	} while (slaac_reserved_iid(iid));
}

static void make_iid(struct ph_stack *st, const struct link *l, struct addr6 *a)
{
	if (a->origin == ADDR6_TEMPORARY)
		random_iid(st, a->ip.b + 8);
	else if (l->v6->conf.addr_gen_mode == GEN_STABLE)
		slaac_stable_iid(st, l, &a->ip, a->dad_counter, a->ip.b + 8);
	else
		if6_eui64(l, a->ip.b + 8);
}

/* Is there more than one identifier for it? */
static bool opaque(const struct link *l, const struct addr6 *a)
{
	return a->origin == ADDR6_TEMPORARY ||
	       (a->origin != ADDR6_STATIC && l->v6->conf.addr_gen_mode == GEN_STABLE);
}

/* RFC 7217 5, 8981 3.3.1: an identifier that is here already is as one that somebody else has. */
static int add_new(struct ph_stack *st, struct link *l, struct addr6 *a)
{
	for (;;) {
		int rc;

		make_iid(st, l, a);
		rc = addr6_add(st, l, a, NULL);
		if (rc != -EEXIST || !opaque(l, a) ||
		    (int64_t)a->dad_counter >= l->v6->conf.regen_max_retry)
			return rc;
		a->dad_counter++;
	}
}

int slaac_linklocal(struct ph_stack *st, struct link *l)
{
	struct addr6 a = { .ip = { { 0xfe, 0x80 } },
			   .prefix = 64,
			   .origin = ADDR6_LINKLOCAL,
			   .preferred_until_ns = PH_NEVER,
			   .valid_until_ns = PH_NEVER };

	if (l->kind != PH_LINK_ETHER || l->v6->conf.addr_gen_mode == GEN_NONE)
		return 0;
	return add_new(st, l, &a);
}

void slaac_linklocal_ready(struct ph_stack *st, struct link *l)
{
	mc_tell_all(st, &l->v6->mc); /* what was told from :: nobody had to believe (RFC 3590 4) */
	if (l->v6->mode == PH_IPV6_SLAAC)
		ra_solicit(st, l);
}

static uint32_t count_own(const struct ph_stack *st, ph_link link)
{
	const struct list_node *n;
	uint32_t count = 0;

	list_for_each(n, &st->net->addrs6.list) {
		const struct addr6 *a = container_of(n, struct addr6, node);

		count += a->link == link && a->origin >= ADDR6_AUTO;
	}
	return count;
}

static int add(struct ph_stack *st, struct link *l, struct addr6 *a)
{
	if ((int64_t)count_own(st, l->index) >= l->v6->conf.max_addresses)
		return -ENOSPC;
	a->made_ns = st->now_ns;
	return add_new(st, l, a);
}

static uint64_t until(const struct ph_stack *st, uint32_t s)
{
	return s == UINT32_MAX ? PH_NEVER : st->now_ns + s * second;
}

/*
 * RFC 8981 3.4: no longer than its prefix, nor than the settings say, less a random time so that
 * hosts do not change at once; and not worth making if it ends while its successor is made.
 */
static void add_temporary(struct ph_stack *st, struct link *l, const struct ph_ip *prefix,
			  const struct addr6 *public)
{
	uint64_t preferred_until = public->preferred_until_ns;
	uint64_t valid_until = public->valid_until_ns;
	const struct conf6 *c = &l->v6->conf;
	uint64_t most = (uint64_t)c->temp_prefered_lft, desync = (uint64_t)c->max_desync_factor;
	struct addr6 a = {
		.ip = *prefix, .prefix = 64, .origin = ADDR6_TEMPORARY, .router = public->router
	};

	if (desync > most * 2 / 5)
		desync = most * 2 / 5;
	if (desync > 0)
		most -= prng_u64(&st->prng) % desync;
	a.most_ns = a.preferred_until_ns = st->now_ns + most * second;
	a.valid_until_ns = st->now_ns + (uint64_t)c->temp_valid_lft * second;
	if (a.preferred_until_ns > preferred_until)
		a.preferred_until_ns = preferred_until;
	if (a.valid_until_ns > valid_until)
		a.valid_until_ns = valid_until;
	if (slaac_succeed_at(st, &a) > st->now_ns && a.preferred_until_ns > st->now_ns + second)
		(void)add(st, l, &a);
}

/* RFC 8981 3.8: REGEN_ADVANCE, the time that making another one may take. */
static uint64_t regen_advance(const struct ph_stack *st, const struct conf6 *c)
{
	uint64_t per_try = (uint64_t)c->dad_transmits *
			   (uint64_t)st->sysctl.neigh_retrans_time_ms * 1000000;

	return 2 * second + (uint64_t)c->regen_max_retry * per_try;
}

uint64_t slaac_succeed_at(const struct ph_stack *st, const struct addr6 *a)
{
	const struct link *l = link_get(st, a->link);
	uint64_t advance;

	if (a->origin != ADDR6_TEMPORARY || a->preferred_until_ns == PH_NEVER)
		return PH_NEVER;
	advance = regen_advance(st, l && l->v6 ? &l->v6->conf : &st->sysctl.conf6);
	return a->preferred_until_ns > advance ? a->preferred_until_ns - advance : 0;
}

/* The one with the same prefix that is not temporary: its lifetimes are the prefix's. */
static struct addr6 *of_prefix(const struct ph_stack *st, ph_link link, const struct ph_ip *prefix)
{
	struct list_node *n;

	list_for_each(n, &st->net->addrs6.list) {
		struct addr6 *a = container_of(n, struct addr6, node);

		if (a->link == link && a->origin == ADDR6_AUTO &&
		    ip6_same_prefix(&a->ip, prefix, a->prefix))
			return a;
	}
	return NULL;
}

void slaac_succeed(struct ph_stack *st, struct addr6 *a)
{
	struct link *l = link_get(st, a->link);
	struct ph_ip prefix = ip6_prefix(&a->ip, a->prefix);
	const struct addr6 *public = of_prefix(st, a->link, &prefix);

	a->succeeded = true;
	if (!public || !l->v6->conf.use_tempaddr || a->told_gone)
		return;
	add_temporary(st, l, &prefix, public);
}

bool slaac_try_another(struct ph_stack *st, struct link *l, struct addr6 *a)
{
	struct addr6 next = *a;

	if (!opaque(l, a) || (int64_t)a->dad_counter >= l->v6->conf.regen_max_retry)
		return false;
	addr6_remove(st, a);
	next.duplicate = next.tentative = next.optimistic = false;
	next.dad_counter++;
	next.dad_loops = 0;
	(void)add_new(st, l, &next); /* else it is one address less */
	return true;
}

/* RFC 4862 5.5.3 (e): two hours are what an unproven advertisement cannot take away. */
static uint64_t limit_valid(const struct ph_stack *st, const struct addr6 *a, uint64_t said)
{
	uint64_t least = st->now_ns + two_hours;

	if (said > least || said > a->valid_until_ns)
		return said;
	return a->valid_until_ns <= least ? a->valid_until_ns : least;
}

/* RFC 8981 3.4 (2): temporary ones follow their prefix, never beyond their own times. */
static void update_temporary(struct ph_stack *st, const struct link *l, struct addr6 *a,
			     uint64_t preferred_until, uint64_t valid_until)
{
	const struct conf6 *c = &l->v6->conf;
	uint64_t valid = a->made_ns + (uint64_t)c->temp_valid_lft * second;

	valid = valid < valid_until ? valid : limit_valid(st, a, valid_until);
	a->told_gone = preferred_until <= st->now_ns;
	a->preferred_until_ns = a->most_ns < preferred_until ? a->most_ns : preferred_until;
	if (slaac_succeed_at(st, a) > st->now_ns) /* it seemed to end with its prefix, and does not */
		a->succeeded = false;
	addr6_set_lifetimes(st, a, a->preferred_until_ns, valid);
}

static bool update(struct ph_stack *st, struct link *l, const struct addr6 *like)
{
	uint64_t preferred_until = like->preferred_until_ns, valid_until = like->valid_until_ns;
	struct list_node *n, *next;
	struct addr6 *public = NULL;
	bool found = false, temporary = false;

	list_for_each_safe(n, next, &st->net->addrs6.list) {
		struct addr6 *a = container_of(n, struct addr6, node);

		if (a->link != l->index || a->origin < ADDR6_AUTO ||
		    !ip6_same_prefix(&a->ip, &like->ip, a->prefix))
			continue;
		found = true;
		if (!ip_eq(&a->router, &like->router))
			net_changed(st);
		a->router = like->router;
		if (a->origin == ADDR6_TEMPORARY) {
			update_temporary(st, l, a, preferred_until, valid_until);
			temporary |= !a->succeeded;
		} else {
			addr6_set_lifetimes(st, a, preferred_until,
					    limit_valid(st, a, valid_until));
			public = a;
		}
	}
	/* The last one ended while nobody said that the prefix is preferred: now somebody does. */
	if (public && !temporary && l->v6->conf.use_tempaddr) {
		struct ph_ip prefix = ip6_prefix(&public->ip, public->prefix);

		add_temporary(st, l, &prefix, public);
	}
	return found;
}

void slaac_prefix(struct ph_stack *st, struct link *l, const struct ph_ip *router,
		  const struct nd_opt_prefix *o)
{
	struct addr6 a = { .prefix = 64,
			   .origin = ADDR6_AUTO,
			   .router = *router,
			   .preferred_until_ns = until(st, be32_get(o->preferred)),
			   .valid_until_ns = until(st, be32_get(o->valid)) };
	struct ph_ip p;

	if (o->prefix_len != 64) /* 5.5.3 (d): identifiers have 64 bits */
		return;
	memcpy(a.ip.b, o->prefix, 8);
	p = a.ip;
	if (update(st, l, &a))
		return;
	if (be32_get(o->valid) == 0 || !l->v6->conf.autoconf || l->v6->conf.addr_gen_mode > GEN_STABLE)
		return;
	if (add(st, l, &a) == 0 && l->v6->conf.use_tempaddr)
		add_temporary(st, l, &p, &a);
}
