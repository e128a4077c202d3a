/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * UDP and the socket calls around it: one stack on an Ethernet link, its peer known without ARP,
 * frames built here octet by octet. Every test ends with every piece of every pool given back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "phantom/phantom.h"

enum { FRAME_MAX = 70000, UDP_AT = 14 + 20 };

static const uint8_t our_mac[6] = { 2, 0, 0, 0, 0, 2 }, peer_mac[6] = { 2, 0, 0, 0, 0, 1 };

struct bench {
	struct ph_stack *st;
	ph_link link;
	uint64_t now;
	uint8_t out[FRAME_MAX];
	int out_len;
};

static void *take(void *arg, size_t size)
{
	(void)arg;
	return malloc(size);
}

static void give(void *arg, void *ptr, size_t size)
{
	(void)arg;
	(void)size;
	free(ptr);
}

static struct ph_ip ours(void)
{
	return ph_ip4(10, 0, 0, 2);
}

static struct ph_ip peers(void)
{
	return ph_ip4(10, 0, 0, 1);
}

static int setup(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct ph_conf conf = { .alloc = take, .release = give, .key = { 1, 2, 3 }, .now_ns = 1 };
	struct ph_link_conf link = { .name = "tap0", .kind = PH_LINK_ETHER };
	struct ph_ip ip = ours(), peer = peers();

	memcpy(link.mac, our_mac, 6);
	b->now = 1;
	b->st = ph_stack_new(&conf);
	assert_non_null(b->st);
	b->link = ph_link_add(b->st, &link, b->now);
	assert_true(b->link > 0);
	assert_int_equal(ph_addr_add(b->st, b->link, &ip, 24, b->now), 0);
	assert_int_equal(ph_neigh_add(b->st, b->link, &peer, peer_mac, b->now), 0);
	while (ph_link_output_bytes(b->st, b->link, b->out, sizeof(b->out), b->now) > 0)
		; /* a gratuitous ARP, if any */
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;
	struct ph_usage u;

	ph_stack_abort(b->st, b->now);
	while (ph_link_output_bytes(b->st, b->link, b->out, sizeof(b->out), b->now) > 0)
		;
	ph_stack_usage(b->st, &u);
	assert_int_equal(u.packets, 0);
	assert_int_equal(u.buffers, 0);
	assert_int_equal(u.sockets, 0);
	ph_stack_free(b->st);
	free(b);
	return 0;
}

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static unsigned get16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static uint32_t sum_of(uint32_t sum, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sum += (uint32_t)p[i] << (i & 1 ? 0 : 8);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static uint32_t pseudo(const uint8_t *ip, size_t len)
{
	return sum_of(17 + (uint32_t)len, ip + 12, 8);
}

/* A datagram from the peer; what is wrong with it: nothing, or what the row says. */
struct dgram {
	uint16_t sport, dport;
	const char *data;
	int udp_len;	  /* 0: right */
	uint16_t sum_xor; /* 0: right */
	int no_sum;
	int bcast;
	int cut; /* octets of the UDP header and data that the IP packet has; 0: all */
};

static void inject(struct bench *b, const struct dgram *d)
{
	uint8_t f[2048] = { 0 };
	uint8_t *ip = f + 14, *udp = f + UDP_AT;
	size_t len = 8 + strlen(d->data), have = d->cut ? (size_t)d->cut : len;

	memset(f, d->bcast ? 0xff : 0, 6);
	if (!d->bcast)
		memcpy(f, our_mac, 6);
	memcpy(f + 6, peer_mac, 6);
	put16(f + 12, 0x0800);
	ip[0] = 0x45;
	put16(ip + 2, (unsigned)(20 + have));
	ip[8] = 64;
	ip[9] = 17;
	memcpy(ip + 12, (const uint8_t[]){ 10, 0, 0, 1, 10, 0, 0, 2 }, 8);
	if (d->bcast)
		ip[19] = 255;
	put16(ip + 10, 0xffff & ~sum_of(0, ip, 20));
	put16(udp, d->sport);
	put16(udp + 2, d->dport);
	put16(udp + 4, d->udp_len ? (unsigned)d->udp_len : (unsigned)len);
	memcpy(udp + 8, d->data, len - 8);
	if (!d->no_sum)
		put16(udp + 6, (0xffff & ~sum_of(pseudo(ip, len), udp, len)) ^ d->sum_xor);
	assert_int_equal(ph_link_input_bytes(b->st, b->link, f, UDP_AT + have, NULL, b->now), 0);
}

static bool sent(struct bench *b)
{
	b->out_len = ph_link_output_bytes(b->st, b->link, b->out, sizeof(b->out), b->now);
	return b->out_len > 0;
}

static uint64_t counter(const struct bench *b, const char *name)
{
	return ph_counter_by_name(b->st, name);
}

static ph_socket bound(struct bench *b, struct ph_ip ip, uint16_t port)
{
	struct ph_sockaddr a = { .family = PH_AF_INET, .port = port, .ip = ip };
	ph_socket s = ph_socket_new(b->st, PH_AF_INET, PH_SOCK_DGRAM, 0, b->now);

	assert_true(s >= 0);
	assert_int_equal(ph_bind(b->st, s, &a, b->now), 0);
	return s;
}

static void test_a_datagram_is_delivered_with_its_sender_and_announced_once(void **state)
{
	struct bench *b = *state;
	ph_socket s = bound(b, ph_ip4(0, 0, 0, 0), 7);
	struct ph_sockaddr from;
	char buf[16];
	struct ph_iov iov = { buf, sizeof(buf) };
	struct ph_msg msg = { .name = &from, .iov = &iov, .niov = 1 };
	struct ph_event ev[4];

	inject(b, &(struct dgram){ .sport = 1000, .dport = 7, .data = "hello" });
	assert_int_equal(ph_ready(b->st, ev, 4), 1);
	assert_int_equal(ev[0].socket, s);
	assert_true(ev[0].events & PH_POLLIN);
	assert_int_equal(ph_ready(b->st, ev, 4), 0);
	assert_int_equal(ph_inq(b->st, s), 5);
	assert_int_equal(ph_recvmsg(b->st, s, &msg, 0, b->now), 5);
	assert_memory_equal(buf, "hello", 5);
	assert_int_equal(from.port, 1000);
	assert_int_equal(from.ip.b[15], 1);
	assert_int_equal(ph_recv(b->st, s, buf, sizeof(buf), 0, b->now), -EAGAIN);
	assert_int_equal(counter(b, "UdpInDatagrams"), 1);
}

static void test_datagrams_keep_their_bounds_and_a_short_read_is_marked(void **state)
{
	struct bench *b = *state;
	ph_socket s = bound(b, ph_ip4(0, 0, 0, 0), 7);
	char buf[4];
	struct ph_iov iov = { buf, 4 };
	struct ph_msg msg = { .iov = &iov, .niov = 1 };

	inject(b, &(struct dgram){ .sport = 1, .dport = 7, .data = "abcdefgh" });
	inject(b, &(struct dgram){ .sport = 1, .dport = 7, .data = "" });
	inject(b, &(struct dgram){ .sport = 1, .dport = 7, .data = "xy" });
	assert_int_equal(ph_recvmsg(b->st, s, &msg, PH_MSG_PEEK | PH_MSG_TRUNC, b->now), 8);
	assert_int_equal(ph_recvmsg(b->st, s, &msg, 0, b->now), 4);
	assert_true(msg.flags & PH_MSG_TRUNC);
	assert_int_equal(ph_recvmsg(b->st, s, &msg, 0, b->now), 0);
	assert_int_equal(ph_recvmsg(b->st, s, &msg, 0, b->now), 2);
	assert_memory_equal(buf, "xy", 2);
	assert_false(msg.flags & PH_MSG_TRUNC);
}

struct bad_row {
	const char *counter;
	struct dgram d;
};
static const struct bad_row bad_rows[] = {
	{ "PhantomDropUDP_SHORT", { 1, 7, "abcd", 7, 0, 0, 0, 0 } },
	{ "PhantomDropUDP_SHORT", { 1, 7, "abcd", 13, 0, 0, 0, 0 } },
	{ "PhantomDropUDP_SHORT", { 1, 7, "abcd", 0, 0, 0, 0, 7 } },
	{ "PhantomDropUDP_SHORT", { 1, 7, "abcd", 0xffff, 0, 0, 0, 0 } },
	{ "UdpInCsumErrors", { 1, 7, "abcd", 0, 0x0100, 0, 0, 0 } },
	{ "UdpInCsumErrors", { 1, 7, "abc", 0, 0x0001, 0, 0, 0 } },
};

static void test_malformed_datagrams_are_counted_and_answered_with_silence(void **state)
{
	struct bench *b = *state;
	ph_socket s = bound(b, ph_ip4(0, 0, 0, 0), 7);

	for (size_t i = 0; i < sizeof(bad_rows) / sizeof(bad_rows[0]); i++) {
		uint64_t before = counter(b, bad_rows[i].counter),
			 errors = counter(b, "UdpInErrors");

		inject(b, &bad_rows[i].d);
		assert_int_equal(counter(b, bad_rows[i].counter), before + 1);
		assert_int_equal(counter(b, "UdpInErrors"), errors + 1);
		assert_false(sent(b));
		assert_int_equal(ph_inq(b->st, s), 0);
	}
}

static void test_a_datagram_without_checksum_is_taken_over_ipv4(void **state)
{
	struct bench *b = *state;
	ph_socket s = bound(b, ph_ip4(0, 0, 0, 0), 7);

	inject(b, &(struct dgram){ .sport = 1, .dport = 7, .data = "abcd", .no_sum = 1 });
	assert_int_equal(ph_inq(b->st, s), 4);
}

static void test_octets_behind_the_udp_length_are_not_delivered(void **state)
{
	struct bench *b = *state;
	ph_socket s = bound(b, ph_ip4(0, 0, 0, 0), 7);

	inject(b, &(struct dgram){
			  .sport = 1, .dport = 7, .data = "abcdefgh", .udp_len = 12, .no_sum = 1 });
	assert_int_equal(ph_inq(b->st, s), 4);
}

/* attack: CVE-1999-0514 */
static void test_a_closed_port_is_answered_with_port_unreachable_but_never_a_broadcast(void **state)
{
	struct bench *b = *state;

	inject(b, &(struct dgram){ .sport = 1, .dport = 9, .data = "abcd", .bcast = 1 });
	assert_false(sent(b));
	inject(b, &(struct dgram){ .sport = 1, .dport = 9, .data = "abcd" });
	assert_true(sent(b));
	assert_int_equal(b->out[14 + 9], 1);
	assert_int_equal(b->out[UDP_AT], 3);
	assert_int_equal(b->out[UDP_AT + 1], 3);
	assert_int_equal(counter(b, "UdpNoPorts"), 1);
}

/* rfc: 6935:5-1 */
static void test_what_is_sent_has_right_lengths_and_checksum(void **state)
{
	static const size_t lengths[] = { 0, 1, 2, 1471, 1472 };
	struct bench *b = *state;
	ph_socket s = bound(b, ours(), 5000);
	struct ph_sockaddr to = { .family = PH_AF_INET, .port = 9, .ip = peers() };
	uint8_t data[1472];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct ph_iov iov = { data, lengths[i] };
		struct ph_msg msg = { .name = &to, .iov = &iov, .niov = 1 };
		const uint8_t *udp = b->out + UDP_AT;

		assert_int_equal(ph_sendmsg(b->st, s, &msg, 0, b->now), lengths[i]);
		assert_true(sent(b));
		assert_int_equal(b->out_len, UDP_AT + 8 + lengths[i]);
		assert_memory_equal(b->out, peer_mac, 6);
		assert_int_equal(get16(udp), 5000);
		assert_int_equal(get16(udp + 2), 9);
		assert_int_equal(get16(udp + 4), 8 + lengths[i]);
		assert_int_not_equal(get16(udp + 6), 0);
		assert_int_equal(sum_of(pseudo(b->out + 14, 8 + lengths[i]), udp, 8 + lengths[i]),
				 0xffff);
		assert_memory_equal(udp + 8, data, lengths[i]);
	}
}

