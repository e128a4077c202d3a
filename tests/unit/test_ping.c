/* SPDX-License-Identifier: BSD-2-Clause */
/* Ping sockets (RFC 1122 3.2.2.6, 4443 4.2): the user's echo requests, the replies and the errors. */
#include "net6_fixture.h"

static const struct ph_sockaddr peer4_to = { .family = PH_AF_INET,
					     .ip = { { [10] = 0xff, 0xff, 10, 0, 0, 1 } } },
				us4_at = { .family = PH_AF_INET,
					   .ip = { { [10] = 0xff, 0xff, 10, 0, 0, 2 } } },
				foreign4 = { .family = PH_AF_INET,
					     .ip = { { [10] = 0xff, 0xff, 10, 0, 0, 77 } } },
				all4 = { .family = PH_AF_INET,
					 .ip = { { [10] = 0xff, 0xff, 10, 0, 0, 255 } } };

static ph_socket ping(struct host *h, int family)
{
	ph_socket s = ph_socket_new(h->st, family, PH_SOCK_DGRAM,
				    family == PH_AF_INET ? PH_IPPROTO_ICMP : PH_IPPROTO_ICMPV6, h->now);

	assert_true(s >= 0);
	return s;
}

static int64_t sends(struct host *h, ph_socket s, const struct ph_sockaddr *to, const uint8_t *bytes,
		     size_t n, int flags)
{
	struct ph_sockaddr name = to ? *to : (struct ph_sockaddr){ 0 };
	static uint8_t copy[70000];
	struct ph_iov iov = { copy, n };
	struct ph_msg msg = { .name = to ? &name : NULL, .iov = &iov, .niov = 1 };

	assert_true(n <= sizeof(copy));
	memcpy(copy, bytes, n);
	return ph_sendmsg(h->st, s, &msg, flags, h->now);
}

static uint16_t id_of(struct host *h, ph_socket s)
{
	struct ph_sockaddr a;

	assert_int_equal(ph_getsockname(h->st, s, &a), 0);
	return a.port;
}

/* The peer's echo reply to what was taken last, or what else `type` says. */
static void reply4(struct host *h, uint16_t id, uint8_t type)
{
	static struct frame f;
	struct icmp_hdr *icmp = frame_echo(&f, PEER4, US4, 12);

	icmp->type = type;
	icmp->u.echo.id = be16_of(id);
	frame_icmp_csum(&f);
	frame_in(h, &f);
}

/* rfc: 1122:3.2.2.6-7 */
static void test_replies_with_the_sockets_number_are_given_to_it(void **state)
{
	struct host *h = host_new();
	ph_socket s = ping(h, PH_AF_INET), other = ping(h, PH_AF_INET);
	uint8_t request[8 + 5] = { 8, 0, 1, 2, 0x12, 0x34, 0, 7, 'h', 'e', 'l', 'l', 'o' }, b[64];
	struct ph_sockaddr from;
	struct ph_iov iov = { b, sizeof(b) };
	struct ph_msg msg = { .name = &from, .iov = &iov, .niov = 1 };
	const struct icmp_hdr *icmp;
	uint16_t id;

	(void)state;
	host_knows_peer(h);
	assert_int_equal(sends(h, s, &peer4_to, request, sizeof(request), 0), sizeof(request));
	id = id_of(h, s);
	assert_int_not_equal(id, 0);
	assert_int_equal(host_take(h), ETH_HDR_LEN + 20 + sizeof(request));
	icmp = (const void *)out_l4(h);
	assert_int_equal(icmp->type, ICMP4_ECHO);
	assert_int_equal(be16_get(icmp->u.echo.id), id);
	assert_int_equal(be16_get(icmp->u.echo.seq), 7);
	assert_int_equal(csum_fold(csum_add(0, icmp, sizeof(request))), 0xffff);
	assert_int_equal(count_of(h, "IcmpOutEchos"), 1);
	reply4(h, (uint16_t)(id + 1), ICMP4_ECHO_REPLY);
	reply4(h, id, ICMP4_TIMESTAMP_REPLY);
	assert_int_equal(ph_recvmsg(h->st, s, &msg, 0, h->now), -EAGAIN);
	reply4(h, id, ICMP4_ECHO_REPLY);
	assert_true(ph_poll(h->st, s) & PH_POLLIN);
	assert_int_equal(ph_recvmsg(h->st, s, &msg, 0, h->now), 8 + 12);
	assert_int_equal(b[0], ICMP4_ECHO_REPLY);
	assert_int_equal(b[4] << 8 | b[5], id);
	assert_memory_equal(&from.ip, &peer4_to.ip, 16);
	assert_int_equal(from.port, 0);
	assert_int_equal(ph_recv(h->st, other, b, sizeof(b), 0, h->now), -EAGAIN);
	assert_int_equal(ph_shutdown(h->st, s, PH_SHUT_RD, h->now), -ENOTCONN); /* done all the same */
	reply4(h, id, ICMP4_ECHO_REPLY);
	assert_int_equal(ph_recv(h->st, s, b, sizeof(b), 0, h->now), 0);
	ph_close(h->st, s, h->now);
	ph_close(h->st, other, h->now);
	reply4(h, id, ICMP4_ECHO_REPLY);
	host_free(h);
}

