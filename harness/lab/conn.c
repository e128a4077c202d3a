/* SPDX-License-Identifier: BSD-2-Clause */
/* See conn.h. */
#include "harness/lab/conn.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "harness/lab/load.h"
#include "harness/lab/meter.h"
#include "harness/sim/mem.h"

enum {
	PATTERN = 65521, /* octets until a stream repeats: a prime, so that no size divides it */
	IO_MAX = 65536,	 /* octets of a write */
	READ_MAX = 1 << 18,
	BACKLOG = 4096,
	PORT_TRIES = 200 /* ports in TIME-WAIT that are passed over */
};
#define LISTENS	 (1ull << 63) /* in a socket's user number */
#define RETRY_NS 50000000u    /* until memory is asked for again */

/* Each connection begins elsewhere in the pattern, and each end. */
static size_t place(const struct lab_conn *c, unsigned side, uint64_t octet)
{
	return (size_t)((octet + (2ull * c->port + side) * 7919) % PATTERN);
}

static int family_of(const struct lab_flow *f)
{
	return f->six ? PH_AF_INET6 : PH_AF_INET;
}

static struct ph_sockaddr name_of(const struct lab_conn *c, unsigned node, uint16_t port)
{
	const struct lab_flow *f = c->run->flow;

	return (struct ph_sockaddr){ .family = (uint16_t)family_of(f), .port = port,
				     .ip = sim_topo_ip(c->lab->net->topo, node, f->six) };
}

static void went_wrong(struct lab_conn *c, const char *what)
{
	struct lab *l = c->lab;

	if (!l->why[0])
		snprintf(l->why, sizeof(l->why), "flow %s: connection %u from %s to %s at %.6f s: %s",
			 c->run->flow->name, c->no, c->end[0].host->name, c->end[1].host->name,
			 lab_time(l->net->now), what);
}

/* ---- ends --------------------------------------------------------------------------------------- */

static void drop_socket(struct lab_conn *c, unsigned side)
{
	struct lab_end *e = &c->end[side];

	if (e->socket < 0)
		return;
	lab_meter_leaves(c, side);
	(void)ph_close(e->host->st, e->socket, sim_host_now(e->host));
	e->socket = -1;
	e->host->dirty = true;
}

static void finish(struct lab_conn *c)
{
	if (c->over || c->end[0].socket >= 0 || c->end[1].socket >= 0)
		return;
	c->over = true;
	lab_load_closed(c);
}

static void fail(struct lab_conn *c, int error, const char *what)
{
	if (c->over)
		return;
	c->error = error;
	went_wrong(c, what ? what : strerror(-error));
	c->run->failed++;
	drop_socket(c, 0);
	drop_socket(c, 1);
	finish(c);
}

static int set(struct sim_host *h, ph_socket s, int level, int name, const void *value, size_t len)
{
	int rc = ph_setsockopt(h->st, s, level, name, value, (uint32_t)len, sim_host_now(h));

	return rc == -EINVAL ? 0 : rc; /* cut to what is possible, or not possible here */
}

static int set_options(const struct lab_flow *f, struct sim_host *h, ph_socket s)
{
	const struct lab_options *o = &f->options;
	uint32_t one = 1;
	int rc = 0;

	if (o->sndbuf)
		rc = set(h, s, PH_SOL_SOCKET, PH_SO_SNDBUF, &o->sndbuf, sizeof(uint32_t));
	if (o->rcvbuf && rc == 0)
		rc = set(h, s, PH_SOL_SOCKET, PH_SO_RCVBUF, &o->rcvbuf, sizeof(uint32_t));
	if (o->mss && rc == 0)
		rc = set(h, s, PH_IPPROTO_TCP, PH_TCP_MAXSEG, &o->mss, sizeof(uint32_t));
	if (o->nodelay && rc == 0)
		rc = set(h, s, PH_IPPROTO_TCP, PH_TCP_NODELAY, &one, sizeof(one));
	if (f->congestion[0] && rc == 0)
		rc = set(h, s, PH_IPPROTO_TCP, PH_TCP_CONGESTION, f->congestion,
			 strlen(f->congestion));
	return rc;
}

