/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Links as hosts have them: frames of every form, VLANs, links that come, change and go; and what the
 * sysctls make of ARP.
 */
#include "net_fixture.h"
#include "own.h"

#include "net/ether.h"

static struct ph_ip ip_at(uint32_t v)
{
	return ip_of4(v);
}

/* The frame's data moved behind `n` more bytes of header. */
static void widen(struct frame *f, size_t n)
{
	memmove(f->b + ETH_HDR_LEN + n, f->b + ETH_HDR_LEN, f->len - ETH_HDR_LEN);
	f->len += n;
}

static void to_snap(struct frame *f)
{
	static const uint8_t snap[8] = { 0xaa, 0xaa, 3, 0, 0, 0, 8, 0 };
	struct eth_hdr *eth = (void *)f->b;

	widen(f, sizeof(snap));
	memcpy(f->b + ETH_HDR_LEN, snap, sizeof(snap));
	eth->type = be16_of((uint16_t)(f->len - ETH_HDR_LEN));
}

static void to_vlan(struct frame *f, uint16_t control)
{
	struct eth_hdr *eth = (void *)f->b;

	widen(f, 4);
	memcpy(f->b + ETH_HDR_LEN + 2, &eth->type, 2);
	eth->type = be16_of(0x8100);
	f->b[ETH_HDR_LEN] = (uint8_t)(control >> 8);
	f->b[ETH_HDR_LEN + 1] = (uint8_t)control;
}

/* rfc: 1122:2.3.3-2 1122:2.3.3-3 894:3 */
static void test_a_frame_of_802_is_read_and_answered_in_ethernet(void **state)
{
	struct host *h = host_new();
	struct frame f;

	(void)state;
	host_knows_peer(h);
	(void)frame_echo(&f, PEER4, US4, 10);
	to_snap(&f);
	memset(frame_put(&f, 9), 0x55, 9); /* padding, which the length does not count */
	frame_in(h, &f);
	assert_int_equal(host_take(h), ETH_HDR_LEN + 20 + 8 + 10);
	assert_int_equal(be16_get(out_eth(h)->type), 0x0800);
	host_free(h);
}

static void test_other_frames_of_802_are_dropped(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
		const char *reason;
	} row[] = {
		{ 14, 0x42, "UNHANDLED_PROTO" }, /* spanning tree's */
		{ 17, 1, "UNHANDLED_PROTO" },    /* another organisation */
		{ 20, 9, "UNHANDLED_PROTO" },    /* EtherType 0x0900 */
		{ 12, 5, "ETH_SHORT" },          /* longer than the frame */
	};
	struct frame f;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		struct host *h = host_new();

		host_knows_peer(h);
		(void)frame_echo(&f, PEER4, US4, 10);
		to_snap(&f);
		f.b[row[i].at] = row[i].value;
		frame_in(h, &f);
		assert_int_equal(drops_of(h, row[i].reason), 1);
		assert_int_equal(host_take(h), 0);
		host_free(h);
	}
}

/* Cut anywhere, in memory that ends there too. */
static void test_a_frame_cut_in_its_tags_is_dropped(void **state)
{
	struct frame f;

	(void)state;
	for (size_t n = 0; n < 26; n++) {
		struct host *h = host_new();
		uint8_t *bytes = malloc(n ? n : 1);

		assert_non_null(bytes);
		(void)frame_echo(&f, PEER4, US4, 0);
		to_snap(&f);
		to_vlan(&f, 0);
		memcpy(bytes, f.b, n);
		assert_int_equal(ph_link_input_bytes(h->st, h->link, bytes, n, NULL, h->now), 0);
		assert_int_equal(drops_of(h, "ETH_SHORT") + drops_of(h, "UNHANDLED_PROTO"), 1);
		free(bytes);
		host_free(h);
	}
}

static void test_a_tag_that_says_a_priority_alone_is_no_vlan(void **state)
{
	struct host *h = host_new();
	struct frame f;

	(void)state;
	host_knows_peer(h);
	(void)frame_echo(&f, PEER4, US4, 10);
	to_vlan(&f, 0xa000);
	frame_in(h, &f);
	assert_int_equal(host_take(h), ETH_HDR_LEN + 20 + 8 + 10);
	assert_int_equal(be16_get(out_eth(h)->type), 0x0800);
	(void)frame_echo(&f, PEER4, US4, 10);
	to_vlan(&f, 7);
	frame_in(h, &f);
	assert_int_equal(host_take(h), 0);
	assert_int_equal(drops_of(h, "OTHER_VLAN"), 1);
	host_free(h);
}

