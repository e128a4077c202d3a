/* SPDX-License-Identifier: BSD-2-Clause */
/* Loss detection by duplicate ACKs and SACK. Called by tcp_ack.c and tcp_timer.c with values
 * only. */
#include "tcp/tcp_loss.h"

void tcp_loss_init(struct tcp_loss *l, bool sack, seq_t iss)
{
	*l = (struct tcp_loss){ .high_seq = iss, .sack = sack };
}

uint32_t tcp_loss_pipe(const struct tcp_loss *l, const struct tcp_rtxq *q, uint32_t out)
{
	uint32_t gone = q->sacked + q->lost + l->reno_sacked;
	uint32_t in = out + q->retrans;

	return in > gone ? in - gone : 0;
}

/* At least the segment at una has not arrived: segments shorter than mss make the guess too high. */
static void reno_limit(struct tcp_loss *l, const struct tcp_loss_in *in)
{
	uint32_t out = in->nxt - in->una;

	if (l->reno_sacked + in->mss > out)
		l->reno_sacked = out > in->mss ? out - in->mss : 0;
}

/* Each duplicate ACK is a segment that arrived (RFC 6582 3.2 inflates the window by as much). */
static void reno_dupack(struct tcp_loss *l, const struct tcp_loss_in *in)
{
	l->reno_sacked += in->mss;
	reno_limit(l, in);
}

/* una moved: what it covers was the hole and then some of those that had arrived. */
static void reno_progress(struct tcp_loss *l, const struct tcp_loss_in *in)
{
	uint32_t arrived = in->acked > in->mss ? in->acked - in->mss : 0;

	l->reno_sacked -= arrived < l->reno_sacked ? arrived : l->reno_sacked;
	reno_limit(l, in);
}

static void leave(struct tcp_loss *l)
{
	l->state = TCP_CA_OPEN;
	l->dupacks = 0;
	l->reno_sacked = 0;
}

/* A retransmission is lost when something sent well after it has arrived: a part of RFC 8985's
 * idea, without which each such loss costs a timeout. */
static void judge_retransmissions(const struct tcp_loss_in *in, struct tcp_rtxq *q)
{
	uint64_t reorder_ns;

	if (in->delivered->newest_ns == 0 || list_empty(&q->retransmitted))
		return;
	reorder_ns = in->min_rtt_us == UINT32_MAX ? 0 : (uint64_t)in->min_rtt_us * 1000 / 4;
	if (in->delivered->newest_ns > reorder_ns)
		tcp_rtxq_retrans_lost(q, in->delivered->newest_ns - reorder_ns);
}

/* Open or Disorder: does an episode begin? */
static enum tcp_loss_event detect(struct tcp_loss *l, struct tcp_rtxq *q, struct pool *recs,
				  const struct tcp_loss_in *in)
{
	uint32_t lost = l->sack ? tcp_rtxq_judge(q, in->mss) : 0;

	if (lost == 0) {
		if (l->dupacks < TCP_DUP_THRESH || in->una == in->nxt) {
			l->state = l->dupacks || q->sacked ? TCP_CA_DISORDER : TCP_CA_OPEN;
			return TCP_LOSS_NONE;
		}
		/* RFC 6582 3.2 step 2: not twice for the same window. */
		if (!l->sack && seq_lt(in->una, l->high_seq))
			return TCP_LOSS_NONE;
		tcp_rtxq_head_lost(q, recs, in->mss);
	}
	l->state = TCP_CA_RECOVERY;
	l->high_seq = in->nxt;
	return TCP_LOSS_ENTER;
}

/* Held until something sent after the reduction is acknowledged, and CWR with it; losses meanwhile
 * are of the window that was reduced. */
static enum tcp_loss_event in_cwr(struct tcp_loss *l, struct tcp_rtxq *q, struct pool *recs,
				  const struct tcp_loss_in *in)
{
	enum tcp_loss_event event;

	if (seq_gt(in->una, l->high_seq)) {
		l->state = TCP_CA_OPEN;
		return detect(l, q, recs, in);
	}
	event = detect(l, q, recs, in);
	if (event == TCP_LOSS_ENTER)
		return TCP_LOSS_DEEPEN;
	l->state = TCP_CA_CWR;
	return event;
}

bool tcp_loss_cwr(struct tcp_loss *l, seq_t nxt)
{
	if (l->state != TCP_CA_OPEN && l->state != TCP_CA_DISORDER)
		return false;
	l->state = TCP_CA_CWR;
	l->high_seq = nxt;
	return true;
}

enum tcp_loss_event tcp_loss_ack(struct tcp_loss *l, struct tcp_rtxq *q, struct pool *recs,
				 const struct tcp_loss_in *in)
{
	if (in->acked) {
		l->dupacks = 0;
		if (!l->sack)
			reno_progress(l, in);
	} else if (in->dupack) {
		if (l->dupacks < UINT8_MAX)
			l->dupacks++;
		if (!l->sack && l->state != TCP_CA_LOSS)
			reno_dupack(l, in);
	}
	judge_retransmissions(in, q);
	if (l->state == TCP_CA_OPEN || l->state == TCP_CA_DISORDER)
		return detect(l, q, recs, in);
	if (l->state == TCP_CA_CWR)
		return in_cwr(l, q, recs, in);
	if (in->acked && seq_ge(in->una, l->high_seq)) {
		leave(l);
		return TCP_LOSS_EXIT;
	}
	if (l->sack)
		tcp_rtxq_judge(q, in->mss);
	/* A partial acknowledgment: the next hole begins at una (RFC 6582 3.2 step 3). */
	if (in->acked && l->state == TCP_CA_RECOVERY) {
		tcp_rtxq_head_lost(q, recs, in->mss);
		if (!l->sack)
			return TCP_LOSS_PARTIAL;
	}
	return TCP_LOSS_NONE;
}

bool tcp_loss_rto(struct tcp_loss *l, struct tcp_rtxq *q, seq_t una, seq_t nxt)
{
	bool fresh = l->state != TCP_CA_LOSS || seq_ge(una, l->high_seq);

	l->state = TCP_CA_LOSS;
	l->high_seq = nxt;
	l->dupacks = 0;
	l->reno_sacked = 0;
	tcp_rtxq_all_lost(q);
	return fresh;
}

bool tcp_loss_too_large(struct tcp_loss *l, struct tcp_rtxq *q, uint32_t mss, seq_t nxt)
{
	if (tcp_rtxq_larger_lost(q, mss) == 0)
		return false;
	if (l->state != TCP_CA_LOSS) {
		l->state = TCP_CA_LOSS;
		l->high_seq = nxt;
		l->reno_sacked = 0;
	}
	return true;
}
