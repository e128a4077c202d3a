/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The audit: a sound conversation violates nothing, and each rule accuses the packet made to break
 * it, and only that rule does. Packets are built here octet by octet.
 */
#define _GNU_SOURCE /* mkstemp */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/audit/audit.h"
#include "harness/audit/frags.h"
#include "harness/audit/frame.h"
#include "harness/capture/pcapng.h"

enum { A = 0x0a000001, B = 0x0a000002, FIN = 1, SYN = 2, RST = 4, ACK = 16 };

struct seg {
	uint32_t src;
	uint8_t flags;
	uint32_t seq, ack;
	uint16_t wnd;
	const char *options; /* octets in hex, a multiple of 8 digits */
	const char *data;
	uint32_t at_ms;
	/* What is made wrong of it. */
	uint16_t bad_tcp_sum, bad_ip_sum;
	uint8_t reserved;
};

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

static size_t put_hex(uint8_t *to, const char *hex)
{
	size_t n = 0;
	unsigned v;

	for (; hex && sscanf(hex + 2 * n, "%2x", &v) == 1; n++)
		to[n] = (uint8_t)v;
	return n;
}

static size_t ip_header(uint8_t *p, uint32_t src, uint8_t proto, size_t len, unsigned spoil)
{
	memset(p, 0, 20);
	p[0] = 0x45;
	put16(p + 2, (unsigned)(20 + len));
	p[6] = 0x40;
	p[8] = 64;
	p[9] = proto;
	put32(p + 12, src);
	put32(p + 16, src == A ? B : A);
	put16(p + 10, (unsigned)(uint16_t)~audit_frame_sum(0, p, 20) ^ spoil);
	return 20;
}

static size_t build(uint8_t *out, const struct seg *s)
{
	uint8_t *tcp = out + 20;
	size_t opt, len;
	uint32_t pseudo;

	memset(tcp, 0, 20);
	put16(tcp, s->src == A ? 1000 : 7);
	put16(tcp + 2, s->src == A ? 7 : 1000);
	put32(tcp + 4, s->seq);
	put32(tcp + 8, s->ack);
	opt = put_hex(tcp + 20, s->options);
	tcp[12] = (uint8_t)((20 + opt) << 2 | (size_t)s->reserved << 1);
	tcp[13] = s->flags;
	put16(tcp + 14, s->wnd);
	len = 20 + opt + (s->data ? strlen(s->data) : 0);
	if (s->data)
		memcpy(tcp + 20 + opt, s->data, strlen(s->data));
	pseudo = (A >> 16) + (A & 0xffff) + (B >> 16) + (B & 0xffff) + 6 + (uint32_t)len;
	put16(tcp + 16, (unsigned)(uint16_t)~audit_frame_sum(pseudo, tcp, len) ^ s->bad_tcp_sum);
	return ip_header(out, s->src, 6, len, s->bad_ip_sum) + len;
}

static void feed(struct audit *a, const struct seg *s)
{
	uint8_t bytes[2048];
	size_t len = build(bytes, s);

	audit_frame(a, s->at_ms * 1000000ull, true, bytes, len, len);
}

/* Timestamps on, window scale 2 and 0, MSS 16 (both), SACK permitted. */
#define SYN_OPTS                   \
	"02040010"                 \
	"0402080a0000000100000000" \
	"01030302"
#define SYNACK_OPTS                \
	"02040010"                 \
	"0402080a0000006400000001" \
	"01030300"
static const struct seg handshake[] = {
	{ A, SYN, 100, 0, 1000, SYN_OPTS, NULL, 0, 0, 0, 0 },
	{ B, SYN | ACK, 500, 101, 100, SYNACK_OPTS, NULL, 1, 0, 0, 0 },
	{ A, ACK, 101, 501, 250, "0101080a0000000200000064", NULL, 2, 0, 0, 0 },
};
#define TS_A "0101080a0000000300000064"
#define TS_B "0101080a0000006500000003"

static void feed_all(struct audit *a, const struct seg *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		feed(a, &s[i]);
}

static const struct audit_host *host(const struct audit *a, uint32_t ip)
{
	const struct audit_host *h;
	size_t n = audit_hosts(a, &h);

	for (size_t i = 0; i < n; i++)
		if (memcmp(h[i].ip.b, (const uint8_t[12]){ [10] = 0xff, 0xff }, 12) == 0 &&
		    ((uint32_t)h[i].ip.b[12] << 24 | h[i].ip.b[13] << 16 | h[i].ip.b[14] << 8 |
		     h[i].ip.b[15]) == ip)
			return &h[i];
	fail_msg("no host %x", ip);
	return NULL;
}

