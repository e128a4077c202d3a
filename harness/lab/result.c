/* SPDX-License-Identifier: BSD-2-Clause */
/* A run in numbers (docs/lab-format.md, "A result"); see run.h. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/lab/jout.h"
#include "harness/lab/run.h"
#include "harness/lab/watch.h"
#include "harness/sim/mem.h"

#define CONVERGED 0.9
enum { WINDOW = LAB_BINS_PER_S, STAYS = 5 * LAB_BINS_PER_S };

enum lab_verdict lab_judge(const struct lab *l, const char **why)
{
	*why = "";
	if (l->net->failed)
		*why = l->net->why;
	else if (l->why[0])
		*why = l->why;
	if (l->net->failed && l->net->limited)
		return LAB_ERROR;
	return **why ? LAB_FAIL : LAB_PASS;
}

static double over(double a, double b)
{
	return b > 0 ? a / b : NAN;
}

static double goodput(const struct lab_run *r)
{
	uint64_t now = r->lab->net->now, to = r->ended_ns < now ? r->ended_ns : now;

	if (to <= r->from_ns)
		return NAN;
	return (double)(r->bytes - r->bytes_settled) * 8 / lab_seconds(to - r->from_ns);
}

/* ---- of the whole ------------------------------------------------------------------------------- */

static bool shares(const struct lab_run *r)
{
	return r->flow->kind == LAB_BULK || r->flow->kind == LAB_ONOFF;
}

struct jain {
	double sum, squares;
	unsigned n;
};

static void jain_add(struct jain *j, double x)
{
	j->sum += x;
	j->squares += x * x;
	j->n++;
}

static double jain_index(const struct jain *j)
{
	return j->n < 2 ? NAN : over(j->sum * j->sum, j->n * j->squares);
}

static double fairness(const struct lab *l)
{
	struct jain j = { 0, 0, 0 };

	for (unsigned i = 0; i < l->nrun; i++)
		if (shares(&l->run[i]) && !isnan(goodput(&l->run[i])))
			jain_add(&j, goodput(&l->run[i]));
	return jain_index(&j);
}

static double window_index(const struct lab *l, size_t first)
{
	struct jain j = { 0, 0, 0 };

	for (unsigned i = 0; i < l->nrun; i++) {
		const struct lab_run *r = &l->run[i];
		double sum = 0;

		for (size_t k = first; k < first + WINDOW; k++)
			sum += k < r->nbin ? (double)r->bin[k] : 0;
		if (r->flow->kind == LAB_BULK)
			jain_add(&j, sum);
	}
	return jain_index(&j);
}

static double converge(const struct lab *l)
{
	size_t bins = (size_t)((l->net->now - SIM_START_NS) * LAB_BINS_PER_S / 1000000000u);
	uint64_t last_ns = 0;
	unsigned stays = 0;
	size_t first;

	for (unsigned i = 0; i < l->nrun; i++)
		if (l->run[i].flow->kind == LAB_BULK && l->run[i].flow->start_ns > last_ns)
			last_ns = l->run[i].flow->start_ns;
	first = (size_t)ceil(lab_seconds(last_ns) * LAB_BINS_PER_S);
	for (size_t at = first; at + WINDOW <= bins; at++) {
		stays = window_index(l, at) >= CONVERGED ? stays + 1 : 0;
		if (stays == STAYS)
			return (double)(at + 1 - STAYS + WINDOW) / LAB_BINS_PER_S - lab_seconds(last_ns);
	}
	return NAN;
}

/* ---- of flows -------------------------------------------------------------------------------------- */

