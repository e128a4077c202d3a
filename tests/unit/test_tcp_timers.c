/* SPDX-License-Identifier: BSD-2-Clause */
/* TCP's clocks by transcripts: how often something is sent again, how far apart, and when it is
 * given up, for connections, attempts, orphans and closed windows (RFC 6298, RFC 9293 3.8). */
#include "own.h"
#include "tcp_script.h"

enum { EST = 1, SYN_RCVD = 3, CLOSED = 7 };

static struct fix *passive(void)
{
	struct fix *f = fix_new();

	open_passive(f);
	return f;
}

/* How often something is sent within ms, looked at every 10; *gap: the longest pause, ms. */
static unsigned sent_within(struct fix *f, uint64_t ms, uint64_t *gap)
{
	uint64_t last = f->now, end = f->now + ms * MS;
	struct tcp_seg s;
	unsigned n = 0;

	*gap = 0;
	while (f->now < end) {
		pass(f, 10);
		while (sent(f, &s)) {
			if (n++ && (f->now - last) / MS > *gap)
				*gap = (f->now - last) / MS;
			last = f->now;
		}
	}
	return n;
}

/* ---- retransmission */

/* rfc: 9293:MUST-20 */
static void test_retries_are_time_from_the_first_of_them(void **state)
{
	struct fix *f = passive();
	uint64_t gap;

	(void)state;
	sysctl(f, "net.ipv4.tcp_retries2", "3");
	assert_int_equal(write_n(f, 100), 100);
	out(f, "P. 1:100 ack 1");
	/* Again after 0.2, 0.6, 1.4 and 3.0 s; at 6.2 the time of 0.2 + 0.4 + 0.8 + 1.6 is over. */
	assert_int_equal(sent_within(f, 6000, &gap), 4);
	assert_int_equal(state_of(f, f->s), EST);
	assert_int_equal(sent_within(f, 1000, &gap), 0);
	assert_int_equal(state_of(f, f->s), CLOSED);
	assert_int_equal(error_of(f, f->s), ETIMEDOUT);
	assert_int_equal(counter(f, "TcpExtTCPTimeouts"), 5); /* the last one ended it */
	assert_int_equal(counter(f, "TcpExtTCPAbortOnTimeout"), 1);
	fix_free(f);
}

/* What could not be sent again has been tried: the user is told in the same time, and a connection that
 * nobody holds is not kept for ever. rfc: 9293:MUST-20 */
static void test_a_connection_whose_way_is_gone_ends_in_the_same_time(void **state)
{
	struct fix *f = passive();
	struct ph_addr_info a;
	uint64_t gap;

	(void)state;
	sysctl(f, "net.ipv4.tcp_retries2", "3");
	assert_int_equal(write_n(f, 100), 100);
	out(f, "P. 1:100 ack 1");
	assert_int_equal(own_addrs(f->st, &a, 1), 1);
	assert_int_equal(ph_addr_del(f->st, f->link, &a.ip, f->now), 0);
	assert_int_equal(sent_within(f, 3000, &gap), 0);
	assert_int_equal(state_of(f, f->s), EST);
	assert_int_equal(sent_within(f, 4000, &gap), 0);
	assert_int_equal(state_of(f, f->s), CLOSED);
	assert_int_equal(error_of(f, f->s), EADDRNOTAVAIL); /* what sending came to, as in Linux */
	fix_free(f);
}

static void acknowledge(struct fix *f, uint32_t upto)
{
	char line[40];

	snprintf(line, sizeof(line), ". 1:0 ack %u", upto);
	in(f, line);
}

static void test_progress_gives_all_retries_back(void **state)
{
	struct fix *f = passive();
	uint32_t next = 1;
	uint64_t gap;

	(void)state;
	sysctl(f, "net.ipv4.tcp_retries2", "3");
	for (int i = 0; i < 3; i++) {
		assert_int_equal(write_n(f, 100), 100);
		assert_int_equal(sent_within(f, 2500, &gap), 4); /* the first, and three again */
		acknowledge(f, next += 100);
		/* A sample, so that the next begins with a short timeout again. */
		assert_int_equal(write_n(f, 100), 100);
		assert_int_equal(sent_within(f, 10, &gap), 1);
		acknowledge(f, next += 100);
	}
	assert_int_equal(state_of(f, f->s), EST);
	fix_free(f);
}

