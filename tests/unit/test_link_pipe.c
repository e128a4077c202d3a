/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames in flight: random traffic against the obvious implementation, a sorted array. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/link/pipe.h"

#define MS 1000000ull

enum { WORDS_MAX = 40 };

static struct link_pipe *pipe_of(const char *line)
{
	struct link_spec s;
	struct link_pipe *p;
	char copy[256], err[LINK_ERR_TEXT];
	const char *word[WORDS_MAX];
	int n = 0;

	link_spec_init(&s);
	snprintf(copy, sizeof(copy), "%s", line);
	for (char *w = strtok(copy, " "); w && n < WORDS_MAX; w = strtok(NULL, " "))
		word[n++] = w;
	if (n > 0 && link_spec_parse(&s, n, word, err, sizeof(err)) != 0)
		fail_msg("%s: %s", line, err);
	p = link_pipe_new(&s, LINK_L2_ETHERNET, LINK_DIR_OUT);
	assert_non_null(p);
	return p;
}

struct expected {
	uint64_t at_ns;
	uint32_t id;
};

static struct expected sorted[4096];
static size_t nsorted;

/* After all that are due at the same time. */
static void insert(uint64_t at_ns, uint32_t id)
{
	size_t i = nsorted++;

	assert_true(nsorted <= sizeof(sorted) / sizeof(sorted[0]));
	for (; i > 0 && sorted[i - 1].at_ns > at_ns; i--)
		sorted[i] = sorted[i - 1];
	sorted[i] = (struct expected){ at_ns, id };
}

static void take_due(struct link_pipe *p, uint64_t now)
{
	struct link_frame *f;
	size_t n = 0;

	while ((f = link_pipe_pop(p, now))) {
		uint32_t id;

		assert_true(n < nsorted);
		memcpy(&id, f->data, sizeof(id));
		assert_int_equal(id, sorted[n].id);
		assert_int_equal(f->at_ns, sorted[n].at_ns);
		assert_int_equal(f->len, 4 + id % 3000);
		n++;
		link_pipe_free_frame(p, f);
	}
	memmove(sorted, sorted + n, (nsorted - n) * sizeof(sorted[0]));
	nsorted -= n;
	assert_int_equal(link_pipe_held(p), nsorted);
	assert_true(link_pipe_next_at(p) == (nsorted ? sorted[0].at_ns : UINT64_MAX));
	assert_true(nsorted == 0 || sorted[0].at_ns > now);
}

static void test_frames_come_out_as_from_a_sorted_array(void **state)
{
	struct link_pipe *p = pipe_of(*state);
	uint8_t bytes[3100] = { 0 };
	uint32_t x = 99;
	uint64_t now = 0;

	nsorted = 0;
	for (uint32_t id = 0; id < 20000; id++) {
		struct link_verdict v;

		x = x * 1664525 + 1013904223;
		now += (x >> 16) % 8 == 0 ? 3 * MS : (x >> 8) % 1000;
		take_due(p, now);
		memcpy(bytes, &id, sizeof(id));
		assert_int_equal(link_pipe_push(p, now, bytes, 4 + id % 3000, &v), 0);
		for (unsigned int c = 0; c < v.n; c++)
			insert(v.copy[c].at_ns, id);
	}
	take_due(p, UINT64_MAX);
	assert_int_equal(nsorted, 0);
	link_pipe_free(p);
}

static void test_the_corrupted_bit_and_no_other_is_inverted(void **state)
{
	struct link_pipe *p = pipe_of("corrupt 100% dup 50%");
	uint8_t bytes[100];

	(void)state;
	for (unsigned int i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7);
	for (int i = 0; i < 1000; i++) {
		struct link_verdict v;

		assert_int_equal(link_pipe_push(p, 0, bytes, sizeof(bytes), &v), 0);
		for (unsigned int c = 0; c < v.n; c++) {
			struct link_frame *f = link_pipe_pop(p, 0);
			uint32_t bit = v.copy[c].flip_bit;

			assert_non_null(f);
			f->data[bit / 8] ^= (uint8_t)(1u << bit % 8);
			assert_memory_equal(f->data, bytes, sizeof(bytes));
			link_pipe_free_frame(p, f);
		}
	}
	link_pipe_free(p);
}

static void test_a_frame_of_ones_own_is_carried_without_a_copy(void **state)
{
	struct link_pipe *p = pipe_of("delay 1ms");
	struct link_frame *f = link_pipe_new_frame(p, 9000);
	uint8_t *data;

	(void)state;
	assert_non_null(f);
	assert_true(f->cap >= 9000);
	memset(f->data - LINK_FRAME_HEADROOM, 0x55, LINK_FRAME_HEADROOM + 9000);
	f->len = 9000;
	data = f->data;
	assert_int_equal(link_pipe_push_take(p, 5, f, NULL), 0);
	assert_null(link_pipe_pop(p, 5 + MS - 1));
	f = link_pipe_pop(p, 5 + MS);
	assert_non_null(f);
	assert_ptr_equal(f->data, data);
	link_pipe_free_frame(p, f);
	link_pipe_free(p);
}

