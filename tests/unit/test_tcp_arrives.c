/* SPDX-License-Identifier: BSD-2-Clause */
/* SEGMENT ARRIVES by transcripts: the exact edges of each check of RFC 9293 3.10.7.4, and who is
 * answered how often. */
#include "tcp_script.h"

enum { EST = 1, SYN_RCVD = 3, FIN_WAIT_1 = 4, FIN_WAIT_2 = 5, CLOSED = 7 };

static struct fix *passive(void)
{
	struct fix *f = fix_new();

	open_passive(f);
	return f;
}

static struct fix *with_timestamps(void)
{
	struct fix *f = fix_new();

	sysctl(f, "net.ipv4.tcp_timestamps", "1");
	listen_on(f, 5);
	in(f, "S 0:0 mss 1460 ts 1000 0");
	out(f, "S. 0:0 ack 1 ts 0 1000");
	in(f, ". 1:0 ack 1 ts 1000 0");
	accept_one(f);
	return f;
}

static void drain(struct fix *f)
{
	struct tcp_seg s;

	while (sent(f, &s))
		;
}

/* A receive buffer that is full to the last byte of its window; returns the window's edge. */
static uint32_t fill_window(struct fix *f)
{
	uint32_t seq = 1, edge = 2921;
	struct tcp_seg s;
	char line[40];

	listen_on(f, 5);
	set_int(f, f->l, PH_SOL_SOCKET, PH_SO_RCVBUF, 4096);
	in(f, "S 0:0 mss 1000");
	out(f, "S. 0:0 ack 1 win 2920");
	in(f, ". 1:0 ack 1");
	accept_one(f);
	for (int i = 0; i < 32 && seq < edge; i++) {
		uint32_t n = edge - seq < 1000 ? edge - seq : 1000;

		snprintf(line, sizeof(line), ". %u:%u ack 1", seq, n);
		in(f, line);
		seq += n;
		pass(f, 300);
		while (sent(f, &s))
			edge = s.ack - f->peer_iss + s.wnd;
	}
	assert_int_equal(edge, seq);
	return edge;
}

/* ---- the window's edges */

/* rfc: 9293:MUST-66 */
static void test_acknowledgments_and_resets_count_while_our_window_is_zero(void **state)
{
	struct fix *f = fix_new();
	char line[64];
	uint32_t edge = fill_window(f);

	(void)state;
	assert_int_equal(write_n(f, 500), 500);
	snprintf(line, sizeof(line), "P. 1:500 ack %u win 0", edge);
	out(f, line);
	snprintf(line, sizeof(line), ". %u:0 ack 501", edge);
	in(f, line);
	assert_int_equal(ph_outq(f->st, f->s), 0);
	pass(f, 5000);
	quiet(f);
	snprintf(line, sizeof(line), "R %u:0", edge);
	in(f, line);
	quiet(f);
	assert_int_equal(state_of(f, f->s), CLOSED);
	fix_free(f);
}

static void test_fin_at_the_edge_leaves_a_window_of_zero(void **state)
{
	struct fix *f = fix_new();
	char line[64];
	uint32_t edge = fill_window(f);

	(void)state;
	snprintf(line, sizeof(line), "F. %u:0 ack 1", edge);
	in(f, line);
	snprintf(line, sizeof(line), ". 1:0 ack %u win 0", edge + 1);
	out(f, line);
	fix_free(f);
}

/* rfc: 9293:3.8.6.1-a */
static void test_data_into_a_window_of_zero_is_answered_each_time(void **state)
{
	struct fix *f = fix_new();
	char line[64];
	uint32_t edge = fill_window(f);

	(void)state;
	for (int i = 0; i < 3; i++) {
		snprintf(line, sizeof(line), ". %u:1 ack 1", edge);
		in(f, line);
		snprintf(line, sizeof(line), ". 1:0 ack %u win 0", edge);
		out(f, line);
		quiet(f);
	}
	fix_free(f);
}

