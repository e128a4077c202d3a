/* SPDX-License-Identifier: BSD-2-Clause */
/* From which of our addresses a packet of IPv6 leaves (RFC 6724 4, 5): over links, routers and what the
 * user says; test_sock6.c has the rules that compare two addresses of one link. */
#include "ra_fixture.h"

static ph_link second_link(struct host *h, const struct ph_ip *ip)
{
	ph_link l = ph_link_add(h->st, &(struct ph_link_conf){ .name = "t1", .mac = { 2, [5] = 9 } }, h->now);

	assert_true(l > 0);
	assert_int_equal(ph_addr_add(h->st, l, ip, 64, h->now), 0);
	for (unsigned i = 0; i < 8; i++) {
		uint8_t b[2000];

		host6_settle(h, NS_PER_S);
		while (ph_link_output_bytes(h->st, l, b, sizeof(b), h->now) > 0)
			;
	}
	return l;
}

static struct ph_ip source_for(struct host *h, const struct ph_ip *to, ph_link link)
{
	struct ph_ip dst = ip6_with_scope(*to, (uint32_t)link);
	struct dst d = { 0 };

	assert_int_equal(dst_lookup(h->st, &d, NULL, &dst, false), 0);
	assert_int_equal(d.link, link);
	return d.src;
}

/* rfc: 6724:4-1 6724:5-4 8504:6.6-1 */
static void test_the_source_is_of_the_link_that_the_packet_leaves_by(void **state)
{
	static const struct ph_ip us2 = { { 0xfd, 0, 0, 0, 0, 0, 0, 2, [15] = 2 } },
				  near2 = { { 0xfd, 0, 0, 0, 0, 0, 0, 2, [15] = 7 } },
				  group = { { 0xff, 2, [15] = 9 } };
	struct host *h = host6_new();
	ph_link two = second_link(h, &us2);
	struct ph_ip a, b;

	(void)state;
	a = source_for(h, &peer6, h->link);
	b = source_for(h, &near2, two);
	assert_memory_equal(&a, &us6, 16);
	assert_memory_equal(&b, &us2, 16);
	for (unsigned i = 0; i < 2; i++) { /* link-local hosts and groups: link-local sources */
		a = source_for(h, i ? &group : &peer_ll, h->link);
		b = source_for(h, i ? &group : &peer_ll, two);
		assert_int_equal(ip6_scope(&a), h->link);
		assert_int_equal(ip6_scope(&b), two);
		assert_true(ip6_is_linklocal(&a) && ip6_is_linklocal(&b));
	}
	assert_int_equal(ph_link_remove(h->st, two, h->now), 0);
	host_free(h);
}

/* rfc: 6724:4-3 */
static void test_a_source_that_the_destination_cannot_have_is_an_error(void **state)
{
	static const struct ph_ip us2 = { { 0xfd, 0, 0, 0, 0, 0, 0, 2, [15] = 2 } };
	struct host *h = host6_new();
	ph_link two = second_link(h, &us2);
	ph_socket s = ph_socket_new(h->st, PH_AF_INET6, PH_SOCK_DGRAM, 0, h->now);
	struct ph_sockaddr a = { .family = PH_AF_INET6, .port = 7, .ip = us_ll,
				 .scope = (uint32_t)h->link };

	(void)state;
	assert_int_equal(ph_bind(h->st, s, &a, h->now), 0);
	a.ip = peer_ll;
	a.scope = (uint32_t)two;
	assert_int_equal(ph_connect(h->st, s, &a, h->now), -ENETUNREACH);
	a.scope = (uint32_t)h->link;
	assert_int_equal(ph_connect(h->st, s, &a, h->now), 0);
	ph_close(h->st, s, h->now);
	s = ph_socket_new(h->st, PH_AF_INET6, PH_SOCK_DGRAM, 0, h->now);
	a = (struct ph_sockaddr){ .family = PH_AF_INET6, .port = 7, .ip = other6 };
	assert_int_equal(ph_bind(h->st, s, &a, h->now), -EADDRNOTAVAIL);
	ph_close(h->st, s, h->now);
	assert_int_equal(ph_link_remove(h->st, two, h->now), 0);
	host_free(h);
}

/* rfc: 6724:4-2 */
static void test_no_group_and_nobody_is_ever_a_source(void **state)
{
	static const struct ph_ip group = { { 0xff, 2, [15] = 9 } };
	struct host *h = host6_new();
	const struct ph_ip *bound[] = { &group, &none6 };

	(void)state;
	host6_know(h, &peer6);
	for (size_t i = 0; i < ARRAY_LEN(bound); i++) {
		ph_socket s = ph_socket_new(h->st, PH_AF_INET6, PH_SOCK_DGRAM, 0, h->now);
		struct ph_sockaddr a = { .family = PH_AF_INET6, .port = 7, .ip = *bound[i],
					 .scope = i ? 0 : (uint32_t)h->link };

		assert_int_equal(ph_bind(h->st, s, &a, h->now), 0);
		a = (struct ph_sockaddr){ .family = PH_AF_INET6, .port = 9, .ip = peer6 };
		assert_int_equal(ph_connect(h->st, s, &a, h->now), 0);
		assert_int_equal(ph_send(h->st, s, "0123456789", 10, 0, h->now), 10);
		assert_true(host_take(h) > 0);
		assert_memory_equal(out_ip6(h)->src, us6.b, 16);
		ph_close(h->st, s, h->now);
	}
	host_free(h);
}

