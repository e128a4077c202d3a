/* SPDX-License-Identifier: BSD-2-Clause */
/* Options of level SOL_IP on a TCP socket: Linux's names, bounds and errors (ip(7)). An option of
 * zero bytes is 0, of one to three bytes is one byte, as in Linux. */
#include <string.h>

#include "net/dgram.h"
#include "tcp/tcp_int.h"

static const struct {
	int name;
	uint16_t bit;
} switches[] = {
	{ PH_IP_RECVERR, TCP_IP_RECVERR },
	{ PH_IP_FREEBIND, TCP_IP_FREEBIND },
	{ PH_IP_TRANSPARENT, TCP_IP_TRANSPARENT },
	{ PH_IP_BIND_ADDRESS_NO_PORT, TCP_IP_BIND_NO_PORT },
	{ PH_IP_RECVOPTS, TCP_IP_RECVOPTS },
	{ PH_IP_RETOPTS, TCP_IP_RETOPTS },
	{ PH_IP_PKTINFO, TCP_IP_PKTINFO },
	{ PH_IP_RECVTTL, TCP_IP_RECVTTL },
	{ PH_IP_RECVTOS, TCP_IP_RECVTOS },
	{ PH_IP_PASSSEC, TCP_IP_PASSSEC },
	{ PH_IP_RECVORIGDSTADDR, TCP_IP_ORIGDST },
	{ PH_IP_CHECKSUM, TCP_IP_CHECKSUM },
	{ PH_IP_RECVERR_RFC4884, TCP_IP_RFC4884 },
};

static int find_switch(int name)
{
	for (int i = 0; i < (int)ARRAY_LEN(switches); i++)
		if (switches[i].name == name)
			return i;
	return -1;
}

/* Those that Linux refuses a value of no bytes. */
static bool needs_byte(int name)
{
	return name == PH_IP_TTL || name == PH_IP_FREEBIND || name == PH_IP_TRANSPARENT ||
	       name == PH_IP_MINTTL;
}

static bool in(int v, int lo, int hi)
{
	return v >= lo && v <= hi;
}

static int set_switch(struct ph_stack *st, struct tcb *t, int i, int v)
{
	struct tcp_rare *r;

	if (switches[i].name == PH_IP_RECVERR_RFC4884 && !in(v, 0, 1))
		return -EINVAL;
	r = tcp_rare_own(st, t);
	if (!r)
		return -ENOMEM;
	r->ip = (uint16_t)(v ? r->ip | switches[i].bit : r->ip & ~switches[i].bit);
	return 0;
}

/* The low half of the number is the first port, the high half the last; 0: the sysctl's. */
static int set_port_range(struct ph_stack *st, struct tcb *t, uint32_t len, int v)
{
	uint32_t lo = (uint32_t)v & 0xffff, hi = (uint32_t)v >> 16;
	struct tcp_rare *r;

	if (len != sizeof(v) || (lo && hi && lo > hi))
		return -EINVAL;
	r = tcp_rare_own(st, t);
	if (!r)
		return -ENOMEM;
	r->port_lo = (uint16_t)lo;
	r->port_hi = (uint16_t)hi;
	return 0;
}

static int set_value(struct ph_stack *st, struct tcb *t, int name, int v, uint32_t len)
{
	struct tcp_rare *r;

	switch (name) {
	case PH_IP_TOS:
		/* The last two bits are ECN's (RFC 3168): as they were. */
		t->tos = (uint8_t)((v & ~3) | (t->tos & 3));
		return 0;
	case PH_IP_TTL:
		if (v != -1 && !in(v, 1, 255))
			return -EINVAL;
		t->ttl = (uint8_t)(v == -1 ? 0 : v);
		return 0;
	case PH_IP_MINTTL:
	case PH_IP_MTU_DISCOVER:
		if (!in(v, 0, name == PH_IP_MINTTL ? 255 : PH_IP_PMTUDISC_OMIT))
			return -EINVAL;
		r = tcp_rare_own(st, t);
		if (!r)
			return -ENOMEM;
		if (name == PH_IP_MINTTL) {
			r->min_ttl = (uint8_t)v;
		} else {
			r->pmtudisc = (uint8_t)v;
			r->pmtudisc_set = true;
		}
		return 0;
	case PH_IP_LOCAL_PORT_RANGE:
		return set_port_range(st, t, len, v);
	default:
		return -ENOPROTOOPT;
	}
}

