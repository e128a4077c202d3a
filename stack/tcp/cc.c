/* SPDX-License-Identifier: BSD-2-Clause */
/* The list of congestion control algorithms, and what they share. */
#include "tcp/cc.h"

#include <assert.h>
#include <string.h>

#include "base/list.h"

enum { CWND_MAX = INT32_MAX / 2 };

static const struct cc_ops *const all[] = { &cc_reno };

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

/* RFC 6928 2: min(10 * MSS, max(2 * MSS, 14600)). Linux takes ten segments of any size; so do
 * we. */
uint32_t cc_initial_window(uint32_t mss)
{
	return CC_IW_SEGMENTS * mss;
}

void cc_init(struct cc *cc, const struct cc_ops *ops, void *state, uint32_t mss, uint64_t now_ns)
{
	assert(ops->state_size <= (state ? (size_t)CC_STATE_MAX : sizeof(cc->priv)));
	memset(cc, 0, sizeof(*cc));
	cc->ops = ops;
	cc->state = state;
	cc->cwnd = cc->prior_cwnd = cc_initial_window(mss);
	cc->ssthresh = UINT32_MAX;
	ops->init(cc, mss, now_ns);
}

void cc_handshake_loss(struct cc *cc, uint32_t mss)
{
	cc->cwnd = mss;
}

/* What was learnt is not forgotten: slow start leads back to three quarters of the window. */
static void remember_window(struct cc *cc)
{
	if (cc->ssthresh < cc->cwnd / 4 * 3)
		cc->ssthresh = cc->cwnd / 4 * 3;
}

void cc_idle(struct cc *cc, uint32_t mss, uint32_t timeouts)
{
	uint32_t restart = cc_initial_window(mss);

	if (restart > cc->cwnd)
		restart = cc->cwnd;
	remember_window(cc);
	while (timeouts-- && cc->cwnd > restart)
		cc->cwnd /= 2;
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
	remember_window(cc);
	cc->cwnd = (cc->cwnd + used) / 2;
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
		cc->prior_ssthresh = cc->ssthresh;
		/* Linux's tcp_current_ssthresh: the window itself had proven good. */
		if (cc->ssthresh < cc->cwnd / 4 * 3)
			cc->prior_ssthresh = cc->cwnd / 4 * 3;
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
