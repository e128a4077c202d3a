/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An acknowledgment for a synchronised connection (RFC 9293 3.10.7.4, fifth step; RFC 5961 5): what
 * it says is told to each part in turn: send queue, scoreboard, loss detection, round trip,
 * congestion control, timers, user. Called by tcp_input.c's check_ack.
 */
#include "tcp/tcp_int.h"

/* RFC 9293 3.10.7.4: newer segments, or newer acknowledgments of the same, carry the newer window.
 * True: it changed. */
static bool take_window(struct tcb *t, const struct tcp_seg *s)
{
	/* Not scaled in a SYN (RFC 7323 2.2). */
	uint32_t wnd = s->flags & TCP_F_SYN ? s->wnd : (uint32_t)s->wnd << t->snd_wscale;
	bool changed;

	if (!(seq_gt(s->ack, t->snd_una) || seq_lt(t->snd_wl1, s->seq) ||
	      (t->snd_wl1 == s->seq && seq_le(t->snd_wl2, s->ack))))
		return false;
	changed = wnd != t->snd_wnd;
	t->snd_wnd = wnd;
	t->snd_wl1 = s->seq;
	t->snd_wl2 = s->ack;
	if (wnd > t->max_wnd)
		t->max_wnd = wnd;
	return changed;
}

/* RFC 2018 3: a block is believed if it lies in what is outstanding. D-SACKs (RFC 2883) lie below
 * and are passed over. */
static void take_sack(struct ph_stack *st, struct tcb *t, const struct tcp_seg *s,
		      struct tcp_delivered *d)
{
	if (!t->sack_ok)
		return;
	for (uint8_t i = 0; i < s->opts.nsack; i++) {
		struct tcp_range b = s->opts.sack[i];

		if (seq_le(b.to, b.from) || seq_gt(b.to, t->snd_nxt) || seq_lt(b.from, s->ack)) {
			if (seq_gt(b.to, t->snd_nxt) || seq_le(b.to, b.from))
				COUNT(st, TcpExtTCPSACKDiscard);
			continue;
		}
		if (seq_gt(b.to, t->snd_una))
			tcp_rtxq_sack(&t->rtxq, &st->tcp->recs, b, d);
	}
}

/* Bytes from snd_una to ack leave the send queue, less what SYN and FIN take of the sequence
 * space. */
static void advance(struct ph_stack *st, struct tcb *t, seq_t ack, struct tcp_delivered *d)
{
	uint32_t bytes = ack - t->snd_una;

	tcp_rtxq_ack(&t->rtxq, &st->tcp->recs, ack, d);
	if (!t->syn_acked) {
		t->syn_acked = true;
		bytes--;
	}
	if (t->fin_sent && ack == t->snd_nxt && bytes > t->snd.len)
		bytes--;
	stream_consume(&t->snd, bytes);
	t->bytes_acked += bytes;
	t->snd_una = ack;
	if (seq_lt(t->snd_up, ack))
		t->snd_up = ack;
	dst_confirm(st, &t->dst);
}

/* Karn's rule (RFC 6298 3): from data sent once; else by the timestamp that came back (RFC 7323 4).
 * us, 0: none. */
static uint32_t rtt_sample(const struct ph_stack *st, const struct tcb *t, const struct tcp_rx *rx,
			   const struct tcp_delivered *d, bool progress)
{
	uint64_t at = rx->ip->at_ns && rx->ip->at_ns < st->now_ns ? rx->ip->at_ns : st->now_ns;
	const struct tcp_opts *o = &rx->seg.opts;

	if (d->first_ns && !d->retrans && at >= d->first_ns) {
		uint64_t us = (at - d->first_ns) / 1000;

		return us == 0 ? 1 : us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
	}
	if (progress && t->ts && o->has_ts && o->tsecr) {
		uint32_t ms = tcp_ts(st, t->ts_off) - o->tsecr;

		if (ms < 3600 * 1000)
			return ms ? ms * 1000 : 1000;
	}
	return 0;
}

