/* SPDX-License-Identifier: BSD-2-Clause */
/* The socket calls on TCP: what each refuses, what poll and events say, what is sent when a socket
 * closes, and what TIME-WAIT leaves behind (RFC 9293 3.10, 3.6). */
#include "tcp_script.h"

enum { EST = 1, SYN_SENT = 2, FIN_WAIT_1 = 4, CLOSED = 7, CLOSE_WAIT = 8 };

static struct fix *passive(void)
{
	struct fix *f = fix_new();

	open_passive(f);
	return f;
}

static unsigned events(struct fix *f)
{
	struct ph_event e[8];
	unsigned n = 0;
	int got;

	while ((got = ph_ready(f->st, e, 8)) > 0)
		n += (unsigned)got;
	return n;
}

static void drain(struct fix *f)
{
	struct tcp_seg s;

	while (sent(f, &s))
		;
}

static int64_t send_one(struct fix *f)
{
	return ph_send(f->st, f->s, "x", 1, 0, f->now);
}

static int64_t recv_one(struct fix *f)
{
	char c;

	return ph_recv(f->st, f->s, &c, 1, 0, f->now);
}

/* ---- what calls refuse */

/* rfc: 9293:MUST-46 */
static void test_addresses_that_cannot_be_are_refused(void **state)
{
	struct fix *f = fix_new();
	struct ph_sockaddr foreign = at(77, 80), group = at(0, 80), bcast = at(255, 80);

	(void)state;
	group.ip = ph_ip4(224, 0, 0, 1);
	f->s = stream_socket(f);
	assert_int_equal(ph_bind(f->st, f->s, &foreign, f->now), -EADDRNOTAVAIL);
	assert_int_equal(ph_connect(f->st, f->s, &group, f->now), -ENETUNREACH);
	assert_int_equal(ph_connect(f->st, f->s, &bcast, f->now), -ENETUNREACH);
	quiet(f);
	fix_free(f);
}

static void test_second_connect_says_how_the_first_stands(void **state)
{
	struct fix *f = fix_new();
	struct ph_sockaddr a = at(1, 4000);

	(void)state;
	start_connect(f);
	assert_int_equal(ph_connect(f->st, f->s, &a, f->now), -EALREADY);
	assert_int_equal(send_one(f), -EAGAIN);
	in(f, "S. 0:0 ack 1 mss 1460");
	out(f, ". 1:0 ack 1");
	assert_int_equal(ph_connect(f->st, f->s, &a, f->now), 0);
	assert_int_equal(ph_connect(f->st, f->s, &a, f->now), -EISCONN);
	fix_free(f);
}

static void test_the_same_connection_is_not_made_twice(void **state)
{
	struct fix *f = fix_new();
	struct ph_sockaddr from = at(2, 5000), to = at(1, 4000);
	ph_socket other = stream_socket(f);

	(void)state;
	f->s = stream_socket(f);
	set_int(f, f->s, PH_SOL_SOCKET, PH_SO_REUSEADDR, 1);
	set_int(f, other, PH_SOL_SOCKET, PH_SO_REUSEADDR, 1);
	assert_int_equal(ph_bind(f->st, f->s, &from, f->now), 0);
	assert_int_equal(ph_bind(f->st, other, &from, f->now), 0);
	assert_int_equal(ph_connect(f->st, f->s, &to, f->now), -EINPROGRESS);
	drain(f);
	assert_int_equal(ph_connect(f->st, other, &to, f->now), -EADDRNOTAVAIL);
	assert_int_equal(ph_close(f->st, other, f->now), 0);
	fix_free(f);
}

/* ---- errors reach whoever calls next, once */

/* rfc: 9293:MUST-12 */
static void test_reset_is_told_by_the_next_call_and_then_the_end(void **state)
{
	struct fix *f = passive();

	(void)state;
	(void)events(f);
	in(f, "R 1:0");
	assert_int_equal(events(f), 1);
	assert_int_equal(ph_poll(f->st, f->s),
			 PH_POLLIN | PH_POLLRDNORM | PH_POLLOUT | PH_POLLWRNORM | PH_POLLERR |
				 PH_POLLHUP | PH_POLLRDHUP);
	assert_int_equal(send_one(f), -ECONNRESET);
	assert_int_equal(send_one(f), -EPIPE);
	assert_int_equal(recv_one(f), 0);
	assert_int_equal(error_of(f, f->s), 0);
	fix_free(f);
	f = passive();
	in(f, "R 1:0");
	assert_int_equal(recv_one(f), -ECONNRESET);
	assert_int_equal(recv_one(f), 0);
	fix_free(f);
}

