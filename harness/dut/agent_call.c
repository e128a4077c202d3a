/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls on a stack's sockets. See agent_call.h. */
#define _GNU_SOURCE 1
#include "harness/dut/agent_call.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "harness/dut/native.h"

/* ---- the calls, each one call of the stack's ---- */

static int64_t with_addr(const struct agent_stack *st, struct dut_call *c)
{
	struct sockaddr_storage s;
	socklen_t len = native_addr(&c->addr, &s);

	return c->op == DUT_BIND ? st->bind(c->fd, (struct sockaddr *)&s, len)
				 : st->connect(c->fd, (struct sockaddr *)&s, len);
}

static int64_t addr_out(const struct agent_stack *st, struct dut_call *c)
{
	struct sockaddr_storage s = { 0 };
	struct sockaddr *to = (struct sockaddr *)&s;
	socklen_t len = sizeof(s);
	int rc;

	if (c->op == DUT_ACCEPT)
		rc = st->accept(c->fd, to, &len, (int)c->a[0]);
	else
		rc = c->op == DUT_GETSOCKNAME ? st->getsockname(c->fd, to, &len)
					      : st->getpeername(c->fd, to, &len);
	c->has_addr = rc >= 0 && native_addr_read(&s, len, &c->addr);
	return rc;
}

static int64_t send_from(const struct agent_stack *st, struct dut_call *c, size_t from, int flags)
{
	struct sockaddr_storage s;
	struct iovec iov = { (char *)c->buf + from, c->len - from };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (c->has_addr) {
		m.msg_namelen = native_addr(&c->addr, &s);
		m.msg_name = &s;
	}
	if (c->control_len > 0) {
		m.msg_control = c->control;
		m.msg_controllen = c->control_len;
	}
	return st->sendmsg(c->fd, &m, (int)c->a[0] | flags);
}

static int64_t receive(const struct agent_stack *st, struct dut_call *c, int flags)
{
	struct sockaddr_storage s = { 0 };
	struct iovec iov = { c->buf, c->len };
	struct msghdr m = { .msg_name = &s, .msg_namelen = sizeof(s), .msg_iov = &iov,
			    .msg_iovlen = 1, .msg_control = c->control,
			    .msg_controllen = c->control_cap };
	ssize_t n = st->recvmsg(c->fd, &m, (int)c->a[0] | flags);

	if (n < 0)
		return n;
	c->has_addr = m.msg_namelen > 0 && native_addr_read(&s, m.msg_namelen, &c->addr);
	c->control_len = m.msg_controllen;
	c->msg_flags = m.msg_flags;
	return n;
}

static int64_t option(const struct agent_stack *st, struct dut_call *c)
{
	socklen_t len = (socklen_t)c->len;
	int rc;

	if (c->op == DUT_SETSOCKOPT)
		return st->setsockopt(c->fd, (int)c->a[0], (int)c->a[1], c->buf, len);
	rc = st->getsockopt(c->fd, (int)c->a[0], (int)c->a[1], c->buf, &len);
	if (rc == 0)
		c->len = len;
	return rc;
}

static int64_t poll_for(const struct agent_stack *st, struct dut_call *c, int timeout_ms)
{
	struct pollfd *fds = calloc(c->npoll + 1, sizeof(*fds));
	int n, error;

	if (!fds) {
		errno = ENOMEM;
		return -1;
	}
	for (size_t i = 0; i < c->npoll; i++)
		fds[i] = (struct pollfd){ .fd = c->poll[i].fd, .events = (short)c->poll[i].events };
	n = st->poll(fds, c->npoll, timeout_ms);
	error = errno;
	for (size_t i = 0; i < c->npoll; i++)
		c->poll[i].revents = (uint16_t)fds[i].revents;
	free(fds);
	errno = error;
	return n;
}

static int64_t epoll_for(const struct agent_stack *st, struct dut_call *c, int timeout_ms)
{
	struct epoll_event *events = calloc(c->nepoll + 1, sizeof(*events));
	int n, error;

	if (!events) {
		errno = ENOMEM;
		return -1;
	}
	n = st->epoll_wait(c->fd, events, (int)c->nepoll, timeout_ms);
	error = errno;
	for (int i = 0; i < n; i++)
		c->epoll[i] = (struct dut_epoll){ .events = events[i].events,
						  .data = events[i].data.u64 };
	free(events);
	errno = error;
	return n;
}

static int64_t epoll_change(const struct agent_stack *st, const struct dut_call *c)
{
	struct epoll_event event = { .events = c->epoll[0].events,
				     .data = { .u64 = c->epoll[0].data } };

	return st->epoll_ctl(c->fd, (int)c->a[0], (int)c->a[1], &event);
}

