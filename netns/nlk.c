/* SPDX-License-Identifier: BSD-2-Clause */
/* The links of one namespace: handle, veth, bridge and what changes them. See nlk.h; nlk_route.c
 * has addresses and routes. */
#define _GNU_SOURCE
#include "netns/nlk.h"

#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netlink/errno.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>
#include <netlink/route/link/veth.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { NLK_BUF = 32768 };

int nlk_open(struct nlk *k, struct net_err *e)
{
	int rc;

	k->ctl = -1;
	k->nl = nl_socket_alloc();
	if (!k->nl)
		return net_failed(e, "out of memory");
	rc = nl_connect(k->nl, NETLINK_ROUTE);
	if (rc < 0) {
		nlk_close(k);
		return net_failed(e, "no netlink socket: %s", nl_geterror(rc));
	}
	nl_socket_set_msg_buf_size(k->nl, NLK_BUF);
	k->ctl = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (k->ctl < 0) {
		nlk_close(k);
		return net_failed(e, "no datagram socket: %m");
	}
	return 0;
}

void nlk_close(struct nlk *k)
{
	if (k->nl)
		nl_socket_free(k->nl);
	if (k->ctl >= 0)
		close(k->ctl);
	k->nl = NULL;
	k->ctl = -1;
}

int nlk_index(const struct nlk *k, const char *dev)
{
	struct ifreq r;

	memset(&r, 0, sizeof(r));
	strncpy(r.ifr_name, dev, sizeof(r.ifr_name) - 1);
	return ioctl(k->ctl, SIOCGIFINDEX, &r) < 0 ? 0 : r.ifr_ifindex;
}

static void set_mac(struct rtnl_link *link, const struct netmac *mac)
{
	struct nl_addr *addr = nl_addr_build(AF_LLC, mac->bytes, NETMAC_LEN);

	if (!addr)
		return;
	rtnl_link_set_addr(link, addr);
	nl_addr_put(addr);
}

static void fill_end(struct rtnl_link *link, const struct nlk_end *end, unsigned int mtu)
{
	rtnl_link_set_name(link, end->name);
	set_mac(link, &end->mac);
	rtnl_link_set_mtu(link, mtu);
	if (end->ns_fd >= 0)
		rtnl_link_set_ns_fd(link, end->ns_fd);
	if (end->master)
		rtnl_link_set_master(link, end->master);
	if (end->noarp)
		rtnl_link_set_flags(link, IFF_NOARP);
}

int nlk_veth(struct nlk *k, const struct nlk_end *a, const struct nlk_end *b, unsigned int mtu,
	     struct net_err *e)
{
	struct rtnl_link *link = rtnl_link_veth_alloc();
	int rc;

	if (!link)
		return net_failed(e, "out of memory");
	fill_end(link, a, mtu);
	fill_end(rtnl_link_veth_get_peer(link), b, mtu);
	rc = rtnl_link_add(k->nl, link, NLM_F_CREATE | NLM_F_EXCL);
	rtnl_link_veth_release(link);
	if (rc == -NLE_OPNOTSUPP)
		return net_cannot(
			e, "the kernel has no veth; modprobe veth, or a kernel with CONFIG_VETH");
	if (rc < 0)
		return net_failed(e, "the veth pair %s - %s was refused: %s", a->name, b->name,
				  nl_geterror(rc));
	/* The kernel does not bring an end up before it has its peer, so not in the same message.
	 */
	return (a->ns_fd < 0 && nlk_up(k, a->name, true, e)) ||
			       (b->ns_fd < 0 && nlk_up(k, b->name, true, e))
		       ? -1
		       : 0;
}

/* libnl-route has no setters for what a bridge is born with, so its message is made by hand. */
static int bridge_msg(struct nl_msg *m, const char *name, const struct netmac *mac, bool hub)
{
	/* A node's small bridge must not answer for addresses of the node's other devices. */
	struct ifinfomsg ifi = { .ifi_flags = IFF_UP | (hub ? (unsigned)IFF_NOARP : 0u),
				 .ifi_change = IFF_UP | IFF_NOARP };
	struct nlattr *info, *data;

	if (nlmsg_append(m, &ifi, sizeof(ifi), NLMSG_ALIGNTO) < 0)
		return -1;
	if (nla_put_string(m, IFLA_IFNAME, name) < 0 ||
	    nla_put(m, IFLA_ADDRESS, NETMAC_LEN, mac->bytes) < 0)
		return -1;
	info = nla_nest_start(m, IFLA_LINKINFO);
	if (!info || nla_put_string(m, IFLA_INFO_KIND, "bridge") < 0)
		return -1;
	data = nla_nest_start(m, IFLA_INFO_DATA);
	if (!data || nla_put_u32(m, IFLA_BR_STP_STATE, 0) < 0 ||
	    nla_put_u32(m, IFLA_BR_FORWARD_DELAY, 0) < 0 ||
	    nla_put_u8(m, IFLA_BR_MCAST_SNOOPING, 0) < 0)
		return -1;
	if (hub && nla_put_u32(m, IFLA_BR_AGEING_TIME, 0) < 0)
		return -1;
	nla_nest_end(m, data);
	nla_nest_end(m, info);
	return 0;
}

