/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Clocks that make numbers wrap. A stack's initial sequence number is a keyed hash of the tuple plus
 * a clock of 4 us ticks (RFC 6528), its timestamps a keyed offset plus a clock of milliseconds: a
 * host's clock can be chosen so that a connection's numbers begin just below 2^32. What the hash is
 * is asked of two stacks of the same keys, by one SYN. Called by plan.c.
 */
#ifndef SIM_CLOCK_H
#define SIM_CLOCK_H

#include "harness/sim/plan.h"
#include "harness/sim/rand.h"

/* Sets clock_ns of the hosts of p. */
void sim_clock_draw(struct sim_plan *p, struct sim_rand *r);

#endif
