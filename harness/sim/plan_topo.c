/* SPDX-License-Identifier: BSD-2-Clause */
/* Draws a topology; see plan_topo.h. */
#include "harness/sim/plan_topo.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "harness/sim/rand.h"

enum { TOPO_STREAM = 1, HOSTS_MAX = 6 };

struct text {
	char *at, *end;
};

__attribute__((format(printf, 2, 3)))
static void say(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->at, (size_t)(t->end - t->at), fmt, ap);
	va_end(ap);
	if (n > 0)
		t->at += n < t->end - t->at ? n : t->end - t->at - 1;
}

/* In thousandths of a percent. */
static void say_share(struct text *t, struct sim_rand *r, const char *word, unsigned chance,
		      uint64_t max)
{
	uint64_t share = sim_rand_log(r, 1, max);

	if (sim_rand_chance(r, chance))
		say(t, " %s %" PRIu64 ".%03" PRIu64 "%%", word, share / 1000, share % 1000);
}

static void say_effects(struct text *t, struct sim_rand *r)
{
	uint64_t delay_us = sim_rand_log(r, 10, 150000);
	bool delayed = sim_rand_chance(r, 85);

	if (delayed)
		say(t, " delay %" PRIu64 "us", delay_us);
	if (delayed && sim_rand_chance(r, 30))
		say(t, " jitter %" PRIu64 "us", sim_rand_in(r, 1, delay_us));
	if (sim_rand_chance(r, 40))
		say(t, " rate %" PRIu64 "kbit", sim_rand_log(r, 300, 1000000));
	say_share(t, r, "loss", 50, sim_rand_chance(r, 30) ? 12000 : 3000);
	if (delayed)
		say_share(t, r, "reorder", 20, 10000);
	say_share(t, r, "dup", 20, 10000);
	say_share(t, r, "corrupt", 20, 3000);
	if (sim_rand_chance(r, 25))
		say(t, " queue %" PRIu64, sim_rand_log(r, 10, 400));
}

/* Some of them in a row: what is sent again is lost again. */
static void say_script(struct text *t, struct sim_rand *r, const char *dir)
{
	static const char *const kind[] = { "syn", "synack", "data", "ack", "fin", "retransmission",
					    "rst", "any" };
	uint64_t first = sim_rand_log(r, 1, 40), n = sim_rand_chance(r, 40) ? sim_rand_in(r, 1, 3) : 0;

	say(t, " %s script drop %s %" PRIu64, dir, kind[sim_rand_in(r, 0, 7)], first);
	if (n)
		say(t, "..%" PRIu64, first + n);
}

static void say_scripts(struct text *t, struct sim_rand *r)
{
	for (int dir = 0; dir < 2; dir++)
		if (sim_rand_chance(r, 25))
			say_script(t, r, dir ? "out" : "in");
}

static void say_link(struct text *t, struct sim_rand *r, const char *dev)
{
	char *start = t->at;
	bool apart = sim_rand_chance(r, 40);
	char *before;

	if (sim_rand_chance(r, 5))
		return;
	say(t, "link %s", dev);
	before = t->at;
	if (apart)
		say(t, " in");
	say_effects(t, r);
	if (apart) {
		say(t, " out");
		say_effects(t, r);
	}
	say_scripts(t, r);
	if (t->at == before || (apart && t->at - before <= 7)) {
		t->at = start; /* nothing was drawn */
		*t->at = '\0';
	} else {
		say(t, "\n");
	}
}

static void say_sysctls(struct text *t, struct sim_rand *r, const char *node)
{
	static const struct {
		const char *name;
		unsigned chance;
		uint64_t from, to;
	} row[] = {
		{ "net.ipv4.tcp_sack", 30, 0, 1 },
		{ "net.ipv4.tcp_timestamps", 40, 0, 2 },
		{ "net.ipv4.tcp_window_scaling", 25, 0, 1 },
		{ "net.ipv4.tcp_slow_start_after_idle", 20, 0, 1 },
		{ "net.ipv4.tcp_moderate_rcvbuf", 20, 0, 1 },
		{ "net.ipv4.tcp_abort_on_overflow", 10, 0, 1 },
		{ "net.ipv4.tcp_rfc1337", 20, 0, 1 },
		{ "net.ipv4.tcp_fin_timeout", 20, 20, 120 },
		{ "net.ipv4.tcp_rto_min_us", 15, 5000, 1000000 },
		{ "net.ipv4.tcp_invalid_ratelimit", 20, 0, 1000 },
		{ "net.ipv4.ip_default_ttl", 20, 1, 255 },
		{ "net.phantom.tcp_max_ofo_segments", 10, 4, 64 },
		{ "net.ipv4.neigh.default.base_reachable_time_ms", 20, 500, 30000 },
	};
	static const char *const buffers[] = { "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem" };

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		if (sim_rand_chance(r, row[i].chance))
			say(t, "sysctl %s %s=%" PRIu64 "\n", node, row[i].name,
			    sim_rand_in(r, row[i].from, row[i].to));
	for (int i = 0; i < 2; i++) {
		uint64_t first = sim_rand_log(r, 4096, 300000), most = sim_rand_log(r, 4096, 6000000);

		if (sim_rand_chance(r, 20))
			say(t, "sysctl %s \"%s=4096 %" PRIu64 " %" PRIu64 "\"\n", node, buffers[i], first,
			    most > first ? most : first);
	}
}

static void say_node(struct text *t, struct sim_rand *r, unsigned i)
{
	static const unsigned mtus[] = { 296, 576, 1006, 1280, 1400, 1492, 9000 };
	char node[NODE_NAME_MAX], dev[NODE_NAME_MAX + DEV_NAME_MAX];

	snprintf(node, sizeof(node), "h%u", i);
	snprintf(dev, sizeof(dev), "h%u.eth0", i);
	say(t, "addr %s 10.0.0.%u/24\n", dev, i + 1);
	if (sim_rand_chance(r, 40))
		say(t, "mtu %s %u\n", dev, mtus[sim_rand_in(r, 0, 6)]);
	if (sim_rand_chance(r, 40))
		say(t, "offload %s on\n", dev);
	say_sysctls(t, r, node);
}

int sim_plan_topo(struct sim_plan *p, struct net_err *e)
{
	struct sim_rand r = sim_rand_of(p->seed, TOPO_STREAM);
	struct text t = { p->text, p->text + sizeof(p->text) };
	struct topo_vars vars = { .nvar = 0 };
	unsigned n = sim_rand_chance(&r, 60) ? 2 : (unsigned)sim_rand_in(&r, 3, HOSTS_MAX);
	bool direct = n == 2 && sim_rand_chance(&r, 50);
	int rc;

	for (unsigned i = 0; i < n; i++)
		say(&t, "node h%u\n", i);
	if (direct)
		say(&t, "veth h0.eth0 h1.eth0\n");
	else
		say(&t, "bridge lan\n");
	for (unsigned i = 0; i < n; i++) {
		char dev[NODE_NAME_MAX + DEV_NAME_MAX];

		snprintf(dev, sizeof(dev), "h%u.eth0", i);
		if (!direct)
			say(&t, "veth %s lan\n", dev);
		say_node(&t, &r, i);
		if (!direct || i == 0)
			say_link(&t, &r, dev);
	}
	sim_topo_init(&p->topo);
	rc = sim_topo_text(&p->topo, p->text, "the drawn topology", &vars, e);
	topo_vars_free(&vars);
	return rc;
}