static ph_link vlan_add(struct host *h, uint16_t number, uint32_t ip)
{
	struct ph_link_conf conf = { .name = "t0.v", .kind = PH_LINK_VLAN, .parent = h->link,
				     .vlan = number };
	ph_link l = ph_link_add(h->st, &conf, h->now);
	struct ph_ip us = ip_at(ip);

	assert_true(l > 0);
	assert_int_equal(ph_addr_add(h->st, l, &us, 24, h->now), 0);
	return l;
}

enum { VLAN_US4 = 0x0a010002, VLAN_PEER4 = 0x0a010001 };

static void test_a_vlan_is_a_link_of_its_own_on_the_same_wire(void **state)
{
	struct host *h = host_new();
	struct ph_link_info info[2];
	struct frame f;
	ph_link v = vlan_add(h, 7, VLAN_US4);

	(void)state;
	frame_arp(&f, ARP_OP_REQUEST, peer_mac, VLAN_PEER4, VLAN_US4);
	to_vlan(&f, 7);
	frame_in(h, &f);
	assert_int_equal(host_take(h), ETH_HDR_LEN + 4 + sizeof(struct arp_hdr));
	assert_memory_equal(h->out + 12, "\x81\x00\x00\x07\x08\x06", 6);
	(void)frame_echo(&f, VLAN_PEER4, VLAN_US4, 1472);
	to_vlan(&f, 0x6007);
	frame_in(h, &f);
	assert_int_equal(host_take(h), ETH_HDR_LEN + 4 + 20 + 8 + 1472);
	assert_memory_equal(h->out + 12, "\x81\x00\x00\x07\x08\x00", 6);
	assert_memory_equal(h->out, peer_mac, 6);
	assert_int_equal(csum_fold(csum_add(0, h->out + 38, 8 + 1472)), 0xffff);
	assert_int_equal(own_links(h->st, info, 2), 2);
	assert_int_equal(info[1].kind, PH_LINK_VLAN);
	assert_int_equal(info[1].parent, h->link);
	assert_int_equal(info[1].vlan, 7);
	assert_int_equal(info[1].rx_packets, 2);
	assert_int_equal(info[1].tx_packets, 2);
	assert_int_equal(info[1].multicast, 1);
	assert_int_equal(ph_link_remove(h->st, v, h->now), 0);
	frame_in(h, &f);
	assert_int_equal(host_take(h), 0);
	host_free(h);
}

static void test_a_vlan_that_cannot_be_is_refused(void **state)
{
	struct host *h = host_new();
	struct ph_link_conf conf = { .name = "v", .kind = PH_LINK_VLAN, .parent = h->link, .vlan = 7 };
	ph_link v = ph_link_add(h->st, &conf, h->now);

	(void)state;
	assert_true(v > 0);
	assert_int_equal(ph_link_add(h->st, &conf, h->now), -EEXIST);
	conf.vlan = 0;
	assert_int_equal(ph_link_add(h->st, &conf, h->now), -EINVAL);
	conf.vlan = 4095;
	assert_int_equal(ph_link_add(h->st, &conf, h->now), -EINVAL);
	conf.vlan = 8;
	conf.mtu = 1501;
	assert_int_equal(ph_link_add(h->st, &conf, h->now), -EINVAL);
	conf.mtu = 0;
	conf.parent = v; /* not on another */
	assert_int_equal(ph_link_add(h->st, &conf, h->now), -EINVAL);
	conf.parent = 99;
	assert_int_equal(ph_link_add(h->st, &conf, h->now), -ENODEV);
	assert_int_equal(ph_link_remove(h->st, h->link, h->now), 0); /* takes it along */
	assert_int_equal(ph_link_remove(h->st, v, h->now), -ENODEV);
	host_free(h);
}

