/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The connecting side of Fast Open (RFC 7413 4.1.3, 4.2.2): data in the SYN to a peer whose cookie
 * is known, else a request for one; what the SYN-ACK makes of both; and when a path is left alone
 * because somebody on it drops what he does not know. MSG_FASTOPEN connects and sends in one call;
 * with TCP_FASTOPEN_CONNECT the SYN waits for the first write. Called by tcp_call.c, tcp_data.c,
 * tcp_synsent.c and tcp_timer.c.
 */
#include <string.h>

#include "tcp/tcp_int.h"

enum { OPTIONS_ROOM = 40, HOLES_MAX = 6, EXP_TRIED = 2 };

enum { /* Linux's numbers: tcpi_fastopen_client_fail */
	FAIL_NO_COOKIE = 1,
	FAIL_NOT_ACKED = 2,
	FAIL_SYN_AGAIN = 3
};

/* Was a hole in the path found not long ago? Each one doubles the time, up to 64 times. */
static bool in_hole(const struct ph_stack *st)
{
	uint64_t s = (uint64_t)st->sysctl.tcp_fastopen_blackhole_timeout_sec;
	uint32_t holes = st->tcp->fo_holes;

	if (holes == 0 || s == 0)
		return false;
	holes = holes - 1 < HOLES_MAX ? holes - 1 : HOLES_MAX;
	return st->now_ns - st->tcp->fo_hole_ns < (s << holes) * 1000000000u;
}

/* What the SYN says, and the size of segments to begin with. True: data may be in it. */
static bool choose(struct ph_stack *st, struct tcb *t, struct tcp_fo_syn *f)
{
	struct tcp_peer *p = tcp_peers_find(&st->tcp->peers, &t->dst.src, &t->dst.dst,
					    st->sysctl.tcp_metrics_epoch);

	*f = (struct tcp_fo_syn){ .len = 0 };
	t->peer_mss = p && p->mss ? p->mss : t->adv_mss;
	tcp_conn_sync_mss(st, t);
	if (in_hole(st))
		return false;
	if ((st->sysctl.tcp_fastopen & TCP_FO_CLIENT_NO_COOKIE) || tcp_rare(t)->fo_no_cookie)
		return true;
	f->option = true;
	if (p && p->cookie.len) {
		f->cookie = p->cookie;
		return true;
	}
	f->cookie.exp = p && p->try_exp == 1;
	t->fo_fail = FAIL_NO_COOKIE;
	return false;
}

static uint64_t total(const struct ph_msg *msg)
{
	uint64_t n = 0;

	for (size_t i = 0; msg && i < msg->niov; i++)
		n += msg->iov[i].len;
	return n;
}

/* The SYN, with as much of the user's data as goes; returns how much. */
static uint32_t send_syn(struct ph_stack *st, struct tcb *t, const struct ph_msg *msg)
{
	struct tcp_fo_syn f;
	uint64_t want = total(msg);

	if (choose(st, t, &f) && msg && t->mss > OPTIONS_ROOM) {
		uint32_t most = (uint32_t)t->mss - OPTIONS_ROOM; /* boxes add options, too */

		f.len = tcp_data_copy(t, msg, 0, want < most ? (uint32_t)want : most);
	}
	t->push_seq = tcp_snd_end(t);
	t->fo_syn = f.option;
	t->fo_exp = f.cookie.exp;
	t->fo_data = f.len > 0;
	tcp_output_syn_with(st, t, &f);
	return f.len;
}

int tcp_fo_connect(struct ph_stack *st, struct tcb *t, const struct ph_msg *msg, uint32_t *sent)
{
	struct tcp_fo_syn f;

	if (!msg && !tcp_rare(t)->fo_connect) {
		tcp_output_syn(st, t);
		return -EINPROGRESS;
	}
	if (!msg && choose(st, t, &f)) {
		t->fo_deferred = true;
		ready_set(st, &t->ready);
		return 0;
	}
	*sent = send_syn(st, t, msg);
	return -EINPROGRESS;
}

int64_t tcp_fo_send(struct ph_stack *st, struct tcb *t, const struct ph_msg *msg, int flags)
{
	uint32_t sent = 0;
	int err;

	if (t->fo_deferred) {
		t->fo_deferred = false;
		sent = send_syn(st, t, msg);
		return sent ? (int64_t)sent : -EINPROGRESS;
	}
	if (t->state == TCPS_SYN_SENT)
		return -EALREADY;
	if (t->state != TCPS_CLOSED || t->error)
		return 0; /* as without the flag */
	if (!(st->sysctl.tcp_fastopen & TCP_FO_CLIENT))
		return -EOPNOTSUPP;
	if (!msg->name)
		return -EINVAL;
	if (msg->name->family == 0) /* AF_UNSPEC */
		return -EOPNOTSUPP;
	err = tcp_connect_with(st, t, msg->name, msg, &sent);
	if (err != -EINPROGRESS)
		return err;
	/* With MSG_MORE the handshake's last ACK waits for the rest, as it does for a blocked writer
	 * of Linux's. */
	t->fo_more = (flags & PH_MSG_MORE) && sent < total(msg);
	return sent ? (int64_t)sent : -EINPROGRESS;
}

/* What of the SYN's data was not acknowledged goes again at once: whoever refused it is not
 * congested. */
static void refused(struct ph_stack *st, struct tcb *t)
{
	struct list_node *n;

	t->fo_fail = t->total_retrans ? FAIL_SYN_AGAIN : FAIL_NOT_ACKED;
	COUNT(st, TcpExtTCPFastOpenActiveFail);
	list_for_each(n, &t->rtxq.recs)
		tcp_rtxq_lose(&t->rtxq, container_of(n, struct tcp_rec, node));
}

void tcp_fo_synack(struct ph_stack *st, struct tcb *t, const struct tcp_opts *o)
{
	struct tcp_fo_cookie c = { .len = 0 };
	bool left = tcp_rtxq_first(&t->rtxq) != NULL;
	uint8_t try_exp = 0;
	struct tcp_peer *p;

	if (!t->fo_syn && !t->fo_data)
		return;
	if (t->fo_syn && o->has_fo) { /* one that nobody asked for is not taken */
		c.len = o->fo_len;
		c.exp = o->fo_exp;
		memcpy(c.bytes, o->fo, o->fo_len);
	}
	if (t->fo_syn && !t->total_retrans && c.len == 0 && !t->fo_data)
		try_exp = t->fo_exp ? EXP_TRIED : 1;
	p = tcp_peers_make(&st->tcp->peers, &t->dst.src, &t->dst.dst, st->sysctl.tcp_metrics_epoch);
	if (p)
		tcp_peer_learn(p, o->has_mss ? o->mss : 0, &c, try_exp);
	if (left) {
		refused(st, t);
	} else if (t->fo_data) {
		t->syn_data = true;
		COUNT(st, TcpExtTCPFastOpenActive);
		st->tcp->fo_holes = in_hole(st) ? st->tcp->fo_holes : 0;
	}
}

void tcp_fo_timeout(struct ph_stack *st, struct tcb *t, bool last)
{
	if (!(t->fo_syn || t->fo_data) || st->sysctl.tcp_fastopen_blackhole_timeout_sec == 0)
		return;
	if (t->retransmits != 2 && !(t->retransmits < 2 && last))
		return;
	if (st->tcp->fo_holes < UINT32_MAX)
		st->tcp->fo_holes++;
	st->tcp->fo_hole_ns = st->now_ns;
	COUNT(st, TcpExtTCPFastOpenBlackhole);
}
