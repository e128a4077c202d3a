/* SPDX-License-Identifier: BSD-2-Clause */
/* The leaves of a lab's run: draws against their theory, percentiles, the clock, round trips and
 * retransmissions as a sender's device sees them, a segment in words, JSON that reads back. */
#define _GNU_SOURCE
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/lab/clock.h"
#include "harness/lab/draw.h"
#include "harness/lab/hist.h"
#include "harness/lab/jout.h"
#include "harness/lab/text.h"
#include "harness/lab/way.h"

/* ---- draws ------------------------------------------------------------------------------------- */

enum { DRAWS = 200000 };

/* Six standard errors: a right distribution fails once in 5e8 seeds; this seed does not. */
static void test_draws_have_the_mean_and_the_bounds_of_their_distribution(void **state)
{
	double values[] = { 1, 10, 100 };
	const struct lab_draw draws[] = {
		{ .dist = LAB_CONSTANT, .a = 7 },
		{ .dist = LAB_UNIFORM, .a = 2, .b = 9 },
		{ .dist = LAB_EXPONENTIAL, .a = 0.3 },
		{ .dist = LAB_PARETO, .a = 100, .b = 10000, .c = 1.2 },
		{ .dist = LAB_PARETO, .a = 100, .b = 10000, .c = 1 },
		{ .dist = LAB_LOGNORMAL, .a = 50, .b = 400, .c = 1 },
		{ .dist = LAB_CHOICE, .value = values, .nvalue = 3 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(draws) / sizeof(draws[0]); i++) {
		const struct lab_draw *d = &draws[i];
		struct sim_rand r = sim_rand_of(5, i);
		double sum = 0, squares = 0, mean, deviation;

		for (unsigned k = 0; k < DRAWS; k++) {
			double x = lab_draw(d, &r);

			assert_true(x > 0);
			if (d->dist == LAB_UNIFORM || d->dist == LAB_PARETO)
				assert_true(x >= d->a && x <= d->b);
			if (d->dist == LAB_LOGNORMAL)
				assert_true(x <= d->b);
			sum += x;
			squares += x * x;
		}
		mean = sum / DRAWS;
		deviation = sqrt(fmax(squares / DRAWS - mean * mean, 0));
		if (fabs(mean - lab_draw_mean(d)) > 6 * deviation / sqrt(DRAWS) + 1e-9)
			fail_msg("draw %zu has the mean %g, and should have %g", i, mean,
				 lab_draw_mean(d));
	}
}

/* The share below a point in the middle, where a wrong formula shows although its mean is right. */
static void test_draws_have_the_median_of_their_distribution(void **state)
{
	const struct {
		struct lab_draw draw;
		double median;
	} rows[] = {
		{ { .dist = LAB_UNIFORM, .a = 2, .b = 9 }, 5.5 },
		{ { .dist = LAB_EXPONENTIAL, .a = 0.3 }, 0.3 * 0.6931471805599453 },
		{ { .dist = LAB_LOGNORMAL, .a = 50, .b = 1e9, .c = 1 }, 50 },
		/* F(x) = (1 - a/x) / (1 - a/b) for a shape of 1 */
		{ { .dist = LAB_PARETO, .a = 100, .b = 10000, .c = 1 }, 100 / (1 - 0.99 / 2) },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sim_rand r = sim_rand_of(6, i);
		unsigned below = 0;

		for (unsigned k = 0; k < DRAWS; k++)
			below += lab_draw(&rows[i].draw, &r) < rows[i].median;
		if (fabs(below - DRAWS / 2.0) > 6 * sqrt(DRAWS / 4.0))
			fail_msg("row %zu: %u of %u are below the median", i, below, DRAWS);
	}
}

static void test_a_draw_takes_two_numbers_whatever_it_is(void **state)
{
	const struct lab_draw constant = { .dist = LAB_CONSTANT, .a = 7 };
	const struct lab_draw normal = { .dist = LAB_LOGNORMAL, .a = 50, .b = 400, .c = 1 };
	struct sim_rand a = sim_rand_of(1, 1), b = a;

	(void)state;
	(void)lab_draw(&constant, &a);
	(void)lab_draw(&normal, &b);
	assert_true(a.n == 2 && b.n == 2);
}

/* ---- percentiles ---------------------------------------------------------------------------------- */

static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void test_percentiles_are_within_a_hundredth_of_a_sorted_list(void **state)
{
	enum { N = 5000 };
	static const double shares[] = { 0.01, 0.5, 0.95, 0.99, 1 };
	uint64_t *list = calloc(N, sizeof(*list));
	struct sim_rand r = sim_rand_of(3, 3);
	struct lab_hist h = { .n = 0 };

	(void)state;
	for (unsigned i = 0; i < N; i++) {
		list[i] = sim_rand_log(&r, 1, 1ull << 40);
		lab_hist_add(&h, list[i], 1);
	}
	qsort(list, N, sizeof(*list), by_size);
	assert_true(h.least == list[0] && h.most == list[N - 1]);
	for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
		double want = (double)list[(size_t)ceil(shares[i] * N) - 1];
		double have = (double)lab_hist_at(&h, shares[i]);

		if (fabs(have - want) > want / 100)
			fail_msg("%g of them are up to %g, and should be up to %g", shares[i], have, want);
	}
	free(list);
	lab_hist_free(&h);
}

