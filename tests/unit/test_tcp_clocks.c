/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP's clocks where they meet other rules: retries and progress in part, windows that were taken back,
 * keep-alive and the user's time, probes of the tail, ACKs that waited in vain, TIME-WAIT.
 */
#include "tcp_script.h"

enum { EST = 1, CLOSED = 7 };

static struct fix *passive(void)
{
	struct fix *f = fix_new();

	open_passive(f);
	return f;
}

/* How many segments are sent within ms. */
static unsigned sent_within(struct fix *f, uint64_t ms)
{
	uint64_t end = f->now + ms * MS;
	struct tcp_seg s;
	unsigned n = 0;

	while (f->now < end) {
		pass(f, 10);
		while (sent(f, &s))
			n++;
	}
	return n;
}

static struct ph_tcp_info info_of(struct fix *f)
{
	struct ph_tcp_info i;
	uint32_t len = sizeof(i);

	assert_int_equal(ph_getsockopt(f->st, f->s, PH_IPPROTO_TCP, PH_TCP_INFO, &i, &len), 0);
	return i;
}

/* An acknowledgment that leaves data in flight is progress, too. rfc: 9293:MUST-20 */
static void test_progress_in_part_gives_all_retries_back(void **state)
{
	struct fix *f = passive();

	(void)state;
	sysctl(f, "net.ipv4.tcp_retries2", "6");
	assert_int_equal(write_n(f, 2920), 2920);
	assert_true(sent_within(f, 3500) > 3);
	assert_true(info_of(f).tcpi_retransmits > 2);
	in(f, ". 1:0 ack 1461");
	assert_int_equal(info_of(f).tcpi_retransmits, 0);
	(void)sent_within(f, 36000);
	assert_int_equal(state_of(f, f->s), EST);
	(void)sent_within(f, 100000);
	assert_int_equal(state_of(f, f->s), CLOSED);
	fix_free(f);
}

/* Who holds the socket is told after a quarter of an hour, later than an orphan is given up.
 * rfc: 9293:MUST-20 */
static void test_a_held_connection_has_all_its_retries(void **state)
{
	struct fix *f = passive();

	(void)state;
	assert_int_equal(write_n(f, 100), 100);
	for (int i = 0; i < 90; i++)
		pass(f, 10000);
	assert_int_equal(state_of(f, f->s), EST);
	for (int i = 0; i < 20; i++)
		pass(f, 10000);
	assert_int_equal(state_of(f, f->s), CLOSED);
	fix_free(f);
}

/* What a window that was taken back leaves in flight: tried until nobody has answered for two of the longest
 * timeouts, and no count of retries runs meanwhile. rfc: 9293:SHLD-17 */
static struct fix *shut(void)
{
	struct fix *f = passive();

	sysctl(f, "net.ipv4.tcp_rto_max_ms", "1000");
	sysctl(f, "net.ipv4.tcp_mtu_probing", "1");
	assert_int_equal(write_n(f, 2000), 2000);
	out(f, ". 1:1460 ack 1");
	out(f, "P. 1461:540 ack 1");
	in(f, ". 1:0 ack 1461 win 0");
	return f;
}

static void test_a_window_taken_back_in_silence_ends_it(void **state)
{
	struct fix *f = shut();

	(void)state;
	assert_true(sent_within(f, 1900) >= 2);
	assert_int_equal(state_of(f, f->s), EST);
	assert_int_equal(info_of(f).tcpi_retransmits, 0);
	(void)sent_within(f, 3000);
	assert_int_equal(state_of(f, f->s), CLOSED);
	assert_int_equal(error_of(f, f->s), ETIMEDOUT);
	fix_free(f);
}

static void test_a_window_taken_back_by_who_answers_does_not(void **state)
{
	struct fix *f = shut();
	uint32_t mss = info_of(f).tcpi_snd_mss;

	(void)state;
	sysctl(f, "net.ipv4.tcp_retries1", "1");
	sysctl(f, "net.ipv4.tcp_retries2", "1");
	for (int i = 0; i < 20; i++) {
		assert_true(sent_within(f, 1500) >= 1);
		in(f, ". 1:0 ack 1461 win 0");
	}
	assert_int_equal(state_of(f, f->s), EST);
	assert_int_equal(info_of(f).tcpi_snd_mss, mss); /* no black hole: it answers */
	fix_free(f);
}