static void sample_rtt(struct ph_stack *st, struct tcb *t, uint32_t us)
{
	if (us == 0)
		return;
	tcp_rtt_sample(&t->rtt, us, tcp_rto_min_us(st, t),
		       tcp_rto_max_ms(st, t) * 1000);
	TRACE(&st->trace, tcp_rtt, .conn = t->id, .rtt_us = us,
	      .srtt_us = tcp_rtt_srtt_us(&t->rtt), .rttvar_us = t->rtt.rttvar4 / 4,
	      .rto_us = t->rtt.rto_us);
}

/* RFC 5681 2: what a duplicate acknowledgment is; new SACK information counts as well (RFC 6675
 * 2). */
static bool is_dupack(const struct tcb *t, const struct tcp_seg *s, bool window_moved,
		      const struct tcp_delivered *d)
{
	if (s->ack != t->snd_una || t->snd_nxt == t->snd_una)
		return false;
	if (t->sack_ok && s->opts.nsack)
		return d->sacked > 0;
	return s->len == 0 && !(s->flags & (TCP_F_SYN | TCP_F_FIN)) && !window_moved;
}

static void reduce_window(struct tcb *t, const struct cc_ack *a, enum cc_why why)
{
	cc_reduce(&t->cc, a, why, false);
	if (!cc_rules(&t->cc))
		t->cc.cwnd = t->cc.ssthresh;
	tcp_ecn_reduced(&t->ecn);
}

static void congestion(struct ph_stack *st, struct tcb *t, enum tcp_loss_event event,
		       struct cc_ack *a)
{
	if (event == TCP_LOSS_ENTER || event == TCP_LOSS_PARTIAL || event == TCP_LOSS_DEEPEN)
		t->resend_now = true;
	if (event == TCP_LOSS_ENTER) {
		reduce_window(t, a, CC_LOSS);
		if (t->sack_ok)
			COUNT(st, TcpExtTCPSackRecovery);
		else
			COUNT(st, TcpExtTCPRenoRecovery);
	} else if (a->ece && tcp_loss_cwr(&t->loss, t->snd_nxt)) {
		reduce_window(t, a, CC_ECN);
	}
	if (event == TCP_LOSS_EXIT)
		cc_recovered(&t->cc, st->now_ns);
	a->recovery = event != TCP_LOSS_NONE || t->loss.state == TCP_CA_RECOVERY ||
		      t->loss.state == TCP_CA_CWR;
	a->loss_state = t->loss.state == TCP_CA_LOSS;
	if (a->acked || a->lost)
		cc_acked(&t->cc, a);
	if (st->trace.sink && (event != TCP_LOSS_NONE || a->acked))
		TRACE(&st->trace, tcp_cwnd, .conn = t->id, .cwnd = t->cc.cwnd,
		      .ssthresh = t->cc.ssthresh, .inflight = tcp_flight(t));
}

static void recover(struct ph_stack *st, struct tcb *t, const struct tcp_delivered *d,
		    struct tcp_loss_in *in, struct cc_ack *a)
{
	enum tcp_loss_event event;

	in->mss = a->mss = tcp_output_mss(t);
	in->una = t->snd_una;
	in->nxt = t->snd_nxt;
	in->min_rtt_us = t->rtt.min_rtt_us;
	in->delivered = d;
	a->now_ns = st->now_ns;
	a->una = t->snd_una;
	a->nxt = t->snd_nxt;
	a->advanced = in->acked > 0;
	a->srtt_us = tcp_rtt_srtt_us(&t->rtt);
	a->acked = d->acked;
	a->sacked = d->sacked;
	a->min_rtt_us = t->rtt.min_rtt_us == UINT32_MAX ? 0 : t->rtt.min_rtt_us;
	event = tcp_loss_ack(&t->loss, &t->rtxq, &st->tcp->recs, in);
	congestion(st, t, event, a);
}

