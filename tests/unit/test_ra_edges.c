/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What routers say, at its edges: times without an end, preferences, routes, who wins among addresses,
 * and what no router should say (docs/rfc/attacks.csv).
 */
#include "own.h"
#include "ra_fixture.h"

/* rfc: 4861:6.3.4-5 */
static void test_what_has_no_end_does_not_end(void **state)
{
	struct host *h = ready_host();
	struct ph_route_info r[8];
	bool found = false;
	size_t n;

	(void)state;
	ra_prefix(h, 1800, &prefix_a, 0xc0, UINT32_MAX);
	assert_int_equal(public(h).valid_s, UINT32_MAX);
	n = ph_routes(h->st, r, 8);
	for (size_t i = 0; i < n; i++)
		if (memcmp(&r[i].dst, &prefix_a, 16) == 0) {
			assert_int_equal(r[i].expires_s, UINT32_MAX);
			found = true;
		}
	assert_true(found);
	host_free(h);
}

/* rfc: 8504:5.9-1 */
static void test_preferences_are_of_two_bits_and_one_means_nothing(void **state)
{
	static const struct {
		int first, second; /* bits of peer_ll and router2 */
		int wins;	   /* 1, 2, 0: both are used */
	} row[] = { { 0, 0, 0 }, { 1, 0, 1 }, { 0, 3, 1 }, { 3, 0, 2 }, { 2, 0, 0 },
		    { 2, 3, 1 }, { 1, 2, 1 }, { 3, 1, 2 }, { 3, 3, 0 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		struct host *h = ready_host();
		unsigned via[2] = { 0, 0 };
		struct ph_ip to = far6;
		struct frame f;

		ra(&f, &router2, 1800, row[i].second);
		ra_in(h, &f);
		ra(&f, &peer_ll, 1800, row[i].first);
		pio(&f, &prefix_a, 64, 0xc0, 86400, 86400);
		ra_in(h, &f);
		host6_settle(h, 3 * NS_PER_S);
		for (unsigned k = 0; k < 64; k++) {
			to.b[15] = (uint8_t)k;
			via[next_hop(h, &to)->b[15] == 7]++;
		}
		if ((via[0] > 0) != (row[i].wins != 2) || (via[1] > 0) != (row[i].wins != 1))
			fail_msg("%d and %d: %u by the first, %u by the second", row[i].first,
				 row[i].second, via[0], via[1]);
		host_free(h);
	}
}

/* rfc: 8504:5.9-1 */
static void test_a_route_longer_than_its_bytes_is_none(void **state)
{
	static const struct {
		unsigned units, bits;
		bool taken;
	} row[] = { { 1, 1, false }, { 2, 64, true },  { 2, 65, false },
		    { 3, 65, true },  { 3, 128, true }, { 3, 129, false }, { 4, 64, false } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		struct host *h = ready_host();
		struct ph_route_info r[8];
		struct frame f;
		size_t before = ph_routes(h->st, r, 8);
		uint8_t *o;

		ra(&f, &peer_ll, 0, 0);
		o = frame_put(&f, 8 * row[i].units);
		o[0] = ND_OPT_ROUTE;
		o[1] = (uint8_t)row[i].units;
		o[2] = (uint8_t)row[i].bits;
		put32(o + 4, 600);
		if (row[i].units > 1)
			memcpy(o + 8, prefix_a.b, 8);
		ra_in(h, &f);
		if ((ph_routes(h->st, r, 8) > before) != row[i].taken)
			fail_msg("%u units, %u bits: %staken", row[i].units, row[i].bits,
				 row[i].taken ? "not " : "");
		host_free(h);
	}
}

/* rfc: 8504:5.9-1 */
static void test_no_longer_route_is_taken_than_is_wanted(void **state)
{
	(void)state;
	for (unsigned bits = 46; bits < 51; bits++) {
		struct host *h = slaac_host("net.ipv6.conf.default.accept_ra_rt_info_max_plen", "48");
		struct ph_route_info r[8];
		struct frame f;
		size_t before;
		uint8_t *o;

		host6_settle(h, 4 * NS_PER_S);
		before = ph_routes(h->st, r, 8);
		ra(&f, &peer_ll, 0, 0);
		o = frame_put(&f, 16);
		o[0] = ND_OPT_ROUTE;
		o[1] = 2;
		o[2] = (uint8_t)bits;
		put32(o + 4, 600);
		memcpy(o + 8, prefix_a.b, 8);
		ra_in(h, &f);
		assert_int_equal(ph_routes(h->st, r, 8) - before, bits <= 48);
		host_free(h);
	}
}

/* rfc: 4861:4.6-2 */
static void test_a_prefix_stands_in_four_units_and_has_at_most_128_bits(void **state)
{
	static const struct {
		unsigned units, bits;
		bool taken;
	} row[] = { { 3, 64, false }, { 4, 64, true }, { 5, 64, false }, { 4, 129, false } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		struct host *h = ready_host();
		struct ph_addr_info a[16];
		struct ph_route_info r[8];
		struct frame f;
		size_t before = ph_routes(h->st, r, 8);
		uint8_t *o;

		ra(&f, &peer_ll, 0, 0);
		o = pio(&f, &prefix_a, (uint8_t)row[i].bits, 0xc0, 600, 600);
		o[1] = (uint8_t)row[i].units;
		if (row[i].units == 3)
			f.len -= 8;
		else if (row[i].units == 5)
			(void)frame_put(&f, 8);
		ra_in(h, &f);
		if ((ph_routes(h->st, r, 8) > before) != row[i].taken ||
		    (find_addrs(h, 0, false, a) > 0) != row[i].taken)
			fail_msg("%u units, %u bits", row[i].units, row[i].bits);
		host_free(h);
	}
}

/* rfc: 8981:3.4-1 */
static void test_a_temporary_address_does_not_outlive_its_prefix(void **state)
{
	struct host *h = slaac_host("net.ipv6.conf.default.use_tempaddr", "2");
	struct ph_addr_info a[16];

	(void)state;
	host6_settle(h, 4 * NS_PER_S);
	prefix_in(h, 3600, 1800);
	assert_int_equal(find_addrs(h, PH_ADDR_TEMPORARY, true, a), 1);
	assert_in_range(a[0].valid_s, 1, 3600);
	assert_in_range(a[0].preferred_s, 1, 1800);
	host6_settle(h, 3601 * NS_PER_S);
	assert_int_equal(find_addrs(h, PH_ADDR_TEMPORARY, true, a), 0);
	host_free(h);
}

/* rfc: 6724:5-3 */
static void test_a_deprecated_address_is_not_chosen_though_it_fits_better(void **state)
{
	static const struct ph_ip prefix_b = { { 0x20, 1, 0x0d, 0xb8, 0, 2 } };
	struct ph_ip near_b = prefix_b;
	struct host *h = ready_host();
	struct dst d = { 0 };
	struct frame f;

	(void)state;
	near_b.b[15] = 0x55;
	ra(&f, &peer_ll, 1800, 0);
	pio(&f, &prefix_a, 64, 0xc0, 86400, 86400);
	pio(&f, &prefix_b, 64, 0xc0, 86400, 0); /* valid, and not preferred */
	ra_in(h, &f);
	host6_settle(h, 3 * NS_PER_S);
	assert_int_equal(dst_lookup(h->st, &d, NULL, &near_b, false), 0);
	assert_memory_equal(&d.src, &prefix_a, 8);
	ra(&f, &peer_ll, 1800, 0);
	pio(&f, &prefix_a, 64, 0xc0, 86400, 0);
	ra_in(h, &f); /* of two that are deprecated the one that fits */
	d = (struct dst){ 0 };
	assert_int_equal(dst_lookup(h->st, &d, NULL, &near_b, false), 0);
	assert_memory_equal(&d.src, &prefix_b, 8);
	host_free(h);
}

/* rfc: 8106:6.1-1 */
static void test_a_name_server_lives_as_long_as_was_said_last(void **state)
{
	static const uint32_t said[] = { 600, 100, 5000, UINT32_MAX, 50 };
	struct host *h = ready_host();
	struct ph_dns_info d[4];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(said); i++) {
		struct frame f;
		uint8_t *o;

		ra(&f, &peer_ll, 1800, 0);
		o = frame_put(&f, 24);
		o[0] = ND_OPT_RDNSS;
		o[1] = 3;
		put32(o + 4, said[i]);
		memcpy(o + 8, far6.b, 16);
		ra_in(h, &f);
		assert_int_equal(ph_dns(h->st, d, 4), 1);
		assert_int_equal(d[0].valid_s, said[i]);
	}
	host6_settle(h, 51 * NS_PER_S);
	assert_int_equal(ph_dns(h->st, d, 4), 0);
	host_free(h);
}

