/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RFC 4861 6 and RFC 4862 5.5 rule by rule, where net/ra.c and net/slaac.c decide: which
 * advertisements count, what each field does and does not do, and which identifiers are made.
 */
#include "own.h"
#include "ra_fixture.h"

#include "net/slaac.h"

static struct ph_neigh_info neighbour(const struct host *h, const struct ph_ip *ip)
{
	struct ph_neigh_info n[8] = { { 0 } };
	size_t count = ph_neighs(h->st, n, 8);

	for (size_t i = 0; i < count && i < 8; i++)
		if (memcmp(&n[i].ip, ip, 16) == 0)
			return n[i];
	return (struct ph_neigh_info){ .state = "none" };
}

static int send_far(struct host *h, const struct ph_ip *to)
{
	struct ip_tx tx = { .proto = TEST_PROTO };
	struct dst d = { 0 };
	int rc = dst_lookup(h->st, &d, NULL, to, false);

	return rc != 0 ? rc : ip_output(h->st, host_payload(h, 1, 24), &d, &tx);
}

/* rfc: 4861:4.1-2 4861:6.3.7-2 */
static void test_who_asks_for_routers_says_where_it_is(void **state)
{
	struct host *h = slaac_host(NULL, NULL);

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		const uint8_t *p = next_icmp6(h, ICMP6_RS, 20 * NS_PER_S);

		assert_non_null(p);
		assert_memory_equal(out_ip6(h)->src, us_ll.b, 16);
		assert_int_equal(h->out_len, AT6 + 16);
		assert_memory_equal(p + 8, ((uint8_t[]){ ND_OPT_SOURCE_MAC, 1, 2, 0, 0, 0, 0, 2 }),
				    8);
		assert_memory_equal(p + 4, ((uint8_t[4]){ 0 }), 4);
	}
	host_free(h);
}

/* rfc: 4861:4.2-2 */
static void test_no_router_but_its_prefix_all_the_same(void **state)
{
	struct host *h = ready_host();

	(void)state;
	ra_prefix(h, 0, &prefix_a, 0xc0, 1000);
	assert_int_equal(routers(h), 0);
	assert_null(next_hop(h, &far6));
	assert_int_equal(public(h).valid_s, 1000);
	host6_settle(h, 3 * NS_PER_S);
	assert_memory_equal(next_hop(h, &near_a), &near_a, 16);
	host_free(h);
}

/* rfc: 4861:4.6.2-1 4861:6.3.4-8 4861:5.2-1 */
static void test_a_prefix_is_on_the_link_until_that_is_taken_back(void **state)
{
	struct host *h = ready_host();

	(void)state;
	ra_prefix(h, 1800, &prefix_a, 0x40, 1000); /* A alone says nothing of it */
	host6_settle(h, 3 * NS_PER_S);
	assert_memory_equal(next_hop(h, &near_a), &peer_ll, 16);
	ra_prefix(h, 1800, &prefix_a, 0xc0, 1000);
	assert_memory_equal(next_hop(h, &near_a), &near_a, 16);
	assert_memory_equal(next_hop(h, &far6), &peer_ll, 16);
	ra_prefix(h, 1800, &prefix_a, 0x40, 1000); /* L clear: nothing said */
	assert_memory_equal(next_hop(h, &near_a), &near_a, 16);
	ra_prefix(h, 1800, &prefix_a, 0x40, 0);
	assert_memory_equal(next_hop(h, &near_a), &near_a, 16);
	ra_prefix(h, 1800, &prefix_a, 0x80, 0);
	assert_memory_equal(next_hop(h, &near_a), &peer_ll, 16);
	ra_prefix(h, 1800, &prefix_a, 0x80, 60); /* and ends by itself */
	assert_memory_equal(next_hop(h, &near_a), &near_a, 16);
	host6_settle(h, 61 * NS_PER_S);
	assert_memory_equal(next_hop(h, &near_a), &peer_ll, 16);
	host_free(h);
}

