/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/dad.h, rule by rule: which groups are joined before an address is asked for, what the question
 * looks like, which messages say that it is taken and which do not, and what an address may do
 * meanwhile (RFC 4862 5.4, 4429, 7527, 9131).
 */
#include "nd_fixture.h"
#include "own.h"
#include "ra_fixture.h"

static const struct ph_ip v2_routers = { { 0xff, 2, [15] = 0x16 } };

/* rfc: 4862:5.3-1 */
static void test_a_link_with_ipv6_has_a_link_local_address_for_ever(void **state)
{
	struct host *h = host6_with((struct ph_link_conf){ .kind = PH_LINK_ETHER }, PH_IPV6_STATIC);
	struct ph_addr_info a[4];
	const uint8_t *p;

	(void)state;
	assert_int_equal(own_addrs(h->st, a, 4), 1);
	assert_true(a[0].flags & PH_ADDR_TENTATIVE);
	p = next_icmp6(h, ICMP6_NS, NS_PER_S);
	assert_non_null(p);
	assert_memory_equal(p + 8, us_ll.b, 16);
	assert_memory_equal(out_ip6(h)->src, none6.b, 16);
	host6_settle(h, 1000 * 86400 * NS_PER_S);
	assert_int_equal(own_addrs(h->st, a, 4), 1);
	assert_memory_equal(&a[0].ip, &us_ll, 16);
	assert_int_equal(a[0].prefix, 64);
	assert_int_equal(a[0].valid_s, UINT32_MAX);
	assert_int_equal(a[0].preferred_s, UINT32_MAX);
	assert_int_equal(a[0].flags & PH_ADDR_TENTATIVE, 0);
	host_free(h);
}

/* rfc: 4862:5.4.2-1 4861:7.2.1-1 */
static void test_the_group_of_an_address_is_joined_before_it_is_asked_for(void **state)
{
	struct host *h = host6_with((struct ph_link_conf){ .kind = PH_LINK_ETHER }, PH_IPV6_STATIC);
	const uint8_t *p;
	struct frame f;

	(void)state;
	host6_settle(h, 5 * NS_PER_S);
	assert_int_equal(ph_addr_add(h->st, h->link, &other6, 64, h->now), 0);
	assert_true(host_take(h) > 0); /* first the report, then the question */
	assert_memory_equal(out_ip6(h)->dst, v2_routers.b, 16);
	p = h->out + AT6 + 8;
	assert_int_equal(p[0], ICMP6_MLD2_REPORT);
	assert_int_equal(p[8], 4); /* to exclude nobody */
	assert_memory_equal(p + 12, ip6_solicited_node(&other6, 0).b, 16);
	p = next_icmp6(h, ICMP6_NS, NS_PER_S);
	assert_non_null(p);
	assert_memory_equal(p + 8, other6.b, 16);
	frame_nd(&f, ICMP6_NS, &none6, &(struct ph_ip){ { 0xff, 2, [11] = 1, 0xff, 0, 0, 3 } },
		 &other6, 0, NULL);
	frame_in(h, &f); /* the group is heard */
	assert_int_equal(addr(h, &other6).flags, PH_ADDR_DADFAILED);
	host_free(h);

	h = host6_with((struct ph_link_conf){ .kind = PH_LINK_ETHER }, PH_IPV6_STATIC);
	host6_settle(h, 5 * NS_PER_S);
	frame_icmp6(&f, &peer_ll, &all_nodes6, ICMP6_ECHO, 8); /* all nodes have their group, too */
	frame_icmp6_end(&f, AT6);
	host6_know(h, &peer_ll);
	frame_in(h, &f);
	assert_non_null(next_icmp6(h, ICMP6_ECHO_REPLY, 0));
	host_free(h);
}

