/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How much of a link's queue is whose (Linux's TCP small queues): bytes by flow, a number of one byte that
 * many may share, and who waits for fewer of a flow. A leaf of link.c, which tells what comes and goes.
 */
#ifndef NET_SMALL_QUEUE_H
#define NET_SMALL_QUEUE_H

#include <stdint.h>

#include "base/list.h"
#include "net/net.h"

enum { SMALL_QUEUES = LINK_QUEUE_FLOWS }; /* flow 0 is nobody's and is not counted */

struct small_queues {
	uint32_t bytes[SMALL_QUEUES];
	struct list waiters[SMALL_QUEUES]; /* of struct link_waiter by `node` */
};

void small_queues_init(struct small_queues *q);
/* The queue is empty: all who wait are moved to the end of `to`. */
void small_queues_clear(struct small_queues *q, struct list *to);

static inline void small_queue_add(struct small_queues *q, uint8_t flow, uint32_t bytes)
{
	if (flow)
		q->bytes[flow] += bytes;
}

/* True: somebody waits for that. */
static inline bool small_queue_sub(struct small_queues *q, uint8_t flow, uint32_t bytes)
{
	if (!flow)
		return false;
	q->bytes[flow] -= bytes;
	return !list_empty(&q->waiters[flow]);
}

#endif
