/* SPDX-License-Identifier: BSD-2-Clause */
/* Raw sockets (raw(7), RFC 3542 3): copies of what came, headers of the user's own, filters. */
#include "net6_fixture.h"

static ph_socket raw(struct host *h, int family, int proto)
{
	ph_socket s = ph_socket_new(h->st, family, PH_SOCK_RAW, proto, h->now);

	assert_true(s >= 0);
	return s;
}

static int64_t sends(struct host *h, ph_socket s, const struct ph_sockaddr *to, const void *bytes,
		     size_t n)
{
	struct ph_sockaddr name = *to;
	uint8_t copy[2048];
	struct ph_iov iov = { copy, n };
	struct ph_msg msg = { .name = &name, .iov = &iov, .niov = 1 };

	assert_true(n <= sizeof(copy));
	memcpy(copy, bytes, n);
	return ph_sendmsg(h->st, s, &msg, 0, h->now);
}

static const struct ph_sockaddr peer4_to = { .family = PH_AF_INET, .ip = { { [10] = 0xff, 0xff, 10, 0,
									     0, 1 } } };

static void test_sockets_get_copies_with_the_header_and_the_stack_answers_all_the_same(void **state)
{
	struct host *h = host_new();
	ph_socket s = raw(h, PH_AF_INET, PH_IPPROTO_ICMP), other = raw(h, PH_AF_INET, 99);
	static struct frame f;
	uint32_t filter = 1u << ICMP4_ECHO;
	uint8_t b[256];

	(void)state;
	host_knows_peer(h);
	frame_echo(&f, PEER4, US4, 30);
	frame_in(h, &f);
	assert_true(host_take(h) > 0);
	assert_int_equal(out_l4(h)[0], ICMP4_ECHO_REPLY);
	assert_int_equal(ph_recv(h->st, s, b, sizeof(b), 0, h->now), 20 + 8 + 30);
	assert_memory_equal(b, f.b + ETH_HDR_LEN, 20 + 8 + 30);
	assert_int_equal(ph_recv(h->st, other, b, sizeof(b), 0, h->now), -EAGAIN);
	assert_int_equal(ph_setsockopt(h->st, s, 255, 1, &filter, 4, h->now), 0);
	frame_in(h, &f);
	assert_int_equal(ph_recv(h->st, s, b, sizeof(b), 0, h->now), -EAGAIN);
	ph_close(h->st, s, h->now);
	ph_close(h->st, other, h->now);
	host_free(h);
}

static void test_a_protocol_that_a_socket_takes_is_not_unreachable(void **state)
{
	struct host *h = host_new();
	ph_socket s = raw(h, PH_AF_INET, 99);
	static struct frame f;
	uint8_t b[256];

	(void)state;
	host_knows_peer(h);
	frame_ip4(&f, PEER4, US4, 99, 0);
	memset(frame_put(&f, 40), 7, 40);
	frame_end(&f);
	frame_in(h, &f);
	assert_int_equal(host_take(h), 0);
	assert_int_equal(ph_recv(h->st, s, b, sizeof(b), 0, h->now), 60);
	ph_close(h->st, s, h->now);
	frame_in(h, &f);
	assert_true(host_take(h) > 0);
	assert_int_equal(out_l4(h)[0], ICMP4_UNREACH);
	assert_int_equal(out_l4(h)[1], 2);
	host_free(h);
}

static void test_headers_are_the_stacks_or_the_users(void **state)
{
	struct host *h = host_new();
	ph_socket s = raw(h, PH_AF_INET, 99);
	uint8_t p[40] = { 0x45, 0x10, [8] = 3, 98, [16] = 10, 0, 0, 1 };
	int on = 1;

	(void)state;
	host_knows_peer(h);
	assert_int_equal(sends(h, s, &peer4_to, "abcd", 4), 4);
	assert_int_equal(host_take(h), ETH_HDR_LEN + 24);
	assert_int_equal(out_ip4(h)->proto, 99);
	assert_int_equal(be32_get(out_ip4(h)->src), US4);
	assert_int_equal(ph_setsockopt(h->st, s, PH_IPPROTO_IP, PH_IP_HDRINCL, &on, 4, h->now), 0);
	assert_int_equal(sends(h, s, &peer4_to, p, sizeof(p)), sizeof(p));
	assert_int_equal(host_take(h), ETH_HDR_LEN + 40);
	assert_int_equal(out_ip4(h)->tos, 0x10);
	assert_int_equal(out_ip4(h)->ttl, 3);
	assert_int_equal(out_ip4(h)->proto, 98);
	assert_int_equal(be16_get(out_ip4(h)->len), 40);
	assert_int_equal(be32_get(out_ip4(h)->src), US4);
	assert_int_equal(csum_fold(csum_add(0, out_ip4(h), 20)), 0xffff);
	assert_int_equal(sends(h, s, &peer4_to, p, 19), -EINVAL);
	p[0] = 0x4f;
	assert_int_equal(sends(h, s, &peer4_to, p, sizeof(p)), -EINVAL);
	ph_close(h->st, s, h->now);
	host_free(h);
}

