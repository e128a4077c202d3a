/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages of sockets: what the user is told of one that came, what control messages say of one
 * that leaves, and errors about those that left. Called by udp/ and raw/.
 */
#include "net/dgram.h"

#include <string.h>

#include "base/cmsg.h"
#include "base/ip.h"
#include "net/dgram_filter.h"
#include "net/link.h"
#include "net/net_state.h"
#include "wire/ip4.h"

enum { SCM_TSTAMP_SND = 0, SCM_TSTAMP_SCHED = 1 };

void dgram_init(struct ph_stack *st, struct dgram *d, const struct dgram_ops *ops, int family)
{
	memset(d, 0, sizeof(*d));
	d->ops = ops;
	ready_init(&d->ready);
	list_init_node(&d->all);
	stream_init(&d->rx, &st->pkts, &st->stream_nodes);
	list_init(&d->records);
	d->local = d->peer = dgram_nowhere(family);
	d->v6 = family == PH_AF_INET6;
	ip6_opt_init(&d->ip6, st->sysctl.ip6_bindv6only);
	sockopts_init(&d->so);
	errq_init(&d->errq);
	mc_sock_init(&d->mc);
	d->rcvbuf = (uint32_t)st->sysctl.rmem_default;
	d->sndbuf = (uint32_t)st->sysctl.wmem_default;
	d->rcvlowat = 1;
	d->pmtudisc = st->sysctl.ip_no_pmtu_disc ? PH_IP_PMTUDISC_DONT : PH_IP_PMTUDISC_WANT;
}

void dgram_free(struct ph_stack *st, struct dgram *d)
{
	list_remove(&d->ready.node);
	list_remove(&d->all);
	dgram_queue_clear(st, d);
	dgram_filter_free(st, d);
	mc_sock_free(st, &d->mc);
	errq_clear(&d->errq, &st->net->errs);
}

struct ph_sockaddr dgram_nowhere(int family)
{
	return (struct ph_sockaddr){ .family = (uint16_t)family,
				     .ip = family == PH_AF_INET ? ip_of4(0) :
								  (struct ph_ip){ { 0 } } };
}

/* ---- in ------------------------------------------------------------------------------------- */

/* As Linux: a record of the route has us in it when the user sees it. */
static void keep_options(const struct ph_stack *st, const struct ip_rx *rx, struct dgram_rx *out)
{
	const struct pkt *p = rx->pkt;
	const uint8_t *ip = p->hdr.buf->bytes + p->hdr_start + p->l3_off;
	uint32_t len = 4u * (ip[0] & 15);
	const struct addr *a = addr_find(st, &rx->dst) ? NULL : addr_choose(st, rx->link, &rx->src);
	struct ip4_opt_here here;

	if (len <= IP4_HDR_LEN)
		return;
	out->opt_len = (uint8_t)(len - (uint32_t)IP4_HDR_LEN);
	memcpy(out->opt, ip + IP4_HDR_LEN, out->opt_len);
	icmp4_here(st, ip_get4(a ? &a->ip : &rx->dst), &here);
	ip4_opt_record(out->opt, out->opt_len, &here);
}

void dgram_rx_of(const struct ph_stack *st, const struct dgram *d, const struct ip_rx *rx,
		 struct dgram_rx *out)
{
	*out = (struct dgram_rx){ .dst = rx->dst,
				  .link = rx->link,
				  .ttl = rx->ttl,
				  .tos = rx->tos,
				  .flow = rx->flow,
				  .dropped = d->dropped,
				  .at_ns = rx->at_ns };
	if ((d->ip & (DGRAM_RECVOPTS | DGRAM_RETOPTS)) && ip_is4(&rx->dst))
		keep_options(st, rx, out);
}

static void put_int(struct ph_msg *msg, int level, int type, int32_t v)
{
	cmsg_put(msg, level, type, &v, sizeof(v));
}

