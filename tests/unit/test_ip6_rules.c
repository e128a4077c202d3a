/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What RFCs ask of an IPv6 host that shows in a frame or two: flow labels, fragments and their
 * numbers, packet too big, sources, headers in and out, ECN of what is put together.
 */
#include "ra_fixture.h"

static ph_socket udp6(struct host *h, const struct ph_ip *to, uint16_t port)
{
	ph_socket s = ph_socket_new(h->st, PH_AF_INET6, PH_SOCK_DGRAM, 0, h->now);
	struct ph_sockaddr a = { .family = PH_AF_INET6, .port = port, .ip = *to };

	assert_true(s >= 0);
	assert_int_equal(ph_connect(h->st, s, &a, h->now), 0);
	return s;
}

static int64_t send_n(struct host *h, ph_socket s, size_t n)
{
	static uint8_t bytes[4000];

	assert_true(n <= sizeof(bytes));
	return ph_send(h->st, s, bytes, n, 0, h->now);
}

static uint32_t label_out(const struct host *h)
{
	return be32_get(out_ip6(h)->ver_class_flow) & 0xfffff;
}

/* The label of one datagram from port `from` to the peer's port 9. */
static uint32_t label_of(struct host *h, uint16_t from)
{
	ph_socket s = ph_socket_new(h->st, PH_AF_INET6, PH_SOCK_DGRAM, 0, h->now);
	struct ph_sockaddr a = { .family = PH_AF_INET6, .port = from };
	uint32_t label;

	assert_int_equal(ph_bind(h->st, s, &a, h->now), 0);
	a = (struct ph_sockaddr){ .family = PH_AF_INET6, .port = 9, .ip = peer6 };
	assert_int_equal(ph_connect(h->st, s, &a, h->now), 0);
	assert_int_equal(send_n(h, s, 10), 10);
	assert_true(host_take(h) > 0);
	label = label_out(h);
	assert_int_equal(send_n(h, s, 700), 700);
	assert_true(host_take(h) > 0);
	assert_int_equal(label_out(h), label); /* the same for all of the flow */
	ph_close(h->st, s, h->now);
	return label;
}

/* rfc: 6437:3-1 6437:3-2 6437:3-3 6437:6.1-1 8504:5-3 */
/* attack: CVE-2019-18282 */
static void test_flow_labels_are_of_the_flow_and_cannot_be_foreseen(void **state)
{
	enum { FLOWS = 512 };
	struct host *h = host6_new(), *again;
	unsigned bit[20] = { 0 }, same = 0;
	uint32_t last = 0;

	(void)state;
	host6_know(h, &peer6);
	for (unsigned i = 0; i < FLOWS; i++) {
		uint32_t label = label_of(h, (uint16_t)(5000 + i)), step = (label - last) & 0xfffff;

		same += step < 16 || step > 0xfffff - 16;
		last = label;
		for (unsigned b = 0; b < 20; b++)
			bit[b] += label >> b & 1;
	}
	assert_in_range(same, 0, 3);
	for (unsigned b = 0; b < 20; b++) /* seven standard deviations on each side */
		assert_in_range(bit[b], FLOWS / 2 - 80, FLOWS / 2 + 80);
	again = host_bare((struct ph_conf){ .key = { 99, 98 } }); /* another boot: another key */
	again->link = ph_link_add(again->st,
				  &(struct ph_link_conf){ .name = "t0", .mac = { 2, 0, 0, 0, 0, 2 } },
				  again->now);
	assert_int_equal(ph_addr_add(again->st, again->link, &us6, 64, again->now), 0);
	host6_settle(again, 5 * NS_PER_S);
	host6_know(again, &peer6);
	assert_int_not_equal(label_of(again, 5000 + FLOWS - 1), last);
	host_free(again);
	host_free(h);
}

/* rfc: 6437:3-4 */
static void test_without_flow_labels_they_are_zero(void **state)
{
	struct host *h = host6_new();

	(void)state;
	host6_know(h, &peer6);
	assert_int_equal(ph_sysctl_set(h->st, "net.ipv6.auto_flowlabels", "0"), 0);
	for (uint16_t i = 0; i < 16; i++)
		assert_int_equal(label_of(h, (uint16_t)(5000 + i)), 0);
	host_free(h);
}

