/* SPDX-License-Identifier: BSD-2-Clause */
/* RACK's clock and verdicts. Called by tcp_rtxq.c and tcp_loss.c. */
#include "tcp/tcp_rack.h"

#include "tcp/tcp_rtxq.h"

enum { WALK_MAX = 256 }; /* records looked at that turn out to be waited for, per ACK */

void tcp_rack_init(struct tcp_rack *k)
{
	*k = (struct tcp_rack){ .steps = 1 };
}

static bool sent_after(uint64_t a_ns, seq_t a_end, uint64_t b_ns, seq_t b_end)
{
	return a_ns > b_ns || (a_ns == b_ns && seq_gt(a_end, b_end));
}

void tcp_rack_advance(struct tcp_rack *k, uint64_t sent_ns, seq_t end, bool retrans,
		      uint64_t now_ns, uint32_t min_rtt_us)
{
	uint64_t rtt_us = now_ns > sent_ns ? (now_ns - sent_ns) / 1000 : 0;

	if (retrans && rtt_us < (min_rtt_us == UINT32_MAX ? 0 : min_rtt_us))
		return;
	k->advanced = true;
	k->rtt_us = rtt_us > UINT32_MAX ? UINT32_MAX : (uint32_t)rtt_us;
	if (sent_after(sent_ns, end, k->sent_ns, k->end)) {
		k->sent_ns = sent_ns;
		k->end = end;
	}
}

uint32_t tcp_rack_window_us(const struct tcp_rack *k, const struct tcp_rack_path *p)
{
	uint64_t us;

	if (!p->reordered) {
		/* Nothing ever overtook anything: three that arrived are enough. */
		if (p->recovering || (p->dup_thresh && !(p->bits & TCP_RACK_NO_DUPS)))
			return 0;
	}
	us = (uint64_t)(p->min_rtt_us / 4) * k->steps;
	return us < p->srtt_us ? (uint32_t)us : p->srtt_us;
}

bool tcp_rack_detect(struct tcp_rack *k, struct tcp_rtxq *q, uint32_t window_us, uint64_t now_ns,
		     uint32_t *wait_us)
{
	uint64_t patience_ns = ((uint64_t)k->rtt_us + window_us) * 1000, last_ns = 0;
	struct list_node *n = list_first(&q->by_time), *next;
	int walked = 0;

	for (; n; n = next) {
		struct tcp_rec *r = container_of(n, struct tcp_rec, by_time);

		next = list_next(&q->by_time, n);
		if (!sent_after(k->sent_ns, k->end, r->sent_ns, r->seq + r->len))
			break;
		if (r->sent_ns + patience_ns <= now_ns) {
			tcp_rtxq_lose(q, r);
			continue;
		}
		last_ns = r->sent_ns;
		if (++walked == WALK_MAX) {
			last_ns = k->sent_ns; /* none that waits was sent later */
			break;
		}
	}
	k->advanced = false;
	if (!last_ns)
		return false;
	/* Rounded up: when the time is over, it is over. */
	*wait_us = (uint32_t)((last_ns + patience_ns - now_ns + 999) / 1000);
	return true;
}

void tcp_rack_adapt(struct tcp_rack *k, uint8_t bits, uint64_t newest_ns, uint64_t now_ns)
{
	if ((bits & TCP_RACK_STATIC) || !newest_ns)
		return;
	/* The round trip in which the window grew is not over. */
	if (newest_ns < k->grown_ns)
		k->dsack_seen = false;
	if (k->dsack_seen) {
		if (k->steps < UINT8_MAX)
			k->steps++;
		k->dsack_seen = false;
		k->grown_ns = now_ns;
		k->persist = TCP_RACK_PERSIST;
	} else if (!k->persist) {
		k->steps = 1;
	}
}

void tcp_rack_recovered(struct tcp_rack *k, bool undone)
{
	if (!undone && k->persist)
		k->persist--;
}
