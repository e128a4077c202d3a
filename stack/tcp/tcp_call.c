/* SPDX-License-Identifier: BSD-2-Clause */
/* The user's calls of RFC 9293 3.10 that carry no data: OPEN, CLOSE, ABORT, and what sockets add to
 * them. Errors are Linux's. Data is in tcp_data.c, options in tcp_sockopt.c. */
#include <string.h>

#include "base/ip.h"
#include "tcp/tcp_int.h"

struct tcb *tcp_open(struct ph_stack *st, int family)
{
	return tcp_tcb_new(st, family == PH_AF_INET6);
}

struct ready *tcp_ready(struct tcb *t)
{
	return &t->ready;
}

static bool family_fits(const struct tcb *t, const struct ph_sockaddr *a)
{
	return a->family == (t->v6 ? PH_AF_INET6 : PH_AF_INET);
}

static int bind_port(struct ph_stack *st, struct tcb *t, const struct ph_ip *ip, uint16_t port)
{
	struct tcp_port *p;

	if (port == 0)
		port = tcp_port_choose(st, t, ip);
	else if (tcp_port_conflict(st, t, ip, port))
		return -EADDRINUSE;
	if (port == 0)
		return -EADDRINUSE;
	p = tcp_port_get(st, port, true);
	if (!p)
		return -ENOMEM;
	t->ent.lport = port;
	t->dst.src = *ip;
	t->bound_ip = !ip_is_any(ip);
	tcp_port_bind(p, t);
	return 0;
}

int tcp_bind(struct ph_stack *st, struct tcb *t, const struct ph_sockaddr *a)
{
	if (!family_fits(t, a))
		return -EAFNOSUPPORT;
	if (t->bound || t->state != TCPS_CLOSED || (t->ip6.only && ip_is4(&a->ip) && t->v6))
		return -EINVAL;
	if (!ip_is_any(&a->ip) && !addr_is_local(st, &a->ip) &&
	    !(tcp_rare(t)->ip & (TCP_IP_FREEBIND | TCP_IP_TRANSPARENT)))
		return -EADDRNOTAVAIL;
	if (a->port == 0 && (tcp_rare(t)->ip & TCP_IP_BIND_NO_PORT)) {
		t->dst.src = a->ip; /* the port is chosen when the peer is known */
		t->bound_ip = !ip_is_any(&a->ip);
		return 0;
	}
	return bind_port(st, t, &a->ip, a->port);
}

static uint32_t bound_backlog(const struct ph_stack *st, int backlog)
{
	uint32_t most = (uint32_t)st->sysctl.somaxconn;

	/* Linux: compared as unsigned, so that a negative backlog is the largest. */
	return (uint32_t)backlog < most ? (uint32_t)backlog : most;
}

/* The sysctl can turn Fast Open on for listeners that did not ask for it. */
static void fastopen_unasked(struct ph_stack *st, struct tcb *t, uint32_t backlog)
{
	const int64_t both = TCP_FO_SERVER | TCP_FO_SERVER_UNASKED;
	struct tcp_rare *r;

	if ((st->sysctl.tcp_fastopen & both) != both || tcp_rare(t)->fo_qlen || backlog == 0)
		return;
	r = tcp_rare_own(st, t);
	if (r) /* without memory it is as if nobody had asked */
		r->fo_qlen = backlog;
}

