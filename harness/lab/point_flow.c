/* SPDX-License-Identifier: BSD-2-Clause */
/* The flows of a point: keys by kind, and copies; see point.h. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/lab/point_int.h"
#include "harness/sim/mem.h"
#include "harness/sim/rand.h"

#define COMMON "name kind from to start stop copies spread congestion family options"

enum { COPIES_STREAM = 0x636f70, NAME_MAX_GIVEN = 48 /* room for ".4096" */ };

static const struct {
	const char *keys, *of;
} kind_keys[] = {
	[LAB_BULK] = { COMMON " bytes", "a bulk flow" },
	[LAB_REQUEST] = { COMMON " request response think count reconnect", "a request flow" },
	[LAB_ONOFF] = { COMMON " on off rate", "an onoff flow" },
	[LAB_WEB] = { COMMON " objects size think request connections count", "a web flow" },
	[LAB_INCAST] = { COMMON " bytes request think count", "an incast flow" },
	[LAB_ARRIVALS] = { COMMON " size gap", "an arrivals flow" },
};

static const char octets[] = "octets from 1 to 1e15, or a distribution";
static const char pause_s[] = "seconds from 0 to 86400, or a distribution";

static void size_of(struct lab_reader *r, const char *key, unsigned flags, struct lab_draw *out)
{
	struct lab_want want = { key, flags, 1, LAB_BYTES_MAX, octets };

	lab_read_draw(r, &want, out);
}

static void time_of(struct lab_reader *r, const char *key, unsigned flags, struct lab_draw *out)
{
	struct lab_want want = { key, flags, 0, LAB_DURATION_MAX, pause_s };

	lab_read_draw(r, &want, out);
}

static void above_zero(struct lab_reader *r, const char *key, const struct lab_draw *d)
{
	if (!r->bad && lab_draw_mean(d) <= 0)
		lab_refuse(r, key, "0 would never end; write seconds above 0");
}

static void read_count(struct lab_reader *r, struct lab_flow *f)
{
	static const struct lab_want want = { "count", LAB_NULL | LAB_WHOLE, 1, 1e12,
					      "a whole number from 1" };
	double n = 0;

	lab_read_number(r, &want, &n);
	f->count = n > 0 ? (uint64_t)n : UINT64_MAX;
}

static void read_bulk(struct lab_reader *r, struct lab_flow *f)
{
	static const struct lab_want want = { "bytes", LAB_NULL | LAB_WHOLE, 1, LAB_BYTES_MAX,
					      "a whole number of octets from 1 to 1e15" };
	double n = 0;

	lab_read_number(r, &want, &n);
	f->bytes = n > 0 ? (uint64_t)n : UINT64_MAX;
}

static void read_request(struct lab_reader *r, struct lab_flow *f)
{
	size_of(r, "request", LAB_MUST, &f->request);
	size_of(r, "response", LAB_MUST, &f->size);
	time_of(r, "think", 0, &f->think);
	lab_read_bool(r, "reconnect", &f->reconnect);
	read_count(r, f);
}

static void read_onoff(struct lab_reader *r, struct lab_flow *f)
{
	static const struct lab_want want = { "rate", LAB_NULL | LAB_WHOLE, 1000, 1e12,
					      "bits a second from 1000 to 1e12" };
	double n = 0;

	time_of(r, "on", LAB_MUST, &f->on);
	above_zero(r, "on", &f->on);
	time_of(r, "off", LAB_MUST, &f->off);
	lab_read_number(r, &want, &n);
	f->rate_bps = (uint64_t)n;
}

static void read_web(struct lab_reader *r, struct lab_flow *f)
{
	static const struct lab_want objects = { "objects", LAB_MUST, 1, 10000,
						 "a number from 1 to 10000, or a distribution" };
	static const struct lab_want conns = { "connections", LAB_WHOLE, 1, 64,
					       "a whole number from 1 to 64" };
	double n = 6;

	lab_read_draw(r, &objects, &f->objects);
	size_of(r, "size", LAB_MUST, &f->size);
	time_of(r, "think", LAB_MUST, &f->think);
	f->request.a = 400;
	size_of(r, "request", 0, &f->request);
	lab_read_number(r, &conns, &n);
	f->connections = (unsigned)n;
	read_count(r, f);
}

static void read_incast(struct lab_reader *r, struct lab_flow *f)
{
	size_of(r, "bytes", LAB_MUST, &f->size);
	f->request.a = 100;
	size_of(r, "request", 0, &f->request);
	time_of(r, "think", 0, &f->think);
	read_count(r, f);
}

static void read_arrivals(struct lab_reader *r, struct lab_flow *f)
{
	size_of(r, "size", LAB_MUST, &f->size);
	time_of(r, "gap", LAB_MUST, &f->gap);
	above_zero(r, "gap", &f->gap);
}

