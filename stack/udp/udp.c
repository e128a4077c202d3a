/* SPDX-License-Identifier: BSD-2-Clause */
/* UDP endpoints as the socket layer uses them: open, bind, connect, send, receive, options, close.
 */
#include "udp/udp_int.h"

#include "base/csum.h"
#include "base/ip.h"
#include "wire/udp.h"

static const struct l4_proto udp_proto = { .input = udp_input, .error = udp_error_input };

int udp_new(struct ph_stack *st)
{
	struct udp_state *us = mem_alloc(&st->mem, sizeof(*us));

	if (!us)
		return -ENOMEM;
	memset(us, 0, sizeof(*us));
	if (hash_init(&us->port_table, &st->mem, 16) != 0)
		goto fail;
	if (hash_init(&us->tuple_table, &st->mem, 16) != 0)
		goto fail_port;
	pool_init(&us->pcbs, &st->mem, "udp endpoints", sizeof(struct udp_pcb),
		  st->conf.max_sockets);
	pool_init(&us->records, &st->mem, "udp datagrams", sizeof(struct udp_record), 0);
	list_init(&us->all);
	st->udp = us;
	st->l4[PH_IPPROTO_UDP] = &udp_proto;
	return 0;
fail_port:
	hash_destroy(&us->port_table);
fail:
	mem_free(&st->mem, us, sizeof(*us));
	return -ENOMEM;
}

void udp_free(struct ph_stack *st)
{
	struct list_node *n, *tmp;

	if (!st->udp)
		return;
	list_for_each_safe(n, tmp, &st->udp->all)
		udp_close(st, container_of(n, struct udp_pcb, all));
	hash_destroy(&st->udp->port_table);
	hash_destroy(&st->udp->tuple_table);
	pool_destroy(&st->udp->pcbs);
	pool_destroy(&st->udp->records);
	mem_free(&st->mem, st->udp, sizeof(*st->udp));
	st->udp = NULL;
}

static struct ph_ip any_of(int family)
{
	return family == PH_AF_INET ? ip_of4(0) : (struct ph_ip){ { 0 } };
}

struct udp_pcb *udp_open(struct ph_stack *st, int family)
{
	struct udp_pcb *u = pool_get_zeroed(&st->udp->pcbs);

	if (!u)
		return NULL;
	ready_init(&u->ready);
	stream_init(&u->rx, &st->pkts, &st->stream_nodes);
	list_init(&u->records);
	u->local = u->peer =
		(struct ph_sockaddr){ .family = (uint16_t)family, .ip = any_of(family) };
	u->v6 = family == PH_AF_INET6;
	ip6_opt_init(&u->ip6, st->sysctl.ip6_bindv6only);
	u->rcvbuf = (uint32_t)st->sysctl.rmem_default;
	u->sndbuf = (uint32_t)st->sysctl.wmem_default;
	list_push_back(&st->udp->all, &u->all);
	return u;
}

struct ready *udp_ready(struct udp_pcb *u)
{
	return &u->ready;
}

static int take_port(struct ph_stack *st, struct udp_pcb *u, uint16_t port)
{
	if (port == 0)
		port = udp_table_choose_port(st, u);
	else if (!udp_table_port_free(st, u, port))
		port = 0;
	if (port == 0)
		return -EADDRINUSE;
	u->local.port = port;
	udp_table_add_port(st, u);
	return 0;
}

int udp_bind(struct ph_stack *st, struct udp_pcb *u, const struct ph_sockaddr *a)
{
	int rc;

	if (u->local.port || (u->v6 && u->ip6.only && ip_is4(&a->ip)))
		return -EINVAL;
	if (!ip_is_any(&a->ip) && !addr_is_local(st, &a->ip) && !addr_is_group(st, &a->ip))
		return -EADDRNOTAVAIL;
	u->local.ip = a->ip;
	rc = take_port(st, u, a->port);
	if (rc != 0) {
		u->local.ip = any_of(u->local.family);
		return rc;
	}
	u->user_addr = !ip_is_any(&a->ip);
	u->user_port = a->port != 0;
	return 0;
}

static void disconnect(struct ph_stack *st, struct udp_pcb *u)
{
	if (!u->connected)
		return;
	udp_table_remove_tuple(st, u);
	u->connected = false;
	u->peer = (struct ph_sockaddr){ .family = u->local.family, .ip = any_of(u->local.family) };
	u->dst.gen = 0;
	if (!u->user_addr)
		u->local.ip = any_of(u->local.family);
	if (!u->user_port) {
		udp_table_remove_port(st, u);
		u->local.port = 0;
	}
}

