/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control socket's changes: addresses, routes, neighbours and links added, deleted and changed
 * while phantom runs, with ip(8)'s words as keys. Every value may be a string. Without "dev" a command
 * is about the device's link. Called through the table in control_cmd.c.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "host/control_cmd.h"
#include "host/devices.h"
#include "host/tap.h"
#include "host/text.h"

enum { EDIT_LINKS_MAX = 64, EDIT_METRIC_MAX = 1000000 };

static const char *text_of(const struct control_call *call, const char *key)
{
	return json_string_value(json_object_get(call->args, key));
}

static bool has(const struct control_call *call, const char *key)
{
	return json_object_get(call->args, key) != NULL;
}

/* A number, written as one or as a string; missing: *out stays. */
static int number(struct control_call *call, const char *key, uint64_t min, uint64_t max,
		  uint64_t *out)
{
	const json_t *v = json_object_get(call->args, key);
	const char *s = json_string_value(v);

	if (!v)
		return 0;
	if (json_is_integer(v) && json_integer_value(v) >= (json_int_t)min &&
	    (uint64_t)json_integer_value(v) <= max) {
		*out = (uint64_t)json_integer_value(v);
		return 0;
	}
	if (s && text_number(s, min, max, out))
		return 0;
	return text_error(call->err, call->cap, "%s: write a number of %" PRIu64 " to %" PRIu64, key,
			  min, max);
}

int control_find_link(struct control_call *call, const char *key, ph_link *out)
{
	struct ph_link_info links[EDIT_LINKS_MAX];
	const char *name = text_of(call, key);
	size_t n = ph_links(call->host->st, links, EDIT_LINKS_MAX);

	if (!name) {
		*out = call->host->link;
		return 0;
	}
	for (size_t i = 0; i < n && i < EDIT_LINKS_MAX; i++) {
		if (strcmp(links[i].name, name) == 0) {
			*out = links[i].link;
			return 0;
		}
	}
	return text_error(call->err, call->cap, "%s %s: no such link; {\"cmd\":\"links\"} shows them",
			  key, name);
}

static int mac_of(struct control_call *call, const char *key, uint8_t mac[6])
{
	const char *s = text_of(call, key);

	if (s && text_mac(s, mac) && !(mac[0] & 1))
		return 0;
	return text_error(call->err, call->cap,
			  "%s: write the hardware address of one host, like 02:00:00:00:00:01", key);
}

/* The stack's answer as a sentence; `what` is the thing, `why` what would be right where it is known. */
static int outcome(struct control_call *call, int rc, const char *what, const char *why)
{
	const char *text = strerror(-rc);

	if (rc >= 0)
		return json_object_set_new(call->answer, "done", json_true());
	if (rc == -EEXIST)
		text = "it is there already";
	else if (rc == -ENOSPC)
		text = "there are as many as the limit allows";
	else if (why)
		text = why;
	return text_error(call->err, call->cap, "%s: %s", what, text);
}

/* ---- addresses ------------------------------------------------------------------------------ */

static int acd_mode(struct control_call *call, bool *asked, enum ph_acd_mode *mode)
{
	static const struct {
		const char *word;
		bool asked;
		enum ph_acd_mode mode;
	} row[] = { { "off", false, PH_ACD_DEFEND_ONCE },
		    { "defend", true, PH_ACD_DEFEND_ONCE },
		    { "cede", true, PH_ACD_CEDE },
		    { "insist", true, PH_ACD_DEFEND_ALWAYS } };
	const char *word = text_of(call, "acd");

	*asked = false;
	if (!has(call, "acd"))
		return 0;
	for (size_t i = 0; word && i < ARRAY_LEN(row); i++) {
		if (strcmp(word, row[i].word) == 0) {
			*asked = row[i].asked;
			*mode = row[i].mode;
			return 0;
		}
	}
	return text_error(call->err, call->cap, "acd: write off, defend, cede or insist");
}

