/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Between the connection and its scoreboard: which SACK blocks of an ACK are believed (RFC 2018,
 * RFC 2883), what tcp_loss.c is given, and what its notes mean to the counters. Called by tcp_ack.c
 * and tcp_timer.c.
 */
#include "tcp/tcp_int.h"

struct tcp_loss_env tcp_recover_env(const struct ph_stack *st, struct tcb *t, struct cc_ack *a)
{
	return (struct tcp_loss_env){
		.q = &t->rtxq, .recs = &st->tcp->recs, .cc = &t->cc, .a = a,
		.reordering = (uint32_t)st->sysctl.tcp_reordering,
		.max_reordering = (uint32_t)st->sysctl.tcp_max_reordering,
		.min_rtt_us = t->rtt.min_rtt_us, .srtt_us = tcp_rtt_srtt_us(&t->rtt),
		.rack_bits = (uint8_t)st->sysctl.tcp_recovery, .frto = st->sysctl.tcp_frto != 0,
		.size_probe = tcp_mtu_doubts(t),
	};
}

struct cc_ack tcp_recover_now(const struct ph_stack *st, const struct tcb *t)
{
	return (struct cc_ack){ .now_ns = st->now_ns, .inflight = tcp_flight(t),
				.mss = tcp_output_mss(t), .una = t->snd_una, .nxt = t->snd_nxt,
				.srtt_us = tcp_rtt_srtt_us(&t->rtt) };
}

void tcp_recover_note(struct ph_stack *st, struct tcb *t, const struct tcp_loss_env *e)
{
	static const struct {
		uint32_t note;
		enum counter counter;
	} rows[] = {
		{ TCP_NOTE_RENO_RECOVERY, C_TcpExtTCPRenoRecovery },
		{ TCP_NOTE_SACK_RECOVERY, C_TcpExtTCPSackRecovery },
		{ TCP_NOTE_FULL_UNDO, C_TcpExtTCPFullUndo },
		{ TCP_NOTE_LOSS_UNDO, C_TcpExtTCPLossUndo },
		{ TCP_NOTE_DSACK_UNDO, C_TcpExtTCPDSACKUndo },
		{ TCP_NOTE_PARTIAL_UNDO, C_TcpExtTCPPartialUndo },
		{ TCP_NOTE_SPURIOUS_RTO, C_TcpExtTCPSpuriousRTOs },
		{ TCP_NOTE_SACK_REORDER, C_TcpExtTCPSACKReorder },
		{ TCP_NOTE_TS_REORDER, C_TcpExtTCPTSReorder },
		{ TCP_NOTE_RENO_REORDER, C_TcpExtTCPRenoReorder },
		{ TCP_NOTE_PROBE_RECOVERY, C_TcpExtTCPLossProbeRecovery },
	};

	for (size_t i = 0; e->notes && i < ARRAY_LEN(rows); i++)
		if (e->notes & rows[i].note)
			count_add(&st->counters, rows[i].counter, 1);
	if (t->rtxq.lost_again) {
		COUNT_N(st, TcpExtTCPLostRetransmit, t->rtxq.lost_again);
		t->rtxq.lost_again = 0;
	}
	if (e->notes & TCP_NOTE_LOSS_UNDO)
		t->retransmits = 0;
	if (e->notes & TCP_NOTE_TOO_LARGE)
		tcp_mtu_failed(st, t);
	if (e->notes & TCP_NOTE_REDUCED)
		tcp_ecn_reduced(&t->ecn);
}

/* ---- the blocks of an ACK */

/* RFC 2883 4: the first block reports a duplicate if it lies below the acknowledgment, or within the
 * second. */
static bool is_dsack(struct ph_stack *st, const struct tcp_seg *s)
{
	const struct tcp_range *b = s->opts.sack;

	if (seq_lt(b[0].from, s->ack)) {
		COUNT(st, TcpExtTCPDSACKRecv);
		return true;
	}
	if (s->opts.nsack > 1 && seq_le(b[0].to, b[1].to) && seq_ge(b[0].from, b[1].from)) {
		COUNT(st, TcpExtTCPDSACKOfoRecv);
		return true;
	}
	return false;
}

/* RFC 6675 3, RFC 2018 3: a block is believed if it lies in what is outstanding; a D-SACK also if it
 * lies below and is not older than the episode it may undo, or a window. */
static bool valid(const struct tcb *t, struct tcp_range b, bool dsack, seq_t una)
{
	const struct tcp_undo *u = &t->loss.undo;

	if (seq_gt(b.to, t->snd_nxt) || !seq_lt(b.from, b.to) || !seq_lt(b.from, t->snd_nxt))
		return false;
	if (seq_gt(b.from, una))
		return true;
	if (!dsack || !u->on || seq_gt(b.to, una))
		return false;
	if (seq_ge(b.from, u->marker))
		return true;
	return seq_gt(b.to, u->marker) && seq_ge(b.from, b.to - t->max_wnd);
}

static void sort(struct tcp_range *b, unsigned n, int *dsack)
{
	for (unsigned i = n; i-- > 1;)
		for (unsigned j = 0; j < i; j++) {
			struct tcp_range swap = b[j];

			if (!seq_gt(b[j].from, b[j + 1].from))
				continue;
			b[j] = b[j + 1];
			b[j + 1] = swap;
			if (*dsack == (int)j)
				*dsack = (int)j + 1;
			else if (*dsack == (int)j + 1)
				*dsack = (int)j;
		}
}

bool tcp_sacked_take(struct ph_stack *st, struct tcb *t, const struct tcp_seg *s,
		     struct tcp_loss_env *e, seq_t una_before, struct tcp_delivered *d, bool *probe)
{
	seq_t una = seq_gt(s->ack, una_before) ? s->ack : una_before;
	struct tcp_range use[TCP_SACK_MAX];
	bool dup = is_dsack(st, s), dsack = false;
	int dup_at = -1;
	unsigned n = 0;

	if (dup) {
		uint32_t before = t->loss.dsack_dups;

		dsack = tcp_loss_dsack(&t->loss, e, s->opts.sack[0], una_before, t->max_wnd,
				       t->total_retrans, probe);
		if (dsack)
			COUNT_N(st, TcpExtTCPDSACKRecvSegs, t->loss.dsack_dups - before);
		else
			COUNT(st, TcpExtTCPDSACKIgnoredDubious);
	}
	for (uint8_t i = 0; i < s->opts.nsack; i++) {
		struct tcp_range b = s->opts.sack[i];
		bool is_dup = i == 0 && dsack;

		if (!valid(t, b, is_dup, una)) {
			if (is_dup && !t->loss.undo.on)
				COUNT(st, TcpExtTCPDSACKIgnoredNoUndo);
			else if (is_dup)
				COUNT(st, TcpExtTCPDSACKIgnoredOld);
			else if (s->ack == una || seq_gt(b.to, una))
				COUNT(st, TcpExtTCPSACKDiscard);
			continue;
		}
		if (seq_le(b.to, una_before))
			continue;
		if (is_dup)
			dup_at = (int)n;
		use[n++] = b;
	}
	sort(use, n, &dup_at);
	if (n && !tcp_rtxq_sack(&t->rtxq, &st->tcp->recs, use, n, dup_at, d))
		COUNT(st, TcpExtTCPSACKDiscard);
	return dsack;
}
