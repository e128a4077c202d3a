/* SPDX-License-Identifier: BSD-2-Clause */
/* What all kinds of flows share, and those of one connection; see load.h. */
#include "harness/lab/load.h"

#include <string.h>

#include "harness/lab/meter.h"
#include "harness/sim/mem.h"

enum { TICK_OCTETS = 1448 }; /* a flow of a rate writes this much at a time, or a millisecond's */
#define TICK_NS 1000000u

/* ---- shared ---------------------------------------------------------------------------------------- */

uint64_t lab_load_octets(struct lab_run *r, const struct lab_draw *d, enum lab_stream s)
{
	double n = lab_draw(d, &r->draw[s]);

	return n >= 1 ? (uint64_t)n : 1;
}

uint64_t lab_load_ns(struct lab_run *r, const struct lab_draw *d, enum lab_stream s)
{
	double seconds = lab_draw(d, &r->draw[s]);

	return seconds > 0 ? (uint64_t)(seconds * 1e9) : 0;
}

void lab_load_transfer(struct lab_run *r, uint64_t begun_ns)
{
	double seconds = lab_seconds(r->lab->net->now - begun_ns);

	if (r->ntransfer < LAB_TRANSFERS_LISTED) {
		r->transfer_s = sim_grow(r->transfer_s, r->ntransfer, sizeof(*r->transfer_s));
		r->transfer_s[r->ntransfer] = seconds;
	}
	r->ntransfer++;
	r->transfer_sum += seconds;
	lab_hist_add(&r->transfer, r->lab->net->now - begun_ns, 1);
}

void lab_load_ended(struct lab_run *r)
{
	if (r->ended_ns > r->lab->net->now)
		r->ended_ns = r->lab->net->now;
}

void lab_load_in(struct lab_run *r, uint64_t ns, void (*fn)(void *run, uint64_t arg))
{
	lab_clock_at(&r->lab->clock, r->lab->net->now + ns, fn, r, 0);
}

bool lab_load_goes_on(const struct lab_run *r)
{
	return !r->stopped && r->begun < r->flow->count;
}

/* The one connection of a bulk, request or onoff flow, or NULL. */
static struct lab_conn *only(const struct lab_run *r)
{
	return r->nconn ? r->conn[0] : NULL;
}

static struct lab_conn *open_only(struct lab_run *r)
{
	struct lab_conn *c;

	if (!r->nconn) {
		r->conn = sim_alloc(sizeof(*r->conn));
		r->nconn = 1;
	}
	c = lab_conn_open(r, r->flow->from[0], r->flow->to);
	r->conn[0] = c->over ? NULL : c;
	return c;
}

static void close_only(struct lab_run *r)
{
	if (only(r))
		lab_conn_close(only(r));
}

static void forget_only(struct lab_conn *c)
{
	if (only(c->run) == c)
		c->run->conn[0] = NULL;
	lab_load_ended(c->run);
}

static void nothing(struct lab_conn *c)
{
	(void)c;
}

static void no_read(struct lab_conn *c, unsigned side, uint64_t n)
{
	(void)c;
	(void)side;
	(void)n;
}

/* ---- bulk ------------------------------------------------------------------------------------------ */

static void bulk_start(struct lab_run *r)
{
	lab_conn_owe(open_only(r), 0, r->flow->bytes);
}

static void bulk_read(struct lab_conn *c, unsigned side, uint64_t n)
{
	(void)n;
	if (side != 1 || c->end[1].in != c->run->flow->bytes)
		return;
	lab_load_transfer(c->run, c->begun_ns);
	lab_load_ended(c->run);
	lab_conn_close(c);
}

static const struct lab_load_kind bulk = { bulk_start, nothing, bulk_read, nothing, forget_only,
					   close_only };

/* ---- request --------------------------------------------------------------------------------------- */

static void ask(struct lab_conn *c)
{
	struct lab_run *r = c->run;

	r->begun++;
	lab_conn_ask(c, lab_load_octets(r, &r->flow->request, LAB_DRAW_REQUEST),
		     lab_load_octets(r, &r->flow->size, LAB_DRAW_SIZE));
}

static void ask_again(void *run, uint64_t arg)
{
	struct lab_run *r = run;

	(void)arg;
	if (r->stopped)
		return;
	if (only(r))
		ask(only(r));
	else if (r->flow->reconnect)
		(void)open_only(r);
}

static void request_start(struct lab_run *r)
{
	(void)open_only(r);
}

static void request_answered(struct lab_conn *c)
{
	struct lab_run *r = c->run;

	lab_load_transfer(r, r->flow->reconnect ? c->begun_ns : c->asked_ns);
	if (lab_load_goes_on(r))
		lab_load_in(r, lab_load_ns(r, &r->flow->think, LAB_DRAW_THINK), ask_again);
	else
		lab_load_ended(r);
	if (r->flow->reconnect || !lab_load_goes_on(r)) {
		lab_conn_close(c);
		r->conn[0] = NULL;
	}
}