static void advertise(struct host *h, const struct ph_ip *router, const struct ph_ip *prefix)
{
	struct frame f;

	ra(&f, router, 1800, 0);
	pio(&f, prefix, 64, 0xc0, 86400, 86400);
	ra_in(h, &f);
}

/* rfc: 6724:5-5 */
static void test_the_source_is_of_the_prefix_that_the_next_hop_advertised(void **state)
{
	static const struct ph_ip p1 = { { 0x20, 1, 0x0d, 0xb8, 0, 1 } },
				  p2 = { { 0x20, 1, 0x0d, 0xb8, 0, 2 } },
				  r2 = { { 0xfe, 0x80, [15] = 7 } };
	struct host *h = host6_with((struct ph_link_conf){ .kind = PH_LINK_ETHER }, PH_IPV6_SLAAC);
	unsigned hops[2] = { 0, 0 };

	(void)state;
	host6_settle(h, 5 * NS_PER_S);
	advertise(h, &peer_ll, &p1);
	advertise(h, &r2, &p2);
	host6_settle(h, 5 * NS_PER_S);
	for (unsigned i = 0; i < 64; i++) {
		struct ph_ip to = far6, hop;
		struct dst d = { 0 };
		bool second;

		to.b[15] = (uint8_t)i;
		assert_int_equal(dst_lookup(h->st, &d, NULL, &to, false), 0);
		hop = ip6_bare(d.next_hop);
		second = ip_eq(&hop, &r2);
		hops[second]++;
		assert_memory_equal(d.src.b, second ? p2.b : p1.b, 8);
	}
	assert_true(hops[0] > 0 && hops[1] > 0);
	host_free(h);
}

/* rfc: 6724:5-7 */
static void test_a_temporary_source_goes_first_where_it_is_preferred(void **state)
{
	static const struct ph_ip p1 = { { 0x20, 1, 0x0d, 0xb8, 0, 1 } };
	static const struct {
		const char *use;
		int prefer; /* 0: nothing said */
		bool temporary;
	} row[] = {
		{ "2", 0, true },
		{ "2", PH_IPV6_PREFER_SRC_PUBLIC, false },
		{ "1", 0, false },
		{ "1", PH_IPV6_PREFER_SRC_TMP, true },
		{ "1", PH_IPV6_PREFER_SRC_PUBTMP_DEFAULT, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		struct host *h = host_bare((struct ph_conf){ 0 });
		ph_socket s, t;
		struct ph_sockaddr a = { .family = PH_AF_INET6, .port = 9, .ip = far6 }, us;

		assert_int_equal(ph_sysctl_set(h->st, "net.ipv6.conf.default.use_tempaddr", row[i].use), 0);
		assert_int_equal(ph_sysctl_set(h->st, "net.ipv6.conf.default.addr_gen_mode", "0"), 0);
		h->link = ph_link_add(h->st, &(struct ph_link_conf){ .name = "t0", .mac = { 2, [5] = 2 } },
				      h->now);
		assert_int_equal(ph_link_ipv6(h->st, h->link, PH_IPV6_SLAAC, h->now), 0);
		host6_settle(h, 5 * NS_PER_S);
		advertise(h, &peer_ll, &p1);
		host6_settle(h, 5 * NS_PER_S);
		s = ph_socket_new(h->st, PH_AF_INET6, PH_SOCK_DGRAM, 0, h->now);
		t = ph_socket_new(h->st, PH_AF_INET6, PH_SOCK_STREAM, 0, h->now);
		for (unsigned k = 0; k < 2; k++) {
			if (row[i].prefer)
				assert_int_equal(ph_setsockopt(h->st, k ? t : s, PH_IPPROTO_IPV6,
							       PH_IPV6_ADDR_PREFERENCES, &row[i].prefer, 4,
							       h->now), 0);
			assert_int_equal(ph_connect(h->st, k ? t : s, &a, h->now), k ? -EINPROGRESS : 0);
			assert_int_equal(ph_getsockname(h->st, k ? t : s, &us), 0);
			assert_memory_equal(us.ip.b, p1.b, 8);
			assert_int_equal(memcmp(us.ip.b + 8, us_ll.b + 8, 8) != 0, row[i].temporary);
		}
		ph_close(h->st, s, h->now);
		ph_stack_abort(h->st, h->now);
		while (host_take(h) > 0)
			;
		host6_settle(h, 5 * NS_PER_S);
		host_free(h);
	}
}

static void test_preferences_are_one_of_each_kind(void **state)
{
	static const struct {
		int set, rc, get;
	} row[] = {
		{ 0, 0, 0x500 }, { 1, 0, 0x401 }, { 0x400, 0, 0x500 }, { 2, 0, 0x402 },
		{ 4, 0, 0x104 }, { 0, 0, 0x500 },	  { 0x500, 0, 0x500 }, { 3, -EINVAL, 0x500 },
		{ 0x404, -EINVAL, 0x500 }, { 0x808, -EINVAL, 0x500 }, { 0x101, -EINVAL, 0x500 },
		{ 8, 0, 0x500 },
	};
	struct host *h = host6_new();
	ph_socket s = ph_socket_new(h->st, PH_AF_INET6, PH_SOCK_DGRAM, 0, h->now);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		uint32_t len = 4;
		int v = row[i].set;

		assert_int_equal(ph_setsockopt(h->st, s, PH_IPPROTO_IPV6, PH_IPV6_ADDR_PREFERENCES, &v, 4,
					       h->now), row[i].rc);
		assert_int_equal(ph_getsockopt(h->st, s, PH_IPPROTO_IPV6, PH_IPV6_ADDR_PREFERENCES, &v,
					       &len), 0);
		assert_int_equal(v, row[i].get);
	}
	ph_close(h->st, s, h->now);
	host_free(h);
}

