/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Peers that want our memory or our time: what they get is bounded by a named limit, and counted. What
 * each sends is in docs/rfc/attacks.csv; scripts that show more of it are in scenarios/tcp/attack.
 */
#include "tcp_script.h"

enum { FLOOD = 3000 };

static uint64_t memory(struct fix *f)
{
	struct ph_usage u;

	ph_stack_usage(f->st, &u);
	return u.bytes;
}

/* attack: CVE-2018-5390, CVE-2018-6922, Out-of-order-memory-accounting */
static void test_a_flood_of_holes_is_held_up_to_the_limit(void **state)
{
	struct fix *f = fix_new();
	char line[64];
	uint64_t before;

	(void)state;
	sysctl(f, "net.phantom.tcp_max_ofo_segments", "100");
	open_passive(f);
	before = memory(f);
	for (unsigned i = 0; i < FLOOD; i++) {
		snprintf(line, sizeof(line), ". %u:1 ack 1 win 1000", 3 + 2 * i);
		in(f, line);
		out(f, ". 1:0 ack 1");
	}
	assert_int_equal(counter(f, "TcpExtTCPOFOQueue"), 100);
	assert_int_equal(counter(f, "TcpExtTCPOFODrop"), FLOOD - 100);
	assert_true(memory(f) - before < 2 * 131072 + 100 * 2048); /* the buffer, and its bookkeeping */
	fix_free(f);
}

/* attack: CVE-2014-3000 */
static void test_the_next_segment_is_taken_whatever_lies_aside(void **state)
{
	struct fix *f = fix_new();

	(void)state;
	sysctl(f, "net.phantom.tcp_max_ofo_segments", "2");
	open_passive(f);
	in(f, ". 11:5 ack 1 win 1000");
	out(f, ". 1:0 ack 1");
	in(f, ". 21:5 ack 1 win 1000");
	out(f, ". 1:0 ack 1");
	in(f, ". 31:5 ack 1 win 1000"); /* no room */
	out(f, ". 1:0 ack 1");
	in(f, ". 1:10 ack 1 win 1000");
	out(f, ". 1:0 ack 16");
	read_n(f, 1, 15);
	fix_free(f);
}

/* attack: CVE-1999-0116, CVE-2017-5972, Timer-exhaustion */
static void test_a_flood_of_syns_costs_a_backlog_and_then_nothing(void **state)
{
	struct fix *f = fix_new();
	struct ph_usage full, u;
	struct tcp_seg s;

	(void)state;
	listen_on(f, 16);
	for (unsigned i = 0; i < FLOOD; i++) {
		f->peer_port = (uint16_t)(1024 + i);
		f->iss_known = false;
		in(f, "S 0:0 win 65535 mss 1460");
		while (sent(f, &s))
			;
		if (i == 17)
			ph_stack_usage(f->st, &full);
	}
	ph_stack_usage(f->st, &u);
	assert_int_equal(u.bytes, full.bytes); /* not a byte, */
	assert_int_equal(u.timers, full.timers); /* and not a timer more */
	assert_int_equal(counter(f, "TcpExtSyncookiesSent"), FLOOD - 17);
	pass(f, 200000); /* those that were kept are given up */
	while (sent(f, &s))
		;
	ph_stack_usage(f->st, &u);
	assert_int_equal(u.connections, 1); /* the listener's */
	fix_free(f);
}

/* attack: CVE-2010-4251, CVE-2008-4609 */
static void test_all_connections_together_hold_what_they_may(void **state)
{
	struct fix *f = fix_new();
	char line[64];
	unsigned taken = 0;
	struct tcp_seg s;

	(void)state;
	sysctl(f, "net.ipv4.tcp_mem", "2 4 8");
	open_passive(f);
	for (unsigned i = 0; i < 40; i++) {
		snprintf(line, sizeof(line), ". %u:1000 ack 1 win 1000", 1 + 1000 * taken);
		in(f, line);
		pass(f, 50);
		while (sent(f, &s))
			taken = (s.ack - f->peer_iss - 1) / 1000;
	}
	assert_int_equal(counter(f, "TcpExtTCPMemoryPressures"), 1);
	assert_true(taken >= 4 && taken <= 33); /* 8 pages, and not one segment more */
	assert_int_equal(counter(f, "TcpExtTCPRcvQDrop") + counter(f, "TcpExtTCPZeroWindowDrop"), 40 - taken);
	assert_true(counter(f, "TcpExtTCPRcvQDrop") > 0);
	read_n(f, 1, taken * 1000 > 8192 ? 8192 : taken * 1000);
	while (ph_recv(f->st, f->s, line, sizeof(line), 0, f->now) > 0)
		;
	assert_true(counter(f, "TcpExtTCPMemoryPressuresChrono") > 0);
	fix_free(f);
}

/* attack: TIME-WAIT-bucket-exhaustion */
static void test_time_wait_is_bounded(void **state)
{
	struct fix *f = fix_new();
	struct ph_usage u;

	(void)state;
	sysctl(f, "net.ipv4.tcp_max_tw_buckets", "5");
	listen_on(f, 5);
	for (uint16_t i = 0; i < 20; i++) {
		f->peer_port = (uint16_t)(2000 + i);
		f->iss_known = false;
		in(f, "S 0:0 mss 1460");
		out(f, "S. 0:0 ack 1");
		in(f, ". 1:0 ack 1");
		accept_one(f);
		close_s(f);
		out(f, "F. 1:0 ack 1");
		in(f, "F. 1:0 ack 2");
		out(f, ". 2:0 ack 2");
	}
	ph_stack_usage(f->st, &u);
	assert_int_equal(u.timewait, 5);
	assert_int_equal(counter(f, "TcpExtTCPTimeWaitOverflow"), 15);
	fix_free(f);
}

/* attack: Keep-alive-abuse, ACK-storm */
static void test_keep_alives_are_answered_at_a_rate(void **state)
{
	struct fix *f = fix_new();
	struct tcp_seg s;
	unsigned answers = 0;

	(void)state;
	open_passive(f);
	for (unsigned i = 0; i < 1000; i++) {
		in(f, ". 0:0 ack 1 win 1000");
		while (sent(f, &s))
			answers++;
		pass(f, 1);
	}
	assert_in_range(answers, 1, 3); /* two a second */
	assert_true(counter(f, "TcpExtTCPACKSkippedSeq") > 900);
	fix_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_flood_of_holes_is_held_up_to_the_limit),
		cmocka_unit_test(test_the_next_segment_is_taken_whatever_lies_aside),
		cmocka_unit_test(test_a_flood_of_syns_costs_a_backlog_and_then_nothing),
		cmocka_unit_test(test_all_connections_together_hold_what_they_may),
		cmocka_unit_test(test_time_wait_is_bounded),
		cmocka_unit_test(test_keep_alives_are_answered_at_a_rate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
