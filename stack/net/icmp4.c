/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ICMP for IPv4 (RFC 792): echo requests are answered with the bytes they came in, errors about
 * packets of ours are taken apart for the transport that sent them, and errors of ours leave when
 * RFC 1122 3.2.2 and the rate allow. Called by ip4_in.c through st->l4[1], by the transports
 * through icmp_send_error(), by ip4_reass.c.
 */
#include "net/icmp4.h"

#include <string.h>

#include "base/csum.h"
#include "base/ip.h"
#include "net/gso.h"
#include "net/icmp6.h"
#include "net/ip4.h"
#include "net/net_state.h"
#include "wire/icmp.h"

enum {
	ICMP4_TOS_ERROR = 0xc0, /* RFC 1812 4.3.2.5: precedence of network control, as Linux */
	ICMP4_ERROR_MAX = 576,	/* RFC 1812 4.3.2.3: as much of the packet as 576 bytes hold */
	ICMP4_QUOTE_MIN = 8	/* bytes of the transport header that a quote must have */
};
static const uint64_t second = 1000000000;

/* ---- errors out ----------------------------------------------------------------------------- */

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

	if (rx->group || !addr_is_unicast4(src) || addr_of_broadcast(st, src))
		return false;
	if (rx->proto != PH_IPPROTO_ICMP)
		return true;
	return pkt_copy_out(rx->pkt, 0, &type, 1) == 1 && !is_error(type);
}

/*
 * A token bucket for all errors of the host (RFC 1812 4.3.2.8), kept as time: one message costs
 * 1/rate.
 */
bool icmp_rate_allows(struct ph_stack *st)
{
	struct icmp4_state *s = &st->net->icmp4;
	uint64_t rate = (uint64_t)st->sysctl.icmp_msgs_per_sec, cost, most;

	if (rate == 0)
		return false;
	cost = second / rate > 0 ? second / rate : 1;
	most = cost * (uint64_t)st->sysctl.icmp_msgs_burst;
	s->credit_ns += st->now_ns - s->refilled_ns;
	s->refilled_ns = st->now_ns;
	if (s->credit_ns > most)
		s->credit_ns = most;
	if (s->credit_ns < cost)
		return false;
	s->credit_ns -= cost;
	return true;
}

static int output(struct ph_stack *st, struct pkt *take_pkt, const struct ph_ip *from,
		  const struct ph_ip *to, uint8_t tos)
{
	struct ip_tx tx = { .proto = PH_IPPROTO_ICMP, .tos = tos };
	struct dst d;
	int rc = dst_lookup(st, &d, from, to, false);

	if (rc != 0) {
		pkt_free(take_pkt);
		COUNT(st, IcmpOutErrors);
		return rc;
	}
	return ip_output(st, take_pkt, &d, &tx);
}

static void count_out(struct ph_stack *st, uint8_t type)
{
	COUNT(st, IcmpOutMsgs);
	if (type == ICMP4_ECHO_REPLY) {
		COUNT(st, IcmpOutEchoReps);
		COUNT(st, IcmpMsgOutType0);
	} else if (type == ICMP4_UNREACH) {
		COUNT(st, IcmpOutDestUnreachs);
		COUNT(st, IcmpMsgOutType3);
	} else if (type == ICMP4_TIME_EXCEEDED) {
		COUNT(st, IcmpOutTimeExcds);
		COUNT(st, IcmpMsgOutType11);
	}
}

/* The quote: the packet from its IP header on, whether pulled from hdr already or not. */
static struct pkt *build_error(struct ph_stack *st, const struct pkt *about, uint8_t type,
			       uint8_t code)
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
	*h = (struct icmp_hdr){ .type = type, .code = code };
	memcpy((uint8_t *)h + sizeof(*h), ip, pulled);
	pkt_copy_out(about, 0, (uint8_t *)h + sizeof(*h) + pulled, rest);
	h->csum = be16_of(csum_finish(csum_add(0, h, p->len)));
	return p;
}

static void send_error(struct ph_stack *st, const struct ip_rx *rx, uint8_t type, uint8_t code)
{
	struct pkt *p;

	if (!may_answer(st, rx))
		return;
	if (!icmp_rate_allows(st)) {
		COUNT(st, IcmpOutRateLimitGlobal);
		count_drop(&st->counters, DROP_ICMP_RATELIMIT);
		return;
	}
	p = build_error(st, rx->pkt, type, code);
	if (!p) {
		COUNT(st, IcmpOutErrors);
		return;
	}
	if (output(st, p, &rx->dst, &rx->src, ICMP4_TOS_ERROR) == 0)
		count_out(st, type);
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
		send_error(st, rx, ICMP4_UNREACH, ICMP4_UNREACH_PORT);
		return;
	case ICMP_ERR_PROTO_UNREACH: /* over IPv6, ip6_ext.c knows where to point */
		if (v4)
			send_error(st, rx, ICMP4_UNREACH, ICMP4_UNREACH_PROTO);
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
	send_error(st, &rx, ICMP4_TIME_EXCEEDED, ICMP4_EXCEEDED_REASM);
}

