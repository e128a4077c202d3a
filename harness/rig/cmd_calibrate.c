/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rig calibrate: what each backend of a link does on this machine, beside what was asked for. What is
 * a matter of chance must be within its bounds: five standard deviations, which a correct link leaves
 * once in 1.7 million. What is a matter of the machine's speed is said as it is.
 */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/dut/turn.h"
#include "harness/link/wire_can.h"
#include "harness/rig/calibrate.h"
#include "harness/rig/launch.h"
#include "harness/rig/rig.h"

enum { ROWS_MAX = 64, BACKENDS = 3, WORDS_MAX = 20, LINE = 300, FRAMES_MIN = 1000, FRAMES_MAX = 1000000 };
#define MS 1000000ull
#define US 1000ull
#define SIGMAS 5.0

/* Aims of the wire on an idle core. */
#define DELAY_MEDIAN_AIM_US 200.0
#define DELAY_P99_AIM_US 1000.0
#define RATE_AIM_PERCENT 1.0

/* How far a queue may be from the model's: shares of frames in per cent, waits. */
#define QUEUE_SHARE 3.0
#define QUEUE_WAIT 0.1
#define QUEUE_MS 8.0
#define QUEUE_SAVED 15	/* frames of 1000 bytes in a bucket of ten of 1514 */
#define QUEUE_STALL_NS (30 * MS)

struct row {
	const char *backend, *what, *asked, *unit;
	double measured, low, high;	/* low > high: nothing is expected */
	bool chance;			/* must be within, whatever the machine */
};

struct backend {
	const char *name;
	struct calibrate_ends ends;
	int control;			/* the world's; -1: virtual time */
};

struct table {
	struct row row[ROWS_MAX];
	unsigned int n;
	uint32_t frames;		/* of a count */
};

static void note(struct table *t, const struct row *r)
{
	if (t->n < ROWS_MAX)
		t->row[t->n++] = *r;
}

static bool within(const struct row *r)
{
	return r->low > r->high || (r->measured >= r->low && r->measured <= r->high);
}

/* A link in virtual time that does this. */
static struct link_pipe *new_pipe(const char *words, struct net_err *e)
{
	char copy[LINE], err[LINK_ERR_TEXT];
	const char *word[WORDS_MAX];
	struct link_spec spec;
	struct link_pipe *p;
	int n = 0;

	link_spec_init(&spec);
	snprintf(copy, sizeof(copy), "queue 100000 %s", words);
	for (char *w = strtok(copy, " "); w && n < WORDS_MAX; w = strtok(NULL, " "))
		word[n++] = w;
	if (link_spec_parse(&spec, n, word, err, sizeof(err))) {
		net_failed(e, "%s", err);
		return NULL;
	}
	p = link_pipe_new(&spec, LINK_L2_ETHERNET, LINK_DIR_OUT);
	if (!p)
		net_failed(e, "out of memory");
	return p;
}

/* Make the link do this and nothing else. */
static int set_link(struct backend *b, const char *words, struct net_err *e)
{
	static const char clear[] = "delay 0 jitter 0 loss 0% dup 0% reorder 0% rate 0 queue 100000";
	char line[LINE];

	if (b->control >= 0) {
		snprintf(line, sizeof(line), "link a.x both %s backend %s", clear, b->name);
		if (world_say(b->control, line, NULL, NULL, e))
			return -1;
		if (!words[0])
			return 0;
		snprintf(line, sizeof(line), "link a.x out %s seed 1", words);
		return world_say(b->control, line, NULL, NULL, e);
	}
	link_pipe_free(b->ends.pipe);
	b->ends.pipe = new_pipe(words, e);
	return b->ends.pipe ? 0 : -1;
}

static int send_load(struct backend *b, const char *words, struct calibrate_run *run,
		     const struct calibrate_load *load, struct net_err *e)
{
	int rc;

	if (set_link(b, words, e))
		return -1;
	rc = calibrate_send(&b->ends, run, load);
	if (rc == 0)
		return 0;
	calibrate_free(run);
	return net_failed(e, "%s with %s: %s", b->name, words,
			  rc == -ETIMEDOUT ? "no frame came through" : strerror(-rc));
}

static int send_frames(struct backend *b, const char *words, struct calibrate_run *run, uint32_t n,
		       uint32_t len, uint64_t gap_ns, uint64_t rest_ns, struct net_err *e)
{
	const struct calibrate_load load = { .n = n, .len = len, .gap_ns = gap_ns, .rest_ns = rest_ns };

	return send_load(b, words, run, &load, e);
}

