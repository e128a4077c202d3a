/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of services, their listeners, connections and datagram sockets. See service.h. */
#include "host/service.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/options.h"
#include "host/text.h"

struct port { /* a listener, or a datagram socket */
	struct app app;
	const struct opt_serve *serve;
};

static bool word_count(const char *text, uint64_t *out)
{
	*out = 0;
	return strcmp(text, "count") == 0;
}

static const struct service services[] = {
	{ .name = "echo",
	  .summary = "sends back what comes (RFC 862); try the word monkey",
	  .ready = echo_ready,
	  .release = echo_release,
	  .datagram = echo_datagram },
	{ .name = "discard",
	  .summary = "throws away what comes (RFC 863)",
	  .ready = small_discard_ready,
	  .datagram = small_discard_datagram },
	{ .name = "daytime",
	  .summary = "sends the time of day (RFC 867)",
	  .ready = small_daytime_ready,
	  .datagram = small_daytime_datagram },
	{ .name = "chargen",
	  .summary = "sends printable characters (RFC 864)",
	  .ready = small_chargen_ready,
	  .datagram = small_chargen_datagram },
	{ .name = "sink",
	  .summary = "counts and fingerprints to the end, prints both; sink:PORT:count only counts",
	  .arg_right = "sink:PORT or sink:PORT:count",
	  .arg = word_count,
	  .ready = bulk_sink_ready },
	{ .name = "source",
	  .summary = "sends a pattern: source:PORT:BYTES, or until the peer closes",
	  .arg_right = "source:PORT or source:PORT:BYTES, with k, M or G for powers of 1024",
	  .arg = text_size,
	  .ready = bulk_source_ready },
	{ .name = "http",
	  .summary = "answers GET with a small page",
	  .ready = http_ready,
	  .release = http_release },
	{ .name = "forward",
	  .summary = "carries each connection on to a socket of the kernel's: an sshd, an iperf3",
	  .arg_right = "forward:PORT:ADDRESS:PORT, like forward:22:127.0.0.1:22, with [ ] around an "
		       "IPv6 address, or forward:PORT:unix:PATH",
	  .arg_needed = true,
	  .arg = forward_arg,
	  .ready = forward_ready,
	  .release = forward_release },
};

const struct service *service_row(size_t i)
{
	return i < ARRAY_LEN(services) ? &services[i] : NULL;
}

const struct service *service_find(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(services); i++) {
		if (strlen(services[i].name) == len && memcmp(services[i].name, name, len) == 0)
			return &services[i];
	}
	return NULL;
}

static void conn_free(struct host *h, struct conn *c)
{
	if (c->service->release)
		c->service->release(h, c);
	host_close_app(h, &c->app);
	free(c);
}

/*
 * Linux resets a connection that is closed with data unread; who was answered shall not be
 * reset.
 */
static void empty(struct host *h, ph_socket s)
{
	for (int round = 0; round < SERVICE_ROUNDS; round++) {
		if (ph_recv(h->st, s, h->chunk, SERVICE_CHUNK, 0, h->now_ns) <= 0)
			return;
	}
}

static void conn_ready(struct host *h, struct app *app, uint32_t events)
{
	struct conn *c = container_of(app, struct conn, app);

	(void)events;
	switch (c->service->ready(h, c)) {
	case CONN_WAIT:
		return;
	case CONN_AGAIN:
		host_again(h, app);
		return;
	case CONN_CLOSE:
		empty(h, app->socket);
		break;
	case CONN_FAILED:
		break;
	}
	conn_free(h, c);
}

void service_conn(struct host *h, struct conn *c, const struct service *service, ph_socket socket)
{
	c->service = service;
	host_add_app(h, &c->app, socket, conn_ready);
}

static void listener_ready(struct host *h, struct app *app, uint32_t events)
{
	struct port *p = container_of(app, struct port, app);

	(void)events;
	for (int i = 0; i < SERVICE_BACKLOG; i++) {
		ph_socket s = ph_accept(h->st, app->socket, NULL, h->now_ns);
		struct conn *c;

		if (s < 0)
			return;
		c = calloc(1, sizeof(*c));
		if (!c) {
			(void)ph_close(h->st, s, h->now_ns);
			continue;
		}
		c->serve = p->serve;
		service_conn(h, c, p->serve->service, s);
		conn_ready(h, &c->app, 0);
	}
	host_again(h, app);
}

/*
 * Two such services would answer each other for ever: a datagram from one of their ports gets
 * none.
 */
