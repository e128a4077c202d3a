/* SPDX-License-Identifier: BSD-2-Clause */
/* rig exec: run a command in a node of a world that stands. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/rig/launch.h"
#include "harness/rig/rig.h"

int cmd_exec(int argc, char **argv)
{
	const char *dir = getenv("RIG_DIR"), *node;
	char line[128];
	struct entry entry;
	struct net_err e;
	int i = 1, fd, status;

	if (i + 1 < argc && strcmp(argv[i], "--dir") == 0) {
		dir = argv[i + 1];
		i += 2;
	}
	if (i < argc && argv[i][0] == '-')
		return rig_usage("exec", "\"%s\" is not an option, or lacks its value", argv[i]);
	if (!dir)
		return rig_usage("exec", "which world? give --dir DIR, as rig up printed it");
	if (i == argc)
		return rig_usage("exec", "a node is missing");
	node = argv[i++];
	if (i < argc && strcmp(argv[i], "--") == 0)
		i++;
	if (i == argc)
		return rig_usage("exec", "a command is missing");
	fd = world_connect(dir, &e);
	if (fd < 0)
		return rig_error("exec", &e);
	snprintf(line, sizeof(line), "enter %.100s", node);
	status = world_say(fd, line, NULL, &entry, &e);
	close(fd);
	if (status)
		return rig_error("exec", &e);
	status = entry_run(&entry, node, argv + i);
	entry_close(&entry);
	return status;
}
