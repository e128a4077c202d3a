/* SPDX-License-Identifier: BSD-2-Clause */
/* Congestion control without a network: algorithms driven by a stream of ACKs made up here, held
 * against the formulas of RFC 5681, RFC 8511, RFC 9406 and RFC 9438. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tcp/cc.h"
#include "tcp/cc_hystart.h"

enum { MSS = 1000, MS = 1000000 };

struct flow { /* a sender whose window is always full, and its ACKs */
	struct cc cc;
	struct cc_ack a;
};

static struct flow flow(const char *name, uint8_t hystart)
{
	struct flow f = { .cc = { .hystart = hystart } };

	cc_start(&f.cc, MSS);
	cc_switch(&f.cc, cc_find(name), NULL, MSS, 1);
	f.a = (struct cc_ack){ .acked = MSS, .advanced = true, .cwnd_limited = true, .mss = MSS,
			       .now_ns = 1000000000, .una = 1, .nxt = 1 };
	return f;
}

/* One round trip: every segment of the window is acknowledged, evenly spread. */
static void round_trip(struct flow *f, uint32_t rtt_us)
{
	uint32_t n = f->cc.cwnd / MSS;

	f->a.nxt = f->a.una + n * MSS;
	f->a.inflight = f->cc.cwnd;
	f->a.rtt_us = rtt_us;
	for (uint32_t i = 0; i < n; i++) {
		f->a.now_ns += (uint64_t)rtt_us * 1000 / n;
		f->a.una += MSS;
		f->a.nxt += MSS;
		cc_acked(&f->cc, &f->a);
	}
}

/* An episode of loss: the window comes down to ssthresh, as recovery would bring it. */
static void lose(struct flow *f)
{
	f->a.inflight = f->cc.cwnd;
	cc_reduce(&f->cc, &f->a, CC_LOSS, false);
	f->cc.cwnd = f->cc.ssthresh;
	cc_recovered(&f->cc, f->a.now_ns);
}

static uint32_t segments(const struct flow *f)
{
	return f->cc.cwnd / MSS;
}

/* rfc: 5681:3.1-6, 5681:3.1-7, 5681:3.1-5, 9293:MUST-19 */
static void test_slow_start_doubles_and_then_one_segment_comes_per_round(void **state)
{
	struct flow f = flow("reno", CC_HYSTART_LINUX);

	(void)state;
	assert_int_equal(segments(&f), 10);
	assert_int_equal(f.cc.ssthresh, UINT32_MAX);
	round_trip(&f, 100000);
	assert_int_equal(segments(&f), 20);
	f.cc.ssthresh = 25 * MSS;
	round_trip(&f, 100000);
	assert_in_range(segments(&f), 25, 26);
	for (uint32_t w = segments(&f), i = 1; i <= 10; i++) {
		round_trip(&f, 100000);
		assert_in_range(segments(&f), w + i - 1, w + i);
	}
}

/* rfc: 5681:3.1-6 */
static void test_an_acknowledgment_cut_in_ten_grows_the_window_once(void **state)
{
	struct flow f = flow("reno", CC_HYSTART_NONE);

	(void)state;
	f.a.acked = MSS / 10;
	for (int i = 0; i < 10; i++)
		cc_acked(&f.cc, &f.a);
	assert_int_equal(f.cc.cwnd, 11 * MSS);
}

/* rfc: 7661:4.4-2, 2861:3-1 */
static void test_unused_window_does_not_grow(void **state)
{
	static const char *const names[] = { "reno", "cubic" };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct flow f = flow(names[i], CC_HYSTART_LINUX);

		f.a.cwnd_limited = false;
		round_trip(&f, 50000);
		assert_int_equal(segments(&f), 10);
		lose(&f);
		for (int k = 0; k < 100; k++)
			round_trip(&f, 50000);
		assert_int_equal(f.cc.cwnd, f.cc.ssthresh);
	}
}

/* rfc: 5681:3.1-9, 5681:3.1-11, 5681:3.1-10 */
static void test_reno_halves_the_flight_and_a_timeout_leaves_one_segment(void **state)
{
	struct flow f = flow("reno", CC_HYSTART_LINUX);

	(void)state;
	f.a.inflight = 10 * MSS;
	cc_reduce(&f.cc, &f.a, CC_LOSS, false);
	assert_int_equal(f.cc.ssthresh, 5 * MSS);
	assert_int_equal(f.cc.cwnd, 10 * MSS); /* the way down is the caller's */
	f.cc.cwnd = f.cc.ssthresh;
	cc_undo(&f.cc);
	assert_int_equal(f.cc.cwnd, 10 * MSS);
	assert_int_equal(f.cc.ssthresh, UINT32_MAX);
	f.a.inflight = 3 * MSS;
	cc_reduce(&f.cc, &f.a, CC_RTO, false);
	assert_int_equal(f.cc.ssthresh, 2 * MSS);
	assert_int_equal(f.cc.cwnd, MSS);
	assert_int_equal(f.cc.prior_cwnd, 10 * MSS);
}

