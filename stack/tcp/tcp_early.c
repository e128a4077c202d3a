/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The listening side of Fast Open (RFC 7413 4.2): a SYN with a cookie of ours makes a connection at
 * once, which takes its data, is accepted, and may answer, while the handshake is not yet over.
 * Until the peer's ACK proves that it is where it says, the connection has a struct tcp_early in
 * its listener's list, which bounds how many there are; one that was reset stays in the list for a
 * minute, so that who sends SYNs in others' names cannot make the bound look unused. Called by
 * tcp_listen.c, and as the connection moves on.
 */
#include <string.h>

#include "tcp/tcp_int.h"

enum { RESET_S = 60 };

static void keys_of_stack(const struct ph_stack *st, struct tcp_fo_keys *k)
{
	uint8_t bytes[2 * TCP_FO_KEY_LEN];
	uint32_t text[2][4];
	unsigned n = sysctl_keys(st->sysctl.tcp_fastopen_key, text);

	for (unsigned i = 0; i < n * TCP_FO_KEY_LEN; i++)
		bytes[i] = (uint8_t)(text[i / 16][i / 4 % 4] >> 8 * (i % 4));
	if (n) {
		(void)tcp_fo_keys_read(k, bytes, n * TCP_FO_KEY_LEN);
		return;
	}
	k->n = 1;
	k->key[0].k0 = siphash(&st->isn_key, "fastopen 0", 10);
	k->key[0].k1 = siphash(&st->isn_key, "fastopen 1", 10);
}

void tcp_early_keys(const struct ph_stack *st, const struct tcb *l, struct tcp_fo_keys *k)
{
	if (tcp_rare(l)->fo_keys.n)
		*k = tcp_rare(l)->fo_keys;
	else
		keys_of_stack(st, k);
}

static void forget(struct ph_stack *st, struct tcp_early *e)
{
	if (e->listener)
		e->listener->listener->nearly--;
	list_remove(&e->link);
	pool_put(&st->tcp->earlies, e);
}

/* RFC 7413 4.2 (MUST): is there room for another whose handshake is not over? */
static bool room(struct ph_stack *st, const struct tcb *l)
{
	struct tcp_listener *q = l->listener;
	uint32_t most = tcp_rare(l)->fo_qlen;
	struct list_node *n;

	if (most == 0)
		return false;
	if (q->nearly < most)
		return true;
	n = list_first(&q->early_reset);
	if (n && container_of(n, struct tcp_early, link)->until_ns <= st->now_ns) {
		forget(st, container_of(n, struct tcp_early, link));
		return true;
	}
	COUNT(st, TcpExtTCPFastOpenListenOverflow);
	return false;
}

bool tcp_early_wanted(struct ph_stack *st, const struct tcb *l, const struct tcp_rx *rx,
		      struct tcp_fo_cookie *answer)
{
	const struct tcp_opts *o = &rx->seg.opts;
	int64_t sysctl = st->sysctl.tcp_fastopen;
	struct tcp_fo_keys k;
	unsigned which;

	answer->len = 0;
	if (o->has_fo && o->fo_len == 0)
		COUNT(st, TcpExtTCPFastOpenCookieReqd);
	if (!(sysctl & TCP_FO_SERVER) || (rx->seg.len == 0 && !o->has_fo) || !room(st, l))
		return false;
	if ((sysctl & TCP_FO_SERVER_NO_COOKIE) || tcp_rare(l)->fo_no_cookie)
		return true;
	if (!o->has_fo)
		return false;
	tcp_early_keys(st, l, &k);
	which = tcp_fo_cookie_check(&k, &rx->ip->src, &rx->ip->dst, o->fo, o->fo_len);
	if (which != 1) { /* none, an old one, or a wrong one: here is what is right */
		tcp_fo_cookie_make(&k.key[0], &rx->ip->src, &rx->ip->dst, answer);
		answer->exp = o->fo_exp;
	}
	if (which == 0 && o->fo_len)
		COUNT(st, TcpExtTCPFastOpenPassiveFail);
	if (which == 2)
		COUNT(st, TcpExtTCPFastOpenPassiveAltKey);
	return which != 0;
}

bool tcp_early_begin(struct ph_stack *st, struct tcb *l, struct tcb *t, struct tcp_rx *rx)
{
	struct tcp_early *e = pool_get_zeroed(&st->tcp->earlies);
	seq_t before = t->rcv_nxt;

	if (!e)
		return false;
	e->listener = l;
	t->early = e;
	l->listener->nearly++;
	list_push_back(&l->listener->early, &e->link);
	COUNT(st, TcpExtTCPFastOpenPassive);
	tcp_conn_begin(st, t);
	t->fo_child = true;
	rx->seg.flags &= (uint16_t)~TCP_F_SYN;
	rx->seg.seq++;
	if (rx->seg.len)
		(void)tcp_text_take(st, t, rx); /* what there is no room for comes again */
	t->syn_data = t->rcv_nxt != before;
	tcp_delack_sent(&t->delack); /* by the SYN-ACK */
	t->delack.ato_us = 0;	     /* a SYN says nothing of the times between segments */
	t->rcvwin.wup = t->rcv_nxt;
	return true;
}

void tcp_early_end(struct ph_stack *st, struct tcb *t)
{
	if (!t->early)
		return;
	forget(st, t->early);
	t->early = NULL;
}

void tcp_early_reset(struct ph_stack *st, struct tcb *t)
{
	struct tcp_early *e = t->early;

	if (!e)
		return;
	t->early = NULL;
	if (!e->listener) {
		forget(st, e);
		return;
	}
	e->until_ns = st->now_ns + RESET_S * (uint64_t)1000000000;
	list_remove(&e->link);
	list_push_back(&e->listener->listener->early_reset, &e->link);
}

void tcp_early_stop(struct ph_stack *st, struct tcb *l)
{
	struct list_node *n;

	while ((n = list_first(&l->listener->early_reset)))
		forget(st, container_of(n, struct tcp_early, link));
	while ((n = list_pop_front(&l->listener->early)))
		container_of(n, struct tcp_early, link)->listener = NULL;
}

bool tcp_early_syn_again(struct ph_stack *st, struct tcb *t, const struct tcp_seg *s)
{
	if (!t->early || s->seq != t->irs ||
	    (s->flags & (TCP_F_SYN | TCP_F_ACK | TCP_F_RST | TCP_F_FIN)) != TCP_F_SYN)
		return false;
	if (tcp_oow_allowed(st, &t->oow_ack_ns))
		tcp_output_syn(st, t);
	return true;
}
