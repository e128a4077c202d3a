/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation: a wheel that only buckets.
 *
 * Time is cut into ticks of 2^16 ns, and a tick number into digits of six bits, one per level. The
 * wheel stands at the tick of now_ns. A timer lies on the level of the highest digit in which its
 * tick differs from the wheel's, in the slot of that digit; one of the same tick lies on level 0:
 *
 *	            level 3   level 2   level 1   level 0
 *	wheel at       0    .    5    .   12    .   40
 *	timer at       0    .    5    .   17    .    3        level 1, slot 17
 *
 * So on every level the slots in use are those above the wheel's digit (at it, on level 0, too),
 * the lowest slot in use of the lowest level in use holds the earliest timer, and when the wheel
 * moves on, the slots it passed are found by masks of 64 bits, however far it went. The timers of
 * those slots are either due, and sorted into `ready` by (deadline, arming number), or are placed
 * again, nearer. Deadlines stay exact since a tick decides nothing but the slot. Eight levels cover
 * all of 64 bits.
 *
 * The earliest deadline is asked for after every event, so each slot remembers its earliest, until
 * that one is taken out: then the slot is searched when it is next asked.
 */
#include "base/timer.h"

#include <assert.h>
#include <string.h>

#include "base/claim.h"

enum { TICK_BITS = 16, DIGIT_BITS = 6, SORT_BINS = 32 };
_Static_assert(TIMER_SLOTS == 1 << DIGIT_BITS, "a slot per value of a digit");
_Static_assert(TICK_BITS + TIMER_LEVELS * DIGIT_BITS >= 64, "the wheel covers all times");

static struct timer *timer_of(struct list_node *n)
{
	return container_of(n, struct timer, node);
}

static bool before(const struct timer *a, const struct timer *b)
{
	return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->order < b->order;
}

void timer_wheel_init(struct timer_wheel *w, uint64_t now_ns)
{
	uint32_t level, slot;

	memset(w, 0, sizeof(*w));
	w->now_ns = now_ns;
	list_init(&w->ready);
	for (level = 0; level < TIMER_LEVELS; level++)
		for (slot = 0; slot < TIMER_SLOTS; slot++)
			list_init(&w->slot[level][slot]);
}

void timer_init(struct timer *t, timer_fn *fire)
{
	list_init_node(&t->node);
	t->at_ns = UINT64_MAX;
	t->order = 0;
	t->fire = fire;
}

static uint32_t digit(uint64_t tick, uint32_t level)
{
	return (uint32_t)(tick >> (level * DIGIT_BITS)) & (TIMER_SLOTS - 1);
}

/* Puts a timer that is not due yet into its slot. */
static void place(struct timer_wheel *w, struct timer *t)
{
	uint64_t tick = t->at_ns >> TICK_BITS, differs = tick ^ w->now_ns >> TICK_BITS;
	uint32_t level = differs ? (63 - (uint32_t)__builtin_clzll(differs)) / DIGIT_BITS : 0;
	uint32_t slot = digit(tick, level);
	uint64_t bit = UINT64_C(1) << slot;

	if (!(w->occupied[level] & bit))
		w->first_ns[level][slot] = t->at_ns;
	else if (w->first_ns[level][slot] != 0 && t->at_ns < w->first_ns[level][slot])
		w->first_ns[level][slot] = t->at_ns;
	w->occupied[level] |= bit;
	list_push_back(&w->slot[level][slot], &t->node);
}

/* Puts a timer that is due into `ready`, from the back: what is armed last mostly fires last. */
static void make_ready(struct timer_wheel *w, struct timer *t)
{
	struct list_node *at = &w->ready.head;

	while (at->prev != &w->ready.head && before(t, timer_of(at->prev)))
		at = at->prev;
	list_insert_before(at, &t->node);
}

void timer_arm(struct timer_wheel *w, struct timer *t, uint64_t at_ns)
{
	timer_stop(w, t);
	t->at_ns = at_ns < UINT64_MAX ? at_ns : UINT64_MAX - 1;
	t->order = w->order++;
	w->armed++;
	if (t->at_ns <= w->now_ns)
		make_ready(w, t);
	else
		place(w, t);
}

