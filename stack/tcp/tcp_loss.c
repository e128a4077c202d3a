/* SPDX-License-Identifier: BSD-2-Clause */
/* The states of loss recovery and the moves between them: see tcp_loss.h. */
#include "tcp/tcp_loss.h"

void tcp_loss_init(struct tcp_loss *l, bool sack, seq_t iss, uint32_t reordering)
{
	*l = (struct tcp_loss){ .high_seq = iss, .sack = sack, .reordering = reordering };
	tcp_rack_init(&l->rack);
}

static uint32_t segments(uint32_t bytes, uint32_t mss)
{
	return (uint32_t)(((uint64_t)bytes + mss - 1) / mss);
}

static uint32_t sacked(const struct tcp_loss *l, const struct tcp_loss_env *e)
{
	return e->q->sacked + l->reno_sacked;
}

/* ---- reordering */

/* Something at `low` arrived after what ends at fack, without being sent again. */
static void reordered(struct tcp_loss *l, struct tcp_loss_env *e, seq_t low, bool by_timestamp)
{
	seq_t fack = e->q->sacked ? e->q->fack : e->a->una;
	uint32_t span;

	if (!seq_lt(low, fack))
		return;
	span = segments(fack - low, e->a->mss);
	if (span > e->max_reordering)
		span = e->max_reordering;
	if (span > l->reordering)
		l->reordering = span;
	l->reord_seen++;
	e->notes |= by_timestamp ? TCP_NOTE_TS_REORDER : TCP_NOTE_SACK_REORDER;
}

/* Without SACK each duplicate is a segment that arrived; more than can have means that the holes
 * were none (RFC 6582 3.2, RFC 5681 3.2: not more than is outstanding). */
static void reno_bound(struct tcp_loss *l, struct tcp_loss_env *e, uint32_t more)
{
	uint32_t out = e->q->out, holes = e->q->lost ? e->q->lost : 1;

	if (holes > out)
		holes = out;
	if (l->reno_sacked + holes <= out)
		return;
	l->reno_sacked = out - holes;
	l->reordering = out + more < e->max_reordering ? out + more : e->max_reordering;
	l->reord_seen++;
	e->notes |= TCP_NOTE_RENO_REORDER;
}

static void reno_dups(struct tcp_loss *l, struct tcp_loss_env *e, uint32_t dups)
{
	uint32_t before = l->reno_sacked;

	if (!dups)
		return;
	l->reno_sacked += dups;
	reno_bound(l, e, 0);
	if (l->reno_sacked > before)
		l->delivered += l->reno_sacked - before;
}

/* snd_una moved over `left` segments: the hole, and some of those that had arrived. */
static void reno_progress(struct tcp_loss *l, struct tcp_loss_env *e, uint32_t left)
{
	if (left) {
		l->delivered += left > l->reno_sacked ? left - l->reno_sacked : 1;
		l->reno_sacked -= left - 1 < l->reno_sacked ? left - 1 : l->reno_sacked;
	}
	reno_bound(l, e, left);
}

bool tcp_loss_dsack(struct tcp_loss *l, struct tcp_loss_env *e, struct tcp_range b, seq_t una_before,
		    uint32_t max_wnd, uint32_t retrans_total, bool *probe)
{
	uint32_t len = b.to - b.from, segs = 1;
	bool probed = false;

	if (!seq_lt(b.from, b.to) || len > max_wnd)
		return false;
	if (len > e->a->mss)
		segs = segments(len, e->a->mss);
	else
		probed = l->probing && l->probe_seq == b.to;
	l->dsack_dups += segs;
	/* More duplicates than we ever sent: the network made them, or the peer lies. */
	if (l->dsack_dups > retrans_total)
		return false;
	l->peer_dsacks = true;
	l->delivered += segs; /* it did arrive */
	if (l->reord_seen && !probed)
		l->rack.dsack_seen = true;
	*probe = *probe || probed;
	if (seq_le(b.to, una_before))
		tcp_undo_duplicate(&l->undo, b.to, segs);
	return true;
}

