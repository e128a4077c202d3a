/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proportional rate reduction (RFC 6937, and the rules of RFC 9937 that Linux has): how much may be
 * sent for each ACK of an episode, so that cwnd comes down to ssthresh over one round trip and is
 * there at its end. A leaf. Everything is counted in segments, as cwnd is shared among them.
 */
#ifndef TCP_TCP_PRR_H
#define TCP_TCP_PRR_H

#include <stdbool.h>
#include <stdint.h>

struct tcp_prr {
	uint32_t prior;	    /* the window before the episode: RecoverFS */
	uint32_t delivered; /* since it began: prr_delivered */
	uint32_t out;	    /* sent since, again or new: prr_out */
};

struct tcp_prr_ack {
	uint32_t ssthresh, inflight;
	uint32_t delivered;  /* by this ACK: DeliveredData */
	bool safe;	     /* it moved snd_una and told of no new loss: SafeACK */
};

/*
 * Deviation: RFC 9937 6.1 (MUST): RecoverFS is the congestion window before the episode, as in
 * Linux, not what was in flight.
 */
void tcp_prr_begin(struct tcp_prr *p, uint32_t prior_cwnd);
/* The window after this ACK, in segments. */
uint32_t tcp_prr_window(struct tcp_prr *p, const struct tcp_prr_ack *a);

#endif
