/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which timer runs when, and what happens when it fires. The other files tell events (sent, acked,
 * idle, closed); only this one sets deadlines. Each connection has one timer in the wheel, armed at
 * or before the earliest of
 *
 *	rto_at	 retransmission (RFC 6298 5) or window probe (RFC 9293 3.8.6.1): never both
 *	ack_at	 the delayed ACK
 *	keep_at	 keep-alive (RFC 9293 3.8.4), or how long an orphan waits in FIN-WAIT-2
 *
 * A deadline that moves away leaves the wheel alone: the timer fires early, finds nothing due, and
 * is set anew.
 */
#include "tcp/tcp_int.h"

enum { ORPHAN_RETRIES = 8, BACKOFF_BOUND_MAX = 31 };

static uint32_t rto_max_us(const struct ph_stack *st, const struct tcb *t)
{
	return tcp_rto_max_ms(st, t) * 1000;
}

uint32_t tcp_timer_rto_us(const struct ph_stack *st, const struct tcb *t)
{
	return tcp_rtt_rto(&t->rtt, rto_max_us(st, t));
}

static void rearm(struct ph_stack *st, struct tcb *t)
{
	uint64_t at = t->rto_at;

	if (t->ack_at < at)
		at = t->ack_at;
	if (t->keep_at < at)
		at = t->keep_at;
	if (at == PH_NEVER)
		timer_stop(&st->wheel, &t->timer);
	else if (!timer_armed(&t->timer) || at < t->timer.at_ns)
		timer_arm(&st->wheel, &t->timer, at);
}

static void slot_set(struct ph_stack *st, struct tcb *t, enum tcp_slot slot, uint32_t in_us)
{
	t->slot = (uint8_t)slot;
	t->rto_at = slot == TCP_SLOT_NONE ? PH_NEVER : st->now_ns + (uint64_t)in_us * 1000;
	rearm(st, t);
}

void tcp_timer_sent(struct ph_stack *st, struct tcb *t)
{
	/* RFC 6298 5.1: if it is not running, start it. */
	if (t->slot != TCP_SLOT_RTO)
		slot_set(st, t, TCP_SLOT_RTO, tcp_timer_rto_us(st, t));
}

static uint32_t persist_us(const struct ph_stack *st, const struct tcb *t)
{
	uint32_t base = t->rtt.rto_us > TCP_PERSIST_MIN_US ? t->rtt.rto_us : TCP_PERSIST_MIN_US;
	uint64_t us = (uint64_t)base << (t->rtt.backoff < BACKOFF_BOUND_MAX ? t->rtt.backoff : 31);

	return us > rto_max_us(st, t) ? rto_max_us(st, t) : (uint32_t)us;
}

void tcp_timer_idle(struct ph_stack *st, struct tcb *t)
{
	/* Nothing in flight whose ACK would bring us back here: someone must ask the peer. */
	if (t->slot == TCP_SLOT_NONE)
		slot_set(st, t, TCP_SLOT_PERSIST, persist_us(st, t));
}

void tcp_timer_acked(struct ph_stack *st, struct tcb *t, bool progress)
{
	if (progress) {
		t->retransmits = 0;
		t->retrans_ns = 0;
	}
	t->probes = 0;
	if (tcp_flight(t)) {
		if (progress || t->slot != TCP_SLOT_RTO) /* RFC 6298 5.3 */
			slot_set(st, t, TCP_SLOT_RTO, tcp_timer_rto_us(st, t));
	} else if (tcp_unsent(t) && t->snd_wnd == 0) {
		t->retrans_ns = 0;
		slot_set(st, t, TCP_SLOT_PERSIST, persist_us(st, t));
	} else {
		if (t->slot == TCP_SLOT_PERSIST)
			t->rtt.backoff = 0;
		if (t->slot != TCP_SLOT_NONE)
			slot_set(st, t, TCP_SLOT_NONE, 0); /* 5.2; output sets it again */
	}
}

void tcp_timer_ack_owed(struct ph_stack *st, struct tcb *t)
{
	uint32_t wait = tcp_delack_wait_us(&t->delack, tcp_rtt_srtt_us(&t->rtt));
	uint64_t at;

	if (t->rare && t->rare->delack_max_us && wait > t->rare->delack_max_us)
		wait = t->rare->delack_max_us;
	at = st->now_ns + (uint64_t)wait * 1000;
	if (at < t->ack_at) {
		t->ack_at = at;
		rearm(st, t);
	}
}

void tcp_timer_ack_sent(struct ph_stack *st, struct tcb *t)
{
	(void)st;
	t->ack_at = PH_NEVER; /* the wheel may fire for nothing: cheaper than a stop per ACK */
}

static uint64_t keep_idle_ns(const struct ph_stack *st, const struct tcb *t)
{
	return (t->keep_idle_s ? t->keep_idle_s : (uint64_t)st->sysctl.tcp_keepalive_time) *
	       1000000000u;
}

