/* SPDX-License-Identifier: BSD-2-Clause */
/* dhcp/dhcp_client.h: a lease is got, kept, renewed, lost and given back (RFC 2131 4.4). */
#include "dhcp_server.h"

/* ---- a lease is got --------------------------------------------------------------------------- */

/* rfc: 2131:4.1-1, 2131:2-2, 1542:3.1.1-1, 1542:3.2-1, 1542:3.3-1, 2131:3.5-1, 4361:6.1-1, 4361:6.1-2 */
static void test_discover_says_who_we_are_and_what_we_want(void **state)
{
	struct run r;
	uint8_t len = 0;
	const uint8_t *id;

	(void)state;
	begin(&r, 1, NULL);
	next(&r);
	assert_int_equal(type_of(&r), DHCP_DISCOVER);
	assert_int_equal(r.to, 0);
	assert_int_equal(r.from, 0);
	assert_in_range(r.len, DHCP_MIN, DHCP_MSG_SIZE);
	assert_int_equal(hdr(&r)->op, DHCP_OP_REQUEST);
	assert_int_equal(be16_get(hdr(&r)->flags), 0);
	assert_int_equal(be16_get(hdr(&r)->secs), 0);
	assert_int_equal(be32_get(hdr(&r)->ciaddr), 0);
	assert_memory_equal(hdr(&r)->chaddr, client_mac, 6);
	id = option(&r, DHCP_OPT_CLIENT_ID, &len);
	assert_non_null(id);
	assert_int_equal(len, 15);
	assert_int_equal(id[0], 255);
	assert_memory_equal(option(&r, DHCP_OPT_HOSTNAME, &len), "phantom", 7);
	assert_non_null(option(&r, DHCP_OPT_PARAMETERS, &len));
	(void)option(&r, DHCP_OPT_MAX_SIZE, &len);
	assert_int_equal(len, 2);
	assert_int_equal(option32(&r, DHCP_OPT_REQUESTED), 0);
}

/* rfc: 2131:4.4.1-1, 2131:4.1-3 */
static void test_the_first_discover_waits_for_one_to_ten_seconds(void **state)
{
	uint64_t least = UINT64_MAX, most = 0;
	uint32_t xid = 0;
	struct run r;

	(void)state;
	for (uint32_t seed = 1; seed <= 20; seed++) {
		uint64_t ms;

		begin(&r, seed * 7919, NULL);
		ms = next(&r);
		assert_in_range(ms, 1000, 10000);
		least = ms < least ? ms : least;
		most = ms > most ? ms : most;
		assert_int_not_equal(be32_get(hdr(&r)->xid), xid);
		xid = be32_get(hdr(&r)->xid);
	}
	assert_true(most - least > 3000);
}

/* rfc: 2131:4.1-2, 1542:3.2-1 */
static void test_discover_is_repeated_with_growing_gaps(void **state)
{
	static const uint64_t gaps[] = { 4000, 8000, 16000, 32000, 64000, 64000 };
	struct run r;
	uint16_t secs = 0;

	(void)state;
	begin(&r, 3, NULL);
	next(&r);
	for (size_t i = 0; i < sizeof(gaps) / sizeof(gaps[0]); i++) {
		uint64_t ms = next(&r);

		assert_in_range(ms, gaps[i] - 1000, gaps[i] + 1000);
		assert_int_equal(type_of(&r), DHCP_DISCOVER);
		assert_true(be16_get(hdr(&r)->secs) > secs);
		secs = be16_get(hdr(&r)->secs);
	}
}

