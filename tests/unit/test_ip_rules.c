/* SPDX-License-Identifier: BSD-2-Clause */
/* Reassembly and UDP at the edges of their rules: what a repetition may not do, whose checksum it is, who is
 * told and what one fragment costs. */
#include "udp_fixture.h"

enum { ALSO4 = 0x0a000007 };

static void fragment_to(struct frame *f, uint32_t dst, uint16_t id, uint32_t off, uint32_t len,
			uint16_t flags)
{
	struct ip4_hdr *ip = frame_ip4(f, PEER4, dst, PH_IPPROTO_UDP, 0);

	ip->id = be16_of(id);
	ip->frag = be16_of((uint16_t)(off / 8 | flags));
	(void)frame_put(f, len);
	frame_end(f);
}

static void give(struct host *h, uint32_t off, uint32_t len, uint16_t flags)
{
	struct frame *f = malloc(sizeof(*f));

	assert_non_null(f);
	fragment_to(f, US4, 1, off, len, flags);
	frame_in(h, f);
	free(f);
}

static uint32_t waiting(const struct host *h)
{
	struct ph_usage u;

	ph_stack_usage(h->st, &u);
	return u.reassemblies;
}

/* ---- reassembly ------------------------------------------------------------------------------ */

/* rfc: 1122:3.3.2-4 */
static void test_repeating_a_fragment_wins_no_time(void **state)
{
	struct host *h = host_new();

	(void)state;
	give(h, 800, 800, IP4_F_MF);
	host_run(h, 20 * NS_PER_S);
	give(h, 800, 800, IP4_F_MF);
	assert_int_equal(waiting(h), 1);
	host_run(h, 10 * NS_PER_S - 1);
	assert_int_equal(waiting(h), 1);
	host_run(h, 1);
	assert_int_equal(waiting(h), 0);
	assert_int_equal(count_of(h, "IpReasmTimeout"), 1);
	host_free(h);
}

/* rfc: 815:5 */
static void test_datagrams_are_told_apart_by_destination(void **state)
{
	struct host *h = host_new();
	struct frame *f = malloc(sizeof(*f));
	struct ph_ip also = ip_of4(ALSO4);

	(void)state;
	assert_non_null(f);
	assert_int_equal(ph_addr_add(h->st, h->link, &also, 24, h->now), 0);
	while (host_take(h) > 0)
		;
	give(h, 0, 800, IP4_F_MF);
	fragment_to(f, ALSO4, 1, 800, 800, 0);
	frame_in(h, f);
	assert_int_equal(waiting(h), 2);
	assert_int_equal(count_of(h, "IpReasmOKs"), 0);
	free(f);
	host_free(h);
}

static void test_a_fragment_that_cannot_be_is_counted(void **state)
{
	struct host *h = host_new();

	(void)state;
	give(h, 0, 7, IP4_F_MF);
	assert_int_equal(count_of(h, "IpReasmReqds"), 1);
	assert_int_equal(count_of(h, "IpReasmFails"), 1);
	host_free(h);
}

/* One header and a few octets do not cost a whole buffer. */
static void test_small_fragments_hold_little_memory(void **state)
{
	struct host *h = host_new();
	uint64_t first, small, large;

	(void)state;
	give(h, 0, 8, IP4_F_MF);
	first = h->st->net->reass.pinned;
	give(h, 16, 8, IP4_F_MF);
	small = h->st->net->reass.pinned - first;
	give(h, 800, 1400, IP4_F_MF);
	large = h->st->net->reass.pinned - first - small;
	assert_true(small < 512);
	assert_true(large > 1400);
	host_free(h);
}

/* A closed port: is its sender told? The whole datagram was for all if one piece was. rfc: 1122:3.2.2-8 */
static void test_pieces_for_all_on_the_link_are_answered_to_nobody(void **state)
{
	(void)state;
	for (int to_all = 0; to_all < 3; to_all++) {
		struct host *h = host_new();
		struct frame *f = malloc(sizeof(*f));

		assert_non_null(f);
		host_knows_peer(h);
		for (int i = 0; i < 2; i++) {
			fragment_to(f, US4, 1, i ? 800 : 0, 800, i ? IP4_F_DF : IP4_F_DF | IP4_F_MF);
			if (i == 0) {
				struct udp_hdr *u = (void *)(f->b + ETH_HDR_LEN + 20);

				*u = (struct udp_hdr){ be16_of(1), be16_of(81), be16_of(1600), be16_of(0) };
			}
			if (to_all == i + 1)
				memcpy(f->b, all_mac, 6);
			frame_in(h, f);
		}
		assert_int_equal(count_of(h, "IpReasmOKs"), 1);
		assert_int_equal(count_of(h, "UdpNoPorts"), !to_all);
		if (to_all) {
			assert_int_equal(host_take(h), 0);
		} else { /* what is quoted is the datagram as it was before it was cut */
			const struct ip4_hdr *quote;

			assert_true(host_take(h) > 0);
			quote = (const void *)(out_l4(h) + 8);
			assert_int_equal(out_l4(h)[0], ICMP4_UNREACH);
			assert_int_equal(be16_get(quote->len), 1620);
			assert_int_equal(be16_get(quote->frag), IP4_F_DF);
		}
		free(f);
		host_free(h);
	}
}

