/* SPDX-License-Identifier: BSD-2-Clause */
/* What phantom does without being asked, and the suites' profile: see sysctl_fixed.h. */
#include "harness/drill/sysctl_fixed.h"

#include <string.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* value NULL: any value is the same to it. */
static const struct fixed {
	const char *name, *value, *fact;
} phantom_does[] = {
	{ "net.core.netdev_max_backlog", NULL, "frames are read as they come" },
};

static const struct drill_profile_row profile[] = {
	{ "net.core.netdev_max_backlog", "10000" },
	{ "net.core.rmem_max", "134217728" },
	{ "net.core.wmem_max", "134217728" },
	{ "net.ipv4.tcp_rmem", "4096 540000 15728640" },
	{ "net.ipv4.tcp_wmem", "4096 262144 4194304" },
	{ "net.ipv4.tcp_timestamps", "1" },
	{ "net.ipv4.tcp_window_scaling", "1" },
	{ "net.ipv4.tcp_sack", "1" },
	{ "net.ipv4.tcp_dsack", "1" },
	{ "net.ipv4.tcp_congestion_control", "cubic" },
	{ "net.ipv4.tcp_ecn", "0" },
	{ "net.ipv4.tcp_syn_retries", "5" },
	{ "net.ipv4.tcp_slow_start_after_idle", "0" },
	{ "net.ipv4.tcp_tso_win_divisor", "3" },
	{ "net.ipv4.tcp_pacing_ss_ratio", "200" },
	{ "net.ipv4.tcp_pacing_ca_ratio", "120" },
	{ "net.ipv4.tcp_fastopen", "3" },
	{ "net.ipv4.tcp_fastopen_key", "a1a1a1a1-b2b2b2b2-c3c3c3c3-d4d4d4d4" },
	{ "net.ipv4.tcp_syncookies", "1" },
	{ "net.ipv4.tcp_no_metrics_save", "1" },
};

bool drill_sysctl_fixed(const char *device, const char *name, const char *value, const char **fact)
{
	if (strcmp(device, "phantom") != 0)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(phantom_does); i++) {
		const struct fixed *f = &phantom_does[i];

		if (strcmp(f->name, name) == 0) {
			*fact = f->fact;
			return !f->value || strcmp(f->value, value) == 0;
		}
	}
	return false;
}

const struct drill_profile_row *drill_sysctl_profile(size_t i)
{
	return i < ARRAY_LEN(profile) ? &profile[i] : NULL;
}
