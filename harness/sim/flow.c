/* SPDX-License-Identifier: BSD-2-Clause */
/* Datagrams in virtual time; see flow.h. A datagram is its flow and side, its number, and octets
 * that only it has. */
#include "harness/sim/flow.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "harness/sim/mem.h"
#include "harness/sim/pattern.h"
#include "harness/sim/rand.h"
#include "harness/sim/sum.h"

enum { HEADER = 8 };
#define LINGER_NS 5000000000u /* after the last one: what is on its way arrives */

static const struct sim_flow_plan *plan_of(const struct sim_flows *f, const struct sim_flow_end *e)
{
	return &f->plan[e->flow];
}

static uint64_t number_key(const struct sim_flows *f, unsigned flow, unsigned side, uint32_t no)
{
	return sim_mix(f->key ^ sim_mix((uint64_t)flow << 33 | (uint64_t)side << 32 | no));
}

static size_t size_of(const struct sim_flows *f, unsigned flow, unsigned side, uint32_t no)
{
	const struct sim_flow_plan *p = &f->plan[flow];

	return p->size_min + number_key(f, flow, side, no) % (p->size_max - p->size_min + 1);
}

static struct ph_sockaddr name_of(const struct sim_flows *f, const struct sim_flow_plan *p, int side)
{
	return (struct ph_sockaddr){ .family = p->six ? PH_AF_INET6 : PH_AF_INET,
				     .port = p->port[side],
				     .ip = sim_topo_ip(f->net->topo, p->host[side], p->six) };
}

static uint64_t last_ns(const struct sim_flow_plan *p)
{
	return SIM_START_NS + p->start_ns + p->count * p->period_ns;
}

/* ---- sockets ---------------------------------------------------------------------------------- */

static void open_end(struct sim_flows *f, struct sim_flow_end *e)
{
	const struct sim_flow_plan *p = plan_of(f, e);
	struct ph_sockaddr own = name_of(f, p, (int)e->side), peer = name_of(f, p, !e->side);
	struct sim_host *h = e->host;
	int rc;

	e->socket = ph_socket_new(h->st, own.family, PH_SOCK_DGRAM, 0, sim_host_now(h));
	if (e->socket < 0) {
		e->socket = -1; /* short of memory: what is sent to it is lost */
		return;
	}
	(void)ph_set_user(h->st, e->socket, SIM_FLOW_USER | (2 * e->flow + e->side));
	rc = ph_bind(h->st, e->socket, &own, sim_host_now(h));
	if (rc == 0 && e->side == 0 && p->connected)
		rc = ph_connect(h->st, e->socket, &peer, sim_host_now(h));
	if (rc && rc != -ENOMEM && rc != -ENOBUFS)
		sim_fail(f->net, "%s: the socket of flow %u cannot be bound and connected: errno %d",
			 h->name, e->flow, -rc);
	if (rc) {
		(void)ph_close(h->st, e->socket, sim_host_now(h));
		e->socket = -1;
	}
}

static void close_end(struct sim_flows *f, struct sim_flow_end *e)
{
	e->over = true;
	e->wake_ns = PH_NEVER;
	if (e->socket >= 0 && ph_close(e->host->st, e->socket, sim_host_now(e->host)))
		sim_fail(f->net, "%s: close() of flow %u's socket failed", e->host->name, e->flow);
	e->socket = -1;
}

/* ---- datagrams -------------------------------------------------------------------------------- */

static bool may_fail(int64_t rc)
{
	return rc == -EAGAIN || rc == -ENOBUFS || rc == -ENOMEM || rc == -EHOSTUNREACH ||
	       rc == -ECONNREFUSED || rc == -EMSGSIZE; /* a path turned out narrower */
}

static void say(struct sim_flows *f, struct sim_flow_end *e, uint32_t no)
{
	const struct sim_flow_plan *p = plan_of(f, e);
	size_t len = size_of(f, e->flow, e->side, no);
	struct ph_sockaddr to = name_of(f, p, !e->side);
	struct ph_iov iov = { f->buf, len };
	struct ph_msg msg = { .name = p->connected && e->side == 0 ? NULL : &to, .iov = &iov,
			      .niov = 1 };
	int64_t rc;

	if (e->socket < 0)
		return;
	sim_put32(f->buf, 2 * e->flow + e->side);
	sim_put32(f->buf + 4, no);
	sim_pattern_fill(number_key(f, e->flow, e->side, no), 0, f->buf + HEADER, len - HEADER);
	rc = ph_sendmsg(e->host->st, e->socket, &msg, 0, sim_host_now(e->host));
	e->said++;
	if (rc == (int64_t)len) {
		e->sent++;
		e->sent_ns[no] = f->net->now;
	} else if (rc >= 0 || !may_fail(rc)) {
		sim_fail(f->net, "%s: sending %zu octets of flow %u gave %" PRId64, e->host->name,
			 len, e->flow, rc);
	}
}