/* rfc: 4861:4.6.2-2 */
static void test_what_is_said_of_the_link_local_prefix_is_not_heard(void **state)
{
	static const struct ph_ip ll = { { 0xfe, 0x80 } };
	struct ph_addr_info a[4];
	struct host *h = ready_host();
	struct frame f;

	(void)state;
	ra_prefix(h, 1800, &ll, 0xc0, 0);
	ra_prefix(h, 1800, &ll, 0xc0, 10);
	host6_settle(h, 20 * NS_PER_S);
	assert_int_equal(own_addrs(h->st, a, 4), 1);
	assert_memory_equal(&a[0].ip, &us_ll, 16);
	assert_int_equal(a[0].valid_s, UINT32_MAX);
	host6_know(h, &peer_ll);
	frame_icmp6(&f, &peer_ll, &us_ll, ICMP6_ECHO, 8);
	frame_icmp6_end(&f, AT6);
	frame_in(h, &f);
	assert_non_null(next_icmp6(h, ICMP6_ECHO_REPLY, 0));
	assert_memory_equal(out_ip6(h)->dst, peer_ll.b, 16);
	host_free(h);
}

/* rfc: 4861:6.1.2-3 */
static void test_an_advertisement_broken_on_its_way_changes_nothing(void **state)
{
	static const struct {
		const char *what, *reason;
		size_t len; /* of the message; 0: as it was */
		uint8_t code;
		bool bad_sum;
	} row[] = {
		{ "wrong checksum", "ICMP6_CSUM", 0, 0, true },
		{ "code 1", "IPV6_NDISC_BAD_CODE", 0, 1, false },
		{ "15 bytes", "IPV6_NDISC_BAD_OPTIONS", 15, 0, false },
		{ "12 bytes", "IPV6_NDISC_BAD_OPTIONS", 12, 0, false },
		{ "8 bytes", "IPV6_NDISC_BAD_OPTIONS", 8, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		struct host *h = ready_host();
		struct frame f;

		ra(&f, &peer_ll, 1800, 0);
		f.b[AT6 + 4] = 33;
		pio(&f, &prefix_a, 64, 0xc0, 1000, 1000);
		if (row[i].len)
			f.len = AT6 + row[i].len;
		f.b[AT6 + 1] = row[i].code;
		frame_icmp6_end(&f, AT6);
		f.b[AT6 + 3] ^= row[i].bad_sum;
		frame_in(h, &f);
		if (drops_of(h, row[i].reason) != 1)
			fail_msg("%s: not dropped for %s", row[i].what, row[i].reason);
		assert_int_equal(routers(h), 0);
		assert_int_equal(public(h).prefix, 0);
		assert_int_equal(link_get(h->st, h->link)->v6->hop_limit, 64);
		host_free(h);
	}
}

/* rfc: 4861:6.1.2-4 */
static void test_what_nobody_knows_in_an_advertisement_is_passed_over(void **state)
{
	struct host *h = ready_host();
	struct frame f;
	uint8_t *o;

	(void)state;
	ra(&f, &peer_ll, 1800, 0);
	f.b[AT6 + 5] = 0x07; /* reserved flags */
	o = frame_put(&f, 24);
	o[0] = 200;
	o[1] = 3;
	o = pio(&f, &prefix_a, 64, 0xff, 1000, 1000); /* reserved flags, and a reserved word */
	put32(o + 12, 0xffffffff);
	o = frame_put(&f, 8);
	o[0] = 0;
	o[1] = 1;
	ra_in(h, &f);
	assert_int_equal(routers(h), 1);
	assert_int_equal(public(h).valid_s, 1000);
	host_free(h);
}

/* rfc: 4861:6.3.4-1 */
static void test_a_router_says_nothing_of_another_ones_words(void **state)
{
	static const struct ph_ip prefix_b = { { 0x20, 1, 0x0d, 0xb8, 0, 2 } };
	struct host *h = ready_host();
	struct ph_addr_info a[8];
	struct frame f;

	(void)state;
	ra_prefix(h, 1800, &prefix_a, 0xc0, 1000);
	ra(&f, &router2, 1800, 0);
	pio(&f, &prefix_b, 64, 0xc0, 500, 500);
	ra_in(h, &f);
	ra(&f, &router2, 1800, 0); /* nor is what it leaves out of the next taken back */
	ra_in(h, &f);
	assert_int_equal(routers(h), 2);
	assert_int_equal(public(h).valid_s, 1000);
	assert_int_equal(own_addrs(h->st, a, 8), 3);
	host6_settle(h, 3 * NS_PER_S);
	assert_memory_equal(next_hop(h, &near_a), &near_a, 16);
	host_free(h);
}

/* rfc: 4861:6.3.4-2 4861:6.3.4-3 */
static void test_the_hop_limit_of_packets_is_the_routers(void **state)
{
	static const uint8_t said[][2] = { { 0, 64 }, { 42, 42 }, { 0, 42 }, { 255, 255 }, { 33, 33 } };
	struct host *h = ready_host();
	struct frame f;

	(void)state;
	host6_know(h, &peer_ll);
	for (size_t i = 0; i < ARRAY_LEN(said); i++) {
		ra(&f, &peer_ll, 1800, 0);
		f.b[AT6 + 4] = said[i][0];
		pio(&f, &prefix_a, 64, 0xc0, 86400, 86400);
		ra_in(h, &f);
		host6_settle(h, 3 * NS_PER_S);
		assert_int_equal(send_far(h, &far6), 0);
		assert_true(host_take(h) > 0);
		assert_int_equal(out_ip6(h)->next, TEST_PROTO);
		assert_int_equal(out_ip6(h)->hop, said[i][1]);
	}
	host_free(h);
}

/* rfc: 4861:6.3.4-4 */
static void test_a_routers_times_are_those_of_its_link(void **state)
{
	uint64_t least = UINT64_MAX, most = 0;
	struct host *h = ready_host();
	struct frame f;

	(void)state;
	ra(&f, &peer_ll, 1800, 0);
	put32(f.b + AT6 + 8, 100000); /* ms */
	put32(f.b + AT6 + 12, 250);
	pio(&f, &prefix_a, 64, 0xc0, 864000, 864000);
	ra_in(h, &f);
	host6_settle(h, 3 * NS_PER_S);
	assert_int_equal(send_far(h, &near_a), 0);
	assert_non_null(next_icmp6(h, ICMP6_NS, 0));
	for (unsigned i = 0; i < 2; i++) {
		uint64_t at = h->now;

		assert_non_null(next_icmp6(h, ICMP6_NS, NS_PER_S));
		assert_int_equal(h->now - at, 250 * NS_PER_MS);
	}
	for (unsigned i = 0; i < 40; i++) { /* how long is an answer believed? */
		uint64_t at;
		struct frame na;

		(void)send_far(h, &near_a);
		frame_nd(&na, ICMP6_NA, &near_a, &us_ll, &near_a, ND_NA_SOLICITED | ND_NA_OVERRIDE,
			 peer_mac);
		frame_in(h, &na);
		assert_string_equal(neighbour(h, &near_a).state, "REACHABLE");
		at = h->now;
		while (strcmp(neighbour(h, &near_a).state, "REACHABLE") == 0)
			host_run(h, NS_PER_S);
		least = h->now - at < least ? h->now - at : least;
		most = h->now - at > most ? h->now - at : most;
		(void)send_far(h, &near_a); /* DELAY, and asked */
		while (host_take(h) > 0)
			;
		assert_string_equal(neighbour(h, &near_a).state, "DELAY");
		host_run(h, 5 * NS_PER_S);
	}
	assert_in_range(least / NS_PER_S, 50, 70);
	assert_in_range(most / NS_PER_S, 130, 151);
	host_free(h);
}

/* rfc: 4861:6.3.4-4 */
static void test_a_known_router_needs_not_say_again_where_it_is(void **state)
{
	struct host *h = ready_host();
	struct ph_ip peer = scoped(h, &peer_ll);
	struct frame f;

	(void)state;
	frame_nd(&f, ICMP6_NS, &peer_ll, &(struct ph_ip){ { 0xff, 2, [11] = 1, 0xff, 0, 0, 2 } },
		 &us_ll, 0, peer_mac);
	frame_in(h, &f);
	assert_false(neigh_find(h->st, h->link, &peer)->router);
	ra(&f, &peer_ll, 1800, 0);
	ra_in(h, &f);
	assert_true(neigh_find(h->st, h->link, &peer)->router);
	assert_memory_equal(neighbour(h, &peer_ll).mac, peer_mac, 6);
	host_free(h);
}

/* ---- identifiers ---------------------------------------------------------------------------- */

/* rfc: 7217:5-3 7217:5-4 8504:6.3-1 */
static void test_identifiers_are_of_the_secret_and_not_of_the_hardware(void **state)
{
	uint8_t seen[8][8];

	(void)state;
	for (uint8_t i = 0; i < 8; i++) {
		struct host *h = keyed_host(i, "0");
		struct ph_addr_info a = public(h);
		const uint8_t *p;

		assert_memory_not_equal(a.ip.b + 8, us_ll.b + 8, 8);
		do { /* and it is asked for */
			p = next_icmp6(h, ICMP6_NS, 2 * NS_PER_S);
			assert_non_null(p);
		} while (memcmp(p + 8, a.ip.b, 16) != 0);
		assert_memory_equal(out_ip6(h)->src, none6.b, 16);
		memcpy(seen[i], a.ip.b + 8, 8);
		for (uint8_t k = 0; k < i; k++)
			assert_memory_not_equal(seen[k], seen[i], 8);
		host_free(h);
	}
}

/* rfc: 7217:5-5 */
static void test_identifiers_with_a_meaning_and_those_in_use_are_not_taken(void **state)
{
	static const struct {
		uint8_t iid[8];
		bool reserved;
	} row[] = {
		{ { 0 }, true },				   /* subnet-router anycast */
		{ { 0, 0, 0, 0, 0, 0, 0, 1 }, false },
		{ { 0x02, 0, 0x5e, 0xff, 0xfe, 0, 0, 0 }, true }, /* IANA's Ethernet block */
		{ { 0x02, 0, 0x5e, 0xff, 0xfe, 0, 0x52, 0x13 }, true },
		{ { 0x02, 0, 0x5e, 0xff, 0xfe, 0xff, 0xff, 0xff }, true },
		{ { 0x02, 0, 0x5f, 0xff, 0xfe, 0, 0x52, 0x13 }, false },
		{ { 0xfd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f }, false },
		{ { 0xfd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x80 }, true }, /* anycast */
		{ { 0xfd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, true },
		{ { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, false },
	};
	struct ph_ip first;
	struct host *h;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++)
		assert_int_equal(slaac_reserved_iid(row[i].iid), row[i].reserved);
	h = keyed_host(9, "0");
	first = public(h).ip;
	host_free(h);
	h = keyed_host(9, "0"); /* the same again, */
	assert_memory_equal(public(h).ip.b, &first, 16);
	ra_prefix(h, 1800, &prefix_a, 0xc0, 0);
	host6_settle(h, 7201 * NS_PER_S);
	assert_int_equal(public(h).prefix, 0);
	assert_int_equal(ph_addr_add(h->st, h->link, &first, 128, h->now), 0);
	prefix_in(h, 864000, 864000); /* but the user has taken that one */
	{
		struct ph_addr_info a[16];
		unsigned n = find_addrs(h, PH_ADDR_AUTO, true, a);

		assert_int_equal(n, 1);
		assert_memory_not_equal(&a[0].ip, &first, 16);
	}
	host_free(h);
}

/* rfc: 8504:6.4-1 */
static void test_temporary_addresses_are_made_for_who_wants_them(void **state)
{
	static const struct {
		const char *set;
		unsigned temporary;
	} row[] = { { "0", 0 }, { "1", 1 }, { "2", 1 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		struct host *h = keyed_host(3, row[i].set);
		struct ph_addr_info a[16];

		assert_int_equal(find_addrs(h, PH_ADDR_TEMPORARY, true, a), row[i].temporary);
		assert_int_equal(find_addrs(h, PH_ADDR_TEMPORARY, false, a), 1);
		host_free(h);
	}
}

/* rfc: 8981:3.4-4 */
static void test_a_temporary_address_that_is_taken_is_tried_again_and_not_for_ever(void **state)
{
	struct host *h = keyed_host(4, "2");
	struct ph_addr_info a[16];
	struct ph_ip seen[8];
	unsigned n = 0;

	(void)state;
	while (n < 8 && find_addrs(h, PH_ADDR_TEMPORARY, true, a) == 1 &&
	       (a[0].flags & PH_ADDR_TENTATIVE)) {
		struct frame f;

		for (unsigned k = 0; k < n; k++)
			assert_memory_not_equal(&seen[k], &a[0].ip, 16);
		seen[n++] = a[0].ip;
		frame_nd(&f, ICMP6_NA, &a[0].ip, &all_nodes6, &a[0].ip, 0x20, peer_mac);
		frame_in(h, &f);
	}
	assert_int_equal(n, 4); /* one, and three more */
	assert_true(a[0].flags & PH_ADDR_DADFAILED);
	host6_settle(h, 30 * NS_PER_S);
	assert_int_equal(find_addrs(h, PH_ADDR_TEMPORARY, true, a), 1);
	assert_true(a[0].flags & PH_ADDR_DADFAILED);
	assert_int_equal(find_addrs(h, PH_ADDR_TEMPORARY, false, a), 1); /* the other one lives */
	assert_int_equal(a[0].flags, PH_ADDR_AUTO);
	host_free(h);
}

/* rfc: 8981:3.6-2 */
static void test_on_another_link_temporary_addresses_are_others(void **state)
{
	struct host *h = keyed_host(5, "2");
	struct ph_addr_info before[16], stable, after[16], all[16];

	(void)state;
	assert_int_equal(find_addrs(h, PH_ADDR_TEMPORARY, true, before), 1);
	stable = public(h);
	assert_int_equal(ph_link_ipv6(h->st, h->link, PH_IPV6_OFF, h->now), 0);
	assert_int_equal(own_addrs(h->st, all, 16), 0);
	assert_int_equal(ph_link_ipv6(h->st, h->link, PH_IPV6_SLAAC, h->now), 0);
	host6_settle(h, 4 * NS_PER_S);
	prefix_in(h, 864000, 864000);
	assert_int_equal(find_addrs(h, PH_ADDR_TEMPORARY, true, after), 1);
	assert_memory_not_equal(before[0].ip.b + 8, after[0].ip.b + 8, 8);
	assert_memory_equal(public(h).ip.b, &stable.ip, 16);
	host_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_asks_for_routers_says_where_it_is),
		cmocka_unit_test(test_no_router_but_its_prefix_all_the_same),
		cmocka_unit_test(test_a_prefix_is_on_the_link_until_that_is_taken_back),
		cmocka_unit_test(test_what_is_said_of_the_link_local_prefix_is_not_heard),
		cmocka_unit_test(test_an_advertisement_broken_on_its_way_changes_nothing),
		cmocka_unit_test(test_what_nobody_knows_in_an_advertisement_is_passed_over),
		cmocka_unit_test(test_a_router_says_nothing_of_another_ones_words),
		cmocka_unit_test(test_the_hop_limit_of_packets_is_the_routers),
		cmocka_unit_test(test_a_routers_times_are_those_of_its_link),
		cmocka_unit_test(test_a_known_router_needs_not_say_again_where_it_is),
		cmocka_unit_test(test_identifiers_are_of_the_secret_and_not_of_the_hardware),
		cmocka_unit_test(
			test_identifiers_with_a_meaning_and_those_in_use_are_not_taken),
		cmocka_unit_test(test_temporary_addresses_are_made_for_who_wants_them),
		cmocka_unit_test(
			test_a_temporary_address_that_is_taken_is_tried_again_and_not_for_ever),
		cmocka_unit_test(test_on_another_link_temporary_addresses_are_others),
	};

	return cmocka_run_group_tests_name("ra", tests, NULL, NULL);
}
