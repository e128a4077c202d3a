/* SPDX-License-Identifier: BSD-2-Clause */
/* base/timer.h: exact deadlines, firing order, stopping, far jumps, and random operations against a
 * sorted list. */
#include "model.h"

#include <stdbool.h>
#include <string.h>

#include "base/claim.h"
#include "base/timer.h"

#define MS UINT64_C(1000000)
#define SECOND (1000 * MS)
#define HOUR (3600 * SECOND)

static void never(void *ctx, struct timer *t)
{
	(void)ctx;
	(void)t;
}

static void test_a_timer_fires_at_its_deadline_and_not_a_nanosecond_before(void **state)
{
	static const uint64_t waits[] = { 1, 65535, 65536, 65537, MS, SECOND, HOUR, 24 * HOUR,
					  UINT64_C(1) << 46, UINT64_C(1) << 62 };
	static const uint64_t starts[] = { 0, 1, 65535, 123456789, UINT64_C(1) << 40 };
	struct timer_wheel w;
	struct timer t;
	size_t i, j;

	(void)state;
	for (i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		for (j = 0; j < sizeof(starts) / sizeof(starts[0]); j++) {
			uint64_t at = starts[j] + waits[i];

			timer_wheel_init(&w, starts[j]);
			timer_init(&t, never);
			assert_int_equal(timer_next(&w), UINT64_MAX);
			timer_arm(&w, &t, at);
			assert_int_equal(timer_next(&w), at);
			assert_null(timer_due(&w, starts[j]));
			assert_null(timer_due(&w, starts[j] + waits[i] / 2));
			assert_null(timer_due(&w, at - 1));
			assert_int_equal(timer_next(&w), at);
			assert_ptr_equal(timer_due(&w, at), &t);
			assert_false(timer_armed(&t));
			assert_null(timer_due(&w, at));
			assert_int_equal(timer_next(&w), UINT64_MAX);
		}
	}
}

static void test_timers_fire_by_deadline_then_by_arming_order(void **state)
{
	static const uint64_t at[] = { 5 * MS, 3 * MS,	 5 * MS, 3 * MS + 1,
				       3 * MS, 2 * HOUR, 5 * MS };
	static const size_t order[] = { 1, 4, 3, 0, 2, 6, 5 };
	struct timer_wheel w;
	struct timer t[7];
	size_t i;

	(void)state;
	timer_wheel_init(&w, MS);
	for (i = 0; i < 7; i++) {
		timer_init(&t[i], never);
		timer_arm(&w, &t[i], at[i]);
	}
	for (i = 0; i < 7; i++)
		assert_ptr_equal(timer_due(&w, 3 * HOUR), &t[order[i]]);
	assert_null(timer_due(&w, 3 * HOUR));
	assert_int_equal(w.armed, 0);
}

static void test_a_stopped_timer_does_not_fire_even_when_it_was_due(void **state)
{
	struct timer_wheel w;
	struct timer a, b, c;

	(void)state;
	timer_wheel_init(&w, 0);
	timer_init(&a, never);
	timer_init(&b, never);
	timer_init(&c, never);
	timer_stop(&w, &a); /* never armed: harmless */
	timer_arm(&w, &a, MS);
	timer_arm(&w, &b, MS);
	timer_arm(&w, &c, 2 * MS);
	assert_ptr_equal(timer_due(&w, 3 * MS), &a);
	timer_stop(&w, &b); /* by what a did */
	assert_false(timer_armed(&b));
	assert_ptr_equal(timer_due(&w, 3 * MS), &c);
	assert_null(timer_due(&w, 3 * MS));
}

static void test_arming_an_armed_timer_moves_it(void **state)
{
	struct timer_wheel w;
	struct timer t;

	(void)state;
	timer_wheel_init(&w, 0);
	timer_init(&t, never);
	timer_arm(&w, &t, HOUR);
	timer_arm(&w, &t, MS);
	assert_int_equal(w.armed, 1);
	assert_int_equal(timer_next(&w), MS);
	timer_arm(&w, &t, 2 * MS);
	assert_int_equal(timer_next(&w), 2 * MS);
	assert_null(timer_due(&w, MS));
	assert_ptr_equal(timer_due(&w, 2 * MS), &t);
	assert_null(timer_due(&w, 2 * HOUR));
}

