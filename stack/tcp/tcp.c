/* SPDX-License-Identifier: BSD-2-Clause */
/* The life of TCP's tables and of a struct tcb: made here, ended here (tcp_done), freed here
 * (tcp_put). */
#include "tcp/tcp_int.h"

enum {
	TABLE_FIRST = 64,
	TCBS_KEEP = 65536, /* bytes: most connections are folded soon (tcp_rest.c) */
	CONNECTIONS_DEFAULT = 1048576,
	TIMEWAIT_DEFAULT = 262144
};

static void addr_gone(struct ph_stack *st, const struct ph_ip *ip);
static const struct l4_proto proto = { .input = tcp_input,
				       .error = tcp_icmp_error,
				       .addr_gone = addr_gone };

static void init_pools(struct ph_stack *st, struct tcp_state *s)
{
	uint32_t conns = st->conf.max_connections ? st->conf.max_connections : CONNECTIONS_DEFAULT;
	uint32_t tws = st->conf.max_timewait ? st->conf.max_timewait : TIMEWAIT_DEFAULT;

	tcp_rest_init(st, &s->rest, conns);
	pool_init(&s->tcbs, &st->mem, "tcp connections", sizeof(struct tcb), conns);
	pool_sparse(&s->tcbs, TCBS_KEEP);
	pool_init(&s->earlies, &st->mem, "tcp fast opens", sizeof(struct tcp_early), conns);
	pool_init(&s->rares, &st->mem, "tcp options", sizeof(struct tcp_rare), 0);
	pool_init(&s->mtups, &st->mem, "tcp mtu searches", sizeof(struct tcp_mtup), 0);
	pool_init(&s->syns, &st->mem, "tcp saved syns", sizeof(struct tcp_saved_syn), 0);
	pool_init(&s->md5_keys, &st->mem, "tcp md5 keys", sizeof(struct tcp_md5_key), 0);
	pool_init(&s->errs, &st->mem, "tcp error queue", sizeof(struct errq_entry), 0);
	pool_init(&s->marks, &st->mem, "tcp marks", sizeof(struct tcp_marks), 0);
	pool_init(&s->arrivals, &st->mem, "tcp arrivals", sizeof(struct tcp_arrivals), 0);
	pool_init(&s->listeners, &st->mem, "tcp listeners", sizeof(struct tcp_listener), 0);
	pool_init(&s->halves, &st->mem, "tcp half-open", sizeof(struct tcp_half), conns);
	pool_init(&s->timewait_pool, &st->mem, "tcp time-wait", sizeof(struct tcp_timewait), tws);
	pool_init(&s->port_pool, &st->mem, "tcp ports", sizeof(struct tcp_port), 65536);
	pool_init(&s->recs, &st->mem, "tcp records", sizeof(struct tcp_rec), 0);
	pool_init(&s->pieces, &st->mem, "tcp pieces", sizeof(struct tcp_piece), 0);
	tcp_late_init(st, s);
	pool_init(&s->cc_states, &st->mem, "tcp congestion control", CC_STATE_MAX, 0);
}

static void destroy_pools(struct ph_stack *st, struct tcp_state *s)
{
	tcp_late_destroy(s);
	tcp_rest_destroy(st, &s->rest);
	pool_destroy(&s->tcbs);
	pool_destroy(&s->earlies);
	pool_destroy(&s->rares);
	pool_destroy(&s->mtups);
	pool_destroy(&s->syns);
	pool_destroy(&s->md5_keys);
	pool_destroy(&s->errs);
	pool_destroy(&s->marks);
	pool_destroy(&s->arrivals);
	pool_destroy(&s->listeners);
	pool_destroy(&s->halves);
	pool_destroy(&s->timewait_pool);
	pool_destroy(&s->port_pool);
	pool_destroy(&s->recs);
	pool_destroy(&s->pieces);
	pool_destroy(&s->cc_states);
}