/* rfc: 4861:7.2.1-1 */
static void test_a_group_is_left_with_the_last_address_that_needs_it(void **state)
{
	static const struct ph_ip twin = { { 0xfd, 0, [7] = 1, [15] = 3 } }; /* the same last bits */
	struct ph_ip sol = ip6_solicited_node(&other6, 0);
	struct host *h = host6_new();
	const uint8_t *p;
	struct frame f;

	(void)state;
	assert_int_equal(ph_addr_add(h->st, h->link, &other6, 64, h->now), 0);
	assert_int_equal(ph_addr_add(h->st, h->link, &twin, 64, h->now), 0);
	host6_settle(h, 5 * NS_PER_S);
	assert_int_equal(ph_addr_del(h->st, h->link, &other6, h->now), 0);
	assert_null(next_icmp6(h, ICMP6_MLD2_REPORT, 5 * NS_PER_S));
	frame_nd(&f, ICMP6_NS, &peer6, &sol, &twin, 0, peer_mac);
	frame_in(h, &f);
	assert_true(host_take(h) > 0);
	assert_memory_equal(out_icmp6(h, ICMP6_NA) + 8, twin.b, 16);
	assert_int_equal(ph_addr_del(h->st, h->link, &twin, h->now), 0);
	p = next_icmp6(h, ICMP6_MLD2_REPORT, 0);
	assert_non_null(p);
	assert_int_equal(p[8], 3); /* to include nobody */
	assert_memory_equal(p + 12, sol.b, 16);
	host6_settle(h, 5 * NS_PER_S);
	frame_in(h, &f);
	assert_int_equal(drops_of(h, "OTHERHOST"), 1);
	host_free(h);
}

/* rfc: 4862:5.4-3 */
static void test_each_address_is_asked_for_though_its_identifier_was(void **state)
{
	static const struct ph_ip same = { { 0xfd, 0, [11] = 0xff, 0xfe, 0, 0, 2 } };
	struct host *h = host6_with((struct ph_link_conf){ .kind = PH_LINK_ETHER }, PH_IPV6_STATIC);
	const uint8_t *p;

	(void)state;
	assert_memory_equal(same.b + 8, us_ll.b + 8, 8);
	p = next_icmp6(h, ICMP6_NS, NS_PER_S);
	assert_non_null(p);
	assert_memory_equal(p + 8, us_ll.b, 16);
	host6_settle(h, 5 * NS_PER_S);
	assert_int_equal(ph_addr_add(h->st, h->link, &same, 64, h->now), 0);
	p = next_icmp6(h, ICMP6_NS, NS_PER_S);
	assert_non_null(p);
	assert_memory_equal(p + 8, same.b, 16);
	assert_memory_equal(out_ip6(h)->src, none6.b, 16);
	host_free(h);
}

/* rfc: 4861:7.1.1-2 */
static void test_a_probe_that_cannot_be_one_does_not_take_an_address(void **state)
{
	static const struct {
		const char *what;
		struct ph_ip dst;
		const uint8_t *mac;
	} row[] = {
		{ "to one", { { 0xfd, 0, [15] = 2 } }, NULL },
		{ "to all nodes", { { 0xff, 2, [15] = 1 } }, NULL },
		{ "with an address", { { 0xff, 2, [11] = 1, 0xff, 0, 0, 2 } }, peer_mac },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		struct host *h = probing();
		struct frame f;

		(void)next_icmp6(h, ICMP6_NS, NS_PER_S);
		frame_nd(&f, ICMP6_NS, &none6, &row[i].dst, &us6, 0, row[i].mac);
		frame_in(h, &f);
		if (addr(h, &us6).flags & PH_ADDR_DADFAILED)
			fail_msg("%s: took the address", row[i].what);
		host6_settle(h, 3 * NS_PER_S);
		assert_int_equal(addr(h, &us6).flags, 0);
		frame_in(h, &f);
		if (next_icmp6(h, ICMP6_NA, NS_PER_S))
			fail_msg("%s: was answered", row[i].what);
		host_free(h);
	}
}

static unsigned duplicates;

static void sink(void *arg, const struct ph_trace_event *e)
{
	(void)arg;
	duplicates += strcmp(e->type->name, "address_duplicate") == 0;
}

/* rfc: 7527:4.2-2 */
static void test_a_probe_with_another_nonce_is_somebody_elses(void **state)
{
	struct host *h = probing();
	struct frame f;

	(void)state;
	duplicates = 0;
	h->st->trace.sink = sink;
	(void)next_icmp6(h, ICMP6_NS, NS_PER_S);
	frame_nd(&f, ICMP6_NS, &none6, &us_solicited, &us6, 0, NULL);
	frame_mac_opt(&f, ND_OPT_NONCE, (const uint8_t[6]){ 1, 2, 3, 4, 5, 6 });
	frame_icmp6_end(&f, AT6);
	frame_in(h, &f);
	assert_int_equal(addr(h, &us6).flags, PH_ADDR_DADFAILED);
	assert_int_equal(duplicates, 1);
	host_free(h);
}