void tcp_loss_news(struct tcp_loss *l, struct tcp_loss_env *e, const struct tcp_loss_ack *in)
{
	const struct tcp_delivered *d = in->d;

	if (!l->sack) {
		if (in->advanced)
			reno_progress(l, e, d->left);
		return;
	}
	l->delivered += d->segs;
	tcp_rack_adapt(&l->rack, e->rack_bits, d->newest_ns, e->a->now_ns);
	if (d->dup_segs)
		tcp_undo_duplicate(&l->undo, d->dup_end, d->dup_segs);
	if (d->reordered && seq_lt(d->reorder, in->fack_before) &&
	    (l->state != TCP_CA_LOSS || l->undo.on || in->advanced))
		reordered(l, e, d->reorder, false);
}

/* ---- undo */

/* Does this ACK answer something older than the first retransmission (Eifel)? */
static bool delayed(const struct tcp_loss *l, const struct tcp_loss_env *e,
		    const struct tcp_delivered *d)
{
	/* Nothing went again; or it did and that is forgotten: see held_open(). */
	if (!l->undo.first_ns)
		return l->sack || seq_lt(e->a->una, l->high_seq);
	return d->has_ecr && (int32_t)(d->ecr_ms - (uint32_t)(l->undo.first_ns / 1000000)) < 0;
}

static bool may_undo(const struct tcp_loss *l, const struct tcp_loss_env *e,
		     const struct tcp_delivered *d)
{
	return l->undo.on && (l->undo.retrans == 0 || delayed(l, e, d));
}

static void undo(struct tcp_loss *l, struct tcp_loss_env *e, bool unmark)
{
	if (unmark)
		tcp_rtxq_none_lost(e->q);
	if (l->restore)
		cc_undo(e->cc);
	l->undo.on = false;
	l->rack.advanced = true; /* verdicts are to be looked at again */
}

static void clean_stamp(struct tcp_loss *l, const struct tcp_loss_env *e)
{
	if (!tcp_loss_any_retrans(e->q))
		l->undo.first_ns = 0;
}

/* RFC 6582 3.2: without SACK the state is held until something above high_seq is acknowledged, else
 * late duplicates would begin an episode for nothing. */
static bool held_open(struct tcp_loss *l, const struct tcp_loss_env *e)
{
	if (l->sack || e->a->una != l->high_seq)
		return false;
	clean_stamp(l, e);
	return true;
}

static bool undo_recovery(struct tcp_loss *l, struct tcp_loss_env *e, const struct tcp_delivered *d)
{
	bool undone = may_undo(l, e, d);

	if (undone) {
		e->notes |= l->state == TCP_CA_LOSS ? TCP_NOTE_LOSS_UNDO : TCP_NOTE_FULL_UNDO;
		undo(l, e, false);
	}
	tcp_rack_recovered(&l->rack, undone);
	if (held_open(l, e))
		return true;
	l->state = TCP_CA_OPEN;
	return false;
}

static bool undo_dsack(struct tcp_loss *l, struct tcp_loss_env *e)
{
	if (!tcp_undo_by_dsack(&l->undo))
		return false;
	if (l->rack.persist < TCP_RACK_PERSIST)
		l->rack.persist++;
	undo(l, e, false);
	e->notes |= TCP_NOTE_DSACK_UNDO;
	return true;
}

static bool undo_loss(struct tcp_loss *l, struct tcp_loss_env *e, const struct tcp_delivered *d,
		      bool frto)
{
	if (!frto && !may_undo(l, e, d))
		return false;
	undo(l, e, true);
	e->notes |= TCP_NOTE_LOSS_UNDO | (frto ? TCP_NOTE_SPURIOUS_RTO : 0);
	if (held_open(l, e))
		return true;
	if (frto || l->sack)
		l->state = TCP_CA_OPEN;
	return true;
}

static void keep_open(struct tcp_loss *l, const struct tcp_loss_env *e)
{
	uint8_t state = TCP_CA_OPEN;

	if (sacked(l, e) || e->q->lost || tcp_loss_any_retrans(e->q))
		state = TCP_CA_DISORDER;
	if (l->state != state) {
		l->state = state;
		l->high_seq = e->a->nxt;
	}
}

/* The hole was filled by what was only late. True: nothing more is to be marked now. */
static bool undo_partial(struct tcp_loss *l, struct tcp_loss_env *e, const struct tcp_loss_ack *in)
{
	if (!l->undo.on || !delayed(l, e, in->d))
		return false;
	reordered(l, e, in->before, true);
	if (e->q->retrans)
		return true;
	clean_stamp(l, e);
	undo(l, e, true);
	e->notes |= TCP_NOTE_PARTIAL_UNDO;
	keep_open(l, e);
	return false;
}

