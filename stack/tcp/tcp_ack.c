/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An acknowledgment for a synchronised connection (RFC 9293 3.10.7.4, fifth step; RFC 5961 5): what
 * it says is told to each part in turn: send queue, scoreboard, loss detection, round trip,
 * congestion control, timers, user. Called by tcp_input.c's check_ack.
 */
#include "tcp/tcp_int.h"

/* Where the last segment of a train begins. */
static seq_t last_seq(const struct tcp_rx *rx)
{
	uint32_t size = rx->ip->pkt->gso_size;

	return rx->seg.seq + (rx->seg.len ? (rx->seg.len - 1) / size * size : 0);
}

/* RFC 9293 3.10.7.4: newer segments, or newer acknowledgments of the same, carry the newer window.
 * True: the ACK is not to be taken for a duplicate, as by Linux's tcp_may_update_window. */
static bool take_window(struct ph_stack *st, struct tcb *t, const struct tcp_rx *rx)
{
	const struct tcp_seg *s = &rx->seg;
	/* Not scaled in a SYN (RFC 7323 2.2). */
	uint32_t wnd = s->flags & TCP_F_SYN ? s->wnd : (uint32_t)s->wnd << t->snd_wscale;
	bool news;

	if (!(seq_gt(s->ack, t->snd_una) || seq_lt(t->snd_wl1, s->seq) ||
	      (t->snd_wl1 == s->seq && seq_le(t->snd_wl2, s->ack))))
		return false;
	if (wnd != t->snd_wnd && tcp_unsent(t))
		tcp_cc_idle(st, t); /* it was the peer's window that kept data back */
	news = wnd != t->snd_wnd || wnd == 0 || seq_lt(t->snd_wl1, s->seq);
	t->snd_wnd = wnd;
	t->snd_wl1 = rx->ip->pkt->train ? last_seq(rx) : s->seq;
	t->snd_wl2 = s->ack;
	if (wnd > t->max_wnd)
		t->max_wnd = wnd;
	return news;
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
	tcp_notify_acked(st, t, ack);
	stream_consume(&t->snd, bytes);
	if (t->snd.len == 0)
		tcp_chrono_stop(&t->chrono, TCP_CHRONO_BUSY, true, tcp_now_us(st));
	t->bytes_acked += bytes;
	t->snd_una = ack;
	if (seq_lt(t->snd_up, ack))
		t->snd_up = ack;
	dst_confirm(st, &t->dst);
}

/*
 * The round trip (Karn's rule, RFC 6298 3): of what was acknowledged in order and sent once; else of
 * what was SACKed; else, when snd_una moved, by the timestamp that came back (RFC 7323 4). The
 * smallest is that of what was sent last, which waited for nobody.
 */
static bool sample_rtt(struct ph_stack *st, struct tcb *t, const struct tcp_rx *rx,
		       const struct tcp_delivered *d, bool progress, struct cc_ack *a)
{
	const struct tcp_opts *o = &rx->seg.opts;
	uint64_t at = d->now_ns, from = 0, last = 0;
	uint32_t us = 0, last_us;

	if (d->first_ns && !d->retrans) {
		from = d->first_ns;
		last = d->last_ns;
	}
	if (d->sack_first_ns) {
		from = from ? from : d->sack_first_ns;
		last = d->sack_last_ns;
	}
	if (from && at >= from) {
		us = (uint32_t)((at - from) / 1000);
		last_us = (uint32_t)((at - last) / 1000);
	} else if (progress && t->ts && o->has_ts && o->tsecr) {
		uint32_t ms = tcp_ts(st, t->ts_off) - o->tsecr;

		if (ms >= 3600 * 1000)
			return false;
		us = last_us = ms ? ms * 1000 : 1000;
	} else {
		return false;
	}
	a->rtt_us = last_us ? last_us : 1;
	tcp_rtt_min_sample(&t->rtt, last_us, (uint32_t)tcp_now_ms(st),
			   (uint32_t)st->sysctl.tcp_min_rtt_wlen * 1000);
	tcp_rtt_sample(&t->rtt, &(struct tcp_rtt_in){
			.rtt_us = us, .rto_min_us = tcp_rto_min_us(st, t),
			.rto_max_us = tcp_rto_max_ms(st, t) * 1000,
			.una = t->snd_una, .nxt = t->snd_nxt });
	TRACE(&st->trace, tcp_rtt, .conn = t->id, .rtt_us = us,
	      .srtt_us = tcp_rtt_srtt_us(&t->rtt), .rttvar_us = t->rtt.mdev4 / 4,
	      .rto_us = t->rtt.rto_us);
	return true;
}

