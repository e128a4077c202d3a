/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The wire between two socket pairs: what goes in comes out as the model says. Real time, but no
 * bound on it: each test waits for what must come, and what must not come is shown absent by a
 * later frame that did.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/capture/pcapng.h"
#include "harness/link/wire.h"
#include "harness/link/wire_can.h"

enum { WORDS_MAX = 40 };

struct bench {
	int a, b;		/* our ends */
	struct wire *w;
};

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

static struct bench start(const char *in, const char *out, struct pcapng_writer *drops, int type)
{
	struct wire_conf conf = {
		.name = "test", .in = spec_of(in), .out = spec_of(out), .drops = drops,
		.log_max = 1000,
	};
	struct bench t;
	char err[LINK_ERR_TEXT];
	int a[2], b[2];

	assert_int_equal(socketpair(AF_UNIX, type, 0, a), 0);
	assert_int_equal(socketpair(AF_UNIX, type, 0, b), 0);
	conf.fd_a = a[1];
	conf.fd_b = b[1];
	t.a = a[0];
	t.b = b[0];
	t.w = wire_start(&conf, err, sizeof(err));
	if (!t.w)
		fail_msg("%s", err);
	return t;
}

static void stop(struct bench *t)
{
	wire_stop(t->w);
	close(t->a);
	close(t->b);
}

static void put(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), 0), (ssize_t)strlen(text));
}

/* Waits for it. */
static void expect(int fd, const char *text)
{
	char got[2048] = "";
	ssize_t n = recv(fd, got, sizeof(got) - 1, 0);

	assert_true(n > 0);
	assert_string_equal(got, text);
}

static void test_frames_cross_both_ways_in_order(void **state)
{
	struct bench t = start("", "", NULL, SOCK_DGRAM);
	struct wire_stats st;
	char text[32];

	(void)state;
	for (int i = 0; i < 500; i++) {
		snprintf(text, sizeof(text), "out %d", i);
		put(t.a, text);
		expect(t.b, text);
		snprintf(text, sizeof(text), "in %d", i);
		put(t.b, text);
		expect(t.a, text);
	}
	wire_stats(t.w, &st);
	assert_int_equal(st.model[LINK_DIR_IN].frames, 500);
	assert_int_equal(st.model[LINK_DIR_OUT].delivered, 500);
	stop(&t);
}

