/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/ra.h, slaac.h, route6.c: what routers advertise, and what a host makes of it; days pass in
 * virtual time.
 */
#include "own.h"
#include "ra_fixture.h"

/* rfc: 7559:2-1 4861:6.3.7-1 4861:6.3.7-2 4861:4.1-1 7559:3-1 8504:5.4-1 */
static void test_routers_are_asked_for_less_and_less_often(void **state)
{
	struct host *h = slaac_host(NULL, NULL);
	uint64_t last = 0, wait = 0;
	unsigned n = 0;

	(void)state;
	while (n < 14) {
		uint64_t at = ph_stack_deadline(h->st);

		assert_true(at != PH_NEVER);
		host_run(h, at > h->now ? at - h->now : 0);
		while (host_take(h) > 0) {
			if (h->out[AT6] != ICMP6_RS)
				continue;
			(void)out_icmp6(h, ICMP6_RS);
			assert_int_equal(out_ip6(h)->hop, 255);
			assert_int_equal(out_ip6(h)->dst[15], 2);
			assert_memory_equal(out_ip6(h)->src, us_ll.b, 16);
			assert_memory_equal(h->out + AT6 + 10, us_mac, 6);
			if (n == 1)
				assert_in_range(h->now - last, 3600 * NS_PER_MS, 4400 * NS_PER_MS);
			else if (n > 1 && n < 10)
				assert_in_range(h->now - last, wait * 17 / 10, wait * 23 / 10);
			else if (n > 12)
				assert_in_range(h->now - last, 3240 * NS_PER_S, 3960 * NS_PER_S);
			wait = h->now - last;
			last = h->now;
			n++;
		}
	}
	host_free(h);
}

/* rfc: 7559:2.1-1 7559:2.1-2 4861:6.3.7-3 */
static void test_a_default_router_ends_the_asking_and_another_answer_does_not(void **state)
{
	(void)state;
	for (unsigned lifetime = 0; lifetime < 2; lifetime++) {
		struct host *h = ready_host();
		unsigned asked = 0;
		struct frame f;

		ra(&f, &peer_ll, lifetime ? 1800 : 0, 0);
		ra_in(h, &f);
		for (unsigned i = 0; i < 300; i++) {
			host_run(h, NS_PER_S);
			while (host_take(h) > 0)
				asked += h->out[AT6] == ICMP6_RS;
		}
		assert_int_equal(asked > 0, lifetime == 0);
		host_free(h);
	}
}

/* rfc: 4862:5.5-1 4862:5.5.4-1 4862:5.5.4-2 4862:5.5.4-3 4861:6.3.5-1 */
static void test_an_address_of_a_prefix_lives_as_long_as_it_is_told(void **state)
{
	static const struct ph_ip want = { { 0x20, 1, 0x0d, 0xb8, 0, 1, 0, 0, 0, 0, 0, 0xff, 0xfe, 0,
					     0, 2 } };
	struct host *h = ready_host();
	struct frame f;
	struct ph_ip ip;

	(void)state;
	host_test_l4(h);
	prefix_in(h, 3000, 1000);
	ip = public(h).ip;
	assert_memory_equal(&ip, &want, 16);
	assert_true(public(h).flags & PH_ADDR_TENTATIVE);
	host6_settle(h, 5 * NS_PER_S);
	assert_int_equal(public(h).flags, PH_ADDR_AUTO);
	assert_memory_equal(next_hop(h, &far6), &peer_ll, 16);
	host6_settle(h, 995 * NS_PER_S);
	assert_int_equal(public(h).flags, PH_ADDR_AUTO | PH_ADDR_DEPRECATED);
	assert_int_equal(public(h).valid_s, 2000);
	frame_ip6(&f, &far6, &want, TEST_PROTO); /* deprecated is not gone */
	frame6_end(&f);
	frame_in(h, &f);
	assert_int_equal(test_l4.inputs, 1);
	host6_settle(h, 800 * NS_PER_S);
	assert_null(next_hop(h, &far6)); /* the router's 1800 s */
	host6_settle(h, 1201 * NS_PER_S);
	assert_int_equal(public(h).prefix, 0);
	frame_in(h, &f);
	assert_int_equal(test_l4.inputs, 1);
	host_free(h);
}

