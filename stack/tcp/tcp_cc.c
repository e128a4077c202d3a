/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The connection's congestion control: which algorithm, with what settings, whether the window was
 * used (RFC 2861, RFC 7661, as Linux does). The algorithms themselves are cc_*.c. Called by tcp.c,
 * tcp_conn.c, tcp_sockopt.c, tcp_output.c.
 */
#include <string.h>

#include "tcp/tcp_int.h"

static const uint64_t NON_VALIDATED_NS = 300ull * 1000000000; /* five minutes */

void tcp_cc_new(struct ph_stack *st, struct tcb *t)
{
	t->cc.ops = cc_find(st->sysctl.tcp_congestion_control);
	if (!t->cc.ops)
		t->cc.ops = cc_find(NULL);
}

void tcp_cc_free(struct ph_stack *st, struct tcb *t)
{
	pool_put(&st->tcp->cc_states, t->cc.state);
	t->cc.state = NULL;
}

/* Memory for an algorithm that keeps much; without it, the one that needs none. */
static void begin(struct ph_stack *st, struct tcb *t, const struct cc_ops *ops)
{
	void *state = NULL;

	tcp_cc_free(st, t);
	if (ops->state_size && !(state = pool_get(&st->tcp->cc_states)))
		ops = cc_find(NULL);
	t->cc.hystart = (uint8_t)st->sysctl.tcp_hystart;
	t->cc.abe = st->sysctl.tcp_abe != 0;
	t->cc.paced = t->pace.max_Bps || strcmp(st->sysctl.default_qdisc, "fq") == 0;
	if (state)
		t->cc.seed = (uint32_t)prng_u64(&st->prng);
	cc_switch(&t->cc, ops, state, tcp_output_mss(t), st->now_ns);
}

void tcp_cc_start(struct ph_stack *st, struct tcb *t)
{
	const struct ph_route_metrics *m = dst_metrics(st, &t->dst);
	const struct cc_ops *ops = m->congctl[0] ? cc_find(m->congctl) : NULL;

	cc_start(&t->cc, tcp_output_mss(t));
	if (m->initcwnd)
		t->cc.cwnd = t->cc.prior_cwnd = m->initcwnd * tcp_output_mss(t);
	begin(st, t, ops ? ops : t->cc.ops);
	t->cwnd_limited = false;
	t->cwnd_seq = t->snd_una;
	t->max_out = t->used_out = 0;
	t->cwnd_ns = t->used_ns = st->now_ns;
	t->chrono = (struct tcp_chrono){ .now = TCP_CHRONO_IDLE };
	t->rate = (struct tcp_rate){ .delivered = 0 };
	t->pace.next_ns = 0;
	t->pace.waiting = false;
	tcp_cc_pace(st, t);
}

static bool listed(const char *list, const char *name)
{
	size_t len = strlen(name);

	while (list) {
		if (strncmp(list, name, len) == 0 && (list[len] == ' ' || list[len] == '\0'))
			return true;
		list = strchr(list, ' ');
		if (list)
			list++;
	}
	return false;
}

int tcp_cc_set(struct ph_stack *st, struct tcb *t, const char *name)
{
	const struct cc_ops *ops = cc_find(name);

	if (!ops)
		return -ENOENT;
	if (!listed(st->sysctl.tcp_allowed_congestion_control, name))
		return -EPERM;
	if (ops == t->cc.ops)
		return 0;
	if (!tcps_synchronised(t->state)) {
		t->cc.ops = ops;
		return 0;
	}
	begin(st, t, ops); /* window and threshold stay, as Linux's do */
	return 0;
}

uint32_t tcp_cc_info(const struct tcb *t, uint8_t *out)
{
	if (!t->cc.ops->info || !tcps_synchronised(t->state) ||
	    (t->cc.ops->state_size && !t->cc.state))
		return 0;
	return t->cc.ops->info(&t->cc, out);
}

/*
 * Segments just left, or might have (Linux's tcp_cwnd_validate): remembers whether cwnd held them
 * back, and the most that was out, until an ACK passes what was sent then.
 */
void tcp_cc_sent(struct ph_stack *st, struct tcb *t, bool limited)
{
	uint32_t out = t->rtxq.out * tcp_output_mss(t);

	if (seq_ge(t->snd_una, t->cwnd_seq) || limited || (!t->cwnd_limited && out > t->max_out)) {
		t->cwnd_limited = limited;
		t->max_out = out;
		t->cwnd_seq = t->snd_nxt;
	}
	if (tcp_cc_limited(t)) {
		t->used_out = 0;
		t->cwnd_ns = t->used_ns = st->now_ns;
		return;
	}
	if (out > t->used_out)
		t->used_out = out;
	if (!st->sysctl.tcp_slow_start_after_idle || t->cc.ops->control)
		return;
	/* Without an ACK for a timeout; or, with ACKs, for as long as RFC 7661 4.4.3 believes. */
	if (st->now_ns - t->cwnd_ns >= (uint64_t)t->rtt.rto_us * 1000 ||
	    st->now_ns - t->used_ns >= NON_VALIDATED_NS) {
		if (t->loss.state == TCP_CA_OPEN)
			cc_unused(&t->cc, tcp_output_mss(t), t->used_out);
		t->used_out = 0;
		t->cwnd_ns = t->used_ns = st->now_ns;
	}
}

/* Was the window used, so that it may grow? In slow start half of it is enough: the rest is what it
 * grew by meanwhile. */
