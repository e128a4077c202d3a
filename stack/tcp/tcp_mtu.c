/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The path's MTU as a connection uses it: what the route and ICMP tell (RFC 1191, RFC 8201), and the
 * search without them (RFC 4821, net.ipv4.tcp_mtu_probing). Probes are new data in one larger
 * segment, so nothing is lost but time when one is too large. Called by tcp_conn.c, tcp_output.c,
 * tcp_ack.c and tcp_timer.c.
 */
#include "tcp/tcp_int.h"

enum { PROBE_CWND_SEGS = 11 }; /* Linux: below that a lost probe costs too much */

static uint32_t fixed(const struct tcb *t)
{
	return ip_is4(&t->dst.dst) ? 40u + tcp_ip_opt_len(t) : 60;
}

/* IP and TCP headers with the options that every segment has. */
static uint16_t headers(const struct tcb *t)
{
	return (uint16_t)(fixed(t) + (t->ts ? TCP_OPT_TS_ALIGNED : 0));
}

static uint16_t path_mtu(const struct tcb *t)
{
	return t->path_mtu && t->path_mtu < t->dst.mtu ? t->path_mtu : t->dst.mtu;
}

/* The packet that the peer's largest segment makes, if the path takes it. */
static uint16_t most(const struct tcb *t)
{
	uint16_t mtu = path_mtu(t);
	uint16_t mss = t->user_mss && t->user_mss < t->peer_mss ? t->user_mss : t->peer_mss;

	return mss + fixed(t) < mtu ? (uint16_t)(mss + fixed(t)) : mtu;
}

static bool search(struct ph_stack *st, struct tcb *t)
{
	uint64_t low = headers(t) + (uint64_t)st->sysctl.tcp_base_mss;

	if (!t->mtup)
		t->mtup = pool_get(&st->tcp->mtups);
	if (t->mtup)
		tcp_mtup_begin(t->mtup, low < most(t) ? (uint16_t)low : most(t), most(t),
			       st->now_ns);
	return t->mtup != NULL;
}

void tcp_mtu_start(struct ph_stack *st, struct tcb *t)
{
	if (st->sysctl.tcp_mtu_probing > 1)
		(void)search(st, t); /* without memory there is no search */
}

void tcp_mtu_free(struct ph_stack *st, struct tcb *t)
{
	pool_put(&st->tcp->mtups, t->mtup);
	t->mtup = NULL;
}

uint16_t tcp_mtu_used(const struct tcb *t)
{
	uint16_t mtu = path_mtu(t);

	if (!t->mtup)
		return mtu;
	tcp_mtup_limit(t->mtup, mtu);
	return t->mtup->low < mtu ? t->mtup->low : mtu;
}

void tcp_mtu_route_changed(const struct ph_stack *st, struct tcb *t, uint16_t before)
{
	if (t->dst.mtu > before) /* what ICMP told is too old to be believed, or the link's grew */
		t->path_mtu = 0;
	if (t->mtup && t->dst.mtu > before)
		t->mtup->high = most(t); /* to be searched; what is used gets through */
	else if (t->dst.mtu != before)
		tcp_conn_sync_mss(st, t);
}

/* Is it a time to probe: all is well, and there is enough to send that a loss would show? -1: no;
 * 0: yes, but for what is in flight; 1: yes. */
static int may_probe(const struct ph_stack *st, const struct tcb *t, uint32_t size)
{
	uint32_t mss = tcp_output_mss(t), segs = (uint32_t)st->sysctl.tcp_reordering + 1;
	uint64_t need = size + (uint64_t)segs * t->mss;
	uint32_t pipe = tcp_loss_pipe(&t->loss, &t->rtxq);

	if (t->loss.reordering > st->sysctl.tcp_reordering)
		need = size + ((uint64_t)t->loss.reordering + 1) * t->mss;
	if (tcp_snd_end(t) - t->snd_nxt < need || t->snd_wnd < need || t->snd_urg)
		return -1;
	if (seq_gt(t->snd_nxt + (uint32_t)need, t->snd_una + t->snd_wnd)) /* its edge may be behind us */
		return 0;
	if (pipe + 2 > t->cc.cwnd / mss)
		return pipe ? 0 : -1;
	return 1;
}