/* Does the acknowledgment tell of marks on our segments (RFC 3168 6.1.2, RFC 9768 3.2.2.5.2)? */
static bool congestion_told(struct ph_stack *st, struct tcb *t, const struct tcp_seg *s,
			    const struct tcp_delivered *d, bool progress, bool syn)
{
	uint32_t marked = 0;
	struct tcp_accecn_in in = { .flags = s->flags, .opts = &s->opts, .segs = d->segs,
				    .told_ce = t->ecn.delivered_ce, .bytes = d->acked,
				    .bytes_sent = t->bytes_sent + t->bytes_retrans, .syn = syn };

	COUNT_N(st, TcpExtTCPDelivered, d->segs);
	if (tcp_ecn_accurate(&t->ecn)) {
		in.mss = tcp_output_mss(t);
		in.progress = progress || d->acked ||
			      (t->ts && s->opts.has_ts &&
			       (int32_t)(s->opts.tsval - t->ts_recent) > 0);
		in.steady = t->sack_ok || t->loss.state == TCP_CA_OPEN ||
			    t->loss.state == TCP_CA_CWR;
		marked = tcp_accecn_ack(&t->ecn.acc, &in);
	} else if (t->ecn.mode == TCP_ECN_CLASSIC && (s->flags & TCP_F_ECE) &&
		   !(s->flags & TCP_F_SYN)) {
		marked = d->segs;
	} else {
		return false;
	}
	t->ecn.delivered_ce += marked;
	COUNT_N(st, TcpExtTCPDeliveredCE, marked);
	return marked > 0 || t->ecn.mode == TCP_ECN_CLASSIC;
}

/* Room for the user's next bytes: told once a third is free (Linux's sk_stream_write_space). */
static void tell_space(struct ph_stack *st, struct tcb *t)
{
	tcp_conn_space(st, t);
	if (t->nospace && tcp_conn_writable(st, t)) {
		t->nospace = false;
		ready_set(st, &t->ready);
	}
}

/* RFC 5961 5.2: older than any window we offered could explain, or of what was never sent. */
static enum drop refuse(struct ph_stack *st, struct tcb *t, const struct tcp_seg *s)
{
	if (seq_gt(s->ack, t->snd_nxt)) {
		tcp_challenge_ack(st, t); /* RFC 9293 3.10.7.4: answered by an ACK */
		return DROP_TCP_ACK_UNSENT_DATA;
	}
	if (seq_lt(s->ack, t->snd_una - t->max_wnd)) {
		tcp_challenge_ack(st, t);
		return DROP_TCP_TOO_OLD_ACK;
	}
	return DROP_NONE;
}

enum drop tcp_ack_input(struct ph_stack *st, struct tcb *t, const struct tcp_rx *rx)
{
	const struct tcp_seg *s = &rx->seg;
	struct tcp_delivered d = { .acked = 0 };
	struct tcp_loss_in in = { .acked = 0 };
	struct cc_ack a = { .inflight = tcp_flight(t) };
	uint32_t rtt;
	enum drop why = refuse(st, t, s);
	bool window_moved, syn = !t->syn_acked;

	if (why != DROP_NONE)
		return why;
	a.cwnd_limited = tcp_cc_limited(t);
	if (seq_lt(s->ack, t->snd_una)) {
		/* Overtaken by a later one: of its news only SACK blocks can be new. */
		take_sack(st, t, s, &d);
		if (d.acked)
			recover(st, t, &d, &in, &a);
		return DROP_NONE;
	}
	window_moved = take_window(t, s);
	in.acked = s->ack - t->snd_una;
	if (in.acked)
		advance(st, t, s->ack, &d);
	take_sack(st, t, s, &d);
	in.dupack = !in.acked && is_dupack(t, s, window_moved, &d);
	rtt = rtt_sample(st, t, rx, &d, in.acked > 0);
	sample_rtt(st, t, rtt);
	a.rtt_us = rtt;
	a.ece = congestion_told(st, t, s, &d, in.acked > 0, syn);
	recover(st, t, &d, &in, &a);
	tcp_timer_acked(st, t, in.acked > 0);
	if (in.acked)
		tell_space(st, t);
	return DROP_NONE;
}
