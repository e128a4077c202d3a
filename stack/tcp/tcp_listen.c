/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * LISTEN and the passive SYN-RECEIVED (RFC 9293 3.10.7.2 and the parts of 3.10.7.4 that concern
 * it). A SYN makes a struct tcp_half, small and bounded in number by the backlog; the handshake's
 * last ACK makes the connection, if the accept queue has room, else it is dropped and comes again
 * with the next SYN-ACK or data, as in Linux.
 */
#include <string.h>

#include "tcp/tcp_int.h"

#include "tcp/tcp_isn.h"
#include "wire/ip4.h"

enum { SYNACK_RTO_US = TCP_RTT_RTO_INIT_US, SYNACK_PAUSE_NS = 500000000 };

static struct tcp_tuple half_tuple(const struct tcp_half *h)
{
	return tcp_ent_tuple(&h->ent);
}

/* What the SYN-ACK says about ECN: all at first, less each time it had to be sent again, for a box
 * on the way may be dropping what it does not know (RFC 9768 3.2.3.2.2). */
static void synack_ecn(struct ph_stack *st, struct tcp_half *h, struct tcp_out *o)
{
	bool fallback = st->sysctl.tcp_ecn_fallback != 0;

	if (h->ecn_mode != TCP_ECN_ACCURATE || h->synacks < 2 || !fallback)
		o->flags |= tcp_ecn_synack_flags((enum tcp_ecn_mode)h->ecn_mode, h->peer_ecn);
	if (h->ecn_mode == TCP_ECN_ACCURATE && h->synacks == 0 && st->sysctl.tcp_ecn_option)
		tcp_accecn_first_option(&o->opts);
	while (tcp_opt_len(&o->opts) > TCP_OPTS_MAX && o->opts.accecn) /* a cookie is there */
		if (o->opts.naccecn-- == 0)
			o->opts.accecn = 0;
	if (h->synacks < UINT8_MAX)
		h->synacks++;
}

/* Fast Open's cookie in a SYN-ACK, if there is room. */
static void add_cookie(struct tcp_opts *o, const struct tcp_fo_cookie *c)
{
	o->has_fo = true;
	o->fo_exp = c->exp;
	o->fo_len = c->len;
	memcpy(o->fo, c->bytes, c->len);
	if (tcp_opt_len(o) > TCP_OPTS_MAX)
		o->has_fo = false;
}

/* taken: bytes of the SYN's data that it acknowledges; cookie: NULL, or one for the peer. */
static void half_send_with(struct ph_stack *st, struct tcp_half *h, uint16_t flags, uint32_t taken,
			   const struct tcp_fo_cookie *cookie)
{
	struct tcp_tuple k = half_tuple(h);
	bool syn = flags & TCP_F_SYN;
	struct tcp_out o = { .seq = syn ? h->iss : h->iss + 1, .flags = flags,
			     .ack = h->irs + 1 + taken,
			     .tos = h->tos, .ttl = tcp_ttl(h->listener, &h->peer) };

	o.wnd = (uint16_t)(syn ? h->wnd : h->wnd >> h->rcv_wscale);
	o.opts = (struct tcp_opts){
		.has_mss = syn, .mss = h->adv_mss, .has_ts = h->ts,
		.tsval = tcp_ts(st, h->ts_off), .tsecr = h->ts_recent,
		.sack_ok = syn && h->sack_ok, .has_wscale = syn && h->ws, .wscale = h->rcv_wscale,
	};
	o.md5 = tcp_md5_find(h->listener, &h->peer);
	o.opts.has_md5 = o.md5 != NULL;
	if (cookie && cookie->len)
		add_cookie(&o.opts, cookie);
	if (syn)
		synack_ecn(st, h, &o);
	tcp_xmit_bare(st, &k, &o);
}

static void half_send(struct ph_stack *st, struct tcp_half *h, uint16_t flags)
{
	half_send_with(st, h, flags, 0, NULL);
}

