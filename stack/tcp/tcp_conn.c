/* SPDX-License-Identifier: BSD-2-Clause */
/* What a connection is set up with: the options offered and agreed on, segment sizes, windows,
 * sequence numbers (RFC 9293 3.7.1, RFC 7323 2.2, RFC 6691). Called for active opens, and for
 * passive ones as they are accepted. */
#include "tcp/tcp_int.h"

#include "tcp/tcp_isn.h"

/* What Linux's buffers cost beside their bytes: how much a write takes is seen by the user. */
enum {
	SKB_SIZE = 256,	    /* struct sk_buff */
	SEG_OVERHEAD = 576, /* its headers and struct skb_shared_info */
	PKT_OVERHEAD = SKB_SIZE + SEG_OVERHEAD
};

uint16_t tcp_conn_adv_mss(uint16_t mtu, bool v6)
{
	uint16_t fixed = v6 ? 60 : 40; /* RFC 6691 2: fixed headers, no options */

	return mtu > fixed ? (uint16_t)(mtu - fixed) : 1;
}

uint16_t tcp_conn_dst_adv_mss(const struct ph_stack *st, const struct dst *d)
{
	uint16_t mss = tcp_conn_adv_mss(d->link_mtu, !ip_is4(&d->dst));
	uint32_t most = dst_metrics(st, d)->advmss;

	return most && most < mss ? (uint16_t)most : mss;
}

int64_t tcp_conn_ecn(const struct ph_stack *st, const struct dst *d)
{
	int64_t v = st->sysctl.tcp_ecn;

	return dst_metrics(st, d)->ecn && (v == TCP_ECN_NEVER || v == TCP_ECN_IN) ? TCP_ECN_IN_OUT : v;
}

void tcp_conn_sync_mss(const struct ph_stack *st, struct tcb *t)
{
	uint16_t path = tcp_conn_adv_mss(tcp_mtu_used(t), !ip_is4(&t->dst.dst)), mss = t->peer_mss;
	uint16_t least = (uint16_t)st->sysctl.tcp_min_snd_mss;

	if (t->user_mss && mss > t->user_mss)
		mss = t->user_mss;
	/* Deviation: RFC 9293 3.7.1 (MUST): what a peer asks for cannot make crumbs of a stream. */
	if (mss < least)
		mss = least;
	if (path > tcp_ip_opt_len(t)) /* RFC 9293 3.7.1 (MUST-16) */
		path = (uint16_t)(path - tcp_ip_opt_len(t));
	t->mss = mss < path ? mss : path;
}

/* The options of a SYN: each only if its sysctl is on, and in an answer only if the peer offered
 * it. */
struct tcp_opts tcp_conn_syn_options(const struct ph_stack *st, const struct tcb *t)
{
	/* Deviation: RFC 7323 3.2 (SHOULD): after TIME-WAIT a SYN echoes what the connection before
	 * it heard last, as Linux's do. */
	return (struct tcp_opts){
		.has_mss = true,
		.mss = t->adv_mss,
		.has_ts = t->ts,
		.tsval = tcp_ts(st, t->ts_off),
		.tsecr = t->ts_recent,
		.sack_ok = t->sack_ok,
		.has_wscale = t->ws,
		.wscale = t->rcv_wscale,
	};
}

static void init_rcvwin(struct ph_stack *st, struct tcb *t)
{
	tcp_rcvwin_init(&t->rcvwin, t->rcvwin.buf, t->rcvbuf_locked, t->window_clamp, t->adv_mss,
			(uint32_t)st->sysctl.tcp_rmem[2], t->ws, &t->rcv_wscale);
	if (st->sysctl.tcp_workaround_signed_windows)
		tcp_rcvwin_narrow(&t->rcvwin);
	if (st->sysctl.tcp_rcvbuf_window)
		tcp_rcvwin_whole(&t->rcvwin, (uint32_t)st->sysctl.tcp_rmem[2], t->ws, &t->rcv_wscale);
	tcp_rcvwin_at_most(&t->rcvwin, dst_metrics(st, &t->dst)->initrwnd * t->adv_mss);
}

