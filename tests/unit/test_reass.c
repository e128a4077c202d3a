/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/ip4_reass.h: fragments in any order, repeated, overlapping, missing, and more than may be
 * kept.
 */
#include "net_fixture.h"

enum { WHOLE = 4000, PIECE = 800, PIECES = WHOLE / PIECE };

static uint8_t whole[65536];

static int setup(void **state)
{
	(void)state;
	pattern(whole, sizeof(whole));
	return 0;
}

/* Bytes [off, off + len) of the pattern; more: not the last. */
static void fragment_of(struct frame *f, uint32_t src, uint16_t id, uint32_t off, uint32_t len,
			bool more)
{
	struct ip4_hdr *ip = frame_ip4(f, src, US4, TEST_PROTO, 0);

	ip->id = be16_of(id);
	ip->frag = be16_of((uint16_t)(off / 8 | (more ? IP4_F_MF : 0)));
	memcpy(frame_put(f, len), whole + off, len);
	frame_end(f);
}

static void give(struct host *h, uint16_t id, uint32_t off, uint32_t len, bool more)
{
	struct frame f;

	fragment_of(&f, PEER4, id, off, len, more);
	frame_in(h, &f);
}

static void give_piece(struct host *h, uint16_t id, unsigned i)
{
	give(h, id, i * PIECE, PIECE, i < PIECES - 1);
}

static uint32_t waiting(const struct host *h)
{
	struct ph_usage u;

	ph_stack_usage(h->st, &u);
	return u.reassemblies;
}

static void expect_whole(const struct host *h, uint32_t len)
{
	assert_int_equal(test_l4.inputs, 1);
	assert_int_equal(test_l4.len, len);
	assert_memory_equal(test_l4.data, whole, len);
	assert_int_equal(waiting(h), 0);
	assert_int_equal(count_of(h, "IpReasmOKs"), 1);
	assert_int_equal(count_of(h, "IpInDelivers"), 1);
}

/* The next permutation in lexical order; false after the last. */
static bool permute(unsigned *a, unsigned n)
{
	unsigned i = n - 1, j = n - 1;

	while (i > 0 && a[i - 1] >= a[i])
		i--;
	if (i == 0)
		return false;
	while (a[j] <= a[i - 1])
		j--;
	for (unsigned t = a[i - 1], once = 1; once; once = 0) {
		a[i - 1] = a[j];
		a[j] = t;
	}
	for (j = n - 1; i < j; i++, j--) {
		unsigned t = a[i];

		a[i] = a[j];
		a[j] = t;
	}
	return true;
}

/* rfc: 815:1, 815:3 */
static void test_fragments_in_every_order_give_the_datagram(void **state)
{
	unsigned order[PIECES] = { 0, 1, 2, 3, 4 }, runs = 0;

	(void)state;
	do {
		struct host *h = host_new();

		host_test_l4(h);
		for (unsigned i = 0; i < PIECES; i++) {
			assert_int_equal(test_l4.inputs, 0);
			give_piece(h, 1, order[i]);
		}
		expect_whole(h, WHOLE);
		host_free(h);
		runs++;
	} while (permute(order, PIECES));
	assert_int_equal(runs, 120);
}

static void test_the_largest_datagram_comes_together(void **state)
{
	struct host *h = host_new();
	uint32_t off, most = 65535 - 20;

	(void)state;
	host_test_l4(h);
	for (off = 0; off + 1480 < most; off += 1480)
		give(h, 1, off, 1480, true);
	give(h, 1, off, most - off, false);
	expect_whole(h, most);
	host_free(h);
}

/* rfc: 815:1 */
static void test_a_repeated_fragment_changes_nothing(void **state)
{
	struct host *h = host_new();

	(void)state;
	host_test_l4(h);
	for (unsigned i = 0; i < PIECES; i++) {
		give_piece(h, 1, i);
		if (i < PIECES - 1)
			give_piece(h, 1, i);
	}
	expect_whole(h, WHOLE);
	assert_int_equal(drops_of(h, "FRAG_REASM"), PIECES - 1);
	host_free(h);
}

/*
 * A third fragment that does not fit two that came: [0, 800) with more, and [1600, 2000) the
 * last.
 */
