/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Queueing disciplines of the kernel, over libmnl: netem with every attribute of its header, and
 * behind it tbf or htb with a queue of drop tail, CoDel or FQ-CoDel. All act on the calling thread's
 * network namespace. What is set is read back and compared, since kernels ignore attributes they do
 * not know. Called by the link verb and by rig doctor.
 */
#ifndef NETNS_QDISC_H
#define NETNS_QDISC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netns/err.h"

enum netem_loss { NETEM_RANDOM, NETEM_STATE, NETEM_GEMODEL };

enum { NETEM_TABLE_MAX = 16384 /* entries of a table of delay, as the kernel has it */ };

/* A table of delay: entry i is the value at quantile i, in parts of 8192 of the jitter. */
struct netem_table {
	const int16_t *value; /* NULL: uniform */
	size_t n;
};

/* Shares are in parts of a thousand million, as in 10000000 for 1%. */
struct netem_conf {
	uint64_t delay_ns, jitter_ns;
	uint32_t delay_corr;
	struct netem_table dist; /* not read back: kernels keep it to themselves */
	enum netem_loss loss_model;
	uint32_t loss, loss_corr;
	uint32_t chain[5]; /* state: p13 p31 p32 p23 p14; gemodel: p r 1-h 1-k */
	bool ecn;
	uint32_t dup, dup_corr;
	uint32_t reorder, reorder_corr, gap; /* gap 0: 1 where something is reordered */
	uint32_t corrupt, corrupt_corr;
	uint64_t rate_bps; /* bits a second, 0: unlimited */
	int32_t overhead, cell_overhead;
	uint32_t cell;
	uint64_t slot_min_ns, slot_max_ns;   /* both 0: no slots */
	uint64_t slot_mean_ns, slot_dev_ns;  /* of slot_dist */
	struct netem_table slot_dist;
	uint32_t slot_packets, slot_bytes;
	uint32_t limit; /* packets */
	uint64_t seed;
	bool has_seed;
	bool afresh; /* take away what is there first: a table once given stays, whatever comes later */
};

enum shaper { SHAPER_NONE, SHAPER_TBF, SHAPER_HTB };
enum leaf { LEAF_PACKETS, LEAF_BYTES, LEAF_CODEL, LEAF_FQ_CODEL };

/* What stands behind netem: a rate, and the queue before it. */
struct shaper_conf {
	enum shaper kind;
	uint64_t rate_bps;
	uint32_t burst; /* bytes that may leave at once; 0: 4 ms at the rate, at least ten frames */
	enum leaf leaf;
	uint32_t limit;			/* packets, or bytes */
	uint64_t target_ns, interval_ns; /* of the CoDels: whole microseconds */
	uint32_t flows, quantum;
	bool ecn;
};

struct qdisc_stats {
	uint64_t bytes, packets;
	uint32_t drops, qlen, backlog;
	char kind[16]; /* "" when there is none */
};

/* Put netem at the root of a device, or change the one that is there. @seed_taken (may be NULL):
 * the kernel has a seed (Linux 6.6 and later). NET_ERR_CANNOT when the kernel has no sch_netem. */
int qdisc_netem(const char *dev, const struct netem_conf *conf, bool *seed_taken,
		struct net_err *e);
/* What the netem at the root of a device says it does. has_seed: the kernel named its seed.
 * NET_ERR_FAILED when another queue is there. */
int qdisc_netem_read(const char *dev, struct netem_conf *out, struct net_err *e);
/* Put a shaper with its queue behind the netem of a device, or take it away (SHAPER_NONE). */
int qdisc_shape(const char *dev, const struct shaper_conf *conf, struct net_err *e);
/* Put tbf at the root: @rate_bps bits a second, @burst and @limit bytes. */
int qdisc_tbf(const char *dev, uint64_t rate_bps, uint32_t burst, uint32_t limit,
	      struct net_err *e);
/* Back to the device's own queue. */
int qdisc_clear(const char *dev, struct net_err *e);
/* Of the root, or of the queue of qdisc_shape. */
int qdisc_stats(const char *dev, struct qdisc_stats *out, struct net_err *e);
int qdisc_queue_stats(const char *dev, struct qdisc_stats *out, struct net_err *e);

#endif