/* rfc: 2131:3.1-1, 2131:3.1-2, 2131:3.5-2, 2131:2-1 */
static void test_an_offer_is_asked_for_checked_and_used(void **state)
{
	uint8_t wanted[256], len = 0, again = 0;
	struct run r;

	(void)state;
	begin(&r, 1, NULL);
	next(&r);
	memcpy(wanted, option(&r, DHCP_OPT_PARAMETERS, &len), 12);
	say(&r, DHCP_OFFER, SERVER, 3600);
	assert_int_equal(type_of(&r), DHCP_REQUEST);
	assert_int_equal(option32(&r, DHCP_OPT_SERVER), SERVER);
	assert_int_equal(option32(&r, DHCP_OPT_REQUESTED), OFFERED);
	assert_int_equal(be32_get(hdr(&r)->ciaddr), 0);
	assert_int_equal(r.to, 0);
	assert_memory_equal(option(&r, DHCP_OPT_PARAMETERS, &again), wanted, 12);
	assert_int_equal(len, again);
	say(&r, DHCP_ACK, OTHER, 3600); /* not who was asked */
	say(&r, DHCP_ACK, SERVER, 0);	/* no lease */
	assert_int_equal(r.checks, 0);
	say(&r, DHCP_ACK, SERVER, 3600);
	assert_int_equal(r.checks, 1);
	assert_int_equal(r.checked, OFFERED);
	assert_int_equal(r.bound, 0);
	dhcp_checked(&r.c, false, r.now);
	assert_int_equal(r.bound, 1);
	assert_int_equal(r.lease.ip, OFFERED);
	assert_int_equal(r.lease.prefix, 24);
	assert_int_equal(r.lease.routers.n, 1);
	assert_int_equal(r.lease.routers.ip[0], ROUTER);
}

/* rfc: 2131:3.1-3 */
static void test_a_taken_address_is_declined_and_ten_seconds_later_another_is_asked_for(void **state)
{
	struct run r;

	(void)state;
	begin(&r, 1, NULL);
	next(&r);
	say(&r, DHCP_OFFER, SERVER, 3600);
	say(&r, DHCP_ACK, SERVER, 3600);
	dhcp_checked(&r.c, true, r.now);
	assert_int_equal(type_of(&r), DHCP_DECLINE);
	assert_int_equal(option32(&r, DHCP_OPT_REQUESTED), OFFERED);
	assert_int_equal(option32(&r, DHCP_OPT_SERVER), SERVER);
	assert_int_equal(be32_get(hdr(&r)->ciaddr), 0);
	assert_int_equal(r.bound, 0);
	assert_true(next(&r) >= 10000);
	assert_int_equal(type_of(&r), DHCP_DISCOVER);
}

/* rfc: 2131:3.1-4 */
static void test_a_refusal_starts_again_and_one_of_another_server_does_not(void **state)
{
	struct run r;

	(void)state;
	begin(&r, 1, NULL);
	next(&r);
	say(&r, DHCP_OFFER, SERVER, 3600);
	say(&r, DHCP_NAK, OTHER, 0);
	assert_int_equal(r.c.state, DHCP_REQUESTING);
	say(&r, DHCP_NAK, 0, 0);
	assert_int_equal(r.c.state, DHCP_REQUESTING);
	say(&r, DHCP_NAK, SERVER, 0);
	assert_int_equal(r.c.state, DHCP_INIT);
	assert_int_equal(r.bound, 0);
	next(&r);
	assert_int_equal(type_of(&r), DHCP_DISCOVER);
}

/* rfc: 2131:3.1-5 */
static void test_an_unanswered_request_is_repeated_four_times_then_all_begins_again(void **state)
{
	struct run r;
	uint64_t begun;

	(void)state;
	begin(&r, 1, NULL);
	next(&r);
	say(&r, DHCP_OFFER, SERVER, 3600);
	begun = r.now;
	for (int i = 0; i < 3; i++) {
		next(&r);
		assert_int_equal(type_of(&r), DHCP_REQUEST);
	}
	assert_true(r.now - begun < 60 * S);
	next(&r);
	assert_int_equal(type_of(&r), DHCP_DISCOVER);
}

/* ---- a lease is kept --------------------------------------------------------------------------- */

