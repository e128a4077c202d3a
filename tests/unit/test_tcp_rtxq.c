/* SPDX-License-Identifier: BSD-2-Clause */
/* The retransmission queue and its scoreboard against an array with a flag per segment; loss
 * episodes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tcp/tcp_loss.h"

enum { MSS = 100, SEGS = 200, ROUNDS = 300 };

struct env {
	struct mem mem;
	struct pool recs;
	struct tcp_rtxq q;
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

static void env_init(struct env *v)
{
	memset(v, 0, sizeof(*v));
	v->mem = (struct mem){ .alloc = env_alloc, .release = env_release };
	pool_init(&v->recs, &v->mem, "records", sizeof(struct tcp_rec), 0);
	tcp_rtxq_init(&v->q);
}

static void env_free(struct env *v)
{
	tcp_rtxq_clear(&v->q, &v->recs);
	assert_int_equal(v->recs.in_use, 0);
	pool_destroy(&v->recs);
}

static struct tcp_rec *send_at(struct env *v, seq_t seq, uint32_t len, uint64_t now)
{
	struct tcp_rec *r = tcp_rtxq_sent(&v->q, &v->recs, seq, len, MSS, 0, now);

	assert_non_null(r);
	return r;
}

static void check_sums(const struct env *v, seq_t una, seq_t nxt)
{
	uint32_t sacked = 0, lost = 0, retrans = 0, n = 0;
	const struct list_node *l;
	seq_t at = una;

	list_for_each(l, &v->q.recs) {
		const struct tcp_rec *r = container_of(l, const struct tcp_rec, node);

		assert_int_equal(r->seq, at);
		assert_true(r->len > 0);
		at += r->len;
		sacked += r->flags & TCP_REC_SACKED ? r->len : 0;
		lost += r->flags & TCP_REC_LOST ? r->len : 0;
		retrans += r->flags & TCP_REC_RETRANS ? r->len : 0;
		assert_false((r->flags & TCP_REC_SACKED) &&
			     (r->flags & (TCP_REC_LOST | TCP_REC_RETRANS)));
		n++;
	}
	assert_int_equal(at, nxt);
	assert_int_equal(n, v->q.n);
	assert_int_equal(sacked, v->q.sacked);
	assert_int_equal(lost, v->q.lost);
	assert_int_equal(retrans, v->q.retrans);
}

/* Bytes that the array says are SACKed above segment i. */
static uint32_t above(const bool *sacked, int i)
{
	uint32_t sum = 0;

	for (i++; i < SEGS; i++)
		sum += sacked[i] ? MSS : 0;
	return sum;
}

static void check_lost(const struct env *v, seq_t base, const bool *sacked, int una)
{
	uint32_t lost = 0;

	for (int i = una; i < SEGS; i++)
		if (!sacked[i] && above(sacked, i) > 2 * MSS)
			lost += MSS;
	(void)base;
	assert_int_equal(v->q.lost, lost);
}

static void random_round(unsigned seed)
{
	seq_t base = 0xfffff000u + seed;
	bool sacked[SEGS] = { false };
	struct env v;
	int una = 0;

	srand(seed);
	env_init(&v);
	for (int i = 0; i < SEGS;) { /* super-segments of 1 to 40 */
		int n = rand() % 40 + 1;

		n = n < SEGS - i ? n : SEGS - i;
		send_at(&v, base + (uint32_t)i * MSS, (uint32_t)n * MSS, 1);
		i += n;
	}
	for (int step = 0; step < 60; step++) {
		struct tcp_delivered d = { .acked = 0 };
		int from = una + rand() % (SEGS - una), to = from + rand() % 8;
		uint32_t fresh = 0;

		to = to < SEGS ? to : SEGS;
		for (int i = from; i < to; i++) {
			fresh += sacked[i] ? 0 : MSS;
			sacked[i] = true;
		}
		if (from < to)
			tcp_rtxq_sack(&v.q, &v.recs,
				      (struct tcp_range){ base + (uint32_t)from * MSS,
							  base + (uint32_t)to * MSS }, &d);
		assert_int_equal(d.acked, fresh);
		tcp_rtxq_judge(&v.q, MSS);
		check_sums(&v, base + (uint32_t)una * MSS, base + SEGS * MSS);
		check_lost(&v, base, sacked, una);
		if (rand() % 4 == 0 && una < SEGS - 10) {
			una += rand() % 5;
			tcp_rtxq_ack(&v.q, &v.recs, base + (uint32_t)una * MSS, &d);
			check_sums(&v, base + (uint32_t)una * MSS, base + SEGS * MSS);
		}
	}
	env_free(&v);
}

