/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The socket calls of phantom.h: numbers to sockets, arguments checked, the entry's time set, then
 * the type's own operation. Also the options that all types share and the queue of sockets with
 * something to say.
 */
#include "base/ip.h"
#include "net/net.h"
#include "sock/sock.h"
#include "tcp/tcp.h"

#include <limits.h>
#include <string.h>

static struct sock *slot(const struct ph_stack *st, int id)
{
	return &st->sock->chunks[id / SOCK_CHUNK][id % SOCK_CHUNK];
}

static struct sock *named(const struct ph_stack *st, ph_socket id)
{
	struct sock *s;

	if (id < 0 || (uint32_t)id >= st->sock->nchunks * SOCK_CHUNK)
		return NULL;
	s = slot(st, id);
	return s->ops ? s : NULL;
}

/* The socket, its connection awake: every call on it comes through here. 0, -EBADF, -ENOBUFS. */
static int find(struct ph_stack *st, ph_socket id, struct sock **s)
{
	stack_settle(st);
	*s = named(st, id);
	if (!*s)
		return -EBADF;
	return (*s)->ops != &sock_tcp_ops || tcp_wake(st, &(*s)->tcp) ? 0 : -ENOBUFS;
}

int sock_new(struct ph_stack *st)
{
	st->sock = mem_alloc(&st->mem, sizeof(*st->sock));
	if (!st->sock)
		return -ENOMEM;
	*st->sock = (struct sock_state){ .free = -1 };
	return 0;
}

void sock_close_all(struct ph_stack *st)
{
	for (uint32_t i = 0; i < st->sock->nchunks * SOCK_CHUNK; i++)
		if (slot(st, (int)i)->ops)
			(void)ph_close(st, (ph_socket)i, st->now_ns);
}

void sock_free(struct ph_stack *st)
{
	struct sock_state *ss = st->sock;

	if (!ss)
		return;
	for (uint32_t i = 0; i < ss->nchunks; i++)
		mem_free(&st->mem, ss->chunks[i], SOCK_CHUNK * sizeof(struct sock));
	if (ss->chunks)
		mem_free(&st->mem, ss->chunks, ss->cap_chunks * sizeof(*ss->chunks));
	mem_free(&st->mem, ss, sizeof(*ss));
	st->sock = NULL;
}

/* The array of chunk pointers doubles; the chunks stay where they are. */
static int grow_chunk_table(struct ph_stack *st)
{
	struct sock_state *ss = st->sock;
	uint32_t cap = ss->cap_chunks ? 2 * ss->cap_chunks : 4;
	struct sock **chunks = mem_alloc(&st->mem, cap * sizeof(*chunks));

	if (!chunks)
		return -ENOBUFS;
	if (ss->chunks) {
		memcpy(chunks, ss->chunks, ss->nchunks * sizeof(*chunks));
		mem_free(&st->mem, ss->chunks, ss->cap_chunks * sizeof(*chunks));
	}
	ss->chunks = chunks;
	ss->cap_chunks = cap;
	return 0;
}

static int grow(struct ph_stack *st)
{
	struct sock_state *ss = st->sock;
	struct sock *chunk;
	int first = (int)(ss->nchunks * SOCK_CHUNK);

	if (ss->nchunks == ss->cap_chunks && grow_chunk_table(st) != 0)
		return -ENOBUFS;
	chunk = mem_alloc(&st->mem, SOCK_CHUNK * sizeof(*chunk));
	if (!chunk)
		return -ENOBUFS;
	memset(chunk, 0, SOCK_CHUNK * sizeof(*chunk));
	for (int i = 0; i < SOCK_CHUNK; i++)
		chunk[i].next_free = i + 1 < SOCK_CHUNK ? first + i + 1 : -1;
	ss->chunks[ss->nchunks++] = chunk;
	ss->free = first;
	return 0;
}

