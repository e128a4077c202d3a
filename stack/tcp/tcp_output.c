/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What to send, and when. tcp_output() is called whenever something changed that may allow it: the
 * user wrote, an ACK came, a timer fired, the link has room again. It sends, in this order,
 *
 *	1. what the scoreboard calls lost, while cwnd has room (tcp_rtxq_next)
 *	2. new data, while cwnd and the peer's window have room, Nagle and SWS avoidance permitting
 *	3. the FIN, behind the last byte
 *
 * as super-segments: one packet of many segments, cut by the device or, without one that can, by
 * the link.
 *
 *	snd_una          snd_nxt                       snd_una + snd_wnd
 *	  |  rtxq: records  |  usable: min(cwnd - pipe, this) |
 *	  |<------------ snd: the stream of bytes ------------------->| FIN
 *
 * A packet that the link did not take was not sent: snd_nxt stays, and the link calls back
 * (tcp_output_resume).
 */
#include <string.h>

#include "tcp/tcp_int.h"

enum {
	COPY_MAX = 192,			      /* smaller payloads lie behind their headers */
	SPREE_MAX = 1024,		      /* packets in one call */
	DEFER_NS = 1000000,
	DEFER_SEGS = 3
};

static uint32_t min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Payload of an IP packet of 64 KiB. */
static uint32_t super_max(const struct tcb *t)
{
	return 65535 - (t->dst.v6 ? 40u : 20u + tcp_ip_opt_len(t)) - TCP_HDR_MAX;
}

static void refresh_ecn(const struct ph_stack *st, struct tcb *t)
{
	if (tcp_ecn_accurate(&t->ecn))
		tcp_accecn_refresh(&t->ecn.acc, st->sysctl.tcp_ecn_option,
				   st->sysctl.tcp_ecn_option_beacon, st->now_ns,
				   tcp_rtt_srtt_us(&t->rtt));
}

uint16_t tcp_output_window(struct ph_stack *st, struct tcb *t)
{
	uint32_t before = t->rcvwin.wnd, wnd;

	tcp_memory_clamp(st, t);
	t->rcvwin.shrink = st->sysctl.tcp_shrink_window && t->rcv_wscale;
	if (tcp_rcvwin_low(&t->rcvwin, tcp_rcv_counted(t)))
		t->delack.quick = 0;
	wnd = tcp_rcvwin_tell(&t->rcvwin, t->rcv_nxt, tcp_rcv_counted(t), t->delack.rcv_mss,
			      t->rcv_wscale);
	if (wnd && tcp_rcvwin_wants_zero(&t->rcvwin, tcp_rcv_counted(t), t->delack.rcv_mss,
					 t->rcv_wscale))
		COUNT(st, TcpExtTCPWantZeroWindowAdv);
	if (wnd == 0 && before)
		COUNT(st, TcpExtTCPToZeroWindowAdv);
	else if (wnd && before == 0)
		COUNT(st, TcpExtTCPFromZeroWindowAdv);
	if (t->rcvwin.whole) /* more is taken than the field can tell, so it rounds up */
		wnd += (1u << t->rcv_wscale) - 1;
	wnd >>= t->rcv_wscale;
	return wnd > UINT16_MAX ? UINT16_MAX : (uint16_t)wnd;
}

/* Flags and ECN field of a segment with `len` bytes of data. */
static void mark_ecn(struct tcb *t, struct tcp_out *o, uint32_t len)
{
	bool fresh = len > 0 && seq_ge(o->seq, t->snd_nxt);

	if ((o->flags & TCP_F_SYN) || t->ecn.mode == TCP_ECN_OFF)
		return;
	if (tcp_ecn_accurate(&t->ecn)) {
		/* Deviation: RFC 9768 3.2.2 (MUST): the last ACKs of a connection that nobody holds
		 * tell no count, as those of TIME-WAIT, which keeps none: no data of the peer's
		 * is left that it could concern. */
		if (t->state == TCPS_FIN_WAIT_2 && !t->held) {
			o->tos |= IP_ECN_ECT0;
			return;
		}
		if (t->ecn.reflect && len == 0)
			o->flags |= tcp_accecn_reflect(t->ecn.peer_syn);
		t->ecn.reflect = false;
	}
	o->tos |= tcp_ecn_send(&t->ecn, fresh, &o->flags);
}

