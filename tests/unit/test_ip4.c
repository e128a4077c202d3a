/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/ip4.h: which packets are delivered, which are dropped and under what name, and how ours
 * look.
 */
#include "net_fixture.h"

/* A packet of TEST_PROTO with 24 bytes of pattern. */
static void packet(struct frame *f, uint32_t src, uint32_t dst, uint32_t options)
{
	frame_ip4(f, src, dst, TEST_PROTO, options);
	pattern(frame_put(f, 24), 24);
	frame_end(f);
}

/* rfc: 1122:3.2.1.6-2 */
static void test_a_packet_is_delivered_with_what_its_header_said(void **state)
{
	struct host *h = host_new();
	struct frame f;

	(void)state;
	host_test_l4(h);
	packet(&f, PEER4, US4, 0);
	frame_ip(&f)->tos = 0xb8;
	frame_ip(&f)->ttl = 3;
	frame_ip_csum(&f);
	frame_in(h, &f);
	assert_int_equal(test_l4.inputs, 1);
	assert_int_equal(test_l4.len, 24);
	assert_memory_equal(test_l4.data, f.b + ETH_HDR_LEN + IP4_HDR_LEN, 24);
	assert_int_equal(test_l4.rx.ttl, 3);
	assert_int_equal(test_l4.rx.tos, 0xb8);
	assert_int_equal(ip_get4(&test_l4.rx.src), PEER4);
	assert_int_equal(ip_get4(&test_l4.rx.dst), US4);
	assert_int_equal(test_l4.rx.link, h->link);
	assert_int_equal(test_l4.rx.at_ns, h->now);
	assert_false(test_l4.rx.group);
	assert_int_equal(count_of(h, "IpInReceives"), 1);
	assert_int_equal(count_of(h, "IpInDelivers"), 1);
	assert_int_equal(count_of(h, "IpExtInOctets"), 44);
	assert_int_equal(count_of(h, "IpExtInNoECTPkts"), 1);
	host_free(h);
}

/* rfc: 894:3 */
static void test_padding_behind_a_packet_is_cut_off(void **state)
{
	struct host *h = host_new();
	struct frame f;

	(void)state;
	host_test_l4(h);
	packet(&f, PEER4, US4, 0);
	memset(frame_put(&f, 30), 0xee, 30);
	frame_in(h, &f);
	assert_int_equal(test_l4.inputs, 1);
	assert_int_equal(test_l4.len, 24);
	host_free(h);
}

/* rfc: 1812:4.2.2.9-1 */
static void test_a_ttl_of_zero_is_enough_to_arrive(void **state)
{
	struct host *h = host_new();
	struct frame f;

	(void)state;
	host_test_l4(h);
	packet(&f, PEER4, US4, 0);
	frame_ip(&f)->ttl = 0;
	frame_ip_csum(&f);
	frame_in(h, &f);
	assert_int_equal(test_l4.inputs, 1);
	host_free(h);
}

