/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A packet that passed IP, to every raw socket of its protocol that it fits: with its header over
 * IPv4, from the transport's on over IPv6 (RFC 3542 3). Called through st->raw by ip4_in.c and
 * ip6_ext.c.
 */
#include "raw/raw_int.h"

#include "base/csum.h"
#include "base/ip.h"
#include "net/dgram_filter.h"

static bool filtered(const struct raw_pcb *r, const struct ip_rx *rx)
{
	uint8_t type;

	if (r->proto != PH_IPPROTO_ICMP && r->proto != PH_IPPROTO_ICMPV6)
		return false;
	if (pkt_copy_out(rx->pkt, 0, &type, 1) != 1)
		return true;
	/* of ICMPv4 only the first word can be set */
	return (r->icmp_filter[type / 32] >> type % 32 & 1) != 0;
}

static bool is_multicast(const struct ph_ip *ip)
{
	return ip_is4(ip) ? ip_get4(ip) >> 28 == 14 : ip6_is_multicast(ip);
}

static bool fits(const struct raw_pcb *r, const struct ip_rx *rx)
{
	if (r->proto != rx->proto || r->d.v6 == ip_is4(&rx->dst) || r->d.shut_rd)
		return false;
	if (r->d.bound && r->d.bound != rx->link)
		return false;
	if (!ip_is_any(&r->d.local.ip) && !ip_eq(&r->d.local.ip, &rx->dst))
		return false;
	if (r->d.connected && !ip_eq(&r->d.peer.ip, &rx->src))
		return false;
	if (rx->group && is_multicast(&rx->dst) &&
	    !mc_sock_hears(&r->d.mc, rx->link, &rx->dst, &rx->src))
		return false;
	return !filtered(r, rx);
}

/* RFC 3542 3.1: verified where the socket says where it is; ICMPv6 always. */
static bool sum_holds(const struct raw_pcb *r, const struct ip_rx *rx)
{
	uint64_t sum;

	if (ip_is4(&rx->dst) || (r->checksum < 0 && r->proto != PH_IPPROTO_ICMPV6) ||
	    rx->pkt->csum != PKT_CSUM_NONE)
		return true;
	sum = csum_pseudo(&rx->src, &rx->dst, rx->proto, rx->l4_len);
	return csum_fold(csum_pkt(sum, rx->pkt, 0, rx->l4_len)) == 0xffff;
}

static void queue(struct ph_stack *st, struct raw_pcb *r, const struct ip_rx *rx)
{
	const struct pkt *p = rx->pkt;
	const uint8_t *ip = p->hdr.buf->bytes + p->hdr_start + p->l3_off;
	struct dgram_bytes bytes = { .pkt = p, .len = rx->l4_len };
	struct dgram_record *rec;
	enum drop why;

	if (ip_is4(&rx->dst)) {
		bytes.lead = ip;
		bytes.lead_len = 4u * (ip[0] & 15u);
	}
	if (r->d.filter) {
		uint32_t wants = dgram_filter_wants(st, &r->d, rx, &bytes, bytes.lead_len);

		if (wants == 0) {
			count_drop(&st->counters, DROP_SOCKET_FILTER);
			return;
		}
		dgram_bytes_trim(&bytes, wants);
	}
	rec = dgram_queue(st, &r->d, rx, &bytes, &why);
	if (rec)
		rec->from = (struct ph_sockaddr){ .family = r->d.v6 ? PH_AF_INET6 : PH_AF_INET,
						  .ip = rx->src };
	else
		count_drop(&st->counters, why);
}

bool raw_input(struct ph_stack *st, const struct ip_rx *rx)
{
	struct list_node *n;
	bool any = false;

	list_for_each(n, &st->raw->all) {
		struct raw_pcb *r = container_of(n, struct raw_pcb, d.all);

		if (!fits(r, rx) || !sum_holds(r, rx))
			continue;
		queue(st, r, rx);
		any = true;
	}
	return any;
}

/* As raw_err() of Linux: every socket that could have sent it. */
bool raw_error(struct ph_stack *st, const struct ip_err *err, uint8_t proto)
{
	bool v4 = ip_is4(&err->remote), any = false;
	struct list_node *n;

	list_for_each(n, &st->raw->all) {
		struct raw_pcb *r = container_of(n, struct raw_pcb, d.all);
		struct dgram *d = &r->d;

		if (r->proto != proto || d->v6 == v4 || (d->bound && d->bound != err->link) ||
		    (!ip_is_any(&d->local.ip) && !ip_eq(&d->local.ip, &err->local)) ||
		    (d->connected && !ip_eq(&d->peer.ip, &err->remote)))
			continue;
		any = true;
		if (!ip_is_any(&err->redirect)) {
			redirect_learn(st, err);
			continue;
		}
		if (err->error == EMSGSIZE &&
		    (v4 ? d->pmtudisc : d->ip6.mtu_discover) < PH_IP_PMTUDISC_INTERFACE)
			pmtu_learn(st, &err->remote, err->mtu);
		if (dgram_error(st, d, err, 0, 0, d->connected))
			ready_set(st, &d->ready);
	}
	return any;
}