static int64_t ioctl_int(const struct agent_stack *st, struct dut_call *c)
{
	int value = (int)c->value;
	int rc = st->ioctl(c->fd, (unsigned long)c->a[0], &value);

	c->value = value;
	return rc;
}

/* Makes the call with these MSG_* flags and this patience beside its own: -1 with errno. */
static int64_t make(const struct agent_stack *st, struct dut_call *c, size_t from, int flags, int timeout_ms)
{
	switch (c->op) {
	case DUT_SOCKET:
		return st->socket((int)c->a[0], (int)c->a[1], (int)c->a[2]);
	case DUT_BIND:
	case DUT_CONNECT:
		return with_addr(st, c);
	case DUT_LISTEN:
		return st->listen(c->fd, (int)c->a[0]);
	case DUT_ACCEPT:
	case DUT_GETSOCKNAME:
	case DUT_GETPEERNAME:
		return addr_out(st, c);
	case DUT_SEND:
		return send_from(st, c, from, flags);
	case DUT_RECV:
		return receive(st, c, flags);
	case DUT_SHUTDOWN:
		return st->shutdown(c->fd, (int)c->a[0]);
	case DUT_CLOSE:
		return st->close(c->fd);
	case DUT_GETSOCKOPT:
	case DUT_SETSOCKOPT:
		return option(st, c);
	case DUT_FCNTL:
		return st->fcntl(c->fd, (int)c->a[0], (int)c->a[1]);
	case DUT_IOCTL:
		return ioctl_int(st, c);
	case DUT_POLL:
		return poll_for(st, c, timeout_ms);
	case DUT_EPOLL_CREATE:
		return st->epoll_create((int)c->a[0]);
	case DUT_EPOLL_CTL:
		return epoll_change(st, c);
	case DUT_EPOLL_WAIT:
		return epoll_for(st, c, timeout_ms);
	case DUT_OPS:
		break;
	}
	errno = ENOSYS;
	return -1;
}

static void finish(struct dut_call *c, int64_t n)
{
	c->result = n < 0 ? -errno : n;
	c->done = true;
}

/* ---- now or later ---- */

static bool blocks(const struct agent_stack *st, const struct dut_call *c)
{
	int flags = st->fcntl(c->fd, F_GETFL, 0);

	if ((c->op == DUT_SEND || c->op == DUT_RECV) && (c->a[0] & MSG_DONTWAIT))
		return false;
	return flags >= 0 && !(flags & O_NONBLOCK);
}

static bool readable(const struct agent_stack *st, int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return st->poll(&p, 1, 0) > 0;
}

static int int_option(const struct agent_stack *st, int fd, int name)
{
	int value = 0;
	socklen_t len = sizeof(value);

	return st->getsockopt(fd, SOL_SOCKET, name, &value, &len) == 0 ? value : 0;
}

static bool lingers(const struct agent_stack *st, int fd)
{
	struct linger l = { 0 };
	socklen_t len = sizeof(l);

	return st->getsockopt(fd, SOL_SOCKET, SO_LINGER, &l, &len) == 0 && l.l_onoff &&
	       l.l_linger > 0;
}

/* What of a send goes without waiting. True: that was all. */
static bool send_now(const struct agent_stack *st, struct dut_call *c, size_t *sent)
{
	int64_t n;

	if (c->a[0] & MSG_FASTOPEN)
		return false;
	n = send_from(st, c, 0, MSG_DONTWAIT);
	if (n < 0 && errno == EAGAIN)
		return false;
	if (n >= 0 && (size_t)n < c->len && int_option(st, c->fd, SO_TYPE) == SOCK_STREAM) {
		*sent = (size_t)n;
		return false;
	}
	finish(c, n);
	return true;
}

/*
 * Begins to connect, so that the SYN is on its way and the local port known before the client is told
 * to wait. True: it is over.
 */
static bool connect_now(const struct agent_stack *st, struct dut_call *c)
{
	int flags = st->fcntl(c->fd, F_GETFL, 0), error;
	int64_t n;

	(void)st->fcntl(c->fd, F_SETFL, flags | O_NONBLOCK);
	n = with_addr(st, c);
	error = errno;
	(void)st->fcntl(c->fd, F_SETFL, flags);
	errno = error;
	if (n < 0 && error == EINPROGRESS)
		return false;
	finish(c, n);
	return true;
}