/* RFC 1122 4.2.3.8; segments are shorter for them at once. Deviation: RFC 9293 3.9.2.1 (MUST-51): no
 * source route is taken. */
static int set_options(struct ph_stack *st, struct tcb *t, const void *value, uint32_t len)
{
	uint8_t opt[IP4_OPT_MAX];
	int n = dgram_take_options(value, len, opt);
	struct tcp_rare *r;

	if (n < 0)
		return n;
	r = tcp_rare_own(st, t);
	if (!r)
		return -ENOMEM;
	memcpy(r->ip_opt, opt, sizeof(opt));
	r->ip_opt_len = (uint8_t)n;
	if (t->state != TCPS_CLOSED && t->state != TCPS_LISTEN)
		tcp_conn_sync_mss(st, t);
	return 0;
}

int tcp_setsockopt_ip(struct ph_stack *st, struct tcb *t, int name, const void *value, uint32_t len)
{
	int v = 0, i = find_switch(name);

	if (name == PH_IP_OPTIONS)
		return set_options(st, t, value, len);
	if (len == 0 && needs_byte(name))
		return -EINVAL;
	if (len >= sizeof(v))
		memcpy(&v, value, sizeof(v));
	else if (len > 0)
		v = *(const uint8_t *)value;
	return i >= 0 ? set_switch(st, t, i, v) : set_value(st, t, name, v, len);
}

uint8_t tcp_pmtudisc(const struct ph_stack *st, const struct tcb *t)
{
	const struct tcp_rare *r = tcp_rare(t);

	if (r->pmtudisc_set)
		return r->pmtudisc;
	return st->sysctl.ip_no_pmtu_disc ? PH_IP_PMTUDISC_DONT : PH_IP_PMTUDISC_WANT;
}

/* Linux's ip_dont_fragment(): a probe's segments may be cut on the way, its path is not asked. */
bool tcp_dont_fragment(const struct ph_stack *st, const struct tcb *t)
{
	uint8_t how = tcp_pmtudisc(st, t);

	return how == PH_IP_PMTUDISC_DO || (how == PH_IP_PMTUDISC_WANT && !t->dst.mtu_lock);
}

static int get_value(const struct ph_stack *st, const struct tcb *t, int name, int *v)
{
	const struct tcp_rare *r = tcp_rare(t);

	switch (name) {
	case PH_IP_TOS:
		*v = t->tos;
		return 0;
	case PH_IP_TTL:
		*v = t->ttl ? t->ttl : (int)st->sysctl.ip_default_ttl;
		return 0;
	case PH_IP_MINTTL:
		*v = r->min_ttl;
		return 0;
	case PH_IP_MTU_DISCOVER:
		*v = tcp_pmtudisc(st, t);
		return 0;
	case PH_IP_MTU:
		if (!tcps_synchronised(t->state) && t->state != TCPS_SYN_SENT)
			return -ENOTCONN;
		*v = t->path_mtu && t->path_mtu < t->dst.mtu ? t->path_mtu : t->dst.mtu;
		return 0;
	case PH_IP_LOCAL_PORT_RANGE:
		*v = (int)((uint32_t)r->port_hi << 16 | r->port_lo);
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

int tcp_getsockopt_ip(const struct ph_stack *st, const struct tcb *t, int name, void *value,
		      uint32_t *len)
{
	int v = 0, i = find_switch(name), err;

	if (name == PH_IP_OPTIONS)
		return sockopts_give(value, len, tcp_rare(t)->ip_opt, tcp_rare(t)->ip_opt_len);
	if (i >= 0) {
		v = (tcp_rare(t)->ip & switches[i].bit) != 0;
	} else {
		err = get_value(st, t, name, &v);
		if (err)
			return err;
	}
	if (*len > 0 && *len < sizeof(v) && in(v, 0, 255)) {
		*(uint8_t *)value = (uint8_t)v;
		*len = 1;
		return 0;
	}
	return sockopts_give(value, len, &v, sizeof(v));
}