static int xmit(struct ph_stack *st, struct tcb *t, struct tcp_out *o, struct pkt *take_pkt,
		uint32_t len)
{
	o->lport = t->ent.lport;
	o->pport = t->ent.pport;
	o->tos = t->dst.v6 ? t->ip6.tclass : t->tos;
	o->ttl = t->dst.v6 ? ip6_opt_hops(&t->ip6, false) : t->ttl;
	o->path = t->path;
	o->ip_opt_len = tcp_ip_opt_len(t);
	o->ip_opt = tcp_rare(t)->ip_opt;
	o->delay_us = tcp_rare(t)->tx_delay_us;
	o->md5 = tcp_md5_find(t, &t->dst.dst);
	o->opts.has_md5 = o->md5 != NULL;
	o->may_fragment = !t->dst.v6 && !tcp_dont_fragment(st, t);
	take_pkt->flow = len ? tcp_small_flow(t) : 0;
	mark_ecn(t, o, len);
	if (o->opts.accecn)
		tcp_accecn_option_sent(&t->ecn.acc, st->now_ns,
				       o->opts.nsack && t->sack.dup.from != t->sack.dup.to);
	/* RFC 3168 6.1.2: once, so in the first of them only. */
	take_pkt->gso_ecn = t->ecn.mode == TCP_ECN_CLASSIC && (o->flags & TCP_F_CWR);
	if (o->opts.nsack)
		tcp_sack_told(&t->sack);
	if (o->flags & TCP_F_ACK) {
		COUNT_N(st, TcpExtTCPAckCompressed, t->delack.compressed);
		tcp_delack_sent(&t->delack);
		tcp_timer_ack_sent(st, t);
	}
	tcp_info_trace_sent(st, t, o, len);
	return tcp_xmit(st, &t->dst, o, take_pkt);
}

/* The route still stands, and its mtu is the one that mss was made for. */
static bool path_ready(struct ph_stack *st, struct tcb *t)
{
	uint16_t mtu = t->dst.mtu;
	int err = dst_refresh(st, &t->dst);

	if (err) {
		t->error_soft = (int16_t)-err;
		return false;
	}
	tcp_mtu_route_changed(st, t, mtu);
	return true;
}

static void count_out(struct ph_stack *st, struct tcb *t, uint32_t segs)
{
	COUNT_N(st, TcpOutSegs, segs);
	t->segs_out += segs;
}

/* A segment that is not a SYN, all but window and acknowledgment. */
static void begin(const struct ph_stack *st, const struct tcb *t, struct tcp_out *o, seq_t seq,
		  uint16_t flags)
{
	o->seq = seq;
	o->ack = 0;
	o->flags = flags;
	o->wnd = o->urg = o->gso_size = 0;
	o->plain = tcp_options_plain(t);
	tcp_output_options(st, t, &o->opts);
}

/* A segment without data at sequence number seq. */
static void send_bare(struct ph_stack *st, struct tcb *t, seq_t seq, uint16_t flags)
{
	struct tcp_out o;
	struct pkt *p;

	refresh_ecn(st, t);
	begin(st, t, &o, seq, flags);
	if (!path_ready(st, t) || !(p = pkt_new_tx(&st->pkts, 0)))
		return;
	if (flags & TCP_F_ACK) {
		o.ack = t->rcv_nxt;
		o.wnd = (flags & TCP_F_RST) && st->sysctl.tcp_bsd_ways ? 0 : tcp_output_window(st, t);
	}
	count_out(st, t, 1);
	(void)xmit(st, t, &o, p, 0);
}

void tcp_output_ack(struct ph_stack *st, struct tcb *t)
{
	bool fin = st->sysctl.tcp_bsd_ways && t->fin_sent && t->snd_una != t->snd_nxt;

	send_bare(st, t, fin ? t->snd_nxt - 1 : t->snd_nxt, fin ? TCP_F_FIN | TCP_F_ACK : TCP_F_ACK);
}

void tcp_output_challenge(struct ph_stack *st, struct tcb *t)
{
	send_bare(st, t, t->snd_nxt, TCP_F_ACK);
}

/* Deviation: RFC 7323 5.2 (SHOULD): the reset of a connection has its timestamps as any segment has;
 * that of no connection has none. Linux's. */
