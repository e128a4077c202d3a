/* SPDX-License-Identifier: BSD-2-Clause */
/* Reno's window (RFC 5681 3.1), counted in bytes acknowledged (RFC 3465). Recovery is
 * tcp_loss.c's. */
#include <assert.h>

#include "tcp/cc.h"

struct reno {
	uint64_t acked; /* bytes that did not yet make a segment of window */
	uint32_t old_cwnd, old_ssthresh;
};
static_assert(sizeof(struct reno) <= sizeof(((struct cc *)0)->priv), "fits");

static struct reno *reno_of(struct cc *cc)
{
	return (struct reno *)(void *)cc->priv;
}

static void reno_init(struct cc *cc, uint32_t mss)
{
	struct reno *r = reno_of(cc);

	(void)mss;
	r->acked = 0;
	r->old_cwnd = cc->cwnd;
	r->old_ssthresh = cc->ssthresh;
}

static void reno_ack(struct cc *cc, const struct cc_ack *a)
{
	struct reno *r = reno_of(cc);
	uint32_t acked = a->acked;

	/* A window that was not used says nothing about the path: RFC 2861's idea, Linux's rule. */
	if (!a->cwnd_limited)
		return;
	if (cc_slow_start(cc)) {
		uint32_t grow = cc->ssthresh - cc->cwnd < acked ? cc->ssthresh - cc->cwnd : acked;

		if (grow > INT32_MAX - cc->cwnd)
			grow = INT32_MAX - cc->cwnd;
		cc->cwnd += grow;
		acked -= grow;
		if (acked == 0 || cc_slow_start(cc))
			return;
	}
	r->acked += acked;
	while (r->acked >= cc->cwnd && cc->cwnd < INT32_MAX / 2) {
		r->acked -= cc->cwnd;
		cc->cwnd += a->mss;
	}
}

static void reno_remember(struct cc *cc)
{
	struct reno *r = reno_of(cc);

	r->old_cwnd = cc->cwnd;
	r->old_ssthresh = cc->ssthresh;
	r->acked = 0;
}

/* RFC 5681 equation 4. */
static uint32_t half_flight(const struct cc_ack *a)
{
	uint32_t half = a->inflight / 2;

	return half > 2 * a->mss ? half : 2 * a->mss;
}

static void reno_loss(struct cc *cc, const struct cc_ack *a)
{
	reno_remember(cc);
	cc->ssthresh = half_flight(a);
	cc->cwnd = cc->ssthresh;
}

static void reno_rto(struct cc *cc, const struct cc_ack *a)
{
	reno_remember(cc);
	cc->ssthresh = half_flight(a);
	cc->cwnd = a->mss;
}

static void reno_undo(struct cc *cc)
{
	const struct reno *r = reno_of(cc);

	if (r->old_cwnd > cc->cwnd)
		cc->cwnd = r->old_cwnd;
	if (r->old_ssthresh > cc->ssthresh)
		cc->ssthresh = r->old_ssthresh;
}

const struct cc_ops cc_reno = {
	.name = "reno",
	.init = reno_init,
	.ack = reno_ack,
	.loss = reno_loss,
	.rto = reno_rto,
	.undo = reno_undo,
};