static void test_scoreboard_agrees_with_an_array_of_flags(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= ROUNDS; seed++)
		random_round(seed);
}

static void test_crumbs_of_a_segment_are_not_cut_out(void **state)
{
	struct tcp_delivered d = { .acked = 0 };
	struct env v;

	(void)state;
	env_init(&v);
	send_at(&v, 0, 40 * MSS, 1);
	for (uint32_t i = 0; i < 40 * MSS; i += 2)
		tcp_rtxq_sack(&v.q, &v.recs, (struct tcp_range){ i, i + 1 }, &d);
	assert_int_equal(v.q.n, 1);
	assert_int_equal(d.acked, 0);
	tcp_rtxq_sack(&v.q, &v.recs, (struct tcp_range){ 150, 350 }, &d);
	assert_int_equal(d.acked, MSS); /* [200, 300) is whole */
	env_free(&v);
}

static void test_round_trip_comes_from_data_sent_once(void **state)
{
	struct tcp_delivered d = { .acked = 0 };
	struct tcp_rec *r;
	struct env v;

	(void)state;
	env_init(&v);
	r = send_at(&v, 0, MSS, 10);
	send_at(&v, MSS, MSS, 20);
	send_at(&v, 2 * MSS, MSS, 30);
	tcp_rtxq_ack(&v.q, &v.recs, 50, &d); /* half of the first */
	assert_int_equal(d.first_ns, 10);
	d = (struct tcp_delivered){ .acked = 0 };
	tcp_rtxq_head_lost(&v.q, &v.recs, MSS);
	assert_ptr_equal(tcp_rtxq_next(&v.q), r);
	tcp_rtxq_resent(&v.q, &v.recs, r, r->len, MSS, 40);
	assert_null(tcp_rtxq_next(&v.q));
	tcp_rtxq_ack(&v.q, &v.recs, 3 * MSS, &d);
	assert_true(d.retrans); /* Karn */
	assert_int_equal(d.first_ns, 20);
	assert_int_equal(d.last_ns, 30);
	assert_int_equal(d.newest_ns, 40);
	env_free(&v);
}

static void test_lost_retransmission_is_found_by_what_came_after_it(void **state)
{
	struct tcp_delivered d = { .acked = 0 };
	struct tcp_rec *r;
	struct env v;

	(void)state;
	env_init(&v);
	for (uint32_t i = 0; i < 10; i++)
		send_at(&v, i * MSS, MSS, 10 + i);
	tcp_rtxq_sack(&v.q, &v.recs, (struct tcp_range){ MSS, 5 * MSS }, &d);
	assert_int_equal(tcp_rtxq_judge(&v.q, MSS), MSS);
	r = tcp_rtxq_next(&v.q);
	tcp_rtxq_resent(&v.q, &v.recs, r, r->len, MSS, 100);
	assert_int_equal(tcp_rtxq_retrans_lost(&v.q, 100), 0);
	assert_int_equal(tcp_rtxq_retrans_lost(&v.q, 101), MSS);
	assert_ptr_equal(tcp_rtxq_next(&v.q), r);
	check_sums(&v, 0, 10 * MSS);
	env_free(&v);
}

static void test_timeout_forgets_sacks_only_of_a_receiver_that_reneged(void **state)
{
	struct tcp_delivered d = { .acked = 0 };
	struct env v;

	(void)state;
	env_init(&v);
	for (uint32_t i = 0; i < 4; i++)
		send_at(&v, i * MSS, MSS, 1);
	tcp_rtxq_sack(&v.q, &v.recs, (struct tcp_range){ MSS, 3 * MSS }, &d);
	tcp_rtxq_all_lost(&v.q);
	assert_int_equal(v.q.lost, 2 * MSS);
	assert_int_equal(v.q.sacked, 2 * MSS);
	tcp_rtxq_ack(&v.q, &v.recs, MSS, &d);
	tcp_rtxq_all_lost(&v.q);
	assert_int_equal(v.q.lost, 3 * MSS);
	assert_int_equal(v.q.sacked, 0);
	check_sums(&v, MSS, 4 * MSS);
	env_free(&v);
}

