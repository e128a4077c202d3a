/* SPDX-License-Identifier: BSD-2-Clause */
/* TCP headers and options from bytes to numbers and back, well-formed and not (RFC 9293 3.1, 3.2;
 * RFC 7323; RFC 2018). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tcp/tcp_seg.h"

struct row {
	const char *what;
	uint8_t bytes[40];
	uint32_t n;
	bool ok;
	struct tcp_opts want;
};

static const struct row rows[] = {
	{ "none", { 0 }, 0, true, { .mss = 0 } },
	{ "MSS", { 2, 4, 5, 0xb4 }, 4, true, { .has_mss = true, .mss = 1460 } },
	{ "NOP and MSS", { 1, 2, 4, 5, 0xb4, 0, 0, 0 }, 8, true, { .has_mss = true, .mss = 1460 } },
	{ "behind the end of the list", { 0, 2, 4, 5 }, 4, true, { .mss = 0 } },
	{ "unknown kind skipped", { 200, 4, 9, 9, 2, 4, 5, 0xb4 }, 8, true,
	  { .has_mss = true, .mss = 1460 } },
	{ "MSS of length 3 is as unknown", { 2, 3, 9, 1 }, 4, true, { .mss = 0 } },
	{ "scale over 14 is 14", { 3, 3, 255, 1 }, 4, true, { .has_wscale = true, .wscale = 14 } },
	{ "scale", { 3, 3, 7, 0 }, 4, true, { .has_wscale = true, .wscale = 7 } },
	{ "SACK permitted", { 4, 2, 1, 1 }, 4, true, { .sack_ok = true } },
	{ "timestamps aligned", { 1, 1, 8, 10, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff }, 12, true,
	  { .has_ts = true, .tsval = 1, .tsecr = 0xffffffff } },
	{ "timestamps not aligned", { 8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 1, 1 }, 12, true,
	  { .has_ts = true, .tsval = 1, .tsecr = 2 } },
	{ "length 0", { 9, 0, 1, 1 }, 4, false, { .mss = 0 } },
	{ "length 1", { 9, 1, 1, 1 }, 4, false, { .mss = 0 } },
	{ "kind without length", { 1, 1, 1, 2 }, 4, false, { .mss = 0 } },
	{ "past the header", { 2, 4, 5 }, 3, false, { .mss = 0 } },
	{ "length 255", { 9, 255, 0, 0 }, 4, false, { .mss = 0 } },
	{ "one block", { 5, 10, 0, 0, 0, 1, 0, 0, 0, 9, 1, 1 }, 12, true,
	  { .nsack = 1, .sack = { { 1, 9 } } } },
	{ "block and a half is as unknown",
	  { 5, 14, 0, 0, 0, 1, 0, 0, 0, 9, 0, 0, 0, 20, 1, 1 }, 16, true, { .mss = 0 } },
	{ "unknown kind behind timestamps", { 8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 253, 4, 1, 1, 1, 1 }, 16,
	  true, { .has_ts = true, .tsval = 1, .tsecr = 2 } },
	{ "block cut short is as unknown", { 5, 9, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1 }, 12, true,
	  { .mss = 0 } },
};

static void same(const struct tcp_opts *a, const struct tcp_opts *b, const char *what)
{
	if (a->has_mss != b->has_mss || a->mss != b->mss || a->has_wscale != b->has_wscale ||
	    a->wscale != b->wscale || a->has_ts != b->has_ts || a->tsval != b->tsval ||
	    a->tsecr != b->tsecr || a->sack_ok != b->sack_ok || a->nsack != b->nsack ||
	    memcmp(a->sack, b->sack, a->nsack * sizeof(a->sack[0])) != 0)
		fail_msg("%s", what);
}

/* rfc: 9293:MUST-4, 9293:MUST-5, 9293:MUST-6, 9293:MUST-7 */
/* attack: CVE-2020-13988, CVE-2020-24337, CVE-2018-16524, CVE-2019-12260, CVE-2021-26788, CVE-2004-0626 */
static void test_options_are_read_or_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		/* At the very end of an allocation: one byte too far is seen by a sanitizer. */
		uint8_t *b = malloc(rows[i].n ? rows[i].n : 1);
		struct tcp_opts o;

		memcpy(b, rows[i].bytes, rows[i].n);
		memset(&o, 0xa5, sizeof(o));
		if (tcp_opt_parse(b, rows[i].n, &o) != rows[i].ok)
			fail_msg("%s: %s", rows[i].what, rows[i].ok ? "refused" : "taken");
		if (rows[i].ok)
			same(&o, &rows[i].want, rows[i].what);
		free(b);
	}
}

/* Octets behind an End of Option List that are not zero. */
static uint32_t behind_the_end(const uint8_t *b, uint32_t n)
{
	uint32_t i = 0, odd = 0;

	while (i < n && b[i] != 0)
		i += b[i] == 1 ? 1 : b[i + 1];
	for (; i < n; i++)
		odd += b[i] != 0;
	return odd;
}

/* rfc: 9293:MUST-69 */
static void test_what_is_built_reads_back(void **state)
{
	(void)state;
	for (unsigned bits = 0; bits < 64; bits++) {
		struct tcp_opts o = { .has_mss = bits & 1, .mss = bits & 1 ? 1400 : 0,
				      .has_ts = bits & 2, .tsval = bits & 2 ? 5 : 0,
				      .tsecr = bits & 2 ? 6 : 0, .sack_ok = bits & 4,
				      .has_wscale = bits & 8, .wscale = bits & 8 ? 9 : 0,
				      .nsack = (uint8_t)(bits >> 4) };
		uint8_t b[TCP_OPTS_MAX];
		struct tcp_opts got;
		uint32_t n;

		for (uint8_t i = 0; i < o.nsack; i++)
			o.sack[i] = (struct tcp_range){ i * 10u, i * 10u + 5 };
		if (tcp_opt_len(&o) > sizeof(b))
			continue;
		n = tcp_opt_build(b, &o);
		assert_int_equal(n, tcp_opt_len(&o));
		assert_int_equal(n % 4, 0);
		assert_int_equal(behind_the_end(b, n), 0);
		assert_true(tcp_opt_parse(b, n, &got));
		same(&got, &o, "round trip");
	}
}

