/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IPv6 and ICMPv6 made wrong in every length and number: whatever comes, the next ping is answered, what
 * must be silent is, and all memory is given back. Names are docs/rfc/attacks.csv's; random messages
 * are test_hostile6.c's.
 */
#include "net6_fixture.h"

#include "base/claim.h"

static struct host *victim(void)
{
	struct host *h = host6_new();

	host6_know(h, &peer6);
	return h;
}

static void still_answers(struct host *h)
{
	static struct frame f;
	struct ph_claim c;

	host_run(h, 100 * NS_PER_MS);
	while (host_take(h) > 0)
		;
	frame_icmp6(&f, &peer6, &us6, ICMP6_ECHO, 16);
	frame_icmp6_end(&f, AT6);
	frame_in(h, &f);
	assert_int_equal(host_take(h), AT6 + 16);
	(void)out_icmp6(h, ICMP6_ECHO_REPLY);
	assert_true(ph_stack_check(h->st, &c));
}

/* Frames of this type that leave now. */
static unsigned leaving(struct host *h, uint8_t type)
{
	unsigned n = 0;

	while (host_take(h) > 0)
		n += h->out_len > AT6 && out_ip6(h)->next == IP6_NEXT_ICMP && h->out[AT6] == type;
	return n;
}

/* Hop-by-hop, destination, routing, then an echo: a chain that is right. */
static size_t chain(struct frame *f)
{
	static const uint8_t headers[] = {
		60, 1, 5, 2, 0, 0, 0x1e, 8, 0, 0, 0, 0, 0, 0, 0, 0, /* Router Alert, one to skip */
		43, 0, 1, 4, 0, 0, 0, 0,
		58, 0, 200, 0, 0, 0, 0, 0,
	};
	size_t at;

	frame_ip6(f, &peer6, &us6, IP6_NEXT_HOPOPTS);
	memcpy(frame_put(f, sizeof(headers)), headers, sizeof(headers));
	at = f->len;
	*(uint8_t *)frame_put(f, 32) = ICMP6_ECHO;
	frame_icmp6_end(f, at);
	return at;
}

/* attack: CVE-2020-11899, CVE-2020-17441, CVE-2020-25111, CVE-2020-11897 */
static void test_a_chain_cut_at_any_byte_is_dropped(void **state)
{
	struct host *h = victim();
	static struct frame whole, f;

	(void)state;
	(void)chain(&whole);
	frame_in(h, &whole);
	assert_int_equal(leaving(h, ICMP6_ECHO_REPLY), 1);
	for (size_t len = ETH_HDR_LEN; len < whole.len; len++) {
		for (unsigned how = 0; how < 2; how++) { /* its length told, or lied about */
			f = whole;
			f.len = len;
			if (how && len >= AT6)
				frame6_end(&f);
			frame_in(h, &f);
			assert_int_equal(leaving(h, ICMP6_ECHO_REPLY), 0);
		}
	}
	for (uint32_t len = 0; len < 65536; len += 13) { /* of the payload, as it is said to be */
		f = whole;
		frame_hdr6(&f)->len = be16_of((uint16_t)len);
		frame_in(h, &f);
		assert_int_equal(leaving(h, ICMP6_ECHO_REPLY), len == whole.len - AT6);
	}
	still_answers(h);
	host_free(h);
}

/* attack: CVE-2020-17442, CVE-2021-25663, CVE-2010-1892, CVE-2026-49494, CVE-2020-13984 */
/* attack: CVE-2020-17445, CVE-2023-45232 */
static void test_every_length_of_headers_and_options_is_survived(void **state)
{
	struct host *h = victim();
	static struct frame whole, f;
	size_t at = chain(&whole);

	(void)state;
	for (size_t i = AT6; i < at; i++) {
		for (unsigned v = 0; v < 256; v++) {
			bool same;

			f = whole;
			same = f.b[i] == v;
			f.b[i] = (uint8_t)v;
			frame_in(h, &f);
			if (same)
				assert_int_equal(leaving(h, ICMP6_ECHO_REPLY), 1);
			while (host_take(h) > 0)
				;
		}
	}
	still_answers(h);
	host_free(h);
}

