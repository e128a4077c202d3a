/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The headers between IPv6 and the protocol above (RFC 8200 4): a chain, walked in the order it
 * comes in. What a host must not pass over silently is answered with a parameter problem that
 * points at it. Called by ip6_in.c and, for what reassembly put together, by ip6_reass.c.
 */
#include "base/ip.h"
#include "net/icmp6.h"
#include "net/ip6.h"
#include "net/ip6_frag.h"
#include "net/net_state.h"

enum { PADDING_MAX = 7 }; /* RFC 4942 2.1.9.5: an option never needs more to be aligned */

static enum drop problem(struct ph_stack *st, const struct pkt *p, const struct ip6_info *h,
			 uint8_t code, uint32_t pointer, enum drop reason)
{
	icmp6_error(st, p, h, ICMP6_PARAM_PROBLEM, code, pointer);
	return reason;
}

/* RFC 8200 4.2: the two high bits of an option nobody knows say what to do. */
static enum drop unknown_option(struct ph_stack *st, const struct pkt *p, const struct ip6_info *h,
				const uint8_t *opt)
{
	uint32_t at = ip6_offset(p) + (uint32_t)(opt - pkt_bytes(p));

	switch (opt[0] >> 6) {
	case 0:
		return DROP_NONE;
	case 1:
		return DROP_IP6_OPTION;
	case 2:
		return problem(st, p, h, ICMP6_PARAM_OPTION, at, DROP_IP6_OPTION);
	default:
		if (!h->group)
			icmp6_error(st, p, h, ICMP6_PARAM_PROBLEM, ICMP6_PARAM_OPTION, at);
		return DROP_IP6_OPTION;
	}
}

/* Padding is zeros, and no more of it than an option could need. */
static bool padding_ok(const uint8_t *opt, uint32_t len, uint32_t *run)
{
	*run += len;
	for (uint32_t i = 2; i < len; i++)
		if (opt[i] != 0)
			return false;
	return *run <= PADDING_MAX;
}

static bool known_option(uint8_t type, bool hop_by_hop)
{
	if (hop_by_hop)
		return type == IP6_OPT_ROUTER_ALERT || type == IP6_OPT_CALIPSO;
	return type == IP6_OPT_TUNNEL_LIMIT;
}

static enum drop walk_options(struct ph_stack *st, const struct pkt *p, struct ip6_info *h,
			      const uint8_t *o, const uint8_t *end, bool hop_by_hop)
{
	int64_t most = hop_by_hop ? st->sysctl.ip6_max_hbh_opts : st->sysctl.ip6_max_dst_opts;
	uint32_t run = 0, len;
	int64_t n = 0;
	enum drop d;

	for (; o < end; o += len) {
		if (*o == IP6_OPT_PAD1) {
			len = 1;
			if (++run > PADDING_MAX)
				return DROP_IP6_OPTION;
			continue;
		}
		if (end - o < 2 || end - o < 2 + o[1])
			return DROP_IP6_OPTION;
		len = 2u + o[1];
		if (*o == IP6_OPT_PADN) {
			if (!padding_ok(o, len, &run))
				return DROP_IP6_OPTION;
			continue;
		}
		run = 0;
		if (++n > most)
			return DROP_IP6_OPTION;
		h->router_alert |= hop_by_hop && *o == IP6_OPT_ROUTER_ALERT && o[1] == 2;
		d = known_option(*o, hop_by_hop) ? DROP_NONE : unknown_option(st, p, h, o);
		if (d != DROP_NONE)
			return d;
	}
	return DROP_NONE;
}

/* The header's length by its second byte, all of it contiguous; 0: there is not that much. */
static uint32_t header_len(struct pkt *p, enum drop *d)
{
	uint32_t len;

	*d = DROP_IP6_EXTHDR;
	if (!pkt_pull_up(p, sizeof(struct ip6_ext)))
		return 0;
	len = 8u * (1u + pkt_bytes(p)[1]);
	if (p->len < len)
		return 0;
	*d = DROP_NOMEM;
	return pkt_pull_up(p, len) ? len : 0;
}

