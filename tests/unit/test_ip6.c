/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/ip6.h, ip6_frag.h, icmp6.h: which packets are delivered, dropped, answered and with what, how
 * ours look, fragments in and out.
 */
#include "net6_fixture.h"

static void packet(struct frame *f, const struct ph_ip *src, const struct ph_ip *dst)
{
	frame_ip6(f, src, dst, TEST_PROTO);
	pattern(frame_put(f, 24), 24);
	frame6_end(f);
}

/* rfc: 8200:3-2 8200:3-3 */
static void test_a_packet_is_delivered_with_what_its_header_said(void **state)
{
	struct host *h = host6_new();
	struct frame f;

	(void)state;
	host_test_l4(h);
	packet(&f, &peer6, &us6);
	frame_hdr6(&f)->ver_class_flow = be32_of(6u << 28 | 0xb9u << 20 | 0x12345);
	frame_hdr6(&f)->hop = 3;
	memset(frame_put(&f, 9), 0xee, 9); /* padding */
	frame_in(h, &f);
	assert_int_equal(test_l4.inputs, 1);
	assert_int_equal(test_l4.len, 24);
	assert_memory_equal(test_l4.data, f.b + AT6, 24);
	assert_int_equal(test_l4.rx.ttl, 3);
	assert_int_equal(test_l4.rx.tos, 0xb9);
	assert_int_equal(test_l4.rx.flow, 0x12345);
	assert_memory_equal(&test_l4.rx.src, &peer6, 16);
	assert_memory_equal(&test_l4.rx.dst, &us6, 16);
	assert_false(test_l4.rx.group);
	assert_int_equal(count_of(h, "Ip6InDelivers"), 1);
	assert_int_equal(count_of(h, "Ip6InECT1Pkts"), 1);
	host_free(h);
}

static void test_a_link_local_address_carries_its_link_inside_and_not_outside(void **state)
{
	struct ph_neigh_info n[4];
	struct host *h = host6_new();
	struct frame f;

	(void)state;
	host_test_l4(h);
	packet(&f, &peer_ll, &us_ll);
	frame_in(h, &f);
	assert_int_equal(test_l4.inputs, 1);
	assert_int_equal(ip6_scope(&test_l4.rx.src), h->link);
	assert_int_equal(ip6_scope(&test_l4.rx.dst), h->link);
	host6_know(h, &peer_ll);
	assert_int_equal(ph_neighs(h->st, n, 4), 1);
	assert_memory_equal(&n[0].ip, &peer_ll, 16);
	host_free(h);
}

struct bad {
	const char *what, *reason, *counter;
	struct ph_ip src, dst;
	int at; /* of the header, or -1 */
	uint8_t value;
};
static const struct bad bad[] = {
	{ "version 4", "IP6_INHDR", "Ip6InHdrErrors", { { 0 } }, { { 0 } }, 0, 0x45 },
	{ "version 0", "IP6_INHDR", "Ip6InHdrErrors", { { 0 } }, { { 0 } }, 0, 0 },
	{ "length one beyond", "IP6_TOO_SMALL", "Ip6InTruncatedPkts", { { 0 } }, { { 0 } }, 5, 25 },
	{ "length far beyond", "IP6_TOO_SMALL", "Ip6InTruncatedPkts", { { 0 } }, { { 0 } }, 4, 255 },
	{ "unknown protocol", "IP6_NOPROTO", "Ip6InUnknownProtos", { { 0 } }, { { 0 } }, 6, 254 },
	{ "ICMP of IPv4", "IP6_NOPROTO", "Ip6InUnknownProtos", { { 0 } }, { { 0 } }, 6, 1 },
	{ "no next header", "IP6_NO_NEXT", NULL, { { 0 } }, { { 0 } }, 6, 59 },
	{ "source ::", "IP6_SOURCE", "Ip6InAddrErrors", { { [1] = 0, [15] = 0, [0] = 0 } },
	  { { 0 } }, -2, 0 },
	{ "source ::1", "IP6_SOURCE", "Ip6InAddrErrors", { { [15] = 1 } }, { { 0 } }, -1, 0 },
	{ "source a group", "IP6_SOURCE", "Ip6InAddrErrors", { { 0xff, 2, [15] = 1 } }, { { 0 } },
	  -1, 0 },
	{ "source IPv4 in disguise", "IP6_SOURCE", "Ip6InAddrErrors",
	  { { [10] = 0xff, 0xff, 10, 0, 0, 1 } }, { { 0 } }, -1, 0 },
	{ "source with a scope on the wire", "IP6_DST", "Ip6InAddrErrors",
	  { { 0xfe, 0x80, 0, 1, [15] = 1 } }, { { 0 } }, -1, 0 },
	{ "destination another host", "IP6_DST", "Ip6InAddrErrors", { { 0 } },
	  { { 0xfd, 0, [15] = 3 } }, -1, 0 },
	{ "destination ::1", "IP6_DST", "Ip6InAddrErrors", { { 0 } }, { { [15] = 1 } }, -1, 0 },
	{ "destination IPv4 in disguise", "IP6_DST", "Ip6InAddrErrors", { { 0 } },
	  { { [10] = 0xff, 0xff, 10, 0, 0, 2 } }, -1, 0 },
};

