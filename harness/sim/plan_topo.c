/* SPDX-License-Identifier: BSD-2-Clause */
/* Draws a topology; see plan_topo.h. */
#include "harness/sim/plan_topo.h"

#include <inttypes.h>
#include <string.h>

#include "harness/sim/plan_sysctl.h"
#include "harness/sim/rand.h"
#include "harness/sim/say.h"

enum { TOPO_STREAM = 1, SIX_STREAM = 0x36, HOSTS_MAX = 6, IP6_MTU_MIN = 1280 };

/* In thousandths of a percent. */
static void say_share(struct sim_text *t, struct sim_rand *r, const char *word, unsigned chance,
		      uint64_t max)
{
	uint64_t share = sim_rand_log(r, 1, max);

	if (sim_rand_chance(r, chance))
		sim_say(t, " %s %" PRIu64 ".%03" PRIu64 "%%", word, share / 1000, share % 1000);
}

static void say_effects(struct sim_text *t, struct sim_rand *r)
{
	uint64_t delay_us = sim_rand_log(r, 10, 150000);
	bool delayed = sim_rand_chance(r, 85);

	if (delayed)
		sim_say(t, " delay %" PRIu64 "us", delay_us);
	if (delayed && sim_rand_chance(r, 30))
		sim_say(t, " jitter %" PRIu64 "us", sim_rand_in(r, 1, delay_us));
	if (sim_rand_chance(r, 40))
		sim_say(t, " rate %" PRIu64 "kbit", sim_rand_log(r, 300, 1000000));
	say_share(t, r, "loss", 50, sim_rand_chance(r, 30) ? 12000 : 3000);
	if (delayed)
		say_share(t, r, "reorder", 20, 10000);
	say_share(t, r, "dup", 20, 10000);
	say_share(t, r, "corrupt", 20, 3000);
	if (sim_rand_chance(r, 25))
		sim_say(t, " queue %" PRIu64, sim_rand_log(r, 10, 400));
}

/* Some of them in a row: what is sent again is lost again. */
static void say_script(struct sim_text *t, struct sim_rand *r, const char *dir)
{
	static const char *const kind[] = { "syn", "synack", "data", "ack", "fin", "retransmission",
					    "rst", "any" };
	uint64_t first = sim_rand_log(r, 1, 40), n = sim_rand_chance(r, 40) ? sim_rand_in(r, 1, 3) : 0;

	sim_say(t, " %s script drop %s %" PRIu64, dir, kind[sim_rand_in(r, 0, 7)], first);
	if (n)
		sim_say(t, "..%" PRIu64, first + n);
}

static void say_scripts(struct sim_text *t, struct sim_rand *r)
{
	for (int dir = 0; dir < 2; dir++)
		if (sim_rand_chance(r, 25))
			say_script(t, r, dir ? "out" : "in");
}

static void say_link(struct sim_text *t, struct sim_rand *r, const char *dev)
{
	char *start = t->at;
	bool apart = sim_rand_chance(r, 40);
	char *before;

	if (sim_rand_chance(r, 5))
		return;
	sim_say(t, "link %s", dev);
	before = t->at;
	if (apart)
		sim_say(t, " in");
	say_effects(t, r);
	if (apart) {
		sim_say(t, " out");
		say_effects(t, r);
	}
	say_scripts(t, r);
	if (t->at == before || (apart && t->at - before <= 7)) {
		t->at = start; /* nothing was drawn */
		*t->at = '\0';
	} else {
		sim_say(t, "\n");
	}
}

/* least: of the table below, the first that will do. */
static void say_mtu(struct sim_text *t, struct sim_rand *r, const char *dev, unsigned least)
{
	static const unsigned mtus[] = { 296, 576, 1006, 1280, 1400, 1492, 9000 };

	if (sim_rand_chance(r, 40))
		sim_say(t, "mtu %s %u\n", dev, mtus[sim_rand_in(r, least, 6)]);
}

/* A phantom on network `net`. */
static void say_node(struct sim_text *t, struct sim_rand *r, unsigned i, unsigned net)
{
	char node[NODE_NAME_MAX], dev[NODE_NAME_MAX + DEV_NAME_MAX];

	snprintf(node, sizeof(node), "h%u", i);
	snprintf(dev, sizeof(dev), "h%u.eth0", i);
	sim_say(t, "addr %s 10.0.%u.%u/24\n", dev, net, i + 1);
	say_mtu(t, r, dev, 0);
	if (sim_rand_chance(r, 40))
		sim_say(t, "offload %s on\n", dev);
	sim_plan_sysctls(t, r, node);
}

/* All on one bridge, or two at one cable. */
static void say_lan(struct sim_text *t, struct sim_rand *r)
{
	unsigned n = sim_rand_chance(r, 60) ? 2 : (unsigned)sim_rand_in(r, 3, HOSTS_MAX);
	bool direct = n == 2 && sim_rand_chance(r, 50);

	for (unsigned i = 0; i < n; i++)
		sim_say(t, "node h%u\n", i);
	if (direct)
		sim_say(t, "veth h0.eth0 h1.eth0\n");
	else
		sim_say(t, "bridge lan\n");
	for (unsigned i = 0; i < n; i++) {
		char dev[NODE_NAME_MAX + DEV_NAME_MAX];

		snprintf(dev, sizeof(dev), "h%u.eth0", i);
		if (!direct)
			sim_say(t, "veth %s lan\n", dev);
		say_node(t, r, i, 0);
		if (!direct || i == 0)
			say_link(t, r, dev);
	}
}

