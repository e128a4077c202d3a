/* SPDX-License-Identifier: BSD-2-Clause */
/* The claims that the simulator evaluates after each event can fail: each is broken once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/timer.h"
#include "tcp/tcp_check.h"

enum { MSS = 100, UNA = 1000, NXT = UNA + 5 * MSS };

struct env {
	struct mem mem;
	struct pkt_pools pkts;
	struct pool recs, nodes, pieces;
	struct tcp_reass_env e;
	struct tcp_rtxq q;
	struct tcp_reass r;
	struct tcp_sack sack;
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

static uint32_t cost_of(uint32_t len)
{
	return 2 * len;
}

static const struct stream_count one = { .of = cost_of, .headers = 40 };

static void hold(struct env *v, seq_t seq, uint32_t len)
{
	static const uint8_t bytes[MSS];
	struct pkt *p = pkt_new_rx(&v->pkts, MSS, false);
	struct tcp_range block;

	assert_non_null(p);
	memcpy(pkt_bytes(p), bytes, len);
	assert_int_equal(tcp_reass_add(&v->e, &v->r, seq, p, 0, len, &one, &block, &block), DROP_NONE);
	tcp_sack_add(&v->sack, block);
	pkt_free(p);
}

/* Five segments out: [0] retransmitted, [1] lost, [2] sacked, [3], [4]; two pieces held. */
static struct env *env_new(void)
{
	struct env *v = calloc(1, sizeof(*v));
	struct tcp_delivered d = { .acked = 0 };

	assert_non_null(v);
	v->mem = (struct mem){ .alloc = env_alloc, .release = env_release };
	pkt_pools_init(&v->pkts, &v->mem);
	pool_init(&v->recs, &v->mem, "records", sizeof(struct tcp_rec), 0);
	pool_init(&v->nodes, &v->mem, "nodes", sizeof(struct stream_node), 0);
	pool_init(&v->pieces, &v->mem, "pieces", sizeof(struct tcp_piece), 0);
	v->e = (struct tcp_reass_env){ &v->mem, &v->pieces, &v->pkts, &v->nodes, 100 };
	tcp_rtxq_init(&v->q);
	tcp_reass_init(&v->r);
	for (uint32_t i = 0; i < 5; i++)
		assert_non_null(tcp_rtxq_sent(&v->q, &v->recs, UNA + i * MSS, MSS, MSS, 0, i + 1));
	tcp_rtxq_sack(&v->q, &v->recs, &(struct tcp_range){ UNA + 2 * MSS, UNA + 3 * MSS }, 1, -1,
		      &d);
	tcp_rtxq_head_lost(&v->q, &v->recs, MSS);
	tcp_rtxq_resent(&v->q, &v->recs, tcp_rtxq_next(&v->q), MSS, MSS, 10);
	hold(v, 200, 50);
	hold(v, 300, 50);
	return v;
}

static void env_free(struct env *v)
{
	tcp_rtxq_clear(&v->q, &v->recs);
	tcp_reass_clear(&v->e, &v->r);
	pool_destroy(&v->recs);
	pool_destroy(&v->nodes);
	pool_destroy(&v->pieces);
	pkt_pools_destroy(&v->pkts);
	free(v);
}

static bool holds(struct env *v, struct ph_claim *c)
{
	struct tcp_loss l = { .high_seq = NXT, .state = TCP_CA_RECOVERY, .sack = true };

	memset(c, 0, sizeof(*c));
	return tcp_check_rtxq(&v->q, UNA, NXT, c) && tcp_check_loss(&l, &v->q, UNA, NXT, c) &&
	       tcp_check_reass(&v->r, 100, 1000, c) && tcp_check_sack(&v->sack, &v->r, c);
}

static struct tcp_rec *rec_at(struct env *v, unsigned n)
{
	struct list_node *node = list_first(&v->q.recs);

	while (n--)
		node = list_next(&v->q.recs, node);
	return container_of(node, struct tcp_rec, node);
}

static void test_sound_parts_hold(void **state)
{
	struct env *v = env_new();
	struct ph_claim c;

	(void)state;
	assert_true(holds(v, &c));
	env_free(v);
}