static void test_a_link_in_use_takes_another_mtu_and_hardware_address(void **state)
{
	static const uint8_t new_mac[6] = { 2, 0, 0, 0, 9, 9 }, group[6] = { 1 };
	struct host *h = host_new();
	struct ph_link_change to = { .mtu = 1000, .mac = new_mac };
	struct ph_link_change bad_mtu = { .mtu = 67 }, bad_mac = { .mac = group };
	struct dst d;

	(void)state;
	host_knows_peer(h);
	host_test_l4(h);
	d = host_dst(h, PEER4);
	assert_int_equal(ph_sysctl_set(h->st, "net.ipv4.conf.t0.arp_notify", "1"), 0);
	assert_int_equal(ph_link_change(h->st, h->link, &to, h->now), 0);
	assert_int_equal(host_take(h), ETH_HDR_LEN + sizeof(struct arp_hdr));
	assert_int_equal(be32_get(out_arp(h)->sender_ip), US4);
	assert_int_equal(be32_get(out_arp(h)->target_ip), US4);
	assert_memory_equal(out_arp(h)->sender_mac, new_mac, 6);
	assert_int_equal(host_send_on(h, &d, 1, 1400), 0);
	assert_int_equal(host_take(h), ETH_HDR_LEN + 20 + 976); /* in fragments now */
	assert_memory_equal(out_eth(h)->src, new_mac, 6);
	assert_true(host_take(h) > 0);
	assert_int_equal(ph_link_change(h->st, h->link, &bad_mtu, h->now), -EINVAL);
	assert_int_equal(ph_link_change(h->st, h->link, &bad_mac, h->now), -EINVAL);
	assert_int_equal(ph_link_change(h->st, 99, &to, h->now), -ENODEV);
	host_free(h);
}

/* ---- ARP by sysctl -------------------------------------------------------------------------- */

static unsigned asks(struct host *h, uint32_t sender, uint32_t target)
{
	struct frame f;
	unsigned n = 0;

	frame_arp(&f, ARP_OP_REQUEST, peer_mac, sender, target);
	frame_in(h, &f);
	while (host_take(h) > 0)
		n++;
	return n;
}

static void conf(struct host *h, const char *leaf, const char *value)
{
	char name[64];

	snprintf(name, sizeof(name), "net.ipv4.conf.t0.%s", leaf);
	assert_int_equal(ph_sysctl_set(h->st, name, value), 0);
}

static void test_arp_ignore_and_filter_choose_whom_to_answer(void **state)
{
	struct host *h = host_new();

	(void)state;
	(void)vlan_add(h, 7, VLAN_US4);
	assert_int_equal(asks(h, PEER4, VLAN_US4), 1); /* as Linux: an address is the host's */
	conf(h, "arp_ignore", "1");
	assert_int_equal(asks(h, PEER4, VLAN_US4), 0);
	assert_int_equal(asks(h, PEER4, US4), 1);
	assert_int_equal(asks(h, 0xc0000201, US4), 1);
	conf(h, "arp_ignore", "2");
	assert_int_equal(asks(h, 0xc0000201, US4), 0);
	assert_int_equal(asks(h, PEER4, US4), 1);
	conf(h, "arp_ignore", "8");
	assert_int_equal(asks(h, PEER4, US4), 0);
	conf(h, "arp_ignore", "0");
	conf(h, "arp_filter", "1");
	assert_int_equal(asks(h, VLAN_PEER4, US4), 0); /* packets to it leave by the VLAN */
	assert_int_equal(asks(h, PEER4, US4), 1);
	assert_int_equal(drops_of(h, "ARP_IGNORED"), 4);
	host_free(h);
}

