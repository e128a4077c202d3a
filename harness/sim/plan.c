/* SPDX-License-Identifier: BSD-2-Clause */
/* Hosts and connections by a seed; see plan.h. plan_topo.c draws the topology. */
#include "harness/sim/plan.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "harness/sim/clock.h"
#include "harness/sim/mem.h"
#include "harness/sim/plan_topo.h"
#include "harness/sim/rand.h"

enum { HOST_STREAM = 2, CONN_STREAM, CLOCK_STREAM, KEY_STREAM, FLOW_STREAM, FAMILY_STREAM, BEND_STREAM };
enum { SERVER_PORT = 5001, CLIENT_PORT = 40000, CLOSED_PORT = 9, CONNS_MAX = 12, FLOWS_MAX = 3 };
enum { FLOW_PORT = 6000 };

#define NS_PER_MS 1000000ull

static void draw_host(struct sim_rand *r, struct sim_host_conf *h, bool *fragile)
{
	for (unsigned i = 0; i < sizeof(h->key); i += 8) {
		uint64_t word = sim_rand_u64(r);

		memcpy(h->key + i, &word, sizeof(word));
	}
	h->single = sim_rand_chance(r, 60);
	h->gro = sim_rand_chance(r, 30);
	h->txqueuelen = sim_rand_chance(r, 30) ? (uint32_t)sim_rand_log(r, 2, 64) : 0;
	h->recut = sim_rand_chance(r, 40) ? (unsigned)sim_rand_in(r, 1, 20) : 0;
	if (sim_rand_chance(r, 8))
		h->mem_limit = sim_rand_log(r, 1u << 20, 16u << 20);
	if (sim_rand_chance(r, 10))
		h->fail_at = sim_rand_log(r, 10, 5000);
	*fragile = h->mem_limit || h->fail_at;
}

static uint32_t buffer(struct sim_rand *r)
{
	return sim_rand_chance(r, 35) ? (uint32_t)sim_rand_log(r, 2048, 400000) : 0;
}

static void draw_end(struct sim_rand *r, struct sim_end_plan *e, uint64_t bytes)
{
	memset(e, 0, sizeof(*e));
	e->write_max = (uint32_t)sim_rand_log(r, sim_rand_chance(r, 15) ? 1 : 500, SIM_IO_MAX / 2);
	e->read_max = (uint32_t)sim_rand_log(r, 100, SIM_IO_MAX);
	if (bytes / e->write_max > 5000)
		e->write_max = (uint32_t)(bytes / 5000);
	e->leave = sim_rand_chance(r, 50) ? SIM_LEAVE_SHUT : SIM_LEAVE_CLOSE;
	e->abort_at = UINT64_MAX;
	if (sim_rand_chance(r, 20)) {
		e->read_pause_ns = sim_rand_log(r, NS_PER_MS / 10, 3000 * NS_PER_MS);
		if (e->read_max < bytes / 500 + 1)
			e->read_max = (uint32_t)(bytes / 500 + 1);
	}
	e->sndbuf = buffer(r);
	e->rcvbuf = buffer(r);
	e->mss = sim_rand_chance(r, 15) ? (uint32_t)sim_rand_in(r, 88, 2000) : 0;
	e->clamp = sim_rand_chance(r, 5) ? (uint32_t)sim_rand_log(r, 4096, 100000) : 0;
	e->nodelay = sim_rand_chance(r, 25);
	e->cork = sim_rand_chance(r, 5);
	e->keepalive = sim_rand_chance(r, 15);
	e->quickack = sim_rand_chance(r, 10);
}

