/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line. See options.h; one function per option that has something to judge. */
#define _GNU_SOURCE 1
#include "host/options_int.h"

#include <getopt.h>
#include <stddef.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/list.h"
#include "host/service.h"
#include "host/text.h"

static const char help[] =
	"usage: phantom DEVICE --addr A/L [OPTION]... [DEVICE --addr A/L [OPTION]...]...\n"
	"       phantom ctl PATH COMMAND [ARGUMENT]...     (phantom ctl --help)\n"
	"\n"
	"A TCP/IP host in user space, on a TAP or TUN device, with an address of its own.\n"
	"\n"
	"Device, one or several; what follows one belongs to it, up to --route below:\n"
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
	"  --route D/L[,via=A][,metric=N]\n"
	"                       a route, on-link without via; D/L may be \"default\"; the least\n"
	"                       metric is preferred: default, also of --gateway, 0 of the first\n"
	"                       device, 100 of the second and so on; may be repeated\n"
	"For all devices:\n"
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

const char *options_help(void)
{
	return help;
}

/* The argument after the port. */
static enum opt_outcome serve_arg(struct opt_serve *s, const char *arg, char *err)
{
	if (!s->service->arg)
		return options_bad(err, "--serve %s: %s takes nothing after its port; write %s:%u", s->text,
			   s->service->name, s->service->name, s->port);
	if (!s->service->arg(arg, &s->arg))
		return options_bad(err, "--serve %s: %s is wrong; write %s", s->text, arg,
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
		return options_bad(err, "--serve %s: too many; %d are allowed", text, OPT_SERVES_MAX);
	s->text = text;
	s->tcp = strncmp(text, "udp-", 4) != 0;
	s->udp = strncmp(text, "tcp-", 4) != 0;
	if (!s->tcp || !s->udp)
		name += 4;
	if (!colon)
		return options_bad(err, "--serve %s: the port is missing; write %s:PORT, like echo:7", text,
			   text);
	s->service = service_find(name, (size_t)(colon - name));
	if (!s->service)
		return options_bad(
			err,
			"--serve %s: no service %.*s; there are echo, discard, daytime, chargen, "
			"sink, source, http and forward, also as tcp-NAME or udp-NAME",
			text, (int)(colon - name), name);
	len = arg ? (size_t)(arg - colon - 1) : strlen(colon + 1);
	if (len < sizeof(port))
		memcpy(port, colon + 1, len);
	if (!text_number(port, 1, 65535, &n))
		return options_bad(err, "--serve %s: %.*s is not a port; write a number of 1 to 65535",
			   text, (int)len, colon + 1);
	s->port = (uint16_t)n;
	if (!s->tcp && !s->service->datagram)
		return options_bad(err, "--serve %s: %s is not served over UDP; write tcp-%s:%u", text,
			   s->service->name, s->service->name, s->port);
	if (s->udp && !s->service->datagram)
		s->udp = false;
	if (!arg && s->service->arg_needed)
		return options_bad(err, "--serve %s: what comes after the port is missing; write %s", text,
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
		return options_bad(err, "--sysctl %s: too many; %d are allowed", text, OPT_SYSCTLS_MAX);
	if (len == 0 || len >= sizeof(s->name) || !equals[1])
		return options_bad(err, "--sysctl %s: write NAME=VALUE, like net.ipv4.tcp_timestamps=0",
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
			return options_bad(err, "--limit %s: write a number of bytes, like memory=64M",
				   text);
		o->limits.mem_limit = n;
		return OPT_RUN;
	}
	for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
		if (strlen(limits[i].name) != len || memcmp(limits[i].name, text, len) != 0)
			continue;
		if (!text_number(equals + 1, 1, UINT32_MAX, &n))
			return options_bad(err, "--limit %s: write a number of 1 to 4294967295", text);
		*limits[i].value = (uint32_t)n;
		return OPT_RUN;
	}
	return options_bad(err,
		   "--limit %s: write NAME=N with NAME memory, sockets, connections, timewait, "
		   "neighbours, routes or reassemblies",
		   text);
}

static enum opt_outcome peer(struct options *o, const struct rule *r, const char *text, char *err)
{
	bool udp = strcmp(r->name, "--connect-udp") == 0;

