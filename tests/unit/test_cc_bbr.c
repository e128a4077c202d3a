/* SPDX-License-Identifier: BSD-2-Clause */
/* BBR, delivery-rate samples and pacing on a pipe: one queue of a rate and a length, one delay, and a
 * sender that always has data. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tcp/cc.h"
#include "tcp/tcp_pace.h"
#include "tcp/tcp_rate.h"

enum { MSS = 1448, MS = 1000000, PACKETS = 1 << 15 };
static const uint64_t SECOND = 1000000000;

struct packet {
	uint64_t sent_ns, back_ns; /* back_ns: its ACK comes; UINT64_MAX: it was dropped */
	struct tcp_rate_mark mark;
};

struct pipe {
	struct cc cc;
	struct tcp_rate rate;
	struct tcp_pace pace;
	struct packet *ring;
	uint32_t head, tail; /* in flight: [head, tail) */
	uint64_t now_ns, free_ns; /* the bottleneck is busy until then */
	uint64_t bytes_per_s, rtt_ns, queue_ns; /* the queue holds what it sends in that time */
	uint64_t delivered, drops, queued_ns; /* queued_ns: what the latest packet waited */
	uint32_t min_rtt_us, una, sent;
	uint64_t state[CC_STATE_MAX / sizeof(uint64_t)]; /* aligned, as a pool's */
};

static struct pipe *pipe_new(const struct cc_ops *ops, uint64_t bytes_per_s, uint64_t rtt_ns,
			     uint64_t queue_ns)
{
	struct pipe *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	p->ring = calloc(PACKETS, sizeof(*p->ring));
	assert_non_null(p->ring);
	p->now_ns = SECOND;
	p->bytes_per_s = bytes_per_s;
	p->rtt_ns = rtt_ns;
	p->queue_ns = queue_ns;
	p->min_rtt_us = UINT32_MAX;
	p->cc.seed = 42;
	cc_start(&p->cc, MSS);
	cc_switch(&p->cc, ops, p->state, MSS, p->now_ns);
	return p;
}

static void pipe_free(struct pipe *p)
{
	free(p->ring);
	free(p);
}

static uint32_t in_flight(const struct pipe *p)
{
	return (p->tail - p->head) * MSS;
}

static void send_one(struct pipe *p)
{
	struct packet *k = &p->ring[p->tail % PACKETS];
	uint64_t start = p->free_ns > p->now_ns ? p->free_ns : p->now_ns;

	assert_true(p->tail - p->head < PACKETS);
	tcp_rate_sent(&p->rate, &k->mark, p->now_ns, in_flight(p), MSS);
	k->sent_ns = p->now_ns;
	p->queued_ns = start - p->now_ns;
	if (p->queued_ns > p->queue_ns) {
		p->drops++;
		k->back_ns = UINT64_MAX;
	} else {
		p->free_ns = start + (uint64_t)MSS * SECOND / p->bytes_per_s;
		k->back_ns = p->free_ns + p->rtt_ns;
	}
	tcp_pace_sent(&p->pace, p->now_ns, p->cc.pace_Bps, MSS, p->sent++);
	p->tail++;
}

/* The first packet that was not dropped is acknowledged; those before it are known to be lost. */
static void take_ack(struct pipe *p)
{
	struct tcp_rate_sample s = { .valid = false };
	struct tcp_rate_result r;
	struct cc_ack a = { .mss = MSS, .now_ns = p->now_ns, .inflight = in_flight(p),
			    .cwnd_limited = p->cc.cwnd < in_flight(p) + MSS, .advanced = true };
	struct packet *k;

	while (p->ring[p->head % PACKETS].back_ns == UINT64_MAX) {
		a.lost += MSS;
		p->head++;
	}
	k = &p->ring[p->head++ % PACKETS];
	p->una += MSS;
	p->delivered += MSS;
	a.rtt_us = (p->now_ns - k->sent_ns) / 1000;
	if (a.rtt_us < p->min_rtt_us)
		p->min_rtt_us = (uint32_t)a.rtt_us;
	tcp_rate_got(&s, &k->mark, k->sent_ns, MSS);
	r = tcp_rate_make(&p->rate, &s, p->now_ns, a.lost, p->min_rtt_us);
	a.acked = MSS;
	a.min_rtt_us = p->min_rtt_us;
	a.una = p->una;
	a.nxt = p->una + in_flight(p);
	a.pipe = in_flight(p);
	a.rate_Bps = r.rate_Bps;
	a.delivered = p->rate.delivered;
	a.prior_delivered = r.prior_delivered;
	a.tx_in_flight = r.in_flight;
	a.lost_since = r.lost;
	cc_acked(&p->cc, &a);
}

