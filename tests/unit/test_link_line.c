/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The line behind the delay: cells, traces, disciplines. What follows from the words exactly is held
 * exactly; CoDel against RFC 8289's law, FQ-CoDel against what RFC 8290 promises.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/link/ip.h"
#include "harness/link/trace.h"
#include "tests/unit/link_words.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

static uint8_t frame_bytes[2000];

static void push(struct link_pipe *p, uint64_t now_ns, size_t len)
{
	assert_int_equal(link_pipe_push(p, now_ns, frame_bytes, len, NULL), 0);
}

/* When the next frame comes out, as a punctual caller sees it; UINT64_MAX if none does. */
static uint64_t next_out(struct link_pipe *p, uint32_t *len)
{
	for (uint64_t at; (at = link_pipe_next_at(p)) != UINT64_MAX;) {
		struct link_frame *f = link_pipe_pop(p, at);

		if (!f)
			continue;
		assert_int_equal(f->at_ns, at);
		if (len)
			*len = f->len;
		link_pipe_free_frame(p, f);
		return at;
	}
	return UINT64_MAX;
}

struct timing {
	const char *name, *words;
	uint64_t now_us[6];
	size_t len[6];
	uint64_t at_us[6];
	int n;
};

/* 1000 bytes at 8 mbit take 1 ms. */
static const struct timing timing_rows[] = {
	{ "overhead is on the line", "rate 8mbit 100", { 0, 0 }, { 900, 900 }, { 1000, 2000 }, 2 },
	{ "less than nothing is nothing", "rate 8mbit -100", { 0 }, { 60 }, { 0 }, 1 },
	{ "cells are filled", "rate 8mbit 0 500", { 0, 0 }, { 501, 500 }, { 1000, 1500 }, 2 },
	{ "each cell has its overhead", "rate 8mbit 0 400 100", { 0 }, { 800 }, { 1000 }, 1 },
	{ "all three", "rate 8mbit 10 400 100", { 0 }, { 791 }, { 1500 }, 1 },
	{ "the same with a discipline", "rate 8mbit 10 400 100 queue droptail 9 packets", { 0 },
	  { 791 }, { 1500 }, 1 },
	{ "one after the other through a queue", "rate 8mbit queue droptail 9 packets", { 7, 7, 7 },
	  { 1000, 1000, 100 }, { 1007, 2007, 2107 }, 3 },
	{ "the delay is before the queue", "delay 3ms rate 8mbit queue droptail 9 packets",
	  { 0, 0, 100 }, { 1000, 1000, 1000 }, { 4000, 5000, 6000 }, 3 },
	{ "who leaves makes room for who comes", "delay 1ms rate 8mbit queue droptail 1 packets",
	  { 0, 0, 1000 }, { 1000, 1000, 1000 }, { 2000, 3000, 4000 }, 3 },
	{ "an idle line owes nothing", "rate 8mbit queue codel", { 0, 10000, 10000 },
	  { 1000, 1000, 1000 }, { 1000, 11000, 12000 }, 3 },
	{ "a slot opens a while after a frame came", "slot 2ms", { 0, 1000, 5000 },
	  { 100, 100, 100 }, { 2000, 2000, 7000 }, 3 },
	{ "a slot takes its bytes", "slot 2ms bytes 150", { 0, 0, 0 }, { 100, 100, 100 },
	  { 2000, 2000, 4000 }, 3 },
	{ "a slot is behind the delay", "delay 1ms slot 2ms", { 0 }, { 100 }, { 3000 }, 1 },
	{ "a slot is before the line", "rate 8mbit slot 2ms queue droptail 9 packets", { 0, 0 },
	  { 1000, 1000 }, { 3000, 4000 }, 2 },
};

static void test_timing(void **state)
{
	const struct timing *row = *state;
	struct link_pipe *p = pipe_of(row->words);

	for (int i = 0; i < row->n; i++)
		push(p, row->now_us[i] * 1000, row->len[i]);
	for (int i = 0; i < row->n; i++)
		assert_int_equal(next_out(p, NULL), row->at_us[i] * 1000);
	assert_int_equal(link_pipe_held(p), 0);
	link_pipe_free(p);
}

