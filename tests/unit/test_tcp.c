/* SPDX-License-Identifier: BSD-2-Clause */
/* TCP's state machine by transcripts (RFC 9293 3.5, 3.6, 3.10): opening, closing, resets,
 * TIME-WAIT. */
#include "tcp_script.h"

enum {
	EST = 1,
	SYN_SENT,
	SYN_RECV,
	FIN_WAIT_2 = 5,
	CLOSED = 7,
	CLOSE_WAIT,
	CLOSING = 11
};

static struct fix *passive(void)
{
	struct fix *f = fix_new();

	open_passive(f);
	return f;
}

/* ---- opening */

static void test_passive_open_answers_syn_and_accepts(void **state)
{
	struct fix *f = passive();

	(void)state;
	assert_int_equal(state_of(f, f->s), EST);
	assert_int_equal(counter(f, "TcpPassiveOpens"), 1);
	assert_int_equal(counter(f, "TcpCurrEstab"), 1);
	fix_free(f);
}

static void test_active_open_sends_syn_and_is_established_by_its_answer(void **state)
{
	struct fix *f = fix_new();

	(void)state;
	start_connect(f);
	assert_int_equal(state_of(f, f->s), SYN_SENT);
	assert_int_equal(ph_poll(f->st, f->s), 0);
	in(f, "S. 0:0 ack 1 mss 1460");
	out(f, ". 1:0 ack 1");
	assert_int_equal(state_of(f, f->s), EST);
	assert_int_equal(ph_poll(f->st, f->s), PH_POLLOUT | PH_POLLWRNORM);
	assert_int_equal(counter(f, "TcpActiveOpens"), 1);
	fix_free(f);
}

/* rfc: 9293:MUST-10 */
static void test_simultaneous_open_reaches_established(void **state)
{
	struct fix *f = fix_new();

	(void)state;
	start_connect(f);
	in(f, "S 0:0 mss 1460");
	out(f, "S. 0:0 ack 1");
	assert_int_equal(state_of(f, f->s), SYN_RECV);
	in(f, "S. 0:0 ack 1 mss 1460");
	assert_int_equal(state_of(f, f->s), EST);
	assert_int_equal(write_n(f, 10), 10);
	out(f, "P. 1:10 ack 1");
	fix_free(f);
}

static void test_syn_options_are_offered_and_answered(void **state)
{
	struct fix *f = fix_new();

	(void)state;
	sysctl(f, "net.ipv4.tcp_timestamps", "1");
	sysctl(f, "net.ipv4.tcp_window_scaling", "1");
	sysctl(f, "net.ipv4.tcp_sack", "1");
	listen_on(f, 5);
	in(f, "S 0:0 mss 1460 sackok ts 100 0 ws 3");
	out(f, "S. 0:0 ack 1 win 65160 mss 1460 sackok ts 0 100 ws 7");
	in(f, ". 1:0 ack 1 ts 101 0");
	accept_one(f);
	fix_free(f);
}

static void test_syn_without_options_gets_none(void **state)
{
	struct fix *f = fix_new();
	struct tcp_seg s;

	(void)state;
	sysctl(f, "net.ipv4.tcp_timestamps", "1");
	sysctl(f, "net.ipv4.tcp_window_scaling", "1");
	sysctl(f, "net.ipv4.tcp_sack", "1");
	listen_on(f, 5);
	in(f, "S 0:0");
	assert_true(sent(f, &s));
	assert_true(s.opts.has_mss);
	assert_false(s.opts.has_ts || s.opts.sack_ok || s.opts.has_wscale);
	fix_free(f);
}

