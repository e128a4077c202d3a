/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ping sockets (SOCK_DGRAM with IPPROTO_ICMP or IPPROTO_ICMPV6): the user gives an echo request whole,
 * the stack its Identifier, which is the socket's port, and the checksum; replies with that Identifier
 * and errors about such requests come back, and nothing else (RFC 1122 3.2.2.6, 4443 4.2). Errno and
 * defaults are Linux's. Called by sock/, and by icmp4.c and icmp6.c through struct ph_stack.
 */
#include "raw/ping.h"

#include <string.h>

#include "base/csum.h"
#include "base/ip.h"
#include "net/icmp4.h"
#include "net/icmp6.h"
#include "wire/icmp.h"

enum { PING_HDR = 8, PING_ID_AT = 4 };

struct ping_state {
	struct pool pcbs;
	struct list all; /* of struct dgram */
};

static bool ping_input(struct ph_stack *st, const struct ip_rx *rx);
static bool ping_error(struct ph_stack *st, const struct ip_err *err);

/* ---- identifiers ---------------------------------------------------------------------------- */

static struct dgram *next_with(const struct ph_stack *st, struct list_node *from, uint16_t id)
{
	for (; from != &st->ping->all.head; from = from->next) {
		struct dgram *d = container_of(from, struct dgram, all);

		if (d->local.port == id)
			return d;
	}
	return NULL;
}

static struct dgram *first_with(const struct ph_stack *st, uint16_t id)
{
	return next_with(st, st->ping->all.head.next, id);
}

/* Both families share them. 0: none is free. */
static uint16_t choose_id(struct ph_stack *st)
{
	uint16_t id = (uint16_t)prng_u64(&st->prng);

	for (uint32_t i = 0; i <= UINT16_MAX; i++, id++)
		if (id && !first_with(st, id))
			return id;
	return 0;
}

static bool id_free(const struct ph_stack *st, const struct dgram *d, uint16_t id)
{
	struct dgram *o;

	for (o = first_with(st, id); o; o = next_with(st, o->all.next, id))
		if (o != d && !(o->reuseaddr && d->reuseaddr))
			return false;
	return true;
}

static int take_id(struct ph_stack *st, struct dgram *d, uint16_t id)
{
	if (id == 0)
		id = choose_id(st);
	else if (!id_free(st, d, id))
		id = 0;
	if (id == 0)
		return -EADDRINUSE;
	d->local.port = id;
	return 0;
}

/* ---- the user's calls ----------------------------------------------------------------------- */

static struct dgram *ping_open(struct ph_stack *st, int family, int protocol, int *error)
{
	struct dgram *d;

	(void)protocol;
	/* The user of the library is group 0 of net.ipv4.ping_group_range. */
	*error = st->sysctl.ping_group_range[0] > 0 ? -EACCES : -ENOBUFS;
	d = *error == -ENOBUFS ? pool_get_zeroed(&st->ping->pcbs) : NULL;
	if (!d)
		return NULL;
	dgram_init(st, d, family == PH_AF_INET6 ? &ping6_ops : &ping4_ops, family);
	d->reuseaddr = true; /* as Linux */
	d->ip6.only = d->v6;
	list_push_back(&st->ping->all, &d->all);
	st->ping_input = ping_input;
	st->ping_error = ping_error;
	return d;
}

static int ping_bind(struct ph_stack *st, struct dgram *d, const struct ph_sockaddr *a)
{
	int rc;

	if (d->local.port)
		return -EINVAL;
	if (a->family != d->local.family)
		return -EAFNOSUPPORT;
	if (d->v6 && ip_is4(&a->ip))
		return -EINVAL;
	if (!ip_is_any(&a->ip) && !addr_is_local(st, &a->ip))
		return -EADDRNOTAVAIL;
	rc = take_id(st, d, a->port);
	if (rc != 0)
		return rc;
	d->local.ip = a->ip;
	d->user_addr = !ip_is_any(&a->ip);
	d->user_port = a->port != 0;
	return 0;
}

static void disconnect(struct dgram *d)
{
	d->connected = false;
	d->peer = dgram_nowhere(d->local.family);
	if (!d->user_addr)
		d->local.ip = dgram_nowhere(d->local.family).ip;
	if (!d->user_port)
		d->local.port = 0;
}

/* 0, or what Linux says of an address that is not of the socket's family. */
static int check_family(const struct dgram *d, const struct ph_sockaddr *to)
{
	if (to->family != d->local.family)
		return -EAFNOSUPPORT;
	return d->v6 && ip_is4(&to->ip) ? -EINVAL : 0;
}