/* A number for a new socket, its slot still free; taken by slot_take. -EMFILE, -ENOBUFS. */
static int slot_reserve(struct ph_stack *st)
{
	if (st->sock->in_use >= st->conf.max_sockets)
		return -EMFILE;
	if (st->sock->free < 0 && grow(st) != 0)
		return -ENOBUFS;
	return st->sock->free;
}

static void slot_take(struct ph_stack *st, int id, const struct sock *s)
{
	struct sock *to = slot(st, id);

	assert(st->sock->free == id && !to->ops);
	st->sock->free = to->next_free;
	st->sock->in_use++;
	*to = *s;
	to->ops->ready(to)->socket = id;
	if (to->ops == &sock_tcp_ops)
		tcp_hold(st, &to->tcp);
}

ph_socket ph_socket_new(struct ph_stack *st, int family, int type, int protocol, uint64_t now_ns)
{
	struct sock s = { .ops = &sock_dgram_ops, .family = family, .type = type,
			  .protocol = protocol };
	int id, rc;

	stack_enter(st, now_ns);
	if (family != PH_AF_INET && family != PH_AF_INET6 && family != PH_AF_PACKET)
		return -EAFNOSUPPORT;
	if (type < PH_SOCK_STREAM || type > PH_SOCK_RAW ||
	    (family == PH_AF_PACKET && type == PH_SOCK_STREAM))
		return -ESOCKTNOSUPPORT;
	if (type == PH_SOCK_STREAM) {
		if (protocol != 0 && protocol != PH_IPPROTO_TCP)
			return -EPROTONOSUPPORT;
		s.ops = &sock_tcp_ops;
		s.protocol = PH_IPPROTO_TCP;
	}
	id = slot_reserve(st);
	if (id < 0)
		return id;
	rc = s.ops->open(st, &s);
	if (rc != 0)
		return rc;
	slot_take(st, id, &s);
	return id;
}

/*
 * The user's address as the stack has it: *in. The family fits the socket's: an IPv6 socket takes
 * both (RFC 3493 3.7); a link-local address carries its link from here on.
 */
static int take_addr(const struct ph_stack *st, const struct sock *s, const struct ph_sockaddr *a,
		     struct ph_sockaddr *in)
{
	if (!a)
		return -EINVAL;
	*in = *a;
	if (s->family == PH_AF_PACKET)
		return a->family == PH_AF_PACKET ? 0 : -EINVAL;
	if (a->family == PH_AF_INET) /* all zero is any, too */
		return ip_is4(&a->ip) || ip_is_any(&a->ip) || s->family == PH_AF_INET6 ? 0 : -EINVAL;
	if (a->family != PH_AF_INET6 || s->family != PH_AF_INET6)
		return -EAFNOSUPPORT;
	return ip_scope_in(st, in);
}

/* The same of a peer's: who names none means this host, as Linux has it. */
static int take_peer(const struct ph_stack *st, const struct sock *s, const struct ph_sockaddr *a,
		     struct ph_sockaddr *in)
{
	static const struct ph_ip lo6 = { { [15] = 1 } };
	int rc = take_addr(st, s, a, in);

	if (rc == 0 && s->family != PH_AF_PACKET && ip_is_any(&in->ip))
		in->ip = in->family == PH_AF_INET || ip_is4(&in->ip) ? ip_of4(0x7f000001u) : lo6;
	return rc;
}

int ph_bind(struct ph_stack *st, ph_socket id, const struct ph_sockaddr *addr, uint64_t now_ns)
{
	struct sock *s;
	struct ph_sockaddr in;
	int rc;

	stack_enter(st, now_ns);
	rc = find(st, id, &s);
	if (rc != 0)
		return rc;
	rc = take_addr(st, s, addr, &in);
	return rc != 0 ? rc : s->ops->bind(st, s, &in);
}

