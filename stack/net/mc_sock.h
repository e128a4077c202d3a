/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The groups that one socket hears, and how it sends to groups: memberships with source filters
 * (RFC 3678) and the options of ip(7) and ipv6(7) about them. Held by sockets of messages.
 */
#ifndef NET_MC_SOCK_H
#define NET_MC_SOCK_H

#include "net/mc_filter.h"
#include "net/stack.h"

enum { MC_MEMBERS6_MAX = 256 }; /* of one socket; of IPv4, net.ipv4.igmp_max_memberships */

struct mc_member {
	struct list_node node;
	ph_link link;
	struct ph_ip group; /* with scope */
	struct mc_filter filter; /* on a group's list while the link is there */
};

struct mc_sock {
	struct list members; /* of struct mc_member */
	uint32_t n4, n6;
	int16_t ttl; /* IP_MULTICAST_TTL; IPv6's is in struct ip6_opt */
	bool loop4, loop6, all4, all6;
	ph_link if4, if6;
	struct ph_ip src4; /* IP_MULTICAST_IF by address: sent from; any: not said */
};

void mc_sock_init(struct mc_sock *m);
void mc_sock_free(struct ph_stack *st, struct mc_sock *m);
/* Does the socket hear what `src` sends to this group by this link? */
bool mc_sock_hears(const struct mc_sock *m, ph_link link, const struct ph_ip *group,
		   const struct ph_ip *src);

/* 0 or the negative errno; -ENOPROTOOPT: not one of these. v6: of a socket of IPv6. */
int mc_setsockopt(struct ph_stack *st, struct mc_sock *m, bool v6, int level, int name,
		  const void *value, uint32_t len);
int mc_getsockopt(const struct ph_stack *st, const struct mc_sock *m, int level, int name,
		  void *value, uint32_t *len);

/* ---- for mc_opt.c --------------------------------------------------------------------------- */

/* link 0: by the routes. 0, -ENODEV, -EINVAL (no group), -EADDRINUSE, -ENOBUFS. */
int mc_sock_join(struct ph_stack *st, struct mc_sock *m, ph_link link, const struct ph_ip *group,
		 bool exclude);
int mc_sock_leave(struct ph_stack *st, struct mc_sock *m, ph_link link, const struct ph_ip *group);
enum mc_source_op { MC_ADD_SOURCE, MC_DROP_SOURCE, MC_BLOCK_SOURCE, MC_UNBLOCK_SOURCE };
int mc_sock_source(struct ph_stack *st, struct mc_sock *m, enum mc_source_op op, ph_link link,
		   const struct ph_ip *group, const struct ph_ip *src);
/* Replaces the filter; joins and leaves as it must not: the socket is a member or says INCLUDE {}. */
int mc_sock_filter(struct ph_stack *st, struct mc_sock *m, ph_link link, const struct ph_ip *group,
		   const struct mc_filter *f);
const struct mc_member *mc_sock_find(const struct ph_stack *st, const struct mc_sock *m,
				     ph_link link, const struct ph_ip *group);

#endif
