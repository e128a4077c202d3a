/* SPDX-License-Identifier: BSD-2-Clause */
/* SOL_SOCKET's plain values: what each name takes, refuses and gives back, as Linux does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "base/list.h"
#include "base/sockopts.h"
#include "phantom/phantom.h"

static int set_int(struct sockopts *o, int name, int32_t v)
{
	return sockopts_set(o, name, &v, sizeof(v));
}

static int32_t get_int(const struct sockopts *o, int name)
{
	uint8_t out[SOCKOPTS_MAX];
	int32_t v;
	int n = sockopts_get(o, name, out);

	assert_true(n >= (int)sizeof(v));
	memcpy(&v, out, sizeof(v));
	return v;
}

static void test_numbers_have_linuxs_defaults_bounds_and_results(void **state)
{
	static const struct {
		int name, first, set, result, then;
	} rows[] = {
		{ PH_SO_DEBUG, 0, 5, 0, 1 },
		{ PH_SO_DONTROUTE, 0, -1, 0, 1 },
		{ PH_SO_BROADCAST, 0, 1, 0, 1 },
		{ PH_SO_NO_CHECK, 0, 2, 0, 1 },
		{ PH_SO_PRIORITY, 0, 6, 0, 6 },
		{ PH_SO_MARK, 0, -1, 0, -1 },
		{ PH_SO_PEEK_OFF, -1, 3, 0, 3 },
		{ PH_SO_BUSY_POLL, 0, -1, -EINVAL, 0 },
		{ PH_SO_BUSY_POLL, 0, 50, 0, 50 },
		{ PH_SO_INCOMING_CPU, -1, 3, 0, 3 },
		{ PH_SO_TIMESTAMP, 0, 1, 0, 1 },
		{ PH_SO_TIMESTAMPNS, 0, 1, 0, 1 },
		{ PH_SO_ZEROCOPY, 0, 2, -EINVAL, 0 },
		{ PH_SO_ZEROCOPY, 0, -1, -EINVAL, 0 },
		{ PH_SO_ZEROCOPY, 0, 1, 0, 1 },
		{ PH_SO_TXREHASH, 1, 2, -EINVAL, 1 },
		{ PH_SO_TXREHASH, 1, -2, -EINVAL, 1 },
		{ PH_SO_TXREHASH, 1, 0, 0, 0 },
		{ PH_SO_TXREHASH, 1, -1, 0, 1 },
		{ PH_SO_BSDCOMPAT, 0, 1, 0, 0 },
		{ PH_SO_SNDLOWAT, 1, 9, SOCKOPTS_OTHER, 1 },
		{ PH_SO_RESERVE_MEM, 0, -1, -EINVAL, 0 },
		{ PH_SO_RESERVE_MEM, 0, 1, -EOPNOTSUPP, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sockopts o;

		sockopts_init(&o);
		assert_int_equal(get_int(&o, rows[i].name), rows[i].first);
		assert_int_equal(set_int(&o, rows[i].name, rows[i].set), rows[i].result);
		assert_int_equal(get_int(&o, rows[i].name), rows[i].then);
	}
}

static void test_a_value_shorter_than_an_int_is_refused(void **state)
{
	struct sockopts o;
	uint8_t bytes[16] = { 1, 1, 1, 1, 1, 1, 1, 1 };

	(void)state;
	sockopts_init(&o);
	for (uint32_t len = 0; len < 4; len++)
		assert_int_equal(sockopts_set(&o, PH_SO_MARK, bytes, len), -EINVAL);
	assert_int_equal(sockopts_set(&o, PH_SO_MARK, bytes, 5), 0);
	assert_int_equal(get_int(&o, PH_SO_MARK), 0x01010101);
	assert_int_equal(sockopts_set(&o, 9999, bytes, 4), SOCKOPTS_OTHER);
	assert_int_equal(sockopts_get(&o, 9999, bytes), SOCKOPTS_NONE);
	assert_int_equal(sockopts_get(&o, PH_SO_PASSCRED, bytes), -EOPNOTSUPP);
	assert_int_equal(sockopts_get(&o, PH_SO_PASSSEC, bytes), -EOPNOTSUPP);
}

static void test_times_are_seconds_and_microseconds(void **state)
{
	int64_t tv[2] = { 1, 500000 };
	uint8_t out[SOCKOPTS_MAX];
	struct sockopts o;

	(void)state;
	sockopts_init(&o);
	assert_int_equal(sockopts_set(&o, PH_SO_RCVTIMEO, tv, 8), -EINVAL);
	assert_int_equal(sockopts_set(&o, PH_SO_RCVTIMEO, tv, 16), 0);
	assert_int_equal(o.rcvtimeo_us, 1500000);
	tv[0] = tv[1] = 0;
	assert_int_equal(sockopts_get(&o, PH_SO_RCVTIMEO_NEW, out), 16);
	memcpy(tv, out, sizeof(tv));
	assert_int_equal(tv[0], 1);
	assert_int_equal(tv[1], 500000);
	tv[1] = 1000000;
	assert_int_equal(sockopts_set(&o, PH_SO_SNDTIMEO, tv, 16), -EDOM);
	tv[0] = -1;
	tv[1] = 0;
	assert_int_equal(sockopts_set(&o, PH_SO_RCVTIMEO, tv, 16), 0);
	assert_int_equal(o.rcvtimeo_us, 0);
}

static void test_timestamping_takes_an_int_or_a_pair(void **state)
{
	static const struct {
		int32_t flags;
		uint32_t len;
		int result;
	} rows[] = {
		{ 0, 4, 0 }, { 100, 4, 0 }, { 100, 8, 0 }, { -1, 4, -EINVAL }, { 100, 5, -EINVAL },
		{ 100, 2, -EINVAL },
		{ PH_SOF_TIMESTAMPING_OPT_ID_TCP, 4, -EINVAL },
		{ PH_SOF_TIMESTAMPING_OPT_STATS, 4, -EINVAL },
		{ PH_SOF_TIMESTAMPING_OPT_STATS | PH_SOF_TIMESTAMPING_OPT_TSONLY, 4, 0 },
		{ PH_SOF_TIMESTAMPING_BIND_PHC, 4, -ENODEV },
		{ PH_SOF_TIMESTAMPING_MASK + 1, 4, -EINVAL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int32_t v[2] = { rows[i].flags, 0 };
		struct sockopts o;

		sockopts_init(&o);
		assert_int_equal(sockopts_set(&o, PH_SO_TIMESTAMPING, v, rows[i].len),
				 rows[i].result);
		assert_int_equal(o.tsflags, rows[i].result ? 0 : (uint32_t)rows[i].flags);
	}
}

static void test_what_is_given_fits_the_room(void **state)
{
	uint8_t room[8] = { 0 }, value[4] = { 1, 2, 3, 4 };
	uint32_t len = 2;

	(void)state;
	assert_int_equal(sockopts_give(room, &len, value, 4), 0);
	assert_int_equal(len, 2);
	assert_memory_equal(room, ((uint8_t[]){ 1, 2, 0 }), 3);
	len = 8;
	assert_int_equal(sockopts_give(room, &len, value, 4), 0);
	assert_int_equal(len, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers_have_linuxs_defaults_bounds_and_results),
		cmocka_unit_test(test_a_value_shorter_than_an_int_is_refused),
		cmocka_unit_test(test_times_are_seconds_and_microseconds),
		cmocka_unit_test(test_timestamping_takes_an_int_or_a_pair),
		cmocka_unit_test(test_what_is_given_fits_the_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
