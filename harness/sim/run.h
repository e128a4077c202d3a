/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One run of one seed: draws the plan, builds the network, lets it go until everything has ended,
 * and says what came of it. Called by rig sim and by the tests.
 */
#ifndef SIM_RUN_H
#define SIM_RUN_H

#include <stdio.h>

#include "harness/sim/plan.h"

#define SIM_EVENTS_MAX 20000000ull		/* frames heard and turns of hosts, in one run */
#define SIM_TIME_MAX_NS (48ull * 3600 * 1000000000) /* of virtual time, in one run */

struct sim_run_conf {
	uint64_t seed;
	bool check;	  /* invariants and audit, and a trace of the last events */
	const char *topo; /* text of a topology file, NULL: one is drawn */
	const char *topo_name;
	const struct topo_vars *vars; /* NULL: none */
	FILE *report;		      /* where a failure is told in full; NULL: nowhere */
	const char *again;	      /* the command that reruns the seed */
};

struct sim_result {
	bool ok;
	char why[SIM_FAIL_TEXT];
	uint64_t digest;     /* of every frame and its time */
	uint64_t virtual_ns; /* how long it was */
	uint64_t events, frames, drops, octets;
	uint64_t octets6; /* of them over IPv6 */
	unsigned hosts, conns, done, aborted, failed; /* failed: as their links allow */
};

/* 0 when the run was made, whatever came of it; -1 with a sentence when the topology is wrong. */
int sim_run(const struct sim_run_conf *conf, struct sim_result *result, struct net_err *e);

/* The trace of the run that is under way in this thread, for who catches its crash. */
void sim_run_dump(FILE *f);

#endif
