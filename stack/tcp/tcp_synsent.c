/* SPDX-License-Identifier: BSD-2-Clause */
/* A segment in SYN-SENT (RFC 9293 3.10.7.3): the answer to our SYN, a refusal, or the peer's own
 * SYN. */
#include "tcp/tcp_int.h"
#include "wire/ip4.h"

static void take_syn(struct ph_stack *st, struct tcb *t, const struct tcp_rx *rx)
{
	const struct tcp_seg *s = &rx->seg;

	t->irs = s->seq;
	t->rcv_nxt = s->seq + 1;
	t->rcvwin.wup = t->rcv_nxt;
	t->snd_wnd = t->max_wnd = s->wnd; /* not scaled in a SYN (RFC 7323 2.2) */
	t->snd_wl1 = s->seq;
	tcp_conn_options(st, t, &s->opts);
}

/* Data or a FIN that came with the SYN: RFC 9293 says to take it as in the later states. */
static enum drop rest_of(struct ph_stack *st, struct tcb *t, struct tcp_rx *rx)
{
	enum drop why;

	rx->seg.flags &= (uint16_t)~TCP_F_SYN;
	rx->seg.seq++;
	if (rx->seg.len == 0 && !(rx->seg.flags & TCP_F_FIN))
		return DROP_NONE;
	why = tcp_text_take(st, t, rx);
	return why != DROP_NONE ? why : tcp_text_fin(st, t, rx);
}

/* The first ACK and the first data say that options get through here as well. */
static void synack_option(struct tcb *t, const struct tcp_opts *o)
{
	if (!o->accecn)
		return;
	tcp_accecn_saw_option(&t->ecn.acc, o);
	t->ecn.acc.demand = 2;
}

/* The first SYN was answered, not one that went again: it was not lost, and costs no window. */
static bool needless(const struct tcb *t, const struct tcp_seg *s)
{
	return t->ts && s->opts.has_ts &&
	       s->opts.tsecr == (uint32_t)(t->sent_ns / 1000000) + t->ts_off;
}

/* Our SYN is acknowledged: the connection stands. */
static enum drop established(struct ph_stack *st, struct tcb *t, struct tcp_rx *rx)
{
	const struct tcp_seg *s = &rx->seg;

	take_syn(st, t, rx);
	t->snd_wl2 = s->ack;
	tcp_ecn_synack(&t->ecn, s->flags, rx->ip->tos & IP4_ECN_MASK,
		       st->sysctl.tcp_ecn_fallback != 0);
	if (tcp_ecn_accurate(&t->ecn))
		synack_option(t, &s->opts);
	if (t->retransmits > 1 && needless(t, s))
		t->retransmits = 1;
	if (t->retransmits)
		tcp_ecn_reduced(&t->ecn); /* the lost SYN cost the initial window */
	tcp_conn_established(st, t);
	(void)tcp_ack_input(st, t, rx); /* cannot refuse: the ack was checked */
	tcp_metrics_rto(st, t);
	tcp_fo_synack(st, t, &s->opts);
	/* The third segment of the handshake goes at once, unless data is there to carry it. */
	t->delack.pending = t->delack.now = true;
	if (t->fo_more || tcp_rare(t)->defer_accept) { /* data is about to go, and will carry it */
		t->delack.now = false;
		t->delack.ato_us = TCP_ATO_MIN_US;
		t->delack.last_rcv_us = tcp_now_us(st);
	}
	t->ecn.reflect = true;
	return rest_of(st, t, rx);
}

/* RFC 9293 3.5, figure 7 (MUST-10): both opened. The half connection keeps its tcb: it was ours
 * from the start. */
static enum drop simultaneous(struct ph_stack *st, struct tcb *t, const struct tcp_rx *rx)
{
	uint8_t field = rx->ip->tos & IP4_ECN_MASK;

	take_syn(st, t, rx);
	/* RFC 9768 3.1.2: the crossing SYN is answered as by a server. */
	t->ecn.mode = (uint8_t)tcp_ecn_grant(st->sysctl.tcp_ecn, rx->seg.flags, field);
	t->ecn.peer_syn = field & 3u;
	t->snd_wl2 = t->iss;
	tcp_set_state(st, t, TCPS_SYN_RECEIVED);
	tcp_output_syn(st, t);
	return DROP_NONE;
}

enum drop tcp_synsent_input(struct ph_stack *st, struct tcb *t, struct tcp_rx *rx)
{
	const struct tcp_seg *s = &rx->seg;
	bool acked = false;

	if (s->flags & TCP_F_ACK) {
		if (seq_le(s->ack, t->iss) || seq_gt(s->ack, t->snd_nxt)) {
			tcp_xmit_reset(st, rx);
			return DROP_TCP_INVALID_ACK;
		}
		/* RFC 7323 5: an echo of what we never sent is of another connection. */
		if (t->ts && s->opts.has_ts && s->opts.tsecr && !(s->flags & TCP_F_RST) &&
		    (int32_t)(tcp_ts(st, t->ts_off) - s->opts.tsecr) < 0) {
			COUNT(st, TcpExtPAWSActive);
			tcp_xmit_reset(st, rx);
			return DROP_TCP_INVALID_ACK;
		}
		acked = true;
	}
	if (s->flags & TCP_F_RST) {
		if (!acked)
			return DROP_TCP_INVALID_RST;
		tcp_done(st, t, ECONNREFUSED, "refused");
		return DROP_TCP_RESET;
	}
	if (!(s->flags & TCP_F_SYN) || ((s->flags & TCP_F_FIN) && st->sysctl.tcp_synfin == 2))
		return DROP_TCP_FLAGS;
	/* A SYN of the connection that was in TIME-WAIT before this one. */
	if (!acked && t->ts_recent_ms && s->opts.has_ts && (int32_t)(s->opts.tsval - t->ts_recent) < 0)
		return DROP_TCP_PAWS;
	return acked ? established(st, t, rx) : simultaneous(st, t, rx);
}
