/* SPDX-License-Identifier: BSD-2-Clause */
/* HyStart and HyStart++: see cc_hystart.h. */
#include "tcp/cc_hystart.h"

#include "wire/seq.h"

void cc_hystart_reset(struct cc_hystart *h, bool initial)
{
	uint32_t min_us = h->min_us;

	*h = (struct cc_hystart){ .min_us = min_us, .cur_us = UINT32_MAX, .last_us = UINT32_MAX,
				  .done = !initial };
}

void cc_hystart_stop(struct cc_hystart *h)
{
	h->done = true;
	h->base_us = 0;
}

static void end_slow_start(struct cc *cc, struct cc_hystart *h, enum cc_ended why)
{
	cc->ended = (uint8_t)why;
	cc->ssthresh = cc->cwnd;
	cc_hystart_stop(h);
}

static uint32_t threshold_us(uint32_t rtt_us)
{
	uint32_t t = rtt_us / HYSTART_MIN_RTT_DIVISOR;

	if (t < HYSTART_MIN_RTT_THRESH_US)
		return HYSTART_MIN_RTT_THRESH_US;
	return t > HYSTART_MAX_RTT_THRESH_US ? HYSTART_MAX_RTT_THRESH_US : t;
}

static void new_round(struct cc_hystart *h, const struct cc_ack *a)
{
	h->started = true;
	h->end = a->nxt;
	h->last_us = h->cur_us;
	h->cur_us = UINT32_MAX;
	h->samples = 0;
	h->round_ns = h->last_ack_ns = a->now_ns;
}

/* Linux: ACKs that follow each other within 2 ms, for longer than half the path's delay (all of it
 * when a pacer spread the data) and what a burst of the sender's adds. */
static bool long_train(const struct cc *cc, struct cc_hystart *h, const struct cc_ack *a)
{
	uint64_t limit_ns = (uint64_t)h->min_us * 1000, burst_ns = 0;

	if (a->now_ns - h->last_ack_ns > HYSTART_ACK_DELTA_US * 1000u)
		return false;
	h->last_ack_ns = a->now_ns;
	if (cc->pace_Bps)
		burst_ns = 4ull * 65536 * 1000000000u / cc->pace_Bps;
	limit_ns += burst_ns < 1000000 ? burst_ns : 1000000;
	if (!cc->paced)
		limit_ns /= 2;
	return a->now_ns - h->round_ns > limit_ns;
}

static void linux_sample(struct cc *cc, struct cc_hystart *h, const struct cc_ack *a)
{
	if (cc->cwnd < HYSTART_LOW_WINDOW * a->mss)
		return;
	if (!h->started || seq_gt(a->una, h->end))
		new_round(h, a);
	if (long_train(cc, h, a)) {
		end_slow_start(cc, h, CC_ENDED_TRAIN);
		return;
	}
	if (a->rtt_us < h->cur_us)
		h->cur_us = (uint32_t)a->rtt_us;
	if (h->samples < HYSTART_N_RTT_SAMPLE)
		h->samples++;
	else if (h->cur_us > h->min_us + threshold_us(h->min_us))
		end_slow_start(cc, h, CC_ENDED_DELAY);
}

/* RFC 9406 4.2. */
static void plus_sample(struct cc *cc, struct cc_hystart *h, const struct cc_ack *a)
{
	if (!h->started || seq_gt(a->una, h->end)) {
		new_round(h, a);
		if (h->base_us && ++h->rounds >= HYSTART_CSS_ROUNDS) {
			end_slow_start(cc, h, CC_ENDED_DELAY);
			return;
		}
	}
	if (a->rtt_us < h->cur_us)
		h->cur_us = (uint32_t)a->rtt_us;
	if (h->samples < HYSTART_N_RTT_SAMPLE)
		h->samples++;
	if (h->samples < HYSTART_N_RTT_SAMPLE)
		return;
	if (h->base_us) {
		if (h->cur_us < h->base_us)
			h->base_us = 0; /* the rise was a jitter's: slow start again */
	} else if (h->last_us != UINT32_MAX &&
		   h->cur_us >= h->last_us + threshold_us(h->last_us)) {
		h->base_us = h->cur_us;
		h->rounds = 0;
	}
}

void cc_hystart_sample(struct cc *cc, struct cc_hystart *h, const struct cc_ack *a)
{
	if (h->min_us == 0 || a->rtt_us < h->min_us)
		h->min_us = (uint32_t)a->rtt_us;
	if (h->done || !cc_slow_start(cc))
		return;
	if (cc->hystart == CC_HYSTART_LINUX)
		linux_sample(cc, h, a);
	else if (cc->hystart == CC_HYSTART_PLUS)
		plus_sample(cc, h, a);
}

uint32_t cc_hystart_grow(const struct cc *cc, const struct cc_hystart *h, uint32_t acked,
			 uint32_t mss)
{
	if (cc->hystart != CC_HYSTART_PLUS || h->done)
		return acked;
	if (!cc->paced && acked > HYSTART_L * mss)
		acked = HYSTART_L * mss;
	return h->base_us ? acked / HYSTART_CSS_GROWTH_DIVISOR : acked;
}
