/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A datagram arrives (RFC 768, RFC 1122 4.1.3): length and checksum held against IP's view, the
 * endpoint found, the bytes queued by reference. Called by IP through struct l4_proto.
 */
#include "udp/udp_int.h"

#include "base/csum.h"
#include "base/ip.h"
#include "net/dgram_filter.h"
#include "wire/udp.h"

static enum drop check_len(const struct ip_rx *rx, uint32_t len)
{
	return len < sizeof(struct udp_hdr) || len > rx->l4_len ? DROP_UDP_SHORT : DROP_NONE;
}

static enum drop check_sum(const struct ip_rx *rx, uint32_t len)
{
	uint64_t sum;

	if (rx->pkt->csum != PKT_CSUM_NONE)
		return DROP_NONE;
	sum = csum_pseudo(&rx->src, &rx->dst, PH_IPPROTO_UDP, len);
	return csum_fold(csum_pkt(sum, rx->pkt, 0, len)) == 0xffff ? DROP_NONE : DROP_UDP_CSUM;
}

static struct ph_sockaddr sender(const struct ip_rx *rx, uint16_t port, bool v6)
{
	return (struct ph_sockaddr){ .family = v6 ? PH_AF_INET6 : PH_AF_INET,
				     .port = port,
				     .ip = rx->src,
				     .flow = rx->flow };
}

/* UDP_GRO: to the datagram before it, of the same flow and batch, not shorter than it. */
static bool join(struct ph_stack *st, struct udp_pcb *u, const struct ip_rx *rx,
		 const struct ph_sockaddr *from, uint32_t len)
{
	struct list_node *n = list_last(&u->d.records);
	struct dgram_record *r = n ? container_of(n, struct dgram_record, node) : NULL;
	uint32_t each;

	if (!u->gro || !r || r->whole || len == 0 || r->rx.at_ns != rx->at_ns)
		return false;
	each = r->segment ? r->segment : r->len;
	if (len > each || r->len + len > 65535 || r->len / each >= UDP_SEGMENTS_MAX ||
	    r->from.port != from->port || !ip_eq(&r->from.ip, &from->ip) ||
	    !ip_eq(&r->rx.dst, &rx->dst) || r->rx.tos != rx->tos || r->rx.ttl != rx->ttl ||
	    r->rx.link != rx->link)
		return false;
	if (dgram_held(&u->d) >= u->d.rcvbuf ||
	    !stream_append_pkt(&u->d.rx, rx->pkt, sizeof(struct udp_hdr), len))
		return false;
	r->segment = (uint16_t)each;
	r->len += len;
	r->whole = len < each;
	dgram_recount(&u->d);
	UDP_COUNT(st, ip_is4(&rx->src), InDatagrams);
	return true;
}

static enum drop no_room(struct ph_stack *st, bool v4, enum drop why)
{
	if (why == DROP_SOCKET_RCVBUFF) {
		UDP_COUNT(st, v4, RcvbufErrors);
		UDP_COUNT(st, v4, InErrors);
	} else {
		UDP_COUNT(st, v4, MemErrors);
		UDP_COUNT(st, v4, InErrors);
	}
	return why;
}

/* Is what all sockets hold too much, and what this one does, too? */
static bool budget_spent(struct ph_stack *st, const struct udp_pcb *u)
{
	uint64_t held = dgram_held(&u->d);

	return st->udp->held >= (uint64_t)st->sysctl.udp_mem[2] * 4096 && held < u->d.rcvbuf &&
	       held >= (uint64_t)st->sysctl.udp_rmem_min;
}

/* As Linux: the program sees the datagram from its UDP header on, which stays; what it does not want of
 * the rest is cut off. */
static bool filter_wants(struct ph_stack *st, const struct udp_pcb *u, const struct ip_rx *rx,
			 struct dgram_bytes *payload)
{
	const uint32_t header = sizeof(struct udp_hdr);
	struct dgram_bytes all = { .pkt = payload->pkt, .len = header + payload->len };
	uint32_t wants = dgram_filter_wants(st, &u->d, rx, &all, header);

	dgram_bytes_trim(payload, wants > header ? wants - header : 0);
	return wants > 0;
}

/* RFC 1122 4.1.3.5: what does not fit is dropped and counted, nothing already queued is lost for
 * it. */
static enum drop queue(struct ph_stack *st, struct udp_pcb *u, const struct ip_rx *rx)
{
	const struct udp_hdr *h = (const void *)pkt_bytes(rx->pkt);
	struct dgram_bytes bytes = { .pkt = rx->pkt,
				     .off = sizeof(*h),
				     .len = be16_get(h->len) - (uint32_t)sizeof(*h) };
	struct ph_sockaddr from = sender(rx, be16_get(h->sport), u->d.v6);
	bool v4 = ip_is4(&rx->src);
	struct dgram_record *r;
	enum drop why;