int ph_listen(struct ph_stack *st, ph_socket id, int backlog, uint64_t now_ns)
{
	struct sock *s;
	int rc;

	stack_enter(st, now_ns);
	rc = find(st, id, &s);
	return rc == 0 ? s->ops->listen(st, s, backlog) : rc;
}

ph_socket ph_accept(struct ph_stack *st, ph_socket id, struct ph_sockaddr *peer, uint64_t now_ns)
{
	struct sock *s, child = { 0 };
	int child_id, rc;

	stack_enter(st, now_ns);
	rc = find(st, id, &s);
	if (rc != 0)
		return rc;
	child_id = slot_reserve(st);
	if (child_id < 0)
		return child_id;
	child.ops = s->ops;
	child.family = s->family;
	child.type = s->type;
	child.protocol = s->protocol;
	rc = s->ops->accept(st, s, &child, peer);
	if (rc != 0)
		return rc;
	if (peer)
		ip_scope_out(peer);
	slot_take(st, child_id, &child);
	return child_id;
}

int ph_connect(struct ph_stack *st, ph_socket id, const struct ph_sockaddr *addr, uint64_t now_ns)
{
	struct sock *s;
	struct ph_sockaddr in = { 0 };
	int rc;

	stack_enter(st, now_ns);
	rc = find(st, id, &s);
	if (rc != 0)
		return rc;
	rc = addr && addr->family == 0
		     ? 0
		     : take_peer(st, s, addr, &in); /* AF_UNSPEC dissolves the association */
	return rc != 0 ? rc : s->ops->connect(st, s, &in);
}

/* The pieces' lengths must add up to what a return value can say. */
static int check_msg(const struct ph_msg *msg, bool copies)
{
	size_t sum = 0;

	if (!msg || (msg->niov > 0 && !msg->iov))
		return -EFAULT;
	for (size_t i = 0; i < msg->niov; i++) {
		if (msg->iov[i].len > INT_MAX - sum)
			return -EINVAL;
		if (copies && !msg->iov[i].base && msg->iov[i].len > 0)
			return -EFAULT;
		sum += msg->iov[i].len;
	}
	return 0;
}

static int64_t sendmsg_on(struct ph_stack *st, struct sock *s, const struct ph_msg *msg, int flags)
{
	struct ph_sockaddr to;
	struct ph_msg named;
	int rc = check_msg(msg, true);

	if (rc != 0)
		return rc;
	if (!msg->name)
		return s->ops->sendmsg(st, s, msg, flags);
	named = *msg;
	named.name = &to;
	rc = take_peer(st, s, msg->name, &to);
	if (rc == -EAFNOSUPPORT && msg->name->family == 0 && (flags & PH_MSG_FASTOPEN))
		rc = -EOPNOTSUPP; /* Linux's word for a Fast Open to nowhere */
	return rc != 0 ? rc : s->ops->sendmsg(st, s, &named, flags);
}

static int64_t recvmsg_on(struct ph_stack *st, struct sock *s, struct ph_msg *msg, int flags)
{
	int rc = check_msg(msg, !(flags & PH_MSG_TRUNC));
	int64_t n;

	if (rc != 0)
		return rc;
	msg->flags = 0;
	msg->control_len = 0;
	n = s->ops->recvmsg(st, s, msg, flags);
	if (n >= 0 && msg->name)
		ip_scope_out(msg->name);
	return n;
}

int64_t ph_sendmsg(struct ph_stack *st, ph_socket id, const struct ph_msg *msg, int flags,
		   uint64_t now_ns)
{
	struct sock *s;
	int rc;

	stack_enter(st, now_ns);
	rc = find(st, id, &s);
	return rc != 0 ? rc : sendmsg_on(st, s, msg, flags);
}

int64_t ph_recvmsg(struct ph_stack *st, ph_socket id, struct ph_msg *msg, int flags,
		   uint64_t now_ns)
{
	struct sock *s;
	int rc;

	stack_enter(st, now_ns);
	rc = find(st, id, &s);
	return rc != 0 ? rc : recvmsg_on(st, s, msg, flags);
}

