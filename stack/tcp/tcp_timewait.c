/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TIME-WAIT (RFC 9293 3.6.1, MUST-13): what is left of a connection that we closed first, in a
 * small struct. All live 60 seconds, so they queue in order of their end and share one timer. RFC
 * 1337 and RFC 6191 say what may end one early: a reset only if tcp_rfc1337 is off, a SYN if it is
 * newer by sequence number or timestamp.
 */
#include "tcp/tcp_int.h"

enum { ISN_AHEAD = 65535 + 2 }; /* a new connection begins beyond the old one's window */

static void restart(struct ph_stack *st, struct tcp_timewait *w)
{
	w->until_ns = st->now_ns + TCP_TIMEWAIT_S * (uint64_t)1000000000;
	list_remove(&w->link);
	list_push_back(&st->tcp->timewaits, &w->link);
	if (!timer_armed(&st->tcp->timewait_timer))
		timer_arm(&st->wheel, &st->tcp->timewait_timer, w->until_ns);
}

void tcp_timewait_free(struct ph_stack *st, struct tcp_timewait *w)
{
	tcp_table_remove(st, &w->ent);
	list_remove(&w->link);
	if (list_empty(&st->tcp->timewaits))
		timer_stop(&st->wheel, &st->tcp->timewait_timer);
	tcp_port_unuse(st, w->port, w->reuse);
	tcp_md5_free(st, w->md5);
	pool_put(&st->tcp->timewait_pool, w);
}

void tcp_timewait_fire(void *ctx, struct timer *timer)
{
	struct ph_stack *st = ctx;
	struct list_node *n;

	while ((n = list_first(&st->tcp->timewaits))) {
		struct tcp_timewait *w = container_of(n, struct tcp_timewait, link);

		if (w->until_ns > st->now_ns) {
			timer_arm(&st->wheel, timer, w->until_ns);
			return;
		}
		tcp_timewait_free(st, w);
	}
}

static void inherit(struct ph_stack *st, struct tcp_timewait *w, const struct tcb *t)
{
	w->ent = (struct tcp_ent){ .lport = t->ent.lport, .pport = t->ent.pport,
				   .kind = TCP_KIND_TIMEWAIT };
	if (tcp_md5_find(t, &t->dst.dst))
		w->md5 = tcp_md5_copy(st, tcp_md5_find(t, &t->dst.dst));
	w->local = t->dst.src;
	w->peer = t->dst.dst;
	w->port = t->port;
	w->snd_nxt = t->snd_nxt;
	w->rcv_nxt = t->rcv_nxt;
	w->rcv_wnd = tcp_rcvwin_left(&t->rcvwin, t->rcv_nxt);
	w->rcv_wscale = t->rcv_wscale;
	w->ts = t->ts;
	w->ts_recent = t->ts_recent;
	w->ts_recent_ms = t->ts_recent_ms;
	w->ts_off = t->ts_off;
	w->entered_ms = tcp_now_ms(st);
	w->tos = tcp_tos(t, &t->dst.dst);
	w->ttl = tcp_ttl(t, &t->dst.dst);
	if (tcp_ecn_accurate(&t->ecn))
		w->tos |= IP_ECN_ECT0;
	w->path = t->path;
	w->oif = t->dst.oif <= UINT16_MAX ? (uint16_t)t->dst.oif : 0;
	w->delay_us = tcp_rare(t)->tx_delay_us;
	w->reuse = t->reuse;
}

void tcp_timewait_enter(struct ph_stack *st, struct tcb *t)
{
	struct tcp_timewait *w = NULL;

	tcp_set_state(st, t, TCPS_TIME_WAIT);
	if (st->tcp->timewait_pool.in_use < (uint64_t)st->sysctl.tcp_max_tw_buckets)
		w = pool_get_zeroed(&st->tcp->timewait_pool);
	if (!w) {
		COUNT(st, TcpExtTCPTimeWaitOverflow);
		tcp_done(st, t, 0, "no room for TIME-WAIT");
		return;
	}
	inherit(st, w, t);
	tcp_port_use(w->port, w->reuse);
	tcp_done(st, t, 0, "TIME-WAIT");
	COUNT(st, TcpExtTW);
	tcp_table_insert(st, &w->ent);
	list_init_node(&w->link);
	restart(st, w);
}

/* 127.0.0.0/8, ::1 and what stands for them, and addresses of ours: nothing is lost on that path. */
static bool is_local(const struct ph_stack *st, const struct tcp_timewait *w)
{
	static const struct ph_ip one = { { [15] = 1 } };

	return addr_is_local(st, &w->peer) || ip_eq(&w->peer, &one) ||
	       (ip_is4(&w->peer) && ip_get4(&w->peer) >> 24 == 127);
}