/* attack: CVE-2020-13985, CVE-2007-2242 */
static void test_no_route_is_followed_whatever_its_type(void **state)
{
	static struct frame f;

	(void)state;
	for (unsigned type = 0; type < 256; type++) {
		for (unsigned left = 0; left < 256; left += left < 2 ? 1 : 127) {
			struct host *h = victim();
			uint8_t *r;
			size_t at;

			frame_ip6(&f, &peer6, &us6, IP6_NEXT_ROUTING);
			r = frame_put(&f, 8 + 16 * 4);
			r[0] = 58;
			r[1] = 8;
			r[2] = (uint8_t)type;
			r[3] = (uint8_t)left;
			memcpy(r + 8, far6.b, 16);
			at = f.len;
			*(uint8_t *)frame_put(&f, 16) = ICMP6_ECHO;
			frame_icmp6_end(&f, at);
			frame_in(h, &f);
			assert_true(host_take(h) > 0);
			if (left == 0) {
				(void)out_icmp6(h, ICMP6_ECHO_REPLY);
			} else {
				const uint8_t *p = out_icmp6(h, ICMP6_PARAM_PROBLEM);

				assert_int_equal(p[1], 0);
				assert_int_equal(p[7], 42); /* the type */
			}
			assert_memory_equal(out_ip6(h)->dst, peer6.b, 16);
			assert_int_equal(host_take(h), 0);
			host_free(h);
		}
	}
}

/* attack: Extension-header-chain, CVE-2025-38572 */
static void test_hundreds_of_headers_take_their_time_and_no_more(void **state)
{
	struct host *h = victim();
	static struct frame f;

	(void)state;
	frame_ip6(&f, &peer6, &us6, IP6_NEXT_DSTOPTS);
	for (unsigned i = 0; i < 180; i++)
		memcpy(frame_put(&f, 8), (const uint8_t[]){ i == 179 ? 59 : 60, 0, 1, 4 }, 4);
	frame6_end(&f);
	for (unsigned i = 0; i < 100; i++)
		frame_in(h, &f);
	assert_int_equal(drops_of(h, "IP6_NO_NEXT"), 100);
	frame_ip6(&f, &peer6, &us6, IP6_NEXT_DSTOPTS); /* a second hop-by-hop header, and options */
	memcpy(frame_put(&f, 8), (const uint8_t[]){ 0, 0, 1, 4 }, 4);
	memcpy(frame_put(&f, 8), (const uint8_t[]){ 59, 0, 1, 4 }, 4);
	frame6_end(&f);
	frame_in(h, &f);
	assert_int_equal(leaving(h, ICMP6_PARAM_PROBLEM), 1);
	/* 63 KiB of headers, in fragments */
	for (uint32_t off = 0; off < 64000; off += 1280) {
		uint8_t *p;

		frame_ip6(&f, &peer6, &us6, IP6_NEXT_FRAGMENT);
		p = frame_put(&f, 8);
		p[0] = 60;
		p[2] = (uint8_t)(off >> 8);
		p[3] = (uint8_t)((off & 0xf8) | (off + 1280 < 64000));
		p[7] = 77;
		for (unsigned i = 0; i < 160; i++)
			memcpy(frame_put(&f, 8), (const uint8_t[]){ 60, 0, 1, 4 }, 4);
		frame6_end(&f);
		frame_in(h, &f);
	}
	assert_int_equal(leaving(h, ICMP6_ECHO_REPLY), 0);
	still_answers(h);
	host_free(h);
}

/* attack: CVE-2023-43511, CVE-2020-10136, CVE-2020-11902 */
static void test_what_is_behind_no_header_or_in_a_tunnel_is_not_looked_at(void **state)
{
	static const uint8_t next[] = { 59, 4, 41, 47 };
	static struct frame f;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(next); i++) {
		struct host *h = victim();
		static struct frame inner;

		frame_icmp6(&inner, &peer6, &us6, ICMP6_ECHO, 16);
		frame_icmp6_end(&inner, AT6);
		for (size_t cut = 0; cut < 60; cut += 7) {
			size_t n = inner.len - ETH_HDR_LEN - cut;

			frame_ip6(&f, &peer6, &us6, next[i]);
			memcpy(frame_put(&f, n), inner.b + ETH_HDR_LEN, n);
			frame6_end(&f);
			frame_in(h, &f);
			while (host_take(h) > 0)
				assert_true(next[i] != 59 && h->out[AT6] == ICMP6_PARAM_PROBLEM);
		}
		assert_int_equal(count_of(h, "Icmp6InEchos"), 0);
		still_answers(h);
		host_free(h);
	}
}