static void test_a_sound_conversation_violates_nothing_and_is_counted(void **state)
{
	static const struct seg rest[] = {
		{ A, ACK, 101, 501, 250, TS_A, "abcd", 10, 0, 0, 0 },
		{ B, ACK, 501, 105, 96, TS_B, NULL, 11, 0, 0, 0 },
		{ A, ACK, 105, 501, 250, TS_A, "efgh", 12, 0, 0, 0 },
		{ A, ACK, 105, 501, 250, TS_A, "efgh", 312, 0, 0, 0 },
		{ A, ACK | FIN, 109, 501, 250, TS_A, NULL, 313, 0, 0, 0 },
		{ B, ACK | FIN, 501, 110, 92, TS_B, NULL, 314, 0, 0, 0 },
		{ A, ACK, 110, 502, 250, TS_A, NULL, 315, 0, 0, 0 },
	};
	struct audit *a = audit_new();
	struct audit_flow_stats fl[4];

	(void)state;
	feed_all(a, handshake, 3);
	feed_all(a, rest, sizeof(rest) / sizeof(rest[0]));
	assert_int_equal(audit_violations(a, AUDIT_MUST), 0);
	assert_int_equal(audit_violations(a, AUDIT_SHOULD), 0);
	assert_int_equal(audit_flows(a, fl, 4), 2);
	assert_int_equal(fl[0].retransmitted_segments + fl[1].retransmitted_segments, 1);
	assert_int_equal(fl[0].data_bytes + fl[1].data_bytes, 12);
	assert_true(host(a, A)->rule[AUDIT_TCP_SAME_DATA].held == 1);
	assert_true(host(a, B)->rule[AUDIT_TCP_ACK_UNSENT].held >= 2);
	audit_free(a);
}

/* After the handshake and one segment of A, one more packet; the rule it must break. */
struct bad_row {
	const char *what;
	enum audit_rule rule;
	struct seg seg;
};
static const struct bad_row bad_rows[] = {
	{ "wrong TCP checksum",
	  AUDIT_TCP_CHECKSUM,
	  { A, ACK, 105, 501, 250, TS_A, "x", 20, 0x10, 0, 0 } },
	{ "wrong IP checksum",
	  AUDIT_IP_CHECKSUM,
	  { A, ACK, 105, 501, 250, TS_A, "x", 20, 0, 0x10, 0 } },
	{ "reserved bit", AUDIT_TCP_RESERVED, { A, ACK, 105, 501, 250, TS_A, "x", 20, 0, 0, 4 } },
	{ "option of length 0",
	  AUDIT_TCP_OPTIONS,
	  { A, ACK, 105, 501, 250, TS_A "1e000000", NULL, 20, 0, 0, 0 } },
	{ "SYN with FIN",
	  AUDIT_TCP_FLAGS,
	  { A, SYN | FIN, 100, 0, 1000, SYN_OPTS, NULL, 20, 0, 0, 0 } },
	{ "no ACK bit", AUDIT_TCP_ACK_BIT, { A, 0, 105, 0, 250, TS_A, "x", 20, 0, 0, 0 } },
	{ "MSS without SYN",
	  AUDIT_TCP_SYN_ONLY,
	  { A, ACK, 105, 501, 250, TS_A "02040010", NULL, 20, 0, 0, 0 } },
	{ "SYN without MSS",
	  AUDIT_TCP_MSS_SENT,
	  { A, SYN, 100, 0, 1000, NULL, NULL, 20, 0, 0, 0 } },
	{ "segment over the MSS",
	  AUDIT_TCP_MSS_KEPT,
	  { A, ACK, 105, 501, 250, TS_A, "12345", 20, 0, 0, 0 } },
	{ "window scale of 15",
	  AUDIT_TCP_WSCALE,
	  { A, SYN, 100, 0, 1000, "020400100103030f", NULL, 20, 0, 0, 0 } },
	{ "ACK of unsent data",
	  AUDIT_TCP_ACK_UNSENT,
	  { B, ACK, 501, 106, 96, TS_B, NULL, 20, 0, 0, 0 } },
	{ "data beyond the window",
	  AUDIT_TCP_WINDOW,
	  { A, ACK, 200, 501, 250, TS_A, "xyz", 20, 0, 0, 0 } },
	{ "window shrunk", AUDIT_TCP_SHRINK, { B, ACK, 501, 105, 10, TS_B, NULL, 20, 0, 0, 0 } },
	{ "other octets sent again",
	  AUDIT_TCP_SAME_DATA,
	  { A, ACK, 101, 501, 250, TS_A, "abcX", 20, 0, 0, 0 } },
	{ "timestamps left out",
	  AUDIT_TCP_TS_KEPT,
	  { A, ACK, 105, 501, 250, NULL, "x", 20, 0, 0, 0 } },
	{ "TSval backwards",
	  AUDIT_TCP_TSVAL,
	  { A, ACK, 105, 501, 250, "0101080a0000000100000064", "x", 20, 0, 0, 0 } },
	{ "TSecr of nothing received",
	  AUDIT_TCP_TSECR,
	  { A, ACK, 105, 501, 250, "0101080a0000000300000099", "x", 20, 0, 0, 0 } },
	{ "SACK block reversed",
	  AUDIT_TCP_SACK_BLOCK,
	  { B, ACK, 501, 101, 100, TS_B "0101050a0000006900000065", NULL, 20, 0, 0, 0 } },
};