static void step(struct pkt *p, struct ip6_info *h, uint32_t len)
{
	h->next_off = ip6_offset(p);
	h->next = pkt_bytes(p)[0];
	pkt_pull(p, len);
}

static enum drop options(struct ph_stack *st, struct pkt *p, struct ip6_info *h)
{
	enum drop d;
	uint32_t len = header_len(p, &d);

	if (len == 0)
		return d;
	if (len > (uint64_t)(h->next == IP6_NEXT_HOPOPTS ? st->sysctl.ip6_max_hbh_len :
							    st->sysctl.ip6_max_dst_len))
		return DROP_IP6_EXTHDR;
	d = walk_options(st, p, h, pkt_bytes(p) + sizeof(struct ip6_ext), pkt_bytes(p) + len,
			 h->next == IP6_NEXT_HOPOPTS);
	if (d == DROP_NONE)
		step(p, h, len);
	return d;
}

/*
 * RFC 8200 4.4: a routing type that is not known, and none is here (RFC 5095 ended type 0): passed
 * over when the route is at its end, else refused.
 */
static enum drop routing(struct ph_stack *st, struct pkt *p, struct ip6_info *h)
{
	enum drop d;
	uint32_t len = header_len(p, &d);
	const struct ip6_routing *r;

	if (len == 0)
		return d;
	r = (const void *)pkt_bytes(p);
	if (r->left > 0)
		return problem(st, p, h, ICMP6_PARAM_FIELD,
			       ip6_offset(p) + (uint32_t)offsetof(struct ip6_routing, type),
			       DROP_IP6_ROUTING);
	step(p, h, len);
	return DROP_NONE;
}

static enum drop upper(struct ph_stack *st, struct pkt *p, struct ip6_info *h)
{
	const struct l4_proto *l4 = st->l4[h->next];
	struct ip_rx rx = {
		.pkt = p,
		.src = h->src,
		.dst = h->dst,
		.link = p->link,
		.proto = h->next,
		.ttl = h->hop,
		.tos = h->tclass,
		.group = h->group,
		.l4_len = p->len,
		.flow = h->flow,
		.at_ns = p->at_ns,
	};
	bool taken;

	p->l4_off = (uint16_t)(p->l3_off + ip6_offset(p));
	taken = st->raw_input && st->raw_input(st, &rx);
	if (h->next == IP6_NEXT_ICMP) {
		COUNT(st, Ip6InDelivers);
		return icmp6_input(st, &rx, h);
	}
	if (!l4 && taken) {
		COUNT(st, Ip6InDelivers);
		return DROP_NONE;
	}
	/* ICMP and IGMP are IPv4's (RFC 4443 1) */
	if (!l4 || h->next == PH_IPPROTO_ICMP || h->next == PH_IPPROTO_IGMP)
		return problem(st, p, h, ICMP6_PARAM_NEXT, h->next_off, DROP_IP6_NOPROTO);
	if (ip6_is_any(&h->src))
		return DROP_IP6_SOURCE;
	COUNT(st, Ip6InDelivers);
	return l4->input(st, &rx);
}

/* Each turn takes eight bytes off the packet or ends: the packet's length bounds the loop. */
enum drop ip6_deliver(struct ph_stack *st, struct pkt *p, struct ip6_info *h)
{
	enum drop d = DROP_NONE;

	while (d == DROP_NONE) {
		switch (h->next) {
		case IP6_NEXT_HOPOPTS:
			if (ip6_offset(p) != IP6_HDR_LEN) /* RFC 8200 4.1: first, or nowhere */
				return problem(st, p, h, ICMP6_PARAM_NEXT, h->next_off,
					       DROP_IP6_EXTHDR);
			d = options(st, p, h);
			break;
		case IP6_NEXT_DSTOPTS:
			d = options(st, p, h);
			break;
		case IP6_NEXT_ROUTING:
			d = routing(st, p, h);
			break;
		case IP6_NEXT_FRAGMENT:
			return ip6_frag_input(st, p, h);
		case IP6_NEXT_NONE:
			return DROP_IP6_NO_NEXT;
		default:
			return upper(st, p, h);
		}
	}
	return d;
}
