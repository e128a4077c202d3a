/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CUBIC (RFC 9438). After a congestion event the window follows
 *
 *	W(t) = C * (t - K)^3 + W_max,	K = cbrt((W_max - cwnd_epoch) / C),	C = 0.4
 *
 * back to where it was, slowly past it, then faster; and it is never below what Reno would have.
 * Windows are in segments in the formula, times in 1/1024 s, and cwnd grows by whole segments, so
 * that it reads as Linux's does.
 *
 *	W_max ........._____.....	t is the time from `epoch_ns`, which does not count time
 *	       __,--'		  `	without data to send
 *	   ,-'	concave |  convex
 *	  |		K
 */
#include <assert.h>

#include "tcp/cc_hystart.h"

enum {
	BETA = 717,	 /* of 1024: 0.7 (RFC 9438 4.6) */
	BETA_ABE = 870,	 /* 0.85 (RFC 8511 3.1) */
	SCALE = 1024,
	ALPHA_NUM = 9,	 /* 3 * (1 - 0.7) / (1 + 0.7) = 9 / 17 (RFC 9438 4.3) */
	ALPHA_DEN = 17,
	OFFSET_MAX = 1 << 20, /* 1/1024 s: cubed it fits into 60 bits */
	FIRST_GROWTH = 20     /* segments acknowledged for one of window, while W_max is unknown */
};

struct cubic {
	uint64_t epoch_ns;    /* congestion avoidance began; 0: not yet */
	uint64_t last_ack_ns; /* the clock of W(t) last ran */
	uint64_t est_acked;   /* bytes towards the next segment of est, times ALPHA_DEN */
	uint32_t w_max;	      /* segments; 0: no loss yet */
	uint32_t origin, k;   /* the curve's middle: segments, 1/1024 s */
	uint32_t est;	      /* W_est in segments */
	uint32_t prior;	      /* cwnd before the last event, in segments: cwnd_prior */
	uint32_t acked;	      /* bytes towards the next segment of cwnd */
	uint32_t old_w_max;   /* before the last event, for undo */
	uint32_t rest;	      /* what whole segments left of the window at it, 1/1024 segment */
	struct cc_hystart hystart;
};
static_assert(sizeof(struct cubic) <= sizeof(((struct cc *)0)->priv), "fits");

static uint32_t cube_root(uint64_t n)
{
	uint32_t root = 0;

	for (int bit = 20; bit >= 0; bit--) {
		uint64_t more = root | 1u << bit;

		if (more * more * more <= n)
			root = (uint32_t)more;
	}
	return root;
}

static void cubic_init(struct cc *cc, uint32_t mss, uint64_t now_ns)
{
	struct cubic *q = cc_state(cc);

	(void)mss;
	(void)now_ns;
	*q = (struct cubic){ .epoch_ns = 0 };
	cc_hystart_reset(&q->hystart, true);
}

static void begin_epoch(struct cubic *q, uint32_t cwnd, uint32_t mss, uint64_t now_ns)
{
	q->epoch_ns = now_ns ? now_ns : 1;
	/* Of a window of ten, half a segment lost to rounding at each event would be a twentieth. */
	q->est = cwnd + q->rest / SCALE;
	q->est_acked = (uint64_t)(q->rest % SCALE) * ALPHA_DEN * cwnd * mss / SCALE;
	q->rest = 0;
	if (q->w_max <= cwnd) {
		q->k = 0;
		q->origin = cwnd;
	} else {
		/* K^3 = (W_max - cwnd) / 0.4, in 1/1024 s: times 2^30 */
		q->k = cube_root((uint64_t)(q->w_max - cwnd) * 5 / 2 * (1ull << 30));
		q->origin = q->w_max;
	}
}

/* W(t + RTT) in segments. */
static uint32_t curve(const struct cubic *q, uint64_t now_ns)
{
	uint64_t t = ((now_ns - q->epoch_ns) / 1000 + q->hystart.min_us) * SCALE / 1000000;
	uint64_t off = t > q->k ? t - q->k : q->k - t;
	uint64_t delta;

	if (off > OFFSET_MAX)
		off = OFFSET_MAX;
	delta = (off * off * off * 4 / 10) >> 30;
	/* Whole segments of the curve, not more: rounded up, the window would stand at W_max for
	 * seconds before K, and its mean be a quarter above RFC 9438 5.1's. */
	if (t < q->k)
		return delta + 1 < q->origin ? q->origin - (uint32_t)delta - 1 : 0;
	return q->origin + (uint32_t)delta;
}

/* RFC 9438 4.3: what a Reno with our decrease would have by now. */
static void grow_estimate(struct cubic *q, uint32_t cwnd, uint32_t acked, uint32_t mss)
{
	uint64_t whole = (uint64_t)ALPHA_DEN * cwnd * mss;

	q->est_acked += (uint64_t)acked * (q->est >= q->prior ? ALPHA_DEN : ALPHA_NUM);
	while (q->est_acked >= whole) {
		q->est_acked -= whole;
		q->est++;
	}
}