/* rfc: 8200:7-1 */
static void test_the_traffic_class_is_the_users_and_else_zero(void **state)
{
	struct host *h = host6_new();
	ph_socket s = udp6(h, &peer6, 9);
	int class = 0xb8;

	(void)state;
	host6_know(h, &peer6);
	assert_int_equal(send_n(h, s, 10), 10);
	assert_true(host_take(h) > 0);
	assert_int_equal(be32_get(out_ip6(h)->ver_class_flow) >> 20, 0x600);
	assert_int_equal(ph_setsockopt(h->st, s, PH_IPPROTO_IPV6, PH_IPV6_TCLASS, &class, 4, h->now), 0);
	assert_int_equal(send_n(h, s, 10), 10);
	assert_true(host_take(h) > 0);
	assert_int_equal(be32_get(out_ip6(h)->ver_class_flow) >> 20, 0x6b8);
	ph_close(h->st, s, h->now);
	host_free(h);
}

/* ---- fragments ------------------------------------------------------------------------------ */

/* The Identification of the fragments of one datagram; the first has the whole UDP header. */
static uint32_t fragment_id(struct host *h, ph_socket s)
{
	const struct ip6_frag *f = (const void *)(h->out + AT6);
	uint32_t id;

	assert_int_equal(send_n(h, s, 2000), 2000);
	assert_true(host_take(h) > 0);
	assert_int_equal(out_ip6(h)->next, IP6_NEXT_FRAGMENT);
	assert_int_equal(f->next, PH_IPPROTO_UDP);
	assert_int_equal(be16_get(f->off), 1); /* at 0, and more follow */
	assert_int_equal(h->out[AT6 + 8 + 2] << 8 | h->out[AT6 + 8 + 3], 9);
	assert_int_equal(h->out[AT6 + 8 + 4] << 8 | h->out[AT6 + 8 + 5], 2008);
	id = be32_get(f->id);
	assert_true(host_take(h) > 0);
	assert_int_equal(be32_get(f->id), id);
	assert_int_equal(host_take(h), 0);
	return id;
}

/* rfc: 7739:4-1 7739:5-1 8200:4.5-3 8504:5.2-2 8200:4.1-2 */
/* attack: CVE-2011-2699 CVE-2021-45485 */
static void test_fragments_are_numbered_by_destination(void **state)
{
	struct host *h = host6_new();
	ph_socket to_peer = udp6(h, &peer6, 9), to_other = udp6(h, &other6, 9);
	uint32_t p[4], o[4];
	unsigned apart = 0;

	(void)state;
	host6_know(h, &peer6);
	host6_know(h, &other6);
	for (unsigned i = 0; i < 4; i++) {
		p[i] = fragment_id(h, to_peer);
		o[i] = fragment_id(h, to_other);
	}
	/* What one destination sees of its own says nothing of the other's. */
	for (unsigned i = 0; i < 4; i++)
		apart += o[i] - p[i] > 4096 && p[i] - o[i] > 4096;
	assert_int_equal(apart, 4);
	assert_true(p[0] != 0 && o[0] != 0);
	for (unsigned i = 1; i < 4; i++)
		assert_true(p[i] != p[i - 1] && o[i] != o[i - 1]);
	ph_close(h->st, to_peer, h->now);
	ph_close(h->st, to_other, h->now);
	host_free(h);
}

/* Takes one datagram, in fragments or whole: its length, and how many frames it was. */
static unsigned take_datagram(struct host *h, unsigned *len)
{
	unsigned frames = 0;

	*len = 0;
	while (host_take(h) > 0) {
		bool cut = out_ip6(h)->next == IP6_NEXT_FRAGMENT;
		const struct ip6_frag *f = (const void *)(h->out + AT6);

		assert_true(h->out_len <= ETH_HDR_LEN + 1500);
		assert_int_equal(be16_get(out_ip6(h)->len), h->out_len - AT6);
		if (cut)
			assert_int_equal(be16_get(f->off) & ~7u, *len);
		*len += be16_get(out_ip6(h)->len) - (cut ? 8u : 0u);
		frames++;
		if (!cut || !(be16_get(f->off) & 1))
			break;
	}
	return frames;
}

