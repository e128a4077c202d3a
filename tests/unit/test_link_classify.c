/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames to kinds: one frame a row, then sequences of segments for "retransmission". */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/link/classify.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define K(name) LINK_KIND_##name

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };

static size_t hex(const char *text, uint8_t *out)
{
	size_t n = 0;

	for (; *text; text++) {
		if (*text == ' ')
			continue;
		char pair[3] = { text[0], text[1], 0 };
		out[n++] = (uint8_t)strtoul(pair, NULL, 16);
		text++;
	}
	return n;
}

#define ETH(type) "020000000001 020000000002" type
#define IP4(total, frag, proto) "4500" total "0001" frag "40" proto "0000 0a000001 0a000002"
#define IP6(len, next) "60000000" len next "40" \
	"fd000000000000000000000000000001 fd000000000000000000000000000002"
#define TCP(flags) "1234 0007 00000001 00000000 50" flags "ffff 0000 0000"

struct row {
	const char *name, *bytes;
	enum link_l2 l2;
	uint32_t kinds;		/* besides ANY */
};

static const struct row rows[] = {
	{ "nothing", "", LINK_L2_ETHERNET, 0 },
	{ "less than an Ethernet header", "0200000000", LINK_L2_ETHERNET, 0 },
	{ "an unknown EtherType", ETH("88cc") "0000", LINK_L2_ETHERNET, 0 },
	{ "ARP", ETH("0806") "0001080006040001", LINK_L2_ETHERNET, K(ARP) },
	{ "ARP behind two VLAN tags", ETH("88a8") "00018100 0002 0806" "0001", LINK_L2_ETHERNET,
	  K(ARP) },
	{ "a VLAN tag cut short", ETH("8100") "0001", LINK_L2_ETHERNET, 0 },
	{ "ICMP", ETH("0800") IP4("001c", "0000", "01") "0800000000000000", LINK_L2_ETHERNET,
	  K(IP) | K(ICMP) },
	{ "UDP", ETH("0800") IP4("001c", "0000", "11") "0007000700080000", LINK_L2_ETHERNET,
	  K(IP) | K(UDP) },
	{ "an IP header cut short", ETH("0800") "4500001c", LINK_L2_ETHERNET, 0 },
	{ "an IP header length below five", ETH("0800") "4400001c00010000400100000a0000010a000002",
	  LINK_L2_ETHERNET, K(IP) },
	{ "an IP header length beyond the frame", ETH("0800")
	  "4f00001c00010000400100000a0000010a000002", LINK_L2_ETHERNET, K(IP) },
	{ "IPv6 under IPv4's EtherType", ETH("0800") IP6("0000", "3b"), LINK_L2_ETHERNET, 0 },
	{ "a fragment after the first", ETH("0800") IP4("0028", "0010", "06") TCP("02"),
	  LINK_L2_ETHERNET, K(IP) },
	{ "a first fragment", ETH("0800") IP4("0028", "2000", "06") TCP("02"), LINK_L2_ETHERNET,
	  K(IP) | K(TCP) | K(SYN) },
	{ "SYN", ETH("0800") IP4("0028", "4000", "06") TCP("02"), LINK_L2_ETHERNET,
	  K(IP) | K(TCP) | K(SYN) },
	{ "SYN-ACK", ETH("0800") IP4("0028", "4000", "06") TCP("12"), LINK_L2_ETHERNET,
	  K(IP) | K(TCP) | K(SYN) | K(SYNACK) },
	{ "a pure ACK", ETH("0800") IP4("0028", "4000", "06") TCP("10"), LINK_L2_ETHERNET,
	  K(IP) | K(TCP) | K(ACK) },
	{ "a pure ACK padded to Ethernet's minimum is no data", ETH("0800")
	  IP4("0028", "4000", "06") TCP("10") "000000000000", LINK_L2_ETHERNET,
	  K(IP) | K(TCP) | K(ACK) },
	{ "data", ETH("0800") IP4("002a", "4000", "06") TCP("18") "6162", LINK_L2_ETHERNET,
	  K(IP) | K(TCP) | K(DATA) },
	{ "data with FIN", ETH("0800") IP4("002a", "4000", "06") TCP("11") "6162",
	  LINK_L2_ETHERNET, K(IP) | K(TCP) | K(DATA) | K(FIN) },
	{ "FIN", ETH("0800") IP4("0028", "4000", "06") TCP("11"), LINK_L2_ETHERNET,
	  K(IP) | K(TCP) | K(FIN) },
	{ "RST", ETH("0800") IP4("0028", "4000", "06") TCP("04"), LINK_L2_ETHERNET,
	  K(IP) | K(TCP) | K(RST) },
	{ "a TCP header cut short", ETH("0800") IP4("0028", "4000", "06") "12340007",
	  LINK_L2_ETHERNET, K(IP) | K(TCP) },
	{ "a TCP header length beyond the segment", ETH("0800") IP4("0028", "4000", "06")
	  "1234000700000001 00000000 f018ffff00000000", LINK_L2_ETHERNET, K(IP) | K(TCP) },
	{ "IPv6 TCP data", ETH("86dd") IP6("0015", "06") TCP("18") "61", LINK_L2_ETHERNET,
	  K(IP) | K(TCP) | K(DATA) },
	{ "IPv6 behind hop-by-hop and destination options", ETH("86dd") IP6("0024", "00")
	  "3c00000000000000" "0600000000000000" TCP("02"), LINK_L2_ETHERNET,
	  K(IP) | K(TCP) | K(SYN) },
	{ "an IPv6 fragment after the first", ETH("86dd") IP6("001c", "2c") "0600000900000001"
	  TCP("02"), LINK_L2_ETHERNET, K(IP) },
	{ "an IPv6 option header beyond the frame", ETH("86dd") IP6("0008", "00")
	  "06ff000000000000", LINK_L2_ETHERNET, K(IP) },
	{ "ICMPv6", ETH("86dd") IP6("0008", "3a") "8700000000000000", LINK_L2_ETHERNET,
	  K(IP) | K(ICMP) },
	{ "bare IPv4", IP4("0028", "4000", "06") TCP("02"), LINK_L2_IP, K(IP) | K(TCP) | K(SYN) },
	{ "bare IPv6", IP6("0014", "06") TCP("02"), LINK_L2_IP, K(IP) | K(TCP) | K(SYN) },
};

