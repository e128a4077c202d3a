/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arguments of the script's calls as the device takes them, and what the calls give back against
 * what the script wants. Called by call.c.
 */
#define _GNU_SOURCE

#include "harness/drill/call_int.h"
#include "harness/drill/files.h"
#include "harness/drill/optval.h"

#include <stdlib.h>
#include <string.h>

enum { MSG_FASTOPEN_ = 0x20000000, MSG_ERRQUEUE_ = 0x2000, OPTION_ROOM = 512, OPTION_MAX = 65536 };
enum { MD5SIG_ = 14 };
enum { TYPE_BITS = 0xf };

int drill_call_bad(struct drill_run *r, const struct drill_value_err *e)
{
	return drill_end(r, DRILL_ERROR, "%u:%u: %s", e->at ? e->at->line : 0,
			 e->at ? e->at->col : 0, e->text);
}

static const struct drill_expr *arg(const struct drill_wait *w, unsigned n)
{
	const struct drill_expr *e = w->ev->call.args;

	while (e && n-- > 0)
		e = e->next;
	return e;
}

static bool is_any(const struct drill_expr *e)
{
	return !e || e->kind == DRILL_E_ANY;
}

/* A number, or `other` where the script leaves it open. */
static int number(struct drill_run *r, const struct drill_wait *w, unsigned n, int64_t other,
		  int64_t *out)
{
	const struct drill_expr *e = arg(w, n);
	struct drill_value_err err;

	if (is_any(e)) {
		*out = other;
		return 0;
	}
	return drill_val_pointed(e, out, &err) == 0 ? 0 : drill_call_bad(r, &err);
}

static int descriptor(struct drill_run *r, struct drill_wait *w, unsigned n, int *dev)
{
	struct drill_fd *f;
	int64_t script;

	if (number(r, w, n, -1, &script) != 0)
		return -1;
	f = drill_fd_of(r, (int)script);
	*dev = f ? f->dev : -1; /* the device says EBADF, as the script may want */
	if (n == 0)
		w->fd = f;
	return 0;
}

static int room(struct drill_run *r, struct drill_wait *w, int64_t len)
{
	if (len < 0 || len > DRILL_BUF_MAX)
		return drill_end(r, DRILL_ERROR, "a buffer of %lld bytes; at most %d are possible",
				 (long long)len, DRILL_BUF_MAX);
	w->buf = calloc(1, len ? (size_t)len : 1);
	if (!w->buf)
		return drill_end(r, DRILL_ERROR, "out of memory");
	w->buf_len = (size_t)len;
	w->c.buf = w->buf;
	w->c.len = (size_t)len;
	return 0;
}

/* ---- addresses ---- */

/* What the script leaves open is the usual. */
static void say_address(struct drill_run *r, struct drill_wait *w, const struct drill_sockaddr *a,
			const struct ph_ip *usual_ip, uint16_t usual_port)
{
	struct ph_sockaddr *to = &w->c.addr;
	bool six = r->script->ip_version != DRILL_V_IP4;

	w->c.has_addr = true;
	*to = (struct ph_sockaddr){ .family = six ? PH_AF_INET6 : PH_AF_INET,
				    .port = usual_port,
				    .ip = *usual_ip };
	if (a->any)
		return;
	to->family = (uint16_t)a->family;
	if (a->port.given)
		to->port = (uint16_t)a->port.num;
	if (a->has_addr && a->family == PH_AF_INET)
		to->ip = ph_ip4(a->addr[0], a->addr[1], a->addr[2], a->addr[3]);
	else if (a->has_addr)
		memcpy(to->ip.b, a->addr, sizeof(to->ip.b));
}

static int address(struct drill_run *r, struct drill_wait *w, unsigned n,
		   const struct ph_ip *usual_ip, uint16_t usual_port)
{
	const struct drill_expr *e = arg(w, n);
	struct drill_sockaddr a = { .any = true };
	struct drill_value_err err;

	if (!is_any(e) && drill_val_sockaddr(e, &a, &err) != 0)
		return drill_call_bad(r, &err);
	say_address(r, w, &a, usual_ip, usual_port);
	return 0;
}

