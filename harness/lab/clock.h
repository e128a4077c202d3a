/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is to be done at a time: a heap of calls, those of one moment in the order in which they were
 * asked for. A call is not taken back; who is called looks whether it still matters. A leaf.
 */
#ifndef LAB_CLOCK_H
#define LAB_CLOCK_H

#include <stddef.h>
#include <stdint.h>

struct lab_call {
	uint64_t at_ns, order;
	void (*fn)(void *ctx, uint64_t arg);
	void *ctx;
	uint64_t arg;
};

struct lab_clock {
	struct lab_call *heap;
	size_t n, cap;
	uint64_t order;
};

void lab_clock_free(struct lab_clock *c);
void lab_clock_at(struct lab_clock *c, uint64_t at_ns, void (*fn)(void *ctx, uint64_t arg),
		  void *ctx, uint64_t arg);
/* When the next call is due, or UINT64_MAX. */
uint64_t lab_clock_next(const struct lab_clock *c);
/* Makes all calls due at now_ns, also those that these ask for at now_ns. */
void lab_clock_run(struct lab_clock *c, uint64_t now_ns);

#endif