/* rfc: 4861:8.3-2 */
static void test_who_is_redirected_to_is_a_router(void **state)
{
	struct host *h = ready_host();
	struct ph_ip target = scoped(h, &router2);

	(void)state;
	ra_prefix(h, 1800, &prefix_a, 0xc0, 86400);
	host6_settle(h, 3 * NS_PER_S);
	for (unsigned told = 0; told < 2; told++) { /* without its hardware address, and with it */
		struct frame f;
		uint8_t *p = frame_icmp6(&f, &peer_ll, &us_ll, ICMP6_REDIRECT,
					 sizeof(struct nd_redirect));

		frame_hdr6(&f)->hop = 255;
		memcpy(p + 8, router2.b, 16);
		memcpy(p + 24, far6.b, 16);
		if (told)
			frame_mac_opt(&f, ND_OPT_TARGET_MAC, other_mac);
		frame_icmp6_end(&f, AT6);
		frame_in(h, &f);
		assert_memory_equal(next_hop(h, &far6), &router2, 16);
		ra_prefix(h, 1800, &prefix_a, 0xc0, 86400);
		assert_int_equal(neigh_find(h->st, h->link, &target) != NULL, told);
		if (!told) { /* once more by the first router */
			assert_int_equal(ph_route_del(h->st, &far6, 128, &router2, h->link, h->now), 0);
			continue;
		}
		assert_true(neigh_find(h->st, h->link, &target)->router);
	}
	host_free(h);
}