static void test_failed_attempts_are_counted_and_told(void **state)
{
	struct fix *f = fix_new();

	(void)state;
	start_connect(f);
	(void)events(f);
	in(f, "R. 0:0 ack 1");
	assert_int_equal(events(f), 1);
	assert_int_equal(counter(f, "TcpAttemptFails"), 1);
	assert_int_equal(counter(f, "TcpEstabResets"), 0);
	assert_int_equal(counter(f, "TcpCurrEstab"), 0);
	assert_int_equal(error_of(f, f->s), ECONNREFUSED);
	fix_free(f);
}

static void test_throwing_away_reads_without_copying(void **state)
{
	struct fix *f = passive();
	uint8_t b[10] = { 99 };

	(void)state;
	in(f, "P. 1:10 ack 1");
	assert_int_equal(ph_recv(f->st, f->s, b, 4, PH_MSG_TRUNC, f->now), 4);
	assert_int_equal(b[0], 99);
	read_n(f, 5, 6);
	fix_free(f);
}

static void test_linger2_is_held_within_its_bounds(void **state)
{
	struct fix *f = passive();
	uint32_t len = sizeof(int);
	int v;

	(void)state;
	set_int(f, f->s, PH_IPPROTO_TCP, PH_TCP_LINGER2, 1000);
	assert_int_equal(ph_getsockopt(f->st, f->s, PH_IPPROTO_TCP, PH_TCP_LINGER2, &v, &len), 0);
	assert_int_equal(v, 120);
	set_int(f, f->s, PH_IPPROTO_TCP, PH_TCP_LINGER2, -5);
	assert_int_equal(ph_getsockopt(f->st, f->s, PH_IPPROTO_TCP, PH_TCP_LINGER2, &v, &len), 0);
	assert_int_equal(v, -1);
	fix_free(f);
}

static void test_keep_alive_set_before_connecting_works(void **state)
{
	struct fix *f = fix_new();
	struct ph_sockaddr a = at(1, 4000);

	(void)state;
	f->s = stream_socket(f);
	set_int(f, f->s, PH_SOL_SOCKET, PH_SO_KEEPALIVE, 1);
	set_int(f, f->s, PH_IPPROTO_TCP, PH_TCP_KEEPIDLE, 5);
	assert_int_equal(ph_connect(f->st, f->s, &a, f->now), -EINPROGRESS);
	out(f, "S 0:0");
	(void)events(f);
	in(f, "S. 0:0 ack 1 mss 1460");
	out(f, ". 1:0 ack 1");
	assert_int_equal(events(f), 1); /* connected */
	pass(f, 4900);
	quiet(f);
	pass(f, 200);
	out(f, ". 0:0 ack 1");
	fix_free(f);
}

/* Nobody is told of room unless a call was refused; whoever was gets told. */
static void test_refused_writer_is_told_of_room(void **state)
{
	for (int whole = 0; whole < 2; whole++) {
		struct fix *f = passive();
		uint8_t *bytes = calloc(1, 60000);

		(void)state;
		assert_non_null(bytes);
		set_int(f, f->s, PH_SOL_SOCKET, PH_SO_SNDBUF, 10000);
		/* A packet more than the buffer: as it is full only when the next one begins. */
		if (whole) { /* the first call takes all there is room for, the next one nothing */
			assert_int_equal(ph_send(f->st, f->s, bytes, 46720, 0, f->now), 46720);
			assert_int_equal(ph_send(f->st, f->s, bytes, 1, 0, f->now), -EAGAIN);
		} else { /* one call, not all of it */
			assert_int_equal(ph_send(f->st, f->s, bytes, 60000, 0, f->now), 46720);
		}
		(void)events(f);
		drain(f);
		in(f, ". 1:0 ack 14601");
		assert_int_equal(events(f), 0); /* still as full as it may be */
		drain(f);
		in(f, ". 1:0 ack 43801");
		assert_int_equal(events(f), 1);
		free(bytes);
		fix_free(f);
	}
}

