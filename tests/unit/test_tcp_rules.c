/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Edges of the rules of RFC 9293 3.10.7, 5961 and 7323 as transcripts: what is one octet, one millisecond or
 * one state beside the ordinary case.
 */
#include "tcp_script.h"

enum { EST = 1, SYN_RCVD = 3, CLOSED = 7 };

static struct fix *with_timestamps(void)
{
	struct fix *f = fix_new();

	sysctl(f, "net.ipv4.tcp_timestamps", "1");
	listen_on(f, 5);
	in(f, "S 0:0 mss 1460 ts 5000 0");
	out(f, "S. 0:0 ack 1 ts 0 5000");
	in(f, ". 1:0 ack 1 ts 5010 0");
	quiet(f);
	accept_one(f);
	return f;
}

/* A conversation of requests and answers: acknowledgments wait for data to carry them. */
static void converse(struct fix *f)
{
	in(f, "P. 1:10 ack 1");
	out(f, ". 1:0 ack 11");
	assert_int_equal(write_n(f, 10), 10);
	out(f, "P. 1:10 ack 11");
	in(f, ". 11:0 ack 11");
	set_int(f, f->s, PH_IPPROTO_TCP, PH_TCP_QUICKACK, 0);
	quiet(f);
}

/* ---- timestamps ----------------------------------------------------------------------------- */

/* What an ACK that was held back echoes is the first segment's that it acknowledges. rfc: 7323:4.3-1 */
static void test_a_delayed_ack_echoes_the_first_of_what_it_acknowledges(void **state)
{
	struct fix *f = with_timestamps();

	(void)state;
	set_int(f, f->s, PH_IPPROTO_TCP, PH_TCP_QUICKACK, 0);
	in(f, "P. 1:10 ack 1 ts 6000 0");
	quiet(f);
	in(f, "P. 11:10 ack 1 ts 7000 0");
	quiet(f);
	pass(f, 300);
	out(f, ". 1:0 ack 21 ts 0 6000");
	quiet(f);
	fix_free(f);
}

/* One that others overtook tells nothing new and is let go; one from before a timeout is a replay and is
 * answered. rfc: 7323:5.3-1 */
static void test_an_acknowledgment_older_than_a_timeout_is_a_replay(void **state)
{
	struct fix *f = with_timestamps();

	(void)state;
	in(f, ". 1:0 ack 1 ts 9000 0");
	in(f, ". 1:0 ack 1 ts 8900 0");
	quiet(f);
	assert_int_equal(counter(f, "TcpExtPAWSEstab"), 0);
	in(f, ". 1:0 ack 1 ts 6000 0");
	out(f, ". 1:0 ack 1 ts 0 9000");
	assert_int_equal(counter(f, "TcpExtPAWSEstab"), 1);
	/* Nor is one overtaken that acknowledges less than another did. */
	assert_int_equal(write_n(f, 100), 100);
	out(f, "P. 1:100 ack 1");
	in(f, ". 1:0 ack 101 ts 9100 0");
	in(f, ". 1:0 ack 1 ts 9050 0");
	assert_int_equal(counter(f, "TcpExtPAWSEstab"), 2);
	fix_free(f);
}

/* ---- SYN and RST beside the rules ------------------------------------------------------------ */

/* rfc: 5961:4.2-1 */
static void test_a_syn_left_of_the_window_is_challenged(void **state)
{
	struct fix *f = fix_new();

	(void)state;
	open_passive(f);
	in(f, "P. 1:100 ack 1");
	while (f->now < 3000 * MS)
		pass(f, 100);
	out(f, ". 1:0 ack 101");
	in(f, "S 20:0 mss 1460");
	out(f, ". 1:0 ack 101");
	assert_int_equal(counter(f, "TcpExtTCPChallengeACK"), 1);
	assert_int_equal(counter(f, "TcpExtTCPSYNChallenge"), 1);
	assert_int_equal(state_of(f, f->s), EST);
	fix_free(f);
}

/* Where the last ACK stands, and not where the next one will: that is not RCV.NXT. rfc: 5961:3.2-3 */
static void test_a_reset_at_the_last_ack_sent_is_challenged(void **state)
{
	struct fix *f = fix_new();

	(void)state;
	open_passive(f);
	set_int(f, f->s, PH_IPPROTO_TCP, PH_TCP_QUICKACK, 0);
	in(f, "P. 1:10 ack 1");
	quiet(f);
	in(f, "R 1:0");
	out(f, ". 1:0 ack 11");
	assert_int_equal(state_of(f, f->s), EST);
	assert_int_equal(counter(f, "TcpExtTCPChallengeACK"), 1);
	in(f, "R 11:0");
	assert_int_equal(state_of(f, f->s), CLOSED);
	fix_free(f);
}

/* How many challenges a second allows is nothing that others can count on. rfc: 5961:7-1 */
static void test_the_budget_of_challenges_differs_from_second_to_second(void **state)
{
	struct fix *f = fix_new();
	unsigned least = 100, most = 0;

	(void)state;
	sysctl(f, "net.ipv4.tcp_challenge_ack_limit", "20");
	sysctl(f, "net.ipv4.tcp_invalid_ratelimit", "0");
	open_passive(f);
	for (int second = 0; second < 12; second++) {
		struct tcp_seg s;
		unsigned n = 0;

		pass(f, 1000);
		for (int i = 0; i < 50; i++)
			in(f, "S 1:0 mss 1460");
		while (sent(f, &s))
			n++;
		assert_in_range(n, 10, 30);
		least = n < least ? n : least;
		most = n > most ? n : most;
	}
	assert_true(most > least + 2);
	fix_free(f);
}

