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
	r->hdrincl = protocol == RAW_PROTO_RAW;
	r->checksum = -1;
	r->d.local.port = r->proto; /* as Linux shows it */
	r->d.reuseaddr = true;
	list_push_back(&st->raw->all, &r->d.all);
	st->raw_input = raw_input;
	st->raw_error = raw_error;
	return &r->d;
}

static int raw_bind(struct ph_stack *st, struct dgram *d, const struct ph_sockaddr *a)
{
	if (d->connected)
		return -EINVAL;
	if (d->v6 && ip_is4(&a->ip))
		return -EADDRNOTAVAIL;
	if (!ip_is_any(&a->ip) && !addr_is_local(st, &a->ip) && !addr_is_group(st, &a->ip))
		return -EADDRNOTAVAIL;
	d->local.ip = a->ip;
	d->user_addr = !ip_is_any(&a->ip);
	return 0;
}

static void forget_address(struct dgram *d)
{
	if (!d->user_addr)
		d->local.ip = dgram_nowhere(d->local.family).ip;
}

static int raw_connect(struct ph_stack *st, struct dgram *d, const struct ph_sockaddr *a)
{
	int rc;

	if (a->family == 0) {
		d->connected = false;
		d->peer = dgram_nowhere(d->local.family);
		forget_address(d);
		return 0;
	}
	if (d->v6 == ip_is4(&a->ip))
		return -EAFNOSUPPORT;
	forget_address(d); /* looked up anew */
	rc = dgram_route(st, d, NULL, &a->ip);
	if (rc != 0)
		return rc;
	if (!d->user_addr)
		d->local.ip = d->dst.src;
	d->peer = *a;
	d->connected = true;
	return 0;
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
		return r->d.v6 ? ip6_output_whole(st, take_pkt, &r->d.dst) :
				 ip4_output_whole(st, take_pkt, &r->d.dst);
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
	struct dgram_reader from = { .msg = msg };
	size_t len = dgram_msg_len(msg);
	int rc;

	if (flags & PH_MSG_OOB)
		return -EOPNOTSUPP;
	if (r->d.err)
		return -dgram_take_error(&r->d);
	if (r->d.shut_wr)
		return -EPIPE;
	if (len > 65535)
		return -EMSGSIZE;
	if (!msg->name && !r->d.connected)
		return -EDESTADDRREQ;
	if (r->d.v6 == ip_is4(&to->ip))
		return r->d.v6 ? -EINVAL : -EAFNOSUPPORT;
	rc = dgram_tx_init(st, &r->d, msg, !r->d.v6, &tx);
	if (rc == 0)
		rc = dgram_route(st, d, &tx, &to->ip);
	if (rc != 0)
		return rc;
	tx.ip.proto = r->proto;
	p = dgram_payload(st, &from, (uint32_t)len);
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

static bool is_hdrincl(const struct raw_pcb *r, int level, int name)
{
	return r->d.v6 ? level == PH_IPPROTO_IPV6 && name == PH_IPV6_HDRINCL :
			 level == PH_IPPROTO_IP && name == PH_IP_HDRINCL;
}

static bool is_checksum(const struct raw_pcb *r, int level, int name)
{
	return (level == PH_IPPROTO_IPV6 || level == SOL_RAW) && name == PH_IPV6_CHECKSUM &&
	       r->d.v6;
}

static bool is_filter(const struct raw_pcb *r, int level, int name)
{
	return r->d.v6 ? level == PH_IPPROTO_ICMPV6 && name == ICMP6_FILTER :
			 level == SOL_RAW && name == ICMP_FILTER;
}

/* Linux: an even place; that of ICMPv6 is what it is, which is an error at one level alone. */
static int set_checksum(struct raw_pcb *r, int level, int v)
{
	if (r->proto == PH_IPPROTO_ICMPV6)
		return level == SOL_RAW ? 0 : -EINVAL;
	if (v > 0 && (v & 1))
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
	if (is_hdrincl(r, level, name)) {
		rc = sockopts_int(value, len, &v);
		if (rc == 0)
			r->hdrincl = v != 0;
		return rc;
	}
	if (is_checksum(r, level, name)) {
		rc = sockopts_int(value, len, &v);
		return rc != 0 ? rc : set_checksum(r, level, v);
	}
	return dgram_setsockopt(st, &r->d, level, name, value, len, false);
}

static int getsockopt_shared(struct ph_stack *st, struct dgram *d, int level, int name, void *value,
			     uint32_t *len)
{
	bool known = d->connected && dst_refresh(st, &d->dst) == 0; /* IP_MTU as it is now */

	return dgram_getsockopt(st, d, level, name, value, len, known ? &d->dst : NULL);
}

static int raw_getsockopt(struct ph_stack *st, struct dgram *d, int level, int name, void *value,
			  uint32_t *len)
{
	const struct raw_pcb *r = raw_of(d);
	int v;

	if (is_filter(r, level, name))
		return sockopts_give(value, len, r->icmp_filter,
				     r->d.v6 ? (uint32_t)sizeof(r->icmp_filter) : 4);
	if (is_hdrincl(r, level, name))
		v = r->hdrincl;
	else if (is_checksum(r, level, name))
		v = r->proto == PH_IPPROTO_ICMPV6 ? 2 : r->checksum;
	else
		return getsockopt_shared(st, d, level, name, value, len);
	return sockopts_give(value, len, &v, sizeof(v));
}

static void raw_close(struct ph_stack *st, struct dgram *d)
{
	dgram_free(st, d);
	if (list_empty(&st->raw->all)) { /* packets need not ask */
		st->raw_input = NULL;
		st->raw_error = NULL;
	}
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

		if (i < n)
			dgram_describe(&r->d, r->proto, &out[i]);
		i++;
	}
	return i;
}