static double percentile(const struct lab_hist *h, double share)
{
	return h->n ? lab_seconds(lab_hist_at(h, share)) : NAN;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Exact while all are listed. */
static double transfer_percentile(const struct lab_run *r, double share)
{
	double *sorted, at;

	if (r->ntransfer == 0 || r->ntransfer > LAB_TRANSFERS_LISTED)
		return percentile(&r->transfer, share);
	sorted = sim_alloc(r->ntransfer * sizeof(*sorted));
	memcpy(sorted, r->transfer_s, r->ntransfer * sizeof(*sorted));
	qsort(sorted, r->ntransfer, sizeof(*sorted), by_size);
	at = sorted[(size_t)ceil(share * (double)r->ntransfer) - 1];
	free(sorted);
	return at;
}

static void tell_transfers(struct lab_jout *j, const struct lab_run *r)
{
	lab_jout_whole(j, "transfers", r->ntransfer);
	lab_jout_open(j, "completion_s", '[');
	for (uint64_t i = 0; i < r->ntransfer && i < LAB_TRANSFERS_LISTED; i++)
		lab_jout_real(j, NULL, r->transfer_s[i]);
	lab_jout_close(j, ']');
	lab_jout_real(j, "completion_mean_s", over(r->transfer_sum, (double)r->ntransfer));
	lab_jout_real(j, "completion_p50_s", transfer_percentile(r, 0.5));
	lab_jout_real(j, "completion_p95_s", transfer_percentile(r, 0.95));
	lab_jout_real(j, "completion_p99_s", transfer_percentile(r, 0.99));
}

static void tell_flow(struct lab_jout *j, const struct lab_run *r)
{
	double mean = over(r->rtt.sum / 1e9, (double)r->rtt.n), least = lab_seconds(r->rtt_least_ns);

	lab_jout_open(j, NULL, '{');
	lab_jout_text(j, "name", r->flow->name);
	lab_jout_text(j, "kind", lab_kind_word(r->flow->kind));
	lab_jout_whole(j, "bytes", r->bytes);
	lab_jout_real(j, "goodput_bps", goodput(r));
	tell_transfers(j, r);
	lab_jout_whole(j, "segments", r->segments);
	lab_jout_whole(j, "retransmitted", r->retransmitted);
	lab_jout_real(j, "retransmitted_share", over((double)r->retransmitted, (double)r->segments));
	lab_jout_real(j, "rtt_min_s", least > 0 ? least : NAN);
	lab_jout_real(j, "rtt_mean_s", mean);
	lab_jout_real(j, "rtt_p95_s", percentile(&r->rtt, 0.95));
	lab_jout_real(j, "rtt_inflation", over(mean, least));
	lab_jout_real(j, "cwnd_mean", over(r->cwnd_area, r->cwnd_s));
	lab_jout_whole(j, "timeouts", r->timeouts);
	lab_jout_whole(j, "fast_recoveries", r->recoveries);
	lab_jout_whole(j, "connections", r->connections);
	lab_jout_whole(j, "failed", r->failed);
	lab_jout_close(j, '}');
}

/* ---- of links -------------------------------------------------------------------------------------- */

static void tell_link(struct lab_jout *j, const struct lab *l, const struct lab_watcher *w)
{
	const struct link_model *m = link_pipe_model(w->wire->pipe);
	const struct link_stats *s = link_model_stats(m);
	double rate = (double)link_model_spec(m)->rate_bps;
	double time = l->net->now > l->settle_ns ? lab_seconds(l->net->now - l->settle_ns) : 0;

	lab_jout_open(j, NULL, '{');
	lab_jout_text(j, "name", w->watch->name);
	lab_jout_whole(j, "frames", s->frames);
	lab_jout_whole(j, "bytes", s->bytes);
	lab_jout_open(j, "dropped", '{');
	for (unsigned i = LINK_DROP_NONE + 1; i < LINK_DROP_COUNT; i++)
		if (s->drops[i])
			lab_jout_whole(j, link_drop_text(i), s->drops[i]);
	lab_jout_close(j, '}');
	lab_jout_whole(j, "marked", s->marked);
	lab_jout_real(j, "queue_mean_packets", over(w->packets.sum, (double)w->packets.n));
	lab_jout_whole(j, "queue_p95_packets", lab_hist_at(&w->packets, 0.95));
	lab_jout_whole(j, "queue_max_packets", w->packets.most);
	lab_jout_real(j, "queue_mean_s", over(w->wait.sum / 1e9, (double)w->wait.n));
	lab_jout_real(j, "queue_p95_s", percentile(&w->wait, 0.95));
	lab_jout_real(j, "utilisation", over((double)w->octets * 8, rate * time));
	lab_jout_close(j, '}');
}

/* ---- all ------------------------------------------------------------------------------------------- */

static void head(struct lab_jout *j, const struct lab_point *p, enum lab_verdict verdict,
		 const char *why)
{
	static const char *const words[] = { "pass", "fail", "error" };

	lab_jout_open(j, NULL, '{');
	lab_jout_whole(j, "format", LAB_FORMAT);
	lab_jout_text(j, "verdict", words[verdict]);
	lab_jout_text(j, "reason", why);
	lab_jout_text(j, "name", p->name);
	lab_jout_whole(j, "point", p->number);
	lab_jout_whole(j, "seed", p->seed);
}

void lab_result(const struct lab *l, FILE *f)
{
	struct lab_jout j = { .f = f };
	const char *why;
	enum lab_verdict verdict = lab_judge(l, &why);
	double sum = 0;
	char digest[20];

	head(&j, l->point, verdict, why);
	snprintf(digest, sizeof(digest), "%016" PRIx64, l->net->digest);
	lab_jout_real(&j, "virtual_s", lab_time(l->net->now));
	lab_jout_whole(&j, "events", l->net->events);
	lab_jout_text(&j, "digest", digest);
	lab_jout_open(&j, "flows", '[');
	for (unsigned i = 0; i < l->nrun; i++) {
		tell_flow(&j, &l->run[i]);
		sum += isnan(goodput(&l->run[i])) ? 0 : goodput(&l->run[i]);
	}
	lab_jout_close(&j, ']');
	lab_jout_open(&j, "links", '[');
	for (unsigned i = 0; i < l->point->nwatch; i++)
		tell_link(&j, l, &l->watcher[i]);
	lab_jout_close(&j, ']');
	lab_jout_real(&j, "fairness", fairness(l));
	lab_jout_real(&j, "converge_s", converge(l));
	lab_jout_real(&j, "goodput_bps", sum);
	lab_jout_close(&j, '}');
	putc('\n', f);
}

void lab_result_none(const struct lab_point *p, const char *reason, FILE *f)
{
	struct lab_jout j = { .f = f };

	head(&j, p, LAB_ERROR, reason);
	lab_jout_real(&j, "virtual_s", 0);
	lab_jout_whole(&j, "events", 0);
	lab_jout_text(&j, "digest", "");
	lab_jout_open(&j, "flows", '[');
	lab_jout_close(&j, ']');
	lab_jout_open(&j, "links", '[');
	lab_jout_close(&j, ']');
	lab_jout_null(&j, "fairness");
	lab_jout_null(&j, "converge_s");
	lab_jout_null(&j, "goodput_bps");
	lab_jout_close(&j, '}');
	putc('\n', f);
}
