/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Datagrams in virtual time: a client sends numbered ones over UDP, of sizes up to many fragments,
 * and a server may answer each. What arrives is compared to the octet, and where the links lost
 * nothing all of it must arrive. Planned by plan.c, driven by app.c.
 */
#ifndef SIM_FLOW_H
#define SIM_FLOW_H

#include <stdio.h>

#include "harness/sim/net.h"

/* The user number of a flow's sockets: this bit and 2 * flow + side. */
#define SIM_FLOW_USER (1ull << 32)

enum { SIM_FLOW_SIZE_MIN = 12, SIM_FLOW_SIZE_MAX = 30000, SIM_FLOW_COUNT_MAX = 200 };

struct sim_flow_plan {
	unsigned host[2]; /* [0]: the client */
	uint16_t port[2];
	uint64_t start_ns, period_ns;
	uint32_t count, size_min, size_max;
	bool six;	/* over IPv6 */
	bool answers;	/* the server, each */
	bool connected; /* the client's socket */
	bool refused;	/* there is no server */
};

struct sim_flow_end {
	unsigned flow, side;
	struct sim_host *host;
	ph_socket socket;
	bool pending, over;
	uint64_t wake_ns;	/* PH_NEVER: only its socket wakes it */
	uint64_t first_got_ns;	/* 0: nothing yet */
	uint32_t said, sent, got; /* said: tries */
	uint64_t sent_ns[SIM_FLOW_COUNT_MAX]; /* 0: the stack refused it */
	uint8_t copies[SIM_FLOW_COUNT_MAX];   /* received */
};

struct sim_flows {
	struct sim_net *net;
	const struct sim_flow_plan *plan;
	unsigned n;
	struct sim_flow_end *end; /* 2 * n: [2 * flow + side] */
	uint64_t key;
	uint8_t *buf;
};

void sim_flows_init(struct sim_flows *f, struct sim_net *n, const struct sim_flow_plan *plan,
		    unsigned nflow, uint64_t key);
void sim_flows_free(struct sim_flows *f);
/* Servers' sockets. */
void sim_flows_listen(struct sim_flows *f);
/* A socket of theirs is ready. */
void sim_flows_ready(struct sim_flows *f, uint64_t user);
void sim_flows_turn(struct sim_flows *f, struct sim_host *h);
uint64_t sim_flows_next(const struct sim_flows *f);
void sim_flows_mark(struct sim_flows *f);
bool sim_flows_finished(const struct sim_flows *f);
/* What arrived, against what the network did. fragile: by host. */
void sim_flows_judge(const struct sim_flows *f, const bool *fragile);
void sim_flow_print(const struct sim_flow_plan *p, const struct sim_topo *t, FILE *out);

#endif
