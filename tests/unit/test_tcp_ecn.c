/* SPDX-License-Identifier: BSD-2-Clause */
/* What a handshake agrees on about ECN, the classic echo, and accurate ECN's counting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/list.h"
#include "tcp/tcp_ecn.h"
#include "wire/tcp.h"

enum { E = TCP_F_ECE, W = TCP_F_CWR, A = TCP_F_AE, MSS = 1000 };

static void test_a_syn_is_granted_what_it_asks_and_the_sysctl_allows(void **state)
{
	static const struct {
		int sysctl;
		uint16_t flags;
		uint8_t field, mode;
	} row[] = {
		{ 0, E | W, IP_ECN_NOT, TCP_ECN_OFF },	      { 1, E | W, IP_ECN_NOT, TCP_ECN_CLASSIC },
		{ 2, E | W, IP_ECN_NOT, TCP_ECN_CLASSIC },    { 2, 0, IP_ECN_NOT, TCP_ECN_OFF },
		{ 2, E, IP_ECN_NOT, TCP_ECN_OFF },	      { 2, W, IP_ECN_NOT, TCP_ECN_OFF },
		{ 2, E | W, IP_ECN_ECT0, TCP_ECN_OFF },	      { 2, E | W, IP_ECN_CE, TCP_ECN_OFF },
		{ 2, A | E | W, IP_ECN_CE, TCP_ECN_CLASSIC }, { 0, A | E | W, IP_ECN_NOT, TCP_ECN_OFF },
		{ 3, A | E | W, IP_ECN_CE, TCP_ECN_ACCURATE }, { 4, A, IP_ECN_NOT, TCP_ECN_ACCURATE },
		{ 5, E, IP_ECN_NOT, TCP_ECN_ACCURATE },	      { 5, E | W, IP_ECN_NOT, TCP_ECN_CLASSIC },
		{ 5, 0, IP_ECN_NOT, TCP_ECN_OFF },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++)
		assert_int_equal(tcp_ecn_grant(row[i].sysctl, row[i].flags, row[i].field),
				 row[i].mode);
}

static void test_a_syn_asks_less_the_longer_it_is_not_answered(void **state)
{
	static const struct {
		int sysctl;
		uint16_t flags[4]; /* by how often it went before */
	} row[] = {
		{ 0, { 0 } }, { 2, { 0 } }, { 5, { 0 } },
		{ 1, { E | W, 0, 0, 0 } }, { 4, { E | W, 0, 0, 0 } },
		{ 3, { A | E | W, A | E | W, 0, 0 } },
	};
	struct tcp_ecn e;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		tcp_ecn_ask(&e, row[i].sysctl);
		for (uint32_t n = 0; n < 4; n++) {
			assert_int_equal(tcp_ecn_syn_flags(&e, n, true), row[i].flags[n]);
			assert_int_equal(tcp_ecn_syn_flags(&e, n, false), row[i].flags[0]);
		}
	}
}

static void test_the_answer_to_our_syn_decides(void **state)
{
	static const struct {
		int sysctl;
		uint16_t flags;
		uint8_t mode, fail;
	} row[] = {
		{ 1, E, TCP_ECN_CLASSIC, 0 },  { 1, 0, TCP_ECN_OFF, 0 },
		{ 1, E | W, TCP_ECN_OFF, 0 },  { 2, E, TCP_ECN_OFF, 0 },
		{ 3, E, TCP_ECN_CLASSIC, 0 },  { 3, 0, TCP_ECN_OFF, 0 },
		{ 3, A | E | W, TCP_ECN_OFF, 0 }, { 3, W, TCP_ECN_ACCURATE, 0 },
		{ 3, A | E, TCP_ECN_ACCURATE, 0 },
		/* Our SYN left as Not-ECT: a mark on it was made by who must not. */
		{ 3, A, TCP_ECN_ACCURATE, TCP_ACCECN_FAIL_ACE_RECV },
		{ 3, A | W, TCP_ECN_ACCURATE, TCP_ACCECN_FAIL_ACE_RECV },
		{ 3, E | W, TCP_ECN_ACCURATE, TCP_ACCECN_FAIL_ACE_RECV },
	};
	struct tcp_ecn e;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		tcp_ecn_ask(&e, row[i].sysctl);
		tcp_ecn_synack(&e, row[i].flags, IP_ECN_ECT0, true);
		assert_int_equal(e.mode, row[i].mode);
		assert_int_equal(e.acc.fail, row[i].fail);
	}
}

