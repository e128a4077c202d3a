/* SPDX-License-Identifier: BSD-2-Clause */
/* Parts of TCP alone, at their bounds: the least round trip, a FIN that waits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tcp/tcp_reass.h"
#include "tcp/tcp_rtt.h"

/* When the two oldest of three samples are past, the third is the least. */
static void test_the_least_round_trip_leaves_with_its_age(void **state)
{
	struct tcp_rtt r;

	(void)state;
	tcp_rtt_init(&r);
	tcp_rtt_min_sample(&r, 100, 0, 10000);
	tcp_rtt_min_sample(&r, 110, 3000, 10000);
	tcp_rtt_min_sample(&r, 120, 9000, 10000);
	assert_int_equal(r.min_rtt_us, 100);
	tcp_rtt_min_sample(&r, 130, 13500, 10000);
	assert_int_equal(r.min_rtt_us, 120);
}

/* Where the stream ends was said once. rfc: 9293:3.10.7.4-o */
static void test_the_first_fin_says_where_the_end_is(void **state)
{
	struct tcp_reass r;
	struct tcp_reass_env e = { 0 };

	(void)state;
	tcp_reass_init(&r);
	tcp_reass_fin(&r, 500);
	tcp_reass_fin(&r, 700);
	assert_true(r.has_fin);
	assert_int_equal(r.fin_seq, 500);
	tcp_reass_clear(&e, &r);
	assert_false(r.has_fin);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_least_round_trip_leaves_with_its_age),
		cmocka_unit_test(test_the_first_fin_says_where_the_end_is),
	};

	return cmocka_run_group_tests_name("tcp_leaves", tests, NULL, NULL);
}