/* The user's time ends nothing that was not asked. rfc: 9293:MUST-26 */
static void test_keep_alive_asks_before_the_users_time_ends_it(void **state)
{
	struct fix *f = passive();

	(void)state;
	set_int(f, f->s, PH_IPPROTO_TCP, PH_TCP_USER_TIMEOUT, 1000);
	set_int(f, f->s, PH_IPPROTO_TCP, PH_TCP_KEEPIDLE, 3);
	set_int(f, f->s, PH_IPPROTO_TCP, PH_TCP_KEEPINTVL, 1);
	set_int(f, f->s, PH_SOL_SOCKET, PH_SO_KEEPALIVE, 1);
	pass(f, 2990);
	quiet(f);
	pass(f, 20);
	out(f, ". 0:0 ack 1");
	in(f, ". 1:0 ack 1");
	pass(f, 2990);
	quiet(f);
	pass(f, 20);
	out(f, ". 0:0 ack 1");
	assert_int_equal(state_of(f, f->s), EST);
	pass(f, 1000);
	out(f, "R. 1:0 ack 1");
	assert_int_equal(state_of(f, f->s), CLOSED);
	assert_int_equal(error_of(f, f->s), ETIMEDOUT);
	fix_free(f);
}

/* ---- probes of the tail */

/* rfc: 8985:7.3-1 */
static void test_of_probes_of_the_tail_one_is_out_at_a_time(void **state)
{
	struct fix *f = fix_new();

	(void)state;
	sysctl(f, "net.ipv4.tcp_sack", "1");
	listen_on(f, 5);
	in(f, "S 0:0 mss 1460 sackok");
	out(f, "S. 0:0 ack 1 sackok");
	pass(f, 50);
	in(f, ". 1:0 ack 1");
	accept_one(f);
	assert_int_equal(write_n(f, 2920), 2920);
	assert_int_equal(sent_within(f, 130), 3); /* and the last again */
	assert_int_equal(counter(f, "TcpExtTCPLossProbes"), 1);
	assert_int_equal(write_n(f, 1460), 1460);
	out(f, "P. 2921:1460 ack 1");
	(void)sent_within(f, 1000);
	assert_int_equal(counter(f, "TcpExtTCPLossProbes"), 1);
	assert_true(counter(f, "TcpExtTCPTimeouts") > 0);
	fix_free(f);
}

/* ---- delayed acknowledgments */

/* An ACK that nothing came to carry: the next is held back longer. rfc: 9293:SHLD-18 */
static void test_an_ack_that_waited_in_vain_lets_the_next_wait_longer(void **state)
{
	struct fix *f = fix_new();
	struct tcp_seg s;
	uint32_t at_seq;
	char line[40];

	(void)state;
	listen_on(f, 5);
	in(f, "S 0:0 mss 1460");
	out(f, "S. 0:0 ack 1");
	pass(f, 300);
	in(f, ". 1:0 ack 1");
	accept_one(f);
	set_int(f, f->s, PH_IPPROTO_TCP, PH_TCP_QUICKACK, 0);
	in(f, "P. 1:10 ack 1");
	quiet(f);
	pass(f, 45);
	out(f, ". 1:0 ack 11");
	/* No conversation any more: the first segments of one way are acknowledged at once. */
	for (at_seq = 11; at_seq < 500; at_seq += 10) {
		snprintf(line, sizeof(line), "P. %u:10 ack 1", at_seq);
		in(f, line);
		if (!sent(f, &s))
			break;
		pass(f, 45);
	}
	pass(f, 45);
	assert_true(sent(f, &s));
	snprintf(line, sizeof(line), "P. %u:10 ack 1", at_seq + 10);
	in(f, line);
	pass(f, 60);
	quiet(f);
	pass(f, 140);
	assert_true(sent(f, &s));
	assert_int_equal(s.ack - f->peer_iss, at_seq + 20);
	fix_free(f);
}

/* ---- TIME-WAIT */

/* One more connection, from `port`, that we close first. */
static void to_timewait(struct fix *f, uint16_t port, bool ts)
{
	f->peer_port = port;
	f->iss_known = false;
	in(f, ts ? "S 0:0 mss 1460 ts 5000 0" : "S 0:0 mss 1460");
	out(f, "S. 0:0 ack 1");
	in(f, ts ? ". 1:0 ack 1 ts 5010 0" : ". 1:0 ack 1");
	accept_one(f);
	set_int(f, f->s, PH_IPPROTO_IP, PH_IP_TTL, 33);
	set_int(f, f->s, PH_IPPROTO_IP, PH_IP_TOS, 0x28);
	close_s(f);
	out(f, "F. 1:0 ack 1");
	in(f, ts ? "F. 1:0 ack 2 ts 5020 0" : "F. 1:0 ack 2");
	out(f, ". 2:0 ack 2");
}

static uint32_t timewaits(struct fix *f)
{
	struct ph_usage u;

	ph_stack_usage(f->st, &u);
	return u.timewait;
}

/* Each ends a minute after it last heard of its peer, whichever came first. rfc: 9293:MUST-13 */
static void test_a_time_wait_that_begins_anew_holds_up_no_other(void **state)
{
	struct fix *f = fix_new();
	uint32_t iss;

	(void)state;
	listen_on(f, 5);
	to_timewait(f, 4000, false);
	iss = f->our_iss;
	pass(f, 10000);
	to_timewait(f, 4001, false);
	pass(f, 20000);
	f->peer_port = 4000;
	f->our_iss = iss;
	in(f, "F. 1:0 ack 2");
	out(f, ". 2:0 ack 2");
	pass(f, 39900); /* 69.9 s */
	assert_int_equal(timewaits(f), 2);
	pass(f, 200);
	assert_int_equal(timewaits(f), 1);
	pass(f, 19800); /* 89.9 s */
	assert_int_equal(timewaits(f), 1);
	pass(f, 200);
	assert_int_equal(timewaits(f), 0);
	fix_free(f);
}

