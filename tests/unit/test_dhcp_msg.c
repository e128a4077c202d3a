/* SPDX-License-Identifier: BSD-2-Clause */
/* dhcp/dhcp_msg.h: what a server says is read within its bytes, or passed over (RFC 2132). */
#include "dhcp_server.h"

/* ---- what a server may say ---------------------------------------------------------------------- */

/* What is done to a sound OFFER before it is delivered; it must then be passed over. */
enum harm { XID, COOKIE, OP, HTYPE, CHADDR, NO_TYPE, TYPE_0, TYPE_99, NO_SERVER, SERVER_3, SHORT, ID,
	    IP_0, IP_GROUP, IP_ALL, IP_LOOP, HARMS };

static struct answer harmed(const struct run *r, enum harm h, size_t *len)
{
	static const uint32_t ips[] = { 0, 0xe0000001, UINT32_MAX, 0x7f000001 };
	struct answer a = bare(r, h >= IP_0 && h < HARMS ? ips[h - IP_0] : OFFERED);
	struct dhcp_hdr *d = (void *)a.b;
	uint8_t type = h == TYPE_0 ? 0 : h == TYPE_99 ? 99 : DHCP_OFFER;
	be32 server = be32_of(SERVER);

	if (h == XID)
		d->xid = be32_of(r->c.xid + 1);
	if (h == COOKIE)
		d->cookie = be32_of(DHCP_COOKIE + 1);
	if (h == OP)
		d->op = DHCP_OP_REQUEST;
	if (h == HTYPE)
		d->htype = 6;
	if (h == CHADDR)
		d->chaddr[5]++;
	if (h != NO_TYPE)
		add(&a, DHCP_OPT_TYPE, &type, 1);
	if (h != NO_SERVER)
		add(&a, DHCP_OPT_SERVER, &server, h == SERVER_3 ? 3 : 4);
	add32(&a, DHCP_OPT_LEASE, 3600);
	if (h == ID)
		add(&a, DHCP_OPT_CLIENT_ID, "\1other", 6);
	*len = h == SHORT ? DHCP_MIN_TAKEN - 1 : DHCP_MIN;
	return a;
}

/* As Kea sends it: nothing behind the last option. */
static void test_an_offer_without_padding_is_taken(void **state)
{
	struct answer a;
	struct run r;
	size_t len;

	(void)state;
	begin(&r, 1, NULL);
	next(&r);
	a = harmed(&r, HARMS, &len);
	a.b[a.len++] = DHCP_OPT_END;
	assert_true(a.len < DHCP_MIN);
	dhcp_receive(&r.c, a.b, a.len, r.now);
	assert_int_equal(r.c.state, DHCP_REQUESTING);
}

/* rfc: 2131:4.1-3, 2131:4.4.1-3, 2131:3-1, 1542:2.1-1, 2132:9.6-1, 2132:9.7-1, 6842:3-1
 * attack: CVE-2018-20679, CVE-2019-12264, CVE-2019-13939 */
static void test_an_offer_that_is_not_ours_or_cannot_be_is_passed_over(void **state)
{
	(void)state;
	for (int h = 0; h < HARMS; h++) {
		struct answer a;
		struct run r;
		size_t len;

		begin(&r, 1, NULL);
		next(&r);
		a = harmed(&r, (enum harm)h, &len);
		a.b[a.len] = DHCP_OPT_END;
		dhcp_receive(&r.c, a.b, len, r.now);
		if (r.c.state != DHCP_SELECTING)
			fail_msg("harm %d was not seen", h);
		say(&r, DHCP_OFFER, SERVER, 3600); /* and a sound one is still taken */
		assert_int_equal(r.c.state, DHCP_REQUESTING);
	}
}

static struct dhcp_reply read_answer(struct run *r, struct answer *a, bool end)
{
	struct dhcp_reply out = { .type = 0 };

	if (end)
		a->b[a->len++] = DHCP_OPT_END;
	assert_int_equal(dhcp_msg_read(a->b, a->len < DHCP_MIN ? DHCP_MIN : a->len,
				       client_mac, &r->c.conf.id,
				       &out),
			 DHCP_TAKEN);
	return out;
}

