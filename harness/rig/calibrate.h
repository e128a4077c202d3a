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
	uint32_t n, len;
	uint32_t thin;			/* every thin-th is of a second UDP flow; 0: all of no protocol */
	uint64_t *sent_ns, *came_ns;	/* by number; came_ns is the first arrival's, 0: none */
	uint8_t *times;			/* arrivals */
};

struct calibrate_load {
	uint32_t n, len, thin;
	uint64_t gap_ns;	/* from frame to frame */
	uint64_t rest_ns;	/* how long after the last one the others may come */
};

/*
 * Send the load's frames and take what comes until all have come or nothing has
 * for half a second after the last could be due. 0 or -errno.
 */
int calibrate_send(const struct calibrate_ends *ends, struct calibrate_run *run,
		   const struct calibrate_load *load);
/* What the model in virtual time makes of the frames of another run, at the times they were sent. */
int calibrate_model(struct link_pipe *p, struct calibrate_run *run, const struct calibrate_run *sent);
void calibrate_free(struct calibrate_run *run);

/* Frames a second that come through when as many are sent as will go, for about for_ns. */
double calibrate_ceiling(const struct calibrate_ends *ends, uint64_t for_ns);

/* Of |came - sent - delay_ns| over what came: the share-th smallest, in ns. */
uint64_t calibrate_delay_error(const struct calibrate_run *run, uint64_t delay_ns, double share);

uint32_t calibrate_lost(const struct calibrate_run *run);
enum calibrate_which { CALIBRATE_ALL, CALIBRATE_THICK, CALIBRATE_THIN };
/* Of all, of the first flow or of the second: frames, those that were lost, and the mean time on the way. */
struct calibrate_flow {
	uint32_t n, lost;
	double mean_ns;
};
struct calibrate_flow calibrate_flow(const struct calibrate_run *run, enum calibrate_which which);
/* Times between a frame's sending and the next one's of more than ns. */
uint32_t calibrate_stalls(const struct calibrate_run *run, uint64_t ns);
uint32_t calibrate_bursts(const struct calibrate_run *run);	/* runs of lost frames */
uint32_t calibrate_doubled(const struct calibrate_run *run);
/* Frames that took less than ns. */
uint32_t calibrate_quicker(const struct calibrate_run *run, uint64_t ns);
/* From the first arrival to the last. */
uint64_t calibrate_span_ns(const struct calibrate_run *run);

#endif