int tcp_listen(struct ph_stack *st, struct tcb *t, int backlog)
{
	struct tcp_listener *q;
	int err;

	if (t->state == TCPS_LISTEN) {
		t->listener->backlog = bound_backlog(st, backlog);
		return 0;
	}
	if (t->state != TCPS_CLOSED)
		return -EINVAL;
	if (t->bound && tcp_port_conflict(st, t, &t->dst.src, t->ent.lport))
		return -EADDRINUSE; /* another listens meanwhile */
	if (!t->bound && (err = bind_port(st, t, &(struct ph_ip){ .b = { 0 } }, 0)) != 0)
		return err;
	q = pool_get_zeroed(&st->tcp->listeners);
	if (!q)
		return -ENOMEM;
	tcp_conn_reset(st, t);
	list_init(&q->halves);
	list_init(&q->accept);
	list_init(&q->early);
	list_init(&q->early_reset);
	fastopen_unasked(st, t, bound_backlog(st, backlog));
	q->backlog = bound_backlog(st, backlog);
	t->listener = q;
	t->ent.kind = TCP_KIND_LISTEN;
	t->ent.pport = 0;
	tcp_set_state(st, t, TCPS_LISTEN);
	tcp_table_insert(st, &t->ent);
	return 0;
}

struct tcb *tcp_accept(struct ph_stack *st, struct tcb *l)
{
	struct list_node *n;
	struct tcb *t;

	(void)st;
	if (l->state != TCPS_LISTEN || !(n = list_pop_front(&l->listener->accept)))
		return NULL;
	l->listener->naccept--;
	t = container_of(n, struct tcb, link);
	t->listener = NULL;
	return t;
}

/* What connect() says to a socket that is not fresh; 0: go on. */
static int connect_state(struct tcb *t)
{
	switch ((enum tcps)t->state) {
	case TCPS_CLOSED:
		return 0;
	case TCPS_SYN_SENT:
	case TCPS_SYN_RECEIVED:
		return t->fo_deferred ? -EISCONN : -EALREADY;
	case TCPS_LISTEN:
	case TCPS_ESTABLISHED:
	case TCPS_FIN_WAIT_1:
	case TCPS_FIN_WAIT_2:
	case TCPS_TIME_WAIT:
	case TCPS_CLOSE_WAIT:
	case TCPS_LAST_ACK:
	case TCPS_CLOSING:
	case TCPS_N:
		break;
	}
	return -EISCONN;
}

/* The port for a connection from a socket that has none, or the check of the one it has. */
static int connect_port(struct ph_stack *st, struct tcb *t, uint16_t pport, struct tcp_reborn *old)
{
	struct tcp_tuple k = { .local = t->dst.src, .peer = t->dst.dst, .pport = pport };
	struct tcp_port *p;

	if (t->bound) {
		k.lport = t->ent.lport;
		p = t->port;
		if (!tcp_port_free(st, &k, true, old))
			return -EADDRNOTAVAIL;
	} else {
		k.lport = tcp_port_choose_conn(st, t, &k, old);
		if (k.lport == 0)
			return -EADDRNOTAVAIL;
		p = tcp_port_get(st, k.lport, true);
		if (!p)
			return -ENOMEM;
	}
	t->ent.lport = k.lport;
	t->ent.pport = pport;
	tcp_use_port(t, p);
	return 0;
}

int tcp_connect_with(struct ph_stack *st, struct tcb *t, const struct ph_sockaddr *a,
		     const struct ph_msg *msg, uint32_t *sent)
{
	struct ph_ip src = { .b = { 0 } }, peer = a->ip;
	struct dst d = { .gen = 0 };
	struct tcp_reborn old = { .is = false };
	int err;

	if (!family_fits(t, a))
		return -EAFNOSUPPORT;
	if (t->connecting && t->state == TCPS_ESTABLISHED) {
		t->connecting = false; /* the answer to the connect() that was in progress */
		return 0;
	}
	err = connect_state(t);
	if (err)
		return err;
	if (t->error && t->done) { /* of an attempt, not of what was dissolved */
		err = -tcp_error(t);
		t->done = false;
		return err;
	}
	if (addr_is_group(st, &peer) || (t->v6 && t->ip6.only && ip_is4(&peer)))
		return -ENETUNREACH;
	if (t->bound_ip)
		src = t->dst.src;
	err = dst_lookup_as(st, &d, t->dst.oif, t->ip6.prefer, &src, &peer, false);
	if (err)
		return err;
	tcp_conn_reset(st, t);
	t->dst = d;
	err = connect_port(st, t, a->port, &old);
	if (err)
		return err;
	t->ent.kind = TCP_KIND_CONN;
	tcp_set_state(st, t, TCPS_SYN_SENT);
	tcp_conn_start(st, t, &old);
	t->active = t->connecting = true;
	tcp_table_insert(st, &t->ent);
	COUNT(st, TcpActiveOpens);
	return tcp_fo_connect(st, t, msg, sent);
}