static void test_arp_announce_chooses_the_source_of_questions(void **state)
{
	static const struct {
		const char *value;
		uint32_t source;
	} row[] = { { "0", VLAN_US4 }, { "1", US4 }, { "2", US4 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		struct host *h = host_new();
		struct ph_ip from = ip_at(VLAN_US4), to = ip_at(PEER4);
		struct dst d = { 0 };

		(void)vlan_add(h, 7, VLAN_US4);
		host_test_l4(h);
		conf(h, "arp_announce", row[i].value);
		assert_int_equal(dst_lookup(h->st, &d, &from, &to, false), 0);
		assert_int_equal(host_send_on(h, &d, 1, 20), 0);
		assert_true(host_take(h) > 0);
		assert_int_equal(be32_get(out_arp(h)->sender_ip), row[i].source);
		host_free(h);
	}
}

static bool known(struct host *h, uint32_t ip)
{
	struct ph_ip a = ip_at(ip);

	return neigh_find(h->st, h->link, &a) != NULL;
}

/* rfc: 826:rcv-5 attack: CVE-1999-0667 */
static void test_gratuitous_arp_is_learned_from_as_the_sysctls_say(void **state)
{
	struct host *h = host_new();

	(void)state;
	assert_int_equal(asks(h, PEER4, PEER4), 0);
	assert_false(known(h, PEER4));
	conf(h, "arp_accept", "2");
	assert_int_equal(asks(h, 0xc0000201, 0xc0000201), 0);
	assert_false(known(h, 0xc0000201));
	conf(h, "drop_gratuitous_arp", "1");
	assert_int_equal(asks(h, PEER4, PEER4), 0);
	assert_false(known(h, PEER4));
	conf(h, "drop_gratuitous_arp", "0");
	assert_int_equal(asks(h, PEER4, PEER4), 0);
	assert_true(known(h, PEER4));
	conf(h, "arp_accept", "1");
	assert_int_equal(asks(h, 0xc0000201, 0xc0000201), 0);
	assert_true(known(h, 0xc0000201));
	host_free(h);
}

/* RFC 7048 */
static void test_a_neighbour_that_moved_is_asked_for_again_before_it_is_given_up(void **state)
{
	struct host *h = host_new();

	(void)state;
	assert_int_equal(ph_sysctl_set(h->st, "net.ipv4.neigh.default.mcast_resolicit", "1"), 0);
	host_knows_peer(h);
	host_test_l4(h);
	assert_int_equal(host_send(h, PEER4, 1), 0); /* STALE, so DELAY */
	assert_true(host_take(h) > 0);
	host_run(h, 5 * NS_PER_S);
	for (unsigned i = 0; i < 4; i++) {
		assert_true(host_take(h) > 0);
		assert_memory_equal(out_eth(h)->dst, i < 3 ? peer_mac : all_mac, 6);
		host_run(h, NS_PER_S);
	}
	assert_int_equal(host_take(h), 0);
	host_free(h);
}

static void test_unused_neighbours_go_when_there_are_many(void **state)
{
	struct host *h = host_new();
	struct ph_ip forever = ip_at(0x0a0000f0);
	struct ph_usage u;

	(void)state;
	assert_int_equal(ph_sysctl_set(h->st, "net.ipv4.neigh.default.gc_thresh1", "10"), 0);
	assert_int_equal(ph_neigh_add(h->st, h->link, &forever, other_mac, h->now), 0);
	for (uint32_t i = 0; i < 30; i++)
		assert_int_equal(asks(h, 0x0a000010 + i, US4), 1);
	ph_stack_usage(h->st, &u);
	assert_int_equal(u.neighbours, 31);
	h->now += 61 * NS_PER_S;
	for (uint32_t i = 0; i < 8; i++)
		assert_int_equal(asks(h, 0x0a000080 + i, US4), 1);
	ph_stack_usage(h->st, &u);
	assert_in_range(u.neighbours, 9, 12);
	assert_true(known(h, 0x0a0000f0)); /* permanent */
	assert_int_equal(ph_neigh_del(h->st, h->link, &forever, h->now), 0);
	assert_false(known(h, 0x0a0000f0));
	assert_int_equal(ph_neigh_del(h->st, h->link, &forever, h->now), -ENOENT);
	host_free(h);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_frame_of_802_is_read_and_answered_in_ethernet),
		cmocka_unit_test(test_other_frames_of_802_are_dropped),
		cmocka_unit_test(test_a_frame_cut_in_its_tags_is_dropped),
		cmocka_unit_test(test_a_tag_that_says_a_priority_alone_is_no_vlan),
		cmocka_unit_test(test_a_vlan_is_a_link_of_its_own_on_the_same_wire),
		cmocka_unit_test(test_a_vlan_that_cannot_be_is_refused),
		cmocka_unit_test(test_a_link_in_use_takes_another_mtu_and_hardware_address),
		cmocka_unit_test(test_arp_ignore_and_filter_choose_whom_to_answer),
		cmocka_unit_test(test_arp_announce_chooses_the_source_of_questions),
		cmocka_unit_test(test_gratuitous_arp_is_learned_from_as_the_sysctls_say),
		cmocka_unit_test(test_a_neighbour_that_moved_is_asked_for_again_before_it_is_given_up),
		cmocka_unit_test(test_unused_neighbours_go_when_there_are_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
