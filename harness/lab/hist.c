/* SPDX-License-Identifier: BSD-2-Clause */
/* See hist.h. */
#include "harness/lab/hist.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/sim/mem.h"

static unsigned shift_of(uint64_t value)
{
	return value < 2u << LAB_HIST_BITS ? 0 : 63u - LAB_HIST_BITS - (unsigned)__builtin_clzll(value);
}

/* Below 2^8 each number has a slot; above, the leading bit and the seven after it decide. */
static unsigned slot_of(uint64_t value)
{
	unsigned shift = shift_of(value);

	return (shift << LAB_HIST_BITS) + (unsigned)(value >> shift);
}

/* The middle of the numbers of a slot. */
static uint64_t value_of(unsigned slot)
{
	unsigned shift = slot >> LAB_HIST_BITS;

	if (shift)
		shift--;
	return ((uint64_t)(slot - (shift << LAB_HIST_BITS)) << shift) + (shift ? 1ull << shift >> 1 : 0);
}

void lab_hist_add(struct lab_hist *h, uint64_t value, uint64_t times)
{
	if (times == 0)
		return;
	if (!h->slot)
		h->slot = sim_alloc(LAB_HIST_SLOTS * sizeof(*h->slot));
	if (h->n == 0 || value < h->least)
		h->least = value;
	if (value > h->most)
		h->most = value;
	h->n += times;
	h->sum += (double)value * (double)times;
	h->slot[slot_of(value)] += times;
}

uint64_t lab_hist_at(const struct lab_hist *h, double share)
{
	uint64_t rank = (uint64_t)ceil(share * (double)h->n), seen = 0, value;

	if (h->n == 0)
		return 0;
	for (unsigned i = 0; i < LAB_HIST_SLOTS; i++) {
		seen += h->slot[i];
		if (seen < rank || seen == 0)
			continue;
		value = value_of(i);
		return value < h->least ? h->least : value > h->most ? h->most : value;
	}
	return h->most;
}

void lab_hist_free(struct lab_hist *h)
{
	free(h->slot);
	memset(h, 0, sizeof(*h));
}
