/* SPDX-License-Identifier: BSD-2-Clause */
/* A point but for its flows; see point.h. Called by run.c and by tests. */
#include "harness/lab/point.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/lab/point_int.h"
#include "harness/sim/mem.h"

enum { LIST_TEXT = 300 };

static const char *const kinds[] = { "bulk", "request", "onoff", "web", "incast", "arrivals" };

const char *lab_kind_word(enum lab_kind kind)
{
	return kinds[kind];
}

uint64_t lab_ns(double seconds)
{
	return (uint64_t)llround(seconds * 1e9);
}

/* The nodes that can be ends, or all devices: "a, b". */
static void list_names(const struct sim_topo *t, bool devices, char out[LIST_TEXT])
{
	size_t n = 0;

	out[0] = '\0';
	for (unsigned i = 0; i < (devices ? t->ndev : t->nnode) && n < LIST_TEXT - 1; i++) {
		if (devices)
			n += (size_t)snprintf(out + n, LIST_TEXT - n, "%s%s.%s", n ? ", " : "",
					      t->node[t->dev[i].node], t->dev[i].name);
		else if (!t->forwards[i])
			n += (size_t)snprintf(out + n, LIST_TEXT - n, "%s%s", n ? ", " : "",
					      t->node[i]);
	}
}

static bool find_node(const struct sim_topo *t, const char *name, unsigned *out)
{
	for (*out = 0; *out < t->nnode; (*out)++)
		if (strcmp(t->node[*out], name) == 0)
			return true;
	return false;
}

bool lab_read_node(struct lab_reader *r, const struct lab_point *p, const char *key,
		   const char *name, bool six, unsigned *out)
{
	char list[LIST_TEXT];

	if (r->bad)
		return false;
	list_names(&p->topo, false, list);
	if (!find_node(&p->topo, name, out))
		return lab_refuse(r, key, "the topology has no node \"%.40s\"; it has %s", name, list);
	if (p->topo.forwards[*out])
		return lab_refuse(r, key, "%s is a router; flows are between %s", name, list);
	if (!(six ? sim_topo_addr6(&p->topo, *out) : sim_topo_addr(&p->topo, *out)))
		return lab_refuse(r, key, "%s has no IPv%d address; write one in the topology: "
				  "addr %s.DEV %s", name, six ? 6 : 4, name,
				  six ? "fd00::1/64" : "10.0.0.1/24");
	return true;
}

/* ---- topology, devices, sysctls ---------------------------------------------------------------- */

static void read_topology(struct lab_reader *r, struct lab_point *p)
{
	const json_t *list = lab_read_any(r, "topology", LAB_MUST, "a list of lines");
	struct topo_vars vars = { .nvar = 0 };
	const json_t *line;
	size_t i;

	if (list && (!json_is_array(list) || json_array_size(list) == 0))
		lab_refuse(r, "topology", "write a list of lines of the topology language");
	json_array_foreach((json_t *)(uintptr_t)(r->bad ? NULL : list), i, line) {
		char key[32];
		struct net_err e;

		snprintf(key, sizeof(key), "topology[%zu]", i);
		if (!json_is_string(line))
			lab_refuse(r, key, "write a line of the topology language, as text");
		else if (sim_topo_line(&p->topo, json_string_value(line), &vars, &e))
			lab_refuse(r, key, "%.400s", e.text);
		if (r->bad)
			break;
	}
	if (!r->bad && vars.depth)
		lab_refuse(r, "topology", "an if block is open at the end; close it with: end");
	topo_vars_free(&vars);
}

static void read_devices(struct lab_reader *top, struct lab_point *p)
{
	const json_t *v = lab_read_any(top, "devices", LAB_MUST, "an object: node: \"phantom\"");
	const char *node, *word;
	struct lab_reader r;
	json_t *device;
	unsigned at = 0;

	if (!v)
		return;
	r = lab_reader_in(top, v, "devices", -1);
	json_object_foreach((json_t *)(uintptr_t)(r.bad ? NULL : v), node, device) {
		if (!find_node(&p->topo, node, &at))
			lab_refuse(&r, node, "the topology has no such node");
		word = lab_read_text(&r, node, LAB_MUST, "\"phantom\"");
		if (word && strcmp(word, p->topo.forwards[at] ? "router" : "phantom") != 0)
			lab_refuse(&r, node, p->topo.forwards[at] ?
				   "\"%.40s\" is not possible for a node that forwards; leave it out, "
				   "or write \"router\"" :
				   "\"%.40s\" does not run in virtual time; write \"phantom\", or take "
				   "the engine wire", word);
	}
	for (unsigned i = 0; i < p->topo.nnode && !r.bad; i++)
		if (!p->topo.forwards[i] && !json_object_get(v, p->topo.node[i]))
			lab_refuse(&r, p->topo.node[i], "it is missing; write \"phantom\"");
	top->bad |= r.bad;
}

