/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * LISTEN and the passive SYN-RECEIVED (RFC 9293 3.10.7.2 and the parts of 3.10.7.4 that concern
 * it). A SYN makes a struct tcp_half, small and bounded in number by the backlog, or beyond that a
 * cookie, of which nothing is kept (RFC 4987 3.6); the handshake's last ACK makes the connection,
 * if the accept queue has room, else it is dropped and comes again with the next SYN-ACK or data,
 * as in Linux.
 */
#include <string.h>

#include "tcp/tcp_int.h"

#include "tcp/tcp_cookie.h"
#include "tcp/tcp_isn.h"
#include "wire/ip4.h"

enum { SYNACK_RTO_US = TCP_RTT_RTO_INIT_US, QUEUE_SMALL = 8, SYNACK_RETRIES_LEAST = 2 };

/* How long after a cookie left an ACK that belongs to nothing is thought to bring one back. */
#define COOKIE_VALID_NS (TCP_COOKIE_MINUTES * 60 * UINT64_C(1000000000))

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

/* The timestamp of a cookie: what the sequence number has no room for. */
static uint32_t half_cookie_ts(const struct ph_stack *st, const struct tcp_half *h)
{
	struct tcp_cookie_ts o = { .sack = h->sack_ok, .ecn = h->ecn_mode != TCP_ECN_OFF,
				   .wscale = h->ws ? h->snd_wscale : TCP_COOKIE_NO_WSCALE };

	return tcp_cookie_ts((uint32_t)tcp_now_ms(st), &o) + h->ts_off;
}