/* rfc: 1122:3.3.3-2, 791:3.1-7 */
static void test_a_large_datagram_leaves_in_fragments_under_one_checksum(void **state)
{
	struct bench *b = *state;
	ph_socket s = bound(b, ours(), 5000);
	struct ph_sockaddr to = { .family = PH_AF_INET, .port = 9, .ip = peers() };
	static uint8_t data[65507], whole[65536];
	struct ph_iov iov = { data, sizeof(data) };
	struct ph_msg msg = { .name = &to, .iov = &iov, .niov = 1 };
	size_t have = 0;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7 + i / 251);
	assert_int_equal(ph_sendmsg(b->st, s, &msg, 0, b->now), sizeof(data));
	while (sent(b)) {
		const uint8_t *ip = b->out + 14;
		size_t off = (get16(ip + 6) & 0x1fff) * 8u, n = get16(ip + 2) - 20u;

		assert_true(b->out_len <= 1514);
		assert_true(off + n <= sizeof(data) + 8);
		memcpy(whole + off, ip + 20, n);
		have += n;
	}
	assert_int_equal(have, sizeof(data) + 8);
	assert_memory_equal(whole + 8, data, sizeof(data));
	assert_int_equal(sum_of(pseudo(b->out + 14, have), whole, have), 0xffff);
	iov.len = 65508;
	assert_int_equal(ph_sendmsg(b->st, s, &msg, 0, b->now), -EMSGSIZE);
}

