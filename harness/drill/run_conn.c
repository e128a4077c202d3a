/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which connection a packet belongs to, which descriptor that is in the script and in the device,
 * and what the script's timestamps stand for. Called by the other files of the runner.
 */
#include "harness/drill/run_int.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_REMOTE_PORT = 49152 };

struct drill_conn *drill_conn_new(struct drill_run *r, enum drill_l4 l4, uint16_t lport,
				  uint16_t rport)
{
	struct drill_conn *c;

	if (r->nconns >= DRILL_CONNS_MAX) {
		(void)drill_end(r, DRILL_ERROR, "more than %d connections", DRILL_CONNS_MAX);
		return NULL;
	}
	c = calloc(1, sizeof(*c));
	if (!c) {
		(void)drill_end(r, DRILL_ERROR, "out of memory");
		return NULL;
	}
	c->number = ++r->nconns;
	c->l4 = l4;
	c->local = r->conf.local;
	c->remote = r->conf.remote;
	c->lport = lport;
	c->rport = rport ? rport : (uint16_t)(FIRST_REMOTE_PORT + r->nconns);
	c->last = &c->first;
	c->next = r->conns;
	r->conns = c;
	return c;
}

struct drill_conn *drill_conn_find(struct drill_run *r, enum drill_l4 l4, uint16_t lport,
				   uint16_t rport)
{
	for (struct drill_conn *c = r->conns; c; c = c->next)
		if (c->l4 == l4 &&
		    (l4 == DRILL_L4_ICMP || (c->lport == lport && c->rport == rport)))
			return c;
	return NULL;
}

/* A SYN goes to the connection that stands, unless the script has closed that one and the SYN comes
 * again from the start: TIME-WAIT would be reopened with a later one. */
static bool opens(const struct drill_run *r, const struct drill_packet *p)
{
	const struct drill_conn *c = r->conn;

	if (p->dir != DRILL_IN || p->l4 != DRILL_L4_TCP ||
	    (p->tcp.flags & (DRILL_F_SYN | DRILL_F_ACK | DRILL_F_RST)) != DRILL_F_SYN)
		return false;
	return c->closed && r->listener && p->tcp.seq.start == c->remote_isn;
}

static struct drill_conn *by_ports(struct drill_run *r, const struct drill_packet *p)
{
	uint16_t lport = p->dir == DRILL_IN ? p->dport : p->sport;
	uint16_t rport = p->dir == DRILL_IN ? p->sport : p->dport;
	struct drill_conn *c = drill_conn_find(r, p->l4, lport, rport);

	return c ? c : drill_conn_new(r, p->l4, lport, rport);
}

struct drill_conn *drill_conn_of(struct drill_run *r, const struct drill_packet *p)
{
	struct drill_conn *c = r->conn;

	if (p->l4 == DRILL_L4_ICMP && p->dir == DRILL_OUT) {
		c = drill_conn_find(r, DRILL_L4_ICMP, 0, 0);
		return c ? c : drill_conn_new(r, DRILL_L4_ICMP, 0, 0);
	}
	if (p->has_sock) {
		struct drill_fd *f = drill_fd_of(r, p->sock);

		if (!f || !f->conn) {
			(void)drill_end(r, DRILL_ERROR, "sock(%d): descriptor %d has no connection",
					p->sock, p->sock);
			return NULL;
		}
		return f->conn;
	}
	if (p->has_ports) {
		r->conn = by_ports(r, p);
		return r->conn;
	}
	if (p->l4 == DRILL_L4_ICMP)
		return c;
	if (!c || c->l4 != p->l4 || opens(r, p)) {
		uint16_t lport = r->opt.bind_port;

		c = drill_conn_new(r, p->l4, lport, 0);
		r->conn = c;
	}
	return c;
}

/* ---- what the device sends ---- */

static struct drill_conn *owner(struct drill_run *r, const struct drill_live *l)
{
	struct drill_conn *c = drill_conn_find(r, l->l4, l->sport, l->dport);

	if (c)
		return c;
	c = drill_conn_new(r, l->l4, l->sport, l->dport);
	if (!c)
		return NULL;
	c->remote = l->dst;
	c->local = l->src;
	c->active = (l->flags & (DRILL_F_SYN | DRILL_F_ACK)) == DRILL_F_SYN;
	if (l->l4 != DRILL_L4_ICMP && (!r->conn || r->conn->l4 != l->l4))
		r->conn = c;
	return c;
}

static void learn(struct drill_conn *c, const struct drill_live *l)
{
	if (l->l4 != DRILL_L4_TCP)
		return;
	if ((l->flags & DRILL_F_SYN) && (!c->heard || l->seq != c->isn_live)) {
		c->heard = true;
		c->isn_live = l->seq;
		c->isn_script = 0;
		c->nts = 0;
		c->has_first_ts = false;
	}
	if (l->flags & DRILL_F_ACK) {
		c->has_ack = true;
		c->last_ack = l->ack;
	}
	c->next_seq = l->seq;
}

int drill_pump(struct drill_run *r)
{
	int rc;

	while ((rc = r->dut->ops->take(r->dut, r->packet)) > 0) {
		const struct dut_packet *p = r->packet;
		struct drill_frame *f = malloc(sizeof(*f) + p->len);
		struct drill_conn *c;

		if (!f)
			return drill_end(r, DRILL_ERROR, "out of memory");
		memcpy(f->bytes, p->bytes, p->len);
		f->next = NULL;
		drill_record_packet(r, p->at_ns, false, p->bytes, p->len);
		if (drill_net_parse(f->bytes, p->len, &f->live) != 0) {
			drill_log(r, p->at_ns, "> (passed over: %s)", f->live.wrong);
			free(f);
			continue;
		}
		f->live.at_ns = p->at_ns;
		f->last_ns = p->at_ns;
		c = owner(r, &f->live);
		if (!c) {
			free(f);
			return -1;
		}
		learn(c, &f->live);
		*c->last = f;
		c->last = &f->next;
	}
	return rc < 0 ? drill_broken(r) : 0;
}

