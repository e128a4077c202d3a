/* SPDX-License-Identifier: BSD-2-Clause */
/* Small parts of TCP, each alone: round trip, receive window, SACK blocks, delayed ACK. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tcp/tcp_delack.h"
#include "tcp/tcp_rcvwin.h"
#include "tcp/tcp_rtt.h"
#include "tcp/tcp_sack.h"

enum { MSS = 1000, RTO_MIN = 200000, RTO_MAX = 120000000, RMEM_MAX = 6291456 };

/* ---- RFC 6298 */

/* A sample in a round trip of its own. */
static void rtt(struct tcp_rtt *r, uint32_t us)
{
	tcp_rtt_sample(r, &(struct tcp_rtt_in){ .rtt_us = us, .rto_min_us = RTO_MIN,
						.rto_max_us = RTO_MAX, .una = r->round + 1,
						.nxt = r->round + 2 });
	tcp_rtt_min_sample(r, us, 0, 300000);
}

static void test_first_sample_sets_rtt_and_variation(void **state)
{
	struct tcp_rtt r;

	(void)state;
	tcp_rtt_init(&r);
	assert_int_equal(tcp_rtt_rto(&r, RTO_MAX), 1000000);
	rtt(&r, 300000);
	assert_int_equal(tcp_rtt_srtt_us(&r), 300000);
	assert_int_equal(r.rto_us, 300000 + 4 * 150000);
}

static void test_later_samples_move_an_eighth_and_a_quarter(void **state)
{
	struct tcp_rtt r;

	(void)state;
	tcp_rtt_init(&r);
	rtt(&r, 100000);
	rtt(&r, 180000);
	assert_int_equal(tcp_rtt_srtt_us(&r), 110000);
	assert_int_equal(r.mdev4 / 4, (50000 * 3 + 80000) / 4);
	assert_int_equal(r.min_rtt_us, 100000);
}

/* A shorter round trip is no reason to wait longer. */
static void test_improvement_hardly_counts_as_deviation(void **state)
{
	struct tcp_rtt r;
	uint32_t before;

	(void)state;
	tcp_rtt_init(&r);
	for (int i = 0; i < 100; i++)
		rtt(&r, 1000000);
	before = r.mdev4;
	rtt(&r, 1000);
	assert_true(r.mdev4 < before + 999000 / 6);
	assert_true(r.mdev4 > before);
}

/* The first sample begins a round trip: another of the same round ends nothing. */
static void test_first_round_trip_lasts_until_its_last_segment_is_acknowledged(void **state)
{
	struct tcp_rtt_in in = { .rtt_us = 500000, .rto_min_us = RTO_MIN, .rto_max_us = RTO_MAX,
				 .una = 1, .nxt = 5001 };
	struct tcp_rtt r;

	(void)state;
	tcp_rtt_init(&r);
	tcp_rtt_sample(&r, &in);
	assert_int_equal(r.rttvar4, 1000000);
	in.una = 3001;
	tcp_rtt_sample(&r, &in);
	in.una = 5002;
	in.nxt = 7001;
	tcp_rtt_sample(&r, &in); /* the end of the first, whose largest deviation was all of it */
	assert_int_equal(r.rttvar4, 1000000);
	in.una = 7002;
	tcp_rtt_sample(&r, &in);
	assert_in_range(r.rttvar4, 750000, 999999);
}

