/* SPDX-License-Identifier: BSD-2-Clause */
/* base/pool.h: pieces that do not overlap, limits that hold, failures on demand, and memory given
 * back. */
#include "model.h"

#include <stdbool.h>

enum { PIECES = 300 };

static void test_pieces_are_aligned_and_do_not_overlap(void **state)
{
	static const size_t sizes[] = { 1, 16, 17, 100, 1000, 8000, 9000, 20000 };
	struct mem m = model_mem();
	uint8_t *piece[PIECES];
	struct pool p;
	size_t s, i, j;

	(void)state;
	for (s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
		pool_init(&p, &m, "test", sizes[s], 0);
		for (i = 0; i < PIECES; i++) {
			piece[i] = pool_get(&p);
			assert_non_null(piece[i]);
			assert_int_equal((uintptr_t)piece[i] % 16, 0);
			memset(piece[i], (int)i, sizes[s]);
		}
		for (i = 0; i < PIECES; i++)
			for (j = 0; j < sizes[s]; j++)
				assert_int_equal(piece[i][j], (uint8_t)i);
		assert_int_equal(p.in_use, PIECES);
		for (i = 0; i < PIECES; i++)
			pool_put(&p, piece[i]);
		assert_int_equal(p.in_use, 0);
		pool_destroy(&p);
		assert_int_equal(m.used, 0);
	}
}

static void test_a_limit_holds_and_ends_when_a_piece_comes_back(void **state)
{
	struct mem m = model_mem();
	struct pool p;
	void *a, *b;

	(void)state;
	pool_init(&p, &m, "test", 40, 2);
	a = pool_get(&p);
	b = pool_get(&p);
	assert_non_null(a);
	assert_non_null(b);
	assert_null(pool_get(&p));
	assert_int_equal(p.failed, 1);
	pool_put(&p, a);
	a = pool_get(&p);
	assert_non_null(a);
	assert_int_equal(p.peak, 2);
	pool_destroy(&p);
}

static void test_a_zeroed_piece_is_zero_when_it_was_used_before(void **state)
{
	struct mem m = model_mem();
	struct pool p;
	uint8_t *a;
	int i;

	(void)state;
	pool_init(&p, &m, "test", 64, 1);
	a = pool_get(&p);
	memset(a, 0xff, 64);
	pool_put(&p, a);
	a = pool_get_zeroed(&p);
	for (i = 0; i < 64; i++)
		assert_int_equal(a[i], 0);
	pool_destroy(&p);
}

static void test_the_memory_limit_refuses_and_recovers(void **state)
{
	struct mem m = model_mem();
	void *a, *b;

	(void)state;
	m.limit = 1000;
	a = mem_alloc(&m, 600);
	assert_non_null(a);
	assert_null(mem_alloc(&m, 401));
	b = mem_alloc(&m, 400);
	assert_non_null(b);
	assert_int_equal(m.used, 1000);
	mem_free(&m, a, 600);
	mem_free(&m, b, 400);
	assert_int_equal(m.used, 0);
	assert_int_equal(m.peak, 1000);
}

static void test_a_pool_without_memory_fails_and_takes_nothing(void **state)
{
	struct mem m = model_mem();
	struct pool p;

	(void)state;
	m.limit = 100;
	pool_init(&p, &m, "test", 64, 0);
	assert_null(pool_get(&p));
	assert_int_equal(p.failed, 1);
	assert_int_equal(p.in_use, 0);
	assert_int_equal(m.used, 0);
	pool_put(&p, NULL);
	pool_destroy(&p);
}

static void test_the_nth_allocation_fails_and_only_that_one(void **state)
{
	struct mem m = model_mem();
	struct pool p;
	uint64_t n, i;
	void *ptr;

	(void)state;
	pool_init(&p, &m, "test", 64, 0);
	for (n = 1; n <= 6; n++) {
		m.fail_at = n;
		for (i = 1; i <= 8; i++) {
			if (i % 2) { /* pools and plain memory count alike */
				ptr = pool_get(&p);
				assert_int_equal(ptr == NULL, i == n);
				pool_put(&p, ptr);
			} else {
				ptr = mem_alloc(&m, 10);
				assert_int_equal(ptr == NULL, i == n);
				mem_free(&m, ptr, 10);
			}
		}
	}
	pool_destroy(&p);
	assert_int_equal(m.used, 0);
}

static void test_large_pieces_go_back_to_the_system_beyond_a_slack(void **state)
{
	enum { N = 200, SIZE = 65600 };
	struct mem m = model_mem();
	uint64_t slack = 4 << 20, full;
	struct pool p;
	void *piece[N];
	int i;

	(void)state;
	pool_init(&p, &m, "test", SIZE, 0);
	for (i = 0; i < N; i++)
		piece[i] = pool_get(&p);
	full = m.used;
	assert_true(full >= (uint64_t)N * SIZE);
	for (i = 0; i < N; i++)
		pool_put(&p, piece[(i * 7) % N]);
	assert_true(m.used <= slack + 2 * SIZE);
	assert_true(m.used >= slack / 2);
	for (i = 0; i < N; i++)
		piece[i] = pool_get(&p);
	assert_int_equal(m.used, full);
	pool_destroy(&p);
	assert_int_equal(m.used, 0);
}

static void against_an_array(struct run *r)
{
	struct mem m = model_mem();
	uint8_t *held[PIECES];
	uint32_t n = 0, limit = 1 + run_below(r, PIECES), size = 1 + run_below(r, 9000), i;
	struct pool p;

	pool_init(&p, &m, "test", size, limit);
	for (r->step = 0; r->step < 3000; r->step++) {
		if (run_below(r, 5) < 3) {
			uint8_t *piece = pool_get(&p);

			CHECK(r, (piece != NULL) == (n < limit));
			for (i = 0; piece && i < n; i++)
				CHECK(r, held[i] != piece);
			if (piece) {
				memset(piece, 0x5a, size);
				held[n++] = piece;
			}
		} else if (n > 0) {
			i = run_below(r, n);
			pool_put(&p, held[i]);
			held[i] = held[--n];
		}
		CHECK(r, p.in_use == n);
	}
	while (n > 0)
		pool_put(&p, held[--n]);
	CHECK(r, p.in_use == 0);
	pool_destroy(&p);
	CHECK(r, m.used == 0);
}

static void test_random_gets_and_puts_agree_with_an_array(void **state)
{
	(void)state;
	run_seeds(6, against_an_array);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces_are_aligned_and_do_not_overlap),
		cmocka_unit_test(test_a_limit_holds_and_ends_when_a_piece_comes_back),
		cmocka_unit_test(test_a_zeroed_piece_is_zero_when_it_was_used_before),
		cmocka_unit_test(test_the_memory_limit_refuses_and_recovers),
		cmocka_unit_test(test_a_pool_without_memory_fails_and_takes_nothing),
		cmocka_unit_test(test_the_nth_allocation_fails_and_only_that_one),
		cmocka_unit_test(test_large_pieces_go_back_to_the_system_beyond_a_slack),
		cmocka_unit_test(test_random_gets_and_puts_agree_with_an_array),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
