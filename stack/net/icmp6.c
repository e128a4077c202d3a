/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ICMPv6 messages in (RFC 4443): echo requests are answered, errors about packets of ours are
 * taken apart for the transport that sent them, neighbour discovery goes to nd.c. Called by
 * ip6_ext.c.
 */
#include "net/icmp6.h"

#include <string.h>

#include "base/csum.h"
#include "base/ip.h"
#include "net/addr6.h"
#include "net/gso.h"
#include "net/igmp.h"
#include "net/nd.h"
#include "net/net_state.h"

enum { QUOTE_MIN = 8 }; /* bytes of the transport header that a quote must have */

static void count_in(struct ph_stack *st, uint8_t type)
{
	static const struct {
		uint8_t type;
		enum counter counter;
	} row[] = {
		{ ICMP6_UNREACH, C_Icmp6InDestUnreachs },
		{ ICMP6_TOO_BIG, C_Icmp6InPktTooBigs },
		{ ICMP6_TIME_EXCEEDED, C_Icmp6InTimeExcds },
		{ ICMP6_PARAM_PROBLEM, C_Icmp6InParmProblems },
		{ ICMP6_ECHO, C_Icmp6InEchos },
		{ ICMP6_ECHO_REPLY, C_Icmp6InEchoReplies },
		{ ICMP6_MLD_QUERY, C_Icmp6InGroupMembQueries },
		{ ICMP6_MLD_REPORT, C_Icmp6InGroupMembResponses },
		{ ICMP6_MLD_DONE, C_Icmp6InGroupMembReductions },
		{ ICMP6_RS, C_Icmp6InRouterSolicits },
		{ ICMP6_RA, C_Icmp6InRouterAdvertisements },
		{ ICMP6_NS, C_Icmp6InNeighborSolicits },
		{ ICMP6_NA, C_Icmp6InNeighborAdvertisements },
		{ ICMP6_REDIRECT, C_Icmp6InRedirects },
		{ ICMP6_MLD2_REPORT, C_Icmp6InMLDv2Reports },
	};

	for (size_t i = 0; i < ARRAY_LEN(row); i++)
		if (row[i].type == type)
			count_add(&st->counters, row[i].counter, 1);
}

/* RFC 4443 4.2: the same data, from the address it was sent to or, to a group, from one of ours. */
static enum drop echo(struct ph_stack *st, const struct ip_rx *rx)
{
	bool group = ip6_is_multicast(&rx->dst);
	struct ip_tx tx = { .proto = PH_IPPROTO_ICMPV6, .tos = rx->tos };
	struct icmp6_hdr *reply;
	struct dst d;
	struct pkt *p;

	if (st->sysctl.icmp6_echo_ignore_all ||
	    (group && st->sysctl.icmp6_echo_ignore_multicast) ||
	    (!addr6_is_unicast(&rx->src) && !ip6_is_loopback(&rx->src)))
		return DROP_ICMP6_IGNORED;
	if (dst_lookup(st, &d, group ? NULL : &rx->dst, &rx->src, false) != 0)
		return DROP_IP6_OUTNOROUTES;
	p = pkt_new_tx(&st->pkts, sizeof(*reply));
	if (!p)
		return DROP_NOMEM;
	reply = (void *)pkt_put(p, sizeof(*reply));
	memcpy(reply, pkt_bytes(rx->pkt), sizeof(*reply));
	reply->type = ICMP6_ECHO_REPLY;
	if (!gso_add_slice(p, rx->pkt, sizeof(*reply), rx->l4_len - (uint32_t)sizeof(*reply))) {
		pkt_free(p);
		return DROP_NOMEM;
	}
	(void)icmp6_send(st, p, &d, &tx);
	return DROP_NONE;
}

int icmp6_errno(uint8_t type, uint8_t code, bool *hard)
{
	static const struct {
		int error;
		bool hard;
	} unreach[] = {
		{ ENETUNREACH, false }, { EACCES, true },	{ EHOSTUNREACH, false },
		{ EHOSTUNREACH, false }, { ECONNREFUSED, true }, { EACCES, true },
		{ EACCES, true },
	};

	*hard = type == ICMP6_UNREACH || type == ICMP6_PARAM_PROBLEM;
	if (type == ICMP6_UNREACH && code < ARRAY_LEN(unreach)) {
		*hard = unreach[code].hard;
		return unreach[code].error;
	}
	if (type == ICMP6_TOO_BIG)
		return EMSGSIZE;
	return type == ICMP6_TIME_EXCEEDED ? EHOSTUNREACH : EPROTO;
}

