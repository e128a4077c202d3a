/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sockets of family AF_INET6 over tcp/, udp/ and net/: both families on one port, scopes, options;
 * and which addresses are chosen (RFC 6724).
 */
#include "net6_fixture.h"

static const uint16_t port = 4000;

static struct ph_sockaddr at(int family, const struct ph_ip *ip, uint16_t p)
{
	struct ph_sockaddr a = { .family = (uint16_t)family, .port = p };

	if (ip)
		a.ip = *ip;
	return a;
}

/* A socket bound to the port; -errno. */
static int bound(struct host *h, int family, int type, const struct ph_ip *ip, int only)
{
	int s = ph_socket_new(h->st, family, type, 0, h->now), rc;
	struct ph_sockaddr a = at(family, ip, port);

	assert_true(s >= 0);
	if (only >= 0)
		assert_int_equal(ph_setsockopt(h->st, s, PH_IPPROTO_IPV6, PH_IPV6_V6ONLY, &only,
					       sizeof(only), h->now),
				 0);
	rc = ph_bind(h->st, s, &a, h->now);
	if (rc == 0 && type == PH_SOCK_STREAM)
		rc = ph_listen(h->st, s, 5, h->now);
	if (rc != 0)
		ph_close(h->st, s, h->now);
	return rc != 0 ? rc : s;
}

