/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libphantom_packetdrill.so: phantom for packetdrill's --so_filename, in virtual time, as a second
 * opinion on our own interpreter of the same scripts. docs/packetdrill-so.md has the command line.
 *
 * Also exports getsockopt(): packetdrill asks the host's for TCP_INFO in its %{ }% assertions, with the
 * descriptor that we gave it. Loaded with LD_PRELOAD as well, this one answers.
 */
#define _GNU_SOURCE 1
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness/dut/native.h"
#include "tests/packetdrill/flags.h"
#include "tests/packetdrill/interface.h"
#include "tests/packetdrill/stage.h"
#include "tests/packetdrill/token.h"

#define EXPORTED __attribute__((visibility("default")))

enum { MESSAGE_MAX = 64 << 20, POLLS_MAX = 1024 };

struct user {
	struct stage *stage;
	struct tokens tokens;
	struct dut_packet packet;
};

static struct user *current; /* for the exported getsockopt() */

/* A negative errno as -1 and errno. */
static int64_t given(int64_t result)
{
	if (result >= 0)
		return result;
	errno = (int)-result;
	return -1;
}

static int64_t make(struct user *u, struct dut_call *c)
{
	return given(stage_call(u->stage, c));
}

/* A call whose first argument is one of our descriptors. */
static int64_t make_on(struct user *u, int token, struct dut_call *c)
{
	c->fd = token_fd(&u->tokens, token);
	return c->fd < 0 ? given(-EBADF) : make(u, c);
}

static int with_token(struct user *u, int64_t fd)
{
	return fd < 0 ? -1 : (int)given(token_new(&u->tokens, (int)fd));
}

/* ---- addresses ---- */

static bool addr_in(const struct sockaddr *addr, socklen_t len, struct ph_sockaddr *out)
{
	struct sockaddr_storage s = { 0 };

	if (!addr || len < sizeof(sa_family_t) || len > sizeof(s))
		return false;
	memcpy(&s, addr, len);
	return native_addr_read(&s, len, out) || s.ss_family == AF_UNSPEC;
}

static void addr_out(const struct ph_sockaddr *a, struct sockaddr *addr, socklen_t *len)
{
	struct sockaddr_storage s;
	socklen_t n = native_addr(a, &s);

	if (!addr || !len)
		return;
	memcpy(addr, &s, n < *len ? n : *len);
	*len = n;
}

/* ---- sockets ---- */

static int so_socket(void *user, int family, int type, int protocol)
{
	struct dut_call c = { .op = DUT_SOCKET, .a = { family, type, protocol } };

	return with_token(user, make(user, &c));
}

static int so_bind(void *user, int fd, const struct sockaddr *addr, socklen_t len)
{
	struct dut_call c = { .op = DUT_BIND, .has_addr = true };

	return addr_in(addr, len, &c.addr) ? (int)make_on(user, fd, &c) : (int)given(-EINVAL);
}

static int so_connect(void *user, int fd, const struct sockaddr *addr, socklen_t len)
{
	struct dut_call c = { .op = DUT_CONNECT, .has_addr = true };

	return addr_in(addr, len, &c.addr) ? (int)make_on(user, fd, &c) : (int)given(-EINVAL);
}

static int so_listen(void *user, int fd, int backlog)
{
	struct dut_call c = { .op = DUT_LISTEN, .a = { backlog } };

	return (int)make_on(user, fd, &c);
}

static int so_accept(void *user, int fd, struct sockaddr *addr, socklen_t *len)
{
	struct dut_call c = { .op = DUT_ACCEPT };
	int64_t got = make_on(user, fd, &c);

	if (got >= 0)
		addr_out(&c.addr, addr, len);
	return with_token(user, got);
}

static int so_shutdown(void *user, int fd, int how)
{
	struct dut_call c = { .op = DUT_SHUTDOWN, .a = { how } };

	return (int)make_on(user, fd, &c);
}

static int so_close(void *user, int fd)
{
	struct user *u = user;
	struct dut_call c = { .op = DUT_CLOSE };
	int rc;

	if (token_fd(&u->tokens, fd) < 0)
		return close(fd);
	rc = (int)make_on(u, fd, &c);
	token_end(&u->tokens, fd);
	return rc;
}

static int so_getsockopt(void *user, int fd, int level, int name, void *value, socklen_t *len)
{
	struct dut_call c = { .op = DUT_GETSOCKOPT, .a = { level, name }, .buf = value, .len = *len };
	int rc = (int)make_on(user, fd, &c);

	if (rc == 0)
		*len = (socklen_t)c.len;
	return rc;
}

