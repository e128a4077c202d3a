/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * BBR version 3 (draft-ietf-ccwg-bbr): a model of the path, the most it delivered and the least it
 * delayed, probed one after the other, and what losses say about how much it holds.
 *
 *	STARTUP  doubles until the rate no longer grows, or losses are many
 *	DRAIN	 takes the queue away that this made
 *	PROBE_BW DOWN -> CRUISE -> REFILL -> UP -> DOWN: below the rate, at it, filled, above it
 *	PROBE_RTT each 5 s without a smaller round trip: half the window for 200 ms
 *
 * bw_lo and inflight_lo are short-lived bounds from losses while not probing; inflight_hi is what
 * probing found to be too much. The parts of the draft's algorithm have its names here.
 */
#include <assert.h>
#include <string.h>

#include "tcp/cc.h"

enum mode { STARTUP, DRAIN, DOWN, CRUISE, REFILL, UP, PROBE_RTT };
enum phase { ACKS_INIT, ACKS_REFILLING, ACKS_STARTING, ACKS_FEEDBACK, ACKS_STOPPING };

enum {
	UNIT = 256, /* of gains */
	STARTUP_GAIN = 709, /* 2.77 */
	DRAIN_GAIN = 128,   /* 0.5 */
	UP_GAIN = 320,	    /* 1.25 */
	DOWN_GAIN = 230,    /* 0.9 */
	CWND_GAIN = 512,    /* 2 */
	UP_CWND_GAIN = 576, /* 2.25 */
	PROBE_RTT_GAIN = 128,
	BETA = 179,	    /* 0.7 */
	HEADROOM = 38,	    /* 0.15 */
	FULL_BW_GROWTH = 320, /* 1.25 */
	FULL_BW_ROUNDS = 3,
	FULL_LOSSES = 6,    /* ACKs with losses in a round that end STARTUP */
	LOSS_SHIFT = 50,    /* 1/50: 2% */
	ECN_FACTOR = 85,    /* 1/3: of alpha, off inflight_lo */
	ECN_GAIN_SHIFT = 4, /* alpha moves by 1/16 a round */
	MARGIN_PERCENT = 1,
	MIN_SEGMENTS = 4,
	RENO_ROUNDS_MAX = 63,
	EXTRA_ROUNDS = 5,   /* two of these windows are remembered */
	EXTRA_MAX_US = 100000, /* Linux's bound: what the rate gives in that time */
	EXTRA_EPOCH_US = 250000,
	UP_ROUNDS_MAX = 30
};
static const uint64_t MS = 1000000, NONE = UINT64_MAX;

struct bbr {
	uint64_t bw_hi[2]; /* bytes/s: the cycle before, and this one */
	uint64_t bw_lo, bw_latest, full_bw;
	uint64_t round_end, loss_round_end; /* `delivered` that ends them */
	uint64_t cycle_ns, wait_ns, min_rtt_ns, probe_rtt_min_ns, probe_rtt_done_ns;
	uint64_t extra_ns, extra_delivered, ecn_bytes, round_bytes;
	uint32_t extra[2], extra_round;
	uint32_t inflight_hi, inflight_lo, inflight_latest; /* UINT32_MAX: no bound */
	uint32_t min_rtt_us, probe_rtt_min_us;
	uint32_t rounds, since_probe, up_rounds, up_acked, up_per_segment;
	uint32_t saved_cwnd, random, mss, ecn_alpha;
	uint32_t undo_hi, undo_lo;
	uint64_t undo_bw_lo;
	uint8_t mode, phase, full_rounds, losses, ecn_rounds;
	bool round_start, loss_round_start, loss_in_round, ecn_in_round, full_reached, full_now,
		probe_samples, probe_rtt_round_done, idle_restart, probe_rtt_expired;
};
static_assert(sizeof(struct bbr) <= CC_STATE_MAX, "fits");

static uint64_t scaled(uint64_t v, uint32_t gain)
{
	return v / UNIT * gain + v % UNIT * gain / UNIT;
}

static uint32_t to_u32(uint64_t v)
{
	return v > INT32_MAX / 2 ? INT32_MAX / 2 : (uint32_t)v;
}

