/* SPDX-License-Identifier: BSD-2-Clause */
/* What routes do beyond their way: see metrics.h. */
#include "net/metrics.h"

#include <string.h>

#include "net/net_state.h"
#include "net/route.h"

int metrics_set(struct ph_stack *st, uint8_t *place, const struct ph_route_metrics *m)
{
	struct metrics_table *t = &st->net->metrics;

	if (!m) {
		if (*place)
			t->used[*place] = false;
		*place = 0;
		return 0;
	}
	for (uint8_t i = 1; *place == 0 && i <= ROUTE_METRICS_MAX; i++)
		if (!t->used[i])
			*place = i;
	if (*place == 0)
		return -ENOSPC;
	t->used[*place] = true;
	t->of[*place] = *m;
	return 0;
}

const struct ph_route_metrics *dst_metrics(const struct ph_stack *st, const struct dst *d)
{
	return &st->net->metrics.of[d->metrics];
}

void metrics_mtu(const struct ph_stack *st, struct dst *d)
{
	const struct ph_route_metrics *m = dst_metrics(st, d);
	uint32_t mtu = m->mtu;

	d->mtu_lock = m->mtu_lock;
	if (mtu && mtu < d->mtu)
		d->mtu = (uint16_t)mtu;
}

static bool good(const struct ph_route_metrics *m)
{
	enum { MTU_MIN = 68, SEGMENTS_MAX = 65535, RTO_MAX_US = 120000000 };

	return (m->mtu == 0 || m->mtu >= MTU_MIN) && m->mtu <= UINT16_MAX &&
	       m->advmss <= UINT16_MAX && m->initcwnd <= SEGMENTS_MAX &&
	       m->initrwnd <= SEGMENTS_MAX && m->rto_min_us <= RTO_MAX_US &&
	       memchr(m->congctl, 0, sizeof(m->congctl));
}

int ph_route_metrics(struct ph_stack *st, const struct ph_ip *dst, unsigned prefix, ph_link link,
		     const struct ph_route_metrics *m, uint64_t now_ns)
{
	static const struct ph_route_metrics none;
	struct route *r;
	int rc;

	stack_enter(st, now_ns);
	r = route_by_key(st, dst, prefix, link);
	if (!r)
		return -ESRCH;
	if (m && !good(m))
		return -EINVAL;
	rc = metrics_set(st, &r->metrics, m && memcmp(m, &none, sizeof(none)) != 0 ? m : NULL);
	if (rc == 0)
		net_changed(st);
	return rc;
}
