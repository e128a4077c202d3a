/* SPDX-License-Identifier: BSD-2-Clause */
/* Chunks of memory in a chain; a piece larger than a chunk gets one of its own. */
#include "harness/drill/ast_arena.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "harness/drill/ast.h"

enum { CHUNK = 16 << 10 };

struct chunk {
	struct chunk *next;
	size_t used, size;
	alignas(max_align_t) unsigned char bytes[];
};

struct drill_arena {
	struct chunk *chunks; /* the first is the one being filled */
};

struct drill_arena *drill_arena_new(void)
{
	return calloc(1, sizeof(struct drill_arena));
}

void drill_arena_free(struct drill_arena *a)
{
	if (!a)
		return;
	for (struct chunk *c = a->chunks, *next; c; c = next) {
		next = c->next;
		free(c);
	}
	free(a);
}

void *drill_arena_alloc(struct drill_arena *a, size_t size)
{
	size_t need = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	struct chunk *c = a->chunks;
	void *piece;

	if (need < size)
		return NULL;
	if (!c || c->size - c->used < need) {
		size_t room = need > CHUNK ? need : CHUNK;

		c = calloc(1, sizeof(*c) + room);
		if (!c)
			return NULL;
		c->size = room;
		c->next = a->chunks;
		a->chunks = c;
	}
	piece = c->bytes + c->used;
	c->used += need;
	return piece;
}

char *drill_arena_copy(struct drill_arena *a, const char *bytes, size_t len)
{
	char *copy = drill_arena_alloc(a, len + 1);

	if (copy && len)
		memcpy(copy, bytes, len);
	return copy;
}

void drill_script_free(struct drill_script *s)
{
	if (s)
		drill_arena_free(s->arena);
}
