/* SPDX-License-Identifier: BSD-2-Clause */
/* TCP's receiver by transcripts: order, windows, acknowledgment, timestamps. */
#include "tcp_script.h"

enum { EST = 1, CLOSED = 7 };

static struct fix *passive(void)
{
	struct fix *f = fix_new();

	open_passive(f);
	return f;
}

/* ---- receiving */

static void test_data_out_of_order_is_put_in_order(void **state)
{
	struct fix *f = passive();

	(void)state;
	in(f, "P. 11:10 ack 1");
	out(f, ". 1:0 ack 1");
	in(f, "P. 31:10 ack 1");
	out(f, ". 1:0 ack 1");
	in(f, "P. 21:10 ack 1");
	out(f, ". 1:0 ack 1");
	in(f, "P. 1:10 ack 1");
	out(f, ". 1:0 ack 41");
	read_n(f, 1, 40);
	fix_free(f);
}

static void test_overlapping_data_is_taken_once(void **state)
{
	struct fix *f = passive();

	(void)state;
	in(f, ". 6:10 ack 1");
	out(f, ". 1:0 ack 1");
	in(f, ". 1:8 ack 1"); /* covers part of what is held */
	out(f, ". 1:0 ack 16");
	in(f, ". 10:12 ack 1"); /* begins in what was received */
	out(f, ". 1:0 ack 22");
	read_n(f, 1, 21);
	fix_free(f);
}

static void test_data_received_twice_is_acknowledged_twice(void **state)
{
	struct fix *f = passive();

	(void)state;
	in(f, ". 1:10 ack 1");
	out(f, ". 1:0 ack 11");
	in(f, ". 1:10 ack 1");
	out(f, ". 1:0 ack 11");
	read_n(f, 1, 10);
	fix_free(f);
}

static void test_data_beyond_the_window_is_answered_and_dropped(void **state)
{
	struct fix *f = passive();

	(void)state;
	in(f, ". 70000:10 ack 1");
	out(f, ". 1:0 ack 1");
	assert_int_equal(counter(f, "TcpExtBeyondWindow"), 1);
	assert_int_equal(ph_inq(f->st, f->s), 0);
	fix_free(f);
}

/* rfc: 9293:MUST-3 */
static void test_wrong_checksum_is_dropped_and_counted(void **state)
{
	struct fix *f = passive();
	struct seg_text t;
	uint8_t p[4096];
	uint32_t len;

	(void)state;
	seg_read("P. 1:10 ack 1", &t);
	len = seg_build(f, &t, p);
	p[len - 1] ^= 1;
	in_bytes(f, p, len);
	quiet(f);
	assert_int_equal(counter(f, "TcpInCsumErrors"), 1);
	assert_int_equal(counter(f, "TcpInErrs"), 1);
	fix_free(f);
}

static void test_sack_blocks_report_holes_most_recent_first(void **state)
{
	struct fix *f = fix_new();

	(void)state;
	sysctl(f, "net.ipv4.tcp_sack", "1");
	listen_on(f, 5);
	in(f, "S 0:0 sackok");
	out(f, "S. 0:0 ack 1 sackok");
	in(f, ". 1:0 ack 1");
	accept_one(f);
	in(f, ". 11:10 ack 1");
	out(f, ". 1:0 ack 1 sack 11-21");
	in(f, ". 31:10 ack 1");
	out(f, ". 1:0 ack 1 sack 31-41 sack 11-21");
	in(f, ". 21:5 ack 1");
	out(f, ". 1:0 ack 1 sack 11-26 sack 31-41");
	in(f, ". 1:10 ack 1");
	out(f, ". 1:0 ack 26 sack 31-41");
	in(f, ". 26:5 ack 1");
	out(f, ". 1:0 ack 41");
	fix_free(f);
}

static void test_segment_without_ack_is_dropped(void **state)
{
	struct fix *f = passive();

	(void)state;
	in(f, "P 1:10");
	quiet(f);
	assert_int_equal(ph_inq(f->st, f->s), 0);
	fix_free(f);
}

static void test_ack_of_unsent_data_is_answered_and_dropped(void **state)
{
	struct fix *f = passive();

	(void)state;
	in(f, "P. 1:10 ack 2");
	out(f, ". 1:0 ack 1");
	assert_int_equal(ph_inq(f->st, f->s), 0);
	fix_free(f);
}

