/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a link's words read from files and from tcpdump's language: patterns, records and their replay,
 * filters; and scripts with conditions.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "harness/link/bpf.h"
#include "harness/link/dist.h"
#include "harness/link/log.h"
#include "harness/link/pattern.h"
#include "harness/link/record.h"
#include "harness/link/trace.h"
#include "tests/unit/link_words.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

enum { FIN = 1, SYN = 2, ACK = 16 };

static const char *file_of(const char *text)
{
	static char name[64];
	static int n;
	FILE *f;

	snprintf(name, sizeof(name), "test_link_files-%d.tmp", n++);
	f = fopen(name, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
	return name;
}

/* A model of words in which %s is a file of this text. */
static struct link_model *model_with(const char *words, const char *text)
{
	char line[256];
	const char *name = file_of(text);
	struct link_model *m;

	snprintf(line, sizeof(line), words, name);
	m = model_of(line);
	remove(name);
	return m;
}

static struct link_verdict give(struct link_model *m, uint64_t now_ns, const struct tcp_frame *f)
{
	struct link_verdict v;

	link_model_frame(m, now_ns, f->bytes, f->len, &v);
	return v;
}

static void test_a_pattern_by_packet_is_what_happens(void **state)
{
	struct link_model *m = model_with("delay 1ms pattern %s",
					  "# made by hand\nper packet\nlength 10\nloss 2 8..9\n"
					  "dup 3\nreorder 4\ndelay 7ms 5\nbit 77 6 # one\nmark 7\n");
	struct tcp_frame f = tcp_frame(1, ACK, 1, 100, 1);

	(void)state;
	for (uint64_t i = 1; i <= 40; i++) {
		uint64_t k = (i - 1) % 10 + 1, now = i * 100 * MS;
		struct link_verdict v = give(m, now, &f);
		bool lost = k == 2 || k == 8 || k == 9;

		assert_int_equal(v.drop, lost ? LINK_DROP_PATTERN : LINK_DROP_NONE);
		assert_int_equal(v.n, lost ? 0 : k == 3 ? 2 : 1);
		assert_int_equal(v.marked, k == 7);
		if (lost)
			continue;
		assert_int_equal(v.copy[0].at_ns - now, k == 4 ? 0 : k == 5 ? 7 * MS : MS);
		assert_int_equal(v.copy[0].flip_bit, k == 6 ? 77 : LINK_NO_FLIP);
	}
	link_model_free(m);
}

static void test_a_pattern_by_time_begins_with_the_first_frame_and_ends(void **state)
{
	struct link_model *m = model_with("rate 8mbit pattern %s", "per ms\nloss 3..4\nrate 80mbit 5\n");
	struct tcp_frame f = tcp_frame(1, ACK, 1, 1000 - TCP_HEADERS, 0);

	(void)state;
	for (uint64_t us = 0; us < 10000; us += 500) {
		uint64_t now = 77 * MS + us * 1000, k = us / 1000 + 1;
		struct link_verdict v = give(m, now, &f);

		assert_int_equal(v.n == 0, k == 3 || k == 4);
		if (k == 1 && us == 0)
			assert_int_equal(v.copy[0].at_ns - now, 1 * MS);
		if (us == 4000)		/* the line is free at 80 ms, and ten times as fast */
			assert_int_equal(v.copy[0].at_ns, 81 * MS + 100 * US);
	}
	link_model_free(m);
}

static const struct {
	const char *name, *words, *text, *told;
} bad[] = {
	{ "a pattern of what", "pattern %s", "loss 1\n", ":1: say what is counted first" },
	{ "a pattern's unknown word", "pattern %s", "per packet\nlose 1\n", ":2: 'lose 1' is no line" },
	{ "a pattern's range", "pattern %s", "per ms\nloss 5..3\n", ":2: '5..3' does not say which" },
	{ "a pattern without which", "pattern %s", "per ms\nloss\n", ":2: loss: which?" },
	{ "a pattern that says two things", "pattern %s", "per ms\nloss 1..5 5\n",
	  "loss says two things of 5" },
	{ "a pattern's delay", "pattern %s", "per ms\ndelay fast 1\n", "'fast' is no value of delay" },
	{ "a trace that goes back", "trace %s", "1\n5\n4\n", ":3: time goes back" },
	{ "a trace of words", "trace %s", "1\nmany\n", ":2: that is no number of milliseconds" },
	{ "a trace of no time", "trace %s", "0\n0\n", "ends before its first millisecond" },
	{ "an empty trace", "trace %s", "", "ends before its first millisecond" },
	{ "a table of words", "delay 1ms 1ms distribution %s", "1 2 x\n", "entry 3 is no whole number" },
	{ "a table of large numbers", "delay 1ms 1ms distribution %s", "1 40000\n", "entry 2 is no" },
	{ "a record with a gap", "replay %s", "in 1 60 at 0\nin 3 60 at 0\n", ":2: that is no verdict" },
	{ "a record of no fate", "replay %s", "in 1 60\n", ":1: that is no verdict" },
	{ "a record of an unknown drop", "replay %s", "in 1 60 drop fun\n", ":1: that is no verdict" },
};

static void test_bad(void **state)
{
	size_t row = *(size_t *)*state;
	const char *name = file_of(bad[row].text), *word[8];
	char line[256], err[LINK_ERR_TEXT] = "";
	struct link_spec s;
	int n = 0;

	link_spec_init(&s);
	snprintf(line, sizeof(line), bad[row].words, name);
	for (char *w = strtok(line, " "); w; w = strtok(NULL, " "))
		word[n++] = w;
	assert_int_not_equal(link_spec_parse(&s, n, word, err, sizeof(err)), 0);
	remove(name);
	if (!strstr(err, bad[row].told) || !strstr(err, name))
		fail_msg("told: %s\nnot: %s", err, bad[row].told);
}

static void test_a_table_is_read_as_tc_has_it(void **state)
{
	struct link_model *m = model_with("delay 10ms 1ms distribution %s",
					  "# a comment\n-8192 0\n8192 16384 # the last\n");
	struct tcp_frame f = tcp_frame(1, ACK, 1, 1, 0);
	unsigned int seen[4] = { 0 };

	(void)state;
	for (uint64_t i = 0; i < 1000; i++) {
		uint64_t d = give(m, i * 100 * MS, &f).copy[0].at_ns - i * 100 * MS;

		assert_true(d % MS == 0 && d >= 9 * MS && d <= 12 * MS);
		seen[d / MS - 9]++;
	}
	for (int i = 0; i < 4; i++)
		assert_in_range(seen[i], 150, 350);
	link_model_free(m);
}

/* A run with everything is recorded; words that ask for nothing but the replay give the same run. */
static void test_a_replay_is_the_run_that_was_recorded(void **state)
{
	static const char name[] = "test_link_files.record";
	char words[256];
	struct link_pipe *p[2];
	struct link_log log[2];

	(void)state;
	for (int k = 0; k < 2; k++) {
		uint32_t x = 7;
		uint64_t now = 0;

		snprintf(words, sizeof(words), k == 0 ? "delay 10ms 3ms loss 10%% ecn reorder 5%% dup 5%% "
			 "corrupt 5%% rate 100mbit queue 30 record %s script drop data 3,30..35"
			 : "replay %s", name);
		p[k] = pipe_of(words);
		link_log_init(&log[k], SIZE_MAX);
		link_model_observe(link_pipe_model(p[k]), link_log_add, &log[k]);
		for (int i = 0; i < 5000; i++) {
			struct tcp_frame f = tcp_frame(1, ACK, (uint32_t)i, (x >> 20) % 1400, x >> 30 & 1);

			x = x * 1664525 + 1013904223;
			now += (x >> 12) % 300000;
			assert_int_equal(link_pipe_push(p[k], now, f.bytes, f.len, NULL), 0);
		}
		for (size_t i = 0; i < log[k].n; i++)
			log[k].entry[i].script = 0;	/* the replay has none */
	}
	assert_int_equal(link_log_diff(&log[0], &log[1], false), SIZE_MAX);
	assert_true(link_model_stats(link_pipe_model(p[0]))->marked > 0);
	assert_int_equal(link_model_stats(link_pipe_model(p[1]))->replay_strange, 0);
	for (int k = 0; k < 2; k++) {
		link_log_free(&log[k]);
		link_pipe_free(p[k]);
	}
	remove(name);
}

static long size_of(const char *name)
{
	struct stat st;

	return stat(name, &st) == 0 ? (long)st.st_size : -1;
}

/* Words that are only checked, as of an experiment's points before it starts, empty no file. */
static void test_a_record_is_emptied_by_the_link_that_begins_it_and_not_by_its_word(void **state)
{
	char old[64];
	const char *name[2] = { old, "test_link_files-none.record" };
	const long before[2] = { 13, -1 };

	(void)state;
	assert_in_range(snprintf(old, sizeof(old), "%s", file_of("in 1 60 at 0\n")), 1, sizeof(old) - 1);
	for (int i = 0; i < 2; i++) {
		const char *word[] = { "record", name[i] };
		char err[LINK_ERR_TEXT], words[100];
		struct link_pipe *p;
		struct link_spec s;

		link_spec_init(&s);
		assert_int_equal(link_spec_parse(&s, 2, word, err, sizeof(err)), 0);
		assert_int_equal(size_of(name[i]), before[i]);
		snprintf(words, sizeof(words), "record %s", name[i]);
		p = pipe_of(words);
		assert_int_equal(size_of(name[i]), strlen("begin in\n"));
		link_pipe_free(p);
		remove(name[i]);
	}
}

static void test_behind_a_replays_end_the_words_decide(void **state)
{
	struct link_model *m = model_with("delay 5ms loss 100%% replay %s",
					  "begin in\nin 1 60 drop loss\nbegin in\nin 1 60 at 0\n"
					  "in 2 60 dup early at 7 flip 3 at 9\nout 1 60 drop queue_full\n");
	struct tcp_frame f = tcp_frame(1, ACK, 1, 6, 0);
	struct link_verdict v = give(m, 0, &f);

	(void)state;
	assert_int_equal(v.n, 1);
	v = give(m, 100, &f);
	assert_int_equal(v.n, 2);
	assert_int_equal(v.copy[0].at_ns, 107);
	assert_int_equal(v.copy[0].flip_bit, 3);
	assert_int_equal(v.copy[1].at_ns, 109);
	assert_true(v.reordered && v.duplicated);
	assert_int_equal(give(m, 200, &f).drop, LINK_DROP_LOSS);
	link_model_free(m);
}

struct scripted {
	const char *name, *words, *fate;	/* '.' passes, x dropped, 2 doubled, m marked, d late */
	struct {
		unsigned int port, flags;
		uint32_t seq;
		unsigned int payload;
	} segment[10];
};

static const struct scripted scripts[] = {
	{ "the second flow only", "script drop data every 1 flow 2", "...x.x",
	  { { 1, SYN, 0, 0 }, { 2, SYN, 0, 0 }, { 1, ACK, 1, 9 }, { 2, ACK, 1, 9 }, { 2, ACK, 10, 0 },
	    { 2, ACK, 10, 9 } } },
	{ "a connection on the same ports is another flow", "script drop data 1 flow 2", "...x",
	  { { 1, SYN, 0, 0 }, { 1, ACK, 1, 9 }, { 1, SYN, 900, 0 }, { 1, ACK, 901, 9 } } },
	{ "bytes of the stream", "script drop data every 1 bytes 11..20", "..x.x.",
	  { { 1, SYN, 0, 0 }, { 1, ACK, 1, 10 }, { 1, ACK, 11, 10 }, { 1, ACK, 21, 10 },
	    { 1, ACK, 6, 6 }, { 1, ACK, 1, 10 } } },
	{ "bytes of a stream whose beginning was not seen", "script drop data 1 bytes 11..20", ".x.",
	  { { 1, ACK, 500, 10 }, { 1, ACK, 510, 10 }, { 1, ACK, 510, 10 } } },
	{ "tcpdump's words", "script drop any every 1 filter 'tcp src port 2 and tcp[13] & 2 = 0'",
	  "..x.", { { 1, SYN, 0, 0 }, { 2, SYN, 0, 0 }, { 2, ACK, 1, 0 }, { 1, ACK, 1, 9 } } },
	{ "acts", "script dup data 1 script mark data 2 script delay 5ms data 3", "2md.",
	  { { 1, ACK, 1, 9 }, { 1, ACK, 10, 9 }, { 1, ACK, 19, 9 }, { 1, ACK, 28, 9 } } },
	{ "conditions together", "script drop data 2 flow 1 bytes 1..9", "..x",
	  { { 1, ACK, 1, 9 }, { 2, ACK, 1, 9 }, { 1, ACK, 1, 9 } } },
};

static void test_script(void **state)
{
	const struct scripted *row = &scripts[*(size_t *)*state];
	struct link_model *m = model_of(row->words);

	for (size_t i = 0; row->fate[i]; i++) {
		struct tcp_frame f = tcp_frame(row->segment[i].port, row->segment[i].flags,
					       row->segment[i].seq, row->segment[i].payload, 2);
		struct link_verdict v = give(m, i, &f);
		char fate = v.n == 0 ? 'x' : v.n == 2 ? '2' : v.marked ? 'm' : '.';

		if (fate == '.' && v.copy[0].at_ns == i + 5 * MS)
			fate = 'd';
		if (fate != row->fate[i])
			fail_msg("segment %zu: '%c', not '%c'", i + 1, fate, row->fate[i]);
	}
	link_model_free(m);
}

static void test_a_corrupting_script_inverts_one_bit(void **state)
{
	struct link_model *m = model_of("script corrupt any 2");
	struct tcp_frame f = tcp_frame(1, ACK, 1, 100, 0);

	(void)state;
	assert_int_equal(give(m, 0, &f).copy[0].flip_bit, LINK_NO_FLIP);
	assert_true(give(m, 0, &f).copy[0].flip_bit < 8 * f.len);
	assert_int_equal(give(m, 0, &f).copy[0].flip_bit, LINK_NO_FLIP);
	link_model_free(m);
}

static void test_down_and_mtu_stop_frames_under_their_names(void **state)
{
	struct link_model *m = model_of("mtu 1000");
	struct link_spec down = spec_of("down");
	struct tcp_frame fits = tcp_frame(1, ACK, 1, 960, 0), not_so = tcp_frame(1, ACK, 1, 961, 0);

	(void)state;
	assert_int_equal(give(m, 0, &fits).n, 1);
	assert_int_equal(give(m, 0, &not_so).drop, LINK_DROP_MTU);
	assert_int_equal(link_model_update(m, &down), 0);
	assert_int_equal(give(m, 0, &fits).drop, LINK_DROP_DOWN);
	link_model_free(m);
}

/* Programs that a compiler would not make. */
static void test_programs_that_could_run_away_are_refused(void **state)
{
	static const struct {
		const char *what;
		size_t n;
		struct link_bpf_insn insn[3];
		bool good;
	} rows[] = {
		{ "return", 1, { { 0x06, 0, 0, 1 } }, true },
		{ "nothing", 0, { { 0, 0, 0, 0 } }, false },
		{ "no return at the end", 1, { { 0x00, 0, 0, 1 } }, false },
		{ "a jump to the last", 2, { { 0x05, 0, 0, 0 }, { 0x06, 0, 0, 1 } }, true },
		{ "a jump beyond", 2, { { 0x05, 0, 0, 1 }, { 0x06, 0, 0, 1 } }, false },
		{ "a branch beyond", 2, { { 0x15, 0, 1, 0 }, { 0x06, 0, 0, 1 } }, false },
		{ "a cell that is not", 2, { { 0x02, 0, 0, 16 }, { 0x06, 0, 0, 1 } }, false },
		{ "a division by nought", 2, { { 0x34, 0, 0, 0 }, { 0x06, 0, 0, 1 } }, false },
		{ "an unknown operation", 2, { { 0xf4, 0, 0, 0 }, { 0x06, 0, 0, 1 } }, false },
		{ "a load of no size", 2, { { 0x38, 0, 0, 0 }, { 0x06, 0, 0, 1 } }, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (link_bpf_check(rows[i].insn, rows[i].n) != rows[i].good)
			fail_msg("%s: %s", rows[i].what, rows[i].good ? "refused" : "taken");
}

static void test_a_program_reads_nothing_beyond_the_frame(void **state)
{
	static const struct link_bpf_insn word[] = { { 0x20, 0, 0, 3 }, { 0x06, 0, 0, 1 } };
	static const struct link_bpf_insn far[] = { { 0x01, 0, 0, UINT32_MAX }, { 0x50, 0, 0, 8 },
						    { 0x06, 0, 0, 1 } };
	uint8_t frame[7] = { 0 };

	(void)state;
	assert_int_equal(link_bpf_run(word, frame, 7), 1);
	assert_int_equal(link_bpf_run(word, frame, 6), 0);
	assert_int_equal(link_bpf_run(far, frame, 7), 0);
}

#define ROWS(rows, fn)                                                                             \
	for (size_t i = 0; i < sizeof(rows) / sizeof((rows)[0]); i++) {                            \
		index[n] = i;                                                                      \
		tests[n] = (struct CMUnitTest){ (rows)[i].name, fn, NULL, NULL, &index[n] };       \
		n++;                                                                               \
	}

int main(void)
{
	static size_t index[60];
	struct CMUnitTest tests[60] = {
		cmocka_unit_test(test_a_pattern_by_packet_is_what_happens),
		cmocka_unit_test(test_a_pattern_by_time_begins_with_the_first_frame_and_ends),
		cmocka_unit_test(test_a_table_is_read_as_tc_has_it),
		cmocka_unit_test(test_a_replay_is_the_run_that_was_recorded),
		cmocka_unit_test(test_a_record_is_emptied_by_the_link_that_begins_it_and_not_by_its_word),
		cmocka_unit_test(test_behind_a_replays_end_the_words_decide),
		cmocka_unit_test(test_a_corrupting_script_inverts_one_bit),
		cmocka_unit_test(test_down_and_mtu_stop_frames_under_their_names),
		cmocka_unit_test(test_programs_that_could_run_away_are_refused),
		cmocka_unit_test(test_a_program_reads_nothing_beyond_the_frame),
	};
	size_t n = 10;

	ROWS(bad, test_bad);
	ROWS(scripts, test_script);
	return _cmocka_run_group_tests("link_files", tests, n, NULL, NULL);
}
