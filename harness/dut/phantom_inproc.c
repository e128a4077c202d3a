/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * phantom in this process behind the table of dut.h: a link that carries IP, a clock that stands
 * still until it jumps to the next thing that happens, and the blocking that the stack's calls
 * leave to their user. Called by scripts.
 */
#include "harness/dut/dut.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/dut/phantom_epoll.h"
#include "harness/dut/super.h"

enum { MSG_ERRORS = 0x2000, MSG_NOWAIT = PH_MSG_DONTWAIT | MSG_ERRORS }; /* never wait */
enum { SPINS_MAX = 100000 }; /* turns at one moment, before the stack is to blame */
static const uint64_t ns_per_ms = 1000000, start_ns = 1000000000;

struct sent {
	struct sent *next;
	uint64_t at_ns;
	size_t len;
	uint8_t bytes[];
};

struct phantom {
	struct dut dut;
	struct ph_stack *st;
	ph_link link;
	bool v6; /* the route is IPv6's */
	uint32_t mss;
	uint64_t now;
	struct sent *first, **last;
	struct dut_call *pending;
	unsigned metrics_epoch;
	unsigned completed; /* calls that were pending and are done, not yet told of */
	struct phantom_epolls epolls;
	uint8_t frame[DUT_PACKET_MAX];
};

static struct phantom *of(struct dut *d)
{
	return (struct phantom *)d; /* its first member */
}

static void *mem_alloc(void *arg, size_t size)
{
	(void)arg;
	return malloc(size);
}

static void mem_release(void *arg, void *ptr, size_t size)
{
	(void)arg;
	(void)size;
	free(ptr);
}

/* ---- polls ---- */

static int64_t poll_collect(struct phantom *p, const struct dut_call *c)
{
	int64_t n = 0;

	for (size_t i = 0; i < c->npoll; i++) {
		struct dut_poll *f = &c->poll[i];

		f->revents = 0;
		if (f->fd < 0)
			continue;
		f->revents = !phantom_is_socket(p->st, f->fd) ? 0x20 /* POLLNVAL */
						  : ph_poll(p->st, f->fd) &
							    (f->events | PH_POLLERR | PH_POLLHUP);
		n += f->revents != 0;
	}
	return n;
}

/* ---- calls that may have to wait ---- */

static bool nonblocking(const struct phantom *p, const struct dut_call *c)
{
	bool message = c->op == DUT_SEND || c->op == DUT_RECV;

	return (ph_get_user(p->st, c->fd) & O_NONBLOCK) || (message && (c->a[0] & MSG_NOWAIT));
}

/* What a call waits with: bytes already sent or received, or the end of its patience. */
struct wait_state {
	size_t moved;
	uint64_t until;
	struct ph_sockaddr local, peer; /* of a connection whose close lingers */
};

static int64_t try_send(struct phantom *p, struct dut_call *c, struct wait_state *w)
{
	struct ph_iov iov = { (uint8_t *)c->buf + w->moved, c->len - w->moved };
	struct ph_msg msg = { .name = c->has_addr ? &c->addr : NULL,
			      .iov = &iov,
			      .niov = 1,
			      .control = c->control,
			      .control_len = c->control_len };
	bool opens = (c->a[0] & PH_MSG_FASTOPEN) && !nonblocking(p, c);
	int flags = (int)c->a[0] | (opens ? PH_MSG_MORE : 0); /* the rest follows */
	int64_t n = ph_sendmsg(p->st, c->fd, &msg, flags, p->now);

	if (opens) {
		c->a[0] &= ~(int64_t)PH_MSG_FASTOPEN; /* the rest goes when it is connected */
		if (n >= 0)
			w->moved += (size_t)n;
		if (n >= 0 || n == -EINPROGRESS)
			return -EAGAIN;
	}
	if (n < 0)
		return n == -EAGAIN || w->moved == 0 ? n : (int64_t)w->moved;
	w->moved += (size_t)n;
	return w->moved < c->len && !nonblocking(p, c) ? -EAGAIN : (int64_t)w->moved;
}

