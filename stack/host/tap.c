/* SPDX-License-Identifier: BSD-2-Clause */
/* TAP, TUN and plain descriptors; opening, reading, writing. See tap.h. */
#define _GNU_SOURCE 1
#include "host/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "host/options.h"
#include "host/pcap.h"
#include "host/text.h"

enum { RUNNING_MS = 1000 };

/* ---- opening ------------------------------------------------------------------------------ */

static int open_failed(const char *name, const char *kind, int error, char *err, size_t cap)
{
	if (error == ENOENT || error == ENODEV || error == ENXIO)
		(void)text_error(err, cap,
				 "--%s %s: this system has no /dev/net/tun; run modprobe tun, "
				 "or give the container that device",
				 kind, name);
	else if (error == EACCES || error == EPERM)
		(void)text_error(err, cap,
				 "--%s %s: no permission; run as root or with CAP_NET_ADMIN, or "
				 "have root make it yours: ip tuntap add %s mode %s user NAME",
				 kind, name, name, kind);
	else if (error == EBUSY)
		(void)text_error(err, cap,
				 "--%s %s: another program holds it; name another, or end that "
				 "one",
				 kind, name);
	else if (error == EINVAL)
		(void)text_error(err, cap,
				 "--%s %s: there is a device of this name that is not a %s of one "
				 "queue; name another",
				 kind, name, kind);
	else
		(void)text_error(err, cap, "--%s %s: cannot be opened: %s", kind, name,
				 strerror(error));
	return -error;
}

static int open_tun(struct device *d, const struct opt_link *o, char *err, size_t cap)
{
	const char *kind = o->device == OPT_DEVICE_TAP ? "tap" : "tun";
	struct ifreq ifr = { 0 };

	d->source.fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (d->source.fd < 0)
		return open_failed(o->device_name, kind, errno, err, cap);
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", o->device_name);
	ifr.ifr_flags = (short)((o->device == OPT_DEVICE_TAP ? IFF_TAP : IFF_TUN) | IFF_NO_PI |
				(o->offload ? IFF_VNET_HDR : 0));
	if (ioctl(d->source.fd, TUNSETIFF, &ifr) < 0)
		return open_failed(o->device_name, kind, errno, err, cap);
	return 0;
}

/* What an open TAP or TUN is, whoever opened it. */
static int ask_tun(struct device *d, const struct opt_link *o, char *err, size_t cap)
{
	struct ifreq ifr = { 0 };
	unsigned wanted = 0;
	int len = sizeof(struct virtio_net_hdr);

	if (ioctl(d->source.fd, TUNGETIFF, &ifr) < 0) {
		snprintf(d->name, sizeof(d->name), "fd%d", d->source.fd);
		d->kind = PH_LINK_ETHER;
		return 0; /* a plain descriptor */
	}
	snprintf(d->name, sizeof(d->name), "%.15s", ifr.ifr_name);
	d->kind = ifr.ifr_flags & IFF_TAP ? PH_LINK_ETHER : PH_LINK_IP;
	d->vnet = (ifr.ifr_flags & IFF_VNET_HDR) != 0;
	if (!(ifr.ifr_flags & IFF_NO_PI))
		return text_error(err, cap,
				  "--tap-fd %d: its frames have struct tun_pi before them; open "
				  "it with IFF_NO_PI",
				  d->source.fd);
	if (d->vnet && ioctl(d->source.fd, TUNSETVNETHDRSZ, &len) < 0)
		return text_refused(err, cap, "%s: TUNSETVNETHDRSZ: %s", d->name, strerror(errno));
	d->vnet_len = d->vnet ? (size_t)len : 0;
	if (o->offload && d->vnet) {
		wanted = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;
		d->offload = PH_OFFLOAD_CSUM | PH_OFFLOAD_TSO4 | PH_OFFLOAD_TSO6;
	}
	if (ioctl(d->source.fd, TUNSETOFFLOAD, (unsigned long)wanted) < 0 && wanted)
		return text_refused(err, cap, "%s: offloads refused: %s; use --offload off",
				    d->name, strerror(errno));
	return 0;
}

/* A socket that can be read when a link of this namespace has changed; -1: none to be had. */
static int link_news(void)
{
	struct sockaddr_nl all = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&all, sizeof(all)) < 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/*
 * The kernel learns by and by that somebody has opened a TAP: until then it sends nothing into it,
 * and a first ARP reply is lost for a second. So the program is not ready before the device runs.
 * A device that does not run after RUNNING_MS may do so later.
 */
