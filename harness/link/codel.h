/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CoDel (RFC 8289): from a list of frames that know when they came in, which one goes now and which
 * are dropped or marked on the way, because even the shortest stay of the last interval was too
 * long. Called by the queue: one for `codel`, one a flow for `fq_codel`.
 */
#ifndef LINK_CODEL_H
#define LINK_CODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/link/classify.h"
#include "harness/link/frame.h"

struct link_codel_conf {
	uint64_t target_ns, interval_ns;
	uint32_t mtu;		/* with no more bytes than this waiting, nothing is wrong */
	bool ecn;
	enum link_l2 l2;
};

struct link_codel {
	uint64_t first_above_ns;	/* when to act if the stay is still too long; 0: it is not */
	uint64_t drop_next_ns;
	uint32_t count, lastcount;	/* of this dropping state */
	bool dropping;
	uint64_t marked;
};

/* Takes what CoDel drops. */
typedef void link_codel_drop_fn(void *ctx, struct link_frame *take_f);

/* The next frame to go, or NULL. */
struct link_frame *link_codel_take(struct link_codel *c, const struct link_codel_conf *conf,
				   struct link_fifo *q, uint64_t now_ns, link_codel_drop_fn *drop,
				   void *ctx);

#endif
