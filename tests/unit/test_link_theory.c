/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each random effect of the link model against its theory, over 10^6 frames. The bounds are those of
 * link_words.h: a correct model leaves one in one of 10^6 runs. The seeds are fixed, so a test passes
 * always or never.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/link_words.h"

enum { N = 1000000, LEN = 1000, CELLS = 4000 };

static uint8_t frame_bytes[LEN];

static struct link_verdict give(struct link_model *m, uint64_t now_ns)
{
	struct link_verdict v;

	link_model_frame(m, now_ns, frame_bytes, LEN, &v);
	return v;
}

/* ---- loss ------------------------------------------------------------------------------------ */

static void test_loss_random_is_binomial_and_without_memory(void **state)
{
	struct link_model *m = model_of("loss 3%");
	uint64_t lost = 0, pairs = 0;
	bool before = false;

	(void)state;
	for (uint64_t i = 0; i < N; i++) {
		bool now = give(m, i).n == 0;

		lost += now;
		pairs += before && now;
		before = now;
	}
	assert_count("lost", lost, N, 0.03, 2);
	assert_count("lost after a lost one", pairs, (double)lost, 0.03, 2);
	link_model_free(m);
}

/*
 * What is lost is a function of a process that moves from state to state: so many states, the mass that
 * moves, the chance of a loss in each. Shares, and the variance of what N frames show of them, follow
 * from its moves by summing covariances.
 */
struct process {
	int n, lags;		/* states; moves after which it has forgotten */
	void (*move)(const struct process *p, const double *from, double *to);
	double rho;		/* of the recursion */
	double to[4][4];	/* of a chain */
	double lost[CELLS];
};

struct estimate {
	double mean, variance;	/* of the share of N frames */
};

/*
 * The theory of netem's correlation: x' = (1 - rho) u + rho x with u uniform. One step of the mass of x
 * over CELLS equal cells: from the middle of a cell it spreads evenly over a stretch of 1 - rho.
 */
static void move_x(const struct process *p, const double *from, double *to)
{
	static double change[CELLS + 2];
	double width = (1 - p->rho) * CELLS, run = 0;

	memset(change, 0, sizeof(change));
	memset(to, 0, CELLS * sizeof(*to));
	for (int i = 0; i < CELLS; i++) {
		double left = p->rho * (i + 0.5), right = left + width, each = from[i] / width;
		int a = (int)left, b = (int)right;

		/* Whole cells by differences, the two ends by their parts. */
		to[a] += each * (a + 1 - left);
		if (b < CELLS)
			to[b] += each * (right - b);
		change[a + 1] += each;
		change[b] -= each;
	}
	for (int i = 0; i < CELLS; i++) {
		run += change[i];
		to[i] += run;
	}
}

static void move_chain(const struct process *p, const double *from, double *to)
{
	memset(to, 0, (size_t)p->n * sizeof(*to));
	for (int i = 0; i < p->n; i++)
		for (int k = 0; k < p->n; k++)
			to[k] += from[i] * p->to[i][k];
}

/* Mass x, of which a part stays: those lost, or those not. Its sum. */
static double sift(const struct process *p, double *x, bool lost)
{
	double sum = 0;

	for (int i = 0; i < p->n; i++)
		sum += x[i] *= lost ? p->lost[i] : 1 - p->lost[i];
	return sum;
}

static void go(const struct process *p, double *x, int moves)
{
	static double y[CELLS];

	for (int i = 0; i < moves; i++) {
		p->move(p, x, y);
		memcpy(x, y, (size_t)p->n * sizeof(*x));
	}
}

static void rest_of(const struct process *p, double *x)
{
	memset(x, 0, (size_t)p->n * sizeof(*x));
	x[0] = 1;
	go(p, x, p->lags);
}

/* The share of frames that are lost. */
static struct estimate lost_of(const struct process *p)
{
	static double x[CELLS], y[CELLS];
	struct estimate e;
	double sum = 0;

	rest_of(p, x);
	e.mean = sift(p, x, true);
	for (int k = 1; k < p->lags; k++) {
		go(p, x, 1);
		memcpy(y, x, sizeof(y));
		sum += sift(p, y, true) - e.mean * e.mean;
	}
	e.variance = (e.mean * (1 - e.mean) + 2 * sum) / N;
	return e;
}

/* The share of frames that are lost and come after one that is (first), or is not (bursts). */
static struct estimate pairs_of(const struct process *p, bool first)
{
	static double x[CELLS], y[CELLS];
	struct estimate e;
	double sum;