static void await_running(int s, int news, struct ifreq *ifr)
{
	struct pollfd p = { .fd = news, .events = POLLIN };
	struct timespec start, now;
	int left = RUNNING_MS;

	clock_gettime(CLOCK_MONOTONIC, &start);
	while (left > 0 && ioctl(s, SIOCGIFFLAGS, ifr) == 0 && !(ifr->ifr_flags & IFF_RUNNING)) {
		char ignored[256];

		if (poll(&p, 1, left) > 0) {
			while (recv(news, ignored, sizeof(ignored), 0) > 0)
				;
		}
		clock_gettime(CLOCK_MONOTONIC, &now);
		left = RUNNING_MS - (int)((now.tv_sec - start.tv_sec) * 1000 +
					  (now.tv_nsec - start.tv_nsec) / 1000000);
	}
}

/* The kernel's side of the device: up, running, and its MTU. */
static int bring_up(struct device *d, bool named, int news, char *err, size_t cap)
{
	struct ifreq ifr = { 0 };
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int rc = 0;

	if (s < 0)
		return text_refused(err, cap, "%s: no socket to ask about it: %s", d->name,
				    strerror(errno));
	memcpy(ifr.ifr_name, d->name, sizeof(d->name));
	if (ioctl(s, SIOCGIFMTU, &ifr) == 0 && ifr.ifr_mtu > 0)
		d->mtu = (uint16_t)(ifr.ifr_mtu > 65535 ? 65535 : ifr.ifr_mtu);
	/* An inherited descriptor's device may live in a namespace that is not ours to change. */
	if (named && ioctl(s, SIOCGIFFLAGS, &ifr) == 0 && !(ifr.ifr_flags & IFF_UP)) {
		ifr.ifr_flags |= IFF_UP;
		if (ioctl(s, SIOCSIFFLAGS, &ifr) < 0)
			rc = text_refused(err, cap,
					  "%s is down and cannot be brought up (%s); as root: "
					  "ip link set %s up",
					  d->name, strerror(errno), d->name);
	}
	if (named && rc == 0 && news >= 0)
		await_running(s, news, &ifr);
	close(s);
	return rc;
}

static int attach(struct device *d, const struct opt_link *o, char *err, size_t cap)
{
	int flags;

	if (o->device != OPT_DEVICE_FD)
		return open_tun(d, o, err, cap);
	d->source.fd = o->device_fd;
	flags = fcntl(d->source.fd, F_GETFL);
	if (flags >= 0 && fcntl(d->source.fd, F_SETFL, flags | O_NONBLOCK) == 0)
		return 0;
	return text_error(err, cap,
			  "--tap-fd %d: not an open descriptor; open it before phantom starts",
			  o->device_fd);
}

int device_open(struct device *d, const struct opt_link *o, bool wait, char *err, size_t cap)
{
	int news = wait ? link_news() : -1; /* from before the device changes */
	int rc;

	*d = (struct device){ .opt = o, .number = d->number, .source.fd = -1 };
	rc = attach(d, o, err, cap);
	if (rc == 0)
		rc = ask_tun(d, o, err, cap);
	if (rc == 0)
		rc = bring_up(d, o->device != OPT_DEVICE_FD, news, err, cap);
	if (news >= 0)
		close(news);
	return rc;
}

void device_close(struct device *d, struct ph_stack *st)
{
	if (d->rx)
		ph_pkt_free(st, d->rx);
	if (d->tx)
		ph_pkt_free(st, d->tx);
	d->rx = d->tx = NULL;
	if (d->source.fd >= 0)
		close(d->source.fd);
	d->source.fd = -1;
}

/* ---- reading ------------------------------------------------------------------------------ */

static void gone(struct host *h, const struct device *d, int error)
{
	if (h->phase != HOST_DONE)
		fprintf(stderr, "phantom: %s is gone: %s\n", d->name, strerror(error));
	h->phase = HOST_DONE;
	h->status = 1;
}

/* Memory is short: a frame is read and dropped, so that the device goes on. */
static ssize_t read_nowhere(struct device *d)
{
	char byte;
	ssize_t n = read(d->source.fd, &byte, 1);

	if (n >= 0 || errno == EINVAL || errno == EFAULT)
		d->rx_no_memory++;
	return n;
}

/* One frame into d->rx; its bytes with the vnet header, or -1 with errno. */
static ssize_t read_frame(struct device *d, struct virtio_net_hdr *vnet)
{
	struct iovec iov[1 + PH_RX_IOV] = { { vnet, d->vnet_len } };
	int skip = d->vnet ? 0 : 1;

	for (int i = 0; i < d->rx_n; i++)
		iov[1 + i] = (struct iovec){ d->rx_iov[i].base, d->rx_iov[i].len };
	if (skip && d->rx_n == 1) /* the plain call is a twentieth faster, both ways */
		return read(d->source.fd, iov[1].iov_base, iov[1].iov_len);
	return readv(d->source.fd, iov + skip, 1 + d->rx_n - skip);
}

