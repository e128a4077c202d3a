/* SPDX-License-Identifier: BSD-2-Clause */
/* The receive window at its edges: when the peer hears of it, what a scale makes of it, how far it grows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tcp/tcp_rcvwin.h"

enum { MSS = 1000, RMEM_MAX = 6291456, BUF = 2 << 20, FULL = BUF / 2 };

/* A buffer of two megabytes of which half is payload; `wnd` was told, `ssthresh` may be. */
static struct tcp_rcvwin large(uint32_t wnd, uint32_t ssthresh)
{
	return (struct tcp_rcvwin){ .buf = BUF, .clamp = 1u << 30, .share = 128,
				    .wnd = wnd, .ssthresh = ssthresh };
}

/* What is held where this much window is left. */
static uint32_t held_for(uint32_t free)
{
	return BUF - 2 * free;
}

static bool due(uint32_t told, uint32_t ssthresh, uint32_t held)
{
	struct tcp_rcvwin w = large(told, ssthresh);

	return tcp_rcvwin_update_due(&w, 0, held, MSS, 7);
}

/* Worth a segment of its own: twice what the peer knows of, or half of the buffer more. rfc: 9293:MUST-39 */
static void test_an_update_tells_of_half_the_buffer_or_twice_the_window(void **state)
{
	(void)state;
	assert_true(due(FULL / 2, FULL, 0));
	assert_false(due(FULL / 2 + 128, FULL, 0));
	assert_false(due(FULL, FULL, 0));
	assert_true(due(100032, 200064, 0));
	assert_false(due(100033, 200064, 0));
	assert_true(due(0, 200064, 0));
	assert_true(due(75008, FULL, held_for(150016)));
	assert_false(due(75009, FULL, held_for(150016)));
	/* Closed, and what was read is no sixteenth of the buffer. */
	assert_false(due(0, FULL, held_for(FULL / 16 - 1)));
	assert_true(due(0, FULL, held_for(FULL / 16)));
}

/* rfc: 7323:2.4-1 */
static void test_the_scale_rounds_up_what_memory_is_there_for(void **state)
{
	struct tcp_rcvwin w = large(100001, 100001);

	(void)state;
	assert_int_equal(tcp_rcvwin_choose(&w, 0, 0, MSS, 7), 100096);
	assert_int_equal(tcp_rcvwin_choose(&w, 0, held_for(100096), MSS, 7), 100096);
	assert_int_equal(tcp_rcvwin_choose(&w, 0, held_for(100095), MSS, 7), 100001);
	assert_int_equal(tcp_rcvwin_choose(&w, 33, held_for(100095), MSS, 7), 99968);
	w = large(0, FULL);
	assert_int_equal(tcp_rcvwin_choose(&w, 0, held_for(300005), MSS, 7), 299904);
	assert_int_equal(tcp_rcvwin_choose(&w, 0, held_for(FULL / 2 + 5), MSS, 7), FULL / 2 + 128);
	assert_int_equal(tcp_rcvwin_choose(&w, 0, 0, MSS, 3), 65535 << 3); /* what the field can tell */
}

static void test_growth_ends_where_memory_does(void **state)
{
	struct tcp_rcvwin w = large(50000, FULL - 10);

	(void)state;
	assert_true(tcp_rcvwin_data(&w, MSS, MSS, 0, MSS, MSS, RMEM_MAX));
	assert_int_equal(w.ssthresh, FULL);
	assert_false(tcp_rcvwin_data(&w, MSS, MSS, 0, MSS, MSS, RMEM_MAX));
	assert_int_equal(w.ssthresh, FULL);
	w.ssthresh = 60000;
	assert_true(tcp_rcvwin_data(&w, MSS, MSS, held_for(61000), MSS, MSS, RMEM_MAX));
	assert_int_equal(w.ssthresh, 61000);
	assert_false(tcp_rcvwin_data(&w, MSS, MSS, held_for(61000), MSS, MSS, RMEM_MAX));
	/* Packets that cost four times what they carry: up to a quarter of what there may ever be. */
	w = large(50000, RMEM_MAX / 8);
	assert_true(tcp_rcvwin_data(&w, 400, 3000, 0, MSS, 400, RMEM_MAX));
	assert_int_equal(w.ssthresh, RMEM_MAX / 8 + 800);
	w.ssthresh = RMEM_MAX / 8 + 1;
	assert_false(tcp_rcvwin_data(&w, 400, 3000, 0, MSS, 400, RMEM_MAX));
	/* The buffer: not beyond the administrator's bound, nor back to it. */
	w = large(50000, 50000);
	w.fits = FULL;
	w.space = 1;
	tcp_rcvwin_rtt(&w, 1000);
	tcp_rcvwin_read(&w, 400u << 20, 1000, MSS, RMEM_MAX);
	assert_int_equal(w.buf, RMEM_MAX);
	assert_int_equal(w.fits, RMEM_MAX / 2);
	tcp_rcvwin_read(&w, 1200u << 20, 2000, MSS, BUF);
	assert_int_equal(w.buf, RMEM_MAX);
}

/* A round trip in which more was read than in any before makes the buffer grow, and no other. */
static void test_the_most_read_in_a_round_trip_is_what_counts(void **state)
{
	struct tcp_rcvwin w = large(50000, 50000);

	(void)state;
	w.buf = 65536;
	w.space = 30000;
	tcp_rcvwin_read(&w, 90000, 5000, MSS, RMEM_MAX); /* how long one takes is not known */
	assert_int_equal(w.space, 30000);
	tcp_rcvwin_rtt(&w, 1000);
	tcp_rcvwin_read(&w, 30000, 1000, MSS, RMEM_MAX);
	assert_int_equal(w.buf, 65536);
	tcp_rcvwin_read(&w, 40000, 2000, MSS, RMEM_MAX);
	assert_int_equal(w.space, 30000);
	tcp_rcvwin_read(&w, 70001, 2999, MSS, RMEM_MAX); /* the third is not over */
	assert_int_equal(w.buf, 65536);
	tcp_rcvwin_read(&w, 70000, 3000, MSS, RMEM_MAX);
	assert_int_equal(w.buf, 65536);
	tcp_rcvwin_read(&w, 100001, 4000, MSS, RMEM_MAX);
	assert_int_equal(w.space, 30001);
	/* Twice that and 16 segments, and two 30000ths on top: half of the memory is payload. */
	assert_int_equal(w.buf, 2 * (2 * 30001 + 16 * MSS + 4));
	w.locked = true;
	tcp_rcvwin_read(&w, 400001, 5000, MSS, RMEM_MAX);
	assert_int_equal(w.space, 300000);
	assert_int_equal(w.buf, 2 * (2 * 30001 + 16 * MSS + 4));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_update_tells_of_half_the_buffer_or_twice_the_window),
		cmocka_unit_test(test_the_scale_rounds_up_what_memory_is_there_for),
		cmocka_unit_test(test_growth_ends_where_memory_does),
		cmocka_unit_test(test_the_most_read_in_a_round_trip_is_what_counts),
	};

	return cmocka_run_group_tests_name("tcp_rcvwin", tests, NULL, NULL);
}
