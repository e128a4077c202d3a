/* SPDX-License-Identifier: BSD-2-Clause */
/* rig session: the topology language on standard input or on a socket. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/rig/launch.h"
#include "harness/rig/rig.h"

static int number(const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	return end == text || *end || n < 0 || n > 1 << 20 ? -1 : (int)n;
}

int cmd_session(int argc, char **argv)
{
	struct launch l = { .in = STDIN_FILENO, .out = STDOUT_FILENO };
	int status;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--keep") == 0) {
			l.keep = true;
		} else if (strcmp(argv[i], "--dir") == 0 && i + 1 < argc) {
			l.dir = argv[++i];
		} else if (strcmp(argv[i], "--fd") == 0 && i + 1 < argc) {
			l.in = l.out = number(argv[++i]);
			if (l.in < 0 || fcntl(l.in, F_SETFD, FD_CLOEXEC) < 0)
				return rig_usage("session", "--fd %s is not an open descriptor",
						 argv[i]);
		} else if (launch_is_var(argv[i])) {
			l.var = argv + i;
			while (i < argc && launch_is_var(argv[i]))
				i++;
			l.nvar = (int)(argv + i - l.var);
			if (i < argc)
				return rig_usage("session", "\"%s\" after NAME=VALUE", argv[i]);
		} else {
			return rig_usage("session", "\"%s\" is not an option, or lacks its value",
					 argv[i]);
		}
	}
	status = launch_start(&l, "session");
	if (status)
		return status;
	/* The descriptors are the world's now: when it closes them the client must see the end. */
	close(l.in);
	if (l.out != l.in)
		close(l.out);
	return launch_hold(&l, false);
}