/* Something from long ago is still under way: a minute more. rfc: 1337:3-2 */
static void test_an_old_syn_prolongs_time_wait(void **state)
{
	struct fix *f = fix_new();

	(void)state;
	sysctl(f, "net.ipv4.tcp_timestamps", "1");
	listen_on(f, 5);
	to_timewait(f, 4000, true);
	pass(f, 30000);
	in(f, "S 5000:0 mss 1460 ts 4000 0");
	out(f, ". 2:0 ack 2 ts 0 5020");
	pass(f, 59000);
	assert_int_equal(timewaits(f), 1);
	pass(f, 2000);
	assert_int_equal(timewaits(f), 0);
	fix_free(f);
}

/* The clock in its timestamps runs on, and what it echoes is the latest. rfc: 7323:4.1-1 */
static void test_time_wait_keeps_both_clocks_of_the_timestamps(void **state)
{
	struct fix *f = fix_new();
	struct tcp_seg s;
	uint32_t tsval;

	(void)state;
	sysctl(f, "net.ipv4.tcp_timestamps", "1");
	listen_on(f, 5);
	to_timewait(f, 4000, true);
	pass(f, 1000);
	in(f, "P. 1:10 ack 2 ts 5015 0"); /* by its timestamp old */
	assert_true(sent(f, &s));
	assert_true(s.opts.has_ts && s.opts.tsecr == 5020);
	tsval = s.opts.tsval;
	pass(f, 1000);
	in(f, ". 2:0 ack 2 ts 7000 0");
	quiet(f);
	in(f, "P. 1:10 ack 2 ts 7000 0");
	assert_true(sent(f, &s));
	assert_true(s.opts.has_ts && s.opts.tsecr == 7000);
	assert_int_equal(s.opts.tsval - tsval, 1000);
	in(f, "S 5000:0 mss 1460 ts 6000 0"); /* the clock of before would take it */
	assert_int_equal(timewaits(f), 1);
	fix_free(f);
}

/* The timestamps of a connection and of its TIME-WAIT are of one clock. rfc: 7323:4.1-1 */
static void test_time_wait_goes_on_with_the_connections_clock(void **state)
{
	struct fix *f = fix_new();
	struct tcp_seg s;
	uint32_t tsval;

	(void)state;
	sysctl(f, "net.ipv4.tcp_timestamps", "1");
	listen_on(f, 5);
	in(f, "S 0:0 mss 1460 ts 5000 0");
	out(f, "S. 0:0 ack 1");
	in(f, ". 1:0 ack 1 ts 5010 0");
	accept_one(f);
	close_s(f);
	assert_true(sent(f, &s));
	tsval = s.opts.tsval;
	in(f, "F. 1:0 ack 2 ts 5020 0");
	out(f, ". 2:0 ack 2");
	pass(f, 1000);
	in(f, "F. 1:0 ack 2 ts 5020 0");
	assert_true(sent(f, &s));
	assert_int_equal(s.opts.tsval - tsval, 1000);
	fix_free(f);
}

/* rfc: 9293:SHLD-22 */
static void test_time_wait_answers_as_the_user_asked(void **state)
{
	struct fix *f = fix_new();
	uint8_t p[128];

	(void)state;
	listen_on(f, 5);
	to_timewait(f, 4000, false);
	pass(f, 1000);
	in(f, "F. 1:0 ack 2");
	assert_int_equal(ph_link_output_bytes(f->st, f->link, p, sizeof(p), f->now), 40);
	assert_int_equal(p[1], 0x28);
	assert_int_equal(p[8], 33);
	fix_free(f);
}

#define T(name) cmocka_unit_test(name)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_progress_in_part_gives_all_retries_back),
		T(test_a_held_connection_has_all_its_retries),
		T(test_a_window_taken_back_in_silence_ends_it),
		T(test_a_window_taken_back_by_who_answers_does_not),
		T(test_keep_alive_asks_before_the_users_time_ends_it),
		T(test_of_probes_of_the_tail_one_is_out_at_a_time),
		T(test_an_ack_that_waited_in_vain_lets_the_next_wait_longer),
		T(test_a_time_wait_that_begins_anew_holds_up_no_other),
		T(test_an_old_syn_prolongs_time_wait),
		T(test_time_wait_keeps_both_clocks_of_the_timestamps),
		T(test_time_wait_goes_on_with_the_connections_clock),
		T(test_time_wait_answers_as_the_user_asked),
	};

	return cmocka_run_group_tests_name("tcp_clocks", tests, NULL, NULL);
}
