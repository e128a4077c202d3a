/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a connection tells its user beside the bytes: when they left and were acknowledged
 * (SO_TIMESTAMPING), that a zero-copy send is over, when what is read came in, ICMP errors under
 * IP_RECVERR. All of it goes through the error queue or into control messages; nothing is kept for
 * users who did not ask.
 */
#include <string.h>

#include "base/cmsg.h"
#include "base/ip.h"
#include "tcp/tcp_int.h"

static uint64_t wall_ns(const struct ph_stack *st, uint64_t at_ns)
{
	return at_ns + st->conf.wall_offset_ns;
}

static struct tcp_marks *marks_own(struct ph_stack *st, struct tcb *t)
{
	struct tcp_rare *r = tcp_rare_own(st, t);

	if (!r)
		return NULL;
	if (!r->marks)
		r->marks = pool_get_zeroed(&st->tcp->marks);
	return r->marks;
}

/* ---- sending */

/* A message may ask for times of its own: SOL_SOCKET, SO_TIMESTAMPING with the bits that say
 * when. */
int tcp_notify_flags(const struct tcb *t, const struct ph_msg *msg, uint32_t *tsflags)
{
	const uint32_t when = PH_SOF_TIMESTAMPING_TX_SCHED | PH_SOF_TIMESTAMPING_TX_SOFTWARE |
			      PH_SOF_TIMESTAMPING_TX_ACK | PH_SOF_TIMESTAMPING_TX_HARDWARE;
	struct cmsg c;
	size_t at = 0;
	uint32_t v;
	int rc;

	*tsflags = tcp_rare(t)->so.tsflags;
	while ((rc = cmsg_next(msg, &at, &c)) > 0) {
		if (c.level != PH_SOL_SOCKET)
			continue;
		if (c.type == PH_SO_MARK && c.len == sizeof(v))
			continue;
		if ((c.type != PH_SO_TIMESTAMPING && c.type != PH_SO_TIMESTAMPING_NEW) ||
		    c.len != sizeof(v))
			return -EINVAL;
		memcpy(&v, c.data, sizeof(v));
		if (v & ~when)
			return -EINVAL;
		*tsflags = (*tsflags & ~when) | v;
	}
	return rc;
}

bool tcp_notify_zerocopy_room(struct ph_stack *st, struct tcb *t)
{
	struct tcp_marks *m = marks_own(st, t);

	return m && m->n < TCP_MARKS_MAX;
}

void tcp_notify_written(struct ph_stack *st, struct tcb *t, uint32_t tsflags, bool zerocopy,
			bool record)
{
	uint8_t wants = 0;
	struct tcp_marks *m;

	if (tsflags & PH_SOF_TIMESTAMPING_TX_SCHED)
		wants |= TCP_MARK_SCHED;
	if (tsflags & PH_SOF_TIMESTAMPING_TX_SOFTWARE)
		wants |= TCP_MARK_SND;
	if (tsflags & PH_SOF_TIMESTAMPING_TX_ACK)
		wants |= TCP_MARK_ACK;
	if (zerocopy)
		wants |= TCP_MARK_ZEROCOPY;
	if (record)
		wants |= TCP_MARK_EOR;
	if (!wants || !(m = marks_own(st, t)))
		return;
	if (tcp_marks_add(m, tcp_snd_end(t) - 1, wants, t->rare->zerocopy_next) && zerocopy)
		t->rare->zerocopy_next++;
}

/* The octet's time, with its place in the stream as the user counts (SOF_TIMESTAMPING_OPT_ID) and,
 * unless he wants the time only, the octet's own length. */
