/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The phantom program's one state, and the two ways in which its parts are woken: struct app,
 * what a socket of the stack belongs to, and struct source, what a file descriptor belongs to.
 * loop.c calls both; services, client and control are the parts.
 */
#ifndef HOST_HOST_H
#define HOST_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "host/memory.h"
#include "host/options.h"
#include "phantom/phantom.h"

struct client;
struct control;
struct device;
struct dialler;
struct host;
struct lease;
struct pattern;
struct pcap;
struct tracer;

struct app {
	/*
	 * `events` are PH_POLL* bits as of now, 0 when it asked to be called again. May free
	 * the app.
	 */
	void (*ready)(struct host *h, struct app *app, uint32_t events);
	ph_socket socket;
	struct list_node all;	/* in host.apps */
	struct list_node again; /* in host.again while it has work left */
};

struct source {
	/* `events` are EPOLL* bits. */
	void (*ready)(struct host *h, struct source *source, uint32_t events);
	int fd;
};

enum host_phase {
	HOST_SERVING,
	HOST_CLOSING, /* everything was closed; connections say goodbye until close_by_ns */
	HOST_DONE
};

struct host {
	const struct options *opt;
	struct memory memory; /* the stack's */
	struct ph_stack *st;
	ph_link link; /* of the first device */
	uint64_t now_ns;  /* of this turn, CLOCK_MONOTONIC */
	uint64_t wall_ns; /* what to add to it for the time since 1970 */
	struct device *devs; /* of opt->links, in their order; NULL: no device */
	size_t ndevs;	      /* places in use; of one that was removed the descriptor is -1 */
	unsigned ninterfaces; /* of the capture */
	int epoll_fd;
	struct source signals, carrier;
	struct list apps, again;
	struct control *control;
	struct dialler *dialler; /* NULL: nothing is dialled for others */
	struct client *client;
	struct lease *lease; /* NULL: every address is given */
	struct pcap *pcap;
	struct tracer *tracer;
	enum host_phase phase;
	uint64_t close_by_ns;
	int status;
	uint8_t *chunk;	  /* SERVICE_CHUNK bytes, anyone's until he returns */
	struct pattern *pattern;
	uint8_t *chargen; /* SERVICE_CHUNK bytes and more of RFC 864's pattern */
	uint64_t random;
	uint32_t forwards;	   /* connections carried on to the kernel now, */
	uint64_t forwards_refused; /* and those that were one too many */
};

/* A socket of the app's own: the stack will say to whom its events go. */
void host_add_app(struct host *h, struct app *app, ph_socket socket,
		  void (*ready)(struct host *, struct app *, uint32_t));
/* Forgets the app and closes its socket; the app's memory is the caller's. */
void host_close_app(struct host *h, struct app *app);
/* Calls the app again in the next turn. */
void host_again(struct host *h, struct app *app);

/*
 * Calls the apps whose sockets the stack has news of, then those that had more to do. True: there
 * may be more. Called by the loop each turn; with a stack alone it serves without any descriptor.
 */
bool host_serve(struct host *h);

/* Watches fd for EPOLL* events. 0 or -errno. */
int host_watch(struct host *h, struct source *source, int fd, uint32_t events,
	       void (*ready)(struct host *, struct source *, uint32_t));
void host_rewatch(struct host *h, struct source *source, uint32_t events);
void host_unwatch(struct host *h, struct source *source);

/* Begins the orderly end: FIN to everybody, RST after the grace; then exit with `status`. */
void host_stop(struct host *h, int status);

#endif
