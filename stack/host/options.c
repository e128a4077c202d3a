/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line. See options.h; one function per option that has something to judge. */
#define _GNU_SOURCE 1
#include "host/options.h"

#include <getopt.h>
#include <stddef.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/list.h"
#include "host/service.h"
#include "host/text.h"

struct rule { /* one option */
	const char *name;
	bool value; /* it takes one */
	enum opt_outcome (*take)(struct options *o, const struct rule *r, const char *arg,
				 char *err);
	size_t field; /* of struct options, for the plain kinds */
};

static const char help[] =
	"usage: phantom DEVICE --addr A/L [OPTION]...\n"
	"       phantom ctl PATH COMMAND [ARGUMENT]...     (phantom ctl --help)\n"
	"\n"
	"A TCP/IP host in user space, on a TAP or TUN device, with an address of its own.\n"
	"\n"
	"Device:\n"
	"  --tap NAME           a TAP: made if it is not there, its kernel side brought up\n"
	"  --tun NAME           a TUN: IP packets without Ethernet\n"
	"  --tap-fd N           an open descriptor that gives one Ethernet frame a read\n"
	"  --mac MAC            hardware address; default: made from NAME and the first --addr\n"
	"  --mtu N              68 to 65535; default: the device's\n"
	"  --offload on|off     checksums and segmentation left to the device; default: on.\n"
	"                       off shows in captures what a wire would carry\n"
	"  --gro on|off         one ACK for the segments of a batch, as Linux's GRO has it;\n"
	"                       default: on. off acknowledges every second one\n"
	"Network:\n"
	"  --addr A/L           an address with its prefix length; may be repeated\n"
	"  --addr dhcp          one that a server leases (DHCPv4)\n"
	"  --addr auto          the same, and while no server answers a link-local one\n"
	"  --addr link-local    one of 169.254/16 that nobody else has (RFC 3927)\n"
	"  --acd off|defend|cede|insist\n"
	"                       ask the network before the IPv4 --addr is used (RFC 5227), and when\n"
	"                       another host takes it: defend it once, give way, never give way.\n"
	"                       Default: off, it is used at once\n"
	"  --lease FILE         where the lease and our identity are kept, to ask for the same\n"
	"                       address again; without it the lease is given back at the end\n"
	"  --hostname NAME      told to the DHCP server\n"
	"  --dhcp-routes        take the server's classless routes, which can lead all traffic away\n"
	"  --dhcp-mtu           let the server lower the MTU\n"
	"  --dhcp-wait MS       longest random wait before the first question; default: 10000\n"
	"  --ipv6 off|static|slaac\n"
	"                       none; a link-local address and the --addr of it; what routers\n"
	"                       say as well. Default: static with an --addr of it, else off\n"
	"  --gateway A          next hop of the default route of its family\n"
	"  --route D/L[,via=A]  a route, on-link without via; D/L may be \"default\";\n"
	"                       may be repeated\n"
	"  --sysctl NAME=VALUE  as Linux names them; may be repeated\n"
	"  --list-sysctls       names, bounds and meanings, and exit\n"
	"Services:\n"
	"  --serve [tcp-|udp-]SERVICE:PORT[:ARG]\n"
	"                       over both where it exists for both; may be repeated:\n"
	"                       echo discard daytime chargen (TCP and UDP), http (TCP),\n"
	"                       sink:PORT[:count] (TCP: counts, at the end prints\n"
	"                       \"sink N bytes fnv64 HASH\"), source:PORT[:BYTES] (TCP: sends a\n"
	"                       pattern). The echo service draws for the words monkey, monkeys.\n"
	"                       forward:PORT:ADDRESS:PORT or forward:PORT:unix:PATH (TCP:\n"
	"                       carries on to a socket of the kernel's)\n"
	"  --dial LOCAL=A:PORT  the other way: listens at LOCAL (127.0.0.1:8080, [::1]:8080 or\n"
	"                       unix:PATH) for this machine's programs and carries each of their\n"
	"                       connections on to A:PORT by phantom's TCP; may be repeated\n"
	"  --socks LOCAL        the same, to wherever the program asks by SOCKS 5, by address:\n"
	"                       curl --socks5 127.0.0.1:1080 http://10.0.0.1/\n"
	"Client, instead of services:\n"
	"  --connect A:PORT     standard input to the connection, the connection to standard\n"
	"                       output; ends when both ends have closed\n"
	"  --connect-udp A:PORT a line is a datagram\n"
	"  --send-bytes N[kMG]  send N bytes of the pattern instead of standard input\n"
	"  --receive            count and fingerprint what comes instead of writing it; without\n"
	"                       --send-bytes nothing is sent\n"
	"  --stay               when the connection has ended remain a host until SIGTERM\n"
	"Seeing inside:\n"
	"  --pcap FILE          both directions as pcapng, drop reasons as comments\n"
	"  --trace FILE         events as JSON lines\n"
	"  --control PATH       a Unix socket for phantom ctl\n"
	"  --stats              counters on standard error at the end\n"
	"Running:\n"
	"  --busy-poll          never sleep: lower latency, one core\n"
	"  --ready-fd N         write \"ready\" to this descriptor, not to standard error\n"
	"  --grace MS           how long connections may take to close at the end; default: 1000\n"
	"  --seed HEX           key for ports and sequence numbers, so that a run repeats;\n"
	"                       default: random\n"
	"  --stable-secret HEX  16 bytes from which IPv6 identifiers are made, so that addresses\n"
	"                       are the same after a restart (RFC 7217); default: random\n"
	"  --limit NAME=N       memory (bytes), sockets, connections, timewait, neighbours,\n"
	"                       routes, reassemblies\n"
	"  --help, --version\n"
	"\n"
	"SIGTERM and SIGINT close every connection and end the program.\n"
	"Exit status: 0 done, 1 failed, 2 wrong usage.\n";