static void request_closed(struct lab_conn *c)
{
	if (c->error || !c->run->flow->reconnect)
		forget_only(c);
}

static void request_stop(struct lab_run *r)
{
	struct lab_conn *c = only(r);

	if (c && !c->asking)
		lab_conn_close(c);
	if (!c)
		lab_load_ended(r);
}

static const struct lab_load_kind request = { request_start, ask, no_read, request_answered,
					      request_closed, request_stop };

/* ---- onoff ------------------------------------------------------------------------------------------ */

static void onoff_off(void *run, uint64_t arg);

/* As much as the rate allows until now, and when it allows more. */
static void onoff_tick(void *run, uint64_t arg)
{
	struct lab_run *r = run;
	struct lab_conn *c = only(r);
	uint64_t rate = r->flow->rate_bps, step = TICK_OCTETS * 8000000000ull / rate;

	if (!c || !r->on || r->stopped || arg != r->begun)
		return;
	lab_conn_owe(c, 0, r->on_from + (uint64_t)((double)rate / 8 *
						   lab_seconds(r->lab->net->now - r->on_ns)));
	lab_clock_at(&r->lab->clock, r->lab->net->now + (step > TICK_NS ? step : TICK_NS), onoff_tick,
		     r, arg);
}

static void onoff_on(void *run, uint64_t arg)
{
	struct lab_run *r = run;
	struct lab_conn *c = only(r);

	(void)arg;
	if (!c || r->stopped)
		return;
	r->on = true;
	r->begun++;
	r->on_ns = r->lab->net->now;
	r->on_from = c->end[0].out;
	if (r->flow->rate_bps)
		onoff_tick(r, r->begun);
	else
		lab_conn_owe(c, 0, UINT64_MAX);
	lab_load_in(r, lab_load_ns(r, &r->flow->on, LAB_DRAW_ON), onoff_off);
}

static void onoff_off(void *run, uint64_t arg)
{
	struct lab_run *r = run;
	struct lab_conn *c = only(r);

	(void)arg;
	r->on = false;
	if (!c || r->stopped)
		return;
	lab_conn_owe(c, 0, 0);
	lab_load_in(r, lab_load_ns(r, &r->flow->off, LAB_DRAW_OFF), onoff_on);
}

static void onoff_start(struct lab_run *r)
{
	(void)open_only(r);
}

static void onoff_opened(struct lab_conn *c)
{
	onoff_on(c->run, 0);
}

static const struct lab_load_kind onoff = { onoff_start, onoff_opened, no_read, nothing, forget_only,
					    close_only };

/* ---- all ---------------------------------------------------------------------------------------------- */

static const struct lab_load_kind *kind_of(const struct lab_run *r)
{
	static const struct lab_load_kind *const kinds[] = {
		[LAB_BULK] = &bulk,
		[LAB_REQUEST] = &request,
		[LAB_ONOFF] = &onoff,
		[LAB_WEB] = &lab_load_web,
		[LAB_INCAST] = &lab_load_incast,
		[LAB_ARRIVALS] = &lab_load_arrivals,
	};

	return kinds[r->flow->kind];
}

static void start(void *run, uint64_t arg)
{
	(void)arg;
	kind_of(run)->start(run);
}

static void stop(void *run, uint64_t arg)
{
	struct lab_run *r = run;

	(void)arg;
	r->stopped = true;
	kind_of(r)->stop(r);
}

void lab_load_begin(struct lab_run *r)
{
	const struct lab_flow *f = r->flow;
	struct lab *l = r->lab;
	uint64_t start_ns = SIM_START_NS + f->start_ns;

	for (unsigned i = 0; i < LAB_DRAWS; i++)
		r->draw[i] = sim_rand_of(f->stream, i);
	r->ended_ns = UINT64_MAX;
	r->from_ns = start_ns > l->settle_ns ? start_ns : l->settle_ns;
	lab_clock_at(&l->clock, start_ns, start, r, 0);
	if (f->stop_ns != UINT64_MAX)
		lab_clock_at(&l->clock, SIM_START_NS + f->stop_ns, stop, r, 0);
}

void lab_load_opened(struct lab_conn *c)
{
	kind_of(c->run)->opened(c);
	if (c->end[0].owes > c->end[0].out)
		lab_conn_owe(c, 0, c->end[0].owes);
}

void lab_load_read(struct lab_conn *c, unsigned side, uint64_t n)
{
	if (side != lab_data_side(c->run))
		lab_meter_read(c->run, n);
	kind_of(c->run)->read(c, side, n);
}

void lab_load_answered(struct lab_conn *c)
{
	kind_of(c->run)->answered(c);
}

void lab_load_closed(struct lab_conn *c)
{
	kind_of(c->run)->closed(c);
}
