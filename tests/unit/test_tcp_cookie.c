/* SPDX-License-Identifier: BSD-2-Clause */
/* SYN cookies, and the seconds of TCP_DEFER_ACCEPT: arithmetic alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/ip.h"
#include "base/list.h"
#include "tcp/tcp_cookie.h"
#include "tcp/tcp_defer.h"

#define MINUTE (60 * UINT64_C(1000000000))

static const struct siphash_key key = { 1, 2 }, other_key = { 1, 3 };

static struct tcp_tuple tuple4(void)
{
	return (struct tcp_tuple){ .local = ip_of4(0xc0a80001), .peer = ip_of4(0xc0000201),
				   .lport = 80, .pport = 1025 };
}

static void test_a_cookie_names_the_next_smaller_mss(void **state)
{
	static const struct {
		bool v4;
		uint16_t mss, kept;
	} rows[] = {
		{ true, 0, 48 },	{ true, 48, 48 },      { true, 255, 48 },
		{ true, 256, 256 },	{ true, 535, 256 },    { false, 535, 48 },
		{ false, 1219, 536 },	{ true, 536, 536 },    { true, 1299, 536 },
		{ true, 1300, 1300 },	{ true, 1459, 1440 },  { true, 1460, 1460 },
		{ true, 65535, 1460 },	{ false, 1220, 1220 },  { false, 1440, 1440 },
		{ false, 8939, 1440 },	{ false, 9000, 8940 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct tcp_tuple k = tuple4();
		seq_t c;

		if (!rows[i].v4)
			k.local = k.peer = (struct ph_ip){ { 0x20 } };
		c = tcp_cookie_make(&key, &k, 7, rows[i].mss, 5 * MINUTE);
		assert_int_equal(tcp_cookie_check(&key, &k, 7, c, 5 * MINUTE), rows[i].kept);
	}
}

/* attack: CVE-2001-0851 */
static void test_a_cookie_is_good_for_its_minute_and_the_next(void **state)
{
	struct tcp_tuple k = tuple4();

	(void)state;
	for (uint64_t minute = 250; minute < 260; minute++) { /* eight bits of it wrap */
		seq_t c = tcp_cookie_make(&key, &k, 7, 1460, minute * MINUTE);

		assert_int_equal(tcp_cookie_check(&key, &k, 7, c, (minute + 2) * MINUTE - 1), 1460);
		assert_int_equal(tcp_cookie_check(&key, &k, 7, c, (minute + 2) * MINUTE), 0);
		assert_int_equal(tcp_cookie_check(&key, &k, 7, c, (minute + 200) * MINUTE), 0);
	}
}

/* attack: CVE-2001-0851 */
static void test_a_cookie_is_good_for_its_tuple_sequence_and_key_alone(void **state)
{
	struct tcp_tuple k = tuple4(), other = k;
	seq_t c = tcp_cookie_make(&key, &k, 7, 1460, MINUTE);

	(void)state;
	other.pport++;
	assert_int_equal(tcp_cookie_check(&key, &k, 7, c, MINUTE), 1460);
	assert_int_equal(tcp_cookie_check(&key, &other, 7, c, MINUTE), 0);
	assert_int_equal(tcp_cookie_check(&other_key, &k, 7, c, MINUTE), 0);
	assert_int_equal(tcp_cookie_check(&key, &k, 1 << 24, c, MINUTE), 0);
}

/* attack: CVE-2001-0851 */
static void test_guesses_in_a_row_find_six_sizes_and_no_more(void **state)
{
	struct tcp_tuple k = tuple4();
	seq_t c = tcp_cookie_make(&key, &k, 7, 536, MINUTE);
	unsigned hits = 0;

	(void)state;
	for (seq_t guess = c - 5000; guess != c + 5000; guess++)
		hits += tcp_cookie_check(&key, &k, 7, guess, MINUTE) != 0;
	assert_int_equal(hits, 6);
}

static void test_the_timestamp_keeps_the_options_and_never_runs_ahead(void **state)
{
	(void)state;
	for (uint32_t ms = UINT32_MAX - 200; ms != 200; ms++) {
		struct tcp_cookie_ts o = { .wscale = ms % 16, .sack = ms % 3 == 0,
					   .ecn = ms % 5 == 0 }, back;
		uint32_t ts = tcp_cookie_ts(ms, &o);

		assert_true((int32_t)(ms - ts) >= 0 && ms - ts < 64);
		back = tcp_cookie_ts_read(ts);
		assert_int_equal(back.wscale, o.wscale);
		assert_int_equal(back.sack, o.sack);
		assert_int_equal(back.ecn, o.ecn);
	}
}

/* What Linux's getsockopt tells after a setsockopt. */
static void test_deferring_is_rounded_up_to_whole_timeouts(void **state)
{
	static const struct {
		int set, n, get;
	} rows[] = {
		{ -1, 0, 0 },  { 0, 0, 0 },   { 1, 1, 1 },    { 2, 2, 3 },
		{ 3, 2, 3 },   { 5, 3, 7 },   { 120, 7, 127 }, { 128, 8, 247 },
		{ 1 << 30, 255, 127 + 248 * 120 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(tcp_defer_timeouts(rows[i].set, 120), rows[i].n);
		assert_int_equal(tcp_defer_seconds((uint8_t)rows[i].n, 120), rows[i].get);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_cookie_names_the_next_smaller_mss),
		cmocka_unit_test(test_a_cookie_is_good_for_its_minute_and_the_next),
		cmocka_unit_test(test_a_cookie_is_good_for_its_tuple_sequence_and_key_alone),
		cmocka_unit_test(test_guesses_in_a_row_find_six_sizes_and_no_more),
		cmocka_unit_test(test_the_timestamp_keeps_the_options_and_never_runs_ahead),
		cmocka_unit_test(test_deferring_is_rounded_up_to_whole_timeouts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
