/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Claims about the inside of a stack, for tests: each part says what must hold between two calls,
 * and the first claim that does not is told with two numbers. Never evaluated in normal use. The
 * entry is ph_stack_check().
 */
#ifndef BASE_CLAIM_H
#define BASE_CLAIM_H

#include "phantom/phantom.h"

/* In a function that returns bool and has a struct ph_claim *c: returns false, with c filled, if the
 * condition does not hold. */
#define CLAIM(c, part_name, cond, x, y)                                                           \
	do {                                                                                      \
		if (!(cond)) {                                                                    \
			(c)->part = (part_name);                                                  \
			(c)->what = #cond;                                                        \
			(c)->a = (uint64_t)(x);                                                   \
			(c)->b = (uint64_t)(y);                                                   \
			return false;                                                             \
		}                                                                                 \
	} while (0)

#endif
