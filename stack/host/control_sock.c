/* SPDX-License-Identifier: BSD-2-Clause */
/* A client's sockets and calls. See control_sock.h. */
#define _GNU_SOURCE 1
#include "host/control_sock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "host/control_bytes.h"
#include "host/control_epoll.h"
#include "host/tap.h"

enum { POLL_NVAL = 0x20, DESCRIBED = 32 };
enum { CONTROL_MSG_MAX = 65536, MSG_ERRORS = 0x2000 /* MSG_ERRQUEUE, which never waits */ };
static const uint64_t ns_per_ms = 1000000, linger_look_ns = 5 * 1000000;

struct sock {
	struct app app;
	struct list_node node;
	struct control_socks *cs;
	bool nonblocking;
};

struct control_socks {
	struct host *h;
	void (*say)(void *arg, json_t *take);
	void *arg;
	struct list socks, calls;
	struct source timer;
	struct control_epolls epolls;
};

struct row;

struct call {
	struct list_node node;
	const struct row *row;
	struct control_socks *cs;
	struct host *h;
	json_t *request, *out;
	const json_t *args;
	bool again; /* it has been tried before */
	uint64_t started_ns, until_ns;
	uint8_t *bytes;
	size_t len, sent;
	struct ph_sockaddr local, peer; /* of a connection whose close lingers */
	uint8_t *control;		/* messages beside the bytes */
	size_t control_len;
	const char *wrong; /* a sentence: the request is no good */
};

struct row {
	const char *name;
	int64_t (*run)(struct call *c, struct sock *s);
	bool on_socket, waits;
};

static json_int_t number(const struct call *c, const char *name)
{
	return json_integer_value(json_object_get(c->args, name));
}

static int64_t wrong(struct call *c, const char *sentence)
{
	c->wrong = sentence;
	return -EINVAL;
}

static struct sock *find(const struct control_socks *cs, json_int_t fd)
{
	struct list_node *n;

	list_for_each(n, &cs->socks) {
		struct sock *s = container_of(n, struct sock, node);

		if (s->app.socket == fd)
			return s;
	}
	return NULL;
}

static void retry(struct control_socks *cs);

static void sock_ready(struct host *h, struct app *app, uint32_t events)
{
	struct control_socks *cs = container_of(app, struct sock, app)->cs;

	(void)h, (void)events;
	control_epoll_ready(&cs->epolls, (int)app->socket);
	retry(cs);
}

static int64_t sock_new(struct call *c, ph_socket socket, bool nonblocking)
{
	struct sock *s;

	if (socket < 0)
		return socket;
	s = calloc(1, sizeof(*s));
	if (!s) {
		(void)ph_close(c->h->st, socket, c->h->now_ns);
		return -ENOMEM;
	}
	s->cs = c->cs;
	s->nonblocking = nonblocking;
	list_push_back(&c->cs->socks, &s->node);
	host_add_app(c->h, &s->app, socket, sock_ready);
	return socket;
}

static void sock_free(struct sock *s)
{
	host_close_app(s->cs->h, &s->app);
	list_remove(&s->node);
	free(s);
}

/* ---- the calls: a result, or -errno; -EAGAIN of those that may wait is tried again ---- */

static int64_t call_socket(struct call *c, struct sock *s)
{
	json_int_t type = number(c, "type");

	(void)s;
	return sock_new(c,
			ph_socket_new(c->h->st, (int)number(c, "family"), (int)type & 0xf,
				      (int)number(c, "protocol"), c->h->now_ns),
			(type & O_NONBLOCK) != 0);
}

static bool take_addr(struct call *c, struct ph_sockaddr *addr)
{
	if (control_addr_of(json_object_get(c->args, "addr"), addr))
		return true;
	(void)wrong(c, "\"addr\" must be {\"family\":2,\"ip\":\"192.0.2.1\",\"port\":8080}");
	return false;
}

static int64_t call_bind(struct call *c, struct sock *s)
{
	struct ph_sockaddr addr;

	if (!take_addr(c, &addr))
		return -EINVAL;
	return ph_bind(c->h->st, s->app.socket, &addr, c->h->now_ns);
}

