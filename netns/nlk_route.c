/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses, routes and neighbours of one namespace. See nlk.h. */
#define _GNU_SOURCE
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netlink/errno.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/neighbour.h>
#include <string.h>
#include <sys/socket.h>

#include "netns/nlk.h"

static int bytes_of(const struct netaddr *a)
{
	return a->family == AF_INET ? 4 : 16;
}

static struct nl_addr *to_nl(const struct netaddr *a)
{
	struct nl_addr *addr = nl_addr_build(a->family, a->bytes, (size_t)bytes_of(a));

	if (addr)
		nl_addr_set_prefixlen(addr, a->len);
	return addr;
}

static int no_device(const char *dev, struct net_err *e)
{
	return net_failed(e, "there is no device %s", dev);
}

/* The broadcast address that goes with an IPv4 address, as ip(8) adds it with "brd +". */
static void set_broadcast(struct rtnl_addr *addr, const struct netaddr *a)
{
	struct nl_addr *brd;
	uint8_t b[4];

	if (a->family != AF_INET || a->len > 30)
		return;
	memcpy(b, a->bytes, sizeof(b));
	for (unsigned int bit = a->len; bit < 32; bit++)
		b[bit / 8] = (uint8_t)(b[bit / 8] | 0x80u >> bit % 8);
	brd = nl_addr_build(AF_INET, b, sizeof(b));
	if (brd) {
		rtnl_addr_set_broadcast(addr, brd);
		nl_addr_put(brd);
	}
}

int nlk_addr(struct nlk *k, const char *dev, const struct netaddr *a, bool add, struct net_err *e)
{
	struct rtnl_addr *addr = rtnl_addr_alloc();
	struct nl_addr *local = to_nl(a);
	int rc = -NLE_NOMEM, index = nlk_index(k, dev);
	char text[NETADDR_TEXT_MAX];

	if (addr && local && index) {
		rtnl_addr_set_ifindex(addr, index);
		rtnl_addr_set_local(addr, local);
		set_broadcast(addr, a);
		/* Duplicate address detection would hold the address back for a second. */
		if (a->family == AF_INET6)
			rtnl_addr_set_flags(addr, IFA_F_NODAD);
		rc = add ? rtnl_addr_add(k->nl, addr, 0) : rtnl_addr_delete(k->nl, addr, 0);
	}
	if (addr)
		rtnl_addr_put(addr);
	if (local)
		nl_addr_put(local);
	if (!index)
		return no_device(dev, e);
	if (rc == -NLE_EXIST)
		return net_bad(e, "%s has the address %s already", dev,
			       netaddr_text(a, true, text));
	if (rc < 0)
		return net_failed(e, "address %s on %s was refused: %s",
				  netaddr_text(a, true, text), dev, nl_geterror(rc));
	return 0;
}

static void mask(struct netaddr *a)
{
	for (unsigned int bit = a->len; bit < (unsigned)bytes_of(a) * 8; bit++)
		a->bytes[bit / 8] = (uint8_t)(a->bytes[bit / 8] & ~(0x80u >> bit % 8));
}

/* libnl-route's metrics are numbers, and a congestion control is a name: the message is made here.
 */
static int route_msg(struct nl_msg *m, struct rtmsg rt, struct netaddr dest,
		     const struct netaddr *via, const struct netaddr *src, int index,
		     const char *cc)
{
	struct nlattr *metrics;

	rt.rtm_family = (unsigned char)dest.family;
	rt.rtm_dst_len = dest.len;
	rt.rtm_table = RT_TABLE_MAIN;
	rt.rtm_type = RTN_UNICAST;
	mask(&dest);
	if (nlmsg_append(m, &rt, sizeof(rt), NLMSG_ALIGNTO) < 0)
		return -1;
	if (dest.len && nla_put(m, RTA_DST, bytes_of(&dest), dest.bytes) < 0)
		return -1;
	if (via && nla_put(m, RTA_GATEWAY, bytes_of(via), via->bytes) < 0)
		return -1;
	if (src && nla_put(m, RTA_PREFSRC, bytes_of(src), src->bytes) < 0)
		return -1;
	if (index && nla_put_u32(m, RTA_OIF, (uint32_t)index) < 0)
		return -1;
	if (!cc)
		return 0;
	metrics = nla_nest_start(m, RTA_METRICS);
	if (!metrics || nla_put_string(m, RTAX_CC_ALGO, cc) < 0)
		return -1;
	nla_nest_end(m, metrics);
	return 0;
}