static void test_a_group_is_reached_by_the_link_that_the_socket_is_bound_to(void **state)
{
	static const struct ph_ip us2 = { { 0xfd, 0, 0, 0, 0, 0, 0, 2, [15] = 2 } },
				  group = { { 0xff, 5, [15] = 9 } };
	struct host *h = host6_new();
	ph_link two = second_link(h, &us2);
	uint8_t b[2000];

	(void)state;
	for (int bound = 0; bound < 2; bound++) {
		ph_socket s = ph_socket_new(h->st, PH_AF_INET6, PH_SOCK_DGRAM, 0, h->now);
		struct ph_sockaddr a = { .family = PH_AF_INET6, .port = 9, .ip = group };
		int link = bound ? two : h->link, hops = 0;

		assert_int_equal(ph_setsockopt(h->st, s, PH_SOL_SOCKET, PH_SO_BINDTOIFINDEX, &link, 4,
					       h->now), 0);
		assert_int_equal(ph_connect(h->st, s, &a, h->now), 0);
		assert_int_equal(ph_getsockname(h->st, s, &a), 0);
		assert_memory_equal(&a.ip, bound ? &us2 : &us6, 16);
		assert_int_equal(ph_send(h->st, s, "x", 1, 0, h->now), 1);
		assert_int_equal(host_take(h) > 0, !bound);
		assert_int_equal(ph_link_output_bytes(h->st, two, b, sizeof(b), h->now) > 0, bound);
		assert_int_equal(ph_setsockopt(h->st, s, PH_IPPROTO_IPV6, PH_IPV6_MULTICAST_HOPS, &hops, 4,
					       h->now), 0);
		assert_int_equal(ph_send(h->st, s, "x", 1, 0, h->now), 1); /* for this host alone */
		assert_int_equal(host_take(h), 0);
		assert_int_equal(ph_link_output_bytes(h->st, two, b, sizeof(b), h->now), 0);
		ph_close(h->st, s, h->now);
	}
	assert_int_equal(ph_link_remove(h->st, two, h->now), 0);
	host_free(h);
}

static void test_a_socket_of_ipv6_alone_has_no_ipv4_address(void **state)
{
	struct host *h = host6_new();
	struct ph_ip us4 = ip_of4(US4);
	struct ph_sockaddr a = { .family = PH_AF_INET6, .port = 7, .ip = us4 };

	(void)state;
	assert_int_equal(ph_addr_add(h->st, h->link, &us4, 24, h->now), 0);
	for (int only = 0; only < 2; only++) {
		ph_socket s = ph_socket_new(h->st, PH_AF_INET6, PH_SOCK_DGRAM, 0, h->now);

		assert_int_equal(ph_setsockopt(h->st, s, PH_IPPROTO_IPV6, PH_IPV6_V6ONLY, &only, 4, h->now),
				 0);
		assert_int_equal(ph_bind(h->st, s, &a, h->now), only ? -EINVAL : 0);
		ph_close(h->st, s, h->now);
	}
	host6_settle(h, 5 * NS_PER_S);
	host_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_source_is_of_the_link_that_the_packet_leaves_by),
		cmocka_unit_test(test_a_source_that_the_destination_cannot_have_is_an_error),
		cmocka_unit_test(test_no_group_and_nobody_is_ever_a_source),
		cmocka_unit_test(test_the_source_is_of_the_prefix_that_the_next_hop_advertised),
		cmocka_unit_test(test_a_temporary_source_goes_first_where_it_is_preferred),
		cmocka_unit_test(test_preferences_are_one_of_each_kind),
		cmocka_unit_test(test_a_group_is_reached_by_the_link_that_the_socket_is_bound_to),
		cmocka_unit_test(test_a_socket_of_ipv6_alone_has_no_ipv4_address),
	};

	return cmocka_run_group_tests_name("sources of IPv6", tests, NULL, NULL);
}
