/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets put together, taken apart and held against the script's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "harness/drill/match.h"
#include "harness/drill/md5sig.h"
#include "harness/drill/parse.h"

static uint8_t wire[DRILL_NET_MAX];
static uint8_t payload[1460];

static const struct drill_ends ends4 = {
	.src = { { [10] = 0xff, [11] = 0xff, [12] = 192, [14] = 2, [15] = 1 } },
	.dst = { { [10] = 0xff, [11] = 0xff, [12] = 10, [15] = 1 } },
	.sport = 1000,
	.dport = 8080,
};
static const struct drill_ends ends6 = {
	.src = { { 0xfd, [15] = 1 } },
	.dst = { { 0xfd, [15] = 2 } },
	.sport = 1000,
	.dport = 8080,
};

static struct drill_build segment(const struct drill_ends *ends)
{
	static const uint8_t mss[] = { 2, 4, 5, 0xb4 };

	return (struct drill_build){ .ends = *ends,
				     .tos = 2,
				     .ttl = 64,
				     .seq = 5001,
				     .ack = 77,
				     .flags = DRILL_F_ACK | DRILL_F_PSH,
				     .win = 500,
				     .opt = mss,
				     .opt_len = sizeof(mss),
				     .data = payload,
				     .data_len = 100 };
}

static void test_what_is_put_together_comes_apart_again(void **state)
{
	const struct drill_ends *const ends[] = { &ends4, &ends6 };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct drill_build b = segment(ends[i]);
		struct drill_live l;
		size_t len = drill_net_tcp(&b, wire);

		assert_int_equal(len, (i ? 40 : 20) + 24 + 100);
		assert_int_equal(drill_net_parse(wire, len, &l), 0);
		assert_string_equal(l.wrong, "");
		assert_int_equal(l.ip, i ? DRILL_IP6 : DRILL_IP4);
		assert_int_equal(l.seq, 5001);
		assert_int_equal(l.ack, 77);
		assert_int_equal(l.flags, b.flags);
		assert_int_equal(l.opt_len, 4);
		assert_int_equal(l.data_len, 100);
		assert_int_equal(l.ttl, 64);
		assert_int_equal(drill_net_udp(&b, wire), (i ? 40 : 20) + 8 + 100);
		assert_int_equal(drill_net_parse(wire, len - 16, &l), 0);
		assert_string_equal(l.wrong, "");
		assert_int_equal(l.l4, DRILL_L4_UDP);
		len = drill_net_icmp(&b, i ? 1 : 3, 4, 1400, wire);
		assert_int_equal(drill_net_parse(wire, len, &l), 0);
		assert_string_equal(l.wrong, "");
		assert_int_equal(l.icmp_rest, 1400);
	}
}

static void test_any_wrong_byte_is_seen(void **state)
{
	struct drill_build b = segment(&ends4);
	size_t len = drill_net_tcp(&b, wire);

	(void)state;
	for (size_t i = 0; i < len; i++) {
		struct drill_live l;
		int rc;

		wire[i] ^= 0x10;
		rc = drill_net_parse(wire, len, &l);
		assert_true(rc != 0 || l.wrong[0]);
		wire[i] ^= 0x10;
	}
}

static void test_short_packets_are_refused(void **state)
{
	struct drill_build b = segment(&ends4);
	size_t len = drill_net_tcp(&b, wire);
	struct drill_live l;

	(void)state;
	for (size_t i = 0; i < len; i++)
		assert_true(drill_net_parse(wire, i, &l) != 0 || l.wrong[0]);
	b.data_len = DRILL_NET_MAX;
	assert_int_equal(drill_net_tcp(&b, wire), 0);
}

