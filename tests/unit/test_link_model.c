/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The link model: each effect exactly where it is exact, against its theory where it is random.
 * The seeds are fixed, so a random test passes always or never; the bounds are five standard
 * deviations, which a correct model leaves for one seed in 1.7 million.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/link/log.h"
#include "harness/link/model.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define MS 1000000ull

enum { FRAMES = 100000, LEN = 1000, WORDS_MAX = 40 };

static uint8_t frame_bytes[65536];

static struct link_spec spec_of(const char *line)
{
	struct link_spec s;
	char copy[256], err[LINK_ERR_TEXT];
	const char *word[WORDS_MAX];
	int n = 0;

	link_spec_init(&s);
	snprintf(copy, sizeof(copy), "%s", line);
	for (char *w = strtok(copy, " "); w && n < WORDS_MAX; w = strtok(NULL, " "))
		word[n++] = w;
	if (n > 0 && link_spec_parse(&s, n, word, err, sizeof(err)) != 0)
		fail_msg("%s: %s", line, err);
	return s;
}

static struct link_model *model_of(const char *line)
{
	struct link_spec s = spec_of(line);
	struct link_model *m = link_model_new(&s, LINK_L2_ETHERNET, LINK_DIR_IN);

	assert_non_null(m);
	return m;
}

static struct link_verdict give(struct link_model *m, uint64_t now_ns, size_t len)
{
	struct link_verdict v;

	link_model_frame(m, now_ns, frame_bytes, len, &v);
	return v;
}

/* A TCP segment over IPv4 in Ethernet, as far as the classifier looks. */
static struct link_verdict give_tcp(struct link_model *m, uint64_t now_ns, unsigned int flags,
				    uint32_t seq, unsigned int payload)
{
	uint8_t f[1600] = { [12] = 8, [14] = 0x45, [23] = 6, [46] = 0x50 };
	unsigned int total = 40 + payload;
	struct link_verdict v;

	f[16] = (uint8_t)(total >> 8);
	f[17] = (uint8_t)total;
	for (int i = 0; i < 4; i++)
		f[38 + i] = (uint8_t)(seq >> (24 - 8 * i));
	f[47] = (uint8_t)flags;
	link_model_frame(m, now_ns, f, 14 + total, &v);
	return v;
}

/* Binomial: within five standard deviations of n * p. */
static void assert_share(uint64_t count, uint64_t n, double p)
{
	double mean = (double)n * p, sigma = sqrt((double)n * p * (1 - p));

	if (fabs((double)count - mean) > 5 * sigma + 1e-9)
		fail_msg("%llu of %llu, expected %.1f +- %.1f", (unsigned long long)count,
			 (unsigned long long)n, mean, 5 * sigma);
}

struct share {
	const char *name, *words;
	double loss, dup, corrupt, reorder;
};

static const struct share share_rows[] = {
	{ "nothing happens to a clear link", "", 0, 0, 0, 0 },
	{ "loss 1%", "loss 1%", 0.01, 0, 0, 0 },
	{ "loss 20%", "loss 20% seed 9", 0.2, 0, 0, 0 },
	{ "loss 50%", "loss 50%", 0.5, 0, 0, 0 },
	{ "loss 100%", "loss 100%", 1, 0, 0, 0 },
	{ "dup 3%", "dup 3%", 0, 0.03, 0, 0 },
	{ "dup 100%", "dup 100%", 0, 1, 0, 0 },
	{ "corrupt 0.5%", "corrupt 0.5%", 0, 0, 0.005, 0 },
	{ "corrupt 100%", "corrupt 100%", 0, 0, 1, 0 },
	{ "reorder 25%", "delay 10ms reorder 25%", 0, 0, 0, 0.25 },
	{ "reorder 100%", "delay 10ms reorder 100%", 0, 0, 0, 1 },
};