static void test_a_full_receive_buffer_drops_the_newest_and_counts(void **state)
{
	struct bench *b = *state;
	ph_socket s = bound(b, ph_ip4(0, 0, 0, 0), 7);
	int small = 1, n = 0;
	char c;

	assert_int_equal(ph_setsockopt(b->st, s, PH_SOL_SOCKET, PH_SO_RCVBUF, &small, sizeof(small),
				       b->now),
			 0);
	for (int i = 0; i < 200; i++)
		inject(b, &(struct dgram){ .sport = (uint16_t)(i + 1), .dport = 7, .data = "x" });
	while (ph_recv(b->st, s, &c, 1, 0, b->now) == 1)
		n++;
	assert_true(n > 0 && n < 200);
	assert_int_equal(counter(b, "UdpRcvbufErrors"), 200 - n);
	inject(b, &(struct dgram){ .sport = 1, .dport = 7, .data = "y" });
	assert_int_equal(ph_recv(b->st, s, &c, 1, 0, b->now), 1);
	assert_int_equal(c, 'y');
}

static void test_a_connected_socket_hears_its_peer_only_and_the_bound_one_the_rest(void **state)
{
	struct bench *b = *state;
	struct ph_sockaddr to = { .family = PH_AF_INET, .port = 1000, .ip = peers() },
			   any = { .family = PH_AF_INET, .port = 7, .ip = ph_ip4(0, 0, 0, 0) };
	ph_socket c = ph_socket_new(b->st, PH_AF_INET, PH_SOCK_DGRAM, 0, b->now), s;
	int on = 1;

	s = ph_socket_new(b->st, PH_AF_INET, PH_SOCK_DGRAM, 0, b->now);
	assert_int_equal(ph_setsockopt(b->st, s, PH_SOL_SOCKET, PH_SO_REUSEADDR, &on, sizeof(on),
				       b->now),
			 0);
	assert_int_equal(ph_setsockopt(b->st, c, PH_SOL_SOCKET, PH_SO_REUSEADDR, &on, sizeof(on),
				       b->now),
			 0);
	assert_int_equal(ph_bind(b->st, s, &any, b->now), 0);
	assert_int_equal(ph_bind(b->st, c, &any, b->now), 0);
	assert_int_equal(ph_connect(b->st, c, &to, b->now), 0);
	inject(b, &(struct dgram){ .sport = 1000, .dport = 7, .data = "abc" });
	inject(b, &(struct dgram){ .sport = 1001, .dport = 7, .data = "de" });
	assert_int_equal(ph_inq(b->st, c), 3);
	assert_int_equal(ph_inq(b->st, s), 2);
}

