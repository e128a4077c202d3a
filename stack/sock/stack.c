/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stack as a whole: made, run, asked for its deadline, ended. Also sysctls, counters and usage
 * for the user.
 */
#include <string.h>

#include "base/stream.h"
#include "net/net.h"
#include "net/net_check.h"
#include "raw/packet.h"
#include "raw/ping.h"
#include "raw/raw.h"
#include "sock/sock.h"
#include "tcp/tcp.h"
#include "tcp/tcp_check.h"
#include "udp/udp.h"

static void set_default(uint32_t *limit, uint32_t def)
{
	if (*limit == 0)
		*limit = def;
}

static void set_limits(struct ph_conf *c)
{
	set_default(&c->max_sockets, 1048576);
	set_default(&c->max_connections, 1048576);
	set_default(&c->max_timewait, 262144);
	set_default(&c->max_neighbours, 1024);
	set_default(&c->max_routes, 1024);
	set_default(&c->max_reassemblies, 1024);
	set_default(&c->max_links, 64);
}

/* RFC 7217 5: a secret of its own, the user's if there is one. */
static void iid_key(struct ph_stack *st, const struct siphash_key *root)
{
	static const uint8_t none[sizeof(st->conf.stable_secret)];
	uint64_t what[2] = { UINT64_C(0x7217), 0 };

	memcpy(&st->iid_key, st->conf.stable_secret, sizeof(st->iid_key));
	if (memcmp(st->conf.stable_secret, none, sizeof(none)) != 0)
		return;
	st->iid_key.k0 = siphash(root, what, sizeof(what));
	what[1] = 1;
	st->iid_key.k1 = siphash(root, what, sizeof(what));
}

/* One key from the user, one per purpose inside: what leaks of one says nothing of another (RFC
 * 6528 3). */
static void derive_keys(struct ph_stack *st)
{
	struct siphash_key root;
	struct siphash_key *const purpose[] = { &st->hash_key, &st->isn_key, &st->port_key };

	memcpy(&root, st->conf.key, sizeof(root));
	for (uint64_t i = 0; i < ARRAY_LEN(purpose); i++) {
		uint64_t block[3] = { 2 * i, 0, 0 };

		memcpy(&block[1], st->conf.key + sizeof(root), 2 * sizeof(block[1]));
		purpose[i]->k0 = siphash(&root, block, sizeof(block));
		block[0]++;
		purpose[i]->k1 = siphash(&root, block, sizeof(block));
	}
	iid_key(st, &root);
	prng_seed(&st->prng, st->conf.key);
}

static void init_base(struct ph_stack *st, const struct ph_conf *conf)
{
	st->conf = *conf;
	set_limits(&st->conf);
	st->mem = (struct mem){ .alloc = conf->alloc,
				.release = conf->release,
				.arg = conf->mem_arg,
				.limit = conf->mem_limit,
				.used = sizeof(*st),
				.peak = sizeof(*st) };
	pkt_pools_init(&st->pkts, &st->mem);
	pool_init(&st->stream_nodes, &st->mem, "stream nodes", sizeof(struct stream_node), 0);
	timer_wheel_init(&st->wheel, conf->now_ns);
	derive_keys(st);
	sysctl_defaults(&st->sysctl);
	st->trace = (struct trace){ .sink = conf->trace,
				    .arg = conf->trace_arg,
				    .now_ns = conf->now_ns };
	st->now_ns = conf->now_ns;
	list_init(&st->ready);
}

struct ph_stack *ph_stack_new(const struct ph_conf *conf)
{
	struct ph_stack *st;

	if (!conf || !conf->alloc || !conf->release)
		return NULL;
	st = conf->alloc(conf->mem_arg, sizeof(*st));
	if (!st)
		return NULL;
	memset(st, 0, sizeof(*st));
	init_base(st, conf);
	if (net_new(st) != 0 || udp_new(st) != 0 || raw_new(st) != 0 || ping_new(st) != 0 ||
	    packet_new(st) != 0 || tcp_new(st) != 0 || sock_new(st) != 0) {
		ph_stack_free(st);
		return NULL;
	}
	return st;
}

