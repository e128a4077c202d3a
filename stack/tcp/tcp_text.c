/* SPDX-License-Identifier: BSD-2-Clause */
/* The seventh and eighth steps of RFC 9293 3.10.7.4: segment text into the receive queue, or aside
 * until the hole before it is filled; FIN; and the urgent mark of the sixth (RFC 6093). Called by
 * tcp_input.c. */
#include "tcp/tcp_int.h"
#include "wire/ip4.h"
#include "wire/ip6.h"

enum { GROW_LEN_MIN = 128 }; /* shorter segments in order do not open the window */

/* What a packet counts as: what Linux charges, for each of the segments that it was joined of here (a
 * train; the device's super-segment is one packet). */
static struct stream_count count_of(const struct tcp_rx *rx)
{
	const struct pkt *p = rx->ip->pkt;

	return (struct stream_count){
		.of = tcp_rcvwin_truesize,
		.headers = (ip_is4(&rx->ip->src) ? IP4_HDR_LEN : IP6_HDR_LEN) +
			   (uint32_t)tcp_seg_hdr_len(pkt_bytes(p)),
		.each = p->train,
	};
}

static void measure(struct tcb *t, uint32_t len, uint32_t seg, uint32_t count)
{
	if (tcp_delack_measure(&t->delack, seg, t->adv_mss))
		tcp_rcvwin_measure(&t->rcvwin, len, count);
}

/* What text does to the delayed ACK, and to the round trip as the receiver sees it. rcv_nxt is behind
 * it. */
static void note_arrival(struct ph_stack *st, struct tcb *t, const struct tcp_rx *rx, uint32_t seg,
			 seq_t rcv_nxt)
{
	const struct tcp_opts *o = &rx->seg.opts;

	tcp_delack_data(&t->delack, tcp_now_us(st), t->rcvwin.wnd, tcp_timer_rto_us(st, t));
	if (t->ts && o->has_ts && o->tsecr && seg >= t->delack.rcv_mss) {
		uint32_t ms = tcp_ts(st, t->ts_off) - o->tsecr;

		if (ms < 60000)
			tcp_rcvwin_rtt(&t->rcvwin, ms ? ms * 1000 : 1000);
	} else if (!t->ts) {
		tcp_rcvwin_rtt_by_window(&t->rcvwin, rcv_nxt, tcp_now_us(st));
	}
}

static void grow_window(struct ph_stack *st, struct tcb *t, uint32_t len, uint32_t count, uint32_t held)
{
	if (tcp_rcvwin_data(&t->rcvwin, len, count, held, t->adv_mss, t->delack.rcv_mss,
			    (uint32_t)st->sysctl.tcp_rmem[2]))
		t->delack.quick |= 1; /* the sender should hear of it */
}

/* Answer at once: the peer is to learn of a hole, or that one was filled (RFC 5681 4.2). */
static void quick(struct tcb *t)
{
	tcp_delack_quick(&t->delack, t->rcvwin.wnd);
}

void tcp_text_duplicate(struct ph_stack *st, struct tcb *t, seq_t from, seq_t to)
{
	if (!t->sack_ok || !st->sysctl.tcp_dsack || from == to)
		return;
	if (seq_lt(from, t->rcv_nxt))
		COUNT(st, TcpExtTCPDSACKOldSent);
	else
		COUNT(st, TcpExtTCPDSACKOfoSent);
	tcp_sack_duplicate(&t->sack, (struct tcp_range){ from, to });
}

/* What of the pieces aside has come once more, in order: the first of them (RFC 2883 4.2.1). */
static void covered(struct ph_stack *st, struct tcb *t, seq_t rcv_nxt)
{
	const struct tcp_piece *p = t->reass.piece[0];

	if (seq_lt(p->seq, rcv_nxt))
		tcp_text_duplicate(st, t, p->seq, seq_min(tcp_piece_end(p), rcv_nxt));
}

/* Linux's __tcp_ack_snd_check. Deviation: RFC 9293 3.8.6.3 (SHLD-19): every second segment is
 * acknowledged at once, but not where all that would tell is a window that closes: then it waits for the
 * user to read, or for its time. */