/* What one datagram needed leaves nothing for the next: each is cut, or not, for itself. */
/* attack: CVE-2013-4387 */
static void test_large_and_small_datagrams_in_turn_are_each_cut_for_themselves(void **state)
{
	static const struct {
		unsigned len, more, frames;
	} row[] = {
		{ 3000, 0, 3 }, { 1, 0, 1 },	{ 1400, 52, 1 }, { 1400, 53, 2 }, { 0, 3, 1 },
		{ 1, 3900, 3 }, { 1452, 0, 1 }, { 1453, 0, 2 },  { 2, 2, 1 },
	};
	struct host *h = host6_new();
	ph_socket s = udp6(h, &peer6, 9);
	uint8_t bytes[4000] = { 0 };

	(void)state;
	host6_know(h, &peer6);
	for (unsigned i = 0; i < 4 * ARRAY_LEN(row); i++) {
		unsigned k = i % ARRAY_LEN(row), whole = row[k].len + row[k].more, len;
		int cork = 1;

		if (i / ARRAY_LEN(row) & 1) { /* corked, or told that more follows */
			assert_int_equal(ph_setsockopt(h->st, s, PH_IPPROTO_UDP, PH_UDP_CORK,
						       &cork, 4, h->now), 0);
			assert_int_equal(ph_send(h->st, s, bytes, row[k].len, 0, h->now), row[k].len);
			assert_int_equal(ph_send(h->st, s, bytes, row[k].more, 0, h->now), row[k].more);
			cork = 0;
			assert_int_equal(ph_setsockopt(h->st, s, PH_IPPROTO_UDP, PH_UDP_CORK,
						       &cork, 4, h->now), 0);
		} else {
			assert_int_equal(ph_send(h->st, s, bytes, row[k].len, PH_MSG_MORE, h->now),
					 row[k].len);
			assert_int_equal(ph_send(h->st, s, bytes, row[k].more, 0, h->now), row[k].more);
		}
		assert_int_equal(take_datagram(h, &len), row[k].frames);
		assert_int_equal(len, 8 + whole);
		assert_int_equal(host_take(h), 0);
	}
	ph_close(h->st, s, h->now);
	host_free(h);
}

/* Two halves of an echo request of `len` octets of ICMPv6. */
static void halves(struct host *h, size_t len, uint8_t tos0, uint8_t tos1)
{
	struct frame whole, f;
	uint8_t *p = frame_icmp6(&whole, &peer6, &us6, ICMP6_ECHO, len);
	size_t first = len / 16 * 8;

	pattern(p + 4, len - 4);
	frame_icmp6_end(&whole, AT6);
	for (unsigned i = 0; i < 2; i++) {
		struct ip6_hdr *ip = frame_ip6(&f, &peer6, &us6, IP6_NEXT_FRAGMENT);
		struct ip6_frag *g = frame_put(&f, sizeof(*g));
		size_t at = i ? first : 0, n = i ? len - first : first;

		ip->ver_class_flow = be32_of(6u << 28 | (uint32_t)(i ? tos1 : tos0) << 20);
		g->next = IP6_NEXT_ICMP;
		g->off = be16_of((uint16_t)(at | !i));
		g->id = be32_of(0x1234);
		memcpy(frame_put(&f, n), whole.b + AT6 + at, n);
		frame6_end(&f);
		frame_in(h, &f);
	}
}

/* rfc: 8200:5-2 */
static void test_fifteen_hundred_octets_are_put_together(void **state)
{
	struct host *h = host6_new();

	(void)state;
	host6_know(h, &peer6);
	halves(h, 1500 - IP6_HDR_LEN, 0, 0);
	assert_int_equal(host_take(h), ETH_HDR_LEN + 1500);
	(void)out_icmp6(h, ICMP6_ECHO_REPLY);
	host_free(h);
}

/* rfc: 3168:5.3-2 */
static void test_fragments_that_agree_keep_their_codepoint(void **state)
{
	(void)state;
	for (uint8_t ecn = 0; ecn < 4; ecn++) {
		struct host *h = host6_new();

		host6_know(h, &peer6);
		halves(h, 800, ecn, ecn);
		assert_int_equal(host_take(h), AT6 + 800);
		assert_int_equal(be32_get(out_ip6(h)->ver_class_flow) >> 20 & 3, ecn);
		host_free(h);
	}
}