void dgram_put_socket(const struct ph_stack *st, const struct dgram *d, const struct dgram_rx *rx,
		      struct ph_msg *msg)
{
	const uint32_t rx_soft = PH_SOF_TIMESTAMPING_SOFTWARE | PH_SOF_TIMESTAMPING_RX_SOFTWARE;
	uint64_t at = rx->at_ns + st->conf.wall_offset_ns;
	int64_t v[6] = { (int64_t)(at / 1000000000u), (int64_t)(at % 1000000000u) };

	if (d->so.flags & SOCKOPT_TIMESTAMPNS) {
		cmsg_put(msg, PH_SOL_SOCKET, PH_SO_TIMESTAMPNS, v, 2 * sizeof(v[0]));
	} else if (d->so.flags & SOCKOPT_TIMESTAMP) {
		int64_t tv[2] = { v[0], v[1] / 1000 };

		cmsg_put(msg, PH_SOL_SOCKET, PH_SO_TIMESTAMP, tv, sizeof(tv));
	}
	if ((d->so.tsflags & rx_soft) == rx_soft)
		cmsg_put(msg, PH_SOL_SOCKET, PH_SO_TIMESTAMPING, v, sizeof(v));
	if ((d->so.flags & SOCKOPT_RXQ_OVFL) && rx->dropped > 0)
		cmsg_put(msg, PH_SOL_SOCKET, PH_SO_RXQ_OVFL, &rx->dropped, sizeof(rx->dropped));
}

/* struct in_pktinfo { int ifindex; in_addr spec_dst, addr; }: ours, and the header's destination. */
static void put_pktinfo4(const struct ph_stack *st, const struct dgram_rx *rx, struct ph_msg *msg)
{
	uint8_t info[12];
	int32_t index = rx->link;
	const struct addr *a = addr_find(st, &rx->dst);

	if (!a)
		a = addr_choose(st, rx->link, &rx->dst);
	memcpy(info, &index, 4);
	memset(info + 4, 0, 4);
	if (a)
		memcpy(info + 4, a->ip.b + 12, 4);
	memcpy(info + 8, rx->dst.b + 12, 4);
	cmsg_put(msg, PH_IPPROTO_IP, PH_IP_PKTINFO, info, sizeof(info));
}

static void put_pktinfo6(const struct dgram_rx *rx, struct ph_msg *msg)
{
	struct ph_ip bare = ip6_bare(rx->dst);
	int32_t index = rx->link;
	uint8_t info[20];

	memcpy(info, bare.b, sizeof(bare.b));
	memcpy(info + 16, &index, 4);
	cmsg_put(msg, PH_IPPROTO_IPV6, PH_IPV6_PKTINFO, info, sizeof(info));
}

/* struct sockaddr_in, sockaddr_in6 of where it was sent to. */
static void put_origdst(const struct dgram_rx *rx, struct ph_msg *msg, bool v6)
{
	struct ph_ip bare = ip6_bare(rx->dst);
	uint8_t sa[28] = { 0 };
	uint16_t family = v6 ? PH_AF_INET6 : PH_AF_INET;
	uint32_t scope = ip6_scope(&rx->dst);

	memcpy(sa, &family, sizeof(family));
	sa[2] = (uint8_t)(rx->dport >> 8);
	sa[3] = (uint8_t)rx->dport;
	if (!v6) {
		memcpy(sa + 4, rx->dst.b + 12, 4);
		cmsg_put(msg, PH_IPPROTO_IP, PH_IP_RECVORIGDSTADDR, sa, 16);
		return;
	}
	memcpy(sa + 8, bare.b, 16);
	memcpy(sa + 24, &scope, 4);
	cmsg_put(msg, PH_IPPROTO_IPV6, PH_IPV6_RECVORIGDSTADDR, sa, sizeof(sa));
}

/* RFC 1122 4.1.3.2: those that came, and those of them that go back with an answer. */
static void put_options(const struct dgram *d, const struct dgram_rx *rx, struct ph_msg *msg)
{
	uint8_t back[IP4_OPT_MAX];

	if (rx->opt_len == 0)
		return;
	if (d->ip & DGRAM_RECVOPTS)
		cmsg_put(msg, PH_IPPROTO_IP, PH_IP_RECVOPTS, rx->opt, rx->opt_len);
	if (d->ip & DGRAM_RETOPTS)
		cmsg_put(msg, PH_IPPROTO_IP, PH_IP_RETOPTS, back,
			 ip4_opt_answer(rx->opt, rx->opt_len, back));
}

