/* SPDX-License-Identifier: BSD-2-Clause */
/* Raw sockets as the socket layer uses them. */
#include "raw/raw_int.h"

#include <string.h>

#include "base/csum.h"
#include "base/ip.h"

enum { SOL_RAW = 255, ICMP_FILTER = 1, ICMP6_FILTER = 1 };

static struct raw_pcb *raw_of(struct dgram *d)
{
	return container_of(d, struct raw_pcb, d);
}

static struct dgram *raw_open(struct ph_stack *st, int family, int protocol, int *error)
{
	struct raw_pcb *r;

	*error = protocol > 0 && protocol < 256 ? -ENOBUFS : -EPROTONOSUPPORT;
	r = *error == -ENOBUFS ? pool_get_zeroed(&st->raw->pcbs) : NULL;
	if (!r)
		return NULL;
	dgram_init(st, &r->d, &raw_ops, family);
	r->proto = (uint8_t)protocol;
	r->hdrincl = protocol == RAW_PROTO_RAW && family == PH_AF_INET;
	r->checksum = -1;
	list_push_back(&st->raw->all, &r->d.all);
	st->raw_input = raw_input;
	return &r->d;
}

static int raw_bind(struct ph_stack *st, struct dgram *d, const struct ph_sockaddr *a)
{
	struct raw_pcb *r = raw_of(d);

	if (r->d.v6 && ip_is4(&a->ip))
		return -EADDRNOTAVAIL;
	if (!ip_is_any(&a->ip) && !addr_is_local(st, &a->ip) && !addr_is_group(st, &a->ip))
		return -EADDRNOTAVAIL;
	r->d.local.ip = a->ip;
	return 0;
}

/* The way to `to`, as the socket and the message say. */
static int find_dst(struct ph_stack *st, struct raw_pcb *r, const struct dgram_tx *tx,
		    const struct ph_ip *to)
{
	bool own = ip_is_any(&r->d.local.ip) || addr_is_group(st, &r->d.local.ip);
	const struct ph_ip *src = own ? NULL : &r->d.local.ip;
	ph_link oif = dgram_way(&r->d, tx, to, &src);

	return dst_lookup_on(st, &r->d.dst, oif, src, to, (r->d.so.flags & SOCKOPT_BROADCAST) != 0);
}