static void run(struct pipe *p, uint64_t ns)
{
	uint64_t end = p->now_ns + ns;

	while (p->now_ns < end) {
		uint64_t ack = UINT64_MAX, send = UINT64_MAX, next;

		for (uint32_t i = p->head; i != p->tail; i++)
			if (p->ring[i % PACKETS].back_ns != UINT64_MAX) {
				ack = p->ring[i % PACKETS].back_ns;
				break;
			}
		if (ack == UINT64_MAX)
			p->head = p->tail; /* all were lost: a timeout would find it */
		if (in_flight(p) + MSS <= p->cc.cwnd)
			send = p->pace.next_ns > p->now_ns ? p->pace.next_ns : p->now_ns;
		next = ack < send ? ack : send;
		assert_true(next != UINT64_MAX);
		if (next > p->now_ns)
			p->now_ns = next;
		if (ack <= send)
			take_ack(p);
		else
			send_one(p);
	}
}

/* How much of the bottleneck was used over a time, in percent. */
static unsigned used(struct pipe *p, uint64_t ns)
{
	uint64_t before = p->delivered;

	run(p, ns);
	return (unsigned)((p->delivered - before) * 100 / (p->bytes_per_s / 1000 * (ns / MS)));
}

struct bbr_info {
	uint32_t bw_lo, bw_hi, min_rtt_us, pacing_gain, cwnd_gain;
};

static struct bbr_info info(const struct pipe *p)
{
	struct bbr_info i;

	assert_int_equal(p->cc.ops->info(&p->cc, (uint8_t *)&i), sizeof(i));
	return i;
}

static void test_bandwidth_and_round_trip_are_found_within_a_twentieth(void **state)
{
	static const struct {
		uint64_t bytes_per_s, rtt_ns;
	} rows[] = { { 1250000, 20 * MS }, { 12500000, 50 * MS }, { 125000, 100 * MS },
		     { 125000000, 2 * MS } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pipe *p = pipe_new(&cc_bbr, rows[i].bytes_per_s, rows[i].rtt_ns, SECOND);
		uint64_t bw;

		run(p, 3 * SECOND);
		bw = info(p).bw_lo | (uint64_t)info(p).bw_hi << 32;
		assert_true(bw > rows[i].bytes_per_s / 20 * 19 &&
			    bw < rows[i].bytes_per_s / 20 * 21);
		assert_in_range(info(p).min_rtt_us, rows[i].rtt_ns / 1000,
				rows[i].rtt_ns / 1000 + 1000 + 1000000ull * MSS /
								       rows[i].bytes_per_s);
		assert_true(used(p, 5 * SECOND) >= 93);
		assert_int_equal(p->drops, 0);
		pipe_free(p);
	}
}

static void test_startup_leaves_no_queue_behind(void **state)
{
	struct pipe *p = pipe_new(&cc_bbr, 1250000, 40 * MS, SECOND);
	uint64_t worst = 0, sum = 0;
	int n = 0;

	(void)state;
	run(p, 1500 * MS);
	for (int i = 0; i < 300; i++) {
		run(p, 10 * MS);
		worst = p->queued_ns > worst ? p->queued_ns : worst;
		sum += p->queued_ns;
		n++;
	}
	assert_true(worst < 60u * MS); /* a probe of a quarter above, and no more than that */
	assert_true(sum / (unsigned)n < 12u * MS);
	pipe_free(p);
}

static void test_every_few_seconds_the_round_trip_is_measured_with_little_in_flight(void **state)
{
	struct pipe *p = pipe_new(&cc_bbr, 1250000, 40 * MS, SECOND);
	uint32_t least = UINT32_MAX;

	(void)state;
	run(p, 2 * SECOND);
	for (int i = 0; i < 900; i++) {
		run(p, 10 * MS);
		least = in_flight(p) < least ? in_flight(p) : least;
	}
	assert_true(least <= 50000 * 6 / 10); /* half of what the path holds */
	/* A path that became longer is believed in the end. */
	p->rtt_ns = 80 * MS;
	run(p, 25 * SECOND);
	assert_in_range(info(p).min_rtt_us, 80000, 90000);
	assert_true(used(p, 10 * SECOND) >= 90);
	pipe_free(p);
}

