/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which timer runs when, and what happens when it fires. The other files tell events (sent, acked,
 * idle, closed); only this one sets deadlines. Each connection has one timer in the wheel, armed at
 * or before the earliest of
 *
 *	rto_at	 retransmission (RFC 6298 5), tail probe or reordering (RFC 8985 7, 6.3), or window
 *		 probe (RFC 9293 3.8.6.1): one of them
 *	ack_at	 the delayed ACK
 *	pace	 the next packet may leave (tcp_pace.h)
 *	keep_at	 keep-alive (RFC 9293 3.8.4), or how long an orphan waits in FIN-WAIT-2
 *
 * A deadline that moves away or is called off leaves the wheel alone: the timer fires early, finds
 * nothing due, and is set anew, if there is anything to be set for.
 */
#include "tcp/tcp_int.h"

enum {
	ORPHAN_RETRIES = 8,
	BACKOFF_BOUND_MAX = 31,
	RTO_MIN_US = 200000,	 /* of the model that turns retries into time */
	SLACK_US = 2000,	 /* Linux's TCP_TIMEOUT_MIN_US */
	RENEGE_MIN_US = 10000,
	THIN_SEGS = 4,
	THIN_RETRIES = 6
};

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
	if (t->pace.waiting && t->pace.next_ns < at)
		at = t->pace.next_ns;
	if (at < t->timer.at_ns) /* PH_NEVER while it is not armed */
		timer_arm(&st->wheel, &t->timer, at);
}

static void slot_set(struct ph_stack *st, struct tcb *t, enum tcp_slot slot, uint32_t in_us)
{
	t->slot = (uint8_t)slot;
	t->rto_at = slot == TCP_SLOT_NONE ? PH_NEVER : st->now_ns + (uint64_t)in_us * 1000;
	rearm(st, t);
}

/* How far off the timeout is, counted from the last sending of the first record. */
static uint32_t rto_left_us(const struct ph_stack *st, const struct tcb *t)
{
	const struct tcp_rec *r = tcp_rtxq_first(&t->rtxq);
	uint64_t at = (r ? r->sent_ns : st->now_ns) + (uint64_t)tcp_timer_rto_us(st, t) * 1000;

	return at > st->now_ns + 1000 ? (uint32_t)((at - st->now_ns) / 1000) : 1;
}

/* Linux's tcp_rearm_rto: a probe, or waiting for reordering, does not put the timeout off. */
static void rearm_rto(struct ph_stack *st, struct tcb *t)
{
	bool other = t->slot == TCP_SLOT_PROBE || t->slot == TCP_SLOT_REORDER;

	if (!tcp_rtxq_first(&t->rtxq))
		slot_set(st, t, TCP_SLOT_NONE, 0);
	else
		slot_set(st, t, TCP_SLOT_RTO, other ? rto_left_us(st, t) : tcp_timer_rto_us(st, t));
}

void tcp_timer_sent(struct ph_stack *st, struct tcb *t)
{
	/* RFC 6298 5.1: if it is not running, start it. */
	if (t->slot != TCP_SLOT_RTO && t->slot != TCP_SLOT_REORDER)
		rearm_rto(st, t);
}

void tcp_timer_sent_again(struct ph_stack *st, struct tcb *t, bool first)
{
	if ((first && t->slot != TCP_SLOT_REORDER) || t->slot == TCP_SLOT_NONE)
		slot_set(st, t, TCP_SLOT_RTO, tcp_timer_rto_us(st, t));
}

/*
 * RFC 8985 7.2: after two round trips without news, and the longest delay of an ACK if there is but
 * one segment to acknowledge; not later than the timeout. anew: the timeout would start now. False:
 * not the time for it.
 */
static bool tail_arm(struct ph_stack *st, struct tcb *t, bool anew)
{
	uint32_t us = TCP_RTT_RTO_INIT_US, rto;

	if (st->sysctl.tcp_early_retrans < 3 || !t->sack_ok || !t->rtxq.out ||
	    (t->loss.state != TCP_CA_OPEN && t->loss.state != TCP_CA_CWR) ||
	    t->state == TCPS_SYN_SENT || t->state == TCPS_SYN_RECEIVED)
		return false;
	if (tcp_rtt_known(&t->rtt))
		us = t->rtt.srtt8 / 4 +
		     (t->rtxq.out == 1 ? tcp_rto_min_us(st, t) : SLACK_US);
	rto = anew ? tcp_timer_rto_us(st, t) : rto_left_us(st, t);
	slot_set(st, t, TCP_SLOT_PROBE, us < rto ? us : rto);
	return true;
}

