/* SPDX-License-Identifier: BSD-2-Clause */
/* The stack's counters: the kernel's MIB (counter.def, nstat's names) and one per drop reason, in
 * one array. */
#ifndef BASE_COUNTER_H
#define BASE_COUNTER_H

#include <stdint.h>

#include "base/drop.h"

enum counter {
	C_NONE,
#define COUNTER(name, help) C_##name,
#include "base/counter.def"
#undef COUNTER
	C_DROP_FIRST,
	C_N = C_DROP_FIRST + DROP_N
};

struct counters {
	uint64_t v[C_N];
};

static inline void count_add(struct counters *c, enum counter which, uint64_t n)
{
	c->v[which] += n;
}

/* A drop: its own counter, and the kernel's for the case. DROP_NONE counts nothing. */
void count_drop(struct counters *c, enum drop reason);
/* Name of counter i (0-based, C_NONE left out), or NULL past the end. */
const char *counter_name(unsigned i);
uint64_t counter_value(const struct counters *c, unsigned i);

#endif
