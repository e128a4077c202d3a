/* SPDX-License-Identifier: BSD-2-Clause */
/* net/acd.h: an IPv4 address is asked about, announced, defended and given up by RFC 5227. */
#include "net_fixture.h"

enum { WANT4 = 0x0a000064 }; /* 10.0.0.100 */

static struct ph_ip want(void)
{
	return ip_of4(WANT4);
}

static void claim(struct host *h, enum ph_acd_mode mode)
{
	struct ph_ip ip = want();

	assert_int_equal(ph_addr_claim(h->st, h->link, &ip, 24, mode, h->now), 0);
}

/* The time of the next frame, in ns from now; the frame is taken. 0: none in a minute and a half. */
static uint64_t next_frame(struct host *h)
{
	uint64_t from = h->now;

	if (host_take(h) > 0)
		return 1;
	for (;;) {
		uint64_t at = ph_stack_deadline(h->st);

		if (at == PH_NEVER || at > from + 90 * NS_PER_S)
			return 0;
		host_run(h, at > h->now ? at - h->now : 0);
		if (host_take(h) > 0)
			return h->now - from;
	}
}

static void assert_arp(const struct host *h, uint32_t sender, uint32_t target)
{
	assert_int_equal(be16_get(out_eth(h)->type), 0x0806);
	assert_memory_equal(out_eth(h)->dst, all_mac, 6);
	assert_int_equal(be16_get(out_arp(h)->op), ARP_OP_REQUEST);
	assert_memory_equal(out_arp(h)->sender_mac, us_mac, 6);
	assert_memory_equal(out_arp(h)->target_mac, no_mac, 6);
	assert_int_equal(be32_get(out_arp(h)->sender_ip), sender);
	assert_int_equal(be32_get(out_arp(h)->target_ip), target);
}

static void expect(struct host *h, uint32_t sender, double least_s, double most_s)
{
	uint64_t after = next_frame(h);

	assert_true(after >= (uint64_t)(least_s * 1e9) && after > 0);
	assert_true(after <= (uint64_t)(most_s * 1e9));
	assert_arp(h, sender, WANT4);
}

static bool have(const struct host *h)
{
	struct ph_ip ip = want();

	return addr_is_local(h->st, &ip);
}

static void hear(struct host *h, uint16_t op, const uint8_t *mac, uint32_t sender, uint32_t target)
{
	struct frame f;

	frame_arp(&f, op, mac, sender, target);
	frame_in(h, &f);
}

/* Up to the second announcement. */
static void hold(struct host *h, enum ph_acd_mode mode)
{
	claim(h, mode);
	for (int i = 0; i < 5; i++)
		assert_true(next_frame(h) > 0);
	assert_true(have(h));
	assert_int_equal(host_take(h), 0);
}

/* rfc: 5227:1.1-1, 5227:2.1-1, 5227:2.1.1-1, 5227:2.1.1-5, 5227:2.3-1 */
static void test_three_probes_then_two_announcements_then_silence(void **state)
{
	struct host *h = host_new();

	(void)state;
	claim(h, PH_ACD_DEFEND_ONCE);
	assert_false(have(h));
	expect(h, 0, 0, 1);
	for (int i = 0; i < 2; i++)
		expect(h, 0, 1, 2);
	assert_false(have(h));
	expect(h, WANT4, 2, 2); /* not earlier than two seconds after the last probe */
	assert_true(have(h));
	expect(h, WANT4, 2, 2);
	/* rfc: 5227:2.1-2: and never again */
	assert_int_equal(next_frame(h), 0);
	host_free(h);
}

/* rfc: 5227:2.1.1-2 */
static void test_an_answer_or_a_request_from_the_address_means_it_is_taken(void **state)
{
	for (int before = 0; before < 4; before++) { /* before the first probe, ... after the third */
		for (uint16_t op = ARP_OP_REQUEST; op <= ARP_OP_REPLY; op++) {
			struct host *h = host_new();

			claim(h, PH_ACD_DEFEND_ONCE);
			for (int i = 0; i < before; i++)
				assert_true(next_frame(h) > 0);
			hear(h, op, other_mac, WANT4, op == ARP_OP_REPLY ? 0 : PEER4);
			assert_false(have(h));
			assert_int_equal(count_of(h, "PhantomAcdConflicts"), 1);
			expect(h, 0, 60, 61); /* asked again, once a minute */
			assert_false(have(h));
			host_free(h);
		}
	}
	(void)state;
}

/* rfc: 5227:2.1.1-3 */
static void test_a_probe_of_another_for_it_is_a_conflict_and_our_own_echoed_is_none(void **state)
{
	struct host *h = host_new();

	(void)state;
	claim(h, PH_ACD_DEFEND_ONCE);
	expect(h, 0, 0, 1);
	hear(h, ARP_OP_REQUEST, us_mac, 0, WANT4);
	assert_int_equal(count_of(h, "PhantomAcdConflicts"), 0);
	hear(h, ARP_OP_REQUEST, other_mac, 0, OTHER4);
	assert_int_equal(count_of(h, "PhantomAcdConflicts"), 0);
	hear(h, ARP_OP_REQUEST, other_mac, 0, WANT4);
	assert_int_equal(count_of(h, "PhantomAcdConflicts"), 1);
	host_free(h);
}

