/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A session: lines of the topology language in, one reply line each out:
 *
 *   ok | ok {json} | error SENTENCE
 *
 * On a Unix socket a reply may carry descriptors. An include is one line with one reply: its lines
 * come from a stack of sources, and the first that fails takes back what the include has made.
 * Called by bench.c; see bench.h.
 */
#define _GNU_SOURCE
#include "harness/rig/session.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/rig/find.h"

enum { SOURCES_MAX = 8 };

struct source {
	char *text, *at; /* at: next line, NULL after the last */
	char name[256];
	unsigned int lineno, if_depth, serial;
};

struct session {
	struct session *next;
	struct bench *b;
	int in, out;
	struct loop_watch *watch, *hup;
	bool socket, ends_world, eof, dead;
	bool numbered; /* errors name the line; rig's own lines have no number anyone knows */
	char *buf;
	size_t len;
	unsigned int lineno;
	struct topo_vars vars;
	struct source source[SOURCES_MAX];
	unsigned int nsource;
	struct pending pending;
};

static void send_all(struct session *s, const char *text, size_t n, const struct reply *r)
{
	char control[CMSG_SPACE(sizeof(int) * REPLY_FDS_MAX)];
	bool fds = r && r->nfd && s->socket;

	while (n > 0) {
		struct iovec iov = { .iov_base = (void *)(uintptr_t)text, .iov_len = n };
		struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
		ssize_t put;

		if (fds) {
			struct cmsghdr *c;

			memset(control, 0, sizeof(control));
			m.msg_control = control;
			m.msg_controllen = CMSG_SPACE(sizeof(int) * r->nfd);
			c = CMSG_FIRSTHDR(&m);
			c->cmsg_level = SOL_SOCKET;
			c->cmsg_type = SCM_RIGHTS;
			c->cmsg_len = CMSG_LEN(sizeof(int) * r->nfd);
			memcpy(CMSG_DATA(c), r->fd, sizeof(int) * r->nfd);
		}
		put = s->socket ? sendmsg(s->out, &m, MSG_NOSIGNAL) : write(s->out, text, n);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0 && errno == EAGAIN) {
			/* The world's end must not wait for a reader that has stopped reading. */
			struct pollfd p[2] = { { .fd = s->out, .events = POLLOUT },
					       { .fd = s->b->w->control, .events = POLLRDHUP } };

			poll(p, 2, -1);
			if (!(p[1].revents & (POLLHUP | POLLRDHUP)))
				continue;
		}
		if (put < 0) {
			s->eof = s->dead = true;
			return;
		}
		fds = false;
		text += put;
		n -= (size_t)put;
	}
}

static void say_error(struct session *s, const struct net_err *e)
{
	char line[NET_ERR_MAX + 16];
	int n = snprintf(line, sizeof(line), "error %s\n", e->text);

	for (char *p = line; p < line + n - 1; p++)
		if (*p == '\n' || *p == '\r')
			*p = ' ';
	send_all(s, line, strlen(line), NULL);
	if (s->ends_world && s->b->status == 0)
		s->b->status = e->kind == NET_ERR_INPUT ? 2 : e->kind == NET_ERR_CANNOT ? 77 : 1;
}

static void say_ok(struct session *s, struct reply *r)
{
	char *body = r->body ? json_dumps(r->body, JSON_COMPACT) : NULL, *line = NULL;
	int n = asprintf(&line, "ok%s%s\n", body ? " " : "", body ? body : "");

	if (n > 0)
		send_all(s, line, (size_t)n, r);
	free(line);
	free(body);
}

static void reply_done(struct reply *r)
{
	json_decref(r->body);
	for (unsigned int i = 0; r->close_fds && i < r->nfd; i++)
		close(r->fd[i]);
	memset(r, 0, sizeof(*r));
}

static void pop_source(struct session *s)
{
	free(s->source[--s->nsource].text);
}

/* An error in a file ends every include that led there and takes back what they made. */
static void failed(struct session *s, struct net_err *e)
{
	if (s->nsource) {
		struct source *f = &s->source[s->nsource - 1];

		net_err_prefix(e, "%s:%u", f->name, f->lineno);
		world_undo(s->b->w, s->source[0].serial);
		s->vars.depth = s->source[0].if_depth;
		while (s->nsource)
			pop_source(s);
	} else if (s->numbered) {
		net_err_prefix(e, "line %u", s->lineno);
	}
	say_error(s, e);
}

static int push_source(struct session *s, const char *name, struct net_err *e)
{
	struct source *f = &s->source[s->nsource];

	if (s->nsource == SOURCES_MAX)
		return net_bad(e,
			       "more than %d includes inside each other (does %s include itself?)",
			       SOURCES_MAX, name);
	f->text = find_topology(name, s->nsource ? s->source[s->nsource - 1].name : NULL, f->name,
				sizeof(f->name), e);
	if (!f->text)
		return -1;
	f->at = f->text;
	f->lineno = 0;
	f->if_depth = s->vars.depth;
	f->serial = s->b->w->serial;
	s->nsource++;
	return 0;
}

