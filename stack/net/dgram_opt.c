/* SPDX-License-Identifier: BSD-2-Clause */
/* Options of sockets of messages: levels SOL_SOCKET, SOL_IP and IPPROTO_IPV6. An option of SOL_IP
 * may be one byte, as in Linux. Called by udp/ and raw/. */
#include "net/bound.h"
#include "net/dgram.h"

#include <limits.h>
#include <string.h>

#include "net/dgram_filter.h"
#include "net/link.h"
#include "net/net_state.h"
#include "wire/ip4.h"

static const struct {
	int name;
	uint32_t bit;
} switches[] = {
	{ PH_IP_RECVERR, DGRAM_RECVERR },
	{ PH_IP_PKTINFO, DGRAM_PKTINFO },
	{ PH_IP_RECVTTL, DGRAM_RECVTTL },
	{ PH_IP_RECVTOS, DGRAM_RECVTOS },
	{ PH_IP_RECVOPTS, DGRAM_RECVOPTS },
	{ PH_IP_RETOPTS, DGRAM_RETOPTS },
	{ PH_IP_RECVORIGDSTADDR, DGRAM_ORIGDST },
	{ PH_IP_FREEBIND, DGRAM_FREEBIND },
	{ PH_IP_TRANSPARENT, DGRAM_TRANSPARENT },
	{ PH_IP_BIND_ADDRESS_NO_PORT, DGRAM_BIND_NO_PORT },
	{ PH_IP_CHECKSUM, DGRAM_CHECKSUM },
	{ PH_IP_RECVERR_RFC4884, DGRAM_RFC4884 },
	{ PH_IP_PASSSEC, DGRAM_PASSSEC },
};

static uint32_t switch_bit(int name)
{
	for (size_t i = 0; i < ARRAY_LEN(switches); i++)
		if (switches[i].name == name)
			return switches[i].bit;
	return 0;
}

/* Linux doubles what it is given, for its own overhead; FORCE goes beyond the sysctl. */
static uint32_t doubled(int value, int64_t max, bool force, uint32_t least)
{
	int64_t v = value < 0 ? (force ? 0 : max) : value;

	if (!force && v > max)
		v = max;
	if (v > INT_MAX / 2)
		v = INT_MAX / 2;
	return (uint32_t)(2 * v < least ? least : 2 * v);
}

/* ---- SOL_SOCKET ----------------------------------------------------------------------------- */

static int set_linger(struct dgram *d, const void *value, uint32_t len)
{
	int32_t v[2];

	if (len < sizeof(v))
		return -EINVAL;
	memcpy(v, value, sizeof(v));
	d->linger = v[0] != 0;
	if (d->linger)
		d->linger_s = v[1];
	return 0;
}

