/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IPv4 and ICMP from who means harm: lengths that lie, options that point past their end, tunnels,
 * errors with wrong quotes, fragments that never come together. After each the peer's ping is
 * answered, and host_free() asks for every packet back. test_ip6_hostile.c has the same of IPv6.
 */
#include "net6_fixture.h"

#include "base/claim.h"
#include "wire/udp.h"

enum { CLOSED_PORT = 4711 };

/* The peer's address without a question, so that only answers leave. */
static void knows(struct host *h)
{
	struct ph_ip peer = ip_of4(PEER4);

	assert_int_equal(ph_neigh_add(h->st, h->link, &peer, peer_mac, h->now), 0);
	while (host_take(h) > 0)
		;
}

/* Whoever flooded, others are served: the peer's ping is answered within a second. */
static void still_answers(struct host *h)
{
	static struct frame f;
	struct ph_claim c = { 0 };
	bool heard = false;

	if (!ph_stack_check(h->st, &c))
		fail_msg("%s: %s does not hold", c.part, c.what);
	while (host_take(h) > 0)
		;
	frame_arp(&f, ARP_OP_REQUEST, peer_mac, PEER4, US4);
	frame_in(h, &f);
	host_run(h, NS_PER_S);
	while (host_take(h) > 0)
		;
	frame_echo(&f, PEER4, US4, 32);
	frame_in(h, &f);
	while (host_take(h) > 0)
		heard |= be16_get(out_eth(h)->type) == ETH_TYPE_IP4 &&
			 out_l4(h)[0] == ICMP4_ECHO_REPLY && be32_get(out_ip4(h)->dst) == PEER4;
	assert_true(heard);
}

/* An ICMP message leaves: it is no longer than what asked for it, or than an error may be. */
static void check_answer(const struct host *h, const struct frame *asked)
{
	const struct ip4_hdr *ip = out_ip4(h);
	uint32_t hdr = 4u * (ip->ver_ihl & 15);

	assert_int_equal(be16_get(out_eth(h)->type), ETH_TYPE_IP4);
	assert_int_equal(be32_get(ip->dst), PEER4);
	if (h->out[ETH_HDR_LEN + hdr] == ICMP4_ECHO_REPLY) {
		assert_true((size_t)h->out_len <= asked->len);
		return;
	}
	assert_true(h->out_len <= ETH_HDR_LEN + 576);
	assert_memory_equal(h->out + ETH_HDR_LEN + hdr + 8, asked->b + ETH_HDR_LEN,
			    (uint32_t)h->out_len - ETH_HDR_LEN - hdr - 8);
}

/* attack: CVE-2018-16601 CVE-2020-11898 CVE-2020-17438 */
static void test_no_length_of_the_header_makes_a_longer_answer(void **state)
{
	struct host *h = host_new();
	unsigned answered = 0;
	static struct frame f;

	(void)state;
	knows(h);
	assert_int_equal(ph_sysctl_set(h->st, "net.ipv4.icmp_ratelimit", "0"), 0);
	for (unsigned ihl = 0; ihl < 16; ihl++)
		for (unsigned len = 0; len < 200; len++) {
			frame_echo(&f, PEER4, US4, 100);
			memset(f.b + ETH_HDR_LEN + 20, 1, 8); /* no operation, if it is options */
			f.b[ETH_HDR_LEN + 20] = ICMP4_ECHO;
			frame_ip(&f)->ver_ihl = (uint8_t)(0x40 | ihl);
			frame_ip(&f)->len = be16_of((uint16_t)len);
			frame_ip_csum(&f);
			if (ihl >= 5 && len >= ihl * 4 + 8 && len <= 128) {
				f.len = ETH_HDR_LEN + len;
				frame_icmp_csum(&f);
			}
			frame_in(h, &f);
			for (; host_take(h) > 0; answered++)
				check_answer(h, &f);
			host_run(h, 10 * NS_PER_MS);
		}
	assert_in_range(answered, 100, 1000);
	still_answers(h);
	host_free(h);
}

