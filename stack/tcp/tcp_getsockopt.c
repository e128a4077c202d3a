/* SPDX-License-Identifier: BSD-2-Clause */
/* Socket options of TCP read back: SOL_SOCKET and SOL_TCP, with Linux's lengths and errors. What
 * setting one does is in tcp_sockopt.c, level SOL_IP in tcp_sockopt_ip.c. */
#include <limits.h>
#include <string.h>

#include "net/bound.h"
#include "tcp/tcp_int.h"

#include "tcp/tcp_defer.h"

enum { MEMINFO_N = 9 }; /* Linux's SK_MEMINFO_VARS */

/* SK_MEMINFO_*: what is held, and what may be. */
static int get_meminfo(const struct tcb *t, void *value, uint32_t *len)
{
	uint32_t v[MEMINFO_N] = {
		[0] = tcp_rcv_counted(t),     /* RMEM_ALLOC */
		[1] = t->rcvwin.buf,	      /* RCVBUF */
		[3] = t->sndbuf,	      /* SNDBUF */
		[5] = tcp_conn_wmem_queued(t) /* WMEM_QUEUED */
	};

	return sockopts_give(value, len, v, sizeof(v));
}

static int get_linger(const struct tcb *t, void *value, uint32_t *len)
{
	int v[2] = { t->linger, t->linger_s > INT_MAX ? INT_MAX : (int)t->linger_s };

	return sockopts_give(value, len, v, sizeof(v));
}

static int get_cookie(const struct tcb *t, void *value, uint32_t *len)
{
	uint64_t cookie = t->id;

	if (*len < sizeof(cookie))
		return -EINVAL;
	return sockopts_give(value, len, &cookie, sizeof(cookie));
}