void tcp_output_rst(struct ph_stack *st, struct tcb *t)
{
	COUNT(st, TcpOutRsts);
	send_bare(st, t, t->snd_nxt, TCP_F_RST | TCP_F_ACK);
}

/* Payload [seq, seq+len) in a packet, small ones copied; *len: what fitted into its spans. NULL: no
 * memory. */
static struct pkt *payload(struct ph_stack *st, struct tcb *t, seq_t seq, uint32_t *len)
{
	uint32_t off = seq - tcp_snd_base(t), n = *len;
	struct pkt *p = pkt_new_tx(&st->pkts, n <= COPY_MAX ? n : 0);

	if (!p || n == 0)
		return p;
	if (n <= COPY_MAX) {
		n = stream_peek(&t->snd, off, pkt_put(p, n), n);
		assert(n == *len);
		return p;
	}
	*len = stream_to_pkt(&t->snd, off, n, p);
	if (*len == 0) {
		pkt_free(p);
		return NULL;
	}
	return p;
}

void tcp_output_syn(struct ph_stack *st, struct tcb *t)
{
	tcp_output_syn_with(st, t, &(struct tcp_fo_syn){ .len = 0 });
}

/* Fast Open's part of the first SYN: the option, and a record of its data. */
static void syn_extras(struct ph_stack *st, struct tcb *t, struct tcp_out *o,
		       const struct tcp_fo_syn *f)
{
	o->opts.has_fo = f->option;
	o->opts.fo_exp = f->cookie.exp;
	o->opts.fo_len = f->cookie.len;
	memcpy(o->opts.fo, f->cookie.bytes, f->cookie.len);
	if (tcp_opt_len(&o->opts) > TCP_OPTS_MAX)
		o->opts.has_fo = false;
	if (f->len == 0 || !tcp_rtxq_sent(&t->rtxq, &st->tcp->recs, t->iss + 1, f->len,
					  (uint16_t)f->len, TCP_REC_PUSH, st->now_ns))
		return; /* what was not sent goes with the handshake's end */
	t->snd_nxt += f->len;
	t->bytes_sent += f->len;
	t->data_segs_out++;
	COUNT(st, TcpExtTCPOrigDataSent);
}

void tcp_output_syn_with(struct ph_stack *st, struct tcb *t, const struct tcp_fo_syn *f)
{
	uint32_t len = 0;
	struct tcp_out o = { .seq = t->iss, .flags = TCP_F_SYN };
	struct tcp_rec *r = tcp_rtxq_first(&t->rtxq);
	struct pkt *p;

	if (!r) {
		if (!tcp_rtxq_sent(&t->rtxq, &st->tcp->recs, t->iss, 1, 1, TCP_REC_SYN, st->now_ns)) {
			tcp_timer_sent_again(st, t, true); /* tries again */
			return;
		}
		t->snd_nxt = t->iss + 1;
		t->sent_ns = st->now_ns;
		COUNT(st, TcpOutSegs);
	} else {
		tcp_rtxq_resent(&t->rtxq, &st->tcp->recs, r, r->len, r->mss, st->now_ns);
		COUNT(st, TcpRetransSegs);
		COUNT(st, TcpExtTCPSynRetrans);
		t->total_retrans++;
	}
	tcp_timer_sent(st, t);
	o.opts = tcp_conn_syn_options(st, t);
	if (!r) {
		syn_extras(st, t, &o, f);
		len = t->snd_nxt - (t->iss + 1);
	}
	o.wnd = (uint16_t)min_u32(t->rcvwin.wnd, UINT16_MAX); /* never scaled (RFC 7323 2.2) */
	if (t->state == TCPS_SYN_SENT) {
		o.flags |= tcp_ecn_syn_flags(&t->ecn, r ? t->retransmits : 0,
					     st->sysctl.tcp_ecn_fallback != 0);
	} else {
		o.flags |= TCP_F_ACK |
			   tcp_ecn_synack_flags((enum tcp_ecn_mode)t->ecn.mode, t->ecn.peer_syn);
		o.ack = t->rcv_nxt;
	}
	t->segs_out++;
	if (dst_refresh(st, &t->dst) == 0 && (p = payload(st, t, t->iss + 1, &len)))
		(void)xmit(st, t, &o, p, len);
}