static void test_share(void **state)
{
	const struct share *row = *state;
	struct link_model *m = model_of(row->words);
	const struct link_stats *st = link_model_stats(m);
	uint64_t lost = 0, twice = 0, flipped = 0, early = 0;

	for (uint64_t i = 0; i < FRAMES; i++) {
		struct link_verdict v = give(m, i * 20 * MS, LEN);

		lost += v.n == 0;
		twice += v.n == 2;
		if (v.n == 0)
			continue;
		flipped += v.copy[0].flip_bit != LINK_NO_FLIP;
		if (v.copy[0].flip_bit != LINK_NO_FLIP)
			assert_true(v.copy[0].flip_bit < 8 * LEN);
		early += v.reordered;
		if (row->reorder > 0 && !v.reordered)
			assert_int_equal(v.copy[0].at_ns, i * 20 * MS + 10 * MS);
		else
			assert_int_equal(v.copy[0].at_ns, i * 20 * MS);
	}
	assert_share(lost, FRAMES, row->loss);
	assert_share(twice, FRAMES, row->dup);
	assert_share(flipped, FRAMES, row->corrupt);
	assert_share(early, FRAMES, row->reorder);
	assert_int_equal(st->frames, FRAMES);
	assert_int_equal(st->bytes, (uint64_t)FRAMES * LEN);
	assert_int_equal(st->drops[LINK_DROP_LOSS], lost);
	assert_int_equal(st->duplicated, twice);
	assert_int_equal(st->reordered, early);
	assert_int_equal(st->delivered, FRAMES - lost + twice);
	link_model_free(m);
}

static void test_lost_and_duplicated_at_once_is_delivered_once(void **state)
{
	struct link_model *m = model_of("loss 100% dup 100%");
	struct link_verdict v = give(m, 0, LEN);

	(void)state;
	assert_int_equal(v.n, 1);
	assert_int_equal(v.drop, LINK_DROP_LOSS);
	assert_true(v.duplicated);
	link_model_free(m);
}

static void test_every_bit_is_corrupted_as_often_as_another(void **state)
{
	struct link_model *m = model_of("corrupt 100%");
	unsigned int hits[64 * 8] = { 0 };

	(void)state;
	for (uint64_t i = 0; i < FRAMES; i++)
		hits[give(m, i, 64).copy[0].flip_bit]++;
	for (size_t i = 0; i < ARRAY_LEN(hits); i++)
		assert_share(hits[i], FRAMES, 1.0 / 512);
	link_model_free(m);
}

static void test_jitter_is_uniform_around_the_delay(void **state)
{
	struct link_model *m = model_of("delay 10ms jitter 4ms");
	unsigned int bin[8] = { 0 };

	(void)state;
	for (uint64_t i = 0; i < FRAMES; i++) {
		uint64_t now = i * 20 * MS, took = give(m, now, LEN).copy[0].at_ns - now;

		assert_in_range(took, 6 * MS, 14 * MS - 1);
		bin[(took - 6 * MS) / MS]++;
	}
	for (size_t i = 0; i < ARRAY_LEN(bin); i++)
		assert_share(bin[i], FRAMES, 1.0 / 8);
	link_model_free(m);
}

static void test_jitter_beyond_the_delay_is_cut_at_nought(void **state)
{
	struct link_model *m = model_of("delay 1ms jitter 3ms");
	uint64_t at_once = 0;

	(void)state;
	for (uint64_t i = 0; i < FRAMES; i++)
		at_once += give(m, i * 20 * MS, LEN).copy[0].at_ns == i * 20 * MS;
	assert_share(at_once, FRAMES, 2.0 / 6);
	link_model_free(m);
}

static void test_jitter_reorders_without_a_rate_and_not_with_one(void **state)
{
	struct link_model *free_run = model_of("delay 10ms jitter 5ms");
	struct link_model *rated = model_of("delay 10ms jitter 5ms rate 1gbit");
	uint64_t last_free = 0, last_rated = 0, overtaken = 0;

	(void)state;
	for (uint64_t i = 0; i < 1000; i++) {
		uint64_t a = give(free_run, i * MS, LEN).copy[0].at_ns;
		uint64_t b = give(rated, i * MS, LEN).copy[0].at_ns;

		overtaken += a < last_free;
		assert_true(b > last_rated);
		last_free = a;
		last_rated = b;
	}
	assert_true(overtaken > 100);
	link_model_free(free_run);
	link_model_free(rated);
}