/* rfc: 5227:2.4-1, 5227:2.4-2, 5227:2.4-3 */
static void test_a_conflict_is_answered_once_and_the_second_takes_the_address(void **state)
{
	struct host *h = host_new();

	(void)state;
	hold(h, PH_ACD_DEFEND_ONCE);
	host_run(h, 20 * NS_PER_S);
	hear(h, ARP_OP_REPLY, other_mac, WANT4, PEER4);
	assert_true(host_take(h) > 0);
	assert_arp(h, WANT4, WANT4);
	assert_int_equal(host_take(h), 0);
	host_run(h, 11 * NS_PER_S); /* long ago: defended again */
	hear(h, ARP_OP_REPLY, other_mac, WANT4, PEER4);
	assert_true(host_take(h) > 0);
	host_run(h, 5 * NS_PER_S);
	hear(h, ARP_OP_REPLY, other_mac, WANT4, PEER4);
	assert_int_equal(host_take(h), 0);
	assert_false(have(h));
	host_free(h);
}

/* rfc: 5227:2.4-4 */
/* attack: ACD-abuse */
static void test_who_never_gives_way_says_so_once_in_ten_seconds(void **state)
{
	struct host *h = host_new();
	int said = 0;

	(void)state;
	hold(h, PH_ACD_DEFEND_ALWAYS);
	for (int i = 0; i < 300; i++) { /* half a minute of a flood */
		hear(h, ARP_OP_REPLY, other_mac, WANT4, PEER4);
		while (host_take(h) > 0)
			said++;
		host_run(h, NS_PER_S / 10);
	}
	assert_int_equal(said, 3);
	assert_true(have(h));
	assert_int_equal(count_of(h, "PhantomAcdDefences"), 3);
	host_free(h);
}

static void test_who_cedes_goes_at_the_first(void **state)
{
	struct host *h = host_new();

	(void)state;
	hold(h, PH_ACD_CEDE);
	hear(h, ARP_OP_REPLY, other_mac, WANT4, PEER4);
	assert_false(have(h));
	assert_int_equal(host_take(h), 0);
	host_free(h);
}

/* A probe for what we have is answered, and is no conflict. */
static void test_a_probe_for_an_address_held_is_answered(void **state)
{
	struct host *h = host_new();

	(void)state;
	hold(h, PH_ACD_DEFEND_ONCE);
	hear(h, ARP_OP_REQUEST, other_mac, 0, WANT4);
	assert_true(host_take(h) > 0);
	assert_int_equal(be16_get(out_arp(h)->op), ARP_OP_REPLY);
	assert_int_equal(count_of(h, "PhantomAcdConflicts"), 0);
	assert_true(have(h));
	host_free(h);
}

/* rfc: 5227:2.4-5 */
static void test_connections_from_a_lost_address_are_reset(void **state)
{
	struct host *h = host_new();
	struct ph_sockaddr from = { .family = PH_AF_INET, .ip = want() },
			   to = { .family = PH_AF_INET, .ip = ip_of4(PEER4), .port = 80 };
	int error = 0;
	uint32_t len = sizeof(error);
	ph_socket s;

	(void)state;
	hold(h, PH_ACD_CEDE);
	s = ph_socket_new(h->st, PH_AF_INET, PH_SOCK_STREAM, 0, h->now);
	assert_true(s >= 0);
	assert_int_equal(ph_bind(h->st, s, &from, h->now), 0);
	assert_int_equal(ph_connect(h->st, s, &to, h->now), -EINPROGRESS);
	hear(h, ARP_OP_REPLY, other_mac, WANT4, PEER4);
	assert_int_equal(ph_getsockopt(h->st, s, PH_SOL_SOCKET, PH_SO_ERROR, &error, &len), 0);
	assert_int_equal(error, ECONNABORTED);
	assert_int_equal(ph_close(h->st, s, h->now), 0);
	host_free(h);
}

static void test_a_claim_ends_with_its_address_or_its_link(void **state)
{
	struct host *h = host_new();
	struct ph_ip ip = want();

	(void)state;
	claim(h, PH_ACD_DEFEND_ONCE);
	expect(h, 0, 0, 1);
	assert_int_equal(ph_addr_del(h->st, h->link, &ip, h->now), -EADDRNOTAVAIL);
	assert_int_equal(next_frame(h), 0);
	hold(h, PH_ACD_DEFEND_ONCE);
	assert_int_equal(ph_addr_del(h->st, h->link, &ip, h->now), 0);
	hear(h, ARP_OP_REPLY, other_mac, WANT4, PEER4);
	assert_int_equal(count_of(h, "PhantomAcdConflicts"), 0);
	claim(h, PH_ACD_DEFEND_ONCE);
	host_free(h); /* removes the link */
}

