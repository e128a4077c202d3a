/* SPDX-License-Identifier: BSD-2-Clause */
/* rig up: build a topology, draw it, keep it until Ctrl-C or a command ends. */
#include <stdio.h>
#include <unistd.h>

#include "harness/rig/draw.h"
#include "harness/rig/launch.h"
#include "harness/rig/rig.h"

static void print(struct launch *l, const struct launch_args *a, const json_t *world)
{
	if (a->json) {
		json_dumpf(world, stdout, JSON_INDENT(2));
		putchar('\n');
	} else {
		draw_world(world, stdout, isatty(STDOUT_FILENO));
		printf("\nrun directory %s\nenter a node:  rig exec --dir %s NODE COMMAND\n",
		       l->h.dir, l->h.dir);
		if (!a->command)
			puts("Ctrl-C takes it down");
	}
	fflush(stdout);
}

int cmd_up(int argc, char **argv)
{
	struct launch l = { .in = -1, .out = -1 };
	struct launch_args a;
	struct net_err e;
	json_t *world;
	int status = launch_parse(&l, "up", argc, argv, &a);

	if (!status)
		status = launch_build(&l, "up", &a);
	if (status)
		return status;
	if (world_say(l.h.control, "show", &world, NULL, &e)) {
		launch_end(&l);
		return rig_error("up", &e);
	}
	print(&l, &a, world);
	json_decref(world);
	return a.command ? launch_command(&l, "up", &a) : launch_hold(&l, true);
}