static void draw_sizes(struct sim_rand *r, struct sim_conn_plan *c)
{
	uint64_t total = sim_rand_log(r, sim_rand_chance(r, 30) ? 1 : 5000, 8u << 20), rounds;

	c->kind = (enum sim_app_kind)sim_rand_in(r, 0, 2);
	switch (c->kind) {
	case SIM_BULK:
		c->bytes[0] = sim_rand_chance(r, 75) ? total : 0;
		c->bytes[1] = sim_rand_chance(r, 40) ? sim_rand_log(r, 1, 3u << 20) : 0;
		break;
	case SIM_REQUEST:
		rounds = sim_rand_log(r, 1, 100);
		for (int s = 0; s < 2; s++) {
			c->chunk[s] = (uint32_t)sim_rand_log(r, 1, 60000);
			c->bytes[s] = rounds * c->chunk[s];
		}
		break;
	case SIM_ONOFF:
		rounds = sim_rand_log(r, 1, 30);
		c->period_ns = sim_rand_log(r, 5 * NS_PER_MS, 20000 * NS_PER_MS);
		for (int s = 0; s < 2; s++) {
			c->chunk[s] = (uint32_t)sim_rand_log(r, 1, 60000);
			c->bytes[s] = s == 0 || sim_rand_chance(r, 40) ? rounds * c->chunk[s] : 0;
		}
		break;
	}
}

/* A client that reads all there is, now and then, out of a small buffer: each time one window update
 * opens a closed window, and if it is lost the server must ask. */
static void choke(struct sim_rand *r, struct sim_conn_plan *c)
{
	struct sim_end_plan *e = &c->end[0];

	c->kind = SIM_BULK;
	c->bytes[1] = sim_rand_log(r, 20000, 200000);
	e->rcvbuf = (uint32_t)sim_rand_log(r, 2048, 8192);
	e->read_max = SIM_IO_MAX;
	e->read_pause_ns = sim_rand_log(r, 100 * NS_PER_MS, 5000 * NS_PER_MS);
}

static void draw_pair(struct sim_rand *r, const struct sim_plan *p, unsigned host[2])
{
	unsigned a = (unsigned)sim_rand_in(r, 0, p->nend - 1);
	unsigned b = (unsigned)sim_rand_in(r, 0, p->nend - 2);

	host[0] = p->end_node[a];
	host[1] = p->end_node[b + (b >= a)];
}

/* Between the same ports, soon after another is over: through its TIME-WAIT. */
static void follow(struct sim_rand *r, struct sim_conn_plan *conn, unsigned no)
{
	struct sim_conn_plan *c = &conn[no], *before = &conn[no ? sim_rand_in(r, 0, no - 1) : 0];

	if (no == 0 || before->refused || !sim_rand_chance(r, 25))
		return;
	for (unsigned i = 0; i < no; i++)
		if (conn[i].after == before - conn)
			return;
	memcpy(c->host, before->host, sizeof(c->host));
	memcpy(c->port, before->port, sizeof(c->port));
	c->refused = false;
	c->after = (int)(before - conn);
	c->start_ns = sim_rand_log(r, 1, 2000 * NS_PER_MS);
	c->end[0].reuseaddr = before->end[0].reuseaddr = true;
}

static void draw_flow(struct sim_rand *r, const struct sim_plan *p, struct sim_flow_plan *f, unsigned no)
{
	memset(f, 0, sizeof(*f));
	draw_pair(r, p, f->host);
	f->port[0] = (uint16_t)(FLOW_PORT + 2 * no);
	f->port[1] = (uint16_t)(FLOW_PORT + 2 * no + 1);
	f->start_ns = sim_rand_chance(r, 50) ? sim_rand_log(r, 1, 3000 * NS_PER_MS) : 0;
	f->period_ns = sim_rand_log(r, NS_PER_MS, 500 * NS_PER_MS);
	f->count = (uint32_t)sim_rand_log(r, 1, SIM_FLOW_COUNT_MAX);
	f->size_min = (uint32_t)sim_rand_log(r, SIM_FLOW_SIZE_MIN, 3000);
	f->size_max = (uint32_t)sim_rand_log(r, f->size_min,
					     sim_rand_chance(r, 50) ? SIM_FLOW_SIZE_MAX : 3000);
	if (f->size_max < f->size_min)
		f->size_max = f->size_min;
	f->answers = sim_rand_chance(r, 50);
	f->connected = sim_rand_chance(r, 50);
	f->refused = sim_rand_chance(r, 5);
}

