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

static unsigned drained(struct host *h, ph_socket s)
{
	unsigned n = 0;

	while (receive(h, s, 0)->n > 0)
		n++;
	return n;
}

static void many(struct host *h, uint16_t port, unsigned n)
{
	while (n-- > 0)
		arrives(h, US4, port, 9, 1400);
}

static void test_all_sockets_together_hold_no_more_than_their_budget(void **state)
{
	struct host *h = host_new();
	ph_socket a = sock(h, 7), b = sock(h, 8);
	uint64_t refused;
	unsigned had;

	(void)state;
	assert_int_equal(ph_sysctl_set(h->st, "net.ipv4.udp_mem", "1 2 4"), 0);
	many(h, 7, 100);
	refused = count_of(h, "UdpMemErrors");
	assert_in_range(100 - refused, 8 * 1024 / 1400, 20 * 1024 / 1400);
	assert_int_equal(refused, count_of(h, "UdpInErrors"));
	assert_int_equal(count_of(h, "UdpRcvbufErrors"), 0);
	assert_int_equal(drops_of(h, "PROTO_MEM"), refused);
	many(h, 8, 10); /* each has its least all the same */
	had = 110 - (unsigned)count_of(h, "UdpMemErrors") - (100 - (unsigned)refused);
	assert_in_range(had, 1, 5);
	assert_int_equal(drained(h, a), 100 - refused);
	refused = count_of(h, "UdpMemErrors");
	many(h, 8, 1); /* what one has read is room for the other */
	assert_int_equal(count_of(h, "UdpMemErrors"), refused);
	assert_int_equal(drained(h, b), had + 1);
	many(h, 7, 100);
	ph_close(h->st, a, h->now); /* and so is what one that closes held */
	refused = count_of(h, "UdpMemErrors");
	many(h, 8, 5);
	assert_int_equal(count_of(h, "UdpMemErrors"), refused);
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

/* ---- bounds and rules ----------------------------------------------------------------------- */

static void test_every_port_of_the_range_is_given_and_no_other(void **state)
{
	struct host *h = host_new();
	unsigned seen = 0;
	ph_socket s[3];

	(void)state;
	host_knows_peer(h);
	assert_int_equal(ph_sysctl_set(h->st, "net.ipv4.ip_local_port_range", "5000 5002"), 0);
	for (unsigned i = 0; i < 3; i++) {
		struct ph_sockaddr a;

		s[i] = sock(h, 0);
		assert_int_equal(ph_connect(h->st, s[i], peer_at(9), h->now), 0);
		assert_int_equal(ph_getsockname(h->st, s[i], &a), 0);
		assert_in_range(a.port, 5000, 5002);
		seen |= 1u << (a.port - 5000);
	}
	assert_int_equal(seen, 7);
	for (unsigned i = 0; i < 3; i++)
		ph_close(h->st, s[i], h->now);
	host_free(h);
}

static void test_a_port_that_the_stack_chose_goes_with_the_peer(void **state)
{
	struct ph_sockaddr a, none = { .family = 0 };
	struct host *h = host_new();
	ph_socket s = sock(h, 0), bound = sock(h, 7);

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		ph_socket which = i ? bound : s;

		assert_int_equal(ph_connect(h->st, which, peer_at(9), h->now), 0);
		assert_int_equal(ph_connect(h->st, which, &none, h->now), 0);
		assert_int_equal(ph_getsockname(h->st, which, &a), 0);
		assert_int_equal(a.port, i ? 7 : 0);
		assert_true(ip_is_any(&a.ip));
		assert_int_equal(ph_getpeername(h->st, which, &a), -ENOTCONN);
		ph_close(h->st, which, h->now);
	}
	host_free(h);
}

static void test_a_port_is_shared_by_those_who_all_ask_for_it(void **state)
{
	static const struct {
		int name, first, second, rc;
	} row[] = {
		{ PH_SO_REUSEPORT, 1, 0, -EADDRINUSE }, { PH_SO_REUSEPORT, 0, 1, -EADDRINUSE },
		{ PH_SO_REUSEPORT, 1, 1, 0 },		{ PH_SO_REUSEADDR, 1, 0, -EADDRINUSE },
		{ PH_SO_REUSEADDR, 0, 1, -EADDRINUSE }, { PH_SO_REUSEADDR, 1, 1, 0 },
	};
	struct ph_sockaddr a = { .family = PH_AF_INET, .port = 7 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		struct host *h = host_new();
		ph_socket s = sock(h, 0), t = sock(h, 0);

		set(h, s, PH_SOL_SOCKET, row[i].name, row[i].first);
		set(h, t, PH_SOL_SOCKET, row[i].name, row[i].second);
		assert_int_equal(ph_bind(h->st, s, &a, h->now), 0);
		assert_int_equal(ph_bind(h->st, t, &a, h->now), row[i].rc);
		ph_close(h->st, s, h->now);
		ph_close(h->st, t, h->now);
		host_free(h);
	}
}