static void half_arm(struct ph_stack *st, struct tcp_half *h)
{
	uint64_t us = (uint64_t)SYNACK_RTO_US << (h->retransmits < 16 ? h->retransmits : 16);
	uint64_t max = (uint64_t)st->sysctl.tcp_rto_max_ms * 1000;

	timer_arm(&st->wheel, &h->timer, st->now_ns + (us < max ? us : max) * 1000);
}

static void half_put(struct ph_stack *st, struct tcp_half *h)
{
	pool_put(&st->tcp->syns, h->syn);
	pool_put(&st->tcp->halves, h);
}

void tcp_half_free(struct ph_stack *st, struct tcp_half *h)
{
	timer_stop(&st->wheel, &h->timer);
	tcp_table_remove(st, &h->ent);
	list_remove(&h->link);
	h->listener->listener->nhalves--;
	half_put(st, h);
}

static void half_fire(void *ctx, struct timer *timer)
{
	struct ph_stack *st = ctx;
	struct tcp_half *h = container_of(timer, struct tcp_half, timer);

	if (h->retransmits >= (uint32_t)st->sysctl.tcp_synack_retries) {
		COUNT(st, TcpAttemptFails);
		tcp_half_free(st, h);
		return;
	}
	h->retransmits++;
	COUNT(st, TcpExtTCPTimeouts);
	COUNT(st, TcpExtTCPSynRetrans);
	COUNT(st, TcpRetransSegs);
	half_send(st, h, TCP_F_SYN | TCP_F_ACK);
	half_arm(st, h);
}

/* Does the listener take another half-open connection? */
static enum drop admit(struct ph_stack *st, const struct tcp_listener *q)
{
	uint32_t most = (uint32_t)st->sysctl.tcp_max_syn_backlog;

	if (q->naccept > q->backlog) {
		COUNT(st, TcpExtListenDrops); /* beside TcpExtListenOverflows, as in the kernel */
		return DROP_TCP_LISTEN_OVERFLOW;
	}
	/* Deviation from Linux: without SYN cookies a short backlog would refuse peers that merely
	 * come together. */
	if (q->nhalves >= most || (q->nhalves > q->backlog && q->nhalves >= 8)) {
		COUNT(st, TcpExtTCPReqQFullDrop);
		return DROP_TCP_SYN_BACKLOG;
	}
	return DROP_NONE;
}

/* What the SYN offered and we agree to; the window of the SYN-ACK. */
static void half_negotiate(struct ph_stack *st, struct tcp_half *h, const struct tcp_seg *s,
			   const struct dst *d)
{
	const struct tcb *l = h->listener;
	const struct tcp_opts *o = &s->opts;
	struct tcp_tuple k = half_tuple(h);
	struct tcp_rcvwin w;

	h->peer_mss = o->has_mss ? o->mss : ip_is4(&h->peer) ? TCP_MSS_DEFAULT4 : TCP_MSS_DEFAULT6;
	h->adv_mss = tcp_conn_dst_adv_mss(st, d);
	if (l->user_mss && l->user_mss < h->adv_mss)
		h->adv_mss = l->user_mss;
	h->ts = o->has_ts && st->sysctl.tcp_timestamps &&
		!(o->sack_ok && st->sysctl.tcp_sack && tcp_md5_find(l, &h->peer));
	h->sack_ok = o->sack_ok && st->sysctl.tcp_sack;
	h->ws = o->has_wscale && st->sysctl.tcp_window_scaling;
	h->snd_wscale = h->ws ? o->wscale : 0;
	h->ts_recent = o->tsval;
	h->ts_off = st->sysctl.tcp_timestamps == 1 ? tcp_isn_ts_offset(&st->isn_key, &k) : 0;
	h->snd_wnd = s->wnd;
	tcp_rcvwin_init(&w, l->rcvwin.buf, l->rcvbuf_locked, l->window_clamp,
			h->ts ? h->adv_mss - TCP_OPT_TS_ALIGNED : h->adv_mss,
			(uint32_t)st->sysctl.tcp_rmem[2], h->ws, &h->rcv_wscale);
	tcp_rcvwin_at_most(&w, dst_metrics(st, d)->initrwnd * h->adv_mss);
	h->wnd = w.wnd;
}