static void input(struct host *h, struct device *d, size_t len, const struct virtio_net_hdr *vnet)
{
	struct ph_pkt *pkt = d->rx;
	struct ph_offload offload = { .flags = vnet->flags,
				      .gso_type = vnet->gso_type,
				      .hdr_len = vnet->hdr_len,
				      .gso_size = vnet->gso_size,
				      .csum_start = vnet->csum_start,
				      .csum_offset = vnet->csum_offset };

	d->rx = NULL;
	d->rx_frames++;
	if (ph_pkt_filled(pkt, len, d->vnet ? &offload : NULL) < 0) {
		d->rx_bad++;
		ph_pkt_free(h->st, pkt);
		return;
	}
	if (!h->pcap) {
		ph_link_input(h->st, d->link, pkt, h->now_ns);
		return;
	}
	pcap_begin(h->pcap, d->number, PCAP_IN, h->now_ns + h->wall_ns, d->rx_iov, d->rx_n, len);
	ph_link_input(h->st, d->link, pkt, h->now_ns);
	pcap_end(h->pcap);
}

bool device_read(struct host *h, struct device *d)
{
	size_t bytes = 0;
	unsigned n = 0;

	while (n < DEVICE_BATCH && bytes < DEVICE_BATCH_BYTES) {
		struct virtio_net_hdr vnet = { 0 };
		ssize_t len;

		if (!d->rx)
			d->rx = ph_pkt_rx(h->st, d->link, d->rx_iov, &d->rx_n);
		len = d->rx ? read_frame(d, &vnet) : read_nowhere(d);
		if (len < 0) {
			if (errno != EAGAIN && errno != EINTR && errno != EINVAL && errno != EFAULT)
				gone(h, d, errno);
			return false;
		}
		if (len == 0 && !d->vnet) {
			gone(h, d, EPIPE);
			return false;
		}
		n++;
		bytes += (size_t)len;
		if (!d->rx)
			continue;
		if ((size_t)len < d->vnet_len)
			d->rx_bad++;
		else
			input(h, d, (size_t)len - d->vnet_len, &vnet);
	}
	return true;
}

bool devices_read(struct host *h)
{
	bool more = false;

	for (size_t i = 0; i < h->ndevs; i++)
		if (h->devs[i].source.fd >= 0)
			more = device_read(h, &h->devs[i]) || more;
	return more;
}

/* ---- writing ------------------------------------------------------------------------------ */

static ssize_t write_frame(struct device *d, const struct ph_pkt *pkt, struct ph_iov iov[PH_TX_IOV],
			   int n)
{
	struct ph_offload offload;
	struct virtio_net_hdr vnet = { 0 };
	struct iovec out[1 + PH_TX_IOV];
	int skip = d->vnet ? 0 : 1;

	if (d->vnet) {
		ph_pkt_offload(pkt, &offload);
		vnet.flags = offload.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM;
		vnet.gso_type = offload.gso_type;
		vnet.hdr_len = offload.hdr_len;
		vnet.gso_size = offload.gso_size;
		vnet.csum_start = offload.csum_start;
		vnet.csum_offset = offload.csum_offset;
	}
	out[0] = (struct iovec){ &vnet, d->vnet_len };
	for (int i = 0; i < n; i++)
		out[1 + i] = (struct iovec){ iov[i].base, iov[i].len };
	if (skip && n == 1)
		return write(d->source.fd, iov[0].base, iov[0].len);
	return writev(d->source.fd, out + skip, 1 + n - skip);
}

bool device_write(struct host *h, struct device *d)
{
	struct ph_iov iov[PH_TX_IOV];
	struct ph_pkt *pkt;

	while ((pkt = d->tx ? d->tx : ph_link_output(h->st, d->link, h->now_ns))) {
		int n = ph_pkt_iov(pkt, iov);

		if (write_frame(d, pkt, iov, n) >= 0) {
			d->tx_frames++;
			if (h->pcap) {
				pcap_begin(h->pcap, d->number, PCAP_OUT, h->now_ns + h->wall_ns, iov, n,
					   ph_pkt_len(pkt));
				pcap_end(h->pcap);
			}
		} else if (errno == EAGAIN || errno == EINTR) {
			if (!d->tx)
				host_rewatch(h, &d->source, EPOLLIN | EPOLLOUT);
			d->tx = pkt;
			d->tx_waits++;
			return false;
		} else if (errno == EBADFD || errno == ENOTCONN || errno == EPIPE ||
			   errno == ECONNRESET) {
			d->tx = pkt;
			gone(h, d, errno);
			return false;
		} else {
			d->tx_errors++; /* EIO, it is down: the frame is lost, as on a cable */
		}
		if (d->tx) {
			d->tx = NULL;
			host_rewatch(h, &d->source, EPOLLIN);
		}
		ph_pkt_free(h->st, pkt);
	}
	return true;
}

bool devices_write(struct host *h)
{
	bool taken = true;

	for (size_t i = 0; i < h->ndevs; i++)
		if (h->devs[i].source.fd >= 0)
			taken = device_write(h, &h->devs[i]) && taken;
	return taken;
}
