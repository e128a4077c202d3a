/* SPDX-License-Identifier: BSD-2-Clause */
/* Fast Open's socket options: Linux's names, bounds and errors (tcp(7)). Called by tcp_sockopt.c
 * and tcp_getsockopt.c. */
#include <string.h>

#include "tcp/tcp_int.h"

bool tcp_sockopt_is_fo(int name)
{
	return name == PH_TCP_FASTOPEN || name == PH_TCP_FASTOPEN_CONNECT ||
	       name == PH_TCP_FASTOPEN_KEY || name == PH_TCP_FASTOPEN_NO_COOKIE;
}

static bool idle(const struct tcb *t)
{
	return t->state == TCPS_CLOSED || t->state == TCPS_LISTEN;
}

/* The checks of an option's value; what it is set to needs memory only when all of them hold. */
static int check(const struct ph_stack *st, const struct tcb *t, int name, int v)
{
	if (name == PH_TCP_FASTOPEN)
		return v >= 0 && idle(t) ? 0 : -EINVAL;
	if (v != 0 && v != 1)
		return -EINVAL;
	if (name == PH_TCP_FASTOPEN_NO_COOKIE)
		return idle(t) ? 0 : -EINVAL;
	if (!(st->sysctl.tcp_fastopen & TCP_FO_CLIENT))
		return -EOPNOTSUPP;
	return t->state == TCPS_CLOSED ? 0 : -EINVAL;
}

static int set_keys(struct ph_stack *st, struct tcb *t, const void *value, uint32_t len)
{
	struct tcp_fo_keys k;
	struct tcp_rare *r;

	if (!tcp_fo_keys_read(&k, value, len))
		return -EINVAL;
	r = tcp_rare_own(st, t);
	if (!r)
		return -ENOMEM;
	r->fo_keys = k;
	return 0;
}

int tcp_setsockopt_fo(struct ph_stack *st, struct tcb *t, int name, const void *value, uint32_t len)
{
	uint32_t most = (uint32_t)st->sysctl.somaxconn;
	struct tcp_rare *r;
	int v, err;

	if (name == PH_TCP_FASTOPEN_KEY)
		return set_keys(st, t, value, len);
	err = sockopts_int(value, len, &v);
	if (!err)
		err = check(st, t, name, v);
	if (err)
		return err;
	r = tcp_rare_own(st, t);
	if (!r)
		return -ENOMEM;
	if (name == PH_TCP_FASTOPEN)
		r->fo_qlen = (uint32_t)v < most ? (uint32_t)v : most;
	else if (name == PH_TCP_FASTOPEN_NO_COOKIE)
		r->fo_no_cookie = v != 0;
	else
		r->fo_connect = v != 0;
	return 0;
}

int tcp_getsockopt_fo(const struct ph_stack *st, const struct tcb *t, int name, void *value,
		      uint32_t *len)
{
	const struct tcp_rare *r = tcp_rare(t);
	uint8_t bytes[2 * TCP_FO_KEY_LEN];
	struct tcp_fo_keys k;
	int v;

	if (name == PH_TCP_FASTOPEN_KEY) {
		tcp_early_keys(st, t, &k);
		return sockopts_give(value, len, bytes, tcp_fo_keys_write(&k, bytes));
	}
	v = name == PH_TCP_FASTOPEN ? (int)r->fo_qlen :
	    name == PH_TCP_FASTOPEN_NO_COOKIE ? r->fo_no_cookie : r->fo_connect;
	return sockopts_give(value, len, &v, sizeof(v));
}