void drill_conns_free(struct drill_run *r)
{
	struct drill_conn *next;

	for (struct drill_conn *c = r->conns; c; c = next) {
		struct drill_frame *f, *after;

		next = c->next;
		for (f = c->first; f; f = after) {
			after = f->next;
			free(f);
		}
		free(c);
	}
	r->conns = NULL;
	for (int i = 0; i < DRILL_FDS_MAX; i++)
		if (r->fds[i].used)
			drill_fd_close(r, &r->fds[i]);
}

/* ---- descriptors ---- */

struct drill_fd *drill_fd_of(struct drill_run *r, int script)
{
	for (int i = 0; i < DRILL_FDS_MAX; i++)
		if (r->fds[i].used && r->fds[i].script == script)
			return &r->fds[i];
	return NULL;
}

struct drill_fd *drill_fd_new(struct drill_run *r, int script, int dev, int type)
{
	for (int i = 0; i < DRILL_FDS_MAX; i++) {
		if (r->fds[i].used)
			continue;
		r->fds[i] = (struct drill_fd){
			.used = true, .script = script, .dev = dev, .type = type
		};
		return &r->fds[i];
	}
	return NULL;
}

void drill_fd_close(struct drill_run *r, struct drill_fd *f)
{
	struct drill_literal *next;

	for (struct drill_conn *c = r->conns; c; c = c->next)
		if (c->fd == f) {
			c->fd = NULL;
			c->closed = true;
		}
	if (r->listener == f)
		r->listener = NULL;
	if (r->last_fd == f)
		r->last_fd = NULL;
	for (struct drill_literal *l = f->literals; l; l = next) {
		next = l->next;
		free(l);
	}
	*f = (struct drill_fd){ 0 };
}

int drill_fd_literal(struct drill_fd *f, uint64_t at, const void *bytes, size_t len)
{
	struct drill_literal *l = malloc(sizeof(*l) + len);

	if (!l)
		return -1;
	*l = (struct drill_literal){ .next = f->literals, .at = at, .len = len };
	memcpy(l->bytes, bytes, len);
	f->literals = l;
	return 0;
}

void drill_fd_unsent(struct drill_fd *f)
{
	struct drill_literal *l;

	f->wrote--;
	while ((l = f->literals) && l->at >= DRILL_DGRAM(f->wrote)) { /* the latest stand first */
		f->literals = l->next;
		free(l);
	}
}

void drill_fd_bind(struct drill_run *r, struct drill_fd *f, bool active)
{
	struct dut_call here = { .op = DUT_GETSOCKNAME, .fd = f->dev };
	struct dut_call there = { .op = DUT_GETPEERNAME, .fd = f->dev };
	enum drill_l4 l4 = f->type == PH_SOCK_STREAM ? DRILL_L4_TCP : DRILL_L4_UDP;
	struct drill_conn *c = NULL;
	uint16_t rport = r->opt.connect_port;

	if (drill_call_now(r, &here) < 0)
		return;
	if (drill_call_now(r, &there) >= 0)
		rport = there.addr.port;
	else if (!active)
		c = r->conn; /* reset before it was accepted: nobody can say whose it was */
	else if (here.addr.port == 0)
		return;
	if (!c)
		c = drill_conn_find(r, l4, here.addr.port, rport);
	if (!c)
		c = drill_conn_new(r, l4, here.addr.port, rport);
	if (!c)
		return;
	c->active |= active;
	c->fd = f;
	f->conn = c;
	r->conn = c;
}

/* ---- timestamps ---- */

const struct drill_ts *drill_ts_find(const struct drill_conn *c, const struct drill_num *n)
{
	for (unsigned i = 0; i < c->nts; i++) {
		const struct drill_ts *t = &c->ts[i];

		if (n->kind == DRILL_N_NAME ? t->name && strcmp(t->name, n->name) == 0
					    : !t->name && t->script == n->num)
			return t;
	}
	return NULL;
}

void drill_ts_learn(struct drill_conn *c, const struct drill_num *n, uint32_t live, uint64_t at_ns)
{
	struct drill_ts *t = NULL;

	for (unsigned i = 0; i < c->nts && !t; i++)
		if (&c->ts[i] == drill_ts_find(c, n))
			t = &c->ts[i];
	if (!t) {
		/* The oldest makes room: nothing is echoed that late. */
		t = &c->ts[c->ts_at++ % DRILL_TS_MAX];
		c->nts = c->nts < DRILL_TS_MAX ? c->nts + 1 : c->nts;
	}
	*t = (struct drill_ts){ .script = n->num,
				.live = live,
				.name = n->kind == DRILL_N_NAME ? n->name : NULL };
	if (!c->has_first_ts && n->kind == DRILL_N_REL) {
		c->has_first_ts = true;
		c->first_ts_live = live;
		c->first_ts_script = n->num;
		c->first_ts_ns = at_ns;
	}
}

uint32_t drill_ts_live(struct drill_conn *c, const struct drill_num *n)
{
	const struct drill_ts *t = drill_ts_find(c, n);

	if (t)
		return t->live;
	if (n->kind != DRILL_N_REL || n->num == 0 || !c->has_first_ts)
		return n->num;
	return c->first_ts_live + (n->num - c->first_ts_script);
}
