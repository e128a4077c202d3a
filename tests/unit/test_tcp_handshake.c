/* SPDX-License-Identifier: BSD-2-Clause */
/* Opening a connection by transcripts: what each side offers, takes and falls back to, and how many
 * half-open ones a listener keeps. */
#include "tcp_script.h"

enum { EST = 1, SYN_SENT = 2, CLOSED = 7 };

static void all_options(struct fix *f, const char *value)
{
	sysctl(f, "net.ipv4.tcp_timestamps", value);
	sysctl(f, "net.ipv4.tcp_window_scaling", value);
	sysctl(f, "net.ipv4.tcp_sack", value);
}

/* ---- segment sizes */

/* rfc: 9293:MUST-15 */
static void test_without_an_mss_option_segments_have_536_bytes(void **state)
{
	struct fix *f = fix_new();

	(void)state;
	listen_on(f, 5);
	in(f, "S 0:0");
	out(f, "S. 0:0 ack 1 mss 1460");
	in(f, ". 1:0 ack 1");
	accept_one(f);
	assert_int_equal(write_n(f, 1072), 1072);
	out(f, ". 1:536 ack 1");
	out(f, "P. 537:536 ack 1");
	fix_free(f);
	f = fix_new();
	start_connect(f);
	in(f, "S. 0:0 ack 1");
	out(f, ". 1:0 ack 1");
	assert_int_equal(write_n(f, 1072), 1072);
	out(f, ". 1:536 ack 1");
	out(f, "P. 537:536 ack 1");
	fix_free(f);
}

/* ---- options */

static void test_options_are_refused_where_the_sysctl_is_off(void **state)
{
	struct fix *f = fix_new();
	struct tcp_seg s;

	(void)state;
	listen_on(f, 5);
	in(f, "S 0:0 mss 1460 sackok ts 100 0 ws 3");
	assert_true(sent(f, &s));
	assert_false(s.opts.has_ts || s.opts.sack_ok || s.opts.has_wscale);
	fix_free(f);
}

/* rfc: 7323:2.2-1 */
static void test_what_the_answer_does_not_offer_is_not_used(void **state)
{
	struct fix *f = fix_new();
	struct tcp_seg s;

	(void)state;
	all_options(f, "1");
	start_connect(f);
	in(f, "S. 0:0 ack 1 mss 1460");
	assert_true(sent(f, &s));
	assert_false(s.opts.has_ts);
	assert_true(s.wnd >= 60000); /* in bytes */
	in(f, ". 11:10 ack 1 win 2920");
	assert_true(sent(f, &s));
	assert_int_equal(s.opts.nsack, 0);
	assert_int_equal(write_n(f, 14600), 14600);
	out(f, ". 1:1460 ack 1");
	out(f, "P. 1461:1460 ack 1");
	quiet(f);
	fix_free(f);
}

/* rfc: 7323:2.2-3 7323:2.3-1 */
static void test_windows_are_scaled_in_all_segments_but_syns(void **state)
{
	struct fix *f = fix_new();
	struct ph_sockaddr a = at(1, 4000);
	struct tcp_seg s;

	(void)state;
	sysctl(f, "net.ipv4.tcp_window_scaling", "1");
	sysctl(f, "net.ipv4.tcp_rmem", "4096 400000 4000000");
	f->s = stream_socket(f);
	assert_int_equal(ph_connect(f->st, f->s, &a, f->now), -EINPROGRESS);
	out(f, "S 0:0 win 65535 ws 6");
	in(f, "S. 0:0 ack 1 mss 1460 ws 2 win 2920");
	assert_true(sent(f, &s));
	assert_int_equal(s.wnd, (200000 / 1460 * 1460 + 63) >> 6); /* all of it, rounded up */
	assert_int_equal(write_n(f, 14600), 14600);
	out(f, ". 1:1460 ack 1");
	out(f, "P. 1461:1460 ack 1"); /* a window's half is pushed */
	quiet(f); /* what the SYN-ACK says are bytes */
	in(f, ". 1:0 ack 2921 win 730"); /* four times that */
	out(f, ". 2921:1460 ack 1");
	out(f, ". 4381:1460 ack 1");
	quiet(f);
	fix_free(f);
}