static void test_nothing_but_an_echo_request_is_sent(void **state)
{
	struct host *h = host_new();
	ph_socket s = ping(h, PH_AF_INET);
	static uint8_t b[65536] = { 8 };
	static const uint8_t bad[][2] = { { 13, 0 }, { 0, 0 }, { 8, 1 }, { 128, 0 } };
	int on = 1;

	(void)state;
	host_knows_peer(h);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(sends(h, s, &peer4_to, (uint8_t[8]){ bad[i][0], bad[i][1] }, 8, 0),
				 -EINVAL);
	assert_int_equal(sends(h, s, &peer4_to, b, 7, 0), -EINVAL);
	assert_int_equal(sends(h, s, NULL, b, 8, 0), -EDESTADDRREQ);
	assert_int_equal(sends(h, s, &peer4_to, b, 8, PH_MSG_OOB), -EOPNOTSUPP);
	assert_int_equal(sends(h, s, &all4, b, 8, 0), -EACCES);
	assert_int_equal(sends(h, s, &peer4_to, b, 65536, 0), -EMSGSIZE);
	assert_int_equal(sends(h, s, &peer4_to, b, 65508 + 8, 0), -EMSGSIZE);
	assert_int_equal(host_take(h), 0);
	assert_int_equal(sends(h, s, &peer4_to, b, 65507 + 8, 0), 65507 + 8);
	while (host_take(h) > 0)
		assert_true(be16_get(out_ip4(h)->frag) != 0);
	assert_int_equal(ph_setsockopt(h->st, s, PH_SOL_SOCKET, PH_SO_BROADCAST, &on, 4, h->now), 0);
	assert_int_equal(sends(h, s, &all4, b, 8, 0), 8);
	assert_int_equal(ph_shutdown(h->st, s, PH_SHUT_WR, h->now), -ENOTCONN);
	assert_int_equal(sends(h, s, &peer4_to, b, 8, 0), -EPIPE);
	ph_close(h->st, s, h->now);
	host_free(h);
}

static void test_who_may_have_one_and_with_which_number(void **state)
{
	struct host *h = host_new();
	ph_socket s = ping(h, PH_AF_INET), t = ping(h, PH_AF_INET);
	struct ph_sockaddr a = us4_at;
	char text[64];
	int off = 0;

	(void)state;
	assert_int_equal(ph_bind(h->st, s, &foreign4, h->now), -EADDRNOTAVAIL);
	assert_int_equal(ph_bind(h->st, s, &all4, h->now), -EADDRNOTAVAIL);
	a.port = 77;
	assert_int_equal(ph_bind(h->st, s, &a, h->now), 0);
	assert_int_equal(id_of(h, s), 77);
	assert_int_equal(ph_bind(h->st, s, &a, h->now), -EINVAL);
	assert_int_equal(ph_setsockopt(h->st, t, PH_SOL_SOCKET, PH_SO_REUSEADDR, &off, 4, h->now), 0);
	assert_int_equal(ph_bind(h->st, t, &a, h->now), -EADDRINUSE);
	assert_int_equal(ph_listen(h->st, s, 1, h->now), -EOPNOTSUPP);
	assert_int_equal(ph_shutdown(h->st, s, PH_SHUT_WR, h->now), -ENOTCONN);
	a = peer4_to;
	a.port = 99;
	assert_int_equal(ph_connect(h->st, t, &a, h->now), 0);
	assert_int_equal(ph_getpeername(h->st, t, &a), 0);
	assert_int_equal(a.port, 99);
	assert_int_equal(ph_getsockname(h->st, t, &a), 0);
	assert_memory_equal(&a.ip, &us4_at.ip, 16);
	ph_close(h->st, s, h->now);
	ph_close(h->st, t, h->now);
	assert_int_equal(ph_socket_new(h->st, PH_AF_INET, PH_SOCK_DGRAM, PH_IPPROTO_ICMPV6, h->now),
			 -EPROTONOSUPPORT);
	assert_int_equal(ph_sysctl_set(h->st, "net.ipv4.ping_group_range", "5 2"), 0);
	assert_int_equal(ph_sysctl_get(h->st, "net.ipv4.ping_group_range", text, sizeof(text)), 0);
	assert_string_equal(text, "1\t0");
	assert_int_equal(ph_socket_new(h->st, PH_AF_INET, PH_SOCK_DGRAM, PH_IPPROTO_ICMP, h->now),
			 -EACCES);
	host_free(h);
}