/* ---- buffers ---- */

/* The bytes of one piece that is written: text of the script, or the pattern at its place. */
static int fill(struct drill_run *r, struct drill_wait *w, const struct drill_expr *e, size_t at,
		size_t len)
{
	bool stream = w->fd && w->fd->type == PH_SOCK_STREAM;
	uint64_t base = stream ? w->fd->wrote + at : at;
	uint64_t place = stream || !w->fd ? base : DRILL_DGRAM(w->fd->wrote) + at;

	if (e && e->kind == DRILL_E_STRING) {
		size_t n = e->str.len < len ? e->str.len : len;

		memcpy(w->buf + at, e->str.at, n);
		if (w->fd && drill_fd_literal(w->fd, place, w->buf + at, len) != 0)
			return drill_end(r, DRILL_ERROR, "out of memory");
		return 0;
	}
	for (size_t i = 0; i < len; i++)
		w->buf[at + i] = drill_net_pattern(false, base + i);
	return 0;
}

static int flat_buffer(struct drill_run *r, struct drill_wait *w, bool sends)
{
	int64_t len;

	if (number(r, w, 2, 0, &len) != 0 || room(r, w, len) != 0)
		return -1;
	if (sends && len > 0 && arg(w, 1)->kind == DRILL_E_INT) {
		/* NULL: nobody passes that on, and all say the same of it. */
		w->inner = w->c.done = true;
		w->c.result = -EFAULT;
		w->c.done_ns = r->now_ns;
		return 0;
	}
	return sends ? fill(r, w, arg(w, 1), 0, (size_t)len) : 0;
}

static int pieces(struct drill_run *r, struct drill_wait *w, const struct drill_iovec *iov,
		  uint32_t n, bool sends)
{
	int64_t len = 0;
	size_t at = 0;

	for (uint32_t i = 0; i < n; i++)
		len += iov[i].len;
	if (room(r, w, len) != 0)
		return -1;
	for (uint32_t i = 0; i < n && sends; i++) {
		if (fill(r, w, iov[i].base, at, (size_t)iov[i].len) != 0)
			return -1;
		at += (size_t)iov[i].len;
	}
	return 0;
}

static int vector(struct drill_run *r, struct drill_wait *w, bool sends)
{
	struct drill_iovec iov[DRILL_IOV_MAX];
	struct drill_value_err err;
	uint32_t n;

	if (drill_val_iov(arg(w, 1), iov, DRILL_IOV_MAX, &n, &err) != 0)
		return drill_call_bad(r, &err);
	return pieces(r, w, iov, n, sends);
}

static int message(struct drill_run *r, struct drill_wait *w, bool sends)
{
	struct drill_msghdr m;
	struct drill_value_err err;

	if (drill_val_msghdr(arg(w, 1), &m, &err) != 0)
		return drill_call_bad(r, &err);
	if (m.has_control &&
	    (sends ? drill_cmsg_send(r, w, &m) : drill_cmsg_room(r, w, &m)) != 0)
		return -1;
	if (sends && m.has_name && w->fd && w->fd->type == PH_SOCK_DGRAM)
		say_address(r, w, &m.name, &r->conf.remote, r->opt.connect_port);
	return pieces(r, w, m.iov, m.niov, sends);
}

/* sendto's address counts for datagrams and for a connection that it opens. */
static int to_address(struct drill_run *r, struct drill_wait *w)
{
	struct drill_expr *e = w->ev->call.args;
	const struct drill_conn *c = r->conn;
	bool given;

	for (unsigned i = 0; i < 4 && e; i++)
		e = e->next;
	given = is_any(e) || e->kind == DRILL_E_STRUCT || e->kind == DRILL_E_LIST ||
		(e->kind == DRILL_E_INT && e->src.len == 9); /* AF_UNSPEC, not NULL */
	if (!given || !w->fd)
		return 0;
	if (w->fd->type != PH_SOCK_DGRAM && !(w->c.a[0] & MSG_FASTOPEN_))
		return 0;
	if (w->fd->type == PH_SOCK_DGRAM && c && c->l4 == DRILL_L4_UDP && c->spoken)
		return address(r, w, 4, &c->remote, c->rport); /* an answer */
	return address(r, w, 4, &r->conf.remote, r->opt.connect_port);
}

