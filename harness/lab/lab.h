/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A point under way. Theory of operation: the network of harness/sim carries frames; a clock
 * (clock.h) calls who asked for a time; connections (conn.h) are sockets of two phantoms and the
 * octets they owe each other; loads (load.h) decide, by the kind of each flow, who opens, asks and
 * waits; meters (meter.h) and watches (watch.h) look at frames, sockets and links and change
 * nothing; a series (series.h) writes down what they see. run.c lets time pass.
 */
#ifndef LAB_LAB_H
#define LAB_LAB_H

#include "harness/lab/clock.h"
#include "harness/lab/hist.h"
#include "harness/lab/point.h"
#include "harness/lab/way.h"
#include "harness/sim/net.h"

enum {
	LAB_PORT_LISTEN = 1024,	 /* flow i listens at this + i */
	LAB_PORT_CLIENT = 10000, /* from here on clients', each of its own in the whole network */
	LAB_PORTS = 65536,
	LAB_TRANSFERS_LISTED = 10000, /* of a flow, in its result */
	LAB_BINS_PER_S = 10	      /* of octets read, for converge_s */
};

struct lab;
struct lab_conn;
struct lab_series;
struct lab_capture;
struct lab_watcher;

struct lab_end {
	struct sim_host *host;
	ph_socket socket;
	uint64_t owes;	   /* octets to be written since the beginning */
	uint64_t out, in;  /* octets written and read */
	bool shut, eof;
};

struct lab_state { /* octets, microseconds, octets a second */
	uint64_t cwnd, ssthresh, srtt, rto, inflight, pacing;
	uint8_t cc;
};

struct lab_conn {
	struct lab *lab;
	struct lab_run *run; /* of its flow */
	unsigned no;	     /* in its flow */
	uint16_t port;
	bool open, closing, over;
	int error;	   /* negative errno of the first end that failed */
	struct lab_end end[2]; /* [0] opened it */
	uint64_t begun_ns;
	/* For load.c: the exchange under way, and whose worker it is. */
	uint64_t asked_ns, ask_end, answer, answer_end;
	bool asking;
	/* For meter.c: */
	struct lab_way way[2]; /* by the end that sends */
	bool dirty, timed;     /* to be looked at now, and when a millisecond is over */
	bool again;	       /* something was sent again since the last look */
	uint64_t looked_ns;    /* 0: never */
	struct ph_tcp_info seen;
	uint32_t timeouts_before; /* settle */
	struct lab_state told;	  /* by series.c */
	uint64_t told_ns;	  /* 0: nothing */
};

/* A flow under way, and what is known of it. */
struct lab_run {
	struct lab *lab;
	const struct lab_flow *flow;
	unsigned index;
	ph_socket *listener; /* one per node that is connected to */
	unsigned nlistener;
	struct lab_conn **conn; /* of load.c: kept open, or of the page under way; NULL: free */
	unsigned nconn;
	unsigned waiting;	/* of a page or round: not there yet */
	uint64_t left;		/* objects of a page not asked for */
	uint64_t round_ns;	/* began */
	uint64_t begun;		/* questions, pages, rounds, bursts */
	unsigned working, ready; /* of conn[]: not over; connected */
	struct sim_rand draw[8];
	bool stopped, on;
	uint64_t on_ns, on_from;   /* an onoff's: since when, and octets before */
	/* Measures. */
	uint64_t bytes, bytes_settled; /* read by the receiver; the latter before its rates begin */
	uint64_t from_ns, ended_ns;    /* its rates begin; it has had all: UINT64_MAX */
	double *transfer_s;
	uint64_t ntransfer;
	double transfer_sum;
	struct lab_hist transfer;
	uint64_t segments, retransmitted;
	struct lab_hist rtt;
	uint64_t rtt_least_ns; /* of the whole run: what the path takes; 0: none */
	double cwnd_area, cwnd_s;
	uint64_t timeouts, recoveries, connections, failed;
	uint64_t *bin;
	size_t nbin;
};

struct lab_drop_ctx { /* of the hook that hears what a direction of a link drops */
	struct lab *lab;
	const struct sim_wire *wire;
};

struct lab {
	const struct lab_point *point;
	struct sim_net *net;
	struct lab_clock clock;
	struct lab_run *run;
	unsigned nrun;
	struct lab_conn **conn; /* by the client's port; NULL: none yet */
	unsigned next_port;
	uint64_t settle_ns, end_ns; /* by the network's clock */
	uint8_t *pattern, *buf;
	struct lab_series *series; /* NULL: none is asked for */
	struct lab_capture *capture;
	struct lab_watcher *watcher; /* of point->watch */
	struct lab_drop_ctx *drop_ctx; /* by wire */
	struct lab_conn **dirty;   /* a frame of theirs passed since the last look */
	unsigned ndirty;
	char why[SIM_FAIL_TEXT]; /* the first thing that went wrong and left the run going */
};

static inline double lab_seconds(uint64_t ns)
{
	return (double)ns / 1e9;
}

/* Seconds since the run's start. */
static inline double lab_time(uint64_t ns)
{
	return lab_seconds(ns - SIM_START_NS);
}

#endif
