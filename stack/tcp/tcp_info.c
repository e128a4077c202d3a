/* SPDX-License-Identifier: BSD-2-Clause */
/* Seeing inside: struct tcp_info as Linux fills it, the list of endpoints, usage, and trace events
 * of segments. */
#include <string.h>

#include "base/ip.h"
#include "tcp/tcp_int.h"

enum { /* Linux's TCPI_OPT_* */
	OPT_TIMESTAMPS = 1,
	OPT_SACK = 2,
	OPT_WSCALE = 4,
	OPT_ECN = 8,
	OPT_ECN_SEEN = 16,
	OPT_SYN_DATA = 32,
	OPT_TFO_CHILD = 128
};

static uint32_t ms_since(const struct ph_stack *st, uint64_t then_ns)
{
	return (uint32_t)((st->now_ns - then_ns) / 1000000);
}

static void fill_loss(const struct ph_stack *st, const struct tcb *t, struct ph_tcp_info *i,
		      uint32_t mss)
{
	i->tcpi_ca_state = t->loss.state;
	i->tcpi_retransmits = t->retransmits;
	i->tcpi_probes = t->probes;
	i->tcpi_backoff = t->rtt.backoff;
	i->tcpi_unacked = t->rtxq.out;
	i->tcpi_sacked = t->rtxq.sacked + t->loss.reno_sacked;
	i->tcpi_lost = t->rtxq.lost;
	i->tcpi_retrans = t->rtxq.retrans;
	i->tcpi_reordering = t->loss.reordering;
	i->tcpi_reord_seen = t->loss.reord_seen;
	i->tcpi_dsack_dups = t->loss.dsack_dups;
	i->tcpi_delivered = (uint32_t)t->loss.delivered;
	i->tcpi_snd_cwnd = tcp_cwnd_segs(t, mss);
	i->tcpi_snd_ssthresh = t->cc.ssthresh == UINT32_MAX ? INT32_MAX : t->cc.ssthresh / mss;
	i->tcpi_total_retrans = t->total_retrans;
	i->tcpi_rehash = t->rehash;
	i->tcpi_total_rto = t->total_rto;
	i->tcpi_total_rto_recoveries = t->rto_episodes;
	i->tcpi_total_rto_time = t->rto_ms;
	if (t->rto_since_ms) /* and of the one that lasts */
		i->tcpi_total_rto_time += (uint32_t)tcp_now_ms(st) - t->rto_since_ms;
}

static void fill_rates(const struct ph_stack *st, const struct tcb *t, struct ph_tcp_info *i)
{
	i->tcpi_pacing_rate = t->cc.pace_Bps ? t->cc.pace_Bps : UINT64_MAX;
	i->tcpi_max_pacing_rate = t->pace.max_Bps ? t->pace.max_Bps : UINT64_MAX;
	i->tcpi_delivery_rate = tcp_rate_best_Bps(&t->rate);
	i->tcpi_delivery_rate_app_limited = t->rate.best_app_limited;
	i->tcpi_busy_time = tcp_chrono_us(&t->chrono, TCP_CHRONO_BUSY, tcp_now_us(st));
	i->tcpi_rwnd_limited = tcp_chrono_us(&t->chrono, TCP_CHRONO_RWND, tcp_now_us(st));
	i->tcpi_sndbuf_limited = tcp_chrono_us(&t->chrono, TCP_CHRONO_SNDBUF, tcp_now_us(st));
}

static void fill_times(const struct ph_stack *st, const struct tcb *t, struct ph_tcp_info *i)
{
	i->tcpi_rto = tcp_timer_rto_us(st, t);
	i->tcpi_ato = t->delack.ato_us;
	i->tcpi_rtt = tcp_rtt_srtt_us(&t->rtt);
	i->tcpi_rttvar = t->rtt.mdev4 / 4;
	i->tcpi_min_rtt = t->rtt.min_rtt_us;
	i->tcpi_last_data_sent = ms_since(st, t->sent_ns);
	i->tcpi_last_ack_recv = ms_since(st, t->rcv_ns);
	i->tcpi_last_data_recv = ms_since(st, t->delack.last_rcv_us * 1000);
}

