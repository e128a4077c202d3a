/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Data that arrived ahead of its turn (RFC 9293 3.10.7.4), as pieces in sequence order that neither
 * touch nor overlap. Bytes already held win over later copies of them. A leaf: knows no connection.
 */
#ifndef TCP_TCP_REASS_H
#define TCP_TCP_REASS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/drop.h"
#include "base/pkt.h"
#include "base/pool.h"
#include "base/stream.h"
#include "tcp/tcp_opt.h"

struct tcp_piece {
	seq_t seq;
	struct stream data;
};

/* What all queues of a stack share. */
struct tcp_reass_env {
	struct mem *mem;
	struct pool *pieces; /* of struct tcp_piece */
	struct pkt_pools *pkts;
	struct pool *nodes; /* of struct stream_node */
	uint32_t pieces_max; /* per queue */
};

struct tcp_reass {
	struct tcp_piece **piece; /* sorted; NULL while empty */
	uint32_t n;
	uint32_t cap : 31;
	uint32_t has_fin : 1;
	uint32_t charged; /* memory pinned, bytes */
	uint32_t counted; /* and what is counted for it: base/stream.h */
	uint32_t len;	  /* bytes held */
	seq_t fin_seq;	  /* where the FIN stands, when has_fin */
};

void tcp_reass_init(struct tcp_reass *r);
void tcp_reass_clear(const struct tcp_reass_env *e, struct tcp_reass *r);

/*
 * Keeps [seq, seq+len), the bytes from offset off of the packet, counted so. *block: the run of bytes
 * held that it is now part of; *dup: the first bytes of it that were there before, written if any were.
 * TCP_OFOMERGE: all of it was there; TCP_OFO_QUEUE_PRUNE: pieces_max reached; NOMEM. In the last two
 * some of it may have been kept.
 */
enum drop tcp_reass_add(const struct tcp_reass_env *e, struct tcp_reass *r, seq_t seq,
			const struct pkt *p, uint32_t off, uint32_t len,
			const struct stream_count *count,
			struct tcp_range *block, struct tcp_range *dup);
/* A FIN at `seq`; the first one is believed. */
void tcp_reass_fin(struct tcp_reass *r, seq_t seq);
/* Moves what begins at or before rcv_nxt to the end of `to`, as far as it is contiguous; returns
 * the number of bytes: rcv_nxt moves by that. */
uint32_t tcp_reass_take(const struct tcp_reass_env *e, struct tcp_reass *r, seq_t rcv_nxt,
			struct stream *to);
/* Gives up the pieces furthest ahead until what is left counts as no more than `most`; returns how
 * many. */
uint32_t tcp_reass_prune(const struct tcp_reass_env *e, struct tcp_reass *r, uint32_t most);

static inline bool tcp_reass_empty(const struct tcp_reass *r)
{
	return r->n == 0;
}

static inline seq_t tcp_piece_end(const struct tcp_piece *p)
{
	return p->seq + p->data.len;
}

/* Behind the last byte held; not of an empty one. */
static inline seq_t tcp_reass_end(const struct tcp_reass *r)
{
	return tcp_piece_end(r->piece[r->n - 1]);
}

#endif
