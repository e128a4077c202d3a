/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Answers for people. See ctl_print.h. A field that an answer lacks prints as 0 or an empty
 * word.
 */
#include "host/ctl_print.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

static const char *word(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

static long long number(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static void values(const json_t *part, bool zeros, const char *between, bool aligned)
{
	json_t *object = (json_t *)(uintptr_t)part; /* jansson's iterators want it so */
	const char *key;
	json_t *value;
	int width = 0;

	json_object_foreach(object, key, value)
	{
		if ((zeros || json_integer_value(value)) && (int)strlen(key) > width)
			width = (int)strlen(key);
	}
	json_object_foreach(object, key, value)
	{
		int pad = aligned ? width : 0;

		if (json_is_string(value))
			printf("%-*s%s%s\n", pad, key, between, json_string_value(value));
		else if (zeros || json_integer_value(value))
			printf("%-*s%s%" JSON_INTEGER_FORMAT "\n", pad, key, between,
			       json_integer_value(value));
	}
}

void ctl_print_counters(const json_t *part, bool all)
{
	values(part, all, "  ", true);
}

void ctl_print_values(const json_t *part, bool all)
{
	(void)all;
	values(part, true, "  ", true);
}

void ctl_print_sysctl(const json_t *part, bool all)
{
	(void)all;
	values(part, true, " = ", false);
}

void ctl_print_nothing(const json_t *part, bool all)
{
	(void)part, (void)all;
}

/* As ss -i. */
static void print_info(const json_t *i)
{
	printf("\t rto:%.3g rtt:%.3g/%.3g mss:%lld wscale:%lld,%lld cwnd:%lld ssthresh:%lld",
	       (double)number(i, "tcpi_rto") / 1e3, (double)number(i, "tcpi_rtt") / 1e3,
	       (double)number(i, "tcpi_rttvar") / 1e3, number(i, "tcpi_snd_mss"),
	       number(i, "tcpi_snd_wscale"), number(i, "tcpi_rcv_wscale"),
	       number(i, "tcpi_snd_cwnd"), number(i, "tcpi_snd_ssthresh"));
	printf(" bytes_sent:%lld bytes_retrans:%lld bytes_acked:%lld bytes_received:%lld",
	       number(i, "tcpi_bytes_sent"), number(i, "tcpi_bytes_retrans"),
	       number(i, "tcpi_bytes_acked"), number(i, "tcpi_bytes_received"));
	printf(" segs_out:%lld segs_in:%lld unacked:%lld retrans:%lld/%lld snd_wnd:%lld "
	       "rcv_wnd:%lld\n",
	       number(i, "tcpi_segs_out"), number(i, "tcpi_segs_in"), number(i, "tcpi_unacked"),
	       number(i, "tcpi_retrans"), number(i, "tcpi_total_retrans"),
	       number(i, "tcpi_snd_wnd"), number(i, "tcpi_rcv_wnd"));
}

void ctl_print_sockets(const json_t *part, bool all)
{
	size_t i;
	json_t *s;

	(void)all;
	printf("%-6s%-13s%-9s%-9s%-24s%s\n", "Netid", "State", "Recv-Q", "Send-Q",
	       "Local Address:Port", "Peer Address:Port");
	json_array_foreach(part, i, s)
	{
		const json_t *info = json_object_get(s, "tcp_info");

		printf("%-6s%-13s%-9lld%-9lld%-24s%s\n", word(s, "type"), word(s, "state"),
		       number(s, "recvq"), number(s, "sendq"), word(s, "local"), word(s, "peer"));
		if (info)
			print_info(info);
	}
}

static void print_statistics(const char *name, const json_t *o)
{
	bool in = json_object_get(o, "multicast") != NULL;

	printf("    %s: %14s %11s %11s%s\n", name, "bytes", "packets", "dropped",
	       in ? "       mcast" : "");
	printf("        %14lld %11lld %11lld", number(o, "bytes"), number(o, "packets"),
	       number(o, "dropped"));
	if (in)
		printf(" %11lld", number(o, "multicast"));
	printf("\n");
}

void ctl_print_links(const json_t *part, bool all)
{
	size_t i, k;
	json_t *l, *bit;

	(void)all;
	json_array_foreach(part, i, l)
	{
		bool vlan = *word(l, "link") != '\0';

		printf("%lld: %s%s%s: mtu %lld qlen %lld queued %lld", number(l, "index"),
		       word(l, "name"), vlan ? "@" : "", word(l, "link"), number(l, "mtu"),
		       number(l, "txqueuelen"), number(l, "queued"));
		json_array_foreach(json_object_get(l, "offload"), k, bit)
			printf("%s%s", k ? "," : " offload ", json_string_value(bit));
		printf("\n");
		if (*word(l, "mac"))
			printf("    link/ether %s\n", word(l, "mac"));
		else
			printf("    link/none\n");
		if (vlan)
			printf("    vlan protocol 802.1Q id %lld\n", number(l, "vlan"));
		print_statistics("RX", json_object_get(l, "rx"));
		print_statistics("TX", json_object_get(l, "tx"));
	}
}

static const char *family(const char *addr)
{
	return strchr(addr, ':') ? "inet6" : "inet";
}

void ctl_print_addrs(const json_t *part, bool all)
{
	size_t i, k;
	json_t *a, *flag;

	(void)all;
	json_array_foreach(part, i, a)
	{
		printf("%s %s/%lld dev %s", family(word(a, "addr")), word(a, "addr"),
		       number(a, "prefix"), word(a, "dev"));
		json_array_foreach(json_object_get(a, "flags"), k, flag)
			printf(" %s", json_string_value(flag));
		if (json_object_get(a, "valid_lft"))
			printf(" valid_lft %lldsec", number(a, "valid_lft"));
		if (json_object_get(a, "preferred_lft"))
			printf(" preferred_lft %lldsec", number(a, "preferred_lft"));
		printf("\n");
	}
}

void ctl_print_routes(const json_t *part, bool all)
{
	size_t i;
	json_t *r;

	(void)all;
	json_array_foreach(part, i, r)
	{
		if (number(r, "prefix") == 0)
			printf("default");
		else
			printf("%s/%lld", word(r, "dst"), number(r, "prefix"));
		if (*word(r, "via"))
			printf(" via %s", word(r, "via"));
		printf(" dev %s", word(r, "dev"));
		if (!*word(r, "via"))
			printf(" scope link");
		if (number(r, "metric"))
			printf(" metric %lld", number(r, "metric"));
		if (strcmp(word(r, "proto"), "ra") == 0 || strcmp(word(r, "proto"), "redirect") == 0)
			printf(" proto %s", word(r, "proto"));
		if (json_object_get(r, "expires"))
			printf(" expires %lldsec", number(r, "expires"));
		if (*word(r, "pref"))
			printf(" pref %s", word(r, "pref"));
		printf("\n");
	}
}

void ctl_print_neighs(const json_t *part, bool all)
{
	size_t i;
	json_t *n;

	(void)all;
	json_array_foreach(part, i, n)
	{
		printf("%s dev %s", word(n, "addr"), word(n, "dev"));
		if (*word(n, "mac"))
			printf(" lladdr %s", word(n, "mac"));
		printf(" %s\n", word(n, "state"));
	}
}

void ctl_print_dns(const json_t *part, bool all)
{
	size_t i;
	json_t *d;

	(void)all;
	json_array_foreach(part, i, d)
	{
		bool search = *word(d, "search");

		printf("%s %s dev %s", search ? "search" : "nameserver",
		       search ? word(d, "search") : word(d, "nameserver"), word(d, "dev"));
		if (json_object_get(d, "expires"))
			printf(" expires %lldsec", number(d, "expires"));
		printf("\n");
	}
}

static void print_list(const char *name, const json_t *list)
{
	size_t i;
	json_t *item;

	json_array_foreach(list, i, item)
		printf("%s%s", i ? " " : name, json_string_value(item));
	if (i > 0)
		printf("\n");
}

void ctl_print_lease(const json_t *part, bool all)
{
	size_t i;
	json_t *l;

	(void)all;
	json_array_foreach(part, i, l)
	{
		const json_t *m = json_object_get(l, "messages");

		printf("%s: %s", word(l, "dev"), word(l, "state"));
		if (*word(l, "ip"))
			printf(" %s/%lld from %s", word(l, "ip"), number(l, "prefix"),
			       word(l, "server"));
		printf("\n");
		if (json_object_get(l, "expires"))
			printf("    expires %lldsec renew %lldsec rebind %lldsec\n",
			       number(l, "expires"), number(l, "renew"), number(l, "rebind"));
		else if (*word(l, "ip"))
			printf("    expires never\n");
		print_list("    routers ", json_object_get(l, "routers"));
		print_list("    dns ", json_object_get(l, "dns"));
		print_list("    ntp ", json_object_get(l, "ntp"));
		if (json_object_get(l, "mtu"))
			printf("    mtu %lld\n", number(l, "mtu"));
		if (*word(l, "hostname"))
			printf("    hostname %s\n", word(l, "hostname"));
		if (*word(l, "domain"))
			printf("    domain %s\n", word(l, "domain"));
		printf("    messages sent %lld received %lld bad %lld foreign %lld naks %lld declined "
		       "%lld\n",
		       number(m, "sent"), number(m, "received"), number(m, "bad"),
		       number(m, "foreign"), number(m, "naks"), number(m, "declined"));
	}
}
