/* SPDX-License-Identifier: BSD-2-Clause */
/* RFC 6298, in integers: srtt is kept times 8 and rttvar times 4, so that 1/8 and 1/4 lose
 * nothing. */
#include "tcp/tcp_rtt.h"

enum { RTT_SAMPLE_MAX_US = 1u << 28 }; /* over four minutes: keeps srtt8 in 32 bits */

void tcp_rtt_init(struct tcp_rtt *r)
{
	r->srtt8 = 0;
	r->rttvar4 = 0;
	r->rto_us = TCP_RTT_RTO_INIT_US;
	r->min_rtt_us = UINT32_MAX;
	r->backoff = 0;
}

void tcp_rtt_sample(struct tcp_rtt *r, uint32_t rtt_us, uint32_t rto_min_us, uint32_t rto_max_us)
{
	uint64_t rto;

	if (rtt_us == 0)
		rtt_us = 1;
	if (rtt_us > RTT_SAMPLE_MAX_US)
		rtt_us = RTT_SAMPLE_MAX_US;
	if (rtt_us < r->min_rtt_us)
		r->min_rtt_us = rtt_us;
	if (r->srtt8 == 0) {
		/* RFC 6298 2.2: SRTT = R, RTTVAR = R/2 */
		r->srtt8 = rtt_us * 8;
		r->rttvar4 = rtt_us * 2;
	} else {
		/* 2.3: RTTVAR first, with the old SRTT */
		int64_t err = (int64_t)rtt_us - (int64_t)(r->srtt8 >> 3);
		uint32_t dev = (uint32_t)(err < 0 ? -err : err);

		r->rttvar4 = r->rttvar4 - (r->rttvar4 >> 2) + dev;
		r->srtt8 = (uint32_t)((int64_t)r->srtt8 + err);
		if (r->srtt8 == 0)
			r->srtt8 = 1;
	}
	/* Deviation: RFC 6298 2.4 (SHOULD): the minimum of one second is not kept; as Linux does,
	 * the variation's share is at least tcp_rto_min_us, so that the timeout stands that far off
	 * the smoothed round trip. */
	rto = r->rttvar4 > rto_min_us ? r->rttvar4 : rto_min_us;
	rto += r->srtt8 >> 3;
	r->rto_us = rto > rto_max_us ? rto_max_us : (uint32_t)rto;
	r->backoff = 0;
}

uint32_t tcp_rtt_rto(const struct tcp_rtt *r, uint32_t rto_max_us)
{
	uint64_t rto = r->backoff < 32 ? (uint64_t)r->rto_us << r->backoff : UINT64_MAX;

	return rto > rto_max_us ? rto_max_us : (uint32_t)rto;
}

void tcp_rtt_back_off(struct tcp_rtt *r)
{
	if (r->backoff < UINT8_MAX)
		r->backoff++;
}