/* ---- two that open at once ------------------------------------------------------------------- */

static struct fix *crossed(void)
{
	struct fix *f = fix_new();

	start_connect(f);
	in(f, "S 0:0 mss 1460");
	out(f, "S. 0:0 ack 1");
	assert_int_equal(state_of(f, f->s), SYN_RCVD);
	return f;
}

/* rfc: 9293:MUST-11 */
static void test_a_reset_of_crossed_syns_refuses_the_connection(void **state)
{
	struct fix *f = crossed();

	(void)state;
	in(f, "R 1:0");
	assert_int_equal(state_of(f, f->s), CLOSED);
	assert_int_equal(error_of(f, f->s), ECONNREFUSED);
	fix_free(f);
}

/* rfc: 9293:3.10.7.4-f */
static void test_crossed_syns_are_not_opened_by_an_ack_of_nothing(void **state)
{
	struct fix *f = crossed();

	(void)state;
	in(f, ". 1:0 ack 0");
	out(f, "R 0:0");
	assert_int_equal(state_of(f, f->s), SYN_RCVD);
	in(f, "S. 1:0 ack 1"); /* not the SYN that came */
	out(f, ". 1:0 ack 1");
	assert_int_equal(state_of(f, f->s), SYN_RCVD);
	in(f, "S. 0:0 ack 1");
	assert_int_equal(state_of(f, f->s), EST);
	fix_free(f);
}

/* Windows are taken from the first segment on, wherever the numbers of both sides begin. rfc: 9293:MUST-10 */
static void test_windows_of_crossed_syns_are_heard_at_any_number(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 8; i++) {
		struct fix *f = fix_new();

		pass(f, i * 5000);
		f->peer_iss = i << 29;
		start_connect(f);
		in(f, "S 0:0 mss 1460");
		out(f, "S. 0:0 ack 1");
		in(f, ". 1:0 ack 1 win 1000");
		in(f, ". 1:0 ack 1 win 4000");
		assert_int_equal(write_n(f, 2000), 2000);
		out(f, ". 1:1460 ack 1");
		out(f, "P. 1461:540 ack 1");
		fix_free(f);
	}
}

/* ---- who is spoken to ------------------------------------------------------------------------ */

/* rfc: 9293:MUST-57 */
static void test_a_segment_to_all_is_nobodys(void **state)
{
	struct fix *f = fix_new();
	struct seg_text t;
	uint8_t p[128];
	uint64_t sum;

	(void)state;
	listen_on(f, 5);
	for (int closed = 0; closed < 2; closed++) {
		seg_read("S 0:0 mss 1460", &t);
		f->our_port = closed ? 81 : 80;
		assert_int_equal(seg_build(f, &t, p), 44);
		p[19] = 255;
		p[10] = p[11] = 0;
		sum = csum_add(0, p, 20);
		p[10] = (uint8_t)(csum_finish(sum) >> 8);
		p[11] = (uint8_t)csum_finish(sum);
		sum = (uint64_t)p[36] << 8 | p[37]; /* the pseudo-header's last octet is 253 more */
		sum = (sum ^ 0xffff) + 253;
		sum = (sum & 0xffff) + (sum >> 16);
		p[36] = (uint8_t)(~sum >> 8);
		p[37] = (uint8_t)~sum;
		in_bytes(f, p, 44);
		quiet(f);
	}
	assert_int_equal(counter(f, "TcpInSegs"), 0);
	assert_int_equal(counter(f, "TcpInCsumErrors"), 0);
	fix_free(f);
}

/* ---- delayed acknowledgments ----------------------------------------------------------------- */

/* An ACK that data carried is not sent a second time before its own wait. */
static void test_the_wait_for_an_ack_begins_with_the_segment_it_is_for(void **state)
{
	struct fix *f = fix_new();

	(void)state;
	open_passive(f);
	converse(f);
	in(f, "P. 11:10 ack 11");
	quiet(f);
	pass(f, 20);
	assert_int_equal(write_n(f, 10), 10);
	out(f, "P. 11:10 ack 21");
	pass(f, 10);
	in(f, "P. 21:10 ack 21");
	quiet(f);
	pass(f, 30); /* 50 ms after the first */
	quiet(f);
	pass(f, 20);
	out(f, ". 21:0 ack 31");
	fix_free(f);
}

#define T(name) cmocka_unit_test(name)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_a_delayed_ack_echoes_the_first_of_what_it_acknowledges),
		T(test_an_acknowledgment_older_than_a_timeout_is_a_replay),
		T(test_a_syn_left_of_the_window_is_challenged),
		T(test_a_reset_at_the_last_ack_sent_is_challenged),
		T(test_the_budget_of_challenges_differs_from_second_to_second),
		T(test_a_reset_of_crossed_syns_refuses_the_connection),
		T(test_crossed_syns_are_not_opened_by_an_ack_of_nothing),
		T(test_windows_of_crossed_syns_are_heard_at_any_number),
		T(test_a_segment_to_all_is_nobodys),
		T(test_the_wait_for_an_ack_begins_with_the_segment_it_is_for),
	};

	return cmocka_run_group_tests_name("tcp_rules", tests, NULL, NULL);
}
