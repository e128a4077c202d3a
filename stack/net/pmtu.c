/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The cache of path mtus of both families. Asked by dst.c and dst6.c once per destination; taught
 * by the transports, which know whether an ICMP error is about a packet of theirs.
 */
#include "net/pmtu.h"

#include "base/ip.h"
#include "net/net.h"
#include "net/net_state.h"
#include "wire/ip6.h"

enum { PMTU_BUCKETS = 16 };

struct pmtu {
	struct hash_node hash;
	struct list_node age;
	struct ph_ip dst;
	uint64_t until_ns;
	uint16_t mtu;
	bool lock; /* a router asked for less than we believe: its packets may be cut instead */
};

static void expire(void *ctx, struct timer *t);

int pmtu_new(struct ph_stack *st)
{
	struct pmtu_table *t = &st->net->pmtus;

	pool_init(&t->pool, &st->mem, "path mtus", sizeof(struct pmtu), PMTU_MAX);
	list_init(&t->age);
	timer_init(&t->timer, expire);
	return hash_init(&t->hash, &st->mem, PMTU_BUCKETS);
}

void pmtu_free(struct ph_stack *st)
{
	if (!st->net->pmtus.pool.mem)
		return;
	hash_destroy(&st->net->pmtus.hash);
	pool_destroy(&st->net->pmtus.pool);
}

static uint64_t key_hash(const struct ph_stack *st, const struct ph_ip *dst)
{
	return siphash(&st->hash_key, dst, sizeof(*dst));
}

static struct pmtu *find(const struct ph_stack *st, const struct ph_ip *dst)
{
	struct hash_node *n = hash_first(&st->net->pmtus.hash, key_hash(st, dst));

	for (; n; n = hash_next(n))
		if (ip_eq(&container_of(n, struct pmtu, hash)->dst, dst))
			return container_of(n, struct pmtu, hash);
	return NULL;
}

static void forget(struct ph_stack *st, struct pmtu *p)
{
	hash_remove(&st->net->pmtus.hash, &p->hash);
	list_remove(&p->age);
	pool_put(&st->net->pmtus.pool, p);
	net_changed(st);
}

static void arm(struct ph_stack *st)
{
	struct pmtu_table *t = &st->net->pmtus;
	struct list_node *n = list_first(&t->age);

	if (n)
		timer_arm(&st->wheel, &t->timer, container_of(n, struct pmtu, age)->until_ns);
	else
		timer_stop(&st->wheel, &t->timer);
}

/* RFC 8201 5.3: a path may have grown; what is sent next finds out. */
static void expire(void *ctx, struct timer *timer)
{
	struct ph_stack *st = ctx;
	struct list_node *n;

	(void)timer;
	while ((n = list_first(&st->net->pmtus.age))) {
		struct pmtu *p = container_of(n, struct pmtu, age);

		if (p->until_ns > st->now_ns)
			break;
		forget(st, p);
	}
	arm(st);
}

void pmtu_apply(const struct ph_stack *st, struct dst *d)
{
	const struct pmtu *p = st->net->pmtus.pool.in_use ? find(st, &d->dst) : NULL;

	if (!p)
		return;
	d->mtu_lock |= p->lock;
	if (p->mtu < d->mtu)
		d->mtu = p->mtu;
}

void pmtu_learn(struct ph_stack *st, const struct ph_ip *remote, uint32_t mtu)
{
	struct pmtu_table *t = &st->net->pmtus;
	bool v4 = ip_is4(remote), lock = v4 && mtu < (uint32_t)st->sysctl.ip_min_pmtu;
	int64_t life_s = v4 ? st->sysctl.ip_mtu_expires : st->sysctl.ip6_mtu_expires;
	struct dst d = { 0 };
	struct pmtu *p;

	if (!v4 && mtu < IP6_MTU_MIN) /* RFC 8201 4: no IPv6 link is that small */
		return;
	if (dst_lookup(st, &d, NULL, remote, false) != 0 || d.kind != DST_HOST || d.mtu_lock)
		return;
	/* A path of less than every path carries is not asked again (RFC 1191 3): as Linux, packets
	 * of that size go without DF, and routers cut them. */
	if (lock)
		mtu = d.mtu < st->sysctl.ip_min_pmtu ? d.mtu : (uint32_t)st->sysctl.ip_min_pmtu;
	else if (mtu >= d.mtu)
		return; /* RFC 8201 4: never larger */
	p = find(st, remote);
	if (p)
		forget(st, p);
	else if (t->pool.in_use >= PMTU_MAX)
		forget(st, container_of(list_first(&t->age), struct pmtu, age));
	p = pool_get(&t->pool);
	if (!p)
		return;
	*p = (struct pmtu){ .dst = *remote,
			    .mtu = (uint16_t)mtu,
			    .lock = lock,
			    .until_ns = st->now_ns + (uint64_t)life_s * 1000000000u };
	list_push_back(&t->age, &p->age);
	hash_insert(&t->hash, &p->hash, key_hash(st, remote));
	net_changed(st);
	arm(st);
}
