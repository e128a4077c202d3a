/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The segment that is expected, of a connection on which all is well: next in order, with the window
 * as it was, acknowledging all of some records that were sent once, or nothing where nothing is
 * outstanding. The steps of tcp_input.c and tcp_ack.c would find most of their questions answered
 * before they ask them; what they would do is done here without asking. Whoever changes what an
 * acknowledgment does there changes it here: test_tcp_swift.c runs both side by side. Called by
 * tcp_input.c.
 */
#include "tcp/tcp_swift.h"

enum { RECORDS_MAX = 8 }; /* that one acknowledgment covers; more are the steps' */

/* No loss is doubted or repaired, nothing rare was asked for, and the options are plain. */
static bool all_is_well(const struct tcb *t)
{
	return t->state == TCPS_ESTABLISHED && t->loss.state == TCP_CA_OPEN && t->syn_acked &&
	       t->sack_ok && !t->rare && !t->mtup && !t->early && t->ecn.mode == TCP_ECN_OFF &&
	       t->urg == TCP_URG_NONE && !t->loss.probing && tcp_reass_empty(&t->reass) &&
	       !t->reass.has_fin &&
	       (t->rtxq.sacked | t->rtxq.lost | t->rtxq.retrans | t->rtxq.lost_again) == 0;
}

/* Linux's header prediction, and nothing beside it. */
static bool expected(const struct ph_stack *st, const struct tcb *t, const struct tcp_rx *rx)
{
	const struct tcp_seg *s = &rx->seg;

	if ((s->flags & ~TCP_F_PSH) != TCP_F_ACK || s->seq != t->rcv_nxt ||
	    (uint32_t)s->wnd << t->snd_wscale != t->snd_wnd || s->wnd == 0 ||
	    s->opts.has_ts != t->ts || s->opts.nsack || s->opts.accecn || rx->ip->pkt->gso_size)
		return false;
	if (t->ts && (int32_t)(s->opts.tsval - t->ts_recent) < 0)
		return false;
	if (s->len >= tcp_rcvwin_left(&t->rcvwin, t->rcv_nxt))
		return false;
	return s->len == 0 ||
	       (!tcp_memory_full(st) && tcp_rcv_counted(t) + s->len <= t->rcvwin.buf);
}

/* Does `ack` end a record, and were it and those before it sent once, for the first time? */
static bool plain_records(const struct tcb *t, seq_t ack, uint64_t at_ns)
{
	const struct tcp_rec *r = tcp_rtxq_first(&t->rtxq);

	for (int i = 0; r && i < RECORDS_MAX; i++) {
		const struct list_node *next = list_next(&t->rtxq.recs, &r->node);
		seq_t end = r->seq + r->len;

		if ((r->flags & (uint8_t)~TCP_REC_PUSH) || r->sent_ns == 0 || r->sent_ns > at_ns)
			return false;
		if (seq_ge(end, ack))
			return end == ack;
		r = next ? container_of(next, const struct tcp_rec, node) : NULL;
	}
	return false;
}

/* When it came. */
static uint64_t arrival_ns(const struct ph_stack *st, const struct tcp_rx *rx)
{
	return rx->ip->at_ns && rx->ip->at_ns < st->now_ns ? rx->ip->at_ns : st->now_ns;
}

/* What the records told, of which `ack` is the last one's end. */
struct told {
	uint64_t first_ns, last_ns; /* the oldest and the latest were sent */
	uint32_t segs;
	struct tcp_rate_sample rate;
};

static void take_records(struct ph_stack *st, struct tcb *t, seq_t ack, uint64_t at_ns,
			 struct told *d)
{
	struct tcp_rec *r;

	d->segs = 0;
	d->first_ns = UINT64_MAX;
	d->last_ns = 0;
	d->rate.bytes = 0;
	d->rate.valid = false;
	while ((r = tcp_rtxq_first(&t->rtxq)) && seq_lt(r->seq, ack)) {
		d->segs += tcp_rec_segs(r);
		d->first_ns = r->sent_ns < d->first_ns ? r->sent_ns : d->first_ns;
		d->last_ns = r->sent_ns > d->last_ns ? r->sent_ns : d->last_ns;
		tcp_rate_got(&d->rate, &r->rate, r->sent_ns, r->len);
		tcp_rack_advance(&t->loss.rack, r->sent_ns, r->seq + r->len, false, at_ns,
				 t->rtt.min_rtt_us);
		tcp_rtxq_drop(&t->rtxq, &st->tcp->recs, r);
	}
}

