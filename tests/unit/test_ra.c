/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RFC 4861 6 and RFC 4862 5.5 rule by rule, where net/ra.c and net/slaac.c decide: which
 * advertisements count, what each field does and does not do, and which identifiers are made.
 */
#include "ra_fixture.h"

#include "net/slaac.h"

static const struct ph_ip near_a = { { 0x20, 1, 0x0d, 0xb8, 0, 1, [15] = 0x77 } };

static struct ph_neigh_info neighbour(const struct host *h, const struct ph_ip *ip)
{
	struct ph_neigh_info n[8] = { { 0 } };
	size_t count = ph_neighs(h->st, n, 8);

	for (size_t i = 0; i < count && i < 8; i++)
		if (memcmp(&n[i].ip, ip, 16) == 0)
			return n[i];
	return (struct ph_neigh_info){ .state = "none" };
}

static unsigned routers(const struct host *h)
{
	struct ph_route_info r[16];
	size_t n = ph_routes(h->st, r, 16);
	unsigned count = 0;

	for (size_t i = 0; i < n && i < 16; i++)
		count += r[i].prefix == 0 && !ip_is4(&r[i].dst);
	return count;
}

/* An advertisement of peer_ll with one prefix. */
static void ra_prefix(struct host *h, uint16_t lifetime, const struct ph_ip *prefix, uint8_t flags,
		      uint32_t valid)
{
	struct frame f;

	ra(&f, &peer_ll, lifetime, 0);
	pio(&f, prefix, 64, flags, valid, valid);
	ra_in(h, &f);
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
	assert_int_equal(ph_addrs(h->st, a, 4), 1);
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
	assert_int_equal(ph_addrs(h->st, a, 8), 3);
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

/* What a host with this key makes of prefix_a: temporary ones, too, if asked for. */
static struct host *keyed_host(uint8_t key, const char *tempaddr)
{
	struct ph_conf conf = { .now_ns = 5 * NS_PER_S };
	struct ph_link_conf link = { .name = "t0", .mac = { 2, 0, 0, 0, 0, 2 } };
	struct host *h = calloc(1, sizeof(*h));

	assert_non_null(h);
	h->now = conf.now_ns;
	conf.alloc = host_alloc;
	conf.release = host_release;
	conf.mem_arg = h;
	memset(conf.key, key, sizeof(conf.key));
	h->st = ph_stack_new(&conf);
	assert_non_null(h->st);
	h->link = ph_link_add(h->st, &link, h->now);
	assert_true(h->link > 0);
	assert_int_equal(ph_sysctl_set(h->st, "net.ipv6.conf.default.use_tempaddr", tempaddr), 0);
	assert_int_equal(ph_link_ipv6(h->st, h->link, PH_IPV6_SLAAC, h->now), 0);
	host6_settle(h, 4 * NS_PER_S);
	prefix_in(h, 864000, 864000);
	return h;
}

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
	assert_int_equal(ph_addrs(h->st, all, 16), 0);
	assert_int_equal(ph_link_ipv6(h->st, h->link, PH_IPV6_SLAAC, h->now), 0);
	host6_settle(h, 4 * NS_PER_S);
	prefix_in(h, 864000, 864000);
	assert_int_equal(find_addrs(h, PH_ADDR_TEMPORARY, true, after), 1);
	assert_memory_not_equal(before[0].ip.b + 8, after[0].ip.b + 8, 8);
	assert_memory_equal(public(h).ip.b, &stable.ip, 16);
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
	n = ph_addrs(h->st, a, 32);
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
		cmocka_unit_test(test_a_hop_limit_too_small_is_not_taken_where_that_is_asked_for),
		cmocka_unit_test(test_times_beyond_reason_are_not_taken),
		cmocka_unit_test(test_long_options_are_taken_as_far_as_there_is_room),
		cmocka_unit_test(test_a_domain_with_a_shells_characters_is_none),
		cmocka_unit_test(test_who_spoils_one_prefix_takes_no_privacy_from_another),
		cmocka_unit_test(test_routers_are_heard_where_that_is_wanted),
		cmocka_unit_test(test_a_route_may_end_and_begin_at_the_same_moment),
		cmocka_unit_test(test_a_routers_redirects_are_bounded),
	};

	return cmocka_run_group_tests_name("ra", tests, NULL, NULL);
}
