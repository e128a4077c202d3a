/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SEGMENT ARRIVES, in the order of RFC 9293 3.10.7: who it is for, then CLOSED, LISTEN and SYN-SENT
 * (3.10.7.1-3) in functions of their own, then for all other states (3.10.7.4) one function a step.
 * The first that refuses ends it. What to answer is decided once, at the end: data, or an ACK now,
 * or an ACK a little later.
 */
#include "base/csum.h"
#include "net/train.h"
#include "tcp/tcp_int.h"
#include "tcp/tcp_swift.h"
#include "wire/ip4.h"

enum {
	PROTO_TCP = 6,
	BATCH_MAX = 65536, /* bytes of a batch under one ACK */
	SEG_LEAST = 512,   /* shorter ones are not put together: they are copied, and pin little */
	SEG_COST = 128	   /* memory that a segment takes beside its buffer, at most */
};

/* What a super-segment counts for. */
static uint32_t segments_in(const struct tcp_rx *rx)
{
	uint32_t size = rx->ip->pkt->gso_size;

	return size && rx->seg.len ? (rx->seg.len + size - 1) / size : 1;
}

bool tcp_oow_allowed(const struct ph_stack *st, uint64_t *last_ns)
{
	uint64_t pause = (uint64_t)st->sysctl.tcp_invalid_ratelimit * 1000000;

	if (*last_ns && st->now_ns - *last_ns < pause)
		return false;
	*last_ns = st->now_ns ? st->now_ns : 1;
	return true;
}

/* `skipped`: what counts one that is held back. */
static void dup_ack(struct ph_stack *st, struct tcb *t, const struct tcp_rx *rx,
		    enum counter skipped)
{
	const struct tcp_seg *s = &rx->seg;

	/* Data is no part of a storm of ACKs: it is answered always. */
	if ((s->len == 0 || (s->flags & TCP_F_SYN)) && !tcp_oow_allowed(st, &t->oow_ack_ns)) {
		count_add(&st->counters, skipped, 1);
		return;
	}
	if (s->len && seq_lt(s->seq, t->rcv_nxt)) {
		COUNT(st, TcpExtDelayedACKLost);
		if (t->sack_ok && st->sysctl.tcp_dsack)
			tcp_path_duplicate(st, t, rx);
		tcp_text_duplicate(st, t, s->seq, seq_min(s->seq + s->len, t->rcv_nxt));
	}
	tcp_output_ack(st, t);
}

/* RFC 5961 7, with a budget whose size is drawn anew each second, so that nobody can count others'
 * share of it. */
static bool challenge_allowed(struct ph_stack *st)
{
	uint64_t second = st->now_ns / 1000000000u;
	uint32_t limit = (uint32_t)st->sysctl.tcp_challenge_ack_limit;
	struct tcp_state *s = st->tcp;

	if (limit == INT32_MAX)
		return true;
	if (s->challenge_s != second + 1) {
		s->challenge_s = second + 1;
		s->challenge_left = (limit + 1) / 2 + prng_below(&st->prng, limit + 1);
	}
	if (s->challenge_left == 0)
		return false;
	s->challenge_left--;
	return true;
}

void tcp_challenge_ack(struct ph_stack *st, struct tcb *t)
{
	if (!tcp_oow_allowed(st, &t->oow_ack_ns) || !challenge_allowed(st)) {
		COUNT(st, TcpExtTCPACKSkippedChallenge);
		return;
	}
	COUNT(st, TcpExtTCPChallengeACK);
	tcp_output_challenge(st, t);
}

/*
 * RFC 7323 5.3 R1, and 5.5: a timestamp not heard for 24 days is no evidence. Deviation: RFC 7323
 * 3.2 (SHOULD): a segment without the timestamps agreed on is taken all the same, as Linux does.
 */
static bool paws_old(const struct ph_stack *st, const struct tcb *t, const struct tcp_seg *s)
{
	if (!t->ts || !s->opts.has_ts || !t->ts_recent_ms)
		return false;
	return (int32_t)(s->opts.tsval - t->ts_recent) < 0 &&
	       tcp_now_ms(st) - t->ts_recent_ms < TCP_PAWS_IDLE_MS;
}

/* An acknowledgment that others overtook is old by its timestamp and no replay: Linux's
 * tcp_disordered_ack. */