/* What the timeout stood off by is let down by a quarter a round trip, not at once. */
static void test_deviation_is_let_down_slowly(void **state)
{
	struct tcp_rtt_in in;
	struct tcp_rtt r;
	uint32_t high;

	(void)state;
	tcp_rtt_init(&r);
	rtt(&r, 100000);
	rtt(&r, 900000);
	high = r.rttvar4;
	assert_true(high > 4 * 150000);
	for (int i = 0; i < 3; i++)
		rtt(&r, 200000);
	assert_in_range(r.rttvar4, high / 4, high - 1);
	for (int i = 0; i < 100; i++)
		rtt(&r, 200000);
	assert_in_range(r.rttvar4, RTO_MIN, RTO_MIN + RTO_MIN / 100);
	/* By a quarter of the way, once per round trip, also where its number wraps. */
	r = (struct tcp_rtt){ .srtt8 = 800000, .mdev4 = 4000, .mdev4_max = RTO_MIN,
			      .rttvar4 = RTO_MIN + 400000, .round = 0xfffffff0 };
	in = (struct tcp_rtt_in){ .rtt_us = 100000, .rto_min_us = RTO_MIN, .rto_max_us = RTO_MAX,
				  .una = 0xfffffff0, .nxt = 100 };
	tcp_rtt_sample(&r, &in);
	assert_int_equal(r.rttvar4, RTO_MIN + 400000);
	in.una = 5;
	tcp_rtt_sample(&r, &in);
	assert_int_equal(r.rttvar4, RTO_MIN + 300000);
	tcp_rtt_sample(&r, &in);
	assert_int_equal(r.rttvar4, RTO_MIN + 300000);
}

static void test_least_round_trip_is_forgotten_with_its_window(void **state)
{
	struct tcp_rtt r;

	(void)state;
	tcp_rtt_init(&r);
	tcp_rtt_min_sample(&r, 500, 0, 1000);
	tcp_rtt_min_sample(&r, 900, 300, 1000);
	tcp_rtt_min_sample(&r, 800, 600, 1000);
	assert_int_equal(r.min_rtt_us, 500);
	tcp_rtt_min_sample(&r, 1000, 1001, 1000);
	assert_int_equal(r.min_rtt_us, 800);
	tcp_rtt_min_sample(&r, 300, 1100, 1000);
	assert_int_equal(r.min_rtt_us, 300);
	tcp_rtt_min_sample(&r, 2000, 9000, 1000);
	assert_int_equal(r.min_rtt_us, 2000);
	/* While nothing is smaller the second and third choice stay young. */
	tcp_rtt_init(&r);
	tcp_rtt_min_sample(&r, 500, 0, 1000);
	tcp_rtt_min_sample(&r, 900, 300, 1000);
	tcp_rtt_min_sample(&r, 950, 600, 1000);
	tcp_rtt_min_sample(&r, 1000, 1001, 1000);
	assert_int_equal(r.min_rtt_us, 900);
	tcp_rtt_min_sample(&r, 1100, 1301, 1000);
	assert_int_equal(r.min_rtt_us, 950);
}

static void test_timeout_keeps_its_distance_and_its_bounds(void **state)
{
	struct tcp_rtt r;

	(void)state;
	tcp_rtt_init(&r);
	for (int i = 0; i < 200; i++)
		rtt(&r, 50);
	assert_int_equal(r.rto_us, 50 + RTO_MIN);
	rtt(&r, UINT32_MAX);
	assert_int_equal(r.rto_us, RTO_MAX);
	tcp_rtt_init(&r);
	rtt(&r, 0);
	assert_true(tcp_rtt_known(&r));
}

/* rfc: 6298:2-5, 8961:4-6 */
static void test_back_off_doubles_until_a_sample(void **state)
{
	struct tcp_rtt r;

	(void)state;
	tcp_rtt_init(&r);
	for (uint32_t i = 0; i < 300; i++) {
		uint64_t want = i < 7 ? 1000000ull << i : RTO_MAX;

		assert_int_equal(tcp_rtt_rto(&r, RTO_MAX), want < RTO_MAX ? want : RTO_MAX);
		tcp_rtt_back_off(&r);
	}
	rtt(&r, 100);
	assert_int_equal(tcp_rtt_rto(&r, RTO_MAX), 100 + RTO_MIN);
}

/* ---- the receive window */

static struct tcp_rcvwin window(uint32_t buf, bool scaling, uint8_t *wscale)
{
	struct tcp_rcvwin w;

	tcp_rcvwin_init(&w, buf, false, 0, MSS, RMEM_MAX, scaling, wscale);
	tcp_rcvwin_start(&w, 0, 0, MSS, 31);
	return w;
}