/* ---- packet too big ------------------------------------------------------------------------- */

/* About the frame that was taken last. `shift` is added to the quoted source port. */
static void too_big_about_last(struct host *h, uint32_t mtu, uint8_t shift)
{
	struct frame f;
	size_t quote = (size_t)h->out_len - ETH_HDR_LEN;
	uint8_t *p = frame_icmp6(&f, &far6, &us6, ICMP6_TOO_BIG, 8);

	put32(p + 4, mtu);
	p = frame_put(&f, quote);
	memcpy(p, h->out + ETH_HDR_LEN, quote);
	p[IP6_HDR_LEN + 1] = (uint8_t)(p[IP6_HDR_LEN + 1] + shift);
	frame_icmp6_end(&f, AT6);
	frame_in(h, &f);
}

static int path_of(struct host *h, ph_socket s)
{
	uint32_t len = 4;
	int v;

	assert_int_equal(ph_getsockopt(h->st, s, PH_IPPROTO_IPV6, PH_IPV6_MTU, &v, &len), 0);
	return v;
}

/* rfc: 8021:4-1 8504:5-1 */
static void test_no_path_is_narrower_than_ipv6_and_nothing_atomic_is_sent(void **state)
{
	static const uint32_t mtu[] = { 0, 68, 600, 1279 };
	struct host *h = host6_new();
	ph_socket s = udp6(h, &peer6, 9);

	(void)state;
	host6_know(h, &peer6);
	for (size_t i = 0; i < ARRAY_LEN(mtu); i++) {
		assert_int_equal(send_n(h, s, 1000), 1000);
		assert_int_equal(host_take(h), AT6 + 8 + 1000);
		assert_int_equal(out_ip6(h)->next, PH_IPPROTO_UDP);
		too_big_about_last(h, mtu[i], 0);
		assert_int_equal(path_of(h, s), 1500);
	}
	ph_close(h->st, s, h->now);
	host_free(h);
}

/* rfc: 8201:4-1 */
static void test_a_path_is_not_narrowed_by_who_quotes_what_was_not_sent(void **state)
{
	struct host *h = host6_new();
	ph_socket s = udp6(h, &peer6, 9);

	(void)state;
	host6_know(h, &peer6);
	assert_int_equal(send_n(h, s, 1000), 1000);
	assert_true(host_take(h) > 0);
	too_big_about_last(h, 1300, 1);
	assert_int_equal(path_of(h, s), 1500);
	too_big_about_last(h, 1300, 0);
	assert_int_equal(path_of(h, s), 1300);
	ph_close(h->st, s, h->now);
	host_free(h);
}