/* Takes it off the list it is on, and clears the slot's bit when it was the last there. */
static void unlink_timer(struct timer_wheel *w, struct timer *t)
{
	uintptr_t head = (uintptr_t)t->node.next, base = (uintptr_t)&w->slot[0][0];
	bool last = t->node.next == t->node.prev;
	uint32_t i;

	list_remove(&t->node);
	if (last && head - base < sizeof(w->slot)) {
		i = (uint32_t)((head - base) / sizeof(struct list));
		w->occupied[i / TIMER_SLOTS] &= ~(UINT64_C(1) << i % TIMER_SLOTS);
	}
}

void timer_stop(struct timer_wheel *w, struct timer *t)
{
	uint64_t tick, differs;
	uint32_t level, slot;

	if (!timer_armed(t))
		return;
	assert(w->armed > 0);
	w->armed--;
	unlink_timer(w, t);
	if (t->at_ns > w->now_ns) { /* it lay in a slot: was it the earliest there? */
		tick = t->at_ns >> TICK_BITS;
		differs = tick ^ w->now_ns >> TICK_BITS;
		level = differs ? (63 - (uint32_t)__builtin_clzll(differs)) / DIGIT_BITS : 0;
		slot = digit(tick, level);
		if (w->first_ns[level][slot] == t->at_ns)
			w->first_ns[level][slot] = 0;
	}
	t->at_ns = UINT64_MAX;
}

static void clear_list(struct list *l)
{
	struct list_node *n;

	while ((n = list_pop_front(l)))
		timer_of(n)->at_ns = UINT64_MAX;
}

void timer_wheel_clear(struct timer_wheel *w)
{
	for (uint32_t level = 0; level < TIMER_LEVELS; level++) {
		for (uint32_t slot = 0; slot < TIMER_SLOTS; slot++)
			clear_list(&w->slot[level][slot]);
		w->occupied[level] = 0;
	}
	clear_list(&w->ready);
	w->armed = 0;
}

/* Merges two chains linked by next, ended by NULL; `a` goes first where equal. */
static struct list_node *merge(struct list_node *a, struct list_node *b)
{
	struct list_node *first = NULL, **to = &first;

	while (a && b) {
		struct list_node **least = before(timer_of(b), timer_of(a)) ? &b : &a;

		*to = *least;
		to = &(*least)->next;
		*least = (*least)->next;
	}
	*to = a ? a : b;
	return first;
}

/* Sorts a list by (at_ns, order): bin i holds a sorted chain of 2^i timers, as the bits of a
 * counter. */
static void sort(struct list *l)
{
	struct list_node *bin[SORT_BINS] = { NULL }, *chain, *next;
	uint32_t i;

	if (l->head.next == l->head.prev)
		return;
	l->head.prev->next = NULL;
	for (chain = l->head.next; chain; chain = next) {
		next = chain->next;
		chain->next = NULL;
		for (i = 0; i < SORT_BINS - 1 && bin[i]; i++) {
			chain = merge(bin[i], chain);
			bin[i] = NULL;
		}
		bin[i] = merge(bin[i], chain);
	}
	for (chain = NULL, i = 0; i < SORT_BINS; i++)
		chain = merge(bin[i], chain);
	list_init(l);
	for (; chain; chain = next) {
		next = chain->next;
		list_push_back(l, chain);
	}
}

/* Takes all timers out of the slots of `mask` on one level. */
static void empty_slots(struct timer_wheel *w, uint32_t level, uint64_t mask, struct list *out)
{
	uint64_t bits = w->occupied[level] & mask;

	w->occupied[level] &= ~mask;
	for (; bits; bits &= bits - 1)
		list_splice(out, &w->slot[level][__builtin_ctzll(bits)]);
}

/* Moves the wheel to now_ns: what is due goes to `ready`, the rest of the slots passed is placed
 * nearer. */