/* ---- echo ----------------------------------------------------------------------------------- */

/*
 * RFC 1122 3.2.2.6: the same data comes back, from the address it was sent to, with the same TOS.
 */
static enum drop echo(struct ph_stack *st, const struct ip_rx *rx)
{
	const struct icmp_hdr *h = (const void *)pkt_bytes(rx->pkt);
	bool group = addr_is_group(st, &rx->dst);
	struct icmp_hdr *reply;
	struct pkt *p;

	if (st->sysctl.icmp_echo_ignore_all)
		return DROP_ICMP_IGNORED;
	p = pkt_new_tx(&st->pkts, sizeof(*reply));
	if (!p)
		return DROP_NOMEM;
	reply = (void *)pkt_put(p, sizeof(*reply));
	*reply = *h;
	reply->type = ICMP4_ECHO_REPLY;
	/*
	 * One word differs, so the checksum follows from the request's, which was right (RFC
	 * 1624).
	 */
	reply->csum = be16_of(csum_update(be16_get(h->csum), (uint16_t)(ICMP4_ECHO << 8 | h->code),
					  (uint16_t)(ICMP4_ECHO_REPLY << 8 | h->code)));
	if (!gso_add_slice(p, rx->pkt, sizeof(*h), rx->l4_len - (uint32_t)sizeof(*h))) {
		pkt_free(p);
		return DROP_NOMEM;
	}
	if (output(st, p, group ? NULL : &rx->dst, &rx->src, rx->tos) == 0)
		count_out(st, ICMP4_ECHO_REPLY);
	return DROP_NONE;
}

/* ---- errors in ------------------------------------------------------------------------------ */

int icmp4_unreach_errno(uint8_t code, bool *hard)
{
	static const struct {
		int error;
		bool hard;
	} row[ICMP4_UNREACH_CODE_MAX + 1] = {
		/* Linux's icmp_err_convert; errno names where there is one */
		{ ENETUNREACH, false },	 { EHOSTUNREACH, false }, { ENOPROTOOPT, true },
		{ ECONNREFUSED, true },	 { EMSGSIZE, false },	  { EOPNOTSUPP, false },
		{ ENETUNREACH, true },	 { EHOSTDOWN, true },	  { ENONET, true },
		{ ENETUNREACH, true },	 { EHOSTUNREACH, true },  { ENETUNREACH, false },
		{ EHOSTUNREACH, false }, { EHOSTUNREACH, true },  { EHOSTUNREACH, true },
		{ EHOSTUNREACH, true },
	};

	*hard = row[code].hard;
	return row[code].error;
}

/*
 * False: nothing for a transport (Source Quench: RFC 6633; Redirect; a code that nobody
 * assigned).
 */
static bool meaning(const struct icmp_hdr *h, struct ip_err *e)
{
	e->type = h->type;
	e->code = h->code;
	switch (h->type) {
	case ICMP4_UNREACH:
		if (h->code > ICMP4_UNREACH_CODE_MAX)
			return false;
		e->error = icmp4_unreach_errno(h->code, &e->hard);
		if (h->code == ICMP4_UNREACH_FRAG_NEEDED)
			e->mtu = be16_get(h->u.frag_needed.mtu);
		return true;
	case ICMP4_TIME_EXCEEDED:
		e->error = EHOSTUNREACH;
		return true;
	case ICMP4_PARAM_PROBLEM:
		e->error = EPROTO;
		e->hard = true;
		return true;
	default:
		return false;
	}
}

/* The quote: an IP header of a packet of ours and at least 8 bytes behind it (RFC 1122 3.2.2). */
static enum drop error_input(struct ph_stack *st, const struct ip_rx *rx)
{
	const uint32_t at = sizeof(struct icmp_hdr);
	struct ip_err e = { .link = rx->link, .from = rx->src };
	const struct ip4_hdr *ip;
	const struct l4_proto *l4;
	uint32_t hdr_len;

	if (rx->l4_len < at + IP4_HDR_LEN)
		return DROP_ICMP_MALFORMED;
	if (!pkt_pull_up(rx->pkt,
			 rx->l4_len)) /* errors are rare and short: all of it in one piece */
		return DROP_NOMEM;
	ip = (const void *)(pkt_bytes(rx->pkt) + at);
	hdr_len = 4 * (uint32_t)(ip->ver_ihl & 15);
	if (ip->ver_ihl >> 4 != 4 || hdr_len < IP4_HDR_LEN ||
	    rx->l4_len < at + hdr_len + ICMP4_QUOTE_MIN)
		return DROP_ICMP_MALFORMED;
	e.local = ip_of4(be32_get(ip->src));
	e.remote = ip_of4(be32_get(ip->dst));
	e.quote = pkt_bytes(rx->pkt) + at + hdr_len;
	e.quote_len = rx->l4_len - at - hdr_len;
	if (!addr_find(st, &e.local) || (be16_get(ip->frag) & IP4_OFF_MASK))
		return DROP_ICMP_QUOTE;
	if (!meaning((const void *)pkt_bytes(rx->pkt), &e))
		return DROP_ICMP_IGNORED;
	l4 = st->l4[ip->proto];
	if (!l4 || !l4->error)
		return DROP_ICMP_QUOTE;
	l4->error(st, &e);
	return DROP_NONE;
}

