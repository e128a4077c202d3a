/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IGMP messages (RFC 3376 4, 2236 2, 1112 appendix I; RFC 9776): queries and others' reports in,
 * ours out. Called by ip4_in.c through st->l4[2] and by mc_group.c.
 */
#include "net/igmp.h"

#include <string.h>

#include "base/csum.h"
#include "base/ip.h"
#include "net/ip4.h"
#include "net/mc_report.h"
#include "net/net_state.h"

enum {
	ALL_HOSTS = 0xe0000001u,
	ALL_ROUTERS = 0xe0000002u,
	ALL_V3 = 0xe0000016u,
	TOS_CONTROL = 0xc0,  /* RFC 3376 4 */
	MAX_RESP_V1 = 100,   /* RFC 3376 7.2.1, tenths of a second */
	QUERY_INTERVAL = 125 /* s, RFC 3376 8.2 */
};
static const uint64_t tenth = 100000000, second = 1000000000;

/* ---- out ------------------------------------------------------------------------------------ */

/* RFC 3376 4: TTL 1, precedence of network control, Router Alert. Takes the packet. */
static void output(struct ph_stack *st, struct mc_link *ml, struct pkt *take_pkt, uint32_t to)
{
	static const uint8_t alert[4] = { IP4_OPT_ROUTER_ALERT, 4, 0, 0 };
	struct ip_tx tx = { .proto = PH_IPPROTO_IGMP, .ttl = 1, .tos = TOS_CONTROL, .df = true };
	struct ph_ip dst = ip_of4(to);
	const struct addr *a = addr_choose(st, ml->link->index, &dst);
	struct dst d = { .src = a ? a->ip : ip_of4(0), /* 4.2.13: none yet */
			 .dst = dst,
			 .next_hop = dst,
			 .link = ml->link->index,
			 .mtu = (uint16_t)ml->link->mtu,
			 .gen = st->net->gen,
			 .kind = DST_MULTICAST };
	struct igmp_hdr *h = (void *)pkt_bytes(take_pkt);
	struct ip4_hdr *ip;

	if (ml->link->kind == PH_LINK_LOOPBACK) { /* nobody to tell */
		pkt_free(take_pkt);
		return;
	}
	h->csum = be16_of(0);
	h->csum = be16_of(csum_finish(csum_pkt(0, take_pkt, 0, take_pkt->len)));
	memcpy(pkt_push(take_pkt, sizeof(alert)), alert, sizeof(alert));
	ip4_push(take_pkt, &d, &tx, 0, IP4_F_DF);
	ip = (void *)pkt_bytes(take_pkt);
	ip->ver_ihl = 4 << 4 | (sizeof(*ip) + sizeof(alert)) / 4;
	ip->csum = be16_of(0);
	ip->csum = be16_of(csum_finish(csum_add(0, ip, sizeof(*ip) + sizeof(alert))));
	COUNT(st, IpOutRequests);
	(void)ip4_send(st, &d, take_pkt); /* as if lost: told again */
}

void igmp_send_records(struct ph_stack *st, struct mc_link *ml, uint8_t *bytes, uint32_t len)
{
	struct pkt *p = pkt_new_tx(&st->pkts, len);

	if (!p)
		return;
	bytes[0] = IGMP_REPORT3;
	memcpy(pkt_put(p, len), bytes, len);
	output(st, ml, p, ALL_V3);
}

void igmp_send_old(struct ph_stack *st, struct mc_link *ml, const struct ph_ip *group, bool leave)
{
	bool v1 = mc_old(st, ml) == MC_OLDEST;
	struct igmp_hdr *h;
	struct pkt *p;

	if (leave && v1)
		return; /* RFC 1112: there is no such word */
	p = pkt_new_tx(&st->pkts, sizeof(*h));
	if (!p)
		return;
	h = (void *)pkt_put(p, sizeof(*h));
	*h = (struct igmp_hdr){ .type = leave ? IGMP_LEAVE : v1 ? IGMP_REPORT1 : IGMP_REPORT2,
				.group = be32_of(ip_get4(group)) };
	output(st, ml, p, leave ? ALL_ROUTERS : ip_get4(group));
}

/* ---- in ------------------------------------------------------------------------------------- */

