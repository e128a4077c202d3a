/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/route.h, net/addr.h, dst.c: which way a destination goes, from which address, and what is
 * refused.
 */
#include "net_fixture.h"
#include "own.h"

#include "net/metrics.h"

enum { GW4 = 0x0a0000fe, FAR4 = 0xc0a80105 };

static int add_route(struct host *h, uint32_t net, unsigned prefix, uint32_t gateway, ph_link link,
		     uint32_t metric)
{
	struct ph_ip dst = ip_of4(net), gw = ip_of4(gateway);

	return ph_route_add(h->st, &dst, prefix, gateway ? &gw : NULL, link, metric, h->now);
}

static int add_addr(struct host *h, uint32_t ip4, unsigned prefix, ph_link link)
{
	struct ph_ip ip = ip_of4(ip4);

	return ph_addr_add(h->st, link, &ip, prefix, h->now);
}

static ph_link second_link(struct host *h)
{
	struct ph_link_conf conf = {
		.name = "t1", .kind = PH_LINK_ETHER, .mac = { 2, 0, 0, 0, 1, 2 }, .mtu = 1400
	};
	ph_link l = ph_link_add(h->st, &conf, h->now);

	assert_true(l > 0);
	assert_int_equal(add_addr(h, 0x0a010002, 24, l), 0);
	return l;
}

static uint32_t hop_of(struct host *h, uint32_t to)
{
	struct ph_ip ip = ip_of4(to);
	struct dst d;

	return dst_lookup(h->st, &d, NULL, &ip, false) == 0 ? ip_get4(&d.next_hop) : 0;
}

/* rfc: 1122:3.3.1.1-1, 1122:3.3.1.1-2, 1122:3.2.1.3-7 */
static void test_a_subnet_is_reached_directly_and_the_rest_by_the_gateway(void **state)
{
	struct host *h = host_new();

	(void)state;
	assert_int_equal(hop_of(h, PEER4), PEER4);
	assert_int_equal(hop_of(h, FAR4), 0);
	assert_int_equal(add_route(h, 0, 0, GW4, h->link, 0), 0);
	assert_int_equal(hop_of(h, PEER4), PEER4);
	assert_int_equal(hop_of(h, FAR4), GW4);
	host_free(h);
}

static void test_the_longest_prefix_wins_then_the_smallest_metric(void **state)
{
	struct host *h = host_new();

	(void)state;
	assert_int_equal(add_route(h, 0xc0a80000, 16, 0x0a000010, h->link, 5), 0);
	assert_int_equal(add_route(h, 0, 0, GW4, h->link, 0), 0);
	assert_int_equal(add_route(h, 0xc0a80100, 24, 0x0a000011, h->link, 900), 0);
	assert_int_equal(add_route(h, 0xc0a80105, 32, 0x0a000012, h->link, 1), 0);
	assert_int_equal(add_route(h, 0xc0a80000, 16, 0x0a000013, h->link, 4), 0);
	assert_int_equal(hop_of(h, 0xc0a80105), 0x0a000012);
	assert_int_equal(hop_of(h, 0xc0a80106), 0x0a000011);
	assert_int_equal(hop_of(h, 0xc0a80206), 0x0a000013);
	assert_int_equal(hop_of(h, 0x08080808), GW4);
	host_free(h);
}

static void test_a_destination_follows_a_change_of_routes(void **state)
{
	struct host *h = host_new();
	struct ph_ip any = ip_of4(0), gw = ip_of4(GW4);
	struct dst d;

	(void)state;
	assert_int_equal(add_route(h, 0, 0, GW4, h->link, 0), 0);
	d = host_dst(h, FAR4);
	assert_int_equal(ip_get4(&d.next_hop), GW4);
	assert_int_equal(add_route(h, 0xc0a80000, 16, 0x0a000010, h->link, 0), 0);
	assert_int_equal(dst_refresh(h->st, &d), 0);
	assert_int_equal(ip_get4(&d.next_hop), 0x0a000010);
	assert_int_equal(ip_get4(&d.src), US4);
	assert_int_equal(ph_route_del(h->st, &(struct ph_ip){ 0 }, 16, &gw, h->link, h->now),
			 -ESRCH);
	assert_int_equal(ph_route_del(h->st, &any, 0, &gw, h->link, h->now), 0);
	assert_int_equal(dst_refresh(h->st, &d), 0);
	assert_int_equal(hop_of(h, 0x08080808), 0);
	host_free(h);
}