bool tcp_text_ack_due(struct tcb *t, uint32_t unacked, uint32_t held, uint32_t unread)
{
	bool open = true;

	if (unacked > t->delack.rcv_mss && unread >= tcp_rcvlowat(t)) {
		open = tcp_rcvwin_open(&t->rcvwin, held, t->delack.rcv_mss, t->rcv_wscale);
		if (tcp_rcvwin_low(&t->rcvwin, held))
			t->delack.quick = 0;
	}
	return tcp_delack_due(&t->delack, unacked, open);
}

/* [from, rcv_nxt) came, and added `added` to what is counted. A train is what it would have been, had it
 * been seen segment by segment. */
static void note_text(struct ph_stack *st, struct tcb *t, const struct tcp_rx *rx, seq_t from,
		      const struct stream_count *count, uint32_t added)
{
	const struct pkt *p = rx->ip->pkt;
	uint32_t len = t->rcv_nxt - from, seg = p->gso_size && len > p->gso_size ? p->gso_size : len;
	uint32_t step = p->train ? seg : len, held = tcp_rcv_counted(t) - added;

	for (uint32_t at = 0; at < len; at += step) {
		uint32_t part = len - at < step ? len - at : step, size = part < seg ? part : seg;
		uint32_t truesize = p->train ? count->of(count->headers + part) : added;

		held += truesize;
		measure(t, part, size, truesize);
		note_arrival(st, t, rx, size, from + at + part);
		if (part >= GROW_LEN_MIN)
			grow_window(st, t, part, truesize, held);
		if (at + part < len && tcp_text_ack_due(t, from + at + part - t->rcvwin.wup, held,
							 t->rcv.len - (len - at - part)))
			t->delack.ripe = true;
	}
}

static enum drop take_in_order(struct ph_stack *st, struct tcb *t, const struct tcp_rx *rx)
{
	const struct tcp_seg *s = &rx->seg;
	uint32_t len = s->len;
	struct stream_count count = count_of(rx);
	uint32_t counted = t->rcv.counted;
	bool hole = !tcp_reass_empty(&t->reass);
	seq_t before = t->rcv_nxt;

	if (!stream_append_counted(&t->rcv, rx->ip->pkt, s->off, len, &count)) {
		quick(t);
		return DROP_NOMEM;
	}
	t->rcv_nxt += len;
	tcp_path_heard(t, rx);
	tcp_notify_arrived(st, t, t->rcv_nxt, rx->ip->at_ns ? rx->ip->at_ns : st->now_ns);
	note_text(st, t, rx, before, &count, t->rcv.counted - counted);
	if (hole) {
		covered(st, t, t->rcv_nxt);
		t->rcv_nxt += tcp_reass_take(&st->tcp->reass, &t->reass, t->rcv_nxt, &t->rcv);
		tcp_sack_advance(&t->sack, t->rcv_nxt);
		tcp_delack_hole(&t->delack, tcp_reass_empty(&t->reass));
	}
	t->bytes_received += t->rcv_nxt - before;
	ready_set(st, &t->ready);
	return DROP_NONE;
}

enum drop tcp_text_next(struct ph_stack *st, struct tcb *t, const struct tcp_rx *rx)
{
	t->data_segs_in++;
	return take_in_order(st, t, rx);
}

/* Segments that a super-segment was made of. */
static uint32_t segments_of(const struct tcp_rx *rx)
{
	uint32_t size = rx->ip->pkt->gso_size;

	return size && rx->seg.len > size ? (rx->seg.len + size - 1) / size : 1;
}

static enum drop take_ahead(struct ph_stack *st, struct tcb *t, const struct tcp_rx *rx)
{
	const struct tcp_seg *s = &rx->seg;
	struct stream_count count = count_of(rx);
	struct tcp_range block, dup = { 0, 0 };
	uint32_t held = tcp_rcv_counted(t), truesize = count.of(count.headers + s->len);
	uint32_t size = rx->ip->pkt->gso_size;
	enum drop why;

