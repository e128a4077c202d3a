/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A connection that rests is folded. Nothing in flight, nothing queued, no timer: of the struct tcb, made
 * for speed, most is then as in any other such connection, and only what differs is kept (base/fold.h),
 * with what the table and the list of endpoints ask for in plain. The next segment, error or call unfolds
 * it; nobody else knows. Memory of a million idle connections is the reason, and that the few busy ones
 * share few cache lines.
 *
 *	stirred by an entry point -> tcp_rest.awake -> looked at: stirred since? once more; at rest? folded;
 *							else off the list, until it is stirred again
 *
 * It is looked at when a second has passed, by one timer for all, a bounded number at once; and, in the
 * order in which they woke and stirred or not, when more than AWAKE_MAX are awake. Without connections to
 * look at there is no timer.
 */
#include "base/fold.h"
#include "tcp/tcp_int.h"

#include <string.h>

enum {
	AWAKE_MAX = 4096,
	LOOK_MAX = 256,		    /* connections looked at by one firing of the timer */
	LOOK_NS = 1000000000,	    /* between walks, */
	LOOK_ON_NS = 1000000	    /* and between the parts of one */
};

static void fire(void *ctx, struct timer *timer);

static uint32_t size_of(uint32_t i)
{
	return TCP_FOLD_FIRST + i * TCP_FOLD_STEP;
}

void tcp_rest_init(struct ph_stack *st, struct tcp_rest *r, uint32_t limit)
{
	*r = (struct tcp_rest){ .like = NULL };
	list_init(&r->awake);
	timer_init(&r->timer, fire);
	for (uint32_t i = 0; i < TCP_FOLD_SIZES; i++)
		pool_init(&r->pools[i], &st->mem, "tcp folded", size_of(i), limit);
}

void tcp_rest_destroy(struct ph_stack *st, struct tcp_rest *r)
{
	for (uint32_t i = 0; i < TCP_FOLD_SIZES; i++)
		pool_destroy(&r->pools[i]);
	mem_free(&st->mem, r->like, sizeof(struct tcb));
}

/* ---- folding */

/* Every list that a tcb is in or has: empty at rest, when they point to themselves alone. One that
 * is forgotten here shows in points_into_itself(). */
enum { NODES = 10 };
static void nodes_of(struct tcb *t, struct list_node *node[NODES])
{
	struct list_node *all[NODES] = {
		&t->ready.node,	    &t->link,		  &t->owes,	      &t->awake,
		&t->timer.node,	    &t->waiter.node,	  &t->snd.nodes.head, &t->rcv.nodes.head,
		&t->rtxq.recs.head, &t->rtxq.by_time.head,
	};

	memcpy(node, all, sizeof(all));
}

static bool rests(struct ph_stack *st, struct tcb *t)
{
	struct list_node *node[NODES];

	if (t->dst.oif) /* whom it hears must be seen without unfolding it */
		return false;
	if (t->ent.kind != TCP_KIND_CONN || !t->holder || !t->held || t->listener || t->early)
		return false;
	if (t->state != TCPS_ESTABLISHED && t->state != TCPS_CLOSE_WAIT)
		return false;
	if (t->rto_at != PH_NEVER || t->ack_at != PH_NEVER || t->keep_at != PH_NEVER ||
	    t->pace.waiting)
		return false;
	if (t->snd.len || t->rcv.len || t->reass.piece || t->delack.pending ||
	    t->loss.state != TCP_CA_OPEN)
		return false;
	timer_stop(&st->wheel, &t->timer); /* of a deadline that was called off */
	nodes_of(t, node);
	for (int i = 0; i < NODES; i++)
		if (list_linked(node[i]))
			return false;
	return true;
}

