/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Chained hashing that resizes a few buckets per operation. While a resize runs there are two
 * tables, and a hash lives in exactly one bucket: in the old table when its old bucket was not
 * moved yet, else in the new one.
 *
 *	old:  [ empty | empty | empty | kept | kept | ... ]	moved = 3
 *	new:  a bucket is written first when the first old bucket that feeds it is moved, so
 *	      that not even clearing a table of millions takes place at once
 *
 * A resize that finds no memory is put off until the next operation: chains grow longer meanwhile.
 * Called by net/, udp/ and tcp/ for their tables.
 */
#include "base/hash.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>

enum { MOVED_PER_STEP = 8, BUCKETS_MIN = 16, BUCKETS_MAX = 1 << 30, SPARSE = 8, SHRINK = 4 };

int hash_init(struct hash *h, struct mem *m, uint32_t buckets)
{
	uint32_t n = BUCKETS_MIN, i;

	while (n < buckets && n < BUCKETS_MAX)
		n *= 2;
	*h = (struct hash){ .mem = m, .nbuckets = n, .nmin = n };
	h->bucket = mem_alloc(m, n * sizeof(h->bucket[0]));
	if (!h->bucket)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		h->bucket[i] = NULL;
	return 0;
}

void hash_destroy(struct hash *h)
{
	mem_free(h->mem, h->bucket, h->nbuckets * sizeof(h->bucket[0]));
	mem_free(h->mem, h->old, h->nold * sizeof(h->old[0]));
	h->bucket = h->old = NULL;
	h->nbuckets = h->nold = h->moved = h->count = 0;
}

/* The one bucket where a hash lives. */
static struct hash_node **bucket_of(const struct hash *h, uint64_t hash)
{
	if (h->old && (hash & (h->nold - 1)) >= h->moved)
		return &h->old[hash & (h->nold - 1)];
	return &h->bucket[hash & (h->nbuckets - 1)];
}

/* Moves the next bucket of the old table. */
static void move_one(struct hash *h)
{
	uint32_t from = h->moved, to;
	struct hash_node *n = h->old[from], *next, **b;

	if (h->nbuckets > h->nold) {
		for (to = from; to < h->nbuckets; to += h->nold)
			h->bucket[to] = NULL;
	} else if (from < h->nbuckets) {
		h->bucket[from] = NULL;
	}
	for (; n; n = next) {
		next = n->next;
		b = &h->bucket[n->hash & (h->nbuckets - 1)];
		n->next = *b;
		*b = n;
	}
	h->moved++;
}

static void resize_begin(struct hash *h, uint32_t nbuckets)
{
	struct hash_node **fresh = mem_alloc(h->mem, nbuckets * sizeof(fresh[0]));

	if (!fresh)
		return;
	h->old = h->bucket;
	h->nold = h->nbuckets;
	h->moved = 0;
	h->bucket = fresh;
	h->nbuckets = nbuckets;
}

/* A step of the resize that runs, or the beginning of one that is due. */
static void resize_step(struct hash *h)
{
	uint32_t i, fewer = h->nbuckets / SHRINK;

	if (h->walking)
		return;
	if (!h->old) {
		if (h->count > h->nbuckets && h->nbuckets < BUCKETS_MAX)
			resize_begin(h, h->nbuckets * 2);
		else if (h->count < h->nbuckets / SPARSE && h->nbuckets > h->nmin)
			resize_begin(h, fewer > h->nmin ? fewer : h->nmin);
	}
	if (!h->old)
		return;
	for (i = 0; i < MOVED_PER_STEP && h->moved < h->nold; i++)
		move_one(h);
	if (h->moved == h->nold) {
		mem_free(h->mem, h->old, h->nold * sizeof(h->old[0]));
		h->old = NULL;
		h->nold = h->moved = 0;
	}
}

void hash_insert(struct hash *h, struct hash_node *n, uint64_t hash)
{
	struct hash_node **b;

	assert(!h->walking);
	resize_step(h);
	b = bucket_of(h, hash);
	n->hash = hash;
	n->next = *b;
	*b = n;
	h->count++;
}

void hash_remove(struct hash *h, struct hash_node *n)
{
	struct hash_node **at = bucket_of(h, n->hash);

	while (*at != n) {
		assert(*at); /* it was inserted in this table */
		at = &(*at)->next;
	}
	*at = n->next;
	n->next = NULL;
	assert(h->count > 0);
	h->count--;
	resize_step(h);
}

void hash_replace(struct hash *h, struct hash_node *old, struct hash_node *n)
{
	struct hash_node **at = bucket_of(h, old->hash);

	while (*at != old) {
		assert(*at);
		at = &(*at)->next;
	}
	n->hash = old->hash;
	n->next = old->next;
	*at = n;
	old->next = NULL;
}

/* The first node with this hash in a chain. */
static struct hash_node *chain_find(struct hash_node *n, uint64_t hash)
{
	while (n && n->hash != hash)
		n = n->next;
	return n;
}

struct hash_node *hash_first(const struct hash *h, uint64_t hash)
{
	return chain_find(*bucket_of(h, hash), hash);
}

struct hash_node *hash_next(const struct hash_node *n)
{
	return chain_find(n->next, n->hash);
}

static void each_in_chain(struct hash_node *n, void (*fn)(void *arg, struct hash_node *n),
			  void *arg)
{
	struct hash_node *next;

	for (; n; n = next) {
		next = n->next;
		fn(arg, n);
	}
}

void hash_each(struct hash *h, void (*fn)(void *arg, struct hash_node *n), void *arg)
{
	uint32_t i;

	h->walking++;
	for (i = h->moved; i < h->nold; i++)
		each_in_chain(h->old[i], fn, arg);
	for (i = 0; i < h->nbuckets; i++)
		if (!h->old || (i & (h->nold - 1)) < h->moved) /* else not written yet */
			each_in_chain(h->bucket[i], fn, arg);
	h->walking--;
}
