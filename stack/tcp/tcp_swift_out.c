/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A small message on a connection on which all is well and nothing waits to be sent: it goes into the
 * send queue and onto the wire at once, as one segment. tcp_data.c and tcp_output.c would do the same
 * by asking more: what they do is done here without. test_tcp_swift.c runs both side by side. Called by
 * tcp_data.c.
 */
#include <string.h>

#include "tcp/tcp_swift.h"

enum { SMALL_MAX = 192 }; /* bytes: they lie behind the headers, in one small buffer */

/* No loss is repaired, nothing rare was asked for, nothing waits. */
static bool all_is_well(const struct ph_stack *st, const struct tcb *t)
{
	return t->state == TCPS_ESTABLISHED && t->loss.state == TCP_CA_OPEN && t->syn_acked &&
	       t->sack_ok && !t->snd_shut && !t->fo_deferred && !t->snd_urg && !t->nospace &&
	       !t->error && !t->rare && !t->mtup && !t->early && !t->cc.paced &&
	       t->ecn.mode == TCP_ECN_OFF && tcp_sack_count(&t->sack) == 0 &&
	       (t->rtxq.sacked | t->rtxq.lost | t->rtxq.retrans) == 0 &&
	       t->snd.len == tcp_flight(t) && !list_linked(&t->waiter.node) &&
	       !(t->nonagle & TCP_CORK_ON) && st->sysctl.tcp_early_retrans >= 3;
}

/* Windows, buffers and Nagle's algorithm let it go, as they would a queue that is asked. */
static bool may_go(const struct ph_stack *st, const struct tcb *t, uint32_t len, uint32_t mss)
{
	uint32_t out = t->rtxq.out;

	if (len > mss || t->cc.cwnd < mss || out >= t->cc.cwnd / mss ||
	    seq_gt(t->snd_nxt + len, t->snd_una + t->snd_wnd))
		return false;
	/* After a pause the window is another. */
	if (tcp_flight(t) == 0 && st->now_ns - t->sent_ns > (uint64_t)t->rtt.rto_us * 1000)
		return false;
	if (!(t->nonagle & TCP_NODELAY_ON) && len < mss && seq_gt(t->snd_sml, t->snd_una) &&
	    seq_le(t->snd_sml, t->snd_nxt))
		return false;
	return !tcp_memory_full(st) && !st->tcp->no_swift && !st->sysctl.tcp_bsd_options &&
	       st->sysctl.tcp_notsent_lowat > 0 &&
	       !tcp_small_may_cork(st, t) && tcp_conn_wmem_queued(t) < t->sndbuf && dst_is_open(st, &t->dst);
}

static bool queue(struct ph_stack *st, struct tcb *t, const void *bytes, uint32_t len)
{
	uint32_t had = t->snd.len;
	seq_t end = t->snd_nxt + len;

	if (stream_write(&t->snd, bytes, len, len) < len) {
		stream_cut(&t->snd, had);
		return false;
	}
	t->tail_seq = t->snd_nxt;
	tcp_memory_note(st, t);
	if (seq_gt(end, t->push_seq + t->max_wnd / 2))
		t->push_half = end;
	t->push_seq = end;
	return true;
}

/* It has left. */
static void sent(struct ph_stack *st, struct tcb *t, uint32_t len, uint32_t mss)
{
	if (tcp_flight(t) == 0)
		cc_resume(&t->cc, st->now_ns, st->now_ns - t->sent_ns, false);
	t->snd_nxt += len;
	if (len < mss)
		t->snd_sml = t->snd_nxt;
	COUNT(st, TcpOutSegs);
	COUNT(st, TcpExtTCPOrigDataSent);
	t->segs_out++;
	t->data_segs_out++;
	t->bytes_sent += len;
	tcp_delack_data_sent(&t->delack, tcp_now_us(st), (uint32_t)st->sysctl.tcp_pingpong_thresh);
	t->sent_ns = st->now_ns;
	tcp_timer_tail(st, t);
	tcp_cc_sent(st, t, t->rtxq.out >= t->cc.cwnd / mss);
	if (t->chrono.now == TCP_CHRONO_RWND)
		tcp_chrono_stop(&t->chrono, TCP_CHRONO_RWND, false, tcp_now_us(st));
}

/* The segment itself. */
static int xmit(struct ph_stack *st, struct tcb *t, struct pkt *take_pkt, uint32_t len)
{
	struct tcp_out o;

	o.plain = true;
	o.seq = t->snd_nxt;
	o.ack = t->rcv_nxt;
	o.lport = t->ent.lport;
	o.pport = t->ent.pport;
	o.flags = TCP_F_ACK | TCP_F_PSH;
	o.wnd = tcp_output_window(st, t);
	o.urg = o.gso_size = 0;
	o.tos = t->dst.v6 ? t->ip6.tclass : t->tos;
	o.ttl = t->dst.v6 ? ip6_opt_hops(&t->ip6, false) : t->ttl;
	o.may_fragment = !t->dst.v6 && !tcp_dont_fragment(st, t);
	o.md5 = NULL;
	o.path = t->path;
	o.ip_opt_len = 0;
	o.delay_us = 0;
	o.opts.has_ts = t->ts;
	o.opts.tsval = tcp_ts(st, t->ts_off);
	o.opts.tsecr = t->ts_recent;
	COUNT_N(st, TcpExtTCPAckCompressed, t->delack.compressed);
	tcp_delack_sent(&t->delack);
	tcp_timer_ack_sent(st, t);
	tcp_info_trace_sent(st, t, &o, len);
	take_pkt->flow = tcp_small_flow(t);
	return tcp_xmit(st, &t->dst, &o, take_pkt);
}

bool tcp_swift_send(struct ph_stack *st, struct tcb *t, const void *bytes, uint64_t len64)
{
	uint32_t mss, pipe, len = (uint32_t)len64;
	struct tcp_rec *r;
	struct pkt *p;

	if (len64 == 0 || len64 > SMALL_MAX || !all_is_well(st, t))
		return false;
	mss = tcp_output_mss(t);
	if (!may_go(st, t, len, mss))
		return false;
	p = pkt_new_tx(&st->pkts, len);
	if (!p)
		return false;
	pipe = t->rtxq.out * mss;
	r = tcp_rtxq_sent(&t->rtxq, &st->tcp->recs, t->snd_nxt, len, (uint16_t)mss, TCP_REC_PUSH,
			  st->now_ns);
	if (!r || !queue(st, t, bytes, len)) { /* memory is short: more carefully, then */
		if (r)
			tcp_rtxq_unsend(&t->rtxq, &st->tcp->recs, r);
		pkt_free(p);
		return false;
	}
	tcp_rate_app_limited(&t->rate, pipe);
	tcp_chrono_start(&t->chrono, TCP_CHRONO_BUSY, tcp_now_us(st));
	t->nonagle &= (uint8_t)~TCP_PUSH_NOW;
	t->pace.waiting = false;
	memcpy(pkt_put(p, len), bytes, len);
	if (xmit(st, t, p, len) != 0) {
		tcp_rtxq_unsend(&t->rtxq, &st->tcp->recs, r);
		if (tcp_flight(t) == 0)
			tcp_timer_idle(st, t);
		return true;
	}
	tcp_rate_sent(&t->rate, &r->rate, st->now_ns, pipe, len);
	sent(st, t, len, mss);
	return true;
}
