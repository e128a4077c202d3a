/* SPDX-License-Identifier: BSD-2-Clause */
/* Two phantoms in one process, joined by the link model in virtual time: bulk data through loss,
 * reorder, duplicates and bit errors arrives whole and in order, and nothing is left behind. */
#define _GNU_SOURCE 1 /* strtok_r */
#include "tcp_pair.h"

enum { PATTERN = 65537, CHUNK = 65536 };

static uint8_t pattern[PATTERN + CHUNK];

static void make_pattern(void)
{
	uint32_t x = 12345;

	for (size_t i = 0; i < PATTERN; i++) {
		x = x * 1664525 + 1013904223;
		pattern[i] = (uint8_t)(x >> 24);
	}
	memcpy(pattern + PATTERN, pattern, CHUNK);
}

struct run {
	struct pair p;
	ph_socket listener, client, server;
	uint64_t want, sent, got;
	bool shut, ended;
};

static void start(struct run *r, const char *spec, uint32_t offload, uint64_t bytes)
{
	struct ph_sockaddr to = { .family = PH_AF_INET, .port = 5001, .ip = ph_ip4(10, 0, 0, 2) };
	struct ph_sockaddr any = { .family = PH_AF_INET, .port = 5001, .ip = ph_ip4(0, 0, 0, 0) };

	memset(r, 0, sizeof(*r));
	r->want = bytes;
	r->server = -1;
	pair_init(&r->p, spec, offload);
	r->listener = ph_socket_new(r->p.node[1].st, PH_AF_INET, PH_SOCK_STREAM, 0, r->p.now);
	assert_true(r->listener >= 0);
	assert_int_equal(ph_bind(r->p.node[1].st, r->listener, &any, r->p.now), 0);
	assert_int_equal(ph_listen(r->p.node[1].st, r->listener, 8, r->p.now), 0);
	r->client = ph_socket_new(r->p.node[0].st, PH_AF_INET, PH_SOCK_STREAM, 0, r->p.now);
	assert_true(r->client >= 0);
	assert_int_equal(ph_connect(r->p.node[0].st, r->client, &to, r->p.now), -EINPROGRESS);
}

static void client_turn(struct run *r)
{
	struct ph_stack *st = r->p.node[0].st;
	int64_t n;

	while (r->sent < r->want) {
		uint64_t len = r->want - r->sent < CHUNK ? r->want - r->sent : CHUNK;

		n = ph_send(st, r->client, pattern + r->sent % PATTERN, len, 0, r->p.now);
		if (n == -EAGAIN || n == -ENOBUFS)
			return;
		if (n <= 0)
			fail_msg("send: %d after %llu bytes", (int)n, (unsigned long long)r->sent);
		r->sent += (uint64_t)n;
	}
	if (!r->shut) {
		assert_int_equal(ph_shutdown(st, r->client, PH_SHUT_WR, r->p.now), 0);
		r->shut = true;
	}
}

static void server_turn(struct run *r)
{
	struct ph_stack *st = r->p.node[1].st;
	static uint8_t buf[CHUNK];
	int64_t n;

	if (r->server < 0) {
		r->server = ph_accept(st, r->listener, NULL, r->p.now);
		if (r->server < 0)
			return;
	}
	while (!r->ended) {
		n = ph_recv(st, r->server, buf, sizeof(buf), 0, r->p.now);
		if (n == -EAGAIN)
			return;
		if (n < 0)
			fail_msg("recv: %d after %llu bytes", (int)n, (unsigned long long)r->got);
		if (n == 0)
			r->ended = true;
		assert_memory_equal(buf, pattern + r->got % PATTERN, (size_t)n);
		r->got += (uint64_t)n;
	}
}

static void transfer(const char *spec, uint32_t offload, uint64_t bytes)
{
	struct run r;
	uint64_t limit;

	start(&r, spec, offload, bytes);
	limit = r.p.now + 3600 * 10 * NS_PER_S;
	while (!r.ended && r.p.now < limit) {
		client_turn(&r);
		server_turn(&r);
		pair_collect(&r.p);
		assert_true(pair_step(&r.p));
	}
	assert_true(r.ended);
	assert_int_equal(r.got, bytes);
	print_message("%-60s %8.3f s, %llu retransmitted\n", spec,
		      (double)(r.p.now - NS_PER_S) / 1e9,
		      (unsigned long long)ph_counter_by_name(r.p.node[0].st, "TcpRetransSegs"));
	assert_int_equal(ph_close(r.p.node[1].st, r.server, r.p.now), 0);
	assert_int_equal(ph_close(r.p.node[1].st, r.listener, r.p.now), 0);
	assert_int_equal(ph_close(r.p.node[0].st, r.client, r.p.now), 0);
	pair_collect(&r.p);
	while (pair_step(&r.p))
		;
	pair_free(&r.p);
}

