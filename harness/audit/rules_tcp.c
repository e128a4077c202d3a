/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rules of TCP: one segment against what both ends said before. `h` sent it, `p` is the other end.
 * A rule that needs the handshake is not applied to connections whose SYN was not captured.
 */
#include "harness/audit/flow.h"

static bool beyond(uint32_t a, uint32_t b)
{
	return seq_before(b, a);
}

static void rules_form(struct audit_host *host, const struct audit_frame *f)
{
	const struct audit_tcp *t = &f->tcp;
	bool syn = t->flags & AUDIT_SYN;

	audit_judge(host, AUDIT_TCP_RESERVED, (t->reserved & 6) == 0, f, "reserved bits %u",
		    t->reserved);
	audit_judge(host, AUDIT_TCP_OPTIONS, t->options_ok, f, "options malformed");
	audit_judge(host, AUDIT_TCP_FLAGS, !syn || !(t->flags & (AUDIT_FIN | AUDIT_RST)), f,
		    "flags 0x%02x", t->flags);
	if (!syn)
		audit_judge(host, AUDIT_TCP_ACK_BIT, t->flags & (AUDIT_ACK | AUDIT_RST), f,
			    "flags 0x%02x", t->flags);
	audit_judge(host, AUDIT_TCP_SYN_ONLY,
		    syn || !(t->has_mss || t->has_wscale || t->has_sackok), f,
		    "a SYN's option without SYN");
	if (syn)
		audit_judge(host, AUDIT_TCP_MSS_SENT, t->has_mss, f, "SYN without MSS");
}

static void take_syn(struct audit_host *host, struct flow *fl, struct half *h, struct half *p,
		     const struct audit_frame *f)
{
	const struct audit_tcp *t = &f->tcp;

	if (t->flags & AUDIT_ACK && p->stats.syn_seen) {
		audit_judge(host, AUDIT_TCP_SYNACK,
			    t->ack == p->isn + 1 || seq_before(p->isn, t->ack), f,
			    "acknowledges %u of a SYN numbered %u", t->ack, p->isn);
		audit_judge(host, AUDIT_TCP_WSCALE, !t->has_wscale || p->offers_wscale, f,
			    "unasked window scale");
	}
	if (t->has_wscale)
		audit_judge(host, AUDIT_TCP_WSCALE, t->wscale <= 14, f, "shift %u", t->wscale);
	h->stats.syn_seen = true;
	h->isn = t->seq;
	h->offers_wscale = t->has_wscale;
	h->wscale = t->wscale > 14 ? 14 : t->wscale;
	h->sackok = t->has_sackok;
	h->ts = t->has_ts;
	h->mss = t->has_mss ? t->mss : f->six ? 1220 : 536; /* RFC 9293 3.7.1 (MUST-15) */
	fl->ts_on = h->ts && p->ts && p->stats.syn_seen;
	if (!h->synced || seq_before(h->next, t->seq + 1)) {
		h->next = t->seq + 1;
		h->synced = true;
	}
}

static uint32_t window_of(const struct half *h, const struct half *p, const struct audit_tcp *t)
{
	bool scaled = h->offers_wscale && p->offers_wscale && !(t->flags & AUDIT_SYN);

	return (uint32_t)t->window << (scaled ? h->wscale : 0);
}

/* What the ACK says: of data that was sent, with a right edge that does not go back while ACKs go
 * on. */
static void take_ack(struct audit_host *host, struct half *h, struct half *p,
		     const struct audit_frame *f)
{
	const struct audit_tcp *t = &f->tcp;
	uint32_t edge = t->ack + window_of(h, p, t), slack = (1u << h->wscale) + 1;

	if (p->synced && p->stats.syn_seen)
		audit_judge(host, AUDIT_TCP_ACK_UNSENT, !beyond(t->ack, p->next), f,
			    "acknowledges %u, sent up to %u", t->ack - p->isn, p->next - p->isn);
	if (h->edge_seen && seq_before(h->ack, t->ack))
		audit_judge(host, AUDIT_TCP_SHRINK, !seq_before(edge + slack, h->edge), f,
			    "right edge back by %u", h->edge - edge);
	if (!h->edge_seen || !seq_before(t->ack, h->ack)) {
		h->edge = h->edge_seen && t->ack == h->ack && seq_before(edge, h->edge) ? h->edge
											: edge;
		h->ack = t->ack;
	}
	if (!h->edge_seen || seq_before(h->edge_max, edge))
		h->edge_max = edge;
	h->edge_seen = true;
}