/* One byte of the header made wrong; what it is dropped for, and the kernel's counter for it. */
struct bad {
	const char *what, *reason, *counter;
	size_t at;
	uint8_t value;
	bool fix_csum;
};
static const struct bad bad[] = {
	{ "version 0", "IP_INHDR", "IpInHdrErrors", 0, 0x05, true },
	{ "version 5", "IP_INHDR", "IpInHdrErrors", 0, 0x55, true },
	{ "version 6", "IP_INHDR", "IpInHdrErrors", 0, 0x65, true },
	{ "header length 0", "IP_INHDR", "IpInHdrErrors", 0, 0x40, false },
	{ "header length 4", "IP_INHDR", "IpInHdrErrors", 0, 0x44, false },
	{ "header longer than the frame", "IP_INHDR", "IpInHdrErrors", 0, 0x4f, false },
	{ "total length below the header's", "IP_INHDR", "IpInHdrErrors", 3, 19, true },
	{ "total length 0", "IP_INHDR", "IpInHdrErrors", 3, 0, true },
	{ "total length 1 beyond the frame", "PKT_TOO_SMALL", "IpExtInTruncatedPkts", 3, 45, true },
	{ "total length far beyond it", "PKT_TOO_SMALL", "IpExtInTruncatedPkts", 2, 0xff, true },
	{ "checksum", "IP_CSUM", "IpExtInCsumErrors", 10, 1, false },
	{ "checksum of a changed TTL", "IP_CSUM", "IpInHdrErrors", 8, 63, false },
	{ "checksum of a changed source", "IP_CSUM", "IpInHdrErrors", 15, 9, false },
	{ "protocol unknown", "IP_NOPROTO", "IpInUnknownProtos", 9, 254, true },
	{ "source 0.0.0.1", "IP_INVALID_SOURCE", NULL, 12, 0, true },
	{ "source 127.0.0.1", "IP_LOCALNET", "PhantomDropIP_LOCALNET", 12, 127, true },
	{ "source 224.0.0.1", "IP_INVALID_SOURCE", NULL, 12, 224, true },
	{ "source our own", "IP_INVALID_SOURCE", NULL, 15, 2, true },
	{ "source our broadcast", "IP_INVALID_SOURCE", NULL, 15, 255, true },
	{ "destination another host", "IP_INADDRERRORS", "IpInAddrErrors", 19, 3, true },
	{ "destination our network", "IP_INADDRERRORS", "IpInAddrErrors", 19, 0, true },
	{ "destination 127.0.0.2", "IP_LOCALNET", "PhantomDropIP_LOCALNET", 16, 127, true },
	{ "destination 224.0.0.2", "IP_INADDRERRORS", "IpInAddrErrors", 16, 224, true },
	{ "destination 0.0.0.2", "IP_INADDRERRORS", "IpInAddrErrors", 16, 0, true },
};

/* rfc: 1812:5.2.2-1, 1812:5.2.2-2, 1812:4.2.2.5-1, 1122:3.2.1.3-3, 1112:7.2-2 */
static void test_a_packet_with_a_wrong_field_is_dropped_and_counted(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct host *h = host_new();
		struct frame f;

		host_test_l4(h);
		packet(&f, PEER4, US4, 0);
		f.b[ETH_HDR_LEN + bad[i].at] = bad[i].value;
		if (bad[i].fix_csum)
			frame_ip_csum(&f);
		frame_in(h, &f);
		if (drops_of(h, bad[i].reason) != 1 || test_l4.inputs != 0)
			fail_msg("%s: not dropped for %s", bad[i].what, bad[i].reason);
		if (bad[i].counter && count_of(h, bad[i].counter) != 1)
			fail_msg("%s: %s was not raised", bad[i].what, bad[i].counter);
		host_free(h);
	}
}

/* attack: CVE-2020-13987 */
static void test_a_frame_cut_short_at_any_byte_is_dropped(void **state)
{
	struct host *h = host_new();
	struct frame f;
	size_t len;

	(void)state;
	host_test_l4(h);
	packet(&f, PEER4, US4, 4);
	len = f.len;
	for (f.len = 0; f.len < len; f.len++)
		frame_in(h, &f);
	assert_int_equal(test_l4.inputs, 0);
	assert_int_equal(drops_of(h, "ETH_SHORT"), 14);
	assert_int_equal(drops_of(h, "IP_INHDR"), 24);
	assert_int_equal(drops_of(h, "PKT_TOO_SMALL"), 24);
	host_free(h);
}

/* Options: up to 12 bytes, and what becomes of the packet. */
struct option {
	const char *what;
	uint8_t bytes[12];
	bool delivered;
};
static const struct option option[] = {
	{ "nothing but the end", { 0 }, true },
	{ "no operation", { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 }, true },
	{ "bytes behind the end", { 0, 131, 1, 1 }, true },
	{ "record route", { 7, 11, 4 }, true },
	{ "router alert", { 148, 4, 0, 0 }, true },
	{ "one that nobody knows", { 222, 6, 1, 2, 3, 4 }, true },
	{ "an unknown one to the very end", { 222, 12 }, true },
	{ "loose source route", { 131, 7, 4, 10, 0, 0, 9 }, false },
	{ "strict source route", { 137, 7, 4, 10, 0, 0, 9 }, false },
	{ "a source route behind others", { 1, 7, 3, 4, 137, 3, 4 }, false },
	{ "length 0", { 7, 0 }, false },
	{ "length 1", { 7, 1 }, false },
	{ "length 1 of an unknown one", { 222, 1 }, false },
	{ "length beyond the header", { 7, 13, 4 }, false },
	{ "length 255", { 222, 255 }, false },
	{ "a type without a length", { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 7 }, false },
};

