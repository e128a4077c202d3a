/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A network namespace of the test's own, with TAPs in it: for tests that need real devices and
 * must not be noticed outside. Where the system does not allow it, the tests are skipped.
 */
#ifndef UNIT_PRIVATE_NET_H
#define UNIT_PRIVATE_NET_H

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static inline void private_net_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, text, strlen(text)) < 0)
		fprintf(stderr, "# %s could not be set to %s\n", path, text);
	close(fd);
}

/* Call while the process has one thread. */
static inline bool private_net_enter(void)
{
	if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
		return false;
	/* Only frames of the tests are wanted. */
	private_net_write("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
	private_net_write("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1");
	return true;
}

static inline bool private_net_up(const char *name)
{
	struct ifreq ifr = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool ok;

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	ok = fd >= 0 && ioctl(fd, SIOCGIFFLAGS, &ifr) == 0;
	ifr.ifr_flags = (short)(ifr.ifr_flags | IFF_UP);
	ok = ok && ioctl(fd, SIOCSIFFLAGS, &ifr) == 0;
	if (fd >= 0)
		close(fd);
	return ok;
}

/* A TAP that is up, or -1. */
static inline int private_net_tap(const char *name, bool vnet)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	if (vnet)
		ifr.ifr_flags = (short)(ifr.ifr_flags | IFF_VNET_HDR);
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	if (fd >= 0 && (ioctl(fd, TUNSETIFF, &ifr) != 0 || !private_net_up(name))) {
		close(fd);
		return -1;
	}
	return fd;
}

#endif
