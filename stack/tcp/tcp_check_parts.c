/* SPDX-License-Identifier: BSD-2-Clause */
/* What must hold of the parts of a connection; see tcp_check.h. Called by tcp_check.c and by unit
 * tests. */
#include "tcp/tcp_check.h"

bool tcp_check_stream(const struct stream *s, struct ph_claim *c)
{
	uint32_t len = 0, charged = 0, counted = 0;
	const struct list_node *n;

	list_for_each(n, &s->nodes) {
		const struct stream_node *node = container_of(n, struct stream_node, node);

		CLAIM(c, "stream", node->span.len > 0, node->span.off, len);
		CLAIM(c, "stream", node->span.off + node->span.len <= node->span.buf->cap,
		      node->span.off + node->span.len, node->span.buf->cap);
		CLAIM(c, "stream", node->span.buf->refs > 0, node->span.buf->refs, len);
		len += node->span.len;
		charged += node->charge;
		counted += node->counted;
	}
	CLAIM(c, "stream", len == s->len, len, s->len);
	CLAIM(c, "stream", charged == s->charged, charged, s->charged);
	CLAIM(c, "stream", counted == s->counted, counted, s->counted);
	return true;
}

/* ---- the retransmission queue ----------------------------------------------------------------- */

struct rtxq_sums {
	uint32_t n, out, sacked, lost, retrans, in_net;
	bool resend_seen, hint_seen;
	seq_t at;
};

/* One record, in its place; the sums grow by it. */
static bool check_rec(const struct tcp_rtxq *q, const struct tcp_rec *r, struct rtxq_sums *s,
		      struct ph_claim *c)
{
	bool sacked = r->flags & TCP_REC_SACKED, lost = r->flags & TCP_REC_LOST;
	bool retrans = r->flags & TCP_REC_RETRANS, in_net = !sacked && (!lost || retrans);
	uint32_t segs = tcp_rec_segs(r);

	CLAIM(c, "rtxq", r->seq == s->at, r->seq, s->at);
	CLAIM(c, "rtxq", r->len > 0 && r->mss > 0, r->len, r->mss);
	CLAIM(c, "rtxq", !(sacked && (lost || retrans)), r->seq, r->flags);
	CLAIM(c, "rtxq", !retrans || (r->flags & TCP_REC_EVER), r->seq, r->flags);
	CLAIM(c, "rtxq", list_linked(&r->by_time) == in_net, r->seq, r->flags);
	CLAIM(c, "rtxq", !(r->flags & TCP_REC_SYN) || s->n == 0, r->seq, s->n);
	CLAIM(c, "rtxq", !(r->flags & TCP_REC_FIN) || !list_next(&q->recs, &r->node), r->seq, s->n);
	s->resend_seen |= q->resend == r;
	s->hint_seen |= q->sack_hint == r;
	/* What waits to be sent again is at or behind the place where it is looked for. */
	CLAIM(c, "rtxq", !lost || retrans || s->resend_seen, r->seq, r->flags);
	s->n++;
	s->out += segs;
	s->sacked += sacked ? segs : 0;
	s->lost += lost ? segs : 0;
	s->retrans += retrans ? segs : 0;
	s->in_net += in_net;
	s->at += r->len;
	return true;
}

static bool check_by_time(const struct tcp_rtxq *q, uint32_t in_net, struct ph_claim *c)
{
	const struct list_node *n;
	uint64_t before_ns = 0;
	uint32_t have = 0;

	list_for_each(n, &q->by_time) {
		const struct tcp_rec *r = container_of(n, struct tcp_rec, by_time);

		CLAIM(c, "rtxq", r->sent_ns >= before_ns, r->sent_ns, before_ns);
		before_ns = r->sent_ns;
		have++;
	}
	CLAIM(c, "rtxq", have == in_net, have, in_net);
	return true;
}