static void test_a_packet_with_a_wrong_field_is_dropped_and_counted(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct host *h = host6_new();
		uint64_t before;
		struct frame f;

		host_test_l4(h);
		packet(&f, ip6_is_any(&bad[i].src) && bad[i].at != -2 ? &peer6 : &bad[i].src,
		       ip6_is_any(&bad[i].dst) ? &us6 : &bad[i].dst);
		if (bad[i].at >= 0)
			f.b[ETH_HDR_LEN + bad[i].at] = bad[i].value;
		before = bad[i].counter ? count_of(h, bad[i].counter) : 0;
		frame_in(h, &f);
		if (drops_of(h, bad[i].reason) != 1 || test_l4.inputs != 0)
			fail_msg("%s: not dropped for %s", bad[i].what, bad[i].reason);
		if (bad[i].counter && count_of(h, bad[i].counter) != before + 1)
			fail_msg("%s: %s was not raised", bad[i].what, bad[i].counter);
		host_free(h);
	}
}

static void test_a_frame_cut_short_at_any_byte_is_dropped(void **state)
{
	struct host *h = host6_new();
	struct frame f;
	size_t len;

	(void)state;
	host_test_l4(h);
	packet(&f, &peer6, &us6);
	len = f.len;
	for (f.len = ETH_HDR_LEN; f.len < len; f.len++)
		frame_in(h, &f);
	assert_int_equal(test_l4.inputs, 0);
	assert_int_equal(drops_of(h, "IP6_INHDR"), 40);
	assert_int_equal(drops_of(h, "IP6_TOO_SMALL"), 24);
	host_free(h);
}

static void test_ipv6_where_it_is_off_is_dropped(void **state)
{
	struct host *h = host_new();
	struct frame f;

	(void)state;
	packet(&f, &peer6, &us6);
	frame_in(h, &f);
	assert_int_equal(drops_of(h, "IPV6DISABLED"), 1);
	host_free(h);
}

