/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ICMPv4 messages out (RFC 792, 1122 3.2.2, 1812 4.3.2): what may be answered with an error, how much
 * of the packet it quotes, and the two rates. Called by the transports through icmp_send_error(), by
 * ip4_in.c, ip4_reass.c and, for its last step, by icmp4.c.
 */
#include "net/icmp4.h"

#include <string.h>

#include "base/csum.h"
#include "base/ip.h"
#include "net/icmp6.h"
#include "net/ip4.h"
#include "net/net_state.h"
#include "wire/icmp.h"

enum {
	/* Deviation: RFC 1122 3.2.2: not 0, but network control, as RFC 1812 4.3.2.5 and Linux */
	ICMP4_TOS_ERROR = 0xc0,
	ICMP4_ERROR_MAX = 576	/* RFC 1812 4.3.2.3: as much of the packet as 576 bytes hold */
};

/* ---- at what rate --------------------------------------------------------------------------- */

bool icmp_rate_allows(struct ph_stack *st, const struct ph_ip *to, uint64_t interval_ms,
		      enum counter host, enum counter peer)
{
	struct icmp_rate *r = &st->net->icmp_rate;
	uint64_t per_s = (uint64_t)st->sysctl.icmp_msgs_per_sec;
	struct ph_ip subnet = *to;

	if (!ip_is4(to)) /* whoever has one address of a /64 has all of them */
		memset(subnet.b + 8, 0, 8);
	if (!icmp_rate_host(r, st->now_ns, per_s, (uint64_t)st->sysctl.icmp_msgs_burst)) {
		count_add(&st->counters, host, 1);
		return false;
	}
	if (!icmp_rate_peer(r, st->now_ns, siphash(&st->hash_key, &subnet, sizeof(subnet)),
			    interval_ms)) {
		count_add(&st->counters, peer, 1);
		return false;
	}
	icmp_rate_spend(r, per_s, prng_u64(&st->prng));
	return true;
}

/* Linux's net.ipv4.icmp_ratemask: a bit for each type that is limited. */
static bool rate_allows(struct ph_stack *st, const struct ph_ip *to, uint8_t type)
{
	if (!(st->sysctl.icmp_ratemask >> type & 1) || addr_find(st, to))
		return true;
	if (icmp_rate_allows(st, to, (uint64_t)st->sysctl.icmp_ratelimit,
			     C_IcmpOutRateLimitGlobal, C_IcmpOutRateLimitHost))
		return true;
	count_drop(&st->counters, DROP_ICMP_RATELIMIT);
	return false;
}

/* ---- out ------------------------------------------------------------------------------------ */

static void count_out(struct ph_stack *st, uint8_t type)
{
	static const struct {
		uint8_t type;
		enum counter name, number;
	} row[] = {
		{ ICMP4_ECHO_REPLY, C_IcmpOutEchoReps, C_IcmpMsgOutType0 },
		{ ICMP4_UNREACH, C_IcmpOutDestUnreachs, C_IcmpMsgOutType3 },
		{ ICMP4_ECHO, C_IcmpOutEchos, C_IcmpMsgOutType8 },
		{ ICMP4_TIME_EXCEEDED, C_IcmpOutTimeExcds, C_IcmpMsgOutType11 },
		{ ICMP4_PARAM_PROBLEM, C_IcmpOutParmProbs, C_IcmpMsgOutType12 },
		{ ICMP4_TIMESTAMP_REPLY, C_IcmpOutTimestampReps, C_IcmpMsgOutType14 },
	};

	COUNT(st, IcmpOutMsgs);
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		if (row[i].type == type) {
			count_add(&st->counters, row[i].name, 1);
			count_add(&st->counters, row[i].number, 1);
		}
	}
}

int icmp4_send(struct ph_stack *st, struct pkt *take_pkt, struct dst *d, const struct ip_tx *tx)
{
	uint8_t type = pkt_bytes(take_pkt)[0];
	int rc = ip_output(st, take_pkt, d, tx);

	if (rc == 0)
		count_out(st, type);
	return rc;
}

void icmp4_reply(struct ph_stack *st, struct pkt *take_pkt, const struct ip_rx *rx,
		 const struct ip_tx *tx)
{
	bool group = addr_is_group(st, &rx->dst);
	struct dst d;

	if (dst_lookup(st, &d, group ? NULL : &rx->dst, &rx->src, false) != 0) {
		pkt_free(take_pkt);
		COUNT(st, IcmpOutErrors);
	} else if (!rate_allows(st, &d.dst, pkt_bytes(take_pkt)[0])) {
		pkt_free(take_pkt);
	} else {
		(void)icmp4_send(st, take_pkt, &d, tx);
	}
}

/* ---- errors --------------------------------------------------------------------------------- */

static bool is_error(uint8_t type)
{
	return type == ICMP4_UNREACH || type == ICMP4_SOURCE_QUENCH || type == ICMP4_REDIRECT ||
	       type == ICMP4_TIME_EXCEEDED || type == ICMP4_PARAM_PROBLEM;
}

/*
 * RFC 1122 3.2.2: never about an ICMP error, never to or about a group, never to who cannot be
 * one host.
 */