/* Hosts on two networks, and one to three routers in a row between them: r0 is .254 of the first,
 * the last is .254 of the second, and they join each other on networks 10.0.1x.0. */
static void say_routed(struct sim_text *t, struct sim_rand *r)
{
	unsigned routers = (unsigned)sim_rand_log(r, 1, 3), n = (unsigned)sim_rand_in(r, 2, 4);
	char dev[NODE_NAME_MAX + DEV_NAME_MAX];

	sim_say(t, "bridge lan0\nbridge lan1\n");
	for (unsigned i = 0; i < n; i++)
		sim_say(t, "node h%u\nveth h%u.eth0 lan%u\n", i, i, i % 2);
	for (unsigned i = 0; i < routers; i++)
		sim_say(t, "node r%u\nforward r%u on\n", i, i);
	sim_say(t, "veth r0.eth0 lan0\naddr r0.eth0 10.0.0.254/24\n");
	for (unsigned i = 0; i + 1 < routers; i++) {
		sim_say(t, "veth r%u.eth1 r%u.eth0\naddr r%u.eth1 10.0.%u.1/24\naddr r%u.eth0 10.0.%u.2/24\n",
		    i, i + 1, i, 10 + i, i + 1, 10 + i);
		snprintf(dev, sizeof(dev), "r%u.eth1", i);
		say_mtu(t, r, dev, 0);
		say_link(t, r, dev);
		sim_say(t, "route r%u 10.0.1.0/24 via 10.0.%u.2\n", i, 10 + i);
		sim_say(t, "route r%u 10.0.0.0/24 via 10.0.%u.1\n", i + 1, 10 + i);
	}
	sim_say(t, "veth r%u.eth1 lan1\naddr r%u.eth1 10.0.1.254/24\n", routers - 1, routers - 1);
	for (unsigned i = 0; i < n; i++) {
		snprintf(dev, sizeof(dev), "h%u.eth0", i);
		say_node(t, r, i, i % 2);
		say_link(t, r, dev);
		sim_say(t, "route h%u default via 10.0.%u.254\n", i, i % 2);
	}
}

/* Too narrow a link carries no IPv6 (RFC 8200 5). */
static bool carries_six(const struct sim_topo_dev *d)
{
	return d->mtu == 0 || d->mtu >= IP6_MTU_MIN;
}

/* The routers' addresses and routes beside those of IPv4: fd00:0:0:N::/64 where that has 10.0.N.0.
 * False: a link between them carries none, or there are no routers. */
static bool say_six_routers(struct sim_text *t, const struct sim_plan *p)
{
	unsigned n = 0;

	for (unsigned i = 0; i < p->topo.ndev; i++)
		if (p->topo.forwards[p->topo.dev[i].node] && !carries_six(&p->topo.dev[i]))
			return false;
	for (unsigned i = 0; i < p->topo.nnode; i++)
		n += p->topo.forwards[i];
	if (n == 0)
		return false;
	sim_say(t, "addr r0.eth0 fd00::fe/64\naddr r%u.eth1 fd00:0:0:1::fe/64\n", n - 1);
	for (unsigned i = 0; i + 1 < n; i++) {
		sim_say(t, "addr r%u.eth1 fd00:0:0:%u::1/64\naddr r%u.eth0 fd00:0:0:%u::2/64\n", i, 10 + i,
		    i + 1, 10 + i);
		sim_say(t, "route r%u fd00:0:0:1::/64 via fd00:0:0:%u::2\n", i, 10 + i);
		sim_say(t, "route r%u fd00::/64 via fd00:0:0:%u::1\n", i + 1, 10 + i);
	}
	return true;
}

/* IPv6, drawn behind everything else and from a stream of its own. Nobody looks for duplicates:
 * connections begin at once. */
static void say_six(struct sim_text *t, const struct sim_plan *p)
{
	struct sim_rand r = sim_rand_of(p->seed, SIX_STREAM);
	bool routed, lan = true;

	if (!sim_rand_chance(&r, 50))
		return;
	for (unsigned i = 0; i < p->topo.nnode; i++)
		lan &= !p->topo.forwards[i];
	routed = say_six_routers(t, p);
	for (unsigned i = 0; (lan || routed) && i < p->topo.ndev; i++) {
		const struct sim_topo_dev *d = &p->topo.dev[i];
		const char *node = p->topo.node[d->node];
		unsigned net = routed ? d->node % 2 : 0; /* say_routed() has hosts first, in turn */

		if (!carries_six(d) || p->topo.forwards[d->node])
			continue;
		sim_say(t, "sysctl %s net.ipv6.conf.default.accept_dad=0\n", node);
		sim_say(t, "addr %s.%s fd00:0:0:%u::%x/64\n", node, d->name, net, i + 1);
		if (routed)
			sim_say(t, "route %s default via fd00:0:0:%u::fe\n", node, net);
	}
}

int sim_plan_topo(struct sim_plan *p, struct net_err *e)
{
	const char *six;
	struct sim_rand r = sim_rand_of(p->seed, TOPO_STREAM);
	struct sim_text t = { p->text, p->text + sizeof(p->text) };
	struct topo_vars vars = { .nvar = 0 };
	int rc;

	if (sim_rand_chance(&r, 25))
		say_routed(&t, &r);
	else
		say_lan(&t, &r);
	sim_topo_init(&p->topo);
	rc = sim_topo_text(&p->topo, p->text, "the drawn topology", &vars, e);
	six = t.at;
	if (rc == 0)
		say_six(&t, p);
	if (rc == 0)
		rc = sim_topo_text(&p->topo, six, "the drawn topology", &vars, e);
	topo_vars_free(&vars);
	return rc;
}