static int64_t call_listen(struct call *c, struct sock *s)
{
	return ph_listen(c->h->st, s->app.socket, (int)number(c, "backlog"), c->h->now_ns);
}

static int64_t call_accept(struct call *c, struct sock *s)
{
	struct ph_sockaddr peer;
	ph_socket child = ph_accept(c->h->st, s->app.socket, &peer, c->h->now_ns);

	if (child >= 0)
		json_object_set_new(c->out, "addr", control_addr(&peer));
	return sock_new(c, child, (number(c, "flags") & O_NONBLOCK) != 0);
}

static int64_t connect_end(struct call *c, struct sock *s)
{
	int error = 0;
	uint32_t len = sizeof(error);

	if (!(ph_poll(c->h->st, s->app.socket) & (PH_POLLOUT | PH_POLLERR | PH_POLLHUP)))
		return -EAGAIN;
	if (ph_getsockopt(c->h->st, s->app.socket, PH_SOL_SOCKET, PH_SO_ERROR, &error, &len) < 0)
		return -EBADF;
	return -error;
}

static int64_t call_connect(struct call *c, struct sock *s)
{
	struct ph_sockaddr addr;
	int rc;

	if (c->again)
		return connect_end(c, s);
	if (!take_addr(c, &addr))
		return -EINVAL;
	rc = ph_connect(c->h->st, s->app.socket, &addr, c->h->now_ns);
	return rc == -EINPROGRESS && !s->nonblocking ? -EAGAIN : rc;
}

static bool waits_here(const struct call *c, const struct sock *s)
{
	return !s->nonblocking && !(number(c, "flags") & (PH_MSG_DONTWAIT | MSG_ERRORS));
}

static int64_t call_send(struct call *c, struct sock *s)
{
	const json_t *to = json_object_get(c->args, "addr");
	struct ph_sockaddr addr;
	struct ph_iov iov;
	struct ph_msg msg = { .name = to ? &addr : NULL, .iov = &iov, .niov = 1 };
	const json_t *control = json_object_get(c->args, "control");
	int64_t n;
	int flags;

	if (to && !take_addr(c, &addr))
		return -EINVAL;
	if (!c->bytes && !control_bytes_of(json_object_get(c->args, "bytes"), &c->bytes, &c->len))
		return wrong(c, "\"bytes\" must be base64, {\"hex\":..}, {\"zeros\":N} or {\"int\":N}");
	if (control && !c->control &&
	    !control_bytes_of(control, &c->control, &c->control_len))
		return wrong(c, "\"control\" must be base64");
	msg.control = c->control;
	msg.control_len = c->control_len;
	iov = (struct ph_iov){ c->bytes + c->sent, c->len - c->sent };
	flags = (int)number(c, "flags") | (waits_here(c, s) ? 0 : PH_MSG_DONTWAIT);
	if (c->again) /* the rest goes when it is connected */
		flags &= ~PH_MSG_FASTOPEN;
	else if ((flags & PH_MSG_FASTOPEN) && waits_here(c, s))
		flags |= PH_MSG_MORE; /* with the handshake's last ACK: it is about to be written */
	n = ph_sendmsg(c->h->st, s->app.socket, &msg, flags, c->h->now_ns);
	if ((flags & PH_MSG_FASTOPEN) && waits_here(c, s) && (n >= 0 || n == -EINPROGRESS)) {
		c->sent += n > 0 ? (size_t)n : 0;
		return -EAGAIN;
	}
	if (n < 0)
		return n == -EAGAIN && waits_here(c, s) ? n : c->sent > 0 ? (int64_t)c->sent : n;
	c->sent += (size_t)n;
	return c->sent < c->len && waits_here(c, s) ? -EAGAIN : (int64_t)c->sent;
}

static bool take_room(struct call *c)
{
	json_int_t len = number(c, "len");

	if (len < 0 || len > CONTROL_BYTES_MAX) {
		(void)wrong(c, "\"len\" must be 0 to 4194304");
		return false;
	}
	c->len = (size_t)len;
	if (!c->bytes)
		c->bytes = calloc(1, c->len + 1);
	len = number(c, "control_len");
	if (len < 0 || len > CONTROL_MSG_MAX) {
		(void)wrong(c, "\"control_len\" must be 0 to 65536");
		return false;
	}
	c->control_len = (size_t)len;
	if (!c->control)
		c->control = calloc(1, c->control_len + 1);
	return c->bytes && c->control;
}