/* attack: Blind-data-injection */
static void test_ack_older_than_any_window_is_challenged(void **state)
{
	struct fix *f = passive();

	(void)state;
	in(f, "P. 1:10 ack 4294867296"); /* 100,000 below */
	out(f, ". 1:0 ack 1");
	assert_int_equal(ph_inq(f->st, f->s), 0);
	assert_int_equal(counter(f, "TcpExtTCPChallengeACK"), 1);
	fix_free(f);
}

/* rfc: 9293:MUST-30 9293:MUST-33 */
static void test_urgent_octet_is_read_beside_the_stream(void **state)
{
	struct fix *f = passive();
	uint8_t b[16];
	int mark = 0;

	(void)state;
	assert_int_equal(ph_recv(f->st, f->s, b, 1, PH_MSG_OOB, f->now), -EINVAL);
	in(f, "PU. 1:10 ack 1 urg 5");
	out(f, ". 1:0 ack 11");
	assert_true(ph_poll(f->st, f->s) & PH_POLLPRI);
	assert_int_equal(ph_inq(f->st, f->s), 4);
	assert_int_equal(ph_recv(f->st, f->s, b, 1, PH_MSG_OOB | PH_MSG_PEEK, f->now), 1);
	assert_int_equal(ph_recv(f->st, f->s, b, 1, PH_MSG_OOB, f->now), 1);
	assert_false(ph_poll(f->st, f->s) & PH_POLLPRI);
	assert_int_equal(ph_recv(f->st, f->s, b, 1, PH_MSG_OOB, f->now), -EINVAL);
	assert_int_equal(ph_recv(f->st, f->s, b, 16, 0, f->now), 4); /* up to it, */
	assert_int_equal(ph_ioctl(f->st, f->s, PH_SIOCATMARK, &mark), 0);
	assert_int_equal(mark, 1);
	assert_int_equal(ph_recv(f->st, f->s, b, 16, 0, f->now), 5); /* and on behind it */
	assert_int_equal(ph_ioctl(f->st, f->s, PH_SIOCATMARK, &mark), 0);
	assert_int_equal(mark, 0);
	in(f, "U. 11:0 ack 1 urg 65535");
	assert_int_equal(ph_recv(f->st, f->s, b, 1, PH_MSG_OOB, f->now), -EAGAIN);
	fix_free(f);
}

static void test_urgent_data_stays_in_line_when_asked_to(void **state)
{
	struct fix *f = passive();

	(void)state;
	set_int(f, f->s, PH_SOL_SOCKET, PH_SO_OOBINLINE, 1);
	in(f, "PU. 1:10 ack 1 urg 5");
	out(f, ". 1:0 ack 11");
	assert_true(ph_poll(f->st, f->s) & PH_POLLPRI);
	read_n(f, 1, 4);
	read_n(f, 5, 6);
	assert_false(ph_poll(f->st, f->s) & PH_POLLPRI);
	fix_free(f);
}

static void test_urgent_data_is_sent_with_its_pointer(void **state)
{
	struct fix *f = passive();
	char bytes[10] = "";

	(void)state;
	assert_int_equal(ph_send(f->st, f->s, bytes, 10, PH_MSG_OOB, f->now), 10);
	out(f, "PU. 1:10 ack 1 urg 10");
	assert_int_equal(write_n(f, 5), 5);
	in(f, ". 1:0 ack 11");
	out(f, "P. 11:5 ack 1");
	fix_free(f);
}

/* ---- acknowledging */

/* The first segments of a connection are acknowledged at once; after an answer with data they
 * wait. */
static void test_interactive_data_is_acknowledged_late(void **state)
{
	struct fix *f = passive();

	(void)state;
	in(f, "P. 1:10 ack 1");
	out(f, ". 1:0 ack 11");
	read_n(f, 1, 10);
	assert_int_equal(write_n(f, 5), 5);
	out(f, "P. 1:5 ack 11");
	in(f, "P. 11:10 ack 6");
	quiet(f);
	pass(f, 39);
	quiet(f);
	pass(f, 161); /* rfc: 9293:MUST-40, and Linux's 200 ms */
	out(f, ". 6:0 ack 21");
	assert_int_equal(counter(f, "TcpExtDelayedACKs"), 1);
	fix_free(f);
}