static void push_time(struct ph_stack *st, struct tcb *t, seq_t last, uint32_t what)
{
	uint32_t tsflags = t->rare->so.tsflags;
	struct errq_entry e = {
		.error = ENOMSG,
		.origin = ERRQ_TIMESTAMPING,
		.info = what,
		.data = tsflags & PH_SOF_TIMESTAMPING_OPT_ID ? last - t->rare->ts_base : 0,
		.has_stamp = true,
		.stamp_ns = wall_ns(st, st->now_ns),
	};

	if (!(tsflags & PH_SOF_TIMESTAMPING_OPT_TSONLY) && seq_ge(last, tcp_snd_base(t)))
		e.len = stream_peek(&t->snd, last - tcp_snd_base(t), e.bytes, 1);
	if (!errq_push(&t->rare->errq, &st->tcp->errs, &e))
		count_drop(&st->counters, DROP_ERRQ_FULL);
	ready_set(st, &t->ready);
}

void tcp_notify_sent(struct ph_stack *st, struct tcb *t, seq_t seq, uint32_t len)
{
	struct tcp_mark *k;

	if (!t->rare || !t->rare->marks)
		return;
	for (uint32_t i = 0; (k = tcp_marks_at(t->rare->marks, i)); i++) {
		if (seq_lt(k->last, seq) || seq_ge(k->last, seq + len))
			continue;
		if (k->wants & TCP_MARK_SCHED)
			push_time(st, t, k->last, PH_SCM_TSTAMP_SCHED);
		if (k->wants & TCP_MARK_SND)
			push_time(st, t, k->last, PH_SCM_TSTAMP_SND);
		k->wants &= (uint8_t) ~(TCP_MARK_SCHED | TCP_MARK_SND);
	}
}

static void push_zerocopy(struct ph_stack *st, struct tcb *t, uint32_t id)
{
	if (!errq_zerocopy(&t->rare->errq, &st->tcp->errs, id))
		count_drop(&st->counters, DROP_ERRQ_FULL);
	ready_set(st, &t->ready);
}

void tcp_notify_acked(struct ph_stack *st, struct tcb *t, seq_t ack)
{
	struct tcp_mark *k, out;

	if (!t->rare || !t->rare->marks)
		return;
	for (uint32_t i = 0; (k = tcp_marks_at(t->rare->marks, i)) && seq_lt(k->last, ack); i++)
		if (k->wants & TCP_MARK_ACK)
			push_time(st, t, k->last, PH_SCM_TSTAMP_ACK);
	while (tcp_marks_pop(t->rare->marks, ack, &out))
		if (out.wants & TCP_MARK_ZEROCOPY)
			push_zerocopy(st, t, out.id);
}

/* The queue is gone, and with it the stack's claim to the user's memory. */
void tcp_notify_closed(struct ph_stack *st, struct tcb *t)
{
	struct tcp_mark *k;

	if (!t->rare || !t->rare->marks)
		return;
	for (uint32_t i = 0; (k = tcp_marks_at(t->rare->marks, i)); i++)
		if (k->wants & TCP_MARK_ZEROCOPY)
			push_zerocopy(st, t, k->id);
	pool_put(&st->tcp->marks, t->rare->marks);
	t->rare->marks = NULL;
}

/* ---- receiving */

static bool wants_arrival(const struct tcp_rare *r)
{
	return (r->so.flags & (SOCKOPT_TIMESTAMP | SOCKOPT_TIMESTAMPNS)) ||
	       (r->so.tsflags & PH_SOF_TIMESTAMPING_RX_SOFTWARE);
}

/* When all before `end` had come. The ring full, the newest entry stands for both. */
void tcp_notify_arrived(struct ph_stack *st, struct tcb *t, seq_t end, uint64_t at_ns)
{
	struct tcp_rare *r = t->rare;
	struct tcp_arrivals *a;

	if (!r || !wants_arrival(r))
		return;
	if (!r->arrivals)
		r->arrivals = pool_get_zeroed(&st->tcp->arrivals);
	a = r->arrivals;
	if (!a)
		return;
	if (a->n < TCP_ARRIVALS_MAX)
		a->n++;
	a->at[a->n - 1] = (struct tcp_arrival){ .end = end, .at_ns = at_ns };
}

