/* SPDX-License-Identifier: BSD-2-Clause */
/* A topology by a seed: text first, then read like any other. Called by plan.c. */
#ifndef SIM_PLAN_TOPO_H
#define SIM_PLAN_TOPO_H

#include "harness/sim/plan.h"

/* Fills p->text and p->topo from p->seed. 0, or -1 with a sentence. */
int sim_plan_topo(struct sim_plan *p, struct net_err *e);

#endif
