/* SPDX-License-Identifier: BSD-2-Clause */
/* Pacing: see tcp_pace.h. */
#include "tcp/tcp_pace.h"

enum { RTT_SHIFT_MAX = 31 };

void tcp_pace_sent(struct tcp_pace *p, uint64_t now_ns, uint64_t rate_Bps, uint32_t bytes,
		   uint32_t segs_before)
{
	uint64_t take_ns, late_ns;

	if (rate_Bps == 0 || rate_Bps == UINT64_MAX || segs_before < TCP_PACE_FREE_SEGS) {
		p->next_ns = now_ns;
		return;
	}
	take_ns = (uint64_t)bytes * 1000000000u / rate_Bps;
	/* A timer that was late gives back up to half of a packet's time. */
	late_ns = p->next_ns && now_ns > p->next_ns ? now_ns - p->next_ns : 0;
	take_ns -= late_ns < take_ns / 2 ? late_ns : take_ns / 2;
	p->next_ns = now_ns + take_ns;
}

uint64_t tcp_pace_rate(uint32_t window, uint32_t mss, uint32_t srtt_us, uint32_t percent)
{
	uint64_t rate = (uint64_t)(window > mss ? window : mss) * percent * 10000;

	return srtt_us ? rate / srtt_us : rate;
}

uint32_t tcp_pace_quantum(uint64_t rate_Bps, uint32_t mss, uint32_t min_rtt_us, uint32_t rtt_log,
			  uint32_t min_segs, uint32_t max_bytes)
{
	uint64_t bytes = rate_Bps >> TCP_PACE_QUANTUM_SHIFT;
	uint32_t halvings = min_rtt_us >> rtt_log, segs;

	if (rtt_log && halvings <= RTT_SHIFT_MAX)
		bytes += max_bytes >> halvings;
	if (bytes > max_bytes)
		bytes = max_bytes;
	segs = (uint32_t)bytes / mss;
	if (segs < min_segs)
		segs = min_segs;
	return segs * mss > max_bytes && segs > 1 ? max_bytes / mss ? max_bytes / mss : 1 : segs;
}
