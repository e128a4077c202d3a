/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's sockets as an agent's stack: the system calls themselves. Called by rig-agent. */
#define _GNU_SOURCE 1
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "harness/dut/agent_box.h"
#include "harness/dut/agent_stack.h"

static int kernel_socket(int family, int type, int protocol)
{
	return socket(family, type | SOCK_CLOEXEC, protocol);
}

static int kernel_accept(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
	return accept4(fd, addr, len, flags | SOCK_CLOEXEC);
}

/* glibc declares some of these with unions for their addresses, which no pointer of ours fits. */
static int kernel_bind(int fd, const struct sockaddr *addr, socklen_t len)
{
	return bind(fd, addr, len);
}

static int kernel_connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	return connect(fd, addr, len);
}

static int kernel_getsockname(int fd, struct sockaddr *addr, socklen_t *len)
{
	return getsockname(fd, addr, len);
}

static int kernel_getpeername(int fd, struct sockaddr *addr, socklen_t *len)
{
	return getpeername(fd, addr, len);
}

static int kernel_fcntl(int fd, int cmd, int arg)
{
	return fcntl(fd, cmd, arg);
}

static int kernel_ioctl(int fd, unsigned long request, int *value)
{
	return ioctl(fd, request, value);
}

static int kernel_epoll_create(int flags)
{
	return epoll_create1(flags | EPOLL_CLOEXEC);
}

const struct agent_stack agent_kernel = {
	.socket = kernel_socket,
	.bind = kernel_bind,
	.listen = listen,
	.accept = kernel_accept,
	.connect = kernel_connect,
	.sendmsg = sendmsg,
	.recvmsg = recvmsg,
	.shutdown = shutdown,
	.close = close,
	.getsockopt = getsockopt,
	.setsockopt = setsockopt,
	.getsockname = kernel_getsockname,
	.getpeername = kernel_getpeername,
	.fcntl = kernel_fcntl,
	.ioctl = kernel_ioctl,
	.poll = poll,
	.epoll_create = kernel_epoll_create,
	.epoll_ctl = epoll_ctl,
	.epoll_wait = epoll_wait,
	.connect_waits_again = true,
	.sysctl = agent_sysctl,
	.counter = agent_counter,
	.describe = agent_describe,
	.sockets = agent_sockets,
	.shell = agent_shell,
};