/* rfc: 2131:4.1-7, 2132:3.5-1, 2132:3.8-1, 2132:2-1 */
static void test_parts_of_an_option_are_joined_and_lists_kept_in_order(void **state)
{
	struct run r;
	struct answer a;
	struct dhcp_reply m;

	(void)state;
	begin(&r, 1, NULL);
	a = answer(&r, DHCP_ACK, SERVER, 60);
	add32(&a, DHCP_OPT_DNS, 0x01010101);
	add(&a, 200, "what nobody knows", 17);
	add(&a, DHCP_OPT_DNS, "\2\2", 2);
	add(&a, DHCP_OPT_DNS, "\2\2", 2);
	add(&a, DHCP_OPT_NTP, "\1\2\3\4\5", 5);
	m = read_answer(&r, &a, true);
	assert_int_equal(m.dns.n, 2);
	assert_int_equal(m.dns.ip[0], 0x01010101);
	assert_int_equal(m.dns.ip[1], 0x02020202);
	assert_int_equal(m.ntp.n, 0);
	assert_int_equal(m.routers.n, 1);
}

/* rfc: 2131:4.1-5, 2132:9.3-1, 2131:2-3, 1542:2.1-2 */
static void test_options_stand_in_file_and_name_when_that_is_said(void **state)
{
	(void)state;
	for (uint8_t overload = 0; overload < 8; overload++) {
		struct run r;
		struct answer a;
		struct dhcp_reply m;
		struct dhcp_hdr *h = (void *)a.b;
		uint8_t filler[200] = { 0 };

		begin(&r, 1, NULL);
		a = answer(&r, DHCP_ACK, SERVER, 60);
		add(&a, 200, filler, 200);
		add(&a, 201, filler, 200);
		add(&a, DHCP_OPT_OVERLOAD, &overload, 1);
		memcpy(h->file, "\6\4\1\1\1\1\xff", 7);
		memcpy(h->sname, "\6\4\2\2\2\2\xff", 7);
		m = read_answer(&r, &a, true);
		assert_int_equal(m.dns.n, overload == 3 ? 2 : overload == 1 || overload == 2 ? 1 : 0);
		if (m.dns.n)
			assert_int_equal(m.dns.ip[0], overload == 2 ? 0x02020202 : 0x01010101);
	}
}

/* rfc: 2131:4.1-6, 2132:2-2, 2132:3.3-1, 2132:5.1-1, 2132:9.2-1
 * attack: CVE-2020-11903, CVE-2018-16602, CVE-2026-34960 */
static void test_lengths_that_cannot_be_read_nothing(void **state)
{
	static const uint8_t codes[] = { DHCP_OPT_MASK, DHCP_OPT_MTU,   DHCP_OPT_LEASE, DHCP_OPT_T1,
					 DHCP_OPT_T2,	DHCP_OPT_SERVER };
	struct run r;

	(void)state;
	begin(&r, 1, NULL);
	for (size_t i = 0; i < sizeof(codes); i++) {
		for (uint8_t len = 0; len < 9; len++) {
			struct answer a = bare(&r, OFFERED);
			struct dhcp_reply m;
			uint8_t t = DHCP_ACK, bytes[8] = { 255, 255, 255, 0, 1, 1, 1, 1 };

			add(&a, DHCP_OPT_TYPE, &t, 1);
			add(&a, codes[i], bytes, len);
			m = read_answer(&r, &a, true);
			if (len == (codes[i] == DHCP_OPT_MTU ? 2 : 4))
				continue;
			assert_int_equal(m.prefix + m.mtu + m.lease_s + m.t1_s + m.t2_s + m.server, 0);
			assert_false(m.has_lease);
		}
	}
}

/* A message that ends anywhere, in memory that ends there too. attack: CVE-2020-11909 */
static void test_a_message_cut_anywhere_is_read_within_its_bytes(void **state)
{
	struct run r;
	struct answer a;

	(void)state;
	begin(&r, 1, NULL);
	a = answer(&r, DHCP_ACK, SERVER, 60);
	add(&a, DHCP_OPT_ROUTES, "\30\12\0\0\12\0\0\1\0\12\0\0\2", 13);
	add(&a, DHCP_OPT_DOMAIN, "example.org", 11);
	while (a.len < 420)
		add(&a, DHCP_OPT_DNS, "\1\1\1\1", 4);
	for (size_t len = 0; len <= a.len; len++) {
		struct dhcp_reply m;
		uint8_t *exact = malloc(len ? len : 1);

		assert_non_null(exact);
		memcpy(exact, a.b, len);
		(void)dhcp_msg_read(exact, len, client_mac, &r.c.conf.id, &m);
		if (len >= DHCP_MIN) {
			exact[len - 1] = 255; /* as a length: past the end */
			(void)dhcp_msg_read(exact, len, client_mac, &r.c.conf.id, &m);
			exact[len - 1] = DHCP_OPT_DNS; /* a code without a length */
			(void)dhcp_msg_read(exact, len, client_mac, &r.c.conf.id, &m);
		}
		free(exact);
	}
}