void tcp_conn_start(struct ph_stack *st, struct tcb *t, const struct tcp_reborn *old)
{
	struct tcp_tuple k = tcp_ent_tuple(&t->ent);

	t->adv_mss = tcp_conn_dst_adv_mss(st, &t->dst);
	if (t->user_mss && t->user_mss < t->adv_mss)
		t->adv_mss = t->user_mss;
	/* A signature and SACK leave no room for timestamps: as Linux chooses. */
	t->ts = st->sysctl.tcp_timestamps != 0 && !tcp_md5_find(t, &t->dst.dst);
	t->ws = st->sysctl.tcp_window_scaling != 0;
	t->sack_ok = st->sysctl.tcp_sack != 0;
	t->ts_off = st->sysctl.tcp_timestamps == 1 ? tcp_isn_ts_offset(&st->isn_key, &k) : 0;
	tcp_ecn_ask(&t->ecn, tcp_conn_ecn(st, &t->dst));
	init_rcvwin(st, t);
	t->peer_mss = ip_is4(&t->dst.dst) ? TCP_MSS_DEFAULT4 : TCP_MSS_DEFAULT6;
	tcp_conn_sync_mss(st, t);
	t->iss = old->is ? old->iss : tcp_isn(&st->isn_key, &k, st->now_ns);
	t->ts_recent = old->is ? old->ts_recent : 0;
	t->ts_recent_ms = old->is ? old->ts_recent_ms : 0;
	t->snd_una = t->snd_nxt = t->snd_up = t->snd_sml = t->iss;
	t->push_seq = t->iss + 1;
	tcp_rtt_init(&t->rtt);
	t->done = true;
}

void tcp_conn_options(struct ph_stack *st, struct tcb *t, const struct tcp_opts *o)
{
	if (o->has_mss)
		t->peer_mss = o->mss;
	t->ts = t->ts && o->has_ts;
	t->sack_ok = t->sack_ok && o->sack_ok;
	t->ws = t->ws && o->has_wscale;
	if (t->ts) {
		t->ts_recent = o->tsval;
		t->ts_recent_ms = tcp_now_ms(st);
	}
	t->snd_wscale = t->ws ? o->wscale : 0;
	if (!t->ws) {
		t->rcv_wscale = 0;
		if (!t->rcvwin.whole)
			tcp_rcvwin_unscaled(&t->rcvwin);
	}
	tcp_conn_sync_mss(st, t);
	tcp_rcvwin_round(&t->rcvwin, t->mss);
}

void tcp_conn_begin(struct ph_stack *st, struct tcb *t)
{
	uint32_t mss, rcv_mss = t->adv_mss;

	tcp_loss_init(&t->loss, t->sack_ok, t->iss, (uint32_t)st->sysctl.tcp_reordering);
	tcp_mtu_start(st, t);
	if (t->active)
		tcp_conn_sync_mss(st, t); /* who was connected to begins with what the route says */
	mss = tcp_output_mss(t);
	tcp_cc_start(st, t);
	/* RFC 6928 2: a second of timeout is soon over; only the second one says that it is loss. */
	if (t->retransmits > 1)
		cc_handshake_loss(&t->cc, mss);
	if (t->retransmits && !tcp_rtt_known(&t->rtt))
		t->rtt.rto_us = TCP_RTT_RTO_FALLBACK_US;
	tcp_metrics_use(st, t);
	t->rtt.backoff = 0;
	t->retransmits = 0;
	if (rcv_mss > TCP_MSS_DEFAULT4)
		rcv_mss = TCP_MSS_DEFAULT4;
	if (rcv_mss > t->rcvwin.wnd / 2)
		rcv_mss = t->rcvwin.wnd / 2;
	tcp_delack_init(&t->delack, (uint16_t)rcv_mss);
	t->delack.last_rcv_us = tcp_now_us(st); /* as Linux: the handshake counts */
	tcp_rcvwin_start(&t->rcvwin, t->rcv_nxt, tcp_now_us(st), t->adv_mss,
			 (uint32_t)st->sysctl.tcp_app_win);
	t->rcv_up = t->rcv_nxt;
	t->sent_ns = st->now_ns;
	tcp_conn_space(st, t);
}

void tcp_conn_established(struct ph_stack *st, struct tcb *t)
{
	tcp_set_state(st, t, TCPS_ESTABLISHED);
	if (t->early) {
		t->retransmits = 0;
		tcp_timer_rto_over(st, t);
		t->rtt.backoff = 0;
		tcp_early_end(st, t);
	} else {
		tcp_conn_begin(st, t);
	}
	tcp_timer_keepalive(st, t);
	ready_set(st, &t->ready);
}

