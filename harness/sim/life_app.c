/* SPDX-License-Identifier: BSD-2-Clause */
/* Programs for an hour: one that says something every few seconds and hears it again, on connections
 * bound to a device, and one that says everything back; see life_int.h. */
#include <errno.h>
#include <string.h>

#include "harness/sim/life_int.h"

static uint8_t octet(unsigned conn, uint64_t at)
{
	return (uint8_t)(sim_mix(at / 8 ^ (uint64_t)conn << 40) >> at % 8 * 8);
}

static void set(struct life *l, struct sim_host *h, ph_socket s, int level, int name, const void *value,
		uint32_t len)
{
	int rc = ph_setsockopt(h->st, s, level, name, value, len, sim_host_now(h));

	if (rc)
		sim_fail(l->net, "%s: option %d of level %d: %s", h->name, name, level,
			 strerror(-rc));
}

static void set_int(struct life *l, struct sim_host *h, ph_socket s, int level, int name, int value)
{
	set(l, h, s, level, name, &value, sizeof(value));
}

void life_listen(struct life *l)
{
	struct ph_sockaddr any = { .family = PH_AF_INET6, .port = LIFE_PORT };
	uint64_t now = sim_host_now(l->far);

	for (unsigned i = 0; i < LIFE_FAR; i++)
		l->far_socket[i] = -1;
	l->member = -1;
	l->listener = ph_socket_new(l->far->st, PH_AF_INET6, PH_SOCK_STREAM, 0, now);
	if (l->listener < 0 || ph_bind(l->far->st, l->listener, &any, now) ||
	    ph_listen(l->far->st, l->listener, 16, now))
		sim_fail(l->net, "the far host cannot listen");
}

/* Over the first device by its router, whose routes come before others; over the second one as somebody
 * of its network. */
static struct ph_sockaddr far_addr(const struct life *l, unsigned dev, bool six)
{
	const struct gate_port *p = &l->gate.port[dev];
	struct ph_sockaddr a = { .family = six ? PH_AF_INET6 : PH_AF_INET, .port = LIFE_PORT };

	if (six && dev == 0) {
		a.ip = (struct ph_ip){ { 0x20, 0x01, 0x0d, 0xb8, 0xff, 0xff, [15] = 2 } };
	} else if (six) {
		memcpy(a.ip.b, p->prefix[p->prefix[0].told ? 0 : 1].ip, 8);
		a.ip.b[15] = GATE_FAR_OCTET;
	} else {
		a.ip = dev == 0 ? ph_ip4(198, 18, 0, 2) :
				  ph_ip4(p->net[0], p->net[1], p->net[2], GATE_FAR_OCTET);
	}
	return a;
}

unsigned life_connect(struct life *l, unsigned dev, bool six, bool public)
{
	struct sim_host *h = l->host;
	struct life_conn *c = &l->conn[l->nconn];
	struct ph_sockaddr to = far_addr(l, dev, six);
	struct ph_sockaddr from;
	int rc;

	*c = (struct life_conn){ .dev = dev, .six = six, .next_ns = l->net->now,
				 .echoed_ns = l->net->now };
	c->socket = ph_socket_new(h->st, to.family, PH_SOCK_STREAM, 0, sim_host_now(h));
	if (c->socket < 0) {
		sim_fail(l->net, "%s has no socket: %s", h->name, strerror(-c->socket));
		return l->nconn++;
	}
	if (six)
		set_int(l, h, c->socket, PH_IPPROTO_IPV6, PH_IPV6_ADDR_PREFERENCES,
			public ? PH_IPV6_PREFER_SRC_PUBLIC : PH_IPV6_PREFER_SRC_TMP);
	rc = ph_connect(h->st, c->socket, &to, sim_host_now(h));
	if (rc != -EINPROGRESS || ph_getsockname(h->st, c->socket, &from))
		sim_fail(l->net, "%s: phase \"%s\": connect over %s: %s", h->name, l->phase,
			 l->dev[dev]->topo->name, strerror(-rc));
	else
		c->from = from.ip;
	h->dirty = true;
	return l->nconn++;
}

/* struct ip_mreqn and struct ipv6_mreq. */
void life_join(struct life *l, unsigned dev)
{
	int32_t link = l->dev[dev]->link;
	uint8_t req4[12] = { 0 }, req6[20];

	l->member = ph_socket_new(l->host->st, PH_AF_INET6, PH_SOCK_DGRAM, 0, sim_host_now(l->host));
	memcpy(req4, gate_group4, 4);
	memcpy(req4 + 8, &link, 4);
	memcpy(req6, gate_group6, 16);
	memcpy(req6 + 16, &link, 4);
	set(l, l->host, l->member, PH_IPPROTO_IP, PH_IP_ADD_MEMBERSHIP, req4, sizeof(req4));
	set(l, l->host, l->member, PH_IPPROTO_IPV6, PH_IPV6_JOIN_GROUP, req6, sizeof(req6));
	l->host->dirty = true;
}

void life_leave(struct life *l)
{
	(void)ph_close(l->host->st, l->member, sim_host_now(l->host));
	l->member = -1;
	l->host->dirty = true;
}