int nlk_route(struct nlk *k, const struct netaddr *dest, const struct netaddr *via, const char *dev,
	      const char *cc, bool again, struct net_err *e)
{
	struct rtmsg rt = { .rtm_protocol = RTPROT_STATIC, .rtm_scope = RT_SCOPE_UNIVERSE };
	struct nl_msg *m;
	char d[NETADDR_TEXT_MAX], v[NETADDR_TEXT_MAX];
	int rc, index = dev ? nlk_index(k, dev) : 0;

	if (dev && !index)
		return no_device(dev, e);
	m = nlmsg_alloc_simple(RTM_NEWROUTE, NLM_F_CREATE | (again ? NLM_F_REPLACE : NLM_F_EXCL));
	if (!m || route_msg(m, rt, *dest, via, NULL, index, cc)) {
		if (m)
			nlmsg_free(m);
		return net_failed(e, "out of memory");
	}
	rc = nl_send_sync(k->nl, m);
	netaddr_text(dest, true, d);
	netaddr_text(via, false, v);
	if (rc == -NLE_EXIST)
		return net_bad(e, "there is a route to %s already", dest->len ? d : "default");
	if (rc < 0)
		return net_failed(
			e,
			"the route to %s via %s was refused: %s (is the gateway on a network "
			"of this node?)",
			dest->len ? d : "default", v, nl_geterror(rc));
	return 0;
}

int nlk_onlink_cc(struct nlk *k, const char *dev, const struct netaddr *a, const char *cc,
		  struct net_err *e)
{
	struct rtmsg rt = { .rtm_protocol = RTPROT_KERNEL, .rtm_scope = RT_SCOPE_LINK };
	struct nl_msg *m;
	int rc, index = nlk_index(k, dev);

	if (!index)
		return no_device(dev, e);
	/* IPv4's on-link route has the address as its source. IPv6's has none, and metric 256. */
	m = nlmsg_alloc_simple(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE);
	if (a->family == AF_INET6)
		rt.rtm_scope = RT_SCOPE_UNIVERSE;
	if (!m || route_msg(m, rt, *a, NULL, a->family == AF_INET ? a : NULL, index, cc) ||
	    (a->family == AF_INET6 && nla_put_u32(m, RTA_PRIORITY, 256) < 0)) {
		if (m)
			nlmsg_free(m);
		return net_failed(e, "out of memory");
	}
	rc = nl_send_sync(k->nl, m);
	if (rc < 0)
		return net_failed(e, "congestion control %s for the network of %s was refused: %s",
				  cc, dev, nl_geterror(rc));
	return 0;
}

int nlk_neigh(struct nlk *k, const char *dev, const struct netaddr *a, struct netmac mac,
	      struct net_err *e)
{
	struct rtnl_neigh *neigh = rtnl_neigh_alloc();
	struct nl_addr *dst = to_nl(a), *ll = nl_addr_build(AF_LLC, mac.bytes, NETMAC_LEN);
	int rc = -NLE_NOMEM, index = nlk_index(k, dev);

	if (neigh && dst && ll && index) {
		rtnl_neigh_set_ifindex(neigh, index);
		rtnl_neigh_set_dst(neigh, dst);
		rtnl_neigh_set_lladdr(neigh, ll);
		rtnl_neigh_set_state(neigh, NUD_PERMANENT);
		rc = rtnl_neigh_add(k->nl, neigh, NLM_F_CREATE | NLM_F_REPLACE);
	}
	if (neigh)
		rtnl_neigh_put(neigh);
	if (dst)
		nl_addr_put(dst);
	if (ll)
		nl_addr_put(ll);
	if (!index)
		return no_device(dev, e);
	if (rc < 0)
		return net_failed(e, "the neighbour on %s was refused: %s", dev, nl_geterror(rc));
	return 0;
}
