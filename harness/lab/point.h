/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A point of an experiment as docs/lab-format.md writes it, read and checked: what is in here can be
 * run, as far as a description can say. Read by point.c and point_flow.c, obeyed by run.c.
 */
#ifndef LAB_POINT_H
#define LAB_POINT_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/lab/draw.h"
#include "harness/link/model.h"
#include "harness/sim/topo.h"

enum {
	LAB_FORMAT = 1,
	LAB_NAME_MAX = 64,    /* of a flow, with the final NUL */
	LAB_FLOWS_MAX = 4096, /* copies counted */
	LAB_WATCH_MAX = 64,
	LAB_SENDERS_MAX = 1024 /* of an incast */
};
#define LAB_DURATION_MAX 86400.0
#define LAB_SEED_MAX	 9007199254740992.0 /* 2^53: what JSON's readers keep exact */
#define LAB_EVENTS_MAX	 1000000000u	    /* when a point names no limit */
#define LAB_BYTES_MAX	 1e15

enum lab_kind { LAB_BULK, LAB_REQUEST, LAB_ONOFF, LAB_WEB, LAB_INCAST, LAB_ARRIVALS };

struct lab_options { /* 0: left alone */
	uint32_t sndbuf, rcvbuf, mss;
	bool nodelay;
};

struct lab_flow {
	char name[LAB_NAME_MAX];
	enum lab_kind kind;
	unsigned *from, nfrom; /* nodes */
	unsigned to;
	uint64_t start_ns, stop_ns; /* stop_ns: UINT64_MAX when it does not */
	uint64_t bytes;		    /* of a bulk; UINT64_MAX: no end */
	uint64_t count;		    /* of transfers; UINT64_MAX: no end */
	uint64_t rate_bps;	    /* of an onoff; 0: as fast as it is let */
	unsigned connections;	    /* of a page */
	bool reconnect;
	struct lab_draw size, request, think; /* size: also response, bytes of an incast */
	struct lab_draw objects, on, off, gap;
	char congestion[16]; /* "": the node's */
	bool six;	     /* over IPv6 */
	struct lab_options options;
	uint64_t stream; /* of its draws: of its own for each copy */
};

struct lab_watch {
	char name[NODE_NAME_MAX + DEV_NAME_MAX + 8]; /* as the point writes it */
	unsigned dev;
	enum link_dir dir; /* as seen from dev */
};

struct lab_point {
	char *name;
	uint64_t number, seed, events;
	uint64_t duration_ns, settle_ns;
	struct sim_topo topo;
	struct lab_flow *flow;
	unsigned nflow;
	struct lab_watch watch[LAB_WATCH_MAX];
	unsigned nwatch;
};

/* Reads a file, or `text`; `name` is for sentences. 0, or -1 with a sentence and nothing to free. */
int lab_point_load(struct lab_point *p, const char *path, struct net_err *e);
int lab_point_text(struct lab_point *p, const char *text, const char *name, struct net_err *e);
void lab_point_free(struct lab_point *p);

const char *lab_kind_word(enum lab_kind kind);
/* Whether the data of a flow goes from the end that opened its connections. */
static inline bool lab_kind_uploads(enum lab_kind kind)
{
	return kind == LAB_BULK || kind == LAB_ONOFF || kind == LAB_ARRIVALS;
}

#endif