static void inherit(struct tcb *t, const struct tcb *l)
{
	t->nonagle = l->nonagle;
	t->tos = l->tos;
	t->ttl = l->ttl;
	t->ip6 = l->ip6;
	t->reuse = l->reuse;
	t->reuseport = l->reuseport;
	t->thin = l->thin;
	t->keepalive = l->keepalive;
	t->keep_idle_s = l->keep_idle_s;
	t->keep_intvl_s = l->keep_intvl_s;
	t->keep_probes = l->keep_probes;
	t->linger = l->linger;
	t->linger_s = l->linger_s;
	t->fin_timeout_s = l->fin_timeout_s;
	t->user_timeout_ms = l->user_timeout_ms;
	t->user_mss = l->user_mss;
	t->window_clamp = l->window_clamp;
	t->sndbuf = l->sndbuf;
	t->sndbuf_locked = l->sndbuf_locked;
	t->rcvwin.buf = l->rcvwin.buf;
	t->rcvbuf_locked = l->rcvbuf_locked;
	t->cc.ops = l->cc.ops;
	t->pace.max_Bps = l->pace.max_Bps;
	t->oobinline = l->oobinline;
}

/* The connection as it was when the SYN-ACK left: SYN-RECEIVED, its SYN not acknowledged. */
static void child_state(struct ph_stack *st, struct tcb *t, const struct tcp_half *h)
{
	uint8_t wscale;

	t->adv_mss = h->adv_mss;
	t->peer_mss = h->peer_mss;
	if (st->sysctl.tcp_reflect_tos)
		t->tos = h->tos;
	t->ts = h->ts;
	t->sack_ok = h->sack_ok;
	t->ws = h->ws;
	t->ts_off = h->ts_off;
	t->ts_recent = h->ts_recent;
	t->ts_recent_ms = h->ts ? tcp_now_ms(st) : 0;
	tcp_rcvwin_init(&t->rcvwin, t->rcvwin.buf, t->rcvbuf_locked, t->window_clamp,
			h->ts ? h->adv_mss - TCP_OPT_TS_ALIGNED : h->adv_mss,
			(uint32_t)st->sysctl.tcp_rmem[2], h->ws, &wscale);
	t->rcv_wscale = h->rcv_wscale;
	t->snd_wscale = h->snd_wscale;
	tcp_rcvwin_at_most(&t->rcvwin, h->wnd);
	t->rcvwin.wnd = h->wnd;
	t->irs = h->irs;
	t->rcv_nxt = t->rcvwin.wup = h->irs + 1;
	t->iss = t->snd_una = h->iss;
	t->snd_nxt = t->push_seq = h->iss + 1;
	t->snd_up = t->snd_sml = h->iss;
	t->snd_wnd = t->max_wnd = h->snd_wnd;
	t->retransmits = h->retransmits;
	t->total_retrans = h->retransmits;
	t->ecn.mode = h->ecn_mode;
	t->ecn.peer_syn = h->peer_ecn & 3u;
	if (h->no_ect)
		t->ecn.acc.fail |= TCP_ACCECN_FAIL_ACE_RECV;
	t->done = true;
	tcp_conn_sync_mss(t);
	tcp_rtt_init(&t->rtt);
}

/* Of its listener's keys a child has the one for its peer. */
static bool inherit_key(struct ph_stack *st, struct tcb *t, const struct tcp_md5_key *k)
{
	if (k)
		t->rare->md5 = tcp_md5_copy(st, k);
	return !k || t->rare->md5;
}

static struct tcb *child_new(struct ph_stack *st, struct tcp_half *h)
{
	struct tcb *l = h->listener, *t = tcp_tcb_new(st, l->v6);
	struct tcp_rec *r;