static void test_answer_carries_the_delayed_ack(void **state)
{
	struct fix *f = passive();

	(void)state;
	in(f, "P. 1:10 ack 1");
	out(f, ". 1:0 ack 11");
	assert_int_equal(write_n(f, 5), 5);
	out(f, "P. 1:5 ack 11");
	in(f, "P. 11:10 ack 6");
	assert_int_equal(write_n(f, 5), 5);
	out(f, "P. 6:5 ack 21");
	pass(f, 150);
	quiet(f);
	fix_free(f);
}

static void test_second_full_segment_is_acknowledged_at_once(void **state)
{
	struct fix *f = passive();
	int acks = 0;
	struct tcp_seg s;

	(void)state;
	set_int(f, f->s, PH_IPPROTO_TCP, PH_TCP_QUICKACK, 0);
	for (int i = 0; i < 20; i++) {
		char line[40];

		snprintf(line, sizeof(line), ". %d:1000 ack 1", 1 + i * 1000);
		in(f, line);
		if (i % 2 == 0) {
			quiet(f);
			read_n(f, 1 + (unsigned)i * 1000, 1000);
		}
		if (i % 2)
			read_n(f, 1 + (unsigned)i * 1000, 1000);
		while (sent(f, &s))
			acks++;
	}
	assert_int_equal(acks, 10);
	fix_free(f);
}

/* ---- the receive window */

static void small_buffer(struct fix *f)
{
	listen_on(f, 5);
	set_int(f, f->l, PH_SOL_SOCKET, PH_SO_RCVBUF, 4096);
	in(f, "S 0:0 mss 1000");
	out(f, "S. 0:0 ack 1 win 2920"); /* half of twice 4096, in whole segments */
	in(f, ". 1:0 ack 1");
	accept_one(f);
}

/* rfc: 9293:MUST-39 */
static void test_window_closes_and_opens_in_whole_steps(void **state)
{
	struct fix *f = fix_new();
	char bytes[4096];
	struct tcp_seg s;
	uint32_t edge = 2921, seq = 1;

	(void)state;
	small_buffer(f);
	for (int i = 0; i < 16 && edge > seq; i++) {
		char line[40];
		uint32_t n = edge - seq < 1000 ? edge - seq : 1000;

		snprintf(line, sizeof(line), ". %u:%u ack 1", seq, n);
		in(f, line);
		seq += n;
		while (sent(f, &s)) {
			assert_true(s.ack - f->peer_iss + s.wnd >= edge); /* never to the left */
			edge = s.ack - f->peer_iss + s.wnd;
		}
	}
	pass(f, 300);
	while (sent(f, &s))
		edge = s.ack - f->peer_iss + s.wnd;
	assert_int_equal(edge, seq);
	/* One byte read: no window to speak of, and no word about it. */
	assert_int_equal(ph_recv(f->st, f->s, bytes, 1, 0, f->now), 1);
	quiet(f);
	while (ph_recv(f->st, f->s, bytes, sizeof(bytes), 0, f->now) > 0)
		;
	assert_true(sent(f, &s));
	assert_true(s.wnd >= 1000);
	fix_free(f);
}

/* rfc: 9293:MAY-8, 9293:3.8.6.1-a */
static void test_zero_window_still_answers_probes(void **state)
{
	struct fix *f = fix_new();
	struct tcp_seg s;
	uint32_t seq = 1;

	(void)state;
	small_buffer(f);
	for (int i = 0; i < 5; i++) {
		char line[40];

		snprintf(line, sizeof(line), ". %u:1000 ack 1", seq);
		in(f, line);
		seq += 1000;
		pass(f, 300);
		while (sent(f, &s))
			;
	}
	for (int i = 0; i < 20; i++) { /* for as long as nobody reads */
		in(f, ". 0:0 ack 1");
		assert_true(sent(f, &s));
		assert_int_equal(s.wnd, 0);
		pass(f, 60000);
	}
	fix_free(f);
}

/* ---- timestamps (RFC 7323) */

static struct fix *with_timestamps(void)
{
	struct fix *f = fix_new();

	sysctl(f, "net.ipv4.tcp_timestamps", "1");
	listen_on(f, 5);
	in(f, "S 0:0 mss 1460 ts 4294967290 0");
	out(f, "S. 0:0 ack 1 ts 0 4294967290");
	in(f, ". 1:0 ack 1 ts 4294967291 0");
	accept_one(f);
	return f;
}

