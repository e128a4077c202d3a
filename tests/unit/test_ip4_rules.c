/* SPDX-License-Identifier: BSD-2-Clause */
/* What RFCs ask of an IPv4 host that shows in a frame or two: groups, sources, broadcasts, ECN of what
 * is put together. */
#include "udp_fixture.h"

enum { ALL_HOSTS = 0xe0000001, GROUP = 0xe0010203 };

static bool got(struct host *h, ph_socket s)
{
	return receive(h, s, 0)->n >= 0;
}

/* A datagram to a group, in a frame to its Ethernet address. */
static void to_group(struct host *h, uint32_t group)
{
	uint8_t mac[6] = { 1, 0, 0x5e, (uint8_t)(group >> 16 & 0x7f), (uint8_t)(group >> 8),
			   (uint8_t)group };
	struct frame *f = calloc(1, sizeof(*f));
	struct udp_hdr *u;

	frame_ip4(f, PEER4, group, PH_IPPROTO_UDP, 0);
	u = frame_put(f, sizeof(*u) + 4);
	*u = (struct udp_hdr){ .sport = be16_of(9), .dport = be16_of(7), .len = be16_of(12) };
	frame_end(f);
	memcpy(f->b, mac, sizeof(mac));
	frame_in(h, f);
	free(f);
}

static int join(struct host *h, ph_socket s, uint32_t group)
{
	uint8_t mreq[8] = { (uint8_t)(group >> 24), (uint8_t)(group >> 16), (uint8_t)(group >> 8),
			    (uint8_t)group, 10, 0, 0, 2 };

	return ph_setsockopt(h->st, s, PH_IPPROTO_IP, PH_IP_ADD_MEMBERSHIP, mreq, sizeof(mreq), h->now);
}

/* rfc: 1112:4-1 1122:3.3.7-1 */
static void test_every_host_is_in_the_group_of_all_hosts(void **state)
{
	struct host *h = host_new();
	ph_socket s = sock(h, 7);

	(void)state;
	to_group(h, ALL_HOSTS);
	assert_true(got(h, s));
	to_group(h, GROUP);
	assert_false(got(h, s));
	assert_int_equal(join(h, s, 0xe0000000), -EINVAL); /* nobody's, ever */
	assert_int_equal(join(h, s, GROUP), 0);
	to_group(h, GROUP);
	assert_true(got(h, s));
	ph_close(h->st, s, h->now);
	to_group(h, GROUP);
	host_run(h, 5 * NS_PER_S);
	while (host_take(h) > 0)
		;
	host_free(h);
}

/* rfc: 1112:6.2-1 */
static void test_no_group_is_ever_a_source(void **state)
{
	struct host *h = host_new();
	ph_socket s = sock(h, 0);
	struct ph_sockaddr a = { .family = PH_AF_INET, .port = 7, .ip = ip_of4(GROUP) };

	(void)state;
	host_knows_peer(h);
	assert_int_equal(ph_bind(h->st, s, &a, h->now), 0);
	assert_int_equal(sends(h, s, peer_at(9), 4, NULL, 0), 4);
	assert_true(host_take(h) > 0);
	assert_int_equal(be32_get(out_ip4(h)->src), US4);
	assert_int_equal(out_l4(h)[1], 7);
	ph_close(h->st, s, h->now);
	host_free(h);
}

/* rfc: 1122:3.2.1.3-1 */
static void test_without_an_address_nothing_is_sent(void **state)
{
	struct host *h = host_new();
	ph_socket s = sock(h, 7), r = ph_socket_new(h->st, PH_AF_INET, PH_SOCK_RAW, 255, h->now);
	struct ph_ip us = ip_of4(US4), all = ip_of4(0), peer = ip_of4(PEER4);
	struct ph_sockaddr everybody = { .family = PH_AF_INET, .port = 9, .ip = ip_of4(UINT32_MAX) };
	uint8_t whole[28] = { 0x45, [8] = 64, 253 };
	struct ph_sockaddr to = *peer_at(0);
	struct ph_iov iov = { whole, sizeof(whole) };
	struct ph_msg msg = { .name = &to, .iov = &iov, .niov = 1 };

	(void)state;
	host_knows_peer(h);
	assert_int_equal(ph_sendmsg(h->st, r, &msg, 0, h->now), 28);
	assert_true(host_take(h) > 0);
	assert_int_equal(be32_get(out_ip4(h)->src), US4); /* zero in the user's header is filled in */
	set(h, s, PH_SOL_SOCKET, PH_SO_BROADCAST, 1);
	assert_int_equal(ph_addr_del(h->st, h->link, &us, h->now), 0);
	assert_int_equal(ph_route_add(h->st, &all, 0, NULL, h->link, 0, h->now), 0);
	assert_int_equal(ph_neigh_add(h->st, h->link, &peer, peer_mac, h->now), 0);
	assert_true(sends(h, s, peer_at(9), 4, NULL, 0) < 0);
	assert_true(sends(h, s, &everybody, 4, NULL, 0) < 0);
	assert_true(ph_sendmsg(h->st, r, &msg, 0, h->now) < 0);
	while (host_take(h) > 0)
		assert_int_equal(be16_get(out_eth(h)->type), ETH_TYPE_ARP);
	ph_close(h->st, s, h->now);
	ph_close(h->st, r, h->now);
	host_free(h);
}

