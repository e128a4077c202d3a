/* SPDX-License-Identifier: BSD-2-Clause */
/* See run.h. */
#include "harness/sim/run.h"

#include <inttypes.h>
#include <string.h>

#include "harness/sim/check.h"

struct run {
	const struct sim_run_conf *conf;
	struct sim_plan plan;
	struct sim_net *net;
	struct sim_apps apps;
	struct sim_check check;
	unsigned bend; /* the next of the plan's */
};

static _Thread_local struct run *under_way;

static void on_frame(void *ctx, const struct sim_seen *seen)
{
	sim_check_frame(&((struct run *)ctx)->check, seen);
}

static void on_turn(void *ctx, struct sim_host *h)
{
	sim_apps_turn(&((struct run *)ctx)->apps, h);
}

static void on_after(void *ctx, struct sim_host *h)
{
	struct run *r = ctx;

	sim_apps_poll(&r->apps, h);
	if (r->conf->check)
		sim_check_turn(&r->check, h);
}

static uint64_t bend_next(const struct run *r)
{
	return r->bend < r->plan.nbend ? SIM_START_NS + r->plan.bend[r->bend].at_ns : PH_NEVER;
}

static void bend(struct run *r)
{
	for (; bend_next(r) <= r->net->now; r->bend++) {
		r->net->dev[r->plan.bend[r->bend].dev].mtu = r->plan.bend[r->bend].mtu;
		r->net->bent = true;
	}
}

/* Lets time go on until nothing is left to wait for, or, with `until`, that says so. */
static void go(struct run *r, bool (*until)(const struct sim_apps *a))
{
	struct sim_net *n = r->net;

	while (!n->failed && !(until && until(&r->apps))) {
		uint64_t at = sim_net_next(n), app = sim_apps_next(&r->apps);

		at = app < at ? app : at;
		if (at == PH_NEVER)
			return;
		at = bend_next(r) < at ? bend_next(r) : at;
		if (at > n->now)
			n->now = at;
		bend(r);
		sim_apps_mark(&r->apps);
		sim_net_settle(n);
	}
}

static void say_open(struct run *r)
{
	for (unsigned i = 0; i < 2 * r->apps.nconn; i++) {
		const struct sim_end *e = &r->apps.end[i];

		if (sim_end_over(e))
			continue;
		sim_fail(r->net,
			 "connection %u stands still and nothing is left to wait for: the %s at %s "
			 "is %s, wrote %" PRIu64 " of %" PRIu64 " octets and read %" PRIu64
			 " of %" PRIu64,
			 e->conn, e->side ? "server" : "client", e->host->name,
			 e->state == SIM_END_OPEN	? "open" :
			 e->state == SIM_END_CONNECTING ? "connecting" :
							  "not there yet",
			 e->out, sim_end_writes(&r->apps, e), e->in, sim_end_reads(&r->apps, e));
	}
}

/* Where memory was short a connection may well stand still for ever: its ends leave. */
static void give_up_fragile(struct run *r)
{
	for (unsigned i = 0; i < 2 * r->apps.nconn; i++) {
		struct sim_end *e = &r->apps.end[i];
		const struct sim_conn_plan *c = &r->plan.conn[e->conn];

		if (sim_end_over(e) || !(r->plan.fragile[c->host[0]] || r->plan.fragile[c->host[1]]))
			continue;
		sim_apps_quit(&r->apps, e);
	}
}

static void play(struct run *r)
{
	/* What giving a host its addresses made it say leaves, though nobody else ever speaks to it. */
	for (unsigned i = 0; i < r->net->nhost; i++)
		r->net->host[i].dirty = r->net->host[i].st != NULL;
	sim_apps_listen(&r->apps, &r->plan.listener, r->plan.backlog);
	go(r, sim_apps_finished);
	if (!r->net->failed && !sim_apps_finished(&r->apps)) {
		give_up_fragile(r);
		if (!sim_apps_finished(&r->apps))
			say_open(r);
	}
	if (r->net->failed)
		return;
	sim_apps_stop_listening(&r->apps);
	go(r, NULL);
	if (r->net->failed)
		return;
	sim_apps_judge(&r->apps, r->plan.fragile, r->plan.loss);
	sim_flows_judge(&r->apps.flows, r->plan.fragile);
	sim_net_account(r->net);
	if (r->conf->check)
		sim_check_audits(&r->check);
	sim_check_empty(&r->check);
}

