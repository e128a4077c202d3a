/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RFC 4861 7 and 8, rule by rule, where net/nd.c and net/neigh.c decide: what makes an entry and what
 * does not, what confirms one, how often somebody is asked, and what a host never says.
 */
#include "nd_fixture.h"

static const struct neigh *entry(const struct host *h, const struct ph_ip *ip)
{
	struct ph_ip s = scoped(h, ip);

	return neigh_find(h->st, h->link, &s);
}

static size_t entries(const struct host *h)
{
	return ph_neighs(h->st, NULL, 0);
}

/* The peer tells its address in a question, and gets an answer at it. */
static void introduce(struct host *h, const uint8_t *mac)
{
	struct frame f;

	frame_nd(&f, ICMP6_NS, &peer6, &us_solicited, &us6, 0, mac);
	frame_in(h, &f);
	assert_true(host_take(h) > 0);
	(void)out_icmp6(h, ICMP6_NA);
	assert_memory_equal(out_eth(h)->dst, mac, 6);
}

/* The peer is asked for and answers: REACHABLE. */
static void reach(struct host *h)
{
	struct frame f;

	assert_int_equal(send_to(h, &peer6), 0);
	assert_true(host_take(h) > 0);
	frame_nd(&f, ICMP6_NA, &peer6, &us6, &peer6, ND_NA_SOLICITED | ND_NA_OVERRIDE, peer_mac);
	frame_in(h, &f);
	assert_string_equal(neigh(h, &peer6).state, "REACHABLE");
	assert_true(host_take(h) > 0);
}

/* rfc: 4861:4.x-1 4861:4.6-2 */
static void test_reserved_bits_and_strange_options_do_no_harm_and_ours_are_zero(void **state)
{
	static const uint8_t kinds[] = { ND_OPT_PREFIX, ND_OPT_MTU, ND_OPT_RDNSS, 253 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct host *h = host6_new();
		const uint8_t *p;
		struct frame f;
		uint8_t *o;

		frame_nd(&f, ICMP6_NS, &peer6, &us_solicited, &us6, 0xff, peer_mac);
		memset(f.b + AT6 + 5, 0xff, 3);
		o = frame_put(&f, 32);
		o[0] = kinds[i];
		o[1] = 4;
		frame_icmp6_end(&f, AT6);
		frame_in(h, &f);
		p = next_icmp6(h, ICMP6_NA, 0);
		assert_non_null(p);
		assert_int_equal(p[4] & 0x1f, 0);
		assert_memory_equal(p + 5, ((uint8_t[3]){ 0 }), 3);
		assert_memory_equal(neigh(h, &peer6).mac, peer_mac, 6);
		assert_int_equal(send_to(h, &other6), 0);
		while (!(p = next_icmp6(h, ICMP6_NS, 0)))
			;
		assert_memory_equal(p + 4, ((uint8_t[4]){ 0 }), 4);
		host_free(h);
	}
}

/* rfc: 4861:6.1.1-1 4861:6.2.1-1 4861:6.2.4-1 4861:6.2.6-2 */
static void test_a_host_hears_no_solicitation_of_routers_and_advertises_nothing(void **state)
{
	static const struct ph_ip all_routers = { { 0xff, 2, [15] = 2 } };

	(void)state;
	for (unsigned how = 0; how < 3; how++) { /* from ::, from a neighbour, to us alone */
		struct host *h = host6_new();
		struct frame f;

		(void)frame_icmp6(&f, how ? &peer_ll : &none6,
				  how == 2 ? &us_ll : how ? &all_nodes6 : &all_routers, ICMP6_RS, 8);
		frame_hdr6(&f)->hop = 255;
		if (how)
			frame_mac_opt(&f, ND_OPT_SOURCE_MAC, peer_mac);
		frame_icmp6_end(&f, AT6);
		frame_in(h, &f);
		assert_int_equal(entries(h), 0);
		assert_null(next_icmp6(h, ICMP6_RA, 3600 * NS_PER_S));
		assert_int_equal(entries(h), 0);
		host_free(h);
	}
}

