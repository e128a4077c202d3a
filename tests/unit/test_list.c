/* SPDX-License-Identifier: BSD-2-Clause */
/* base/list.h: order, membership, moving whole lists, and random operations against an array. */
#include "model.h"

#include "base/list.h"

struct item {
	int value;
	struct list_node node;
};

static int value_of(const struct list_node *n)
{
	return n ? container_of(n, const struct item, node)->value : -1;
}

static void test_nodes_come_out_in_the_order_they_were_pushed(void **state)
{
	struct item a = { .value = 1 }, b = { .value = 2 }, c = { .value = 3 };
	struct list l;

	(void)state;
	list_init(&l);
	assert_true(list_empty(&l));
	assert_null(list_pop_front(&l));
	list_push_back(&l, &b.node);
	list_push_back(&l, &c.node);
	list_push_front(&l, &a.node);
	assert_int_equal(value_of(list_last(&l)), 3);
	assert_int_equal(value_of(list_next(&l, &a.node)), 2);
	assert_null(list_next(&l, &c.node));
	assert_int_equal(value_of(list_pop_front(&l)), 1);
	assert_int_equal(value_of(list_pop_front(&l)), 2);
	assert_int_equal(value_of(list_pop_front(&l)), 3);
	assert_true(list_empty(&l));
}

static void test_removing_a_node_that_is_on_no_list_is_harmless(void **state)
{
	struct item a = { .value = 1 };
	struct list l;

	(void)state;
	list_init(&l);
	list_init_node(&a.node);
	list_remove(&a.node);
	assert_false(list_linked(&a.node));
	list_push_back(&l, &a.node);
	assert_true(list_linked(&a.node));
	list_remove(&a.node);
	list_remove(&a.node);
	assert_false(list_linked(&a.node));
	assert_true(list_empty(&l));
}

static void test_a_splice_appends_and_empties(void **state)
{
	struct item a = { .value = 1 }, b = { .value = 2 }, c = { .value = 3 };
	struct list to, from;

	(void)state;
	list_init(&to);
	list_init(&from);
	list_splice(&to, &from);
	assert_true(list_empty(&to));
	list_push_back(&from, &b.node);
	list_push_back(&from, &c.node);
	list_splice(&to, &from); /* into an empty list */
	assert_true(list_empty(&from));
	list_push_back(&from, &a.node);
	list_splice(&to, &from); /* behind others */
	assert_int_equal(value_of(list_pop_front(&to)), 2);
	assert_int_equal(value_of(list_last(&to)), 1);
	list_remove(&a.node);
	assert_int_equal(value_of(list_last(&to)), 3);
}

static void test_a_loop_may_remove_its_node(void **state)
{
	struct item items[10];
	struct list_node *n, *tmp;
	struct list l;
	int i, seen = 0, left = 0;

	(void)state;
	list_init(&l);
	for (i = 0; i < 10; i++) {
		items[i].value = i;
		list_push_back(&l, &items[i].node);
	}
	list_for_each_safe(n, tmp, &l) {
		seen++;
		if (value_of(n) % 2 == 0)
			list_remove(n);
	}
	list_for_each(n, &l) {
		assert_int_equal(value_of(n), 2 * left + 1);
		left++;
	}
	assert_int_equal(seen, 10);
	assert_int_equal(left, 5);
}

enum { ITEMS = 32 };

static void compare(struct run *r, const struct list *l, const int *array, int count)
{
	struct list_node *n = list_first(l), *back = l->head.prev;
	int i;

	for (i = 0; i < count; i++, n = list_next(l, n))
		CHECK(r, value_of(n) == array[i]);
	CHECK(r, !n);
	for (i = count; i-- > 0; back = back->prev)
		CHECK(r, value_of(back) == array[i]);
	CHECK(r, back == &l->head);
}

static void against_an_array(struct run *r)
{
	struct item items[ITEMS];
	int array[ITEMS], count = 0, i;
	struct list l;

	list_init(&l);
	for (i = 0; i < ITEMS; i++) {
		items[i].value = i;
		list_init_node(&items[i].node);
	}
	for (r->step = 0; r->step < 2000; r->step++) {
		struct item *it = &items[run_below(r, ITEMS)];
		int at = 0;

		if (list_linked(&it->node)) {
			while (array[at] != it->value)
				at++;
			memmove(array + at, array + at + 1,
				(size_t)(--count - at) * sizeof(*array));
			list_remove(&it->node);
		} else if (run_below(r, 2)) {
			array[count++] = it->value;
			list_push_back(&l, &it->node);
		} else {
			memmove(array + 1, array, (size_t)count++ * sizeof(*array));
			array[0] = it->value;
			list_push_front(&l, &it->node);
		}
		compare(r, &l, array, count);
	}
}

static void test_random_operations_agree_with_an_array(void **state)
{
	(void)state;
	run_seeds(5, against_an_array);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nodes_come_out_in_the_order_they_were_pushed),
		cmocka_unit_test(test_removing_a_node_that_is_on_no_list_is_harmless),
		cmocka_unit_test(test_a_splice_appends_and_empties),
		cmocka_unit_test(test_a_loop_may_remove_its_node),
		cmocka_unit_test(test_random_operations_agree_with_an_array),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