/* Cuts the packet's payload, of *len bytes, back to whole segments: its spans were many and
 * small. */
static void cut_to_segments(struct pkt *p, uint32_t *len, uint32_t mss)
{
	if (*len > mss && *len % mss) {
		*len -= *len % mss;
		pkt_trim(p, p->hdr.len + *len);
	}
}

/* Of `len` bytes at seq, what belongs to the same record (MSG_EOR). */
static uint32_t of_record(const struct tcb *t, seq_t seq, uint32_t len)
{
	return t->rare && t->rare->marks ? tcp_marks_cut(t->rare->marks, seq, len) : len;
}

static bool ends_record(const struct tcb *t, seq_t end)
{
	return t->rare && t->rare->marks && tcp_marks_ends(t->rare->marks, end);
}

bool tcp_record_ends(const struct tcb *t)
{
	return ends_record(t, tcp_snd_end(t));
}

/* Sends the packet with the first `len` bytes of the record, and with its FIN. */
static int send_data(struct ph_stack *st, struct tcb *t, struct pkt *take_pkt,
		     const struct tcp_rec *r, uint32_t len, uint32_t mss, bool fin)
{
	struct tcp_out o;
	seq_t seq = r->seq;

	begin(st, t, &o, seq, TCP_F_ACK);
	o.ack = t->rcv_nxt;
	o.wnd = tcp_output_window(st, t);
	if (len > mss) {
		o.gso_size = (uint16_t)mss;
		o.flags |= TCP_F_PSH; /* as Linux: what came together is delivered together */
	}
	if (fin)
		o.flags |= TCP_F_FIN;
	if (len && (r->flags & TCP_REC_PUSH) && len + (fin ? 1 : 0) == r->len)
		o.flags |= TCP_F_PSH;
	if (t->snd_urg && seq_lt(seq, t->snd_up)) {
		uint32_t ahead = t->snd_up - seq;

		o.flags |= TCP_F_URG;
		o.urg = (uint16_t)min_u32(ahead, UINT16_MAX);
	}
	return xmit(st, t, &o, take_pkt, len);
}

static uint32_t segments(uint32_t len, uint32_t mss)
{
	return len <= mss ? 1 : (len + mss - 1) / mss;
}

/* Linux's tcp_nagle_check, after Minshall: a short segment waits only while another short one is
 * unacknowledged. */
static bool may_send_short(const struct tcb *t, bool all_with_fin)
{
	if (all_with_fin || (t->snd_urg && seq_lt(t->snd_nxt, t->snd_up)))
		return true;
	if (t->nonagle & TCP_PUSH_NOW)
		return true;
	if (t->nonagle & TCP_CORK_ON)
		return false;
	if (t->nonagle & TCP_NODELAY_ON)
		return true;
	return !(seq_gt(t->snd_sml, t->snd_una) && seq_le(t->snd_sml, t->snd_nxt));
}

/* The most that goes in one packet: whole segments, and one where a segment is larger than a
 * super-segment may be. */
static uint32_t packet_max(const struct tcb *t, uint32_t mss)
{
	uint32_t most = super_max(t);

	if (tcp_md5_find(t, &t->dst.dst))
		return mss; /* each is signed on its own */
	return mss > most ? mss : most / mss * mss;
}

/* Whole segments: a short one takes as much of the window as a full one. */
static uint32_t cwnd_room(const struct tcb *t)
{
	uint32_t pipe = tcp_loss_pipe(&t->loss, &t->rtxq), mss = tcp_output_mss(t);
	uint32_t cwnd = tcp_cwnd_segs(t, mss);

	if (t->early && !t->syn_acked && pipe)
		pipe--; /* a SYN-ACK that data followed is not counted */
	return cwnd > pipe ? (cwnd - pipe) * mss : 0;
}

static uint32_t window_room(const struct tcb *t)
{
	seq_t edge = t->snd_una + t->snd_wnd;

	return seq_gt(edge, t->snd_nxt) ? edge - t->snd_nxt : 0;
}

