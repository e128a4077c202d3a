/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The numbers a run draws: streams by key, so that what one part draws does not move what another
 * part draws. Number n of a stream is the finaliser of splitmix64 over key + n * Weyl's constant.
 */
#ifndef SIM_RAND_H
#define SIM_RAND_H

#include <stdbool.h>
#include <stdint.h>

struct sim_rand {
	uint64_t key, n;
};

static inline uint64_t sim_mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15u;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

/* The stream of `purpose` within a run. */
static inline struct sim_rand sim_rand_of(uint64_t seed, uint64_t purpose)
{
	return (struct sim_rand){ .key = sim_mix(sim_mix(seed) ^ purpose) };
}

static inline uint64_t sim_rand_u64(struct sim_rand *r)
{
	return sim_mix(r->key + r->n++ * 0x9e3779b97f4a7c15u);
}

/* In [from, to], both included. */
static inline uint64_t sim_rand_in(struct sim_rand *r, uint64_t from, uint64_t to)
{
	return from + sim_rand_u64(r) % (to - from + 1);
}

/* In [from, to], each power of two of the distance as likely as the next; from > 0. */
static inline uint64_t sim_rand_log(struct sim_rand *r, uint64_t from, uint64_t to)
{
	unsigned bits = 0;
	uint64_t x;

	while (from << bits < to && bits < 62 && from << bits <= UINT64_MAX / 2)
		bits++;
	x = bits ? from << sim_rand_in(r, 0, bits - 1) : from;
	x = sim_rand_in(r, x, 2 * x);
	return x > to ? to : x;
}

static inline bool sim_rand_chance(struct sim_rand *r, unsigned percent)
{
	return sim_rand_u64(r) % 100 < percent;
}

#endif