static void advance(struct ph_stack *st, struct tcb *t, seq_t ack)
{
	uint32_t bytes = ack - t->snd_una;

	stream_consume(&t->snd, bytes);
	if (t->snd.len == 0)
		tcp_chrono_stop(&t->chrono, TCP_CHRONO_BUSY, true, tcp_now_us(st));
	t->bytes_acked += bytes;
	t->snd_una = ack;
	if (seq_lt(t->snd_up, ack))
		t->snd_up = ack;
	dst_confirm(st, &t->dst);
}

static void sample_rtt(struct ph_stack *st, struct tcb *t, const struct told *d, uint64_t at_ns,
		       struct cc_ack *a)
{
	uint32_t us = (uint32_t)((at_ns - d->first_ns) / 1000), last_us = us;

	if (d->last_ns != d->first_ns)
		last_us = (uint32_t)((at_ns - d->last_ns) / 1000);
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
	a->srtt_us = tcp_rtt_srtt_us(&t->rtt);
	a->min_rtt_us = t->rtt.min_rtt_us == UINT32_MAX ? 0 : t->rtt.min_rtt_us;
}

/* The window may grow, and the rate be another. */
static void grow(struct ph_stack *st, struct tcb *t, const struct told *d, struct cc_ack *a)
{
	a->acked = d->segs * a->mss;
	a->pipe = tcp_loss_pipe(&t->loss, &t->rtxq) * a->mss;
	a->cwnd_limited = tcp_cc_limited(t);
	tcp_cc_rate(st, t, &d->rate, a);
	cc_acked(&t->cc, a);
	if (t->cc.ended)
		tcp_cc_ended(st, t, a->mss);
	t->cwnd_ns = st->now_ns;
	tcp_cc_pace(st, t);
	if (st->trace.sink)
		TRACE(&st->trace, tcp_cwnd, .conn = t->id, .cwnd = t->cc.cwnd,
		      .ssthresh = t->cc.ssthresh, .inflight = tcp_flight(t));
}

static void progress(struct ph_stack *st, struct tcb *t, seq_t ack, uint64_t at_ns)
{
	struct cc_ack a = { .mss = tcp_output_mss(t), .now_ns = st->now_ns, .una = ack,
			    .nxt = t->snd_nxt, .inflight = tcp_flight(t), .advanced = true };
	struct told d;

	take_records(st, t, ack, at_ns, &d);
	advance(st, t, ack);
	sample_rtt(st, t, &d, at_ns, &a);
	COUNT_N(st, TcpExtTCPDelivered, d.segs);
	t->loss.delivered += d.segs;
	if (t->loss.rack.dsack_seen || t->loss.rack.steps != 1)
		tcp_rack_adapt(&t->loss.rack, (uint8_t)st->sysctl.tcp_recovery, d.last_ns, st->now_ns);
	t->loss.undo.first_ns = 0;
	tcp_timer_progress(st, t);
	grow(st, t, &d, &a);
}

static void take_timestamp(const struct ph_stack *st, struct tcb *t, const struct tcp_seg *s)
{
	if (!t->ts || seq_gt(s->seq, t->rcvwin.wup))
		return;
	t->ts_recent = s->opts.tsval;
	t->ts_recent_ms = tcp_now_ms(st);
}

bool tcp_swift_input(struct ph_stack *st, struct tcb *t, const struct tcp_rx *rx, enum drop *why)
{
	const struct tcp_seg *s = &rx->seg;
	bool news = s->ack != t->snd_una;
	uint64_t at_ns = arrival_ns(st, rx);

	if (!all_is_well(t) || !expected(st, t, rx) || st->tcp->no_swift)
		return false;
	if (news ? seq_lt(s->ack, t->snd_una) || seq_gt(s->ack, t->snd_nxt) ||
			   !plain_records(t, s->ack, at_ns) :
		   tcp_flight(t) != 0)
		return false;
	if (s->len)
		COUNT(st, TcpExtTCPHPHits);
	if (news)
		COUNT(st, TcpExtTCPHPAcks);
	else if (s->len == 0)
		COUNT(st, TcpExtTCPPureAcks);
	if (news || seq_lt(t->snd_wl1, s->seq) ||
	    (t->snd_wl1 == s->seq && seq_le(t->snd_wl2, s->ack))) {
		t->snd_wl1 = s->seq;
		t->snd_wl2 = s->ack;
	}
	t->probes = 0;
	t->error_soft = 0;
	if (news)
		progress(st, t, s->ack, at_ns);
	else
		tcp_timer_acked(st, t, false, false, NULL);
	take_timestamp(st, t, s);
	*why = s->len ? tcp_text_next(st, t, rx) : DROP_NONE;
	return true;
}