/* ---- half closed */

/* rfc: 9293:3.6-a */
static void test_data_goes_on_after_the_peers_fin(void **state)
{
	struct fix *f = passive();

	(void)state;
	in(f, "F. 1:0 ack 1");
	out(f, ". 1:0 ack 2");
	assert_int_equal(state_of(f, f->s), CLOSE_WAIT);
	assert_int_equal(ph_poll(f->st, f->s),
				 PH_POLLIN | PH_POLLRDNORM | PH_POLLOUT | PH_POLLWRNORM | PH_POLLRDHUP);
	assert_int_equal(write_n(f, 100), 100);
	out(f, "P. 1:100 ack 2");
	in(f, ". 2:0 ack 101");
	assert_int_equal(recv_one(f), 0);
	assert_int_equal(ph_shutdown(f->st, f->s, PH_SHUT_WR, f->now), 0);
	out(f, "F. 101:0 ack 2");
	assert_int_equal(send_one(f), -EPIPE);
	in(f, ". 2:0 ack 102");
	assert_int_equal(state_of(f, f->s), CLOSED);
	fix_free(f);
}

static void test_shutdown_for_reading_ends_reading_only(void **state)
{
	struct fix *f = passive();

	(void)state;
	assert_int_equal(ph_shutdown(f->st, f->s, PH_SHUT_RD, f->now), 0);
	quiet(f);
	assert_int_equal(recv_one(f), 0);
	assert_int_equal(ph_poll(f->st, f->s), PH_POLLIN | PH_POLLRDNORM | PH_POLLOUT |
						       PH_POLLWRNORM | PH_POLLRDHUP);
	assert_int_equal(write_n(f, 10), 10);
	out(f, "P. 1:10 ack 1");
	fix_free(f);
}

/* ---- closing */

/* rfc: 9293:3.5.2-d */
static void test_reset_of_our_own_has_the_next_number_and_is_counted(void **state)
{
	struct fix *f = passive();
	int linger[2] = { 1, 0 };

	(void)state;
	assert_int_equal(write_n(f, 100), 100);
	out(f, "P. 1:100 ack 1");
	assert_int_equal(ph_setsockopt(f->st, f->s, PH_SOL_SOCKET, PH_SO_LINGER, linger,
				       sizeof(linger), f->now), 0);
	close_s(f);
	out(f, "R. 101:0 ack 1");
	assert_int_equal(counter(f, "TcpOutRsts"), 1);
	fix_free(f);
}

/* The last short segment waits for nobody when the FIN goes with it. */
static void test_close_sends_what_nagle_held(void **state)
{
	struct fix *f = passive();

	(void)state;
	assert_int_equal(write_n(f, 10), 10);
	out(f, "P. 1:10 ack 1");
	assert_int_equal(write_n(f, 10), 10);
	quiet(f);
	close_s(f);
	out(f, "FP. 11:10 ack 1");
	fix_free(f);
}

static void test_fin_takes_a_place_in_the_window(void **state)
{
	struct fix *f = passive();

	(void)state;
	in(f, ". 1:0 ack 1 win 2920");
	assert_int_equal(write_n(f, 2920), 2920);
	close_s(f);
	out(f, ". 1:1460 ack 1");
	out(f, "P. 1461:1460 ack 1");
	quiet(f);
	in(f, ". 1:0 ack 2921 win 2920");
	out(f, "F. 2921:0 ack 1");
	fix_free(f);
}

static void test_fin_is_sent_again_behind_the_last_byte_only(void **state)
{
	struct fix *f = passive();

	(void)state;
	assert_int_equal(write_n(f, 100), 100);
	out(f, "P. 1:100 ack 1");
	assert_int_equal(write_n(f, 2900), 2900);
	out(f, ". 101:1460 ack 1");
	close_s(f);
	out(f, "FP. 1561:1440 ack 1");
	pass(f, 250);
	out(f, "P. 1:100 ack 1"); /* without FIN */
	drain(f);
	in(f, ". 1:0 ack 3001");
	drain(f);
	pass(f, 3000);
	out(f, "F. 3001:0 ack 1");
	drain(f);
	in(f, ". 1:0 ack 3002");
	pass(f, 5000);
	quiet(f);
	fix_free(f);
}