static int socket_int(const struct tcb *t, int name, int *v)
{
	switch (name) {
	case PH_SO_REUSEADDR:
		*v = t->reuse;
		return 0;
	case PH_SO_REUSEPORT:
		*v = t->reuseport;
		return 0;
	case PH_SO_KEEPALIVE:
		*v = t->keepalive;
		return 0;
	case PH_SO_OOBINLINE:
		*v = t->oobinline;
		return 0;
	case PH_SO_SNDBUF:
		*v = (int)t->sndbuf;
		return 0;
	case PH_SO_RCVBUF:
		*v = (int)t->rcvwin.buf;
		return 0;
	case PH_SO_RCVLOWAT:
		*v = (int)tcp_rcvlowat(t);
		return 0;
	case PH_SO_BUF_LOCK:
		*v = (t->sndbuf_locked ? TCP_LOCK_SNDBUF : 0) |
		     (t->rcvbuf_locked ? TCP_LOCK_RCVBUF : 0);
		return 0;
	case PH_SO_ACCEPTCONN:
		*v = t->state == TCPS_LISTEN;
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

static int get_max_pacing(const struct tcb *t, void *value, uint32_t *len)
{
	uint64_t Bps = t->pace.max_Bps ? t->pace.max_Bps : UINT64_MAX;
	uint32_t v = Bps > UINT32_MAX ? UINT32_MAX : (uint32_t)Bps;

	if (*len >= sizeof(Bps))
		return sockopts_give(value, len, &Bps, sizeof(Bps));
	return sockopts_give(value, len, &v, sizeof(v));
}

static int get_socket(const struct ph_stack *st, const struct tcb *t, int name,
		      void *value, uint32_t *len)
{
	uint8_t out[SOCKOPTS_MAX];
	int n, v, err;

	switch (name) {
	case PH_SO_LINGER:
		return get_linger(t, value, len);
	case PH_SO_MEMINFO:
		return get_meminfo(t, value, len);
	case PH_SO_COOKIE:
		return get_cookie(t, value, len);
	case PH_SO_MAX_PACING_RATE:
		return get_max_pacing(t, value, len);
	case PH_SO_TXREHASH:
		v = tcp_path_may_change(st, t);
		return sockopts_give(value, len, &v, sizeof(v));
	default:
		break;
	}
	n = bound_get(st, t->dst.oif, name, value, len);
	if (n != -ENOPROTOOPT)
		return n;
	n = sockopts_get(&tcp_rare(t)->so, name, out);
	if (n != SOCKOPTS_NONE)
		return n < 0 ? n : sockopts_give(value, len, out, (uint32_t)n);
	err = socket_int(t, name, &v);
	return err ? err : sockopts_give(value, len, &v, sizeof(v));
}

static int get_keep(const struct ph_stack *st, const struct tcb *t, int name)
{
	if (name == PH_TCP_KEEPIDLE)
		return t->keep_idle_s ? t->keep_idle_s : (int)st->sysctl.tcp_keepalive_time;
	if (name == PH_TCP_KEEPINTVL)
		return t->keep_intvl_s ? t->keep_intvl_s : (int)st->sysctl.tcp_keepalive_intvl;
	return t->keep_probes ? t->keep_probes : (int)st->sysctl.tcp_keepalive_probes;
}

static int get_linger2(const struct ph_stack *st, const struct tcb *t)
{
	if (t->fin_timeout_s < 0)
		return -1;
	return t->fin_timeout_s ? t->fin_timeout_s : (int)st->sysctl.tcp_fin_timeout;
}

static int get_maxseg(const struct tcb *t)
{
	if (t->state != TCPS_CLOSED && t->state != TCPS_LISTEN)
		return (int)tcp_output_mss(t);
	return t->user_mss ? t->user_mss : TCP_MSS_DEFAULT4;
}

/* What tcp_sockopt.c keeps in struct tcp_rare. */
static int rare_int(const struct ph_stack *st, const struct tcb *t, int name, int *v)
{
	const struct tcp_rare *r = tcp_rare(t);

	switch (name) {
	case PH_TCP_NOTSENT_LOWAT:
		*v = (int)r->notsent_lowat;
		return 0;
	case PH_TCP_RTO_MAX_MS:
		*v = (int)tcp_rto_max_ms(st, t);
		return 0;
	case PH_TCP_RTO_MIN_US:
		*v = (int)tcp_rto_min_us(st, t);
		return 0;
	case PH_TCP_DELACK_MAX_US:
		*v = r->delack_max_us ? (int)r->delack_max_us : TCP_DELACK_MAX_US;
		return 0;
	case PH_TCP_TX_DELAY:
		*v = (int)r->tx_delay_us;
		return 0;
	case PH_TCP_SAVE_SYN:
		*v = r->save_syn;
		return 0;
	case PH_TCP_INQ:
		*v = r->inq;
		return 0;
	case PH_TCP_TIMESTAMP:
		*v = (int)tcp_ts(st, t->ts_off);
		return 0;
	case PH_TCP_THIN_LINEAR_TIMEOUTS:
		*v = t->thin;
		return 0;
	case PH_TCP_THIN_DUPACK: /* Linux: taken, and without effect since 4.12 */
	case PH_TCP_IS_MPTCP:
		*v = 0;
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

static int tcp_int(const struct ph_stack *st, const struct tcb *t, int name, int *v)
{
	switch (name) {
	case PH_TCP_NODELAY:
		*v = (t->nonagle & TCP_NODELAY_ON) != 0;
		return 0;
	case PH_TCP_CORK:
		*v = (t->nonagle & TCP_CORK_ON) != 0;
		return 0;
	case PH_TCP_MAXSEG:
		*v = get_maxseg(t);
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
		*v = get_linger2(st, t);
		return 0;
	case PH_TCP_DEFER_ACCEPT:
		*v = tcp_defer_seconds(tcp_rare(t)->defer_accept, TCP_RTO_MAX_MS / 1000);
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
		return rare_int(st, t, name, v);
	}
}

static int get_tcp(const struct ph_stack *st, const struct tcb *t, int name, void *value,
		   uint32_t *len)
{
	struct ph_tcp_info info;
	char cc[CC_NAME_MAX] = "";
	uint8_t cc_info[CC_INFO_MAX];
	int v, err;

	switch (name) {
	case PH_TCP_INFO:
		tcp_info_fill(st, t, &info);
		return sockopts_give(value, len, &info, sizeof(info));
	case PH_TCP_CONGESTION:
		memcpy(cc, t->cc.ops->name, strlen(t->cc.ops->name));
		return sockopts_give(value, len, cc, sizeof(cc));
	case PH_TCP_CC_INFO: /* what the algorithm tells: nothing, but for a few */
		return sockopts_give(value, len, cc_info, tcp_cc_info(t, cc_info));
	case PH_TCP_ULP: /* there is none */
		*len = 0;
		return 0;
	default:
		break;
	}
	if (tcp_sockopt_is_fo(name))
		return tcp_getsockopt_fo(st, t, name, value, len);
	err = tcp_int(st, t, name, &v);
	return err ? err : sockopts_give(value, len, &v, sizeof(v));
}

static int get_ip6(const struct ph_stack *st, const struct tcb *t, int name, void *value,
		   uint32_t *len)
{
	bool connected = tcps_synchronised(t->state) || t->state == TCPS_SYN_SENT;
	int hops = connected && t->dst.v6 ? t->dst.hop_limit : (int)st->sysctl.conf6.hop_limit, v;
	int err = ip6_opt_get(&t->ip6, name, hops, connected ? t->dst.mtu : 0, &v);

	return err ? err : sockopts_give(value, len, &v, sizeof(v));
}

int tcp_saved_syn(struct ph_stack *st, struct tcb *t, void *value, uint32_t *len)
{
	struct tcp_saved_syn *syn = t->rare ? t->rare->syn : NULL;

	if (!syn) {
		*len = 0;
		return 0;
	}
	if (*len < syn->len) {
		*len = syn->len;
		return -EINVAL;
	}
	(void)sockopts_give(value, len, syn->bytes, syn->len);
	t->rare->syn = NULL;
	pool_put(&st->tcp->syns, syn);
	return 0;
}

int tcp_getsockopt(struct ph_stack *st, const struct tcb *t, int level, int name, void *value,
		   uint32_t *len)
{
	if (level == PH_SOL_SOCKET)
		return get_socket(st, t, name, value, len);
	if (level == PH_IPPROTO_TCP)
		return get_tcp(st, t, name, value, len);
	if (level == PH_IPPROTO_IP)
		return tcp_getsockopt_ip(st, t, name, value, len);
	if (level == PH_IPPROTO_IPV6 && t->v6)
		return get_ip6(st, t, name, value, len);
	return -ENOPROTOOPT;
}
