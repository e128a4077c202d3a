/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hierarchical timer wheel: O(1) to arm and stop, exact deadlines, and what is due at once fires
 * in the order (deadline, arming number), so that a run repeats exactly. A stopped timer cannot
 * fire: timer_due() takes them off one by one, and the caller runs each before it asks for the
 * next.
 */
#ifndef BASE_TIMER_H
#define BASE_TIMER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"

struct timer;
typedef void timer_fn(void *ctx, struct timer *t); /* ctx: the stack */

struct timer {
	struct list_node node;
	uint64_t at_ns;
	uint64_t order;
	timer_fn *fire;
};

enum { TIMER_LEVELS = 8, TIMER_SLOTS = 64 };
struct timer_wheel {
	uint64_t now_ns;  /* of the latest timer_due() */
	uint64_t order;	  /* arming numbers given */
	uint32_t armed;	  /* timers pending */
	uint64_t occupied[TIMER_LEVELS]; /* bit per slot */
	uint64_t first_ns[TIMER_LEVELS][TIMER_SLOTS]; /* of an occupied slot; 0: search it */
	struct list slot[TIMER_LEVELS][TIMER_SLOTS];
	struct list ready; /* due, sorted by (at_ns, order) */
};

void timer_wheel_init(struct timer_wheel *w, uint64_t now_ns);
void timer_init(struct timer *t, timer_fn *fire);
/* Arms or re-arms; a time in the past is due at once. PH_NEVER is taken as a nanosecond before it:
 * stop a timer instead. */
void timer_arm(struct timer_wheel *w, struct timer *t, uint64_t at_ns);
void timer_stop(struct timer_wheel *w, struct timer *t);
/* Stops every timer, before their owners' memory goes in whatever order: O(timers). */
void timer_wheel_clear(struct timer_wheel *w);
static inline bool timer_armed(const struct timer *t)
{
	return t->at_ns != UINT64_MAX;
}
/* The next timer due at now_ns, taken off (no longer armed), or NULL. now_ns does not go back: an
 * earlier one is as the latest. */
struct timer *timer_due(struct timer_wheel *w, uint64_t now_ns);
/* The earliest deadline, exact; UINT64_MAX when nothing is armed. */
uint64_t timer_next(const struct timer_wheel *w);
/* For tests: every timer is where it is looked for, and the earliest is known. False: *c says what
 * does not hold. */
struct ph_claim;
bool timer_wheel_check(const struct timer_wheel *w, struct ph_claim *c);

#endif
