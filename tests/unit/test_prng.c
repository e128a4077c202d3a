/* SPDX-License-Identifier: BSD-2-Clause */
/* base/prng.h: the published sequence, repetition by key, and bounds without bias. */
#include "model.h"

#include "base/prng.h"

static void test_the_sequence_is_the_published_one(void **state)
{
	/* xoshiro256** from the state 1, 2, 3, 4 */
	static const uint64_t want[] = {
		UINT64_C(11520), UINT64_C(0), UINT64_C(1509978240), UINT64_C(1215971899390074240),
		UINT64_C(1216172134540287360), UINT64_C(607988272756665600),
		UINT64_C(16172922978634559625), UINT64_C(8476171486693032832),
		UINT64_C(10595114339597558777), UINT64_C(2904607092377533576),
	};
	struct prng p = { { 1, 2, 3, 4 } };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		assert_int_equal(prng_u64(&p), want[i]);
}

static void test_the_same_key_repeats_and_every_key_byte_matters(void **state)
{
	uint8_t key[32] = { 0 };
	struct prng a, b;
	int i;

	(void)state;
	prng_seed(&a, key);
	prng_seed(&b, key);
	for (i = 0; i < 100; i++)
		assert_int_equal(prng_u64(&a), prng_u64(&b));
	for (i = 0; i < 32; i++) {
		prng_seed(&a, key);
		key[i] ^= 1;
		prng_seed(&b, key);
		key[i] ^= 1;
		assert_int_not_equal(prng_u64(&a), prng_u64(&b));
	}
}

static void test_numbers_below_a_bound_are_spread_evenly(void **state)
{
	static const uint32_t bounds[] = { 1, 2, 7, 100, 3u << 30, UINT32_MAX };
	enum { DRAWS = 100000, PARTS = 7 };
	const uint8_t key[32] = { 1 };
	struct prng p;
	size_t b;
	int i;

	(void)state;
	for (b = 0; b < sizeof(bounds) / sizeof(bounds[0]); b++) {
		uint32_t parts = bounds[b] < PARTS ? bounds[b] : PARTS, count[PARTS] = { 0 };

		prng_seed(&p, key);
		for (i = 0; i < DRAWS; i++) {
			uint32_t v = prng_below(&p, bounds[b]);

			assert_true(v < bounds[b]);
			count[(uint64_t)v * parts / bounds[b]]++;
		}
		for (i = 0; i < (int)parts; i++) { /* the key is constant: no chance in it */
			double share = (double)count[i] * parts / DRAWS;

			if (bounds[b] % parts == 0 || bounds[b] > 1000)
				assert_true(share > 0.97 && share < 1.03);
		}
	}
}

static void test_a_bound_that_does_not_divide_the_range_brings_no_bias(void **state)
{
	/* Cut without a second draw, 0, 3, 6 ... below 3 * 2^30 would come twice as often as the
	 * rest. */
	enum { DRAWS = 60000 };
	const uint8_t key[32] = { 2 };
	uint32_t count[3] = { 0 };
	struct prng p;
	int i;

	(void)state;
	prng_seed(&p, key);
	for (i = 0; i < DRAWS; i++)
		count[prng_below(&p, 3u << 30) % 3]++;
	for (i = 0; i < 3; i++)
		assert_in_range(count[i], DRAWS / 3 * 97 / 100, DRAWS / 3 * 103 / 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_sequence_is_the_published_one),
		cmocka_unit_test(test_the_same_key_repeats_and_every_key_byte_matters),
		cmocka_unit_test(test_numbers_below_a_bound_are_spread_evenly),
		cmocka_unit_test(test_a_bound_that_does_not_divide_the_range_brings_no_bias),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
