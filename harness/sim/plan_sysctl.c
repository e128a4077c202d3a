/* SPDX-License-Identifier: BSD-2-Clause */
/* See plan_sysctl.h. */
#define _GNU_SOURCE
#include "harness/sim/plan_sysctl.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "phantom/phantom.h"

/* Numbers whose bounds say too little about what a run can bear: drawn from these. */
struct drawn {
	const char *name;
	unsigned chance; /* percent; 0: left alone, for a run's end depends on it */
	uint64_t from, to;
};

static const struct drawn drawn[] = {
	{ "net.ipv4.tcp_sack", 30, 0, 1 },
	{ "net.ipv4.tcp_timestamps", 40, 0, 2 },
	{ "net.ipv4.tcp_window_scaling", 25, 0, 1 },
	{ "net.ipv4.tcp_fin_timeout", 20, 20, 120 },
	{ "net.ipv4.tcp_rto_min_us", 15, 5000, 1000000 },
	{ "net.ipv4.tcp_invalid_ratelimit", 20, 0, 1000 },
	{ "net.ipv4.tcp_min_snd_mss", 15, 48, 88 }, /* above what a peer asks for, it is not kept to */
	{ "net.ipv4.ip_default_ttl", 20, 8, 255 },
	{ "net.phantom.tcp_max_ofo_segments", 10, 4, 64 },
	/* Not 2: who keeps nothing resets data that overtakes the first, the last ACK being lost. */
	{ "net.ipv4.tcp_syncookies", 20, 0, 1 },
	{ "net.ipv4.neigh.default.base_reachable_time_ms", 20, 500, 30000 },
	/* How long somebody goes on trying, and what is refused by design. */
	{ "net.ipv4.tcp_syn_retries", 0, 0, 0 },
	{ "net.ipv4.tcp_synack_retries", 0, 0, 0 },
	{ "net.ipv4.tcp_retries1", 0, 0, 0 },
	{ "net.ipv4.tcp_retries2", 0, 0, 0 },
	{ "net.ipv4.tcp_orphan_retries", 0, 0, 0 },
	{ "net.ipv4.tcp_max_orphans", 0, 0, 0 },
	{ "net.ipv4.tcp_max_syn_backlog", 0, 0, 0 },
	{ "net.ipv4.tcp_rto_max_ms", 0, 0, 0 },
	{ "net.ipv4.tcp_keepalive_time", 0, 0, 0 },
	{ "net.ipv4.tcp_keepalive_intvl", 0, 0, 0 },
	{ "net.ipv4.tcp_keepalive_probes", 0, 0, 0 },
	{ "net.ipv4.neigh.default.ucast_solicit", 0, 0, 0 },
	{ "net.ipv4.neigh.default.mcast_solicit", 0, 0, 0 },
	{ "net.ipv4.ip_forward", 0, 0, 0 },
	{ "net.core.somaxconn", 0, 0, 0 },
};

enum { SYSCTL_STREAM = 100, SYSCTL_CHANCE = 15, FEW = 16 };

static void *take(void *arg, size_t size)
{
	(void)arg;
	return malloc(size);
}

static void give(void *arg, void *ptr, size_t size)
{
	(void)arg;
	(void)size;
	free(ptr);
}

static int64_t default_of(const struct ph_stack *st, const char *name)
{
	char text[128];

	return ph_sysctl_get(st, name, text, sizeof(text)) ? -1 : strtoll(text, NULL, 10);
}

/* A knob of which nothing is known but its row: any of a few values, or one within four times its
 * default. -1: left alone. */
static int64_t any_value(struct sim_rand *r, const struct ph_sysctl_info *row, int64_t def)
{
	int64_t from = def / 4, to = def > INT64_MAX / 4 ? INT64_MAX : def * 4;

	if (!sim_rand_chance(r, SYSCTL_CHANCE) || row->nvalues != 1 || row->min < 0)
		return -1;
	if (row->max - row->min <= FEW)
		return (int64_t)sim_rand_in(r, (uint64_t)row->min, (uint64_t)row->max);
	from = from > row->min ? from : row->min;
	to = to < row->max ? to : row->max;
	if (def <= 0 || from > to)
		return -1;
	return (int64_t)sim_rand_log(r, from > 0 ? (uint64_t)from : 1, (uint64_t)to);
}

static void say_sysctl(struct sim_text *t, struct sim_rand *r, const char *node,
		       const struct ph_sysctl_info *row, int64_t def)
{
	int64_t value = -1;
	bool known = strncmp(row->name, "net.ipv4.tcp_", 13) != 0;

	for (size_t i = 0; i < sizeof(drawn) / sizeof(drawn[0]); i++)
		if (strcmp(drawn[i].name, row->name) == 0) {
			known = true;
			if (sim_rand_chance(r, drawn[i].chance))
				value = (int64_t)sim_rand_in(r, drawn[i].from, drawn[i].to);
		}
	if (!known)
		value = any_value(r, row, def);
	if (value >= 0)
		sim_say(t, "sysctl %s %s=%" PRId64 "\n", node, row->name, value);
}

/* One word of those that the stack has. */
static void say_congestion_control(struct sim_text *t, struct sim_rand *r, const char *node,
				   const struct ph_stack *st)
{
	char text[256], *word, *rest = text;
	unsigned n = 0;

	if (!sim_rand_chance(r, 50) ||
	    ph_sysctl_get(st, "net.ipv4.tcp_available_congestion_control", text, sizeof(text)))
		return;
	for (const char *c = text; *c; c++)
		n += *c == ' ';
	for (uint64_t skip = sim_rand_in(r, 0, n); (word = strsep(&rest, " ")); skip--)
		if (skip == 0) {
			sim_say(t, "sysctl %s net.ipv4.tcp_congestion_control=%s\n", node, word);
			return;
		}
}

static void say_buffers(struct sim_text *t, struct sim_rand *r, const char *node)
{
	static const char *const buffers[] = { "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem" };

	for (int i = 0; i < 2; i++) {
		uint64_t first = sim_rand_log(r, 4096, 300000), most = sim_rand_log(r, 4096, 6000000);

		if (sim_rand_chance(r, 20))
			sim_say(t, "sysctl %s \"%s=4096 %" PRIu64 " %" PRIu64 "\"\n", node, buffers[i], first,
			    most > first ? most : first);
	}
}

/* Every knob of TCP that the stack has, each from a stream of its own, so that a new one leaves the
 * others of a seed as they were. */
void sim_plan_sysctls(struct sim_text *t, struct sim_rand *r, const char *node)
{
	struct ph_conf conf = { .alloc = take, .release = give };
	struct ph_stack *st = ph_stack_new(&conf);
	const struct ph_sysctl_info *row;
	uint64_t key = sim_rand_u64(r);

	for (size_t i = 0; st && (row = ph_sysctl_row(i)); i++) {
		uint64_t name = 0;
		struct sim_rand own;

		for (const char *c = row->name; *c; c++)
			name = sim_mix(name ^ (uint8_t)*c);
		own = sim_rand_of(key ^ name, SYSCTL_STREAM);
		say_sysctl(t, &own, node, row, default_of(st, row->name));
	}
	say_buffers(t, r, node);
	if (st)
		say_congestion_control(t, r, node, st);
	ph_stack_free(st);
}
