/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a UDP socket's options and control messages do (ip(7), udp(7), RFC 3542, 6935): told of what
 * came, obeyed in what leaves, errors queued.
 */
#include "udp_fixture.h"

/* rfc: 1122:4.1.3.5-1 */
static void test_the_user_is_told_how_a_datagram_came(void **state)
{
	struct host *h = host_new();
	ph_socket s = sock(h, 7);
	struct ph_ip second = ip_of4(0x0a000009);
	const uint8_t *info;
	struct got *g;
	int32_t v;

	(void)state;
	assert_int_equal(ph_addr_add(h->st, h->link, &second, 24, h->now), 0);
	arrives(h, US4, 7, 9, 4);
	assert_int_equal(receive(h, s, 0)->msg.control_len, 0);
	set(h, s, PH_IPPROTO_IP, PH_IP_PKTINFO, 1);
	set(h, s, PH_IPPROTO_IP, PH_IP_RECVTTL, 1);
	set(h, s, PH_IPPROTO_IP, PH_IP_RECVTOS, 1);
	set(h, s, PH_SOL_SOCKET, PH_SO_TIMESTAMPNS, 1);
	arrives(h, 0x0a000009, 7, 9, 4);
	g = receive(h, s, PH_MSG_PEEK);
	assert_int_equal(g->n, 4);
	g = receive(h, s, 0);
	control(g, 0, PH_SOL_SOCKET, PH_SO_TIMESTAMPNS, 16);
	info = control(g, 1, PH_IPPROTO_IP, PH_IP_PKTINFO, 12);
	memcpy(&v, info, 4);
	assert_int_equal(v, h->link);
	assert_memory_equal(info + 4, ((uint8_t[]){ 10, 0, 0, 9, 10, 0, 0, 9 }), 8);
	memcpy(&v, control(g, 2, PH_IPPROTO_IP, PH_IP_TTL, 4), 4);
	assert_int_equal(v, 33);
	assert_int_equal(*(const uint8_t *)control(g, 3, PH_IPPROTO_IP, PH_IP_TOS, 1), 0x28);
	ph_close(h->st, s, h->now);
	host_free(h);
}

/* rfc: 1122:4.1.4-1, 1122:4.1.3.5-2 */
static void test_control_messages_say_how_one_datagram_leaves(void **state)
{
	struct host *h = host_new();
	struct ph_ip second = ip_of4(0x0a000009);
	int32_t ttl = 9, tos = 0x20;
	uint8_t ctl[64], info[12] = { [4] = 10, 0, 0, 9 };
	ph_socket s = sock(h, 7);
	size_t n;

	(void)state;
	host_knows_peer(h);
	assert_int_equal(ph_addr_add(h->st, h->link, &second, 24, h->now), 0);
	while (host_take(h) > 0)
		;
	n = one_cmsg(ctl, PH_IPPROTO_IP, PH_IP_TTL, &ttl, 4);
	assert_int_equal(sends(h, s, peer_at(9), 5, ctl, n), 5);
	assert_true(host_take(h) > 0);
	assert_int_equal(out_ip4(h)->ttl, 9);
	n = one_cmsg(ctl, PH_IPPROTO_IP, PH_IP_TOS, &tos, 4);
	assert_int_equal(sends(h, s, peer_at(9), 5, ctl, n), 5);
	assert_true(host_take(h) > 0);
	assert_int_equal(out_ip4(h)->tos, 0x20);
	assert_int_equal(out_ip4(h)->ttl, 64);
	n = one_cmsg(ctl, PH_IPPROTO_IP, PH_IP_TOS, &(uint8_t){ 0x48 }, 1); /* one octet does, too */
	assert_int_equal(sends(h, s, peer_at(9), 5, ctl, n), 5);
	assert_true(host_take(h) > 0);
	assert_int_equal(out_ip4(h)->tos, 0x48);
	n = one_cmsg(ctl, PH_IPPROTO_IP, PH_IP_PKTINFO, info, sizeof(info));
	assert_int_equal(sends(h, s, peer_at(9), 5, ctl, n), 5);
	assert_true(host_take(h) > 0);
	assert_int_equal(be32_get(out_ip4(h)->src), 0x0a000009);
	assert_int_equal(sends(h, s, peer_at(9), 5, NULL, 0), 5);
	assert_true(host_take(h) > 0);
	assert_int_equal(be32_get(out_ip4(h)->src), US4);
	ttl = 0;
	n = one_cmsg(ctl, PH_IPPROTO_IP, PH_IP_TTL, &ttl, 4);
	assert_int_equal(sends(h, s, peer_at(9), 5, ctl, n), -EINVAL);
	info[7] = 77;
	n = one_cmsg(ctl, PH_IPPROTO_IP, PH_IP_PKTINFO, info, sizeof(info));
	assert_int_equal(sends(h, s, peer_at(9), 5, ctl, n), -EADDRNOTAVAIL);
	ph_close(h->st, s, h->now);
	host_free(h);
}

