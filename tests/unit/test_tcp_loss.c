/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of loss recovery without a connection: RACK's verdicts, PRR's numbers, the account of
 * needless retransmissions, and the states that tie them together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tcp/tcp_loss.h"

enum { MSS = 1000, MS = 1000000 };

struct env {
	struct mem mem;
	struct pool recs;
	struct tcp_rtxq q;
	struct cc cc;
	struct cc_ack a;
	struct tcp_loss l;
	struct tcp_loss_env e;
	seq_t una, nxt;
	uint64_t now;
};

static void *env_alloc(void *arg, size_t size)
{
	(void)arg;
	return malloc(size);
}

static void env_release(void *arg, void *ptr, size_t size)
{
	(void)arg;
	(void)size;
	free(ptr);
}

static struct env *env_new(bool sack)
{
	struct env *v = calloc(1, sizeof(*v));

	assert_non_null(v);
	v->mem = (struct mem){ .alloc = env_alloc, .release = env_release };
	pool_init(&v->recs, &v->mem, "records", sizeof(struct tcp_rec), 0);
	tcp_rtxq_init(&v->q);
	cc_switch(&v->cc, &cc_reno, NULL, MSS, 0);
	cc_start(&v->cc, MSS);
	v->now = 1000 * (uint64_t)MS;
	v->una = v->nxt = 1;
	tcp_loss_init(&v->l, sack, 0, 3);
	v->e = (struct tcp_loss_env){ .q = &v->q, .recs = &v->recs, .cc = &v->cc, .a = &v->a,
				      .reordering = 3, .max_reordering = 300, .min_rtt_us = 40000,
				      .srtt_us = 40000, .frto = true };
	return v;
}

static void env_free(struct env *v)
{
	tcp_rtxq_clear(&v->q, &v->recs);
	assert_int_equal(v->recs.in_use, 0);
	pool_destroy(&v->recs);
	free(v);
}

/* n segments leave one after the other, `gap` apart. */
static void send(struct env *v, int n, uint64_t gap)
{
	for (int i = 0; i < n; i++) {
		assert_non_null(tcp_rtxq_sent(&v->q, &v->recs, v->nxt, MSS, MSS, 0, v->now));
		v->nxt += MSS;
		v->now += gap;
	}
}

static void resend(struct env *v, int n)
{
	while (n-- > 0) {
		struct tcp_rec *r = tcp_rtxq_next(&v->q);

		assert_non_null(r);
		tcp_undo_sent_again(&v->l.undo, 1, v->now);
		if (tcp_loss_reducing(&v->l))
			v->l.prr.out++;
		tcp_rtxq_resent(&v->q, &v->recs, r, r->len, MSS, v->now);
	}
}

struct news { /* an ACK, in segments from the first; sack: [from, to) */
	int ack, from, to, dfrom, dto;
	bool dup, new_may_go, fresh_echo, old_echo;
};

