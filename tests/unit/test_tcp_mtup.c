/* SPDX-License-Identifier: BSD-2-Clause */
/* The search for the path's MTU (RFC 4821): sizes alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/list.h"
#include "tcp/tcp_mtup.h"

#define SECOND UINT64_C(1000000000)

/* The size found on a path that carries `path`, by how many probes. */
static uint16_t found(uint16_t low, uint16_t high, uint16_t path, unsigned *probes)
{
	struct tcp_mtup m;
	uint16_t size;

	tcp_mtup_begin(&m, low, high, 0);
	for (*probes = 0; (size = tcp_mtup_next(&m, 8)) != 0; (*probes)++) {
		assert_true(size >= m.low && size <= m.high);
		assert_true(*probes < 16);
		tcp_mtup_sent(&m, size, 0, size);
		if (size <= path)
			tcp_mtup_arrived(&m);
		else
			tcp_mtup_failed(&m);
		assert_int_equal(m.size, 0);
	}
	return m.low;
}

/* rfc: 4821:7.1-1 */
static void test_the_search_ends_just_below_what_the_path_carries(void **state)
{
	unsigned probes;

	(void)state;
	for (uint32_t path = 1064; path <= 9000; path += 7) {
		uint16_t size = found(1064, 9000, (uint16_t)path, &probes);

		assert_true(size <= path && path - size <= 8);
		assert_true(probes <= 11);
	}
	assert_true(found(1064, 65535, 65535, &probes) > 65520);
	assert_int_equal(found(1500, 1500, 1500, &probes), 1500);
	assert_int_equal(probes, 0);
}

static void test_what_icmp_tells_bounds_the_search(void **state)
{
	struct tcp_mtup m;

	(void)state;
	tcp_mtup_begin(&m, 1064, 1500, 0);
	tcp_mtup_limit(&m, 1200);
	assert_int_equal(tcp_mtup_next(&m, 8), 1132);
	tcp_mtup_limit(&m, 1300); /* never larger */
	assert_int_equal(m.high, 1200);
	tcp_mtup_limit(&m, 600);
	assert_int_equal(m.low, 600);
	assert_int_equal(tcp_mtup_next(&m, 8), 0);
}

static void test_the_search_begins_anew_after_its_interval(void **state)
{
	struct tcp_mtup m;

	(void)state;
	tcp_mtup_begin(&m, 1064, 1070, 5 * SECOND);
	assert_int_equal(tcp_mtup_next(&m, 8), 0);
	tcp_mtup_again(&m, 1070, 1500, 600 * SECOND, 605 * SECOND - 1);
	assert_int_equal(tcp_mtup_next(&m, 8), 0);
	tcp_mtup_again(&m, 1070, 1500, 600 * SECOND, 605 * SECOND);
	assert_int_equal(tcp_mtup_next(&m, 8), 1285);
}

/* rfc: 4821:7.7-1 */
static void test_a_black_hole_halves_down_to_the_floor(void **state)
{
	static const uint16_t want[] = { 512, 256, 128, 64, 48, 48 };
	struct tcp_mtup m;

	(void)state;
	tcp_mtup_begin(&m, 1064, 1500, 0);
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		tcp_mtup_black_hole(&m, 40, 1024, 48);
		assert_int_equal(m.low, 40 + want[i]);
	}
	tcp_mtup_begin(&m, 9000, 9000, 0);
	tcp_mtup_black_hole(&m, 40, 1024, 48);
	assert_int_equal(m.low, 1064); /* no more than the base */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_search_ends_just_below_what_the_path_carries),
		cmocka_unit_test(test_what_icmp_tells_bounds_the_search),
		cmocka_unit_test(test_the_search_begins_anew_after_its_interval),
		cmocka_unit_test(test_a_black_hole_halves_down_to_the_floor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