void tcp_timer_keepalive(struct ph_stack *st, struct tcb *t)
{
	if (!tcps_synchronised(t->state) || t->state == TCPS_TIME_WAIT)
		return;
	if (t->held)
		t->keep_at = t->keepalive ? st->now_ns + keep_idle_ns(st, t) : PH_NEVER;
	rearm(st, t);
}

void tcp_timer_fin_wait_2(struct ph_stack *st, struct tcb *t)
{
	uint64_t s = t->fin_timeout_s ? (uint64_t)t->fin_timeout_s :
					(uint64_t)st->sysctl.tcp_fin_timeout;

	t->keep_at = st->now_ns + s * 1000000000u;
	rearm(st, t);
}

void tcp_timer_closed(struct ph_stack *st, struct tcb *t)
{
	t->slot = TCP_SLOT_NONE;
	t->rto_at = t->ack_at = t->keep_at = PH_NEVER;
	timer_stop(&st->wheel, &t->timer);
}

/*
 * Linux's retransmits_timed_out(): the time that `retries` doublings from the least timeout take;
 * measured from the first retransmission (RFC 1122 4.2.3.5 R2 as a time).
 */
static bool timed_out(const struct ph_stack *st, const struct tcb *t, uint64_t since_ns,
		      uint32_t retries)
{
	uint64_t base = tcp_rto_min_us(st, t), max = rto_max_us(st, t), total = 0;

	for (uint32_t i = 0; i <= retries; i++)
		total += i < BACKOFF_BOUND_MAX && base << i < max ? base << i : max;
	return since_ns && st->now_ns - since_ns >= total * 1000;
}

static bool user_timed_out(const struct ph_stack *st, const struct tcb *t, uint64_t since_ns)
{
	return t->user_timeout_ms && since_ns &&
	       st->now_ns - since_ns >= (uint64_t)t->user_timeout_ms * 1000000;
}

/* The user's time may end before the next timeout (RFC 9293 3.10.8): look then. */
static uint32_t rto_or_end_us(const struct ph_stack *st, const struct tcb *t)
{
	uint64_t rto = tcp_timer_rto_us(st, t), end;

	if (t->user_timeout_ms && tcps_synchronised(t->state) && t->state != TCPS_SYN_RECEIVED) {
		end = (t->retrans_ns + (uint64_t)t->user_timeout_ms * 1000000 - st->now_ns + 999) / 1000;
		if (end < rto)
			return (uint32_t)end;
	}
	return (uint32_t)rto;
}

static uint32_t orphan_retries(const struct ph_stack *st)
{
	return st->sysctl.tcp_orphan_retries ? (uint32_t)st->sysctl.tcp_orphan_retries :
					       ORPHAN_RETRIES;
}

static void give_up(struct ph_stack *st, struct tcb *t)
{
	COUNT(st, TcpExtTCPAbortOnTimeout);
	tcp_done(st, t, t->error_soft ? t->error_soft : ETIMEDOUT, "timeout");
}

/* RFC 9293 3.8.3 (MUST-20, MUST-23): is it time to stop? */
static bool hopeless(const struct ph_stack *st, const struct tcb *t)
{
	uint32_t retries = (uint32_t)st->sysctl.tcp_retries2;

	if (t->state == TCPS_SYN_SENT)
		return t->retransmits >= (t->syn_retries ? t->syn_retries :
							   (uint32_t)st->sysctl.tcp_syn_retries);
	if (t->state == TCPS_SYN_RECEIVED)
		return t->retransmits >= (uint32_t)st->sysctl.tcp_synack_retries;
	if (user_timed_out(st, t, t->retrans_ns))
		return true;
	if (!t->held && orphan_retries(st) < retries)
		retries = orphan_retries(st);
	return timed_out(st, t, t->retrans_ns, retries);
}

static void enter_loss(struct ph_stack *st, struct tcb *t)
{
	struct cc_ack a = { .now_ns = st->now_ns, .inflight = tcp_flight(t),
			    .mss = tcp_output_mss(t) };
	uint8_t before = t->loss.state;

	if (tcp_loss_rto(&t->loss, &t->rtxq, t->snd_una, t->snd_nxt))
		cc_reduce(&t->cc, &a, CC_RTO, before == TCP_CA_RECOVERY);
	else
		t->cc.cwnd = a.mss;
	tcp_ecn_reduced(&t->ecn);
	if (before == TCP_CA_RECOVERY && t->sack_ok)
		COUNT(st, TcpExtTCPSackRecoveryFail);
	else if (before == TCP_CA_RECOVERY)
		COUNT(st, TcpExtTCPRenoRecoveryFail);
	else if (before == TCP_CA_LOSS)
		COUNT(st, TcpExtTCPLossFailures);
	TRACE(&st->trace, tcp_cwnd, .conn = t->id, .cwnd = t->cc.cwnd, .ssthresh = t->cc.ssthresh,
	      .inflight = 0);
}