static void data(struct tcp_rcvwin *w, uint32_t len, uint32_t truesize, uint32_t held)
{
	(void)tcp_rcvwin_data(w, len, truesize, held, MSS, MSS, RMEM_MAX);
}

static void test_first_window_is_in_segments(void **state)
{
	struct tcp_rcvwin w;
	uint8_t scale;

	(void)state;
	tcp_rcvwin_init(&w, 131072, false, 0, 1460, RMEM_MAX, true, &scale);
	assert_int_equal(w.wnd, 64240);
	assert_int_equal(scale, 7);
	tcp_rcvwin_init(&w, 131072, false, 0, 1448, RMEM_MAX, true, &scale);
	assert_int_equal(w.wnd, 65160);
	tcp_rcvwin_init(&w, 1 << 20, false, 0, 1460, RMEM_MAX, false, &scale);
	assert_int_equal(scale, 0);
	assert_true(w.wnd <= 65535);
	tcp_rcvwin_init(&w, 1 << 20, false, 0, 1460, RMEM_MAX, true, &scale);
	assert_int_equal(w.wnd, 524288 / 1460 * 1460);
	tcp_rcvwin_unscaled(&w);
	assert_int_equal(w.wnd, 65535);
	tcp_rcvwin_init(&w, UINT32_MAX / 2, true, 0, 1460, RMEM_MAX, true, &scale);
	assert_int_equal(scale, 14);
}

static void test_signed_window_is_for_connections_that_do_not_scale(void **state)
{
	struct tcp_rcvwin w;
	uint8_t scale;

	(void)state;
	w = window(1 << 20, false, &scale);
	tcp_rcvwin_narrow(&w);
	assert_int_equal(w.wnd, 32767);
	assert_true(tcp_rcvwin_tell(&w, 32767, 0, MSS, 0) <= 32767);
	w = window(1 << 20, true, &scale);
	tcp_rcvwin_narrow(&w);
	for (uint32_t at = 0; at < 300000; at += MSS)
		data(&w, MSS, MSS, 0);
	assert_true(tcp_rcvwin_tell(&w, 300000, 0, MSS, scale) > 65535);
}

/* rfc: 9293:SHLD-14 */
static void test_offered_window_is_taken_back_only_where_that_is_asked_for(void **state)
{
	struct tcp_rcvwin w;
	uint8_t scale;
	uint32_t told;

	(void)state;
	w = window(131072, true, &scale);
	assert_true(tcp_rcvwin_tell(&w, 1000, 0, MSS, scale) > 60000);
	/* The memory is full of segments that pin much. */
	assert_true(tcp_rcvwin_wants_zero(&w, 131072, MSS, scale));
	assert_false(tcp_rcvwin_wants_zero(&w, 65536, MSS, scale));
	told = tcp_rcvwin_tell(&w, 2000, 131072, MSS, scale);
	assert_true(told > 60000);
	w.shrink = true;
	assert_int_equal(tcp_rcvwin_tell(&w, 3000, 131072, MSS, scale), 0);
	told = tcp_rcvwin_tell(&w, 3000, 65536, MSS, scale);
	assert_true(told > 30000 && told <= 32768);
	assert_int_equal(told % (1u << scale), 0);
	assert_true(tcp_rcvwin_tell(&w, 3000, 98304, MSS, scale) < told);
}

static void test_window_opens_by_twice_what_came(void **state)
{
	struct tcp_rcvwin w;
	uint8_t scale;
	uint32_t before;

	(void)state;
	w = window(1 << 22, true, &scale);
	w.ssthresh = before = 20000;
	data(&w, MSS / 2, MSS / 2, 0); /* no less than two segments */
	assert_int_equal(w.ssthresh, before + 2 * MSS);
	data(&w, 10 * MSS, 10 * MSS, 0);
	assert_int_equal(w.ssthresh, before + 22 * MSS);
	data(&w, 1, 1 << 20, 0); /* what costs so much opens nothing */
	assert_int_equal(w.ssthresh, before + 22 * MSS);
	data(&w, MSS, 3 * MSS, 0); /* nor more than a little, while the window is small */
	assert_int_equal(w.ssthresh, before + 24 * MSS);
	data(&w, 10 * MSS, 10 * MSS, (1 << 22) - 60000); /* where there is no memory for it */
	assert_int_equal(w.ssthresh, before + 24 * MSS);
}