bool tcp_cc_limited(const struct tcb *t)
{
	if (t->cwnd_limited)
		return true;
	return cc_slow_start(&t->cc) && t->cc.cwnd < 2 * (uint64_t)t->max_out;
}

/* ---- rate and pacing */

void tcp_cc_ended(struct ph_stack *st, struct tcb *t, uint32_t mss)
{
	if (t->cc.ended == CC_ENDED_TRAIN) {
		COUNT(st, TcpExtTCPHystartTrainDetect);
		COUNT_N(st, TcpExtTCPHystartTrainCwnd, t->cc.ssthresh / mss);
	} else {
		COUNT(st, TcpExtTCPHystartDelayDetect);
		COUNT_N(st, TcpExtTCPHystartDelayCwnd, t->cc.ssthresh / mss);
	}
	t->cc.ended = CC_ENDED_NOT;
}

void tcp_cc_rate(struct ph_stack *st, struct tcb *t, const struct tcp_rate_sample *s,
		 struct cc_ack *a)
{
	struct tcp_rate_result r =
		tcp_rate_make(&t->rate, s, st->now_ns, a->lost, t->rtt.min_rtt_us);

	a->rate_Bps = r.rate_Bps;
	a->delivered = t->rate.delivered;
	a->prior_delivered = r.prior_delivered;
	a->interval_us = r.interval_us;
	a->tx_in_flight = r.in_flight;
	a->lost_since = r.lost;
	a->app_limited = r.app_limited;
}

void tcp_cc_pace(struct ph_stack *st, struct tcb *t)
{
	uint32_t window = t->cc.cwnd, flight = tcp_flight(t);
	int64_t percent = t->cc.cwnd < t->cc.ssthresh / 2 ? st->sysctl.tcp_pacing_ss_ratio :
							    st->sysctl.tcp_pacing_ca_ratio;

	if (!t->cc.ops->control)
		t->cc.pace_Bps = tcp_pace_rate(window > flight ? window : flight,
					       tcp_output_mss(t), tcp_rtt_srtt_us(&t->rtt),
					       (uint32_t)percent);
	if (t->pace.max_Bps && t->cc.pace_Bps > t->pace.max_Bps)
		t->cc.pace_Bps = t->pace.max_Bps;
}

void tcp_cc_max_pacing(struct ph_stack *st, struct tcb *t, uint64_t Bps)
{
	t->pace.max_Bps = Bps ? Bps : 1;
	if (Bps != UINT64_MAX)
		t->cc.paced = true;
	if (tcps_synchronised(t->state))
		tcp_cc_pace(st, t);
}

/* RFC 5681 4.1: a window that was not used for a timeout's time is not to be trusted. */
void tcp_cc_idle(struct ph_stack *st, struct tcb *t)
{
	uint64_t idle_us = (st->now_ns - t->sent_ns) / 1000;
	uint32_t rto_us = t->rtt.rto_us;

	if (!st->sysctl.tcp_slow_start_after_idle || tcp_flight(t) || idle_us <= rto_us ||
	    t->cc.ops->control)
		return;
	cc_resume(&t->cc, st->now_ns, idle_us * 1000, false);
	cc_idle(&t->cc, tcp_output_mss(t),
		idle_us / rto_us < 32 ? (uint32_t)(idle_us / rto_us) : 32);
	t->sent_ns = t->cwnd_ns = st->now_ns;
	t->used_out = 0;
}

void tcp_cc_written(struct ph_stack *st, struct tcb *t)
{
	uint32_t mss = tcp_output_mss(t), pipe = tcp_loss_pipe(&t->loss, &t->rtxq) * mss;

	tcp_cc_idle(st, t);
	if (tcp_snd_end(t) - t->snd_nxt < mss && !list_linked(&t->waiter.node) &&
	    pipe < t->cc.cwnd && t->rtxq.lost <= t->rtxq.retrans)
		tcp_rate_app_limited(&t->rate, pipe);
}

bool tcp_cc_held(struct ph_stack *st, struct tcb *t)
{
	t->pace.waiting = t->cc.paced && tcp_pace_held(&t->pace, st->now_ns);
	if (t->pace.waiting)
		tcp_timer_pace(st, t);
	return t->pace.waiting;
}

void tcp_cc_packet(struct ph_stack *st, struct tcb *t, struct tcp_rec *r, uint32_t pipe,
		   uint32_t len)
{
	tcp_rate_sent(&t->rate, &r->rate, st->now_ns, pipe, len);
	if (t->cc.paced)
		tcp_pace_sent(&t->pace, st->now_ns, t->cc.pace_Bps, len, t->data_segs_out);
}

uint32_t tcp_cc_quantum(const struct ph_stack *st, const struct tcb *t, uint32_t mss,
			uint32_t max_bytes)
{
	uint64_t rate = t->cc.pace_Bps && tcp_rtt_known(&t->rtt) ? t->cc.pace_Bps : UINT64_MAX;
	uint32_t segs = tcp_pace_quantum(rate, mss, t->rtt.min_rtt_us,
					 (uint32_t)st->sysctl.tcp_tso_rtt_log,
					 (uint32_t)st->sysctl.tcp_min_tso_segs, max_bytes);
	uint32_t half = t->cc.cwnd / mss / 2;

	/* Two packets at least make up a window, as in Linux's tcp_cwnd_test. */
	if (half == 0)
		half = 1;
	return segs < half ? segs : half;
}