/* ---- reading and writing ---------------------------------------------------------------------------- */

static void later(void *lab, uint64_t user)
{
	struct lab *l = lab;
	struct lab_conn *c = l->conn[user >> 1];

	if (c && !c->over)
		lab_conn_owe(c, user & 1, c->end[user & 1].owes);
}

static void write_some(struct lab_conn *c, unsigned side)
{
	struct lab_end *e = &c->end[side];
	struct lab *l = c->lab;

	while (e->socket >= 0 && e->out < e->owes) {
		uint64_t left = e->owes - e->out;
		size_t n = left < IO_MAX ? (size_t)left : (size_t)IO_MAX;
		int64_t rc = ph_send(e->host->st, e->socket, l->pattern + place(c, side, e->out), n, 0,
				     sim_host_now(e->host));

		if (rc == -ENOMEM || rc == -ENOBUFS) {
			lab_clock_at(&l->clock, l->net->now + RETRY_NS, later, l,
				     (uint64_t)c->port << 1 | side);
			return;
		}
		if (rc == -EAGAIN || rc == 0)
			return;
		if (rc < 0) {
			fail(c, (int)rc, NULL);
			return;
		}
		e->out += (uint64_t)rc;
	}
}

static bool same(const struct lab_conn *c, unsigned side, uint64_t from, size_t n)
{
	const struct lab *l = c->lab;

	for (size_t at = 0; at < n; at += IO_MAX) {
		size_t part = n - at < IO_MAX ? n - at : (size_t)IO_MAX;

		if (memcmp(l->buf + at, l->pattern + place(c, side, from + at), part) != 0)
			return false;
	}
	return from + n <= c->end[side].out;
}

static void answer(struct lab_conn *c, unsigned side)
{
	if (!c->asking)
		return;
	if (side == 1 && c->end[1].in >= c->ask_end && c->end[1].owes < c->answer_end)
		lab_conn_owe(c, 1, c->answer_end);
	if (side == 0 && c->end[0].in >= c->answer_end) {
		c->asking = false;
		lab_load_answered(c);
	}
}

static void at_end_of_stream(struct lab_conn *c, unsigned side)
{
	c->end[side].eof = true;
	if (!c->closing || c->end[side].in != c->end[!side].out)
		fail(c, -EPIPE, "the stream ended before it was closed, or not all of it was read");
	else
		drop_socket(c, side);
}

static void read_some(struct lab_conn *c, unsigned side)
{
	struct lab_end *e = &c->end[side];
	struct lab *l = c->lab;

	while (e->socket >= 0) {
		int64_t rc = ph_recv(e->host->st, e->socket, l->buf, READ_MAX, 0,
				     sim_host_now(e->host));

		if (rc == -EAGAIN)
			return;
		if (rc < 0) {
			fail(c, (int)rc, NULL);
			return;
		}
		if (rc == 0) {
			at_end_of_stream(c, side);
			return;
		}
		if (!same(c, !side, e->in, (size_t)rc)) {
			fail(c, -EBADMSG, "octets were read that the other end did not write there");
			return;
		}
		e->in += (uint64_t)rc;
		lab_load_read(c, side, (uint64_t)rc);
		answer(c, side);
	}
}

static void connected(struct lab_conn *c)
{
	struct lab_end *e = &c->end[0];
	uint32_t bits = ph_poll(e->host->st, e->socket), len = sizeof(int);
	int error = 0;

	if (!(bits & (PH_POLLOUT | PH_POLLERR | PH_POLLHUP)))
		return;
	if (ph_getsockopt(e->host->st, e->socket, PH_SOL_SOCKET, PH_SO_ERROR, &error, &len))
		error = EBADF;
	if (error) {
		fail(c, -error, NULL);
		return;
	}
	c->open = true;
	lab_load_opened(c);
}

static void look_after(struct lab_conn *c, unsigned side)
{
	if (side == 0 && !c->open && c->end[0].socket >= 0)
		connected(c);
	read_some(c, side);
	write_some(c, side);
	finish(c);
}