static void test_more_bandwidth_is_found_and_less_is_obeyed(void **state)
{
	struct pipe *p = pipe_new(&cc_bbr, 1250000, 30 * MS, 100 * MS);
	uint64_t drops;

	(void)state;
	run(p, 5 * SECOND);
	p->bytes_per_s *= 4;
	run(p, 10 * SECOND);
	assert_true(used(p, 5 * SECOND) >= 85);
	p->bytes_per_s /= 4;
	run(p, 5 * SECOND);
	drops = p->drops;
	assert_true(used(p, 10 * SECOND) >= 85);
	/* Losses are few: what probing finds too much is remembered. */
	assert_true((p->drops - drops) * MSS * 50 < 1250000ull * 10);
	pipe_free(p);
}

static void test_shallow_queue_costs_few_losses_and_little_rate(void **state)
{
	struct pipe *p = pipe_new(&cc_bbr, 1250000, 40 * MS, 8 * MS);
	uint64_t drops;

	(void)state;
	run(p, 5 * SECOND);
	drops = p->drops;
	assert_true(used(p, 20 * SECOND) >= 80);
	assert_true((p->drops - drops) * MSS * 33 < 1250000ull * 20);
	pipe_free(p);
}

/* ---- the numbers of the draft: gains of 2.77, 0.5, 0.9, 1.25, beta of 0.7, losses above 2% */

static uint64_t bandwidth(const struct pipe *p)
{
	return info(p).bw_lo | (uint64_t)info(p).bw_hi << 32;
}

/* Until its gain is another; the time is bounded. */
static uint32_t next_gain(struct pipe *p)
{
	uint32_t gain = info(p).pacing_gain;

	for (int i = 0; i < 20000 && info(p).pacing_gain == gain; i++)
		run(p, MS / 2);
	return info(p).pacing_gain;
}

static void until_gain(struct pipe *p, uint32_t gain)
{
	for (int i = 0; i < 20 && info(p).pacing_gain != gain; i++)
		next_gain(p);
	assert_int_equal(info(p).pacing_gain, gain);
}

/* An ACK of one segment, with no news but what the caller adds. */
static struct cc_ack plain_ack(struct pipe *p)
{
	return (struct cc_ack){ .mss = MSS, .now_ns = p->now_ns, .advanced = true, .acked = MSS,
				.inflight = in_flight(p), .pipe = in_flight(p),
				.min_rtt_us = p->min_rtt_us, .rate_Bps = bandwidth(p) / 10,
				.delivered = p->rate.delivered, .prior_delivered = 1,
				.tx_in_flight = in_flight(p) };
}

static void test_gains_are_the_drafts_in_the_drafts_order(void **state)
{
	static const uint32_t gains[] = { 709, 128, 256, 320, 230, 256 };
	struct pipe *p = pipe_new(&cc_bbr, 1250000, 40 * MS, SECOND);
	uint64_t window = p->cc.cwnd;

	(void)state;
	assert_int_equal(info(p).pacing_gain, gains[0]);
	assert_int_equal(p->cc.pace_Bps, window * 1000 * 709 / 256);
	run(p, 45 * MS); /* the first ACK: the window in a round trip, times the gain */
	assert_in_range(p->cc.pace_Bps, window * 1000 / 45 * 709 / 256, window * 1000 / 40 * 709 / 256 +
			2 * MSS * 1000 / 40 * 709 / 256);
	for (size_t i = 1; i < sizeof(gains) / sizeof(gains[0]); i++)
		assert_int_equal(next_gain(p), gains[i]);
	pipe_free(p);
}

static void test_a_probe_ends_above_two_percent_of_loss_and_three_tenths_go(void **state)
{
	struct pipe *p = pipe_new(&cc_bbr, 1250000, 40 * MS, SECOND);
	struct cc_ack a;
	uint64_t target;

	(void)state;
	run(p, SECOND);
	until_gain(p, 320);
	a = plain_ack(p);
	a.lost_since = MSS;
	a.tx_in_flight = 50 * MSS;
	cc_acked(&p->cc, &a);
	assert_int_equal(info(p).pacing_gain, 320);
	target = bandwidth(p) * info(p).min_rtt_us / 1000000;
	a.tx_in_flight = 20 * MSS; /* less than beta allows: beta it is */
	a.lost_since = 20 * MSS / 50 + 1;
	cc_acked(&p->cc, &a);
	assert_int_equal(info(p).pacing_gain, 230);
	assert_in_range(p->cc.cwnd, target * 69 / 100, target * 71 / 100);
	pipe_free(p);
}