/* The quote: an IPv6 header of a packet of ours, and the transport's first bytes (RFC 4443 2.4 (d)). */
static enum drop error_input(struct ph_stack *st, const struct ip_rx *rx)
{
	const uint32_t at = sizeof(struct icmp6_hdr);
	struct ip_err e = { .link = rx->link, .from = rx->src };
	const struct icmp6_hdr *h;
	const struct l4_proto *l4;
	const uint8_t *ip;
	uint32_t off;
	uint8_t proto;
	bool told;

	if (!pkt_pull_up(rx->pkt, rx->l4_len)) /* errors are rare and short */
		return DROP_NOMEM;
	h = (const void *)pkt_bytes(rx->pkt); /* also of a type that nobody knows: 2.4 (a) */
	ip = pkt_bytes(rx->pkt) + at;
	if (rx->l4_len < at + IP6_HDR_LEN || ip[0] >> 4 != 6)
		return DROP_ICMP6_MALFORMED;
	off = icmp6_quoted(ip, rx->l4_len - at, &proto);
	if (off == 0 || rx->l4_len - at - off < QUOTE_MIN)
		return DROP_ICMP6_QUOTE;
	memcpy(e.local.b, ip + offsetof(struct ip6_hdr, src), 16);
	memcpy(e.remote.b, ip + offsetof(struct ip6_hdr, dst), 16);
	e.local = ip6_with_scope(e.local, (uint32_t)rx->link);
	e.remote = ip6_with_scope(e.remote, (uint32_t)rx->link);
	/* Who sent it is who is told (2.4 (d)). */
	if (ip_is4(&e.remote) || !ip_eq(&e.local, &rx->dst) || !addr6_find(st, &e.local))
		return DROP_ICMP6_QUOTE;
	e.type = h->type;
	e.code = h->code;
	e.error = icmp6_errno(h->type, h->code, &e.hard);
	e.mtu = h->type == ICMP6_TOO_BIG ? be32_get(h->u.mtu) : 0;
	e.quote = ip + off;
	e.quote_len = rx->l4_len - at - off;
	if (e.type == ICMP6_TOO_BIG && e.mtu < IP6_MTU_MIN) /* RFC 8201 4: nobody's path */
		return DROP_ICMP6_IGNORED;
	told = st->raw_error && st->raw_error(st, &e, proto);
	if (proto == IP6_NEXT_ICMP && st->ping_error)
		told |= st->ping_error(st, &e);
	if (e.type == ICMP6_TOO_BIG && proto == IP6_NEXT_ICMP) { /* our echo replies */
		pmtu_learn(st, &e.remote, e.mtu);
		return DROP_NONE;
	}
	l4 = proto == PH_IPPROTO_ICMP ? NULL : st->l4[proto];
	if (!l4 || !l4->error)
		return told ? DROP_NONE : DROP_ICMP6_QUOTE;
	l4->error(st, &e);
	return DROP_NONE;
}

static enum drop check(struct ph_stack *st, const struct ip_rx *rx)
{
	uint64_t sum;

	if (!pkt_pull_up(rx->pkt, sizeof(struct icmp6_hdr)))
		return rx->l4_len < sizeof(struct icmp6_hdr) ? DROP_ICMP6_MALFORMED : DROP_NOMEM;
	if (rx->pkt->csum == PKT_CSUM_GOOD)
		return DROP_NONE;
	sum = csum_pseudo(&rx->src, &rx->dst, PH_IPPROTO_ICMPV6, rx->l4_len);
	if (csum_fold(csum_pkt(sum, rx->pkt, 0, rx->l4_len)) == 0xffff)
		return DROP_NONE;
	COUNT(st, Icmp6InErrors); /* besides Icmp6InCsumErrors, which the drop reason raises */
	return DROP_ICMP6_CSUM;
}

enum drop icmp6_input(struct ph_stack *st, const struct ip_rx *rx, struct ip6_info *h)
{
	enum drop d;
	uint8_t type;

	COUNT(st, Icmp6InMsgs);
	d = check(st, rx);
	if (d != DROP_NONE)
		return d;
	type = pkt_bytes(rx->pkt)[0];
	count_in(st, type);
	switch (type) {
	case ICMP6_ECHO:
		return echo(st, rx);
	case ICMP6_ECHO_REPLY:
		return st->ping_input && st->ping_input(st, rx) ? DROP_NONE : DROP_NO_SOCKET;
	case ICMP6_RS:
	case ICMP6_RA:
	case ICMP6_NS:
	case ICMP6_NA:
	case ICMP6_REDIRECT:
		return nd_input(st, rx, h);
	case ICMP6_MLD_QUERY:
	case ICMP6_MLD_REPORT:
	case ICMP6_MLD_DONE:
	case ICMP6_MLD2_REPORT:
		return mld_input(st, rx, h);
	default:
		return type < ICMP6_INFO_MIN ? error_input(st, rx) : DROP_ICMP6_IGNORED;
	}
}
