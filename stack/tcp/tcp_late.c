/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Segments that leave later (TCP_TX_DELAY): whole but for IP's header, each with a timer. Linux gives such
 * packets an earliest time of departure and leaves the rest to the fq queue; here no queue is needed. They
 * belong to nobody: the connection may end before they leave. Called by tcp_xmit.c.
 */
#include "tcp/tcp_int.h"

#include "net/ip4_opt.h"

#include <string.h>

struct tcp_late {
	struct timer timer;
	struct list_node node; /* in tcp_state.lates */
	struct dst dst;
	struct ip_tx tx;
	uint8_t opt[IP4_OPT_MAX]; /* tx.opt */
	struct pkt *pkt;
};

void tcp_late_init(struct ph_stack *st, struct tcp_state *s)
{
	list_init(&s->lates);
	pool_init(&s->late_pool, &st->mem, "tcp late segments", sizeof(struct tcp_late), TCP_LATE_MAX);
}

void tcp_late_destroy(struct tcp_state *s)
{
	struct list_node *n;

	while ((n = list_pop_front(&s->lates)))
		pkt_free(container_of(n, struct tcp_late, node)->pkt);
	pool_destroy(&s->late_pool);
}

static void leave(void *ctx, struct timer *timer)
{
	struct ph_stack *st = ctx;
	struct tcp_late *l = container_of(timer, struct tcp_late, timer);

	list_remove(&l->node);
	(void)ip_output(st, l->pkt, &l->dst, &l->tx);
	pool_put(&st->tcp->late_pool, l);
}

int tcp_late_send(struct ph_stack *st, struct pkt *take_pkt, const struct dst *d, const struct ip_tx *tx,
		  uint32_t delay_us)
{
	struct tcp_late *l = pool_get_zeroed(&st->tcp->late_pool);

	if (!l) {
		count_drop(&st->counters, DROP_QUEUE_FULL);
		pkt_free(take_pkt);
		return -ENOBUFS;
	}
	l->pkt = take_pkt;
	l->dst = *d;
	l->tx = *tx;
	if (tx->opt_len) {
		memcpy(l->opt, tx->opt, tx->opt_len);
		l->tx.opt = l->opt;
	}
	timer_init(&l->timer, leave);
	timer_arm(&st->wheel, &l->timer, st->now_ns + (uint64_t)delay_us * 1000);
	list_push_back(&st->tcp->lates, &l->node);
	return 0;
}