static void test_each_rule_accuses_the_packet_that_breaks_it(void **state)
{
	static const struct seg data = { A, ACK, 101, 501, 250, TS_A, "abcd", 10, 0, 0, 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(bad_rows) / sizeof(bad_rows[0]); i++) {
		const struct bad_row *row = &bad_rows[i];
		struct audit *a = audit_new();
		const struct audit_host *h;

		feed_all(a, handshake, 3);
		feed(a, &data);
		feed(a, &row->seg);
		h = host(a, row->seg.src);
		for (unsigned r = 0; r < AUDIT_RULE_N; r++)
			if ((h->rule[r].violated > 0) != (r == row->rule))
				fail_msg("%s: rule %s violated %llu times", row->what,
					 audit_rules[r].name,
					 (unsigned long long)h->rule[r].violated);
		assert_int_equal(h->rule[row->rule].first_frame, 5);
		assert_true(h->rule[row->rule].first[0] != 0);
		audit_free(a);
	}
}

static void test_data_after_fin_and_after_rst_is_accused(void **state)
{
	static const struct seg fin = { A, ACK | FIN, 101, 501, 250, TS_A, NULL, 10, 0, 0, 0 };
	static const struct seg rst = { A, ACK | RST, 101, 501, 250, NULL, NULL, 10, 0, 0, 0 };
	static const struct seg after = { A, ACK, 102, 501, 250, TS_A, "x", 11, 0, 0, 0 };
	struct audit *a = audit_new();

	(void)state;
	feed_all(a, handshake, 3);
	feed(a, &fin);
	feed(a, &after);
	assert_int_equal(host(a, A)->rule[AUDIT_TCP_AFTER_FIN].violated, 1);
	audit_free(a);
	a = audit_new();
	feed_all(a, handshake, 3);
	feed(a, &rst);
	feed(a, &after);
	assert_int_equal(host(a, A)->rule[AUDIT_TCP_AFTER_RST].violated, 1);
	audit_free(a);
}

/* Retransmissions of one segment at these times (ms); does the last gap break RFC 6298 5.5? */
static uint64_t backoff_violations(const uint32_t *at_ms, size_t n, bool peer_speaks)
{
	static const struct seg dup = { B, ACK, 501, 101, 100, TS_B, NULL, 0, 0, 0, 0 };
	struct seg data = { A, ACK, 101, 501, 250, TS_A, "abcd", 0, 0, 0, 0 };
	struct audit *a = audit_new();
	uint64_t bad;

	feed_all(a, handshake, 3);
	for (size_t i = 0; i < n; i++) {
		data.at_ms = at_ms[i];
		feed(a, &data);
		if (peer_speaks)
			feed(a, &dup);
	}
	bad = host(a, A)->rule[AUDIT_TCP_BACKOFF].violated;
	audit_free(a);
	return bad;
}

static void test_data_before_a_fin_that_was_not_captured_is_not_compared(void **state)
{
	static const struct seg rest[] = {
		{ A, ACK, 101, 501, 250, TS_A, "abcd", 10, 0, 0, 0 },
		{ A, ACK | FIN, 109, 501, 250, TS_A, NULL, 11, 0, 0, 0 },
		{ A, ACK, 105, 501, 250, TS_A, "efgh", 312, 0, 0, 0 },
	};
	struct audit *a = audit_new();

	(void)state;
	feed_all(a, handshake, 3);
	feed_all(a, rest, sizeof(rest) / sizeof(rest[0]));
	assert_int_equal(audit_violations(a, AUDIT_MUST), 0);
	audit_free(a);
}

