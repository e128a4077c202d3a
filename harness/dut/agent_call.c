/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls on the kernel's sockets. See agent_call.h. */
#define _GNU_SOURCE 1
#include "harness/dut/agent_call.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- addresses ---- */

static socklen_t to_native(const struct ph_sockaddr *a, struct sockaddr_storage *s)
{
	struct sockaddr_in in4 = { .sin_family = AF_INET, .sin_port = htons(a->port) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(a->port),
				    .sin6_scope_id = a->scope };

	memset(s, 0, sizeof(*s));
	if (a->family == PH_AF_INET6) {
		memcpy(&in6.sin6_addr, a->ip.b, 16);
		memcpy(s, &in6, sizeof(in6));
		return sizeof(in6);
	}
	memcpy(&in4.sin_addr, a->ip.b + 12, 4);
	in4.sin_family = a->family;
	memcpy(s, &in4, sizeof(in4));
	return sizeof(in4);
}

static bool of_native(const struct sockaddr_storage *s, socklen_t len, struct ph_sockaddr *a)
{
	struct sockaddr_in in4;
	struct sockaddr_in6 in6;

	memset(a, 0, sizeof(*a));
	a->family = s->ss_family;
	if (s->ss_family == AF_INET && len >= sizeof(in4)) {
		const uint8_t *b;

		memcpy(&in4, s, sizeof(in4));
		b = (const uint8_t *)&in4.sin_addr;
		a->ip = ph_ip4(b[0], b[1], b[2], b[3]);
		a->port = ntohs(in4.sin_port);
		return true;
	}
	if (s->ss_family == AF_INET6 && len >= sizeof(in6)) {
		memcpy(&in6, s, sizeof(in6));
		memcpy(a->ip.b, &in6.sin6_addr, 16);
		a->port = ntohs(in6.sin6_port);
		a->scope = in6.sin6_scope_id;
		return true;
	}
	return false;
}

/* ---- the calls, each one system call ---- */

static int64_t with_addr(struct dut_call *c)
{
	struct sockaddr_storage s;
	socklen_t len = to_native(&c->addr, &s);

	return c->op == DUT_BIND ? bind(c->fd, (struct sockaddr *)&s, len)
				 : connect(c->fd, (struct sockaddr *)&s, len);
}

static int64_t addr_out(struct dut_call *c)
{
	struct sockaddr_storage s = { 0 };
	struct sockaddr *to = (struct sockaddr *)&s;
	socklen_t len = sizeof(s);
	int rc;

	if (c->op == DUT_ACCEPT)
		rc = accept4(c->fd, to, &len, (int)c->a[0] | SOCK_CLOEXEC);
	else
		rc = c->op == DUT_GETSOCKNAME ? getsockname(c->fd, to, &len)
					      : getpeername(c->fd, to, &len);
	c->has_addr = rc >= 0 && of_native(&s, len, &c->addr);
	return rc;
}

static int64_t send_from(struct dut_call *c, size_t from, int flags)
{
	struct sockaddr_storage s;
	struct iovec iov = { (char *)c->buf + from, c->len - from };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (c->has_addr) {
		m.msg_namelen = to_native(&c->addr, &s);
		m.msg_name = &s;
	}
	if (c->control_len > 0) {
		m.msg_control = c->control;
		m.msg_controllen = c->control_len;
	}
	return sendmsg(c->fd, &m, (int)c->a[0] | flags);
}

static int64_t receive(struct dut_call *c, int flags)
{
	struct sockaddr_storage s = { 0 };
	struct iovec iov = { c->buf, c->len };
	struct msghdr m = { .msg_name = &s, .msg_namelen = sizeof(s), .msg_iov = &iov,
			    .msg_iovlen = 1, .msg_control = c->control,
			    .msg_controllen = c->control_cap };
	ssize_t n = recvmsg(c->fd, &m, (int)c->a[0] | flags);

	if (n < 0)
		return n;
	c->has_addr = m.msg_namelen > 0 && of_native(&s, m.msg_namelen, &c->addr);
	c->control_len = m.msg_controllen;
	c->msg_flags = m.msg_flags;
	return n;
}

static int64_t option(struct dut_call *c)
{
	socklen_t len = (socklen_t)c->len;
	int rc;

	if (c->op == DUT_SETSOCKOPT)
		return setsockopt(c->fd, (int)c->a[0], (int)c->a[1], c->buf, len);
	rc = getsockopt(c->fd, (int)c->a[0], (int)c->a[1], c->buf, &len);
	if (rc == 0)
		c->len = len;
	return rc;
}

static int64_t poll_for(struct dut_call *c, int timeout_ms)
{
	struct pollfd *fds = calloc(c->npoll + 1, sizeof(*fds));
	int n, error;

	if (!fds) {
		errno = ENOMEM;
		return -1;
	}
	for (size_t i = 0; i < c->npoll; i++)
		fds[i] = (struct pollfd){ .fd = c->poll[i].fd, .events = (short)c->poll[i].events };
	n = poll(fds, c->npoll, timeout_ms);
	error = errno;
	for (size_t i = 0; i < c->npoll; i++)
		c->poll[i].revents = (uint16_t)fds[i].revents;
	free(fds);
	errno = error;
	return n;
}

static int64_t epoll_for(struct dut_call *c, int timeout_ms)
{
	struct epoll_event *events = calloc(c->nepoll + 1, sizeof(*events));
	int n, error;

	if (!events) {
		errno = ENOMEM;
		return -1;
	}
	n = epoll_wait(c->fd, events, (int)c->nepoll, timeout_ms);
	error = errno;
	for (int i = 0; i < n; i++)
		c->epoll[i] = (struct dut_epoll){ .events = events[i].events,
						  .data = events[i].data.u64 };
	free(events);
	errno = error;
	return n;
}