static void put_ip4(const struct ph_stack *st, const struct dgram *d, const struct dgram_rx *rx,
		    struct ph_msg *msg)
{
	if (d->ip & DGRAM_PKTINFO)
		put_pktinfo4(st, rx, msg);
	if (d->ip & DGRAM_RECVTTL)
		put_int(msg, PH_IPPROTO_IP, PH_IP_TTL, rx->ttl);
	if (d->ip & DGRAM_RECVTOS)
		cmsg_put(msg, PH_IPPROTO_IP, PH_IP_TOS, &rx->tos, 1);
	put_options(d, rx, msg);
	if ((d->ip & DGRAM_ORIGDST) && rx->dport)
		put_origdst(rx, msg, false);
}

static void put_ip6(const struct dgram *d, const struct dgram_rx *rx, struct ph_msg *msg)
{
	if (d->ip6.recv_hops)
		put_int(msg, PH_IPPROTO_IPV6, PH_IPV6_HOPLIMIT, rx->ttl);
	if (d->ip6.recv_tclass)
		put_int(msg, PH_IPPROTO_IPV6, PH_IPV6_TCLASS, rx->tos);
	if (d->orig6 && rx->dport)
		put_origdst(rx, msg, true);
}

void dgram_put_ip(const struct ph_stack *st, const struct dgram *d, const struct dgram_rx *rx,
		  struct ph_msg *msg)
{
	if (d->v6 && d->ip6.recv_pktinfo)
		put_pktinfo6(rx, msg); /* an IPv4 destination mapped, as RFC 3542 6.2 has it */
	if (ip_is4(&rx->dst))
		put_ip4(st, d, rx, msg);
	else
		put_ip6(d, rx, msg);
}

/* ---- out ------------------------------------------------------------------------------------ */

static bool get_int(const struct cmsg *c, int32_t lo, int32_t hi, int32_t *v)
{
	if (c->len != sizeof(*v))
		return false;
	memcpy(v, c->data, sizeof(*v));
	return *v >= lo && *v <= hi;
}

static int take_link(const struct ph_stack *st, const void *index, struct dgram_tx *tx)
{
	int32_t link;

	memcpy(&link, index, sizeof(link));
	if (link && !link_get(st, link))
		return -ENODEV;
	if (link)
		tx->link = link;
	return 0;
}

static int take_ip4(const struct ph_stack *st, const struct cmsg *c, struct dgram_tx *tx)
{
	uint32_t src;
	int32_t v;

	switch (c->type) {
	case PH_IP_PKTINFO:
		if (c->len != 12)
			return -EINVAL;
		memcpy(&src, (const uint8_t *)c->data + 4, 4);
		if (src) {
			tx->src = ip_of4(0);
			memcpy(tx->src.b + 12, &src, 4);
		}
		return take_link(st, c->data, tx);
	case PH_IP_TTL:
		if (!get_int(c, 1, 255, &v))
			return -EINVAL;
		tx->ip.ttl = (uint8_t)v;
		tx->ttl_set = true;
		return 0;
	case PH_IP_TOS:
		if (c->len == 1)
			v = *(const uint8_t *)c->data;
		else if (!get_int(c, 0, 255, &v))
			return -EINVAL;
		tx->ip.tos = (uint8_t)v;
		return 0;
	case PH_IP_RETOPTS:
		v = dgram_take_options(c->data, c->len < IP4_OPT_MAX ? (uint32_t)c->len : IP4_OPT_MAX,
				       tx->opt);
		if (v < 0)
			return v;
		tx->opt_len = (uint8_t)v;
		return 0;
	default:
		return -EINVAL;
	}
}