/* rfc: 2131:4.3.6-1, 2131:4.3.6-2, 2131:4.4.5-1, 2131:4.4.5-2, 2131:4.4.5-3 */
static void test_a_lease_is_renewed_by_its_server_then_by_any_then_given_up(void **state)
{
	uint64_t got, gap;
	struct run r;

	(void)state;
	to_bound(&r, 3600);
	got = r.now;
	next(&r);
	assert_int_equal(r.now - got, 1800 * S);
	assert_int_equal(r.c.state, DHCP_RENEWING);
	assert_int_equal(type_of(&r), DHCP_REQUEST);
	assert_int_equal(r.to, SERVER);
	assert_int_equal(be32_get(hdr(&r)->ciaddr), OFFERED);
	assert_int_equal(option32(&r, DHCP_OPT_SERVER), 0);
	assert_int_equal(option32(&r, DHCP_OPT_REQUESTED), 0);
	gap = next(&r);
	assert_int_equal(gap, 675000); /* half of what is left to 3,150 s */
	while (r.c.state == DHCP_RENEWING) {
		gap = next(&r);
		assert_true(gap >= 60000 || r.c.state == DHCP_REBINDING);
	}
	assert_int_equal(r.now - got, 3150 * S);
	assert_int_equal(r.to, 0);
	assert_int_equal(r.from, OFFERED);
	assert_int_equal(option32(&r, DHCP_OPT_SERVER), 0);
	while (r.lost == 0) {
		assert_int_equal(r.c.state, DHCP_REBINDING);
		r.now = r.c.at_ns;
		dhcp_fire(&r.c, r.now);
	}
	assert_int_equal(r.now - got, 3600 * S);
	assert_int_equal(r.c.state, DHCP_INIT);
	next(&r);
	assert_int_equal(r.from, 0); /* rfc: 2131:4.4.5-4 */
}

static void test_a_renewed_lease_begins_anew_and_is_not_checked_again(void **state)
{
	struct run r;
	uint64_t asked;

	(void)state;
	to_bound(&r, 3600);
	next(&r);
	asked = r.now;
	r.now += S;
	say(&r, DHCP_ACK, OTHER, 7200); /* not who was asked */
	assert_int_equal(r.bound, 1);
	say(&r, DHCP_ACK, SERVER, 7200);
	assert_int_equal(r.bound, 2);
	assert_true(r.had_old);
	assert_int_equal(r.checks, 1);
	assert_int_equal(r.c.state, DHCP_BOUND);
	next(&r);
	assert_int_equal(r.now - asked, 3600 * S);
}

/* rfc: 4436:2.1-2 */
static void test_another_address_in_an_answer_is_taken_up_after_a_check(void **state)
{
	struct answer a;
	struct run r;

	(void)state;
	to_bound(&r, 3600);
	next(&r);
	a = answer(&r, DHCP_ACK, SERVER, 3600);
	((struct dhcp_hdr *)(void *)a.b)->yiaddr = be32_of(OFFERED + 1);
	deliver(&r, &a);
	assert_int_equal(r.lost, 1);
	assert_int_equal(r.checked, OFFERED + 1);
	r.lease.ip = 0;
	dhcp_checked(&r.c, false, r.now);
	assert_int_equal(r.lease.ip, OFFERED + 1);
}

/* rfc: 2131:3.3-1 */
static void test_an_infinite_lease_is_never_renewed(void **state)
{
	struct run r;

	(void)state;
	to_bound(&r, UINT32_MAX);
	assert_true(r.lease.infinite);
	assert_true(r.c.at_ns == UINT64_MAX);
}

