/* SPDX-License-Identifier: BSD-2-Clause */
/* What an acknowledgment tells the sender, seen through tcp_info: round trips (RFC 6298), duplicate
 * acknowledgments (RFC 5681 2), the congestion window, room for the user. */
#include "tcp_script.h"

enum { CA_OPEN = 0, CA_RECOVERY = 3, CA_LOSS = 4 };

static struct fix *open_with(bool sack, bool ts)
{
	struct fix *f = fix_new();

	sysctl(f, "net.ipv4.tcp_congestion_control", "reno");
	sysctl(f, "net.ipv4.tcp_sack", sack ? "1" : "0");
	sysctl(f, "net.ipv4.tcp_timestamps", ts ? "1" : "0");
	listen_on(f, 5);
	set_int(f, f->l, PH_SOL_SOCKET, PH_SO_SNDBUF, 100000);
	if (sack)
		in(f, "S 0:0 mss 1000 sackok");
	else
		in(f, ts ? "S 0:0 mss 1012 ts 1000 0" : "S 0:0 mss 1000");
	out(f, sack ? "S. 0:0 ack 1 sackok" : "S. 0:0 ack 1");
	if (sack)
		pass(f, 20);
	in(f, ts ? ". 1:0 ack 1 ts 1000 0" : ". 1:0 ack 1");
	accept_one(f);
	return f;
}

static unsigned drain(struct fix *f)
{
	struct tcp_seg s;
	unsigned n = 0;

	while (sent(f, &s))
		n++;
	return n;
}

static struct ph_tcp_info info(struct fix *f)
{
	struct ph_tcp_info i;
	uint32_t len = sizeof(i);

	assert_int_equal(ph_getsockopt(f->st, f->s, PH_IPPROTO_TCP, PH_TCP_INFO, &i, &len), 0);
	return i;
}

/* ---- round trips */

/* rfc: 6298:3-1 */
static void test_what_was_sent_again_gives_no_round_trip(void **state)
{
	struct fix *f = open_with(false, false);
	uint32_t rtt;

	(void)state;
	assert_int_equal(write_n(f, 2000), 2000);
	assert_int_equal(drain(f), 2);
	pass(f, 10);
	in(f, ". 1:0 ack 2001");
	rtt = info(f).tcpi_rtt;
	assert_in_range(rtt, 1000, 10000);
	assert_int_equal(write_n(f, 2000), 2000);
	assert_int_equal(drain(f), 2);
	pass(f, 300);
	out(f, ". 2001:1000 ack 1");
	/* It covers both: one sent twice, one that waited for the other. Neither says anything. */
	in(f, ". 1:0 ack 4001");
	assert_int_equal(info(f).tcpi_rtt, rtt);
	fix_free(f);
}

/* The clock of our timestamps, as the last segment sent says. */
static uint32_t our_tsval(struct fix *f)
{
	struct tcp_seg s;

	assert_true(sent(f, &s));
	assert_true(s.opts.has_ts);
	return s.opts.tsval;
}

/* rfc: 7323:4.1-2 */
static void test_timestamp_that_came_back_times_what_was_sent_again(void **state)
{
	struct fix *f = open_with(false, true);
	char line[80];
	uint32_t tsval, before;

	(void)state;
	before = info(f).tcpi_rtt;
	assert_int_equal(write_n(f, 1000), 1000);
	drain(f);
	pass(f, 1500);
	tsval = our_tsval(f);
	assert_true(info(f).tcpi_backoff > 0);
	snprintf(line, sizeof(line), ". 1:0 ack 1001 ts 1001 %u", tsval);
	in(f, line);
	assert_true(info(f).tcpi_rtt > before);
	assert_int_equal(info(f).tcpi_backoff, 0);
	fix_free(f);
}

/* ---- duplicate acknowledgments */

static struct fix *ten_in_flight(bool sack)
{
	struct fix *f = open_with(sack, false);

	assert_int_equal(write_n(f, 10000), 10000);
	assert_int_equal(drain(f), 10);
	return f;
}

