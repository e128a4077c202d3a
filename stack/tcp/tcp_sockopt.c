/* SPDX-License-Identifier: BSD-2-Clause */
/* Socket options of TCP set: SOL_SOCKET and SOL_TCP, with Linux's names, bounds and errors (tcp(7),
 * socket(7)). Reading them back is in tcp_getsockopt.c, level SOL_IP in tcp_sockopt_ip.c. */
#include <limits.h>
#include <string.h>

#include "net/bound.h"
#include "tcp/tcp_int.h"

#include "tcp/tcp_defer.h"

enum {
	SNDBUF_MIN = 4608, /* Linux's SOCK_MIN_SNDBUF and SOCK_MIN_RCVBUF */
	RCVBUF_MIN = 2304,
	KEEP_S_MAX = 32767,
	KEEP_PROBES_MAX = 127,
	SYN_RETRIES_MAX = 127,
	MSS_USER_MIN = 88, /* Linux's TCP_MIN_MSS */
	MSS_USER_MAX = 32767,
	TX_DELAY_US_MAX = (1 << 28) - 1
};

/* SO_SNDBUF and SO_RCVBUF are cut to the sysctl's bound, as an unsigned number, then doubled for
 * what Linux calls overhead; those of FORCE are only doubled. */
static int64_t doubled(int v, int64_t max, bool force)
{
	int64_t want = v;

	if (force)
		want = v < 0 ? 0 : v;
	else if (v < 0 || want > max)
		want = max;
	return want > INT_MAX / 2 ? INT_MAX - 1 : want * 2;
}

static int set_sndbuf(struct ph_stack *st, struct tcb *t, int v, bool force)
{
	int64_t want = doubled(v, st->sysctl.wmem_max, force);

	t->sndbuf = want < SNDBUF_MIN ? SNDBUF_MIN : (uint32_t)want;
	t->sndbuf_locked = true;
	ready_set(st, &t->ready);
	return 0;
}

static int set_rcvbuf(struct ph_stack *st, struct tcb *t, int v, bool force)
{
	int64_t want = doubled(v, st->sysctl.rmem_max, force);

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

/* Readable only when so much is there; the buffer grows so that it can be (Linux's
 * tcp_set_rcvlowat). */
static int set_rcvlowat(struct ph_stack *st, struct tcb *t, int v)
{
	int64_t cap = t->rcvbuf_locked ? t->rcvwin.buf / 2 : st->sysctl.tcp_rmem[2] / 2;
	int64_t want = v < 0 ? INT_MAX : v;
	struct tcp_rare *r = tcp_rare_own(st, t);

	if (!r)
		return -ENOMEM;
	want = want < cap ? want : cap;
	r->rcvlowat = (uint32_t)want;
	if (!t->rcvbuf_locked)
		tcp_rcvwin_want(&t->rcvwin, (uint32_t)want, (uint32_t)st->sysctl.tcp_rmem[2]);
	ready_set(st, &t->ready);
	return 0;
}

static int set_buf_lock(struct tcb *t, int v)
{
	if (v & ~(TCP_LOCK_SNDBUF | TCP_LOCK_RCVBUF))
		return -EINVAL;
	t->sndbuf_locked = (v & TCP_LOCK_SNDBUF) != 0;
	t->rcvbuf_locked = t->rcvwin.locked = (v & TCP_LOCK_RCVBUF) != 0;
	return 0;
}

static int socket_int(struct ph_stack *st, struct tcb *t, int name, int v)
{
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
	case PH_SO_OOBINLINE:
		t->oobinline = v != 0;
		return 0;
	case PH_SO_SNDBUF:
	case PH_SO_SNDBUFFORCE:
		return set_sndbuf(st, t, v, name == PH_SO_SNDBUFFORCE);
	case PH_SO_RCVBUF:
	case PH_SO_RCVBUFFORCE:
		return set_rcvbuf(st, t, v, name == PH_SO_RCVBUFFORCE);
	case PH_SO_RCVLOWAT:
		return set_rcvlowat(st, t, v);
	case PH_SO_BUF_LOCK:
		return set_buf_lock(t, v);
	default:
		return -ENOPROTOOPT;
	}
}

