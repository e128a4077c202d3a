/* SPDX-License-Identifier: BSD-2-Clause */
/* Stream sockets: struct sock over tcp/tcp.h. Called by sock.c only. */
#include "sock/sock.h"

#include "tcp/tcp.h"

static int op_open(struct ph_stack *st, struct sock *s)
{
	s->tcp = tcp_open(st, s->family);
	return s->tcp ? 0 : -ENOBUFS;
}

static struct ready *op_ready(struct sock *s)
{
	return tcp_ready(s->tcp);
}

static int op_bind(struct ph_stack *st, struct sock *s, const struct ph_sockaddr *a)
{
	return tcp_bind(st, s->tcp, a);
}

static int op_listen(struct ph_stack *st, struct sock *s, int backlog)
{
	return tcp_listen(st, s->tcp, backlog);
}

static int op_accept(struct ph_stack *st, struct sock *s, struct sock *child,
		     struct ph_sockaddr *peer)
{
	if (tcp_poll(st, s->tcp) & PH_POLLIN)
		child->tcp = tcp_accept(st, s->tcp);
	else
		child->tcp = NULL;
	if (child->tcp && peer)
		tcp_name(child->tcp, true, peer);
	if (child->tcp)
		return 0;
	uint32_t on = 0, len = sizeof(on);

	/* Linux: EINVAL for a socket that does not listen. */
	if (tcp_getsockopt(st, s->tcp, PH_SOL_SOCKET, PH_SO_ACCEPTCONN, &on, &len) != 0 || !on)
		return -EINVAL;
	return -EAGAIN;
}

static int op_connect(struct ph_stack *st, struct sock *s, const struct ph_sockaddr *a)
{
	return tcp_connect(st, s->tcp, a);
}

static int64_t op_sendmsg(struct ph_stack *st, struct sock *s, const struct ph_msg *msg, int flags)
{
	return tcp_sendmsg(st, s->tcp, msg, flags);
}

static int64_t op_recvmsg(struct ph_stack *st, struct sock *s, struct ph_msg *msg, int flags)
{
	return tcp_recvmsg(st, s->tcp, msg, flags);
}

static int op_shutdown(struct ph_stack *st, struct sock *s, int how)
{
	return tcp_shutdown(st, s->tcp, how);
}

static void op_close(struct ph_stack *st, struct sock *s)
{
	tcp_close(st, s->tcp);
}

static uint32_t op_poll(struct ph_stack *st, struct sock *s)
{
	return tcp_poll(st, s->tcp);
}

static int op_inq(struct sock *s)
{
	return tcp_inq(s->tcp);
}

static int op_outq(struct sock *s)
{
	return tcp_outq(s->tcp);
}

static int op_ioctl(struct sock *s, unsigned request)
{
	if (request == PH_SIOCATMARK)
		return tcp_at_mark(s->tcp);
	return request == PH_SIOCOUTQNSD ? tcp_notsent(s->tcp) : -ENOTTY;
}

static int op_error(struct sock *s)
{
	return tcp_so_error(s->tcp);
}

static int op_getname(struct sock *s, bool peer, struct ph_sockaddr *a)
{
	return tcp_getname(s->tcp, peer, a);
}

static int op_setsockopt(struct ph_stack *st, struct sock *s, int level, int name,
			 const void *value, uint32_t len)
{
	return tcp_setsockopt(st, s->tcp, level, name, value, len);
}

static int op_getsockopt(struct ph_stack *st, struct sock *s, int level, int name, void *value,
			 uint32_t *len)
{
	if (level == PH_IPPROTO_TCP && name == PH_TCP_SAVED_SYN)
		return tcp_saved_syn(st, s->tcp, value, len);
	return tcp_getsockopt(st, s->tcp, level, name, value, len);
}

const struct sock_ops sock_tcp_ops = {
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