/* RFC 1122 4.2.3.3: a reader who takes little at a time is not announced each time. */
static void test_reads_that_free_little_are_not_announced(void **state)
{
	struct fix *f = passive();
	char line[40], bytes[1460];

	(void)state;
	for (uint32_t seq = 1; seq < 14601; seq += 1460) {
		snprintf(line, sizeof(line), ". %u:1460 ack 1", seq);
		in(f, line);
	}
	pass(f, 300);
	drain(f);
	for (int i = 0; i < 10; i++)
		assert_int_equal(ph_recv(f->st, f->s, bytes, 1460, 0, f->now), 1460);
	quiet(f);
	fix_free(f);
}

/* Each byte lies apart: what they pin is bounded, and what is furthest ahead goes first. */
/* attack: Out-of-order-memory-accounting, CVE-2010-4251 */
static void test_pieces_that_pin_the_buffer_are_given_up(void **state)
{
	struct fix *f = fix_new();
	char line[40];
	uint32_t seq;

	(void)state;
	listen_on(f, 5);
	set_int(f, f->l, PH_SOL_SOCKET, PH_SO_RCVBUF, 4096);
	in(f, "S 0:0 mss 1000");
	out(f, "S. 0:0 ack 1 win 2920");
	in(f, ". 1:0 ack 1");
	accept_one(f);
	for (seq = 3; seq < 2900; seq += 2) {
		snprintf(line, sizeof(line), ". %u:1 ack 1", seq);
		in(f, line);
		out(f, ". 1:0 ack 1");
	}
	assert_true(counter(f, "TcpExtPruneCalled") > 0);
	assert_true(counter(f, "TcpExtOfoPruned") > 0);
	in(f, ". 1:2 ack 1");
	out(f, ". 1:0 ack 4"); /* what was nearest is still there */
	fix_free(f);
}

static void test_segment_across_the_right_edge_is_refused_while_data_is_held(void **state)
{
	struct fix *f = fix_new();

	(void)state;
	listen_on(f, 5);
	set_int(f, f->l, PH_SOL_SOCKET, PH_SO_RCVBUF, 4096);
	in(f, "S 0:0 mss 1000");
	out(f, "S. 0:0 ack 1 win 2920");
	in(f, ". 1:0 ack 1");
	accept_one(f);
	in(f, ". 1:1000 ack 1");
	pass(f, 300);
	out(f, ". 1:0 ack 1001 win 2000");
	in(f, ". 1001:2080 ack 1"); /* 80 more than the window */
	out(f, ". 1:0 ack 1001 win 2000");
	assert_int_equal(counter(f, "TcpExtBeyondWindow"), 1);
	in(f, ". 1001:2000 ack 1");
	pass(f, 300);
	out(f, ". 1:0 ack 3001 win 0");
	assert_int_equal(ph_inq(f->st, f->s), 3000);
	read_n(f, 1, 3000);
	out(f, ". 1:0 ack 3001");
	in(f, ". 3001:3900 ack 1"); /* nothing is held: it is taken whole */
	pass(f, 300);
	out(f, ". 1:0 ack 6901 win 0");
	fix_free(f);
}

/* rfc: 5961:3.2-1 */
static void test_reset_outside_the_window_is_not_even_answered(void **state)
{
	struct fix *f = passive();

	(void)state;
	in(f, "R 0:0");
	quiet(f);
	in(f, "R 4000000:0");
	quiet(f);
	assert_int_equal(state_of(f, f->s), EST);
	assert_int_equal(counter(f, "TcpExtTCPChallengeACK"), 0);
	fix_free(f);
}

/* rfc: 9293:MUST-12 */
static void test_reset_after_the_peers_fin_breaks_the_pipe(void **state)
{
	struct fix *f = passive();

	(void)state;
	in(f, "F. 1:0 ack 1");
	out(f, ". 1:0 ack 2");
	in(f, "R 2:0");
	assert_int_equal(error_of(f, f->s), EPIPE);
	fix_free(f);
}

