/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Neighbours and ARP where one rule meets another: what was asked before, what is said by progress while it
 * is probed, what waits when the neighbour speaks first, and who makes room.
 */
#include "net_fixture.h"

static const char *state_of(const struct host *h, uint32_t ip4)
{
	struct ph_neigh_info n[64];
	size_t count = ph_neighs(h->st, n, 64);

	for (size_t i = 0; i < count && i < 64; i++)
		if (ip_get4(&n[i].ip) == ip4)
			return n[i].state;
	return "none";
}

static void hear(struct host *h, uint16_t op, uint32_t from, const uint8_t *mac, uint32_t target)
{
	struct frame *f = malloc(sizeof(*f));

	assert_non_null(f);
	frame_arp(f, op, mac, from, target);
	frame_in(h, f);
	free(f);
}

static void expect_request(struct host *h, const uint8_t *mac)
{
	assert_int_equal(host_take(h), 42);
	assert_memory_equal(out_eth(h)->dst, mac, 6);
	assert_int_equal(be16_get(out_arp(h)->op), ARP_OP_REQUEST);
}

/* Three questions at its address, however many went to all before. */
static void test_probes_are_counted_from_the_first_of_them(void **state)
{
	struct host *h = host_new();

	(void)state;
	assert_int_equal(host_send(h, PEER4, 1), 0);
	expect_request(h, all_mac);
	host_run(h, NS_PER_S);
	expect_request(h, all_mac);
	hear(h, ARP_OP_REPLY, PEER4, peer_mac, US4);
	assert_true(host_take(h) > 42 - 1);
	host_run(h, 50 * NS_PER_S);
	assert_string_equal(state_of(h, PEER4), "STALE");
	assert_int_equal(host_send(h, PEER4, 2), 0);
	assert_true(host_take(h) > 0);
	host_run(h, 5 * NS_PER_S);
	for (int i = 0; i < 3; i++) {
		assert_string_equal(state_of(h, PEER4), "PROBE");
		expect_request(h, peer_mac);
		host_run(h, NS_PER_S);
	}
	assert_string_equal(state_of(h, PEER4), "FAILED");
	host_free(h);
}

/* RFC 7048: who has its address now may have another hardware address, so that all are asked at last. */
static void test_after_the_probes_all_are_asked_where_that_is_wanted(void **state)
{
	struct host *h = host_new();

	(void)state;
	assert_int_equal(ph_sysctl_set(h->st, "net.ipv4.neigh.default.mcast_resolicit", "2"), 0);
	host_knows_peer(h);
	assert_int_equal(host_send(h, PEER4, 1), 0);
	assert_true(host_take(h) > 0);
	host_run(h, 5 * NS_PER_S);
	for (int i = 0; i < 5; i++) {
		assert_string_equal(state_of(h, PEER4), "PROBE");
		expect_request(h, i < 3 ? peer_mac : all_mac);
		host_run(h, NS_PER_S);
	}
	assert_string_equal(state_of(h, PEER4), "FAILED");
	host_free(h);
}

static void test_progress_seen_above_ends_the_probes(void **state)
{
	struct host *h = host_new();
	struct dst d;

	(void)state;
	host_knows_peer(h);
	d = host_dst(h, PEER4);
	assert_int_equal(host_send_on(h, &d, 1, 20), 0);
	assert_true(host_take(h) > 0);
	host_run(h, 5 * NS_PER_S);
	expect_request(h, peer_mac);
	assert_string_equal(state_of(h, PEER4), "PROBE");
	dst_confirm(h->st, &d);
	assert_string_equal(state_of(h, PEER4), "REACHABLE");
	assert_int_equal(wait_frame(h, 10 * NS_PER_S), UINT64_MAX);
	host_free(h);
}

/* It asks for us while we ask for it: what waits leaves, and whether it hears us is still to be seen. */
static void test_what_waits_for_one_who_spoke_first_is_watched(void **state)
{
	struct host *h = host_new();

	(void)state;
	assert_int_equal(host_send(h, PEER4, 1), 0);
	expect_request(h, all_mac);
	hear(h, ARP_OP_REQUEST, PEER4, peer_mac, US4);
	assert_true(host_take(h) > 0);
	assert_true(host_take(h) > 0); /* the reply, and the packet */
	assert_string_equal(state_of(h, PEER4), "DELAY");
	host_run(h, 5 * NS_PER_S);
	expect_request(h, peer_mac);
	host_free(h);
}