/* A datagram to a port where nobody is, or an echo request, behind these options. */
static void frame_optioned(struct frame *f, const uint8_t *options, uint32_t n, bool ping)
{
	uint8_t *p;

	frame_ip4(f, PEER4, US4, ping ? PH_IPPROTO_ICMP : PH_IPPROTO_UDP, n);
	memcpy(f->b + ETH_HDR_LEN + IP4_HDR_LEN, options, n);
	p = frame_put(f, 600);
	if (ping) {
		p[0] = ICMP4_ECHO;
		frame_icmp_csum(f);
	} else {
		p[2] = CLOSED_PORT >> 8;
		p[3] = CLOSED_PORT & 255;
		p[4] = 600 >> 8;
		p[5] = 600 & 255;
	}
	frame_end(f);
}

/*
 * Every option that is written into, with every length and pointer, before a closed port and before an
 * echo request: what is answered quotes what came as it came, and a reply's options are no more than
 * were asked for, whole, and hold addresses of ours only.
 */
/* attack: CVE-2019-12256 CVE-2006-0454 CVE-2017-5970 CVE-2005-0048 CVE-2018-4407 */
static void test_options_of_every_length_and_pointer_are_survived(void **state)
{
	static const uint8_t types[] = { 7, 68, 131, 137, 148, 130, 0x9e };
	struct host *h = host_new();
	unsigned answered = 0;
	static struct frame f;

	(void)state;
	knows(h);
	assert_int_equal(ph_sysctl_set(h->st, "net.ipv4.icmp_ratelimit", "0"), 0);
	assert_int_equal(ph_sysctl_set(h->st, "net.ipv4.icmp_msgs_per_sec", "0"), 0);
	for (unsigned t = 0; t < ARRAY_LEN(types); t++)
		for (unsigned len = 0; len < 44; len++)
			for (unsigned ptr = 0; ptr < 256; ptr += ptr < 48 ? 1 : 69) {
				uint8_t o[40] = { types[t], (uint8_t)len, (uint8_t)ptr,
						  (uint8_t)(ptr ^ len) };

				frame_optioned(&f, o, 40, len & 1);
				frame_in(h, &f);
				for (; host_take(h) > 0; answered++) {
					if (out_ip4(h)->ver_ihl == 0x45)
						check_answer(h, &f);
					assert_true(h->out_len <= ETH_HDR_LEN + 660);
				}
			}
	assert_true(answered > 1000);
	still_answers(h);
	host_free(h);
}

/* attack: CVE-2021-31344 */
static void test_a_source_route_does_not_lead_the_answer(void **state)
{
	static const uint8_t routes[] = { 131, 137 };
	static struct frame f;

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct host *h = host_new();
		/* it has come to its end: from the attacker's victim, 10.0.0.3 */
		uint8_t o[8] = { routes[i % 2], 7, 8, 10, 0, 0, 3, 0 };

		knows(h);
		if (i < 2)
			assert_int_equal(ph_sysctl_set(h->st,
						       "net.ipv4.conf.all.accept_source_route", "1"),
					 0);
		frame_optioned(&f, o, 8, true);
		frame_in(h, &f);
		while (host_take(h) > 0) {
			assert_int_equal(be32_get(out_ip4(h)->dst), PEER4);
			assert_int_equal(out_ip4(h)->ver_ihl, 0x45);
		}
		if (i >= 2)
			assert_int_equal(drops_of(h, "IP_OPTIONS"), 1);
		still_answers(h);
		host_free(h);
	}
}