static int take_pktinfo6(const struct ph_stack *st, const struct cmsg *c, bool v4,
			 struct dgram_tx *tx)
{
	const uint8_t *p = c->data;
	struct ph_ip src;
	int rc;

	if (c->len < 20)
		return -EINVAL;
	rc = take_link(st, p + 16, tx);
	if (rc != 0)
		return rc;
	memcpy(src.b, p, sizeof(src.b));
	if (ip_is_any(&src))
		return 0;
	if (v4 != ip_is4(&src))
		return -EINVAL;
	tx->src = ip6_with_scope(src, (uint32_t)tx->link);
	return 0;
}

static int take_ip6(const struct ph_stack *st, const struct cmsg *c, bool v4, struct dgram_tx *tx)
{
	int32_t v;

	switch (c->type) {
	case PH_IPV6_PKTINFO:
		return take_pktinfo6(st, c, v4, tx);
	case PH_IPV6_HOPLIMIT:
		if (!get_int(c, -1, 255, &v))
			return -EINVAL;
		tx->ip.ttl = v < 0 ? 0 : (uint8_t)v;
		tx->ttl_set = v >= 0;
		return 0;
	case PH_IPV6_TCLASS:
		if (!get_int(c, -1, 255, &v))
			return -EINVAL;
		tx->ip.tos = v < 0 ? 0 : (uint8_t)v;
		return 0;
	case PH_IPV6_DONTFRAG:
		if (!get_int(c, 0, 1, &v))
			return -EINVAL;
		tx->ip.df = v != 0;
		return 0;
	default:
		return -EINVAL;
	}
}

static int take_socket(const struct cmsg *c, struct dgram_tx *tx)
{
	const uint32_t recorded = PH_SOF_TIMESTAMPING_TX_SOFTWARE | PH_SOF_TIMESTAMPING_TX_SCHED |
				  PH_SOF_TIMESTAMPING_TX_ACK | PH_SOF_TIMESTAMPING_TX_HARDWARE;
	uint32_t v;

	if (c->len != sizeof(v))
		return -EINVAL;
	memcpy(&v, c->data, sizeof(v));
	switch (c->type) {
	case PH_SO_TIMESTAMPING:
	case PH_SO_TIMESTAMPING_NEW:
		if (v & ~recorded)
			return -EINVAL;
		tx->tsflags = (tx->tsflags & ~recorded) | v;
		return 0;
	case PH_SO_MARK:
	case PH_SO_PRIORITY:
		return 0;
	default:
		return -EINVAL;
	}
}

static int take(const struct ph_stack *st, const struct dgram *d, const struct cmsg *c, bool v4,
		struct dgram_tx *tx)
{
	if (c->level == PH_SOL_SOCKET)
		return take_socket(c, tx);
	if (c->level == PH_IPPROTO_IP)
		return v4 ? take_ip4(st, c, tx) : 0;
	if (c->level == PH_IPPROTO_IPV6 && d->v6) {
		/* As Linux: to IPv4 only the address counts. */
		if (v4 && c->type != PH_IPV6_PKTINFO)
			return 0;
		return take_ip6(st, c, v4, tx);
	}
	if (c->level == PH_IPPROTO_UDP && c->type == PH_UDP_SEGMENT) {
		if (c->len != sizeof(tx->segment))
			return -EINVAL;
		memcpy(&tx->segment, c->data, sizeof(tx->segment));
	}
	return 0;
}

int dgram_tx_init(const struct ph_stack *st, const struct dgram *d, const struct ph_msg *msg,
		  bool v4, struct dgram_tx *tx)
{
	struct cmsg c;
	size_t at = 0;
	int rc = 0;

	memset(tx, 0, sizeof(*tx));
	tx->link = d->bound;
	tx->tsflags = d->so.tsflags;
	tx->ip.tos = v4 ? d->tos : d->ip6.tclass;
	tx->ip.df = !v4 && d->ip6.dontfrag;
	if (v4 && d->opt_len) {
		tx->opt_len = d->opt_len;
		memcpy(tx->opt, d->opt, d->opt_len);
	}
	while (rc == 0 && msg->control_len > 0) {
		int more = cmsg_next(msg, &at, &c);

		if (more <= 0)
			return more;
		rc = take(st, d, &c, v4, tx);
	}
	return rc;
}