static void test_small_numbers_and_repeats_are_exact(void **state)
{
	struct lab_hist h = { .n = 0 };

	(void)state;
	assert_int_equal(lab_hist_at(&h, 0.5), 0);
	lab_hist_add(&h, 0, 94);
	lab_hist_add(&h, 200, 5);
	lab_hist_add(&h, 201, 1);
	assert_int_equal(lab_hist_at(&h, 0.94), 0);
	assert_int_equal(lab_hist_at(&h, 0.95), 200);
	assert_int_equal(lab_hist_at(&h, 1), 201);
	assert_int_equal(lab_hist_at(&h, 0.945), 200); /* the rank is rounded up */
	assert_true(h.sum == 1201 && h.n == 100);
	lab_hist_free(&h);
}

/* ---- the clock ------------------------------------------------------------------------------------- */

struct heard {
	uint64_t arg[64];
	unsigned n;
	struct lab_clock *clock;
};

static void hear(void *ctx, uint64_t arg)
{
	struct heard *h = ctx;

	h->arg[h->n++] = arg;
	if (arg == 100) /* asks for more at the same moment */
		lab_clock_at(h->clock, 5, hear, h, 101);
}

static void test_calls_come_by_time_and_then_in_the_order_asked_for(void **state)
{
	static const uint64_t at[] = { 9, 5, 7, 5, 1, 9 }, order[] = { 4, 1, 3, 2, 0, 5 };
	struct lab_clock c = { .n = 0 };
	struct heard h = { .clock = &c };

	(void)state;
	for (unsigned i = 0; i < 6; i++)
		lab_clock_at(&c, at[i], hear, &h, i);
	assert_int_equal(lab_clock_next(&c), 1);
	lab_clock_run(&c, 8);
	assert_int_equal(h.n, 4);
	lab_clock_run(&c, 9);
	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(h.arg[i], order[i]);
	assert_true(lab_clock_next(&c) == UINT64_MAX);
	lab_clock_at(&c, 5, hear, &h, 100);
	lab_clock_run(&c, 9);
	assert_int_equal(h.arg[h.n - 1], 101);
	lab_clock_free(&c);
}

/* ---- round trips ------------------------------------------------------------------------------------- */

enum { FIRST = 0xfffffff0u, PEER = 7 };

static struct lab_segment data(uint32_t seq, uint32_t len)
{
	return (struct lab_segment){ .seq = FIRST + seq, .len = len, .flags = LAB_ACK, .wscale = -1 };
}

static struct lab_segment ack(uint32_t to)
{
	return (struct lab_segment){ .ack = FIRST + to, .flags = LAB_ACK, .wscale = -1 };
}

