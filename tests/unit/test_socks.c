/* SPDX-License-Identifier: BSD-2-Clause */
/* SOCKS 5 (RFC 1928): greetings, requests and replies, whole, cut at every octet, and wrong. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/list.h"
#include "host/socks.h"

/* A copy of exactly len octets, so that a read past them is seen by sanitizers and valgrind. */
static enum socks_code request(const void *bytes, size_t len, struct ph_sockaddr *to, size_t *used)
{
	uint8_t *copy = malloc(len ? len : 1);
	enum socks_code code;

	assert_non_null(copy);
	memcpy(copy, bytes, len);
	code = socks_request(copy, len, to, used);
	free(copy);
	return code;
}

static void test_a_greeting_is_taken_when_it_can_do_without_authentication(void **state)
{
	static const struct {
		const char *bytes;
		size_t len, used;
		enum socks_code code;
	} rows[] = {
		{ "", 0, 0, SOCKS_MORE },
		{ "\5", 1, 0, SOCKS_MORE },
		{ "\5\2\0", 3, 0, SOCKS_MORE },
		{ "\5\1\0", 3, 3, SOCKS_OK },
		{ "\5\2\2\0more", 8, 4, SOCKS_OK },
		{ "\5\2\1\2\0", 5, 4, SOCKS_FAILURE }, /* the 0 is no method any more */
		{ "\5\0", 2, 2, SOCKS_FAILURE },
		{ "\4\1\0", 3, 0, SOCKS_NOT },
		{ "GET / HTTP/1.0\r\n", 16, 0, SOCKS_NOT },
	};
	uint8_t out[2];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		size_t used = 0;

		assert_int_equal(socks_greeting((const uint8_t *)rows[i].bytes, rows[i].len, &used),
				 rows[i].code);
		assert_int_equal(used, rows[i].used);
	}
	socks_method(out, SOCKS_OK);
	assert_memory_equal(out, "\5\0", 2);
	socks_method(out, SOCKS_FAILURE);
	assert_memory_equal(out, "\5\377", 2);
}

static const struct {
	const char *bytes;
	size_t len;
	enum socks_code code;
	const char *ip; /* 16 octets, of SOCKS_OK */
	uint16_t port;
} requests[] = {
	{ "\5\1\0\1\12\0\0\1\0\120", 10, SOCKS_OK, "\0\0\0\0\0\0\0\0\0\0\377\377\12\0\0\1", 80 },
	{ "\5\1\0\4\375\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\37\220", 22, SOCKS_OK,
	  "\375\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 8080 },
	{ "\5\1\0\3\10"
	  "10.0.0.1\1\0",
	  15, SOCKS_OK, "\0\0\0\0\0\0\0\0\0\0\377\377\12\0\0\1", 256 },
	{ "\5\1\0\3\7fd00::1\0\26", 14, SOCKS_OK, "\375\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 22 },
	{ "\5\1\0\3\13example.org\0\120", 18, SOCKS_HOST_UNREACHABLE, NULL, 0 },
	{ "\5\1\0\3\12"
	  "10.0.0.1\0a\0\120",
	  17, SOCKS_HOST_UNREACHABLE, NULL, 0 },
	{ "\5\1\0\3\0\0\120", 7, SOCKS_HOST_UNREACHABLE, NULL, 0 },
	{ "\5\1\0\1\12\0\0\1\0\0", 10, SOCKS_FAILURE, NULL, 0 }, /* port 0 */
	{ "\5\2\0\1\12\0\0\1\0\120", 10, SOCKS_NO_COMMAND, NULL, 0 },
	{ "\5\3\0\1\12\0\0\1\0\120", 10, SOCKS_NO_COMMAND, NULL, 0 },
};

static void test_a_request_is_an_address_in_any_of_its_forms(void **state)
{
	struct ph_sockaddr to;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
		size_t used = 0;

		for (size_t len = 0; len < requests[i].len; len++)
			assert_int_equal(request(requests[i].bytes, len, &to, &used), SOCKS_MORE);
		assert_int_equal(request(requests[i].bytes, requests[i].len, &to, &used),
				 requests[i].code);
		assert_int_equal(used, requests[i].len);
		if (!requests[i].ip)
			continue;
		assert_memory_equal(to.ip.b, requests[i].ip, 16);
		assert_int_equal(to.port, requests[i].port);
		assert_int_equal(to.family, ph_ip_is4(&to.ip) ? PH_AF_INET : PH_AF_INET6);
	}
}

static void test_what_is_no_request_is_told_so(void **state)
{
	struct ph_sockaddr to;
	size_t used = 0;

	(void)state;
	assert_int_equal(request("\4\1\0\1\12\0\0\1\0\120", 10, &to, &used), SOCKS_NOT);
	assert_int_equal(request("\5\1\0\2\12\0\0\1\0\120", 10, &to, &used), SOCKS_NO_ADDRESS_TYPE);
}

static void test_the_longest_messages_fit(void **state)
{
	uint8_t in[SOCKS_REQUEST_MAX];
	struct ph_sockaddr to;
	size_t used = 0;

	(void)state;
	memset(in, 'a', sizeof(in));
	memcpy(in, "\5\1\0\3\377", 5);
	assert_int_equal(request(in, sizeof(in) - 1, &to, &used), SOCKS_MORE);
	assert_int_equal(request(in, sizeof(in), &to, &used), SOCKS_HOST_UNREACHABLE);
	assert_int_equal(used, sizeof(in));
	memset(in, 0, sizeof(in));
	memcpy(in, "\5\377", 2);
	assert_int_equal(socks_greeting(in, SOCKS_GREETING_MAX - 1, &used), SOCKS_MORE);
	assert_int_equal(socks_greeting(in, SOCKS_GREETING_MAX, &used), SOCKS_OK);
}

static void test_a_reply_says_what_became_of_it_and_our_end(void **state)
{
	struct ph_sockaddr bound = { .family = PH_AF_INET,
				     .port = 0x1234,
				     .ip = ph_ip4(10, 0, 0, 2) };
	static const struct {
		int error;
		uint8_t code;
	} errors[] = { { 0, 0 },	   { ECONNREFUSED, 5 },
		       { ENETUNREACH, 3 }, { EHOSTUNREACH, 4 },
		       { ETIMEDOUT, 4 },   { EAFNOSUPPORT, 8 },
		       { EPERM, 1 } };
	uint8_t out[SOCKS_REPLY_MAX];

	(void)state;
	assert_int_equal(socks_reply(out, SOCKS_OK, &bound), 10);
	assert_memory_equal(out, "\5\0\0\1\12\0\0\2\22\64", 10);
	bound.ip = (struct ph_ip){ { 0xfd, [15] = 2 } };
	assert_int_equal(socks_reply(out, SOCKS_OK, &bound), 22);
	assert_memory_equal(out, "\5\0\0\4\375\0\0\0\0\0\0\0\0\0\0\0\0\0\0\2\22\64", 22);
	for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
		assert_int_equal(socks_reply(out, socks_code_of(errors[i].error), NULL), 10);
		assert_int_equal(out[1], errors[i].code);
		assert_memory_equal(out + 2, "\0\1\0\0\0\0\0\0", 8);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_greeting_is_taken_when_it_can_do_without_authentication),
		cmocka_unit_test(test_a_request_is_an_address_in_any_of_its_forms),
		cmocka_unit_test(test_what_is_no_request_is_told_so),
		cmocka_unit_test(test_the_longest_messages_fit),
		cmocka_unit_test(test_a_reply_says_what_became_of_it_and_our_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