/* Options that are plain values; tried on a copy, so that a refusal costs no struct. */
static int set_plain(struct ph_stack *st, struct tcb *t, int name, const void *value, uint32_t len)
{
	struct sockopts so = tcp_rare(t)->so;
	int err = sockopts_set(&so, name, value, len);
	struct tcp_rare *r;
	bool counts;

	if (err)
		return err;
	/* From when on octets are counted (SOF_TIMESTAMPING_OPT_ID); a stream must be there. */
	counts = (so.tsflags & ~tcp_rare(t)->so.tsflags) & PH_SOF_TIMESTAMPING_OPT_ID;
	if (counts && (t->state == TCPS_CLOSED || t->state == TCPS_LISTEN))
		return -EINVAL;
	r = tcp_rare_own(st, t);
	if (!r)
		return -ENOMEM;
	if (counts)
		r->ts_base = so.tsflags & PH_SOF_TIMESTAMPING_OPT_ID_TCP ? tcp_snd_end(t) :
									   t->snd_una;
	r->so = so;
	return 0;
}

/* Bytes per second as 32 bits, all ones being no bound, or as 64. */
static int set_max_pacing(struct ph_stack *st, struct tcb *t, const void *value, uint32_t len)
{
	uint64_t Bps;
	uint32_t v;

	if (len < sizeof(v))
		return -EINVAL;
	memcpy(&v, value, sizeof(v));
	Bps = v == UINT32_MAX ? UINT64_MAX : v;
	if (len >= sizeof(Bps))
		memcpy(&Bps, value, sizeof(Bps));
	tcp_cc_max_pacing(st, t, Bps);
	return 0;
}

static int set_socket(struct ph_stack *st, struct tcb *t, int name, const void *value, uint32_t len)
{
	int v, err;

	if (name == PH_SO_LINGER)
		return set_linger(t, value, len);
	if (name == PH_SO_MAX_PACING_RATE)
		return set_max_pacing(st, t, value, len);
	err = bound_set(st, &t->dst.oif, name, value, len);
	if (err != -ENOPROTOOPT) {
		t->dst.gen = 0; /* another way, perhaps */
		return err;
	}
	err = set_plain(st, t, name, value, len);
	if (err != SOCKOPTS_OTHER)
		return err;
	err = sockopts_int(value, len, &v);
	return err ? err : socket_int(st, t, name, v);
}

