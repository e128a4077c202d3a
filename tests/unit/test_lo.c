/* SPDX-License-Identifier: BSD-2-Clause */
/* The loopback link: its addresses, who is reached through it, and what may not come from a wire. */
#include "net6_fixture.h"

#include "net/lo.h"
#include "wire/udp.h"

enum { LO4 = 0x7f000001 };

static struct ph_sockaddr at4(uint32_t ip, uint16_t port)
{
	return (struct ph_sockaddr){ .family = PH_AF_INET, .port = port, .ip = ip_of4(ip) };
}

static struct ph_sockaddr at6(const struct ph_ip *ip, uint16_t port)
{
	return (struct ph_sockaddr){ .family = PH_AF_INET6, .port = port, .ip = *ip };
}

static const struct ph_ip lo6 = { { [15] = 1 } }, any6 = { { 0 } };

static ph_socket bound(struct host *h, int type, const struct ph_sockaddr *to)
{
	ph_socket s = ph_socket_new(h->st, to->family, type, 0, h->now);

	assert_true(s >= 0);
	assert_int_equal(ph_bind(h->st, s, to, h->now), 0);
	return s;
}

static struct ph_link_info lo_info(const struct host *h)
{
	struct ph_link_info i;

	assert_true(ph_links(h->st, &i, 1) >= 1);
	assert_string_equal(i.name, "lo");
	return i;
}

static void settle(struct host *h)
{
	while (ph_stack_deadline(h->st) <= h->now)
		ph_stack_run(h->st, h->now);
}

static void test_every_stack_has_lo_and_nothing_to_wait_for(void **state)
{
	struct host *h = host_bare((struct ph_conf){ .max_links = 1 });
	struct ph_link_info l = lo_info(h);
	struct ph_addr_info a[4];

	(void)state;
	assert_int_equal(l.link, PH_LINK_LO);
	assert_int_equal(l.kind, PH_LINK_LOOPBACK);
	assert_int_equal(l.mtu, 65536);
	assert_int_equal(ph_links(h->st, NULL, 0), 1);
	assert_int_equal(ph_addrs(h->st, a, 4), 2);
	assert_int_equal(ip_get4(&a[0].ip), LO4);
	assert_int_equal(a[0].prefix, 8);
	assert_memory_equal(&a[1].ip, &lo6, 16);
	assert_int_equal(a[1].prefix, 128);
	assert_int_equal(a[1].flags, 0);
	assert_int_equal(ph_routes(h->st, NULL, 0), 0); /* the main table's */
	assert_int_equal(ph_stack_deadline(h->st), PH_NEVER);
	host_free(h);
}