/* What the stack sent last comes back as the quote of an ICMP error. */
static void error4(struct host *h, uint8_t type, uint8_t code, uint16_t mtu)
{
	static struct frame f;
	uint32_t quote = (uint32_t)h->out_len - ETH_HDR_LEN;
	struct icmp_hdr *icmp;

	frame_ip4(&f, PEER4, US4, PH_IPPROTO_ICMP, 0);
	icmp = frame_put(&f, sizeof(*icmp));
	*icmp = (struct icmp_hdr){ .type = type, .code = code };
	icmp->u.frag_needed.mtu = be16_of(mtu);
	memcpy(frame_put(&f, quote), h->out + ETH_HDR_LEN, quote);
	frame_end(&f);
	frame_icmp_csum(&f);
	frame_in(h, &f);
}

static void test_errors_about_requests_are_told(void **state)
{
	static const struct {
		uint8_t type, code;
		uint16_t mtu;
		bool recverr;
		int error; /* of a connected socket */
	} rows[] = {
		{ 3, 1, 0, false, 0 }, /* soft: for who asks */
		{ 3, 3, 0, false, ECONNREFUSED },
		{ 3, 4, 1200, false, EMSGSIZE },
		{ 11, 0, 0, false, 0 },
		{ 11, 0, 0, true, EHOSTUNREACH },
		{ 12, 0, 0, false, EPROTO },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct host *h = host_new();
		ph_socket s = ping(h, PH_AF_INET);
		uint8_t b[64];
		struct ph_iov iov = { b, sizeof(b) };
		struct ph_msg msg = { .iov = &iov, .niov = 1 };
		uint32_t len = 4;
		int v = 1;

		host_knows_peer(h);
		assert_int_equal(ph_connect(h->st, s, &peer4_to, h->now), 0);
		if (rows[i].recverr)
			assert_int_equal(ph_setsockopt(h->st, s, PH_IPPROTO_IP, PH_IP_RECVERR, &v, 4,
						       h->now), 0);
		assert_int_equal(sends(h, s, NULL, (const uint8_t *)"\x08\0\0\0\0\0\0\x09quote", 13, 0),
				 13);
		assert_true(host_take(h) > 0);
		error4(h, rows[i].type, rows[i].code, rows[i].mtu);
		assert_int_equal(ph_getsockopt(h->st, s, PH_SOL_SOCKET, PH_SO_ERROR, &v, &len), 0);
		assert_int_equal(v, rows[i].error);
		if (rows[i].recverr) {
			assert_int_equal(ph_recvmsg(h->st, s, &msg, PH_MSG_ERRQUEUE, h->now), 13);
			assert_int_equal(b[0], ICMP4_ECHO);
			assert_memory_equal(b + 8, "quote", 5);
		}
		if (rows[i].mtu) {
			assert_int_equal(ph_getsockopt(h->st, s, PH_IPPROTO_IP, PH_IP_MTU, &v, &len), 0);
			assert_int_equal(v, rows[i].mtu);
		}
		assert_int_equal(drops_of(h, "ICMP_QUOTE"), 0);
		ph_close(h->st, s, h->now);
		assert_int_equal(sends(h, s = ping(h, PH_AF_INET), &peer4_to,
				       (const uint8_t *)"\x08\0\0\0\0\0\0\x09", 8, 0), 8);
		assert_true(host_take(h) > 0);
		ph_close(h->st, s, h->now);
		error4(h, rows[i].type, rows[i].code, rows[i].mtu); /* who asked is gone */
		assert_int_equal(drops_of(h, "ICMP_QUOTE"), 1);
		host_free(h);
	}
}