/* A packet in a packet, in two pieces or one: nobody asked for a tunnel, so nobody looks inside. */
/* attack: CVE-2020-11896 CVE-2020-11900 CVE-2013-4348 */
static void test_a_tunnel_nobody_asked_for_is_not_looked_into(void **state)
{
	struct ph_sockaddr any = { .family = PH_AF_INET, .port = 7 };
	struct host *h = host_new();
	static struct frame f;
	ph_socket s = ph_socket_new(h->st, PH_AF_INET, PH_SOCK_DGRAM, 0, h->now);

	(void)state;
	knows(h);
	assert_int_equal(ph_bind(h->st, s, &any, h->now), 0);
	for (unsigned i = 0; i < 4 * 128; i++) {
		bool cut = i & 1;
		uint8_t *in;

		frame_ip4(&f, PEER4, US4, i & 2 ? 41 : 4, 0)->id = be16_of((uint16_t)i);
		in = frame_put(&f, 128);
		in[0] = (uint8_t)(0x40 | (i >> 2 & 15));
		in[3] = (uint8_t)(i >> 2); /* the inner total length: less than there is */
		in[9] = PH_IPPROTO_UDP;
		memcpy(in + 12, f.b + ETH_HDR_LEN + 12, 8);
		in[23] = 7;
		in[25] = 100;
		if (cut) {
			static struct frame last;

			last = f;
			memmove(last.b + 34, last.b + 34 + 64, 64);
			last.len -= 64;
			f.len -= 64;
			frame_ip(&f)->frag = be16_of(IP4_F_MF);
			frame_ip(&last)->frag = be16_of(64 / 8);
			frame_end(&last);
			frame_in(h, &last);
		}
		frame_end(&f);
		frame_in(h, &f);
	}
	assert_int_equal(count_of(h, "IpInUnknownProtos"), 4 * 128);
	assert_int_equal(count_of(h, "UdpInDatagrams") + count_of(h, "UdpInErrors"), 0);
	still_answers(h);
	ph_close(h->st, s, h->now);
	host_free(h);
}

/* attack: CVE-2011-1871 CVE-1999-0524 CVE-2009-0687 CVE-2015-8787 */
static void test_every_type_code_and_length_of_icmp_is_survived(void **state)
{
	struct host *h = host_new();
	static struct frame f;

	(void)state;
	knows(h);
	for (unsigned type = 0; type < 256; type++)
		for (unsigned code = 0; code < 256; code += code < 20 ? 1 : 59) {
			bool asks = type == ICMP4_ECHO || type == ICMP4_TIMESTAMP;

			frame_echo(&f, PEER4, US4, (type + code) % 64);
			f.b[34] = (uint8_t)type;
			f.b[35] = (uint8_t)code;
			frame_icmp_csum(&f);
			frame_in(h, &f);
			while (host_take(h) > 0)
				if (!asks)
					fail_msg("type %u was answered", type);
			if (code < 20) { /* ICMPv6 in IPv4, and IPv4 where there is no address */
				frame_ip(&f)->proto = PH_IPPROTO_ICMPV6;
				frame_ip_csum(&f);
				frame_in(h, &f);
				while (host_take(h) > 0)
					assert_int_equal(out_l4(h)[1], ICMP4_UNREACH_PROTO);
			}
		}
	assert_int_equal(count_of(h, "Icmp6InMsgs"), 0);
	still_answers(h);
	host_free(h);
	h = host_bare((struct ph_conf){ 0 });
	h->link = ph_link_add(h->st, &(struct ph_link_conf){ .name = "t0", .mac = { 2, 9 } }, h->now);
	for (unsigned proto = 0; proto < 256; proto++) {
		uint32_t to = proto & 1 ? US4 : UINT32_MAX;

		frame_ip4(&f, proto & 2 ? 0 : PEER4, to, (uint8_t)proto, 0);
		memset(f.b, 0xff, 6);
		(void)frame_put(&f, 40);
		if (proto & 4)
			frame_ip(&f)->frag = be16_of(IP4_F_MF);
		frame_end(&f);
		frame_in(h, &f);
		assert_int_equal(host_take(h), 0);
	}
	host_run(h, 40 * NS_PER_S);
	assert_int_equal(host_take(h), 0);
	host_free(h);
}