static void test_a_destination_whose_way_is_gone_says_so_and_can_return(void **state)
{
	struct host *h = host_new();
	struct ph_ip any = ip_of4(0), gw = ip_of4(GW4);
	struct dst d;

	(void)state;
	assert_int_equal(add_route(h, 0, 0, GW4, h->link, 0), 0);
	d = host_dst(h, FAR4);
	assert_int_equal(ph_route_del(h->st, &any, 0, &gw, h->link, h->now), 0);
	assert_int_equal(host_send_on(h, &d, 1, 20), -ENETUNREACH);
	assert_int_equal(drops_of(h, "IP_OUTNOROUTES"), 1);
	assert_int_equal(add_route(h, 0, 0, GW4, h->link, 0), 0);
	assert_int_equal(host_send_on(h, &d, 1, 20), 0);
	host_free(h);
}

/* rfc: 1122:3.3.4.2-2 */
static void test_the_source_is_the_address_of_the_way_out(void **state)
{
	struct host *h = host_new();
	ph_link l = second_link(h);
	struct dst d = host_dst(h, 0x0a010009);

	(void)state;
	assert_int_equal(d.link, l);
	assert_int_equal(d.mtu, 1400);
	assert_int_equal(ip_get4(&d.src), 0x0a010002);
	assert_int_equal(add_route(h, 0, 0, 0x0a010001, l, 0), 0);
	d = host_dst(h, FAR4);
	assert_int_equal(ip_get4(&d.src), 0x0a010002);
	d = host_dst(h, PEER4);
	assert_int_equal(ip_get4(&d.src), US4);
	assert_int_equal(ph_link_remove(h->st, l, h->now), 0);
	assert_int_equal(hop_of(h, FAR4), 0);
	host_free(h);
}

/* rfc: 1122:3.3.4.2-2 */
static void test_a_given_source_must_be_ours(void **state)
{
	struct host *h = host_new();
	struct ph_ip us = ip_of4(US4), not_us = ip_of4(OTHER4), to = ip_of4(PEER4);
	struct dst d = { 0 };

	(void)state;
	assert_int_equal(dst_lookup(h->st, &d, &us, &to, false), 0);
	assert_int_equal(ip_get4(&d.src), US4);
	assert_int_equal(dst_lookup(h->st, &d, &not_us, &to, false), -EADDRNOTAVAIL);
	assert_int_equal(ip_get4(&d.src), US4);
	host_free(h);
}

/* rfc: 894:4 */
static void test_broadcast_needs_permission_and_goes_to_all(void **state)
{
	static const uint32_t to[] = { BCAST4, UINT32_MAX };
	struct host *h = host_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(to); i++) {
		struct ph_ip ip = ip_of4(to[i]);
		struct dst d = { 0 };

		assert_int_equal(dst_lookup(h->st, &d, NULL, &ip, false), -EACCES);
		assert_int_equal(dst_lookup(h->st, &d, NULL, &ip, true), 0);
		assert_int_equal(host_send_on(h, &d, 1, 20), 0);
		assert_true(host_take(h) > 0);
		assert_memory_equal(out_eth(h)->dst, all_mac, 6);
		assert_int_equal(be32_get(out_ip4(h)->src), US4);
	}
	assert_int_equal(count_of(h, "IpExtOutBcastPkts"), 2);
	host_free(h);
}

/* rfc: 1112:6.1-1, 1112:6.4-1 */
static void test_multicast_maps_to_its_ethernet_group_with_ttl_one(void **state)
{
	static const uint8_t mac[6] = { 1, 0, 0x5e, 0x7f, 2, 3 };
	struct host *h = host_new();

	(void)state;
	assert_int_equal(host_send(h, 0xe0ff0203, 1), 0);
	assert_true(host_take(h) > 0);
	assert_memory_equal(out_eth(h)->dst, mac, 6);
	assert_int_equal(out_ip4(h)->ttl, 1);
	host_free(h);
}

/* rfc: 1122:3.2.1.3-3 */
static void test_places_that_no_host_sends_to_are_unreachable(void **state)
{
	static const uint32_t to[] = { 0, 1, 0x00ffffff };
	struct host *h = host_new();

	(void)state;
	assert_int_equal(add_route(h, 0, 0, GW4, h->link, 0), 0);
	for (size_t i = 0; i < ARRAY_LEN(to); i++)
		assert_int_equal(hop_of(h, to[i]), 0);
	host_free(h);
}