static void heard(struct sim_flows *f, struct sim_flow_end *e, const struct ph_sockaddr *from,
		  size_t len)
{
	const struct sim_flow_end *o = &f->end[2 * e->flow + !e->side];
	struct ph_sockaddr peer = name_of(f, plan_of(f, e), !e->side);
	uint32_t no = len >= HEADER ? sim_get32(f->buf + 4) : UINT32_MAX;

	if (no >= plan_of(f, e)->count || sim_get32(f->buf) != 2 * e->flow + !e->side ||
	    !o->sent_ns[no] || len != size_of(f, e->flow, !e->side, no) ||
	    sim_pattern_match(number_key(f, e->flow, !e->side, no), 0, f->buf + HEADER,
			      len - HEADER) != len - HEADER) {
		sim_fail(f->net, "%s received %zu octets on flow %u that nobody sent", e->host->name,
			 len, e->flow);
		return;
	}
	if (from->port != peer.port || memcmp(&from->ip, &peer.ip, sizeof(peer.ip)) != 0)
		sim_fail(f->net, "%s: datagram %u of flow %u came from port %u", e->host->name, no,
			 e->flow, from->port);
	if (!e->first_got_ns)
		e->first_got_ns = f->net->now;
	e->got++;
	if (e->copies[no] < UINT8_MAX)
		e->copies[no]++;
	if (e->side == 1 && plan_of(f, e)->answers && e->copies[no] == 1)
		say(f, e, no);
}

static void listen_end(struct sim_flows *f, struct sim_flow_end *e)
{
	for (;;) {
		struct ph_sockaddr from;
		struct ph_iov iov = { f->buf, SIM_FLOW_SIZE_MAX + 1 };
		struct ph_msg msg = { .name = &from, .iov = &iov, .niov = 1 };
		int64_t rc;

		if (e->socket < 0)
			return;
		rc = ph_recvmsg(e->host->st, e->socket, &msg, 0, sim_host_now(e->host));
		if (rc == -EAGAIN)
			return;
		if (rc >= 0)
			heard(f, e, &from, (size_t)rc);
		else if (!may_fail(rc))
			sim_fail(f->net, "%s: receiving on flow %u gave errno %d", e->host->name,
				 e->flow, (int)-rc);
	}
}

static void end_turn(struct sim_flows *f, struct sim_flow_end *e)
{
	const struct sim_flow_plan *p = plan_of(f, e);
	uint64_t end_ns = last_ns(p) + LINGER_NS;

	listen_end(f, e);
	if (f->net->now < e->wake_ns)
		return;
	if (e->side == 0 && e->socket < 0 && e->said == 0)
		open_end(f, e);
	if (f->net->now >= end_ns) {
		close_end(f, e);
		return;
	}
	if (e->side == 0 && e->said < p->count) {
		if (e->socket < 0)
			e->said++;
		else
			say(f, e, e->said);
	}
	e->wake_ns = e->side == 0 && e->said < p->count ?
			     SIM_START_NS + p->start_ns + e->said * p->period_ns : end_ns;
}

/* ---- all of them ------------------------------------------------------------------------------ */

void sim_flows_init(struct sim_flows *f, struct sim_net *n, const struct sim_flow_plan *plan,
		    unsigned nflow, uint64_t key)
{
	*f = (struct sim_flows){ .net = n, .plan = plan, .n = nflow, .key = sim_mix(~key) };
	f->buf = sim_alloc(SIM_FLOW_SIZE_MAX + 1);
	f->end = sim_alloc(2 * (size_t)nflow * sizeof(*f->end));
	for (unsigned i = 0; i < 2 * nflow; i++) {
		const struct sim_flow_plan *p = &plan[i / 2];

		f->end[i].flow = i / 2;
		f->end[i].side = i % 2;
		f->end[i].host = &n->host[p->host[i % 2]];
		f->end[i].socket = -1;
		f->end[i].wake_ns = i % 2 ? last_ns(p) + LINGER_NS : SIM_START_NS + p->start_ns;
	}
}