/* An ICMP unreachable of this code about the datagram last sent (b->out). */
static void unreachable(struct bench *b, uint8_t code)
{
	uint8_t f[14 + 20 + 8 + 28] = { 0 };
	uint8_t *icmp = f + UDP_AT;

	memcpy(f, our_mac, 6);
	memcpy(f + 6, peer_mac, 6);
	put16(f + 12, 0x0800);
	memcpy(f + 14, b->out + 14, 20);
	memcpy(f + 14 + 12, (const uint8_t[]){ 10, 0, 0, 1, 10, 0, 0, 2 }, 8);
	put16(f + 14 + 2, 20 + 8 + 28);
	f[14 + 9] = 1;
	put16(f + 14 + 10, 0);
	put16(f + 14 + 10, 0xffff & ~sum_of(0, f + 14, 20));
	icmp[0] = 3;
	icmp[1] = code;
	memcpy(icmp + 8, b->out + 14, 28);
	put16(icmp + 2, 0xffff & ~sum_of(0, icmp, 36));
	assert_int_equal(ph_link_input_bytes(b->st, b->link, f, sizeof(f), NULL, b->now), 0);
}

/* rfc: 1122:3.2.2.1-3, 1122:3.2.2-4 */
static void test_port_unreachable_reaches_the_connected_socket_once(void **state)
{
	struct bench *b = *state;
	struct ph_sockaddr to = { .family = PH_AF_INET, .port = 9, .ip = peers() };
	ph_socket s = ph_socket_new(b->st, PH_AF_INET, PH_SOCK_DGRAM, 0, b->now);
	char c;

	assert_int_equal(ph_connect(b->st, s, &to, b->now), 0);
	assert_int_equal(ph_send(b->st, s, "x", 1, 0, b->now), 1);
	assert_true(sent(b));
	unreachable(b, 3);
	assert_true(ph_poll(b->st, s) & PH_POLLERR);
	assert_int_equal(ph_recv(b->st, s, &c, 1, 0, b->now), -ECONNREFUSED);
	assert_int_equal(ph_recv(b->st, s, &c, 1, 0, b->now), -EAGAIN);
}