static void test_options_stand_in_linux_order(void **state)
{
	static const uint8_t want[20] = { 2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3,
					  3, 7 };
	struct tcp_opts o = { .has_mss = true, .mss = 1460, .has_ts = true, .tsval = 1,
			      .sack_ok = true, .has_wscale = true, .wscale = 7 };
	uint8_t b[TCP_OPTS_MAX];

	(void)state;
	assert_int_equal(tcp_opt_build(b, &o), sizeof(want));
	assert_memory_equal(b, want, sizeof(want));
}

/* attack: CVE-2020-11907, CVE-2020-24341, CVE-2018-16603, CVE-2026-29007 */
static void test_headers_that_lie_about_their_length_are_refused(void **state)
{
	(void)state;
	for (unsigned words = 0; words < 16; words++) {
		for (uint32_t avail = 0; avail <= 60; avail++) {
			uint8_t *b = calloc(1, avail ? avail : 1);
			struct tcp_seg s;
			enum drop why;
			bool good = avail >= 20 && words >= 5 && words * 4 <= avail;

			if (avail > 12)
				b[12] = (uint8_t)(words << 4);
			why = tcp_seg_parse(b, avail, avail, &s);
			assert_int_equal(why, good ? DROP_NONE : DROP_TCP_SHORT);
			if (good)
				assert_int_equal(s.len, avail - words * 4);
			free(b);
		}
	}
}

static void test_header_fields_are_read_in_host_order(void **state)
{
	uint8_t b[24] = { 0x12, 0x34, 0,    80,	  0,	0, 0, 1, 0xff, 0,
			  0,	0,    0x51, 0x12, 0x80, 1, 0, 0, 0,    7 };
	struct tcp_seg s;
	char text[TCP_SEG_FLAGS_TEXT];

	(void)state;
	assert_int_equal(tcp_seg_parse(b, 20, 24, &s), DROP_NONE);
	assert_int_equal(s.sport, 0x1234);
	assert_int_equal(s.dport, 80);
	assert_int_equal(s.seq, 1);
	assert_int_equal(s.ack, 0xff000000u);
	assert_int_equal(s.wnd, 0x8001); /* rfc: 9293:MUST-1: no sign */
	assert_int_equal(s.urg, 7);
	assert_int_equal(s.len, 4);
	assert_int_equal(s.flags, TCP_F_SYN | TCP_F_ACK | TCP_F_AE);
	assert_int_equal(tcp_seg_end(&s), 6);
	assert_string_equal(tcp_seg_flags_text(s.flags, text), "SA.");
}

/* The layouts that FreeBSD's scripts show. */
static void test_options_stand_in_freebsd_order_when_asked_for(void **state)
{
	static const struct {
		struct tcp_opts o;
		uint8_t bytes[TCP_OPTS_MAX];
		uint32_t len;
	} want[] = {
		{ { .has_mss = true, .mss = 1460, .has_wscale = true, .wscale = 6, .sack_ok = true,
		    .has_ts = true, .tsval = 7 },
		  { 2, 4, 5, 0xb4, 1, 3, 3, 6, 4, 2, 8, 10, 0, 0, 0, 7, 0, 0, 0, 0 }, 20 },
		{ { .has_mss = true, .mss = 1460, .sack_ok = true },
		  { 2, 4, 5, 0xb4, 4, 2, 0, 0 }, 8 },
		{ { .has_ts = true, .tsval = 7, .tsecr = 9, .nsack = 1, .sack = { { 1, 2 } } },
		  { 1, 1, 8, 10, 0, 0, 0, 7, 0, 0, 0, 9, 1, 1, 5, 10, 0, 0, 0, 1, 0, 0, 0, 2 }, 24 },
		{ { .has_mss = true, .mss = 1460, .has_wscale = true, .wscale = 6, .sack_ok = true,
		    .has_fo = true },
		  { 2, 4, 5, 0xb4, 1, 3, 3, 6, 4, 2, 34, 2 }, 12 },
		{ { .has_mss = true, .mss = 1460, .has_fo = true, .fo_len = 4, .fo = { 9, 8, 7, 6 } },
		  { 2, 4, 5, 0xb4, 34, 6, 9, 8, 7, 6, 0, 0 }, 12 },
		{ { .has_wscale = true, .wscale = 1, .has_ts = true },
		  { 1, 3, 3, 1, 1, 1, 8, 10 }, 16 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		uint8_t got[TCP_OPTS_MAX];

		assert_int_equal(tcp_opt_build_bsd(got, &want[i].o), want[i].len);
		assert_memory_equal(got, want[i].bytes, want[i].len);
		assert_true(want[i].len <= tcp_opt_len(&want[i].o));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options_are_read_or_refused),
		cmocka_unit_test(test_what_is_built_reads_back),
		cmocka_unit_test(test_options_stand_in_linux_order),
		cmocka_unit_test(test_options_stand_in_freebsd_order_when_asked_for),
		cmocka_unit_test(test_headers_that_lie_about_their_length_are_refused),
		cmocka_unit_test(test_header_fields_are_read_in_host_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