/* rfc: 5681:4.1-1, 2861:3.1-1 */
static void test_idle_window_shrinks_by_halves_to_the_initial_one(void **state)
{
	struct flow f = flow("reno", CC_HYSTART_LINUX);

	(void)state;
	f.cc.cwnd = 100 * MSS;
	f.cc.ssthresh = 50 * MSS;
	cc_idle(&f.cc, MSS, 2);
	assert_int_equal(segments(&f), 25);
	assert_int_equal(f.cc.ssthresh, 75 * MSS);
	cc_idle(&f.cc, MSS, 30);
	assert_int_equal(segments(&f), 10);
	f.cc.cwnd = 4 * MSS;
	cc_idle(&f.cc, MSS, 30);
	assert_int_equal(segments(&f), 4);
}

static void test_half_of_what_was_not_used_is_given_up(void **state)
{
	struct flow f = flow("cubic", CC_HYSTART_LINUX);

	(void)state;
	f.cc.cwnd = 100 * MSS;
	cc_unused(&f.cc, MSS, 40 * MSS);
	assert_int_equal(segments(&f), 70);
	assert_int_equal(f.cc.ssthresh, UINT32_MAX);
	f.cc.ssthresh = 30 * MSS;
	cc_unused(&f.cc, MSS, 1 * MSS);
	assert_int_equal(segments(&f), 40);
	assert_int_equal(f.cc.ssthresh, (35 + 17) * MSS);
	f.cc.cwnd = 10 * MSS;
	cc_unused(&f.cc, MSS, 0);
	assert_int_equal(segments(&f), 10);
}

