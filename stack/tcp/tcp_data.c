/* SPDX-License-Identifier: BSD-2-Clause */
/* SEND and RECEIVE (RFC 9293 3.10.2, 3.10.3): the one copy on each side, between the user's memory
 * and the streams. What goes beside the bytes is in tcp_notify.c. */
#include "tcp/tcp_int.h"
#include "tcp/tcp_swift.h"

static uint64_t total(const struct ph_msg *msg)
{
	uint64_t n = 0;

	for (size_t i = 0; i < msg->niov; i++)
		n += msg->iov[i].len;
	return n;
}

/* ---- SEND */

/* What send() says before it looks at the data; 0: go on. */
static int send_state(struct tcb *t)
{
	if (t->error)
		return -tcp_error(t);
	if (t->state == TCPS_SYN_SENT || (t->state == TCPS_SYN_RECEIVED && !t->early))
		return t->snd_shut ? -EPIPE : -EAGAIN;
	if (t->snd_shut || (t->state != TCPS_ESTABLISHED && t->state != TCPS_CLOSE_WAIT &&
			   !t->early))
		return -EPIPE;
	return 0;
}

/*
 * How many bytes the send queue takes before it is asked again: what the packet at its end has room
 * for, or, while the buffer is not full, one packet more. So Linux counts, and a write may exceed
 * SO_SNDBUF by a packet.
 */
static uint32_t room(const struct ph_stack *st, struct tcb *t)
{
	uint32_t goal = tcp_output_goal(t), notsent = tcp_conn_notsent(t);
	uint32_t tail = tcp_snd_end(t) - t->tail_seq;

	if (notsent < tail)
		tail = notsent; /* the packet was cut, its front is gone */
	if (tail && tail < goal && !tcp_record_ends(t))
		return goal - tail;
	if (tcp_memory_full(st) && t->snd.len >= (uint32_t)st->sysctl.tcp_wmem[0])
		return 0; /* what is on its way frees memory, and tells who waits */
	if (tcp_conn_wmem_queued(t) >= t->sndbuf || !tcp_conn_below_lowat(st, t, 1))
		return 0;
	t->tail_seq = tcp_snd_end(t);
	return goal;
}

/* Copies n bytes from byte `off` of the message on; less when memory is short. */
uint32_t tcp_data_copy(struct tcb *t, const struct ph_msg *msg, uint64_t off, uint32_t n)
{
	uint32_t done = 0;

	for (size_t i = 0; i < msg->niov && done < n; i++) {
		uint64_t len = msg->iov[i].len;
		uint32_t part, put;

		if (off >= len) {
			off -= len;
			continue;
		}
		part = len - off < n - done ? (uint32_t)(len - off) : n - done;
		put = stream_write(&t->snd, (const uint8_t *)msg->iov[i].base + off, part,
				   n - done);
		done += put;
		if (put < part)
			break;
		off = 0;
	}
	return done;
}

/* Takes what there is room for, sending as packets fill up. */
static uint64_t write_all(struct ph_stack *st, struct tcb *t, const struct ph_msg *msg)
{
	uint64_t want = total(msg), done = 0;
	seq_t pushed = t->push_seq;

	while (done < want) {
		uint32_t n = room(st, t), put;

		if (n == 0)
			break;
		if (n > want - done)
			n = (uint32_t)(want - done);
		put = tcp_data_copy(t, msg, done, n);
		done += put;
		tcp_memory_note(st, t);
		if (put < n)
			break;
		t->push_seq = tcp_snd_end(t) + (uint32_t)(want - done); /* not before the end, */
		if (seq_gt(tcp_snd_end(t), pushed + t->max_wnd / 2))
			t->push_half = pushed = tcp_snd_end(t); /* but each half window */
		if (done < want)
			tcp_output(st, t);
	}
	return done;
}

static int nothing_taken(struct ph_stack *st, struct tcb *t)
{
	if (room(st, t))
		return -ENOBUFS; /* memory is short, and nobody will say when it is not */
	t->nospace = true;
	return -EAGAIN;
}

static void written(struct ph_stack *st, struct tcb *t, int flags, uint32_t tsflags, bool zerocopy,
		    bool all)
{
	t->push_seq = tcp_snd_end(t) + (all && (flags & PH_MSG_MORE) ? 1 : 0);
	tcp_notify_written(st, t, tsflags, zerocopy, all && (flags & PH_MSG_EOR));
	if (flags & PH_MSG_OOB) {
		/* RFC 6093 3.1: the pointer names the byte after the urgent one. */
		t->snd_up = tcp_snd_end(t);
		t->snd_urg = true;
	}
	if (!all)
		t->nospace = true;
}

