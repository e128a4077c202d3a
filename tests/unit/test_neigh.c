/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/neigh.h: resolution, reachability (RFC 4861 7.3), what waits meanwhile, and the table's
 * bounds.
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

static void answer(struct host *h, uint32_t from, const uint8_t *mac)
{
	struct frame f;

	frame_arp(&f, ARP_OP_REPLY, mac, from, US4);
	frame_in(h, &f);
}

/* Takes the next frame, which must be a request for `target`, to `mac`. */
static void expect_request(struct host *h, uint32_t target, const uint8_t *mac)
{
	assert_int_equal(host_take(h), 42);
	assert_memory_equal(out_eth(h)->dst, mac, 6);
	assert_int_equal(be16_get(out_arp(h)->op), ARP_OP_REQUEST);
	assert_int_equal(be32_get(out_arp(h)->sender_ip), US4);
	assert_memory_equal(out_arp(h)->sender_mac, us_mac, 6);
	assert_memory_equal(out_arp(h)->target_mac, no_mac, 6);
	assert_int_equal(be32_get(out_arp(h)->target_ip), target);
}

/* Takes the next frame, which must be the packet with this mark, to `mac`. */
static void expect_packet(struct host *h, uint8_t mark, const uint8_t *mac)
{
	assert_true(host_take(h) > ETH_HDR_LEN + IP4_HDR_LEN);
	assert_memory_equal(out_eth(h)->dst, mac, 6);
	assert_memory_equal(out_eth(h)->src, us_mac, 6);
	assert_int_equal(be16_get(out_eth(h)->type), ETH_TYPE_IP4);
	assert_int_equal(out_l4(h)[0], mark);
}

/* rfc: 1122:2.4-2 */
static void test_a_packet_waits_for_the_answer_and_then_leaves(void **state)
{
	struct host *h = host_new();

	(void)state;
	assert_int_equal(host_send(h, PEER4, 1), 0);
	assert_int_equal(host_send(h, PEER4, 2), 0);
	expect_request(h, PEER4, all_mac);
	assert_int_equal(host_take(h), 0);
	assert_string_equal(state_of(h, PEER4), "INCOMPLETE");
	answer(h, PEER4, peer_mac);
	assert_string_equal(state_of(h, PEER4), "REACHABLE");
	expect_packet(h, 1, peer_mac);
	expect_packet(h, 2, peer_mac);
	assert_int_equal(host_take(h), 0);
	assert_int_equal(host_send(h, PEER4, 3), 0);
	expect_packet(h, 3, peer_mac);
	host_free(h);
}

static void test_three_requests_a_second_apart_then_senders_are_told(void **state)
{
	struct host *h = host_new();

	(void)state;
	host_test_l4(h);
	assert_int_equal(host_send(h, PEER4, 9), 0);
	for (int i = 0; i < 3; i++) {
		expect_request(h, PEER4, all_mac);
		assert_int_equal(host_take(h), 0);
		assert_int_equal(ph_stack_deadline(h->st), h->now + NS_PER_S);
		assert_int_equal(test_l4.errors, 0);
		host_run(h, NS_PER_S);
	}
	assert_int_equal(host_take(h), 0);
	assert_string_equal(state_of(h, PEER4), "FAILED");
	assert_int_equal(drops_of(h, "NEIGH_FAILED"), 1);
	assert_int_equal(test_l4.errors, 1);
	assert_int_equal(test_l4.err.error, EHOSTUNREACH);
	assert_int_equal(ip_get4(&test_l4.err.remote), PEER4);
	assert_int_equal(ip_get4(&test_l4.err.local), US4);
	assert_int_equal(test_l4.err.quote_len, 20);
	assert_int_equal(test_l4.quote[0], 9);
	host_free(h);
}

/* rfc: 1122:2.3.2.1-1 */
static void test_a_failed_neighbour_is_asked_again_by_the_next_packet(void **state)
{
	struct host *h = host_new();

	(void)state;
	assert_int_equal(host_send(h, PEER4, 1), 0);
	host_run(h, NS_PER_S);
	host_run(h, NS_PER_S);
	host_run(h, NS_PER_S);
	while (host_take(h) > 0)
		;
	assert_string_equal(state_of(h, PEER4), "FAILED");
	assert_int_equal(host_send(h, PEER4, 2), 0);
	expect_request(h, PEER4, all_mac);
	answer(h, PEER4, peer_mac);
	expect_packet(h, 2, peer_mac);
	host_free(h);
}

