/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An hour of a host's life in virtual time: a phantom with two links behind a router (gate.h) that
 * gives leases and advertises prefixes, and what happens to hosts in an hour happens to it: leases are
 * renewed, rebound and lost, routers end, prefixes are replaced, links lose their carrier, change and
 * go while connections run over them. After each turn no address may be there that nobody gives any
 * more, no packet may leave from one, and each phase ends with exactly the addresses, routes and name
 * servers that should be there; at the end nothing is held. A seed decides loss, delay, lengths of
 * leases and lifetimes. Called by rig sim --life and by the tests.
 */
#ifndef SIM_LIFE_H
#define SIM_LIFE_H

#include "harness/sim/run.h"

/* As sim_run(); conf's topology is not heeded. */
int sim_life(const struct sim_run_conf *conf, struct sim_result *result, struct net_err *e);
/* As sim_run_dump(). */
void sim_life_dump(FILE *f);

#endif