static void test_a_port_is_given_once_and_comes_back_with_close(void **state)
{
	struct bench *b = *state;
	struct ph_sockaddr a = { .family = PH_AF_INET, .port = 53, .ip = ours() }, name;
	ph_socket s = bound(b, ph_ip4(0, 0, 0, 0), 53), t, u;

	t = ph_socket_new(b->st, PH_AF_INET, PH_SOCK_DGRAM, 0, b->now);
	assert_int_equal(ph_bind(b->st, t, &a, b->now), -EADDRINUSE);
	assert_int_equal(ph_close(b->st, s, b->now), 0);
	assert_int_equal(ph_bind(b->st, t, &a, b->now), 0);
	assert_int_equal(ph_bind(b->st, t, &a, b->now), -EINVAL);
	u = bound(b, ours(), 0);
	assert_int_equal(ph_getsockname(b->st, u, &name), 0);
	assert_in_range(name.port, 32768, 60999);
	a.ip = ph_ip4(10, 0, 0, 77);
	s = ph_socket_new(b->st, PH_AF_INET, PH_SOCK_DGRAM, 0, b->now);
	assert_int_equal(ph_bind(b->st, s, &a, b->now), -EADDRNOTAVAIL);
}

static void test_an_address_of_all_zeros_is_any(void **state)
{
	struct bench *b = *state;
	struct ph_sockaddr a = { .family = PH_AF_INET, .port = 53 };
	ph_socket s = ph_socket_new(b->st, PH_AF_INET, PH_SOCK_DGRAM, 0, b->now);

	assert_int_equal(ph_bind(b->st, s, &a, b->now), 0);
	inject(b, &(struct dgram){ .sport = 1, .dport = 53, .data = "abc" });
	assert_int_equal(ph_inq(b->st, s), 3);
	s = ph_socket_new(b->st, PH_AF_INET, PH_SOCK_STREAM, 0, b->now);
	assert_int_equal(ph_bind(b->st, s, &a, b->now), 0);
	assert_int_equal(ph_listen(b->st, s, 1, b->now), 0);
}

static void test_every_call_on_a_number_that_is_no_socket_says_so(void **state)
{
	struct bench *b = *state;
	static const ph_socket none[] = { -1, 0, 255, 256, 1 << 30 };
	struct ph_sockaddr a = { .family = PH_AF_INET };
	char c = 0;
	uint32_t len = sizeof(c);

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		ph_socket s = none[i];

		assert_int_equal(ph_bind(b->st, s, &a, b->now), -EBADF);
		assert_int_equal(ph_listen(b->st, s, 1, b->now), -EBADF);
		assert_int_equal(ph_accept(b->st, s, NULL, b->now), -EBADF);
		assert_int_equal(ph_connect(b->st, s, &a, b->now), -EBADF);
		assert_int_equal(ph_send(b->st, s, &c, 1, 0, b->now), -EBADF);
		assert_int_equal(ph_recv(b->st, s, &c, 1, 0, b->now), -EBADF);
		assert_int_equal(ph_shutdown(b->st, s, PH_SHUT_RDWR, b->now), -EBADF);
		assert_int_equal(ph_close(b->st, s, b->now), -EBADF);
		assert_int_equal(ph_getsockopt(b->st, s, PH_SOL_SOCKET, PH_SO_TYPE, &c, &len),
				 -EBADF);
		assert_int_equal(ph_setsockopt(b->st, s, PH_SOL_SOCKET, PH_SO_RCVBUF, &c, 1,
					       b->now),
				 -EBADF);
		assert_int_equal(ph_getsockname(b->st, s, &a), -EBADF);
		assert_int_equal(ph_getpeername(b->st, s, &a), -EBADF);
		assert_int_equal(ph_inq(b->st, s), -EBADF);
		assert_int_equal(ph_outq(b->st, s), -EBADF);
		assert_int_equal(ph_poll(b->st, s), 0);
	}
}