/* The same where both opened: the second SYN's window is in bytes as well. */
static void test_window_of_a_crossing_syn_ack_is_not_scaled(void **state)
{
	struct fix *f = fix_new();
	struct ph_sockaddr a = at(1, 4000);

	(void)state;
	sysctl(f, "net.ipv4.tcp_window_scaling", "1");
	f->s = stream_socket(f);
	assert_int_equal(ph_connect(f->st, f->s, &a, f->now), -EINPROGRESS);
	out(f, "S 0:0");
	in(f, "S 0:0 mss 1460 ws 2 win 2920");
	out(f, "S. 0:0 ack 1");
	in(f, "S. 0:0 ack 1 mss 1460 ws 2 win 2920");
	assert_int_equal(state_of(f, f->s), EST);
	assert_int_equal(write_n(f, 14600), 14600);
	out(f, ". 1:1460 ack 1");
	out(f, "P. 1461:1460 ack 1"); /* a window's half is pushed */
	quiet(f);
	fix_free(f);
}

/* rfc: 7323:3.2-1 */
static void test_crossing_syn_is_answered_with_its_timestamp(void **state)
{
	struct fix *f = fix_new();
	struct ph_sockaddr a = at(1, 4000);

	(void)state;
	sysctl(f, "net.ipv4.tcp_timestamps", "1");
	f->s = stream_socket(f);
	assert_int_equal(ph_connect(f->st, f->s, &a, f->now), -EINPROGRESS);
	out(f, "S 0:0 ts 0 0");
	in(f, "S 0:0 mss 1460 ts 777 0");
	out(f, "S. 0:0 ack 1 ts 0 777");
	fix_free(f);
}

/* rfc: 6298:5-5 */
static void test_syn_sent_twice_leaves_three_seconds_and_the_first_window(void **state)
{
	struct fix *f = fix_new();
	struct ph_tcp_info i;
	uint32_t len = sizeof(i);

	(void)state;
	start_connect(f);
	pass(f, 1100);
	out(f, "S 0:0");
	in(f, "S. 0:0 ack 1 mss 1460");
	out(f, ". 1:0 ack 1");
	assert_int_equal(ph_getsockopt(f->st, f->s, PH_IPPROTO_TCP, PH_TCP_INFO, &i, &len), 0);
	assert_int_equal(i.tcpi_rtt, 0);
	assert_int_equal(i.tcpi_rto, 3000000);
	assert_int_equal(i.tcpi_backoff, 0);
	assert_int_equal(i.tcpi_snd_cwnd, 10); /* RFC 6928 2 */
	fix_free(f);
}

/* ---- half-open connections */

/* rfc: 6298:5-4 */
static void test_syn_ack_is_sent_again_after_one_two_and_four_seconds(void **state)
{
	struct fix *f = fix_new();

	(void)state;
	listen_on(f, 5);
	in(f, "S 0:0 mss 1460");
	out(f, "S. 0:0 ack 1");
	for (uint64_t s = 1; s <= 4; s *= 2) {
		pass(f, s * 1000 - 10);
		quiet(f);
		pass(f, 10);
		out(f, "S. 0:0 ack 1");
	}
	fix_free(f);
}

/* rfc: 5961:4.2-1 */
static void test_another_syn_for_a_half_open_connection_is_challenged(void **state)
{
	struct fix *f = fix_new();

	(void)state;
	listen_on(f, 5);
	in(f, "S 0:0 mss 1460");
	out(f, "S. 0:0 ack 1");
	in(f, "S 500:0 mss 1460");
	out(f, ". 1:0 ack 1");
	in(f, ". 1:0 ack 1");
	accept_one(f);
	fix_free(f);
}

static void test_half_open_connections_that_end_make_room(void **state)
{
	struct fix *f = fix_new();

	(void)state;
	sysctl(f, "net.ipv4.tcp_max_syn_backlog", "16");
	listen_on(f, 5);
	for (int i = 0; i < 100; i++) {
		f->iss_known = false;
		in(f, "S 0:0 mss 1460");
		out(f, "S. 0:0 ack 1");
		in(f, "R 1:0");
		quiet(f);
	}
	fix_free(f);
}