/* rfc: 9131:6.1.2-2 9131:6.1.2-4 */
static void test_routers_are_told_of_an_address_without_override_and_not_in_haste(void **state)
{
	struct host *h = probing();
	uint64_t last = 0;
	unsigned told = 0;
	const uint8_t *p;

	(void)state;
	while ((p = next_icmp6(h, ICMP6_NA, 60 * NS_PER_S))) {
		assert_int_equal(out_ip6(h)->dst[15], 2);
		assert_int_equal(p[4], 0);
		assert_memory_equal(p + 8, us6.b, 16);
		assert_true(told == 0 || h->now - last >= NS_PER_S);
		last = h->now;
		told++;
	}
	assert_in_range(told, 1, 3);
	host_free(h);
}

/* ---- optimistic addresses (RFC 4429) -------------------------------------------------------- */

/* One of prefix_a, from a router that says where it is itself, or does not. */
static struct host *optimistic_host(bool told)
{
	struct host *h = slaac_host("net.ipv6.conf.default.optimistic_dad", "1");
	struct frame f;

	host6_settle(h, 3 * NS_PER_S);
	ra(&f, &peer_ll, 1800, 0);
	if (told)
		frame_mac_opt(&f, ND_OPT_SOURCE_MAC, peer_mac);
	pio(&f, &prefix_a, 64, 0xc0, 86400, 86400);
	ra_in(h, &f);
	return h;
}

/* rfc: 4429:3.2-1 */
static void test_routers_are_asked_from_an_address_that_is_ours(void **state)
{
	struct host *h = slaac_host("net.ipv6.conf.default.optimistic_dad", "1");
	const uint8_t *p = NULL;
	struct frame f;

	(void)state;
	host6_settle(h, 3 * NS_PER_S);
	ra(&f, &peer_ll, 0, 0); /* a prefix, but no router: the asking goes on */
	frame_mac_opt(&f, ND_OPT_SOURCE_MAC, peer_mac);
	pio(&f, &prefix_a, 64, 0xc0, 86400, 86400);
	for (unsigned i = 0; i < 10 && !p; i++) {
		struct ph_ip prefix = prefix_a;

		prefix.b[7] = (uint8_t)i; /* there is always an address that is optimistic */
		memcpy(f.b + AT6 + 16 + 8 + 16, prefix.b, 8);
		ra_in(h, &f);
		p = next_icmp6(h, ICMP6_RS, NS_PER_S / 2);
	}
	assert_non_null(p);
	assert_memory_equal(out_ip6(h)->src, us_ll.b, 16);
	assert_int_equal(p[8], ND_OPT_SOURCE_MAC);
	host_free(h);
}

/* rfc: 4429:3.2-3 4429:3.2-2 */
static void test_from_an_optimistic_address_nobody_is_asked_for(void **state)
{
	struct ph_ip neighbour = prefix_a;
	struct host *h = optimistic_host(true);
	uint64_t start = h->now;
	const uint8_t *p;

	(void)state;
	neighbour.b[15] = 0x77;
	assert_true(public(h).flags & PH_ADDR_OPTIMISTIC);
	{
		struct ip_tx tx = { .proto = TEST_PROTO };
		struct dst d = { 0 };

		assert_int_equal(dst_lookup(h->st, &d, NULL, &neighbour, false), 0);
		assert_memory_equal(&d.src, public(h).ip.b, 16);
		assert_int_equal(ip_output(h->st, host_payload(h, 1, 24), &d, &tx), 0);
	}
	do { /* the packet waits for the end of detection; then its receiver is asked for */
		p = next_icmp6(h, ICMP6_NS, 10 * NS_PER_S);
		assert_non_null(p);
	} while (memcmp(p + 8, neighbour.b, 16) != 0);
	assert_int_equal(public(h).flags & PH_ADDR_OPTIMISTIC, 0);
	assert_true(h->now - start >= NS_PER_S);
	assert_memory_equal(out_ip6(h)->src, public(h).ip.b, 16);
	host_free(h);
}

/* rfc: 4429:3.2-4 */
static void test_without_its_routers_hardware_address_an_address_waits(void **state)
{
	struct host *h = optimistic_host(false);
	struct dst d = { 0 };

	(void)state;
	assert_int_equal(public(h).flags, PH_ADDR_AUTO | PH_ADDR_TENTATIVE);
	assert_int_equal(dst_lookup(h->st, &d, NULL, &far6, false), 0);
	assert_true(ip6_is_linklocal(&d.src));
	host6_settle(h, 3 * NS_PER_S);
	assert_int_equal(public(h).flags, PH_ADDR_AUTO);
	host_free(h);
}