/* An empty datagram is charged 128 octets: of the least SO_RCVBUF, 2304, eighteen fit. */
static void test_the_receive_buffer_is_full_to_the_octet(void **state)
{
	struct host *h = host_new();
	ph_socket s = sock(h, 7);
	unsigned got = 0;

	(void)state;
	set(h, s, PH_SOL_SOCKET, PH_SO_RCVBUF, 1);
	assert_int_equal(get(h, s, PH_SOL_SOCKET, PH_SO_RCVBUF), 2304);
	for (unsigned i = 0; i < 30; i++)
		arrives(h, US4, 7, 9, 0);
	assert_int_equal(count_of(h, "UdpRcvbufErrors"), 30 - 2304 / 128);
	while (receive(h, s, 0)->n == 0)
		got++;
	assert_int_equal(got, 2304 / 128);
	ph_close(h->st, s, h->now);
	host_free(h);
}

/* rfc: 768:3 */
static void test_a_sum_of_zero_is_sent_as_ones_in_fragments_too(void **state)
{
	struct host *h = host_new();
	ph_socket s = sock(h, 7);
	uint8_t data[3000] = { 0 };
	uint16_t sum;

	(void)state;
	host_knows_peer(h);
	assert_int_equal(ph_connect(h->st, s, peer_at(9), h->now), 0);
	for (unsigned pass = 0; pass < 2; pass++) {
		assert_int_equal(ph_send(h->st, s, data, sizeof(data), 0, h->now), sizeof(data));
		assert_true(host_take(h) > 0);
		sum = (uint16_t)(out_l4(h)[6] << 8 | out_l4(h)[7]);
		assert_int_equal(sum == 0xffff, pass);
		data[2998] = (uint8_t)(sum >> 8); /* what is missing to all ones: it comes to zero */
		data[2999] = (uint8_t)sum;
		while (host_take(h) > 0)
			;
	}
	ph_close(h->st, s, h->now);
	host_free(h);
}

static void test_one_send_is_at_most_128_datagrams(void **state)
{
	struct host *h = host_new();
	ph_socket s = sock(h, 7);

	(void)state;
	host_knows_peer(h);
	set(h, s, PH_IPPROTO_UDP, PH_UDP_SEGMENT, 10);
	assert_int_equal(sends(h, s, peer_at(9), 1281, NULL, 0), -EINVAL);
	assert_int_equal(host_take(h), 0);
	assert_int_equal(sends(h, s, peer_at(9), 1280, NULL, 0), 1280);
	for (unsigned i = 0; i < 128; i++)
		assert_int_equal(host_take(h), ETH_HDR_LEN + 20 + 8 + 10);
	assert_int_equal(host_take(h), 0);
	ph_close(h->st, s, h->now);
	host_free(h);
}

static void test_a_longer_datagram_is_not_joined_to_a_shorter(void **state)
{
	struct host *h = host_new();
	ph_socket s = sock(h, 7);

	(void)state;
	set(h, s, PH_IPPROTO_UDP, PH_UDP_GRO, 1);
	arrives(h, US4, 7, 9, 100);
	arrives(h, US4, 7, 9, 200);
	arrives(h, US4, 7, 9, 50);
	arrives(h, US4, 7, 9, 50); /* behind a shorter one nothing is */
	assert_int_equal(receive(h, s, 0)->n, 100);
	assert_int_equal(receive(h, s, 0)->n, 250);
	assert_int_equal(receive(h, s, 0)->n, 50);
	ph_close(h->st, s, h->now);
	host_free(h);
}