/* What the kernel charged for packets of these lengths from a TUN. */
static void test_packets_count_as_in_linux(void **state)
{
	static const struct {
		uint32_t payload, truesize;
	} rows[] = { { 1, 832 }, { 100, 832 }, { 500, 1280 }, { 1000, 2304 }, { 1460, 2304 },
		     { 2000, 4352 }, { 3500, 4352 }, { 3700, 8448 }, { 7000, 8448 }, { 8000, 12544 },
		     { 14338, 16640 }, { 16000, 20736 }, { 33000, 37120 }, { 65000, 65792 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(tcp_rcvwin_truesize(40 + rows[i].payload), rows[i].truesize);
}

/* A window that is known by what segments carry of what they cost. */
static void test_share_of_payload_is_that_of_the_largest_segment(void **state)
{
	struct tcp_rcvwin w;
	uint8_t scale;

	(void)state;
	w = window(40000, false, &scale);
	assert_int_equal(w.fits, 20000 - MSS); /* a segment is kept back */
	assert_int_equal(w.ssthresh, 20000 - MSS);
	tcp_rcvwin_measure(&w, 20000, 20736);
	assert_int_equal(w.share, 246);
	assert_int_equal(w.fits, 40000 * 246 / 256);
	/* The first packet may even be larger than the window told: it is taken, and opens it. */
	data(&w, 20000, 20736, 20736);
	assert_int_equal(w.ssthresh, 20000); /* it was told */
	assert_true(tcp_rcvwin_low(&w, 20736));
	assert_false(tcp_rcvwin_low(&w, 20000));
	assert_int_equal(tcp_rcvwin_tell(&w, 20000, 20736, MSS, 0), 18000);
	assert_int_equal(w.top, 38000);
}

static void test_what_has_no_room_closes_the_window_and_the_edge_is_remembered(void **state)
{
	struct tcp_rcvwin w;
	uint8_t scale;

	(void)state;
	w = window(131072, true, &scale);
	w.refuse = true;
	assert_int_equal(tcp_rcvwin_tell(&w, 1000, 0, MSS, scale), 0);
	assert_true(w.refused && tcp_rcvwin_left(&w, 1000) == 0);
	assert_int_equal(tcp_rcvwin_top(&w), 65000);
	assert_true(tcp_rcvwin_tell(&w, 1000, 0, MSS, scale) > 60000);
	assert_false(w.refused);
}

static void test_holes_make_room_for_what_is_behind_them(void **state)
{
	struct tcp_rcvwin w;
	uint8_t scale;

	(void)state;
	w = window(131072, true, &scale);
	tcp_rcvwin_ahead(&w, 20000, RMEM_MAX);
	assert_int_equal(w.buf, 131072);
	tcp_rcvwin_ahead(&w, 100000, RMEM_MAX);
	assert_int_equal(w.buf, 2 * (100000 + 2 * 10 * MSS));
	w.locked = true;
	tcp_rcvwin_ahead(&w, 200000, RMEM_MAX);
	assert_int_equal(w.buf, 2 * (100000 + 2 * 10 * MSS));
}

static void test_buffer_makes_room_for_twice_the_growth(void **state)
{
	struct tcp_rcvwin w;
	uint64_t want;
	uint8_t scale;

	(void)state;
	w = window(65536, true, &scale);
	tcp_rcvwin_rtt(&w, 1000);
	w.space = 10000;
	tcp_rcvwin_read(&w, 20000, 999, MSS, RMEM_MAX); /* the round trip is not over */
	assert_int_equal(w.buf, 65536);
	tcp_rcvwin_read(&w, 20000, 1000, MSS, RMEM_MAX);
	want = 3 * (2 * 20000 + 16 * MSS); /* it grew by all of itself: twice that on top */
	assert_int_equal(w.buf, want * 2); /* half of the memory is payload, it is thought */
	assert_int_equal(w.space, 20000);
}

static void test_round_trip_is_the_quickest_window(void **state)
{
	static const struct {
		uint32_t took_us, rtt_us;
	} rows[] = { { 1000, 1000 }, { 5000, 1000 }, { 500, 500 }, { 0, 500 }, { 800, 500 } };
	struct tcp_rcvwin w;
	uint64_t now = 0;
	uint8_t scale;

	(void)state;
	w = window(65536, true, &scale);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		seq_t edge = w.rtt_seq;

		now += rows[i].took_us;
		tcp_rcvwin_rtt_by_window(&w, edge - 1, now); /* one octet is missing */
		assert_int_equal(w.rtt_seq, edge);
		tcp_rcvwin_rtt_by_window(&w, edge, now);
		assert_int_equal(w.rtt8_us, 8 * rows[i].rtt_us);
	}
}

static void test_pause_longer_than_the_timeout_makes_acks_quick_again(void **state)
{
	struct tcp_delack d;

	(void)state;
	tcp_delack_init(&d, MSS);
	tcp_delack_data(&d, 1000000, 65536, 200000);
	d.quick = 0;
	tcp_delack_data(&d, 1200000, 65536, 200000);
	assert_int_equal(d.quick, 0);
	tcp_delack_data(&d, 1400001, 65536, 200000);
	assert_true(d.quick > 0);
}

/* Bytes come at random and are read at random: the edge never moves left, nor right by crumbs. */
static void test_edge_never_shrinks_nor_creeps(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed < 50; seed++) {
		uint8_t scale;
		struct tcp_rcvwin w = window(65536, seed & 1, &scale);
		uint32_t rcv_nxt = 0, held = 0, edge = w.wnd;

		srand(seed);
		for (int i = 0; i < 500; i++) {
			uint32_t n = (uint32_t)rand() % 3000, left = tcp_rcvwin_left(&w, rcv_nxt);
			uint32_t now, told = w.wnd;

			n = n < left ? n : left;
			rcv_nxt += n;
			held += n;
			data(&w, n, 2 * n, 2 * held);
			n = (uint32_t)rand() % 3000;
			held -= n < held ? n : held;
			tcp_rcvwin_tell(&w, rcv_nxt, 2 * held, MSS, scale);
			now = rcv_nxt + tcp_rcvwin_left(&w, rcv_nxt);
			assert_true(seq_ge(now, edge));
			/* Without scaling what is told is whole segments, and no crumb. */
			if (!scale && now != edge)
				assert_true((now - rcv_nxt) % MSS == 0 || now - rcv_nxt == told);
			else if (now != edge && now - edge >= 1u << scale)
				assert_true(now - edge >= MSS - (1u << scale));
			assert_true(tcp_rcvwin_left(&w, rcv_nxt) <= 65535u << scale);
			edge = now;
		}
	}
}

