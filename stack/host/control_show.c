/* SPDX-License-Identifier: BSD-2-Clause */
/* The control socket's lists: sockets, tcp_info, links, addresses, routes, neighbours. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/control_cmd.h"
#include "host/tap.h"
#include "host/text.h"

static int no_memory(struct control_call *call)
{
	(void)text_error(call->err, call->cap, "no memory for the list");
	return -ENOMEM;
}

static const char *link_name(const struct ph_link_info *links, size_t n, ph_link link)
{
	for (size_t i = 0; i < n; i++) {
		if (links[i].link == link)
			return links[i].name;
	}
	return "?";
}

/* All links, for their names; freed by the caller. NULL: no memory. */
static struct ph_link_info *get_links(const struct ph_stack *st, size_t *n)
{
	struct ph_link_info *links;

	*n = ph_links(st, NULL, 0);
	links = calloc(*n + 1, sizeof(*links));
	if (links)
		(void)ph_links(st, links, *n);
	return links;
}

/*
 * The end of a list: the answer's `key`. Where "dev" names a link, of the items those whose `of` is that
 * name. 0, -EINVAL, or -ENOMEM when it is not whole.
 */
static int show_list(struct control_call *call, const char *key, json_t *take_list, const char *of,
		     bool whole)
{
	const char *dev = json_string_value(json_object_get(call->args, "dev"));
	ph_link link;
	int rc = whole ? 0 : no_memory(call);

	if (rc == 0 && dev)
		rc = control_find_link(call, "dev", &link);
	for (size_t i = 0; rc == 0 && dev && i < json_array_size(take_list);) {
		const json_t *item = json_array_get(take_list, i);

		if (strcmp(json_string_value(json_object_get(item, of)), dev) == 0)
			i++;
		else
			json_array_remove(take_list, i);
	}
	json_object_set_new(call->answer, key, take_list);
	return rc;
}

static json_t *tcp_info(struct ph_stack *st, ph_socket s)
{
	struct ph_tcp_info info;
	uint32_t len = sizeof(info);
	json_t *o;

	memset(&info, 0, sizeof(info));
	if (ph_getsockopt(st, s, PH_IPPROTO_TCP, PH_TCP_INFO, &info, &len) < 0)
		return NULL;
	o = json_object();
#define FIELD(x) json_object_set_new(o, "tcpi_" #x, json_integer((json_int_t)info.tcpi_##x));
#include "host/tcp_info.def"
#undef FIELD
	return o;
}

int control_tcp_info(struct control_call *call)
{
	const json_t *number = json_object_get(call->args, "socket");
	json_t *info;

	if (!json_is_integer(number))
		return text_error(call->err, call->cap,
				  "tcp_info needs \"socket\": N, a number that "
				  "{\"cmd\":\"sockets\"} shows");
	info = tcp_info(call->host->st, (ph_socket)json_integer_value(number));
	if (!info)
		return text_error(call->err, call->cap,
				  "socket %d is not a TCP socket; "
				  "{\"cmd\":\"sockets\"} shows them",
				  (int)json_integer_value(number));
	return json_object_set_new(call->answer, "tcp_info", info);
}

/* As ss names them (Netid). */
static const char *socket_type(const struct ph_sock_info *s)
{
	if (s->local.family == PH_AF_PACKET)
		return s->type == PH_SOCK_RAW ? "p_raw" : "p_dgr";
	if (s->type == PH_SOCK_RAW)
		return "raw";
	if (s->protocol == PH_IPPROTO_ICMP)
		return "icmp";
	if (s->protocol == PH_IPPROTO_ICMPV6)
		return "icmp6";
	return s->type == PH_SOCK_STREAM ? "tcp" : "udp";
}

