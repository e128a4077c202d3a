/* SPDX-License-Identifier: BSD-2-Clause */
/* SEND and RECEIVE (RFC 9293 3.10.2, 3.10.3): the one copy on each side, between the user's memory
 * and the streams. */
#include "tcp/tcp_int.h"

static uint64_t total(const struct ph_msg *msg)
{
	uint64_t n = 0;

	for (size_t i = 0; i < msg->niov; i++)
		n += msg->iov[i].len;
	return n;
}

/* What send() says before it looks at the data; 0: go on. */
static int send_state(struct tcb *t)
{
	if (t->error)
		return -tcp_error(t);
	if (t->state == TCPS_SYN_SENT || t->state == TCPS_SYN_RECEIVED)
		return t->snd_shut ? -EPIPE : -EAGAIN;
	if (t->snd_shut || (t->state != TCPS_ESTABLISHED && t->state != TCPS_CLOSE_WAIT))
		return -EPIPE;
	return 0;
}

/* Copies what the buffer has room for; returns how much. */
static uint64_t copy_in(struct tcb *t, const struct ph_msg *msg)
{
	uint64_t left = total(msg), room = tcp_conn_sndbuf_free(t), done = 0;

	if (left > room)
		left = room;
	for (size_t i = 0; i < msg->niov && left > 0; i++) {
		uint32_t n = msg->iov[i].len < left ? (uint32_t)msg->iov[i].len : (uint32_t)left;
		uint32_t put;

		put = stream_write(&t->snd, msg->iov[i].base, n, (uint32_t)left);
		done += put;
		left -= put;
		if (put < n)
			break;
	}
	return done;
}

int64_t tcp_sendmsg(struct ph_stack *st, struct tcb *t, const struct ph_msg *msg, int flags)
{
	uint8_t nonagle = t->nonagle;
	uint64_t done;
	int err = send_state(t);

	if (err)
		return err;
	done = copy_in(t, msg);
	if (done == 0 && total(msg) > 0) {
		if (tcp_conn_sndbuf_free(t))
			return -ENOBUFS; /* memory is short, and nobody will say when it is not */
		t->nospace = true;
		return -EAGAIN;
	}
	if (done < total(msg))
		t->nospace = true;
	t->push_seq = tcp_snd_end(t);
	if (flags & PH_MSG_OOB) {
		/* RFC 6093 3.1: the pointer names the byte after the urgent one. */
		t->snd_up = tcp_snd_end(t);
		t->snd_urg = true;
	}
	if ((flags & PH_MSG_MORE) && done == total(msg))
		t->nonagle |= TCP_CORK_ON;
	tcp_output(st, t);
	t->nonagle = nonagle;
	return (int64_t)done;
}

/* What recv() says when there is no data. */
static int64_t receive_nothing(struct tcb *t)
{
	if (t->error)
		return -tcp_error(t);
	if (t->rcv_shut)
		return t->done ? 0 : -ENOTCONN;
	if (t->state == TCPS_LISTEN || (t->state == TCPS_CLOSED && !t->done))
		return -ENOTCONN;
	return t->state == TCPS_CLOSED ? 0 : -EAGAIN;
}

static uint64_t copy_out(const struct tcb *t, const struct ph_msg *msg)
{
	uint64_t done = 0;

	for (size_t i = 0; i < msg->niov && done < t->rcv.len; i++) {
		uint32_t n = msg->iov[i].len < t->rcv.len ? (uint32_t)msg->iov[i].len : t->rcv.len;

		done += stream_peek(&t->rcv, (uint32_t)done, msg->iov[i].base, n);
	}
	return done;
}

/* The window has grown: does the peer have to hear of it, or of what it sent? (Linux's
 * tcp_cleanup_rbuf) */
static void after_read(struct ph_stack *st, struct tcb *t)
{
	/* One that waits for the end of its batch may still be carried by an answer. */
	bool due = t->delack.pending && !list_linked(&t->owes);

	if (st->sysctl.tcp_moderate_rcvbuf)
		tcp_rcvwin_read(&t->rcvwin, tcp_read_seq(t), tcp_now_us(st), t->adv_mss,
				(uint32_t)st->sysctl.tcp_rmem[2]);
	if (t->state != TCPS_ESTABLISHED && t->state != TCPS_FIN_WAIT_1 &&
	    t->state != TCPS_FIN_WAIT_2)
		return;
	due = due && (tcp_delack_due(&t->delack, t->rcv_nxt - t->rcvwin.wup) ||
		      (t->delack.pushed && !t->delack.pingpong && t->rcv.len == 0));
	if (due || tcp_rcvwin_update_due(&t->rcvwin, t->rcv_nxt, tcp_rcv_charged(t),
					 t->delack.rcv_mss, t->rcv_wscale))
		tcp_output_ack(st, t);
}

static uint64_t take(struct tcb *t, struct ph_msg *msg, int flags)
{
	uint64_t want = total(msg), got;

	if (flags & PH_MSG_TRUNC) /* tcp(7): throw away instead of copying */
		got = want < t->rcv.len ? want : t->rcv.len;
	else
		got = copy_out(t, msg);
	return got;
}

int64_t tcp_recvmsg(struct ph_stack *st, struct tcb *t, struct ph_msg *msg, int flags)
{
	uint64_t got;

	if (t->state == TCPS_LISTEN)
		return -ENOTCONN;
	if (flags & PH_MSG_OOB)
		return -EINVAL; /* urgent data stays in line (RFC 6093 4) */
	msg->flags = 0;
	if (total(msg) == 0)
		return 0;
	if (t->rcv.len == 0)
		return receive_nothing(t);
	got = take(t, msg, flags);
	if (flags & PH_MSG_PEEK)
		return (int64_t)got;
	stream_consume(&t->rcv, (uint32_t)got);
	if (t->urg && seq_ge(tcp_read_seq(t), t->rcv_up))
		t->urg = false;
	after_read(st, t);
	return (int64_t)got;
}
