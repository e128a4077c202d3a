/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One direction of a link: the model, and the frames it has let through, held until their time.
 * The simulator and the real-time wire both put frames in here and take them out when due:
 *
 *   link_pipe_push(p, now, frame, len);
 *   ... sleep or jump until link_pipe_next_at(p) ...
 *   while ((f = link_pipe_pop(p, now))) { deliver f->data, f->len; link_pipe_free_frame(p, f); }
 */
#ifndef LINK_PIPE_H
#define LINK_PIPE_H

#include <stddef.h>
#include <stdint.h>

#include "harness/link/frame.h"
#include "harness/link/model.h"

struct link_pipe;

/* NULL if memory is short. */
struct link_pipe *link_pipe_new(const struct link_spec *spec, enum link_l2 l2, enum link_dir dir);
void link_pipe_free(struct link_pipe *p);	/* and all frames it holds */

/* The model inside, for link_model_stats, _observe. */
struct link_model *link_pipe_model(struct link_pipe *p);

/* Obey *spec from the next frame on (link_model_update); what waits goes on waiting in the queue as it
 * is now. 0 or -ENOMEM with nothing changed. */
__attribute__((warn_unused_result))
int link_pipe_update(struct link_pipe *p, const struct link_spec *spec);

/*
 * fn(ctx, now_ns, frame, v) for each frame of which a copy is dropped, with v->drop the reason:
 * to keep it in a capture. Of a frame that a queue drops later, v says the reason and the
 * length. The frame is the pipe's. NULL: no more.
 */
typedef void link_drop_fn(void *ctx, uint64_t now_ns, const struct link_frame *frame,
			  const struct link_verdict *v);
void link_pipe_on_drop(struct link_pipe *p, link_drop_fn *fn, void *ctx);

/* Copy the frame in. Writes the verdict to *v unless v is NULL. 0, or -ENOMEM: it is lost. */
int link_pipe_push(struct link_pipe *p, uint64_t now_ns, const void *frame, size_t len,
		   struct link_verdict *v);

/* The same without a copy: a frame of at least cap bytes to fill; its push consumes it always. */
struct link_frame *link_pipe_new_frame(struct link_pipe *p, size_t cap);
int link_pipe_push_take(struct link_pipe *p, uint64_t now_ns, struct link_frame *take_f,
			struct link_verdict *v);

/* When to call link_pipe_pop next, or UINT64_MAX. A frame may then move on inside, and none come
 * out. */
uint64_t link_pipe_next_at(struct link_pipe *p);

/* The earliest frame due at now_ns or before, or NULL. The caller gives it back to any pipe. */
struct link_frame *link_pipe_pop(struct link_pipe *p, uint64_t now_ns);
void link_pipe_free_frame(struct link_pipe *p, struct link_frame *f);

/* Frames held now. */
size_t link_pipe_held(const struct link_pipe *p);

/*
 * What a link holds at a moment, for whoever samples a queue's depth: `queued` frames wait for the
 * line or a slot or are on the line (none where there is neither), the others are in delay.
 * now_ns is not before the last call's of any function; frames due by then count as gone. O(frames
 * held).
 */
struct link_occupancy {
	uint64_t queued_packets, queued_bytes;
	uint64_t delayed_packets, delayed_bytes;
};
void link_pipe_occupancy(struct link_pipe *p, uint64_t now_ns, struct link_occupancy *out);

#endif