/* ---- UDP ------------------------------------------------------------------------------------- */

/* IP's payload may be longer than the datagram; the sum is of the datagram's length. rfc: 768:2 */
static void test_octets_behind_a_datagram_are_not_in_its_sum(void **state)
{
	(void)state;
	for (uint16_t claim = 12; claim <= 18; claim = (uint16_t)(claim + 6)) {
		struct host *h = host_new();
		ph_socket s = sock(h, 7);
		struct frame *f = calloc(1, sizeof(*f));
		struct ph_ip from = ip_of4(PEER4), to = ip_of4(US4);
		struct udp_hdr *u;
		uint64_t sum;

		assert_non_null(f);
		frame_ip4(f, PEER4, US4, PH_IPPROTO_UDP, 0);
		u = frame_put(f, 18);
		*u = (struct udp_hdr){ be16_of(9), be16_of(7), be16_of(12), be16_of(0) };
		pattern((uint8_t *)(u + 1), 10);
		sum = csum_pseudo(&from, &to, PH_IPPROTO_UDP, claim);
		u->csum = be16_of(csum_finish(csum_add(sum, u, 12)));
		frame_end(f);
		frame_in(h, f);
		assert_int_equal(ph_inq(h->st, s), claim == 12 ? 4 : 0);
		assert_int_equal(count_of(h, "UdpInCsumErrors"), claim != 12);
		ph_close(h->st, s, h->now);
		free(f);
		host_free(h);
	}
}

/* What only its options make too long is cut as well, and was summed whole. rfc: 768:3 */
static void test_a_datagram_cut_for_its_options_has_a_right_sum(void **state)
{
	static const uint8_t alert[4] = { 148, 4, 0, 0 };
	static uint8_t whole[2000];
	struct host *h = host_new();
	ph_socket s = sock(h, 7);
	struct ph_ip from = ip_of4(US4), to = ip_of4(PEER4);
	uint32_t len = 0;

	(void)state;
	host_knows_peer(h);
	assert_int_equal(ph_setsockopt(h->st, s, PH_IPPROTO_IP, PH_IP_OPTIONS, alert, 4, h->now), 0);
	set(h, s, PH_IPPROTO_IP, PH_IP_MTU_DISCOVER, PH_IP_PMTUDISC_DONT);
	assert_int_equal(sends(h, s, peer_at(9), 1470, NULL, 0), 1470);
	for (int n; (n = host_take(h)) > 0;) {
		uint32_t off = (be16_get(out_ip4(h)->frag) & IP4_OFF_MASK) * 8u;
		uint32_t hdr_len = 4 * (out_ip4(h)->ver_ihl & 15u);
		uint32_t part = (uint32_t)n - ETH_HDR_LEN - hdr_len;

		assert_true(n <= ETH_HDR_LEN + 1500);
		assert_true(off + part <= sizeof(whole));
		memcpy(whole + off, h->out + ETH_HDR_LEN + hdr_len, part);
		len += part;
	}
	assert_int_equal(len, 1478);
	assert_int_equal(count_of(h, "IpFragOKs"), 1);
	assert_int_equal(count_of(h, "IpFragCreates"), 2);
	assert_int_equal(count_of(h, "IpFragFails"), 0);
	assert_int_equal(csum_fold(csum_add(csum_pseudo(&from, &to, PH_IPPROTO_UDP, len), whole, len)),
			 0xffff);
	ph_close(h->st, s, h->now);
	host_free(h);
}

static void test_a_segment_size_has_bounds(void **state)
{
	static const struct {
		int v, rc;
	} row[] = { { -1, -EINVAL }, { 0, 0 }, { 1, 0 }, { 65535, 0 }, { 65536, -EINVAL } };
	struct host *h = host_new();
	ph_socket s = sock(h, 7);

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		assert_int_equal(ph_setsockopt(h->st, s, PH_IPPROTO_UDP, PH_UDP_SEGMENT, &row[i].v, 4,
						h->now),
				 row[i].rc);
		if (row[i].rc == 0)
			assert_int_equal(get(h, s, PH_IPPROTO_UDP, PH_UDP_SEGMENT), row[i].v);
	}
	ph_close(h->st, s, h->now);
	host_free(h);
}

#define T(name) cmocka_unit_test(name)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_repeating_a_fragment_wins_no_time),
		T(test_datagrams_are_told_apart_by_destination),
		T(test_a_fragment_that_cannot_be_is_counted),
		T(test_small_fragments_hold_little_memory),
		T(test_pieces_for_all_on_the_link_are_answered_to_nobody),
		T(test_octets_behind_a_datagram_are_not_in_its_sum),
		T(test_a_segment_size_has_bounds),
		T(test_a_datagram_cut_for_its_options_has_a_right_sum),
	};

	return cmocka_run_group_tests_name("ip_rules", tests, NULL, NULL);
}