static void test_sockets_by_the_thousand_come_and_go_with_distinct_numbers(void **state)
{
	enum { N = 3000 };
	struct bench *b = *state;
	static uint8_t seen[N + 256];

	for (int round = 0; round < 2; round++) {
		memset(seen, 0, sizeof(seen));
		for (int i = 0; i < N; i++) {
			ph_socket s = ph_socket_new(b->st, PH_AF_INET, PH_SOCK_DGRAM,
						    PH_IPPROTO_UDP, b->now);

			assert_in_range(s, 0, N + 255);
			assert_false(seen[s]);
			seen[s] = 1;
			assert_int_equal(ph_set_user(b->st, s, (uint64_t)s * 3), 0);
		}
		for (int i = 0; i < N + 256; i++)
			if (seen[i]) {
				assert_int_equal(ph_get_user(b->st, i), (uint64_t)i * 3);
				assert_int_equal(ph_close(b->st, i, b->now), 0);
			}
	}
}

static void test_families_types_and_protocols_not_there_are_refused_by_linux_errno(void **state)
{
	struct bench *b = *state;

	assert_int_equal(ph_socket_new(b->st, 77, PH_SOCK_DGRAM, 0, b->now), -EAFNOSUPPORT);
	assert_int_equal(ph_socket_new(b->st, PH_AF_INET, 99, 0, b->now), -ESOCKTNOSUPPORT);
	assert_int_equal(ph_socket_new(b->st, PH_AF_INET, PH_SOCK_DGRAM, PH_IPPROTO_TCP, b->now),
			 -EPROTONOSUPPORT);
}

/* As Linux: a connected socket hears of hard errors, and the next call of any kind is told. */
/* rfc: 1122:3.2.2.1-3 */
static void test_only_hard_errors_of_a_connected_socket_are_told(void **state)
{
	struct bench *b = *state;
	struct ph_sockaddr to = { .family = PH_AF_INET, .port = 9, .ip = peers() };
	ph_socket s = ph_socket_new(b->st, PH_AF_INET, PH_SOCK_DGRAM, 0, b->now);
	struct ph_iov iov = { (char[]){ 'x' }, 1 };
	struct ph_msg msg = { .name = &to, .iov = &iov, .niov = 1 };

	assert_int_equal(ph_sendmsg(b->st, s, &msg, 0, b->now), 1);
	assert_true(sent(b));
	unreachable(b, 3); /* nobody knows which of its peers that was */
	assert_int_equal(ph_poll(b->st, s), PH_POLLOUT | PH_POLLWRNORM | PH_POLLWRBAND);
	assert_int_equal(ph_connect(b->st, s, &to, b->now), 0);
	assert_int_equal(ph_send(b->st, s, "x", 1, 0, b->now), 1);
	assert_true(sent(b));
	unreachable(b, 1); /* host: may pass */
	assert_int_equal(ph_poll(b->st, s), PH_POLLOUT | PH_POLLWRNORM | PH_POLLWRBAND);
	unreachable(b, 3);
	assert_true(ph_poll(b->st, s) & PH_POLLERR);
	assert_int_equal(ph_send(b->st, s, "x", 1, 0, b->now), -ECONNREFUSED);
	assert_int_equal(ph_send(b->st, s, "x", 1, 0, b->now), 1);
	assert_int_equal(counter(b, "UdpOutDatagrams"), 3);
}

static void test_datagrams_that_cannot_be_sent_are_refused(void **state)
{
	struct bench *b = *state;
	struct ph_sockaddr to = { .family = PH_AF_INET, .port = 9, .ip = peers() };
	ph_socket s = ph_socket_new(b->st, PH_AF_INET, PH_SOCK_DGRAM, 0, b->now);
	static uint8_t data[65508];
	struct ph_iov iov = { data, sizeof(data) };
	struct ph_msg msg = { .name = &to, .iov = &iov, .niov = 1 };

	assert_int_equal(ph_sendmsg(b->st, s, &msg, 0, b->now), -EMSGSIZE);
	iov.len = 1;
	to.port = 0;
	assert_int_equal(ph_sendmsg(b->st, s, &msg, 0, b->now), -EINVAL);
	to.port = 9;
	to.ip = ph_ip4(10, 0, 0, 255);
	assert_int_equal(ph_sendmsg(b->st, s, &msg, 0, b->now), -EACCES);
	msg.name = NULL;
	assert_int_equal(ph_sendmsg(b->st, s, &msg, 0, b->now), -EDESTADDRREQ);
	assert_false(sent(b));
}

