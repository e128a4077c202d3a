/* SPDX-License-Identifier: BSD-2-Clause */
/* See run.h. */
#include "harness/lab/run.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "harness/lab/capture.h"
#include "harness/lab/load.h"
#include "harness/lab/meter.h"
#include "harness/lab/series.h"
#include "harness/lab/watch.h"
#include "harness/sim/mem.h"

enum { KEY_STREAM = 0x6b6579, PATH = 4096 };
#define CHECK_NS 1000000000u /* between two checks of the stacks */

/* ---- hooks ------------------------------------------------------------------------------------- */

static void on_frame(void *ctx, const struct sim_seen *seen)
{
	struct lab *l = ctx;
	struct lab_segment s;
	struct lab_conn *c;
	unsigned side;
	bool again;

	if (l->capture)
		lab_capture_frame(l->capture, l, seen);
	if (!seen->dev->host->st || !lab_segment_read(&s, seen->bytes, seen->len))
		return;
	if (!seen->intact) {
		if (l->series)
			lab_series_dropped(l->series, seen->tag, "corrupted");
		return;
	}
	c = lab_meter_whose(l, &s, &side);
	if (!c || seen->dev->host != c->end[seen->sent ? side : !side].host)
		return;
	again = lab_meter_segment(c, side, &s, seen->sent);
	if (l->series && seen->sent)
		lab_series_segment(l->series, c, side, &s, again, seen->tag);
	else if (l->series)
		lab_series_arrived(l->series, seen->tag, l->net->now);
}

static void on_turn(void *ctx, struct sim_host *h)
{
	lab_conn_turn(ctx, h);
}

static void on_popped(void *ctx, const struct sim_wire *w, const struct link_frame *f)
{
	struct lab *l = ctx;

	for (unsigned i = 0; i < l->point->nwatch; i++)
		if (l->watcher[i].wire == w)
			lab_watch_popped(&l->watcher[i], l, f);
}

static void on_drop(void *ctx, uint64_t now_ns, const struct link_frame *f,
		    const struct link_verdict *v)
{
	struct lab_drop_ctx *d = ctx;

	if (v->n > 0)
		return;
	if (d->lab->series)
		lab_series_dropped(d->lab->series, f->tag, link_drop_text(v->drop));
	if (d->lab->capture)
		lab_capture_drop(d->lab->capture, d->lab, d->wire, now_ns, f, v->drop);
}

/* ---- making ---------------------------------------------------------------------------------------- */

static bool word_in(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = list; (at = strstr(at, word)); at += len)
		if ((at == list || at[-1] == ' ') && (!at[len] || at[len] == ' '))
			return true;
	return false;
}

/* Every flow's algorithm is one that a phantom has. */
static int check_congestion(const struct lab *l, struct net_err *e)
{
	char have[256];

	for (unsigned i = 0; i < l->nrun; i++) {
		const struct lab_flow *f = l->run[i].flow;
		struct ph_stack *st = l->net->host[f->to].st;

		if (!f->congestion[0] ||
		    ph_sysctl_get(st, "net.ipv4.tcp_available_congestion_control", have, sizeof(have)))
			continue;
		if (!word_in(have, f->congestion))
			return net_bad(e, "flow %s: congestion: a phantom has no \"%s\"; it has %s",
				       f->name, f->congestion, have);
	}
	return 0;
}

static struct sim_host_conf *host_confs(const struct lab_point *p)
{
	struct sim_host_conf *conf = sim_alloc(p->topo.nnode * sizeof(*conf));
	struct sim_rand r = sim_rand_of(p->seed, KEY_STREAM);

	for (unsigned i = 0; i < p->topo.nnode; i++) {
		conf[i].single = true;
		conf[i].no_dad = true;
		for (size_t k = 0; k < sizeof(conf[i].key); k++)
			conf[i].key[k] = (uint8_t)sim_rand_u64(&r);
	}
	return conf;
}

struct lab *lab_new(const struct lab_point *p, struct net_err *e)
{
	struct lab *l = sim_alloc(sizeof(*l));
	struct sim_host_conf *conf = host_confs(p);

	l->point = p;
	l->net = sim_net_new(&p->topo, conf, p->seed, false, e);
	free(conf);
	if (!l->net) {
		free(l);
		return NULL;
	}
	l->net->events_max = p->events;
	l->net->hooks = (struct sim_hooks){ .ctx = l, .frame = on_frame, .turn = on_turn,
					    .popped = p->nwatch ? on_popped : NULL };
	l->settle_ns = SIM_START_NS + p->settle_ns;
	l->end_ns = SIM_START_NS + p->duration_ns;
	lab_conn_init(l);
	l->nrun = p->nflow;
	l->run = sim_alloc(l->nrun * sizeof(*l->run));
	for (unsigned i = 0; i < l->nrun; i++) {
		l->run[i].lab = l;
		l->run[i].flow = &p->flow[i];
		l->run[i].index = i;
	}
	l->watcher = sim_alloc(p->nwatch * sizeof(*l->watcher));
	for (unsigned i = 0; i < p->nwatch; i++)
		lab_watch_init(&l->watcher[i], l, &p->watch[i]);
	if (check_congestion(l, e) == 0)
		return l;
	lab_free(l);
	return NULL;
}

