/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stack's memory: malloc's, until there is so much of it that looking up where it lies costs more
 * than looking at it. From then on slabs are cut from large pieces for which the kernel is asked for
 * large pages. Called by setup.c as the two functions of struct ph_conf.
 */
#ifndef HOST_MEMORY_H
#define HOST_MEMORY_H

#include <stddef.h>
#include <stdint.h>

enum {
	MEMORY_PLAIN = 64 << 20,	/* bytes in use before slabs are cut from arenas */
	MEMORY_ARENA = 32 << 20,	/* bytes of one, */
	MEMORY_HUGE = 2 << 20,		/* which begins at a multiple of this */
	MEMORY_SLAB_MIN = 8192,		/* what is cut from it; smaller ones are malloc's, */
	MEMORY_SLAB_MAX = 128 << 10,	/* and larger ones, in large pages from MEMORY_HUGE on */
	MEMORY_SIZES = 32		/* different sizes that are kept when they are given back */
};

struct memory_spare;
struct memory_arena;
struct memory {
	uint64_t used; /* bytes taken and not given back */
	struct memory_arena *arenas; /* the newest, which is cut from, first */
	size_t cut;	     /* bytes of it that are gone */
	struct {
		size_t size;
		struct memory_spare *first;
	} spare[MEMORY_SIZES];
};

void memory_init(struct memory *m);
/* size bytes, aligned to 16; NULL: there are none. `memory` is a struct memory. */
void *memory_take(void *memory, size_t size);
void memory_give(void *memory, void *piece, size_t size);
/* Gives the arenas back, with whatever was cut from them. */
void memory_free(struct memory *m);

#endif