/* rfc: 1122:3.3.6-2 */
static void test_what_goes_to_all_on_the_wire_goes_to_all_of_ip(void **state)
{
	static const uint32_t to[] = { UINT32_MAX, BCAST4, GROUP, ALL_HOSTS, PEER4, OTHER4 };
	struct host *h = host_new();
	ph_socket s = sock(h, 7);

	(void)state;
	host_knows_peer(h);
	set(h, s, PH_SOL_SOCKET, PH_SO_BROADCAST, 1);
	for (size_t i = 0; i < ARRAY_LEN(to); i++) {
		struct ph_sockaddr a = { .family = PH_AF_INET, .port = 9, .ip = ip_of4(to[i]) };

		assert_int_equal(sends(h, s, &a, 4, NULL, 0), 4);
		while (host_take(h) > 0) {
			if (be16_get(out_eth(h)->type) == ETH_TYPE_ARP)
				continue; /* asks all who has an address */
			assert_int_equal(be32_get(out_ip4(h)->dst), to[i]);
			assert_int_equal(out_eth(h)->dst[0] & 1, i < 4);
		}
	}
	host_run(h, 5 * NS_PER_S);
	while (host_take(h) > 0)
		;
	ph_close(h->st, s, h->now);
	host_free(h);
}

/* rfc: 3927:1.9-3 */
static void test_a_routable_address_is_used_as_soon_as_there_is_one(void **state)
{
	struct ph_ip own = ip_of4(0xa9fe0102), us = ip_of4(US4), peer = ip_of4(PEER4), all = ip_of4(0);
	struct host *h = host_bare((struct ph_conf){ 0 });
	ph_socket s, t;

	(void)state;
	h->link = ph_link_add(h->st, &(struct ph_link_conf){ .name = "t0", .mac = { 2, [5] = 2 } }, h->now);
	assert_int_equal(ph_addr_add(h->st, h->link, &own, 16, h->now), 0);
	assert_int_equal(ph_route_add(h->st, &all, 0, NULL, h->link, 0, h->now), 0);
	assert_int_equal(ph_neigh_add(h->st, h->link, &peer, peer_mac, h->now), 0);
	s = sock(h, 7);
	while (host_take(h) > 0)
		;
	assert_int_equal(sends(h, s, peer_at(9), 4, NULL, 0), 4);
	assert_true(host_take(h) > 0);
	assert_int_equal(be32_get(out_ip4(h)->src), 0xa9fe0102);
	assert_int_equal(ph_addr_add(h->st, h->link, &us, 24, h->now), 0);
	while (host_take(h) > 0)
		;
	t = sock(h, 8);
	assert_int_equal(sends(h, t, peer_at(9), 4, NULL, 0), 4);
	assert_true(host_take(h) > 0);
	assert_int_equal(be32_get(out_ip4(h)->src), US4);
	ph_close(h->st, s, h->now);
	ph_close(h->st, t, h->now);
	host_free(h);
}

/* rfc: 3168:5.3-2 */
static void test_fragments_that_agree_keep_their_codepoint(void **state)
{
	(void)state;
	for (uint8_t ecn = 0; ecn < 4; ecn++) {
		struct host *h = host_new();
		ph_socket s = sock(h, 7);
		const struct got *g;

		set(h, s, PH_IPPROTO_IP, PH_IP_RECVTOS, 1);
		for (unsigned i = 0; i < 2; i++) {
			struct frame *f = calloc(1, sizeof(*f));
			struct ip4_hdr *ip = frame_ip4(f, PEER4, US4, PH_IPPROTO_UDP, 0);

			ip->tos = (uint8_t)(0x28 | ecn);
			ip->id = be16_of(7);
			ip->frag = be16_of((uint16_t)(i ? 1 : IP4_F_MF));
			memcpy(frame_put(f, 8), (uint8_t[2][8]){ { 0, 9, 0, 7, 0, 16 }, { 1 } }[i], 8);
			frame_end(f);
			frame_in(h, f);
			free(f);
		}
		g = receive(h, s, 0);
		assert_int_equal(g->n, 8);
		assert_int_equal(*(const uint8_t *)control(g, 0, PH_IPPROTO_IP, PH_IP_TOS, 1),
				 0x28 | ecn);
		ph_close(h->st, s, h->now);
		host_free(h);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_host_is_in_the_group_of_all_hosts),
		cmocka_unit_test(test_no_group_is_ever_a_source),
		cmocka_unit_test(test_without_an_address_nothing_is_sent),
		cmocka_unit_test(test_what_goes_to_all_on_the_wire_goes_to_all_of_ip),
		cmocka_unit_test(test_a_routable_address_is_used_as_soon_as_there_is_one),
		cmocka_unit_test(test_fragments_that_agree_keep_their_codepoint),
	};

	return cmocka_run_group_tests_name("an IPv4 host's rules", tests, NULL, NULL);
}
