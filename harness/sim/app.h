/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Applications over ph_* sockets in virtual time: bulk data, request and response, bursts with
 * pauses, each connection by a plan that says who writes how much, how fast it is read, and how it
 * ends. They act only when their stack says that a socket is ready, or at a time of their own, so
 * that a lost wakeup is seen. Each octet that is read is compared. Planned by plan.c, driven by
 * run.c.
 */
#ifndef SIM_APP_H
#define SIM_APP_H

#include "harness/sim/flow.h"
#include "harness/sim/net.h"

enum sim_app_kind { SIM_BULK, SIM_REQUEST, SIM_ONOFF };

/* How an end that has written all leaves. */
enum sim_leave {
	SIM_LEAVE_SHUT, /* shutdown(SHUT_WR), then close() at the other's end of stream */
	SIM_LEAVE_CLOSE /* close() when it has read all that it expects */
};

struct sim_end_plan {
	uint32_t write_max, read_max; /* octets per call */
	uint64_t read_pause_ns;	      /* between two reads; 0: reads all there is */
	enum sim_leave leave;
	uint64_t abort_at; /* octets read and written after which it resets; UINT64_MAX: never */
	/* Socket options; 0: left alone. */
	uint32_t sndbuf, rcvbuf, mss, clamp;
	const char *cc; /* congestion control; NULL: the host's */
	bool nodelay, cork, keepalive, quickack, reuseaddr;
};

struct sim_conn_plan {
	unsigned host[2]; /* [0]: the client */
	uint16_t port[2];
	enum sim_app_kind kind;
	uint64_t start_ns;
	uint64_t bytes[2];    /* [0]: what the client writes */
	uint32_t chunk[2];    /* octets of a request and a response; of a burst */
	uint64_t period_ns;   /* between two bursts */
	bool six;	      /* over IPv6 */
	bool refused;	      /* nobody listens at port[1] */
	int after; /* begins start_ns after that connection ended, between the same ports; -1 */
	struct sim_end_plan end[2];
};

enum sim_end_state {
	SIM_END_WAITING, /* a client before its start, a server before accept() */
	SIM_END_CONNECTING,
	SIM_END_OPEN,
	SIM_END_DONE,	 /* read and wrote all */
	SIM_END_ABORTED, /* by its plan */
	SIM_END_FAILED	 /* with `error` */
};

enum { SIM_OWED_MAX = 16 };

/* Octets received up to number `end` that were first seen to be owed an ACK at since_ns. */
struct sim_owed {
	uint64_t end, since_ns;
};

struct sim_end {
	enum sim_end_state state;
	unsigned conn, side;
	struct sim_host *host;
	ph_socket socket;
	uint64_t out, in; /* octets */
	bool shut, eof, pending, write_blocked;
	int error; /* negative errno */
	uint64_t wake_ns; /* PH_NEVER: only its socket wakes it */
	uint64_t read_ns; /* not before */
	uint64_t done_ns;
	/* For check.c: what was last seen. */
	uint64_t acked_max, seen_received, seen_acked;
	uint32_t rto_us; /* the longest since something was acknowledged: the timer may be set to it */
	int seen_rank;
	bool irs_known;
	uint32_t irs, ack_sent; /* the peer's first sequence number, the last acknowledgment */
	struct sim_owed owed[SIM_OWED_MAX]; /* what is not acknowledged, the oldest first */
	unsigned nowed;
};

struct sim_listener {
	struct sim_host *host;
	ph_socket socket;
	uint16_t port;
};

struct sim_apps {
	struct sim_net *net;
	const struct sim_conn_plan *plan;
	unsigned nconn;
	struct sim_end *end; /* 2 * nconn: [2 * conn + side] */
	struct sim_listener *listener;
	unsigned nlistener;
	struct sim_flows flows; /* datagrams beside the connections */
	uint64_t key; /* of the streams */
	uint8_t *buf;
};

enum { SIM_IO_MAX = 1 << 18 /* octets in one call of send or receive */ };

/* flow: NULL, or nflow of them. */
void sim_apps_init(struct sim_apps *a, struct sim_net *n, const struct sim_conn_plan *plan,
		   unsigned nconn, const struct sim_flow_plan *flow, unsigned nflow, uint64_t key);
void sim_apps_free(struct sim_apps *a);
/* Sockets that listen on every server's port. */
void sim_apps_listen(struct sim_apps *a, const struct sim_end_plan *opts, int backlog);
void sim_apps_stop_listening(struct sim_apps *a);
/* A host's applications do what they can; the turn hook of struct sim_hooks. */
void sim_apps_turn(struct sim_apps *a, struct sim_host *h);
/* Each asks what its socket is ready for, as a poll() that waits does: who asks for room is told when
 * there is some. So a run in which check.c asks is the same run. */
void sim_apps_poll(const struct sim_apps *a, const struct sim_host *h);
/* When one wants a turn, by the network's clock, or PH_NEVER; and marks the hosts of those. */
uint64_t sim_apps_next(const struct sim_apps *a);
void sim_apps_mark(struct sim_apps *a);
/* Every connection has ended at both ends, or never came to be. */
bool sim_apps_finished(const struct sim_apps *a);
/* The end aborts: it waits for what will not come. */
void sim_apps_quit(struct sim_apps *a, struct sim_end *e);
/* The ends that planned and lossy lives allow, and no others. fragile: by host, memory may have
 * been short; loss: by host, in parts of LINK_CERTAIN. */
void sim_apps_judge(const struct sim_apps *a, const bool *fragile, const uint32_t *loss);

static inline bool sim_end_over(const struct sim_end *e)
{
	return e->state >= SIM_END_DONE;
}

static inline struct sim_end *sim_end_other(const struct sim_apps *a, const struct sim_end *e)
{
	return &a->end[2 * e->conn + !e->side];
}

/* What this end writes, and what it expects to read. */
static inline uint64_t sim_end_writes(const struct sim_apps *a, const struct sim_end *e)
{
	return a->plan[e->conn].bytes[e->side];
}

static inline uint64_t sim_end_reads(const struct sim_apps *a, const struct sim_end *e)
{
	return a->plan[e->conn].bytes[!e->side];
}

#endif
