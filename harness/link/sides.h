/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The words of a `link` line that name directions: `in` and `out` send the words behind them to one
 * direction, `both` (and a line's beginning) to both; a script without a direction is for what
 * comes in. Called by rig's link line and by the simulator's.
 */
#ifndef LINK_SIDES_H
#define LINK_SIDES_H

#include "harness/link/spec.h"

/* Reads all words into spec[2], by enum link_dir. 0, or -EINVAL with a sentence in err; what stood
 * before the bad word may then have been taken in. */
__attribute__((warn_unused_result))
int link_sides_parse(struct link_spec spec[2], int nword, const char *const *word, char *err,
		     size_t err_size);

#endif
