/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which frames are lost: at random with a memory, or as netem's Markov chains say. The chain moves
 * once a frame, whatever else happens to the frame. Called by the model.
 *
 *   state: 1 received in a gap, 2 received in a burst, 3 lost in a burst, 4 lost in a gap;
 *          1->3 p13, 1->4 p14, 3->1 p31, 3->2 p32, 2->3 p23, 4->1 always
 *   gemodel (Gilbert-Elliott): good->bad p, bad->good r; lost in bad 1-h, in good 1-k
 */
#ifndef LINK_LOSS_H
#define LINK_LOSS_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/link/random.h"
#include "harness/link/spec.h"

enum { LINK_CHAIN_P13, LINK_CHAIN_P31, LINK_CHAIN_P32, LINK_CHAIN_P23, LINK_CHAIN_P14 };
enum { LINK_GE_P, LINK_GE_R, LINK_GE_1H, LINK_GE_1K };

struct link_loss {
	struct link_stream random;	/* of loss random, of a chain's moves */
	struct link_stream emission;	/* gemodel: of the loss in a state */
	struct link_stream twin;	/* of a duplicate's own loss */
	uint8_t state;			/* of the frame at hand: 1..4; gemodel: 1 good, 3 bad */
};

/* The start: no frame yet. */
static inline void link_loss_restart(struct link_loss *l)
{
	l->state = 0;
}

/* Frame no comes: is it lost? Once a frame, in order. */
bool link_loss_frame(struct link_loss *l, const struct link_spec *s, uint64_t no);

/* Is the duplicate of frame no, which itself is not lost? */
bool link_loss_twin(struct link_loss *l, const struct link_spec *s, uint64_t no);

#endif