static void test_no_more_are_half_open_than_the_backlog_says(void **state)
{
	struct fix *f = fix_new();
	unsigned answered = 0;
	struct tcp_seg s;

	(void)state;
	sysctl(f, "net.ipv4.tcp_syncookies", "0");
	sysctl(f, "net.ipv4.tcp_max_syn_backlog", "16");
	sysctl(f, "net.ipv4.tcp_synack_retries", "1");
	listen_on(f, 100);
	for (uint16_t port = 5000; port < 5050; port++) {
		f->peer_port = port;
		in(f, "S 0:0 mss 1460");
		while (sent(f, &s))
			answered++;
	}
	assert_int_equal(answered, 13); /* the last quarter is for peers that are known */
	assert_int_equal(counter(f, "TcpExtListenDrops"), 37);
	pass(f, 10000); /* those 13 are given up */
	while (sent(f, &s))
		;
	f->peer_port = 6000;
	f->iss_known = false;
	in(f, "S 0:0 mss 1460");
	out(f, "S. 0:0 ack 1");
	fix_free(f);
}

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* rfc: 9293:MUST-57 */
static void test_syn_to_a_broadcast_address_is_dropped_silently(void **state)
{
	struct fix *f = fix_new();
	struct ph_ip to = ph_ip4(10, 0, 0, 255), from = ph_ip4(10, 0, 0, 1);
	struct seg_text t;
	uint8_t p[4096];
	uint32_t len;

	(void)state;
	listen_on(f, 5);
	seg_read("S 0:0", &t);
	len = seg_build(f, &t, p);
	p[19] = 255;
	p[10] = p[11] = p[36] = p[37] = 0;
	put16(p + 10, csum_finish(csum_add(0, p, 20)));
	put16(p + 36, csum_finish(csum_add(csum_pseudo(&from, &to, 6, len - 20), p + 20, len - 20)));
	in_bytes(f, p, len);
	quiet(f);
	fix_free(f);
}

/* ---- what the listener gives */

/* rfc: 7323:2.3-1 */
static void test_accepted_connection_scales_the_peers_window(void **state)
{
	struct fix *f = fix_new();

	(void)state;
	sysctl(f, "net.ipv4.tcp_window_scaling", "1");
	listen_on(f, 5);
	in(f, "S 0:0 mss 1460 ws 2 win 1460");
	out(f, "S. 0:0 ack 1");
	in(f, ". 1:0 ack 1 win 730");
	accept_one(f);
	assert_int_equal(write_n(f, 14600), 14600);
	out(f, ". 1:1460 ack 1");
	out(f, "P. 1461:1460 ack 1"); /* a window's half is pushed */
	quiet(f);
	fix_free(f);
}

static int get_int(struct fix *f, int level, int name)
{
	int v = -1;
	uint32_t len = sizeof(v);

	assert_int_equal(ph_getsockopt(f->st, f->s, level, name, &v, &len), 0);
	return v;
}

