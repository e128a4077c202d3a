/* SPDX-License-Identifier: BSD-2-Clause */
/* wire/seq.h: order and ranges around the point where sequence numbers begin again. */
#include "model.h"

#include "base/list.h"
#include "wire/seq.h"

static const seq_t points[] = { 0, 1, 1000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff };

static void test_order_depends_on_distance_alone(void **state)
{
	static const uint32_t ahead[] = { 1, 2, 1460, 65535, 1u << 30, 0x7fffffff };
	size_t i, j;

	(void)state;
	for (i = 0; i < ARRAY_LEN(points); i++) {
		seq_t a = points[i];

		assert_false(seq_lt(a, a) || seq_gt(a, a));
		assert_true(seq_le(a, a) && seq_ge(a, a));
		for (j = 0; j < ARRAY_LEN(ahead); j++) {
			seq_t b = a + ahead[j];

			assert_true(seq_lt(a, b) && seq_le(a, b) && seq_gt(b, a) && seq_ge(b, a));
			assert_false(seq_lt(b, a) || seq_le(b, a) || seq_gt(a, b) || seq_ge(a, b));
			assert_int_equal(seq_max(a, b), b);
			assert_int_equal(seq_min(b, a), a);
			assert_int_equal(seq_diff(a, b), (int32_t)ahead[j]);
			assert_int_equal(seq_diff(b, a), -(int32_t)ahead[j]);
		}
	}
}

static void test_a_range_holds_its_first_number_and_not_its_end(void **state)
{
	static const uint32_t lengths[] = { 0, 1, 1460, 0x80000000, 0xffffffff };
	size_t i, j;

	(void)state;
	for (i = 0; i < ARRAY_LEN(points); i++) {
		for (j = 0; j < ARRAY_LEN(lengths); j++) {
			seq_t from = points[i], to = from + lengths[j];

			assert_int_equal(seq_between(from, from, to), lengths[j] > 0);
			assert_int_equal(seq_between(to - 1, from, to), lengths[j] > 0);
			assert_false(seq_between(to, from, to));
			assert_false(lengths[j] < 0xffffffff && seq_between(from - 1, from, to));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order_depends_on_distance_alone),
		cmocka_unit_test(test_a_range_holds_its_first_number_and_not_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