static void rules_sack(struct audit_host *host, const struct half *p, const struct audit_frame *f)
{
	const struct audit_tcp *t = &f->tcp;

	if (t->nsack == 0 || !p->stats.syn_seen)
		return;
	audit_judge(host, AUDIT_TCP_SACK_OK, p->sackok, f,
		    "SACK blocks to a peer that did not permit them");
	for (unsigned i = 0; i < t->nsack; i++)
		audit_judge(host, AUDIT_TCP_SACK_BLOCK,
			    seq_before(t->sack[i].left, t->sack[i].right) &&
				    !beyond(t->sack[i].right, p->next),
			    f, "block %u..%u, sent up to %u", t->sack[i].left - p->isn,
			    t->sack[i].right - p->isn, p->next - p->isn);
}

static void rules_timestamps(struct audit_host *host, const struct flow *fl, struct half *h,
			     const struct half *p, const struct audit_frame *f)
{
	const struct audit_tcp *t = &f->tcp;

	if (fl->ts_on && !(t->flags & (AUDIT_RST | AUDIT_SYN)))
		audit_judge(host, AUDIT_TCP_TS_KEPT, t->has_ts, f, "no timestamps");
	if (!t->has_ts || t->flags & AUDIT_RST)
		return;
	if (t->flags & AUDIT_ACK && p->tsval_seen && p->stats.syn_seen && t->tsecr != 0)
		audit_judge(host, AUDIT_TCP_TSECR,
			    !seq_before(t->tsecr, p->tsval_first) &&
				    !beyond(t->tsecr, p->tsval_max),
			    f, "echoes %u, seen %u to %u", t->tsecr, p->tsval_first, p->tsval_max);
	if (!h->tsval_seen) {
		h->tsval_first = h->tsval_max = h->tsval_at_next = t->tsval;
		h->tsval_seen = true;
		return;
	}
	/* Only new data is known to have been sent later than the data before it. */
	if (h->synced && t->data_len > 0 && !seq_before(t->seq, h->next)) {
		audit_judge(host, AUDIT_TCP_TSVAL, !seq_before(t->tsval, h->tsval_at_next), f,
			    "%u after %u", t->tsval, h->tsval_at_next);
		h->tsval_at_next = t->tsval;
	}
	if (seq_before(h->tsval_max, t->tsval))
		h->tsval_max = t->tsval;
}

/* RFC 6298 5.5: while the peer is silent, each timer retransmission of the first segment waits at
 * least as long as the one before; a SACK that arrives in between may well bring another
 * retransmission sooner (RFC 8985). */
static void rule_backoff(struct audit_host *host, struct half *h, const struct half *p,
			 const struct audit_frame *f)
{
	const struct audit_tcp *t = &f->tcp;
	uint64_t gap = f->time_ns - h->lone_ns;
	bool silent = p->stats.segments == h->lone_peer_segments;

	h->lone_peer_segments = p->stats.segments;
	if (!p->edge_seen || t->seq != p->ack) {
		h->lone = false;
		return;
	}
	if (h->lone && h->lone_seq == t->seq && silent) {
		if (gap < 100000000) /* faster than any timer: fast retransmission, or a copy made
					by the link */
			return;
		if (h->lone_gap_ns)
			audit_judge(host, AUDIT_TCP_BACKOFF, gap * 10 >= h->lone_gap_ns * 8, f,
				    "%.3f s after %.3f s", (double)gap / 1e9,
				    (double)h->lone_gap_ns / 1e9);
		h->lone_gap_ns = gap;
	} else {
		h->lone = true;
		h->lone_seq = t->seq;
		h->lone_gap_ns = 0;
	}
	h->lone_ns = f->time_ns;
}