	rest_of(p, x);
	sift(p, x, first);
	go(p, x, 1);
	e.mean = sift(p, x, true);
	/* One later the frame in the middle is in both pairs; bursts cannot begin twice there. */
	memcpy(y, x, sizeof(y));
	go(p, y, 1);
	sum = (first ? sift(p, y, true) : 0) - e.mean * e.mean;
	for (int k = 2; k < p->lags; k++) {
		go(p, x, 1);
		memcpy(y, x, sizeof(y));
		sift(p, y, first);
		go(p, y, 1);
		sum += sift(p, y, true) - e.mean * e.mean;
	}
	e.variance = (e.mean * (1 - e.mean) + 2 * sum) / N;
	return e;
}

static struct process recursion(double share, double rho)
{
	struct process p = { .n = CELLS, .lags = 60, .move = move_x, .rho = rho };

	for (int i = 0; i < (int)(share * CELLS + 0.5); i++)
		p.lost[i] = 1;
	return p;
}

struct bursts {
	uint64_t lost, pairs, bursts, singles;
};

static struct bursts lose(const char *words)
{
	struct link_model *m = model_of(words);
	struct bursts b = { 0 };
	uint64_t run = 0;

	for (uint64_t i = 0; i < N; i++) {
		bool now = give(m, i).n == 0;

		b.lost += now;
		b.pairs += run > 0 && now;
		b.bursts += run == 0 && now;
		b.singles += run == 1 && !now;
		run = now ? run + 1 : 0;
	}
	link_model_free(m);
	return b;
}

/* slack: what the theory's cells leave open */
static void assert_lost(const struct bursts *b, const struct process *p, double slack)
{
	struct estimate lost = lost_of(p), pairs = pairs_of(p, true), bursts = pairs_of(p, false);

	assert_near("share lost", (double)b->lost / N, lost.mean, sqrt(lost.variance), 4, slack);
	assert_near("pairs lost", (double)b->pairs / N, pairs.mean, sqrt(pairs.variance), 4, slack);
	assert_near("bursts", (double)b->bursts / N, bursts.mean, sqrt(bursts.variance), 4, slack);
}

static void test_correlated_loss_is_as_the_recursion_gives(void **state)
{
	struct process p = recursion(0.2, 0.5);
	struct bursts b = lose("loss 20% 50%");

	(void)state;
	assert_lost(&b, &p, 1e-6);
	/* Losses do come together. */
	assert_true((double)b.pairs / (double)b.lost > 1.5 * (double)b.lost / N);
}

static void test_the_chain_of_four_states_rests_and_moves_as_its_matrix_says(void **state)
{
	double p13 = 0.02, p31 = 0.3, p32 = 0.1, p23 = 0.25, p14 = 0.01, rest[4], begins, alone;
	struct process p = { .n = 4, .lags = 2000, .move = move_chain,
			     .to = { { 1 - p13 - p14, 0, p13, p14 },
				     { 0, 1 - p23, p23, 0 },
				     { p31, p32, 1 - p31 - p32, 0 },
				     { 1, 0, 0, 0 } },
			     .lost = { 0, 0, 1, 1 } };
	struct bursts b = lose("loss state 2% 30% 10% 25% 1%");

	(void)state;
	assert_lost(&b, &p, 0);
	/* A burst begins from 1 or 2; in 3 it goes on with 1 - p31 - p32, in 4 it does not. */
	rest_of(&p, rest);
	begins = rest[0] * (p13 + p14) + rest[1] * p23;
	alone = (rest[0] * p14 + (rest[0] * p13 + rest[1] * p23) * (p31 + p32)) / begins;
	assert_count("bursts of one", b.singles, (double)b.bursts, alone, 4);
}

static void test_gilbert_and_elliott_lose_as_their_matrix_says(void **state)
{
	double p = 0.01, r = 0.1, bad = 0.7, good = 0.001;
	struct process c = { .n = 2, .lags = 2000, .move = move_chain,
			     .to = { { 1 - p, p }, { r, 1 - r } }, .lost = { good, bad } };
	struct bursts b = lose("loss gemodel 1% 10% 70% 0.1%");

	(void)state;
	assert_near("resting share", lost_of(&c).mean, (p * bad + r * good) / (p + r), 0, 1, 1e-9);
	assert_lost(&b, &c, 0);
}

