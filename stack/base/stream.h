/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A queue of bytes held as spans of counted buffers: a socket's send queue and its receive queue.
 * Appending by copy fills the tail buffer while nobody else has seen the room; appending by
 * reference takes spans of a packet as they are. Reading never moves bytes but to the user.
 *
 * Offsets count from the first byte held. `charged` is the memory pinned (buffer bytes, shares of
 * shared ones), not the payload. `counted` is what the owner says that packets count as, which is no
 * less than their length: memory is not more than about four times that, for what would pin more is
 * copied.
 */
#ifndef BASE_STREAM_H
#define BASE_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/pkt.h"

struct stream_node { /* one span in the queue; from a pool */
	struct list_node node;
	struct span span;
	uint32_t charge : 31; /* of `charged` */
	uint32_t owned : 1;   /* by stream_write: the bytes behind the span are ours to write */
	uint32_t counted;     /* of `counted` */
};

struct stream_cursor { /* a place in the queue: a node and the offset of its first byte */
	struct stream_node *node;
	uint32_t off;
};

struct stream {
	struct list nodes;
	uint32_t len;	  /* bytes held */
	uint32_t charged; /* bytes of memory pinned */
	uint32_t counted; /* and what is counted for it */
	struct pkt_pools *pkts;
	struct pool *pool;	       /* of struct stream_node */
	struct stream_cursor cursor[2]; /* where look-ups ended: sequential ones are O(1) */
};

void stream_init(struct stream *s, struct pkt_pools *pkts, struct pool *nodes);
void stream_clear(struct stream *s);
/* Copies up to n bytes in; returns how many (less when memory is short). Chooses buffers by `hint`,
 * the bytes the caller will likely add (0: just n), so that small writes take small buffers and
 * bulk takes 64 KiB ones. */
uint32_t stream_write(struct stream *s, const void *bytes, uint32_t n, uint32_t hint);
/* Takes [off, off+len) of the packet (offset from hdr's first byte) by reference, or by copy where
 * it is less than a quarter of the memory it would pin. False: memory is short, nothing was
 * taken. */
bool stream_append_pkt(struct stream *s, const struct pkt *p, uint32_t off, uint32_t len);
/* What a packet counts as: of(headers + payload); each: its spans count as packets of their own. */
struct stream_count {
	uint32_t (*of)(uint32_t len);
	uint32_t headers;
	bool each;
};
/* The same, and it is counted. */
bool stream_append_counted(struct stream *s, const struct pkt *p, uint32_t off, uint32_t len,
			   const struct stream_count *count);
/* Copies what is kept by reference, and counts for more than 9/8 of its length, into buffers that are
 * full, or as small as what is between two that stay; what was copied counts as what it pins, at most.
 * Returns how many spans that concerned. A byte is copied once, and once more where its buffer was left
 * all but empty. */
uint32_t stream_compact(struct stream *s);
/* Moves all of `from` to the end of `s`. */
void stream_splice(struct stream *s, struct stream *from);
/* Copies n bytes from offset off to the user; returns how many there were. Does not consume. */
uint32_t stream_peek(const struct stream *s, uint32_t off, void *to, uint32_t n);
/* The same from the front, and consumes them. */
uint32_t stream_read(struct stream *s, void *to, uint32_t n);
/* Drops what is behind the first `len` bytes (<= s->len). */
void stream_cut(struct stream *s, uint32_t len);
/* Drops n bytes (<= len) from the front. */
void stream_consume(struct stream *s, uint32_t n);
/* Adds up to n bytes from offset off as spans of the packet; returns how many there were and fitted
 * (PKT_SPANS_MAX spans). Sequential calls are O(1), new data and retransmission side by side. */
uint32_t stream_to_pkt(struct stream *s, uint32_t off, uint32_t n, struct pkt *p);

#endif
