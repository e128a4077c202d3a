/* SPDX-License-Identifier: BSD-2-Clause */
/* The retransmission queue and its scoreboard against an array with a flag per segment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tcp/tcp_rtxq.h"

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
	uint32_t sacked = 0, lost = 0, retrans = 0, out = 0, in_net = 0, n = 0;
	const struct list_node *l;
	uint64_t before_ns = 0;
	seq_t at = una;

	list_for_each(l, &v->q.recs) {
		const struct tcp_rec *r = container_of(l, const struct tcp_rec, node);

		assert_int_equal(r->seq, at);
		assert_true(r->len > 0);
		at += r->len;
		sacked += r->flags & TCP_REC_SACKED ? tcp_rec_segs(r) : 0;
		lost += r->flags & TCP_REC_LOST ? tcp_rec_segs(r) : 0;
		retrans += r->flags & TCP_REC_RETRANS ? tcp_rec_segs(r) : 0;
		out += tcp_rec_segs(r);
		in_net += list_linked(&r->by_time);
		assert_int_equal(list_linked(&r->by_time),
				 !(r->flags & TCP_REC_SACKED) &&
				 (r->flags & (TCP_REC_LOST | TCP_REC_RETRANS)) != TCP_REC_LOST);
		assert_false((r->flags & TCP_REC_SACKED) &&
			     (r->flags & (TCP_REC_LOST | TCP_REC_RETRANS)));
		n++;
	}
	assert_int_equal(at, nxt);
	assert_int_equal(n, v->q.n);
	list_for_each(l, &v->q.by_time) {
		const struct tcp_rec *r = container_of(l, const struct tcp_rec, by_time);

		assert_true(r->sent_ns >= before_ns);
		before_ns = r->sent_ns;
		in_net--;
	}
	assert_int_equal(in_net, 0);
	assert_int_equal(out, v->q.out);
	assert_int_equal(sacked, v->q.sacked);
	assert_int_equal(lost, v->q.lost);
	assert_int_equal(retrans, v->q.retrans);
}

static bool sack(struct env *v, seq_t from, seq_t to, struct tcp_delivered *d)
{
	struct tcp_range b = { from, to };

	return tcp_rtxq_sack(&v->q, &v->recs, &b, 1, -1, d);
}

/* Up to three blocks, sorted as tcp_recover.c sorts them. */
static void random_sack(struct env *v, seq_t base, bool *sacked, int una)
{
	struct tcp_delivered d = { .acked = 0 };
	struct tcp_range b[3];
	uint32_t fresh = 0;
	unsigned n = 0;
	int at = una;

	while (n < 3 && at < SEGS) {
		int from = at + rand() % (SEGS - at), to = from + rand() % 8;

		to = to < SEGS ? to : SEGS;
		for (int i = from; i < to; i++) {
			fresh += sacked[i] ? 0 : 1;
			sacked[i] = true;
		}
		if (from < to)
			b[n++] = (struct tcp_range){ base + (uint32_t)from * MSS,
						     base + (uint32_t)to * MSS };
		at = to + 1;
	}
	assert_true(tcp_rtxq_sack(&v->q, &v->recs, b, n, -1, &d));
	assert_int_equal(d.acked, fresh * MSS);
	assert_int_equal(d.segs, fresh);
}

static void random_mark(struct env *v, uint64_t now)
{
	struct tcp_rec *r;

	switch (rand() % 4) {
	case 0:
		tcp_rtxq_head_lost(&v->q, &v->recs, MSS);
		break;
	case 1:
		r = tcp_rtxq_next(&v->q);
		if (r)
			tcp_rtxq_resent(&v->q, &v->recs, r, MSS < r->len ? MSS : r->len, MSS, now);
		break;
	case 2:
		if (!list_empty(&v->q.by_time))
			tcp_rtxq_lose(&v->q, container_of(list_first(&v->q.by_time), struct tcp_rec,
							  by_time));
		break;
	default:
		if (rand() % 8 == 0)
			tcp_rtxq_none_lost(&v->q);
		break;
	}
}

