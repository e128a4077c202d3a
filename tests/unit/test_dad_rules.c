/* SPDX-License-Identifier: BSD-2-Clause */
/* Duplicate address detection and solicitations of routers by count and by the clock, and what is said of an
 * address that is somebody else's. */
#include "ra_fixture.h"
#include "nd_fixture.h"

/* rfc: 4862:5.1-1 4862:5.4-1 4862:5.4.2-3 */
static void test_as_many_probes_as_asked_for_each_a_second_apart(void **state)
{
	struct host *h = host6_with((struct ph_link_conf){ .kind = PH_LINK_ETHER }, PH_IPV6_STATIC);
	uint64_t last = 0;

	(void)state;
	host6_settle(h, 5 * NS_PER_S);
	assert_int_equal(ph_sysctl_set(h->st, "net.ipv6.conf.t0.dad_transmits", "3"), 0);
	assert_int_equal(ph_addr_add(h->st, h->link, &us6, 64, h->now), 0);
	for (int i = 0; i < 3; i++) {
		assert_non_null(next_icmp6(h, ICMP6_NS, 2 * NS_PER_S));
		assert_true(i == 0 || h->now - last == NS_PER_S);
		last = h->now;
		assert_true(addr(h, &us6).flags & PH_ADDR_TENTATIVE);
	}
	host_run(h, NS_PER_S - 1);
	assert_true(addr(h, &us6).flags & PH_ADDR_TENTATIVE);
	host_run(h, 1);
	assert_int_equal(addr(h, &us6).flags, 0);
	host_free(h);
}

/* Three of ours that came back, and it is ours. rfc: 7527:4.1-2 */
static void test_probes_that_come_back_cost_three_more(void **state)
{
	struct host *h = probing();
	unsigned probes = 0;
	struct frame f;

	(void)state;
	while (next_icmp6(h, ICMP6_NS, 3 * NS_PER_S)) {
		memcpy(f.b, h->out, (size_t)h->out_len);
		f.len = (size_t)h->out_len;
		frame_in(h, &f);
		assert_true(++probes < 20);
	}
	assert_int_equal(probes, 4);
	assert_int_equal(addr(h, &us6).flags, 0);
	host_free(h);
}

/* Routers ask for no link-local address of ours. rfc: 9131:6.1.2-1 */
static void test_routers_are_not_told_of_a_link_local_address(void **state)
{
	struct host *h = host6_with((struct ph_link_conf){ .kind = PH_LINK_ETHER }, PH_IPV6_STATIC);

	(void)state;
	assert_int_equal(ph_sysctl_set(h->st, "net.ipv6.conf.t0.ndisc_notify", "1"), 0);
	assert_null(next_icmp6(h, ICMP6_NA, 10 * NS_PER_S));
	assert_false(addr(h, &us_ll).flags & (PH_ADDR_TENTATIVE | PH_ADDR_DADFAILED));
	host_free(h);
}

/* An address that is somebody else's is not told to anybody as ours. rfc: 4862:5.4.5-1 */
static void test_a_duplicate_is_not_advertised_with_another_hardware_address(void **state)
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 9 };
	struct host *h = probing();
	unsigned told = 0;
	const uint8_t *p;
	struct frame f;

	(void)state;
	frame_nd(&f, ICMP6_NA, &us6, &all_nodes6, &us6, ND_NA_OVERRIDE, peer_mac);
	frame_in(h, &f);
	assert_int_equal(addr(h, &us6).flags, PH_ADDR_DADFAILED);
	assert_int_equal(ph_link_change(h->st, h->link, &(struct ph_link_change){ .mac = mac }, h->now), 0);
	while ((p = next_icmp6(h, ICMP6_NA, 60 * NS_PER_S))) {
		assert_memory_equal(p + 8, us_ll.b, 16);
		told++;
	}
	assert_true(told > 0);
	host_free(h);
}

/* As Linux: only accept_dad of 2 turns IPv6 off for a twin. */
static void test_a_twin_alone_does_not_end_ipv6(void **state)
{
	struct host *h = host_bare((struct ph_conf){ 0 });
	struct ph_link_conf conf = { .name = "t0", .mac = { 2, 0, 0, 0, 0, 2 } };
	struct ph_ip sol = us_solicited;
	struct frame f;

	(void)state;
	h->link = ph_link_add(h->st, &conf, h->now);
	assert_int_equal(ph_sysctl_set(h->st, "net.ipv6.conf.default.addr_gen_mode", "0"), 0);
	assert_int_equal(ph_link_ipv6(h->st, h->link, PH_IPV6_STATIC, h->now), 0);
	frame_nd(&f, ICMP6_NS, &none6, &sol, &us_ll, 0, NULL);
	frame_in(h, &f);
	host6_settle(h, 3 * NS_PER_S);
	assert_true(addr(h, &us_ll).flags & PH_ADDR_DADFAILED);
	assert_int_equal(ph_addr_add(h->st, h->link, &us6, 64, h->now), 0);
	host6_settle(h, 3 * NS_PER_S);
	assert_int_equal(addr(h, &us6).flags, 0);
	host_free(h);
}

/* rfc: 4861:6.3.7-1 */
static void test_routers_are_solicited_as_often_as_asked_for(void **state)
{
	struct host *h = slaac_host("net.ipv6.conf.default.router_solicitations", "2");
	unsigned n = 0;

	(void)state;
	while (next_icmp6(h, ICMP6_RS, 7200 * NS_PER_S))
		assert_true(++n < 10);
	assert_int_equal(n, 2);
	host_free(h);
}

static void test_an_address_that_is_not_there_cannot_be_taken_away(void **state)
{
	struct host *h = host6_new();
	ph_socket s;
	struct ph_sockaddr a = { .family = PH_AF_INET6, .ip = us6 };

	(void)state;
	assert_int_equal(ph_addr_del(h->st, h->link, &peer6, h->now), -EADDRNOTAVAIL);
	s = ph_socket_new(h->st, PH_AF_INET6, PH_SOCK_RAW, TEST_PROTO, h->now);
	assert_true(s >= 0);
	assert_int_equal(ph_bind(h->st, s, &a, h->now), 0);
	a.ip = peer6;
	assert_int_equal(ph_bind(h->st, s, &a, h->now), -EADDRNOTAVAIL);
	ph_close(h->st, s, h->now);
	host_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_many_probes_as_asked_for_each_a_second_apart),
		cmocka_unit_test(test_probes_that_come_back_cost_three_more),
		cmocka_unit_test(test_routers_are_not_told_of_a_link_local_address),
		cmocka_unit_test(test_a_duplicate_is_not_advertised_with_another_hardware_address),
		cmocka_unit_test(test_a_twin_alone_does_not_end_ipv6),
		cmocka_unit_test(test_an_address_that_is_not_there_cannot_be_taken_away),
		cmocka_unit_test(test_routers_are_solicited_as_often_as_asked_for),
	};

	return cmocka_run_group_tests_name("dad_rules", tests, NULL, NULL);
}