/* Where it is sent to; from whom it comes, and what of lo it passes. */
static void test_datagrams_reach_any_address_of_ours_through_lo(void **state)
{
	const struct {
		const char *what;
		struct ph_sockaddr to;
		struct ph_sockaddr from;
	} row[] = {
		{ "127.0.0.1", at4(LO4, 9), at4(LO4, 0) },
		{ "127.3.4.5", at4(0x7f030405, 9), at4(LO4, 0) },
		{ "our address", at4(US4, 9), at4(US4, 0) },
		{ "0.0.0.0", at4(0, 9), at4(LO4, 0) },
		{ "::1", at6(&lo6, 9), at6(&lo6, 0) },
		{ "our IPv6 address", at6(&us6, 9), at6(&us6, 0) },
		{ "::", at6(&any6, 9), at6(&lo6, 0) },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		bool v4 = row[i].to.family == PH_AF_INET;
		struct ph_sockaddr any = v4 ? at4(0, 9) : at6(&any6, 9), from;
		struct host *h = host6_new();
		struct ph_ip us4 = ip_of4(US4);
		char b[8] = "";
		struct ph_iov iov = { b, sizeof(b) };
		struct ph_msg msg = { .name = &from, .iov = &iov, .niov = 1 };
		ph_socket in, out;

		assert_int_equal(ph_addr_add(h->st, h->link, &us4, 24, h->now), 0);
		in = bound(h, PH_SOCK_DGRAM, &any);
		out = ph_socket_new(h->st, row[i].to.family, PH_SOCK_DGRAM, 0, h->now);
		assert_int_equal(ph_connect(h->st, out, &row[i].to, h->now), 0);
		while (host_take(h) > 0)
			;
		assert_int_equal(ph_send(h->st, out, "hello", 5, 0, h->now), 5);
		assert_int_equal(ph_recv(h->st, in, b, sizeof(b), 0, h->now), -EAGAIN); /* no recursion */
		assert_int_equal(ph_stack_deadline(h->st), h->now);
		ph_stack_run(h->st, h->now);
		assert_int_equal(host_take(h), 0);
		if (ph_recvmsg(h->st, in, &msg, 0, h->now) != 5)
			fail_msg("what goes to %s does not come", row[i].what);
		if (!ip_eq(&from.ip, &row[i].from.ip))
			fail_msg("what goes to %s comes from elsewhere", row[i].what);
		assert_int_equal(lo_info(h).tx_packets, 1);
		assert_int_equal(lo_info(h).rx_packets, 1);
		assert_int_equal(lo_info(h).rx_bytes, ETH_HDR_LEN + (v4 ? 20 : 40) + 8 + 5);
		ph_close(h->st, in, h->now);
		ph_close(h->st, out, h->now);
		host_free(h);
	}
}

static void test_a_connection_to_ourselves_carries_its_bytes(void **state)
{
	const struct ph_sockaddr to[] = { at4(LO4, 80), at4(0x7f000002, 80), at6(&lo6, 80) };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(to); i++) {
		struct host *h = host6_new();
		ph_socket l = bound(h, PH_SOCK_STREAM, &to[i]), c, a;
		uint32_t mss = 0, len = sizeof(mss);
		static uint8_t bytes[200000], back[200000];
		size_t sent = 0, got = 0;

		for (size_t k = 0; k < sizeof(bytes); k++)
			bytes[k] = (uint8_t)(k * 7 + k / 251);
		assert_int_equal(ph_listen(h->st, l, 5, h->now), 0);
		c = ph_socket_new(h->st, to[i].family, PH_SOCK_STREAM, 0, h->now);
		assert_int_equal(ph_connect(h->st, c, &to[i], h->now), -EINPROGRESS);
		settle(h);
		assert_true(ph_poll(h->st, c) & PH_POLLOUT);
		a = ph_accept(h->st, l, NULL, h->now);
		assert_true(a >= 0);
		for (unsigned turn = 0; turn < 1000 && got < sizeof(back); turn++) {
			int64_t n = sent < sizeof(bytes) ? ph_send(h->st, c, bytes + sent,
								   sizeof(bytes) - sent, 0, h->now) : 0;

			sent += n > 0 ? (size_t)n : 0;
			host_run(h, NS_PER_MS);
			n = ph_recv(h->st, a, back + got, sizeof(back) - got, 0, h->now);
			got += n > 0 ? (size_t)n : 0;
		}
		assert_int_equal(got, sizeof(back));
		assert_memory_equal(bytes, back, sizeof(back));
		assert_int_equal(ph_getsockopt(h->st, c, PH_IPPROTO_TCP, PH_TCP_MAXSEG, &mss, &len), 0);
		assert_in_range(mss, 16384, 65535 - 40); /* lo's mtu, or half a window */
		ph_close(h->st, c, h->now);
		ph_close(h->st, a, h->now);
		ph_close(h->st, l, h->now);
		ph_stack_abort(h->st, h->now);
		host_free(h);
	}
}

