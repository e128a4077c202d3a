/* SPDX-License-Identifier: BSD-2-Clause */
/* Carriers, by rtnetlink. See carrier.h. */
#define _GNU_SOURCE 1
#include "host/carrier.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/options.h"
#include "host/tap.h"

enum { MESSAGES = 1 << 15 };

static bool same_name(const struct nlmsghdr *m, const char *name)
{
	const struct ifinfomsg *info = NLMSG_DATA(m);
	size_t left = m->nlmsg_len - NLMSG_LENGTH(sizeof(*info)), want = strlen(name) + 1;
	const uint8_t *p = (const uint8_t *)info + NLMSG_ALIGN(sizeof(*info));

	while (left >= sizeof(struct rtattr)) {
		const struct rtattr *a = (const void *)p;
		size_t step = RTA_ALIGN(a->rta_len);

		if (a->rta_len < sizeof(*a) || a->rta_len > left)
			return false;
		if (a->rta_type == IFLA_IFNAME)
			return a->rta_len >= RTA_LENGTH(want) && memcmp(RTA_DATA(a), name, want) == 0;
		p += step;
		left -= step < left ? step : left;
	}
	return false;
}

static void tell(struct host *h, struct device *d, bool carrier)
{
	if (d->no_carrier == !carrier)
		return;
	d->no_carrier = !carrier;
	fprintf(stderr, "phantom: %s %s\n", d->name,
		carrier ? "has its carrier again" : "is down or has no carrier");
	(void)ph_link_carrier(h->st, d->link, carrier, h->now_ns);
}

static void one(struct host *h, const struct nlmsghdr *m)
{
	const struct ifinfomsg *info = NLMSG_DATA(m);

	if (m->nlmsg_type != RTM_NEWLINK || m->nlmsg_len < NLMSG_LENGTH(sizeof(*info)))
		return;
	for (size_t i = 0; i < h->ndevs; i++) {
		struct device *d = &h->devs[i];

		if (d->source.fd >= 0 && d->link > 0 && d->opt->device != OPT_DEVICE_FD &&
		    same_name(m, d->name))
			tell(h, d, (info->ifi_flags & IFF_UP) && (info->ifi_flags & IFF_LOWER_UP));
	}
}

void carrier_heard(struct host *h, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;

	while (len >= sizeof(struct nlmsghdr)) {
		const struct nlmsghdr *m = (const void *)p;
		size_t step = NLMSG_ALIGN(m->nlmsg_len);

		if (m->nlmsg_len < sizeof(*m) || m->nlmsg_len > len)
			return;
		one(h, m);
		p += step;
		len -= step < len ? step : len;
	}
}

static void ask(int fd)
{
	const struct {
		struct nlmsghdr m;
		struct ifinfomsg info;
	} request = { .m = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)),
			     .nlmsg_type = RTM_GETLINK,
			     .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP } };

	(void)!send(fd, &request, request.m.nlmsg_len, 0);
}

static void ready(struct host *h, struct source *source, uint32_t events)
{
	static union {
		uint8_t bytes[MESSAGES];
		struct nlmsghdr aligned;
	} room;
	ssize_t n;

	(void)events;
	while ((n = recv(source->fd, room.bytes, sizeof(room.bytes), MSG_DONTWAIT)) != 0) {
		if (n < 0 && errno == ENOBUFS)
			ask(source->fd); /* some were lost: all are asked for */
		else if (n < 0 && errno != EINTR)
			return;
		else if (n > 0)
			carrier_heard(h, room.bytes, (size_t)n);
	}
}

void carrier_open(struct host *h)
{
	struct sockaddr_nl all = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

	h->carrier.fd = -1;
	if (fd < 0)
		return;
	if (bind(fd, (struct sockaddr *)&all, sizeof(all)) < 0 ||
	    host_watch(h, &h->carrier, fd, EPOLLIN, ready) < 0) {
		h->carrier.fd = -1;
		close(fd);
		return;
	}
	ask(fd);
}

void carrier_catch_up(struct host *h)
{
	if (h->carrier.fd > 0)
		ready(h, &h->carrier, EPOLLIN);
}

void carrier_close(struct host *h)
{
	if (h->carrier.fd > 0)
		close(h->carrier.fd);
	h->carrier.fd = -1;
}
