/* SPDX-License-Identifier: BSD-2-Clause */
/* FreeBSD's sysctls in the device's words, and FreeBSD's habits: see bsd.h. */
#include "harness/drill/bsd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

enum kind {
	SAME,	 /* the value as it is */
	SECONDS, /* given in milliseconds */
	FIXED	 /* for this value that one; to NULL: as always */
};

/* All rows of a name (and, for FIXED, of its value) count. when NULL: any value. */
static const struct map {
	const char *name, *when;
	enum kind kind;
	const char *to;
	int word;
	const char *value;
} maps[] = {
	{ "net.inet.tcp.rfc1323", "0", FIXED, "net.ipv4.tcp_timestamps", -1, "0" },
	{ "net.inet.tcp.rfc1323", "0", FIXED, "net.ipv4.tcp_window_scaling", -1, "0" },
	{ "net.inet.tcp.rfc1323", "1", FIXED, "net.ipv4.tcp_timestamps", -1, "1" },
	{ "net.inet.tcp.rfc1323", "1", FIXED, "net.ipv4.tcp_window_scaling", -1, "1" },
	{ "net.inet.tcp.rfc1323", "2", FIXED, "net.ipv4.tcp_timestamps", -1, "0" },
	{ "net.inet.tcp.rfc1323", "2", FIXED, "net.ipv4.tcp_window_scaling", -1, "1" },
	{ "net.inet.tcp.rfc1323", "3", FIXED, "net.ipv4.tcp_timestamps", -1, "1" },
	{ "net.inet.tcp.rfc1323", "3", FIXED, "net.ipv4.tcp_window_scaling", -1, "0" },
	{ "net.inet.tcp.sack.enable", NULL, SAME, "net.ipv4.tcp_sack", -1, NULL },
	{ "net.inet.tcp.ecn.enable", "0", FIXED, "net.ipv4.tcp_ecn", -1, "0" },
	{ "net.inet.tcp.ecn.enable", "1", FIXED, "net.ipv4.tcp_ecn", -1, "1" },
	{ "net.inet.tcp.ecn.enable", "2", FIXED, "net.ipv4.tcp_ecn", -1, "2" },
	{ "net.inet.tcp.ecn.enable", "3", FIXED, "net.ipv4.tcp_ecn", -1, "3" },
	{ "net.inet.tcp.ecn.enable", "4", FIXED, "net.ipv4.tcp_ecn", -1, "5" },
	{ "net.inet.tcp.ecn.maxretries", "1", FIXED, NULL, -1, NULL },
	{ "kern.ipc.maxsockbuf", NULL, SAME, "net.core.rmem_max", -1, NULL },
	{ "kern.ipc.maxsockbuf", NULL, SAME, "net.core.wmem_max", -1, NULL },
	{ "kern.ipc.maxsockbuf", NULL, SAME, "net.ipv4.tcp_rmem", 2, NULL },
	{ "kern.ipc.maxsockbuf", NULL, SAME, "net.ipv4.tcp_wmem", 2, NULL },
	{ "net.inet.tcp.recvspace", NULL, SAME, "net.ipv4.tcp_rmem", 1, NULL },
	{ "net.inet.tcp.sendspace", NULL, SAME, "net.ipv4.tcp_wmem", 1, NULL },
	{ "net.inet.tcp.hostcache.purgenow", NULL, SAME, "metrics", -1, NULL },
	{ "net.inet.tcp.blackhole", "0", FIXED, NULL, -1, NULL },
	{ "net.inet.tcp.insecure_rst", NULL, SAME, "net.phantom.tcp_insecure_rst", -1, NULL },
	{ "net.inet.tcp.insecure_syn", NULL, SAME, "net.phantom.tcp_insecure_syn", -1, NULL },
	{ "net.inet.tcp.insecure_ack", "0", FIXED, NULL, -1, NULL },
	{ "net.inet.tcp.drop_synfin", "0", FIXED, "net.phantom.tcp_synfin", -1, "1" },
	{ "net.inet.tcp.drop_synfin", "1", FIXED, "net.phantom.tcp_synfin", -1, "2" },
	{ "net.inet.tcp.rexmit_initial", "1000", FIXED, NULL, -1, NULL },
	{ "net.inet.tcp.rexmit_slop", "200", FIXED, "net.ipv4.tcp_rto_min_us", -1, "200000" },
	{ "net.inet.tcp.rexmit_min", "30", FIXED, NULL, -1, NULL },
	{ "net.inet.tcp.rexmit_drop_options", "0", FIXED, NULL, -1, NULL },
	{ "net.inet.tcp.syncookies_only", "0", FIXED, NULL, -1, NULL },
	{ "net.inet.tcp.syncookies_only", "1", FIXED, "net.ipv4.tcp_syncookies", -1, "2" },
	{ "net.inet.tcp.syncookies", NULL, SAME, "net.ipv4.tcp_syncookies", -1, NULL },
	{ "net.inet.tcp.keepinit", "75000", FIXED, NULL, -1, NULL },
	{ "net.inet.tcp.keepidle", NULL, SECONDS, "net.ipv4.tcp_keepalive_time", -1, NULL },
	{ "net.inet.tcp.keepintvl", NULL, SECONDS, "net.ipv4.tcp_keepalive_intvl", -1, NULL },
	{ "net.inet.tcp.keepcnt", NULL, SAME, "net.ipv4.tcp_keepalive_probes", -1, NULL },
	{ "net.inet.tcp.delacktime", "40", FIXED, NULL, -1, NULL },
	{ "net.inet.tcp.delayed_ack", "1", FIXED, NULL, -1, NULL },
	{ "net.inet.tcp.icmp_may_rst", "1", FIXED, NULL, -1, NULL },
	{ "net.inet.tcp.tolerate_missing_ts", "1", FIXED, NULL, -1, NULL },
	{ "net.inet.tcp.path_mtu_discovery", "1", FIXED, "net.ipv4.ip_no_pmtu_disc", -1, "0" },
	{ "net.inet.tcp.path_mtu_discovery", "0", FIXED, "net.ipv4.ip_no_pmtu_disc", -1, "1" },
	{ "net.inet.tcp.pmtud_blackhole_detection", "0", FIXED, NULL, -1, NULL },
	{ "net.inet.tcp.udp_tunneling_port", "0", FIXED, NULL, -1, NULL },
	{ "net.inet.tcp.udp_tunneling_overhead", NULL, FIXED, NULL, -1, NULL },
	{ "net.inet.tcp.initcwnd_segments", "10", FIXED, NULL, -1, NULL },
	{ "net.inet.tcp.rfc5827", NULL, FIXED, NULL, -1, NULL },
	{ "net.inet.tcp.rfc3042", "1", FIXED, NULL, -1, NULL },
	{ "net.inet.tcp.functions_default", "freebsd", FIXED, NULL, -1, NULL },
	{ "net.inet.tcp.cc.algorithm", "newreno", FIXED, "net.ipv4.tcp_congestion_control", -1,
	  "reno" },
	{ "net.inet.tcp.cc.algorithm", "cubic", FIXED, "net.ipv4.tcp_congestion_control", -1,
	  "cubic" },
	{ "net.inet.tcp.cc.abe", NULL, SAME, "net.phantom.tcp_abe", -1, NULL },
};