static struct lab_segment sack(uint32_t to, uint32_t from, uint32_t end)
{
	struct lab_segment s = ack(to);

	s.nsack = 1;
	s.sack[0][0] = FIRST + from;
	s.sack[0][1] = FIRST + end;
	return s;
}

static struct lab_way sent_until(uint32_t n)
{
	struct lab_segment syn = { .seq = FIRST, .flags = LAB_SYN, .wscale = 3 };
	struct lab_way w = { .known = false };

	assert_false(lab_way_sent(&w, &syn, 10));
	for (uint32_t i = 0; i < n; i++) {
		struct lab_segment s = data(1 + 100 * i, 100);

		assert_false(lab_way_sent(&w, &s, 1000 + i));
	}
	return w;
}

static uint64_t acked(struct lab_way *w, struct lab_segment s, uint64_t now)
{
	return lab_way_acked(w, &s, now);
}

static void test_a_round_trip_is_that_of_the_newest_segment_acknowledged(void **state)
{
	struct lab_way w = sent_until(40);

	(void)state;
	assert_int_equal(w.wscale, 3);
	assert_int_equal(acked(&w, ack(1), 500), 0); /* SYN's is none */
	assert_int_equal(acked(&w, ack(201), 1500), 1500 - 1001);
	assert_int_equal(acked(&w, ack(201), 1600), 0);
	assert_int_equal(acked(&w, ack(251), 1600), 0); /* half of one */
	assert_int_equal(acked(&w, ack(4001), 3000), 3000 - 1039);
	assert_int_equal(acked(&w, ack(4002), 3000), 0); /* never sent */
	lab_way_free(&w);
}

static void test_what_was_sent_again_gives_no_round_trip(void **state)
{
	struct lab_way w = sent_until(4);
	struct lab_segment again = data(101, 100);

	(void)state;
	assert_true(lab_way_sent(&w, &again, 2000));
	assert_int_equal(acked(&w, ack(201), 2500), 0);
	assert_int_equal(acked(&w, ack(401), 2600), 2600 - 1003);
	lab_way_free(&w);
}

static void test_a_selective_acknowledgment_counts_once(void **state)
{
	struct lab_way w = sent_until(6);
	struct lab_segment again = data(1, 100);

	(void)state;
	assert_int_equal(acked(&w, sack(1, 201, 401), 1500), 1500 - 1003);
	assert_int_equal(acked(&w, sack(1, 201, 401), 1600), 0);
	assert_int_equal(acked(&w, sack(1, 201, 501), 1700), 1700 - 1004);
	assert_int_equal(acked(&w, sack(1, 1, 101), 1750), 1750 - 1000);
	assert_true(lab_way_sent(&w, &again, 1800));
	/* The hole is filled: 301..500 were told of before. */
	assert_int_equal(acked(&w, ack(501), 1900), 0);
	/* What is below the acknowledgment is a duplicate's (RFC 2883). */
	assert_int_equal(acked(&w, sack(501, 1, 101), 1950), 0);
	assert_int_equal(acked(&w, ack(601), 2000), 2000 - 1005);
	lab_way_free(&w);
}

static void test_numbers_count_from_syn_across_the_wrap(void **state)
{
	struct lab_way w = sent_until(1);

	(void)state;
	assert_int_equal(lab_way_seq(&w, FIRST), 0);
	assert_int_equal(lab_way_seq(&w, FIRST + 1), 1);
	assert_int_equal(lab_way_seq(&w, FIRST + 101), 101);
	for (uint32_t i = 1; i < 70000; i++) {
		struct lab_segment s = data(1 + 100000u * i, 100000);

		(void)lab_way_sent(&w, &s, i);
		(void)acked(&w, ack(1 + 100000u * (i + 1)), i + 1);
	}
	assert_true(w.highest == 1 + 100000ull * 70000);
	lab_way_free(&w);
}

/* ---- words and JSON ------------------------------------------------------------------------------------ */

