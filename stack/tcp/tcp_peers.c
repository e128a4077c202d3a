/* SPDX-License-Identifier: BSD-2-Clause */
/* The cache of peers: a hash table, and a list by last use. Called by tcp_fo_client.c and
 * tcp_metrics.c. */
#include "tcp/tcp_peers.h"

enum { TABLE_FIRST = 16 };

int tcp_peers_init(struct tcp_peers *p, struct mem *m, const struct siphash_key *key)
{
	int err = hash_init(&p->table, m, TABLE_FIRST);

	if (err)
		return err;
	pool_init(&p->pool, m, "tcp peers", sizeof(struct tcp_peer), TCP_FO_PEERS_MAX);
	list_init(&p->used);
	p->key = *key;
	return 0;
}

void tcp_peers_destroy(struct tcp_peers *p)
{
	hash_destroy(&p->table);
	pool_destroy(&p->pool);
}

static uint64_t hash_of(const struct tcp_peers *p, const struct ph_ip *local,
			const struct ph_ip *peer)
{
	const struct ph_ip both[2] = { *local, *peer };

	return siphash(&p->key, both, sizeof(both));
}

static struct tcp_peer *find(struct tcp_peers *p, const struct ph_ip *local,
			     const struct ph_ip *peer, uint64_t hash)
{
	struct hash_node *n = hash_first(&p->table, hash);

	for (; n; n = hash_next(n)) {
		struct tcp_peer *e = container_of(n, struct tcp_peer, node);

		if (ip_eq(&e->local, local) && ip_eq(&e->peer, peer)) {
			list_remove(&e->used);
			list_push_back(&p->used, &e->used);
			return e;
		}
	}
	return NULL;
}

struct tcp_peer *tcp_peers_find(struct tcp_peers *p, const struct ph_ip *local,
				const struct ph_ip *peer, int64_t epoch)
{
	struct tcp_peer *e = find(p, local, peer, hash_of(p, local, peer));

	return e && e->epoch == epoch ? e : NULL;
}

/* Room for one: of the pool, or the place of who was not heard of for longest. */
static struct tcp_peer *take(struct tcp_peers *p)
{
	struct tcp_peer *e = NULL;
	struct list_node *n;

	if (p->pool.in_use < TCP_FO_PEERS_MAX)
		e = pool_get(&p->pool);
	if (e || !(n = list_pop_front(&p->used)))
		return e;
	e = container_of(n, struct tcp_peer, used);
	hash_remove(&p->table, &e->node);
	return e;
}

static void reset(struct tcp_peer *e, int64_t epoch)
{
	e->epoch = epoch;
	e->cookie = (struct tcp_fo_cookie){ .len = 0 };
	e->metrics = (struct tcp_metrics){ .srtt8 = 0 };
	e->mss = 0;
	e->try_exp = 0;
}

struct tcp_peer *tcp_peers_make(struct tcp_peers *p, const struct ph_ip *local,
				const struct ph_ip *peer, int64_t epoch)
{
	uint64_t hash = hash_of(p, local, peer);
	struct tcp_peer *e = find(p, local, peer, hash);

	if (e) {
		if (e->epoch != epoch)
			reset(e, epoch);
		return e;
	}
	e = take(p);
	if (!e)
		return NULL;
	e->local = *local;
	e->peer = *peer;
	reset(e, epoch);
	list_init_node(&e->used);
	list_push_back(&p->used, &e->used);
	hash_insert(&p->table, &e->node, hash);
	return e;
}

void tcp_peer_learn(struct tcp_peer *p, uint16_t mss, const struct tcp_fo_cookie *cookie,
		    uint8_t try_exp)
{
	if (mss)
		p->mss = mss;
	if (cookie && cookie->len)
		p->cookie = *cookie;
	else if (try_exp > p->try_exp && p->cookie.len == 0)
		p->try_exp = try_exp;
}