/* rfc: 6298:5-4 */
static void test_timeouts_double_up_to_the_sysctl(void **state)
{
	struct fix *f = passive();
	uint64_t gap;

	(void)state;
	sysctl(f, "net.ipv4.tcp_rto_max_ms", "1000");
	assert_int_equal(write_n(f, 100), 100);
	out(f, "P. 1:100 ack 1");
	assert_in_range(sent_within(f, 8000, &gap), 8, 10);
	assert_in_range(gap, 990, 1020);
	fix_free(f);
}

/* attack: CVE-2015-5358 */
static void test_closed_socket_gives_up_sooner(void **state)
{
	struct fix *f = passive();
	struct ph_usage u;
	uint64_t gap;

	(void)state;
	sysctl(f, "net.ipv4.tcp_orphan_retries", "2");
	assert_int_equal(write_n(f, 100), 100);
	close_s(f);
	assert_int_equal(sent_within(f, 10000, &gap), 5); /* data, FIN, and both in one three times */
	ph_stack_usage(f->st, &u);
	assert_int_equal(u.connections, 1); /* the listener */
	assert_int_equal(counter(f, "TcpExtTCPAbortOnTimeout"), 1);
	fix_free(f);
}

/* Active, answered by a SYN only: our SYN-ACK is sent again as often as the sysctl says. */
static void test_simultaneous_open_gives_up_its_syn_ack(void **state)
{
	struct fix *f = fix_new();
	uint64_t gap;

	(void)state;
	sysctl(f, "net.ipv4.tcp_synack_retries", "2");
	start_connect(f);
	in(f, "S 0:0 mss 1460");
	out(f, "S. 0:0 ack 1");
	assert_int_equal(sent_within(f, 20000, &gap), 2);
	assert_int_equal(state_of(f, f->s), CLOSED);
	assert_int_equal(error_of(f, f->s), ETIMEDOUT);
	fix_free(f);
}

/* ---- a window of zero */

static struct fix *closed_window(void)
{
	struct fix *f = passive();

	in(f, ". 1:0 ack 1 win 0");
	assert_int_equal(write_n(f, 100), 100);
	return f;
}

/* rfc: 9293:MUST-36 */
static void test_silent_peer_is_probed_with_back_off_and_given_up(void **state)
{
	struct fix *f = closed_window();
	uint64_t gap;

	(void)state;
	sysctl(f, "net.ipv4.tcp_retries2", "4");
	assert_int_equal(sent_within(f, 30000, &gap), 4);
	assert_in_range(gap, 1500, 3500); /* twice twice twice the first */
	assert_int_equal(counter(f, "TcpExtTCPWinProbe"), 4);
	assert_int_equal(state_of(f, f->s), CLOSED);
	assert_int_equal(error_of(f, f->s), ETIMEDOUT);
	fix_free(f);
}

/* rfc: 9293:MUST-37 */
/* attack: Netkill-/-nkiller2 */
static void test_peer_that_answers_probes_is_never_given_up(void **state)
{
	struct fix *f = closed_window();
	unsigned probes = 0;
	struct tcp_seg s;

	(void)state;
	sysctl(f, "net.ipv4.tcp_retries2", "3");
	for (int i = 0; i < 20000 && probes < 8; i++) {
		pass(f, 10);
		while (sent(f, &s)) {
			probes++;
			in(f, ". 1:0 ack 1 win 0");
		}
	}
	assert_int_equal(probes, 8);
	assert_int_equal(state_of(f, f->s), EST);
	fix_free(f);
}

