/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Another way through the network. Routers that have several choose one by the flow label (RFC 6438),
 * so a connection that gets nowhere tries its luck with another label: after a timeout, when the peer
 * sends old data again with a label that is new (what we acknowledge does not reach it), and when the
 * path is congested round trip after round trip (tcp_plb.h). Linux's sk_rethink_txhash() and its
 * callers. Called by tcp_timer.c, tcp_input.c, tcp_text.c and tcp_ack.c.
 *
 * Deviation: RFC 6437 3 (SHOULD): the label of a flow changes then, as Linux's does;
 * net.core.txrehash and SO_TXREHASH switch it off.
 */
#include "tcp/tcp_int.h"

bool tcp_path_may_change(const struct ph_stack *st, const struct tcb *t)
{
	int8_t own = tcp_rare(t)->so.txrehash;

	return own < 0 ? st->sysctl.txrehash != 0 : own != 0;
}

static bool change(const struct ph_stack *st, struct tcb *t)
{
	if (!tcp_path_may_change(st, t))
		return false;
	t->path++;
	return true;
}

void tcp_path_timeout(struct ph_stack *st, struct tcb *t)
{
	uint64_t pause_s = (uint64_t)st->sysctl.tcp_plb_suspend_rto_sec, pause_ns;

	if (change(st, t)) {
		COUNT(st, TcpExtTcpTimeoutRehash);
		t->rehash++;
	}
	if (!st->sysctl.tcp_plb_enabled || !t->rare)
		return;
	pause_ns = pause_s * 1000000000u;
	if (pause_s)
		pause_ns += (uint64_t)prng_below(&st->prng, (uint32_t)pause_s * 1000) * 1000000;
	tcp_plb_timeout(&t->rare->plb, st->now_ns, pause_ns);
}

void tcp_path_heard(struct tcb *t, const struct tcp_rx *rx)
{
	t->rcv_flow = rx->ip->flow;
}

void tcp_path_duplicate(struct ph_stack *st, struct tcb *t, const struct tcp_rx *rx)
{
	if (ip_is4(&t->dst.dst))
		return;
	if (t->loss.state != TCP_CA_LOSS && t->rcv_flow != rx->ip->flow && change(st, t))
		COUNT(st, TcpExtTcpDuplicateDataRehash);
	tcp_path_heard(t, rx);
}

/* Only accurate ECN tells how many were marked. */
void tcp_path_marks(struct ph_stack *st, struct tcb *t, uint32_t segs, uint32_t marked)
{
	struct tcp_plb_conf c = { .rounds = (uint32_t)st->sysctl.tcp_plb_rehash_rounds,
				  .idle_rounds = (uint32_t)st->sysctl.tcp_plb_idle_rehash_rounds,
				  .threshold = (uint32_t)st->sysctl.tcp_plb_cong_thresh };
	struct tcp_rare *r;

	if (!st->sysctl.tcp_plb_enabled || !tcp_ecn_accurate(&t->ecn))
		return;
	r = tcp_rare_own(st, t);
	if (!r)
		return; /* it stays where it is */
	if (tcp_plb_acked(&r->plb, &c, segs, marked, t->snd_una, t->snd_nxt) &&
	    tcp_plb_wants(&r->plb, &c, tcp_flight(t) == 0, st->now_ns) && change(st, t)) {
		COUNT(st, TcpExtTCPPLBRehash);
		t->rehash++;
	}
}