/* How many segments must be acknowledged for one more of window. */
static uint32_t per_segment(struct cubic *q, uint32_t cwnd, uint32_t acked, uint32_t mss,
			    uint64_t now_ns)
{
	uint32_t target, count;

	if (!q->epoch_ns)
		begin_epoch(q, cwnd, mss, now_ns);
	target = curve(q, now_ns);
	count = target > cwnd ? cwnd / (target - cwnd) : 100 * cwnd;
	/* Deviation: RFC 9438 4.5: before the first loss the window grows by a twentieth per round
	 * trip at least; the curve would stand still there, and Linux does not. */
	if (q->w_max == 0 && count > FIRST_GROWTH)
		count = FIRST_GROWTH;
	grow_estimate(q, cwnd, acked, mss);
	if (q->est > cwnd && cwnd / (q->est - cwnd) < count)
		count = cwnd / (q->est - cwnd);
	return count > 2 ? count : 2; /* RFC 9438 4.2: no more than half again per round trip */
}

/* Time in which the window was not used is not on the curve (RFC 9438 4.2). */
static void skip_time(struct cubic *q, uint64_t now_ns)
{
	if (q->epoch_ns && now_ns > q->last_ack_ns)
		q->epoch_ns += now_ns - q->last_ack_ns;
	if (q->epoch_ns > now_ns)
		q->epoch_ns = now_ns;
	q->last_ack_ns = now_ns;
}

static void cubic_ack(struct cc *cc, const struct cc_ack *a)
{
	struct cubic *q = cc_state(cc);
	uint32_t acked = a->acked, cwnd = cc->cwnd / a->mss;

	if (!a->cwnd_limited) {
		skip_time(q, a->now_ns);
		return;
	}
	q->last_ack_ns = a->now_ns;
	if (cc_slow_start(cc)) {
		uint32_t may = cc_hystart_grow(cc, &q->hystart, acked, a->mss);

		acked = cc_grow_slow_start(cc, may);
		if (acked == 0 || cc_slow_start(cc))
			return;
		cwnd = cc->cwnd / a->mss;
	}
	if (cwnd == 0)
		cwnd = 1;
	cc_grow_avoid(cc, &q->acked, per_segment(q, cwnd, acked, a->mss, a->now_ns) * a->mss,
		      acked, a->mss);
}

static void cubic_sample(struct cc *cc, const struct cc_ack *a)
{
	struct cubic *q = cc_state(cc);

	/* Linux: for a second after recovery the queue's delay is still our own. */
	if (q->epoch_ns && a->now_ns - q->epoch_ns < 1000000000u && q->hystart.min_us)
		return;
	cc_hystart_sample(cc, &q->hystart, a);
}

/* The window with its fraction, 1/1024 segment: W_est's, where that is what the window follows. */
static uint64_t exact(const struct cubic *q, uint32_t cwnd, uint32_t mss)
{
	uint64_t whole = (uint64_t)ALPHA_DEN * cwnd * mss, part;

	if (!q->epoch_ns || q->est < cwnd || whole == 0)
		return (uint64_t)cwnd * SCALE;
	part = (uint64_t)(q->est - cwnd) * SCALE + q->est_acked * SCALE / whole;
	return (uint64_t)cwnd * SCALE + (part < SCALE ? part : SCALE - 1);
}

static uint32_t cubic_ssthresh(struct cc *cc, const struct cc_ack *a, enum cc_why why)
{
	struct cubic *q = cc_state(cc);
	uint32_t cwnd = cc->cwnd / a->mss;
	uint32_t beta = why == CC_ECN && cc->abe ? BETA_ABE : BETA;
	uint64_t down = (uint64_t)cwnd * beta / SCALE;

	q->rest = down < 2 ? 0 : (uint32_t)(exact(q, cwnd, a->mss) * beta / SCALE - down * SCALE);
	q->epoch_ns = 0;
	q->prior = cwnd;
	q->old_w_max = q->w_max;
	/* Fast convergence (RFC 9438 4.7): a flow that lost again below W_max makes room. One segment
	 * below is our rounding: taken for less it would cost a lone flow a tenth of its window. */
	q->w_max = cwnd + 1 < q->w_max ? (uint32_t)((uint64_t)cwnd * (SCALE + BETA) / (2 * SCALE)) :
				     cwnd;
	cc_hystart_stop(&q->hystart);
	if (why == CC_RTO) {
		/* RFC 9438 4.8: the next stage begins at K = 0, W_max being cwnd then. */
		q->w_max = q->rest = 0;
		q->prior = 0;
		q->hystart.min_us = 0;
		cc_hystart_reset(&q->hystart, cc->hystart == CC_HYSTART_LINUX);
	}
	/* Deviation: RFC 9438 4.6 (MUST): marks alone bring the window to two segments, not to one and
	 * below, as in Linux. */
	return (uint32_t)(down > 2 ? down : 2) * a->mss;
}

static void cubic_resume(struct cc *cc, uint64_t now_ns, uint64_t idle_ns, bool app_limited)
{
	struct cubic *q = cc_state(cc);

	(void)app_limited;
	if (q->epoch_ns) {
		q->epoch_ns += idle_ns;
		if (q->epoch_ns > now_ns)
			q->epoch_ns = now_ns;
	}
	q->last_ack_ns = now_ns;
}

/* RFC 9438 4.9.2 */
static void cubic_undo(struct cc *cc)
{
	struct cubic *q = cc_state(cc);

	q->w_max = q->old_w_max;
	q->prior = q->rest = 0;
	q->epoch_ns = 0;
}

const struct cc_ops cc_cubic = {
	.name = "cubic",
	.init = cubic_init,
	.ack = cubic_ack,
	.sample = cubic_sample,
	.ssthresh = cubic_ssthresh,
	.resume = cubic_resume,
	.undo = cubic_undo,
};
