/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The network layer as a whole: made and ended with the stack, and the work that was put off
 * because it may not be done in the middle of somebody's loop: senders to resume, packets from
 * ourselves to ourselves. Called by sock/stack.c.
 */
#include "net/net.h"

#include <string.h>

#include "base/errq.h"
#include "net/dgram.h"
#include "net/if6.h"
#include "net/igmp.h"
#include "net/ip4_reass.h"
#include "net/ip6_frag.h"
#include "net/lo.h"
#include "net/mc_sock.h"
#include "net/net_state.h"
#include "net/train.h"
#include "net/ra.h"

int net_new(struct ph_stack *st)
{
	struct net_state *net = mem_alloc(&st->mem, sizeof(*net));
	int rc;

	if (!net)
		return -ENOMEM;
	memset(net, 0, sizeof(*net));
	net->gen = 1;
	list_init(&net->loop);
	pool_init(&net->dns, &st->mem, "name servers", sizeof(struct ra_dns), 0);
	pool_init(&net->errs, &st->mem, "errors of messages", sizeof(struct errq_entry), 0);
	pool_init(&net->dgrams, &st->mem, "messages", sizeof(struct dgram_record), 0);
	pool_init(&net->members, &st->mem, "group members", sizeof(struct mc_member), 0);
	pool_init(&net->groups, &st->mem, "groups", sizeof(struct mc_group), 0);
	for (uint32_t i = 0; i < NET_IDENTS; i++)
		net->idents[i] = (uint16_t)prng_u64(&st->prng);
	st->net = net;
	rc = link_table_new(st);
	if (rc == 0)
		rc = addr_table_new(st);
	if (rc == 0)
		rc = addr6_table_new(st);
	if (rc == 0)
		rc = route_table_new(st);
	if (rc == 0)
		rc = neigh_table_new(st);
	if (rc == 0)
		rc = pmtu_new(st);
	if (rc == 0)
		rc = ip4_reass_new(st);
	if (rc == 0)
		rc = ip6_frag_new(st);
	if (rc == 0)
		rc = lo_new(st);
	if (rc != 0) {
		net_free(st);
		return rc;
	}
	policy6_init(st);
	claim_table_new(st);
	icmp4_new(st);
	igmp_new(st);
	return 0;
}

uint32_t ph_net_changes(const struct ph_stack *st)
{
	return st->net->gen;
}

void net_free(struct ph_stack *st)
{
	struct list_node *n;

	if (!st->net)
		return;
	while ((n = list_pop_front(&st->net->loop)))
		pkt_free(container_of(n, struct pkt, node));
	reass_free(st, &st->net->reass);
	reass_free(st, &st->net->reass6);
	pmtu_free(st);
	neigh_table_free(st);
	route_table_free(st);
	addr6_table_free(st);
	claim_table_free(st);
	addr_table_free(st);
	train_free(st);
	link_table_free(st);
	pool_destroy(&st->net->groups);
	pool_destroy(&st->net->members);
	pool_destroy(&st->net->dns);
	pool_destroy(&st->net->errs);
	pool_destroy(&st->net->dgrams);
	mem_free(&st->mem, st->net, sizeof(*st->net));
	st->net = NULL;
}

void net_run(struct ph_stack *st)
{
	if (st->net->looped > 0)
		lo_run(st);
	link_resume(st);
}

bool net_pending(const struct ph_stack *st)
{
	return st->net->looped > 0 || link_resumable(st);
}

void net_usage(const struct ph_stack *st, struct ph_usage *u)
{
	u->neighbours = st->net->neighs.pool.in_use;
	u->reassemblies = st->net->reass.pool.in_use + st->net->reass6.pool.in_use;
}

void net_addr_gone(struct ph_stack *st, const struct ph_ip *ip)
{
	for (size_t i = 0; i < sizeof(st->l4) / sizeof(st->l4[0]); i++)
		if (st->l4[i] && st->l4[i]->addr_gone)
			st->l4[i]->addr_gone(st, ip);
}