/* rfc: 9293:3.10.7.4-j */
static void test_fin_below_what_was_received_ends_nothing(void **state)
{
	struct fix *f = passive();

	(void)state;
	in(f, ". 1:20 ack 1");
	out(f, ". 1:0 ack 21");
	in(f, "F. 1:10 ack 1");
	out(f, ". 1:0 ack 21");
	assert_int_equal(state_of(f, f->s), EST);
	in(f, ". 21:5 ack 1");
	out(f, ". 1:0 ack 26");
	assert_int_equal(write_n(f, 10), 10); /* a conversation: what comes is acknowledged late */
	out(f, "P. 1:10 ack 26");
	in(f, ". 26:10 ack 11");
	in(f, "F. 30:0 ack 11"); /* not below what was acknowledged, below what was received */
	pass(f, 300);
	out(f, ". 11:0 ack 36");
	assert_int_equal(state_of(f, f->s), EST);
	fix_free(f);
}

/* ---- how often is answered (RFC 5961 7, Linux's tcp_invalid_ratelimit) */

/* attack: ACK-storm */
static void test_old_data_is_answered_each_time_and_empty_segments_twice_a_second(void **state)
{
	struct fix *f = passive();

	(void)state;
	in(f, ". 1:10 ack 1");
	out(f, ". 1:0 ack 11");
	in(f, ". 11:10 ack 1");
	out(f, ". 1:0 ack 21");
	for (int i = 0; i < 3; i++) {
		in(f, ". 1:10 ack 1");
		out(f, ". 1:0 ack 21");
	}
	in(f, ". 1:0 ack 1");
	out(f, ". 1:0 ack 21");
	in(f, ". 1:0 ack 1");
	quiet(f);
	assert_int_equal(counter(f, "TcpExtTCPACKSkippedSeq"), 1);
	pass(f, 500);
	in(f, ". 1:0 ack 1");
	out(f, ". 1:0 ack 21");
	fix_free(f);
}

/* rfc: 5961:7-1 */
/* attack: CVE-2016-5696 */
static void test_challenges_are_limited_for_all_connections_together(void **state)
{
	struct fix *f = fix_new();
	unsigned challenges = 0;
	struct tcp_seg s;

	(void)state;
	sysctl(f, "net.ipv4.tcp_challenge_ack_limit", "2");
	listen_on(f, 10);
	for (uint16_t port = 4000; port < 4008; port++) {
		f->peer_port = port;
		f->iss_known = false;
		in(f, "S 0:0 mss 1460");
		out(f, "S. 0:0 ack 1");
		in(f, ". 1:0 ack 1");
		f->peer_port = port;
		in(f, "S 1:0");
		while (sent(f, &s))
			challenges++;
	}
	assert_in_range(challenges, 1, 4); /* half of it and up to once more, drawn each second */
	assert_int_equal(counter(f, "TcpExtTCPChallengeACK"), challenges);
	assert_int_equal(counter(f, "TcpExtTCPACKSkippedChallenge"), 8 - challenges);
	fix_free(f);
}

/* ---- simultaneous open */

static struct fix *both_open(void)
{
	struct fix *f = fix_new();

	start_connect(f);
	in(f, "S 0:0 mss 1460");
	out(f, "S. 0:0 ack 1");
	assert_int_equal(state_of(f, f->s), SYN_RCVD);
	return f;
}

/* rfc: 9293:MUST-10 */
static void test_simultaneous_open_refuses_a_wrong_acknowledgment(void **state)
{
	struct fix *f = both_open();

	(void)state;
	in(f, ". 1:0 ack 5");
	out(f, "R 5:0");
	in(f, "S. 0:0 ack 5");
	out(f, ". 1:0 ack 1");
	assert_int_equal(state_of(f, f->s), SYN_RCVD);
	in(f, "S. 0:0 ack 1");
	assert_int_equal(state_of(f, f->s), EST);
	fix_free(f);
}

static void test_simultaneous_open_takes_what_comes_with_the_syn_ack(void **state)
{
	struct fix *f = both_open();
	uint8_t bytes[10];

	(void)state;
	in(f, "S. 0:5 ack 1");
	out(f, ". 1:0 ack 6");
	assert_int_equal(ph_recv(f->st, f->s, bytes, sizeof(bytes), 0, f->now), 5);
	assert_int_equal(bytes[0], 0);
	fix_free(f);
}