	if (o->connect || o->connect_udp)
		return options_bad(err, "%s %s: there is a peer already; give one", r->name, text);
	if (!text_endpoint(text, &o->peer))
		return options_bad(err,
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
		return options_bad(err, "%s %s: too many; %d are allowed", r->name, text, OPT_DIALS_MAX);
	d->text = text;
	d->socks = strcmp(r->name, "--socks") == 0;
	if (!d->socks && (!equals || !text_endpoint(equals + 1, &d->peer)))
		return options_bad(err,
			   "--dial %s: whom to connect to is missing; write LOCAL=A:PORT, like "
			   "127.0.0.1:8080=10.0.0.1:80",
			   text);
	d->at_len = kaddr_parse_part(text, d->socks ? strlen(text) : (size_t)(equals - text),
				     &d->at);
	if (d->at_len == 0)
		return options_bad(err,
			   "%s %s: not where to listen; write 127.0.0.1:PORT, [::1]:PORT or "
			   "unix:PATH%s",
			   r->name, text, d->socks ? "" : " before the =");
	o->ndials++;
	return OPT_RUN;
}

static enum opt_outcome ready_fd(struct options *o, const struct rule *r, const char *arg,
				 char *err)
{
	uint64_t n = 0;
	enum opt_outcome rc = options_number(r->name, arg, 0, 1 << 20, &n, err);

	o->ready_fd = (int)n;
	return rc;
}

static enum opt_outcome grace(struct options *o, const struct rule *r, const char *arg, char *err)
{
	uint64_t n = 0;
	enum opt_outcome rc = options_number(r->name, arg, 0, 600000, &n, err);

	o->grace_ns = n * 1000000;
	return rc;
}

static enum opt_outcome send_bytes(struct options *o, const struct rule *r, const char *arg,
				   char *err)
{
	o->has_send = true;
	if (!text_size(arg, &o->send_bytes))
		return options_bad(err, "%s %s: write a number of bytes, like 100000 or 64M", r->name, arg);
	return OPT_RUN;
}

static enum opt_outcome stable_secret(struct options *o, const struct rule *r, const char *arg,
				      char *err)
{
	uint8_t key[32];

	if (strlen(arg) != 2 * sizeof(o->stable_secret) || !text_key(arg, key))
		return options_bad(err, "%s %s: write 16 bytes as 32 hexadecimal digits", r->name, arg);
	memcpy(o->stable_secret, key, sizeof(o->stable_secret));
	return OPT_RUN;
}

static enum opt_outcome seed(struct options *o, const struct rule *r, const char *arg, char *err)
{
	o->has_key = true;
	if (!text_key(arg, o->key))
		return options_bad(err, "%s %s: write 1 to 32 bytes as hexadecimal digits, like 00ff17",
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
		return options_bad(err, "%s: its value is empty; write a path", r->name);
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

enum { RULES_MAX = 64 };

/* Those of a device first; NULL: behind the last. */
static const struct rule *rule_at(int i)
{
	int of_link = 0;

	while (options_link_rule((size_t)of_link))
		of_link++;
	if (i < of_link)
		return options_link_rule((size_t)i);
	return (size_t)(i - of_link) < ARRAY_LEN(rules) ? &rules[i - of_link] : NULL;
}

/* What needs, or excludes, what. */
static enum opt_outcome together(const struct options *o, char *err)
{
	if (options_links_together(o, err) == OPT_BAD)
		return OPT_BAD;
	if ((o->has_send || o->receive || o->stay) && !o->connect && !o->connect_udp)
		return options_bad(err, "%s is for a client; write --connect A:PORT too",
			   o->has_send	? "--send-bytes"
			   : o->receive ? "--receive"
					: "--stay");
	if (o->connect_udp && (o->has_send || o->receive))
		return options_bad(err, "%s is for TCP; write --connect A:PORT instead of --connect-udp",
			   o->has_send ? "--send-bytes" : "--receive");
	return OPT_RUN;
}

enum opt_outcome options_parse(struct options *o, int argc, char **argv, char err[OPT_ERROR])
{
	struct option long_options[RULES_MAX + 1] = { { NULL, 0, NULL, 0 } };
	const struct rule *row;
	int id;

	for (int i = 0; i < RULES_MAX && (row = rule_at(i)); i++)
		long_options[i] = (struct option){ row->name + 2, row->value, NULL, 256 + i };
	memset(o, 0, sizeof(*o));
	options_links_init(o);
	o->ready_fd = -1;
	o->grace_ns = 1000000000;
	optind = 0; /* glibc: begin anew */
	while ((id = getopt_long(argc, argv, "+:h", long_options, NULL)) != -1) {
		const struct rule *r = rule_at(id >= 256 ? id - 256 : 0);
		enum opt_outcome rc;

		if (id == ':')
			return options_bad(err,
				   "%s: its value is missing; phantom --help shows what it takes",
				   argv[optind - 1]);
		if (id == '?')
			return options_bad(
				err,
				"%s: no such option, or one that takes no value; phantom --help "
				"lists them",
				argv[optind - 1]);
		rc = id == 'h' ? OPT_HELP : r->take(o, r, optarg, err);
		if (rc != OPT_RUN)
			return rc;
	}
	if (optind < argc)
		return options_bad(err, "%s: a word without an option; phantom --help lists them",
			   argv[optind]);
	return together(o, err);
}
