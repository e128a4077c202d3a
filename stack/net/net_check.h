/* SPDX-License-Identifier: BSD-2-Clause */
/* What must hold of links, neighbours and reassemblies between two calls, for tests, through
 * ph_stack_check(). */
#ifndef NET_NET_CHECK_H
#define NET_NET_CHECK_H

#include <stdbool.h>

#include "base/claim.h"

struct ph_stack;

/* False: *c says what does not hold. */
bool net_check(const struct ph_stack *st, struct ph_claim *c);

#endif
