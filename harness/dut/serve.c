/* SPDX-License-Identifier: BSD-2-Clause */
/* Services over kernel sockets; see serve.h. One thread, one epoll, nothing blocks. */
#define _GNU_SOURCE
#include "harness/dut/serve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	BUF = 65536,
	REQUEST_MAX = 8192, /* an http request, headers and all */
	LINE = 72,	    /* characters of a chargen line (RFC 864) */
	TURNS = 64,	    /* reads or writes of one connection before the others have theirs */
};

enum role { ROLE_LISTEN, ROLE_UDP, ROLE_CONN, ROLE_SIGNAL };

struct end {
	struct end *next, **back; /* a connection's place among the server's */
	enum role role;
	const struct service *s;
	int fd;
	uint32_t events; /* asked of epoll */
	uint8_t *buf;	 /* connection: bytes to be sent are [at, len) */
	size_t at, len;
	uint64_t count, hash; /* received (sink), or sent (source, chargen) */
	bool eof, finished;   /* peer's FIN seen; ours sent */
};

struct server {
	struct end *conns;
	int epoll;
	bool quit;
};

static const struct {
	const char *name;
	bool tcp, udp;
} kinds[] = {
	[SERVE_ECHO] = { "echo", true, true },	     [SERVE_DISCARD] = { "discard", true, true },
	[SERVE_DAYTIME] = { "daytime", true, true }, [SERVE_CHARGEN] = { "chargen", true, true },
	[SERVE_SINK] = { "sink", true, false },	     [SERVE_SOURCE] = { "source", true, false },
	[SERVE_HTTP] = { "http", true, false },
};

static bool number(const char *text, uint64_t max, uint64_t *out)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*out = strtoull(text, &end, 10);
	return !*end && !errno && *out <= max;
}

static int find_kind(const char *name, size_t n)
{
	for (unsigned int k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
		if (strlen(kinds[k].name) == n && strncmp(kinds[k].name, name, n) == 0)
			return (int)k;
	return -1;
}

int serve_parse(struct service *s, const char *text, char *err, size_t err_size)
{
	const char *name = text, *colon, *colon2;
	bool tcp = strncmp(text, "tcp-", 4) == 0, udp = strncmp(text, "udp-", 4) == 0;
	char port[8];
	uint64_t value;
	int kind;

	memset(s, 0, sizeof(*s));
	s->bytes = UINT64_MAX;
	name += tcp || udp ? 4 : 0;
	colon = strchr(name, ':');
	kind = colon ? find_kind(name, (size_t)(colon - name)) : -1;
	if (kind < 0 || (udp && !kinds[kind].udp)) {
		snprintf(err, err_size,
			 "\"%.60s\" is not a service; write NAME:PORT, where NAME is echo, "
			 "discard, daytime or chargen (tcp- or udp- before it for one of them), "
			 "sink, source or "
			 "http (TCP alone)",
			 text);
		return -1;
	}
	s->kind = (enum serve_kind)kind;
	s->tcp = !udp;
	s->udp = !tcp && kinds[kind].udp;
	colon2 = strchr(colon + 1, ':');
	snprintf(port, sizeof(port), "%.*s", (int)(colon2 ? colon2 - colon - 1 : 7), colon + 1);
	if (!number(port, 65535, &value) || value == 0) {
		snprintf(err, err_size, "\"%.60s\": \"%s\" is not a port; write 1 to 65535", text,
			 port);
		return -1;
	}
	s->port = (uint16_t)value;
	s->count_only = kind == SERVE_SINK && colon2 && strcmp(colon2, ":count") == 0;
	if (colon2 && !s->count_only &&
	    (kind != SERVE_SOURCE || !number(colon2 + 1, UINT64_MAX - 1, &s->bytes))) {
		snprintf(err, err_size,
			 "\"%.60s\": after its port, source takes a "
			 "number of bytes and sink the word count",
			 text);
		return -1;
	}
	return 0;
}

static void watch(struct server *srv, struct end *e, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = e };
	int op = e->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

	if (e->events != events)
		epoll_ctl(srv->epoll, op, e->fd, &ev);
	e->events = events;
}

static size_t daytime(char *out, size_t size)
{
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	return strftime(out, size, "%A, %B %d, %Y %H:%M:%S-UTC\r\n", &tm);
}