static bool has_router_alert(const struct pkt *p)
{
	const uint8_t *ip = p->hdr.buf->bytes + p->hdr_start + p->l3_off;
	const uint8_t *o = ip + IP4_HDR_LEN, *end = ip + 4 * (ip[0] & 15);

	while (o < end && *o != IP4_OPT_END) { /* ip4_options() went this way before */
		if (*o == IP4_OPT_ROUTER_ALERT)
			return true;
		o += *o == IP4_OPT_NOP ? 1 : o[1];
	}
	return false;
}

/* RFC 9776 9.1: forged ones come from afar, by unicast or to another group. */
static bool acceptable(const struct ip_rx *rx, const struct mc_query *q, bool v1)
{
	if (!v1 && !has_router_alert(rx->pkt))
		return false;
	if (!addr_is_multicast4(ip_get4(&rx->dst)))
		return true; /* RFC 3376 4.1.12: to an address of ours */
	return !q->general || ip_get4(&rx->dst) == ALL_HOSTS;
}

static enum drop query(struct ph_stack *st, const struct ip_rx *rx, struct link *l)
{
	const uint8_t *b = pkt_bytes(rx->pkt);
	const struct igmp_hdr *h = (const void *)b;
	struct mc_query q = { .group = ip_of4(be32_get(h->group)) };
	uint64_t old_ns;
	bool v1 = false;

	q.general = be32_get(h->group) == 0;
	if (rx->l4_len == sizeof(*h)) {
		v1 = h->code == 0;
		q.max_ns = (v1 ? (uint64_t)MAX_RESP_V1 : h->code) * tenth;
		if (v1)
			q.general = true; /* RFC 1112: there are no others */
	} else if (rx->l4_len < IGMP_QUERY3_LEN) {
		return DROP_IGMP_MALFORMED; /* RFC 3376 7.1 */
	} else {
		be16 n;

		memcpy(&n, b + IGMP_QUERY3_SOURCES, sizeof(n));
		q.n = be16_get(n);
		q.sources = b + IGMP_QUERY3_LEN;
		if (q.n > (rx->l4_len - IGMP_QUERY3_LEN) / 4)
			return DROP_IGMP_MALFORMED;
		q.max_ns = igmp_code(h->code) * tenth;
	}
	if (!acceptable(rx, &q, v1))
		return DROP_IGMP_IGNORED;
	/* Deviation: RFC 3376 8.12: RFC 9776 8.12 is later; with the defaults of a host, robustness 2. */
	old_ns = 2 * QUERY_INTERVAL * second + 10 * q.max_ns;
	if (rx->l4_len == sizeof(*h))
		mc_heard_old(st, &l->mc4, v1 ? MC_OLDEST : MC_OLD, old_ns);
	mc_query(st, &l->mc4, &q);
	return DROP_NONE;
}

static enum drop input(struct ph_stack *st, const struct ip_rx *rx)
{
	struct link *l = link_get(st, rx->link);
	const struct igmp_hdr *h;

	if (!ip_is4(&rx->dst) || rx->l4_len < sizeof(*h))
		return DROP_IGMP_MALFORMED;
	if (!l || !pkt_pull_up(rx->pkt, rx->l4_len))
		return DROP_NOMEM;
	h = (const void *)pkt_bytes(rx->pkt);
	if (csum_fold(csum_pkt(0, rx->pkt, 0, rx->l4_len)) != 0xffff)
		return DROP_IGMP_CSUM;
	switch (h->type) {
	case IGMP_QUERY:
		return query(st, rx, l);
	case IGMP_REPORT1:
	case IGMP_REPORT2:
		/* Only what every host of the group saw too spares us ours (CVE-2002-2185). */
		if (ip_get4(&rx->dst) != be32_get(h->group) || !rx->pkt->l2_group)
			return DROP_IGMP_IGNORED;
		mc_reported(st, &l->mc4, &rx->dst);
		return DROP_NONE;
	default:
		return DROP_IGMP_IGNORED; /* RFC 3376 4 */
	}
}

void igmp_new(struct ph_stack *st)
{
	static const struct l4_proto proto = { .input = input };

	st->l4[PH_IPPROTO_IGMP] = &proto;
}
