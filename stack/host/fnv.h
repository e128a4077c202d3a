/* SPDX-License-Identifier: BSD-2-Clause */
/* FNV-1a, 64 bits: the fingerprint that sink and --receive print of what arrived. */
#ifndef HOST_FNV_H
#define HOST_FNV_H

#include <stddef.h>
#include <stdint.h>

struct fnv {
	uint64_t h;
};

static inline void fnv_init(struct fnv *f)
{
	f->h = 0xcbf29ce484222325u;
}

static inline void fnv_add(struct fnv *f, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;
	uint64_t h = f->h;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 0x100000001b3u;
	f->h = h;
}

#endif