static void test_losses_while_not_probing_take_three_tenths_off_rate_and_window(void **state)
{
	struct pipe *p = pipe_new(&cc_bbr, 1250000, 40 * MS, SECOND);
	uint64_t rate, window;
	struct cc_ack a;

	(void)state;
	run(p, SECOND);
	until_gain(p, 230);
	until_gain(p, 256);
	rate = bandwidth(p);
	window = p->cc.cwnd;
	a = plain_ack(p);
	a.prior_delivered = a.delivered; /* a round ends; what it delivered is little */
	cc_acked(&p->cc, &a);
	assert_int_equal(bandwidth(p), rate);
	window = p->cc.cwnd;
	a.prior_delivered = a.delivered += MSS;
	a.lost = MSS;
	cc_acked(&p->cc, &a);
	assert_in_range(bandwidth(p), rate * 69 / 100, rate * 71 / 100);
	assert_in_range(p->cc.cwnd, window * 69 / 100, window * 71 / 100);
	pipe_free(p);
}

/* ---- delivery rate */

static void test_rate_is_what_was_delivered_over_the_longer_of_two_times(void **state)
{
	struct tcp_rate r = { .delivered = 0 };
	struct tcp_rate_mark m[3];
	struct tcp_rate_sample s = { .valid = false };
	struct tcp_rate_result got;

	(void)state;
	/* Three leave over 20 ms, and are acknowledged together after 100 ms. */
	for (uint32_t i = 0; i < 3; i++)
		tcp_rate_sent(&r, &m[i], SECOND + i * 10 * MS, i * 1000, 1000);
	for (uint32_t i = 0; i < 3; i++)
		tcp_rate_got(&s, &m[i], SECOND + i * 10 * MS, 1000);
	got = tcp_rate_make(&r, &s, SECOND + 100 * MS, 500, 80000);
	assert_int_equal(got.delivered, 3000);
	assert_int_equal(got.interval_us, 100000);
	assert_int_equal(got.rate_Bps, 30000);
	assert_int_equal(got.in_flight, 3000);
	assert_int_equal(got.lost, 500);
	assert_int_equal(tcp_rate_best_Bps(&r), 30000);
	/* Compressed ACKs: the sending took longer. */
	tcp_rate_sent(&r, &m[0], 2 * SECOND, 0, 1000);
	tcp_rate_sent(&r, &m[1], 2 * SECOND + 200 * MS, 1000, 1000);
	s = (struct tcp_rate_sample){ .valid = false };
	tcp_rate_got(&s, &m[0], 2 * SECOND, 1000);
	got = tcp_rate_make(&r, &s, 2 * SECOND + 250 * MS, 0, 80000);
	assert_int_equal(got.interval_us, 250000);
	s = (struct tcp_rate_sample){ .valid = false };
	tcp_rate_got(&s, &m[1], 2 * SECOND + 200 * MS, 1000);
	got = tcp_rate_make(&r, &s, 2 * SECOND + 251 * MS, 0, 80000);
	assert_int_equal(got.delivered, 2000);
	assert_int_equal(got.interval_us, 251000);
}

static void test_a_sample_shorter_than_a_round_trip_is_none(void **state)
{
	struct tcp_rate r = { .delivered = 0 };
	struct tcp_rate_sample s = { .valid = false };
	struct tcp_rate_mark m;

	(void)state;
	tcp_rate_sent(&r, &m, SECOND, 0, 1000);
	tcp_rate_got(&s, &m, SECOND, 1000);
	assert_int_equal(tcp_rate_make(&r, &s, SECOND + 10 * MS, 0, 20000).rate_Bps, 0);
	assert_int_equal(r.delivered, 1000);
	assert_int_equal(tcp_rate_best_Bps(&r), 0);
}