static void draw_flows(struct sim_plan *p)
{
	struct sim_rand r = sim_rand_of(p->seed, FLOW_STREAM);

	p->nflow = sim_rand_chance(&r, 40) ? (unsigned)sim_rand_in(&r, 1, FLOWS_MAX) : 0;
	p->flow = sim_alloc(p->nflow * sizeof(*p->flow));
	for (unsigned i = 0; i < p->nflow; i++)
		draw_flow(&r, p, &p->flow[i], i);
}

static void draw_conn(struct sim_rand *r, const struct sim_plan *p, struct sim_conn_plan *c, unsigned no)
{
	uint64_t both;

	memset(c, 0, sizeof(*c));
	c->after = -1;
	draw_pair(r, p, c->host);
	c->port[0] = (uint16_t)(CLIENT_PORT + no);
	c->refused = sim_rand_chance(r, 3);
	c->port[1] = c->refused ? CLOSED_PORT : SERVER_PORT;
	c->start_ns = sim_rand_chance(r, 50) ? sim_rand_log(r, 1, 5000 * NS_PER_MS) : 0;
	draw_sizes(r, c);
	both = c->bytes[0] + c->bytes[1];
	for (int s = 0; s < 2; s++)
		draw_end(r, &c->end[s], both);
	if (sim_rand_chance(r, 8))
		choke(r, c);
	both = c->bytes[0] + c->bytes[1];
	if (sim_rand_chance(r, 12)) {
		c->end[sim_rand_in(r, 0, 1)].abort_at = sim_rand_in(r, 0, both);
		/* Its reset may be lost: the other end must find out by itself. */
		c->end[0].keepalive = c->end[1].keepalive = true;
	}
}

static void weigh_links(struct sim_plan *p)
{
	uint32_t routers = 0;

	for (unsigned i = 0; i < p->topo.ndev; i++) {
		const struct sim_topo_dev *d = &p->topo.dev[i];

		for (int dir = 0; dir < 2; dir++) {
			uint32_t loss = d->spec[dir].loss + d->spec[dir].corrupt;

			/* A queue that is short loses as well. */
			if (d->spec[dir].rate_bps || d->spec[dir].queue < 50 || d->spec[dir].nscript)
				loss += LINK_CERTAIN / 20;
			p->loss[d->node] += loss;
			if (d->peer >= 0)
				p->loss[p->topo.dev[d->peer].node] += loss;
			routers += p->topo.forwards[d->node] ? loss : 0;
		}
	}
	for (unsigned i = 0; i < p->topo.nnode && routers; i++)
		p->loss[i] += routers; /* who knows whose way leads there */
}

static void find_ends(struct sim_plan *p)
{
	p->end_node = sim_alloc(p->topo.nnode * sizeof(*p->end_node));
	for (unsigned i = 0; i < p->topo.nnode; i++)
		if (!p->topo.forwards[i])
			p->end_node[p->nend++] = i;
}

static int check_topo(const struct sim_plan *p, struct net_err *e)
{
	if (p->nend < 2)
		return net_bad(e, "a simulated network has at least two nodes that do not forward; "
				  "this has %u", p->nend);
	for (unsigned i = 0; i < p->topo.nnode; i++)
		if (!sim_topo_addr(&p->topo, i))
			return net_bad(e, "node %s has no IPv4 address; write: addr %s.eth0 10.0.0.%u/24",
				       p->topo.node[i], p->topo.node[i], i + 1);
	return 0;
}

static bool has_six(const struct sim_topo_dev *d)
{
	for (unsigned i = 0; i < d->naddr; i++)
		if (d->addr[i].len > 32) /* no prefix of IPv4 */
			return true;
	return false;
}

