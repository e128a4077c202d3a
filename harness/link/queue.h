/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The queue before a line: which frames it takes in, and which goes next. Plain (no limit of its
 * own), drop tail by packets or bytes, CoDel (RFC 8289), FQ-CoDel (RFC 8290). Called by the line.
 */
#ifndef LINK_QUEUE_H
#define LINK_QUEUE_H

#include <stdint.h>

#include "harness/link/classify.h"
#include "harness/link/frame.h"
#include "harness/link/model.h"
#include "harness/link/spec.h"

struct link_queue;

/* Takes what the queue drops: QUEUE for want of room, CODEL for a stay too long. */
typedef void link_queue_drop_fn(void *ctx, struct link_frame *take_f, enum link_drop why);

/* key: of the hash that tells flows apart. NULL if memory is short. */
struct link_queue *link_queue_new(const struct link_queue_conf *conf, enum link_l2 l2, uint64_t key,
				  link_queue_drop_fn *drop, void *ctx);
void link_queue_free(struct link_queue *q);	/* empty */

/* f->ready_ns is when it came. It may be dropped at once, or others for it. */
void link_queue_put(struct link_queue *q, struct link_frame *take_f);
/* The next to go at now_ns, or NULL. */
struct link_frame *link_queue_take(struct link_queue *q, uint64_t now_ns);
/* Any frame, whatever the discipline thinks of it; NULL when there is none. */
struct link_frame *link_queue_pour(struct link_queue *q);

uint64_t link_queue_packets(const struct link_queue *q);
uint64_t link_queue_bytes(const struct link_queue *q);
uint64_t link_queue_marked(const struct link_queue *q);

#endif
