/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Seeded random bytes through the hostile peer of tests/fuzz: no crash, no leak, every frame sent
 * well formed, whatever comes. A failing seed is printed; HOSTILE_SEED=N runs that one alone.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/prng.h"
#include "tests/fuzz/stack_input.h"

enum { RUNS = 300, BYTES = 6000 };

static uint32_t running; /* the seed of this run, told when a promise is broken */

static void tell_seed(int signal)
{
	(void)signal;
	fprintf(stderr, "HOSTILE_SEED=%u tests/unit/test_hostile runs this alone\n", running);
}

static void one_run(uint32_t seed, struct fuzz_seen *seen)
{
	static uint8_t bytes[BYTES];
	uint8_t key[32] = { (uint8_t)seed, (uint8_t)(seed >> 8), (uint8_t)(seed >> 16) };
	struct prng p;

	running = seed;
	prng_seed(&p, key);
	for (size_t i = 0; i < BYTES; i++)
		bytes[i] = (uint8_t)prng_u64(&p);
	fuzz_stack_input(bytes, BYTES, seen);
}

/* attack: CVE-2019-15134, CVE-2014-1811, CVE-2023-48692 */
static void test_no_bytes_of_a_peer_or_calls_of_a_user_break_the_stack(void **state)
{
	const char *only = getenv("HOSTILE_SEED");
	struct fuzz_seen seen = { 0 };

	(void)state;
	signal(SIGABRT, tell_seed);
	for (uint32_t seed = only ? (uint32_t)atoi(only) : 0;
	     seed < (only ? (uint32_t)atoi(only) + 1 : RUNS); seed++)
		one_run(seed, &seen);
	if (only)
		return;
	/* The door was passed: connections were opened, took data, were reset. */
	assert_true(seen.established > RUNS);
	assert_true(seen.data_in > 10 * RUNS);
	assert_true(seen.resets_in > 0);
	assert_true(seen.frames_out > RUNS);
	assert_true(seen.read > RUNS);
	assert_true(seen.sacked > RUNS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_bytes_of_a_peer_or_calls_of_a_user_break_the_stack),
	};

	return cmocka_run_group_tests_name("hostile", tests, NULL, NULL);
}