/* rfc: 1122:3.2.2.1-1 */
static void test_a_port_of_ours_that_nobody_has_is_refused_through_lo(void **state)
{
	const struct ph_sockaddr to[] = { at4(LO4, 9), at4(0x7f000009, 9), at6(&lo6, 9) };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(to); i++) {
		struct host *h = host6_new();
		ph_socket s = ph_socket_new(h->st, to[i].family, PH_SOCK_DGRAM, 0, h->now);

		assert_int_equal(ph_connect(h->st, s, &to[i], h->now), 0);
		assert_int_equal(ph_send(h->st, s, "x", 1, 0, h->now), 1);
		settle(h);
		assert_int_equal(ph_send(h->st, s, "x", 1, 0, h->now), -ECONNREFUSED);
		ph_close(h->st, s, h->now);
		host_free(h);
	}
}

/* rfc: 1122:3.2.1.3-3 */
static void test_loopback_addresses_do_not_leave_the_host(void **state)
{
	struct host *h = host6_new();
	struct ph_sockaddr lo = at4(LO4, 0), peer = at4(PEER4, 9), local = at4(LO4, 9);
	struct ph_sockaddr lo_6 = at6(&lo6, 0), peer_6 = at6(&peer6, 9);
	struct ph_ip us4 = ip_of4(US4);
	ph_socket s;

	(void)state;
	assert_int_equal(ph_addr_add(h->st, h->link, &us4, 24, h->now), 0);
	s = bound(h, PH_SOCK_DGRAM, &lo);
	assert_int_equal(ph_connect(h->st, s, &peer, h->now), -EINVAL);
	ph_close(h->st, s, h->now);
	s = bound(h, PH_SOCK_DGRAM, &lo_6);
	assert_int_equal(ph_connect(h->st, s, &peer_6, h->now), -EINVAL);
	ph_close(h->st, s, h->now);
	s = ph_socket_new(h->st, PH_AF_INET, PH_SOCK_DGRAM, 0, h->now);
	assert_int_equal(ph_setsockopt(h->st, s, PH_SOL_SOCKET, PH_SO_BINDTODEVICE, "t0", 2, h->now), 0);
	assert_int_equal(ph_connect(h->st, s, &local, h->now), -ENETUNREACH);
	ph_close(h->st, s, h->now);
	host_free(h);
}

/* rfc: 1122:3.2.1.3-3, 1122:3.2.1.3-6 */
static void test_loopback_addresses_from_a_wire_are_dropped_and_counted(void **state)
{
	struct host *h = host_new();
	struct ph_sockaddr any = at4(0, 9);
	ph_socket s = bound(h, PH_SOCK_DGRAM, &any);
	static struct frame f;
	char b[8];

	(void)state;
	host_knows_peer(h);
	(void)frame_echo(&f, PEER4, LO4, 8);
	frame_in(h, &f);
	(void)frame_echo(&f, LO4, US4, 8);
	frame_in(h, &f);
	(void)frame_echo(&f, PEER4, 0x7fffffff, 8);
	frame_in(h, &f);
	assert_int_equal(drops_of(h, "IP_LOCALNET"), 3);
	frame_arp(&f, ARP_OP_REQUEST, peer_mac, PEER4, LO4);
	frame_in(h, &f);
	assert_int_equal(drops_of(h, "ARP_IGNORED"), 1);
	host_run(h, 0);
	assert_int_equal(host_take(h), 0);
	assert_int_equal(ph_recv(h->st, s, b, sizeof(b), 0, h->now), -EAGAIN);
	ph_close(h->st, s, h->now);
	host_free(h);
}

static void test_packets_to_ourselves_are_bounded(void **state)
{
	struct host *h = host_new();
	struct ph_sockaddr any = at4(0, 9), to = at4(LO4, 9);
	ph_socket in = bound(h, PH_SOCK_DGRAM, &any), out;
	int64_t rc = 0;
	unsigned n = 0;

	(void)state;
	out = ph_socket_new(h->st, PH_AF_INET, PH_SOCK_DGRAM, 0, h->now);
	assert_int_equal(ph_connect(h->st, out, &to, h->now), 0);
	while (rc >= 0 && n < 5000) {
		rc = ph_send(h->st, out, "x", 1, 0, h->now);
		n++;
	}
	assert_int_equal(n, 1001);
	assert_int_equal(drops_of(h, "QUEUE_FULL"), 1);
	settle(h);
	assert_int_equal(ph_send(h->st, out, "x", 1, 0, h->now), 1);
	ph_close(h->st, in, h->now);
	ph_close(h->st, out, h->now);
	host_free(h);
}