struct timing {
	const char *name, *words;
	uint64_t now_us[6];
	size_t len[6];
	uint64_t at_us[6];	/* 0: dropped */
	int n;
};

/* 1000 bytes at 8 mbit take 1 ms. */
static const struct timing timing_rows[] = {
	{ "a frame takes its length over the rate", "rate 8mbit", { 0, 5000 }, { 1000, 500 },
	  { 1000, 5500 }, 2 },
	{ "frames at once leave one after the other", "rate 8mbit", { 7, 7, 7 },
	  { 1000, 1000, 100 }, { 1007, 2007, 2107 }, 3 },
	{ "an idle line owes nothing", "rate 8mbit", { 0, 10000, 10000 }, { 1000, 1000, 1000 },
	  { 1000, 11000, 12000 }, 3 },
	{ "delay comes before the line, as in netem", "delay 3ms rate 8mbit", { 0, 0, 100 },
	  { 1000, 1000, 1000 }, { 4000, 5000, 6000 }, 3 },
	{ "a queue of two holds two", "rate 8mbit queue 2", { 0, 0, 0, 999, 1000, 1001 },
	  { 1000, 1000, 1000, 1000, 1000, 1000 }, { 1000, 2000, 0, 0, 3000, 0 }, 6 },
	{ "the queue counts frames in delay", "delay 10ms queue 1", { 0, 9999, 10000 },
	  { 100, 100, 100 }, { 10000, 0, 20000 }, 3 },
	{ "frames that need not wait never fill the queue", "queue 1", { 1, 1, 1 },
	  { 100, 100, 100 }, { 1, 1, 1 }, 3 },
	{ "a rate in bytes", "rate 1mbps", { 0 }, { 1000 }, { 1000 }, 1 },
	{ "delay alone moves all alike", "delay 1ms", { 0, 1, 1 }, { 60, 1500, 60 },
	  { 1000, 1001, 1001 }, 3 },
	{ "an empty frame takes no time", "rate 8mbit", { 5 }, { 0 }, { 5 }, 1 },
};

static void test_timing(void **state)
{
	const struct timing *row = *state;
	struct link_model *m = model_of(row->words);

	for (int i = 0; i < row->n; i++) {
		struct link_verdict v = give(m, row->now_us[i] * 1000, row->len[i]);

		if (row->at_us[i] == 0) {
			assert_int_equal(v.n, 0);
			assert_int_equal(v.drop, LINK_DROP_QUEUE);
			continue;
		}
		assert_int_equal(v.n, 1);
		assert_int_equal(v.copy[0].at_ns, row->at_us[i] * 1000);
	}
	link_model_free(m);
}

static void test_reordered_frames_pass_by_the_line(void **state)
{
	struct link_model *m = model_of("delay 1s reorder 50% rate 8bit seed 4");
	uint64_t early = 0;

	(void)state;
	for (uint64_t i = 0; i < 100; i++) {
		struct link_verdict v = give(m, i, LEN);

		early += v.reordered;
		assert_true(v.reordered == (v.copy[0].at_ns == i));
	}
	assert_in_range(early, 20, 80);
	link_model_free(m);
}

static void test_the_slowest_line_does_not_run_out_of_time(void **state)
{
	struct link_model *m = model_of("rate 8bit queue 1000000");
	uint64_t last = 0;

	(void)state;
	for (int i = 0; i < 400000; i++) {
		uint64_t at = give(m, 0, sizeof(frame_bytes)).copy[0].at_ns;

		assert_true(at >= last && at < UINT64_MAX);
		last = at;
	}
	link_model_free(m);
}

