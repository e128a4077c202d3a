/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a connection learnt of its path, for the next one between the same addresses: Linux's metrics
 * cache. Saved when our FIN is acknowledged, used when a handshake is over; kept with what Fast Open
 * remembers (tcp_peers.h), so as many at most. tcp_no_metrics_save ends saving, what is known stays;
 * tcp_no_ssthresh_metrics_save (on as a rule) leaves out the slow start threshold. Called by
 * tcp_input.c, tcp_synsent.c, tcp_conn.c and tcp_listen.c.
 */
#include "tcp/tcp_int.h"

static uint32_t max_u32(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* A larger round trip counts at once, a smaller one by an eighth: too short a timeout costs more. */
static void save_rtt(struct tcp_metrics *m, uint32_t srtt8)
{
	if (srtt8 >= m->srtt8)
		m->srtt8 = srtt8;
	else
		m->srtt8 -= (m->srtt8 - srtt8) >> 3;
}

/* By where the connection's window was in the end (Linux's tcp_update_metrics); in segments, whose size
 * may be another next time. */
static void save_window(struct tcp_metrics *m, const struct tcb *t, bool threshold, uint32_t usual)
{
	uint32_t mss = tcp_output_mss(t), half = t->cc.cwnd / mss / 2;

	if (t->cc.ssthresh == UINT32_MAX) { /* the first slow start did not end */
		if (threshold && m->ssthresh && half > m->ssthresh)
			m->ssthresh = half;
		return;
	}
	if (!cc_slow_start(&t->cc) && t->loss.state == TCP_CA_OPEN) {
		if (threshold)
			m->ssthresh = max_u32(half, t->cc.ssthresh / mss);
		return;
	}
	/* A later one did not end: the window says nothing, the threshold little. */
	if (threshold && m->ssthresh)
		m->ssthresh = max_u32(m->ssthresh, t->cc.ssthresh / mss);
	if (m->reordering < t->loss.reordering && t->loss.reordering != usual)
		m->reordering = t->loss.reordering;
}

void tcp_metrics_save(struct ph_stack *st, const struct tcb *t)
{
	struct tcp_peer *p;

	if (st->sysctl.tcp_no_metrics_save)
		return;
	p = tcp_peers_make(&st->tcp->peers, &t->dst.src, &t->dst.dst, st->sysctl.tcp_metrics_epoch);
	if (!p)
		return;
	if (t->rtt.backoff || !tcp_rtt_known(&t->rtt)) {
		p->metrics.srtt8 = 0; /* the path is not what it was */
		return;
	}
	save_rtt(&p->metrics, t->rtt.srtt8);
	save_window(&p->metrics, t, !st->sysctl.tcp_no_ssthresh_metrics_save,
		    (uint32_t)st->sysctl.tcp_reordering);
}

static const struct tcp_metrics *known(struct ph_stack *st, const struct ph_ip *local,
				       const struct ph_ip *peer)
{
	static const struct tcp_metrics none;
	struct tcp_peer *p =
		tcp_peers_find(&st->tcp->peers, local, peer, st->sysctl.tcp_metrics_epoch);

	return p ? &p->metrics : &none;
}

void tcp_metrics_use(struct ph_stack *st, struct tcb *t)
{
	const struct tcp_metrics *m = known(st, &t->dst.src, &t->dst.dst);

	if (m->ssthresh && !st->sysctl.tcp_no_ssthresh_metrics_save)
		t->cc.ssthresh = m->ssthresh * tcp_output_mss(t);
	if (m->reordering)
		t->loss.reordering = m->reordering;
}

/* A handshake's packets are small and may be quicker than what follows: the longer round trip sets the
 * first timeout, as if it were the first sample. */
void tcp_metrics_rto(struct ph_stack *st, struct tcb *t)
{
	const struct tcp_metrics *m = known(st, &t->dst.src, &t->dst.dst);
	uint32_t us = m->srtt8 / 8, most = tcp_rto_max_ms(st, t) * 1000;
	uint64_t rto = us + (uint64_t)max_u32(2 * us, tcp_rto_min_us(st, t));

	if (m->srtt8 <= t->rtt.srtt8)
		return;
	t->rtt.rto_us = rto < most ? (uint32_t)rto : most;
}

bool tcp_metrics_proven(struct ph_stack *st, const struct ph_ip *local, const struct ph_ip *peer)
{
	return known(st, local, peer)->srtt8 != 0;
}
