/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the fuzz targets found in TCP, each as the shortest conversation that shows it: extremes of
 * size, of time and of order that no polite peer produces.
 */
#include "tcp_script.h"

/* Payloads of 65,495 bytes: one segment is larger than what a super-segment may be made of. */
static void test_a_host_sends_itself_more_than_its_window(void **state)
{
	static uint8_t buf[200000];
	struct fix *f = fix_new();
	struct ph_sockaddr a = { .family = PH_AF_INET, .port = 80, .ip = ph_ip4(10, 0, 0, 2) };
	ph_socket l = ph_socket_new(f->st, PH_AF_INET, PH_SOCK_STREAM, 0, f->now);
	ph_socket c = ph_socket_new(f->st, PH_AF_INET, PH_SOCK_STREAM, 0, f->now), s;
	uint64_t sent = 0, read = 0;

	(void)state;
	sysctl(f, "net.ipv4.tcp_window_scaling", "1");
	sysctl(f, "net.ipv4.tcp_rmem", "4096 4000000 6291456");
	assert_int_equal(ph_bind(f->st, l, &a, f->now), 0);
	assert_int_equal(ph_listen(f->st, l, 1, f->now), 0);
	assert_int_equal(ph_connect(f->st, c, &a, f->now), -EINPROGRESS);
	pass(f, 1);
	s = ph_accept(f->st, l, NULL, f->now);
	assert_true(s >= 0);
	for (int i = 0; i < 2000 && read < 8000000; i++) {
		int64_t n = ph_send(f->st, c, buf, sizeof(buf), 0, f->now);

		sent += n > 0 ? (uint64_t)n : 0;
		pass(f, 1);
		while ((n = ph_recv(f->st, s, buf, sizeof(buf), 0, f->now)) > 0)
			read += (uint64_t)n;
	}
	pass(f, 1);
	assert_true(sent >= 8000000);
	assert_true(read >= 8000000);
	assert_int_equal(ph_close(f->st, c, f->now), 0);
	assert_int_equal(ph_close(f->st, s, f->now), 0);
	assert_int_equal(ph_close(f->st, l, f->now), 0);
	pass(f, 1);
	fix_free(f);
}

/* On a link of 68 octets three SACK blocks would leave no room for anything else. */
static void test_sack_blocks_are_told_as_far_as_the_link_takes_them(void **state)
{
	struct fix *f = fix_new_mtu(0, 68);
	uint8_t p[2048] = { 0 };
	int n, frames = 0;

	(void)state;
	sysctl(f, "net.ipv4.tcp_sack", "1");
	listen_on(f, 1);
	in(f, "S 0:0 mss 1460 sackok");
	out(f, "S. 0:0 ack 1 sackok");
	in(f, ". 1:0 ack 1");
	accept_one(f);
	in(f, ". 101:20 ack 1");
	in(f, ". 201:20 ack 1");
	in(f, ". 301:20 ack 1");
	assert_int_equal(ph_send(f->st, f->s, p, 500, 0, f->now), 500);
	while ((n = ph_link_output_bytes(f->st, f->link, p, sizeof(p), f->now)) != 0) {
		assert_in_range(n, 40, 68);
		frames++;
	}
	assert_true(frames > 3);
	fix_free(f);
}

/* Nobody asked for the news of two sockets of different kinds; then the stack is freed as it is. */
static void test_a_stack_is_freed_with_news_untold(void **state)
{
	struct fix *f = fix_new();
	struct ph_sockaddr us = at(2, 9), any = at(0, 9);
	ph_socket u = ph_socket_new(f->st, PH_AF_INET, PH_SOCK_DGRAM, 0, f->now);

	(void)state;
	assert_int_equal(ph_bind(f->st, u, &any, f->now), 0);
	open_passive(f);
	in(f, ". 1:5 ack 1");
	assert_int_equal(ph_connect(f->st, u, &us, f->now), 0);
	assert_int_equal(ph_send(f->st, u, "news", 4, 0, f->now), 4);
	pass(f, 1);
	assert_int_equal(ph_inq(f->st, u), 4);
	ph_stack_free(f->st);
	assert_int_equal(f->allocated, 0);
	free(f);
}

/* TCP_WINDOW_CLAMP below a segment's size, said when the peer's segments had shown theirs. */
static void test_a_window_clamped_below_a_segment_opens_again(void **state)
{
	struct fix *f = fix_new();

	(void)state;
	open_passive(f);
	for (uint32_t at = 1; at < 20000; at += 1460) {
		char line[40];

		snprintf(line, sizeof(line), "P. %u:1460 ack 1", at);
		in(f, line);
		read_n(f, at, 1460);
	}
	set_int(f, f->s, PH_IPPROTO_TCP, PH_TCP_WINDOW_CLAMP, 1000);
	for (uint32_t at = 20441, n = 0; n < 200; n++, at += 400) {
		char line[40];

		snprintf(line, sizeof(line), "P. %u:400 ack 1", at);
		in(f, line);
		read_n(f, at, 400);
	}
	fix_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_host_sends_itself_more_than_its_window),
		cmocka_unit_test(test_sack_blocks_are_told_as_far_as_the_link_takes_them),
		cmocka_unit_test(test_a_stack_is_freed_with_news_untold),
		cmocka_unit_test(test_a_window_clamped_below_a_segment_opens_again),
	};

	return cmocka_run_group_tests_name("tcp_edges", tests, NULL, NULL);
}
