/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RFC 6298 in integers: srtt is kept times 8 and the deviation times 4, so that 1/8 and 1/4 lose
 * nothing. As Linux has it, the timeout stands off by the largest deviation of a round trip, which
 * is let down slowly, and a round trip that shortens does not count as deviation in full: else the
 * timeout would rise when the path gets better.
 */
#include "tcp/tcp_rtt.h"

enum { RTT_SAMPLE_MAX_US = 1u << 28 }; /* over four minutes: keeps srtt8 in 32 bits */

void tcp_rtt_init(struct tcp_rtt *r)
{
	*r = (struct tcp_rtt){ .rto_us = TCP_RTT_RTO_INIT_US, .min_rtt_us = UINT32_MAX };
}

/* RFC 6298 2.2: SRTT = R, RTTVAR = R/2. */
static void first(struct tcp_rtt *r, const struct tcp_rtt_in *in, uint32_t us)
{
	r->srtt8 = us * 8;
	r->mdev4 = us * 2;
	r->rttvar4 = r->mdev4 > in->rto_min_us ? r->mdev4 : in->rto_min_us;
	r->mdev4_max = r->rttvar4;
	r->round = in->nxt;
}

/* 2.3: the deviation first, with the old SRTT. */
static void later(struct tcp_rtt *r, const struct tcp_rtt_in *in, uint32_t us)
{
	int64_t err = (int64_t)us - (int64_t)(r->srtt8 >> 3), step;

	r->srtt8 = (uint32_t)((int64_t)r->srtt8 + err);
	if (r->srtt8 == 0)
		r->srtt8 = 1;
	step = (err < 0 ? -err : err) - (r->mdev4 >> 2);
	if (err < 0 && step > 0)
		step >>= 3;
	r->mdev4 = (uint32_t)((int64_t)r->mdev4 + step);
	if (r->mdev4 > r->mdev4_max) {
		r->mdev4_max = r->mdev4;
		if (r->mdev4_max > r->rttvar4)
			r->rttvar4 = r->mdev4_max;
	}
	if (seq_gt(in->una, r->round)) {
		if (r->mdev4_max < r->rttvar4)
			r->rttvar4 -= (r->rttvar4 - r->mdev4_max) >> 2;
		r->round = in->nxt;
		r->mdev4_max = in->rto_min_us;
	}
}

/* Deviation: RFC 6298 2.4 (SHOULD): the minimum of one second is not kept; as Linux does, the
 * variation's share is at least tcp_rto_min_us, so that the timeout stands that far off the smoothed
 * round trip. */
static void set_rto(struct tcp_rtt *r, uint32_t rto_max_us)
{
	uint64_t rto = (uint64_t)(r->srtt8 >> 3) + r->rttvar4;

	r->rto_us = rto > rto_max_us ? rto_max_us : (uint32_t)rto;
}

void tcp_rtt_shift(struct tcp_rtt *r, int64_t by_us, uint32_t rto_max_us)
{
	int64_t srtt8 = (int64_t)r->srtt8 + by_us * 8;

	r->srtt8 = srtt8 < 1 ? 1 : srtt8 > UINT32_MAX ? UINT32_MAX : (uint32_t)srtt8;
	set_rto(r, rto_max_us);
	r->min_rtt_us = UINT32_MAX;
}

void tcp_rtt_sample(struct tcp_rtt *r, const struct tcp_rtt_in *in)
{
	uint32_t us = in->rtt_us;

	if (us == 0)
		us = 1;
	if (us > RTT_SAMPLE_MAX_US)
		us = RTT_SAMPLE_MAX_US;
	if (r->srtt8 == 0)
		first(r, in, us);
	else
		later(r, in, us);
	set_rto(r, in->rto_max_us);
	r->backoff = 0;
}

static void min_shift(struct tcp_rtt *r, struct tcp_rtt_min m)
{
	r->min[0] = r->min[1];
	r->min[1] = r->min[2];
	r->min[2] = m;
}

/* The window is followed with three samples, each the least since the one before it was taken: when
 * the first is too old the second takes its place. */
void tcp_rtt_min_sample(struct tcp_rtt *r, uint32_t rtt_us, uint32_t now_ms, uint32_t window_ms)
{
	struct tcp_rtt_min m = { .at_ms = now_ms, .us = rtt_us ? rtt_us : 1 };
	uint32_t age;

	if (r->min_rtt_us == UINT32_MAX || m.us <= r->min[0].us ||
	    now_ms - r->min[2].at_ms > window_ms) {
		r->min[0] = r->min[1] = r->min[2] = m;
	} else if (m.us <= r->min[1].us) {
		r->min[1] = r->min[2] = m;
	} else if (m.us <= r->min[2].us) {
		r->min[2] = m;
	}
	age = now_ms - r->min[0].at_ms;
	if (age > window_ms) {
		min_shift(r, m);
		if (now_ms - r->min[0].at_ms > window_ms)
			min_shift(r, m);
	} else if (r->min[1].at_ms == r->min[0].at_ms && age > window_ms / 4) {
		r->min[1] = r->min[2] = m;
	} else if (r->min[2].at_ms == r->min[1].at_ms && age > window_ms / 2) {
		r->min[2] = m;
	}
	r->min_rtt_us = r->min[0].us;
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