/* An ICMP error whose quoted header lies about itself, while raw and ping sockets hear of errors. */
/* attack: CVE-2023-23415 CVE-2022-23093 */
static void test_quotes_of_every_header_length_are_survived(void **state)
{
	struct host *h = host_new();
	ph_socket raw = ph_socket_new(h->st, PH_AF_INET, PH_SOCK_RAW, PH_IPPROTO_ICMP, h->now);
	ph_socket ping = ph_socket_new(h->st, PH_AF_INET, PH_SOCK_DGRAM, PH_IPPROTO_ICMP, h->now);
	static const uint8_t types[] = { 3, 5, 11, 12, 0 };
	static struct frame f;
	uint8_t got[2048];
	int on = 1;

	(void)state;
	knows(h);
	assert_true(raw >= 0 && ping >= 0);
	assert_int_equal(ph_setsockopt(h->st, raw, 0, PH_IP_RECVERR, &on, 4, h->now), 0);
	assert_int_equal(ph_setsockopt(h->st, ping, 0, PH_IP_RECVERR, &on, 4, h->now), 0);
	for (unsigned i = 0; i < 5 * 16 * 80; i++) {
		unsigned ihl = i / 5 % 16, n = i / 80;
		uint8_t *quote;

		frame_ip4(&f, PEER4, US4, PH_IPPROTO_ICMP, i & 1 ? 40 : 0);
		if (i & 1)
			memset(f.b + ETH_HDR_LEN + 20, 1, 40);
		*(uint8_t *)frame_put(&f, 8) = types[i % 5];
		quote = frame_put(&f, 80);
		quote[0] = (uint8_t)(0x40 | ihl);
		quote[6] = n & 2 ? 0x20 : 0; /* a fragment */
		quote[9] = PH_IPPROTO_ICMP;
		memcpy(quote + 12, f.b + ETH_HDR_LEN + 16, 4);
		memcpy(quote + 16, f.b + ETH_HDR_LEN + 12, 4);
		quote[ihl * 4] = ICMP4_ECHO;
		f.len -= 80 - n;
		frame_icmp_csum(&f);
		frame_end(&f);
		frame_in(h, &f);
		assert_int_equal(host_take(h), 0);
		while (ph_recv(h->st, raw, got, sizeof(got), 0, h->now) > 0)
			;
		while (ph_recv(h->st, ping, got, sizeof(got), PH_MSG_ERRQUEUE, h->now) > 0)
			;
		while (ph_recv(h->st, raw, got, sizeof(got), PH_MSG_ERRQUEUE, h->now) > 0)
			;
	}
	assert_true(drops_of(h, "ICMP_MALFORMED") > 1000);
	ph_close(h->st, raw, h->now);
	ph_close(h->st, ping, h->now);
	still_answers(h);
	host_free(h);
}

/* ---- fragments ------------------------------------------------------------------------------ */

static void fragment(struct host *h, uint32_t src, uint16_t id, uint32_t units, uint32_t len, bool more)
{
	static struct frame f;

	frame_ip4(&f, src, US4, PH_IPPROTO_ICMP, 0)->id = be16_of(id);
	frame_ip(&f)->frag = be16_of((uint16_t)(units | (more ? IP4_F_MF : 0)));
	if (units == 0 && len)
		*(uint8_t *)frame_put(&f, len) = ICMP4_ECHO;
	else
		(void)frame_put(&f, len);
	frame_end(&f);
	frame_in(h, &f);
}

static struct ph_usage usage(const struct host *h)
{
	struct ph_usage u;

	ph_stack_usage(h->st, &u);
	return u;
}

