/* SPDX-License-Identifier: BSD-2-Clause */
/* base/hash.h: nothing is lost while the table grows and shrinks; random operations against an
 * array. */
#include "model.h"

#include <stdbool.h>

#include "base/hash.h"
#include "base/list.h"

struct entry {
	struct hash_node node;
	uint32_t key;
	bool in;
	uint32_t seen;
};

static uint64_t hash_of(uint32_t key)
{
	struct run r = { .state = key };

	return run_u64(&r);
}

static struct entry *find(const struct hash *h, uint64_t hash, uint32_t key)
{
	struct hash_node *n;

	for (n = hash_first(h, hash); n; n = hash_next(n))
		if (container_of(n, struct entry, node)->key == key)
			return container_of(n, struct entry, node);
	return NULL;
}

static void test_what_was_inserted_is_found_until_it_is_removed(void **state)
{
	struct mem m = model_mem();
	struct entry a = { .key = 1 }, b = { .key = 2 };
	struct hash h;

	(void)state;
	assert_int_equal(hash_init(&h, &m, 0), 0);
	assert_null(hash_first(&h, hash_of(1)));
	hash_insert(&h, &a.node, hash_of(1));
	hash_insert(&h, &b.node, hash_of(2));
	assert_ptr_equal(find(&h, hash_of(1), 1), &a);
	assert_ptr_equal(find(&h, hash_of(2), 2), &b);
	assert_null(find(&h, hash_of(3), 3));
	hash_remove(&h, &a.node);
	assert_null(find(&h, hash_of(1), 1));
	assert_ptr_equal(find(&h, hash_of(2), 2), &b);
	assert_int_equal(h.count, 1);
	a.node.hash = 0;
	hash_insert(&h, &a.node, 5); /* the same bucket, another hash */
	assert_null(hash_first(&h, 5 + 1024));
	assert_null(hash_next(&a.node));
	hash_destroy(&h);
	assert_int_equal(m.used, 0);
}

static void test_keys_of_equal_hash_are_all_found_while_the_table_grows(void **state)
{
	enum { SAME = 40, OTHERS = 2000 };
	static struct entry same[SAME], other[OTHERS];
	struct mem m = model_mem();
	struct hash h;
	uint32_t i, k;

	(void)state;
	assert_int_equal(hash_init(&h, &m, 0), 0);
	for (i = 0; i < OTHERS; i++) {
		other[i].key = i;
		hash_insert(&h, &other[i].node, hash_of(i));
		if (i % (OTHERS / SAME) == 0) {
			k = i / (OTHERS / SAME);
			same[k].key = 100000 + k;
			hash_insert(&h, &same[k].node, 77);
		}
		for (k = 0; k <= i / (OTHERS / SAME); k++)
			assert_ptr_equal(find(&h, 77, 100000 + k), &same[k]);
	}
	hash_destroy(&h);
}

static void test_the_table_grows_and_shrinks_with_what_it_holds(void **state)
{
	enum { N = 100000 };
	struct entry *e = calloc(N, sizeof(*e));
	struct mem m = model_mem();
	struct hash h;
	uint32_t i;

	(void)state;
	assert_non_null(e);
	assert_int_equal(hash_init(&h, &m, 64), 0);
	assert_int_equal(h.nbuckets, 64);
	for (i = 0; i < N; i++)
		hash_insert(&h, &e[i].node, hash_of(i));
	assert_true(h.nbuckets >= N / 2);
	for (i = 0; i < N; i++) {
		e[i].key = i;
		assert_ptr_equal(find(&h, hash_of(i), i), &e[i]);
	}
	for (i = 0; i < N; i++)
		hash_remove(&h, &e[i].node);
	assert_int_equal(h.count, 0);
	assert_true(h.nbuckets <= N / 2);
	for (i = 0; i < 5000; i++) { /* later operations finish what is left of the shrinking */
		hash_insert(&h, &e[0].node, 5);
		hash_remove(&h, &e[0].node);
	}
	assert_int_equal(h.nbuckets, 64);
	hash_destroy(&h);
	assert_int_equal(m.used, 0);
	free(e);
}

static void test_no_operation_moves_more_than_a_few_buckets(void **state)
{
	enum { N = 20000, STEP = 8 };
	struct entry *e = calloc(N, sizeof(*e));
	struct mem m = model_mem();
	struct hash h;
	uint32_t i, moved, nold;

	(void)state;
	assert_non_null(e);
	assert_int_equal(hash_init(&h, &m, 0), 0);
	for (i = 0; i < N; i++) {
		moved = h.moved;
		nold = h.nold;
		hash_insert(&h, &e[i].node, hash_of(i));
		if (h.nold == nold && nold > 0)
			assert_int_equal(h.moved - moved, STEP);
		else
			assert_true(h.nold == 0 ? nold - moved <= STEP : h.moved == STEP);
	}
	hash_destroy(&h);
	free(e);
}

