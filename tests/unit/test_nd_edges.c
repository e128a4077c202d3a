/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Neighbour discovery where a wrong octet would be hidden: in memory that was used before, on a link
 * that has another's address, on one without hardware addresses.
 */
#include "nd_fixture.h"

/* Every buffer that a small packet can get was full of 0xee before. */
static void poison(struct host *h)
{
	enum { ALL = 200 };
	struct pkt *p[ALL];

	for (unsigned i = 0; i < ALL; i++) {
		p[i] = pkt_new_tx(&h->st->pkts, 100);
		assert_non_null(p[i]);
		memset(p[i]->hdr.buf->bytes, 0xee, p[i]->hdr.buf->cap);
	}
	for (unsigned i = 0; i < ALL; i++)
		pkt_free(p[i]);
}

/* rfc: 4861:7.3.3-1 */
static void test_a_probe_is_whole_in_memory_used_before(void **state)
{
	struct host *h = host6_new();
	static struct frame f;
	unsigned probes = 0;
	uint64_t before;

	(void)state;
	frame_nd(&f, ICMP6_NS, &peer6, &us_solicited, &us6, 0, peer_mac);
	frame_in(h, &f);
	while (host_take(h) > 0)
		;
	host_test_l4(h);
	assert_int_equal(send_to(h, &peer6), 0);
	assert_true(host_take(h) > 0);
	before = count_of(h, "Icmp6OutNeighborSolicits");
	for (unsigned s = 0; s < 7; s++) {
		poison(h);
		host_run(h, NS_PER_S);
		while (host_take(h) > 0) {
			if (h->out[AT6] != ICMP6_NS || out_eth(h)->dst[0] == 0x33)
				continue;
			probes++;
			assert_memory_equal(out_eth(h)->dst, peer_mac, 6);
			assert_memory_equal(out_eth(h)->src, us_mac, 6);
			assert_int_equal(be16_get(out_eth(h)->type), ETH_TYPE_IP6);
			assert_int_equal(h->out_len, AT6 + 24 + 8);
			assert_int_equal(be32_get(out_ip6(h)->ver_class_flow), 6u << 28);
			assert_int_equal(out_ip6(h)->hop, 255);
			assert_memory_equal(out_ip6(h)->dst, peer6.b, 16);
			assert_memory_equal(h->out + AT6 + 4, "\0\0\0\0", 4);
			assert_memory_equal(h->out + AT6 + 8, peer6.b, 16);
			assert_memory_equal(h->out + AT6 + 24, "\1\1\2\0\0\0\0\2", 8);
		}
	}
	assert_int_equal(probes, 3);
	assert_true(count_of(h, "Icmp6OutNeighborSolicits") >= before + 3);
	host_free(h);
}

/* An address is one link's: on another nobody answers for it, nor asks from it. */
static void test_a_link_knows_no_other_links_address(void **state)
{
	struct ph_ip there = { { 0xfd, 1, [15] = 2 } }, there_sol = us_solicited;
	struct ph_link_conf conf = { .name = "t1", .kind = PH_LINK_ETHER, .mac = { 2, 0, 0, 0, 0, 7 } };
	struct host *h = host6_new();
	static struct frame f;
	ph_link first = h->link, second = ph_link_add(h->st, &conf, h->now);

	(void)state;
	assert_int_equal(ph_link_ipv6(h->st, second, PH_IPV6_STATIC, h->now), 0);
	assert_int_equal(ph_addr_add(h->st, second, &there, 64, h->now), 0);
	host6_settle(h, 5 * NS_PER_S);
	h->link = second;
	host6_settle(h, NS_PER_S);
	h->link = first;
	frame_nd(&f, ICMP6_NS, &peer6, &there_sol, &there, 0, peer_mac);
	frame_in(h, &f);
	assert_int_equal(host_take(h), 0);
	assert_int_equal(drops_of(h, "IPV6_NDISC_NS_OTHERHOST"), 1);
	frame_nd(&f, ICMP6_NS, &peer6, &us_solicited, &us6, 0, peer_mac);
	frame_in(h, &f);
	assert_true(host_take(h) > 0);
	assert_int_equal(h->out[AT6], ICMP6_NA);
	h->link = second;
	frame_in(h, &f);
	assert_int_equal(host_take(h), 0);
	h->link = first;
	assert_int_equal(ph_link_remove(h->st, second, h->now), 0);
	host_free(h);
}

static void test_an_advertisement_of_our_own_address_is_named_as_that(void **state)
{
	struct host *h = host6_new();
	static struct frame f;

	(void)state;
	frame_nd(&f, ICMP6_NA, &peer6, &us6, &us6, ND_NA_OVERRIDE, other_mac);
	frame_in(h, &f);
	assert_int_equal(drops_of(h, "IPV6_NDISC_OWN"), 1);
	assert_int_equal(host_take(h), 0);
	host_free(h);
}

/* Where there are no hardware addresses none is told. */
static void test_a_link_without_ethernet_tells_no_hardware_address(void **state)
{
	struct host *h = host6_with((struct ph_link_conf){ .kind = PH_LINK_IP }, PH_IPV6_SLAAC);
	unsigned frames = 0;

	(void)state;
	assert_int_equal(ph_addr_add(h->st, h->link, &us6, 64, h->now), 0);
	for (unsigned s = 0; s < 20; s++) {
		while (host_take(h) > 0) {
			const struct ip6_hdr *ip = (const void *)h->out;
			uint8_t type = h->out[IP6_HDR_LEN];

			frames++;
			if (ip->next != IP6_NEXT_ICMP)
				continue;
			if (type == ICMP6_RS)
				assert_int_equal(be16_get(ip->len), 8);
			else if (type == ICMP6_NS || type == ICMP6_NA) /* a nonce at most */
				assert_true(h->out_len <= IP6_HDR_LEN + 24 || h->out[IP6_HDR_LEN + 24] == 14);
		}
		host_run(h, NS_PER_S);
	}
	assert_true(frames > 0);
	host_free(h);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_probe_is_whole_in_memory_used_before),
		cmocka_unit_test(test_a_link_knows_no_other_links_address),
		cmocka_unit_test(test_an_advertisement_of_our_own_address_is_named_as_that),
		cmocka_unit_test(test_a_link_without_ethernet_tells_no_hardware_address),
	};

	return cmocka_run_group_tests_name("nd edges", tests, NULL, NULL);
}