/* The packet above against one of a script; the peer's first number was 5000, ours 76. */
static const struct {
	const char *script;
	const char *diff; /* NULL: it fits */
} rows[] = {
	{ "> P. 1:101(100) ack 1 <mss 1460>", NULL },
	{ "> P. 1:101(100) ack 1 win 500 <mss 1460>", NULL },
	{ "> P. 1:101(100) ack 1 <...>", NULL },
	{ "> P. ...(100) ack 1 <...>", NULL },
	{ "> P. 5001:5101(100)! ack 1 <mss 1460>", NULL },
	{ "> [ect0] P. 1:101(100) ack 1 <mss 1460>", NULL },
	{ "> [ect01] P. 1:101(100) ack 1 <mss 1460>", NULL },
	{ "> (tos 0x02, ttl 64) P. 1:101(100) ack 1 <mss 1460>", NULL },
	{ "> . 1:101(100) ack 1 <mss 1460>", "flags: expected ., got P." },
	{ "> PE. 1:101(100) ack 1 <mss 1460>", "flags" },
	{ "> P. 2:102(100) ack 1 <mss 1460>", "sequence number: expected 2, got 1" },
	{ "> P. 1:100(99) ack 1 <mss 1460>", "payload: expected 99 bytes, got 100" },
	{ "> P. 1:101(100) ack 2 <mss 1460>", "ack: expected 2, got 1" },
	{ "> P. 1:101(100) <mss 1460>", "ack: expected 0, got 1" },
	{ "> P. 1:101(100) ack 1 win 501 <mss 1460>", "window: expected 501, got 500" },
	{ "> P. 1:101(100) ack 1 urg 3 <mss 1460>", "urgent pointer: expected 3, got 0" },
	{ "> P. 1:101(100) ack 1", "options: expected none, got <mss 1460>" },
	{ "> P. 1:101(100) ack 1 <mss 1461>", "options: expected <mss 1461>, got <mss 1460>" },
	{ "> P. 1:101(100) ack 1 <nop,nop,sackOK>", "options" },
	{ "> [noecn] P. 1:101(100) ack 1 <mss 1460>", "ECN: expected noecn, got ect0" },
	{ "> [ce] P. 1:101(100) ack 1 <mss 1460>", "ECN: expected ce, got ect0" },
	{ "> (tos 0x00) P. 1:101(100) ack 1 <mss 1460>", "tos: expected 0x00, got 0x02" },
	{ "> (ttl 63) P. 1:101(100) ack 1 <mss 1460>", "ttl: expected 63, got 64" },
	{ "> udp (100)", "expected UDP, got TCP" },
};