/* Data and FIN in one record, cut in two to be sent again: the first part has no FIN. */
static void test_fin_stays_with_the_end_of_what_is_sent_again(void **state)
{
	struct fix *f = passive();

	(void)state;
	in(f, ". 1:0 ack 1 win 0");
	assert_int_equal(write_n(f, 2900), 2900);
	close_s(f);
	quiet(f);
	in(f, ". 1:0 ack 1 win 65535");
	out(f, ". 1:1460 ack 1");
	out(f, "FP. 1461:1440 ack 1");
	pass(f, 250);
	out(f, ". 1:1460 ack 1");
	pass(f, 450);
	out(f, ". 1:1460 ack 1");
	in(f, ". 1:0 ack 1461");
	out(f, "FP. 1461:1440 ack 1");
	in(f, ". 1:0 ack 2902");
	quiet(f);
	fix_free(f);
}

static void test_closed_socket_is_told_no_more(void **state)
{
	struct fix *f = passive();

	(void)state;
	in(f, "P. 1:10 ack 1");
	read_n(f, 1, 10);
	drain(f);
	close_s(f);
	assert_int_equal(events(f), 0);
	in(f, ". 11:0 ack 2");
	in(f, "F. 11:0 ack 2");
	assert_int_equal(events(f), 0);
	fix_free(f);
}

/* Closed in FIN-WAIT-2: as an orphan it waits its time and no longer. */
static void test_socket_closed_in_fin_wait_2_waits_its_time(void **state)
{
	struct fix *f = passive();
	struct ph_usage u;

	(void)state;
	sysctl(f, "net.ipv4.tcp_fin_timeout", "10");
	assert_int_equal(ph_shutdown(f->st, f->s, PH_SHUT_WR, f->now), 0);
	out(f, "F. 1:0 ack 1");
	in(f, ". 1:0 ack 2");
	pass(f, 60000); /* held by its user: for ever */
	close_s(f);
	pass(f, 9900);
	ph_stack_usage(f->st, &u);
	assert_int_equal(u.connections, 2);
	pass(f, 200);
	ph_stack_usage(f->st, &u);
	assert_int_equal(u.connections, 1); /* the listener */
	fix_free(f);
}

/* ---- TIME-WAIT */

static struct fix *time_wait(bool ts)
{
	struct fix *f = fix_new();

	sysctl(f, "net.ipv4.tcp_timestamps", ts ? "1" : "0");
	sysctl(f, "net.ipv4.tcp_window_scaling", "1");
	listen_on(f, 5);
	in(f, ts ? "S 0:0 mss 1460 ws 7 ts 1000 0" : "S 0:0 mss 1460 ws 7");
	out(f, "S. 0:0 ack 1");
	in(f, ts ? ". 1:0 ack 1 ts 1001 0" : ". 1:0 ack 1");
	accept_one(f);
	close_s(f);
	out(f, "F. 1:0 ack 1");
	in(f, ts ? "F. 1:0 ack 2 ts 1002 0" : "F. 1:0 ack 2");
	out(f, ". 2:0 ack 2");
	return f;
}

/* rfc: 1337:3-2 */
static void test_time_wait_answers_with_the_window_and_timestamp_it_had(void **state)
{
	struct fix *f = time_wait(true);

	(void)state;
	in(f, "F. 1:0 ack 2 ts 1003 0");
	out(f, ". 2:0 ack 2 win 510 ts 0 1002");
	in(f, "F. 1:0 ack 2 ts 1003 0");
	quiet(f); /* twice a second is enough */
	assert_int_equal(counter(f, "TcpExtTCPACKSkippedTimeWait"), 1);
	pass(f, 600);
	in(f, "R. 99:0 ack 2");
	quiet(f);
	fix_free(f);
}