static void advance(struct timer_wheel *w, uint64_t now_ns)
{
	uint64_t to = now_ns >> TICK_BITS, differs = to ^ w->now_ns >> TICK_BITS;
	struct list passed, due;
	struct list_node *n;
	uint32_t level;

	list_init(&passed);
	list_init(&due);
	for (level = 0; level < TIMER_LEVELS; level++, differs >>= DIGIT_BITS) {
		uint64_t upto = (UINT64_C(2) << digit(to, level)) - 1;
		bool top = differs >> DIGIT_BITS == 0; /* the levels above did not move */

		empty_slots(w, level, top ? upto : UINT64_MAX, &passed);
		if (top)
			break;
	}
	w->now_ns = now_ns;
	while ((n = list_pop_front(&passed))) {
		if (timer_of(n)->at_ns <= now_ns)
			list_push_back(&due, n);
		else
			place(w, timer_of(n));
	}
	sort(&due); /* all later than what `ready` holds, which was due at the old now_ns */
	list_splice(&w->ready, &due);
}

struct timer *timer_due(struct timer_wheel *w, uint64_t now_ns)
{
	struct timer *t;

	/* The wheel stands still until something is due: who arms does not mind. */
	if (now_ns > w->now_ns && timer_next(w) <= now_ns)
		advance(w, now_ns);
	if (list_empty(&w->ready))
		return NULL;
	t = timer_of(list_pop_front(&w->ready));
	t->at_ns = UINT64_MAX;
	w->armed--;
	return t;
}

uint64_t timer_next(const struct timer_wheel *w)
{
	struct list_node *n = list_first(&w->ready);
	uint64_t first = UINT64_MAX;
	uint32_t level, slot;

	if (n)
		return timer_of(n)->at_ns;
	for (level = 0; level < TIMER_LEVELS && w->occupied[level] == 0; level++)
		;
	if (level == TIMER_LEVELS)
		return UINT64_MAX;
	slot = (uint32_t)__builtin_ctzll(w->occupied[level]);
	if (w->first_ns[level][slot] != 0)
		return w->first_ns[level][slot];
	list_for_each(n, &w->slot[level][slot])
		if (timer_of(n)->at_ns < first)
			first = timer_of(n)->at_ns;
	/* What is remembered is no part of the wheel's value, which const promises to keep. */
	((struct timer_wheel *)w)->first_ns[level][slot] = first;
	return first;
}

static bool check_slot(const struct timer_wheel *w, uint32_t level, uint32_t slot, uint64_t *first_ns,
		       uint32_t *n, struct ph_claim *c)
{
	const struct list *l = &w->slot[level][slot];
	uint64_t least_ns = UINT64_MAX;
	const struct list_node *node;

	CLAIM(c, "wheel", list_empty(l) == !(w->occupied[level] >> slot & 1), level, slot);
	list_for_each(node, l) {
		const struct timer *t = container_of(node, struct timer, node);

		CLAIM(c, "wheel", t->at_ns > w->now_ns, t->at_ns, w->now_ns);
		CLAIM(c, "wheel", digit(t->at_ns >> TICK_BITS, level) == slot, t->at_ns, slot);
		least_ns = t->at_ns < least_ns ? t->at_ns : least_ns;
		(*n)++;
	}
	CLAIM(c, "wheel", list_empty(l) || w->first_ns[level][slot] == 0 ||
			  w->first_ns[level][slot] == least_ns,
	      w->first_ns[level][slot], least_ns);
	*first_ns = least_ns < *first_ns ? least_ns : *first_ns;
	return true;
}

bool timer_wheel_check(const struct timer_wheel *w, struct ph_claim *c)
{
	uint64_t first_ns = UINT64_MAX, before_ns = 0;
	const struct list_node *node;
	uint32_t n = 0;

	list_for_each(node, &w->ready) {
		const struct timer *t = container_of(node, struct timer, node);

		CLAIM(c, "wheel", t->at_ns >= before_ns && t->at_ns <= w->now_ns, t->at_ns,
		      before_ns);
		first_ns = before_ns == 0 ? t->at_ns : first_ns;
		before_ns = t->at_ns;
		n++;
	}
	for (uint32_t level = 0; level < TIMER_LEVELS; level++)
		for (uint32_t slot = 0; slot < TIMER_SLOTS; slot++)
			if (!check_slot(w, level, slot, &first_ns, &n, c))
				return false;
	CLAIM(c, "wheel", n == w->armed, n, w->armed);
	CLAIM(c, "wheel", timer_next(w) == first_ns, timer_next(w), first_ns);
	return true;
}