void tcp_conn_reset(struct ph_stack *st, struct tcb *t)
{
	stream_clear(&t->rcv);
	tcp_reass_clear(&st->tcp->reass, &t->reass);
	t->sack.n = 0;
	t->fin_queued = t->fin_sent = t->fin_rcvd = t->syn_acked = false;
	t->rcv_shut = t->snd_shut = t->snd_urg = t->nospace = false;
	t->urg = TCP_URG_NONE;
	t->connecting = t->active = t->done = t->cwnd_limited = false;
	t->fo_child = t->syn_data = t->fo_syn = t->fo_exp = t->fo_data = t->fo_deferred = false;
	t->fo_more = false;
	t->fo_fail = 0;
	t->error = t->error_soft = 0;
	t->retransmits = t->probes = 0;
	t->silent_ns = t->oow_ack_ns = t->ts_recent_ms = 0;
	t->ts_recent = 0;
	t->path_mtu = 0;
	t->path = 0;
	t->rehash = 0;
	t->rcv_flow = 0;
	if (t->rare)
		t->rare->plb = (struct tcp_plb){ .congested = 0 };
	tcp_mtu_free(st, t);
	t->snd_wnd = t->max_wnd = 0;
	t->segs_in = t->segs_out = t->data_segs_in = t->data_segs_out = 0;
	t->total_retrans = t->rcv_ooopack = 0;
	t->total_rto = t->rto_episodes = 0;
	t->rto_ms = t->rto_since_ms = 0;
	t->chrono = (struct tcp_chrono){ .now = TCP_CHRONO_IDLE };
	t->bytes_acked = t->bytes_received = t->bytes_sent = t->bytes_retrans = 0;
}

/* Linux's tcp_sndbuf_expand: room for two windows of packets, each with what Linux keeps beside
 * its bytes. */
void tcp_conn_space(struct ph_stack *st, struct tcb *t)
{
	uint32_t segs = t->mss ? t->cc.cwnd / t->mss : 0, per = SEG_OVERHEAD, pow2 = 1;
	uint64_t want;

	if (t->sndbuf_locked || tcp_memory_pressed(st))
		return;
	per += t->peer_mss > t->mss ? t->peer_mss : t->mss;
	while (pow2 < per)
		pow2 *= 2;
	if (segs < CC_IW_SEGMENTS)
		segs = CC_IW_SEGMENTS;
	want = 2 * (uint64_t)segs * (pow2 + SKB_SIZE);
	if (want > (uint64_t)st->sysctl.tcp_wmem[2])
		want = (uint64_t)st->sysctl.tcp_wmem[2];
	if (want > t->sndbuf)
		t->sndbuf = (uint32_t)want;
}

uint32_t tcp_conn_notsent(const struct tcb *t)
{
	if (t->fin_sent)
		return 0;
	return t->syn_acked ? tcp_snd_end(t) - t->snd_nxt : t->snd.len;
}

/* Bytes, and what Linux adds for each packet they are in or will be. */
uint32_t tcp_conn_wmem_queued(const struct tcb *t)
{
	uint32_t notsent, goal;
	uint64_t n = t->rtxq.n;

	if (t->snd.len == 0)
		return 0;
	notsent = tcp_conn_notsent(t);
	if (notsent) {
		goal = tcp_output_goal(t);
		n += (notsent + goal - 1) / goal;
	}
	n = t->snd.len + PKT_OVERHEAD * n;
	return n > INT32_MAX ? INT32_MAX : (uint32_t)n;
}

uint32_t tcp_conn_sndbuf_free(const struct tcb *t)
{
	uint32_t queued = tcp_conn_wmem_queued(t);

	return queued < t->sndbuf ? t->sndbuf - queued : 0;
}

/* A third of the buffer is free, and what was never sent is below TCP_NOTSENT_LOWAT's half (Linux's
 * sk_stream_is_writeable). */
bool tcp_conn_writable(const struct ph_stack *st, const struct tcb *t)
{
	return tcp_conn_sndbuf_free(t) >= tcp_conn_wmem_queued(t) / 2 && tcp_conn_below_lowat(st, t, 2);
}

/* After an acknowledgment and what it let go: the buffer grows unless the window is full (Linux's
 * tcp_should_expand_sndbuf), and who waits for room is told once a third is free. */
void tcp_conn_tell_space(struct ph_stack *st, struct tcb *t)
{
	if (!t->nospace)
		return;
	if ((uint64_t)tcp_loss_pipe(&t->loss, &t->rtxq) * t->mss < t->cc.cwnd)
		tcp_conn_space(st, t);
	if (tcp_conn_writable(st, t)) {
		t->nospace = false;
		tcp_chrono_stop(&t->chrono, TCP_CHRONO_SNDBUF, t->snd.len == 0, tcp_now_us(st));
		ready_set(st, &t->ready);
	}
}

bool tcp_conn_below_lowat(const struct ph_stack *st, const struct tcb *t, uint32_t times)
{
	uint32_t lowat = t->rare && t->rare->notsent_lowat ? t->rare->notsent_lowat :
							     (uint32_t)st->sysctl.tcp_notsent_lowat;

	return (uint64_t)tcp_conn_notsent(t) * times < lowat;
}
