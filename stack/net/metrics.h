/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a route does beyond its way: sizes, windows and times of the connections over it, as `ip route
 * change ... mtu ... initcwnd ...` sets them. Few routes have any: they are kept in a small table, and a
 * route and every struct dst that was made from it know their place in it. Called by route.c, dst.c and, for
 * what concerns them, the transports.
 */
#ifndef NET_METRICS_H
#define NET_METRICS_H

#include "net/net.h"

enum { ROUTE_METRICS_MAX = 16 }; /* routes that have any; the first place is that of none */

struct metrics_table {
	struct ph_route_metrics of[ROUTE_METRICS_MAX + 1];
	bool used[ROUTE_METRICS_MAX + 1];
};

/* Puts them at *place, which is taken when it is 0; NULL gives it back. 0, -ENOSPC. */
int metrics_set(struct ph_stack *st, uint8_t *place, const struct ph_route_metrics *m);

/* Those of the route that was taken; all zero when it has none. A struct dst that is out of date may
 * have another's: nothing depends on that. */
const struct ph_route_metrics *dst_metrics(const struct ph_stack *st, const struct dst *d);

/* The link's, or less where the route says so. */
void metrics_mtu(const struct ph_stack *st, struct dst *d);

#endif
