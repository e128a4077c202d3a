/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rig uml: runs a command where there is the kernel's netem: here, if this kernel has sch_netem, else
 * under User-Mode Linux, which harness/uml/run starts.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "harness/rig/rig.h"
#include "netns/qdisc.h"

/* In a world of its own. */
static int try_netem(struct world *w, void *arg)
{
	const struct devname at = { .node = "probe", .dev = "eth0" };
	const struct netem_conf conf = { .delay_ns = 1000000, .limit = 1000 };
	struct net_err e;
	bool ok;

	(void)arg;
	if (world_node(w, "probe", &e) || world_bridge(w, "lan", &e) ||
	    world_veth(w, &at, "lan", &e))
		return RIG_FAILED;
	world_enter(w, w->nodes);
	ok = qdisc_netem("eth0", &conf, NULL, &e) == 0;
	world_enter(w, NULL);
	return ok ? RIG_OK : RIG_CANNOT;
}

bool rig_has_netem(void)
{
	struct world_conf conf = { .main = try_netem };
	struct world_handle h;
	struct net_err e;

	return world_start(&h, &conf, &e) == 0 && world_wait(&h, false) == RIG_OK;
}

static const char *script(void)
{
	static const char *const places[] = { PH_SRCDIR "/harness/uml/run",
					      PH_DATADIR "/harness/uml/run" };

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (access(places[i], R_OK) == 0)
			return places[i];
	return NULL;
}

/* Becomes args[0]; returns only when that fails. */
static int become(char **args)
{
	execvp(args[0], args);
	fprintf(stderr, "rig uml: %s: %s\n", args[0], strerror(errno));
	return errno == ENOENT ? 127 : 126;
}

/* What of this machine's /tmp the command needs: rig's own files, where they are there. */
static void show(char **args, int *n, const char *dir)
{
	if (strncmp(dir, "/tmp/", 5) != 0 && strncmp(dir, "/run/", 5) != 0)
		return;
	args[(*n)++] = strdup("-r");
	args[(*n)++] = strdup(dir);
}

static int under_uml(int argc, char **argv)
{
	enum { OWN = 10 };
	const char *run = script();
	char **args = calloc((size_t)argc + OWN, sizeof(*args)), self[4096], *slash;
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	int n = 0;

	if (!args || !run) {
		fprintf(stderr, "rig uml: %s\n", run ? "out of memory" : "harness/uml/run is neither in "
			PH_SRCDIR " nor in " PH_DATADIR);
		return RIG_FAILED;
	}
	args[n++] = strdup("sh");
	args[n++] = strdup(run);
	if (access(PH_SRCDIR, R_OK) == 0)
		show(args, &n, PH_SRCDIR);
	if (len > 0) {
		self[len] = '\0';
		slash = strrchr(self, '/');
		*slash = '\0';
		show(args, &n, self);
	}
	for (int i = 0; i < argc; i++)
		args[n++] = argv[i];
	return become(args);
}

int cmd_uml(int argc, char **argv)
{
	bool always = argc > 1 && strcmp(argv[1], "--always") == 0;
	int from = always ? 2 : 1, command = from;

	while (command + 1 < argc &&
	       (strcmp(argv[command], "-r") == 0 || strcmp(argv[command], "-w") == 0))
		command += 2;
	if (command < argc && strcmp(argv[command], "--") == 0)
		command++;
	else if (command < argc && argv[command][0] == '-')
		return rig_usage("uml", "\"%s\" is not an option", argv[command]);
	if (command >= argc)
		return rig_usage("uml", "a command is missing: put it after --");
	if (!always && rig_has_netem())
		return become(argv + command);
	if (getenv("UML")) {
		fprintf(stderr, "rig uml: User-Mode Linux runs already, and has no netem\n");
		return RIG_CANNOT;
	}
	return under_uml(argc - from, argv + from);
}
