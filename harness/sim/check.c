/* SPDX-License-Identifier: BSD-2-Clause */
/* Invariants during a run; see check.h. */
#include "harness/sim/check.h"

#include <inttypes.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "harness/audit/frame.h"
#include "harness/sim/mem.h"

#define ACK_DELAY_MAX_NS 500000000u

enum { NEIGHS_LOOK = 64, ADDRS_LOOK = 64 };

enum { /* Linux's TCP states */
	ESTABLISHED = 1, SYN_SENT, SYN_RECV, FIN_WAIT1, FIN_WAIT2, TIME_WAIT, CLOSE, CLOSE_WAIT,
	LAST_ACK, LISTEN, CLOSING, STATES
};

/* A connection moves through these ranks one way. */
static const int rank_of[STATES] = {
	[SYN_SENT] = 1, [SYN_RECV] = 2, [ESTABLISHED] = 3, [FIN_WAIT1] = 4, [CLOSE_WAIT] = 4,
	[FIN_WAIT2] = 5, [CLOSING] = 5, [LAST_ACK] = 5, [TIME_WAIT] = 6, [CLOSE] = 7, [LISTEN] = -1
};

void sim_check_init(struct sim_check *c, struct sim_net *n, struct sim_apps *a)
{
	*c = (struct sim_check){ .net = n, .apps = a };
	c->audit = sim_alloc(n->nhost * sizeof(struct audit *));
	for (unsigned i = 0; i < n->nhost; i++) {
		c->audit[i] = audit_new();
		if (!c->audit[i])
			sim_fail(n, "no memory for an audit");
	}
}