/* ---- in ------------------------------------------------------------------------------------- */

static void count_in(struct ph_stack *st, uint8_t type)
{
	static const struct {
		enum counter name, number;
	} row[ICMP4_TYPE_MAX + 1] = {
		[ICMP4_ECHO_REPLY] = { C_IcmpInEchoReps, C_IcmpMsgInType0 },
		[ICMP4_UNREACH] = { C_IcmpInDestUnreachs, C_IcmpMsgInType3 },
		[ICMP4_SOURCE_QUENCH] = { C_IcmpInSrcQuenchs, C_IcmpMsgInType4 },
		[ICMP4_REDIRECT] = { C_IcmpInRedirects, C_IcmpMsgInType5 },
		[ICMP4_ECHO] = { C_IcmpInEchos, C_IcmpMsgInType8 },
		[ICMP4_TIME_EXCEEDED] = { C_IcmpInTimeExcds, C_IcmpMsgInType11 },
		[ICMP4_PARAM_PROBLEM] = { C_IcmpInParmProbs, C_IcmpMsgInType12 },
		[ICMP4_TIMESTAMP] = { C_IcmpInTimestamps, C_IcmpMsgInType13 },
		[ICMP4_TIMESTAMP_REPLY] = { C_IcmpInTimestampReps, C_IcmpMsgInType14 },
		[ICMP4_ADDRESS] = { C_IcmpInAddrMasks, C_IcmpMsgInType17 },
		[ICMP4_ADDRESS_REPLY] = { C_IcmpInAddrMaskReps, C_IcmpMsgInType18 },
	};

	if (row[type].name != C_NONE) {
		count_add(&st->counters, row[type].name, 1);
		count_add(&st->counters, row[type].number, 1);
	}
}

/*
 * RFC 1122 3.2.2: the checksum covers the message; RFC 1122 3.2.2.6: echo to a group may be left
 * unanswered.
 */
static enum drop check(struct ph_stack *st, const struct ip_rx *rx)
{
	const struct icmp_hdr *h;
	uint8_t type;

	if (!pkt_pull_up(rx->pkt, sizeof(*h)))
		return rx->l4_len < sizeof(*h) ? DROP_ICMP_MALFORMED : DROP_NOMEM;
	if (rx->pkt->csum != PKT_CSUM_GOOD &&
	    csum_fold(csum_pkt(0, rx->pkt, 0, rx->l4_len)) != 0xffff) {
		COUNT(st,
		      IcmpInErrors); /* besides IcmpInCsumErrors, which the drop reason raises */
		return DROP_ICMP_CSUM;
	}
	h = (const void *)pkt_bytes(rx->pkt);
	type = h->type;
	if (type > ICMP4_TYPE_MAX)
		return DROP_ICMP_MALFORMED;
	count_in(st, type);
	if (!addr_is_group(st, &rx->dst))
		return DROP_NONE;
	if (type == ICMP4_ECHO || type == ICMP4_TIMESTAMP)
		return st->sysctl.icmp_echo_ignore_broadcasts ? DROP_ICMP_BROADCAST : DROP_NONE;
	return DROP_ICMP_MALFORMED; /* RFC 1122 3.2.2: an error about nobody */
}

static enum drop icmp4_input(struct ph_stack *st, const struct ip_rx *rx)
{
	enum drop d;

	COUNT(st, IcmpInMsgs);
	d = check(st, rx);
	if (d != DROP_NONE)
		return d;
	switch (pkt_bytes(rx->pkt)[0]) {
	case ICMP4_ECHO:
		return echo(st, rx);
	case ICMP4_ECHO_REPLY:
		return DROP_NO_SOCKET;
	case ICMP4_UNREACH:
	case ICMP4_TIME_EXCEEDED:
	case ICMP4_PARAM_PROBLEM:
		return error_input(st, rx);
	default:
		return DROP_ICMP_IGNORED;
	}
}

void icmp4_new(struct ph_stack *st)
{
	static const struct l4_proto icmp4 = { .input = icmp4_input };

	st->l4[PH_IPPROTO_ICMP] = &icmp4;
	st->net->icmp4.refilled_ns = st->now_ns;
	st->net->icmp4.credit_ns = UINT64_MAX / 2; /* a full bucket, whatever its size will be */
}