static void read_kind(struct lab_reader *r, struct lab_flow *f)
{
	static void (*const by_kind[])(struct lab_reader *, struct lab_flow *) = {
		[LAB_BULK] = read_bulk, [LAB_REQUEST] = read_request, [LAB_ONOFF] = read_onoff,
		[LAB_WEB] = read_web,	[LAB_INCAST] = read_incast,   [LAB_ARRIVALS] = read_arrivals,
	};
	const char *word = lab_read_text(r, "kind", LAB_MUST, "the kind of flow");

	for (unsigned k = LAB_BULK; word && k <= LAB_ARRIVALS; k++)
		if (strcmp(lab_kind_word(k), word) == 0) {
			f->kind = k;
			lab_read_keys(r, kind_keys[k].keys, kind_keys[k].of);
			by_kind[k](r, f);
			return;
		}
	if (word)
		lab_refuse(r, "kind",
			   "there is no \"%.40s\"; write bulk, request, onoff, web, incast or arrivals",
			   word);
}

/* ---- ends ------------------------------------------------------------------------------------- */

static void read_senders(struct lab_reader *r, struct lab_point *p, struct lab_flow *f,
			 const json_t *list)
{
	const json_t *v;
	size_t i;

	if (!json_is_array(list) || json_array_size(list) == 0 ||
	    json_array_size(list) > LAB_SENDERS_MAX) {
		lab_refuse(r, "from", "write a list of 1 to %d nodes", LAB_SENDERS_MAX);
		return;
	}
	f->from = sim_alloc(json_array_size(list) * sizeof(*f->from));
	json_array_foreach((json_t *)(uintptr_t)list, i, v) {
		char key[32];

		snprintf(key, sizeof(key), "from[%zu]", i);
		if (!json_is_string(v))
			lab_refuse(r, key, "write the name of a node");
		else if (lab_read_node(r, p, key, json_string_value(v), f->six, &f->from[f->nfrom]))
			f->nfrom++;
	}
}

static void read_ends(struct lab_reader *r, struct lab_point *p, struct lab_flow *f)
{
	const json_t *from = lab_read_any(r, "from", LAB_MUST, "the name of a node");
	const char *to = lab_read_text(r, "to", LAB_MUST, "the name of a node"), *name;

	if (to)
		lab_read_node(r, p, "to", to, f->six, &f->to);
	if (r->bad)
		return;
	if (f->kind == LAB_INCAST) {
		read_senders(r, p, f, from);
	} else {
		name = lab_read_text(r, "from", LAB_MUST, "the name of a node");
		f->from = sim_alloc(sizeof(*f->from));
		f->nfrom = 1;
		if (name)
			lab_read_node(r, p, "from", name, f->six, &f->from[0]);
	}
	for (unsigned i = 0; i < f->nfrom && !r->bad; i++)
		if (f->from[i] == f->to)
			lab_refuse(r, "to", "%s is at both ends; write two nodes", to);
}

static void read_options(struct lab_reader *top, struct lab_flow *f)
{
	const json_t *v = lab_read_any(top, "options", 0, "");
	static const struct lab_want want[] = {
		{ "sndbuf", LAB_WHOLE | LAB_NULL, 1, 1e9, "a whole number of octets from 1 to 1e9" },
		{ "rcvbuf", LAB_WHOLE | LAB_NULL, 1, 1e9, "a whole number of octets from 1 to 1e9" },
		{ "mss", LAB_WHOLE | LAB_NULL, 88, 32767, "a whole number from 88 to 32767" },
	};
	uint32_t *into[] = { &f->options.sndbuf, &f->options.rcvbuf, &f->options.mss };
	struct lab_reader r;

	if (!v)
		return;
	r = lab_reader_in(top, v, "options", -1);
	lab_read_keys(&r, "sndbuf rcvbuf mss nodelay", "options");
	for (int i = 0; i < 3; i++) {
		double n = 0;

		lab_read_number(&r, &want[i], &n);
		*into[i] = (uint32_t)n;
	}
	lab_read_bool(&r, "nodelay", &f->options.nodelay);
	top->bad |= r.bad;
}

/* ---- a flow, and its copies ----------------------------------------------------------------------- */

