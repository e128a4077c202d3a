/* SPDX-License-Identifier: BSD-2-Clause */
/* A socket's memberships. Called by mc_opt.c, dgram.c and the transports. */
#include "net/mc_sock.h"

#include "base/ip.h"
#include "net/if6.h"
#include "net/link.h"
#include "net/mc_group.h"
#include "net/net_state.h"

void mc_sock_init(struct mc_sock *m)
{
	*m = (struct mc_sock){ .ttl = 1, .loop4 = true, .loop6 = true, .all4 = true, .all6 = true };
	list_init(&m->members);
}

static struct mc_link *groups_of(struct link *l, const struct ph_ip *group)
{
	if (!l || ip_is4(group))
		return l ? &l->mc4 : NULL;
	return l->v6 ? &l->v6->mc : NULL;
}

static struct mc_group *group_of(const struct ph_stack *st, const struct mc_member *mb)
{
	struct mc_link *ml = groups_of(link_get(st, mb->link), &mb->group);

	return ml && list_linked(&mb->filter.node) ? mc_group_find(ml, &mb->group) : NULL;
}

static void drop(struct ph_stack *st, struct mc_sock *m, struct mc_member *mb)
{
	struct mc_group *g = group_of(st, mb);

	if (g)
		mc_group_leave(st, g, &mb->filter);
	list_remove(&mb->node);
	if (ip_is4(&mb->group))
		m->n4--;
	else
		m->n6--;
	pool_put(&st->net->members, mb);
}

void mc_sock_free(struct ph_stack *st, struct mc_sock *m)
{
	struct list_node *n, *next;

	list_for_each_safe(n, next, &m->members)
		drop(st, m, container_of(n, struct mc_member, node));
}

static struct mc_member *find(const struct mc_sock *m, ph_link link, const struct ph_ip *group)
{
	struct list_node *n;

	list_for_each(n, &m->members) {
		struct mc_member *mb = container_of(n, struct mc_member, node);

		if ((!link || mb->link == link) && ip_eq(&mb->group, group))
			return mb;
	}
	return NULL;
}

bool mc_sock_hears(const struct mc_sock *m, ph_link link, const struct ph_ip *group,
		   const struct ph_ip *src)
{
	const struct mc_member *mb = find(m, link, group);

	if (!mb) /* Linux's IP_MULTICAST_ALL: what others of this host joined */
		return ip_is4(group) ? m->all4 : m->all6;
	return mc_filter_allows(&mb->filter, src);
}

static bool is_group(const struct ph_ip *ip)
{
	/* RFC 1112 4: 224.0.0.0 is nobody's, though Linux lets it be joined */
	return ip_is4(ip) ? addr_is_multicast4(ip_get4(ip)) && ip_get4(ip) != 0xe0000000u :
			    ip6_is_multicast(ip);
}

/* The link that a group is joined on when the user names none: the route's, else the first
 * that is not lo. */
static ph_link link_for(const struct ph_stack *st, const struct ph_ip *group)
{
	const struct route *r = route_find(st, group, 0);

	if (r)
		return r->link;
	for (uint32_t i = 0; i < st->net->links.n; i++) {
		struct link *l = st->net->links.at[i];

		if (l && l->kind != PH_LINK_LOOPBACK && groups_of(l, group))
			return l->index;
	}
	return 0;
}

int mc_sock_join(struct ph_stack *st, struct mc_sock *m, ph_link link, const struct ph_ip *group,
		 bool exclude)
{
	ph_link on = link ? link : link_for(st, group);
	struct mc_link *ml = groups_of(link_get(st, on), group);
	bool v4 = ip_is4(group), full;
	struct mc_member *mb;
	struct mc_group *g;
	int rc;

	if (!is_group(group))
		return -EINVAL;
	if (!ml)
		return -ENODEV;
	full = v4 ? m->n4 >= st->sysctl.igmp_max_memberships : m->n6 >= MC_MEMBERS6_MAX;
	mb = pool_get_zeroed(&st->net->members);
	if (!mb)
		return -ENOBUFS;
	mb->link = on;
	mb->group = ip6_with_scope(*group, (uint32_t)on);
	mc_filter_init(&mb->filter, exclude);
	rc = find(m, on, &mb->group) ? -EADDRINUSE : full ? -ENOBUFS : 0;
	if (rc == 0)
		rc = mc_group_join(st, ml, &mb->group, &mb->filter, &g);
	if (rc != 0) {
		pool_put(&st->net->members, mb);
		return rc;
	}
	list_push_back(&m->members, &mb->node);
	if (v4)
		m->n4++;
	else
		m->n6++;
	return 0;
}

