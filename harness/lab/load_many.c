/* SPDX-License-Identifier: BSD-2-Clause */
/* Flows of many connections: pages, rounds of incast, arrivals; see load.h. */
#include <stdlib.h>

#include "harness/lab/load.h"
#include "harness/sim/mem.h"

static void no_read(struct lab_conn *c, unsigned side, uint64_t n)
{
	(void)c;
	(void)side;
	(void)n;
}

static void nothing(struct lab_conn *c)
{
	(void)c;
}

/* ---- web -------------------------------------------------------------------------------------------- */

static void web_page(void *run, uint64_t arg)
{
	struct lab_run *r = run;
	unsigned conns;

	(void)arg;
	if (!lab_load_goes_on(r) || r->failed)
		return;
	r->begun++;
	r->round_ns = r->lab->net->now;
	r->left = lab_load_octets(r, &r->flow->objects, LAB_DRAW_OBJECTS);
	r->waiting = (unsigned)r->left;
	conns = r->left < r->flow->connections ? (unsigned)r->left : r->flow->connections;
	for (unsigned i = 0; i < conns && !r->failed; i++)
		(void)lab_conn_open(r, r->flow->from[0], r->flow->to);
}

static void web_fetch(struct lab_conn *c)
{
	struct lab_run *r = c->run;

	if (r->left == 0 || r->stopped) {
		lab_conn_close(c);
		return;
	}
	r->left--;
	lab_conn_ask(c, lab_load_octets(r, &r->flow->request, LAB_DRAW_REQUEST),
		     lab_load_octets(r, &r->flow->size, LAB_DRAW_SIZE));
}

static void web_answered(struct lab_conn *c)
{
	struct lab_run *r = c->run;

	if (--r->waiting == 0) {
		lab_load_transfer(r, r->round_ns);
		if (lab_load_goes_on(r))
			lab_load_in(r, lab_load_ns(r, &r->flow->think, LAB_DRAW_THINK), web_page);
		else
			lab_load_ended(r);
	}
	web_fetch(c);
}

static void web_stop(struct lab_run *r)
{
	lab_load_ended(r);
}

static void web_start(struct lab_run *r)
{
	web_page(r, 0);
}

const struct lab_load_kind lab_load_web = { web_start, web_fetch, no_read, web_answered, nothing,
					    web_stop };

/* ---- incast ------------------------------------------------------------------------------------------ */

static void incast_round(void *run, uint64_t arg)
{
	struct lab_run *r = run;

	(void)arg;
	if (!lab_load_goes_on(r) || r->failed)
		return;
	r->begun++;
	r->round_ns = r->lab->net->now;
	r->waiting = r->nconn;
	for (unsigned i = 0; i < r->nconn && !r->failed; i++)
		lab_conn_ask(r->conn[i], lab_load_octets(r, &r->flow->request, LAB_DRAW_REQUEST),
			     lab_load_octets(r, &r->flow->size, LAB_DRAW_SIZE));
}

static void incast_start(struct lab_run *r)
{
	r->conn = sim_alloc(r->flow->nfrom * sizeof(*r->conn));
	for (unsigned i = 0; i < r->flow->nfrom && !r->failed; i++)
		r->conn[r->nconn++] = lab_conn_open(r, r->flow->to, r->flow->from[i]);
}

static void incast_opened(struct lab_conn *c)
{
	struct lab_run *r = c->run;

	if (++r->ready == r->flow->nfrom)
		incast_round(r, 0);
}

static void incast_close(struct lab_run *r)
{
	for (unsigned i = 0; i < r->nconn; i++)
		lab_conn_close(r->conn[i]);
	r->nconn = 0;
	lab_load_ended(r);
}

static void incast_answered(struct lab_conn *c)
{
	struct lab_run *r = c->run;

	if (--r->waiting > 0)
		return;
	lab_load_transfer(r, r->round_ns);
	if (lab_load_goes_on(r))
		lab_load_in(r, lab_load_ns(r, &r->flow->think, LAB_DRAW_THINK), incast_round);
	else
		incast_close(r);
}

/* One that failed is missing in every round: there is none any more. */
static void incast_closed(struct lab_conn *c)
{
	if (!c->error)
		return;
	c->run->nconn = 0;
	lab_load_ended(c->run);
}

static void incast_stop(struct lab_run *r)
{
	if (r->waiting == 0)
		incast_close(r);
}

const struct lab_load_kind lab_load_incast = { incast_start, incast_opened, no_read, incast_answered,
					       incast_closed, incast_stop };

/* ---- arrivals ---------------------------------------------------------------------------------------- */

static void arrivals_next(void *run, uint64_t arg)
{
	struct lab_run *r = run;
	struct lab_conn *c;

	(void)arg;
	if (r->stopped)
		return;
	c = lab_conn_open(r, r->flow->from[0], r->flow->to);
	r->waiting += !c->over;
	lab_conn_owe(c, 0, lab_load_octets(r, &r->flow->size, LAB_DRAW_SIZE));
	lab_load_in(r, lab_load_ns(r, &r->flow->gap, LAB_DRAW_GAP), arrivals_next);
}

static void arrivals_start(struct lab_run *r)
{
	arrivals_next(r, 0);
}

static void arrivals_read(struct lab_conn *c, unsigned side, uint64_t n)
{
	(void)n;
	if (side != 1 || c->end[1].in != c->end[0].owes)
		return;
	lab_load_transfer(c->run, c->begun_ns);
	lab_conn_close(c);
}

static void arrivals_closed(struct lab_conn *c)
{
	if (c->run->waiting > 0 && --c->run->waiting == 0 && c->run->stopped)
		lab_load_ended(c->run);
}

static void arrivals_stop(struct lab_run *r)
{
	if (r->waiting == 0)
		lab_load_ended(r);
}

const struct lab_load_kind lab_load_arrivals = { arrivals_start, nothing, arrivals_read, nothing,
						 arrivals_closed, arrivals_stop };