static void local_error(struct ph_stack *st, struct dgram *d, const struct ph_sockaddr *name,
			int error, uint32_t info)
{
	struct errq_entry e = { .error = (uint32_t)error,
				.origin = ERRQ_LOCAL,
				.info = info,
				.has_name = true,
				.name = *name };

	(void)errq_push(&d->errq, &st->net->errs, &e);
}

static bool queues_errors(const struct dgram *d, bool v4)
{
	return v4 && !d->v6 ? (d->ip & DGRAM_RECVERR) != 0 :
	       d->v6	    ? d->ip6.recverr || (v4 && (d->ip & DGRAM_RECVERR)) :
			      false;
}

ph_link dgram_way(const struct dgram *d, const struct dgram_tx *tx, const struct ph_ip *dst,
		  const struct ph_ip **src)
{
	bool v4 = ip_is4(dst), group = v4 ? addr_is_multicast4(ip_get4(dst)) : ip6_is_multicast(dst);
	ph_link link = group ? (v4 ? d->mc.if4 : d->mc.if6) : d->unicast_if;

	if (tx && !ip_is_any(&tx->src))
		*src = &tx->src;
	else if (group && v4 && !*src && !ip_is_any(&d->mc.src4))
		*src = &d->mc.src4;
	if (tx && tx->link)
		return tx->link;
	return d->bound ? d->bound : link;
}

void dgram_mark(const struct dgram *d, const struct dgram_tx *tx, const struct dst *to,
		struct pkt *p)
{
	bool group = to->kind == DST_MULTICAST;

	p->loop_copy = to->kind == DST_BROADCAST || (group && (to->v6 ? d->mc.loop6 : d->mc.loop4));
	p->here_only = group && tx->ttl_none;
}

/* 0 in ip_tx stands for the default; a group's 0 is for those on this host. */
static void choose_ttl(const struct dgram *d, struct dgram_tx *tx, const struct dst *to)
{
	bool group = to->kind == DST_MULTICAST;

	if (!to->v6) {
		tx->ip.ttl = group ? (uint8_t)d->mc.ttl : d->ttl;
		tx->ttl_none = group && d->mc.ttl == 0;
		return;
	}
	tx->ip.ttl = ip6_opt_hops(&d->ip6, group);
	tx->ttl_none = group && d->ip6.group_hops == 0;
}

/* The options go with the packet, and say that we sent it. */
static void depart(const struct ph_stack *st, struct dgram_tx *tx, const struct dst *to)
{
	struct ip4_opt_here here;

	if (to->v6 || tx->opt_len == 0)
		return;
	icmp4_here(st, ip_get4(&to->src), &here);
	ip4_opt_record(tx->opt, tx->opt_len, &here);
	tx->ip.opt = tx->opt;
	tx->ip.opt_len = tx->opt_len;
}

int dgram_tx_fit(struct ph_stack *st, struct dgram *d, struct dgram_tx *tx, struct dst *to,
		 uint32_t len, const struct ph_sockaddr *name)
{
	uint8_t how = to->v6 ? d->ip6.mtu_discover : d->pmtudisc;
	uint32_t header = to->v6 ? 40u : 20u + tx->opt_len;
	bool must = how == PH_IP_PMTUDISC_DO || how == PH_IP_PMTUDISC_PROBE || tx->ip.df;

	if (!tx->ttl_set)
		choose_ttl(d, tx, to);
	depart(st, tx, to);
	/* RFC 4821 9: what ICMP said of the path counts for nothing where the user says so */
	if (how >= PH_IP_PMTUDISC_PROBE)
		to->mtu = to->link_mtu;
	if (must && len + header > to->mtu) {
		if (queues_errors(d, !to->v6))
			local_error(st, d, name, EMSGSIZE, to->mtu);
		return -EMSGSIZE;
	}
	/* As Linux: DF on what fits and discovers; what does not fit leaves in fragments without. */
	tx->ip.df = must || (how == PH_IP_PMTUDISC_WANT && len + header <= to->mtu);
	return 0;
}