/* rfc: 8511:3-1 */
static void test_abe_takes_less_off_for_a_mark_than_for_a_loss(void **state)
{
	static const struct {
		const char *name;
		bool abe;
		enum cc_why why;
		uint32_t segs;
	} rows[] = {
		{ "reno", false, CC_ECN, 50 },	{ "reno", true, CC_ECN, 80 },
		{ "reno", true, CC_LOSS, 50 },	{ "cubic", false, CC_ECN, 70 },
		{ "cubic", true, CC_ECN, 84 },	{ "cubic", true, CC_LOSS, 70 },
		{ "cubic", true, CC_RTO, 70 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct flow f = flow(rows[i].name, CC_HYSTART_NONE);

		f.cc.cwnd = f.a.inflight = 100 * MSS;
		f.cc.abe = rows[i].abe;
		cc_reduce(&f.cc, &f.a, rows[i].why, false);
		assert_int_equal(f.cc.ssthresh, rows[i].segs * MSS);
	}
}

/* ---- CUBIC */

static double w_cubic(double t, double w_max, double cwnd)
{
	double k = cbrt((w_max - cwnd) / 0.4);

	return 0.4 * pow(t - k, 3) + w_max;
}

/* rfc: 9438:4.2-1, 9438:4.4-1, 9438:4.5-1, 9438:4.6-1, 9438:5.1-1 */
static void test_cubic_follows_the_formula_on_a_long_path(void **state)
{
	struct flow f = flow("cubic", CC_HYSTART_NONE);
	const uint32_t rtt = 100000;
	uint64_t begin;

	(void)state;
	f.cc.cwnd = 500 * MSS;
	lose(&f);
	assert_int_equal(segments(&f), 350);
	begin = f.a.now_ns;
	while (f.a.now_ns - begin < 12000000000ull) {
		double t, want;

		round_trip(&f, rtt);
		t = (double)(f.a.now_ns - begin) / 1e9;
		want = w_cubic(t, 500, 350);
		if (t < 1)
			continue; /* the window is a round trip behind the curve */
		assert_true(fabs((double)segments(&f) - want) < 0.03 * want);
	}
	assert_true(segments(&f) > 500); /* K is 7.2 s */
}

/* rfc: 9438:4.3-1, 9438:4.3-2 */
static void test_cubic_is_no_slower_than_reno_on_a_short_path(void **state)
{
	struct flow f = flow("cubic", CC_HYSTART_NONE);
	uint32_t before;

	(void)state;
	f.cc.cwnd = 40 * MSS;
	lose(&f);
	assert_int_equal(segments(&f), 28);
	/* W_est grows by 9/17 of a segment per round trip, */
	for (int i = 0; i < 17; i++)
		round_trip(&f, 1000);
	assert_in_range(segments(&f), 28 + 8, 28 + 10);
	for (int i = 0; i < 10; i++)
		round_trip(&f, 1000);
	before = segments(&f);
	assert_true(before >= 40);
	/* and by a whole one once it is what it was before. */
	for (int i = 0; i < 20; i++)
		round_trip(&f, 1000);
	assert_in_range(segments(&f), before + 18, before + 21);
}

/* rfc: 9438:4.7-1 */
static void test_cubic_that_lost_again_makes_room(void **state)
{
	struct flow slow = flow("cubic", CC_HYSTART_NONE), fast = slow;

	(void)state;
	slow.cc.cwnd = 600 * MSS; /* then W_max is 600, */
	lose(&slow);
	slow.cc.cwnd = fast.cc.cwnd = 500 * MSS;
	lose(&slow); /* and now 500 * 0.85 = 425 */
	lose(&fast);
	for (int i = 0; i < 60; i++) {
		round_trip(&slow, 100000);
		round_trip(&fast, 100000);
	}
	assert_in_range(segments(&slow), 415, 435);
	assert_in_range(segments(&fast), 490, 505);
}

/* rfc: 9438:4.2-2 */
static void test_cubic_time_stands_still_while_nothing_is_sent(void **state)
{
	struct flow a = flow("cubic", CC_HYSTART_NONE), b;

	(void)state;
	a.cc.cwnd = 500 * MSS;
	lose(&a);
	for (int i = 0; i < 20; i++)
		round_trip(&a, 100000);
	b = a;
	b.a.now_ns += 30000000000ull; /* idle, */
	cc_resume(&b.cc, b.a.now_ns, 30000000000ull, false);
	for (int i = 0; i < 5; i++) { /* and used in part only, */
		b.a.cwnd_limited = i == 4;
		for (int k = 0; k < (i == 4 ? 0 : 10); k++)
			round_trip(&b, 100000);
	}
	for (int i = 0; i < 10; i++) {
		round_trip(&a, 100000);
		round_trip(&b, 100000);
	}
	assert_in_range(segments(&b), segments(&a) - 3, segments(&a) + 3);
}

/* rfc: 9438:4.8-1 */
static void test_cubic_after_a_timeout_begins_where_slow_start_ended(void **state)
{
	struct flow f = flow("cubic", CC_HYSTART_LINUX);

	(void)state;
	f.cc.cwnd = f.a.inflight = 200 * MSS;
	cc_reduce(&f.cc, &f.a, CC_RTO, false);
	assert_int_equal(f.cc.ssthresh, 140 * MSS);
	assert_int_equal(f.cc.cwnd, MSS);
	f.cc.hystart = CC_HYSTART_NONE;
	for (int i = 0; i < 8; i++)
		round_trip(&f, 100000);
	assert_in_range(segments(&f), 140, 150);
	/* K is 0: no faster return to the 200 of before */
	for (int i = 0; i < 10; i++)
		round_trip(&f, 100000);
	assert_in_range(segments(&f), 140, 240);
}

/* rfc: 9438:4.9.2-1 */
static void test_cubic_takes_back_a_loss_that_was_none(void **state)
{
	struct flow f = flow("cubic", CC_HYSTART_NONE), g;

	(void)state;
	f.cc.cwnd = 500 * MSS;
	lose(&f);
	for (int i = 0; i < 40; i++)
		round_trip(&f, 100000);
	g = f;
	lose(&g);
	round_trip(&g, 100000);
	cc_undo(&g.cc);
	assert_int_equal(g.cc.cwnd, f.cc.cwnd);
	assert_true(g.cc.ssthresh >= f.cc.ssthresh);
	lose(&f);
	lose(&g); /* W_max was restored: fast convergence judges both alike */
	for (int i = 0; i < 40; i++) {
		round_trip(&f, 100000);
		round_trip(&g, 100000);
	}
	assert_in_range(segments(&g), segments(&f) - 2, segments(&f) + 2);
}

/* Nor is the curve that began with it kept, on which the window would stand still for seconds. */
static void test_cubic_begins_a_new_curve_where_a_loss_was_taken_back(void **state)
{
	struct flow f = flow("cubic", CC_HYSTART_NONE);
	uint32_t before;

	(void)state;
	f.cc.cwnd = 500 * MSS;
	lose(&f);
	for (int i = 0; i < 40; i++)
		round_trip(&f, 100000);
	before = segments(&f);
	lose(&f);
	round_trip(&f, 100000);
	cc_undo(&f.cc);
	for (int i = 0; i < 80; i++)
		round_trip(&f, 100000);
	assert_true(segments(&f) > before + 40);
}

static void test_largest_windows_and_longest_times_overflow_nothing(void **state)
{
	struct flow f = flow("cubic", CC_HYSTART_LINUX);

	(void)state;
	f.cc.cwnd = INT32_MAX / 2;
	lose(&f);
	for (int i = 0; i < 1000; i++) {
		uint32_t before = f.cc.cwnd;

		f.a.now_ns += i < 500 ? 3600000000000ull : 1;
		f.a.acked = INT32_MAX / 4;
		cc_acked(&f.cc, &f.a);
		assert_true(f.cc.cwnd >= before && f.cc.cwnd < INT32_MAX);
	}
	f.a.mss = 1;
	f.cc.cwnd = INT32_MAX / 2;
	lose(&f);
	f.a.now_ns += 1000000000;
	cc_acked(&f.cc, &f.a);
	assert_true(f.cc.cwnd >= f.cc.ssthresh);
}

/* ---- HyStart */

/* The initial window, acknowledged at once. */
static void first_window(struct flow *f, uint32_t rtt_us)
{
	f->a.acked = 10 * MSS;
	f->a.una += 10 * MSS;
	f->a.nxt = f->a.una;
	f->a.rtt_us = rtt_us;
	f->a.now_ns += (uint64_t)rtt_us * 1000;
	cc_acked(&f->cc, &f->a);
	assert_int_equal(segments(f), 20);
}

static void test_linux_hystart_ends_at_the_ninth_late_sample(void **state)
{
	struct flow f = flow("cubic", CC_HYSTART_LINUX);

	(void)state;
	first_window(&f, 200000);
	f.a.nxt = f.a.una + 20 * MSS;
	f.a.rtt_us = 217000; /* an eighth is 25 ms, but no more than 16 are asked for */
	f.a.acked = MSS;
	for (int i = 0; i < 9; i++) {
		assert_int_equal(f.cc.ssthresh, UINT32_MAX);
		f.a.una += MSS;
		f.a.now_ns += 10 * MS;
		cc_acked(&f.cc, &f.a);
	}
	assert_int_equal(f.cc.ssthresh, 28 * MSS);
}

static void test_linux_hystart_ends_at_a_train_of_half_the_path(void **state)
{
	struct flow f = flow("cubic", CC_HYSTART_LINUX);
	uint64_t begin;

	(void)state;
	first_window(&f, 20000);
	f.a.nxt = f.a.una + 20 * MSS;
	f.a.rtt_us = 20000;
	f.a.now_ns += 5 * MS;
	begin = f.a.now_ns + MS;
	while (f.cc.ssthresh == UINT32_MAX) {
		f.a.una += MSS / 10; /* closer than 2 ms to each other */
		f.a.now_ns += MS;
		f.a.acked = MSS / 10;
		cc_acked(&f.cc, &f.a);
		assert_true(f.a.now_ns - begin < 20u * MS);
	}
	assert_in_range((f.a.now_ns - begin) / MS, 10, 12);
}

/* rfc: 9406:4.2-1, 9406:4.2-2, 9406:4.2-3, 9406:4.3-1, 9406:4.3-2, 9438:4.10-1 */
static void test_hystart_plus_grows_by_a_quarter_for_five_rounds(void **state)
{
	static const char *const names[] = { "reno", "cubic" };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct flow f = flow(names[i], CC_HYSTART_PLUS);
		uint32_t w;

		round_trip(&f, 100000);
		round_trip(&f, 100000);
		assert_int_equal(segments(&f), 40);
		round_trip(&f, 113000); /* an eighth, 12.5 ms, more: seen at the 8th sample */
		w = segments(&f);
		assert_in_range(w, 54, 57);
		for (int k = 1; k < HYSTART_CSS_ROUNDS; k++) {
			assert_int_equal(f.cc.ssthresh, UINT32_MAX);
			round_trip(&f, 113000);
			assert_in_range(segments(&f), w * 5 / 4 - 1, w * 5 / 4 + 1);
			w = segments(&f);
		}
		round_trip(&f, 113000);
		assert_true(f.cc.ssthresh != UINT32_MAX);
		assert_in_range(f.cc.ssthresh / MSS, w, w + 2);
	}
}