	if (!t)
		return NULL;
	inherit(t, l);
	if (!tcp_rare_inherit(st, t, l))
		goto fail;
	if (!inherit_key(st, t, tcp_md5_find(l, &h->peer)))
		goto fail;
	if (h->syn) {
		t->rare->syn = h->syn;
		h->syn = NULL;
	}
	if (dst_lookup(st, &t->dst, &h->local, &h->peer, false) != 0)
		goto fail;
	r = tcp_rtxq_sent(&t->rtxq, &st->tcp->recs, h->iss, 1, 1,
			  h->retransmits ? TCP_REC_SYN | TCP_REC_EVER : TCP_REC_SYN, h->sent_ns);
	if (!r)
		goto fail;
	t->ent.kind = TCP_KIND_CONN;
	t->ent.lport = h->ent.lport;
	t->ent.pport = h->ent.pport;
	tcp_use_port(t, l->port);
	child_state(st, t, h);
	tcp_set_state(st, t, TCPS_SYN_RECEIVED);
	COUNT(st, TcpPassiveOpens);
	return t;
fail:
	t->held = false;
	tcp_put(st, t);
	return NULL;
}

static void to_accept(struct ph_stack *st, struct tcb *l, struct tcb *t)
{
	t->listener = l->listener;
	list_push_back(&l->listener->accept, &t->link);
	l->listener->naccept++;
	ready_set(st, &l->ready);
}

static enum drop overflow(struct ph_stack *st, struct tcp_half *h, const struct tcp_rx *rx)
{
	h->acked = true;
	COUNT(st, TcpExtListenDrops);
	if (st->sysctl.tcp_abort_on_overflow) {
		tcp_xmit_reset(st, rx);
		tcp_half_free(st, h);
	}
	return DROP_TCP_LISTEN_OVERFLOW;
}

/* The last ACK of the handshake, perhaps with data: the half becomes whole and the segment is its
 * first. */
static enum drop complete(struct ph_stack *st, struct tcp_half *h, struct tcp_rx *rx)
{
	struct tcb *l = h->listener, *t;
	enum drop why;

	if (l->listener->naccept > l->listener->backlog)
		return overflow(st, h, rx);
	t = child_new(st, h);
	if (!t) {
		COUNT(st, TcpExtListenDrops);
		return DROP_NOMEM;
	}
	tcp_half_free(st, h);
	tcp_table_insert(st, &t->ent);
	to_accept(st, l, t);
	why = tcp_input_conn(st, t, rx);
	return why;
}

/* Fast Open: the connection is there at once, and the SYN-ACK tells what it took. False: no
 * memory, so it waits for the handshake as others do. */
static bool complete_early(struct ph_stack *st, struct tcp_half *h, struct tcp_rx *rx,
			   const struct tcp_fo_cookie *cookie)
{
	struct tcb *l = h->listener, *t = child_new(st, h);

	if (!t)
		return false;
	if (!tcp_early_begin(st, l, t, rx)) {
		t->held = false;
		tcp_done(st, t, 0, "no memory");
		tcp_put(st, t);
		return false;
	}
	tcp_table_insert(st, &t->ent);
	half_send_with(st, h, TCP_F_SYN | TCP_F_ACK, t->rcv_nxt - (h->irs + 1), cookie);
	tcp_timer_sent(st, t);
	to_accept(st, l, t);
	return true;
}

static void half_begin(struct ph_stack *st, struct tcp_half *h)
{
	timer_init(&h->timer, half_fire);
	tcp_table_insert(st, &h->ent);
	list_push_back(&h->listener->listener->halves, &h->link);
	h->listener->listener->nhalves++;
}

