/* SPDX-License-Identifier: BSD-2-Clause */
/* The struct of rare options: shared until one is set. Called by tcp_sockopt.c and by whoever
 * asks for an option. */
#include "tcp/tcp_rare.h"

#include "tcp/tcp_int.h"

static const struct tcp_rare defaults = {
	.so = { .peek_off = -1, .incoming_cpu = -1, .txrehash = -1 },
};

const struct tcp_rare *tcp_rare(const struct tcb *t)
{
	return t->rare ? t->rare : &defaults;
}

static struct tcp_rare *rare_new(struct ph_stack *st, const struct tcp_rare *like)
{
	struct tcp_rare *r = pool_get(&st->tcp->rares);

	if (!r)
		return NULL;
	*r = *like;
	errq_init(&r->errq);
	r->marks = NULL;
	r->arrivals = NULL;
	r->md5 = NULL;
	r->syn = NULL;
	r->ts_base = 0;
	r->zerocopy_next = 0;
	r->ip_opt_len = 0; /* as Linux: a listener's are for nobody */
	r->plb = (struct tcp_plb){ .congested = 0 };
	return r;
}

struct tcp_rare *tcp_rare_own(struct ph_stack *st, struct tcb *t)
{
	if (!t->rare)
		t->rare = rare_new(st, &defaults);
	return t->rare;
}

void tcp_rare_free(struct ph_stack *st, struct tcb *t)
{
	if (!t->rare)
		return;
	errq_clear(&t->rare->errq, &st->tcp->errs);
	pool_put(&st->tcp->marks, t->rare->marks);
	pool_put(&st->tcp->arrivals, t->rare->arrivals);
	tcp_md5_free(st, t->rare->md5);
	pool_put(&st->tcp->syns, t->rare->syn);
	pool_put(&st->tcp->rares, t->rare);
	t->rare = NULL;
}

bool tcp_rare_inherit(struct ph_stack *st, struct tcb *child, const struct tcb *listener)
{
	if (!listener->rare)
		return true;
	child->rare = rare_new(st, listener->rare);
	return child->rare != NULL;
}