static void test_syn_is_sent_again_with_back_off_and_given_up(void **state)
{
	struct fix *f = fix_new();

	(void)state;
	sysctl(f, "net.ipv4.tcp_syn_retries", "3");
	sysctl(f, "net.ipv4.tcp_syn_linear_timeouts", "0");
	start_connect(f);
	for (int s = 1; s <= 4; s *= 2) {
		pass(f, (uint64_t)s * 1000 - 1);
		quiet(f);
		pass(f, 1);
		out(f, "S 0:0 mss 1460");
	}
	pass(f, 8000);
	quiet(f);
	assert_int_equal(state_of(f, f->s), CLOSED);
	assert_int_equal(error_of(f, f->s), ETIMEDOUT);
	fix_free(f);
}

static void test_first_syns_are_sent_again_without_back_off(void **state)
{
	static const uint64_t gaps[] = { 1000, 1000, 1000, 1000, 1000, 2000, 4000 };
	struct fix *f = fix_new();

	(void)state;
	sysctl(f, "net.ipv4.tcp_syn_retries", "3");
	start_connect(f);
	for (size_t i = 0; i < ARRAY_LEN(gaps); i++) {
		pass(f, gaps[i] - 1);
		quiet(f);
		pass(f, 1);
		out(f, "S 0:0 mss 1460");
	}
	pass(f, 8000);
	assert_int_equal(state_of(f, f->s), CLOSED);
	fix_free(f);
}

static void test_refused_connection_says_so_and_the_socket_connects_again(void **state)
{
	struct ph_sockaddr a = at(1, 4000);
	struct fix *f = fix_new();

	(void)state;
	start_connect(f);
	in(f, "R. 0:0 ack 1");
	assert_int_equal(ph_poll(f->st, f->s) & (PH_POLLERR | PH_POLLHUP), PH_POLLERR | PH_POLLHUP);
	assert_int_equal(error_of(f, f->s), ECONNREFUSED);
	f->iss_known = false;
	assert_int_equal(ph_connect(f->st, f->s, &a, f->now), -EINPROGRESS);
	out(f, "S 0:0 mss 1460");
	in(f, "S. 0:0 ack 1");
	out(f, ". 1:0 ack 1");
	assert_int_equal(ph_connect(f->st, f->s, &a, f->now), 0);
	assert_int_equal(ph_connect(f->st, f->s, &a, f->now), -EISCONN);
	fix_free(f);
}

static void test_blind_reset_in_syn_sent_is_ignored(void **state)
{
	struct fix *f = fix_new();

	(void)state;
	start_connect(f);
	in(f, "R 0:0");
	in(f, "R. 0:0 ack 77");
	assert_int_equal(state_of(f, f->s), SYN_SENT);
	quiet(f);
	fix_free(f);
}

static void test_wrong_ack_in_syn_sent_is_reset(void **state)
{
	struct fix *f = fix_new();

	(void)state;
	start_connect(f);
	in(f, "S. 0:0 ack 77");
	out(f, "R 77:0");
	assert_int_equal(state_of(f, f->s), SYN_SENT);
	fix_free(f);
}

static void test_syn_ack_is_sent_again_and_given_up(void **state)
{
	struct fix *f = fix_new();
	struct ph_usage u;

	(void)state;
	sysctl(f, "net.ipv4.tcp_synack_retries", "2");
	listen_on(f, 5);
	in(f, "S 0:0");
	out(f, "S. 0:0 ack 1");
	pass(f, 1000);
	out(f, "S. 0:0 ack 1");
	pass(f, 2000);
	out(f, "S. 0:0 ack 1");
	pass(f, 4000);
	quiet(f);
	ph_stack_usage(f->st, &u);
	assert_int_equal(u.connections, 1); /* the listener alone */
	assert_int_equal(counter(f, "TcpAttemptFails"), 1);
	fix_free(f);
}

static void test_syn_again_is_answered_again(void **state)
{
	struct fix *f = fix_new();

	(void)state;
	listen_on(f, 5);
	in(f, "S 0:0");
	out(f, "S. 0:0 ack 1");
	in(f, "S 0:0");
	out(f, "S. 0:0 ack 1");
	in(f, ". 1:0 ack 1");
	accept_one(f);
	fix_free(f);
}

