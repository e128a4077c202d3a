/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The drawing of a topology; see draw.h. Bridges are vertical rails at the left, one column each; a
 * node is a box to their right, and each of its devices is a line from the box to its rail:
 *
 *    lan
 *     |   .-- peer ------------------.
 *     +---| eth0  10.0.0.1/24        |
 *     |   '--------------------------'
 */
#include "harness/rig/draw.h"

#include <string.h>

enum {
	RAIL = 6,	/* columns between rails */
	RAILS_MAX = 12, /* bridges drawn as rails; more are named in words */
	TEXT_MAX = 400,
	ROWS_MAX = 64,	  /* devices drawn in a box */
	MTU_PLAIN = 1500, /* not worth a word */
};

struct drawing {
	FILE *f;
	bool colour;
	const json_t *bridges;
	size_t nrails;
};

static const char *get(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));

	return s ? s : "";
}

/* Which rail a device hangs on, or -1. */
static int rail_of(const struct drawing *d, const json_t *dev)
{
	const char *bridge = get(dev, "bridge");

	for (size_t i = 0; i < d->nrails; i++)
		if (strcmp(json_string_value(json_array_get(d->bridges, i)), bridge) == 0)
			return (int)i;
	return -1;
}

static void repeat(FILE *f, const char *s, size_t n)
{
	while (n--)
		fputs(s, f);
}

/* The rails of one row; from @from a line goes right to the boxes. */
static void rails(const struct drawing *d, int from)
{
	fputs("  ", d->f);
	for (size_t i = 0; i < d->nrails; i++) {
		bool line = from >= 0 && (int)i >= from;

		fputs((int)i == from ? "+" : line ? "-" : "|", d->f);
		repeat(d->f, line ? "-" : " ", RAIL - 1);
	}
}

static void add(char *text, const char *sep, const char *what)
{
	size_t n = strlen(text), k = n ? strlen(sep) : 0, m = strlen(what);

	if (m == 0 || n + k + m >= TEXT_MAX)
		return;
	memcpy(text + n, sep, k);
	memcpy(text + n + k, what, m + 1);
}

static void describe_link(const json_t *dev, char *text)
{
	const json_t *link = json_object_get(dev, "link");
	const char *in = get(link, "in"), *out = get(link, "out");
	char part[TEXT_MAX];

	if (!link)
		return;
	if (strcmp(in, out) == 0) {
		snprintf(part, sizeof(part), "~ %.180s", *in ? in : "clear");
		add(text, "  ", part);
	} else {
		snprintf(part, sizeof(part), "~ in: %.120s, out: %.120s", *in ? in : "clear",
			 *out ? out : "clear");
		add(text, "  ", part);
	}
	snprintf(part, sizeof(part), "(%s)", get(link, "backend"));
	add(text, " ", part);
}

static void describe(const struct drawing *d, const json_t *dev, char *text)
{
	const json_t *addrs = json_object_get(dev, "addresses"), *a;
	char part[TEXT_MAX];
	size_t i;

	text[0] = '\0';
	add(text, "", get(dev, "name"));
	json_array_foreach(addrs, i, a) add(text, "  ", json_string_value(a));
	if (strcmp(get(dev, "kind"), "tap") == 0)
		add(text, "  ", "TAP");
	if (json_integer_value(json_object_get(dev, "mtu")) != MTU_PLAIN) {
		snprintf(part, sizeof(part), "mtu %d",
			 (int)json_integer_value(json_object_get(dev, "mtu")));
		add(text, "  ", part);
	}
	if (!json_is_true(json_object_get(dev, "up")))
		add(text, "  ", "down");
	if (json_is_true(json_object_get(dev, "offload")))
		add(text, "  ", "offload");
	if (*get(dev, "peer")) {
		snprintf(part, sizeof(part), "<--> %s", get(dev, "peer"));
		add(text, "  ", part);
	}
	if (*get(dev, "bridge") && rail_of(d, dev) < 0) {
		snprintf(part, sizeof(part), "on bridge %s", get(dev, "bridge"));
		add(text, "  ", part);
	}
	describe_link(dev, text);
}

static void box_edge(const struct drawing *d, char corner, const char *title, size_t width)
{
	size_t n = strlen(title);

	rails(d, -1);
	fprintf(d->f, " %c", corner);
	if (n) {
		fprintf(d->f, "-- %s%s%s ", d->colour ? "\033[1m" : "", title,
			d->colour ? "\033[0m" : "");
		n += 4;
	}
	repeat(d->f, "-", width + 2 - n);
	fprintf(d->f, "%c\n", corner);
}

static void box_row(const struct drawing *d, int rail, const char *text, size_t width)
{
	rails(d, rail);
	fprintf(d->f, "%s| %s", rail >= 0 ? "-" : " ", text);
	repeat(d->f, " ", width - strlen(text));
	fputs(" |\n", d->f);
}

static void draw_box(const struct drawing *d, const char *title, const json_t *devs,
		     const json_t *routes)
{
	static char text[ROWS_MAX][TEXT_MAX];
	char route[TEXT_MAX];
	size_t width = strlen(title) + 6, i, n = 0;
	const json_t *j;

	json_array_foreach(devs, i, j)
	{
		if (n == ROWS_MAX)
			break;
		describe(d, j, text[n]);
		if (strlen(text[n]) > width)
			width = strlen(text[n]);
		n++;
	}
	json_array_foreach(routes, i,
			   j) if (strlen(get(j, "to")) + strlen(get(j, "via")) + 9 > width) width =
		strlen(get(j, "to")) + strlen(get(j, "via")) + 9;
	box_edge(d, '.', title, width);
	for (i = 0; i < n; i++)
		box_row(d, rail_of(d, json_array_get(devs, i)), text[i], width);
	json_array_foreach(routes, i, j)
	{
		snprintf(route, sizeof(route), "to %s via %s", get(j, "to"), get(j, "via"));
		box_row(d, -1, route, width);
	}
	box_edge(d, '\'', "", width);
}

static void draw_port(const struct drawing *d, const json_t *port)
{
	rails(d, rail_of(d, port));
	fprintf(d->f, "-o %s (raw port)\n", get(port, "name"));
}

/* Names above the rails, each on a line of its own so that long ones do not collide. */
static void draw_names(const struct drawing *d)
{
	for (size_t i = 0; i < d->nrails; i++) {
		fputs("  ", d->f);
		for (size_t k = 0; k < i; k++) {
			fputs("|", d->f);
			repeat(d->f, " ", RAIL - 1);
		}
		fprintf(d->f, "%s[%s]%s\n", d->colour ? "\033[36m" : "",
			json_string_value(json_array_get(d->bridges, i)),
			d->colour ? "\033[0m" : "");
	}
}

void draw_world(const json_t *world, FILE *f, bool colour)
{
	struct drawing d = { .f = f,
			     .colour = colour,
			     .bridges = json_object_get(world, "bridges") };
	const json_t *j;
	char title[TEXT_MAX];
	size_t i;

	d.nrails = json_array_size(d.bridges);
	if (d.nrails > RAILS_MAX)
		d.nrails = RAILS_MAX;
	draw_names(&d);
	json_array_foreach(json_object_get(world, "nodes"), i, j)
	{
		snprintf(title, sizeof(title), "%s%s", get(j, "name"),
			 json_is_true(json_object_get(j, "forward")) ? " (router)" : "");
		draw_box(&d, title, json_object_get(j, "devices"), json_object_get(j, "routes"));
	}
	json_array_foreach(json_object_get(world, "ports"), i, j) draw_port(&d, j);
}