static int set_nagle(struct ph_stack *st, struct tcb *t, enum tcp_nagle bit, bool on)
{
	t->nonagle = (uint8_t)(on ? t->nonagle | bit : t->nonagle & ~bit);
	if ((bit == TCP_NODELAY_ON) != on)
		return 0;
	/* What waited for company goes now; without delay, even if it is corked. */
	if (t->nonagle & TCP_NODELAY_ON)
		t->nonagle |= TCP_PUSH_NOW;
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

static int set_congestion(struct ph_stack *st, struct tcb *t, const void *value, uint32_t len)
{
	char name[CC_NAME_MAX] = "";

	if (len < 1)
		return -EINVAL;
	memcpy(name, value, len < sizeof(name) - 1 ? len : sizeof(name) - 1);
	return tcp_cc_set(st, t, name);
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
	uint32_t clamp = (uint32_t)v;

	if (v == 0 && t->state != TCPS_CLOSED)
		return -EINVAL;
	if (v != 0 && v < RCVBUF_MIN / 2) /* below zero, too */
		clamp = RCVBUF_MIN / 2;
	t->window_clamp = clamp;
	if (v && t->state != TCPS_CLOSED && t->state != TCPS_LISTEN)
		t->rcvwin.clamp = clamp > INT_MAX ? INT_MAX : clamp;
	return 0;
}

/* The options that few set, and that are kept in struct tcp_rare. */
static int set_rare(struct ph_stack *st, struct tcb *t, int name, int v)
{
	static const struct {
		int name, min, max;
		size_t at;
	} rows[] = {
		{ PH_TCP_NOTSENT_LOWAT, INT_MIN, INT_MAX, offsetof(struct tcp_rare, notsent_lowat) },
		{ PH_TCP_RTO_MAX_MS, 1000, TCP_RTO_MAX_MS, offsetof(struct tcp_rare, rto_max_ms) },
		{ PH_TCP_RTO_MIN_US, 2000, TCP_RTO_MIN_US, offsetof(struct tcp_rare, rto_min_us) },
		{ PH_TCP_DELACK_MAX_US, 2000, TCP_DELACK_MAX_US,
		  offsetof(struct tcp_rare, delack_max_us) },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct tcp_rare *r;

		if (rows[i].name != name)
			continue;
		if (!in(v, rows[i].min, rows[i].max))
			return -EINVAL;
		r = tcp_rare_own(st, t);
		if (!r)
			return -ENOMEM;
		memcpy((uint8_t *)r + rows[i].at, &v, sizeof(v));
		if (name == PH_TCP_NOTSENT_LOWAT)
			ready_set(st, &t->ready); /* Linux's sk_write_space */
		return 0;
	}
	return -ENOPROTOOPT;
}

static int set_save_syn(struct ph_stack *st, struct tcb *t, int v)
{
	struct tcp_rare *r;

	if (!in(v, 0, 2))
		return -EINVAL;
	r = tcp_rare_own(st, t);
	if (!r)
		return -ENOMEM;
	r->save_syn = (uint8_t)v;
	return 0;
}

/* Linux: below 2^28 us, so that srtt times 8 fits; a connection that stands is told at once. */
static int set_tx_delay(struct ph_stack *st, struct tcb *t, int v)
{
	struct tcp_rare *r;
	int64_t by;

	if (!in(v, 0, TX_DELAY_US_MAX))
		return -EINVAL;
	r = tcp_rare_own(st, t);
	if (!r)
		return -ENOMEM;
	by = (int64_t)v - r->tx_delay_us;
	r->tx_delay_us = (uint32_t)v;
	if (by && t->state == TCPS_ESTABLISHED) {
		tcp_rtt_shift(&t->rtt, by, tcp_rto_max_ms(st, t) * 1000);
		tcp_cc_pace(st, t);
	}
	return 0;
}

static int set_flag(struct ph_stack *st, struct tcb *t, int name, int v)
{
	struct tcp_rare *r;

	if (!in(v, 0, 1))
		return -EINVAL;
	if (name == PH_TCP_THIN_DUPACK) /* Linux: without effect since 4.12 */
		return 0;
	if (name == PH_TCP_THIN_LINEAR_TIMEOUTS) {
		t->thin = v != 0;
		return 0;
	}
	r = tcp_rare_own(st, t);
	if (!r)
		return -ENOMEM;
	r->inq = v != 0;
	return 0;
}

static int set_defer(struct ph_stack *st, struct tcb *t, int seconds)
{
	struct tcp_rare *r = tcp_rare_own(st, t);

	if (!r)
		return -ENOMEM;
	r->defer_accept = tcp_defer_timeouts(seconds, TCP_RTO_MAX_MS / 1000);
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
	case PH_TCP_DEFER_ACCEPT:
		return set_defer(st, t, v);
	case PH_TCP_WINDOW_CLAMP:
		return set_window_clamp(t, v);
	case PH_TCP_QUICKACK:
		return set_quickack(st, t, v);
	case PH_TCP_USER_TIMEOUT:
		if (v < 0)
			return -EINVAL;
		t->user_timeout_ms = (uint32_t)v;
		return 0;
	case PH_TCP_TIMESTAMP: /* of TCP_REPAIR alone, which is not here */
		return -EPERM;
	case PH_TCP_INQ:
	case PH_TCP_THIN_DUPACK:
	case PH_TCP_THIN_LINEAR_TIMEOUTS:
		return set_flag(st, t, name, v);
	case PH_TCP_TX_DELAY:
		return set_tx_delay(st, t, v);
	case PH_TCP_SAVE_SYN:
		return set_save_syn(st, t, v);
	default:
		return set_rare(st, t, name, v);
	}
}

int tcp_setsockopt(struct ph_stack *st, struct tcb *t, int level, int name, const void *value,
		   uint32_t len)
{
	int v, err;

	if (level == PH_SOL_SOCKET)
		return set_socket(st, t, name, value, len);
	if (level == PH_IPPROTO_TCP && name == PH_TCP_CONGESTION)
		return set_congestion(st, t, value, len);
	if (level == PH_IPPROTO_IP)
		return tcp_setsockopt_ip(st, t, name, value, len);
	if (level == PH_IPPROTO_IPV6 && t->v6) {
		err = sockopts_int(value, len, &v);
		return err ? err
			   : ip6_opt_set(&t->ip6, name, v, true, t->bound || t->port_used);
	}
	if (level != PH_IPPROTO_TCP)
		return -ENOPROTOOPT;
	if (tcp_sockopt_is_fo(name))
		return tcp_setsockopt_fo(st, t, name, value, len);
	if (name == PH_TCP_MD5SIG || name == PH_TCP_MD5SIG_EXT)
		return tcp_md5_set(st, t, name == PH_TCP_MD5SIG_EXT, value, len);
	if (name == PH_TCP_ULP && len >= 1) /* no upper layer protocol is here */
		return -ENOENT;
	err = sockopts_int(value, len, &v);
	return err ? err : set_tcp(st, t, name, v);
}
