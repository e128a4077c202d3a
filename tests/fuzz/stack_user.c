/* SPDX-License-Identifier: BSD-2-Clause */
/* The careless user of stack_user.h. */
#include "tests/fuzz/stack_user.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 65536, MARKS = 8 /* urgent octets that one read may have lost */ };

unsigned bytes_u8(struct bytes *b)
{
	return b->at < b->end ? *b->at++ : 0;
}

unsigned bytes_u16(struct bytes *b)
{
	unsigned hi = bytes_u8(b);

	return hi << 8 | bytes_u8(b);
}

bool user_start(struct user *u, struct promise *p, const struct ph_ip *own,
		const struct ph_ip *peer, uint64_t now)
{
	struct ph_sockaddr a = { .family = PH_AF_INET, .port = USER_ECHO,
				 .ip = ph_ip4(0, 0, 0, 0) };

	*u = (struct user){ .p = p, .own = *own, .peer = *peer };
	for (int i = 0; i < USER_SOCKS; i++)
		u->sock[i].s = -1;
	u->sock[0].s = ph_socket_new(p->st, PH_AF_INET, PH_SOCK_STREAM, 0, now);
	u->sock[0].tcp = true;
	u->sock[1].s = ph_socket_new(p->st, PH_AF_INET, PH_SOCK_DGRAM, 0, now);
	return ph_bind(p->st, u->sock[0].s, &a, now) == 0 &&
	       ph_listen(p->st, u->sock[0].s, 8, now) == 0 &&
	       ph_bind(p->st, u->sock[1].s, &a, now) == 0;
}

static void keep(struct user *u, ph_socket s, bool fresh, uint64_t now)
{
	for (int i = 2; i < USER_SOCKS; i++)
		if (u->sock[i].s < 0) {
			u->sock[i] = (struct user_sock){ .s = s, .tcp = true, .fresh = fresh,
							 .from = UINT32_MAX };
			return;
		}
	(void)ph_close(u->p->st, s, now);
}

/* Connects to the peer, or to our own listener, or to where nobody is. */
static void act_connect(struct user *u, struct bytes *b, struct user_sock *k, uint64_t now)
{
	unsigned where = bytes_u8(b);
	struct ph_sockaddr a = { .family = PH_AF_INET,
				 .port = (uint16_t)(USER_PEER_PORT + where % USER_PEER_PORTS),
				 .ip = u->peer };
	int rc;

	if (u->exact)
		a.port = USER_ECHO;
	if (where >= 240) {
		a.port = USER_ECHO;
		a.ip = u->own;
	} else if (where >= 232) {
		a.ip = ph_ip4(10, 0, 0, 99);
	} else if (where >= 228) {
		a.family = 0;
	}
	rc = ph_connect(u->p->st, k->s, &a, now);
	if (rc == -EINPROGRESS || (rc == 0 && a.family == 0)) {
		k->sent = k->read = 0;
		k->from = UINT32_MAX;
		k->fresh = a.family == 0;
	}
}

static void act_open(struct user *u, struct bytes *b, unsigned how, uint64_t now)
{
	struct ph_sockaddr a = { .family = PH_AF_INET, .ip = ph_ip4(0, 0, 0, 0) };
	ph_socket s = ph_socket_new(u->p->st, PH_AF_INET, PH_SOCK_STREAM, 0, now);
	struct user_sock k = { .s = s };

	if (s < 0)
		return;
	if (how >= 128) {
		a.port = (uint16_t)(2000 + how % 4);
		(void)!ph_bind(u->p->st, s, &a, now);
	}
	act_connect(u, b, &k, now);
	keep(u, s, k.fresh, now);
}

static void act_accept(struct user *u, uint64_t now)
{
	ph_socket s = ph_accept(u->p->st, u->sock[0].s, NULL, now);

	if (s >= 0)
		keep(u, s, false, now);
}

/* Of the streams that could have begun at one of these places, which has these bytes here? */
static uint32_t from_here(const struct promise_flow *fl, const struct user_sock *k,
			  const uint8_t *bytes, size_t n, uint32_t at)
{
	uint32_t from = k->from;

	for (unsigned i = 0; i < 32; i++)
		if (i >= fl->nbegins || !promise_matches(bytes, n, fl->begins[i] + at))
			from &= ~(1u << i);
	return from;
}

