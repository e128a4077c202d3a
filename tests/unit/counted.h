/* SPDX-License-Identifier: BSD-2-Clause */
/* For tests: all counters of a stack that are not zero, held against a list "Name value Name value ...". */
#ifndef UNIT_COUNTED_H
#define UNIT_COUNTED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "phantom/phantom.h"

enum { COUNTED_TEXT = 4096 };

/* In the order of the stack's list. */
static inline void counted_at(const struct ph_stack *st, const char *want, const char *file, int line)
{
	static char got[COUNTED_TEXT];
	size_t len = 0;

	got[0] = '\0';
	for (size_t i = 0; ph_counter_name(i); i++)
		if (ph_counter(st, i) != 0)
			len += (size_t)snprintf(got + len, sizeof(got) - len, "%s%s %llu", len ? " " : "",
						ph_counter_name(i), (unsigned long long)ph_counter(st, i));
	assert_true(len < sizeof(got));
	if (strcmp(got, want) != 0)
		fail_msg("%s:%d: counted was\n%s\nand not\n%s", file, line, got, want);
}

#define counted(st, want) counted_at(st, want, __FILE__, __LINE__)

#endif