/* The EtherType and the link, as ss writes them; * for all. */
static void packet_text(const struct ph_stack *st, const struct ph_sock_info *s, char *to)
{
	enum { LINKS = 64 };
	struct ph_link_info links[LINKS];
	size_t n = ph_links(st, links, LINKS);
	const char *name = s->local.scope ? "?" : "*";

	for (size_t i = 0; i < n && i < LINKS; i++)
		if ((uint32_t)links[i].link == s->local.scope)
			name = links[i].name;
	if (s->protocol == PH_ETH_P_ALL)
		(void)snprintf(to, TEXT_SOCKADDR, "*:%s", name);
	else
		(void)snprintf(to, TEXT_SOCKADDR, "[%d]:%s", s->protocol, name);
}

static json_t *one_socket(struct control_call *call, const struct ph_sock_info *s)
{
	char local[TEXT_SOCKADDR], peer[TEXT_SOCKADDR] = "*";
	json_t *o;

	if (s->local.family == PH_AF_PACKET) {
		packet_text(call->host->st, s, local);
	} else {
		text_from_sockaddr(local, &s->local);
		text_from_sockaddr(peer, &s->peer);
	}
	o = json_pack("{s:s,s:s,s:s,s:s,s:I,s:I,s:i}", "type", socket_type(s), "state",
		      s->state_name, "local", local, "peer", peer, "recvq", (json_int_t)s->recvq,
		      "sendq", (json_int_t)s->sendq, "socket", s->socket);

	if (s->type == PH_SOCK_STREAM && s->socket >= 0 &&
	    json_is_true(json_object_get(call->args, "info")))
		json_object_set_new(o, "tcp_info", tcp_info(call->host->st, s->socket));
	return o;
}

int control_sockets(struct control_call *call)
{
	size_t n = ph_socks(call->host->st, NULL, 0);
	struct ph_sock_info *socks = calloc(n + 1, sizeof(*socks));
	json_t *list;

	if (!socks)
		return no_memory(call);
	(void)ph_socks(call->host->st, socks, n);
	list = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, one_socket(call, &socks[i]));
	free(socks);
	return json_object_set_new(call->answer, "sockets", list);
}

static json_t *offloads(uint32_t bits)
{
	json_t *list = json_array();

	if (bits & PH_OFFLOAD_CSUM)
		json_array_append_new(list, json_string("csum"));
	if (bits & PH_OFFLOAD_TSO4)
		json_array_append_new(list, json_string("tso4"));
	if (bits & PH_OFFLOAD_TSO6)
		json_array_append_new(list, json_string("tso6"));
	if (bits & PH_OFFLOAD_GRO)
		json_array_append_new(list, json_string("gro"));
	return list;
}

static json_t *link_flags(const struct ph_link_info *l)
{
	json_t *list = json_array();

	if (l->kind == PH_LINK_LOOPBACK)
		json_array_append_new(list, json_string("LOOPBACK"));
	else
		json_array_append_new(list, json_string("MULTICAST"));
	if (l->up && !l->running)
		json_array_append_new(list, json_string("NO-CARRIER"));
	if (l->up)
		json_array_append_new(list, json_string("UP"));
	if (l->running)
		json_array_append_new(list, json_string("LOWER_UP"));
	return list;
}

static void put_stat(json_t *o, const char *name, uint64_t value)
{
	json_object_set_new(o, name, json_integer((json_int_t)value));
}

