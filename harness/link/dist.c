/* SPDX-License-Identifier: BSD-2-Clause */
/* Tables of delay; see dist.h. Computed from the densities, by their quantiles. */
#include "harness/link/dist.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/link/asset.h"
#include "harness/link/random.h"

enum { MIX_SIDE = 256 };	/* quantiles of each part of paretonormal */

/* The x with P(X < x) = p, by halving: 60 steps are more than a double holds. */
static double normal_quantile(double p)
{
	double low = -40, high = 40;

	for (int i = 0; i < 60; i++) {
		double mid = (low + high) / 2;

		if (erfc(-mid * sqrt(0.5)) / 2 < p)
			low = mid;
		else
			high = mid;
	}
	return low;
}

/* P(X > x) = x^-3 for x > 1; its mean is 3/2. */
static double pareto_quantile(double p)
{
	return (pow(1 - p, -1.0 / 3) - 1.5) * 4 / 3;
}

static int16_t entry(double x)
{
	double scaled = nearbyint(x * LINK_DIST_SCALE);

	return scaled > INT16_MAX ? INT16_MAX : scaled < INT16_MIN ? INT16_MIN : (int16_t)scaled;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Every quantile of the one with every quantile of the other; of the sorted sums, every n-th. */
static bool fill_mix(struct link_table *t)
{
	size_t n = (size_t)MIX_SIDE * MIX_SIDE, step = n / t->n;
	double *sum = malloc(n * sizeof(*sum));

	if (!sum)
		return false;
	for (size_t i = 0; i < MIX_SIDE; i++) {
		double z = normal_quantile(((double)i + 0.5) / MIX_SIDE);

		for (size_t k = 0; k < MIX_SIDE; k++)
			sum[i * MIX_SIDE + k] =
				z / 4 + pareto_quantile(((double)k + 0.5) / MIX_SIDE) * 3 / 4;
	}
	qsort(sum, n, sizeof(*sum), by_size);
	for (uint32_t i = 0; i < t->n; i++)
		t->value[i] = entry((sum[i * step + step / 2 - 1] + sum[i * step + step / 2]) / 2);
	free(sum);
	return true;
}

static struct link_table *table_of(uint32_t n)
{
	struct link_table *t = malloc(sizeof(*t) + n * sizeof(t->value[0]));

	if (t)
		t->n = n;
	return t;
}

static void *make_known(const char *name, const char *text, size_t len, char *err, size_t err_size)
{
	struct link_table *t = table_of(LINK_DIST_MADE);

	(void)text;
	(void)len;
	if (t && strcmp(name, "paretonormal") == 0 && !fill_mix(t)) {
		free(t);
		t = NULL;
	}
	if (!t) {
		snprintf(err, err_size, "%s: out of memory", name);
		return NULL;
	}
	for (uint32_t i = 0; i < t->n && strcmp(name, "paretonormal") != 0; i++) {
		double p = (i + 0.5) / t->n;

		t->value[i] = entry(strcmp(name, "normal") == 0 ? normal_quantile(p)
								: pareto_quantile(p));
	}
	return t;
}

/* One number, and what is before it; 1, 0 at the end, -1 for what is none. */
static int next_number(const char **at, long *value)
{
	const char *p = *at;
	char *end;

	for (;; p++) {
		if (*p == '#')
			p += strcspn(p, "\n");
		if (*p == '\0')
			return 0;
		if (!strchr(" \t\r\n", *p))
			break;
	}
	errno = 0;
	*value = strtol(p, &end, 10);
	if (end == p || errno != 0 || *value < INT16_MIN || *value > INT16_MAX ||
	    !strchr(" \t\r\n#", *end))
		return -1;
	*at = end;
	return 1;
}

static void *make_read(const char *name, const char *text, size_t len, char *err, size_t err_size)
{
	int16_t value[LINK_DIST_MAX];
	struct link_table *t;
	uint32_t n = 0;
	long v;
	int rc;

	(void)len;
	while ((rc = next_number(&text, &v)) > 0 && n < LINK_DIST_MAX)
		value[n++] = (int16_t)v;
	if (rc < 0 || rc > 0 || n == 0) {
		snprintf(err, err_size, "%s: entry %u is no whole number from -32768 to 32767, or "
			 "there is none, or more than %d: a table is a file as in "
			 "tc's directory of distributions", name, n + 1, LINK_DIST_MAX);
		return NULL;
	}
	t = table_of(n);
	if (t)
		memcpy(t->value, value, n * sizeof(value[0]));
	else
		snprintf(err, err_size, "%s: out of memory", name);
	return t;
}

const struct link_table *link_dist_get(const char *name, char *err, size_t err_size)
{
	static const char *const known[] = { "normal", "pareto", "paretonormal" };
	char why[LINK_ERR_TEXT];
	const struct link_table *t;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(name, known[i]) == 0)
			return link_asset_named(LINK_ASSET_TABLE, name, make_known, err, err_size);
	t = link_asset_file(LINK_ASSET_TABLE, name, make_read, why, sizeof(why));
	if (!t)
		snprintf(err, err_size, "distribution: %s; write uniform, normal, pareto, "
			 "paretonormal, or the name of a file of tc's", why);
	return t;
}

const char *link_dist_name(const struct link_table *t)
{
	return t ? link_asset_name(LINK_ASSET_TABLE, t) : "uniform";
}

uint64_t link_dist_value(const struct link_table *t, uint64_t mean_ns, uint64_t deviation_ns,
			 uint64_t number)
{
	int64_t v = t->value[link_scale(number, t->n)];
	uint64_t size = (uint64_t)(v < 0 ? -v : v);
	/* An hour times four deviations is far below 2^63. */
	uint64_t by = deviation_ns / LINK_DIST_SCALE * size +
		      (deviation_ns % LINK_DIST_SCALE * size + LINK_DIST_SCALE / 2) / LINK_DIST_SCALE;

	if (v >= 0)
		return mean_ns + by;
	return mean_ns > by ? mean_ns - by : 0;
}