void lab_free(struct lab *l)
{
	struct net_err ignored;

	if (!l)
		return;
	(void)lab_record_end(l, &ignored);
	lab_conn_free(l);
	for (unsigned i = 0; i < l->nrun; i++) {
		struct lab_run *r = &l->run[i];

		free(r->listener);
		free(r->conn);
		free(r->transfer_s);
		free(r->bin);
		lab_hist_free(&r->transfer);
		lab_hist_free(&r->rtt);
	}
	for (unsigned i = 0; i < l->point->nwatch; i++)
		lab_watch_free(&l->watcher[i]);
	free(l->watcher);
	free(l->drop_ctx);
	free(l->run);
	lab_clock_free(&l->clock);
	sim_net_free(l->net);
	free(l);
}

/* ---- recording ------------------------------------------------------------------------------------ */

int lab_record(struct lab *l, const char *dir, bool series, bool capture, struct net_err *e)
{
	char path[PATH];

	snprintf(path, sizeof(path), "%s/series.jsonl", dir);
	if (series && !(l->series = lab_series_new(path, e)))
		return -1;
	if (capture && !(l->capture = lab_capture_new(l, dir, e)))
		return -1;
	l->drop_ctx = sim_alloc(l->net->nwire * sizeof(*l->drop_ctx));
	for (unsigned i = 0; i < l->net->nwire; i++) {
		l->drop_ctx[i] = (struct lab_drop_ctx){ l, &l->net->wire[i] };
		link_pipe_on_drop(l->net->wire[i].pipe, on_drop, &l->drop_ctx[i]);
	}
	return 0;
}

int lab_record_end(struct lab *l, struct net_err *e)
{
	int rc = lab_series_free(l->series, e);

	l->series = NULL;
	if (lab_capture_free(l->capture, e))
		rc = -1;
	l->capture = NULL;
	return rc;
}

/* ---- time ------------------------------------------------------------------------------------------- */

/* Looks at queues, those of one moment together: a series is in order of time. */
static void watch_until(struct lab *l, uint64_t until_ns)
{
	uint64_t next = UINT64_MAX;

	while (l->point->nwatch > 0) {
		next = l->watcher[0].next_ns;
		for (unsigned i = 1; i < l->point->nwatch; i++)
			next = l->watcher[i].next_ns < next ? l->watcher[i].next_ns : next;
		if (next >= until_ns)
			return;
		next = l->series && l->point->nwatch > 1 ? next + 1 : until_ns;
		for (unsigned i = 0; i < l->point->nwatch; i++)
			lab_watch_until(&l->watcher[i], l, next);
	}
}

static void settle(void *lab, uint64_t arg)
{
	(void)arg;
	lab_meter_settle(lab);
}

/* What must hold inside each stack, by its own word, and what it says it holds. */
static void check_stacks(struct lab *l)
{
	for (unsigned i = 0; i < l->net->nhost; i++) {
		struct sim_host *h = &l->net->host[i];
		struct ph_claim broken;
		struct ph_usage u;

		if (!h->st)
			continue;
		if (!ph_stack_check(h->st, &broken))
			sim_fail(l->net, "%s: %s: %s does not hold (%" PRIu64 ", %" PRIu64 ")", h->name,
				 broken.part, broken.what, broken.a, broken.b);
		ph_stack_usage(h->st, &u);
		if (u.bytes != h->mem_used)
			sim_fail(l->net, "%s says it holds %" PRIu64 " octets and holds %" PRIu64,
				 h->name, u.bytes, h->mem_used);
	}
}

static void check(void *lab, uint64_t arg)
{
	struct lab *l = lab;

	check_stacks(l);
	lab_clock_at(&l->clock, l->net->now + CHECK_NS, check, l, arg);
}

static void begin(struct lab *l)
{
	lab_clock_at(&l->clock, SIM_START_NS + CHECK_NS, check, l, 0);
	if (l->settle_ns > SIM_START_NS)
		lab_clock_at(&l->clock, l->settle_ns, settle, l, 0);
	for (unsigned i = 0; i < l->nrun; i++)
		if (lab_conn_listen(&l->run[i]))
			lab_load_begin(&l->run[i]);
}

void lab_go(struct lab *l)
{
	struct sim_net *n = l->net;

	begin(l);
	while (!n->failed) {
		uint64_t at = sim_net_next(n), call = lab_clock_next(&l->clock);

		at = call < at ? call : at;
		if (at >= l->end_ns)
			break;
		watch_until(l, at);
		n->now = at > n->now ? at : n->now;
		lab_clock_run(&l->clock, n->now);
		sim_net_settle(n);
		lab_meter_looks(l);
	}
	if (!n->failed) {
		watch_until(l, l->end_ns);
		n->now = l->end_ns;
		check_stacks(l);
	}
	lab_meter_end(l);
}
