/* SPDX-License-Identifier: BSD-2-Clause */
/* dhcp/dhcp_client.h where answers are beside what was asked, and where one attempt follows another. */
#include "dhcp_server.h"

enum { ANOTHER = 0x0a000065 };

/* rfc: 2131:3.1-1 */
static void test_one_offer_is_taken_and_the_next_is_not(void **state)
{
	unsigned sent;
	struct run r;

	(void)state;
	begin(&r, 1, NULL);
	next(&r);
	say(&r, DHCP_OFFER, SERVER, 3600);
	sent = r.sent;
	say(&r, DHCP_OFFER, OTHER, 3600);
	assert_int_equal(r.sent, sent);
	next(&r);
	assert_int_equal(type_of(&r), DHCP_REQUEST);
	assert_int_equal(option32(&r, DHCP_OPT_SERVER), SERVER);
	/* Nor is one that is late taken for a lease. */
	say(&r, DHCP_ACK, SERVER, 3600);
	dhcp_checked(&r.c, false, r.now);
	say(&r, DHCP_OFFER, OTHER, 3600);
	assert_int_equal(r.c.state, DHCP_BOUND);
}

/* rfc: 2131:3.1-2 */
static void test_another_address_than_was_offered_is_not_taken(void **state)
{
	struct answer a;
	struct run r;

	(void)state;
	begin(&r, 1, NULL);
	next(&r);
	say(&r, DHCP_OFFER, SERVER, 3600);
	a = answer(&r, DHCP_ACK, SERVER, 3600);
	((struct dhcp_hdr *)(void *)a.b)->yiaddr = be32_of(ANOTHER);
	deliver(&r, &a);
	assert_int_equal(r.checks, 0);
	assert_int_equal(r.c.state, DHCP_REQUESTING);
}

/* rfc: 2131:3.1-4 */
static void test_a_refusal_of_another_server_does_not_end_a_lease(void **state)
{
	struct run r;

	(void)state;
	to_bound(&r, 3600);
	next(&r);
	assert_int_equal(r.c.state, DHCP_RENEWING);
	say(&r, DHCP_NAK, OTHER, 0);
	assert_int_equal(r.lost, 0);
	assert_int_equal(r.c.counts.naks, 0);
	say(&r, DHCP_NAK, SERVER, 0);
	assert_int_equal(r.lost, 1);
	assert_int_equal(r.c.counts.naks, 1);
	assert_int_equal(r.c.state, DHCP_INIT);
}

/* Patience that was lost with one lease is back for the next. rfc: 2131:4.1-2 */
static void test_each_attempt_begins_with_short_gaps(void **state)
{
	struct run r;

	(void)state;
	begin(&r, 1, NULL);
	for (int i = 0; i < 6; i++)
		next(&r);
	say(&r, DHCP_OFFER, SERVER, 3600);
	assert_in_range(next(&r), 3000, 5000);
	say(&r, DHCP_ACK, SERVER, 3600);
	dhcp_checked(&r.c, false, r.now);
	next(&r);
	say(&r, DHCP_NAK, SERVER, 0);
	assert_in_range(next(&r), 1000, 10000);
	assert_int_equal(type_of(&r), DHCP_DISCOVER);
	assert_int_equal(be16_get(hdr(&r)->secs), 0);
	assert_in_range(next(&r), 3000, 5000);
	say(&r, DHCP_OFFER, SERVER, 3600);
	for (int i = 0; i < 3; i++) { /* and with all its tries */
		next(&r);
		assert_int_equal(type_of(&r), DHCP_REQUEST);
	}
}

/* rfc: 2131:4.1-2 */
static void test_gaps_are_shorter_as_often_as_longer(void **state)
{
	unsigned shorter = 0, longer = 0;

	(void)state;
	for (uint32_t seed = 1; seed <= 60; seed++) {
		struct run r;
		uint64_t ms;

		begin(&r, seed * 7919, NULL);
		next(&r);
		ms = next(&r);
		assert_in_range(ms, 3000, 5000);
		shorter += ms < 4000;
		longer += ms > 4000;
	}
	assert_true(shorter > 10 && longer > 10);
}

/* RFC 950: for servers that say none. */
static void test_without_a_mask_the_class_says_it(void **state)
{
	static const struct {
		uint32_t ip;
		uint8_t prefix;
	} rows[] = { { 0x0a000005, 8 },	 { 0x7efffffe, 8 },  { 0x80000001, 16 },
		     { 0xac100005, 16 }, { 0xbffffffe, 16 }, { 0xc0000001, 24 },
		     { 0xc0a80105, 24 }, { 0xdffffffe, 24 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t t[2] = { DHCP_OFFER, DHCP_ACK };
		struct run r;

		begin(&r, 1, NULL);
		next(&r);
		for (unsigned k = 0; k < 2; k++) {
			struct answer a = bare(&r, rows[i].ip);

			add(&a, DHCP_OPT_TYPE, &t[k], 1);
			add32(&a, DHCP_OPT_SERVER, SERVER);
			add32(&a, DHCP_OPT_LEASE, 3600);
			deliver(&r, &a);
		}
		dhcp_checked(&r.c, false, r.now);
		assert_int_equal(r.lease.ip, rows[i].ip);
		assert_int_equal(r.lease.prefix, rows[i].prefix);
	}
}

/* T1 where T2 is would leave no time to ask the server alone. rfc: 2131:4.4.5-1 */
static void test_renewal_comes_before_rebinding(void **state)
{
	struct answer a;
	struct run r;

	(void)state;
	begin(&r, 1, NULL);
	next(&r);
	say(&r, DHCP_OFFER, SERVER, 3600);
	a = answer(&r, DHCP_ACK, SERVER, 3600);
	add32(&a, DHCP_OPT_T1, 2000);
	add32(&a, DHCP_OPT_T2, 2000);
	deliver(&r, &a);
	dhcp_checked(&r.c, false, r.now);
	assert_true(r.lease.t1_ns < r.lease.t2_ns);
	next(&r);
	assert_int_equal(r.c.state, DHCP_RENEWING);
}

/* A name of the host that the user gives stands in its identifier whole. rfc: 4361:6.1-1 */
static void test_a_given_name_is_said_whole(void **state)
{
	uint8_t duid[sizeof(((struct dhcp_id *)0)->bytes)];
	struct dhcp_id id;

	(void)state;
	for (size_t i = 0; i < sizeof(duid); i++)
		duid[i] = (uint8_t)(i + 1);
	for (size_t len = 1; len <= sizeof(id.bytes) - 5; len += sizeof(id.bytes) - 6) {
		dhcp_id_make(&id, 7, duid, len, client_mac);
		assert_int_equal(id.len, 5 + len);
		assert_int_equal(id.bytes[0], 255);
		assert_int_equal(id.bytes[4], 7);
		assert_memory_equal(id.bytes + 5, duid, len);
	}
}

#define T(name) cmocka_unit_test(name)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_one_offer_is_taken_and_the_next_is_not),
		T(test_another_address_than_was_offered_is_not_taken),
		T(test_a_refusal_of_another_server_does_not_end_a_lease),
		T(test_each_attempt_begins_with_short_gaps),
		T(test_gaps_are_shorter_as_often_as_longer),
		T(test_without_a_mask_the_class_says_it),
		T(test_renewal_comes_before_rebinding),
		T(test_a_given_name_is_said_whole),
	};

	return cmocka_run_group_tests_name("dhcp_rules", tests, NULL, NULL);
}