/* rfc: 9293:MUST-11 */
static void test_reset_of_a_half_open_connection_returns_to_listen(void **state)
{
	struct fix *f = fix_new();

	(void)state;
	listen_on(f, 5);
	in(f, "S 0:0");
	out(f, "S. 0:0 ack 1");
	in(f, "R 1:0");
	quiet(f);
	assert_int_equal(ph_accept(f->st, f->l, NULL, f->now), -EAGAIN);
	in(f, ". 1:0 ack 1");
	out(f, "R 1:0");
	fix_free(f);
}

static void test_wrong_ack_of_our_syn_is_reset(void **state)
{
	struct fix *f = fix_new();

	(void)state;
	listen_on(f, 5);
	in(f, "S 0:0");
	out(f, "S. 0:0 ack 1");
	in(f, ". 1:0 ack 2");
	out(f, "R 2:0");
	assert_int_equal(ph_accept(f->st, f->l, NULL, f->now), -EAGAIN);
	in(f, ". 1:0 ack 1");
	accept_one(f);
	fix_free(f);
}

static void test_last_ack_of_the_handshake_may_carry_data(void **state)
{
	struct fix *f = fix_new();

	(void)state;
	listen_on(f, 5);
	in(f, "S 0:0");
	out(f, "S. 0:0 ack 1");
	in(f, "P. 1:5 ack 1");
	out(f, ". 1:0 ack 6");
	accept_one(f);
	read_n(f, 1, 5);
	fix_free(f);
}

static void test_full_accept_queue_drops_the_last_ack(void **state)
{
	struct fix *f = fix_new();

	(void)state;
	listen_on(f, 0);
	in(f, "S 0:0");
	out(f, "S. 0:0 ack 1");
	in(f, ". 1:0 ack 1");
	f->peer_port++;
	in(f, "S 0:0");
	quiet(f); /* backlog 0 holds one */
	assert_int_equal(counter(f, "TcpExtListenOverflows"), 1);
	accept_one(f);
	in(f, "S 0:0");
	f->iss_known = false;
	out(f, "S. 0:0 ack 1");
	fix_free(f);
}

static void test_connection_that_died_before_accept_is_handed_over_with_its_error(void **state)
{
	struct fix *f = fix_new();
	char c;

	(void)state;
	listen_on(f, 5);
	in(f, "S 0:0");
	out(f, "S. 0:0 ack 1");
	in(f, ". 1:0 ack 1");
	in(f, "R. 1:0 ack 1");
	accept_one(f);
	assert_int_equal(ph_recv(f->st, f->s, &c, 1, 0, f->now), -ECONNRESET);
	fix_free(f);
}

static void test_closed_listener_resets_those_not_accepted(void **state)
{
	struct fix *f = fix_new();

	(void)state;
	listen_on(f, 5);
	in(f, "S 0:0");
	out(f, "S. 0:0 ack 1");
	in(f, ". 1:0 ack 1");
	assert_int_equal(ph_close(f->st, f->l, f->now), 0);
	f->l = -1;
	out(f, "R. 1:0 ack 1");
	in(f, "S 0:0");
	f->our_iss = 0;
	out(f, "R. 0:0 ack 1");
	fix_free(f);
}

/* ---- nobody there */

static void reset_rows(struct fix *f)
{
	f->our_port = 81;
	f->our_iss = 0;
	in(f, "S 0:0");
	out(f, "R. 0:0 ack 1");
	in(f, "SF 0:3");
	out(f, "R. 0:0 ack 5");
	in(f, ". 0:0 ack 500");
	out(f, "R 500:0");
	in(f, "P 7:5");
	out(f, "R. 0:0 ack 12");
	in(f, "R 0:0");
	in(f, "R. 0:0 ack 9");
	quiet(f);
}

static void test_closed_port_resets_by_the_rules(void **state)
{
	struct fix *f = fix_new();

	(void)state;
	reset_rows(f);
	assert_int_equal(counter(f, "TcpOutRsts"), 4);
	fix_free(f);
}

