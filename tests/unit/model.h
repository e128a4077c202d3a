/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests of base/ share: memory from malloc with a count, a generator of their own (the
 * stack's is under test), and CHECK, which names the seed when a random run fails. SEED=n in the
 * environment runs that one alone.
 */
#ifndef UNIT_MODEL_H
#define UNIT_MODEL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/pool.h"

static inline void *model_alloc(void *arg, size_t size)
{
	(void)arg;
	return malloc(size);
}

static inline void model_release(void *arg, void *ptr, size_t size)
{
	(void)arg;
	(void)size;
	free(ptr);
}

static inline struct mem model_mem(void)
{
	return (struct mem){ .alloc = model_alloc, .release = model_release };
}

/* A run of random operations: its seed, how many operations were made, the generator's state. */
struct run {
	uint64_t seed, step, state;
};

static inline uint64_t run_u64(struct run *r)
{
	uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* In [0, n). */
static inline uint32_t run_below(struct run *r, uint32_t n)
{
	return (uint32_t)(run_u64(r) % n);
}

/* Calls fn with the seeds 1 .. n, or with the one of the environment. */
static inline void run_seeds(uint64_t n, void (*fn)(struct run *r))
{
	const char *one = getenv("SEED");
	uint64_t seed = one ? strtoull(one, NULL, 10) : 1, last = one ? seed : n;

	for (; seed <= last; seed++) {
		struct run r = { .seed = seed, .state = seed };

		fn(&r);
	}
}

#define CHECK(r, cond)                                                                          \
	do {                                                                                    \
		if (!(cond))                                                                    \
			fail_msg("%s does not hold at step %llu; again with SEED=%llu", #cond, \
				 (unsigned long long)(r)->step, (unsigned long long)(r)->seed); \
	} while (0)

#endif