static int64_t call_recv(struct call *c, struct sock *s)
{
	struct ph_sockaddr from = { 0 };
	struct ph_iov iov;
	struct ph_msg msg = { .name = &from, .iov = &iov, .niov = 1 };
	bool all = (number(c, "flags") & (PH_MSG_WAITALL | PH_MSG_PEEK)) == PH_MSG_WAITALL;
	int64_t n;

	if (!take_room(c))
		return -ENOMEM;
	msg.control = c->control;
	msg.control_cap = c->control_len;
	iov = (struct ph_iov){ c->bytes + c->sent, c->len - c->sent };
	n = ph_recvmsg(c->h->st, s->app.socket, &msg, (int)number(c, "flags"), c->h->now_ns);
	if (n < 0 && (c->sent == 0 || (n == -EAGAIN && waits_here(c, s))))
		return n;
	c->sent += n > 0 ? (size_t)n : 0;
	if (n > 0 && all && c->sent < c->len && waits_here(c, s))
		return -EAGAIN; /* what is here is kept */
	if (all)
		n = (int64_t)c->sent;
	json_object_set_new(c->out, "bytes",
			    control_bytes(c->bytes, (size_t)n < c->len ? (size_t)n : c->len));
	json_object_set_new(c->out, "msg_flags", json_integer(msg.flags));
	if (msg.control_len > 0)
		json_object_set_new(c->out, "control", control_bytes(c->control, msg.control_len));
	if (from.family != 0)
		json_object_set_new(c->out, "addr", control_addr(&from));
	return n;
}

static int64_t call_shutdown(struct call *c, struct sock *s)
{
	return ph_shutdown(c->h->st, s->app.socket, (int)number(c, "how"), c->h->now_ns);
}

/* Whether what is closed still has octets that the peer has not acknowledged. */
static bool lingering(const struct call *c)
{
	enum { FIN_WAIT1 = 4, LAST_ACK = 9, CLOSING = 11 };
	size_t n = ph_socks(c->h->st, NULL, 0);
	struct ph_sock_info *info = calloc(n + 1, sizeof(*info));
	bool yes = false;

	n = info ? ph_socks(c->h->st, info, n) : 0;
	for (size_t i = 0; i < n; i++)
		yes |= (info[i].state == FIN_WAIT1 || info[i].state == LAST_ACK ||
			info[i].state == CLOSING) &&
		       info[i].local.port == c->local.port && info[i].peer.port == c->peer.port &&
		       memcmp(&info[i].peer.ip, &c->peer.ip, sizeof(c->peer.ip)) == 0;
	free(info);
	return yes;
}

/* With SO_LINGER's seconds close() waits for them, or for the last acknowledgment. */
static int64_t call_close(struct call *c, struct sock *s)
{
	int32_t linger[2] = { 0 };
	uint32_t len = sizeof(linger);
	ph_socket socket;

	if (c->again)
		return lingering(c) && c->h->now_ns < c->until_ns ? -EAGAIN : 0;
	if (control_epoll_close(&c->cs->epolls, number(c, "fd")))
		return 0;
	if (!s)
		return -EBADF;
	socket = s->app.socket;
	if (ph_getsockname(c->h->st, socket, &c->local) == 0 &&
	    ph_getpeername(c->h->st, socket, &c->peer) == 0 &&
	    ph_getsockopt(c->h->st, socket, PH_SOL_SOCKET, PH_SO_LINGER, linger, &len) != 0)
		linger[0] = 0;
	sock_free(s);
	if (!linger[0] || linger[1] <= 0)
		return 0;
	c->until_ns = c->h->now_ns + (uint64_t)linger[1] * 1000 * ns_per_ms;
	return lingering(c) ? -EAGAIN : 0;
}

static int64_t call_epoll_create(struct call *c, struct sock *s)
{
	(void)s;
	return control_epoll_new(&c->cs->epolls);
}

