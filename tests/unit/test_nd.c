/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/nd.h, dad.h, redirect.h: neighbours found, answered and doubted over IPv6, and addresses that
 * somebody else has.
 */
#include "nd_fixture.h"
#include "own.h"

/* rfc: 4861:7.2.2-1 4861:7.2.2-3 4861:4.3-1 2464:5-1, 2464:7-1 */
static void test_a_neighbour_is_asked_for_at_its_group_and_the_packet_waits(void **state)
{
	static const uint8_t group[6] = { 0x33, 0x33, 0xff, 0, 0, 1 };
	struct host *h = host6_new();
	const uint8_t *p;
	struct frame f;

	(void)state;
	assert_int_equal(send_to(h, &peer6), 0);
	assert_int_equal(host_take(h), AT6 + 32);
	p = out_icmp6(h, ICMP6_NS);
	assert_memory_equal(out_eth(h)->dst, group, 6);
	assert_int_equal(out_ip6(h)->hop, 255);
	assert_memory_equal(out_ip6(h)->src, us6.b, 16);
	assert_memory_equal(p + 8, peer6.b, 16);
	assert_int_equal(p[24], ND_OPT_SOURCE_MAC);
	assert_memory_equal(p + 26, us_mac, 6);
	assert_int_equal(host_take(h), 0);
	frame_nd(&f, ICMP6_NA, &peer6, &us6, &peer6, ND_NA_SOLICITED | ND_NA_OVERRIDE, peer_mac);
	frame_in(h, &f);
	assert_string_equal(neigh(h, &peer6).state, "REACHABLE");
	assert_int_equal(host_take(h), AT6 + 24);
	assert_memory_equal(out_eth(h)->dst, peer_mac, 6);
	assert_int_equal(out_ip6(h)->next, TEST_PROTO);
	host_free(h);
}

/* rfc: 4861:7.2.2-4 */
static void test_who_sent_to_a_silent_neighbour_is_told(void **state)
{
	struct host *h = host6_new();
	unsigned asked = 0;

	(void)state;
	host_test_l4(h);
	assert_int_equal(send_to(h, &peer6), 0);
	for (unsigned i = 0; i < 40; i++) {
		while (host_take(h) > 0)
			asked++;
		host_run(h, 100 * NS_PER_MS);
	}
	assert_int_equal(asked, 3);
	assert_int_equal(test_l4.errors, 1);
	assert_int_equal(test_l4.err.error, EHOSTUNREACH);
	assert_int_equal(test_l4.err.type, ICMP6_UNREACH);
	assert_int_equal(test_l4.err.code, ICMP6_UNREACH_ADDR);
	assert_string_equal(neigh(h, &peer6).state, "FAILED");
	host_free(h);
}

/* rfc: 4861:7.2.4-1 4861:7.2.3-1 4861:4.4-2 4861:4.4-1 4861:4.4-3 8504:5.4-1 */
static void test_who_asks_for_us_is_answered_and_remembered(void **state)
{
	struct host *h = host6_new();
	const uint8_t *p;
	struct frame f;

	(void)state;
	frame_nd(&f, ICMP6_NS, &peer6, &us_solicited, &us6, 0, peer_mac);
	frame_in(h, &f);
	assert_int_equal(host_take(h), AT6 + 32);
	p = out_icmp6(h, ICMP6_NA);
	assert_int_equal(p[4], ND_NA_SOLICITED | ND_NA_OVERRIDE);
	assert_memory_equal(p + 8, us6.b, 16);
	assert_memory_equal(p + 26, us_mac, 6);
	assert_memory_equal(out_ip6(h)->dst, peer6.b, 16);
	assert_int_equal(out_ip6(h)->hop, 255);
	assert_memory_equal(out_eth(h)->dst, peer_mac, 6);
	assert_memory_equal(neigh(h, &peer6).mac, peer_mac, 6);
	frame_nd(&f, ICMP6_NS, &none6, &us_solicited, &us6, 0, NULL); /* somebody's probe */
	frame_in(h, &f);
	assert_int_equal(host_take(h), AT6 + 32);
	p = out_icmp6(h, ICMP6_NA);
	assert_int_equal(p[4], ND_NA_OVERRIDE);
	assert_memory_equal(out_ip6(h)->dst, all_nodes6.b, 16);
	assert_memory_equal(out_eth(h)->dst, all_mac6, 6);
	host_free(h);
}