static void test_retransmissions_that_do_not_back_off_are_accused_while_the_peer_is_silent(
	void **state)
{
	static const uint32_t doubling[] = { 10, 210, 610, 1410, 3010 },
			      hasty[] = { 10, 210, 1010, 1210, 1410 };

	(void)state;
	assert_int_equal(backoff_violations(doubling, 5, false), 0);
	assert_true(backoff_violations(hasty, 5, false) > 0);
	assert_int_equal(backoff_violations(hasty, 5, true), 0);
}

static void test_icmp_echo_reply_with_other_data_is_accused(void **state)
{
	struct audit *a = audit_new();
	uint8_t p[64];

	(void)state;
	for (int reply = 0; reply < 2; reply++) {
		uint8_t *icmp = p + 20;

		memset(icmp, 0, 16);
		icmp[0] = reply ? 0 : 8;
		put32(icmp + 4, 0x00010001);
		put32(icmp + 8, reply ? 0xdeadbeee : 0xdeadbeef);
		put16(icmp + 2, (uint16_t)~audit_frame_sum(0, icmp, 16));
		ip_header(p, reply ? B : A, 1, 16, 0);
		audit_frame(a, 1, true, p, 36, 36);
	}
	assert_int_equal(host(a, B)->rule[AUDIT_ICMP_ECHO].violated, 1);
	assert_int_equal(host(a, B)->rule[AUDIT_ICMP_CHECKSUM].held, 1);
	audit_free(a);
}

static void test_any_prefix_of_a_frame_is_read_within_bounds(void **state)
{
	struct audit *a = audit_new();
	uint8_t bytes[2048];
	size_t len = build(bytes, &handshake[0]);

	(void)state;
	for (size_t n = 0; n <= len; n++) {
		uint8_t *exact = n ? test_malloc(n) : NULL;

		if (n)
			memcpy(exact, bytes, n);
		audit_frame(a, 1, true, exact, n, n);
		audit_frame(a, 1, false, exact, n, len);
		if (n)
			test_free(exact);
	}
	assert_int_equal(audit_frames(a), 2 * (len + 1));
	audit_free(a);
}

static void test_the_same_ports_used_again_begin_a_new_connection(void **state)
{
	static const struct seg refused = { B, RST | ACK, 0, 101, 0, NULL, NULL, 3, 0, 0, 0 };
	struct seg again = handshake[0];
	struct audit *a = audit_new();

	(void)state;
	feed(a, &handshake[0]);
	feed(a, &refused);
	again.seq = 0xfffff000; /* far from the first one's numbers */
	feed(a, &again);
	assert_int_equal(audit_violations(a, AUDIT_MUST), 0);
	audit_free(a);
}

/* Writes segments as one capture file, in this order, and audits it. */
static struct audit *audit_written(const struct seg *const *segs, const char *const *comments,
				   size_t n)
{
	char path[] = "/tmp/test_audit_XXXXXX", err[256] = "";
	struct audit *a = audit_new();
	struct pcapng_writer *w;
	uint8_t bytes[2048];
	uint32_t dev;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	close(fd);
	w = pcapng_writer_open(path, err, sizeof(err));
	assert_non_null(w);
	assert_int_equal(pcapng_writer_add_if(w, "tun0", PCAPNG_LINK_RAW_IP, &dev), 0);
	for (size_t i = 0; i < n; i++) {
		uint32_t len = (uint32_t)build(bytes, segs[i]);
		struct pcapng_packet p = { .if_id = dev, .time_ns = segs[i]->at_ms * 1000000ull,
					   .caplen = len, .len = len, .data = bytes,
					   .comment = comments[i] };

		assert_int_equal(pcapng_writer_packet(w, &p), 0);
	}
	assert_int_equal(pcapng_writer_close(w), 0);
	assert_int_equal(audit_file(a, path, err, sizeof(err)), 0);
	unlink(path);
	return a;
}