static uint32_t ack(struct env *v, struct news n)
{
	struct tcp_delivered d = { .rack = v->l.sack ? &v->l.rack : NULL, .now_ns = v->now,
				   .min_rtt_us = v->e.min_rtt_us, .high_seq = v->l.high_seq,
				   .has_ecr = n.old_echo || n.fresh_echo,
				   .ecr_ms = n.old_echo ? 1 : UINT32_MAX / 2 };
	struct tcp_range b = { 1 + (uint32_t)n.from * MSS, 1 + (uint32_t)n.to * MSS };
	struct tcp_range dup = { 1 + (uint32_t)n.dfrom * MSS, 1 + (uint32_t)n.dto * MSS };
	struct tcp_loss_ack in = { .before = v->una, .d = &d, .new_may_go = n.new_may_go,
				   .fack_before = v->q.sacked ? v->q.fack : v->una };
	uint64_t delivered = v->l.delivered;
	uint32_t lost = v->q.lost_ever;
	seq_t upto = 1 + (uint32_t)n.ack * MSS;

	v->a = (struct cc_ack){ .now_ns = v->now, .mss = MSS, .inflight = v->nxt - v->una,
				.una = upto, .nxt = v->nxt };
	v->e.notes = 0;
	if (n.dto > n.dfrom)
		in.dsack = tcp_loss_dsack(&v->l, &v->e, dup, v->una, 1000000, 1000,
					  &in.dsack_probe);
	if (n.to > n.from)
		tcp_rtxq_sack(&v->q, &v->recs, &b, 1, -1, &d);
	tcp_rtxq_ack(&v->q, &v->recs, upto, &d);
	in.advanced = seq_gt(upto, v->una);
	in.plain_dup = !in.advanced;
	in.dups = n.dup;
	v->una = upto;
	tcp_loss_news(&v->l, &v->e, &in);
	tcp_loss_probe_acked(&v->l, &v->e, &in);
	if (tcp_loss_dubious(&v->l, &in))
		tcp_loss_alert(&v->l, &v->e, &in);
	v->a.acked = (uint32_t)(v->l.delivered - delivered) * MSS;
	if (tcp_loss_reducing(&v->l))
		tcp_loss_window(&v->l, &v->e, &in, v->q.lost_ever - lost);
	return v->e.notes;
}

/* ---- RACK */

static bool detect(struct env *v, uint32_t window_us, uint32_t *wait_us)
{
	return tcp_rack_detect(&v->l.rack, &v->q, window_us, v->now, wait_us);
}

/* rfc: 8985:6.2-1 */
static void test_segment_is_lost_a_window_after_a_later_one_came(void **state)
{
	struct env *v = env_new(true);
	uint32_t wait_us = 0;

	(void)state;
	send(v, 3, MS); /* at 1000, 1001 and 1002 ms */
	v->now = 1042 * (uint64_t)MS;
	tcp_rack_advance(&v->l.rack, 1002 * (uint64_t)MS, v->nxt, false, v->now, 40000);
	assert_int_equal(v->l.rack.rtt_us, 40000);
	/* 40 + 10 ms after it left each is lost: the first in 8, the second in 9 ms. */
	assert_true(detect(v, 10000, &wait_us));
	assert_int_equal(wait_us, 9000);
	assert_int_equal(v->q.lost, 0);
	v->now += 8 * MS;
	assert_true(detect(v, 10000, &wait_us));
	assert_int_equal(wait_us, 1000);
	assert_int_equal(v->q.lost, 1);
	v->now += MS;
	assert_false(detect(v, 10000, &wait_us));
	assert_int_equal(v->q.lost, 2); /* the third is what came */
	env_free(v);
}

static void test_what_left_together_is_ordered_by_sequence(void **state)
{
	struct env *v = env_new(true);
	uint32_t wait_us;

	(void)state;
	send(v, 3, 0);
	v->now += 40 * MS;
	tcp_rack_advance(&v->l.rack, 1000 * (uint64_t)MS, 1 + 2 * MSS, false, v->now, 40000);
	assert_false(detect(v, 0, &wait_us));
	assert_int_equal(v->q.lost, 1); /* not the one that came, nor the one behind it */
	env_free(v);
}

static void test_what_left_together_is_ordered_where_numbers_wrap(void **state)
{
	struct tcp_rack k;

	(void)state;
	tcp_rack_init(&k);
	tcp_rack_advance(&k, 100 * (uint64_t)MS, 0xfffffff0, false, 140 * (uint64_t)MS, 40000);
	tcp_rack_advance(&k, 100 * (uint64_t)MS, 5, false, 140 * (uint64_t)MS, 40000);
	assert_int_equal(k.end, 5);
	tcp_rack_advance(&k, 100 * (uint64_t)MS, 0xfffffffa, false, 140 * (uint64_t)MS, 40000);
	assert_int_equal(k.end, 5);
}