/* A message made wrong: what it is dropped for. */
/* rfc: 4861:7.1.1-1 4861:7.1.2-1 4861:4.6-1 4861:9-1 6980:5-2 */
/* attack: CVE-2016-1409, CVE-2024-23911 */
static void test_a_message_that_cannot_be_is_dropped(void **state)
{
	static const struct {
		const char *what, *reason;
		uint8_t type;
		int at; /* of the frame; -1: nothing */
		uint8_t value;
		struct ph_ip src, dst;
		bool mac;
		size_t cut; /* bytes taken off the end */
	} row[] = {
		{ "hop limit 254", "IPV6_NDISC_HOP_LIMIT", ICMP6_NS, ETH_HDR_LEN + 7, 254,
		  { { 0xfd, 0, [15] = 1 } }, { { 0xff, 2, [11] = 1, 0xff, 0, 0, 2 } }, true, 0 },
		{ "code 1", "IPV6_NDISC_BAD_CODE", ICMP6_NS, AT6 + 1, 1,
		  { { 0xfd, 0, [15] = 1 } }, { { 0xff, 2, [11] = 1, 0xff, 0, 0, 2 } }, true, 0 },
		{ "target a group", "IPV6_NDISC_ADDRESS", ICMP6_NS, AT6 + 8, 0xff,
		  { { 0xfd, 0, [15] = 1 } }, { { 0xff, 2, [11] = 1, 0xff, 0, 0, 2 } }, true, 0 },
		{ "an option of length 0", "IPV6_NDISC_BAD_OPTIONS", ICMP6_NS, AT6 + 25, 0,
		  { { 0xfd, 0, [15] = 1 } }, { { 0xff, 2, [11] = 1, 0xff, 0, 0, 2 } }, true, 0 },
		{ "an option beyond the end", "IPV6_NDISC_BAD_OPTIONS", ICMP6_NS, AT6 + 25, 2,
		  { { 0xfd, 0, [15] = 1 } }, { { 0xff, 2, [11] = 1, 0xff, 0, 0, 2 } }, true, 0 },
		{ "half an option", "IPV6_NDISC_BAD_OPTIONS", ICMP6_NS, -1, 0,
		  { { 0xfd, 0, [15] = 1 } }, { { 0xff, 2, [11] = 1, 0xff, 0, 0, 2 } }, true, 4 },
		{ "an option of one byte", "IPV6_NDISC_BAD_OPTIONS", ICMP6_NS, -1, 0,
		  { { 0xfd, 0, [15] = 1 } }, { { 0xff, 2, [11] = 1, 0xff, 0, 0, 2 } }, true, 7 },
		{ "short of its target", "IPV6_NDISC_BAD_OPTIONS", ICMP6_NS, -1, 0,
		  { { 0xfd, 0, [15] = 1 } }, { { 0xff, 2, [11] = 1, 0xff, 0, 0, 2 } }, false, 1 },
		{ "a probe to us alone", "IPV6_NDISC_ADDRESS", ICMP6_NS, -1, 0, { { 0 } },
		  { { 0xfd, 0, [15] = 2 } }, false, 0 },
		{ "a probe that gives an address", "IPV6_NDISC_ADDRESS", ICMP6_NS, -1, 0, { { 0 } },
		  { { 0xff, 2, [11] = 1, 0xff, 0, 0, 2 } }, true, 0 },
		{ "a hardware address that is a group", "IPV6_NDISC_ADDRESS", ICMP6_NS, AT6 + 26, 3,
		  { { 0xfd, 0, [15] = 1 } }, { { 0xff, 2, [11] = 1, 0xff, 0, 0, 2 } }, true, 0 },
		{ "an answer to all that says it was asked", "IPV6_NDISC_ADDRESS", ICMP6_NA, AT6 + 4,
		  ND_NA_SOLICITED, { { 0xfd, 0, [15] = 1 } }, { { 0xff, 2, [15] = 1 } }, true, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		struct host *h = host6_new();
		struct frame f;

		frame_nd(&f, row[i].type, &row[i].src, &row[i].dst, &us6, 0,
			 row[i].mac ? peer_mac : NULL);
		f.len -= row[i].cut;
		if (row[i].at >= 0)
			f.b[row[i].at] = row[i].value;
		frame_icmp6_end(&f, AT6);
		frame_in(h, &f);
		if (drops_of(h, row[i].reason) != 1)
			fail_msg("%s: not dropped for %s", row[i].what, row[i].reason);
		if (host_take(h) > 0)
			fail_msg("%s: was answered", row[i].what);
		assert_string_equal(neigh(h, &peer6).state, "none");
		host_free(h);
	}
}

/* rfc: 6980:5-1 6980:5-2 */
static void test_neighbour_discovery_in_fragments_is_dropped(void **state)
{
	struct host *h = host6_new();
	struct frame f, whole;

	(void)state;
	frame_nd(&whole, ICMP6_NS, &peer6, &us_solicited, &us6, 0, peer_mac);
	frame_ip6(&f, &peer6, &us_solicited, IP6_NEXT_FRAGMENT);
	frame_hdr6(&f)->hop = 255;
	memcpy(frame_put(&f, 8), (const uint8_t[]){ 58, 0, 0, 0, 0, 0, 0, 1 }, 8);
	memcpy(frame_put(&f, 32), whole.b + AT6, 32);
	frame6_end(&f);
	frame_in(h, &f);
	assert_int_equal(drops_of(h, "IPV6_NDISC_FRAG"), 1);
	assert_int_equal(host_take(h), 0);
	host_free(h);
}

/* What an advertisement does to what is known (RFC 4861 7.2.5, appendix C). */
/* rfc: 4861:7.2.5-1 4861:7.2.5-2 4861:7.2.5-3 4861:7.2.5-4 */
/* attack: NA-override-storm */
static void test_an_advertisement_moves_the_cache_as_its_flags_say(void **state)
{
	static const struct {
		const char *what;
		bool stale; /* before: STALE, else REACHABLE */
		uint8_t flags;
		const uint8_t *mac;
		const char *state;
		bool other; /* afterwards it has other_mac */
	} row[] = {
		{ "solicited, the same", true, 0x40, peer_mac, "REACHABLE", false },
		{ "solicited, without an address", true, 0x40, NULL, "REACHABLE", false },
		{ "solicited, another, not to override", false, 0x40, other_mac, "STALE", false },
		{ "the same while doubted", true, 0x40, other_mac, "STALE", false },
		{ "solicited, another, to override", false, 0x60, other_mac, "REACHABLE", true },
		{ "unasked, the same", false, 0x20, peer_mac, "REACHABLE", false },
		{ "unasked, another, to override", false, 0x20, other_mac, "STALE", true },
		{ "unasked, another, not to override", false, 0, other_mac, "STALE", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		struct host *h = host6_new();
		struct frame f;

		assert_int_equal(send_to(h, &peer6), 0);
		frame_nd(&f, ICMP6_NA, &peer6, &us6, &peer6, 0x60, peer_mac);
		frame_in(h, &f);
		if (row[i].stale)
			host_run(h, 60 * NS_PER_S);
		frame_nd(&f, ICMP6_NA, &peer6, &us6, &peer6, row[i].flags, row[i].mac);
		frame_in(h, &f);
		if (strcmp(neigh(h, &peer6).state, row[i].state) != 0)
			fail_msg("%s: %s", row[i].what, neigh(h, &peer6).state);
		assert_memory_equal(neigh(h, &peer6).mac, row[i].other ? other_mac : peer_mac, 6);
		host_free(h);
	}
}

/* rfc: 4861:7.2.5-5 9131:6.1.1-1 */
static void test_an_advertisement_that_nobody_asked_for_makes_nothing(void **state)
{
	struct host *h = host6_new();
	struct frame f;

	(void)state;
	frame_nd(&f, ICMP6_NA, &peer6, &all_nodes6, &peer6, ND_NA_OVERRIDE, peer_mac);
	frame_in(h, &f);
	assert_string_equal(neigh(h, &peer6).state, "none");
	assert_int_equal(drops_of(h, "IPV6_NDISC_UNSOLICITED"), 1);
	host_free(h);
}

/* rfc: 4861:7.3.3-1 4861:7.3.3-2 8504:5.4-1 */
static void test_a_neighbour_not_heard_of_is_probed_at_its_address(void **state)
{
	struct host *h = host6_new();
	unsigned probes = 0;
	struct frame f;

	(void)state;
	frame_nd(&f, ICMP6_NS, &peer6, &us_solicited, &us6, 0, peer_mac);
	frame_in(h, &f);
	while (host_take(h) > 0)
		;
	assert_string_equal(neigh(h, &peer6).state, "DELAY"); /* our answer was sent on it */
	host_run(h, 5 * NS_PER_S);
	for (unsigned i = 0; i < 50; i++) {
		while (host_take(h) > 0) {
			assert_memory_equal(out_icmp6(h, ICMP6_NS) + 8, peer6.b, 16);
			assert_memory_equal(out_eth(h)->src, us_mac, 6);
			assert_memory_equal(out_eth(h)->dst, peer_mac, 6);
			assert_memory_equal(out_ip6(h)->dst, peer6.b, 16);
			probes++;
		}
		host_run(h, 100 * NS_PER_MS);
	}
	assert_int_equal(probes, 3);
	assert_string_equal(neigh(h, &peer6).state, "FAILED");
	assert_int_equal(send_to(h, &peer6), 0); /* and is asked for anew */
	assert_true(host_take(h) > 0);
	assert_int_equal(out_ip6(h)->dst[0], 0xff);
	host_free(h);
}

/* ---- duplicates ----------------------------------------------------------------------------- */

/* rfc: 4862:5.4-1 4862:5.4.2-2 4862:5.4.2-3 7527:4.1-1 4862:5.4-4 9131:6.1.2-1 4862:5.4.3-2 */
/* attack: NA/NS-on-tentative-address */
static void test_an_address_is_probed_for_before_it_is_used(void **state)
{
	struct host *h = probing();
	const uint8_t *p;
	struct frame f;

	(void)state;
	host_test_l4(h);
	assert_true(addr(h, &us6).flags & PH_ADDR_TENTATIVE);
	until_frame(h, NS_PER_S);
	p = out_icmp6(h, ICMP6_NS);
	assert_int_equal(h->out_len, AT6 + 32);
	assert_memory_equal(out_ip6(h)->src, none6.b, 16);
	assert_memory_equal(out_ip6(h)->dst, us_solicited.b, 16);
	assert_memory_equal(out_eth(h)->dst, us_sol_mac, 6);
	assert_int_equal(out_ip6(h)->hop, 255);
	assert_memory_equal(p + 8, us6.b, 16);
	assert_int_equal(p[24], ND_OPT_NONCE);
	frame_ip6(&f, &peer6, &us6, TEST_PROTO);
	frame6_end(&f);
	frame_in(h, &f);
	assert_int_equal(test_l4.inputs, 0);
	frame_nd(&f, ICMP6_NS, &peer6, &us_solicited, &us6, 0, peer_mac);
	frame_in(h, &f);
	assert_int_equal(host_take(h), 0);
	until_frame(h, NS_PER_S);
	p = out_icmp6(h, ICMP6_NA); /* to routers */
	assert_int_equal(p[4], 0);
	assert_int_equal(out_ip6(h)->dst[15], 2);
	assert_int_equal(addr(h, &us6).flags, 0);
	host_free(h);
}

/* rfc: 4862:5.4.3-3 4862:5.4.4-1 4862:5.4.5-1 4862:5.4.2-4 */
static void test_whoever_answers_or_probes_as_well_has_the_address(void **state)
{
	(void)state;
	for (unsigned how = 0; how < 4; how++) {
		struct host *h = probing();
		struct frame f;

		if (how >= 2)
			until_frame(h, NS_PER_S);
		if (how % 2)
			frame_nd(&f, ICMP6_NA, &us6, &all_nodes6, &us6, ND_NA_OVERRIDE, peer_mac);
		else
			frame_nd(&f, ICMP6_NS, &none6, &us_solicited, &us6, 0, NULL);
		frame_in(h, &f);
		assert_int_equal(addr(h, &us6).flags, PH_ADDR_DADFAILED);
		host6_settle(h, 5 * NS_PER_S);
		assert_int_equal(addr(h, &us6).flags, PH_ADDR_DADFAILED);
		assert_int_equal(send_to(h, &peer6), 0); /* from the other one */
		assert_true(host_take(h) > 0);
		assert_memory_equal(out_ip6(h)->src, us_ll.b, 16);
		host_free(h);
	}
}

/* rfc: 7527:4.2-1 7527:4.1-2 */
/* attack: DAD-denial */
static void test_our_own_probe_come_back_is_no_duplicate(void **state)
{
	struct host *h = probing();
	struct frame f;

	(void)state;
	until_frame(h, NS_PER_S);
	memcpy(f.b, h->out, (size_t)h->out_len);
	f.len = (size_t)h->out_len;
	frame_in(h, &f);
	assert_int_equal(drops_of(h, "IPV6_NDISC_OWN"), 1);
	assert_true(addr(h, &us6).flags & PH_ADDR_TENTATIVE);
	until_frame(h, NS_PER_S + NS_PER_MS); /* another probe, with another nonce */
	assert_int_equal(h->out[AT6], ICMP6_NS);
	assert_memory_not_equal(f.b + AT6 + 26, h->out + AT6 + 26, 6);
	host6_settle(h, 2 * NS_PER_S);
	assert_int_equal(addr(h, &us6).flags, 0);
	host_free(h);
}

/* rfc: 4862:5.1-1 */
static void test_without_probes_an_address_is_ready_at_once(void **state)
{
	static const char *const name[] = { "net.ipv6.conf.t0.dad_transmits",
					    "net.ipv6.conf.all.accept_dad" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(name); i++) {
		struct host *h = host6_with((struct ph_link_conf){ .kind = PH_LINK_ETHER },
					    PH_IPV6_STATIC);

		assert_int_equal(ph_sysctl_set(h->st, name[i], "0"), 0);
		assert_int_equal(ph_addr_add(h->st, h->link, &us6, 64, h->now), 0);
		assert_int_equal(addr(h, &us6).flags, 0);
		host_free(h);
	}
}

/* rfc: 7217:5-1 7217:5-2 7217:6-1 7217:6-2 7217:6-3 7217:5-6 */
/* attack: DAD-denial */
static void test_a_stable_identifier_that_is_taken_is_followed_by_others(void **state)
{
	struct ph_addr_info first, a[4];
	struct ph_ip seen[8];
	unsigned n = 0;

	(void)state;
	for (unsigned run = 0; run < 2; run++) {
		struct host *h = host_bare((struct ph_conf){ 0 });
		struct ph_link_conf conf = { .name = "t0", .mac = { 2, 0, 0, 0, 0, 2 } };

		h->link = ph_link_add(h->st, &conf, h->now);
		assert_int_equal(ph_link_ipv6(h->st, h->link, PH_IPV6_STATIC, h->now), 0);
		assert_int_equal(own_addrs(h->st, a, 4), 1);
		if (run == 0)
			first = a[0];
		assert_memory_equal(&first.ip, &a[0].ip, 16); /* the same at each start */
		for (n = 0; n < 8 && (a[0].flags & PH_ADDR_TENTATIVE); n++) {
			struct ph_ip sol = ip6_solicited_node(&a[0].ip, 0);
			struct frame f;

			seen[n] = a[0].ip;
			for (unsigned k = 0; k < n; k++)
				assert_memory_not_equal(&seen[k], &seen[n], 16);
			frame_nd(&f, ICMP6_NS, &none6, &sol, &a[0].ip, 0, NULL);
			frame_in(h, &f);
			assert_int_equal(own_addrs(h->st, a, 4), 1);
		}
		assert_int_equal(n, 4); /* the first and three more */
		assert_true(a[0].flags & PH_ADDR_DADFAILED);
		host_free(h);
	}
}

/* rfc: 4862:5.4.5-2 */
static void test_a_twin_with_our_hardware_address_ends_ipv6_where_asked_for(void **state)
{
	struct host *h = host_bare((struct ph_conf){ 0 });
	struct ph_link_conf conf = { .name = "t0", .mac = { 2, 0, 0, 0, 0, 2 } };
	struct ph_ip sol = us_solicited;
	struct ph_addr_info a[4];
	struct frame f;

	(void)state;
	h->link = ph_link_add(h->st, &conf, h->now);
	assert_int_equal(ph_sysctl_set(h->st, "net.ipv6.conf.default.addr_gen_mode", "0"), 0);
	assert_int_equal(ph_sysctl_set(h->st, "net.ipv6.conf.default.accept_dad", "2"), 0);
	assert_int_equal(ph_link_ipv6(h->st, h->link, PH_IPV6_STATIC, h->now), 0);
	frame_nd(&f, ICMP6_NS, &none6, &sol, &us_ll, 0, NULL);
	frame_in(h, &f);
	host_run(h, NS_PER_MS);
	assert_int_equal(own_addrs(h->st, a, 4), 0);
	frame_in(h, &f);
	assert_int_equal(drops_of(h, "OTHERHOST"), 1);
	host_free(h);
}

/* ---- redirects ------------------------------------------------------------------------------ */

static void redirect(struct frame *f, const struct ph_ip *src, const struct ph_ip *target,
		     const struct ph_ip *dst, uint8_t hop)
{
	uint8_t *p = frame_icmp6(f, src, &us6, ICMP6_REDIRECT, sizeof(struct nd_redirect));

	frame_hdr6(f)->hop = hop;
	memcpy(p + 8, target->b, 16);
	memcpy(p + 24, dst->b, 16);
	frame_mac_opt(f, ND_OPT_TARGET_MAC, other_mac);
	frame_icmp6_end(f, AT6);
}

/* rfc: 4861:8.1-1 4861:8.1-2 4861:8.1-3 4861:8.3-1 4861:8.3-2 8504:5.4-2 */
static void test_a_redirect_of_our_router_is_followed_and_no_other(void **state)
{
	static const struct ph_ip other_ll = { { 0xfe, 0x80, [15] = 7 } };
	static const struct {
		const char *what;
		const struct ph_ip *src, *target, *dst;
		uint8_t hop;
		bool taken;
	} row[] = {
		{ "to another router", &peer_ll, &other_ll, &far6, 255, true },
		{ "to the destination itself", &peer_ll, &far6, &far6, 255, true },
		{ "of another router", &other_ll, &other_ll, &far6, 255, false },
		{ "from no link-local address", &peer6, &other_ll, &far6, 255, false },
		{ "from beyond the link", &peer_ll, &other_ll, &far6, 254, false },
		{ "to what is neither", &peer_ll, &other6, &far6, 255, false },
		{ "about a group", &peer_ll, &other_ll, &all_nodes6, 255, false },
		{ "about ourselves", &peer_ll, &other_ll, &us6, 255, false },
		{ "about one on the link", &peer_ll, &other_ll, &other6, 255, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		struct host *h = host6_new();
		struct dst d = { 0 };
		struct frame f;

		assert_int_equal(ph_route_add(h->st, &none6, 0, &peer_ll, h->link, 0, h->now), 0);
		redirect(&f, row[i].src, row[i].target, row[i].dst, row[i].hop);
		frame_in(h, &f);
		assert_int_equal(dst_lookup(h->st, &d, NULL, &far6, false), 0);
		if (ip_eq(&d.next_hop, &(struct ph_ip){ { 0 } }) ||
		    (d.next_hop.b[15] != peer_ll.b[15]) != row[i].taken)
			fail_msg("%s: %staken", row[i].what, row[i].taken ? "not " : "");
		if (row[i].taken) {
			assert_memory_equal(neigh(h, row[i].target).mac, other_mac, 6);
			host6_settle(h, 601 * NS_PER_S); /* and not for ever */
			assert_int_equal(dst_lookup(h->st, &d, NULL, &far6, false), 0);
			assert_int_equal(d.next_hop.b[15], peer_ll.b[15]);
		}
		host_free(h);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_neighbour_is_asked_for_at_its_group_and_the_packet_waits),
		cmocka_unit_test(test_who_sent_to_a_silent_neighbour_is_told),
		cmocka_unit_test(test_who_asks_for_us_is_answered_and_remembered),
		cmocka_unit_test(test_a_message_that_cannot_be_is_dropped),
		cmocka_unit_test(test_neighbour_discovery_in_fragments_is_dropped),
		cmocka_unit_test(test_an_advertisement_moves_the_cache_as_its_flags_say),
		cmocka_unit_test(test_an_advertisement_that_nobody_asked_for_makes_nothing),
		cmocka_unit_test(test_a_neighbour_not_heard_of_is_probed_at_its_address),
		cmocka_unit_test(test_an_address_is_probed_for_before_it_is_used),
		cmocka_unit_test(test_whoever_answers_or_probes_as_well_has_the_address),
		cmocka_unit_test(test_our_own_probe_come_back_is_no_duplicate),
		cmocka_unit_test(test_without_probes_an_address_is_ready_at_once),
		cmocka_unit_test(test_a_stable_identifier_that_is_taken_is_followed_by_others),
		cmocka_unit_test(test_a_twin_with_our_hardware_address_ends_ipv6_where_asked_for),
		cmocka_unit_test(test_a_redirect_of_our_router_is_followed_and_no_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