int64_t ph_send(struct ph_stack *st, ph_socket id, const void *bytes, size_t len, int flags,
		uint64_t now_ns)
{
	union {
		const void *in;
		void *out;
	} same = { .in = bytes }; /* an iovec has no const; sending does not write through it */
	struct ph_iov iov = { same.out, len };
	struct ph_msg msg;
	struct sock *s;
	int64_t n;
	int rc;

	stack_enter(st, now_ns);
	rc = find(st, id, &s);
	if (rc != 0)
		return rc;
	if (s->ops == &sock_tcp_ops && (flags & ~(PH_MSG_DONTWAIT | PH_MSG_NOSIGNAL)) == 0 &&
	    (n = tcp_send_simple(st, s->tcp, bytes, len)) != 0)
		return n;
	msg = (struct ph_msg){ .iov = &iov, .niov = 1 };
	return sendmsg_on(st, s, &msg, flags);
}

int64_t ph_recv(struct ph_stack *st, ph_socket id, void *bytes, size_t len, int flags,
		uint64_t now_ns)
{
	struct ph_iov iov = { bytes, len };
	struct ph_msg msg;
	struct sock *s;
	int64_t n;
	int rc;

	stack_enter(st, now_ns);
	rc = find(st, id, &s);
	if (rc != 0)
		return rc;
	if (s->ops == &sock_tcp_ops && (flags & ~PH_MSG_DONTWAIT) == 0 && len <= INT_MAX &&
	    (n = tcp_recv_simple(st, s->tcp, bytes, len)) != 0)
		return n;
	msg = (struct ph_msg){ .iov = &iov, .niov = 1 };
	return recvmsg_on(st, s, &msg, flags);
}

int ph_shutdown(struct ph_stack *st, ph_socket id, int how, uint64_t now_ns)
{
	struct sock *s;
	int rc;

	stack_enter(st, now_ns);
	rc = find(st, id, &s);
	if (rc != 0)
		return rc;
	if (how < PH_SHUT_RD || how > PH_SHUT_RDWR)
		return -EINVAL;
	return s->ops->shutdown(st, s, how);
}

int ph_abort(struct ph_stack *st, ph_socket id, uint64_t now_ns)
{
	struct sock *s;
	int rc;

	stack_enter(st, now_ns);
	rc = find(st, id, &s);
	if (rc != 0)
		return rc;
	if (s->ops != &sock_tcp_ops)
		return -EOPNOTSUPP;
	return tcp_abort(st, s->tcp);
}

int ph_close(struct ph_stack *st, ph_socket id, uint64_t now_ns)
{
	struct sock *s;
	struct ready *r;
	int rc;

	stack_enter(st, now_ns);
	rc = find(st, id, &s);
	if (rc == -EBADF)
		return rc;
	if (rc == 0) {
		r = s->ops->ready(s);
		list_remove(&r->node);
		r->socket = -1; /* nobody is told any more, whatever lives on of the connection */
		s->ops->close(st, s);
	} else {
		tcp_close_folded(st, s->tcp);
	}
	*s = (struct sock){ .next_free = st->sock->free };
	st->sock->free = id;
	st->sock->in_use--;
	return 0;
}

/* Options of all types: 1 when it was one of these, with its value. */
static int shared_getsockopt(struct sock *s, int name, int *value)
{
	switch (name) {
	case PH_SO_TYPE:
		*value = s->type;
		return 1;
	case PH_SO_DOMAIN:
		*value = s->family;
		return 1;
	case PH_SO_PROTOCOL:
		*value = s->protocol;
		return 1;
	case PH_SO_ERROR:
		*value = s->ops->error(s);
		return 1;
	}
	return 0;
}