/* rfc: 6191:2-1, 9293:SHLD-4, 6191:2-2 */
static void test_time_wait_yields_to_a_syn_with_a_later_timestamp(void **state)
{
	struct fix *f = time_wait(true);
	struct tcp_seg s;

	(void)state;
	in(f, "S 1:0 mss 1460 ts 900 0");
	out(f, ". 2:0 ack 2");
	pass(f, 600);
	in(f, "S 500000:0 mss 1460 ts 900 0"); /* newer by number, older by its clock */
	out(f, ". 2:0 ack 2");
	in(f, "S 1:0 mss 1460 ts 1003 0");
	assert_true(sent(f, &s));
	assert_int_equal(s.flags, TCP_F_SYN | TCP_F_ACK);
	fix_free(f);
}

/* rfc: 9293:MUST-13 */
static void test_port_comes_back_when_time_wait_is_over(void **state)
{
	struct fix *f = time_wait(false);
	struct ph_sockaddr a = at(0, 80);
	struct ph_usage u;

	(void)state;
	assert_int_equal(ph_close(f->st, f->l, f->now), 0);
	f->l = -1;
	f->s = stream_socket(f);
	assert_int_equal(ph_bind(f->st, f->s, &a, f->now), -EADDRINUSE);
	pass(f, 59900);
	ph_stack_usage(f->st, &u);
	assert_int_equal(u.timewait, 1);
	pass(f, 200);
	ph_stack_usage(f->st, &u);
	assert_int_equal(u.timewait, 0);
	assert_int_equal(ph_bind(f->st, f->s, &a, f->now), 0);
	fix_free(f);
}

/* ---- sizes and marks */

/* rfc: 9293:MUST-16 */
static void test_sizes_are_bound_by_the_user_and_a_floor(void **state)
{
	struct fix *f = fix_new();
	struct tcp_seg s;

	(void)state;
	f->s = stream_socket(f);
	set_int(f, f->s, PH_IPPROTO_TCP, PH_TCP_MAXSEG, 800);
	assert_int_equal(ph_connect(f->st, f->s, &(struct ph_sockaddr){
			.family = PH_AF_INET, .port = 4000, .ip = ph_ip4(10, 0, 0, 1) }, f->now),
			 -EINPROGRESS);
	out(f, "S 0:0 mss 800");
	in(f, "S. 0:0 ack 1 mss 1"); /* crumbs are not cut */
	out(f, ". 1:0 ack 1");
	assert_int_equal(write_n(f, 96), 96);
	assert_true(sent(f, &s));
	assert_true(s.len >= 40);
	fix_free(f);
}

/* rfc: 9293:SHLD-22, 7323:5.7-1 */
static void test_segments_carry_their_tos_and_may_not_be_fragmented(void **state)
{
	struct fix *f = passive();
	uint8_t p[2000];
	int len;

	(void)state;
	set_int(f, f->s, PH_IPPROTO_IP, PH_IP_TOS, 0x13); /* the last two bits are not the user's */
	set_int(f, f->s, PH_IPPROTO_IP, PH_IP_TTL, 9);
	assert_int_equal(write_n(f, 10), 10);
	len = ph_link_output_bytes(f->st, f->link, p, sizeof(p), f->now);
	assert_int_equal(len, 50);
	assert_int_equal(p[1], 0x10);
	assert_int_equal(p[6] & 0x40, 0x40);
	assert_int_equal(p[8], 9);
	fix_free(f);
}

static void test_quick_acknowledgments_may_be_asked_for(void **state)
{
	struct fix *f = passive();

	(void)state;
	in(f, "P. 1:10 ack 1");
	drain(f);
	assert_int_equal(write_n(f, 10), 10);
	out(f, "P. 1:10 ack 11");
	in(f, "P. 11:10 ack 11"); /* a conversation: the answer will carry it */
	quiet(f);
	set_int(f, f->s, PH_IPPROTO_TCP, PH_TCP_QUICKACK, 1);
	out(f, ". 11:0 ack 21");
	in(f, "P. 21:10 ack 11");
	out(f, ". 11:0 ack 31");
	fix_free(f);
}

/* ---- what an option's value may be */

