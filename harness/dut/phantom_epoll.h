/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * epoll over phantom's sockets, in the process of phantom_inproc.c: which sockets an epoll is interested
 * in, level, edge and one-shot as Linux has them. Called by phantom_inproc.c.
 */
#ifndef DUT_PHANTOM_EPOLL_H
#define DUT_PHANTOM_EPOLL_H

#include "harness/dut/dut.h"

enum { PHANTOM_EPOLL_FD = 1000000, PHANTOM_EPOLLS_MAX = 16, PHANTOM_INTERESTS_MAX = 64 };

struct phantom_interest {
	int fd; /* -1: free */
	uint32_t events;
	uint64_t data;
	bool edge, spent; /* readiness rose since it was told; EPOLLONESHOT has fired */
};

struct phantom_epoll {
	bool used;
	struct phantom_interest of[PHANTOM_INTERESTS_MAX];
};

struct phantom_epolls {
	struct phantom_epoll one[PHANTOM_EPOLLS_MAX];
};

/* Descriptors from PHANTOM_EPOLL_FD on. */
int64_t phantom_epoll_create(struct phantom_epolls *e);
int64_t phantom_epoll_ctl(struct phantom_epolls *e, struct ph_stack *st, const struct dut_call *c);
/* What holds now. */
int64_t phantom_epoll_collect(struct phantom_epolls *e, struct ph_stack *st,
			      const struct dut_call *c);
/* A descriptor is closed: true when it was an epoll, else it is forgotten by all. */
bool phantom_epoll_close(struct phantom_epolls *e, int fd);
/* A socket's readiness rose. */
void phantom_epoll_ready(struct phantom_epolls *e, int fd);
bool phantom_is_socket(const struct ph_stack *st, int fd);

#endif
