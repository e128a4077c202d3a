/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Descriptors as cable ends. Decides what counts as a frame: one that a cable could carry. Called
 * by the wire's thread.
 *
 * Virtual devices pass on promises instead of bytes: "checksum to be filled in", "cut this into
 * segments of n bytes", "the VLAN tag is in a side field". struct virtio_net_hdr and
 * PACKET_AUXDATA tell. The first and the last we make good; a bundle of segments is not ours to
 * cut (the model would judge many frames as one), so it is marked and the wire drops it by name.
 */
#define _GNU_SOURCE
#include "harness/link/wire_end.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
	VLAN_TAG = 4, MACS = 12,
	VNET_MAX = 64,			/* a TAP's header may be longer than the struct */
	SEND_PATIENCE_MS = 100,		/* for a full device queue */
	UDP_CSUM_OFFSET = 6,
	CONTROL_LEN = CMSG_SPACE(sizeof(struct tpacket_auxdata)),
};

static int refuse(char *err, size_t err_size, int fd, const char *what, int error)
{
	snprintf(err, err_size, "descriptor %d is no end for a wire: %s: %s; give a bound packet "
		 "socket, a TAP or TUN with IFF_NO_PI, or a datagram socket", fd, what,
		 strerror(error));
	return -error;
}

static int init_packet(struct wire_end *e, char *err, size_t err_size)
{
	int one = 1;

	e->kind = WIRE_END_PACKET;
	e->vnet_len = sizeof(struct virtio_net_hdr);
	if (setsockopt(e->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)) != 0 ||
	    setsockopt(e->fd, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof(one)) != 0 ||
	    setsockopt(e->fd, SOL_PACKET, PACKET_AUXDATA, &one, sizeof(one)) != 0)
		return refuse(err, err_size, e->fd, "packet socket options", errno);
	return 0;
}

static int init_tap(struct wire_end *e, char *err, size_t err_size)
{
	struct ifreq ifr = { 0 };
	int len;

	e->kind = WIRE_END_TAP;
	if (ioctl(e->fd, TUNGETIFF, &ifr) != 0)
		return refuse(err, err_size, e->fd, "neither socket nor attached TAP", errno);
	if (!(ifr.ifr_flags & IFF_NO_PI))
		return refuse(err, err_size, e->fd, "TAP without IFF_NO_PI", EINVAL);
	if (!(ifr.ifr_flags & IFF_VNET_HDR))
		return 0;
	if (ioctl(e->fd, TUNGETVNETHDRSZ, &len) != 0)
		return refuse(err, err_size, e->fd, "TUNGETVNETHDRSZ", errno);
	if (len < (int)sizeof(struct virtio_net_hdr) || len > VNET_MAX)
		return refuse(err, err_size, e->fd, "length of the virtio header", EINVAL);
	e->vnet_len = (uint32_t)len;
	return 0;
}

int wire_end_init(struct wire_end *e, int fd, uint32_t max_frame, char *err, size_t err_size)
{
	int domain, type, flags = fcntl(fd, F_GETFL);
	socklen_t len = sizeof(domain);

	memset(e, 0, sizeof(*e));
	e->fd = fd;
	e->max_frame = max_frame;
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0)
		return refuse(err, err_size, fd, "O_NONBLOCK", errno);
	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) != 0)
		return init_tap(e, err, err_size);
	if (domain == AF_PACKET)
		return init_packet(e, err, err_size);
	e->kind = WIRE_END_MESSAGE;
	len = sizeof(type);
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) != 0)
		return refuse(err, err_size, fd, "SO_TYPE", errno);
	if (type != SOCK_DGRAM && type != SOCK_SEQPACKET)
		return refuse(err, err_size, fd, "a stream has no message borders", EINVAL);
	return 0;
}