/* rfc: 4861:7.1.2-2 */
static void test_an_answer_to_all_that_says_it_was_asked_for_changes_nothing(void **state)
{
	struct host *h = host6_new();
	struct frame f;

	(void)state;
	reach(h);
	frame_nd(&f, ICMP6_NA, &peer6, &all_nodes6, &peer6, ND_NA_SOLICITED | ND_NA_OVERRIDE,
		 other_mac);
	frame_in(h, &f);
	assert_memory_equal(neigh(h, &peer6).mac, peer_mac, 6);
	assert_string_equal(neigh(h, &peer6).state, "REACHABLE");
	host_run(h, 60 * NS_PER_S);
	frame_in(h, &f); /* nor does it confirm */
	assert_string_equal(neigh(h, &peer6).state, "STALE");
	host_free(h);
}

/* rfc: 4861:7.2-1 */
static void test_a_message_without_a_hardware_address_makes_no_neighbour(void **state)
{
	struct host *h = host6_new();
	struct frame f;

	(void)state;
	frame_nd(&f, ICMP6_NS, &peer6, &us_solicited, &us6, 0, NULL);
	frame_in(h, &f);
	assert_true(host_take(h) > 0); /* the answer waits: whose is that address? */
	assert_memory_equal(out_icmp6(h, ICMP6_NS) + 8, peer6.b, 16);
	assert_int_equal(host_take(h), 0);
	assert_string_equal(neigh(h, &peer6).state, "INCOMPLETE");
	frame_nd(&f, ICMP6_NA, &peer6, &us6, &peer6, ND_NA_SOLICITED, NULL); /* no answer, this */
	frame_in(h, &f);
	assert_string_equal(neigh(h, &peer6).state, "INCOMPLETE");
	assert_int_equal(host_take(h), 0);
	frame_nd(&f, ICMP6_NA, &peer6, &us6, &peer6, ND_NA_SOLICITED, peer_mac);
	frame_in(h, &f);
	assert_true(host_take(h) > 0);
	(void)out_icmp6(h, ICMP6_NA);
	frame_nd(&f, ICMP6_NS, &peer6, &us_solicited, &us6, 0, NULL); /* and takes none away */
	frame_in(h, &f);
	assert_memory_equal(neigh(h, &peer6).mac, peer_mac, 6);
	assert_string_equal(neigh(h, &peer6).state, "REACHABLE");
	host_free(h);
}

/* rfc: 4861:7.2.3-2 4861:7.2.3-3 */
static void test_a_question_makes_or_changes_an_entry_that_is_not_confirmed(void **state)
{
	struct host *h = host6_new();
	struct frame f;

	(void)state;
	frame_nd(&f, ICMP6_NS, &none6, &us_solicited, &us6, 0, NULL);
	frame_in(h, &f);
	assert_true(host_take(h) > 0);
	assert_int_equal(entries(h), 0); /* of :: none */
	introduce(h, peer_mac);
	assert_string_equal(neigh(h, &peer6).state, "DELAY"); /* STALE, and the answer was sent */
	assert_int_equal(send_to(h, &peer6), 0);
	assert_true(host_take(h) > 0);
	assert_int_equal(out_ip6(h)->next, TEST_PROTO); /* without a question of ours */
	frame_nd(&f, ICMP6_NA, &peer6, &us6, &peer6, ND_NA_SOLICITED | ND_NA_OVERRIDE, peer_mac);
	frame_in(h, &f);
	assert_string_equal(neigh(h, &peer6).state, "REACHABLE");
	introduce(h, other_mac);
	assert_memory_equal(neigh(h, &peer6).mac, other_mac, 6);
	assert_string_equal(neigh(h, &peer6).state, "DELAY");
	host_free(h);
}

