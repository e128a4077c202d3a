/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A sender that cuts its retransmissions elsewhere, as stacks that merge small segments do: between
 * two segments that follow each other it says once more the end of the first and the beginning of
 * the second, in one segment. Makes receivers meet overlaps that a phantom's own retransmissions
 * rarely have. Called by net.c for each direction that the plan chose.
 */
#ifndef SIM_RECUT_H
#define SIM_RECUT_H

#include <stddef.h>
#include <stdint.h>

#include "harness/sim/rand.h"

enum { SIM_RECUT_FRAME = 10000 };

struct sim_recut {
	unsigned percent; /* of segments that follow another; 0: never */
	struct sim_rand rand;
	size_t len; /* of the last data segment, 0: none */
	uint8_t last[SIM_RECUT_FRAME];
};

/* Makes such a segment of the last one and this frame into out[SIM_RECUT_FRAME], no longer than
 * len_max, and remembers the frame. 0: none was made. */
size_t sim_recut(struct sim_recut *r, const uint8_t *frame, size_t len, size_t len_max, uint8_t *out);

#endif