/* Up to `below`, from the seed the connection was given: xorshift. */
static uint32_t dice(struct bbr *b, uint32_t below)
{
	b->random ^= b->random << 13;
	b->random ^= b->random >> 17;
	b->random ^= b->random << 5;
	return b->random % below;
}

static uint64_t max_bw(const struct bbr *b)
{
	return b->bw_hi[0] > b->bw_hi[1] ? b->bw_hi[0] : b->bw_hi[1];
}

static uint64_t bw(const struct bbr *b)
{
	return max_bw(b) < b->bw_lo ? max_bw(b) : b->bw_lo;
}

/* What the path holds at a rate, times a gain: bytes. */
static uint32_t bdp(const struct bbr *b, uint64_t rate, uint32_t gain)
{
	if (b->min_rtt_us == UINT32_MAX || rate == 0)
		return CC_IW_SEGMENTS * b->mss;
	return to_u32(scaled(rate * b->min_rtt_us / 1000000, gain));
}

static bool in_probe_bw(const struct bbr *b)
{
	return b->mode >= DOWN && b->mode <= UP;
}

static bool probing(const struct bbr *b)
{
	return b->mode == STARTUP || b->mode == REFILL || b->mode == UP;
}

static uint32_t pacing_gain(const struct bbr *b)
{
	switch ((enum mode)b->mode) {
	case STARTUP:
		return STARTUP_GAIN;
	case DRAIN:
		return DRAIN_GAIN;
	case DOWN:
		return DOWN_GAIN;
	case UP:
		return UP_GAIN;
	case CRUISE:
	case REFILL:
	case PROBE_RTT:
		break;
	}
	return UNIT;
}

static void start_round(struct bbr *b, const struct cc_ack *a)
{
	b->round_end = a->delivered;
}

static void reset_lower_bounds(struct bbr *b)
{
	b->bw_lo = NONE;
	b->inflight_lo = UINT32_MAX;
}

static void reset_full_bw(struct bbr *b, uint64_t rate)
{
	b->full_bw = rate;
	b->full_rounds = 0;
	b->full_now = false;
}

/* ---- PROBE_BW's phases */

static void start_down(struct bbr *b, const struct cc_ack *a)
{
	b->loss_in_round = b->ecn_in_round = false;
	b->bw_latest = 0;
	b->inflight_latest = 0;
	b->up_per_segment = UINT32_MAX;
	b->since_probe = dice(b, 2);
	b->wait_ns = 2000 * MS + dice(b, 1000) * MS;
	b->cycle_ns = a->now_ns;
	b->phase = ACKS_STOPPING;
	start_round(b, a);
	b->mode = DOWN;
}

static void start_refill(struct bbr *b, const struct cc_ack *a)
{
	reset_lower_bounds(b);
	b->up_rounds = b->up_acked = 0;
	b->phase = ACKS_REFILLING;
	start_round(b, a);
	b->mode = REFILL;
}

static void raise_slope(struct bbr *b, uint32_t cwnd)
{
	b->up_per_segment = cwnd >> b->up_rounds;
	if (b->up_per_segment == 0)
		b->up_per_segment = 1;
	if (b->up_rounds < UP_ROUNDS_MAX)
		b->up_rounds++;
}

static void start_up(struct bbr *b, const struct cc_ack *a, uint32_t cwnd)
{
	b->phase = ACKS_STARTING;
	start_round(b, a);
	reset_full_bw(b, a->rate_Bps);
	b->mode = UP;
	raise_slope(b, cwnd);
}

static uint32_t with_headroom(const struct bbr *b)
{
	uint32_t room, least = MIN_SEGMENTS * b->mss;

	if (b->inflight_hi == UINT32_MAX)
		return UINT32_MAX;
	room = (uint32_t)scaled(b->inflight_hi, HEADROOM);
	if (room < b->mss)
		room = b->mss;
	return b->inflight_hi > room + least ? b->inflight_hi - room : least;
}