static int delays(struct backend *b, struct table *t, struct net_err *e)
{
	struct calibrate_run run;

	if (send_frames(b, "delay 10ms", &run, 2000, 200, MS, 20 * MS, e))
		return -1;
	note(t, &(struct row){ b->name, "delay error, median", "delay 10ms", "us",
			       (double)calibrate_delay_error(&run, 10 * MS, 0.5) / 1e3, 0,
			       DELAY_MEDIAN_AIM_US, false });
	note(t, &(struct row){ b->name, "delay error, p99", "delay 10ms", "us",
			       (double)calibrate_delay_error(&run, 10 * MS, 0.99) / 1e3, 0,
			       DELAY_P99_AIM_US, false });
	calibrate_free(&run);
	return 0;
}

/* A count of n of probability p, with a variance that is more than a binomial's by `times`. */
static void note_share(struct table *t, const char *backend, const char *what, const char *asked,
		       uint32_t count, double n, double p, double times)
{
	double sigma = sqrt(p * (1 - p) / n * times);

	note(t, &(struct row){ backend, what, asked, "%", 100.0 * count / n,
			       fmax(0, 100 * (p - SIGMAS * sigma)),
			       100 * (p + SIGMAS * sigma), true });
}

static int shares(struct backend *b, struct table *t, struct net_err *e)
{
	struct calibrate_run run;

	if (send_frames(b, "loss 10%", &run, t->frames, 100, 30 * US, 0, e))
		return -1;
	note_share(t, b->name, "lost", "loss 10%", calibrate_lost(&run), t->frames, 0.1, 1);
	calibrate_free(&run);
	if (send_frames(b, "dup 10%", &run, t->frames, 100, 30 * US, 0, e))
		return -1;
	note_share(t, b->name, "doubled", "dup 10%", calibrate_doubled(&run), t->frames, 0.1, 1);
	note_share(t, b->name, "lost meanwhile", "dup 10%", calibrate_lost(&run), t->frames, 0, 1);
	calibrate_free(&run);
	/* So long a delay that even a machine that is late does not make it half. */
	if (send_frames(b, "delay 1s reorder 25%", &run, t->frames / 4, 100, 100 * US, 1000 * MS, e))
		return -1;
	note_share(t, b->name, "early", "delay 1s reorder 25%", calibrate_quicker(&run, 500 * MS),
		   t->frames / 4, 0.25, 1);
	calibrate_free(&run);
	return 0;
}

/*
 * Gilbert's chain with p = 2% and r = 20%: it rests lost with p / (p + r), what a frame shows is worth
 * less than of independent ones by (1 + l) / (1 - l) with l = 1 - p - r, and bursts are geometric with
 * mean 1 / r and variance (1 - r) / r^2.
 */
static int bursts(struct backend *b, struct table *t, struct net_err *e)
{
	static const char words[] = "loss gemodel 2% 20%";
	double p = 0.02, r = 0.2, l = 1 - p - r, n;
	struct calibrate_run run;
	uint32_t lost;

	if (send_frames(b, words, &run, t->frames, 100, 30 * US, 0, e))
		return -1;
	lost = calibrate_lost(&run);
	n = calibrate_bursts(&run);
	note_share(t, b->name, "lost", words, lost, t->frames, p / (p + r), (1 + l) / (1 - l));
	note(t, &(struct row){ b->name, "length of a burst", words, "frames", n > 0 ? lost / n : 0,
			       1 / r - SIGMAS * sqrt((1 - r) / (n + 1)) / r,
			       1 / r + SIGMAS * sqrt((1 - r) / (n + 1)) / r, true });
	calibrate_free(&run);
	return 0;
}

/* 200 frames of 1000 bytes at 10 mbit: from the first to the last are 199 times 0.8 ms. */
static int rates(struct backend *b, struct table *t, struct net_err *e)
{
	struct sched_param first = { .sched_priority = sched_get_priority_min(SCHED_FIFO) };
	struct calibrate_run run;
	double span, ceiling;

	if (send_frames(b, "rate 10mbit", &run, 200, 1000, 0, 200 * MS, e))
		return -1;
	span = (double)calibrate_span_ns(&run);
	note(t, &(struct row){ b->name, "rate error", "rate 10mbit", "%",
			       span > 0 ? 100 * (199 * 0.8e6 / span - 1) : 100, -RATE_AIM_PERCENT,
			       RATE_AIM_PERCENT, false });
	calibrate_free(&run);
	if (set_link(b, "", e))
		return -1;
	/* On a loaded machine: what the link can, not what is left for us. A single processor we leave
	 * to the link. */
	if (sysconf(_SC_NPROCESSORS_ONLN) > 1)
		(void)sched_setscheduler(0, SCHED_FIFO, &first);
	ceiling = calibrate_ceiling(&b->ends, 500 * MS);
	(void)sched_setscheduler(0, SCHED_OTHER, &(struct sched_param){ .sched_priority = 0 });
	note(t, &(struct row){ b->name, "ceiling", "frames of 64 bytes", "frames/s",
			       ceiling, 1, 0, false });
	return 0;
}