static int ping_connect(struct ph_stack *st, struct dgram *d, const struct ph_sockaddr *a)
{
	int rc;

	if (a->family == 0) {
		disconnect(d);
		return 0;
	}
	rc = check_family(d, a);
	if (rc == 0 && !d->user_addr)
		d->local.ip = dgram_nowhere(d->local.family).ip; /* looked up anew */
	if (rc == 0)
		rc = dgram_route(st, d, NULL, &a->ip);
	if (rc == 0 && !d->local.port)
		rc = take_id(st, d, 0);
	if (rc != 0)
		return rc;
	d->local.ip = d->dst.src;
	d->peer = *a;
	d->connected = true;
	return 0;
}

/* The header as the user gave it: an echo request, and nothing else. */
static int check_header(const struct dgram *d, struct pkt *p)
{
	const uint8_t *h;

	if (!pkt_pull_up(p, PING_HDR))
		return p->len < PING_HDR ? -EINVAL : -ENOBUFS;
	h = pkt_bytes(p);
	return h[0] == (d->v6 ? (int)ICMP6_ECHO : (int)ICMP4_ECHO) && h[1] == 0 ? 0 : -EINVAL;
}

static int send_request(struct ph_stack *st, struct dgram *d, const struct dgram_tx *tx,
			struct pkt *take_pkt)
{
	uint8_t *h = pkt_bytes(take_pkt);
	be16 id = be16_of(d->local.port), sum = be16_of(0);

	memcpy(h + PING_ID_AT, &id, sizeof(id));
	memcpy(h + 2, &sum, sizeof(sum));
	dgram_mark(d, tx, &d->dst, take_pkt);
	if (d->v6)
		return icmp6_send(st, take_pkt, &d->dst, &tx->ip);
	sum = be16_of(csum_finish(csum_pkt(0, take_pkt, 0, take_pkt->len)));
	memcpy(h + 2, &sum, sizeof(sum));
	return icmp4_send(st, take_pkt, &d->dst, &tx->ip);
}

static int prepare(struct ph_stack *st, struct dgram *d, const struct ph_msg *msg,
		   const struct ph_sockaddr *to, struct dgram_tx *tx)
{
	int rc = check_family(d, to);

	if (rc == 0)
		rc = dgram_tx_init(st, d, msg, !d->v6, tx);
	if (rc == 0 && !d->local.port && take_id(st, d, 0) != 0)
		rc = -EAGAIN;
	if (rc != 0)
		return rc;
	tx->ip.proto = d->v6 ? PH_IPPROTO_ICMPV6 : PH_IPPROTO_ICMP;
	tx->ip.flow = d->v6 && d->ip6.flow_send ? to->flow : 0;
	return dgram_route(st, d, tx, &to->ip);
}

static int64_t ping_sendmsg(struct ph_stack *st, struct dgram *d, const struct ph_msg *msg,
			    int flags)
{
	const struct ph_sockaddr *to = msg->name ? msg->name : &d->peer;
	struct dgram_reader from = { .msg = msg };
	size_t len = dgram_msg_len(msg);
	struct dgram_tx tx;
	struct pkt *p;
	int rc = 0;

	if (flags & PH_MSG_OOB)
		return -EOPNOTSUPP;
	if (d->err)
		return -dgram_take_error(d);
	if (len > (d->v6 ? 65535 : 65515))
		return -EMSGSIZE;
	if (!msg->name && !d->connected)
		return -EDESTADDRREQ;
	p = dgram_payload(st, &from, (uint32_t)len);
	if (!p)
		return -ENOBUFS;
	rc = check_header(d, p);
	if (rc == 0)
		rc = prepare(st, d, msg, to, &tx);
	if (rc == 0 && d->shut_wr)
		rc = -EPIPE;
	if (rc == 0)
		rc = dgram_tx_fit(st, d, &tx, &d->dst, (uint32_t)len, to);
	if (rc != 0) {
		pkt_free(p);
		return rc;
	}
	rc = send_request(st, d, &tx, p);
	if (rc == 0)
		dgram_sent(st, d, &tx, to);
	return rc == 0 ? (int64_t)len : rc;
}

static int ping_setsockopt(struct ph_stack *st, struct dgram *d, int level, int name,
			   const void *value, uint32_t len)
{
	return dgram_setsockopt(st, d, level, name, value, len, d->local.port != 0);
}

static int ping_getsockopt(struct ph_stack *st, struct dgram *d, int level, int name, void *value,
			   uint32_t *len)
{
	bool known = d->connected && dst_refresh(st, &d->dst) == 0; /* IP_MTU as it is now */

	return dgram_getsockopt(st, d, level, name, value, len, known ? &d->dst : NULL);
}

