/* SPDX-License-Identifier: BSD-2-Clause */
/* TCP's sender by transcripts: Nagle, windows, probes, retransmission, recovery, keep-alive, ICMP. */
#include "tcp_script.h"

enum { EST = 1, CLOSED = 7 };

static struct fix *passive(void)
{
	struct fix *f = fix_new();

	open_passive(f);
	return f;
}

/* ---- sending */

/* rfc: 9293:MUST-17 */
static void test_nagle_holds_a_second_small_segment(void **state)
{
	struct fix *f = passive();

	(void)state;
	assert_int_equal(write_n(f, 10), 10);
	out(f, "P. 1:10 ack 1");
	assert_int_equal(write_n(f, 10), 10);
	assert_int_equal(write_n(f, 10), 10);
	quiet(f);
	in(f, ". 1:0 ack 11");
	out(f, "P. 11:20 ack 1");
	set_int(f, f->s, PH_IPPROTO_TCP, PH_TCP_NODELAY, 1);
	assert_int_equal(write_n(f, 10), 10);
	out(f, "P. 31:10 ack 1");
	assert_int_equal(write_n(f, 10), 10);
	out(f, "P. 41:10 ack 1");
	fix_free(f);
}

static void test_cork_holds_all_but_full_segments(void **state)
{
	struct fix *f = passive();

	(void)state;
	set_int(f, f->s, PH_IPPROTO_TCP, PH_TCP_CORK, 1);
	assert_int_equal(write_n(f, 2000), 2000);
	out(f, ". 1:1460 ack 1");
	quiet(f);
	set_int(f, f->s, PH_IPPROTO_TCP, PH_TCP_CORK, 0);
	out(f, "P. 1461:540 ack 1");
	fix_free(f);
}

static void test_corked_data_goes_after_two_hundred_milliseconds(void **state)
{
	struct fix *f = passive();

	(void)state;
	assert_int_equal(ph_send(f->st, f->s, "x", 1, PH_MSG_MORE, f->now), 1);
	quiet(f);
	pass(f, 300);
	out(f, "P. 1:1 ack 1");
	fix_free(f);
}

/* rfc: 9293:MUST-38 */
static void test_small_openings_of_the_window_are_not_used(void **state)
{
	struct fix *f = fix_new();

	(void)state;
	listen_on(f, 5);
	in(f, "S 0:0 mss 1000 win 4000");
	out(f, "S. 0:0 ack 1");
	in(f, ". 1:0 ack 1 win 4000");
	accept_one(f);
	assert_int_equal(write_n(f, 8000), 8000);
	for (int i = 0; i < 4; i++) {
		char line[40];

		snprintf(line, sizeof(line), "%s %d:1000 ack 1", i % 2 ? "P." : ".", 1 + i * 1000);
		out(f, line);
	}
	in(f, ". 1:0 ack 4001 win 300");
	quiet(f);
	in(f, ". 1:0 ack 4001 win 900");
	quiet(f);
	in(f, ". 1:0 ack 4001 win 1000");
	out(f, ". 4001:1000 ack 1");
	fix_free(f);
}

/* rfc: 9293:MUST-36, 9293:MUST-37 */
static void test_zero_window_is_probed_until_it_opens(void **state)
{
	struct fix *f = fix_new();

	(void)state;
	listen_on(f, 5);
	in(f, "S 0:0 win 1000");
	out(f, "S. 0:0 ack 1");
	in(f, ". 1:0 ack 1 win 1000");
	accept_one(f);
	assert_int_equal(write_n(f, 1500), 1500);
	out(f, ". 1:500 ack 1"); /* segments of 536 would be more than half of the window */
	out(f, "P. 501:500 ack 1"); /* and a window's half is pushed */
	in(f, ". 1:0 ack 1001 win 0");
	pass(f, 250);
	out(f, ". 1000:0 ack 1");
	pass(f, 450);
	out(f, ". 1000:0 ack 1");
	in(f, ". 1:0 ack 1001 win 1000");
	out(f, "P. 1001:500 ack 1");
	fix_free(f);
}

static void test_window_probe_intervals_double_and_peers_that_answer_are_kept(void **state)
{
	struct fix *f = passive();
	struct tcp_seg s;
	uint64_t last = 0, gap = 0;

	(void)state;
	in(f, ". 1:0 ack 1 win 0");
	assert_int_equal(write_n(f, 100), 100);
	quiet(f);
	for (int i = 0; i < 6; i++) {
		while (!sent(f, &s))
			pass(f, 1);
		assert_int_equal(s.seq - f->our_iss, 0); /* below the window: must be answered */
		assert_int_equal(s.len, 0);
		if (last && gap)
			assert_in_range((f->now - last) * 100 / gap, 190, 210);
		gap = last ? f->now - last : 0;
		last = f->now;
		in(f, ". 1:0 ack 1 win 0");
	}
	in(f, ". 1:0 ack 1 win 1000");
	out(f, "P. 1:100 ack 1");
	assert_int_equal(state_of(f, f->s), EST);
	fix_free(f);
}