/* ---- opening ----------------------------------------------------------------------------------------- */

bool lab_conn_listen(struct lab_run *r)
{
	const struct lab_flow *f = r->flow;
	struct lab *l = r->lab;

	r->nlistener = f->kind == LAB_INCAST ? f->nfrom : 1;
	r->listener = sim_alloc(r->nlistener * sizeof(*r->listener));
	for (unsigned i = 0; i < r->nlistener; i++) {
		struct sim_host *h = &l->net->host[f->kind == LAB_INCAST ? f->from[i] : f->to];
		struct ph_sockaddr any = { .family = (uint16_t)family_of(f),
					   .ip = f->six ? (struct ph_ip){ { 0 } } : ph_ip4(0, 0, 0, 0),
					   .port = (uint16_t)(LAB_PORT_LISTEN + r->index) };
		ph_socket s = ph_socket_new(h->st, family_of(f), PH_SOCK_STREAM, 0, sim_host_now(h));
		int rc = s < 0 ? s : ph_set_user(h->st, s, LISTENS | r->index);

		rc = rc ? rc : set_options(f, h, s);
		rc = rc ? rc : ph_bind(h->st, s, &any, sim_host_now(h));
		rc = rc ? rc : ph_listen(h->st, s, BACKLOG, sim_host_now(h));
		r->listener[i] = s;
		if (rc) {
			sim_fail(l->net, "flow %s: %s cannot listen: %s", f->name, h->name,
				 strerror(-rc));
			return false;
		}
	}
	return true;
}

static void forget(struct lab *l, unsigned port)
{
	if (!l->conn[port])
		return;
	lab_way_free(&l->conn[port]->way[0]);
	lab_way_free(&l->conn[port]->way[1]);
	free(l->conn[port]);
	l->conn[port] = NULL;
}

/* A port that no connection has, and the connection that had it is forgotten. 0: none is left. */
static unsigned take_port(struct lab *l)
{
	for (unsigned tries = 0; tries < LAB_PORTS; tries++) {
		unsigned port = l->next_port;

		l->next_port = port + 1 < LAB_PORTS ? port + 1 : (unsigned)LAB_PORT_CLIENT;
		if (l->conn[port] && (!l->conn[port]->over || l->conn[port]->dirty))
			continue;
		forget(l, port);
		return port;
	}
	sim_fail(l->net, "more than %d connections at once", LAB_PORTS - LAB_PORT_CLIENT);
	forget(l, 0);
	return 0;
}

static int try_port(struct lab_conn *c, unsigned from, unsigned to)
{
	struct ph_sockaddr peer = name_of(c, to, (uint16_t)(LAB_PORT_LISTEN + c->run->index));
	struct ph_sockaddr own = name_of(c, from, c->port);
	struct sim_host *h = c->end[0].host;
	ph_socket s = ph_socket_new(h->st, family_of(c->run->flow), PH_SOCK_STREAM, 0, sim_host_now(h));
	int rc = s < 0 ? s : ph_set_user(h->st, s, 2ull * c->port + 1);

	rc = rc ? rc : set_options(c->run->flow, h, s);
	rc = rc ? rc : ph_bind(h->st, s, &own, sim_host_now(h));
	rc = rc ? rc : ph_connect(h->st, s, &peer, sim_host_now(h));
	h->dirty = true;
	if (rc == -EINPROGRESS || rc == 0) {
		c->end[0].socket = s;
		return 0;
	}
	if (s >= 0)
		(void)ph_close(h->st, s, sim_host_now(h));
	return rc;
}

struct lab_conn *lab_conn_open(struct lab_run *r, unsigned from, unsigned to)
{
	struct lab *l = r->lab;
	struct lab_conn *c = sim_alloc(sizeof(*c));
	int rc = -EADDRINUSE;

