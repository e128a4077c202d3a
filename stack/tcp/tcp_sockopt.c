/* SPDX-License-Identifier: BSD-2-Clause */
/* Socket options of TCP: Linux's levels, names, bounds and errors (tcp(7), socket(7), ip(7)). */
#include <limits.h>
#include <string.h>

#include "tcp/tcp_int.h"

enum {
	SNDBUF_MIN = 4608, /* Linux's SOCK_MIN_SNDBUF and SOCK_MIN_RCVBUF */
	RCVBUF_MIN = 2304,
	KEEP_S_MAX = 32767,
	KEEP_PROBES_MAX = 127,
	SYN_RETRIES_MAX = 127,
	MSS_USER_MIN = 88, /* Linux's TCP_MIN_MSS */
	MSS_USER_MAX = 32767
};

/* An int of the user's; -EINVAL: too short. */
static int read_int(const void *value, uint32_t len, int *v)
{
	if (len < sizeof(*v))
		return -EINVAL;
	memcpy(v, value, sizeof(*v));
	return 0;
}

static int set_sndbuf(struct ph_stack *st, struct tcb *t, int v)
{
	int64_t max = st->sysctl.wmem_max, want = v < 0 ? max : v;

	want = (want < max ? want : max) * 2; /* Linux doubles it, for what it calls overhead */
	t->sndbuf = want < SNDBUF_MIN ? SNDBUF_MIN : (uint32_t)want;
	t->sndbuf_locked = true;
	ready_set(st, &t->ready);
	return 0;
}

static int set_rcvbuf(struct ph_stack *st, struct tcb *t, int v)
{
	int64_t max = st->sysctl.rmem_max, want = v < 0 ? max : v;

	want = (want < max ? want : max) * 2;
	t->rcvwin.buf = want < RCVBUF_MIN ? RCVBUF_MIN : (uint32_t)want;
	t->rcvwin.locked = t->rcvbuf_locked = true;
	return 0;
}

static int set_linger(struct tcb *t, const void *value, uint32_t len)
{
	int v[2];

	if (len < sizeof(v))
		return -EINVAL;
	memcpy(v, value, sizeof(v));
	t->linger = v[0] != 0;
	t->linger_s = v[1] < 0 ? UINT32_MAX : (uint32_t)v[1];
	return 0;
}

static int set_socket(struct ph_stack *st, struct tcb *t, int name, const void *value, uint32_t len)
{
	int v, err = read_int(value, len, &v);

	if (err)
		return err;
	switch (name) {
	case PH_SO_REUSEADDR:
		t->reuse = v != 0;
		return 0;
	case PH_SO_REUSEPORT:
		t->reuseport = v != 0;
		return 0;
	case PH_SO_KEEPALIVE:
		t->keepalive = v != 0;
		tcp_timer_keepalive(st, t);
		return 0;
	case PH_SO_SNDBUF:
		return set_sndbuf(st, t, v);
	case PH_SO_RCVBUF:
		return set_rcvbuf(st, t, v);
	case PH_SO_LINGER:
		return set_linger(t, value, len);
	default:
		return -ENOPROTOOPT;
	}
}

static int set_nagle(struct ph_stack *st, struct tcb *t, enum tcp_nagle bit, bool on)
{
	t->nonagle = (uint8_t)(on ? t->nonagle | bit : t->nonagle & ~bit);
	/* What waited for company goes now. */
	if ((bit == TCP_NODELAY_ON) == on)
		tcp_output(st, t);
	return 0;
}

static int set_quickack(struct ph_stack *st, struct tcb *t, int v)
{
	if (v == 0) {
		t->delack.pingpong = true;
		return 0;
	}
	t->delack.pingpong = false;
	if (t->delack.pending && (t->state == TCPS_ESTABLISHED || t->state == TCPS_CLOSE_WAIT))
		tcp_output_ack(st, t);
	return 0;
}

static int set_congestion(struct tcb *t, const void *value, uint32_t len)
{
	char name[CC_NAME_MAX] = "";
	const struct cc_ops *ops;

	if (len < 1)
		return -EINVAL;
	memcpy(name, value, len < sizeof(name) - 1 ? len : sizeof(name) - 1);
	ops = cc_find(name);
	if (!ops)
		return -ENOENT;
	if (ops != t->cc.ops) {
		t->cc.ops = ops;
		ops->init(&t->cc, t->mss ? tcp_output_mss(t) : 1, 0);
	}
	return 0;
}