/* rfc: 9293:SHLD-11 */
static void test_silence_of_a_hundred_seconds_ends_no_connection(void **state)
{
	struct fix *f = passive();
	struct tcp_seg s;
	char c;

	(void)state;
	assert_int_equal(write_n(f, 100), 100);
	for (int i = 0; i < 1000; i++) {
		pass(f, 100);
		while (sent(f, &s))
			assert_int_equal(s.seq - f->our_iss, 1);
	}
	assert_int_equal(state_of(f, f->s), EST);
	for (int i = 0; i < 20000 && state_of(f, f->s) == EST; i++) {
		pass(f, 100);
		while (sent(f, &s))
			;
	}
	assert_int_equal(ph_recv(f->st, f->s, &c, 1, 0, f->now), -ETIMEDOUT);
	fix_free(f);
}

static void test_retransmission_backs_off_and_gives_up(void **state)
{
	struct fix *f = passive();
	uint64_t last = 0, gap = 0;
	struct tcp_seg s;
	int n = 0;
	char c;

	(void)state;
	sysctl(f, "net.ipv4.tcp_retries2", "5");
	assert_int_equal(write_n(f, 100), 100);
	out(f, "P. 1:100 ack 1");
	last = f->now;
	while (state_of(f, f->s) == EST) {
		if (!sent(f, &s)) {
			pass(f, 1);
			continue;
		}
		assert_int_equal(s.seq - f->our_iss, 1);
		assert_int_equal(s.len, 100);
		if (gap)
			assert_in_range((f->now - last) * 100 / gap, 195, 205);
		gap = f->now - last;
		last = f->now;
		n++;
	}
	assert_in_range(n, 5, 7);
	assert_int_equal(ph_recv(f->st, f->s, &c, 1, 0, f->now), -ETIMEDOUT);
	fix_free(f);
}

/* rfc: 6298:5-3, 9293:MUST-18 */
static void test_first_timeout_follows_the_measured_round_trip(void **state)
{
	struct fix *f = fix_new();

	(void)state;
	listen_on(f, 5);
	in(f, "S 0:0 mss 1460");
	out(f, "S. 0:0 ack 1");
	pass(f, 100);
	in(f, ". 1:0 ack 1");
	accept_one(f);
	assert_int_equal(write_n(f, 100), 100);
	out(f, "P. 1:100 ack 1");
	pass(f, 299); /* SRTT 100 ms, 4 RTTVAR 200 ms */
	quiet(f);
	pass(f, 1);
	out(f, "P. 1:100 ack 1");
	fix_free(f);
}

static void test_three_duplicate_acks_retransmit_at_once(void **state)
{
	struct fix *f = passive();
	struct tcp_seg s;

	(void)state;
	assert_int_equal(write_n(f, 14600), 14600);
	while (sent(f, &s))
		;
	in(f, ". 1:0 ack 1461");
	in(f, ". 1:0 ack 1461");
	in(f, ". 1:0 ack 1461");
	quiet(f);
	in(f, ". 1:0 ack 1461");
	out(f, ". 1461:1460 ack 1");
	quiet(f);
	in(f, ". 1:0 ack 1461");
	in(f, ". 1:0 ack 1461");
	quiet(f);
	/* A partial acknowledgment: the next hole goes at once (RFC 6582 3.2 step 3). */
	in(f, ". 1:0 ack 2921");
	out(f, ". 2921:1460 ack 1");
	in(f, ". 1:0 ack 14601");
	quiet(f);
	assert_int_equal(counter(f, "TcpExtTCPRenoRecovery"), 1);
	assert_int_equal(counter(f, "TcpRetransSegs"), 2);
	fix_free(f);
}

