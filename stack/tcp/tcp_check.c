/* SPDX-License-Identifier: BSD-2-Clause */
/* What must hold of connections and of what stands for them; see tcp_check.h. Called by
 * ph_stack_check() in sock/. */
#include "tcp/tcp_check.h"

#include "tcp/tcp_int.h"

static bool check_seq(const struct tcb *t, struct ph_claim *c)
{
	uint32_t most = t->max_wnd > 0 ? t->max_wnd : 1;

	CLAIM(c, "send", seq_le(t->snd_una, t->snd_nxt), t->snd_una, t->snd_nxt);
	/* What was sent fitted into a window; SYN and FIN may stand outside of it. */
	CLAIM(c, "send", tcp_flight(t) <= most + 2, tcp_flight(t), most);
	CLAIM(c, "send", t->syn_acked || t->snd_una == t->iss, t->snd_una, t->iss);
	if (t->fin_sent)
		CLAIM(c, "send", t->snd_nxt - tcp_snd_end(t) <= 1, t->snd_nxt, tcp_snd_end(t));
	else
		CLAIM(c, "send", seq_le(t->snd_nxt, tcp_snd_end(t)) || !t->syn_acked, t->snd_nxt,
		      tcp_snd_end(t));
	CLAIM(c, "send", !t->fin_sent || t->fin_queued, t->state, 0);
	CLAIM(c, "send", !list_empty(&t->rtxq.recs) || t->snd_nxt == t->snd_una ||
			 t->state == TCPS_SYN_SENT || t->state == TCPS_SYN_RECEIVED,
	      t->snd_una, t->snd_nxt);
	CLAIM(c, "send", t->state == TCPS_SYN_SENT || t->state == TCPS_SYN_RECEIVED ||
			 (t->cc.cwnd > 0 && t->cc.ssthresh > 0),
	      t->cc.cwnd, t->cc.ssthresh);
	return tcp_check_stream(&t->snd, c) &&
	       tcp_check_rtxq(&t->rtxq, t->snd_una, t->snd_nxt, c) &&
	       tcp_check_loss(&t->loss, &t->rtxq, t->snd_una, t->snd_nxt, c);
}

static bool memory_was_short(const struct ph_stack *st)
{
	uint64_t failed = st->pkts.pkt.failed;

	for (int i = 0; i < BUF_CLASS_N; i++)
		failed += st->pkts.buf[i].failed;
	return failed > 0;
}

static bool check_rcv(const struct ph_stack *st, const struct tcb *t, struct ph_claim *c)
{
	seq_t edge = t->rcvwin.wup + t->rcvwin.wnd;
	uint32_t left = tcp_rcvwin_left(&t->rcvwin, t->rcv_nxt), told;

	/* Not taken from further beyond the window than one segment, nor acknowledged before it
	 * came. */
	CLAIM(c, "receive", seq_le(t->rcv_nxt, edge + 1 + UINT16_MAX), t->rcv_nxt, edge);
	CLAIM(c, "receive", seq_le(t->rcvwin.wup, t->rcv_nxt), t->rcvwin.wup, t->rcv_nxt);
	told = tcp_rcvwin_choose(&t->rcvwin, t->rcv_nxt, tcp_rcv_counted(t), t->delack.rcv_mss,
				 t->rcv_wscale);
	CLAIM(c, "receive", t->rcvwin.shrink || told >= left, told, left);
	/* A window of zero stands only while there is nothing else to tell, or was no memory to. */
	CLAIM(c, "receive", left > 0 || told == 0 || t->rcv_shut || t->delack.pending ||
			    t->rcvwin.refused || memory_was_short(st),
	      told, t->rcv.charged);
	CLAIM(c, "receive", !t->fin_rcvd || tcp_reass_empty(&t->reass), t->reass.n, t->state);
	CLAIM(c, "receive", t->sack_ok || t->sack.n == 0, t->sack.n, 0);
	/* What is held may lie beyond the window by a segment; or beyond one that was taken back, not
	 * beyond any that could be told. */
	edge = seq_max(tcp_rcvwin_top(&t->rcvwin), t->rcv_nxt) + UINT16_MAX;
	if (t->rcvwin.shrink)
		edge += (uint32_t)UINT16_MAX << t->rcv_wscale;
	return tcp_check_stream(&t->rcv, c) &&
	       tcp_check_reass(&t->reass, t->rcv_nxt, edge, c) &&
	       tcp_check_sack(&t->sack, &t->reass, c);
}

static bool sends(const struct tcb *t)
{
	return t->state == TCPS_ESTABLISHED || t->state == TCPS_CLOSE_WAIT ||
	       t->state == TCPS_FIN_WAIT_1 || t->state == TCPS_CLOSING ||
	       t->state == TCPS_LAST_ACK;
}

