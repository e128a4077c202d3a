/* SPDX-License-Identifier: BSD-2-Clause */
/* One row per option: what it sets, or why it is of no consequence. */
#include "harness/drill/parse_option.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

void drill_options_init(struct drill_options *o)
{
	memset(o, 0, sizeof(*o));
	o->tolerance_ns = 4000000;
	o->tolerance_percent = 12.5;
	o->mtu = 1500;
	o->bind_port = o->connect_port = 8080;
}

/* A whole number, or a false with the sentence. */
static bool whole(const char *name, const char *value, uint64_t max, uint64_t *out, char *err)
{
	char *end;
	unsigned long long n = strtoull(value, &end, 0);

	if (value[0] >= '0' && value[0] <= '9' && *end == '\0' && n <= max) {
		*out = n;
		return true;
	}
	snprintf(err, DRILL_OPTION_ERR,
		 "--%s=%.60s: expected a whole number of at most %llu", name, value,
		 (unsigned long long)max);
	return false;
}

static bool set_u16(const char *name, const char *value, uint16_t *out, char *err)
{
	uint64_t n;

	if (!whole(name, value, UINT16_MAX, &n, err))
		return false;
	*out = (uint16_t)n;
	return true;
}

static bool set_u32(const char *name, const char *value, uint32_t *out, char *err)
{
	uint64_t n;

	if (!whole(name, value, UINT32_MAX, &n, err))
		return false;
	*out = (uint32_t)n;
	return true;
}

static bool set_usecs(const char *name, const char *value, int64_t *out, char *err)
{
	uint64_t n;

	if (!whole(name, value, 1000000000000u, &n, err))
		return false;
	*out = (int64_t)n * 1000;
	return true;
}

static bool set_percent(const char *name, const char *value, double *out, char *err)
{
	char *end;
	double d = strtod(value, &end);

	if (end != value && *end == '\0' && d >= 0 && d <= 1e6) {
		*out = d;
		return true;
	}
	snprintf(err, DRILL_OPTION_ERR, "--%s=%.60s: expected a percentage, 12.5 for example", name,
		 value);
	return false;
}

static bool set_version(const char *name, const char *value, enum drill_ip_version *out, char *err)
{
	static const char *const words[] = { "ipv4", "ipv6", "ipv4-mapped-ipv6" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcmp(value, words[i]) == 0) {
			*out = (enum drill_ip_version)i;
			return true;
		}
	snprintf(err, DRILL_OPTION_ERR, "--%s=%.60s: expected ipv4, ipv6 or ipv4-mapped-ipv6", name,
		 value);
	return false;
}

static bool set_address(const char *name, const char *value, const char **out, char *err)
{
	unsigned char bytes[16];

	if (inet_pton(AF_INET, value, bytes) == 1 || inet_pton(AF_INET6, value, bytes) == 1) {
		*out = value;
		return true;
	}
	snprintf(err, DRILL_OPTION_ERR, "--%s=%.60s: expected an IPv4 or an IPv6 address", name,
		 value);
	return false;
}

/* --flag, --flag=0, --flag=1 */
static bool set_flag(const char *name, const char *value, bool *out, char *err)
{
	uint64_t n = 1;

	if (value && !whole(name, value, 1, &n, err))
		return false;
	*out = n != 0;
	return true;
}

/* One of the words, or none. */
static bool one_of(const char *name, const char *value, const char *words, char *err)
{
	size_t n = strlen(value);

	for (const char *w = words; *w; w += strcspn(w, " "), w += *w == ' ')
		if (strcspn(w, " ") == n && memcmp(w, value, n) == 0)
			return true;
	if (n == 0)
		return true;
	snprintf(err, DRILL_OPTION_ERR, "--%s=%.60s: expected one of: %s", name, value, words);
	return false;
}

static bool set_nonfatal(struct drill_options *o, const char *value, char *err)
{
	while (*value) {
		size_t n = strcspn(value, ",");

		if (n == 6 && memcmp(value, "packet", n) == 0) {
			o->nonfatal_packet = true;
		} else if (n == 7 && memcmp(value, "syscall", n) == 0) {
			o->nonfatal_syscall = true;
		} else {
			snprintf(err, DRILL_OPTION_ERR,
				 "--non_fatal=%.60s: expected packet, syscall or both with a comma",
				 value);
			return false;
		}
		value += n + (value[n] == ',');
	}
	return true;
}

enum id {
	TOLERANCE_USECS, TOLERANCE_PERCENT, IP_VERSION, MTU, MSS, BIND_PORT, CONNECT_PORT,
	LOCAL_IP, REMOTE_IP, GATEWAY_IP, NETMASK_IP, TS_TICK, TS_ECR_SCALED, STRICT_SEGMENTS,
	SEND_OMIT_FREE, NON_FATAL, MD5_SECRET, SPEED, IS_ANYIP, DRY_RUN,
	INIT_SCRIPTS, CODE_COMMAND, CODE_FORMAT, CODE_SOCKOPT, IGNORED, UNSUPPORTED,
};