static void test_checksums_over_ipv6_are_the_stacks_work(void **state)
{
	struct host *h = host6_new();
	ph_socket s = raw(h, PH_AF_INET6, 99);
	struct ph_sockaddr to = { .family = PH_AF_INET6, .ip = peer6 };
	static struct frame f;
	uint8_t b[64] = { 1, 2, 3, 4, 0xff, 0xff, 5, 6 };
	int at = 4, odd = 3;

	(void)state;
	frame_nd(&f, ICMP6_NA, &peer6, &us6, &peer6, ND_NA_SOLICITED | ND_NA_OVERRIDE, peer_mac);
	assert_int_equal(ph_neigh_add(h->st, h->link, &peer6, peer_mac, h->now), 0);
	assert_int_equal(ph_setsockopt(h->st, s, PH_IPPROTO_IPV6, PH_IPV6_CHECKSUM, &odd, 4, h->now),
			 -EINVAL);
	assert_int_equal(ph_setsockopt(h->st, s, PH_IPPROTO_IPV6, PH_IPV6_CHECKSUM, &at, 4, h->now),
			 0);
	assert_int_equal(sends(h, s, &to, b, 8), 8);
	assert_int_equal(host_take(h), AT6 + 8);
	assert_int_equal(csum_fold(csum_add(csum_pseudo(&us6, &peer6, 99, 8), h->out + AT6, 8)),
			 0xffff);
	assert_int_equal(sends(h, s, &to, b, 5), -EINVAL);
	assert_int_equal(sends(h, s, &to, b, 6), 6); /* the last two octets */
	assert_int_equal(host_take(h), AT6 + 6);
	assert_int_equal(sends(h, s, &to, b, 8), 8);
	assert_int_equal(host_take(h), AT6 + 8);
	memcpy(b, h->out + AT6, 8);
	for (int bad = 0; bad < 2; bad++) {
		frame_ip6(&f, &peer6, &us6, 99);
		memcpy(frame_put(&f, 8), b, 8); /* the sum is the same both ways */
		f.b[AT6 + 1] ^= (uint8_t)bad;
		frame6_end(&f);
		frame_in(h, &f);
		assert_int_equal(ph_recv(h->st, s, b, sizeof(b), 0, h->now), bad ? -EAGAIN : 8);
	}
	ph_close(h->st, s, h->now);
	host_free(h);
}

/* The stack's last packet comes back as the quote of an ICMP error. */
static void error4(struct host *h, uint8_t type, uint8_t code)
{
	static struct frame f;
	uint32_t quote = (uint32_t)h->out_len - ETH_HDR_LEN;
	struct icmp_hdr *icmp;

	frame_ip4(&f, PEER4, US4, PH_IPPROTO_ICMP, 0);
	icmp = frame_put(&f, sizeof(*icmp));
	*icmp = (struct icmp_hdr){ .type = type, .code = code };
	memcpy(frame_put(&f, quote), h->out + ETH_HDR_LEN, quote);
	frame_end(&f);
	frame_icmp_csum(&f);
	frame_in(h, &f);
}

static int error_of(struct host *h, ph_socket s)
{
	uint32_t len = sizeof(int);
	int v = -1;

	assert_int_equal(ph_getsockopt(h->st, s, PH_SOL_SOCKET, PH_SO_ERROR, &v, &len), 0);
	return v;
}

