/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A link that is turned off and on by its user, or loses its carrier and has it again: what stays, what is
 * forgotten and what is asked anew, as Linux has it. Called by the user.
 */
#include "net/acd.h"
#include "net/arp.h"
#include "net/dad.h"
#include "net/early.h"
#include "net/if6.h"
#include "net/link.h"
#include "net/neigh.h"
#include "net/net_state.h"
#include "net/route.h"

bool link_runs(const struct ph_stack *st, const struct link *l)
{
	const struct link *parent = l->parent ? link_get(st, l->parent) : NULL;

	return l->up && l->carrier && (!parent || (parent->up && parent->carrier));
}

/* Runs no more: who waits for room finds it, and his packets are lost. */
static void stopped(struct ph_stack *st, struct link *l)
{
	link_drain(l);
	neigh_flush_learned(st, l->index);
	arp_trust(l);
}

/* Runs again, perhaps in another network. */
static void back(struct ph_stack *st, struct link *l)
{
	mc_tell_all(st, &l->mc4);
	if (l->v6) {
		mc_tell_all(st, &l->v6->mc);
		dad_again(st, l);
	}
	if (l->conf4.arp_notify && l->kind == PH_LINK_ETHER)
		arp_notify(st, l);
	(void)claim_link_up(st, l->index);
	if (l->early && l->early->back)
		l->early->back(st, l->early);
}

/* `l` or what is below it changed; `was`: whether it ran before. */
static void changed(struct ph_stack *st, struct link *l, bool was)
{
	if (was && !link_runs(st, l))
		stopped(st, l);
	else if (!was && link_runs(st, l))
		back(st, l);
}

static void set(struct ph_stack *st, struct link *l, bool up, bool carrier)
{
	struct link_table *t = &st->net->links;
	bool was = l->up && l->carrier, now = up && carrier;
	bool ran = link_runs(st, l);

	l->up = up;
	l->carrier = carrier;
	t->idle = t->idle + was - now;
	net_changed(st);
	changed(st, l, ran);
	for (uint32_t i = 0; i < t->n && was != now; i++)
		if (t->at[i] && t->at[i]->parent == l->index)
			changed(st, t->at[i], was && t->at[i]->up && t->at[i]->carrier);
}

int ph_link_up(struct ph_stack *st, ph_link index, bool up, uint64_t now_ns)
{
	struct link *l = link_get(st, index);

	stack_enter(st, now_ns);
	if (!l)
		return -ENODEV;
	if (l->up == up)
		return 0;
	if (!up) {
		route_flush(st, index);
		if (l->v6)
			if6_down(st, l);
		neigh_flush(st, index);
	}
	if (up)
		route_connect4(st, index);
	set(st, l, up, l->carrier);
	if (up && l->v6)
		if6_up(st, l);
	return 0;
}

int ph_link_carrier(struct ph_stack *st, ph_link index, bool carrier, uint64_t now_ns)
{
	struct link *l = link_get(st, index);

	stack_enter(st, now_ns);
	if (!l)
		return -ENODEV;
	if (l->kind != PH_LINK_LOOPBACK && l->carrier != carrier)
		set(st, l, l->up, carrier);
	return 0;
}
