/* SPDX-License-Identifier: BSD-2-Clause */
/* Raw sockets: struct sock over raw/raw.h. Called by sock.c only. */
#include "sock/sock.h"

#include "raw/raw.h"

static int op_open(struct ph_stack *st, struct sock *s)
{
	s->raw = raw_open(st, s->family, s->protocol);
	return s->raw ? 0 : -ENOBUFS;
}

static struct ready *op_ready(struct sock *s)
{
	return raw_ready(s->raw);
}

static int op_bind(struct ph_stack *st, struct sock *s, const struct ph_sockaddr *a)
{
	return raw_bind(st, s->raw, a);
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
	return raw_connect(st, s->raw, a);
}

static int64_t op_sendmsg(struct ph_stack *st, struct sock *s, const struct ph_msg *msg, int flags)
{
	return raw_sendmsg(st, s->raw, msg, flags);
}

static int64_t op_recvmsg(struct ph_stack *st, struct sock *s, struct ph_msg *msg, int flags)
{
	return raw_recvmsg(st, s->raw, msg, flags);
}

static int op_shutdown(struct ph_stack *st, struct sock *s, int how)
{
	return raw_shutdown(st, s->raw, how);
}

static void op_close(struct ph_stack *st, struct sock *s)
{
	raw_close(st, s->raw);
}

static uint32_t op_poll(struct ph_stack *st, struct sock *s)
{
	(void)st;
	return raw_poll(s->raw);
}

static int op_inq(struct sock *s)
{
	return raw_inq(s->raw);
}

static int op_outq(struct sock *s)
{
	(void)s;
	return 0; /* a packet leaves at once or is refused */
}

static int op_ioctl(struct sock *s, unsigned request)
{
	(void)s;
	(void)request;
	return -ENOTTY;
}

static int op_error(struct sock *s)
{
	return raw_error(s->raw);
}

static int op_getname(struct sock *s, bool peer, struct ph_sockaddr *a)
{
	return raw_getname(s->raw, peer, a);
}

static int op_setsockopt(struct ph_stack *st, struct sock *s, int level, int name,
			 const void *value, uint32_t len)
{
	return raw_setsockopt(st, s->raw, level, name, value, len);
}

static int op_getsockopt(struct ph_stack *st, struct sock *s, int level, int name, void *value,
			 uint32_t *len)
{
	return raw_getsockopt(st, s->raw, level, name, value, len);
}

const struct sock_ops sock_raw_ops = {
	.type = PH_SOCK_RAW,
	.protocol = 0,
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
