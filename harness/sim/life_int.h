/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parts of life.h share: life.c makes things happen, life_app.c has the programs of the two
 * hosts, life_check.c holds what is against what should be. */
#ifndef SIM_LIFE_INT_H
#define SIM_LIFE_INT_H

#include "harness/sim/gate.h"
#include "harness/sim/rand.h"

enum {
	LIFE_CONNS = 32,    /* of the host, all told */
	LIFE_FAR = 64,	    /* that the far host has accepted and not closed */
	LIFE_ADDRS = 64, LIFE_ROUTES = 64, LIFE_NEIGHS = 64,
	LIFE_NEIGHS_MAX = 24, /* in its cache after a phase */
	LIFE_PORT = 7007,
	LIFE_TALK = 700 /* octets at a time */
};
#define LIFE_SECOND UINT64_C(1000000000)
#define LIFE_TALK_NS (7 * LIFE_SECOND)

struct life_conn {
	ph_socket socket; /* -1: closed */
	unsigned dev;
	bool six, dead; /* dead: the stack said so */
	int error;
	struct ph_ip from;
	uint64_t sent, echoed, next_ns, echoed_ns;
};

struct life {
	const struct sim_run_conf *conf;
	struct sim_rand rand;
	struct sim_topo topo;
	struct sim_net *net;
	struct gate gate;
	struct sim_host *host, *far;
	struct sim_dev *dev[GATE_PORTS]; /* the host's */
	struct life_conn conn[LIFE_CONNS];
	unsigned nconn;
	ph_socket listener, far_socket[LIFE_FAR], member;
	const char *phase;
	bool dhcp[GATE_PORTS]; /* an address is to be expected by the end of the phase */
	/* what the host had after its last turn */
	struct ph_addr_info had[LIFE_ADDRS];
	size_t nhad;
	uint64_t bytes_idle; /* held when everything was removed for the second time */
};

/* life_app.c */
void life_listen(struct life *l);
/* A connection over one device; its index. public: IPv6 not from a temporary address. */
unsigned life_connect(struct life *l, unsigned dev, bool six, bool public);
/* Joins the groups on one device, and leaves them. */
void life_join(struct life *l, unsigned dev);
void life_leave(struct life *l);
void life_close(struct life *l, unsigned conn);
void life_turn(struct life *l, struct sim_host *h);
uint64_t life_next(const struct life *l);
/* It spoke in the last half minute; it has ended. */
void life_alive(struct life *l, unsigned conn);
void life_dead(struct life *l, unsigned conn);

/* life_check.c */
void life_check_frame(struct life *l, const struct sim_seen *seen);
void life_check_turn(struct life *l, struct sim_host *h);
/* The phase is over: exactly what should be there is there. */
void life_check_phase(struct life *l);
/* Nothing is there, of either host. */
void life_check_empty(struct life *l);

#endif
