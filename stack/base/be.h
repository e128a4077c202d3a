/* SPDX-License-Identifier: BSD-2-Clause */
/* Big-endian numbers as bytes on the wire: structs of alignment 1, so that a comparison without
 * conversion does not compile and any byte address will do. Used by wire/ and by everything that
 * parses or builds. */
#ifndef BASE_BE_H
#define BASE_BE_H

#include <stdint.h>
#include <string.h>

typedef struct { uint8_t b[2]; } be16;
typedef struct { uint8_t b[4]; } be32;

/* The bytes of v as they lie in memory, and on the wire: written so that a compiler makes one instruction
 * of it, which it does not of shifts. */
static inline uint16_t be16_swap(uint16_t v)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return __builtin_bswap16(v);
#else
	return v;
#endif
}

static inline uint32_t be32_swap(uint32_t v)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return __builtin_bswap32(v);
#else
	return v;
#endif
}

static inline uint16_t be16_get(be16 v)
{
	uint16_t w;

	memcpy(&w, v.b, sizeof(w));
	return be16_swap(w);
}

static inline uint32_t be32_get(be32 v)
{
	uint32_t w;

	memcpy(&w, v.b, sizeof(w));
	return be32_swap(w);
}

static inline be16 be16_of(uint16_t v)
{
	uint16_t w = be16_swap(v);
	be16 out;

	memcpy(out.b, &w, sizeof(w));
	return out;
}

static inline be32 be32_of(uint32_t v)
{
	uint32_t w = be32_swap(v);
	be32 out;

	memcpy(out.b, &w, sizeof(w));
	return out;
}

#endif