/* A caller who is late, or asks in between, gets the same frames at the same times. */
static void test_a_late_caller_gets_what_a_punctual_one_gets(void **state)
{
	const char *words = *state;
	struct link_pipe *a = pipe_of(words), *b = pipe_of(words);
	static uint64_t at[20000];
	size_t n = 0, k = 0;
	uint32_t x = 5;
	uint64_t now = 0;
	struct link_frame *f;

	for (int i = 0; i < 5000; i++) {
		x = x * 1664525 + 1013904223;
		now += (x >> 8) % 1500000;
		while (link_pipe_next_at(a) <= now) {
			uint64_t then = link_pipe_next_at(a);

			while ((f = link_pipe_pop(a, then))) {
				at[n++] = f->at_ns;
				link_pipe_free_frame(a, f);
			}
		}
		push(a, now, 100 + x % 1400);
		push(b, now, 100 + x % 1400);
	}
	while ((f = link_pipe_pop(a, UINT64_MAX))) {
		at[n++] = f->at_ns;
		link_pipe_free_frame(a, f);
	}
	while ((f = link_pipe_pop(b, UINT64_MAX))) {
		assert_true(k < n);
		assert_int_equal(f->at_ns, at[k]);
		k++;
		link_pipe_free_frame(b, f);
	}
	assert_int_equal(k, n);
	assert_true(n > 1000);
	link_pipe_free(a);
	link_pipe_free(b);
}