/* rfc: 5681:3.2-3 */
static void test_segments_with_data_or_a_new_window_are_no_duplicate_acks(void **state)
{
	struct fix *f = ten_in_flight(false);

	(void)state;
	in(f, ". 1:10 ack 1");
	in(f, ". 11:10 ack 1");
	in(f, ". 21:10 ack 1");
	in(f, ". 31:10 ack 1");
	in(f, ". 41:0 ack 1 win 60000");
	in(f, ". 41:0 ack 1 win 61000");
	in(f, ". 41:0 ack 1 win 62000");
	in(f, ". 41:0 ack 1 win 63000");
	assert_int_equal(counter(f, "TcpRetransSegs"), 0);
	in(f, ". 41:0 ack 1 win 63000");
	in(f, ". 41:0 ack 1 win 63000");
	assert_int_equal(counter(f, "TcpRetransSegs"), 0);
	in(f, ". 41:0 ack 1 win 63000");
	assert_int_equal(counter(f, "TcpRetransSegs"), 1);
	fix_free(f);
}

static void test_acks_while_nothing_is_in_flight_are_no_duplicates(void **state)
{
	struct fix *f = open_with(false, false);

	(void)state;
	in(f, ". 1:0 ack 1");
	in(f, ". 1:0 ack 1");
	in(f, ". 1:0 ack 1");
	assert_int_equal(write_n(f, 5000), 5000);
	assert_int_equal(drain(f), 5);
	in(f, ". 1:0 ack 1");
	in(f, ". 1:0 ack 1");
	quiet(f);
	assert_int_equal(counter(f, "TcpRetransSegs"), 0);
	fix_free(f);
}

/* rfc: 5681:3.2-4 */
static void test_fast_retransmit_halves_the_window_for_the_whole_episode(void **state)
{
	struct fix *f = open_with(false, false);
	uint32_t cwnd;

	(void)state;
	assert_int_equal(write_n(f, 40000), 40000);
	assert_int_equal(drain(f), 10);
	in(f, ". 1:0 ack 1");
	in(f, ". 1:0 ack 1");
	drain(f); /* limited transmit (RFC 3042) */
	in(f, ". 1:0 ack 1");
	out(f, ". 1:1000 ack 1");
	assert_int_equal(info(f).tcpi_ca_state, CA_RECOVERY);
	cwnd = info(f).tcpi_snd_ssthresh;
	assert_in_range(cwnd, 5, 6);
	for (int i = 0; i < 6; i++)
		in(f, ". 1:0 ack 1");
	assert_true(drain(f) > 0); /* each was one that arrived */
	in(f, ". 1:0 ack 4001"); /* partial */
	out(f, ". 4001:1000 ack 1");
	drain(f);
	in(f, ". 1:0 ack 7001");
	drain(f);
	in(f, ". 1:0 ack 9001");
	drain(f);
	assert_int_equal(info(f).tcpi_ca_state, CA_RECOVERY);
	assert_int_equal(info(f).tcpi_snd_cwnd, cwnd);
	in(f, ". 1:0 ack 13001");
	assert_int_equal(info(f).tcpi_ca_state, CA_OPEN);
	assert_in_range(info(f).tcpi_snd_cwnd, cwnd, cwnd + 1);
	fix_free(f);
}

/* RFC 6582 3.2 step 2: duplicates of what went before a timeout begin no second episode. */
static void test_duplicates_after_a_timeout_begin_no_episode(void **state)
{
	struct fix *f = ten_in_flight(false);

	(void)state;
	pass(f, 250);
	out(f, ". 1:1000 ack 1");
	in(f, ". 1:0 ack 1001");
	assert_int_equal(drain(f), 2);
	for (int i = 0; i < 4; i++)
		in(f, ". 1:0 ack 1001");
	assert_int_equal(counter(f, "TcpExtTCPRenoRecovery"), 0);
	assert_int_equal(counter(f, "TcpExtTCPFastRetrans"), 0);
	fix_free(f);
}

/* Three in a row: an acknowledgment of new data between them starts the count anew. */
static void test_progress_starts_the_count_of_duplicates_anew(void **state)
{
	struct fix *f = ten_in_flight(false);

	(void)state;
	in(f, ". 1:0 ack 1");
	in(f, ". 1:0 ack 1");
	in(f, ". 1:0 ack 1001");
	in(f, ". 1:0 ack 1001");
	in(f, ". 1:0 ack 1001");
	assert_int_equal(counter(f, "TcpRetransSegs"), 0);
	in(f, ". 1:0 ack 1001");
	assert_int_equal(counter(f, "TcpRetransSegs"), 1);
	fix_free(f);
}