int nlk_bridge(struct nlk *k, const char *name, struct netmac mac, bool hub, struct net_err *e)
{
	struct nl_msg *m = nlmsg_alloc_simple(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	int rc;

	if (!m)
		return net_failed(e, "out of memory");
	if (bridge_msg(m, name, &mac, hub)) {
		nlmsg_free(m);
		return net_failed(e, "out of memory");
	}
	rc = nl_send_sync(k->nl, m);
	if (rc == -NLE_OPNOTSUPP)
		return net_cannot(e, "the kernel has no bridge; modprobe bridge, or a kernel with "
				     "CONFIG_BRIDGE");
	if (rc < 0)
		return net_failed(e, "the bridge %s was refused: %s", name, nl_geterror(rc));
	return 0;
}

/* Change @dev to what @want says. Takes @want. */
static int change(struct nlk *k, const char *dev, struct rtnl_link *want, const char *what,
		  struct net_err *e)
{
	struct rtnl_link *have;
	int rc = -NLE_NODEV, index = nlk_index(k, dev);

	if (index) {
		have = rtnl_link_alloc();
		if (have) {
			rtnl_link_set_ifindex(have, index);
			rtnl_link_set_ifindex(want, index);
			rc = rtnl_link_change(k->nl, have, want, 0);
			rtnl_link_put(have);
		}
	}
	rtnl_link_put(want);
	if (rc < 0)
		return net_failed(e, "%s of %s was refused: %s", what, dev, nl_geterror(rc));
	return 0;
}

int nlk_up(struct nlk *k, const char *dev, bool up, struct net_err *e)
{
	struct rtnl_link *want = rtnl_link_alloc();

	if (!want)
		return net_failed(e, "out of memory");
	if (up)
		rtnl_link_set_flags(want, IFF_UP);
	else
		rtnl_link_unset_flags(want, IFF_UP);
	return change(k, dev, want, up ? "up" : "down", e);
}

/* Asking a device for its link makes the kernel act on the carrier it answers with. */
void nlk_settle(const struct nlk *k, const char *dev)
{
	struct ethtool_value v = { .cmd = ETHTOOL_GLINK };
	struct ifreq r;

	memset(&r, 0, sizeof(r));
	strncpy(r.ifr_name, dev, sizeof(r.ifr_name) - 1);
	r.ifr_data = (char *)&v;
	(void)ioctl(k->ctl, SIOCETHTOOL,
		    &r); /* a device without the question has no carrier to lose */
}

int nlk_mtu(struct nlk *k, const char *dev, unsigned int mtu, struct net_err *e)
{
	struct rtnl_link *want = rtnl_link_alloc();

	if (!want)
		return net_failed(e, "out of memory");
	rtnl_link_set_mtu(want, mtu);
	return change(k, dev, want, "the MTU", e);
}

int nlk_mac(struct nlk *k, const char *dev, struct netmac mac, struct net_err *e)
{
	struct rtnl_link *want = rtnl_link_alloc();

	if (!want)
		return net_failed(e, "out of memory");
	set_mac(want, &mac);
	return change(k, dev, want, "the MAC address", e);
}

int nlk_master(struct nlk *k, const char *dev, int bridge, struct net_err *e)
{
	struct rtnl_link *want = rtnl_link_alloc();

	if (!want)
		return net_failed(e, "out of memory");
	rtnl_link_set_master(want, bridge);
	return change(k, dev, want, "the bridge", e);
}

int nlk_delete(struct nlk *k, const char *dev, struct net_err *e)
{
	struct rtnl_link *link = rtnl_link_alloc();
	int rc;

	if (!link)
		return net_failed(e, "out of memory");
	rtnl_link_set_name(link, dev);
	rc = rtnl_link_delete(k->nl, link);
	rtnl_link_put(link);
	if (rc < 0)
		return net_failed(e, "%s could not be deleted: %s", dev, nl_geterror(rc));
	return 0;
}

static bool ethtool(struct nlk *k, const char *dev, uint32_t cmd, bool on)
{
	struct ethtool_value v = { .cmd = cmd, .data = on };
	struct ifreq r;

	memset(&r, 0, sizeof(r));
	strncpy(r.ifr_name, dev, sizeof(r.ifr_name) - 1);
	r.ifr_data = (void *)&v;
	return ioctl(k->ctl, SIOCETHTOOL, &r) == 0;
}

int nlk_offload(struct nlk *k, const char *dev, bool on, struct net_err *e)
{
	/* What a device never had it cannot turn off: those errors mean nothing. Transmit checksums
	 * decide what a capture shows, so that one counts. */
	static const uint32_t cmds[] = { ETHTOOL_SSG, ETHTOOL_STSO, ETHTOOL_SGSO, ETHTOOL_SGRO,
					 ETHTOOL_SRXCSUM };

	if (on && !ethtool(k, dev, ETHTOOL_STXCSUM, true))
		return net_failed(e, "offloads of %s could not be turned on: %m", dev);
	for (unsigned int i = 0; i < sizeof(cmds) / sizeof(cmds[0]); i++)
		ethtool(k, dev, cmds[i], on);
	if (!on && !ethtool(k, dev, ETHTOOL_STXCSUM, false))
		return net_failed(e, "offloads of %s could not be turned off: %m", dev);
	return 0;
}