static enum act_result act(struct session *s, struct topo_line *l, struct reply *r,
			   struct net_err *e)
{
	struct bench *b = s->b;
	int rc = world_apply(b->w, l, e);

	if (rc <= 0)
		return rc ? ACT_ERROR : ACT_OK;
	switch ((int)l->verb) {
	case TOPO_LINK:
		return act_link(b, l, r, e);
	case TOPO_SOCKET:
		if (s->nsource || !s->socket)
			return net_bad(e, "the descriptor goes to the reader of the reply by "
					  "SCM_RIGHTS, and "
					  "this session is not on a Unix socket"),
			       ACT_ERROR;
		return act_socket(b, l, r, e);
	case TOPO_ENTER:
		if (s->nsource || !s->socket)
			return net_bad(e, "the descriptors go to the reader of the reply by "
					  "SCM_RIGHTS, and "
					  "this session is not on a Unix socket"),
			       ACT_ERROR;
		return act_enter(b, l, r, e);
	case TOPO_RESPONDER:
		return act_responder(b, l, r, e);
	case TOPO_CAPTURE:
		return act_capture(b, l, r, e);
	case TOPO_RUN:
		return act_run(b, l, r, e);
	case TOPO_EXEC:
		return act_exec(b, l, &s->pending, e);
	case TOPO_WAIT:
		return act_wait(b, l, &s->pending, e);
	case TOPO_KILL:
		return act_kill(b, l, r, e);
	case TOPO_SHOW:
		return act_show(b, l, r, e);
	default: /* TOPO_QUIT */
		s->eof = true;
		return ACT_OK;
	}
}

/* One line from the client or a file. */
static void serve_line(struct session *s, const char *text)
{
	struct net_err e = { .text = "" };
	struct reply r = { .body = NULL };
	struct topo_line l;
	enum act_result result = ACT_OK;

	if (topo_parse(&l, text, &s->vars, &e)) {
		failed(s, &e);
		return;
	}
	if (l.verb == TOPO_INCLUDE) {
		/* Answered when its last line has been. */
		if (push_source(s, l.name, &e))
			failed(s, &e);
		topo_line_free(&l);
		return;
	}
	result = act(s, &l, &r, &e);
	topo_line_free(&l);
	if (result == ACT_ERROR)
		failed(s, &e);
	else if (result == ACT_OK && !s->nsource)
		say_ok(s, &r);
	reply_done(&r);
}

/* The next line of the innermost file, or the end of it. */
static void serve_source(struct session *s)
{
	struct source *f = &s->source[s->nsource - 1];
	struct reply r = { .body = NULL };
	struct net_err e;
	char *line = f->at, *end;

	if (!line || !*line) {
		if (topo_vars_end(&s->vars, f->if_depth, &e)) {
			failed(s, &e);
			return;
		}
		pop_source(s);
		if (!s->nsource)
			say_ok(s, &r);
		return;
	}
	end = strchr(line, '\n');
	if (end)
		*end = '\0';
	f->at = end ? end + 1 : NULL;
	f->lineno++;
	serve_line(s, line);
}

/* The next line of the client, if it is whole. */
static bool serve_client(struct session *s)
{
	char *end = memchr(s->buf, '\n', s->len);
	struct net_err e;
	size_t n;

	if (!end && s->len >= TOPO_LINE_MAX) {
		net_bad(&e, "a line is longer than %d bytes", TOPO_LINE_MAX);
		say_error(s, &e);
		s->eof = s->dead = true;
		return false;
	}
	if (!end && !(s->eof && s->len))
		return false;
	n = end ? (size_t)(end - s->buf) : s->len;
	s->buf[n] = '\0';
	if (n && s->buf[n - 1] == '\r')
		s->buf[n - 1] = '\0';
	s->lineno++;
	serve_line(s, s->buf);
	n += end ? 1 : 0;
	s->len -= n;
	memmove(s->buf, s->buf + n, s->len);
	return true;
}

/* Serve until something is pending or there is nothing left to serve. */
static void serve(struct session *s)
{
	while (!s->dead && !s->pending.proc && !s->b->quit) {
		bool quitting = s->eof && !s->len && !s->nsource;

		if (quitting)
			break;
		if (s->nsource)
			serve_source(s);
		else if (!serve_client(s))
			break;
	}
	if (s->eof && !s->pending.proc && (s->dead || (!s->len && !s->nsource))) {
		s->dead = true;
		if (s->ends_world)
			s->b->quit = true;
	}
}