/* MSG_WAITALL keeps what is here and waits for the rest, where the call may wait. */
static int64_t try_recv(struct phantom *p, struct dut_call *c, struct wait_state *w)
{
	struct ph_iov iov = { (uint8_t *)c->buf + w->moved, c->len - w->moved };
	struct ph_msg msg = { .name = &c->addr,
			      .iov = &iov,
			      .niov = 1,
			      .control = c->control,
			      .control_cap = c->control_cap };
	bool all = (c->a[0] & (PH_MSG_WAITALL | PH_MSG_PEEK)) == PH_MSG_WAITALL;
	int64_t n = ph_recvmsg(p->st, c->fd, &msg, (int)c->a[0], p->now);

	c->msg_flags = msg.flags;
	c->control_len = msg.control_len;
	if (!all || nonblocking(p, c))
		return n;
	if (n < 0)
		return n == -EAGAIN || w->moved == 0 ? n : (int64_t)w->moved;
	w->moved += (size_t)n;
	return n > 0 && w->moved < c->len ? -EAGAIN : (int64_t)w->moved;
}

/* Whether what is closed still has octets that the peer has not acknowledged. */
static bool lingering(const struct phantom *p, const struct wait_state *w)
{
	enum { FIN_WAIT1 = 4, LAST_ACK = 9, CLOSING = 11 };
	size_t n = ph_socks(p->st, NULL, 0);
	struct ph_sock_info *info = calloc(n + 1, sizeof(*info));
	bool yes = false;

	n = info ? ph_socks(p->st, info, n) : 0;
	for (size_t i = 0; i < n; i++)
		yes |= (info[i].state == FIN_WAIT1 || info[i].state == LAST_ACK ||
			info[i].state == CLOSING) &&
		       info[i].local.port == w->local.port && info[i].peer.port == w->peer.port &&
		       memcmp(&info[i].peer.ip, &w->peer.ip, sizeof(w->peer.ip)) == 0;
	free(info);
	return yes;
}

static int64_t connect_end(struct phantom *p, const struct dut_call *c)
{
	int error = 0;
	uint32_t len = sizeof(error);

	if (!(ph_poll(p->st, c->fd) & (PH_POLLOUT | PH_POLLERR | PH_POLLHUP)))
		return -EAGAIN;
	if (ph_getsockopt(p->st, c->fd, PH_SOL_SOCKET, PH_SO_ERROR, &error, &len) != 0)
		return -EBADF;
	return -error;
}

/* One more try of a call that had to wait: its result, or -EAGAIN. */
static int64_t try_again(struct phantom *p, struct dut_call *c)
{
	struct wait_state *w = c->priv;
	int64_t n;

	switch (c->op) {
	case DUT_ACCEPT:
		return ph_accept(p->st, c->fd, &c->addr, p->now);
	case DUT_CONNECT:
		return connect_end(p, c);
	case DUT_SEND: /* woken when a third of the buffer is free, as in Linux, and not before */
		if (!(c->a[0] & PH_MSG_FASTOPEN) &&
		    !(ph_poll(p->st, c->fd) & (PH_POLLOUT | PH_POLLERR | PH_POLLHUP)))
			return -EAGAIN;
		return try_send(p, c, w);
	case DUT_RECV:
		return try_recv(p, c, w);
	case DUT_POLL:
	case DUT_EPOLL_WAIT:
		n = c->op == DUT_POLL ? poll_collect(p, c) : phantom_epoll_collect(&p->epolls, p->st, c);
		return n == 0 && p->now < w->until ? -EAGAIN : n;
	case DUT_CLOSE:
		return lingering(p, w) ? -EAGAIN : 0;
	case DUT_SOCKET:
	case DUT_BIND:
	case DUT_LISTEN:
	case DUT_SHUTDOWN:
	case DUT_GETSOCKOPT:
	case DUT_SETSOCKOPT:
	case DUT_GETSOCKNAME:
	case DUT_GETPEERNAME:
	case DUT_FCNTL:
	case DUT_IOCTL:
	case DUT_EPOLL_CREATE:
	case DUT_EPOLL_CTL:
	case DUT_OPS:
		break;
	}
	return -ENOSYS;
}