/* As often as Reno would have come back to this window: sharing with it stays fair. */
static bool time_to_probe(const struct bbr *b, const struct cc_ack *a, uint32_t cwnd)
{
	uint32_t target = bdp(b, bw(b), UNIT), rounds;

	if (cwnd < target)
		target = cwnd;
	rounds = target / b->mss;
	if (rounds > RENO_ROUNDS_MAX)
		rounds = RENO_ROUNDS_MAX;
	return a->now_ns - b->cycle_ns > b->wait_ns || b->since_probe >= rounds;
}

static bool too_high(const struct cc_ack *a)
{
	return a->lost_since > a->tx_in_flight / LOSS_SHIFT ||
	       (a->acked && a->rate_ce > a->acked / 2);
}

static void handle_too_high(struct bbr *b, const struct cc_ack *a, uint32_t cwnd)
{
	uint32_t target = bdp(b, bw(b), UNIT);

	b->probe_samples = false;
	if (cwnd < target)
		target = cwnd;
	if (!a->app_limited) {
		uint32_t floor = (uint32_t)scaled(target, BETA);

		b->inflight_hi = a->tx_in_flight > floor ? a->tx_in_flight : floor;
	}
	if (b->mode == UP)
		start_down(b, a);
}

static void probe_upward(struct bbr *b, const struct cc_ack *a, uint32_t cwnd)
{
	if (!a->cwnd_limited || cwnd < b->inflight_hi)
		return;
	b->up_acked += a->acked;
	if (b->up_acked >= b->up_per_segment) {
		uint32_t n = b->up_acked / b->up_per_segment;

		b->up_acked -= n * b->up_per_segment;
		b->inflight_hi = to_u32((uint64_t)b->inflight_hi + (uint64_t)n * b->mss);
	}
	if (b->round_start)
		raise_slope(b, cwnd);
}

static void adapt_long_term(struct bbr *b, const struct cc_ack *a, uint32_t cwnd)
{
	if (b->phase == ACKS_STARTING && b->round_start)
		b->phase = ACKS_FEEDBACK;
	if (b->phase == ACKS_STOPPING && b->round_start) {
		b->phase = ACKS_INIT;
		if (in_probe_bw(b) && !a->app_limited && b->bw_hi[1]) {
			b->bw_hi[0] = b->bw_hi[1];
			b->bw_hi[1] = 0;
		}
	}
	if (too_high(a)) {
		if (b->probe_samples)
			handle_too_high(b, a, cwnd);
		return;
	}
	if (b->inflight_hi == UINT32_MAX)
		return;
	if (a->tx_in_flight > b->inflight_hi)
		b->inflight_hi = a->tx_in_flight;
	if (b->mode == UP)
		probe_upward(b, a, cwnd);
}

static bool time_to_cruise(const struct bbr *b, const struct cc_ack *a)
{
	return a->pipe <= with_headroom(b) && a->pipe <= bdp(b, max_bw(b), UNIT);
}

/* UP lasts until the rate has not grown for three rounds with all of inflight_hi in use. */
static bool time_to_go_down(struct bbr *b, const struct cc_ack *a, uint32_t cwnd)
{
	if (a->cwnd_limited && cwnd >= b->inflight_hi)
		reset_full_bw(b, a->rate_Bps);
	else if (b->full_now)
		return true;
	return false;
}

static void update_cycle(struct bbr *b, const struct cc_ack *a, uint32_t cwnd)
{
	if (!b->full_reached)
		return;
	adapt_long_term(b, a, cwnd);
	switch ((enum mode)b->mode) {
	case DOWN:
		if (time_to_probe(b, a, cwnd))
			start_refill(b, a);
		else if (time_to_cruise(b, a))
			b->mode = CRUISE;
		break;
	case CRUISE:
		if (time_to_probe(b, a, cwnd))
			start_refill(b, a);
		break;
	case REFILL:
		if (b->round_start) {
			b->probe_samples = true;
			start_up(b, a, cwnd);
		}
		break;
	case UP:
		if (time_to_go_down(b, a, cwnd))
			start_down(b, a);
		break;
	case STARTUP:
	case DRAIN:
	case PROBE_RTT:
		break;
	}
}

/* ---- what an ACK says about the path */

