/* SPDX-License-Identifier: BSD-2-Clause */
/* How a connection's packets leave: with the user's IP options (IP_OPTIONS), and later (TCP_TX_DELAY). */
#include "tcp_script.h"

static int raw_out(struct fix *f, uint8_t p[70000])
{
	return ph_link_output_bytes(f->st, f->link, p, 70000, f->now);
}

static int set_options(struct fix *f, ph_socket s, const void *opt, uint32_t len)
{
	return ph_setsockopt(f->st, s, PH_IPPROTO_IP, PH_IP_OPTIONS, opt, len, f->now);
}

static void close_all(struct fix *f)
{
	struct { int on, seconds; } at_once = { 1, 0 };
	struct tcp_seg s;

	if (f->s >= 0) {
		assert_int_equal(ph_setsockopt(f->st, f->s, PH_SOL_SOCKET, PH_SO_LINGER, &at_once,
					       sizeof(at_once), f->now), 0);
		ph_close(f->st, f->s, f->now);
	}
	if (f->l >= 0)
		ph_close(f->st, f->l, f->now);
	while (sent(f, &s))
		;
	ph_stack_free(f->st);
	assert_int_equal(f->allocated, 0);
	free(f);
}

/* ---- IP_OPTIONS */

/* Record route, with room for two: the first place is ours, in the SYN already. rfc: 9293:MAY-11 */
static void test_a_record_of_the_route_begins_with_us(void **state)
{
	static const uint8_t route[11] = { 7, 11, 4 };
	static const uint8_t want[12] = { 7, 11, 8, 10, 0, 0, 2 };
	static uint8_t p[70000];
	struct fix *f = fix_new();
	struct ph_sockaddr a = at(1, 4000);
	uint8_t got[40];
	uint32_t len = sizeof(got);

	(void)state;
	f->s = stream_socket(f);
	assert_int_equal(set_options(f, f->s, route, sizeof(route)), 0);
	assert_int_equal(ph_connect(f->st, f->s, &a, f->now), -EINPROGRESS);
	assert_int_equal(raw_out(f, p), 20 + 12 + 24);
	assert_int_equal(p[0], 0x48);
	assert_memory_equal(p + 20, want, sizeof(want));
	assert_int_equal(csum_fold(csum_add(0, p, 32)), 0xffff);
	assert_int_equal(p[32 + 20] << 8 | p[32 + 21], 0x0204); /* the MSS offered knows of no options */
	assert_int_equal(p[32 + 22] << 8 | p[32 + 23], 1460);
	/* What the user reads is what the user wrote. */
	assert_int_equal(ph_getsockopt(f->st, f->s, PH_IPPROTO_IP, PH_IP_OPTIONS, got, &len), 0);
	assert_int_equal(len, 12);
	assert_memory_equal(got, route, sizeof(route));
	ph_close(f->st, f->s, f->now);
	f->s = -1;
	close_all(f);
}

/* Each segment of a super-segment has them, and none is larger than the path. rfc: 9293:MUST-16 */
static void test_segments_cut_by_the_link_have_the_options_each(void **state)
{
	static const uint8_t nops[40] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
					  1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 };
	static uint8_t p[70000];
	struct fix *f = fix_new();
	uint32_t bytes = 0;
	int len;

	(void)state;
	open_passive(f);
	assert_int_equal(set_options(f, f->s, nops, 41), -EINVAL);
	assert_int_equal(set_options(f, f->s, nops, 40), 0);
	assert_int_equal(write_n(f, 5000), 5000);
	while ((len = raw_out(f, p)) > 0) {
		assert_int_equal(p[0], 0x4f);
		assert_memory_equal(p + 20, nops, 40);
		assert_int_equal(csum_fold(csum_add(0, p, 60)), 0xffff);
		assert_in_range(len, 81, 1500);
		assert_int_equal(p[2] << 8 | p[3], len);
		bytes += (uint32_t)len - 80;
	}
	assert_int_equal(bytes, 5000);
	assert_int_equal(set_options(f, f->s, nops, 0), 0);
	close_all(f);
}

/* As in Linux they are for the listening socket's own segments, of which there are none. */
static void test_a_listeners_options_are_for_nobody(void **state)
{
	static const uint8_t nops[4] = { 1, 1, 1, 1 };
	struct fix *f = fix_new();

	(void)state;
	listen_on(f, 5);
	assert_int_equal(set_options(f, f->l, nops, 4), 0);
	in(f, "S 0:0 mss 1460");
	out(f, "S. 0:0 ack 1");
	in(f, ". 1:0 ack 1");
	accept_one(f);
	assert_int_equal(write_n(f, 1460), 1460);
	out(f, "P. 1:1460 ack 1");
	close_all(f);
}

/* rfc: 9293:MUST-51 */
static void test_a_source_route_is_refused(void **state)
{
	static const uint8_t route[8] = { 131, 7, 4, 10, 0, 0, 9, 0 };
	struct fix *f = fix_new();

	(void)state;
	f->s = stream_socket(f);
	assert_int_equal(set_options(f, f->s, route, sizeof(route)), -EPERM);
	close_all(f);
}

/* ---- TCP_TX_DELAY */

static int tx_delay(struct fix *f, ph_socket s)
{
	int v = -1;
	uint32_t len = sizeof(v);

	assert_int_equal(ph_getsockopt(f->st, s, PH_IPPROTO_TCP, PH_TCP_TX_DELAY, &v, &len), 0);
	return v;
}