static void fill_ecn(const struct tcp_ecn *e, struct ph_tcp_info *i)
{
	const struct tcp_accecn *a = &e->acc;

	if (e->mode == TCP_ECN_CLASSIC || e->mode == TCP_ECN_ACCURATE)
		i->tcpi_options |= OPT_ECN;
	if (e->seen)
		i->tcpi_options |= OPT_ECN_SEEN;
	i->tcpi_delivered_ce = e->delivered_ce;
	i->tcpi_received_ce = a->received_ce;
	i->tcpi_delivered_e1_bytes = a->delivered_bytes[IP_ECN_ECT1 - 1];
	i->tcpi_delivered_e0_bytes = a->delivered_bytes[IP_ECN_ECT0 - 1];
	i->tcpi_delivered_ce_bytes = a->delivered_bytes[IP_ECN_CE - 1];
	i->tcpi_received_e1_bytes = a->received_bytes[IP_ECN_ECT1 - 1];
	i->tcpi_received_e0_bytes = a->received_bytes[IP_ECN_ECT0 - 1];
	i->tcpi_received_ce_bytes = a->received_bytes[IP_ECN_CE - 1];
	i->tcpi_accecn_fail_mode = a->fail;
	i->tcpi_accecn_opt_seen = a->opt_seen;
}

void tcp_info_fill(const struct ph_stack *st, const struct tcb *t, struct ph_tcp_info *i)
{
	uint32_t mss = tcp_output_mss(t);

	memset(i, 0, sizeof(*i));
	i->tcpi_state = t->state;
	i->tcpi_pacing_rate = i->tcpi_max_pacing_rate = UINT64_MAX; /* none asked for */
	if (t->state == TCPS_LISTEN) {
		i->tcpi_reordering = (uint32_t)st->sysctl.tcp_reordering;
		i->tcpi_snd_cwnd = CC_IW_SEGMENTS;
		i->tcpi_unacked = t->listener->naccept; /* as Linux: the accept queue, */
		i->tcpi_sacked = t->listener->backlog;	/* and its bound */
		return;
	}
	fill_loss(st, t, i, mss);
	fill_times(st, t, i);
	fill_rates(st, t, i);
	i->tcpi_options = (uint8_t)((t->ts ? OPT_TIMESTAMPS : 0) | (t->sack_ok ? OPT_SACK : 0) |
				    (t->ws ? OPT_WSCALE : 0));
	i->tcpi_options |= (uint8_t)((t->syn_data ? OPT_SYN_DATA : 0) |
				     (t->fo_child ? OPT_TFO_CHILD : 0));
	i->tcpi_fastopen_client_fail = t->fo_fail & 3u;
	fill_ecn(&t->ecn, i);
	i->tcpi_snd_wscale = (unsigned)t->snd_wscale & 15u;
	i->tcpi_rcv_wscale = (unsigned)t->rcv_wscale & 15u;
	i->tcpi_snd_mss = mss;
	i->tcpi_rcv_mss = t->delack.rcv_mss;
	i->tcpi_pmtu = t->path_mtu ? t->path_mtu : t->dst.mtu;
	i->tcpi_advmss = t->adv_mss;
	i->tcpi_rcv_ssthresh = t->rcvwin.ssthresh;
	i->tcpi_rcv_rtt = t->rcvwin.rtt8_us >> 3;
	i->tcpi_rcv_space = t->rcvwin.space;
	i->tcpi_snd_wnd = t->snd_wnd;
	i->tcpi_rcv_wnd = t->rcvwin.wnd;
	i->tcpi_notsent_bytes = tcp_unsent(t) ? tcp_snd_end(t) - t->snd_nxt : 0;
	i->tcpi_bytes_acked = t->bytes_acked;
	i->tcpi_bytes_received = t->bytes_received;
	i->tcpi_bytes_sent = t->bytes_sent + t->bytes_retrans;
	i->tcpi_bytes_retrans = t->bytes_retrans;
	i->tcpi_rcv_ooopack = t->rcv_ooopack;
	i->tcpi_segs_in = t->segs_in;
	i->tcpi_segs_out = t->segs_out;
	i->tcpi_data_segs_in = t->data_segs_in;
	i->tcpi_data_segs_out = t->data_segs_out;
}

