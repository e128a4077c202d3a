/* SPDX-License-Identifier: BSD-2-Clause */
/* Fast Open's cookies, as bytes, and what is remembered of peers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tcp/tcp_fastopen.h"
#include "tcp/tcp_opt.h"
#include "tcp/tcp_peers.h"

static void *get(void *arg, size_t size)
{
	(void)arg;
	return malloc(size);
}

static void put(void *arg, void *ptr, size_t size)
{
	(void)arg;
	(void)size;
	free(ptr);
}

static const uint8_t key[TCP_FO_KEY_LEN] = { 0xa1, 0xa1, 0xa1, 0xa1, 0xb2, 0xb2, 0xb2, 0xb2,
					     0xc3, 0xc3, 0xc3, 0xc3, 0xd4, 0xd4, 0xd4, 0xd4 };
static const uint32_t client4 = 0xc0000201, server4 = 0xc0a80001; /* 192.0.2.1, 192.168.0.1 */

/* What a Linux listener answers 192.0.2.1 with under these keys. */
static void test_cookies_are_those_that_linux_makes(void **state)
{
	static const uint8_t want[] = { 0x30, 0x21, 0xb9, 0xd8, 0x89, 0x01, 0x7e, 0xeb };
	static const uint8_t zero[] = { 0xb7, 0xc1, 0x23, 0x50, 0xa9, 0x0d, 0xc8, 0xf5 };
	static const uint8_t no_key[TCP_FO_KEY_LEN];
	struct ph_ip c = ip_of4(client4), s = ip_of4(server4);
	struct tcp_fo_keys k;
	struct tcp_fo_cookie got;

	(void)state;
	assert_true(tcp_fo_keys_read(&k, key, sizeof(key)));
	tcp_fo_cookie_make(&k.key[0], &c, &s, &got);
	assert_int_equal(got.len, sizeof(want));
	assert_memory_equal(got.bytes, want, sizeof(want));
	assert_true(tcp_fo_keys_read(&k, no_key, sizeof(no_key)));
	tcp_fo_cookie_make(&k.key[0], &c, &s, &got);
	assert_memory_equal(got.bytes, zero, sizeof(zero));
}

static void test_a_cookie_is_good_for_its_addresses_and_keys_alone(void **state)
{
	struct ph_ip c = ip_of4(client4), s = ip_of4(server4), other = ip_of4(client4 + 1);
	uint8_t two[2 * TCP_FO_KEY_LEN] = { 1 };
	struct tcp_fo_cookie cookie, old;
	struct tcp_fo_keys k, both;

	(void)state;
	assert_true(tcp_fo_keys_read(&k, key, sizeof(key)));
	memcpy(two + TCP_FO_KEY_LEN, key, sizeof(key));
	assert_true(tcp_fo_keys_read(&both, two, sizeof(two)));
	tcp_fo_cookie_make(&both.key[0], &c, &s, &cookie);
	tcp_fo_cookie_make(&k.key[0], &c, &s, &old);
	assert_int_equal(tcp_fo_cookie_check(&both, &c, &s, cookie.bytes, cookie.len), 1);
	assert_int_equal(tcp_fo_cookie_check(&both, &c, &s, old.bytes, old.len), 2);
	assert_int_equal(tcp_fo_cookie_check(&k, &c, &s, cookie.bytes, cookie.len), 0);
	assert_int_equal(tcp_fo_cookie_check(&k, &other, &s, old.bytes, old.len), 0);
	assert_int_equal(tcp_fo_cookie_check(&k, &c, &other, old.bytes, old.len), 0);
	assert_int_equal(tcp_fo_cookie_check(&k, &c, &s, old.bytes, old.len - 2u), 0);
	assert_int_equal(tcp_fo_cookie_check(&k, &c, &s, old.bytes, 0), 0);
}

static void test_keys_are_of_one_length_or_twice_that(void **state)
{
	uint8_t bytes[2 * TCP_FO_KEY_LEN] = { 7, 6, 5 }, out[2 * TCP_FO_KEY_LEN];
	struct tcp_fo_keys k;

	(void)state;
	for (uint32_t len = 0; len <= sizeof(bytes); len++)
		assert_int_equal(tcp_fo_keys_read(&k, bytes, len), len == 16 || len == 32);
	assert_int_equal(tcp_fo_keys_write(&k, out), sizeof(out));
	assert_memory_equal(out, bytes, sizeof(out));
}

/* RFC 7413 4.1.1, and the experimental form. */
static void test_only_a_cookie_of_even_length_from_four_to_sixteen_is_one(void **state)
{
	(void)state;
	for (uint8_t len = 0; len <= 18; len++) {
		bool right = len == 0 || (len % 2 == 0 && len >= 4 && len <= 16);
		uint8_t iana[20] = { TCP_OPT_FASTOPEN, (uint8_t)(2 + len) };
		uint8_t exp[22] = { TCP_OPT_EXP, (uint8_t)(4 + len), 0xf9, 0x89 };
		struct tcp_opts o;

		assert_true(tcp_opt_parse(iana, 2u + len, &o));
		assert_int_equal(o.has_fo, right);
		assert_true(!right || (!o.fo_exp && o.fo_len == len));
		assert_true(tcp_opt_parse(exp, 4u + len, &o));
		assert_int_equal(o.has_fo, right);
		assert_true(!right || (o.fo_exp && o.fo_len == len));
		exp[3] = 0x88; /* somebody else's experiment */
		assert_true(tcp_opt_parse(exp, 4u + len, &o));
		assert_false(o.has_fo);
	}
}