static int so_setsockopt(void *user, int fd, int level, int name, const void *value, socklen_t len)
{
	struct dut_call c = { .op = DUT_SETSOCKOPT, .a = { level, name },
			      .buf = (void *)(uintptr_t)value, .len = len };

	return (int)make_on(user, fd, &c);
}

static int so_fcntl(void *user, int fd, int cmd, ...)
{
	struct dut_call c = { .op = DUT_FCNTL };
	va_list args;

	va_start(args, cmd);
	c.a[0] = cmd;
	c.a[1] = cmd == F_SETFL || cmd == F_SETFD ? va_arg(args, long) : 0;
	va_end(args);
	return (int)make_on(user, fd, &c);
}

static int so_ioctl(void *user, int fd, unsigned long request, ...)
{
	struct dut_call c = { .op = DUT_IOCTL, .a = { (int64_t)request } };
	va_list args;
	int *value, rc;

	va_start(args, request);
	value = va_arg(args, int *);
	va_end(args);
	rc = (int)make_on(user, fd, &c);
	if (rc >= 0 && value)
		*value = (int)c.value;
	return rc;
}

/* ---- data ---- */

static size_t total(const struct iovec *iov, size_t n)
{
	size_t sum = 0;

	for (size_t i = 0; i < n && sum <= MESSAGE_MAX; i++)
		sum += iov[i].iov_len < MESSAGE_MAX ? iov[i].iov_len : MESSAGE_MAX + 1;
	return sum;
}

/* A buffer for all of the message's; NULL with errno. */
static char *buffer_for(const struct msghdr *m, size_t *len)
{
	char *b;

	*len = total(m->msg_iov, m->msg_iovlen);
	b = *len <= MESSAGE_MAX ? malloc(*len + 1) : NULL;
	if (!b)
		errno = *len <= MESSAGE_MAX ? ENOMEM : EMSGSIZE;
	return b;
}

static ssize_t so_sendmsg(void *user, int fd, const struct msghdr *m, int flags)
{
	struct dut_call c = { .op = DUT_SEND, .a = { flags }, .control = m->msg_control,
			      .control_len = m->msg_control ? m->msg_controllen : 0 };
	size_t at = 0;
	int64_t n;

	if (m->msg_name && !addr_in(m->msg_name, m->msg_namelen, &c.addr))
		return given(-EINVAL);
	c.has_addr = m->msg_name != NULL;
	c.buf = buffer_for(m, &c.len);
	if (!c.buf)
		return -1;
	for (size_t i = 0; i < m->msg_iovlen; at += m->msg_iov[i].iov_len, i++)
		memcpy((char *)c.buf + at, m->msg_iov[i].iov_base, m->msg_iov[i].iov_len);
	n = make_on(user, fd, &c);
	free(c.buf);
	return n;
}

static ssize_t so_recvmsg(void *user, int fd, struct msghdr *m, int flags)
{
	struct dut_call c = { .op = DUT_RECV, .a = { flags }, .control = m->msg_control,
			      .control_cap = m->msg_control ? m->msg_controllen : 0 };
	size_t at = 0, left;
	int64_t n;

	c.buf = buffer_for(m, &c.len);
	if (!c.buf)
		return -1;
	n = make_on(user, fd, &c);
	left = n < 0 ? 0 : (size_t)n < c.len ? (size_t)n : c.len;
	for (size_t i = 0; i < m->msg_iovlen && left > 0; i++) {
		size_t piece = m->msg_iov[i].iov_len < left ? m->msg_iov[i].iov_len : left;

		memcpy(m->msg_iov[i].iov_base, (char *)c.buf + at, piece);
		at += piece;
		left -= piece;
	}
	if (n >= 0) {
		addr_out(&c.addr, m->msg_name, &m->msg_namelen);
		m->msg_controllen = c.control_len;
		m->msg_flags = c.msg_flags;
	}
	free(c.buf);
	return n;
}

static ssize_t so_readv(void *user, int fd, const struct iovec *iov, int niov)
{
	struct user *u = user;
	struct msghdr m = { .msg_iov = (struct iovec *)(uintptr_t)iov, .msg_iovlen = (size_t)niov };

	return token_fd(&u->tokens, fd) < 0 ? readv(fd, iov, niov) : so_recvmsg(user, fd, &m, 0);
}