/* A chain of headers: bytes from the first on, the IPv6 header's next; what comes of it. */
struct chain {
	const char *what;
	uint8_t next;
	uint8_t bytes[24];
	size_t len;	    /* of them */
	bool group;	    /* sent to ff02::1 */
	const char *reason; /* NULL: delivered */
	int code;	    /* of the parameter problem; -1: none */
	uint32_t pointer;
};
#define LAST TEST_PROTO
static const struct chain chain[] = {
	{ "hop-by-hop with padding", 0, { LAST, 0, 1, 4, 0, 0, 0, 0 }, 8, false, NULL, -1, 0 },
	{ "hop-by-hop with Pad1 alone", 0, { LAST, 0, 0, 0, 0, 0, 0, 0 }, 8, false, NULL, -1, 0 },
	{ "seven octets of Pad1", 60, { LAST, 1, 4, 1, 9, 0, 0, 0, 0, 0, 0, 0, 4, 1, 9 }, 16, false,
	  NULL, -1, 0 },
	{ "eight of Pad1, more than an option could need", 60,
	  { LAST, 1, 4, 1, 9, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0 }, 16, false, "IP6_OPTION", -1, 0 },
	{ "PadN of eight octets", 60, { LAST, 1, 4, 0, 1, 6, 0, 0, 0, 0, 0, 0, 4, 2 }, 16, false,
	  "IP6_OPTION", -1, 0 },
	{ "router alert", 0, { LAST, 0, 5, 2, 0, 0, 1, 0 }, 8, false, NULL, -1, 0 },
	{ "destination options of two kinds", 60, { 60, 0, 1, 4, 0, 0, 0, 0, LAST, 0, 4, 1, 9 }, 16,
	  false, NULL, -1, 0 },
	{ "hop-by-hop then destination options", 0,
	  { 60, 0, 1, 4, 0, 0, 0, 0, LAST, 0, 1, 4, 0, 0, 0, 0 }, 16, false, NULL, -1, 0 },
	{ "hop-by-hop not first", 60, { 0, 0, 1, 4, 0, 0, 0, 0, LAST, 0, 1, 4 }, 16, false,
	  "IP6_EXTHDR", 1, 40 },
	{ "two hop-by-hop headers", 0, { 0, 0, 1, 4, 0, 0, 0, 0, LAST, 0, 1, 4 }, 16, false,
	  "IP6_EXTHDR", 1, 40 },
	{ "unknown option to be skipped", 60, { LAST, 0, 0x1e, 4, 1, 2, 3, 4 }, 8, false, NULL, -1,
	  0 },
	{ "unknown option that ends it", 60, { LAST, 0, 0x5e, 4, 1, 2, 3, 4 }, 8, false,
	  "IP6_OPTION", -1, 0 },
	{ "unknown option to be told of", 60, { LAST, 0, 0x9e, 4, 1, 2, 3, 4 }, 8, false,
	  "IP6_OPTION", 2, 42 },
	{ "unknown option to be told of, to a group", 60, { LAST, 0, 0x9e, 4, 1, 2, 3, 4 }, 8, true,
	  "IP6_OPTION", 2, 42 },
	{ "unknown option to be told of unless to a group", 60, { LAST, 0, 0xde, 4, 1, 2, 3, 4 }, 8,
	  false, "IP6_OPTION", 2, 42 },
	{ "the same to a group", 60, { LAST, 0, 0xde, 4, 1, 2, 3, 4 }, 8, true, "IP6_OPTION", -1,
	  0 },
	{ "the pointer is to the option, wherever it is", 60,
	  { LAST, 1, 1, 2, 0, 0, 0x9e, 0, 1, 6, 0, 0, 0, 0, 0, 0 }, 16, false, "IP6_OPTION", 2, 46 },
	{ "jumbo payload", 0, { LAST, 0, 0xc2, 4, 0, 1, 0, 0 }, 8, false, "IP6_OPTION", 2, 42 },
	{ "an option longer than its header", 60, { LAST, 0, 0x1e, 5, 1, 2, 3, 4 }, 8, false,
	  "IP6_OPTION", -1, 0 },
	{ "an option type without length at the end", 60, { LAST, 0, 1, 3, 0, 0, 0, 0x1e }, 8, false,
	  "IP6_OPTION", -1, 0 },
	{ "more padding than anything needs", 60, { LAST, 1, 1, 6, 0, 0, 0, 0, 0, 0, 1, 4 }, 16,
	  false, "IP6_OPTION", -1, 0 },
	{ "padding that says something", 60, { LAST, 0, 1, 4, 0, 0, 1, 0 }, 8, false, "IP6_OPTION",
	  -1, 0 },
	{ "a header longer than the packet", 60, { LAST, 255, 1, 4, 0, 0, 0, 0 }, 8, false,
	  "IP6_EXTHDR", -1, 0 },
	{ "routing type 0 with a route left", 43, { LAST, 2, 0, 1 }, 24, false, "IP6_ROUTING", 0,
	  42 },
	{ "routing type 0 at its end", 43, { LAST, 2, 0, 0 }, 24, false, NULL, -1, 0 },
	{ "routing of no known type with a route left", 43, { LAST, 0, 200, 9 }, 8, false,
	  "IP6_ROUTING", 0, 42 },
	{ "segment routing with segments left", 43, { LAST, 2, 4, 1 }, 24, false, "IP6_ROUTING", 0,
	  42 },
	{ "unknown header behind others", 60, { 200, 0, 1, 4, 0, 0, 0, 0 }, 8, false, "IP6_NOPROTO",
	  1, 40 },
	{ "nothing behind the options", 60, { 59, 0, 1, 4, 0, 0, 0, 0 }, 8, false, "IP6_NO_NEXT", -1,
	  0 },
};

static void check_problem(struct host *h, const struct chain *c)
{
	const uint8_t *p;

	if (c->code < 0) {
		if (host_take(h) > 0)
			fail_msg("%s: was answered", c->what);
		return;
	}
	if (host_take(h) == 0)
		fail_msg("%s: was not answered", c->what);
	p = out_icmp6(h, ICMP6_PARAM_PROBLEM);
	if (p[1] != c->code || be32_get(((const struct icmp6_hdr *)(const void *)p)->u.pointer) !=
				       c->pointer)
		fail_msg("%s: code %d, pointer %u", c->what, p[1], p[7]);
	assert_memory_equal(p + 8, c->group ? h->out : p + 8, 0);
	assert_memory_equal(out_ip6(h)->src, us6.b, 16);
	assert_memory_equal(out_ip6(h)->dst, peer6.b, 16);
}

/* rfc: 8200:4-1 8200:4-2 8200:4-3 8200:4.1-1 8200:4.2-1 8200:4.2-2 8200:4.2-3 8200:4.2-4
 *	8200:4.2-5 8200:4.2-6 8200:4.4-1 8200:4.4-2 8504:5.3-1 8504:5.3-2 4443:3.4-1 */
static void test_a_chain_of_headers_is_walked_as_it_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(chain); i++) {
		const struct chain *c = &chain[i];
		struct host *h = host6_new();
		struct frame f;

		host_test_l4(h);
		host6_know(h, &peer6);
		frame_ip6(&f, &peer6, c->group ? &all_nodes6 : &us6, c->next);
		memcpy(frame_put(&f, c->len), c->bytes, c->len);
		pattern(frame_put(&f, 24), 24);
		frame6_end(&f);
		frame_in(h, &f);
		if (test_l4.inputs != (c->reason == NULL))
			fail_msg("%s: %sdelivered", c->what, c->reason ? "" : "not ");
		if (!c->reason)
			assert_int_equal(test_l4.len, 24);
		else if (drops_of(h, c->reason) != 1)
			fail_msg("%s: not dropped for %s", c->what, c->reason);
		check_problem(h, c);
		host_free(h);
	}
}

