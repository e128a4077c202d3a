/* SPDX-License-Identifier: BSD-2-Clause */
/* What whole networks in virtual time brought to light, each as its smallest transcript. */
#include "tcp_script.h"

static struct ph_tcp_info info_of(struct fix *f)
{
	struct ph_tcp_info i;
	uint32_t len = sizeof(i);

	assert_int_equal(ph_getsockopt(f->st, f->s, PH_IPPROTO_TCP, PH_TCP_INFO, &i, &len), 0);
	return i;
}

/* RFC 4898's HCThruOctetsReceived: what was acknowledged, each octet once. */
static void test_octets_received_ahead_twice_are_counted_once_and_in_their_turn(void **state)
{
	struct fix *f = fix_new();

	(void)state;
	open_passive(f);
	in(f, ". 11:10 ack 1");
	out(f, ". 1:0 ack 1");
	in(f, ". 11:10 ack 1");
	out(f, ". 1:0 ack 1");
	assert_int_equal(info_of(f).tcpi_bytes_received, 0);
	in(f, ". 1:15 ack 1");
	out(f, ". 1:0 ack 21");
	assert_int_equal(info_of(f).tcpi_bytes_received, 20);
	fix_free(f);
}

/* RFC 5681 3.1: the least congestion window is a full segment, though segments grow: here with the
 * peer's window, of which half is a segment's bound (RFC 9293 3.8.6.2.1). */
static void test_a_window_of_one_segment_grows_with_the_segment(void **state)
{
	struct fix *f = fix_new();

	(void)state;
	listen_on(f, 5);
	in(f, "S 0:0 win 1460 mss 1460");
	out(f, "S. 0:0 ack 1");
	in(f, ". 1:0 ack 1 win 1460");
	accept_one(f);
	assert_int_equal(write_n(f, 730), 730);
	out(f, "P. 1:730 ack 1");
	pass(f, 300);
	out(f, "P. 1:730 ack 1"); /* the timeout makes the window one segment, of 730 octets */
	in(f, ". 1:0 ack 731 win 65535");
	assert_true(info_of(f).tcpi_snd_cwnd >= 1);
	assert_int_equal(write_n(f, 4000), 4000);
	out(f, ". 731:1460 ack 1");
	fix_free(f);
}

/* As accept(2) on Linux: who it was is known, though the connection is over. */
static void test_who_reset_before_accept_is_told(void **state)
{
	struct fix *f = fix_new();
	struct ph_sockaddr peer, want;

	(void)state;
	listen_on(f, 5);
	in(f, "S 0:0 mss 1460");
	out(f, "S. 0:0 ack 1");
	in(f, ". 1:0 ack 1");
	in(f, "R 1:0");
	f->s = ph_accept(f->st, f->l, &peer, f->now);
	assert_true(f->s >= 0);
	want = at(1, f->peer_port);
	assert_int_equal(peer.port, want.port);
	assert_memory_equal(&peer.ip, &want.ip, sizeof(peer.ip));
	assert_int_equal(ph_getpeername(f->st, f->s, &peer), -ENOTCONN);
	fix_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_octets_received_ahead_twice_are_counted_once_and_in_their_turn),
		cmocka_unit_test(test_a_window_of_one_segment_grows_with_the_segment),
		cmocka_unit_test(test_who_reset_before_accept_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