/* attack: CVE-2000-0305 CVE-2007-2045 CVE-2023-28613 CVE-2022-30790 */
static void test_fragments_of_every_offset_and_length_are_survived(void **state)
{
	static const uint32_t lengths[] = { 0, 1, 7, 8, 15, 16, 1472, 1480 };
	struct host *h = host_new();
	uint64_t bytes;

	(void)state;
	knows(h);
	for (unsigned i = 0; i < 100000; i++) /* one, over and over, that goes beyond the end */
		fragment(h, OTHER4, 1, 65520 / 8, 40, false);
	assert_int_equal(usage(h).reassemblies, 0);
	fragment(h, OTHER4, 1, 0, 8, true);
	bytes = usage(h).bytes;
	for (unsigned i = 0; i < 20000; i++) /* and one that repeats what is there */
		fragment(h, OTHER4, 1, 0, 8, true);
	assert_int_equal(usage(h).reassemblies, 1);
	assert_int_equal(usage(h).bytes, bytes);
	for (unsigned off = 0; off < 8192; off++)
		for (unsigned i = 0; i < 2 * ARRAY_LEN(lengths); i++)
			fragment(h, OTHER4, (uint16_t)(off / 16), off, lengths[i / 2], i & 1);
	for (unsigned off = 0; off < 8191; off += 2) /* every second piece, then once more */
		fragment(h, OTHER4, 9999, off, 8, true);
	for (unsigned off = 0; off < 8191; off += 2)
		fragment(h, OTHER4, 9999, off, 8, true);
	assert_true(usage(h).reassemblies <= 1024);
	still_answers(h);
	host_run(h, 40 * NS_PER_S);
	assert_int_equal(usage(h).reassemblies, 0);
	host_free(h);
}

/* Sources beyond number begin datagrams and do not end them: the limits hold, and all is given back. */
/* attack: CVE-2024-20467 CVE-2021-3905 CVE-2018-5391 CVE-2018-6923 */
static void test_fragments_without_end_hold_what_their_limit_says(void **state)
{
	struct host *h = host_new();
	uint64_t before = usage(h).bytes, most = 0;

	(void)state;
	knows(h);
	assert_int_equal(ph_sysctl_set(h->st, "net.ipv4.ipfrag_high_thresh", "200000"), 0);
	for (unsigned i = 0; i < 200000; i++) {
		fragment(h, 0x0a000010 + i % 200, (uint16_t)(i / 200), i % 3 * 8, 64 + i % 2 * 1400,
			 true);
		if (usage(h).bytes > most)
			most = usage(h).bytes;
		if (i % 20000 == 0)
			still_answers(h);
	}
	assert_true(most - before < 2 * 1000 * 1000); /* pools grow by slabs, beside what is charged */
	assert_true(count_of(h, "IpReasmFails") > 100000);
	assert_int_equal(count_of(h, "IpReasmOKs"), 0);
	host_run(h, 31 * NS_PER_S);
	while (host_take(h) > 0)
		;
	assert_int_equal(usage(h).reassemblies, 0);
	assert_int_equal(count_of(h, "IpReasmFails"), 200000);
	still_answers(h);
	host_free(h);
}