static void test_times_of_renewal_that_cannot_be_are_replaced(void **state)
{
	static const struct {
		uint32_t t1, t2, want1, want2;
	} rows[] = { { 0, 0, 1800, 3150 },	 { 600, 1200, 600, 1200 }, { 1200, 600, 300, 600 },
		     { 600, 3600, 600, 3150 }, { 3600, 0, 1800, 3150 },	 { 4000, 5000, 1800, 3150 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct answer a;
		struct run r;
		uint64_t asked;

		begin(&r, 1, NULL);
		next(&r);
		say(&r, DHCP_OFFER, SERVER, 3600);
		asked = r.now;
		a = answer(&r, DHCP_ACK, SERVER, 3600);
		add32(&a, DHCP_OPT_T1, rows[i].t1);
		add32(&a, DHCP_OPT_T2, rows[i].t2);
		deliver(&r, &a);
		dhcp_checked(&r.c, false, r.now);
		assert_int_equal(r.lease.t1_ns - asked, rows[i].want1 * S);
		assert_int_equal(r.lease.t2_ns - asked, rows[i].want2 * S);
	}
}

/* rfc: 2131:4.4.6-1, 2131:3.1-6 */
static void test_a_release_is_said_once_to_the_server(void **state)
{
	uint8_t id[64], len = 0, again = 0;
	struct run r;

	(void)state;
	to_bound(&r, 3600);
	memcpy(id, option(&r, DHCP_OPT_CLIENT_ID, &len), 15);
	dhcp_stop(&r.c, true, r.now);
	assert_int_equal(type_of(&r), DHCP_RELEASE);
	assert_int_equal(r.to, SERVER);
	assert_int_equal(be32_get(hdr(&r)->ciaddr), OFFERED);
	assert_int_equal(option32(&r, DHCP_OPT_SERVER), SERVER);
	assert_memory_equal(option(&r, DHCP_OPT_CLIENT_ID, &again), id, 15);
	assert_int_equal(len, again);
	assert_int_equal(r.lost, 1);
	assert_true(r.c.at_ns == UINT64_MAX);
}

/* rfc: 2131:3.2-1, 4436:2.2-1 */
static void test_a_known_lease_is_asked_for_again(void **state)
{
	struct dhcp_lease known = { .ip = OFFERED, .end_ns = 5000 * S };
	struct run r;

	(void)state;
	begin(&r, 1, &known);
	assert_int_equal(r.sent, 1); /* at once */
	assert_int_equal(type_of(&r), DHCP_REQUEST);
	assert_int_equal(be32_get(hdr(&r)->ciaddr), 0);
	assert_int_equal(option32(&r, DHCP_OPT_REQUESTED), OFFERED);
	assert_int_equal(option32(&r, DHCP_OPT_SERVER), 0);
	say(&r, DHCP_ACK, SERVER, 3600);
	dhcp_checked(&r.c, false, r.now);
	assert_int_equal(r.bound, 1);
	/* The link comes back: asked at once, and what is held stays held in silence. */
	dhcp_link_up(&r.c, r.now);
	assert_int_equal(option32(&r, DHCP_OPT_REQUESTED), OFFERED);
	while (r.c.state == DHCP_REBOOTING) {
		r.now = r.c.at_ns;
		dhcp_fire(&r.c, r.now);
	}
	assert_int_equal(r.c.state, DHCP_BOUND);
	assert_int_equal(r.lost, 0);
	known.end_ns = S;
	begin(&r, 1, &known);
	assert_int_equal(r.c.state, DHCP_INIT); /* it ended long ago */
}

/* rfc: 2131:4.4.3-1 */
static void test_inform_asks_for_all_but_an_address(void **state)
{
	struct run r;
	uint8_t len = 0;
	const uint8_t *wanted;
	struct answer a;

	(void)state;
	begin(&r, 1, NULL);
	dhcp_inform(&r.c, OFFERED, r.now);
	assert_int_equal(type_of(&r), DHCP_INFORM);
	assert_int_equal(be32_get(hdr(&r)->ciaddr), OFFERED);
	assert_int_equal(option32(&r, DHCP_OPT_LEASE), 0);
	wanted = option(&r, DHCP_OPT_PARAMETERS, &len);
	for (uint8_t i = 0; i < len; i++) {
		assert_int_not_equal(wanted[i], DHCP_OPT_LEASE);
		assert_int_not_equal(wanted[i], DHCP_OPT_T1);
		assert_int_not_equal(wanted[i], DHCP_OPT_T2);
	}
	a = answer(&r, DHCP_ACK, SERVER, 0);
	((struct dhcp_hdr *)(void *)a.b)->yiaddr = be32_of(0);
	deliver(&r, &a);
	assert_int_equal(r.c.state, DHCP_INFORMED);
	assert_int_equal(r.lease.ip, OFFERED);
	assert_int_equal(r.checks, 0);
}

static void test_a_conflict_later_is_declined(void **state)
{
	struct run r;

	(void)state;
	to_bound(&r, 3600);
	dhcp_conflict(&r.c, r.now);
	assert_int_equal(r.lost, 1);
	assert_int_equal(type_of(&r), DHCP_DECLINE);
	assert_int_equal(option32(&r, DHCP_OPT_REQUESTED), OFFERED);
	assert_true(next(&r) >= 10000);
}

static void test_a_lease_of_seconds_is_not_taken(void **state)
{
	struct run r;

	(void)state;
	begin(&r, 1, NULL);
	next(&r);
	say(&r, DHCP_OFFER, SERVER, 3600);
	say(&r, DHCP_ACK, SERVER, DHCP_LEASE_MIN_S - 1);
	assert_int_equal(r.c.state, DHCP_REQUESTING);
	say(&r, DHCP_ACK, SERVER, DHCP_LEASE_MIN_S);
	assert_int_equal(r.c.state, DHCP_CHECKING);
	dhcp_checked(&r.c, false, r.now);
	assert_in_range(next(&r), DHCP_LEASE_MIN_S * 1000 / 4, DHCP_LEASE_MIN_S * 1000);
}

/* rfc: 2131:4.4.5-3 */
static void test_who_slept_past_a_deadline_does_what_is_due_now(void **state)
{
	struct run r;

	(void)state;
	to_bound(&r, 3600);
	r.now += 3300 * S; /* behind T2 */
	dhcp_fire(&r.c, r.now);
	assert_int_equal(r.c.state, DHCP_REBINDING);
	assert_int_equal(r.to, 0);
	to_bound(&r, 3600);
	r.now += 4000 * S;
	dhcp_fire(&r.c, r.now);
	assert_int_equal(r.lost, 1);
	assert_int_equal(r.c.state, DHCP_INIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_discover_says_who_we_are_and_what_we_want),
		cmocka_unit_test(test_the_first_discover_waits_for_one_to_ten_seconds),
		cmocka_unit_test(test_discover_is_repeated_with_growing_gaps),
		cmocka_unit_test(test_an_offer_is_asked_for_checked_and_used),
		cmocka_unit_test(test_a_taken_address_is_declined_and_ten_seconds_later_another_is_asked_for),
		cmocka_unit_test(test_a_refusal_starts_again_and_one_of_another_server_does_not),
		cmocka_unit_test(test_an_unanswered_request_is_repeated_four_times_then_all_begins_again),
		cmocka_unit_test(test_a_lease_is_renewed_by_its_server_then_by_any_then_given_up),
		cmocka_unit_test(test_a_renewed_lease_begins_anew_and_is_not_checked_again),
		cmocka_unit_test(test_another_address_in_an_answer_is_taken_up_after_a_check),
		cmocka_unit_test(test_an_infinite_lease_is_never_renewed),
		cmocka_unit_test(test_times_of_renewal_that_cannot_be_are_replaced),
		cmocka_unit_test(test_a_release_is_said_once_to_the_server),
		cmocka_unit_test(test_a_known_lease_is_asked_for_again),
		cmocka_unit_test(test_inform_asks_for_all_but_an_address),
		cmocka_unit_test(test_a_conflict_later_is_declined),
		cmocka_unit_test(test_a_lease_of_seconds_is_not_taken),
		cmocka_unit_test(test_who_slept_past_a_deadline_does_what_is_due_now),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