static void sum_up(const struct run *r, struct sim_result *res)
{
	const struct sim_net *n = r->net;

	*res = (struct sim_result){ .ok = !n->failed,
				    .digest = n->digest,
				    .virtual_ns = n->now - SIM_START_NS,
				    .events = n->events,
				    .hosts = n->nhost,
				    .conns = r->apps.nconn };
	memcpy(res->why, n->why, sizeof(res->why));
	for (unsigned i = 0; i < n->nwire; i++) {
		const struct link_stats *s = link_model_stats(link_pipe_model(n->wire[i].pipe));

		res->frames += s->frames;
		for (int d = 0; d < LINK_DROP_COUNT; d++)
			res->drops += s->drops[d];
	}
	for (unsigned i = 0; i < 2 * r->apps.nconn; i++) {
		const struct sim_end *e = &r->apps.end[i];

		res->octets += e->in;
		res->octets6 += r->plan.conn[e->conn].six ? e->in : 0;
		res->done += e->state == SIM_END_DONE;
		res->aborted += e->state == SIM_END_ABORTED;
		res->failed += e->state == SIM_END_FAILED;
	}
}

/* Who had not ended: what a run that stood still was waiting for. */
static void report_waiting(const struct run *r, FILE *f)
{
	static const char *const state[] = { "waiting", "connecting", "open" };

	for (unsigned i = 0; i < 2 * r->apps.nconn; i++) {
		const struct sim_end *e = &r->apps.end[i];

		if (!sim_end_over(e))
			fprintf(f, "connection %u %s is %s: wrote %" PRIu64 ", read %" PRIu64 "%s%s%s\n",
				e->conn, e->side ? "server" : "client", state[e->state], e->out, e->in,
				e->shut ? ", shut down" : "", e->eof ? ", heard the end" : "",
				e->write_blocked ? ", waits for room" : "");
	}
}

static void report(const struct run *r)
{
	FILE *f = r->conf->report;

	if (r->net->trace) {
		fputs("last events:\n", f);
		sim_trace_print(r->net->trace, f);
	}
	fputs("plan:\n", f);
	sim_plan_print(&r->plan, f);
	report_waiting(r, f);
	fprintf(f, "seed %" PRIu64 " failed at %" PRIu64 ".%09" PRIu64 " s: %s\n", r->plan.seed,
		r->net->now / 1000000000u, r->net->now % 1000000000u, r->net->why);
	if (r->conf->again)
		fprintf(f, "again: %s\n", r->conf->again);
}

static int make_plan(struct run *r, struct net_err *e)
{
	const struct sim_run_conf *c = r->conf;
	struct topo_vars vars = { .nvar = 0 };
	struct sim_topo topo;
	int rc = 0;

	if (!c->topo)
		return sim_plan_draw(&r->plan, c->seed, NULL, NULL, e);
	for (unsigned i = 0; c->vars && i < c->vars->nvar && rc == 0; i++)
		rc = topo_vars_set(&vars, c->vars->var[i].name, c->vars->var[i].value, true, e);
	sim_topo_init(&topo);
	if (rc == 0)
		rc = sim_topo_text(&topo, c->topo, c->topo_name, &vars, e);
	if (rc == 0)
		rc = sim_plan_draw(&r->plan, c->seed, &topo, c->topo_name, e);
	sim_topo_free(&topo);
	topo_vars_free(&vars);
	return rc;
}

int sim_run(const struct sim_run_conf *conf, struct sim_result *result, struct net_err *e)
{
	struct run r = { .conf = conf };

	if (make_plan(&r, e) == 0)
		r.net = sim_net_new(&r.plan.topo, r.plan.host, conf->seed, conf->check, e);
	if (!r.net) {
		sim_plan_free(&r.plan);
		return -1;
	}
	r.net->events_max = SIM_EVENTS_MAX;
	r.net->now_max = SIM_START_NS + SIM_TIME_MAX_NS;
	r.net->hooks = (struct sim_hooks){ .ctx = &r, .turn = on_turn, .after = on_after };
	sim_apps_init(&r.apps, r.net, r.plan.conn, r.plan.nconn, r.plan.flow, r.plan.nflow,
		      conf->seed);
	sim_check_init(&r.check, r.net, &r.apps);
	if (conf->check)
		r.net->hooks.frame = on_frame;
	under_way = &r;
	play(&r);
	under_way = NULL;
	sum_up(&r, result);
	if (!result->ok && conf->report)
		report(&r);
	sim_check_free(&r.check);
	sim_apps_free(&r.apps);
	sim_net_free(r.net);
	sim_plan_free(&r.plan);
	return 0;
}

void sim_run_dump(FILE *f)
{
	if (!under_way)
		return;
	if (under_way->net->trace)
		sim_trace_print(under_way->net->trace, f);
	sim_plan_print(&under_way->plan, f);
}