static ssize_t so_writev(void *user, int fd, const struct iovec *iov, int niov)
{
	struct user *u = user;
	struct msghdr m = { .msg_iov = (struct iovec *)(uintptr_t)iov, .msg_iovlen = (size_t)niov };

	return token_fd(&u->tokens, fd) < 0 ? writev(fd, iov, niov) : so_sendmsg(user, fd, &m, 0);
}

static ssize_t so_read(void *user, int fd, void *buf, size_t n)
{
	return so_readv(user, fd, &(struct iovec){ buf, n }, 1);
}

static ssize_t so_write(void *user, int fd, const void *buf, size_t n)
{
	return so_writev(user, fd, &(struct iovec){ (void *)(uintptr_t)buf, n }, 1);
}

static ssize_t so_recvfrom(void *user, int fd, void *buf, size_t n, int flags,
			   struct sockaddr *addr, socklen_t *len)
{
	struct iovec iov = { buf, n };
	struct msghdr m = { .msg_name = addr, .msg_namelen = addr && len ? *len : 0,
			    .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t got = so_recvmsg(user, fd, &m, flags);

	if (got >= 0 && addr && len)
		*len = m.msg_namelen;
	return got;
}

static ssize_t so_recv(void *user, int fd, void *buf, size_t n, int flags)
{
	return so_recvfrom(user, fd, buf, n, flags, NULL, NULL);
}

static ssize_t so_sendto(void *user, int fd, const void *buf, size_t n, int flags,
			 const struct sockaddr *addr, socklen_t len)
{
	struct iovec iov = { (void *)(uintptr_t)buf, n };
	struct msghdr m = { .msg_name = (void *)(uintptr_t)addr, .msg_namelen = len,
			    .msg_iov = &iov, .msg_iovlen = 1 };

	return so_sendmsg(user, fd, &m, flags);
}

static ssize_t so_send(void *user, int fd, const void *buf, size_t n, int flags)
{
	return so_sendto(user, fd, buf, n, flags, NULL, 0);
}

/* ---- readiness ---- */

static int so_poll(void *user, struct pollfd *fds, nfds_t n, int timeout_ms)
{
	struct user *u = user;
	struct dut_poll polls[POLLS_MAX];
	struct dut_call c = { .op = DUT_POLL, .a = { timeout_ms }, .poll = polls, .npoll = n };
	int rc;

	if (n > POLLS_MAX)
		return (int)given(-EINVAL);
	for (nfds_t i = 0; i < n; i++)
		polls[i] = (struct dut_poll){ .fd = fds[i].fd < 0 ? -1 : token_fd(&u->tokens, fds[i].fd),
					      .events = (uint16_t)fds[i].events };
	rc = (int)make(u, &c);
	for (nfds_t i = 0; i < n && rc >= 0; i++)
		fds[i].revents = (short)polls[i].revents;
	return rc;
}

static int so_epoll_create(void *user, int size)
{
	struct dut_call c = { .op = DUT_EPOLL_CREATE };

	return size > 0 ? with_token(user, make(user, &c)) : (int)given(-EINVAL);
}

static int so_epoll_ctl(void *user, int epfd, int op, int fd, struct epoll_event *event)
{
	struct user *u = user;
	struct dut_epoll e = { .events = event ? event->events : 0,
			       .data = event ? event->data.u64 : 0 };
	struct dut_call c = { .op = DUT_EPOLL_CTL, .a = { op, token_fd(&u->tokens, fd) },
			      .epoll = &e, .nepoll = 1 };

	return (int)make_on(user, epfd, &c);
}

static int so_epoll_wait(void *user, int epfd, struct epoll_event *events, int max, int timeout_ms)
{
	struct dut_epoll got[POLLS_MAX];
	struct dut_call c = { .op = DUT_EPOLL_WAIT, .a = { timeout_ms }, .epoll = got,
			      .nepoll = (size_t)(max < POLLS_MAX ? max : POLLS_MAX) };
	int n = max > 0 ? (int)make_on(user, epfd, &c) : (int)given(-EINVAL);

	for (int i = 0; i < n; i++)
		events[i] = (struct epoll_event){ .events = got[i].events,
						  .data = { .u64 = got[i].data } };
	return n;
}

/* ---- packets and time ---- */

static int so_netdev_send(void *user, const void *packet, size_t n)
{
	struct user *u = user;

	return (int)given(stage_inject(u->stage, packet, n));
}

static int so_netdev_receive(void *user, void *packet, size_t *n, long long *at_us)
{
	struct user *u = user;

	stage_receive(u->stage, &u->packet);
	if (u->packet.len > *n)
		stage_give_up(1, "a packet of %zu bytes was sent, and there is room for %zu",
			      u->packet.len, *n);
	memcpy(packet, u->packet.bytes, u->packet.len);
	*n = u->packet.len;
	*at_us = (long long)(u->packet.at_ns / 1000);
	return 0;
}

static int so_usleep(void *user, useconds_t us)
{
	struct user *u = user;

	stage_sleep(u->stage, (uint64_t)us * 1000);
	return 0;
}

static int so_gettimeofday(void *user, struct timeval *tv, struct timezone *tz)
{
	struct user *u = user;
	uint64_t us = stage_now(u->stage) / 1000;

	(void)tz;
	tv->tv_sec = (time_t)(us / 1000000);
	tv->tv_usec = (suseconds_t)(us % 1000000);
	return 0;
}

/* ---- the rest ---- */

static int so_pipe(void *user, int fds[2])
{
	(void)user;
	return pipe(fds);
}

static int so_splice(void *user, int in, loff_t *in_at, int out, loff_t *out_at, size_t n,
		     unsigned int flags)
{
	struct user *u = user;

	/* phantom has no splice for its sockets. */
	if (token_fd(&u->tokens, in) >= 0 || token_fd(&u->tokens, out) >= 0)
		return (int)given(-EINVAL);
	return (int)splice(in, in_at, out, out_at, n, flags);
}

static void so_free(void *user)
{
	struct user *u = user;

	current = NULL;
	stage_free(u->stage);
	free(u);
}

static const struct packetdrill_interface table = {
	.free = so_free,
	.socket = so_socket,
	.bind = so_bind,
	.listen = so_listen,
	.accept = so_accept,
	.connect = so_connect,
	.read = so_read,
	.readv = so_readv,
	.recv = so_recv,
	.recvfrom = so_recvfrom,
	.recvmsg = so_recvmsg,
	.write = so_write,
	.writev = so_writev,
	.send = so_send,
	.sendto = so_sendto,
	.sendmsg = so_sendmsg,
	.fcntl = so_fcntl,
	.ioctl = so_ioctl,
	.close = so_close,
	.shutdown = so_shutdown,
	.getsockopt = so_getsockopt,
	.setsockopt = so_setsockopt,
	.poll = so_poll,
	.netdev_send = so_netdev_send,
	.netdev_receive = so_netdev_receive,
	.usleep = so_usleep,
	.gettimeofday = so_gettimeofday,
	.epoll_create = so_epoll_create,
	.epoll_ctl = so_epoll_ctl,
	.epoll_wait = so_epoll_wait,
	.pipe = so_pipe,
	.splice = so_splice,
};

EXPORTED void packetdrill_interface_init(const char *flags, struct packetdrill_interface *ifc)
{
	char err[FLAGS_ERR];
	struct flags f;
	struct user *u = calloc(1, sizeof(*u));
	struct dut *d;

	if (flags_read(flags, &f, err) != 0)
		stage_give_up(2, "--so_flags: %s", err);
	d = dut_phantom_new(&f.conf, err);
	if (!d)
		stage_give_up(2, "%s", err);
	if (flags_sysctls(flags, d, err) != 0)
		stage_give_up(2, "--so_flags: %s", err);
	if (u)
		u->stage = stage_new(d, f.patience_ns);
	if (!u || !u->stage)
		stage_give_up(2, "out of memory");
	tokens_init(&u->tokens);
	*ifc = table;
	ifc->user = u;
	current = u;
}

/* What %{ }% asks for beside TCP_INFO, and dies without. */
static bool must_be_answered(int level, int name)
{
	return (level == PH_SOL_SOCKET && name == PH_SO_MEMINFO) ||
	       (level == PH_IPPROTO_TCP && name == PH_TCP_CC_INFO);
}

/* What phantom has no figures of is zeros. */
EXPORTED int getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
	struct user *u = current;
	socklen_t room = *len;
	int rc;

	if (!u || token_fd(&u->tokens, fd) < 0)
		return (int)syscall(SYS_getsockopt, fd, level, name, value, len);
	memset(value, 0, room);
	rc = so_getsockopt(u, fd, level, name, value, len);
	if (rc != 0 && must_be_answered(level, name)) {
		*len = room;
		rc = 0;
	}
	return rc;
}
