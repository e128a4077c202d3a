/* SPDX-License-Identifier: BSD-2-Clause */
/* See transfer.h. */
#include "harness/sim/transfer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/sim/app.h"

struct look { /* at the sender, from `since_ns` on */
	uint64_t next_ns, since_ns, samples, cwnd, drops, frames, acked;
	uint64_t seen;		      /* drops at the last look */
	uint32_t last, at_loss, most; /* window at the last look, at the last loss; the largest */
};

struct transfer {
	const struct sim_transfer *conf;
	struct sim_topo topo;
	struct sim_net *net;
	struct sim_apps apps;
	struct look look;
	bool over;
};

__attribute__((noreturn)) static void give_up(const char *why)
{
	fprintf(stderr, "rig sim: %s\n", why);
	exit(1);
}

static struct sim_net *network(struct sim_topo *topo, const struct sim_transfer *t)
{
	static const struct sim_host_conf conf[2] = { { .key = "one", .single = true },
						      { .key = "other", .single = true } };
	struct topo_vars vars = { .nvar = 0 };
	struct sim_net *n = NULL;
	struct net_err e;
	char text[2048];

	snprintf(text, sizeof(text),
		 "node a\nnode b\nveth a.eth0 b.eth0\naddr a.eth0 10.0.0.1/24\n"
		 "addr b.eth0 10.0.0.2/24\nlink a.eth0 %s\n%s",
		 t->link, t->lines ? t->lines : "");
	sim_topo_init(topo);
	if (sim_topo_text(topo, text, "transfer", &vars, &e) == 0)
		n = sim_net_new(topo, conf, 1, false, &e);
	topo_vars_free(&vars);
	if (!n)
		give_up(e.text);
	return n;
}

static void on_turn(void *ctx, struct sim_host *h)
{
	struct transfer *t = ctx;

	sim_apps_turn(&t->apps, h);
}

static const struct link_stats *way_out(const struct transfer *t)
{
	return link_model_stats(link_pipe_model(t->net->dev[0].tx->pipe));
}

static uint64_t dropped(const struct transfer *t)
{
	const struct link_stats *s = way_out(t);
	uint64_t n = 0;

	for (int i = 0; i < LINK_DROP_COUNT; i++)
		n += s->drops[i];
	return n;
}

static void begin(struct transfer *t, const struct ph_tcp_info *i)
{
	t->look.since_ns = t->net->now;
	t->look.drops = dropped(t);
	t->look.frames = way_out(t)->frames;
	t->look.acked = i->tcpi_bytes_acked;
	t->look.cwnd = t->look.samples = 0;
	t->look.most = 0;
}

/* What slow start left wears off by a segment per loss in the end: it has where the window at a loss is
 * not below that at the loss before. */
static bool settled(struct transfer *t)
{
	uint64_t drops = dropped(t);
	bool steady = !t->conf->steady || t->look.last >= t->look.at_loss;

	if (drops == t->look.seen)
		return false;
	t->look.seen = drops;
	t->look.at_loss = t->look.last;
	return steady && drops >= t->conf->settle;
}

static void look(struct transfer *t, struct ph_tcp_info *i)
{
	const struct sim_end *e = &t->apps.end[0];
	uint32_t len = sizeof(*i);

	t->look.next_ns = t->net->now + t->conf->rtt_ns / 4;
	if (e->socket < 0 ||
	    ph_getsockopt(e->host->st, e->socket, PH_IPPROTO_TCP, PH_TCP_INFO, i, &len))
		return;
	if (!t->look.since_ns && settled(t))
		begin(t, i);
	t->look.last = i->tcpi_snd_cwnd;
	if (t->look.last > t->look.most)
		t->look.most = t->look.last;
	t->look.samples++;
	t->look.cwnd += i->tcpi_snd_cwnd;
	t->over = t->look.since_ns && dropped(t) - t->look.drops >= t->conf->drops;
}

static void go(struct transfer *t, struct ph_tcp_info *info)
{
	uint64_t until = SIM_START_NS + (uint64_t)(t->conf->seconds * 1e9);
	struct sim_net *n = t->net;

	t->look.next_ns = t->conf->rtt_ns ? SIM_START_NS : PH_NEVER;
	while (!n->failed && !t->over) {
		uint64_t at = sim_net_next(n), app = sim_apps_next(&t->apps);

		at = app < at ? app : at;
		at = t->look.next_ns < at ? t->look.next_ns : at;
		if (at >= until)
			return;
		n->now = at > n->now ? at : n->now;
		sim_apps_mark(&t->apps);
		sim_net_settle(n);
		if (n->now >= t->look.next_ns)
			look(t, info);
	}
	if (n->failed)
		give_up(n->why);
}

static void sum_up(const struct transfer *t, const struct ph_tcp_info *i,
		   struct sim_transfer_result *r)
{
	uint64_t frames = way_out(t)->frames - t->look.frames;
	double rounds;

	r->octets = t->apps.end[1].in;
	r->again = ph_counter_by_name(t->net->host[0].st, "TcpRetransSegs");
	for (unsigned w = 0; w < t->net->nwire; w++)
		r->frames += link_model_stats(link_pipe_model(t->net->wire[w].pipe))->frames;
	if (!t->look.since_ns || t->look.samples == 0 || frames == 0)
		return;
	rounds = (double)(t->net->now - t->look.since_ns) / (double)t->conf->rtt_ns;
	r->rounds = rounds;
	r->window = (double)t->look.cwnd / (double)t->look.samples;
	r->most = t->look.most;
	r->rate = (double)(i->tcpi_bytes_acked - t->look.acked) / i->tcpi_snd_mss / rounds;
	r->loss = (double)(dropped(t) - t->look.drops) / (double)frames;
}

struct sim_transfer_result sim_transfer_run(const struct sim_transfer *conf)
{
	const struct sim_end_plan end = { .write_max = 65536, .read_max = 65536,
					  .abort_at = UINT64_MAX, .sndbuf = conf->buffer,
					  .rcvbuf = conf->buffer, .cc = conf->cc };
	const struct sim_conn_plan plan = { .host = { 0, 1 }, .port = { 40000, 5001 },
					    .bytes = { UINT64_MAX / 2, 0 }, .after = -1,
					    .end = { end, end } };
	struct sim_transfer_result r = { .octets = 0 };
	struct transfer t = { .conf = conf };
	struct ph_tcp_info info;

	memset(&info, 0, sizeof(info));
	t.net = network(&t.topo, conf);
	sim_apps_init(&t.apps, t.net, &plan, 1, NULL, 0, 1);
	t.net->hooks = (struct sim_hooks){ .ctx = &t, .turn = on_turn };
	sim_apps_listen(&t.apps, &end, 1);
	go(&t, &info);
	sum_up(&t, &info, &r);
	sim_apps_free(&t.apps);
	sim_net_free(t.net);
	sim_topo_free(&t.topo);
	return r;
}
