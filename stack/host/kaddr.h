/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Addresses of the kernel's stream sockets as people type them: where a service carries its
 * connections on to, and where --dial, --socks and --control listen.
 */
#ifndef HOST_KADDR_H
#define HOST_KADDR_H

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

union kaddr {
	struct sockaddr any;
	struct sockaddr_in ip4;
	struct sockaddr_in6 ip6;
	struct sockaddr_un local;
};

/* 127.0.0.1:22, [::1]:22 or unix:PATH. The length of the address, 0: it is none of them. */
socklen_t kaddr_parse(const char *text, union kaddr *addr);
/* The same of text's first `len` octets. */
socklen_t kaddr_parse_part(const char *text, size_t len, union kaddr *addr);
/*
 * A listening socket that does not block. A path that a program left behind is taken over, one
 * that somebody listens on is -EADDRINUSE, as is what is no socket. -errno when there is none.
 */
int kaddr_listen(const union kaddr *addr, socklen_t len, int backlog);
/* Removes what kaddr_listen made in the file system, if anything. */
void kaddr_forget(const union kaddr *addr);

#endif