/* rfc: 4861:7.2.3-3 4861:7.2.5-3 */
/* attack: NA-override-storm */
static void test_who_is_a_router_is_said_by_advertisements_alone(void **state)
{
	static const struct {
		const char *what;
		uint8_t type, flags;
		const uint8_t *mac;
		bool router; /* afterwards */
	} row[] = {
		{ "its question", ICMP6_NS, 0, peer_mac, true },
		{ "its question, from elsewhere", ICMP6_NS, 0, other_mac, true },
		{ "an answer as a router", ICMP6_NA, 0xe0, peer_mac, true },
		{ "an answer as a host", ICMP6_NA, 0x60, peer_mac, false },
		{ "a host's word, unasked", ICMP6_NA, 0x20, peer_mac, false },
		{ "a host's word without an address", ICMP6_NA, 0x40, NULL, false },
		/* 7.2.5: one that may not override updates nothing */
		{ "another's word, not to override", ICMP6_NA, 0x40, other_mac, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		struct host *h = host6_new();
		struct frame f;

		reach(h);
		frame_nd(&f, ICMP6_NA, &peer6, &us6, &peer6, 0xe0, peer_mac);
		frame_in(h, &f);
		assert_true(entry(h, &peer6)->router);
		frame_nd(&f, row[i].type, &peer6, row[i].type == ICMP6_NS ? &us_solicited : &us6,
			 row[i].type == ICMP6_NS ? &us6 : &peer6, row[i].flags, row[i].mac);
		frame_in(h, &f);
		if (entry(h, &peer6)->router != row[i].router)
			fail_msg("%s: %s router afterwards", row[i].what,
				 row[i].router ? "no" : "a");
		host_free(h);
	}
}

/* rfc: 4861:7.2.5-5 */
static void test_an_answer_that_comes_after_all_is_lost_makes_nothing(void **state)
{
	struct host *h = host6_new();
	struct frame f;

	(void)state;
	assert_int_equal(send_to(h, &peer6), 0);
	host6_settle(h, 10 * NS_PER_S);
	assert_string_equal(neigh(h, &peer6).state, "FAILED");
	frame_nd(&f, ICMP6_NA, &peer6, &us6, &peer6, ND_NA_SOLICITED | ND_NA_OVERRIDE, peer_mac);
	frame_in(h, &f);
	assert_string_equal(neigh(h, &peer6).state, "FAILED");
	assert_int_equal(drops_of(h, "IPV6_NDISC_UNSOLICITED"), 1);
	host_free(h);
}

/* rfc: 4861:7.2.2-2 */
static void test_of_packets_that_wait_the_latest_is_kept(void **state)
{
	static const struct {
		const char *most;
		unsigned kept;
	} row[] = { { "1", 1 }, { "3", 3 }, { "101", 10 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		struct host *h = host6_new();
		struct frame f;
		unsigned n = 0;

		assert_int_equal(ph_sysctl_set(h->st, "net.ipv4.neigh.default.unres_qlen",
					       row[i].most), 0);
		for (uint8_t k = 1; k <= 10; k++) {
			struct ip_tx tx = { .proto = TEST_PROTO };
			struct dst d = { 0 };

			assert_int_equal(dst_lookup(h->st, &d, NULL, &peer6, false), 0);
			assert_int_equal(ip_output(h->st, host_payload(h, k, 24), &d, &tx), 0);
		}
		assert_non_null(next_icmp6(h, ICMP6_NS, 0));
		frame_nd(&f, ICMP6_NA, &peer6, &us6, &peer6, ND_NA_SOLICITED, peer_mac);
		frame_in(h, &f);
		for (; host_take(h) > 0; n++)
			assert_int_equal(h->out[AT6], 10 - row[i].kept + 1 + n);
		assert_int_equal(n, row[i].kept);
		host_free(h);
	}
}

/* rfc: 4861:7.2.6-1 4861:4.4-1 */
static void test_another_hardware_address_is_told_to_all_and_says_so(void **state)
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 9 };
	struct host *h = host6_new();
	unsigned told = 0, of_us = 0;
	const uint8_t *p;
	uint64_t last = 0;

	(void)state;
	introduce(h, peer_mac);
	assert_int_equal(ph_link_change(h->st, h->link, &(struct ph_link_change){ .mac = mac }, h->now),
			 0);
	while ((p = next_icmp6(h, ICMP6_NA, 60 * NS_PER_S))) {
		assert_memory_equal(out_ip6(h)->dst, all_nodes6.b, 16);
		assert_memory_equal(out_eth(h)->src, mac, 6);
		assert_int_equal(p[4], ND_NA_OVERRIDE); /* unasked: S is clear */
		assert_memory_equal(p + 26, mac, 6);
		told++;
		if (memcmp(p + 8, us6.b, 16) == 0) {
			assert_true(of_us == 0 || h->now - last >= NS_PER_S);
			last = h->now;
			of_us++;
		}
	}
	assert_in_range(of_us, 1, 3);
	assert_int_equal(told, 2 * of_us); /* and of the link-local address */
	introduce(h, peer_mac);
	assert_memory_equal(out_icmp6(h, ICMP6_NA) + 26, mac, 6);
	host_free(h);
}

