/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Small queues: a connection has little in its link's queue, a millisecond of its rate or two packets, so
 * that others need not wait behind it and it hears soon of what it sends (Linux's tcp_small_queue_check);
 * and while something of it is there, small writes wait for company (tcp_should_autocork). What a queue
 * lets go of makes it go on. Called by tcp_output.c and tcp_data.c.
 */
#include "tcp/tcp_int.h"

enum { RATE_SHIFT = 10 }; /* of a second: Linux's sk_pacing_shift */

uint8_t tcp_small_flow(const struct tcb *t)
{
	return (uint8_t)(1 + t->id % (LINK_QUEUE_FLOWS - 1));
}

static uint64_t limit(const struct ph_stack *st, const struct tcb *t)
{
	uint32_t mss = tcp_output_mss(t), goal = tcp_output_goal(t);
	uint64_t two = 2 * (uint64_t)mss * tcp_cc_quantum(st, t, mss, goal);
	uint64_t most = (uint64_t)st->sysctl.tcp_limit_output_bytes, rate = t->cc.pace_Bps >> RATE_SHIFT;
	uint64_t bytes = rate > two ? rate : two;

	return bytes < most ? bytes : most;
}

bool tcp_small_queue_full(struct ph_stack *st, struct tcb *t)
{
	uint32_t bytes = link_flow_bytes(st, t->dst.link, tcp_small_flow(t));

	/* One packet is always under way, whoever else has the same number. */
	if (bytes == 0 || t->rtxq.n <= 1 || bytes <= limit(st, t))
		return false;
	link_flow_wait(st, t->dst.link, tcp_small_flow(t), &t->waiter);
	return true;
}

/* Is there something of it in the queue, and little to send? */
bool tcp_small_may_cork(const struct ph_stack *st, const struct tcb *t)
{
	return st->sysctl.tcp_autocorking && t->rtxq.n > 0 && !t->snd_urg &&
	       tcp_conn_notsent(t) < tcp_output_goal(t) &&
	       link_flow_bytes(st, t->dst.link, tcp_small_flow(t)) > 0;
}

bool tcp_small_corks(struct ph_stack *st, struct tcb *t)
{
	if (!tcp_small_may_cork(st, t))
		return false;
	if (!list_linked(&t->waiter.node))
		COUNT(st, TcpExtTCPAutoCorking);
	link_flow_wait(st, t->dst.link, tcp_small_flow(t), &t->waiter);
	return true;
}