/* struct rtnl_link_stats64's names; of a device, what it could not read or write besides. */
static json_t *stats64(const struct control_call *call, const struct ph_link_info *l)
{
	struct device none = { .rx_bad = 0 };
	const struct device *d = &none;
	json_t *o = json_object();

	for (size_t i = 0; i < call->host->ndevs; i++)
		if (call->host->devs[i].link == l->link)
			d = &call->host->devs[i];
	put_stat(o, "rx_packets", l->rx_packets);
	put_stat(o, "tx_packets", l->tx_packets);
	put_stat(o, "rx_bytes", l->rx_bytes);
	put_stat(o, "tx_bytes", l->tx_bytes);
	put_stat(o, "rx_errors", l->rx_length_errors + d->rx_bad);
	put_stat(o, "tx_errors", l->tx_carrier_errors + d->tx_errors);
	put_stat(o, "rx_dropped",
		 l->rx_dropped - l->rx_length_errors - l->rx_otherhost_dropped);
	put_stat(o, "tx_dropped", l->tx_dropped);
	put_stat(o, "multicast", l->multicast);
	put_stat(o, "rx_length_errors", l->rx_length_errors);
	put_stat(o, "rx_frame_errors", d->rx_bad);
	put_stat(o, "rx_missed_errors", d->rx_no_memory);
	put_stat(o, "rx_nohandler", l->rx_nohandler);
	put_stat(o, "rx_otherhost_dropped", l->rx_otherhost_dropped);
	put_stat(o, "tx_carrier_errors", l->tx_carrier_errors);
	put_stat(o, "tx_aborted_errors", d->tx_errors);
	return o;
}

static json_t *one_link(const struct control_call *call, const struct ph_link_info *l,
			const char *below)
{
	static const char *const kinds[] = { [PH_LINK_ETHER] = "ether",
					     [PH_LINK_IP] = "ip",
					     [PH_LINK_VLAN] = "vlan",
					     [PH_LINK_LOOPBACK] = "loopback" };
	char mac[TEXT_MAC];
	json_t *o = json_pack("{s:i,s:s,s:s,s:i,s:o,s:I,s:I}", "index", l->link, "name", l->name,
			      "kind", kinds[l->kind], "mtu", (int)l->mtu,
			      "offload", offloads(l->offload), "txqueuelen",
			      (json_int_t)l->txqueuelen, "queued", (json_int_t)l->queued);

	if (l->kind != PH_LINK_IP && l->kind != PH_LINK_LOOPBACK)
		json_object_set_new(o, "mac", json_string(text_from_mac(mac, l->mac)));
	if (l->parent) {
		json_object_set_new(o, "link", json_string(below));
		json_object_set_new(o, "vlan", json_integer(l->vlan));
	}
	json_object_set_new(o, "flags", link_flags(l));
	json_object_set_new(o, "stats64", stats64(call, l));
	return o;
}

int control_links(struct control_call *call)
{
	size_t n;
	struct ph_link_info *links = get_links(call->host->st, &n);
	json_t *list;

	if (!links)
		return no_memory(call);
	list = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, one_link(call, &links[i], link_name(links, n, links[i].parent)));
	free(links);
	return show_list(call, "links", list, "name", true);
}

/* Seconds that are left; nothing for what does not end. */
static void put_left(json_t *o, const char *name, uint32_t s)
{
	if (s != UINT32_MAX)
		json_object_set_new(o, name, json_integer((json_int_t)s));
}

/* What `ip -6 addr` says of an address: words, and how long it lives. */
static void addr_life(json_t *o, const struct ph_addr_info *a)
{
	static const struct {
		uint32_t flag;
		const char *word;
	} words[] = { { PH_ADDR_TENTATIVE, "tentative" },   { PH_ADDR_OPTIMISTIC, "optimistic" },
		      { PH_ADDR_DADFAILED, "dadfailed" },   { PH_ADDR_DEPRECATED, "deprecated" },
		      { PH_ADDR_TEMPORARY, "temporary" },   { PH_ADDR_AUTO, "dynamic" } };
	json_t *list;

	if (ph_ip_is4(&a->ip))
		return;
	list = json_array();
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (a->flags & words[i].flag)
			json_array_append_new(list, json_string(words[i].word));
	json_object_set_new(o, "flags", list);
	put_left(o, "valid_lft", a->valid_s);
	put_left(o, "preferred_lft", a->preferred_s);
}