static void test_what_passes_lo_is_seen_there(void **state)
{
	struct host *h = host_new();
	struct ph_sockaddr lo = { .family = PH_AF_PACKET, .scope = PH_LINK_LO }, to = at4(US4, 9);
	ph_socket seen = ph_socket_new(h->st, PH_AF_PACKET, PH_SOCK_RAW, 0x0300, h->now);
	ph_socket out = ph_socket_new(h->st, PH_AF_INET, PH_SOCK_DGRAM, 0, h->now);
	static const uint8_t header[14] = { [12] = 8 };
	uint8_t b[128];

	(void)state;
	assert_int_equal(ph_bind(h->st, seen, &lo, h->now), 0);
	assert_int_equal(ph_connect(h->st, out, &to, h->now), 0);
	assert_int_equal(ph_send(h->st, out, "x", 1, 0, h->now), 1);
	assert_int_equal(ph_recv(h->st, seen, b, sizeof(b), 0, h->now), 14 + 20 + 8 + 1);
	assert_memory_equal(b, header, sizeof(header)); /* leaves */
	assert_int_equal(b[14], 0x45);
	settle(h);
	assert_int_equal(ph_recv(h->st, seen, b, sizeof(b), 0, h->now), 14 + 20 + 8 + 1); /* comes */
	ph_close(h->st, seen, h->now);
	ph_close(h->st, out, h->now);
	host_free(h);
}

/* As Linux: what went to a link's address came by that link, for who is bound to it. */
static void test_who_is_bound_to_a_link_hears_what_goes_to_its_address(void **state)
{
	struct host *h = host_new();
	struct ph_sockaddr any = at4(0, 9), us = at4(US4, 9), lo = at4(LO4, 9);
	ph_socket in = ph_socket_new(h->st, PH_AF_INET, PH_SOCK_DGRAM, 0, h->now), out;
	char b[8];

	(void)state;
	assert_int_equal(ph_setsockopt(h->st, in, PH_SOL_SOCKET, PH_SO_BINDTODEVICE, "t0", 2, h->now), 0);
	assert_int_equal(ph_bind(h->st, in, &any, h->now), 0);
	out = ph_socket_new(h->st, PH_AF_INET, PH_SOCK_DGRAM, 0, h->now);
	assert_int_equal(ph_connect(h->st, out, &lo, h->now), 0);
	assert_int_equal(ph_send(h->st, out, "x", 1, 0, h->now), 1);
	settle(h);
	assert_int_equal(ph_recv(h->st, in, b, sizeof(b), 0, h->now), -EAGAIN);
	ph_close(h->st, out, h->now);
	out = ph_socket_new(h->st, PH_AF_INET, PH_SOCK_DGRAM, 0, h->now);
	assert_int_equal(ph_connect(h->st, out, &us, h->now), 0);
	assert_int_equal(ph_send(h->st, out, "x", 1, 0, h->now), 1);
	settle(h);
	assert_int_equal(ph_recv(h->st, in, b, sizeof(b), 0, h->now), 1);
	ph_close(h->st, in, h->now);
	ph_close(h->st, out, h->now);
	host_free(h);
}

static void test_addresses_of_lo_are_the_hosts_and_no_links(void **state)
{
	struct host *h = host_new();
	struct ph_ip router = ip_of4(0xc0000207), lo2 = ip_of4(0x7f000002);
	static struct frame f;

	(void)state;
	assert_int_equal(ph_addr_add(h->st, PH_LINK_LO, &router, 32, h->now), 0);
	assert_int_equal(ph_addr_add(h->st, PH_LINK_LO, &lo2, 8, h->now), 0);
	assert_int_equal(ph_addr_add(h->st, h->link, &lo2, 8, h->now), -EADDRNOTAVAIL);
	assert_int_equal(ph_routes(h->st, NULL, 0), 1); /* t0's subnet */
	host_knows_peer(h);
	(void)frame_echo(&f, PEER4, 0xc0000207, 8); /* the weak host (RFC 1122 3.3.4.2), as Linux's */
	frame_in(h, &f);
	assert_int_equal(host_take(h), ETH_HDR_LEN + 20 + 16);
	host_free(h);
}