static void update_rounds(struct bbr *b, const struct cc_ack *a)
{
	b->round_start = b->loss_round_start = false;
	if (a->rate_Bps == 0 && a->prior_delivered == 0)
		return;
	if (a->prior_delivered >= b->round_end) {
		start_round(b, a);
		b->round_start = true;
		b->rounds++;
		b->since_probe++;
	}
	if (a->rate_Bps > b->bw_latest)
		b->bw_latest = a->rate_Bps;
	if (a->delivered - a->prior_delivered > b->inflight_latest)
		b->inflight_latest = to_u32(a->delivered - a->prior_delivered);
	if (a->prior_delivered >= b->loss_round_end) {
		b->loss_round_end = a->delivered;
		b->loss_round_start = true;
	}
}

/* The share of marks, smoothed over rounds; half of a round's marks end STARTUP after two. */
static void update_ecn(struct bbr *b, const struct cc_ack *a)
{
	uint32_t share;

	b->ecn_bytes += a->rate_ce;
	b->round_bytes += a->acked;
	if (a->ece || a->rate_ce)
		b->ecn_in_round = true;
	if (!b->loss_round_start || b->round_bytes == 0)
		return;
	share = (uint32_t)(b->ecn_bytes * UNIT / b->round_bytes);
	if (share > UNIT)
		share = UNIT;
	b->ecn_alpha += (share >> ECN_GAIN_SHIFT);
	b->ecn_alpha -= b->ecn_alpha >> ECN_GAIN_SHIFT;
	b->ecn_rounds = share * 2 >= UNIT ? (uint8_t)(b->ecn_rounds + (b->ecn_rounds < 2)) : 0;
	b->ecn_bytes = b->round_bytes = 0;
}

static void adapt_lower_bounds(struct bbr *b, uint32_t cwnd)
{
	uint32_t beta = b->loss_in_round ? BETA : UNIT - (b->ecn_alpha * ECN_FACTOR) / UNIT;
	uint64_t lower;

	if (probing(b) || !(b->loss_in_round || b->ecn_in_round))
		return;
	if (b->bw_lo == NONE)
		b->bw_lo = max_bw(b);
	if (b->inflight_lo == UINT32_MAX)
		b->inflight_lo = cwnd;
	if (b->loss_in_round) {
		lower = scaled(b->bw_lo, BETA);
		b->bw_lo = b->bw_latest > lower ? b->bw_latest : lower;
	}
	lower = scaled(b->inflight_lo, beta);
	b->inflight_lo = b->inflight_latest > lower ? b->inflight_latest : (uint32_t)lower;
}

static void update_congestion(struct bbr *b, const struct cc_ack *a, uint32_t cwnd)
{
	if (a->rate_Bps && (a->rate_Bps >= max_bw(b) || !a->app_limited) &&
	    a->rate_Bps > b->bw_hi[1])
		b->bw_hi[1] = a->rate_Bps;
	if (a->lost) {
		b->loss_in_round = true;
		if (b->losses < FULL_LOSSES)
			b->losses++;
	}
	update_ecn(b, a);
	if (b->loss_round_start)
		adapt_lower_bounds(b, cwnd);
}

/* ACKs that come in bursts need more than the path's volume in flight: the most that came beyond
 * the rate, of the last ten rounds. */
static void update_extra_acked(struct bbr *b, const struct cc_ack *a, uint32_t cwnd)
{
	uint64_t us = (a->now_ns - b->extra_ns) / 1000, expected = bw(b) * us / 1000000;
	uint64_t most = bw(b) / (1000000 / EXTRA_MAX_US);
	uint32_t extra;

	/* An epoch without a pause must end as well: a rate a little too low would add up. */
	if (b->extra_delivered <= expected || us > EXTRA_EPOCH_US) {
		b->extra_delivered = 0;
		b->extra_ns = a->now_ns;
		expected = 0;
	}
	b->extra_delivered += a->acked;
	extra = to_u32(b->extra_delivered - expected);
	if (extra > most)
		extra = to_u32(most);
	if (extra > cwnd)
		extra = cwnd;
	if (b->rounds - b->extra_round >= (b->full_reached ? EXTRA_ROUNDS : 1)) {
		b->extra[0] = b->extra[1];
		b->extra[1] = 0;
		b->extra_round = b->rounds;
	}
	if (extra > b->extra[1])
		b->extra[1] = extra;
}