/* rfc: 4862:5.5.3-1 4862:5.5.3-2 4862:5.5.3-3 4862:5.5.3-4 */
/* attack: RA-prefix-abuse */
static void test_a_prefix_that_makes_no_address_makes_none(void **state)
{
	static const struct {
		const char *what;
		struct ph_ip prefix;
		uint8_t len, flags;
		uint32_t valid, preferred;
	} row[] = {
		{ "without A", { { 0x20, 1, 0x0d, 0xb8, 0, 1 } }, 64, 0x80, 100, 100 },
		{ "link-local", { { 0xfe, 0x80 } }, 64, 0xc0, 100, 100 },
		{ "a group", { { 0xff, 0x0e } }, 64, 0xc0, 100, 100 },
		{ "preferred beyond valid", { { 0x20, 1, 0x0d, 0xb8, 0, 1 } }, 64, 0xc0, 100, 101 },
		{ "of 63 bits", { { 0x20, 1, 0x0d, 0xb8, 0, 1 } }, 63, 0xc0, 100, 100 },
		{ "of 65 bits", { { 0x20, 1, 0x0d, 0xb8, 0, 1 } }, 65, 0xc0, 100, 100 },
		{ "of 200 bits", { { 0x20, 1, 0x0d, 0xb8, 0, 1 } }, 200, 0xc0, 100, 100 },
		{ "valid for no time", { { 0x20, 1, 0x0d, 0xb8, 0, 1 } }, 64, 0xc0, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		struct host *h = ready_host();
		struct ph_addr_info a[4];
		struct frame f;

		ra(&f, &peer_ll, 1800, 0);
		pio(&f, &row[i].prefix, row[i].len, row[i].flags, row[i].valid, row[i].preferred);
		ra_in(h, &f);
		if (own_addrs(h->st, a, 4) != 1)
			fail_msg("%s: made an address", row[i].what);
		host_free(h);
	}
}

/* rfc: 4862:5.5.3-5 4862:5.5.3-6 */
/* attack: RA-kill */
static void test_two_hours_cannot_be_taken_away(void **state)
{
	static const struct {
		uint32_t first, said, left; /* left: at once afterwards */
	} row[] = {
		{ 86400, 86400 * 2, 86400 * 2 }, /* longer */
		{ 86400, 7201, 7201 },		 /* shorter, above two hours */
		{ 86400, 60, 7200 },		 /* shorter: two hours are left */
		{ 86400, 0, 7200 },
		{ 3600, 60, 3600 },   /* less than two hours are left: ignored */
		{ 3600, 3601, 3601 }, /* longer */
		{ 3600, UINT32_MAX, UINT32_MAX },
		{ UINT32_MAX, 60, 7200 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		struct host *h = ready_host();
		uint32_t preferred = row[i].said < 50 ? row[i].said : 50;

		prefix_in(h, row[i].first, 300);
		prefix_in(h, row[i].said, preferred);
		if (public(h).valid_s != row[i].left)
			fail_msg("%u then %u: %u left", row[i].first, row[i].said,
				 public(h).valid_s);
		assert_int_equal(public(h).preferred_s, preferred);
		host_free(h);
	}
}

/* rfc: 4861:6.3.4-5 4861:6.3.4-6, 2464:2-1, 4861:6.3.4-2 */
/* attack: CVE-2015-0272 */
static void test_the_routers_parameters_are_taken_and_zero_says_nothing(void **state)
{
	struct host *h = ready_host();
	const struct if6 *v6 = link_get(h->st, h->link)->v6;
	struct frame f;
	uint8_t *o;

	(void)state;
	for (unsigned turn = 0; turn < 2; turn++) {
		ra(&f, &peer_ll, 1800, 0);
		if (turn == 0) {
			f.b[AT6 + 4] = 33;
			f.b[AT6 + 5] = ND_RA_MANAGED;
			put32(f.b + AT6 + 8, 12345);
			put32(f.b + AT6 + 12, 777);
			o = frame_put(&f, 8);
			o[0] = ND_OPT_MTU;
			o[1] = 1;
			put32(o + 4, 1400);
		}
		ra_in(h, &f);
		assert_int_equal(v6->hop_limit, 33);
		assert_int_equal(v6->base_reachable_ns, 12345 * NS_PER_MS);
		assert_int_equal(v6->retrans_ns, 777 * NS_PER_MS);
		assert_int_equal(v6->mtu, 1400);
	}
	for (uint32_t mtu = 1279; mtu <= 1501; mtu += 222) { /* neither too small nor too large */
		ra(&f, &peer_ll, 1800, 0);
		o = frame_put(&f, 8);
		o[0] = ND_OPT_MTU;
		o[1] = 1;
		put32(o + 4, mtu);
		ra_in(h, &f);
		assert_int_equal(v6->mtu, 1400);
	}
	host_free(h);
}

/* Every octet of every option cut away, and every length lied about. */
/* rfc: 4861:4.6-1 4861:6.1.2-1 8106:5.3.1-1 */
static void test_options_that_lie_about_their_length_are_not_believed(void **state)
{
	struct host *h = ready_host();
	struct frame whole, f;
	uint8_t *o;
	size_t at = AT6 + sizeof(struct nd_ra);

	(void)state;
	ra(&whole, &peer_ll, 0, 0);
	pio(&whole, &prefix_a, 64, 0xc0, 100, 100);
	o = frame_put(&whole, 24); /* a route */
	o[0] = ND_OPT_ROUTE;
	o[1] = 3;
	o[2] = 64;
	o = frame_put(&whole, 24); /* a server */
	o[0] = ND_OPT_RDNSS;
	o[1] = 3;
	put32(o + 4, 600);
	memcpy(o + 8, far6.b, 16);
	for (size_t len = at; len < whole.len; len++) {
		bool border = len == at || len == at + 32 || len == at + 56;
		uint64_t before = drops_of(h, "IPV6_NDISC_BAD_OPTIONS");

		f = whole;
		f.len = len;
		ra_in(h, &f);
		assert_int_equal(drops_of(h, "IPV6_NDISC_BAD_OPTIONS") - before, !border);
	}
	for (unsigned len = 0; len < 256; len++) {
		f = whole;
		f.b[at + 1] = (uint8_t)len;
		ra_in(h, &f);
		f = whole;
		f.b[at + 33] = (uint8_t)len;
		ra_in(h, &f);
		f = whole;
		f.b[at + 57] = (uint8_t)len;
		ra_in(h, &f);
	}
	host6_settle(h, 8000 * NS_PER_S);
	host_free(h);
}

static void test_advertisements_are_believed_of_link_local_senders_alone(void **state)
{
	static const struct {
		const char *what, *reason;
		const struct ph_ip *src;
		uint8_t hop, code;
	} row[] = {
		{ "from a global address", "IPV6_NDISC_ADDRESS", &peer6, 255, 0 },
		{ "from beyond the link", "IPV6_NDISC_HOP_LIMIT", &peer_ll, 64, 0 },
		{ "of code 1", "IPV6_NDISC_BAD_CODE", &peer_ll, 255, 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		struct host *h = ready_host();
		struct frame f;

		ra(&f, row[i].src, 1800, 0);
		frame_hdr6(&f)->hop = row[i].hop;
		f.b[AT6 + 1] = row[i].code;
		ra_in(h, &f);
		assert_int_equal(drops_of(h, row[i].reason), 1);
		assert_null(next_hop(h, &far6));
		host_free(h);
	}
}

/* rfc: 4861:6.3.4-7 4861:6.3.6-1 4861:6.2.5-1 8504:5.9-1 */
static void test_the_preferred_router_is_used_while_it_answers(void **state)
{
	struct host *h = ready_host();
	struct frame f;

	(void)state;
	ra(&f, &peer_ll, 1800, 0);
	ra_in(h, &f);
	ra(&f, &router2, 1800, 1);
	ra_in(h, &f);
	prefix_in(h, 86400, 86400);
	host6_settle(h, 3 * NS_PER_S);
	assert_memory_equal(next_hop(h, &far6), &router2, 16);
	assert_int_equal(ph_neigh_add(h->st, h->link, &peer_ll, peer_mac, h->now), 0);
	for (unsigned i = 0; i < 2; i++) { /* it does not answer */
		struct ip_tx tx = { .proto = TEST_PROTO };
		struct dst d = { 0 };

		assert_int_equal(dst_lookup(h->st, &d, NULL, &far6, false), 0);
		assert_int_equal(ip_output(h->st, host_payload(h, 1, 24), &d, &tx), 0);
		host6_settle(h, 4 * NS_PER_S);
	}
	assert_memory_equal(next_hop(h, &far6), &peer_ll, 16);
	ra(&f, &peer_ll, 0, 0); /* and the other one resigns */
	ra_in(h, &f);
	assert_memory_equal(next_hop(h, &far6), &router2, 16);
	host_free(h);
}

/* rfc: 8504:5.4-2 */
static void test_destinations_spread_over_routers_that_are_equal(void **state)
{
	struct host *h = ready_host();
	unsigned via[2] = { 0, 0 };
	struct ph_ip to = far6;
	struct frame f;

	(void)state;
	ra(&f, &router2, 1800, 0);
	ra_in(h, &f);
	prefix_in(h, 86400, 86400);
	host6_settle(h, 3 * NS_PER_S);
	for (unsigned i = 0; i < 64; i++) {
		to.b[15] = (uint8_t)i;
		via[next_hop(h, &to)->b[15] == 7]++;
	}
	assert_true(via[0] > 10 && via[1] > 10);
	host_free(h);
}

/* rfc: 8504:5.9-1 */
/* attack: CVE-2010-0239 */
static void test_routes_of_advertisements_are_more_specific(void **state)
{
	static const struct ph_ip net = { { 0x20, 1, 0x0d, 0xb8, 0xff } },
				  in = { { 0x20, 1, 0x0d, 0xb8, 0xff, 1, [15] = 1 } };
	struct host *h = ready_host();
	struct frame f;
	uint8_t *o;

	(void)state;
	prefix_in(h, 86400, 86400);
	host6_settle(h, 3 * NS_PER_S);
	for (unsigned len = 1; len <= 3; len++) {
		ra(&f, &router2, 0, 0);
		o = frame_put(&f, len * 8);
		o[0] = ND_OPT_ROUTE;
		o[1] = (uint8_t)len;
		o[2] = 40; /* bits, that a length of 1 has no room for */
		put32(o + 4, 600);
		memcpy(o + 8, net.b, (len - 1) * 8);
		ra_in(h, &f);
		assert_memory_equal(next_hop(h, &in), len > 1 ? &router2 : &peer_ll, 16);
	}
	assert_memory_equal(next_hop(h, &far6), &peer_ll, 16);
	host6_settle(h, 601 * NS_PER_S);
	assert_memory_equal(next_hop(h, &in), &peer_ll, 16);
	host_free(h);
}

/* rfc: 8106:5.1-1 8106:5.1-2 8106:5.2-1 8106:6.1-1 8106:5.3.1-2 8504:8.3-1 */
/* attack: DNSSL-compression-and-lifetime-abuse */
static void test_name_servers_and_domains_are_kept_for_their_time(void **state)
{
	static const char domain[] = "\7example\3org\0\4test\0";
	struct host *h = ready_host();
	struct ph_dns_info d[8];
	struct frame f;
	uint8_t *o;

	(void)state;
	ra(&f, &peer_ll, 1800, 0);
	o = frame_put(&f, 40);
	o[0] = ND_OPT_RDNSS;
	o[1] = 5;
	put32(o + 4, 600);
	memcpy(o + 8, far6.b, 16);
	memcpy(o + 24, peer6.b, 16);
	o = frame_put(&f, 32);
	o[0] = ND_OPT_DNSSL;
	o[1] = 4;
	put32(o + 4, 1200);
	memcpy(o + 8, domain, sizeof(domain));
	o = frame_put(&f, 16); /* a name that points elsewhere: not of this format */
	o[0] = ND_OPT_DNSSL;
	o[1] = 2;
	put32(o + 4, 1200);
	o[8] = 0xc0;
	o = frame_put(&f, 16); /* an even number of units */
	o[0] = ND_OPT_RDNSS;
	o[1] = 2;
	put32(o + 4, 600);
	ra_in(h, &f);
	assert_int_equal(ph_dns(h->st, d, 8), 4);
	assert_memory_equal(&d[0].server, &far6, 16);
	assert_memory_equal(&d[1].server, &peer6, 16);
	assert_int_equal(d[0].valid_s, 600);
	assert_string_equal(d[2].domain, "example.org");
	assert_string_equal(d[3].domain, "test");
	host6_settle(h, 600 * NS_PER_S);
	assert_int_equal(ph_dns(h->st, d, 8), 2);
	ra(&f, &peer_ll, 1800, 0);
	o = frame_put(&f, 24);
	o[0] = ND_OPT_DNSSL;
	o[1] = 3;
	memcpy(o + 8, "\4test", 6); /* for no time */
	ra_in(h, &f);
	assert_int_equal(ph_dns(h->st, d, 8), 1);
	host_free(h);
}

/* rfc: 8106:6.2-1 */
/* attack: CVE-2010-4669 */
static void test_what_routers_can_make_us_hold_has_an_end(void **state)
{
	struct host *h = ready_host();
	struct ph_addr_info a[64];
	struct ph_route_info r[256];
	struct ph_dns_info d[64];
	struct ph_usage u;
	struct frame f;

	(void)state;
	for (unsigned i = 0; i < 500; i++) {
		struct ph_ip from = router2, prefix = prefix_a;
		uint8_t *o;

		from.b[14] = (uint8_t)(i >> 8);
		from.b[13] = 1;
		from.b[15] = (uint8_t)i;
		prefix.b[6] = (uint8_t)(i >> 8);
		prefix.b[7] = (uint8_t)i;
		ra(&f, &from, 9000, 0);
		pio(&f, &prefix, 64, 0xc0, 86400, 86400);
		o = frame_put(&f, 24);
		o[0] = ND_OPT_RDNSS;
		o[1] = 3;
		put32(o + 4, 600 + i);
		memcpy(o + 8, prefix.b, 8);
		ra_in(h, &f);
	}
	assert_in_range(own_addrs(h->st, a, 64), 10, 17);
	assert_in_range(ph_routes(h->st, r, 256), 60, 70);
	assert_int_equal(ph_dns(h->st, d, 64), 16);
	assert_int_equal(d[15].valid_s, 600 + 499); /* the longest stay */
	ph_stack_usage(h->st, &u);
	host6_settle(h, 90000 * NS_PER_S);
	assert_int_equal(own_addrs(h->st, a, 64), 1);
	assert_int_equal(ph_routes(h->st, r, 256), 1);
	assert_int_equal(ph_dns(h->st, d, 64), 0);
	host_free(h);
}

/* rfc: 8981:3.4-1 8981:3.4-2 8981:3.5-1 8981:3.6-1 8981:3.3-1 8981:3.7-1 */
static void test_temporary_addresses_follow_each_other(void **state)
{
	struct host *h = slaac_host("net.ipv6.conf.default.use_tempaddr", "2");
	struct ph_addr_info a[16];
	struct ph_ip last = none6;
	unsigned seen = 0;

	(void)state;
	host6_settle(h, 4 * NS_PER_S);
	for (unsigned hour = 0; hour < 24 * 7; hour++) {
		unsigned preferred = 0, n;
		struct dst d = { 0 };

		prefix_in(h, 86400 * 30, 86400 * 14);
		host6_settle(h, 3600 * NS_PER_S);
		prefix_in(h, 86400 * 30, 86400 * 14);
		n = find_addrs(h, PH_ADDR_TEMPORARY, true, a);
		assert_in_range(n, 1, 4);
		for (unsigned i = 0; i < n; i++) {
			assert_true(a[i].valid_s <= 172800 && a[i].preferred_s <= 86400);
			assert_memory_not_equal(a[i].ip.b + 8, us_ll.b + 8, 8);
			preferred += !(a[i].flags & PH_ADDR_DEPRECATED);
		}
		assert_in_range(preferred, 1, 2);
		assert_int_equal(dst_lookup(h->st, &d, NULL, &far6, false), 0);
		assert_memory_not_equal(d.src.b + 8, us_ll.b + 8, 8); /* and they are used */
		if (memcmp(&last, &d.src, 16) != 0)
			seen++;
		last = d.src;
	}
	assert_in_range(seen, 6, 9);
	host_free(h);
}

static unsigned preferred_temporaries(struct host *h, uint32_t *preferred_s)
{
	struct ph_addr_info a[16];
	unsigned n = find_addrs(h, PH_ADDR_TEMPORARY, true, a), young = 0;

	for (unsigned i = 0; i < n; i++)
		if (!(a[i].flags & (PH_ADDR_DEPRECATED | PH_ADDR_TENTATIVE))) {
			*preferred_s = a[i].preferred_s;
			young++;
		}
	return young;
}

/* rfc: 8981:3.4-2 */
static void test_a_temporary_address_is_preferred_as_long_as_its_prefix_is_said_to_be(void **state)
{
	struct host *h = slaac_host("net.ipv6.conf.default.use_tempaddr", "2");
	uint32_t left = 0;

	(void)state;
	host6_settle(h, 4 * NS_PER_S);
	for (unsigned i = 0; i < 20; i++) { /* one and the same, told of every minute */
		prefix_in(h, 300, 200);
		host6_settle(h, 60 * NS_PER_S);
		assert_int_equal(preferred_temporaries(h, &left), 1);
		assert_in_range(left, 135, 140);
	}
	host_free(h);
}

static void test_a_prefix_preferred_again_has_temporary_addresses_again(void **state)
{
	struct host *h = slaac_host("net.ipv6.conf.default.use_tempaddr", "2");
	uint32_t left = 0;

	(void)state;
	assert_int_equal(ph_sysctl_set(h->st, "net.ipv6.conf.all.temp_prefered_lft", "100"), 0);
	host6_settle(h, 4 * NS_PER_S);
	prefix_in(h, 7200, 60); /* and then the routers are silent */
	host6_settle(h, 5 * NS_PER_S);
	assert_int_equal(preferred_temporaries(h, &left), 1);
	host6_settle(h, 200 * NS_PER_S);
	assert_int_equal(preferred_temporaries(h, &left), 0);
	prefix_in(h, 7200, 1000);
	host6_settle(h, 3 * NS_PER_S);
	assert_int_equal(preferred_temporaries(h, &left), 1);
	assert_in_range(left, 50, 100);
	host_free(h);
}

/* rfc: 8981:3.4-3 */
static void test_a_prefix_about_to_end_makes_no_temporary_address(void **state)
{
	struct host *h = slaac_host("net.ipv6.conf.default.use_tempaddr", "1");
	struct ph_addr_info a[16];

	(void)state;
	host6_settle(h, 4 * NS_PER_S);
	prefix_in(h, 100, 4);
	assert_int_equal(find_addrs(h, PH_ADDR_TEMPORARY, true, a), 0);
	assert_int_equal(find_addrs(h, PH_ADDR_TEMPORARY, false, a), 1);
	host6_settle(h, 101 * NS_PER_S);
	host_free(h);
}

/* rfc: 4429:3.3-1 4429:3.3-3 9131:6.1.2-3 4429:3.2-2 */
static void test_an_optimistic_address_is_used_while_it_is_probed(void **state)
{
	struct host *h = slaac_host("net.ipv6.conf.default.optimistic_dad", "1");
	struct ph_ip ip, sol;
	struct dst d = { 0 };
	struct frame f;

	(void)state;
	host6_settle(h, 4 * NS_PER_S);
	ra(&f, &peer_ll, 1800, 0);
	frame_mac_opt(&f, ND_OPT_SOURCE_MAC, peer_mac);
	pio(&f, &prefix_a, 64, 0xc0, 86400, 86400);
	ra_in(h, &f);
	ip = public(h).ip;
	sol = ip6_solicited_node(&ip, 0);
	assert_int_equal(public(h).flags, PH_ADDR_AUTO | PH_ADDR_TENTATIVE | PH_ADDR_OPTIMISTIC);
	assert_true(host_take(h) > 0);
	assert_int_equal(out_icmp6(h, ICMP6_NA)[4], 0); /* routers hear, and override nothing */
	assert_int_equal(dst_lookup(h->st, &d, NULL, &far6, false), 0);
	assert_memory_equal(&d.src, &ip, 16);
	frame_nd(&f, ICMP6_NS, &peer_ll, &sol, &ip, 0, peer_mac);
	frame_in(h, &f);
	assert_true(host_take(h) > 0);
	assert_int_equal(out_icmp6(h, ICMP6_NA)[4], ND_NA_SOLICITED);
	host6_settle(h, 3 * NS_PER_S);
	assert_int_equal(public(h).flags, PH_ADDR_AUTO);
	host_free(h);
}

/* attack: CVE-2011-1652 */
static void test_static_ipv6_hears_no_router(void **state)
{
	struct host *h = host6_new();
	struct frame f;

	(void)state;
	ra(&f, &peer_ll, 1800, 0);
	pio(&f, &prefix_a, 64, 0xc0, 100, 100);
	ra_in(h, &f);
	assert_int_equal(drops_of(h, "IPV6_NDISC_IGNORED"), 1);
	assert_null(next_hop(h, &far6));
	host_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_routers_are_asked_for_less_and_less_often),
		cmocka_unit_test(
			test_a_default_router_ends_the_asking_and_another_answer_does_not),
		cmocka_unit_test(test_an_address_of_a_prefix_lives_as_long_as_it_is_told),
		cmocka_unit_test(test_a_prefix_that_makes_no_address_makes_none),
		cmocka_unit_test(test_two_hours_cannot_be_taken_away),
		cmocka_unit_test(test_the_routers_parameters_are_taken_and_zero_says_nothing),
		cmocka_unit_test(test_options_that_lie_about_their_length_are_not_believed),
		cmocka_unit_test(test_advertisements_are_believed_of_link_local_senders_alone),
		cmocka_unit_test(test_the_preferred_router_is_used_while_it_answers),
		cmocka_unit_test(test_destinations_spread_over_routers_that_are_equal),
		cmocka_unit_test(test_routes_of_advertisements_are_more_specific),
		cmocka_unit_test(test_name_servers_and_domains_are_kept_for_their_time),
		cmocka_unit_test(test_what_routers_can_make_us_hold_has_an_end),
		cmocka_unit_test(test_temporary_addresses_follow_each_other),
		cmocka_unit_test(test_a_temporary_address_is_preferred_as_long_as_its_prefix_is_said_to_be),
		cmocka_unit_test(test_a_prefix_preferred_again_has_temporary_addresses_again),
		cmocka_unit_test(test_a_prefix_about_to_end_makes_no_temporary_address),
		cmocka_unit_test(test_an_optimistic_address_is_used_while_it_is_probed),
		cmocka_unit_test(test_static_ipv6_hears_no_router),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
