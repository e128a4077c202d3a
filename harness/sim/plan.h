/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What one seed decides: the topology (as text of the topology language, unless one is given), the
 * hosts' sysctls, keys, limits and clocks, the connections and how they end. Drawn from streams of
 * rand.h by purpose, so that a given topology leaves the rest as it was. Called by run.c.
 */
#ifndef SIM_PLAN_H
#define SIM_PLAN_H

#include <stdio.h>

#include "harness/sim/app.h"
#include "harness/sim/topo.h"

enum { SIM_PLAN_TEXT = 16384, SIM_BENDS_MAX = 4 };

struct sim_bend { /* a router's device has another MTU from then on */
	uint64_t at_ns; /* after the beginning; they ascend */
	unsigned dev;
	uint16_t mtu;
};

struct sim_plan {
	uint64_t seed;
	struct sim_topo topo;
	char text[SIM_PLAN_TEXT]; /* the lines that make the topology, or its file's name */
	struct sim_host_conf *host;
	struct sim_conn_plan *conn;
	unsigned nconn;
	struct sim_flow_plan *flow;
	unsigned nflow;
	struct sim_bend bend[SIM_BENDS_MAX];
	unsigned nbend;
	unsigned *end_node; /* nodes that are no routers */
	unsigned nend;
	struct sim_end_plan listener; /* its sockets' options */
	int backlog;
	bool *fragile;	/* by host: its memory may be short */
	uint32_t *loss; /* by host: of its link, both ways, and corruption, in LINK_CERTAIN */
};

/* topo: NULL to draw one too; else it is moved from. 0, or -1 with a sentence. */
int sim_plan_draw(struct sim_plan *p, uint64_t seed, struct sim_topo *topo, const char *name,
		  struct net_err *e);
void sim_plan_free(struct sim_plan *p);
/* The plan in words, for a failure's report. */
void sim_plan_print(const struct sim_plan *p, FILE *f);

#endif
