/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ICMPv6 messages out (RFC 4443 2.2-2.4): what may be answered with an error, as much of the packet
 * as the least mtu takes, at a rate. Called by ip6_ext.c, ip6_frag.c, the transports through
 * icmp_send_error(), and for its last step by icmp6.c and nd.c.
 */
#include <string.h>

#include "base/csum.h"
#include "base/ip.h"
#include "net/addr6.h"
#include "net/icmp4.h"
#include "net/icmp6.h"
#include "net/net_state.h"

static void count_out(struct ph_stack *st, uint8_t type)
{
	static const struct {
		uint8_t type;
		enum counter counter;
	} row[] = {
		{ ICMP6_UNREACH, C_Icmp6OutDestUnreachs },
		{ ICMP6_TOO_BIG, C_Icmp6OutPktTooBigs },
		{ ICMP6_TIME_EXCEEDED, C_Icmp6OutTimeExcds },
		{ ICMP6_PARAM_PROBLEM, C_Icmp6OutParmProblems },
		{ ICMP6_ECHO, C_Icmp6OutEchos },
		{ ICMP6_ECHO_REPLY, C_Icmp6OutEchoReplies },
		{ ICMP6_RS, C_Icmp6OutRouterSolicits },
		{ ICMP6_NS, C_Icmp6OutNeighborSolicits },
		{ ICMP6_NA, C_Icmp6OutNeighborAdvertisements },
		{ ICMP6_MLD_REPORT, C_Icmp6OutGroupMembResponses },
		{ ICMP6_MLD_DONE, C_Icmp6OutGroupMembReductions },
		{ ICMP6_MLD2_REPORT, C_Icmp6OutMLDv2Reports },
	};

	COUNT(st, Icmp6OutMsgs);
	for (size_t i = 0; i < ARRAY_LEN(row); i++)
		if (row[i].type == type)
			count_add(&st->counters, row[i].counter, 1);
}

int icmp6_send(struct ph_stack *st, struct pkt *take_pkt, struct dst *d, const struct ip_tx *tx)
{
	uint64_t sum = csum_pseudo(&d->src, &d->dst, PH_IPPROTO_ICMPV6, take_pkt->len);
	struct icmp6_hdr *h = (void *)pkt_bytes(take_pkt);
	uint8_t type = h->type;
	int rc;

	h->csum = be16_of(0);
	h->csum = be16_of(csum_finish(csum_pkt(sum, take_pkt, 0, take_pkt->len)));
	rc = ip_output(st, take_pkt, d, tx);
	if (rc == 0)
		count_out(st, type);
	else
		COUNT(st, Icmp6OutErrors);
	return rc;
}

uint32_t icmp6_quoted(const uint8_t *ip, uint32_t len, uint8_t *proto)
{
	uint32_t at = IP6_HDR_LEN, more;
	uint8_t next;

	if (len < IP6_HDR_LEN)
		return 0;
	next = ip[offsetof(struct ip6_hdr, next)];
	while (next == IP6_NEXT_HOPOPTS || next == IP6_NEXT_ROUTING || next == IP6_NEXT_DSTOPTS ||
	       next == IP6_NEXT_FRAGMENT) {
		if (len - at < 8)
			return 0;
		more = next == IP6_NEXT_FRAGMENT ? (uint32_t)IP6_FRAG_LEN : 8u * (1u + ip[at + 1]);
		if (next == IP6_NEXT_FRAGMENT && (ip[at + 2] != 0 || (ip[at + 3] & 0xf8) != 0))
			return 0;
		next = ip[at];
		if (len - at < more)
			return 0;
		at += more;
	}
	*proto = next;
	return at;
}

/* RFC 4443 2.4 (e.1), (e.2): never about an error or a redirect, as far as can be seen. */
static bool is_error(const uint8_t *ip, uint32_t len)
{
	uint8_t proto, type;
	uint32_t at = icmp6_quoted(ip, len, &proto);

	if (at == 0 || proto != IP6_NEXT_ICMP || at >= len)
		return false;
	type = ip[at];
	return type < ICMP6_INFO_MIN || type == ICMP6_REDIRECT;
}

/* (e.3)-(e.6): not about what went to a group, but for two kinds; not to who cannot be one host. */
static bool may_answer(const struct ip6_info *h, uint8_t type, uint8_t code)
{
	bool group_too = type == ICMP6_TOO_BIG ||
			 (type == ICMP6_PARAM_PROBLEM && code == ICMP6_PARAM_OPTION);

	return (!h->group || group_too) && (addr6_is_unicast(&h->src) || ip6_is_loopback(&h->src));
}

/* The packet from its IPv6 header on, behind an ICMPv6 header, cut to the least mtu (RFC 4443 2.4 (c)). */
static struct pkt *build(struct ph_stack *st, const struct pkt *about)
{
	const uint8_t *ip = about->hdr.buf->bytes + about->hdr_start + about->l3_off;
	uint32_t pulled = ip6_offset(about), rest = about->len;
	uint32_t most = IP6_MTU_MIN - IP6_HDR_LEN - (uint32_t)sizeof(struct icmp6_hdr);
	struct pkt *p;
	uint8_t *to;

	if (pulled > most)
		pulled = most;
	if (rest > most - pulled)
		rest = most - pulled;
	if (is_error(ip, pulled + (rest < about->hdr.len ? rest : about->hdr.len)))
		return NULL;
	p = pkt_new_tx(&st->pkts, (uint32_t)sizeof(struct icmp6_hdr) + pulled + rest);
	if (!p)
		return NULL;
	to = pkt_put(p, (uint32_t)sizeof(struct icmp6_hdr) + pulled + rest);
	memset(to, 0, sizeof(struct icmp6_hdr));
	to += sizeof(struct icmp6_hdr);
	memcpy(to, ip, pulled);
	pkt_copy_out(about, 0, to + pulled, rest);
	return p;
}

void icmp6_error(struct ph_stack *st, const struct pkt *about, const struct ip6_info *h,
		 uint8_t type, uint8_t code, uint32_t word)
{
	const struct ph_ip *from = addr6_find(st, &h->dst) ? &h->dst : NULL;
	struct ip_tx tx = { .proto = PH_IPPROTO_ICMPV6 };
	struct icmp6_hdr *icmp;
	struct dst d;
	struct pkt *p;

	if (!may_answer(h, type, code))
		return;
	p = build(st, about);
	if (!p)
		return;
	if (!icmp_rate_allows(st, &h->src, (uint64_t)st->sysctl.icmp6_ratelimit,
			      C_Icmp6OutRateLimitHost, C_Icmp6OutRateLimitHost)) {
		count_drop(&st->counters, DROP_ICMP6_RATELIMIT);
		pkt_free(p);
		return;
	}
	if (dst_lookup(st, &d, from, &h->src, false) != 0) {
		COUNT(st, Icmp6OutErrors);
		pkt_free(p);
		return;
	}
	icmp = (void *)pkt_bytes(p);
	icmp->type = type;
	icmp->code = code;
	icmp->u.word = be32_of(word);
	(void)icmp6_send(st, p, &d, &tx);
}

void icmp6_error_rx(struct ph_stack *st, const struct ip_rx *rx, uint8_t type, uint8_t code)
{
	struct ip6_info h = { .src = rx->src, .dst = rx->dst, .next = rx->proto,
			      .group = rx->group };

	icmp6_error(st, rx->pkt, &h, type, code, 0);
}
