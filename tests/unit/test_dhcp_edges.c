/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dhcp/dhcp_msg.h at its bounds: the last octet of a message, the longest option, name, list and
 * identifier, and one more of each; what each kind of message asks for.
 */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "dhcp/dhcp_msg.h"
#include "guarded.h"

static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 9 };
static const struct dhcp_id id = { { 1, 'm', 'i', 'n', 'e' }, 5 };

struct msg {
	uint8_t b[4000];
	size_t len;
};

static void add(struct msg *m, uint8_t code, const void *bytes, size_t n)
{
	m->b[m->len++] = code;
	m->b[m->len++] = (uint8_t)n;
	memcpy(m->b + m->len, bytes, n);
	m->len += n;
}

/* An ACK without its end, whose type is three octets behind the header. */
static struct msg ack(void)
{
	struct msg m = { .len = sizeof(struct dhcp_hdr) };
	struct dhcp_hdr *h = (void *)m.b;

	h->op = DHCP_OP_REPLY;
	h->htype = DHCP_HTYPE_ETHER;
	h->hlen = 6;
	memcpy(h->chaddr, mac, sizeof(mac));
	h->cookie = be32_of(DHCP_COOKIE);
	add(&m, DHCP_OPT_TYPE, (uint8_t[]){ DHCP_ACK }, 1);
	return m;
}

/* The first `len` octets of it, where memory ends behind them. */
static enum dhcp_verdict read_first(const struct msg *m, size_t len, struct dhcp_reply *out)
{
	uint8_t *p = guarded_new(len);
	enum dhcp_verdict v;

	assert_non_null(p);
	memcpy(p, m->b, len);
	v = dhcp_msg_read(p, len, mac, &id, out);
	guarded_free(p, len);
	return v;
}

static struct dhcp_reply read_all(const struct msg *m)
{
	struct dhcp_reply r;

	assert_int_equal(read_first(m, m->len, &r), DHCP_TAKEN);
	return r;
}

/* An option twice or more of `n` octets in all, parts of 252. */
static void add_parts(struct msg *m, uint8_t code, const uint8_t *bytes, size_t n)
{
	for (size_t at = 0; at < n; at += 252)
		add(m, code, bytes + at, n - at < 252 ? n - at : 252);
}

/* rfc: 2131:4.1-6
 * attack: CVE-2020-11909 CVE-2026-34960 CVE-2024-42040 */
static void test_nothing_is_read_behind_the_last_octet(void **state)
{
	struct msg m = ack();
	struct dhcp_reply r;

	(void)state;
	add(&m, DHCP_OPT_ROUTES, "\30\12\0\0\12\0\0\1\0\12\0\0\2", 13);
	add(&m, DHCP_OPT_DOMAIN, "example.org", 11);
	add(&m, DHCP_OPT_DNS, "\1\1\1\1", 4);
	for (size_t len = 0; len <= m.len; len++) {
		enum dhcp_verdict v = read_first(&m, len, &r);

		assert_int_equal(v, len < DHCP_MIN_TAKEN ? DHCP_BAD_LENGTH : DHCP_TAKEN);
		if (v == DHCP_TAKEN)
			assert_int_equal(r.dns.n, len == m.len);
	}
	m = ack(); /* the least there is */
	assert_int_equal(m.len, DHCP_MIN_TAKEN);
	assert_int_equal(read_all(&m).type, DHCP_ACK);
	m.b[m.len++] = DHCP_OPT_PAD;
	(void)read_all(&m);
	m.b[m.len++] = DHCP_OPT_DNS; /* a code and no length */
	(void)read_all(&m);
	m.b[m.len++] = 5; /* one more than follow */
	memset(m.b + m.len, 1, 4);
	m.len += 4;
	assert_int_equal(read_all(&m).dns.n, 0);
	m.b[m.len - 5] = 4;
	assert_int_equal(read_all(&m).dns.n, 1);
}

/* rfc: 6842:3-1 */
static void test_another_clients_identifier_is_anothers(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		enum dhcp_verdict v;
	} row[] = { { "\1mine", 5, DHCP_TAKEN },
		    { "\1minf", 5, DHCP_NOT_OURS },
		    { "\1min", 4, DHCP_NOT_OURS },
		    { "\1mines", 6, DHCP_NOT_OURS },
		    { "", 0, DHCP_NOT_OURS } };
	struct dhcp_reply r;

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct msg m = ack();

		add(&m, DHCP_OPT_CLIENT_ID, row[i].bytes, row[i].n);
		if (read_first(&m, m.len, &r) != row[i].v)
			fail_msg("identifier %zu", i);
	}
}

