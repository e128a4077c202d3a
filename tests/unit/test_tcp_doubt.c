/* SPDX-License-Identifier: BSD-2-Clause */
/* R1 (net.ipv4.tcp_retries1): when so many retransmissions were not answered, IP is told that the way is
 * doubtful, and asks its next hop whether it is still there. Two stacks; one falls silent. */
#define _GNU_SOURCE 1 /* strtok_r */
#include "tcp_pair.h"

struct net {
	struct pair p;
	ph_socket listener, client, server;
	unsigned segments; /* of the client's, with data */
};

/* A connection that stands, on which octets just went both ways. */
static void net_open(struct net *n)
{
	struct ph_sockaddr to = { .family = PH_AF_INET, .port = 80, .ip = ph_ip4(10, 0, 0, 2) };
	struct ph_stack *client, *server;

	memset(n, 0, sizeof(*n));
	pair_init(&n->p, "", 0);
	client = n->p.node[0].st;
	server = n->p.node[1].st;
	n->listener = ph_socket_new(server, PH_AF_INET, PH_SOCK_STREAM, 0, n->p.now);
	assert_int_equal(ph_bind(server, n->listener, &to, n->p.now), 0);
	assert_int_equal(ph_listen(server, n->listener, 8, n->p.now), 0);
	n->client = ph_socket_new(client, PH_AF_INET, PH_SOCK_STREAM, 0, n->p.now);
	assert_int_equal(ph_connect(client, n->client, &to, n->p.now), -EINPROGRESS);
	pair_collect(&n->p);
	while (pair_step(&n->p) && n->p.now < 2 * NS_PER_S)
		;
	n->server = ph_accept(server, n->listener, NULL, n->p.now);
	assert_true(n->server >= 0);
	assert_int_equal(ph_send(client, n->client, "ask", 3, 0, n->p.now), 3);
	pair_settle(&n->p);
	pair_settle(&n->p);
}

/*
 * The client sends to nobody; the time of its first ARP request to the hardware address it knows, in
 * milliseconds since then, PH_NEVER: none for `ms`. Its segments are counted until then.
 */
static uint64_t asks_after(struct net *n, uint64_t ms)
{
	static uint8_t frame[70000];
	struct node *c = &n->p.node[0];
	uint64_t began = n->p.now, at;

	assert_int_equal(ph_send(c->st, n->client, "hello", 5, 0, n->p.now), 5);
	while (n->p.now - began < ms * NS_PER_MS) {
		while (ph_link_output_bytes(c->st, c->link, frame, sizeof(frame), n->p.now) > 0) {
			if (frame[12] == 8 && frame[13] == 6 && frame[0] == 2)
				return (n->p.now - began) / NS_PER_MS;
			n->segments += frame[12] == 8 && frame[13] == 0;
		}
		at = ph_stack_deadline(c->st);
		n->p.now = at > n->p.now ? at : n->p.now;
		ph_stack_run(c->st, n->p.now);
	}
	return PH_NEVER;
}

static void net_free(struct net *n)
{
	struct ph_linger { int on, seconds; } now = { 1, 0 };

	for (int i = 0; i < 2; i++)
		assert_int_equal(ph_setsockopt(n->p.node[i].st, i ? n->server : n->client, PH_SOL_SOCKET,
					       PH_SO_LINGER, &now, sizeof(now), n->p.now), 0);
	ph_close(n->p.node[0].st, n->client, n->p.now);
	ph_close(n->p.node[1].st, n->server, n->p.now);
	ph_close(n->p.node[1].st, n->listener, n->p.now);
	pair_collect(&n->p);
	while (pair_step(&n->p))
		;
	pair_free(&n->p);
}

/* An answer is believed for 15 seconds at least. rfc: 9293:MUST-20 9293:SHLD-10 */
static void test_after_r1_the_next_hop_is_asked_whether_it_is_there(void **state)
{
	struct net n;
	uint64_t ms;

	(void)state;
	net_open(&n);
	ms = asks_after(&n, 14000);
	/* The fourth timeout, after 200, 400, 800, 1600 ms at least; then five seconds are left to TCP. */
	assert_in_range(ms, 3000 + 5000, 14000);
	assert_true(n.segments >= 1 + 3);
	net_free(&n);
}

static void test_before_r1_it_is_not(void **state)
{
	struct net n;

	(void)state;
	net_open(&n);
	pair_sysctl(&n.p, "net.ipv4.tcp_retries1", "15");
	assert_true(asks_after(&n, 14000) == PH_NEVER);
	assert_true(n.segments > 5);
	net_free(&n);
}

static void test_r1_of_one_is_sooner(void **state)
{
	struct net n;

	(void)state;
	net_open(&n);
	pair_sysctl(&n.p, "net.ipv4.tcp_retries1", "1");
	assert_in_range(asks_after(&n, 14000), 600 + 5000, 3000 + 5000);
	net_free(&n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_after_r1_the_next_hop_is_asked_whether_it_is_there),
		cmocka_unit_test(test_before_r1_it_is_not),
		cmocka_unit_test(test_r1_of_one_is_sooner),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