static bool overtaken_ack(const struct ph_stack *st, const struct tcb *t, const struct tcp_seg *s)
{
	uint32_t replay_ms = tcp_timer_rto_us(st, t) / 1000 * 6 / 5;

	return (s->flags & TCP_F_ACK) && tcp_seg_end(s) == s->seq && s->seq == t->rcv_nxt &&
	       s->ack == t->snd_una && (uint32_t)s->wnd << t->snd_wscale == t->snd_wnd &&
	       t->ts_recent - s->opts.tsval <= replay_ms;
}

/* RFC 7323 5.3 R1. */
static enum drop check_paws(struct ph_stack *st, struct tcb *t, const struct tcp_rx *rx)
{
	const struct tcp_seg *s = &rx->seg;

	if (!paws_old(st, t, s) || (s->flags & TCP_F_RST)) /* 5.2: RST is exempt */
		return DROP_NONE;
	if (overtaken_ack(st, t, s))
		return DROP_NONE;
	if (s->len == 0 && (s->flags & TCP_F_ACK) && seq_lt(tcp_seg_end(s), t->rcv_nxt)) {
		COUNT(st, TcpExtPAWSOldAck);
		return DROP_TCP_TOO_OLD_ACK; /* nobody waits for an answer */
	}
	dup_ack(st, t, rx, C_TcpExtTCPACKSkippedPAWS);
	return DROP_TCP_PAWS;
}

/*
 * First step. Linux's test in place of the RFC's table: acceptable is what ends at or after the
 * last ACK sent and begins at or before the window's edge. It takes in addition the acknowledgments
 * of a peer whose data overtook them, and those at the very edge of a window that is full. The edge is
 * the rightmost that was ever told, should windows shrink (RFC 7323 2.4).
 *
 * Deviation: RFC 9293 3.10.7.4: what reaches beyond the edge is not cut there. It is refused; or taken
 * whole, while nothing waits to be read, for a peer that sends so would only send it again.
 */
static enum drop check_seq(struct ph_stack *st, struct tcb *t, const struct tcp_rx *rx)
{
	const struct tcp_seg *s = &rx->seg;
	seq_t edge = seq_max(tcp_rcvwin_top(&t->rcvwin), t->rcv_nxt);
	enum drop why = check_paws(st, t, rx);

	if (why != DROP_NONE)
		return why;
	if (seq_ge(tcp_seg_end(s), t->rcvwin.wup) && seq_le(s->seq, edge) &&
	    (seq_le(s->seq + s->len, edge) || t->rcv.len == 0))
		return DROP_NONE;
	if (s->flags & TCP_F_RST)
		return DROP_TCP_INVALID_SEQUENCE;
	if (s->flags & TCP_F_SYN) { /* RFC 5961 4.2: whatever its sequence number */
		tcp_challenge_ack(st, t);
		return DROP_TCP_INVALID_SYN;
	}
	if (s->len && seq_gt(tcp_seg_end(s), edge))
		COUNT(st, TcpExtBeyondWindow);
	dup_ack(st, t, rx,
		t->state == TCPS_FIN_WAIT_2 && !t->held ? C_TcpExtTCPACKSkippedFinWait2 :
							  C_TcpExtTCPACKSkippedSeq);
	return DROP_TCP_INVALID_SEQUENCE;
}

static bool in_window(const struct tcb *t, seq_t seq)
{
	return seq_ge(seq, t->rcv_nxt) &&
	       seq_lt(seq, t->rcv_nxt + tcp_rcvwin_left(&t->rcvwin, t->rcv_nxt));
}

/* Second step, by RFC 5961 3.2: only the very next sequence number resets. */
static enum drop check_rst(struct ph_stack *st, struct tcb *t, const struct tcp_seg *s)
{
	int error = ECONNRESET;

	if (!(s->flags & TCP_F_RST))
		return DROP_NONE;
	if (seq_gt(s->seq, t->rcv_nxt) && !in_window(t, s->seq))
		return DROP_TCP_INVALID_SEQUENCE; /* at the very edge, where data may still be probes */
	if (s->seq != t->rcv_nxt && !(st->sysctl.tcp_insecure_rst && in_window(t, s->seq))) {
		tcp_challenge_ack(st, t);
		return DROP_TCP_INVALID_RST;
	}
	tcp_early_reset(st, t);
	if (t->state == TCPS_SYN_RECEIVED)
		error = t->fo_child ? ECONNRESET : ECONNREFUSED; /* RFC 9293 MUST-11 */
	else if (t->state == TCPS_CLOSE_WAIT && !st->sysctl.tcp_bsd_ways)
		error = EPIPE;
	else if (t->state == TCPS_CLOSING || t->state == TCPS_LAST_ACK)
		error = t->held ? ECONNRESET : 0;
	tcp_done(st, t, error, "reset by peer");
	return DROP_TCP_RESET;
}