static void test_a_file_is_judged_in_time_order_and_without_what_it_calls_dropped(void **state)
{
	static const struct seg data = { A, ACK, 101, 501, 250, TS_A, "abcd", 10, 0, 0, 0 };
	static const struct seg ack = { B, ACK, 501, 105, 96, TS_B, NULL, 11, 0, 0, 0 };
	static const struct seg lost = { A, ACK, 105, 501, 250, TS_A, "12345", 12, 0, 0, 0 };
	const struct seg *const order[] = { &handshake[0], &handshake[1], &ack, &handshake[2], &data,
					    &lost };
	const char *const kept[6] = { 0 }, *const dropped[6] = { [5] = "dropped toward b: loss" };
	struct audit *a;

	(void)state;
	a = audit_written(order, dropped, 6);
	assert_int_equal(audit_violations(a, AUDIT_MUST), 0);
	assert_int_equal(audit_frames(a), 5);
	assert_int_equal(audit_dropped(a), 1);
	audit_free(a);
	a = audit_written(order, kept, 6); /* the same segment, not dropped, is longer than the MSS */
	assert_int_equal(host(a, A)->rule[AUDIT_TCP_MSS_KEPT].violated, 1);
	audit_free(a);
}

/* RFC 9293 3.5.1, figure 9: B knows A from a connection that A has forgotten. */
static void test_an_old_half_open_connection_is_not_accused(void **state)
{
	static const struct seg old[] = {
		{ A, SYN, 100, 0, 1000, SYN_OPTS, NULL, 0, 0, 0, 0 },
		{ B, ACK, 700, 5000, 96, "0101080af000000040000000", NULL, 1, 0, 0, 0 },
		{ A, RST, 5000, 0, 0, NULL, NULL, 2, 0, 0, 0 },
		{ A, SYN, 100, 0, 1000, SYN_OPTS, NULL, 1000, 0, 0, 0 },
	};
	struct audit *a = audit_new();

	(void)state;
	feed_all(a, old, sizeof(old) / sizeof(old[0]));
	feed_all(a, handshake + 1, 2);
	assert_int_equal(audit_violations(a, AUDIT_MUST), 0);
	assert_true(host(a, B)->rule[AUDIT_TCP_SYNACK].held == 1);
	audit_free(a);
}

/* RFC 9293 3.5, figure 8: a SYN of before arrives late, and is answered. */
static void test_an_answer_to_an_old_syn_is_not_accused(void **state)
{
	static const struct seg old[] = {
		{ A, SYN, 9000, 0, 1000, SYN_OPTS, NULL, 0, 0, 0, 0 },
		{ A, SYN, 100, 0, 1000, SYN_OPTS, NULL, 9, 0, 0, 0 },
		{ B, SYN | ACK, 700, 9001, 100, SYNACK_OPTS, NULL, 10, 0, 0, 0 },
		{ A, RST, 9001, 0, 0, NULL, NULL, 11, 0, 0, 0 },
		{ A, SYN, 100, 0, 1000, SYN_OPTS, NULL, 1000, 0, 0, 0 },
	};
	struct audit *a = audit_new();

	(void)state;
	feed_all(a, old, sizeof(old) / sizeof(old[0]));
	feed_all(a, handshake + 1, 2);
	assert_int_equal(audit_violations(a, AUDIT_MUST), 0);
	assert_true(host(a, B)->rule[AUDIT_TCP_SYNACK].held == 1);
	audit_free(a);
}

/* An orphan in FIN-WAIT-2 is given up without a word; B's end still stands (RFC 9293 3.5.1). */
static void test_ports_used_again_after_one_fin_begin_a_new_connection(void **state)
{
	static const struct seg rest[] = {
		{ A, ACK | FIN, 101, 501, 250, TS_A, NULL, 10, 0, 0, 0 },
		{ B, ACK, 501, 102, 100, TS_B, NULL, 11, 0, 0, 0 },
		{ A, SYN, 9000, 0, 1000, SYN_OPTS, NULL, 90000, 0, 0, 0 },
		{ B, SYN | ACK, 800, 9001, 100, SYNACK_OPTS, NULL, 90001, 0, 0, 0 },
		{ A, ACK, 9001, 801, 250, TS_A, "data", 90002, 0, 0, 0 },
	};
	struct audit *a = audit_new();

	(void)state;
	feed_all(a, handshake, 3);
	feed_all(a, rest, sizeof(rest) / sizeof(rest[0]));
	assert_int_equal(audit_violations(a, AUDIT_MUST), 0);
	audit_free(a);
}