static int prepare_data(struct drill_run *r, struct drill_wait *w)
{
	enum drill_call_id id = w->ev->call.id;
	bool sends = id == DRILL_C_write || id == DRILL_C_writev || id == DRILL_C_send ||
		     id == DRILL_C_sendto || id == DRILL_C_sendmsg;
	bool flags4 = id == DRILL_C_send || id == DRILL_C_sendto || id == DRILL_C_recv ||
		      id == DRILL_C_recvfrom;
	bool flags3 = id == DRILL_C_sendmsg || id == DRILL_C_recvmsg;
	int rc;

	w->c.op = sends ? DUT_SEND : DUT_RECV;
	if (flags3)
		rc = message(r, w, sends);
	else if (id == DRILL_C_writev || id == DRILL_C_readv)
		rc = vector(r, w, sends);
	else
		rc = flat_buffer(r, w, sends);
	if (rc == 0 && (flags4 || flags3))
		rc = number(r, w, flags4 ? 3 : 2, 0, &w->c.a[0]);
	if (rc == 0 && id == DRILL_C_sendto)
		rc = to_address(r, w);
	/* Into NULL nothing can be copied: what is there stays there. */
	w->null_buf = !sends && w->c.len > 0 && !flags3 && id != DRILL_C_readv &&
		      arg(w, 1)->kind == DRILL_E_INT && !(w->c.a[0] & PH_MSG_TRUNC);
	if (w->null_buf)
		w->c.a[0] |= PH_MSG_PEEK;
	if (rc == 0 && (w->c.a[0] & PH_MSG_OOB) && w->fd)
		w->fd->unchecked = true;
	if (rc == 0 && sends && w->fd && w->fd->type == PH_SOCK_DGRAM && (w->c.a[0] & PH_MSG_MORE))
		w->fd->unchecked = true; /* several calls are one datagram */
	if (rc == 0 && sends && !w->inner && w->fd) /* corrected when it returns: its packets come before */
		w->fd->wrote += w->fd->type == PH_SOCK_STREAM ? w->c.len : 1;
	return rc;
}

void drill_call_sent(struct drill_wait *w)
{
	uint64_t taken = w->c.result > 0 ? (uint64_t)w->c.result : 0;

	if (w->fd && w->fd->type == PH_SOCK_STREAM)
		w->fd->wrote -= w->buf_len - (taken < w->buf_len ? taken : w->buf_len);
	else if (w->fd && w->c.result < 0)
		drill_fd_unsent(w->fd);
}

/* ---- options ---- */

/* TCP_MD5SIG as FreeBSD has it, on or off, with --tcp_md5_secret: Linux's key for the peer. */
struct md5sig {
	uint8_t addr[128];
	uint8_t flags, prefixlen;
	uint16_t keylen;
	int32_t ifindex;
	uint8_t key[80];
};

static int md5_key(struct drill_run *r, struct drill_wait *w)
{
	const char *secret = r->opt.md5_secret;
	struct md5sig m = { 0 };
	size_t n = strnlen(secret, sizeof(m.key));
	uint16_t family = r->script->ip_version == DRILL_V_IP4 ? PH_AF_INET : PH_AF_INET6;

	memcpy(m.addr, &family, sizeof(family));
	if (family == PH_AF_INET)
		memcpy(m.addr + 4, r->conf.remote.b + 12, 4);
	else
		memcpy(m.addr + 8, r->conf.remote.b, 16);
	m.keylen = w->buf_len && w->buf[0] ? (uint16_t)n : 0; /* 0: the key is taken away */
	memcpy(m.key, secret, m.keylen);
	free(w->buf);
	w->buf = NULL;
	if (room(r, w, sizeof(m)) != 0)
		return -1;
	memcpy(w->buf, &m, sizeof(m));
	return 0;
}