static void test_the_classic_echo_lasts_until_the_peer_says_cwr(void **state)
{
	struct tcp_ecn e = { .mode = TCP_ECN_CLASSIC };
	uint16_t flags = TCP_F_ACK;

	(void)state;
	assert_false(tcp_ecn_data(&e, IP_ECN_ECT0));
	assert_true(tcp_ecn_data(&e, IP_ECN_NOT)); /* a retransmission, likely */
	assert_int_equal(tcp_ecn_send(&e, false, &flags), IP_ECN_NOT);
	assert_int_equal(flags, TCP_F_ACK);
	assert_true(tcp_ecn_data(&e, IP_ECN_CE));
	assert_false(tcp_ecn_data(&e, IP_ECN_CE)); /* told already */
	for (unsigned i = 0; i < 3; i++) {
		flags = TCP_F_ACK;
		(void)tcp_ecn_send(&e, i == 1, &flags);
		assert_int_equal(flags, TCP_F_ACK | E);
	}
	tcp_ecn_cwr(&e);
	flags = TCP_F_ACK;
	assert_int_equal(tcp_ecn_send(&e, true, &flags), IP_ECN_ECT0);
	assert_int_equal(flags, TCP_F_ACK);
}

static void test_cwr_is_said_once_and_on_new_data_only(void **state)
{
	struct tcp_ecn e = { .mode = TCP_ECN_CLASSIC };
	uint16_t flags = TCP_F_ACK;

	(void)state;
	tcp_ecn_reduced(&e);
	assert_int_equal(tcp_ecn_send(&e, false, &flags), IP_ECN_NOT);
	assert_int_equal(flags, TCP_F_ACK);
	assert_int_equal(tcp_ecn_send(&e, true, &flags), IP_ECN_ECT0);
	assert_int_equal(flags, TCP_F_ACK | W);
	flags = TCP_F_ACK;
	(void)tcp_ecn_send(&e, true, &flags);
	assert_int_equal(flags, TCP_F_ACK);
}

static void test_the_ace_field_counts_marked_packets_modulo_eight(void **state)
{
	static const uint16_t ace[] = { A | E, A | W, A | W | E, 0, E, W, W | E, A, A | E };
	struct tcp_ecn e = { .mode = TCP_ECN_ACCURATE };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ace); i++) {
		uint16_t flags = 0;

		assert_int_equal(tcp_ecn_send(&e, i % 2, &flags), IP_ECN_ECT0);
		assert_int_equal(flags, ace[i]);
		(void)tcp_accecn_received(&e.acc, IP_ECN_ECT0, MSS, 1);
		(void)tcp_accecn_received(&e.acc, IP_ECN_CE, 0, 1);
	}
	assert_int_equal(e.acc.received_bytes[IP_ECN_ECT0 - 1], ARRAY_LEN(ace) * MSS);
	assert_int_equal(e.acc.received_bytes[IP_ECN_CE - 1], 0);
}

static void test_a_change_of_marking_is_told_at_once_and_so_are_two_marks(void **state)
{
	struct tcp_accecn a = { .opt_seen = TCP_ACCECN_COUNTER_SEEN };
	uint16_t flags = 0;

	(void)state;
	assert_false(tcp_accecn_received(&a, IP_ECN_NOT, MSS, 1));
	assert_true(tcp_accecn_received(&a, IP_ECN_ECT0, MSS, 1));
	assert_false(tcp_accecn_received(&a, IP_ECN_ECT0, MSS, 1));
	assert_true(tcp_accecn_received(&a, IP_ECN_CE, MSS, 1));
	assert_true(tcp_accecn_received(&a, IP_ECN_CE, MSS, 1));
	(void)tcp_accecn_send(&a, &flags);
	assert_false(tcp_accecn_received(&a, IP_ECN_CE, MSS, 1));
	/* A super-segment's marks that no field of three bits could tell one by one. */
	(void)tcp_accecn_received(&a, IP_ECN_CE, 64000, 64);
	assert_int_equal(a.ce_pending, 15);
}