/* rfc: 1122:2.3.2.1-1 */
static void test_a_stale_neighbour_is_used_then_probed_alone_then_given_up(void **state)
{
	struct host *h = host_new();

	(void)state;
	host_knows_peer(h);
	assert_int_equal(host_send(h, PEER4, 1), 0);
	expect_packet(h, 1, peer_mac);
	assert_string_equal(state_of(h, PEER4), "DELAY");
	assert_int_equal(ph_stack_deadline(h->st), h->now + 5 * NS_PER_S);
	host_run(h, 5 * NS_PER_S);
	for (int i = 0; i < 3; i++) {
		assert_string_equal(state_of(h, PEER4), "PROBE");
		expect_request(h, PEER4, peer_mac);
		host_run(h, NS_PER_S);
	}
	assert_string_equal(state_of(h, PEER4), "FAILED");
	assert_int_equal(host_take(h), 0);
	assert_int_equal(ph_stack_deadline(h->st), PH_NEVER);
	host_free(h);
}

static void test_an_answer_to_a_probe_makes_it_reachable(void **state)
{
	struct host *h = host_new();

	(void)state;
	host_knows_peer(h);
	assert_int_equal(host_send(h, PEER4, 1), 0);
	expect_packet(h, 1, peer_mac);
	host_run(h, 5 * NS_PER_S);
	expect_request(h, PEER4, peer_mac);
	answer(h, PEER4, peer_mac);
	assert_string_equal(state_of(h, PEER4), "REACHABLE");
	assert_int_equal(ph_stack_deadline(h->st), PH_NEVER);
	host_free(h);
}

static void test_progress_seen_above_saves_the_probe(void **state)
{
	struct host *h = host_new();
	struct dst d;

	(void)state;
	host_knows_peer(h);
	d = host_dst(h, PEER4);
	assert_int_equal(host_send_on(h, &d, 1, 20), 0);
	expect_packet(h, 1, peer_mac);
	assert_string_equal(state_of(h, PEER4), "DELAY");
	for (int i = 0; i < 10; i++) {
		dst_confirm(h->st, &d);
		assert_string_equal(state_of(h, PEER4), "REACHABLE");
		h->now += 10 * NS_PER_S;
		ph_stack_run(h->st, h->now);
	}
	assert_int_equal(ph_stack_deadline(h->st), PH_NEVER);
	host_free(h);
}

/* Who asks for us with the address we know says nothing new, and takes nothing back. */
static void test_a_request_from_a_reachable_neighbour_leaves_it_reachable(void **state)
{
	struct host *h = host_new();
	struct frame f;

	(void)state;
	assert_int_equal(host_send(h, PEER4, 1), 0);
	expect_request(h, PEER4, all_mac);
	answer(h, PEER4, peer_mac);
	expect_packet(h, 1, peer_mac);
	frame_arp(&f, ARP_OP_REQUEST, peer_mac, PEER4, US4);
	frame_in(h, &f);
	assert_int_equal(host_take(h), 42);
	assert_string_equal(state_of(h, PEER4), "REACHABLE");
	host_free(h);
}

/* rfc: 1122:2.3.2.1-2 */
static void test_the_time_that_a_neighbour_is_believed_can_be_set(void **state)
{
	struct host *h = host_new();

	(void)state;
	assert_int_equal(ph_sysctl_set(h->st, "net.ipv4.neigh.default.base_reachable_time_ms", "100"),
			 0);
	assert_int_equal(host_send(h, PEER4, 1), 0);
	answer(h, PEER4, peer_mac);
	assert_string_equal(state_of(h, PEER4), "REACHABLE");
	host_run(h, 150 * NS_PER_MS + 1);
	assert_string_equal(state_of(h, PEER4), "STALE");
	host_free(h);
}