/* The rotating lines of RFC 864, as one endless text. */
static uint8_t chargen(uint64_t offset)
{
	uint64_t line = offset / (LINE + 2), col = offset % (LINE + 2);

	if (col >= LINE)
		return col == LINE ? '\r' : '\n';
	return (uint8_t)(' ' + (line + col) % 95);
}

static void http_answer(struct end *e)
{
	static const char page[] = "<!doctype html>\n<title>rig</title>\n<p>A small page.\n";
	bool get = strncmp((char *)e->buf, "GET ", 4) == 0;

	e->len =
		(size_t)snprintf((char *)e->buf, BUF,
				 "HTTP/1.1 %s\r\nContent-Type: text/html\r\nContent-Length: %zu\r\n"
				 "Connection: close\r\n\r\n%s",
				 get ? "200 OK" : "405 Method Not Allowed",
				 get ? sizeof(page) - 1 : (size_t)0, get ? page : "");
	e->at = 0;
	e->finished = true; /* once this is sent */
}

static void end_conn(struct end *e)
{
	*e->back = e->next;
	if (e->next)
		e->next->back = e->back;
	close(e->fd);
	free(e->buf);
	free(e);
}

/* The peer has sent all it will. */
static void sink_done(const struct end *e)
{
	if (e->s->count_only)
		printf("sink %" PRIu64 " bytes\n", e->count);
	else
		printf("sink %" PRIu64 " bytes fnv64 %016" PRIx64 "\n", e->count, e->hash);
	fflush(stdout);
}

static void count_bytes(struct end *e, const uint8_t *p, size_t n)
{
	e->count += n;
	for (size_t i = 0; i < n && !e->s->count_only; i++)
		e->hash = (e->hash ^ p[i]) * 0x100000001b3u;
}

/* Take what came: @n bytes at @p, which is e->buf + e->len. */
static void received(struct end *e, size_t n)
{
	switch (e->s->kind) {
	case SERVE_ECHO:
		e->len += n;
		break;
	case SERVE_SINK:
		count_bytes(e, e->buf, n);
		break;
	case SERVE_HTTP:
		if (e->finished)
			break;
		e->len += n;
		e->at = e->len;
		e->buf[e->len] = '\0';
		if (strstr((char *)e->buf, "\r\n\r\n") || e->len >= REQUEST_MAX)
			http_answer(e);
		break;
	case SERVE_DISCARD:
	case SERVE_DAYTIME:
	case SERVE_CHARGEN:
	case SERVE_SOURCE:
	default:
		break;
	}
}

/*
 * The BUF bytes of source's pattern from a multiple of BUF on: the byte at offset i is the top one
 * of i * 2654435761 in 32 bits. Of offset = 65536 q + r only r's
 * part of the product has low 16 bits, so that r's upper half is tabled and a byte costs one
 * addition: made one at a time they would cost more than the TCP that carries them.
 */
static void fill_source(uint8_t *restrict out, uint64_t offset)
{
	static uint16_t upper[BUF];
	static bool tabled;
	const uint16_t add = (uint16_t)((uint32_t)(offset / BUF) * 2654435761u);

	_Static_assert(BUF == 65536, "r is what is less than 65536");
	for (uint32_t r = 0; r < BUF && !tabled; r++)
		upper[r] = (uint16_t)(r * 2654435761u >> 16);
	tabled = true;
	for (size_t r = 0; r < BUF; r++)
		out[r] = (uint8_t)((uint16_t)(upper[r] + add) >> 8);
}

/* More to send for those that make it themselves. False when there is no more. */
static bool make(struct end *e)
{
	bool source = e->s->kind == SERVE_SOURCE;
	uint64_t left = source ? e->s->bytes - e->count : UINT64_MAX;
	size_t n = left < BUF ? (size_t)left : BUF;

	if (!source && e->s->kind != SERVE_CHARGEN)
		return false;
	if (n == 0 || (e->eof && left > UINT64_MAX / 2))
		return false;
	if (source) /* all but the last are whole, so e->count is a multiple of BUF */
		fill_source(e->buf, e->count);
	for (size_t i = 0; i < n && !source; i++)
		e->buf[i] = chargen(e->count + i);
	e->count += n;
	e->at = 0;
	e->len = n;
	return true;
}