/* RFC 9293 3.10.4: what CLOSE makes of each state; true: a FIN is due. */
static bool close_state(struct ph_stack *st, struct tcb *t)
{
	switch ((enum tcps)t->state) {
	case TCPS_ESTABLISHED:
		tcp_set_state(st, t, TCPS_FIN_WAIT_1);
		return true;
	case TCPS_CLOSE_WAIT:
		tcp_set_state(st, t, TCPS_LAST_ACK);
		return true;
	case TCPS_SYN_RECEIVED:
		return true; /* queued until the connection stands */
	case TCPS_SYN_SENT:
	case TCPS_FIN_WAIT_1:
	case TCPS_FIN_WAIT_2:
	case TCPS_TIME_WAIT:
	case TCPS_CLOSED:
	case TCPS_LAST_ACK:
	case TCPS_LISTEN:
	case TCPS_CLOSING:
	case TCPS_N:
		break;
	}
	return false;
}

static void queue_fin(struct ph_stack *st, struct tcb *t)
{
	if (t->fin_queued || !close_state(st, t))
		return;
	t->fin_queued = true;
	t->push_seq = tcp_snd_end(t);
	tcp_output(st, t);
}

static void stop_listening(struct ph_stack *st, struct tcb *t)
{
	tcp_listen_stop(st, t);
	tcp_table_remove(st, &t->ent);
	tcp_set_state(st, t, TCPS_CLOSED);
	t->rcv_shut = t->snd_shut = true;
	ready_set(st, &t->ready);
}

int tcp_shutdown(struct ph_stack *st, struct tcb *t, int how)
{
	if (how != PH_SHUT_RD && how != PH_SHUT_WR && how != PH_SHUT_RDWR)
		return -EINVAL;
	if (t->state == TCPS_CLOSED)
		return -ENOTCONN;
	if (t->state == TCPS_LISTEN) {
		if (how != PH_SHUT_WR)
			stop_listening(st, t);
		return 0;
	}
	if (t->state == TCPS_SYN_SENT) {
		if (how != PH_SHUT_RD)
			tcp_done(st, t, ECONNRESET, "shut down while connecting");
		return 0;
	}
	if (how != PH_SHUT_WR)
		t->rcv_shut = true;
	if (how != PH_SHUT_RD) {
		t->snd_shut = true;
		queue_fin(st, t);
	}
	ready_set(st, &t->ready);
	return 0;
}

/* Does ABORT tell the peer (RFC 9293 3.10.5)? Not where both ends are said already: there, as Linux,
 * only if the peer would miss what it never got. */
static bool abort_tells(const struct tcb *t)
{
	switch (t->state) {
	case TCPS_SYN_RECEIVED:
	case TCPS_ESTABLISHED:
	case TCPS_FIN_WAIT_1:
	case TCPS_FIN_WAIT_2:
	case TCPS_CLOSE_WAIT:
		return true;
	case TCPS_CLOSING:
	case TCPS_LAST_ACK:
		return tcp_unsent(t);
	case TCPS_CLOSED:
	case TCPS_LISTEN:
	case TCPS_SYN_SENT:
	case TCPS_TIME_WAIT:
		return false;
	}
	return false;
}

/* It ends at once, and the peer of a connection that stands is told. */
static void abort_conn(struct ph_stack *st, struct tcb *t, const char *why)
{
	if (tcps_synchronised(t->state) && t->state != TCPS_TIME_WAIT)
		tcp_output_rst(st, t);
	tcp_done(st, t, 0, why);
}