static struct tcp_rcvwin large(uint32_t wnd, uint32_t ssthresh)
{
	return (struct tcp_rcvwin){ .buf = 2u << 20, .clamp = 1u << 30, .share = 128,
				    .wnd = wnd, .ssthresh = ssthresh };
}

/* RFC 9293 3.8.6.2.2: of a window of a megabyte the last sixteenth is not offered. */
static void test_nearly_full_buffer_offers_no_crumbs(void **state)
{
	struct tcp_rcvwin w = large(0, 1u << 20);

	(void)state;
	assert_int_equal(tcp_rcvwin_choose(&w, 0, (2u << 20) - 100000, MSS, 7), 0);
	assert_true(tcp_rcvwin_choose(&w, 0, 1u << 20, MSS, 7) > 500000);
}

/* rfc: 7323:2.4-1 */
static void test_what_scaling_cannot_say_is_rounded_up(void **state)
{
	struct tcp_rcvwin w = large(100001, 100100);

	(void)state;
	assert_int_equal(tcp_rcvwin_choose(&w, 0, 0, MSS, 3), 100008);
}

static void test_shift_is_at_most_14(void **state)
{
	struct tcp_rcvwin w;
	uint8_t scale;

	(void)state;
	tcp_rcvwin_init(&w, 65536, false, 0, MSS, INT32_MAX, true, &scale);
	assert_int_equal(scale, 14);
}