/* What a peer tells of reordering and of duplicates is believed within bounds. */
static void test_reordering_is_bounded_however_far_the_peer_says_it_is(void **state)
{
	struct env *v = env_new(true);

	(void)state;
	v->e.max_reordering = 5;
	send(v, 10, 0);
	v->now += 40 * MS;
	ack(v, (struct news){ .from = 9, .to = 10, .dup = true });
	ack(v, (struct news){ .from = 1, .to = 2, .dup = true });
	assert_int_equal(v->l.reord_seen, 1);
	assert_int_equal(v->l.reordering, 5);
	env_free(v);
}

static void test_more_duplicates_than_were_sent_again_say_nothing(void **state)
{
	struct env *v = env_new(true);
	struct tcp_range one = { 1, 1 + MSS }, three = { 1, 1 + 3 * MSS };
	bool probe = false;

	(void)state;
	send(v, 5, 0);
	v->a = (struct cc_ack){ .now_ns = v->now, .mss = MSS, .una = 1 + 5 * MSS, .nxt = v->nxt };
	assert_true(tcp_loss_dsack(&v->l, &v->e, one, v->una, 1000000, 1, &probe));
	assert_true(v->l.peer_dsacks);
	v->l.peer_dsacks = false;
	assert_false(tcp_loss_dsack(&v->l, &v->e, one, v->una, 1000000, 1, &probe));
	assert_false(v->l.peer_dsacks);
	assert_false(tcp_loss_dsack(&v->l, &v->e, three, v->una, 1000000, 4, &probe));
	assert_true(tcp_loss_dsack(&v->l, &v->e, one, v->una, 1000000, 6, &probe));
	/* Nor does one longer than any window was, or of no length. */
	assert_false(tcp_loss_dsack(&v->l, &v->e, three, v->una, 2 * MSS, 100, &probe));
	one.to = one.from;
	assert_false(tcp_loss_dsack(&v->l, &v->e, one, v->una, 1000000, 100, &probe));
	env_free(v);
}

/* rfc: 8985:6.2-2 */
static void test_impossibly_quick_answer_is_the_first_copys(void **state)
{
	struct tcp_rack k;

	(void)state;
	tcp_rack_init(&k);
	tcp_rack_advance(&k, 100 * (uint64_t)MS, 5, true, 110 * (uint64_t)MS, 40000);
	assert_false(k.advanced);
	tcp_rack_advance(&k, 100 * (uint64_t)MS, 5, true, 140 * (uint64_t)MS, 40000);
	assert_true(k.advanced);
	assert_int_equal(k.sent_ns, 100 * (uint64_t)MS);
}

/* rfc: 8985:3.3.2-1 */
static void test_reordering_window_is_a_quarter_and_bounded_by_srtt(void **state)
{
	struct tcp_rack k = { .steps = 1 };
	struct tcp_rack_path p = { .min_rtt_us = 40000, .srtt_us = 50000 };

	(void)state;
	assert_int_equal(tcp_rack_window_us(&k, &p), 10000);
	p.dup_thresh = true; /* three came, and nothing was ever reordered */
	assert_int_equal(tcp_rack_window_us(&k, &p), 0);
	p.bits = TCP_RACK_NO_DUPS;
	assert_int_equal(tcp_rack_window_us(&k, &p), 10000);
	p.recovering = true;
	assert_int_equal(tcp_rack_window_us(&k, &p), 0);
	p.reordered = true;
	assert_int_equal(tcp_rack_window_us(&k, &p), 10000);
	k.steps = 3;
	assert_int_equal(tcp_rack_window_us(&k, &p), 30000);
	k.steps = 200;
	assert_int_equal(tcp_rack_window_us(&k, &p), 50000);
}

