/* SPDX-License-Identifier: BSD-2-Clause */
/* Connections that rest are folded, and nobody can tell but by the memory: tcp/tcp_rest.c. */
#define _GNU_SOURCE 1 /* strtok_r */
#include "tcp_pair.h"

#include "sock/sock.h"
#include "tcp/tcp_int.h"

enum { PORT = 80, MANY = 6000, AWAKE = 4096 };

struct net {
	struct pair p;
	ph_socket listener, c[MANY], s[MANY];
};

static struct net net;

static struct ph_stack *client(void)
{
	return net.p.node[0].st;
}

static struct ph_stack *server(void)
{
	return net.p.node[1].st;
}

static uint32_t folded(const struct ph_stack *st)
{
	return st->tcp->rest.nfolded;
}

/* Time passes, and events are heard. */
static void pass(uint64_t ns)
{
	uint64_t until = net.p.now + ns;
	struct ph_event ev[16];

	pair_collect(&net.p);
	while (pair_next(&net.p) <= until)
		assert_true(pair_step(&net.p));
	net.p.now = until;
	for (int i = 0; i < 2; i++)
		while (ph_ready(net.p.node[i].st, ev, 16) > 0)
			;
}

static void check(void)
{
	for (int i = 0; i < 2; i++) {
		struct ph_claim broken;

		if (!ph_stack_check(net.p.node[i].st, &broken))
			fail_msg("%s: %s", broken.part, broken.what);
	}
}

static void begin(int n)
{
	struct ph_sockaddr at = { .family = PH_AF_INET, .port = PORT, .ip = ph_ip4(10, 0, 0, 2) };

	pair_init(&net.p, "", 0);
	net.listener = ph_socket_new(server(), PH_AF_INET, PH_SOCK_STREAM, 0, net.p.now);
	assert_int_equal(ph_bind(server(), net.listener, &at, net.p.now), 0);
	assert_int_equal(ph_listen(server(), net.listener, 128, net.p.now), 0);
	for (int i = 0; i < n; i++) {
		net.c[i] = ph_socket_new(client(), PH_AF_INET, PH_SOCK_STREAM, 0, net.p.now);
		assert_int_equal(ph_connect(client(), net.c[i], &at, net.p.now), -EINPROGRESS);
		pass(1000);
		net.s[i] = ph_accept(server(), net.listener, NULL, net.p.now);
		assert_true(net.s[i] >= 0);
	}
}

static void end(int n)
{
	for (int i = 0; i < n; i++) {
		assert_int_equal(ph_close(client(), net.c[i], net.p.now), 0);
		assert_int_equal(ph_close(server(), net.s[i], net.p.now), 0);
	}
	assert_int_equal(ph_close(server(), net.listener, net.p.now), 0);
	pair_collect(&net.p);
	while (pair_step(&net.p))
		;
	pair_free(&net.p);
}

/* n octets from `from` to `to`. */
static void say(struct ph_stack *a, ph_socket from, struct ph_stack *b, ph_socket to, size_t n)
{
	static uint8_t out[4000], in[4000];

	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)(i * 7 + n);
	assert_int_equal(ph_send(a, from, out, n, 0, net.p.now), n);
	pass(1000000);
	assert_int_equal(ph_recv(b, to, in, sizeof(in), 0, net.p.now), n);
	assert_memory_equal(in, out, n);
}

static void test_idle_connection_takes_fewer_than_600_bytes_with_its_socket(void **state)
{
	enum { N = MANY };
	uint64_t before[2];
	struct ph_usage u;

	(void)state;
	begin(0);
	for (int i = 0; i < 2; i++) {
		ph_stack_usage(net.p.node[i].st, &u);
		before[i] = u.bytes;
	}
	end(0);
	begin(N);
	for (int i = 0; i < N; i++) {
		say(client(), net.c[i], server(), net.s[i], 100);
		say(server(), net.s[i], client(), net.c[i], 1000);
	}
	pass(4 * NS_PER_S);
	check();
	for (int i = 0; i < 2; i++) {
		assert_int_equal(folded(net.p.node[i].st), N);
		ph_stack_usage(net.p.node[i].st, &u);
		assert_int_equal(u.connections, i == 0 ? N : N + 1); /* the listener */
		print_message("%.0f bytes each\n", (double)(u.bytes - before[i]) / N);
		assert_true((u.bytes - before[i]) / N < 600);
	}
	end(N);
}