/* One ACK of `segs` whole segments with this ACE, and an option's CE bytes unless negative. */
static uint32_t ack(struct tcp_accecn *a, uint32_t told, uint32_t ace, uint32_t segs, int64_t ce)
{
	struct tcp_opts o = { .accecn = 0 };
	struct tcp_accecn_in in = { .opts = &o, .told_ce = told, .segs = segs, .bytes = segs * MSS,
				    .mss = MSS, .progress = true, .steady = true };

	in.flags = (uint16_t)((ace & 4 ? A : 0) | (ace & 2 ? W : 0) | (ace & 1 ? E : 0));
	if (ce >= 0) {
		o.accecn = TCP_OPT_ACCECN1;
		o.naccecn = 2;
		o.accecn_bytes[0] = 1;
		o.accecn_bytes[1] = (uint32_t)ce & 0xffffff;
	}
	return tcp_accecn_ack(a, &in);
}

static void test_marks_on_few_segments_are_the_difference_of_the_ace_field(void **state)
{
	struct tcp_accecn a = { .fail = 0 };
	uint32_t told = 0;

	(void)state;
	for (uint32_t i = 0; i < 40; i++) {
		uint32_t marks = i % 8, now = (5 + told + marks) & 7;

		assert_int_equal(ack(&a, told, now, 7, -1), marks);
		told += marks;
	}
}

static void test_a_field_that_may_have_gone_round_counts_as_the_most_it_can_mean(void **state)
{
	struct tcp_accecn a = { .fail = 0 };

	(void)state;
	assert_int_equal(ack(&a, 0, 5, 1, -1), 0);
	assert_int_equal(ack(&a, 0, 5, 9, -1), 8);
	assert_int_equal(ack(&a, 8, 6, 18, -1), 17);
}

static void test_who_thins_acks_is_not_taken_for_congestion(void **state)
{
	struct tcp_accecn a = { .fail = 0 };

	(void)state;
	assert_int_equal(ack(&a, 0, 5, 10, -1), 0);
	assert_int_equal(ack(&a, 0, 6, 10, -1), 1);
}