int tcp_new(struct ph_stack *st)
{
	struct tcp_state *s = mem_alloc(&st->mem, sizeof(*s));

	if (!s)
		return -ENOMEM;
	*s = (struct tcp_state){ .next_id = 1 };
	if (hash_init(&s->table, &st->mem, TABLE_FIRST) != 0)
		goto no_table;
	if (hash_init(&s->ports, &st->mem, TABLE_FIRST) != 0)
		goto no_ports;
	if (tcp_peers_init(&s->peers, &st->mem, &st->hash_key) != 0)
		goto no_peers;
	init_pools(st, s);
	s->reass = (struct tcp_reass_env){
		.mem = &st->mem, .pieces = &s->pieces, .pkts = &st->pkts,
		.nodes = &st->stream_nodes, .pieces_max = (uint32_t)st->sysctl.tcp_max_ofo_pieces,
	};
	s->port_next = prng_below(&st->prng, 1u << 16);
	list_init(&s->timewaits);
	list_init(&s->owing);
	timer_init(&s->timewait_timer, tcp_timewait_fire);
	st->tcp = s;
	st->l4[6] = &proto;
	return 0;
no_peers:
	hash_destroy(&s->ports);
no_ports:
	hash_destroy(&s->table);
no_table:
	mem_free(&st->mem, s, sizeof(*s));
	return -ENOMEM;
}

static void silence(void *arg, struct hash_node *n)
{
	struct ph_stack *st = arg;
	struct tcp_ent *e = container_of(n, struct tcp_ent, node);

	if (e->kind == TCP_KIND_CONN) {
		struct tcb *t = container_of(e, struct tcb, ent);

		tcp_reass_clear(&st->tcp->reass, &t->reass);
	}
}

void tcp_free(struct ph_stack *st)
{
	struct tcp_state *s = st->tcp;

	if (!s)
		return;
	hash_each(&s->table, silence, st);
	hash_destroy(&s->table);
	hash_destroy(&s->ports);
	tcp_peers_destroy(&s->peers);
	destroy_pools(st, s); /* and with them whatever was in use */
	mem_free(&st->mem, s, sizeof(*s));
	st->tcp = NULL;
	st->l4[6] = NULL;
}

static bool reset_is_due(const struct tcb *t)
{
	return tcps_synchronised(t->state) && t->state != TCPS_TIME_WAIT;
}

struct abort_of {
	struct ph_stack *st;
	const struct ph_ip *local; /* NULL: all of them */
};

static bool is_from(const struct tcp_ent *e, const struct ph_ip *local)
{
	struct tcp_tuple k = tcp_ent_tuple(e);

	return !local || ip_eq(&k.local, local);
}

/* hash_each lets fn remove only its own node: a listener's children are other nodes, and go on
 * their own turn. */
static void abort_one(void *arg, struct hash_node *n)
{
	const struct abort_of *of = arg;
	struct ph_stack *st = of->st;
	struct tcp_ent *e = container_of(n, struct tcp_ent, node);
	struct tcb *t;

	if (!is_from(e, of->local))
		return;
	switch ((enum tcp_kind)e->kind) {
	case TCP_KIND_FOLDED:
	case TCP_KIND_CONN:
		t = tcp_rest_conn(st, e);
		if (!t) /* of no memory there is no more to be said */
			break;
		if (reset_is_due(t))
			tcp_output_rst(st, t);
		tcp_done(st, t, ECONNABORTED, of->local ? "address lost" : "stack aborted");
		tcp_put(st, t);
		break;
	case TCP_KIND_HALF:
		tcp_half_free(st, container_of(e, struct tcp_half, ent));
		break;
	case TCP_KIND_TIMEWAIT:
		tcp_timewait_free(st, container_of(e, struct tcp_timewait, ent));
		break;
	case TCP_KIND_LISTEN:
		break;
	}
}

void tcp_abort_all(struct ph_stack *st)
{
	hash_each(&st->tcp->table, abort_one, &(struct abort_of){ .st = st });
}

/* RFC 5227 2.4: rather a reset than connections that hang until they time out. */
static void addr_gone(struct ph_stack *st, const struct ph_ip *ip)
{
	hash_each(&st->tcp->table, abort_one, &(struct abort_of){ .st = st, .local = ip });
}