	measure(t, s->len, size && s->len > size ? size : s->len, truesize);
	st->tcp->reass.pieces_max = (uint32_t)st->sysctl.tcp_max_ofo_pieces;
	why = tcp_reass_add(&st->tcp->reass, &t->reass, s->seq, rx->ip->pkt, s->off, s->len,
			    &count, &block, &dup);
	/* Deviation: RFC 2018 8 (MUST): what is not kept is not reported either, as in Linux. */
	if (why == DROP_TCP_OFO_QUEUE_PRUNE || why == DROP_NOMEM) {
		quick(t);
		COUNT(st, TcpExtTCPOFODrop);
		return why;
	}
	COUNT(st, TcpExtTCPOFOQueue);
	t->rcv_ooopack += segments_of(rx);
	tcp_text_duplicate(st, t, dup.from, dup.to);
	if (t->sack_ok) {
		/* The block that the new one would push out has not been told. */
		if (t->sack.n == TCP_SACK_MAX && t->delack.compressed) {
			t->delack.compressed--;
			tcp_output_ack(st, t);
		}
		tcp_sack_add(&t->sack, block);
		grow_window(st, t, s->len, truesize, held);
	}
	if (t->held && !t->listener && st->sysctl.tcp_moderate_rcvbuf && !tcp_memory_pressed(st))
		tcp_rcvwin_ahead(&t->rcvwin, tcp_reass_end(&t->reass) - t->rcv_nxt,
				 (uint32_t)st->sysctl.tcp_rmem[2]);
	tcp_delack_ahead(&t->delack);
	return why;
}

static bool fits(const struct tcb *t, uint32_t len)
{
	return (uint64_t)tcp_rcv_counted(t) + len <= t->rcvwin.buf;
}

/* Room for `len` bytes more, as Linux makes it: what waits to be read is packed, then given up what is
 * furthest ahead (RFC 2018 8 allows to). False: there is none to be had. */
static bool make_room(struct ph_stack *st, struct tcb *t, uint32_t len)
{
	uint32_t counted, left, pruned;

	if (fits(t, len))
		return true;
	COUNT(st, TcpExtPruneCalled);
	if (tcp_rcv_counted(t) > t->rcvwin.buf / 2)
		COUNT_N(st, TcpExtTCPRcvCollapsed, stream_compact(&t->rcv));
	if (fits(t, len))
		return true;
	counted = t->rcv.counted + len;
	left = counted < t->rcvwin.buf ? t->rcvwin.buf - counted : 0;
	pruned = tcp_reass_prune(&st->tcp->reass, &t->reass, left);
	if (pruned) {
		COUNT_N(st, TcpExtOfoPruned, pruned);
		t->sack.n = 0;
	}
	if (fits(t, len))
		return true;
	COUNT(st, TcpExtRcvPruned);
	return false;
}

/* All connections together hold what they may. Of this one nothing out of order stays, and a segment
 * is taken only where it is all there is to read: else nobody would ever get on. */
static bool within_budget(struct ph_stack *st, struct tcb *t, const struct tcp_seg *s)
{
	uint32_t pruned;

	if (!tcp_memory_full(st))
		return true;
	COUNT(st, TcpExtPruneCalled);
	pruned = tcp_reass_prune(&st->tcp->reass, &t->reass, 0);
	if (pruned) {
		COUNT_N(st, TcpExtOfoPruned, pruned);
		t->sack.n = 0;
		tcp_memory_note(st, t);
	}
	return !tcp_memory_full(st) || (s->seq == t->rcv_nxt && t->rcv.len == 0);
}

/* A window that was taken back is closed by what lies out of order, and nothing waits to be read: only
 * what is next makes room again. Were it refused, both ends would wait for ever. */
static bool is_stuck(const struct tcb *t)
{
	return t->rcv.len == 0 && !tcp_reass_empty(&t->reass);
}

/* Cuts the segment to what is new. What reaches beyond the window was refused before, where it must
 * be. */
static enum drop trim(struct ph_stack *st, struct tcb *t, struct tcp_rx *rx)
{
	struct tcp_seg *s = &rx->seg;
	seq_t edge = t->rcv_nxt + tcp_rcvwin_left(&t->rcvwin, t->rcv_nxt);
	bool closed = edge == t->rcv_nxt && !is_stuck(t);