/* What a peer can make us hold for an address and a port: who lets one of these grow knows it. */
enum { HALF_OPEN_BYTES = 192, TIMEWAIT_BYTES = 152, FOLDED_BYTES = 416, SOCKET_BYTES = 40 };

static void test_what_stands_for_a_connection_keeps_its_size(void **state)
{
	const struct tcp_rest *r;

	(void)state;
	assert_int_equal(sizeof(struct tcp_half), HALF_OPEN_BYTES);
	assert_int_equal(sizeof(struct tcp_timewait), TIMEWAIT_BYTES);
	assert_int_equal(sizeof(struct sock), SOCKET_BYTES);
	begin(20);
	for (int i = 0; i < 20; i++) {
		say(client(), net.c[i], server(), net.s[i], 100);
		say(server(), net.s[i], client(), net.c[i], 1000);
	}
	pass(4 * NS_PER_S);
	for (int i = 0; i < 2; i++) {
		r = &net.p.node[i].st->tcp->rest;
		assert_int_equal(r->pools[0].size, FOLDED_BYTES);
		assert_int_equal(r->pools[0].in_use, 20); /* none takes a larger piece */
	}
	end(20);
}

static void test_nothing_is_armed_for_connections_that_rest(void **state)
{
	(void)state;
	begin(3);
	pass(10 * NS_PER_S);
	assert_int_equal(folded(client()), 3);
	assert_false(timer_armed(&client()->tcp->rest.timer));
	assert_int_equal(ph_counter_by_name(client(), "PhantomConnFolded"), 3);
	end(3);
}

static void info(struct ph_tcp_info *i)
{
	uint32_t len = sizeof(*i);

	assert_int_equal(ph_getsockopt(client(), net.c[0], PH_IPPROTO_TCP, PH_TCP_INFO, i, &len), 0);
}

static void test_folded_connection_is_as_it_was_for_calls_and_segments(void **state)
{
	struct ph_tcp_info was, is;
	struct ph_sockaddr peer;
	uint32_t len;
	int on = 1;

	(void)state;
	begin(2);
	assert_int_equal(ph_setsockopt(client(), net.c[1], PH_IPPROTO_TCP, PH_TCP_NODELAY, &on,
				       sizeof(on), net.p.now), 0);
	for (int round = 0; round < 5; round++) {
		say(client(), net.c[0], server(), net.s[0], 3000);
		say(server(), net.s[1], client(), net.c[1], 17);
		pass(NS_PER_S / 2);
		assert_int_equal(folded(client()), 0);
		info(&was);
		pass(4 * NS_PER_S);
		assert_int_equal(folded(client()), 2);
		assert_int_equal(folded(server()), 2);
		info(&is);
		assert_int_equal(folded(client()), 1);
		assert_int_equal(is.tcpi_snd_cwnd, was.tcpi_snd_cwnd);
		assert_int_equal(is.tcpi_rtt, was.tcpi_rtt);
		assert_int_equal(is.tcpi_bytes_acked, was.tcpi_bytes_acked);
		assert_int_equal(is.tcpi_segs_in, was.tcpi_segs_in);
		check();
	}
	pass(4 * NS_PER_S);
	assert_int_equal(ph_poll(client(), net.c[1]), PH_POLLOUT | PH_POLLWRNORM);
	pass(4 * NS_PER_S);
	assert_int_equal(ph_getpeername(client(), net.c[1], &peer), 0);
	assert_int_equal(peer.port, PORT);
	len = sizeof(on);
	on = 0;
	assert_int_equal(ph_getsockopt(client(), net.c[1], PH_IPPROTO_TCP, PH_TCP_NODELAY, &on, &len), 0);
	assert_int_equal(on, 1);
	end(2);
}