static int get_len(struct fix *f, ph_socket s, int name, uint32_t len, int *v)
{
	uint64_t room = 0;
	int err = ph_getsockopt(f->st, s, PH_SOL_SOCKET, name, &room, &len);

	memcpy(v, &room, sizeof(*v));
	return err;
}

static void test_accepted_socket_is_of_its_listeners_kind(void **state)
{
	static const struct {
		int name, v;
	} row[] = { { PH_SO_TYPE, PH_SOCK_STREAM }, { PH_SO_DOMAIN, PH_AF_INET },
		    { PH_SO_PROTOCOL, PH_IPPROTO_TCP } };
	struct fix *f = passive();

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		int v = -1;

		assert_int_equal(get_len(f, f->s, row[i].name, sizeof(v), &v), 0);
		assert_int_equal(v, row[i].v);
	}
	fix_free(f);
}

static void test_cookie_needs_room_for_all_of_it(void **state)
{
	struct fix *f = passive();
	int v;

	(void)state;
	assert_int_equal(get_len(f, f->s, PH_SO_COOKIE, 7, &v), -EINVAL);
	assert_int_equal(get_len(f, f->s, PH_SO_COOKIE, 8, &v), 0);
	assert_true(v != 0);
	fix_free(f);
}

/* Linux reads no bytes as zero, but for four options. */
static void test_values_of_no_bytes_are_zero_or_refused(void **state)
{
	static const struct {
		int name, err;
	} row[] = { { PH_IP_TTL, -EINVAL },	{ PH_IP_MINTTL, -EINVAL },
		    { PH_IP_FREEBIND, -EINVAL }, { PH_IP_TRANSPARENT, -EINVAL },
		    { PH_IP_TOS, 0 },		{ PH_IP_RECVTOS, 0 } };
	struct fix *f = passive();

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		assert_int_equal(ph_setsockopt(f->st, f->s, PH_IPPROTO_IP, row[i].name, "", 0,
					       f->now),
				 row[i].err);
	fix_free(f);
}

/* Linux's struct tcp_md5sig: the address, and behind it 128 bytes on flags, prefix length, key length. */
static void test_prefix_of_a_key_is_no_longer_than_an_address(void **state)
{
	static const struct {
		uint16_t family;
		uint8_t bits;
		int err;
	} row[] = { { PH_AF_INET, 32, 0 },   { PH_AF_INET, 33, -EINVAL },
		    { PH_AF_INET6, 128, 0 }, { PH_AF_INET6, 129, -EINVAL } };
	struct fix *f = passive();

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		ph_socket s = ph_socket_new(f->st, row[i].family, PH_SOCK_STREAM, 0, f->now);
		uint8_t sig[216] = { [128] = 1, [129] = row[i].bits, [136] = 'k' };

		memcpy(sig, &row[i].family, sizeof(row[i].family));
		memcpy(sig + 130, &(uint16_t){ 1 }, 2);
		assert_int_equal(ph_setsockopt(f->st, s, PH_IPPROTO_TCP, PH_TCP_MD5SIG_EXT, sig,
					       sizeof(sig), f->now),
				 row[i].err);
		assert_int_equal(ph_close(f->st, s, f->now), 0);
	}
	fix_free(f);
}

static void test_key_of_a_prefix_is_for_who_is_in_it(void **state)
{
	static const struct {
		uint8_t net[4], bits;
		bool in;
	} row[] = { { { 10, 0, 0, 0 }, 24, true },  { { 10, 0, 4, 0 }, 24, false },
		    { { 10, 0, 0, 2 }, 31, false }, { { 10, 9, 9, 9 }, 8, true } };
	struct fix *f = fix_new();
	struct ph_sockaddr to = at(1, 4000);
	struct tcp_seg s;

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		uint8_t sig[216] = { [128] = 1, [129] = row[i].bits, [136] = 'k' };

		memcpy(sig, &(uint16_t){ PH_AF_INET }, 2);
		memcpy(sig + 4, row[i].net, 4);
		memcpy(sig + 130, &(uint16_t){ 1 }, 2);
		f->s = stream_socket(f);
		assert_int_equal(ph_setsockopt(f->st, f->s, PH_IPPROTO_TCP, PH_TCP_MD5SIG_EXT, sig,
					       sizeof(sig), f->now),
				 0);
		assert_int_equal(ph_connect(f->st, f->s, &to, f->now), -EINPROGRESS);
		assert_true(sent(f, &s));
		assert_int_equal(s.opts.has_md5, row[i].in);
		close_s(f);
	}
	fix_free(f);
}