static void test_a_delay_is_never_undercut(void **state)
{
	struct bench t = start("", "delay 20ms", NULL, SOCK_SEQPACKET);
	struct timespec before, after;
	struct wire_stats st;

	(void)state;
	clock_gettime(CLOCK_MONOTONIC, &before);
	put(t.a, "x");
	expect(t.b, "x");
	clock_gettime(CLOCK_MONOTONIC, &after);
	assert_true((after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec - before.tv_nsec >=
		    20000000);
	wire_stats(t.w, &st);
	assert_int_equal(st.late_n, 1);
	stop(&t);
}

static void test_each_direction_has_its_own_words(void **state)
{
	struct bench t = start("script drop any 1", "dup 100%", NULL, SOCK_DGRAM);

	(void)state;
	put(t.b, "first");
	put(t.b, "second");
	expect(t.a, "second");
	put(t.a, "twin");
	expect(t.b, "twin");
	expect(t.b, "twin");
	stop(&t);
}

static void test_words_change_while_the_wire_runs(void **state)
{
	struct bench t = start("", "", NULL, SOCK_DGRAM);
	struct link_spec lossy = spec_of("loss 100%"), clear = spec_of("");

	(void)state;
	put(t.a, "one");
	expect(t.b, "one");
	assert_int_equal(wire_update_spec(t.w, LINK_DIR_OUT, &lossy), 0);
	put(t.a, "two");
	put(t.b, "back");
	expect(t.a, "back");
	for (struct wire_stats st = { 0 }; st.model[LINK_DIR_OUT].drops[LINK_DROP_LOSS] == 0;)
		wire_stats(t.w, &st);
	assert_int_equal(wire_update_spec(t.w, LINK_DIR_OUT, &clear), 0);
	put(t.a, "three");
	expect(t.b, "three");
	stop(&t);
}

static void test_a_frame_too_long_for_a_cable_is_dropped_by_name(void **state)
{
	struct bench t = start("", "", NULL, SOCK_DGRAM);
	struct wire_stats st;
	char frame[1600];

	(void)state;
	memset(frame, 'x', sizeof(frame));
	assert_int_equal(send(t.a, frame, 1519, 0), 1519);
	assert_int_equal(send(t.a, frame, 1518, 0), 1518);
	assert_int_equal(recv(t.b, frame, sizeof(frame), 0), 1518);
	wire_stats(t.w, &st);
	assert_int_equal(st.model[LINK_DIR_OUT].drops[LINK_DROP_SUPER_SEGMENT], 1);
	assert_int_equal(st.model[LINK_DIR_OUT].frames, 1);
	stop(&t);
}

/* How many frames the wire finds in one reading differs from run to run; the list does not. */
static void run_once(struct link_log *log)
{
	struct bench t = start("", "loss 30% dup 10% corrupt 10% seed 11", NULL, SOCK_DGRAM);
	struct wire_stats st = { 0 };
	char text[32];

	for (int i = 0; i < 300; i++) {
		snprintf(text, sizeof(text), "frame %d", i);
		put(t.a, text);
		while (recv(t.b, text, sizeof(text), MSG_DONTWAIT) > 0)
			;
	}
	while (st.model[LINK_DIR_OUT].frames < 300) {
		wire_stats(t.w, &st);
		while (recv(t.b, text, sizeof(text), MSG_DONTWAIT) > 0)
			;
	}
	assert_int_equal(wire_log(t.w, LINK_DIR_OUT, log), 0);
	stop(&t);
}

static void test_two_runs_with_equal_input_have_equal_verdict_lists(void **state)
{
	struct link_log one, two;

	(void)state;
	run_once(&one);
	run_once(&two);
	assert_int_equal(one.n, 300);
	assert_int_equal(link_log_diff(&one, &two, true), SIZE_MAX);
	link_log_free(&one);
	link_log_free(&two);
}

static void test_dropped_frames_are_in_the_capture_with_the_reason(void **state)
{
	char path[] = "/tmp/test-link-wire-XXXXXX", err[PCAPNG_ERR_TEXT];
	int fd = mkstemp(path);
	struct pcapng_writer *w = pcapng_writer_open(path, err, sizeof(err));
	struct bench t = start("", "script drop any 1", w, SOCK_DGRAM);
	struct pcapng_reader *r;
	struct pcapng_packet pkt;

	(void)state;
	put(t.a, "lost one");
	put(t.a, "found");
	expect(t.b, "found");
	stop(&t);
	assert_int_equal(pcapng_writer_close(w), 0);
	r = pcapng_reader_open(path, err, sizeof(err));
	assert_non_null(r);
	assert_int_equal(pcapng_reader_next(r, &pkt, err, sizeof(err)), 1);
	assert_string_equal(pkt.comment, "dropped from test: script 1");
	assert_string_equal(pcapng_reader_if(r, pkt.if_id)->name, "test");
	assert_int_equal(pkt.dir, PCAPNG_DIR_OUT);
	assert_int_equal(pkt.caplen, strlen("lost one"));
	assert_memory_equal(pkt.data, "lost one", pkt.caplen);
	assert_int_equal(pcapng_reader_next(r, &pkt, err, sizeof(err)), 0);
	pcapng_reader_free(r);
	close(fd);
	unlink(path);
}

static void test_a_peer_that_hangs_up_does_not_stop_the_wire(void **state)
{
	struct bench t = start("", "", NULL, SOCK_SEQPACKET);
	struct wire_stats st = { 0 };

	(void)state;
	close(t.b);
	put(t.a, "into the void");
	while (st.model[LINK_DIR_OUT].drops[LINK_DROP_DEVICE] == 0)
		wire_stats(t.w, &st);
	t.b = dup(t.a);
	stop(&t);
}

static void test_a_stream_is_refused_and_stays_the_callers(void **state)
{
	struct wire_conf conf = { .name = "test", .in = spec_of(""), .out = spec_of("") };
	char err[LINK_ERR_TEXT];
	int fd[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	conf.fd_a = fd[0];
	conf.fd_b = fd[1];
	assert_null(wire_start(&conf, err, sizeof(err)));
	assert_non_null(strstr(err, "a stream has no message borders"));
	assert_int_equal(close(fd[0]), 0);
	assert_int_equal(close(fd[1]), 0);
}

static void test_a_pipe_end_is_refused(void **state)
{
	struct wire_conf conf = { .name = "test", .in = spec_of(""), .out = spec_of("") };
	char err[LINK_ERR_TEXT];
	int fd[2];

	(void)state;
	assert_int_equal(pipe(fd), 0);
	conf.fd_a = fd[0];
	conf.fd_b = fd[1];
	assert_null(wire_start(&conf, err, sizeof(err)));
	assert_non_null(strstr(err, "give a bound packet socket, a TAP or TUN"));
	close(fd[0]);
	close(fd[1]);
}

static void test_what_a_machine_cannot_keep_is_refused_with_what_it_can(void **state)
{
	static const struct wire_can can = { .late_ns = 40000, .rate_bps = 5000000000u };
	static const struct {
		uint64_t delay_ns, rate_bps;
		const char *told;	/* NULL: it can */
	} rows[] = {
		{ 0, 0, NULL },
		{ 40000, 5000000000u, NULL },
		{ 39999, 0, "late by 41 us at best" },
		{ 0, 5000000001u, "carries at most 5000mbit" },
	};
	struct link_spec s;
	char err[LINK_ERR_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		link_spec_init(&s);
		s.delay_ns = rows[i].delay_ns;
		s.rate_bps = rows[i].rate_bps;
		err[0] = '\0';
		assert_int_equal(wire_can_keep(&s, &can, err, sizeof(err)) == 0, !rows[i].told);
		if (rows[i].told)
			assert_non_null(strstr(err, rows[i].told));
	}
}

static void test_what_this_machine_can_is_measured_once(void **state)
{
	struct wire_can a, b;

	(void)state;
	wire_can(&a);
	wire_can(&b);
	assert_true(a.rate_bps > 1000000);
	assert_int_equal(a.rate_bps, b.rate_bps);
	assert_int_equal(a.late_ns, b.late_ns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frames_cross_both_ways_in_order),
		cmocka_unit_test(test_a_delay_is_never_undercut),
		cmocka_unit_test(test_each_direction_has_its_own_words),
		cmocka_unit_test(test_words_change_while_the_wire_runs),
		cmocka_unit_test(test_a_frame_too_long_for_a_cable_is_dropped_by_name),
		cmocka_unit_test(test_two_runs_with_equal_input_have_equal_verdict_lists),
		cmocka_unit_test(test_dropped_frames_are_in_the_capture_with_the_reason),
		cmocka_unit_test(test_a_peer_that_hangs_up_does_not_stop_the_wire),
		cmocka_unit_test(test_a_stream_is_refused_and_stays_the_callers),
		cmocka_unit_test(test_a_pipe_end_is_refused),
		cmocka_unit_test(test_what_a_machine_cannot_keep_is_refused_with_what_it_can),
		cmocka_unit_test(test_what_this_machine_can_is_measured_once),
	};

	return cmocka_run_group_tests_name("link_wire", tests, NULL, NULL);
}