/* -1: the connection is gone. */
static int do_read(struct end *e)
{
	bool echo = e->s->kind == SERVE_ECHO;
	uint8_t drain[4096], *to = e->buf + e->len;
	size_t room = BUF - e->len;
	ssize_t n;

	if (echo && e->len)
		return 0; /* what is held goes out first */
	/* What is being sent from the buffer must not be written over. */
	if (e->s->kind != SERVE_ECHO && e->s->kind != SERVE_SINK &&
	    (e->s->kind != SERVE_HTTP || e->finished)) {
		to = drain;
		room = sizeof(drain);
	}
	n = recv(e->fd, to, room, 0);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	if (n == 0) {
		if (!e->eof && e->s->kind == SERVE_SINK)
			sink_done(e);
		e->eof = true;
		return 0;
	}
	if (to != drain)
		received(e, (size_t)n);
	return 1;
}

static int do_write(struct end *e)
{
	ssize_t n;

	if (e->at == e->len && !make(e))
		return 0;
	n = send(e->fd, e->buf + e->at, e->len - e->at, MSG_NOSIGNAL);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	e->at += (size_t)n;
	if (e->at == e->len && (e->s->kind != SERVE_HTTP || e->finished))
		e->at = e->len = 0;
	return 1;
}

/* Nothing left to send: close our direction, unless more may be asked of us. */
static bool all_said(const struct end *e)
{
	if (e->at < e->len)
		return false;
	switch (e->s->kind) {
	case SERVE_DAYTIME:
		return true;
	case SERVE_HTTP:
		return e->finished || e->eof;
	case SERVE_SOURCE:
		/* One with a number of bytes sends them all, also to who has closed his own side. */
		return e->count == e->s->bytes || (e->eof && e->s->bytes == UINT64_MAX);
	case SERVE_ECHO:
	case SERVE_DISCARD:
	case SERVE_CHARGEN:
	case SERVE_SINK:
	default:
		return e->eof;
	}
}

static void serve_conn(struct server *srv, struct end *e)
{
	int got = 1, put = 1;
	bool wants;

	for (int turn = 0; turn < TURNS && (got > 0 || put > 0); turn++) {
		got = e->eof ? 0 : do_read(e);
		put = got < 0 ? -1 : do_write(e);
		if (got < 0 || put < 0) {
			end_conn(e);
			return;
		}
	}
	if (all_said(e)) {
		if (e->eof) {
			end_conn(e);
			return;
		}
		/* Our FIN goes out; the peer's is waited for, so that what it still sends is not
		 * reset. */
		shutdown(e->fd, SHUT_WR);
	}
	wants = e->at < e->len ||
		(!all_said(e) && (e->s->kind == SERVE_SOURCE || e->s->kind == SERVE_CHARGEN));
	watch(srv, e,
	      (e->eof || (e->s->kind == SERVE_ECHO && e->len) ? 0u : (uint32_t)EPOLLIN) |
		      (wants ? (uint32_t)EPOLLOUT : 0u));
}