static void test_listener_refuses_what_is_no_syn(void **state)
{
	struct fix *f = fix_new();

	(void)state;
	listen_on(f, 5);
	in(f, ". 0:0 ack 9");
	out(f, "R 9:0");
	in(f, "R 0:0");
	in(f, "F 0:0");
	in(f, "SF 0:0");
	quiet(f);
	fix_free(f);
}

/* ---- closing */

static void test_close_passes_through_fin_wait_to_time_wait(void **state)
{
	struct fix *f = passive();
	struct ph_usage u;

	(void)state;
	close_s(f);
	out(f, "F. 1:0 ack 1");
	in(f, ". 1:0 ack 2");
	quiet(f);
	in(f, "F. 1:0 ack 2");
	out(f, ". 2:0 ack 2");
	ph_stack_usage(f->st, &u);
	assert_int_equal(u.timewait, 1);
	pass(f, 59999);
	ph_stack_usage(f->st, &u);
	assert_int_equal(u.timewait, 1);
	pass(f, 2);
	ph_stack_usage(f->st, &u);
	assert_int_equal(u.timewait, 0);
	fix_free(f);
}

static void test_fin_and_ack_of_ours_together_lead_to_time_wait(void **state)
{
	struct fix *f = passive();
	struct ph_usage u;

	(void)state;
	close_s(f);
	out(f, "F. 1:0 ack 1");
	in(f, "F. 1:0 ack 2");
	out(f, ". 2:0 ack 2");
	ph_stack_usage(f->st, &u);
	assert_int_equal(u.timewait, 1);
	fix_free(f);
}

static void test_simultaneous_close_passes_through_closing(void **state)
{
	struct fix *f = passive();
	struct ph_usage u;

	(void)state;
	assert_int_equal(ph_shutdown(f->st, f->s, PH_SHUT_WR, f->now), 0);
	out(f, "F. 1:0 ack 1");
	in(f, "F. 1:0 ack 1");
	out(f, ". 2:0 ack 2");
	assert_int_equal(state_of(f, f->s), CLOSING);
	in(f, ". 2:0 ack 2");
	assert_int_equal(state_of(f, f->s), CLOSED); /* the socket; TIME-WAIT lives on its own */
	ph_stack_usage(f->st, &u);
	assert_int_equal(u.timewait, 1);
	fix_free(f);
}

static void test_peer_closes_first_and_we_end_in_last_ack(void **state)
{
	struct fix *f = passive();
	struct ph_usage u;
	char c;

	(void)state;
	in(f, "F. 1:0 ack 1");
	out(f, ". 1:0 ack 2");
	assert_int_equal(state_of(f, f->s), CLOSE_WAIT);
	assert_int_equal(ph_recv(f->st, f->s, &c, 1, 0, f->now), 0);
	assert_true(ph_poll(f->st, f->s) & PH_POLLRDHUP);
	close_s(f);
	out(f, "F. 1:0 ack 2");
	in(f, ". 2:0 ack 2");
	quiet(f);
	ph_stack_usage(f->st, &u);
	assert_int_equal(u.connections, 1);
	assert_int_equal(u.timewait, 0);
	fix_free(f);
}

static void test_half_closed_connection_still_receives(void **state)
{
	struct fix *f = passive();

	(void)state;
	assert_int_equal(ph_shutdown(f->st, f->s, PH_SHUT_WR, f->now), 0);
	out(f, "F. 1:0 ack 1");
	in(f, ". 1:0 ack 2");
	assert_int_equal(state_of(f, f->s), FIN_WAIT_2);
	assert_int_equal(write_n(f, 1), -EPIPE);
	in(f, "P. 1:100 ack 2");
	out(f, ". 2:0 ack 101");
	read_n(f, 1, 100);
	fix_free(f);
}