static void test_packets_to_ourselves_come_back_without_a_wire(void **state)
{
	struct host *h = host_new();

	(void)state;
	host_test_l4(h);
	assert_int_equal(host_send(h, US4, 42), 0);
	assert_int_equal(host_take(h), 0);
	assert_int_equal(test_l4.inputs, 0);
	assert_int_equal(ph_stack_deadline(h->st), h->now);
	host_run(h, 0);
	assert_int_equal(test_l4.inputs, 1);
	assert_int_equal(test_l4.data[0], 42);
	assert_int_equal(ip_get4(&test_l4.rx.src), US4);
	assert_int_equal(ip_get4(&test_l4.rx.dst), US4);
	assert_int_equal(ph_stack_deadline(h->st), PH_NEVER);
	host_free(h);
}

static void test_addresses_that_no_host_may_have_are_refused(void **state)
{
	static const struct {
		uint32_t ip;
		unsigned prefix;
		int link, want;
	} row[] = {
		{ 0x0a000064, 24, 2, 0 },
		{ 0x0a000064, 24, 2, -EEXIST },
		{ US4, 32, 2, -EEXIST },
		{ 0x0a020002, 24, 7, -ENODEV },
		{ 0x0a020002, 33, 2, -EINVAL },
		{ 0x0a020000, 24, 2, -EADDRNOTAVAIL },
		{ 0x0a0200ff, 24, 2, -EADDRNOTAVAIL },
		{ 0, 24, 2, -EADDRNOTAVAIL },
		{ 0x7f000001, 8, 2, -EADDRNOTAVAIL },
		{ 0xe0000001, 24, 2, -EADDRNOTAVAIL },
		{ UINT32_MAX, 32, 2, -EADDRNOTAVAIL },
		{ 0x0a0200ff, 32, 2, 0 },
		{ 0x0a020000, 31, 2, 0 },
		{ 0x0a020001, 31, 2, 0 },
	};
	struct host *h = host_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++)
		if (add_addr(h, row[i].ip, row[i].prefix, row[i].link) != row[i].want)
			fail_msg("address row %zu is not answered with %d", i, row[i].want);
	host_free(h);
}

static void test_routes_that_cannot_be_are_refused(void **state)
{
	static const struct {
		uint32_t net, gateway;
		unsigned prefix;
		int link, want;
	} row[] = {
		{ 0xc0a80000, GW4, 16, 2, 0 },
		{ 0xc0a80000, GW4, 16, 2, -EEXIST },
		{ 0xc0a80001, GW4, 16, 2, -EINVAL },
		{ 0xc0a80000, GW4, 33, 2, -EINVAL },
		{ 0xc0a90000, GW4, 16, 5, -ENODEV },
		{ 0xc0a90000, FAR4, 16, 2, -ENETUNREACH },
		{ 0xc0a90000, US4, 16, 2, -EINVAL },
		{ 0xc0a90000, 0xe0000001, 16, 2, -EINVAL },
		{ 0xc0a90000, 0, 16, 2, 0 },
		{ 0xc0aa0000, 0x0b000001, 16, 2, -ENETUNREACH },
	};
	struct host *h = host_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++)
		if (add_route(h, row[i].net, row[i].prefix, row[i].gateway, row[i].link, 0) !=
		    row[i].want)
			fail_msg("route row %zu is not answered with %d", i, row[i].want);
	host_free(h);
}

static void test_the_table_has_a_limit(void **state)
{
	struct host *h = host_bare((struct ph_conf){ .max_routes = 3 });
	struct ph_link_conf conf = { .name = "t0", .kind = PH_LINK_ETHER };

	(void)state;
	h->link = ph_link_add(h->st, &conf, h->now);
	assert_int_equal(add_addr(h, US4, 24, h->link), 0);
	assert_int_equal(add_route(h, 0, 0, GW4, h->link, 0), 0);
	assert_int_equal(add_route(h, 0, 0, GW4, h->link, 1), 0);
	assert_int_equal(add_route(h, 0, 0, GW4, h->link, 2), -ENOSPC);
	assert_int_equal(add_addr(h, 0x0a010002, 24, h->link), -ENOSPC);
	assert_int_equal(own_addrs(h->st, NULL, 0), 1);
	assert_int_equal(ph_routes(h->st, NULL, 0), 3);
	host_free(h);
}

static void test_an_address_takes_its_route_with_it(void **state)
{
	struct host *h = host_new();
	struct ph_ip us = ip_of4(US4);

	(void)state;
	assert_int_equal(ph_routes(h->st, NULL, 0), 1);
	assert_int_equal(ph_addr_del(h->st, h->link, &us, h->now), 0);
	assert_int_equal(ph_addr_del(h->st, h->link, &us, h->now), -EADDRNOTAVAIL);
	assert_int_equal(ph_routes(h->st, NULL, 0), 0);
	assert_int_equal(own_addrs(h->st, NULL, 0), 0);
	assert_int_equal(hop_of(h, PEER4), 0);
	assert_int_equal(add_addr(h, US4, 24, h->link), 0);
	assert_int_equal(hop_of(h, PEER4), PEER4);
	host_free(h);
}

