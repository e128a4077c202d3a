/* SPDX-License-Identifier: BSD-2-Clause */
/* The caller's side of a world; see launch.h. */
#define _GNU_SOURCE
#include "harness/rig/launch.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/rig/bench.h"
#include "harness/rig/rig.h"
#include "netns/proc.h"

enum { REPLY_MAX = 1 << 22 };

bool launch_is_var(const char *arg)
{
	const char *p = arg;

	if (!isalpha((unsigned char)*p) && *p != '_')
		return false;
	while (isalnum((unsigned char)*p) || *p == '_')
		p++;
	return *p == '=';
}

static void ending_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGHUP);
	sigaddset(set, SIGCHLD);
}

int launch_start(struct launch *l, const char *command)
{
	struct bench_conf bench = { .in = l->in, .out = l->out, .nvar = l->nvar, .var = l->var };
	struct world_conf conf = {
		.dir = l->dir, .keep = l->keep, .main = bench_main, .arg = &bench
	};
	struct net_err e;
	sigset_t set;

	/* Before the fork, so that none is lost between it and the wait. */
	ending_signals(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return world_start(&l->h, &conf, &e) ? rig_error(command, &e) : 0;
}

/* One option and its value, from argv[*i]; false when it is none. */
static bool take_option(struct launch *l, struct launch_args *a, int argc, char **argv, int *i)
{
	const char *name = argv[*i];
	const char **value = strcmp(name, "--dir") == 0	   ? &l->dir
			     : strcmp(name, "--node") == 0 ? &a->node
							   : NULL;

	if (value && *i + 1 < argc) {
		*value = argv[++*i];
		return true;
	}
	if (strcmp(name, "--keep") == 0)
		l->keep = true;
	else if (strcmp(name, "--json") == 0)
		a->json = true;
	else
		return false;
	return true;
}

int launch_parse(struct launch *l, const char *command, int argc, char **argv,
		 struct launch_args *a)
{
	int i = 1;

	memset(a, 0, sizeof(*a));
	a->node = "hub";
	/* Kept in argv itself, over words that were read. */
	l->var = argv + 1;
	for (; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (argv[i][0] == '-') {
			if (!take_option(l, a, argc, argv, &i))
				return rig_usage(command,
						 "\"%s\" is not an option, or lacks its value",
						 argv[i]);
		} else if (!a->file) {
			a->file = argv[i];
		} else if (launch_is_var(argv[i])) {
			l->var[l->nvar++] = argv[i];
		} else {
			return rig_usage(command,
					 "\"%s\" is not NAME=VALUE (a command goes after --)",
					 argv[i]);
		}
	}
	if (!a->file)
		return rig_usage(command, "a topology file is missing");
	if (i < argc && i + 1 == argc)
		return rig_usage(command, "a command is missing after --");
	a->command = i < argc ? argv + i + 1 : NULL;
	return 0;
}

/* A word that the language reads back as @text. */
static void quote(const char *text, char *out, size_t size)
{
	size_t n = 0;

	for (out[n++] = '"'; *text && n < size - 4; text++) {
		if (strchr("\"\\$", *text))
			out[n++] = '\\';
		out[n++] = *text;
	}
	out[n++] = '"';
	out[n] = '\0';
}

int launch_build(struct launch *l, const char *command, const struct launch_args *a)
{
	char file[4096], line[4200];
	struct net_err e;
	int status = launch_start(l, command);

	if (status)
		return status;
	quote(a->file, file, sizeof(file));
	snprintf(line, sizeof(line), "include %s", file);
	if (world_say(l->h.control, line, NULL, NULL, &e) == 0)
		return 0;
	/* The world's control session keeps what kind of error it was. */
	status = launch_end(l);
	rig_error(command, &e);
	return status ? status : RIG_FAILED;
}

int launch_command(struct launch *l, const char *command, const struct launch_args *a)
{
	char line[128];
	struct entry entry;
	struct net_err e;
	int status;

	snprintf(line, sizeof(line), "enter %.100s", a->node);
	if (world_say(l->h.control, line, NULL, &entry, &e)) {
		status = rig_error(command, &e);
	} else {
		status = entry_run(&entry, a->node, a->command);
		entry_close(&entry);
	}
	launch_end(l);
	return status;
}

int launch_hold(struct launch *l, bool calm)
{
	sigset_t set;
	int sig = 0;
	siginfo_t info;

	ending_signals(&set);
	for (;;) {
		/* Leaves the dead world for world_wait. */
		memset(&info, 0, sizeof(info));
		if (waitid(P_PID, (id_t)l->h.pid, &info, WEXITED | WNOHANG | WNOWAIT) ||
		    info.si_pid)
			return world_wait(&l->h, true);
		if (sigwait(&set, &sig) == 0 && sig != SIGCHLD)
			break;
	}
	world_wait(&l->h, true);
	return calm ? 0 : 128 + sig;
}

int launch_end(struct launch *l)
{
	return world_wait(&l->h, true);
}

/* Read to the end of one line, keeping descriptors that come along. */
static int read_reply(int sock, char *line, size_t size, int *fd, unsigned int nfd)
{
	size_t n = 0;

	for (;;) {
		char control[CMSG_SPACE(sizeof(int) * ENTRY_FDS)];
		struct iovec iov = { .iov_base = line + n, .iov_len = size - 1 - n };
		struct msghdr m = { .msg_iov = &iov,
				    .msg_iovlen = 1,
				    .msg_control = control,
				    .msg_controllen = sizeof(control) };
		ssize_t got = recvmsg(sock, &m, MSG_CMSG_CLOEXEC);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return -1;
		for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c))
			if (c->cmsg_type == SCM_RIGHTS &&
			    c->cmsg_len == CMSG_LEN(sizeof(int) * nfd) && fd)
				memcpy(fd, CMSG_DATA(c), sizeof(int) * nfd);
		n += (size_t)got;
		if (line[n - 1] == '\n' || n == size - 1) {
			line[n - (line[n - 1] == '\n' ? 1 : 0)] = '\0';
			return 0;
		}
	}
}