/* What the folded struct has in plain, and what stands for its place in memory. */
static void strip(struct tcb *t)
{
	struct list_node *node[NODES];

	nodes_of(t, node);
	for (int i = 0; i < NODES; i++)
		node[i]->next = node[i]->prev = NULL;
	memset(&t->ent, 0, sizeof(t->ent));
	t->dst.src = t->dst.dst = (struct ph_ip){ .b = { 0 } };
	t->holder = NULL;
	t->ready.socket = -1;
	t->timer.order = 0; /* of an arming that is past */
}

static void restore(struct tcb *t, const struct tcp_folded *f)
{
	struct list_node *node[NODES];

	nodes_of(t, node);
	for (int i = 0; i < NODES; i++)
		list_init_node(node[i]);
	t->ent = (struct tcp_ent){ .lport = f->ent.lport, .pport = f->ent.pport,
				   .kind = TCP_KIND_CONN };
	t->dst.src = f->local;
	t->dst.dst = f->peer;
	t->holder = f->holder;
	t->ready.socket = f->socket;
	t->stirred = false;
}

static bool points_into_itself(const struct tcb *t)
{
	for (size_t at = 0; at + sizeof(uintptr_t) <= sizeof(*t); at += sizeof(uintptr_t)) {
		uintptr_t p;

		memcpy(&p, (const uint8_t *)t + at, sizeof(p));
		if (p - (uintptr_t)t < sizeof(*t))
			return true;
	}
	return false;
}

static void *piece_for(struct tcp_rest *r, uint32_t need, uint8_t *size)
{
	for (uint32_t i = 0; i < TCP_FOLD_SIZES; i++) {
		if (need <= size_of(i)) {
			*size = (uint8_t)i;
			return pool_get(&r->pools[i]);
		}
	}
	return NULL;
}

/* The first connection to rest is what the others are told from. */
static bool have_like(struct ph_stack *st, const struct tcb *t)
{
	struct tcp_rest *r = &st->tcp->rest;

	if (r->like)
		return true;
	r->like = mem_alloc(&st->mem, sizeof(*r->like));
	if (r->like)
		*r->like = *t;
	return r->like != NULL;
}

static void fold(struct ph_stack *st, struct tcb *t)
{
	struct tcp_rest *r = &st->tcp->rest;
	struct tcp_folded head = { .ent = { .lport = t->ent.lport, .pport = t->ent.pport,
					    .kind = TCP_KIND_FOLDED },
				   .local = t->dst.src, .peer = t->dst.dst, .holder = t->holder,
				   .socket = t->ready.socket, .state = t->state, .v6 = t->v6 };
	uint8_t bytes[sizeof(struct tcb) + sizeof(struct tcb) / 16];
	const struct tcp_ent ent = t->ent;
	struct tcp_folded *f = NULL;
	uint32_t n;

	static_assert(sizeof(struct tcb) % 8 == 0, "folded by words");
	assert(sizeof(bytes) >= fold_most(sizeof(*t)));
	strip(t);
	if (!points_into_itself(t) && have_like(st, t)) {
		n = fold_pack(t, r->like, sizeof(*t), bytes);
		f = piece_for(r, (uint32_t)sizeof(*f) + n, &head.size);
	}
	restore(t, &head);
	t->ent = ent;
	if (!f)
		return; /* it stays as it is, and is looked at again when it was stirred */
	memcpy(f, &head, sizeof(*f));
	memcpy(f->bytes, bytes, n);
	tcp_table_replace(st, &t->ent, &f->ent);
	*f->holder = (struct tcb *)f;
	pool_put(&st->tcp->tcbs, t);
	r->nfolded++;
	COUNT(st, PhantomConnFolded);
}

struct tcb *tcp_rest_unfold(struct ph_stack *st, struct tcp_folded *f)
{
	struct tcp_rest *r = &st->tcp->rest;
	struct tcb *t = pool_get(&st->tcp->tcbs);

	if (!t)
		return NULL;
	fold_unpack(f->bytes, r->like, sizeof(*t), t);
	restore(t, f);
	tcp_table_replace(st, &f->ent, &t->ent);
	*t->holder = t;
	pool_put(&r->pools[f->size], f);
	r->nfolded--;
	COUNT(st, PhantomConnUnfolded);
	tcp_rest_stir(st, t);
	return t;
}