static int64_t call_epoll_ctl(struct call *c, struct sock *s)
{
	(void)s;
	if (!find(c->cs, number(c, "target")))
		return -EBADF;
	return control_epoll_ctl(&c->cs->epolls, number(c, "fd"), number(c, "op"),
				 (int)number(c, "target"), (uint32_t)number(c, "events"),
				 (uint64_t)number(c, "data"));
}

static void say_event(void *list, uint32_t events, uint64_t data)
{
	json_array_append_new(list, json_pack("{s:I,s:I}", "events", (json_int_t)events, "data",
					      (json_int_t)data));
}

static int64_t call_epoll_wait(struct call *c, struct sock *s)
{
	json_int_t timeout = number(c, "timeout_ms"), max = number(c, "max");
	json_t *list = json_array();
	int64_t n;

	(void)s;
	if (!c->again)
		c->until_ns = timeout < 0 ? PH_NEVER
					  : c->h->now_ns + (uint64_t)timeout * ns_per_ms;
	n = max <= 0 ? -EINVAL
		     : control_epoll_wait(&c->cs->epolls, c->h->st, number(c, "fd"), (size_t)max,
					  say_event, list);
	json_object_set_new(c->out, "events", list);
	return n == 0 && c->h->now_ns < c->until_ns ? -EAGAIN : n;
}

static int64_t call_getsockopt(struct call *c, struct sock *s)
{
	uint32_t len;
	int rc;

	if (!take_room(c))
		return -ENOMEM;
	len = (uint32_t)c->len;
	rc = ph_getsockopt(c->h->st, s->app.socket, (int)number(c, "level"),
			   (int)number(c, "name"), c->bytes, &len);
	if (rc == 0)
		json_object_set_new(c->out, "bytes", control_bytes(c->bytes, len));
	return rc;
}

static int64_t call_setsockopt(struct call *c, struct sock *s)
{
	if (!control_bytes_of(json_object_get(c->args, "bytes"), &c->bytes, &c->len))
		return wrong(c, "\"bytes\" must be base64, {\"hex\":..}, {\"zeros\":N} or {\"int\":N}");
	return ph_setsockopt(c->h->st, s->app.socket, (int)number(c, "level"),
			     (int)number(c, "name"), c->bytes, (uint32_t)c->len, c->h->now_ns);
}

static int64_t call_name(struct call *c, struct sock *s)
{
	struct ph_sockaddr addr;
	int rc = strcmp(c->row->name, "getsockname") == 0
			 ? ph_getsockname(c->h->st, s->app.socket, &addr)
			 : ph_getpeername(c->h->st, s->app.socket, &addr);

	if (rc == 0)
		json_object_set_new(c->out, "addr", control_addr(&addr));
	return rc;
}

static int64_t call_fcntl(struct call *c, struct sock *s)
{
	switch (number(c, "cmd")) {
	case F_GETFL:
		return O_RDWR | (s->nonblocking ? O_NONBLOCK : 0);
	case F_SETFL:
		s->nonblocking = (number(c, "arg") & O_NONBLOCK) != 0;
		return 0;
	case F_GETFD:
	case F_SETFD:
		return 0;
	default:
		return -EINVAL;
	}
}

static int64_t call_ioctl(struct call *c, struct sock *s)
{
	int n = 0;
	int rc = ph_ioctl(c->h->st, s->app.socket, (unsigned)number(c, "request"), &n);

	json_object_set_new(c->out, "value", json_integer(n));
	return rc;
}

static int64_t call_poll(struct call *c, struct sock *unused)
{
	const json_t *fds = json_object_get(c->args, "fds"), *one;
	json_int_t timeout = number(c, "timeout_ms");
	json_t *revents;
	int64_t n = 0;
	size_t i;

	(void)unused;
	if (!json_is_array(fds))
		return wrong(c, "\"fds\" must be a list of {\"fd\":N,\"events\":N}");
	if (!c->again)
		c->until_ns = timeout < 0 ? PH_NEVER
					  : c->h->now_ns + (uint64_t)timeout * ns_per_ms;
	revents = json_array();
	json_array_foreach(fds, i, one) {
		json_int_t fd = json_integer_value(json_object_get(one, "fd"));
		json_int_t wanted = json_integer_value(json_object_get(one, "events"));
		uint32_t got = fd < 0 ? 0u : (uint32_t)POLL_NVAL;

		if (find(c->cs, fd))
			got = ph_poll(c->h->st, (ph_socket)fd) &
			      ((uint32_t)wanted | PH_POLLERR | PH_POLLHUP);
		n += got != 0;
		json_array_append_new(revents, json_integer(got));
	}
	json_object_set_new(c->out, "revents", revents);
	return n == 0 && c->h->now_ns < c->until_ns ? -EAGAIN : n;
}