/* What a call returns that has waited as long as SO_RCVTIMEO, SO_SNDTIMEO or SO_LINGER let it. */
static int64_t timed_out(const struct dut_call *c)
{
	const struct wait_state *w = c->priv;

	if (c->op == DUT_CONNECT)
		return -EINPROGRESS;
	if (c->op == DUT_CLOSE || w->moved > 0)
		return (int64_t)w->moved;
	return -EAGAIN;
}

static uint64_t patience_of(struct phantom *p, const struct dut_call *c)
{
	enum { SO_RCVTIMEO_ = 20, SO_SNDTIMEO_ = 21 };
	bool gives = c->op == DUT_SEND || c->op == DUT_CONNECT;
	int64_t time[2] = { 0 };
	uint32_t len = sizeof(time);

	if (ph_getsockopt(p->st, c->fd, PH_SOL_SOCKET, gives ? SO_SNDTIMEO_ : SO_RCVTIMEO_, time,
			  &len) != 0 ||
	    (time[0] == 0 && time[1] == 0))
		return PH_NEVER;
	return p->now + (uint64_t)time[0] * 1000 * ns_per_ms + (uint64_t)time[1] * 1000;
}

static void finish(struct phantom *p, struct dut_call *c, int64_t result)
{
	free(c->priv);
	c->priv = NULL;
	c->result = result;
	c->done_ns = p->now;
	c->done = true;
}

static void unlink_call(struct phantom *p, const struct dut_call *c)
{
	for (struct dut_call **at = &p->pending; *at; at = &(*at)->next) {
		if (*at == c) {
			*at = c->next;
			return;
		}
	}
}

/* The child inherits O_NONBLOCK from accept4's flags alone, as on Linux. */
static void accepted(struct phantom *p, const struct dut_call *c, int64_t result)
{
	if (c->op == DUT_ACCEPT && result >= 0 && (c->a[0] & O_NONBLOCK))
		(void)ph_set_user(p->st, (ph_socket)result, O_NONBLOCK);
}

static void retry_pending(struct phantom *p)
{
	struct dut_call *next;

	for (struct dut_call *c = p->pending; c; c = next) {
		int64_t result;

		next = c->next;
		result = try_again(p, c);
		if (result == -EAGAIN) {
			if (p->now < ((struct wait_state *)c->priv)->until)
				continue;
			result = timed_out(c);
		}
		accepted(p, c, result);
		unlink_call(p, c);
		finish(p, c, result);
		p->completed++;
	}
}

/* ---- the stack's side ---- */

static int collect(struct phantom *p)
{
	int len;

	while ((len = ph_link_output_bytes(p->st, p->link, p->frame, sizeof(p->frame), p->now)) >
	       0) {
		struct sent *s = malloc(sizeof(*s) + (size_t)len);

		if (!s) {
			snprintf(p->dut.err, sizeof(p->dut.err), "out of memory for a packet");
			return -EIO;
		}
		*s = (struct sent){ .at_ns = p->now, .len = (size_t)len };
		memcpy(s->bytes, p->frame, (size_t)len);
		*p->last = s;
		p->last = &s->next;
	}
	return 0;
}

static void mark_edges(struct phantom *p)
{
	struct ph_event events[32];
	int n;

	while ((n = ph_ready(p->st, events, 32)) > 0)
		for (int i = 0; i < n; i++)
			phantom_epoll_ready(&p->epolls, events[i].socket);
}

/* Everything that is due now. */
static int settle(struct phantom *p)
{
	int rc;

	ph_stack_run(p->st, p->now);
	rc = collect(p);
	mark_edges(p);
	if (p->pending) {
		retry_pending(p);
		rc = rc ? rc : collect(p);
	}
	return rc;
}

