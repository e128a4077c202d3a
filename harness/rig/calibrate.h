/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a link really does: numbered frames go in at one end, and at the other their arrivals are
 * counted and timed. Over two packet sockets in real time (wire, netem), or through the link model in
 * virtual time. Called by rig calibrate.
 */
#ifndef RIG_CALIBRATE_H
#define RIG_CALIBRATE_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/link/pipe.h"

enum { CALIBRATE_LEN_MIN = 64, CALIBRATE_LEN_MAX = 1514 };

struct calibrate_ends {
	struct link_pipe *pipe;	/* virtual time; NULL: tx and rx */
	int tx, rx;		/* bound packet sockets */
};

/* What became of n frames. */
struct calibrate_run {
	uint32_t n;
	uint64_t *sent_ns, *came_ns;	/* by number; came_ns is the first arrival's, 0: none */
	uint8_t *times;			/* arrivals */
};

/*
 * Send n frames of len bytes, one each gap_ns, and take what comes until all have come or nothing has
 * for half a second after the last could be due (rest_ns from its sending on). 0 or -errno.
 */
int calibrate_send(const struct calibrate_ends *ends, struct calibrate_run *run, uint32_t n,
		   uint32_t len, uint64_t gap_ns, uint64_t rest_ns);
void calibrate_free(struct calibrate_run *run);

/* Frames a second that come through when as many are sent as will go, for about for_ns. */
double calibrate_ceiling(const struct calibrate_ends *ends, uint64_t for_ns);

/* Of |came - sent - delay_ns| over what came: the share-th smallest, in ns. */
uint64_t calibrate_delay_error(const struct calibrate_run *run, uint64_t delay_ns, double share);

uint32_t calibrate_lost(const struct calibrate_run *run);
uint32_t calibrate_bursts(const struct calibrate_run *run);	/* runs of lost frames */
uint32_t calibrate_doubled(const struct calibrate_run *run);
/* Frames that took less than ns. */
uint32_t calibrate_quicker(const struct calibrate_run *run, uint64_t ns);
/* From the first arrival to the last. */
uint64_t calibrate_span_ns(const struct calibrate_run *run);

#endif