/* ---- episodes */

static enum tcp_loss_event dup(struct env *v, struct tcp_loss *l, seq_t una, seq_t nxt)
{
	struct tcp_delivered d = { .acked = 0 };
	struct tcp_loss_in in = { .una = una, .nxt = nxt, .mss = MSS, .min_rtt_us = UINT32_MAX,
				  .dupack = true, .delivered = &d };

	return tcp_loss_ack(l, &v->q, &v->recs, &in);
}

static enum tcp_loss_event progress(struct env *v, struct tcp_loss *l, seq_t from, seq_t una,
				    seq_t nxt)
{
	struct tcp_delivered d = { .acked = 0 };
	struct tcp_loss_in in = { .una = una, .nxt = nxt, .mss = MSS, .min_rtt_us = UINT32_MAX,
				  .acked = una - from, .delivered = &d };

	tcp_rtxq_ack(&v->q, &v->recs, una, &d);
	return tcp_loss_ack(l, &v->q, &v->recs, &in);
}

/* rfc: 6582:3.2-1, 6582:3.2-2, 6582:3.2-3 */
static void test_newreno_enters_once_and_leaves_at_recover(void **state)
{
	struct tcp_loss l;
	struct env v;

	(void)state;
	env_init(&v);
	tcp_loss_init(&l, false, 0);
	for (uint32_t i = 0; i < 10; i++)
		send_at(&v, i * MSS, MSS, 1);
	assert_int_equal(dup(&v, &l, 0, 10 * MSS), TCP_LOSS_NONE);
	assert_int_equal(dup(&v, &l, 0, 10 * MSS), TCP_LOSS_NONE);
	assert_int_equal(dup(&v, &l, 0, 10 * MSS), TCP_LOSS_ENTER);
	assert_int_equal(dup(&v, &l, 0, 10 * MSS), TCP_LOSS_NONE);
	assert_int_equal(tcp_loss_pipe(&l, &v.q, 10 * MSS), 5 * MSS);
	assert_int_equal(progress(&v, &l, 0, 4 * MSS, 10 * MSS), TCP_LOSS_PARTIAL);
	assert_int_equal(v.q.lost, MSS);
	assert_int_equal(progress(&v, &l, 4 * MSS, 10 * MSS, 10 * MSS), TCP_LOSS_EXIT);
	assert_int_equal(l.state, TCP_CA_OPEN);
	env_free(&v);
}

static void test_duplicates_without_flight_mean_nothing(void **state)
{
	struct tcp_loss l;
	struct env v;

	(void)state;
	env_init(&v);
	tcp_loss_init(&l, false, 0);
	for (int i = 0; i < 10; i++)
		assert_int_equal(dup(&v, &l, 500, 500), TCP_LOSS_NONE);
	env_free(&v);
}

static void test_second_timeout_of_a_window_is_no_new_episode(void **state)
{
	struct tcp_loss l;
	struct env v;

	(void)state;
	env_init(&v);
	tcp_loss_init(&l, true, 0);
	for (uint32_t i = 0; i < 4; i++)
		send_at(&v, i * MSS, MSS, 1);
	assert_true(tcp_loss_rto(&l, &v.q, 0, 4 * MSS));
	assert_false(tcp_loss_rto(&l, &v.q, 0, 4 * MSS));
	assert_int_equal(tcp_loss_pipe(&l, &v.q, 4 * MSS), 0);
	env_free(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scoreboard_agrees_with_an_array_of_flags),
		cmocka_unit_test(test_crumbs_of_a_segment_are_not_cut_out),
		cmocka_unit_test(test_round_trip_comes_from_data_sent_once),
		cmocka_unit_test(test_lost_retransmission_is_found_by_what_came_after_it),
		cmocka_unit_test(test_timeout_forgets_sacks_only_of_a_receiver_that_reneged),
		cmocka_unit_test(test_newreno_enters_once_and_leaves_at_recover),
		cmocka_unit_test(test_duplicates_without_flight_mean_nothing),
		cmocka_unit_test(test_second_timeout_of_a_window_is_no_new_episode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