/* The path's MTU changes under what is on its way: at a router, which says so when it matters. */
static void draw_bends(struct sim_plan *p)
{
	static const uint16_t mtus[] = { 576, 1006, 1280, 1320, 1400, 1492, 1500, 4000 };
	struct sim_rand r = sim_rand_of(p->seed, BEND_STREAM);
	unsigned n = sim_rand_chance(&r, 50) ? (unsigned)sim_rand_in(&r, 1, SIM_BENDS_MAX) : 0;
	uint64_t at = 0;

	for (unsigned i = 0; i < n; i++) {
		unsigned dev = (unsigned)sim_rand_in(&r, 0, p->topo.ndev - 1);

		at += sim_rand_log(&r, NS_PER_MS, 20000 * NS_PER_MS);
		if (!p->topo.forwards[p->topo.dev[dev].node])
			continue;
		p->bend[p->nbend++] = (struct sim_bend){
			at, dev, mtus[sim_rand_in(&r, has_six(&p->topo.dev[dev]) ? 2 : 0, 7)]
		};
	}
}

static bool both_six(const struct sim_plan *p, const unsigned host[2])
{
	return sim_topo_addr6(&p->topo, host[0]) && sim_topo_addr6(&p->topo, host[1]);
}

/* IPv6 for some of what goes between hosts that have it, from a stream of its own; who follows another
 * between the same ports goes the same way. */
static void draw_families(struct sim_plan *p)
{
	struct sim_rand r = sim_rand_of(p->seed, FAMILY_STREAM);

	for (unsigned i = 0; i < p->nconn; i++) {
		struct sim_conn_plan *c = &p->conn[i];

		c->six = both_six(p, c->host) && sim_rand_chance(&r, 60);
		if (c->after >= 0)
			c->six = p->conn[c->after].six;
	}
	for (unsigned i = 0; i < p->nflow; i++)
		p->flow[i].six = both_six(p, p->flow[i].host) && sim_rand_chance(&r, 60);
}

int sim_plan_draw(struct sim_plan *p, uint64_t seed, struct sim_topo *topo, const char *name,
		  struct net_err *e)
{
	struct sim_rand r = sim_rand_of(seed, CONN_STREAM);

	memset(p, 0, sizeof(*p));
	p->seed = seed;
	if (topo) {
		p->topo = *topo;
		sim_topo_init(topo);
		snprintf(p->text, sizeof(p->text), "include %s\n", name);
	} else if (sim_plan_topo(p, e)) {
		return -1;
	}
	find_ends(p);
	if (check_topo(p, e))
		return -1;
	p->host = sim_alloc(p->topo.nnode * sizeof(*p->host));
	p->fragile = sim_alloc(p->topo.nnode * sizeof(*p->fragile));
	p->loss = sim_alloc(p->topo.nnode * sizeof(*p->loss));
	for (unsigned i = 0; i < p->topo.nnode; i++) {
		struct sim_rand hr = sim_rand_of(seed ^ (uint64_t)i << 32, HOST_STREAM);

		draw_host(&hr, &p->host[i], &p->fragile[i]);
	}
	weigh_links(p);
	p->nconn = (unsigned)sim_rand_log(&r, 1, CONNS_MAX);
	p->conn = sim_alloc(p->nconn * sizeof(*p->conn));
	for (unsigned i = 0; i < p->nconn; i++)
		draw_conn(&r, p, &p->conn[i], i);
	for (unsigned i = 0; i < p->nconn; i++)
		follow(&r, p->conn, i);
	draw_flows(p);
	draw_families(p);
	draw_bends(p);
	draw_end(&r, &p->listener, 0);
	p->listener.cork = p->listener.keepalive = false;
	p->backlog = (int)sim_rand_log(&r, 2, 128);
	r = sim_rand_of(seed, CLOCK_STREAM);
	sim_clock_draw(p, &r);
	return 0;
}