static void test_time_wait_is_listed_and_is_nobodys(void **state)
{
	struct fix *f = time_wait(false);
	struct ph_sock_info info[8];
	size_t n = ph_socks(f->st, info, 8);
	unsigned seen = 0;

	(void)state;
	assert_true(n <= 8);
	for (size_t i = 0; i < n; i++)
		if (info[i].state != 10) {
			assert_string_equal(info[i].state_name, "TIME-WAIT");
			assert_int_equal(info[i].socket, -1);
			seen++;
		}
	assert_int_equal(seen, 1);
	fix_free(f);
}

/* ---- disconnecting */

static uint16_t port_after_disconnect(struct fix *f, uint16_t bound)
{
	struct ph_sockaddr to = at(1, 4000), none = { .family = 0 }, a = at(0, bound);

	f->s = stream_socket(f);
	if (bound)
		assert_int_equal(ph_bind(f->st, f->s, &a, f->now), 0);
	assert_int_equal(ph_connect(f->st, f->s, &to, f->now), -EINPROGRESS);
	assert_int_equal(ph_getsockname(f->st, f->s, &a), 0);
	assert_int_equal(a.port, bound ? bound : a.port);
	assert_true(a.port != 0);
	drain(f);
	assert_int_equal(ph_connect(f->st, f->s, &none, f->now), 0);
	assert_int_equal(ph_getsockname(f->st, f->s, &a), 0);
	close_s(f);
	return a.port;
}

/* rfc: 9293:3.10.5-a */
static void test_disconnected_socket_keeps_only_the_port_it_was_bound_to(void **state)
{
	struct fix *f = fix_new();

	(void)state;
	assert_int_equal(port_after_disconnect(f, 0), 0);
	assert_int_equal(port_after_disconnect(f, 5000), 5000);
	fix_free(f);
}

#define T(name) cmocka_unit_test(name)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_addresses_that_cannot_be_are_refused),
		T(test_second_connect_says_how_the_first_stands),
		T(test_the_same_connection_is_not_made_twice),
		T(test_reset_is_told_by_the_next_call_and_then_the_end),
		T(test_failed_attempts_are_counted_and_told),
		T(test_throwing_away_reads_without_copying),
		T(test_linger2_is_held_within_its_bounds),
		T(test_keep_alive_set_before_connecting_works),
		T(test_refused_writer_is_told_of_room),
		T(test_data_goes_on_after_the_peers_fin),
		T(test_shutdown_for_reading_ends_reading_only),
		T(test_reset_of_our_own_has_the_next_number_and_is_counted),
		T(test_close_sends_what_nagle_held),
		T(test_fin_takes_a_place_in_the_window),
		T(test_fin_is_sent_again_behind_the_last_byte_only),
		T(test_fin_stays_with_the_end_of_what_is_sent_again),
		T(test_closed_socket_is_told_no_more),
		T(test_socket_closed_in_fin_wait_2_waits_its_time),
		T(test_time_wait_answers_with_the_window_and_timestamp_it_had),
		T(test_time_wait_yields_to_a_syn_with_a_later_timestamp),
		T(test_port_comes_back_when_time_wait_is_over),
		T(test_sizes_are_bound_by_the_user_and_a_floor),
		T(test_segments_carry_their_tos_and_may_not_be_fragmented),
		T(test_quick_acknowledgments_may_be_asked_for),
		T(test_accepted_socket_is_of_its_listeners_kind),
		T(test_cookie_needs_room_for_all_of_it),
		T(test_values_of_no_bytes_are_zero_or_refused),
		T(test_prefix_of_a_key_is_no_longer_than_an_address),
		T(test_key_of_a_prefix_is_for_who_is_in_it),
		T(test_time_wait_is_listed_and_is_nobodys),
		T(test_disconnected_socket_keeps_only_the_port_it_was_bound_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