/* ---- episodes */

static void reduce_begin(struct tcp_loss *l, struct tcp_loss_env *e, enum cc_why why)
{
	l->high_seq = e->a->nxt;
	l->probing = false;
	tcp_prr_begin(&l->prr, e->cc->cwnd / e->a->mss);
	cc_reduce(e->cc, e->a, why, false);
	e->notes |= TCP_NOTE_REDUCED;
}

static void reduce_end(struct tcp_loss *l, struct tcp_loss_env *e)
{
	if (!cc_rules(e->cc) && (l->state == TCP_CA_CWR || l->undo.on))
		e->cc->cwnd = e->cc->ssthresh;
	cc_recovered(e->cc, e->a->now_ns);
	e->notes |= TCP_NOTE_RECOVERED;
}

static uint32_t retrans_now(const struct tcp_loss *l, const struct tcp_loss_env *e)
{
	return e->q->retrans + (l->probing && l->probe_again ? 1 : 0);
}

/* Deviation: RFC 5681 3.2 (MUST): cwnd is not ssthresh and three segments, inflated by duplicates, but
 * comes down by PRR (RFC 9937), without SACK as well. */
static void enter_recovery(struct tcp_loss *l, struct tcp_loss_env *e, bool ece)
{
	clean_stamp(l, e);
	e->notes |= l->sack ? TCP_NOTE_SACK_RECOVERY : TCP_NOTE_RENO_RECOVERY;
	tcp_undo_begin(&l->undo, e->a->una, retrans_now(l, e));
	l->restore = false;
	if (!tcp_loss_reducing(l)) {
		l->restore = !ece;
		reduce_begin(l, e, CC_LOSS);
	}
	l->state = TCP_CA_RECOVERY;
}

void tcp_loss_cwr(struct tcp_loss *l, struct tcp_loss_env *e)
{
	l->restore = false;
	if (l->state >= TCP_CA_CWR)
		return;
	l->undo.on = false;
	reduce_begin(l, e, CC_ECN);
	l->state = TCP_CA_CWR;
}

static void try_open(struct tcp_loss *l, struct tcp_loss_env *e, bool ece)
{
	clean_stamp(l, e);
	if (ece)
		tcp_loss_cwr(l, e);
	if (l->state != TCP_CA_CWR)
		keep_open(l, e);
}

/* RFC 6582 3.2 steps 2 and 3: the third duplicate, and each partial acknowledgment. */
static void newreno_judge(struct tcp_loss *l, struct tcp_loss_env *e, bool advanced)
{
	if ((l->state < TCP_CA_RECOVERY && l->reno_sacked >= l->reordering) ||
	    (l->state == TCP_CA_RECOVERY && advanced))
		tcp_rtxq_head_lost(e->q, e->recs, e->a->mss);
}

static bool rack_judge(struct tcp_loss *l, struct tcp_loss_env *e)
{
	struct tcp_rack_path p = {
		.min_rtt_us = e->min_rtt_us, .srtt_us = e->srtt_us, .reordered = l->reord_seen,
		.recovering = l->state >= TCP_CA_RECOVERY,
		.dup_thresh = e->q->sacked >= l->reordering, .bits = e->rack_bits,
	};
	uint32_t again = e->q->lost_again;

	e->wait_us = 0;
	if (!tcp_rack_detect(&l->rack, e->q, tcp_rack_window_us(&l->rack, &p), e->a->now_ns,
			     &e->wait_us))
		e->wait_us = 0;
	return e->q->lost_again != again;
}

/* True: retransmissions were lost. */
static bool judge(struct tcp_loss *l, struct tcp_loss_env *e, bool advanced)
{
	if (!tcp_rtxq_first(e->q))
		return false;
	if (!l->sack) {
		newreno_judge(l, e, advanced);
		return false;
	}
	/* Deviation: RFC 6675 4 (SHOULD): lost is what RACK says (RFC 8985 9.2), as in Linux. */
	return l->rack.advanced && rack_judge(l, e);
}

