/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RACK (RFC 8985 6): a segment is lost when one sent well after it has arrived. Decides which
 * records are lost and how long reordering is waited for; tcp_rtxq.c tells it what arrived,
 * tcp_loss.c asks it for verdicts. A leaf. Times in ns unless the name says us.
 */
#ifndef TCP_TCP_RACK_H
#define TCP_TCP_RACK_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/seq.h"

struct tcp_rtxq;

enum {			      /* net.ipv4.tcp_recovery */
	TCP_RACK_STATIC = 2,  /* the reordering window does not grow */
	TCP_RACK_NO_DUPS = 4, /* three SACKed segments do not close it */
	TCP_RACK_PERSIST = 16 /* recoveries that a grown window lasts (RFC 8985 6.2 step 4) */
};

struct tcp_rack {
	uint64_t sent_ns; /* when the latest sent of all that arrived was sent */
	uint64_t grown_ns; /* when the window last grew */
	seq_t end;	  /* its last byte, and one */
	uint32_t rtt_us;  /* of what arrived last */
	uint8_t steps;	  /* quarters of the least round trip that reordering is given */
	uint8_t persist;
	bool advanced;	  /* since the last verdict */
	bool dsack_seen;  /* since the window last grew */
};

struct tcp_rack_path { /* what the width of the window depends on */
	uint32_t min_rtt_us; /* UINT32_MAX: unknown */
	uint32_t srtt_us;
	bool reordered;	     /* the path was seen to do it */
	bool recovering;     /* an episode is on */
	bool dup_thresh;     /* as many segments are SACKed as reordering was seen to span */
	uint8_t bits;	     /* net.ipv4.tcp_recovery */
};

void tcp_rack_init(struct tcp_rack *k);
/* A segment arrived. What was retransmitted and is acknowledged sooner than any round trip was is
 * the first copy, and says nothing. */
void tcp_rack_advance(struct tcp_rack *k, uint64_t sent_ns, seq_t end, bool retrans,
		      uint64_t now_ns, uint32_t min_rtt_us);
/* Step 4. */
uint32_t tcp_rack_window_us(const struct tcp_rack *k, const struct tcp_rack_path *p);
/* Step 5: marks what is lost. True: others wait, *wait_us more (0 < it). */
bool tcp_rack_detect(struct tcp_rack *k, struct tcp_rtxq *q, uint32_t window_us, uint64_t now_ns,
		     uint32_t *wait_us);
/* Once an ACK: the window grows with each round trip that brings a D-SACK. newest_ns: when the
 * newest segment that it delivers left; 0: it delivers none. */
void tcp_rack_adapt(struct tcp_rack *k, uint8_t bits, uint64_t newest_ns, uint64_t now_ns);
/* An episode ended: without an undo one of the recoveries that the window lasts is over. */
void tcp_rack_recovered(struct tcp_rack *k, bool undone);

#endif