/* RFC 1071, over the bytes from start on, into the field at start + offset. */
static bool fill_checksum(struct link_frame *f, uint32_t start, uint32_t offset)
{
	uint64_t sum = 0;
	uint32_t i;

	if (start >= f->len || offset > f->len - start || f->len - start - offset < 2)
		return false;
	for (i = start; i + 1 < f->len; i += 2)
		sum += (uint32_t)f->data[i] << 8 | f->data[i + 1];
	if (i < f->len)
		sum += (uint32_t)f->data[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	sum = ~sum & 0xffff;
	if (sum == 0 && offset == UDP_CSUM_OFFSET)
		sum = 0xffff;		/* 0 would say that there is none (RFC 768) */
	f->data[start + offset] = (uint8_t)(sum >> 8);
	f->data[start + offset + 1] = (uint8_t)sum;
	return true;
}

static void restore_tag(struct link_frame *f, const struct tpacket_auxdata *aux)
{
	uint32_t tpid = aux->tp_status & TP_STATUS_VLAN_TPID_VALID ? aux->tp_vlan_tpid : 0x8100;

	if (f->len < MACS || f->len + VLAN_TAG > f->cap)
		return;
	f->data -= VLAN_TAG;		/* into the headroom */
	memmove(f->data, f->data + VLAN_TAG, MACS);
	f->data[MACS] = (uint8_t)(tpid >> 8);
	f->data[MACS + 1] = (uint8_t)tpid;
	f->data[MACS + 2] = (uint8_t)(aux->tp_vlan_tci >> 8);
	f->data[MACS + 3] = (uint8_t)aux->tp_vlan_tci;
	f->len += VLAN_TAG;
}

/* Make good what the header promises, or mark the frame as no frame. */
static void settle(struct wire_end *e, struct wire_batch *b, unsigned int i, uint32_t len,
		   const uint8_t *vnet, const struct tpacket_auxdata *aux)
{
	struct link_frame *f = b->frame[i];
	struct virtio_net_hdr vh = { 0 };

	if (e->vnet_len > 0)
		memcpy(&vh, vnet, sizeof(vh));
	b->true_len[i] = len;
	b->super[i] = len > e->max_frame || vh.gso_type != VIRTIO_NET_HDR_GSO_NONE;
	f->len = len < e->max_frame ? len : e->max_frame;
	if (b->super[i])
		return;
	if ((vh.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) &&
	    fill_checksum(f, vh.csum_start, vh.csum_offset))
		e->csum_filled++;
	if (aux && (aux->tp_status & TP_STATUS_VLAN_VALID))
		restore_tag(f, aux);
}

static unsigned int fill_batch(struct wire_end *e, struct link_pipe *pipe, struct wire_batch *b)
{
	for (unsigned int i = 0; i < WIRE_BATCH; i++) {
		if (!b->frame[i])
			b->frame[i] = link_pipe_new_frame(pipe, e->max_frame + VLAN_TAG);
		if (!b->frame[i])
			return i;
	}
	return WIRE_BATCH;
}

static int recv_tap(struct wire_end *e, struct wire_batch *b, unsigned int room)
{
	static const size_t spill = 65536 + 256;
	uint8_t vnet[VNET_MAX], beyond[65536 + 256];
	unsigned int n = 0;

	while (n < room) {
		struct iovec iov[] = {
			{ vnet, e->vnet_len },
			{ b->frame[n]->data, e->max_frame },
			{ beyond, spill },
		};
		ssize_t got = readv(e->fd, iov, 3);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return n > 0 || errno == EAGAIN ? (int)n : -errno;
		if (got <= (ssize_t)e->vnet_len)
			break;
		settle(e, b, n, (uint32_t)got - e->vnet_len, vnet, NULL);
		n++;
	}
	return (int)n;
}

struct recv_space {
	struct mmsghdr msg[WIRE_BATCH];
	struct iovec iov[WIRE_BATCH][2];
	struct sockaddr_ll from[WIRE_BATCH];
	uint8_t vnet[WIRE_BATCH][sizeof(struct virtio_net_hdr)];
	_Alignas(struct cmsghdr) uint8_t control[WIRE_BATCH][CONTROL_LEN];
};

static void lay_out(struct wire_end *e, struct wire_batch *b, struct recv_space *s, unsigned int n)
{
	bool packet = e->kind == WIRE_END_PACKET;

	for (unsigned int i = 0; i < n; i++) {
		s->iov[i][0] = (struct iovec){ s->vnet[i], e->vnet_len };
		s->iov[i][1] = (struct iovec){ b->frame[i]->data, e->max_frame };
		s->msg[i].msg_hdr = (struct msghdr){
			.msg_iov = s->iov[i], .msg_iovlen = 2,
			.msg_name = packet ? &s->from[i] : NULL,
			.msg_namelen = packet ? sizeof(s->from[i]) : 0,
			.msg_control = packet ? s->control[i] : NULL,
			.msg_controllen = packet ? sizeof(s->control[i]) : 0,
		};
	}
}

static const struct tpacket_auxdata *find_aux(struct msghdr *h, struct tpacket_auxdata *aux)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c))
		if (c->cmsg_level == SOL_PACKET && c->cmsg_type == PACKET_AUXDATA) {
			memcpy(aux, CMSG_DATA(c), sizeof(*aux));
			return aux;
		}
	return NULL;
}

