/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A simulated network: phantoms, learning switches and the link model between them, in virtual
 * time. Theory of operation: every direction of every link is a pipe (harness/link/pipe.h) that
 * holds frames until they are due; every host has one deadline; sim_net_next() is the earliest of
 * all, and sim_net_settle() does what is due then: frames arrive, timers fire, applications have
 * their turn, what the stacks have to say goes into the pipes.
 *
 *	host 0 --tx pipe--> switch --rx pipe--> host 1      (veth to a bridge: two pipes)
 *	host 0 --pipe--> host 1                             (veth to veth: one pipe each way)
 *
 * Each host has a clock of its own, the network's plus a constant, so that sequence numbers and
 * timestamps can be made to wrap. Nothing here draws a number: the same calls give the same run.
 */
#ifndef SIM_NET_H
#define SIM_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/link/pipe.h"
#include "harness/sim/recut.h"
#include "harness/sim/topo.h"
#include "harness/sim/trace.h"
#include "phantom/phantom.h"

enum {
	SIM_FRAME_MAX = 70000,
	SIM_ROUTER_MTU = 9000,
	SIM_ROUTER_FRAME = SIM_ROUTER_MTU + 14,
	SIM_SPINS_MAX = 1000, /* turns of one host at one moment */
	SIM_MOMENT_EVENTS = 2000000, /* of all of them: a gigabyte over links without delay */
	SIM_FAIL_TEXT = 512
};
#define SIM_START_NS 1000000000u /* the network's clock begins here */

struct sim_net;

struct sim_host_conf {
	uint8_t key[32];
	uint64_t mem_limit; /* 0: none */
	uint64_t clock_ns;  /* the host's clock minus the network's */
	uint64_t fail_at;   /* this allocation fails; 0: none */
	uint32_t txqueuelen;
	bool single; /* its user looks at the stack after each frame, not after each batch */
	bool no_dad; /* its IPv6 addresses are its own at once (RFC 4862 5.4) */
	bool gro;    /* its devices say that they join segments */
	unsigned recut; /* percent of its segments that are followed by recut.h's */
};

struct sim_host {
	struct sim_net *net;
	unsigned index;
	const char *name;
	struct ph_stack *st; /* NULL: a router */
	struct sim_host_conf conf;
	uint64_t deadline; /* the network's time */
	uint64_t mem_used; /* as the allocator knows it */
	bool dirty;	   /* something happened to it since its turn */
};

struct sim_flip { /* a copy in a pipe that is no longer what was sent */
	uint64_t order;
};

struct sim_wire { /* one direction of one link */
	struct link_pipe *pipe;
	int to_dev;    /* whose host hears it; -1: the bridge of from_dev */
	int from_dev;  /* whose host speaks; for the way from a bridge: -1 */
	uint64_t next; /* when its next frame is due */
	uint64_t pushed, copies, popped;
	struct sim_flip *flip;
	unsigned nflip;
};

struct sim_dev {
	struct sim_host *host;
	const struct sim_topo_dev *topo;
	ph_link link;
	uint16_t mtu;
	struct sim_wire *tx, *rx;
	uint64_t sent, received;
	bool down; /* no carrier: what it sends and what is sent to it is lost */
	struct sim_recut recut;
};

struct sim_seen { /* what the network shows of a frame */
	struct sim_dev *dev;
	bool sent;   /* by the device's host; else received */
	bool intact; /* no bit of it behind the Ethernet header was flipped */
	uint64_t tag; /* the same wherever this frame is seen, routers or not */
	const uint8_t *bytes;
	size_t len;
};

struct sim_hooks {
	void *ctx;
	void (*frame)(void *ctx, const struct sim_seen *seen);
	void (*turn)(void *ctx, struct sim_host *h);  /* the applications' */
	void (*after)(void *ctx, struct sim_host *h); /* the turn is over: look at it */
	void (*popped)(void *ctx, const struct sim_wire *w, const struct link_frame *f);
	/* A frame for a node that forwards, in place of router.h; NULL: that. */
	void (*hears)(void *ctx, struct sim_dev *d, const uint8_t *bytes, size_t len);
};

struct sim_learnt {
	uint8_t mac[6];
	unsigned bridge, dev;
};

struct sim_net {
	const struct sim_topo *topo;
	struct sim_hooks hooks;
	struct sim_trace *trace; /* NULL: none */
	struct sim_host *host;
	struct sim_dev *dev;
	struct sim_wire *wire;
	struct sim_learnt *learnt;
	unsigned nhost, ndev, nwire, nlearnt;
	uint64_t now;
	uint64_t events, events_max, now_max;
	uint64_t digest; /* of every frame sent and received, with its time */
	uint64_t tags, tag; /* given out; of the frame under way */
	bool bent; /* a router's MTU changed */
	bool failed, limited; /* limited: by a named limit, not by what a stack did */
	char why[SIM_FAIL_TEXT];
	uint8_t frame[SIM_FRAME_MAX];
};

/* Makes the network that topo describes. conf: one per node. seed: of links that name none. NULL
 * with a sentence in e. */
struct sim_net *sim_net_new(const struct sim_topo *topo, const struct sim_host_conf *conf,
			    uint64_t seed, bool traced, struct net_err *e);
void sim_net_free(struct sim_net *n);

/* What its host's clock says now. */
static inline uint64_t sim_host_now(const struct sim_host *h)
{
	return h->net->now + h->conf.clock_ns;
}

/* When something happens next, or PH_NEVER. */
uint64_t sim_net_next(const struct sim_net *n);
/* Everything that is due at n->now. */
void sim_net_settle(struct sim_net *n);
/* A router's frame leaves by d. */
void sim_dev_send(struct sim_net *n, struct sim_dev *d, const uint8_t *bytes, size_t len);
/* Takes the device from its stack, which has another one less; gives it one again, as it was or with
 * another MTU. False: the run has failed. */
bool sim_dev_unplug(struct sim_dev *d);
bool sim_dev_plug(struct sim_dev *d);
/* A turn for one host: its timers, its applications, its frames. */
void sim_host_turn(struct sim_host *h);

/* The run has failed: the first sentence is kept. */
void sim_fail(struct sim_net *n, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same when a limit of the simulator was reached. */
void sim_limit(struct sim_net *n, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The links account for every frame, and the stacks for theirs; all pipes are empty. */
void sim_net_account(struct sim_net *n);

#endif