static void test_a_segment_in_words(void **state)
{
	static const uint8_t frame[] = {
		2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0,			     /* Ethernet */
		0x45, 0, 0, 67, 0, 0, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, /* IPv4 */
		0x27, 0x10, 4, 0, 0xff, 0xff, 0xff, 0xf1, 0, 0, 0, 8, 0xb0, 0x18, 2, 0, 0, 0, 0, 0,
		1, 1, 5, 10, 0, 0, 0, 108, 0, 0, 0, 208, 8, 10, 0, 0, 0, 9, 0, 0, 0, 4, 0, 0,
		'a', 'b', 'c',
	};
	struct lab_way own = sent_until(1), peer = { .known = true, .first = PEER, .highest = 300 };
	struct lab_segment s;
	char text[LAB_TEXT_MAX];

	(void)state;
	assert_true(lab_segment_read(&s, frame, sizeof(frame)));
	assert_true(s.from == 10000 && s.to == 1024 && s.len == 3 && s.nsack == 1);
	lab_text(text, '>', &s, &own, &peer);
	assert_string_equal(text, "> P. 1:4(3) ack 1 win 512 <nop,nop,sack 101:201,TS val 9 ecr 4>");
	for (size_t cut = 0; cut < sizeof(frame); cut++) /* read no further than it is */
		assert_false(lab_segment_read(&s, frame, cut));
	lab_way_free(&own);
}

static void test_doubles_read_back_as_they_were_in_few_digits(void **state)
{
	static const struct {
		double value;
		const char *text;
	} rows[] = { { 0.1, "0.1" }, { 1, "1.0" }, { 0.0401056, "0.0401056" }, { 1e22, "1e+22" },
		     { NAN, "null" }, { 1.0 / 3, NULL }, { 5e-324, NULL }, { 0.1 + 0.2, NULL } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *text = NULL;
		size_t len;
		struct lab_jout j = { .f = open_memstream(&text, &len) };

		lab_jout_real(&j, NULL, rows[i].value);
		fclose(j.f);
		if (rows[i].text)
			assert_string_equal(text, rows[i].text);
		else
			assert_true(strtod(text, NULL) == rows[i].value);
		free(text);
	}
}

static void test_objects_and_lists_nest(void **state)
{
	char *text = NULL;
	size_t len;
	struct lab_jout j = { .f = open_memstream(&text, &len) };

	(void)state;
	lab_jout_open(&j, NULL, '{');
	lab_jout_text(&j, "a", "\"\\\n");
	lab_jout_open(&j, "b", '[');
	lab_jout_whole(&j, NULL, UINT64_MAX);
	lab_jout_open(&j, NULL, '{');
	lab_jout_close(&j, '}');
	lab_jout_close(&j, ']');
	lab_jout_bool(&j, "c", true);
	lab_jout_close(&j, '}');
	fclose(j.f);
	assert_string_equal(text, "{\"a\":\"\\\"\\\\\\u000a\",\"b\":[18446744073709551615,{}],\"c\":true}");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_draws_have_the_mean_and_the_bounds_of_their_distribution),
		cmocka_unit_test(test_draws_have_the_median_of_their_distribution),
		cmocka_unit_test(test_a_draw_takes_two_numbers_whatever_it_is),
		cmocka_unit_test(test_percentiles_are_within_a_hundredth_of_a_sorted_list),
		cmocka_unit_test(test_small_numbers_and_repeats_are_exact),
		cmocka_unit_test(test_calls_come_by_time_and_then_in_the_order_asked_for),
		cmocka_unit_test(test_a_round_trip_is_that_of_the_newest_segment_acknowledged),
		cmocka_unit_test(test_what_was_sent_again_gives_no_round_trip),
		cmocka_unit_test(test_a_selective_acknowledgment_counts_once),
		cmocka_unit_test(test_numbers_count_from_syn_across_the_wrap),
		cmocka_unit_test(test_a_segment_in_words),
		cmocka_unit_test(test_doubles_read_back_as_they_were_in_few_digits),
		cmocka_unit_test(test_objects_and_lists_nest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