uint32_t tcp_output_goal(const struct tcb *t)
{
	uint32_t mss = tcp_output_mss(t), most = packet_max(t, mss), half = t->max_wnd / 2;

	if (t->max_wnd > TCP_MSS_DEFAULT4 && half < most)
		most = half > mss ? half - half % mss : mss;
	return most;
}

/*
 * More would go in one packet if it waited for the next ACK, and one is soon to come: Linux's
 * tcp_tso_should_defer. n: what may go now; most: what a packet holds.
 */
static bool better_later(const struct ph_stack *st, const struct tcb *t, uint32_t n, uint32_t data,
			 uint32_t most)
{
	const struct tcp_rec *head = tcp_rtxq_first(&t->rtxq);
	uint32_t room = min_u32(window_room(t), cwnd_room(t));
	uint64_t srtt_ns = (uint64_t)tcp_rtt_srtt_us(&t->rtt) * 1000, soon = srtt_ns / 2;
	uint32_t divisor = (uint32_t)st->sysctl.tcp_tso_win_divisor;
	uint32_t chunk = min_u32(t->snd_wnd, t->cc.cwnd);

	if (!head || data <= tcp_output_mss(t) || t->loss.state >= TCP_CA_RECOVERY ||
	    st->now_ns - t->sent_ns > DEFER_NS)
		return false;
	if (room >= most || room >= data || (t->fin_queued && n == data))
		return false;
	if (divisor ? room >= chunk / divisor : room > DEFER_SEGS * tcp_output_mss(t))
		return false;
	if (soon > DEFER_NS)
		soon = DEFER_NS;
	/* When is the ACK of the first expected? */
	return head->sent_ns + srtt_ns <= st->now_ns + soon;
}

/* Before the urgent octet each segment says how far it is: one goes at a time. */
static uint32_t most_at(const struct tcb *t, seq_t seq, uint32_t most)
{
	return t->snd_urg && seq_lt(seq, t->snd_up) ? min_u32(most, tcp_output_mss(t)) : most;
}

/* How many bytes of new data to put into the next packet; 0: none now. */
static uint32_t choose_new(const struct ph_stack *st, struct tcb *t, uint32_t mss)
{
	uint32_t all = tcp_snd_end(t) - t->snd_nxt, data = of_record(t, t->snd_nxt, all);
	uint32_t cwnd = cwnd_room(t), n, whole;
	uint32_t most = tcp_cc_quantum(st, t, mss, tcp_output_goal(t)) * mss;

	n = min_u32(min_u32(data, window_room(t)), cwnd);
	if (better_later(st, t, min_u32(n, most), data, most))
		return 0;
	n = min_u32(n, most_at(t, t->snd_nxt, most));
	whole = n - n % mss;
	if (n == data && (data < all || may_send_short(t, t->fin_queued)))
		return n;
	/* RFC 9293 3.8.6.2.1: full segments only, until the persist timer overrides. */
	return whole;
}

static void sent_new(struct ph_stack *st, struct tcb *t, uint32_t len, uint32_t mss, bool fin)
{
	uint32_t segs = segments(len, mss);

	if (tcp_flight(t) == 0)
		cc_resume(&t->cc, st->now_ns, st->now_ns - t->sent_ns, false);
	if (len % mss)
		t->snd_sml = t->snd_nxt + len;
	tcp_notify_sent(st, t, t->snd_nxt, len);
	t->snd_nxt += len + (fin ? 1 : 0);
	if (fin)
		t->fin_sent = true;
	if (seq_ge(t->snd_nxt, t->snd_up))
		t->snd_urg = false;
	count_out(st, t, segs);
	COUNT_N(st, TcpExtTCPOrigDataSent, segs); /* of a FIN alone, too, as in the kernel */
	if (len) {
		t->data_segs_out += segs;
		t->bytes_sent += len;
		tcp_delack_data_sent(&t->delack, tcp_now_us(st),
				     (uint32_t)st->sysctl.tcp_pingpong_thresh);
	}
	if (tcp_loss_reducing(&t->loss))
		t->loss.prr.out += segs;
	t->sent_ns = st->now_ns;
	tcp_timer_sent(st, t);
	tcp_conn_tell_space(st, t); /* what never left may be little now */
}

/* `len` bytes of new data, in segments of mss, in one packet. flags: TCP_REC_FIN behind them;
 * TCP_REC_PUSH. */
