/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes behind which there is no memory: who reads one too many ends the test, in every build. */
#ifndef UNIT_GUARDED_H
#define UNIT_GUARDED_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

enum { GUARDED_ROOM = 1 << 16 };

/* A place for `len` bytes, at most GUARDED_ROOM, that end where memory ends; NULL: there is none. */
static inline uint8_t *guarded_new(size_t len)
{
	uint8_t *p = mmap(NULL, 2 * GUARDED_ROOM, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || mprotect(p, GUARDED_ROOM, PROT_READ | PROT_WRITE) != 0)
		return NULL;
	return p + GUARDED_ROOM - len;
}

static inline void guarded_free(uint8_t *p, size_t len)
{
	(void)munmap(p + len - GUARDED_ROOM, 2 * GUARDED_ROOM);
}

#endif