static const struct {
	const char *what;
	uint32_t off, len;
	bool more;
} misfit[] = {
	{ "overlaps the end of the first", 792, 808, true },
	{ "overlaps the start of the last", 800, 808, true },
	{ "overlaps both", 400, 1400, true },
	{ "covers all of the first and more", 0, 1000, true },
	{ "goes beyond the end", 1600, 800, true },
	{ "a second end, before the first one", 800, 100, false },
	{ "a second end, behind the first one", 2000, 8, false },
};

/* rfc: 815:2 */
static void test_fragments_that_contradict_end_the_datagram(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(misfit); i++) {
		struct host *h = host_new();

		host_test_l4(h);
		give(h, 1, 0, 800, true);
		give(h, 1, 1600, 400, false);
		give(h, 1, misfit[i].off, misfit[i].len, misfit[i].more);
		if (waiting(h) != 0 || count_of(h, "IpReasmFails") != 1 || test_l4.inputs != 0)
			fail_msg("a fragment that %s did not end it", misfit[i].what);
		assert_int_equal(drops_of(h, "FRAG_REASM"), 3);
		give(h, 1, 800, 800, true);
		assert_int_equal(test_l4.inputs, 0);
		host_free(h);
	}
}

static void test_an_end_before_what_came_already_ends_the_datagram(void **state)
{
	struct host *h = host_new();

	(void)state;
	host_test_l4(h);
	give(h, 1, 800, 800, true);
	give(h, 1, 400, 100, false);
	assert_int_equal(waiting(h), 0);
	give(h, 2, 800, 100, false);
	give(h, 2, 1600, 80, true); /* and the other way round */
	assert_int_equal(waiting(h), 0);
	assert_int_equal(test_l4.inputs, 0);
	host_free(h);
}

/* attack: CVE-1999-0128 */
static void test_fragments_that_cannot_be_leave_no_trace(void **state)
{
	static const struct {
		uint32_t off, len;
		bool more;
	} row[] = {
		{ 65528, 8, false }, { 65528, 1480, true }, { 65520, 0, true }, { 0, 0, true },
		{ 0, 7, true },	     { 65512, 8, true },    { 8, 0, false },
	};
	struct host *h = host_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		struct frame f;
		struct ip4_hdr *ip = frame_ip4(&f, PEER4, US4, TEST_PROTO, 0);

		ip->frag = be16_of((uint16_t)(row[i].off / 8 | (row[i].more ? IP4_F_MF : 0)));
		(void)frame_put(&f, row[i].len);
		frame_end(&f);
		frame_in(h, &f);
		if (waiting(h) != 0 || drops_of(h, "FRAG_REASM") != i + 1)
			fail_msg("row %zu was kept", i);
	}
	host_free(h);
}

/* rfc: 815:5 */
static void test_datagrams_are_told_apart_by_source_id_and_protocol(void **state)
{
	struct host *h = host_new();
	struct frame f;

	(void)state;
	host_test_l4(h);
	give(h, 1, 0, 800, true);
	give(h, 2, 800, 800, false);
	fragment_of(&f, OTHER4, 1, 800, 800, false);
	frame_in(h, &f);
	fragment_of(&f, PEER4, 1, 800, 800, false);
	frame_ip(&f)->proto = 254;
	frame_ip_csum(&f);
	frame_in(h, &f);
	assert_int_equal(test_l4.inputs, 0);
	assert_int_equal(waiting(h), 4);
	give(h, 1, 800, 800, false);
	assert_int_equal(test_l4.inputs, 1);
	assert_int_equal(waiting(h), 3);
	host_free(h);
}