/* rfc: 1122:4.1.3.3-1 */
static void test_errors_are_queued_for_who_asks_connected_or_not(void **state)
{
	struct host *h = host_new();
	ph_socket s = sock(h, 7);
	struct got *g;
	const uint8_t *e;

	(void)state;
	host_knows_peer(h);
	assert_int_equal(sends(h, s, peer_at(9), 20, NULL, 0), 20);
	assert_true(host_take(h) > 0);
	icmp_error(h, ICMP4_UNREACH, 3, 0);
	assert_int_equal(ph_poll(h->st, s), PH_POLLOUT | PH_POLLWRNORM | PH_POLLWRBAND);
	set(h, s, PH_IPPROTO_IP, PH_IP_RECVERR, 1);
	icmp_error(h, ICMP4_UNREACH, 1, 0); /* soft, and told all the same */
	assert_int_equal(ph_poll(h->st, s),
			 PH_POLLOUT | PH_POLLWRNORM | PH_POLLWRBAND | PH_POLLERR);
	g = receive(h, s, PH_MSG_ERRQUEUE);
	assert_int_equal(g->n, 12); /* what the quote had of the data */
	assert_int_equal(g->msg.flags & PH_MSG_ERRQUEUE, PH_MSG_ERRQUEUE);
	assert_int_equal(g->from.port, 9);
	assert_int_equal(ip_get4(&g->from.ip), PEER4);
	e = control(g, 0, PH_IPPROTO_IP, PH_IP_RECVERR, 16 + 16);
	assert_int_equal(e[0], EHOSTUNREACH);
	assert_int_equal(e[4], 2); /* SO_EE_ORIGIN_ICMP */
	assert_int_equal(e[5], ICMP4_UNREACH);
	assert_int_equal(e[6], 1);
	assert_memory_equal(e + 20, ((uint8_t[]){ 10, 0, 0, 1 }), 4);
	assert_int_equal(ph_poll(h->st, s), PH_POLLOUT | PH_POLLWRNORM | PH_POLLWRBAND);
	assert_int_equal(receive(h, s, PH_MSG_ERRQUEUE)->n, -EAGAIN);
	ph_close(h->st, s, h->now);
	host_free(h);
}

/* rfc: 4821:9-1 */
static void test_path_mtu_is_obeyed_or_looked_past_as_asked(void **state)
{
	struct host *h = host_new();
	ph_socket s = sock(h, 7);
	struct got *g;
	const uint8_t *e;
	uint32_t mtu;

	(void)state;
	host_knows_peer(h);
	assert_int_equal(ph_connect(h->st, s, peer_at(9), h->now), 0);
	assert_int_equal(get(h, s, PH_IPPROTO_IP, PH_IP_MTU_DISCOVER), PH_IP_PMTUDISC_WANT);
	assert_int_equal(get(h, s, PH_IPPROTO_IP, PH_IP_MTU), 1500);
	assert_int_equal(sends(h, s, peer_at(9), 1472, NULL, 0), 1472);
	assert_true(host_take(h) > 0);
	assert_int_equal(be16_get(out_ip4(h)->frag), IP4_F_DF);
	icmp_error(h, ICMP4_UNREACH, 4, 1300);
	assert_int_equal(get(h, s, PH_IPPROTO_IP, PH_IP_MTU), 1300);
	assert_int_equal(sends(h, s, peer_at(9), 1472, NULL, 0), -EMSGSIZE); /* the error's */
	assert_int_equal(sends(h, s, peer_at(9), 1472, NULL, 0), 1472);
	assert_true(host_take(h) > 0);
	assert_int_equal(be16_get(out_ip4(h)->frag), IP4_F_MF);
	assert_true(host_take(h) > 0);
	set(h, s, PH_IPPROTO_IP, PH_IP_RECVERR, 1);
	set(h, s, PH_IPPROTO_IP, PH_IP_MTU_DISCOVER, PH_IP_PMTUDISC_DO);
	assert_int_equal(sends(h, s, peer_at(9), 1472, NULL, 0), -EMSGSIZE);
	g = receive(h, s, PH_MSG_ERRQUEUE);
	e = control(g, 0, PH_IPPROTO_IP, PH_IP_RECVERR, 32);
	assert_int_equal(e[0], EMSGSIZE);
	assert_int_equal(e[4], 1); /* SO_EE_ORIGIN_LOCAL */
	memcpy(&mtu, e + 8, 4);
	assert_int_equal(mtu, 1300);
	set(h, s, PH_IPPROTO_IP, PH_IP_MTU_DISCOVER, PH_IP_PMTUDISC_PROBE);
	assert_int_equal(sends(h, s, peer_at(9), 1472, NULL, 0), 1472);
	assert_true(host_take(h) > 0);
	assert_int_equal(be16_get(out_ip4(h)->frag), IP4_F_DF);
	assert_int_equal(sends(h, s, peer_at(9), 1473, NULL, 0), -EMSGSIZE);
	set(h, s, PH_IPPROTO_IP, PH_IP_MTU_DISCOVER, PH_IP_PMTUDISC_INTERFACE);
	assert_int_equal(sends(h, s, peer_at(9), 1472, NULL, 0), 1472);
	assert_true(host_take(h) > 0);
	assert_int_equal(be16_get(out_ip4(h)->frag), 0);
	ph_close(h->st, s, h->now);
	host_free(h);
}

