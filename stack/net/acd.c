/* SPDX-License-Identifier: BSD-2-Clause */
/* See acd.h. */
#include "net/acd.h"

#include <string.h>

#include "base/ip.h"
#include "net/arp.h"
#include "net/net_state.h"

#define MS 1000000ull
#define S  1000000000ull

enum {
	PROBE_WAIT_MS = 1000,
	PROBE_MIN_MS = 1000,
	PROBE_MAX_MS = 2000,
	ANNOUNCE_WAIT_MS = 2000,
	ANNOUNCE_INTERVAL_MS = 2000
};

static void arm(struct ph_stack *st, struct acd *a, uint64_t after_ns)
{
	timer_arm(&st->wheel, &a->timer, st->now_ns + after_ns);
}

static void leave(struct ph_stack *st, struct acd *a)
{
	timer_stop(&st->wheel, &a->timer);
	if (a->state != ACD_IDLE)
		list_remove(&a->node);
	a->state = ACD_IDLE;
}

static void announce(struct ph_stack *st, struct acd *a, struct link *l)
{
	arp_announce(st, l, &a->ip);
	if (++a->sent < ACD_ANNOUNCE_NUM)
		arm(st, a, ANNOUNCE_INTERVAL_MS * MS);
	else
		a->state = ACD_HELD;
}

static void step(void *ctx, struct timer *timer)
{
	struct ph_stack *st = ctx;
	struct acd *a = container_of(timer, struct acd, timer);
	struct link *l = link_get(st, a->link);

	if (!l)
		return;
	switch (a->state) {
	case ACD_WAIT:
		a->state = ACD_PROBE;
		a->sent = 0;
		/* fall through */
	case ACD_PROBE:
		arp_probe(st, l, &a->ip);
		if (++a->sent < ACD_PROBE_NUM) {
			arm(st, a, (PROBE_MIN_MS + prng_below(&st->prng, PROBE_MAX_MS - PROBE_MIN_MS + 1)) *
					   MS);
			break;
		}
		a->state = ACD_LAST;
		arm(st, a, ANNOUNCE_WAIT_MS * MS);
		break;
	case ACD_LAST:
		a->state = ACD_ANNOUNCE;
		a->sent = 0;
		a->conflicts = 0;
		a->tell(st, a, ACD_FREE);
		/* Who was told may have stopped it. */
		if (a->state == ACD_ANNOUNCE)
			announce(st, a, l);
		break;
	case ACD_ANNOUNCE:
		announce(st, a, l);
		break;
	case ACD_IDLE:
	case ACD_HELD:
		break;
	}
}

void acd_init(struct acd *a, void (*tell)(struct ph_stack *, struct acd *, enum acd_news))
{
	*a = (struct acd){ .tell = tell };
	timer_init(&a->timer, step);
	list_init_node(&a->node);
}

void acd_start(struct ph_stack *st, struct acd *a, ph_link link, const struct ph_ip *ip,
	       enum ph_acd_mode mode)
{
	uint64_t wait = prng_below(&st->prng, PROBE_WAIT_MS + 1) * MS;

	leave(st, a);
	a->link = link;
	a->ip = *ip;
	a->mode = mode;
	a->state = ACD_WAIT;
	a->sent = 0;
	a->defended_ns = 0;
	list_push_back(&st->net->acds, &a->node);
	if (a->conflicts >= ACD_MAX_CONFLICTS) /* RFC 5227 2.1.1 */
		wait += ACD_RATE_LIMIT_S * S;
	arm(st, a, wait);
}

void acd_stop(struct ph_stack *st, struct acd *a)
{
	leave(st, a);
}

/* RFC 5227 2.4: (a) cede at once, (b) defend once in ten seconds, (c) never give way. */
static void defend(struct ph_stack *st, struct acd *a, struct link *l)
{
	bool lately = a->defended_ns && st->now_ns - a->defended_ns < ACD_DEFEND_S * S;

	COUNT(st, PhantomAcdConflicts);
	if (a->mode == PH_ACD_CEDE || (a->mode == PH_ACD_DEFEND_ONCE && lately)) {
		leave(st, a);
		a->conflicts++;
		a->tell(st, a, ACD_LOST);
		return;
	}
	if (lately)
		return;
	a->defended_ns = st->now_ns;
	COUNT(st, PhantomAcdDefences);
	arp_announce(st, l, &a->ip);
}

void acd_heard(struct ph_stack *st, const struct link *l, const uint8_t mac[6],
	       const struct ph_ip *sender, const struct ph_ip *target, bool request)
{
	struct list_node *n, *next;

	list_for_each_safe(n, next, &st->net->acds) {
		struct acd *a = container_of(n, struct acd, node);
		bool probe = request && ip_is_any(sender) && ip_eq(target, &a->ip);

		if (a->link != l->index || (!ip_eq(sender, &a->ip) && !probe))
			continue;
		memcpy(a->other, mac, sizeof(a->other));
		if (a->state >= ACD_ANNOUNCE) {
			if (!probe)
				defend(st, a, link_get(st, a->link));
			return;
		}
		if (a->state == ACD_WAIT) /* nothing was asked yet: it is as if heard in a second */
			a->state = ACD_PROBE;
		COUNT(st, PhantomAcdConflicts);
		leave(st, a);
		a->conflicts++;
		a->tell(st, a, ACD_TAKEN);
		return;
	}
}