static void serve_listen(struct server *srv, const struct end *l)
{
	struct end *e;
	int fd = accept4(l->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return;
	e = calloc(1, sizeof(*e));
	if (e)
		e->buf = malloc(BUF + 1);
	if (!e || !e->buf) {
		free(e);
		close(fd);
		return;
	}
	e->role = ROLE_CONN;
	e->s = l->s;
	e->fd = fd;
	e->hash = 0xcbf29ce484222325u;
	e->next = srv->conns;
	e->back = &srv->conns;
	if (e->next)
		e->next->back = &e->next;
	srv->conns = e;
	if (e->s->kind == SERVE_DAYTIME)
		e->len = daytime((char *)e->buf, BUF);
	serve_conn(srv, e);
}

static void serve_udp(const struct end *u)
{
	uint8_t buf[BUF];
	char control[256];
	struct sockaddr_storage from;
	struct iovec iov = { .iov_base = buf, .iov_len = sizeof(buf) };
	struct msghdr m = { .msg_name = &from,
			    .msg_namelen = sizeof(from),
			    .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(u->fd, &m, 0);

	if (n < 0 || u->s->kind == SERVE_DISCARD)
		return;
	if (u->s->kind == SERVE_DAYTIME) {
		n = (ssize_t)daytime((char *)buf, sizeof(buf));
	} else if (u->s->kind == SERVE_CHARGEN) {
		n = LINE + 2;
		for (int i = 0; i < n; i++)
			buf[i] = chargen((uint64_t)i);
	}
	iov.iov_len = (size_t)n;
	/* The packet information goes back as it came: the answer's source is the request's
	 * destination. */
	while (sendmsg(u->fd, &m, MSG_NOSIGNAL) < 0 && errno == EINTR)
		;
}

/* "::" takes IPv4 too; where there is no IPv6, "0.0.0.0". */
static socklen_t address(const char *text, uint16_t port, struct sockaddr_storage *out)
{
	struct sockaddr_in *in = (struct sockaddr_in *)out;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;

	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET, text, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		return sizeof(*in);
	}
	if (inet_pton(AF_INET6, text, &in6->sin6_addr) != 1)
		return 0;
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(port);
	return sizeof(*in6);
}

static int open_end(struct server *srv, struct end *e, const char *addr, char *err, size_t err_size)
{
	static const int on = 1, off = 0;
	struct sockaddr_storage a;
	const char *text = addr ? addr : "::";
	socklen_t len = address(text, e->s->port, &a);
	int type = e->role == ROLE_UDP ? SOCK_DGRAM : SOCK_STREAM;

	if (!len) {
		snprintf(err, err_size, "\"%s\" is not an address; write 10.0.0.2 or fd00::2",
			 text);
		return -1;
	}
	e->fd = socket(a.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (e->fd < 0 && !addr && errno == EAFNOSUPPORT)
		return open_end(srv, e, "0.0.0.0", err, err_size);
	if (e->fd >= 0) {
		setsockopt(e->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
		setsockopt(e->fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
		if (a.ss_family == AF_INET6) {
			setsockopt(e->fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
			setsockopt(e->fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on));
		}
	}
	if (e->fd < 0 || bind(e->fd, (struct sockaddr *)&a, len) ||
	    (type == SOCK_STREAM && listen(e->fd, 1024))) {
		snprintf(err, err_size, "%s port %u of %s: %s", type == SOCK_STREAM ? "TCP" : "UDP",
			 e->s->port, text, strerror(errno));
		return -1;
	}
	watch(srv, e, EPOLLIN);
	return 0;
}

static int open_signals(struct server *srv, struct end *e)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	e->role = ROLE_SIGNAL;
	e->fd = signalfd(-1, &set, SFD_CLOEXEC);
	if (e->fd >= 0)
		watch(srv, e, EPOLLIN);
	return e->fd;
}

static void turn(struct server *srv)
{
	struct epoll_event ev[64];
	int n = epoll_wait(srv->epoll, ev, 64, -1);

	for (int i = 0; i < n; i++) {
		struct end *e = ev[i].data.ptr;

		if (e->role == ROLE_SIGNAL)
			srv->quit = true;
		else if (e->role == ROLE_LISTEN)
			serve_listen(srv, e);
		else if (e->role == ROLE_UDP)
			serve_udp(e);
		else
			serve_conn(srv, e);
	}
}

int serve_run(const struct service *s, unsigned int n, const char *addr, char *err, size_t err_size)
{
	struct server srv = { .epoll = epoll_create1(EPOLL_CLOEXEC) };
	struct end ends[2 * SERVE_MAX + 1];
	unsigned int k = 0;
	int rc = 0;

	memset(ends, 0, sizeof(ends));
	if (srv.epoll < 0 || open_signals(&srv, &ends[k++]) < 0) {
		snprintf(err, err_size, "no epoll or signalfd: %s", strerror(errno));
		return -1;
	}
	for (unsigned int i = 0; i < n && !rc; i++) {
		for (int udp = 0; udp < 2 && !rc; udp++) {
			if (!(udp ? s[i].udp : s[i].tcp))
				continue;
			ends[k].role = udp ? ROLE_UDP : ROLE_LISTEN;
			ends[k].s = &s[i];
			rc = open_end(&srv, &ends[k++], addr, err, err_size);
		}
	}
	if (!rc) {
		puts("serving");
		fflush(stdout);
	}
	while (!rc && !srv.quit)
		turn(&srv);
	while (srv.conns)
		end_conn(srv.conns);
	for (unsigned int i = 0; i < k; i++)
		if (ends[i].fd >= 0)
			close(ends[i].fd);
	close(srv.epoll);
	return rc;
}