/* The bytes are put at the very end of an allocation, so that reading beyond them is seen. */
static void test_row(void **state)
{
	const struct row *row = *state;
	struct link_classifier *c = malloc(sizeof(*c));
	uint8_t bytes[256], *exact;
	size_t n = hex(row->bytes, bytes);

	assert_non_null(c);
	exact = malloc(n ? n : 1);
	assert_non_null(exact);
	memcpy(exact, bytes, n);
	link_classify_init(c, row->l2);
	assert_int_equal(link_classify(c, exact, n), row->kinds | LINK_KIND_ANY);
	free(exact);
	free(c);
}

static bool is_retransmission(struct link_classifier *c, unsigned int port, unsigned int flags,
			      uint32_t seq, unsigned int payload)
{
	uint8_t f[14 + 40 + 255] = { 0 };
	unsigned int total = 40 + payload;

	hex(ETH("0800") IP4("0028", "4000", "06") TCP("10"), f);
	f[16] = (uint8_t)(total >> 8);
	f[17] = (uint8_t)total;
	f[34] = (uint8_t)(port >> 8);
	f[35] = (uint8_t)port;
	for (int i = 0; i < 4; i++)
		f[38 + i] = (uint8_t)(seq >> (24 - 8 * i));
	f[47] = (uint8_t)flags;
	return link_classify(c, f, 14 + total) & LINK_KIND_RETRANSMISSION;
}

static void test_only_what_was_all_seen_is_a_retransmission(void **state)
{
	struct link_classifier *c = malloc(sizeof(*c));

	(void)state;
	assert_non_null(c);
	link_classify_init(c, LINK_L2_ETHERNET);
	assert_false(is_retransmission(c, 1, SYN, 1000, 0));
	assert_true(is_retransmission(c, 1, SYN, 1000, 0));
	assert_false(is_retransmission(c, 1, ACK, 1001, 100));
	assert_true(is_retransmission(c, 1, ACK, 1001, 100));
	assert_true(is_retransmission(c, 1, ACK, 1051, 50));
	assert_false(is_retransmission(c, 1, ACK, 1051, 51));	/* one byte is new */
	assert_false(is_retransmission(c, 1, ACK, 1050, 0));	/* a pure ACK never is */
	assert_false(is_retransmission(c, 1, ACK | FIN, 1102, 0));
	assert_true(is_retransmission(c, 1, ACK | FIN, 1102, 0));
	assert_false(is_retransmission(c, 2, ACK, 1001, 100));	/* another connection */
	assert_false(is_retransmission(c, 1, SYN, 500, 0));	/* a new one on the same ports */
	assert_false(is_retransmission(c, 1, ACK, 501, 10));
	free(c);
}

static void test_sequence_numbers_wrap(void **state)
{
	struct link_classifier *c = malloc(sizeof(*c));

	(void)state;
	assert_non_null(c);
	link_classify_init(c, LINK_L2_ETHERNET);
	assert_false(is_retransmission(c, 1, ACK, 0xfffffff0, 16));
	assert_false(is_retransmission(c, 1, ACK, 0, 16));
	assert_true(is_retransmission(c, 1, ACK, 0xfffffff0, 32));
	free(c);
}

static void test_a_full_table_forgets_the_oldest_flow_first(void **state)
{
	struct link_classifier *c = malloc(sizeof(*c));

	(void)state;
	assert_non_null(c);
	link_classify_init(c, LINK_L2_ETHERNET);
	assert_false(is_retransmission(c, 60000, ACK, 1, 10));
	for (unsigned int port = 1; port < 20 * LINK_FLOWS; port++) {
		assert_false(is_retransmission(c, port, ACK, 1, 10));
		assert_true(is_retransmission(c, port, ACK, 1, 10));
		assert_true(is_retransmission(c, 60000, ACK, 1, 10));
	}
	assert_false(is_retransmission(c, 1, ACK, 1, 10));	/* long forgotten */
	free(c);
}

static void test_words_and_kinds_are_one_to_one(void **state)
{
	(void)state;
	assert_int_equal(link_kind_of_word("data"), LINK_KIND_DATA);
	assert_string_equal(link_kind_word(LINK_KIND_RETRANSMISSION), "retransmission");
	assert_int_equal(link_kind_of_word("DATA"), 0);
	assert_null(link_kind_word(LINK_KIND_DATA | LINK_KIND_FIN));
	assert_null(link_kind_word(0));
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(rows) + 4] = {
		cmocka_unit_test(test_only_what_was_all_seen_is_a_retransmission),
		cmocka_unit_test(test_sequence_numbers_wrap),
		cmocka_unit_test(test_a_full_table_forgets_the_oldest_flow_first),
		cmocka_unit_test(test_words_and_kinds_are_one_to_one),
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		tests[4 + i] = (struct CMUnitTest){ rows[i].name, test_row, NULL, NULL,
						    (void *)(uintptr_t)&rows[i] };
	return cmocka_run_group_tests_name("link_classify", tests, NULL, NULL);
}