static uint32_t extra_acked(const struct bbr *b)
{
	return b->extra[0] > b->extra[1] ? b->extra[0] : b->extra[1];
}

static void check_full_bw(struct bbr *b, const struct cc_ack *a)
{
	if (b->full_now || !b->round_start || a->app_limited)
		return;
	if (a->rate_Bps >= scaled(b->full_bw, FULL_BW_GROWTH)) {
		reset_full_bw(b, a->rate_Bps);
		return;
	}
	b->full_rounds++;
	b->full_now = b->full_rounds >= FULL_BW_ROUNDS;
	if (b->full_now)
		b->full_reached = true;
}

static void check_startup(struct bbr *b, const struct cc_ack *a)
{
	bool lossy = b->losses >= FULL_LOSSES && too_high(a);

	if (b->mode == STARTUP && b->loss_round_start && (lossy || b->ecn_rounds >= 2)) {
		uint32_t hi = bdp(b, max_bw(b), UNIT);

		b->full_reached = true;
		b->inflight_hi = hi > b->inflight_latest ? hi : b->inflight_latest;
	}
	if (b->loss_round_start) {
		b->losses = 0;
		b->loss_in_round = b->ecn_in_round = false;
	}
	if (b->mode == STARTUP && b->full_reached)
		b->mode = DRAIN;
	if (b->mode == DRAIN && a->pipe <= bdp(b, max_bw(b), UNIT))
		start_down(b, a);
}

static void update_min_rtt(struct bbr *b, const struct cc_ack *a)
{
	uint32_t rtt = (uint32_t)a->rtt_us;

	b->probe_rtt_expired = a->now_ns > b->probe_rtt_min_ns + 5000 * MS;
	if (rtt && (rtt < b->probe_rtt_min_us || b->probe_rtt_expired)) {
		b->probe_rtt_min_us = rtt;
		b->probe_rtt_min_ns = a->now_ns;
	}
	if (b->probe_rtt_min_us < b->min_rtt_us || a->now_ns > b->min_rtt_ns + 10000 * MS) {
		b->min_rtt_us = b->probe_rtt_min_us;
		b->min_rtt_ns = b->probe_rtt_min_ns;
	}
}

/* ---- PROBE_RTT */

static uint32_t probe_rtt_cwnd(const struct bbr *b)
{
	uint32_t w = bdp(b, bw(b), PROBE_RTT_GAIN), least = MIN_SEGMENTS * b->mss;

	return w > least ? w : least;
}

static void save_cwnd(struct bbr *b, uint32_t cwnd, bool in_recovery)
{
	if ((!in_recovery && b->mode != PROBE_RTT) || cwnd > b->saved_cwnd)
		b->saved_cwnd = cwnd;
}

static void check_probe_rtt_done(struct cc *cc, struct bbr *b, const struct cc_ack *a)
{
	if (b->probe_rtt_done_ns == 0 || a->now_ns <= b->probe_rtt_done_ns)
		return;
	b->probe_rtt_min_ns = a->now_ns;
	if (b->saved_cwnd > cc->cwnd)
		cc->cwnd = b->saved_cwnd;
	reset_lower_bounds(b);
	if (b->full_reached) {
		start_down(b, a);
		b->mode = CRUISE;
	} else {
		b->mode = STARTUP;
	}
}

static void check_probe_rtt(struct cc *cc, struct bbr *b, const struct cc_ack *a)
{
	if (b->mode != PROBE_RTT && b->probe_rtt_expired && !b->idle_restart) {
		save_cwnd(b, cc->cwnd, a->recovery || a->loss_state);
		b->mode = PROBE_RTT;
		b->probe_rtt_done_ns = 0;
		b->phase = ACKS_STOPPING;
		start_round(b, a);
	} else if (b->mode == PROBE_RTT && b->probe_rtt_done_ns == 0) {
		if (a->pipe <= probe_rtt_cwnd(b)) {
			b->probe_rtt_done_ns = a->now_ns + 200 * MS;
			b->probe_rtt_round_done = false;
			start_round(b, a);
		}
	} else if (b->mode == PROBE_RTT) {
		if (b->round_start)
			b->probe_rtt_round_done = true;
		if (b->probe_rtt_round_done)
			check_probe_rtt_done(cc, b, a);
	}
	if (a->acked)
		b->idle_restart = false;
}