/* rfc: 1122:3.3.2-4 */
static void test_after_thirty_seconds_the_sender_hears_that_time_is_up(void **state)
{
	struct host *h = host_new();
	const struct icmp_hdr *icmp;

	(void)state;
	host_knows_peer(h);
	give(h, 1, 0, 800, true);
	give(h, 1, 1600, 400, false);
	assert_int_equal(ph_stack_deadline(h->st), h->now + 30 * NS_PER_S);
	host_run(h, 30 * NS_PER_S - 1);
	assert_int_equal(waiting(h), 1);
	host_run(h, 1);
	assert_int_equal(waiting(h), 0);
	assert_int_equal(count_of(h, "IpReasmTimeout"), 1);
	assert_int_equal(count_of(h, "IpReasmFails"), 1);
	assert_int_equal(drops_of(h, "FRAG_REASM_TIMEOUT"), 2);
	assert_int_equal(host_take(h), ETH_HDR_LEN + 20 + 8 + 20 + 512);
	icmp = (const void *)out_l4(h);
	assert_int_equal(icmp->type, ICMP4_TIME_EXCEEDED);
	assert_int_equal(icmp->code, ICMP4_EXCEEDED_REASM);
	assert_int_equal(csum_fold(csum_add(0, icmp, 8 + 20 + 512)), 0xffff);
	assert_memory_equal(out_l4(h) + 28, whole, 512);
	host_free(h);
}

/* rfc: 1122:3.3.2-4 */
static void test_without_its_first_fragment_nobody_is_told(void **state)
{
	struct host *h = host_new();

	(void)state;
	host_knows_peer(h);
	give(h, 1, 800, 800, true);
	host_run(h, 30 * NS_PER_S);
	assert_int_equal(waiting(h), 0);
	assert_int_equal(host_take(h), 0);
	host_free(h);
}

static void test_the_number_of_datagrams_is_bounded_and_the_oldest_makes_room(void **state)
{
	struct host *h = host_new();

	(void)state;
	host_test_l4(h);
	h->st->net->reass.pool.limit = 4;
	for (uint16_t id = 0; id < 6; id++)
		give(h, id, 0, 800, true);
	assert_int_equal(waiting(h), 4);
	assert_int_equal(drops_of(h, "FRAG_REASM"), 2);
	give(h, 5, 800, 800, false);
	assert_int_equal(test_l4.inputs, 1);
	give(h, 0, 800, 800, false);
	assert_int_equal(test_l4.inputs, 1);
	host_free(h);
}

/* rfc: 815:4 */
static void test_the_memory_of_fragments_is_bounded_and_the_newest_completes(void **state)
{
	struct host *h = host_new();
	uint64_t most = 0;

	(void)state;
	host_test_l4(h);
	assert_int_equal(ph_sysctl_set(h->st, "net.ipv4.ipfrag_high_thresh", "100000"), 0);
	for (uint16_t id = 0; id < 500; id++) {
		give(h, id, 0, 8, true);
		give(h, id, 800, 800, true);
		if (h->st->net->reass.pinned > most)
			most = h->st->net->reass.pinned;
	}
	assert_true(most > 90000 && most <= 100000);
	for (unsigned i = 0; i < PIECES; i++)
		give_piece(h, 1000, i);
	assert_int_equal(test_l4.inputs, 1);
	assert_int_equal(ph_sysctl_set(h->st, "net.ipv4.ipfrag_high_thresh", "0"), 0);
	give(h, 2000, 0, 8, true);
	assert_int_equal(waiting(h), 0);
	host_free(h);
	assert_int_equal(test_l4.inputs, 1);
}

