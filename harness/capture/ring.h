/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Capture of an interface of the caller's network namespace into a pcapng file, by a memory
 * mapped ring (TPACKET_V3, Linux Documentation/networking/packet_mmap.rst) and a thread of its
 * own. Several captures may share one writer. Started and stopped by the rig.
 */
#ifndef CAPTURE_RING_H
#define CAPTURE_RING_H

#include <stddef.h>
#include <stdint.h>

struct capture;
struct pcapng_writer;

struct capture_conf {
	const char *ifname;	/* in the calling thread's network namespace */
	const char *name;	/* how the file calls it; NULL: ifname */
	uint16_t linktype;	/* PCAPNG_LINK_*; 0: Ethernet, or raw IP for a device without MAC */
	size_t ring_bytes;	/* 0: 8 MiB */
	struct pcapng_writer *writer;	/* must outlive the capture; not closed by it */
};

struct capture_stats {
	uint64_t written;	/* packets in the file */
	uint64_t dropped;	/* that the kernel had to drop because the ring was full */
	int error;		/* 0 or the -errno of the first failed write */
};

/* When it returns, every later frame is captured. NULL with a sentence in err. */
struct capture *capture_start(const struct capture_conf *conf, char *err, size_t err_size);

/* Numbers so far; dropped counts up only here and in capture_stop. */
void capture_stats(struct capture *c, struct capture_stats *out);

/*
 * Write everything that reached the ring up to this call, flush the writer, and end. out may be
 * NULL. 0, or -errno of the first failed write, or -ETIMEDOUT if the kernel kept part of the ring.
 */
int capture_stop(struct capture *c, struct capture_stats *out);

#endif
