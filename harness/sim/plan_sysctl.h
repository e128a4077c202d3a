/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sysctls of a node by a seed: every knob of TCP that the stack's table has, so that a new one is
 * drawn without a change here, and some others. Called by plan_topo.c.
 */
#ifndef SIM_PLAN_SYSCTL_H
#define SIM_PLAN_SYSCTL_H

#include "harness/sim/rand.h"
#include "harness/sim/say.h"

void sim_plan_sysctls(struct sim_text *t, struct sim_rand *r, const char *node);

#endif