/* Adds d to a 32-bit number inside, expects the part to notice, and puts it back. */
static void broken_by(struct env *v, uint32_t *number, uint32_t d, const char *part)
{
	struct ph_claim c;

	*number += d;
	assert_false(holds(v, &c));
	assert_string_equal(c.part, part);
	assert_non_null(c.what);
	*number -= d;
	assert_true(holds(v, &c));
}

static void test_each_wrong_number_is_noticed(void **state)
{
	struct env *v = env_new();

	(void)state;
	broken_by(v, &v->q.sacked, 1, "rtxq");
	broken_by(v, &v->q.out, 1, "rtxq");
	broken_by(v, &v->q.lost, 1, "rtxq");
	broken_by(v, &v->q.retrans, 1, "rtxq");
	broken_by(v, &v->q.n, 1, "rtxq");
	broken_by(v, &rec_at(v, 1)->seq, 1, "rtxq");
	broken_by(v, &rec_at(v, 4)->len, 1, "rtxq");
	broken_by(v, &v->r.len, 1, "reass");
	broken_by(v, &v->r.charged, 1, "reass");
	broken_by(v, &v->r.piece[1]->seq, 1000, "reass");   /* beyond the window */
	broken_by(v, &v->r.piece[0]->seq, 50, "reass");	    /* touches the next */
	broken_by(v, &v->r.piece[0]->data.len, 1, "stream");
	broken_by(v, &v->r.piece[0]->data.charged, 1, "stream");
	broken_by(v, &v->sack.block[0].to, 1, "sack");
	broken_by(v, &v->sack.block[1].from, UINT32_MAX, "sack");
	env_free(v);
}

static void flag_broken(struct env *v, unsigned rec, uint8_t flags)
{
	uint8_t was = rec_at(v, rec)->flags;
	struct ph_claim c;

	rec_at(v, rec)->flags ^= flags;
	assert_false(holds(v, &c));
	rec_at(v, rec)->flags = was;
}

static void test_each_wrong_flag_is_noticed(void **state)
{
	struct env *v = env_new();

	(void)state;
	flag_broken(v, 0, TCP_REC_EVER);
	flag_broken(v, 0, TCP_REC_RETRANS);
	flag_broken(v, 0, TCP_REC_SACKED);
	flag_broken(v, 2, TCP_REC_SACKED);
	flag_broken(v, 3, TCP_REC_LOST);
	flag_broken(v, 3, TCP_REC_SYN);
	flag_broken(v, 3, TCP_REC_FIN);
	env_free(v);
}

static void test_a_lost_record_before_the_place_to_resend_is_noticed(void **state)
{
	struct env *v = env_new();
	struct ph_claim c;

	(void)state;
	tcp_rtxq_lose(&v->q, rec_at(v, 1));
	v->q.resend = rec_at(v, 3);
	assert_false(holds(v, &c));
	v->q.resend = rec_at(v, 1);
	assert_true(holds(v, &c));
	env_free(v);
}

static void never(void *ctx, struct timer *t)
{
	(void)ctx;
	(void)t;
}

static void test_a_timer_in_the_wrong_slot_is_noticed(void **state)
{
	struct timer_wheel *w = calloc(1, sizeof(*w));
	struct ph_claim c;
	struct timer t[3];

	(void)state;
	assert_non_null(w);
	timer_wheel_init(w, 5);
	for (unsigned i = 0; i < 3; i++) {
		timer_init(&t[i], never);
		timer_arm(w, &t[i], 1000000ull << 10 * i);
	}
	assert_true(timer_wheel_check(w, &c));
	t[1].at_ns = 3;
	assert_false(timer_wheel_check(w, &c));
	t[1].at_ns = 1000000ull << 10;
	w->armed++;
	assert_false(timer_wheel_check(w, &c));
	w->armed--;
	w->occupied[7] |= 1;
	assert_false(timer_wheel_check(w, &c));
	w->occupied[7] = 0;
	assert_true(timer_wheel_check(w, &c));
	assert_string_equal(c.part, "wheel");
	free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sound_parts_hold),
		cmocka_unit_test(test_each_wrong_number_is_noticed),
		cmocka_unit_test(test_each_wrong_flag_is_noticed),
		cmocka_unit_test(test_a_lost_record_before_the_place_to_resend_is_noticed),
		cmocka_unit_test(test_a_timer_in_the_wrong_slot_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