void sim_check_free(struct sim_check *c)
{
	for (unsigned i = 0; c->audit && i < c->net->nhost; i++)
		audit_free(c->audit[i]);
	free(c->audit);
	memset(c, 0, sizeof(*c));
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* The end of a connection that sent or receives this frame, or NULL. */
static struct sim_end *end_of(struct sim_check *c, const struct sim_seen *s, const uint8_t *tcp)
{
	unsigned port[2] = { (unsigned)tcp[0] << 8 | tcp[1], (unsigned)tcp[2] << 8 | tcp[3] };
	struct sim_end *last = NULL;

	for (unsigned i = 0; i < 2 * c->apps->nconn; i++) {
		struct sim_end *e = &c->apps->end[i];
		const struct sim_conn_plan *p = &c->apps->plan[e->conn];
		unsigned own = port[!s->sent], far = port[s->sent];

		/* Of those between the same ports, one after the other, the last that began. */
		if (e->host == s->dev->host && p->port[e->side] == own && p->port[!e->side] == far &&
		    c->apps->end[2 * e->conn].state != SIM_END_WAITING)
			last = e;
	}
	return last;
}

/* What was acknowledged, and from where on it counts. */
static void note_ack(struct sim_check *c, const struct sim_seen *s)
{
	const uint8_t *f = s->bytes;
	bool four = s->len >= 54 && f[12] == 8 && f[13] == 0 && f[14] == 0x45 && f[23] == 6;
	bool six = s->len >= 74 && f[12] == 0x86 && f[13] == 0xdd && f[20] == 6;
	const uint8_t *tcp = f + (four ? 34 : 54);
	struct sim_end *e;

	if ((!four && !six) || !(e = end_of(c, s, tcp)))
		return;
	if (!s->sent && (tcp[13] & 2) && !e->irs_known) {
		e->irs_known = true;
		e->irs = get32(tcp + 4);
	}
	if (s->sent && (tcp[13] & 0x10))
		e->ack_sent = get32(tcp + 8);
}

/* A flip that no checksum covers: of IPv6's traffic class, flow label or hop limit. The segment is
 * taken all the same. */
static bool heard_all_the_same(const struct sim_seen *s)
{
	struct audit_frame f = { 0 };

	if (s->sent)
		return false;
	audit_frame_parse(&f, false, s->bytes, s->len, s->len);
	return f.six && f.tcp_ok &&
	       audit_frame_sum(f.pseudo + (uint32_t)f.l4_len, f.l4, f.l4_len) == 0xffff;
}

/* A frame with a flipped bit is nobody's word. The violation is reported where it happens. */
void sim_check_frame(struct sim_check *c, const struct sim_seen *seen)
{
	struct audit *a = c->audit[seen->dev->host->index];
	uint64_t before = seen->sent ? audit_violations(a, AUDIT_MUST) : 0;

	if (!seen->dev->host->st || (!seen->intact && !heard_all_the_same(seen)))
		return;
	note_ack(c, seen);
	audit_frame(a, c->net->now, false, seen->bytes, seen->len, seen->len);
	if (seen->sent && audit_violations(a, AUDIT_MUST) != before)
		sim_check_audits(c);
}

/* As its stack has it: link-local ones, which no topology names. */
static bool stack_has(const struct sim_host *h, const struct audit_addr *ip)
{
	struct ph_addr_info info[ADDRS_LOOK];
	size_t n = h->st ? ph_addrs(h->st, info, ADDRS_LOOK) : 0;

	for (size_t i = 0; i < n && i < ADDRS_LOOK; i++)
		if (memcmp(info[i].ip.b, ip->b, 16) == 0)
			return true;
	return false;
}

static bool is_own(const struct sim_net *n, unsigned host, const struct audit_addr *ip)
{
	static const uint8_t mapped[12] = { [10] = 0xff, 0xff };

	for (unsigned d = 0; d < n->ndev; d++)
		for (unsigned k = 0; n->topo->dev[d].node == host && k < n->topo->dev[d].naddr; k++) {
			const struct netaddr *a = &n->topo->dev[d].addr[k];

			if (a->family == AF_INET6 ? memcmp(a->bytes, ip->b, 16) == 0 :
						    memcmp(mapped, ip->b, 12) == 0 &&
							    memcmp(a->bytes, ip->b + 12, 4) == 0)
				return true;
		}
	return stack_has(&n->host[host], ip);
}

/* Who answers with cookies knows nobody (RFC 4987 3.6): data that overtook the ACK with the cookie is
 * reset, and the ACK, when it comes, opens the connection all the same. */
static bool excused(const struct sim_host *h, const char *rule)
{
	return h->st && strcmp(rule, "tcp-after-rst") == 0 &&
	       ph_counter_by_name(h->st, "TcpExtSyncookiesRecv") > 0;
}

static void judge_rules(struct sim_check *c, unsigned host, const struct audit_host *h)
{
	for (unsigned r = 0; r < AUDIT_RULE_N; r++)
		if (audit_rules[r].level == AUDIT_MUST && h->rule[r].violated &&
		    !excused(&c->net->host[host], audit_rules[r].name))
			sim_fail(c->net, "%s violated %s (%s): %s; %s", c->net->host[host].name,
				 audit_rules[r].name, audit_rules[r].section, h->rule[r].first,
				 audit_rules[r].claim);
}

void sim_check_audits(struct sim_check *c)
{
	for (unsigned i = 0; i < c->net->nhost; i++) {
		const struct audit_host *hosts;
		size_t n = audit_hosts(c->audit[i], &hosts);

		if (audit_unfollowed(c->audit[i]))
			sim_fail(c->net, "%s: more connections than the audit follows",
				 c->net->host[i].name);
		for (size_t k = 0; k < n; k++)
			if (is_own(c->net, i, &hosts[k].ip))
				judge_rules(c, i, &hosts[k]);
	}
}

/* ---- connections ------------------------------------------------------------------------------ */

#define DEMAND(c, e, cond, ...)                                                                    \
	do {                                                                                       \
		if (!(cond))                                                                       \
			demand_fails((c), (e), #cond, __VA_ARGS__);                                \
	} while (0)

static void demand_fails(struct sim_check *c, const struct sim_end *e, const char *what, uint64_t a,
			 uint64_t b)
{
	sim_fail(c->net, "%s: connection %u, the %s: %s does not hold (%" PRIu64 ", %" PRIu64 ")",
		 e->host->name, e->conn, e->side ? "server" : "client", what, a, b);
}

static void check_info(struct sim_check *c, struct sim_end *e, const struct ph_tcp_info *i,
		       uint32_t outq)
{
	const struct sim_end *o = sim_end_other(c->apps, e);
	int rank = i->tcpi_state < STATES ? rank_of[i->tcpi_state] : -1;

	DEMAND(c, e, rank >= e->seen_rank, (uint64_t)i->tcpi_state, (uint64_t)e->seen_rank);
	e->seen_rank = rank;
	if (rank < 3 || rank == 7)
		return;
	/* One that has nothing left to send keeps no window in step with its segments. */
	DEMAND(c, e, i->tcpi_snd_cwnd >= 1 || i->tcpi_state == FIN_WAIT2, i->tcpi_snd_cwnd, 0);
	DEMAND(c, e, i->tcpi_snd_ssthresh >= 1, i->tcpi_snd_ssthresh, 0);
	DEMAND(c, e, i->tcpi_snd_mss >= 8 && i->tcpi_snd_mss <= i->tcpi_pmtu, i->tcpi_snd_mss,
	       i->tcpi_pmtu);
	DEMAND(c, e, i->tcpi_rto > 0 && i->tcpi_rto <= 120000000, i->tcpi_rto, 0);
	/* Octets sent again can exceed those sent once; each is whole segments rounded up. */
	DEMAND(c, e, i->tcpi_lost <= i->tcpi_unacked, i->tcpi_lost, i->tcpi_unacked);
	DEMAND(c, e, i->tcpi_retrans <= i->tcpi_unacked, i->tcpi_retrans, i->tcpi_unacked);
	DEMAND(c, e, i->tcpi_notsent_bytes <= outq, i->tcpi_notsent_bytes, outq);
	DEMAND(c, e, i->tcpi_bytes_acked >= e->seen_acked, i->tcpi_bytes_acked, e->seen_acked);
	DEMAND(c, e, i->tcpi_bytes_acked <= e->out + 2, i->tcpi_bytes_acked, e->out);
	DEMAND(c, e, i->tcpi_bytes_received >= e->seen_received, i->tcpi_bytes_received,
	       e->seen_received);
	DEMAND(c, e, i->tcpi_bytes_received <= o->out + 1, i->tcpi_bytes_received, o->out);
	DEMAND(c, e, i->tcpi_bytes_retrans <= i->tcpi_bytes_sent, i->tcpi_bytes_retrans,
	       i->tcpi_bytes_sent);
	DEMAND(c, e, i->tcpi_data_segs_out <= i->tcpi_segs_out, i->tcpi_data_segs_out,
	       i->tcpi_segs_out);
	DEMAND(c, e, i->tcpi_data_segs_in <= i->tcpi_segs_in, i->tcpi_data_segs_in, i->tcpi_segs_in);
	DEMAND(c, e, i->tcpi_rtt / 1000000 <= c->net->now / 1000000000, i->tcpi_rtt, c->net->now);
	if (i->tcpi_bytes_acked != e->seen_acked || i->tcpi_rto > e->rto_us)
		e->rto_us = i->tcpi_rto;
	e->seen_acked = i->tcpi_bytes_acked;
	e->seen_received = i->tcpi_bytes_received;
}

/* What it has to say may wait for an address, behind a slow link for long. */
static bool resolves(const struct sim_host *h)
{
	struct ph_neigh_info info[NEIGHS_LOOK];
	size_t n = ph_neighs(h->st, info, NEIGHS_LOOK);

	for (size_t i = 0; i < n && i < NEIGHS_LOOK; i++)
		if (info[i].queued)
			return true;
	return false;
}

/* What came when, of what is not yet acknowledged. A stream that is acknowledged two segments at a
 * time may always be one segment behind and owe none of them for long: each counts from when it came
 * itself. Without room the youngest stands for what comes after it, from then on. */
static void note_owed(struct sim_end *e, uint64_t received, uint64_t acked, uint64_t now)
{
	unsigned gone = 0;

	while (gone < e->nowed && e->owed[gone].end <= acked)
		gone++;
	e->nowed -= gone;
	memmove(e->owed, e->owed + gone, e->nowed * sizeof(e->owed[0]));
	if (received <= acked || (e->nowed && e->owed[e->nowed - 1].end >= received))
		return;
	if (e->nowed == SIM_OWED_MAX)
		e->nowed--;
	e->owed[e->nowed++] = (struct sim_owed){ .end = received, .since_ns = now };
}

/* RFC 9293 3.8.6.3 (MUST-58): an ACK is not delayed by half a second; RFC 6298 5: what is in flight
 * has a timer. */
static void check_timely(struct sim_check *c, struct sim_end *e, const struct ph_tcp_info *i)
{
	uint64_t now = c->net->now, waits_ms = 2ull * e->rto_us / 1000 + 2000;
	int32_t owed = (int32_t)((uint32_t)i->tcpi_bytes_received - (e->ack_sent - e->irs - 1));
	uint64_t waited;

	if (!e->irs_known || i->tcpi_bytes_received == 0 || owed <= 0)
		e->nowed = 0;
	else
		note_owed(e, i->tcpi_bytes_received, i->tcpi_bytes_received - (uint32_t)owed, now);
	waited = e->nowed ? now - e->owed[0].since_ns : 0;
	if (waited > ACK_DELAY_MAX_NS && resolves(e->host)) {
		for (unsigned k = 0; k < e->nowed; k++)
			e->owed[k].since_ns = now;
		waited = 0;
	}
	DEMAND(c, e, waited <= ACK_DELAY_MAX_NS, waited, (uint64_t)owed);
	if (i->tcpi_unacked > 0 && i->tcpi_state != SYN_SENT)
		DEMAND(c, e,
		       i->tcpi_last_data_sent <= waits_ms || i->tcpi_last_ack_recv <= waits_ms,
		       i->tcpi_last_data_sent, waits_ms);
}

/* Queues against what both applications did. */
static void check_queues(struct sim_check *c, struct sim_end *e, uint64_t inq, uint64_t outq)
{
	struct sim_end *o = sim_end_other(c->apps, e);
	uint64_t acked;

	DEMAND(c, e, e->in + inq <= o->out, e->in + inq, o->out);
	DEMAND(c, e, outq <= e->out, outq, e->out);
	acked = e->out - outq;
	DEMAND(c, e, acked >= e->acked_max, acked, e->acked_max);
	e->acked_max = acked;
	/* What is acknowledged has arrived: it was read or can be. */
	if (o->socket >= 0 && acked > o->in) {
		int have = ph_inq(o->host->st, o->socket);

		DEMAND(c, e, acked <= o->in + (uint64_t)have, acked, o->in + (uint64_t)have);
	}
}

static void check_poll(struct sim_check *c, const struct sim_end *e, uint64_t inq, uint64_t outq,
		       uint8_t state)
{
	uint32_t bits = ph_poll(e->host->st, e->socket);

	DEMAND(c, e, inq == 0 || (bits & PH_POLLIN), inq, bits);
	DEMAND(c, e, inq > 0 || !(bits & PH_POLLIN) || (bits & (PH_POLLRDHUP | PH_POLLHUP)), inq,
	       bits);
	if (state == ESTABLISHED && outq == 0)
		DEMAND(c, e, bits & PH_POLLOUT, outq, bits);
	/* Its application reads all and writes until it is told to wait: nobody sleeps on what is
	 * there. */
	if (e->state == SIM_END_OPEN && e->read_ns <= c->net->now && !e->eof)
		DEMAND(c, e, inq == 0, inq, bits);
}

/* Where memory or the device's queue may be short an ACK may fail to leave. */
static bool fragile(const struct sim_host *h)
{
	return h->conf.mem_limit || h->conf.fail_at || h->conf.txqueuelen;
}

static void check_end(struct sim_check *c, struct sim_end *e)
{
	struct ph_tcp_info info;
	uint32_t len = sizeof(info);
	int inq, outq;

	memset(&info, 0, sizeof(info));
	if (ph_getsockopt(e->host->st, e->socket, PH_IPPROTO_TCP, PH_TCP_INFO, &info, &len)) {
		sim_fail(c->net, "%s: no tcp_info for connection %u", e->host->name, e->conn);
		return;
	}
	inq = ph_inq(e->host->st, e->socket);
	outq = ph_outq(e->host->st, e->socket);
	DEMAND(c, e, inq >= 0 && outq >= 0, (uint64_t)inq, (uint64_t)outq);
	check_info(c, e, &info, (uint32_t)outq);
	if (info.tcpi_state != CLOSE && !fragile(e->host))
		check_timely(c, e, &info);
	if (info.tcpi_state != CLOSE)
		check_queues(c, e, (uint64_t)inq, (uint64_t)outq);
	if (info.tcpi_state != CLOSE && info.tcpi_state != SYN_SENT)
		check_poll(c, e, (uint64_t)inq, (uint64_t)outq, info.tcpi_state);
}

void sim_check_turn(struct sim_check *c, struct sim_host *h)
{
	struct ph_claim broken;
	struct ph_usage u;

	for (unsigned i = 0; i < 2 * c->apps->nconn && !c->net->failed; i++) {
		struct sim_end *e = &c->apps->end[i];

		if (e->host == h && e->socket >= 0)
			check_end(c, e);
	}
	if (!ph_stack_check(h->st, &broken))
		sim_fail(c->net,
			 "%s: %s (conn %u of its trace): %s does not hold (%" PRIu64 ", %" PRIu64 ")",
			 h->name, broken.part, broken.conn, broken.what, broken.a, broken.b);
	ph_stack_usage(h->st, &u);
	if (u.bytes != h->mem_used)
		sim_fail(c->net, "%s says it holds %" PRIu64 " octets and holds %" PRIu64, h->name,
			 u.bytes, h->mem_used);
	if (h->conf.mem_limit && h->mem_used > h->conf.mem_limit)
		sim_fail(c->net, "%s holds %" PRIu64 " octets; its limit is %" PRIu64, h->name,
			 h->mem_used, h->conf.mem_limit);
}

void sim_check_empty(struct sim_check *c)
{
	for (unsigned i = 0; i < c->net->nhost; i++) {
		struct sim_host *h = &c->net->host[i];
		struct ph_usage u;

		if (!h->st)
			continue;
		ph_stack_usage(h->st, &u);
		if (u.packets || u.buffers || u.sockets || u.connections || u.timewait ||
		    u.reassemblies || u.timers)
			sim_fail(c->net,
				 "%s still holds %u packets, %u buffers, %u sockets, %u connections, "
				 "%u in TIME-WAIT, %u reassemblies, %u timers",
				 h->name, u.packets, u.buffers, u.sockets, u.connections, u.timewait,
				 u.reassemblies, u.timers);
	}
}
