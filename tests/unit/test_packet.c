/* SPDX-License-Identifier: BSD-2-Clause */
/* Packet sockets (packet(7)): frames in and out as they were, addresses, counts, bounds. */
#include "net6_fixture.h"

#include "base/cmsg.h"

static int wire16(uint16_t v)
{
	be16 b = be16_of(v);
	uint16_t same;

	memcpy(&same, &b, sizeof(same));
	return same;
}

static ph_socket packet(struct host *h, int type, uint16_t ethertype)
{
	ph_socket s = ph_socket_new(h->st, PH_AF_PACKET, type, wire16(ethertype), h->now);

	assert_true(s >= 0);
	return s;
}

struct got {
	uint8_t b[2048], control[128];
	int64_t n;
	struct ph_sockaddr from;
	struct ph_iov iov;
	struct ph_msg msg;
};

static struct got *receive(struct host *h, ph_socket s)
{
	static struct got g;

	g.iov = (struct ph_iov){ g.b, sizeof(g.b) };
	g.msg = (struct ph_msg){ .name = &g.from, .iov = &g.iov, .niov = 1, .control = g.control,
				 .control_cap = sizeof(g.control) };
	g.n = ph_recvmsg(h->st, s, &g.msg, 0, h->now);
	return &g;
}

static int64_t send_to(struct host *h, ph_socket s, const struct ph_sockaddr *to, const uint8_t *bytes,
		       size_t n)
{
	struct ph_sockaddr name = to ? *to : (struct ph_sockaddr){ 0 };
	static uint8_t copy[70000];
	struct ph_iov iov = { copy, n };
	struct ph_msg msg = { .name = to ? &name : NULL, .iov = &iov, .niov = 1 };

	memcpy(copy, bytes, n);
	return ph_sendmsg(h->st, s, &msg, 0, h->now);
}

static struct ph_sockaddr at(ph_link link, uint16_t ethertype, const uint8_t mac[6])
{
	struct ph_sockaddr a = { .family = PH_AF_PACKET, .port = ethertype, .scope = (uint32_t)link };

	if (mac)
		memcpy(a.ip.b, mac, 6);
	return a;
}

static void test_frames_are_seen_as_they_come_and_go(void **state)
{
	struct host *h = host_new();
	ph_socket all = packet(h, PH_SOCK_RAW, PH_ETH_P_ALL), ip = packet(h, PH_SOCK_RAW, ETH_TYPE_IP4),
		  cooked = packet(h, PH_SOCK_DGRAM, ETH_TYPE_IP4), none = packet(h, PH_SOCK_RAW, 0);
	struct frame f;
	struct got *g;

	(void)state;
	frame_arp(&f, ARP_OP_REQUEST, peer_mac, PEER4, US4);
	frame_in(h, &f);
	assert_int_equal(host_take(h), ETH_HDR_LEN + sizeof(struct arp_hdr));
	g = receive(h, all);
	assert_int_equal(g->n, f.len);
	assert_memory_equal(g->b, f.b, f.len);
	assert_int_equal(g->from.family, PH_AF_PACKET);
	assert_int_equal(g->from.port, ETH_TYPE_ARP);
	assert_int_equal(g->from.scope, h->link);
	assert_int_equal(g->from.flow, PH_PACKET_BROADCAST);
	assert_memory_equal(g->from.ip.b, peer_mac, 6);
	g = receive(h, all);
	assert_int_equal(g->n, h->out_len);
	assert_memory_equal(g->b, h->out, (size_t)h->out_len);
	assert_int_equal(g->from.flow, PH_PACKET_OUTGOING);
	assert_memory_equal(g->from.ip.b, us_mac, 6);
	frame_echo(&f, PEER4, US4, 20);
	frame_in(h, &f);
	assert_true(host_take(h) > 0); /* and the stack answers as ever */
	g = receive(h, ip);
	assert_int_equal(g->n, f.len);
	assert_int_equal(g->from.flow, PH_PACKET_HOST);
	assert_int_equal(receive(h, ip)->n, -EAGAIN); /* what goes is for those who hear everything */
	g = receive(h, cooked);
	assert_int_equal(g->n, f.len - ETH_HDR_LEN);
	assert_memory_equal(g->b, f.b + ETH_HDR_LEN, f.len - ETH_HDR_LEN);
	assert_int_equal(receive(h, none)->n, -EAGAIN);
	memcpy(f.b, other_mac, 6); /* for another host: seen all the same */
	frame_in(h, &f);
	assert_int_equal(receive(h, ip)->from.flow, PH_PACKET_OTHERHOST);
	ph_close(h->st, all, h->now);
	ph_close(h->st, ip, h->now);
	ph_close(h->st, cooked, h->now);
	ph_close(h->st, none, h->now);
	host_free(h);
}