	if (u->d.shut_rd)
		return DROP_NO_SOCKET;
	if (u->d.filter && !filter_wants(st, u, rx, &bytes)) {
		u->d.dropped++;
		UDP_COUNT(st, v4, InErrors);
		return DROP_SOCKET_FILTER;
	}
	if (budget_spent(st, u)) {
		u->d.dropped++;
		return no_room(st, v4, DROP_PROTO_MEM);
	}
	if (join(st, u, rx, &from, bytes.len))
		return DROP_NONE;
	r = dgram_queue(st, &u->d, rx, &bytes, &why);
	if (!r)
		return no_room(st, v4, why);
	r->from = from;
	r->rx.dport = be16_get(h->dport);
	UDP_COUNT(st, v4, InDatagrams);
	return DROP_NONE;
}

/*
 * RFC 6935 5, 6936 4: without a checksum over IPv6 only where the user said so; what has one is
 * always held to it.
 */
static bool allows(const struct udp_pcb *u, const struct ip_rx *rx, bool has_csum)
{
	return has_csum || ip_is4(&rx->src) || u->no_check6_rx;
}

static void queue_one_of_many(struct ph_stack *st, struct udp_pcb *u, const struct ip_rx *rx)
{
	const struct udp_hdr *h = (const void *)pkt_bytes(rx->pkt);

	if (allows(u, rx, be16_get(h->csum) != 0))
		count_drop(&st->counters, queue(st, u, rx));
}

static enum drop bad_checksum(struct ph_stack *st, const struct ip_rx *rx)
{
	UDP_COUNT(st, ip_is4(&rx->src), InErrors); /* besides what the reason raises */
	return ip_is4(&rx->src) ? DROP_UDP_CSUM : DROP_UDP6_CSUM;
}

static enum drop deliver(struct ph_stack *st, const struct ip_rx *rx, const struct udp_hdr *h)
{
	struct udp_pcb *u = udp_table_find(st, rx->link, &rx->dst, be16_get(h->dport), &rx->src,
					   be16_get(h->sport));

	if (u)
		return allows(u, rx, be16_get(h->csum) != 0) ? queue(st, u, rx) :
							       bad_checksum(st, rx);
	if (!ip_is4(&rx->src) && be16_get(h->csum) == 0)
		return bad_checksum(st, rx);
	UDP_COUNT(st, ip_is4(&rx->src), NoPorts);
	icmp_send_error(st, rx, ICMP_ERR_PORT_UNREACH); /* RFC 1122 4.1.3.1 */
	return DROP_NO_SOCKET;
}

enum drop udp_input(struct ph_stack *st, const struct ip_rx *rx)
{
	const struct udp_hdr *h;

	if (!pkt_pull_up(rx->pkt, sizeof(*h))) {
		if (rx->l4_len >= sizeof(*h))
			return DROP_NOMEM;
		return ip_is4(&rx->src) ? DROP_UDP_SHORT : DROP_UDP6_SHORT;
	}
	h = (const void *)pkt_bytes(rx->pkt);
	if (check_len(rx, be16_get(h->len)) != DROP_NONE)
		return ip_is4(&rx->src) ? DROP_UDP_SHORT : DROP_UDP6_SHORT;
	if (be16_get(h->csum) != 0 && check_sum(rx, be16_get(h->len)) != DROP_NONE)
		return bad_checksum(st, rx);
	if (!rx->group)
		return deliver(st, rx, h);
	return udp_table_each(st, rx, be16_get(h->dport), be16_get(h->sport), queue_one_of_many) > 0
		       ? DROP_NONE
		       : DROP_NO_SOCKET;
}

/*
 * RFC 1122 4.1.3.3: errors reach the application; as Linux, of a socket without a peer only where
 * it asked for the queue of them.
 */
void udp_error_input(struct ph_stack *st, const struct ip_err *err)
{
	const struct udp_hdr *h = (const void *)err->quote;
	struct udp_pcb *u;

	if (err->quote_len < sizeof(*h))
		return;
	u = udp_table_find(st, err->link, &err->local, be16_get(h->sport), &err->remote,
			   be16_get(h->dport));
	if (!u)
		return;
	if (!ip_is_any(&err->redirect)) {
		redirect_learn(st, err);
		return;
	}
	if (err->error == EMSGSIZE && (ip_is4(&err->remote) ? u->d.pmtudisc : u->d.ip6.mtu_discover) <
					      PH_IP_PMTUDISC_INTERFACE)
		pmtu_learn(st, &err->remote, err->mtu);
	if (dgram_error(st, &u->d, err, sizeof(*h), be16_get(h->dport), u->d.connected))
		ready_set(st, &u->d.ready);
}