static int prepare_option(struct drill_run *r, struct drill_wait *w)
{
	bool sets = w->ev->call.id == DRILL_C_setsockopt;
	const struct drill_expr *e = arg(w, 3);
	struct drill_value_err err;
	int64_t len;

	w->c.op = sets ? DUT_SETSOCKOPT : DUT_GETSOCKOPT;
	if (number(r, w, 1, 0, &w->c.a[0]) != 0 || number(r, w, 2, 0, &w->c.a[1]) != 0 ||
	    number(r, w, 4, sets ? 4 : OPTION_ROOM, &len) != 0)
		return -1;
	if (len < 0 || len > OPTION_MAX)
		return drill_end(r, DRILL_ERROR, "an option of %lld bytes", (long long)len);
	/* What getsockopt() gives back may be shorter or longer than the script expects. */
	if (room(r, w, sets || len > OPTION_ROOM ? len : OPTION_ROOM) != 0)
		return -1;
	if (!sets && e && e->kind != DRILL_E_STRING)
		w->c.len = (size_t)len;
	if (!sets || is_any(e))
		return 0;
	if (drill_optval_fill(e, w->buf, w->buf_len, &err) != 0)
		return drill_call_bad(r, &err);
	if (w->c.a[0] == PH_IPPROTO_TCP && w->c.a[1] == MD5SIG_ && r->opt.md5_secret &&
	    w->buf_len <= sizeof(int64_t))
		return md5_key(r, w);
	return 0;
}

int drill_call_wrong(struct drill_run *r, const struct drill_wait *w, const char *what, int64_t got,
		     int64_t want)
{
	return drill_end(r, DRILL_FAIL, "%s() gives %s %lld; expected %lld", w->ev->call.name, what,
			 (long long)got, (long long)want);
}

static int check_option(struct drill_run *r, const struct drill_wait *w)
{
	const struct drill_expr *e = arg(w, 3);
	char diff[DRILL_VALUE_ERR];
	struct drill_value_err err;
	int rc;

	if (is_any(e))
		return 0;
	rc = drill_optval_compare(e, w->buf, w->c.len, diff, &err);
	if (rc < 0)
		return drill_call_bad(r, &err);
	return rc ? 0 : drill_end(r, DRILL_FAIL, "getsockopt() gives %s", diff);
}

/* ---- polls ---- */

static int prepare_poll(struct drill_run *r, struct drill_wait *w)
{
	struct drill_pollfd want[DRILL_POLL_MAX];
	struct drill_value_err err;
	struct dut_poll *p;
	uint32_t n;

	w->c.op = DUT_POLL;
	w->fd = NULL;
	if (drill_val_poll(arg(w, 0), want, DRILL_POLL_MAX, &n, &err) != 0)
		return drill_call_bad(r, &err);
	p = calloc(n ? n : 1, sizeof(*p));
	if (!p)
		return drill_end(r, DRILL_ERROR, "out of memory");
	w->more = p;
	for (uint32_t i = 0; i < n; i++) {
		struct drill_fd *f = drill_fd_of(r, want[i].fd);

		p[i] = (struct dut_poll){ .fd = f		 ? f->dev
						: want[i].fd < 0 ? -1
								 : 999999,
					  .events = (uint32_t)want[i].events.num };
	}
	w->c.poll = p;
	w->c.npoll = n;
	return number(r, w, 2, 0, &w->c.a[0]);
}

