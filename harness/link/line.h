/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A line with a queue before it, behind the delay: frames are put in when their delay is over, wait
 * as the queue's discipline says, and are sent one after the other at a rate, or as a trace gives
 * opportunities. Called by the pipe, which asks for the next moment and lets the line live through
 * it; moments are lived in order, so a late caller gets the same as a punctual one.
 */
#ifndef LINK_LINE_H
#define LINK_LINE_H

#include "harness/link/frame.h"
#include "harness/link/queue.h"
#include "harness/link/spec.h"

struct link_line;

/* drop: takes what the queue drops. NULL if memory is short. */
struct link_line *link_line_new(const struct link_spec *spec, enum link_l2 l2, uint64_t key,
				link_queue_drop_fn *drop, void *ctx);
/* All it still holds goes to free_frame. */
void link_line_free(struct link_line *l, void (*free_frame)(void *ctx, struct link_frame *f),
		    void *ctx);

/* Obey *spec. Frames that wait go on waiting, in the new queue. 0 or -ENOMEM with nothing changed. */
__attribute__((warn_unused_result))
int link_line_update(struct link_line *l, const struct link_spec *spec);

/* The frame's delay is over at now_ns; what is sent by it at once goes to *out with its at_ns. */
void link_line_put(struct link_line *l, uint64_t now_ns, struct link_frame *take_f,
		   struct link_fifo *out);

/* When something happens next, or UINT64_MAX; and let it happen. */
uint64_t link_line_next(const struct link_line *l);
void link_line_run(struct link_line *l, uint64_t now_ns, struct link_fifo *out);

/* Frames held, the one that is being sent too. */
uint64_t link_line_packets(const struct link_line *l);
uint64_t link_line_bytes_held(const struct link_line *l);
uint64_t link_line_marked(const struct link_line *l);

#endif