static int64_t call_sysctl(struct call *c, struct sock *s)
{
	const char *name = json_string_value(json_object_get(c->args, "name"));
	const char *value = json_string_value(json_object_get(c->args, "value"));
	char text[128];
	int rc = name ? 0 : -EINVAL;

	(void)s;
	if (rc == 0 && value)
		rc = ph_sysctl_set(c->h->st, name, value);
	if (rc == 0)
		rc = ph_sysctl_get(c->h->st, name, text, sizeof(text));
	if (rc == 0)
		json_object_set_new(c->out, "value", json_string(text));
	return rc;
}

static int64_t call_counter(struct call *c, struct sock *s)
{
	const char *name = json_string_value(json_object_get(c->args, "name"));
	const char *have;

	(void)s;
	for (size_t i = 0; name && (have = ph_counter_name(i)); i++) {
		if (strcmp(have, name) == 0)
			return json_object_set_new(
				c->out, "value",
				json_integer((json_int_t)ph_counter(c->h->st, i)));
	}
	return name ? -ENOENT : -EINVAL;
}

static int64_t call_describe(struct call *c, struct sock *s)
{
	struct ph_sock_info info[DESCRIBED];
	size_t n = ph_socks(c->h->st, info, DESCRIBED), at = 0;
	char text[DESCRIBED * 96];

	(void)s;
	text[0] = '\0';
	for (size_t i = 0; i < n && i < DESCRIBED && at < sizeof(text); i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at,
				       "%s port %u, peer's %u, to read %u, to send %u\n",
				       info[i].state_name, info[i].local.port, info[i].peer.port,
				       info[i].recvq, info[i].sendq);
	return json_object_set_new(c->out, "text", json_string(text));
}

/* The metrics of the routes to everywhere. */
static int64_t call_route(struct call *c, struct sock *s)
{
	const char *congctl = json_string_value(json_object_get(c->args, "congctl"));
	struct ph_route_metrics m = {
		.mtu = (uint32_t)number(c, "mtu"),
		.advmss = (uint32_t)number(c, "advmss"),
		.initcwnd = (uint32_t)number(c, "initcwnd"),
		.initrwnd = (uint32_t)number(c, "initrwnd"),
		.rto_min_us = (uint32_t)number(c, "rto_min_ms") * 1000,
		.mtu_lock = json_is_true(json_object_get(c->args, "mtu_lock")),
		.quickack = json_is_true(json_object_get(c->args, "quickack")),
		.ecn = json_is_true(json_object_get(c->args, "ecn")),
	};
	size_t n = ph_routes(c->h->st, NULL, 0);
	struct ph_route_info *info = calloc(n + 1, sizeof(*info));
	int rc = info ? -ESRCH : -ENOMEM;

	(void)s;
	snprintf(m.congctl, sizeof(m.congctl), "%s", congctl ? congctl : "");
	n = info ? ph_routes(c->h->st, info, n) : 0;
	for (size_t i = 0; i < n; i++)
		if (info[i].prefix == 0)
			rc = ph_route_metrics(c->h->st, &info[i].dst, 0, info[i].link, &m,
					      c->h->now_ns);
	free(info);
	return rc;
}

static int64_t call_drop(struct call *c, struct sock *s)
{
	return ph_abort(c->h->st, s->app.socket, c->h->now_ns);
}

static int64_t call_sockets(struct call *c, struct sock *s)
{
	size_t n = ph_socks(c->h->st, NULL, 0), have;
	struct ph_sock_info *info = calloc(n + 1, sizeof(*info));
	json_t *list = json_array();

	(void)s;
	have = info ? ph_socks(c->h->st, info, n) : 0;
	for (size_t i = 0; i < n && i < have; i++)
		json_array_append_new(list, json_pack("{s:i,s:i,s:o,s:o}", "type", info[i].type,
						      "state", info[i].state, "local",
						      control_addr(&info[i].local), "peer",
						      control_addr(&info[i].peer)));
	free(info);
	return json_object_set_new(c->out, "sockets", list);
}