static int check_poll(struct drill_run *r, const struct drill_wait *w)
{
	struct drill_pollfd want[DRILL_POLL_MAX];
	struct drill_value_err err;
	uint32_t n;

	if (drill_val_poll(arg(w, 0), want, DRILL_POLL_MAX, &n, &err) != 0)
		return drill_call_bad(r, &err);
	for (uint32_t i = 0; i < n; i++)
		if (want[i].revents.given && (uint32_t)want[i].revents.num != w->c.poll[i].revents)
			return drill_end(r, DRILL_FAIL,
					 "poll() gives revents 0x%x for %d; expected 0x%x",
					 w->c.poll[i].revents, want[i].fd,
					 (unsigned)want[i].revents.num);
	return 0;
}

static bool epoll_data(const struct drill_epoll *e, uint64_t *data)
{
	const struct drill_opt_int *const given[] = { &e->fd, &e->ptr, &e->u32, &e->u64 };

	for (size_t i = 0; i < 4; i++) {
		if (given[i]->given) {
			*data = (uint64_t)given[i]->num;
			return true;
		}
	}
	*data = 0;
	return false;
}

static int prepare_epoll(struct drill_run *r, struct drill_wait *w)
{
	bool waits = w->ev->call.id == DRILL_C_epoll_wait;
	struct drill_value_err err;
	struct drill_epoll one = { 0 };
	struct dut_epoll *p;
	int64_t room_for = 1;
	int dev;

	w->c.op = waits ? DUT_EPOLL_WAIT : DUT_EPOLL_CTL;
	if (waits && number(r, w, 2, 1, &room_for) != 0)
		return -1;
	if (room_for < 1 || room_for > DRILL_POLL_MAX)
		return drill_end(r, DRILL_ERROR,
				 "epoll_wait() for %lld events; 1 to %d are possible",
				 (long long)room_for, DRILL_POLL_MAX);
	p = calloc((size_t)room_for, sizeof(*p));
	if (!p)
		return drill_end(r, DRILL_ERROR, "out of memory");
	w->more = p;
	w->c.epoll = p;
	w->c.nepoll = (size_t)room_for;
	if (waits)
		return number(r, w, 3, 0, &w->c.a[0]);
	if (number(r, w, 1, 0, &w->c.a[0]) != 0 || descriptor(r, w, 2, &dev) != 0)
		return -1;
	w->c.a[1] = dev;
	if (arg(w, 3)->kind == DRILL_E_STRUCT && drill_val_epoll(arg(w, 3), &one, &err) != 0)
		return drill_call_bad(r, &err);
	p->events = (uint32_t)one.events;
	(void)epoll_data(&one, &p->data);
	return 0;
}

static int check_epoll(struct drill_run *r, const struct drill_wait *w)
{
	struct drill_epoll want[DRILL_POLL_MAX];
	struct drill_value_err err;
	uint32_t n;

	if (is_any(arg(w, 1)))
		return 0;
	if (drill_val_epolls(arg(w, 1), want, DRILL_POLL_MAX, &n, &err) != 0)
		return drill_call_bad(r, &err);
	for (uint32_t i = 0; i < n && (int64_t)i < w->c.result; i++) {
		uint64_t data;

		if ((uint32_t)want[i].events != w->c.epoll[i].events)
			return drill_call_wrong(r, w, "events", w->c.epoll[i].events, want[i].events);
		if (epoll_data(&want[i], &data) && data != w->c.epoll[i].data)
			return drill_call_wrong(r, w, "data", (int64_t)w->c.epoll[i].data,
					   (int64_t)data);
	}
	return 0;
}

/* ---- the table ---- */

static int prepare_socket(struct drill_run *r, struct drill_wait *w)
{
	w->c.op = DUT_SOCKET;
	if (number(r, w, 0, r->script->ip_version == DRILL_V_IP4 ? PH_AF_INET : PH_AF_INET6,
		   &w->c.a[0]) != 0 ||
	    number(r, w, 1, PH_SOCK_STREAM, &w->c.a[1]) != 0)
		return -1;
	r->conn = NULL; /* packets from here on are not about the connection before */
	return number(r, w, 2, 0, &w->c.a[2]);
}