	if (seq_le(tcp_seg_end(s), t->rcv_nxt)) {
		if (tcp_ecn_accurate(&t->ecn))
			tcp_accecn_duplicate(&t->ecn.acc);
		tcp_path_duplicate(st, t, rx);
		COUNT(st, TcpExtDelayedACKLost);
		tcp_text_duplicate(st, t, s->seq, s->seq + s->len);
		quick(t);
		return DROP_TCP_OLD_DATA;
	}
	if (seq_ge(s->seq, edge) && (closed || s->seq != t->rcv_nxt)) {
		if (seq_gt(s->seq, edge)) /* but not beyond what was told earlier */
			COUNT(st, TcpExtBeyondWindow);
		quick(t);
		return edge == t->rcv_nxt ? DROP_TCP_ZEROWINDOW : DROP_TCP_OVERWINDOW;
	}
	if (seq_lt(s->seq, t->rcv_nxt)) {
		tcp_text_duplicate(st, t, s->seq, t->rcv_nxt);
		if (closed) {
			quick(t);
			return DROP_TCP_ZEROWINDOW;
		}
		tcp_seg_trim_front(s, t->rcv_nxt - s->seq);
	}
	return DROP_NONE;
}

static bool takes_text(const struct tcb *t)
{
	return t->early || t->state == TCPS_ESTABLISHED || t->state == TCPS_FIN_WAIT_1 ||
	       t->state == TCPS_FIN_WAIT_2;
}

/* RFC 3168 6.1.3, for data only, and only where it is in the window (6.1.5). */
static void note_ecn(struct tcb *t, const struct tcp_rx *rx)
{
	if (t->ecn.mode != TCP_ECN_CLASSIC)
		return;
	if (rx->seg.flags & TCP_F_CWR) {
		tcp_ecn_cwr(&t->ecn);
		t->delack.now = true; /* its window may be one segment, and waits for this ACK */
	}
	if (tcp_ecn_data(&t->ecn, rx->ip->tos & IP4_ECN_MASK))
		tcp_delack_few(&t->delack, t->rcvwin.wnd);
}

enum drop tcp_text_take(struct ph_stack *st, struct tcb *t, struct tcp_rx *rx)
{
	struct tcp_seg *s = &rx->seg;
	enum drop why;

	if (s->len == 0)
		return DROP_NONE;
	if (!takes_text(t)) /* a FIN was received: there cannot be more (RFC 9293 3.10.7.4) */
		return seq_gt(s->seq + s->len, t->rcv_nxt) ? DROP_TCP_CLOSE : DROP_NONE;
	note_ecn(t, rx);
	t->data_segs_in += rx->ip->pkt->gso_size ?
				   (s->len + rx->ip->pkt->gso_size - 1) / rx->ip->pkt->gso_size : 1;
	why = trim(st, t, rx);
	if (why != DROP_NONE)
		return why;
	if (s->len == 0)
		return DROP_NONE;
	if (within_budget(st, t, s) && make_room(st, t, s->len))
		return s->seq == t->rcv_nxt ? take_in_order(st, t, rx) : take_ahead(st, t, rx);
	quick(t);
	/* Deviation: RFC 9293 3.8.6 (SHLD-14): memory is out, and a window of zero is told. */
	if (s->seq != t->rcv_nxt) {
		COUNT(st, TcpExtTCPOFODrop);
		return DROP_SOCKET_RCVBUFF;
	}
	/* It is next and there is nothing else to read: without it nobody would ever get on. */
	if (t->rcv.len == 0 && !tcp_memory_full(st)) {
		t->rcvwin.refuse = true;
		return take_in_order(st, t, rx);
	}
	t->rcvwin.refuse = true;
	COUNT(st, TcpExtTCPRcvQDrop);
	return DROP_SOCKET_RCVBUFF;
}

/* The urgent octet, should this segment have it: it is kept beside the stream, where it lies as
 * well. */
static void take_octet(struct ph_stack *st, struct tcb *t, const struct tcp_rx *rx)
{
	const struct tcp_seg *s = &rx->seg;
	seq_t at = t->rcv_up - 1;

	if (seq_lt(at, s->seq) || seq_ge(at, s->seq + s->len))
		return;
	if (pkt_copy_out(rx->ip->pkt, s->off + (at - s->seq), &t->urg_octet, 1) != 1)
		return;
	t->urg = TCP_URG_VALID;
	ready_set(st, &t->ready);
}

