/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses of the kernel's sockets; see kaddr.h. */
#include "host/kaddr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "host/text.h"

enum { TARGET_MAX = 128 }; /* longer than any address, and than sun_path */

static socklen_t parse_path(const char *path, union kaddr *a)
{
	size_t len = strlen(path);

	if (len == 0 || len >= sizeof(a->local.sun_path))
		return 0;
	a->local.sun_family = AF_UNIX;
	memcpy(a->local.sun_path, path, len);
	return sizeof(a->local);
}

socklen_t kaddr_parse(const char *text, union kaddr *a)
{
	char host[INET6_ADDRSTRLEN + 2];
	const char *colon = strrchr(text, ':');
	uint64_t port;
	size_t len;

	memset(a, 0, sizeof(*a));
	if (strncmp(text, "unix:", 5) == 0)
		return parse_path(text + 5, a);
	if (!colon || !text_number(colon + 1, 1, 65535, &port))
		return 0;
	len = (size_t)(colon - text);
	if (len >= sizeof(host))
		return 0;
	memcpy(host, text, len);
	host[len] = '\0';
	if (inet_pton(AF_INET, host, &a->ip4.sin_addr) == 1) {
		a->ip4.sin_family = AF_INET;
		a->ip4.sin_port = htons((uint16_t)port);
		return sizeof(a->ip4);
	}
	if (len < 3 || host[0] != '[' || host[len - 1] != ']')
		return 0;
	host[len - 1] = '\0';
	if (inet_pton(AF_INET6, host + 1, &a->ip6.sin6_addr) != 1)
		return 0;
	a->ip6.sin6_family = AF_INET6;
	a->ip6.sin6_port = htons((uint16_t)port);
	return sizeof(a->ip6);
}

socklen_t kaddr_parse_part(const char *text, size_t len, union kaddr *a)
{
	char part[TARGET_MAX];

	if (len >= sizeof(part))
		return 0;
	memcpy(part, text, len);
	part[len] = '\0';
	return kaddr_parse(part, a);
}

/* Removes a socket that nobody listens on; false: somebody does, or it is something else. */
static bool clear_path(const union kaddr *a)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool dead = fd >= 0 && connect(fd, &a->any, sizeof(a->local)) < 0 && errno == ECONNREFUSED;

	if (fd >= 0)
		close(fd);
	return dead && unlink(a->local.sun_path) == 0;
}

static int bind_at(int fd, const union kaddr *a, socklen_t len)
{
	const int on = 1;

	if (a->any.sa_family != AF_UNIX &&
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
		return -errno;
	for (int tries = 0; tries < 2; tries++) {
		if (bind(fd, &a->any, len) == 0)
			return 0;
		if (errno != EADDRINUSE || a->any.sa_family != AF_UNIX || !clear_path(a))
			return -errno;
	}
	return -EADDRINUSE;
}

int kaddr_listen(const union kaddr *a, socklen_t len, int backlog)
{
	int fd = socket(a->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int rc = fd < 0 ? -errno : bind_at(fd, a, len);

	if (rc == 0 && listen(fd, backlog) < 0)
		rc = -errno;
	if (rc == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return rc;
}

void kaddr_forget(const union kaddr *a)
{
	if (a->any.sa_family == AF_UNIX)
		(void)unlink(a->local.sun_path);
}