/* By link or, where none is named, by group alone. */
static struct mc_member *find_named(const struct ph_stack *st, const struct mc_sock *m, ph_link link,
				    const struct ph_ip *group)
{
	struct ph_ip scoped = *group;
	ph_link on = link ? link : link_for(st, group);

	if (!ip_is4(group))
		scoped = ip6_with_scope(*group, (uint32_t)on);
	return find(m, link, &scoped);
}

const struct mc_member *mc_sock_find(const struct ph_stack *st, const struct mc_sock *m,
				     ph_link link, const struct ph_ip *group)
{
	return find_named(st, m, link, group);
}

int mc_sock_leave(struct ph_stack *st, struct mc_sock *m, ph_link link, const struct ph_ip *group)
{
	struct mc_member *mb;

	if (!is_group(group))
		return -EINVAL;
	mb = find_named(st, m, link, group);
	if (!mb)
		return -EADDRNOTAVAIL;
	drop(st, m, mb);
	return 0;
}

static void changed(struct ph_stack *st, struct mc_member *mb)
{
	struct mc_group *g = group_of(st, mb);

	if (g)
		mc_group_changed(st, g);
}

static uint32_t max_sources(const struct ph_stack *st, const struct ph_ip *group)
{
	return (uint32_t)(ip_is4(group) ? st->sysctl.igmp_max_msf : st->sysctl.mld_max_msf);
}

int mc_sock_source(struct ph_stack *st, struct mc_sock *m, enum mc_source_op op, ph_link link,
		   const struct ph_ip *group, const struct ph_ip *src)
{
	bool exclude = op == MC_BLOCK_SOURCE || op == MC_UNBLOCK_SOURCE;
	bool add = op == MC_ADD_SOURCE || op == MC_BLOCK_SOURCE;
	struct mc_member *mb;
	int rc = 0;

	if (!is_group(group) || ip_is4(group) != ip_is4(src))
		return -EINVAL;
	mb = find_named(st, m, link, group);
	if (!mb && op == MC_ADD_SOURCE) {
		rc = mc_sock_join(st, m, link, group, false);
		mb = rc == 0 ? find_named(st, m, link, group) : NULL;
	}
	if (!mb)
		return rc ? rc : -EINVAL;
	if (mb->filter.exclude != exclude) {
		if (mb->filter.n > 0 || !add || (op == MC_ADD_SOURCE && mb->filter.exclude))
			return -EINVAL;
		mb->filter.exclude = exclude;
	}
	rc = add ? mc_filter_add(&mb->filter, src, max_sources(st, group)) :
		   mc_filter_remove(&mb->filter, src);
	if (rc != 0)
		return rc;
	if (op == MC_DROP_SOURCE && mb->filter.n == 0)
		drop(st, m, mb); /* INCLUDE {} is to leave (RFC 3678 4.1.3) */
	else
		changed(st, mb);
	return 0;
}

int mc_sock_filter(struct ph_stack *st, struct mc_sock *m, ph_link link, const struct ph_ip *group,
		   const struct mc_filter *f)
{
	struct mc_member *mb;

	if (!is_group(group))
		return -EINVAL;
	if (f->n > max_sources(st, group))
		return -ENOBUFS;
	mb = find_named(st, m, link, group);
	if (!mb)
		return -EINVAL;
	if (mc_filter_silent(f)) {
		drop(st, m, mb);
		return 0;
	}
	mb->filter.exclude = f->exclude;
	mb->filter.n = f->n;
	for (uint16_t i = 0; i < f->n; i++)
		mb->filter.src[i] = f->src[i];
	changed(st, mb);
	return 0;
}