/* rfc: 8504:5.3-3 */
static void test_more_options_than_the_limit_end_it(void **state)
{
	static const struct {
		const char *name;
		uint8_t next;
	} row[] = { { "net.ipv6.max_hbh_opts_number", 0 }, { "net.ipv6.max_dst_opts_number", 60 } };
	struct host *h = host6_new();
	struct frame f;

	(void)state;
	host_test_l4(h);
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		frame_ip6(&f, &peer6, &us6, row[i].next);
		memcpy(frame_put(&f, 8), (const uint8_t[]){ LAST, 0, 0x1e, 1, 0, 0x1e, 1, 0 }, 8);
		frame6_end(&f);
		assert_int_equal(ph_sysctl_set(h->st, row[i].name, "2"), 0);
		frame_in(h, &f);
		assert_int_equal(test_l4.inputs, i + 1);
		assert_int_equal(ph_sysctl_set(h->st, row[i].name, "1"), 0);
		frame_in(h, &f);
		assert_int_equal(test_l4.inputs, i + 1);
		assert_int_equal(drops_of(h, "IP6_OPTION"), i + 1);
	}
	host_free(h);
}

/* rfc: 4443:4.2-1 4443:4.2-2 4443:2.2-1 4443:2.2-2 4443:4.1-1 4443:2.3-1 8504:5.8-1 */
static void test_echo_comes_back_from_the_address_it_went_to(void **state)
{
	static const struct ph_ip *const dst[] = { &us6, &us_ll, &all_nodes6 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(dst); i++) {
		const struct ph_ip *src = i == 0 ? &peer6 : &peer_ll;
		struct host *h = host6_new();
		struct frame f;
		uint8_t *p;

		host6_know(h, src);
		p = frame_icmp6(&f, src, dst[i], ICMP6_ECHO, 64);
		pattern(p + 4, 60);
		frame_icmp6_end(&f, AT6);
		frame_in(h, &f);
		assert_int_equal(host_take(h), AT6 + 64);
		assert_memory_equal(out_icmp6(h, ICMP6_ECHO_REPLY) + 4, p + 4, 60);
		assert_memory_equal(out_ip6(h)->src, i == 0 ? us6.b : us_ll.b, 16);
		assert_memory_equal(out_ip6(h)->dst, src->b, 16);
		assert_int_equal(count_of(h, "Icmp6InEchos"), 1);
		assert_int_equal(count_of(h, "Icmp6OutEchoReplies"), 1);
		p[20] ^= 1; /* and a checksum that is wrong says nothing */
		frame_in(h, &f);
		assert_int_equal(host_take(h), 0);
		assert_int_equal(drops_of(h, "ICMP6_CSUM"), 1);
		assert_int_equal(count_of(h, "Icmp6InCsumErrors"), 1);
		host_free(h);
	}
}