int control_addrs(struct control_call *call)
{
	size_t n = ph_addrs(call->host->st, NULL, 0), nlinks;
	struct ph_addr_info *addrs = calloc(n + 1, sizeof(*addrs));
	struct ph_link_info *links = get_links(call->host->st, &nlinks);
	json_t *list = json_array();
	bool memory = addrs && links;

	if (memory)
		(void)ph_addrs(call->host->st, addrs, n);
	for (size_t i = 0; memory && i < n; i++) {
		char ip[TEXT_IP];

		json_t *o = json_pack("{s:s,s:i,s:s}", "addr", text_from_ip(ip, &addrs[i].ip),
				      "prefix", (int)addrs[i].prefix, "dev",
				      link_name(links, nlinks, addrs[i].link));

		addr_life(o, &addrs[i]);
		json_array_append_new(list, o);
	}
	free(addrs);
	free(links);
	return show_list(call, "addrs", list, "dev", memory);
}

int control_routes(struct control_call *call)
{
	static const struct ph_ip none;
	size_t n = ph_routes(call->host->st, NULL, 0), nlinks;
	struct ph_route_info *routes = calloc(n + 1, sizeof(*routes));
	struct ph_link_info *links = get_links(call->host->st, &nlinks);
	json_t *list = json_array();
	bool memory = routes && links;

	if (memory)
		(void)ph_routes(call->host->st, routes, n);
	for (size_t i = 0; memory && i < n; i++) {
		const struct ph_route_info *r = &routes[i];
		char ip[TEXT_IP];
		json_t *o =
			json_pack("{s:s,s:i,s:s,s:I}", "dst", text_from_ip(ip, &r->dst), "prefix",
				  (int)r->prefix, "dev", link_name(links, nlinks, r->link),
				  "metric", (json_int_t)r->metric);

		if (memcmp(&r->gateway, &none, sizeof(none)) != 0)
			json_object_set_new(o, "via", json_string(text_from_ip(ip, &r->gateway)));
		json_object_set_new(o, "proto", json_string(r->proto));
		if (r->preference != 0)
			json_object_set_new(o, "pref",
					    json_string(r->preference > 0 ? "high" : "low"));
		put_left(o, "expires", r->expires_s);
		if (r->linkdown)
			json_object_set_new(o, "flags", json_pack("[s]", "linkdown"));
		json_array_append_new(list, o);
	}
	free(routes);
	free(links);
	return show_list(call, "routes", list, "dev", memory);
}

int control_neighs(struct control_call *call)
{
	size_t n = ph_neighs(call->host->st, NULL, 0), nlinks;
	struct ph_neigh_info *neighs = calloc(n + 1, sizeof(*neighs));
	struct ph_link_info *links = get_links(call->host->st, &nlinks);
	json_t *list = json_array();
	bool memory = neighs && links;

	if (memory)
		(void)ph_neighs(call->host->st, neighs, n);
	for (size_t i = 0; memory && i < n; i++) {
		const struct ph_neigh_info *ng = &neighs[i];
		char ip[TEXT_IP], mac[TEXT_MAC];
		json_t *o = json_pack("{s:s,s:s,s:s,s:I}", "addr", text_from_ip(ip, &ng->ip), "dev",
				      link_name(links, nlinks, ng->link), "state", ng->state,
				      "queued", (json_int_t)ng->queued);

		if (strcmp(ng->state, "INCOMPLETE") != 0 && strcmp(ng->state, "FAILED") != 0)
			json_object_set_new(o, "mac", json_string(text_from_mac(mac, ng->mac)));
		json_array_append_new(list, o);
	}
	free(neighs);
	free(links);
	return show_list(call, "neighs", list, "dev", memory);
}

