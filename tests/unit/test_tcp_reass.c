/* SPDX-License-Identifier: BSD-2-Clause */
/* The out-of-order queue against the obvious implementation: an array of bytes held. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tcp/tcp_reass.h"

enum { SPAN = 3000, ROUNDS = 400 };

struct env {
	struct mem mem;
	size_t allocated;
	struct pkt_pools pkts;
	struct pool pieces, nodes;
	struct tcp_reass_env e;
	struct tcp_reass r;
};

static void *env_alloc(void *arg, size_t size)
{
	*(size_t *)arg += size;
	return malloc(size);
}

static void env_release(void *arg, void *ptr, size_t size)
{
	*(size_t *)arg -= size;
	free(ptr);
}

static struct env *env_new(uint32_t pieces_max)
{
	struct env *v = calloc(1, sizeof(*v));

	assert_non_null(v);
	v->mem = (struct mem){ .alloc = env_alloc, .release = env_release, .arg = &v->allocated };
	pkt_pools_init(&v->pkts, &v->mem);
	pool_init(&v->pieces, &v->mem, "pieces", sizeof(struct tcp_piece), 0);
	pool_init(&v->nodes, &v->mem, "nodes", sizeof(struct stream_node), 0);
	v->e = (struct tcp_reass_env){ &v->mem, &v->pieces, &v->pkts, &v->nodes, pieces_max };
	tcp_reass_init(&v->r);
	return v;
}

static void env_free(struct env *v)
{
	tcp_reass_clear(&v->e, &v->r);
	assert_int_equal(v->r.len, 0);
	assert_int_equal(v->r.charged, 0);
	assert_int_equal(v->pieces.in_use, 0);
	assert_int_equal(v->nodes.in_use, 0);
	assert_int_equal(v->pkts.pkt.in_use, 0);
	pool_destroy(&v->pieces);
	pool_destroy(&v->nodes);
	pkt_pools_destroy(&v->pkts);
	assert_int_equal(v->allocated, 0);
	free(v);
}

/* A packet of `len` bytes whose byte i is seq + i plus `mark`. */
static struct pkt *segment(struct env *v, seq_t seq, uint32_t len, uint8_t mark)
{
	struct pkt *p = pkt_new_tx(&v->pkts, len);
	uint8_t *b;

	assert_non_null(p);
	b = pkt_put(p, len);
	for (uint32_t i = 0; i < len; i++)
		b[i] = (uint8_t)(seq + i + mark);
	return p;
}

static uint32_t cost_of(uint32_t len)
{
	return 2 * len;
}

static const struct stream_count one = { .of = cost_of, .headers = 40 };

static enum drop add_dup(struct env *v, seq_t seq, uint32_t len, struct tcp_range *block,
			 struct tcp_range *dup)
{
	struct pkt *p = segment(v, seq, len, 0);
	enum drop why = tcp_reass_add(&v->e, &v->r, seq, p, 0, len, &one, block, dup);

	pkt_free(p);
	return why;
}

static enum drop add(struct env *v, seq_t seq, uint32_t len, struct tcp_range *block)
{
	struct tcp_range dup;

	return add_dup(v, seq, len, block, &dup);
}

static void check_dup(const bool *held, seq_t base, uint32_t at, uint32_t end, struct tcp_range dup)
{
	uint32_t to;

	while (at < end && !held[at])
		at++;
	if (at == end) {
		assert_int_equal(dup.from, dup.to);
		return;
	}
	for (to = at; to < end && held[to]; to++)
		;
	assert_int_equal(dup.from - base, at);
	assert_int_equal(dup.to - base, to);
}

static void check_order(const struct env *v)
{
	uint32_t len = 0, charged = 0;

	for (uint32_t i = 0; i < v->r.n; i++) {
		const struct tcp_piece *p = v->r.piece[i];

		assert_true(p->data.len > 0);
		if (i) /* apart, not touching */
			assert_true(seq_gt(p->seq, tcp_piece_end(v->r.piece[i - 1])));
		len += p->data.len;
		charged += p->data.charged;
	}
	assert_int_equal(len, v->r.len);
	assert_int_equal(charged, v->r.charged);
}

static void check_block(const bool *held, seq_t base, seq_t seq, struct tcp_range b)
{
	uint32_t from = seq - base, to = from;

	while (from > 0 && held[from - 1])
		from--;
	while (to < SPAN && held[to])
		to++;
	/* The block reported is a run of held bytes; its far end is where the model's run ends. */
	assert_int_equal(b.to - base, to);
	assert_in_range(b.from - base, from, to);
}

