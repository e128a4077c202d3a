/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The IPv6 addresses of the stack's links (RFC 4862, 4291): where they come from, how long they
 * live, whether they may be used yet. Private to net/.
 */
#ifndef NET_ADDR6_H
#define NET_ADDR6_H

#include "base/ip.h"
#include "net/link.h"

enum { ADDR6_MAX = 256 }; /* of all links */

enum addr6_origin { ADDR6_STATIC, ADDR6_LINKLOCAL, ADDR6_AUTO, ADDR6_TEMPORARY };

struct addr6 {
	struct list_node node;
	ph_link link;
	struct ph_ip ip; /* with scope */
	uint8_t prefix;
	uint8_t origin;	 /* enum addr6_origin */
	bool tentative;	 /* duplicate address detection is not over: nobody may know it yet */
	bool optimistic; /* RFC 4429: usable all the same */
	bool duplicate;	 /* somebody else has it */
	bool told_gone;	 /* its prefix's preferred lifetime was said to be 0: no successor */
	bool succeeded;	 /* temporary: the one after it is there */
	uint8_t dad_left, dad_loops; /* probes to send; that came back to us */
	uint8_t dad_counter;	     /* RFC 7217 5: of the identifier */
	uint8_t nonce[6];	     /* of the last probe */
	struct ph_ip router;	     /* who advertised its prefix last; all zero: nobody */
	uint64_t preferred_until_ns, valid_until_ns; /* PH_NEVER: for ever */
	uint64_t made_ns;
	uint64_t most_ns; /* temporary: preferred until then at most, whatever its prefix is */
	struct timer dad, life;
};

struct addr6_table {
	struct pool pool;
	struct list list;
};

int addr6_table_new(struct ph_stack *st);
void addr6_table_free(struct ph_stack *st);
/* An address that packets may be sent to and from; NULL: none such. */
const struct addr6 *addr6_find(const struct ph_stack *st, const struct ph_ip *ip);
/* The same, tentative or duplicate ones included. */
struct addr6 *addr6_find_any(const struct ph_stack *st, const struct ph_ip *ip);
/* A link-local address of the link that may be used; NULL: none. */
const struct addr6 *addr6_linklocal(const struct ph_stack *st, ph_link link);
/*
 * Adds one like it, to a link with IPv6 on; *out (NULL: not wanted) is it. 0, -EEXIST, -ENOSPC,
 * -ENOBUFS (groups).
 */
int addr6_add(struct ph_stack *st, struct link *l, const struct addr6 *like, struct addr6 **out);
void addr6_remove(struct ph_stack *st, struct addr6 *a);
void addr6_flush(struct ph_stack *st, ph_link link);
/* When it is preferred no more and valid no more; arms what ends them. */
void addr6_set_lifetimes(struct ph_stack *st, struct addr6 *a, uint64_t preferred_until_ns,
			 uint64_t valid_until_ns);

/* ph_addr_add(), ph_addr_del() and ph_addrs() for IPv6. */
int addr6_user_add(struct ph_stack *st, ph_link link, const struct ph_ip *ip, unsigned prefix);
int addr6_user_del(struct ph_stack *st, ph_link link, const struct ph_ip *ip);
size_t addr6_user_list(const struct ph_stack *st, struct ph_addr_info *out, size_t n, size_t count);

static inline bool addr6_usable(const struct addr6 *a)
{
	return !a->duplicate && (!a->tentative || a->optimistic);
}

static inline bool addr6_deprecated(const struct ph_stack *st, const struct addr6 *a)
{
	return st->now_ns >= a->preferred_until_ns;
}

/* May it be the address of one host? */
static inline bool addr6_is_unicast(const struct ph_ip *ip)
{
	return !ip6_is_multicast(ip) && !ip6_is_any(ip) && !ip6_is_loopback(ip) && !ip_is4(ip);
}

#endif
