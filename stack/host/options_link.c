/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command line's options that belong to one device: the last one named, or the first while none is.
 * Called by options.c.
 */
#define _GNU_SOURCE 1
#include "host/options_int.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/list.h"
#include "host/text.h"

enum opt_outcome options_bad(char *err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(err, OPT_ERROR, format, args);
	va_end(args);
	return OPT_BAD;
}

struct opt_link *options_link(struct options *o)
{
	return &o->links[o->nlinks > 0 ? o->nlinks - 1 : 0];
}

bool options_link_ipv6(const struct opt_link *l)
{
	for (size_t i = 0; i < l->naddrs; i++)
		if (!ph_ip_is4(&l->addrs[i].ip))
			return true;
	return l->ipv6 > OPT_IPV6_OFF;
}

bool options_ipv6(const struct options *o)
{
	for (size_t i = 0; i < o->nlinks; i++)
		if (options_link_ipv6(&o->links[i]))
			return true;
	return false;
}

static enum opt_outcome need_ip(const char *option, const char *text, bool parsed,
				const char *example, char *err)
{
	if (parsed)
		return OPT_RUN;
	return options_bad(err,
		   "%s %s: not an IPv4 address of four numbers, 0 to 255, nor an IPv6 one; write "
		   "%s",
		   option, text, example);
}

enum opt_outcome options_number(const char *option, const char *text, uint64_t min, uint64_t max,
			       uint64_t *out, char *err)
{
	if (text_number(text, min, max, out))
		return OPT_RUN;
	return options_bad(err, "%s %s: write a number of %llu to %llu", option, text,
		   (unsigned long long)min, (unsigned long long)max);
}

static enum opt_outcome on_off(const struct rule *r, const char *arg, bool *on, char *err)
{
	*on = strcmp(arg, "on") == 0;
	if (!*on && strcmp(arg, "off") != 0)
		return options_bad(err, "%s %s: write on or off", r->name, arg);
	return OPT_RUN;
}

static enum opt_outcome device(struct options *o, const struct rule *r, const char *name, char *err)
{
	struct opt_link *l;
	static const char *const words[] = {
		[OPT_DEVICE_NONE] = "",
		[OPT_DEVICE_TAP] = "--tap",
		[OPT_DEVICE_TUN] = "--tun",
		[OPT_DEVICE_FD] = "--tap-fd",
	};
	enum opt_device kind = OPT_DEVICE_TAP;
	uint64_t fd = 0;

	while (strcmp(words[kind], r->name) != 0)
		kind++;

	if (kind == OPT_DEVICE_FD && !text_number(name, 0, 1 << 20, &fd))
		return options_bad(err, "--tap-fd %s: not a descriptor; write the number of an open one",
			   name);
	if (kind != OPT_DEVICE_FD &&
	    (!*name || strlen(name) > 15 || strpbrk(name, "/ \t%") || strcmp(name, ".") == 0))
		return options_bad(
			err,
			"%s %s: not a device name; write 1 to 15 characters without / and spaces",
			r->name, name);
	for (size_t i = 0; kind != OPT_DEVICE_FD && i < o->nlinks; i++)
		if (o->links[i].device_name && strcmp(o->links[i].device_name, name) == 0)
			return options_bad(err, "%s %s: given twice; leave one out", r->name, name);
	if (o->nlinks == OPT_LINKS_MAX)
		return options_bad(err, "%s %s: too many devices; %d are allowed", r->name, name,
			   OPT_LINKS_MAX);
	l = &o->links[o->nlinks++]; /* the first has what was said before it, too */
	l->device = kind;
	l->device_name = kind == OPT_DEVICE_FD ? NULL : name;
	l->device_fd = (int)fd;
	return OPT_RUN;
}

static const char *const addr_words[] = { [OPT_ADDR_GIVEN] = "A/L",
					  [OPT_ADDR_DHCP] = "dhcp",
					  [OPT_ADDR_AUTO] = "auto",
					  [OPT_ADDR_LINK_LOCAL] = "link-local" };

static enum opt_outcome acd(struct options *o, const struct rule *rule, const char *text, char *err)
{
	struct opt_link *l = options_link(o);
	static const char *const words[] = { [OPT_ACD_OFF] = "off",
					     [OPT_ACD_DEFEND] = "defend",
					     [OPT_ACD_CEDE] = "cede",
					     [OPT_ACD_INSIST] = "insist" };