static void stamp(struct ph_stack *st, struct dgram *d, uint32_t what,
		  const struct ph_sockaddr *name)
{
	struct errq_entry e = { .error = ENOMSG,
				.origin = ERRQ_TIMESTAMPING,
				.info = what,
				.data = d->tskey,
				.has_stamp = true,
				.stamp_ns = st->now_ns + st->conf.wall_offset_ns,
				.has_name = true,
				.name = *name };

	if (!(d->so.tsflags & PH_SOF_TIMESTAMPING_OPT_ID))
		e.data = 0;
	(void)errq_push(&d->errq, &st->net->errs, &e);
}

void dgram_sent(struct ph_stack *st, struct dgram *d, const struct dgram_tx *tx,
		const struct ph_sockaddr *name)
{
	if (tx->tsflags & PH_SOF_TIMESTAMPING_TX_SCHED)
		stamp(st, d, SCM_TSTAMP_SCHED, name);
	if (tx->tsflags & PH_SOF_TIMESTAMPING_TX_SOFTWARE)
		stamp(st, d, SCM_TSTAMP_SND, name);
	if (tx->tsflags & (PH_SOF_TIMESTAMPING_TX_SCHED | PH_SOF_TIMESTAMPING_TX_SOFTWARE))
		d->tskey++;
}

/* ---- errors --------------------------------------------------------------------------------- */

bool dgram_error(struct ph_stack *st, struct dgram *d, const struct ip_err *err, uint32_t skip,
		 uint16_t dport, bool connected)
{
	bool v4 = ip_is4(&err->remote), hard = err->hard;
	struct errq_entry e = {
		.error = (uint32_t)err->error,
		.origin = v4 ? ERRQ_ICMP : ERRQ_ICMP6,
		.type = err->type,
		.code = err->code,
		.info = err->mtu,
		.has_offender = true,
		.offender = err->from,
		.has_name = true,
		.name = { .family = v4 && !d->v6 ? PH_AF_INET : PH_AF_INET6,
			  .port = dport,
			  .ip = err->remote },
	};

	if (err->error == EMSGSIZE) { /* of who does not discover the path's mtu, nothing is wrong */
		uint8_t how = v4 ? d->pmtudisc : d->ip6.mtu_discover;

		if (how == PH_IP_PMTUDISC_DONT)
			return false;
		hard = v4 || how == PH_IP_PMTUDISC_DO;
	}
	if (queues_errors(d, v4)) {
		e.len = err->quote_len > skip ? err->quote_len - skip : 0;
		if (e.len > ERRQ_BYTES_MAX)
			e.len = ERRQ_BYTES_MAX;
		memcpy(e.bytes, err->quote + skip, e.len);
		(void)errq_push(&d->errq, &st->net->errs, &e);
	} else if (!hard || !connected) {
		return false;
	}
	d->err = err->error;
	return true;
}

int dgram_take_error(struct dgram *d)
{
	int err = d->err;

	d->err = 0;
	return err;
}

/* As Linux: what waits behind an ICMP error is the socket's error next, if it is one. */
int64_t dgram_recv_errq(struct ph_stack *st, struct dgram *d, struct ph_msg *msg)
{
	const struct errq_entry *e = errq_first(&d->errq);
	bool icmp = e && (e->origin == ERRQ_ICMP || e->origin == ERRQ_ICMP6);
	int64_t n = errq_recv(&d->errq, &st->net->errs, msg,
			      (d->so.tsflags & PH_SOF_TIMESTAMPING_SOFTWARE) != 0, d->v6);

	e = errq_first(&d->errq);
	if (e && (e->origin == ERRQ_ICMP || e->origin == ERRQ_ICMP6))
		d->err = (int)e->error;
	else if (icmp)
		d->err = 0;
	return n;
}