/* attack: CVE-2024-36905 */
static void test_shutdown_while_opening_sends_fin_once_open(void **state)
{
	struct fix *f = both_open();

	(void)state;
	assert_int_equal(ph_ready(f->st, &(struct ph_event){ .events = 0 }, 1), 0);
	assert_int_equal(ph_shutdown(f->st, f->s, PH_SHUT_WR, f->now), 0);
	quiet(f);
	assert_int_equal(ph_poll(f->st, f->s), 0);
	assert_int_equal(ph_ready(f->st, &(struct ph_event){ .events = 0 }, 1), 0); /* no news */
	in(f, ". 1:0 ack 1");
	out(f, "F. 1:0 ack 1");
	assert_int_equal(state_of(f, f->s), FIN_WAIT_1);
	in(f, ". 1:0 ack 2");
	assert_int_equal(state_of(f, f->s), FIN_WAIT_2);
	fix_free(f);
}

/* ---- closing */

static void test_data_sent_again_after_close_is_acknowledged_and_not_reset(void **state)
{
	struct fix *f = passive();

	(void)state;
	in(f, ". 1:10 ack 1");
	out(f, ". 1:0 ack 11");
	read_n(f, 1, 10);
	close_s(f);
	out(f, "F. 1:0 ack 11");
	in(f, ". 1:10 ack 1");
	out(f, ". 2:0 ack 11");
	in(f, ". 11:0 ack 2");
	quiet(f);
	in(f, "F. 11:0 ack 2");
	out(f, ". 2:0 ack 12");
	fix_free(f);
}

static void test_negative_linger2_spares_a_socket_that_is_held(void **state)
{
	struct fix *f = passive();

	(void)state;
	set_int(f, f->s, PH_IPPROTO_TCP, PH_TCP_LINGER2, -1);
	assert_int_equal(ph_shutdown(f->st, f->s, PH_SHUT_WR, f->now), 0);
	out(f, "F. 1:0 ack 1");
	in(f, ". 1:0 ack 2");
	assert_int_equal(state_of(f, f->s), FIN_WAIT_2);
	in(f, ". 1:10 ack 2");
	out(f, ". 2:0 ack 11");
	read_n(f, 1, 10);
	close_s(f);
	out(f, "R. 2:0 ack 11");
	fix_free(f);
}

/* ---- timestamps */

/* rfc: 7323:4.3-1 */
static void test_overtaken_acknowledgment_is_heard_and_its_timestamp_not_echoed(void **state)
{
	struct fix *f = with_timestamps();

	(void)state;
	assert_int_equal(write_n(f, 1448), 1448);
	assert_int_equal(write_n(f, 1448), 1448);
	drain(f);
	in(f, ". 1:0 ack 1 ts 1200 0");
	quiet(f);
	in(f, ". 1:0 ack 1 ts 1150 0"); /* sent before it, arrived behind it */
	quiet(f);
	assert_int_equal(counter(f, "TcpExtPAWSEstab"), 0);
	assert_int_equal(write_n(f, 1448), 1448);
	out(f, "P. 2897:1448 ack 1 ts 0 1200");
	fix_free(f);
}

/* ---- the window told by the peer (RFC 9293 3.10.7.4: SND.WL1, SND.WL2) */

/* rfc: 9293:3.10.7.4-g */
static void test_window_of_an_older_segment_is_not_used(void **state)
{
	struct fix *f = passive();

	(void)state;
	in(f, ". 1:10 ack 1 win 1460");
	out(f, ". 1:0 ack 11");
	assert_int_equal(write_n(f, 5840), 5840);
	out(f, ". 1:1460 ack 11");
	quiet(f);
	in(f, ". 11:10 ack 1461 win 0");
	in(f, ". 21:10 ack 1461 win 0");
	in(f, ". 11:0 ack 1461 win 5840"); /* late: from before the window closed */
	quiet(f);
	pass(f, 100);
	out(f, ". 1461:0 ack 31");
	in(f, ". 31:0 ack 1461 win 1460");
	out(f, ". 1461:1460 ack 31");
	quiet(f);
	fix_free(f);
}