static void test_fin_waits_for_the_data_before_it(void **state)
{
	struct fix *f = passive();

	(void)state;
	in(f, "F. 6:0 ack 1");
	out(f, ". 1:0 ack 1");
	assert_int_equal(state_of(f, f->s), EST);
	in(f, "P. 1:5 ack 1");
	out(f, ". 1:0 ack 7");
	assert_int_equal(state_of(f, f->s), CLOSE_WAIT);
	fix_free(f);
}

static void test_fin_rides_on_the_last_data(void **state)
{
	struct fix *f = passive();

	(void)state;
	assert_int_equal(write_n(f, 14600), 14600);
	for (int i = 0; i < 9; i++) {
		char line[40];

		/* Half of the window is a packet, and its last segment says PSH. */
		snprintf(line, sizeof(line), "%s %d:1460 ack 1", i % 5 == 4 ? "P." : ".",
			 1 + i * 1460);
		out(f, line);
	}
	out(f, "P. 13141:1460 ack 1");
	assert_int_equal(write_n(f, 100), 100);
	close_s(f);
	quiet(f);
	in(f, ". 1:0 ack 14601");
	out(f, "FP. 14601:100 ack 1");
	fix_free(f);
}

static void test_close_with_unread_data_resets(void **state)
{
	struct fix *f = passive();

	(void)state;
	in(f, "P. 1:10 ack 1");
	out(f, ". 1:0 ack 11");
	close_s(f);
	out(f, "R. 1:0 ack 11");
	assert_int_equal(counter(f, "TcpExtTCPAbortOnClose"), 1);
	fix_free(f);
}

static void test_linger_zero_resets(void **state)
{
	struct fix *f = passive();
	int linger[2] = { 1, 0 };

	(void)state;
	assert_int_equal(ph_setsockopt(f->st, f->s, PH_SOL_SOCKET, PH_SO_LINGER, linger,
				       sizeof(linger), f->now), 0);
	close_s(f);
	out(f, "R. 1:0 ack 1");
	fix_free(f);
}

static void test_data_for_a_closed_socket_is_reset(void **state)
{
	struct fix *f = passive();

	(void)state;
	close_s(f);
	out(f, "F. 1:0 ack 1");
	in(f, "P. 1:10 ack 2");
	out(f, "R 2:0");
	assert_int_equal(counter(f, "TcpExtTCPAbortOnData"), 1);
	fix_free(f);
}

static void test_orphan_leaves_fin_wait_2_after_its_time(void **state)
{
	struct fix *f = passive();
	struct ph_usage u;

	(void)state;
	sysctl(f, "net.ipv4.tcp_fin_timeout", "7");
	close_s(f);
	out(f, "F. 1:0 ack 1");
	in(f, ". 1:0 ack 2");
	pass(f, 6999);
	ph_stack_usage(f->st, &u);
	assert_int_equal(u.connections, 2);
	pass(f, 2);
	ph_stack_usage(f->st, &u);
	assert_int_equal(u.connections, 1);
	fix_free(f);
}

static void test_fin_again_in_close_wait_is_acknowledged_again(void **state)
{
	struct fix *f = passive();

	(void)state;
	in(f, "F. 1:0 ack 1");
	out(f, ". 1:0 ack 2");
	in(f, "F. 1:0 ack 1");
	out(f, ". 1:0 ack 2");
	fix_free(f);
}

/* ---- resets (RFC 5961 3) */

static void test_reset_at_the_next_number_ends_the_connection(void **state)
{
	struct fix *f = passive();
	char c;

	(void)state;
	in(f, "R 1:0");
	quiet(f);
	assert_int_equal(state_of(f, f->s), CLOSED);
	assert_int_equal(ph_recv(f->st, f->s, &c, 1, 0, f->now), -ECONNRESET);
	assert_int_equal(ph_recv(f->st, f->s, &c, 1, 0, f->now), 0);
	assert_int_equal(write_n(f, 1), -EPIPE);
	assert_int_equal(counter(f, "TcpEstabResets"), 1);
	fix_free(f);
}