static struct dst to_far(struct host *h)
{
	struct ph_ip ip = ip_of4(FAR4);
	struct dst d;

	assert_int_equal(dst_lookup(h->st, &d, NULL, &ip, false), 0);
	return d;
}

static void test_metrics_are_those_of_the_route_that_is_taken(void **state)
{
	struct host *h = host_new();
	struct ph_ip any = ip_of4(0), net = ip_of4(0xc0a80000);
	struct ph_route_metrics m = { .mtu = 1300, .initcwnd = 4, .congctl = "reno" };
	struct dst d;

	(void)state;
	assert_int_equal(ph_route_metrics(h->st, &any, 0, h->link, &m, h->now), -ESRCH);
	assert_int_equal(add_route(h, 0, 0, GW4, h->link, 0), 0);
	assert_int_equal(add_route(h, 0xc0a80000, 16, GW4, h->link, 0), 0);
	assert_int_equal(ph_route_metrics(h->st, &any, 0, h->link, &m, h->now), 0);
	assert_int_equal(to_far(h).mtu, 1500); /* the longer prefix has none */
	assert_int_equal(ph_route_metrics(h->st, &net, 16, h->link, &m, h->now), 0);
	d = to_far(h);
	assert_int_equal(d.mtu, 1300);
	assert_int_equal(dst_metrics(h->st, &d)->initcwnd, 4);
	m.mtu = 9000; /* more than the link has is the link's */
	assert_int_equal(ph_route_metrics(h->st, &net, 16, h->link, &m, h->now), 0);
	assert_int_equal(dst_refresh(h->st, &d), 0);
	assert_int_equal(d.mtu, 1500);
	m.mtu = 67;
	assert_int_equal(ph_route_metrics(h->st, &net, 16, h->link, &m, h->now), -EINVAL);
	assert_int_equal(ph_route_metrics(h->st, &net, 16, h->link, NULL, h->now), 0);
	d = to_far(h);
	assert_int_equal(dst_metrics(h->st, &d)->initcwnd, 0);
	host_free(h);
}

static void test_sixteen_routes_have_metrics_and_those_that_go_give_them_back(void **state)
{
	struct host *h = host_new();
	struct ph_route_metrics m = { .initcwnd = 2 };
	struct ph_ip gw = ip_of4(GW4);

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (uint32_t i = 0; i <= 16; i++) {
			struct ph_ip net = ip_of4(0xac100000 + (i << 8));

			assert_int_equal(add_route(h, ip_get4(&net), 24, GW4, h->link, 0), 0);
			assert_int_equal(ph_route_metrics(h->st, &net, 24, h->link, &m, h->now),
					 i < 16 ? 0 : -ENOSPC);
		}
		for (uint32_t i = 0; i <= 16; i++) {
			struct ph_ip net = ip_of4(0xac100000 + (i << 8));

			assert_int_equal(ph_route_del(h->st, &net, 24, &gw, h->link, h->now), 0);
		}
	}
	host_free(h);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_subnet_is_reached_directly_and_the_rest_by_the_gateway),
		cmocka_unit_test(test_the_longest_prefix_wins_then_the_smallest_metric),
		cmocka_unit_test(test_a_destination_follows_a_change_of_routes),
		cmocka_unit_test(test_a_destination_whose_way_is_gone_says_so_and_can_return),
		cmocka_unit_test(test_the_source_is_the_address_of_the_way_out),
		cmocka_unit_test(test_a_given_source_must_be_ours),
		cmocka_unit_test(test_broadcast_needs_permission_and_goes_to_all),
		cmocka_unit_test(test_multicast_maps_to_its_ethernet_group_with_ttl_one),
		cmocka_unit_test(test_places_that_no_host_sends_to_are_unreachable),
		cmocka_unit_test(test_packets_to_ourselves_come_back_without_a_wire),
		cmocka_unit_test(test_addresses_that_no_host_may_have_are_refused),
		cmocka_unit_test(test_routes_that_cannot_be_are_refused),
		cmocka_unit_test(test_the_table_has_a_limit),
		cmocka_unit_test(test_an_address_takes_its_route_with_it),
		cmocka_unit_test(test_metrics_are_those_of_the_route_that_is_taken),
		cmocka_unit_test(test_sixteen_routes_have_metrics_and_those_that_go_give_them_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