static void test_errors_are_told_to_who_is_connected_or_asked(void **state)
{
	struct host *h = host_new();
	ph_socket connected = raw(h, PH_AF_INET, 99), asked = raw(h, PH_AF_INET, 99),
		  neither = raw(h, PH_AF_INET, 99), other = raw(h, PH_AF_INET, 98);
	uint8_t b[64];
	struct ph_iov iov = { b, sizeof(b) };
	struct ph_msg msg = { .iov = &iov, .niov = 1 };
	struct ph_sockaddr a;
	int on = 1;

	(void)state;
	host_knows_peer(h);
	assert_int_equal(ph_connect(h->st, connected, &peer4_to, h->now), 0);
	assert_int_equal(ph_connect(h->st, other, &peer4_to, h->now), 0);
	assert_int_equal(ph_setsockopt(h->st, asked, PH_IPPROTO_IP, PH_IP_RECVERR, &on, 4, h->now), 0);
	assert_int_equal(sends(h, neither, &peer4_to, "abcdefgh", 8), 8);
	assert_true(host_take(h) > 0);
	error4(h, ICMP4_UNREACH, ICMP4_UNREACH_HOST);
	assert_int_equal(error_of(h, connected), 0); /* it may pass */
	assert_int_equal(error_of(h, asked), EHOSTUNREACH);
	assert_int_equal(ph_recvmsg(h->st, asked, &msg, PH_MSG_ERRQUEUE, h->now), 8);
	assert_memory_equal(b, "abcdefgh", 8);
	error4(h, ICMP4_UNREACH, ICMP4_UNREACH_PROTO);
	assert_int_equal(error_of(h, connected), ENOPROTOOPT);
	assert_int_equal(error_of(h, neither), 0);
	assert_int_equal(error_of(h, other), 0);
	assert_int_equal(ph_getsockname(h->st, other, &a), 0);
	assert_int_equal(a.port, 98);
	assert_int_equal(ph_bind(h->st, other, &a, h->now), -EINVAL);
	a.family = 0;
	assert_int_equal(ph_connect(h->st, other, &a, h->now), 0);
	assert_int_equal(ph_getsockname(h->st, other, &a), 0);
	assert_true(ip_is_any(&a.ip));
	ph_close(h->st, connected, h->now);
	ph_close(h->st, asked, h->now);
	ph_close(h->st, neither, h->now);
	ph_close(h->st, other, h->now);
	host_free(h);
}

static void test_a_whole_ipv6_packet_is_the_users(void **state)
{
	struct host *h = host6_new();
	ph_socket s = raw(h, PH_AF_INET6, 255), t = raw(h, PH_AF_INET6, 99);
	struct ph_sockaddr to = { .family = PH_AF_INET6, .ip = peer6 };
	static uint8_t p[1501] = { 0x62, 0x30, 0, 9, 0, 4, 97, 5 };
	uint32_t len = 4;
	int v = 1;

	(void)state;
	assert_int_equal(ph_neigh_add(h->st, h->link, &peer6, peer_mac, h->now), 0);
	assert_int_equal(ph_getsockopt(h->st, s, PH_IPPROTO_IPV6, PH_IPV6_HDRINCL, &v, &len), 0);
	assert_int_equal(v, 1);
	assert_int_equal(sends(h, s, &to, p, 44), 44);
	assert_int_equal(host_take(h), AT6 + 4);
	assert_memory_equal(h->out + ETH_HDR_LEN, p, 44);
	assert_int_equal(sends(h, s, &to, p, 39), -EINVAL);
	assert_int_equal(sends(h, s, &to, p, 1501), -EMSGSIZE);
	assert_int_equal(sends(h, s, &to, p, 1500), 1500);
	assert_int_equal(host_take(h), ETH_HDR_LEN + 1500);
	assert_int_equal(ph_getsockopt(h->st, t, PH_IPPROTO_IPV6, PH_IPV6_HDRINCL, &v, &len), 0);
	assert_int_equal(v, 0);
	assert_int_equal(sends(h, t, &to, p, 44), 44);
	assert_int_equal(host_take(h), AT6 + 44);
	ph_close(h->st, s, h->now);
	ph_close(h->st, t, h->now);
	host_free(h);
}

static void test_what_is_no_raw_socket_is_refused(void **state)
{
	struct host *h = host_new();
	ph_socket s;

	(void)state;
	assert_int_equal(ph_socket_new(h->st, PH_AF_INET, PH_SOCK_RAW, 0, h->now), -EPROTONOSUPPORT);
	assert_int_equal(ph_socket_new(h->st, PH_AF_INET, PH_SOCK_RAW, 256, h->now),
			 -EPROTONOSUPPORT);
	s = raw(h, PH_AF_INET, 99);
	assert_int_equal(ph_send(h->st, s, "x", 1, 0, h->now), -EDESTADDRREQ);
	assert_int_equal(ph_listen(h->st, s, 1, h->now), -EOPNOTSUPP);
	ph_close(h->st, s, h->now);
	host_free(h);
}

