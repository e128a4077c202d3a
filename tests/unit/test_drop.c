/* SPDX-License-Identifier: BSD-2-Clause */
/* base/drop.h: each reason has its name and its sentence. */
#include "model.h"

#include "base/drop.h"

static void test_each_reason_has_a_name_and_a_sentence_of_its_own(void **state)
{
	unsigned i, j;

	(void)state;
	for (i = 0; i < DROP_N; i++) {
		assert_true(strlen(drop_name((enum drop)i)) > 1);
		assert_true(strlen(drop_text((enum drop)i)) > 1);
		for (j = 0; j < i; j++) {
			assert_string_not_equal(drop_name((enum drop)i), drop_name((enum drop)j));
			assert_string_not_equal(drop_text((enum drop)i), drop_text((enum drop)j));
		}
	}
	assert_string_equal(drop_name(DROP_TCP_PAWS), "TCP_PAWS");
	assert_string_equal(drop_text(DROP_TCP_PAWS), "older than the last timestamp seen");
	assert_int_equal(DROP_NONE, 0);
}

static void test_a_number_that_is_no_reason_has_a_name_too(void **state)
{
	(void)state;
	assert_string_equal(drop_name(DROP_N), "?");
	assert_string_equal(drop_text(DROP_N), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_reason_has_a_name_and_a_sentence_of_its_own),
		cmocka_unit_test(test_a_number_that_is_no_reason_has_a_name_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
