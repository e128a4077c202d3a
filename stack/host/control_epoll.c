/* SPDX-License-Identifier: BSD-2-Clause */
/* Interests in sockets: see control_epoll.h. */
#include "host/control_epoll.h"

#include <errno.h>

enum { CTL_ADD = 1, CTL_DEL = 2, CTL_MOD = 3 };
#define EPOLL_EDGE     0x80000000u
#define EPOLL_ONE_SHOT 0x40000000u
#define EPOLL_ALONE    0x10000000u /* EPOLLEXCLUSIVE */
#define EPOLL_BITS     0x0fffffffu

enum { EPOLL_WITH_ALONE = 0x1d | 1 << 29 }; /* in, out, error, hang-up, wake-up; and the edge */

static struct control_epoll *epoll_of(struct control_epolls *all, int64_t fd)
{
	int64_t i = fd - CONTROL_EPOLL_FD;

	return i >= 0 && i < CONTROL_EPOLLS_MAX && all->one[i].used ? &all->one[i] : NULL;
}

static struct control_interest *interest_of(struct control_epoll *e, int fd)
{
	for (int i = 0; i < CONTROL_INTERESTS_MAX; i++)
		if (e->of[i].fd == fd)
			return &e->of[i];
	return NULL;
}

int64_t control_epoll_new(struct control_epolls *all)
{
	for (int i = 0; i < CONTROL_EPOLLS_MAX; i++) {
		struct control_epoll *e = &all->one[i];

		if (e->used)
			continue;
		e->used = true;
		for (int k = 0; k < CONTROL_INTERESTS_MAX; k++)
			e->of[k].fd = -1;
		return CONTROL_EPOLL_FD + i;
	}
	return -EMFILE;
}

/* epoll_ctl(2): one that is woken alone stays as it was added, and not all can be asked of it. */
static bool alone_is_wrong(bool add, uint32_t old, uint32_t events)
{
	if (!add)
		return (old | events) & EPOLL_ALONE;
	return (events & EPOLL_ALONE) && (events & ~(EPOLL_WITH_ALONE | EPOLL_ALONE | EPOLL_EDGE));
}

int64_t control_epoll_ctl(struct control_epolls *all, int64_t epfd, int64_t op, int fd,
			  uint32_t events, uint64_t data)
{
	struct control_epoll *e = epoll_of(all, epfd);
	struct control_interest *i = e ? interest_of(e, fd) : NULL;

	if (!e)
		return -EBADF;
	if (op == CTL_ADD) {
		if (i)
			return -EEXIST;
		if (alone_is_wrong(true, 0, events))
			return -EINVAL;
		i = interest_of(e, -1);
		if (!i)
			return -ENOSPC;
	} else if (op != CTL_MOD && op != CTL_DEL) {
		return -EINVAL;
	} else if (!i) {
		return -ENOENT;
	} else if (op == CTL_MOD && alone_is_wrong(false, i->events, events)) {
		return -EINVAL;
	}
	if (op == CTL_DEL)
		i->fd = -1;
	else
		*i = (struct control_interest){
			.fd = fd, .events = events, .data = data, .edge = true
		};
	return 0;
}

int64_t control_epoll_wait(struct control_epolls *all, struct ph_stack *st, int64_t epfd,
			   size_t max, void (*say)(void *arg, uint32_t events, uint64_t data),
			   void *arg)
{
	struct control_epoll *e = epoll_of(all, epfd);
	size_t n = 0;

	if (!e)
		return -EBADF;
	for (int k = 0; k < CONTROL_INTERESTS_MAX && n < max; k++) {
		struct control_interest *i = &e->of[k];
		uint32_t bits;

		if (i->fd < 0 || i->spent || ((i->events & EPOLL_EDGE) && !i->edge))
			continue;
		bits = ph_poll(st, i->fd) & ((i->events & EPOLL_BITS) | PH_POLLERR | PH_POLLHUP);
		if (!bits)
			continue;
		i->edge = false;
		i->spent = (i->events & EPOLL_ONE_SHOT) != 0;
		say(arg, bits, i->data);
		n++;
	}
	return (int64_t)n;
}

bool control_epoll_close(struct control_epolls *all, int64_t fd)
{
	struct control_epoll *e = epoll_of(all, fd);

	if (e) {
		e->used = false;
		return true;
	}
	for (int i = 0; i < CONTROL_EPOLLS_MAX; i++) {
		struct control_interest *w =
			all->one[i].used ? interest_of(&all->one[i], (int)fd) : NULL;

		if (w)
			w->fd = -1;
	}
	return false;
}

void control_epoll_ready(struct control_epolls *all, int fd)
{
	for (int i = 0; i < CONTROL_EPOLLS_MAX; i++) {
		struct control_interest *w =
			all->one[i].used ? interest_of(&all->one[i], fd) : NULL;

		if (w)
			w->edge = true;
	}
}
