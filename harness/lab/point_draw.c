/* SPDX-License-Identifier: BSD-2-Clause */
/* Draws as a point writes them: a number, or an object that names a distribution. */
#include <math.h>
#include <string.h>

#include "harness/lab/reader.h"
#include "harness/sim/mem.h"

/* The parameters of one distribution; those that are draws themselves keep to want's bounds. */
static void read_uniform(struct lab_reader *r, const struct lab_want *want, struct lab_draw *out)
{
	struct lab_want min = { "min", LAB_MUST, want->min, want->max, want->what };
	struct lab_want max = { "max", LAB_MUST, want->min, want->max, want->what };

	lab_read_keys(r, "dist min max", "a uniform draw");
	lab_read_number(r, &min, &out->a);
	lab_read_number(r, &max, &out->b);
	if (!r->bad && out->b < out->a)
		lab_refuse(r, "max", "%g is below min; write %g or more", out->b, out->a);
}

static void read_exponential(struct lab_reader *r, const struct lab_want *want,
			     struct lab_draw *out)
{
	struct lab_want mean = { "mean", LAB_MUST | LAB_ABOVE, 0, want->max,
				 "a number above 0" };

	lab_read_keys(r, "dist mean", "an exponential draw");
	lab_read_number(r, &mean, &out->a);
}

static void read_pareto(struct lab_reader *r, const struct lab_want *want, struct lab_draw *out)
{
	struct lab_want shape = { "shape", LAB_MUST, 0.01, 100, "a number from 0.01 to 100" };
	struct lab_want min = { "min", LAB_MUST | LAB_ABOVE, 0, want->max, "a number above 0" };
	struct lab_want max = { "max", LAB_MUST | LAB_ABOVE, 0, want->max, "a number above min" };

	lab_read_keys(r, "dist shape min max", "a pareto draw");
	lab_read_number(r, &shape, &out->c);
	lab_read_number(r, &min, &out->a);
	lab_read_number(r, &max, &out->b);
	if (!r->bad && out->b <= out->a)
		lab_refuse(r, "max", "%g is not above min; write more than %g", out->b, out->a);
}

static void read_lognormal(struct lab_reader *r, const struct lab_want *want, struct lab_draw *out)
{
	struct lab_want median = { "median", LAB_MUST | LAB_ABOVE, 0, want->max,
				   "a number above 0" };
	struct lab_want sigma = { "sigma", LAB_MUST, 0, 10, "a number from 0 to 10" };
	struct lab_want max = { "max", LAB_ABOVE, 0, want->max, "a number above 0" };

	out->b = want->max;
	lab_read_keys(r, "dist median sigma max", "a lognormal draw");
	lab_read_number(r, &median, &out->a);
	lab_read_number(r, &sigma, &out->c);
	lab_read_number(r, &max, &out->b);
}

static void read_choice(struct lab_reader *r, const struct lab_want *want, struct lab_draw *out)
{
	const json_t *list, *v;
	size_t n;

	lab_read_keys(r, "dist values", "a choice");
	list = lab_read_any(r, "values", LAB_MUST, "a list of numbers");
	if (!list)
		return;
	n = json_array_size(list);
	if (n == 0 || n > LAB_CHOICES_MAX) {
		lab_refuse(r, "values", "write a list of 1 to %d numbers", LAB_CHOICES_MAX);
		return;
	}
	out->value = sim_alloc(n * sizeof(*out->value));
	for (; out->nvalue < n; out->nvalue++) {
		v = json_array_get(list, out->nvalue);
		out->value[out->nvalue] = json_number_value(v);
		if (!json_is_number(v) || out->value[out->nvalue] < want->min ||
		    out->value[out->nvalue] > want->max) {
			lab_refuse(r, "values", "number %u of them is not possible; write %s",
				   out->nvalue + 1, want->what);
			return;
		}
	}
}

static const struct {
	const char *word;
	enum lab_dist dist;
	void (*read)(struct lab_reader *r, const struct lab_want *want, struct lab_draw *out);
} dists[] = {
	{ "uniform", LAB_UNIFORM, read_uniform },
	{ "exponential", LAB_EXPONENTIAL, read_exponential },
	{ "pareto", LAB_PARETO, read_pareto },
	{ "lognormal", LAB_LOGNORMAL, read_lognormal },
	{ "choice", LAB_CHOICE, read_choice },
};

void lab_read_draw(struct lab_reader *r, const struct lab_want *want, struct lab_draw *out)
{
	const json_t *v = lab_read_any(r, want->key, want->flags, want->what);
	struct lab_reader in;
	const char *word;

	if (!v)
		return;
	if (!json_is_object(v)) {
		struct lab_want number = *want;

		number.flags &= ~(unsigned)LAB_WHOLE;
		lab_read_number(r, &number, &out->a);
		return;
	}
	in = lab_reader_in(r, v, want->key, -1);
	word = lab_read_text(&in, "dist", LAB_MUST, "the name of a distribution");
	for (size_t i = 0; word && i < sizeof(dists) / sizeof(dists[0]); i++)
		if (strcmp(dists[i].word, word) == 0) {
			out->dist = dists[i].dist;
			dists[i].read(&in, want, out);
			r->bad |= in.bad;
			return;
		}
	if (word)
		lab_refuse(&in, "dist",
			   "there is no \"%.40s\"; write uniform, exponential, pareto, lognormal or "
			   "choice", word);
	r->bad = true;
}
