/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages that wait to be read: one stream of bytes and a record for each message, so that what they
 * pin is charged in one place; and the calls that are the same for all kinds of sockets. Called by
 * udp/ and raw/ with what came, by sock/ for the user.
 */
#include <string.h>

#include "net/dgram.h"
#include "net/net_state.h"

void dgram_recount(struct dgram *d)
{
	uint32_t held = (uint32_t)dgram_held(d);

	if (d->budget)
		*d->budget += (uint64_t)held - d->counted; /* also where it became less: modulo 2^64 */
	d->counted = held;
}

void dgram_queue_clear(struct ph_stack *st, struct dgram *d)
{
	struct list_node *n;

	while ((n = list_pop_front(&d->records)))
		pool_put(&st->net->dgrams, container_of(n, struct dgram_record, node));
	d->nrecords = 0;
	stream_clear(&d->rx);
	dgram_recount(d);
}

/* All of it, or nothing of it is kept. */
static bool append(struct dgram *d, const struct dgram_bytes *b)
{
	uint32_t was = d->rx.len, got = 0;

	if (b->lead_len > 0)
		got = stream_write(&d->rx, b->lead, b->lead_len, 0);
	if (got == b->lead_len && stream_append_pkt(&d->rx, b->pkt, b->off, b->len))
		return true;
	assert(d->rx.len == was + got);
	stream_cut(&d->rx, was);
	return false;
}

struct dgram_record *dgram_queue(struct ph_stack *st, struct dgram *d, const struct ip_rx *rx,
				 const struct dgram_bytes *bytes, enum drop *why)
{
	struct dgram_record *r = NULL;

	*why = DROP_NONE;
	if (dgram_held(d) >= d->rcvbuf) {
		d->dropped++;
		*why = DROP_SOCKET_RCVBUFF;
		return NULL;
	}
	r = pool_get(&st->net->dgrams);
	if (!r || !append(d, bytes)) {
		if (r)
			pool_put(&st->net->dgrams, r);
		d->dropped++;
		*why = DROP_NOMEM;
		return NULL;
	}
	*r = (struct dgram_record){ .len = bytes->lead_len + bytes->len };
	dgram_rx_of(st, d, rx, &r->rx);
	list_push_back(&d->records, &r->node);
	d->nrecords++;
	dgram_recount(d);
	ready_set(st, &d->ready);
	return r;
}

/* ---- the user's calls ----------------------------------------------------------------------- */

static uint32_t scatter(const struct stream *s, uint32_t len, const struct ph_msg *msg)
{
	uint32_t done = 0;

	for (size_t i = 0; i < msg->niov && done < len; i++) {
		uint32_t n = len - done < msg->iov[i].len ? len - done : (uint32_t)msg->iov[i].len;

		done += stream_peek(s, done, msg->iov[i].base, n);
	}
	return done;
}

static void take(struct ph_stack *st, struct dgram *d, struct dgram_record *r)
{
	stream_consume(&d->rx, r->len);
	list_remove(&r->node);
	pool_put(&st->net->dgrams, r);
	d->nrecords--;
	dgram_recount(d);
}

int64_t dgram_recvmsg(struct ph_stack *st, struct dgram *d, struct ph_msg *msg, int flags)
{
	struct list_node *n = list_first(&d->records);
	struct dgram_record *r;
	uint32_t got, len;

	if (flags & PH_MSG_ERRQUEUE)
		return dgram_recv_errq(st, d, msg);
	if (d->err)
		return -dgram_take_error(d);
	if (!n)
		return d->shut_rd ? 0 : -EAGAIN;
	r = container_of(n, struct dgram_record, node);
	len = r->len;
	got = scatter(&d->rx, len, msg);
	if (msg->name)
		*msg->name = r->from;
	if (got < len)
		msg->flags |= PH_MSG_TRUNC;
	dgram_put_socket(st, d, &r->rx, msg);
	if (d->ops->put_control)
		d->ops->put_control(st, d, r, msg);
	else
		dgram_put_ip(st, d, &r->rx, msg);
	if (!(flags & PH_MSG_PEEK))
		take(st, d, r);
	if (!list_empty(&d->records)) /* told again, as the readiness did not fall */
		ready_set(st, &d->ready);
	return flags & PH_MSG_TRUNC ? len : got;
}

int dgram_shutdown(struct ph_stack *st, struct dgram *d, int how)
{
	if (d->ops->no_peer)
		return -EOPNOTSUPP;
	d->shut_rd |= how != PH_SHUT_WR;
	d->shut_wr |= how != PH_SHUT_RD;
	ready_set(st, &d->ready);
	return d->connected ? 0 : -ENOTCONN; /* as Linux: an error, and done all the same */
}

uint32_t dgram_poll(const struct dgram *d)
{
	uint32_t bits = PH_POLLOUT | PH_POLLWRBAND; /* the latter of such sockets alone, as Linux */

	/* As Linux: an error is not data, and one call tells of it; poll() always tells POLLERR. */
	if (!list_empty(&d->records) || d->shut_rd)
		bits |= PH_POLLIN;
	if (dgram_readable_error(d))
		bits |= PH_POLLERR | (d->so.flags & SOCKOPT_SELECT_ERR_QUEUE ? PH_POLLPRI : 0u);
	if (d->shut_rd)
		bits |= PH_POLLRDHUP;
	if (d->shut_rd && d->shut_wr)
		bits |= PH_POLLHUP;
	return bits;
}

int dgram_inq(const struct dgram *d)
{
	const struct list_node *n = list_first(&d->records);

	return n ? (int)container_of(n, const struct dgram_record, node)->len : 0;
}

int dgram_getname(const struct dgram *d, bool peer, struct ph_sockaddr *a)
{
	if (peer && d->ops->no_peer)
		return -EOPNOTSUPP;
	if (peer && !d->connected)
		return -ENOTCONN;
	*a = peer ? d->peer : d->local;
	return 0;
}

void dgram_describe(const struct dgram *d, int protocol, struct ph_sock_info *out)
{
	enum { LINUX_TCP_CLOSE = 7, LINUX_TCP_ESTABLISHED = 1 };

	*out = (struct ph_sock_info){
		.socket = d->ready.socket,
		.type = d->ops->type,
		.protocol = protocol,
		.state = d->connected ? LINUX_TCP_ESTABLISHED : LINUX_TCP_CLOSE,
		.state_name = d->connected ? "ESTAB" : "UNCONN",
		.local = d->local,
		.peer = d->peer,
		.recvq = d->rx.len,
	};
}