/*
 * A quarter more than a line can carry, of which each tenth frame is another flow's, into a queue with a
 * discipline. What is expected is what the model makes of the same frames at the same times: how many are
 * dropped, and how long those wait that are not. A kernel that serves its line by ticks is off by some; and
 * netem's tbf saves, while a sender that was stalled sends nothing, what ten frames of full size may use.
 */
static void note_flow(struct table *t, const char *backend, const char *asked, const char *const what[2],
		      struct calibrate_flow is, struct calibrate_flow should, double saved)
{
	double lost = 100.0 * should.lost / should.n, wait = should.mean_ns / 1e6;

	note(t, &(struct row){ backend, what[0], asked, "%", 100.0 * is.lost / is.n,
			       fmax(0, lost - QUEUE_SHARE - saved),
			       lost + QUEUE_SHARE + saved, false });
	note(t, &(struct row){ backend, what[1], asked, "ms", is.mean_ns / 1e6,
			       fmax(0, wait * (1 - QUEUE_WAIT) - QUEUE_MS - saved),
			       wait * (1 + QUEUE_WAIT) + QUEUE_MS + saved, false });
}

static void note_queue(struct table *t, const char *backend, bool fair, const struct calibrate_run *run,
		       const struct calibrate_run *model)
{
	static const char *const all[] = { "dropped", "wait, mean" },
		*const thick[] = { "thick flow: dropped", "thick flow: wait" },
		*const thin[] = { "thin flow: dropped", "thin flow: wait" };
	static const char fq[] = "fq_codel, load 125%";
	double saved = 100.0 * calibrate_stalls(run, QUEUE_STALL_NS) * QUEUE_SAVED / run->n;

	if (!fair) {
		note_flow(t, backend, "codel, load 125%", all, calibrate_flow(run, CALIBRATE_ALL),
			  calibrate_flow(model, CALIBRATE_ALL), saved);
		return;
	}
	note_flow(t, backend, fq, thick, calibrate_flow(run, CALIBRATE_THICK),
		  calibrate_flow(model, CALIBRATE_THICK), saved);
	note_flow(t, backend, fq, thin, calibrate_flow(run, CALIBRATE_THIN),
		  calibrate_flow(model, CALIBRATE_THIN), saved);
}

static int queues(struct backend *b, struct table *t, struct net_err *e)
{
	static const char *const words[] = {
		"delay 1ms rate 2mbit queue codel target 20ms interval 50ms",
		"delay 1ms rate 2mbit queue fq_codel target 20ms interval 50ms noecn",
	};
	const struct calibrate_load load = { .n = 1500, .len = 1000, .thin = 10, .gap_ns = 3200 * US,
					     .rest_ns = 1000 * MS };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct calibrate_run run, model;
		struct link_pipe *p = new_pipe(words[i], e);
		int rc = -1;

		if (!p || send_load(b, words[i], &run, &load, e)) {
			link_pipe_free(p);
			return -1;
		}
		rc = calibrate_model(p, &model, &run);
		if (rc == 0)
			note_queue(t, b->name, i == 1, &run, &model);
		calibrate_free(&run);
		calibrate_free(&model);
		link_pipe_free(p);
		if (rc)
			return net_failed(e, "%s", strerror(-rc));
	}
	return 0;
}

/* What the link line holds words against. */
static void refusals(struct table *t)
{
	struct wire_can can;

	wire_can(&can);
	note(t, &(struct row){ "wire", "shortest delay", "kept at best", "us", (double)can.late_ns / 1e3, 1,
			       0, false });
	if (can.rate_bps > 0) /* 0: a machine too slow to find out */
		note(t, &(struct row){ "wire", "highest rate", "kept at best", "Mbit/s",
			       (double)can.rate_bps / 1e6, 1, 0, false });
}

static int measure(struct backend *b, struct table *t, struct net_err *e)
{
	if (strcmp(b->name, "wire") == 0)
		refusals(t);
	if (delays(b, t, e) || shares(b, t, e) || bursts(b, t, e) || queues(b, t, e))
		return -1;
	return rates(b, t, e);
}

