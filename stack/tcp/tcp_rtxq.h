/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What was sent and is not acknowledged: records of sequence space, a super-segment being one
 * record, and the sender's SACK scoreboard on them (RFC 6675 4). Holds no bytes and no packets:
 * splitting is arithmetic. A leaf.
 *
 *	bytes outstanding = snd_nxt - snd_una
 *	pipe              = outstanding - sacked - lost + retrans
 */
#ifndef TCP_TCP_RTXQ_H
#define TCP_TCP_RTXQ_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/pool.h"
#include "tcp/tcp_opt.h"

enum {
	TCP_REC_SYN = 1,
	TCP_REC_FIN = 2,
	TCP_REC_SACKED = 4,
	TCP_REC_LOST = 8,
	TCP_REC_RETRANS = 16, /* a retransmission of it is on its way */
	TCP_REC_EVER = 32     /* was retransmitted once: no RTT from it (Karn) */
};

struct tcp_rec {
	struct list_node node;	/* by sequence */
	struct list_node by_time; /* retransmitted and outstanding, by time of sending */
	uint64_t sent_ns;
	seq_t seq;
	uint32_t len; /* of sequence space: SYN and FIN count */
	uint16_t mss; /* of the segments it was sent in; > 0 */
	uint8_t flags;
};

struct tcp_rtxq {
	struct list recs;
	struct list retransmitted;
	struct tcp_rec *sack_hint; /* where the last block was found */
	struct tcp_rec *scan;	   /* the first not yet judged lost; NULL: all are */
	struct tcp_rec *resend;	   /* none before it waits to be sent again; NULL: none does */
	uint32_t n;		   /* records */
	uint32_t sacked, lost, retrans; /* bytes */
	uint32_t sacked_below;	   /* of `sacked`, those before scan */
};

/* What an acknowledgment, cumulative or selective, delivered. */
struct tcp_delivered {
	uint32_t acked;	   /* bytes of sequence space, first heard of now */
	uint32_t sacked;   /* those of them that were heard of by SACK */
	uint32_t segs;	   /* the segments that carried them */
	uint64_t first_ns; /* when the oldest of those never retransmitted was sent; 0: none */
	uint64_t last_ns;  /* and the latest */
	uint64_t newest_ns; /* latest sending of any of them, retransmissions included */
	bool retrans;	   /* some had been retransmitted */
};

void tcp_rtxq_init(struct tcp_rtxq *q);
void tcp_rtxq_clear(struct tcp_rtxq *q, struct pool *recs);
/* [seq, seq+len) was sent now. NULL: no memory. */
struct tcp_rec *tcp_rtxq_sent(struct tcp_rtxq *q, struct pool *recs, seq_t seq, uint32_t len,
			      uint16_t mss, uint8_t flags, uint64_t now_ns);
/* Takes back the last one: the packet was not sent after all. */
void tcp_rtxq_unsend(struct tcp_rtxq *q, struct pool *recs, struct tcp_rec *r);
/* Everything before `ack` arrived. *d is added to. */
void tcp_rtxq_ack(struct tcp_rtxq *q, struct pool *recs, seq_t ack, struct tcp_delivered *d);
/* A valid block arrived: records are split where it cuts them, between segments. */
void tcp_rtxq_sack(struct tcp_rtxq *q, struct pool *recs, struct tcp_range block,
		   struct tcp_delivered *d);
/* RFC 6675 4 IsLost by bytes: lost is what has more than 2 * mss selectively acknowledged above it.
 * Returns the bytes newly judged so. */
uint32_t tcp_rtxq_judge(struct tcp_rtxq *q, uint32_t mss);
/* The first `len` bytes are lost, by other evidence. */
void tcp_rtxq_head_lost(struct tcp_rtxq *q, struct pool *recs, uint32_t len);
/* What was sent in segments of more than mss bytes is lost: the path does not carry them. Returns
 * its bytes. */
uint32_t tcp_rtxq_larger_lost(struct tcp_rtxq *q, uint32_t mss);
/* Retransmissions sent before `before_ns` are lost: later ones arrived. Returns their bytes. */
uint32_t tcp_rtxq_retrans_lost(struct tcp_rtxq *q, uint64_t before_ns);
/* The timeout: all but what was SACKed is lost; SACKs are forgotten if the first record has one
 * (the receiver reneged, RFC 2018 8). */
void tcp_rtxq_all_lost(struct tcp_rtxq *q);
/* Next to be sent again, or NULL; then tell that the first `len` bytes of it were (0 < len <=
 * its). */
struct tcp_rec *tcp_rtxq_next(struct tcp_rtxq *q);
void tcp_rtxq_resent(struct tcp_rtxq *q, struct pool *recs, struct tcp_rec *r, uint32_t len,
		     uint16_t mss, uint64_t now_ns);

static inline struct tcp_rec *tcp_rtxq_first(const struct tcp_rtxq *q)
{
	struct list_node *n = list_first(&q->recs);

	return n ? container_of(n, struct tcp_rec, node) : NULL;
}

static inline struct tcp_rec *tcp_rtxq_last(const struct tcp_rtxq *q)
{
	struct list_node *n = list_last(&q->recs);

	return n ? container_of(n, struct tcp_rec, node) : NULL;
}

#endif
