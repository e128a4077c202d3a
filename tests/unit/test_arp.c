/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/arp.h: what is answered, what is learned and from whom, and what is refused (RFC 826,
 * 5227).
 */
#include "net_fixture.h"

static bool peer_known(const struct host *h, struct ph_neigh_info *n)
{
	return ph_neighs(h->st, n, 1) == 1;
}

/* rfc: 5227:2.6-1 */
static void test_a_request_for_our_address_is_answered_to_its_sender_alone(void **state)
{
	struct host *h = host_new();
	struct frame f;

	(void)state;
	frame_arp(&f, ARP_OP_REQUEST, peer_mac, PEER4, US4);
	frame_in(h, &f);
	assert_int_equal(host_take(h), 42);
	assert_memory_equal(out_eth(h)->dst, peer_mac, 6);
	assert_memory_equal(out_eth(h)->src, us_mac, 6);
	assert_int_equal(be16_get(out_eth(h)->type), 0x0806);
	assert_int_equal(be16_get(out_arp(h)->hw), 1);
	assert_int_equal(be16_get(out_arp(h)->proto), 0x0800);
	assert_int_equal(out_arp(h)->hw_len, 6);
	assert_int_equal(out_arp(h)->proto_len, 4);
	assert_int_equal(be16_get(out_arp(h)->op), ARP_OP_REPLY);
	assert_memory_equal(out_arp(h)->sender_mac, us_mac, 6);
	assert_int_equal(be32_get(out_arp(h)->sender_ip), US4);
	assert_memory_equal(out_arp(h)->target_mac, peer_mac, 6);
	assert_int_equal(be32_get(out_arp(h)->target_ip), PEER4);
	assert_int_equal(host_take(h), 0);
	host_free(h);
}

static void test_a_request_for_our_address_teaches_its_sender(void **state)
{
	struct host *h = host_new();
	struct ph_neigh_info n;

	(void)state;
	host_knows_peer(h);
	assert_true(peer_known(h, &n));
	assert_string_equal(n.state, "STALE");
	assert_memory_equal(n.mac, peer_mac, 6);
	assert_int_equal(ip_get4(&n.ip), PEER4);
	host_free(h);
}

/* rfc: 5227:2.5-1 */
static void test_a_probe_is_answered_and_teaches_nothing(void **state)
{
	struct host *h = host_new();
	struct ph_neigh_info n;
	struct frame f;

	(void)state;
	frame_arp(&f, ARP_OP_REQUEST, peer_mac, 0, US4);
	frame_in(h, &f);
	assert_int_equal(host_take(h), 42);
	assert_int_equal(be32_get(out_arp(h)->target_ip), 0);
	assert_memory_equal(out_eth(h)->dst, peer_mac, 6);
	assert_false(peer_known(h, &n));
	host_free(h);
}

/* attack: CVE-2003-0001, CVE-2018-16600 */
static void test_padding_behind_a_request_is_not_sent_back(void **state)
{
	struct host *h = host_new();
	struct frame f;

	(void)state;
	frame_arp(&f, ARP_OP_REQUEST, peer_mac, PEER4, US4);
	memset(frame_put(&f, 18), 0xaa, 18);
	frame_in(h, &f);
	assert_int_equal(host_take(h), 42);
	host_free(h);
}

/* One field of a request for our address made wrong; what became of it. */
struct bad {
	const char *what, *reason;
	size_t at; /* in the ARP header */
	uint8_t value;
};
static const struct bad bad[] = {
	{ "hardware type 0", "ARP_MALFORMED", 1, 0 },
	{ "hardware type 6", "ARP_MALFORMED", 1, 6 },
	{ "hardware type 257", "ARP_MALFORMED", 0, 1 },
	{ "protocol type IPv6", "ARP_MALFORMED", 2, 0x86 },
	{ "protocol type 0x0801", "ARP_MALFORMED", 3, 1 },
	{ "hardware length 0", "ARP_MALFORMED", 4, 0 },
	{ "hardware length 5", "ARP_MALFORMED", 4, 5 },
	{ "hardware length 255", "ARP_MALFORMED", 4, 255 },
	{ "protocol length 0", "ARP_MALFORMED", 5, 0 },
	{ "protocol length 16", "ARP_MALFORMED", 5, 16 },
	{ "operation 0", "ARP_OPCODE", 7, 0 },
	{ "operation 3, reverse request", "ARP_OPCODE", 7, 3 },
	{ "operation 4, reverse reply", "ARP_OPCODE", 7, 4 },
	{ "operation 257", "ARP_OPCODE", 6, 1 },
	{ "sender a group at Ethernet", "ARP_SENDER", 8, 3 },
	{ "sender 224.0.0.1", "ARP_SENDER", 14, 224 },
	{ "sender 127.0.0.1", "ARP_SENDER", 14, 127 },
	{ "sender 10.0.0.255, broadcast", "ARP_SENDER", 17, 255 },
	{ "sender 10.0.0.2, ourselves", "ARP_SENDER", 17, 2 },
	{ "sender with our own hardware address", "ARP_OWN", 13, 2 },
	{ "target 10.0.0.3", "ARP_NOT_FOR_US", 27, 3 },
};