static void test_one_send_is_cut_into_datagrams(void **state)
{
	static const size_t cut[] = { 100, 100, 50 };
	struct host *h = host_new();
	ph_socket s = sock(h, 7);
	uint16_t segment = 1472;
	uint8_t ctl[64];
	size_t n;

	(void)state;
	host_knows_peer(h);
	set(h, s, PH_IPPROTO_UDP, PH_UDP_SEGMENT, 100);
	assert_int_equal(get(h, s, PH_IPPROTO_UDP, PH_UDP_SEGMENT), 100);
	assert_int_equal(sends(h, s, peer_at(9), 250, NULL, 0), 250);
	for (size_t i = 0; i < 3; i++) {
		uint8_t all[250];

		pattern(all, sizeof(all));
		assert_int_equal(host_take(h), ETH_HDR_LEN + 28 + cut[i]);
		assert_memory_equal(out_l4(h) + 8, all + 100 * i, cut[i]);
	}
	assert_int_equal(host_take(h), 0);
	n = one_cmsg(ctl, PH_IPPROTO_UDP, PH_UDP_SEGMENT, &segment, 2);
	assert_int_equal(sends(h, s, peer_at(9), 1473, ctl, n), 1473);
	assert_true(host_take(h) > 0 && host_take(h) > 0);
	segment = 1473;
	n = one_cmsg(ctl, PH_IPPROTO_UDP, PH_UDP_SEGMENT, &segment, 2);
	assert_int_equal(sends(h, s, peer_at(9), 1474, ctl, n), -EMSGSIZE);
	assert_int_equal(sends(h, s, peer_at(9), 100 * 128 + 1, NULL, 0), -EINVAL);
	ph_close(h->st, s, h->now);
	host_free(h);
}

static void test_datagrams_of_one_batch_are_joined_for_who_asks(void **state)
{
	struct host *h = host_new();
	ph_socket s = sock(h, 7);
	struct got *g;
	int32_t v;

	(void)state;
	set(h, s, PH_IPPROTO_UDP, PH_UDP_GRO, 1);
	arrives(h, US4, 7, 9, 100);
	arrives(h, US4, 7, 9, 100);
	arrives(h, US4, 7, 9, 60); /* ends it */
	arrives(h, US4, 7, 9, 60);
	arrives(h, US4, 7, 8, 60); /* another flow */
	h->now += NS_PER_MS;
	arrives(h, US4, 7, 8, 60); /* another batch */
	g = receive(h, s, 0);
	assert_int_equal(g->n, 260);
	memcpy(&v, control(g, 0, PH_IPPROTO_UDP, PH_UDP_GRO, 4), 4);
	assert_int_equal(v, 100);
	for (int i = 0; i < 3; i++) {
		g = receive(h, s, 0);
		assert_int_equal(g->n, 60);
		assert_int_equal(g->msg.control_len, 0);
	}
	assert_int_equal(receive(h, s, 0)->n, -EAGAIN);
	ph_close(h->st, s, h->now);
	host_free(h);
}

static void test_sharers_of_a_port_each_get_flows_of_their_own(void **state)
{
	struct host *h = host_new();
	unsigned got[4] = { 0 }, all = 0;
	ph_socket s[4];

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct ph_sockaddr a = { .family = PH_AF_INET, .port = 7 };

		s[i] = sock(h, 0);
		set(h, s[i], PH_SOL_SOCKET, PH_SO_REUSEPORT, 1);
		assert_int_equal(ph_bind(h->st, s[i], &a, h->now), 0);
	}
	for (uint16_t port = 1000; port < 1064; port++) {
		arrives(h, US4, 7, port, 1);
		arrives(h, US4, 7, port, 1);
	}
	for (int i = 0; i < 4; i++) {
		struct got *g;

		while ((g = receive(h, s[i], 0))->n == 1) {
			uint16_t port = g->from.port;

			assert_int_equal(receive(h, s[i], 0)->from.port, port);
			got[i] += 2;
		}
		assert_true(got[i] > 0);
		all += got[i];
		ph_close(h->st, s[i], h->now);
	}
	assert_int_equal(all, 128);
	host_free(h);
}