/* ---- what no router should say -------------------------------------------------------------- */

/* attack: CVE-2015-2922 */
static void test_a_hop_limit_too_small_is_not_taken_where_that_is_asked_for(void **state)
{
	struct host *h = slaac_host("net.ipv6.conf.default.accept_ra_min_hop_limit", "32");
	struct frame f;

	(void)state;
	host6_settle(h, 4 * NS_PER_S);
	for (unsigned said = 1; said < 256; said += 31) {
		ra(&f, &peer_ll, 1800, 0);
		f.b[AT6 + 4] = (uint8_t)said;
		ra_in(h, &f);
		assert_int_equal(link_get(h->st, h->link)->v6->hop_limit, said < 32 ? 64 : said);
	}
	host_free(h);
}

/* attack: RA-parameter-poisoning */
static void test_times_beyond_reason_are_not_taken(void **state)
{
	static const uint32_t times[][2] = { /* reachable, retransmission, ms */
		{ 3600001, 1 }, { UINT32_MAX, UINT32_MAX }, { 0x80000000, 9 }, { 3600001, 3600001 },
	};
	struct host *h = ready_host();
	const struct if6 *v6 = link_get(h->st, h->link)->v6;
	struct frame f;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		ra(&f, &peer_ll, 1800, 0);
		put32(f.b + AT6 + 8, times[i][0]);
		put32(f.b + AT6 + 12, times[i][1]);
		ra_in(h, &f);
		assert_int_equal(v6->base_reachable_ns, 0); /* as it was: the sysctls' */
		assert_int_equal(v6->retrans_ns, 0);
	}
	ra(&f, &peer_ll, 1800, 0);
	put32(f.b + AT6 + 8, 3600000);
	put32(f.b + AT6 + 12, 10);
	ra_in(h, &f);
	assert_int_equal(v6->base_reachable_ns, 3600 * NS_PER_S);
	assert_int_equal(v6->retrans_ns, 10 * NS_PER_MS);
	host_free(h);
}

