/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Opening packet sockets. Decides the order of options and bind, so that not one frame from
 * before is seen, nor one of another interface. Called for wires, responders and testers.
 */
#define _GNU_SOURCE
#include "harness/link/rawsock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BUFFER_DEFAULT = 4 << 20 };

static int refuse(char *err, size_t err_size, const char *ifname, const char *what, int error)
{
	const char *hint = error == EPERM ? "; it needs CAP_NET_RAW in this network namespace" : "";

	snprintf(err, err_size, "%s: %s: %s%s", ifname, what, strerror(error), hint);
	return -error;
}

/* Past the system's limit where that is allowed; more is better, less is no failure. */
static void set_buffer(int fd, int name, int force_name, size_t bytes)
{
	int v = (int)bytes;

	if (setsockopt(fd, SOL_SOCKET, force_name, &v, sizeof(v)) != 0)
		(void)setsockopt(fd, SOL_SOCKET, name, &v, sizeof(v));
}

static int set_options(int fd, const struct rawsock_conf *conf, unsigned int ifindex)
{
	struct packet_mreq mreq = { .mr_ifindex = (int)ifindex, .mr_type = PACKET_MR_PROMISC };
	size_t bytes = conf->buffer_bytes ? conf->buffer_bytes : BUFFER_DEFAULT;
	int one = 1;

	set_buffer(fd, SO_RCVBUF, SO_RCVBUFFORCE, bytes);
	set_buffer(fd, SO_SNDBUF, SO_SNDBUFFORCE, bytes);
	if (!conf->own_out &&
	    setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)) != 0)
		return errno;
	if (conf->vnet_hdr && setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof(one)) != 0)
		return errno;
	if (conf->promisc &&
	    setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &mreq, sizeof(mreq)) != 0)
		return errno;
	return 0;
}

int rawsock_open(const struct rawsock_conf *conf, char *err, size_t err_size)
{
	unsigned int ifindex = if_nametoindex(conf->ifname);
	struct sockaddr_ll at = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)ifindex,
	};
	int fd, error;

	if (ifindex == 0)
		return refuse(err, err_size, conf->ifname,
			      "no such interface in this network namespace", ENODEV);
	/* Protocol 0 receives nothing until bind names the interface and the protocol at once. */
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return refuse(err, err_size, conf->ifname, "packet socket", errno);
	error = set_options(fd, conf, ifindex);
	if (error == 0 && bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0)
		error = errno;
	if (error != 0) {
		close(fd);
		return refuse(err, err_size, conf->ifname, "packet socket", error);
	}
	return fd;
}
