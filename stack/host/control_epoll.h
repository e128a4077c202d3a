/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * epoll of the device protocol: a client's interests in its sockets, level, edge and one-shot as Linux has
 * them. Knows sockets by their numbers alone. Called by control_sock.c.
 */
#ifndef HOST_CONTROL_EPOLL_H
#define HOST_CONTROL_EPOLL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "phantom/phantom.h"

enum {
	CONTROL_EPOLL_FD = 1000000, /* the first descriptor of one */
	CONTROL_EPOLLS_MAX = 16,    /* of a client */
	CONTROL_INTERESTS_MAX = 64, /* of one */
};

struct control_interest {
	int fd; /* -1: free */
	uint32_t events;
	uint64_t data;
	bool edge, spent; /* readiness rose since it was told; EPOLLONESHOT has fired */
};

struct control_epoll {
	bool used;
	struct control_interest of[CONTROL_INTERESTS_MAX];
};

struct control_epolls {
	struct control_epoll one[CONTROL_EPOLLS_MAX];
};

/* A new one's descriptor, or -EMFILE. */
int64_t control_epoll_new(struct control_epolls *all);
/* EPOLL_CTL_ADD, MOD or DEL of fd. 0, -EBADF, -EEXIST, -ENOENT, -ENOSPC, -EINVAL. */
int64_t control_epoll_ctl(struct control_epolls *all, int64_t epfd, int64_t op, int fd,
			  uint32_t events, uint64_t data);
/* Calls say() for each of at most max interests that hold now. How many, or -EBADF. */
int64_t control_epoll_wait(struct control_epolls *all, struct ph_stack *st, int64_t epfd,
			   size_t max, void (*say)(void *arg, uint32_t events, uint64_t data),
			   void *arg);
/* A descriptor is closed: true when it was an epoll, else all forget it. */
bool control_epoll_close(struct control_epolls *all, int64_t fd);
/* A socket's readiness rose. */
void control_epoll_ready(struct control_epolls *all, int fd);

#endif
