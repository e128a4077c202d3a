/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests about queueing disciplines, and their answers. Private to netns/qdisc.c, netem.c, shaper.c. */
#ifndef NETNS_QDISC_NL_H
#define NETNS_QDISC_NL_H

#include <libmnl/libmnl.h>
#include <stdint.h>

#include "netns/err.h"
#include "netns/qdisc.h"

enum {
	QDISC_ROOT = 0x10000,	/* netem, or whatever stands alone: 1: */
	QDISC_SHAPER = 0x20000, /* behind netem: 2: */
	QDISC_LEAF = 0x30000,	/* behind the shaper: 3: */
	QDISC_BUF = 1 << 17,	/* two of netem's largest tables */
};

struct qdisc_request {
	char buf[QDISC_BUF];
	struct nlmsghdr *nlh;
};

void qdisc_begin(struct qdisc_request *r, uint16_t type, uint16_t flags, int index, uint32_t handle,
		 uint32_t parent);
/* Send, and hand every answer to @cb until the acknowledgement; 0 or -errno. */
int qdisc_talk(struct qdisc_request *r, mnl_cb_t cb, void *arg);
int qdisc_index(const char *dev, struct net_err *e);
/* The kernel lacks sch_@kind. */
int qdisc_no_kind(const char *kind, struct net_err *e);

/* One discipline of a device, as the kernel shows it. */
struct qdisc_seen {
	int index;
	uint32_t handle; /* which; 0: the one at the root */
	char kind[16];	 /* "" until it is found */
	void (*options)(struct qdisc_seen *seen, const struct nlattr *options);
	void *arg;
	struct qdisc_stats stats;
};

/* Fills in what is looked for. 0 or -errno; kind stays "" where there is none. */
int qdisc_find(struct qdisc_seen *seen);

#endif