int udp_connect(struct ph_stack *st, struct udp_pcb *u, const struct ph_sockaddr *a)
{
	struct dst d = { 0 };
	int rc;

	if (a->family == 0) {
		disconnect(st, u);
		return 0;
	}
	if (u->v6 && u->ip6.only && ip_is4(&a->ip))
		return -ENETUNREACH;
	/* As Linux: connecting again looks the source up anew unless the user bound one. */
	rc = dst_lookup(st, &d, u->user_addr ? &u->local.ip : NULL, &a->ip, u->broadcast);
	if (rc != 0)
		return rc;
	if (!u->local.port && (rc = take_port(st, u, 0)) != 0)
		return rc;
	if (u->connected)
		udp_table_remove_tuple(st, u);
	u->dst = d;
	u->local.ip = d.src;
	u->peer = *a;
	u->connected = true;
	udp_table_add_tuple(st, u);
	return 0;
}

/* Where this datagram goes: the connected peer, or an address given with it. */
static int find_dst(struct ph_stack *st, struct udp_pcb *u, const struct ph_sockaddr *to)
{
	const struct ph_ip *src = u->user_addr || u->connected ? &u->local.ip : NULL;

	if (u->dst.gen && ip_eq(&u->dst.dst, &to->ip))
		return dst_refresh(st, &u->dst);
	return dst_lookup(st, &u->dst, src, &to->ip, u->broadcast);
}

static uint32_t gather(uint8_t *to, const struct ph_msg *msg)
{
	uint32_t n = 0;

	for (size_t i = 0; i < msg->niov; i++) {
		if (msg->iov[i].len)
			memcpy(to + n, msg->iov[i].base, msg->iov[i].len);
		n += (uint32_t)msg->iov[i].len;
	}
	return n;
}

/* The payload in one copy: behind the headers where it is small, else in a buffer of its own. */
static struct pkt *build_payload(struct ph_stack *st, const struct ph_msg *msg, uint32_t len)
{
	enum { INLINE_MAX = 1500 };
	struct pkt *p = pkt_new_tx(&st->pkts, len <= INLINE_MAX ? len : 0);
	struct buf *b;

	if (!p)
		return NULL;
	if (len <= INLINE_MAX) {
		if (len)
			gather(pkt_put(p, len), msg);
		return p;
	}
	b = buf_new(&st->pkts, len);
	if (!b) {
		pkt_free(p);
		return NULL;
	}
	gather(b->bytes, msg);
	(void)pkt_add_span(p, b, 0, len); /* the first span of a new packet always fits */
	buf_put(b);
	return p;
}

static void push_header(struct pkt *p, const struct udp_pcb *u, uint16_t dport)
{
	uint32_t len = p->len + (uint32_t)sizeof(struct udp_hdr);
	uint64_t pseudo = csum_pseudo(&u->dst.src, &u->dst.dst, PH_IPPROTO_UDP, len);
	struct udp_hdr *h = (void *)pkt_push(p, sizeof(*h));

	*h = (struct udp_hdr){ .sport = be16_of(u->local.port),
			       .dport = be16_of(dport),
			       .len = be16_of((uint16_t)len) };
	/* What does not fit is cut, and must be summed whole before. */
	if (len + (u->dst.v6 ? 40u : 20u) <= u->dst.mtu) {
		h->csum = be16_of(csum_fold(pseudo));
		p->csum = PKT_CSUM_TODO;
		p->csum_start = 0;
		p->csum_off = UDP_CSUM_OFF;
	} else {
		uint16_t sum = csum_finish(csum_pkt(pseudo, p, 0, len));

		h->csum = be16_of(sum ? sum : 0xffff); /* RFC 768: zero would mean none */
	}
}

static void fill_tx(const struct udp_pcb *u, const struct ph_sockaddr *to, struct ip_tx *tx)
{
	if (!u->dst.v6) {
		tx->ttl = u->ttl;
		tx->tos = u->tos;
		return;
	}
	tx->ttl = ip6_opt_hops(&u->ip6, u->dst.kind == DST_MULTICAST);
	tx->tos = u->ip6.tclass;
	tx->df = u->ip6.dontfrag;
	tx->flow = u->ip6.flow_send ? to->flow : 0;
}

int64_t udp_sendmsg(struct ph_stack *st, struct udp_pcb *u, const struct ph_msg *msg, int flags)
{
	const struct ph_sockaddr *to = msg->name ? msg->name : &u->peer;
	struct ip_tx tx = { .proto = PH_IPPROTO_UDP };
	struct pkt *p;
	size_t len = 0;
	int rc;

	if (flags & PH_MSG_OOB)
		return -EOPNOTSUPP;
	if (u->err) {
		rc = -u->err;
		u->err = 0;
		return rc;
	}
	if (u->shut_wr)
		return -EPIPE;
	for (size_t i = 0; i < msg->niov; i++)
		len += msg->iov[i].len;
	if (len > (ip_is4(&to->ip) ? UDP_DATA_MAX4 : UDP_DATA_MAX6))
		return -EMSGSIZE;
	if (!msg->name && !u->connected)
		return -EDESTADDRREQ;
	if (to->port == 0)
		return -EINVAL;
	if (!u->local.port && (rc = take_port(st, u, 0)) != 0)
		return rc == -EADDRINUSE ? -EAGAIN
					 : rc; /* as Linux: no port left is worth another try */
	rc = find_dst(st, u, to);
	if (rc != 0)
		return rc;
	p = build_payload(st, msg, (uint32_t)len);
	if (!p)
		return -ENOBUFS;
	push_header(p, u, to->port);
	fill_tx(u, to, &tx);
	rc = ip_output(st, p, &u->dst, &tx);
	if (rc != 0) {
		UDP_COUNT(st, !u->dst.v6, SndbufErrors);
		return rc;
	}
	UDP_COUNT(st, !u->dst.v6, OutDatagrams);
	return (int64_t)len;
}