/* The queue's count against the obvious one: an array of all that was delivered. */
static void test_the_queue_agrees_with_counting_by_hand(void **state)
{
	struct link_model *m = model_of("delay 2ms jitter 2ms queue 20 dup 10% seed 77");
	static uint64_t due[40000];
	uint32_t x = 1;
	uint64_t now = 0, full = 0;
	size_t n = 0;

	(void)state;
	for (int i = 0; i < 10000; i++) {
		struct link_verdict v;
		size_t held = 0;

		x = x * 1664525 + 1013904223;
		now += (x >> 16) % 200000;
		for (size_t k = n > 100 ? n - 100 : 0; k < n; k++)
			held += due[k] > now;
		v = give(m, now, LEN);
		assert_true((v.drop == LINK_DROP_QUEUE) ==
			    (held == 20 || (held == 19 && v.duplicated && v.copy[0].at_ns > now)));
		full += v.drop == LINK_DROP_QUEUE;
		for (unsigned int c = 0; c < v.n; c++)
			due[n++] = v.copy[c].at_ns;
	}
	assert_in_range(full, 500, 9500);
	link_model_free(m);
}

/* Streams: what one effect does to a frame is the same whatever else is asked for. */
static const char *const others[] = {
	"delay 10ms", "delay 10ms jitter 5ms", "dup 20%", "corrupt 30%",
	"rate 10mbit queue 1000000", "delay 1ms reorder 40%", "script drop any 5,50,500",
};

static void test_other_effects_do_not_change_what_is_lost(void **state)
{
	const char *other = *state;
	char words[128];
	struct link_model *alone = model_of("loss 20% seed 5"), *both;
	uint64_t lost = 0;

	snprintf(words, sizeof(words), "loss 20%% seed 5 %s", other);
	both = model_of(words);
	for (uint64_t i = 0; i < 20000; i++) {
		bool a = give(alone, i * MS, LEN).drop == LINK_DROP_LOSS;
		struct link_verdict v = give(both, i * MS, LEN);

		/* The duplicate has a fate of its own. */
		if (v.duplicated && !a && v.drop == LINK_DROP_LOSS)
			continue;
		if (v.drop != LINK_DROP_SCRIPT)
			assert_int_equal(v.drop == LINK_DROP_LOSS, a);
		lost += a;
	}
	assert_true(lost > 3000);
	link_model_free(alone);
	link_model_free(both);
}

static void test_loss_and_corruption_are_independent(void **state)
{
	struct link_model *m = model_of("loss 50% corrupt 50%");
	uint64_t kept = 0, flipped = 0;

	(void)state;
	for (uint64_t i = 0; i < FRAMES; i++) {
		struct link_verdict v = give(m, i, LEN);

		kept += v.n;
		flipped += v.n && v.copy[0].flip_bit != LINK_NO_FLIP;
	}
	assert_share(flipped, kept, 0.5);
	link_model_free(m);
}

static void test_losses_do_not_follow_each_other(void **state)
{
	struct link_model *m = model_of("loss 30%");
	uint64_t lost = 0, pairs = 0;
	bool before = false;

	(void)state;
	for (uint64_t i = 0; i < FRAMES; i++) {
		bool now = give(m, i, LEN).n == 0;

		lost += before;
		pairs += before && now;
		before = now;
	}
	assert_share(pairs, lost, 0.3);
	link_model_free(m);
}