/* rfc: 8985:6.2-4 */
static void test_duplicates_widen_the_window_for_sixteen_recoveries(void **state)
{
	struct tcp_rack k;

	(void)state;
	tcp_rack_init(&k);
	k.dsack_seen = true;
	tcp_rack_adapt(&k, 0, 5, 20);
	assert_int_equal(k.steps, 2);
	k.dsack_seen = true; /* of the same round trip */
	tcp_rack_adapt(&k, 0, 19, 25);
	assert_int_equal(k.steps, 2);
	k.dsack_seen = true;
	tcp_rack_adapt(&k, 0, 21, 30);
	assert_int_equal(k.steps, 3);
	for (int i = 0; i < TCP_RACK_PERSIST; i++) {
		tcp_rack_adapt(&k, 0, 40, 50);
		assert_int_equal(k.steps, 3);
		tcp_rack_recovered(&k, false);
	}
	tcp_rack_adapt(&k, 0, 40, 50);
	assert_int_equal(k.steps, 1);
	k.dsack_seen = true;
	tcp_rack_adapt(&k, TCP_RACK_STATIC, 60, 70);
	assert_int_equal(k.steps, 1);
}

static void test_walk_over_what_waits_is_bounded(void **state)
{
	struct env *v = env_new(true);
	uint32_t wait_us = 0;

	(void)state;
	send(v, 1000, 1000);
	tcp_rack_advance(&v->l.rack, v->now, v->nxt, false, v->now + 40 * MS, 40000);
	v->now += 40 * MS;
	assert_true(detect(v, 10000, &wait_us));
	/* Whoever was not looked at was not sent later than what arrived. */
	assert_in_range(wait_us, 9990, 10000);
	assert_int_equal(v->q.lost, 0);
	env_free(v);
}

/* ---- PRR */

static uint32_t prr(struct tcp_prr *p, uint32_t inflight, uint32_t delivered, bool safe)
{
	return tcp_prr_window(p, &(struct tcp_prr_ack){ .ssthresh = 10, .inflight = inflight,
							.delivered = delivered, .safe = safe });
}

/* rfc: 6937:3-1, 9937:6.2-1 */
static void test_every_second_delivery_lets_one_go(void **state)
{
	struct tcp_prr p;
	uint32_t inflight = 18, sent = 0; /* of 20, one lost and one SACKed */

	(void)state;
	tcp_prr_begin(&p, 20);
	for (int i = 0; i < 10; i++) {
		uint32_t cwnd = prr(&p, inflight, 1, false);

		if (cwnd > inflight) {
			p.out += cwnd - inflight;
			sent += cwnd - inflight;
		}
		assert_in_range(sent, (uint32_t)i / 2, (uint32_t)i / 2 + 1);
		inflight = cwnd - 1;
	}
	assert_int_equal(sent, 5);
}

/* rfc: 6937:3-2, 9937:6.2-2, 9937:6.2-3 */
static void test_below_ssthresh_it_grows_by_one_more_only_when_it_is_safe(void **state)
{
	struct tcp_prr p;

	(void)state;
	tcp_prr_begin(&p, 20);
	p.out = 5;
	p.delivered = 5;
	assert_int_equal(prr(&p, 4, 1, false), 5);
	p.out++;
	assert_int_equal(prr(&p, 4, 1, true), 6);
	p.out += 2;
	p.delivered = 30;
	assert_int_equal(prr(&p, 4, 1, true), 10); /* never over ssthresh */
}

/* rfc: 9937:6.2-4 */
static void test_first_ack_of_an_episode_lets_one_go(void **state)
{
	struct tcp_prr p;

	(void)state;
	tcp_prr_begin(&p, 100);
	assert_int_equal(prr(&p, 90, 0, false), 91);
	p.out = 1;
	assert_int_equal(prr(&p, 90, 0, false), 90);
}

/* ---- undo */

