/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dial: programs of the machine that phantom runs on reach the network through phantom's TCP. A
 * listener of the kernel's takes their connections; each is carried on by one that the stack
 * opens, to the peer named with --dial, or to the one that the program asks for by SOCKS 5
 * (--socks). Called by main.c, and through service.c for connections that stand.
 *
 * Until the peer has answered the program waits; a refusal is told as a reset, or by SOCKS's code.
 * From then on it is service_forward.c's connection, and counted among its FORWARD_MAX from the
 * first octet on.
 */
#define _GNU_SOURCE 1
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/kaddr.h"
#include "host/options.h"
#include "host/service.h"
#include "host/socks.h"
#include "host/text.h"

enum { WATCHED = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET };

struct dial_port {
	struct source source;
	const struct opt_dial *opt; /* NULL: not listening */
};

/* A program that has not said yet whom it wants. What it said stays in its socket until it is whole. */
struct asker {
	struct source source;
	struct list_node node;
	bool greeted;
};

struct dialler {
	struct list askers;
	bool named; /* it was said that names are not resolved here */
	struct dial_port ports[OPT_DIALS_MAX];
};

/* ---- a connection to the peer ---------------------------------------------------------------- */

static void tell(int fd, enum socks_code code, const struct ph_sockaddr *bound)
{
	uint8_t reply[SOCKS_REPLY_MAX];
	size_t len = socks_reply(reply, code, bound);

	/* A new connection has room for it; if not, the program has gone. */
	if (send(fd, reply, len, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)len)
		(void)shutdown(fd, SHUT_RDWR);
}

static void reset(int fd)
{
	const struct linger at_once = { 1, 0 };

	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

static void kernel_ready(struct host *h, struct source *source, uint32_t events)
{
	struct conn *c = container_of(source, struct conn, u.dial.forward.source);

	if (events & (EPOLLERR | EPOLLHUP))
		c->u.dial.gone = true;
	host_again(h, &c->app);
}

/* The peer has refused, or never answered. */
static enum verdict refused(struct conn *c, int error)
{
	if (c->u.dial.socks)
		tell(c->u.dial.forward.source.fd, socks_code_of(error), NULL);
	else
		reset(c->u.dial.forward.source.fd);
	return CONN_FAILED;
}

static enum verdict dial_ready(struct host *h, struct conn *c)
{
	struct forward *f = &c->u.dial.forward;
	struct ph_sockaddr bound;
	int error = 0;
	uint32_t len = sizeof(error);

	if (f->connected)
		return forward_ready(h, c);
	if (c->u.dial.gone)
		return CONN_FAILED;
	if (ph_getsockopt(h->st, c->app.socket, PH_SOL_SOCKET, PH_SO_ERROR, &error, &len) < 0)
		error = EIO;
	if (error)
		return refused(c, error);
	if (!(ph_poll(h->st, c->app.socket) & PH_POLLOUT))
		return CONN_WAIT;
	f->connected = true;
	if (c->u.dial.socks && ph_getsockname(h->st, c->app.socket, &bound) == 0)
		tell(f->source.fd, SOCKS_OK, &bound);
	return forward_ready(h, c);
}

static const struct service dialled = { .name = "dial",
					.ready = dial_ready,
					.release = forward_release };

/* A socket of the stack's on its way to `to`: it, or -E.... */
static ph_socket connect_to(struct host *h, const struct ph_sockaddr *to)
{
	struct ph_sockaddr peer = *to;
	ph_socket s = ph_socket_new(h->st, peer.family, PH_SOCK_STREAM, 0, h->now_ns);
	int rc;

	if (s < 0)
		return s;
	peer.scope = (uint32_t)h->link; /* of a link-local address: the first device's */
	rc = ph_connect(h->st, s, &peer, h->now_ns);
	if (rc == 0 || rc == -EINPROGRESS)
		return s;
	(void)ph_close(h->st, s, h->now_ns);
	return rc;
}

/*
 * Opens a connection for the program at fd, which is watched already if `watched`. 0: fd is the
 * connection's; else -E..., and fd and its place among the forwarded ones are still the caller's.
 */
static int dial(struct host *h, int fd, const struct ph_sockaddr *to, bool socks, bool watched)
{
	struct conn *c = calloc(1, sizeof(*c));
	ph_socket s = c ? connect_to(h, to) : -ENOMEM;

	if (s < 0) {
		free(c);
		return s;
	}
	c->u.dial.socks = socks;
	c->u.dial.forward.begun = c->u.dial.forward.answered = true;
	c->u.dial.forward.source = (struct source){ kernel_ready, fd };
	if (watched) {
		host_rewatch(h, &c->u.dial.forward.source, WATCHED);
	} else if (host_watch(h, &c->u.dial.forward.source, fd, WATCHED, kernel_ready) < 0) {
		(void)ph_close(h->st, s, h->now_ns);
		free(c);
		return -ENOMEM;
	}
	service_conn(h, c, &dialled, s);
	return 0;
}

/* ---- SOCKS ------------------------------------------------------------------------------------ */

/* Forgets the asker, not its descriptor. */
static void asker_free(struct asker *a)
{
	list_remove(&a->node);
	free(a);
}

static void asker_end(struct host *h, struct asker *a)
{
	int fd = a->source.fd;

	asker_free(a);
	h->forwards--;
	close(fd);
}

static void say_names(struct host *h, const uint8_t *name, size_t len)
{
	if (h->dialler->named)
		return;
	h->dialler->named = true;
	fprintf(stderr,
		"phantom: --socks: %.*s: names are not resolved here; ask by address, as curl --socks5 "
		"does where --socks5-hostname does not\n",
		(int)len, (const char *)name);
}

/* The request is in in[0, len). False: the asker is no more. */
static bool request(struct host *h, struct asker *a, uint8_t *in, size_t len)
{
	struct ph_sockaddr to;
	size_t used = 0;
	enum socks_code code = socks_request(in, len, &to, &used);
	int fd = a->source.fd;
	int rc;

	if (code == SOCKS_MORE)
		return true;
	if (code == SOCKS_OK && recv(fd, in, used, MSG_DONTWAIT) == (ssize_t)used) {
		rc = dial(h, fd, &to, true, true);
		if (rc == 0) {
			asker_free(a);
			return false;
		}
		code = socks_code_of(-rc);
	} else if (code == SOCKS_HOST_UNREACHABLE) {
		say_names(h, in + 5, in[4]);
	}
	if (code != SOCKS_NOT)
		tell(fd, code, NULL);
	asker_end(h, a);
	return false;
}

/* The same of the greeting. */
static bool greeting(struct host *h, struct asker *a, uint8_t *in, size_t len)
{
	uint8_t method[2];
	size_t used = 0;
	enum socks_code code = socks_greeting(in, len, &used);

	if (code == SOCKS_MORE)
		return true;
	if (code != SOCKS_NOT && recv(a->source.fd, in, used, MSG_DONTWAIT) == (ssize_t)used) {
		socks_method(method, code);
		a->greeted = send(a->source.fd, method, sizeof(method),
				  MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)sizeof(method) &&
			     code == SOCKS_OK;
	}
	if (a->greeted)
		return true;
	asker_end(h, a);
	return false;
}

static void asker_ready(struct host *h, struct source *source, uint32_t events)
{
	struct asker *a = container_of(source, struct asker, source);
	uint8_t in[SOCKS_REQUEST_MAX];
	bool was_greeted;

	/* At most two messages are there, one after the other. */
	do {
		ssize_t n = recv(source->fd, in, sizeof(in), MSG_PEEK | MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == EINTR) &&
		    !(events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)))
			return;
		if (n <= 0) {
			asker_end(h, a);
			return;
		}
		was_greeted = a->greeted;
		if (!(a->greeted ? request(h, a, in, (size_t)n) : greeting(h, a, in, (size_t)n)))
			return;
	} while (!was_greeted && a->greeted);
	if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		asker_end(h, a); /* the rest will not come */
}

