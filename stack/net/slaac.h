/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Addresses that a link makes for itself (RFC 4862, 7217, 8981): link-local ones, those of
 * advertised prefixes, temporary ones. Private to net/.
 */
#ifndef NET_SLAAC_H
#define NET_SLAAC_H

#include "net/addr6.h"
#include "wire/icmp6.h"

/* The link-local address, by addr_gen_mode. 0 or addr6_add()'s error. */
int slaac_linklocal(struct ph_stack *st, struct link *l);
/* It may be used: the rest of configuration begins. */
void slaac_linklocal_ready(struct ph_stack *st, struct link *l);
/*
 * An advertised prefix with the A flag (RFC 4862 5.5.3), its length and lifetimes looked at.
 */
void slaac_prefix(struct ph_stack *st, struct link *l, const struct ph_ip *router,
		  const struct nd_opt_prefix *o);
/* In place of one that is a duplicate, which is gone then. False: there is no other to try. */
bool slaac_try_another(struct ph_stack *st, struct link *l, struct addr6 *a);
/* A temporary address comes to its end, or nears it: its successor (RFC 8981 3.4 (5), 3.5). */
void slaac_succeed(struct ph_stack *st, struct addr6 *a);
/* When slaac_succeed() is due; PH_NEVER: never. */
uint64_t slaac_succeed_at(const struct ph_stack *st, const struct addr6 *a);
/* The interface identifier of RFC 7217 5. */
void slaac_stable_iid(const struct ph_stack *st, const struct link *l, const struct ph_ip *prefix,
		      uint8_t dad_counter, uint8_t iid[8]);
/* RFC 5453, 2526, 4291 2.6.1: identifiers that mean something else. */
bool slaac_reserved_iid(const uint8_t iid[8]);

#endif
