/* SPDX-License-Identifier: BSD-2-Clause */
/* A datagram to the user, with what the user asked to know of it. Called by the socket layer. */
#include "udp/udp_int.h"

#include "base/cmsg.h"

static uint32_t scatter(const struct stream *s, uint32_t len, const struct ph_msg *msg)
{
	uint32_t done = 0;

	for (size_t i = 0; i < msg->niov && done < len; i++) {
		uint32_t n = len - done < msg->iov[i].len ? len - done : (uint32_t)msg->iov[i].len;

		done += stream_peek(s, done, msg->iov[i].base, n);
	}
	return done;
}

static void put_control(const struct ph_stack *st, const struct udp_pcb *u,
			const struct udp_record *r, struct ph_msg *msg)
{
	int32_t segment = r->segment;

	dgram_put_socket(st, &u->o, &r->rx, msg);
	if (u->gro && segment)
		cmsg_put(msg, PH_IPPROTO_UDP, PH_UDP_GRO, &segment, sizeof(segment));
	dgram_put_ip(st, &u->o, &r->rx, msg);
}

int64_t udp_recvmsg(struct ph_stack *st, struct udp_pcb *u, struct ph_msg *msg, int flags)
{
	struct list_node *n = list_first(&u->records);
	struct udp_record *r;
	uint32_t got, len;

	if (flags & PH_MSG_ERRQUEUE)
		return dgram_recv_errq(st, &u->o, msg);
	if (u->o.err)
		return -dgram_take_error(&u->o);
	if (!n)
		return u->shut_rd ? 0 : -EAGAIN;
	r = container_of(n, struct udp_record, node);
	len = r->len;
	got = scatter(&u->rx, len, msg);
	if (msg->name)
		*msg->name = r->from;
	if (got < len)
		msg->flags |= PH_MSG_TRUNC;
	put_control(st, u, r, msg);
	if (!(flags & PH_MSG_PEEK)) {
		stream_consume(&u->rx, len);
		list_remove(&r->node);
		pool_put(&st->udp->records, r);
		u->nrecords--;
	}
	if (!list_empty(&u->records))
		ready_set(st,
			  &u->ready); /* more to read: told again, as the readiness did not fall */
	return flags & PH_MSG_TRUNC ? len : got;
}