static void test_each_datagram_left_over_is_announced_again(void **state)
{
	struct bench *b = *state;
	ph_socket s = bound(b, ph_ip4(0, 0, 0, 0), 7);
	struct ph_event ev[4];
	char c[4];

	inject(b, &(struct dgram){ .sport = 1, .dport = 7, .data = "a" });
	inject(b, &(struct dgram){ .sport = 1, .dport = 7, .data = "b" });
	assert_int_equal(ph_ready(b->st, ev, 4), 1);
	assert_int_equal(ph_recv(b->st, s, c, 4, 0, b->now), 1);
	assert_int_equal(ph_ready(b->st, ev, 4), 1);
	assert_int_equal(ph_recv(b->st, s, c, 4, 0, b->now), 1);
	assert_int_equal(ph_ready(b->st, ev, 4), 0);
	assert_int_equal(ph_poll(b->st, s), PH_POLLOUT | PH_POLLWRNORM | PH_POLLWRBAND);
}

static void test_what_was_read_makes_room(void **state)
{
	struct bench *b = *state;
	ph_socket s = bound(b, ph_ip4(0, 0, 0, 0), 7);
	int small = 1;
	char c[4];

	assert_int_equal(ph_setsockopt(b->st, s, PH_SOL_SOCKET, PH_SO_RCVBUF, &small,
				       sizeof(small), b->now),
			 0);
	for (int i = 0; i < 1000; i++) {
		inject(b, &(struct dgram){ .sport = 1, .dport = 7, .data = "abc" });
		assert_int_equal(ph_recv(b->st, s, c, 4, 0, b->now), 3);
	}
	assert_int_equal(counter(b, "UdpRcvbufErrors"), 0);
}

static void test_shutdown_of_a_connected_socket_ends_each_way(void **state)
{
	struct bench *b = *state;
	struct ph_sockaddr to = { .family = PH_AF_INET, .port = 9, .ip = peers() };
	ph_socket s = ph_socket_new(b->st, PH_AF_INET, PH_SOCK_DGRAM, 0, b->now);
	char c;

	assert_int_equal(ph_shutdown(b->st, s, PH_SHUT_RD, b->now), -ENOTCONN);
	assert_int_equal(ph_connect(b->st, s, &to, b->now), 0);
	assert_int_equal(ph_shutdown(b->st, s, PH_SHUT_RD, b->now), 0);
	assert_int_equal(ph_poll(b->st, s),
				 PH_POLLIN | PH_POLLRDNORM | PH_POLLOUT | PH_POLLWRNORM | PH_POLLWRBAND |
				 PH_POLLRDHUP);
	assert_int_equal(ph_recv(b->st, s, &c, 1, 0, b->now), 0);
	assert_int_equal(ph_send(b->st, s, "x", 1, 0, b->now), 1);
	assert_int_equal(ph_shutdown(b->st, s, PH_SHUT_WR, b->now), 0);
	assert_int_equal(ph_send(b->st, s, "x", 1, 0, b->now), -EPIPE);
	assert_true(ph_poll(b->st, s) & PH_POLLHUP);
}

static void test_broadcasts_reach_all_but_those_connected_to_another(void **state)
{
	struct bench *b = *state;
	struct ph_sockaddr any = { .family = PH_AF_INET, .port = 7, .ip = ph_ip4(0, 0, 0, 0) },
			   to = { .family = PH_AF_INET, .port = 1000, .ip = peers() };
	ph_socket s[3];
	int on = 1;

	for (int i = 0; i < 3; i++) {
		s[i] = ph_socket_new(b->st, PH_AF_INET, PH_SOCK_DGRAM, 0, b->now);
		assert_int_equal(ph_setsockopt(b->st, s[i], PH_SOL_SOCKET, PH_SO_REUSEADDR, &on,
					       sizeof(on), b->now),
				 0);
		assert_int_equal(ph_bind(b->st, s[i], &any, b->now), 0);
	}
	assert_int_equal(ph_connect(b->st, s[1], &to, b->now), 0);
	to.port = 1001;
	assert_int_equal(ph_connect(b->st, s[2], &to, b->now), 0);
	inject(b, &(struct dgram){ .sport = 1000, .dport = 7, .data = "abc", .bcast = 1 });
	assert_int_equal(ph_inq(b->st, s[0]), 3);
	assert_int_equal(ph_inq(b->st, s[1]), 3);
	assert_int_equal(ph_inq(b->st, s[2]), 0);
}