/* RFC 5682 3.1, with SACK; without, RFC 5682 2.1. */
static void after_timeout(struct tcp_loss *l, struct tcp_loss_env *e, const struct tcp_loss_ack *in)
{
	bool recovered = seq_ge(e->a->una, l->high_seq);
	bool new_sent = seq_gt(e->a->nxt, l->high_seq);

	if (in->advanced && undo_loss(l, e, in->d, false))
		return;
	if (l->frto) {
		/* Step 3b: something arrived that was never sent again. */
		if (in->d->orig && (l->sack || !in->d->retrans) && undo_loss(l, e, in->d, true))
			return;
		if (new_sent) {
			if (in->d->sacked_segs || in->dups)
				l->frto = false; /* 3a: the loss was real */
		} else if (in->advanced && !recovered) {
			l->high_seq = e->a->nxt;
			if (in->new_may_go) { /* 2b */
				l->hold = true;
				return;
			}
			l->frto = false;
		}
	}
	if (recovered) {
		(void)undo_recovery(l, e, in->d);
		return;
	}
	if (!l->sack) {
		if (new_sent && in->dups)
			reno_dups(l, e, in->dups);
		else if (in->advanced)
			l->reno_sacked = 0;
	}
}

/* The episode's end was acknowledged. True: that was all. */
static bool leave(struct tcp_loss *l, struct tcp_loss_env *e, const struct tcp_loss_ack *in)
{
	if (l->state == TCP_CA_CWR && e->a->una != l->high_seq) {
		reduce_end(l, e);
		l->state = TCP_CA_OPEN;
	} else if (l->state == TCP_CA_RECOVERY) {
		bool held;

		if (!l->sack)
			l->reno_sacked = 0;
		held = undo_recovery(l, e, in->d);
		if (held)
			return true;
		reduce_end(l, e);
	}
	return false;
}

/* Open, Disorder, CWR, and whatever came to be Open again. */
static void suspect(struct tcp_loss *l, struct tcp_loss_env *e, const struct tcp_loss_ack *in)
{
	if (!l->sack) {
		if (in->advanced)
			l->reno_sacked = 0;
		reno_dups(l, e, in->dups);
	}
	if (l->state <= TCP_CA_DISORDER)
		(void)undo_dsack(l, e);
	if (judge(l, e, in->advanced))
		e->notes |= TCP_NOTE_LOST_RETRANS;
	if (!e->q->lost) {
		try_open(l, e, in->ece);
		return;
	}
	if (e->size_probe && l->state < TCP_CA_CWR) { /* RFC 4821 7.6.2: no sign of congestion */
		e->notes |= TCP_NOTE_TOO_LARGE;
		return;
	}
	enter_recovery(l, e, in->ece);
}

static void in_recovery(struct tcp_loss *l, struct tcp_loss_env *e, const struct tcp_loss_ack *in)
{
	if (!in->advanced) {
		if (!l->sack)
			reno_dups(l, e, in->dups);
	} else if (undo_partial(l, e, in)) {
		return;
	}
	if (undo_dsack(l, e))
		try_open(l, e, in->ece);
	if (judge(l, e, in->advanced))
		e->notes |= TCP_NOTE_LOST_RETRANS;
	/* An undo ended the episode; what is lost for certain begins the next. */
	if (l->state != TCP_CA_RECOVERY && e->q->lost)
		enter_recovery(l, e, in->ece);
}

void tcp_loss_alert(struct tcp_loss *l, struct tcp_loss_env *e, const struct tcp_loss_ack *in)
{
	l->hold = false;
	if (in->ece)
		l->restore = false;
	if (in->d->reneged && in->advanced) {
		e->notes |= TCP_NOTE_RENEGED;
		return;
	}
	if (l->state == TCP_CA_OPEN)
		l->undo.first_ns = 0;
	else if (seq_ge(e->a->una, l->high_seq) && leave(l, e, in))
		return;
	switch ((enum tcp_ca)l->state) {
	case TCP_CA_RECOVERY:
		in_recovery(l, e, in);
		return;
	case TCP_CA_LOSS:
		after_timeout(l, e, in);
		if (judge(l, e, in->advanced))
			e->notes |= TCP_NOTE_LOST_RETRANS;
		if (l->state == TCP_CA_OPEN || (e->notes & TCP_NOTE_LOST_RETRANS))
			break;
		return;
	case TCP_CA_OPEN:
	case TCP_CA_DISORDER:
	case TCP_CA_CWR:
		break;
	}
	suspect(l, e, in);
}