static void random_round(unsigned seed)
{
	struct env *v = env_new(4096);
	bool held[SPAN + 1] = { false };
	seq_t base = 0xffffff00u + seed;
	struct stream out;
	uint32_t first = 0, got;
	static uint8_t bytes[SPAN];

	srand(seed);
	for (int i = 0; i < 60; i++) {
		uint32_t at = (uint32_t)rand() % (SPAN - 200) + 1;
		uint32_t len = (uint32_t)rand() % 199 + 1;
		bool fresh = false;
		struct tcp_range b = { 0, 0 }, dup = { 0, 0 };
		bool before[SPAN + 1];
		enum drop why;

		memcpy(before, held, sizeof(before));
		for (uint32_t k = at; k < at + len; k++) {
			fresh = fresh || !held[k];
			held[k] = true;
		}
		why = add_dup(v, base + at, len, &b, &dup);
		check_dup(before, base, at, at + len, dup);
		assert_int_equal(why, fresh ? DROP_NONE : DROP_TCP_OFOMERGE);
		check_block(held, base, base + at + len - 1, b);
		check_order(v);
	}
	while (!held[first])
		first++;
	stream_init(&out, &v->pkts, &v->nodes);
	got = tcp_reass_take(&v->e, &v->r, base + first, &out);
	for (uint32_t k = 0; k < got; k++)
		assert_true(held[first + k]);
	assert_false(held[first + got]);
	assert_int_equal(out.len, got);
	assert_int_equal(stream_peek(&out, 0, bytes, SPAN), got);
	for (uint32_t k = 0; k < got; k++)
		assert_int_equal(bytes[k], (uint8_t)(base + first + k));
	check_order(v);
	stream_clear(&out);
	env_free(v);
}

static void test_random_segments_are_held_as_a_bitmap_says(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= ROUNDS; seed++)
		random_round(seed);
}

static void test_bytes_held_win_over_later_copies(void **state)
{
	struct env *v = env_new(16);
	struct tcp_range b;
	struct stream out;
	uint8_t bytes[10];
	struct pkt *p;

	(void)state;
	assert_int_equal(add(v, 4, 2, &b), DROP_NONE);
	p = segment(v, 0, 10, 100);
	assert_int_equal(tcp_reass_add(&v->e, &v->r, 0, p, 0, 10, &one, &b, &b), DROP_NONE);
	pkt_free(p);
	assert_int_equal(v->r.n, 1);
	stream_init(&out, &v->pkts, &v->nodes);
	assert_int_equal(tcp_reass_take(&v->e, &v->r, 0, &out), 10);
	stream_peek(&out, 0, bytes, 10);
	for (int i = 0; i < 10; i++)
		assert_int_equal(bytes[i], i == 4 || i == 5 ? i : i + 100);
	stream_clear(&out);
	env_free(v);
}

/* attack: CVE-2018-5390 */
static void test_pieces_are_bounded(void **state)
{
	struct env *v = env_new(8);
	struct tcp_range b;

	(void)state;
	for (uint32_t i = 0; i < 8; i++)
		assert_int_equal(add(v, 10 + 2 * i, 1, &b), DROP_NONE);
	assert_int_equal(add(v, 100, 1, &b), DROP_TCP_OFO_QUEUE_PRUNE);
	assert_int_equal(add(v, 11, 1, &b), DROP_NONE); /* joins two: fewer pieces */
	assert_int_equal(v->r.n, 7);
	assert_int_equal(add(v, 100, 1, &b), DROP_NONE);
	env_free(v);
}

static void test_prune_gives_up_the_furthest_first(void **state)
{
	struct env *v = env_new(64);
	struct tcp_range b;

	(void)state;
	for (uint32_t i = 0; i < 10; i++)
		assert_int_equal(add(v, 1000 * (10 - i), 100, &b), DROP_NONE);
	assert_true(tcp_reass_prune(&v->e, &v->r, v->r.counted / 2) > 0);
	assert_int_equal(v->r.piece[0]->seq, 1000);
	check_order(v);
	assert_int_equal(tcp_reass_prune(&v->e, &v->r, v->r.counted), 0);
	env_free(v);
}

static void test_failing_memory_leaves_a_queue_in_order(void **state)
{
	(void)state;
	for (uint64_t n = 1; n < 8; n++) {
		struct env *v = env_new(64);
		struct pkt *p = segment(v, 0, 100, 0);
		struct tcp_range b;

		assert_int_equal(add(v, 40, 10, &b), DROP_NONE);
		assert_int_equal(add(v, 60, 10, &b), DROP_NONE);
		v->mem.fail_at = n;
		(void)tcp_reass_add(&v->e, &v->r, 0, p, 0, 100, &one, &b, &b);
		v->mem.fail_at = 0;
		check_order(v);
		(void)tcp_reass_add(&v->e, &v->r, 0, p, 0, 100, &one, &b, &b);
		assert_int_equal(v->r.n, 1);
		assert_int_equal(v->r.len, 100);
		pkt_free(p);
		env_free(v);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_segments_are_held_as_a_bitmap_says),
		cmocka_unit_test(test_bytes_held_win_over_later_copies),
		cmocka_unit_test(test_pieces_are_bounded),
		cmocka_unit_test(test_prune_gives_up_the_furthest_first),
		cmocka_unit_test(test_failing_memory_leaves_a_queue_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