/* Who may share a port: the kernel's rules, held by both transports. */
static void test_two_families_share_a_port_where_no_address_is_both_ones(void **state)
{
	static const struct {
		int first, first_only, second, second_only;
		bool second_has_ip;
		bool fits;
	} row[] = {
		{ PH_AF_INET6, 0, PH_AF_INET, -1, false, false },
		{ PH_AF_INET6, 1, PH_AF_INET, -1, false, true },
		{ PH_AF_INET, -1, PH_AF_INET6, 0, false, false },
		{ PH_AF_INET, -1, PH_AF_INET6, 1, false, true },
		{ PH_AF_INET6, 1, PH_AF_INET6, 1, false, false },
		{ PH_AF_INET, -1, PH_AF_INET6, 0, true, true },
		{ PH_AF_INET6, 0, PH_AF_INET6, 0, true, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		for (int type = PH_SOCK_STREAM; type <= PH_SOCK_DGRAM; type++) {
			struct host *h = host6_new();
			int a = bound(h, row[i].first, type, NULL, row[i].first_only), b;

			assert_true(a >= 0);
			b = bound(h, row[i].second, type, row[i].second_has_ip ? &us6 : NULL,
				  row[i].second_only);
			if ((b >= 0) != row[i].fits || (b < 0 && b != -EADDRINUSE))
				fail_msg("row %zu, type %d: %d", i, type, b);
			ph_close(h->st, a, h->now);
			if (b >= 0)
				ph_close(h->st, b, h->now);
			host_free(h);
		}
	}
}

/* A datagram to the port, of either family. */
static void datagram(struct host *h, bool v4)
{
	struct frame f;
	uint8_t *p;

	if (v4)
		frame_ip4(&f, PEER4, US4, 17, 0);
	else
		frame_ip6(&f, &peer6, &us6, 17);
	p = frame_put(&f, 12);
	p[1] = 9;
	p[2] = (uint8_t)(port >> 8);
	p[3] = (uint8_t)port;
	p[5] = 12;
	memcpy(p + 8, "data", 4);
	if (v4) {
		frame_end(&f);
	} else {
		be16 sum;

		frame6_end(&f);
		sum = be16_of(csum_finish(csum_add(csum_pseudo(&peer6, &us6, 17, 12), p, 12)));
		memcpy(p + 6, &sum, 2);
	}
	frame_in(h, &f);
}

static void test_an_ipv6_socket_hears_both_families_unless_it_wants_one(void **state)
{
	(void)state;
	for (int only = 0; only < 2; only++) {
		struct host *h = host6_new();
		struct ph_ip v4 = ip_of4(US4), mapped = ip_of4(PEER4);
		struct ph_sockaddr from;
		char buf[8];
		struct ph_iov iov = { buf, sizeof(buf) };
		struct ph_msg msg = { .name = &from, .iov = &iov, .niov = 1 };
		int s = bound(h, PH_AF_INET6, PH_SOCK_DGRAM, NULL, only);

		assert_int_equal(ph_addr_add(h->st, h->link, &v4, 24, h->now), 0);
		host6_settle(h, 10 * NS_PER_S);
		datagram(h, true);
		assert_int_equal(ph_recvmsg(h->st, s, &msg, 0, h->now), only ? -EAGAIN : 4);
		if (!only) {
			assert_int_equal(from.family, PH_AF_INET6);
			assert_memory_equal(&from.ip, &mapped, 16);
		}
		datagram(h, false);
		assert_int_equal(ph_recvmsg(h->st, s, &msg, 0, h->now), 4);
		assert_memory_equal(&from.ip, &peer6, 16);
		assert_int_equal(count_of(h, "Udp6InDatagrams"), 1);
		ph_close(h->st, s, h->now);
		host6_settle(h, NS_PER_S);
		host_free(h);
	}
}

/* rfc: 6935:5-2, 8200:8.1-3 */
static void test_a_datagram_without_a_checksum_is_dropped_over_ipv6(void **state)
{
	struct host *h = host6_new();
	int s = bound(h, PH_AF_INET6, PH_SOCK_DGRAM, NULL, 0);
	struct frame f;
	uint8_t *p;

	(void)state;
	frame_ip6(&f, &peer6, &us6, 17);
	p = frame_put(&f, 12);
	p[2] = (uint8_t)(port >> 8);
	p[3] = (uint8_t)port;
	p[5] = 12;
	frame6_end(&f);
	frame_in(h, &f);
	assert_int_equal(drops_of(h, "UDP6_CSUM"), 1);
	assert_int_equal(count_of(h, "Udp6InErrors"), 1);
	ph_close(h->st, s, h->now);
	host_free(h);
}

/* rfc: 8200:8.1-2, 8200:8.1-1, 6936:4-2, 6935:5-1
 * Of 65,536 last words one makes the sum zero. */
static void test_no_datagram_leaves_without_a_checksum_over_ipv6(void **state)
{
	struct host *h = host6_new();
	struct ph_sockaddr to = at(PH_AF_INET6, &peer6, 9);
	int s = ph_socket_new(h->st, PH_AF_INET6, PH_SOCK_DGRAM, 0, h->now);
	unsigned ones = 0;

	(void)state;
	host6_know(h, &peer6);
	assert_int_equal(ph_connect(h->st, s, &to, h->now), 0);
	for (uint32_t v = 0; v < 65536; v++) {
		uint8_t word[2] = { (uint8_t)(v >> 8), (uint8_t)v };
		const uint8_t *udp = (const uint8_t *)(out_ip6(h) + 1);

		assert_int_equal(ph_send(h->st, s, word, 2, 0, h->now), 2);
		assert_true(host_take(h) > 0);
		assert_true(udp[6] || udp[7]);
		assert_int_equal(csum_fold(csum_add(csum_pseudo(&us6, &peer6, 17, 10), udp, 10)), 0xffff);
		ones += udp[6] == 0xff && udp[7] == 0xff;
	}
	assert_in_range(ones, 1, 2);
	ph_close(h->st, s, h->now);
	host_free(h);
}

static void test_a_link_local_peer_needs_its_link(void **state)
{
	struct host *h = host6_new();
	struct ph_sockaddr to = at(PH_AF_INET6, &peer_ll, 9), name;
	int s = ph_socket_new(h->st, PH_AF_INET6, PH_SOCK_DGRAM, 0, h->now);

	(void)state;
	assert_int_equal(ph_connect(h->st, s, &to, h->now), -EINVAL);
	to.scope = 77;
	assert_int_equal(ph_connect(h->st, s, &to, h->now), -ENODEV);
	to.scope = (uint32_t)h->link;
	assert_int_equal(ph_connect(h->st, s, &to, h->now), 0);
	assert_int_equal(ph_getpeername(h->st, s, &name), 0);
	assert_memory_equal(&name.ip, &peer_ll, 16);
	assert_int_equal(name.scope, h->link);
	assert_int_equal(ph_getsockname(h->st, s, &name), 0);
	assert_memory_equal(&name.ip, &us_ll, 16);
	ph_close(h->st, s, h->now);
	host_free(h);
}

static void test_options_of_ipv6_have_the_kernels_bounds(void **state)
{
	static const struct {
		int name, value, rc, back;
	} row[] = {
		{ PH_IPV6_UNICAST_HOPS, 0, 0, 0 },    { PH_IPV6_UNICAST_HOPS, 255, 0, 255 },
		{ PH_IPV6_UNICAST_HOPS, -1, 0, 64 },  { PH_IPV6_UNICAST_HOPS, 256, -EINVAL, 64 },
		{ PH_IPV6_UNICAST_HOPS, -2, -EINVAL, 64 }, { PH_IPV6_TCLASS, 255, 0, 255 },
		{ PH_IPV6_TCLASS, -1, 0, 0 },	      { PH_IPV6_TCLASS, 256, -EINVAL, 0 },
		{ PH_IPV6_MULTICAST_HOPS, 7, 0, 7 },  { PH_IPV6_MTU_DISCOVER, 6, -EINVAL, 1 },
		{ PH_IPV6_RECVHOPLIMIT, 5, 0, 1 },
	};
	struct host *h = host6_new();
	int s = ph_socket_new(h->st, PH_AF_INET6, PH_SOCK_DGRAM, 0, h->now);
	int s4 = ph_socket_new(h->st, PH_AF_INET, PH_SOCK_DGRAM, 0, h->now);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		uint32_t len = sizeof(int);
		int v = row[i].value;

		assert_int_equal(ph_setsockopt(h->st, s, 41, row[i].name, &v, sizeof(v), h->now),
				 row[i].rc);
		assert_int_equal(ph_getsockopt(h->st, s, 41, row[i].name, &v, &len), 0);
		assert_int_equal(v, row[i].back);
		assert_int_equal(ph_setsockopt(h->st, s4, 41, row[i].name, &v, sizeof(v), h->now),
				 -ENOPROTOOPT);
	}
	ph_close(h->st, s, h->now);
	ph_close(h->st, s4, h->now);
	host_free(h);
}