static bool put_new(struct ph_stack *st, struct tcb *t, uint32_t len, uint32_t mss, uint8_t flags)
{
	uint32_t pipe = tcp_loss_pipe(&t->loss, &t->rtxq) * mss, want = len;
	struct pkt *p = payload(st, t, t->snd_nxt, &len);
	struct tcp_rec *r;
	bool fin;

	if (!p)
		return false;
	if (len < want)
		cut_to_segments(p, &len, mss);
	fin = (flags & TCP_REC_FIN) && len == want;
	r = tcp_rtxq_sent(&t->rtxq, &st->tcp->recs, t->snd_nxt, len + (fin ? 1 : 0), (uint16_t)mss,
			  fin ? TCP_REC_FIN : 0, st->now_ns);
	if (!r) {
		pkt_free(p);
		return false;
	}
	if (len && ((flags & TCP_REC_PUSH) || seq_ge(t->snd_nxt + len, t->push_seq) ||
		    ends_record(t, t->snd_nxt + len) || t->snd_nxt + len == t->push_half))
		r->flags |= TCP_REC_PUSH;
	if (send_data(st, t, p, r, len, mss, fin) != 0) {
		tcp_rtxq_unsend(&t->rtxq, &st->tcp->recs, r);
		return false;
	}
	tcp_cc_packet(st, t, r, pipe, len);
	sent_new(st, t, len, mss, fin);
	return true;
}

/* One packet of new data or the FIN. False: nothing to send, or not now. */
static bool send_new(struct ph_stack *st, struct tcb *t, bool forced)
{
	uint32_t mss = tcp_output_mss(t), all = tcp_snd_end(t) - t->snd_nxt;
	uint32_t data = of_record(t, t->snd_nxt, all), len = 0;
	uint8_t flags = 0;

	if (t->fin_sent)
		return false;
	if (data) {
		len = forced ? min_u32(min_u32(data, mss), window_room(t)) : choose_new(st, t, mss);
		if (forced && len < min_u32(data, mss))
			flags |= TCP_REC_PUSH; /* the window ends: nothing follows soon */
		if (len == 0)
			return false;
	}
	if (t->fin_queued && len == all && window_room(t) > len)
		flags |= TCP_REC_FIN;
	if (len == 0 && !(flags & TCP_REC_FIN))
		return false;
	return put_new(st, t, len, mss, flags);
}

bool tcp_output_larger(struct ph_stack *st, struct tcb *t, uint32_t len)
{
	return !t->fin_sent && put_new(st, t, len, len, 0);
}

/* Counts a segment that goes again, for whatever reason. */
static void count_again(struct ph_stack *st, struct tcb *t, const struct tcp_rec *r, uint32_t len,
			uint32_t segs, const char *why)
{
	TRACE(&st->trace, tcp_retransmit, .conn = t->id, .seq = r->seq, .len = len, .why = why);
	COUNT_N(st, TcpRetransSegs, segs);
	t->total_retrans += segs;
	t->segs_out += segs;
	t->data_segs_out += segs;
	t->bytes_retrans += len;
}

static void sent_again(struct ph_stack *st, struct tcb *t, struct tcp_rec *r, uint32_t len,
		       uint32_t mss, const char *why)
{
	uint32_t segs = segments(len, mss), pipe = tcp_loss_pipe(&t->loss, &t->rtxq) * mss;

	tcp_mtu_resent(t);
	count_again(st, t, r, len, segs, why);
	if (t->loss.state != TCP_CA_LOSS)
		COUNT_N(st, TcpExtTCPFastRetrans, segs);
	else if (r->seq != t->snd_una || !t->retransmits) /* not by the timeout itself */
		COUNT_N(st, TcpExtTCPSlowStartRetrans, segs);
	t->sent_ns = st->now_ns;
	if (!t->silent_ns)
		t->silent_ns = st->now_ns;
	tcp_undo_sent_again(&t->loss.undo, segs, st->now_ns);
	if (tcp_loss_reducing(&t->loss))
		t->loss.prr.out += segs;
	tcp_rtxq_resent(&t->rtxq, &st->tcp->recs, r, len, (uint16_t)mss, st->now_ns);
	tcp_cc_packet(st, t, r, pipe, len);
	tcp_timer_sent_again(st, t, r == tcp_rtxq_first(&t->rtxq));
}

