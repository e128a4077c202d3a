/* SPDX-License-Identifier: BSD-2-Clause */
/* Whose a link's queue is: see small_queue.h. */
#include "net/small_queue.h"

#include <string.h>

void small_queues_init(struct small_queues *q)
{
	memset(q->bytes, 0, sizeof(q->bytes));
	for (unsigned i = 0; i < SMALL_QUEUES; i++)
		list_init(&q->waiters[i]);
}

void small_queues_clear(struct small_queues *q, struct list *to)
{
	memset(q->bytes, 0, sizeof(q->bytes));
	for (unsigned i = 0; i < SMALL_QUEUES; i++)
		list_splice(to, &q->waiters[i]);
}