static int prepare_numbers(struct drill_run *r, struct drill_wait *w, enum dut_op op, unsigned n)
{
	w->c.op = op;
	for (unsigned i = 0; i < n; i++)
		if (number(r, w, i + 1, 0, &w->c.a[i]) != 0)
			return -1;
	return 0;
}

static int prepare_named(struct drill_run *r, struct drill_wait *w, enum dut_op op)
{
	w->c.op = op;
	return op == DUT_BIND ? address(r, w, 1, &r->conf.local, r->opt.bind_port)
			      : address(r, w, 1, &r->conf.remote, r->opt.connect_port);
}

int drill_call_prepare(struct drill_run *r, struct drill_wait *w)
{
	enum drill_call_id id = w->ev->call.id;

	if (drill_files_want(r, w))
		return drill_files_prepare(r, w);
	if (id != DRILL_C_socket && id != DRILL_C_poll && id != DRILL_C_epoll_create &&
	    descriptor(r, w, 0, &w->c.fd) != 0)
		return -1;
	switch (id) {
	case DRILL_C_socket:
		return prepare_socket(r, w);
	case DRILL_C_bind:
		return prepare_named(r, w, DUT_BIND);
	case DRILL_C_connect:
		return prepare_named(r, w, DUT_CONNECT);
	case DRILL_C_listen:
		return prepare_numbers(r, w, DUT_LISTEN, 1);
	case DRILL_C_accept:
		w->c.op = DUT_ACCEPT;
		return 0;
	case DRILL_C_accept4:
		w->c.op = DUT_ACCEPT;
		return number(r, w, 3, 0, &w->c.a[0]);
	case DRILL_C_read:
	case DRILL_C_readv:
	case DRILL_C_recv:
	case DRILL_C_recvfrom:
	case DRILL_C_recvmsg:
	case DRILL_C_write:
	case DRILL_C_writev:
	case DRILL_C_send:
	case DRILL_C_sendto:
	case DRILL_C_sendmsg:
		return prepare_data(r, w);
	case DRILL_C_fcntl:
		return prepare_numbers(r, w, DUT_FCNTL, w->ev->call.nargs > 2 ? 2 : 1);
	case DRILL_C_ioctl:
		return prepare_numbers(r, w, DUT_IOCTL, 1);
	case DRILL_C_close:
		return prepare_numbers(r, w, DUT_CLOSE, 0);
	case DRILL_C_shutdown:
		return prepare_numbers(r, w, DUT_SHUTDOWN, 1);
	case DRILL_C_getsockopt:
	case DRILL_C_setsockopt:
		return prepare_option(r, w);
	case DRILL_C_getsockname:
		return prepare_numbers(r, w, DUT_GETSOCKNAME, 0);
	case DRILL_C_getpeername:
		return prepare_numbers(r, w, DUT_GETPEERNAME, 0);
	case DRILL_C_poll:
		return prepare_poll(r, w);
	case DRILL_C_epoll_create:
		w->c.op = DUT_EPOLL_CREATE;
		return 0;
	case DRILL_C_epoll_ctl:
	case DRILL_C_epoll_wait:
		return prepare_epoll(r, w);
	case DRILL_C_open:
	case DRILL_C_sendfile:
	case DRILL_C_pipe:
	case DRILL_C_splice:
	case DRILL_CALLS_COUNT:
		break;
	}
	return drill_end(r, DRILL_ERROR, "%s() is not carried out", w->ev->call.name);
}

/* ---- what came back ---- */