	c->lab = l;
	c->run = r;
	c->no = (unsigned)r->connections++;
	c->begun_ns = l->net->now;
	c->end[0].host = &l->net->host[from];
	c->end[1].host = &l->net->host[to];
	c->end[0].socket = c->end[1].socket = -1;
	for (unsigned tries = 0; tries < PORT_TRIES && rc == -EADDRINUSE; tries++) {
		c->port = (uint16_t)take_port(l);
		if (c->port == 0) /* nobody's */
			break;
		rc = try_port(c, from, to);
	}
	l->conn[c->port] = c;
	if (rc)
		fail(c, rc, NULL);
	return c;
}

static void accepted(struct lab *l, struct sim_host *h, ph_socket s, const struct ph_sockaddr *peer)
{
	struct lab_conn *c = l->conn[peer->port];

	if (!c || c->over || c->end[1].host != h || c->end[1].socket >= 0) {
		(void)ph_close(h->st, s, sim_host_now(h)); /* its client gave up */
		return;
	}
	c->end[1].socket = s;
	(void)ph_set_user(h->st, s, 2ull * c->port + 2);
	look_after(c, 1);
}

static void accept_all(struct lab *l, struct sim_host *h, ph_socket listener)
{
	struct ph_sockaddr peer;
	ph_socket s;

	while ((s = ph_accept(h->st, listener, &peer, sim_host_now(h))) >= 0)
		accepted(l, h, s, &peer);
}

/* ---- what load.c asks for -------------------------------------------------------------------------- */

void lab_conn_owe(struct lab_conn *c, unsigned side, uint64_t octets)
{
	struct lab_end *e = &c->end[side];

	e->owes = octets > e->out ? octets : e->out;
	if (c->open && e->socket >= 0 && e->out < e->owes) {
		write_some(c, side);
		e->host->dirty = true;
	}
}

void lab_conn_ask(struct lab_conn *c, uint64_t request, uint64_t octets)
{
	c->asking = true;
	c->asked_ns = c->lab->net->now;
	c->ask_end = c->end[0].owes + request;
	c->answer_end = c->end[1].owes + octets;
	lab_conn_owe(c, 0, c->ask_end);
}

void lab_conn_close(struct lab_conn *c)
{
	struct lab_end *e = &c->end[0];

	if (c->over || c->closing)
		return;
	c->closing = true;
	c->asking = false;
	e->owes = e->out;
	c->end[1].owes = c->end[1].out;
	if (!c->open) {
		drop_socket(c, 0);
	} else if (e->socket >= 0) {
		(void)ph_shutdown(e->host->st, e->socket, PH_SHUT_WR, sim_host_now(e->host));
		e->host->dirty = true;
	}
}

void lab_conn_turn(struct lab *l, struct sim_host *h)
{
	struct ph_event event[16];
	int n;

	while ((n = ph_ready(h->st, event, 16)) > 0)
		for (int i = 0; i < n; i++) {
			uint64_t user = ph_get_user(h->st, event[i].socket);

			if (user & LISTENS)
				accept_all(l, h, event[i].socket);
			else if (user && l->conn[(user - 1) / 2])
				look_after(l->conn[(user - 1) / 2], (user - 1) % 2);
		}
}

void lab_conn_init(struct lab *l)
{
	struct sim_rand r = sim_rand_of(1, 0x6f63746574);

	l->conn = sim_alloc(LAB_PORTS * sizeof(struct lab_conn *));
	l->dirty = sim_alloc(LAB_PORTS * sizeof(struct lab_conn *));
	l->next_port = LAB_PORT_CLIENT;
	l->buf = sim_alloc(READ_MAX);
	l->pattern = sim_alloc(PATTERN + IO_MAX);
	for (size_t i = 0; i < PATTERN; i++)
		l->pattern[i] = (uint8_t)sim_rand_u64(&r);
	for (size_t i = PATTERN; i < PATTERN + IO_MAX; i++)
		l->pattern[i] = l->pattern[i - PATTERN];
}

void lab_conn_free(struct lab *l)
{
	for (unsigned i = 0; l->conn && i < LAB_PORTS; i++)
		forget(l, i);
	free(l->conn);
	free(l->dirty);
	free(l->pattern);
	free(l->buf);
}