struct tcb *tcp_tcb_new(struct ph_stack *st, bool v6)
{
	struct tcp_rest *rest = &st->tcp->rest;
	uint32_t limit = st->tcp->tcbs.limit;
	struct tcb *t;

	if (st->tcp->tcbs.in_use + rest->nfolded >= limit) { /* the folded count as well */
		st->tcp->tcbs.failed++;
		return NULL;
	}
	t = pool_get_zeroed(&st->tcp->tcbs);
	if (!t)
		return NULL;
	list_init_node(&t->awake);
	ready_init(&t->ready);
	list_init_node(&t->link);
	list_init_node(&t->owes);
	list_init_node(&t->waiter.node);
	t->waiter.resume = tcp_output_resume;
	t->id = st->tcp->next_id++;
	t->state = TCPS_CLOSED;
	t->v6 = v6;
	t->held = true;
	ip6_opt_init(&t->ip6, st->sysctl.ip6_bindv6only);
	tcp_timer_init(t);
	stream_init(&t->snd, &st->pkts, &st->stream_nodes);
	stream_init(&t->rcv, &st->pkts, &st->stream_nodes);
	tcp_rtxq_init(&t->rtxq);
	tcp_reass_init(&t->reass);
	tcp_rtt_init(&t->rtt);
	tcp_cc_new(st, t);
	t->sndbuf = (uint32_t)st->sysctl.tcp_wmem[1];
	t->rcvwin.buf = (uint32_t)st->sysctl.tcp_rmem[1];
	return t;
}

void tcp_use_port(struct tcb *t, struct tcp_port *p)
{
	assert(!t->port_used);
	t->port = p;
	t->port_used = true;
	t->port_reuse = t->reuse;
	tcp_port_use(p, t->reuse);
}

void tcp_unuse_port(struct ph_stack *st, struct tcb *t)
{
	if (!t->port_used)
		return;
	t->port_used = false;
	tcp_port_unuse(st, t->port, t->port_reuse);
}

void tcp_done(struct ph_stack *st, struct tcb *t, int error, const char *why)
{
	if (t->state == TCPS_CLOSED)
		return;
	tcp_set_state(st, t, TCPS_CLOSED);
	TRACE(&st->trace, tcp_closed, .conn = t->id, .why = why);
	tcp_early_end(st, t);
	tcp_table_remove(st, &t->ent);
	tcp_timer_closed(st, t);
	link_unwait(&t->waiter);
	list_remove(&t->owes);
	tcp_rest_forget(st, t);
	tcp_rtxq_clear(&t->rtxq, &st->tcp->recs);
	tcp_notify_closed(st, t);
	stream_clear(&t->snd);
	tcp_reass_clear(&st->tcp->reass, &t->reass);
	tcp_unuse_port(st, t); /* one that was bound stays the user's */
	if (error)
		t->error = (int16_t)error;
	t->rcv_shut = t->snd_shut = true;
	t->connecting = false;
	tcp_memory_note(st, t);
	ready_set(st, &t->ready);
}

bool tcp_put(struct ph_stack *st, struct tcb *t)
{
	if (t->held || t->state != TCPS_CLOSED)
		return false;
	if (t->orphan)
		st->tcp->norphans--;
	list_remove(&t->ready.node);
	tcp_unuse_port(st, t);
	tcp_port_unbind(st, t);
	tcp_rest_forget(st, t);
	timer_stop(&st->wheel, &t->timer);
	stream_clear(&t->snd);
	stream_clear(&t->rcv);
	tcp_reass_clear(&st->tcp->reass, &t->reass);
	tcp_rtxq_clear(&t->rtxq, &st->tcp->recs);
	tcp_memory_note(st, t);
	tcp_rare_free(st, t);
	tcp_mtu_free(st, t);
	tcp_cc_free(st, t);
	pool_put(&st->tcp->tcbs, t);
	return true;
}