int tcp_abort(struct ph_stack *st, struct tcb *t)
{
	if (t->state == TCPS_CLOSED || t->state == TCPS_LISTEN)
		return -EOPNOTSUPP;
	if (abort_tells(t))
		tcp_output_rst(st, t);
	tcp_done(st, t, ECONNABORTED, "aborted from outside");
	return 0;
}

static void close_conn(struct ph_stack *st, struct tcb *t)
{
	if (t->rcv.len > 0) {
		/* RFC 1122 4.2.2.13: data was lost, and the peer should know. */
		COUNT(st, TcpExtTCPAbortOnClose);
		abort_conn(st, t, "closed with data unread");
	} else if (t->linger && t->linger_s == 0) {
		COUNT(st, TcpExtTCPAbortOnData);
		if (abort_tells(t))
			tcp_output_rst(st, t);
		tcp_done(st, t, 0, "closed with linger 0");
	} else if (t->state == TCPS_SYN_SENT) {
		tcp_done(st, t, 0, "closed while connecting");
	} else {
		t->rcv_shut = t->snd_shut = true;
		queue_fin(st, t);
		if (t->state == TCPS_FIN_WAIT_2 && t->fin_timeout_s < 0) {
			COUNT(st, TcpExtTCPAbortOnLinger);
			abort_conn(st, t, "no time for FIN-WAIT-2");
		} else if (t->state == TCPS_FIN_WAIT_2) {
			tcp_timer_fin_wait_2(st, t);
		}
	}
}

/* It goes on without a user; of such there may be tcp_max_orphans, and one more is reset at once. */
static void orphan(struct ph_stack *st, struct tcb *t)
{
	t->orphan = true;
	if (++st->tcp->norphans <= (uint64_t)st->sysctl.tcp_max_orphans)
		return;
	COUNT(st, TcpExtTCPAbortOnMemory);
	abort_conn(st, t, "too many orphans");
}

/* connect() to AF_UNSPEC: whatever there is ends, and the socket is fresh again but for its options and
 * what it was bound to (Linux's tcp_disconnect). */
static int disconnect(struct ph_stack *st, struct tcb *t)
{
	int error = 0;

	if (t->state == TCPS_LISTEN) {
		stop_listening(st, t);
	} else if (t->state != TCPS_CLOSED) {
		if (abort_tells(t))
			tcp_output_rst(st, t);
		if (abort_tells(t) || t->state == TCPS_SYN_SENT)
			error = ECONNRESET;
		tcp_done(st, t, 0, "disconnected");
	}
	tcp_conn_reset(st, t);
	t->error = (int16_t)error;
	t->dst.dst = (struct ph_ip){ .b = { 0 } };
	t->dst.gen = 0;
	t->ent.pport = 0;
	if (!t->bound)
		t->ent.lport = 0;
	if (!t->bound_ip)
		t->dst.src = (struct ph_ip){ .b = { 0 } };
	ready_set(st, &t->ready);
	return 0;
}

int tcp_connect(struct ph_stack *st, struct tcb *t, const struct ph_sockaddr *a)
{
	uint32_t sent;

	if (a->family == 0)
		return disconnect(st, t);
	return tcp_connect_with(st, t, a, NULL, &sent);
}

void tcp_close(struct ph_stack *st, struct tcb *t)
{
	t->held = false;
	t->holder = NULL;
	t->ready.socket = -1;
	list_remove(&t->ready.node);
	t->keep_at = PH_NEVER;
	if (t->state == TCPS_LISTEN)
		stop_listening(st, t);
	else if (t->state != TCPS_CLOSED)
		close_conn(st, t);
	if (t->state != TCPS_CLOSED)
		orphan(st, t);
	tcp_put(st, t);
}