static int set_delay(struct fix *f, ph_socket s, int us)
{
	return ph_setsockopt(f->st, s, PH_IPPROTO_TCP, PH_TCP_TX_DELAY, &us, sizeof(us), f->now);
}

static void test_a_delay_is_below_two_to_the_28th(void **state)
{
	struct fix *f = fix_new();

	(void)state;
	f->s = stream_socket(f);
	assert_int_equal(tx_delay(f, f->s), 0);
	assert_int_equal(set_delay(f, f->s, -1), -EINVAL);
	assert_int_equal(set_delay(f, f->s, 1 << 28), -EINVAL);
	assert_int_equal(set_delay(f, f->s, (1 << 28) - 1), 0);
	assert_int_equal(tx_delay(f, f->s), (1 << 28) - 1);
	assert_int_equal(set_delay(f, f->s, 0), 0);
	assert_int_equal(tx_delay(f, f->s), 0);
	close_all(f);
}

static void test_every_segment_leaves_late_and_in_order(void **state)
{
	struct fix *f = fix_new();
	struct ph_tcp_info i;
	uint32_t len = sizeof(i);

	(void)state;
	listen_on(f, 5);
	assert_int_equal(set_delay(f, f->l, 30000), 0);
	in(f, "S 0:0 mss 1000");
	pass(f, 29);
	quiet(f);
	pass(f, 1);
	out(f, "S. 0:0 ack 1");
	in(f, ". 1:0 ack 1");
	accept_one(f);
	assert_int_equal(tx_delay(f, f->s), 30000); /* of the listener */
	assert_int_equal(write_n(f, 1500), 1500);
	in(f, "P. 1:1000 ack 1");
	pass(f, 29);
	quiet(f);
	pass(f, 1);
	out(f, ". 1:1000 ack 1");
	out(f, "P. 1001:500 ack 1");
	pass(f, 20);
	in(f, ". 1001:0 ack 1501");
	/* The SYN-ACK, which was answered at once, was as late. */
	assert_int_equal(ph_getsockopt(f->st, f->s, PH_IPPROTO_TCP, PH_TCP_INFO, &i, &len), 0);
	assert_int_equal(i.tcpi_min_rtt, 30000);
	close_all(f);
}

/* The kernel's, which tells TCP of the longer path before it is measured. */
static void test_a_standing_connection_is_told_of_its_delay(void **state)
{
	struct fix *f = fix_new();
	struct ph_tcp_info i;
	uint32_t len = sizeof(i);
	uint32_t rtt, rto;

	(void)state;
	listen_on(f, 5);
	in(f, "S 0:0 mss 1000");
	out(f, "S. 0:0 ack 1");
	pass(f, 20);
	in(f, ". 1:0 ack 1");
	accept_one(f);
	assert_int_equal(ph_getsockopt(f->st, f->s, PH_IPPROTO_TCP, PH_TCP_INFO, &i, &len), 0);
	rtt = i.tcpi_rtt;
	rto = i.tcpi_rto;
	assert_int_equal(rtt, 20000);
	assert_int_equal(set_delay(f, f->s, 100000), 0);
	assert_int_equal(ph_getsockopt(f->st, f->s, PH_IPPROTO_TCP, PH_TCP_INFO, &i, &len), 0);
	assert_int_equal(i.tcpi_rtt, rtt + 100000);
	assert_int_equal(i.tcpi_rto, rto + 100000);
	assert_int_equal(i.tcpi_min_rtt, UINT32_MAX);
	assert_int_equal(set_delay(f, f->s, 1000), 0);
	assert_int_equal(ph_getsockopt(f->st, f->s, PH_IPPROTO_TCP, PH_TCP_INFO, &i, &len), 0);
	assert_int_equal(i.tcpi_rtt, rtt + 1000);
	close_all(f);
}

static void open_passive_again(struct fix *f)
{
	f->peer_port++;
	f->iss_known = false;
	in(f, "S 0:0 mss 1460");
	out(f, "S. 0:0 ack 1");
	f->peer_port = 4001;
	f->our_port = 80;
	in(f, ". 1:0 ack 1");
	accept_one(f);
}

/* They belong to nobody: the reset of a connection that is gone still leaves, and a stack that ends takes
 * with it what waits. */
static void test_a_late_segment_outlives_its_connection(void **state)
{
	struct { int on, seconds; } at_once = { 1, 0 };
	struct fix *f = fix_new();

	(void)state;
	open_passive(f);
	assert_int_equal(set_delay(f, f->s, 5000), 0);
	assert_int_equal(ph_setsockopt(f->st, f->s, PH_SOL_SOCKET, PH_SO_LINGER, &at_once, sizeof(at_once),
				       f->now), 0);
	ph_close(f->st, f->s, f->now);
	f->s = -1;
	quiet(f);
	pass(f, 5);
	out(f, "R. 1:0 ack 1");
	open_passive_again(f);
	assert_int_equal(set_delay(f, f->s, 5000), 0);
	assert_int_equal(write_n(f, 100), 100);
	close_all(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_record_of_the_route_begins_with_us),
		cmocka_unit_test(test_segments_cut_by_the_link_have_the_options_each),
		cmocka_unit_test(test_a_listeners_options_are_for_nobody),
		cmocka_unit_test(test_a_source_route_is_refused),
		cmocka_unit_test(test_a_delay_is_below_two_to_the_28th),
		cmocka_unit_test(test_every_segment_leaves_late_and_in_order),
		cmocka_unit_test(test_a_standing_connection_is_told_of_its_delay),
		cmocka_unit_test(test_a_late_segment_outlives_its_connection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
