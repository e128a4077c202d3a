/* SPDX-License-Identifier: BSD-2-Clause */
/* The list of congestion control algorithms, and what they share. */
#include "tcp/cc.h"

#include <assert.h>
#include <string.h>

#include "base/list.h"

enum { CWND_MAX = INT32_MAX / 2 };

static const struct cc_ops *const all[] = { &cc_reno, &cc_cubic, &cc_bbr };

const struct cc_ops *cc_find(const char *name)
{
	if (!name)
		return all[0];
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (strcmp(all[i]->name, name) == 0)
			return all[i];
	return NULL;
}

const struct cc_ops *cc_at(size_t i)
{
	return i < ARRAY_LEN(all) ? all[i] : NULL;
}

/* Deviation: RFC 5681 3.1 (MUST): not two to four segments but ten, by RFC 6928 2:
 * min(10 * MSS, max(2 * MSS, 14600)). Linux takes ten segments of any size; so do we. Deviation:
 * RFC 6928 2: after a loss in that window the restart window stays as large, as Linux's does; what was
 * lost is remembered by ssthresh. */
uint32_t cc_initial_window(uint32_t mss)
{
	return CC_IW_SEGMENTS * mss;
}

void cc_start(struct cc *cc, uint32_t mss)
{
	cc->cwnd = cc->prior_cwnd = cc_initial_window(mss);
	cc->ssthresh = cc->prior_ssthresh = UINT32_MAX;
}

void cc_switch(struct cc *cc, const struct cc_ops *ops, void *state, uint32_t mss, uint64_t now_ns)
{
	assert(ops->state_size <= (state ? (size_t)CC_STATE_MAX : sizeof(cc->priv)));
	cc->ops = ops;
	cc->state = state;
	cc->pace_Bps = 0;
	cc->paced = cc->paced || ops->paces;
	memset(cc->priv, 0, sizeof(cc->priv));
	ops->init(cc, mss, now_ns);
}

void cc_handshake_loss(struct cc *cc, uint32_t mss)
{
	cc->cwnd = mss;
}

static uint32_t rescaled(uint32_t window, uint32_t from, uint32_t to)
{
	return window == UINT32_MAX ? window : window / from * to;
}

void cc_mss_shrank(struct cc *cc, uint32_t from, uint32_t to)
{
	cc->cwnd = rescaled(cc->cwnd, from, to);
	cc->ssthresh = rescaled(cc->ssthresh, from, to);
	cc->prior_cwnd = rescaled(cc->prior_cwnd, from, to);
	cc->prior_ssthresh = rescaled(cc->prior_ssthresh, from, to);
}

/* What was learnt is not forgotten: slow start leads back to three quarters of the window, in
 * segments as Linux counts (tcp_current_ssthresh). */
static uint32_t known_good(const struct cc *cc, uint32_t mss)
{
	uint32_t segs = cc->cwnd / mss, good = (segs / 2 + segs / 4) * mss;

	return cc->ssthresh > good ? cc->ssthresh : good;
}

static void round_to_segments(struct cc *cc, uint32_t mss)
{
	if (cc->cwnd > mss)
		cc->cwnd -= cc->cwnd % mss;
}

void cc_idle(struct cc *cc, uint32_t mss, uint32_t timeouts)
{
	uint32_t restart = cc_initial_window(mss);

	if (restart > cc->cwnd)
		restart = cc->cwnd;
	cc->ssthresh = known_good(cc, mss);
	while (timeouts-- && cc->cwnd > restart)
		cc->cwnd /= 2;
	round_to_segments(cc, mss);
	if (cc->cwnd < restart)
		cc->cwnd = restart;
}

void cc_unused(struct cc *cc, uint32_t mss, uint32_t used)
{
	uint32_t initial = cc_initial_window(mss);

	if (used < initial)
		used = initial;
	if (used >= cc->cwnd)
		return;
	cc->ssthresh = known_good(cc, mss);
	cc->cwnd = (cc->cwnd + used) / 2;
	round_to_segments(cc, mss);
}

void cc_resume(struct cc *cc, uint64_t now_ns, uint64_t idle_ns, bool app_limited)
{
	if (cc->ops->resume)
		cc->ops->resume(cc, now_ns, idle_ns, app_limited);
}

void cc_acked(struct cc *cc, const struct cc_ack *a)
{
	if (a->rtt_us && cc->ops->sample)
		cc->ops->sample(cc, a);
	if (cc->ops->control)
		cc->ops->control(cc, a);
	else if (a->advanced && a->acked && !a->recovery)
		cc->ops->ack(cc, a);
}

void cc_reduce(struct cc *cc, const struct cc_ack *a, enum cc_why why, bool in_episode)
{
	if (!in_episode) {
		cc->prior_cwnd = cc->cwnd;
		cc->prior_ssthresh = known_good(cc, a->mss);
	}
	cc->ssthresh = cc->ops->ssthresh(cc, a, why);
	if (why == CC_RTO)
		cc->cwnd = a->mss;
}

void cc_recovered(struct cc *cc, uint64_t now_ns)
{
	if (cc->ops->recovered)
		cc->ops->recovered(cc, now_ns);
}

void cc_undo(struct cc *cc)
{
	if (cc->prior_cwnd > cc->cwnd)
		cc->cwnd = cc->prior_cwnd;
	if (cc->prior_ssthresh > cc->ssthresh)
		cc->ssthresh = cc->prior_ssthresh;
	if (cc->ops->undo)
		cc->ops->undo(cc);
}

uint32_t cc_grow_slow_start(struct cc *cc, uint32_t acked)
{
	uint32_t grow = cc_slow_start(cc) ? cc->ssthresh - cc->cwnd : 0;

	if (grow > acked)
		grow = acked;
	if (cc->cwnd < CWND_MAX)
		cc->cwnd += grow;
	return acked - grow;
}

void cc_grow_avoid(struct cc *cc, uint32_t *credit, uint32_t per, uint32_t acked, uint32_t mss)
{
	uint32_t more;

	if (cc->cwnd >= CWND_MAX)
		return;
	/* Credit from when a segment cost more is given out gently, as Linux does. */
	if (*credit >= per) {
		*credit = 0;
		cc->cwnd += mss;
	}
	*credit += acked;
	more = *credit / per;
	*credit -= more * per;
	cc->cwnd += more * mss;
}