/* ---- the table ---- */

static void op_free(struct dut *d)
{
	struct phantom *p = of(d);
	struct sent *next;

	for (struct dut_call *c = p->pending; c; c = c->next)
		free(c->priv);
	for (struct sent *s = p->first; s; s = next) {
		next = s->next;
		free(s);
	}
	if (p->st)
		ph_stack_free(p->st);
	free(p);
}

static uint64_t op_now(struct dut *d)
{
	return of(d)->now;
}

static int happened(struct phantom *p, unsigned what)
{
	int bits = 0;

	if ((what & DUT_WAIT_PACKET) && p->first)
		bits |= DUT_WAIT_PACKET;
	if ((what & DUT_WAIT_CALL) && p->completed)
		bits |= DUT_WAIT_CALL;
	return bits;
}

static uint64_t next_event(const struct phantom *p)
{
	uint64_t at = ph_stack_deadline(p->st);

	for (const struct dut_call *c = p->pending; c; c = c->next) {
		const struct wait_state *w = c->priv;

		if (w->until < at)
			at = w->until;
	}
	return at;
}

static int op_wait(struct dut *d, uint64_t until_ns, unsigned what)
{
	struct phantom *p = of(d);
	unsigned spins = 0;

	for (;;) {
		int rc = settle(p), bits = happened(p, what);
		uint64_t at = next_event(p);

		if (rc != 0)
			return rc;
		if (bits) {
			if (what & DUT_WAIT_CALL)
				p->completed = 0;
			return bits;
		}
		if (at > until_ns) {
			p->now = until_ns > p->now ? until_ns : p->now;
			return DUT_WAIT_TIME;
		}
		if (at > p->now) {
			p->now = at;
			spins = 0;
		} else if (++spins > SPINS_MAX) {
			snprintf(d->err, sizeof(d->err),
				 "phantom's deadline stays at %llu ns however often it is run",
				 (unsigned long long)at);
			return -EIO;
		}
	}
}

static int op_inject(struct dut *d, const void *bytes, size_t len)
{
	struct phantom *p = of(d);
	struct ph_offload super;
	bool is_super = dut_super(bytes, len, p->mss, &super);
	int rc = ph_link_input_bytes(p->st, p->link, bytes, len, is_super ? &super : NULL, p->now);

	if (rc != 0) {
		snprintf(d->err, sizeof(d->err), "phantom takes no packet of %zu bytes: %s", len,
			 strerror(-rc));
		return -EIO;
	}
	return settle(p);
}

static int op_take(struct dut *d, struct dut_packet *out)
{
	struct phantom *p = of(d);
	struct sent *s = p->first;

	if (!s)
		return 0;
	p->first = s->next;
	if (!p->first)
		p->last = &p->first;
	out->at_ns = s->at_ns;
	out->len = s->len;
	memcpy(out->bytes, s->bytes, s->len);
	free(s);
	return 1;
}

/* With SO_LINGER's seconds close() waits for the last acknowledgment, O_NONBLOCK or not. */
static int64_t call_close(struct phantom *p, const struct dut_call *c)
{
	struct wait_state *w = c->priv;
	int32_t linger[2] = { 0 };
	uint32_t len = sizeof(linger);
	int rc;

	if (phantom_epoll_close(&p->epolls, c->fd))
		return 0;
	if (ph_getsockname(p->st, c->fd, &w->local) != 0 ||
	    ph_getpeername(p->st, c->fd, &w->peer) != 0 ||
	    ph_getsockopt(p->st, c->fd, PH_SOL_SOCKET, PH_SO_LINGER, linger, &len) != 0)
		linger[0] = 0;
	rc = ph_close(p->st, c->fd, p->now);
	if (rc != 0 || !linger[0] || linger[1] <= 0)
		return rc;
	w->until = p->now + (uint64_t)linger[1] * 1000 * ns_per_ms;
	return lingering(p, w) ? -EAGAIN : 0;
}

