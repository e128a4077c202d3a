/* SPDX-License-Identifier: BSD-2-Clause */
/* Datagram sockets: struct sock over udp/udp.h. Called by sock.c only. */
#include "sock/sock.h"

#include "udp/udp.h"

static int op_open(struct ph_stack *st, struct sock *s)
{
	s->udp = udp_open(st, s->family);
	return s->udp ? 0 : -ENOBUFS;
}

static struct ready *op_ready(struct sock *s)
{
	return udp_ready(s->udp);
}

static int op_bind(struct ph_stack *st, struct sock *s, const struct ph_sockaddr *a)
{
	return udp_bind(st, s->udp, a);
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
	return udp_connect(st, s->udp, a);
}

static int64_t op_sendmsg(struct ph_stack *st, struct sock *s, const struct ph_msg *msg, int flags)
{
	return udp_sendmsg(st, s->udp, msg, flags);
}

static int64_t op_recvmsg(struct ph_stack *st, struct sock *s, struct ph_msg *msg, int flags)
{
	return udp_recvmsg(st, s->udp, msg, flags);
}

static int op_shutdown(struct ph_stack *st, struct sock *s, int how)
{
	return udp_shutdown(st, s->udp, how);
}

static void op_close(struct ph_stack *st, struct sock *s)
{
	udp_close(st, s->udp);
}

static uint32_t op_poll(struct ph_stack *st, struct sock *s)
{
	(void)st;
	return udp_poll(s->udp);
}

static int op_inq(struct sock *s)
{
	return udp_inq(s->udp);
}

static int op_outq(struct sock *s)
{
	(void)s;
	return 0; /* a datagram leaves at once or is refused */
}

static int op_ioctl(struct sock *s, unsigned request)
{
	(void)s;
	(void)request;
	return -ENOTTY;
}

static int op_error(struct sock *s)
{
	return udp_error(s->udp);
}

static int op_getname(struct sock *s, bool peer, struct ph_sockaddr *a)
{
	return udp_getname(s->udp, peer, a);
}

static int op_setsockopt(struct ph_stack *st, struct sock *s, int level, int name,
			 const void *value, uint32_t len)
{
	return udp_setsockopt(st, s->udp, level, name, value, len);
}

static int op_getsockopt(struct ph_stack *st, struct sock *s, int level, int name, void *value,
			 uint32_t *len)
{
	return udp_getsockopt(st, s->udp, level, name, value, len);
}

const struct sock_ops sock_udp_ops = {
	.type = PH_SOCK_DGRAM,
	.protocol = PH_IPPROTO_UDP,
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