static void test_a_path_that_echo_replies_do_not_fit_is_learned(void **state)
{
	struct host *h = host_new();
	static struct frame f;

	(void)state;
	host_knows_peer(h);
	frame_echo(&f, PEER4, US4, 1400);
	frame_in(h, &f);
	assert_int_equal(host_take(h), ETH_HDR_LEN + 20 + 8 + 1400);
	error4(h, 3, 4, 800);
	frame_in(h, &f);
	assert_true(host_take(h) > 0);
	assert_true(h->out_len <= ETH_HDR_LEN + 800);
	assert_true(be16_get(out_ip4(h)->frag) & IP4_F_MF);
	while (host_take(h) > 0)
		;
	host_free(h);
}

/* rfc: 4443:4.2-3 */
static void test_the_same_over_ipv6(void **state)
{
	struct host *h = host6_new();
	ph_socket s = ping(h, PH_AF_INET6);
	struct ph_sockaddr to = { .family = PH_AF_INET6, .ip = peer6 },
			   mapped = { .family = PH_AF_INET6, .ip = peer4_to.ip };
	uint8_t request[12] = { 128, 0, 9, 9, 0, 0, 0, 3, 'd', 'a', 't', 'a' }, b[64];
	static struct frame f;
	uint16_t id;
	uint8_t *p;

	(void)state;
	assert_int_equal(ph_neigh_add(h->st, h->link, &peer6, peer_mac, h->now), 0);
	assert_int_equal(sends(h, s, &mapped, request, 12, 0), -EINVAL);
	assert_int_equal(sends(h, s, &peer4_to, request, 12, 0), -EAFNOSUPPORT);
	assert_int_equal(ph_bind(h->st, s, &mapped, h->now), -EINVAL);
	request[0] = 8;
	assert_int_equal(sends(h, s, &to, request, 12, 0), -EINVAL);
	request[0] = 128;
	assert_int_equal(sends(h, s, &to, request, 12, 0), 12);
	id = id_of(h, s);
	assert_int_equal(host_take(h), AT6 + 12);
	assert_memory_equal(out_icmp6(h, ICMP6_ECHO) + 6, "\0\x03" "data", 6);
	for (unsigned i = 0; i < 2; i++) {
		p = frame_icmp6(&f, &peer6, &us6, ICMP6_ECHO_REPLY, 12);
		p[4] = (uint8_t)((id + i) >> 8);
		p[5] = (uint8_t)(id + i);
		frame_icmp6_end(&f, AT6);
		frame_in(h, &f);
		assert_int_equal(ph_recv(h->st, s, b, sizeof(b), 0, h->now), i ? -EAGAIN : 12);
	}
	assert_int_equal(b[0], ICMP6_ECHO_REPLY);
	ph_close(h->st, s, h->now);
	host_free(h);
}

static void test_they_are_listed(void **state)
{
	struct host *h = host_new();
	ph_socket s = ping(h, PH_AF_INET), r = ph_socket_new(h->st, PH_AF_INET, PH_SOCK_RAW, 99, h->now);
	struct ph_sock_info info[4];

	(void)state;
	assert_int_equal(ph_connect(h->st, s, &peer4_to, h->now), 0);
	assert_int_equal(ph_socks(h->st, info, 4), 2);
	assert_int_equal(info[0].socket, r);
	assert_int_equal(info[0].protocol, 99);
	assert_int_equal(info[1].socket, s);
	assert_int_equal(info[1].type, PH_SOCK_DGRAM);
	assert_int_equal(info[1].protocol, PH_IPPROTO_ICMP);
	assert_string_equal(info[1].state_name, "ESTAB");
	assert_int_equal(ph_socks(h->st, info, 1), 2);
	ph_close(h->st, s, h->now);
	ph_close(h->st, r, h->now);
	host_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replies_with_the_sockets_number_are_given_to_it),
		cmocka_unit_test(test_nothing_but_an_echo_request_is_sent),
		cmocka_unit_test(test_who_may_have_one_and_with_which_number),
		cmocka_unit_test(test_errors_about_requests_are_told),
		cmocka_unit_test(test_a_path_that_echo_replies_do_not_fit_is_learned),
		cmocka_unit_test(test_the_same_over_ipv6),
		cmocka_unit_test(test_they_are_listed),
	};

	return cmocka_run_group_tests_name("ping sockets", tests, NULL, NULL);
}