/* rfc: 4429:3.3-2 */
static void test_an_optimistic_address_that_is_probed_for_is_gone(void **state)
{
	struct host *h = optimistic_host(true);
	struct ph_ip ip = public(h).ip, sol = ip6_solicited_node(&ip, 0);
	struct dst d = { 0 };
	struct frame f;

	(void)state;
	assert_true(public(h).flags & PH_ADDR_OPTIMISTIC);
	while (host_take(h) > 0)
		;
	frame_nd(&f, ICMP6_NS, &none6, &sol, &ip, 0, NULL);
	frame_in(h, &f);
	assert_null(next_icmp6(h, ICMP6_NA, 5 * NS_PER_S));
	assert_true(public(h).flags & PH_ADDR_DADFAILED);
	assert_int_equal(dst_lookup(h->st, &d, NULL, &far6, false), 0);
	assert_true(ip6_is_linklocal(&d.src));
	host_free(h);
}

/* rfc: 4429:3.1-1 */
static void test_a_given_address_is_not_used_before_it_was_asked_for(void **state)
{
	struct host *h = slaac_host("net.ipv6.conf.default.optimistic_dad", "1");
	struct frame f;

	(void)state;
	host6_settle(h, 3 * NS_PER_S);
	ra(&f, &peer_ll, 1800, 0); /* whatever is known of a router */
	frame_mac_opt(&f, ND_OPT_SOURCE_MAC, peer_mac);
	ra_in(h, &f);
	assert_int_equal(ph_addr_add(h->st, h->link, &us6, 64, h->now), 0);
	assert_int_equal(addr(h, &us6).flags, PH_ADDR_TENTATIVE);
	assert_int_equal(send_to(h, &peer6), 0);
	frame_nd(&f, ICMP6_NS, &peer6, &us_solicited, &us6, 0, peer_mac);
	frame_in(h, &f);
	for (uint64_t end = h->now + NS_PER_S; h->now < end; host_run(h, 10 * NS_PER_MS))
		while (host_take(h) > 0) {
			assert_memory_not_equal(out_ip6(h)->src, us6.b, 16);
			assert_true(h->out[AT6] != ICMP6_NA);
		}
	host6_settle(h, 3 * NS_PER_S);
	assert_int_equal(addr(h, &us6).flags, 0);
	host_free(h);
}

/* rfc: 7527:4.1-2 */
static void test_an_echo_of_our_probes_does_not_last_for_ever(void **state)
{
	struct host *h = probing();
	unsigned probes = 0;
	struct frame f;

	(void)state;
	for (uint64_t end = h->now + 30 * NS_PER_S; h->now < end && probes < 30;) {
		if (!next_icmp6(h, ICMP6_NS, NS_PER_S))
			continue;
		memcpy(f.b, h->out, (size_t)h->out_len);
		f.len = (size_t)h->out_len;
		frame_in(h, &f); /* each comes back */
		probes++;
	}
	assert_in_range(probes, 2, 5);
	assert_int_equal(addr(h, &us6).flags, 0);
	host_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_link_with_ipv6_has_a_link_local_address_for_ever),
		cmocka_unit_test(test_the_group_of_an_address_is_joined_before_it_is_asked_for),
		cmocka_unit_test(test_a_group_is_left_with_the_last_address_that_needs_it),
		cmocka_unit_test(test_each_address_is_asked_for_though_its_identifier_was),
		cmocka_unit_test(test_a_probe_that_cannot_be_one_does_not_take_an_address),
		cmocka_unit_test(test_a_probe_with_another_nonce_is_somebody_elses),
		cmocka_unit_test(
			test_routers_are_told_of_an_address_without_override_and_not_in_haste),
		cmocka_unit_test(test_routers_are_asked_from_an_address_that_is_ours),
		cmocka_unit_test(test_from_an_optimistic_address_nobody_is_asked_for),
		cmocka_unit_test(test_without_its_routers_hardware_address_an_address_waits),
		cmocka_unit_test(test_an_optimistic_address_that_is_probed_for_is_gone),
		cmocka_unit_test(test_a_given_address_is_not_used_before_it_was_asked_for),
		cmocka_unit_test(test_an_echo_of_our_probes_does_not_last_for_ever),
	};

	return cmocka_run_group_tests_name("dad", tests, NULL, NULL);
}