static void test_sack_recovery_resends_the_holes_only(void **state)
{
	struct fix *f = fix_new();
	struct tcp_seg s;

	(void)state;
	sysctl(f, "net.ipv4.tcp_sack", "1");
	listen_on(f, 5);
	in(f, "S 0:0 mss 1000 sackok");
	out(f, "S. 0:0 ack 1 sackok");
	pass(f, 20);
	in(f, ". 1:0 ack 1");
	accept_one(f);
	assert_int_equal(write_n(f, 10000), 10000);
	while (sent(f, &s))
		;
	pass(f, 20);
	in(f, ". 1:0 ack 1 sack 1001-2001");
	in(f, ". 1:0 ack 1 sack 3001-4001 sack 1001-2001");
	quiet(f);
	in(f, ". 1:0 ack 1 sack 3001-5001 sack 1001-2001");
	out(f, ". 1:1000 ack 1");
	in(f, ". 1:0 ack 1 sack 3001-7001 sack 1001-2001");
	out(f, ". 2001:1000 ack 1");
	in(f, ". 1:0 ack 10001");
	quiet(f);
	assert_int_equal(counter(f, "TcpExtTCPSackRecovery"), 1);
	fix_free(f);
}

/* attack: SACK-out-of-range, D-SACK-and-reordering-abuse */
static void test_sack_blocks_that_make_no_sense_are_ignored(void **state)
{
	struct fix *f = fix_new();
	struct tcp_seg s;

	(void)state;
	sysctl(f, "net.ipv4.tcp_sack", "1");
	listen_on(f, 5);
	in(f, "S 0:0 mss 1000 sackok");
	out(f, "S. 0:0 ack 1 sackok");
	in(f, ". 1:0 ack 1");
	accept_one(f);
	assert_int_equal(write_n(f, 5000), 5000);
	while (sent(f, &s))
		;
	for (int i = 0; i < 10; i++)
		in(f, ". 1:0 ack 1 sack 3001-2001 sack 4001-90001 sack 0-1 sack 2001-2001");
	quiet(f);
	assert_int_equal(counter(f, "TcpExtTCPSACKDiscard"), 40);
	fix_free(f);
}

static void test_initial_window_is_ten_segments(void **state)
{
	struct fix *f = passive();
	struct tcp_seg s;
	int n = 0;

	(void)state;
	assert_int_equal(write_n(f, 29200), 29200);
	while (sent(f, &s))
		n++;
	assert_int_equal(n, 10);
	in(f, ". 1:0 ack 2921");
	for (n = 0; sent(f, &s); n++)
		;
	assert_int_equal(n, 4); /* slow start: two acknowledged, two more in the window */
	fix_free(f);
}

/* rfc: 9293:MUST-34 */
/* attack: Window-shrink */
static void test_shrinking_window_stops_new_data(void **state)
{
	struct fix *f = passive();
	struct tcp_seg s;

	(void)state;
	assert_int_equal(write_n(f, 14600), 14600);
	while (sent(f, &s))
		;
	assert_int_equal(write_n(f, 1000), 1000);
	in(f, ". 1:0 ack 1461 win 100");
	quiet(f);
	pass(f, 250);
	out(f, ". 1461:1460 ack 1"); /* the first goes all the same: the peer must answer */
	fix_free(f);
}

/* ---- timers */

/* rfc: 9293:MUST-24, 9293:MUST-25, 9293:MUST-27 */
static void test_keep_alive_probes_and_gives_up(void **state)
{
	struct fix *f = passive();

	(void)state;
	pass(f, 8000000);
	quiet(f);
	set_int(f, f->s, PH_IPPROTO_TCP, PH_TCP_KEEPIDLE, 10);
	set_int(f, f->s, PH_IPPROTO_TCP, PH_TCP_KEEPINTVL, 2);
	set_int(f, f->s, PH_IPPROTO_TCP, PH_TCP_KEEPCNT, 3);
	set_int(f, f->s, PH_SOL_SOCKET, PH_SO_KEEPALIVE, 1);
	pass(f, 10001);
	out(f, ". 0:0 ack 1");
	in(f, ". 1:0 ack 1"); /* rfc: 9293:MUST-29: an answer, and all is well */
	pass(f, 9990);
	quiet(f);
	pass(f, 20);
	out(f, ". 0:0 ack 1");
	pass(f, 2000);
	out(f, ". 0:0 ack 1");
	pass(f, 2000);
	out(f, ". 0:0 ack 1");
	pass(f, 2000);
	out(f, "R. 1:0 ack 1");
	assert_int_equal(state_of(f, f->s), CLOSED);
	assert_int_equal(error_of(f, f->s), ETIMEDOUT);
	fix_free(f);
}

/* rfc: 9293:MUST-21 */
static void test_user_timeout_ends_the_connection_near_it(void **state)
{
	struct fix *f = passive();
	uint64_t start;

	(void)state;
	set_int(f, f->s, PH_IPPROTO_TCP, PH_TCP_USER_TIMEOUT, 3000);
	assert_int_equal(write_n(f, 100), 100);
	start = f->now;
	while (state_of(f, f->s) == EST)
		pass(f, 10);
	assert_in_range((f->now - start) / MS, 3000, 7000);
	fix_free(f);
}

