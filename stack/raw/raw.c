/* SPDX-License-Identifier: BSD-2-Clause */
/* Raw sockets as the socket layer uses them. */
#include "raw/raw_int.h"

#include <string.h>

#include "base/csum.h"
#include "base/ip.h"

enum { SOL_RAW = 255, ICMP_FILTER = 1, ICMP6_FILTER = 1 };

int raw_new(struct ph_stack *st)
{
	struct raw_state *rs = mem_alloc(&st->mem, sizeof(*rs));

	if (!rs)
		return -ENOMEM;
	memset(rs, 0, sizeof(*rs));
	pool_init(&rs->pcbs, &st->mem, "raw sockets", sizeof(struct raw_pcb),
		  st->conf.max_sockets);
	pool_init(&rs->records, &st->mem, "raw packets", sizeof(struct raw_record), 0);
	list_init(&rs->all);
	st->raw = rs;
	return 0;
}

void raw_free(struct ph_stack *st)
{
	struct list_node *n, *next;

	if (!st->raw)
		return;
	list_for_each_safe(n, next, &st->raw->all)
		raw_close(st, container_of(n, struct raw_pcb, all));
	pool_destroy(&st->raw->pcbs);
	pool_destroy(&st->raw->records);
	mem_free(&st->mem, st->raw, sizeof(*st->raw));
	st->raw = NULL;
}

static struct ph_sockaddr nowhere(int family)
{
	return (struct ph_sockaddr){ .family = (uint16_t)family,
				     .ip = family == PH_AF_INET ? ip_of4(0) :
								  (struct ph_ip){ { 0 } } };
}

struct raw_pcb *raw_open(struct ph_stack *st, int family, int protocol)
{
	struct raw_pcb *r = pool_get_zeroed(&st->raw->pcbs);

	if (!r)
		return NULL;
	ready_init(&r->ready);
	stream_init(&r->rx, &st->pkts, &st->stream_nodes);
	list_init(&r->records);
	dgram_init(st, &r->o, family);
	r->local = r->peer = nowhere(family);
	r->proto = (uint8_t)protocol;
	r->hdrincl = protocol == RAW_PROTO_RAW && family == PH_AF_INET;
	r->checksum = -1;
	list_push_back(&st->raw->all, &r->all);
	st->raw_input = raw_input;
	return r;
}

struct ready *raw_ready(struct raw_pcb *r)
{
	return &r->ready;
}

int raw_protocol(const struct raw_pcb *r)
{
	return r->proto;
}

int raw_bind(struct ph_stack *st, struct raw_pcb *r, const struct ph_sockaddr *a)
{
	if (r->o.v6 && ip_is4(&a->ip))
		return -EADDRNOTAVAIL;
	if (!ip_is_any(&a->ip) && !addr_is_local(st, &a->ip) && !addr_is_group(st, &a->ip))
		return -EADDRNOTAVAIL;
	r->local.ip = a->ip;
	return 0;
}

/* The way to `to`, as the socket and the message say. */
static int find_dst(struct ph_stack *st, struct raw_pcb *r, const struct dgram_tx *tx,
		    const struct ph_ip *to)
{
	bool own = ip_is_any(&r->local.ip) || addr_is_group(st, &r->local.ip);
	const struct ph_ip *src = own ? NULL : &r->local.ip;
	ph_link oif = dgram_way(&r->o, tx, to, &src);

	return dst_lookup_on(st, &r->dst, oif, src, to, (r->o.so.flags & SOCKOPT_BROADCAST) != 0);
}

int raw_connect(struct ph_stack *st, struct raw_pcb *r, const struct ph_sockaddr *a)
{
	int rc;

	if (a->family == 0) {
		r->connected = false;
		r->peer = nowhere(r->local.family);
		return 0;
	}
	if (r->o.v6 == ip_is4(&a->ip))
		return -EAFNOSUPPORT;
	rc = find_dst(st, r, NULL, &a->ip);
	if (rc != 0)
		return rc;
	if (ip_is_any(&r->local.ip))
		r->local.ip = r->dst.src;
	r->peer = *a;
	r->peer.port = 0;
	r->connected = true;
	return 0;
}

static struct pkt *build(struct ph_stack *st, const struct ph_msg *msg, size_t len)
{
	enum { INLINE_MAX = 1500 };
	bool small = len <= INLINE_MAX;
	struct pkt *p = pkt_new_tx(&st->pkts, small ? (uint32_t)len : 0);
	struct buf *b = p && !small ? buf_new(&st->pkts, (uint32_t)len) : NULL;
	uint8_t *to;