static void test_bursts_of_gilberts_chain_are_geometric(void **state)
{
	struct bursts b = lose("loss gemodel 2% 25%");

	(void)state;
	assert_count("bursts of one", b.singles, (double)b.bursts, 0.25, 2);
	/* lost = sum of bursts' lengths: mean 1/r, variance (1 - r) / r^2 each */
	assert_near("lost", (double)b.lost, (double)b.bursts / 0.25,
		    sqrt((double)b.bursts * 0.75) / 0.25, 2, 0);
}

static void test_with_ecn_who_can_is_marked_as_often_as_others_are_lost(void **state)
{
	struct link_model *m = model_of("loss 5% ecn");
	struct tcp_frame not_ect = tcp_frame(1, 16, 1, 100, 0), ect = tcp_frame(1, 16, 1, 100, 2);
	uint64_t lost = 0, marked = 0;

	(void)state;
	for (uint64_t i = 0; i < N; i++) {
		const struct tcp_frame *f = i % 2 ? &ect : &not_ect;
		struct link_verdict v;

		link_model_frame(m, i, f->bytes, f->len, &v);
		assert_true(!v.marked || i % 2);
		assert_true(v.n == 1 || i % 2 == 0);
		lost += v.n == 0;
		marked += v.marked;
	}
	assert_count("lost", lost, N / 2, 0.05, 2);
	assert_count("marked", marked, N / 2, 0.05, 2);
	assert_int_equal(link_model_stats(m)->marked, marked);
	link_model_free(m);
}

/* ---- duplicates and bits --------------------------------------------------------------------- */

struct struck {
	uint64_t n, pairs;
};

static struct struck strike(const char *words, bool (*which)(const struct link_verdict *v))
{
	struct link_model *m = model_of(words);
	struct struck s = { 0, 0 };
	bool before = false;

	for (uint64_t i = 0; i < N; i++) {
		struct link_verdict v = give(m, i * 20 * MS);
		bool now = which(&v);

		s.n += now;
		s.pairs += before && now;
		before = now;
	}
	link_model_free(m);
	return s;
}

static bool is_dup(const struct link_verdict *v)
{
	return v->n == 2;
}

static bool is_corrupt(const struct link_verdict *v)
{
	return v->copy[0].flip_bit != LINK_NO_FLIP;
}

static bool is_early(const struct link_verdict *v)
{
	return v->reordered;
}

static const struct {
	const char *name, *words;
	bool (*which)(const struct link_verdict *v);
	double p, rho;
} shares[] = {
	{ "dup is binomial", "dup 2%", is_dup, 0.02, 0 },
	{ "corrupt is binomial", "corrupt 2%", is_corrupt, 0.02, 0 },
	{ "reorder is binomial", "delay 10ms reorder 20%", is_early, 0.2, 0 },
	{ "dup with correlation", "dup 20% 30%", is_dup, 0.2, 0.3 },
	{ "corrupt with correlation", "corrupt 30% 25%", is_corrupt, 0.3, 0.25 },
	{ "reorder with correlation", "delay 10ms reorder 25% 60%", is_early, 0.25, 0.6 },
};

static void test_share(void **state)
{
	size_t i = *(size_t *)*state;
	struct struck s = strike(shares[i].words, shares[i].which);
	double p = shares[i].p;
	struct process x = recursion(p, shares[i].rho);
	struct estimate all = lost_of(&x), pairs = pairs_of(&x, true);

	assert_near("share", (double)s.n / N, all.mean, sqrt(all.variance), 2, 1e-6);
	assert_near("pairs", (double)s.pairs / N, pairs.mean, sqrt(pairs.variance), 2, 1e-6);
}

static void test_every_bit_is_inverted_as_often_as_another(void **state)
{
	static uint64_t hits[64 * 8];
	struct link_model *m = model_of("corrupt 50%");
	uint64_t all = 0;

	(void)state;
	for (uint64_t i = 0; i < N; i++) {
		struct link_verdict v;

		link_model_frame(m, i, frame_bytes, 64, &v);
		if (v.copy[0].flip_bit == LINK_NO_FLIP)
			continue;
		assert_true(v.copy[0].flip_bit < 512);
		hits[v.copy[0].flip_bit]++;
		all++;
	}
	for (int i = 0; i < 512; i++)
		assert_count("a bit", hits[i], (double)all, 1.0 / 512, 512);
	link_model_free(m);
}

/* ---- order ----------------------------------------------------------------------------------- */