/* attack: CVE-2025-11617, Bad-source-addresses, CVE-2023-7060 */
static void test_versions_and_sources_that_cannot_be_are_dropped(void **state)
{
	static const struct ph_ip sources[] = {
		{ { [15] = 1 } }, { { 0xff, 2, [15] = 1 } }, { { 0xff, 0x0e, [15] = 1 } },
		{ { [10] = 0xff, 0xff, 10, 0, 0, 1 } }, { { 0 } }, { { 0xfd, 0, [15] = 2 } },
	};
	struct host *h = victim();
	static struct frame f;

	(void)state;
	for (unsigned v = 0; v < 16; v++) {
		frame_icmp6(&f, &peer6, &us6, ICMP6_ECHO, 16);
		frame_icmp6_end(&f, AT6);
		f.b[ETH_HDR_LEN] = (uint8_t)(v << 4);
		frame_in(h, &f);
		assert_int_equal(leaving(h, ICMP6_ECHO_REPLY), v == 6);
	}
	for (size_t i = 0; i < ARRAY_LEN(sources); i++) {
		frame_icmp6(&f, &sources[i], &us6, ICMP6_ECHO, 16);
		frame_icmp6_end(&f, AT6);
		frame_in(h, &f);
		assert_int_equal(host_take(h), 0);
	}
	still_answers(h);
	host_free(h);
}

/* ---- ICMPv6 --------------------------------------------------------------------------------- */

/* attack: CVE-2020-17443, CVE-2018-16527, CVE-2023-39540, CVE-2023-45231 */
static void test_every_type_of_every_short_length_is_survived(void **state)
{
	struct host *h = victim();
	static struct frame f;

	(void)state;
	for (unsigned type = 0; type < 256; type++) {
		for (size_t len = 1; len < 64; len++) {
			uint8_t *p = frame_icmp6(&f, &peer6, &us6, (uint8_t)type, len);

			frame_hdr6(&f)->hop = 255;
			for (size_t i = 4; i < len; i++)
				p[i] = (uint8_t)(len - i); /* options of lengths that may not fit */
			if (len >= 4)
				frame_icmp6_end(&f, AT6);
			else
				frame6_end(&f);
			frame_in(h, &f);
			assert_int_equal(leaving(h, ICMP6_ECHO_REPLY), type == ICMP6_ECHO && len >= 8);
		}
	}
	still_answers(h);
	host_free(h);
}

/* attack: CVE-2026-23398, CVE-2019-5598 */
static void test_errors_about_what_we_never_sent_are_not_heard(void **state)
{
	static struct frame f;

	(void)state;
	for (unsigned proto = 0; proto < 256; proto++) {
		for (unsigned how = 0; how < 3; how++) { /* whose it was; how much is quoted */
			struct host *h = victim();
			uint8_t *q;

			host_test_l4(h);
			(void)frame_icmp6(&f, &peer6, &us6, ICMP6_UNREACH, 8);
			q = frame_put(&f, how == 2 ? 45 : 60);
			q[0] = 0x60;
			q[6] = (uint8_t)proto;
			memcpy(q + 8, how == 1 ? us_ll.b : us6.b, 16); /* not whom it was sent to */
			memcpy(q + 24, peer6.b, 16);
			frame_icmp6_end(&f, AT6);
			frame_in(h, &f);
			assert_int_equal(test_l4.errors, how == 0 && proto == TEST_PROTO);
			still_answers(h);
			host_free(h);
		}
	}
}

/* ---- fragments ------------------------------------------------------------------------------ */

/* A fragment of what `next` begins: a pattern from there, unless the caller changes it. */
static uint8_t *fragment(struct frame *f, const struct ph_ip *src, uint8_t next, uint32_t id,
			 uint32_t off, size_t len, bool more)
{
	uint8_t *p;

	frame_ip6(f, src, &us6, IP6_NEXT_FRAGMENT);
	p = frame_put(f, 8 + len);
	p[0] = next;
	p[2] = (uint8_t)(off >> 8);
	p[3] = (uint8_t)((off & 0xf8) | more);
	p[4] = (uint8_t)(id >> 24);
	p[5] = (uint8_t)(id >> 16);
	p[6] = (uint8_t)(id >> 8);
	p[7] = (uint8_t)id;
	frame6_end(f);
	return p + 8;
}

