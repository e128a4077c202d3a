/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * MLD messages (RFC 3810 5, 2710 3; RFC 9777): queries and others' reports in, ours out. Called by
 * icmp6.c and mc_group.c.
 */
#include <string.h>

#include "base/csum.h"
#include "base/ip.h"
#include "net/addr6.h"
#include "net/if6.h"
#include "net/igmp.h"
#include "net/mc_report.h"
#include "net/net_state.h"
#include "wire/icmp6.h"

enum { QUERY_INTERVAL = 125, QUERY_RESPONSE = 10 }; /* s, RFC 3810 9 */
static const uint64_t ms = 1000000, second = 1000000000;

static const struct ph_ip all_routers = { { 0xff, 2, [15] = 2 } },
			  all_v2 = { { 0xff, 2, [15] = 0x16 } };

/* RFC 3810 5: from a link-local address (or ::, 5.2.13), hop limit 1, Router Alert. Takes it. */
static void output(struct ph_stack *st, struct mc_link *ml, struct pkt *take_pkt,
		   const struct ph_ip *to)
{
	static const uint8_t alert[8] = { IP6_NEXT_ICMP, 0, IP6_OPT_ROUTER_ALERT, 2, 0, 0,
					  IP6_OPT_PADN };
	struct ip_tx tx = { .proto = PH_IPPROTO_ICMPV6, .ttl = 1 };
	const struct addr6 *a = addr6_linklocal(st, ml->link->index);
	struct dst d = { .dst = ip6_with_scope(*to, (uint32_t)ml->link->index),
			 .link = ml->link->index,
			 .mtu = (uint16_t)ml->link->mtu,
			 .gen = st->net->gen,
			 .kind = DST_MULTICAST,
			 .v6 = true };
	struct icmp6_hdr *h = (void *)pkt_bytes(take_pkt);
	uint64_t sum;

	if (ml->link->kind == PH_LINK_LOOPBACK) { /* nobody to tell */
		pkt_free(take_pkt);
		return;
	}
	if (a && !a->tentative)
		d.src = a->ip;
	d.next_hop = d.dst;
	COUNT(st, Icmp6OutMsgs);
	if (h->type == ICMP6_MLD2_REPORT)
		COUNT(st, Icmp6OutMLDv2Reports);
	else if (h->type == ICMP6_MLD_REPORT)
		COUNT(st, Icmp6OutGroupMembResponses);
	else
		COUNT(st, Icmp6OutGroupMembReductions);
	COUNT(st, Ip6OutRequests);
	sum = csum_pseudo(&d.src, &d.dst, PH_IPPROTO_ICMPV6, take_pkt->len);
	h->csum = be16_of(0);
	h->csum = be16_of(csum_finish(csum_pkt(sum, take_pkt, 0, take_pkt->len)));
	memcpy(pkt_push(take_pkt, sizeof(alert)), alert, sizeof(alert));
	ip6_push(take_pkt, &d, &tx, IP6_NEXT_HOPOPTS);
	(void)ip6_send(st, &d, take_pkt); /* as if lost: told again */
}

void mld_send_records(struct ph_stack *st, struct mc_link *ml, uint8_t *bytes, uint32_t len)
{
	struct pkt *p = pkt_new_tx(&st->pkts, len);

	if (!p)
		return;
	bytes[0] = ICMP6_MLD2_REPORT;
	memcpy(pkt_put(p, len), bytes, len);
	output(st, ml, p, &all_v2);
}

void mld_send_old(struct ph_stack *st, struct mc_link *ml, const struct ph_ip *group, bool leave)
{
	struct ph_ip bare = ip6_bare(*group);
	struct pkt *p = pkt_new_tx(&st->pkts, MLD_QUERY1_LEN);
	uint8_t *b;

	if (!p)
		return;
	b = pkt_put(p, MLD_QUERY1_LEN);
	memset(b, 0, MLD_QUERY1_LEN);
	b[0] = leave ? ICMP6_MLD_DONE : ICMP6_MLD_REPORT;
	memcpy(b + MLD_GROUP, bare.b, sizeof(bare.b));
	output(st, ml, p, leave ? &all_routers : group);
}

/* ---- in ------------------------------------------------------------------------------------- */

static enum drop query(struct ph_stack *st, const struct ip_rx *rx, struct link *l)
{
	const uint8_t *b = pkt_bytes(rx->pkt);
	struct mc_query q = { .general = false };
	be16 code, n;

	memcpy(q.group.b, b + MLD_GROUP, sizeof(q.group.b));
	q.general = ip6_is_any(&q.group);
	q.group = ip6_with_scope(q.group, (uint32_t)rx->link);
	memcpy(&code, b + 4, sizeof(code));
	if (rx->l4_len == MLD_QUERY1_LEN) {
		q.max_ns = be16_get(code) * ms;
		/* RFC 9777 9.12 */
		mc_heard_old(st, &l->v6->mc, MC_OLD,
			     (2 * QUERY_INTERVAL + QUERY_RESPONSE) * second);
	} else {
		memcpy(&n, b + MLD_QUERY2_SOURCES, sizeof(n));
		q.n = be16_get(n);
		q.sources = b + MLD_QUERY2_LEN;
		if (q.n > (rx->l4_len - MLD_QUERY2_LEN) / 16)
			return DROP_ICMP6_MALFORMED;
		q.max_ns = mld_code(be16_get(code)) * ms;
	}
	mc_query(st, &l->v6->mc, &q);
	return DROP_NONE;
}

enum drop mld_input(struct ph_stack *st, const struct ip_rx *rx, const struct ip6_info *h)
{
	struct link *l = link_get(st, rx->link);
	bool from_ll = ip6_is_linklocal(&rx->src);
	struct ph_ip group;
	uint8_t type;

	if (!l || !l->v6 || rx->l4_len < MLD_QUERY1_LEN)
		return DROP_ICMP6_MALFORMED;
	if (!pkt_pull_up(rx->pkt, rx->l4_len))
		return DROP_NOMEM;
	type = pkt_bytes(rx->pkt)[0];
	/* RFC 3810 6.2, RFC 9777 10: of this link, and from it. */
	if (rx->ttl != 1 || !h->router_alert || (!from_ll && !ip6_is_any(&rx->src)))
		return DROP_ICMP6_IGNORED;
	if (type == ICMP6_MLD_QUERY) {
		if (!from_ll)
			return DROP_ICMP6_IGNORED;
		if (rx->l4_len > MLD_QUERY1_LEN && rx->l4_len < MLD_QUERY2_LEN)
			return DROP_ICMP6_MALFORMED; /* 8.1 */
		return query(st, rx, l);
	}
	if (type != ICMP6_MLD_REPORT)
		return DROP_ICMP6_IGNORED;
	memcpy(group.b, pkt_bytes(rx->pkt) + MLD_GROUP, sizeof(group.b));
	group = ip6_with_scope(group, (uint32_t)rx->link);
	if (!ip_eq(&group, &rx->dst) || !rx->pkt->l2_group)
		return DROP_ICMP6_IGNORED;
	mc_reported(st, &l->v6->mc, &group);
	return DROP_NONE;
}