/* TCP_SAVE_SYN: the SYN's headers, as they came, for the connection's user. */
static void save_syn(struct ph_stack *st, struct tcp_half *h, const struct tcp_rx *rx)
{
	const struct pkt *p = rx->ip->pkt;
	uint8_t how = tcp_rare(h->listener)->save_syn;
	const uint8_t *from = p->hdr.buf->bytes + p->hdr_start + (how > 1 ? 0 : p->l3_off);
	size_t n = (size_t)(pkt_bytes(p) - from) + rx->seg.off;

	if (!how || n > TCP_SAVED_SYN_MAX || !(h->syn = pool_get(&st->tcp->syns)))
		return;
	h->syn->len = (uint8_t)n;
	memcpy(h->syn->bytes, from, n);
}

enum drop tcp_listen_input(struct ph_stack *st, struct tcb *l, struct tcp_rx *rx, const seq_t *iss)
{
	const struct tcp_seg *s = &rx->seg;
	struct tcp_half *h;
	struct tcp_tuple k;
	struct dst d = { .gen = 0 };
	struct tcp_fo_cookie cookie;
	enum drop why;

	if (s->flags & TCP_F_RST)
		return DROP_TCP_FLAGS;
	if (s->flags & TCP_F_ACK) {
		tcp_xmit_reset(st, rx);
		return DROP_TCP_FLAGS;
	}
	if (!(s->flags & TCP_F_SYN) || (s->flags & TCP_F_FIN))
		return DROP_TCP_FLAGS;
	why = admit(st, l->listener);
	if (why != DROP_NONE)
		return why;
	if (dst_lookup(st, &d, &rx->ip->dst, &rx->ip->src, false) != 0)
		return DROP_IP_OUTNOROUTES;
	h = pool_get_zeroed(&st->tcp->halves);
	if (!h)
		return DROP_NOMEM;
	h->ent = (struct tcp_ent){ .lport = s->dport, .pport = s->sport, .kind = TCP_KIND_HALF };
	h->local = rx->ip->dst;
	h->peer = rx->ip->src;
	h->listener = l;
	h->irs = s->seq;
	h->tos = tcp_tos(l, &h->peer);
	if (st->sysctl.tcp_reflect_tos)
		h->tos = rx->ip->tos & (uint8_t)~IP4_ECN_MASK;
	k = half_tuple(h);
	h->iss = iss ? *iss : tcp_isn(&st->isn_key, &k, st->now_ns);
	half_negotiate(st, h, s, &d);
	h->peer_ecn = rx->ip->tos & IP4_ECN_MASK;
	h->ecn_mode = (uint8_t)tcp_ecn_grant(tcp_conn_ecn(st, &d), s->flags, h->peer_ecn);
	h->sent_ns = st->now_ns;
	save_syn(st, h, rx);
	if (tcp_early_wanted(st, l, rx, &cookie) && complete_early(st, h, rx, &cookie)) {
		half_put(st, h);
		return DROP_NONE;
	}
	half_begin(st, h);
	half_send_with(st, h, TCP_F_SYN | TCP_F_ACK, 0, &cookie);
	half_arm(st, h);
	return DROP_NONE;
}

static void half_ack(struct ph_stack *st, struct tcp_half *h)
{
	if (!tcp_oow_allowed(st, &h->oow_ack_ns)) {
		COUNT(st, TcpExtTCPACKSkippedSynRecv);
		return;
	}
	half_send(st, h, TCP_F_ACK);
}

/* RFC 9293 3.10.7.4's first four steps for a passive SYN-RECEIVED. */
static enum drop half_check(struct ph_stack *st, struct tcp_half *h, const struct tcp_seg *s)
{
	seq_t rcv_nxt = h->irs + 1;