void sim_flows_free(struct sim_flows *f)
{
	free(f->end);
	free(f->buf);
	memset(f, 0, sizeof(*f));
}

void sim_flows_listen(struct sim_flows *f)
{
	for (unsigned i = 0; i < f->n; i++)
		if (!f->plan[i].refused)
			open_end(f, &f->end[2 * i + 1]);
}

void sim_flows_ready(struct sim_flows *f, uint64_t user)
{
	f->end[user & ~SIM_FLOW_USER].pending = true;
}

void sim_flows_turn(struct sim_flows *f, struct sim_host *h)
{
	for (unsigned i = 0; i < 2 * f->n; i++) {
		struct sim_flow_end *e = &f->end[i];

		if (e->host != h || e->over || (!e->pending && e->wake_ns > f->net->now))
			continue;
		e->pending = false;
		end_turn(f, e);
	}
}

uint64_t sim_flows_next(const struct sim_flows *f)
{
	uint64_t at = PH_NEVER;

	for (unsigned i = 0; i < 2 * f->n; i++)
		at = f->end[i].wake_ns < at ? f->end[i].wake_ns : at;
	return at;
}

void sim_flows_mark(struct sim_flows *f)
{
	for (unsigned i = 0; i < 2 * f->n; i++)
		if (f->end[i].wake_ns <= f->net->now)
			f->end[i].host->dirty = true;
}

bool sim_flows_finished(const struct sim_flows *f)
{
	for (unsigned i = 0; i < 2 * f->n; i++)
		if (!f->end[i].over)
			return false;
	return true;
}

/* Nothing was lost by a link, by a device's queue or for want of memory, and each device takes what
 * each sends, all the time. */
static bool spotless(const struct sim_net *n, const bool *fragile)
{
	for (unsigned i = 0; i < n->nwire; i++) {
		const struct link_stats *s = link_model_stats(link_pipe_model(n->wire[i].pipe));

		for (int d = 0; d < LINK_DROP_COUNT; d++)
			if (s->drops[d])
				return false;
		if (s->corrupted)
			return false;
	}
	if (n->bent)
		return false;
	for (unsigned i = 0; i < n->nhost; i++)
		if (fragile[i])
			return false;
	for (unsigned i = 0; i < n->ndev; i++)
		if (n->dev[i].mtu != n->dev[0].mtu || n->dev[i].host->conf.txqueuelen)
			return false;
	return true;
}

static bool duplicates(const struct sim_net *n)
{
	for (unsigned i = 0; i < n->nwire; i++)
		if (link_model_stats(link_pipe_model(n->wire[i].pipe))->duplicated)
			return true;
	return false;
}

static void judge_end(const struct sim_flows *f, const struct sim_flow_end *e, bool all, bool twice)
{
	const struct sim_flow_end *o = &f->end[2 * e->flow + !e->side];

	for (uint32_t no = 0; no < plan_of(f, e)->count; no++) {
		if (e->copies[no] > 1 && !twice)
			sim_fail(f->net, "%s: datagram %u of flow %u arrived %u times", e->host->name,
				 no, e->flow, e->copies[no]);
		/* Those before may have waited in vain for an address to be resolved. */
		if (all && e->first_got_ns && o->sent_ns[no] > e->first_got_ns && !e->copies[no])
			sim_fail(f->net,
				 "%s: datagram %u of flow %u, sent at %.6f s, was lost though no link "
				 "lost a frame",
				 e->host->name, no, e->flow,
				 (double)(o->sent_ns[no] - SIM_START_NS) / 1e9);
	}
}

void sim_flows_judge(const struct sim_flows *f, const bool *fragile)
{
	bool all = spotless(f->net, fragile), twice = duplicates(f->net);

	for (unsigned i = 0; i < 2 * f->n; i++)
		judge_end(f, &f->end[i], all, twice);
}

void sim_flow_print(const struct sim_flow_plan *p, const struct sim_topo *t, FILE *out)
{
	fprintf(out,
		"%s:%u > %s:%u udp%s%s, %u datagrams of %u to %u octets from %.6fs every %.6fs%s%s\n",
		t->node[p->host[0]], p->port[0], t->node[p->host[1]], p->port[1],
		p->refused ? " (refused)" : "", p->connected ? " connected" : "", p->count,
		p->size_min, p->size_max, (double)p->start_ns / 1e9, (double)p->period_ns / 1e9,
		p->answers ? ", answered" : "", p->six ? ", over IPv6" : "");
}