/* taken: bytes of the SYN's data that it acknowledges; cookie: NULL, or one for the peer. */
static void half_send_with(struct ph_stack *st, struct tcp_half *h, uint16_t flags, uint32_t taken,
			   const struct tcp_fo_cookie *cookie)
{
	struct tcp_tuple k = half_tuple(h);
	bool syn = flags & TCP_F_SYN;
	struct tcp_out o = { .seq = syn ? h->iss : h->iss + 1, .flags = flags,
			     .ack = h->irs + 1 + taken,
			     .tos = h->tos, .ttl = tcp_ttl(h->listener, &h->peer), .path = h->path,
			     .delay_us = tcp_rare(h->listener)->tx_delay_us,
			     .oif = h->listener->dst.oif };

	o.wnd = (uint16_t)(!syn ? h->wnd >> h->rcv_wscale : h->wnd < UINT16_MAX ? h->wnd : UINT16_MAX);
	o.opts = (struct tcp_opts){
		.has_mss = syn, .mss = h->adv_mss, .has_ts = h->ts,
		.tsval = h->cookie ? half_cookie_ts(st, h) : tcp_ts(st, h->ts_off),
		.tsecr = h->ts_recent,
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
	uint64_t us = (uint64_t)SYNACK_RTO_US << (h->timeouts < 16 ? h->timeouts : 16);
	uint64_t max = (uint64_t)st->sysctl.tcp_rto_max_ms * 1000;

	timer_arm(&st->wheel, &h->timer, st->now_ns + (us < max ? us : max) * 1000);
}

static void half_put(struct ph_stack *st, struct tcp_half *h)
{
	pool_put(&st->tcp->syns, h->syn);
	pool_put(&st->tcp->halves, h);
}

/* Its SYN-ACK timed out for the first time, or it ends before that. */
static void half_grown(struct tcp_half *h)
{
	if (h->timeouts == 0)
		h->listener->listener->nyoung--;
}

void tcp_half_free(struct ph_stack *st, struct tcp_half *h)
{
	timer_stop(&st->wheel, &h->timer);
	tcp_table_remove(st, &h->ent);
	list_remove(&h->link);
	half_grown(h);
	h->listener->listener->nhalves--;
	half_put(st, h);
}

/* How often a SYN-ACK is sent again: less the fuller the queue is of those that never answer
 * (Linux's reqsk_timer_handler). */
static uint32_t synack_retries(const struct ph_stack *st, const struct tcb *l)
{
	const struct tcp_listener *q = l->listener;
	uint32_t most = l->syn_retries ? l->syn_retries : (uint32_t)st->sysctl.tcp_synack_retries;
	uint64_t young = (uint64_t)q->nyoung * 2;

	if (q->nhalves * (uint64_t)2 <= (q->backlog > QUEUE_SMALL ? q->backlog : QUEUE_SMALL))
		return most;
	while (most > SYNACK_RETRIES_LEAST && q->nhalves >= young) {
		most--;
		young *= 2;
	}
	return most;
}

static void half_fire(void *ctx, struct timer *timer)
{
	struct ph_stack *st = ctx;
	struct tcp_half *h = container_of(timer, struct tcp_half, timer);
	uint32_t most = synack_retries(st, h->listener);
	uint32_t defer = tcp_rare(h->listener)->defer_accept;
	/* One that only waits for data (TCP_DEFER_ACCEPT) is silent until that wait is nearly
	 * over. */
	bool expire = h->timeouts >= most && (defer == 0 || !h->acked || h->timeouts >= defer);
	bool resend = defer == 0 || !h->acked || h->timeouts + 1u >= defer;

	if (expire) {
		COUNT(st, TcpAttemptFails);
		tcp_half_free(st, h);
		return;
	}
	half_grown(h);
	h->timeouts++;
	if (resend) {
		if (h->retransmits < UINT8_MAX)
			h->retransmits++;
		COUNT(st, TcpExtTCPTimeouts);
		COUNT(st, TcpExtTCPSynRetrans);
		COUNT(st, TcpRetransSegs);
		if (tcp_path_may_change(st, h->listener))
			h->path++;
		half_send(st, h, TCP_F_SYN | TCP_F_ACK);
	}
	half_arm(st, h);
}

/* What becomes of a SYN. */
enum admission { ADMIT_HALF, ADMIT_COOKIE, ADMIT_NOT };

/* Linux's tcp_conn_request. `known`: the peer was in TIME-WAIT, and is real. */
static enum admission admit(struct ph_stack *st, const struct tcp_listener *q, bool known,
			    const struct tcp_rx *rx, enum drop *why)
{
	uint32_t most = (uint32_t)st->sysctl.tcp_max_syn_backlog;
	bool full = q->nhalves > q->backlog, cookie = false;
	int64_t cookies = st->sysctl.tcp_syncookies;

	*why = DROP_TCP_SYN_BACKLOG;
	if (!known && (cookies == 2 || full)) {
		if (cookies == 0) {
			COUNT(st, TcpExtTCPReqQFullDrop);
			return ADMIT_NOT;
		}
		COUNT(st, TcpExtTCPReqQFullDoCookies);
		cookie = true;
	}
	if (q->naccept > q->backlog) {
		COUNT(st, TcpExtListenDrops); /* beside TcpExtListenOverflows, as in the kernel */
		*why = DROP_TCP_LISTEN_OVERFLOW;
		return ADMIT_NOT;
	}
	/* Without cookies the last quarter is for peers that are known. */
	if (!known && cookies == 0 && most < q->nhalves + (most >> 2) &&
	    !tcp_metrics_proven(st, &rx->ip->dst, &rx->ip->src))
		return ADMIT_NOT;
	return cookie ? ADMIT_COOKIE : ADMIT_HALF;
}

static uint32_t half_ts_off(const struct ph_stack *st, const struct tcp_tuple *k)
{
	return st->sysctl.tcp_timestamps == 1 ? tcp_isn_ts_offset(&st->isn_key, k) : 0;
}

/* What the SYN offered and we agree to; the window of the SYN-ACK. */
static void half_negotiate(struct ph_stack *st, struct tcp_half *h, const struct tcp_opts *o,
			   const struct dst *d)
{
	const struct tcb *l = h->listener;
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
	h->ts_off = half_ts_off(st, &k);
	tcp_rcvwin_init(&w, l->rcvwin.buf, l->rcvbuf_locked, l->window_clamp,
			h->ts ? h->adv_mss - TCP_OPT_TS_ALIGNED : h->adv_mss,
			(uint32_t)st->sysctl.tcp_rmem[2], h->ws, &h->rcv_wscale);
	if (st->sysctl.tcp_workaround_signed_windows)
		tcp_rcvwin_narrow(&w);
	if (st->sysctl.tcp_rcvbuf_window)
		tcp_rcvwin_whole(&w, (uint32_t)st->sysctl.tcp_rmem[2], h->ws, &h->rcv_wscale);
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
	if (st->sysctl.tcp_workaround_signed_windows)
		tcp_rcvwin_narrow(&t->rcvwin);
	if (st->sysctl.tcp_rcvbuf_window)
		tcp_rcvwin_whole(&t->rcvwin, (uint32_t)st->sysctl.tcp_rmem[2], h->ws, &wscale);
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
	t->path = h->path;
	t->retransmits = h->retransmits;
	t->total_retrans = h->retransmits;
	t->ecn.mode = h->ecn_mode;
	t->ecn.peer_syn = h->peer_ecn & 3u;
	if (h->no_ect)
		t->ecn.acc.fail |= TCP_ACCECN_FAIL_ACE_RECV;
	t->done = true;
	tcp_conn_sync_mss(st, t);
	tcp_rcvwin_round(&t->rcvwin, t->mss);
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
	if (dst_lookup_on(st, &t->dst, l->dst.oif, &h->local, &h->peer, false) != 0)
		goto fail;
	/* When a cookie left nobody knows: no round trip is measured by it. */
	r = tcp_rtxq_sent(&t->rtxq, &st->tcp->recs, h->iss, 1, 1,
			  h->retransmits || h->cookie ? TCP_REC_SYN | TCP_REC_EVER : TCP_REC_SYN,
			  h->sent_ns);
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

static bool accept_full(const struct tcb *l)
{
	return l->listener->naccept > l->listener->backlog;
}

/* The connection that h stands for is made, and the segment is its first. NOMEM: it was not. */
static enum drop open_child(struct ph_stack *st, struct tcp_half *h, struct tcp_rx *rx)
{
	struct tcb *l = h->listener, *t = child_new(st, h);

	if (!t) {
		COUNT(st, TcpExtListenDrops);
		return DROP_NOMEM;
	}
	/* The first SYN-ACK was answered, not one that went again: none was lost. */
	if (h->retransmits > 1 && h->ts && rx->seg.opts.has_ts &&
	    rx->seg.opts.tsecr == (uint32_t)(h->sent_ns / 1000000) + h->ts_off)
		t->retransmits = 1;
	if (!h->cookie)
		tcp_half_free(st, h);
	tcp_table_insert(st, &t->ent);
	to_accept(st, l, t);
	return tcp_input_conn(st, t, rx);
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

/* The last ACK of the handshake, perhaps with data: the half becomes whole. */
static enum drop complete(struct ph_stack *st, struct tcp_half *h, struct tcp_rx *rx)
{
	/* TCP_DEFER_ACCEPT: nobody is woken before there is something to read. */
	if (h->timeouts < tcp_rare(h->listener)->defer_accept && rx->seg.len == 0 &&
	    !(rx->seg.flags & TCP_F_FIN)) {
		h->acked = true;
		COUNT(st, TcpExtTCPDeferAcceptDrop);
		return DROP_NONE;
	}
	if (accept_full(h->listener))
		return overflow(st, h, rx);
	return open_child(st, h, rx);
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
	h->listener->listener->nyoung++;
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

/* A half-open connection by who it is between; everything else is still to be agreed on. */
static struct tcp_half half_of(const struct ph_stack *st, struct tcb *l, const struct tcp_rx *rx)
{
	return (struct tcp_half){
		.ent = { .lport = rx->seg.dport, .pport = rx->seg.sport, .kind = TCP_KIND_HALF },
		.local = rx->ip->dst, .peer = rx->ip->src, .listener = l, .irs = rx->seg.seq,
		.tos = st->sysctl.tcp_reflect_tos ? rx->ip->tos & (uint8_t)~IP4_ECN_MASK :
						    tcp_tos(l, &rx->ip->src),
	};
}

/* A SYN-ACK of which we keep nothing. Without timestamps it can tell of no option but the MSS. */
static void send_cookie(struct ph_stack *st, struct tcb *l, const struct tcp_rx *rx,
			const struct dst *d)
{
	struct tcp_half h = half_of(st, l, rx);
	struct tcp_tuple k = half_tuple(&h);
	struct tcp_opts o = rx->seg.opts;

	if (!o.has_ts || !st->sysctl.tcp_timestamps)
		o.sack_ok = o.has_wscale = false;
	half_negotiate(st, &h, &o, d);
	h.peer_ecn = rx->ip->tos & IP4_ECN_MASK;
	if (h.ts)
		h.ecn_mode = (uint8_t)tcp_ecn_grant(tcp_conn_ecn(st, d), rx->seg.flags, h.peer_ecn);
	h.cookie = true;
	h.iss = tcp_cookie_make(&st->isn_key, &k, h.irs, h.peer_mss, st->now_ns);
	l->listener->cookie_ns = st->now_ns + 1;
	COUNT(st, TcpExtSyncookiesSent);
	half_send_with(st, &h, TCP_F_SYN | TCP_F_ACK, 0, NULL);
}

/* What the timestamp that comes back says was agreed on; false: we do not do that any more. */
static bool cookie_options(struct ph_stack *st, struct tcp_half *h, const struct tcp_rx *rx,
			   uint16_t mss)
{
	struct tcp_opts o = { .has_mss = true, .mss = mss, .has_ts = rx->seg.opts.has_ts,
			      .tsval = rx->seg.opts.tsval };
	struct tcp_tuple k = half_tuple(h);
	struct tcp_cookie_ts told = { .wscale = TCP_COOKIE_NO_WSCALE };
	struct dst d = { .gen = 0 };

	if (dst_lookup_on(st, &d, h->listener->dst.oif, &h->local, &h->peer, false) != 0)
		return false;
	if (o.has_ts)
		told = tcp_cookie_ts_read(rx->seg.opts.tsecr - half_ts_off(st, &k));
	o.sack_ok = told.sack;
	o.has_wscale = told.wscale != TCP_COOKIE_NO_WSCALE;
	o.wscale = told.wscale;
	half_negotiate(st, h, &o, &d);
	if (told.ecn && tcp_conn_ecn(st, &d) != TCP_ECN_NEVER) /* accurate: its count is never 0 */
		h->ecn_mode = rx->seg.flags & (TCP_F_AE | TCP_F_CWR) ? TCP_ECN_ACCURATE :
								       TCP_ECN_CLASSIC;
	return h->ts == o.has_ts && h->sack_ok == o.sack_ok && h->ws == o.has_wscale;
}

/* An ACK to a listener: the last of a handshake of which we kept nothing? True: it is dealt with. */
static bool take_cookie(struct ph_stack *st, struct tcb *l, struct tcp_rx *rx, enum drop *why)
{
	struct tcp_half h = half_of(st, l, rx);
	struct tcp_tuple k = half_tuple(&h);
	uint16_t mss;

	if (!st->sysctl.tcp_syncookies || (rx->seg.flags & TCP_F_SYN) ||
	    l->listener->cookie_ns == 0 ||
	    st->now_ns - (l->listener->cookie_ns - 1) > COOKIE_VALID_NS)
		return false;
	h.irs = rx->seg.seq - 1;
	h.iss = rx->seg.ack - 1;
	mss = tcp_cookie_check(&st->isn_key, &k, h.irs, h.iss, st->now_ns);
	if (mss == 0) {
		COUNT(st, TcpExtSyncookiesFailed);
		return false;
	}
	COUNT(st, TcpExtSyncookiesRecv);
	h.cookie = true;
	h.sent_ns = st->now_ns;
	if (!cookie_options(st, &h, rx, mss)) {
		*why = DROP_TCP_FLAGS;
	} else if (accept_full(l)) {
		COUNT(st, TcpExtListenDrops);
		*why = DROP_TCP_LISTEN_OVERFLOW;
	} else {
		*why = open_child(st, &h, rx);
	}
	return true;
}

/* A SYN for which there is room. */
static enum drop begin(struct ph_stack *st, struct tcb *l, struct tcp_rx *rx, const struct dst *d,
		       const seq_t *iss)
{
	struct tcp_half *h = pool_get(&st->tcp->halves);
	struct tcp_fo_cookie cookie;
	struct tcp_tuple k;

	if (!h)
		return DROP_NOMEM;
	*h = half_of(st, l, rx);
	k = half_tuple(h);
	h->iss = iss ? *iss : tcp_isn(&st->isn_key, &k, st->now_ns);
	half_negotiate(st, h, &rx->seg.opts, d);
	h->snd_wnd = rx->seg.wnd;
	h->peer_ecn = rx->ip->tos & IP4_ECN_MASK;
	h->ecn_mode = (uint8_t)tcp_ecn_grant(tcp_conn_ecn(st, d), rx->seg.flags, h->peer_ecn);
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

enum drop tcp_listen_input(struct ph_stack *st, struct tcb *l, struct tcp_rx *rx, const seq_t *iss)
{
	const struct tcp_seg *s = &rx->seg;
	struct dst d = { .gen = 0 };
	enum admission how;
	enum drop why;

	if (s->flags & TCP_F_RST)
		return DROP_TCP_FLAGS;
	if (s->flags & TCP_F_ACK) {
		if (take_cookie(st, l, rx, &why))
			return why;
		tcp_xmit_reset(st, rx);
		return DROP_TCP_FLAGS;
	}
	if (!(s->flags & TCP_F_SYN) || ((s->flags & TCP_F_FIN) && st->sysctl.tcp_synfin != 1))
		return DROP_TCP_FLAGS;
	how = admit(st, l->listener, iss != NULL, rx, &why);
	if (how == ADMIT_NOT)
		return why;
	if (dst_lookup_on(st, &d, l->dst.oif, &rx->ip->dst, &rx->ip->src, false) != 0)
		return DROP_IP_OUTNOROUTES;
	if (how == ADMIT_HALF)
		return begin(st, l, rx, &d, iss);
	send_cookie(st, l, rx, &d);
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
		if (s->seq == rcv_nxt + h->wnd && h->wnd) /* just beyond the window */
			return DROP_TCP_INVALID_SEQUENCE;
		if (s->seq != rcv_nxt && !st->sysctl.tcp_insecure_rst) {
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