/* rfc: 3168:5.3-1 */
static void test_the_ecn_marks_of_fragments_are_joined(void **state)
{
	static const struct {
		uint8_t first, second;
		int want;
	} row[] = {
		{ 0, 0, 0 }, { 1, 1, 1 }, { 2, 2, 2 },	{ 3, 3, 3 },  { 2, 3, 3 },
		{ 3, 1, 3 }, { 1, 2, 2 }, { 0, 3, -1 }, { 0, 2, -1 }, { 1, 0, -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		struct host *h = host_new();
		struct frame f;

		host_test_l4(h);
		fragment_of(&f, PEER4, 1, 0, 800, true);
		frame_ip(&f)->tos = row[i].first;
		frame_ip_csum(&f);
		frame_in(h, &f);
		fragment_of(&f, PEER4, 1, 800, 800, false);
		frame_ip(&f)->tos = row[i].second;
		frame_ip_csum(&f);
		frame_in(h, &f);
		assert_int_equal(test_l4.inputs, row[i].want >= 0);
		if (row[i].want >= 0)
			assert_int_equal(test_l4.rx.tos, row[i].want);
		host_free(h);
	}
}

static void test_the_header_is_that_of_the_first_fragment(void **state)
{
	struct host *h = host_new();
	struct frame f;

	(void)state;
	host_test_l4(h);
	give(h, 0x1234, 8, 100, false);
	(void)frame_ip4(&f, PEER4, US4, TEST_PROTO, 12);
	frame_ip(&f)->frag = be16_of(IP4_F_MF);
	frame_ip(&f)->ttl = 7;
	memset(f.b + ETH_HDR_LEN + 20, IP4_OPT_NOP, 12);
	memcpy(frame_put(&f, 8), whole, 8);
	frame_end(&f);
	frame_in(h, &f);
	expect_whole(h, 108);
	assert_int_equal(test_l4.rx.ttl, 7);
	host_free(h);
}

/*
 * A model: a byte map of what came first. Random pieces of a datagram that never overlap in part.
 */
static void test_random_fragments_match_the_obvious_model(void **state)
{
	struct prng r;
	uint8_t key[32] = { 1 };

	(void)state;
	prng_seed(&r, key);
	for (unsigned round = 0; round < 300; round++) {
		struct host *h = host_new();
		uint32_t units = 2 + prng_below(&r, 400), tail = 1 + prng_below(&r, 8), done = 0;
		uint32_t cut[402] = { 0 }, cuts = 1;
		bool given[402] = { false };

		host_test_l4(h);
		while (cut[cuts - 1] < units) {
			cut[cuts] = cut[cuts - 1] + 1 + prng_below(&r, 40);
			if (cut[cuts] > units)
				cut[cuts] = units;
			cuts++;
		}
		while (cuts > 2 && done < cuts - 1) {
			uint32_t i = prng_below(&r, cuts - 1), last = i == cuts - 2;

			assert_int_equal(test_l4.inputs, 0);
			give(h, 7, cut[i] * 8, (cut[i + 1] - cut[i]) * 8 - (last ? 8 - tail : 0),
			     !last);
			done += !given[i];
			given[i] = true;
		}
		if (cuts > 2)
			expect_whole(h, units * 8 - (8 - tail));
		host_free(h);
	}
}

static void test_running_out_of_memory_anywhere_loses_the_datagram_and_nothing_else(void **state)
{
	(void)state;
	for (uint64_t nth = 1; nth < 24; nth++) {
		struct host *h = host_new();

		host_test_l4(h);
		ph_stack_fail_at(h->st, nth);
		for (unsigned i = 0; i < PIECES; i++) {
			struct frame f;

			fragment_of(&f, PEER4, 1, i * PIECE, PIECE, i < PIECES - 1);
			(void)ph_link_input_bytes(h->st, h->link, f.b, f.len, NULL, h->now);
		}
		ph_stack_fail_at(h->st, 0);
		host_free(h);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fragments_in_every_order_give_the_datagram),
		cmocka_unit_test(test_the_largest_datagram_comes_together),
		cmocka_unit_test(test_a_repeated_fragment_changes_nothing),
		cmocka_unit_test(test_fragments_that_contradict_end_the_datagram),
		cmocka_unit_test(test_an_end_before_what_came_already_ends_the_datagram),
		cmocka_unit_test(test_fragments_that_cannot_be_leave_no_trace),
		cmocka_unit_test(test_datagrams_are_told_apart_by_source_id_and_protocol),
		cmocka_unit_test(test_after_thirty_seconds_the_sender_hears_that_time_is_up),
		cmocka_unit_test(test_without_its_first_fragment_nobody_is_told),
		cmocka_unit_test(test_the_number_of_datagrams_is_bounded_and_the_oldest_makes_room),
		cmocka_unit_test(test_the_memory_of_fragments_is_bounded_and_the_newest_completes),
		cmocka_unit_test(test_the_ecn_marks_of_fragments_are_joined),
		cmocka_unit_test(test_the_header_is_that_of_the_first_fragment),
		cmocka_unit_test(test_random_fragments_match_the_obvious_model),
		cmocka_unit_test(
			test_running_out_of_memory_anywhere_loses_the_datagram_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