/* Fourth step (the third, security, is gone), by RFC 5961 4.2. */
static enum drop check_syn(struct ph_stack *st, struct tcb *t, struct tcp_rx *rx)
{
	struct tcp_seg *s = &rx->seg;

	if (!(s->flags & TCP_F_SYN))
		return DROP_NONE;
	/* Simultaneous open: the peer's SYN-ACK is its SYN again, with the acknowledgment that we
	 * wait for. */
	if (t->state == TCPS_SYN_RECEIVED && (s->flags & TCP_F_ACK) && s->seq == t->irs &&
	    s->ack == t->snd_nxt) {
		s->flags &= (uint16_t)~TCP_F_SYN;
		s->seq++;
		s->wnd = (uint16_t)(s->wnd >> t->snd_wscale); /* a SYN's counts bytes */
		return DROP_NONE;
	}
	if (st->sysctl.tcp_insecure_syn && in_window(t, s->seq)) {
		tcp_output_rst(st, t);
		tcp_done(st, t, ECONNRESET, "SYN in the window");
		return DROP_TCP_RESET;
	}
	/* RFC 9768 3.2.2.1: the SYN-ACK again is answered by how it came. */
	if ((s->flags & TCP_F_ACK) && tcp_seg_end(s) == t->rcv_nxt && tcp_ecn_accurate(&t->ecn)) {
		t->ecn.peer_syn = (unsigned)rx->ip->tos & 3u;
		t->ecn.reflect = true;
	}
	tcp_challenge_ack(st, t);
	t->ecn.reflect = false;
	return DROP_TCP_INVALID_SYN;
}

/* Our FIN is acknowledged. */
static void fin_acked(struct ph_stack *st, struct tcb *t, const struct tcp_rx *rx)
{
	switch ((enum tcps)t->state) {
	case TCPS_FIN_WAIT_1:
		tcp_metrics_save(st, t);
		tcp_set_state(st, t, TCPS_FIN_WAIT_2);
		t->snd_shut = true;
		if (t->held) {
			ready_set(st, &t->ready);
		} else if (t->fin_timeout_s < 0) {
			COUNT(st, TcpExtTCPAbortOnData); /* as Linux, with its reset */
			tcp_xmit_reset(st, rx);
			tcp_done(st, t, 0, "no time for FIN-WAIT-2");
		} else {
			tcp_timer_fin_wait_2(st, t);
		}
		break;
	case TCPS_CLOSING:
		tcp_metrics_save(st, t);
		tcp_timewait_enter(st, t);
		break;
	case TCPS_LAST_ACK:
		tcp_metrics_save(st, t);
		tcp_done(st, t, 0, "closed");
		break;
	case TCPS_ESTABLISHED:
	case TCPS_SYN_SENT:
	case TCPS_SYN_RECEIVED:
	case TCPS_FIN_WAIT_2:
	case TCPS_TIME_WAIT:
	case TCPS_CLOSED:
	case TCPS_CLOSE_WAIT:
	case TCPS_LISTEN:
	case TCPS_N:
		break;
	}
}

/* RFC 7323 4.3 (2): the timestamp to echo is that of the segment the next ACK is for. */
static void take_timestamp(const struct ph_stack *st, struct tcb *t, const struct tcp_seg *s)
{
	if (!t->ts || !s->opts.has_ts || seq_gt(s->seq, t->rcvwin.wup))
		return;
	if ((int32_t)(s->opts.tsval - t->ts_recent) < 0 &&
	    tcp_now_ms(st) - t->ts_recent_ms < TCP_PAWS_IDLE_MS)
		return;
	t->ts_recent = s->opts.tsval;
	t->ts_recent_ms = tcp_now_ms(st);
}

/* What the peer's ACK of our SYN-ACK tells about ECN. */
static void end_of_handshake(const struct ph_stack *st, struct tcb *t, const struct tcp_seg *s)
{
	if (!tcp_ecn_accurate(&t->ecn))
		return;
	tcp_ecn_third(&t->ecn, s->flags, tcp_seg_end(s) == s->seq,
		      st->sysctl.tcp_ecn_fallback != 0);
	if (s->opts.accecn) {
		tcp_accecn_saw_option(&t->ecn.acc, &s->opts);
		t->ecn.acc.demand = 2;
	}
}

