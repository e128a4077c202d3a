/* SPDX-License-Identifier: BSD-2-Clause */
/* Which address a connection has where a host has several (RFC 9293 3.9.1.1): the user's, the one
 * that was asked for, the one that the way there wants; and the same one to the end. */
#define _GNU_SOURCE 1 /* strtok_r */
#include "tcp_pair.h"

struct fix {
	struct pair p;
	ph_socket c, l, s;
};

static struct ph_sockaddr at(struct ph_ip ip, uint16_t port)
{
	return (struct ph_sockaddr){ .family = PH_AF_INET, .port = port, .ip = ip };
}

/* The client has 10.0.0.1, .3 and 10.9.0.1, the server 10.0.0.2, .4 and 10.9.0.2. */
static void fix_init(struct fix *f)
{
	pair_init(&f->p, "", 0);
	for (unsigned i = 0; i < 2; i++) {
		struct node *n = &f->p.node[i];
		struct ph_ip more = ph_ip4(10, 0, 0, (uint8_t)(i + 3)),
			     far = ph_ip4(10, 9, 0, (uint8_t)(i + 1));

		assert_int_equal(ph_addr_add(n->st, n->link, &more, 24, f->p.now), 0);
		assert_int_equal(ph_addr_add(n->st, n->link, &far, 24, f->p.now), 0);
	}
	f->c = ph_socket_new(f->p.node[0].st, PH_AF_INET, PH_SOCK_STREAM, 0, f->p.now);
	f->l = ph_socket_new(f->p.node[1].st, PH_AF_INET, PH_SOCK_STREAM, 0, f->p.now);
	f->s = -1;
	assert_true(f->c >= 0 && f->l >= 0);
}

static void listen_at(struct fix *f, struct ph_ip ip)
{
	struct ph_sockaddr a = at(ip, 80);

	assert_int_equal(ph_bind(f->p.node[1].st, f->l, &a, f->p.now), 0);
	assert_int_equal(ph_listen(f->p.node[1].st, f->l, 5, f->p.now), 0);
}

static void run_ms(struct fix *f, uint64_t ms)
{
	uint64_t end = f->p.now + ms * NS_PER_MS;

	pair_settle(&f->p);
	while (pair_next(&f->p) <= end && pair_step(&f->p))
		;
	f->p.now = end;
}

static void connect_to(struct fix *f, struct ph_ip ip)
{
	struct ph_sockaddr a = at(ip, 80);

	assert_int_equal(ph_connect(f->p.node[0].st, f->c, &a, f->p.now), -EINPROGRESS);
	run_ms(f, 10);
	f->s = ph_accept(f->p.node[1].st, f->l, NULL, f->p.now);
	assert_true(f->s >= 0);
}

static void check_ends(struct fix *f, struct ph_ip client, struct ph_ip server)
{
	struct ph_sockaddr a;

	assert_int_equal(ph_getsockname(f->p.node[0].st, f->c, &a), 0);
	assert_memory_equal(&a.ip, &client, sizeof(client));
	assert_int_equal(ph_getpeername(f->p.node[1].st, f->s, &a), 0);
	assert_memory_equal(&a.ip, &client, sizeof(client));
	assert_int_equal(ph_getsockname(f->p.node[1].st, f->s, &a), 0);
	assert_memory_equal(&a.ip, &server, sizeof(server));
}

static void echo(struct fix *f)
{
	char b[8];

	assert_int_equal(ph_send(f->p.node[0].st, f->c, "question", 8, 0, f->p.now), 8);
	run_ms(f, 300);
	assert_int_equal(ph_recv(f->p.node[1].st, f->s, b, 8, 0, f->p.now), 8);
	assert_int_equal(ph_send(f->p.node[1].st, f->s, "and more", 8, 0, f->p.now), 8);
	run_ms(f, 300);
	assert_int_equal(ph_recv(f->p.node[0].st, f->c, b, 8, 0, f->p.now), 8);
	assert_memory_equal(b, "and more", 8);
}

static void fix_end(struct fix *f)
{
	assert_int_equal(ph_close(f->p.node[0].st, f->c, f->p.now), 0);
	if (f->s >= 0)
		assert_int_equal(ph_close(f->p.node[1].st, f->s, f->p.now), 0);
	assert_int_equal(ph_close(f->p.node[1].st, f->l, f->p.now), 0);
	run_ms(f, 200000);
	pair_free(&f->p);
}