/* A world of two nodes and a pair between them. */
static int in_world(struct backend *b, struct table *t, struct net_err *e)
{
	static const char *const lines[] = { "node a", "node b", "veth a.x b.x" };
	struct launch l = { .in = -1, .out = -1 };
	int rc = -1;

	if (launch_start(&l, "calibrate"))
		return net_cannot(e, "there is no world to measure the %s in", b->name);
	b->control = l.h.control;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (world_say(b->control, lines[i], NULL, NULL, e))
			goto out;
	if (set_link(b, "", e))
		goto out;
	b->ends.tx = world_say_fd(b->control, "socket a.x", e);
	b->ends.rx = world_say_fd(b->control, "socket b.x", e);
	if (b->ends.tx >= 0 && b->ends.rx >= 0)
		rc = measure(b, t, e);
	if (b->ends.tx >= 0)
		close(b->ends.tx);
	if (b->ends.rx >= 0)
		close(b->ends.rx);
out:
	launch_end(&l);
	return rc;
}

static int calibrate(struct backend *b, struct table *t, struct net_err *e)
{
	int rc;

	if (strcmp(b->name, "virtual") != 0)
		return in_world(b, t, e);
	b->control = -1;
	rc = measure(b, t, e);
	link_pipe_free(b->ends.pipe);
	return rc;
}

static const char *verdict(const struct row *r)
{
	if (r->low > r->high)
		return "";
	if (within(r))
		return "ok";
	return r->chance ? "WRONG" : "beyond the aim";
}

static void print_text(const struct table *t)
{
	printf("%-8s %-20s %-24s %12s  %-23s\n", "backend", "what", "asked", "measured", "expected");
	for (unsigned int i = 0; i < t->n; i++) {
		const struct row *r = &t->row[i];
		char expected[40] = "";

		if (r->low <= r->high)
			snprintf(expected, sizeof(expected), "%.4g .. %.4g", r->low, r->high);
		printf("%-8s %-20s %-24s %12.6g %-8s %-20s %s\n", r->backend, r->what, r->asked,
		       r->measured, r->unit, expected, verdict(r));
	}
}

static void print_json(const struct table *t)
{
	json_t *list = json_array();

	for (unsigned int i = 0; i < t->n; i++) {
		const struct row *r = &t->row[i];
		json_t *j = json_pack("{s:s,s:s,s:s,s:s,s:f,s:b,s:b}", "backend", r->backend, "what",
				      r->what, "asked", r->asked, "unit", r->unit, "measured",
				      r->measured, "chance", r->chance, "ok", within(r));

		if (r->low <= r->high) {
			json_object_set_new(j, "low", json_real(r->low));
			json_object_set_new(j, "high", json_real(r->high));
		}
		json_array_append_new(list, j);
	}
	json_dumpf(list, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(list);
}

int cmd_calibrate(int argc, char **argv)
{
	static const char *const names[BACKENDS] = { "virtual", "wire", "netem" };
	static struct table t = { .frames = 20000 };
	bool json = false, asked[BACKENDS] = { false }, any = false, wrong = false;
	struct net_err e;

	for (int i = 1; i < argc; i++) {
		bool known = strcmp(argv[i], "--json") == 0;

		json = json || known;
		if (strcmp(argv[i], "--frames") == 0 && i + 1 < argc) {
			t.frames = (uint32_t)atol(argv[++i]);
			if (t.frames < FRAMES_MIN || t.frames > FRAMES_MAX)
				return rig_usage("calibrate", "--frames is a number from %d to %d",
						 FRAMES_MIN, FRAMES_MAX);
			continue;
		}
		for (int k = 0; k < BACKENDS; k++)
			if (strcmp(argv[i], names[k]) == 0)
				known = any = asked[k] = true;
		if (!known)
			return rig_usage("calibrate", "\"%s\" is no backend; there are virtual, wire and "
					 "netem", argv[i]);
	}
	turn_first(); /* what is measured is the link, not who else has the CPU */
	for (int k = 0; k < BACKENDS; k++) {
		struct backend b = { .name = names[k], .control = -1, .ends = { .tx = -1, .rx = -1 } };

		if (any && !asked[k])
			continue;
		if (!any && strcmp(names[k], "netem") == 0 && !rig_has_netem()) {
			fprintf(stderr, "rig calibrate: netem is left out, which this kernel has not; rig "
				"uml -- rig calibrate netem measures it elsewhere\n");
			continue;
		}
		if (calibrate(&b, &t, &e))
			return rig_error("calibrate", &e);
	}
	for (unsigned int i = 0; i < t.n; i++)
		wrong = wrong || (t.row[i].chance && !within(&t.row[i]));
	if (json)
		print_json(&t);
	else
		print_text(&t);
	return wrong ? RIG_FAILED : RIG_OK;
}
