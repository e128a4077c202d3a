/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The link model: the fate of each frame that one direction of a link carries. Pure: time is an
 * argument, randomness comes from the spec's seed, nothing is allocated per frame. The same seed
 * and the same frames at the same times meet the same fate, always. Used in real time by
 * link/wire.h and in virtual time by whoever joins stacks in one process, both by way of
 * link/pipe.h, which also holds the frames until their time.
 *
 * Random numbers. Each effect has a stream of its own, and frame n always takes the n-th number
 * of it, used or not: so adding jitter does not change which frames are lost.
 */
#ifndef LINK_MODEL_H
#define LINK_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/link/classify.h"
#include "harness/link/spec.h"

struct link_model;

/* Seeds the two directions of a link differently. */
enum link_dir {
	LINK_DIR_IN,	/* toward the node the link is named after */
	LINK_DIR_OUT,	/* from it */
};

/*
 * X(NAME, "text"): why a copy of a frame is not delivered. From SUPER_SEGMENT on they are the
 * wire's, not the model's: a bundle of segments (an offload is on); frames that came faster than
 * the wire could read them; a device with no room. CODEL is the queue's, after the verdict, and so
 * is QUEUE where the queue has a discipline.
 */
#define LINK_DROPS(X)                                                                              \
	X(NONE, "delivered")                                                                       \
	X(LOSS, "loss")                                                                            \
	X(QUEUE, "queue full")                                                                     \
	X(SCRIPT, "script")                                                                        \
	X(SUPER_SEGMENT, "super-segment")                                                          \
	X(OVERRUN, "wire overrun")                                                                 \
	X(DEVICE, "device refused it")                                                             \
	X(MEMORY, "out of memory")                                                                 \
	X(CODEL, "codel")                                                                          \
	X(DOWN, "link down")                                                                       \
	X(MTU, "longer than the mtu")                                                              \
	X(PATTERN, "pattern")

enum link_drop {
#define X(name, text) LINK_DROP_##name,
	LINK_DROPS(X)
#undef X
	LINK_DROP_COUNT
};

const char *link_drop_text(enum link_drop drop);

#define LINK_NO_FLIP UINT32_MAX

/* One copy to deliver. */
struct link_copy {
	uint64_t at_ns;		/* not before now */
	uint64_t ready_ns;	/* its delay is over: from then to at_ns it is queued for the line */
	uint64_t rate_bps;	/* a pattern's, for the line behind the delay; 0: the line's own */
	uint32_t flip_bit;	/* bit (flip_bit % 8) of byte flip_bit / 8; or LINK_NO_FLIP */
};

struct link_verdict {
	uint64_t no;		/* which frame since the seed was set, from 1 */
	uint32_t kinds;		/* LINK_KIND_* set; LINK_KIND_ANY alone when nobody asked */
	uint32_t len;		/* bytes of the frame */
	enum link_drop drop;	/* why the frame, or else its duplicate, was dropped */
	uint8_t script;		/* which script acted on it first, from 1; 0: none */
	bool duplicated;	/* the effect struck; n is 2 unless one copy was dropped */
	bool reordered;		/* sent at once while others are delayed */
	bool marked;		/* to be delivered with CE */
	uint8_t n;		/* copies to deliver: 0, 1 or 2 */
	struct link_copy copy[2];	/* copy[0 .. n) in order of insertion, not of at_ns */
};

struct link_stats {
	uint64_t frames, bytes;		/* given to the model */
	uint64_t delivered;		/* copies */
	uint64_t duplicated, corrupted, reordered;
	uint64_t marked;		/* frames made to say CE, here and by the queue */
	uint64_t withdrawn;		/* of the delivered: dropped later by the queue */
	uint64_t replay_strange;	/* frames of another length than the one recorded */
	uint64_t drops[LINK_DROP_COUNT];	/* copies, by reason */
	uint64_t digest;		/* of the verdict list so far, without arrival times */
};

/* NULL if memory is short. The spec is copied. */
struct link_model *link_model_new(const struct link_spec *spec, enum link_l2 l2, enum link_dir dir);
void link_model_free(struct link_model *m);

/*
 * Obey *spec from the next frame on. Frames already given keep their fate. Scripts that stay at
 * their place in the list go on counting. If a seed was named since, even the same one, numbering
 * starts at 1 again. 0 or -ENOMEM with nothing changed.
 */
__attribute__((warn_unused_result))
int link_model_update(struct link_model *m, const struct link_spec *spec);

/* now_ns must not go back. Always writes *v. O(log queue), and O(1) while delays keep order. */
void link_model_frame(struct link_model *m, uint64_t now_ns, const uint8_t *frame, size_t len,
		      struct link_verdict *v);

/* For the pipe: how many frames it holds, where the model cannot know; a frame let in was dropped by
 * the queue; the queue has marked so many. */
void link_model_holds(struct link_model *m, uint64_t held);
void link_model_withdraw(struct link_model *m, enum link_drop why);
void link_model_marked_later(struct link_model *m, uint64_t n);

const struct link_stats *link_model_stats(const struct link_model *m);
const struct link_spec *link_model_spec(const struct link_model *m);

/* fn(ctx, now_ns, verdict) after each frame; also makes v->kinds be filled in. NULL: no more. */
typedef void link_verdict_fn(void *ctx, uint64_t now_ns, const struct link_verdict *v);
void link_model_observe(struct link_model *m, link_verdict_fn *fn, void *ctx);

#endif
