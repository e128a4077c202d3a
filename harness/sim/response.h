/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Response functions: the mean window that congestion control keeps where one data segment in 1/p
 * is dropped, beside what theory asks. Called by rig sim --response and by a test.
 */
#ifndef SIM_RESPONSE_H
#define SIM_RESPONSE_H

#include <stdbool.h>
#include <stdio.h>

struct sim_response {
	double loss;	 /* as it came to be */
	double window;	 /* mean congestion window, segments */
	double rate;	 /* segments per round trip */
	double most;	 /* the largest window: losses alone bound it where it is below `room` */
	double room;	 /* segments that the buffers hold */
	double expected; /* by theory for cc at `loss` */
};

/* every: each so many-th data segment is dropped, or one in so many at random. drops: so many of
 * them are waited for. cc: "reno" or "cubic". */
struct sim_response sim_response_measure(const char *cc, unsigned every, bool random,
					 unsigned drops);
/* The window where each 1/loss-th segment is lost: 1.2 / sqrt(p), and for cubic the larger of it and
 * RFC 9438 5.1's. */
double sim_response_regular(const char *cc, double loss);
/* And where each is lost with that probability: there is no formula, so the rules of RFC 5681 and
 * RFC 9438 4 are followed through many losses, with a round trip of recovery after each. */
double sim_response_random(const char *cc, double loss);
/* The table, from 1e-5 to 1e-2. */
void sim_response_print(FILE *f);

#endif
