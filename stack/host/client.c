/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The client. Standard input and output may be anything: they are never made non-blocking (the
 * shell shares them) but asked by poll() first, and pipes are written a page at a time, which
 * then cannot block. See client.h.
 */
#define _GNU_SOURCE 1
#include "host/client.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/fnv.h"
#include "host/options.h"
#include "host/pattern.h"
#include "host/service.h"
#include "host/text.h"

enum { CLIENT_ROUNDS = 16 };
/* How long answers to the last datagrams may take. */
#define ANSWER_NS UINT64_C(1000000000)

struct side { /* bytes on their way, one direction */
	struct source source;
	uint8_t *bytes;
	size_t pos, len;
	bool watched, always; /* always: a file, which epoll does not take */
};

struct client {
	struct app app;
	struct side in, out;
	bool connected, in_eof, peer_eof, fin_sent, done;
	uint32_t events;
	uint64_t sent, received; /* bytes; datagrams over UDP */
	uint64_t last_ns;	 /* of the last datagram */
	struct fnv hash;
};

static const char *option(const struct host *h)
{
	return h->opt->connect_udp ? "--connect-udp" : "--connect";
}

/* ---- standard input and output ------------------------------------------------------------ */

static void side_ready(struct host *h, struct source *source, uint32_t events)
{
	struct side *s = container_of(source, struct side, source);

	(void)events;
	host_unwatch(h, source);
	s->watched = false;
}

/* Whether a read or write would not block; if it would, the loop wakes when that changes. */
static bool side_can(struct host *h, struct side *s, int fd, short what)
{
	struct pollfd p = { .fd = fd, .events = what };

	if (s->always)
		return true;
	if (s->watched)
		return false;
	if (poll(&p, 1, 0) > 0)
		return true;
	if (host_watch(h, &s->source, fd, what == POLLIN ? EPOLLIN : EPOLLOUT, side_ready) == 0)
		s->watched = true;
	else
		s->always = true;
	return s->always;
}

/* Standard input into `in`. False: nothing for now. */
static bool fill(struct host *h, struct client *c)
{
	ssize_t n;

	if (c->in_eof || !side_can(h, &c->in, STDIN_FILENO, POLLIN))
		return false;
	n = read(STDIN_FILENO, c->in.bytes, SERVICE_CHUNK);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return false;
	c->in_eof = n <= 0;
	c->in.pos = 0;
	c->in.len = n > 0 ? (size_t)n : 0;
	return n > 0;
}

/* `out` to standard output. False: it takes no more for now. */
static bool flush(struct host *h, struct client *c)
{
	struct side *s = &c->out;

	while (s->pos < s->len) {
		size_t len = s->len - s->pos;
		ssize_t n;

		if (!side_can(h, s, STDOUT_FILENO, POLLOUT))
			return false;
		if (!s->always && len > PIPE_BUF)
			len = PIPE_BUF;
		n = write(STDOUT_FILENO, s->bytes + s->pos, len);
		if (n < 0 && errno != EINTR && errno != EAGAIN) {
			s->pos = s->len; /* nobody reads it any more */
			return true;
		}
		s->pos += n > 0 ? (size_t)n : 0;
	}
	return true;
}

/* ---- the end ------------------------------------------------------------------------------ */

static void finish(struct host *h, struct client *c, int status)
{
	c->done = true;
	h->status = status;
	if (h->opt->has_send)
		fprintf(stderr, "sent %" PRIu64 " bytes\n", c->sent);
	if (h->opt->receive)
		printf("received %" PRIu64 " bytes fnv64 %016" PRIx64 "\n", c->received, c->hash.h);
	(void)fflush(stdout);
	client_close(h);
	if (h->opt->stay)
		return;
	host_stop(h, status);
	/* The stack knows how long a last FIN is worth sending. */
	h->close_by_ns = status == 0 ? PH_NEVER : h->close_by_ns;
}

static void fail(struct host *h, struct client *c, int error)
{
	char peer[TEXT_SOCKADDR];

	if (c->done)
		return;
	fprintf(stderr, "phantom: %s %s: %s\n", option(h), text_from_sockaddr(peer, &h->opt->peer),
		strerror(error));
	finish(h, c, 1);
}

/* ---- TCP ---------------------------------------------------------------------------------- */