/*
 * RFC 6093 3.1, as all hosts have it: the pointer names the byte after the urgent octet. A later
 * one takes the place of an earlier, one that has been passed is no news (Linux's
 * tcp_check_urg). tcp_stdurg asks for RFC 9293's pointer, at the octet itself.
 */
void tcp_text_urg(struct ph_stack *st, struct tcb *t, const struct tcp_rx *rx)
{
	const struct tcp_seg *s = &rx->seg;
	seq_t up = s->seq + s->urg + (st->sysctl.tcp_stdurg && s->urg ? 1 : 0);

	if (!takes_text(t))
		return;
	if ((s->flags & TCP_F_URG) && s->urg == 0)
		up++; /* Linux: a pointer of nothing is the first octet */
	if ((s->flags & TCP_F_URG) && seq_gt(up, t->rcv_nxt) &&
	    !(t->urg && seq_le(up, t->rcv_up))) {
		/* An urgent octet that the reader stands before, and that is not in line, is lost. */
		if (t->urg && !t->oobinline && t->rcv.len && tcp_read_seq(t) == t->rcv_up - 1)
			stream_consume(&t->rcv, 1);
		t->rcv_up = up;
		t->urg = TCP_URG_AHEAD;
		ready_set(st, &t->ready);
	}
	if (t->urg == TCP_URG_AHEAD)
		take_octet(st, t, rx);
}

/* The FIN has its turn: RFC 9293 3.10.7.4, eighth step. */
static void fin_arrived(struct ph_stack *st, struct tcb *t)
{
	t->rcv_nxt++;
	t->fin_rcvd = t->rcv_shut = true;
	tcp_reass_clear(&st->tcp->reass, &t->reass);
	t->sack.n = 0;
	tcp_sack_told(&t->sack); /* nor is told what came twice: Linux's tcp_fin */
	t->delack.pending = true;
	switch ((enum tcps)t->state) {
	case TCPS_SYN_RECEIVED:
	case TCPS_ESTABLISHED:
		/* As Linux: our own FIN will likely carry the ACK, so it waits as those of data do. Not
		 * where no data came before, by which to know how long; nor where the window is closed. */
		t->delack.now |= t->delack.ato_us == 0 || tcp_rcvwin_left(&t->rcvwin, t->rcv_nxt) == 0;
		tcp_set_state(st, t, TCPS_CLOSE_WAIT);
		t->delack.pingpong = true;
		break;
	case TCPS_FIN_WAIT_1:
		/* Had our FIN been acknowledged by this segment, the state would be FIN-WAIT-2 by
		 * now. */
		t->delack.now = true;
		tcp_set_state(st, t, TCPS_CLOSING);
		break;
	case TCPS_FIN_WAIT_2:
		tcp_output_ack(st, t);
		tcp_timewait_enter(st, t);
		break;
	case TCPS_CLOSE_WAIT:
	case TCPS_CLOSING:
	case TCPS_LAST_ACK:
	case TCPS_TIME_WAIT:
	case TCPS_CLOSED:
	case TCPS_LISTEN:
	case TCPS_SYN_SENT:
	case TCPS_N:
		break;
	}
	ready_set(st, &t->ready);
}

enum drop tcp_text_fin(struct ph_stack *st, struct tcb *t, struct tcp_rx *rx)
{
	struct tcp_seg *s = &rx->seg;
	seq_t at = s->seq + s->len;

	if (!takes_text(t)) {
		/* The peer says FIN again: it did not hear our ACK. */
		if ((s->flags & TCP_F_FIN) && t->fin_rcvd)
			t->delack.pending = t->delack.now = true;
		return DROP_NONE;
	}
	if (s->flags & TCP_F_FIN) {
		if (seq_gt(at, t->rcv_nxt)) {
			tcp_reass_fin(&t->reass, at);
			quick(t);
			return DROP_NONE;
		}
		if (at == t->rcv_nxt)
			fin_arrived(st, t);
	} else if (t->reass.has_fin && t->reass.fin_seq == t->rcv_nxt) {
		t->delack.now = true; /* a hole is filled */
		fin_arrived(st, t);
	}
	return DROP_NONE;
}