void ph_stack_free(struct ph_stack *st)
{
	struct ph_conf conf;

	if (!st)
		return;
	timer_wheel_clear(&st->wheel); /* a timer's neighbours on its list are other owners' */
	sock_free(st);
	packet_free(st);
	ping_free(st);
	raw_free(st);
	udp_free(st); /* takes itself from lists that it shares with tcp, */
	tcp_free(st); /* which lets go of everything at once */
	net_free(st);
	pool_destroy(&st->stream_nodes);
	pkt_pools_destroy(&st->pkts);
	conf = st->conf;
	conf.release(conf.mem_arg, st, sizeof(*st));
}

void ph_stack_run(struct ph_stack *st, uint64_t now_ns)
{
	struct timer *t;

	stack_enter(st, now_ns);
	while ((t = timer_due(&st->wheel, st->now_ns)))
		t->fire(st, t);
	tcp_batch_end(st);
	net_run(st);
}

uint64_t ph_stack_deadline(const struct ph_stack *st)
{
	return st->train.held || net_pending(st) || tcp_batch_open(st) ? st->now_ns : timer_next(&st->wheel);
}

void ph_stack_abort(struct ph_stack *st, uint64_t now_ns)
{
	stack_enter(st, now_ns);
	tcp_abort_all(st);
	sock_close_all(st);
}

void ph_stack_usage(const struct ph_stack *st, struct ph_usage *u)
{
	*u = (struct ph_usage){
		.bytes = st->mem.used,
		.bytes_peak = st->mem.peak,
		.packets = st->pkts.pkt.in_use,
		.timers = st->wheel.armed,
		.sockets = st->sock->in_use,
	};
	for (int c = 0; c < BUF_CLASS_N; c++)
		u->buffers += st->pkts.buf[c].in_use;
	tcp_usage(st, u);
	net_usage(st, u);
}

void ph_stack_fail_at(struct ph_stack *st, uint64_t nth)
{
	st->mem.fail_at = nth;
}

bool ph_stack_check(const struct ph_stack *st, struct ph_claim *broken)
{
	*broken = (struct ph_claim){ .part = NULL };
	if (!timer_wheel_check(&st->wheel, broken) || !net_check(st, broken))
		return false;
	return tcp_check(st, broken);
}

int ph_sysctl_set(struct ph_stack *st, const char *name, const char *value)
{
	int rc = sysctl_set(&st->sysctl, name, value);

	return rc == -ENOENT ? net_conf_set(st, name, value) : rc;
}

int ph_sysctl_get(const struct ph_stack *st, const char *name, char *out, size_t cap)
{
	int rc = sysctl_get(&st->sysctl, name, out, cap);

	return rc == -ENOENT ? net_conf_get(st, name, out, cap) : rc;
}

const struct ph_sysctl_info *ph_sysctl_row(size_t i)
{
	return sysctl_row(i);
}

const char *ph_counter_name(size_t i)
{
	return i < C_N ? counter_name((unsigned)i) : NULL;
}

uint64_t ph_counter(const struct ph_stack *st, size_t i)
{
	return i < C_N ? counter_value(&st->counters, (unsigned)i) : 0;
}

uint64_t ph_counter_by_name(const struct ph_stack *st, const char *name)
{
	const char *row;

	for (size_t i = 0; (row = ph_counter_name(i)); i++)
		if (strcmp(row, name) == 0)
			return ph_counter(st, i);
	return 0;
}

size_t ph_socks(const struct ph_stack *st, struct ph_sock_info *out, size_t n)
{
	size_t have = tcp_list(st, out, n);
	size_t used = have < n ? have : n;

	have += udp_list(st, out ? out + used : NULL, n - used);
	used = have < n ? have : n;
	have += raw_list(st, out ? out + used : NULL, n - used);
	used = have < n ? have : n;
	have += ping_list(st, out ? out + used : NULL, n - used);
	used = have < n ? have : n;
	have += packet_list(st, out ? out + used : NULL, n - used);
	for (size_t i = 0; out && i < have && i < n; i++) {
		ip_scope_out(&out[i].local);
		ip_scope_out(&out[i].peer);
	}
	return have;
}