static enum opt_outcome bad(char *err, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static enum opt_outcome bad(char *err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(err, OPT_ERROR, format, args);
	va_end(args);
	return OPT_BAD;
}

bool options_ipv6(const struct options *o)
{
	for (size_t i = 0; i < o->naddrs; i++)
		if (!ph_ip_is4(&o->addrs[i].ip))
			return true;
	return o->ipv6 > OPT_IPV6_OFF;
}

const char *options_help(void)
{
	return help;
}

static enum opt_outcome need_ip(const char *option, const char *text, bool parsed,
				const char *example, char *err)
{
	if (parsed)
		return OPT_RUN;
	return bad(err,
		   "%s %s: not an IPv4 address of four numbers, 0 to 255, nor an IPv6 one; write "
		   "%s",
		   option, text, example);
}

static enum opt_outcome device(struct options *o, const struct rule *r, const char *name, char *err)
{
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

	if (o->device != OPT_DEVICE_NONE)
		return bad(err, "%s %s: there is a %s already; give one device", r->name, name,
			   words[o->device]);
	if (kind == OPT_DEVICE_FD && !text_number(name, 0, 1 << 20, &fd))
		return bad(err, "--tap-fd %s: not a descriptor; write the number of an open one",
			   name);
	if (kind != OPT_DEVICE_FD &&
	    (!*name || strlen(name) > 15 || strpbrk(name, "/ \t%") || strcmp(name, ".") == 0))
		return bad(
			err,
			"%s %s: not a device name; write 1 to 15 characters without / and spaces",
			r->name, name);
	o->device = kind;
	o->device_name = name;
	o->device_fd = (int)fd;
	return OPT_RUN;
}

static const char *const addr_words[] = { [OPT_ADDR_GIVEN] = "A/L",
					  [OPT_ADDR_DHCP] = "dhcp",
					  [OPT_ADDR_AUTO] = "auto",
					  [OPT_ADDR_LINK_LOCAL] = "link-local" };

static enum opt_outcome acd(struct options *o, const struct rule *rule, const char *text, char *err)
{
	static const char *const words[] = { [OPT_ACD_OFF] = "off",
					     [OPT_ACD_DEFEND] = "defend",
					     [OPT_ACD_CEDE] = "cede",
					     [OPT_ACD_INSIST] = "insist" };

	(void)rule;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strcmp(text, words[i]) == 0) {
			o->acd = (enum opt_acd)i;
			return OPT_RUN;
		}
	}
	return bad(err, "--acd %s: no such word; write off, defend, cede or insist", text);
}