static void test_bulk_data_crosses_a_clear_link(void **state)
{
	(void)state;
	transfer("delay 1ms", 0, 20 << 20);
}

static void test_hundred_megabytes_cross_five_percent_loss(void **state)
{
	(void)state;
	transfer("delay 1ms loss 5% seed 7", 0, 100 << 20);
}

static void test_bulk_data_crosses_twenty_percent_loss(void **state)
{
	(void)state;
	transfer("delay 5ms loss 20% seed 3", 0, 1 << 20);
}

static void test_bulk_data_crosses_reorder_duplicates_and_corruption(void **state)
{
	(void)state;
	transfer("delay 10ms jitter 2ms loss 1% reorder 10% dup 5% corrupt 2% seed 11", 0, 4 << 20);
}

static void test_a_slow_link_with_a_short_queue_is_filled(void **state)
{
	(void)state;
	transfer("delay 20ms rate 20mbit queue 50", 0, 8 << 20);
}

/* Both ends in one stack, by its own address. */
static void test_a_host_talks_to_itself(void **state)
{
	struct ph_sockaddr to = { .family = PH_AF_INET, .port = 5001, .ip = ph_ip4(10, 0, 0, 2) };
	static uint8_t buf[CHUNK];
	uint64_t sent = 0, got = 0;
	ph_socket c, s = -1;
	struct run r;
	int64_t n;

	(void)state;
	start(&r, "", 0, 0);
	c = ph_socket_new(r.p.node[1].st, PH_AF_INET, PH_SOCK_STREAM, 0, r.p.now);
	assert_int_equal(ph_connect(r.p.node[1].st, c, &to, r.p.now), -EINPROGRESS);
	while (got < 1 << 20) {
		struct ph_sockaddr peer;

		if (s < 0 && (s = ph_accept(r.p.node[1].st, r.listener, &peer, r.p.now)) >= 0 &&
		    peer.ip.b[15] != 2) {
			assert_int_equal(ph_close(r.p.node[1].st, s, r.p.now), 0);
			s = -1;
		}
		n = ph_send(r.p.node[1].st, c, pattern + sent % PATTERN, CHUNK, 0, r.p.now);
		sent += n > 0 ? (uint64_t)n : 0;
		while (s >= 0 && (n = ph_recv(r.p.node[1].st, s, buf, sizeof(buf), 0, r.p.now)) > 0) {
			assert_memory_equal(buf, pattern + got % PATTERN, (size_t)n);
			got += (uint64_t)n;
		}
		assert_true(pair_step(&r.p));
	}
	assert_int_equal(ph_close(r.p.node[1].st, c, r.p.now), 0);
	assert_int_equal(ph_close(r.p.node[1].st, s, r.p.now), 0);
	assert_int_equal(ph_close(r.p.node[1].st, r.listener, r.p.now), 0);
	assert_int_equal(ph_close(r.p.node[0].st, r.client, r.p.now), 0);
	while (pair_step(&r.p))
		;
	pair_free(&r.p);
}

/* Whichever allocation fails, on either side: TCP tries again, and the bytes arrive. */
static void test_no_single_allocation_failure_stops_a_transfer(void **state)
{
	(void)state;
	for (unsigned side = 0; side < 2; side++) {
		for (uint64_t nth = 1; nth < 250; nth++) {
			struct run r;
			uint64_t limit;

			start(&r, "delay 1ms loss 3% seed 5", 0, 200000);
			ph_stack_fail_at(r.p.node[side].st, nth);
			limit = r.p.now + 600 * NS_PER_S;
			while (!r.ended && r.p.now < limit) {
				client_turn(&r);
				server_turn(&r);
				pair_collect(&r.p);
				if (!pair_step(&r.p))
					fail_msg("side %u, allocation %u: nothing left to wait for", side,
						 (unsigned)nth);
			}
			ph_stack_fail_at(r.p.node[side].st, 0);
			assert_int_equal(r.got, 200000);
			assert_int_equal(ph_close(r.p.node[1].st, r.server, r.p.now), 0);
			assert_int_equal(ph_close(r.p.node[1].st, r.listener, r.p.now), 0);
			assert_int_equal(ph_close(r.p.node[0].st, r.client, r.p.now), 0);
			while (pair_step(&r.p))
				;
			pair_free(&r.p);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bulk_data_crosses_a_clear_link),
		cmocka_unit_test(test_hundred_megabytes_cross_five_percent_loss),
		cmocka_unit_test(test_bulk_data_crosses_twenty_percent_loss),
		cmocka_unit_test(test_bulk_data_crosses_reorder_duplicates_and_corruption),
		cmocka_unit_test(test_a_slow_link_with_a_short_queue_is_filled),
		cmocka_unit_test(test_a_host_talks_to_itself),
		cmocka_unit_test(test_no_single_allocation_failure_stops_a_transfer),
	};

	make_pattern();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
