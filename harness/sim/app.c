/* SPDX-License-Identifier: BSD-2-Clause */
/* Applications in virtual time; see app.h. */
#include "harness/sim/app.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "harness/sim/mem.h"
#include "harness/sim/pattern.h"
#include "harness/sim/rand.h"

#define RETRY_NS      50000000u	 /* after an answer that memory is short */
/* Until a server that did not accept will not: whose connection it was could not be told. */
#define UNHEARD_NS    300000000000u
#define PORT_RETRY_NS 1000000000u /* or that the port is in use still */

enum { KEEP_IDLE_S = 20, KEEP_INTVL_S = 5, KEEP_COUNT = 20 };

#define NOTE(a, e, ...)                                                                            \
	do {                                                                                       \
		if ((a)->net->trace)                                                               \
			sim_trace_note((a)->net->trace, (a)->net->now, (e)->host->name, __VA_ARGS__); \
	} while (0)

static const struct sim_conn_plan *plan_of(const struct sim_apps *a, const struct sim_end *e)
{
	return &a->plan[e->conn];
}

static uint64_t stream_key(const struct sim_apps *a, unsigned conn, unsigned side)
{
	return sim_mix(a->key ^ ((uint64_t)conn << 1 | side));
}

static void set_option(struct sim_apps *a, struct sim_host *h, ph_socket s, int level, int name,
		       uint32_t value, bool wanted)
{
	int rc;

	if (!wanted)
		return;
	rc = ph_setsockopt(h->st, s, level, name, &value, sizeof(value), sim_host_now(h));
	/* A buffer beyond what the socket may have is cut, a segment size out of bounds refused. */
	if (rc && rc != -EINVAL)
		sim_fail(a->net, "%s: socket option %d of level %d cannot be %u: errno %d", h->name,
			 name, level, value, -rc);
}

static void set_options(struct sim_apps *a, struct sim_host *h, ph_socket s,
			const struct sim_end_plan *p)
{
	set_option(a, h, s, PH_SOL_SOCKET, PH_SO_SNDBUF, p->sndbuf, p->sndbuf);
	set_option(a, h, s, PH_SOL_SOCKET, PH_SO_RCVBUF, p->rcvbuf, p->rcvbuf);
	set_option(a, h, s, PH_IPPROTO_TCP, PH_TCP_MAXSEG, p->mss, p->mss);
	set_option(a, h, s, PH_IPPROTO_TCP, PH_TCP_WINDOW_CLAMP, p->clamp, p->clamp);
	set_option(a, h, s, PH_IPPROTO_TCP, PH_TCP_NODELAY, 1, p->nodelay);
	set_option(a, h, s, PH_IPPROTO_TCP, PH_TCP_CORK, 1, p->cork);
	set_option(a, h, s, PH_IPPROTO_TCP, PH_TCP_QUICKACK, 1, p->quickack);
	set_option(a, h, s, PH_IPPROTO_TCP, PH_TCP_KEEPIDLE, KEEP_IDLE_S, p->keepalive);
	set_option(a, h, s, PH_IPPROTO_TCP, PH_TCP_KEEPINTVL, KEEP_INTVL_S, p->keepalive);
	set_option(a, h, s, PH_IPPROTO_TCP, PH_TCP_KEEPCNT, KEEP_COUNT, p->keepalive);
	set_option(a, h, s, PH_SOL_SOCKET, PH_SO_KEEPALIVE, 1, p->keepalive);
	if (p->cc && ph_setsockopt(h->st, s, PH_IPPROTO_TCP, PH_TCP_CONGESTION, p->cc,
				   (uint32_t)strlen(p->cc), sim_host_now(h)))
		sim_fail(a->net, "%s has no congestion control \"%s\"", h->name, p->cc);
	set_option(a, h, s, PH_SOL_SOCKET, PH_SO_REUSEADDR, 1, p->reuseaddr);
}

static void leave(struct sim_apps *a, struct sim_end *e, enum sim_end_state state)
{
	struct sim_host *h = e->host;

	NOTE(a, e, "conn %u %s leaves: %s, wrote %" PRIu64 ", read %" PRIu64 ", error %d", e->conn,
	     e->side ? "server" : "client",
	     state == SIM_END_DONE ? "done" : state == SIM_END_ABORTED ? "abort" : "failed", e->out,
	     e->in, -e->error);
	e->state = state;
	e->wake_ns = PH_NEVER;
	e->done_ns = a->net->now;
	if (e->socket < 0)
		return;
	if (state == SIM_END_ABORTED) {
		const uint32_t linger[2] = { 1, 0 };

		if (ph_setsockopt(h->st, e->socket, PH_SOL_SOCKET, PH_SO_LINGER, linger,
				  sizeof(linger), sim_host_now(h)))
			sim_fail(a->net, "%s: SO_LINGER refused", h->name);
	}
	if (ph_close(h->st, e->socket, sim_host_now(h)))
		sim_fail(a->net, "%s: close() of an open socket failed", h->name);
	e->socket = -1;
}

