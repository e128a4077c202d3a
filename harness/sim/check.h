/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What must hold while a run goes on, by what the stacks show of themselves: after each turn of a
 * host the invariants of its connections, and every frame at each host's device under the rules of
 * harness/audit. Called by run.c as hooks of the network.
 */
#ifndef SIM_CHECK_H
#define SIM_CHECK_H

#include "harness/audit/audit.h"
#include "harness/sim/app.h"

struct sim_check {
	struct sim_net *net;
	struct sim_apps *apps;
	struct audit **audit; /* one per host: what passed its devices */
};

void sim_check_init(struct sim_check *c, struct sim_net *n, struct sim_apps *a);
void sim_check_free(struct sim_check *c);
void sim_check_frame(struct sim_check *c, const struct sim_seen *seen);
void sim_check_turn(struct sim_check *c, struct sim_host *h);
/* At the end: no MUST of the audit was violated by the host at whose devices it was looked for. */
void sim_check_audits(struct sim_check *c);
/* Everything was given back: no connection, packet, buffer, timer or socket is left. */
void sim_check_empty(struct sim_check *c);

#endif
