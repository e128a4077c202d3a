/* SPDX-License-Identifier: BSD-2-Clause */
/* The disciplines of tc: each takes the rest of a line into the device. 0, or -EINVAL with a sentence in
 * l->err. Private to tc*.c. */
#ifndef LINK_TC_LINE_H
#define LINK_TC_LINE_H

#include <stdbool.h>

#include "harness/link/tc.h"
#include "harness/link/tc_value.h"

/* A sentence more in d->note. */
__attribute__((format(printf, 2, 3)))
void tc_note(struct tc_device *d, const char *format, ...);

int tc_netem(struct tc_line *l, struct tc_device *d);
int tc_fifo(struct tc_line *l, struct tc_device *d, bool bytes);
int tc_codel(struct tc_line *l, struct tc_device *d, bool fair);

#endif