/* Does the acknowledgment tell of marks on our segments (RFC 3168 6.1.2, RFC 9768 3.2.2.5.2)? */
static bool congestion_told(struct ph_stack *st, struct tcb *t, const struct tcp_seg *s,
			    const struct tcp_delivered *d, bool progress, bool syn)
{
	uint32_t marked = 0;

	COUNT_N(st, TcpExtTCPDelivered, d->segs);
	if (tcp_ecn_accurate(&t->ecn)) {
		struct tcp_accecn_in in = { .flags = s->flags, .opts = &s->opts, .segs = d->segs,
					    .told_ce = t->ecn.delivered_ce, .bytes = d->acked,
					    .bytes_sent = t->bytes_sent + t->bytes_retrans,
					    .syn = syn };

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
	tcp_path_marks(st, t, d->segs, marked);
	return marked > 0 || t->ecn.mode == TCP_ECN_CLASSIC;
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

/* What an ACK is apart from the numbers in it. */
struct kind {
	bool window_moved, dsack, dsack_probe, ece;
	bool syn; /* it is the first: our SYN is acknowledged */
	uint32_t flight; /* before it */
	uint32_t gso;	 /* ACKs that were joined in it */
	seq_t before, fack_before;
};

/* RFC 5681 2: what a duplicate acknowledgment is. */
static struct tcp_loss_ack describe(const struct tcb *t, const struct tcp_seg *s,
				    const struct kind *k, const struct tcp_delivered *d)
{
	bool advanced = seq_gt(s->ack, k->before), data = s->len || (s->flags & TCP_F_FIN);
	bool plain = !data && !k->window_moved && !advanced && k->flight;
	uint32_t window = t->snd_wnd;

	return (struct tcp_loss_ack){
		.before = k->before, .fack_before = k->fack_before, .advanced = advanced,
		.plain_dup = plain, .dups = plain && !k->dsack ? 1 : 0,
		.dsack = k->dsack, .dsack_probe = k->dsack_probe, .ece = k->ece, .d = d,
		.new_may_go = tcp_unsent(t) && seq_gt(t->snd_una + window, t->snd_nxt),
	};
}

static struct tcp_delivered delivered_init(struct ph_stack *st, struct tcb *t,
					   const struct tcp_rx *rx)
{
	const struct tcp_opts *o = &rx->seg.opts;

	return (struct tcp_delivered){
		.rack = t->sack_ok ? &t->loss.rack : NULL,
		.now_ns = rx->ip->at_ns && rx->ip->at_ns < st->now_ns ? rx->ip->at_ns : st->now_ns,
		.min_rtt_us = t->rtt.min_rtt_us, .high_seq = t->loss.high_seq,
		.has_ecr = t->ts && o->has_ts && o->tsecr, .ecr_ms = o->tsecr - t->ts_off,
	};
}

/* What the acknowledgment said, told to loss detection, the window and the timers. */
static void recover(struct ph_stack *st, struct tcb *t, const struct tcp_loss_ack *in,
		    struct tcp_loss_env *e, uint64_t delivered, bool sampled)
{
	struct cc_ack *a = e->a;
	uint32_t lost = t->rtxq.lost_ever;
	const struct tcp_rec *head;
	/* RFC 6298 5.3: new data is what counts, not whole segments as in Linux. The same ACK may have been
	 * the sample that ends a back-off. */
	bool set = in->advanced, timed_out = t->loss.state == TCP_CA_LOSS;

	tcp_loss_news(&t->loss, e, in);
	tcp_loss_probe_acked(&t->loss, e, in);
	if (tcp_loss_dubious(&t->loss, in) || e->notes)
		tcp_loss_alert(&t->loss, e, in);
	if (timed_out && t->loss.state != TCP_CA_LOSS)
		tcp_timer_rto_over(st, t);
	if (in->advanced && t->loss.state == TCP_CA_OPEN && !tcp_loss_any_retrans(&t->rtxq))
		t->loss.undo.first_ns = 0;
	head = tcp_rtxq_first(&t->rtxq);
	/* A SACK puts the timeout off if what it reports was sent before the first outstanding. */
	if (!set && sampled && in->d->sack_first_ns && head && in->d->sack_first_ns < head->sent_ns)
		set = true;
	tcp_timer_acked(st, t, in->advanced, set, e);
	a->acked = (uint32_t)(t->loss.delivered - delivered) * a->mss;
	a->lost = (t->rtxq.lost_ever - lost) * a->mss;
	a->pipe = tcp_loss_pipe(&t->loss, &t->rtxq) * a->mss;
	/* Where reordering is known what arrives aside is as good as in order (Linux's
	 * tcp_may_raise_cwnd). */
	if (t->loss.reordering > e->reordering && in->d->sacked_segs)
		a->advanced = true;
	a->cwnd_limited = tcp_cc_limited(t); /* the window may have come down */
	a->recovery = tcp_loss_reducing(&t->loss);
	a->loss_state = t->loss.state == TCP_CA_LOSS;
	if (a->recovery)
		tcp_loss_window(&t->loss, e, in, a->lost);
	tcp_cc_rate(st, t, &in->d->rate, a);
	if (a->acked || a->lost)
		cc_acked(&t->cc, a);
	if (t->cc.ended)
		tcp_cc_ended(st, t, a->mss);
	if (a->advanced && !a->recovery)
		t->cwnd_ns = st->now_ns;
	tcp_cc_pace(st, t);
	tcp_recover_note(st, t, e);
	if (st->trace.sink && (e->notes || a->acked))
		TRACE(&st->trace, tcp_cwnd, .conn = t->id, .cwnd = t->cc.cwnd,
		      .ssthresh = t->cc.ssthresh, .inflight = tcp_flight(t));
}

static void learn(struct ph_stack *st, struct tcb *t, const struct tcp_rx *rx, struct kind *k,
		  struct cc_ack *a)
{
	struct tcp_delivered d = delivered_init(st, t, rx);
	struct tcp_loss_env e = tcp_recover_env(st, t, a);
	const struct tcp_seg *s = &rx->seg;
	uint64_t delivered = t->loss.delivered + (k->syn ? 1 : 0); /* a SYN opens no window */
	struct tcp_loss_ack in;
	bool sampled;

	if (t->sack_ok && s->opts.nsack)
		k->dsack = tcp_sacked_take(st, t, s, &e, k->before, &d, &k->dsack_probe);
	if (seq_gt(s->ack, k->before))
		advance(st, t, s->ack, &d);
	sampled = sample_rtt(st, t, rx, &d, seq_gt(s->ack, k->before), a);
	e.srtt_us = a->srtt_us = tcp_rtt_srtt_us(&t->rtt);
	e.min_rtt_us = t->rtt.min_rtt_us;
	a->min_rtt_us = e.min_rtt_us == UINT32_MAX ? 0 : e.min_rtt_us;
	a->advanced = seq_gt(s->ack, k->before);
	a->sacked = d.sacked;
	k->ece = a->ece = congestion_told(st, t, s, &d, a->advanced, k->syn);
	in = describe(t, s, k, &d);
	if (k->flight) {
		recover(st, t, &in, &e, delivered, sampled);
		return;
	}
	if (k->dsack) { /* all is acknowledged, and some of it was sent for nothing */
		tcp_loss_alert(&t->loss, &e, &in);
		tcp_recover_note(st, t, &e);
	}
	tcp_timer_acked(st, t, false, false, &e);
}

/* Would the kernel have predicted its header: the next octets of a stream in which nothing else is
 * going on? */
static bool predicted(const struct tcb *t, const struct tcp_seg *s)
{
	return t->state == TCPS_ESTABLISHED && t->syn_acked && (s->flags & ~TCP_F_PSH) == TCP_F_ACK &&
	       s->seq == t->rcv_nxt && (uint32_t)s->wnd << t->snd_wscale == t->snd_wnd &&
	       s->opts.has_ts == t->ts && !s->opts.nsack && !s->opts.accecn &&
	       tcp_reass_empty(&t->reass) && t->urg == TCP_URG_NONE &&
	       tcp_rcvwin_left(&t->rcvwin, t->rcv_nxt) > 0;
}

/* By the paths that the kernel takes; phantom has but one. */
static void count_kind(struct ph_stack *st, const struct tcb *t, const struct tcp_seg *s)
{
	bool data = tcp_seg_end(s) != s->seq;

	if (predicted(t, s)) {
		if (data)
			COUNT(st, TcpExtTCPHPHits);
		if (seq_gt(s->ack, t->snd_una))
			COUNT(st, TcpExtTCPHPAcks);
		else if (!data)
			COUNT(st, TcpExtTCPPureAcks);
	} else if (!data) {
		COUNT(st, TcpExtTCPPureAcks);
	}
}

/* Nothing is outstanding and nothing is told, as in every segment to one that only receives:
 * learn() would find nothing. */
static bool says_nothing(const struct tcb *t, const struct tcp_seg *s, const struct kind *k)
{
	return !k->flight && s->ack == k->before && !k->syn && !s->opts.nsack &&
	       t->ecn.mode == TCP_ECN_OFF;
}

/* Somebody answers: nothing that was asked of an empty window, and nothing that a router told of the
 * way there, holds any longer. */
static void way_is_good(struct tcb *t)
{
	t->probes = 0;
	t->error_soft = 0;
}

enum drop tcp_ack_input(struct ph_stack *st, struct tcb *t, const struct tcp_rx *rx)
{
	const struct tcp_seg *s = &rx->seg;
	struct kind k = { .flight = tcp_flight(t), .before = t->snd_una, .syn = !t->syn_acked,
			  .fack_before = t->rtxq.sacked ? t->rtxq.fack : t->snd_una };
	enum drop why = refuse(st, t, s);
	struct cc_ack a;

	if (why != DROP_NONE)
		return why;
	if (seq_ge(s->ack, t->snd_una))
		count_kind(st, t, s);
	if (says_nothing(t, s, &k)) {
		(void)take_window(st, t, rx);
		way_is_good(t);
		tcp_timer_acked(st, t, false, false, NULL);
		tcp_mtu_acked(st, t);
		return DROP_NONE;
	}
	a = (struct cc_ack){ .inflight = k.flight, .mss = tcp_output_mss(t), .now_ns = st->now_ns };
	a.cwnd_limited = tcp_cc_limited(t);
	a.una = seq_gt(s->ack, t->snd_una) ? s->ack : t->snd_una;
	a.nxt = t->snd_nxt;
	if (seq_lt(s->ack, t->snd_una)) {
		/* Overtaken by a later one: of its news only SACK blocks can be new. */
		k.window_moved = true;
		if (s->opts.nsack && k.flight)
			learn(st, t, rx, &k, &a);
		return DROP_NONE;
	}
	if (seq_gt(s->ack, t->snd_una))
		t->retransmits = 0;
	k.window_moved = take_window(st, t, rx);
	way_is_good(t);
	learn(st, t, rx, &k, &a);
	tcp_mtu_acked(st, t);
	return DROP_NONE;
}