static void fail(struct sim_apps *a, struct sim_end *e, int error)
{
	e->error = error;
	leave(a, e, SIM_END_FAILED);
}

/* Memory may come back. */
static bool is_short(int64_t rc)
{
	return rc == -ENOMEM || rc == -ENOBUFS || rc == -ENOSPC || rc == -ENFILE || rc == -EMFILE;
}

static void retry_later(struct sim_apps *a, struct sim_end *e)
{
	e->wake_ns = a->net->now + RETRY_NS;
}

/* ---- opening --------------------------------------------------------------------------------- */

/* The name of one side of a connection. */
static struct ph_sockaddr name_of(const struct sim_apps *a, const struct sim_conn_plan *p, int side)
{
	return (struct ph_sockaddr){ .family = p->six ? PH_AF_INET6 : PH_AF_INET,
				     .port = p->port[side],
				     .ip = sim_topo_ip(a->net->topo, p->host[side], p->six) };
}

static void connect_end(struct sim_apps *a, struct sim_end *e)
{
	const struct sim_conn_plan *p = plan_of(a, e);
	struct ph_sockaddr from = name_of(a, p, 0), to = name_of(a, p, 1);
	struct sim_host *h = e->host;
	int rc;

	e->wake_ns = PH_NEVER;
	e->socket = ph_socket_new(h->st, from.family, PH_SOCK_STREAM, 0, sim_host_now(h));
	if (e->socket < 0) {
		rc = e->socket;
		e->socket = -1;
	} else {
		(void)ph_set_user(h->st, e->socket, 2 * e->conn + e->side + 1);
		set_options(a, h, e->socket, &p->end[0]);
		rc = ph_bind(h->st, e->socket, &from, sim_host_now(h));
		if (rc == 0)
			rc = ph_connect(h->st, e->socket, &to, sim_host_now(h));
	}
	if (rc == -EINPROGRESS) {
		e->state = SIM_END_CONNECTING;
		return;
	}
	if (e->socket >= 0)
		(void)ph_close(h->st, e->socket, sim_host_now(h));
	e->socket = -1;
	if (is_short(rc))
		retry_later(a, e);
	else if (p->after >= 0 && (rc == -EADDRINUSE || rc == -EADDRNOTAVAIL))
		e->wake_ns = a->net->now + PORT_RETRY_NS; /* its own TIME-WAIT ends */
	else
		fail(a, e, rc);
}

static void connected(struct sim_apps *a, struct sim_end *e)
{
	uint32_t bits = ph_poll(e->host->st, e->socket), len = sizeof(int);
	int error = 0;

	if (!(bits & (PH_POLLOUT | PH_POLLERR | PH_POLLHUP)))
		return;
	if (ph_getsockopt(e->host->st, e->socket, PH_SOL_SOCKET, PH_SO_ERROR, &error, &len))
		sim_fail(a->net, "%s: SO_ERROR refused", e->host->name);
	if (error)
		fail(a, e, -error);
	else
		e->state = SIM_END_OPEN;
}

/* The connection that a client's port stands for: of those between the same ports the last that
 * began. NULL: none. */
static struct sim_end *server_of(struct sim_apps *a, const struct sim_host *h,
				 const struct ph_sockaddr *peer)
{
	struct sim_end *last = NULL;

	for (unsigned i = 0; i < a->nconn; i++) {
		const struct sim_conn_plan *p = &a->plan[i];
		struct ph_sockaddr from = name_of(a, p, 0);

		if (a->end[2 * i + 1].host == h && p->port[0] == peer->port &&
		    memcmp(&from.ip, &peer->ip, sizeof(from.ip)) == 0 &&
		    a->end[2 * i].state != SIM_END_WAITING)
			last = &a->end[2 * i + 1];
	}
	return last;
}

static bool cookies_taken(const struct sim_host *h)
{
	return ph_counter_by_name(h->st, "TcpExtSyncookiesRecv") > 0;
}