static bool connecting(struct host *h, struct client *c)
{
	int error = 0;
	uint32_t len = sizeof(error);

	if (c->connected)
		return false;
	if (!c->events)
		return true;
	if (ph_getsockopt(h->st, c->app.socket, PH_SOL_SOCKET, PH_SO_ERROR, &error, &len) == 0 &&
	    error)
		fail(h, c, error);
	else if (c->events & PH_POLLOUT)
		c->connected = true;
	c->events = 0;
	return !c->connected;
}

/* The next bytes to send; *len 0: none for now, or no more (in_eof). */
static const uint8_t *next_bytes(struct host *h, struct client *c, size_t *len)
{
	size_t want = SERVICE_CHUNK;

	*len = 0;
	if (h->opt->has_send) {
		if (h->opt->send_bytes - c->sent < want)
			want = (size_t)(h->opt->send_bytes - c->sent);
		c->in_eof = want == 0;
		return want ? pattern_bytes(h->pattern, c->sent, want, len) : NULL;
	}
	if (h->opt->receive)
		return NULL;
	if (c->in.pos == c->in.len && !fill(h, c))
		return NULL;
	*len = c->in.len - c->in.pos;
	return c->in.bytes + c->in.pos;
}

/* True: there may be more to send at once. */
static bool send_some(struct host *h, struct client *c)
{
	for (int round = 0; round < CLIENT_ROUNDS && !c->fin_sent; round++) {
		size_t len;
		const uint8_t *bytes = next_bytes(h, c, &len);
		int64_t n;

		if (len == 0) {
			if (c->in_eof) {
				(void)ph_shutdown(h->st, c->app.socket, PH_SHUT_WR, h->now_ns);
				c->fin_sent = true;
			}
			return false;
		}
		n = ph_send(h->st, c->app.socket, bytes, len, PH_MSG_NOSIGNAL, h->now_ns);
		if (n == -EAGAIN)
			return false;
		if (n < 0) {
			fail(h, c, (int)-n);
			return false;
		}
		c->sent += (uint64_t)n;
		if (!h->opt->has_send)
			c->in.pos += (size_t)n;
	}
	return !c->fin_sent;
}

static bool receive_some(struct host *h, struct client *c)
{
	for (int round = 0; round < CLIENT_ROUNDS && !c->peer_eof && !c->done; round++) {
		int64_t n;

		if (!flush(h, c))
			return false;
		n = ph_recv(h->st, c->app.socket, c->out.bytes, SERVICE_CHUNK, 0, h->now_ns);
		if (n == -EAGAIN)
			return false;
		if (n < 0) {
			fail(h, c, (int)-n);
			return false;
		}
		c->peer_eof = n == 0;
		c->received += (uint64_t)n;
		c->out.pos = 0;
		c->out.len = h->opt->receive ? 0 : (size_t)n;
		if (h->opt->receive)
			fnv_add(&c->hash, c->out.bytes, (size_t)n);
	}
	return !c->peer_eof && !c->done;
}

static bool run_tcp(struct host *h, struct client *c)
{
	bool more;

	if (connecting(h, c))
		return false;
	more = send_some(h, c);
	if (c->done)
		return false;
	more = receive_some(h, c) || more;
	if (c->done)
		return false;
	/*
	 * A user at the keyboard is not waited for once the peer has gone; a transfer is
	 * finished.
	 */
	if (c->peer_eof && flush(h, c) &&
	    (c->fin_sent || (!h->opt->has_send && c->in.pos == c->in.len)))
		finish(h, c, 0);
	return more && !c->done;
}

/* ---- UDP ---------------------------------------------------------------------------------- */

/* Bytes of the next datagram in `in`: a line with its end; 0: the line is not whole yet. */
static size_t next_line(struct host *h, struct client *c)
{
	struct side *s = &c->in;
	size_t left = s->len - s->pos;
	uint8_t *lf = left ? memchr(s->bytes + s->pos, '\n', left) : NULL;
	ssize_t n;

	if (lf)
		return (size_t)(lf + 1 - (s->bytes + s->pos));
	if (c->in_eof || left == SERVICE_CHUNK)
		return left;
	if (!side_can(h, s, STDIN_FILENO, POLLIN))
		return 0;
	memmove(s->bytes, s->bytes + s->pos, left);
	s->pos = 0;
	s->len = left;
	n = read(STDIN_FILENO, s->bytes + left, SERVICE_CHUNK - left);
	if (n > 0)
		s->len += (size_t)n;
	else if (n == 0 || (errno != EINTR && errno != EAGAIN))
		c->in_eof = true;
	return n > 0 || c->in_eof ? next_line(h, c) : 0;
}