static int addr_of(struct control_call *call, struct ph_ip *ip, unsigned *prefix, ph_link *link)
{
	const char *s = text_of(call, "addr");

	if (!s || !text_prefix(s, ip, prefix))
		return text_error(call->err, call->cap,
				  "addr: write A/L, an address and its prefix's length, like "
				  "10.0.0.3/24 or fd00::3/64");
	return control_find_link(call, "dev", link);
}

int control_addr_add(struct control_call *call)
{
	struct ph_stack *st = call->host->st;
	uint64_t now = call->host->now_ns;
	enum ph_acd_mode mode = PH_ACD_DEFEND_ONCE;
	struct ph_ip ip;
	unsigned prefix;
	ph_link link;
	bool asked;
	int rc = addr_of(call, &ip, &prefix, &link);

	if (rc == 0)
		rc = acd_mode(call, &asked, &mode);
	if (rc != 0)
		return rc;
	if (asked && !ph_ip_is4(&ip))
		return text_error(call->err, call->cap,
				  "acd: for IPv4 alone; IPv6 looks for duplicates by itself");
	rc = asked ? ph_addr_claim(st, link, &ip, prefix, mode, now)
		   : ph_addr_add(st, link, &ip, prefix, now);
	return outcome(call, rc, text_of(call, "addr"),
		       rc == -EADDRNOTAVAIL ? "not an address for a host; write a unicast one that is "
					      "not its network's first or last"
					    : NULL);
}

int control_addr_del(struct control_call *call)
{
	struct ph_ip ip;
	unsigned prefix;
	ph_link link;
	int rc = addr_of(call, &ip, &prefix, &link);

	if (rc != 0)
		return rc;
	return outcome(call, ph_addr_del(call->host->st, link, &ip, call->host->now_ns),
		       text_of(call, "addr"), "the link has no such address; {\"cmd\":\"addrs\"} shows them");
}

/* ---- routes --------------------------------------------------------------------------------- */

struct edit_route {
	struct ph_ip dst, via;
	unsigned prefix;
	bool has_via;
	ph_link link;
	uint64_t metric;
};

static int route_of(struct control_call *call, struct edit_route *r)
{
	const char *dst = text_of(call, "dst"), *via = text_of(call, "via");

	*r = (struct edit_route){ .has_via = via != NULL };
	if (has(call, "via") && (!via || !text_ip(via, &r->via)))
		return text_error(call->err, call->cap, "via: write a router's address");
	if (dst && strcmp(dst, "default") == 0) {
		if (!via || ph_ip_is4(&r->via))
			r->dst = ph_ip4(0, 0, 0, 0);
	} else if (!dst || !text_prefix(dst, &r->dst, &r->prefix)) {
		return text_error(call->err, call->cap,
				  "dst: write D/L, a network and its prefix's length, or default");
	}
	if (number(call, "metric", 0, EDIT_METRIC_MAX, &r->metric) != 0)
		return -EINVAL;
	return control_find_link(call, "dev", &r->link);
}

int control_route_add(struct control_call *call)
{
	struct edit_route r;
	int rc = route_of(call, &r);
	const char *why = NULL;

	if (rc != 0)
		return rc;
	rc = ph_route_add(call->host->st, &r.dst, r.prefix, r.has_via ? &r.via : NULL, r.link,
			  (uint32_t)r.metric, call->host->now_ns);
	if (rc == -ENETUNREACH)
		why = "its router is on no network of the link";
	else if (rc == -EINVAL)
		why = "no bits of the network may stand behind its length, and its router is another "
		      "host, of the same family";
	return outcome(call, rc, text_of(call, "dst"), why);
}