static void test_full_buffer_closes_the_window(void **state)
{
	uint8_t scale;
	struct tcp_rcvwin w = window(16384, true, &scale);
	uint32_t rcv_nxt = w.wnd;

	(void)state;
	assert_int_equal(tcp_rcvwin_tell(&w, rcv_nxt, 16384, MSS, scale), 0);
	assert_false(tcp_rcvwin_update_due(&w, rcv_nxt, 16384 - 500, MSS, scale));
	assert_true(tcp_rcvwin_update_due(&w, rcv_nxt, 0, MSS, scale));
}

static void test_buffer_grows_with_what_is_read_and_not_when_locked(void **state)
{
	(void)state;
	for (int locked = 0; locked < 2; locked++) {
		struct tcp_rcvwin w;
		uint64_t now = 0;
		uint32_t seq = 0;
		uint8_t scale;

		tcp_rcvwin_init(&w, 131072, locked, 0, MSS, RMEM_MAX, true, &scale);
		tcp_rcvwin_start(&w, 0, 0, MSS, 31);
		tcp_rcvwin_rtt(&w, 10000);
		for (int i = 0; i < 20; i++) {
			now += 11000;
			seq += w.ssthresh;
			data(&w, 60000, 70000, 0);
			tcp_rcvwin_read(&w, seq, now, MSS, RMEM_MAX);
			for (int k = 0; k < 100; k++)
				data(&w, 60000, 70000, 0);
		}
		assert_int_equal(w.buf, locked ? 131072 : RMEM_MAX);
	}
}

/* ---- SACK blocks (RFC 2018 4) */

static void test_blocks_are_most_recent_first_and_at_most_four(void **state)
{
	struct tcp_sack s = { .n = 0 };

	(void)state;
	for (uint32_t i = 1; i <= 6; i++)
		tcp_sack_add(&s, (struct tcp_range){ i * 100, i * 100 + 10 });
	assert_int_equal(s.n, 4);
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(s.block[i].from, (6 - i) * 100);
	tcp_sack_add(&s, (struct tcp_range){ 400, 510 }); /* grew over two */
	assert_int_equal(s.n, 3);
	assert_int_equal(s.block[0].to, 510);
	assert_int_equal(s.block[1].from, 600);
	tcp_sack_advance(&s, 510);
	assert_int_equal(s.n, 1);
	tcp_sack_forget_from(&s, 600);
	assert_int_equal(s.n, 0);
}

static void test_what_came_twice_is_told_first_and_once(void **state)
{
	struct tcp_range out[TCP_SACK_MAX];
	struct tcp_sack s = { .n = 0 };

	(void)state;
	tcp_sack_add(&s, (struct tcp_range){ 100, 200 });
	tcp_sack_add(&s, (struct tcp_range){ 300, 400 });
	tcp_sack_duplicate(&s, (struct tcp_range){ 0xfffffff0u, 10 });
	tcp_sack_duplicate(&s, (struct tcp_range){ 10, 20 });
	tcp_sack_duplicate(&s, (struct tcp_range){ 50, 60 }); /* elsewhere: not told */
	assert_int_equal(tcp_sack_count(&s), 3);
	tcp_sack_report(&s, out, 3);
	assert_int_equal(out[0].from, 0xfffffff0u);
	assert_int_equal(out[0].to, 20);
	assert_int_equal(out[1].from, 300);
	assert_int_equal(out[2].from, 100);
	tcp_sack_report(&s, out, 1);
	assert_int_equal(out[0].to, 20);
	tcp_sack_told(&s);
	assert_int_equal(tcp_sack_count(&s), 2);
	tcp_sack_report(&s, out, 2);
	assert_int_equal(out[0].from, 300);
}