/* The end of what connect_now began: -1 with errno. */
static int64_t connect_end(const struct agent_stack *st, struct dut_call *c)
{
	struct pollfd p = { .fd = c->fd, .events = POLLOUT };

	if (st->connect_waits_again)
		return with_addr(st, c);
	if (st->poll(&p, 1, -1) < 0)
		return -1;
	errno = int_option(st, c->fd, SO_ERROR);
	return errno ? -1 : 0;
}

/* How a poll that does not wait came out. True: it may return so. */
static bool poll_now(const struct agent_stack *st, struct dut_call *c)
{
	int64_t n = make(st, c, 0, 0, 0);

	if (n == 0 && c->a[0] != 0)
		return false;
	finish(c, n);
	return true;
}

bool agent_call_now(const struct agent_stack *st, struct dut_call *c, size_t *sent)
{
	bool wait = false;

	*sent = 0;
	switch (c->op) {
	case DUT_ACCEPT:
		wait = blocks(st, c) && !readable(st, c->fd);
		break;
	case DUT_CONNECT:
		if (blocks(st, c))
			return connect_now(st, c);
		break;
	case DUT_SEND:
		if (blocks(st, c))
			return send_now(st, c, sent);
		break;
	case DUT_RECV:
		/* What poll calls readable does not wait; all of MSG_WAITALL's bytes might. */
		wait = blocks(st, c) && ((c->a[0] & MSG_WAITALL) || !readable(st, c->fd));
		break;
	case DUT_CLOSE:
		wait = lingers(st, c->fd); /* O_NONBLOCK or not */
		break;
	case DUT_POLL:
	case DUT_EPOLL_WAIT:
		return poll_now(st, c);
	case DUT_SOCKET:
	case DUT_BIND:
	case DUT_LISTEN:
	case DUT_SHUTDOWN:
	case DUT_GETSOCKOPT:
	case DUT_SETSOCKOPT:
	case DUT_GETSOCKNAME:
	case DUT_GETPEERNAME:
	case DUT_FCNTL:
	case DUT_IOCTL:
	case DUT_EPOLL_CREATE:
	case DUT_EPOLL_CTL:
	case DUT_OPS:
		break;
	}
	if (!wait)
		finish(c, make(st, c, 0, 0, 0));
	return !wait;
}

void agent_call_wait(const struct agent_stack *st, struct dut_call *c, size_t sent)
{
	int64_t n = c->op == DUT_CONNECT ? connect_end(st, c)
					 : make(st, c, sent, 0, (int)c->a[0]);

	if (sent > 0)
		n = n < 0 ? (int64_t)sent : n + (int64_t)sent;
	finish(c, n);
}

/* Whether the stack has the call. */
static bool has_call(const struct agent_stack *st, enum dut_op op)
{
	switch (op) {
	case DUT_EPOLL_CREATE:
	case DUT_EPOLL_CTL:
	case DUT_EPOLL_WAIT:
		return st->epoll_create && st->epoll_ctl && st->epoll_wait;
	case DUT_IOCTL:
		return st->ioctl != NULL;
	case DUT_SHUTDOWN:
		return st->shutdown != NULL;
	case DUT_SOCKET:
	case DUT_BIND:
	case DUT_LISTEN:
	case DUT_ACCEPT:
	case DUT_CONNECT:
	case DUT_SEND:
	case DUT_RECV:
	case DUT_CLOSE:
	case DUT_GETSOCKOPT:
	case DUT_SETSOCKOPT:
	case DUT_GETSOCKNAME:
	case DUT_GETPEERNAME:
	case DUT_FCNTL:
	case DUT_POLL:
	case DUT_OPS:
		break;
	}
	return true; /* agents cannot do without these */
}

bool agent_call_served(const struct agent_stack *st, const struct dut_call *c, char *err,
		       size_t cap)
{
	if (!has_call(st, c->op)) {
		snprintf(err, cap, "the stack has no such call");
		return false;
	}
	if (c->op == DUT_FCNTL && c->a[0] != F_GETFL && c->a[0] != F_SETFL && c->a[0] != F_GETFD &&
	    c->a[0] != F_SETFD) {
		snprintf(err, cap, "fcntl %lld: only F_GETFL, F_SETFL, F_GETFD and F_SETFD are served",
			 (long long)c->a[0]);
		return false;
	}
	if (c->op == DUT_IOCTL && c->a[0] != SIOCINQ && c->a[0] != SIOCOUTQ &&
	    c->a[0] != SIOCOUTQNSD && c->a[0] != SIOCATMARK) {
		snprintf(err, cap,
			 "ioctl 0x%llx: only SIOCINQ, SIOCOUTQ, SIOCOUTQNSD and SIOCATMARK are served",
			 (unsigned long long)c->a[0]);
		return false;
	}
	return true;
}