/* ---- what follows from it: rate and window */

static void set_pacing(struct cc *cc, const struct bbr *b, uint32_t gain)
{
	uint64_t rate = scaled(bw(b), gain);

	rate -= rate / 100 * MARGIN_PERCENT;
	if (rate && (b->full_reached || rate > cc->pace_Bps))
		cc->pace_Bps = rate;
}

static uint32_t target_inflight(const struct cc *cc, const struct bbr *b)
{
	uint32_t gain = b->mode == UP ? UP_CWND_GAIN : b->mode == PROBE_RTT ? PROBE_RTT_GAIN :
									      CWND_GAIN;
	uint32_t target = bdp(b, bw(b), gain) + extra_acked(b), quantum, least;

	/* Room for packets that are being made, and for one that waits to be acknowledged. */
	quantum = to_u32(cc->pace_Bps / 1000);
	least = quantum > 2 * b->mss ? quantum : 2 * b->mss;
	if (least > 65536)
		least = 65536;
	target = to_u32((uint64_t)target + (b->mode == UP ? 2 * b->mss : 0));
	return target > 2 * least ? target : 2 * least;
}

static uint32_t bound_for_model(const struct bbr *b, uint32_t cwnd)
{
	uint32_t cap = UINT32_MAX, least = MIN_SEGMENTS * b->mss;

	if (in_probe_bw(b) && b->mode != CRUISE)
		cap = b->inflight_hi;
	else if (b->mode == PROBE_RTT || b->mode == CRUISE)
		cap = with_headroom(b);
	if (b->inflight_lo < cap)
		cap = b->inflight_lo;
	if (b->mode == PROBE_RTT && probe_rtt_cwnd(b) < cap)
		cap = probe_rtt_cwnd(b);
	if (cap < least)
		cap = least;
	return cwnd < cap ? cwnd : cap;
}

static void set_cwnd(struct cc *cc, const struct bbr *b, const struct cc_ack *a)
{
	uint32_t target = target_inflight(cc, b), cwnd = cc->cwnd;

	/* What was lost is no longer in flight, and is not replaced within the same round. */
	if (a->lost && a->recovery)
		cwnd = cwnd > a->lost + b->mss ? cwnd - a->lost : b->mss;
	if (b->full_reached)
		cwnd = to_u32((uint64_t)cwnd + a->acked) < target ? cwnd + a->acked : target;
	else if (cwnd < target || a->delivered < 2 * CC_IW_SEGMENTS * b->mss)
		cwnd = to_u32((uint64_t)cwnd + a->acked);
	if (cwnd < MIN_SEGMENTS * b->mss && !a->loss_state)
		cwnd = MIN_SEGMENTS * b->mss;
	cc->cwnd = bound_for_model(b, cwnd);
}

static void bbr_control(struct cc *cc, const struct cc_ack *a)
{
	struct bbr *b = cc_state(cc);

	b->mss = a->mss;
	update_rounds(b, a);
	update_congestion(b, a, cc->cwnd);
	update_extra_acked(b, a, cc->cwnd);
	check_full_bw(b, a);
	check_startup(b, a);
	update_cycle(b, a, cc->cwnd);
	update_min_rtt(b, a);
	check_probe_rtt(cc, b, a);
	if (b->loss_round_start) {
		b->bw_latest = a->rate_Bps;
		b->inflight_latest = to_u32(a->delivered - a->prior_delivered);
	}
	set_pacing(cc, b, pacing_gain(b));
	set_cwnd(cc, b, a);
}