/* RFC 9768 3.2: every acceptable packet counts, control packets and retransmissions too. */
static void count_marks(struct tcb *t, const struct tcp_rx *rx)
{
	if (tcp_ecn_accurate(&t->ecn) &&
	    tcp_accecn_received(&t->ecn.acc, rx->ip->tos & IP4_ECN_MASK, rx->seg.len,
				segments_in(rx)))
		t->delack.now = true; /* when something is to be acknowledged at all */
}

/* Fifth step. */
static enum drop check_ack(struct ph_stack *st, struct tcb *t, const struct tcp_rx *rx)
{
	const struct tcp_seg *s = &rx->seg;
	bool opens = t->state == TCPS_SYN_RECEIVED;
	enum drop why;

	if (!(s->flags & TCP_F_ACK))
		return DROP_TCP_NO_ACK;
	if (opens) {
		if (seq_le(s->ack, t->snd_una) || seq_gt(s->ack, t->snd_nxt)) {
			tcp_xmit_reset(st, rx);
			return DROP_TCP_INVALID_ACK;
		}
		t->snd_wnd = (uint32_t)s->wnd << t->snd_wscale;
		t->max_wnd = t->snd_wnd;
		t->snd_wl1 = s->seq;
		t->snd_wl2 = s->ack;
		end_of_handshake(st, t, s);
		tcp_conn_established(st, t);
		if (t->fin_queued) /* closed before it was open: RFC 9293 3.10.4 */
			tcp_set_state(st, t, TCPS_FIN_WAIT_1);
	}
	why = tcp_ack_input(st, t, rx);
	if (why != DROP_NONE)
		return why;
	if (opens)
		tcp_metrics_rto(st, t);
	take_timestamp(st, t, s);
	if (t->fin_sent && t->snd_una == t->snd_nxt)
		fin_acked(st, t, rx);
	return t->state == TCPS_CLOSED ? DROP_NONE : why;
}

/* RFC 1122 4.2.2.13: nobody will read it, and the peer should know. */
static bool abort_on_data(struct ph_stack *st, struct tcb *t, const struct tcp_rx *rx)
{
	const struct tcp_seg *s = &rx->seg;

	if (!t->rcv_shut || (t->state != TCPS_FIN_WAIT_1 && t->state != TCPS_FIN_WAIT_2))
		return false;
	if (s->len == 0 || seq_le(s->seq + s->len, t->rcv_nxt))
		return false;
	tcp_xmit_reset(st, rx);
	tcp_done(st, t, ECONNRESET, "data after close");
	return true;
}

static enum drop check_urg(struct ph_stack *st, struct tcb *t, const struct tcp_rx *rx)
{
	if ((rx->seg.flags & TCP_F_URG) || t->urg == TCP_URG_AHEAD)
		tcp_text_urg(st, t, rx);
	return DROP_NONE;
}

enum drop tcp_input_steps(struct ph_stack *st, struct tcb *t, struct tcp_rx *rx)
{
	struct tcp_seg *s = &rx->seg;
	enum drop why, text;

	if (tcp_early_syn_again(st, t, s))
		return DROP_NONE;
	if ((why = check_seq(st, t, rx)) != DROP_NONE)
		return why;
	if ((why = check_rst(st, t, s)) != DROP_NONE)
		return why;
	if ((why = check_syn(st, t, rx)) != DROP_NONE)
		return why;
	if ((why = check_ack(st, t, rx)) != DROP_NONE || t->state == TCPS_CLOSED)
		return why;
	if (abort_on_data(st, t, rx))
		return DROP_TCP_ABORT;
	count_marks(t, rx);
	if ((why = check_urg(st, t, rx)) != DROP_NONE)
		return why;
	text = tcp_text_take(st, t, rx);
	if (text != DROP_NONE && text != DROP_TCP_OFOMERGE)
		return text;
	why = tcp_text_fin(st, t, rx);
	return why != DROP_NONE ? why : text;
}

/*
 * Linux joins the segments that one poll of the device gave (GRO) and acknowledges them as one, so
 * of a batch we do too: writing an ACK into a TAP costs what reading five segments does. What must
 * be told at once is, and no more is held back than one joined packet would have held.
 */
