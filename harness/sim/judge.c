/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether each connection ended as its plan and its links allow. Called by run.c. */
#include <errno.h>
#include <inttypes.h>

#include "harness/sim/app.h"

/* From this loss on a handshake may fail by chance alone. */
#define LOSSY (LINK_CERTAIN / 100 * 4)

/* Did this end leave in a way that the other must hear of as an error, if it does at all? */
static bool broke_off(const struct sim_end *e)
{
	return e->state == SIM_END_ABORTED || e->state == SIM_END_FAILED;
}

static bool expected(const struct sim_apps *a, const struct sim_end *e, bool fragile, bool lossy)
{
	const struct sim_conn_plan *p = &a->plan[e->conn];
	const struct sim_end *o = sim_end_other(a, e);
	bool handshake = a->end[2 * e->conn + 1].state == SIM_END_WAITING;

	if (fragile)
		return true;
	switch (-e->error) {
	case ECONNREFUSED:
		return p->refused;
	case ECONNRESET:
	case EPIPE:
		return broke_off(o) || (handshake && lossy);
	case ETIMEDOUT: /* the reset was lost and nothing else came; or no SYN got through */
		return broke_off(o) || (handshake && lossy);
	case EHOSTUNREACH: /* no ARP reply got through */
		return handshake && lossy;
	}
	return false;
}

void sim_apps_judge(const struct sim_apps *a, const bool *fragile, const uint32_t *loss)
{
	for (unsigned i = 0; i < 2 * a->nconn; i++) {
		const struct sim_end *e = &a->end[i];
		const struct sim_conn_plan *p = &a->plan[e->conn];
		bool weak = fragile[p->host[0]] || fragile[p->host[1]];
		bool lossy = loss[p->host[0]] + loss[p->host[1]] >= LOSSY;

		if (e->state == SIM_END_FAILED && !expected(a, e, weak, lossy))
			sim_fail(a->net,
				 "%s: connection %u, the %s: errno %d after %" PRIu64
				 " octets written and %" PRIu64 " read",
				 e->host->name, e->conn, e->side ? "server" : "client", -e->error,
				 e->out, e->in);
		if (p->refused && e->side == 0 && e->state == SIM_END_DONE)
			sim_fail(a->net, "%s: connection %u came through to a port nobody listens on",
				 e->host->name, e->conn);
	}
}
