/* SPDX-License-Identifier: BSD-2-Clause */
/* What makes two datagrams one with UDP_GRO, and what a socket is told of those it has no room for. */
#include "udp_fixture.h"

enum { ALSO4 = 0x0a00004d };

/* One that differs from others in what the row says. */
struct from {
	const char *what;
	uint32_t src, dst;
	uint16_t sport;
	uint8_t tos, ttl;
};

static void comes(struct host *h, const struct from *d, uint16_t n)
{
	struct frame *f = calloc(1, sizeof(*f));
	struct ip4_hdr *ip = frame_ip4(f, d->src, d->dst, PH_IPPROTO_UDP, 0);
	struct udp_hdr *u = frame_put(f, sizeof(*u) + n);

	ip->ttl = d->ttl;
	ip->tos = d->tos;
	*u = (struct udp_hdr){ .sport = be16_of(d->sport),
			       .dport = be16_of(7),
			       .len = be16_of((uint16_t)(sizeof(*u) + n)) };
	pattern((uint8_t *)u + sizeof(*u), n);
	frame_end(f);
	frame_in(h, f);
	free(f);
}

static void test_only_datagrams_of_one_flow_and_service_are_joined(void **state)
{
	static const struct from first = { "the same", PEER4, US4, 9, 0x28, 64 };
	static const struct from rows[] = {
		{ "another service", PEER4, US4, 9, 0x2c, 64 },
		{ "a mark of congestion", PEER4, US4, 9, 0x2b, 64 },
		{ "another distance", PEER4, US4, 9, 0x28, 63 },
		{ "another host", OTHER4, US4, 9, 0x28, 64 },
		{ "another port", PEER4, US4, 10, 0x28, 64 },
		{ "another address of ours", PEER4, ALSO4, 9, 0x28, 64 },
	};
	struct ph_ip also = ip_of4(ALSO4);
	struct host *h = host_new();
	ph_socket s = sock(h, 7);

	(void)state;
	assert_int_equal(ph_addr_add(h->st, h->link, &also, 24, h->now), 0);
	set(h, s, PH_IPPROTO_UDP, PH_UDP_GRO, 1);
	comes(h, &first, 100);
	comes(h, &first, 100);
	assert_int_equal(receive(h, s, 0)->n, 200);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		comes(h, &first, 100);
		comes(h, &rows[i], 100);
		if (receive(h, s, 0)->n != 100)
			fail_msg("%s was joined", rows[i].what);
		assert_int_equal(receive(h, s, 0)->n, 100);
	}
	ph_close(h->st, s, h->now);
	host_free(h);
}

/* A datagram for which the sockets together have no room is one that this socket lost. */
static void test_what_the_budget_refuses_is_told_as_lost(void **state)
{
	struct host *h = host_new();
	ph_socket s = sock(h, 7);
	uint64_t refused;
	struct got *g;
	uint32_t v;

	(void)state;
	assert_int_equal(ph_sysctl_set(h->st, "net.ipv4.udp_mem", "1 2 4"), 0);
	set(h, s, PH_SOL_SOCKET, PH_SO_RXQ_OVFL, 1);
	for (int i = 0; i < 50; i++)
		arrives(h, US4, 7, 9, 1400);
	refused = count_of(h, "UdpMemErrors");
	assert_in_range(refused, 1, 49);
	while (receive(h, s, 0)->n > 0)
		;
	arrives(h, US4, 7, 9, 1);
	g = receive(h, s, 0);
	memcpy(&v, control(g, 0, PH_SOL_SOCKET, PH_SO_RXQ_OVFL, 4), 4);
	assert_int_equal(v, refused);
	ph_close(h->st, s, h->now);
	host_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_datagrams_of_one_flow_and_service_are_joined),
		cmocka_unit_test(test_what_the_budget_refuses_is_told_as_lost),
	};

	return cmocka_run_group_tests_name("udp joined", tests, NULL, NULL);
}