/* rfc: 4861:7.3.1-1 */
static void test_what_a_neighbour_says_unasked_does_not_show_that_it_hears_us(void **state)
{
	struct host *h = host6_new();
	unsigned probes = 0;
	struct frame f;

	(void)state;
	introduce(h, peer_mac); /* our answer is sent on it: DELAY */
	for (unsigned i = 0; i < 100; i++) {
		frame_nd(&f, ICMP6_NA, &peer6, &all_nodes6, &peer6, ND_NA_OVERRIDE, peer_mac);
		frame_in(h, &f);
		(void)frame_icmp6(&f, &peer6, &us6, ICMP6_RA, 16); /* of no router, but a message */
		frame_hdr6(&f)->hop = 255;
		frame_mac_opt(&f, ND_OPT_SOURCE_MAC, peer_mac);
		frame_icmp6_end(&f, AT6);
		frame_in(h, &f);
		host_run(h, 100 * NS_PER_MS);
		while (host_take(h) > 0)
			probes += h->out[AT6] == ICMP6_NS && memcmp(out_eth(h)->dst, peer_mac, 6) == 0;
	}
	assert_int_equal(probes, 3);
	assert_string_equal(neigh(h, &peer6).state, "FAILED");
	host_free(h);
}

/* rfc: 4861:7.3.3-3 */
static void test_a_neighbour_is_asked_at_most_once_in_the_time_between(void **state)
{
	(void)state;
	for (unsigned known = 0; known < 2; known++) {
		struct host *h = host6_new();
		uint64_t last = 0;
		unsigned asked = 0;

		if (known) {
			introduce(h, peer_mac);
			host_run(h, 5 * NS_PER_S);
		}
		for (unsigned i = 0; i < 25; i++) { /* whatever is sent to it meanwhile */
			(void)send_to(h, &peer6);
			while (host_take(h) > 0) {
				if (h->out[AT6] != ICMP6_NS || h->out_len != AT6 + 32)
					continue;
				assert_int_equal(out_ip6(h)->dst[0], known ? 0xfd : 0xff);
				assert_true(asked == 0 || h->now - last >= NS_PER_S);
				last = h->now;
				asked++;
			}
			host_run(h, 100 * NS_PER_MS);
		}
		assert_int_equal(asked, 3);
		host_free(h);
	}
}