static void test_a_fragment_is_seen_as_it_came(void **state)
{
	struct host *h = host_new();
	ph_socket s = packet(h, PH_SOCK_RAW, ETH_TYPE_IP4);
	struct frame f[2];

	(void)state;
	host_test_l4(h);
	for (unsigned i = 0; i < 2; i++) {
		struct ip4_hdr *ip = frame_ip4(&f[i], PEER4, US4, TEST_PROTO, 0);

		ip->id = be16_of(7);
		ip->frag = be16_of((uint16_t)(i ? 1200 / 8 : IP4_F_MF));
		pattern(frame_put(&f[i], 1200), 1200);
		frame_end(&f[i]);
		frame_in(h, &f[i]);
	}
	assert_int_equal(test_l4.inputs, 1); /* put together, */
	for (unsigned i = 0; i < 2; i++) {
		const struct got *g = receive(h, s);

		assert_int_equal(g->n, f[i].len); /* and nothing of that shows here */
		assert_memory_equal(g->b, f[i].b, f[i].len);
	}
	ph_close(h->st, s, h->now);
	host_free(h);
}

static void test_frames_of_the_users_own_leave(void **state)
{
	static uint8_t f[1519] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5, 'h', 'i' };
	struct host *h = host_new();
	ph_socket raw = packet(h, PH_SOCK_RAW, PH_ETH_P_ALL), cooked = packet(h, PH_SOCK_DGRAM, 0),
		  sees = packet(h, PH_SOCK_RAW, PH_ETH_P_ALL);
	struct ph_sockaddr here = at(h->link, 0x88b5, peer_mac), nowhere = at(77, 0x88b5, peer_mac);

	(void)state;
	assert_int_equal(send_to(h, raw, NULL, f, 60), -ENXIO);
	assert_int_equal(send_to(h, raw, &nowhere, f, 60), -ENXIO);
	assert_int_equal(send_to(h, raw, &here, f, 13), -EINVAL);
	assert_int_equal(send_to(h, raw, &here, f, 1515), -EMSGSIZE);
	assert_int_equal(host_take(h), 0);
	assert_int_equal(send_to(h, raw, &here, f, 1514), 1514);
	assert_int_equal(host_take(h), 1514);
	assert_memory_equal(h->out, f, 1514);
	assert_int_equal(receive(h, raw)->n, -EAGAIN); /* not one's own */
	assert_int_equal(receive(h, sees)->n, 1514);
	f[12] = 0x81;
	f[13] = 0;
	assert_int_equal(send_to(h, raw, &here, f, 1519), -EMSGSIZE);
	assert_int_equal(send_to(h, raw, &here, f, 1518), 1518);
	assert_int_equal(host_take(h), 1518);
	assert_int_equal(send_to(h, cooked, &here, f, 3), 3);
	assert_int_equal(host_take(h), 17);
	assert_memory_equal(h->out, ((uint8_t[]){ 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5 }), 14);
	assert_int_equal(send_to(h, cooked, &here, f, 1501), -EMSGSIZE);
	assert_int_equal(ph_bind(h->st, raw, &here, h->now), 0);
	f[12] = 0x88;
	assert_int_equal(send_to(h, raw, NULL, f, 60), 60);
	assert_int_equal(host_take(h), 60);
	ph_close(h->st, raw, h->now);
	ph_close(h->st, cooked, h->now);
	ph_close(h->st, sees, h->now);
	host_free(h);
}

