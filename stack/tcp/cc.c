/* SPDX-License-Identifier: BSD-2-Clause */
/* The list of congestion control algorithms, and what they share. */
#include "tcp/cc.h"

#include <string.h>

#include "base/list.h"

static const struct cc_ops *const all[] = { &cc_reno }; /* the first is the default */

const struct cc_ops *cc_find(const char *name)
{
	if (!name)
		return all[0];
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (strcmp(all[i]->name, name) == 0)
			return all[i];
	return NULL;
}

/* RFC 6928 2: min(10 * MSS, max(2 * MSS, 14600)). Linux takes ten segments of any size; so do
 * we. */
uint32_t cc_initial_window(uint32_t mss)
{
	return CC_IW_SEGMENTS * mss;
}

void cc_init(struct cc *cc, const struct cc_ops *ops, uint32_t mss)
{
	memset(cc, 0, sizeof(*cc));
	cc->ops = ops;
	cc->cwnd = cc_initial_window(mss);
	cc->ssthresh = UINT32_MAX;
	ops->init(cc, mss);
}

void cc_handshake_loss(struct cc *cc, uint32_t mss)
{
	cc->cwnd = mss;
}

void cc_idle(struct cc *cc, uint32_t mss, uint32_t timeouts)
{
	uint32_t restart = cc_initial_window(mss);

	if (restart > cc->cwnd)
		restart = cc->cwnd;
	/* What was learnt is not forgotten: slow start leads back to three quarters of the
	 * window. */
	if (cc->ssthresh < cc->cwnd / 4 * 3)
		cc->ssthresh = cc->cwnd / 4 * 3;
	while (timeouts-- && cc->cwnd > restart)
		cc->cwnd /= 2;
	if (cc->cwnd < restart)
		cc->cwnd = restart;
}