static const struct row rows[] = {
	{ "socket", call_socket, false, false },
	{ "bind", call_bind, true, false },
	{ "listen", call_listen, true, false },
	{ "accept", call_accept, true, true },
	{ "connect", call_connect, true, true },
	{ "send", call_send, true, true },
	{ "recv", call_recv, true, true },
	{ "shutdown", call_shutdown, true, false },
	{ "close", call_close, false, true },
	{ "epoll_create", call_epoll_create, false, false },
	{ "epoll_ctl", call_epoll_ctl, false, false },
	{ "epoll_wait", call_epoll_wait, false, true },
	{ "getsockopt", call_getsockopt, true, false },
	{ "setsockopt", call_setsockopt, true, false },
	{ "getsockname", call_name, true, false },
	{ "getpeername", call_name, true, false },
	{ "fcntl", call_fcntl, true, false },
	{ "ioctl", call_ioctl, true, false },
	{ "poll", call_poll, false, true },
	{ "sysctl", call_sysctl, false, false },
	{ "counter", call_counter, false, false },
	{ "describe", call_describe, false, false },
	{ "sockets", call_sockets, false, false },
	{ "route", call_route, false, false },
	{ "drop", call_drop, true, false },
};

/* ---- a call's life ---- */

static void call_free(struct call *c)
{
	json_decref(c->request);
	json_decref(c->out);
	free(c->bytes);
	free(c->control);
	free(c);
}

static void answer(struct call *c, int64_t result)
{
	json_t *a = json_pack("{s:O,s:I,s:I,s:I}", "id", json_object_get(c->request, "id"), "result",
			      (json_int_t)(result < 0 ? -1 : result), "started_ns",
			      (json_int_t)c->started_ns, "ended_ns", (json_int_t)c->h->now_ns);

	if (c->wrong) {
		json_decref(a);
		a = json_pack("{s:O,s:s}", "id", json_object_get(c->request, "id"), "error",
			      c->wrong);
	} else {
		if (result < 0) {
			json_object_clear(c->out);
			json_object_set_new(a, "errno", json_string(control_errno((int)-result)));
		}
		json_object_set(a, "out", c->out);
	}
	c->cs->say(c->cs->arg, a);
}

/* Until when SO_RCVTIMEO or SO_SNDTIMEO lets a call wait that has to. */
static uint64_t patience_of(const struct call *c, const struct sock *s)
{
	enum { SO_RCVTIMEO_ = 20, SO_SNDTIMEO_ = 21 };
	bool gives = c->row->run == call_send || c->row->run == call_connect;
	int64_t time[2] = { 0 };
	uint32_t len = sizeof(time);

	if (ph_getsockopt(c->h->st, s->app.socket, PH_SOL_SOCKET,
			  gives ? SO_SNDTIMEO_ : SO_RCVTIMEO_, time, &len) != 0 ||
	    (time[0] == 0 && time[1] == 0))
		return PH_NEVER;
	return c->h->now_ns + (uint64_t)time[0] * 1000 * ns_per_ms + (uint64_t)time[1] * 1000;
}

/* What a call returns that has waited that long. */
static int64_t timed_out(const struct call *c)
{
	if (c->row->run == call_connect)
		return -EINPROGRESS;
	return c->sent > 0 || c->row->run == call_close ? (int64_t)c->sent : -EAGAIN;
}

/* One try. False: it has to wait. */
static bool try(struct call *c)
{
	bool closes = c->row->run == call_close;
	struct sock *s = c->row->on_socket || closes ? find(c->cs, number(c, "fd")) : NULL;
	int64_t result = c->row->on_socket && !s ? -EBADF : c->row->run(c, s);
	/* A closed socket is gone, and polls have none. */
	bool waits = result == -EAGAIN && c->row->waits &&
		     (!c->row->on_socket || !s || waits_here(c, s));

	if (waits && !c->again && c->row->on_socket && s)
		c->until_ns = patience_of(c, s);
	if (waits && c->h->now_ns >= c->until_ns) {
		waits = false;
		result = timed_out(c);
	}
	c->again = true;
	if (!waits)
		answer(c, result);
	return !waits;
}

