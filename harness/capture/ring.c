/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The capture thread. The kernel fills blocks of a mapped ring with packets (TPACKET_V3) and
 * hands a block over when it is full or RETIRE_MS old; the thread writes its packets as pcapng
 * and gives it back. Called by the rig.
 *
 * The end of a capture is the delicate part: packets sit in a block that the kernel has not
 * handed over. capture_stop closes the filter, asks the kernel how many packets it accepted
 * until then, and the thread goes on until it has seen as many.
 */
#define _GNU_SOURCE
#include "harness/capture/ring.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "harness/capture/pcapng.h"

enum {
	BLOCK_BYTES = 256 << 10,	/* holds the largest frame, 64 KiB and headers, thrice */
	RING_DEFAULT = 8 << 20,
	FRAME_BYTES = 2048,		/* the kernel wants one; V3 packs packets as they come */
	RETIRE_MS = 10,
	DRAIN_PATIENCE_MS = 5000,	/* for what the kernel should hand over in RETIRE_MS */
	NS_PER_S = 1000000000,
	TAGGED_MAX = 66 << 10,
	/* The address follows the header, aligned: TPACKET_ALIGN without its sign troubles. */
	ADDRESS_OFFSET = (sizeof(struct tpacket3_hdr) + TPACKET_ALIGNMENT - 1) / TPACKET_ALIGNMENT *
			 TPACKET_ALIGNMENT,
};

struct capture {
	int fd, stop;
	uint8_t *ring;
	uint32_t blocks, next;		/* next: block to be read */
	struct pcapng_writer *writer;
	uint32_t if_id;
	pthread_t thread;
	pthread_mutex_t lock;		/* for stats */
	struct capture_stats stats;
	uint64_t seen;			/* packets taken from the ring */
	uint64_t accepted;		/* by the kernel, dropped ones not counted; known at stop */
	bool incomplete;
};

static int refuse(char *err, size_t err_size, const char *ifname, const char *what, int error)
{
	const char *hint = error == EPERM ? "; it needs CAP_NET_RAW in this network namespace" : "";

	snprintf(err, err_size, "capture of %s: %s: %s%s", ifname, what, strerror(error), hint);
	return -error;
}

static struct tpacket_block_desc *block_at(const struct capture *c, uint32_t i)
{
	return (struct tpacket_block_desc *)(void *)(c->ring + (size_t)i * BLOCK_BYTES);
}