/* ---- when */

static void leave(struct tcp_rest *r, struct tcb *t)
{
	if (!list_linked(&t->awake))
		return;
	list_remove(&t->awake);
	r->nawake--;
}

/* The one at the head; `again`: if it was stirred it has another turn. */
static void look(struct ph_stack *st, bool again)
{
	struct tcp_rest *r = &st->tcp->rest;
	struct tcb *t = container_of(list_first(&r->awake), struct tcb, awake);

	leave(r, t);
	if (t->stirred && again) {
		t->stirred = false;
		list_push_back(&r->awake, &t->awake);
		r->nawake++;
	} else if (rests(st, t)) {
		fold(st, t);
	}
}

static void fire(void *ctx, struct timer *timer)
{
	struct ph_stack *st = ctx;
	struct tcp_rest *r = container_of(timer, struct tcp_rest, timer);
	uint32_t n = 0;

	if (r->left == 0 || r->left > r->nawake)
		r->left = r->nawake;
	for (; n < LOOK_MAX && r->left > 0; n++, r->left--)
		look(st, true);
	if (r->nawake > 0)
		timer_arm(&st->wheel, timer, st->now_ns + (r->left ? LOOK_ON_NS : LOOK_NS));
}

void tcp_rest_stir(struct ph_stack *st, struct tcb *t)
{
	struct tcp_rest *r = &st->tcp->rest;

	if (list_linked(&t->awake)) {
		t->stirred = true;
		return;
	}
	if (!t->holder || t->state == TCPS_CLOSED || t->state == TCPS_LISTEN)
		return;
	t->stirred = false;
	list_push_back(&r->awake, &t->awake);
	r->nawake++;
	if (!timer_armed(&r->timer))
		timer_arm(&st->wheel, &r->timer, st->now_ns + LOOK_NS);
	/* Never t itself, which is the last. Folding moves in the table: not while it is walked. */
	for (int i = 0; i < 2 && r->nawake > AWAKE_MAX && !st->tcp->table.walking; i++)
		look(st, false);
}

void tcp_rest_forget(struct ph_stack *st, struct tcb *t)
{
	struct tcp_rest *r = &st->tcp->rest;

	leave(r, t);
	if (r->nawake == 0)
		timer_stop(&st->wheel, &r->timer);
}

struct tcb *tcp_rest_conn(struct ph_stack *st, struct tcp_ent *e)
{
	struct tcb *t;

	if (e->kind == TCP_KIND_FOLDED)
		return tcp_rest_unfold(st, (struct tcp_folded *)(void *)e);
	t = container_of(e, struct tcb, ent);
	tcp_rest_stir(st, t);
	return t;
}

/* ---- the socket's side */

void tcp_hold(struct ph_stack *st, struct tcb **t)
{
	(*t)->holder = t;
	tcp_rest_stir(st, *t);
}

bool tcp_wake(struct ph_stack *st, struct tcb **t)
{
	if ((*t)->ent.kind == TCP_KIND_FOLDED)
		return tcp_rest_unfold(st, (struct tcp_folded *)(void *)*t) != NULL;
	tcp_rest_stir(st, *t);
	return true;
}

void tcp_close_folded(struct ph_stack *st, struct tcb *t)
{
	struct tcp_folded *f = (struct tcp_folded *)(void *)t;
	struct tcp_rest *r = &st->tcp->rest;
	struct tcb was;

	if (f->ent.kind != TCP_KIND_FOLDED)
		return;
	fold_unpack(f->bytes, r->like, sizeof(was), &was);
	restore(&was, f);
	tcp_set_state(st, &was, TCPS_CLOSED);
	tcp_unuse_port(st, &was);
	tcp_rare_free(st, &was);
	tcp_cc_free(st, &was);
	tcp_table_remove(st, &f->ent);
	pool_put(&r->pools[f->size], f);
	r->nfolded--;
}
