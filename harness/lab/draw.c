/* SPDX-License-Identifier: BSD-2-Clause */
/* See draw.h. */
#include "harness/lab/draw.h"

#include <math.h>
#include <stdlib.h>

#define TURN 6.283185307179586 /* radians in a circle */

/* In (0, 1): 53 bits and a half, so that it is neither end. */
static double unit(struct sim_rand *r)
{
	return ((double)(sim_rand_u64(r) >> 11) + 0.5) / 9007199254740992.0;
}

/* By the inverse of the bounded distribution's function. */
static double pareto(const struct lab_draw *d, double u)
{
	return d->a * pow(1 - u * (1 - pow(d->a / d->b, d->c)), -1 / d->c);
}

static double lognormal(const struct lab_draw *d, double u, double v)
{
	double normal = sqrt(-2 * log(u)) * cos(TURN * v); /* Box and Muller */

	return fmin(d->a * exp(d->c * normal), d->b);
}

double lab_draw(const struct lab_draw *d, struct sim_rand *r)
{
	double u = unit(r), v = unit(r);

	switch (d->dist) {
	case LAB_CONSTANT:
		break;
	case LAB_UNIFORM:
		return d->a + u * (d->b - d->a);
	case LAB_EXPONENTIAL:
		return -d->a * log(u);
	case LAB_PARETO:
		return pareto(d, u);
	case LAB_LOGNORMAL:
		return lognormal(d, u, v);
	case LAB_CHOICE:
		return d->value[(unsigned)(u * d->nvalue)];
	}
	return d->a;
}

static double pareto_mean(const struct lab_draw *d)
{
	double s = d->c, low = pow(d->a, s), tail = 1 - pow(d->a / d->b, s);

	if (s == 1)
		return d->a * log(d->b / d->a) / tail;
	return low / tail * s / (s - 1) * (pow(d->a, 1 - s) - pow(d->b, 1 - s));
}

/* Cut at b: the part below, and the rest at b itself. */
static double lognormal_mean(const struct lab_draw *d)
{
	double z, below;

	if (d->c == 0)
		return fmin(d->a, d->b);
	z = log(d->b / d->a) / d->c;
	below = d->a * exp(d->c * d->c / 2) * erfc((d->c - z) / sqrt(2)) / 2;
	return below + d->b * erfc(z / sqrt(2)) / 2;
}

double lab_draw_mean(const struct lab_draw *d)
{
	double sum = 0;

	switch (d->dist) {
	case LAB_CONSTANT:
	case LAB_EXPONENTIAL:
		break;
	case LAB_UNIFORM:
		return (d->a + d->b) / 2;
	case LAB_PARETO:
		return pareto_mean(d);
	case LAB_LOGNORMAL:
		return lognormal_mean(d);
	case LAB_CHOICE:
		for (unsigned i = 0; i < d->nvalue; i++)
			sum += d->value[i];
		return sum / d->nvalue;
	}
	return d->a;
}

void lab_draw_free(struct lab_draw *d)
{
	free(d->value);
	d->value = NULL;
}