static bool answers_too(uint16_t port)
{
	return port == 7 || port == 13 || port == 17 || port == 19 || port == 37;
}

static void datagram_ready(struct host *h, struct app *app, uint32_t events)
{
	struct port *p = container_of(app, struct port, app);
	uint8_t *in = h->chunk;
	uint8_t *out = h->chunk + SERVICE_CHUNK;

	(void)events;
	for (int i = 0; i < 4 * SERVICE_ROUNDS; i++) {
		struct ph_sockaddr from;
		struct ph_iov iov = { in, SERVICE_CHUNK };
		struct ph_msg msg = { .name = &from, .iov = &iov, .niov = 1 };
		int64_t n = ph_recvmsg(h->st, app->socket, &msg, 0, h->now_ns);
		int len;

		if (n == -EAGAIN)
			return;
		if (n < 0)
			continue; /* an error of an earlier answer, now told and gone */
		if (answers_too(from.port))
			continue;
		len = p->serve->service->datagram(h, in, (size_t)n, out, SERVICE_CHUNK);
		if (len < 0)
			continue;
		iov = (struct ph_iov){ out, (size_t)len };
		msg = (struct ph_msg){ .name = &from, .iov = &iov, .niov = 1 };
		/* A datagram that cannot be sent now is lost, as datagrams are. */
		n = ph_sendmsg(h->st, app->socket, &msg, 0, h->now_ns);
	}
	host_again(h, app);
}

static int port_failed(struct host *h, struct port *p, const char *transport, int error, char *err,
		       size_t cap)
{
	const char *why = strerror(-error);

	if (error == -EADDRINUSE)
		why = "the port is taken by another --serve";
	(void)text_error(err, cap, "--serve %s: %s port %u cannot be opened: %s", p->serve->text,
			 transport, p->serve->port, why);
	if (p->app.ready)
		host_close_app(h, &p->app);
	free(p);
	return error == -EADDRINUSE ? -EINVAL : error;
}

static int port_open(struct host *h, const struct opt_serve *serve, bool tcp, char *err, size_t cap)
{
	const char *transport = tcp ? "TCP" : "UDP";
	int family = options_ipv6(h->opt) ? PH_AF_INET6 : PH_AF_INET; /* all zero is any of both */
	struct ph_sockaddr any = { .family = (uint16_t)family, .port = serve->port };
	struct port *p = calloc(1, sizeof(*p));
	const int on = 1;
	int rc;
	ph_socket s;

	if (!p)
		return text_error(err, cap, "--serve %s: no memory", serve->text);
	p->serve = serve;
	s = ph_socket_new(h->st, family, tcp ? PH_SOCK_STREAM : PH_SOCK_DGRAM, 0, h->now_ns);
	if (s < 0)
		return port_failed(h, p, transport, s, err, cap);
	host_add_app(h, &p->app, s, tcp ? listener_ready : datagram_ready);
	if (tcp) {
		rc = ph_setsockopt(h->st, s, PH_SOL_SOCKET, PH_SO_REUSEADDR, &on, sizeof(on),
				   h->now_ns);
		if (rc < 0)
			return port_failed(h, p, transport, rc, err, cap);
	}
	rc = ph_bind(h->st, s, &any, h->now_ns);
	if (rc == 0 && tcp)
		rc = ph_listen(h->st, s, SERVICE_BACKLOG, h->now_ns);
	return rc < 0 ? port_failed(h, p, transport, rc, err, cap) : 0;
}

int services_open(struct host *h, char *err, size_t cap)
{
	for (size_t i = 0; i < h->opt->nserves; i++) {
		const struct opt_serve *serve = &h->opt->serves[i];
		int rc = serve->tcp ? port_open(h, serve, true, err, cap) : 0;

		if (rc == 0 && serve->udp)
			rc = port_open(h, serve, false, err, cap);
		if (rc < 0)
			return rc;
	}
	return 0;
}

void services_close(struct host *h)
{
	struct list_node *n, *next;

	dial_close(h);
	list_for_each_safe(n, next, &h->apps) {
		struct app *app = container_of(n, struct app, all);

		if (app->ready == conn_ready) {
			empty(h, app->socket);
			conn_free(h, container_of(app, struct conn, app));
		} else if (app->ready == listener_ready || app->ready == datagram_ready) {
			host_close_app(h, app);
			free(container_of(app, struct port, app));
		}
	}
}