static int64_t call_fcntl(struct phantom *p, const struct dut_call *c)
{
	if (!phantom_is_socket(p->st, c->fd))
		return -EBADF;
	switch (c->a[0]) {
	case F_GETFL:
		return O_RDWR | (int64_t)(ph_get_user(p->st, c->fd) & O_NONBLOCK);
	case F_SETFL:
		return ph_set_user(p->st, c->fd, (uint64_t)c->a[1] & O_NONBLOCK);
	case F_GETFD:
	case F_SETFD:
		return 0;
	default:
		return -EINVAL;
	}
}

static int64_t call_ioctl(struct phantom *p, struct dut_call *c)
{
	int n = 0, rc = ph_ioctl(p->st, c->fd, (unsigned)c->a[0], &n);

	c->value = n;
	return rc;
}

static int64_t call_option(struct phantom *p, struct dut_call *c)
{
	uint32_t len = (uint32_t)c->len;
	int rc;

	if (c->op == DUT_SETSOCKOPT)
		return ph_setsockopt(p->st, c->fd, (int)c->a[0], (int)c->a[1], c->buf, len, p->now);
	rc = ph_getsockopt(p->st, c->fd, (int)c->a[0], (int)c->a[1], c->buf, &len);
	c->len = len;
	return rc;
}

static int64_t call_socket(struct phantom *p, const struct dut_call *c)
{
	int type = (int)c->a[1] & 0xf;
	int s = ph_socket_new(p->st, (int)c->a[0], type, (int)c->a[2], p->now);

	if (s >= 0)
		(void)ph_set_user(p->st, s, (uint64_t)c->a[1] & O_NONBLOCK);
	return s;
}

static int64_t call_connect(struct phantom *p, struct dut_call *c)
{
	int rc = ph_connect(p->st, c->fd, &c->addr, p->now);

	return rc == -EINPROGRESS && !nonblocking(p, c) ? -EAGAIN : rc;
}

static int64_t first_try(struct phantom *p, struct dut_call *c)
{
	switch (c->op) {
	case DUT_SOCKET:
		return call_socket(p, c);
	case DUT_BIND:
		return ph_bind(p->st, c->fd, &c->addr, p->now);
	case DUT_LISTEN:
		return ph_listen(p->st, c->fd, (int)c->a[0], p->now);
	case DUT_CONNECT:
		return call_connect(p, c);
	case DUT_SHUTDOWN:
		return ph_shutdown(p->st, c->fd, (int)c->a[0], p->now);
	case DUT_CLOSE:
		return call_close(p, c);
	case DUT_GETSOCKOPT:
	case DUT_SETSOCKOPT:
		return call_option(p, c);
	case DUT_GETSOCKNAME:
		return ph_getsockname(p->st, c->fd, &c->addr);
	case DUT_GETPEERNAME:
		return ph_getpeername(p->st, c->fd, &c->addr);
	case DUT_FCNTL:
		return call_fcntl(p, c);
	case DUT_IOCTL:
		return call_ioctl(p, c);
	case DUT_EPOLL_CREATE:
		return phantom_epoll_create(&p->epolls);
	case DUT_EPOLL_CTL:
		return phantom_epoll_ctl(&p->epolls, p->st, c);
	case DUT_SEND:
		return try_send(p, c, c->priv);
	case DUT_ACCEPT:
	case DUT_RECV:
	case DUT_POLL:
	case DUT_EPOLL_WAIT:
		return try_again(p, c);
	case DUT_OPS:
		break;
	}
	return -ENOSYS;
}

static bool may_wait(const struct phantom *p, const struct dut_call *c)
{
	bool polls = c->op == DUT_POLL || c->op == DUT_EPOLL_WAIT;
	bool waits = c->op == DUT_ACCEPT || c->op == DUT_SEND || c->op == DUT_RECV ||
		     c->op == DUT_CONNECT;

	return polls || c->op == DUT_CLOSE || (waits && !nonblocking(p, c));
}

