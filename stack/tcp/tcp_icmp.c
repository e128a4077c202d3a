/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ICMP errors about segments of ours (RFC 9293 3.9.2.2, RFC 5927): believed only if the sequence
 * number quoted is in flight; they end an attempt to connect and are remembered, not obeyed, by a
 * connection that stands.
 */
#include "base/ip.h"
#include "tcp/tcp_int.h"

/* RFC 1191 6.4: smaller segments from now on, and those lost for their size again. Only ever
 * smaller, and not below net.ipv4.route.min_pmtu (pmtu_learn()): a forger gains little. Deviation:
 * RFC 5927 7.2 (SHOULD): the message is believed at once, not when a timeout confirms it, as Linux
 * does. */
static void shrink(struct ph_stack *st, struct tcb *t, uint32_t mtu)
{
	uint16_t had = t->path_mtu && t->path_mtu < t->dst.mtu ? t->path_mtu : t->dst.mtu;
	uint32_t was = tcp_output_mss(t);

	pmtu_learn(st, &t->dst.dst, mtu); /* for those who come after, too */
	if (dst_refresh(st, &t->dst) != 0 || t->dst.mtu >= had)
		return;
	t->path_mtu = t->dst.mtu;
	tcp_conn_sync_mss(st, t);
	if (tcp_output_mss(t) < was)
		cc_mss_shrank(&t->cc, was, tcp_output_mss(t));
	if (t->state == TCPS_SYN_SENT && t->fo_data) {
		/* The SYN's data did not fit: without it the SYN goes at once (RFC 7413 4.1.3.1). */
		t->adv_mss = tcp_conn_adv_mss(t->dst.mtu, !ip_is4(&t->dst.dst));
		tcp_output_syn(st, t);
		return;
	}
	if (tcp_loss_too_large(&t->loss, &t->rtxq, tcp_output_mss(t), t->snd_nxt))
		tcp_output(st, t);
}

/* Sockets that were told to leave the path's MTU alone do (ip(7), IP_MTU_DISCOVER). */
static bool takes_path_mtu(const struct ph_stack *st, const struct tcb *t)
{
	uint8_t how = tcp_pmtudisc(st, t);

	return how != PH_IP_PMTUDISC_DONT && how != PH_IP_PMTUDISC_INTERFACE &&
	       how != PH_IP_PMTUDISC_OMIT;
}

/* Opened by Fast Open, and somebody has it already. */
static bool in_use(const struct tcb *t)
{
	return t->early && !t->listener;
}

static void conn_error(struct ph_stack *st, struct tcb *t, const struct ip_err *e, seq_t seq)
{
	if (seq_lt(seq, t->snd_una) || seq_gt(seq, t->snd_nxt)) {
		COUNT(st, TcpExtOutOfWindowIcmps);
		return;
	}
	if (!ip_is_any(&e->redirect)) {
		redirect_learn(st, e);
		return;
	}
	if (e->error == EMSGSIZE) {
		if (takes_path_mtu(st, t) && !t->dst.mtu_lock)
			shrink(st, t, e->mtu);
		return;
	}
	if (t->state == TCPS_SYN_SENT || (t->state == TCPS_SYN_RECEIVED && !in_use(t))) {
		/* As Linux: any unreachable ends an attempt (RFC 5461 3). */
		tcp_notify_icmp(st, t, e);
		tcp_done(st, t, e->error, "icmp");
		return;
	}
	if (t->held && (tcp_rare(t)->ip & TCP_IP_RECVERR)) {
		t->error = (int16_t)e->error; /* told at once, obeyed no more than others */
		ready_set(st, &t->ready);
		return;
	}
	t->error_soft = (int16_t)e->error;
}

void tcp_icmp_error(struct ph_stack *st, const struct ip_err *e)
{
	const struct tcp_hdr *h = (const struct tcp_hdr *)(const void *)e->quote;
	struct tcp_tuple k = { .local = e->local, .peer = e->remote, .lport = be16_get(h->sport),
			       .pport = be16_get(h->dport) };
	struct tcp_ent *ent = tcp_table_find(st, &k);
	seq_t seq = be32_get(h->seq);

	if (!ent || !tcp_ent_hears(ent, e->link)) {
		if (ip_is4(&e->local))
			COUNT(st, IcmpInErrors);
		else
			COUNT(st, Icmp6InErrors);
		return;
	}
	if (ent->kind == TCP_KIND_CONN || ent->kind == TCP_KIND_FOLDED) {
		struct tcb *t = tcp_rest_conn(st, ent);

		if (!t)
			return;
		conn_error(st, t, e, seq);
		tcp_put(st, t);
	} else if (ent->kind == TCP_KIND_HALF) {
		struct tcp_half *half = container_of(ent, struct tcp_half, ent);

		if (seq != half->iss)
			COUNT(st, TcpExtOutOfWindowIcmps);
		else if (e->error != EMSGSIZE && e->error != 0)
			tcp_half_free(st, half);
	}
}