static bool handed_over(const struct tpacket_block_desc *b)
{
	return __atomic_load_n(&b->hdr.bh1.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER;
}

static const uint8_t *insert_tag(uint8_t *out, const uint8_t *data, uint32_t caplen,
				 const struct tpacket3_hdr *h)
{
	uint32_t tpid = h->tp_status & TP_STATUS_VLAN_TPID_VALID ? h->hv1.tp_vlan_tpid : 0x8100;

	memcpy(out, data, 12);
	out[12] = (uint8_t)(tpid >> 8);
	out[13] = (uint8_t)tpid;
	out[14] = (uint8_t)(h->hv1.tp_vlan_tci >> 8);
	out[15] = (uint8_t)h->hv1.tp_vlan_tci;
	memcpy(out + 16, data + 12, caplen - 12);
	return out;
}

/* Only a capture on the sender's own machine sees such packets: say so, or they look broken. */
static const char *comment_of(const struct tpacket3_hdr *h)
{
	return h->tp_status & TP_STATUS_CSUMNOTREADY ?
	       "checksum not filled in: the sender leaves it to the device" : NULL;
}

static void write_packet(struct capture *c, const struct tpacket3_hdr *h)
{
	const struct sockaddr_ll *from = (const void *)((const uint8_t *)h + ADDRESS_OFFSET);
	uint8_t tagged[TAGGED_MAX];
	struct pcapng_packet pkt = {
		.if_id = c->if_id,
		.dir = from->sll_pkttype == PACKET_OUTGOING ? PCAPNG_DIR_OUT : PCAPNG_DIR_IN,
		.time_ns = (uint64_t)h->tp_sec * NS_PER_S + h->tp_nsec,
		.caplen = h->tp_snaplen,
		.len = h->tp_len,
		.data = (const uint8_t *)h + h->tp_mac,
		.comment = comment_of(h),
	};
	int rc;

	/* The kernel takes the VLAN tag out of the bytes; on the wire it was in them. */
	if ((h->tp_status & TP_STATUS_VLAN_VALID) && pkt.caplen >= 12 &&
	    pkt.caplen + 4 <= sizeof(tagged)) {
		pkt.data = insert_tag(tagged, pkt.data, pkt.caplen, h);
		pkt.caplen += 4;
		pkt.len += 4;
	}
	rc = pcapng_writer_packet(c->writer, &pkt);
	pthread_mutex_lock(&c->lock);
	if (rc == 0)
		c->stats.written++;
	else if (c->stats.error == 0)
		c->stats.error = rc;
	pthread_mutex_unlock(&c->lock);
}

/* Write the next block, if it is ours, and give it back. */
static bool take_block(struct capture *c)
{
	struct tpacket_block_desc *b = block_at(c, c->next);
	uint32_t n;
	uint8_t *p;

	if (!handed_over(b))
		return false;
	n = b->hdr.bh1.num_pkts;
	p = (uint8_t *)b + b->hdr.bh1.offset_to_first_pkt;
	for (uint32_t i = 0; i < n; i++) {
		const struct tpacket3_hdr *h = (const void *)p;

		write_packet(c, h);
		c->seen++;
		p += h->tp_next_offset;
	}
	__atomic_store_n(&b->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
	c->next = (c->next + 1) % c->blocks;
	return true;
}

/* The kernel's counters restart at each reading. */
static void read_counters(struct capture *c)
{
	struct tpacket_stats_v3 st;
	socklen_t len = sizeof(st);

	if (getsockopt(c->fd, SOL_PACKET, PACKET_STATISTICS, &st, &len) != 0)
		return;
	pthread_mutex_lock(&c->lock);
	c->stats.dropped += st.tp_drops;
	c->accepted += st.tp_packets - st.tp_drops;
	pthread_mutex_unlock(&c->lock);
}

static int refuse_all(int fd)
{
	struct sock_filter none = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog prog = { .len = 1, .filter = &none };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)) == 0 ? 0 : -errno;
}

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/*
 * Nothing new comes in; take what is there. Packets that were on their way past the old filter
 * while it was changed are counted by the kernel before they are in a block, so the count is read
 * anew until it agrees.
 */
static void drain(struct capture *c)
{
	uint64_t deadline = now_ms() + DRAIN_PATIENCE_MS;
	struct pollfd p = { .fd = c->fd, .events = POLLIN };

	for (;;) {
		while (take_block(c))
			;
		read_counters(c);
		if (c->seen >= c->accepted)
			return;
		if (now_ms() >= deadline) {
			c->incomplete = true;
			return;
		}
		(void)poll(&p, 1, RETIRE_MS);
	}
}

static void *run(void *arg)
{
	struct capture *c = arg;
	struct pollfd p[2] = {
		{ .fd = c->fd, .events = POLLIN },
		{ .fd = c->stop, .events = POLLIN },
	};

	prctl(PR_SET_NAME, "capture");
	while (!(p[1].revents & POLLIN)) {
		bool any = false;

		while (take_block(c))
			any = true;
		if (any)
			(void)pcapng_writer_flush(c->writer);
		if (poll(p, 2, -1) > 0 && (p[0].revents & POLLERR)) {
			int error;
			socklen_t len = sizeof(error);

			/* The interface went down or away; reading the error clears it. */
			(void)getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len);
		}
	}
	drain(c);
	return NULL;
}

static int set_ring(struct capture *c, const struct capture_conf *conf)
{
	size_t bytes = conf->ring_bytes ? conf->ring_bytes : RING_DEFAULT;
	int version = TPACKET_V3;
	struct tpacket_req3 req = {
		.tp_block_size = BLOCK_BYTES,
		.tp_frame_size = FRAME_BYTES,
		.tp_retire_blk_tov = RETIRE_MS,
	};

	/* One block being filled, one being read: fewer than four would only drop. */
	req.tp_block_nr = bytes / BLOCK_BYTES < 4 ? 4 : (unsigned int)(bytes / BLOCK_BYTES);
	req.tp_frame_nr = req.tp_block_nr * (BLOCK_BYTES / FRAME_BYTES);
	if (setsockopt(c->fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) != 0 ||
	    setsockopt(c->fd, SOL_PACKET, PACKET_RX_RING, &req, sizeof(req)) != 0)
		return -errno;
	c->blocks = req.tp_block_nr;
	c->ring = mmap(NULL, (size_t)c->blocks * BLOCK_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
		       c->fd, 0);
	if (c->ring == MAP_FAILED) {
		c->ring = NULL;
		return -errno;
	}
	return 0;
}

