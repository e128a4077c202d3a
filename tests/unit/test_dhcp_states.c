/* SPDX-License-Identifier: BSD-2-Clause */
/* dhcp/dhcp_client.h: what an event means depends on the state it comes in (RFC 2131 4.4). */
#include "dhcp_server.h"

/* Time passes until the client is in `state`. */
static void wait_for(struct run *r, enum dhcp_state state)
{
	while (r->c.state != state) {
		assert_true(r->c.at_ns != UINT64_MAX);
		r->now = r->c.at_ns;
		dhcp_fire(&r->c, r->now);
	}
}

static void test_a_link_that_comes_back_matters_to_who_has_a_lease(void **state)
{
	static const enum dhcp_state held[] = { DHCP_BOUND, DHCP_RENEWING, DHCP_REBINDING };
	struct run r;
	unsigned sent;

	(void)state;
	for (size_t i = 0; i < sizeof(held) / sizeof(held[0]); i++) {
		to_bound(&r, 3600);
		wait_for(&r, held[i]);
		sent = r.sent;
		dhcp_link_up(&r.c, r.now);
		assert_int_equal(r.c.state, DHCP_REBOOTING);
		assert_int_equal(r.sent, sent + 1);
		assert_int_equal(type_of(&r), DHCP_REQUEST);
	}
	begin(&r, 1, NULL);
	next(&r);
	sent = r.sent;
	dhcp_link_up(&r.c, r.now);
	assert_int_equal(r.c.state, DHCP_SELECTING);
	assert_int_equal(r.sent, sent);
	say(&r, DHCP_OFFER, SERVER, 60);
	sent = r.sent;
	dhcp_link_up(&r.c, r.now);
	assert_int_equal(r.c.state, DHCP_REQUESTING);
	assert_int_equal(r.sent, sent);
}

/* A lease of before that nobody confirms was never ours this time. */
static void test_a_known_lease_that_nobody_confirms_is_not_used(void **state)
{
	struct dhcp_lease known = { .ip = OFFERED, .server = SERVER, .t1_ns = 4000 * S,
				    .t2_ns = 5000 * S, .end_ns = 6000 * S };
	struct run r;

	(void)state;
	begin(&r, 1, &known);
	next(&r);
	assert_int_equal(type_of(&r), DHCP_REQUEST);
	while (r.c.state == DHCP_REBOOTING) {
		r.now = r.c.at_ns;
		dhcp_fire(&r.c, r.now);
	}
	assert_true(r.c.state == DHCP_INIT || r.c.state == DHCP_SELECTING);
	assert_int_equal(r.bound, 0);
	wait_for(&r, DHCP_SELECTING);
	assert_int_equal(type_of(&r), DHCP_DISCOVER);
}

static void test_what_is_wrong_with_a_message_is_counted_by_kind(void **state)
{
	struct answer a;
	struct run r;

	(void)state;
	begin(&r, 1, NULL);
	next(&r);
	a = answer(&r, DHCP_OFFER, SERVER, 60);
	dhcp_receive(&r.c, a.b, DHCP_MIN_TAKEN - 1, r.now);
	assert_int_equal(r.c.counts.bad, 1);
	a.b[0] = DHCP_OP_REQUEST;
	deliver(&r, &a);
	assert_int_equal(r.c.counts.bad, 2);
	a = bare(&r, OFFERED);
	deliver(&r, &a); /* of no type */
	assert_int_equal(r.c.counts.bad, 3);
	a = answer(&r, DHCP_OFFER, SERVER, 60);
	((struct dhcp_hdr *)(void *)a.b)->chaddr[0]++;
	deliver(&r, &a);
	assert_int_equal(r.c.counts.bad, 3);
	assert_int_equal(r.c.counts.foreign, 1);
	assert_int_equal(r.c.counts.received, 4);
	assert_int_equal(r.c.state, DHCP_SELECTING);
}

static void test_an_acknowledgment_without_server_or_lease_gives_nothing(void **state)
{
	struct run r;

	(void)state;
	begin(&r, 1, NULL);
	next(&r);
	say(&r, DHCP_OFFER, SERVER, 60);
	say(&r, DHCP_ACK, 0, 60);
	assert_int_equal(r.c.state, DHCP_REQUESTING);
	say(&r, DHCP_ACK, SERVER, 0);
	assert_int_equal(r.c.state, DHCP_REQUESTING);
	assert_int_equal(r.checks, 0);
	say(&r, DHCP_ACK, SERVER, 60);
	assert_int_equal(r.c.state, DHCP_CHECKING);
}

static void test_a_conflict_without_a_lease_declines_nothing(void **state)
{
	struct run r;
	unsigned sent;

	(void)state;
	begin(&r, 1, NULL);
	next(&r);
	sent = r.sent;
	dhcp_conflict(&r.c, r.now);
	assert_int_equal(r.sent, sent);
	assert_int_equal(r.c.state, DHCP_SELECTING);
	assert_int_equal(r.c.counts.declined, 0);
	to_bound(&r, 3600);
	dhcp_conflict(&r.c, r.now);
	assert_int_equal(r.lost, 1);
	assert_int_equal(r.c.counts.declined, 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_link_that_comes_back_matters_to_who_has_a_lease),
		cmocka_unit_test(test_a_known_lease_that_nobody_confirms_is_not_used),
		cmocka_unit_test(test_what_is_wrong_with_a_message_is_counted_by_kind),
		cmocka_unit_test(test_an_acknowledgment_without_server_or_lease_gives_nothing),
		cmocka_unit_test(test_a_conflict_without_a_lease_declines_nothing),
	};

	return cmocka_run_group_tests_name("dhcp states", tests, NULL, NULL);
}