/* attack: CVE-2021-24094, CVE-2023-4809, CVE-2022-34718 */
static void test_a_fragment_in_a_fragment_ends_there(void **state)
{
	static const uint8_t inner[] = { 44, 0, 43, 60, 50, 51, 200 };
	struct host *h = victim();
	static struct frame f;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(inner); i++) {
		for (unsigned k = 0; k < 64; k++) { /* what it says of itself */
			uint8_t *p = fragment(&f, &peer6, inner[i], 1000 * (uint32_t)i + k, 0, 64, true);

			p[0] = inner[k % 7];
			p[1] = (uint8_t)(k % 9 * 30);
			p[3] = (uint8_t)k;
			frame_in(h, &f);
			p = fragment(&f, &peer6, inner[i], 1000 * (uint32_t)i + k, 64, 64, false);
			p[k] = 44;
			frame_in(h, &f);
			while (host_take(h) > 0)
				assert_int_equal(h->out[AT6], ICMP6_PARAM_PROBLEM);
		}
	}
	frame_ip6(&f, &peer6, &us6, IP6_NEXT_FRAGMENT); /* 150 that are whole, one in the other */
	for (unsigned i = 0; i < 150; i++)
		memcpy(frame_put(&f, 8), (const uint8_t[]){ 44, 0, 0, 0, 0, 0, 0, 1 }, 8);
	frame6_end(&f);
	frame_in(h, &f);
	assert_int_equal(host_take(h), 0);
	still_answers(h);
	host_free(h);
}

/* attack: CVE-2019-5597 */
static void test_of_fragments_that_differ_the_first_ones_headers_count(void **state)
{
	struct host *h = victim();
	static struct frame echo, f;
	uint8_t *p;

	(void)state;
	frame_icmp6(&echo, &peer6, &us6, ICMP6_ECHO, 64);
	frame_icmp6_end(&echo, AT6);
	frame_ip6(&f, &peer6, &us6, IP6_NEXT_DSTOPTS); /* the second: another chain, another end */
	memcpy(frame_put(&f, 8), (const uint8_t[]){ 44, 0, 1, 4 }, 4);
	p = frame_put(&f, 8 + 32);
	memcpy(p, (const uint8_t[]){ 17, 0, 0, 32, 0, 0, 0, 9 }, 8);
	memcpy(p + 8, echo.b + AT6 + 32, 32);
	frame6_end(&f);
	frame_in(h, &f);
	p = fragment(&f, &peer6, 58, 9, 0, 32, true);
	memcpy(p, echo.b + AT6, 32);
	frame_in(h, &f);
	assert_int_equal(leaving(h, ICMP6_ECHO_REPLY), 1);
	host_free(h);
}

/* attack: CVE-2023-30463 */
static void test_a_ping_of_nearly_64_kib_is_answered_whole_or_not_at_all(void **state)
{
	static uint8_t whole[65536];
	static struct frame f;

	(void)state;
	for (uint32_t size = 65448; size <= 65535; size += 29) {
		struct host *h = victim();
		uint64_t sum = csum_pseudo(&peer6, &us6, 58, size);
		uint32_t got = 0;
		be16 csum;

		memset(whole, 0x5a, sizeof(whole));
		memcpy(whole, (const uint8_t[]){ ICMP6_ECHO, 0, 0, 0 }, 4);
		csum = be16_of(csum_finish(csum_add(sum, whole, size)));
		memcpy(whole + 2, &csum, 2);
		for (uint32_t off = 0; off < size; off += 1400) {
			uint32_t n = size - off < 1400 ? size - off : 1400;

			memcpy(fragment(&f, &peer6, 58, 5, off, n, off + n < size), whole + off, n);
			frame_in(h, &f);
		}
		while (host_take(h) > 0) {
			const uint8_t *p = h->out + AT6;

			assert_int_equal(out_ip6(h)->next, IP6_NEXT_FRAGMENT);
			got += (uint32_t)h->out_len - AT6 - 8;
			assert_int_equal(p[0], 58);
		}
		assert_int_equal(got, size);
		still_answers(h);
		host_free(h);
	}
}