static void test_reachable_ends_between_half_and_one_and_a_half_of_the_base_time(void **state)
{
	(void)state;
	for (unsigned row = 0; row < 20; row++) {
		struct host *h = host_new();

		for (unsigned i = 0; i < row; i++)
			(void)prng_u64(&h->st->prng);
		assert_int_equal(host_send(h, PEER4, 1), 0);
		answer(h, PEER4, peer_mac);
		h->now += 15 * NS_PER_S - 1;
		host_run(h, 0);
		assert_string_equal(state_of(h, PEER4), "REACHABLE");
		h->now += 30 * NS_PER_S + 1;
		host_run(h, 0);
		assert_string_equal(state_of(h, PEER4), "STALE");
		host_free(h);
	}
}

static void test_what_overflows_the_queue_is_the_oldest(void **state)
{
	struct host *h = host_new();

	(void)state;
	assert_int_equal(ph_sysctl_set(h->st, "net.ipv4.neigh.default.unres_qlen", "3"), 0);
	for (uint8_t mark = 1; mark <= 5; mark++)
		assert_int_equal(host_send(h, PEER4, mark), 0);
	expect_request(h, PEER4, all_mac);
	assert_int_equal(drops_of(h, "NEIGH_QUEUEFULL"), 2);
	answer(h, PEER4, peer_mac);
	expect_packet(h, 3, peer_mac);
	expect_packet(h, 4, peer_mac);
	expect_packet(h, 5, peer_mac);
	assert_int_equal(host_take(h), 0);
	host_free(h);
}

static void test_the_queue_is_bounded_in_bytes_and_keeps_the_latest(void **state)
{
	struct host *h = host_new();
	struct dst d = host_dst(h, PEER4);

	(void)state;
	assert_int_equal(ph_sysctl_set(h->st, "net.ipv4.neigh.default.unres_qlen_bytes", "200"), 0);
	for (uint8_t mark = 1; mark <= 5; mark++)
		assert_int_equal(host_send_on(h, &d, mark, 60), 0);
	expect_request(h, PEER4, all_mac);
	answer(h, PEER4, peer_mac);
	expect_packet(h, 4, peer_mac);
	expect_packet(h, 5, peer_mac);
	assert_int_equal(host_take(h), 0);
	d = host_dst(h, OTHER4);
	assert_int_equal(host_send_on(h, &d, 1, 60), 0);
	assert_int_equal(host_send_on(h, &d, 2, 1000), 0);
	expect_request(h, OTHER4, all_mac);
	answer(h, OTHER4, other_mac);
	expect_packet(h, 2, other_mac);
	assert_int_equal(host_take(h), 0);
	host_free(h);
}

/* attack: ARP-cache-exhaustion */
static void test_strangers_cannot_push_out_who_is_in_use(void **state)
{
	struct host *h = host_new();
	struct ph_neigh_info n[64];
	struct ph_ip fixed = ip_of4(OTHER4);
	struct frame f;

	(void)state;
	assert_int_equal(ph_sysctl_set(h->st, "net.ipv4.neigh.default.gc_thresh3", "8"), 0);
	assert_int_equal(ph_neigh_add(h->st, h->link, &fixed, other_mac, h->now), 0);
	host_knows_peer(h);
	for (uint32_t i = 0; i < 200; i++) {
		h->now += NS_PER_MS;
		assert_int_equal(host_send(h, PEER4, 1), 0);
		frame_arp(&f, ARP_OP_REQUEST, (const uint8_t[]){ 2, 1, 0, 0, 0, (uint8_t)i },
			  0x0a000010 + i, US4);
		frame_in(h, &f);
		while (host_take(h) > 0)
			;
		assert_string_not_equal(state_of(h, PEER4), "INCOMPLETE");
	}
	assert_int_equal(ph_neighs(h->st, n, 64), 8);
	assert_string_not_equal(state_of(h, PEER4), "none");
	assert_string_equal(state_of(h, OTHER4), "PERMANENT");
	assert_string_equal(state_of(h, 0x0a000010 + 199), "STALE");
	host_free(h);
}

static void test_a_destination_survives_its_neighbour(void **state)
{
	struct host *h = host_new();
	struct frame f;
	struct dst d;

	(void)state;
	host_knows_peer(h);
	d = host_dst(h, PEER4);
	assert_int_equal(host_send_on(h, &d, 1, 20), 0);
	expect_packet(h, 1, peer_mac);
	assert_int_equal(ph_sysctl_set(h->st, "net.ipv4.neigh.default.gc_thresh3", "1"), 0);
	h->now += NS_PER_S;
	for (uint8_t i = 0; i < 3; i++) { /* the first gives the peer its second chance */
		frame_arp(&f, ARP_OP_REQUEST, other_mac, OTHER4 + i, US4);
		frame_in(h, &f);
		assert_int_equal(host_take(h), 42);
	}
	assert_string_equal(state_of(h, PEER4), "none");
	assert_int_equal(host_send_on(h, &d, 2, 20), 0);
	expect_request(h, PEER4, all_mac);
	answer(h, PEER4, peer_mac);
	expect_packet(h, 2, peer_mac);
	host_free(h);
}

