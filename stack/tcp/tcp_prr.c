/* SPDX-License-Identifier: BSD-2-Clause */
/* The three numbers of PRR. Called by tcp_loss.c for each ACK of an episode. Deviation: RFC 9937 6.4
 * (SHOULD): what the end of an episode lets go is paced only where the connection is. */
#include "tcp/tcp_prr.h"

void tcp_prr_begin(struct tcp_prr *p, uint32_t prior_cwnd)
{
	*p = (struct tcp_prr){ .prior = prior_cwnd ? prior_cwnd : 1 };
}

static int64_t max_i64(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

uint32_t tcp_prr_window(struct tcp_prr *p, const struct tcp_prr_ack *a)
{
	int64_t room = (int64_t)a->ssthresh - a->inflight, send;

	p->delivered += a->delivered;
	if (room < 0) {
		uint64_t share = (uint64_t)a->ssthresh * p->delivered + p->prior - 1;

		send = (int64_t)(share / p->prior) - p->out;
	} else {
		send = max_i64((int64_t)p->delivered - p->out, a->delivered);
		if (a->safe)
			send++;
		if (send > room)
			send = room;
	}
	/* The first ACK of an episode always lets one segment go. */
	send = max_i64(send, p->out ? 0 : 1);
	return (uint32_t)(a->inflight + send);
}
