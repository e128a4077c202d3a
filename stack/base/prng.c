/* SPDX-License-Identifier: BSD-2-Clause */
/* xoshiro256** (Blackman and Vigna), seeded by SipHash from the stack's key. */
#include "base/prng.h"

#include <assert.h>
#include <string.h>

#include "base/siphash.h"

static uint64_t rotl(uint64_t x, unsigned n)
{
	return x << n | x >> (64 - n);
}

void prng_seed(struct prng *p, const uint8_t key[32])
{
	struct siphash_key k = { 0, 0 };
	uint8_t text[17];
	unsigned i;

	for (i = 0; i < 8; i++) { /* by bytes: the same key gives the same run on every machine */
		k.k0 |= (uint64_t)key[i] << 8 * i;
		k.k1 |= (uint64_t)key[8 + i] << 8 * i;
	}
	memcpy(text, key + 16, 16);
	for (i = 0; i < 4; i++) {
		text[16] = (uint8_t)i;
		p->s[i] = siphash(&k, text, sizeof(text));
	}
	p->s[0] |= 1; /* all zero is the one state it cannot leave */
}

uint64_t prng_u64(struct prng *p)
{
	uint64_t *s = p->s, out = rotl(s[1] * 5, 7) * 9, t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotl(s[3], 45);
	return out;
}

/* The high half of a 32 by 32 bit product, drawn again where n does not divide 2^32 (Lemire,
 * 2018). */
uint32_t prng_below(struct prng *p, uint32_t n)
{
	uint64_t product;
	uint32_t least;

	assert(n > 0);
	least = (uint32_t)-n % n;
	do {
		product = (prng_u64(p) >> 32) * n;
	} while ((uint32_t)product < least);
	return (uint32_t)(product >> 32);
}
