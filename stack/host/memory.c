/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Slabs from large pages. See memory.h.
 *
 *	arena   | struct memory_arena | slab | slab | slab | ...     free |	32 MiB, from 16 large pages
 *
 * A piece says not where it came from: one is an arena's if it lies in one, of which a million
 * connections need some thirty. What is given back waits for the next of its size; the stack takes few
 * sizes, and gives back little before its end.
 */
#define _GNU_SOURCE
#include "host/memory.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct memory_spare {
	struct memory_spare *next;
};

struct memory_arena {
	struct memory_arena *next;
};

enum { ALIGN = 16 };

void memory_init(struct memory *m)
{
	memset(m, 0, sizeof(*m));
	m->cut = MEMORY_ARENA; /* of none, nothing is left */
}

static size_t rounded(size_t size)
{
	return (size + ALIGN - 1) / ALIGN * ALIGN;
}

static bool in_arena(const struct memory *m, const void *piece)
{
	const struct memory_arena *a = m->arenas;

	while (a && (uintptr_t)piece - (uintptr_t)a >= MEMORY_ARENA)
		a = a->next;
	return a != NULL;
}

/* Large pages are the kernel's to give: without them it is as slow as it was. */
static void *huge(size_t size)
{
	size_t whole = (size + MEMORY_HUGE - 1) / MEMORY_HUGE * MEMORY_HUGE;
	void *p = aligned_alloc(MEMORY_HUGE, whole);

	if (p)
		(void)madvise(p, whole, MADV_HUGEPAGE);
	return p;
}

static void *cut(struct memory *m, size_t size)
{
	struct memory_arena *a = m->arenas;

	if (m->cut + size > MEMORY_ARENA) {
		a = huge(MEMORY_ARENA);
		if (!a)
			return NULL;
		a->next = m->arenas;
		m->arenas = a;
		m->cut = rounded(sizeof(*a));
	}
	m->cut += size;
	return (uint8_t *)a + m->cut - size;
}

static void *spare(struct memory *m, size_t size)
{
	for (int i = 0; i < MEMORY_SIZES && m->spare[i].size; i++) {
		struct memory_spare *s = m->spare[i].first;

		if (m->spare[i].size != size || !s)
			continue;
		m->spare[i].first = s->next;
		return s;
	}
	return NULL;
}

void *memory_take(void *memory, size_t size)
{
	struct memory *m = memory;
	bool slab = size >= MEMORY_SLAB_MIN && size <= MEMORY_SLAB_MAX;
	void *piece = NULL;

	if (slab && (m->arenas || m->used >= MEMORY_PLAIN)) {
		piece = spare(m, rounded(size));
		piece = piece ? piece : cut(m, rounded(size));
	} else if (size >= MEMORY_HUGE) {
		piece = huge(size);
	} else {
		piece = malloc(size);
	}
	if (piece)
		m->used += size;
	return piece;
}

void memory_give(void *memory, void *piece, size_t size)
{
	struct memory_spare *s = piece;
	struct memory *m = memory;
	int i = 0;

	m->used -= size;
	if (!in_arena(m, piece)) {
		free(piece);
		return;
	}
	while (i < MEMORY_SIZES && m->spare[i].size && m->spare[i].size != rounded(size))
		i++;
	if (i == MEMORY_SIZES)
		return; /* it is the arena's until the end */
	m->spare[i].size = rounded(size);
	s->next = m->spare[i].first;
	m->spare[i].first = s;
}

void memory_free(struct memory *m)
{
	while (m->arenas) {
		struct memory_arena *a = m->arenas;

		m->arenas = a->next;
		free(a);
	}
	memory_init(m);
}