/* RFC 3442. attack: CVE-2024-3661: only where the user asked for such routes */
static void test_routes_are_taken_when_allowed_and_then_instead_of_routers(void **state)
{
	static const struct {
		const char *bytes;
		uint8_t len, n;
	} rows[] = { { "\30\12\0\12\12\0\0\1\0\12\0\0\2", 13, 2 }, { "\41\12\0\0\0\0\12\0\0\1", 10, 0 },
		     { "\30\12\0\12\12\0\0", 7, 0 },		     { "\0\12\0\0\1", 5, 1 },
		     { "\40\1\2\3\4\0\0\0\0", 9, 1 },		     { "\11\12\377\12\0\0\1", 7, 1 } };

	(void)state;
	for (int allowed = 0; allowed < 2; allowed++) {
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			struct answer a;
			struct run r;

			begin(&r, 1, NULL);
			r.c.conf.classless_routes = allowed;
			next(&r);
			say(&r, DHCP_OFFER, SERVER, 60);
			a = answer(&r, DHCP_ACK, SERVER, 60);
			add(&a, DHCP_OPT_ROUTES, rows[i].bytes, rows[i].len);
			deliver(&r, &a);
			dhcp_checked(&r.c, false, r.now);
			assert_int_equal(r.lease.nroutes, allowed ? rows[i].n : 0);
			assert_int_equal(r.lease.routers.n, allowed && rows[i].n ? 0 : 1);
			if (i == 5 && allowed) /* /9: the bits behind are not looked at */
				assert_int_equal(r.lease.route[0].dst, 0x0a800000);
		}
	}
}

/* attack: CVE-2011-2716, CVE-2026-16445 */
static void test_names_are_names_or_nothing(void **state)
{
	static const struct {
		const char *bytes;
		uint8_t len;
		const char *want;
	} rows[] = { { "host-1.example.org", 18, "host-1.example.org" }, { "host\0\0", 6, "host" },
		     { "a;reboot", 8, "" }, { "$(id)", 5, "" }, { "a\0b", 3, "" }, { "\xff\xfe", 2, "" },
		     { "", 0, "" }, { "two words", 9, "" } };
	struct run r;

	(void)state;
	begin(&r, 1, NULL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct answer a = answer(&r, DHCP_ACK, SERVER, 60);
		struct dhcp_reply m;

		add(&a, DHCP_OPT_HOSTNAME, rows[i].bytes, rows[i].len);
		m = read_answer(&r, &a, true);
		assert_string_equal(m.hostname, rows[i].want);
	}
}

/* attack: Rogue-DHCP-flood */
static void test_a_flood_of_answers_changes_nothing(void **state)
{
	struct run r;

	(void)state;
	to_bound(&r, 3600);
	for (uint32_t i = 0; i < 3000; i++) {
		struct answer a = answer(&r, i % 3 ? DHCP_NAK : DHCP_ACK, OTHER, 60);

		if (i & 1)
			((struct dhcp_hdr *)(void *)a.b)->xid = be32_of(i);
		deliver(&r, &a);
	}
	assert_int_equal(r.c.state, DHCP_BOUND);
	assert_int_equal(r.bound, 1);
	assert_int_equal(r.lost, 0);
	assert_int_equal(r.c.counts.naks, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_offer_without_padding_is_taken),
		cmocka_unit_test(test_an_offer_that_is_not_ours_or_cannot_be_is_passed_over),
		cmocka_unit_test(test_parts_of_an_option_are_joined_and_lists_kept_in_order),
		cmocka_unit_test(test_options_stand_in_file_and_name_when_that_is_said),
		cmocka_unit_test(test_lengths_that_cannot_be_read_nothing),
		cmocka_unit_test(test_a_message_cut_anywhere_is_read_within_its_bytes),
		cmocka_unit_test(test_routes_are_taken_when_allowed_and_then_instead_of_routers),
		cmocka_unit_test(test_names_are_names_or_nothing),
		cmocka_unit_test(test_a_flood_of_answers_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