/* RFC 6864 4.2: what may be fragmented has an identification of its own. */
/* rfc: 6864:4.2-1, 1122:3.2.1.6-1 */
static void test_header_carries_the_sockets_ttl_and_tos_and_an_id_of_its_own(void **state)
{
	struct bench *b = *state;
	struct ph_sockaddr to = { .family = PH_AF_INET, .port = 9, .ip = peers() };
	ph_socket s = ph_socket_new(b->st, PH_AF_INET, PH_SOCK_DGRAM, 0, b->now);
	int ttl = 7, tos = 0x88, dont = PH_IP_PMTUDISC_DONT;
	unsigned id;

	assert_int_equal(ph_connect(b->st, s, &to, b->now), 0);
	assert_int_equal(ph_setsockopt(b->st, s, PH_IPPROTO_IP, PH_IP_TTL, &ttl, sizeof(ttl),
				       b->now),
			 0);
	assert_int_equal(ph_setsockopt(b->st, s, PH_IPPROTO_IP, PH_IP_TOS, &tos, sizeof(tos),
				       b->now),
			 0);
	assert_int_equal(ph_setsockopt(b->st, s, PH_IPPROTO_IP, PH_IP_MTU_DISCOVER, &dont,
				       sizeof(dont), b->now),
			 0);
	assert_int_equal(ph_send(b->st, s, "x", 1, 0, b->now), 1);
	assert_true(sent(b));
	assert_int_equal(b->out[14 + 8], 7);
	assert_int_equal(b->out[14 + 1], 0x88);
	assert_int_equal(b->out[14 + 6], 0);
	id = get16(b->out + 14 + 4);
	assert_int_equal(ph_send(b->st, s, "x", 1, 0, b->now), 1);
	assert_true(sent(b));
	assert_int_not_equal(get16(b->out + 14 + 4), id);
	assert_int_equal(counter(b, "IpOutRequests"), 2);
}

static void test_no_more_sockets_than_the_configuration_says(void **state)
{
	struct ph_conf conf = { .alloc = take, .release = give, .key = { 1 }, .now_ns = 1,
				.max_sockets = 3 };
	struct ph_stack *st = ph_stack_new(&conf);

	(void)state;
	assert_non_null(st);
	for (int round = 0; round < 3; round++) {
		ph_socket s[3];

		for (int i = 0; i < 3; i++) {
			s[i] = ph_socket_new(st, PH_AF_INET, PH_SOCK_DGRAM, 0, 1);
			assert_true(s[i] >= 0);
		}
		assert_int_equal(ph_socket_new(st, PH_AF_INET, PH_SOCK_STREAM, 0, 1), -EMFILE);
		for (int i = 0; i < 3; i++)
			assert_int_equal(ph_close(st, s[i], 1), 0);
	}
	ph_stack_free(st);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_a_datagram_is_delivered_with_its_sender_and_announced_once),
		T(test_datagrams_keep_their_bounds_and_a_short_read_is_marked),
		T(test_malformed_datagrams_are_counted_and_answered_with_silence),
		T(test_a_datagram_without_checksum_is_taken_over_ipv4),
		T(test_octets_behind_the_udp_length_are_not_delivered),
		T(test_a_closed_port_is_answered_with_port_unreachable_but_never_a_broadcast),
		T(test_what_is_sent_has_right_lengths_and_checksum),
		T(test_a_large_datagram_leaves_in_fragments_under_one_checksum),
		T(test_a_full_receive_buffer_drops_the_newest_and_counts),
		T(test_a_connected_socket_hears_its_peer_only_and_the_bound_one_the_rest),
		T(test_port_unreachable_reaches_the_connected_socket_once),
		T(test_a_port_is_given_once_and_comes_back_with_close),
		T(test_an_address_of_all_zeros_is_any),
		T(test_every_call_on_a_number_that_is_no_socket_says_so),
		T(test_sockets_by_the_thousand_come_and_go_with_distinct_numbers),
		T(test_families_types_and_protocols_not_there_are_refused_by_linux_errno),
		T(test_only_hard_errors_of_a_connected_socket_are_told),
		T(test_datagrams_that_cannot_be_sent_are_refused),
		T(test_each_datagram_left_over_is_announced_again),
		T(test_what_was_read_makes_room),
		T(test_shutdown_of_a_connected_socket_ends_each_way),
		T(test_broadcasts_reach_all_but_those_connected_to_another),
		T(test_header_carries_the_sockets_ttl_and_tos_and_an_id_of_its_own),
		T(test_no_more_sockets_than_the_configuration_says),
	};

	return cmocka_run_group_tests_name("udp", tests, NULL, NULL);
}