static void test_a_deadline_in_the_past_is_due_at_once_in_its_order(void **state)
{
	struct timer_wheel w;
	struct timer a, b, c;

	(void)state;
	timer_wheel_init(&w, SECOND);
	timer_init(&a, never);
	timer_init(&b, never);
	timer_init(&c, never);
	timer_arm(&w, &a, SECOND);
	timer_arm(&w, &b, 0);
	timer_arm(&w, &c, 5);
	assert_int_equal(timer_next(&w), 0);
	assert_ptr_equal(timer_due(&w, SECOND), &b);
	assert_ptr_equal(timer_due(&w, SECOND), &c);
	assert_ptr_equal(timer_due(&w, SECOND), &a);
}

static void test_time_that_goes_back_fires_nothing_early(void **state)
{
	struct timer_wheel w;
	struct timer a;

	(void)state;
	timer_wheel_init(&w, SECOND);
	timer_init(&a, never);
	timer_arm(&w, &a, SECOND + MS);
	assert_null(timer_due(&w, 0));
	assert_int_equal(timer_next(&w), SECOND + MS);
	assert_ptr_equal(timer_due(&w, SECOND + MS), &a);
}

static void test_the_last_moments_of_time_can_be_armed(void **state)
{
	struct timer_wheel w;
	struct timer a, b;

	(void)state;
	timer_wheel_init(&w, 0);
	timer_init(&a, never);
	timer_init(&b, never);
	timer_arm(&w, &a, UINT64_MAX);
	timer_arm(&w, &b, UINT64_MAX - 2);
	assert_true(timer_armed(&a));
	assert_ptr_equal(timer_due(&w, UINT64_MAX - 1), &b);
	assert_ptr_equal(timer_due(&w, UINT64_MAX - 1), &a);
}

static void test_many_timers_of_one_slot_fire_in_order(void **state)
{
	enum { N = 50000 };
	struct timer *t = calloc(N, sizeof(*t)), *due;
	struct timer_wheel w;
	uint64_t last = 0;
	uint32_t i, fired = 0;

	(void)state;
	assert_non_null(t);
	timer_wheel_init(&w, 0);
	for (i = 0; i < N; i++) { /* backwards in time: the worst order for a sort by insertion */
		timer_init(&t[i], never);
		timer_arm(&w, &t[i], HOUR - i);
	}
	while ((due = timer_due(&w, 2 * HOUR))) {
		i = (uint32_t)(due - t);
		assert_true(HOUR - i > last);
		last = HOUR - i;
		fired++;
	}
	assert_int_equal(fired, N);
	free(t);
}

/* The obvious implementation: every armed timer is looked at. */
enum { TIMERS = 200 };
struct model {
	struct timer_wheel w;
	struct timer t[TIMERS];
	uint64_t at[TIMERS], order[TIMERS], orders, now;
	bool armed[TIMERS];
};

static int model_first(const struct model *m)
{
	int best = -1, i;

	for (i = 0; i < TIMERS; i++)
		if (m->armed[i] && (best < 0 || m->at[i] < m->at[best] ||
				    (m->at[i] == m->at[best] && m->order[i] < m->order[best])))
			best = i;
	return best;
}

/* A wait of any magnitude: small ones as likely as days. */
static uint64_t any_wait(struct run *r)
{
	return run_u64(r) >> (16 + run_below(r, 48));
}

