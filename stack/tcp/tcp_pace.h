/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When the next packet may leave at a rate, and how much one packet should hold (Linux's pacing and
 * TSO autosizing). A leaf: tcp_output.c asks and tells, tcp_timer.c wakes it.
 */
#ifndef TCP_TCP_PACE_H
#define TCP_TCP_PACE_H

#include <stdbool.h>
#include <stdint.h>

enum {
	TCP_PACE_FREE_SEGS = 10,   /* the first ones leave at once: the initial window */
	TCP_PACE_QUANTUM_SHIFT = 10, /* a packet holds what the rate gives in 1/1024 s */
	TCP_PACE_RTT_SHIFT = 9	   /* and more, by half for each 512 us less of round trip: the default */
};

struct tcp_pace {
	uint64_t next_ns; /* the next packet may leave */
	uint64_t max_Bps; /* SO_MAX_PACING_RATE; UINT64_MAX: none, 0: not set */
	bool waiting;	  /* something waits for it */
};

static inline bool tcp_pace_held(const struct tcp_pace *p, uint64_t now_ns)
{
	return now_ns < p->next_ns;
}

/* A packet of that many bytes with headers left now, at a rate; segs_before: data segments ever sent
 * before it. */
void tcp_pace_sent(struct tcp_pace *p, uint64_t now_ns, uint64_t rate_Bps, uint32_t bytes,
		   uint32_t segs_before);
/* Linux's rate for an algorithm that has none of its own: percent of a window per round trip;
 * 0: not known yet. */
uint64_t tcp_pace_rate(uint32_t window, uint32_t mss, uint32_t srtt_us, uint32_t percent);
/* Segments that one packet should hold. min_rtt_us UINT32_MAX: not known; rtt_log: of the microseconds
 * that halve what a short path adds, 0: it adds nothing. */
uint32_t tcp_pace_quantum(uint64_t rate_Bps, uint32_t mss, uint32_t min_rtt_us, uint32_t rtt_log,
			  uint32_t min_segs, uint32_t max_bytes);

#endif
