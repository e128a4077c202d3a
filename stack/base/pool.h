/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All memory of a stack: one `struct mem` (the user's allocator, with a limit and a count) and
 * pools of equal pieces that grow by slabs up to a named limit. Pieces in use are counted, so that
 * a test can ask for every one of them back. Nothing here knows a protocol.
 */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include <assert.h>
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

struct pool_piece { /* on the free list */
	struct pool_piece *next;
};

struct pool_slab;
struct pool {
	struct pool_piece *free;
	struct mem *mem;
	uint32_t in_use, peak;
	uint32_t size;	/* bytes of a piece, rounded up to 16 */
	uint32_t limit; /* pieces in use at most; 0: none but memory */
	bool large;	/* each piece has a slab of its own, */
	uint32_t keep;	/* and of free ones at most so many bytes wait for the next burst */
	uint32_t pieces;  /* in use and free */
	uint64_t failed; /* gets refused, for the limit or for memory */
	struct pool_slab *slabs;
	const char *name;
};

/* Under AddressSanitizer free pieces are poisoned, so none is taken or given back in passing. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POOL_POISONS true
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define POOL_POISONS true
#endif
#ifndef POOL_POISONS
#define POOL_POISONS false
#endif

void pool_init(struct pool *p, struct mem *m, const char *name, size_t size, uint32_t limit);
/* Few of its pieces are in use for long: each has a slab of its own, and `keep` bytes of free ones stay. */
void pool_sparse(struct pool *p, uint32_t keep);
/* A piece, aligned to 16, not zeroed; NULL at the limit or when memory is short (counted in
 * `failed`). */
static inline void *pool_get(struct pool *p);
void *pool_get_zeroed(struct pool *p);
static inline void pool_put(struct pool *p, void *piece); /* NULL is harmless */
/* Gives all slabs back, pieces in use or not. */
void pool_destroy(struct pool *p);

/* The two in full. What is below is the part of them that nearly every call needs: each frame takes
 * and gives back a handful of pieces. */
void *pool_get_slowly(struct pool *p);
void pool_put_slowly(struct pool *p, void *piece);

static inline void *pool_get(struct pool *p)
{
	struct pool_piece *piece = p->free;

	/* No more in use than there were before: then no limit is near, and the peak stands. */
	if (POOL_POISONS || !piece || p->in_use >= p->peak || p->mem->fail_at != 0)
		return pool_get_slowly(p);
	p->free = piece->next;
	p->in_use++;
	return piece;
}

static inline void pool_put(struct pool *p, void *ptr)
{
	struct pool_piece *piece = ptr;

	if (POOL_POISONS || !piece || p->large) {
		pool_put_slowly(p, ptr);
		return;
	}
	assert(p->in_use > 0);
	p->in_use--;
	piece->next = p->free;
	p->free = piece;
}

#endif