void tcp_info_trace_sent(const struct ph_stack *st, const struct tcb *t, const struct tcp_out *o,
			 uint32_t len)
{
	char flags[TCP_SEG_FLAGS_TEXT];

	if (!st->trace.sink)
		return;
	TRACE(&st->trace, tcp_sent, .conn = t->id, .flags = tcp_seg_flags_text(o->flags, flags),
	      .seq = o->seq, .ack = o->ack, .len = len, .wnd = o->wnd);
}

void tcp_info_trace_received(const struct ph_stack *st, const struct tcb *t,
			     const struct tcp_seg *s)
{
	char flags[TCP_SEG_FLAGS_TEXT];

	if (!st->trace.sink)
		return;
	TRACE(&st->trace, tcp_received, .conn = t->id, .flags = tcp_seg_flags_text(s->flags, flags),
	      .seq = s->seq, .ack = s->ack, .len = s->len, .wnd = s->wnd);
}

/* ---- the list of endpoints */

struct listing {
	struct ph_sock_info *out;
	size_t n, have;
};

static void describe(const struct tcp_ent *e, struct ph_sock_info *i)
{
	struct tcp_tuple k = tcp_ent_tuple(e);
	uint8_t state = TCPS_CLOSED;
	bool v6 = !ip_is4(&k.local);

	memset(i, 0, sizeof(*i));
	i->socket = -1;
	i->type = PH_SOCK_STREAM;
	i->protocol = PH_IPPROTO_TCP;
	switch ((enum tcp_kind)e->kind) {
	case TCP_KIND_CONN:
	case TCP_KIND_LISTEN: {
		const struct tcb *t = (const struct tcb *)e;

		state = t->state;
		v6 = t->v6;
		i->socket = t->ready.socket;
		i->recvq = state == TCPS_LISTEN ? t->listener->naccept : t->rcv.len;
		i->sendq = state == TCPS_LISTEN ? t->listener->backlog : t->snd.len;
		break;
	}
	case TCP_KIND_FOLDED: {
		const struct tcp_folded *f = (const struct tcp_folded *)e;

		state = f->state;
		v6 = f->v6;
		i->socket = f->socket;
		break;
	}
	case TCP_KIND_HALF:
		state = TCPS_SYN_RECEIVED;
		break;
	case TCP_KIND_TIMEWAIT:
		state = TCPS_TIME_WAIT;
		break;
	}
	i->state = state;
	i->state_name = tcp_state_name(state);
	i->local = (struct ph_sockaddr){ .family = v6 ? PH_AF_INET6 : PH_AF_INET, .port = k.lport,
					 .ip = k.local };
	i->peer = (struct ph_sockaddr){ .family = i->local.family, .port = k.pport, .ip = k.peer };
	if (!v6 && ip_is_any(&i->local.ip))
		i->local.ip = ip_of4(0);
	if (!v6 && ip_is_any(&i->peer.ip))
		i->peer.ip = ip_of4(0);
}

static void list_one(void *arg, struct hash_node *n)
{
	struct listing *l = arg;

	if (l->have < l->n)
		describe(container_of(n, struct tcp_ent, node), &l->out[l->have]);
	l->have++;
}

size_t tcp_list(const struct ph_stack *st, struct ph_sock_info *out, size_t n)
{
	struct listing l = { .out = out, .n = n };

	hash_each(&st->tcp->table, list_one, &l);
	return l.have;
}

void tcp_usage(const struct ph_stack *st, struct ph_usage *u)
{
	u->connections = st->tcp->tcbs.in_use + st->tcp->rest.nfolded + st->tcp->halves.in_use;
	u->timewait = st->tcp->timewait_pool.in_use;
}
