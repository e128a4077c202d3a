/* SPDX-License-Identifier: BSD-2-Clause */
/* The control socket's connections: lines in, lines out, nothing blocks. See control.h. */
#define _GNU_SOURCE 1
#include "host/control.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/control_cmd.h"
#include "host/control_sock.h"
#include "host/kaddr.h"
#include "host/text.h"

enum {
	CLIENTS_MAX = 64,
	LINE_ROOM = 65536,	 /* of a request, to begin with */
	LINE_MAX_BYTES = 8 << 20 /* and at most */
};

struct peer {
	struct source source;
	struct list_node node;
	size_t have;
	bool deaf; /* what he says is thrown away until he hangs up */
	char *out; /* answers not yet sent: [out_pos, out_len) */
	size_t out_pos, out_len;
	bool dead;		     /* it cannot be told anything any more */
	struct host *h;
	struct control_socks *socks; /* NULL: it has made no call */
	size_t cap;
	char *line;
};

struct control {
	struct source source;
	struct list peers;
	unsigned npeers;
	union kaddr addr;
};

static void peer_free(struct host *h, struct peer *p)
{
	host_unwatch(h, &p->source);
	close(p->source.fd);
	list_remove(&p->node);
	h->control->npeers--;
	control_socks_free(p->socks);
	free(p->line);
	free(p->out);
	free(p);
}

/* False: the peer is gone. */
static bool peer_flush(struct host *h, struct peer *p)
{
	while (p->out_pos < p->out_len) {
		ssize_t n = send(p->source.fd, p->out + p->out_pos, p->out_len - p->out_pos,
				 MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			/* Nothing more is read from him until he has read this. */
			host_rewatch(h, &p->source, EPOLLOUT);
			return true;
		}
		if (n < 0)
			return false;
		p->out_pos += (size_t)n;
	}
	free(p->out);
	p->out = NULL;
	p->out_pos = p->out_len = 0;
	return true;
}

/* Puts the answer, which it takes, behind those that wait to be sent. */
static bool peer_answer(struct host *h, struct peer *p, json_t *answer)
{
	char *text = answer ? json_dumps(answer, JSON_COMPACT) : NULL;
	size_t len = text ? strlen(text) : 0;
	bool waiting = p->out != NULL;
	char *out = text ? realloc(p->out, p->out_len + len + 1) : NULL;

	json_decref(answer);
	if (out) {
		memcpy(out + p->out_len, text, len);
		out[p->out_len + len] = '\n';
		p->out = out;
		p->out_len += len + 1;
	}
	free(text);
	if (!out)
		return false;
	return waiting || peer_flush(h, p);
}

/* An answer of a call, which may come at any time: the peer is not freed under the caller. */
static void peer_say(void *arg, json_t *take)
{
	struct peer *p = arg;

	if (p->dead) {
		json_decref(take);
	} else if (!peer_answer(p->h, p, take)) {
		p->dead = true;
		(void)shutdown(p->source.fd, SHUT_RDWR); /* wakes peer_ready */
	}
}

/* A request of the device protocol; false: it is none. */
static bool peer_call(struct host *h, struct peer *p, const char *line, size_t len)
{
	json_t *request = json_loadb(line, len, 0, NULL);
	bool call = json_object_get(request, "call") != NULL;

	if (call && !p->socks)
		p->socks = control_socks_new(h, peer_say, p);
	call = call && p->socks;
	if (call)
		control_socks_call(p->socks, request);
	json_decref(request);
	return call;
}

/* Answers the lines that are whole, one at a time: the next when the last answer is gone. */
static bool peer_lines(struct host *h, struct peer *p)
{
	while (!p->out) {
		char *lf = p->have ? memchr(p->line, '\n', p->have) : NULL;
		size_t len;

		if (!lf)
			return true;
		len = (size_t)(lf - p->line);
		if (!peer_call(h, p, p->line, len) &&
		    !peer_answer(h, p, control_cmd_answer(h, p->line, len)))
			return false;
		if (p->dead)
			return false;
		p->have -= len + 1;
		memmove(p->line, lf + 1, p->have);
	}
	return true;
}

static bool peer_room(struct peer *p)
{
	size_t cap = p->cap ? 2 * p->cap : LINE_ROOM;
	char *line;

	if (p->have < p->cap)
		return true;
	line = realloc(p->line, cap);
	if (!line)
		return false;
	p->line = line;
	p->cap = cap;
	return true;
}

static bool peer_read(struct host *h, struct peer *p)
{
	ssize_t n;

	if (!peer_room(p))
		return false;
	n = recv(p->source.fd, p->line + p->have, p->cap - p->have, MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	if (n == 0)
		return false;
	if (p->deaf)
		return true;
	p->have += (size_t)n;
	if (!peer_lines(h, p))
		return false;
	if (p->have < LINE_MAX_BYTES || p->out)
		return true;
	p->have = 0;
	p->deaf = true;
	return peer_answer(h, p,
			   json_pack("{s:s}", "error",
				     "the request is too long; a line has at most 8 MiB"));
}

static void peer_ready(struct host *h, struct source *source, uint32_t events)
{
	struct peer *p = container_of(source, struct peer, source);
	bool alive = true;

	if (events & EPOLLOUT) {
		alive = peer_flush(h, p);
		if (alive && !p->out) {
			host_rewatch(h, source, EPOLLIN);
			alive = peer_lines(h, p);
		}
	}
	if (alive && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) && !p->out)
		alive = peer_read(h, p);
	if (!alive || p->dead || ((events & (EPOLLHUP | EPOLLERR)) && p->out))
		peer_free(h, p);
}

static void listener_ready(struct host *h, struct source *source, uint32_t events)
{
	int fd = accept4(source->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct peer *p;

	(void)events;
	if (fd < 0)
		return;
	p = h->control->npeers < CLIENTS_MAX ? calloc(1, sizeof(*p)) : NULL;
	if (!p || host_watch(h, &p->source, fd, EPOLLIN, peer_ready) < 0) {
		free(p);
		close(fd);
		return;
	}
	p->h = h;
	list_push_back(&h->control->peers, &p->node);
	h->control->npeers++;
}

int control_open(struct host *h, const char *path, char *err, size_t cap)
{
	struct control *c;
	int fd, rc;

	if (strlen(path) >= sizeof(c->addr.local.sun_path))
		return text_error(err, cap,
				  "--control %s: the path is too long; at most %zu bytes fit", path,
				  sizeof(c->addr.local.sun_path) - 1);
	c = calloc(1, sizeof(*c));
	if (!c)
		return text_refused(err, cap, "no memory");
	c->addr.local.sun_family = AF_UNIX;
	memcpy(c->addr.local.sun_path, path, strlen(path) + 1);
	list_init(&c->peers);
	fd = kaddr_listen(&c->addr, sizeof(c->addr.local), CLIENTS_MAX);
	rc = fd < 0 ? fd : host_watch(h, &c->source, fd, EPOLLIN, listener_ready);
	if (rc == 0) {
		h->control = c;
		return 0;
	}
	(void)text_error(err, cap, "--control %s: %s", path,
			 rc == -EADDRINUSE ? "something is there already; name another path"
					   : strerror(-rc));
	if (fd >= 0)
		close(fd);
	free(c);
	return rc == -EINVAL ? -EIO : rc;
}

void control_close(struct host *h)
{
	struct control *c = h->control;
	struct list_node *n;

	if (!c)
		return;
	while ((n = list_first(&c->peers)))
		peer_free(h, container_of(n, struct peer, node));
	close(c->source.fd);
	kaddr_forget(&c->addr);
	free(c);
	h->control = NULL;
}