/* After gap - 1 delayed ones each is early with p: a cycle is gap - 1 + a geometric number. */
static void test_reorder_with_a_gap_renews_itself(void **state)
{
	struct struck s = strike("delay 10ms reorder 25% gap 5", is_early);
	double mean = 4 + 1 / 0.25, variance = 0.75 / (0.25 * 0.25);

	(void)state;
	assert_near("early", (double)s.n, N / mean, sqrt(N * variance / (mean * mean * mean)), 1, 2);
	assert_int_equal(s.pairs, 0);
}

static void test_a_certain_reorder_with_a_gap_takes_every_nth(void **state)
{
	struct link_model *m = model_of("delay 10ms reorder 100% gap 5");

	(void)state;
	for (uint64_t i = 1; i <= N; i++)
		assert_int_equal(give(m, i * 20 * MS).reordered, i % 5 == 0);
	link_model_free(m);
}

/* ---- delay ----------------------------------------------------------------------------------- */

static uint64_t *delays(const char *words)
{
	struct link_model *m = model_of(words);
	uint64_t *d = malloc(N * sizeof(*d));

	assert_non_null(d);
	for (uint64_t i = 0; i < N; i++)
		d[i] = give(m, i * 1000 * MS).copy[0].at_ns - i * 1000 * MS;
	link_model_free(m);
	return d;
}

static void test_jitter_is_uniform(void **state)
{
	uint64_t *d = delays("delay 100ms jitter 10ms"), bin[20] = { 0 };

	(void)state;
	for (uint64_t i = 0; i < N; i++) {
		assert_in_range(d[i], 90 * MS, 110 * MS - 1);
		bin[(d[i] - 90 * MS) / MS]++;
	}
	for (int i = 0; i < 20; i++)
		assert_count("a millisecond", bin[i], N, 1.0 / 20, 20);
	free(d);
}

/* An autoregression of uniforms: mean, variance and the correlation of neighbours are known. */
static void test_correlated_jitter_has_that_correlation(void **state)
{
	uint64_t *d = delays("delay 100ms jitter 10ms 60%");
	double rho = 0.6, sum = 0, square = 0, cross = 0, uniform = 20e6 * 20e6 / 12;
	double variance = uniform * (1 - rho) / (1 + rho);

	(void)state;
	for (uint64_t i = 0; i < N; i++) {
		double x = (double)d[i] - 100e6;

		sum += x;
		square += x * x;
		cross += i > 0 ? x * ((double)d[i - 1] - 100e6) : 0;
	}
	assert_near("mean", sum / N, 0, sqrt(variance / N * (1 + rho) / (1 - rho)), 3, 1);
	assert_near("correlation", cross / square, rho, sqrt((1 - rho * rho) / N), 3, 0);
	/* Of a squared Gaussian autoregression; a bounded one varies less. */
	assert_near("variance", square / N / variance, 1,
		    sqrt(2.0 / N * (1 + rho * rho) / (1 - rho * rho)), 3, 0);
	free(d);
}

static double normal_below(double x)
{
	return erfc(-x / sqrt(2)) / 2;
}

/* P(X > y) = y^-3 from 1 on; tc's scale is (y - 3/2) 4/3. */
static double pareto_below(double x)
{
	double y = x * 3 / 4 + 1.5;

	return y <= 1 ? 0 : 1 - pow(y, -3);
}

/* z/4 + 3/4 p by the middle of each of many equal parts of p. */
static double mixed_below(double x)
{
	double sum = 0;
	int parts = 20000;

	for (int i = 0; i < parts; i++) {
		double u = (i + 0.5) / parts, p = (pow(1 - u, -1.0 / 3) - 1.5) * 4 / 3;

		sum += normal_below((x - p * 3 / 4) * 4);
	}
	return sum / parts;
}

static const struct {
	const char *name, *words;
	double (*below)(double x);
	double part;	/* of the mass that the table's grain can move */
} dists[] = {
	{ "normal delays", "delay 100ms jitter 10ms distribution normal", normal_below, 1.0 / 8192 },
	{ "pareto delays", "delay 100ms jitter 10ms distribution pareto", pareto_below, 1.0 / 8192 },
	{ "paretonormal delays", "delay 100ms jitter 10ms distribution paretonormal", mixed_below,
	  1.0 / 4096 },
};