static void test_the_two_directions_and_two_seeds_differ(void **state)
{
	struct link_spec one = spec_of("loss 50% seed 1"), two = spec_of("loss 50% seed 2");
	struct link_model *m[3] = {
		link_model_new(&one, LINK_L2_ETHERNET, LINK_DIR_IN),
		link_model_new(&one, LINK_L2_ETHERNET, LINK_DIR_OUT),
		link_model_new(&two, LINK_L2_ETHERNET, LINK_DIR_IN),
	};
	uint64_t by_dir = 0, by_seed = 0;

	(void)state;
	for (uint64_t i = 0; i < FRAMES; i++) {
		bool a = give(m[0], i, LEN).n, b = give(m[1], i, LEN).n, c = give(m[2], i, LEN).n;

		by_dir += a == b;
		by_seed += a == c;
	}
	assert_share(by_dir, FRAMES, 0.5);
	assert_share(by_seed, FRAMES, 0.5);
	for (int i = 0; i < 3; i++)
		link_model_free(m[i]);
}

static const char *const everything =
	"delay 10ms jitter 3ms loss 10% reorder 5% dup 5% corrupt 5% rate 100mbit queue 30 seed 42 "
	"script drop data 3,30..35";

static void run_everything(struct link_log *log, uint64_t *digest, const char *words)
{
	struct link_model *m = model_of(words);
	uint32_t x = 7, seq = 1;
	uint64_t now = 0;

	link_log_init(log, SIZE_MAX);
	link_model_observe(m, link_log_add, log);
	for (int i = 0; i < 5000; i++) {
		x = x * 1664525 + 1013904223;
		now += (x >> 12) % 300000;
		give_tcp(m, now, 0x18, seq, (x >> 20) % 1400);
		seq += (x >> 20) % 1400;
	}
	*digest = link_model_stats(m)->digest;
	link_model_free(m);
}

static void test_equal_seeds_and_frames_give_equal_verdict_lists(void **state)
{
	struct link_log a, b;
	uint64_t da, db;

	(void)state;
	run_everything(&a, &da, everything);
	run_everything(&b, &db, everything);
	assert_int_equal(a.n, 5000);
	assert_int_equal(link_log_diff(&a, &b, false), SIZE_MAX);
	assert_int_equal(da, db);
	link_log_free(&a);
	link_log_free(&b);
}

static void test_another_seed_gives_another_verdict_list(void **state)
{
	struct link_log a, b;
	uint64_t da, db;
	char words[256];

	(void)state;
	snprintf(words, sizeof(words), "%s seed 43", everything);
	run_everything(&a, &da, everything);
	run_everything(&b, &db, words);
	assert_true(link_log_diff(&a, &b, true) < 100);
	assert_true(da != db);
	link_log_free(&a);
	link_log_free(&b);
}

static void test_a_log_keeps_no_more_than_it_may_and_says_so(void **state)
{
	struct link_model *m = model_of("loss 50%");
	struct link_log log;

	(void)state;
	link_log_init(&log, 100);
	link_model_observe(m, link_log_add, &log);
	for (uint64_t i = 0; i < 130; i++)
		give(m, i, LEN);
	assert_int_equal(log.n, 100);
	assert_int_equal(log.missed, 30);
	link_log_free(&log);
	link_model_free(m);
}

static void test_a_verdict_is_printed_as_a_line(void **state)
{
	struct link_model *m = model_of("delay 10ms script drop data 1");
	struct link_log log;
	char text[200];

	(void)state;
	link_log_init(&log, 10);
	link_model_observe(m, link_log_add, &log);
	give_tcp(m, 0, 0x18, 1, 100);
	give_tcp(m, 0, 0x10, 1, 0);
	link_log_print(&log.entry[0], text, sizeof(text));
	assert_string_equal(text, "1 ip tcp data len 154: dropped (script) by script 1");
	link_log_print(&log.entry[1], text, sizeof(text));
	assert_string_equal(text, "2 ip tcp ack len 54: delivered after 10.000000ms");
	link_log_free(&log);
	link_model_free(m);
}

enum { FIN = 1, SYN = 2, RST = 4, ACK = 16 };

struct segment {
	unsigned int flags;
	uint32_t seq;
	unsigned int payload;
};

struct scripted {
	const char *name, *words, *fate;	/* fate: '.' passes, digit: the script that drops */
	struct segment segment[12];
};