static void random_round(unsigned seed)
{
	seq_t base = 0xfffff000u + seed;
	bool sacked[SEGS] = { false };
	uint32_t have = 0;
	struct env v;
	int una = 0;

	srand(seed);
	env_init(&v);
	for (int i = 0; i < SEGS;) { /* super-segments of 1 to 40 */
		int n = rand() % 40 + 1;

		n = n < SEGS - i ? n : SEGS - i;
		send_at(&v, base + (uint32_t)i * MSS, (uint32_t)n * MSS, (uint64_t)i + 1);
		i += n;
	}
	for (int step = 0; step < 80; step++) {
		struct tcp_delivered d = { .acked = 0 };

		random_sack(&v, base, sacked, una);
		random_mark(&v, 1000 + (uint64_t)step);
		check_sums(&v, base + (uint32_t)una * MSS, base + SEGS * MSS);
		if (rand() % 4 == 0 && una < SEGS - 10) {
			una += rand() % 5;
			tcp_rtxq_ack(&v.q, &v.recs, base + (uint32_t)una * MSS, &d);
			check_sums(&v, base + (uint32_t)una * MSS, base + SEGS * MSS);
		}
		have = 0;
		for (int i = una; i < SEGS; i++)
			have += sacked[i];
		assert_int_equal(v.q.sacked, have);
		assert_int_equal(v.q.out, SEGS - una);
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
		sack(&v, i, i + 1, &d);
	assert_int_equal(v.q.n, 1);
	assert_int_equal(d.acked, 0);
	sack(&v, 150, 350, &d);
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
	env_free(&v);
}

/* attack: SACK-reneging */
static void test_timeout_forgets_sacks_only_of_a_receiver_that_reneged(void **state)
{
	struct tcp_delivered d = { .acked = 0 };
	struct env v;

	(void)state;
	env_init(&v);
	for (uint32_t i = 0; i < 4; i++)
		send_at(&v, i * MSS, MSS, 1);
	sack(&v, MSS, 3 * MSS, &d);
	assert_false(tcp_rtxq_all_lost(&v.q, UINT64_MAX));
	assert_int_equal(v.q.lost, 2);
	assert_int_equal(v.q.sacked, 2);
	tcp_rtxq_ack(&v.q, &v.recs, MSS, &d);
	assert_true(d.reneged);
	assert_true(tcp_rtxq_all_lost(&v.q, UINT64_MAX));
	assert_int_equal(v.q.lost, 3);
	assert_int_equal(v.q.sacked, 0);
	check_sums(&v, MSS, 4 * MSS);
	env_free(&v);
}

/* rfc: 8985:6.3-1 */
static void test_timeout_spares_what_was_sent_just_now(void **state)
{
	struct env v;

	(void)state;
	env_init(&v);
	for (uint32_t i = 0; i < 4; i++)
		send_at(&v, i * MSS, MSS, 10 + i);
	assert_false(tcp_rtxq_all_lost(&v.q, 11));
	assert_int_equal(v.q.lost, 2);
	assert_int_equal(tcp_rtxq_pipe(&v.q), 2);
	check_sums(&v, 0, 4 * MSS);
	env_free(&v);
}

static void test_short_segments_count_as_full_ones(void **state)
{
	struct env v;
	struct tcp_rec *r;

	(void)state;
	env_init(&v);
	send_at(&v, 0, 1, 1);
	send_at(&v, 1, MSS + 1, 1);
	assert_int_equal(v.q.out, 3);
	r = tcp_rtxq_sent(&v.q, &v.recs, MSS + 2, MSS + 1, MSS, TCP_REC_FIN, 1);
	assert_int_equal(tcp_rec_segs(r), 1); /* the FIN rides on it */
	r = tcp_rtxq_tail(&v.q, &v.recs);
	assert_int_equal(r->len, MSS + 1);
	check_sums(&v, 0, 2 * MSS + 3);
	env_free(&v);
}

static void test_tail_is_the_last_segment_alone(void **state)
{
	struct tcp_delivered d = { .acked = 0 };
	struct tcp_rec *r;
	struct env v;

	(void)state;
	env_init(&v);
	assert_null(tcp_rtxq_tail(&v.q, &v.recs));
	send_at(&v, 0, 5 * MSS - 7, 1);
	r = tcp_rtxq_tail(&v.q, &v.recs);
	assert_int_equal(r->seq, 4 * MSS);
	assert_int_equal(r->len, MSS - 7);
	tcp_rtxq_probed(&v.q, r, 9);
	assert_int_equal(v.q.retrans, 0);
	check_sums(&v, 0, 5 * MSS - 7);
	/* The probe's time may come when only what is before it is missing. */
	assert_true(sack(&v, 4 * MSS, 5 * MSS - 7, &d));
	assert_null(tcp_rtxq_tail(&v.q, &v.recs));
	env_free(&v);
}

/* RFC 9293 3.8.1 leaves a sender free to cut what it sends again anew. */
static void test_short_segments_go_again_as_one(void **state)
{
	struct tcp_delivered d = { .acked = 0 };
	struct tcp_rec *r;
	struct env v;

	(void)state;
	env_init(&v);
	r = send_at(&v, 0, 10, 1);
	send_at(&v, 10, 20, 2);
	send_at(&v, 30, 70, 3);
	send_at(&v, 100, 1, 4);
	tcp_rtxq_all_lost(&v.q, UINT64_MAX);
	tcp_rtxq_collapse(&v.q, &v.recs, r, MSS);
	assert_int_equal(r->len, 100);
	assert_int_equal(v.q.out, 2);
	assert_int_equal(v.q.lost, 2);
	check_sums(&v, 0, 101);
	tcp_rtxq_resent(&v.q, &v.recs, r, 100, MSS, 9);
	sack(&v, 100, 101, &d);
	tcp_rtxq_lose(&v.q, r);
	tcp_rtxq_collapse(&v.q, &v.recs, r, MSS + 50); /* not over what has arrived */
	assert_int_equal(r->len, 100);
	check_sums(&v, 0, 101);
	env_free(&v);
}

/* rfc: 2883:5-2 */
static void test_duplicate_reported_takes_back_a_retransmission(void **state)
{
	struct tcp_range b[2] = { { MSS, 2 * MSS }, { MSS, 4 * MSS } };
	struct tcp_delivered d = { .acked = 0 };
	struct env v;

	(void)state;
	env_init(&v);
	for (uint32_t i = 0; i < 4; i++)
		send_at(&v, i * MSS, MSS, 1);
	tcp_rtxq_lose(&v.q, container_of(list_next(&v.q.recs, list_first(&v.q.recs)),
					 struct tcp_rec, node));
	tcp_rtxq_resent(&v.q, &v.recs, tcp_rtxq_next(&v.q), MSS, MSS, 5);
	assert_int_equal(v.q.retrans, 1);
	tcp_rtxq_sack(&v.q, &v.recs, b, 2, 0, &d);
	assert_int_equal(d.dup_segs, 1);
	assert_int_equal(d.dup_end, 2 * MSS);
	assert_int_equal(d.segs, 3);
	assert_int_equal(v.q.lost, 0);
	assert_int_equal(v.q.retrans, 0);
	check_sums(&v, 0, 4 * MSS);
	env_free(&v);
}

/* attack: CVE-2019-11478, CVE-2010-0242 */
static void test_search_among_too_many_records_is_given_up(void **state)
{
	enum { MANY = 20000 };
	struct tcp_delivered d = { .acked = 0 };
	struct env v;

	(void)state;
	env_init(&v);
	for (uint32_t i = 0; i < MANY; i++)
		send_at(&v, i * MSS, MSS, 1);
	assert_true(sack(&v, 100 * MSS, 101 * MSS, &d));
	assert_false(sack(&v, 18000 * MSS, 18001 * MSS, &d));
	assert_int_equal(v.q.sacked, 1);
	/* Where it is reached from what is known it is found. */
	for (uint32_t i = 1000; i <= 18000; i += 1000)
		assert_true(sack(&v, i * MSS, (i + 1) * MSS, &d));
	assert_int_equal(v.q.sacked, 19);
	env_free(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scoreboard_agrees_with_an_array_of_flags),
		cmocka_unit_test(test_crumbs_of_a_segment_are_not_cut_out),
		cmocka_unit_test(test_round_trip_comes_from_data_sent_once),
		cmocka_unit_test(test_timeout_forgets_sacks_only_of_a_receiver_that_reneged),
		cmocka_unit_test(test_timeout_spares_what_was_sent_just_now),
		cmocka_unit_test(test_short_segments_count_as_full_ones),
		cmocka_unit_test(test_tail_is_the_last_segment_alone),
		cmocka_unit_test(test_short_segments_go_again_as_one),
		cmocka_unit_test(test_duplicate_reported_takes_back_a_retransmission),
		cmocka_unit_test(test_search_among_too_many_records_is_given_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