static void check_read(struct user *u, struct user_sock *k, const uint8_t *bytes, size_t n)
{
	struct ph_sockaddr own, peer;
	struct promise_flow *fl;
	uint32_t from = 0;

	if (u->exact) {
		demand(promise_matches(bytes, n, k->read), "what is read is what was written");
		return;
	}
	if (u->p->forged || ph_getsockname(u->p->st, k->s, &own) != 0 ||
	    ph_getpeername(u->p->st, k->s, &peer) != 0)
		return;
	if (memcmp(&own.ip, &peer.ip, sizeof(own.ip)) == 0) {
		demand(promise_matches(bytes, n, k->read), "our own host's bytes come whole");
		return;
	}
	fl = promise_flow(u->p, get32(peer.ip.b + 12), own.port, peer.port);
	if (fl->lost_count || fl->nbegins > PROMISE_SYNS)
		return;
	/* An urgent octet that the reader stood before is lost where another mark follows it. */
	for (unsigned lost = 0; lost <= fl->marks && lost < MARKS; lost++) {
		from = from_here(fl, k, bytes, n, k->read + lost);
		if (from != 0) {
			k->read += lost;
			break;
		}
	}
	k->from = from;
	demand(k->from != 0, "what is read is what the peer sent");
}

static bool at_mark(const struct user *u, const struct user_sock *k)
{
	int mark = 0;

	return ph_ioctl(u->p->st, k->s, PH_SIOCATMARK, &mark) == 0 && mark;
}

static int64_t read_some(struct user *u, struct user_sock *k, size_t n, int flags, uint64_t now)
{
	static uint8_t buf[CHUNK];
	int queued = ph_inq(u->p->st, k->s);
	bool marked = k->tcp && at_mark(u, k);
	int64_t got;

	got = ph_recv(u->p->st, k->s, buf, n, flags, now);
	demand(got <= (int64_t)n || !k->tcp, "no more is read than there is room for");
	if (!k->tcp)
		return got;
	/* The urgent octet is not in line: what is read begins behind it. */
	if (marked && (got > 0 || !at_mark(u, k)))
		k->read++;
	if (got <= 0)
		return got;
	if (n > 0 && queued > 0)
		demand(got == (int64_t)(n < (size_t)queued ? n : (size_t)queued) ||
			       (got < queued && at_mark(u, k)), /* in line it ends a read, too */
		       "what is said to be there is read");
	check_read(u, k, buf, (size_t)got);
	if (marked && (flags & PH_MSG_PEEK))
		k->read--;
	if (!(flags & PH_MSG_PEEK)) {
		k->read += (uint32_t)got;
		u->read += (uint64_t)got;
	}
	return got;
}

static void act_write(struct user *u, struct bytes *b, struct user_sock *k, uint64_t now)
{
	static uint8_t buf[CHUNK];
	unsigned n = bytes_u16(b), how = bytes_u8(b);
	struct ph_sockaddr a = { .family = PH_AF_INET,
				 .port = (uint16_t)(USER_PEER_PORT + how % USER_PEER_PORTS),
				 .ip = u->peer };
	struct ph_iov iov[2] = { { buf, n / 3 }, { buf + n / 3, n - n / 3 } };
	struct ph_msg m = { .name = &a, .iov = iov, .niov = 2 };
	int flags = how < 40 ? PH_MSG_MORE : how < 48 ? PH_MSG_OOB : 0;
	int64_t done;

	promise_fill(buf, n, k->sent);
	if (!k->tcp && how & 1) {
		if (how >= 250)
			a.ip = ph_ip4(255, 255, 255, 255);
		(void)!ph_sendmsg(u->p->st, k->s, &m, 0, now);
		return;
	}
	done = ph_send(u->p->st, k->s, buf, n, flags, now);
	demand(done <= (int64_t)n, "no more is taken than was given");
	if (k->tcp && done > 0)
		k->sent += (uint32_t)done;
}

struct option {
	int level, name, value;
};