static const struct scripted script_rows[] = {
	{ "the third data segment", "script drop data 3", "....1.",
	  { { SYN, 0, 0 }, { ACK, 1, 0 }, { ACK, 1, 10 }, { ACK, 11, 10 }, { ACK, 21, 10 },
	    { ACK, 21, 10 } } },
	{ "the first SYN", "script drop syn 1", "1..",
	  { { SYN, 0, 0 }, { SYN, 0, 0 }, { ACK, 1, 1 } } },
	{ "SYN-ACKs only", "script drop synack 1", ".1", { { SYN, 0, 0 }, { SYN | ACK, 0, 0 } } },
	{ "a range of ACKs", "script drop ack 2..3", "..1.1.",
	  { { ACK, 1, 0 }, { ACK, 1, 5 }, { ACK, 6, 0 }, { ACK | FIN, 6, 0 }, { ACK, 7, 0 },
	    { ACK, 7, 0 } } },
	{ "a FIN with data is a FIN", "script drop fin 1", ".1",
	  { { ACK, 1, 5 }, { ACK | FIN, 6, 5 } } },
	{ "RST", "script drop rst 1", ".1.", { { ACK, 1, 0 }, { RST, 1, 0 }, { RST, 1, 0 } } },
	{ "the first retransmission", "script drop retransmission 1", "..1.",
	  { { ACK, 1, 5 }, { ACK, 6, 5 }, { ACK, 1, 5 }, { ACK, 1, 5 } } },
	{ "a retransmission of what a script dropped",
	  "script drop data 1 script drop retransmission 1", "12.",
	  { { ACK, 1, 5 }, { ACK, 1, 5 }, { ACK, 1, 5 } } },
	{ "every other frame", "script drop any every 2", ".1.1.",
	  { { ACK, 1, 0 }, { ACK, 1, 0 }, { ACK, 1, 0 }, { ACK, 1, 0 }, { ACK, 1, 0 } } },
	{ "a list", "script drop data 1,3,5..6", "1.1.11.",
	  { { ACK, 1, 1 }, { ACK, 2, 1 }, { ACK, 3, 1 }, { ACK, 4, 1 }, { ACK, 5, 1 },
	    { ACK, 6, 1 }, { ACK, 7, 1 } } },
	{ "each script counts what another drops", "script drop any 1 script drop data 2", "12.",
	  { { ACK, 1, 1 }, { ACK, 2, 1 }, { ACK, 3, 1 } } },
	{ "the first of two scripts that drop the same frame is named",
	  "script drop any 1 script drop data 1", "1.", { { ACK, 1, 1 }, { ACK, 2, 1 } } },
	{ "no such kind on this link", "script drop arp 1", "..",
	  { { SYN, 0, 0 }, { ACK, 1, 0 } } },
};

static void test_script(void **state)
{
	const struct scripted *row = *state;
	struct link_model *m = model_of(row->words);

	for (size_t i = 0; row->fate[i]; i++) {
		const struct segment *s = &row->segment[i];
		struct link_verdict v = give_tcp(m, i, s->flags, s->seq, s->payload);
		char fate = v.drop == LINK_DROP_SCRIPT ? (char)('0' + v.script) : '.';

		if (fate != row->fate[i])
			fail_msg("segment %zu: '%c', not '%c'", i + 1, fate, row->fate[i]);
		assert_int_equal(v.n, fate == '.');
	}
	link_model_free(m);
}

static void test_an_update_keeps_scripts_counting_and_random_numbers_running(void **state)
{
	struct link_model *m = model_of("script drop any 3 loss 20% seed 6");
	struct link_model *same = model_of("script drop any 3 loss 20% seed 6");
	struct link_spec s = spec_of("script drop any 3 loss 20% seed 6 delay 10ms");

	(void)state;
	for (uint64_t i = 0; i < 1000; i++) {
		if (i == 1)
			assert_int_equal(link_model_update(m, &s), 0);
		assert_int_equal(give(m, i * MS, LEN).drop, give(same, i * MS, LEN).drop);
	}
	link_model_free(m);
	link_model_free(same);
}