/* 0: fd is the asker's. */
static int ask(struct host *h, int fd)
{
	struct asker *a = calloc(1, sizeof(*a));

	if (!a)
		return -ENOMEM;
	if (host_watch(h, &a->source, fd, EPOLLIN | EPOLLRDHUP | EPOLLET, asker_ready) < 0) {
		free(a);
		return -ENOMEM;
	}
	list_push_back(&h->dialler->askers, &a->node);
	return 0;
}

/* ---- listeners -------------------------------------------------------------------------------- */

static void port_ready(struct host *h, struct source *source, uint32_t events)
{
	struct dial_port *p = container_of(source, struct dial_port, source);

	(void)events;
	for (int i = 0; i < SERVICE_ROUNDS; i++) {
		int fd = accept4(source->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		int rc;

		if (fd < 0)
			return;
		if (!forward_room(h)) {
			reset(fd);
			close(fd);
			continue;
		}
		rc = p->opt->socks ? ask(h, fd) : dial(h, fd, &p->opt->peer, false, false);
		if (rc == 0)
			continue;
		h->forwards--;
		reset(fd);
		close(fd);
	}
}

static int port_open(struct host *h, struct dial_port *p, const struct opt_dial *opt, char *err,
		     size_t cap)
{
	int fd = kaddr_listen(&opt->at, opt->at_len, SERVICE_BACKLOG);
	int rc = fd < 0 ? fd : host_watch(h, &p->source, fd, EPOLLIN, port_ready);

	if (rc == 0) {
		p->opt = opt;
		return 0;
	}
	if (fd >= 0) {
		close(fd);
		kaddr_forget(&opt->at);
	}
	return text_refused(err, cap, "%s %s: cannot listen there: %s",
			    opt->socks ? "--socks" : "--dial", opt->text,
			    rc == -EADDRINUSE ? "something is there already" : strerror(-rc));
}

int dial_open(struct host *h, char *err, size_t cap)
{
	int rc = 0;

	if (h->opt->ndials == 0)
		return 0;
	h->dialler = calloc(1, sizeof(*h->dialler));
	if (!h->dialler)
		return text_refused(err, cap, "no memory");
	list_init(&h->dialler->askers);
	for (size_t i = 0; i < h->opt->ndials && rc == 0; i++)
		rc = port_open(h, &h->dialler->ports[i], &h->opt->dials[i], err, cap);
	return rc;
}

void dial_close(struct host *h)
{
	struct dialler *d = h->dialler;
	struct list_node *n;

	if (!d)
		return;
	while ((n = list_first(&d->askers)))
		asker_end(h, container_of(n, struct asker, node));
	for (size_t i = 0; i < OPT_DIALS_MAX && d->ports[i].opt; i++) {
		close(d->ports[i].source.fd);
		kaddr_forget(&d->ports[i].opt->at);
	}
	free(d);
	h->dialler = NULL;
}
