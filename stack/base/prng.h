/* SPDX-License-Identifier: BSD-2-Clause */
/* A small seeded generator for ports, jitter and identifiers; not for secrets that outlive a
 * packet. */
#ifndef BASE_PRNG_H
#define BASE_PRNG_H

#include <stdint.h>

struct prng {
	uint64_t s[4];
};

void prng_seed(struct prng *p, const uint8_t key[32]);
uint64_t prng_u64(struct prng *p);
/* Uniform in [0, n), n > 0, without bias. */
uint32_t prng_below(struct prng *p, uint32_t n);

#endif
