/* SPDX-License-Identifier: BSD-2-Clause */
/* See table.h. Called by rig sim --table and by a test. */
#include "harness/sim/table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "harness/sim/app.h"

enum { SECONDS = 60, RATE_MBIT = 10, QUEUE = 100 };

struct size { /* of both buffers */
	const char *name;
	uint32_t bytes; /* 0: the stack's own choice */
};

static const char *const losses[] = { "0%", "0.1%", "1%", "5%" };
static const unsigned rtts_ms[] = { 2, 20, 100 };
static const struct size buffers[] = { { "16 KiB", 16384 }, { "64 KiB", 65536 }, { "auto", 0 } };

static struct sim_net *network(struct sim_topo *topo, const char *loss, unsigned rtt_ms)
{
	static const struct sim_host_conf conf[2] = { { .key = "one", .single = true },
						      { .key = "other", .single = true } };
	struct topo_vars vars = { .nvar = 0 };
	struct sim_net *n = NULL;
	struct net_err e;
	char text[512];

	snprintf(text, sizeof(text),
		 "node a\nnode b\nveth a.eth0 b.eth0\naddr a.eth0 10.0.0.1/24\n"
		 "addr b.eth0 10.0.0.2/24\n"
		 "link a.eth0 delay %uus rate %umbit queue %u out loss %s seed 1\n",
		 rtt_ms * 500, RATE_MBIT, QUEUE, loss);
	sim_topo_init(topo);
	if (sim_topo_text(topo, text, "table", &vars, &e) == 0)
		n = sim_net_new(topo, conf, 1, false, &e);
	topo_vars_free(&vars);
	if (n)
		return n;
	fprintf(stderr, "rig sim: %s\n", e.text);
	exit(1);
}

static void on_turn(void *ctx, struct sim_host *h)
{
	sim_apps_turn(ctx, h);
}

/* Octets that arrived in SECONDS, and segments sent again. */
static uint64_t transfer(const char *loss, unsigned rtt_ms, uint32_t buffer, uint64_t *again)
{
	const struct sim_end_plan end = { .write_max = 65536, .read_max = 65536,
					  .abort_at = UINT64_MAX, .sndbuf = buffer,
					  .rcvbuf = buffer };
	const struct sim_conn_plan plan = { .host = { 0, 1 }, .port = { 40000, 5001 },
					    .bytes = { UINT64_MAX / 2, 0 }, .after = -1,
					    .end = { end, end } };
	uint64_t until = SIM_START_NS + SECONDS * 1000000000ull, octets;
	struct sim_topo topo;
	struct sim_net *n = network(&topo, loss, rtt_ms);
	struct sim_apps apps;

	sim_apps_init(&apps, n, &plan, 1, NULL, 0, 1);
	n->hooks = (struct sim_hooks){ .ctx = &apps, .turn = on_turn };
	sim_apps_listen(&apps, &end, 1);
	while (!n->failed) {
		uint64_t at = sim_net_next(n), app = sim_apps_next(&apps);

		at = app < at ? app : at;
		if (at >= until)
			break;
		n->now = at > n->now ? at : n->now;
		sim_apps_mark(&apps);
		sim_net_settle(n);
	}
	if (n->failed) {
		fprintf(stderr, "rig sim: %s\n", n->why);
		exit(1);
	}
	octets = apps.end[1].in;
	*again = ph_counter_by_name(n->host[0].st, "TcpRetransSegs");
	sim_apps_free(&apps);
	sim_net_free(n);
	sim_topo_free(&topo);
	return octets;
}

void sim_table_print(FILE *f)
{
	fprintf(f,
		"# Goodput in kbit/s, and segments sent again, of one connection that sends for %d s "
		"of virtual\n# time over %d Mbit/s with a queue of %d frames; losses in the "
		"direction of the data.\n# Made by: rig sim --table\n",
		SECONDS, RATE_MBIT, QUEUE);
	fprintf(f, "%-8s %-8s", "loss", "rtt");
	for (size_t b = 0; b < sizeof(buffers) / sizeof(buffers[0]); b++)
		fprintf(f, " %18s", buffers[b].name);
	fputc('\n', f);
	for (size_t l = 0; l < sizeof(losses) / sizeof(losses[0]); l++) {
		for (size_t r = 0; r < sizeof(rtts_ms) / sizeof(rtts_ms[0]); r++) {
			fprintf(f, "%-8s %3u ms  ", losses[l], rtts_ms[r]);
			for (size_t b = 0; b < sizeof(buffers) / sizeof(buffers[0]); b++) {
				uint64_t again, n = transfer(losses[l], rtts_ms[r],
							     buffers[b].bytes, &again);

				fprintf(f, " %10" PRIu64 " %7" PRIu64, n * 8 / SECONDS / 1000, again);
			}
			fputc('\n', f);
		}
	}
}