static void test_all_retransmissions_duplicated_are_needless(void **state)
{
	struct tcp_undo u = { .on = false };

	(void)state;
	tcp_undo_duplicate(&u, 5000, 3); /* nothing to be counted off */
	assert_false(tcp_undo_by_dsack(&u));
	tcp_undo_begin(&u, 1000, 0);
	assert_false(tcp_undo_by_dsack(&u)); /* nothing has gone yet */
	tcp_undo_sent_again(&u, 2, 77);
	tcp_undo_sent_again(&u, 1, 99);
	assert_int_equal(u.first_ns, 77);
	tcp_undo_duplicate(&u, 1000, 1); /* older than the episode */
	assert_int_equal(u.retrans, 3);
	tcp_undo_duplicate(&u, 2000, 2);
	assert_false(tcp_undo_by_dsack(&u));
	tcp_undo_duplicate(&u, 3000, 5);
	assert_true(tcp_undo_by_dsack(&u));
	/* An episode that begins just before its numbers wrap. */
	u = (struct tcp_undo){ .on = false };
	tcp_undo_begin(&u, 0xfffffff0, 0);
	tcp_undo_sent_again(&u, 1, 77);
	tcp_undo_duplicate(&u, 0xffffffe0, 1);
	assert_false(tcp_undo_by_dsack(&u));
	tcp_undo_duplicate(&u, 5, 1);
	assert_true(tcp_undo_by_dsack(&u));
}

/* ---- states */

/* rfc: 6675:5-2, 6675:5-4, 9937:6.4-1 */
static void test_three_sacked_begin_an_episode_that_ends_at_its_mark(void **state)
{
	struct env *v = env_new(true);

	(void)state;
	send(v, 10, 0);
	v->now += 40 * MS;
	assert_int_equal(ack(v, (struct news){ .ack = 0, .from = 1, .to = 2 }), 0);
	assert_int_equal(v->l.state, TCP_CA_DISORDER);
	assert_true(v->e.wait_us > 0);
	assert_int_equal(ack(v, (struct news){ .ack = 0, .from = 1, .to = 4 }) &
			 TCP_NOTE_SACK_RECOVERY, TCP_NOTE_SACK_RECOVERY);
	assert_int_equal(v->l.state, TCP_CA_RECOVERY);
	assert_int_equal(v->l.high_seq, v->nxt);
	assert_int_equal(v->cc.ssthresh, 5 * MSS);
	resend(v, 1);
	send(v, 2, 0);
	v->now += 40 * MS;
	(void)ack(v, (struct news){ .ack = 9 });
	assert_int_equal(v->l.state, TCP_CA_RECOVERY);
	(void)ack(v, (struct news){ .ack = 10, .fresh_echo = true });
	assert_int_equal(v->l.state, TCP_CA_OPEN);
	assert_int_equal(v->cc.cwnd, v->cc.ssthresh);
	env_free(v);
}

/* rfc: 8985:6.2-3 */
static void test_waiting_for_reordering_ends_in_recovery(void **state)
{
	struct env *v = env_new(true);

	(void)state;
	send(v, 4, 0);
	v->now += 40 * MS;
	(void)ack(v, (struct news){ .ack = 0, .from = 1, .to = 2 });
	assert_int_equal(v->e.wait_us, 10000);
	v->now += 9 * MS;
	v->a.now_ns = v->now;
	assert_false(tcp_loss_waited(&v->l, &v->e));
	v->now += MS;
	v->a.now_ns = v->now;
	assert_true(tcp_loss_waited(&v->l, &v->e));
	assert_int_equal(v->l.state, TCP_CA_RECOVERY);
	assert_true(v->cc.cwnd / MSS > tcp_loss_pipe(&v->l, &v->q));
	env_free(v);
}

