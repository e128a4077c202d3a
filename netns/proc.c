/* SPDX-License-Identifier: BSD-2-Clause */
/* Starts programs in nodes; see proc.h. */
#define _GNU_SOURCE
#include "netns/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

void proc_own_sys(void)
{
	if (unshare(CLONE_NEWNS))
		return;
	mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
	mount("sysfs", "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
}

static void reset_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	for (int s = 1; s < NSIG; s++)
		signal(s, SIG_DFL);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void child(struct world *w, const struct proc_conf *conf, int report)
{
	int why, fds[3] = { conf->in, conf->out, conf->err };

	setpgid(0, 0);
	world_enter(w, conf->node);
	proc_own_sys();
	/* First out of the way of 0 to 2, so that none overwrites another. */
	for (int i = 0; i < 3; i++)
		fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 3);
	for (int i = 0; i < 3; i++)
		if (fds[i] < 0 || dup2(fds[i], i) < 0)
			_exit(127);
	setenv("RIG_DIR", w->dir, 1);
	if (conf->node)
		setenv("RIG_NODE", conf->node->name, 1);
	reset_signals();
	execvp(conf->argv[0], conf->argv);
	why = errno;
	if (write(report, &why, sizeof(why)) < 0)
		_exit(126);
	_exit(127);
}

int proc_spawn(struct world *w, const struct proc_conf *conf, pid_t *pid, struct net_err *e)
{
	int report[2], why = 0;
	ssize_t n;

	if (pipe2(report, O_CLOEXEC))
		return net_failed(e, "no pipe: %m");
	fflush(NULL);
	*pid = fork();
	if (*pid == 0)
		child(w, conf, report[1]);
	close(report[1]);
	if (*pid < 0) {
		close(report[0]);
		return net_failed(e, "%s could not be started: %m", conf->argv[0]);
	}
	do
		n = read(report[0], &why, sizeof(why));
	while (n < 0 && errno == EINTR);
	close(report[0]);
	if (n <= 0)
		return 0;
	waitpid(*pid, NULL, 0);
	if (why == ENOENT && !strchr(conf->argv[0], '/'))
		return net_bad(e,
			       "there is no program \"%s\" in PATH; give its path, or install it",
			       conf->argv[0]);
	return net_bad(e, "%s could not be started: %s", conf->argv[0], strerror(why));
}

pid_t proc_outer_pid(const struct world *w, pid_t pid)
{
	char path[64], line[128];
	int outer = -1, fd = (int)syscall(SYS_pidfd_open, pid, 0), info;
	FILE *f;

	if (fd < 0 || w->outer_proc < 0) {
		if (fd >= 0)
			close(fd);
		return pid;
	}
	/* The descriptor's page in the caller's /proc tells the pid in the caller's numbers. */
	snprintf(path, sizeof(path), "self/fdinfo/%d", fd);
	info = openat(w->outer_proc, path, O_RDONLY | O_CLOEXEC);
	f = info < 0 ? NULL : fdopen(info, "r");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "Pid: %d", &outer) == 1)
			break;
	if (f)
		fclose(f);
	else if (info >= 0)
		close(info);
	close(fd);
	return outer > 0 ? outer : pid;
}

int proc_status(int wait_status)
{
	return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

int proc_signal(const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (end != text && !*end)
		return n > 0 && n < NSIG ? (int)n : 0;
	if (strncasecmp(text, "SIG", 3) == 0)
		text += 3;
	for (int s = 1; s < NSIG; s++) {
		const char *name = sigabbrev_np(s);

		if (name && strcasecmp(name, text) == 0)
			return s;
	}
	return 0;
}