/* rfc: 9406:4.2-4 */
static void test_hystart_plus_takes_it_back_when_the_path_is_quick_again(void **state)
{
	struct flow f = flow("reno", CC_HYSTART_PLUS);
	uint32_t w;

	(void)state;
	round_trip(&f, 100000);
	round_trip(&f, 100000);
	round_trip(&f, 120000);
	w = segments(&f);
	assert_true(w < 60);
	round_trip(&f, 100000);
	round_trip(&f, 100000);
	assert_true(segments(&f) > 3 * w);
	assert_int_equal(f.cc.ssthresh, UINT32_MAX);
}

/* rfc: 9406:4.2-5, 9406:4.3-3 */
static void test_hystart_plus_ends_with_a_loss_and_is_for_the_first_slow_start(void **state)
{
	struct flow f = flow("reno", CC_HYSTART_PLUS);
	uint32_t w;

	(void)state;
	round_trip(&f, 100000);
	round_trip(&f, 100000);
	round_trip(&f, 120000);
	lose(&f);
	w = segments(&f);
	round_trip(&f, 120000);
	assert_in_range(segments(&f), w, w + 1);
	f.a.inflight = f.cc.cwnd = 200 * MSS;
	cc_reduce(&f.cc, &f.a, CC_RTO, false);
	for (uint32_t i = 1; i <= 6; i++) {
		round_trip(&f, 100000 + i * 20000);
		assert_int_equal(segments(&f), 1u << i);
	}
}