/* ---- ICMP (RFC 5927, RFC 1191) */

static void in_icmp(struct fix *f, uint8_t type, uint8_t code, uint16_t mtu, uint32_t seq)
{
	uint8_t p[56] = { 0x45, 0, 0, 56, 0, 0, 0, 0, 64, 1, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2 };
	uint8_t *icmp = p + 20, *ip = p + 28, *tcp = p + 48;
	uint16_t sum;

	icmp[0] = type;
	icmp[1] = code;
	icmp[6] = (uint8_t)(mtu >> 8);
	icmp[7] = (uint8_t)mtu;
	memcpy(ip, (uint8_t[]){ 0x45, 0, 5, 220, 0,  0, 0x40, 0, 64, 6,
				0,    0, 10, 0,	 0,  2, 10,   0, 0,  1 }, 20);
	tcp[0] = (uint8_t)(f->our_port >> 8);
	tcp[1] = (uint8_t)f->our_port;
	tcp[2] = (uint8_t)(f->peer_port >> 8);
	tcp[3] = (uint8_t)f->peer_port;
	for (int i = 0; i < 4; i++)
		tcp[4 + i] = (uint8_t)((f->our_iss + seq) >> (24 - 8 * i));
	sum = csum_finish(csum_add(0, icmp, 36));
	icmp[2] = (uint8_t)(sum >> 8);
	icmp[3] = (uint8_t)sum;
	sum = csum_finish(csum_add(0, p, 20));
	p[10] = (uint8_t)(sum >> 8);
	p[11] = (uint8_t)sum;
	in_bytes(f, p, sizeof(p));
}

/* rfc: 1191:6.3-2, 1191:6.3-1, 1191:3-2, 1191:3-3 */
static void test_path_that_may_be_wider_again_is_no_reason_to_send_again(void **state)
{
	struct fix *f = passive();
	struct tcp_seg s;
	uint64_t again;

	(void)state;
	assert_int_equal(write_n(f, 1460), 1460);
	out(f, "P. 1:1460 ack 1");
	in_icmp(f, 3, 4, 1000, 1);
	while (sent(f, &s))
		assert_true(s.len <= 960);
	in(f, ". 1:0 ack 1461");
	again = counter(f, "TcpRetransSegs");
	pass(f, 9 * 60 * 1000);
	assert_int_equal(write_n(f, 1460), 1460);
	out(f, ". 1461:960 ack 1");
	out(f, "P. 2421:500 ack 1");
	in(f, ". 1:0 ack 2921");
	pass(f, 2 * 60 * 1000); /* what ICMP said is too old */
	quiet(f);
	assert_int_equal(counter(f, "TcpRetransSegs"), again);
	assert_int_equal(write_n(f, 1460), 1460);
	out(f, "P. 2921:1460 ack 1");
	quiet(f);
	fix_free(f);
}

static void test_fragmentation_needed_makes_smaller_segments(void **state)
{
	struct fix *f = passive();
	struct tcp_seg s;
	uint32_t at = 1;

	(void)state;
	assert_int_equal(write_n(f, 2920), 2920);
	while (sent(f, &s))
		;
	in_icmp(f, 3, 4, 1000, 5000000); /* not in flight */
	quiet(f);
	in_icmp(f, 3, 4, 1000, 1);
	while (sent(f, &s)) {
		assert_int_equal(s.seq - f->our_iss, at);
		assert_true(s.len <= 960);
		assert_true(f->df);
		at += s.len;
	}
	assert_int_equal(at, 2921);
	in_icmp(f, 3, 4, 1000, 1); /* nothing new: nothing again */
	quiet(f);
	in_icmp(f, 3, 4, 68, 1); /* not below 552 */
	assert_true(sent(f, &s));
	assert_int_equal(s.len, 512);
	assert_false(f->df); /* a path of less cuts it; it is not asked again */
	while (sent(f, &s))
		assert_false(f->df);
	in_icmp(f, 3, 4, 68, 1);
	quiet(f);
	fix_free(f);
}

/* attack: CVE-2004-0790 */
static void test_unreachable_ends_an_attempt_and_no_connection(void **state)
{
	struct fix *f = fix_new();

	(void)state;
	start_connect(f);
	in_icmp(f, 3, 3, 0, 77); /* a guess */
	assert_int_equal(state_of(f, f->s), 2);
	in_icmp(f, 3, 3, 0, 0);
	assert_int_equal(state_of(f, f->s), CLOSED);
	assert_int_equal(error_of(f, f->s), ECONNREFUSED);
	close_s(f);
	f->our_port = 80;
	f->iss_known = false;
	open_passive(f);
	in_icmp(f, 3, 3, 0, 1);
	assert_int_equal(state_of(f, f->s), EST);
	fix_free(f);
}