/* rfc: 1812:4.2.2.6-1 */
static void test_unknown_options_are_skipped_and_wrong_ones_end_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(option); i++) {
		struct host *h = host_new();
		struct frame f;

		host_test_l4(h);
		packet(&f, PEER4, US4, 12);
		memcpy(f.b + ETH_HDR_LEN + IP4_HDR_LEN, option[i].bytes, 12);
		frame_ip_csum(&f);
		frame_in(h, &f);
		if (test_l4.inputs != option[i].delivered ||
		    drops_of(h, "IP_OPTIONS") != !option[i].delivered)
			fail_msg("%s: should%s be delivered", option[i].what,
				 option[i].delivered ? "" : " not");
		if (option[i].delivered)
			assert_int_equal(test_l4.len, 24);
		host_free(h);
	}
}

static void test_group_addresses_are_ours_and_said_to_be_groups(void **state)
{
	static const struct {
		uint32_t src, dst;
		uint8_t mac0;
		bool delivered;
	} row[] = {
		{ PEER4, BCAST4, 0xff, true },	{ PEER4, UINT32_MAX, 0xff, true },
		{ PEER4, 0xe0000001, 1, true }, { 0, UINT32_MAX, 0xff, true },
		{ PEER4, US4, 0xff, true },	{ 0, US4, 2, false },
		{ 0, BCAST4, 0xff, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		static const uint8_t all_hosts[6] = { 1, 0, 0x5e, 0, 0, 1 };
		struct host *h = host_new();
		struct frame f;

		host_test_l4(h);
		packet(&f, row[i].src, row[i].dst, 0);
		if (row[i].mac0 != 2)
			memcpy(f.b, row[i].mac0 == 1 ? all_hosts : all_mac, 6);
		frame_in(h, &f);
		if (test_l4.inputs != row[i].delivered)
			fail_msg("group row %zu: should%s be delivered", i,
				 row[i].delivered ? "" : " not");
		if (row[i].delivered)
			assert_true(test_l4.rx.group);
		host_free(h);
	}
}

static void test_nobody_is_told_that_a_broadcast_was_of_no_protocol(void **state)
{
	struct host *h = host_new();
	struct frame f;

	(void)state;
	host_knows_peer(h);
	packet(&f, PEER4, BCAST4, 0);
	memcpy(f.b, all_mac, 6);
	frame_in(h, &f);
	assert_int_equal(drops_of(h, "IP_NOPROTO"), 1);
	assert_int_equal(host_take(h), 0);
	packet(&f, PEER4, BCAST4, 0); /* in a frame to us alone */
	frame_in(h, &f);
	assert_int_equal(drops_of(h, "IP_NOPROTO"), 2);
	assert_int_equal(host_take(h), 0);
	host_free(h);
}

/* rfc: 1122:3.2.1.6-1, 894:1, 1122:2.3.3-1 */
/* attack: CVE-2024-47685 */
static void test_our_header_is_right_in_every_field(void **state)
{
	struct host *h = host_new();
	struct dst d = host_dst(h, PEER4);
	struct ip_tx tx = { .proto = TEST_PROTO, .ttl = 9, .tos = 0x28, .df = true };

	(void)state;
	host_knows_peer(h);
	assert_int_equal(ip_output(h->st, host_payload(h, 1, 100), &d, &tx), 0);
	assert_int_equal(host_take(h), ETH_HDR_LEN + IP4_HDR_LEN + 100);
	assert_int_equal(be16_get(out_eth(h)->type), 0x0800);
	assert_int_equal(out_ip4(h)->ver_ihl, 0x45);
	assert_int_equal(out_ip4(h)->tos, 0x28);
	assert_int_equal(be16_get(out_ip4(h)->len), 120);
	assert_int_equal(be16_get(out_ip4(h)->id), 0);
	assert_int_equal(be16_get(out_ip4(h)->frag), IP4_F_DF);
	assert_int_equal(out_ip4(h)->ttl, 9);
	assert_int_equal(out_ip4(h)->proto, TEST_PROTO);
	assert_int_equal(be32_get(out_ip4(h)->src), US4);
	assert_int_equal(be32_get(out_ip4(h)->dst), PEER4);
	assert_int_equal(csum_fold(csum_add(0, out_ip4(h), 20)), 0xffff);
	tx = (struct ip_tx){ .proto = TEST_PROTO };
	assert_int_equal(ip_output(h->st, host_payload(h, 1, 10), &d, &tx), 0);
	assert_true(host_take(h) > 0);
	assert_int_equal(out_ip4(h)->ttl, 64);
	assert_int_equal(out_ip4(h)->tos, 0);
	assert_int_equal(be16_get(out_ip4(h)->frag), 0);
	host_free(h);
}

/* rfc: 791:3.1-6 */
/* attack: CVE-2023-34367 */
static void test_identifications_differ_and_do_not_repeat(void **state)
{
	struct host *h = host_new();
	struct dst d = host_dst(h, PEER4);
	static uint8_t seen[65536];

	(void)state;
	memset(seen, 0, sizeof(seen));
	for (uint32_t i = 0, n; i + 44 <= 65536; i += n) {
		uint16_t id;

		n = 1 + i % 44; /* those of a super-segment are numbered on */
		id = ip4_ident(h->st, &d, TEST_PROTO, n);
		for (uint32_t k = 0; k < n; k++) {
			assert_false(seen[(uint16_t)(id + k)]);
			seen[(uint16_t)(id + k)] = 1;
		}
	}
	host_free(h);
}

/* Takes the fragments of one packet and checks each; returns how many there were. */
static unsigned take_fragments(struct host *h, uint8_t *all, uint32_t *total, uint32_t mtu)
{
	uint32_t at = 0;
	unsigned n = 0;
	uint16_t id = 0;
	bool more = true;

	while (more) {
		uint16_t frag, len;

		assert_true(host_take(h) > 0);
		frag = be16_get(out_ip4(h)->frag);
		len = be16_get(out_ip4(h)->len);
		assert_true(len <= mtu);
		assert_int_equal(h->out_len, ETH_HDR_LEN + len);
		assert_int_equal((frag & IP4_OFF_MASK) * 8, at);
		assert_int_equal(csum_fold(csum_add(0, out_ip4(h), 20)), 0xffff);
		if (n > 0)
			assert_int_equal(be16_get(out_ip4(h)->id), id);
		id = be16_get(out_ip4(h)->id);
		more = (frag & IP4_F_MF) != 0;
		if (more)
			assert_int_equal((len - 20) % 8, 0);
		memcpy(all + at, out_l4(h), len - 20u);
		at += len - 20u;
		n++;
	}
	*total = at;
	return n;
}

/* rfc: 791:3.1-7, 1122:3.3.3-2, 1122:3.3.3-4 */
static void test_what_is_larger_than_the_mtu_leaves_in_fragments(void **state)
{
	static const struct {
		uint32_t len;
		uint16_t mtu;
		unsigned fragments;
	} row[] = {
		{ 1480, 1500, 1 }, { 1481, 1500, 2 }, { 2960, 1500, 2 },
		{ 2961, 1500, 3 }, { 100, 68, 3 },    { 65515, 1500, 45 },
		{ 9000, 1501, 7 }, { 9000, 1498, 7 }, { 8, 68, 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		struct host *h = host_with(
			(struct ph_link_conf){ .kind = PH_LINK_ETHER, .mtu = row[i].mtu });
		struct dst d = host_dst(h, PEER4);
		uint8_t *all = malloc(70000), *want = malloc(70000);
		uint32_t total;

		host_knows_peer(h);
		pattern(want, row[i].len);
		want[0] = 5;
		assert_int_equal(host_send_on(h, &d, 5, row[i].len), 0);
		assert_int_equal(take_fragments(h, all, &total, row[i].mtu), row[i].fragments);
		assert_int_equal(total, row[i].len);
		assert_memory_equal(all, want, total);
		assert_int_equal(host_take(h), 0);
		assert_int_equal(count_of(h, "IpFragCreates"),
				 row[i].fragments > 1 ? row[i].fragments : 0);
		free(all);
		free(want);
		host_free(h);
	}
}

/* rfc: 791:3.1-5, 6864:4.3-1 */
static void test_what_may_not_be_fragmented_is_refused(void **state)
{
	struct host *h = host_new();
	struct dst d = host_dst(h, PEER4);
	struct ip_tx tx = { .proto = TEST_PROTO, .df = true };

	(void)state;
	host_knows_peer(h);
	assert_int_equal(ip_output(h->st, host_payload(h, 1, 1481), &d, &tx), -EMSGSIZE);
	assert_int_equal(drops_of(h, "PKT_TOO_BIG"), 1);
	assert_int_equal(count_of(h, "IpFragFails"), 1);
	assert_int_equal(host_send_on(h, &d, 1, 65516), -EMSGSIZE);
	assert_int_equal(host_take(h), 0);
	host_free(h);
}

static void test_a_link_without_ethernet_carries_bare_packets(void **state)
{
	struct host *h = host_with((struct ph_link_conf){ .kind = PH_LINK_IP });
	struct frame f;

	(void)state;
	host_test_l4(h);
	packet(&f, PEER4, US4, 0);
	assert_int_equal(ph_link_input_bytes(h->st, h->link, f.b + ETH_HDR_LEN, f.len - ETH_HDR_LEN,
					     NULL, h->now),
			 0);
	assert_int_equal(test_l4.inputs, 1);
	assert_int_equal(host_send(h, PEER4, 3), 0);
	assert_int_equal(host_take(h), 40);
	assert_int_equal(h->out[0], 0x45);
	assert_int_equal(h->out[20], 3);
	f.b[0] = 0x60;
	assert_int_equal(ph_link_input_bytes(h->st, h->link, f.b, 1, NULL, h->now), 0);
	assert_int_equal(drops_of(h, "IPV6DISABLED"), 1);
	assert_int_equal(ph_link_input_bytes(h->st, h->link, f.b, 0, NULL, h->now), 0);
	assert_int_equal(drops_of(h, "IP_INHDR"), 1);
	host_free(h);
}

static void test_running_out_of_memory_anywhere_loses_packets_and_nothing_else(void **state)
{
	(void)state;
	for (uint64_t nth = 1; nth < 12; nth++) {
		struct host *h = host_new();
		struct dst d = host_dst(h, PEER4);
		struct pkt *p = host_payload(h, 1, 4000);
		struct ip_tx tx = { .proto = TEST_PROTO };

		host_knows_peer(h);
		ph_stack_fail_at(h->st, nth);
		(void)ip_output(h->st, p, &d, &tx);
		ph_stack_fail_at(h->st, 0);
		host_free(h);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_packet_is_delivered_with_what_its_header_said),
		cmocka_unit_test(test_padding_behind_a_packet_is_cut_off),
		cmocka_unit_test(test_a_ttl_of_zero_is_enough_to_arrive),
		cmocka_unit_test(test_a_packet_with_a_wrong_field_is_dropped_and_counted),
		cmocka_unit_test(test_a_frame_cut_short_at_any_byte_is_dropped),
		cmocka_unit_test(test_unknown_options_are_skipped_and_wrong_ones_end_it),
		cmocka_unit_test(test_group_addresses_are_ours_and_said_to_be_groups),
		cmocka_unit_test(test_nobody_is_told_that_a_broadcast_was_of_no_protocol),
		cmocka_unit_test(test_our_header_is_right_in_every_field),
		cmocka_unit_test(test_identifications_differ_and_do_not_repeat),
		cmocka_unit_test(test_what_is_larger_than_the_mtu_leaves_in_fragments),
		cmocka_unit_test(test_what_may_not_be_fragmented_is_refused),
		cmocka_unit_test(test_a_link_without_ethernet_carries_bare_packets),
		cmocka_unit_test(
			test_running_out_of_memory_anywhere_loses_packets_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