	(void)rule;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strcmp(text, words[i]) == 0) {
			l->acd = (enum opt_acd)i;
			return OPT_RUN;
		}
	}
	return options_bad(err, "--acd %s: no such word; write off, defend, cede or insist", text);
}

static enum opt_outcome hostname(struct options *o, const struct rule *rule, const char *text,
				 char *err)
{
	struct opt_link *l = options_link(o);
	static const char right[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";

	(void)rule;
	if (!*text || strlen(text) > 255 || text[strspn(text, right)])
		return options_bad(err,
			   "--hostname %.64s: write 1 to 255 letters, digits, hyphens and dots", text);
	l->hostname = text;
	return OPT_RUN;
}

static enum opt_outcome addr(struct options *o, const struct rule *rule, const char *text,
			     char *err)
{
	struct opt_link *l = options_link(o);
	struct opt_addr *a = &l->addrs[l->naddrs];
	const char *slash = strchr(text, '/');
	uint64_t n = 0;
	bool parsed;

	(void)rule;
	for (size_t i = OPT_ADDR_DHCP; i < ARRAY_LEN(addr_words); i++) {
		if (strcmp(text, addr_words[i]) != 0)
			continue;
		if (l->addr_from != OPT_ADDR_GIVEN && l->addr_from != (enum opt_addr_from)i)
			return options_bad(err, "--addr %s: there is --addr %s already; write one of them",
				   text, addr_words[l->addr_from]);
		l->addr_from = (enum opt_addr_from)i;
		return OPT_RUN;
	}
	if (l->naddrs == OPT_ADDRS_MAX)
		return options_bad(err, "--addr %s: too many; %d are allowed", text, OPT_ADDRS_MAX);
	if (slash && !text_number(slash + 1, 0, 128, &n))
		return options_bad(err, "--addr %s: %s is not a prefix length; write a number of 0 to 32",
			   text, slash + 1);
	if (slash && n > 32 && !strchr(text, ':'))
		return options_bad(err, "--addr %s: an IPv4 prefix has at most 32 bits; write /24, say",
			   text);
	parsed = slash && text_prefix(text, &a->ip, &a->prefix);
	if (!slash && text_prefix(text, &a->ip, &a->prefix))
		return options_bad(err, "--addr %s: the prefix length is missing; write %s/%d", text, text,
			   ph_ip_is4(&a->ip) ? 24 : 64);
	l->naddrs++;
	return need_ip("--addr", text, parsed,
		       "one with its length, like 10.0.0.2/24, or dhcp, auto, link-local", err);
}

static enum opt_outcome ipv6(struct options *o, const struct rule *rule, const char *text,
			     char *err)
{
	struct opt_link *l = options_link(o);
	static const char *const words[] = { [OPT_IPV6_OFF] = "off",
					     [OPT_IPV6_STATIC] = "static",
					     [OPT_IPV6_SLAAC] = "slaac" };

	(void)rule;
	for (size_t i = OPT_IPV6_OFF; i < ARRAY_LEN(words); i++) {
		if (strcmp(text, words[i]) == 0) {
			l->ipv6 = (enum opt_ipv6)i;
			return OPT_RUN;
		}
	}
	return options_bad(err, "--ipv6 %s: no such word; write off, static or slaac", text);
}

/* Room for one more, a default route until more is known; NULL: there is none. */
static struct opt_route *route_new(struct options *o, const char *option, const char *text,
				   char *err)
{
	struct opt_route *r;

	if (o->nroutes == OPT_ROUTES_MAX) {
		(void)options_bad(err, "%s %s: too many routes; %d are allowed", option, text,
			  OPT_ROUTES_MAX);
		return NULL;
	}
	r = &o->routes[o->nroutes++];
	r->text = text;
	r->dst = ph_ip4(0, 0, 0, 0);
	r->is_default = true;
	r->link = o->nlinks > 0 ? o->nlinks - 1 : 0;
	r->metric = (uint32_t)r->link * OPT_GATEWAY_METRIC;
	return r;
}

/* A default route is of its gateway's family; another must be. */
static enum opt_outcome need_gateway(struct opt_route *r, const char *option, const char *text,
				     const char *via, const char *example, char *err)
{
	static const struct ph_ip none;
	bool parsed = text_ip(via, &r->gateway);

	if (!parsed)
		return need_ip(option, text, false, example, err);
	if (r->is_default)
		r->dst = ph_ip_is4(&r->gateway) ? ph_ip4(0, 0, 0, 0) : none;
	if (ph_ip_is4(&r->dst) != ph_ip_is4(&r->gateway))
		return options_bad(err,
			   "%s %s: a destination and a next hop of two families; write both as "
			   "IPv4 or both as IPv6",
			   option, text);
	return OPT_RUN;
}

static enum opt_outcome gateway(struct options *o, const struct rule *rule, const char *text,
				char *err)
{
	struct opt_route *r = route_new(o, "--gateway", text, err);

	(void)rule;
	if (!r)
		return OPT_BAD;
	r->has_gateway = true;
	return need_gateway(r, "--gateway", text, text, "one without a length, like 10.0.0.1", err);
}

static enum opt_outcome route(struct options *o, const struct rule *rule, const char *text,
			      char *err)
{
	static const char example[] = "D.E.F.G/LENGTH,via=A.B.C.D, like 10.9.0.0/16,via=10.0.0.1";
	const char *end = strstr(text, ",metric="), *comma = strchr(text, ',');
	struct opt_route *r = route_new(o, "--route", text, err);
	enum opt_outcome rc = OPT_RUN;
	char dst[64], via[64] = "";
	uint64_t metric = 0;
	size_t len;

	(void)rule;
	if (!r)
		return OPT_BAD;
	if (end)
		rc = options_number("--route ...,metric", end + 8, 0, UINT32_MAX, &metric, err);
	if (rc == OPT_BAD)
		return rc;
	if (end)
		r->metric = (uint32_t)metric;
	if (comma == end)
		comma = NULL;
	len = comma ? (size_t)(comma - text) : end ? (size_t)(end - text) : strlen(text);
	if (len >= sizeof(dst) || (comma && strncmp(comma, ",via=", 5) != 0))
		return options_bad(err, "--route %s: not a destination and a next hop; write %s", text,
			   example);
	memcpy(dst, text, len);
	dst[len] = '\0';
	if (strcmp(dst, "default") != 0) {
		r->is_default = false;
		rc = need_ip("--route", text, text_prefix(dst, &r->dst, &r->prefix), example, err);
		if (rc == OPT_BAD)
			return rc;
	}
	if (!comma)
		return OPT_RUN;
	r->has_gateway = true;
	comma += 5;
	len = end ? (size_t)(end - comma) : strlen(comma);
	memcpy(via, comma, len < sizeof(via) ? len : 0);
	return need_gateway(r, "--route", text, via, example, err);
}

static enum opt_outcome mac(struct options *o, const struct rule *rule, const char *text, char *err)
{
	struct opt_link *l = options_link(o);
	static const uint8_t none[6];

	(void)rule;
	if (!text_mac(text, l->mac))
		return options_bad(
			err,
			"--mac %s: not a hardware address; write six bytes like 02:00:00:00:00:02",
			text);
	if (l->mac[0] & 1 || memcmp(l->mac, none, 6) == 0)
		return options_bad(err,
			   "--mac %s: a host's address is not %s; write one like 02:00:00:00:00:02",
			   text, l->mac[0] & 1 ? "a group's" : "all zero");
	l->has_mac = true;
	return OPT_RUN;
}

static enum opt_outcome mtu(struct options *o, const struct rule *r, const char *arg, char *err)
{
	struct opt_link *l = options_link(o);
	uint64_t n = 0;
	enum opt_outcome rc = options_number(r->name, arg, 68, 65535, &n, err);

	l->mtu = (uint16_t)n;
	return rc;
}

static enum opt_outcome dhcp_wait(struct options *o, const struct rule *r, const char *arg,
				  char *err)
{
	struct opt_link *l = options_link(o);
	uint64_t n = 0;
	enum opt_outcome rc = options_number(r->name, arg, 1, 10000, &n, err);

	l->dhcp_wait_ms = (uint32_t)n;
	return rc;
}

static enum opt_outcome offload(struct options *o, const struct rule *r, const char *arg, char *err)
{
	struct opt_link *l = options_link(o);

	return on_off(r, arg, &l->offload, err);
}

static enum opt_outcome gro(struct options *o, const struct rule *r, const char *arg, char *err)
{
	struct opt_link *l = options_link(o);

	return on_off(r, arg, &l->gro, err);
}

static enum opt_outcome flag(struct options *o, const struct rule *r, const char *arg, char *err)
{
	(void)arg, (void)err;
	*(bool *)((char *)options_link(o) + r->field) = true;
	return OPT_RUN;
}

static enum opt_outcome lease(struct options *o, const struct rule *r, const char *arg, char *err)
{
	if (!*arg)
		return options_bad(err, "%s: its value is empty; write a path", r->name);
	for (size_t i = 0; i + 1 < o->nlinks; i++)
		if (o->links[i].lease && strcmp(o->links[i].lease, arg) == 0)
			return options_bad(err, "%s %s: another device has this file; name one for each",
				   r->name, arg);
	options_link(o)->lease = arg;
	return OPT_RUN;
}

static enum opt_outcome together_addr(const struct opt_link *l, char *err)
{
	bool dhcp = l->addr_from == OPT_ADDR_DHCP || l->addr_from == OPT_ADDR_AUTO;
	const char *of_dhcp = l->lease		? "--lease"
			      : l->hostname	? "--hostname"
			      : l->dhcp_routes	? "--dhcp-routes"
			      : l->dhcp_mtu	? "--dhcp-mtu"
			      : l->dhcp_wait_ms ? "--dhcp-wait"
						: NULL;

	if (of_dhcp && !dhcp)
		return options_bad(err, "%s is for DHCP; write --addr dhcp or --addr auto too", of_dhcp);
	if (l->device == OPT_DEVICE_TUN && (l->addr_from != OPT_ADDR_GIVEN || l->acd != OPT_ACD_OFF))
		return options_bad(err, "%s: a TUN has no Ethernet, and nobody to ask; write --addr A/L%s",
			   l->acd != OPT_ACD_OFF ? "--acd" : "--addr", ", or --tap");
	return OPT_RUN;
}

/* What needs, or excludes, what. */
static enum opt_outcome together(const struct opt_link *l, char *err)
{
	if (l->naddrs == 0 && l->ipv6 <= OPT_IPV6_OFF && l->addr_from == OPT_ADDR_GIVEN)
		return options_bad(err,
			   "no address%s%s; write --addr A/L, like --addr 10.0.0.2/24, --addr auto, "
			   "or --ipv6 slaac",
			   l->device_name ? " for " : "", l->device_name ? l->device_name : "");
	if (together_addr(l, err) == OPT_BAD)
		return OPT_BAD;
	for (size_t i = 0; i < l->naddrs; i++)
		if (!ph_ip_is4(&l->addrs[i].ip) && l->ipv6 == OPT_IPV6_OFF)
			return options_bad(err, "--ipv6 off says that no --addr is of IPv6; leave one out");
	if (l->device == OPT_DEVICE_TUN && l->has_mac)
		return options_bad(err, "--mac: a TUN has no Ethernet; leave --mac out, or write --tap");
	return OPT_RUN;
}

enum opt_outcome options_links_together(const struct options *o, char *err)
{
	enum opt_outcome rc = OPT_RUN;

	if (o->nlinks == 0)
		return options_bad(err, "no device; write --tap NAME, --tun NAME or --tap-fd N");
	for (size_t i = 0; i < o->nlinks && rc == OPT_RUN; i++)
		rc = together(&o->links[i], err);
	return rc;
}

void options_links_init(struct options *o)
{
	for (size_t i = 0; i < OPT_LINKS_MAX; i++)
		o->links[i].offload = o->links[i].gro = true;
}

#define FIELD(x) offsetof(struct opt_link, x)

static const struct rule rules[] = {
	{ "--tap", true, device, 0 },
	{ "--tun", true, device, 0 },
	{ "--tap-fd", true, device, 0 },
	{ "--mac", true, mac, 0 },
	{ "--mtu", true, mtu, 0 },
	{ "--offload", true, offload, 0 },
	{ "--gro", true, gro, 0 },
	{ "--addr", true, addr, 0 },
	{ "--acd", true, acd, 0 },
	{ "--lease", true, lease, 0 },
	{ "--hostname", true, hostname, 0 },
	{ "--dhcp-routes", false, flag, FIELD(dhcp_routes) },
	{ "--dhcp-mtu", false, flag, FIELD(dhcp_mtu) },
	{ "--dhcp-wait", true, dhcp_wait, 0 },
	{ "--ipv6", true, ipv6, 0 },
	{ "--gateway", true, gateway, 0 },
	{ "--route", true, route, 0 },
};

const struct rule *options_link_rule(size_t i)
{
	return i < ARRAY_LEN(rules) ? &rules[i] : NULL;
}