void tcp_loss_window(struct tcp_loss *l, struct tcp_loss_env *e, const struct tcp_loss_ack *in,
		     uint32_t lost)
{
	struct tcp_prr_ack p = {
		.ssthresh = segments(e->cc->ssthresh, e->a->mss), .inflight = tcp_loss_pipe(l, e->q),
		.delivered = e->a->acked / e->a->mss, .safe = in->advanced && !lost,
	};

	if (p.delivered && !cc_rules(e->cc))
		e->cc->cwnd = tcp_prr_window(&l->prr, &p) * e->a->mss;
}

bool tcp_loss_waited(struct tcp_loss *l, struct tcp_loss_env *e)
{
	uint32_t before = tcp_loss_pipe(l, e->q), lost = e->q->lost_ever;
	struct tcp_loss_ack in = { .advanced = false };

	(void)rack_judge(l, e);
	if (before == tcp_loss_pipe(l, e->q))
		return false;
	if (l->state != TCP_CA_RECOVERY) {
		enter_recovery(l, e, false);
		e->a->acked = e->a->mss;
		tcp_loss_window(l, e, &in, e->q->lost_ever - lost);
	}
	return true;
}

void tcp_loss_rto(struct tcp_loss *l, struct tcp_loss_env *e, uint32_t retransmits)
{
	bool fresh = l->state < TCP_CA_RECOVERY;
	uint64_t recent_ns = UINT64_MAX, rtt_ns = (uint64_t)l->rack.rtt_us * 1000;

	if (l->sack && l->rack.sent_ns && e->a->now_ns > rtt_ns)
		recent_ns = e->a->now_ns - rtt_ns; /* RFC 8985 6.3 */
	(void)tcp_rtxq_all_lost(e->q, recent_ns);
	l->reno_sacked = 0;
	/* RFC 5681 3.1: ssthresh comes down once per window. */
	if (l->state <= TCP_CA_DISORDER || seq_le(l->high_seq, e->a->una) ||
	    (l->state == TCP_CA_LOSS && !retransmits)) {
		cc_reduce(e->cc, e->a, CC_RTO, false);
		tcp_undo_begin(&l->undo, e->a->una, retrans_now(l, e));
		l->restore = true;
	}
	if (!cc_rules(e->cc))
		e->cc->cwnd = (tcp_loss_pipe(l, e->q) + 1) * e->a->mss;
	/* With so many SACKed and no verdict reordering was thought greater than it is. */
	if (l->state <= TCP_CA_DISORDER && e->q->sacked >= e->reordering &&
	    l->reordering > e->reordering)
		l->reordering = e->reordering;
	l->state = TCP_CA_LOSS;
	l->high_seq = e->a->nxt;
	l->probing = l->hold = false;
	e->notes |= TCP_NOTE_REDUCED;
	l->frto = e->frto && (fresh || retransmits);
}

/* ---- the tail probe */

void tcp_loss_probed(struct tcp_loss *l, seq_t nxt, bool again)
{
	l->probing = true;
	l->probe_again = again;
	l->probe_seq = nxt;
}

void tcp_loss_probe_acked(struct tcp_loss *l, struct tcp_loss_env *e, const struct tcp_loss_ack *in)
{
	if (!l->probing || seq_lt(e->a->una, l->probe_seq))
		return;
	if (!l->probe_again || in->dsack_probe) {
		l->probing = false;
	} else if (seq_gt(e->a->una, l->probe_seq)) {
		/* The probe repaired a loss that nobody else saw: the window pays for it. */
		reduce_begin(l, e, CC_LOSS);
		l->state = TCP_CA_CWR;
		reduce_end(l, e);
		keep_open(l, e);
		e->notes |= TCP_NOTE_PROBE_RECOVERY;
	} else if (!in->advanced && in->plain_dup) {
		l->probing = false; /* both arrived: nothing was lost */
	}
}

bool tcp_loss_too_large(struct tcp_loss *l, struct tcp_rtxq *q, uint32_t mss, seq_t nxt)
{
	if (tcp_rtxq_larger_lost(q, mss) == 0)
		return false;
	if (l->state != TCP_CA_LOSS) {
		l->state = TCP_CA_LOSS;
		l->high_seq = nxt;
		l->reno_sacked = 0;
		l->undo.on = l->restore = l->frto = false;
	}
	return true;
}
