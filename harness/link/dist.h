/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Distributions of delay as tables, as netem has them: entry i of n is the value at the quantile
 * (i + 1/2) / n, in parts of 8192 of the deviation, around the mean. Called by the model's delay and
 * slots, by the words that name one, and by the netem backend, which gives the kernel the same table.
 */
#ifndef LINK_DIST_H
#define LINK_DIST_H

#include <stddef.h>
#include <stdint.h>

enum {
	LINK_DIST_SCALE = 8192,		/* netem's: this is one deviation */
	LINK_DIST_MADE = 4096,		/* entries of the tables made here */
	LINK_DIST_MAX = 16384,		/* entries a file may have: what netem takes */
};

struct link_table {
	uint32_t n;
	int16_t value[];
};

/*
 * normal, pareto (shape 3, around its mean, times 4/3: tc's scale), paretonormal (a quarter of the
 * first and three quarters of the second), or a file in tc's format: whole numbers, `#` begins a
 * comment. NULL with a sentence in err.
 */
const struct link_table *link_dist_get(const char *name, char *err, size_t err_size);
const char *link_dist_name(const struct link_table *t);

/* The value at a uniform number: mean + deviation * table, not below 0. */
uint64_t link_dist_value(const struct link_table *t, uint64_t mean_ns, uint64_t deviation_ns,
			 uint64_t number);

#endif
