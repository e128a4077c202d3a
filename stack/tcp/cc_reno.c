/* SPDX-License-Identifier: BSD-2-Clause */
/* Reno's window (RFC 5681 3.1), counted in bytes acknowledged (RFC 3465). Recovery is
 * tcp_loss.c's. */
#include <assert.h>

#include "tcp/cc_hystart.h"

struct reno {
	struct cc_hystart hystart;
	uint32_t acked; /* bytes that did not yet make a segment of window */
};
static_assert(sizeof(struct reno) <= sizeof(((struct cc *)0)->priv), "fits");

static void reno_init(struct cc *cc, uint32_t mss, uint64_t now_ns)
{
	struct reno *r = cc_state(cc);

	(void)mss;
	(void)now_ns;
	r->acked = 0;
	cc_hystart_reset(&r->hystart, true);
}

static void reno_ack(struct cc *cc, const struct cc_ack *a)
{
	struct reno *r = cc_state(cc);
	uint32_t acked = a->acked;

	/* A window that was not used says nothing about the path: RFC 2861's idea, Linux's rule. */
	if (!a->cwnd_limited)
		return;
	if (cc_slow_start(cc)) {
		acked = cc_grow_slow_start(cc, cc_hystart_grow(cc, &r->hystart, acked, a->mss));
		if (acked == 0 || cc_slow_start(cc))
			return;
	}
	cc_grow_avoid(cc, &r->acked, cc->cwnd, acked, a->mss);
}

/* Linux's Reno has no HyStart of its own; the RFC's is for any (RFC 9406 4). */
static void reno_sample(struct cc *cc, const struct cc_ack *a)
{
	struct reno *r = cc_state(cc);

	if (cc->hystart == CC_HYSTART_PLUS)
		cc_hystart_sample(cc, &r->hystart, a);
}

/* RFC 5681 equation 4: FlightSize without what limited transmit sent beyond cwnd (3.2 step 1). ABE
 * takes less off for a mark (RFC 8511 3.1: 0.8). */
static uint32_t reno_ssthresh(struct cc *cc, const struct cc_ack *a, enum cc_why why)
{
	struct reno *r = cc_state(cc);
	uint32_t flight = a->inflight < cc->cwnd ? a->inflight : cc->cwnd;
	uint32_t down = why == CC_ECN && cc->abe ? flight / 5 * 4 : flight / 2;

	/* What was acknowledged towards the next segment stays: it is half a segment on average, much
	 * where the window is of ten. */
	cc_hystart_stop(&r->hystart);
	return down > 2 * a->mss ? down : 2 * a->mss;
}

const struct cc_ops cc_reno = {
	.name = "reno",
	.init = reno_init,
	.ack = reno_ack,
	.sample = reno_sample,
	.ssthresh = reno_ssthresh,
};
