/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/icmp4.h: echo of every size, errors in to the transports, errors out by the rules of RFC
 * 1122 3.2.2.
 */
#include "net_fixture.h"

static void test_an_echo_request_comes_back_with_the_same_data(void **state)
{
	static const size_t size[] = { 0, 1, 7, 8, 56, 255, 256, 1471, 1472 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(size); i++) {
		struct host *h = host_new();
		struct frame f;
		struct icmp_hdr *sent = frame_echo(&f, PEER4, US4, size[i]);
		const struct icmp_hdr *got = (const void *)out_l4(h);

		host_knows_peer(h);
		frame_ip(&f)->tos = 0x88;
		frame_ip_csum(&f);
		frame_in(h, &f);
		assert_int_equal(host_take(h), ETH_HDR_LEN + 20 + 8 + size[i]);
		assert_memory_equal(out_eth(h)->dst, peer_mac, 6);
		assert_int_equal(be32_get(out_ip4(h)->src), US4);
		assert_int_equal(be32_get(out_ip4(h)->dst), PEER4);
		assert_int_equal(out_ip4(h)->tos, 0x88);
		assert_int_equal(out_ip4(h)->ttl, 64);
		assert_int_equal(got->type, ICMP4_ECHO_REPLY);
		assert_int_equal(got->code, 0);
		assert_memory_equal(&got->u, &sent->u, 4 + size[i]);
		assert_int_equal(csum_fold(csum_add(0, got, (uint32_t)(8 + size[i]))), 0xffff);
		assert_int_equal(count_of(h, "IcmpInEchos"), 1);
		assert_int_equal(count_of(h, "IcmpOutEchoReps"), 1);
		assert_int_equal(count_of(h, "IcmpMsgInType8"), 1);
		assert_int_equal(count_of(h, "IcmpMsgOutType0"), 1);
		host_free(h);
	}
}

/* The checksum of the reply is derived from the request's: every value of the word that changes. */
static void test_the_reply_s_checksum_is_right_whatever_the_request_s_was(void **state)
{
	struct host *h = host_new();
	struct frame f;
	struct icmp_hdr *sent = frame_echo(&f, PEER4, US4, 8);

	(void)state;
	host_knows_peer(h);
	for (uint32_t v = 0; v < 65536; v += 13) {
		sent->u.echo.seq = be16_of((uint16_t)v);
		frame_icmp_csum(&f);
		frame_in(h, &f);
		assert_true(host_take(h) > 0);
		assert_int_equal(csum_fold(csum_add(0, out_l4(h), 16)), 0xffff);
	}
	host_free(h);
}

static void test_a_fragmented_echo_request_is_answered_in_fragments(void **state)
{
	struct host *h = host_new();
	struct frame f, *whole = malloc(sizeof(*whole));
	uint32_t total = 8 + 5000, off;
	uint8_t *got = calloc(1, total);

	(void)state;
	assert_non_null(whole);
	assert_non_null(got);
	host_knows_peer(h);
	(void)frame_echo(whole, PEER4, US4, 5000);
	for (off = 0; off < total; off += 1480) {
		uint32_t n = total - off < 1480 ? total - off : 1480;
		struct ip4_hdr *ip = frame_ip4(&f, PEER4, US4, PH_IPPROTO_ICMP, 0);

		ip->frag = be16_of((uint16_t)(off / 8 | (off + n < total ? IP4_F_MF : 0)));
		memcpy(frame_put(&f, n), whole->b + 34 + off, n);
		frame_end(&f);
		frame_in(h, &f);
	}
	for (off = 0; off < total;) {
		uint32_t n;

		assert_true(host_take(h) > 0);
		n = be16_get(out_ip4(h)->len) - 20u;
		memcpy(got + (be16_get(out_ip4(h)->frag) & IP4_OFF_MASK) * 8, out_l4(h), n);
		off += n;
	}
	assert_int_equal(off, total);
	assert_int_equal(got[0], ICMP4_ECHO_REPLY);
	assert_memory_equal(got + 4, whole->b + 34 + 4, total - 4);
	assert_int_equal(csum_fold(csum_add(0, got, total)), 0xffff);
	free(got);
	free(whole);
	host_free(h);
}

