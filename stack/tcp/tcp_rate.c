/* SPDX-License-Identifier: BSD-2-Clause */
/* Delivery-rate samples: see tcp_rate.h. */
#include "tcp/tcp_rate.h"

static uint32_t us_of(uint64_t ns)
{
	return (uint32_t)(ns / 1000);
}

void tcp_rate_sent(struct tcp_rate *r, struct tcp_rate_mark *m, uint64_t now_ns, uint32_t pipe,
		   uint32_t bytes)
{
	/* Nothing was in flight: the clocks of a flight begin, so that idle time is not in them. */
	if (pipe == 0)
		r->first_tx_us = r->delivered_us = us_of(now_ns);
	m->delivered = (uint32_t)r->delivered;
	m->lost = (uint32_t)r->lost;
	m->delivered_us = r->delivered_us;
	m->first_tx_us = r->first_tx_us;
	m->in_flight = (pipe + bytes) & INT32_MAX;
	m->app_limited = r->app_limited != 0;
}

void tcp_rate_got(struct tcp_rate_sample *s, const struct tcp_rate_mark *m, uint64_t sent_ns,
		  uint32_t bytes)
{
	uint32_t sent_us = us_of(sent_ns);

	s->bytes += bytes;
	if (s->valid && (int32_t)(sent_us - s->sent_us) < 0)
		return;
	s->mark = *m;
	s->sent_us = sent_us;
	s->valid = true;
}

struct tcp_rate_result tcp_rate_make(struct tcp_rate *r, const struct tcp_rate_sample *s,
				     uint64_t now_ns, uint32_t lost, uint32_t min_rtt_us)
{
	struct tcp_rate_result out = { .rate_Bps = 0 };
	uint32_t now = us_of(now_ns), send_us, ack_us;

	r->lost += lost;
	if (s->bytes == 0)
		return out;
	r->delivered += s->bytes;
	r->delivered_us = now;
	if (r->app_limited && r->delivered > r->app_limited)
		r->app_limited = 0;
	if (!s->valid)
		return out;
	r->first_tx_us = s->sent_us;
	out.delivered = (uint32_t)r->delivered - s->mark.delivered;
	out.prior_delivered = r->delivered - out.delivered;
	out.lost = (uint32_t)r->lost - s->mark.lost;
	out.in_flight = s->mark.in_flight;
	out.app_limited = s->mark.app_limited;
	send_us = s->sent_us - s->mark.first_tx_us;
	ack_us = now - s->mark.delivered_us;
	out.interval_us = send_us > ack_us ? send_us : ack_us;
	/* Shorter than any round trip: the ACK is of something sent twice, or a clock is coarse. */
	if (out.interval_us == 0 || (min_rtt_us != UINT32_MAX && out.interval_us < min_rtt_us))
		return out;
	out.rate_Bps = (uint64_t)out.delivered * 1000000 / out.interval_us;
	if (!out.app_limited || (uint64_t)out.delivered * r->best_us >=
					(uint64_t)r->best_bytes * out.interval_us) {
		r->best_bytes = out.delivered;
		r->best_us = out.interval_us;
		r->best_app_limited = out.app_limited;
	}
	return out;
}

void tcp_rate_app_limited(struct tcp_rate *r, uint32_t pipe)
{
	r->app_limited = r->delivered + pipe;
	if (r->app_limited == 0)
		r->app_limited = 1;
}

uint64_t tcp_rate_best_Bps(const struct tcp_rate *r)
{
	return r->best_us ? (uint64_t)r->best_bytes * 1000000 / r->best_us : 0;
}
