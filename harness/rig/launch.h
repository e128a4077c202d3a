/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The caller's side of a world: starting it, talking to it, entering its namespaces, waiting for
 * its end. Called by the cmd_*.c files; the world's side is bench.c.
 */
#ifndef RIG_LAUNCH_H
#define RIG_LAUNCH_H

#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>

#include "netns/err.h"
#include "netns/world.h"

/* Options that session, up and run share. */
struct launch {
	const char *dir;
	bool keep;
	int in, out; /* a session for the world to serve, or -1 */
	int nvar;
	char **var; /* NAME=VALUE */
	struct world_handle h;
};

enum { ENTRY_FDS = 4 }; /* user, mnt, pid, net */

struct entry {
	int fd[ENTRY_FDS];
	bool user; /* the world has its own users */
	char dir[WORLD_DIR_MAX];
};

/* What stands after the command's name. */
struct launch_args {
	const char *file, *node;
	char **command; /* or NULL */
	bool json;
};

/* Parse "[--dir DIR] ... FILE [NAME=VALUE ...] [-- COMMAND]". An exit status, 0 when it is right.
 */
int launch_parse(struct launch *l, const char *command, int argc, char **argv,
		 struct launch_args *a);
/* Start the world and build the file in it. An exit status, 0 when it stands. */
int launch_build(struct launch *l, const char *command, const struct launch_args *a);
/* Run the command in its node, then end the world. The command's status. */
int launch_command(struct launch *l, const char *command, const struct launch_args *a);

/* True for NAME=VALUE with a name that can be one. */
bool launch_is_var(const char *arg);

/* Block the signals that end rig and start the world. An exit status, 0 when it stands. */
int launch_start(struct launch *l, const char *command);
/* Wait until the world ends by itself or a signal tells rig to end. The world's status; 128+N after
 * signal N, or 0 then when @calm. */
int launch_hold(struct launch *l, bool calm);
/* End the world now. */
int launch_end(struct launch *l);

/* Say a line to a world over its control or ctl socket and take the reply. -1 with the world's
 * sentence. @entry, when not NULL, takes the descriptors of the reply; @body its JSON. */
int world_say(int sock, const char *line, json_t **body, struct entry *entry, struct net_err *e);
/* Say a line that is answered with one descriptor, as socket is: the descriptor, or -1. */
int world_say_fd(int sock, const char *line, struct net_err *e);
/* Connect to the world that stands with run directory @dir. */
int world_connect(const char *dir, struct net_err *e);

/* Fork, enter and exec; then wait. The program's status as shells say it, 127 when it cannot start.
 */
int entry_run(const struct entry *entry, const char *node, char *const *argv);
void entry_close(struct entry *entry);

#endif