/* One connection may be over before the clock of the next one's ISN ticks. */
static void test_the_same_isn_after_a_reset_begins_a_new_connection(void **state)
{
	static const struct seg rest[] = {
		{ A, ACK, 101, 501, 250, TS_A, "abcd", 10, 0, 0, 0 },
		{ B, ACK | RST, 501, 105, 100, NULL, NULL, 10, 0, 0, 0 },
		{ A, SYN, 100, 0, 1000, SYN_OPTS, NULL, 10, 0, 0, 0 },
		{ B, SYN | ACK, 500, 101, 100, SYNACK_OPTS, NULL, 10, 0, 0, 0 },
		{ A, ACK, 101, 501, 250, TS_A, "wxyz", 11, 0, 0, 0 },
	};
	struct audit *a = audit_new();

	(void)state;
	feed_all(a, handshake, 3);
	feed_all(a, rest, sizeof(rest) / sizeof(rest[0]));
	assert_int_equal(audit_violations(a, AUDIT_MUST), 0);
	feed(a, &(struct seg){ A, ACK, 101, 501, 250, TS_A, "abcd", 12, 0, 0, 0 });
	assert_int_equal(host(a, A)->rule[AUDIT_TCP_SAME_DATA].violated, 1);
	audit_free(a);
}

/* The segment in pieces of 16 octets, as a router makes them: from the last to the first, `skip` not
 * at all. */
static void feed_cut(struct audit *a, const struct seg *s, size_t skip)
{
	uint8_t bytes[2048], piece[64];
	size_t len = build(bytes, s) - 20, n = (len + 15) / 16;

	for (size_t i = n; i-- > 0;) {
		size_t most = i + 1 == n ? len - 16 * i : 16;

		if (i == skip)
			continue;
		memcpy(piece, bytes, 20);
		memcpy(piece + 20, bytes + 20 + 16 * i, most);
		put16(piece + 2, (unsigned)(20 + most));
		put16(piece + 4, s->seq & 0xffff);
		put16(piece + 6, (unsigned)(2 * i) | (i + 1 == n ? 0 : 0x2000));
		put16(piece + 10, 0);
		put16(piece + 10, (uint16_t)~audit_frame_sum(0, piece, 20));
		audit_frame(a, s->at_ms * 1000000ull, true, piece, 20 + most, 20 + most);
	}
}

static void test_a_segment_that_a_router_cut_is_judged_whole(void **state)
{
	static const struct seg data = { A, ACK, 101, 501, 250, TS_A, "abcd", 10, 0, 0, 0 },
				other = { A, ACK, 101, 501, 250, TS_A, "abcX", 11, 0, 0, 0 },
				acked = { B, ACK, 501, 105, 96, TS_B, NULL, 12, 0, 0, 0 };
	struct audit *a = audit_new();

	(void)state;
	feed_all(a, handshake, 3);
	feed_cut(a, &data, SIZE_MAX);
	feed(a, &acked);
	assert_int_equal(audit_violations(a, AUDIT_MUST), 0);
	feed_cut(a, &other, SIZE_MAX);
	assert_int_equal(host(a, A)->rule[AUDIT_TCP_SAME_DATA].violated, 1);
	audit_free(a);

	/* What was never whole was not sent, for all that its receiver can know. */
	a = audit_new();
	feed_all(a, handshake, 3);
	feed_cut(a, &data, 1);
	feed(a, &acked);
	assert_int_equal(host(a, B)->rule[AUDIT_TCP_ACK_UNSENT].violated, 1);
	audit_free(a);
}

/* Pieces that never become whole are held only so many at once. */
static void test_pieces_without_end_are_bounded(void **state)
{
	struct seg data = { A, ACK, 101, 501, 250, TS_A, "abcd", 10, 0, 0, 0 };
	struct audit *a = audit_new();

	(void)state;
	feed_all(a, handshake, 3);
	for (unsigned i = 0; i < 3 * AUDIT_FRAGS_MAX; i++) {
		data.seq = 1000 + i;
		feed_cut(a, &data, 0);
	}
	data.seq = 101;
	feed_cut(a, &data, SIZE_MAX);
	feed(a, &(struct seg){ B, ACK, 501, 105, 96, TS_B, NULL, 12, 0, 0, 0 });
	assert_int_equal(audit_violations(a, AUDIT_MUST), 0);
	audit_free(a);
}

/* ---- IPv6 ----------------------------------------------------------------------------------- */

enum { UDP6 = 17, ICMP6 = 58, DATA6 = 24 };