static void bbr_init(struct cc *cc, uint32_t mss, uint64_t now_ns)
{
	struct bbr *b = cc_state(cc);

	*b = (struct bbr){ .mss = mss, .min_rtt_us = UINT32_MAX, .probe_rtt_min_us = UINT32_MAX,
			   .bw_lo = NONE, .inflight_lo = UINT32_MAX, .inflight_hi = UINT32_MAX,
			   .min_rtt_ns = now_ns, .probe_rtt_min_ns = now_ns, .extra_ns = now_ns,
			   .mode = STARTUP, .up_per_segment = UINT32_MAX,
			   .random = cc->seed ? cc->seed : 1 };
	/* RFC-less start: the window in a millisecond, until a round trip is known. */
	cc->pace_Bps = scaled((uint64_t)cc->cwnd * 1000, STARTUP_GAIN);
	cc->ssthresh = UINT32_MAX;
}

/* The first round trip gives the first rate. */
static void bbr_sample(struct cc *cc, const struct cc_ack *a)
{
	struct bbr *b = cc_state(cc);

	if (b->min_rtt_us == UINT32_MAX)
		cc->pace_Bps = scaled((uint64_t)cc->cwnd * 1000000 / a->rtt_us, STARTUP_GAIN);
}

static uint32_t bbr_ssthresh(struct cc *cc, const struct cc_ack *a, enum cc_why why)
{
	struct bbr *b = cc_state(cc);

	save_cwnd(b, cc->cwnd, a->recovery || a->loss_state);
	b->undo_bw_lo = b->bw_lo;
	b->undo_lo = b->inflight_lo;
	b->undo_hi = b->inflight_hi;
	if (why == CC_RTO)
		reset_full_bw(b, 0);
	return cc->ssthresh;
}

static void bbr_recovered(struct cc *cc, uint64_t now_ns)
{
	struct bbr *b = cc_state(cc);

	(void)now_ns;
	if (b->saved_cwnd > cc->cwnd)
		cc->cwnd = b->saved_cwnd;
	cc->cwnd = bound_for_model(b, cc->cwnd);
	b->saved_cwnd = 0;
}

static void bbr_undo(struct cc *cc)
{
	struct bbr *b = cc_state(cc);

	reset_full_bw(b, 0);
	b->loss_in_round = false;
	if (b->bw_lo < b->undo_bw_lo)
		b->bw_lo = b->undo_bw_lo;
	if (b->inflight_lo < b->undo_lo)
		b->inflight_lo = b->undo_lo;
	if (b->inflight_hi < b->undo_hi)
		b->inflight_hi = b->undo_hi;
	(void)cc;
}

static void bbr_resume(struct cc *cc, uint64_t now_ns, uint64_t idle_ns, bool app_limited)
{
	struct bbr *b = cc_state(cc);
	struct cc_ack a = { .now_ns = now_ns, .delivered = b->round_end, .mss = b->mss };

	(void)idle_ns;
	if (!app_limited)
		return;
	b->idle_restart = true;
	b->extra_ns = now_ns;
	b->extra_delivered = 0;
	if (in_probe_bw(b))
		set_pacing(cc, b, UNIT);
	else if (b->mode == PROBE_RTT)
		check_probe_rtt_done(cc, b, &a);
}

/* struct tcp_bbr_info: bandwidth in two halves, round trip, gains in 256ths. */
static uint32_t bbr_info(const struct cc *cc, uint8_t *out)
{
	const struct bbr *b = cc->state;
	uint64_t rate = bw(b);
	const uint32_t info[] = { (uint32_t)rate, (uint32_t)(rate >> 32), b->min_rtt_us,
				  pacing_gain(b), b->mode == UP ? UP_CWND_GAIN : CWND_GAIN };

	static_assert(sizeof(info) == CC_INFO_MAX, "the whole of it");
	memcpy(out, info, sizeof(info));
	return sizeof(info);
}

const struct cc_ops cc_bbr = {
	.name = "bbr",
	.state_size = sizeof(struct bbr),
	.no_recovery = true,
	.paces = true,
	.init = bbr_init,
	.sample = bbr_sample,
	.ssthresh = bbr_ssthresh,
	.control = bbr_control,
	.resume = bbr_resume,
	.recovered = bbr_recovered,
	.undo = bbr_undo,
	.info = bbr_info,
};