static void test_drop_tail_holds_so_many(void **state)
{
	static const struct {
		const char *words;
		uint64_t held;
	} rows[] = {
		{ "rate 8bit queue droptail 10 packets", 11 },	/* and the one on the line */
		{ "rate 8bit queue droptail 10000 bytes", 11 },
		{ "rate 8bit queue droptail 10999 bytes", 11 },
		{ "rate 8bit queue codel limit 10", 11 },
		{ "rate 8bit queue 10", 10 },
		{ "rate 8bit limit 5 delay 1s queue codel", 5 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct link_pipe *p = pipe_of(rows[i].words);
		const struct link_stats *s = link_model_stats(link_pipe_model(p));

		for (int k = 0; k < 50; k++) {
			push(p, (uint64_t)k, 1000);
			assert_null(link_pipe_pop(p, (uint64_t)k));
		}
		assert_int_equal(link_pipe_held(p), rows[i].held);
		assert_int_equal(s->drops[LINK_DROP_QUEUE], 50 - rows[i].held);
		assert_int_equal(s->delivered - s->withdrawn, rows[i].held);
		link_pipe_free(p);
	}
}

/*
 * A queue that is always full of one flow: from the moment the stay has been above the target for an
 * interval, drop k comes interval / sqrt(k) after the one before (RFC 8289 5.3), to the precision of
 * one frame on the line.
 */
static void test_codel_drops_by_the_law_of_the_root(void **state)
{
	bool marks = *(bool *)*state;
	struct link_pipe *p = pipe_of(marks ? "rate 8mbit queue codel limit 100000 ecn"
					    : "rate 8mbit queue codel limit 100000");
	const struct link_stats *s = link_model_stats(link_pipe_model(p));
	struct tcp_frame f = tcp_frame(1, 16, 1, 1000 - TCP_HEADERS, 2);
	uint64_t seen = 0, next_ns = 0, now = 0, count = 0, other;

	/* Two frames come for each that goes; the stay grows past 5 ms at once and stays there. */
	for (uint64_t i = 0; i < 20000; i++) {
		now = i * MS / 2;
		while (link_pipe_next_at(p) <= now) {
			struct link_frame *out = link_pipe_pop(p, link_pipe_next_at(p));

			if (!out)
				continue;
			if (marks)
				assert_int_equal(sum_of(out->data + 14, 20), 0xffff);
			link_pipe_free_frame(p, out);
			other = marks ? s->marked : s->drops[LINK_DROP_CODEL];
			while (seen < other) {
				/* The law's moment is before this frame began and not one before. */
				if (count > 0 && (out->at_ns + MS < next_ns || out->at_ns > next_ns + 4 * MS))
					fail_msg("drop %llu at %llu us, not at %llu us",
						 (unsigned long long)count + 1,
						 (unsigned long long)(out->at_ns / 1000),
						 (unsigned long long)(next_ns / 1000));
				if (count == 0) {
					/* above target after 10 ms of it, an interval later */
					assert_in_range(out->at_ns, 105 * MS, 125 * MS);
					next_ns = out->at_ns;
				}
				count++;
				seen++;
				next_ns += (uint64_t)(100e6 / sqrt((double)count));
			}
		}
		assert_int_equal(link_pipe_push(p, now, f.bytes, f.len, NULL), 0);
	}
	assert_true(count > 500);
	assert_int_equal(marks ? s->drops[LINK_DROP_CODEL] : s->marked, 0);
	link_pipe_free(p);
}

static void test_a_queue_that_empties_is_left_alone_by_codel(void **state)
{
	struct link_pipe *p = pipe_of("rate 8mbit queue codel");

	(void)state;
	/* Bursts of 30 ms every 40 ms: long stays, and each time an empty queue. */
	for (uint64_t burst = 0; burst < 200; burst++) {
		for (int i = 0; i < 30; i++)
			push(p, burst * 40 * MS, 1000);
		for (int i = 0; i < 30; i++)
			assert_int_equal(next_out(p, NULL), burst * 40 * MS + ((uint64_t)i + 1) * MS);
	}
	assert_int_equal(link_model_stats(link_pipe_model(p))->withdrawn, 0);
	link_pipe_free(p);
}

/* Eight floods and one flow that sends now and then: equal shares, and the sparse one goes first. */
static void test_fair_queueing_shares_alike_and_lets_the_sparse_pass(void **state)
{
	struct link_pipe *p = pipe_of("rate 80mbit queue fq_codel limit 100000 flows 1024 noecn");
	uint64_t bytes[9] = { 0 }, now, worst = 0;
	struct link_frame *out;

	(void)state;
	for (uint64_t i = 0; i < 100000; i++) {
		struct tcp_frame f = tcp_frame(1000 + (unsigned int)(i % 8), 16, 1,
					       i % 8 < 4 ? 1000 - TCP_HEADERS : 300 - TCP_HEADERS, 0);

		now = i * 20 * US;
		while ((out = link_pipe_pop(p, now))) {
			unsigned int flow = ((unsigned int)out->data[34] << 8 | out->data[35]) - 1000;
			uint64_t stay = out->at_ns - out->ready_ns;

			if (flow == 8)
				worst = stay > worst ? stay : worst;
			else if (now > 500 * MS)
				bytes[flow] += out->len;
			link_pipe_free_frame(p, out);
		}
		assert_int_equal(link_pipe_push(p, now, f.bytes, f.len, NULL), 0);
		if (i % 1000 == 0) {
			f = tcp_frame(1008, 16, 1, 100, 0);
			assert_int_equal(link_pipe_push(p, now, f.bytes, f.len, NULL), 0);
		}
	}
	/* A new flow goes first (RFC 8290 4.2): it waits for the frame on the line, 100 us, and itself. */
	assert_in_range(worst, 1, 200 * US);
	for (int i = 1; i < 8; i++)
		assert_near("a flow's bytes", (double)bytes[i], (double)bytes[0], 0, 1,
			    0.02 * (double)bytes[0]);
	link_pipe_free(p);
}

static void test_the_fattest_flow_pays_for_a_full_queue(void **state)
{
	struct link_pipe *p = pipe_of("rate 8bit queue fq_codel limit 100");
	struct tcp_frame thin = tcp_frame(1, 16, 1, 100, 0), fat = tcp_frame(2, 16, 1, 1000, 0);

	(void)state;
	for (int i = 0; i < 20; i++)
		assert_int_equal(link_pipe_push(p, 0, thin.bytes, thin.len, NULL), 0);
	for (int i = 0; i < 500; i++)
		assert_int_equal(link_pipe_push(p, 0, fat.bytes, fat.len, NULL), 0);
	assert_int_equal(link_model_stats(link_pipe_model(p))->withdrawn, 520 - link_pipe_held(p));
	assert_in_range(link_pipe_held(p), 30, 101);
	assert_true(link_pipe_held(p) - 20 < 82);
	link_pipe_free(p);
}

static const char *trace_file(const char *text)
{
	static char name[64];
	static int n;
	FILE *f;

	snprintf(name, sizeof(name), "test_link_line-%d.trace", n++);
	f = fopen(name, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
	return name;
}

static struct link_pipe *traced(const char *text, const char *more)
{
	char words[256];
	const char *name = trace_file(text);
	struct link_pipe *p;

	snprintf(words, sizeof(words), "trace %s %s", name, more);
	p = pipe_of(words);
	remove(name);
	return p;
}

/* Frames whose IP packet is n bytes. */
static void push_ip(struct link_pipe *p, uint64_t now_ns, unsigned int n)
{
	struct tcp_frame f = tcp_frame(1, 16, 1, n - 40, 0);

	assert_int_equal(link_pipe_push(p, now_ns, f.bytes, f.len, NULL), 0);
}

static void test_a_trace_gives_1500_bytes_at_each_of_its_moments(void **state)
{
	struct link_pipe *p = traced("1\n3\n3\n10\n", "");

	(void)state;
	for (int i = 0; i < 6; i++)
		push_ip(p, 5 * MS, 1500);
	/* It begins with the first frame; after 10 ms it begins again. */
	assert_int_equal(next_out(p, NULL), 6 * MS);
	assert_int_equal(next_out(p, NULL), 8 * MS);
	assert_int_equal(next_out(p, NULL), 8 * MS);
	assert_int_equal(next_out(p, NULL), 15 * MS);
	assert_int_equal(next_out(p, NULL), 16 * MS);
	assert_int_equal(next_out(p, NULL), 18 * MS);
	assert_int_equal(next_out(p, NULL), UINT64_MAX);
	link_pipe_free(p);
}

static void test_what_a_moment_has_left_goes_to_who_waits_and_then_is_lost(void **state)
{
	struct link_pipe *p = traced("1\n2\n3\n", "");

	(void)state;
	push_ip(p, 0, 1000);
	push_ip(p, 0, 1000);	/* 500 of the first moment, 500 of the second */
	push_ip(p, 0, 400);
	assert_int_equal(next_out(p, NULL), 1 * MS);
	assert_int_equal(next_out(p, NULL), 2 * MS);
	assert_int_equal(next_out(p, NULL), 2 * MS);
	push_ip(p, 2 * MS + 1, 700);	/* the rest of the second is gone */
	assert_int_equal(next_out(p, NULL), 3 * MS);
	push_ip(p, 3 * MS + 1, 1500);
	push_ip(p, 3 * MS + 1, 1500);
	assert_int_equal(next_out(p, NULL), 4 * MS);
	assert_int_equal(next_out(p, NULL), 5 * MS);
	link_pipe_free(p);
}

static void test_a_trace_has_a_queue_with_a_limit(void **state)
{
	struct link_pipe *p = traced("1000\n", "queue 3"), *q = traced("1000\n", "queue droptail 3 packets");

	(void)state;
	for (int i = 0; i < 5; i++) {
		push_ip(p, 0, 1500);
		push_ip(q, 0, 1500);
	}
	assert_int_equal(link_pipe_held(p), 3);
	link_pipe_free(p);
	for (int i = 0; i < 3; i++)
		assert_int_equal(next_out(q, NULL), (uint64_t)(i + 1) * 1000 * MS);
	assert_int_equal(next_out(q, NULL), UINT64_MAX);
	link_pipe_free(q);
}

/* Opportunities asked for by time, against counting by hand. */
static void test_the_first_opportunity_is_found(void **state)
{
	const char *name = trace_file("0\n0\n2\n5\n5\n9\n");
	char err[LINK_ERR_TEXT];
	const struct link_trace *t = link_trace_get(name, err, sizeof(err));

	(void)state;
	assert_non_null(t);
	remove(name);
	for (uint64_t us = 0; us < 40000; us += 250) {
		uint64_t k = 0;

		while (link_trace_at_ns(t, k) < us * 1000)
			k++;
		assert_int_equal(link_trace_first(t, us * 1000), k);
	}
}

static void test_words_that_change_lose_no_frame(void **state)
{
	static const char *const words[] = {
		"rate 1mbit queue codel", "rate 1mbit queue fq_codel", "delay 1ms", "slot 1ms", "",
		"rate 10mbit queue droptail 50 packets", "rate 5mbit", "rate 2mbit slot 1ms queue codel",
	};
	struct link_pipe *p = pipe_of("");
	uint64_t got = 0;

	(void)state;
	for (uint64_t i = 0; i < 800; i++) {
		struct link_spec s = spec_of(words[i % ARRAY_LEN(words)]);
		struct link_frame *f;

		assert_int_equal(link_pipe_update(p, &s), 0);
		push(p, i * 100 * US, 100);
		while ((f = link_pipe_pop(p, i * 100 * US))) {
			got++;
			link_pipe_free_frame(p, f);
		}
	}
	while (next_out(p, NULL) != UINT64_MAX)
		got++;
	assert_int_equal(got + link_model_stats(link_pipe_model(p))->withdrawn, 800);
	assert_true(got > 100);
	link_pipe_free(p);
}

static void test_queued_frames_are_counted_with_any_discipline(void **state)
{
	struct link_pipe *p = pipe_of("delay 1ms rate 8mbit queue codel");
	struct link_occupancy o;

	(void)state;
	for (int i = 0; i < 4; i++)
		push(p, 0, 1000);
	link_pipe_occupancy(p, 0, &o);
	assert_int_equal(o.delayed_packets, 4);
	assert_int_equal(o.queued_packets, 0);
	link_pipe_occupancy(p, 1 * MS, &o);
	assert_int_equal(o.queued_packets, 4);
	assert_int_equal(o.queued_bytes, 4000);
	link_pipe_occupancy(p, 3 * MS, &o);
	assert_int_equal(o.queued_packets, 2);
	assert_int_equal(o.delayed_packets, 0);
	link_pipe_free(p);
}

static char *const late[] = {
	"rate 8mbit queue codel", "rate 8mbit queue fq_codel limit 50", "slot 1ms 4ms packets 5",
	"delay 5ms jitter 4ms rate 8mbit queue droptail 20 packets", "rate 8mbit slot 3ms queue codel",
};

int main(void)
{
	static bool marks[] = { false, true };
	struct CMUnitTest tests[60] = {
		cmocka_unit_test(test_drop_tail_holds_so_many),
		cmocka_unit_test(test_a_queue_that_empties_is_left_alone_by_codel),
		cmocka_unit_test(test_fair_queueing_shares_alike_and_lets_the_sparse_pass),
		cmocka_unit_test(test_the_fattest_flow_pays_for_a_full_queue),
		cmocka_unit_test(test_a_trace_gives_1500_bytes_at_each_of_its_moments),
		cmocka_unit_test(test_what_a_moment_has_left_goes_to_who_waits_and_then_is_lost),
		cmocka_unit_test(test_a_trace_has_a_queue_with_a_limit),
		cmocka_unit_test(test_the_first_opportunity_is_found),
		cmocka_unit_test(test_words_that_change_lose_no_frame),
		cmocka_unit_test(test_queued_frames_are_counted_with_any_discipline),
		{ "CoDel drops by the law of the root", test_codel_drops_by_the_law_of_the_root, NULL,
		  NULL, &marks[0] },
		{ "CoDel marks by the law of the root", test_codel_drops_by_the_law_of_the_root, NULL,
		  NULL, &marks[1] },
	};
	static char names[ARRAY_LEN(late)][120];
	size_t n = 12;

	for (size_t i = 0; i < ARRAY_LEN(timing_rows); i++)
		tests[n++] = (struct CMUnitTest){ timing_rows[i].name, test_timing, NULL, NULL,
						  (void *)(uintptr_t)&timing_rows[i] };
	for (size_t i = 0; i < ARRAY_LEN(late); i++) {
		snprintf(names[i], sizeof(names[i]), "late callers get the same: %s", late[i]);
		tests[n++] = (struct CMUnitTest){ names[i],
						  test_a_late_caller_gets_what_a_punctual_one_gets,
						  NULL, NULL, late[i] };
	}
	return _cmocka_run_group_tests("link_line", tests, n, NULL, NULL);
}