/* What was sent later has arrived: the retransmission was lost, too, and goes again at once. */
static void test_lost_retransmission_is_seen_by_what_was_sent_after_it(void **state)
{
	struct fix *f = open_with(true, false);

	(void)state;
	assert_int_equal(write_n(f, 30000), 30000);
	assert_int_equal(drain(f), 10);
	pass(f, 20);
	in(f, ". 1:0 ack 1 sack 1001-4001");
	out(f, ". 1:1000 ack 1");
	drain(f);
	pass(f, 20);
	in(f, ". 1:0 ack 1 sack 1001-10001");
	assert_true(drain(f) > 0); /* new data, sent after the retransmission */
	pass(f, 20);
	in(f, ". 1:0 ack 1 sack 1001-12001");
	out(f, ". 1:1000 ack 1");
	fix_free(f);
}

/* rfc: 5681:3.1-7 */
static void test_beyond_the_threshold_the_window_grows_by_a_segment_a_round(void **state)
{
	struct fix *f = ten_in_flight(false);
	uint32_t at = 10001, cwnd = 5;
	char line[40];

	(void)state;
	for (int i = 0; i < 3; i++)
		in(f, ". 1:0 ack 1");
	out(f, ". 1:1000 ack 1");
	in(f, ". 1:0 ack 10001");
	assert_int_equal(write_n(f, 40000), 40000);
	for (; cwnd < 8; cwnd++) {
		assert_int_equal(info(f).tcpi_snd_cwnd, cwnd);
		for (uint32_t i = 0; i < cwnd; i++) {
			drain(f);
			snprintf(line, sizeof(line), ". 1:0 ack %u", at += 1000);
			in(f, line);
		}
	}
	assert_int_equal(info(f).tcpi_snd_cwnd, 8);
	fix_free(f);
}

/* rfc: 5681:4.1-1 */
static void test_window_is_the_initial_one_again_after_a_pause(void **state)
{
	struct fix *f = ten_in_flight(false);
	char line[40];
	uint32_t at;

	(void)state;
	assert_int_equal(write_n(f, 20000), 20000);
	for (at = 1001; at <= 30001; at += 1000) {
		snprintf(line, sizeof(line), ". 1:0 ack %u", at);
		in(f, line);
		drain(f);
	}
	assert_true(info(f).tcpi_snd_cwnd >= 25);
	pass(f, 20000);
	assert_int_equal(write_n(f, 20000), 20000);
	assert_int_equal(drain(f), 10);
	fix_free(f);
}

/* rfc: 5681:3.1-9 5681:3.1-11 */
static void test_timeout_leaves_one_segment_and_half_as_threshold(void **state)
{
	struct fix *f = ten_in_flight(false);

	(void)state;
	pass(f, 250);
	out(f, ". 1:1000 ack 1");
	quiet(f);
	assert_int_equal(info(f).tcpi_ca_state, CA_LOSS);
	assert_int_equal(info(f).tcpi_snd_cwnd, 1);
	assert_int_equal(info(f).tcpi_snd_ssthresh, 5);
	in(f, ". 1:0 ack 1001");
	assert_int_equal(drain(f), 2); /* slow start */
	assert_int_equal(info(f).tcpi_snd_cwnd, 2);
	fix_free(f);
}

/* RFC 2861's idea: what the window allowed and nobody used proves nothing. */
static void test_window_grows_only_when_it_is_used(void **state)
{
	struct fix *f = open_with(false, false);
	char line[40];

	(void)state;
	for (uint32_t i = 1; i <= 20; i++) {
		assert_int_equal(write_n(f, 1000), 1000);
		assert_int_equal(drain(f), 1);
		snprintf(line, sizeof(line), ". 1:0 ack %u", 1000 * i + 1);
		in(f, line);
	}
	assert_int_equal(info(f).tcpi_snd_cwnd, 10);
	assert_int_equal(write_n(f, 20000), 20000);
	assert_int_equal(drain(f), 10);
	in(f, ". 1:0 ack 30001");
	assert_int_equal(info(f).tcpi_snd_cwnd, 20);
	fix_free(f);
}

/* rfc: 6298:5-2 */
static void test_duplicate_acknowledgments_do_not_put_the_timeout_off(void **state)
{
	struct fix *f = open_with(false, false);

	(void)state;
	assert_int_equal(write_n(f, 2000), 2000);
	drain(f);
	in(f, ". 1:0 ack 2001"); /* a sample: 200 ms from now on, and little more */
	assert_int_equal(write_n(f, 2000), 2000);
	drain(f);
	pass(f, 150);
	in(f, ". 1:0 ack 2001");
	pass(f, 60);
	out(f, ". 2001:1000 ack 1");
	fix_free(f);
}