static void match_row(const char *script, struct drill_diffs *d)
{
	const struct drill_match_map map = { .seq_base = 5000, .ack_base = 76 };
	struct drill_build b = segment(&ends4);
	size_t len = drill_net_tcp(&b, wire);
	struct drill_live l;
	struct drill_script *s;
	struct drill_err err;
	char text[256];

	snprintf(text, sizeof(text), "0 %s\n", script);
	if (drill_parse(text, strlen(text), "t", NULL, &s, &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(drill_net_parse(wire, len, &l), 0);
	drill_match(&s->events->packet, &l, &map, d);
	drill_script_free(s);
}

static void test_each_field_is_compared_when_it_is_written(void **state)
{
	unsigned bad = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct drill_diffs d = { 0 };
		bool good;

		match_row(rows[i].script, &d);
		good = rows[i].diff ? d.n == 1 && strstr(d.at[0].text, rows[i].diff) : d.n == 0;
		if (!good)
			print_error("%s: %u differences, the first %s\n", rows[i].script, d.n,
				    d.n ? d.at[0].text : "-");
		bad += !good;
	}
	assert_int_equal(bad, 0);
}

static void test_options_survive_the_wire(void **state)
{
	static const uint8_t bytes[] = { 1, 1,	5, 18, 0,  0,  0, 10, 0, 0, 0, 20, 0, 0,
					 0, 30, 0, 0,  0,  40, 8, 10, 0, 0, 0, 7,  0, 0,
					 0, 9,	3, 3,  14, 99, 3, 1,  0, 0, 0, 0 };
	struct drill_tcpopt tree[DRILL_TCPOPTS_MAX];
	uint32_t n = drill_net_tree(bytes, sizeof(bytes), 5, tree);

	(void)state;
	assert_int_equal(tree[2].kind, DRILL_O_SACK);
	assert_int_equal(tree[2].sack.n, 2);
	assert_int_equal(tree[2].sack.block[1].left, 25);
	assert_int_equal(tree[3].kind, DRILL_O_TS);
	assert_int_equal(tree[3].ts_ecr.num, 9);
	assert_int_equal(tree[4].value, 14);
	assert_int_equal(tree[5].kind, DRILL_O_GENERIC);
	assert_int_equal(n, 10);
	n = drill_net_tree(bytes, 5, 0, tree); /* cut within the option */
	assert_int_equal(n, 3);
	assert_int_equal(tree[2].kind, DRILL_O_RAW);
}

static void test_the_pattern_tells_places_apart(void **state)
{
	unsigned same = 0;

	(void)state;
	for (uint64_t i = 0; i < 65536; i++)
		same += drill_net_pattern(false, i) == drill_net_pattern(false, i + 1460);
	assert_true(same < 65536 / 16);
}

static void test_md5_is_that_of_the_rfc(void **state)
{
	static const struct {
		const char *text, *hex;
	} known[] = { /* RFC 1321 A.5 */
		{ "", "d41d8cd98f00b204e9800998ecf8427e" },
		{ "abc", "900150983cd24fb0d6963f7d28e17f72" },
		{ "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
		  "57edf4a22be3c955ac49da2e2107b67a" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		uint8_t digest[DRILL_MD5_LEN];
		char hex[2 * DRILL_MD5_LEN + 1];

		drill_md5(known[i].text, strlen(known[i].text), digest);
		for (int k = 0; k < DRILL_MD5_LEN; k++)
			snprintf(hex + 2 * k, 3, "%02x", digest[k]);
		assert_string_equal(hex, known[i].hex);
	}
}

static void test_a_signature_is_of_all_but_options_and_checksum(void **state)
{
	static uint8_t bytes[DRILL_NET_MAX];
	struct drill_build b = { .ends = { .src = ph_ip4(192, 0, 2, 1), .dst = ph_ip4(10, 0, 0, 1) },
				 .ttl = 64,
				 .flags = DRILL_F_ACK,
				 .opt = (const uint8_t *)"\1\1\1\1",
				 .opt_len = 4,
				 .data = (const uint8_t *)"abc",
				 .data_len = 3 };
	size_t len = drill_net_tcp(&b, bytes);
	uint8_t first[DRILL_MD5_LEN], then[DRILL_MD5_LEN];

	(void)state;
	assert_true(drill_md5sig(bytes, len, "key", first));
	bytes[41] ^= 1; /* an option */
	bytes[36] ^= 1; /* the checksum */
	assert_true(drill_md5sig(bytes, len, "key", then));
	assert_memory_equal(first, then, sizeof(first));
	assert_true(drill_md5sig(bytes, len, "kex", then));
	assert_memory_not_equal(first, then, sizeof(first));
	bytes[len - 1] ^= 1;
	assert_true(drill_md5sig(bytes, len, "key", then));
	assert_memory_not_equal(first, then, sizeof(first));
	assert_false(drill_md5sig(bytes, 39, "key", then));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_put_together_comes_apart_again),
		cmocka_unit_test(test_any_wrong_byte_is_seen),
		cmocka_unit_test(test_short_packets_are_refused),
		cmocka_unit_test(test_each_field_is_compared_when_it_is_written),
		cmocka_unit_test(test_options_survive_the_wire),
		cmocka_unit_test(test_the_pattern_tells_places_apart),
		cmocka_unit_test(test_md5_is_that_of_the_rfc),
		cmocka_unit_test(test_a_signature_is_of_all_but_options_and_checksum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