static const struct row {
	const char *name;
	enum id id;
	bool bare; /* may stand without a value */
} rows[] = {
	{ "tolerance_usecs", TOLERANCE_USECS, false },
	{ "tolerance_percent", TOLERANCE_PERCENT, false },
	{ "ip_version", IP_VERSION, false },
	{ "mtu", MTU, false },
	{ "mss", MSS, false },
	{ "bind_port", BIND_PORT, false },
	{ "connect_port", CONNECT_PORT, false },
	{ "local_ip", LOCAL_IP, false },
	{ "remote_ip", REMOTE_IP, false },
	{ "gateway_ip", GATEWAY_IP, false },
	{ "netmask_ip", NETMASK_IP, false },
	{ "tcp_ts_tick_usecs", TS_TICK, false },
	{ "tcp_ts_ecr_scaled", TS_ECR_SCALED, true },
	{ "strict_segments", STRICT_SEGMENTS, true },
	{ "send_omit_free", SEND_OMIT_FREE, true },
	{ "non_fatal", NON_FATAL, false },
	{ "tcp_md5_secret", MD5_SECRET, false },
	{ "speed", SPEED, false },
	{ "is_anyip", IS_ANYIP, true },
	{ "verbose", IGNORED, true },
	{ "debug", IGNORED, true },
	{ "dry_run", DRY_RUN, true },
	{ "init_scripts", INIT_SCRIPTS, false },
	{ "code_command", CODE_COMMAND, false },
	{ "code_format", CODE_FORMAT, false },
	{ "code_sockopt", CODE_SOCKOPT, false },
	{ "tun_dev", IGNORED, false },
	{ "persistent_tun_dev", IGNORED, true },
	{ "udp_encapsulation", UNSUPPORTED, true },
	{ "psp_udp_port", UNSUPPORTED, true },
	{ "so_filename", UNSUPPORTED, true },
	{ "wire_client", UNSUPPORTED, true },
	{ "wire_server", UNSUPPORTED, true },
};

static bool set(struct drill_options *o, enum id id, const char *name, const char *value, char *err)
{
	uint64_t n;

	switch (id) {
	case TOLERANCE_USECS:
		o->has_tolerance = set_usecs(name, value, &o->tolerance_ns, err);
		return o->has_tolerance;
	case TOLERANCE_PERCENT:
		return set_percent(name, value, &o->tolerance_percent, err);
	case IP_VERSION:
		return set_version(name, value, &o->ip_version, err);
	case MTU:
		return set_u32(name, value, &o->mtu, err);
	case MSS:
		return set_u32(name, value, &o->mss, err);
	case BIND_PORT:
		return set_u16(name, value, &o->bind_port, err);
	case CONNECT_PORT:
		return set_u16(name, value, &o->connect_port, err);
	case LOCAL_IP:
		return set_address(name, value, &o->local_ip, err);
	case REMOTE_IP:
		return set_address(name, value, &o->remote_ip, err);
	case GATEWAY_IP:
		return set_address(name, value, &o->gateway_ip, err);
	case NETMASK_IP:
		return set_address(name, value, &o->netmask_ip, err);
	case TS_TICK:
		o->has_ts_tick = set_usecs(name, value, &o->ts_tick_ns, err);
		if (!o->has_ts_tick)
			return false;
		o->has_ts_tick = o->ts_tick_ns > 0; /* 0: not compared */
		return true;
	case TS_ECR_SCALED:
		return set_flag(name, value, &o->ts_ecr_scaled, err);
	case STRICT_SEGMENTS:
		return set_flag(name, value, &o->strict_segments, err);
	case SEND_OMIT_FREE:
		return set_flag(name, value, &o->send_omit_free, err);
	case NON_FATAL:
		return set_nonfatal(o, value, err);
	case MD5_SECRET:
		o->md5_secret = value;
		return true;
	case SPEED:
		if (!whole(name, value, UINT32_MAX, &n, err))
			return false;
		o->speed_bps = n * 1000000;
		return true;
	case IS_ANYIP:
		return set_flag(name, value, &o->is_anyip, err);
	case DRY_RUN:
		return set_flag(name, value, &o->dry_run, err);
	case INIT_SCRIPTS:
		o->init_scripts = value;
		return true;
	case CODE_COMMAND:
		o->code_command = value;
		return true;
	case CODE_FORMAT:
		return one_of(name, value, "python", err);
	case CODE_SOCKOPT: /* the names of all three are known at once */
		return one_of(name, value, "TCP_INFO TCP_CC_INFO SO_MEMINFO", err);
	case IGNORED:
	case UNSUPPORTED:
		return true;
	}
	return true;
}

enum drill_option_result drill_options_set(struct drill_options *o, const char *name,
					   const char *value, char *err)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct row *r = &rows[i];

		if (strcmp(r->name, name) != 0)
			continue;
		if (!value && !r->bare) {
			snprintf(err, DRILL_OPTION_ERR, "--%s needs a value: --%s=VALUE", name,
				 name);
			return DRILL_OPTION_BAD;
		}
		if (r->id == UNSUPPORTED) {
			snprintf(err, DRILL_OPTION_ERR, "unsupported: --%s", name);
			return DRILL_OPTION_UNSUPPORTED;
		}
		if (!set(o, r->id, name, value, err))
			return DRILL_OPTION_BAD;
		return r->id == IGNORED ? DRILL_OPTION_IGNORED : DRILL_OPTION_OK;
	}
	snprintf(err, DRILL_OPTION_ERR, "no option --%.60s is known", name);
	return DRILL_OPTION_BAD;
}

void drill_options_of_script(struct drill_options *o, const struct drill_script *s)
{
	char err[DRILL_OPTION_ERR];

	for (const struct drill_option *opt = s->options; opt; opt = opt->next)
		(void)drill_options_set(o, opt->name, opt->value, err);
}