static void test_a_socket_of_one_link_hears_that_link_until_it_goes(void **state)
{
	struct host *h = host_new();
	ph_link two = ph_link_add(h->st, &(struct ph_link_conf){ .name = "t1", .mac = { 2, [5] = 9 } },
				  h->now), vlan;
	ph_socket s = packet(h, PH_SOCK_RAW, PH_ETH_P_ALL), v = packet(h, PH_SOCK_RAW, PH_ETH_P_ALL), all;
	struct ph_sockaddr a = at(two, 0, NULL), name;
	uint8_t tagged[22] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x81, 0, 0, 7, 0x88, 0xb5, 'v' };
	uint32_t len = 4;
	struct frame f;
	struct got *g;
	int e;

	(void)state;
	vlan = ph_link_add(h->st, &(struct ph_link_conf){ .name = "t0.7", .kind = PH_LINK_VLAN,
							  .parent = h->link, .vlan = 7 }, h->now);
	a.scope = 99;
	assert_int_equal(ph_bind(h->st, s, &a, h->now), -ENODEV);
	a.scope = (uint32_t)two;
	assert_int_equal(ph_bind(h->st, s, &a, h->now), 0);
	assert_int_equal(ph_getsockname(h->st, s, &name), 0);
	assert_int_equal(name.port, PH_ETH_P_ALL); /* kept */
	assert_int_equal(name.scope, two);
	assert_int_equal(name.ip.b[5], 9);
	a = at(vlan, ETH_TYPE_IP4, NULL);
	assert_int_equal(ph_bind(h->st, v, &a, h->now), 0);
	a.port = 0x88b5;
	assert_int_equal(ph_bind(h->st, v, &a, h->now), 0);
	frame_echo(&f, PEER4, US4, 20);
	frame_in(h, &f);
	(void)host_take(h);
	assert_int_equal(receive(h, s)->n, -EAGAIN);
	assert_int_equal(ph_link_input_bytes(h->st, h->link, tagged, sizeof(tagged), NULL, h->now), 0);
	g = receive(h, v);
	assert_int_equal(g->n, 18);
	assert_memory_equal(g->b, ((uint8_t[]){ 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x88, 0xb5, 'v' }), 15);
	assert_int_equal(g->from.scope, vlan);
	a = at(vlan, PH_ETH_P_ALL, NULL);
	assert_int_equal(ph_bind(h->st, v, &a, h->now), 0);
	all = packet(h, PH_SOCK_RAW, PH_ETH_P_ALL);
	assert_int_equal(send_to(h, all, &a, f.b, f.len), f.len);
	assert_int_equal(host_take(h), f.len + 4);
	assert_int_equal(h->out[15], 7);
	assert_memory_equal(h->out + 18, f.b + 14, f.len - 14);
	g = receive(h, v);
	assert_int_equal(g->n, f.len); /* as it was before the tag */
	assert_memory_equal(g->b, f.b, f.len);
	assert_int_equal(receive(h, all)->n, -EAGAIN); /* its own on neither link */
	ph_close(h->st, all, h->now);
	assert_int_equal(ph_link_input_bytes(h->st, two, f.b, f.len, NULL, h->now), 0);
	assert_int_equal(receive(h, s)->n, f.len);
	assert_int_equal(ph_link_remove(h->st, two, h->now), 0);
	assert_int_equal(ph_getsockopt(h->st, s, PH_SOL_SOCKET, PH_SO_ERROR, &e, &len), 0);
	assert_int_equal(e, ENETDOWN);
	two = ph_link_add(h->st, &(struct ph_link_conf){ .name = "t2", .mac = { 2, [5] = 9 } }, h->now);
	assert_int_equal(ph_link_input_bytes(h->st, two, f.b, f.len, NULL, h->now), 0);
	assert_int_equal(receive(h, s)->n, -EAGAIN); /* another link with its number */
	assert_int_equal(send_to(h, s, NULL, f.b, f.len), -ENXIO);
	ph_close(h->st, s, h->now);
	ph_close(h->st, v, h->now);
	host_free(h);
}

static void test_what_finds_no_room_is_counted(void **state)
{
	struct host *h = host_new();
	ph_socket s = packet(h, PH_SOCK_RAW, ETH_TYPE_IP4);
	uint32_t stats[2], len = sizeof(stats), got = 0;
	struct ph_usage before, after;
	int small = 1;
	struct frame f;

	(void)state;
	host_knows_peer(h);
	assert_int_equal(ph_setsockopt(h->st, s, PH_SOL_SOCKET, PH_SO_RCVBUF, &small, 4, h->now), 0);
	frame_ip4(&f, PEER4, US4, 253, 0);
	memset(frame_put(&f, 400), 1, 400);
	frame_end(&f);
	memcpy(f.b, other_mac, 6); /* nobody answers */
	for (unsigned i = 0; i < 200; i++) {
		frame_in(h, &f);
		if (i == 99)
			ph_stack_usage(h->st, &before);
	}
	ph_stack_usage(h->st, &after);
	assert_int_equal(after.bytes, before.bytes);
	assert_int_equal(ph_getsockopt(h->st, s, PH_SOL_PACKET, PH_PACKET_STATISTICS, stats, &len), 0);
	assert_int_equal(len, 8);
	assert_int_equal(stats[0], 200);
	while (receive(h, s)->n > 0)
		got++;
	assert_in_range(got, 1, 10);
	assert_int_equal(got + stats[1], 200);
	assert_int_equal(drops_of(h, "SOCKET_RCVBUFF"), stats[1]);
	assert_int_equal(ph_getsockopt(h->st, s, PH_SOL_PACKET, PH_PACKET_STATISTICS, stats, &len), 0);
	assert_int_equal(stats[0] + stats[1], 0);
	ph_close(h->st, s, h->now);
	host_free(h);
}