static void read_common(struct lab_reader *r, struct lab_flow *f)
{
	static const struct lab_want start = { "start", 0, 0, LAB_DURATION_MAX,
					       "seconds from 0 to 86400" };
	static const struct lab_want stop = { "stop", LAB_NULL, 0, LAB_DURATION_MAX,
					      "seconds after start" };
	const char *name = lab_read_text(r, "name", LAB_MUST, "a name");
	const char *cc = lab_read_text(r, "congestion", LAB_NULL, "the name of an algorithm");
	const char *family = lab_read_text(r, "family", LAB_NULL, "ipv4 or ipv6");
	double from = 0, to = -1;

	if (name && !netname_ok(name, NAME_MAX_GIVEN + 1))
		lab_refuse(r, "name", "\"%.60s\" is no name; write 1 to %d letters, digits, '-' and '_'",
			   name, NAME_MAX_GIVEN);
	if (cc && !netname_ok(cc, sizeof(f->congestion)))
		lab_refuse(r, "congestion", "\"%.40s\" is no name of an algorithm; write cubic, say",
			   cc);
	if (family && strcmp(family, "ipv4") != 0 && strcmp(family, "ipv6") != 0)
		lab_refuse(r, "family", "there is no \"%.40s\"; write ipv4 or ipv6", family);
	lab_read_number(r, &start, &from);
	lab_read_number(r, &stop, &to);
	if (!r->bad && to >= 0 && to <= from)
		lab_refuse(r, "stop", "%g s are not after the start at %g s; write more", to, from);
	if (r->bad)
		return;
	snprintf(f->name, sizeof(f->name), "%s", name);
	snprintf(f->congestion, sizeof(f->congestion), "%s", cc ? cc : "");
	f->six = family && strcmp(family, "ipv6") == 0;
	f->start_ns = lab_ns(from);
	f->stop_ns = to >= 0 ? lab_ns(to) : UINT64_MAX;
}

static void own_value(struct lab_draw *d)
{
	double *copy;

	if (!d->value)
		return;
	copy = sim_alloc(d->nvalue * sizeof(*copy));
	memcpy(copy, d->value, d->nvalue * sizeof(*copy));
	d->value = copy;
}

/* Copy `no` of `of` flows alike, whose start is drawn within `spread` seconds. */
static void add_copy(struct lab_point *p, const struct lab_flow *f, unsigned no, unsigned of,
		     double spread)
{
	struct sim_rand r = sim_rand_of(p->seed, COPIES_STREAM);
	struct lab_flow *c;

	p->flow = sim_grow(p->flow, p->nflow, sizeof(*p->flow));
	c = &p->flow[p->nflow];
	*c = *f;
	c->from = sim_alloc(f->nfrom * sizeof(*c->from));
	memcpy(c->from, f->from, f->nfrom * sizeof(*c->from));
	own_value(&c->size);
	own_value(&c->request);
	own_value(&c->think);
	own_value(&c->objects);
	own_value(&c->on);
	own_value(&c->off);
	own_value(&c->gap);
	if (of > 1)
		snprintf(c->name, sizeof(c->name), "%.48s.%u", f->name, no + 1);
	r.n = p->nflow;
	if (spread > 0)
		c->start_ns += sim_rand_u64(&r) % lab_ns(spread);
	c->stream = sim_mix(sim_mix(p->seed) + ++p->nflow);
}

static void free_one(struct lab_flow *f)
{
	struct lab_point only = { .flow = sim_alloc(sizeof(*f)), .nflow = 1 };

	only.flow[0] = *f;
	lab_point_free(&only);
}

void lab_read_flow(struct lab_reader *top, struct lab_point *p, const json_t *value, int at)
{
	static const struct lab_want copies = { "copies", LAB_WHOLE, 1, LAB_FLOWS_MAX,
						"a whole number from 1 to 4096" };
	static const struct lab_want spread = { "spread", 0, 0, LAB_DURATION_MAX,
						"seconds from 0 to 86400" };
	struct lab_reader r = lab_reader_in(top, value, "flows", at);
	struct lab_flow f = { .stop_ns = UINT64_MAX };
	double n = 1, within = 0;

	read_kind(&r, &f);
	read_common(&r, &f);
	read_ends(&r, p, &f);
	read_options(&r, &f);
	lab_read_number(&r, &copies, &n);
	lab_read_number(&r, &spread, &within);
	for (unsigned i = 0; i < p->nflow && !r.bad; i++) {
		size_t len = strlen(f.name);

		if (strncmp(p->flow[i].name, f.name, len) == 0 &&
		    (!p->flow[i].name[len] || p->flow[i].name[len] == '.'))
			lab_refuse(&r, "name", "\"%s\" is another flow's; write one of its own", f.name);
	}
	if (!r.bad && p->nflow + n > LAB_FLOWS_MAX)
		lab_refuse(&r, "copies", "there would be %g flows; %d are the most", p->nflow + n,
			   LAB_FLOWS_MAX);
	for (unsigned i = 0; i < (unsigned)n && !r.bad; i++)
		add_copy(p, &f, i, (unsigned)n, within);
	free_one(&f);
	top->bad |= r.bad;
}
