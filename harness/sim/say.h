/* SPDX-License-Identifier: BSD-2-Clause */
/* Text that grows in a buffer of fixed size, cut when it is full. Used by those who write topologies. */
#ifndef SIM_SAY_H
#define SIM_SAY_H

#include <stdarg.h>
#include <stdio.h>

struct sim_text {
	char *at, *end;
};

__attribute__((format(printf, 2, 3)))
static inline void sim_say(struct sim_text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->at, (size_t)(t->end - t->at), fmt, ap);
	va_end(ap);
	if (n > 0)
		t->at += n < t->end - t->at ? n : t->end - t->at - 1;
}

#endif