static bool in(int v, int lo, int hi)
{
	return v >= lo && v <= hi;
}

static int set_keep(struct ph_stack *st, struct tcb *t, int name, int v)
{
	if (name == PH_TCP_KEEPCNT) {
		if (!in(v, 1, KEEP_PROBES_MAX))
			return -EINVAL;
		t->keep_probes = (uint8_t)v;
		return 0;
	}
	if (!in(v, 1, KEEP_S_MAX))
		return -EINVAL;
	if (name == PH_TCP_KEEPINTVL) {
		t->keep_intvl_s = (uint16_t)v;
		return 0;
	}
	t->keep_idle_s = (uint16_t)v;
	if (t->keepalive)
		tcp_timer_keepalive(st, t);
	return 0;
}

static int set_window_clamp(struct tcb *t, int v)
{
	if (v < 0 || (v == 0 && t->state != TCPS_CLOSED))
		return -EINVAL;
	t->window_clamp = (uint32_t)v;
	if (v && t->state != TCPS_CLOSED && t->state != TCPS_LISTEN)
		t->rcvwin.clamp = v < RCVBUF_MIN / 2 ? RCVBUF_MIN / 2 : (uint32_t)v;
	return 0;
}

static int set_tcp(struct ph_stack *st, struct tcb *t, int name, int v)
{
	switch (name) {
	case PH_TCP_NODELAY:
		return set_nagle(st, t, TCP_NODELAY_ON, v != 0);
	case PH_TCP_CORK:
		return set_nagle(st, t, TCP_CORK_ON, v != 0);
	case PH_TCP_MAXSEG:
		if (v && !in(v, MSS_USER_MIN, MSS_USER_MAX))
			return -EINVAL;
		t->user_mss = (uint16_t)v;
		return 0;
	case PH_TCP_KEEPIDLE:
	case PH_TCP_KEEPINTVL:
	case PH_TCP_KEEPCNT:
		return set_keep(st, t, name, v);
	case PH_TCP_SYNCNT:
		if (!in(v, 1, SYN_RETRIES_MAX))
			return -EINVAL;
		t->syn_retries = (uint8_t)v;
		return 0;
	case PH_TCP_LINGER2:
		t->fin_timeout_s = v < 0 ? -1 : v > 120 ? 120 : v;
		return 0;
	case PH_TCP_WINDOW_CLAMP:
		return set_window_clamp(t, v);
	case PH_TCP_QUICKACK:
		return set_quickack(st, t, v);
	case PH_TCP_USER_TIMEOUT:
		if (v < 0)
			return -EINVAL;
		t->user_timeout_ms = (uint32_t)v;
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

static int set_ip(struct tcb *t, int name, int v)
{
	switch (name) {
	case PH_IP_TOS:
		t->tos = (uint8_t)(v & ~3); /* the last two bits are ECN's (RFC 3168) */
		return 0;
	case PH_IP_TTL:
		if (v != -1 && !in(v, 1, 255))
			return -EINVAL;
		t->ttl = (uint8_t)(v == -1 ? 0 : v);
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

int tcp_setsockopt(struct ph_stack *st, struct tcb *t, int level, int name, const void *value,
		   uint32_t len)
{
	int v, err;

	if (level == PH_SOL_SOCKET)
		return set_socket(st, t, name, value, len);
	if (level == PH_IPPROTO_TCP && name == PH_TCP_CONGESTION)
		return set_congestion(t, value, len);
	err = read_int(value, len, &v);
	if (err)
		return err;
	if (level == PH_IPPROTO_TCP)
		return set_tcp(st, t, name, v);
	if (level == PH_IPPROTO_IP)
		return set_ip(t, name, v);
	return -ENOPROTOOPT;
}

/* ---- reading them back */

static int get_socket(const struct tcb *t, int name, int v[2], uint32_t *n)
{
	switch (name) {
	case PH_SO_REUSEADDR:
		v[0] = t->reuse;
		return 0;
	case PH_SO_REUSEPORT:
		v[0] = t->reuseport;
		return 0;
	case PH_SO_KEEPALIVE:
		v[0] = t->keepalive;
		return 0;
	case PH_SO_SNDBUF:
		v[0] = (int)t->sndbuf;
		return 0;
	case PH_SO_RCVBUF:
		v[0] = (int)t->rcvwin.buf;
		return 0;
	case PH_SO_ACCEPTCONN:
		v[0] = t->state == TCPS_LISTEN;
		return 0;
	case PH_SO_LINGER:
		v[0] = t->linger;
		v[1] = t->linger_s > INT_MAX ? INT_MAX : (int)t->linger_s;
		*n = 2;
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

static int get_keep(const struct ph_stack *st, const struct tcb *t, int name)
{
	if (name == PH_TCP_KEEPIDLE)
		return t->keep_idle_s ? t->keep_idle_s : (int)st->sysctl.tcp_keepalive_time;
	if (name == PH_TCP_KEEPINTVL)
		return t->keep_intvl_s ? t->keep_intvl_s : (int)st->sysctl.tcp_keepalive_intvl;
	return t->keep_probes ? t->keep_probes : (int)st->sysctl.tcp_keepalive_probes;
}

static int get_tcp(const struct ph_stack *st, const struct tcb *t, int name, int *v)
{
	switch (name) {
	case PH_TCP_NODELAY:
		*v = (t->nonagle & TCP_NODELAY_ON) != 0;
		return 0;
	case PH_TCP_CORK:
		*v = (t->nonagle & TCP_CORK_ON) != 0;
		return 0;
	case PH_TCP_MAXSEG:
		if (t->state == TCPS_CLOSED || t->state == TCPS_LISTEN)
			*v = t->user_mss ? t->user_mss : TCP_MSS_DEFAULT4;
		else
			*v = (int)tcp_output_mss(t);
		return 0;
	case PH_TCP_KEEPIDLE:
	case PH_TCP_KEEPINTVL:
	case PH_TCP_KEEPCNT:
		*v = get_keep(st, t, name);
		return 0;
	case PH_TCP_SYNCNT:
		*v = t->syn_retries ? t->syn_retries : (int)st->sysctl.tcp_syn_retries;
		return 0;
	case PH_TCP_LINGER2:
		*v = t->fin_timeout_s ? t->fin_timeout_s : (int)st->sysctl.tcp_fin_timeout;
		return 0;
	case PH_TCP_WINDOW_CLAMP:
		*v = (int)t->window_clamp;
		return 0;
	case PH_TCP_QUICKACK:
		*v = !t->delack.pingpong;
		return 0;
	case PH_TCP_USER_TIMEOUT:
		*v = (int)t->user_timeout_ms;
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

/* Linux: what fits is given, and its length. */
static int give(void *value, uint32_t *len, const void *from, uint32_t n)
{
	if (*len > n)
		*len = n;
	memcpy(value, from, *len);
	return 0;
}

int tcp_getsockopt(struct ph_stack *st, const struct tcb *t, int level, int name, void *value,
		   uint32_t *len)
{
	int v[2] = { 0, 0 }, err = -ENOPROTOOPT;
	struct ph_tcp_info info;
	char cc[CC_NAME_MAX] = "";
	uint32_t n = 1;

	if (level == PH_IPPROTO_TCP && name == PH_TCP_INFO) {
		tcp_info_fill(st, t, &info);
		return give(value, len, &info, sizeof(info));
	}
	if (level == PH_IPPROTO_TCP && name == PH_TCP_CONGESTION) {
		memcpy(cc, t->cc.ops->name, strlen(t->cc.ops->name));
		return give(value, len, cc, sizeof(cc));
	}
	if (level == PH_SOL_SOCKET) {
		err = get_socket(t, name, v, &n);
	} else if (level == PH_IPPROTO_TCP) {
		err = get_tcp(st, t, name, v);
	} else if (level == PH_IPPROTO_IP && name == PH_IP_TOS) {
		v[0] = t->tos;
		err = 0;
	} else if (level == PH_IPPROTO_IP && name == PH_IP_TTL) {
		v[0] = t->ttl ? t->ttl : (int)st->sysctl.ip_default_ttl;
		err = 0;
	}
	if (err)
		return err;
	return give(value, len, v, n * (uint32_t)sizeof(v[0]));
}