static void accepted(struct sim_apps *a, struct sim_host *h, ph_socket s,
		     const struct ph_sockaddr *peer)
{
	struct sim_end *e = server_of(a, h, peer);

	if (e && e->state != SIM_END_WAITING && cookies_taken(h)) {
		/* A late segment of a connection that was aborted carries a cookie that is still
		 * good (RFC 4987 3.6): nobody is at the other end. */
		(void)ph_close(h->st, s, sim_host_now(h));
		return;
	}
	if (!e || e->state != SIM_END_WAITING) {
		sim_fail(a->net, "%s accepted a connection from port %u that %s", h->name, peer->port,
			 e ? "was accepted before" : "nobody opened");
		return;
	}
	e->socket = s;
	e->state = SIM_END_OPEN;
	e->pending = true;
	(void)ph_set_user(h->st, s, 2 * e->conn + 2);
	set_options(a, h, s, &plan_of(a, e)->end[1]);
}

static void accept_all(struct sim_apps *a, struct sim_host *h, ph_socket listener)
{
	struct ph_sockaddr peer;
	ph_socket s;

	while ((s = ph_accept(h->st, listener, &peer, sim_host_now(h))) >= 0)
		accepted(a, h, s, &peer);
	if (s != -EAGAIN && !is_short(s))
		sim_fail(a->net, "%s: accept() gave errno %d", h->name, -s);
}

void sim_apps_listen(struct sim_apps *a, const struct sim_end_plan *opts, int backlog)
{
	sim_flows_listen(&a->flows);
	for (unsigned i = 0; i < a->nconn; i++) {
		struct sim_host *h = &a->net->host[a->plan[i].host[1]];
		bool six = sim_topo_addr6(a->net->topo, a->plan[i].host[1]); /* then of both */
		struct ph_sockaddr any = { .family = six ? PH_AF_INET6 : PH_AF_INET,
					   .port = a->plan[i].port[1] };
		struct sim_listener *l;
		bool have = a->plan[i].refused;

		for (unsigned k = 0; k < a->nlistener && !have; k++)
			have = a->listener[k].host == h && a->listener[k].port == any.port;
		if (have)
			continue;
		a->listener = sim_grow(a->listener, a->nlistener, sizeof(*a->listener));
		l = &a->listener[a->nlistener++];
		*l = (struct sim_listener){ h, -1, any.port };
		l->socket = ph_socket_new(h->st, any.family, PH_SOCK_STREAM, 0, sim_host_now(h));
		if (!six)
			any.ip = ph_ip4(0, 0, 0, 0);
		if (l->socket < 0)
			continue; /* short of memory: its clients will not come through */
		(void)ph_set_user(h->st, l->socket, 0);
		set_options(a, h, l->socket, opts);
		if (ph_bind(h->st, l->socket, &any, sim_host_now(h)) ||
		    ph_listen(h->st, l->socket, backlog, sim_host_now(h))) {
			(void)ph_close(h->st, l->socket, sim_host_now(h));
			l->socket = -1;
		}
	}
}

void sim_apps_stop_listening(struct sim_apps *a)
{
	for (unsigned i = 0; i < a->nlistener; i++) {
		struct sim_listener *l = &a->listener[i];

		if (l->socket >= 0)
			(void)ph_close(l->host->st, l->socket, sim_host_now(l->host));
		l->socket = -1;
		l->host->dirty = true;
	}
}

/* ---- data ------------------------------------------------------------------------------------ */

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* How far it may have written by now, and when it may write more. */
static uint64_t gate(const struct sim_apps *a, const struct sim_end *e, uint64_t *opens_ns)
{
	const struct sim_conn_plan *p = plan_of(a, e);
	uint64_t bursts;

	*opens_ns = PH_NEVER;
	switch (p->kind) {
	case SIM_BULK:
		break;
	case SIM_REQUEST: /* one request at a time, each answered when it is whole */
		return e->side == 0 ? (e->in / p->chunk[1] + 1) * p->chunk[0] :
				      e->in / p->chunk[0] * p->chunk[1];
	case SIM_ONOFF:
		bursts = (a->net->now - (p->start_ns + SIM_START_NS)) / p->period_ns + 1;
		*opens_ns = p->start_ns + SIM_START_NS + bursts * p->period_ns;
		return bursts * p->chunk[e->side];
	}
	return UINT64_MAX;
}