/* rfc: 4861:8.3-3 */
static void test_a_host_sends_no_redirect(void **state)
{
	struct host *h = host6_new();
	struct frame f;

	(void)state;
	host6_know(h, &peer6);
	assert_int_equal(ph_route_add(h->st, &none6, 0, &peer_ll, h->link, 0, h->now), 0);
	frame_ip6(&f, &peer6, &far6, TEST_PROTO); /* to be forwarded, back where it came from */
	(void)frame_put(&f, 40);
	frame6_end(&f);
	frame_in(h, &f);
	frame_ip6(&f, &peer6, &other6, TEST_PROTO);
	(void)frame_put(&f, 40);
	frame6_end(&f);
	frame_in(h, &f);
	assert_null(next_icmp6(h, ICMP6_REDIRECT, 10 * NS_PER_S));
	assert_int_equal(count_of(h, "Ip6InAddrErrors"), 2);
	host_free(h);
}

/* attack: CVE-2008-2476 */
static void test_a_question_from_off_the_link_makes_nobody_a_neighbour_of_ours(void **state)
{
	struct host *h = host6_new();
	struct frame f;

	(void)state;
	assert_int_equal(ph_route_add(h->st, &none6, 0, &peer_ll, h->link, 0, h->now), 0);
	host6_know(h, &peer_ll); /* the router, at peer_mac */
	frame_nd(&f, ICMP6_NS, &far6, &us_solicited, &us6, 0, other_mac);
	frame_in(h, &f);
	while (host_take(h) > 0)
		;
	frame_icmp6(&f, &far6, &us6, ICMP6_ECHO, 16);
	frame_icmp6_end(&f, AT6);
	frame_in(h, &f);
	assert_non_null(next_icmp6(h, ICMP6_ECHO_REPLY, 0));
	assert_memory_equal(out_eth(h)->dst, peer_mac, 6); /* by the router, not to the forger */
	host_free(h);
}

/* rfc: 4861:7.2.5-3 */
static void test_a_doubted_address_is_not_replaced_without_override_either(void **state)
{
	struct host *h = host6_new();
	struct frame f;

	(void)state;
	reach(h);
	frame_nd(&f, ICMP6_NA, &peer6, &us6, &peer6, ND_NA_OVERRIDE, other_mac); /* STALE, there */
	frame_in(h, &f);
	assert_string_equal(neigh(h, &peer6).state, "STALE");
	frame_nd(&f, ICMP6_NA, &peer6, &us6, &peer6, ND_NA_SOLICITED, peer_mac);
	frame_in(h, &f);
	assert_string_equal(neigh(h, &peer6).state, "STALE");
	assert_memory_equal(neigh(h, &peer6).mac, other_mac, 6);
	host_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_reserved_bits_and_strange_options_do_no_harm_and_ours_are_zero),
		cmocka_unit_test(
			test_a_host_hears_no_solicitation_of_routers_and_advertises_nothing),
		cmocka_unit_test(
			test_an_answer_to_all_that_says_it_was_asked_for_changes_nothing),
		cmocka_unit_test(test_a_message_without_a_hardware_address_makes_no_neighbour),
		cmocka_unit_test(test_a_question_makes_or_changes_an_entry_that_is_not_confirmed),
		cmocka_unit_test(test_who_is_a_router_is_said_by_advertisements_alone),
		cmocka_unit_test(test_an_answer_that_comes_after_all_is_lost_makes_nothing),
		cmocka_unit_test(test_of_packets_that_wait_the_latest_is_kept),
		cmocka_unit_test(test_another_hardware_address_is_told_to_all_and_says_so),
		cmocka_unit_test(
			test_what_a_neighbour_says_unasked_does_not_show_that_it_hears_us),
		cmocka_unit_test(test_a_neighbour_is_asked_at_most_once_in_the_time_between),
		cmocka_unit_test(test_a_host_sends_no_redirect),
		cmocka_unit_test(
			test_a_question_from_off_the_link_makes_nobody_a_neighbour_of_ours),
		cmocka_unit_test(test_a_doubted_address_is_not_replaced_without_override_either),
	};

	return cmocka_run_group_tests_name("nd rules", tests, NULL, NULL);
}
