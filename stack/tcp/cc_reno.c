/* SPDX-License-Identifier: BSD-2-Clause */
/* Reno's window (RFC 5681 3.1), counted in bytes acknowledged (RFC 3465). Recovery is
 * tcp_loss.c's. */
#include <assert.h>

#include "tcp/cc.h"

struct reno {
	uint64_t acked; /* bytes that did not yet make a segment of window */
};
static_assert(sizeof(struct reno) <= sizeof(((struct cc *)0)->priv), "fits");

static void reno_init(struct cc *cc, uint32_t mss, uint64_t now_ns)
{
	struct reno *r = cc_state(cc);

	(void)mss;
	(void)now_ns;
	r->acked = 0;
}

static void reno_ack(struct cc *cc, const struct cc_ack *a)
{
	struct reno *r = cc_state(cc);
	uint32_t acked;

	/* A window that was not used says nothing about the path: RFC 2861's idea, Linux's rule. */
	if (!a->cwnd_limited)
		return;
	acked = cc_grow_slow_start(cc, a->acked);
	if (acked == 0)
		return;
	r->acked += acked;
	while (r->acked >= cc->cwnd && cc->cwnd < INT32_MAX / 2) {
		r->acked -= cc->cwnd;
		cc->cwnd += a->mss;
	}
}

/* RFC 5681 equation 4: FlightSize without what limited transmit sent beyond cwnd (3.2 step 1). */
static uint32_t reno_ssthresh(struct cc *cc, const struct cc_ack *a, enum cc_why why)
{
	struct reno *r = cc_state(cc);
	uint32_t half = (a->inflight < cc->cwnd ? a->inflight : cc->cwnd) / 2;

	(void)why;
	r->acked = 0;
	return half > 2 * a->mss ? half : 2 * a->mss;
}

const struct cc_ops cc_reno = {
	.name = "reno",
	.init = reno_init,
	.ack = reno_ack,
	.ssthresh = reno_ssthresh,
};
