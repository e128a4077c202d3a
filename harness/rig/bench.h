/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What runs inside the world: sessions that speak the topology language, and what they started that
 * netns/ does not know: processes with names, captures, wires, responders. One thread, one loop;
 * the wires and captures have threads of their own. Started by the rig commands through
 * bench_main().
 */
#ifndef RIG_BENCH_H
#define RIG_BENCH_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "harness/rig/loop.h"
#include "netns/topo.h"
#include "netns/world.h"

enum {
	REPLY_FDS_MAX = 4,
	EXEC_OUTPUT_MAX = 1 << 20, /* bytes of stdout and of stderr that exec returns */
};

struct bench;
struct pcapng_writer;
struct session;

/* What a line is answered with. */
struct reply {
	json_t *body; /* or NULL: a bare "ok" */
	int fd[REPLY_FDS_MAX];
	unsigned int nfd;
	bool close_fds; /* after they are sent */
};

enum act_result { ACT_OK, ACT_ERROR, ACT_LATER };

/* One stream that exec gathers. */
struct gather {
	struct bench *b;
	int fd;
	struct loop_watch *watch;
	char *text;
	size_t len, cap;
	bool cut; /* more came than EXEC_OUTPUT_MAX */
};

struct proc {
	struct proc *next;
	char name[NODE_NAME_MAX];
	char node[NODE_NAME_MAX];
	char *out_path, *err_path;
	pid_t pid, outer_pid;
	bool ended;
	int status;
	unsigned int waiters;	/* sessions that have it pending */
	struct gather out, err; /* exec only; fd -1 otherwise */
};

/* Who is told when a process ends or a time comes. */
struct pending {
	struct proc *proc;   /* NULL: nothing is pending */
	bool exec;	     /* else wait */
	int64_t deadline_ms; /* or -1 */
};

struct bench {
	struct world *w;
	struct loop loop;
	struct session *sessions;
	struct proc *procs;
	struct capture_file *captures;
	struct responder_port *responders;
	bool quit;
	int status;   /* exit status of the world */
	int listener; /* Unix socket "ctl" in the run directory, or -1 */
	unsigned int nproc;
};

/* What the caller wants served. The control socket is always a session, whose end ends the world.
 */
struct bench_conf {
	int in, out; /* a session on these, whose end ends the world; -1: none */
	int nvar;
	char **var; /* NAME=VALUE for every session */
};

/* world_conf.main; @arg is struct bench_conf. */
int bench_main(struct world *w, void *arg);

/* acts_*.c: one function for each verb that netns/ does not carry out. */
enum act_result act_link(struct bench *b, struct topo_line *l, struct reply *r, struct net_err *e);
enum act_result act_socket(struct bench *b, struct topo_line *l, struct reply *r,
			   struct net_err *e);
enum act_result act_responder(struct bench *b, struct topo_line *l, struct reply *r,
			      struct net_err *e);
enum act_result act_capture(struct bench *b, struct topo_line *l, struct reply *r,
			    struct net_err *e);
enum act_result act_run(struct bench *b, struct topo_line *l, struct reply *r, struct net_err *e);
enum act_result act_kill(struct bench *b, struct topo_line *l, struct reply *r, struct net_err *e);
enum act_result act_enter(struct bench *b, struct topo_line *l, struct reply *r, struct net_err *e);
enum act_result act_show(struct bench *b, struct topo_line *l, struct reply *r, struct net_err *e);
/* These two answer later: they fill @p and the session waits. */
enum act_result act_exec(struct bench *b, struct topo_line *l, struct pending *p,
			 struct net_err *e);
enum act_result act_wait(struct bench *b, struct topo_line *l, struct pending *p,
			 struct net_err *e);

/* acts_proc.c. Note which processes ended. */
void procs_reap(struct bench *b);
/* The answer of a pending act whose process ended, or whose time is over (@e is set then). */
enum act_result pending_answer(struct bench *b, struct pending *p, struct reply *r,
			       struct net_err *e);
void procs_free(struct bench *b);

/* acts_link.c: the impairments of devices. */
void link_release(struct bench *b, struct dev *d); /* the device goes */
json_t *link_show(const struct dev *d);		   /* NULL: not impaired */
/* Captures have begun or ended: each wire tells the one that sees its link what it drops. */
void links_tell_drops(struct bench *b);

/* acts_capture.c: the writer of a capture on @d or its bridge, or NULL. */
struct pcapng_writer *captures_writer_for(struct bench *b, const struct dev *d);
void captures_drop(struct bench *b, const struct dev *d); /* the device goes */
void captures_stop(struct bench *b);
json_t *captures_show(struct bench *b);

/* acts_port.c: @d NULL drops all. */
void responders_drop(struct bench *b, const struct dev *d);

/* Serve what is ready, or wait until something is. */
void bench_turn(struct bench *b);

#endif