static bool ack_can_wait(const struct tcb *t)
{
	return (t->dst.offload & PH_OFFLOAD_GRO) && !t->delack.now &&
	       tcp_reass_empty(&t->reass) &&
	       t->rcv_nxt - t->rcvwin.wup < BATCH_MAX;
}

void tcp_batch_end(struct ph_stack *st)
{
	struct list_node *n;

	while ((n = list_pop_front(&st->tcp->owing))) {
		struct tcb *t = container_of(n, struct tcb, owes);

		if (t->delack.pending)
			tcp_output_ack(st, t);
	}
}

bool tcp_batch_open(const struct ph_stack *st)
{
	return !list_empty(&st->tcp->owing);
}

/* An ACK that need not go now waits for data to carry it, or, telling of a hole, for others. */
static bool tells_later(struct ph_stack *st, struct tcb *t)
{
	if (tcp_reass_empty(&t->reass))
		tcp_timer_ack_owed(st, t);
	else if (t->sack_ok &&
		 tcp_delack_compress(&t->delack, (uint32_t)st->sysctl.tcp_comp_sack_nr))
		tcp_timer_ack_compressed(st, t);
	else
		return false;
	return true;
}

/* As long as this one's ACK waits, nothing is learned from looking at each of those that follow it.
 * Who watches, or asked for the times of arrival, is shown them one by one. */
static void offer_train(struct ph_stack *st, const struct tcb *t, const struct tcp_rx *rx)
{
	const struct tcp_seg *s = &rx->seg;
	uint32_t left = tcp_rcvwin_left(&t->rcvwin, t->rcv_nxt), held = tcp_rcv_counted(t);
	uint32_t room = BATCH_MAX - (t->rcv_nxt - t->rcvwin.wup);
	const struct pkt *p = rx->ip->pkt;
	uint32_t mss = p->gso_size ? p->gso_size : s->len, memory;

	if (st->trace.sink || t->rare || t->state != TCPS_ESTABLISHED || tcp_flight(t) || t->urg ||
	    s->len == 0 || s->seq + s->len != t->rcv_nxt || (s->flags & TCP_F_URG) || st->raw_input)
		return;
	/* Nothing of it is to meet the window's edge or the buffer's. */
	memory = held < t->rcvwin.buf ? t->rcvwin.buf - held : 0;
	memory = memory / tcp_rcvwin_truesize(mss + SEG_COST) * mss;
	left = left > mss ? left - mss : 0;
	room = room < memory ? room : memory;
	room = room < left ? room : left;
	if (room < 2 * mss || mss < SEG_LEAST || tcp_memory_pressed(st))
		return;
	train_offer(st, p, t->rcv_nxt, room);
}

/* What was decided on the way is now sent: data first, for it carries the ACK. */
static void answer(struct ph_stack *st, struct tcb *t, const struct tcp_rx *rx)
{
	if (!tcps_synchronised(t->state))
		return;
	if (tcp_unsent(t) || t->rtxq.lost || t->cc.cwnd < t->mss || tcp_ecn_accurate(&t->ecn))
		tcp_output(st, t);
	tcp_conn_tell_space(st, t);
	if (!t->delack.pending || t->state == TCPS_CLOSED)
		return;
	if (!tcp_text_ack_due(t, t->rcv_nxt - t->rcvwin.wup, tcp_rcv_counted(t), t->rcv.len) &&
	    !dst_metrics(st, &t->dst)->quickack && tells_later(st, t))
		return;
	if (!ack_can_wait(t)) {
		tcp_output_ack(st, t);
		return;
	}
	if (!list_linked(&t->owes))
		list_push_back(&st->tcp->owing, &t->owes);
	offer_train(st, t, rx);
}

enum drop tcp_input_conn(struct ph_stack *st, struct tcb *t, struct tcp_rx *rx)
{
	enum drop why;

	t->rcv_ns = st->now_ns;
	t->segs_in += segments_in(rx);
	tcp_info_trace_received(st, t, &rx->seg);
	if (tcp_swift_input(st, t, rx, &why))
		; /* nearly always */
	else if (t->state == TCPS_SYN_SENT)
		why = tcp_synsent_input(st, t, rx);
	else
		why = tcp_input_steps(st, t, rx);
	tcp_memory_note(st, t);
	answer(st, t, rx);
	tcp_put(st, t);
	return why;
}

/* RFC 9293 3.10.7.1 */
static enum drop closed_input(struct ph_stack *st, const struct tcp_rx *rx)
{
	tcp_xmit_reset(st, rx);
	return DROP_NO_SOCKET;
}

