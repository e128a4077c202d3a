/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What was sent and is not acknowledged: records of sequence space, a super-segment being one
 * record, and the sender's SACK scoreboard on them (RFC 6675 3). Holds no bytes and no packets:
 * splitting is arithmetic. Counted in segments, as Linux does: a short segment takes as much of the
 * window as a full one. A leaf.
 *
 *	in the network = out - sacked - lost + retrans	(RFC 6675's pipe)
 *
 * A record is in the list by_time, by time of its last sending, exactly while it is in the network.
 */
#ifndef TCP_TCP_RTXQ_H
#define TCP_TCP_RTXQ_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/pool.h"
#include "tcp/tcp_opt.h"
#include "tcp/tcp_rack.h"
#include "tcp/tcp_rate.h"

enum {
	TCP_REC_SYN = 1,
	TCP_REC_FIN = 2,
	TCP_REC_SACKED = 4,
	TCP_REC_LOST = 8,
	TCP_REC_RETRANS = 16, /* a retransmission of it is on its way */
	TCP_REC_EVER = 32,    /* was retransmitted once: no RTT from it (Karn) */
	TCP_REC_PUSH = 64     /* its end was pushed */
};

struct tcp_rec {
	struct list_node node;	  /* by sequence */
	struct list_node by_time; /* by time of sending, while in the network */
	uint64_t sent_ns;
	seq_t seq;
	uint32_t len; /* of sequence space: SYN and FIN count */
	uint16_t mss; /* of the segments it was sent in; > 0 */
	uint8_t flags;
	struct tcp_rate_mark rate; /* when it last left */
};

struct tcp_rtxq {
	struct list recs;
	struct list by_time;
	struct tcp_rec *sack_hint; /* where the last block was found */
	struct tcp_rec *resend;	   /* none before it waits to be sent again; NULL: none does */
	struct tcp_range known[TCP_SACK_MAX]; /* blocks of the last ACK: dealt with */
	uint8_t nknown;
	seq_t fack;		   /* end of the highest SACKed; while sacked > 0 */
	uint32_t n;		   /* records */
	uint32_t out, sacked, lost, retrans; /* segments */
	uint32_t lost_ever, lost_again; /* segments ever marked lost; retransmissions among them */
};

/* What an acknowledgment, cumulative or selective, delivered; and what it is judged by. */
struct tcp_delivered {
	/* Given: */
	struct tcp_rack *rack; /* is told what arrived; or NULL */
	uint64_t now_ns;
	uint32_t min_rtt_us;
	uint32_t ecr_ms;       /* our clock when it was sent that this ACK echoes, if has_ecr */
	bool has_ecr;
	seq_t high_seq;	       /* the episode's end */
	/* Found: */
	uint32_t acked;	   /* bytes of sequence space, first heard of now */
	uint32_t sacked;   /* those of them that were heard of by SACK */
	uint32_t segs, sacked_segs; /* the same in segments */
	uint32_t left;	   /* segments that left the queue */
	uint64_t first_ns; /* cumulative, never retransmitted: when the oldest was sent; 0: none */
	uint64_t last_ns;  /* and the latest */
	uint64_t newest_ns; /* latest sending of any of them, retransmissions included */
	uint64_t sack_first_ns, sack_last_ns; /* the same of SACKed ones */
	seq_t reorder;	   /* the lowest that arrived late without being sent again, if reordered */
	bool reordered;
	bool retrans;	   /* some acknowledged cumulatively had been retransmitted */
	bool orig;	   /* data below high_seq arrived that never was (F-RTO) */
	bool reneged;	   /* what now comes first had been SACKed */
	struct tcp_rate_sample rate;
	uint32_t dup_segs; /* retransmissions that a D-SACK block above snd_una reports */
	seq_t dup_end;
};

void tcp_rtxq_init(struct tcp_rtxq *q);
void tcp_rtxq_clear(struct tcp_rtxq *q, struct pool *recs);
/* [seq, seq+len) was sent now. NULL: no memory. */
struct tcp_rec *tcp_rtxq_sent(struct tcp_rtxq *q, struct pool *recs, seq_t seq, uint32_t len,
			      uint16_t mss, uint8_t flags, uint64_t now_ns);
/* Takes back the last one: the packet was not sent after all. */
void tcp_rtxq_unsend(struct tcp_rtxq *q, struct pool *recs, struct tcp_rec *r);
/* The first record, sent once and neither SACKed nor lost, arrived. */
void tcp_rtxq_drop(struct tcp_rtxq *q, struct pool *recs, struct tcp_rec *r);
/* Segments of a record: a FIN needs none of its own if there is data. */
uint32_t tcp_rec_segs(const struct tcp_rec *r);
/* Everything before `ack` arrived. *d is added to. */
void tcp_rtxq_ack(struct tcp_rtxq *q, struct pool *recs, seq_t ack, struct tcp_delivered *d);
/* The valid blocks of an ACK, sorted; dsack: the index of the one that reports a duplicate, or -1.
 * Records are split where a block cuts them, between segments. False: the search was given up,
 * there being too many records; what was not found is not SACKed. */
bool tcp_rtxq_sack(struct tcp_rtxq *q, struct pool *recs, const struct tcp_range *block, unsigned n,
		   int dsack, struct tcp_delivered *d);
/* The record is lost, and so is its retransmission if one was on its way. */
void tcp_rtxq_lose(struct tcp_rtxq *q, struct tcp_rec *r);
/* The first `len` bytes are lost, by other evidence. */
void tcp_rtxq_head_lost(struct tcp_rtxq *q, struct pool *recs, uint32_t len);
/* What was sent in segments of more than mss bytes is lost: the path does not carry them. Returns
 * their segments. */
uint32_t tcp_rtxq_larger_lost(struct tcp_rtxq *q, uint32_t mss);
/* The timeout: lost is the first, and what was sent by `recent_ns` and not SACKed. True: the first
 * had been SACKed, so the receiver reneged (RFC 2018 8) and all SACKs are forgotten. */
bool tcp_rtxq_all_lost(struct tcp_rtxq *q, uint64_t recent_ns);
/* Nothing is lost after all: what was marked is in the network again. */
void tcp_rtxq_none_lost(struct tcp_rtxq *q);
/* Next to be sent again, or NULL; then tell that the first `len` bytes of it were (0 < len <=
 * its). */
struct tcp_rec *tcp_rtxq_next(struct tcp_rtxq *q);
void tcp_rtxq_resent(struct tcp_rtxq *q, struct pool *recs, struct tcp_rec *r, uint32_t len,
		     uint16_t mss, uint64_t now_ns);
/* Takes into r, of one segment, what follows it as long as that fits into a segment of mss bytes. */
void tcp_rtxq_collapse(struct tcp_rtxq *q, struct pool *recs, struct tcp_rec *r, uint32_t mss);
/* The last segment, as a record of its own, is to be sent as a probe (RFC 8985 7.3); NULL: there is
 * none, or it has arrived. Then tell that it was: it does not count as retransmitted. */
struct tcp_rec *tcp_rtxq_tail(struct tcp_rtxq *q, struct pool *recs);
void tcp_rtxq_probed(struct tcp_rtxq *q, struct tcp_rec *r, uint64_t now_ns);

/* Segments in the network. */
static inline uint32_t tcp_rtxq_pipe(const struct tcp_rtxq *q)
{
	return q->out - q->sacked - q->lost + q->retrans;
}

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