/* ---- delayed ACK */

static void test_start_is_quick_and_a_second_full_segment_is_due(void **state)
{
	struct tcp_delack d;

	(void)state;
	tcp_delack_init(&d, MSS);
	tcp_delack_data(&d, 1000, 60000, RTO_MIN);
	assert_true(d.pending);
	assert_true(tcp_delack_due(&d, MSS, true));
	for (int i = 0; i < TCP_QUICKACKS; i++) {
		d.pending = true;
		tcp_delack_sent(&d);
	}
	tcp_delack_data(&d, 2000, 60000, RTO_MIN);
	assert_false(tcp_delack_due(&d, MSS, true));
	assert_true(tcp_delack_due(&d, 2 * MSS, true));
	assert_false(tcp_delack_due(&d, 2 * MSS, false)); /* not to tell of a window that closes */
}

static void test_acks_of_a_hole_wait_for_others_after_three(void **state)
{
	struct tcp_delack d;

	(void)state;
	tcp_delack_init(&d, MSS);
	for (int i = 0; i < TCP_DUP_ACKS; i++) {
		tcp_delack_ahead(&d);
		assert_true(d.pending);
		assert_false(tcp_delack_due(&d, 0, true));
		assert_false(tcp_delack_compress(&d, 2)); /* at once */
		tcp_delack_sent(&d);
	}
	assert_true(tcp_delack_compress(&d, 2));
	assert_true(tcp_delack_compress(&d, 2));
	assert_false(tcp_delack_compress(&d, 2)); /* no more wait than may */
	assert_int_equal(d.compressed, 2);
	tcp_delack_sent(&d);
	assert_int_equal(d.compressed, 0);
	assert_true(tcp_delack_compress(&d, 2));
	tcp_delack_hole(&d, false); /* another hole: counted anew */
	assert_false(tcp_delack_due(&d, 0, true));
	assert_int_equal(d.dups, 0);
	tcp_delack_hole(&d, true);
	assert_true(tcp_delack_due(&d, 0, true));
	assert_false(tcp_delack_compress(&d, 0)); /* switched off */
	assert_true(tcp_delack_compress_ns(10000, 1000000) == 500000);
	assert_true(tcp_delack_compress_ns(100000, 1000000) == 1000000);
}

static void test_ping_pong_begins_when_answers_came_soon_so_often(void **state)
{
	struct tcp_delack d;

	(void)state;
	tcp_delack_init(&d, MSS);
	tcp_delack_data(&d, 1000, 60000, RTO_MIN);
	tcp_delack_data_sent(&d, 1000 + TCP_ATO_MIN_US, 1); /* too late to be an answer */
	assert_false(d.pingpong);
	tcp_delack_data_sent(&d, 1001, 2);
	assert_false(d.pingpong);
	tcp_delack_data_sent(&d, 1002, 2);
	assert_true(d.pingpong);
	tcp_delack_quick(&d, 60000);
	tcp_delack_data_sent(&d, 1003, 2);
	assert_false(d.pingpong); /* counted anew */
}

static void test_buffer_that_counts_data_is_offered_whole(void **state)
{
	uint8_t scale = 9;
	struct tcp_rcvwin w = window(65536, true, &scale);

	(void)state;
	tcp_rcvwin_whole(&w, 2097152, true, &scale);
	assert_int_equal(scale, 6);
	assert_int_equal(w.wnd, 65535);
	tcp_rcvwin_round(&w, 1460);
	assert_int_equal(w.buf, 65700);
	assert_int_equal(w.wnd, 65700);
	assert_int_equal(tcp_rcvwin_tell(&w, 0, 0, MSS, scale), 65700);
	assert_int_equal(tcp_rcvwin_tell(&w, 1000, 1000, MSS, scale), 64700);
	assert_int_equal(tcp_rcvwin_tell(&w, 1000, 0, MSS, scale), 65700);
	/* A quarter is left, or a segment: else it closes, but what was told stays told. */
	data(&w, 65000, 2 * 65000, 65000);
	assert_int_equal(tcp_rcvwin_choose(&w, 66000, 65000, MSS, scale), 700);
	assert_int_equal(tcp_rcvwin_choose(&w, 66700, 65700, MSS, scale), 0);
	assert_int_equal(tcp_rcvwin_choose(&w, 66700, 65000, MSS, scale), 0);
	tcp_rcvwin_whole(&w, 2147483647, true, &scale);
	assert_int_equal(scale, 14);
	tcp_rcvwin_whole(&w, 65535, true, &scale);
	assert_int_equal(scale, 0);
}