int ph_getsockopt(struct ph_stack *st, ph_socket id, int level, int name, void *value,
		  uint32_t *len)
{
	struct sock *s;
	int v;
	int rc;

	rc = find(st, id, &s);
	if (rc != 0)
		return rc;
	if (!value || !len)
		return -EFAULT;
	if (level != PH_SOL_SOCKET || !shared_getsockopt(s, name, &v))
		return s->ops->getsockopt(st, s, level, name, value, len);
	if (*len > sizeof(v))
		*len = sizeof(v);
	memcpy(value, &v, *len); /* as Linux: a short buffer takes the value's first bytes */
	return 0;
}

int ph_setsockopt(struct ph_stack *st, ph_socket id, int level, int name, const void *value,
		  uint32_t len, uint64_t now_ns)
{
	struct sock *s;
	int rc;

	stack_enter(st, now_ns);
	rc = find(st, id, &s);
	if (rc != 0)
		return rc;
	if (!value && len > 0)
		return -EFAULT;
	return s->ops->setsockopt(st, s, level, name, value, len);
}

static int name_of(struct sock *s, bool peer, struct ph_sockaddr *addr)
{
	int rc = s->ops->getname(s, peer, addr);

	if (rc == 0)
		ip_scope_out(addr);
	return rc;
}

int ph_getsockname(struct ph_stack *st, ph_socket id, struct ph_sockaddr *addr)
{
	struct sock *s;
	int rc = find(st, id, &s);

	return rc == 0 ? name_of(s, false, addr) : rc;
}

int ph_getpeername(struct ph_stack *st, ph_socket id, struct ph_sockaddr *addr)
{
	struct sock *s;
	int rc = find(st, id, &s);

	return rc == 0 ? name_of(s, true, addr) : rc;
}

uint32_t ph_poll(struct ph_stack *st, ph_socket id)
{
	struct sock *s;
	uint32_t bits = find(st, id, &s) == 0 ? s->ops->poll(st, s) : 0;

	return bits | (bits & PH_POLLIN ? PH_POLLRDNORM : 0u) | (bits & PH_POLLOUT ? PH_POLLWRNORM : 0u);
}

int ph_inq(struct ph_stack *st, ph_socket id)
{
	struct sock *s;
	int rc = find(st, id, &s);

	return rc == 0 ? s->ops->inq(s) : rc;
}

int ph_outq(struct ph_stack *st, ph_socket id)
{
	struct sock *s;
	int rc = find(st, id, &s);

	return rc == 0 ? s->ops->outq(s) : rc;
}

int ph_ioctl(struct ph_stack *st, ph_socket id, unsigned request, int *value)
{
	struct sock *s;
	int n;
	int rc;

	rc = find(st, id, &s);
	if (rc != 0)
		return rc;
	if (request == PH_SIOCINQ)
		n = s->ops->inq(s);
	else if (request == PH_SIOCOUTQ)
		n = s->ops->outq(s);
	else
		n = s->ops->ioctl(s, request);
	if (n < 0)
		return n;
	if (!value)
		return -EFAULT;
	*value = n;
	return 0;
}

int ph_ready(struct ph_stack *st, struct ph_event *events, int n)
{
	struct list_node *node;
	int count = 0;

	stack_settle(st);
	while (count < n && (node = list_pop_front(&st->ready))) {
		const struct ready *r = container_of(node, struct ready, node);
		uint32_t bits = ph_poll(st, r->socket);

		if (bits)
			events[count++] = (struct ph_event){ .socket = r->socket, .events = bits };
	}
	return count;
}

int ph_set_user(struct ph_stack *st, ph_socket id, uint64_t user)
{
	struct sock *s = named(st, id);

	if (!s)
		return -EBADF;
	s->user = user;
	return 0;
}

uint64_t ph_get_user(struct ph_stack *st, ph_socket id)
{
	const struct sock *s = named(st, id);

	return s ? s->user : 0;
}