static bool may_answer(const struct ph_stack *st, const struct ip_rx *rx)
{
	uint32_t src = ip_get4(&rx->src);
	uint8_t type;

	if (rx->group || addr_of_broadcast(st, src) ||
	    (!addr_is_unicast4(src) && !addr_find(st, &rx->src))) /* lo's come by lo alone */
		return false;
	if (rx->proto != PH_IPPROTO_ICMP)
		return true;
	return pkt_copy_out(rx->pkt, 0, &type, 1) == 1 && !is_error(type);
}

/* The quote: the packet from its IP header on, whether pulled from hdr already or not. */
static struct pkt *build_error(struct ph_stack *st, const struct pkt *about, uint8_t type,
			       uint8_t code, uint32_t word)
{
	const uint8_t *ip = about->hdr.buf->bytes + about->hdr_start + about->l3_off;
	uint32_t pulled = (uint32_t)(pkt_bytes(about) - ip), rest = about->len;
	uint32_t most = ICMP4_ERROR_MAX - IP4_HDR_LEN - (uint32_t)sizeof(struct icmp_hdr);
	struct icmp_hdr *h;
	struct pkt *p;

	if (pulled > most)
		pulled = most;
	if (rest > most - pulled)
		rest = most - pulled;
	p = pkt_new_tx(&st->pkts, (uint32_t)sizeof(*h) + pulled + rest);
	if (!p)
		return NULL;
	h = (void *)pkt_put(p, (uint32_t)sizeof(*h) + pulled + rest);
	*h = (struct icmp_hdr){ .type = type, .code = code, .u.word = be32_of(word) };
	memcpy((uint8_t *)h + sizeof(*h), ip, pulled);
	pkt_copy_out(about, 0, (uint8_t *)h + sizeof(*h) + pulled, rest);
	h->csum = be16_of(csum_finish(csum_add(0, h, p->len)));
	return p;
}

/* word: what stands behind the checksum. */
static void send_error(struct ph_stack *st, const struct ip_rx *rx, uint8_t type, uint8_t code,
		       uint32_t word)
{
	const struct ip_tx tx = { .proto = PH_IPPROTO_ICMP, .tos = ICMP4_TOS_ERROR };
	const struct ph_ip *from = addr_find(st, &rx->dst) ? &rx->dst : NULL;
	struct dst d;
	struct pkt *p;

	if (!may_answer(st, rx) || !rate_allows(st, &rx->src, type))
		return;
	p = dst_lookup(st, &d, from, &rx->src, false) == 0
		    ? build_error(st, rx->pkt, type, code, word)
		    : NULL;
	if (!p) {
		COUNT(st, IcmpOutErrors);
		return;
	}
	(void)icmp4_send(st, p, &d, &tx);
}

static void about_header(struct ph_stack *st, struct pkt *pkt, const struct ip4_info *h,
			 uint8_t type, uint8_t code, uint32_t word)
{
	struct ip_rx rx = { .pkt = pkt,
			    .src = ip_of4(h->src),
			    .dst = ip_of4(h->dst),
			    .link = pkt->link,
			    .proto = h->proto };

	rx.group = pkt->l2_group || addr_is_group(st, &rx.dst);
	if (h->offset == 0) /* RFC 1122 3.2.2: about no fragment but the first */
		send_error(st, &rx, type, code, word);
}

void icmp4_param_problem(struct ph_stack *st, struct pkt *pkt, const struct ip4_info *h, uint32_t at)
{
	about_header(st, pkt, h, ICMP4_PARAM_PROBLEM, 0, at << 24);
}

void icmp4_source_route_failed(struct ph_stack *st, struct pkt *pkt, const struct ip4_info *h)
{
	about_header(st, pkt, h, ICMP4_UNREACH, ICMP4_UNREACH_SOURCE_ROUTE, 0);
}

void icmp_send_error(struct ph_stack *st, const struct ip_rx *rx, enum icmp_err what)
{
	bool v4 = ip_is4(&rx->dst);

	switch (what) {
	case ICMP_ERR_PORT_UNREACH:
		if (!v4) {
			icmp6_error_rx(st, rx, ICMP6_UNREACH, ICMP6_UNREACH_PORT);
			return;
		}
		send_error(st, rx, ICMP4_UNREACH, ICMP4_UNREACH_PORT, 0);
		return;
	case ICMP_ERR_PROTO_UNREACH: /* over IPv6, ip6_ext.c knows where to point */
		if (v4)
			send_error(st, rx, ICMP4_UNREACH, ICMP4_UNREACH_PROTO, 0);
		return;
	}
}

void icmp4_reass_timeout(struct ph_stack *st, struct pkt *head, const struct ip4_info *h)
{
	struct ip_rx rx = { .pkt = head,
			    .src = ip_of4(h->src),
			    .dst = ip_of4(h->dst),
			    .link = head->link,
			    .proto = h->proto,
			    .l4_len = head->len };

	rx.group = head->l2_group || addr_is_group(st, &rx.dst);
	send_error(st, &rx, ICMP4_TIME_EXCEEDED, ICMP4_EXCEEDED_REASM, 0);
}
