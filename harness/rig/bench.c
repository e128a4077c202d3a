/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs the world: its loop, its sessions, the end of its children. See bench.h. */
#define _GNU_SOURCE
#include "harness/rig/bench.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "harness/rig/session.h"

struct signals {
	struct bench *b;
	int fd;
};

static void on_signal(void *arg)
{
	struct signals *sig = arg;
	struct signalfd_siginfo info;

	while (read(sig->fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo != SIGCHLD) {
			sig->b->quit = true;
			sig->b->status = 128 + (int)info.ssi_signo;
		}
	}
	procs_reap(sig->b);
}

static int open_signals(struct signals *sig, struct bench *b)
{
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGHUP);
	sigaddset(&mask, SIGCHLD);
	sig->b = b;
	sig->fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	return sig->fd < 0 || !loop_add(&b->loop, sig->fd, on_signal, sig) ? -1 : 0;
}

/* The run directory's path may be longer than a socket's name can be: go by a descriptor. */
static int open_listener(struct bench *b)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int dir = open(b->w->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), rc = -1;

	snprintf(a.sun_path, sizeof(a.sun_path), "/proc/self/fd/%d/ctl", dir);
	if (dir >= 0 && fd >= 0) {
		unlinkat(dir, "ctl", 0);
		rc = bind(fd, (struct sockaddr *)&a, sizeof(a));
		if (rc == 0)
			rc = listen(fd, 16);
	}
	if (dir >= 0)
		close(dir);
	if (rc && fd >= 0)
		close(fd);
	return rc ? -1 : fd;
}

static void on_client(void *arg)
{
	struct bench *b = arg;
	int fd = accept4(b->listener, NULL, NULL, SOCK_CLOEXEC);
	struct session *s = fd < 0 ? NULL : session_new(b, fd, fd, false);

	if (s)
		session_start(s);
	else if (fd >= 0)
		close(fd);
}

void bench_turn(struct bench *b)
{
	loop_once(&b->loop, sessions_wait_ms(b));
	procs_reap(b);
	sessions_poll(b);
	sessions_sweep(b);
}

static void dev_gone(struct world *w, struct dev *d)
{
	link_release(w->user, d);
	captures_drop(w->user, d);
	responders_drop(w->user, d);
}

static int open_session(struct bench *b, const struct bench_conf *conf, int in, int out)
{
	struct session *s = session_new(b, in, out, true);
	struct net_err e;

	if (!s)
		return -1;
	for (int i = 0; i < conf->nvar; i++) {
		char name[64];
		const char *eq = strchr(conf->var[i], '=');

		snprintf(name, sizeof(name), "%.*s", (int)(eq - conf->var[i]), conf->var[i]);
		session_set(s, name, eq + 1, true, &e);
	}
	session_start(s);
	return 0;
}

int bench_main(struct world *w, void *arg)
{
	const struct bench_conf *conf = arg;
	struct bench b = { .w = w };
	struct signals sig;

	w->dev_gone = dev_gone;
	w->user = &b;
	if (loop_init(&b.loop) || open_signals(&sig, &b))
		return 1;
	b.listener = open_listener(&b);
	if (b.listener >= 0)
		loop_add(&b.loop, b.listener, on_client, &b);
	if (open_session(&b, conf, w->control, w->control))
		return 1;
	if (conf->in >= 0 && open_session(&b, conf, conf->in, conf->out))
		return 1;
	while (!b.quit)
		bench_turn(&b);
	captures_stop(&b);
	responders_drop(&b, NULL);
	while (b.sessions)
		session_free(b.sessions);
	if (b.listener >= 0) {
		char path[WORLD_DIR_MAX + 8];

		close(b.listener);
		snprintf(path, sizeof(path), "%s/ctl", w->dir);
		unlink(path);
	}
	close(sig.fd);
	/* Programs end with the world; what they said is in the run directory. Those that exec waits for
	 * are still watched. */
	procs_free(&b);
	loop_free(&b.loop);
	return b.status;
}
