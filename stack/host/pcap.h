/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The phantom host's own capture: pcapng with nanoseconds, both directions, and the stack's
 * drop reason as the comment of a frame it did not use. Frames are as the device carries them:
 * with offloads on, super-segments with open checksums. Called by tap.c; told of drops by
 * trace.c.
 */
#ifndef HOST_PCAP_H
#define HOST_PCAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "phantom/phantom.h"

struct pcap;

enum pcap_direction { PCAP_IN = 1, PCAP_OUT = 2 }; /* epb_flags' numbers */

/* NULL with a sentence in err. */
struct pcap *pcap_open(const char *path, char *err, size_t cap);
/* One more interface of that name, before the frames: the first has the number 0. */
void pcap_interface(struct pcap *p, const char *device, enum ph_link_kind kind);
/* A frame of len bytes, which may be fewer or more than iov holds; at_ns since 1970. */
void pcap_begin(struct pcap *p, unsigned interface, enum pcap_direction direction, uint64_t at_ns,
		const struct ph_iov *iov, int n, size_t len);
/*
 * A comment for the frame begun; the last one counts. Without a frame, or of another length:
 * none.
 */
void pcap_note(struct pcap *p, const char *reason, const char *text, uint64_t len);
void pcap_end(struct pcap *p);
/* Writes out what is buffered. */
void pcap_flush(struct pcap *p);
/* 0, or -errno of the first write that failed (said on standard error when it did). */
int pcap_close(struct pcap *p);

#endif
