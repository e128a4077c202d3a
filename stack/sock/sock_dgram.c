/* SPDX-License-Identifier: BSD-2-Clause */
/* Sockets of messages, of every kind that there is: struct sock over net/dgram.h. Called by sock.c. */
#include "sock/sock.h"

#include "raw/packet.h"
#include "raw/ping.h"
#include "raw/raw.h"
#include "udp/udp.h"

static const struct dgram_ops *const kinds[] = { &udp_ops, &raw_ops, &ping4_ops, &ping6_ops,
						  &packet_raw_ops, &packet_dgram_ops };

static const struct dgram_ops *kind_of(const struct sock *s)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		const struct dgram_ops *k = kinds[i];

		if (k->type == s->type &&
		    (k->family == s->family || (k->family == 0 && s->family != PH_AF_PACKET)) &&
		    (k->protocol == 0 || s->protocol == 0 || k->protocol == s->protocol))
			return k;
	}
	return NULL;
}

static int op_open(struct ph_stack *st, struct sock *s)
{
	const struct dgram_ops *k = kind_of(s);
	int error;

	if (!k)
		return -EPROTONOSUPPORT;
	s->dgram = k->open(st, s->family, s->protocol, &error);
	if (!s->dgram)
		return error;
	if (s->protocol == 0 || s->family == PH_AF_PACKET) /* as Linux shows it */
		s->protocol = k->protocol;
	return 0;
}

static struct ready *op_ready(struct sock *s)
{
	return &s->dgram->ready;
}

static int op_bind(struct ph_stack *st, struct sock *s, const struct ph_sockaddr *a)
{
	return s->dgram->ops->bind(st, s->dgram, a);
}

static int op_listen(struct ph_stack *st, struct sock *s, int backlog)
{
	(void)st;
	(void)s;
	(void)backlog;
	return -EOPNOTSUPP;
}

static int op_accept(struct ph_stack *st, struct sock *s, struct sock *child,
		     struct ph_sockaddr *peer)
{
	(void)st;
	(void)s;
	(void)child;
	(void)peer;
	return -EOPNOTSUPP;
}

static int op_connect(struct ph_stack *st, struct sock *s, const struct ph_sockaddr *a)
{
	return s->dgram->ops->connect(st, s->dgram, a);
}

static int64_t op_sendmsg(struct ph_stack *st, struct sock *s, const struct ph_msg *msg, int flags)
{
	return s->dgram->ops->sendmsg(st, s->dgram, msg, flags);
}

static int64_t op_recvmsg(struct ph_stack *st, struct sock *s, struct ph_msg *msg, int flags)
{
	return dgram_recvmsg(st, s->dgram, msg, flags);
}

static int op_shutdown(struct ph_stack *st, struct sock *s, int how)
{
	return dgram_shutdown(st, s->dgram, how);
}

static void op_close(struct ph_stack *st, struct sock *s)
{
	s->dgram->ops->close(st, s->dgram);
}

static uint32_t op_poll(struct ph_stack *st, struct sock *s)
{
	(void)st;
	return dgram_poll(s->dgram);
}

static int op_inq(struct sock *s)
{
	return dgram_inq(s->dgram);
}

static int op_outq(struct sock *s)
{
	(void)s;
	return 0; /* a message leaves at once or is refused */
}

static int op_ioctl(struct sock *s, unsigned request)
{
	(void)s;
	(void)request;
	return -ENOTTY;
}

static int op_error(struct sock *s)
{
	return dgram_take_error(s->dgram);
}

static int op_getname(struct sock *s, bool peer, struct ph_sockaddr *a)
{
	return dgram_getname(s->dgram, peer, a);
}

static int op_setsockopt(struct ph_stack *st, struct sock *s, int level, int name,
			 const void *value, uint32_t len)
{
	return s->dgram->ops->setsockopt(st, s->dgram, level, name, value, len);
}

static int op_getsockopt(struct ph_stack *st, struct sock *s, int level, int name, void *value,
			 uint32_t *len)
{
	return s->dgram->ops->getsockopt(st, s->dgram, level, name, value, len);
}

const struct sock_ops sock_dgram_ops = {
	.open = op_open,
	.ready = op_ready,
	.bind = op_bind,
	.listen = op_listen,
	.accept = op_accept,
	.connect = op_connect,
	.sendmsg = op_sendmsg,
	.recvmsg = op_recvmsg,
	.shutdown = op_shutdown,
	.close = op_close,
	.poll = op_poll,
	.inq = op_inq,
	.outq = op_outq,
	.ioctl = op_ioctl,
	.error = op_error,
	.getname = op_getname,
	.setsockopt = op_setsockopt,
	.getsockopt = op_getsockopt,
};