/* A message made wrong in one place, or sent where it is not answered. */
struct bad {
	const char *what, *reason, *counter;
	size_t at; /* in the ICMP header */
	uint8_t value;
	bool fix_csum;
};
static const struct bad bad[] = {
	{ "checksum", "ICMP_CSUM", "IcmpInCsumErrors", 2, 0x55, false },
	{ "checksum, in the general counter too", "ICMP_CSUM", "IcmpInErrors", 3, 0x55, false },
	{ "type 19", "ICMP_MALFORMED", "IcmpInErrors", 0, 19, true },
	{ "type 255", "ICMP_MALFORMED", "IcmpInErrors", 0, 255, true },
	{ "type 1, never assigned", "ICMP_IGNORED", NULL, 0, 1, true },
	{ "timestamp request cut short", "ICMP_MALFORMED", "IcmpInTimestamps", 0, 13, true },
	{ "address mask request", "ICMP_IGNORED", "IcmpInAddrMasks", 0, 17, true },
	{ "redirect without a quote", "ICMP_MALFORMED", "IcmpInRedirects", 0, 5, true },
	{ "source quench", "ICMP_IGNORED", "IcmpInSrcQuenchs", 0, 4, true },
	{ "echo reply nobody waits for", "NO_SOCKET", "IcmpInEchoReps", 0, 0, true },
	{ "unreachable without a quote", "ICMP_MALFORMED", "IcmpInErrors", 0, 3, true },
	{ "time exceeded without a quote", "ICMP_MALFORMED", "IcmpInErrors", 0, 11, true },
};

static void test_a_message_that_is_wrong_or_asks_nothing_is_dropped(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct host *h = host_new();
		struct frame f;

		host_knows_peer(h);
		(void)frame_echo(&f, PEER4, US4, 4);
		f.b[34 + bad[i].at] = bad[i].value;
		if (bad[i].fix_csum)
			frame_icmp_csum(&f);
		frame_in(h, &f);
		if (drops_of(h, bad[i].reason) != 1 || host_take(h) != 0)
			fail_msg("%s: not dropped for %s", bad[i].what, bad[i].reason);
		if (bad[i].counter && count_of(h, bad[i].counter) != 1)
			fail_msg("%s: %s was not raised", bad[i].what, bad[i].counter);
		host_free(h);
	}
}

static void test_a_header_cut_short_is_dropped(void **state)
{
	struct host *h = host_new();
	struct frame f;

	(void)state;
	for (size_t n = 0; n < 8; n++) {
		(void)frame_echo(&f, PEER4, US4, 0);
		f.len = 34 + n;
		frame_end(&f);
		frame_in(h, &f);
	}
	assert_int_equal(drops_of(h, "ICMP_MALFORMED"), 8);
	host_free(h);
}

/* attack: CVE-1999-0513 */
static void test_echo_to_a_broadcast_address_is_answered_only_when_told_to(void **state)
{
	struct host *h = host_new();
	struct frame f;

	(void)state;
	host_knows_peer(h);
	(void)frame_echo(&f, PEER4, BCAST4, 8);
	memcpy(f.b, all_mac, 6);
	frame_in(h, &f);
	assert_int_equal(host_take(h), 0);
	assert_int_equal(drops_of(h, "ICMP_BROADCAST"), 1);
	assert_int_equal(ph_sysctl_set(h->st, "net.ipv4.icmp_echo_ignore_broadcasts", "0"), 0);
	frame_in(h, &f);
	assert_true(host_take(h) > 0);
	assert_int_equal(be32_get(out_ip4(h)->src), US4); /* rfc: 1122:3.2.1.3-4 */
	assert_int_equal(ph_sysctl_set(h->st, "net.ipv4.icmp_echo_ignore_all", "1"), 0);
	(void)frame_echo(&f, PEER4, US4, 8);
	frame_in(h, &f);
	assert_int_equal(host_take(h), 0);
	assert_int_equal(drops_of(h, "ICMP_IGNORED"), 1);
	host_free(h);
}

/* ---- errors in ------------------------------------------------------------------------------ */

/*
 * An error about a packet from us to the peer, of which `n` bytes behind the IP header are
 * quoted.
 */
static struct ip4_hdr *error_frame(struct frame *f, uint8_t type, uint8_t code, uint32_t n)
{
	struct icmp_hdr *h;
	struct ip4_hdr *q;