int64_t tcp_send_simple(struct ph_stack *st, struct tcb *t, const void *bytes, uint64_t len)
{
	return bytes && tcp_swift_send(st, t, bytes, len) ? (int64_t)len : 0;
}

int64_t tcp_sendmsg(struct ph_stack *st, struct tcb *t, const struct ph_msg *msg, int flags)
{
	uint8_t nonagle;
	bool zerocopy = (flags & PH_MSG_ZEROCOPY) &&
			(tcp_rare(t)->so.flags & SOCKOPT_ZEROCOPY) && total(msg) > 0;
	uint32_t tsflags = 0;
	uint64_t done;
	int err;

	if ((flags & ~(PH_MSG_DONTWAIT | PH_MSG_NOSIGNAL)) == 0 && msg->niov == 1 &&
	    msg->control_len == 0 && tcp_send_simple(st, t, msg->iov[0].base, msg->iov[0].len))
		return (int64_t)msg->iov[0].len;
	if ((flags & PH_MSG_FASTOPEN) || t->fo_deferred) {
		int64_t n = tcp_fo_send(st, t, msg, flags);

		if (n)
			return n;
	}
	if (zerocopy && !tcp_notify_zerocopy_room(st, t))
		return -ENOBUFS; /* too many are not yet over */
	err = send_state(t);
	if (!err)
		err = tcp_notify_flags(t, msg, &tsflags);
	if (err)
		return err;
	tcp_cc_written(st, t);
	t->nonagle &= (uint8_t)~TCP_PUSH_NOW;
	nonagle = t->nonagle;
	if (total(msg) && tcp_conn_notsent(t) == 0)
		tcp_chrono_start(&t->chrono, TCP_CHRONO_BUSY, tcp_now_us(st));
	done = write_all(st, t, msg);
	if (done == 0)
		return total(msg) > 0 ? nothing_taken(st, t) : 0;
	written(st, t, flags, tsflags, zerocopy, done == total(msg));
	if ((flags & PH_MSG_MORE) && done == total(msg))
		t->nonagle |= TCP_CORK_ON;
	if (!tcp_small_corks(st, t))
		tcp_output(st, t);
	t->nonagle = nonagle;
	return (int64_t)done;
}

/* ---- RECEIVE */

/* What recv() says when there is no data. */
static int64_t receive_nothing(struct tcb *t)
{
	if (t->fin_rcvd)
		return 0; /* whatever came after it: the stream was whole */
	if (t->error)
		return -tcp_error(t);
	if (t->rcv_shut)
		return t->done ? 0 : -ENOTCONN;
	if (t->state == TCPS_LISTEN || (t->state == TCPS_CLOSED && !t->done))
		return -ENOTCONN;
	return t->state == TCPS_CLOSED ? 0 : -EAGAIN;
}

/* The urgent octet, which is not in line (RFC 6093 2.2). */
static int64_t receive_urgent(struct tcb *t, struct ph_msg *msg, int flags)
{
	if (t->oobinline || t->urg == TCP_URG_NONE || t->urg == TCP_URG_READ)
		return -EINVAL;
	if (t->state == TCPS_CLOSED && !t->done)
		return -ENOTCONN;
	if (t->urg == TCP_URG_AHEAD)
		return t->state == TCPS_CLOSED || t->rcv_shut ? 0 : -EAGAIN;
	if (!(flags & PH_MSG_PEEK))
		t->urg = TCP_URG_READ;
	msg->flags |= PH_MSG_OOB;
	for (size_t i = 0; i < msg->niov; i++) {
		if (msg->iov[i].len == 0)
			continue;
		if (!(flags & PH_MSG_TRUNC))
			*(uint8_t *)msg->iov[i].base = t->urg_octet;
		return 1;
	}
	msg->flags |= PH_MSG_TRUNC;
	return 0;
}

/* A reader's way through the queue. */
struct reader {
	uint32_t pos; /* offset in the queue */
	uint64_t got; /* bytes given */
};

/* Gives up to `len` bytes from r->pos on to the message's memory, or to nobody. */
static void give(const struct tcb *t, const struct ph_msg *msg, struct reader *r, uint32_t len,
		 bool discard)
{
	uint64_t off = r->got, left = total(msg) - r->got;

	if (len > left)
		len = (uint32_t)left;
	for (size_t i = 0; i < msg->niov && len > 0 && !discard; i++) {
		uint32_t n;

		if (off >= msg->iov[i].len) {
			off -= msg->iov[i].len;
			continue;
		}
		n = msg->iov[i].len - off < len ? (uint32_t)(msg->iov[i].len - off) : len;
		(void)stream_peek(&t->rcv, r->pos, (uint8_t *)msg->iov[i].base + off, n);
		off = 0;
		r->pos += n;
		r->got += n;
		len -= n;
	}
	if (discard) {
		r->pos += len;
		r->got += len;
	}
}

