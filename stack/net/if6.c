/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IPv6 on one link: switched on and off, its groups and its multicast filter. Called by link.c,
 * addr6.c and the user.
 */
#include "net/if6.h"

#include <string.h>

#include "base/ip.h"
#include "net/addr6.h"
#include "net/lo.h"
#include "net/net.h"
#include "net/net_state.h"
#include "net/ra.h"
#include "net/slaac.h"
#include "wire/ip6.h"

int if6_start(struct ph_stack *st, struct link *l, enum ph_ipv6_mode mode)
{
	struct ph_ip all = ip6_all_nodes((uint32_t)l->index);
	struct if6 *v6;
	int rc;

	if (l->mtu < IP6_MTU_MIN)
		return -EINVAL;
	v6 = mem_alloc(&st->mem, sizeof(*v6));
	if (!v6)
		return -ENOMEM;
	*v6 = (struct if6){ .mode = mode, .conf = st->sysctl.conf6, .mtu = l->mtu };
	v6->hop_limit = (uint8_t)v6->conf.hop_limit;
	mc_link_init(&v6->mc, l, true);
	v6->link = l;
	l->v6 = v6;
	ra_timer_init(l);
	rc = if6_join(st, l, &all);
	if (rc == 0 && l->kind == PH_LINK_LOOPBACK)
		rc = lo_addr6(st);
	if (rc != 0)
		if6_stop(st, l);
	net_changed(st);
	return rc;
}

void if6_free(struct ph_stack *st, struct link *l)
{
	if (!l->v6)
		return;
	mc_link_free(st, &l->v6->mc);
	ra_dns_flush(st, l);
	ra_stop(st, l);
	mem_free(&st->mem, l->v6, sizeof(*l->v6));
	l->v6 = NULL;
}

void if6_stop(struct ph_stack *st, struct link *l)
{
	if (!l->v6)
		return;
	addr6_flush(st, l->index);
	route_flush6(st, l->index);
	neigh_flush6(st, l->index);
	if6_free(st, l);
	net_changed(st);
}

void if6_down(struct ph_stack *st, struct link *l)
{
	addr6_flush(st, l->index);
	route_flush6(st, l->index);
	ra_dns_flush(st, l);
	ra_stop(st, l);
	l->v6->mtu = l->mtu;
	l->v6->hop_limit = (uint8_t)l->v6->conf.hop_limit;
	l->v6->base_reachable_ns = l->v6->retrans_ns = 0;
}

void if6_up(struct ph_stack *st, struct link *l)
{
	if (l->kind == PH_LINK_LOOPBACK)
		(void)lo_addr6(st); /* else it has one address less, as where memory is short */
	(void)slaac_linklocal(st, l);
	if (l->kind == PH_LINK_IP)
		slaac_linklocal_ready(st, l);
}

int if6_join(struct ph_stack *st, struct link *l, const struct ph_ip *group)
{
	return mc_group_ref(st, &l->v6->mc, group);
}

void if6_leave(struct ph_stack *st, struct link *l, const struct ph_ip *group)
{
	mc_group_unref(st, &l->v6->mc, group);
}

bool if6_member(const struct link *l, const struct ph_ip *group)
{
	return mc_listens(&l->v6->mc, group);
}

bool if6_hears(const struct link *l, const uint8_t mac[ETH_ADDR_LEN])
{
	const struct list_node *n;

	if (mac[0] != 0x33 || mac[1] != 0x33)
		return false;
	list_for_each(n, &l->v6->mc.groups) {
		const struct mc_group *g = container_of(n, const struct mc_group, node);

		if (memcmp(g->ip.b + 12, mac + 2, 4) == 0)
			return true;
	}
	return false;
}

uint64_t if6_retrans_ns(const struct ph_stack *st, const struct link *l)
{
	if (l->v6->retrans_ns)
		return l->v6->retrans_ns;
	return (uint64_t)st->sysctl.neigh_retrans_time_ms * 1000000;
}

void if6_eui64(const struct link *l, uint8_t iid[8])
{
	memcpy(iid, l->mac, 3);
	iid[3] = 0xff;
	iid[4] = 0xfe;
	memcpy(iid + 5, l->mac + 3, 3);
	iid[0] ^= 2;
}

int ph_link_ipv6(struct ph_stack *st, ph_link link, enum ph_ipv6_mode mode, uint64_t now_ns)
{
	struct link *l = link_get(st, link);
	int rc;

	stack_enter(st, now_ns);
	if (!l)
		return -ENODEV;
	if (l->v6 && l->v6->mode == mode)
		return 0;
	if (l->kind == PH_LINK_LOOPBACK && mode == PH_IPV6_SLAAC)
		return -EINVAL;
	if6_stop(st, l);
	if (mode == PH_IPV6_OFF)
		return 0;
	rc = if6_start(st, l, mode);
	if (rc == 0)
		rc = slaac_linklocal(st, l); /* RFC 4291 2.8 */
	if (rc == 0 && l->kind == PH_LINK_IP)
		slaac_linklocal_ready(st, l); /* there is none to wait for */
	if (rc != 0)
		if6_stop(st, l);
	return rc;
}