/* RFC 1122 4.2.3.9: a soft error is the reason given when the connection dies of silence. */
static void test_timeout_gives_the_last_unreachable_as_its_reason(void **state)
{
	struct fix *f = passive();

	(void)state;
	sysctl(f, "net.ipv4.tcp_retries2", "2");
	assert_int_equal(write_n(f, 100), 100);
	in_icmp(f, 3, 1, 0, 1);
	assert_int_equal(state_of(f, f->s), EST);
	pass(f, 10000);
	assert_int_equal(state_of(f, f->s), CLOSED);
	assert_int_equal(error_of(f, f->s), EHOSTUNREACH);
	fix_free(f);
}

static void test_errors_about_a_half_open_connection_end_it_by_its_number_only(void **state)
{
	struct fix *f = fix_new();
	struct ph_usage u;

	(void)state;
	listen_on(f, 5);
	in(f, "S 0:0");
	out(f, "S. 0:0 ack 1");
	in_icmp(f, 3, 1, 0, 7);
	ph_stack_usage(f->st, &u);
	assert_int_equal(u.connections, 2);
	in_icmp(f, 3, 1, 0, 0);
	ph_stack_usage(f->st, &u);
	assert_int_equal(u.connections, 1);
	fix_free(f);
}

/* RFC 1191 6.3: a path is only ever found to be smaller. */
static void test_fragmentation_needed_for_a_larger_size_changes_nothing(void **state)
{
	struct fix *f = passive();
	struct tcp_seg s;

	(void)state;
	assert_int_equal(write_n(f, 2920), 2920);
	while (sent(f, &s))
		;
	in_icmp(f, 3, 4, 1000, 1);
	while (sent(f, &s))
		;
	in_icmp(f, 3, 4, 1400, 1);
	quiet(f);
	in(f, ". 1:0 ack 2921");
	assert_int_equal(write_n(f, 2880), 2880);
	out(f, ". 2921:960 ack 1");
	fix_free(f);
}

static void test_full_send_buffer_says_again_and_tells_when_there_is_room(void **state)
{
	struct fix *f = passive();
	struct ph_event e[4];
	struct tcp_seg s;

	(void)state;
	set_int(f, f->s, PH_SOL_SOCKET, PH_SO_SNDBUF, 8192);
	while (ph_ready(f->st, e, 4) > 0)
		;
	assert_int_equal(write_n(f, 100000), 46720);
	assert_int_equal(write_n(f, 1), -EAGAIN);
	assert_false(ph_poll(f->st, f->s) & PH_POLLOUT);
	while (sent(f, &s))
		;
	in(f, ". 1:0 ack 14601");
	while (sent(f, &s))
		;
	in(f, ". 1:0 ack 43801");
	assert_int_equal(ph_ready(f->st, e, 4), 1);
	assert_true(e[0].events & PH_POLLOUT);
	fix_free(f);
}

#define T(name) cmocka_unit_test(name)
int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_nagle_holds_a_second_small_segment),
		T(test_cork_holds_all_but_full_segments),
		T(test_corked_data_goes_after_two_hundred_milliseconds),
		T(test_small_openings_of_the_window_are_not_used),
		T(test_zero_window_is_probed_until_it_opens),
		T(test_window_probe_intervals_double_and_peers_that_answer_are_kept),
		T(test_silence_of_a_hundred_seconds_ends_no_connection),
		T(test_retransmission_backs_off_and_gives_up),
		T(test_first_timeout_follows_the_measured_round_trip),
		T(test_three_duplicate_acks_retransmit_at_once),
		T(test_sack_recovery_resends_the_holes_only),
		T(test_sack_blocks_that_make_no_sense_are_ignored),
		T(test_initial_window_is_ten_segments),
		T(test_shrinking_window_stops_new_data),
		T(test_keep_alive_probes_and_gives_up),
		T(test_user_timeout_ends_the_connection_near_it),
		T(test_path_that_may_be_wider_again_is_no_reason_to_send_again),
		T(test_fragmentation_needed_makes_smaller_segments),
		T(test_unreachable_ends_an_attempt_and_no_connection),
		T(test_timeout_gives_the_last_unreachable_as_its_reason),
		T(test_errors_about_a_half_open_connection_end_it_by_its_number_only),
		T(test_fragmentation_needed_for_a_larger_size_changes_nothing),
		T(test_full_send_buffer_says_again_and_tells_when_there_is_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