static void test_the_filter_is_of_the_first_32_types(void **state)
{
	struct host *h = host_new();
	ph_socket s = raw(h, PH_AF_INET, PH_IPPROTO_ICMP);
	static const uint8_t types[] = { ICMP4_ECHO, 31, 32, 40, 42 };
	uint32_t none = UINT32_MAX;
	static struct frame f;
	uint8_t b[128];

	(void)state;
	host_knows_peer(h);
	assert_int_equal(ph_setsockopt(h->st, s, 255, 1, &none, 4, h->now), 0);
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		frame_echo(&f, PEER4, US4, 8)->type = types[i];
		frame_icmp_csum(&f);
		frame_in(h, &f);
		assert_int_equal(ph_recv(h->st, s, b, sizeof(b), 0, h->now),
				 types[i] < 32 ? -EAGAIN : 36);
	}
	while (host_take(h) > 0)
		;
	ph_close(h->st, s, h->now);
	host_free(h);
}

static void test_nothing_comes_after_a_shutdown(void **state)
{
	struct host *h = host_new();
	ph_socket s = raw(h, PH_AF_INET, 99);
	static struct frame f;
	uint8_t b[128];

	(void)state;
	host_knows_peer(h);
	assert_int_equal(ph_connect(h->st, s, &peer4_to, h->now), 0);
	assert_int_equal(ph_shutdown(h->st, s, PH_SHUT_RD, h->now), 0);
	frame_ip4(&f, PEER4, US4, 99, 0);
	memset(frame_put(&f, 40), 7, 40);
	frame_end(&f);
	frame_in(h, &f);
	assert_true(host_take(h) > 0); /* it is nobody's now */
	assert_int_equal(out_l4(h)[0], ICMP4_UNREACH);
	assert_int_equal(ph_recv(h->st, s, b, sizeof(b), 0, h->now), 0);
	assert_int_equal(sends(h, s, &peer4_to, b, 0), 0); /* the other direction is open */
	assert_true(host_take(h) > 0);
	assert_int_equal(ph_shutdown(h->st, s, PH_SHUT_WR, h->now), 0);
	assert_int_equal(sends(h, s, &peer4_to, b, 0), -EPIPE);
	assert_int_equal(host_take(h), 0);
	ph_close(h->st, s, h->now);
	host_free(h);
}

static void test_an_identification_of_the_users_is_kept(void **state)
{
	struct host *h = host_new();
	ph_socket s = raw(h, PH_AF_INET, 255);
	uint8_t p[28] = { 0x45, [8] = 64, 99 };

	(void)state;
	host_knows_peer(h);
	for (unsigned i = 0; i < 2; i++) {
		p[4] = i ? 0x12 : 0;
		p[5] = i ? 0x34 : 0;
		assert_int_equal(sends(h, s, &peer4_to, p, sizeof(p)), sizeof(p));
		assert_true(host_take(h) > 0);
		if (i)
			assert_int_equal(be16_get(out_ip4(h)->id), 0x1234);
		else
			assert_int_not_equal(be16_get(out_ip4(h)->id), 0);
	}
	ph_close(h->st, s, h->now);
	host_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_sockets_get_copies_with_the_header_and_the_stack_answers_all_the_same),
		cmocka_unit_test(test_a_protocol_that_a_socket_takes_is_not_unreachable),
		cmocka_unit_test(test_headers_are_the_stacks_or_the_users),
		cmocka_unit_test(test_checksums_over_ipv6_are_the_stacks_work),
		cmocka_unit_test(test_errors_are_told_to_who_is_connected_or_asked),
		cmocka_unit_test(test_a_whole_ipv6_packet_is_the_users),
		cmocka_unit_test(test_what_is_no_raw_socket_is_refused),
		cmocka_unit_test(test_the_filter_is_of_the_first_32_types),
		cmocka_unit_test(test_nothing_comes_after_a_shutdown),
		cmocka_unit_test(test_an_identification_of_the_users_is_kept),
	};

	return cmocka_run_group_tests_name("raw sockets", tests, NULL, NULL);
}