/* Values that matter; besides them any number goes to any name. */
static const struct option options[] = {
	{ PH_IPPROTO_TCP, PH_TCP_NODELAY, 1 },	    { PH_IPPROTO_TCP, PH_TCP_NODELAY, 0 },
	{ PH_IPPROTO_TCP, PH_TCP_CORK, 1 },	    { PH_IPPROTO_TCP, PH_TCP_CORK, 0 },
	{ PH_IPPROTO_TCP, PH_TCP_MAXSEG, 100 },	    { PH_IPPROTO_TCP, PH_TCP_KEEPIDLE, 1 },
	{ PH_IPPROTO_TCP, PH_TCP_KEEPINTVL, 1 },    { PH_IPPROTO_TCP, PH_TCP_KEEPCNT, 2 },
	{ PH_IPPROTO_TCP, PH_TCP_SYNCNT, 1 },	    { PH_IPPROTO_TCP, PH_TCP_LINGER2, 3 },
	{ PH_IPPROTO_TCP, PH_TCP_LINGER2, -1 },	    { PH_IPPROTO_TCP, PH_TCP_DEFER_ACCEPT, 1 },
	{ PH_IPPROTO_TCP, PH_TCP_WINDOW_CLAMP, 0 }, { PH_IPPROTO_TCP, PH_TCP_WINDOW_CLAMP, 3000 },
	{ PH_IPPROTO_TCP, PH_TCP_QUICKACK, 0 },	    { PH_IPPROTO_TCP, PH_TCP_QUICKACK, 1 },
	{ PH_IPPROTO_TCP, PH_TCP_USER_TIMEOUT, 500 }, { PH_SOL_SOCKET, PH_SO_KEEPALIVE, 1 },
	{ PH_SOL_SOCKET, PH_SO_KEEPALIVE, 0 },	    { PH_SOL_SOCKET, PH_SO_RCVBUF, 1 },
	{ PH_SOL_SOCKET, PH_SO_RCVBUF, 4000 },	    { PH_SOL_SOCKET, PH_SO_RCVBUF, 1 << 20 },
	{ PH_SOL_SOCKET, PH_SO_SNDBUF, 1 },	    { PH_SOL_SOCKET, PH_SO_SNDBUF, 1 << 20 },
	{ PH_SOL_SOCKET, PH_SO_REUSEADDR, 1 },	    { PH_SOL_SOCKET, PH_SO_REUSEPORT, 1 },
	{ PH_SOL_SOCKET, PH_SO_BROADCAST, 1 },	    { PH_IPPROTO_IP, PH_IP_TOS, 0x13 },
	{ PH_IPPROTO_IP, PH_IP_TTL, 1 },
};

static void act_setsockopt(struct user *u, struct bytes *b, ph_socket s, uint64_t now)
{
	static const int levels[] = { PH_SOL_SOCKET, PH_IPPROTO_TCP, PH_IPPROTO_IP };
	unsigned which = bytes_u8(b);
	struct {
		int on, seconds;
	} linger = { 1, (int)(which % 3) };

	if (which < 160) {
		const struct option *o = &options[which % (sizeof(options) / sizeof(options[0]))];

		(void)!ph_setsockopt(u->p->st, s, o->level, o->name, &o->value, sizeof(int), now);
	} else if (which < 180) {
		(void)!ph_setsockopt(u->p->st, s, PH_SOL_SOCKET, PH_SO_LINGER, &linger,
				    sizeof(linger), now);
	} else {
		int v = (int)bytes_u16(b) - 100;
		unsigned name = bytes_u8(b);

		(void)!ph_setsockopt(u->p->st, s, levels[which % 3], (int)(name % 40), &v,
				    name < 240 ? sizeof(v) : name % 5, now);
	}
}

/* What a user may try with a socket of any state. */
static void act_bind(struct user *u, struct bytes *b, struct user_sock *k, uint64_t now)
{
	unsigned how = bytes_u8(b);
	struct ph_sockaddr a = { .family = PH_AF_INET, .port = (uint16_t)(how % 4 * 7),
				 .ip = how & 4 ? u->own : how & 8 ? u->peer : ph_ip4(0, 0, 0, 0) };

	if (how < 128)
		(void)!ph_bind(u->p->st, k->s, &a, now);
	else if (how < 250 && k->fresh)
		(void)!ph_listen(u->p->st, k->s, (int)(how % 3) - 1, now);
	else
		(void)!ph_accept(u->p->st, k->s, NULL, now);
}

static void act_getsockopt(struct user *u, struct bytes *b, ph_socket s)
{
	static const int levels[] = { PH_SOL_SOCKET, PH_IPPROTO_TCP, PH_IPPROTO_IP };
	unsigned which = bytes_u8(b), name = bytes_u8(b);
	uint32_t len = name < 200 ? sizeof(struct ph_tcp_info) : name % 8;
	uint8_t *value = malloc(len ? len : 1);
	struct ph_sockaddr a;
	uint32_t had = len;

	demand(value != NULL, "this machine has memory");
	if (ph_getsockopt(u->p->st, s, levels[which % 3], (int)(name % 40), value, &len) == 0)
		demand(len <= had, "an option's value fits its buffer");
	free(value);
	(void)!ph_getsockname(u->p->st, s, &a);
	(void)!ph_getpeername(u->p->st, s, &a);
	(void)ph_outq(u->p->st, s);
}