static void test_distribution(void **state)
{
	size_t row = *(size_t *)*state;
	static const double at[] = { -2.5, -1.5, -1, -0.6, -0.5, -0.3, 0, 0.3, 0.5, 1, 1.5, 2, 3 };
	uint64_t *d = delays(dists[row].words);

	for (size_t k = 0; k < sizeof(at) / sizeof(at[0]); k++) {
		double p = dists[row].below(at[k]), limit = 100e6 + at[k] * 10e6;
		uint64_t n = 0;

		for (uint64_t i = 0; i < N; i++)
			n += (double)d[i] < limit;
		assert_near("below a delay", (double)n / N, p, sqrt(p * (1 - p) / N), 13,
			    dists[row].part);
	}
	free(d);
}

/* ---- slots ----------------------------------------------------------------------------------- */

/* Always something waits: the times between slots are uniform, and each slot takes its packets. */
static void test_slots_open_as_far_apart_as_was_said(void **state)
{
	struct link_pipe *p = pipe_of("slot 1ms 3ms packets 2 queue 100");
	uint64_t now = 0, last = 0, bin[20] = { 0 }, slots = 0, in_slot = 0;
	struct link_frame *f;

	(void)state;
	for (int i = 0; i < 50; i++)
		assert_int_equal(link_pipe_push(p, now, frame_bytes, 100, NULL), 0);
	while (slots < N / 2) {
		now = link_pipe_next_at(p);
		while ((f = link_pipe_pop(p, now))) {
			if (f->at_ns != last) {
				uint64_t apart = f->at_ns - last;

				assert_true(slots == 0 || in_slot == 2);
				assert_in_range(apart, 1 * MS, 3 * MS);
				if (slots++ > 0)
					bin[(apart - MS) * 20 / (2 * MS + 1)]++;
				in_slot = 0;
				last = f->at_ns;
			}
			in_slot++;
			link_pipe_free_frame(p, f);
			assert_int_equal(link_pipe_push(p, now, frame_bytes, 100, NULL), 0);
		}
	}
	for (int i = 0; i < 20; i++)
		assert_count("a twentieth", bin[i], (double)(slots - 1), 1.0 / 20, 20);
	link_pipe_free(p);
}

static void test_slots_of_a_distribution_have_its_mean_and_deviation(void **state)
{
	struct link_pipe *p = pipe_of("slot distribution normal 10ms 1ms packets 1 queue 10");
	uint64_t now = 0, last = 0;
	double sum = 0, square = 0;
	struct link_frame *f;

	(void)state;
	assert_int_equal(link_pipe_push(p, now, frame_bytes, 100, NULL), 0);
	for (int i = 0; i < N;) {
		assert_int_equal(link_pipe_push(p, now, frame_bytes, 100, NULL), 0);
		now = link_pipe_next_at(p);
		while ((f = link_pipe_pop(p, now))) {
			double x = (double)(f->at_ns - last) - 10e6;

			sum += x;
			square += x * x;
			last = f->at_ns;
			link_pipe_free_frame(p, f);
			i++;
		}
	}
	/* The table has the deviation 1 less what its outermost entries leave out. */
	assert_near("mean", sum / N, 0, 1e6 / sqrt(N), 2, 1e6 / 8192);
	assert_near("deviation", sqrt(square / N), 1e6, 1e6 / sqrt(2.0 * N), 2, 2e3);
	link_pipe_free(p);
}

/* ---- streams --------------------------------------------------------------------------------- */

static const struct {
	const char *name, *loss, *others;
} streams[] = {
	{ "random losses are the same with everything else", "loss 10% seed 3",
	  "delay 9ms 3ms 20% distribution normal reorder 5% 10% gap 3 dup 5% 20% corrupt 4% 30% slot 1ms" },
	{ "correlated losses too", "loss 25% 40% seed 3",
	  "delay 9ms 3ms 20% reorder 5% dup 5% 20% corrupt 4% rate 1gbit queue fq_codel" },
	{ "a chain's losses too", "loss state 2% 30% 10% 25% 1% seed 3",
	  "delay 9ms jitter 3ms distribution pareto reorder 5% dup 5% corrupt 4%" },
	{ "Gilbert and Elliott's losses too", "loss gemodel 2% 30% 80% 1% seed 3",
	  "delay 9ms jitter 3ms reorder 5% dup 5% corrupt 4% 1%" },
};

