/* SPDX-License-Identifier: BSD-2-Clause */
/* A frame on its way through a link, and lists of them. Called by the pipe, its queues and its line. */
#ifndef LINK_FRAME_H
#define LINK_FRAME_H

#include <stddef.h>
#include <stdint.h>

struct link_frame {
	uint64_t at_ns;		/* due */
	uint64_t ready_ns;	/* its delay is over: from then to at_ns it is queued for the line */
	uint64_t order;		/* of insertion; ties in at_ns are delivered in this order */
	uint64_t tag;		/* the user's own, 0 when new; duplicates have it too */
	uint64_t rate_bps;	/* a pattern's, on the line; 0: the line's own */
	struct link_frame *next;	/* in a list */
	uint32_t len, cap;
	uint8_t *data;		/* cap bytes, and LINK_FRAME_HEADROOM before them */
};

enum { LINK_FRAME_HEADROOM = 16 };

struct link_fifo {
	struct link_frame *first, *last;
	uint32_t packets;
	uint64_t bytes;
};

static inline void link_fifo_put(struct link_fifo *q, struct link_frame *take_f)
{
	take_f->next = NULL;
	if (q->last)
		q->last->next = take_f;
	else
		q->first = take_f;
	q->last = take_f;
	q->packets++;
	q->bytes += take_f->len;
}

static inline struct link_frame *link_fifo_take(struct link_fifo *q)
{
	struct link_frame *f = q->first;

	if (!f)
		return NULL;
	q->first = f->next;
	if (!q->first)
		q->last = NULL;
	q->packets--;
	q->bytes -= f->len;
	f->next = NULL;
	return f;
}

#endif