/* rfc: 9293:MUST-40 */
static void test_wait_stays_between_its_bounds(void **state)
{
	struct tcp_delack d;
	uint64_t now = 1000;

	(void)state;
	tcp_delack_init(&d, MSS);
	srand(1);
	for (int i = 0; i < 2000; i++) {
		now += (uint64_t)rand() % 1000000;
		tcp_delack_data(&d, now, 60000, 1000000);
		if (rand() % 3 == 0)
			tcp_delack_data_sent(&d, now + (uint64_t)rand() % 100000, 1);
		if (rand() % 5 == 0)
			tcp_delack_timeout(&d, 1000000);
		assert_in_range(tcp_delack_wait_us(&d, (uint32_t)rand() % 500000), TCP_ATO_MIN_US,
				TCP_DELACK_MAX_US);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_sample_sets_rtt_and_variation),
		cmocka_unit_test(test_later_samples_move_an_eighth_and_a_quarter),
		cmocka_unit_test(test_improvement_hardly_counts_as_deviation),
		cmocka_unit_test(test_first_round_trip_lasts_until_its_last_segment_is_acknowledged),
		cmocka_unit_test(test_deviation_is_let_down_slowly),
		cmocka_unit_test(test_least_round_trip_is_forgotten_with_its_window),
		cmocka_unit_test(test_timeout_keeps_its_distance_and_its_bounds),
		cmocka_unit_test(test_back_off_doubles_until_a_sample),
		cmocka_unit_test(test_first_window_is_in_segments),
		cmocka_unit_test(test_window_opens_by_twice_what_came),
		cmocka_unit_test(test_packets_count_as_in_linux),
		cmocka_unit_test(test_share_of_payload_is_that_of_the_largest_segment),
		cmocka_unit_test(test_what_has_no_room_closes_the_window_and_the_edge_is_remembered),
		cmocka_unit_test(test_holes_make_room_for_what_is_behind_them),
		cmocka_unit_test(test_buffer_makes_room_for_twice_the_growth),
		cmocka_unit_test(test_round_trip_is_the_quickest_window),
		cmocka_unit_test(test_pause_longer_than_the_timeout_makes_acks_quick_again),
		cmocka_unit_test(test_signed_window_is_for_connections_that_do_not_scale),
		cmocka_unit_test(
			test_offered_window_is_taken_back_only_where_that_is_asked_for),
		cmocka_unit_test(test_edge_never_shrinks_nor_creeps),
		cmocka_unit_test(test_nearly_full_buffer_offers_no_crumbs),
		cmocka_unit_test(test_what_scaling_cannot_say_is_rounded_up),
		cmocka_unit_test(test_shift_is_at_most_14),
		cmocka_unit_test(test_full_buffer_closes_the_window),
		cmocka_unit_test(test_buffer_grows_with_what_is_read_and_not_when_locked),
		cmocka_unit_test(test_buffer_that_counts_data_is_offered_whole),
		cmocka_unit_test(test_blocks_are_most_recent_first_and_at_most_four),
		cmocka_unit_test(test_what_came_twice_is_told_first_and_once),
		cmocka_unit_test(test_start_is_quick_and_a_second_full_segment_is_due),
		cmocka_unit_test(test_acks_of_a_hole_wait_for_others_after_three),
		cmocka_unit_test(test_ping_pong_begins_when_answers_came_soon_so_often),
		cmocka_unit_test(test_wait_stays_between_its_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
