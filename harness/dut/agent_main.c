/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rig-agent: the device protocol of docs/dut-protocol.md for the kernel's sockets, in the network
 * namespace it is started in. A process for each client, so that a client's end is the end of all
 * it had.
 */
#define _GNU_SOURCE 1
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "harness/dut/agent.h"

enum { BACKLOG = 16 };

static const char help[] =
	"usage: rig-agent --control PATH\n"
	"\n"
	"Serves the kernel's sockets to scripts: the device protocol (docs/dut-protocol.md) on a Unix\n"
	"stream socket, in the network namespace it is started in. Ends by a signal.\n"
	"\n"
	"  --control PATH  listen here; a socket that is there and that nobody listens on is replaced\n"
	"  --help          this text\n"
	"  --version       the version\n";

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

static int listen_at(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	mode_t mask;

	if (!*path || strlen(path) >= sizeof(addr.sun_path)) {
		fprintf(stderr, "rig-agent: --control %s: write a path of 1 to %zu bytes\n", path,
			sizeof(addr.sun_path) - 1);
		return -2;
	}
	memcpy(addr.sun_path, path, strlen(path) + 1);
	clear_path(&addr);
	mask = umask(077);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) != 0 ||
	    listen(fd, BACKLOG) != 0) {
		fprintf(stderr, "rig-agent: --control %s: %s\n", path,
			errno == EADDRINUSE ? "something is there already; name another path"
					    : strerror(errno));
		return -1;
	}
	(void)umask(mask);
	memcpy(path_to_remove, addr.sun_path, sizeof(path_to_remove));
	return fd;
}

static int serve(int listener)
{
	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		pid_t child;

		if (fd < 0 && errno != EINTR && errno != ECONNABORTED) {
			fprintf(stderr, "rig-agent: accept: %s\n", strerror(errno));
			return 1;
		}
		if (fd < 0)
			continue;
		child = fork();
		if (child == 0) {
			(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
			(void)signal(SIGTERM, SIG_DFL);
			(void)signal(SIGINT, SIG_DFL);
			(void)signal(SIGCHLD, SIG_DFL); /* commands are waited for */
			close(listener);
			_exit(agent_serve(fd) == 0 ? 0 : 1);
		}
		if (child < 0)
			fprintf(stderr, "rig-agent: no process for a client: %s\n", strerror(errno));
		close(fd);
	}
}

int main(int argc, char **argv)
{
	int listener;

	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		fputs(help, stdout);
		return 0;
	}
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		printf("rig-agent %s\n", PACKAGE_VERSION);
		return 0;
	}
	if (argc != 3 || strcmp(argv[1], "--control") != 0) {
		fprintf(stderr, "rig-agent: %s%s; write rig-agent --control PATH\n",
			argc > 1 ? "not understood: " : "nothing to do", argc > 1 ? argv[1] : "");
		return 2;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGCHLD, SIG_IGN);
	(void)signal(SIGTERM, ended);
	(void)signal(SIGINT, ended);
	listener = listen_at(argv[2]);
	if (listener < 0)
		return listener == -2 ? 2 : 1;
	fputs("ready\n", stderr);
	return serve(listener);
}