static void test_a_request_with_a_wrong_field_is_dropped_and_counted(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct host *h = host_new();
		struct ph_neigh_info n;
		struct frame f;

		frame_arp(&f, ARP_OP_REQUEST, peer_mac, PEER4, US4);
		f.b[ETH_HDR_LEN + bad[i].at] = bad[i].value;
		frame_in(h, &f);
		if (drops_of(h, bad[i].reason) != 1 || host_take(h) != 0 || peer_known(h, &n))
			fail_msg("%s: not dropped for %s", bad[i].what, bad[i].reason);
		host_free(h);
	}
}

static void test_a_request_cut_short_at_any_byte_is_dropped(void **state)
{
	struct host *h = host_new();
	struct frame f;

	(void)state;
	frame_arp(&f, ARP_OP_REQUEST, peer_mac, PEER4, US4);
	for (f.len = ETH_HDR_LEN; f.len < 42; f.len++)
		frame_in(h, &f);
	assert_int_equal(drops_of(h, "ARP_MALFORMED"), 28);
	assert_int_equal(host_take(h), 0);
	host_free(h);
}

static void test_a_reply_that_nobody_asked_for_makes_no_entry(void **state)
{
	struct host *h = host_new();
	struct ph_neigh_info n;
	struct frame f;

	(void)state;
	frame_arp(&f, ARP_OP_REPLY, peer_mac, PEER4, US4);
	frame_in(h, &f);
	assert_false(peer_known(h, &n));
	assert_int_equal(drops_of(h, "ARP_UNSOLICITED"), 1);
	host_free(h);
}

static void test_a_gratuitous_request_changes_an_entry_and_makes_none(void **state)
{
	struct host *h = host_new();
	struct ph_neigh_info n;
	struct frame f;

	(void)state;
	frame_arp(&f, ARP_OP_REQUEST, other_mac, PEER4, PEER4);
	frame_in(h, &f);
	assert_false(peer_known(h, &n));
	host_knows_peer(h);
	frame_in(h, &f);
	assert_true(peer_known(h, &n));
	assert_memory_equal(n.mac, other_mac, 6);
	assert_string_equal(n.state, "STALE");
	host_free(h);
}

static void test_a_broadcast_reply_changes_an_entry_but_does_not_confirm_it(void **state)
{
	struct host *h = host_new();
	struct ph_neigh_info n;
	struct frame f;

	(void)state;
	host_knows_peer(h);
	h->now += 2 * NS_PER_S;
	frame_arp(&f, ARP_OP_REPLY, other_mac, PEER4, PEER4);
	memcpy(f.b, all_mac, 6);
	frame_in(h, &f);
	assert_true(peer_known(h, &n));
	assert_memory_equal(n.mac, other_mac, 6);
	assert_string_equal(n.state, "STALE");
	host_free(h);
}

static void test_of_two_answers_within_a_second_the_first_counts(void **state)
{
	struct host *h = host_new();
	struct ph_neigh_info n;
	struct frame f;

	(void)state;
	host_knows_peer(h);
	frame_arp(&f, ARP_OP_REPLY, other_mac, PEER4, US4);
	h->now += NS_PER_S / 2;
	frame_in(h, &f);
	assert_true(peer_known(h, &n));
	assert_memory_equal(n.mac, peer_mac, 6);
	h->now += NS_PER_S;
	frame_in(h, &f);
	assert_true(peer_known(h, &n));
	assert_memory_equal(n.mac, other_mac, 6);
	assert_string_equal(n.state, "REACHABLE");
	host_free(h);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_request_for_our_address_is_answered_to_its_sender_alone),
		cmocka_unit_test(test_a_request_for_our_address_teaches_its_sender),
		cmocka_unit_test(test_a_probe_is_answered_and_teaches_nothing),
		cmocka_unit_test(test_padding_behind_a_request_is_not_sent_back),
		cmocka_unit_test(test_a_request_with_a_wrong_field_is_dropped_and_counted),
		cmocka_unit_test(test_a_request_cut_short_at_any_byte_is_dropped),
		cmocka_unit_test(test_a_reply_that_nobody_asked_for_makes_no_entry),
		cmocka_unit_test(test_a_gratuitous_request_changes_an_entry_and_makes_none),
		cmocka_unit_test(test_a_broadcast_reply_changes_an_entry_but_does_not_confirm_it),
		cmocka_unit_test(test_of_two_answers_within_a_second_the_first_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