static void test_naming_a_seed_starts_the_random_numbers_anew(void **state)
{
	struct link_model *m = model_of("loss 20% seed 6"), *fresh = model_of("loss 20% seed 6");
	struct link_spec s = spec_of("loss 20% seed 6 seed 6");

	(void)state;
	for (uint64_t i = 0; i < 17; i++)
		give(m, i, LEN);
	assert_int_equal(link_model_update(m, &s), 0);
	for (uint64_t i = 17; i < 1000; i++)
		assert_int_equal(give(m, i, LEN).drop, give(fresh, i, LEN).drop);
	link_model_free(m);
	link_model_free(fresh);
}

static void test_a_smaller_or_larger_queue_holds_from_the_next_frame_on(void **state)
{
	struct link_model *m = model_of("delay 1s queue 3");
	struct link_spec small = spec_of("delay 1s queue 2");
	struct link_spec large = spec_of("delay 1s queue 5000");

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(give(m, 0, LEN).n, 1);
	assert_int_equal(link_model_update(m, &small), 0);
	assert_int_equal(give(m, 0, LEN).drop, LINK_DROP_QUEUE);
	assert_int_equal(link_model_update(m, &large), 0);
	for (int i = 3; i < 5000; i++)
		assert_int_equal(give(m, 0, LEN).n, 1);
	assert_int_equal(give(m, 0, LEN).drop, LINK_DROP_QUEUE);
	link_model_free(m);
}

#define ROWS(rows, fn) \
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) \
		tests[n++] = (struct CMUnitTest){ rows[i].name, fn, NULL, NULL, \
						  (void *)(uintptr_t)&rows[i] }

int main(void)
{
	struct CMUnitTest tests[100] = {
		cmocka_unit_test(test_lost_and_duplicated_at_once_is_delivered_once),
		cmocka_unit_test(test_every_bit_is_corrupted_as_often_as_another),
		cmocka_unit_test(test_jitter_is_uniform_around_the_delay),
		cmocka_unit_test(test_jitter_beyond_the_delay_is_cut_at_nought),
		cmocka_unit_test(test_jitter_reorders_without_a_rate_and_not_with_one),
		cmocka_unit_test(test_reordered_frames_pass_by_the_line),
		cmocka_unit_test(test_the_slowest_line_does_not_run_out_of_time),
		cmocka_unit_test(test_the_queue_agrees_with_counting_by_hand),
		cmocka_unit_test(test_loss_and_corruption_are_independent),
		cmocka_unit_test(test_losses_do_not_follow_each_other),
		cmocka_unit_test(test_the_two_directions_and_two_seeds_differ),
		cmocka_unit_test(test_equal_seeds_and_frames_give_equal_verdict_lists),
		cmocka_unit_test(test_another_seed_gives_another_verdict_list),
		cmocka_unit_test(test_a_log_keeps_no_more_than_it_may_and_says_so),
		cmocka_unit_test(test_a_verdict_is_printed_as_a_line),
		cmocka_unit_test(test_an_update_keeps_scripts_counting_and_random_numbers_running),
		cmocka_unit_test(test_naming_a_seed_starts_the_random_numbers_anew),
		cmocka_unit_test(test_a_smaller_or_larger_queue_holds_from_the_next_frame_on),
	};
	static char names[ARRAY_LEN(others)][80];
	size_t n = 18;

	ROWS(share_rows, test_share);
	ROWS(timing_rows, test_timing);
	ROWS(script_rows, test_script);
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		snprintf(names[i], sizeof(names[i]), "losses are the same with %s", others[i]);
		tests[n++] = (struct CMUnitTest){ names[i],
						  test_other_effects_do_not_change_what_is_lost,
						  NULL, NULL, (void *)(uintptr_t)others[i] };
	}
	return _cmocka_run_group_tests("link_model", tests, n, NULL, NULL);
}