/* A TCP segment of `len` octets from the peer's port 80 to ours, with this traffic class. */
static void segment_in(struct host *h, uint16_t port, uint32_t seq, uint32_t ack, uint8_t flags,
		       uint32_t len, uint8_t class)
{
	struct frame f;
	uint8_t *t;
	be16 sum;

	frame_ip6(&f, &peer6, &us6, PH_IPPROTO_TCP)->ver_class_flow =
		be32_of(6u << 28 | (uint32_t)class << 20);
	len += 20;
	t = frame_put(&f, len);
	memset(t, 0, len);
	t[1] = 80;
	t[2] = (uint8_t)(port >> 8);
	t[3] = (uint8_t)port;
	put32(t + 4, seq);
	put32(t + 8, ack);
	t[12] = 5 << 4;
	t[13] = flags;
	t[14] = 0xff;
	sum = be16_of(csum_finish(csum_add(csum_pseudo(&peer6, &us6, PH_IPPROTO_TCP, len), t, len)));
	memcpy(t + 16, &sum, 2);
	frame6_end(&f);
	frame_in(h, &f);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* A connection to the peer's port 80; the SYN-ACK has these flags, too. */
static ph_socket connected(struct host *h, uint8_t flags)
{
	ph_socket s = ph_socket_new(h->st, PH_AF_INET6, PH_SOCK_STREAM, 0, h->now);
	struct ph_sockaddr a = { .family = PH_AF_INET6, .port = 80, .ip = peer6 };
	const uint8_t *t = h->out + AT6;

	assert_int_equal(ph_connect(h->st, s, &a, h->now), -EINPROGRESS);
	assert_true(host_take(h) > 0);
	assert_int_equal(ph_getsockname(h->st, s, &a), 0);
	segment_in(h, a.port, 1000, get32(t + 4) + 1, (uint8_t)(0x12 | flags), 0, 0);
	assert_true(host_take(h) > 0);
	assert_int_equal(t[13] & 0x3f, 0x10);
	return s;
}

/* rfc: 8201:5.2-1 8504:5.7.1-1 */
static void test_who_shares_a_path_learns_what_another_was_told_of_it(void **state)
{
	struct host *h = host6_new();
	ph_socket s = udp6(h, &peer6, 9), t;
	static uint8_t bytes[4000];
	int most = 0, n = 0;

	(void)state;
	host6_know(h, &peer6);
	assert_int_equal(ph_sysctl_set(h->st, "net.ipv4.tcp_timestamps", "0"), 0);
	t = connected(h, 0);
	assert_int_equal(send_n(h, s, 1400), 1400);
	assert_true(host_take(h) > 0);
	too_big_about_last(h, 1400, 0);
	assert_int_equal(ph_setsockopt(h->st, t, PH_IPPROTO_TCP, PH_TCP_NODELAY, &(int){ 1 }, 4, h->now),
			 0);
	assert_int_equal(ph_send(h->st, t, bytes, 536, 0, h->now), 536);
	assert_int_equal(ph_send(h->st, t, bytes, sizeof(bytes), 0, h->now), sizeof(bytes));
	while (host_take(h) > 0) {
		assert_int_equal(out_ip6(h)->next, PH_IPPROTO_TCP);
		most = h->out_len > most ? h->out_len : most;
		n++;
	}
	assert_true(n > 3);
	assert_true(most <= ETH_HDR_LEN + 1400);
	ph_close(h->st, s, h->now);
	ph_stack_abort(h->st, h->now);
	while (host_take(h) > 0)
		;
	host_free(h);
}

/* rfc: 8504:5.12-1 */
static void test_ecn_is_spoken_over_ipv6(void **state)
{
	enum { ECE = 0x40 };
	struct host *h = host6_new();
	struct ph_sockaddr a;
	uint32_t next;
	ph_socket t;

	(void)state;
	host6_know(h, &peer6);
	assert_int_equal(ph_sysctl_set(h->st, "net.ipv4.tcp_ecn", "1"), 0);
	t = connected(h, ECE);
	assert_int_equal(ph_send(h->st, t, "data", 4, 0, h->now), 4);
	assert_true(host_take(h) > 0);
	assert_int_equal(be32_get(out_ip6(h)->ver_class_flow) >> 20 & 3, 2);
	assert_int_equal(ph_getsockname(h->st, t, &a), 0);
	next = get32(h->out + AT6 + 4) + 4;
	for (uint8_t class = 2; class < 4; class++) { /* ECT(0), then congestion experienced */
		for (unsigned i = 0; i < 2; i++)
			segment_in(h, a.port, 1001 + (class * 2u - 4 + i) * 1200,
				   next, 0x10, 1200, class);
		while (host_take(h) > 0)
			;
		assert_int_equal((h->out[AT6 + 13] & ECE) != 0, class == 3);
	}
	ph_stack_abort(h->st, h->now);
	while (host_take(h) > 0)
		;
	host_free(h);
}

/* ---- what comes ----------------------------------------------------------------------------- */

/* rfc: 8200:3-1 */
static void test_a_hop_limit_of_zero_is_enough_to_arrive(void **state)
{
	struct host *h = host6_new();
	struct frame f;

	(void)state;
	host6_know(h, &peer6);
	frame_icmp6(&f, &peer6, &us6, ICMP6_ECHO, 16);
	frame_hdr6(&f)->hop = 0;
	frame_icmp6_end(&f, AT6);
	frame_in(h, &f);
	assert_true(host_take(h) > 0);
	(void)out_icmp6(h, ICMP6_ECHO_REPLY);
	host_free(h);
}

/* rfc: 8200:4.7-1 */
static void test_behind_no_next_header_nothing_is_read(void **state)
{
	struct host *h = host6_new();
	struct frame f;

	(void)state;
	host6_know(h, &peer6);
	frame_ip6(&f, &peer6, &us6, 59);
	memset(frame_put(&f, 64), 0xff, 64);
	frame6_end(&f);
	frame_in(h, &f);
	assert_int_equal(host_take(h), 0);
	assert_int_equal(drops_of(h, "IP6_NO_NEXT"), 1);
	host_free(h);
}

/* An echo request behind eight octets of another header. */
static void echo_behind(struct host *h, uint8_t kind, const uint8_t header[8])
{
	struct frame whole, f;

	frame_icmp6(&whole, &peer6, &us6, ICMP6_ECHO, 16);
	frame_icmp6_end(&whole, AT6);
	frame_ip6(&f, &peer6, &us6, kind);
	memcpy(frame_put(&f, 8), header, 8);
	memcpy(frame_put(&f, 16), whole.b + AT6, 16);
	frame6_end(&f);
	frame_in(h, &f);
}

/* rfc: 8200:8.4-1 8504:5.2-1 */
static void test_a_routing_header_is_not_turned_round(void **state)
{
	static const uint8_t done[8] = { IP6_NEXT_ICMP, 0, 0, 0 }, left[8] = { IP6_NEXT_ICMP, 0, 0, 1 };
	struct host *h = host6_new();

	(void)state;
	host6_know(h, &peer6);
	echo_behind(h, IP6_NEXT_ROUTING, done);
	assert_int_equal(host_take(h), AT6 + 16);
	(void)out_icmp6(h, ICMP6_ECHO_REPLY); /* with nothing between the headers */
	echo_behind(h, IP6_NEXT_ROUTING, left);
	assert_true(host_take(h) > 0);
	assert_int_equal(out_icmp6(h, ICMP6_PARAM_PROBLEM)[1], 0);
	host_free(h);
}

/* rfc: 9673:5.1-3 9673:5.2.1-1 */
static void test_hop_by_hop_options_are_looked_at_and_router_alert_costs_nothing(void **state)
{
	static const uint8_t pad[8] = { IP6_NEXT_ICMP, 0, 1, 4 },
			     alert[8] = { IP6_NEXT_ICMP, 0, 5, 2, 0, 0, 1, 0 },
			     wrong[8] = { IP6_NEXT_ICMP, 0, 5, 9, 0, 0, 1, 0 };
	struct host *h = host6_new();
	struct ph_usage before, after;

	(void)state;
	host6_know(h, &peer6);
	echo_behind(h, IP6_NEXT_HOPOPTS, pad);
	assert_true(host_take(h) > 0);
	echo_behind(h, IP6_NEXT_HOPOPTS, wrong);
	assert_int_equal(host_take(h), 0);
	ph_stack_usage(h->st, &before);
	for (unsigned i = 0; i < 1000; i++) { /* each is an echo request like any other */
		echo_behind(h, IP6_NEXT_HOPOPTS, alert);
		assert_int_equal(host_take(h), AT6 + 16);
	}
	ph_stack_usage(h->st, &after);
	assert_int_equal(after.bytes, before.bytes);
	host_free(h);
}

/* rfc: 8504:5.3-4 */
static void test_the_length_of_options_can_be_limited(void **state)
{
	static const struct {
		uint8_t kind;
		const char *name;
	} row[] = { { IP6_NEXT_HOPOPTS, "net.ipv6.max_hbh_length" },
		    { IP6_NEXT_DSTOPTS, "net.ipv6.max_dst_opts_length" } };
	static const uint8_t eight[8] = { IP6_NEXT_ICMP, 0, 1, 4 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		struct host *h = host6_new();
		struct frame whole, f;
		uint8_t *o;

		host6_know(h, &peer6);
		frame_icmp6(&whole, &peer6, &us6, ICMP6_ECHO, 16);
		frame_icmp6_end(&whole, AT6);
		frame_ip6(&f, &peer6, &us6, row[i].kind);
		o = frame_put(&f, 2048); /* one option that fills it */
		memset(o, 0, 2048);
		o[0] = IP6_NEXT_ICMP;
		o[1] = 255;
		for (unsigned k = 0; k < 8; k++) {
			o[2 + k * 255] = 0x1e;
			o[3 + k * 255] = 253;
		}
		o[2042] = 0x01;
		o[2043] = 4;
		memcpy(frame_put(&f, 16), whole.b + AT6, 16);
		frame6_end(&f);
		frame_in(h, &f);
		assert_int_equal(host_take(h), AT6 + 16);
		assert_int_equal(ph_sysctl_set(h->st, row[i].name, "8"), 0);
		frame_in(h, &f);
		assert_int_equal(host_take(h), 0);
		assert_int_equal(drops_of(h, "IP6_EXTHDR"), 1);
		echo_behind(h, row[i].kind, eight);
		assert_int_equal(host_take(h), AT6 + 16);
		host_free(h);
	}
}

/* rfc: 8200:5-3 */
static void test_a_link_that_carries_less_than_1280_carries_no_ipv6(void **state)
{
	struct host *h = host6_new();
	ph_socket s = udp6(h, &peer6, 9);
	ph_link small;

	(void)state;
	host6_know(h, &peer6);
	small = ph_link_add(h->st, &(struct ph_link_conf){ .name = "t1", .mac = { 2, [5] = 9 }, .mtu = 1279 },
			    h->now);
	assert_true(small > 0);
	assert_int_equal(ph_link_ipv6(h->st, small, PH_IPV6_STATIC, h->now), -EINVAL);
	assert_int_equal(ph_link_change(h->st, h->link, &(struct ph_link_change){ .mtu = 1279 }, h->now),
			 -EINVAL);
	assert_int_equal(ph_link_change(h->st, h->link, &(struct ph_link_change){ .mtu = 1280 }, h->now),
			 0);
	assert_int_equal(send_n(h, s, 1280 - IP6_HDR_LEN - 8), 1280 - IP6_HDR_LEN - 8);
	assert_int_equal(host_take(h), ETH_HDR_LEN + 1280);
	assert_int_equal(out_ip6(h)->next, PH_IPPROTO_UDP);
	ph_close(h->st, s, h->now);
	host_free(h);
}

/* ---- datagrams without a checksum ------------------------------------------------------------ */

static ph_socket bound6(struct host *h, uint16_t port)
{
	ph_socket s = ph_socket_new(h->st, PH_AF_INET6, PH_SOCK_DGRAM, 0, h->now);
	struct ph_sockaddr a = { .family = PH_AF_INET6, .port = port };

	assert_int_equal(ph_bind(h->st, s, &a, h->now), 0);
	return s;
}

/* sum: 0 none, 1 right, 2 wrong. What the socket got. */
static int64_t datagram6(struct host *h, ph_socket s, uint16_t port, unsigned sum)
{
	uint8_t b[64], *u;
	struct frame f;
	be16 field;

	frame_ip6(&f, &peer6, &us6, PH_IPPROTO_UDP);
	u = frame_put(&f, 12);
	memcpy(u, (uint8_t[12]){ 0, 9, 0, (uint8_t)port, 0, 12, 0, 0, 'd', 'a', 't', 'a' }, 12);
	field = be16_of((uint16_t)(csum_finish(csum_add(
				csum_pseudo(&peer6, &us6, PH_IPPROTO_UDP, 12), u, 12)) ^ (sum == 2)));
	if (sum)
		memcpy(u + 6, &field, 2);
	frame6_end(&f);
	frame_in(h, &f);
	return ph_recv(h->st, s, b, sizeof(b), 0, h->now);
}

/* rfc: 6935:5-3 6936:4-3 6936:4-7 */
static void test_no_checksum_is_taken_by_the_ports_that_ask_alone(void **state)
{
	struct host *h = host6_new();
	ph_socket asks = bound6(h, 7), other = bound6(h, 8);
	int on = 1;

	(void)state;
	assert_int_equal(ph_setsockopt(h->st, asks, PH_IPPROTO_UDP, PH_UDP_NO_CHECK6_RX, &on, 4, h->now),
			 0);
	assert_int_equal(datagram6(h, asks, 7, 0), 4);
	assert_int_equal(datagram6(h, other, 8, 0), -EAGAIN);
	assert_int_equal(datagram6(h, asks, 7, 1), 4);
	assert_int_equal(datagram6(h, asks, 7, 2), -EAGAIN);
	assert_int_equal(datagram6(h, other, 8, 1), 4);
	assert_int_equal(drops_of(h, "UDP6_CSUM"), 2);
	ph_close(h->st, asks, h->now);
	ph_close(h->st, other, h->now);
	host_free(h);
}

static unsigned checksum_out(struct host *h, ph_socket s)
{
	assert_int_equal(send_n(h, s, 4), 4);
	assert_int_equal(host_take(h), AT6 + 12);
	return (unsigned)h->out[AT6 + 6] << 8 | h->out[AT6 + 7];
}

/* rfc: 6936:4-4 */
static void test_one_datagram_of_many_can_have_its_checksum(void **state)
{
	struct host *h = host6_new();
	ph_socket s = udp6(h, &peer6, 9);

	(void)state;
	host6_know(h, &peer6);
	for (int off = 0; off < 2; off++) {
		int v = !off;

		assert_int_equal(ph_setsockopt(h->st, s, PH_IPPROTO_UDP, PH_UDP_NO_CHECK6_TX, &v, 4,
					       h->now), 0);
		assert_int_equal(checksum_out(h, s) != 0, off);
	}
	ph_close(h->st, s, h->now);
	host_free(h);
}

/* rfc: 6936:4-10 */
static void test_errors_about_them_are_of_a_socket_or_nobodys(void **state)
{
	struct host *h = host6_new();
	ph_socket s = udp6(h, &peer6, 9);
	int on = 1;

	(void)state;
	host6_know(h, &peer6);
	assert_int_equal(ph_setsockopt(h->st, s, PH_IPPROTO_UDP, PH_UDP_NO_CHECK6_TX, &on, 4, h->now), 0);
	for (uint8_t shift = 1; shift < 2; shift--) { /* 1, then 0 */
		uint8_t *p;
		struct frame f;
		uint32_t len = 4;
		int v;

		assert_int_equal(checksum_out(h, s), 0);
		frame_icmp6(&f, &peer6, &us6, ICMP6_UNREACH, 8)[1] = 4;
		p = frame_put(&f, IP6_HDR_LEN + 12);
		memcpy(p, h->out + ETH_HDR_LEN, IP6_HDR_LEN + 12);
		p[IP6_HDR_LEN + 1] = (uint8_t)(p[IP6_HDR_LEN + 1] + shift);
		frame_icmp6_end(&f, AT6);
		frame_in(h, &f);
		assert_int_equal(ph_getsockopt(h->st, s, PH_SOL_SOCKET, PH_SO_ERROR, &v, &len), 0);
		assert_int_equal(v, shift ? 0 : ECONNREFUSED);
	}
	ph_close(h->st, s, h->now);
	host_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flow_labels_are_of_the_flow_and_cannot_be_foreseen),
		cmocka_unit_test(test_without_flow_labels_they_are_zero),
		cmocka_unit_test(test_the_traffic_class_is_the_users_and_else_zero),
		cmocka_unit_test(test_fragments_are_numbered_by_destination),
		cmocka_unit_test(
			test_large_and_small_datagrams_in_turn_are_each_cut_for_themselves),
		cmocka_unit_test(test_fifteen_hundred_octets_are_put_together),
		cmocka_unit_test(test_fragments_that_agree_keep_their_codepoint),
		cmocka_unit_test(test_no_path_is_narrower_than_ipv6_and_nothing_atomic_is_sent),
		cmocka_unit_test(test_a_path_is_not_narrowed_by_who_quotes_what_was_not_sent),
		cmocka_unit_test(test_who_shares_a_path_learns_what_another_was_told_of_it),
		cmocka_unit_test(test_ecn_is_spoken_over_ipv6),
		cmocka_unit_test(test_a_hop_limit_of_zero_is_enough_to_arrive),
		cmocka_unit_test(test_behind_no_next_header_nothing_is_read),
		cmocka_unit_test(test_a_routing_header_is_not_turned_round),
		cmocka_unit_test(
			test_hop_by_hop_options_are_looked_at_and_router_alert_costs_nothing),
		cmocka_unit_test(test_the_length_of_options_can_be_limited),
		cmocka_unit_test(test_a_link_that_carries_less_than_1280_carries_no_ipv6),
		cmocka_unit_test(test_no_checksum_is_taken_by_the_ports_that_ask_alone),
		cmocka_unit_test(test_one_datagram_of_many_can_have_its_checksum),
		cmocka_unit_test(test_errors_about_them_are_of_a_socket_or_nobodys),
	};

	return cmocka_run_group_tests_name("an IPv6 host's rules", tests, NULL, NULL);
}