static void test_reset_elsewhere_in_the_window_is_challenged_and_outside_ignored(void **state)
{
	struct fix *f = passive();

	(void)state;
	in(f, "R 2:0");
	out(f, ". 1:0 ack 1");
	in(f, "R 200000:0");
	quiet(f);
	assert_int_equal(state_of(f, f->s), EST);
	assert_int_equal(counter(f, "TcpExtTCPChallengeACK"), 1);
	in(f, "R 3:0");
	quiet(f); /* tcp_invalid_ratelimit */
	fix_free(f);
}

static void test_reset_ends_every_closing_state(void **state)
{
	static const struct {
		const char *first, *then;
	} rows[] = { { NULL, NULL }, { ". 1:0 ack 2", NULL }, { "F. 1:0 ack 1", NULL } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fix *f = passive();
		struct ph_usage u;

		close_s(f);
		out(f, "F. 1:0 ack 1");
		if (rows[i].first)
			in(f, rows[i].first);
		if (i == 2)
			out(f, ". 2:0 ack 2");
		in(f, i == 2 ? "R 2:0" : "R 1:0");
		quiet(f);
		ph_stack_usage(f->st, &u);
		assert_int_equal(u.connections, 1);
		fix_free(f);
	}
}

static void test_syn_in_a_connection_is_challenged(void **state)
{
	struct fix *f = passive();

	(void)state;
	in(f, "S 1:0");
	out(f, ". 1:0 ack 1");
	assert_int_equal(state_of(f, f->s), EST);
	assert_int_equal(counter(f, "TcpExtTCPSYNChallenge"), 1);
	pass(f, 1000);
	in(f, "S 4000000:0");
	out(f, ". 1:0 ack 1");
	fix_free(f);
}

/* ---- TIME-WAIT */

static struct fix *time_wait(void)
{
	struct fix *f = passive();

	close_s(f);
	out(f, "F. 1:0 ack 1");
	in(f, "F. 1:0 ack 2");
	out(f, ". 2:0 ack 2");
	return f;
}

/* rfc: 9293:MUST-13 */
static void test_fin_again_in_time_wait_is_acknowledged_and_starts_it_anew(void **state)
{
	struct fix *f = time_wait();
	struct ph_usage u;

	(void)state;
	pass(f, 50000);
	in(f, "F. 1:0 ack 2");
	out(f, ". 2:0 ack 2");
	pass(f, 50000);
	ph_stack_usage(f->st, &u);
	assert_int_equal(u.timewait, 1);
	pass(f, 10001);
	in(f, "F. 1:0 ack 2");
	out(f, "R 2:0");
	fix_free(f);
}

static void test_newer_syn_reopens_time_wait_and_an_older_does_not(void **state)
{
	struct fix *f = time_wait();
	struct tcp_seg s;

	(void)state;
	in(f, "S 1:0");
	out(f, ". 2:0 ack 2");
	in(f, "S 500000:0");
	assert_true(sent(f, &s));
	assert_int_equal(s.flags, TCP_F_SYN | TCP_F_ACK);
	assert_int_equal(s.seq - f->our_iss, 2 + 65537);
	fix_free(f);
}

/* rfc: 1337:3-1 */
static void test_reset_in_time_wait_is_obeyed_or_ignored_by_sysctl(void **state)
{
	(void)state;
	for (int ignore = 0; ignore < 2; ignore++) {
		struct fix *f = time_wait();
		struct ph_usage u;

		sysctl(f, "net.ipv4.tcp_rfc1337", ignore ? "1" : "0");
		in(f, "R 2:0");
		ph_stack_usage(f->st, &u);
		assert_int_equal(u.timewait, ignore);
		fix_free(f);
	}
}