	if (!p || (!small && !b)) {
		pkt_free(p);
		return NULL;
	}
	to = small ? pkt_put(p, (uint32_t)len) : b->bytes;
	for (size_t i = 0; i < msg->niov; i++) {
		if (msg->iov[i].len)
			memcpy(to, msg->iov[i].base, msg->iov[i].len);
		to += msg->iov[i].len;
	}
	if (b) {
		(void)pkt_add_span(p, b, 0, (uint32_t)len);
		buf_put(b);
	}
	return p;
}

/* RFC 3542 3.1: the stack sums what it knows the pseudo-header of. */
static int put_checksum(const struct raw_pcb *r, struct pkt *p)
{
	uint32_t at = r->proto == PH_IPPROTO_ICMPV6 ? 2 : (uint32_t)r->checksum;
	uint16_t sum;

	if (!r->o.v6 || (r->checksum < 0 && r->proto != PH_IPPROTO_ICMPV6))
		return 0;
	if (at + 2 > p->len || !pkt_pull_up(p, at + 2))
		return -EINVAL;
	memset(pkt_bytes(p) + at, 0, 2);
	sum = csum_finish(csum_pkt(csum_pseudo(&r->dst.src, &r->dst.dst, r->proto, p->len), p, 0,
				   p->len));
	pkt_bytes(p)[at] = (uint8_t)(sum >> 8);
	pkt_bytes(p)[at + 1] = (uint8_t)sum;
	return 0;
}

static int send_packet(struct ph_stack *st, struct raw_pcb *r, struct dgram_tx *tx,
		       struct pkt *take_pkt, const struct ph_sockaddr *to)
{
	int rc;

	if (r->hdrincl) {
		dgram_mark(&r->o, tx, &r->dst, take_pkt);
		return ip4_output_whole(st, take_pkt, &r->dst);
	}
	rc = dgram_tx_fit(st, &r->o, tx, &r->dst, take_pkt->len, to);
	if (rc == 0)
		rc = put_checksum(r, take_pkt);
	if (rc != 0) {
		pkt_free(take_pkt);
		return rc;
	}
	dgram_mark(&r->o, tx, &r->dst, take_pkt);
	return ip_output(st, take_pkt, &r->dst, &tx->ip);
}

int64_t raw_sendmsg(struct ph_stack *st, struct raw_pcb *r, const struct ph_msg *msg, int flags)
{
	const struct ph_sockaddr *to = msg->name ? msg->name : &r->peer;
	struct dgram_tx tx;
	struct pkt *p;
	size_t len = 0;
	int rc;

	if (flags & PH_MSG_OOB)
		return -EOPNOTSUPP;
	if (r->o.err)
		return -dgram_take_error(&r->o);
	if (r->shut_wr)
		return -EPIPE;
	for (size_t i = 0; i < msg->niov; i++)
		len += msg->iov[i].len;
	if (len > 65535)
		return -EMSGSIZE;
	if (!msg->name && !r->connected)
		return -EDESTADDRREQ;
	if (r->o.v6 == ip_is4(&to->ip))
		return r->o.v6 ? -EINVAL : -EAFNOSUPPORT;
	rc = dgram_tx_init(st, &r->o, msg, !r->o.v6, &tx);
	if (rc == 0)
		rc = find_dst(st, r, &tx, &to->ip);
	if (rc != 0)
		return rc;
	tx.ip.proto = r->proto;
	p = build(st, msg, len);
	if (!p)
		return -ENOBUFS;
	rc = send_packet(st, r, &tx, p, to);
	return rc == 0 ? (int64_t)len : rc;
}

int64_t raw_recvmsg(struct ph_stack *st, struct raw_pcb *r, struct ph_msg *msg, int flags)
{
	struct list_node *n = list_first(&r->records);
	struct raw_record *rec;
	uint32_t done = 0, len;

	if (flags & PH_MSG_ERRQUEUE)
		return dgram_recv_errq(st, &r->o, msg);
	if (r->o.err)
		return -dgram_take_error(&r->o);
	if (!n)
		return r->shut_rd ? 0 : -EAGAIN;
	rec = container_of(n, struct raw_record, node);
	len = rec->len;
	for (size_t i = 0; i < msg->niov && done < len; i++) {
		uint32_t k = len - done < msg->iov[i].len ? len - done : (uint32_t)msg->iov[i].len;

		done += stream_peek(&r->rx, done, msg->iov[i].base, k);
	}
	if (msg->name)
		*msg->name = rec->from;
	if (done < len)
		msg->flags |= PH_MSG_TRUNC;
	dgram_put_socket(st, &r->o, &rec->rx, msg);
	dgram_put_ip(st, &r->o, &rec->rx, msg);
	if (!(flags & PH_MSG_PEEK)) {
		stream_consume(&r->rx, len);
		list_remove(&rec->node);
		pool_put(&st->raw->records, rec);
		r->nrecords--;
	}
	if (!list_empty(&r->records))
		ready_set(st, &r->ready);
	return flags & PH_MSG_TRUNC ? len : done;
}