static const struct drill_profile_row profile[] = {
	{ "net.phantom.tcp_bsd_options", "1" },
	{ "net.phantom.tcp_bsd_ways", "1" },
	{ "net.phantom.tcp_rcvbuf_window", "1" },
	{ "net.phantom.tcp_synfin", "1" },
	{ "net.core.rmem_max", "2097152" },
	{ "net.core.wmem_max", "2097152" },
	{ "net.ipv4.tcp_rmem", "4096 65536 2097152" },
	{ "net.ipv4.tcp_wmem", "4096 32768 2097152" },
	{ "net.ipv4.tcp_timestamps", "1" },
	{ "net.ipv4.tcp_window_scaling", "1" },
	{ "net.ipv4.tcp_sack", "1" },
	{ "net.ipv4.tcp_dsack", "1" },
	{ "net.ipv4.tcp_ecn", "2" },
	{ "net.ipv4.tcp_ecn_option", "0" },
	{ "net.ipv4.tcp_congestion_control", "cubic" },
	{ "net.ipv4.tcp_early_retrans", "0" },
	{ "net.ipv4.tcp_syn_linear_timeouts", "0" },
	{ "net.ipv4.tcp_rfc1337", "1" },
	{ "net.ipv4.tcp_invalid_ratelimit", "0" },
	{ "net.ipv4.tcp_no_metrics_save", "1" },
};

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

bool drill_bsd_name(const char *name)
{
	return begins(name, "net.inet.") || begins(name, "net.inet6.") || begins(name, "kern.");
}

static void fill(const struct map *m, const char *value, struct drill_bsd_set *out)
{
	out->name = m->to;
	out->word = m->word;
	switch (m->kind) {
	case SAME:
		/* Buffers of FreeBSD may be larger than an int. */
		if (strtoull(value, NULL, 0) > 2147483647u)
			value = "2147483647";
		snprintf(out->value, sizeof(out->value), "%s", value);
		break;
	case SECONDS:
		snprintf(out->value, sizeof(out->value), "%lu", strtoul(value, NULL, 0) / 1000);
		break;
	case FIXED:
		snprintf(out->value, sizeof(out->value), "%s", m->value ? m->value : "");
		break;
	}
}

bool drill_bsd_sysctl(const char *name, const char *value, unsigned i, struct drill_bsd_set *out)
{
	for (size_t k = 0; k < ARRAY_LEN(maps); k++) {
		const struct map *m = &maps[k];

		if (strcmp(m->name, name) != 0 || (m->when && strcmp(m->when, value) != 0) ||
		    i-- > 0)
			continue;
		fill(m, value, out);
		return true;
	}
	return false;
}

const char *drill_bsd_fact(const char *name)
{
	for (size_t k = 0; k < ARRAY_LEN(maps); k++)
		if (strcmp(maps[k].name, name) == 0)
			return "the device has no such choice";
	return NULL;
}

const struct drill_profile_row *drill_bsd_profile(size_t i)
{
	return i < ARRAY_LEN(profile) ? &profile[i] : NULL;
}