/* A SYN whose flags are in a second piece that lies over the first: no connection comes of it. */
/* attack: Tiny-fragment-and-overlap-filter-bypass CVE-1999-0015 CVE-1999-0257 CVE-1999-0258 */
static void test_no_header_is_written_over_by_a_later_piece(void **state)
{
	static const struct {
		uint32_t off, len, off2, len2;
	} row[] = {
		{ 0, 16, 1, 12 },  /* the flags again */
		{ 0, 16, 1, 40 },  /* and all behind them */
		{ 0, 24, 2, 4 },   /* ends within the first */
		{ 0, 40, 3, 4 },   /* teardrop's */
		{ 0, 16, 8191, 8 } /* and one beyond the end: not of the datagram at all */
	};
	struct ph_sockaddr any = { .family = PH_AF_INET, .port = 80 };
	struct host *h = host_new();
	ph_socket s = ph_socket_new(h->st, PH_AF_INET, PH_SOCK_STREAM, 0, h->now);
	static struct frame f;

	(void)state;
	knows(h);
	assert_int_equal(ph_bind(h->st, s, &any, h->now), 0);
	assert_int_equal(ph_listen(h->st, s, 5, h->now), 0);
	for (unsigned i = 0; i < ARRAY_LEN(row); i++)
		for (unsigned piece = 0; piece < 2; piece++) {
			uint32_t off = piece ? row[i].off2 : row[i].off;
			uint32_t len = piece ? row[i].len2 : row[i].len;
			uint8_t tcp[64] = { 0x12, 0x34, 0, 80, [12] = 0x50, [13] = piece ? 2 : 0x10 };

			frame_ip4(&f, PEER4, US4, PH_IPPROTO_TCP, 0)->id = be16_of((uint16_t)i);
			frame_ip(&f)->frag = be16_of((uint16_t)(off | (piece ? 0 : IP4_F_MF)));
			memcpy(frame_put(&f, len), off < 8 ? tcp + off * 8 : tcp, len);
			frame_end(&f);
			frame_in(h, &f);
			while (host_take(h) > 0)
				fail_msg("row %u was answered", i);
		}
	assert_int_equal(count_of(h, "TcpInSegs"), 0);
	assert_int_equal(usage(h).reassemblies, 1); /* the last row's first piece waits */
	ph_close(h->st, s, h->now);
	still_answers(h);
	host_free(h);
}

/* ---- what can be told from outside ---------------------------------------------------------- */

/* attack: CVE-2019-10638 CVE-2019-10639 CVE-2021-45486 CVE-2020-36516 */
static void test_identifications_of_one_destination_tell_nothing_of_another(void **state)
{
	struct host *h = host_new(), *again = host_bare((struct ph_conf){ .key = { 42 } });
	struct ph_link_conf conf = { .name = "t0", .mac = { 2, 0, 0, 0, 0, 2 } };
	struct ph_ip ip = ip_of4(US4);
	unsigned together = 0, same = 0;

	(void)state;
	again->link = ph_link_add(again->st, &conf, again->now);
	assert_int_equal(ph_addr_add(again->st, again->link, &ip, 24, again->now), 0);
	for (uint32_t i = 0; i < 200; i++) {
		struct dst a = host_dst(h, 0x0a000010 + i), b = host_dst(h, 0x0a000011 + i);
		struct dst c = host_dst(again, 0x0a000010 + i);
		uint16_t first = ip4_ident(h->st, &a, 17, 1), other = ip4_ident(h->st, &b, 17, 1);

		together += (uint16_t)(other - first) < 64 || (uint16_t)(first - other) < 64;
		same += ip4_ident(again->st, &c, 17, 1) == first;
		(void)ip4_ident(h->st, &a, 17, 1);
	}
	assert_true(together < 10); /* by chance 0.4 of the 200 are as near */
	assert_true(same < 5);
	host_free(again);
	host_free(h);
}

