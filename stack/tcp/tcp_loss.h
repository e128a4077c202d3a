/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The states of loss recovery, as Linux has them (its tcp_fastretrans_alert):
 *
 *	Open	 nothing is amiss
 *	Disorder duplicates or SACKs, no verdict yet
 *	CWR	 the window comes down for another reason (ECN, a loss that a probe repaired)
 *	Recovery segments were lost, RACK (RFC 8985) or three duplicates (RFC 6582) say
 *	Loss	 the timer expired; F-RTO (RFC 5682) finds out whether it had to
 *
 * Decides what is lost, when an episode begins, ends and is undone. The window's size is cc's, its
 * way down in an episode tcp_prr.c's. A leaf: knows neither connection nor clock. Called by
 * tcp_ack.c and tcp_timer.c.
 */
#ifndef TCP_TCP_LOSS_H
#define TCP_TCP_LOSS_H

#include <stdbool.h>
#include <stdint.h>

#include "tcp/cc.h"
#include "tcp/tcp_prr.h"
#include "tcp/tcp_rack.h"
#include "tcp/tcp_rtxq.h"
#include "tcp/tcp_undo.h"

enum tcp_ca { /* Linux's numbers: tcpi_ca_state */
	TCP_CA_OPEN,
	TCP_CA_DISORDER,
	TCP_CA_CWR,
	TCP_CA_RECOVERY,
	TCP_CA_LOSS
};

/* What happened, for the counters. */
enum {
	TCP_NOTE_RENO_RECOVERY = 1,
	TCP_NOTE_SACK_RECOVERY = 2,
	TCP_NOTE_FULL_UNDO = 4,
	TCP_NOTE_LOSS_UNDO = 8,
	TCP_NOTE_DSACK_UNDO = 16,
	TCP_NOTE_PARTIAL_UNDO = 32,
	TCP_NOTE_SPURIOUS_RTO = 64,
	TCP_NOTE_SACK_REORDER = 128,
	TCP_NOTE_TS_REORDER = 256,
	TCP_NOTE_RENO_REORDER = 512,
	TCP_NOTE_PROBE_RECOVERY = 1024,
	TCP_NOTE_RECOVERED = 2048,  /* an episode ended */
	TCP_NOTE_RENEGED = 4096,    /* the timer is to look soon whether SACKs were taken back */
	TCP_NOTE_LOST_RETRANS = 8192,
	TCP_NOTE_REDUCED = 16384,   /* the window comes down */
	TCP_NOTE_TOO_LARGE = 32768  /* the probe of a larger size is lost, and that is all */
};

struct tcp_loss {
	seq_t high_seq;	      /* snd_nxt when the episode began: RFC 6582's recover */
	seq_t probe_seq;      /* snd_nxt when the tail was probed, if probing (RFC 8985 7.4) */
	uint32_t reno_sacked; /* without SACK: segments that duplicate ACKs say have arrived */
	uint32_t reordering;  /* segments by which the path was seen to reorder; at first tcp_reordering */
	uint32_t reord_seen;  /* how often */
	uint32_t dsack_dups;  /* segments that D-SACKs reported */
	uint64_t delivered;   /* segments, ever */
	uint8_t state;	      /* enum tcp_ca */
	bool sack : 1;	      /* SACK was negotiated */
	bool frto : 1;	      /* RFC 5682 is deciding about this timeout */
	bool hold : 1;	      /* and wants new data to go before what is lost */
	bool probing : 1, probe_again : 1; /* a tail probe is out; it was a retransmission */
	bool restore : 1;     /* cc remembers what an undo goes back to */
	bool peer_dsacks : 1; /* it has sent one */
	struct tcp_rack rack;
	struct tcp_prr prr;
	struct tcp_undo undo;
};

/* What every call is given besides, and what it tells. */
struct tcp_loss_env {
	struct tcp_rtxq *q;
	struct pool *recs;
	struct cc *cc;
	struct cc_ack *a;	/* mss, una, nxt, now_ns are right */
	uint32_t reordering, max_reordering; /* sysctls */
	uint32_t min_rtt_us, srtt_us;
	uint8_t rack_bits;	/* net.ipv4.tcp_recovery */
	bool frto;
	bool size_probe;	/* the first outstanding is larger than others, to find out (RFC 4821) */
	/* Told: */
	uint32_t notes;		/* TCP_NOTE_* */
	uint32_t wait_us;	/* reordering is waited for so long (RFC 8985 6.3); 0: it is not */
};

