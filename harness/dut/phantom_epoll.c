/* SPDX-License-Identifier: BSD-2-Clause */
/* epoll over phantom's sockets: see phantom_epoll.h. */
#include "harness/dut/phantom_epoll.h"

#include <errno.h>

enum { CTL_ADD = 1, CTL_DEL = 2, CTL_MOD = 3 };
#define EPOLL_EDGE     0x80000000u
#define EPOLL_ONE_SHOT 0x40000000u
#define EPOLL_ALONE    0x10000000u /* EPOLLEXCLUSIVE */
#define EPOLL_BITS     0x0fffffffu

enum { EPOLL_WITH_ALONE = 0x1d | 1 << 29 }; /* in, out, error, hang-up, wake-up; and the edge */

bool phantom_is_socket(const struct ph_stack *st, int fd)
{
	struct ph_sockaddr a;

	/* ph_getsockname() changes nothing. */
	return fd < PHANTOM_EPOLL_FD &&
	       ph_getsockname((struct ph_stack *)(uintptr_t)st, fd, &a) != -EBADF;
}

static struct phantom_epoll *epoll_of(struct phantom_epolls *e, int fd)
{
	int i = fd - PHANTOM_EPOLL_FD;

	return i >= 0 && i < PHANTOM_EPOLLS_MAX && e->one[i].used ? &e->one[i] : NULL;
}

int64_t phantom_epoll_create(struct phantom_epolls *e)
{
	for (int i = 0; i < PHANTOM_EPOLLS_MAX; i++) {
		if (e->one[i].used)
			continue;
		e->one[i].used = true;
		for (int k = 0; k < PHANTOM_INTERESTS_MAX; k++)
			e->one[i].of[k].fd = -1;
		return PHANTOM_EPOLL_FD + i;
	}
	return -EMFILE;
}

static struct phantom_interest *interest_of(struct phantom_epoll *e, int fd)
{
	for (int i = 0; i < PHANTOM_INTERESTS_MAX; i++)
		if (e->of[i].fd == fd)
			return &e->of[i];
	return NULL;
}

/* epoll_ctl(2): one that is woken alone stays as it was added, and not all can be asked of it. */
static bool alone_is_wrong(bool add, uint32_t old, uint32_t events)
{
	if (!add)
		return (old | events) & EPOLL_ALONE;
	return (events & EPOLL_ALONE) && (events & ~(EPOLL_WITH_ALONE | EPOLL_ALONE | EPOLL_EDGE));
}

int64_t phantom_epoll_ctl(struct phantom_epolls *all, struct ph_stack *st, const struct dut_call *c)
{
	struct phantom_epoll *e = epoll_of(all, c->fd);
	int fd = (int)c->a[1];
	struct phantom_interest *i = e ? interest_of(e, fd) : NULL;

	if (!e || !phantom_is_socket(st, fd))
		return -EBADF;
	switch (c->a[0]) {
	case CTL_ADD:
		if (i)
			return -EEXIST;
		if (alone_is_wrong(true, 0, c->epoll[0].events))
			return -EINVAL;
		i = interest_of(e, -1);
		if (!i)
			return -ENOSPC;
		break;
	case CTL_MOD:
	case CTL_DEL:
		if (!i)
			return -ENOENT;
		if (c->a[0] == CTL_MOD && alone_is_wrong(false, i->events, c->epoll[0].events))
			return -EINVAL;
		break;
	default:
		return -EINVAL;
	}
	if (c->a[0] == CTL_DEL)
		i->fd = -1;
	else
		*i = (struct phantom_interest){ .fd = fd,
					.events = c->epoll[0].events,
					.data = c->epoll[0].data,
					.edge = true };
	return 0;
}

int64_t phantom_epoll_collect(struct phantom_epolls *all, struct ph_stack *st,
			      const struct dut_call *c)
{
	struct phantom_epoll *e = epoll_of(all, c->fd);
	size_t n = 0;

	if (!e)
		return -EBADF;
	for (int k = 0; k < PHANTOM_INTERESTS_MAX && n < c->nepoll; k++) {
		struct phantom_interest *i = &e->of[k];
		uint32_t bits;

		if (i->fd < 0 || i->spent || ((i->events & EPOLL_EDGE) && !i->edge))
			continue;
		bits = ph_poll(st, i->fd) & ((i->events & EPOLL_BITS) | PH_POLLERR | PH_POLLHUP);
		if (!bits)
			continue;
		i->edge = false;
		i->spent = (i->events & EPOLL_ONE_SHOT) != 0;
		c->epoll[n++] = (struct dut_epoll){ .events = bits, .data = i->data };
	}
	return (int64_t)n;
}

bool phantom_epoll_close(struct phantom_epolls *all, int fd)
{
	struct phantom_epoll *e = epoll_of(all, fd);

	if (e) {
		e->used = false;
		return true;
	}
	for (int i = 0; i < PHANTOM_EPOLLS_MAX; i++) {
		struct phantom_interest *w = all->one[i].used ? interest_of(&all->one[i], fd) : NULL;

		if (w)
			w->fd = -1;
	}
	return false;
}

void phantom_epoll_ready(struct phantom_epolls *all, int fd)
{
	for (int k = 0; k < PHANTOM_EPOLLS_MAX; k++) {
		struct phantom_interest *of =
			all->one[k].used ? interest_of(&all->one[k], fd) : NULL;

		if (of)
			of->edge = true;
	}
}
