/* SPDX-License-Identifier: BSD-2-Clause */
/* rig run: build a topology, run a command in it, take everything down. */
#include "harness/rig/launch.h"
#include "harness/rig/rig.h"

int cmd_run(int argc, char **argv)
{
	struct launch l = { .in = -1, .out = -1 };
	struct launch_args a;
	int status;

	if (drill_wants(argc, argv))
		return cmd_drill(argc, argv);
	status = launch_parse(&l, "run", argc, argv, &a);
	if (status)
		return status;
	if (!a.command)
		return rig_usage("run", "a command is missing: put it after --");
	status = launch_build(&l, "run", &a);
	return status ? status : launch_command(&l, "run", &a);
}
