/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Many numbers in little room, for percentiles: counts by size, each octave cut into 128, so that a
 * percentile is within 1 % of the number that stood there; least and most are exact. A leaf.
 */
#ifndef LAB_HIST_H
#define LAB_HIST_H

#include <stdint.h>

enum { LAB_HIST_BITS = 7, LAB_HIST_SLOTS = (64 - LAB_HIST_BITS + 1) << LAB_HIST_BITS };

struct lab_hist {
	uint64_t n, least, most;
	double sum;
	uint64_t *slot; /* NULL while it is empty */
};

void lab_hist_add(struct lab_hist *h, uint64_t value, uint64_t times);
/* The number of which `share` are not above it (nearest rank); 0 when there is none. */
uint64_t lab_hist_at(const struct lab_hist *h, double share);
void lab_hist_free(struct lab_hist *h);

#endif