static void test_streams(void **state)
{
	size_t row = *(size_t *)*state;
	char words[512];
	struct link_model *alone = model_of(streams[row].loss), *both;
	uint64_t lost = 0;

	snprintf(words, sizeof(words), "%s %s", streams[row].loss, streams[row].others);
	both = model_of(words);
	for (uint64_t i = 0; i < 200000; i++) {
		bool a = give(alone, i * 100 * MS).drop == LINK_DROP_LOSS;
		struct link_verdict v = give(both, i * 100 * MS);

		/* The duplicate has a fate of its own. */
		if (v.duplicated && !a)
			continue;
		assert_int_equal(v.drop == LINK_DROP_LOSS, a);
		lost += a;
	}
	assert_true(lost > 2000);
	link_model_free(alone);
	link_model_free(both);
}

static void test_no_effect_knows_of_another(void **state)
{
	struct link_model *a = model_of("dup 30% corrupt 30%"), *c = model_of("loss 30% dup 30%");
	struct link_model *b = model_of("loss 30% corrupt 30% reorder 30% delay 10ms jitter 5ms");
	uint64_t dup_corrupt = 0, kept = 0, corrupt = 0, early = 0, both = 0, late = 0, late_corrupt = 0;
	uint64_t none = 0, two = 0;

	(void)state;
	for (uint64_t i = 0; i < N; i++) {
		struct link_verdict v = give(a, i * 20 * MS);
		uint64_t n = give(c, i).n;

		dup_corrupt += is_dup(&v) && is_corrupt(&v);
		none += n == 0;
		two += n == 2;
		v = give(b, i * 20 * MS);
		if (v.n == 0)
			continue;
		kept++;
		corrupt += is_corrupt(&v);
		early += is_early(&v);
		both += is_corrupt(&v) && is_early(&v);
		late += v.copy[0].at_ns >= i * 20 * MS + 10 * MS;
		late_corrupt += v.copy[0].at_ns >= i * 20 * MS + 10 * MS && is_corrupt(&v);
	}
	assert_count("doubled and inverted", dup_corrupt, N, 0.09, 8);
	assert_count("lost and not doubled", none, N, 0.3 * 0.7, 8);
	assert_count("doubled and both kept", two, N, 0.3 * 0.7 * 0.7, 8);
	assert_count("inverted of the kept", corrupt, (double)kept, 0.3, 8);
	assert_count("early of the kept", early, (double)kept, 0.3, 8);
	assert_count("both of the kept", both, (double)kept, 0.09, 8);
	assert_count("late of the kept", late, (double)kept, 0.35, 8);
	assert_count("late and inverted of the kept", late_corrupt, (double)kept, 0.105, 8);
	link_model_free(a);
	link_model_free(b);
	link_model_free(c);
}

#define ROWS(rows, fn)                                                                             \
	for (size_t i = 0; i < sizeof(rows) / sizeof((rows)[0]); i++) {                            \
		index[n] = i;                                                                      \
		tests[n] = (struct CMUnitTest){ (rows)[i].name, fn, NULL, NULL, &index[n] };       \
		n++;                                                                               \
	}

int main(void)
{
	static size_t index[60];
	struct CMUnitTest tests[60] = {
		cmocka_unit_test(test_loss_random_is_binomial_and_without_memory),
		cmocka_unit_test(test_correlated_loss_is_as_the_recursion_gives),
		cmocka_unit_test(test_the_chain_of_four_states_rests_and_moves_as_its_matrix_says),
		cmocka_unit_test(test_gilbert_and_elliott_lose_as_their_matrix_says),
		cmocka_unit_test(test_bursts_of_gilberts_chain_are_geometric),
		cmocka_unit_test(test_with_ecn_who_can_is_marked_as_often_as_others_are_lost),
		cmocka_unit_test(test_every_bit_is_inverted_as_often_as_another),
		cmocka_unit_test(test_reorder_with_a_gap_renews_itself),
		cmocka_unit_test(test_a_certain_reorder_with_a_gap_takes_every_nth),
		cmocka_unit_test(test_jitter_is_uniform),
		cmocka_unit_test(test_correlated_jitter_has_that_correlation),
		cmocka_unit_test(test_slots_open_as_far_apart_as_was_said),
		cmocka_unit_test(test_slots_of_a_distribution_have_its_mean_and_deviation),
		cmocka_unit_test(test_no_effect_knows_of_another),
	};
	size_t n = 14;

	ROWS(shares, test_share);
	ROWS(dists, test_distribution);
	ROWS(streams, test_streams);
	return _cmocka_run_group_tests("link_theory", tests, n, NULL, NULL);
}