static int set_socket_int(struct ph_stack *st, struct dgram *d, int name, int v)
{
	switch (name) {
	case PH_SO_REUSEADDR:
		d->reuseaddr = v != 0;
		return 0;
	case PH_SO_REUSEPORT:
		d->reuseport = v != 0;
		return 0;
	case PH_SO_KEEPALIVE:
		d->keepalive = v != 0;
		return 0;
	case PH_SO_OOBINLINE:
		d->oobinline = v != 0;
		return 0;
	case PH_SO_RCVLOWAT:
		d->rcvlowat = v < 0 ? INT_MAX : v ? v : 1;
		return 0;
	case PH_SO_RCVBUF:
	case PH_SO_RCVBUFFORCE:
		d->rcvbuf = doubled(v, st->sysctl.rmem_max, name == PH_SO_RCVBUFFORCE,
				    DGRAM_BUF_MIN);
		return 0;
	case PH_SO_SNDBUF:
	case PH_SO_SNDBUFFORCE:
		d->sndbuf = doubled(v, st->sysctl.wmem_max, name == PH_SO_SNDBUFFORCE,
				    DGRAM_SNDBUF_MIN);
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

static int set_socket(struct ph_stack *st, struct dgram *d, int name, const void *value,
		      uint32_t len)
{
	uint32_t before = d->so.tsflags;
	int v, rc;

	if (name == PH_SO_LINGER)
		return set_linger(d, value, len);
	rc = bound_set(st, &d->bound, name, value, len);
	if (rc != -ENOPROTOOPT)
		return rc;
	rc = dgram_filter_set(st, d, name, value, len);
	if (rc != -ENOPROTOOPT)
		return rc;
	rc = sockopts_set(&d->so, name, value, len);
	if ((d->so.tsflags & ~before) & PH_SOF_TIMESTAMPING_OPT_ID)
		d->tskey = 0;
	if (rc != SOCKOPTS_OTHER)
		return rc;
	rc = sockopts_int(value, len, &v);
	return rc != 0 ? rc : set_socket_int(st, d, name, v);
}

static int get_socket_int(const struct dgram *d, int name, int *v)
{
	switch (name) {
	case PH_SO_REUSEADDR:
		*v = d->reuseaddr;
		return 0;
	case PH_SO_REUSEPORT:
		*v = d->reuseport;
		return 0;
	case PH_SO_KEEPALIVE:
		*v = d->keepalive;
		return 0;
	case PH_SO_OOBINLINE:
		*v = d->oobinline;
		return 0;
	case PH_SO_RCVLOWAT:
		*v = d->rcvlowat;
		return 0;
	case PH_SO_RCVBUF:
		*v = (int)d->rcvbuf;
		return 0;
	case PH_SO_SNDBUF:
		*v = (int)d->sndbuf;
		return 0;
	case PH_SO_ACCEPTCONN:
		*v = 0;
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

static int get_socket(const struct ph_stack *st, const struct dgram *d, int name, void *value,
		      uint32_t *len)
{
	uint8_t plain[SOCKOPTS_MAX];
	int n = sockopts_get(&d->so, name, plain), v;
	int32_t linger[2] = { d->linger, d->linger_s };

	if (n != SOCKOPTS_NONE)
		return n < 0 ? n : sockopts_give(value, len, plain, (uint32_t)n);
	if (name == PH_SO_LINGER)
		return sockopts_give(value, len, linger, sizeof(linger));
	n = bound_get(st, d->bound, name, value, len);
	if (n != -ENOPROTOOPT)
		return n;
	n = dgram_filter_get(d, name, value, len);
	if (n != -ENOPROTOOPT)
		return n;
	n = get_socket_int(d, name, &v);
	return n != 0 ? n : sockopts_give(value, len, &v, sizeof(v));
}

/* ---- SOL_IP --------------------------------------------------------------------------------- */

static bool in(int v, int lo, int hi)
{
	return v >= lo && v <= hi;
}

/* IP_UNICAST_IF takes the index in network order; IPV6_UNICAST_IF too. */
static int set_unicast_if(const struct ph_stack *st, struct dgram *d, uint32_t v)
{
	uint8_t b[4];
	ph_link link;

	memcpy(b, &v, sizeof(b));
	link = (ph_link)((uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3]);
	if (link && !link_get(st, link))
		return -EADDRNOTAVAIL;
	if (link && d->bound && d->bound != link)
		return -EINVAL;
	d->unicast_if = link;
	return 0;
}

static int set_port_range(struct dgram *d, uint32_t v)
{
	uint32_t lo = v & 0xffff, hi = v >> 16;

	if (lo && hi && lo > hi)
		return -EINVAL;
	d->port_lo = (uint16_t)lo;
	d->port_hi = (uint16_t)hi;
	return 0;
}

/* Behind the end of the list there is nothing, and no source route is sent (RFC 7126 4.3). */
int dgram_take_options(const void *value, uint32_t len, uint8_t out[IP4_OPT_MAX])
{
	uint32_t at, i = 0;

	if (len > IP4_OPT_MAX)
		return -EINVAL;
	memset(out, IP4_OPT_END, IP4_OPT_MAX);
	if (len > 0)
		memcpy(out, value, len);
	switch (ip4_opt_check(out, len, &at)) {
	case IP4_OPT_BAD:
		return -EINVAL;
	case IP4_OPT_ROUTED:
		return -EPERM;
	case IP4_OPT_OK:
		break;
	}
	while (i < len && out[i] != IP4_OPT_END)
		i += out[i] == IP4_OPT_NOP ? 1 : out[i + 1];
	if (i < len)
		memset(out + i, IP4_OPT_END, len - i);
	return (int)((len + 3) & ~3u);
}

static int set_options(struct dgram *d, const void *value, uint32_t len)
{
	uint8_t opt[IP4_OPT_MAX];
	int n = dgram_take_options(value, len, opt);

	if (n < 0)
		return n;
	memcpy(d->opt, opt, sizeof(d->opt));
	d->opt_len = (uint8_t)n;
	return 0;
}

static int set_ip(const struct ph_stack *st, struct dgram *d, int name, int v, uint32_t len)
{
	uint32_t bit = switch_bit(name);

	if (name == PH_IP_RECVERR_RFC4884 && !in(v, 0, 1))
		return -EINVAL;
	if (bit) {
		d->ip = v ? d->ip | bit : d->ip & ~bit;
		return 0;
	}
	switch (name) {
	case PH_IP_TOS:
		d->tos = (uint8_t)v;
		return 0;
	case PH_IP_TTL:
		if (len < 1 || (v != -1 && !in(v, 1, 255)))
			return -EINVAL;
		d->ttl = v == -1 ? 0 : (uint8_t)v;
		return 0;
	case PH_IP_MINTTL:
		if (!in(v, 0, 255))
			return -EINVAL;
		d->min_ttl = (uint8_t)v;
		return 0;
	case PH_IP_MTU_DISCOVER:
		if (!in(v, PH_IP_PMTUDISC_DONT, PH_IP_PMTUDISC_OMIT))
			return -EINVAL;
		d->pmtudisc = (uint8_t)v;
		return 0;
	case PH_IP_UNICAST_IF:
		return len == sizeof(v) ? set_unicast_if(st, d, (uint32_t)v) : -EINVAL;
	case PH_IP_LOCAL_PORT_RANGE:
		return len == sizeof(v) ? set_port_range(d, (uint32_t)v) : -EINVAL;
	default:
		return -ENOPROTOOPT;
	}
}

static int get_ip(const struct ph_stack *st, const struct dgram *d, int name, int *v,
		  const struct dst *to)
{
	uint32_t bit = switch_bit(name);

	if (bit) {
		*v = (d->ip & bit) != 0;
		return 0;
	}
	switch (name) {
	case PH_IP_TOS:
		*v = d->tos;
		return 0;
	case PH_IP_TTL:
		*v = d->ttl ? d->ttl : (int)st->sysctl.ip_default_ttl;
		return 0;
	case PH_IP_MINTTL:
		*v = d->min_ttl;
		return 0;
	case PH_IP_MTU_DISCOVER:
		*v = d->pmtudisc;
		return 0;
	case PH_IP_MTU:
		if (!to || to->v6)
			return -ENOTCONN;
		*v = to->mtu;
		return 0;
	case PH_IP_LOCAL_PORT_RANGE:
		*v = (int)((uint32_t)d->port_hi << 16 | d->port_lo);
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

/* ---- all of them ---------------------------------------------------------------------------- */

static int set_ip6(const struct ph_stack *st, struct dgram *d, int name, int v, uint32_t len,
		   bool bound)
{
	if (name == PH_IPV6_RECVORIGDSTADDR) {
		d->orig6 = v != 0;
		return 0;
	}
	if (name == PH_IPV6_UNICAST_IF)
		return len == sizeof(v) ? set_unicast_if(st, d, (uint32_t)v) : -EINVAL;
	return ip6_opt_set(&d->ip6, name, v, false, bound);
}

int dgram_setsockopt(struct ph_stack *st, struct dgram *d, int level, int name, const void *value,
		     uint32_t len, bool bound)
{
	int v = 0, rc;

	if (level == PH_SOL_SOCKET)
		return set_socket(st, d, name, value, len);
	rc = mc_setsockopt(st, &d->mc, d->v6, level, name, value, len);
	if (rc != -ENOPROTOOPT)
		return rc;
	if (level != PH_IPPROTO_IP && (level != PH_IPPROTO_IPV6 || !d->v6))
		return -ENOPROTOOPT;
	if (level == PH_IPPROTO_IP && name == PH_IP_OPTIONS)
		return set_options(d, value, len);
	if (len >= sizeof(v))
		memcpy(&v, value, sizeof(v));
	else if (level == PH_IPPROTO_IPV6)
		return -EINVAL;
	else if (len > 0)
		v = *(const uint8_t *)value;
	if (level == PH_IPPROTO_IPV6)
		return set_ip6(st, d, name, v, len, bound);
	return set_ip(st, d, name, v, len);
}

int dgram_getsockopt(const struct ph_stack *st, const struct dgram *d, int level, int name,
		     void *value, uint32_t *len, const struct dst *to)
{
	int v, rc;

	if (level == PH_SOL_SOCKET)
		return get_socket(st, d, name, value, len);
	if (level == PH_IPPROTO_IP || (level == PH_IPPROTO_IPV6 && d->v6)) {
		rc = mc_getsockopt(st, &d->mc, level, name, value, len);
		if (rc != -ENOPROTOOPT)
			return rc;
	}
	if (level == PH_IPPROTO_IP && name == PH_IP_OPTIONS)
		return sockopts_give(value, len, d->opt, d->opt_len);
	if (level == PH_IPPROTO_IPV6 && d->v6 && name == PH_IPV6_RECVORIGDSTADDR) {
		v = d->orig6;
		return sockopts_give(value, len, &v, sizeof(v));
	}
	if (level == PH_IPPROTO_IPV6 && d->v6)
		rc = ip6_opt_get(&d->ip6, name, (int)st->sysctl.conf6.hop_limit, to ? to->mtu : 0,
				 &v);
	else if (level == PH_IPPROTO_IP)
		rc = get_ip(st, d, name, &v, to);
	else
		rc = -ENOPROTOOPT;
	if (rc != 0)
		return rc;
	if (level == PH_IPPROTO_IP && *len > 0 && *len < sizeof(v) && in(v, 0, 255)) {
		*(uint8_t *)value = (uint8_t)v;
		*len = 1;
		return 0;
	}
	return sockopts_give(value, len, &v, sizeof(v));
}