static void add_sysctl(struct lab_reader *r, struct lab_point *p, unsigned node, const char *name,
		       const json_t *value)
{
	char number[32];
	struct sim_topo_sysctl *s;

	if (json_is_integer(value))
		snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	else if (!json_is_string(value)) {
		lab_refuse(r, name, "write a whole number, or text");
		return;
	}
	p->topo.sysctl = sim_grow(p->topo.sysctl, p->topo.nsysctl, sizeof(*p->topo.sysctl));
	s = &p->topo.sysctl[p->topo.nsysctl++];
	s->node = node;
	s->name = sim_strdup(name);
	s->value = sim_strdup(json_is_integer(value) ? number : json_string_value(value));
}

static void read_sysctls(struct lab_reader *top, struct lab_point *p)
{
	const json_t *all = lab_read_any(top, "sysctls", 0, "");
	const char *node, *name;
	struct lab_reader r, of;
	json_t *list, *value;
	unsigned at = 0;

	if (!all)
		return;
	r = lab_reader_in(top, all, "sysctls", -1);
	json_object_foreach((json_t *)(uintptr_t)(r.bad ? NULL : all), node, list) {
		of = lab_reader_in(&r, list, node, -1);
		if (!of.bad && !find_node(&p->topo, node, &at))
			lab_refuse(&of, "", "the topology has no such node");
		if (!of.bad && p->topo.forwards[at])
			lab_refuse(&of, "", "it is a router, which has no sysctls");
		json_object_foreach((json_t *)(uintptr_t)(of.bad ? NULL : list), name, value)
			add_sysctl(&of, p, at, name, value);
		r.bad |= of.bad;
	}
	top->bad |= r.bad;
}

/* ---- watch ---------------------------------------------------------------------------------------- */

static bool find_dev(const struct sim_topo *t, const struct devname *d, unsigned *out)
{
	for (*out = 0; *out < t->ndev; (*out)++)
		if (strcmp(t->node[t->dev[*out].node], d->node) == 0 &&
		    strcmp(t->dev[*out].name, d->dev) == 0)
			return true;
	return false;
}

static void add_watch(struct lab_reader *r, struct lab_point *p, const char *key, const char *text)
{
	char name[NODE_NAME_MAX + DEV_NAME_MAX + 8], list[LIST_TEXT];
	const char *space = strchr(text, ' ');
	struct devname dev;
	struct lab_watch *w;
	unsigned at;

	snprintf(name, sizeof(name), "%.*s", space ? (int)(space - text) : 0, text);
	if (!space || (strcmp(space, " in") != 0 && strcmp(space, " out") != 0) ||
	    !devname_parse(&dev, name)) {
		lab_refuse(r, key, "\"%.60s\" is no direction of a link; write NODE.DEV in, or "
			   "NODE.DEV out", text);
		return;
	}
	list_names(&p->topo, true, list);
	if (!find_dev(&p->topo, &dev, &at)) {
		lab_refuse(r, key, "the topology has no device %s; it has %s", name, list);
		return;
	}
	for (unsigned i = 0; i < p->nwatch; i++)
		if (strcmp(p->watch[i].name, text) == 0)
			lab_refuse(r, key, "%s stands there already", text);
	if (p->nwatch == LAB_WATCH_MAX)
		lab_refuse(r, key, "more than %d directions", LAB_WATCH_MAX);
	if (r->bad)
		return;
	w = &p->watch[p->nwatch++];
	snprintf(w->name, sizeof(w->name), "%.*s", (int)sizeof(w->name) - 1, text);
	w->dev = at;
	w->dir = strcmp(space, " in") == 0 ? LINK_DIR_IN : LINK_DIR_OUT;
}

static void read_watch(struct lab_reader *r, struct lab_point *p)
{
	const json_t *list = lab_read_any(r, "watch", 0, "");
	const json_t *v;
	size_t i;

	if (list && !json_is_array(list))
		lab_refuse(r, "watch", "write a list of directions such as \"b.e0 in\"");
	json_array_foreach((json_t *)(uintptr_t)(r->bad ? NULL : list), i, v) {
		char key[32];

		snprintf(key, sizeof(key), "watch[%zu]", i);
		if (json_is_string(v))
			add_watch(r, p, key, json_string_value(v));
		else
			lab_refuse(r, key, "write a direction such as \"b.e0 in\"");
		if (r->bad)
			return;
	}
}