bool tcp_timewait_reuse(struct ph_stack *st, struct tcp_timewait *w, bool bound,
			struct tcp_reborn *r)
{
	int64_t how = st->sysctl.tcp_tw_reuse;
	bool waited = tcp_now_ms(st) - w->entered_ms > (uint64_t)st->sysctl.tcp_tw_reuse_delay;

	if (!w->ts || !w->ts_recent_ms)
		return false;
	if (!bound && (how == 0 || (how == 2 && !is_local(st, w)) || !waited))
		return false;
	*r = (struct tcp_reborn){ .iss = w->snd_nxt + ISN_AHEAD, .ts_recent = w->ts_recent,
				  .ts_recent_ms = w->ts_recent_ms, .is = true };
	COUNT(st, TcpExtTWRecycled);
	tcp_timewait_free(st, w);
	return true;
}

static void ack(struct ph_stack *st, struct tcp_timewait *w)
{
	struct tcp_tuple k = tcp_ent_tuple(&w->ent);
	struct tcp_out o = { .seq = w->snd_nxt, .ack = w->rcv_nxt, .flags = TCP_F_ACK,
			     .tos = w->tos, .ttl = w->ttl, .path = w->path,
			     .delay_us = w->delay_us, .oif = w->oif };
	uint32_t wnd = w->rcv_wnd >> w->rcv_wscale;

	if (!tcp_oow_allowed(st, &w->oow_ack_ns)) {
		COUNT(st, TcpExtTCPACKSkippedTimeWait);
		return;
	}
	o.wnd = wnd > UINT16_MAX ? UINT16_MAX : (uint16_t)wnd;
	o.md5 = w->md5;
	o.opts.has_md5 = w->md5 != NULL;
	o.opts.has_ts = w->ts;
	o.opts.tsval = tcp_ts(st, w->ts_off);
	o.opts.tsecr = w->ts_recent;
	tcp_xmit_bare(st, &k, &o);
}

static bool paws_old(const struct ph_stack *st, const struct tcp_timewait *w,
		     const struct tcp_seg *s)
{
	return w->ts && s->opts.has_ts && (int32_t)(s->opts.tsval - w->ts_recent) < 0 &&
	       tcp_now_ms(st) - w->ts_recent_ms < TCP_PAWS_IDLE_MS;
}

/* RFC 6191 2, with Linux's or: later by sequence number, or by timestamp. Deviation: RFC 6191 2
 * (SHOULD): after a connection without timestamps a SYN with one needs a later sequence number, too,
 * and a SYN that may not come in is acknowledged, as RFC 9293 3.10.7.4 has it, not dropped. */
static bool newer_syn(const struct tcp_timewait *w, const struct tcp_seg *s)
{
	if ((s->flags & (TCP_F_SYN | TCP_F_RST | TCP_F_ACK)) != TCP_F_SYN)
		return false;
	return seq_gt(s->seq, w->rcv_nxt) ||
	       (w->ts && s->opts.has_ts && (int32_t)(s->opts.tsval - w->ts_recent) > 0);
}

/* A new incarnation, if somebody listens for it; its numbers begin where the old one's cannot
 * be. */
static bool reopen(struct ph_stack *st, struct tcp_timewait *w, struct tcp_rx *rx, enum drop *why)
{
	struct tcp_tuple k = tcp_ent_tuple(&w->ent);
	struct tcb *l = tcp_table_listener(st, &k, rx->ip->link);
	seq_t iss = w->snd_nxt + ISN_AHEAD;

	if (!l)
		return false;
	tcp_timewait_free(st, w);
	*why = tcp_listen_input(st, l, rx, &iss);
	return true;
}

enum drop tcp_timewait_input(struct ph_stack *st, struct tcp_timewait *w, struct tcp_rx *rx)
{
	const struct tcp_seg *s = &rx->seg;
	bool old = paws_old(st, w, s);
	enum drop why;

	if (!old && s->seq == w->rcv_nxt &&
	    (tcp_seg_end(s) == s->seq || (s->flags & TCP_F_RST))) {
		if (s->flags & TCP_F_RST) {
			if (st->sysctl.tcp_rfc1337)
				return DROP_TCP_TIMEWAIT;
			COUNT(st, TcpExtTWKilled);
			tcp_timewait_free(st, w);
			return DROP_TCP_RESET;
		}
		if (s->opts.has_ts && w->ts) {
			w->ts_recent = s->opts.tsval;
			w->ts_recent_ms = tcp_now_ms(st);
		}
		restart(st, w);
		return DROP_TCP_TIMEWAIT;
	}
	if (!old && newer_syn(w, s) && reopen(st, w, rx, &why))
		return why;
	if (old)
		COUNT(st, TcpExtPAWSTimewait);
	if (!(s->flags & TCP_F_RST)) {
		if (old || (s->flags & TCP_F_ACK))
			restart(st, w);
		ack(st, w);
	}
	return DROP_TCP_TIMEWAIT;
}
