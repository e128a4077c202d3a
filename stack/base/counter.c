/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of the counters, and which of them a drop raises. Called by net/link.c, once per packet not
 * used. */
#include "base/counter.h"

#include <stddef.h>

#include "base/list.h"

/* Row i is counter i + 1; DROP_NONE, which is no drop, has none. */
static const char *const names[] = {
#define COUNTER(name, help) #name,
#include "base/counter.def"
#undef COUNTER
#define DROP(name, text, counter) "PhantomDrop" #name,
#include "base/drop.def"
#undef DROP
};
_Static_assert(sizeof(names) / sizeof(names[0]) == C_N - 1, "a name per counter, but for C_NONE");

static const enum counter kernels[DROP_N] = {
#define DROP(name, text, counter) [DROP_##name] = C_##counter,
#include "base/drop.def"
#undef DROP
};

/* The enumerator of row i of the public list, C_N past its end. */
static unsigned which(unsigned i)
{
	unsigned c = i < C_DROP_FIRST - 1 ? i + 1 : i < C_N ? i + 2 : C_N;

	return c < C_N ? c : C_N;
}

void count_drop(struct counters *c, enum drop reason)
{
	if (reason == DROP_NONE || reason >= DROP_N)
		return;
	c->v[C_DROP_FIRST + (unsigned)reason]++;
	if (kernels[reason] != C_NONE)
		c->v[kernels[reason]]++;
}

const char *counter_name(unsigned i)
{
	unsigned c = which(i);

	return c < C_N ? names[c - 1] : NULL;
}

uint64_t counter_value(const struct counters *c, unsigned i)
{
	unsigned at = which(i);

	return at < C_N ? c->v[at] : 0;
}