static void test_the_option_tells_how_often_the_field_went_round(void **state)
{
	static const struct {
		uint32_t segs, ace, ce, marks;
	} row[] = {
		{ 10, 5, 0, 0 },	 /* no byte of them was marked */
		{ 10, 5, 8 * MSS, 8 },	 { 10, 6, MSS, 1 },   { 12, 6, 9 * MSS, 9 },
		{ 20, 5, 16 * MSS, 16 }, { 20, 5, 8 * MSS, 8 }, { 20, 5, 20 * MSS, 16 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		struct tcp_accecn a = { .likely = IP_ECN_CE, .opt_seen = TCP_ACCECN_COUNTER_SEEN };

		assert_int_equal(ack(&a, 0, row[i].ace, row[i].segs, row[i].ce), row[i].marks);
		/* Only what is new in the next one says anything of its segments. */
		assert_int_equal(ack(&a, row[i].marks, row[i].ace, 10, row[i].ce), 0);
	}
}

static void test_marked_bytes_in_no_marked_packet_end_the_trust(void **state)
{
	struct tcp_accecn a = { .opt_seen = TCP_ACCECN_COUNTER_SEEN };
	uint16_t flags = 0;

	(void)state;
	assert_int_equal(ack(&a, 0, 6, 2, MSS), 1);
	assert_int_equal(a.fail, 0);
	assert_int_equal(ack(&a, 1, 6, 2, 2 * MSS), 0);
	assert_int_equal(a.fail, TCP_ACCECN_FAIL_ACE_RECV);
	assert_int_equal(tcp_accecn_send(&a, &flags), IP_ECN_NOT);
	assert_int_equal(flags, A | E); /* its marks are told all the same */
	assert_int_equal(ack(&a, 1, 7, 2, 3 * MSS), 0);
}

static void test_old_news_change_nothing(void **state)
{
	struct tcp_accecn a = { .fail = 0 };
	struct tcp_opts o = { .accecn = TCP_OPT_ACCECN0, .naccecn = 2, .accecn_bytes = { 1, 5 } };
	struct tcp_accecn_in in = { .opts = &o, .flags = A | W, .mss = MSS };

	(void)state;
	assert_int_equal(tcp_accecn_ack(&a, &in), 0);
	assert_int_equal(a.delivered_bytes[IP_ECN_CE - 1], 0);
	in.progress = true;
	assert_int_equal(tcp_accecn_ack(&a, &in), 1);
	assert_int_equal(a.delivered_bytes[IP_ECN_CE - 1], 5);
}

static void test_byte_counters_go_round_and_do_not_go_back(void **state)
{
	struct tcp_accecn a = { .opt_seen = TCP_ACCECN_COUNTER_SEEN };

	(void)state;
	a.delivered_bytes[IP_ECN_CE - 1] = 0xfffff0;
	(void)ack(&a, 0, 6, 1, 0x10);
	assert_int_equal(a.delivered_bytes[IP_ECN_CE - 1], 0x1000010);
	(void)ack(&a, 0, 6, 1, 0x08);
	assert_int_equal(a.delivered_bytes[IP_ECN_CE - 1], 0x1000010);
}

static void test_an_option_wiped_on_the_way_is_not_believed(void **state)
{
	struct tcp_accecn a = { .fail = 0 };
	struct tcp_opts o = { .accecn = TCP_OPT_ACCECN1, .naccecn = 3 };

	(void)state;
	tcp_accecn_saw_option(&a, &o);
	assert_int_equal(a.opt_seen, TCP_ACCECN_FAIL_SEEN);
	assert_int_equal(a.fail, TCP_ACCECN_FAIL_OPT_RECV);
	(void)ack(&a, 0, 6, 1, MSS);
	assert_int_equal(a.delivered_bytes[IP_ECN_CE - 1], 0);
}

static void test_the_option_takes_the_room_there_is(void **state)
{
	static const struct {
		uint32_t room;
		uint8_t nsack, news; /* news: the ECN field that came */
		int fields;	     /* -1: no option */
		uint8_t left;	     /* SACK blocks */
	} row[] = {
		{ 40, 0, IP_ECN_NOT, 3, 0 },  { 40, 3, IP_ECN_ECT0, 3, 3 }, { 28, 1, IP_ECN_CE, 3, 1 },
		{ 28, 2, IP_ECN_ECT1, 2, 2 }, { 28, 3, IP_ECN_CE, 2, 2 },   { 28, 3, IP_ECN_ECT0, -1, 3 },
		{ 28, 3, IP_ECN_NOT, 0, 3 },  { 8, 0, IP_ECN_CE, 2, 0 },    { 8, 0, IP_ECN_ECT0, -1, 0 },
		{ 40, 4, IP_ECN_ECT0, 3, 3 }, { 4, 0, IP_ECN_NOT, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		struct tcp_accecn a = { .opt_seen = TCP_ACCECN_COUNTER_SEEN,
					.policy = TCP_ACCECN_OPT_ALWAYS };
		struct tcp_opts o = { .nsack = row[i].nsack };
		bool sent;

		(void)tcp_accecn_received(&a, row[i].news, 77, 1);
		sent = tcp_accecn_option(&a, row[i].room, &o);
		assert_int_equal(sent ? o.naccecn : -1, row[i].fields);
		assert_int_equal(o.nsack, row[i].left);
		assert_true(tcp_opt_len(&o) <= row[i].room || !sent);
	}
}

static void test_the_option_is_sent_when_the_policy_wants_it(void **state)
{
	struct tcp_accecn a = { .fail = 0 };
	struct tcp_opts o = { .nsack = 0 };

	(void)state;
	tcp_accecn_refresh(&a, TCP_ACCECN_OPT_ALWAYS, 0, 0, 1000);
	assert_false(tcp_accecn_option(&a, 40, &o)); /* the peer sent none */
	a.opt_seen = TCP_ACCECN_EMPTY_SEEN;
	assert_true(tcp_accecn_option(&a, 40, &o));
	tcp_accecn_refresh(&a, TCP_ACCECN_OPT_NEVER, 3, 1000000000, 1000);
	assert_false(tcp_accecn_option(&a, 40, &o));
	tcp_accecn_refresh(&a, TCP_ACCECN_OPT_ASKED, 0, 1000000000, 1000);
	assert_false(tcp_accecn_option(&a, 40, &o));
	(void)tcp_accecn_received(&a, IP_ECN_ECT0, MSS, 1);
	for (unsigned i = 0; i < 2; i++) { /* the second tells which it was */
		assert_true(tcp_accecn_option(&a, 40, &o));
		tcp_accecn_option_sent(&a, 1000000000, false);
	}
	assert_false(tcp_accecn_option(&a, 40, &o));
	tcp_accecn_refresh(&a, TCP_ACCECN_OPT_ASKED, 2, 1000000000 + 499000, 1000);
	assert_false(tcp_accecn_option(&a, 40, &o));
	tcp_accecn_refresh(&a, TCP_ACCECN_OPT_ASKED, 2, 1000000000 + 500000, 1000);
	assert_true(tcp_accecn_option(&a, 40, &o)); /* twice a round trip */
}

static void test_a_dsack_that_did_not_get_through_ends_the_option(void **state)
{
	struct tcp_accecn a = { .opt_seen = TCP_ACCECN_COUNTER_SEEN,
				.policy = TCP_ACCECN_OPT_ALWAYS };
	struct tcp_opts o = { .nsack = 0 };

	(void)state;
	tcp_accecn_duplicate(&a);
	tcp_accecn_option_sent(&a, 0, true);
	assert_true(tcp_accecn_option(&a, 40, &o));
	tcp_accecn_duplicate(&a);
	assert_false(tcp_accecn_option(&a, 40, &o));
	assert_int_equal(a.fail, TCP_ACCECN_FAIL_OPT_SEND);
}

static void test_an_option_of_any_length_is_read_as_whole_fields(void **state)
{
	static const struct {
		uint8_t len, fields;
	} row[] = { { 2, 0 }, { 4, 0 }, { 5, 1 }, { 7, 1 }, { 8, 2 }, { 11, 3 }, { 12, 3 }, { 16, 3 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		uint8_t bytes[16] = { TCP_OPT_ACCECN0, row[i].len, 0, 0, 7, 1, 2, 3 };
		struct tcp_opts o;

		assert_true(tcp_opt_parse(bytes, row[i].len, &o));
		assert_int_equal(o.accecn, TCP_OPT_ACCECN0);
		assert_int_equal(o.naccecn, row[i].fields);
		if (row[i].fields > 0)
			assert_int_equal(o.accecn_bytes[0], 7);
		if (row[i].fields > 1)
			assert_int_equal(o.accecn_bytes[1], 0x010203);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_syn_is_granted_what_it_asks_and_the_sysctl_allows),
		cmocka_unit_test(test_a_syn_asks_less_the_longer_it_is_not_answered),
		cmocka_unit_test(test_the_answer_to_our_syn_decides),
		cmocka_unit_test(test_the_classic_echo_lasts_until_the_peer_says_cwr),
		cmocka_unit_test(test_cwr_is_said_once_and_on_new_data_only),
		cmocka_unit_test(test_the_ace_field_counts_marked_packets_modulo_eight),
		cmocka_unit_test(test_a_change_of_marking_is_told_at_once_and_so_are_two_marks),
		cmocka_unit_test(test_marks_on_few_segments_are_the_difference_of_the_ace_field),
		cmocka_unit_test(
			test_a_field_that_may_have_gone_round_counts_as_the_most_it_can_mean),
		cmocka_unit_test(test_who_thins_acks_is_not_taken_for_congestion),
		cmocka_unit_test(test_the_option_tells_how_often_the_field_went_round),
		cmocka_unit_test(test_marked_bytes_in_no_marked_packet_end_the_trust),
		cmocka_unit_test(test_old_news_change_nothing),
		cmocka_unit_test(test_byte_counters_go_round_and_do_not_go_back),
		cmocka_unit_test(test_an_option_wiped_on_the_way_is_not_believed),
		cmocka_unit_test(test_the_option_takes_the_room_there_is),
		cmocka_unit_test(test_the_option_is_sent_when_the_policy_wants_it),
		cmocka_unit_test(test_a_dsack_that_did_not_get_through_ends_the_option),
		cmocka_unit_test(test_an_option_of_any_length_is_read_as_whole_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
