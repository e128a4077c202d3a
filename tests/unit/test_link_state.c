/* SPDX-License-Identifier: BSD-2-Clause */
/* Links that are turned off and on, and that lose their carrier and have it again. */
#include "ra_fixture.h"

static struct ph_link_info info_of(const struct host *h)
{
	struct ph_link_info i;

	assert_int_equal(own_links(h->st, &i, 1), 1);
	return i;
}

static struct host *with_gateway(void)
{
	struct host *h = host_new();
	struct ph_ip any = ip_of4(0), gw = ip_of4(PEER4);

	assert_int_equal(ph_route_add(h->st, &any, 0, &gw, h->link, 0, h->now), 0);
	host_knows_peer(h);
	return h;
}

static void test_without_a_carrier_frames_are_lost_and_neighbours_forgotten(void **state)
{
	struct host *h = with_gateway();
	struct ph_ip other = ip_of4(OTHER4);
	struct ph_route_info r[4];
	static struct frame f;

	(void)state;
	assert_int_equal(ph_neigh_add(h->st, h->link, &other, other_mac, h->now), 0);
	assert_int_equal(host_send(h, PEER4, 1), 0); /* it waits on the link's queue */
	assert_int_equal(ph_link_carrier(h->st, h->link, false, h->now), 0);
	assert_int_equal(host_take(h), 0);
	assert_false(info_of(h).running);
	assert_true(info_of(h).up);
	assert_int_equal(ph_neighs(h->st, NULL, 0), 1); /* the permanent one */
	assert_int_equal(ph_routes(h->st, r, 4), 2);
	assert_true(r[0].linkdown && r[1].linkdown);
	assert_int_equal(own_addrs(h->st, NULL, 0), 1);
	assert_int_equal(host_send(h, OTHER4, 1), 0);
	assert_int_equal(host_take(h), 0);
	assert_int_equal(info_of(h).tx_carrier_errors, 1);
	(void)frame_echo(&f, PEER4, US4, 8);
	frame_in(h, &f);
	assert_int_equal(drops_of(h, "LINK_DOWN"), 2);
	assert_int_equal(info_of(h).rx_packets, 1); /* the peer's word before */
	assert_int_equal(ph_link_carrier(h->st, h->link, true, h->now), 0);
	assert_int_equal(ph_routes(h->st, r, 4), 2);
	assert_false(r[0].linkdown || r[1].linkdown);
	assert_int_equal(host_send(h, OTHER4, 1), 0);
	assert_int_not_equal(host_take(h), 0);
	host_free(h);
}

static void test_routes_of_a_link_without_a_carrier_may_be_ignored(void **state)
{
	(void)state;
	for (unsigned ignored = 0; ignored < 2; ignored++) {
		struct host *h = with_gateway();
		struct ph_link_conf conf = { .name = "t1", .mac = { 2, 0, 0, 0, 1, 2 } };
		struct ph_ip us = ip_of4(0x0a010002), gw = ip_of4(0x0a010001), any = ip_of4(0);
		ph_link second = ph_link_add(h->st, &conf, h->now);
		struct ph_ip to = ip_of4(0xc6336401);
		struct dst d;

		assert_int_equal(ph_addr_add(h->st, second, &us, 24, h->now), 0);
		assert_int_equal(ph_route_add(h->st, &any, 0, &gw, second, 100, h->now), 0);
		if (ignored)
			assert_int_equal(ph_sysctl_set(h->st,
						       "net.ipv4.conf.all.ignore_routes_with_linkdown",
						       "1"), 0);
		assert_int_equal(dst_lookup(h->st, &d, NULL, &to, false), 0);
		assert_int_equal(d.link, h->link); /* by its metric */
		assert_int_equal(ip_get4(&d.src), US4);
		assert_int_equal(ph_link_carrier(h->st, h->link, false, h->now), 0);
		assert_int_equal(dst_lookup(h->st, &d, NULL, &to, false), 0);
		assert_int_equal(d.link, ignored ? second : h->link);
		assert_int_equal(ip_get4(&d.src), ignored ? 0x0a010002 : US4);
		assert_int_equal(ph_link_carrier(h->st, h->link, true, h->now), 0);
		assert_int_equal(dst_lookup(h->st, &d, NULL, &to, false), 0);
		assert_int_equal(d.link, h->link);
		assert_int_equal(ph_link_remove(h->st, second, h->now), 0);
		host_free(h);
	}
}