static void test_a_type_and_an_overload_are_one_octet(void **state)
{
	struct msg m = ack();
	struct dhcp_hdr *h = (void *)m.b;
	struct dhcp_reply r;

	(void)state;
	memcpy(h->file, "\6\4\1\1\1\1\xff", 7);
	add(&m, DHCP_OPT_OVERLOAD, "\1\1", 2);
	assert_int_equal(read_all(&m).dns.n, 0);
	m = ack();
	memcpy(((struct dhcp_hdr *)(void *)m.b)->file, "\6\4\1\1\1\1\xff", 7);
	add(&m, DHCP_OPT_OVERLOAD, "\1", 1);
	assert_int_equal(read_all(&m).dns.n, 1);
	add(&m, DHCP_OPT_TYPE, "\5", 1); /* joined: two octets */
	assert_int_equal(read_first(&m, m.len, &r), DHCP_BAD_TYPE);
}

static void test_an_option_is_joined_up_to_1024_octets(void **state)
{
	uint8_t bytes[1100];
	struct msg m = ack();

	(void)state;
	memset(bytes, 1, sizeof(bytes));
	add_parts(&m, DHCP_OPT_DNS, bytes, 1024);
	assert_int_equal(read_all(&m).dns.n, DHCP_LIST);
	m = ack();
	add_parts(&m, DHCP_OPT_DNS, bytes, 1028);
	assert_int_equal(read_all(&m).dns.n, 0);
}

/* attack: CVE-2011-2716 CVE-2021-31884 */
static void test_names_have_letters_digits_and_three_signs(void **state)
{
	uint8_t long_name[300];

	(void)state;
	for (int c = 1; c < 256; c++) {
		bool good = c < 128 && (isalnum(c) || c == '-' || c == '.' || c == '_');
		struct msg m = ack();
		uint8_t b[2] = { 'x', (uint8_t)c };

		add(&m, DHCP_OPT_HOSTNAME, b, 2);
		if ((read_all(&m).hostname[0] != 0) != good)
			fail_msg("character %d", c);
	}
	memset(long_name, 'n', sizeof(long_name));
	for (size_t n = 254; n < 258; n++) {
		struct msg m = ack();
		size_t want = n <= DHCP_NAME_MAX ? n : 0;
		struct dhcp_reply r;

		add_parts(&m, DHCP_OPT_DOMAIN, long_name, n);
		r = read_all(&m);
		assert_int_equal(strlen(r.domain), want);
		assert_int_equal(r.hostname[0], 0);
	}
}

static void test_a_message_is_what_can_be_shown_of_it(void **state)
{
	uint8_t bytes[300];
	struct msg m = ack();
	struct dhcp_reply r;

	(void)state;
	add(&m, DHCP_OPT_MESSAGE, " ~\x7f\x1f\x80z", 6);
	r = read_all(&m);
	assert_string_equal(r.message, " ~???z");
	memset(bytes, 'm', sizeof(bytes));
	m = ack();
	add_parts(&m, DHCP_OPT_MESSAGE, bytes, sizeof(bytes));
	r = read_all(&m);
	assert_int_equal(strlen(r.message), DHCP_NAME_MAX);
}

static void test_the_least_mtu_and_the_most_routes(void **state)
{
	uint8_t routes[5 * (DHCP_ROUTES + 1)];
	struct msg m = ack();
	struct dhcp_reply r;

	(void)state;
	add(&m, DHCP_OPT_MTU, "\0\103", 2);
	assert_int_equal(read_all(&m).mtu, 0);
	m = ack();
	add(&m, DHCP_OPT_MTU, "\0\104", 2);
	assert_int_equal(read_all(&m).mtu, 68);
	for (size_t i = 0; i < sizeof(routes); i++)
		routes[i] = i % 5 ? (uint8_t)(i / 5 + 1) : 0;
	m = ack();
	add(&m, DHCP_OPT_ROUTES, routes, sizeof(routes));
	r = read_all(&m);
	assert_int_equal(r.nroutes, DHCP_ROUTES);
	assert_int_equal(r.route[DHCP_ROUTES - 1].gateway, 0x20202020);
	assert_int_equal(r.hostname[0], 0); /* nor is anything behind them touched */
}