int tcp_mtu_probe(struct ph_stack *st, struct tcb *t)
{
	struct tcp_mtup *m = t->mtup;
	uint64_t interval_ns = (uint64_t)st->sysctl.tcp_probe_interval * 1000000000u;
	uint32_t mss = tcp_output_mss(t);
	seq_t start = t->snd_nxt;
	uint16_t size;
	int may;

	if (!m || m->size || t->loss.state != TCP_CA_OPEN || t->cc.cwnd / mss < PROBE_CWND_SEGS ||
	    t->sack.n || t->sack.dup.from != t->sack.dup.to || t->dst.mtu < m->high)
		return -1;
	size = tcp_mtup_next(m, (uint16_t)st->sysctl.tcp_probe_threshold);
	if (size <= headers(t) + mss) {
		tcp_mtup_again(m, (uint16_t)(headers(t) + mss), most(t), interval_ns, st->now_ns);
		return -1;
	}
	may = may_probe(st, t, size - headers(t));
	if (may <= 0)
		return may;
	if (!tcp_output_larger(st, t, size - headers(t)))
		return -1;
	if (t->snd_nxt - start == (uint32_t)(size - headers(t))) {
		tcp_mtup_sent(m, size, start, t->snd_nxt);
		t->cc.cwnd -= mss;
	}
	return 1;
}

/* RFC 4821 7.6.1. The window keeps its packets' worth: as many bytes, in larger segments. */
static void arrived(struct ph_stack *st, struct tcb *t)
{
	uint64_t was = headers(t) + (uint64_t)tcp_output_mss(t), segs = t->cc.cwnd / t->mss;

	COUNT(st, TcpExtTCPMTUPSuccess);
	segs = segs * was / t->mtup->size;
	tcp_mtup_arrived(t->mtup);
	if (t->cc.ssthresh < t->cc.cwnd / 4 * 3)
		t->cc.ssthresh = t->cc.cwnd / 4 * 3;
	tcp_conn_sync_mss(st, t);
	t->cc.cwnd = (uint32_t)(segs ? segs : 1) * tcp_output_mss(t);
	/* RFC 5681 3.1: never below two segments, which are larger now. */
	if (t->cc.ssthresh < 2u * t->mss)
		t->cc.ssthresh = 2u * t->mss;
}

void tcp_mtu_acked(struct ph_stack *st, struct tcb *t)
{
	if (t->mtup && t->mtup->size && seq_ge(t->snd_una, t->mtup->end))
		arrived(st, t);
}

bool tcp_mtu_doubts(const struct tcb *t)
{
	return t->mtup && t->mtup->size && t->snd_una == t->mtup->start;
}

/* Deviation: RFC 4821 4 (MUST): another segment lost meanwhile is repaired with the probe's bytes, without a
 * smaller window; 7.6.2 (MUST): the next size is tried as soon as all is well. Both as in Linux. */
void tcp_mtu_failed(struct ph_stack *st, struct tcb *t)
{
	COUNT(st, TcpExtTCPMTUPFail);
	tcp_mtup_failed(t->mtup);
	t->cc.cwnd += tcp_output_mss(t); /* what the probe took */
	(void)tcp_loss_too_large(&t->loss, &t->rtxq, tcp_output_mss(t), t->snd_nxt);
}

void tcp_mtu_resent(struct tcb *t)
{
	if (t->mtup)
		tcp_mtup_inconclusive(t->mtup);
}

/* RFC 4821 7.7, and Linux's order: first the search begins, then its low end is halved. */
void tcp_mtu_black_hole(struct ph_stack *st, struct tcb *t)
{
	int64_t least = st->sysctl.tcp_mtu_probe_floor;

	if (!st->sysctl.tcp_mtu_probing)
		return;
	if (!t->mtup) {
		(void)search(st, t);
	} else {
		if (least < (uint32_t)st->sysctl.tcp_min_snd_mss)
			least = (uint32_t)st->sysctl.tcp_min_snd_mss;
		tcp_mtup_black_hole(t->mtup, headers(t), (uint32_t)st->sysctl.tcp_base_mss,
				    (uint32_t)least);
	}
	tcp_conn_sync_mss(st, t);
}
