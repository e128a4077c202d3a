/* SPDX-License-Identifier: BSD-2-Clause */
/* The world's event loop; see loop.h. */
#define _GNU_SOURCE
#include "harness/rig/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { LOOP_BATCH = 32 };

int loop_init(struct loop *l)
{
	l->watches = NULL;
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	return l->epoll < 0 ? -errno : 0;
}

static void sweep(struct loop *l, bool all)
{
	struct loop_watch **at = &l->watches;

	while (*at) {
		struct loop_watch *w = *at;

		if (!w->gone && !all) {
			at = &w->next;
			continue;
		}
		*at = w->next;
		free(w);
	}
}

void loop_free(struct loop *l)
{
	sweep(l, true);
	if (l->epoll >= 0)
		close(l->epoll);
	l->epoll = -1;
}

static struct loop_watch *add(struct loop *l, int fd, uint32_t events, loop_fn *fn, void *arg)
{
	struct loop_watch *w = calloc(1, sizeof(*w));
	struct epoll_event ev = { .events = events };

	if (!w)
		return NULL;
	w->fd = fd;
	w->fn = fn;
	w->arg = arg;
	ev.data.ptr = w;
	if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &ev)) {
		free(w);
		return NULL;
	}
	w->next = l->watches;
	l->watches = w;
	return w;
}

struct loop_watch *loop_add(struct loop *l, int fd, loop_fn *fn, void *arg)
{
	return add(l, fd, EPOLLIN, fn, arg);
}

struct loop_watch *loop_add_hup(struct loop *l, int fd, loop_fn *fn, void *arg)
{
	/* EPOLLHUP and EPOLLERR are always told. */
	return add(l, fd, 0, fn, arg);
}

void loop_del(struct loop *l, struct loop_watch *w)
{
	if (!w || w->gone)
		return;
	epoll_ctl(l->epoll, EPOLL_CTL_DEL, w->fd, NULL);
	w->gone = true;
}

void loop_once(struct loop *l, int timeout_ms)
{
	struct epoll_event ev[LOOP_BATCH];
	int n = epoll_wait(l->epoll, ev, LOOP_BATCH, timeout_ms);

	for (int i = 0; i < n; i++) {
		struct loop_watch *w = ev[i].data.ptr;

		if (!w->gone)
			w->fn(w->arg);
	}
	sweep(l, false);
}

int64_t loop_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}