/* As Linux: subnets come back with the link, other routes have to be given again. */
static void test_a_link_turned_off_keeps_its_addresses_and_loses_its_routes(void **state)
{
	struct host *h = with_gateway();
	struct ph_ip any = ip_of4(0), gw = ip_of4(PEER4), to = ip_of4(OTHER4);
	struct dst d;

	(void)state;
	assert_int_equal(ph_link_up(h->st, h->link, false, h->now), 0);
	assert_int_equal(ph_routes(h->st, NULL, 0), 0);
	assert_int_equal(ph_neighs(h->st, NULL, 0), 0);
	assert_int_equal(own_addrs(h->st, NULL, 0), 1);
	assert_false(info_of(h).up || info_of(h).running);
	assert_int_equal(dst_lookup(h->st, &d, NULL, &to, false), -ENETUNREACH);
	assert_int_equal(dst_lookup_on(h->st, &d, h->link, NULL, &to, false), -ENETUNREACH);
	assert_int_equal(ph_route_add(h->st, &any, 0, &gw, h->link, 0, h->now), -ENETDOWN);
	assert_int_equal(ph_link_up(h->st, h->link, true, h->now), 0);
	assert_int_equal(ph_routes(h->st, NULL, 0), 1);
	assert_int_equal(dst_lookup(h->st, &d, NULL, &to, false), 0);
	assert_int_equal(ph_link_up(h->st, 77, true, h->now), -ENODEV);
	assert_int_equal(ph_link_carrier(h->st, 77, true, h->now), -ENODEV);
	host_free(h);
}

static void test_ipv6_of_a_link_turned_on_begins_anew(void **state)
{
	struct host *h = ready_host();
	struct ph_addr_info a[8];

	(void)state;
	ra_prefix(h, 1800, &prefix_a, 0xc0, 1000);
	host6_settle(h, 3 * NS_PER_S);
	assert_int_equal(own_addrs(h->st, a, 8), 2);
	assert_int_equal(ph_link_up(h->st, h->link, false, h->now), 0);
	assert_int_equal(own_addrs(h->st, a, 8), 0);
	assert_int_equal(ph_routes(h->st, NULL, 0), 0);
	assert_int_equal(ph_link_up(h->st, h->link, true, h->now), 0);
	assert_int_equal(own_addrs(h->st, a, 8), 1);
	assert_true(a[0].flags & PH_ADDR_TENTATIVE);
	host6_settle(h, 4 * NS_PER_S);
	ra_prefix(h, 1800, &prefix_a, 0xc0, 1000);
	host6_settle(h, 3 * NS_PER_S);
	assert_int_equal(own_addrs(h->st, a, 8), 2);
	assert_int_equal(a[0].flags & (PH_ADDR_TENTATIVE | PH_ADDR_DADFAILED), 0);
	host_free(h);
}

/* How many of such messages leave in the next seconds. */
static unsigned count_icmp6(struct host *h, uint8_t type, bool unspecified)
{
	uint64_t end = h->now + 6 * NS_PER_S;
	unsigned n = 0;

	while (h->now < end) {
		host_run(h, 20 * NS_PER_MS);
		while (host_take(h) > 0) {
			const struct ip6_hdr *ip = (const void *)(h->out + ETH_HDR_LEN);

			n += ip->next == IP6_NEXT_ICMP && h->out[ETH_HDR_LEN + 40] == type &&
			     ip6_is_any((const struct ph_ip *)(const void *)ip->src) == unspecified;
		}
	}
	return n;
}