static bool udp_send(struct host *h, struct client *c)
{
	for (int round = 0; round < CLIENT_ROUNDS; round++) {
		size_t len = next_line(h, c);
		int64_t n;

		if (len == 0)
			return false;
		n = ph_send(h->st, c->app.socket, c->in.bytes + c->in.pos, len, 0, h->now_ns);
		if (n == -EAGAIN)
			return false;
		if (n < 0) {
			fail(h, c, (int)-n);
			return false;
		}
		c->in.pos += len;
		c->sent++;
		c->last_ns = h->now_ns;
	}
	return true;
}

static bool run_udp(struct host *h, struct client *c)
{
	bool more = udp_send(h, c);

	while (!c->done && flush(h, c)) {
		int64_t n =
			ph_recv(h->st, c->app.socket, c->out.bytes, SERVICE_CHUNK, 0, h->now_ns);

		if (n == -EAGAIN)
			break;
		if (n < 0) {
			fail(h, c, (int)-n);
			break;
		}
		c->received++;
		c->last_ns = h->now_ns;
		c->out.pos = 0;
		c->out.len = (size_t)n;
	}
	if (c->done || !c->in_eof || c->in.pos < c->in.len || c->out.pos < c->out.len)
		return more && !c->done;
	if (c->received >= c->sent)
		finish(h, c, 0);
	else if (h->now_ns >= c->last_ns + ANSWER_NS)
		c->received ? finish(h, c, 0) : fail(h, c, ETIMEDOUT);
	return false;
}

/* ---- what others call --------------------------------------------------------------------- */

static void socket_ready(struct host *h, struct app *app, uint32_t events)
{
	(void)h;
	container_of(app, struct client, app)->events |= events;
}

int client_open(struct host *h, char *err, size_t cap)
{
	const struct options *o = h->opt;
	struct client *c = calloc(1, sizeof(*c));
	char peer[TEXT_SOCKADDR];
	struct ph_sockaddr to = o->peer;
	int rc;

	if (!c)
		return -ENOMEM;
	h->client = c;
	fnv_init(&c->hash);
	c->last_ns = h->now_ns;
	c->app.socket = -1;
	c->in.bytes = malloc(SERVICE_CHUNK);
	c->out.bytes = malloc(SERVICE_CHUNK);
	rc = c->in.bytes && c->out.bytes
		     ? ph_socket_new(h->st, to.family, o->connect ? PH_SOCK_STREAM : PH_SOCK_DGRAM,
				     0, h->now_ns)
		     : -ENOMEM;
	if (rc >= 0) {
		host_add_app(h, &c->app, rc, socket_ready);
		to.scope = (uint32_t)h->link; /* of a link-local address: the first device's */
		rc = ph_connect(h->st, c->app.socket, &to, h->now_ns);
	}
	if (rc < 0 && rc != -EINPROGRESS) {
		(void)text_error(err, cap, "%s %s: %s", option(h),
				 text_from_sockaddr(peer, &o->peer), strerror(-rc));
		return -EIO;
	}
	return 0;
}

bool client_run(struct host *h)
{
	struct client *c = h->client;

	if (c->done || h->phase != HOST_SERVING)
		return false;
	return h->opt->connect ? run_tcp(h, c) : run_udp(h, c);
}

uint64_t client_deadline(const struct host *h)
{
	const struct client *c = h->client;

	if (c->done || !h->opt->connect_udp || !c->in_eof)
		return PH_NEVER;
	return c->last_ns + ANSWER_NS;
}

bool client_busy(const struct host *h)
{
	return h->client && !h->client->done;
}

void client_close(struct host *h)
{
	struct client *c = h->client;

	if (!c || c->app.socket < 0)
		return;
	host_close_app(h, &c->app);
	c->app.socket = -1;
	c->done = true;
}

void client_free(struct host *h)
{
	struct client *c = h->client;

	if (!c)
		return;
	free(c->in.bytes);
	free(c->out.bytes);
	free(c);
	h->client = NULL;
}