static int check_read(struct drill_run *r, struct drill_wait *w)
{
	const struct drill_expr *e = arg(w, 1);
	bool stream = w->fd && w->fd->type == PH_SOCK_STREAM;
	uint64_t base = stream ? w->fd->got : 0;
	size_t n = (size_t)w->c.result < w->c.len ? (size_t)w->c.result : w->c.len;
	bool copied = !stream || !(w->c.a[0] & PH_MSG_TRUNC);

	if (w->c.a[0] & MSG_ERRQUEUE_) /* what was sent, headers and all */
		return 0;
	if (stream && !(w->c.a[0] & PH_MSG_PEEK))
		w->fd->got += (uint64_t)w->c.result;
	if (e && e->kind == DRILL_E_STRING) {
		size_t len = e->str.len;

		if ((e->more ? n < len : n != len) || memcmp(w->buf, e->str.at, len) != 0)
			return drill_end(r, DRILL_FAIL, "%s() gives other bytes than the script's",
					 w->ev->call.name);
		return 0;
	}
	if (!w->fd || w->fd->unchecked || !copied)
		return 0;
	for (size_t i = 0; i < n; i++) {
		uint8_t want = drill_net_pattern(true, base + i);

		if (w->buf[i] != want)
			return drill_end(r, DRILL_FAIL,
					 "%s() gives 0x%02x as byte %llu of the stream; 0x%02x was "
					 "sent there",
					 w->ev->call.name, w->buf[i],
					 (unsigned long long)(base + i), want);
	}
	return 0;
}

static int check_address(struct drill_run *r, const struct drill_wait *w,
			 const struct drill_sockaddr *a)
{
	bool four = a->family == PH_AF_INET;

	if (a->any)
		return 0;
	if (a->port.given && a->port.num != w->c.addr.port)
		return drill_call_wrong(r, w, "port", w->c.addr.port, a->port.num);
	if (a->has_addr &&
	    memcmp(a->addr, w->c.addr.ip.b + (four ? 12 : 0), four ? 4 : 16) != 0)
		return drill_end(r, DRILL_FAIL, "%s() gives another address",
				 w->ev->call.name);
	return 0;
}

static int check_message(struct drill_run *r, struct drill_wait *w)
{
	struct drill_msghdr m;
	struct drill_value_err err;

	if (drill_val_msghdr(arg(w, 1), &m, &err) != 0)
		return drill_call_bad(r, &err);
	if (m.flags.given && m.flags.num != w->c.msg_flags)
		return drill_call_wrong(r, w, "msg_flags", w->c.msg_flags, m.flags.num);
	if (m.has_name && w->fd && w->fd->type == PH_SOCK_DGRAM &&
	    check_address(r, w, &m.name) != 0)
		return -1;
	if (m.has_control && drill_cmsg_check(r, w, &m) != 0)
		return -1;
	if (!w->fd || w->fd->unchecked)
		return 0;
	return check_read(r, w);
}

static int check_name(struct drill_run *r, const struct drill_wait *w, unsigned n)
{
	struct drill_sockaddr a;
	struct drill_value_err err;

	if (is_any(arg(w, n)))
		return 0;
	if (drill_val_sockaddr(arg(w, n), &a, &err) != 0)
		return drill_call_bad(r, &err);
	return check_address(r, w, &a);
}

int drill_call_check_out(struct drill_run *r, struct drill_wait *w)
{
	enum drill_call_id id = w->ev->call.id;
	struct drill_value_err err;
	int64_t v;

	if (w->inner)
		return 0;
	if (id == DRILL_C_recvmsg)
		return check_message(r, w);
	if (w->c.op == DUT_RECV && id == DRILL_C_recvfrom && w->fd &&
	    w->fd->type == PH_SOCK_DGRAM && check_name(r, w, 4) != 0)
		return -1;
	if (w->c.op == DUT_RECV)
		return check_read(r, w);
	if (w->c.op == DUT_GETSOCKOPT)
		return check_option(r, w);
	if (w->c.op == DUT_POLL)
		return check_poll(r, w);
	if (w->c.op == DUT_EPOLL_WAIT)
		return check_epoll(r, w);
	if (w->c.op == DUT_GETSOCKNAME || w->c.op == DUT_GETPEERNAME)
		return check_name(r, w, 1);
	if (w->c.op == DUT_IOCTL && !is_any(arg(w, 2))) {
		if (drill_val_pointed(arg(w, 2), &v, &err) != 0)
			return drill_call_bad(r, &err);
		if (v != w->c.value)
			return drill_call_wrong(r, w, "the value", w->c.value, v);
	}
	return 0;
}