static void test_accepted_connection_has_the_listeners_options(void **state)
{
	struct fix *f = fix_new();
	int linger[2] = { 1, 7 };
	uint32_t len = sizeof(linger);

	(void)state;
	listen_on(f, 5);
	set_int(f, f->l, PH_IPPROTO_TCP, PH_TCP_NODELAY, 1);
	set_int(f, f->l, PH_SOL_SOCKET, PH_SO_KEEPALIVE, 1);
	set_int(f, f->l, PH_IPPROTO_TCP, PH_TCP_KEEPIDLE, 11);
	set_int(f, f->l, PH_IPPROTO_TCP, PH_TCP_KEEPINTVL, 12);
	set_int(f, f->l, PH_IPPROTO_TCP, PH_TCP_KEEPCNT, 13);
	set_int(f, f->l, PH_IPPROTO_TCP, PH_TCP_USER_TIMEOUT, 14000);
	set_int(f, f->l, PH_IPPROTO_TCP, PH_TCP_LINGER2, 15);
	set_int(f, f->l, PH_IPPROTO_IP, PH_IP_TOS, 0x10);
	set_int(f, f->l, PH_IPPROTO_IP, PH_IP_TTL, 77);
	assert_int_equal(ph_setsockopt(f->st, f->l, PH_SOL_SOCKET, PH_SO_LINGER, linger, len,
				       f->now), 0);
	in(f, "S 0:0 mss 1460");
	out(f, "S. 0:0 ack 1");
	in(f, ". 1:0 ack 1");
	accept_one(f);
	assert_int_equal(get_int(f, PH_IPPROTO_TCP, PH_TCP_NODELAY), 1);
	assert_int_equal(get_int(f, PH_SOL_SOCKET, PH_SO_KEEPALIVE), 1);
	assert_int_equal(get_int(f, PH_IPPROTO_TCP, PH_TCP_KEEPIDLE), 11);
	assert_int_equal(get_int(f, PH_IPPROTO_TCP, PH_TCP_KEEPINTVL), 12);
	assert_int_equal(get_int(f, PH_IPPROTO_TCP, PH_TCP_KEEPCNT), 13);
	assert_int_equal(get_int(f, PH_IPPROTO_TCP, PH_TCP_USER_TIMEOUT), 14000);
	assert_int_equal(get_int(f, PH_IPPROTO_TCP, PH_TCP_LINGER2), 15);
	assert_int_equal(get_int(f, PH_IPPROTO_IP, PH_IP_TOS), 0x10);
	assert_int_equal(get_int(f, PH_IPPROTO_IP, PH_IP_TTL), 77);
	linger[0] = linger[1] = 0;
	assert_int_equal(ph_getsockopt(f->st, f->s, PH_SOL_SOCKET, PH_SO_LINGER, linger, &len), 0);
	assert_int_equal(linger[0], 1);
	assert_int_equal(linger[1], 7);
	fix_free(f);
}

static void test_listener_is_ready_once_there_is_one_to_accept(void **state)
{
	struct fix *f = fix_new();
	struct ph_event e[4];

	(void)state;
	listen_on(f, 5);
	in(f, "S 0:0 mss 1460");
	out(f, "S. 0:0 ack 1");
	assert_int_equal(ph_ready(f->st, e, 4), 0);
	in(f, ". 1:0 ack 1");
	assert_int_equal(ph_ready(f->st, e, 4), 1);
	assert_int_equal(e[0].socket, f->l);
	assert_int_equal(e[0].events, PH_POLLIN | PH_POLLRDNORM);
	accept_one(f);
	assert_int_equal(ph_poll(f->st, f->l), 0);
	fix_free(f);
}

/* rfc: 6298:3-1 */
static void test_syn_ack_sent_twice_gives_no_round_trip(void **state)
{
	struct fix *f = fix_new();
	struct ph_tcp_info i;
	uint32_t len = sizeof(i);

	(void)state;
	listen_on(f, 5);
	in(f, "S 0:0 mss 1460");
	out(f, "S. 0:0 ack 1");
	pass(f, 1100);
	out(f, "S. 0:0 ack 1");
	in(f, ". 1:0 ack 1");
	accept_one(f);
	assert_int_equal(ph_getsockopt(f->st, f->s, PH_IPPROTO_TCP, PH_TCP_INFO, &i, &len), 0);
	assert_int_equal(i.tcpi_rtt, 0);
	assert_int_equal(i.tcpi_rto, 3000000); /* RFC 6298 5.7 */
	assert_int_equal(i.tcpi_snd_cwnd, 10);
	assert_int_equal(i.tcpi_total_retrans, 1);
	fix_free(f);
}

/* Two handshakes under way, a queue for one: the second's last ACK finds it full. */
/* A SYN from that port, answered. */
static void syn_from(struct fix *f, uint16_t port)
{
	f->peer_port = port;
	f->iss_known = false;
	in(f, "S 0:0 mss 1460");
	out(f, "S. 0:0 ack 1");
}

/* The same again, for its number, and the handshake's last ACK. */
static void ack_from(struct fix *f, uint16_t port)
{
	pass(f, 600); /* not more often */
	syn_from(f, port);
	in(f, ". 1:0 ack 1");
}