/* attack: CVE-2022-27881, CVE-2020-7469 */
static void test_long_options_are_taken_as_far_as_there_is_room(void **state)
{
	struct host *h = ready_host();
	struct ph_dns_info d[40];
	struct frame f;
	uint8_t *o;

	(void)state;
	ra(&f, &peer_ll, 1800, 0);
	o = frame_put(&f, 8 + 16 * 30); /* in more than one buffer */
	o[0] = ND_OPT_RDNSS;
	o[1] = 61;
	put32(o + 4, 600);
	for (unsigned i = 0; i < 30; i++)
		o[8 + 16 * i] = 0xfd, o[23 + 16 * i] = (uint8_t)(i + 1);
	for (unsigned bits = 129; bits < 256; bits += 42) { /* routes to what is no prefix */
		o = frame_put(&f, 24);
		o[0] = ND_OPT_ROUTE;
		o[1] = 3;
		o[2] = (uint8_t)bits;
		put32(o + 4, 600);
		memcpy(o + 8, prefix_a.b, 8);
	}
	pio(&f, &prefix_a, 64, 0xc0, 1000, 1000);
	ra_in(h, &f);
	assert_int_equal(ph_dns(h->st, d, 40), 16);
	for (unsigned i = 0; i < 16; i++)
		assert_int_equal(d[i].server.b[15], i + 1);
	assert_int_equal(routers(h), 1);
	assert_int_equal(public(h).valid_s, 1000);
	host6_settle(h, 700 * NS_PER_S);
	host_free(h);
}

/* attack: CVE-2025-14558 */
static void test_a_domain_with_a_shells_characters_is_none(void **state)
{
	static const char *const names[] = { "a;reboot", "$(id)", "a`b", "a b", "a/b", "a\nb", "a'b",
					     "a\"b", "a|b", "a*b", "\xff" };
	struct host *h = ready_host();
	struct ph_dns_info d[8];

	(void)state;
	for (size_t i = 0; i <= ARRAY_LEN(names); i++) {
		const char *name = i < ARRAY_LEN(names) ? names[i] : "x-1_2";
		struct frame f;
		uint8_t *o;

		ra(&f, &peer_ll, 1800, 0);
		o = frame_put(&f, 24);
		o[0] = ND_OPT_DNSSL;
		o[1] = 3;
		put32(o + 4, 600);
		o[8] = (uint8_t)strlen(name);
		memcpy(o + 9, name, strlen(name));
		ra_in(h, &f);
		assert_int_equal(ph_dns(h->st, d, 8), i == ARRAY_LEN(names));
	}
	assert_string_equal(d[0].domain, "x-1_2");
	host_free(h);
}

/* attack: CVE-2013-0343 */
static void test_who_spoils_one_prefix_takes_no_privacy_from_another(void **state)
{
	static const struct ph_ip prefix_b = { { 0x20, 1, 0x0d, 0xb8, 0, 2 } };
	struct host *h = keyed_host(6, "2");
	struct ph_addr_info a[32];
	unsigned temporary = 0;
	size_t n;

	(void)state;
	for (unsigned i = 0; i < 8; i++) { /* each of the first prefix's is taken */
		struct frame f;

		if (find_addrs(h, PH_ADDR_TEMPORARY, true, a) == 0)
			break;
		frame_nd(&f, ICMP6_NA, &a[0].ip, &all_nodes6, &a[0].ip, 0x20, peer_mac);
		frame_in(h, &f);
	}
	ra_prefix(h, 1800, &prefix_b, 0xc0, 864000);
	host6_settle(h, 5 * NS_PER_S);
	n = own_addrs(h->st, a, 32);
	for (size_t i = 0; i < n && i < 32; i++)
		temporary += memcmp(&a[i].ip, &prefix_b, 8) == 0 &&
			     a[i].flags == (PH_ADDR_AUTO | PH_ADDR_TEMPORARY);
	assert_int_equal(temporary, 1);
	host_free(h);
}

/* attack: CVE-2011-1652 */
static void test_routers_are_heard_where_that_is_wanted(void **state)
{
	static const char *const name[] = { "accept_ra", "accept_ra_defrtr", "accept_ra_pinfo",
					    "accept_ra_mtu", "autoconf" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(name); i++) {
		char full[64];
		struct host *h;
		struct frame f;
		uint8_t *o;

		snprintf(full, sizeof(full), "net.ipv6.conf.default.%s", name[i]);
		h = slaac_host(full, "0");
		host6_settle(h, 4 * NS_PER_S);
		ra(&f, &peer_ll, 1800, 0);
		pio(&f, &prefix_a, 64, 0xc0, 1000, 1000);
		o = frame_put(&f, 8);
		o[0] = ND_OPT_MTU;
		o[1] = 1;
		put32(o + 4, 1400);
		ra_in(h, &f);
		assert_int_equal(routers(h), i > 1);
		assert_int_equal(public(h).prefix, i == 1 || i == 3 ? 64 : 0);
		assert_int_equal(link_get(h->st, h->link)->v6->mtu, i == 0 || i == 3 ? 1500 : 1400);
		host_free(h);
	}
}