/* ---- writing ---------------------------------------------------------------------------------- */

/* The option's length, or -1. */
static int option(const uint8_t *b, size_t len, uint8_t code)
{
	for (size_t i = sizeof(struct dhcp_hdr); i < len && b[i] != DHCP_OPT_END;
	     i += b[i] == DHCP_OPT_PAD ? 1 : 2u + b[i + 1])
		if (b[i] == code)
			return b[i + 1];
	return -1;
}

/* rfc: 2131:4.4.3-1 */
static void test_each_message_asks_for_what_its_kind_may(void **state)
{
	static const struct {
		enum dhcp_type type;
		int parameters, host, size;
	} row[] = {
		{ DHCP_DISCOVER, 12, 4, 2 }, { DHCP_REQUEST, 12, 4, 2 }, { DHCP_INFORM, 9, 4, 2 },
		{ DHCP_DECLINE, -1, -1, -1 }, { DHCP_RELEASE, -1, -1, -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct dhcp_ask ask = { .type = row[i].type, .id = &id, .hostname = "host" };
		uint8_t b[DHCP_MSG_SIZE];
		size_t len = dhcp_msg_write(&ask, b);

		assert_in_range(len, DHCP_MIN, sizeof(b));
		assert_int_equal(option(b, len, DHCP_OPT_PARAMETERS), row[i].parameters);
		assert_int_equal(option(b, len, DHCP_OPT_HOSTNAME), row[i].host);
		assert_int_equal(option(b, len, DHCP_OPT_MAX_SIZE), row[i].size);
		ask.hostname = "";
		len = dhcp_msg_write(&ask, b);
		assert_int_equal(option(b, len, DHCP_OPT_HOSTNAME), -1);
	}
}

static void test_what_is_too_long_to_be_said_is_cut_and_the_rest_said(void **state)
{
	struct dhcp_ask ask = { .type = DHCP_REQUEST, .id = &id };
	char text[400];
	uint8_t b[DHCP_MSG_SIZE];
	size_t len;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	ask.hostname = ask.message = text;
	len = dhcp_msg_write(&ask, b);
	assert_int_equal(option(b, len, DHCP_OPT_HOSTNAME), DHCP_NAME_MAX);
	assert_int_equal(option(b, len, DHCP_OPT_MESSAGE), DHCP_NAME_MAX);
	assert_int_equal(b[len - 1], DHCP_OPT_END);
}

static void test_an_identifier_is_the_users_where_it_fits(void **state)
{
	uint8_t duid[DHCP_ID_MAX] = { 7, 7 };
	struct dhcp_id out;

	(void)state;
	dhcp_id_make(&out, 1, duid, DHCP_ID_MAX - 5, mac);
	assert_int_equal(out.len, DHCP_ID_MAX);
	assert_memory_equal(out.bytes + 5, duid, DHCP_ID_MAX - 5);
	dhcp_id_make(&out, 1, duid, DHCP_ID_MAX - 4, mac);
	assert_int_equal(out.len, 15);
	dhcp_id_make(&out, 1, duid, 0, mac);
	assert_int_equal(out.len, 15);
	dhcp_id_make(&out, 1, NULL, 4, mac);
	assert_int_equal(out.len, 15);
	assert_memory_equal(out.bytes + 9, mac, 6);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_is_read_behind_the_last_octet),
		cmocka_unit_test(test_another_clients_identifier_is_anothers),
		cmocka_unit_test(test_a_type_and_an_overload_are_one_octet),
		cmocka_unit_test(test_an_option_is_joined_up_to_1024_octets),
		cmocka_unit_test(test_names_have_letters_digits_and_three_signs),
		cmocka_unit_test(test_a_message_is_what_can_be_shown_of_it),
		cmocka_unit_test(test_the_least_mtu_and_the_most_routes),
		cmocka_unit_test(test_each_message_asks_for_what_its_kind_may),
		cmocka_unit_test(test_what_is_too_long_to_be_said_is_cut_and_the_rest_said),
		cmocka_unit_test(test_an_identifier_is_the_users_where_it_fits),
	};

	return cmocka_run_group_tests_name("dhcp edges", tests, NULL, NULL);
}