static int understand(const char *line, json_t **body, struct net_err *e)
{
	if (strncmp(line, "error ", 6) == 0)
		return net_bad(e, "%s", line + 6);
	if (strncmp(line, "ok", 2) != 0)
		return net_failed(e, "the world answered \"%.60s\"", line);
	if (line[2] == ' ')
		*body = json_loads(line + 3, 0, NULL);
	return 0;
}

int world_say(int sock, const char *line, json_t **body, struct entry *entry, struct net_err *e)
{
	char *text = NULL, *reply = malloc(REPLY_MAX);
	int n = asprintf(&text, "%s\n", line), rc = -1;
	json_t *j = NULL;

	for (int i = 0; entry && i < ENTRY_FDS; i++)
		entry->fd[i] = -1;
	if (n < 0 || !reply)
		net_failed(e, "out of memory");
	else if (send(sock, text, (size_t)n, MSG_NOSIGNAL) != n ||
		 read_reply(sock, reply, REPLY_MAX, entry ? entry->fd : NULL, ENTRY_FDS))
		net_failed(e, "the world has ended");
	else
		rc = understand(reply, &j, e);
	if (n >= 0)
		free(text);
	free(reply);
	if (entry && !rc) {
		entry->user = json_is_true(json_object_get(j, "user_namespace"));
		snprintf(entry->dir, sizeof(entry->dir), "%s",
			 json_string_value(json_object_get(j, "dir")));
		if (entry->fd[ENTRY_FDS - 1] < 0)
			rc = net_failed(e, "the world gave no descriptors");
	}
	if (body)
		*body = j;
	else
		json_decref(j);
	return rc;
}

int world_say_fd(int sock, const char *line, struct net_err *e)
{
	char *text = NULL, *reply = malloc(REPLY_MAX);
	int n = asprintf(&text, "%s\n", line), fd = -1;
	json_t *j = NULL;

	if (n < 0 || !reply)
		net_failed(e, "out of memory");
	else if (send(sock, text, (size_t)n, MSG_NOSIGNAL) != n ||
		 read_reply(sock, reply, REPLY_MAX, &fd, 1))
		net_failed(e, "the world has ended");
	else if (understand(reply, &j, e) == 0 && fd < 0)
		net_failed(e, "the world gave no descriptor");
	if (n >= 0)
		free(text);
	free(reply);
	json_decref(j);
	return fd;
}

int world_connect(const char *dir, struct net_err *e)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int d = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC), fd;

	if (d < 0)
		return net_bad(
			e, "there is no run directory %s: %m; rig up prints the one it holds", dir);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	snprintf(a.sun_path, sizeof(a.sun_path), "/proc/self/fd/%d/ctl", d);
	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a))) {
		net_bad(e, "no world stands in %s: %m", dir);
		if (fd >= 0)
			close(fd);
		fd = -1;
	}
	close(d);
	return fd;
}

static _Noreturn void enter_and_exec(const struct entry *entry, const char *node, char *const *argv)
{
	static const char *const what[ENTRY_FDS] = { "user", "mount", "pid", "network" };
	char cwd[4096];
	bool has_cwd = getcwd(cwd, sizeof(cwd));
	sigset_t none;
	pid_t pid;
	int status;

	for (int i = entry->user ? 0 : 1; i < ENTRY_FDS; i++) {
		if (setns(entry->fd[i], 0) == 0)
			continue;
		fprintf(stderr, "rig: the %s namespace cannot be entered: %m\n", what[i]);
		_exit(RIG_CANNOT);
	}
	/* A pid namespace is entered by the next child. */
	pid = fork();
	if (pid > 0) {
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		_exit(proc_status(status));
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	proc_own_sys();
	if (has_cwd && chdir(cwd))
		fprintf(stderr, "rig: the directory %s cannot be entered: %m\n", cwd);
	setenv("RIG_DIR", entry->dir, 1);
	setenv("RIG_NODE", node, 1);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execvp(argv[0], argv);
	fprintf(stderr, "rig: %s could not be started: %m\n", argv[0]);
	_exit(127);
}

int entry_run(const struct entry *entry, const char *node, char *const *argv)
{
	int status = 0, sig;
	sigset_t set, old;
	pid_t pid, got;

	fflush(NULL);
	ending_signals(&set);
	sigprocmask(SIG_BLOCK, &set, &old);
	pid = fork();
	if (pid == 0)
		enter_and_exec(entry, node, argv);
	if (pid < 0)
		return RIG_FAILED;
	while ((got = waitpid(pid, &status, WNOHANG)) == 0) {
		/* Ctrl-C reaches the program by itself, as in a shell. */
		if (sigwait(&set, &sig) == 0 && sig != SIGCHLD && sig != SIGINT)
			kill(pid, SIGKILL);
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	return got < 0 ? RIG_FAILED : proc_status(status);
}

void entry_close(struct entry *entry)
{
	for (int i = 0; i < ENTRY_FDS; i++)
		if (entry->fd[i] >= 0)
			close(entry->fd[i]);
}
