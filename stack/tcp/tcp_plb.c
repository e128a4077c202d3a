/* SPDX-License-Identifier: BSD-2-Clause */
/* Protective load balancing: see tcp_plb.h. */
#include "tcp/tcp_plb.h"

bool tcp_plb_acked(struct tcp_plb *p, const struct tcp_plb_conf *c, uint32_t segs, uint32_t marked,
		   seq_t una, seq_t nxt)
{
	uint64_t ratio;

	if (!p->begun) {
		p->begun = true;
		p->round_end = nxt;
	}
	p->delivered += segs;
	p->marked += marked;
	if (seq_lt(una, p->round_end))
		return false;
	if (p->delivered) {
		ratio = (uint64_t)p->marked * TCP_PLB_SCALE / p->delivered;
		if (ratio < c->threshold)
			p->congested = 0;
		else if (p->congested < c->rounds)
			p->congested++;
	}
	p->delivered = p->marked = 0;
	p->round_end = nxt;
	return true;
}

bool tcp_plb_wants(struct tcp_plb *p, const struct tcp_plb_conf *c, bool idle, uint64_t now_ns)
{
	bool forced = p->congested >= c->rounds;
	bool free_to = idle && c->idle_rounds && p->congested >= c->idle_rounds;

	if ((!forced && !free_to) || now_ns < p->pause_until_ns)
		return false;
	p->congested = 0;
	return true;
}

void tcp_plb_timeout(struct tcp_plb *p, uint64_t now_ns, uint64_t pause_ns)
{
	p->pause_until_ns = now_ns + pause_ns;
	p->congested = 0;
}