static void test_window_comes_with_a_newer_acknowledgment_whatever_its_sequence(void **state)
{
	struct fix *f = passive();

	(void)state;
	in(f, ". 11:10 ack 1 win 1460"); /* ahead of a hole */
	out(f, ". 1:0 ack 1");
	assert_int_equal(write_n(f, 5840), 5840);
	out(f, ". 1:1460 ack 1");
	in(f, ". 1:10 ack 1461 win 2920");
	out(f, ". 1461:1460 ack 21");
	out(f, "P. 2921:1460 ack 21"); /* the last one of a packet of many */
	quiet(f);
	fix_free(f);
}

/* ---- urgent data (RFC 6093) */

static unsigned events(struct fix *f)
{
	struct ph_event e[4];

	return (unsigned)ph_ready(f->st, e, 4);
}

/* rfc: 9293:MUST-31 */
static void test_urgent_mark_ends_with_the_byte_before_the_pointer(void **state)
{
	struct fix *f = passive();
	uint8_t b[10];

	(void)state;
	in(f, "U. 1:10 ack 1 urg 5");
	drain(f);
	assert_true(ph_poll(f->st, f->s) & PH_POLLPRI);
	assert_int_equal(ph_recv(f->st, f->s, b, 4, 0, f->now), 4);
	assert_true(ph_poll(f->st, f->s) & PH_POLLPRI);
	assert_int_equal(ph_recv(f->st, f->s, b, 1, 0, f->now), 1);
	assert_false(ph_poll(f->st, f->s) & PH_POLLPRI);
	/* A pointer at what is read already marks nothing. */
	in(f, "U. 11:0 ack 1 urg 0");
	assert_false(ph_poll(f->st, f->s) & PH_POLLPRI);
	fix_free(f);
}

/* rfc: 9293:MUST-32 */
static void test_urgent_pointer_is_told_once_until_it_moves_on(void **state)
{
	struct fix *f = passive();

	(void)state;
	in(f, "U. 1:0 ack 1 urg 2"); /* announced, not here */
	assert_false(ph_poll(f->st, f->s) & PH_POLLPRI);
	in(f, "U. 1:2 ack 1 urg 2");
	(void)events(f);
	assert_true(ph_poll(f->st, f->s) & PH_POLLPRI);
	in(f, "U. 1:2 ack 1 urg 2");
	assert_int_equal(events(f), 0);
	in(f, "U. 3:2 ack 1 urg 2");
	assert_int_equal(events(f), 1);
	assert_true(ph_poll(f->st, f->s) & PH_POLLPRI);
	fix_free(f);
}

#define T(name) cmocka_unit_test(name)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_acknowledgments_and_resets_count_while_our_window_is_zero),
		T(test_fin_at_the_edge_leaves_a_window_of_zero),
		T(test_data_into_a_window_of_zero_is_answered_each_time),
		T(test_reads_that_free_little_are_not_announced),
		T(test_pieces_that_pin_the_buffer_are_given_up),
		T(test_segment_across_the_right_edge_is_refused_while_data_is_held),
		T(test_reset_outside_the_window_is_not_even_answered),
		T(test_reset_after_the_peers_fin_breaks_the_pipe),
		T(test_fin_below_what_was_received_ends_nothing),
		T(test_old_data_is_answered_each_time_and_empty_segments_twice_a_second),
		T(test_challenges_are_limited_for_all_connections_together),
		T(test_simultaneous_open_refuses_a_wrong_acknowledgment),
		T(test_simultaneous_open_takes_what_comes_with_the_syn_ack),
		T(test_shutdown_while_opening_sends_fin_once_open),
		T(test_data_sent_again_after_close_is_acknowledged_and_not_reset),
		T(test_negative_linger2_spares_a_socket_that_is_held),
		T(test_overtaken_acknowledgment_is_heard_and_its_timestamp_not_echoed),
		T(test_window_of_an_older_segment_is_not_used),
		T(test_window_comes_with_a_newer_acknowledgment_whatever_its_sequence),
		T(test_urgent_mark_ends_with_the_byte_before_the_pointer),
		T(test_urgent_pointer_is_told_once_until_it_moves_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
