/* SPDX-License-Identifier: BSD-2-Clause */
/* Small queues and automatic corking (tcp/tcp_small.c): a link whose queue nobody empties for a while. */
#include "tcp_script.h"

static uint32_t queued(struct fix *f)
{
	struct ph_link_info all[4];
	size_t n = ph_links(f->st, all, 4);

	for (size_t i = 0; i < n && i < 4; i++)
		if (all[i].link == f->link)
			return all[i].queued;
	fail_msg("the link is gone");
	return 0;
}

static void begin(struct fix *f)
{
	listen_on(f, 5);
	in(f, "S 0:0 mss 1000");
	out(f, "S. 0:0 ack 1");
	pass(f, 10);
	in(f, ". 1:0 ack 1");
	accept_one(f);
	set_int(f, f->s, PH_IPPROTO_TCP, PH_TCP_NODELAY, 1);
}

static void end(struct fix *f)
{
	struct { int on, seconds; } at_once = { 1, 0 };
	struct tcp_seg s;

	assert_int_equal(ph_setsockopt(f->st, f->s, PH_SOL_SOCKET, PH_SO_LINGER, &at_once, sizeof(at_once),
				       f->now), 0);
	ph_close(f->st, f->s, f->now);
	ph_close(f->st, f->l, f->now);
	while (sent(f, &s))
		;
	ph_stack_free(f->st);
	assert_int_equal(f->allocated, 0);
	free(f);
}

static void test_small_writes_behind_a_waiting_packet_go_as_one(void **state)
{
	struct fix *f = fix_new();

	(void)state;
	begin(f);
	assert_int_equal(write_n(f, 100), 100);
	pass(f, 1);
	assert_int_equal(write_n(f, 200), 200);
	assert_int_equal(write_n(f, 300), 300);
	assert_int_equal(counter(f, "TcpExtTCPAutoCorking"), 1); /* once, until they go */
	assert_int_equal(queued(f), 1);
	out(f, "P. 1:100");
	out(f, "P. 101:500");
	quiet(f);
	pass(f, 1);
	assert_int_equal(write_n(f, 100), 100); /* nothing waits: at once */
	out(f, "P. 601:100");
	assert_int_equal(counter(f, "TcpExtTCPAutoCorking"), 1);
	end(f);
}

static void test_what_fills_a_packet_does_not_wait(void **state)
{
	struct fix *f = fix_new();

	(void)state;
	begin(f);
	assert_int_equal(write_n(f, 100), 100);
	pass(f, 1);
	assert_int_equal(write_n(f, 50), 50);
	assert_int_equal(queued(f), 1);
	assert_int_equal(write_n(f, 32000), 32000); /* half the peer's window is the most of a packet */
	assert_true(queued(f) > 1);
	end(f);
}

static void test_without_autocorking_each_write_goes(void **state)
{
	struct fix *f = fix_new();

	(void)state;
	sysctl(f, "net.ipv4.tcp_autocorking", "0");
	begin(f);
	assert_int_equal(write_n(f, 100), 100);
	pass(f, 1);
	assert_int_equal(write_n(f, 200), 200);
	assert_int_equal(write_n(f, 300), 300);
	out(f, "P. 1:100");
	out(f, "P. 101:200");
	out(f, "P. 301:300");
	assert_int_equal(counter(f, "TcpExtTCPAutoCorking"), 0);
	end(f);
}

/* A queue that is emptied before time goes by holds up nobody: as a device that is fast enough. */
static void test_a_queue_of_this_moment_is_none(void **state)
{
	struct fix *f = fix_new();

	(void)state;
	sysctl(f, "net.ipv4.tcp_limit_output_bytes", "0");
	begin(f);
	for (int i = 0; i < 5; i++)
		assert_int_equal(write_n(f, 100), 100);
	for (int i = 0; i < 5; i++)
		out(f, i == 0 ? "P. 1:100" : i == 1 ? "P. 101:100" : i == 2 ? "P. 201:100" :
		       i == 3 ? "P. 301:100" : "P. 401:100");
	assert_int_equal(counter(f, "TcpExtTCPAutoCorking"), 0);
	end(f);
}

/* Two packets are there; the third waits until less than the limit is. */
static void test_a_connection_has_little_in_the_queue(void **state)
{
	struct fix *f = fix_new();

	(void)state;
	sysctl(f, "net.ipv4.tcp_autocorking", "0");
	sysctl(f, "net.ipv4.tcp_limit_output_bytes", "2079"); /* with headers: less than two */
	begin(f);
	assert_int_equal(write_n(f, 1000), 1000);
	pass(f, 1);
	assert_int_equal(write_n(f, 1000), 1000); /* one is never too many */
	assert_int_equal(queued(f), 2);
	assert_int_equal(write_n(f, 1000), 1000);
	assert_int_equal(queued(f), 2);
	out(f, "P. 1:1000");
	assert_int_equal(queued(f), 2); /* the next has come */
	sysctl(f, "net.ipv4.tcp_limit_output_bytes", "2080");
	assert_int_equal(write_n(f, 1000), 1000); /* as much as the limit is not too much */
	assert_int_equal(queued(f), 3);
	out(f, "P. 1001:1000");
	out(f, "P. 2001:1000");
	out(f, "P. 3001:1000");
	quiet(f);
	end(f);
}

/* One that waits alone is never too many, however long it is. */
static void test_beside_one_packet_there_is_room_for_another(void **state)
{
	struct fix *f = fix_new();

	(void)state;
	sysctl(f, "net.ipv4.tcp_autocorking", "0");
	sysctl(f, "net.ipv4.tcp_limit_output_bytes", "0");
	begin(f);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(write_n(f, 1000), 1000);
		pass(f, 1);
		assert_int_equal(queued(f), i == 0 ? 1 : 2);
	}
	end(f);
}

/* What waits is not lost with the link's queue. */
static void test_a_link_that_goes_down_wakes_who_waits(void **state)
{
	struct fix *f = fix_new();

	(void)state;
	begin(f);
	assert_int_equal(write_n(f, 100), 100);
	pass(f, 1);
	assert_int_equal(write_n(f, 200), 200);
	assert_int_equal(ph_link_remove(f->st, f->link, f->now), 0);
	pass(f, 2000); /* timeouts find no route, and no list of a link that is gone */
	ph_close(f->st, f->s, f->now);
	ph_close(f->st, f->l, f->now);
	ph_stack_free(f->st);
	assert_int_equal(f->allocated, 0);
	free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small_writes_behind_a_waiting_packet_go_as_one),
		cmocka_unit_test(test_what_fills_a_packet_does_not_wait),
		cmocka_unit_test(test_without_autocorking_each_write_goes),
		cmocka_unit_test(test_a_queue_of_this_moment_is_none),
		cmocka_unit_test(test_a_connection_has_little_in_the_queue),
		cmocka_unit_test(test_beside_one_packet_there_is_room_for_another),
		cmocka_unit_test(test_a_link_that_goes_down_wakes_who_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