int control_maddrs(struct control_call *call)
{
	size_t n = ph_groups(call->host->st, NULL, 0), nlinks;
	struct ph_group_info *groups = calloc(n + 1, sizeof(*groups));
	struct ph_link_info *links = get_links(call->host->st, &nlinks);
	json_t *list = json_array();
	bool memory = groups && links;

	if (memory)
		(void)ph_groups(call->host->st, groups, n);
	for (size_t i = 0; memory && i < n; i++) {
		char ip[TEXT_IP];

		json_array_append_new(list, json_pack("{s:s,s:s,s:i}", "addr",
						      text_from_ip(ip, &groups[i].ip), "dev",
						      link_name(links, nlinks, groups[i].link),
						      "users", (int)groups[i].users));
	}
	free(groups);
	free(links);
	return show_list(call, "maddrs", list, "dev", memory);
}

/* Name servers and search domains that routers advertised. */
int control_dns(struct control_call *call)
{
	size_t n = ph_dns(call->host->st, NULL, 0), nlinks;
	struct ph_dns_info *dns = calloc(n + 1, sizeof(*dns));
	struct ph_link_info *links = get_links(call->host->st, &nlinks);
	json_t *list = json_array();
	bool memory = dns && links;

	if (memory)
		(void)ph_dns(call->host->st, dns, n);
	for (size_t i = 0; memory && i < n; i++) {
		char ip[TEXT_IP];
		bool domain = dns[i].domain[0] != '\0';
		json_t *o = json_pack("{s:s,s:s}", domain ? "search" : "nameserver",
				      domain ? dns[i].domain : text_from_ip(ip, &dns[i].server), "dev",
				      link_name(links, nlinks, dns[i].link));

		put_left(o, "expires", dns[i].valid_s);
		json_array_append_new(list, o);
	}
	free(dns);
	free(links);
	return show_list(call, "dns", list, "dev", memory);
}

static json_t *ip_list(const struct ph_ip *ip, unsigned n)
{
	json_t *list = json_array();
	char text[TEXT_IP];

	for (unsigned i = 0; i < n; i++)
		json_array_append_new(list, json_string(text_from_ip(text, &ip[i])));
	return list;
}

static json_t *one_lease(const struct ph_dhcp_info *i, const char *dev)
{
	char ip[TEXT_IP], server[TEXT_IP];
	json_t *o = json_pack("{s:s,s:s}", "dev", dev, "state", i->state);

	json_object_set_new(o, "messages",
			    json_pack("{s:i,s:i,s:i,s:i,s:i,s:i}", "sent", (int)i->sent, "received",
				      (int)i->received, "bad", (int)i->bad, "foreign",
				      (int)i->foreign, "naks", (int)i->naks, "declined",
				      (int)i->declined));
	if (i->prefix == 0)
		return o;
	json_object_set_new(o, "ip", json_string(text_from_ip(ip, &i->ip)));
	json_object_set_new(o, "prefix", json_integer((json_int_t)i->prefix));
	json_object_set_new(o, "server", json_string(text_from_ip(server, &i->server)));
	put_left(o, "renew", i->renew_s);
	put_left(o, "rebind", i->rebind_s);
	put_left(o, "expires", i->expire_s);
	json_object_set_new(o, "routers", ip_list(i->routers, i->nrouters));
	json_object_set_new(o, "dns", ip_list(i->dns, i->ndns));
	json_object_set_new(o, "ntp", ip_list(i->ntp, i->nntp));
	if (i->mtu)
		json_object_set_new(o, "mtu", json_integer(i->mtu));
	if (i->hostname[0])
		json_object_set_new(o, "hostname", json_string(i->hostname));
	if (i->domain[0])
		json_object_set_new(o, "domain", json_string(i->domain));
	return o;
}

int control_lease(struct control_call *call)
{
	size_t n;
	struct ph_link_info *links = get_links(call->host->st, &n);
	struct ph_dhcp_info info;
	json_t *list;

	if (!links)
		return no_memory(call);
	list = json_array();
	for (size_t i = 0; i < n; i++)
		if (ph_dhcp_info(call->host->st, links[i].link, &info) == 0)
			json_array_append_new(list, one_lease(&info, links[i].name));
	free(links);
	return show_list(call, "lease", list, "dev", true);
}