static void swap(struct wire_batch *b, unsigned int i, unsigned int j)
{
	struct link_frame *f = b->frame[i];

	b->frame[i] = b->frame[j];
	b->frame[j] = f;
}

static int recv_socket(struct wire_end *e, struct wire_batch *b, unsigned int room)
{
	struct recv_space s;
	struct tpacket_auxdata aux;
	unsigned int n = 0;
	int got;

	lay_out(e, b, &s, room);
	do {
		got = recvmmsg(e->fd, s.msg, room, MSG_DONTWAIT | MSG_TRUNC, NULL);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return errno == EAGAIN ? 0 : -errno;
	for (unsigned int i = 0; i < (unsigned int)got; i++) {
		if (s.msg[i].msg_len <= e->vnet_len)
			continue;
		if (e->kind == WIRE_END_PACKET && s.from[i].sll_pkttype == PACKET_OUTGOING)
			continue;
		/* Leave no gap where a message was passed over; its buffer is used again. */
		swap(b, n, i);
		settle(e, b, n, s.msg[i].msg_len - e->vnet_len, s.vnet[i],
		       find_aux(&s.msg[i].msg_hdr, &aux));
		n++;
	}
	return (int)n;
}

int wire_end_recv(struct wire_end *e, struct link_pipe *pipe, struct wire_batch *b)
{
	unsigned int room = fill_batch(e, pipe, b);

	if (room == 0)
		return -ENOMEM;
	for (unsigned int i = 0; i < room; i++)
		b->super[i] = false;
	return e->kind == WIRE_END_TAP ? recv_tap(e, b, room) : recv_socket(e, b, room);
}

uint64_t wire_end_overrun(struct wire_end *e)
{
	struct tpacket_stats st;
	socklen_t len = sizeof(st);

	if (e->kind != WIRE_END_PACKET ||
	    getsockopt(e->fd, SOL_PACKET, PACKET_STATISTICS, &st, &len) != 0)
		return 0;
	return st.tp_drops;
}

static bool wait_for_room(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	return poll(&p, 1, SEND_PATIENCE_MS) > 0 && (p.revents & POLLOUT);
}

/* Hands out messages [from, n); how many the device took, or -1 with errno. */
static int send_some(struct wire_end *e, struct mmsghdr *msg, unsigned int from, unsigned int n)
{
	if (e->kind == WIRE_END_TAP)
		return writev(e->fd, msg[from].msg_hdr.msg_iov, 2) < 0 ? -1 : 1;
	return sendmmsg(e->fd, msg + from, n - from, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void wire_end_send(struct wire_end *e, struct link_frame *const *frame, unsigned int n,
		   bool *refused)
{
	static const uint8_t no_vnet[VNET_MAX];
	struct mmsghdr msg[WIRE_BATCH];
	struct iovec iov[WIRE_BATCH][2];
	unsigned int done = 0;
	bool patient = true;

	assert(n <= WIRE_BATCH);
	for (unsigned int i = 0; i < n; i++) {
		iov[i][0] = (struct iovec){ (void *)(uintptr_t)no_vnet, e->vnet_len };
		iov[i][1] = (struct iovec){ frame[i]->data, frame[i]->len };
		msg[i].msg_hdr = (struct msghdr){ .msg_iov = iov[i], .msg_iovlen = 2 };
		refused[i] = false;
	}
	while (done < n) {
		int sent = send_some(e, msg, done, n);

		if (sent > 0) {
			done += (unsigned int)sent;
			patient = true;
		} else if (sent < 0 && errno == EINTR) {
			continue;
		} else if (sent < 0 && errno == EAGAIN && patient && wait_for_room(e->fd)) {
			patient = false;
		} else {
			refused[done++] = true;
		}
	}
}
