/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All memory of a stack: one `struct mem` (the user's allocator, with a limit and a count) and
 * pools of equal pieces that grow by slabs up to a named limit. Pieces in use are counted, so that
 * a test can ask for every one of them back. Nothing here knows a protocol.
 */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mem {
	void *(*alloc)(void *arg, size_t size);
	void (*release)(void *arg, void *ptr, size_t size);
	void *arg;
	uint64_t used, peak, limit; /* bytes; limit 0: none */
	uint64_t fail_at; /* tests: the nth pool_get or mem_alloc from now fails; 0: never */
};

void *mem_alloc(struct mem *m, size_t size); /* not zeroed; NULL: short of memory */
void mem_free(struct mem *m, void *ptr, size_t size);

struct pool_piece;
struct pool_slab;
struct pool {
	const char *name;
	struct mem *mem;
	uint32_t size;	/* bytes of a piece, rounded up to 16 */
	uint32_t limit; /* pieces in use at most; 0: none but memory */
	bool large;	/* each piece has a slab of its own, */
	uint32_t keep;	/* and of free ones at most so many bytes wait for the next burst */
	uint32_t in_use, peak;
	uint32_t nfree;	 /* pieces on the free list */
	uint64_t failed; /* gets refused, for the limit or for memory */
	struct pool_piece *free;
	struct pool_slab *slabs;
};

void pool_init(struct pool *p, struct mem *m, const char *name, size_t size, uint32_t limit);
/* Few of its pieces are in use for long: each has a slab of its own, and `keep` bytes of free ones stay. */
void pool_sparse(struct pool *p, uint32_t keep);
/* A piece, aligned to 16, not zeroed; NULL at the limit or when memory is short (counted in
 * `failed`). */
void *pool_get(struct pool *p);
void *pool_get_zeroed(struct pool *p);
void pool_put(struct pool *p, void *piece); /* NULL is harmless */
/* Gives all slabs back, pieces in use or not. */
void pool_destroy(struct pool *p);

#endif