/* As of an ICMP host unreachable, and once of a packet that was cut. */
static void test_of_a_packet_in_pieces_its_sender_is_told_once(void **state)
{
	struct host *h = host_new();
	struct dst d;

	(void)state;
	host_test_l4(h);
	d = host_dst(h, PEER4);
	assert_int_equal(host_send_on(h, &d, 7, 4000), 0);
	expect_request(h, all_mac);
	host_run(h, NS_PER_S);
	host_run(h, NS_PER_S);
	host_run(h, NS_PER_S);
	assert_string_equal(state_of(h, PEER4), "FAILED");
	assert_int_equal(drops_of(h, "NEIGH_FAILED"), 3);
	assert_int_equal(test_l4.errors, 1);
	assert_int_equal(test_l4.quote[0], 7);
	assert_int_equal(test_l4.err.type, ICMP4_UNREACH);
	assert_int_equal(test_l4.err.code, ICMP4_UNREACH_HOST);
	while (host_take(h) > 0)
		;
	host_free(h);
}

/* Above the second threshold five seconds without use are enough, below it a minute. */
static void test_a_fuller_table_forgets_sooner(void **state)
{
	(void)state;
	for (int full = 0; full < 2; full++) {
		struct host *h = host_new();
		struct ph_neigh_info n[16];

		assert_int_equal(ph_sysctl_set(h->st, "net.ipv4.neigh.default.gc_thresh1", "1"), 0);
		assert_int_equal(ph_sysctl_set(h->st, "net.ipv4.neigh.default.gc_thresh2",
					       full ? "3" : "30"),
				 0);
		for (uint32_t i = 0; i < 5; i++) {
			uint8_t mac[6] = { 2, 0, 0, 0, 1, (uint8_t)i };

			hear(h, ARP_OP_REQUEST, 0x0a000010 + i, mac, US4);
			assert_true(host_take(h) > 0);
		}
		host_run(h, 10 * NS_PER_S);
		hear(h, ARP_OP_REQUEST, OTHER4, other_mac, US4);
		assert_true(host_take(h) > 0);
		if (full)
			assert_in_range(ph_neighs(h->st, n, 16), 1, 4);
		else
			assert_int_equal(ph_neighs(h->st, n, 16), 6);
		host_free(h);
	}
}

/* drop_gratuitous_arp is of what nobody asked for. rfc: 826:rcv-6 */
static void test_who_drops_gratuitous_arp_still_answers(void **state)
{
	struct host *h = host_new();

	(void)state;
	assert_int_equal(ph_sysctl_set(h->st, "net.ipv4.conf.t0.drop_gratuitous_arp", "1"), 0);
	hear(h, ARP_OP_REQUEST, PEER4, peer_mac, US4);
	assert_int_equal(host_take(h), 42);
	assert_int_equal(be16_get(out_arp(h)->op), ARP_OP_REPLY);
	hear(h, ARP_OP_REQUEST, PEER4, other_mac, PEER4);
	assert_int_equal(host_send(h, PEER4, 1), 0);
	assert_true(host_take(h) > 0);
	assert_memory_equal(out_eth(h)->dst, peer_mac, 6);
	host_free(h);
}

#define T(name) cmocka_unit_test(name)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_probes_are_counted_from_the_first_of_them),
		T(test_after_the_probes_all_are_asked_where_that_is_wanted),
		T(test_progress_seen_above_ends_the_probes),
		T(test_what_waits_for_one_who_spoke_first_is_watched),
		T(test_of_a_packet_in_pieces_its_sender_is_told_once),
		T(test_a_fuller_table_forgets_sooner),
		T(test_who_drops_gratuitous_arp_still_answers),
	};

	return cmocka_run_group_tests_name("neigh_rules", tests, NULL, NULL);
}