/* rfc: 8985:6.2-5 */
static void test_lost_retransmission_is_noticed(void **state)
{
	struct env *v = env_new(true);

	(void)state;
	send(v, 10, 0);
	v->now += 40 * MS;
	(void)ack(v, (struct news){ .ack = 0, .from = 1, .to = 5 });
	v->now += MS;
	resend(v, 1);
	v->now += MS;
	send(v, 2, 0);
	v->now += 40 * MS;
	assert_true(ack(v, (struct news){ .ack = 0, .from = 1, .to = 11 }) &
		    TCP_NOTE_LOST_RETRANS);
	assert_int_equal(v->q.lost_again, 1);
	assert_non_null(tcp_rtxq_next(&v->q));
	env_free(v);
}

/* rfc: 6582:3.2-1, 6582:3.2-2, 6582:3.2-3 */
static void test_newreno_enters_once_and_repairs_hole_by_hole(void **state)
{
	struct env *v = env_new(false);

	(void)state;
	send(v, 10, 0);
	assert_int_equal(ack(v, (struct news){ .dup = true }), 0);
	assert_int_equal(ack(v, (struct news){ .dup = true }), 0);
	assert_true(ack(v, (struct news){ .dup = true }) & TCP_NOTE_RENO_RECOVERY);
	assert_int_equal(ack(v, (struct news){ .dup = true }), 0);
	assert_int_equal(v->q.lost, 1);
	resend(v, 1);
	(void)ack(v, (struct news){ .ack = 4 });
	assert_int_equal(v->l.state, TCP_CA_RECOVERY);
	assert_int_equal(v->q.lost, 1); /* the next hole */
	resend(v, 1);
	send(v, 1, 0);
	(void)ack(v, (struct news){ .ack = 10 });
	assert_int_equal(v->l.state, TCP_CA_RECOVERY); /* held: late duplicates are to come */
	(void)ack(v, (struct news){ .ack = 11 });
	assert_int_equal(v->l.state, TCP_CA_OPEN);
	assert_int_equal(v->cc.cwnd, v->cc.ssthresh); /* and nothing was undone */
	env_free(v);
}

/* Undone while the state is held: the threshold is without bound again, and the window stays. */
static void test_undone_episode_that_is_held_keeps_its_window(void **state)
{
	struct env *v = env_new(false);

	(void)state;
	send(v, 10, 0);
	for (int i = 0; i < 3; i++)
		(void)ack(v, (struct news){ .dup = true });
	resend(v, 1);
	(void)ack(v, (struct news){ .ack = 10, .old_echo = true });
	assert_int_equal(v->l.state, TCP_CA_RECOVERY);
	assert_int_equal(v->cc.ssthresh, UINT32_MAX);
	assert_true(v->cc.cwnd >= MSS);
	env_free(v);
}

/* rfc: 5681:3.2-7, 9937:6.2-6 */
/* attack: DupACK-spoofing */
static void test_more_duplicates_than_segments_are_not_believed(void **state)
{
	struct env *v = env_new(false);

	(void)state;
	send(v, 5, 0);
	for (int i = 0; i < 100; i++)
		(void)ack(v, (struct news){ .dup = true });
	assert_int_equal(v->l.reno_sacked, 4);
	assert_true(v->l.reord_seen > 0);
	env_free(v);
}

static void test_duplicates_without_flight_mean_nothing(void **state)
{
	struct env *v = env_new(false);

	(void)state;
	for (int i = 0; i < 10; i++)
		(void)ack(v, (struct news){ .dup = true });
	assert_true(v->l.state <= TCP_CA_DISORDER);
	assert_int_equal(v->q.lost, 0);
	env_free(v);
}

static void test_episode_is_undone_when_all_of_it_was_duplicated(void **state)
{
	struct env *v = env_new(true);
	uint32_t cwnd = v->cc.cwnd;

	(void)state;
	send(v, 10, 0);
	v->now += 40 * MS;
	(void)ack(v, (struct news){ .from = 1, .to = 4 });
	resend(v, 1);
	v->now += 20 * MS;
	assert_true(ack(v, (struct news){ .ack = 4, .dfrom = 0, .dto = 1 }) == 0 ||
		    v->l.state != TCP_CA_OPEN);
	assert_true(v->l.dsack_dups == 1);
	(void)ack(v, (struct news){ .ack = 5, .dfrom = 0, .dto = 1 });
	assert_true(v->cc.cwnd >= cwnd);
	assert_int_equal(v->cc.ssthresh, UINT32_MAX);
	env_free(v);
}

