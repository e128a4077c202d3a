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

struct tcp_rare *tcp_rare_own(struct ph_stack *st, struct tcb *t)
{
	if (!t->rare) {
		t->rare = pool_get(&st->tcp->rares);
		if (t->rare)
			*t->rare = defaults;
	}
	return t->rare;
}

void tcp_rare_free(struct ph_stack *st, struct tcb *t)
{
	pool_put(&st->tcp->rares, t->rare);
	t->rare = NULL;
}

bool tcp_rare_inherit(struct ph_stack *st, struct tcb *child, const struct tcb *listener)
{
	if (!listener->rare)
		return true;
	child->rare = pool_get(&st->tcp->rares);
	if (child->rare)
		*child->rare = *listener->rare;
	return child->rare != NULL;
}