static void test_a_table_of_permanent_entries_takes_no_other(void **state)
{
	struct host *h = host_new();
	struct ph_ip fixed = ip_of4(OTHER4);

	(void)state;
	assert_int_equal(ph_sysctl_set(h->st, "net.ipv4.neigh.default.gc_thresh3", "1"), 0);
	assert_int_equal(ph_neigh_add(h->st, h->link, &fixed, other_mac, h->now), 0);
	assert_int_equal(host_send(h, PEER4, 1), -ENOBUFS);
	assert_int_equal(drops_of(h, "NEIGH_TABLE_FULL"), 1);
	assert_int_equal(host_send(h, OTHER4, 2), 0);
	expect_packet(h, 2, other_mac);
	host_free(h);
}

static void test_a_permanent_entry_learns_nothing(void **state)
{
	struct host *h = host_new();
	struct ph_ip fixed = ip_of4(PEER4);

	(void)state;
	assert_int_equal(ph_neigh_add(h->st, h->link, &fixed, other_mac, h->now), 0);
	host_knows_peer(h);
	h->now += 10 * NS_PER_S;
	answer(h, PEER4, peer_mac);
	assert_int_equal(host_send(h, PEER4, 1), 0);
	expect_packet(h, 1, other_mac);
	assert_string_equal(state_of(h, PEER4), "PERMANENT");
	host_free(h);
}

static void test_neighbours_that_cannot_be_are_refused(void **state)
{
	static const struct {
		uint32_t ip;
		uint8_t mac0;
		int link, want;
	} row[] = {
		{ PEER4, 2, 9, -ENODEV },      { 0xe0000001, 2, 2, -EINVAL },
		{ US4, 2, 2, -EINVAL },	       { PEER4, 3, 2, -EINVAL },
		{ 0x7f000001, 2, 2, -EINVAL }, { 0, 2, 2, -EINVAL },
		{ UINT32_MAX, 2, 2, -EINVAL }, { PEER4, 2, 2, 0 },
	};
	struct host *h = host_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		struct ph_ip ip = ip_of4(row[i].ip);
		uint8_t mac[6] = { row[i].mac0, 0, 0, 0, 0, 9 };

		assert_int_equal(ph_neigh_add(h->st, row[i].link, &ip, mac, h->now), row[i].want);
	}
	host_free(h);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_packet_waits_for_the_answer_and_then_leaves),
		cmocka_unit_test(test_three_requests_a_second_apart_then_senders_are_told),
		cmocka_unit_test(test_a_failed_neighbour_is_asked_again_by_the_next_packet),
		cmocka_unit_test(test_a_stale_neighbour_is_used_then_probed_alone_then_given_up),
		cmocka_unit_test(test_an_answer_to_a_probe_makes_it_reachable),
		cmocka_unit_test(test_progress_seen_above_saves_the_probe),
		cmocka_unit_test(
			test_reachable_ends_between_half_and_one_and_a_half_of_the_base_time),
		cmocka_unit_test(test_the_time_that_a_neighbour_is_believed_can_be_set),
		cmocka_unit_test(test_what_overflows_the_queue_is_the_oldest),
		cmocka_unit_test(test_the_queue_is_bounded_in_bytes_and_keeps_the_latest),
		cmocka_unit_test(test_strangers_cannot_push_out_who_is_in_use),
		cmocka_unit_test(test_a_destination_survives_its_neighbour),
		cmocka_unit_test(test_a_table_of_permanent_entries_takes_no_other),
		cmocka_unit_test(test_a_permanent_entry_learns_nothing),
		cmocka_unit_test(test_neighbours_that_cannot_be_are_refused),
		cmocka_unit_test(test_a_request_from_a_reachable_neighbour_leaves_it_reachable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