/* fd00::1's packet to fd00::2: `head` in hex stands between the headers of IPv6 and the transport. */
static size_t build6(uint8_t *p, uint8_t next, const char *head, uint8_t proto, const uint8_t *l4, size_t n)
{
	size_t at = 40;
	uint32_t sum;

	memset(p, 0, 40);
	p[0] = 0x60;
	p[6] = next;
	p[7] = 64;
	p[8] = p[24] = 0xfd;
	p[23] = 1;
	p[39] = 2;
	at += put_hex(p + 40, head);
	memcpy(p + at, l4, n);
	put16(p + 4, (unsigned)(at - 40 + n));
	sum = audit_frame_sum(proto + (uint32_t)n, p + 8, 32);
	put16(p + at + (proto == ICMP6 ? 2 : proto == UDP6 ? 6 : 16),
	      (uint16_t)~audit_frame_sum(sum, l4, n));
	return at + n;
}

static const struct audit_host *first_host(const struct audit *a)
{
	const struct audit_host *h;

	assert_true(audit_hosts(a, &h) > 0);
	return h;
}

/* Of a packet that is sound: an octet, what is written there, and which rule that breaks. */
static const struct {
	const char *what;
	uint8_t next, proto;
	const char *head;
	size_t at;
	uint8_t value;
	enum audit_rule rule;
} bad6[] = {
	{ "a length beyond the frame", ICMP6, ICMP6, "", 5, 200, AUDIT_IP6_LENGTH },
	{ "a group for a source", 99, 99, "", 8, 0xff, AUDIT_IP6_SOURCE },
	{ "hop-by-hop options at the end", 60, ICMP6, "0000000000000000" "3a00000000000000", 0, 0x60,
	  AUDIT_IP6_CHAIN },
	{ "a fragment of 20 octets", 44, 99, "6300000100000007", 0, 0x60, AUDIT_IP6_FRAGMENT },
	{ "a wrong checksum", ICMP6, ICMP6, "", 42, 1, AUDIT_ICMP6_CHECKSUM },
	{ "one behind options", 0, ICMP6, "3a00000000000000", 50, 1, AUDIT_ICMP6_CHECKSUM },
	{ "discovery from afar", ICMP6, ICMP6, "", 40, 135, AUDIT_ND_HOPS },
	{ "a datagram's wrong checksum", UDP6, UDP6, "", 46, 1, AUDIT_UDP_CHECKSUM },
	{ "a segment's", 6, 6, "", 56, 1, AUDIT_TCP_CHECKSUM },
};

static void test_each_rule_of_ipv6_accuses_the_packet_that_breaks_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad6) / sizeof(bad6[0]); i++) {
		uint8_t l4[DATA6] = { 1, 2, [5] = DATA6 }, p[256];
		struct audit *a = audit_new();
		const struct audit_host *h;
		size_t len;

		l4[12] = bad6[i].proto == 6 ? 0x60 : 0;
		l4[13] = bad6[i].proto == 6 ? RST : 0;
		if (bad6[i].rule == AUDIT_ND_HOPS)
			l4[0] = bad6[i].value;
		len = build6(p, bad6[i].next, bad6[i].head, bad6[i].proto, l4,
			     bad6[i].rule == AUDIT_IP6_FRAGMENT ? 20 : DATA6);
		p[bad6[i].at] = p[bad6[i].at] == bad6[i].value && bad6[i].value == 1 ? 2 : bad6[i].value;
		audit_frame(a, 1, true, p, len, len);
		h = first_host(a);
		for (unsigned r = 0; r < AUDIT_RULE_N; r++)
			if ((h->rule[r].violated > 0) != (r == bad6[i].rule))
				fail_msg("%s: rule %s violated %llu times", bad6[i].what,
					 audit_rules[r].name,
					 (unsigned long long)h->rule[r].violated);
		audit_free(a);
	}
}

static void test_sound_packets_of_ipv6_violate_nothing(void **state)
{
	static const uint8_t protos[] = { ICMP6, UDP6, 6 };
	static const struct {
		uint8_t next;
		const char *head;
	} row[] = {
		{ 255, "" }, { 0, "%02x00000000000000" }, { 60, "%02x00000000000000" },
		{ 43, "%02x00000000000000" }, { 43, "%02x00000100000000" }, { 44, "%02x00000000000007" },
		{ 44, "%02x00000100000007" }, { 44, "%02x00001800000007" },
	};
	char text[AUDIT_ADDR_TEXT];

	(void)state;
	for (size_t i = 0; i < 3 * sizeof(row) / sizeof(row[0]); i++) {
		uint8_t l4[DATA6] = { 1, 2, [5] = DATA6 }, p[256], proto = protos[i % 3];
		struct audit *a = audit_new();
		char head[64];
		size_t len;

		snprintf(head, sizeof(head), row[i / 3].head, proto);
		l4[12] = proto == 6 ? 0x60 : 0;
		l4[13] = proto == 6 ? RST : 0;
		len = build6(p, row[i / 3].next == 255 ? proto : row[i / 3].next, head, proto, l4, DATA6);
		audit_frame(a, 1, true, p, len, len);
		assert_int_equal(audit_violations(a, AUDIT_MUST) + audit_violations(a, AUDIT_SHOULD), 0);
		assert_string_equal(audit_addr_text(&first_host(a)->ip, text), "fd00::1");
		for (size_t n = 0; n < len; n++) { /* cut short anywhere, it is read within bounds */
			uint8_t *exact = test_malloc(n + 1);

			memcpy(exact, p, n);
			audit_frame(a, 1, true, exact, n, len);
			test_free(exact);
		}
		assert_int_equal(audit_violations(a, AUDIT_MUST), 0);
		audit_free(a);
	}
}