/* Bound last, with ring and options in place: the first packet is like all others. */
static int open_socket(struct capture *c, const struct capture_conf *conf, unsigned int ifindex)
{
	struct packet_mreq mreq = { .mr_ifindex = (int)ifindex, .mr_type = PACKET_MR_PROMISC };
	struct sockaddr_ll at = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)ifindex,
	};
	int rc;

	c->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		return -errno;
	rc = set_ring(c, conf);
	if (rc != 0)
		return rc;
	if (setsockopt(c->fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &mreq, sizeof(mreq)) != 0 ||
	    bind(c->fd, (struct sockaddr *)&at, sizeof(at)) != 0)
		return -errno;
	return 0;
}

/* A TUN has no link-layer header; everything else the bench makes is Ethernet. */
static uint16_t linktype_of(int fd, const char *ifname)
{
	struct ifreq ifr = { 0 };

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", ifname);
	if (ioctl(fd, SIOCGIFHWADDR, &ifr) == 0 && ifr.ifr_hwaddr.sa_family == ARPHRD_NONE)
		return PCAPNG_LINK_RAW_IP;
	return PCAPNG_LINK_ETHERNET;
}

static int start_thread(struct capture *c)
{
	sigset_t all, old;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(&c->thread, NULL, run, c);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return -rc;
}

static void free_capture(struct capture *c)
{
	if (c->ring)
		munmap(c->ring, (size_t)c->blocks * BLOCK_BYTES);
	if (c->fd >= 0)
		close(c->fd);
	if (c->stop >= 0)
		close(c->stop);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

static int start(struct capture *c, const struct capture_conf *conf, char *err, size_t err_size)
{
	unsigned int ifindex = if_nametoindex(conf->ifname);
	uint16_t linktype = conf->linktype;
	int rc;

	if (ifindex == 0)
		return refuse(err, err_size, conf->ifname,
			      "no such interface in this network namespace", ENODEV);
	c->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	rc = c->stop < 0 ? -errno : open_socket(c, conf, ifindex);
	if (rc != 0)
		return refuse(err, err_size, conf->ifname, "packet ring", -rc);
	if (linktype == 0)
		linktype = linktype_of(c->fd, conf->ifname);
	rc = pcapng_writer_add_if(c->writer, conf->name ? conf->name : conf->ifname, linktype,
				  &c->if_id);
	if (rc != 0)
		return refuse(err, err_size, conf->ifname, "writing the file", -rc);
	rc = start_thread(c);
	return rc == 0 ? 0 : refuse(err, err_size, conf->ifname, "thread", -rc);
}

struct capture *capture_start(const struct capture_conf *conf, char *err, size_t err_size)
{
	struct capture *c = calloc(1, sizeof(*c));

	if (!c) {
		snprintf(err, err_size, "capture of %s: out of memory", conf->ifname);
		return NULL;
	}
	c->fd = c->stop = -1;
	c->writer = conf->writer;
	pthread_mutex_init(&c->lock, NULL);
	if (start(c, conf, err, err_size) != 0) {
		free_capture(c);
		return NULL;
	}
	return c;
}

void capture_stats(struct capture *c, struct capture_stats *out)
{
	pthread_mutex_lock(&c->lock);
	*out = c->stats;
	pthread_mutex_unlock(&c->lock);
}

int capture_stop(struct capture *c, struct capture_stats *out)
{
	struct timespec ts;
	uint64_t one = 1, time_ns;
	int rc;

	if (!c)
		return 0;
	(void)refuse_all(c->fd);
	if (write(c->stop, &one, sizeof(one)) != sizeof(one))
		abort();	/* an eventfd takes its first 1, or nothing holds any more */
	pthread_join(c->thread, NULL);
	clock_gettime(CLOCK_REALTIME, &ts);
	time_ns = (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
	rc = pcapng_writer_stats(c->writer, c->if_id, time_ns, c->accepted, c->stats.dropped);
	if (rc == 0)
		rc = pcapng_writer_flush(c->writer);
	if (c->stats.error == 0)
		c->stats.error = rc;
	if (out)
		*out = c->stats;
	rc = c->stats.error;
	if (rc == 0 && c->incomplete)
		rc = -ETIMEDOUT;
	free_capture(c);
	return rc;
}