static int op_call(struct dut *d, struct dut_call *c)
{
	struct phantom *p = of(d);
	struct wait_state *w = calloc(1, sizeof(*w));
	int64_t result;

	if (!w) {
		snprintf(d->err, sizeof(d->err), "out of memory for a call");
		return -EIO;
	}
	ph_stack_run(p->st, p->now); /* options tell of times since: the stack's clock is ours */
	c->done = false;
	c->priv = w;
	w->until = c->a[0] < 0 ? PH_NEVER : p->now + (uint64_t)c->a[0] * ns_per_ms;
	result = first_try(p, c);
	if (result == -EAGAIN && may_wait(p, c)) {
		struct dut_call **end = &p->pending;

		if (c->op == DUT_ACCEPT || c->op == DUT_SEND || c->op == DUT_RECV ||
		    c->op == DUT_CONNECT)
			w->until = patience_of(p, c);
		while (*end)
			end = &(*end)->next;
		*end = c;
		c->next = NULL;
	} else {
		accepted(p, c, result);
		finish(p, c, result);
	}
	return settle(p);
}

static void op_cancel(struct dut *d, struct dut_call *c)
{
	unlink_call(of(d), c);
	free(c->priv);
	c->priv = NULL;
}

static int op_sysctl_set(struct dut *d, const char *name, const char *value)
{
	return ph_sysctl_set(of(d)->st, name, value);
}

static int op_sysctl_get(struct dut *d, const char *name, char *out, size_t cap)
{
	return ph_sysctl_get(of(d)->st, name, out, cap);
}

static int op_counter(struct dut *d, const char *name, uint64_t *out)
{
	const char *have;

	for (size_t i = 0; (have = ph_counter_name(i)); i++) {
		if (strcmp(have, name) == 0) {
			*out = ph_counter(of(d)->st, i);
			return 0;
		}
	}
	return -ENOENT;
}

/* Of the one route there is, to everywhere. */
static int op_route_change(struct dut *d, const struct dut_route *r)
{
	struct phantom *p = of(d);
	struct ph_route_metrics m = { .mtu = r->mtu,
				      .advmss = r->advmss,
				      .initcwnd = r->initcwnd,
				      .initrwnd = r->initrwnd,
				      .rto_min_us = r->rto_min_ms * 1000,
				      .mtu_lock = r->mtu_lock,
				      .quickack = r->quickack,
				      .ecn = r->ecn };
	struct ph_ip any = p->v6 ? (struct ph_ip){ { 0 } } : ph_ip4(0, 0, 0, 0);
	int rc;

	snprintf(m.congctl, sizeof(m.congctl), "%s", r->congctl ? r->congctl : "");
	rc = ph_route_metrics(p->st, &any, 0, p->link, &m, p->now);
	if (rc == 0)
		return 0;
	snprintf(d->err, sizeof(d->err), "the route takes no such metrics: %s", strerror(-rc));
	return rc == -EINVAL ? -EOPNOTSUPP : -EIO;
}

static int op_drop(struct dut *d, int fd)
{
	return ph_abort(of(d)->st, fd, of(d)->now) == 0 ? settle(of(d)) : -EIO;
}

/* There are no metrics kept from one connection to the next. */
static int op_metrics_flush(struct dut *d)
{
	struct phantom *p = of(d);
	char epoch[24];

	snprintf(epoch, sizeof(epoch), "%u", ++p->metrics_epoch);
	return ph_sysctl_set(p->st, "net.phantom.tcp_metrics_epoch", epoch);
}

/* The link has no offloads, as a script that turns them off wants it. */
static int op_offload(struct dut *d, const char *feature, bool on)
{
	if (!on)
		return 0;
	snprintf(d->err, sizeof(d->err), "offload %s on: the script's link has no offloads",
		 feature);
	return -EOPNOTSUPP;
}