bool tcp_check_rtxq(const struct tcp_rtxq *q, seq_t una, seq_t nxt, struct ph_claim *c)
{
	struct rtxq_sums s = { .at = una };
	const struct list_node *n;

	list_for_each(n, &q->recs)
		if (!check_rec(q, container_of(n, struct tcp_rec, node), &s, c))
			return false;
	CLAIM(c, "rtxq", s.n == q->n, s.n, q->n);
	CLAIM(c, "rtxq", s.n == 0 || s.at == nxt, s.at, nxt);
	CLAIM(c, "rtxq", s.out == q->out, s.out, q->out);
	CLAIM(c, "rtxq", s.sacked == q->sacked, s.sacked, q->sacked);
	CLAIM(c, "rtxq", s.lost == q->lost, s.lost, q->lost);
	CLAIM(c, "rtxq", s.retrans == q->retrans, s.retrans, q->retrans);
	CLAIM(c, "rtxq", !q->resend || s.resend_seen, s.n, 0);
	CLAIM(c, "rtxq", !q->sack_hint || s.hint_seen, s.n, 0);
	return check_by_time(q, s.in_net, c);
}

bool tcp_check_loss(const struct tcp_loss *l, const struct tcp_rtxq *q, seq_t una, seq_t nxt,
		    struct ph_claim *c)
{
	uint32_t out = q->out;

	CLAIM(c, "loss", l->state <= TCP_CA_LOSS, l->state, 0);
	CLAIM(c, "loss", l->sack || q->sacked == 0, q->sacked, out);
	CLAIM(c, "loss", !l->sack || l->reno_sacked == 0, l->reno_sacked, out);
	CLAIM(c, "loss", l->reno_sacked <= out, l->reno_sacked, out);
	CLAIM(c, "loss", q->sacked + q->lost <= out, q->sacked + q->lost, out);
	CLAIM(c, "loss", tcp_loss_pipe(l, q) <= out + q->retrans, tcp_loss_pipe(l, q), out);
	if (l->state == TCP_CA_RECOVERY || l->state == TCP_CA_LOSS) {
		const struct tcp_rec *r = tcp_rtxq_first(q);

		/* Who took back what it had selectively acknowledged is seen to by the timer. */
		CLAIM(c, "loss", seq_le(una, l->high_seq) || (r && (r->flags & TCP_REC_SACKED)),
		      una, l->high_seq);
		CLAIM(c, "loss", seq_le(l->high_seq, nxt), l->high_seq, nxt);
	}
	return true;
}

/* ---- receiving -------------------------------------------------------------------------------- */

bool tcp_check_reass(const struct tcp_reass *r, seq_t rcv_nxt, seq_t edge, struct ph_claim *c)
{
	uint32_t len = 0, charged = 0, counted = 0;
	seq_t end = rcv_nxt;

	CLAIM(c, "reass", r->n <= r->cap, r->n, r->cap);
	CLAIM(c, "reass", (r->piece != NULL) == (r->cap > 0), r->n, r->cap);
	for (uint32_t i = 0; i < r->n; i++) {
		const struct tcp_piece *p = r->piece[i];

		/* Neither touching nor overlapping, nor due. */
		CLAIM(c, "reass", seq_gt(p->seq, end), p->seq, end);
		CLAIM(c, "reass", p->data.len > 0, p->seq, i);
		if (!tcp_check_stream(&p->data, c))
			return false;
		end = tcp_piece_end(p);
		len += p->data.len;
		charged += p->data.charged;
		counted += p->data.counted;
	}
	CLAIM(c, "reass", seq_le(end, edge) || r->n == 0, end, edge);
	CLAIM(c, "reass", len == r->len, len, r->len);
	CLAIM(c, "reass", charged == r->charged, charged, r->charged);
	CLAIM(c, "reass", counted == r->counted, counted, r->counted);
	return true;
}

static bool held(const struct tcp_reass *r, struct tcp_range b)
{
	uint32_t lo = 0, hi = r->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (seq_le(tcp_piece_end(r->piece[mid]), b.from))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < r->n && seq_le(r->piece[lo]->seq, b.from) &&
	       seq_ge(tcp_piece_end(r->piece[lo]), b.to);
}

bool tcp_check_sack(const struct tcp_sack *s, const struct tcp_reass *r, struct ph_claim *c)
{
	CLAIM(c, "sack", s->n <= TCP_SACK_MAX, s->n, 0);
	for (uint8_t i = 0; i < s->n; i++) {
		struct tcp_range b = s->block[i];

		CLAIM(c, "sack", seq_lt(b.from, b.to), b.from, b.to);
		CLAIM(c, "sack", held(r, b), b.from, b.to);
		for (uint8_t k = 0; k < i; k++)
			CLAIM(c, "sack",
			      seq_gt(s->block[k].from, b.to) || seq_lt(s->block[k].to, b.from),
			      s->block[k].from, b.from);
	}
	return true;
}