/* RFC 3522, RFC 4015: the echo is older than the retransmission. */
static void test_old_echo_undoes_an_episode(void **state)
{
	struct env *v = env_new(true);
	uint32_t cwnd = v->cc.cwnd;

	(void)state;
	send(v, 10, 0);
	v->now += 40 * MS;
	(void)ack(v, (struct news){ .from = 1, .to = 4 });
	resend(v, 1);
	v->now += MS;
	assert_true(ack(v, (struct news){ .ack = 10, .old_echo = true }) & TCP_NOTE_FULL_UNDO);
	assert_int_equal(v->l.state, TCP_CA_OPEN);
	assert_true(v->cc.cwnd >= cwnd);
	env_free(v);
}

static void rto(struct env *v, uint32_t retransmits)
{
	v->a = (struct cc_ack){ .now_ns = v->now, .mss = MSS, .inflight = v->nxt - v->una,
				.una = v->una, .nxt = v->nxt };
	v->e.notes = 0;
	tcp_loss_rto(&v->l, &v->e, retransmits);
	resend(v, 1);
}

/* rfc: 5682:3.1-1 */
static void test_timeout_is_spurious_when_the_original_arrives(void **state)
{
	struct env *v = env_new(true);
	uint32_t cwnd = v->cc.cwnd;

	(void)state;
	send(v, 5, 0);
	v->now += 300 * MS;
	rto(v, 0);
	assert_int_equal(v->cc.cwnd, MSS);
	v->now += MS;
	(void)ack(v, (struct news){ .ack = 1, .new_may_go = true });
	assert_true(v->l.hold);
	send(v, 2, 0);
	assert_true(ack(v, (struct news){ .ack = 2, .new_may_go = true }) & TCP_NOTE_SPURIOUS_RTO);
	assert_int_equal(v->l.state, TCP_CA_OPEN);
	assert_int_equal(v->q.lost, 0);
	assert_true(v->cc.cwnd >= cwnd);
	env_free(v);
}

/* rfc: 5682:2.1-3 */
static void test_timeout_was_due_when_duplicates_follow(void **state)
{
	struct env *v = env_new(true);

	(void)state;
	send(v, 5, 0);
	v->now += 300 * MS;
	rto(v, 0);
	v->now += 40 * MS;
	(void)ack(v, (struct news){ .ack = 1, .new_may_go = true });
	assert_true(v->l.hold);
	send(v, 2, 0);
	v->now += 40 * MS;
	(void)ack(v, (struct news){ .ack = 1, .from = 5, .to = 6 });
	assert_false(v->l.hold);
	assert_false(v->l.frto);
	assert_int_equal(v->l.state, TCP_CA_LOSS);
	assert_non_null(tcp_rtxq_next(&v->q));
	env_free(v);
}

static void test_second_timeout_of_a_window_is_no_new_episode(void **state)
{
	struct env *v = env_new(true);

	(void)state;
	send(v, 10, 0);
	v->now += 300 * MS;
	rto(v, 0);
	assert_int_equal(v->cc.ssthresh, 5 * MSS);
	v->now += 600 * MS;
	rto(v, 1);
	assert_int_equal(v->cc.ssthresh, 5 * MSS);
	assert_int_equal(v->cc.cwnd, MSS);
	env_free(v);
}