static void test_full_accept_queue_drops_or_resets_as_the_sysctl_says(void **state)
{
	(void)state;
	for (int aborts = 0; aborts < 2; aborts++) {
		struct fix *f = fix_new();

		sysctl(f, "net.ipv4.tcp_abort_on_overflow", aborts ? "1" : "0");
		listen_on(f, 1);
		syn_from(f, 4001);
		in(f, ". 1:0 ack 1");
		syn_from(f, 4000);
		syn_from(f, 4002);
		in(f, ". 1:0 ack 1");
		quiet(f);
		ack_from(f, 4000);
		if (aborts)
			out(f, "R 1:0");
		quiet(f);
		assert_int_equal(counter(f, "TcpExtListenOverflows"), 1);
		assert_int_equal(counter(f, "TcpExtListenDrops"), 1);
		accept_one(f);
		accept_one(f);
		assert_int_equal(ph_accept(f->st, f->l, NULL, f->now), -EAGAIN);
		fix_free(f);
	}
}

/* ---- segments for a half-open connection (RFC 5961) */

static struct fix *half_open(void)
{
	struct fix *f = fix_new();

	listen_on(f, 5);
	in(f, "S 0:0 mss 1460");
	out(f, "S. 0:0 ack 1");
	return f;
}

/* rfc: 5961:3.2-3 5961:3.2-1 */
static void test_half_open_connection_is_reset_by_the_exact_number_only(void **state)
{
	struct fix *f = half_open();

	(void)state;
	in(f, "R 2:0");
	out(f, ". 1:0 ack 1");
	in(f, "R 70000:0");
	quiet(f);
	in(f, ". 1:0 ack 1");
	accept_one(f);
	assert_int_equal(state_of(f, f->s), EST);
	fix_free(f);
}

static void test_half_open_connection_takes_no_ack_outside_its_window(void **state)
{
	struct fix *f = half_open();

	(void)state;
	in(f, ". 70000:0 ack 1");
	out(f, ". 1:0 ack 1");
	assert_int_equal(ph_accept(f->st, f->l, NULL, f->now), -EAGAIN);
	in(f, "SR 1:0");
	quiet(f);
	fix_free(f);
}

/* rfc: 7323:5.3-1 */
static void test_half_open_connection_refuses_old_timestamps(void **state)
{
	struct fix *f = fix_new();

	(void)state;
	sysctl(f, "net.ipv4.tcp_timestamps", "1");
	listen_on(f, 5);
	in(f, "S 0:0 mss 1460 ts 1000 0");
	out(f, "S. 0:0 ack 1 ts 0 1000");
	in(f, ". 1:0 ack 1 ts 999 0");
	out(f, ". 1:0 ack 1 ts 0 1000");
	assert_int_equal(ph_accept(f->st, f->l, NULL, f->now), -EAGAIN);
	in(f, ". 1:0 ack 1 ts 1000 0");
	accept_one(f);
	fix_free(f);
}

/* rfc: 9293:3.10.7.2-a */
/* attack: CVE-2012-6638 */
static void test_listener_ignores_a_syn_that_resets_or_ends(void **state)
{
	struct fix *f = fix_new();
	struct ph_usage u;

	(void)state;
	listen_on(f, 5);
	in(f, "SR 0:0");
	quiet(f);
	in(f, "SF 0:0");
	quiet(f);
	ph_stack_usage(f->st, &u);
	assert_int_equal(u.connections, 1); /* itself */
	fix_free(f);
}

/* ---- SYN-SENT */

static void test_data_on_the_answer_to_our_syn_is_kept(void **state)
{
	struct fix *f = fix_new();

	(void)state;
	start_connect(f);
	in(f, "S. 0:5 ack 1 mss 1460");
	out(f, ". 1:0 ack 6");
	assert_int_equal(ph_inq(f->st, f->s), 5);
	fix_free(f);
}

/* rfc: 9293:3.10.7.3-a */
static void test_answer_that_acknowledges_nothing_is_reset(void **state)
{
	struct fix *f = fix_new();

	(void)state;
	start_connect(f);
	in(f, "S. 0:0 ack 0 mss 1460");
	out(f, "R 0:0");
	assert_int_equal(state_of(f, f->s), SYN_SENT);
	in(f, "S. 0:0 ack 2 mss 1460");
	out(f, "R 2:0");
	assert_int_equal(state_of(f, f->s), SYN_SENT);
	fix_free(f);
}