static int op_socks(struct dut *d, struct dut_sock *out, size_t n)
{
	struct ph_sock_info *info = calloc(n + 1, sizeof(*info));
	size_t have;

	if (!info) {
		snprintf(d->err, sizeof(d->err), "out of memory for a list of sockets");
		return -EIO;
	}
	have = ph_socks(of(d)->st, info, n);
	for (size_t i = 0; i < n && i < have; i++)
		out[i] = (struct dut_sock){ .type = info[i].type,
					    .state = info[i].state,
					    .local = info[i].local,
					    .peer = info[i].peer };
	free(info);
	return (int)have;
}

static void op_describe(struct dut *d, char *out, size_t cap)
{
	struct ph_sock_info info[16];
	size_t n = ph_socks(of(d)->st, info, 16), at = 0;

	out[0] = '\0';
	for (size_t i = 0; i < n && i < 16 && at < cap; i++)
		at += (size_t)snprintf(out + at, cap - at,
				       "%s%s port %u, peer's %u, to read %u, to send %u",
				       i ? "\n" : "", info[i].state_name, info[i].local.port,
				       info[i].peer.port, info[i].recvq, info[i].sendq);
}

static const struct dut_ops phantom_ops = {
	.name = "phantom",
	.virtual_time = true,
	.free = op_free,
	.now = op_now,
	.wait = op_wait,
	.inject = op_inject,
	.take = op_take,
	.call = op_call,
	.cancel = op_cancel,
	.sysctl_set = op_sysctl_set,
	.sysctl_get = op_sysctl_get,
	.counter = op_counter,
	.route_change = op_route_change,
	.metrics_flush = op_metrics_flush,
	.drop = op_drop,
	.offload = op_offload,
	.socks = op_socks,
	.describe = op_describe,
};

static int join_network(struct phantom *p, const struct dut_conf *conf, char *err)
{
	struct ph_link_conf link = { .name = "tun0",
				     .kind = PH_LINK_IP,
				     .mtu = (uint16_t)(conf->mtu ? conf->mtu : 1500) };
	struct ph_ip any = ph_ip_is4(&conf->local) ? ph_ip4(0, 0, 0, 0)
						   : (struct ph_ip){ { 0 } };
	int rc;

	p->v6 = !ph_ip_is4(&conf->local);
	p->link = ph_link_add(p->st, &link, p->now);
	if (p->link < 0) {
		snprintf(err, DUT_ERR_TEXT, "phantom takes no link of MTU %u: %s", conf->mtu,
			 strerror(-p->link));
		return p->link;
	}
	rc = ph_addr_add(p->st, p->link, &conf->local, conf->prefix, p->now);
	if (rc == 0)
		rc = ph_route_add(p->st, &any, 0, NULL, p->link, 0, p->now);
	if (rc != 0)
		snprintf(err, DUT_ERR_TEXT, "phantom takes no such address: %s", strerror(-rc));
	return rc;
}

struct dut *dut_phantom_new(const struct dut_conf *conf, char *err)
{
	struct ph_conf pc = { .alloc = mem_alloc,
			      .release = mem_release,
			      .now_ns = start_ns,
			      .trace = conf->trace,
			      .trace_arg = conf->trace_arg };
	struct phantom *p = calloc(1, sizeof(*p));

	if (!p) {
		snprintf(err, DUT_ERR_TEXT, "out of memory for a stack");
		return NULL;
	}
	memcpy(pc.key, conf->key, sizeof(pc.key));
	p->dut.ops = &phantom_ops;
	p->last = &p->first;
	p->now = start_ns;
	p->mss = conf->mss;
	p->st = ph_stack_new(&pc);
	if (!p->st) {
		snprintf(err, DUT_ERR_TEXT, "out of memory for a stack");
		op_free(&p->dut);
		return NULL;
	}
	if (join_network(p, conf, err) != 0) {
		op_free(&p->dut);
		return NULL;
	}
	return &p->dut;
}