static void test_an_option_that_is_built_is_read_back(void **state)
{
	uint8_t bytes[TCP_OPTS_MAX];

	(void)state;
	for (uint8_t len = 0; len <= TCP_COOKIE_MAX; len = (uint8_t)(len ? len + 2 : 4)) {
		for (int exp = 0; exp < 2; exp++) {
			struct tcp_opts o = { .has_mss = true, .mss = 1460, .has_fo = true,
					      .fo_exp = exp != 0, .fo_len = len }, got;
			uint32_t n;

			memset(o.fo, 0x40 + len, len);
			n = tcp_opt_build(bytes, &o);
			assert_int_equal(n, tcp_opt_len(&o));
			assert_int_equal(n % 4, 0);
			assert_true(tcp_opt_parse(bytes, n, &got));
			assert_true(got.has_fo && got.fo_exp == o.fo_exp && got.fo_len == len);
			assert_memory_equal(got.fo, o.fo, len);
		}
	}
}

/* ---- peers */

static struct tcp_peers *peers_new(struct mem *m)
{
	static const struct siphash_key k = { 1, 2 };
	struct tcp_peers *p = malloc(sizeof(*p));

	*m = (struct mem){ .alloc = get, .release = put };
	assert_non_null(p);
	assert_int_equal(tcp_peers_init(p, m, &k), 0);
	return p;
}

static void peers_free(struct tcp_peers *p)
{
	tcp_peers_destroy(p);
	free(p);
}

static void test_the_latest_cookie_of_a_peer_is_known_to_it_alone(void **state)
{
	struct ph_ip us = ip_of4(server4), a = ip_of4(1), b = ip_of4(2);
	struct tcp_fo_cookie one = { .len = 4, .bytes = { 1 } }, two = { .len = 8, .bytes = { 2 } };
	struct tcp_peers *p;
	struct tcp_peer *e;
	struct mem m;

	(void)state;
	p = peers_new(&m);
	assert_null(tcp_peers_find(p, &us, &a, 0));
	e = tcp_peers_make(p, &us, &a, 0);
	tcp_peer_learn(e, 1460, &one, 0);
	tcp_peer_learn(e, 940, &two, 0);
	tcp_peer_learn(e, 0, NULL, 0); /* an answer that says nothing takes nothing away */
	e = tcp_peers_find(p, &us, &a, 0);
	assert_non_null(e);
	assert_int_equal(e->mss, 940);
	assert_int_equal(e->cookie.len, 8);
	assert_int_equal(e->cookie.bytes[0], 2);
	assert_null(tcp_peers_find(p, &us, &b, 0));
	assert_null(tcp_peers_find(p, &a, &us, 0));
	assert_null(tcp_peers_find(p, &us, &a, 1)); /* flushed */
	assert_int_equal(tcp_peers_make(p, &us, &a, 1)->cookie.len, 0);
	peers_free(p);
}

static void test_the_experimental_option_is_tried_once(void **state)
{
	struct tcp_fo_cookie none = { .len = 0 }, one = { .len = 4 };
	struct tcp_peer e = { .mss = 0 };

	(void)state;
	tcp_peer_learn(&e, 0, &none, 1);
	assert_int_equal(e.try_exp, 1);
	tcp_peer_learn(&e, 0, &none, 2);
	tcp_peer_learn(&e, 0, &none, 1);
	assert_int_equal(e.try_exp, 2);
	tcp_peer_learn(&e, 0, &one, 0);
	assert_int_equal(e.cookie.len, 4);
}

static void test_the_peer_not_heard_of_for_longest_makes_room(void **state)
{
	struct ph_ip us = ip_of4(server4), first = ip_of4(1), second = ip_of4(2);
	struct tcp_peers *p;
	struct mem m;

	(void)state;
	p = peers_new(&m);
	for (uint32_t i = 1; i <= TCP_FO_PEERS_MAX; i++) {
		struct ph_ip a = ip_of4(i);

		assert_non_null(tcp_peers_make(p, &us, &a, 0));
	}
	assert_non_null(tcp_peers_find(p, &us, &first, 0)); /* used: now the second is the oldest */
	for (uint32_t i = 1; i < 100; i++) {
		struct ph_ip a = ip_of4(TCP_FO_PEERS_MAX + i);

		assert_non_null(tcp_peers_make(p, &us, &a, 0));
		assert_int_equal(p->pool.in_use, TCP_FO_PEERS_MAX);
	}
	assert_non_null(tcp_peers_find(p, &us, &first, 0));
	assert_null(tcp_peers_find(p, &us, &second, 0));
	peers_free(p);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cookies_are_those_that_linux_makes),
		cmocka_unit_test(test_a_cookie_is_good_for_its_addresses_and_keys_alone),
		cmocka_unit_test(test_keys_are_of_one_length_or_twice_that),
		cmocka_unit_test(test_only_a_cookie_of_even_length_from_four_to_sixteen_is_one),
		cmocka_unit_test(test_an_option_that_is_built_is_read_back),
		cmocka_unit_test(test_the_latest_cookie_of_a_peer_is_known_to_it_alone),
		cmocka_unit_test(test_the_experimental_option_is_tried_once),
		cmocka_unit_test(test_the_peer_not_heard_of_for_longest_makes_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
