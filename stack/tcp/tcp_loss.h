/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fast retransmit and fast recovery: NewReno (RFC 6582), and with SACK a simple RFC 6675. Decides
 * what is lost and when an episode of loss begins and ends; what that does to the window is cc's. A
 * leaf.
 */
#ifndef TCP_TCP_LOSS_H
#define TCP_TCP_LOSS_H

#include <stdbool.h>
#include <stdint.h>

#include "tcp/tcp_rtxq.h"

enum tcp_ca { /* Linux's numbers: tcpi_ca_state */
	TCP_CA_OPEN,
	TCP_CA_DISORDER,
	TCP_CA_CWR,
	TCP_CA_RECOVERY,
	TCP_CA_LOSS
};

enum { TCP_DUP_THRESH = 3 };

struct tcp_loss {
	seq_t high_seq; /* snd_nxt when the episode began: RFC 6582's recover */
	uint32_t reno_sacked; /* without SACK: bytes that duplicate ACKs say have arrived */
	uint8_t state;	      /* enum tcp_ca */
	uint8_t dupacks;
	bool sack;	      /* SACK was negotiated */
};

struct tcp_loss_in {
	seq_t una, nxt;	   /* after this ACK */
	uint32_t mss;
	uint32_t acked;	   /* by which una moved */
	uint32_t min_rtt_us; /* UINT32_MAX: unknown */
	bool dupack;	   /* RFC 5681 2's duplicate, or new SACK information without progress */
	const struct tcp_delivered *delivered;
};

enum tcp_loss_event {
	TCP_LOSS_NONE,
	TCP_LOSS_ENTER,
	TCP_LOSS_PARTIAL, /* without SACK: una moved to the next hole */
	TCP_LOSS_DEEPEN,  /* as ENTER, in a window that was reduced already */
	TCP_LOSS_EXIT
};

void tcp_loss_init(struct tcp_loss *l, bool sack, seq_t iss);
/* An ACK came and the queue was told. ENTER: reduce the window once; EXIT: recovery is over.
 * ENTER and PARTIAL: the first lost segment goes again at once, whatever the window (RFC 6582
 * 3.2). */
enum tcp_loss_event tcp_loss_ack(struct tcp_loss *l, struct tcp_rtxq *q, struct pool *recs,
				 const struct tcp_loss_in *in);
/* The retransmission timer fired. True: a new episode, reduce ssthresh (RFC 5681 3.1, once per
 * window). */
bool tcp_loss_rto(struct tcp_loss *l, struct tcp_rtxq *q, seq_t una, seq_t nxt);
/* The path carries no segments over mss: those are resent, without a smaller window. True: there
 * are. */
bool tcp_loss_too_large(struct tcp_loss *l, struct tcp_rtxq *q, uint32_t mss, seq_t nxt);
/* The peer told of congestion (RFC 3168 6.1.2). True: reduce the window; once in a round trip. */
bool tcp_loss_cwr(struct tcp_loss *l, seq_t nxt);
/* RFC 6675's pipe: bytes believed to be in the network, `out` being snd_nxt - snd_una. */
uint32_t tcp_loss_pipe(const struct tcp_loss *l, const struct tcp_rtxq *q, uint32_t out);

#endif