static void test_application_limited_samples_are_marked_until_they_are_through(void **state)
{
	struct tcp_rate r = { .delivered = 0 };
	struct tcp_rate_mark m[3];

	(void)state;
	tcp_rate_sent(&r, &m[0], SECOND, 0, 1000);
	tcp_rate_app_limited(&r, 1000);
	tcp_rate_sent(&r, &m[1], SECOND + MS, 1000, 1000);
	for (int i = 0; i < 2; i++) {
		struct tcp_rate_sample s = { .valid = false };

		tcp_rate_got(&s, &m[i], SECOND + (uint64_t)i * MS, 1000);
		assert_int_equal(tcp_rate_make(&r, &s, SECOND + (50u + (unsigned)i) * MS, 0,
					       UINT32_MAX).app_limited, i);
	}
	tcp_rate_sent(&r, &m[2], 2 * SECOND, 0, 1000);
	assert_int_equal(m[2].app_limited, 0);
}

/* ---- pacing */

static void test_packets_leave_at_the_rate_and_the_first_ten_at_once(void **state)
{
	struct tcp_pace p = { .next_ns = 0 };
	uint64_t now = SECOND;

	(void)state;
	for (uint32_t i = 0; i < TCP_PACE_FREE_SEGS; i++) {
		tcp_pace_sent(&p, now, 1000000, 1000, i);
		assert_false(tcp_pace_held(&p, now));
	}
	tcp_pace_sent(&p, now, 1000000, 1000, 10);
	assert_true(tcp_pace_held(&p, now + MS - 1));
	assert_false(tcp_pace_held(&p, now + MS));
	/* Late by a quarter of the time: the next comes sooner by that, and never by over a half. */
	tcp_pace_sent(&p, now + MS + MS / 4, 1000000, 1000, 11);
	assert_int_equal(p.next_ns, now + 2 * MS);
	tcp_pace_sent(&p, now + 9 * MS, 1000000, 1000, 12);
	assert_int_equal(p.next_ns, now + 9 * MS + MS / 2);
}

static void test_rate_is_a_window_per_round_trip_and_a_packet_a_millisecond_of_it(void **state)
{
	(void)state;
	assert_int_equal(tcp_pace_rate(10000, 1000, 100000, 200), 200000);
	assert_int_equal(tcp_pace_rate(10000, 1000, 100000, 120), 120000);
	assert_int_equal(tcp_pace_quantum(100000, 1000, 100000, 9, 2, 65000), 2);
	assert_int_equal(tcp_pace_quantum(10240000, 1000, 100000, 9, 2, 65000), 10);
	assert_int_equal(tcp_pace_quantum(1000, 1000, 100, 9, 2, 65000), 65);
	assert_int_equal(tcp_pace_quantum(UINT64_MAX, 1000, UINT32_MAX, 9, 2, 65000), 65);
	assert_int_equal(tcp_pace_quantum(100000, 1000, 100, 20, 2, 65000), 65);
	assert_int_equal(tcp_pace_quantum(100000, 1000, 100, 6, 2, 65000), 32);
	assert_int_equal(tcp_pace_quantum(100000, 1000, 100, 0, 2, 65000), 2);
	assert_int_equal(tcp_pace_quantum(1, 60000, UINT32_MAX, 9, 2, 65000), 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bandwidth_and_round_trip_are_found_within_a_twentieth),
		cmocka_unit_test(test_startup_leaves_no_queue_behind),
		cmocka_unit_test(
			test_every_few_seconds_the_round_trip_is_measured_with_little_in_flight),
		cmocka_unit_test(test_more_bandwidth_is_found_and_less_is_obeyed),
		cmocka_unit_test(test_shallow_queue_costs_few_losses_and_little_rate),
		cmocka_unit_test(test_gains_are_the_drafts_in_the_drafts_order),
		cmocka_unit_test(
			test_a_probe_ends_above_two_percent_of_loss_and_three_tenths_go),
		cmocka_unit_test(
			test_losses_while_not_probing_take_three_tenths_off_rate_and_window),
		cmocka_unit_test(test_rate_is_what_was_delivered_over_the_longer_of_two_times),
		cmocka_unit_test(test_a_sample_shorter_than_a_round_trip_is_none),
		cmocka_unit_test(test_application_limited_samples_are_marked_until_they_are_through),
		cmocka_unit_test(test_packets_leave_at_the_rate_and_the_first_ten_at_once),
		cmocka_unit_test(
			test_rate_is_a_window_per_round_trip_and_a_packet_a_millisecond_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
