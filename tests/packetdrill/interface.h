/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table through which packetdrill (--so_filename) drives a stack that is a shared object: our own
 * declaration of its binary interface, member for member in its order. Filled by so.c; played with by
 * the test.
 *
 * Every function is given `user`; results and errno are those of the POSIX call of the same name. Packets
 * begin with the IP header. Times are microseconds of the clock that gettimeofday tells.
 */
#ifndef PACKETDRILL_INTERFACE_H
#define PACKETDRILL_INTERFACE_H

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>

struct packetdrill_interface {
	void *user;
	void (*free)(void *user);
	int (*socket)(void *user, int family, int type, int protocol);
	int (*bind)(void *user, int fd, const struct sockaddr *addr, socklen_t len);
	int (*listen)(void *user, int fd, int backlog);
	int (*accept)(void *user, int fd, struct sockaddr *addr, socklen_t *len);
	int (*connect)(void *user, int fd, const struct sockaddr *addr, socklen_t len);
	ssize_t (*read)(void *user, int fd, void *buf, size_t n);
	ssize_t (*readv)(void *user, int fd, const struct iovec *iov, int niov);
	ssize_t (*recv)(void *user, int fd, void *buf, size_t n, int flags);
	ssize_t (*recvfrom)(void *user, int fd, void *buf, size_t n, int flags,
			    struct sockaddr *addr, socklen_t *len);
	ssize_t (*recvmsg)(void *user, int fd, struct msghdr *m, int flags);
	ssize_t (*write)(void *user, int fd, const void *buf, size_t n);
	ssize_t (*writev)(void *user, int fd, const struct iovec *iov, int niov);
	ssize_t (*send)(void *user, int fd, const void *buf, size_t n, int flags);
	ssize_t (*sendto)(void *user, int fd, const void *buf, size_t n, int flags,
			  const struct sockaddr *addr, socklen_t len);
	ssize_t (*sendmsg)(void *user, int fd, const struct msghdr *m, int flags);
	int (*fcntl)(void *user, int fd, int cmd, ...);
	int (*ioctl)(void *user, int fd, unsigned long request, ...);
	int (*close)(void *user, int fd);
	int (*shutdown)(void *user, int fd, int how);
	int (*getsockopt)(void *user, int fd, int level, int name, void *value, socklen_t *len);
	int (*setsockopt)(void *user, int fd, int level, int name, const void *value,
			  socklen_t len);
	int (*poll)(void *user, struct pollfd *fds, nfds_t n, int timeout_ms);
	int (*netdev_send)(void *user, const void *packet, size_t n); /* into the stack */
	int (*netdev_receive)(void *user, void *packet, size_t *n, long long *at_us);
	int (*usleep)(void *user, useconds_t us);
	int (*gettimeofday)(void *user, struct timeval *tv, struct timezone *tz);
	int (*epoll_create)(void *user, int size);
	int (*epoll_ctl)(void *user, int epfd, int op, int fd, struct epoll_event *event);
	int (*epoll_wait)(void *user, int epfd, struct epoll_event *events, int max,
			  int timeout_ms);
	int (*pipe)(void *user, int fds[2]);
	int (*splice)(void *user, int in, loff_t *in_at, int out, loff_t *out_at, size_t n,
		      unsigned int flags);
};

/* The one symbol that packetdrill looks for. `flags` is the text of --so_flags, or NULL; the table
 * comes as zeros. */
void packetdrill_interface_init(const char *flags, struct packetdrill_interface *ifc);

#endif