struct tcp_loss_ack { /* one acknowledgment */
	seq_t before;	    /* snd_una before it */
	seq_t fack_before;  /* the highest SACKed then */
	uint32_t dups;	    /* duplicate ACKs that it stands for (RFC 5681 2) */
	bool advanced;	    /* it moved snd_una */
	bool plain_dup;	    /* neither data, nor a new window, nor news */
	bool dsack, dsack_probe; /* a valid D-SACK; one that reports our tail probe */
	bool ece;
	bool new_may_go;    /* there is new data and the peer's window has room */
	const struct tcp_delivered *d;
};

void tcp_loss_init(struct tcp_loss *l, bool sack, seq_t iss, uint32_t reordering);
/* A D-SACK came: [b.from, b.to), below snd_una unless `above`. False: it is implausible. */
bool tcp_loss_dsack(struct tcp_loss *l, struct tcp_loss_env *e, struct tcp_range b, seq_t una_before,
		    uint32_t max_wnd, uint32_t retrans_total, bool *probe);
/* The scoreboard was told of an ACK's SACK blocks and of its number: counts and learns. */
void tcp_loss_news(struct tcp_loss *l, struct tcp_loss_env *e, const struct tcp_loss_ack *in);
/* The tail probe's verdict (RFC 8985 7.4.2). */
void tcp_loss_probe_acked(struct tcp_loss *l, struct tcp_loss_env *e, const struct tcp_loss_ack *in);
/* What an ACK that is more than progress in Open says. */
void tcp_loss_alert(struct tcp_loss *l, struct tcp_loss_env *e, const struct tcp_loss_ack *in);
static inline bool tcp_loss_dubious(const struct tcp_loss *l, const struct tcp_loss_ack *in)
{
	return l->state != TCP_CA_OPEN || in->plain_dup || in->dups || in->d->sacked_segs ||
	       in->dsack || in->ece;
}
/* The window after this ACK while an episode brings it down; in bytes. */
void tcp_loss_window(struct tcp_loss *l, struct tcp_loss_env *e, const struct tcp_loss_ack *in,
		     uint32_t lost);
/* The time that reordering was given is over. True: something is lost. */
bool tcp_loss_waited(struct tcp_loss *l, struct tcp_loss_env *e);
/* The retransmission timer fired for the `retransmits`th time since progress, from 0. */
void tcp_loss_rto(struct tcp_loss *l, struct tcp_loss_env *e, uint32_t retransmits);
/* ECN says that the window is to come down. */
void tcp_loss_cwr(struct tcp_loss *l, struct tcp_loss_env *e);
/* A tail probe left; again: it was a retransmission. */
void tcp_loss_probed(struct tcp_loss *l, seq_t nxt, bool again);
/* The path carries no segments over mss: those are resent, without a smaller window. True: there
 * are. */
bool tcp_loss_too_large(struct tcp_loss *l, struct tcp_rtxq *q, uint32_t mss, seq_t nxt);

/* RFC 6675's pipe, in segments. */
static inline uint32_t tcp_loss_pipe(const struct tcp_loss *l, const struct tcp_rtxq *q)
{
	uint32_t in = tcp_rtxq_pipe(q);

	return in > l->reno_sacked ? in - l->reno_sacked : 0;
}

/* Segments were joined, or cut anew: fewer are outstanding than `out` were, and fewer can have
 * arrived. */
static inline void tcp_loss_fewer(struct tcp_loss *l, const struct tcp_rtxq *q, uint32_t out)
{
	uint32_t less = out > q->out ? out - q->out : 0;

	l->reno_sacked -= less < l->reno_sacked ? less : l->reno_sacked;
}

/* Is cwnd the episode's to set? */
static inline bool tcp_loss_reducing(const struct tcp_loss *l)
{
	return l->state == TCP_CA_CWR || l->state == TCP_CA_RECOVERY;
}

/* Did anything outstanding go again? */
static inline bool tcp_loss_any_retrans(const struct tcp_rtxq *q)
{
	const struct tcp_rec *r = tcp_rtxq_first(q);

	return q->retrans || (r && (r->flags & TCP_REC_EVER));
}

#endif