void sim_plan_free(struct sim_plan *p)
{
	sim_topo_free(&p->topo);
	free(p->host);
	free(p->fragile);
	free(p->loss);
	free(p->conn);
	free(p->flow);
	free(p->end_node);
	memset(p, 0, sizeof(*p));
}

static void print_end(const struct sim_end_plan *e, FILE *f)
{
	fprintf(f, " [writes %u reads %u", e->write_max, e->read_max);
	if (e->read_pause_ns)
		fprintf(f, " every %.3fms", (double)e->read_pause_ns / 1e6);
	fprintf(f, " %s", e->leave == SIM_LEAVE_SHUT ? "shutdown" : "close");
	if (e->abort_at != UINT64_MAX)
		fprintf(f, " aborts at %" PRIu64, e->abort_at);
	if (e->sndbuf)
		fprintf(f, " sndbuf %u", e->sndbuf);
	if (e->rcvbuf)
		fprintf(f, " rcvbuf %u", e->rcvbuf);
	if (e->mss)
		fprintf(f, " mss %u", e->mss);
	if (e->clamp)
		fprintf(f, " clamp %u", e->clamp);
	fprintf(f, "%s%s%s%s%s]", e->reuseaddr ? " reuseaddr" : "", e->nodelay ? " nodelay" : "",
		e->cork ? " cork" : "", e->keepalive ? " keepalive" : "", e->quickack ? " quickack" : "");
}

void sim_plan_print(const struct sim_plan *p, FILE *f)
{
	static const char *const kinds[] = { "bulk", "request", "on-off" };

	fputs(p->text, f);
	for (unsigned i = 0; i < p->topo.nnode; i++) {
		const struct sim_host_conf *h = &p->host[i];

		if (p->topo.forwards[i])
			continue;
		fprintf(f, "# %s: memory limit %" PRIu64 ", allocation %" PRIu64 " fails, clock +%.9fs"
			   ", txqueuelen %u, recut %u%%%s%s\n",
			p->topo.node[i], h->mem_limit, h->fail_at, (double)h->clock_ns / 1e9,
			h->txqueuelen, h->recut, h->single ? ", frame by frame" : "", h->gro ? ", gro" : "");
	}
	for (unsigned i = 0; i < p->nbend; i++)
		fprintf(f, "# at %.6fs: mtu %s.%s %u\n", (double)p->bend[i].at_ns / 1e9,
			p->topo.node[p->topo.dev[p->bend[i].dev].node],
			p->topo.dev[p->bend[i].dev].name, p->bend[i].mtu);
	fprintf(f, "# listeners: backlog %d", p->backlog);
	print_end(&p->listener, f);
	fputc('\n', f);
	for (unsigned i = 0; i < p->nconn; i++) {
		const struct sim_conn_plan *c = &p->conn[i];

		fprintf(f, "# connection %u: %s:%u > %s:%u%s at %.6fs %s%s, %" PRIu64 " and %" PRIu64
			   " octets",
			i, p->topo.node[c->host[0]], c->port[0], p->topo.node[c->host[1]],
			c->port[1], c->six ? " over IPv6" : "", (double)c->start_ns / 1e9, kinds[c->kind],
			c->refused ? " (refused)" : "", c->bytes[0], c->bytes[1]);
		if (c->after >= 0)
			fprintf(f, ", after connection %d", c->after);
		if (c->kind != SIM_BULK)
			fprintf(f, ", %u and %u at a time", c->chunk[0], c->chunk[1]);
		if (c->kind == SIM_ONOFF)
			fprintf(f, " every %.3fms", (double)c->period_ns / 1e6);
		for (int s = 0; s < 2; s++)
			print_end(&c->end[s], f);
		fputc('\n', f);
	}
	for (unsigned i = 0; i < p->nflow; i++) {
		fprintf(f, "# flow %u: ", i);
		sim_flow_print(&p->flow[i], &p->topo, f);
	}
}
