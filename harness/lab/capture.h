/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DIR/NODE.DEV.pcapng of the devices of watched directions: what they sent and received, and what
 * their links dropped, with the reason as a comment. Called by run.c.
 */
#ifndef LAB_CAPTURE_H
#define LAB_CAPTURE_H

#include "harness/lab/lab.h"

struct lab_capture;

/* NULL with a sentence. */
struct lab_capture *lab_capture_new(const struct lab *l, const char *dir, struct net_err *e);
/* 0, or -1 with a sentence when a file could not be written. */
int lab_capture_free(struct lab_capture *c, struct net_err *e);
void lab_capture_frame(struct lab_capture *c, const struct lab *l, const struct sim_seen *seen);
/* w: the direction whose link dropped it. */
void lab_capture_drop(struct lab_capture *c, const struct lab *l, const struct sim_wire *w,
		      uint64_t at_ns, const struct link_frame *f, enum link_drop why);

#endif