	(void)frame_ip4(f, OTHER4, US4, PH_IPPROTO_ICMP, 0);
	h = frame_put(f, sizeof(*h));
	h->type = type;
	h->code = code;
	q = frame_put(f, sizeof(*q));
	*q = (struct ip4_hdr){ .ver_ihl = 0x45,
			       .len = be16_of(100),
			       .ttl = 1,
			       .proto = TEST_PROTO,
			       .src = be32_of(US4),
			       .dst = be32_of(PEER4) };
	pattern(frame_put(f, n), n);
	frame_icmp_csum(f);
	frame_end(f);
	return q;
}

/* rfc: 1122:3.2.2.4-1, 1122:3.2.2.5-2, 1122:3.2.2-4 */
static void test_errors_reach_the_transport_with_linux_s_errno(void **state)
{
	static const struct {
		uint8_t type, code;
		int error;
		bool hard;
	} row[] = {
		{ 3, 0, ENETUNREACH, false },	{ 3, 1, EHOSTUNREACH, false },
		{ 3, 2, ENOPROTOOPT, true },	{ 3, 3, ECONNREFUSED, true },
		{ 3, 4, EMSGSIZE, false },	{ 3, 5, EOPNOTSUPP, false },
		{ 3, 6, ENETUNREACH, true },	{ 3, 7, EHOSTDOWN, true },
		{ 3, 8, ENONET, true },		{ 3, 9, ENETUNREACH, true },
		{ 3, 10, EHOSTUNREACH, true },	{ 3, 11, ENETUNREACH, false },
		{ 3, 12, EHOSTUNREACH, false }, { 3, 13, EHOSTUNREACH, true },
		{ 3, 14, EHOSTUNREACH, true },	{ 3, 15, EHOSTUNREACH, true },
		{ 11, 0, EHOSTUNREACH, false }, { 11, 1, EHOSTUNREACH, false },
		{ 12, 0, EPROTO, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		struct host *h = host_new();
		struct frame f;
		uint8_t quoted[16];

		host_test_l4(h);
		(void)error_frame(&f, row[i].type, row[i].code, 16);
		f.b[34 + 7] = 200; /* a next-hop mtu, for those that have one */
		frame_icmp_csum(&f);
		frame_in(h, &f);
		assert_int_equal(test_l4.errors, 1);
		assert_int_equal(test_l4.err.error, row[i].error);
		assert_int_equal(test_l4.err.hard, row[i].hard);
		assert_int_equal(test_l4.err.type, row[i].type);
		assert_int_equal(test_l4.err.code, row[i].code);
		assert_int_equal(test_l4.err.mtu, row[i].code == 4 ? 200 : 0);
		assert_int_equal(ip_get4(&test_l4.err.local), US4);
		assert_int_equal(ip_get4(&test_l4.err.remote), PEER4);
		assert_int_equal(ip_get4(&test_l4.err.from), OTHER4);
		assert_int_equal(test_l4.err.quote_len, 16);
		pattern(quoted, 16);
		assert_memory_equal(test_l4.quote, quoted, 16);
		host_free(h);
	}
}

static void test_an_error_whose_quote_is_wrong_reaches_nobody(void **state)
{
	static const struct {
		const char *what, *reason;
		size_t at; /* in the quoted header */
		uint8_t value, code;
		uint32_t quoted;
	} row[] = {
		{ "seven bytes of transport", "ICMP_MALFORMED", 0, 0x45, 3, 7 },
		{ "no bytes of transport", "ICMP_MALFORMED", 0, 0x45, 3, 0 },
		{ "version 6", "ICMP_MALFORMED", 0, 0x65, 3, 8 },
		{ "header length 4", "ICMP_MALFORMED", 0, 0x44, 3, 8 },
		{ "header length 0", "ICMP_MALFORMED", 0, 0x40, 3, 64 },
		{ "header longer than the quote", "ICMP_MALFORMED", 0, 0x4f, 3, 47 },
		{ "a packet of somebody else", "ICMP_QUOTE", 15, 3, 3, 8 },
		{ "a fragment other than the first", "ICMP_QUOTE", 7, 1, 3, 8 },
		{ "a protocol that is not spoken here", "ICMP_QUOTE", 9, 254, 3, 8 },
		{ "an IGMP message of ours", "ICMP_QUOTE", 9, 2, 3, 8 },
		{ "a code that nobody assigned", "ICMP_IGNORED", 0, 0x45, 16, 8 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		struct host *h = host_new();
		struct frame f;

		host_test_l4(h);
		(void)error_frame(&f, 3, row[i].code, row[i].quoted);
		f.b[34 + 8 + row[i].at] = row[i].value;
		frame_icmp_csum(&f);
		frame_in(h, &f);
		if (test_l4.errors != 0 || drops_of(h, row[i].reason) != 1)
			fail_msg("%s: not dropped for %s", row[i].what, row[i].reason);
		host_free(h);
	}
}

/* ---- errors out ----------------------------------------------------------------------------- */

static void unknown_protocol(struct frame *f, uint32_t src, uint32_t dst, size_t n)
{
	frame_ip4(f, src, dst, 254, 0);
	pattern(frame_put(f, n), n);
	frame_end(f);
}

/* rfc: 1812:4.3.2.3-1, 1812:4.3.2.5-1, 1122:3.2.2-3, 1122:3.3.8-1 */
static void test_a_protocol_nobody_speaks_is_reported_with_a_quote(void **state)
{
	static const size_t size[] = { 0, 8, 100, 528, 529, 1400 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(size); i++) {
		struct host *h = host_new();
		const struct icmp_hdr *icmp = (const void *)out_l4(h);
		size_t quoted = size[i] < 528 ? size[i] : 528;
		struct frame f;

		host_knows_peer(h);
		unknown_protocol(&f, PEER4, US4, size[i]);
		frame_in(h, &f);
		assert_int_equal(host_take(h), ETH_HDR_LEN + 20 + 8 + 20 + quoted);
		assert_true(be16_get(out_ip4(h)->len) <= 576);
		assert_int_equal(out_ip4(h)->tos, 0xc0);
		assert_int_equal(be32_get(out_ip4(h)->dst), PEER4);
		assert_int_equal(icmp->type, ICMP4_UNREACH);
		assert_int_equal(icmp->code, ICMP4_UNREACH_PROTO);
		assert_memory_equal(&icmp->u, no_mac, 4);
		assert_memory_equal(out_l4(h) + 8, f.b + ETH_HDR_LEN, 20 + quoted);
		assert_int_equal(csum_fold(csum_add(0, icmp, (uint32_t)(28 + quoted))), 0xffff);
		assert_int_equal(count_of(h, "IcmpOutDestUnreachs"), 1);
		assert_int_equal(count_of(h, "IcmpOutMsgs"), 1);
		host_free(h);
	}
}

/* rfc: 1122:3.3.8-1 */
static void test_a_closed_udp_port_is_reported(void **state)
{
	struct host *h = host_new();
	struct frame f;
	uint8_t *udp;

	(void)state;
	host_knows_peer(h);
	frame_ip4(&f, PEER4, US4, PH_IPPROTO_UDP, 0);
	udp = frame_put(&f, 12);
	memcpy(udp, (const uint8_t[]){ 4, 0, 0, 9, 0, 12, 0, 0, 'a', 'b', 'c', 'd' }, 12);
	frame_end(&f);
	frame_in(h, &f);
	assert_int_equal(host_take(h), ETH_HDR_LEN + 20 + 8 + 20 + 12);
	assert_int_equal(out_l4(h)[0], ICMP4_UNREACH);
	assert_int_equal(out_l4(h)[1], ICMP4_UNREACH_PORT);
	assert_memory_equal(out_l4(h) + 8, f.b + ETH_HDR_LEN, 32);
	host_free(h);
}

static void test_some_packets_are_never_answered_with_an_error(void **state)
{
	static const struct {
		uint32_t src, dst;
		bool l2_broadcast;
	} row[] = {
		{ PEER4, BCAST4, true },
		{ PEER4, UINT32_MAX, true },
		{ PEER4, US4, true },
		{ 0, UINT32_MAX, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		struct host *h = host_new();
		struct frame f;

		host_knows_peer(h);
		unknown_protocol(&f, row[i].src, row[i].dst, 20);
		if (row[i].l2_broadcast)
			memcpy(f.b, all_mac, 6);
		frame_in(h, &f);
		assert_int_equal(drops_of(h, "IP_NOPROTO"), 1);
		assert_int_equal(host_take(h), 0);
		host_free(h);
	}
}

static unsigned errors_sent(struct host *h, const struct frame *f, unsigned tries)
{
	unsigned sent = 0;

	for (unsigned i = 0; i < tries; i++) {
		frame_in(h, f);
		while (host_take(h) > 0)
			sent++;
	}
	return sent;
}

/* attack: CVE-2020-25705 */
/* rfc: 1812:4.3.2.8-1 */
static void test_errors_leave_in_a_burst_and_then_at_a_rate(void **state)
{
	struct host *h = host_new();
	struct frame f;
	unsigned sent;

	(void)state;
	host_knows_peer(h);
	assert_int_equal(ph_sysctl_set(h->st, "net.ipv4.icmp_ratelimit", "0"), 0);
	assert_int_equal(ph_sysctl_set(h->st, "net.ipv4.icmp_msgs_per_sec", "10"), 0);
	assert_int_equal(ph_sysctl_set(h->st, "net.ipv4.icmp_msgs_burst", "100"), 0);
	unknown_protocol(&f, PEER4, US4, 20);
	sent = errors_sent(h, &f, 500);
	assert_in_range(sent, 60, 140); /* each costs none to two, so that nobody can count them */
	assert_int_not_equal(sent, 100);
	assert_int_equal(drops_of(h, "ICMP_RATELIMIT"), 500 - sent);
	assert_int_equal(count_of(h, "IcmpOutRateLimitGlobal"), 500 - sent);
	for (unsigned i = 0; i < 200; i++) { /* twenty seconds: two hundred, more or less */
		h->now += NS_PER_S / 10;
		sent += errors_sent(h, &f, 2);
	}
	assert_in_range(sent, 200, 400);
	assert_int_equal(ph_sysctl_set(h->st, "net.ipv4.icmp_msgs_per_sec", "0"), 0);
	h->now += 10 * NS_PER_S;
	assert_int_equal(errors_sent(h, &f, 1), 0);
	host_free(h);
}

/* attack: CVE-2021-20322 */
static void test_one_destination_has_a_rate_of_its_own(void **state)
{
	struct host *h = host_new();
	struct ph_ip third = ip_of4(OTHER4);
	struct frame f, other;
	uint64_t before;

	(void)state;
	host_knows_peer(h);
	assert_int_equal(ph_neigh_add(h->st, h->link, &third, other_mac, h->now), 0);
	unknown_protocol(&f, PEER4, US4, 20);
	unknown_protocol(&other, OTHER4, US4, 20);
	assert_int_equal(errors_sent(h, &f, 20), 6);
	assert_int_equal(count_of(h, "IcmpOutRateLimitHost"), 14);
	assert_int_equal(errors_sent(h, &other, 1), 1); /* not its fault */
	for (unsigned i = 0; i < 10; i++) {
		h->now += NS_PER_S;
		assert_int_equal(errors_sent(h, &f, 3), 1);
	}
	before = count_of(h, "IcmpOutRateLimitHost");
	assert_int_equal(ph_sysctl_set(h->st, "net.ipv4.icmp_ratemask", "0"), 0);
	assert_int_equal(errors_sent(h, &f, 20), 20); /* no type is limited */
	assert_int_equal(count_of(h, "IcmpOutRateLimitHost"), before);
	host_free(h);
}

/* rfc: 1122:3.3.4.2-1, 1812:4.3.2.4-1 */
static void test_answers_come_from_the_address_that_was_asked(void **state)
{
	struct host *h = host_new();
	struct ph_ip second = ip_of4(US4 + 7);
	struct frame f;

	(void)state;
	host_knows_peer(h);
	assert_int_equal(ph_addr_add(h->st, h->link, &second, 24, h->now), 0);
	(void)frame_echo(&f, PEER4, US4 + 7, 8);
	frame_in(h, &f);
	assert_true(host_take(h) > 0);
	assert_int_equal(be32_get(out_ip4(h)->src), US4 + 7);
	(void)frame_ip4(&f, PEER4, US4 + 7, TEST_PROTO, 0);
	(void)frame_put(&f, 8);
	frame_end(&f);
	frame_in(h, &f);
	assert_true(host_take(h) > 0);
	assert_int_equal(out_l4(h)[0], ICMP4_UNREACH);
	assert_int_equal(be32_get(out_ip4(h)->src), US4 + 7);
	assert_int_equal(out_ip4(h)->tos, 0xc0);
	host_free(h);
}

/* As Linux: the code comes back as it was, under a checksum that fits. */
static void test_the_code_of_an_echo_request_comes_back(void **state)
{
	struct host *h = host_new();
	struct frame f;

	(void)state;
	host_knows_peer(h);
	frame_echo(&f, PEER4, US4, 8)->code = 5;
	frame_icmp_csum(&f);
	frame_in(h, &f);
	assert_int_equal(host_take(h), ETH_HDR_LEN + 20 + 16);
	assert_int_equal(out_l4(h)[0], ICMP4_ECHO_REPLY);
	assert_int_equal(out_l4(h)[1], 5);
	assert_int_equal(csum_fold(csum_add(0, out_l4(h), 16)), 0xffff);
	assert_int_equal(count_of(h, "IcmpInMsgs"), 1);
	assert_int_equal(count_of(h, "IcmpOutMsgs"), 1);
	host_free(h);
}

/* RFC 1122 3.2.2: an error is about a packet of one host, and so goes to that one. */
static void test_an_error_sent_to_a_group_reaches_nobody(void **state)
{
	struct host *h = host_new();
	struct frame f;

	(void)state;
	host_test_l4(h);
	(void)error_frame(&f, 3, 3, 16);
	frame_ip(&f)->dst = be32_of(BCAST4);
	frame_ip_csum(&f);
	memcpy(f.b, all_mac, 6);
	frame_in(h, &f);
	assert_int_equal(test_l4.errors, 0);
	host_free(h);
}

/* RFC 1122 3.2.2: its first fragment came, and time is up; still no error about an error. */
static void test_nobody_is_told_that_a_fragmented_error_is_incomplete(void **state)
{
	struct host *h = host_new();
	struct frame f;
	struct icmp_hdr *icmp;

	(void)state;
	host_knows_peer(h);
	(void)frame_ip4(&f, PEER4, US4, PH_IPPROTO_ICMP, 0);
	icmp = frame_put(&f, 64);
	icmp->type = ICMP4_UNREACH;
	frame_ip(&f)->frag = be16_of(IP4_F_MF);
	frame_end(&f);
	frame_in(h, &f);
	assert_int_equal(count_of(h, "IpReasmReqds"), 1);
	host_run(h, 31 * NS_PER_S);
	assert_int_equal(count_of(h, "IpReasmTimeout"), 1);
	assert_int_equal(host_take(h), 0);
	host_free(h);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_echo_request_comes_back_with_the_same_data),
		cmocka_unit_test(test_the_reply_s_checksum_is_right_whatever_the_request_s_was),
		cmocka_unit_test(test_a_fragmented_echo_request_is_answered_in_fragments),
		cmocka_unit_test(test_a_message_that_is_wrong_or_asks_nothing_is_dropped),
		cmocka_unit_test(test_a_header_cut_short_is_dropped),
		cmocka_unit_test(test_echo_to_a_broadcast_address_is_answered_only_when_told_to),
		cmocka_unit_test(test_errors_reach_the_transport_with_linux_s_errno),
		cmocka_unit_test(test_an_error_whose_quote_is_wrong_reaches_nobody),
		cmocka_unit_test(test_a_protocol_nobody_speaks_is_reported_with_a_quote),
		cmocka_unit_test(test_a_closed_udp_port_is_reported),
		cmocka_unit_test(test_some_packets_are_never_answered_with_an_error),
		cmocka_unit_test(test_errors_leave_in_a_burst_and_then_at_a_rate),
		cmocka_unit_test(test_one_destination_has_a_rate_of_its_own),
		cmocka_unit_test(test_answers_come_from_the_address_that_was_asked),
		cmocka_unit_test(test_the_code_of_an_echo_request_comes_back),
		cmocka_unit_test(test_an_error_sent_to_a_group_reaches_nobody),
		cmocka_unit_test(test_nobody_is_told_that_a_fragmented_error_is_incomplete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