/* The time at which the last octet before `seq` came; 0: unknown. Entries before it are
 * forgotten. */
static uint64_t arrival_of(struct tcp_arrivals *a, seq_t seq)
{
	uint32_t i = 0;
	uint64_t at;

	while (i < a->n && seq_lt(a->at[i].end, seq))
		i++;
	if (i == a->n)
		return 0;
	at = a->at[i].at_ns;
	a->n -= i;
	memmove(a->at, a->at + i, a->n * sizeof(a->at[0]));
	return at;
}

static void put_arrival(const struct tcp_rare *r, struct ph_msg *msg, uint64_t ns)
{
	int64_t ts[6] = { (int64_t)(ns / 1000000000u), (int64_t)(ns % 1000000000u) };
	int64_t tv[2] = { ts[0], ts[1] / 1000 };

	if (r->so.flags & SOCKOPT_TIMESTAMPNS)
		cmsg_put(msg, PH_SOL_SOCKET, PH_SO_TIMESTAMPNS, ts, 2 * sizeof(ts[0]));
	else if (r->so.flags & SOCKOPT_TIMESTAMP)
		cmsg_put(msg, PH_SOL_SOCKET, PH_SO_TIMESTAMP, tv, sizeof(tv));
	if (r->so.tsflags & PH_SOF_TIMESTAMPING_SOFTWARE)
		cmsg_put(msg, PH_SOL_SOCKET, PH_SO_TIMESTAMPING, ts, sizeof(ts));
}

/* What is left to read; after the end of the stream one byte more than there is, so that the user
 * reads on and finds it (Linux's tcp_inq_hint). */
static int32_t inq_hint(const struct tcb *t)
{
	uint32_t n = t->rcv.len + (t->fin_rcvd ? 1 : 0);

	return n > INT32_MAX ? INT32_MAX : (int32_t)n;
}

void tcp_notify_read(struct ph_stack *st, struct tcb *t, struct ph_msg *msg, seq_t read_to)
{
	struct tcp_rare *r = t->rare;
	uint64_t at;
	int32_t n;

	if (!r)
		return;
	if (r->arrivals && wants_arrival(r) && (at = arrival_of(r->arrivals, read_to)))
		put_arrival(r, msg, wall_ns(st, at));
	if (r->inq) {
		n = inq_hint(t);
		cmsg_put(msg, PH_IPPROTO_TCP, PH_TCP_CM_INQ, &n, sizeof(n));
	}
}

int64_t tcp_notify_recv(struct ph_stack *st, struct tcb *t, struct ph_msg *msg)
{
	if (!t->rare)
		return -EAGAIN;
	return errq_recv(&t->rare->errq, &st->tcp->errs, msg,
			 t->rare->so.tsflags & PH_SOF_TIMESTAMPING_SOFTWARE, t->v6);
}

/* ---- ICMP */

void tcp_notify_icmp(struct ph_stack *st, struct tcb *t, const struct ip_err *e)
{
	struct errq_entry entry = {
		.error = (uint32_t)e->error,
		.origin = ip_is4(&e->from) ? ERRQ_ICMP : ERRQ_ICMP6,
		.type = e->type,
		.code = e->code,
		.info = e->mtu,
		.has_offender = true,
		.offender = e->from,
		.has_name = true,
		.len = e->quote_len < ERRQ_BYTES_MAX ? e->quote_len : ERRQ_BYTES_MAX,
	};

	if (!(tcp_rare(t)->ip & TCP_IP_RECVERR))
		return;
	tcp_name(t, true, &entry.name);
	memcpy(entry.bytes, e->quote, entry.len);
	if (!errq_push(&t->rare->errq, &st->tcp->errs, &entry))
		count_drop(&st->counters, DROP_ERRQ_FULL);
	ready_set(st, &t->ready);
}