/* rfc: 4861:6.3.7-1 */
static void test_a_carrier_that_is_back_has_addresses_and_routers_asked_about(void **state)
{
	(void)state;
	for (unsigned what = 0; what < 2; what++) {
		struct host *h = ready_host();
		struct ph_addr_info a[8];

		ra_prefix(h, 1800, &prefix_a, 0xc0, 1000);
		host6_settle(h, 3 * NS_PER_S);
		assert_int_equal(count_icmp6(h, ICMP6_RS, false), 0);
		assert_int_equal(ph_link_carrier(h->st, h->link, false, h->now), 0);
		host6_settle(h, NS_PER_S);
		assert_int_equal(own_addrs(h->st, a, 8), 2);
		assert_int_equal(ph_link_carrier(h->st, h->link, true, h->now), 0);
		assert_int_equal(own_addrs(h->st, a, 8), 2);
		for (unsigned i = 0; i < 2; i++) /* in use all the same */
			assert_true(a[i].flags & PH_ADDR_TENTATIVE && a[i].flags & PH_ADDR_OPTIMISTIC);
		if (what == 0)
			assert_int_equal(count_icmp6(h, ICMP6_NS, true), 2);
		else
			assert_in_range(count_icmp6(h, ICMP6_RS, false), 1, 3);
		assert_int_equal(own_addrs(h->st, a, 8), 2);
		assert_false(a[0].flags & PH_ADDR_TENTATIVE || a[1].flags & PH_ADDR_TENTATIVE);
		host_free(h);
	}
}

static void test_a_vlan_runs_while_the_link_below_does(void **state)
{
	struct host *h = host_new();
	struct ph_link_conf conf = { .name = "t0.7", .kind = PH_LINK_VLAN, .parent = h->link, .vlan = 7 };
	struct ph_link_info i[2];
	ph_link vlan = ph_link_add(h->st, &conf, h->now);
	struct ph_ip us = ip_of4(0x0a010002);

	(void)state;
	assert_true(vlan > 0);
	assert_int_equal(ph_addr_add(h->st, vlan, &us, 24, h->now), 0);
	assert_int_equal(ph_link_carrier(h->st, h->link, false, h->now), 0);
	assert_int_equal(own_links(h->st, i, 2), 2);
	assert_false(i[1].running);
	assert_true(i[1].up);
	assert_int_equal(ph_link_up(h->st, vlan, false, h->now), 0);
	assert_int_equal(ph_link_carrier(h->st, h->link, true, h->now), 0);
	assert_int_equal(own_links(h->st, i, 2), 2);
	assert_true(i[0].running);
	assert_false(i[1].running);
	assert_int_equal(ph_link_up(h->st, vlan, true, h->now), 0);
	assert_int_equal(own_links(h->st, i, 2), 2);
	assert_true(i[1].running);
	assert_int_equal(ph_link_remove(h->st, vlan, h->now), 0);
	host_free(h);
}

static void test_lo_turned_off_takes_nothing(void **state)
{
	struct host *h = host_new();

	(void)state;
	host_test_l4(h);
	assert_int_equal(ph_link_up(h->st, PH_LINK_LO, false, h->now), 0);
	assert_int_equal(host_send(h, US4, 1), 0);
	host_run(h, 0);
	assert_int_equal(test_l4.inputs, 0);
	assert_int_equal(ph_addrs(h->st, NULL, 0), 2); /* 127.0.0.1 and ours: ::1 is IPv6's */
	assert_int_equal(ph_link_up(h->st, PH_LINK_LO, true, h->now), 0);
	assert_int_equal(ph_addrs(h->st, NULL, 0), 3);
	assert_int_equal(host_send(h, US4, 1), 0);
	host_run(h, 0);
	assert_int_equal(test_l4.inputs, 1);
	host_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_a_carrier_frames_are_lost_and_neighbours_forgotten),
		cmocka_unit_test(test_routes_of_a_link_without_a_carrier_may_be_ignored),
		cmocka_unit_test(test_a_link_turned_off_keeps_its_addresses_and_loses_its_routes),
		cmocka_unit_test(test_ipv6_of_a_link_turned_on_begins_anew),
		cmocka_unit_test(test_a_carrier_that_is_back_has_addresses_and_routers_asked_about),
		cmocka_unit_test(test_a_vlan_runs_while_the_link_below_does),
		cmocka_unit_test(test_lo_turned_off_takes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