/* Who is bound to a link that is gone does not hear the next one, which has another number. */
static void test_an_index_is_not_given_again_while_there_are_others(void **state)
{
	struct host *h = host_bare((struct ph_conf){ .max_links = 3 });
	struct ph_link_conf conf = { .name = "t0", .kind = PH_LINK_IP };

	(void)state;
	for (int i = 0; i < 20; i++) {
		ph_link l = ph_link_add(h->st, &conf, h->now);

		assert_int_equal(l, i + 2 + i / 3); /* lo keeps one place of four */
		assert_int_equal(ph_link_remove(h->st, l, h->now), 0);
		assert_int_equal(ph_link_remove(h->st, l, h->now), -ENODEV);
	}
	for (unsigned i = 0; i < 70000; i++) { /* and when all were, from the beginning */
		ph_link l = ph_link_add(h->st, &conf, h->now);

		assert_in_range(l, 2, 65535);
		assert_int_equal(ph_link_remove(h->st, l, h->now), 0);
	}
	host_free(h);
}

static void test_nothing_passes_lo_while_it_is_down(void **state)
{
	struct host *h = host_new();
	struct ph_sockaddr us = at4(US4, 9);
	ph_socket s = bound(h, PH_SOCK_DGRAM, &us);

	(void)state;
	assert_int_equal(ph_link_up(h->st, PH_LINK_LO, false, h->now), 0);
	assert_int_equal(ph_connect(h->st, s, &us, h->now), 0);
	assert_int_equal(ph_send(h->st, s, "x", 1, 0, h->now), 1);
	settle(h);
	assert_int_equal(drops_of(h, "LINK_DOWN"), 1);
	assert_int_equal(lo_info(h).tx_packets, 0);
	assert_int_equal(ph_close(h->st, s, h->now), 0);
	host_free(h);
}

static void test_memory_that_ends_while_lo_is_made_leaves_nothing(void **state)
{
	(void)state;
	for (size_t limit = 4096; limit < 65536; limit += 256) {
		struct host h = { .now = NS_PER_S };
		struct ph_conf conf = { .alloc = host_alloc, .release = host_release, .mem_arg = &h,
					.mem_limit = limit, .now_ns = h.now, .key = { 1 } };
		struct ph_stack *st = ph_stack_new(&conf);

		ph_stack_free(st);
		assert_int_equal(h.allocated, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_stack_has_lo_and_nothing_to_wait_for),
		cmocka_unit_test(test_datagrams_reach_any_address_of_ours_through_lo),
		cmocka_unit_test(test_a_connection_to_ourselves_carries_its_bytes),
		cmocka_unit_test(test_a_port_of_ours_that_nobody_has_is_refused_through_lo),
		cmocka_unit_test(test_loopback_addresses_do_not_leave_the_host),
		cmocka_unit_test(test_loopback_addresses_from_a_wire_are_dropped_and_counted),
		cmocka_unit_test(test_packets_to_ourselves_are_bounded),
		cmocka_unit_test(test_what_passes_lo_is_seen_there),
		cmocka_unit_test(test_who_is_bound_to_a_link_hears_what_goes_to_its_address),
		cmocka_unit_test(test_addresses_of_lo_are_the_hosts_and_no_links),
		cmocka_unit_test(test_an_index_is_not_given_again_while_there_are_others),
		cmocka_unit_test(test_nothing_passes_lo_while_it_is_down),
		cmocka_unit_test(test_memory_that_ends_while_lo_is_made_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
