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

/* As ip -s -s link: a row of names over a row of numbers. */
static void print_statistics(const char *name, const json_t *o, const char *const (*row)[2], size_t n)
{
	printf("    %s:", name);
	for (size_t i = 0; i < n; i++)
		printf(" %*s", i == 0 ? 14 : 11, row[i][0]);
	printf("\n       ");
	for (size_t i = 0; i < n; i++)
		printf(" %*lld", i == 0 ? 14 : 11, number(o, row[i][1]));
	printf("\n");
}

static void print_stats64(const json_t *o, bool all)
{
	static const char *const rx[][2] = { { "bytes", "rx_bytes" },	  { "packets", "rx_packets" },
					     { "errors", "rx_errors" },	  { "dropped", "rx_dropped" },
					     { "missed", "rx_missed_errors" }, { "mcast", "multicast" } };
	static const char *const tx[][2] = { { "bytes", "tx_bytes" },	{ "packets", "tx_packets" },
					     { "errors", "tx_errors" }, { "dropped", "tx_dropped" },
					     { "carrier", "tx_carrier_errors" } };
	static const char *const rx_errors[][2] = { { "length", "rx_length_errors" },
						    { "frame", "rx_frame_errors" },
						    { "nohandler", "rx_nohandler" },
						    { "otherhost", "rx_otherhost_dropped" } };
	static const char *const tx_errors[][2] = { { "aborted", "tx_aborted_errors" },
						    { "carrier", "tx_carrier_errors" } };

	print_statistics("RX", o, rx, sizeof(rx) / sizeof(rx[0]));
	if (all)
		print_statistics("RX errors", o, rx_errors, sizeof(rx_errors) / sizeof(rx_errors[0]));
	print_statistics("TX", o, tx, sizeof(tx) / sizeof(tx[0]));
	if (all)
		print_statistics("TX errors", o, tx_errors, sizeof(tx_errors) / sizeof(tx_errors[0]));
}

static void print_flags(const json_t *flags)
{
	size_t k;
	json_t *flag;

	printf("<");
	json_array_foreach(flags, k, flag)
		printf("%s%s", k ? "," : "", json_string_value(flag));
	printf("> ");
}

void ctl_print_links(const json_t *part, bool all)
{
	size_t i, k;
	json_t *l, *bit;

	json_array_foreach(part, i, l)
	{
		bool vlan = *word(l, "link") != '\0';
		const char *kind = word(l, "kind");

		printf("%lld: %s%s%s: ", number(l, "index"), word(l, "name"), vlan ? "@" : "",
		       word(l, "link"));
		print_flags(json_object_get(l, "flags"));
		printf("mtu %lld qlen %lld queued %lld", number(l, "mtu"), number(l, "txqueuelen"),
		       number(l, "queued"));
		json_array_foreach(json_object_get(l, "offload"), k, bit)
			printf("%s%s", k ? "," : " offload ", json_string_value(bit));
		printf("\n");
		if (*word(l, "mac"))
			printf("    link/ether %s\n", word(l, "mac"));
		else
			printf("    link/%s\n", strcmp(kind, "loopback") == 0 ? kind : "none");
		if (vlan)
			printf("    vlan protocol 802.1Q id %lld\n", number(l, "vlan"));
		print_stats64(json_object_get(l, "stats64"), all);
	}
}

void ctl_print_maddrs(const json_t *part, bool all)
{
	size_t i;
	json_t *g;
	const char *dev = "";

	(void)all;
	json_array_foreach(part, i, g)
	{
		if (strcmp(dev, word(g, "dev")) != 0)
			printf("%s:\n", word(g, "dev"));
		dev = word(g, "dev");
		printf("\t%-6s %s", strchr(word(g, "addr"), ':') ? "inet6" : "inet", word(g, "addr"));
		if (number(g, "users") > 1)
			printf(" users %lld", number(g, "users"));
		printf("\n");
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
	size_t i, k;
	json_t *r, *flag;

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
		json_array_foreach(json_object_get(r, "flags"), k, flag)
			printf(" %s", json_string_value(flag));
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
