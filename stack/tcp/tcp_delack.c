/* SPDX-License-Identifier: BSD-2-Clause */
/* Delayed acknowledgments: the interval estimate, quick ACKs and ping-pong mode, as Linux has
 * them. */
#include "tcp/tcp_delack.h"

#include <string.h>

enum { MSS_MIN = 88, WAIT_MAX_QUIET_US = 500000, FEW = 2 };

void tcp_delack_init(struct tcp_delack *d, uint16_t rcv_mss)
{
	memset(d, 0, sizeof(*d));
	d->rcv_mss = rcv_mss < MSS_MIN ? MSS_MIN : rcv_mss;
}

static void quick_up(struct tcp_delack *d, uint32_t wnd, uint32_t max)
{
	uint32_t quick = wnd / (2 * (uint32_t)d->rcv_mss);

	if (quick == 0)
		quick = 2;
	if (quick > max)
		quick = max;
	if (quick > d->quick)
		d->quick = (uint8_t)quick;
}

bool tcp_delack_measure(struct tcp_delack *d, uint32_t seg, uint32_t adv_mss)
{
	bool larger = seg > d->rcv_mss;

	if (seg >= d->rcv_mss) {
		d->rcv_mss = (uint16_t)(seg < adv_mss ? seg : adv_mss);
		return larger;
	}
	d->pushed = true;
	return false;
}

void tcp_delack_data(struct tcp_delack *d, uint64_t now_us, uint32_t wnd, uint32_t rto_us)
{
	uint64_t gap = now_us - d->last_rcv_us;

	d->pending = true;
	if (d->ato_us == 0) {
		quick_up(d, wnd, TCP_QUICKACKS);
		d->ato_us = TCP_ATO_MIN_US;
	} else if (gap <= TCP_ATO_MIN_US / 2) {
		d->ato_us = d->ato_us / 2 + TCP_ATO_MIN_US / 2;
	} else if (gap < d->ato_us) {
		d->ato_us = d->ato_us / 2 + (uint32_t)gap;
		if (d->ato_us > rto_us)
			d->ato_us = rto_us;
	} else if (gap > rto_us) {
		/* A sender that starts again after a pause has a small window: do not hold it
		 * up. */
		quick_up(d, wnd, TCP_QUICKACKS);
	}
	d->last_rcv_us = now_us;
}

void tcp_delack_data_sent(struct tcp_delack *d, uint64_t now_us, uint32_t thresh)
{
	if (!d->ato_us || now_us - d->last_rcv_us >= d->ato_us)
		return;
	if (d->both < UINT8_MAX)
		d->both++;
	if (d->both >= thresh)
		d->pingpong = true;
}

static void one_way(struct tcp_delack *d)
{
	d->pingpong = false;
	d->both = 0;
	d->ato_us = TCP_ATO_MIN_US;
}

void tcp_delack_ahead(struct tcp_delack *d)
{
	d->pending = true;
}

void tcp_delack_hole(struct tcp_delack *d, bool filled)
{
	d->dups = 0;
	d->pending = true;
	if (filled)
		d->now = true;
}

bool tcp_delack_compress(struct tcp_delack *d, uint32_t most)
{
	if (d->compressed >= most)
		return false;
	if (d->dups < TCP_DUP_ACKS) {
		d->dups++;
		return false;
	}
	d->compressed++;
	return true;
}

uint64_t tcp_delack_compress_ns(uint32_t rtt_us, uint64_t at_most_ns)
{
	uint64_t ns = (uint64_t)rtt_us * 1000 / 20;

	return ns < at_most_ns ? ns : at_most_ns;
}

void tcp_delack_sent(struct tcp_delack *d)
{
	if (d->pending && d->quick && --d->quick == 0)
		d->ato_us = TCP_ATO_MIN_US;
	d->pending = d->now = d->pushed = d->ripe = false;
	d->compressed = 0;
}

void tcp_delack_quick(struct tcp_delack *d, uint32_t wnd)
{
	quick_up(d, wnd, TCP_QUICKACKS);
	one_way(d);
	d->pending = d->now = true;
}

void tcp_delack_few(struct tcp_delack *d, uint32_t wnd)
{
	quick_up(d, wnd, FEW);
	one_way(d);
}

bool tcp_delack_due(const struct tcp_delack *d, uint32_t unacked, bool open)
{
	return d->now || d->ripe || (unacked > d->rcv_mss && open) || (d->quick && !d->pingpong);
}

uint32_t tcp_delack_wait_us(const struct tcp_delack *d, uint32_t srtt_us)
{
	uint32_t wait = d->ato_us;

	if (wait > TCP_ATO_MIN_US) {
		uint32_t max = d->pingpong || d->pushed ? TCP_DELACK_MAX_US : WAIT_MAX_QUIET_US;

		if (srtt_us) {
			uint32_t rtt = srtt_us > TCP_ATO_MIN_US ? srtt_us : TCP_ATO_MIN_US;

			max = rtt < max ? rtt : max;
		}
		wait = wait < max ? wait : max;
	} else {
		wait = TCP_ATO_MIN_US;
	}
	return wait < TCP_DELACK_MAX_US ? wait : TCP_DELACK_MAX_US;
}

void tcp_delack_timeout(struct tcp_delack *d, uint32_t rto_us)
{
	if (d->pingpong) {
		/* Nothing was there to carry it: data flows one way again. */
		one_way(d);
		return;
	}
	d->ato_us *= 2;
	if (d->ato_us > rto_us)
		d->ato_us = rto_us;
}