/* The reader of the replies is gone while a line is pending: nobody waits for the answer. */
static void reader_gone(void *arg)
{
	struct session *s = arg;

	loop_del(&s->b->loop, s->hup);
	s->hup = NULL;
	s->dead = true;
	if (s->ends_world)
		s->b->quit = true;
}

static void readable(void *arg)
{
	struct session *s = arg;
	ssize_t n = read(s->in, s->buf + s->len, TOPO_LINE_MAX - s->len);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		s->eof = true;
		loop_del(&s->b->loop, s->watch);
		s->watch = NULL;
	} else {
		s->len += (size_t)n;
	}
	/* While a line is pending the client waits for its reply; more lines wait in the buffer. */
	if (s->len == TOPO_LINE_MAX && s->pending.proc) {
		loop_del(&s->b->loop, s->watch);
		s->watch = NULL;
	}
	serve(s);
	if (s->eof && s->pending.proc && !s->hup)
		s->hup = loop_add_hup(&s->b->loop, s->out, reader_gone, s);
}

/* A plain file cannot be polled: read it whole. */
static void read_file_in(struct session *s)
{
	ssize_t n = 1;

	while (n > 0 && !s->b->quit && !s->dead) {
		n = read(s->in, s->buf + s->len, TOPO_LINE_MAX - s->len);
		s->len += n > 0 ? (size_t)n : 0;
		if (n <= 0)
			s->eof = true;
		serve(s);
		while (s->pending.proc && !s->b->quit)
			bench_turn(s->b);
	}
}

struct session *session_new(struct bench *b, int in, int out, bool ends_world)
{
	struct session *s = calloc(1, sizeof(*s));
	socklen_t len = sizeof(int);
	struct net_err e;
	int type;

	if (!s)
		return NULL;
	s->buf = malloc(TOPO_LINE_MAX + 1);
	if (!s->buf) {
		free(s);
		return NULL;
	}
	s->b = b;
	s->in = in;
	s->out = out;
	s->ends_world = ends_world;
	s->numbered = in != b->w->control;
	s->socket = getsockopt(out, SOL_SOCKET, SO_DOMAIN, &type, &len) == 0 && type == AF_UNIX;
	topo_vars_set(&s->vars, "dir", b->w->dir, false, &e);
	s->next = b->sessions;
	b->sessions = s;
	return s;
}

void session_start(struct session *s)
{
	s->watch = loop_add(&s->b->loop, s->in, readable, s);
	if (!s->watch)
		read_file_in(s);
}

void session_free(struct session *s)
{
	struct session **at = &s->b->sessions;

	while (*at && *at != s)
		at = &(*at)->next;
	if (*at)
		*at = s->next;
	loop_del(&s->b->loop, s->watch);
	loop_del(&s->b->loop, s->hup);
	while (s->nsource)
		pop_source(s);
	topo_vars_free(&s->vars);
	if (s->in > 2)
		close(s->in);
	if (s->out > 2 && s->out != s->in)
		close(s->out);
	free(s->buf);
	free(s);
}

int session_set(struct session *s, const char *name, const char *value, bool lock,
		struct net_err *e)
{
	return topo_vars_set(&s->vars, name, value, lock, e);
}

int sessions_wait_ms(const struct bench *b)
{
	int wait_ms = -1;

	for (const struct session *s = b->sessions; s; s = s->next) {
		int64_t left = s->pending.deadline_ms - loop_now_ms();

		if (!s->pending.proc)
			continue;
		/* A program may have ended before it was waited for. */
		if (s->pending.proc->ended)
			return 0;
		if (s->pending.deadline_ms >= 0 && (wait_ms < 0 || left < wait_ms))
			wait_ms = left < 0 ? 0 : (int)left;
	}
	return wait_ms;
}

void sessions_poll(struct bench *b)
{
	for (struct session *s = b->sessions; s; s = s->next) {
		struct reply r = { .body = NULL };
		struct net_err e;
		enum act_result result;

		if (!s->pending.proc)
			continue;
		result = pending_answer(b, &s->pending, &r, &e);
		if (result == ACT_LATER)
			continue;
		s->pending.proc = NULL;
		if (result == ACT_ERROR)
			failed(s, &e);
		else if (!s->nsource)
			say_ok(s, &r);
		reply_done(&r);
		if (!s->watch && !s->eof)
			s->watch = loop_add(&b->loop, s->in, readable, s);
		serve(s);
	}
}

void sessions_sweep(struct bench *b)
{
	struct session *s, *next;

	for (s = b->sessions; s; s = next) {
		next = s->next;
		/* Those that end the world go with it. */
		if (s->dead && !s->ends_world) {
			if (s->pending.proc)
				s->pending.proc->waiters--;
			session_free(s);
		}
	}
}