/* An echo reply with other data, and a segment longer than the peer's MSS. */
static void test_a_conversation_over_ipv6_is_followed(void **state)
{
	uint8_t syn[24] = { 0, 7, 0, 9, [12] = 0x60, SYN, 1, 0, [20] = 2, 4, 0, 16 };
	uint8_t answer[24] = { 0, 9, 0, 7, [11] = 1, 0x60, SYN | ACK, 1, 0, [20] = 2, 4, 0, 16 };
	uint8_t data[44] = { 0, 7, 0, 9, [7] = 1, [11] = 1, 0x50, ACK, 1, 0 };
	uint8_t echo[16] = { 128, [5] = 1, [7] = 1, 'a' }, p[256];
	struct audit *a = audit_new();
	struct audit_flow_stats fl[4];

	(void)state;
	audit_frame(a, 1, true, p, build6(p, ICMP6, "", ICMP6, echo, 16), 56);
	audit_frame(a, 2, true, p, build6(p, 6, "", 6, syn, 24), 64);
	for (int i = 0; i < 2; i++) {
		size_t len;

		echo[0] = 129;
		echo[8] = 'b';
		len = i ? build6(p, ICMP6, "", ICMP6, echo, 16) : build6(p, 6, "", 6, answer, 24);
		p[23] = 2;
		p[39] = 1;
		audit_frame(a, 3, true, p, len, len);
	}
	audit_frame(a, 4, true, p, build6(p, 6, "", 6, data, 44), 84);
	assert_int_equal(audit_flows(a, fl, 4), 2);
	assert_int_equal(first_host(a)[0].rule[AUDIT_TCP_MSS_KEPT].violated, 1);
	assert_int_equal(first_host(a)[1].rule[AUDIT_TCP_SYNACK].held, 1);
	assert_int_equal(first_host(a)[1].rule[AUDIT_ICMP_ECHO].violated, 1);
	assert_int_equal(audit_violations(a, AUDIT_MUST), 2);
	audit_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_sound_conversation_violates_nothing_and_is_counted),
		cmocka_unit_test(test_data_before_a_fin_that_was_not_captured_is_not_compared),
		cmocka_unit_test(test_each_rule_accuses_the_packet_that_breaks_it),
		cmocka_unit_test(test_data_after_fin_and_after_rst_is_accused),
		cmocka_unit_test(
			test_retransmissions_that_do_not_back_off_are_accused_while_the_peer_is_silent),
		cmocka_unit_test(test_icmp_echo_reply_with_other_data_is_accused),
		cmocka_unit_test(test_any_prefix_of_a_frame_is_read_within_bounds),
		cmocka_unit_test(test_a_file_is_judged_in_time_order_and_without_what_it_calls_dropped),
		cmocka_unit_test(test_an_old_half_open_connection_is_not_accused),
		cmocka_unit_test(test_ports_used_again_after_one_fin_begin_a_new_connection),
		cmocka_unit_test(test_an_answer_to_an_old_syn_is_not_accused),
		cmocka_unit_test(test_the_same_ports_used_again_begin_a_new_connection),
		cmocka_unit_test(test_the_same_isn_after_a_reset_begins_a_new_connection),
		cmocka_unit_test(test_a_segment_that_a_router_cut_is_judged_whole),
		cmocka_unit_test(test_pieces_without_end_are_bounded),
		cmocka_unit_test(test_each_rule_of_ipv6_accuses_the_packet_that_breaks_it),
		cmocka_unit_test(test_sound_packets_of_ipv6_violate_nothing),
		cmocka_unit_test(test_a_conversation_over_ipv6_is_followed),
	};

	return cmocka_run_group_tests_name("audit", tests, NULL, NULL);
}