/* attack: CVE-2024-38063, CVE-2011-1927, Rose-and-reassembly-timer-ICMP-flood */
static void test_fragments_left_to_time_out_are_told_of_at_a_rate(void **state)
{
	struct host *h = victim();
	static struct frame f;
	unsigned told = 0;

	(void)state;
	for (uint32_t i = 0; i < 2000; i++) {
		struct ph_ip src = peer6;

		src.b[13] = (uint8_t)(i >> 8);
		src.b[14] = (uint8_t)i;
		*fragment(&f, i % 2 ? &src : &peer6, 58, i, i % 3 == 2 ? 64 : 0, 64, true) = ICMP6_ECHO;
		frame_in(h, &f);
		frame_ip6(&f, &peer6, &us6, IP6_NEXT_DSTOPTS); /* between them, options that are none */
		memcpy(frame_put(&f, 8), (const uint8_t[]){ 60, 0, 0x80, (uint8_t)i }, 4);
		memcpy(frame_put(&f, 8), (const uint8_t[]){ 58, (uint8_t)i, 0x81, 9 }, 4);
		frame6_end(&f);
		frame_in(h, &f);
		while (host_take(h) > 0)
			;
	}
	still_answers(h);
	host_run(h, 61 * NS_PER_S);
	while (host_take(h) > 0)
		told += out_ip6(h)->next == IP6_NEXT_ICMP && h->out[AT6] == ICMP6_TIME_EXCEEDED;
	assert_in_range(told, 1, 20); /* net.ipv6.icmp.ratelimit, per destination */
	still_answers(h);
	/* and with nothing left to send from */
	*fragment(&f, &peer6, 58, 1, 0, 64, true) = ICMP6_ECHO;
	frame_in(h, &f);
	assert_int_equal(ph_link_ipv6(h->st, h->link, PH_IPV6_OFF, h->now), 0);
	host_run(h, 61 * NS_PER_S);
	assert_int_equal(leaving(h, ICMP6_TIME_EXCEEDED), 0);
	host_free(h);
}

/* ---- many ----------------------------------------------------------------------------------- */

/* attack: CVE-2023-52340, ND-cache-exhaustion */
static void test_many_destinations_leave_room_for_the_next(void **state)
{
	struct host *h = host6_new();
	static struct frame f;
	struct ph_usage u;

	(void)state;
	for (uint32_t i = 0; i < 20000; i++) {
		struct ph_ip src = peer6;

		src.b[12] = (uint8_t)(i >> 16);
		src.b[13] = (uint8_t)(i >> 8);
		src.b[14] = (uint8_t)i;
		src.b[11] = 1;
		frame_icmp6(&f, &src, &us6, ICMP6_ECHO, 16);
		frame_icmp6_end(&f, AT6);
		frame_in(h, &f);
		while (host_take(h) > 0)
			;
		if (i % 1000 == 0)
			host_run(h, NS_PER_S);
	}
	ph_stack_usage(h->st, &u);
	assert_true(u.neighbours <= 1024);
	frame_nd(&f, ICMP6_NS, &peer6, &us_solicited, &us6, 0, peer_mac);
	frame_in(h, &f);
	still_answers(h);
	host_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_chain_cut_at_any_byte_is_dropped),
		cmocka_unit_test(test_every_length_of_headers_and_options_is_survived),
		cmocka_unit_test(test_no_route_is_followed_whatever_its_type),
		cmocka_unit_test(test_hundreds_of_headers_take_their_time_and_no_more),
		cmocka_unit_test(test_what_is_behind_no_header_or_in_a_tunnel_is_not_looked_at),
		cmocka_unit_test(test_versions_and_sources_that_cannot_be_are_dropped),
		cmocka_unit_test(test_every_type_of_every_short_length_is_survived),
		cmocka_unit_test(test_errors_about_what_we_never_sent_are_not_heard),
		cmocka_unit_test(test_a_fragment_in_a_fragment_ends_there),
		cmocka_unit_test(test_of_fragments_that_differ_the_first_ones_headers_count),
		cmocka_unit_test(test_a_ping_of_nearly_64_kib_is_answered_whole_or_not_at_all),
		cmocka_unit_test(test_fragments_left_to_time_out_are_told_of_at_a_rate),
		cmocka_unit_test(test_many_destinations_leave_room_for_the_next),
	};

	return cmocka_run_group_tests_name("ip6 hostile", tests, NULL, NULL);
}
