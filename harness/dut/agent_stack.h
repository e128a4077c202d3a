/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an agent needs of the stack it answers for: the stack's sockets as a table of the usual
 * calls, and what else it can be asked. agent.c and agent_call.c serve any such table; the kernel's
 * is agent_kernel.c, lwIP's lwip_stack.c.
 *
 * Each call has the shape, the numbers and the structures of Linux, and fails with -1 and errno; several
 * threads are in calls at a time. shutdown, ioctl and the epoll calls may be NULL where the stack has none:
 * they are then unsupported, as are sysctl, counter, describe and shell.
 */
#ifndef DUT_AGENT_STACK_H
#define DUT_AGENT_STACK_H

#include <jansson.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/socket.h>

struct agent_stack {
	int (*socket)(int family, int type, int protocol); /* type may hold SOCK_NONBLOCK */
	int (*bind)(int fd, const struct sockaddr *addr, socklen_t len);
	int (*listen)(int fd, int backlog);
	int (*accept)(int fd, struct sockaddr *addr, socklen_t *len, int flags); /* as accept4 */
	int (*connect)(int fd, const struct sockaddr *addr, socklen_t len);
	ssize_t (*sendmsg)(int fd, const struct msghdr *m, int flags);
	ssize_t (*recvmsg)(int fd, struct msghdr *m, int flags);
	int (*shutdown)(int fd, int how);
	int (*close)(int fd);
	int (*getsockopt)(int fd, int level, int name, void *value, socklen_t *len);
	int (*setsockopt)(int fd, int level, int name, const void *value, socklen_t len);
	int (*getsockname)(int fd, struct sockaddr *addr, socklen_t *len);
	int (*getpeername)(int fd, struct sockaddr *addr, socklen_t *len);
	int (*fcntl)(int fd, int cmd, int arg); /* F_GETFL, F_SETFL, F_GETFD, F_SETFD */
	int (*ioctl)(int fd, unsigned long request, int *value);
	int (*poll)(struct pollfd *fds, nfds_t n, int timeout_ms);
	int (*epoll_create)(int flags);
	int (*epoll_ctl)(int epfd, int op, int fd, struct epoll_event *event);
	int (*epoll_wait)(int epfd, struct epoll_event *events, int max, int timeout_ms);

	/* Whether connect(), called again while the first goes on, waits for its end. Where it does
	 * not, the agent polls and asks SO_ERROR. */
	bool connect_waits_again;

	/* Packets that are on the link have been processed when it returns; called before each
	 * request. NULL where that needs no doing. */
	void (*settle)(void);

	/* Fill `out` and return 0 or above, or a negative errno. */
	int (*sysctl)(const json_t *args, json_t *out);
	int (*counter)(const json_t *args, json_t *out);
	int (*describe)(const json_t *args, json_t *out); /* may take its time, as shell */
	int (*sockets)(const json_t *args, json_t *out);  /* NULL: it cannot tell */
	int (*shell)(const json_t *args, json_t *out);
};

extern const struct agent_stack agent_kernel;

#endif