/* attack: CVE-2015-1465 */
static void test_many_sources_leave_room_for_the_next(void **state)
{
	struct host *h = host_new();
	struct ph_ip none = ip_of4(0), router = ip_of4(PEER4);
	static struct frame f;
	uint64_t bytes = 0;

	(void)state;
	knows(h);
	assert_int_equal(ph_route_add(h->st, &none, 0, &router, h->link, 0, h->now), 0);
	for (uint32_t i = 0; i < 40000; i++) {
		uint32_t src = 0xc6120000 + i; /* far, and every third a neighbour */

		frame_echo(&f, i % 3 ? src : 0x0a000010 + i % 200, US4, 8);
		frame_in(h, &f);
		if (i % 2) { /* told of a narrower path to it, as if it had been sent a packet */
			struct icmp_hdr *icmp;
			uint8_t *quote;

			frame_ip4(&f, PEER4, US4, PH_IPPROTO_ICMP, 0);
			icmp = frame_put(&f, sizeof(*icmp));
			icmp->type = ICMP4_UNREACH;
			icmp->code = ICMP4_UNREACH_FRAG_NEEDED;
			icmp->u.frag_needed.mtu = be16_of(700);
			quote = frame_put(&f, 28);
			quote[0] = 0x45;
			quote[9] = PH_IPPROTO_ICMP;
			memcpy(quote + 12, &(be32[]){ be32_of(US4), be32_of(src) }, 8);
			frame_icmp_csum(&f);
			frame_end(&f);
			frame_in(h, &f);
		}
		while (host_take(h) > 0)
			;
		if (i == 10000)
			bytes = usage(h).bytes;
		if (i % 1000 == 0)
			host_run(h, NS_PER_S);
	}
	assert_true(usage(h).bytes <= bytes + 65536);
	assert_true(usage(h).neighbours <= 1024);
	still_answers(h);
	host_free(h);
}

/* What the user writes whole to an address of the host's own goes the way of all packets, once. */
/* attack: CVE-2023-38562 */
static void test_malformed_packets_to_oneself_are_dropped_once(void **state)
{
	struct host *h = host_new();
	ph_socket s = ph_socket_new(h->st, PH_AF_INET, PH_SOCK_RAW, 255, h->now);
	unsigned sent = 0;

	(void)state;
	for (unsigned i = 0; i < 256 * 16; i++) {
		uint8_t b[96] = { (uint8_t)(0x40 | (i & 15)), 0, 0, (uint8_t)(i >> 4) };
		struct ph_sockaddr to = { .family = PH_AF_INET, .ip = ip_of4(US4) };
		struct ph_iov iov = { b, 20 + i % 76 };
		struct ph_msg msg = { .name = &to, .iov = &iov, .niov = 1 };

		b[6] = (uint8_t)(i >> 5 & 0x3f);
		b[9] = (uint8_t)(i % 5 == 0 ? 1 : i % 5 == 1 ? 17 : i % 5 == 2 ? 6 : i);
		memcpy(b + 16, &(be32){ 0 }, 4);
		b[16] = i & 1 ? 127 : 10;
		b[19] = i & 1 ? 1 : 2;
		b[20] = (uint8_t)(i >> 3);
		if (i & 1)
			to.ip = ip_of4(0x7f000001);
		sent += ph_sendmsg(h->st, s, &msg, 0, h->now) > 0;
		if (i % 64 == 0)
			host_run(h, NS_PER_MS);
	}
	assert_true(sent > 100);
	ph_close(h->st, s, h->now);
	host_run(h, 31 * NS_PER_S);
	still_answers(h);
	host_free(h);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_length_of_the_header_makes_a_longer_answer),
		cmocka_unit_test(test_options_of_every_length_and_pointer_are_survived),
		cmocka_unit_test(test_a_source_route_does_not_lead_the_answer),
		cmocka_unit_test(test_a_tunnel_nobody_asked_for_is_not_looked_into),
		cmocka_unit_test(test_every_type_code_and_length_of_icmp_is_survived),
		cmocka_unit_test(test_quotes_of_every_header_length_are_survived),
		cmocka_unit_test(test_fragments_of_every_offset_and_length_are_survived),
		cmocka_unit_test(test_fragments_without_end_hold_what_their_limit_says),
		cmocka_unit_test(test_no_header_is_written_over_by_a_later_piece),
		cmocka_unit_test(test_identifications_of_one_destination_tell_nothing_of_another),
		cmocka_unit_test(test_many_sources_leave_room_for_the_next),
		cmocka_unit_test(test_malformed_packets_to_oneself_are_dropped_once),
	};

	return cmocka_run_group_tests_name("ip4 hostile", tests, NULL, NULL);
}