static void take_data(struct audit_host *host, struct half *h, struct half *p,
		      const struct audit_frame *f)
{
	const struct audit_tcp *t = &f->tcp;
	uint32_t end = t->seq + t->data_len;
	bool again = seq_before(t->seq, h->next);

	if (p->stats.syn_seen)
		audit_judge(host, AUDIT_TCP_MSS_KEPT, t->data_len + t->options_len <= p->mss, f,
			    "%u octets with %u of options, MSS %u", t->data_len, t->options_len,
			    p->mss);
	if (p->edge_seen && p->stats.syn_seen && h->stats.syn_seen)
		audit_judge(host, AUDIT_TCP_WINDOW,
			    !beyond(end, p->edge_max) ||
				    (t->data_len == 1 && end == p->edge_max + 1),
			    f, "%u octets beyond the window", end - p->edge_max);
	if (h->stats.fin)
		audit_judge(host, AUDIT_TCP_AFTER_FIN, !beyond(end, h->fin - 1), f,
			    "%u octets after FIN", end - (h->fin - 1));
	h->stats.data_bytes += t->data_len;
	if (again) {
		h->stats.retransmitted_segments++;
		h->stats.retransmitted_bytes += t->data_len;
		rule_backoff(host, h, p, f);
	}
	if (!f->cut) {
		bool same = audit_flow_same_data(h, t);

		if (again)
			audit_judge(host, AUDIT_TCP_SAME_DATA, same, f,
				    "other octets at %u than before", t->seq - h->isn);
	} else if (seq_before(h->next, end)) {
		h->next = end;
	}
}

static void take_fin(struct half *h, const struct audit_tcp *t)
{
	/* Octets before it were not captured: there is nothing to compare them with. */
	bool gap = seq_before(h->next, t->seq + t->data_len);

	h->fin = t->seq + t->data_len + 1;
	h->stats.fin = true;
	if (seq_before(h->next, h->fin))
		h->next = h->fin;
	if (gap)
		h->kept_from = h->fin;
}

void audit_rules_tcp(struct audit *a, struct audit_host *host, const struct audit_frame *f)
{
	const struct audit_tcp *t = &f->tcp;
	struct flow *fl;
	struct half *h, *p;
	unsigned sender;

	rules_form(host, f);
	fl = audit_flow_find(a, f, &sender);
	if (!fl) {
		a->unfollowed++;
		return;
	}
	h = &fl->half[sender];
	p = &fl->half[!sender];
	if (!h->seen)
		h->stats.first_ns = f->time_ns;
	h->seen = true;
	h->stats.last_ns = f->time_ns;
	h->stats.segments++;
	if (h->aborted && !(t->flags & AUDIT_SYN))
		audit_judge(host, AUDIT_TCP_AFTER_RST,
			    t->flags & AUDIT_RST || seq_before(t->seq, h->next), f,
			    "new segment after RST");
	if (t->flags & AUDIT_RST) {
		h->stats.rst = true;
		h->aborted |= h->synced && t->seq == h->next;
		return; /* otherwise its numbers may be those of no connection of the sender's (RFC
			   9293 3.5.2) */
	}
	/* Whose SYN was heard and who sent none may still be in a connection before this one, half
	 * open (RFC 9293 3.5.1): its numbers say nothing here. */
	if (!(t->flags & AUDIT_SYN) && p->stats.syn_seen && !h->stats.syn_seen)
		return;
	if ((t->flags & (AUDIT_SYN | AUDIT_ACK)) == AUDIT_SYN && h->stats.syn_seen && t->seq != h->isn)
		fl->again = true;
	/* Or it answers an old SYN that was late (RFC 9293 3.5, figure 8). */
	if (t->flags & AUDIT_SYN && t->flags & AUDIT_ACK && fl->again && p->stats.syn_seen &&
	    t->ack != p->isn + 1)
		return;
	if (t->flags & AUDIT_SYN)
		take_syn(host, fl, h, p, f);
	else if (!h->synced) {
		h->synced = true;
		h->next = t->seq;
	}
	rules_timestamps(host, fl, h, p, f);
	if (t->flags & AUDIT_ACK)
		take_ack(host, h, p, f);
	rules_sack(host, p, f);
	if (t->data_len > 0 && !(t->flags & AUDIT_SYN))
		take_data(host, h, p, f);
	if (t->flags & AUDIT_FIN)
		take_fin(h, t);
}