/* attack: CVE-2023-6200 */
static void test_a_route_may_end_and_begin_at_the_same_moment(void **state)
{
	struct host *h = ready_host();

	(void)state;
	for (unsigned i = 0; i < 200; i++) {
		struct ph_ip prefix = prefix_a;

		prefix.b[7] = (uint8_t)(i % 3);
		ra_prefix(h, 1, &prefix, 0x80, 1);
		if (i % 2)
			host_run(h, NS_PER_S - (i % 4 == 1));
		ra_prefix(h, (uint16_t)(i % 5 ? 1 : 0), &prefix, 0x80, i % 7 ? 1 : 0);
		(void)next_hop(h, &far6);
		(void)next_hop(h, &near_a);
	}
	assert_int_equal(routers(h) <= 1, 1);
	host6_settle(h, 3 * NS_PER_S);
	assert_int_equal(routers(h), 0);
	assert_null(next_hop(h, &near_a));
	host_free(h);
}

/* attack: ICMPv6-Redirect-abuse */
static void test_a_routers_redirects_are_bounded(void **state)
{
	struct host *h = ready_host();
	struct ph_route_info r[256];
	struct frame f;

	(void)state;
	ra(&f, &peer_ll, 1800, 0);
	frame_mac_opt(&f, ND_OPT_SOURCE_MAC, peer_mac);
	pio(&f, &prefix_a, 64, 0xc0, 86400, 86400);
	ra_in(h, &f);
	host6_settle(h, 3 * NS_PER_S);
	for (unsigned i = 0; i < 5000; i++) {
		uint8_t *p = frame_icmp6(&f, &peer_ll, &us_ll, ICMP6_REDIRECT,
					 sizeof(struct nd_redirect));
		struct ph_ip to = far6;

		to.b[14] = (uint8_t)(i >> 8);
		to.b[13] = (uint8_t)i;
		frame_hdr6(&f)->hop = 255;
		memcpy(p + 8, router2.b, 16);
		memcpy(p + 24, to.b, 16);
		frame_mac_opt(&f, ND_OPT_TARGET_MAC, other_mac);
		frame_icmp6_end(&f, AT6);
		frame_in(h, &f);
		if (i == 0)
			assert_memory_equal(next_hop(h, &to), &router2, 16);
	}
	assert_in_range(ph_routes(h->st, r, 256), 60, 80);
	assert_true(next_hop(h, &far6) != NULL);
	host_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_has_no_end_does_not_end),
		cmocka_unit_test(test_preferences_are_of_two_bits_and_one_means_nothing),
		cmocka_unit_test(test_a_route_longer_than_its_bytes_is_none),
		cmocka_unit_test(test_a_temporary_address_does_not_outlive_its_prefix),
		cmocka_unit_test(test_a_deprecated_address_is_not_chosen_though_it_fits_better),
		cmocka_unit_test(test_a_name_server_lives_as_long_as_was_said_last),
		cmocka_unit_test(test_who_is_redirected_to_is_a_router),
		cmocka_unit_test(test_a_hop_limit_too_small_is_not_taken_where_that_is_asked_for),
		cmocka_unit_test(test_times_beyond_reason_are_not_taken),
		cmocka_unit_test(test_long_options_are_taken_as_far_as_there_is_room),
		cmocka_unit_test(test_a_domain_with_a_shells_characters_is_none),
		cmocka_unit_test(test_who_spoils_one_prefix_takes_no_privacy_from_another),
		cmocka_unit_test(test_routers_are_heard_where_that_is_wanted),
		cmocka_unit_test(test_a_route_may_end_and_begin_at_the_same_moment),
		cmocka_unit_test(test_a_routers_redirects_are_bounded),
		cmocka_unit_test(test_no_longer_route_is_taken_than_is_wanted),
		cmocka_unit_test(test_a_prefix_stands_in_four_units_and_has_at_most_128_bits),
	};

	return cmocka_run_group_tests_name("ra edges", tests, NULL, NULL);
}