static void model_due(struct run *r, struct model *m)
{
	for (;;) {
		struct timer *t = timer_due(&m->w, m->now);
		int first = model_first(m);

		if (first < 0 || m->at[first] > m->now) {
			CHECK(r, !t);
			return;
		}
		CHECK(r, t == &m->t[first]);
		CHECK(r, !timer_armed(t));
		m->armed[first] = false;
		if (run_below(r, 8) == 0) { /* armed again by what it did, perhaps at once */
			m->at[first] = m->now - run_below(r, 2) + any_wait(r);
			m->order[first] = m->orders++;
			m->armed[first] = true;
			timer_arm(&m->w, t, m->at[first]);
		}
	}
}

static void against_a_sorted_list(struct run *r)
{
	struct model *m = calloc(1, sizeof(*m));
	int i, first;

	assert_non_null(m);
	m->now = SECOND + any_wait(r);
	timer_wheel_init(&m->w, m->now);
	for (i = 0; i < TIMERS; i++)
		timer_init(&m->t[i], never);
	for (r->step = 0; r->step < 20000; r->step++) {
		i = (int)run_below(r, TIMERS);
		switch (run_below(r, 8)) {
		case 0:
			m->now += any_wait(r) >> 8;
			model_due(r, m);
			break;
		case 1:
			m->armed[i] = false;
			timer_stop(&m->w, &m->t[i]);
			break;
		case 2: /* exactly to the next deadline, or just before it */
			first = model_first(m);
			if (first >= 0 && m->at[first] > m->now)
				m->now = m->at[first] - run_below(r, 2);
			model_due(r, m);
			break;
		default:
			m->at[i] = m->now + any_wait(r);
			m->order[i] = m->orders++;
			m->armed[i] = true;
			timer_arm(&m->w, &m->t[i], m->at[i]);
			break;
		}
		first = model_first(m);
		CHECK(r, timer_next(&m->w) == (first < 0 ? UINT64_MAX : m->at[first]));
		CHECK(r, timer_armed(&m->t[i]) == m->armed[i]);
	}
	free(m);
}

static void test_random_operations_agree_with_a_sorted_list(void **state)
{
	(void)state;
	run_seeds(6, against_a_sorted_list);
}

static void test_a_cleared_wheel_holds_no_timer_and_touches_none(void **state)
{
	static const uint64_t at[] = { 0, MS, MS, MS + 1, HOUR, HOUR, UINT64_C(1) << 60 };
	struct ph_claim c = { 0 };
	struct timer_wheel w;
	struct timer t[7];
	size_t i;

	(void)state;
	timer_wheel_init(&w, 0);
	for (i = 0; i < 7; i++) {
		timer_init(&t[i], never);
		timer_arm(&w, &t[i], at[i]);
	}
	timer_wheel_clear(&w);
	assert_true(timer_wheel_check(&w, &c));
	assert_int_equal(timer_next(&w), UINT64_MAX);
	for (i = 0; i < 7; i++)
		assert_false(timer_armed(&t[i]));
	memset(&t[2], 0xa5, 5 * sizeof(t[0])); /* their owners let go of these first */
	timer_stop(&w, &t[0]);
	timer_stop(&w, &t[1]);
	timer_arm(&w, &t[1], 2 * MS);
	assert_ptr_equal(timer_due(&w, UINT64_MAX), &t[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_timer_fires_at_its_deadline_and_not_a_nanosecond_before),
		cmocka_unit_test(test_timers_fire_by_deadline_then_by_arming_order),
		cmocka_unit_test(test_a_stopped_timer_does_not_fire_even_when_it_was_due),
		cmocka_unit_test(test_arming_an_armed_timer_moves_it),
		cmocka_unit_test(test_a_deadline_in_the_past_is_due_at_once_in_its_order),
		cmocka_unit_test(test_time_that_goes_back_fires_nothing_early),
		cmocka_unit_test(test_the_last_moments_of_time_can_be_armed),
		cmocka_unit_test(test_many_timers_of_one_slot_fire_in_order),
		cmocka_unit_test(test_random_operations_agree_with_a_sorted_list),
		cmocka_unit_test(test_a_cleared_wheel_holds_no_timer_and_touches_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