static void test_timestamps_wrap_and_old_ones_are_refused(void **state)
{
	struct fix *f = with_timestamps();

	(void)state;
	in(f, "P. 1:5 ack 1 ts 3 0"); /* past the wrap */
	out(f, ". 1:0 ack 6 ts 0 3");
	in(f, "P. 6:5 ack 1 ts 4294967295 0");
	out(f, ". 1:0 ack 6 ts 0 3");
	assert_int_equal(counter(f, "TcpExtPAWSEstab"), 1);
	assert_int_equal(ph_inq(f->st, f->s), 5);
	in(f, "R 6:0 ts 4294967295 0"); /* rfc: 7323:5.2-1: a reset is exempt */
	assert_int_equal(state_of(f, f->s), CLOSED);
	fix_free(f);
}

static void test_timestamp_of_the_segment_that_fills_the_hole_is_echoed(void **state)
{
	struct fix *f = with_timestamps();

	(void)state;
	in(f, ". 11:10 ack 1 ts 20 0");
	out(f, ". 1:0 ack 1 ts 0 4294967291");
	in(f, ". 1:10 ack 1 ts 21 0");
	out(f, ". 1:0 ack 21 ts 0 21");
	fix_free(f);
}

/* rfc: 7323:5.5-1 */
static void test_timestamps_not_heard_for_24_days_refuse_nothing(void **state)
{
	struct fix *f = with_timestamps();

	(void)state;
	pass(f, 25ull * 24 * 3600 * 1000);
	in(f, "P. 1:5 ack 1 ts 4294900000 0");
	out(f, ". 1:0 ack 6");
	fix_free(f);
}

/* ---- wrap */

static void test_sequence_numbers_wrap_both_ways(void **state)
{
	struct fix *f = fix_new();

	(void)state;
	f->peer_iss = 4294967290u;
	open_passive(f);
	in(f, "P. 11:10 ack 1");
	out(f, ". 1:0 ack 1");
	in(f, "P. 1:10 ack 1");
	out(f, ". 1:0 ack 21");
	read_n(f, 1, 20);
	in(f, "F. 21:0 ack 1");
	pass(f, 40);
	out(f, ". 1:0 ack 22");
	fix_free(f);
}

/* ---- names of the world */

static void test_poll_says_what_linux_says(void **state)
{
	struct fix *f = fix_new();
	ph_socket s = stream_socket(f);

	(void)state;
	assert_int_equal(ph_poll(f->st, s), PH_POLLOUT | PH_POLLWRNORM | PH_POLLHUP);
	assert_int_equal(ph_close(f->st, s, f->now), 0);
	open_passive(f);
	assert_int_equal(ph_poll(f->st, f->s), PH_POLLOUT | PH_POLLWRNORM);
	in(f, "P. 1:5 ack 1");
	assert_int_equal(ph_poll(f->st, f->s), PH_POLLOUT | PH_POLLWRNORM | PH_POLLIN | PH_POLLRDNORM);
	in(f, "F. 6:0 ack 1");
	assert_int_equal(ph_poll(f->st, f->s),
				 PH_POLLOUT | PH_POLLWRNORM | PH_POLLIN | PH_POLLRDNORM | PH_POLLRDHUP);
	assert_int_equal(ph_shutdown(f->st, f->s, PH_SHUT_WR, f->now), 0);
	assert_int_equal(ph_poll(f->st, f->s),
			 PH_POLLOUT | PH_POLLWRNORM | PH_POLLIN | PH_POLLRDNORM | PH_POLLRDHUP | PH_POLLHUP);
	fix_free(f);
}

static void test_peek_leaves_and_trunc_throws_away(void **state)
{
	struct fix *f = passive();
	char b[20];

	(void)state;
	in(f, "P. 1:10 ack 1");
	assert_int_equal(ph_recv(f->st, f->s, b, 4, PH_MSG_PEEK, f->now), 4);
	assert_int_equal(b[0], 1);
	assert_int_equal(ph_recv(f->st, f->s, b, 4, PH_MSG_TRUNC, f->now), 4);
	read_n(f, 5, 6);
	fix_free(f);
}

#define T(name) cmocka_unit_test(name)
/* ---- batches (PH_OFFLOAD_GRO) */

static struct fix *passive_on(uint32_t offload)
{
	struct fix *f = fix_new_offload(offload);

	open_passive(f);
	return f;
}

