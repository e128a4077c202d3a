/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A datagram arrives (RFC 768, RFC 1122 4.1.3): length and checksum held against IP's view, the
 * endpoint found, the bytes queued by reference. Called by IP through struct l4_proto.
 */
#include "udp/udp_int.h"

#include "base/csum.h"
#include "base/ip.h"
#include "wire/udp.h"

static enum drop check(const struct ip_rx *rx, uint32_t len, bool has_csum)
{
	uint64_t sum;

	if (len < sizeof(struct udp_hdr) || len > rx->l4_len)
		return DROP_UDP_SHORT;
	if (!has_csum)
		return ip_is4(&rx->src) ? DROP_NONE
					: DROP_UDP_CSUM; /* RFC 8200 8.1: required over IPv6 */
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

/* RFC 1122 4.1.3.5: what does not fit is dropped and counted, nothing already queued is lost for
 * it. */
static enum drop queue(struct ph_stack *st, struct udp_pcb *u, const struct ip_rx *rx)
{
	const struct udp_hdr *h = (const void *)pkt_bytes(rx->pkt);
	uint32_t len = be16_get(h->len) - (uint32_t)sizeof(*h);
	uint64_t held = (uint64_t)u->rx.charged + (uint64_t)u->nrecords * UDP_RECORD_CHARGE;
	struct udp_record *r;

	if (u->shut_rd)
		return DROP_NO_SOCKET;
	if (held >= u->rcvbuf) {
		UDP_COUNT(st, ip_is4(&rx->src), RcvbufErrors);
		UDP_COUNT(st, ip_is4(&rx->src), InErrors);
		return DROP_SOCKET_RCVBUFF;
	}
	r = pool_get(&st->udp->records);
	if (!r || !stream_append_pkt(&u->rx, rx->pkt, sizeof(*h), len)) {
		if (r)
			pool_put(&st->udp->records, r);
		UDP_COUNT(st, ip_is4(&rx->src), MemErrors);
		return DROP_NOMEM;
	}
	r->len = len;
	r->from = sender(rx, be16_get(h->sport), u->v6);
	list_push_back(&u->records, &r->node);
	u->nrecords++;
	UDP_COUNT(st, ip_is4(&rx->src), InDatagrams);
	ready_set(st, &u->ready);
	return DROP_NONE;
}

static void queue_one_of_many(struct ph_stack *st, struct udp_pcb *u, const struct ip_rx *rx)
{
	count_drop(&st->counters, queue(st, u, rx));
}

enum drop udp_input(struct ph_stack *st, const struct ip_rx *rx)
{
	const struct udp_hdr *h;
	struct udp_pcb *u;
	enum drop d;

	if (!pkt_pull_up(rx->pkt, sizeof(*h)))
		return rx->l4_len < sizeof(*h) ? DROP_UDP_SHORT : DROP_NOMEM;
	h = (const void *)pkt_bytes(rx->pkt);
	d = check(rx, be16_get(h->len), be16_get(h->csum) != 0);
	if (d == DROP_UDP_CSUM)
		UDP_COUNT(st, ip_is4(&rx->src), InErrors); /* besides what the reason raises */
	if (!ip_is4(&rx->src) && (d == DROP_UDP_CSUM || d == DROP_UDP_SHORT))
		return d == DROP_UDP_CSUM ? DROP_UDP6_CSUM : DROP_UDP6_SHORT;
	if (d != DROP_NONE)
		return d;
	if (rx->group)
		return udp_table_each(st, rx, be16_get(h->dport), be16_get(h->sport),
				      queue_one_of_many) > 0
			       ? DROP_NONE
			       : DROP_NO_SOCKET;
	u = udp_table_find(st, &rx->dst, be16_get(h->dport), &rx->src, be16_get(h->sport));
	if (u)
		return queue(st, u, rx);
	UDP_COUNT(st, ip_is4(&rx->src), NoPorts);
	icmp_send_error(st, rx, ICMP_ERR_PORT_UNREACH); /* RFC 1122 4.1.3.1 */
	return DROP_NO_SOCKET;
}

/* RFC 1122 4.1.3.3: errors reach the application; as Linux, only of a connected socket, and the
 * next call takes it. */
void udp_error_input(struct ph_stack *st, const struct ip_err *err)
{
	const struct udp_hdr *h = (const void *)err->quote;
	struct udp_pcb *u;

	if (err->quote_len < sizeof(*h))
		return;
	u = udp_table_find(st, &err->local, be16_get(h->sport), &err->remote, be16_get(h->dport));
	if (u && err->error == EMSGSIZE)
		pmtu_learn(st, &err->remote, err->mtu);
	if (!u || !u->connected || !err->hard)
		return;
	u->err = err->error;
	ready_set(st, &u->ready);
}
