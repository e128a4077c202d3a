/* SPDX-License-Identifier: BSD-2-Clause */
/* An agent's listening socket. See agent_listen.h. */
#define _GNU_SOURCE 1
#include "harness/dut/agent_listen.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 16 };

static char path_to_remove[sizeof(((struct sockaddr_un *)0)->sun_path)];

static void ended(int number)
{
	(void)unlink(path_to_remove);
	_exit(128 + number);
}

/* A socket that nobody listens on is left of an agent that was killed. */
static void clear_path(const struct sockaddr_un *addr)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) < 0 &&
	    errno == ECONNREFUSED)
		(void)unlink(addr->sun_path);
	if (fd >= 0)
		close(fd);
}

int agent_listen(const char *program, const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	mode_t mask;

	if (!*path || strlen(path) >= sizeof(addr.sun_path)) {
		fprintf(stderr, "%s: --control %s: write a path of 1 to %zu bytes\n", program, path,
			sizeof(addr.sun_path) - 1);
		return -2;
	}
	memcpy(addr.sun_path, path, strlen(path) + 1);
	clear_path(&addr);
	mask = umask(077);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) != 0 ||
	    listen(fd, BACKLOG) != 0) {
		fprintf(stderr, "%s: --control %s: %s\n", program, path,
			errno == EADDRINUSE ? "something is there already; name another path"
					    : strerror(errno));
		return -1;
	}
	(void)umask(mask);
	memcpy(path_to_remove, addr.sun_path, sizeof(path_to_remove));
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGTERM, ended);
	(void)signal(SIGINT, ended);
	return fd;
}
