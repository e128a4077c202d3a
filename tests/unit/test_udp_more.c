/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What UDP's users can ask for beyond a datagram: options of IP both ways (RFC 1122 4.1.3.2),
 * datagrams that grow, paths probed from above (RFC 8899); and what all of them may hold together.
 */
#include "udp_fixture.h"

/* ---- IP options ----------------------------------------------------------------------------- */

static int set_options(struct host *h, ph_socket s, const void *bytes, uint32_t n)
{
	return ph_setsockopt(h->st, s, PH_IPPROTO_IP, PH_IP_OPTIONS, bytes, n, h->now);
}

/* rfc: 1122:3.2.1.8-2 1122:4.1.3.2-1 1122:3.4-1 */
static void test_options_of_ip_leave_as_the_user_says(void **state)
{
	static const struct {
		uint8_t bytes[41];
		uint32_t len;
		int rc;
		uint32_t back;	 /* what getsockopt gives, of `sent` but for what is recorded */
		uint8_t sent[40]; /* in the header */
	} row[] = {
		{ { 7, 7, 4 }, 7, 0, 8, { 7, 7, 8, 10, 0, 0, 2, 0 } },
		{ { 1, 1, 1 }, 3, 0, 4, { 1, 1, 1, 0 } },
		{ { 148, 4, 0, 0 }, 4, 0, 4, { 148, 4, 0, 0 } },
		{ { 200, 4, 1, 2, 0, 9 }, 6, 0, 8, { 200, 4, 1, 2, 0, 0, 0, 0 } },
		{ { 0 }, 0, 0, 0, { 0 } },
		{ { 7, 2 }, 2, -EINVAL, 0, { 0 } },
		{ { 7, 7, 3 }, 7, -EINVAL, 0, { 0 } },
		{ { 200, 9, 1, 2 }, 4, -EINVAL, 0, { 0 } },
		{ { 1, 1 }, 41, -EINVAL, 0, { 0 } },
		{ { 131, 7, 4, 10, 0, 0, 3 }, 7, -EPERM, 0, { 0 } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		struct host *h = host_new();
		ph_socket s = sock(h, 7);
		uint8_t back[64];
		uint32_t len = sizeof(back);

		host_knows_peer(h);
		assert_int_equal(set_options(h, s, row[i].bytes, row[i].len), row[i].rc);
		assert_int_equal(ph_getsockopt(h->st, s, PH_IPPROTO_IP, PH_IP_OPTIONS, back, &len), 0);
		assert_int_equal(len, row[i].back);
		assert_int_equal(sends(h, s, peer_at(9), 20, NULL, 0), 20);
		assert_int_equal(host_take(h), ETH_HDR_LEN + 20 + row[i].back + 8 + 20);
		assert_int_equal(out_ip4(h)->ver_ihl, 0x45 + row[i].back / 4);
		assert_memory_equal(out_l4(h), row[i].sent, row[i].back);
		assert_int_equal(csum_fold(csum_add(0, out_ip4(h), 20 + row[i].back)), 0xffff);
		ph_close(h->st, s, h->now);
		host_free(h);
	}
}

static void test_options_leave_less_room_for_data(void **state)
{
	static const uint8_t alert[4] = { 148, 4, 0, 0 };
	struct host *h = host_new();
	ph_socket s = sock(h, 7);

	(void)state;
	host_knows_peer(h);
	assert_int_equal(set_options(h, s, alert, 4), 0);
	set(h, s, PH_IPPROTO_IP, PH_IP_MTU_DISCOVER, PH_IP_PMTUDISC_DO);
	assert_int_equal(sends(h, s, peer_at(9), 1469, NULL, 0), -EMSGSIZE);
	assert_int_equal(sends(h, s, peer_at(9), 1468, NULL, 0), 1468);
	assert_int_equal(host_take(h), ETH_HDR_LEN + 1500);
	set(h, s, PH_IPPROTO_IP, PH_IP_MTU_DISCOVER, PH_IP_PMTUDISC_WANT);
	assert_int_equal(sends(h, s, peer_at(9), 1469, NULL, 0), 1469);
	for (unsigned i = 0; i < 2; i++) { /* it is of the kind that every fragment has */
		assert_true(host_take(h) > 0);
		assert_int_equal(out_ip4(h)->ver_ihl, 0x46);
		assert_memory_equal(out_l4(h), alert, 4);
	}
	ph_close(h->st, s, h->now);
	host_free(h);
}

/* rfc: 1122:4.1.3.2-1 1122:3.4-1 */
static void test_options_that_came_are_told_and_go_back(void **state)
{
	static const uint8_t sent[] = { 1, 7, 11, 8, 10, 0, 0, 1, 0, 0, 0, 0 },
			     seen[] = { 1, 7, 11, 12, 10, 0, 0, 1, 10, 0, 0, 2 },
			     answer[] = { 7, 11, 12, 10, 0, 0, 1, 10, 0, 0, 2, 0 };
	struct host *h = host_new();
	ph_socket s = sock(h, 7);
	struct frame *f = calloc(1, sizeof(*f));
	struct udp_hdr *u;
	uint8_t ctl[64];
	struct got *g;
	size_t n;

	(void)state;
	host_knows_peer(h);
	set(h, s, PH_IPPROTO_IP, PH_IP_RECVOPTS, 1);
	set(h, s, PH_IPPROTO_IP, PH_IP_RETOPTS, 1);
	frame_ip4(f, PEER4, US4, PH_IPPROTO_UDP, 0)->ver_ihl = 0x45 + sizeof(sent) / 4;
	memcpy(frame_put(f, sizeof(sent)), sent, sizeof(sent));
	u = frame_put(f, sizeof(*u));
	*u = (struct udp_hdr){ .sport = be16_of(9), .dport = be16_of(7), .len = be16_of(8) };
	frame_end(f);
	frame_in(h, f);
	free(f);
	g = receive(h, s, 0);
	assert_int_equal(g->n, 0);
	assert_memory_equal(control(g, 0, PH_IPPROTO_IP, PH_IP_RECVOPTS, sizeof(seen)), seen,
			    sizeof(seen));
	assert_memory_equal(control(g, 1, PH_IPPROTO_IP, PH_IP_RETOPTS, sizeof(answer)), answer,
			    sizeof(answer));
	n = one_cmsg(ctl, PH_IPPROTO_IP, PH_IP_RETOPTS, (uint8_t[]){ 7, 7, 4, 0, 0, 0, 0 }, 7);
	assert_int_equal(sends(h, s, peer_at(9), 4, ctl, n), 4);
	assert_true(host_take(h) > 0);
	assert_memory_equal(out_l4(h), ((uint8_t[]){ 7, 7, 8, 10, 0, 0, 2, 0 }), 8);
	n = one_cmsg(ctl, PH_IPPROTO_IP, PH_IP_RETOPTS, (uint8_t[]){ 7, 7, 3, 0, 0, 0, 0 }, 7);
	assert_int_equal(sends(h, s, peer_at(9), 4, ctl, n), -EINVAL);
	assert_int_equal(sends(h, s, peer_at(9), 4, NULL, 0), 4); /* of that message alone */
	assert_true(host_take(h) > 0);
	assert_int_equal(out_ip4(h)->ver_ihl, 0x45);
	arrives(h, US4, 7, 9, 5);
	assert_int_equal(receive(h, s, 0)->msg.control_len, 0);
	ph_close(h->st, s, h->now);
	host_free(h);
}

/* ---- datagrams that grow -------------------------------------------------------------------- */

static int64_t more(struct host *h, ph_socket s, const struct ph_sockaddr *to, size_t n, int flags)
{
	static uint8_t data[66000];
	struct ph_sockaddr name = to ? *to : (struct ph_sockaddr){ 0 };
	struct ph_iov iov = { data, n };
	struct ph_msg msg = { .name = to ? &name : NULL, .iov = &iov, .niov = 1 };

	memset(data, 'm', n);
	return ph_sendmsg(h->st, s, &msg, flags, h->now);
}

static void test_a_datagram_grows_until_it_is_said_to_be_whole(void **state)
{
	struct host *h = host_new();
	ph_socket s = sock(h, 7);

	(void)state;
	host_knows_peer(h);
	assert_int_equal(more(h, s, NULL, 3, PH_MSG_MORE), -EDESTADDRREQ);
	assert_int_equal(more(h, s, peer_at(9), 3, PH_MSG_MORE), 3);
	assert_int_equal(more(h, s, peer_at(99), 2000, PH_MSG_MORE), 2000); /* where it began to */
	assert_int_equal(host_take(h), 0);
	assert_int_equal(more(h, s, NULL, 4, 0), 4);
	assert_true(host_take(h) > 0);
	assert_int_equal(out_l4(h)[3], 9);
	assert_int_equal(out_l4(h)[4] << 8 | out_l4(h)[5], 8 + 2007);
	assert_true(host_take(h) > 0);
	assert_int_equal(host_take(h), 0);
	set(h, s, PH_IPPROTO_UDP, PH_UDP_CORK, 1);
	assert_int_equal(get(h, s, PH_IPPROTO_UDP, PH_UDP_CORK), 1);
	assert_int_equal(more(h, s, peer_at(9), 1, 0), 1);
	assert_int_equal(more(h, s, peer_at(9), 0, 0), 0);
	assert_int_equal(more(h, s, peer_at(9), 2, 0), 2);
	assert_int_equal(host_take(h), 0);
	set(h, s, PH_IPPROTO_UDP, PH_UDP_CORK, 0);
	assert_int_equal(host_take(h), ETH_HDR_LEN + 20 + 8 + 3);
	set(h, s, PH_IPPROTO_UDP, PH_UDP_CORK, 0); /* there is nothing */
	assert_int_equal(host_take(h), 0);
	assert_int_equal(more(h, s, peer_at(9), 3, PH_MSG_MORE), 3);
	ph_close(h->st, s, h->now); /* what did not leave is forgotten */
	assert_int_equal(host_take(h), 0);
	host_free(h);
}

static void test_what_grows_too_large_is_forgotten(void **state)
{
	struct host *h = host_new();
	ph_socket s = sock(h, 7);

	(void)state;
	host_knows_peer(h);
	assert_int_equal(more(h, s, peer_at(9), 65508, PH_MSG_MORE), -EMSGSIZE);
	assert_int_equal(more(h, s, peer_at(9), 65507, PH_MSG_MORE), 65507);
	assert_int_equal(more(h, s, peer_at(9), 1, PH_MSG_MORE), -EMSGSIZE);
	assert_int_equal(more(h, s, peer_at(9), 4, 0), 4);
	assert_int_equal(host_take(h), ETH_HDR_LEN + 20 + 8 + 4);
	set(h, s, PH_IPPROTO_UDP, PH_UDP_SEGMENT, 100);
	assert_int_equal(more(h, s, peer_at(9), 250, PH_MSG_MORE), 250);
	assert_int_equal(more(h, s, peer_at(9), 30, 0), 30);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(host_take(h), ETH_HDR_LEN + 20 + 8 + (i < 2 ? 100 : 80));
	assert_int_equal(host_take(h), 0);
	ph_close(h->st, s, h->now);
	host_free(h);
}

/* ---- what all sockets may hold -------------------------------------------------------------- */

static void test_all_sockets_together_hold_no_more_than_their_budget(void **state)
{
	struct host *h = host_new();
	ph_socket a = sock(h, 7), b = sock(h, 8);
	unsigned got = 0;

	(void)state;
	assert_int_equal(ph_sysctl_set(h->st, "net.ipv4.udp_mem", "1 2 4"), 0);
	for (unsigned i = 0; i < 100; i++)
		arrives(h, US4, 7, 9, 1400);
	assert_true(count_of(h, "UdpMemErrors") > 50);
	assert_int_equal(count_of(h, "UdpMemErrors"), count_of(h, "UdpInErrors"));
	assert_int_equal(count_of(h, "UdpRcvbufErrors"), 0);
	assert_int_equal(drops_of(h, "PROTO_MEM"), count_of(h, "UdpMemErrors"));
	arrives(h, US4, 8, 9, 1400); /* but each has its least */
	assert_int_equal(receive(h, b, 0)->n, 1400);
	while (receive(h, a, 0)->n > 0)
		got++;
	assert_int_equal(got, 100 - count_of(h, "UdpMemErrors"));
	assert_in_range(got * 1400, 8 * 1024, 20 * 1024);
	arrives(h, US4, 7, 9, 1400); /* what was read makes room */
	assert_int_equal(receive(h, a, 0)->n, 1400);
	ph_close(h->st, a, h->now);
	ph_close(h->st, b, h->now);
	host_free(h);
}

/* ---- DPLPMTUD above UDP --------------------------------------------------------------------- */

/* rfc: 8899:3-2 8899:4.5-1 8899:4.6.1-1 8899:4.6.2-1 */
static void test_who_probes_a_path_is_told_and_not_ruled_by_icmp(void **state)
{
	struct host *h = host_new();
	ph_socket s = sock(h, 7);
	struct got *g;
	const uint8_t *e;

	(void)state;
	host_knows_peer(h);
	assert_int_equal(ph_connect(h->st, s, peer_at(9), h->now), 0);
	set(h, s, PH_IPPROTO_IP, PH_IP_MTU_DISCOVER, PH_IP_PMTUDISC_PROBE);
	set(h, s, PH_IPPROTO_IP, PH_IP_RECVERR, 1);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(sends(h, s, peer_at(9), 1472, NULL, 0), 1472);
		assert_int_equal(host_take(h), ETH_HDR_LEN + 1500); /* whole, whatever was told */
		assert_int_equal(be16_get(out_ip4(h)->frag), IP4_F_DF);
		if (i == 0)
			h->out[ETH_HDR_LEN + 20 + 1]++; /* quotes a port that is not ours */
		icmp_error(h, ICMP4_UNREACH, 4, 1300);
		g = receive(h, s, PH_MSG_ERRQUEUE);
		if (i == 0) {
			assert_int_equal(g->n, -EAGAIN);
			assert_int_equal(get(h, s, PH_SOL_SOCKET, PH_SO_ERROR), 0);
			continue;
		}
		e = control(g, 0, PH_IPPROTO_IP, PH_IP_RECVERR, 32);
		assert_int_equal(e[0], EMSGSIZE);
	}
	ph_close(h->st, s, h->now);
	host_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options_of_ip_leave_as_the_user_says),
		cmocka_unit_test(test_options_leave_less_room_for_data),
		cmocka_unit_test(test_options_that_came_are_told_and_go_back),
		cmocka_unit_test(test_a_datagram_grows_until_it_is_said_to_be_whole),
		cmocka_unit_test(test_what_grows_too_large_is_forgotten),
		cmocka_unit_test(test_all_sockets_together_hold_no_more_than_their_budget),
		cmocka_unit_test(test_who_probes_a_path_is_told_and_not_ruled_by_icmp),
	};

	return cmocka_run_group_tests_name("UDP beyond datagrams", tests, NULL, NULL);
}
