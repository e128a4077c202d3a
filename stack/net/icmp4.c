/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ICMP for IPv4 (RFC 792): echo requests are answered with the bytes they came in, errors about
 * packets of ours are taken apart for the transport that sent them. What leaves goes through
 * icmp4_err.c. Called by ip4_in.c through st->l4[1].
 */
#include "net/icmp4.h"

#include <string.h>

#include "base/csum.h"
#include "base/ip.h"
#include "net/gso.h"
#include "net/ip4.h"
#include "net/ip4_opt.h"
#include "net/net_state.h"
#include "wire/icmp.h"

enum {
	ICMP4_QUOTE_MIN = 8, /* bytes of the transport header that a quote must have */
	DAY_MS = 24 * 60 * 60 * 1000
};
static const uint32_t time_not_ut = 0x80000000u;

/* ---- answers -------------------------------------------------------------------------------- */

static bool is_ours(const void *arg, uint32_t ip4)
{
	struct ph_ip ip = ip_of4(ip4);

	return addr_find(arg, &ip) != NULL;
}

/* RFC 792 "Timestamp": since midnight UT, or, when nobody told the stack the time of day, marked. */
static uint32_t midnight_ms(const struct ph_stack *st)
{
	uint64_t at_ns = st->now_ns + st->conf.wall_offset_ns;
	uint32_t ms = (uint32_t)(at_ns / 1000000 % DAY_MS);

	return st->conf.wall_offset_ns ? ms : ms | time_not_ut;
}

void icmp4_here(const struct ph_stack *st, uint32_t us, struct ip4_opt_here *out)
{
	*out = (struct ip4_opt_here){ .us = us, .time_ms = midnight_ms(st), .ours = is_ours,
				      .arg = st };
}

/* RFC 1122 3.2.2.6: a record of the route, and time stamps, come back with the reply. */
static uint8_t answered_options(struct ph_stack *st, const struct ip_rx *rx,
				uint8_t out[IP4_OPT_MAX])
{
	const uint8_t *ip = rx->pkt->hdr.buf->bytes + rx->pkt->hdr_start + rx->pkt->l3_off;
	uint32_t len = 4u * (ip[0] & 15), to = ip_get4(&rx->dst);
	const struct addr *a = addr_choose(st, rx->link, &rx->src);
	struct ip4_opt_here here;

	if (len <= IP4_HDR_LEN)
		return 0;
	icmp4_here(st, addr_find(st, &rx->dst) ? to : a ? ip_get4(&a->ip) : 0, &here);
	return (uint8_t)ip4_opt_echo(ip + IP4_HDR_LEN, len - (uint32_t)IP4_HDR_LEN, &here, out);
}

static void answer(struct ph_stack *st, const struct ip_rx *rx, struct pkt *take_pkt)
{
	uint8_t options[IP4_OPT_MAX];
	struct ip_tx tx = { .proto = PH_IPPROTO_ICMP, .tos = rx->tos, .opt = options };

	tx.opt_len = answered_options(st, rx, options);
	icmp4_reply(st, take_pkt, rx, &tx);
}

/*
 * RFC 1122 3.2.2.6: the same data comes back, from the address it was sent to, with the same TOS.
 */
static enum drop echo(struct ph_stack *st, const struct ip_rx *rx)
{
	const struct icmp_hdr *h = (const void *)pkt_bytes(rx->pkt);
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
	answer(st, rx, p);
	return DROP_NONE;
}

/* RFC 1122 3.2.2.8 (MAY): as Linux does; received and sent at the same time. */
static enum drop timestamp(struct ph_stack *st, const struct ip_rx *rx)
{
	const struct icmp_timestamp *h;
	struct icmp_timestamp *reply;
	struct pkt *p;

	if (!pkt_pull_up(rx->pkt, sizeof(*h)))
		return rx->l4_len < sizeof(*h) ? DROP_ICMP_MALFORMED : DROP_NOMEM;
	h = (const void *)pkt_bytes(rx->pkt);
	p = pkt_new_tx(&st->pkts, sizeof(*reply));
	if (!p)
		return DROP_NOMEM;
	reply = (void *)pkt_put(p, sizeof(*reply));
	*reply = *h;
	reply->h.type = ICMP4_TIMESTAMP_REPLY;
	reply->h.code = 0;
	reply->h.csum = be16_of(0);
	reply->received = reply->sent = be32_of(midnight_ms(st));
	reply->h.csum = be16_of(csum_finish(csum_add(0, reply, sizeof(*reply))));
	answer(st, rx, p);
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
 * False: nothing for a transport (Source Quench: RFC 6633; a code that nobody assigned).
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
	case ICMP4_REDIRECT:
		e->redirect = ip_of4(be32_get(h->u.word));
		return h->code <= ICMP4_REDIRECT_CODE_MAX;
	default:
		return false;
	}
}

/* An error about ICMP of ours: a request is a ping socket's, a reply was this file's. */
static bool own_error(struct ph_stack *st, const struct ip_err *err)
{
	if (err->quote[0] != ICMP4_ECHO_REPLY)
		return st->ping_error && st->ping_error(st, err);
	if (!ip_is_any(&err->redirect))
		redirect_learn(st, err);
	else if (err->error == EMSGSIZE)
		pmtu_learn(st, &err->remote, err->mtu);
	return true;
}

/* The quote: an IP header of a packet of ours and at least 8 bytes behind it (RFC 1122 3.2.2). */
static enum drop error_input(struct ph_stack *st, const struct ip_rx *rx)
{
	const uint32_t at = sizeof(struct icmp_hdr);
	struct ip_err e = { .link = rx->link, .from = rx->src };
	const struct ip4_hdr *ip;
	const struct l4_proto *l4;
	uint32_t hdr_len;
	bool told;

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
	told = st->raw_error && st->raw_error(st, &e, ip->proto);
	if (ip->proto == PH_IPPROTO_ICMP)
		told |= own_error(st, &e);
	l4 = st->l4[ip->proto];
	if (!l4 || !l4->error)
		return told ? DROP_NONE : DROP_ICMP_QUOTE;
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
		return st->ping_input && st->ping_input(st, rx) ? DROP_NONE : DROP_NO_SOCKET;
	case ICMP4_UNREACH:
	case ICMP4_TIME_EXCEEDED:
	case ICMP4_PARAM_PROBLEM:
	case ICMP4_REDIRECT:
		return error_input(st, rx);
	case ICMP4_TIMESTAMP:
		return timestamp(st, rx);
	default:
		return DROP_ICMP_IGNORED;
	}
}

void icmp4_new(struct ph_stack *st)
{
	static const struct l4_proto icmp4 = { .input = icmp4_input };

	st->l4[PH_IPPROTO_ICMP] = &icmp4;
	icmp_rate_init(&st->net->icmp_rate, st->now_ns);
}