/* As ip(8): no router said, the first route there is to the destination. */
static void any_router(const struct control_call *call, struct edit_route *r)
{
	static const struct ph_ip none;
	size_t n = ph_routes(call->host->st, NULL, 0);
	struct ph_route_info *all = calloc(n + 1, sizeof(*all));

	n = all ? ph_routes(call->host->st, all, n) : 0;
	for (size_t i = 0; i < n && !r->has_via; i++) {
		if (all[i].link != r->link || all[i].prefix != r->prefix ||
		    memcmp(&all[i].dst, &r->dst, sizeof(r->dst)) != 0)
			continue;
		if (memcmp(&all[i].gateway, &none, sizeof(none)) == 0)
			break;
		r->has_via = true;
		r->via = all[i].gateway;
	}
	free(all);
}

int control_route_del(struct control_call *call)
{
	struct edit_route r;
	int rc = route_of(call, &r);

	if (rc != 0)
		return rc;
	any_router(call, &r);
	rc = ph_route_del(call->host->st, &r.dst, r.prefix, r.has_via ? &r.via : NULL, r.link,
			  call->host->now_ns);
	return outcome(call, rc, text_of(call, "dst"),
		       "no such route with this router on this link; {\"cmd\":\"routes\"} shows them");
}

/* ---- neighbours ----------------------------------------------------------------------------- */

static int neigh_of(struct control_call *call, struct ph_ip *ip, ph_link *link)
{
	const char *s = text_of(call, "addr");

	if (!s || !text_ip(s, ip))
		return text_error(call->err, call->cap, "addr: write a neighbour's address");
	return control_find_link(call, "dev", link);
}

int control_neigh_add(struct control_call *call)
{
	struct ph_ip ip;
	uint8_t mac[6];
	ph_link link;
	int rc = neigh_of(call, &ip, &link);

	if (rc == 0)
		rc = mac_of(call, "lladdr", mac);
	if (rc != 0)
		return rc;
	return outcome(call, ph_neigh_add(call->host->st, link, &ip, mac, call->host->now_ns),
		       text_of(call, "addr"),
		       "not a neighbour's address, or the link has no hardware addresses");
}

int control_neigh_del(struct control_call *call)
{
	struct ph_ip ip;
	ph_link link;
	int rc = neigh_of(call, &ip, &link);

	if (rc != 0)
		return rc;
	return outcome(call, ph_neigh_del(call->host->st, link, &ip, call->host->now_ns),
		       text_of(call, "addr"), "no such neighbour; {\"cmd\":\"neighs\"} shows them");
}

int control_neigh_flush(struct control_call *call)
{
	struct ph_stack *st = call->host->st;
	struct ph_link_info links[EDIT_LINKS_MAX];
	size_t n = ph_links(st, links, EDIT_LINKS_MAX);
	ph_link only = 0;
	int rc = has(call, "dev") ? control_find_link(call, "dev", &only) : 0;

	for (size_t i = 0; rc == 0 && i < n && i < EDIT_LINKS_MAX; i++)
		if (only == 0 || links[i].link == only)
			(void)ph_neigh_flush(st, links[i].link, call->host->now_ns);
	return rc != 0 ? rc : outcome(call, 0, "neigh", NULL);
}

/* ---- links ---------------------------------------------------------------------------------- */

static int link_options(struct control_call *call, uint64_t *mtu, uint64_t *qlen, uint8_t mac[6])
{
	int rc = number(call, "mtu", 68, 65536, mtu);

	if (rc == 0)
		rc = number(call, "txqueuelen", 1, UINT32_MAX, qlen);
	return rc == 0 && has(call, "address") ? mac_of(call, "address", mac) : rc;
}

static int add_device(struct control_call *call, bool tun)
{
	const char *name = text_of(call, "name");
	struct opt_link like = { .device = tun ? OPT_DEVICE_TUN : OPT_DEVICE_TAP, .device_name = name,
				 .offload = true, .gro = true };
	uint64_t mtu = 0, qlen = 0;
	int rc = link_options(call, &mtu, &qlen, like.mac);

	if (rc != 0)
		return rc;
	if (!name || name[0] == '\0' || strlen(name) > 15 || strpbrk(name, "/ \t%"))
		return text_error(call->err, call->cap,
				  "name: write 1 to 15 characters without / and spaces");
	if (mtu > UINT16_MAX)
		return text_error(call->err, call->cap, "mtu: write a number of 68 to 65535");
	like.has_mac = has(call, "address");
	like.mtu = (uint16_t)mtu;
	rc = devices_add(call->host, &like, call->err, call->cap);
	return rc != 0 ? rc : outcome(call, 0, name, NULL);
}