/* rfc: 6298:5-2 */
static void test_new_acknowledgment_starts_the_timeout_anew(void **state)
{
	struct fix *f = open_with(false, false);

	(void)state;
	assert_int_equal(write_n(f, 2000), 2000);
	drain(f);
	in(f, ". 1:0 ack 2001");
	assert_int_equal(write_n(f, 2000), 2000);
	drain(f);
	pass(f, 150);
	in(f, ". 1:0 ack 3001");
	pass(f, 190);
	quiet(f);
	pass(f, 200);
	out(f, "P. 3001:1000 ack 1");
	fix_free(f);
}

static void test_overtaken_acknowledgment_still_brings_its_sack_blocks(void **state)
{
	struct fix *f = ten_in_flight(true);

	(void)state;
	in(f, ". 1:0 ack 1001");
	quiet(f);
	in(f, ". 1:0 ack 1 sack 2001-7001"); /* sent before, arrived behind */
	out(f, ". 1001:1000 ack 1");
	assert_int_equal(info(f).tcpi_ca_state, CA_RECOVERY);
	fix_free(f);
}

/* ---- the user's view */

/* A link whose queue is full stops the sender, and draining it starts the sender again. */
static void test_full_link_stops_the_sender_and_loses_nothing(void **state)
{
	struct fix *f = open_with(false, false);
	unsigned got = 0;
	uint32_t at = 1;
	struct tcp_seg s;
	char line[40];

	(void)state;
	sysctl(f, "net.ipv4.tcp_wmem", "4096 4000000 4000000");
	for (int i = 0; i < 1200; i++) { /* acknowledgments that nobody takes fill the queue */
		snprintf(line, sizeof(line), ". %u:1 ack 1", at);
		in(f, line);
		at++;
		pass(f, 50);
	}
	assert_int_equal(write_n(f, 10000), 10000);
	while (sent(f, &s)) {
		if (s.len > 0)
			assert_int_equal(s.seq - f->our_iss, 1 + 1000 * got++);
		ph_stack_run(f->st, f->now);
	}
	assert_int_equal(got, 10);
	assert_int_equal(counter(f, "TcpRetransSegs"), 0);
	fix_free(f);
}

static void test_room_is_told_once_per_refusal(void **state)
{
	struct fix *f = open_with(false, false);
	struct ph_event e[4];
	int told = 0;
	char line[40];

	(void)state;
	set_int(f, f->s, PH_SOL_SOCKET, PH_SO_SNDBUF, 10000);
	(void)ph_ready(f->st, e, 4);
	assert_int_equal(write_n(f, 60000), 42000);
	assert_int_equal(write_n(f, 1), -EAGAIN);
	assert_false(ph_poll(f->st, f->s) & PH_POLLOUT);
	(void)ph_ready(f->st, e, 4);
	for (uint32_t i = 1; i <= 42; i++) {
		drain(f);
		snprintf(line, sizeof(line), ". 1:0 ack %u", 1000 * i + 1);
		in(f, line);
		told += ph_ready(f->st, e, 4);
	}
	assert_int_equal(told, 1);
	assert_true(ph_poll(f->st, f->s) & PH_POLLOUT);
	fix_free(f);
}

#define T(name) cmocka_unit_test(name)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_what_was_sent_again_gives_no_round_trip),
		T(test_timestamp_that_came_back_times_what_was_sent_again),
		T(test_segments_with_data_or_a_new_window_are_no_duplicate_acks),
		T(test_acks_while_nothing_is_in_flight_are_no_duplicates),
		T(test_fast_retransmit_halves_the_window_for_the_whole_episode),
		T(test_beyond_the_threshold_the_window_grows_by_a_segment_a_round),
		T(test_window_is_the_initial_one_again_after_a_pause),
		T(test_timeout_leaves_one_segment_and_half_as_threshold),
		T(test_window_grows_only_when_it_is_used),
		T(test_duplicate_acknowledgments_do_not_put_the_timeout_off),
		T(test_new_acknowledgment_starts_the_timeout_anew),
		T(test_overtaken_acknowledgment_still_brings_its_sack_blocks),
		T(test_full_link_stops_the_sender_and_loses_nothing),
		T(test_duplicates_after_a_timeout_begin_no_episode),
		T(test_progress_starts_the_count_of_duplicates_anew),
		T(test_lost_retransmission_is_seen_by_what_was_sent_after_it),
		T(test_room_is_told_once_per_refusal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