static void test_a_round_trip_a_little_longer_ends_no_slow_start(void **state)
{
	(void)state;
	for (uint8_t kind = CC_HYSTART_LINUX; kind <= CC_HYSTART_PLUS; kind++) {
		struct flow f = flow("cubic", kind);

		for (uint32_t i = 0; i < 5; i++)
			round_trip(&f, 400000 + 15000 * (i % 2));
		assert_int_equal(segments(&f), 320);
		assert_int_equal(f.cc.ssthresh, UINT32_MAX);
	}
}

/* rfc: 9293:MAY-18 */
static void test_algorithms_are_found_by_name(void **state)
{
	const struct cc_ops *ops;
	size_t n;

	(void)state;
	for (n = 0; (ops = cc_at(n)); n++)
		assert_ptr_equal(cc_find(ops->name), ops);
	assert_true(n >= 2);
	assert_ptr_equal(cc_find(NULL), &cc_reno);
	assert_null(cc_find("cubi"));
	assert_null(cc_find(""));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slow_start_doubles_and_then_one_segment_comes_per_round),
		cmocka_unit_test(test_an_acknowledgment_cut_in_ten_grows_the_window_once),
		cmocka_unit_test(test_unused_window_does_not_grow),
		cmocka_unit_test(test_reno_halves_the_flight_and_a_timeout_leaves_one_segment),
		cmocka_unit_test(test_idle_window_shrinks_by_halves_to_the_initial_one),
		cmocka_unit_test(test_half_of_what_was_not_used_is_given_up),
		cmocka_unit_test(test_abe_takes_less_off_for_a_mark_than_for_a_loss),
		cmocka_unit_test(test_cubic_follows_the_formula_on_a_long_path),
		cmocka_unit_test(test_cubic_is_no_slower_than_reno_on_a_short_path),
		cmocka_unit_test(test_cubic_that_lost_again_makes_room),
		cmocka_unit_test(test_cubic_time_stands_still_while_nothing_is_sent),
		cmocka_unit_test(test_cubic_after_a_timeout_begins_where_slow_start_ended),
		cmocka_unit_test(test_cubic_takes_back_a_loss_that_was_none),
		cmocka_unit_test(test_cubic_begins_a_new_curve_where_a_loss_was_taken_back),
		cmocka_unit_test(test_largest_windows_and_longest_times_overflow_nothing),
		cmocka_unit_test(test_linux_hystart_ends_at_the_ninth_late_sample),
		cmocka_unit_test(test_linux_hystart_ends_at_a_train_of_half_the_path),
		cmocka_unit_test(test_hystart_plus_grows_by_a_quarter_for_five_rounds),
		cmocka_unit_test(test_hystart_plus_takes_it_back_when_the_path_is_quick_again),
		cmocka_unit_test(test_hystart_plus_ends_with_a_loss_and_is_for_the_first_slow_start),
		cmocka_unit_test(test_a_round_trip_a_little_longer_ends_no_slow_start),
		cmocka_unit_test(test_algorithms_are_found_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