static enum opt_outcome hostname(struct options *o, const struct rule *rule, const char *text,
				 char *err)
{
	static const char right[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";

	(void)rule;
	if (!*text || strlen(text) > 255 || text[strspn(text, right)])
		return bad(err,
			   "--hostname %.64s: write 1 to 255 letters, digits, hyphens and dots", text);
	o->hostname = text;
	return OPT_RUN;
}

static enum opt_outcome addr(struct options *o, const struct rule *rule, const char *text,
			     char *err)
{
	struct opt_addr *a = &o->addrs[o->naddrs];
	const char *slash = strchr(text, '/');
	uint64_t n = 0;
	bool parsed;

	(void)rule;
	for (size_t i = OPT_ADDR_DHCP; i < ARRAY_LEN(addr_words); i++) {
		if (strcmp(text, addr_words[i]) != 0)
			continue;
		if (o->addr_from != OPT_ADDR_GIVEN && o->addr_from != (enum opt_addr_from)i)
			return bad(err, "--addr %s: there is --addr %s already; write one of them",
				   text, addr_words[o->addr_from]);
		o->addr_from = (enum opt_addr_from)i;
		return OPT_RUN;
	}
	if (o->naddrs == OPT_ADDRS_MAX)
		return bad(err, "--addr %s: too many; %d are allowed", text, OPT_ADDRS_MAX);
	if (slash && !text_number(slash + 1, 0, 128, &n))
		return bad(err, "--addr %s: %s is not a prefix length; write a number of 0 to 32",
			   text, slash + 1);
	if (slash && n > 32 && !strchr(text, ':'))
		return bad(err, "--addr %s: an IPv4 prefix has at most 32 bits; write /24, say",
			   text);
	parsed = slash && text_prefix(text, &a->ip, &a->prefix);
	if (!slash && text_prefix(text, &a->ip, &a->prefix))
		return bad(err, "--addr %s: the prefix length is missing; write %s/%d", text, text,
			   ph_ip_is4(&a->ip) ? 24 : 64);
	o->naddrs++;
	return need_ip("--addr", text, parsed,
		       "one with its length, like 10.0.0.2/24, or dhcp, auto, link-local", err);
}

static enum opt_outcome ipv6(struct options *o, const struct rule *rule, const char *text,
			     char *err)
{
	static const char *const words[] = { [OPT_IPV6_OFF] = "off",
					     [OPT_IPV6_STATIC] = "static",
					     [OPT_IPV6_SLAAC] = "slaac" };

	(void)rule;
	for (size_t i = OPT_IPV6_OFF; i < ARRAY_LEN(words); i++) {
		if (strcmp(text, words[i]) == 0) {
			o->ipv6 = (enum opt_ipv6)i;
			return OPT_RUN;
		}
	}
	return bad(err, "--ipv6 %s: no such word; write off, static or slaac", text);
}

/* Room for one more, a default route until more is known; NULL: there is none. */
static struct opt_route *route_new(struct options *o, const char *option, const char *text,
				   char *err)
{
	struct opt_route *r;

	if (o->nroutes == OPT_ROUTES_MAX) {
		(void)bad(err, "%s %s: too many routes; %d are allowed", option, text,
			  OPT_ROUTES_MAX);
		return NULL;
	}
	r = &o->routes[o->nroutes++];
	r->text = text;
	r->dst = ph_ip4(0, 0, 0, 0);
	r->is_default = true;
	return r;
}

/* A default route is of its gateway's family; another must be. */
static enum opt_outcome need_gateway(struct opt_route *r, const char *option, const char *text,
				     const char *example, char *err)
{
	static const struct ph_ip none;
	const char *comma = strchr(text, ',');
	bool parsed = text_ip(comma ? comma + 5 : text, &r->gateway);

	if (!parsed)
		return need_ip(option, text, false, example, err);
	if (r->is_default)
		r->dst = ph_ip_is4(&r->gateway) ? ph_ip4(0, 0, 0, 0) : none;
	if (ph_ip_is4(&r->dst) != ph_ip_is4(&r->gateway))
		return bad(err,
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
	return need_gateway(r, "--gateway", text, "one without a length, like 10.0.0.1", err);
}

static enum opt_outcome route(struct options *o, const struct rule *rule, const char *text,
			      char *err)
{
	static const char example[] = "D.E.F.G/LENGTH,via=A.B.C.D, like 10.9.0.0/16,via=10.0.0.1";
	const char *comma = strchr(text, ',');
	size_t len = comma ? (size_t)(comma - text) : strlen(text);
	struct opt_route *r = route_new(o, "--route", text, err);
	char dst[64];
	enum opt_outcome rc;

	(void)rule;
	if (!r)
		return OPT_BAD;
	if (len >= sizeof(dst) || (comma && strncmp(comma, ",via=", 5) != 0))
		return bad(err, "--route %s: not a destination and a next hop; write %s", text,
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
	return need_gateway(r, "--route", text, example, err);
}

static enum opt_outcome mac(struct options *o, const struct rule *rule, const char *text, char *err)
{
	static const uint8_t none[6];

	(void)rule;
	if (!text_mac(text, o->mac))
		return bad(
			err,
			"--mac %s: not a hardware address; write six bytes like 02:00:00:00:00:02",
			text);
	if (o->mac[0] & 1 || memcmp(o->mac, none, 6) == 0)
		return bad(err,
			   "--mac %s: a host's address is not %s; write one like 02:00:00:00:00:02",
			   text, o->mac[0] & 1 ? "a group's" : "all zero");
	o->has_mac = true;
	return OPT_RUN;
}

static enum opt_outcome number(const char *option, const char *text, uint64_t min, uint64_t max,
			       uint64_t *out, char *err)
{
	if (text_number(text, min, max, out))
		return OPT_RUN;
	return bad(err, "%s %s: write a number of %llu to %llu", option, text,
		   (unsigned long long)min, (unsigned long long)max);
}

/* The argument after the port. */
static enum opt_outcome serve_arg(struct opt_serve *s, const char *arg, char *err)
{
	if (!s->service->arg)
		return bad(err, "--serve %s: %s takes nothing after its port; write %s:%u", s->text,
			   s->service->name, s->service->name, s->port);
	if (!s->service->arg(arg, &s->arg))
		return bad(err, "--serve %s: %s is wrong; write %s", s->text, arg,
			   s->service->arg_right);
	s->has_arg = true;
	s->arg_text = arg;
	return OPT_RUN;
}

static enum opt_outcome serve(struct options *o, const struct rule *rule, const char *text,
			      char *err)
{
	struct opt_serve *s = &o->serves[o->nserves];
	const char *name = text;
	const char *colon = strchr(text, ':');
	const char *arg = colon ? strchr(colon + 1, ':') : NULL;
	char port[8] = "";
	uint64_t n;
	size_t len;

	(void)rule;
	if (o->nserves == OPT_SERVES_MAX)
		return bad(err, "--serve %s: too many; %d are allowed", text, OPT_SERVES_MAX);
	s->text = text;
	s->tcp = strncmp(text, "udp-", 4) != 0;
	s->udp = strncmp(text, "tcp-", 4) != 0;
	if (!s->tcp || !s->udp)
		name += 4;
	if (!colon)
		return bad(err, "--serve %s: the port is missing; write %s:PORT, like echo:7", text,
			   text);
	s->service = service_find(name, (size_t)(colon - name));
	if (!s->service)
		return bad(
			err,
			"--serve %s: no service %.*s; there are echo, discard, daytime, chargen, "
			"sink, source, http and forward, also as tcp-NAME or udp-NAME",
			text, (int)(colon - name), name);
	len = arg ? (size_t)(arg - colon - 1) : strlen(colon + 1);
	if (len < sizeof(port))
		memcpy(port, colon + 1, len);
	if (!text_number(port, 1, 65535, &n))
		return bad(err, "--serve %s: %.*s is not a port; write a number of 1 to 65535",
			   text, (int)len, colon + 1);
	s->port = (uint16_t)n;
	if (!s->tcp && !s->service->datagram)
		return bad(err, "--serve %s: %s is not served over UDP; write tcp-%s:%u", text,
			   s->service->name, s->service->name, s->port);
	if (s->udp && !s->service->datagram)
		s->udp = false;
	if (!arg && s->service->arg_needed)
		return bad(err, "--serve %s: what comes after the port is missing; write %s", text,
			   s->service->arg_right);
	o->nserves++;
	return arg ? serve_arg(s, arg + 1, err) : OPT_RUN;
}

static enum opt_outcome sysctl(struct options *o, const struct rule *rule, const char *text,
			       char *err)
{
	struct opt_sysctl *s = &o->sysctls[o->nsysctls];
	const char *equals = strchr(text, '=');
	size_t len = equals ? (size_t)(equals - text) : 0;

	(void)rule;
	if (o->nsysctls == OPT_SYSCTLS_MAX)
		return bad(err, "--sysctl %s: too many; %d are allowed", text, OPT_SYSCTLS_MAX);
	if (len == 0 || len >= sizeof(s->name) || !equals[1])
		return bad(err, "--sysctl %s: write NAME=VALUE, like net.ipv4.tcp_timestamps=0",
			   text);
	memcpy(s->name, text, len);
	s->name[len] = '\0';
	s->value = equals + 1;
	o->nsysctls++;
	return OPT_RUN;
}

static enum opt_outcome limit(struct options *o, const struct rule *rule, const char *text,
			      char *err)
{
	const struct {
		const char *name;
		uint32_t *value;
	} limits[] = {
		{ "sockets", &o->limits.max_sockets },
		{ "connections", &o->limits.max_connections },
		{ "timewait", &o->limits.max_timewait },
		{ "neighbours", &o->limits.max_neighbours },
		{ "routes", &o->limits.max_routes },
		{ "reassemblies", &o->limits.max_reassemblies },
	};
	const char *equals = strchr(text, '=');
	size_t len = equals ? (size_t)(equals - text) : 0;
	uint64_t n;

	(void)rule;
	if (len == 6 && memcmp(text, "memory", 6) == 0) {
		if (!text_size(equals + 1, &n) || n == 0)
			return bad(err, "--limit %s: write a number of bytes, like memory=64M",
				   text);
		o->limits.mem_limit = n;
		return OPT_RUN;
	}
	for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
		if (strlen(limits[i].name) != len || memcmp(limits[i].name, text, len) != 0)
			continue;
		if (!text_number(equals + 1, 1, UINT32_MAX, &n))
			return bad(err, "--limit %s: write a number of 1 to 4294967295", text);
		*limits[i].value = (uint32_t)n;
		return OPT_RUN;
	}
	return bad(err,
		   "--limit %s: write NAME=N with NAME memory, sockets, connections, timewait, "
		   "neighbours, routes or reassemblies",
		   text);
}

static enum opt_outcome peer(struct options *o, const struct rule *r, const char *text, char *err)
{
	bool udp = strcmp(r->name, "--connect-udp") == 0;

	if (o->connect || o->connect_udp)
		return bad(err, "%s %s: there is a peer already; give one", r->name, text);
	if (!text_endpoint(text, &o->peer))
		return bad(err,
			   "%s %s: not an address and a port; write A.B.C.D:PORT, like 10.0.0.1:7, or "
			   "[A]:PORT for IPv6",
			   r->name, text);
	*(udp ? &o->connect_udp : &o->connect) = true;
	return OPT_RUN;
}

static enum opt_outcome dial(struct options *o, const struct rule *r, const char *text, char *err)
{
	struct opt_dial *d = &o->dials[o->ndials];
	const char *equals = strrchr(text, '=');

	if (o->ndials == OPT_DIALS_MAX)
		return bad(err, "%s %s: too many; %d are allowed", r->name, text, OPT_DIALS_MAX);
	d->text = text;
	d->socks = strcmp(r->name, "--socks") == 0;
	if (!d->socks && (!equals || !text_endpoint(equals + 1, &d->peer)))
		return bad(err,
			   "--dial %s: whom to connect to is missing; write LOCAL=A:PORT, like "
			   "127.0.0.1:8080=10.0.0.1:80",
			   text);
	d->at_len = kaddr_parse_part(text, d->socks ? strlen(text) : (size_t)(equals - text),
				     &d->at);
	if (d->at_len == 0)
		return bad(err,
			   "%s %s: not where to listen; write 127.0.0.1:PORT, [::1]:PORT or "
			   "unix:PATH%s",
			   r->name, text, d->socks ? "" : " before the =");
	o->ndials++;
	return OPT_RUN;
}

static enum opt_outcome mtu(struct options *o, const struct rule *r, const char *arg, char *err)
{
	uint64_t n = 0;
	enum opt_outcome rc = number(r->name, arg, 68, 65535, &n, err);

	o->mtu = (uint16_t)n;
	return rc;
}

static enum opt_outcome dhcp_wait(struct options *o, const struct rule *r, const char *arg,
				  char *err)
{
	uint64_t n = 0;
	enum opt_outcome rc = number(r->name, arg, 1, 10000, &n, err);

	o->dhcp_wait_ms = (uint32_t)n;
	return rc;
}

static enum opt_outcome ready_fd(struct options *o, const struct rule *r, const char *arg,
				 char *err)
{
	uint64_t n = 0;
	enum opt_outcome rc = number(r->name, arg, 0, 1 << 20, &n, err);

	o->ready_fd = (int)n;
	return rc;
}

static enum opt_outcome grace(struct options *o, const struct rule *r, const char *arg, char *err)
{
	uint64_t n = 0;
	enum opt_outcome rc = number(r->name, arg, 0, 600000, &n, err);

	o->grace_ns = n * 1000000;
	return rc;
}

static enum opt_outcome on_off(const struct rule *r, const char *arg, bool *on, char *err)
{
	*on = strcmp(arg, "on") == 0;
	if (!*on && strcmp(arg, "off") != 0)
		return bad(err, "%s %s: write on or off", r->name, arg);
	return OPT_RUN;
}

static enum opt_outcome offload(struct options *o, const struct rule *r, const char *arg, char *err)
{
	return on_off(r, arg, &o->offload, err);
}

static enum opt_outcome gro(struct options *o, const struct rule *r, const char *arg, char *err)
{
	return on_off(r, arg, &o->gro, err);
}

static enum opt_outcome send_bytes(struct options *o, const struct rule *r, const char *arg,
				   char *err)
{
	o->has_send = true;
	if (!text_size(arg, &o->send_bytes))
		return bad(err, "%s %s: write a number of bytes, like 100000 or 64M", r->name, arg);
	return OPT_RUN;
}

static enum opt_outcome stable_secret(struct options *o, const struct rule *r, const char *arg,
				      char *err)
{
	uint8_t key[32];

	if (strlen(arg) != 2 * sizeof(o->stable_secret) || !text_key(arg, key))
		return bad(err, "%s %s: write 16 bytes as 32 hexadecimal digits", r->name, arg);
	memcpy(o->stable_secret, key, sizeof(o->stable_secret));
	return OPT_RUN;
}

static enum opt_outcome seed(struct options *o, const struct rule *r, const char *arg, char *err)
{
	o->has_key = true;
	if (!text_key(arg, o->key))
		return bad(err, "%s %s: write 1 to 32 bytes as hexadecimal digits, like 00ff17",
			   r->name, arg);
	return OPT_RUN;
}

/* ---- the plain kinds, and the table ------------------------------------------------------- */

static enum opt_outcome flag(struct options *o, const struct rule *r, const char *arg, char *err)
{
	(void)arg, (void)err;
	*(bool *)((char *)o + r->field) = true;
	return OPT_RUN;
}

static enum opt_outcome file(struct options *o, const struct rule *r, const char *arg, char *err)
{
	if (!*arg)
		return bad(err, "%s: its value is empty; write a path", r->name);
	*(const char **)(void *)((char *)o + r->field) = arg;
	return OPT_RUN;
}

/* What ends the program at once; the field is the outcome. */
static enum opt_outcome show(struct options *o, const struct rule *r, const char *arg, char *err)
{
	(void)o, (void)arg, (void)err;
	return (enum opt_outcome)r->field;
}

#define FIELD(x) offsetof(struct options, x)

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
	{ "--lease", true, file, FIELD(lease) },
	{ "--hostname", true, hostname, 0 },
	{ "--dhcp-routes", false, flag, FIELD(dhcp_routes) },
	{ "--dhcp-mtu", false, flag, FIELD(dhcp_mtu) },
	{ "--dhcp-wait", true, dhcp_wait, 0 },
	{ "--ipv6", true, ipv6, 0 },
	{ "--gateway", true, gateway, 0 },
	{ "--route", true, route, 0 },
	{ "--sysctl", true, sysctl, 0 },
	{ "--serve", true, serve, 0 },
	{ "--dial", true, dial, 0 },
	{ "--socks", true, dial, 0 },
	{ "--connect", true, peer, 0 },
	{ "--connect-udp", true, peer, 0 },
	{ "--send-bytes", true, send_bytes, 0 },
	{ "--receive", false, flag, FIELD(receive) },
	{ "--stay", false, flag, FIELD(stay) },
	{ "--pcap", true, file, FIELD(pcap) },
	{ "--trace", true, file, FIELD(trace) },
	{ "--control", true, file, FIELD(control) },
	{ "--stats", false, flag, FIELD(stats) },
	{ "--busy-poll", false, flag, FIELD(busy_poll) },
	{ "--ready-fd", true, ready_fd, 0 },
	{ "--grace", true, grace, 0 },
	{ "--seed", true, seed, 0 },
	{ "--stable-secret", true, stable_secret, 0 },
	{ "--limit", true, limit, 0 },
	{ "--help", false, show, OPT_HELP },
	{ "--version", false, show, OPT_VERSION },
	{ "--list-sysctls", false, show, OPT_LIST_SYSCTLS },
};

enum { RULES = sizeof(rules) / sizeof(rules[0]) };

static enum opt_outcome together_addr(const struct options *o, char *err)
{
	bool dhcp = o->addr_from == OPT_ADDR_DHCP || o->addr_from == OPT_ADDR_AUTO;
	const char *of_dhcp = o->lease		? "--lease"
			      : o->hostname	? "--hostname"
			      : o->dhcp_routes	? "--dhcp-routes"
			      : o->dhcp_mtu	? "--dhcp-mtu"
			      : o->dhcp_wait_ms ? "--dhcp-wait"
						: NULL;

	if (of_dhcp && !dhcp)
		return bad(err, "%s is for DHCP; write --addr dhcp or --addr auto too", of_dhcp);
	if (o->device == OPT_DEVICE_TUN && (o->addr_from != OPT_ADDR_GIVEN || o->acd != OPT_ACD_OFF))
		return bad(err, "%s: a TUN has no Ethernet, and nobody to ask; write --addr A/L%s",
			   o->acd != OPT_ACD_OFF ? "--acd" : "--addr", ", or --tap");
	return OPT_RUN;
}

/* What needs, or excludes, what. */
static enum opt_outcome together(const struct options *o, char *err)
{
	if (o->device == OPT_DEVICE_NONE)
		return bad(err, "no device; write --tap NAME, --tun NAME or --tap-fd N");
	if (o->naddrs == 0 && o->ipv6 <= OPT_IPV6_OFF && o->addr_from == OPT_ADDR_GIVEN)
		return bad(err, "no address; write --addr A/L, like --addr 10.0.0.2/24, --addr auto, "
				"or --ipv6 slaac");
	if (together_addr(o, err) == OPT_BAD)
		return OPT_BAD;
	for (size_t i = 0; i < o->naddrs; i++)
		if (!ph_ip_is4(&o->addrs[i].ip) && o->ipv6 == OPT_IPV6_OFF)
			return bad(err, "--ipv6 off says that no --addr is of IPv6; leave one out");
	if ((o->has_send || o->receive || o->stay) && !o->connect && !o->connect_udp)
		return bad(err, "%s is for a client; write --connect A:PORT too",
			   o->has_send	? "--send-bytes"
			   : o->receive ? "--receive"
					: "--stay");
	if (o->connect_udp && (o->has_send || o->receive))
		return bad(err, "%s is for TCP; write --connect A:PORT instead of --connect-udp",
			   o->has_send ? "--send-bytes" : "--receive");
	if (o->device == OPT_DEVICE_TUN && o->has_mac)
		return bad(err, "--mac: a TUN has no Ethernet; leave --mac out, or write --tap");
	return OPT_RUN;
}

enum opt_outcome options_parse(struct options *o, int argc, char **argv, char err[OPT_ERROR])
{
	struct option long_options[RULES + 1] = { { NULL, 0, NULL, 0 } };
	int id;

	for (int i = 0; i < RULES; i++)
		long_options[i] =
			(struct option){ rules[i].name + 2, rules[i].value, NULL, 256 + i };
	memset(o, 0, sizeof(*o));
	o->offload = true;
	o->gro = true;
	o->ready_fd = -1;
	o->grace_ns = 1000000000;
	optind = 0; /* glibc: begin anew */
	while ((id = getopt_long(argc, argv, "+:h", long_options, NULL)) != -1) {
		const struct rule *r = &rules[id >= 256 ? id - 256 : 0];
		enum opt_outcome rc;

		if (id == ':')
			return bad(err,
				   "%s: its value is missing; phantom --help shows what it takes",
				   argv[optind - 1]);
		if (id == '?')
			return bad(
				err,
				"%s: no such option, or one that takes no value; phantom --help "
				"lists them",
				argv[optind - 1]);
		rc = id == 'h' ? OPT_HELP : r->take(o, r, optarg, err);
		if (rc != OPT_RUN)
			return rc;
	}
	if (optind < argc)
		return bad(err, "%s: a word without an option; phantom --help lists them",
			   argv[optind]);
	return together(o, err);
}
