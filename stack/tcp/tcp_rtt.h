/* SPDX-License-Identifier: BSD-2-Clause */
/* Round-trip time and retransmission timeout (RFC 6298, as Linux computes it). A leaf: knows
 * neither connection nor clock. Times in us. */
#ifndef TCP_TCP_RTT_H
#define TCP_TCP_RTT_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/seq.h"

enum { TCP_RTT_MINS = 3 };

struct tcp_rtt {
	uint32_t srtt8;	     /* smoothed, times 8; 0: no sample yet */
	uint32_t mdev4;	     /* mean deviation, times 4 */
	uint32_t mdev4_max;  /* its largest in this round trip */
	uint32_t rttvar4;    /* what the timeout stands off, times 4 of RFC 6298's RTTVAR */
	uint32_t rto_us;     /* without back-off */
	uint32_t min_rtt_us; /* smallest sample of the window below; UINT32_MAX: none */
	seq_t round;	     /* snd_nxt when this round trip began */
	uint8_t backoff;     /* doublings since the last valid sample */
	struct tcp_rtt_min {
		uint32_t at_ms, us;
	} min[TCP_RTT_MINS]; /* the smallest, then the smallest since it, and since that */
};

enum {
	TCP_RTT_RTO_INIT_US = 1000000,	  /* RFC 6298 2.1 */
	TCP_RTT_RTO_FALLBACK_US = 3000000 /* 5.7: the SYN was retransmitted and gave no sample */
};

struct tcp_rtt_in {
	uint32_t rtt_us;
	uint32_t rto_min_us, rto_max_us;
	seq_t una, nxt; /* after this ACK */
};

void tcp_rtt_init(struct tcp_rtt *r);
/* A sample by Karn's rule. Bounds: Linux's tcp_rto_min_us and tcp_rto_max_ms. */
void tcp_rtt_sample(struct tcp_rtt *r, const struct tcp_rtt_in *in);
/* The path is longer by so much from now on: no sample was needed to know. */
void tcp_rtt_shift(struct tcp_rtt *r, int64_t by_us, uint32_t rto_max_us);
/* A sample for the least round trip of the last window_ms. */
void tcp_rtt_min_sample(struct tcp_rtt *r, uint32_t rtt_us, uint32_t now_ms, uint32_t window_ms);
/* The timeout with its back-off (RFC 6298 5.5). */
uint32_t tcp_rtt_rto(const struct tcp_rtt *r, uint32_t rto_max_us);
void tcp_rtt_back_off(struct tcp_rtt *r);

static inline bool tcp_rtt_known(const struct tcp_rtt *r)
{
	return r->srtt8 != 0;
}

static inline uint32_t tcp_rtt_srtt_us(const struct tcp_rtt *r)
{
	return r->srtt8 >> 3;
}

#endif