/* One lost record, or as much of it as cwnd allows, again. False: none is lost, or no room. */
static bool send_lost(struct ph_stack *st, struct tcb *t)
{
	struct tcp_rec *r = tcp_rtxq_next(&t->rtxq);
	uint32_t mss = tcp_output_mss(t), out = t->rtxq.out, len, data, room;
	struct pkt *p;
	bool fin;

	if (!r)
		return false;
	room = cwnd_room(t);
	if (room < mss)
		return false;
	/* What the peer's window no longer covers waits, but for the first segment (RFC 9293
	 * 3.8.6.1). */
	if (r->seq != t->snd_una && seq_ge(r->seq, t->snd_una + t->snd_wnd))
		return false;
	if (st->sysctl.tcp_retrans_collapse)
		tcp_rtxq_collapse(&t->rtxq, &st->tcp->recs, r, of_record(t, r->seq, mss));
	len = most_at(t, r->seq, tcp_cc_quantum(st, t, mss, packet_max(t, mss)) * mss);
	len = of_record(t, r->seq, min_u32(r->len, min_u32(room, len)));
	if (len < r->len && len > mss)
		len -= len % mss;
	fin = (r->flags & TCP_REC_FIN) && len == r->len;
	data = len - (fin ? 1 : 0);
	p = payload(st, t, r->seq, &data);
	tcp_loss_fewer(&t->loss, &t->rtxq, out);
	out = t->rtxq.out;
	if (!p) {
		COUNT(st, TcpExtTCPRetransFail);
		return false;
	}
	if (data < len - (fin ? 1 : 0)) {
		fin = false;
		cut_to_segments(p, &data, mss);
	}
	(void)send_data(st, t, p, r, data, mss, fin);
	sent_again(st, t, r, data + (fin ? 1 : 0), mss,
		   t->loss.state == TCP_CA_LOSS ? "timeout" : "fast");
	tcp_loss_fewer(&t->loss, &t->rtxq, out);
	return true;
}

static bool may_send(const struct tcb *t)
{
	switch ((enum tcps)t->state) {
	case TCPS_ESTABLISHED:
	case TCPS_CLOSE_WAIT:
	case TCPS_FIN_WAIT_1:
	case TCPS_CLOSING:
	case TCPS_LAST_ACK:
		return true;
	case TCPS_SYN_RECEIVED:
		return t->early;
	case TCPS_SYN_SENT:
	case TCPS_FIN_WAIT_2:
	case TCPS_TIME_WAIT:
	case TCPS_CLOSED:
	case TCPS_LISTEN:
	case TCPS_N:
		break;
	}
	return false;
}

static bool wants(const struct tcb *t)
{
	return t->rtxq.lost > t->rtxq.retrans || tcp_unsent(t);
}

/* RFC 5681 3.1: never less than a full segment, and a segment may grow, with the peer's window or
 * when SACK blocks leave the header. */
static void least_cwnd(struct tcb *t)
{
	uint32_t mss = tcp_output_mss(t);

	if (t->cc.cwnd < mss)
		t->cc.cwnd = mss;
}

/* What is lost, then what is new; while F-RTO asks whether anything is lost, the new first (RFC 5682
 * 2.1 step 2b), and if none goes the answer is taken to be yes. */
static bool send_one(struct ph_stack *st, struct tcb *t)
{
	int probe;

	if (t->loss.hold) {
		if (send_new(st, t, false))
			return true;
		if (seq_gt(t->snd_nxt, t->loss.high_seq))
			return false;
		t->loss.hold = t->loss.frto = false;
	}
	if (send_lost(st, t))
		return true;
	probe = t->mtup ? tcp_mtu_probe(st, t) : -1;
	return probe < 0 ? send_new(st, t, false) : probe > 0;
}

static bool spree(struct ph_stack *st, struct tcb *t)
{
	seq_t before = t->snd_nxt;
	bool any = false;

	for (int i = 0; i < SPREE_MAX; i++) {
		if (!link_has_room(st, t->dst.link)) {
			link_wait(st, t->dst.link, &t->waiter);
			break;
		}
		if (tcp_cc_held(st, t) || tcp_small_queue_full(st, t) || !send_one(st, t))
			break;
		any = true;
	}
	if (t->snd_nxt != before)
		tcp_timer_tail(st, t);
	return any;
}