static int64_t epoll_change(const struct dut_call *c)
{
	struct epoll_event event = { .events = c->epoll[0].events,
				     .data = { .u64 = c->epoll[0].data } };

	return epoll_ctl(c->fd, (int)c->a[0], (int)c->a[1], &event);
}

static int64_t ioctl_int(struct dut_call *c)
{
	int value = (int)c->value;
	int rc = ioctl(c->fd, (unsigned long)c->a[0], &value);

	c->value = value;
	return rc;
}

/* Makes the call with these MSG_* flags and this patience beside its own: -1 with errno. */
static int64_t make(struct dut_call *c, size_t from, int flags, int timeout_ms)
{
	switch (c->op) {
	case DUT_SOCKET:
		return socket((int)c->a[0], (int)c->a[1] | SOCK_CLOEXEC, (int)c->a[2]);
	case DUT_BIND:
	case DUT_CONNECT:
		return with_addr(c);
	case DUT_LISTEN:
		return listen(c->fd, (int)c->a[0]);
	case DUT_ACCEPT:
	case DUT_GETSOCKNAME:
	case DUT_GETPEERNAME:
		return addr_out(c);
	case DUT_SEND:
		return send_from(c, from, flags);
	case DUT_RECV:
		return receive(c, flags);
	case DUT_SHUTDOWN:
		return shutdown(c->fd, (int)c->a[0]);
	case DUT_CLOSE:
		return close(c->fd);
	case DUT_GETSOCKOPT:
	case DUT_SETSOCKOPT:
		return option(c);
	case DUT_FCNTL:
		return fcntl(c->fd, (int)c->a[0], (int)c->a[1]);
	case DUT_IOCTL:
		return ioctl_int(c);
	case DUT_POLL:
		return poll_for(c, timeout_ms);
	case DUT_EPOLL_CREATE:
		return epoll_create1((int)c->a[0] | EPOLL_CLOEXEC);
	case DUT_EPOLL_CTL:
		return epoll_change(c);
	case DUT_EPOLL_WAIT:
		return epoll_for(c, timeout_ms);
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

static bool blocks(const struct dut_call *c)
{
	int flags = fcntl(c->fd, F_GETFL);

	if ((c->op == DUT_SEND || c->op == DUT_RECV) && (c->a[0] & MSG_DONTWAIT))
		return false;
	return flags >= 0 && !(flags & O_NONBLOCK);
}

static bool readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) > 0;
}

static int int_option(int fd, int name)
{
	int value = 0;
	socklen_t len = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, name, &value, &len) == 0 ? value : 0;
}

static bool lingers(int fd)
{
	struct linger l = { 0 };
	socklen_t len = sizeof(l);

	return getsockopt(fd, SOL_SOCKET, SO_LINGER, &l, &len) == 0 && l.l_onoff && l.l_linger > 0;
}

/* What of a send goes without waiting. True: that was all. */
static bool send_now(struct dut_call *c, size_t *sent)
{
	int64_t n;

	if (c->a[0] & MSG_FASTOPEN)
		return false;
	n = send_from(c, 0, MSG_DONTWAIT);
	if (n < 0 && errno == EAGAIN)
		return false;
	if (n >= 0 && (size_t)n < c->len && int_option(c->fd, SO_TYPE) == SOCK_STREAM) {
		*sent = (size_t)n;
		return false;
	}
	finish(c, n);
	return true;
}

/*
 * Begins to connect, so that the SYN is on its way and the local port known before the client is told
 * to wait. connect() once more then waits as the first would have. True: it is over.
 */
static bool connect_now(struct dut_call *c)
{
	int flags = fcntl(c->fd, F_GETFL), error;
	int64_t n;

	(void)fcntl(c->fd, F_SETFL, flags | O_NONBLOCK);
	n = with_addr(c);
	error = errno;
	(void)fcntl(c->fd, F_SETFL, flags);
	errno = error;
	if (n < 0 && error == EINPROGRESS)
		return false;
	finish(c, n);
	return true;
}

/* How a poll that does not wait came out. True: it may return so. */
static bool poll_now(struct dut_call *c)
{
	int64_t n = make(c, 0, 0, 0);

	if (n == 0 && c->a[0] != 0)
		return false;
	finish(c, n);
	return true;
}

bool agent_call_now(struct dut_call *c, size_t *sent)
{
	bool wait = false;

	*sent = 0;
	switch (c->op) {
	case DUT_ACCEPT:
		wait = blocks(c) && !readable(c->fd);
		break;
	case DUT_CONNECT:
		if (blocks(c))
			return connect_now(c);
		break;
	case DUT_SEND:
		if (blocks(c))
			return send_now(c, sent);
		break;
	case DUT_RECV:
		/* What poll calls readable does not wait; all of MSG_WAITALL's bytes might. */
		wait = blocks(c) && ((c->a[0] & MSG_WAITALL) || !readable(c->fd));
		break;
	case DUT_CLOSE:
		wait = blocks(c) && lingers(c->fd);
		break;
	case DUT_POLL:
	case DUT_EPOLL_WAIT:
		return poll_now(c);
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
		finish(c, make(c, 0, 0, 0));
	return !wait;
}

void agent_call_wait(struct dut_call *c, size_t sent)
{
	int64_t n = make(c, sent, 0, (int)c->a[0]);

	if (sent > 0)
		n = n < 0 ? (int64_t)sent : n + (int64_t)sent;
	finish(c, n);
}

bool agent_call_served(const struct dut_call *c, char *err, size_t cap)
{
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