static void test_without_memory_to_grow_the_table_still_works(void **state)
{
	enum { N = 1000 };
	static struct entry e[N];
	struct mem m = model_mem();
	struct hash h;
	uint32_t i;

	(void)state;
	m.fail_at = 1;
	assert_int_equal(hash_init(&h, &m, 16), -12);
	assert_int_equal(hash_init(&h, &m, 16), 0);
	m.limit = m.used;
	for (i = 0; i < N; i++) {
		e[i].key = i;
		hash_insert(&h, &e[i].node, hash_of(i));
	}
	assert_int_equal(h.nbuckets, 16);
	m.limit = 0;
	for (i = 0; i < N; i++)
		assert_ptr_equal(find(&h, hash_of(i), i), &e[i]);
	for (i = 0; i < N; i++)
		hash_remove(&h, &e[i].node);
	hash_destroy(&h);
	assert_int_equal(m.used, 0);
}

struct walk {
	struct hash *h;
	bool remove;
	uint32_t calls;
};

static void visit(void *arg, struct hash_node *n)
{
	struct walk *w = arg;

	container_of(n, struct entry, node)->seen++;
	w->calls++;
	if (w->remove)
		hash_remove(w->h, n);
}

static void test_each_visits_every_node_once_and_may_remove_it(void **state)
{
	/* In and out of a resize. */
	static const uint32_t counts[] = { 0, 1, 17, 18, 40, 513, 515, 1500 };
	static struct entry e[1500];
	struct mem m = model_mem();
	struct hash h;
	size_t c;
	uint32_t i;

	(void)state;
	for (c = 0; c < ARRAY_LEN(counts); c++) {
		struct walk w = { .h = &h };

		assert_int_equal(hash_init(&h, &m, 0), 0);
		memset(e, 0, sizeof(e));
		for (i = 0; i < counts[c]; i++)
			hash_insert(&h, &e[i].node, hash_of(i));
		hash_each(&h, visit, &w);
		assert_int_equal(w.calls, counts[c]);
		w.remove = true;
		hash_each(&h, visit, &w);
		for (i = 0; i < counts[c]; i++)
			assert_int_equal(e[i].seen, 2);
		assert_int_equal(h.count, 0);
		hash_each(&h, visit, &w);
		assert_int_equal(w.calls, 2 * counts[c]);
		hash_destroy(&h);
	}
}

enum { ENTRIES = 3000 };

static void check_each(struct run *r, struct hash *h, struct entry *e, uint32_t count)
{
	struct walk w = { .h = h };
	uint32_t i;

	for (i = 0; i < ENTRIES; i++)
		e[i].seen = 0;
	hash_each(h, visit, &w);
	CHECK(r, w.calls == count);
	for (i = 0; i < ENTRIES; i++)
		CHECK(r, e[i].seen == e[i].in);
}

static void against_an_array(struct run *r)
{
	struct entry *e = calloc(ENTRIES, sizeof(*e));
	struct mem m = model_mem();
	uint32_t spread = run_below(r, 2) ? ENTRIES : 50; /* the latter: many equal hashes */
	uint32_t i, count = 0;
	struct hash h;

	assert_non_null(e);
	assert_int_equal(hash_init(&h, &m, 0), 0);
	for (r->step = 0; r->step < 60000; r->step++) {
		bool growing = r->step / 15000 % 2 == 0;

		i = run_below(r, ENTRIES);
		e[i].key = i;
		if (!e[i].in && (growing || run_below(r, 8) == 0)) {
			hash_insert(&h, &e[i].node, hash_of(i % spread));
			e[i].in = true;
			count++;
		} else if (e[i].in && (!growing || run_below(r, 8) == 0)) {
			hash_remove(&h, &e[i].node);
			e[i].in = false;
			count--;
		}
		i = run_below(r, ENTRIES);
		CHECK(r, find(&h, hash_of(i % spread), i) == (e[i].in ? &e[i] : NULL));
		CHECK(r, h.count == count);
		if (r->step % 1000 == 0)
			check_each(r, &h, e, count);
	}
	hash_destroy(&h);
	CHECK(r, m.used == 0);
	free(e);
}

static void test_random_operations_agree_with_an_array(void **state)
{
	(void)state;
	run_seeds(4, against_an_array);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_was_inserted_is_found_until_it_is_removed),
		cmocka_unit_test(test_keys_of_equal_hash_are_all_found_while_the_table_grows),
		cmocka_unit_test(test_the_table_grows_and_shrinks_with_what_it_holds),
		cmocka_unit_test(test_no_operation_moves_more_than_a_few_buckets),
		cmocka_unit_test(test_without_memory_to_grow_the_table_still_works),
		cmocka_unit_test(test_each_visits_every_node_once_and_may_remove_it),
		cmocka_unit_test(test_random_operations_agree_with_an_array),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
