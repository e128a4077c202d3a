/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One connection that sends over one link for some virtual time, and what came of it: the
 * experiment behind the table of goodput, the response functions and the benchmark. Called by
 * table.c, response.c and speed.c.
 */
#ifndef SIM_TRANSFER_H
#define SIM_TRANSFER_H

#include <stdbool.h>
#include <stdint.h>

struct sim_transfer {
	const char *link;  /* words of a link line; the data goes `out` */
	const char *lines; /* more lines for nodes a (sends) and b; NULL: none */
	uint32_t buffer;   /* of both sockets; 0: the stack's own choice */
	const char *cc;	   /* congestion control; NULL: the stack's default */
	double seconds;	   /* of virtual time at most */
	uint64_t rtt_ns;   /* > 0: the window is looked at, four times per round trip, */
	uint64_t settle, drops; /* from the settle-th frame dropped until `drops` more are */
	bool steady;		/* and not before the window has stopped falling from loss to loss */
};

struct sim_transfer_result {
	uint64_t octets; /* that arrived */
	uint64_t again;	 /* segments sent again */
	uint64_t frames; /* given to the links */
	/* From settle to the end: */
	double window; /* mean congestion window, segments */
	double most;   /* the largest, segments */
	double rate;   /* segments delivered per round trip */
	double loss;   /* share of data frames dropped */
	double rounds; /* round trips */
};

/* Ends the process with a sentence if the description is wrong. */
struct sim_transfer_result sim_transfer_run(const struct sim_transfer *t);

#endif