static void test_what_finds_no_room_is_counted_for_the_user(void **state)
{
	struct host *h = host_new();
	ph_socket s = sock(h, 7);
	unsigned n = 0;
	struct got *g;
	uint32_t v;

	(void)state;
	set(h, s, PH_SOL_SOCKET, PH_SO_RXQ_OVFL, 1);
	set(h, s, PH_SOL_SOCKET, PH_SO_RCVBUF, 1);
	for (int i = 0; i < 100; i++)
		arrives(h, US4, 7, 9, 1);
	assert_true(count_of(h, "UdpRcvbufErrors") > 0);
	while (receive(h, s, 0)->n == 1)
		n++;
	assert_int_equal(n + count_of(h, "UdpRcvbufErrors"), 100);
	arrives(h, US4, 7, 9, 1);
	g = receive(h, s, 0);
	memcpy(&v, control(g, 0, PH_SOL_SOCKET, PH_SO_RXQ_OVFL, 4), 4);
	assert_int_equal(v, count_of(h, "UdpRcvbufErrors"));
	ph_close(h->st, s, h->now);
	host_free(h);
}

static void test_a_socket_of_one_link_hears_that_link_alone(void **state)
{
	struct host *h = host_new();
	struct ph_link_conf conf = { .name = "t1", .kind = PH_LINK_ETHER, .mac = { 2, 9 } };
	ph_link other = ph_link_add(h->st, &conf, h->now);
	ph_socket s = sock(h, 7);

	(void)state;
	assert_true(other > 0);
	assert_int_equal(ph_setsockopt(h->st, s, PH_SOL_SOCKET, PH_SO_BINDTODEVICE, "none", 5,
				       h->now),
			 -ENODEV);
	assert_int_equal(ph_setsockopt(h->st, s, PH_SOL_SOCKET, PH_SO_BINDTODEVICE, "t1", 3, h->now),
			 0);
	arrives(h, US4, 7, 9, 4);
	assert_int_equal(receive(h, s, 0)->n, -EAGAIN);
	assert_int_equal(ph_setsockopt(h->st, s, PH_SOL_SOCKET, PH_SO_BINDTODEVICE, "t0", 3, h->now),
			 0);
	arrives(h, US4, 7, 9, 4);
	assert_int_equal(receive(h, s, 0)->n, 4);
	ph_close(h->st, s, h->now);
	assert_int_equal(ph_link_remove(h->st, other, h->now), 0);
	host_free(h);
}

static void test_times_of_sending_are_queued(void **state)
{
	struct host *h = host_new();
	ph_socket s = sock(h, 7);
	const uint8_t *e;
	struct got *g;

	(void)state;
	host_knows_peer(h);
	set(h, s, PH_SOL_SOCKET, PH_SO_TIMESTAMPING,
	    PH_SOF_TIMESTAMPING_TX_SOFTWARE | PH_SOF_TIMESTAMPING_SOFTWARE |
		    PH_SOF_TIMESTAMPING_OPT_ID | PH_SOF_TIMESTAMPING_OPT_TSONLY);
	assert_int_equal(sends(h, s, peer_at(9), 1, NULL, 0), 1);
	assert_int_equal(sends(h, s, peer_at(9), 1, NULL, 0), 1);
	(void)receive(h, s, PH_MSG_ERRQUEUE);
	g = receive(h, s, PH_MSG_ERRQUEUE);
	assert_int_equal(g->n, 0);
	control(g, 0, PH_SOL_SOCKET, PH_SO_TIMESTAMPING, 48);
	e = control(g, 1, PH_IPPROTO_IP, PH_IP_RECVERR, 32);
	assert_int_equal(e[0], ENOMSG);
	assert_int_equal(e[4], 4);
	assert_int_equal(e[12], 1); /* the second */
	ph_close(h->st, s, h->now);
	host_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_user_is_told_how_a_datagram_came),
		cmocka_unit_test(test_control_messages_say_how_one_datagram_leaves),
		cmocka_unit_test(test_errors_are_queued_for_who_asks_connected_or_not),
		cmocka_unit_test(test_path_mtu_is_obeyed_or_looked_past_as_asked),
		cmocka_unit_test(test_one_send_is_cut_into_datagrams),
		cmocka_unit_test(test_datagrams_of_one_batch_are_joined_for_who_asks),
		cmocka_unit_test(test_sharers_of_a_port_each_get_flows_of_their_own),
		cmocka_unit_test(test_what_finds_no_room_is_counted_for_the_user),
		cmocka_unit_test(test_a_socket_of_one_link_hears_that_link_alone),
		cmocka_unit_test(test_times_of_sending_are_queued),
	};

	return cmocka_run_group_tests_name("udp options", tests, NULL, NULL);
}