/* What a port was taken for stays, whether bind() or connect() took it. */
static void test_v6only_is_said_before_there_is_a_port(void **state)
{
	struct host *h = host6_new();
	struct ph_sockaddr to = at(PH_AF_INET6, &peer6, 9), here = { .family = PH_AF_INET6, .port = 99 };
	int bound = ph_socket_new(h->st, PH_AF_INET6, PH_SOCK_STREAM, 0, h->now);
	int connected = ph_socket_new(h->st, PH_AF_INET6, PH_SOCK_STREAM, 0, h->now), v = 1;

	(void)state;
	for (int i = 0; i < 2; i++) {
		int s = i ? bound : connected;

		assert_int_equal(ph_setsockopt(h->st, s, 41, PH_IPV6_V6ONLY, &v, 4, h->now), 0);
		assert_int_equal(i ? ph_bind(h->st, s, &here, h->now) :
				     ph_connect(h->st, s, &to, h->now),
				 i ? 0 : -EINPROGRESS);
		assert_int_equal(ph_setsockopt(h->st, s, 41, PH_IPV6_V6ONLY, &v, 4, h->now), -EINVAL);
		ph_close(h->st, s, h->now);
	}
	host_free(h);
}

/* rfc: 8504:6.6-1 6724:5-1 6724:5-2 6724:5-6 6724:5-8 6724:2.1-1 */
static void test_the_source_is_the_one_that_fits_the_destination_best(void **state)
{
	static const struct ph_ip gua = { { 0x20, 1, 0x0d, 0xb8, 0, 1, [15] = 2 } },
				  gua2 = { { 0x20, 1, 0x0d, 0xb8, 0, 2, [15] = 2 } },
				  six4 = { { 0x20, 0x02, 1, [15] = 2 } };
	static const struct {
		const char *what;
		struct ph_ip dst, src;
	} row[] = {
		{ "link-local", { { 0xfe, 0x80, [15] = 1 } }, { { 0xfe, 0x80, [8] = 0, [11] = 0xff,
								  0xfe, 0, 0, 2 } } },
		{ "a group of the link", { { 0xff, 2, [15] = 9 } }, { { 0xfe, 0x80, [11] = 0xff,
									0xfe, 0, 0, 2 } } },
		{ "a global group", { { 0xff, 0x0e, [15] = 9 } }, { { 0x20, 1, 0x0d, 0xb8, 0, 1,
								      [15] = 2 } } },
		{ "unique local", { { 0xfd, 7, [15] = 9 } }, { { 0xfd, 0, [15] = 2 } } },
		{ "global, first prefix", { { 0x20, 1, 0x0d, 0xb8, 0, 1, 9 } },
		  { { 0x20, 1, 0x0d, 0xb8, 0, 1, [15] = 2 } } },
		{ "global, second prefix", { { 0x20, 1, 0x0d, 0xb8, 0, 2, 9 } },
		  { { 0x20, 1, 0x0d, 0xb8, 0, 2, [15] = 2 } } },
		{ "6to4", { { 0x20, 0x02, 9, [15] = 2 } }, { { 0x20, 0x02, 1, [15] = 2 } } },
	};
	struct host *h = host6_new();

	(void)state;
	assert_int_equal(ph_addr_add(h->st, h->link, &gua, 64, h->now), 0);
	assert_int_equal(ph_addr_add(h->st, h->link, &gua2, 64, h->now), 0);
	assert_int_equal(ph_addr_add(h->st, h->link, &six4, 64, h->now), 0);
	host6_settle(h, 5 * NS_PER_S);
	assert_int_equal(ph_route_add(h->st, &none6, 0, &peer_ll, h->link, 0, h->now), 0);
	for (size_t k = 0; k < 2 * ARRAY_LEN(row); k++) {
		size_t i = k % ARRAY_LEN(row);
		struct ph_ip dst = scoped(h, &row[i].dst), src;
		struct dst d = { 0 };

		if (k == ARRAY_LEN(row)) { /* the order in which they came does not matter */
			assert_int_equal(ph_addr_del(h->st, h->link, &us_ll, h->now), 0);
			assert_int_equal(ph_addr_add(h->st, h->link, &us_ll, 64, h->now), 0);
			host6_settle(h, 5 * NS_PER_S);
		}

		assert_int_equal(dst_lookup(h->st, &d, NULL, &dst, false), 0);
		src = ip6_bare(d.src);
		if (memcmp(&src, &row[i].src, 16) != 0)
			fail_msg("%s: from another address", row[i].what);
	}
	host_free(h);
}

