/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * forward: each connection is carried on to a socket of the kernel's, both ways, so that any
 * server (sshd, iperf3, a web server) can be reached through phantom's TCP. Called through the
 * table in service.c.
 *
 * A direction reads only when what it read before was taken, so a stuck reader closes the
 * sender's window; it holds at most SERVICE_CHUNK bytes, and none while both sides flow. There are at
 * most FORWARD_MAX connections; one more is reset. A FIN is
 * passed on as a half close; an error on one side is a reset on the other. The descriptor is
 * watched edge-triggered: a step works until both sides say -EAGAIN.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/kaddr.h"
#include "host/service.h"

bool forward_arg(const char *text, uint64_t *out)
{
	union kaddr to;

	*out = 0;
	return kaddr_parse(text, &to) > 0;
}

/* ---- one direction ------------------------------------------------------------------------- */

typedef int64_t (*put_fn)(struct host *h, struct conn *c, const void *bytes, size_t len);
typedef int64_t (*get_fn)(struct host *h, struct conn *c, void *bytes, size_t cap);

static int64_t to_kernel(struct host *h, struct conn *c, const void *bytes, size_t len)
{
	ssize_t n = send(c->u.forward.source.fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);

	(void)h;
	return n < 0 ? -errno : n;
}

static int64_t from_kernel(struct host *h, struct conn *c, void *bytes, size_t cap)
{
	ssize_t n = recv(c->u.forward.source.fd, bytes, cap, MSG_DONTWAIT);

	(void)h;
	return n < 0 ? -errno : n;
}

static int64_t to_phantom(struct host *h, struct conn *c, const void *bytes, size_t len)
{
	return ph_send(h->st, c->app.socket, bytes, len, PH_MSG_NOSIGNAL, h->now_ns);
}

static int64_t from_phantom(struct host *h, struct conn *c, void *bytes, size_t cap)
{
	return ph_recv(h->st, c->app.socket, bytes, cap, 0, h->now_ns);
}

/* Sends [bytes, bytes + len); what is not taken is held. 0: all of it was; else -EAGAIN or the
 * error. */
static int push(struct host *h, struct conn *c, struct forward_way *w, put_fn put,
		const uint8_t *bytes, size_t len)
{
	int64_t n = 0;

	while (len > 0) {
		n = put(h, c, bytes, len);
		if (n < 0)
			break;
		bytes += n;
		len -= (size_t)n;
	}
	if (n == -EAGAIN && !w->held) {
		w->held = malloc(len);
		if (!w->held)
			return -ENOMEM;
		memcpy(w->held, bytes, len);
		w->pos = 0;
		w->len = (uint32_t)len;
	} else if (w->held) {
		w->pos = w->len - (uint32_t)len;
	}
	if (len > 0)
		return (int)n;
	free(w->held);
	w->held = NULL;
	return 0;
}

/* Carries what is there. 0: until there is no more; 1: there may be more; -E...: one side is
 * gone. */
static int carry(struct host *h, struct conn *c, struct forward_way *w, get_fn get, put_fn put)
{
	for (int round = 0; round < SERVICE_ROUNDS; round++) {
		int rc = w->held ? push(h, c, w, put, w->held + w->pos, w->len - w->pos) : 0;
		int64_t n;

		if (rc == 0 && w->eof)
			return 0;
		if (rc == 0) {
			n = get(h, c, h->chunk, SERVICE_CHUNK);
			if (n == 0)
				w->eof = true;
			rc = n > 0 ? push(h, c, w, put, h->chunk, (size_t)n) : (int)n;
		}
		if (rc < 0)
			return rc == -EAGAIN ? 0 : rc;
	}
	return 1;
}

/* ---- a connection --------------------------------------------------------------------------- */

static void kernel_ready(struct host *h, struct source *source, uint32_t events)
{
	struct conn *c = container_of(source, struct conn, u.forward.source);

	if (events & (EPOLLOUT | EPOLLERR | EPOLLHUP))
		c->u.forward.answered = true;
	host_again(h, &c->app);
}

bool forward_room(struct host *h)
{
	if (h->forwards < FORWARD_MAX) {
		h->forwards++;
		return true;
	}
	if (h->forwards_refused++ == 0)
		fprintf(stderr, "phantom: %d connections are carried on at a time, others are reset\n",
			FORWARD_MAX);
	return false;
}

static int begin(struct host *h, struct conn *c)
{
	struct forward *f = &c->u.forward;
	union kaddr to;
	socklen_t len = kaddr_parse(c->serve->arg_text, &to);
	int fd;

	if (!forward_room(h))
		return -EMFILE;
	fd = socket(to.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		h->forwards--;
		return -errno;
	}
	f->begun = true;
	f->source.fd = fd;
	if (connect(fd, &to.any, len) < 0 && errno != EINPROGRESS)
		return -errno;
	return host_watch(h, &f->source, fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
			  kernel_ready);
}

/* One side is gone: the other is told by a reset. */
static enum verdict broken(struct host *h, struct conn *c)
{
	const struct linger at_once = { 1, 0 };

	/* A connection that is over already refuses the option, and needs none. */
	if (ph_setsockopt(h->st, c->app.socket, PH_SOL_SOCKET, PH_SO_LINGER, &at_once,
			  sizeof(at_once), h->now_ns) < 0)
		return CONN_FAILED;
	if (c->u.forward.begun)
		(void)setsockopt(c->u.forward.source.fd, SOL_SOCKET, SO_LINGER, &at_once,
				 sizeof(at_once));
	return CONN_FAILED;
}

/* Was the end of this way read, and all before it taken? Then the reader hears of it, once. */
static bool ended(struct forward_way *w)
{
	if (!w->eof || w->held || w->told)
		return false;
	w->told = true;
	return true;
}

enum verdict forward_ready(struct host *h, struct conn *c)
{
	struct forward *f = &c->u.forward;
	int error = 0, in, out;
	socklen_t len = sizeof(error);

	if (!f->begun && begin(h, c) < 0)
		return broken(h, c);
	if (!f->answered)
		return CONN_WAIT;
	if (!f->connected && (getsockopt(f->source.fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0 ||
			      error != 0))
		return broken(h, c);
	f->connected = true;
	in = carry(h, c, &f->in, from_phantom, to_kernel);
	out = carry(h, c, &f->out, from_kernel, to_phantom);
	if (in < 0 || out < 0)
		return broken(h, c);
	if (ended(&f->in))
		(void)shutdown(f->source.fd, SHUT_WR);
	if (ended(&f->out) && ph_shutdown(h->st, c->app.socket, PH_SHUT_WR, h->now_ns) < 0)
		return broken(h, c);
	if (f->in.told && f->out.told)
		return CONN_CLOSE;
	return in > 0 || out > 0 ? CONN_AGAIN : CONN_WAIT;
}

void forward_release(struct host *h, struct conn *c)
{
	struct forward *f = &c->u.forward;

	free(f->in.held);
	free(f->out.held);
	if (!f->begun)
		return;
	h->forwards--;
	close(f->source.fd); /* and epoll forgets it */
}