/* Reads up to the urgent octet; at it goes on behind it, or through it where it is in line. */
static void read_on(const struct tcb *t, const struct ph_msg *msg, struct reader *r, bool discard)
{
	seq_t at = tcp_read_seq(t) + r->pos;
	uint32_t left = t->rcv.len > r->pos ? t->rcv.len - r->pos : 0;
	uint32_t ahead = t->rcv_up - 1 - at;

	if (t->urg == TCP_URG_NONE || seq_lt(t->rcv_up - 1, at) || ahead >= left) {
		give(t, msg, r, left, discard);
		return;
	}
	if (ahead > 0) {
		give(t, msg, r, ahead, discard);
		return;
	}
	if (!t->oobinline)
		r->pos++;
	give(t, msg, r, t->rcv.len - r->pos, discard);
}

/* The window has grown: does the peer have to hear of it, or of what it sent? (Linux's
 * tcp_cleanup_rbuf) */
static void after_read(struct ph_stack *st, struct tcb *t)
{
	/* One that waits for the end of its batch may still be carried by an answer. */
	bool due = t->delack.pending && !list_linked(&t->owes);

	if (st->sysctl.tcp_moderate_rcvbuf && !tcp_memory_pressed(st))
		tcp_rcvwin_read(&t->rcvwin, tcp_read_seq(t), tcp_now_us(st), t->adv_mss,
				(uint32_t)st->sysctl.tcp_rmem[2]);
	if (t->state != TCPS_ESTABLISHED && t->state != TCPS_FIN_WAIT_1 &&
	    t->state != TCPS_FIN_WAIT_2)
		return;
	due = due && (tcp_delack_due(&t->delack, t->rcv_nxt - t->rcvwin.wup, true) ||
		      (t->delack.pushed && !t->delack.pingpong && t->rcv.len == 0));
	if (due || tcp_rcvwin_update_due(&t->rcvwin, t->rcv_nxt, tcp_rcv_counted(t),
					 t->delack.rcv_mss, t->rcv_wscale))
		tcp_output_ack(st, t);
}

/* SO_PEEK_OFF: peeks go on where the last one ended, reads move the place back. */
static void move_peek(struct tcb *t, uint64_t got, bool peek)
{
	struct tcp_rare *r = t->rare;

	if (!r || r->so.peek_off < 0)
		return;
	if (peek)
		r->so.peek_off += (int32_t)got;
	else
		r->so.peek_off = (uint64_t)r->so.peek_off > got ? r->so.peek_off - (int32_t)got : 0;
}

static void consume(struct ph_stack *st, struct tcb *t, uint32_t n)
{
	stream_consume(&t->rcv, n);
	tcp_memory_note(st, t);
	if (t->urg && seq_ge(tcp_read_seq(t), t->rcv_up))
		t->urg = TCP_URG_NONE;
	if (n)
		after_read(st, t);
}

/* Nothing but bytes are there, and nothing else is asked for. */
int64_t tcp_recv_simple(struct ph_stack *st, struct tcb *t, void *bytes, uint64_t len)
{
	uint32_t n = t->rcv.len < len ? t->rcv.len : (uint32_t)len;

	if (!bytes || n == 0 || t->rare || t->urg != TCP_URG_NONE || t->state == TCPS_LISTEN)
		return 0;
	n = stream_read(&t->rcv, bytes, n);
	tcp_memory_note(st, t);
	after_read(st, t);
	return (int64_t)n;
}

int64_t tcp_recvmsg(struct ph_stack *st, struct tcb *t, struct ph_msg *msg, int flags)
{
	bool peek = flags & PH_MSG_PEEK;
	int32_t off = peek ? tcp_rare(t)->so.peek_off : 0;
	struct reader r = { .pos = off > 0 ? (uint32_t)off : 0 };

	msg->flags = 0;
	if (flags & PH_MSG_ERRQUEUE)
		return tcp_notify_recv(st, t, msg);
	if (t->state == TCPS_LISTEN)
		return -ENOTCONN;
	if (flags & PH_MSG_OOB)
		return receive_urgent(t, msg, flags);
	if (t->rcv.len <= r.pos)
		return receive_nothing(t);
	read_on(t, msg, &r, flags & PH_MSG_TRUNC); /* tcp(7): thrown away instead of copied */
	if (!peek)
		consume(st, t, r.pos);
	if (r.got == 0 && total(msg) > 0)
		return receive_nothing(t); /* there was the urgent octet alone */
	tcp_notify_read(st, t, msg, tcp_read_seq(t) + (peek ? r.pos : 0));
	move_peek(t, r.got, peek);
	return (int64_t)r.got;
}