/* rfc: 4443:2.4-5 4443:2.4-6 4443:2.4-7 */
static void test_nobody_is_told_of_errors_groups_or_unknown_senders(void **state)
{
	static const struct {
		const char *what;
		struct ph_ip src, dst;
		uint8_t next, type;
	} row[] = {
		{ "an error with a bad option", { { 0xfd, 0, [15] = 1 } }, { { 0xfd, 0, [15] = 2 } },
		  58, ICMP6_UNREACH },
		{ "a redirect", { { 0xfd, 0, [15] = 1 } }, { { 0xfd, 0, [15] = 2 } }, 58,
		  ICMP6_REDIRECT },
		{ "to a group", { { 0xfd, 0, [15] = 1 } }, { { 0xff, 2, [15] = 1 } }, 200, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		struct host *h = host6_new();
		struct frame f;

		host6_know(h, &peer6);
		if (row[i].next == 58) { /* an option that would be answered before an ICMPv6 one */
			frame_ip6(&f, &row[i].src, &row[i].dst, 60);
			memcpy(frame_put(&f, 8), (const uint8_t[]){ 58, 0, 0x9e, 4 }, 4);
		} else {
			frame_ip6(&f, &row[i].src, &row[i].dst, row[i].next);
		}
		*(uint8_t *)frame_put(&f, 48) = row[i].type;
		frame6_end(&f);
		frame_in(h, &f);
		if (host_take(h) > 0)
			fail_msg("%s: was answered", row[i].what);
		host_free(h);
	}
}

/* rfc: 4443:2.4-10 4443:2.4-3 4443:2.4-11 */
static void test_errors_leave_at_a_rate_and_fit_the_least_mtu(void **state)
{
	struct host *h = host6_new();
	struct frame f;
	unsigned n = 0;

	(void)state;
	host6_know(h, &peer6);
	frame_ip6(&f, &peer6, &us6, 200);
	pattern(frame_put(&f, 1400), 1400);
	frame6_end(&f);
	for (unsigned i = 0; i < 200; i++) {
		frame_in(h, &f);
		while (host_take(h) > 0) {
			assert_int_equal(h->out_len, ETH_HDR_LEN + IP6_MTU_MIN);
			assert_memory_equal(out_icmp6(h, ICMP6_PARAM_PROBLEM) + 8,
					    f.b + ETH_HDR_LEN, 1232);
			n++;
		}
	}
	assert_int_equal(n, 6); /* net.ipv6.icmp.ratelimit lets six go at once */
	assert_int_equal(count_of(h, "Icmp6OutRateLimitHost"), 194);
	host_free(h);
}

/* An ICMPv6 error, and what a transport hears. */
/* rfc: 4443:2.4-1 4443:2.4-4 4443:3.1-2 4443:3.2-2 4443:3.3-2 4443:3.4-2 8504:5.8-1 */
static void test_an_error_reaches_the_transport_that_sent_it(void **state)
{
	static const struct {
		uint8_t type, code;
		int error;
		bool hard;
	} row[] = {
		{ 1, 0, ENETUNREACH, false }, { 1, 1, EACCES, true },	 { 1, 2, EHOSTUNREACH, false },
		{ 1, 3, EHOSTUNREACH, false }, { 1, 4, ECONNREFUSED, true }, { 1, 5, EACCES, true },
		{ 1, 6, EACCES, true },	      { 1, 99, EPROTO, true },	 { 2, 0, EMSGSIZE, false },
		{ 3, 0, EHOSTUNREACH, false }, { 4, 1, EPROTO, true },	 { 100, 0, EPROTO, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		struct host *h = host6_new();
		struct frame quoted, f;
		uint8_t *p;

		host_test_l4(h);
		frame_ip6(&quoted, &us6, &far6, 60);
		memcpy(frame_put(&quoted, 8), (const uint8_t[]){ TEST_PROTO, 0, 1, 4 }, 4);
		pattern(frame_put(&quoted, 24), 24);
		frame6_end(&quoted);
		p = frame_icmp6(&f, &peer6, &us6, row[i].type, 8);
		p[1] = row[i].code;
		p[6] = 5; /* an mtu of 1280 */
		memcpy(frame_put(&f, quoted.len - ETH_HDR_LEN), quoted.b + ETH_HDR_LEN,
		       quoted.len - ETH_HDR_LEN);
		frame_icmp6_end(&f, AT6);
		frame_in(h, &f);
		assert_int_equal(test_l4.errors, 1);
		assert_int_equal(test_l4.err.error, row[i].error);
		assert_int_equal(test_l4.err.hard, row[i].hard);
		assert_int_equal(test_l4.err.mtu, row[i].type == 2 ? 1280 : 0);
		assert_memory_equal(&test_l4.err.local, &us6, 16);
		assert_memory_equal(&test_l4.err.remote, &far6, 16);
		assert_memory_equal(test_l4.err.quote, quoted.b + AT6 + 8, 24);
		for (size_t cut = f.len - 17; cut > AT6; cut--) { /* and no part of it misleads */
			struct frame g = f;

			g.len = cut;
			frame_icmp6_end(&g, AT6);
			frame_in(h, &g);
		}
		assert_int_equal(test_l4.errors, 1);
		host_free(h);
	}
}

/* ---- fragments ------------------------------------------------------------------------------ */

/* A fragment [off, off+len) of a datagram of TEST_PROTO, its payload a pattern. */
static void fragment(struct frame *f, uint32_t id, uint32_t off, uint32_t len, bool more)
{
	static uint8_t all[70000];
	struct ip6_frag *h;

	pattern(all, sizeof(all));
	frame_ip6(f, &peer6, &us6, IP6_NEXT_FRAGMENT);
	h = frame_put(f, sizeof(*h));
	h->next = TEST_PROTO;
	h->off = be16_of((uint16_t)(off | more));
	h->id = be32_of(id);
	memcpy(frame_put(f, len), all + off, len);
	frame6_end(f);
}

/* rfc: 8200:4.5-11 */
static void test_fragments_in_any_order_become_the_datagram(void **state)
{
	static const uint8_t order[][3] = { { 0, 1, 2 }, { 2, 1, 0 }, { 1, 2, 0 }, { 2, 0, 1 } };
	static uint8_t want[3000];

	(void)state;
	pattern(want, sizeof(want));
	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		struct host *h = host6_new();
		struct frame f;

		host_test_l4(h);
		for (unsigned k = 0; k < 3; k++) {
			uint32_t n = order[i][k];

			assert_int_equal(test_l4.inputs, 0);
			fragment(&f, 7, n * 1200, n == 2 ? 600 : 1200, n < 2);
			frame_in(h, &f);
			frame_in(h, &f); /* once more: passed over */
		}
		assert_int_equal(test_l4.inputs, 1);
		assert_int_equal(test_l4.len, 3000);
		assert_memory_equal(test_l4.data, want, 3000);
		assert_int_equal(count_of(h, "Ip6ReasmOKs"), 1);
		host6_settle(h, 61 * NS_PER_S); /* a repetition behind the last began another one */
		host_free(h);
	}
}

/* rfc: 5722:4-2 5722:4-3 8200:4.5-10 */
static void test_fragments_that_overlap_take_the_datagram_with_them(void **state)
{
	struct host *h = host6_new();
	struct frame f;

	(void)state;
	host_test_l4(h);
	fragment(&f, 7, 0, 16, true);
	frame_in(h, &f);
	fragment(&f, 7, 8, 16, true);
	frame_in(h, &f);
	assert_int_equal(count_of(h, "Ip6ReasmFails"), 1);
	fragment(&f, 7, 24, 8, false);
	frame_in(h, &f);
	assert_int_equal(test_l4.inputs, 0);
	host6_settle(h, 61 * NS_PER_S);
	host_free(h);
}

/* rfc: 6946:3-1 6946:3-2 8200:4.5-12 */
static void test_an_atomic_fragment_belongs_to_no_other(void **state)
{
	struct host *h = host6_new();
	struct frame f;

	(void)state;
	host_test_l4(h);
	fragment(&f, 7, 0, 16, true);
	frame_in(h, &f);
	fragment(&f, 7, 0, 24, false); /* the same identification */
	frame_in(h, &f);
	assert_int_equal(test_l4.inputs, 1);
	assert_int_equal(test_l4.len, 24);
	fragment(&f, 7, 16, 8, false);
	frame_in(h, &f);
	assert_int_equal(test_l4.inputs, 2);
	assert_int_equal(test_l4.len, 24);
	host_free(h);
}

/* rfc: 8200:4.5-7 8200:4.5-8 8200:4.5-9 */
static void test_a_fragment_that_cannot_be_is_told_of(void **state)
{
	static const struct {
		const char *what;
		uint32_t off, len;
		bool more;
		uint8_t next;
		uint8_t code, pointer;
	} row[] = {
		{ "not whole units", 0, 20, true, TEST_PROTO, 0, 4 },
		{ "beyond 64 KiB", 65528, 16, false, TEST_PROTO, 0, 42 },
		{ "first without the protocol's header", 0, 8, true, 60, 3, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		struct host *h = host6_new();
		const uint8_t *p;
		struct frame f;

		host6_know(h, &peer6);
		fragment(&f, 9, row[i].off, row[i].len, row[i].more);
		f.b[AT6] = row[i].next;
		if (row[i].next == 60)
			memcpy(f.b + AT6 + 8, (const uint8_t[]){ TEST_PROTO, 1, 1, 4 }, 4);
		frame_in(h, &f);
		if (host_take(h) == 0)
			fail_msg("%s: was not answered", row[i].what);
		p = out_icmp6(h, ICMP6_PARAM_PROBLEM);
		if (p[1] != row[i].code || p[7] != row[i].pointer)
			fail_msg("%s: code %d, pointer %d", row[i].what, p[1], p[7]);
		assert_int_equal(count_of(h, "Ip6ReasmFails"), 1);
		host_free(h);
	}
}

/* rfc: 8200:4.5-5 8200:4.5-6 */
static void test_who_sent_the_first_fragment_hears_that_the_others_are_late(void **state)
{
	struct host *h = host6_new();
	struct frame f;

	(void)state;
	host6_know(h, &peer6);
	fragment(&f, 7, 0, 1200, true);
	frame_in(h, &f);
	host_run(h, 60 * NS_PER_S - 1);
	assert_int_equal(host_take(h), 0);
	host_run(h, 1);
	assert_true(host_take(h) > 0);
	assert_int_equal(out_icmp6(h, ICMP6_TIME_EXCEEDED)[1], ICMP6_EXCEEDED_REASM);
	assert_int_equal(count_of(h, "Ip6ReasmTimeout"), 1);
	fragment(&f, 8, 1200, 1200, true); /* without the first there is nothing to quote */
	frame_in(h, &f);
	host_run(h, 60 * NS_PER_S);
	assert_int_equal(host_take(h), 0);
	host_free(h);
}

static void test_fragments_hold_no_more_memory_than_the_limit(void **state)
{
	struct host *h = host6_new();
	struct ph_usage u;
	struct frame f;

	(void)state;
	assert_int_equal(ph_sysctl_set(h->st, "net.ipv6.ip6frag_high_thresh", "65536"), 0);
	for (uint32_t id = 0; id < 500; id++) {
		fragment(&f, id, 0, 1200, true);
		frame_in(h, &f);
		assert_true(h->st->net->reass6.pinned <= 65536);
	}
	ph_stack_usage(h->st, &u);
	assert_true(u.reassemblies > 5 && u.reassemblies < 60);
	host_test_l4(h);
	packet(&f, &peer6, &us6); /* and others are served */
	frame_in(h, &f);
	assert_int_equal(test_l4.inputs, 1);
	host6_settle(h, 61 * NS_PER_S);
	host_free(h);
}

/* ---- out ------------------------------------------------------------------------------------ */

static int send_to(struct host *h, const struct ph_ip *to, uint32_t n, const struct ip_tx *tx)
{
	struct ph_ip dst = scoped(h, to);
	struct dst d = { 0 };
	int rc = dst_lookup(h->st, &d, NULL, &dst, false);

	return rc != 0 ? rc : ip_output(h->st, host_payload(h, 1, n), &d, tx);
}

/* rfc: 2464:3-1 */
static void test_our_header_is_right_in_every_field(void **state)
{
	struct ip_tx tx = { .proto = TEST_PROTO, .tos = 0xb8, .ttl = 9, .flow = 0x54321 };
	struct host *h = host6_new();

	(void)state;
	host6_know(h, &peer6);
	assert_int_equal(send_to(h, &peer6, 20, &tx), 0);
	assert_int_equal(host_take(h), AT6 + 20);
	assert_int_equal(be16_get(out_eth(h)->type), 0x86dd);
	assert_int_equal(be32_get(out_ip6(h)->ver_class_flow), 6u << 28 | 0xb8u << 20 | 0x54321);
	assert_int_equal(be16_get(out_ip6(h)->len), 20);
	assert_int_equal(out_ip6(h)->next, TEST_PROTO);
	assert_int_equal(out_ip6(h)->hop, 9);
	assert_memory_equal(out_ip6(h)->src, us6.b, 16);
	assert_memory_equal(out_ip6(h)->dst, peer6.b, 16);
	tx = (struct ip_tx){ .proto = TEST_PROTO };
	assert_int_equal(send_to(h, &all_nodes6, 20, &tx), 0);
	assert_int_equal(host_take(h), AT6 + 20);
	assert_memory_equal(out_eth(h)->dst, all_mac6, 6);
	assert_int_equal(out_ip6(h)->hop, 1);
	assert_memory_equal(out_ip6(h)->src, us_ll.b, 16);
	assert_memory_equal(out_ip6(h)->dst, all_nodes6.b, 16);
	host_free(h);
}

/* rfc: 8200:4.5-1 8200:4.5-2 8200:4.5-4 5722:4-1 */
static void test_what_is_larger_than_the_path_is_cut_at_the_source(void **state)
{
	struct ip_tx tx = { .proto = TEST_PROTO };
	struct host *h = host6_new();
	uint32_t at = 0, id = 0;
	static uint8_t want[3000];

	(void)state;
	host6_know(h, &peer6);
	assert_int_equal(send_to(h, &peer6, 3000, &tx), 0);
	pattern(want, sizeof(want));
	want[0] = 1;
	while (host_take(h) > 0) {
		const struct ip6_frag *f = (const void *)(h->out + AT6);
		uint32_t len = (uint32_t)(h->out_len - AT6 - 8);

		assert_int_equal(out_ip6(h)->next, IP6_NEXT_FRAGMENT);
		assert_int_equal(f->next, TEST_PROTO);
		assert_int_equal(be16_get(f->off), at | (at + len < 3000));
		assert_true(at == 0 || be32_get(f->id) == id);
		assert_true(h->out_len <= ETH_HDR_LEN + 1500);
		assert_memory_equal(h->out + AT6 + 8, want + at, len);
		id = be32_get(f->id);
		at += len;
	}
	assert_int_equal(at, 3000);
	assert_int_equal(count_of(h, "Ip6FragCreates"), 3);
	tx.df = true;
	assert_int_equal(send_to(h, &peer6, 3000, &tx), -EMSGSIZE);
	host_free(h);
}

/* ---- path mtus ------------------------------------------------------------------------------ */

/* The largest frame of the answer to an echo request of n bytes. */
static int largest_answer(struct host *h, size_t n)
{
	struct frame f;
	int most = 0;

	frame_icmp6(&f, &peer6, &us6, ICMP6_ECHO, n);
	frame_icmp6_end(&f, AT6);
	frame_in(h, &f);
	while (host_take(h) > 0)
		most = h->out_len > most ? h->out_len : most;
	return most;
}

/* A packet too big about an echo reply to the peer. */
static void too_big(struct host *h, uint32_t mtu)
{
	struct frame quoted, f;
	uint8_t *p;

	frame_icmp6(&quoted, &us6, &peer6, ICMP6_ECHO_REPLY, 1200);
	frame_icmp6_end(&quoted, AT6);
	p = frame_icmp6(&f, &far6, &us6, ICMP6_TOO_BIG, 8);
	p[6] = (uint8_t)(mtu >> 8);
	p[7] = (uint8_t)mtu;
	memcpy(frame_put(&f, 1000), quoted.b + ETH_HDR_LEN, 1000);
	frame_icmp6_end(&f, AT6);
	frame_in(h, &f);
}

/* rfc: 8201:4-2 8201:4-4 8201:4-5 8201:5.3-1 8021:4-2 8200:5-1 */
static void test_a_path_is_as_wide_as_we_were_told_for_a_time(void **state)
{
	struct host *h = host6_new();

	(void)state;
	host6_know(h, &peer6);
	assert_int_equal(largest_answer(h, 1400), AT6 + 1400);
	too_big(h, 1279); /* no path of IPv6's is: believed not at all */
	assert_int_equal(largest_answer(h, 1400), AT6 + 1400);
	too_big(h, 1600);
	assert_int_equal(largest_answer(h, 1400), AT6 + 1400);
	too_big(h, 1300);
	assert_in_range(largest_answer(h, 1400), ETH_HDR_LEN + 1280, ETH_HDR_LEN + 1300);
	too_big(h, 1400); /* never larger */
	assert_in_range(largest_answer(h, 1400), ETH_HDR_LEN + 1280, ETH_HDR_LEN + 1300);
	too_big(h, 1280);
	assert_in_range(largest_answer(h, 1400), ETH_HDR_LEN + 1264, ETH_HDR_LEN + 1280);
	host_run(h, 599 * NS_PER_S);
	assert_in_range(largest_answer(h, 1400), ETH_HDR_LEN + 1264, ETH_HDR_LEN + 1280);
	host_run(h, 2 * NS_PER_S);
	assert_int_equal(largest_answer(h, 1400), AT6 + 1400);
	host_free(h);
}

/* rfc: 1191:6.3-1 */
static void test_the_path_mtus_kept_are_bounded_and_of_both_families(void **state)
{
	struct host *h = host_new();
	struct ph_ip gateway = ip_of4(PEER4), all = ip_of4(0), to;
	struct dst d = { 0 };
	uint64_t bytes = 0;
	struct ph_usage u;

	(void)state;
	assert_int_equal(ph_route_add(h->st, &all, 0, &gateway, h->link, 0, h->now), 0);
	for (uint32_t i = 0; i < 3000; i++) {
		to = ip_of4(0xc0000200 + i);
		pmtu_learn(h->st, &to, 1000);
		ph_stack_usage(h->st, &u);
		if (i == 1200)
			bytes = u.bytes;
	}
	assert_true(u.bytes == bytes);
	assert_int_equal(dst_lookup(h->st, &d, NULL, &to, false), 0);
	assert_int_equal(d.mtu, 1000);
	assert_int_equal(d.link_mtu, 1500);
	assert_false(d.mtu_lock);
	pmtu_learn(h->st, &to, 60); /* net.ipv4.route.min_pmtu */
	assert_int_equal(dst_lookup(h->st, &d, NULL, &to, false), 0);
	assert_int_equal(d.mtu, 552);
	assert_true(d.mtu_lock); /* routers cut what is sent there */
	to = ip_of4(0xc0000200);
	assert_int_equal(dst_lookup(h->st, &d, NULL, &to, false), 0);
	assert_int_equal(d.mtu, 1500); /* the first made room */
	host_run(h, 601 * NS_PER_S);
	host_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_packet_is_delivered_with_what_its_header_said),
		cmocka_unit_test(test_a_link_local_address_carries_its_link_inside_and_not_outside),
		cmocka_unit_test(test_a_packet_with_a_wrong_field_is_dropped_and_counted),
		cmocka_unit_test(test_a_frame_cut_short_at_any_byte_is_dropped),
		cmocka_unit_test(test_ipv6_where_it_is_off_is_dropped),
		cmocka_unit_test(test_a_chain_of_headers_is_walked_as_it_says),
		cmocka_unit_test(test_more_options_than_the_limit_end_it),
		cmocka_unit_test(test_echo_comes_back_from_the_address_it_went_to),
		cmocka_unit_test(test_nobody_is_told_of_errors_groups_or_unknown_senders),
		cmocka_unit_test(test_errors_leave_at_a_rate_and_fit_the_least_mtu),
		cmocka_unit_test(test_an_error_reaches_the_transport_that_sent_it),
		cmocka_unit_test(test_fragments_in_any_order_become_the_datagram),
		cmocka_unit_test(test_fragments_that_overlap_take_the_datagram_with_them),
		cmocka_unit_test(test_an_atomic_fragment_belongs_to_no_other),
		cmocka_unit_test(test_a_fragment_that_cannot_be_is_told_of),
		cmocka_unit_test(test_who_sent_the_first_fragment_hears_that_the_others_are_late),
		cmocka_unit_test(test_fragments_hold_no_more_memory_than_the_limit),
		cmocka_unit_test(test_our_header_is_right_in_every_field),
		cmocka_unit_test(test_what_is_larger_than_the_path_is_cut_at_the_source),
		cmocka_unit_test(test_a_path_is_as_wide_as_we_were_told_for_a_time),
		cmocka_unit_test(test_the_path_mtus_kept_are_bounded_and_of_both_families),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