	if (h->ts && s->opts.has_ts && !(s->flags & TCP_F_RST) &&
	    (int32_t)(s->opts.tsval - h->ts_recent) < 0) {
		half_ack(st, h);
		return DROP_TCP_PAWS;
	}
	if (seq_lt(tcp_seg_end(s), rcv_nxt) || seq_gt(s->seq, rcv_nxt + h->wnd)) {
		if (!(s->flags & TCP_F_RST))
			half_ack(st, h);
		return DROP_TCP_INVALID_SEQUENCE;
	}
	if (s->flags & TCP_F_RST) {
		if (s->seq != rcv_nxt) {
			half_ack(st, h); /* RFC 5961 3.2 */
			return DROP_TCP_INVALID_RST;
		}
		COUNT(st, TcpExtEmbryonicRsts);
		COUNT(st, TcpAttemptFails);
		tcp_half_free(st, h); /* back to LISTEN, silently (RFC 9293 MUST-11) */
		return DROP_TCP_RESET;
	}
	if (s->flags & TCP_F_SYN) {
		half_ack(st, h);
		return DROP_TCP_INVALID_SYN;
	}
	return s->flags & TCP_F_ACK ? DROP_NONE : DROP_TCP_NO_ACK;
}

/* RFC 9768 3.1.5 (MUST): a peer that asks for both kinds of ECN in one handshake is reset; Linux
 * lets it be. */
static bool both_kinds(const struct ph_stack *st, const struct tcp_half *h, uint16_t flags)
{
	enum tcp_ecn_mode now;

	if (st->sysctl.tcp_ecn < TCP_ECN_ACC_IN_OUT || h->ecn_mode == TCP_ECN_OFF)
		return false;
	now = tcp_ecn_grant(st->sysctl.tcp_ecn, flags, IP_ECN_NOT);
	return now != TCP_ECN_OFF && now != (enum tcp_ecn_mode)h->ecn_mode;
}

/* RFC 9768 3.1.5: the mode stays as it was granted, but a peer that gave up on ECN is spared ECT. */
static void syn_again(struct tcp_half *h, const struct tcp_rx *rx)
{
	h->peer_ecn = rx->ip->tos & IP4_ECN_MASK;
	if (h->ecn_mode == TCP_ECN_ACCURATE &&
	    !(rx->seg.flags & (TCP_F_AE | TCP_F_CWR | TCP_F_ECE)))
		h->no_ect = true;
}

enum drop tcp_half_input(struct ph_stack *st, struct tcp_half *h, struct tcp_rx *rx)
{
	const struct tcp_seg *s = &rx->seg;
	enum drop why;

	/* The SYN again: ours was lost, or is late. */
	if ((s->flags & (TCP_F_SYN | TCP_F_ACK | TCP_F_RST | TCP_F_FIN)) == TCP_F_SYN &&
	    s->seq == h->irs) {
		if (both_kinds(st, h, s->flags)) {
			tcp_xmit_reset(st, rx);
			tcp_half_free(st, h);
			return DROP_TCP_FLAGS;
		}
		if (tcp_oow_allowed(st, &h->oow_ack_ns)) {
			COUNT(st, TcpExtTCPSynRetrans);
			COUNT(st, TcpRetransSegs);
			syn_again(h, rx);
			half_send(st, h, TCP_F_SYN | TCP_F_ACK);
		}
		return DROP_NONE;
	}
	why = half_check(st, h, s);
	if (why != DROP_NONE)
		return why;
	if (s->ack != h->iss + 1) {
		tcp_xmit_reset(st, rx);
		return DROP_TCP_INVALID_ACK;
	}
	return complete(st, h, rx);
}

/* The listener goes: half-open connections are forgotten, those not accepted are reset. */
void tcp_listen_stop(struct ph_stack *st, struct tcb *l)
{
	struct tcp_listener *q = l->listener;
	struct list_node *n;

	while ((n = list_first(&q->halves)))
		tcp_half_free(st, container_of(n, struct tcp_half, link));
	while ((n = list_pop_front(&q->accept))) {
		struct tcb *t = container_of(n, struct tcb, link);

		t->listener = NULL;
		t->held = false;
		if (t->state != TCPS_CLOSED) {
			tcp_output_rst(st, t);
			tcp_done(st, t, ECONNRESET, "listener closed");
		}
		tcp_put(st, t);
	}
	tcp_early_stop(st, l);
	pool_put(&st->tcp->listeners, q);
	l->listener = NULL;
}