static void ping_close(struct ph_stack *st, struct dgram *d)
{
	dgram_free(st, d);
	if (list_empty(&st->ping->all)) { /* messages need not ask */
		st->ping_input = NULL;
		st->ping_error = NULL;
	}
	pool_put(&st->ping->pcbs, d);
}

/* ---- what comes ----------------------------------------------------------------------------- */

/* The socket whose request this is about, at `local` on `link`. */
static struct dgram *find(const struct ph_stack *st, const struct ph_ip *local, ph_link link,
			  const uint8_t *header)
{
	uint16_t id = (uint16_t)(header[PING_ID_AT] << 8 | header[PING_ID_AT + 1]);
	struct dgram *d;

	for (d = first_with(st, id); d && id; d = next_with(st, d->all.next, id))
		if (d->v6 != ip_is4(local) && (!d->bound || d->bound == link) &&
		    (ip_is_any(&d->local.ip) || ip_eq(&d->local.ip, local)))
			return d;
	return NULL;
}

/* An echo reply, its checksum found right. True: it was somebody's. */
static bool ping_input(struct ph_stack *st, const struct ip_rx *rx)
{
	struct dgram_bytes bytes = { .pkt = rx->pkt, .len = rx->l4_len };
	struct dgram_record *r;
	struct dgram *d;
	enum drop why;

	if (!pkt_pull_up(rx->pkt, PING_HDR))
		return false;
	d = find(st, &rx->dst, rx->link, pkt_bytes(rx->pkt));
	if (!d || d->shut_rd)
		return false;
	r = dgram_queue(st, d, rx, &bytes, &why);
	if (r)
		r->from = (struct ph_sockaddr){ .family = d->local.family, .ip = rx->src,
						.flow = rx->flow };
	else
		count_drop(&st->counters, why);
	return true;
}

/* As Linux: of requests alone; the quote that the user gets begins with the request's header. */
static bool ping_error(struct ph_stack *st, const struct ip_err *err)
{
	bool v4 = ip_is4(&err->remote);
	struct dgram *d;

	if (err->quote_len < PING_HDR ||
	    err->quote[0] != (v4 ? (int)ICMP4_ECHO : (int)ICMP6_ECHO))
		return false;
	d = find(st, &err->local, err->link, err->quote);
	if (!d)
		return false;
	if (!ip_is_any(&err->redirect)) {
		redirect_learn(st, err);
		return true;
	}
	if (err->error == EMSGSIZE &&
	    (v4 ? d->pmtudisc : d->ip6.mtu_discover) < PH_IP_PMTUDISC_INTERFACE)
		pmtu_learn(st, &err->remote, err->mtu);
	if (dgram_error(st, d, err, 0, 0, d->connected))
		ready_set(st, &d->ready);
	return true;
}

/* ---- all of them ---------------------------------------------------------------------------- */

#define PING_OPS(af, number)                                                                      \
	{                                                                                         \
		.type = PH_SOCK_DGRAM, .family = (af), .protocol = (number), .open = ping_open,   \
		.bind = ping_bind, .connect = ping_connect, .sendmsg = ping_sendmsg,              \
		.setsockopt = ping_setsockopt, .getsockopt = ping_getsockopt, .close = ping_close \
	}
const struct dgram_ops ping4_ops = PING_OPS(PH_AF_INET, PH_IPPROTO_ICMP);
const struct dgram_ops ping6_ops = PING_OPS(PH_AF_INET6, PH_IPPROTO_ICMPV6);

int ping_new(struct ph_stack *st)
{
	st->ping = mem_alloc(&st->mem, sizeof(*st->ping));
	if (!st->ping)
		return -ENOMEM;
	pool_init(&st->ping->pcbs, &st->mem, "ping sockets", sizeof(struct dgram),
		  st->conf.max_sockets);
	list_init(&st->ping->all);
	return 0;
}

void ping_free(struct ph_stack *st)
{
	struct list_node *n, *next;

	if (!st->ping)
		return;
	list_for_each_safe(n, next, &st->ping->all)
		ping_close(st, container_of(n, struct dgram, all));
	pool_destroy(&st->ping->pcbs);
	mem_free(&st->mem, st->ping, sizeof(*st->ping));
	st->ping = NULL;
}

size_t ping_list(const struct ph_stack *st, struct ph_sock_info *out, size_t n)
{
	struct list_node *node;
	size_t i = 0;

	list_for_each(node, &st->ping->all) {
		const struct dgram *d = container_of(node, const struct dgram, all);

		if (i < n)
			dgram_describe(d, d->ops->protocol, &out[i]);
		i++;
	}
	return i;
}