/* True: some left, and more may be possible at once. */
static bool write_some(struct sim_apps *a, struct sim_end *e)
{
	const struct sim_end_plan *p = &plan_of(a, e)->end[e->side];
	uint64_t all = sim_end_writes(a, e), opens, to = smaller(all, gate(a, e, &opens));
	int64_t rc;
	size_t n;

	if (e->out >= to) {
		if (e->out < all && opens < e->wake_ns)
			e->wake_ns = opens;
		return false;
	}
	n = (size_t)smaller(to - e->out, p->write_max);
	sim_pattern_fill(stream_key(a, e->conn, e->side), e->out, a->buf, n);
	rc = ph_send(e->host->st, e->socket, a->buf, n, 0, sim_host_now(e->host));
	e->write_blocked = rc == -EAGAIN;
	if (rc == -EAGAIN)
		return false;
	if (is_short(rc)) {
		retry_later(a, e);
		return false;
	}
	if (rc <= 0 || (uint64_t)rc > n) {
		if (rc >= 0)
			sim_fail(a->net, "%s: send() of %zu octets gave %" PRId64, e->host->name, n,
				 rc);
		fail(a, e, (int)rc);
		return false;
	}
	e->out += (uint64_t)rc;
	return true;
}

static void compare(struct sim_apps *a, struct sim_end *e, size_t n)
{
	size_t same = sim_pattern_match(stream_key(a, e->conn, !e->side), e->in, a->buf, n);

	if (same < n)
		sim_fail(a->net, "%s: connection %u: octet %" PRIu64 " of what the %s sent is wrong",
			 e->host->name, e->conn, e->in + same, e->side ? "client" : "server");
	if (e->in + n > sim_end_other(a, e)->out)
		sim_fail(a->net, "%s: connection %u: %" PRIu64 " octets read, %" PRIu64 " written",
			 e->host->name, e->conn, e->in + n, sim_end_other(a, e)->out);
}

static void end_of_stream(struct sim_apps *a, struct sim_end *e)
{
	const struct sim_end *o = sim_end_other(a, e);

	e->eof = true;
	if (e->in < sim_end_reads(a, e))
		sim_fail(a->net,
			 "%s: connection %u: the stream ended after %" PRIu64 " of %" PRIu64
			 " octets",
			 e->host->name, e->conn, e->in, sim_end_reads(a, e));
	if (!o->shut && o->state != SIM_END_DONE)
		sim_fail(a->net, "%s: connection %u: the stream ended and the other end is open",
			 e->host->name, e->conn);
}

static bool read_some(struct sim_apps *a, struct sim_end *e)
{
	const struct sim_end_plan *p = &plan_of(a, e)->end[e->side];
	int64_t rc;

	if (e->eof)
		return false;
	if (a->net->now < e->read_ns) {
		e->wake_ns = smaller(e->wake_ns, e->read_ns);
		return false;
	}
	rc = ph_recv(e->host->st, e->socket, a->buf, p->read_max, 0, sim_host_now(e->host));
	if (rc == -EAGAIN)
		return false;
	if (rc < 0 || rc > p->read_max) {
		fail(a, e, (int)rc);
		return false;
	}
	if (rc == 0) {
		end_of_stream(a, e);
		return true;
	}
	compare(a, e, (size_t)rc);
	e->in += (uint64_t)rc;
	e->read_ns = a->net->now + p->read_pause_ns;
	return true;
}

/* Has it come to its end? */
static void consider_leaving(struct sim_apps *a, struct sim_end *e)
{
	const struct sim_end_plan *p = &plan_of(a, e)->end[e->side];
	bool wrote = e->out == sim_end_writes(a, e), read = e->in == sim_end_reads(a, e);

	if (e->out + e->in >= p->abort_at) {
		leave(a, e, SIM_END_ABORTED);
		return;
	}
	switch (p->leave) {
	case SIM_LEAVE_SHUT:
		if (wrote && !e->shut) {
			int rc;

			e->shut = true; /* before: the other end may hear of it in the same call */
			rc = ph_shutdown(e->host->st, e->socket, PH_SHUT_WR, sim_host_now(e->host));
			/* A reset that nobody has read yet. */
			if (rc && rc != -ENOTCONN)
				sim_fail(a->net, "%s: shutdown() gave errno %d", e->host->name, -rc);
		}
		if (wrote && e->eof)
			leave(a, e, SIM_END_DONE);
		break;
	case SIM_LEAVE_CLOSE:
		if (wrote && read)
			leave(a, e, SIM_END_DONE);
		break;
	}
}

static void end_turn(struct sim_apps *a, struct sim_end *e)
{
	bool any;

	if (e->wake_ns <= a->net->now)
		e->wake_ns = PH_NEVER;
	if (e->state == SIM_END_WAITING && e->side == 0)
		connect_end(a, e);
	if (e->state == SIM_END_CONNECTING)
		connected(a, e);
	do {
		any = e->state == SIM_END_OPEN && read_some(a, e);
		if (e->state == SIM_END_OPEN)
			any |= write_some(a, e);
		if (e->state == SIM_END_OPEN)
			consider_leaving(a, e);
	} while (any && !a->net->failed);
}

