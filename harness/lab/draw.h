/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Draws: the sizes and times of a lab point's flows, each a number or a distribution. A leaf: pure,
 * the random stream is the caller's. Read by point_draw.c, drawn by load.c.
 */
#ifndef LAB_DRAW_H
#define LAB_DRAW_H

#include "harness/sim/rand.h"

enum lab_dist {
	LAB_CONSTANT,	 /* a */
	LAB_UNIFORM,	 /* in [a, b) */
	LAB_EXPONENTIAL, /* mean a */
	LAB_PARETO,	 /* shape c, bounded to [a, b] */
	LAB_LOGNORMAL,	 /* median a, sigma c, cut at b */
	LAB_CHOICE	 /* one of value[], each as likely */
};

enum { LAB_CHOICES_MAX = 64 };

struct lab_draw {
	enum lab_dist dist;
	double a, b, c;
	unsigned nvalue;
	double *value; /* of its own, or NULL */
};

/* The next of the stream. Takes two numbers of it, whatever the distribution, so that a point in
 * which one distribution is replaced draws the others at their places. */
double lab_draw(const struct lab_draw *d, struct sim_rand *r);
/* What the draws' mean tends to. */
double lab_draw_mean(const struct lab_draw *d);
void lab_draw_free(struct lab_draw *d);

#endif
