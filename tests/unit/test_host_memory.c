/* SPDX-License-Identifier: BSD-2-Clause */
/* The program's memory for the stack: pieces are whole, apart, aligned, used again, and all given back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/prng.h"
#include "host/memory.h"

enum { PIECES = 400, STEPS = 20000, SLAB = 32784 };

struct piece {
	uint8_t *at;
	size_t size;
	uint8_t mark;
};

static void mark(struct piece *p, uint8_t with)
{
	p->mark = with;
	memset(p->at, with, p->size);
}

static void check_give(struct memory *m, struct piece *p)
{
	assert_int_equal((uintptr_t)p->at % 16, 0);
	assert_int_equal(p->at[0], p->mark);
	assert_memory_equal(p->at, p->at + 1, p->size - 1); /* nobody else wrote there */
	memory_give(m, p->at, p->size);
	p->at = NULL;
}

static void random_steps(bool much)
{
	static const size_t sizes[] = { 100, 4000, MEMORY_SLAB_MIN, 20000, SLAB, 65744, MEMORY_SLAB_MAX,
					MEMORY_SLAB_MAX + 1, 300000, MEMORY_HUGE + 5 };
	struct piece p[PIECES] = { { NULL, 0, 0 } }, large = { NULL, MEMORY_PLAIN, 0 };
	struct memory m;
	struct prng r;

	prng_seed(&r, (const uint8_t[32]){ 9 });
	memory_init(&m);
	if (much)
		large.at = memory_take(&m, large.size);
	for (int i = 0; i < STEPS; i++) {
		struct piece *one = &p[prng_below(&r, PIECES)];

		if (one->at) {
			check_give(&m, one);
			continue;
		}
		/* Few of the largest: a test is no place to fill memory. */
		one->size = sizes[prng_below(&r, prng_below(&r, 40) ? 5 : 10)];
		one->at = memory_take(&m, one->size);
		assert_non_null(one->at);
		mark(one, (uint8_t)i);
	}
	assert_int_equal(m.arenas != NULL, much);
	for (int i = 0; i < PIECES; i++)
		if (p[i].at)
			check_give(&m, &p[i]);
	if (much)
		memory_give(&m, large.at, large.size);
	assert_int_equal(m.used, 0);
	memory_free(&m);
	assert_null(m.arenas);
}

static void test_pieces_are_whole_and_apart(void **state)
{
	(void)state;
	random_steps(false);
}

static void test_pieces_from_large_pages_are_whole_and_apart(void **state)
{
	(void)state;
	random_steps(true);
}

static void test_what_was_given_back_is_taken_again(void **state)
{
	struct memory m;
	void *much, *a, *b;

	(void)state;
	memory_init(&m);
	much = memory_take(&m, MEMORY_PLAIN);
	a = memory_take(&m, SLAB);
	memory_give(&m, a, SLAB);
	b = memory_take(&m, SLAB);
	assert_ptr_equal(a, b);
	memory_give(&m, b, SLAB);
	memory_give(&m, much, MEMORY_PLAIN);
	memory_free(&m);
}

static void test_more_sizes_than_are_kept_do_no_harm(void **state)
{
	void *p[2 * MEMORY_SIZES];
	struct memory m;
	void *much;

	(void)state;
	memory_init(&m);
	much = memory_take(&m, MEMORY_PLAIN);
	for (size_t i = 0; i < 2 * MEMORY_SIZES; i++)
		p[i] = memory_take(&m, MEMORY_SLAB_MIN + 16 * i);
	for (size_t i = 0; i < 2 * MEMORY_SIZES; i++)
		memory_give(&m, p[i], MEMORY_SLAB_MIN + 16 * i);
	memory_give(&m, much, MEMORY_PLAIN);
	assert_int_equal(m.used, 0);
	memory_free(&m);
}

#define T(name) cmocka_unit_test(name)
int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_pieces_are_whole_and_apart),
		T(test_pieces_from_large_pages_are_whole_and_apart),
		T(test_what_was_given_back_is_taken_again),
		T(test_more_sizes_than_are_kept_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
