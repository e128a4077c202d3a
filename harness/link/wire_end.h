/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One end of a wire: frames in and out of a descriptor, in batches, without the shortcuts that
 * virtual devices take. What leaves here is what a cable would carry: checksums filled in, VLAN
 * tags in place. Private to harness/link/wire.c.
 */
#ifndef LINK_WIRE_END_H
#define LINK_WIRE_END_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/link/pipe.h"

enum { WIRE_BATCH = 64 };

enum wire_end_kind {
	WIRE_END_PACKET,	/* AF_PACKET */
	WIRE_END_TAP,		/* read and write, a frame each */
	WIRE_END_MESSAGE,	/* a socket that keeps message borders */
};

struct wire_end {
	int fd;
	enum wire_end_kind kind;
	uint32_t max_frame;
	uint32_t vnet_len;		/* bytes of virtio_net_hdr before each frame, or 0 */
	uint64_t csum_filled;
};

/* What one wire_end_recv brought. Frames the caller keeps it replaces by NULL. */
struct wire_batch {
	struct link_frame *frame[WIRE_BATCH];
	bool super[WIRE_BATCH];		/* too long, or a bundle of segments: the start */
	uint32_t true_len[WIRE_BATCH];	/* as received */
};

/* Finds out what fd is and prepares it. 0, or -errno with a sentence. */
__attribute__((warn_unused_result))
int wire_end_init(struct wire_end *e, int fd, uint32_t max_frame, char *err, size_t err_size);

/*
 * Read what is there, at most WIRE_BATCH frames, into frames of pipe's store. The number of
 * frames, 0 when there is nothing (now, or any more), or -errno.
 */
int wire_end_recv(struct wire_end *e, struct link_pipe *pipe, struct wire_batch *b);

/* Frames the kernel dropped since the last call because they were not read in time. */
uint64_t wire_end_overrun(struct wire_end *e);

/* Write n frames, at most WIRE_BATCH. refused[i] is set for those the device would not take. */
void wire_end_send(struct wire_end *e, struct link_frame *const *frame, unsigned int n,
		   bool *refused);

#endif