void tcp_timer_tail(struct ph_stack *st, struct tcb *t)
{
	(void)tail_arm(st, t, false);
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

/* Nothing is outstanding: what is unsent waits for the window. */
static void window_acked(struct ph_stack *st, struct tcb *t)
{
	if (tcp_unsent(t) && t->snd_wnd == 0) {
		t->silent_ns = 0;
		slot_set(st, t, TCP_SLOT_PERSIST, persist_us(st, t));
		return;
	}
	if (t->slot == TCP_SLOT_PERSIST)
		t->rtt.backoff = 0;
	if (t->slot != TCP_SLOT_NONE)
		slot_set(st, t, TCP_SLOT_NONE, 0); /* RFC 6298 5.2; output sets it again */
}

/* Deviation: RFC 6582 3.2 (SHOULD): each partial acknowledgment starts the timeout anew, not the
 * first alone, as in Linux. */
void tcp_timer_acked(struct ph_stack *st, struct tcb *t, bool progress, bool set,
		     const struct tcp_loss_env *e)
{
	uint32_t half = tcp_rtt_srtt_us(&t->rtt) / 2;

	if (progress)
		t->retransmits = 0;
	if (progress || !tcp_flight(t))
		t->silent_ns = 0;
	if (!tcp_flight(t)) {
		window_acked(st, t);
		return;
	}
	if (e->notes & TCP_NOTE_RENEGED)
		slot_set(st, t, TCP_SLOT_RTO, half > RENEGE_MIN_US ? half : RENEGE_MIN_US);
	else if (e->wait_us)
		slot_set(st, t, TCP_SLOT_REORDER, e->wait_us + SLACK_US);
	else if (set && !tail_arm(st, t, true))
		rearm_rto(st, t); /* RFC 6298 5.3 */
	else if (t->slot == TCP_SLOT_NONE)
		rearm_rto(st, t);
}

void tcp_timer_progress(struct ph_stack *st, struct tcb *t)
{
	t->retransmits = 0;
	t->silent_ns = 0;
	if (!tcp_flight(t))
		window_acked(st, t);
	else if (!tail_arm(st, t, true))
		rearm_rto(st, t);
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

void tcp_timer_ack_compressed(struct ph_stack *st, struct tcb *t)
{
	uint32_t rtt_us = t->rcvwin.rtt8_us >> 3, srtt_us = tcp_rtt_srtt_us(&t->rtt);
	uint64_t at;

	if (srtt_us && srtt_us < rtt_us)
		rtt_us = srtt_us;
	at = st->now_ns +
	     tcp_delack_compress_ns(rtt_us, (uint64_t)st->sysctl.tcp_comp_sack_delay_ns);
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

void tcp_timer_pace(struct ph_stack *st, struct tcb *t)
{
	rearm(st, t);
}

void tcp_timer_closed(struct ph_stack *st, struct tcb *t)
{
	t->slot = TCP_SLOT_NONE;
	t->rto_at = t->ack_at = t->keep_at = PH_NEVER;
	t->pace.waiting = false;
	timer_stop(&st->wheel, &t->timer);
}

/*
 * Linux's retransmits_timed_out(): the time that `retries` doublings from the least timeout take;
 * measured from the first retransmission (RFC 1122 4.2.3.5 R2 as a time).
 */
static bool timed_out(const struct ph_stack *st, const struct tcb *t, uint64_t since_ns,
		      uint32_t retries)
{
	uint64_t base = RTO_MIN_US, max = rto_max_us(st, t), total = 0;

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
	uint64_t rto = tcp_timer_rto_us(st, t), end_ns, first_ns = t->silent_ns;

	if (t->user_timeout_ms && first_ns && tcps_synchronised(t->state) &&
	    t->state != TCPS_SYN_RECEIVED) {
		end_ns = first_ns + (uint64_t)t->user_timeout_ms * 1000000;
		if (end_ns <= st->now_ns)
			return 1;
		if ((end_ns - st->now_ns) / 1000 < rto)
			return (uint32_t)((end_ns - st->now_ns + 999) / 1000);
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
							   (uint32_t)st->sysctl.tcp_syn_retries) +
						 (uint32_t)st->sysctl.tcp_syn_linear_timeouts;
	if (t->state == TCPS_SYN_RECEIVED)
		return t->retransmits >= (uint32_t)st->sysctl.tcp_synack_retries +
						 (t->early ? 1u : 0);
	if (!t->retransmits)
		return false;
	if (t->user_timeout_ms)
		return user_timed_out(st, t, t->silent_ns);
	if (!t->held && orphan_retries(st) < retries)
		retries = orphan_retries(st);
	return timed_out(st, t, t->silent_ns, retries);
}

static void count_failure(struct ph_stack *st, const struct tcb *t)
{
	if (t->retransmits)
		return;
	if (t->loss.state == TCP_CA_RECOVERY && t->sack_ok)
		COUNT(st, TcpExtTCPSackRecoveryFail);
	else if (t->loss.state == TCP_CA_RECOVERY)
		COUNT(st, TcpExtTCPRenoRecoveryFail);
	else if (t->loss.state == TCP_CA_LOSS)
		COUNT(st, TcpExtTCPLossFailures);
	else if (t->loss.state == TCP_CA_DISORDER && t->sack_ok)
		COUNT(st, TcpExtTCPSackFailures);
	else if (t->loss.state == TCP_CA_DISORDER)
		COUNT(st, TcpExtTCPRenoFailures);
}

static void enter_loss(struct ph_stack *st, struct tcb *t)
{
	struct cc_ack a = tcp_recover_now(st, t);
	struct tcp_loss_env e = tcp_recover_env(st, t, &a);
	const struct tcp_rec *r = tcp_rtxq_first(&t->rtxq);

	if (r && (r->flags & TCP_REC_SACKED))
		COUNT(st, TcpExtTCPSACKReneging);
	tcp_loss_rto(&t->loss, &e, t->retransmits);
	tcp_recover_note(st, t, &e);
	TRACE(&st->trace, tcp_cwnd, .conn = t->id, .cwnd = t->cc.cwnd, .ssthresh = t->cc.ssthresh,
	      .inflight = 0);
}

/* Linux's thin streams: too little in flight for duplicates to tell of a loss, so that each loss
 * costs a timeout, and a doubled one hurts. */
static bool thin(const struct ph_stack *st, const struct tcb *t)
{
	return t->state == TCPS_ESTABLISHED && (t->thin || st->sysctl.tcp_thin_linear_timeouts) &&
	       t->rtxq.out < THIN_SEGS && t->cc.ssthresh != UINT32_MAX &&
	       t->retransmits <= THIN_RETRIES;
}

/* RFC 6298 5.5; Deviation: RFC 6298 5.5 (MUST): the first SYNs are sent again without doubling, as
 * tcp_syn_linear_timeouts asks: Linux's default is four. Deviation: RFC 9293 3.8.3 (MUST-23): with
 * those and the six of tcp_syn_retries connect() gives up after little more than two minutes, not
 * three. Deviation: RFC 9293 3.8.3 (SHLD-9): nobody is told when R1 (tcp_retries1) is reached; who
 * asks finds the count in TCP_INFO. */
static void back_off(const struct ph_stack *st, struct tcb *t)
{
	if (thin(st, t))
		t->rtt.backoff = 0;
	else if (t->state != TCPS_SYN_SENT ||
		 t->total_rto > (uint32_t)st->sysctl.tcp_syn_linear_timeouts)
		tcp_rtt_back_off(&t->rtt);
}

/* A closed window that opens no more: silence of two of the longest timeouts is enough, however
 * many probes were sent (Linux's tcp_rtx_probe0_timed_out). */
static bool shut_too_long(const struct ph_stack *st, const struct tcb *t)
{
	uint64_t most = 2 * (uint64_t)rto_max_us(st, t) * 1000;

	if (t->user_timeout_ms)
		return user_timed_out(st, t, t->silent_ns);
	return t->silent_ns && st->now_ns - t->rcv_ns > most && st->now_ns - t->silent_ns > most;
}

static void count_timeout(const struct ph_stack *st, struct tcb *t)
{
	t->total_rto++;
	if (!t->retransmits) {
		t->rto_episodes++;
		t->rto_since_ms = (uint32_t)tcp_now_ms(st);
	}
	if (t->retransmits < UINT8_MAX)
		t->retransmits++;
}

void tcp_timer_rto_over(const struct ph_stack *st, struct tcb *t)
{
	if (t->rto_since_ms)
		t->rto_ms += (uint32_t)tcp_now_ms(st) - t->rto_since_ms;
	t->rto_since_ms = 0;
}

/* RFC 9293 3.8.3 (MUST-20): at R1, and in a handshake from the second timeout on, IP is told. */
static void fire_rto(struct ph_stack *st, struct tcb *t)
{
	bool handshake = t->state == TCPS_SYN_SENT || t->state == TCPS_SYN_RECEIVED;
	bool shut = !t->snd_wnd && t->held && !handshake;

	if (!tcp_rtxq_first(&t->rtxq)) {
		if (handshake)
			tcp_output_syn(st, t); /* memory was short when it should have gone */
		return;
	}
	COUNT(st, TcpExtTCPTimeouts);
	if (shut ? shut_too_long(st, t) : hopeless(st, t)) {
		tcp_fo_timeout(st, t, true);
		give_up(st, t);
		return;
	}
	TRACE(&st->trace, tcp_rto, .conn = t->id, .seq = t->snd_una,
	      .rto_us = tcp_timer_rto_us(st, t), .backoff = t->rtt.backoff);
	if (!handshake) {
		if (!shut && timed_out(st, t, t->silent_ns, (uint32_t)st->sysctl.tcp_retries1)) {
			tcp_mtu_black_hole(st, t);
			dst_doubt(st, &t->dst);
		}
		count_failure(st, t);
		enter_loss(st, t);
	}
	if (handshake && t->retransmits)
		dst_doubt(st, &t->dst);
	if (!shut) {
		count_timeout(st, t);
		tcp_path_timeout(st, t);
	}
	tcp_fo_timeout(st, t, false);
	if (handshake)
		tcp_output_syn(st, t);
	else
		tcp_output(st, t);
	if (!handshake && !t->silent_ns) /* there was no way to send it, or no memory: it was tried */
		t->silent_ns = st->now_ns;
	back_off(st, t);
	slot_set(st, t, TCP_SLOT_RTO, rto_or_end_us(st, t)); /* RFC 6298 5.5, 5.6 */
}

/* RFC 8985 7.3: one probe at a time, and then the timeout. */
static void fire_tail(struct ph_stack *st, struct tcb *t)
{
	t->slot = TCP_SLOT_PROBE; /* what is set now is counted from the last sending */
	if (!t->loss.probing && tcp_output_tail(st, t)) {
		COUNT(st, TcpExtTCPLossProbes);
		t->slot = TCP_SLOT_NONE;
	}
	rearm_rto(st, t);
}

/* RFC 8985 6.3: nothing came to fill the hole; what RACK was waiting for is lost. */
static void fire_reorder(struct ph_stack *st, struct tcb *t)
{
	struct cc_ack a = tcp_recover_now(st, t);
	struct tcp_loss_env e = tcp_recover_env(st, t, &a);
	bool lost = tcp_loss_waited(&t->loss, &e);

	t->slot = TCP_SLOT_REORDER;
	tcp_recover_note(st, t, &e);
	if (lost) {
		t->slot = TCP_SLOT_NONE;
		tcp_output(st, t);
	}
	if (t->slot != TCP_SLOT_RTO) {
		t->slot = TCP_SLOT_REORDER;
		rearm_rto(st, t);
	}
}

static void fire_persist(struct ph_stack *st, struct tcb *t)
{
	uint32_t max = t->held ? (uint32_t)st->sysctl.tcp_retries2 : orphan_retries(st);

	t->push_seq = tcp_snd_end(t); /* nobody will write more so soon: Linux's tcp_write_wakeup */
	if (tcp_output(st, t) || !tcp_unsent(t))
		return;
	if (!t->silent_ns)
		t->silent_ns = st->now_ns;
	/* RFC 9293 3.8.6.1 (MUST-37): only silence counts; each ACK sets probes to 0. */
	if (t->probes >= max || (!t->held && t->rtt.backoff >= max) ||
	    (t->probes && user_timed_out(st, t, t->silent_ns))) {
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
	if (t->delack.compressed) {
		t->delack.compressed--; /* this one goes */
		tcp_output_ack(st, t);
		return;
	}
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

static void fire_slot(struct ph_stack *st, struct tcb *t, enum tcp_slot slot)
{
	switch (slot) {
	case TCP_SLOT_RTO:
		fire_rto(st, t);
		break;
	case TCP_SLOT_PERSIST:
		fire_persist(st, t);
		break;
	case TCP_SLOT_PROBE:
		fire_tail(st, t);
		break;
	case TCP_SLOT_REORDER:
		fire_reorder(st, t);
		break;
	case TCP_SLOT_NONE:
		break;
	}
}

static void fire(void *ctx, struct timer *timer)
{
	struct ph_stack *st = ctx;
	struct tcb *t = container_of(timer, struct tcb, timer);

	if (t->ack_at > st->now_ns && t->rto_at > st->now_ns && t->keep_at > st->now_ns &&
	    !(t->pace.waiting && t->pace.next_ns <= st->now_ns)) {
		rearm(st, t); /* it was for something that is no more */
		return;
	}
	if (t->ack_at <= st->now_ns) {
		t->ack_at = PH_NEVER;
		fire_ack(st, t);
	}
	if (t->rto_at <= st->now_ns) {
		enum tcp_slot slot = (enum tcp_slot)t->slot;

		t->rto_at = PH_NEVER;
		t->slot = TCP_SLOT_NONE;
		fire_slot(st, t, slot);
	}
	if (t->keep_at <= st->now_ns) {
		t->keep_at = PH_NEVER;
		fire_keep(st, t);
	}
	if (t->pace.waiting && t->pace.next_ns <= st->now_ns) {
		t->pace.waiting = false;
		tcp_output(st, t);
	}
	if (tcp_put(st, t))
		return;
	rearm(st, t);
	tcp_rest_stir(st, t);
}

void tcp_timer_init(struct tcb *t)
{
	timer_init(&t->timer, fire);
	t->slot = TCP_SLOT_NONE;
	t->rto_at = t->ack_at = t->keep_at = PH_NEVER;
}
