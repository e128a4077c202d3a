/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When a connection looks for a larger MTU (RFC 4821): with as much to send as shows a loss, and room for it
 * in every window, to the octet. 1024 octets get through; 1242 are tried, four segments behind them.
 */
#include "tcp_script.h"

enum { BASE = 1024, PROBE = 1242, NEED = PROBE + 4 * BASE };

static uint32_t cwnd(struct fix *f)
{
	struct ph_tcp_info i;
	uint32_t len = sizeof(i);

	assert_int_equal(ph_getsockopt(f->st, f->s, PH_IPPROTO_TCP, PH_TCP_INFO, &i, &len), 0);
	return i.tcpi_snd_cwnd;
}

/* `n` segments were sent, and none acknowledged. */
static struct fix *in_flight(unsigned n)
{
	struct fix *f = fix_new();
	struct tcp_seg s;

	sysctl(f, "net.ipv4.tcp_mtu_probing", "2");
	start_connect(f);
	in(f, "S. 0:0 ack 1 win 60000 mss 1460");
	out(f, ". 1:0 ack 1");
	assert_int_equal(write_n(f, n * BASE), n * BASE);
	for (unsigned i = 0; i < n; i++) {
		assert_true(sent(f, &s));
		assert_int_equal(s.len, BASE);
	}
	quiet(f);
	return f;
}

/* Ten were, all of them. */
static struct fix *ready(const char *ack)
{
	struct fix *f = in_flight(10);

	in(f, ack);
	quiet(f);
	return f;
}

static uint32_t next_len(struct fix *f)
{
	struct tcp_seg s;

	return sent(f, &s) ? s.len : 0;
}

static void drain(struct fix *f)
{
	while (next_len(f))
		;
}

static void end(struct fix *f)
{
	drain(f);
	fix_free(f);
}

static void test_a_probe_takes_its_place_in_the_window(void **state)
{
	struct fix *f = ready(". 1:0 ack 10241 win 60000");

	(void)state;
	assert_int_equal(cwnd(f), 20);
	assert_int_equal(write_n(f, NEED - 1), NEED - 1);
	assert_int_equal(next_len(f), BASE);
	drain(f);
	in(f, ". 1:0 ack 15578 win 60000");
	assert_int_equal(write_n(f, NEED), NEED);
	assert_int_equal(next_len(f), PROBE);
	assert_int_equal(next_len(f), BASE);
	assert_true(cwnd(f) < 25);
	end(f);
}

static void test_a_probe_wants_room_in_the_peers_window(void **state)
{
	struct fix *f = ready(". 1:0 ack 10241 win 5337");

	(void)state;
	assert_int_equal(write_n(f, 8000), 8000);
	assert_int_equal(next_len(f), BASE);
	end(f);
	f = ready(". 1:0 ack 10241 win 5338");
	assert_int_equal(write_n(f, 8000), 8000);
	assert_int_equal(next_len(f), PROBE);
	end(f);
	/* It would be there, but for what is on the way: that is waited for. */
	f = ready(". 1:0 ack 8193 win 7000");
	assert_int_equal(write_n(f, 8000), 8000);
	quiet(f);
	in(f, ". 1:0 ack 10241 win 7000");
	assert_int_equal(next_len(f), PROBE);
	end(f);
}

static void test_urgent_data_is_no_time_for_a_probe(void **state)
{
	struct fix *f = ready(". 1:0 ack 10241 win 60000");
	static const uint8_t bytes[NEED];

	(void)state;
	assert_int_equal(ph_send(f->st, f->s, bytes, NEED, PH_MSG_OOB, f->now), NEED);
	assert_int_equal(next_len(f), BASE);
	end(f);
}

static void test_a_probe_wants_a_window_of_eleven_segments(void **state)
{
	struct fix *f = in_flight(6);

	(void)state;
	in(f, ". 1:0 ack 1025 win 60000");
	assert_int_equal(cwnd(f), 11);
	assert_int_equal(write_n(f, NEED), NEED);
	assert_int_equal(next_len(f), PROBE);
	assert_int_equal(cwnd(f), 10);
	end(f);
	f = in_flight(2);
	assert_int_equal(cwnd(f), 10);
	assert_int_equal(write_n(f, NEED), NEED);
	assert_int_equal(next_len(f), BASE);
	end(f);
}

/* As many segments behind it as the network is known to reorder, whatever the user says since. */
static void test_more_reordering_wants_more_behind_a_probe(void **state)
{
	struct fix *f = ready(". 1:0 ack 10241 win 60000");

	(void)state;
	sysctl(f, "net.ipv4.tcp_reordering", "1");
	assert_int_equal(write_n(f, NEED - 1), NEED - 1);
	assert_int_equal(next_len(f), BASE);
	end(f);
	f = ready(". 1:0 ack 10241 win 60000");
	sysctl(f, "net.ipv4.tcp_reordering", "5");
	assert_int_equal(write_n(f, NEED + 2 * BASE - 1), NEED + 2 * BASE - 1);
	assert_int_equal(next_len(f), BASE);
	end(f);
}

#define T(name) cmocka_unit_test(name)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_a_probe_takes_its_place_in_the_window),
		T(test_a_probe_wants_room_in_the_peers_window),
		T(test_urgent_data_is_no_time_for_a_probe),
		T(test_a_probe_wants_a_window_of_eleven_segments),
		T(test_more_reordering_wants_more_behind_a_probe),
	};

	return cmocka_run_group_tests_name("tcp_mtu", tests, NULL, NULL);
}