/* As much as SO_RCVLOWAT asks for, or as much as the window lets come (Linux's
 * tcp_epollin_ready). */
static bool readable(const struct tcb *t)
{
	uint32_t target = tcp_rcvlowat(t);

	if (t->rcv.len == 0)
		return false;
	if (t->urg && !t->oobinline && tcp_read_seq(t) == t->rcv_up - 1)
		target++; /* the urgent octet is not in line */
	return t->rcv.len >= target ||
	       tcp_rcvwin_left(&t->rcvwin, t->rcv_nxt) <= t->delack.rcv_mss;
}

/* Linux's tcp_poll(). */
uint32_t tcp_poll(const struct ph_stack *st, struct tcb *t)
{
	uint32_t bits = 0;

	if (t->state == TCPS_LISTEN)
		return t->listener->naccept ? PH_POLLIN : 0;
	if ((t->rcv_shut && t->snd_shut) || t->state == TCPS_CLOSED)
		bits |= PH_POLLHUP;
	if (t->rcv_shut)
		bits |= PH_POLLIN | PH_POLLRDHUP;
	if (t->error || (t->rare && t->rare->errq.n))
		bits |= PH_POLLERR;
	if (t->state == TCPS_SYN_SENT || (t->state == TCPS_SYN_RECEIVED && !t->early))
		return bits | (t->fo_deferred ? PH_POLLOUT : 0u);
	if (readable(t))
		bits |= PH_POLLIN;
	if (t->snd_shut || tcp_conn_writable(st, t))
		bits |= PH_POLLOUT;
	else
		t->nospace = true; /* who asks will be told */
	if (t->urg == TCP_URG_VALID)
		bits |= PH_POLLPRI;
	return bits;
}

/* SIOCINQ: up to the urgent octet, where that lies ahead and not in line. */
int tcp_inq(const struct tcb *t)
{
	seq_t at = tcp_read_seq(t), urgent = t->rcv_up - 1;

	if (t->state == TCPS_LISTEN)
		return -EINVAL;
	if (t->state == TCPS_SYN_SENT || t->state == TCPS_SYN_RECEIVED)
		return 0;
	if (t->urg && !t->oobinline && seq_ge(urgent, at) && urgent - at < t->rcv.len)
		return (int)(urgent - at);
	return (int)t->rcv.len;
}

bool tcp_at_mark(const struct tcb *t)
{
	return t->urg && t->rcv_up - 1 == tcp_read_seq(t);
}

int tcp_notsent(const struct tcb *t)
{
	if (t->state == TCPS_LISTEN)
		return -EINVAL;
	return (int)tcp_conn_notsent(t);
}

int tcp_outq(const struct tcb *t)
{
	if (t->state == TCPS_LISTEN)
		return -EINVAL;
	return (int)t->snd.len;
}

int tcp_so_error(struct tcb *t)
{
	int error = tcp_error(t);

	if (!error) {
		error = t->error_soft;
		t->error_soft = 0;
	}
	return error;
}

int tcp_error(struct tcb *t)
{
	int error = t->error;

	t->error = 0;
	return error;
}

void tcp_name(const struct tcb *t, bool peer, struct ph_sockaddr *a)
{
	memset(a, 0, sizeof(*a));
	a->family = t->v6 ? PH_AF_INET6 : PH_AF_INET;
	a->port = peer ? t->ent.pport : t->ent.lport;
	a->ip = peer ? t->dst.dst : t->dst.src;
	if (!t->v6 && ip_is_any(&a->ip))
		a->ip = ip_of4(0);
}

int tcp_getname(const struct tcb *t, bool peer, struct ph_sockaddr *a)
{
	bool connected = t->state != TCPS_CLOSED && t->state != TCPS_LISTEN &&
			 t->state != TCPS_SYN_SENT;

	if (peer && !connected)
		return -ENOTCONN;
	tcp_name(t, peer, a);
	return 0;
}