/* attack: CVE-2009-1926, CVE-2008-4609 */
static void test_peer_of_a_closed_socket_may_not_hold_it_with_a_closed_window(void **state)
{
	struct fix *f = closed_window();
	unsigned probes = 0;
	struct ph_usage u;
	struct tcp_seg s;

	(void)state;
	sysctl(f, "net.ipv4.tcp_orphan_retries", "3");
	close_s(f);
	for (int i = 0; i < 20000; i++) {
		pass(f, 10);
		while (sent(f, &s))
			if (!(s.flags & TCP_F_RST)) {
				probes++;
				in(f, ". 1:0 ack 1 win 0");
			}
	}
	assert_in_range(probes, 2, 4);
	ph_stack_usage(f->st, &u);
	assert_int_equal(u.connections, 1); /* the listener */
	fix_free(f);
}

static void test_probes_back_off_is_forgotten_once_the_window_opens(void **state)
{
	struct fix *f = closed_window();
	uint64_t gap;

	(void)state;
	assert_in_range(sent_within(f, 3500, &gap), 3, 5);
	in(f, ". 1:0 ack 1 win 65535");
	out(f, "P. 1:100 ack 1");
	pass(f, 300);
	out(f, "P. 1:100 ack 1");
	fix_free(f);
}

/* ---- keep-alive */

/* rfc: 9293:MUST-26 */
static void test_keep_alive_is_silent_while_data_waits_for_its_acknowledgment(void **state)
{
	struct fix *f = passive();
	uint64_t gap;

	(void)state;
	set_int(f, f->s, PH_IPPROTO_TCP, PH_TCP_KEEPIDLE, 1);
	set_int(f, f->s, PH_SOL_SOCKET, PH_SO_KEEPALIVE, 1);
	assert_int_equal(write_n(f, 100), 100);
	(void)sent_within(f, 6000, &gap);
	assert_int_equal(counter(f, "TcpExtTCPKeepAlive"), 0);
	in(f, ". 1:0 ack 101");
	(void)sent_within(f, 2500, &gap);
	assert_in_range(counter(f, "TcpExtTCPKeepAlive"), 1, 2);
	fix_free(f);
}

/* Though the octet is but a part of what was sent in one segment. Held back by the time that a timeout
 * had doubled to, the rest would wait for seconds on a path of milliseconds. rfc: 6298:5-2 */
static void test_each_octet_acknowledged_starts_the_timeout_anew(void **state)
{
	struct fix *f = passive();
	uint64_t gap;

	(void)state;
	assert_int_equal(write_n(f, 100), 100);
	out(f, "P. 1:100 ack 1");
	assert_int_equal(sent_within(f, 150, &gap), 0);
	acknowledge(f, 41);
	assert_int_equal(sent_within(f, 190, &gap), 0);
	assert_int_equal(sent_within(f, 3000, &gap), 3);
	acknowledge(f, 101);
	/* Sent again, it was no sample: the time is still as long as it had become: 1.7 s. */
	assert_int_equal(write_n(f, 100), 100);
	assert_int_equal(sent_within(f, 1000, &gap), 1);
	acknowledge(f, 102); /* a sample, if of one octet: 1.1 s */
	assert_int_equal(sent_within(f, 1500, &gap), 1);
	fix_free(f);
}

#define T(name) cmocka_unit_test(name)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_a_connection_whose_way_is_gone_ends_in_the_same_time),
		T(test_retries_are_time_from_the_first_of_them),
		T(test_progress_gives_all_retries_back),
		T(test_timeouts_double_up_to_the_sysctl),
		T(test_closed_socket_gives_up_sooner),
		T(test_simultaneous_open_gives_up_its_syn_ack),
		T(test_silent_peer_is_probed_with_back_off_and_given_up),
		T(test_peer_that_answers_probes_is_never_given_up),
		T(test_peer_of_a_closed_socket_may_not_hold_it_with_a_closed_window),
		T(test_probes_back_off_is_forgotten_once_the_window_opens),
		T(test_each_octet_acknowledged_starts_the_timeout_anew),
		T(test_keep_alive_is_silent_while_data_waits_for_its_acknowledgment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