int raw_shutdown(struct ph_stack *st, struct raw_pcb *r, int how)
{
	if (!r->connected)
		return -ENOTCONN;
	r->shut_rd |= how != PH_SHUT_WR;
	r->shut_wr |= how != PH_SHUT_RD;
	ready_set(st, &r->ready);
	return 0;
}

void raw_close(struct ph_stack *st, struct raw_pcb *r)
{
	struct list_node *n;

	list_remove(&r->ready.node);
	list_remove(&r->all);
	if (list_empty(&st->raw->all))
		st->raw_input = NULL; /* packets need not ask */
	while ((n = list_pop_front(&r->records)))
		pool_put(&st->raw->records, container_of(n, struct raw_record, node));
	stream_clear(&r->rx);
	dgram_free(st, &r->o);
	pool_put(&st->raw->pcbs, r);
}

uint32_t raw_poll(const struct raw_pcb *r)
{
	uint32_t bits = PH_POLLOUT;

	if (!list_empty(&r->records) || r->shut_rd || r->o.err)
		bits |= PH_POLLIN;
	if (dgram_readable_error(&r->o))
		bits |= PH_POLLERR;
	return bits;
}

int raw_inq(const struct raw_pcb *r)
{
	const struct list_node *n = list_first(&r->records);

	return n ? (int)container_of(n, const struct raw_record, node)->len : 0;
}

int raw_error(struct raw_pcb *r)
{
	return dgram_take_error(&r->o);
}

int raw_getname(const struct raw_pcb *r, bool peer, struct ph_sockaddr *a)
{
	if (peer && !r->connected)
		return -ENOTCONN;
	*a = peer ? r->peer : r->local;
	return 0;
}

static int set_filter(struct raw_pcb *r, const void *value, uint32_t len)
{
	uint32_t most = r->o.v6 ? (uint32_t)sizeof(r->icmp_filter) : 4;

	if (r->proto != (r->o.v6 ? PH_IPPROTO_ICMPV6 : PH_IPPROTO_ICMP))
		return -EOPNOTSUPP;
	memcpy(r->icmp_filter, value, len < most ? len : most);
	return 0;
}

static bool is_filter(const struct raw_pcb *r, int level, int name)
{
	return r->o.v6 ? level == PH_IPPROTO_ICMPV6 && name == ICMP6_FILTER :
			 level == SOL_RAW && name == ICMP_FILTER;
}

/* Linux: an even place; that of ICMPv6 is what it is. */
static int set_checksum(struct raw_pcb *r, int v)
{
	if (r->proto == PH_IPPROTO_ICMPV6 || (v > 0 && (v & 1)))
		return -EINVAL;
	r->checksum = v < 0 ? -1 : v;
	return 0;
}

int raw_setsockopt(struct ph_stack *st, struct raw_pcb *r, int level, int name, const void *value,
		   uint32_t len)
{
	int v, rc;

	if (is_filter(r, level, name))
		return set_filter(r, value, len);
	if (level == PH_IPPROTO_IP && name == PH_IP_HDRINCL && !r->o.v6) {
		rc = sockopts_int(value, len, &v);
		if (rc == 0)
			r->hdrincl = v != 0;
		return rc;
	}
	if ((level == PH_IPPROTO_IPV6 || level == SOL_RAW) && name == PH_IPV6_CHECKSUM && r->o.v6) {
		rc = sockopts_int(value, len, &v);
		return rc != 0 ? rc : set_checksum(r, v);
	}
	return dgram_setsockopt(st, &r->o, level, name, value, len, false);
}

int raw_getsockopt(struct ph_stack *st, const struct raw_pcb *r, int level, int name, void *value,
		   uint32_t *len)
{
	int v;

	if (is_filter(r, level, name))
		return sockopts_give(value, len, r->icmp_filter,
				     r->o.v6 ? (uint32_t)sizeof(r->icmp_filter) : 4);
	if (level == PH_IPPROTO_IP && name == PH_IP_HDRINCL && !r->o.v6)
		v = r->hdrincl;
	else if (level == PH_IPPROTO_IPV6 && name == PH_IPV6_CHECKSUM && r->o.v6)
		v = r->checksum;
	else
		return dgram_getsockopt(st, &r->o, level, name, value, len,
					r->connected ? &r->dst : NULL);
	return sockopts_give(value, len, &v, sizeof(v));
}