static void test_who_does_not_discover_a_path_hears_nothing_of_it(void **state)
{
	struct host *h = host_new();
	ph_socket s = sock(h, 7);

	(void)state;
	host_knows_peer(h);
	assert_int_equal(ph_connect(h->st, s, peer_at(9), h->now), 0);
	set(h, s, PH_IPPROTO_IP, PH_IP_MTU_DISCOVER, PH_IP_PMTUDISC_DONT);
	set(h, s, PH_IPPROTO_IP, PH_IP_RECVERR, 1);
	assert_int_equal(sends(h, s, peer_at(9), 1400, NULL, 0), 1400);
	assert_true(host_take(h) > 0);
	assert_int_equal(be16_get(out_ip4(h)->frag) & IP4_F_DF, 0);
	icmp_error(h, ICMP4_UNREACH, 4, 1300);
	assert_int_equal(get(h, s, PH_SOL_SOCKET, PH_SO_ERROR), 0);
	assert_int_equal(receive(h, s, PH_MSG_ERRQUEUE)->n, -EAGAIN);
	set(h, s, PH_IPPROTO_IP, PH_IP_MINTTL, 77);
	assert_int_equal(get(h, s, PH_IPPROTO_IP, PH_IP_MINTTL), 77);
	ph_close(h->st, s, h->now);
	host_free(h);
}

/* What the kernel's poll() says of the same socket: an error is not data. */
static void test_polling_tells_of_errors_as_the_kernel_does(void **state)
{
	struct host *h = host_new();
	ph_socket s = sock(h, 7);
	uint32_t idle = PH_POLLOUT | PH_POLLWRNORM | PH_POLLWRBAND;

	(void)state;
	host_knows_peer(h);
	assert_int_equal(ph_poll(h->st, s), idle);
	set(h, s, PH_SOL_SOCKET, PH_SO_SELECT_ERR_QUEUE, 1);
	assert_int_equal(ph_connect(h->st, s, peer_at(9), h->now), 0);
	for (int told = 0; told < 2; told++) { /* of the next call; and on the queue besides */
		set(h, s, PH_IPPROTO_IP, PH_IP_RECVERR, told);
		assert_int_equal(ph_send(h->st, s, "abcd", 4, 0, h->now), 4);
		assert_true(host_take(h) > 0);
		icmp_error(h, ICMP4_UNREACH, 3, 0);
		assert_int_equal(ph_poll(h->st, s), idle | PH_POLLERR | PH_POLLPRI);
		set(h, s, PH_SOL_SOCKET, PH_SO_SELECT_ERR_QUEUE, 0);
		assert_int_equal(ph_poll(h->st, s), idle | PH_POLLERR);
		set(h, s, PH_SOL_SOCKET, PH_SO_SELECT_ERR_QUEUE, 1);
		assert_int_equal(receive(h, s, 0)->n, -ECONNREFUSED);
		if (told) { /* the queue tells it still */
			assert_int_equal(ph_poll(h->st, s), idle | PH_POLLERR | PH_POLLPRI);
			assert_true(receive(h, s, PH_MSG_ERRQUEUE)->n >= 0);
		}
		assert_int_equal(ph_poll(h->st, s), idle);
	}
	assert_int_equal(ph_shutdown(h->st, s, PH_SHUT_RD, h->now), 0);
	assert_int_equal(ph_poll(h->st, s), idle | PH_POLLIN | PH_POLLRDNORM | PH_POLLRDHUP);
	assert_int_equal(ph_shutdown(h->st, s, PH_SHUT_WR, h->now), 0);
	assert_int_equal(ph_poll(h->st, s),
			 idle | PH_POLLIN | PH_POLLRDNORM | PH_POLLRDHUP | PH_POLLHUP);
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
		cmocka_unit_test(test_every_port_of_the_range_is_given_and_no_other),
		cmocka_unit_test(test_a_port_that_the_stack_chose_goes_with_the_peer),
		cmocka_unit_test(test_a_port_is_shared_by_those_who_all_ask_for_it),
		cmocka_unit_test(test_the_receive_buffer_is_full_to_the_octet),
		cmocka_unit_test(test_a_sum_of_zero_is_sent_as_ones_in_fragments_too),
		cmocka_unit_test(test_one_send_is_at_most_128_datagrams),
		cmocka_unit_test(test_a_longer_datagram_is_not_joined_to_a_shorter),
		cmocka_unit_test(test_who_does_not_discover_a_path_hears_nothing_of_it),
		cmocka_unit_test(test_polling_tells_of_errors_as_the_kernel_does),
	};

	return cmocka_run_group_tests_name("UDP beyond datagrams", tests, NULL, NULL);
}
