/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an IPv4 host does over a long time and between its links: quiet when nothing happens,
 * link-local addresses without routers, identifications that do not repeat, the weak host model.
 */
#include "net_fixture.h"
#include "own.h"

enum { LOCAL4 = 0xa9fe0102, LOCAL_PEER4 = 0xa9fe0909, FAR4 = 0xc0000201 };

/* All that leaves until then, each frame given to `look`. */
static void watch(struct host *h, uint64_t until_ns, void (*look)(struct host *, void *), void *arg)
{
	while (h->now < until_ns) {
		uint64_t next = ph_stack_deadline(h->st);

		while (host_take(h) > 0)
			look(h, arg);
		h->now = next > until_ns ? until_ns : next > h->now ? next : h->now;
		ph_stack_run(h->st, h->now);
	}
	while (host_take(h) > 0)
		look(h, arg);
}

struct seen {
	unsigned probes, announcements, others;
	uint64_t announced_ns[4];
};

static void arp_seen(struct host *h, void *arg)
{
	struct seen *s = arg;
	const struct arp_hdr *a = out_arp(h);

	assert_int_equal(be16_get(out_eth(h)->type), ETH_TYPE_ARP);
	if (be32_get(a->sender_ip) == 0)
		s->probes++;
	else if (be32_get(a->sender_ip) == be32_get(a->target_ip) && s->announcements < 4)
		s->announced_ns[s->announcements++] = h->now;
	else
		s->others++;
}

/* rfc: 3927:2.4-1 3927:2.2-2 3927:4-1 5227:2.1-2 1122:3.3.1.4-2 1122:2.3.1-1 894:2 */
static void test_an_address_is_probed_and_announced_once_and_then_all_is_quiet(void **state)
{
	struct host *h = host_new();
	struct ph_ip local = ip_of4(LOCAL4), none = ip_of4(0), router = ip_of4(PEER4);
	struct seen s = { 0 };

	(void)state;
	host_knows_peer(h);
	assert_int_equal(ph_route_add(h->st, &none, 0, &router, h->link, 0, h->now), 0);
	assert_int_equal(ph_addr_claim(h->st, h->link, &local, 16, PH_ACD_DEFEND_ONCE, h->now), 0);
	watch(h, h->now + 20 * NS_PER_S, arp_seen, &s);
	assert_int_equal(s.probes, 3);
	assert_int_equal(s.announcements, 2);
	assert_int_equal(s.announced_ns[1] - s.announced_ns[0], 2 * NS_PER_S);
	watch(h, h->now + 1800 * NS_PER_S, arp_seen, &s); /* not a frame in half an hour */
	assert_int_equal(s.probes + s.announcements + s.others, 5);
	assert_int_equal(ph_addr_del(h->st, h->link, &local, h->now), 0);
	host_free(h);
}

/* rfc: 3927:2.6.2-1 3927:2.6.2-2 */
static void test_link_local_addresses_know_no_router(void **state)
{
	struct host *h = host_new();
	struct ph_ip local = ip_of4(LOCAL4), none = ip_of4(0), router = ip_of4(PEER4);
	struct ph_ip peer = ip_of4(LOCAL_PEER4), far = ip_of4(FAR4);
	struct dst d = { 0 };

	(void)state;
	assert_int_equal(ph_route_add(h->st, &none, 0, &router, h->link, 0, h->now), 0);
	assert_int_equal(dst_lookup(h->st, &d, NULL, &peer, false), 0);
	assert_int_equal(ip_get4(&d.next_hop), LOCAL_PEER4);
	assert_int_equal(ph_addr_add(h->st, h->link, &local, 16, h->now), 0);
	assert_int_equal(dst_lookup(h->st, &d, &local, &far, false), 0);
	assert_int_equal(ip_get4(&d.next_hop), FAR4);
	assert_int_equal(dst_lookup(h->st, &d, NULL, &far, false), 0);
	assert_int_equal(ip_get4(&d.next_hop), PEER4); /* from the other address, by the router */
	host_free(h);
}

/* rfc: 3927:2.7-2 */
static void test_nobody_is_told_of_a_link_local_address_that_is_not_ours(void **state)
{
	struct host *h = host_new();
	struct frame f;

	(void)state;
	for (uint32_t i = 1; i < 2000; i += 37) {
		frame_arp(&f, ARP_OP_REQUEST, peer_mac, LOCAL_PEER4, 0xa9fe0000 + i);
		frame_in(h, &f);
		assert_int_equal(host_take(h), 0);
	}
	host_free(h);
}

