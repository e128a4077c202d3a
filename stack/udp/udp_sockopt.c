/* SPDX-License-Identifier: BSD-2-Clause */
/* UDP's socket options: buffers as Linux doubles and bounds them, reuse, broadcast, TOS and TTL. */
#include <string.h>

#include "udp/udp_int.h"

/* Linux takes an int, and for SOL_IP's small options a byte as well. */
static int get_int(int level, const void *value, uint32_t len, int *out)
{
	if (len >= sizeof(*out)) {
		memcpy(out, value, sizeof(*out));
		return 0;
	}
	if (level == PH_IPPROTO_IP && len >= 1) {
		*out = *(const uint8_t *)value;
		return 0;
	}
	return -EINVAL;
}

static uint32_t doubled(int value, int64_t max)
{
	int64_t v = value < 0 ? max : value;

	v = 2 * (v < max ? v : max);
	return (uint32_t)(v < UDP_BUF_MIN ? UDP_BUF_MIN : v);
}

static int set_socket(struct ph_stack *st, struct udp_pcb *u, int name, int v)
{
	switch (name) {
	case PH_SO_REUSEADDR:
		u->reuseaddr = v != 0;
		return 0;
	case PH_SO_REUSEPORT:
		u->reuseport = v != 0;
		return 0;
	case PH_SO_BROADCAST:
		u->broadcast = v != 0;
		u->dst.gen = 0;
		return 0;
	case PH_SO_RCVBUF:
		u->rcvbuf = doubled(v, st->sysctl.rmem_max);
		return 0;
	case PH_SO_SNDBUF:
		u->sndbuf = doubled(v, st->sysctl.wmem_max);
		return 0;
	}
	return -ENOPROTOOPT;
}

static int set_ip(struct udp_pcb *u, int name, int v)
{
	switch (name) {
	case PH_IP_TOS:
		u->tos = (uint8_t)v;
		return 0;
	case PH_IP_TTL:
		if (v != -1 && (v < 1 || v > 255))
			return -EINVAL;
		u->ttl = v == -1 ? 0 : (uint8_t)v;
		return 0;
	}
	return -ENOPROTOOPT;
}

int udp_setsockopt(struct ph_stack *st, struct udp_pcb *u, int level, int name, const void *value,
		   uint32_t len)
{
	int v, rc = get_int(level, value, len, &v);

	if (rc != 0)
		return rc;
	if (level == PH_SOL_SOCKET)
		return set_socket(st, u, name, v);
	if (level == PH_IPPROTO_IPV6 && u->v6)
		return ip6_opt_set(&u->ip6, name, v, false, u->local.port != 0);
	return level == PH_IPPROTO_IP ? set_ip(u, name, v) : -ENOPROTOOPT;
}

static int get_value(const struct ph_stack *st, const struct udp_pcb *u, int level, int name,
		     int *v)
{
	if (level == PH_IPPROTO_IPV6 && u->v6)
		return ip6_opt_get(&u->ip6, name, (int)st->sysctl.conf6.hop_limit,
				   u->connected ? u->dst.mtu : 0, v);
	if (level == PH_IPPROTO_IP) {
		if (name != PH_IP_TOS && name != PH_IP_TTL)
			return -ENOPROTOOPT;
		*v = name == PH_IP_TOS ? u->tos : u->ttl ? u->ttl : (int)st->sysctl.ip_default_ttl;
		return 0;
	}
	if (level != PH_SOL_SOCKET)
		return -ENOPROTOOPT;
	switch (name) {
	case PH_SO_REUSEADDR:
		*v = u->reuseaddr;
		return 0;
	case PH_SO_REUSEPORT:
		*v = u->reuseport;
		return 0;
	case PH_SO_BROADCAST:
		*v = u->broadcast;
		return 0;
	case PH_SO_RCVBUF:
		*v = (int)u->rcvbuf;
		return 0;
	case PH_SO_SNDBUF:
		*v = (int)u->sndbuf;
		return 0;
	case PH_SO_ACCEPTCONN:
		*v = 0;
		return 0;
	}
	return -ENOPROTOOPT;
}

int udp_getsockopt(struct ph_stack *st, const struct udp_pcb *u, int level, int name, void *value,
		   uint32_t *len)
{
	int v, rc = get_value(st, u, level, name, &v);

	if (rc != 0)
		return rc;
	if (*len > sizeof(v))
		*len = sizeof(v);
	memcpy(value, &v, *len);
	return 0;
}