static void arm(struct control_socks *cs)
{
	struct itimerspec at = { 0 };
	uint64_t first = PH_NEVER;
	struct list_node *n;

	list_for_each(n, &cs->calls) {
		const struct call *c = container_of(n, struct call, node);
		uint64_t until = c->until_ns;

		/* Nothing tells of a connection whose socket is closed. */
		if (c->row->run == call_close && until > cs->h->now_ns + linger_look_ns)
			until = cs->h->now_ns + linger_look_ns;
		first = until < first ? until : first;
	}
	if (first != PH_NEVER) {
		at.it_value.tv_sec = (time_t)(first / 1000000000u);
		at.it_value.tv_nsec = (long)(first % 1000000000u);
	}
	(void)timerfd_settime(cs->timer.fd, TFD_TIMER_ABSTIME, &at, NULL);
}

static void retry(struct control_socks *cs)
{
	struct list_node *n, *next;

	list_for_each_safe(n, next, &cs->calls) {
		struct call *c = container_of(n, struct call, node);

		if (!try(c))
			continue;
		list_remove(&c->node);
		call_free(c);
	}
	arm(cs);
}

static void timer_ready(struct host *h, struct source *source, uint32_t events)
{
	uint64_t times;

	(void)h, (void)events;
	if (read(source->fd, &times, sizeof(times)) == (ssize_t)sizeof(times))
		retry(container_of(source, struct control_socks, timer));
}

void control_socks_call(struct control_socks *cs, json_t *request)
{
	const char *name = json_string_value(json_object_get(request, "call"));
	struct call *c = calloc(1, sizeof(*c));

	for (size_t i = 0; c && name && i < ARRAY_LEN(rows); i++)
		if (strcmp(rows[i].name, name) == 0)
			c->row = &rows[i];
	if (!c || !c->row || !json_is_integer(json_object_get(request, "id"))) {
		bool known = c && c->row;
		json_t *id = json_object_get(request, "id");
		json_t *a = json_pack("{s:s,s:b}", "error",
				      known ? "\"id\" must be a number"
					    : "there is no such call here; see docs/dut-protocol.md",
				      "unsupported", !known);

		if (id)
			json_object_set(a, "id", id);
		free(c);
		cs->say(cs->arg, a);
		return;
	}
	c->cs = cs;
	c->h = cs->h;
	c->request = json_incref(request);
	c->args = json_object_get(request, "args");
	c->out = json_object();
	c->started_ns = cs->h->now_ns;
	c->until_ns = PH_NEVER;
	/* A client that sent packets and then asks, asks a stack that has had them. */
	while (devices_read(cs->h))
		;
	ph_stack_run(cs->h->st, cs->h->now_ns); /* what options tell of time is of now */
	if (try(c)) {
		call_free(c);
	} else {
		list_push_back(&cs->calls, &c->node);
		cs->say(cs->arg, json_pack("{s:O,s:b}", "id", json_object_get(request, "id"),
					   "pending", 1));
	}
	retry(cs); /* a shutdown or a close may have woken others */
}

/* ---- a client's life ---- */

struct control_socks *control_socks_new(struct host *h, void (*say)(void *arg, json_t *take),
					void *arg)
{
	struct control_socks *cs = calloc(1, sizeof(*cs));
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);

	if (!cs || fd < 0 || host_watch(h, &cs->timer, fd, EPOLLIN, timer_ready) < 0) {
		if (fd >= 0)
			close(fd);
		free(cs);
		return NULL;
	}
	cs->h = h;
	cs->say = say;
	cs->arg = arg;
	list_init(&cs->socks);
	list_init(&cs->calls);
	return cs;
}

void control_socks_free(struct control_socks *cs)
{
	struct list_node *n;

	if (!cs)
		return;
	while ((n = list_pop_front(&cs->calls)))
		call_free(container_of(n, struct call, node));
	while ((n = list_first(&cs->socks)))
		sock_free(container_of(n, struct sock, node));
	host_unwatch(cs->h, &cs->timer);
	close(cs->timer.fd);
	free(cs);
}