/* An address that is taken from another link, or that link itself, is not this claim's. */
static void test_a_claim_outlives_what_another_link_loses(void **state)
{
	struct ph_link_conf conf = { .name = "eth1", .mtu = 1500, .mac = { 2, 0, 0, 0, 1, 2 } };
	struct host *h = host_new();
	struct ph_ip ip = want();
	ph_link other = ph_link_add(h->st, &conf, h->now);

	(void)state;
	assert_true(other > 0);
	claim(h, PH_ACD_DEFEND_ONCE);
	assert_int_equal(ph_addr_del(h->st, other, &ip, h->now), -EADDRNOTAVAIL);
	expect(h, 0, 0, 1);
	assert_int_equal(ph_link_remove(h->st, other, h->now), 0);
	expect(h, 0, 1, 2);
	host_free(h);
}

static void test_what_cannot_be_claimed_is_refused(void **state)
{
	struct host *h = host_new();
	struct ph_ip ip = want(), us = ip_of4(US4), group = ip_of4(0xe0000001);
	enum ph_acd_mode mode = PH_ACD_CEDE;

	(void)state;
	assert_int_equal(ph_addr_claim(h->st, 9, &ip, 24, mode, h->now), -ENODEV);
	assert_int_equal(ph_addr_claim(h->st, h->link, &ip, 33, mode, h->now), -EINVAL);
	assert_int_equal(ph_addr_claim(h->st, h->link, &group, 24, mode, h->now), -EADDRNOTAVAIL);
	assert_int_equal(ph_addr_claim(h->st, h->link, &us, 24, mode, h->now), -EEXIST);
	host_free(h);
}

/* rfc: 3927:2.5-2 */
static void test_arp_from_a_link_local_address_is_for_all_to_hear(void **state)
{
	struct host *h = host_new();
	struct ph_ip ip = ip_of4(0xa9fe0102);

	(void)state;
	assert_int_equal(ph_addr_add(h->st, h->link, &ip, 16, h->now), 0);
	hear(h, ARP_OP_REQUEST, peer_mac, 0xa9fe0203, 0xa9fe0102);
	assert_true(host_take(h) > 0);
	assert_int_equal(be16_get(out_arp(h)->op), ARP_OP_REPLY);
	assert_memory_equal(out_eth(h)->dst, all_mac, 6);
	assert_memory_equal(out_arp(h)->target_mac, peer_mac, 6);
	host_free(h);
}

static unsigned taken;

static void told(struct ph_stack *st, struct acd *a, enum acd_news news)
{
	(void)st, (void)a;
	assert_int_equal(news, ACD_TAKEN);
	taken++;
}

/* rfc: 5227:2.1.1-4 */
/* attack: ACD-abuse */
static void test_after_ten_conflicts_attempts_are_a_minute_apart(void **state)
{
	struct host *h = host_new();
	struct acd a;

	(void)state;
	taken = 0;
	acd_init(&a, told);
	for (unsigned i = 0; i < 14; i++) {
		struct ph_ip ip = ip_of4(WANT4 + i);
		uint64_t waited;

		acd_start(h->st, &a, h->link, &ip, PH_ACD_DEFEND_ONCE);
		waited = next_frame(h);
		assert_true(waited > 0);
		if (i < ACD_MAX_CONFLICTS)
			assert_true(waited <= NS_PER_S);
		else
			assert_in_range(waited, 60 * NS_PER_S, 61 * NS_PER_S);
		hear(h, ARP_OP_REPLY, other_mac, WANT4 + i, 0);
		assert_int_equal(taken, i + 1);
	}
	acd_stop(h->st, &a);
	host_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_three_probes_then_two_announcements_then_silence),
		cmocka_unit_test(test_an_answer_or_a_request_from_the_address_means_it_is_taken),
		cmocka_unit_test(test_a_probe_of_another_for_it_is_a_conflict_and_our_own_echoed_is_none),
		cmocka_unit_test(test_a_conflict_is_answered_once_and_the_second_takes_the_address),
		cmocka_unit_test(test_who_never_gives_way_says_so_once_in_ten_seconds),
		cmocka_unit_test(test_who_cedes_goes_at_the_first),
		cmocka_unit_test(test_a_probe_for_an_address_held_is_answered),
		cmocka_unit_test(test_connections_from_a_lost_address_are_reset),
		cmocka_unit_test(test_a_claim_ends_with_its_address_or_its_link),
		cmocka_unit_test(test_a_claim_outlives_what_another_link_loses),
		cmocka_unit_test(test_what_cannot_be_claimed_is_refused),
		cmocka_unit_test(test_after_ten_conflicts_attempts_are_a_minute_apart),
		cmocka_unit_test(test_arp_from_a_link_local_address_is_for_all_to_hear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