static void act_close(struct user *u, struct bytes *b, struct user_sock *k, uint64_t now)
{
	if (k - u->sock > 1 && bytes_u8(b) < 128) {
		(void)ph_close(u->p->st, k->s, now);
		k->s = -1;
	} else {
		(void)ph_shutdown(u->p->st, k->s, (int)(bytes_u8(b) % 3), now);
	}
}

void user_act(struct user *u, struct bytes *b, uint64_t now)
{
	unsigned how = bytes_u8(b), pick = bytes_u8(b);
	struct user_sock *k = &u->sock[pick % USER_SOCKS];

	if (how < 30) {
		act_open(u, b, pick, now);
	} else if (how < 70) {
		act_accept(u, now);
	} else if (k->s < 0) {
		act_accept(u, now);
	} else if (how < 110) {
		(void)read_some(u, k, bytes_u16(b), (int)(bytes_u8(b) & PH_MSG_PEEK), now);
	} else if (how < 170) {
		act_write(u, b, k, now);
	} else if (how < 185) {
		act_close(u, b, k, now);
	} else if (how < 225) {
		act_setsockopt(u, b, k->s, now);
	} else if (how < 240) {
		act_getsockopt(u, b, k->s);
	} else if (how < 250) {
		act_connect(u, b, k, now);
	} else if (how < 253) {
		act_bind(u, b, k, now);
	} else {
		struct ph_sock_info info[4];

		(void)ph_socks(u->p->st, info, bytes_u8(b) % 5);
	}
}

void user_read_all(struct user *u, uint64_t now)
{
	act_accept(u, now);
	for (int i = 1; i < USER_SOCKS; i++)
		while (u->sock[i].s >= 0 && read_some(u, &u->sock[i], CHUNK, 0, now) > 0)
			;
}

void user_check(struct user *u, uint64_t now)
{
	for (int i = 0; i < USER_SOCKS; i++)
		promise_socket(u->p, u->sock[i].s, now);
}

void user_sysctl(struct promise *p, struct bytes *b)
{
	static const char *const rows[][2] = {
		{ "net.ipv4.tcp_window_scaling", "0" },
		{ "net.ipv4.tcp_window_scaling", "1" },
		{ "net.ipv4.tcp_timestamps", "0" },
		{ "net.ipv4.tcp_timestamps", "1" },
		{ "net.ipv4.tcp_timestamps", "2" },
		{ "net.ipv4.tcp_sack", "0" },
		{ "net.ipv4.tcp_sack", "1" },
		{ "net.ipv4.tcp_slow_start_after_idle", "0" },
		{ "net.ipv4.tcp_moderate_rcvbuf", "0" },
		{ "net.ipv4.tcp_syn_retries", "1" },
		{ "net.ipv4.tcp_synack_retries", "0" },
		{ "net.ipv4.tcp_synack_retries", "1" },
		{ "net.ipv4.tcp_retries2", "0" },
		{ "net.ipv4.tcp_retries2", "3" },
		{ "net.ipv4.tcp_orphan_retries", "1" },
		{ "net.ipv4.tcp_fin_timeout", "0" },
		{ "net.ipv4.tcp_fin_timeout", "200" },
		{ "net.ipv4.tcp_max_syn_backlog", "0" },
		{ "net.ipv4.tcp_max_syn_backlog", "2" },
		{ "net.ipv4.tcp_abort_on_overflow", "1" },
		{ "net.ipv4.tcp_rfc1337", "1" },
		{ "net.ipv4.tcp_challenge_ack_limit", "1" },
		{ "net.ipv4.tcp_invalid_ratelimit", "0" },
		{ "net.ipv4.tcp_keepalive_time", "1" },
		{ "net.ipv4.tcp_keepalive_probes", "2" },
		{ "net.ipv4.tcp_rto_min_us", "5000" },
		{ "net.ipv4.tcp_rto_max_ms", "1000" },
		{ "net.core.somaxconn", "1" },
		{ "net.ipv4.tcp_rmem", "4096 8192 20000" },
		{ "net.ipv4.tcp_rmem", "4096 131072 6291456" },
		{ "net.ipv4.tcp_wmem", "4096 8192 20000" },
		{ "net.phantom.tcp_max_ofo_segments", "2" },
		{ "net.ipv4.icmp_msgs_per_sec", "0" },
		{ "net.ipv4.icmp_echo_ignore_all", "1" },
		{ "net.ipv4.ip_default_ttl", "1" },
	};
	const char *const *row = rows[bytes_u8(b) % (sizeof(rows) / sizeof(rows[0]))];

	demand(ph_sysctl_set(p->st, row[0], row[1]) == 0, "a sysctl takes a value in its bounds");
}