static void test_options_and_calls_answer_as_linux_does(void **state)
{
	static const struct {
		int level, name, value, rc, back;
	} row[] = {
		{ PH_SOL_PACKET, PH_PACKET_AUXDATA, 7, 0, 1 },
		{ PH_SOL_PACKET, PH_PACKET_IGNORE_OUTGOING, 1, 0, 1 },
		{ PH_SOL_PACKET, PH_PACKET_IGNORE_OUTGOING, 2, -EINVAL, 1 },
		{ PH_SOL_PACKET, 99, 1, -ENOPROTOOPT, -1 },
		{ PH_IPPROTO_IP, PH_IP_TOS, 1, -ENOPROTOOPT, -1 },
		{ PH_SOL_SOCKET, PH_SO_PRIORITY, 3, 0, 3 },
	};
	struct host *h = host_new();
	ph_socket s = packet(h, PH_SOCK_RAW, PH_ETH_P_ALL);
	int32_t mreq[4] = { h->link, 1 };
	struct ph_sockaddr a = at(h->link, 0, NULL), v4 = { .family = PH_AF_INET };
	struct cmsg c;
	size_t where = 0;
	struct frame f;
	struct got *g;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		uint32_t len = 4;
		int v = row[i].value;

		assert_int_equal(ph_setsockopt(h->st, s, row[i].level, row[i].name, &v, 4, h->now),
				 row[i].rc);
		v = -1;
		assert_int_equal(ph_getsockopt(h->st, s, row[i].level, row[i].name, &v, &len),
				 row[i].rc == -ENOPROTOOPT ? -ENOPROTOOPT : 0);
		assert_int_equal(v, row[i].back);
	}
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(ph_setsockopt(h->st, s, PH_SOL_PACKET, PH_PACKET_ADD_MEMBERSHIP, mreq, 16,
					       h->now), i ? -ENODEV : 0);
		mreq[0] = 77;
	}
	assert_int_equal(ph_setsockopt(h->st, s, PH_SOL_PACKET, PH_PACKET_ADD_MEMBERSHIP, mreq, 15, h->now),
			 -EINVAL);
	assert_int_equal(ph_connect(h->st, s, &a, h->now), -EOPNOTSUPP);
	assert_int_equal(ph_listen(h->st, s, 1, h->now), -EOPNOTSUPP);
	assert_int_equal(ph_shutdown(h->st, s, PH_SHUT_WR, h->now), -EOPNOTSUPP);
	assert_int_equal(ph_getpeername(h->st, s, &a), -EOPNOTSUPP);
	assert_int_equal(ph_bind(h->st, s, &v4, h->now), -EINVAL);
	assert_int_equal(ph_socket_new(h->st, PH_AF_PACKET, PH_SOCK_STREAM, 0, h->now), -ESOCKTNOSUPPORT);
	frame_echo(&f, PEER4, US4, 20);
	frame_in(h, &f);
	g = receive(h, s);
	assert_int_equal(cmsg_next(&g->msg, &where, &c), 1);
	assert_int_equal(c.level, PH_SOL_PACKET);
	assert_int_equal(c.type, PH_PACKET_AUXDATA);
	assert_int_equal(c.len, 20);
	while (host_take(h) > 0)
		;
	assert_int_equal(receive(h, s)->n, -EAGAIN); /* what went is ignored */
	ph_close(h->st, s, h->now);
	host_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frames_are_seen_as_they_come_and_go),
		cmocka_unit_test(test_a_fragment_is_seen_as_it_came),
		cmocka_unit_test(test_frames_of_the_users_own_leave),
		cmocka_unit_test(test_a_socket_of_one_link_hears_that_link_until_it_goes),
		cmocka_unit_test(test_what_finds_no_room_is_counted),
		cmocka_unit_test(test_options_and_calls_answer_as_linux_does),
	};

	return cmocka_run_group_tests_name("packet sockets", tests, NULL, NULL);
}