/* ---- all of them ----------------------------------------------------------------------------- */

void sim_apps_init(struct sim_apps *a, struct sim_net *n, const struct sim_conn_plan *plan,
		   unsigned nconn, const struct sim_flow_plan *flow, unsigned nflow, uint64_t key)
{
	*a = (struct sim_apps){ .net = n, .plan = plan, .nconn = nconn, .key = key };
	a->buf = sim_alloc(SIM_IO_MAX);
	a->end = sim_alloc(2 * (size_t)nconn * sizeof(*a->end));
	for (unsigned i = 0; i < 2 * nconn; i++)
		a->end[i] = (struct sim_end){ .conn = i / 2,
					      .side = i % 2,
					      .socket = -1,
					      .host = &n->host[plan[i / 2].host[i % 2]],
					      .wake_ns = i % 2 || plan[i / 2].after >= 0 ?
								 PH_NEVER :
								 SIM_START_NS + plan[i / 2].start_ns };
	sim_flows_init(&a->flows, n, flow, nflow, key);
}

void sim_apps_free(struct sim_apps *a)
{
	sim_flows_free(&a->flows);
	free(a->buf);
	free(a->end);
	free(a->listener);
	memset(a, 0, sizeof(*a));
}

static bool conn_over(const struct sim_apps *a, unsigned i)
{
	const struct sim_end *c = &a->end[2 * i], *s = &a->end[2 * i + 1];
	/* A client that gave up may never have been heard of. */
	bool unheard = s->state == SIM_END_WAITING &&
		       (c->state == SIM_END_FAILED || c->state == SIM_END_ABORTED);

	return sim_end_over(c) && (sim_end_over(s) || unheard);
}

/* Connections that wait for another to be over. */
static void release_followers(struct sim_apps *a)
{
	for (unsigned i = 0; i < a->nconn; i++) {
		struct sim_end *e = &a->end[2 * i];
		int after = a->plan[i].after;

		if (after < 0 || e->state != SIM_END_WAITING || e->wake_ns != PH_NEVER ||
		    !conn_over(a, (unsigned)after))
			continue;
		e->wake_ns = a->net->now + a->plan[i].start_ns;
		if (!sim_end_over(&a->end[2 * after + 1]))
			e->wake_ns += UNHEARD_NS;
	}
}

void sim_apps_turn(struct sim_apps *a, struct sim_host *h)
{
	struct ph_event event[16];
	int n;

	while ((n = ph_ready(h->st, event, 16)) > 0) {
		for (int i = 0; i < n; i++) {
			uint64_t user = ph_get_user(h->st, event[i].socket);

			if (user & SIM_FLOW_USER)
				sim_flows_ready(&a->flows, user);
			else if (user == 0)
				accept_all(a, h, event[i].socket);
			else
				a->end[user - 1].pending = true;
		}
	}
	for (unsigned i = 0; i < 2 * a->nconn; i++) {
		struct sim_end *e = &a->end[i];

		if (e->host != h || sim_end_over(e) || (!e->pending && e->wake_ns > a->net->now))
			continue;
		e->pending = false;
		end_turn(a, e);
	}
	release_followers(a);
	sim_flows_turn(&a->flows, h);
}

void sim_apps_poll(const struct sim_apps *a, const struct sim_host *h)
{
	for (unsigned i = 0; i < 2 * a->nconn; i++)
		if (a->end[i].host == h && a->end[i].socket >= 0)
			(void)ph_poll(h->st, a->end[i].socket);
}

void sim_apps_quit(struct sim_apps *a, struct sim_end *e)
{
	leave(a, e, SIM_END_ABORTED);
	e->host->dirty = true;
}

uint64_t sim_apps_next(const struct sim_apps *a)
{
	uint64_t at = PH_NEVER;

	for (unsigned i = 0; i < 2 * a->nconn; i++)
		at = smaller(at, a->end[i].wake_ns);
	return smaller(at, sim_flows_next(&a->flows));
}

void sim_apps_mark(struct sim_apps *a)
{
	for (unsigned i = 0; i < 2 * a->nconn; i++)
		if (a->end[i].wake_ns <= a->net->now)
			a->end[i].host->dirty = true;
	sim_flows_mark(&a->flows);
}

bool sim_apps_finished(const struct sim_apps *a)
{
	for (unsigned i = 0; i < a->nconn; i++)
		if (!conn_over(a, i))
			return false;
	return sim_flows_finished(&a->flows);
}