static int add_vlan(struct control_call *call);

/* What is asked for: a device, or a VLAN. */
int control_link_add(struct control_call *call)
{
	const char *type = has(call, "type") ? text_of(call, "type") : "vlan";

	if (type && (strcmp(type, "tap") == 0 || strcmp(type, "tun") == 0))
		return add_device(call, strcmp(type, "tun") == 0);
	if (type && strcmp(type, "vlan") == 0)
		return add_vlan(call);
	return text_error(call->err, call->cap, "type: write tap, tun or vlan");
}

static int add_vlan(struct control_call *call)
{
	struct ph_link_conf conf = { .kind = PH_LINK_VLAN, .name = text_of(call, "name") };
	uint64_t id = 0, mtu = 0, qlen = 0;
	int rc = control_find_link(call, "link", &conf.parent);

	if (rc == 0)
		rc = link_options(call, &mtu, &qlen, conf.mac);
	if (rc == 0 && !has(call, "vlan"))
		return text_error(call->err, call->cap, "vlan: is missing; write the VLAN's number");
	if (rc == 0)
		rc = number(call, "vlan", 1, 4094, &id);
	if (rc != 0)
		return rc;
	if (!conf.name || conf.name[0] == '\0' || strlen(conf.name) > 15)
		return text_error(call->err, call->cap, "name: write 1 to 15 characters");
	conf.vlan = (uint16_t)id;
	conf.mtu = (uint32_t)mtu;
	return outcome(call, ph_link_add(call->host->st, &conf, call->host->now_ns), conf.name,
		       "a VLAN stands on a link of Ethernet, and its mtu is at most that link's");
}

int control_link_del(struct control_call *call)
{
	struct device *d;
	ph_link link = 0;
	int rc = has(call, "name") ? control_find_link(call, "name", &link) : 0;

	if (rc != 0)
		return rc;
	if (link == 0)
		return text_error(call->err, call->cap, "name: is missing; write a link's name");
	d = devices_find(call->host, link);
	if (d && d->added) {
		devices_remove(call->host, d);
		return outcome(call, 0, text_of(call, "name"), NULL);
	}
	if (d || link == call->host->link)
		return text_error(call->err, call->cap,
				  "%s: is phantom's device; it goes when phantom ends",
				  text_of(call, "name"));
	return outcome(call, ph_link_remove(call->host->st, link, call->host->now_ns),
		       text_of(call, "name"), link == PH_LINK_LO ? "every host has it" : NULL);
}

int control_link_set(struct control_call *call)
{
	const char *state = text_of(call, "state");
	uint64_t mtu = 0, qlen = 0;
	struct ph_link_change to = { 0 };
	uint8_t mac[6];
	ph_link link;
	int rc = control_find_link(call, "name", &link);

	if (rc == 0)
		rc = link_options(call, &mtu, &qlen, mac);
	if (rc != 0)
		return rc;
	if (has(call, "state") &&
	    (!state || (strcmp(state, "up") != 0 && strcmp(state, "down") != 0)))
		return text_error(call->err, call->cap, "state: write up or down");
	if (state)
		(void)ph_link_up(call->host->st, link, strcmp(state, "up") == 0, call->host->now_ns);
	to.mtu = (uint32_t)mtu;
	to.txqueuelen = (uint32_t)qlen;
	to.mac = has(call, "address") ? mac : NULL;
	return outcome(call, ph_link_change(call->host->st, link, &to, call->host->now_ns),
		       has(call, "name") ? text_of(call, "name") : "link",
		       "an mtu with IPv6 is at least 1280, that of a VLAN at most that of the link "
		       "below, and only Ethernet has hardware addresses");
}
