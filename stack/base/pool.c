/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Slabs behind the pools, and the count of every byte a stack holds. Small pieces share slabs of
 * SLAB_BYTES, which stay until the pool is destroyed; a piece too large to share has a slab of its
 * own, and goes back to the user's allocator when more than LARGE_KEEP bytes of them lie free. Free
 * pieces are poisoned under AddressSanitizer.
 *
 *	small:  [ room to align ][ struct pool_slab ][ piece ][ piece ] ... [ piece ]
 *	large:  [ room to align ][ struct pool_slab ][ piece ]
 */
#include "base/pool.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

enum {
	PIECE_ALIGN = 16,
	SLAB_BYTES = 32768,
	SLAB_PIECES_MIN = 4,	/* fewer than these to a slab, and each piece has its own */
	LARGE_KEEP = 4 << 20	/* bytes of free large pieces kept for the next burst */
};

struct pool_slab {
	struct pool_slab *next, *prev;
	void *memory; /* as the allocator gave it */
	size_t size;
};

void __asan_poison_memory_region(void const volatile *addr, size_t size);
void __asan_unpoison_memory_region(void const volatile *addr, size_t size);

static void poison(void *p, size_t n)
{
	if (POOL_POISONS)
		__asan_poison_memory_region(p, n);
}

static void unpoison(void *p, size_t n)
{
	if (POOL_POISONS)
		__asan_unpoison_memory_region(p, n);
}

/* True when a test asked for this allocation to fail. */
static bool must_fail(struct mem *m)
{
	return m->fail_at != 0 && --m->fail_at == 0;
}

static void *mem_take(struct mem *m, size_t size)
{
	void *ptr;

	if (m->limit != 0 && (m->used > m->limit || size > m->limit - m->used))
		return NULL;
	ptr = m->alloc(m->arg, size);
	if (!ptr)
		return NULL;
	m->used += size;
	if (m->used > m->peak)
		m->peak = m->used;
	return ptr;
}

void *mem_alloc(struct mem *m, size_t size)
{
	return must_fail(m) ? NULL : mem_take(m, size);
}

void mem_free(struct mem *m, void *ptr, size_t size)
{
	if (!ptr)
		return;
	assert(m->used >= size);
	m->used -= size;
	m->release(m->arg, ptr, size);
}

static uint32_t pieces_per_slab(const struct pool *p)
{
	uint32_t n = SLAB_BYTES / p->size;

	return p->large || n < SLAB_PIECES_MIN ? 1 : n;
}

void pool_init(struct pool *p, struct mem *m, const char *name, size_t size, uint32_t limit)
{
	assert(size > 0 && size < UINT32_MAX - PIECE_ALIGN);
	*p = (struct pool){ .name = name, .mem = m, .limit = limit };
	p->size = (uint32_t)((size + PIECE_ALIGN - 1) / PIECE_ALIGN * PIECE_ALIGN);
	p->large = pieces_per_slab(p) == 1;
	p->keep = LARGE_KEEP;
}

void pool_sparse(struct pool *p, uint32_t keep)
{
	assert(!p->slabs);
	p->large = true;
	p->keep = keep;
}

/* Adds a slab's pieces to the free list. False: short of memory. */
static bool pool_grow(struct pool *p)
{
	uint32_t n = pieces_per_slab(p);
	size_t size = sizeof(struct pool_slab) + PIECE_ALIGN + (size_t)n * p->size;
	uint8_t *memory = mem_take(p->mem, size), *first;
	struct pool_slab *slab;
	uint32_t i;

	if (!memory)
		return false;
	first = memory + sizeof(*slab);
	first += (PIECE_ALIGN - (uintptr_t)first % PIECE_ALIGN) % PIECE_ALIGN;
	slab = (struct pool_slab *)(void *)(first - sizeof(*slab));
	*slab = (struct pool_slab){ .next = p->slabs, .memory = memory, .size = size };
	if (p->slabs)
		p->slabs->prev = slab;
	p->slabs = slab;
	for (i = n; i-- > 0;) { /* so that the first get takes the lowest address */
		struct pool_piece *piece = (void *)(first + (size_t)i * p->size);

		piece->next = p->free;
		p->free = piece;
		poison(piece, p->size);
	}
	p->pieces += n;
	return true;
}

/* Gives back the slab of a large piece that is on no list. */
static void pool_release(struct pool *p, void *piece)
{
	struct pool_slab *slab = (struct pool_slab *)piece - 1;

	if (slab->next)
		slab->next->prev = slab->prev;
	if (slab->prev)
		slab->prev->next = slab->next;
	else
		p->slabs = slab->next;
	p->pieces--;
	mem_free(p->mem, slab->memory, slab->size);
}

void *pool_get_slowly(struct pool *p)
{
	struct pool_piece *piece;

	if (must_fail(p->mem) || (p->limit != 0 && p->in_use >= p->limit) ||
	    (!p->free && !pool_grow(p))) {
		p->failed++;
		return NULL;
	}
	piece = p->free;
	unpoison(piece, p->size);
	p->free = piece->next;
	p->in_use++;
	if (p->in_use > p->peak)
		p->peak = p->in_use;
	return piece;
}

void *pool_get_zeroed(struct pool *p)
{
	void *piece = pool_get(p);

	if (piece)
		memset(piece, 0, p->size);
	return piece;
}

void pool_put_slowly(struct pool *p, void *ptr)
{
	struct pool_piece *piece = ptr;

	if (!piece)
		return;
	assert(p->in_use > 0);
	p->in_use--;
	if (p->large && (uint64_t)(p->pieces - p->in_use - 1) * p->size >= p->keep) {
		pool_release(p, piece);
		return;
	}
	piece->next = p->free;
	p->free = piece;
	poison(piece, p->size);
}

void pool_destroy(struct pool *p)
{
	struct pool_slab *slab, *next;

	for (slab = p->slabs; slab; slab = next) {
		next = slab->next;
		unpoison(slab->memory, slab->size);
		mem_free(p->mem, slab->memory, slab->size);
	}
	p->slabs = NULL;
	p->free = NULL;
	p->pieces = 0;
	p->in_use = 0;
}