/* rfc: 8985:7.4.2-1 */
static void test_probe_that_repairs_a_loss_costs_the_window(void **state)
{
	struct env *v = env_new(true);

	(void)state;
	send(v, 4, 0);
	v->now += 90 * MS;
	tcp_rtxq_probed(&v->q, tcp_rtxq_tail(&v->q, &v->recs), v->now);
	tcp_loss_probed(&v->l, v->nxt, true);
	v->now += 40 * MS;
	send(v, 1, 0);
	(void)ack(v, (struct news){ .ack = 4 });
	assert_true(v->l.probing);
	assert_true(ack(v, (struct news){ .ack = 5 }) & TCP_NOTE_PROBE_RECOVERY);
	assert_false(v->l.probing);
	assert_int_equal(v->cc.cwnd, v->cc.ssthresh);
	assert_int_equal(v->l.state, TCP_CA_OPEN);
	env_free(v);
}

static void test_probe_reported_as_a_duplicate_costs_nothing(void **state)
{
	struct env *v = env_new(true);

	(void)state;
	send(v, 4, 0);
	v->now += 90 * MS;
	tcp_rtxq_probed(&v->q, tcp_rtxq_tail(&v->q, &v->recs), v->now);
	tcp_loss_probed(&v->l, v->nxt, true);
	v->now += 40 * MS;
	assert_false(ack(v, (struct news){ .ack = 4, .dfrom = 3, .dto = 4 }) &
		     TCP_NOTE_PROBE_RECOVERY);
	assert_false(v->l.probing);
	assert_int_equal(v->cc.ssthresh, UINT32_MAX);
	env_free(v);
}

static void test_late_arrival_is_reordering_and_widens_its_bound(void **state)
{
	struct env *v = env_new(true);

	(void)state;
	send(v, 10, 0);
	v->now += 40 * MS;
	(void)ack(v, (struct news){ .from = 8, .to = 9 });
	assert_true(ack(v, (struct news){ .from = 1, .to = 2 }) & TCP_NOTE_SACK_REORDER);
	assert_int_equal(v->l.reordering, 8);
	assert_int_equal(v->l.reord_seen, 1);
	env_free(v);
}

int main(void)
{
#define T(name) cmocka_unit_test(name)
	const struct CMUnitTest tests[] = {
		T(test_segment_is_lost_a_window_after_a_later_one_came),
		T(test_what_left_together_is_ordered_by_sequence),
		T(test_what_left_together_is_ordered_where_numbers_wrap),
		T(test_reordering_is_bounded_however_far_the_peer_says_it_is),
		T(test_more_duplicates_than_were_sent_again_say_nothing),
		T(test_impossibly_quick_answer_is_the_first_copys),
		T(test_reordering_window_is_a_quarter_and_bounded_by_srtt),
		T(test_duplicates_widen_the_window_for_sixteen_recoveries),
		T(test_walk_over_what_waits_is_bounded),
		T(test_every_second_delivery_lets_one_go),
		T(test_below_ssthresh_it_grows_by_one_more_only_when_it_is_safe),
		T(test_first_ack_of_an_episode_lets_one_go),
		T(test_all_retransmissions_duplicated_are_needless),
		T(test_three_sacked_begin_an_episode_that_ends_at_its_mark),
		T(test_waiting_for_reordering_ends_in_recovery),
		T(test_lost_retransmission_is_noticed),
		T(test_newreno_enters_once_and_repairs_hole_by_hole),
		T(test_undone_episode_that_is_held_keeps_its_window),
		T(test_more_duplicates_than_segments_are_not_believed),
		T(test_duplicates_without_flight_mean_nothing),
		T(test_episode_is_undone_when_all_of_it_was_duplicated),
		T(test_old_echo_undoes_an_episode),
		T(test_timeout_is_spurious_when_the_original_arrives),
		T(test_timeout_was_due_when_duplicates_follow),
		T(test_second_timeout_of_a_window_is_no_new_episode),
		T(test_probe_that_repairs_a_loss_costs_the_window),
		T(test_probe_reported_as_a_duplicate_costs_nothing),
		T(test_late_arrival_is_reordering_and_widens_its_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
