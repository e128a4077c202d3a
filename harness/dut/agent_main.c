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
#include <unistd.h>

#include "harness/dut/agent.h"
#include "harness/dut/agent_listen.h"

static const char help[] =
	"usage: rig-agent --control PATH\n"
	"\n"
	"Serves the kernel's sockets to scripts: the device protocol (docs/dut-protocol.md) on a Unix\n"
	"stream socket, in the network namespace it is started in. Ends by a signal.\n"
	"\n"
	"  --control PATH  listen here; a socket that is there and that nobody listens on is replaced\n"
	"  --help          this text\n"
	"  --version       the version\n";

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
			_exit(agent_serve(fd, &agent_kernel) == 0 ? 0 : 1);
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
	(void)signal(SIGCHLD, SIG_IGN);
	listener = agent_listen("rig-agent", argv[2]);
	if (listener < 0)
		return listener == -2 ? 2 : 1;
	fputs("ready\n", stderr);
	return serve(listener);
}