/* rfc: 6864:4.3-2 791:3.1-6 */
static void test_identifications_of_what_may_be_cut_do_not_repeat(void **state)
{
	struct host *h = host_new();
	uint8_t *seen = calloc(1, 65536);

	(void)state;
	assert_non_null(seen);
	host_knows_peer(h);
	host_test_l4(h);
	for (unsigned i = 0; i < 65536; i++) {
		uint16_t id;

		assert_int_equal(host_send(h, PEER4, 1), 0);
		assert_true(host_take(h) > 0);
		id = be16_get(out_ip4(h)->id);
		assert_int_equal(seen[id]++, 0);
		if (i % 1000 == 0)
			h->now += NS_PER_MS;
	}
	free(seen);
	host_free(h);
}

/* rfc: 1122:3.3.4.2-3 */
static void test_an_address_is_the_host_s_not_the_link_s(void **state)
{
	struct host *h = host_new();
	struct ph_link_conf conf = { .name = "t1", .kind = PH_LINK_ETHER, .mac = { 2, 0, 0, 0, 0, 9 } };
	struct ph_ip other = ip_of4(0x0a010002);
	ph_link second = ph_link_add(h->st, &conf, h->now);
	struct frame f;

	(void)state;
	assert_true(second > 0);
	assert_int_equal(ph_addr_add(h->st, second, &other, 24, h->now), 0);
	host_knows_peer(h);
	(void)frame_echo(&f, PEER4, 0x0a010002, 8);
	frame_in(h, &f);
	assert_true(host_take(h) > 0);
	assert_int_equal(be32_get(out_ip4(h)->src), 0x0a010002);
	assert_int_equal(ph_link_remove(h->st, second, h->now), 0);
	frame_in(h, &f);
	assert_int_equal(host_take(h), 0);
	host_free(h);
}

/* rfc: 1122:3.2.2.9-2 attack: CVE-2020-11911 CVE-2007-0066 */
static void test_messages_that_would_configure_us_change_nothing(void **state)
{
	static const uint8_t types[] = { 9, 10, 16, 18 };
	struct host *h = host_new();
	struct ph_addr_info before[2], after[2];
	struct ph_route_info routes[4];

	(void)state;
	host_knows_peer(h);
	assert_int_equal(own_addrs(h->st, before, 2), 1);
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		struct frame f;

		(void)frame_echo(&f, PEER4, US4, 64);
		f.b[34] = types[i];
		f.b[38] = 255; /* of a router advertisement: the number of its entries */
		frame_icmp_csum(&f);
		frame_in(h, &f);
		assert_int_equal(host_take(h), 0);
		assert_int_equal(own_addrs(h->st, after, 2), 1);
		assert_int_equal(after[0].prefix, before[0].prefix);
		assert_int_equal(ph_routes(h->st, routes, 4), 1);
	}
	host_free(h);
}

/* rfc: 6633:3-1 */
static void test_a_flood_that_finds_the_queue_full_is_not_answered_with_a_quench(void **state)
{
	struct host *h = host_new();
	struct frame f;
	unsigned n = 0;

	(void)state;
	host_knows_peer(h);
	(void)frame_echo(&f, PEER4, US4, 8);
	for (unsigned i = 0; i < 3000; i++)
		frame_in(h, &f);
	for (; host_take(h) > 0; n++)
		assert_int_equal(out_l4(h)[0], ICMP4_ECHO_REPLY);
	assert_in_range(n, 1, 2999);
	assert_int_equal(count_of(h, "IcmpOutSrcQuenchs"), 0);
	host_free(h);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_an_address_is_probed_and_announced_once_and_then_all_is_quiet),
		cmocka_unit_test(test_link_local_addresses_know_no_router),
		cmocka_unit_test(test_nobody_is_told_of_a_link_local_address_that_is_not_ours),
		cmocka_unit_test(test_identifications_of_what_may_be_cut_do_not_repeat),
		cmocka_unit_test(test_an_address_is_the_host_s_not_the_link_s),
		cmocka_unit_test(test_messages_that_would_configure_us_change_nothing),
		cmocka_unit_test(
			test_a_flood_that_finds_the_queue_full_is_not_answered_with_a_quench),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