/* attack: TSecr-forging */
static void test_answer_with_a_timestamp_never_sent_is_reset(void **state)
{
	struct fix *f = fix_new();
	char line[80];
	struct tcp_seg s;

	(void)state;
	sysctl(f, "net.ipv4.tcp_timestamps", "1");
	f->s = stream_socket(f);
	assert_int_equal(ph_connect(f->st, f->s, &(struct ph_sockaddr){
			.family = PH_AF_INET, .port = 4000, .ip = ph_ip4(10, 0, 0, 1) }, f->now),
			 -EINPROGRESS);
	assert_true(sent(f, &s));
	f->our_iss = s.seq;
	f->our_port = s.sport;
	snprintf(line, sizeof(line), "S. 0:0 ack 1 mss 1460 ts 5 %u", s.opts.tsval + 100000);
	in(f, line);
	out(f, "R 1:0");
	assert_int_equal(state_of(f, f->s), SYN_SENT);
	snprintf(line, sizeof(line), "S. 0:0 ack 1 mss 1460 ts 5 %u", s.opts.tsval);
	in(f, line);
	assert_int_equal(state_of(f, f->s), EST);
	fix_free(f);
}

/* Whatever was short when connect() sent its SYN: one goes when there is memory again. */
static void test_no_allocation_failure_leaves_a_connect_waiting_for_ever(void **state)
{
	(void)state;
	for (uint64_t n = 1; n < 12; n++) {
		struct fix *f = fix_new();
		struct ph_sockaddr to = at(1, 4000);
		ph_socket s = stream_socket(f);
		struct tcp_seg seg;
		int rc;

		ph_stack_fail_at(f->st, n);
		rc = ph_connect(f->st, s, &to, f->now);
		ph_stack_fail_at(f->st, 0);
		if (rc == -EINPROGRESS && !sent(f, &seg)) {
			pass(f, 4000);
			assert_true(sent(f, &seg));
			assert_int_equal(seg.flags & TCP_F_SYN, TCP_F_SYN);
		}
		assert_int_equal(ph_close(f->st, s, f->now), 0);
		while (sent(f, &seg))
			;
		fix_free(f);
	}
}

#define T(name) cmocka_unit_test(name)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_no_allocation_failure_leaves_a_connect_waiting_for_ever),
		T(test_without_an_mss_option_segments_have_536_bytes),
		T(test_options_are_refused_where_the_sysctl_is_off),
		T(test_what_the_answer_does_not_offer_is_not_used),
		T(test_windows_are_scaled_in_all_segments_but_syns),
		T(test_window_of_a_crossing_syn_ack_is_not_scaled),
		T(test_crossing_syn_is_answered_with_its_timestamp),
		T(test_syn_sent_twice_leaves_three_seconds_and_the_first_window),
		T(test_syn_ack_is_sent_again_after_one_two_and_four_seconds),
		T(test_another_syn_for_a_half_open_connection_is_challenged),
		T(test_half_open_connections_that_end_make_room),
		T(test_no_more_are_half_open_than_the_backlog_says),
		T(test_syn_to_a_broadcast_address_is_dropped_silently),
		T(test_accepted_connection_scales_the_peers_window),
		T(test_accepted_connection_has_the_listeners_options),
		T(test_listener_is_ready_once_there_is_one_to_accept),
		T(test_syn_ack_sent_twice_gives_no_round_trip),
		T(test_full_accept_queue_drops_or_resets_as_the_sysctl_says),
		T(test_half_open_connection_is_reset_by_the_exact_number_only),
		T(test_half_open_connection_takes_no_ack_outside_its_window),
		T(test_half_open_connection_refuses_old_timestamps),
		T(test_listener_ignores_a_syn_that_resets_or_ends),
		T(test_data_on_the_answer_to_our_syn_is_kept),
		T(test_answer_that_acknowledges_nothing_is_reset),
		T(test_answer_with_a_timestamp_never_sent_is_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