static void test_ports_bound_twice_are_refused_as_in_linux(void **state)
{
	struct fix *f = passive();
	struct ph_sockaddr a = at(0, 80);
	ph_socket s = stream_socket(f);

	(void)state;
	assert_int_equal(ph_bind(f->st, s, &a, f->now), -EADDRINUSE);
	assert_int_equal(ph_close(f->st, f->l, f->now), 0);
	f->l = -1;
	assert_int_equal(ph_bind(f->st, s, &a, f->now), -EADDRINUSE); /* f->s is still on it */
	in(f, "R 1:0");
	assert_int_equal(ph_bind(f->st, s, &a, f->now), 0);
	assert_int_equal(ph_close(f->st, s, f->now), 0);
	fix_free(f);
}

static void test_no_allocation_failure_breaks_the_handshake(void **state)
{
	(void)state;
	for (uint64_t n = 1; n < 12; n++) {
		struct fix *f = fix_new();
		struct tcp_seg s;

		listen_on(f, 5);
		in(f, "S 0:0");
		out(f, "S. 0:0 ack 1");
		ph_stack_fail_at(f->st, n);
		in(f, "P. 1:5 ack 1");
		ph_stack_fail_at(f->st, 0);
		while (sent(f, &s))
			;
		in(f, "P. 1:5 ack 1");
		while (sent(f, &s))
			;
		accept_one(f);
		read_n(f, 1, 5);
		fix_free(f);
	}
}

#define T(name) cmocka_unit_test(name)
int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_passive_open_answers_syn_and_accepts),
		T(test_active_open_sends_syn_and_is_established_by_its_answer),
		T(test_simultaneous_open_reaches_established),
		T(test_syn_options_are_offered_and_answered),
		T(test_syn_without_options_gets_none),
		T(test_syn_is_sent_again_with_back_off_and_given_up),
		T(test_first_syns_are_sent_again_without_back_off),
		T(test_refused_connection_says_so_and_the_socket_connects_again),
		T(test_blind_reset_in_syn_sent_is_ignored),
		T(test_wrong_ack_in_syn_sent_is_reset),
		T(test_syn_ack_is_sent_again_and_given_up),
		T(test_syn_again_is_answered_again),
		T(test_reset_of_a_half_open_connection_returns_to_listen),
		T(test_wrong_ack_of_our_syn_is_reset),
		T(test_last_ack_of_the_handshake_may_carry_data),
		T(test_full_accept_queue_drops_the_last_ack),
		T(test_connection_that_died_before_accept_is_handed_over_with_its_error),
		T(test_closed_listener_resets_those_not_accepted),
		T(test_closed_port_resets_by_the_rules),
		T(test_listener_refuses_what_is_no_syn),
		T(test_close_passes_through_fin_wait_to_time_wait),
		T(test_fin_and_ack_of_ours_together_lead_to_time_wait),
		T(test_simultaneous_close_passes_through_closing),
		T(test_peer_closes_first_and_we_end_in_last_ack),
		T(test_half_closed_connection_still_receives),
		T(test_fin_waits_for_the_data_before_it),
		T(test_fin_rides_on_the_last_data),
		T(test_close_with_unread_data_resets),
		T(test_linger_zero_resets),
		T(test_data_for_a_closed_socket_is_reset),
		T(test_orphan_leaves_fin_wait_2_after_its_time),
		T(test_fin_again_in_close_wait_is_acknowledged_again),
		T(test_reset_at_the_next_number_ends_the_connection),
		T(test_reset_elsewhere_in_the_window_is_challenged_and_outside_ignored),
		T(test_reset_ends_every_closing_state),
		T(test_syn_in_a_connection_is_challenged),
		T(test_fin_again_in_time_wait_is_acknowledged_and_starts_it_anew),
		T(test_newer_syn_reopens_time_wait_and_an_older_does_not),
		T(test_reset_in_time_wait_is_obeyed_or_ignored_by_sysctl),
		T(test_ports_bound_twice_are_refused_as_in_linux),
		T(test_no_allocation_failure_breaks_the_handshake),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