static enum drop checksum(struct ph_stack *st, const struct ip_rx *ip)
{
	uint64_t sum;

	if (ip->pkt->csum != PKT_CSUM_NONE)
		return DROP_NONE;
	sum = csum_pseudo(&ip->src, &ip->dst, PROTO_TCP, ip->l4_len);
	if (csum_fold(csum_pkt(sum, ip->pkt, 0, ip->l4_len)) == 0xffff)
		return DROP_NONE;
	COUNT(st, TcpInErrs); /* beside TcpInCsumErrors, as in the kernel */
	return DROP_TCP_CSUM;
}

static enum drop parse(struct ph_stack *st, const struct ip_rx *ip, struct tcp_seg *s)
{
	enum drop why;

	if (!pkt_pull_up(ip->pkt, TCP_HDR_LEN))
		return DROP_TCP_SHORT;
	why = checksum(st, ip);
	if (why != DROP_NONE)
		return why;
	/* A header that claims more than there is stays as it is: the parser refuses it. */
	(void)pkt_pull_up(ip->pkt, tcp_seg_hdr_len(pkt_bytes(ip->pkt)));
	return tcp_seg_parse(pkt_bytes(ip->pkt), ip->pkt->hdr.len, ip->l4_len, s);
}

/* RFC 5082 3: a neighbour's packets have passed no router. */
static bool ttl_too_low(const struct tcb *t, const struct tcp_rx *rx)
{
	return t->rare && rx->ip->ttl < t->rare->min_ttl;
}

/* Is it near enough, and signed as the socket's keys ask for? */
static enum drop admit(const struct tcb *t, const struct tcp_rx *rx)
{
	if (ttl_too_low(t, rx))
		return DROP_TCP_MINTTL;
	return tcp_md5_check(tcp_md5_find(t, &rx->ip->src), rx->ip, &rx->seg);
}

static enum drop dispatch(struct ph_stack *st, struct tcp_rx *rx)
{
	struct tcp_tuple k = { .local = rx->ip->dst, .peer = rx->ip->src, .lport = rx->seg.dport,
			       .pport = rx->seg.sport };
	struct tcp_ent *e = tcp_table_find(st, &k);
	enum drop why;
	struct tcb *l, *t;

	if (!e) {
		l = tcp_table_listener(st, &k, rx->ip->link);
		why = l ? admit(l, rx) : DROP_NONE;
		if (why != DROP_NONE)
			return why;
		return l ? tcp_listen_input(st, l, rx, NULL) : closed_input(st, rx);
	}
	if (!tcp_ent_hears(e, rx->ip->link))
		return closed_input(st, rx);
	switch ((enum tcp_kind)e->kind) {
	case TCP_KIND_FOLDED:
	case TCP_KIND_CONN:
		t = tcp_rest_conn(st, e);
		why = !t ? DROP_NOMEM : t->rare || rx->seg.opts.has_md5 ? admit(t, rx) : DROP_NONE;
		if (why != DROP_NONE)
			return why;
		return tcp_input_conn(st, t, rx);
	case TCP_KIND_HALF:
		why = admit(container_of(e, struct tcp_half, ent)->listener, rx);
		if (why != DROP_NONE)
			return why;
		return tcp_half_input(st, container_of(e, struct tcp_half, ent), rx);
	case TCP_KIND_TIMEWAIT:
		why = tcp_md5_check(container_of(e, struct tcp_timewait, ent)->md5, rx->ip, &rx->seg);
		if (why != DROP_NONE)
			return why;
		return tcp_timewait_input(st, container_of(e, struct tcp_timewait, ent), rx);
	case TCP_KIND_LISTEN:
		break;
	}
	return closed_input(st, rx);
}

enum drop tcp_input(struct ph_stack *st, const struct ip_rx *ip)
{
	struct tcp_rx rx; /* parse() writes all of it */
	enum drop why;

	rx.ip = ip;
	if (ip->group) /* RFC 9293 3.9.2.3 (MUST-57): silently */
		return DROP_TCP_GROUP;
	COUNT_N(st, TcpInSegs, ip->pkt->gso_size && ip->l4_len > ip->pkt->gso_size ?
			(ip->l4_len - 1) / ip->pkt->gso_size : 1);
	why = parse(st, ip, &rx.seg);
	return why != DROP_NONE ? why : dispatch(st, &rx);
}
