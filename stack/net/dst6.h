/* SPDX-License-Identifier: BSD-2-Clause */
/* Destinations over IPv6: dst_lookup()'s other half, and which source goes with a destination. */
#ifndef NET_DST6_H
#define NET_DST6_H

#include "net/net.h"

struct addr6;

/* As dst_lookup(); addresses with their scope. */
int dst6_lookup(struct ph_stack *st, struct dst *d, ph_link oif, uint8_t prefer,
		const struct ph_ip *src, const struct ph_ip *dst);
/*
 * The best source for dst, which leaves by `link` to the next hop `hop` (RFC 6724 5); NULL: there
 * is none.
 */
const struct addr6 *src6_choose(const struct ph_stack *st, const struct ph_ip *dst,
				const struct ph_ip *hop, ph_link link, uint8_t prefer);
/* 2 link, 5 site, 14 global; of a group its own. */
int src6_scope(const struct ph_ip *ip);

#endif