static void four_in(struct fix *f)
{
	in_more(f, ". 1:1460 ack 1");
	in_more(f, ". 1461:1460 ack 1");
	in_more(f, ". 2921:1460 ack 1");
	in_more(f, ". 4381:1460 ack 1");
}

/* rfc: 9293:MUST-59 */
static void test_segments_of_a_batch_are_acknowledged_together(void **state)
{
	struct fix *f = passive_on(PH_OFFLOAD_GRO);

	(void)state;
	four_in(f);
	quiet(f);
	assert_true(ph_stack_deadline(f->st) <= f->now);
	ph_stack_run(f->st, f->now);
	out(f, ". 1:0 ack 5841");
	quiet(f);
	assert_true(ph_stack_deadline(f->st) > f->now);
	read_n(f, 1, 5840);
	fix_free(f);
}

static void test_without_gro_a_batch_changes_nothing(void **state)
{
	struct fix *f = passive_on(0);

	(void)state;
	four_in(f); /* the first ones each: the connection is young */
	for (int acks = 0; acks < 4; acks++)
		out(f, ". 1:0");
	quiet(f);
	fix_free(f);
}

static void test_a_hole_in_a_batch_is_told_at_once(void **state)
{
	struct fix *f = passive_on(PH_OFFLOAD_GRO);

	(void)state;
	in_more(f, ". 1:1460 ack 1");
	in_more(f, ". 2921:1460 ack 1");
	out(f, ". 1:0 ack 1461");
	in_more(f, ". 4381:1460 ack 1");
	out(f, ". 1:0 ack 1461");
	in(f, ". 1461:1460 ack 1");
	out(f, ". 1:0 ack 5841");
	quiet(f);
	fix_free(f);
}

static void test_an_answer_carries_what_a_batch_owes(void **state)
{
	struct fix *f = passive_on(PH_OFFLOAD_GRO);

	(void)state;
	in_more(f, "P. 1:10 ack 1"); /* a young connection is answered at once */
	read_n(f, 1, 10);
	quiet(f);
	assert_int_equal(ph_send(f->st, f->s, "0123456789", 10, 0, f->now), 10);
	ph_stack_run(f->st, f->now);
	out(f, "P. 1:10 ack 11");
	quiet(f);
	fix_free(f);
}

static void test_a_connection_reset_within_a_batch_owes_no_acknowledgment(void **state)
{
	struct fix *f = passive_on(PH_OFFLOAD_GRO);

	(void)state;
	in_more(f, ". 1:1460 ack 1");
	in_more(f, ". 1461:1460 ack 1");
	in(f, "R 2921:0");
	quiet(f);
	assert_int_equal(error_of(f, f->s), ECONNRESET);
	fix_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_data_out_of_order_is_put_in_order),
		T(test_overlapping_data_is_taken_once),
		T(test_data_received_twice_is_acknowledged_twice),
		T(test_data_beyond_the_window_is_answered_and_dropped),
		T(test_wrong_checksum_is_dropped_and_counted),
		T(test_sack_blocks_report_holes_most_recent_first),
		T(test_segment_without_ack_is_dropped),
		T(test_ack_of_unsent_data_is_answered_and_dropped),
		T(test_ack_older_than_any_window_is_challenged),
		T(test_urgent_octet_is_read_beside_the_stream),
		T(test_urgent_data_stays_in_line_when_asked_to),
		T(test_urgent_data_is_sent_with_its_pointer),
		T(test_interactive_data_is_acknowledged_late),
		T(test_answer_carries_the_delayed_ack),
		T(test_second_full_segment_is_acknowledged_at_once),
		T(test_window_closes_and_opens_in_whole_steps),
		T(test_zero_window_still_answers_probes),
		T(test_timestamps_wrap_and_old_ones_are_refused),
		T(test_timestamp_of_the_segment_that_fills_the_hole_is_echoed),
		T(test_timestamps_not_heard_for_24_days_refuse_nothing),
		T(test_sequence_numbers_wrap_both_ways),
		T(test_poll_says_what_linux_says),
		T(test_peek_leaves_and_trunc_throws_away),
		T(test_segments_of_a_batch_are_acknowledged_together),
		T(test_without_gro_a_batch_changes_nothing),
		T(test_a_hole_in_a_batch_is_told_at_once),
		T(test_an_answer_carries_what_a_batch_owes),
		T(test_a_connection_reset_within_a_batch_owes_no_acknowledgment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