static void test_what_is_not_at_rest_is_not_folded(void **state)
{
	int on = 1;

	(void)state;
	begin(3);
	assert_int_equal(ph_send(client(), net.c[0], "x", 1, 0, net.p.now), 1); /* stays unread */
	assert_int_equal(ph_setsockopt(server(), net.s[1], PH_SOL_SOCKET, PH_SO_KEEPALIVE, &on,
				       sizeof(on), net.p.now), 0);
	pass(5 * NS_PER_S);
	assert_int_equal(folded(client()), 3);
	assert_int_equal(folded(server()), 1);
	end(3);
}

static void test_no_more_than_a_bounded_number_are_awake(void **state)
{
	(void)state;
	begin(MANY);
	assert_true(client()->tcp->rest.nawake <= AWAKE);
	assert_true(folded(client()) >= MANY - AWAKE);
	for (int i = 0; i < MANY; i += 97) {
		say(client(), net.c[i], server(), net.s[i], 5);
		assert_true(client()->tcp->rest.nawake <= AWAKE);
	}
	check();
	end(MANY);
}

static void test_without_memory_calls_say_so_and_segments_wait(void **state)
{
	char byte;

	(void)state;
	begin(3);
	pass(5 * NS_PER_S);
	ph_stack_fail_at(client(), 1);
	assert_int_equal(ph_send(client(), net.c[0], "x", 1, 0, net.p.now), -ENOBUFS);
	assert_int_equal(ph_send(client(), net.c[0], "x", 1, 0, net.p.now), 1);
	pass(5 * NS_PER_S);
	assert_int_equal(ph_recv(server(), net.s[0], &byte, 1, 0, net.p.now), 1);
	pass(5 * NS_PER_S);
	assert_int_equal(folded(client()), 3);
	ph_stack_fail_at(client(), 1); /* close takes place all the same */
	assert_int_equal(ph_close(client(), net.c[1], net.p.now), 0);
	assert_int_equal(folded(client()), 2);
	check();
	/* The peer's next word meets a reset. */
	assert_int_equal(ph_send(server(), net.s[1], "x", 1, 0, net.p.now), 1);
	pass(NS_PER_S);
	assert_int_equal(ph_send(server(), net.s[1], "x", 1, 0, net.p.now), -ECONNRESET);
	net.c[1] = ph_socket_new(client(), PH_AF_INET, PH_SOCK_STREAM, 0, net.p.now);
	end(3);
}

static void test_abort_of_all_and_loss_of_the_address_reach_the_folded(void **state)
{
	struct ph_ip ip = ph_ip4(10, 0, 0, 1);
	char byte;

	(void)state;
	begin(4);
	pass(5 * NS_PER_S);
	assert_int_equal(folded(client()), 4);
	net_addr_gone(client(), &ip);
	pass(NS_PER_S);
	for (int i = 0; i < 4; i++)
		assert_int_equal(ph_recv(client(), net.c[i], &byte, 1, 0, net.p.now), -ECONNABORTED);
	ph_stack_abort(server(), net.p.now);
	assert_int_equal(folded(server()), 0);
	check();
	for (int i = 0; i < 4; i++)
		assert_int_equal(ph_close(client(), net.c[i], net.p.now), 0);
	while (pair_step(&net.p))
		;
	pair_free(&net.p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_idle_connection_takes_fewer_than_600_bytes_with_its_socket),
		cmocka_unit_test(test_what_stands_for_a_connection_keeps_its_size),
		cmocka_unit_test(test_nothing_is_armed_for_connections_that_rest),
		cmocka_unit_test(test_folded_connection_is_as_it_was_for_calls_and_segments),
		cmocka_unit_test(test_what_is_not_at_rest_is_not_folded),
		cmocka_unit_test(test_no_more_than_a_bounded_number_are_awake),
		cmocka_unit_test(test_without_memory_calls_say_so_and_segments_wait),
		cmocka_unit_test(test_abort_of_all_and_loss_of_the_address_reach_the_folded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