/* rfc: 6724:6-1 8504:6.6-1 */
static void test_destinations_are_tried_best_first_and_the_table_decides(void **state)
{
	struct host *h = host6_new();
	struct ph_ip v4 = ip_of4(US4);
	struct ph_sockaddr a[3] = { at(PH_AF_INET6, &far6, 1), at(PH_AF_INET, NULL, 2),
				    at(PH_AF_INET6, &other6, 3) };
	struct ph_policy v4_first[] = { { { { 0 } }, 0, 40, 1 },
					{ { { [10] = 0xff, 0xff } }, 96, 100, 4 } };

	(void)state;
	a[1].ip = ip_of4(PEER4);
	assert_int_equal(ph_addr_add(h->st, h->link, &v4, 24, h->now), 0);
	host6_settle(h, 10 * NS_PER_S);
	assert_int_equal(ph_sort_destinations(h->st, a, 3, h->now), 0);
	assert_int_equal(a[2].port, 1); /* there is no route to it */
	assert_int_equal(a[0].port, 2); /* of precedence 35, a unique local one of 3 */
	assert_int_equal(ph_policy_set(h->st, v4_first, 1, h->now), 0);
	assert_int_equal(ph_policy(h->st, NULL, 0), 1);
	a[0].port = 5;
	assert_int_equal(ph_sort_destinations(h->st, a, 3, h->now), 0);
	assert_int_equal(a[0].port, 5); /* equal now: as they stood */
	v4_first[1].precedence = 1;
	assert_int_equal(ph_policy_set(h->st, v4_first, 2, h->now), 0);
	assert_int_equal(ph_sort_destinations(h->st, a, 3, h->now), 0);
	assert_int_equal(a[0].port, 3);
	v4_first[0].prefix_len = 129;
	assert_int_equal(ph_policy_set(h->st, v4_first, 1, h->now), -EINVAL);
	host6_settle(h, 10 * NS_PER_S);
	host_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_families_share_a_port_where_no_address_is_both_ones),
		cmocka_unit_test(test_an_ipv6_socket_hears_both_families_unless_it_wants_one),
		cmocka_unit_test(test_a_datagram_without_a_checksum_is_dropped_over_ipv6),
		cmocka_unit_test(test_no_datagram_leaves_without_a_checksum_over_ipv6),
		cmocka_unit_test(test_a_link_local_peer_needs_its_link),
		cmocka_unit_test(test_v6only_is_said_before_there_is_a_port),
		cmocka_unit_test(test_options_of_ipv6_have_the_kernels_bounds),
		cmocka_unit_test(test_the_source_is_the_one_that_fits_the_destination_best),
		cmocka_unit_test(test_destinations_are_tried_best_first_and_the_table_decides),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