/* What holds the sender up: a window that does not take the next segment, or a user who would write
 * more if the buffer took it (Linux's tcp_write_xmit and tcp_cwnd_validate). */
static void note_limits(const struct ph_stack *st, struct tcb *t, bool any, bool cwnd_full)
{
	uint32_t notsent = tcp_conn_notsent(t), next = min_u32(notsent, tcp_output_mss(t));

	if (notsent && !cwnd_full && window_room(t) < next)
		tcp_chrono_start(&t->chrono, TCP_CHRONO_RWND, tcp_now_us(st));
	else
		tcp_chrono_stop(&t->chrono, TCP_CHRONO_RWND, t->snd.len == 0, tcp_now_us(st));
	if (any && !cwnd_full && notsent == 0 && t->nospace)
		tcp_chrono_start(&t->chrono, TCP_CHRONO_SNDBUF, tcp_now_us(st));
}

bool tcp_output(struct ph_stack *st, struct tcb *t)
{
	bool any = false, limited;

	if (!may_send(t))
		return false;
	refresh_ecn(st, t);
	least_cwnd(t);
	if (!wants(t))
		return false;
	if (path_ready(st, t)) {
		any = spree(st, t);
		limited = cwnd_room(t) < tcp_output_mss(t);
		if (any || limited)
			tcp_cc_sent(st, t, limited);
		note_limits(st, t, any, limited);
	}
	if (tcp_flight(t) == 0)
		tcp_timer_idle(st, t);
	return any;
}

void tcp_output_resume(struct ph_stack *st, struct link_waiter *w)
{
	struct tcb *t = container_of(w, struct tcb, waiter);

	tcp_output(st, t);
	tcp_put(st, t);
}

/*
 * Zero-window probe and keep-alive: with data that the window takes, whatever its size; else an
 * empty segment just below the window, which must be answered. Deviation: RFC 9293 3.8.6.1: no byte
 * of data is sent into a window of zero; Linux's probe makes the peer answer as well and spares it
 * the decision to keep the byte.
 */
void tcp_output_probe(struct ph_stack *st, struct tcb *t)
{
	if (may_send(t) && wants(t) && window_room(t) > 0 && path_ready(st, t) &&
	    send_new(st, t, true))
		return;
	send_bare(st, t, t->snd_una - 1, TCP_F_ACK);
}

/* The last segment once more, whatever cwnd says. */
static bool tail_again(struct ph_stack *st, struct tcb *t)
{
	struct tcp_rec *r = tcp_rtxq_tail(&t->rtxq, &st->tcp->recs);
	uint32_t mss = tcp_output_mss(t), data, want;
	struct pkt *p;
	bool fin;

	if (!r || (r->flags & TCP_REC_SYN))
		return false;
	fin = r->flags & TCP_REC_FIN;
	want = data = r->len - (fin ? 1 : 0);
	if (data > mss)
		return false; /* the path has shrunk: the timeout cuts it */
	p = payload(st, t, r->seq, &data);
	if (!p || data != want) {
		if (p)
			pkt_free(p);
		COUNT(st, TcpExtTCPRetransFail);
		return false;
	}
	count_again(st, t, r, r->len, 1, "probe");
	(void)send_data(st, t, p, r, data, mss, fin);
	t->sent_ns = st->now_ns;
	tcp_cc_packet(st, t, r, tcp_loss_pipe(&t->loss, &t->rtxq) * mss, data);
	tcp_rtxq_probed(&t->rtxq, r, st->now_ns);
	return true;
}

bool tcp_output_tail(struct ph_stack *st, struct tcb *t)
{
	uint32_t mss = tcp_output_mss(t), data = tcp_snd_end(t) - t->snd_nxt;
	bool again = false;

	if (!may_send(t) || !path_ready(st, t) || !link_has_room(st, t->dst.link))
		return false;
	if (!t->fin_sent && data && window_room(t) >= min_u32(data, mss)) {
		if (!send_new(st, t, true))
			return false;
	} else {
		again = tail_again(st, t);
		if (!again)
			return false;
	}
	tcp_loss_probed(&t->loss, t->snd_nxt, again);
	return true;
}