static void fire_rto(struct ph_stack *st, struct tcb *t)
{
	if (!tcp_rtxq_first(&t->rtxq)) {
		if (t->state == TCPS_SYN_SENT || t->state == TCPS_SYN_RECEIVED)
			tcp_output_syn(st, t); /* memory was short when it should have gone */
		return;
	}
	if (hopeless(st, t)) {
		give_up(st, t);
		return;
	}
	COUNT(st, TcpExtTCPTimeouts);
	t->total_rto++;
	if (t->retransmits < UINT8_MAX)
		t->retransmits++;
	TRACE(&st->trace, tcp_rto, .conn = t->id, .seq = t->snd_una,
	      .rto_us = tcp_timer_rto_us(st, t), .backoff = t->rtt.backoff);
	tcp_rtt_back_off(&t->rtt);
	if (!t->retrans_ns)
		t->retrans_ns = st->now_ns;
	slot_set(st, t, TCP_SLOT_RTO, rto_or_end_us(st, t)); /* RFC 6298 5.5, 5.6 */
	if (t->state == TCPS_SYN_SENT || t->state == TCPS_SYN_RECEIVED) {
		tcp_output_syn(st, t);
		return;
	}
	enter_loss(st, t);
	tcp_output(st, t);
}

static void fire_persist(struct ph_stack *st, struct tcb *t)
{
	uint32_t max = t->held ? (uint32_t)st->sysctl.tcp_retries2 : orphan_retries(st);

	if (tcp_output(st, t) || !tcp_unsent(t))
		return;
	if (!t->retrans_ns)
		t->retrans_ns = st->now_ns;
	/* RFC 9293 3.8.6.1 (MUST-37): only silence counts; each ACK sets probes to 0. */
	if (t->probes >= max || (!t->held && t->rtt.backoff >= max) ||
	    (t->probes && user_timed_out(st, t, t->retrans_ns))) {
		give_up(st, t);
		return;
	}
	t->probes++;
	tcp_rtt_back_off(&t->rtt);
	slot_set(st, t, TCP_SLOT_PERSIST, persist_us(st, t));
	COUNT(st, TcpExtTCPWinProbe);
	tcp_output_probe(st, t);
}

static void fire_ack(struct ph_stack *st, struct tcb *t)
{
	if (!t->delack.pending)
		return;
	COUNT(st, TcpExtDelayedACKs);
	tcp_delack_timeout(&t->delack, tcp_timer_rto_us(st, t));
	tcp_output_ack(st, t);
}

static void fire_keep(struct ph_stack *st, struct tcb *t)
{
	uint64_t idle_ns = keep_idle_ns(st, t), quiet = st->now_ns - t->rcv_ns;
	uint32_t count = t->keep_probes ? t->keep_probes :
					  (uint32_t)st->sysctl.tcp_keepalive_probes;
	uint64_t intvl = t->keep_intvl_s ? t->keep_intvl_s :
					   (uint64_t)st->sysctl.tcp_keepalive_intvl;

	if (!t->held && t->state == TCPS_FIN_WAIT_2) {
		tcp_done(st, t, 0, "FIN-WAIT-2 timeout");
		return;
	}
	if (!t->keepalive || !t->held)
		return;
	/* RFC 9293 3.8.4 (MUST-26): only when nothing is outstanding and nothing came for so
	 * long. */
	if (tcp_flight(t) || t->snd.len || quiet < idle_ns) {
		t->keep_at = st->now_ns + (quiet < idle_ns ? idle_ns - quiet : idle_ns);
		return;
	}
	if (t->user_timeout_ms ? t->probes && quiet >= (uint64_t)t->user_timeout_ms * 1000000 :
				 t->probes >= count) {
		tcp_output_rst(st, t);
		give_up(st, t);
		return;
	}
	t->probes++;
	COUNT(st, TcpExtTCPKeepAlive);
	tcp_output_probe(st, t);
	t->keep_at = st->now_ns + intvl * 1000000000u;
}

static void fire(void *ctx, struct timer *timer)
{
	struct ph_stack *st = ctx;
	struct tcb *t = container_of(timer, struct tcb, timer);

	if (t->ack_at <= st->now_ns) {
		t->ack_at = PH_NEVER;
		fire_ack(st, t);
	}
	if (t->rto_at <= st->now_ns) {
		enum tcp_slot slot = (enum tcp_slot)t->slot;

		t->rto_at = PH_NEVER;
		t->slot = TCP_SLOT_NONE;
		if (slot == TCP_SLOT_RTO)
			fire_rto(st, t);
		else
			fire_persist(st, t);
	}
	if (t->keep_at <= st->now_ns) {
		t->keep_at = PH_NEVER;
		fire_keep(st, t);
	}
	if (!tcp_put(st, t))
		rearm(st, t);
}

void tcp_timer_init(struct tcb *t)
{
	timer_init(&t->timer, fire);
	t->slot = TCP_SLOT_NONE;
	t->rto_at = t->ack_at = t->keep_at = PH_NEVER;
}