static void test_frames_in_flight_go_with_the_pipe(void **state)
{
	struct link_pipe *p = pipe_of("delay 1s dup 100%");
	uint8_t bytes[3000] = { 0 };

	(void)state;
	for (size_t len = 0; len < 3000; len += 100)
		assert_int_equal(link_pipe_push(p, 0, bytes, len, NULL), 0);
	assert_int_equal(link_pipe_held(p), 60);
	link_pipe_free(p);		/* the sanitizer counts */
}

struct drops {
	int n;
	enum link_drop last;
	uint32_t len;
};

static void note_drop(void *ctx, uint64_t now_ns, const struct link_frame *f,
		      const struct link_verdict *v)
{
	struct drops *d = ctx;

	(void)now_ns;
	d->n++;
	d->last = v->drop;
	d->len = f->len;
}

static void test_dropped_frames_are_shown_with_their_reason(void **state)
{
	struct link_pipe *p = pipe_of("delay 1s queue 1 script drop any 2");
	struct drops d = { 0 };
	uint8_t bytes[100] = { 0 };

	(void)state;
	link_pipe_on_drop(p, note_drop, &d);
	assert_int_equal(link_pipe_push(p, 0, bytes, 60, NULL), 0);
	assert_int_equal(d.n, 0);
	assert_int_equal(link_pipe_push(p, 0, bytes, 61, NULL), 0);
	assert_int_equal(d.last, LINK_DROP_SCRIPT);
	assert_int_equal(d.len, 61);
	assert_int_equal(link_pipe_push(p, 0, bytes, 62, NULL), 0);
	assert_int_equal(d.last, LINK_DROP_QUEUE);
	assert_int_equal(d.len, 62);
	link_pipe_on_drop(p, NULL, NULL);
	assert_int_equal(link_pipe_push(p, 0, bytes, 63, NULL), 0);
	assert_int_equal(d.n, 2);
	link_pipe_free(p);
}

/* 1000 bytes at 8 mbit take 1 ms. */
static void test_what_is_queued_and_what_is_in_delay_is_told_at_any_moment(void **state)
{
	static const struct {
		uint64_t at_us, queued, delayed;
	} rows[] = {
		{ 0, 0, 3 }, { 2999, 0, 3 }, { 3000, 3, 0 }, { 3999, 3, 0 }, { 4000, 2, 0 },
		{ 5999, 1, 0 }, { 6000, 0, 0 },
	};
	struct link_pipe *p = pipe_of("delay 3ms rate 8mbit");
	struct link_occupancy o;
	uint8_t bytes[1000] = { 0 };

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(link_pipe_push(p, 0, bytes, sizeof(bytes), NULL), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		link_pipe_occupancy(p, rows[i].at_us * 1000, &o);
		assert_int_equal(o.queued_packets, rows[i].queued);
		assert_int_equal(o.queued_bytes, rows[i].queued * 1000);
		assert_int_equal(o.delayed_packets, rows[i].delayed);
		assert_int_equal(o.delayed_bytes, rows[i].delayed * 1000);
	}
	link_pipe_free(p);
}

static char *const traffic[] = {
	"", "delay 2ms", "delay 2ms jitter 2ms", "rate 100mbit queue 200",
	"delay 4ms jitter 1ms loss 10% dup 20% reorder 10%", "delay 1ms rate 1gbit dup 100%",
};

enum { TRAFFIC = sizeof(traffic) / sizeof(traffic[0]) };

int main(void)
{
	struct CMUnitTest tests[TRAFFIC + 5] = {
		cmocka_unit_test(test_the_corrupted_bit_and_no_other_is_inverted),
		cmocka_unit_test(test_a_frame_of_ones_own_is_carried_without_a_copy),
		cmocka_unit_test(test_frames_in_flight_go_with_the_pipe),
		cmocka_unit_test(test_dropped_frames_are_shown_with_their_reason),
		cmocka_unit_test(test_what_is_queued_and_what_is_in_delay_is_told_at_any_moment),
	};
	static char names[TRAFFIC][100];

	for (size_t i = 0; i < TRAFFIC; i++) {
		snprintf(names[i], sizeof(names[i]), "frames come out as from a sorted array: %s",
			 traffic[i][0] ? traffic[i] : "clear");
		tests[5 + i] = (struct CMUnitTest){ names[i],
						    test_frames_come_out_as_from_a_sorted_array,
						    NULL, NULL, traffic[i] };
	}
	return cmocka_run_group_tests_name("link_pipe", tests, NULL, NULL);
}