/* rfc: 9293:3.9.1.1-a */
static void test_who_listens_on_any_address_answers_from_the_one_asked_for(void **state)
{
	struct fix f;

	(void)state;
	fix_init(&f);
	listen_at(&f, ph_ip4(0, 0, 0, 0));
	connect_to(&f, ph_ip4(10, 0, 0, 4));
	check_ends(&f, ph_ip4(10, 0, 0, 1), ph_ip4(10, 0, 0, 4));
	echo(&f);
	fix_end(&f);
}

/* rfc: 9293:MUST-43 */
static void test_connection_is_from_the_address_it_was_bound_to(void **state)
{
	struct ph_sockaddr own = at(ph_ip4(10, 0, 0, 3), 0);
	struct fix f;

	(void)state;
	fix_init(&f);
	listen_at(&f, ph_ip4(10, 0, 0, 2));
	assert_int_equal(ph_bind(f.p.node[0].st, f.c, &own, f.p.now), 0);
	connect_to(&f, ph_ip4(10, 0, 0, 2));
	check_ends(&f, ph_ip4(10, 0, 0, 3), ph_ip4(10, 0, 0, 2));
	echo(&f);
	fix_end(&f);
}

/* rfc: 9293:MUST-43 */
static void test_listener_of_one_address_does_not_hear_another(void **state)
{
	struct ph_sockaddr a = at(ph_ip4(10, 0, 0, 4), 80);
	struct fix f;
	char c;

	(void)state;
	fix_init(&f);
	listen_at(&f, ph_ip4(10, 0, 0, 2));
	assert_int_equal(ph_connect(f.p.node[0].st, f.c, &a, f.p.now), -EINPROGRESS);
	run_ms(&f, 10);
	assert_int_equal(ph_recv(f.p.node[0].st, f.c, &c, 1, 0, f.p.now), -ECONNREFUSED);
	fix_end(&f);
}

/* rfc: 9293:MUST-44 */
static void test_connection_of_nobodys_choice_is_from_the_network_of_the_peer(void **state)
{
	struct fix f;

	(void)state;
	fix_init(&f);
	listen_at(&f, ph_ip4(0, 0, 0, 0));
	connect_to(&f, ph_ip4(10, 9, 0, 2));
	check_ends(&f, ph_ip4(10, 9, 0, 1), ph_ip4(10, 9, 0, 2));
	fix_end(&f);
}

/* rfc: 9293:MUST-45 */
static void test_address_stays_when_a_closer_one_is_added(void **state)
{
	struct ph_ip closer = ph_ip4(10, 0, 0, 5), first = ph_ip4(10, 0, 0, 3);
	struct fix f;

	(void)state;
	fix_init(&f);
	listen_at(&f, ph_ip4(0, 0, 0, 0));
	connect_to(&f, ph_ip4(10, 0, 0, 2));
	check_ends(&f, ph_ip4(10, 0, 0, 1), ph_ip4(10, 0, 0, 2));
	assert_int_equal(ph_addr_add(f.p.node[0].st, f.p.node[0].link, &closer, 30, f.p.now), 0);
	assert_int_equal(ph_addr_del(f.p.node[0].st, f.p.node[0].link, &first, f.p.now), 0);
	echo(&f);
	check_ends(&f, ph_ip4(10, 0, 0, 1), ph_ip4(10, 0, 0, 2));
	fix_end(&f);
}

/* rfc: 9293:A.2-a, 9293:MUST-10 */
/* attack: Self-connect */
static void test_socket_that_connects_to_itself_hears_itself(void **state)
{
	struct ph_sockaddr own = at(ph_ip4(10, 0, 0, 1), 5000);
	struct fix f;
	char b[4];

	(void)state;
	fix_init(&f);
	assert_int_equal(ph_bind(f.p.node[0].st, f.c, &own, f.p.now), 0);
	assert_int_equal(ph_connect(f.p.node[0].st, f.c, &own, f.p.now), -EINPROGRESS);
	run_ms(&f, 10);
	assert_int_equal(ph_send(f.p.node[0].st, f.c, "self", 4, 0, f.p.now), 4);
	run_ms(&f, 300);
	assert_int_equal(ph_recv(f.p.node[0].st, f.c, b, 4, 0, f.p.now), 4);
	assert_memory_equal(b, "self", 4);
	fix_end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_listens_on_any_address_answers_from_the_one_asked_for),
		cmocka_unit_test(test_connection_is_from_the_address_it_was_bound_to),
		cmocka_unit_test(test_listener_of_one_address_does_not_hear_another),
		cmocka_unit_test(test_connection_of_nobodys_choice_is_from_the_network_of_the_peer),
		cmocka_unit_test(test_address_stays_when_a_closer_one_is_added),
		cmocka_unit_test(test_socket_that_connects_to_itself_hears_itself),
	};

	return cmocka_run_group_tests_name("tcp_addresses", tests, NULL, NULL);
}
