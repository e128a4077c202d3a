/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rig program's commands: one cmd_*.c each, listed in main.c's table. A command gets its own
 * argv (argv[0] is its name) and returns an exit status.
 */
#ifndef RIG_RIG_H
#define RIG_RIG_H

#include "netns/err.h"
#include "netns/world.h"

enum rig_exit {
	RIG_OK = 0,
	RIG_FAILED = 1,
	RIG_BAD_INPUT = 2,
	RIG_CANNOT = 77, /* this machine cannot; what is needed is said */
};

struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary; /* one line */
	const char *help;    /* after "usage: rig NAME " */
};

int cmd_session(int argc, char **argv);
int cmd_up(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_exec(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_serve(int argc, char **argv);
int cmd_drill(int argc, char **argv);
int cmd_audit(int argc, char **argv);
int cmd_demo(int argc, char **argv);
int cmd_matrix(int argc, char **argv);
int cmd_lab(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_sim(int argc, char **argv);
int cmd_uml(int argc, char **argv);
int cmd_tc(int argc, char **argv);
int cmd_calibrate(int argc, char **argv);
int cmd_point(int argc, char **argv); /* rig sim --point */

/* True when rig run's words name scripts, which rig drill runs. */
bool drill_wants(int argc, char **argv);

/* True if this kernel has sch_netem and lets us use it, which a world of its own finds out. */
bool rig_has_netem(void);

/* Print "rig COMMAND: sentence" to stderr; the exit status that goes with its kind. */
int rig_error(const char *command, const struct net_err *e);
/* The same for an argument: status 2, and a hint at --help. */
int rig_usage(const char *command, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
