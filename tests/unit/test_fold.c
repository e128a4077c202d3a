/* SPDX-License-Identifier: BSD-2-Clause */
/* base/fold.h: what was folded comes back, and what is alike costs its bits alone. */
#include "model.h"

#include "base/fold.h"

enum { MOST = 1600 };

static void one(struct run *r)
{
	static uint8_t from[MOST], like[MOST], to[MOST], out[MOST + MOST / 16];
	uint32_t n = 8 * (1 + run_below(r, MOST / 8)), words = 0, changes = run_below(r, n), size;

	for (uint32_t i = 0; i < n; i++)
		from[i] = like[i] = (uint8_t)run_u64(r);
	for (uint32_t i = 0; i < changes; i++)
		from[run_below(r, n)] ^= (uint8_t)run_u64(r);
	for (uint32_t i = 0; i < n; i += FOLD_WORD)
		words += memcmp(from + i, like + i, FOLD_WORD) != 0;
	assert_true(sizeof(out) >= fold_most(n));
	size = fold_pack(from, like, n, out);
	CHECK(r, size == fold_most(n) - n + words * FOLD_WORD);
	memset(to, 0xee, sizeof(to));
	fold_unpack(out, like, n, to);
	CHECK(r, memcmp(to, from, n) == 0);
	if (n < MOST)
		CHECK(r, to[n] == 0xee);
}

static void test_what_was_folded_comes_back_in_as_many_bytes_as_differ(void **state)
{
	(void)state;
	run_seeds(2000, one);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_was_folded_comes_back_in_as_many_bytes_as_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