static uint32_t scatter(const struct stream *s, uint32_t len, const struct ph_msg *msg)
{
	uint32_t done = 0;

	for (size_t i = 0; i < msg->niov && done < len; i++) {
		uint32_t n = len - done < msg->iov[i].len ? len - done : (uint32_t)msg->iov[i].len;

		done += stream_peek(s, done, msg->iov[i].base, n);
	}
	return done;
}

int64_t udp_recvmsg(struct ph_stack *st, struct udp_pcb *u, struct ph_msg *msg, int flags)
{
	struct list_node *n = list_first(&u->records);
	struct udp_record *r;
	uint32_t got, len;

	if (u->err) {
		int err = u->err;

		u->err = 0;
		return -err;
	}
	if (!n)
		return u->shut_rd ? 0 : -EAGAIN;
	r = container_of(n, struct udp_record, node);
	len = r->len;
	got = scatter(&u->rx, len, msg);
	if (msg->name)
		*msg->name = r->from;
	if (got < len)
		msg->flags |= PH_MSG_TRUNC;
	if (!(flags & PH_MSG_PEEK)) {
		stream_consume(&u->rx, len);
		list_remove(&r->node);
		pool_put(&st->udp->records, r);
		u->nrecords--;
	}
	if (!list_empty(&u->records))
		ready_set(st,
			  &u->ready); /* more to read: told again, as the readiness did not fall */
	return flags & PH_MSG_TRUNC ? len : got;
}

int udp_shutdown(struct ph_stack *st, struct udp_pcb *u, int how)
{
	if (!u->connected)
		return -ENOTCONN;
	u->shut_rd |= how != PH_SHUT_WR;
	u->shut_wr |= how != PH_SHUT_RD;
	ready_set(st, &u->ready);
	return 0;
}

void udp_close(struct ph_stack *st, struct udp_pcb *u)
{
	struct list_node *n;

	list_remove(&u->ready.node);
	list_remove(&u->all);
	if (u->connected)
		udp_table_remove_tuple(st, u);
	if (u->local.port)
		udp_table_remove_port(st, u);
	while ((n = list_pop_front(&u->records)))
		pool_put(&st->udp->records, container_of(n, struct udp_record, node));
	stream_clear(&u->rx);
	pool_put(&st->udp->pcbs, u);
}

uint32_t udp_poll(const struct udp_pcb *u)
{
	uint32_t bits = PH_POLLOUT;

	if (!list_empty(&u->records) || u->shut_rd)
		bits |= PH_POLLIN;
	if (u->err)
		bits |= PH_POLLERR | PH_POLLIN;
	if (u->shut_rd)
		bits |= PH_POLLRDHUP;
	if (u->shut_rd && u->shut_wr)
		bits |= PH_POLLHUP;
	return bits;
}

int udp_inq(const struct udp_pcb *u)
{
	const struct list_node *n = list_first(&u->records);

	return n ? (int)container_of(n, const struct udp_record, node)->len : 0;
}

int udp_error(struct udp_pcb *u)
{
	int err = u->err;

	u->err = 0;
	return err;
}

int udp_getname(const struct udp_pcb *u, bool peer, struct ph_sockaddr *a)
{
	if (peer && !u->connected)
		return -ENOTCONN;
	*a = peer ? u->peer : u->local;
	return 0;
}

size_t udp_list(const struct ph_stack *st, struct ph_sock_info *out, size_t n)
{
	enum { LINUX_TCP_CLOSE = 7, LINUX_TCP_ESTABLISHED = 1 };
	struct list_node *node;
	size_t i = 0;

	list_for_each(node, &st->udp->all) {
		const struct udp_pcb *u = container_of(node, const struct udp_pcb, all);

		if (i < n)
			out[i] = (struct ph_sock_info){
				.socket = u->ready.socket,
				.type = PH_SOCK_DGRAM,
				.state = u->connected ? LINUX_TCP_ESTABLISHED : LINUX_TCP_CLOSE,
				.state_name = u->connected ? "ESTAB" : "UNCONN",
				.local = u->local,
				.peer = u->peer,
				.recvq = u->rx.len,
			};
		i++;
	}
	return i;
}