void life_close(struct life *l, unsigned conn)
{
	struct life_conn *c = &l->conn[conn];

	if (c->socket >= 0)
		(void)ph_close(l->host->st, c->socket, sim_host_now(l->host));
	c->socket = -1;
	l->host->dirty = true;
}

/* ---- the far host ----------------------------------------------------------------------------- */

static void far_accept(struct life *l)
{
	struct sim_host *h = l->far;
	ph_socket s;

	while (l->listener >= 0 &&
	       (s = ph_accept(h->st, l->listener, NULL, sim_host_now(h))) >= 0) {
		unsigned i = 0;

		while (i < LIFE_FAR && l->far_socket[i] >= 0)
			i++;
		if (i == LIFE_FAR) {
			sim_fail(l->net, "the far host has %d connections already", LIFE_FAR);
			return;
		}
		l->far_socket[i] = s;
		/* Who is gone without a word is noticed. */
		set_int(l, h, s, PH_SOL_SOCKET, PH_SO_KEEPALIVE, 1);
		set_int(l, h, s, PH_IPPROTO_TCP, PH_TCP_KEEPIDLE, 100);
		set_int(l, h, s, PH_IPPROTO_TCP, PH_TCP_KEEPINTVL, 60);
		set_int(l, h, s, PH_IPPROTO_TCP, PH_TCP_KEEPCNT, 4);
	}
}

static void far_echo(struct life *l, ph_socket *s)
{
	struct sim_host *h = l->far;
	uint8_t buf[2 * LIFE_TALK];
	int64_t n;

	while ((n = ph_recv(h->st, *s, buf, sizeof(buf), 0, sim_host_now(h))) > 0)
		if (ph_send(h->st, *s, buf, (size_t)n, 0, sim_host_now(h)) != n)
			break;
	if (n == -EAGAIN)
		return;
	(void)ph_close(h->st, *s, sim_host_now(h));
	*s = -1;
}

/* ---- the host --------------------------------------------------------------------------------- */

static void hear(struct life *l, unsigned conn)
{
	struct life_conn *c = &l->conn[conn];
	struct sim_host *h = l->host;
	uint8_t buf[LIFE_TALK];
	int64_t n;

	while ((n = ph_recv(h->st, c->socket, buf, sizeof(buf), 0, sim_host_now(h))) > 0) {
		for (int64_t i = 0; i < n; i++)
			if (buf[i] != octet(conn, c->echoed + (uint64_t)i)) {
				sim_fail(l->net, "connection %u heard another octet than it said",
					 conn);
				return;
			}
		c->echoed += (uint64_t)n;
		c->echoed_ns = l->net->now;
	}
	if (n == -EAGAIN || n == -ENOTCONN)
		return;
	c->dead = true;
	c->error = (int)-n;
	life_close(l, conn);
}

static void talk(struct life *l, unsigned conn)
{
	struct life_conn *c = &l->conn[conn];
	struct sim_host *h = l->host;
	uint8_t buf[LIFE_TALK];
	int64_t n;

	c->next_ns = l->net->now + LIFE_TALK_NS;
	for (unsigned i = 0; i < LIFE_TALK; i++)
		buf[i] = octet(conn, c->sent + i);
	n = ph_send(h->st, c->socket, buf, LIFE_TALK, 0, sim_host_now(h));
	if (n > 0)
		c->sent += (uint64_t)n;
}

void life_turn(struct life *l, struct sim_host *h)
{
	struct ph_event ev[16];

	while (ph_ready(h->st, ev, 16) > 0)
		; /* everybody is looked at anyway */
	if (h == l->far) {
		far_accept(l);
		for (unsigned i = 0; i < LIFE_FAR; i++)
			if (l->far_socket[i] >= 0)
				far_echo(l, &l->far_socket[i]);
		return;
	}
	for (unsigned i = 0; i < l->nconn; i++) {
		if (l->conn[i].socket >= 0)
			hear(l, i);
		if (l->conn[i].socket >= 0 && l->conn[i].next_ns <= l->net->now)
			talk(l, i);
	}
}

uint64_t life_next(const struct life *l)
{
	uint64_t at = PH_NEVER;

	for (unsigned i = 0; i < l->nconn; i++)
		if (l->conn[i].socket >= 0 && l->conn[i].next_ns < at)
			at = l->conn[i].next_ns;
	return at;
}

void life_alive(struct life *l, unsigned conn)
{
	const struct life_conn *c = &l->conn[conn];

	if (c->socket < 0 || l->net->now - c->echoed_ns > 30 * LIFE_SECOND)
		sim_fail(l->net,
			 "after \"%s\": connection %u over %s should live; it %s, and heard its last "
			 "octet %llu s ago",
			 l->phase, conn, l->dev[c->dev]->topo->name,
			 c->dead ? strerror(c->error) : "is open",
			 (unsigned long long)((l->net->now - c->echoed_ns) / LIFE_SECOND));
}

void life_dead(struct life *l, unsigned conn)
{
	const struct life_conn *c = &l->conn[conn];

	if (!c->dead)
		sim_fail(l->net, "after \"%s\": connection %u over %s should have ended", l->phase,
			 conn, l->dev[c->dev]->topo->name);
}