/* Whoever waits for something has a deadline, and no deadline is later than its timer. */
static bool check_timers(const struct ph_stack *st, const struct tcb *t, struct ph_claim *c)
{
	const uint64_t at[] = { t->rto_at, t->ack_at, t->keep_at };
	bool any = false;

	for (size_t i = 0; i < ARRAY_LEN(at); i++) {
		any |= at[i] != PH_NEVER;
		CLAIM(c, "timer", at[i] == PH_NEVER ||
				  (timer_armed(&t->timer) && t->timer.at_ns <= at[i]),
		      at[i], t->timer.at_ns);
	}
	CLAIM(c, "timer", (t->slot == TCP_SLOT_NONE) == (t->rto_at == PH_NEVER), t->slot, t->rto_at);
	CLAIM(c, "timer", tcp_flight(t) == 0 || t->slot != TCP_SLOT_NONE, tcp_flight(t), t->slot);
	CLAIM(c, "timer", tcp_flight(t) == 0 || t->slot != TCP_SLOT_PERSIST, tcp_flight(t), t->slot);
	CLAIM(c, "timer", !sends(t) || !tcp_unsent(t) || tcp_flight(t) || any ||
			  list_linked(&t->waiter.node),
	      t->snd.len, t->state);
	CLAIM(c, "timer", t->rto_at == PH_NEVER ||
			  t->rto_at <= st->now_ns + (uint64_t)st->sysctl.tcp_rto_max_ms * 1000000,
	      t->rto_at, st->now_ns);
	return true;
}

static bool check_conn(const struct ph_stack *st, const struct tcb *t, struct ph_claim *c)
{
	c->conn = t->id;
	CLAIM(c, "state", t->state < TCPS_N && t->state != TCPS_CLOSED && t->state != TCPS_LISTEN,
	      t->state, 0);
	if (!check_seq(t, c) || !check_timers(st, t, c))
		return false;
	return t->state == TCPS_SYN_SENT || check_rcv(st, t, c);
}

static bool check_listener(const struct tcb *t, struct ph_claim *c)
{
	const struct tcp_listener *l = t->listener;
	const struct list_node *n;
	uint32_t halves = 0, young = 0, waiting = 0;

	c->conn = t->id;
	CLAIM(c, "listen", t->state == TCPS_LISTEN && l, t->state, 0);
	list_for_each(n, &l->halves) {
		const struct tcp_half *h = container_of(n, struct tcp_half, link);

		young += h->timeouts == 0;
		CLAIM(c, "listen", h->listener == t, halves, 0);
		CLAIM(c, "listen", timer_armed(&h->timer), halves, 0);
		halves++;
	}
	list_for_each(n, &l->accept)
		waiting++;
	CLAIM(c, "listen", halves == l->nhalves, halves, l->nhalves);
	CLAIM(c, "listen", waiting == l->naccept, waiting, l->naccept);
	CLAIM(c, "listen", l->naccept <= l->backlog + 1, l->naccept, l->backlog);
	CLAIM(c, "listen", young == l->nyoung, young, l->nyoung);
	return true;
}

static bool check_timewaits(const struct ph_stack *st, struct ph_claim *c)
{
	const struct tcp_state *s = st->tcp;
	const struct list_node *n;
	uint64_t before_ns = 0;
	uint32_t count = 0;

	list_for_each(n, &s->timewaits) {
		const struct tcp_timewait *w = container_of(n, struct tcp_timewait, link);

		CLAIM(c, "timewait", w->until_ns >= before_ns, w->until_ns, before_ns);
		CLAIM(c, "timewait", w->ent.hashed && w->ent.kind == TCP_KIND_TIMEWAIT, count,
		      w->ent.kind);
		CLAIM(c, "timewait", timer_armed(&s->timewait_timer) &&
				     s->timewait_timer.at_ns <= w->until_ns,
		      s->timewait_timer.at_ns, w->until_ns);
		before_ns = w->until_ns;
		count++;
	}
	CLAIM(c, "timewait", count == s->timewait_pool.in_use, count, s->timewait_pool.in_use);
	return true;
}

struct walk {
	const struct ph_stack *st;
	struct ph_claim *c;
	bool holds;
};

static bool check_ent(const struct ph_stack *st, struct tcp_ent *e, struct ph_claim *c)
{
	struct tcp_tuple k = tcp_ent_tuple(e);

	CLAIM(c, "table", e->hashed, e->kind, e->lport);
	switch ((enum tcp_kind)e->kind) {
	case TCP_KIND_LISTEN:
		return check_listener(container_of(e, struct tcb, ent), c);
	case TCP_KIND_CONN:
		CLAIM(c, "table", tcp_table_find(st, &k) == e, e->lport, e->pport);
		return check_conn(st, container_of(e, struct tcb, ent), c);
	case TCP_KIND_FOLDED:
		CLAIM(c, "table", *((struct tcp_folded *)e)->holder == (struct tcb *)e, e->lport,
		      e->pport);
		break;
	case TCP_KIND_HALF:
	case TCP_KIND_TIMEWAIT:
		break;
	}
	CLAIM(c, "table", tcp_table_find(st, &k) == e, e->lport, e->pport);
	return true;
}

static void visit(void *arg, struct hash_node *n)
{
	struct walk *w = arg;

	if (!w->holds)
		return;
	w->c->conn = 0;
	w->holds = check_ent(w->st, container_of(n, struct tcp_ent, node), w->c);
}

bool tcp_check(const struct ph_stack *st, struct ph_claim *c)
{
	struct walk w = { .st = st, .c = c, .holds = true };

	hash_each(&st->tcp->table, visit, &w);
	if (!w.holds)
		return false;
	c->conn = 0;
	return check_timewaits(st, c);
}
