/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How fast the path delivers: each record in flight carries what had been delivered when it left, and
 * its acknowledgment says how much was delivered meanwhile (draft-cheng-iccrg-delivery-rate-
 * estimation; Linux's tcp_rate.c does the same). A leaf: tcp_rtxq.c keeps the marks, tcp_ack.c asks.
 *
 *	rate = delivered since it left / the longer of
 *		send time: from the first sending of that flight to its own
 *		ack time:  from the last delivery before it left to its acknowledgment
 */
#ifndef TCP_TCP_RATE_H
#define TCP_TCP_RATE_H

#include <stdbool.h>
#include <stdint.h>

struct tcp_rate {
	uint64_t delivered, lost; /* bytes, ever */
	uint64_t app_limited;	  /* `delivered` that ends the bubble; 0: there is none */
	uint32_t delivered_us;	  /* when last; times here are us, modulo 2^32 */
	uint32_t first_tx_us;	  /* the flight being measured began */
	uint32_t best_bytes, best_us; /* the last sample worth showing: tcpi_delivery_rate */
	bool best_app_limited;
};

struct tcp_rate_mark { /* in a record, when it last left */
	uint32_t delivered, lost; /* low bits */
	uint32_t delivered_us, first_tx_us;
	uint32_t in_flight : 31; /* bytes, with it */
	uint32_t app_limited : 1;
};

struct tcp_rate_sample {
	struct tcp_rate_mark mark; /* of the newest record delivered */
	uint32_t sent_us;	   /* when it left */
	uint32_t bytes;		   /* delivered by this ACK */
	bool valid;
};

struct tcp_rate_result {
	uint64_t rate_Bps; /* 0: no sample */
	uint64_t prior_delivered;
	uint32_t delivered, interval_us, lost, in_flight;
	bool app_limited;
};

/* `bytes` leave now, `pipe` being in the network before them. */
void tcp_rate_sent(struct tcp_rate *r, struct tcp_rate_mark *m, uint64_t now_ns, uint32_t pipe,
		   uint32_t bytes);
/* An ACK reports `bytes` of a record as delivered for the first time, sent at sent_ns. */
void tcp_rate_got(struct tcp_rate_sample *s, const struct tcp_rate_mark *m, uint64_t sent_ns,
		  uint32_t bytes);
/* The ACK is read: what it says. lost: bytes it gave up; min_rtt_us 0 or UINT32_MAX: unknown. */
struct tcp_rate_result tcp_rate_make(struct tcp_rate *r, const struct tcp_rate_sample *s,
				     uint64_t now_ns, uint32_t lost, uint32_t min_rtt_us);
/* The application left room in the window, with `pipe` bytes in the network: until they are through,
 * samples say how fast it writes. */
void tcp_rate_app_limited(struct tcp_rate *r, uint32_t pipe);
/* tcpi_delivery_rate, bytes per second. */
uint64_t tcp_rate_best_Bps(const struct tcp_rate *r);

#endif
