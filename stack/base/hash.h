/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An intrusive hash table with chains that grows and shrinks a few buckets per operation, never all
 * at once. The hash is computed by the caller (SipHash under the stack's key), kept in the node, so
 * growth needs no keys.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/pool.h"

struct hash_node {
	struct hash_node *next;
	uint64_t hash;
};
struct hash {
	struct mem *mem;
	struct hash_node **bucket;
	struct hash_node **old; /* the smaller or larger table being emptied, or NULL */
	uint32_t nbuckets, nold, moved;	  /* powers of two; moved: buckets of old already emptied */
	uint32_t count;
	uint32_t nmin;	  /* buckets at creation: it does not shrink below */
	uint32_t walking; /* hash_each() calls that run: the tables stay as they are */
};

/* Begins with at least `buckets` of them, a power of two. 0 or -ENOMEM. */
int hash_init(struct hash *h, struct mem *m, uint32_t buckets);
/* Gives the tables back; the nodes are the caller's. */
void hash_destroy(struct hash *h);
void hash_insert(struct hash *h, struct hash_node *n, uint64_t hash);
void hash_remove(struct hash *h, struct hash_node *n);
/* `n` takes the place of `old` in its chain: allowed while hash_each() runs, for the node it gave. */
void hash_replace(struct hash *h, struct hash_node *old, struct hash_node *n);
/* The first node with this hash, then the next: the caller compares keys. */
struct hash_node *hash_first(const struct hash *h, uint64_t hash);
struct hash_node *hash_next(const struct hash_node *n);
/* Calls fn for every node; fn may remove the node it is given, and no other, and inserts none. */
void hash_each(struct hash *h, void (*fn)(void *arg, struct hash_node *n), void *arg);

#endif
