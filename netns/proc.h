/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs running in nodes: children of the world, each in its own process group with the node's
 * network namespace and a /sys that shows it. Called by the session (run, exec, wait, kill) and by
 * rig's own commands.
 */
#ifndef NETNS_PROC_H
#define NETNS_PROC_H

#include <stdbool.h>
#include <sys/types.h>

#include "netns/err.h"
#include "netns/world.h"

struct proc_conf {
	const struct node *node; /* NULL: the hub */
	char *const *argv;	 /* ends with NULL */
	int in, out, err;	 /* descriptors for the child's 0, 1, 2; stay the caller's */
};

/*
 * Start a program. 0 with *pid (in this pid namespace), or -1 with a sentence, also when the
 * program cannot be executed: then nothing runs.
 */
int proc_spawn(struct world *w, const struct proc_conf *conf, pid_t *pid, struct net_err *e);
/* The same process as the world's caller sees it, or @pid itself when that cannot be known. */
pid_t proc_outer_pid(const struct world *w, pid_t pid);

/* Exit status as shells say it: 128+N for signal N. */
int proc_status(int wait_status);

/* A signal's number from its name with or without SIG, or from digits; 0 when it is none. */
int proc_signal(const char *text);

/* In a fresh child: mount a /sys that shows this network namespace, in mounts of its own. Best
 * effort: some containers forbid it, and few programs look. */
void proc_own_sys(void);

#endif