static int raw_connect(struct ph_stack *st, struct dgram *d, const struct ph_sockaddr *a)
{
	struct raw_pcb *r = raw_of(d);
	int rc;

	if (a->family == 0) {
		r->d.connected = false;
		r->d.peer = dgram_nowhere(r->d.local.family);
		return 0;
	}
	if (r->d.v6 == ip_is4(&a->ip))
		return -EAFNOSUPPORT;
	rc = find_dst(st, r, NULL, &a->ip);
	if (rc != 0)
		return rc;
	if (ip_is_any(&r->d.local.ip))
		r->d.local.ip = r->d.dst.src;
	r->d.peer = *a;
	r->d.peer.port = 0;
	r->d.connected = true;
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

	if (!r->d.v6 || (r->checksum < 0 && r->proto != PH_IPPROTO_ICMPV6))
		return 0;
	if (at + 2 > p->len || !pkt_pull_up(p, at + 2))
		return -EINVAL;
	memset(pkt_bytes(p) + at, 0, 2);
	sum = csum_finish(csum_pkt(csum_pseudo(&r->d.dst.src, &r->d.dst.dst, r->proto, p->len), p, 0,
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
		dgram_mark(&r->d, tx, &r->d.dst, take_pkt);
		return ip4_output_whole(st, take_pkt, &r->d.dst);
	}
	rc = dgram_tx_fit(st, &r->d, tx, &r->d.dst, take_pkt->len, to);
	if (rc == 0)
		rc = put_checksum(r, take_pkt);
	if (rc != 0) {
		pkt_free(take_pkt);
		return rc;
	}
	dgram_mark(&r->d, tx, &r->d.dst, take_pkt);
	return ip_output(st, take_pkt, &r->d.dst, &tx->ip);
}

static int64_t raw_sendmsg(struct ph_stack *st, struct dgram *d, const struct ph_msg *msg, int flags)
{
	struct raw_pcb *r = raw_of(d);
	const struct ph_sockaddr *to = msg->name ? msg->name : &r->d.peer;
	struct dgram_tx tx;
	struct pkt *p;
	size_t len = 0;
	int rc;

	if (flags & PH_MSG_OOB)
		return -EOPNOTSUPP;
	if (r->d.err)
		return -dgram_take_error(&r->d);
	if (r->d.shut_wr)
		return -EPIPE;
	for (size_t i = 0; i < msg->niov; i++)
		len += msg->iov[i].len;
	if (len > 65535)
		return -EMSGSIZE;
	if (!msg->name && !r->d.connected)
		return -EDESTADDRREQ;
	if (r->d.v6 == ip_is4(&to->ip))
		return r->d.v6 ? -EINVAL : -EAFNOSUPPORT;
	rc = dgram_tx_init(st, &r->d, msg, !r->d.v6, &tx);
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

static int set_filter(struct raw_pcb *r, const void *value, uint32_t len)
{
	uint32_t most = r->d.v6 ? (uint32_t)sizeof(r->icmp_filter) : 4;

	if (r->proto != (r->d.v6 ? PH_IPPROTO_ICMPV6 : PH_IPPROTO_ICMP))
		return -EOPNOTSUPP;
	memcpy(r->icmp_filter, value, len < most ? len : most);
	return 0;
}

static bool is_filter(const struct raw_pcb *r, int level, int name)
{
	return r->d.v6 ? level == PH_IPPROTO_ICMPV6 && name == ICMP6_FILTER :
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

static int raw_setsockopt(struct ph_stack *st, struct dgram *d, int level, int name,
			  const void *value, uint32_t len)
{
	struct raw_pcb *r = raw_of(d);
	int v, rc;

	if (is_filter(r, level, name))
		return set_filter(r, value, len);
	if (level == PH_IPPROTO_IP && name == PH_IP_HDRINCL && !r->d.v6) {
		rc = sockopts_int(value, len, &v);
		if (rc == 0)
			r->hdrincl = v != 0;
		return rc;
	}
	if ((level == PH_IPPROTO_IPV6 || level == SOL_RAW) && name == PH_IPV6_CHECKSUM && r->d.v6) {
		rc = sockopts_int(value, len, &v);
		return rc != 0 ? rc : set_checksum(r, v);
	}
	return dgram_setsockopt(st, &r->d, level, name, value, len, false);
}

static int raw_getsockopt(struct ph_stack *st, struct dgram *d, int level, int name, void *value,
			  uint32_t *len)
{
	const struct raw_pcb *r = raw_of(d);
	int v;

	if (is_filter(r, level, name))
		return sockopts_give(value, len, r->icmp_filter,
				     r->d.v6 ? (uint32_t)sizeof(r->icmp_filter) : 4);
	if (level == PH_IPPROTO_IP && name == PH_IP_HDRINCL && !r->d.v6)
		v = r->hdrincl;
	else if (level == PH_IPPROTO_IPV6 && name == PH_IPV6_CHECKSUM && r->d.v6)
		v = r->checksum;
	else
		return dgram_getsockopt(st, &r->d, level, name, value, len,
					r->d.connected ? &r->d.dst : NULL);
	return sockopts_give(value, len, &v, sizeof(v));
}

static void raw_close(struct ph_stack *st, struct dgram *d)
{
	dgram_free(st, d);
	if (list_empty(&st->raw->all))
		st->raw_input = NULL; /* packets need not ask */
	pool_put(&st->raw->pcbs, raw_of(d));
}

const struct dgram_ops raw_ops = {
	.type = PH_SOCK_RAW,
	.open = raw_open,
	.bind = raw_bind,
	.connect = raw_connect,
	.sendmsg = raw_sendmsg,
	.setsockopt = raw_setsockopt,
	.getsockopt = raw_getsockopt,
	.close = raw_close,
};

int raw_new(struct ph_stack *st)
{
	struct raw_state *rs = mem_alloc(&st->mem, sizeof(*rs));

	if (!rs)
		return -ENOMEM;
	memset(rs, 0, sizeof(*rs));
	pool_init(&rs->pcbs, &st->mem, "raw sockets", sizeof(struct raw_pcb),
		  st->conf.max_sockets);
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
		raw_close(st, container_of(n, struct dgram, all));
	pool_destroy(&st->raw->pcbs);
	mem_free(&st->mem, st->raw, sizeof(*st->raw));
	st->raw = NULL;
}

size_t raw_list(const struct ph_stack *st, struct ph_sock_info *out, size_t n)
{
	struct list_node *node;
	size_t i = 0;

	list_for_each(node, &st->raw->all) {
		const struct raw_pcb *r = container_of(node, const struct raw_pcb, d.all);

		if (i < n) {
			dgram_describe(&r->d, r->proto, &out[i]);
			out[i].local.port = r->proto; /* as ss shows it */
		}
		i++;
	}
	return i;
}
