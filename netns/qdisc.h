/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Queueing disciplines of the kernel, over libmnl: netem with what the link words need, and tbf.
 * All act on the calling thread's network namespace. What is set is read back and compared, since
 * kernels ignore attributes they do not know. Called by the link verb and by rig doctor.
 */
#ifndef NETNS_QDISC_H
#define NETNS_QDISC_H

#include <stdbool.h>
#include <stdint.h>

#include "netns/err.h"

/* Shares are in parts of a thousand million, as in 10000000 for 1%. */
struct netem_conf {
	uint64_t delay_ns, jitter_ns;
	uint32_t loss, dup, reorder, corrupt;
	uint64_t rate_bps; /* bits a second, 0: unlimited */
	uint32_t limit;	   /* packets */
	uint64_t seed;
	bool has_seed;
};

struct qdisc_stats {
	uint64_t bytes, packets;
	uint32_t drops, qlen, backlog;
};

/* Put netem at the root of a device, or change the one that is there. @seed_taken (may be NULL):
 * the kernel has a seed (Linux 6.6 and later). NET_ERR_CANNOT when the kernel has no sch_netem. */
int qdisc_netem(const char *dev, const struct netem_conf *conf, bool *seed_taken,
		struct net_err *e);
/* What the netem at the root of a device says it does. @has_seed: the kernel named its seed.
 * NET_ERR_FAILED when another queue is there. */
int qdisc_netem_read(const char *dev, struct netem_conf *out, struct net_err *e);
/* Put tbf at the root: @rate_bps bits a second, @burst and @limit bytes. */
int qdisc_tbf(const char *dev, uint64_t rate_bps, uint32_t burst, uint32_t limit,
	      struct net_err *e);
/* Back to the device's own queue. */
int qdisc_clear(const char *dev, struct net_err *e);
int qdisc_stats(const char *dev, struct qdisc_stats *out, struct net_err *e);

#endif