/* ---- the whole -------------------------------------------------------------------------------- */

static void read_numbers(struct lab_reader *r, struct lab_point *p)
{
	static const struct lab_want format = { "format", LAB_MUST, LAB_FORMAT, LAB_FORMAT, "1" };
	static const struct lab_want seed = { "seed", LAB_MUST | LAB_WHOLE, 0, LAB_SEED_MAX,
					      "a whole number from 0 to 2^53" };
	static const struct lab_want point = { "point", LAB_WHOLE, 0, LAB_SEED_MAX,
					       "a whole number from 0" };
	static const struct lab_want events = { "events", LAB_WHOLE, 1, LAB_EVENTS_MAX,
						"a whole number from 1 to 1000000000" };
	static const struct lab_want duration = { "duration", LAB_MUST | LAB_ABOVE, 0,
						  LAB_DURATION_MAX,
						  "seconds above 0 and at most 86400" };
	struct lab_want settle = { "settle", 0, 0, LAB_DURATION_MAX,
				   "seconds from 0, below duration" };
	double n = 0, seconds = 0, from = 0;

	lab_read_number(r, &format, &n);
	lab_read_number(r, &seed, &n);
	p->seed = (uint64_t)n;
	n = 0;
	lab_read_number(r, &point, &n);
	p->number = (uint64_t)n;
	n = LAB_EVENTS_MAX;
	lab_read_number(r, &events, &n);
	p->events = (uint64_t)n;
	lab_read_number(r, &duration, &seconds);
	lab_read_number(r, &settle, &from);
	if (!r->bad && from >= seconds)
		lab_refuse(r, "settle", "%g s are not below the duration of %g s; write less", from,
			   seconds);
	p->duration_ns = lab_ns(seconds);
	p->settle_ns = lab_ns(from);
}

static void read_flows(struct lab_reader *r, struct lab_point *p)
{
	const json_t *list = lab_read_any(r, "flows", LAB_MUST, "a list of flows"), *v;
	size_t i;

	if (list && (!json_is_array(list) || json_array_size(list) == 0))
		lab_refuse(r, "flows", "write a list of at least one flow");
	json_array_foreach((json_t *)(uintptr_t)(r->bad ? NULL : list), i, v)
		lab_read_flow(r, p, v, (int)i);
}

static int read_point(struct lab_point *p, const json_t *all, struct net_err *e)
{
	struct lab_reader outer = { .e = e }, r = lab_reader_in(&outer, all, "", -1);
	const char *name;

	lab_read_keys(&r, "format name point seed duration settle topology devices sysctls flows "
		      "watch events", "a point");
	read_numbers(&r, p);
	name = lab_read_text(&r, "name", 0, "text");
	p->name = sim_strdup(name ? name : "");
	read_topology(&r, p);
	read_devices(&r, p);
	read_sysctls(&r, p);
	read_flows(&r, p);
	read_watch(&r, p);
	return r.bad ? -1 : 0;
}

static int take(struct lab_point *p, json_t *all, const json_error_t *where, const char *name,
		struct net_err *e)
{
	int rc;

	memset(p, 0, sizeof(*p));
	sim_topo_init(&p->topo);
	if (!all && where->line < 0)
		return net_bad(e, "%s: %s", name, where->text);
	if (!all)
		return net_bad(e, "%s:%d: %s", name, where->line, where->text);
	rc = read_point(p, all, e);
	json_decref(all);
	if (rc) {
		lab_point_free(p);
		net_err_prefix(e, "%s", name);
	}
	return rc;
}

int lab_point_load(struct lab_point *p, const char *path, struct net_err *e)
{
	json_error_t where;
	json_t *all = json_load_file(path, JSON_REJECT_DUPLICATES, &where);

	return take(p, all, &where, path, e);
}

int lab_point_text(struct lab_point *p, const char *text, const char *name, struct net_err *e)
{
	json_error_t where;
	json_t *all = json_loads(text, JSON_REJECT_DUPLICATES, &where);

	return take(p, all, &where, name, e);
}

void lab_point_free(struct lab_point *p)
{
	for (unsigned i = 0; i < p->nflow; i++) {
		struct lab_flow *f = &p->flow[i];
		struct lab_draw *draw[] = { &f->size,	 &f->request, &f->think, &f->objects,
					    &f->on, &f->off,	      &f->gap };

		free(f->from);
		for (size_t k = 0; k < sizeof(draw) / sizeof(draw[0]); k++)
			lab_draw_free(draw[k]);
	}
	free(p->flow);
	free(p->name);
	sim_topo_free(&p->topo);
	memset(p, 0, sizeof(*p));
}
